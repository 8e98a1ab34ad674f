-- Old history is moved out, and what stays still verifies.
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = ISO;
SET intervalstyle = postgres;
SET default_transaction_isolation = 'read committed';
CREATE SCHEMA archive;
-- seals all; whoever analyzes a table just now, say, holds that back for a moment
CREATE FUNCTION archive.seal() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	FOR i IN 1 .. 300 LOOP
		PERFORM itsm.seal();
		IF NOT EXISTS (SELECT FROM itsm.unsealed()) THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.1);
	END LOOP;
	RETURN false;
END $$;
-- The hash of an event, as docs/ledger.md has it: with it the test makes history old.
CREATE FUNCTION archive.wire(value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value IS NULL THEN '\xffffffff' ELSE int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') END $$;
CREATE FUNCTION archive.commitments(body bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	result bytea := '';
	start int := 0;
	size int;
BEGIN
	WHILE start < length(body) LOOP
		size := get_byte(body, start + 23) * 256 + get_byte(body, start + 24);
		result := result || sha256(substr(body, start + 6, 16) || substr(body, start + 1, 5) || substr(body, start + 26, size));
		start := start + 25 + size;
	END LOOP;
	RETURN result;
END $$;
CREATE FUNCTION archive.event_hash(e itsm.event, previous bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT sha256(convert_to(E'itsm event 1\n', 'UTF8') || previous
		|| int8send(e.record) || int8send(e.version) || timestamptz_send(e.at) || int8send(e.xid::text::bigint) || int8send(e.system)
		|| int4send(e.timeline) || int4send(e.command) || int4send(e.attachment) || int4send(e.lifecycle_version)
		|| archive.wire(e.kind) || archive.wire(e.tenant) || archive.wire(e.from_state) || archive.wire(e.to_state)
		|| archive.wire(e.session_role) || archive.wire(e.role) || archive.wire(e.actor) || archive.wire(e.application)
		|| archive.commitments(e.body)) $$;
-- Events of a source that are not sealed happened that much earlier.
CREATE FUNCTION archive.make_old(relation regclass, by interval) RETURNS bigint LANGUAGE plpgsql SET itsm.maintenance = on SET session_replication_role = replica AS $$
DECLARE
	e itsm.event;
	last bytea;
	was timestamptz;
	moved bigint := 0;
BEGIN
	FOR e IN SELECT x.* FROM itsm.event x JOIN itsm.record r ON r.id = x.record AND r.tenant = x.tenant JOIN itsm.source s ON s.id = r.source
			WHERE s.relation = make_old.relation ORDER BY x.record, x.version LOOP
		IF e.version = 1 THEN
			last := decode(repeat('00', 32), 'hex');
		END IF;
		IF NOT EXISTS (SELECT FROM itsm.seal_run u WHERE u.record = e.record AND u.version <= e.version AND e.version < u.version + u.events) THEN
			was := e.at;
			e.at := date_trunc('month', now()) - by + make_interval(mins => e.version::int);
			e.hash := archive.event_hash(e, last);
			UPDATE itsm.event x SET at = e.at, hash = e.hash WHERE x.record = e.record AND x.version = e.version;
			UPDATE itsm.violation v SET at = e.at WHERE v.record = e.record AND v.version = e.version;
			UPDATE itsm.record_state s SET entered_at = e.at WHERE s.record = e.record AND e.to_state IS DISTINCT FROM e.from_state;
			UPDATE itsm.record r SET at = e.at, hash = e.hash, opened_month = CASE opened_at WHEN was THEN date_trunc('month', e.at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' ELSE opened_month END,
				opened_at = CASE opened_at WHEN was THEN e.at ELSE opened_at END,
				first_response_at = CASE first_response_at WHEN was THEN e.at ELSE first_response_at END,
				resolved_at = CASE resolved_at WHEN was THEN e.at ELSE resolved_at END,
				closed_at = CASE closed_at WHEN was THEN e.at ELSE closed_at END,
				changed_at = CASE changed_at WHEN was THEN e.at ELSE changed_at END
				WHERE r.id = e.record;
			moved := moved + 1;
		END IF;
		last := e.hash;
	END LOOP;
	RETURN moved;
END $$;
SELECT itsm.define_lifecycle('{"name": "archive", "process": "archive",
	"attributes": {"title": "text", "requester": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}, {"from": "done", "to": "work"}], "delete": "allow",
	"rules": [{"name": "four_eyes", "from": "work", "to": "done", "separate": [{"to": "work"}], "mode": "observe"}]}');
CREATE TABLE archive.ticket (id integer PRIMARY KEY, status text, title text, caller text);
SELECT itsm.attach('archive.ticket', 'archive', 'status', mode => 'enforce', attributes => '{"title": "title", "requester": "caller"}') > 0 AS attached;
INSERT INTO archive.ticket SELECT n, 'new', 'ticket ' || n, 'caller ' || n FROM generate_series(1, 6) n;
UPDATE archive.ticket SET status = 'work' WHERE id <> 6;
SELECT archive.make_old('archive.ticket', '3 months') AS events;
-- nothing has ended
SELECT count(*) AS months FROM itsm.archive(now());
SELECT archive.seal() AS sealed;
-- 1 to 3 end in the month after, 4 goes on, 5 is deleted
UPDATE archive.ticket SET status = 'done' WHERE id < 4;
DELETE FROM archive.ticket WHERE id = 5;
SELECT archive.make_old('archive.ticket', '2 months') AS events;

-- errors
SELECT itsm.archive(NULL);
SELECT itsm.archive(now() + interval '1 hour');
SELECT itsm.archive('-infinity');
SELECT itsm.archive(now(), 'itsm');
SELECT itsm.archive(now(), '');
SELECT itsm.archive(now(), 'pg_temp');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT itsm.archive(now());
ROLLBACK;
\set VERBOSITY sqlstate
SELECT itsm.archive(now());
\set VERBOSITY default
SELECT itsm.retention();
SELECT itsm.set_retention(NULL);
SELECT itsm.set_retention('-1 day');
SELECT itsm.set_retention('20 days');
SELECT itsm.retention();
SELECT itsm.set_retention('19 days');
SELECT itsm.archive(now() - interval '19 days');
CREATE ROLE regress_itsm_archive;
SET ROLE regress_itsm_archive;
SELECT itsm.archive(now() - interval '21 days');
SELECT itsm.set_retention('1 year');
RESET ROLE;

-- a quarter later
SELECT archive.seal() AS sealed;
CREATE TABLE archive.before AS SELECT e.record, e.version, e.hash, l.leaf_index, itsm.digest() AS digest FROM itsm.event e CROSS JOIN LATERAL itsm.sealed_leaf(e.record, e.version) l
	WHERE e.record IN (SELECT itsm.record_id('archive.ticket', n::text) FROM generate_series(1, 6) n);
CREATE TABLE archive.faults AS SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok;
SELECT * FROM archive.faults WHERE object LIKE '%archive.%';
-- events that are missing are not archived over
BEGIN;
SET LOCAL itsm.maintenance = on;
DELETE FROM itsm.event WHERE record = itsm.record_id('archive.ticket', '2') AND version = 1;
SET LOCAL itsm.maintenance = off;
\set VERBOSITY sqlstate
SELECT count(*) FROM itsm.archive(date_trunc('month', now()) - interval '1 month');
\set VERBOSITY default
ROLLBACK;
CREATE SCHEMA regress_itsm_archive AUTHORIZATION regress_itsm_archive;
GRANT EXECUTE ON FUNCTION itsm.archive(timestamptz, name) TO regress_itsm_archive;
SET ROLE regress_itsm_archive;
SELECT extract(month FROM age(date_trunc('month', now()), month)) AS months_ago, regexp_replace(archived_table::text, '\d{4}_\d\d', 'YYYY_MM') AS archived_table, events FROM itsm.archive(date_trunc('month', now()) - interval '1 month', 'regress_itsm_archive') ORDER BY month;
SELECT count(*) AS tables, sum(pg_table_size(c.oid)) > 0 AS filled FROM pg_class c WHERE relnamespace = 'regress_itsm_archive'::regnamespace AND relkind = 'r' AND pg_get_userbyid(relowner) = 'regress_itsm_archive' AND NOT relispartition AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid);
RESET ROLE;
SELECT records, events FROM itsm.archive ORDER BY archive DESC LIMIT 1;
SELECT kind, changes FROM itsm.record_history((SELECT id FROM itsm.record WHERE source = 0 AND key = 'history')) WHERE kind = 'archived';
SELECT kind, jsonb_object_agg(key, regexp_replace(value, '\d{4}_\d\d_\d+|\d{4}-\d\d-\d\d|[0-9a-f]{64}|T\d\d:\d\d:\d\d.\d{6}', '#', 'g')) - 'archive' AS detail FROM itsm.event e, jsonb_each_text(itsm.policy_detail(e.body)::jsonb) WHERE kind IN ('archived', 'retention_set') AND tenant = '' GROUP BY kind, e.version ORDER BY e.version;
SELECT events > archived AS more, archived FROM itsm_report.ledger_status WHERE tenant = '';
-- what is left
SELECT count(*) AS events FROM itsm.event e WHERE e.record IN (SELECT record FROM archive.before);
SELECT version, kind, from_state, to_state, regexp_replace(changes::text, '\d{4}_\d\d_\d+|"archive": "\d+"', '#', 'g') AS changes FROM itsm.history('archive.ticket', '1');
SELECT version, kind, from_state, to_state FROM itsm.history('archive.ticket', '4');
SELECT key, state, category, title FROM itsm.projection WHERE record IN (SELECT record FROM archive.before) ORDER BY key;
SELECT * FROM (SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok EXCEPT TABLE archive.faults) f ORDER BY 1, 2, 3;
SELECT detail FROM itsm.verify((SELECT digest FROM archive.before LIMIT 1)) WHERE scope = 'digest' AND NOT ok;
SELECT regexp_replace(object, '\d+', 'N') AS object, ok, regexp_replace(detail, '\d{4}_\d\d_\d+', 'YYYY_MM_N', 'g') AS detail FROM itsm.verify() WHERE scope = 'archive';
-- proofs of what is gone
SELECT count(*) AS events, bool_and(itsm.verify_inclusion(itsm.leaf_hash(b.record, b.version, b.hash), b.leaf_index, l.tree_size, itsm.inclusion_proof(b.record, b.version), l.root)) AS proved
FROM archive.before b CROSS JOIN LATERAL itsm.sealed_leaf(b.record, b.version) l;
-- with the tables at hand everything is compared
SELECT array_agg(c.oid::regclass ORDER BY relname COLLATE "C") AS tables FROM pg_class c WHERE relnamespace = 'regress_itsm_archive'::regnamespace AND relkind = 'r' \gset
SELECT * FROM (SELECT scope, object, detail FROM itsm.verify(NULL, :'tables') WHERE NOT ok EXCEPT TABLE archive.faults) f ORDER BY 1, 2, 3;
SELECT regexp_replace(object, '\d+', 'N') AS object, ok, regexp_replace(detail, '\d{4}_\d\d_\d+', 'YYYY_MM_N', 'g') AS detail FROM itsm.verify(NULL, :'tables') WHERE scope = 'archive';
-- errors
SELECT itsm.verify(NULL, '{archive.ticket}');
\set VERBOSITY sqlstate
SELECT itsm.record_as_of('archive.ticket', '1', now());
SELECT itsm.redact('archive.ticket', '1', '{requester}', 'erasure asked for');
SELECT itsm.recompute_clocks(record => itsm.record_id('archive.ticket', '1'));
\set VERBOSITY default
SELECT count(*) FROM itsm.archive(date_trunc('month', now()) - interval '1 month', 'regress_itsm_archive');

-- a record begins anew: the chain goes on, and who moved it before is not known
UPDATE archive.ticket SET status = 'work' WHERE id = 1;
BEGIN;
SELECT itsm.act_as(current_user::text) IS NULL AS acting;
UPDATE archive.ticket SET status = 'done', caller = 'another' WHERE id = 1;
COMMIT;
SELECT version, kind, from_state, to_state, regexp_replace(changes::text, '\d{4}_\d\d_\d+|"archive": "\d+"', '#', 'g') AS changes FROM itsm.history('archive.ticket', '1');
SELECT rule, message FROM itsm.violation WHERE record = itsm.record_id('archive.ticket', '1') ORDER BY version, position;
SELECT * FROM (SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok EXCEPT TABLE archive.faults) f ORDER BY 1, 2, 3;
SELECT * FROM (SELECT scope, object, detail FROM itsm.verify(NULL, :'tables') WHERE NOT ok EXCEPT TABLE archive.faults) f ORDER BY 1, 2, 3;

-- what is said to be archived must be so; what was changed there is found
CREATE PROCEDURE archive.attack(commands text, tables regclass[] DEFAULT NULL) LANGUAGE plpgsql SET itsm.maintenance = on SET session_replication_role = replica AS $$
DECLARE
	found text;
BEGIN
	EXECUTE commands;
	SELECT string_agg(DISTINCT v.scope || ': ' || regexp_replace(v.object, 'record \d+|archive \d+', '#') || ': ' || regexp_replace(v.detail, '\d+', 'N', 'g'), E'\n') INTO found
		FROM itsm.verify(NULL, tables) v WHERE NOT v.ok AND (v.scope, v.object, v.detail) NOT IN (TABLE archive.faults);
	RAISE SQLSTATE 'IT999' USING MESSAGE = coalesce(found, 'nothing is found');
EXCEPTION WHEN SQLSTATE 'IT999' THEN
	RAISE INFO '%', SQLERRM;
END $$;
-- record 4 is taken away, and said to be archived
CALL archive.attack($$INSERT INTO itsm.archived SELECT id, version, version, (SELECT max(archive) FROM itsm.archive), tenant, hash FROM itsm.record WHERE id = itsm.record_id('archive.ticket', '4'); DELETE FROM itsm.event WHERE record = itsm.record_id('archive.ticket', '4')$$);
CALL archive.attack($$UPDATE itsm.archived SET hash = sha256(hash) WHERE record = itsm.record_id('archive.ticket', '2')$$);
CALL archive.attack($$DELETE FROM itsm.archived WHERE record = itsm.record_id('archive.ticket', '2')$$);
CALL archive.attack($$UPDATE itsm.archive SET events = events + 1$$);
CALL archive.attack($$DELETE FROM itsm.archive; DELETE FROM itsm.archived$$);
SELECT format('UPDATE %s SET actor = ''somebody else'' WHERE version = 1 AND record = %s', (:'tables'::regclass[])[1], itsm.record_id('archive.ticket', '2')) AS change, format('DELETE FROM %s WHERE version = 2 AND record = %s', (:'tables'::regclass[])[1], itsm.record_id('archive.ticket', '2')) AS removal \gset
CALL archive.attack(:'change', :'tables');
CALL archive.attack(:'removal', :'tables');
CALL archive.attack(:'removal');

-- by parts
SELECT itsm.record_id('archive.ticket', '2') AS second, itsm.record_id('archive.ticket', '4') AS fourth \gset
CREATE TABLE archive.whole AS SELECT scope, object, ok FROM itsm.verify(NULL, NULL);
CREATE TABLE archive.parts AS SELECT scope, object, ok FROM itsm.verify(NULL, NULL, NULL, :second) UNION SELECT scope, object, ok FROM itsm.verify(NULL, NULL, :second, :fourth) UNION SELECT scope, object, ok FROM itsm.verify(NULL, NULL, :fourth);
SELECT count(*) AS differ FROM ((TABLE archive.whole EXCEPT TABLE archive.parts) UNION ALL (TABLE archive.parts EXCEPT TABLE archive.whole)) d;

-- brought back
SELECT max(archive) AS archive FROM itsm.archive \gset
SELECT itsm.restore_archive(NULL);
SELECT itsm.restore_archive(0);
SELECT itsm.restore_archive(-1);
\set VERBOSITY sqlstate
SELECT itsm.restore_archive(:archive, ARRAY[(:'tables'::regclass[])[1]]);
BEGIN;
:change;
SELECT itsm.restore_archive(:archive);
ROLLBACK;
-- the later archive of a record first
BEGIN;
SET LOCAL itsm.maintenance = on;
INSERT INTO itsm.archived (record, version, events, archive, tenant, hash)
	SELECT record, version + 2, 2, archive + 1, tenant, hash FROM itsm.archived WHERE record = itsm.record_id('archive.ticket', '1');
SET LOCAL itsm.maintenance = off;
SELECT itsm.restore_archive(:archive);
ROLLBACK;
-- a clock whose events are archived is not computed, and that is told
BEGIN;
INSERT INTO itsm.clock (record, started_at, original_due_at, sla, sla_version, number, told, tenant, breached, stage, stopped_at, elapsed, paused)
	VALUES (itsm.record_id('archive.ticket', '2'), now(), now(), 1, 1, 0, 0, '', false, 'completed', now(), '0', '0');
SET LOCAL client_min_messages = notice;
SELECT count(*) AS differ FROM itsm.recompute_clocks() WHERE record_id = itsm.record_id('archive.ticket', '2');
ROLLBACK;
-- a person is erased in what is here, and told of what is not
BEGIN;
SELECT source_table, key, erased FROM itsm.redact_person('caller 4', 'asked for', '{requester}');
ROLLBACK;
\set VERBOSITY default
SELECT itsm.restore_archive(:archive);
SELECT count(*) AS archives FROM itsm.archive;
SELECT version, kind, from_state, to_state, changes FROM itsm.history('archive.ticket', '1');
SELECT * FROM (SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok EXCEPT TABLE archive.faults) f ORDER BY 1, 2, 3;
SELECT archive.seal() AS sealed;
SELECT itsm.redact('archive.ticket', '1', '{requester}', 'erasure asked for') AS erased;
-- and archived anew, without record 1, to which something happened
SELECT sum(events) AS events FROM itsm.archive(date_trunc('month', now()) - interval '1 month', 'regress_itsm_archive');
SELECT * FROM (SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok EXCEPT TABLE archive.faults) f ORDER BY 1, 2, 3;

-- none is left to others
SELECT itsm.restore_archive(max(archive)) AS events FROM itsm.archive;
SELECT itsm.detach('archive.ticket');
DROP SCHEMA archive, regress_itsm_archive CASCADE;
DROP OWNED BY regress_itsm_archive;
DROP ROLE regress_itsm_archive;
