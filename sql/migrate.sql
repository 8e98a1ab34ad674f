-- Moving records to a newer version of their lifecycle, or to another one, by an explicit map.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'
\set VERBOSITY terse

CREATE ROLE regress_itsm_migrate;
CREATE SCHEMA migrate AUTHORIZATION regress_itsm_migrate;
GRANT EXECUTE ON FUNCTION itsm.define_lifecycle(jsonb) TO regress_itsm_migrate;
CREATE FUNCTION migrate.seen(relation regclass, OUT key text, OUT lifecycle text, OUT version integer, OUT state text, OUT category text, OUT shown text, OUT events text) RETURNS SETOF record
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, s.lifecycle, s.lifecycle_version, s.state, s.category, concat_ws(' ', p.lifecycle, p.process, p.state, p.category, p.transitions),
		(SELECT string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), '') || ' v' || e.lifecycle_version, ', ' ORDER BY e.version)
			FROM itsm.event e WHERE e.tenant = r.tenant AND e.record = r.id)
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
		JOIN itsm.projection p ON p.tenant = r.tenant AND p.record = r.id
	WHERE o.relation = $1 ORDER BY r.key COLLATE "C"
$$;
CREATE FUNCTION migrate.map(attachment integer, OUT lifecycle text, OUT states jsonb) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT a.lifecycle, a.states FROM itsm.attachment a WHERE a.id = $1 $$;
SET ROLE regress_itsm_migrate;
SELECT itsm.define_lifecycle('{"name": "migrate", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}], "delete": "allow"}');
CREATE TABLE migrate.ticket (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('migrate.ticket', 'migrate', 'status', attributes => '{"title": "title"}', mode => 'enforce') AS ticket \gset
INSERT INTO migrate.ticket SELECT i, 'new', 't' FROM generate_series(1, 5) i;
UPDATE migrate.ticket SET status = 'work' WHERE id > 2;
UPDATE migrate.ticket SET status = 'done' WHERE id > 4;
DELETE FROM migrate.ticket WHERE id = 1;
-- nothing to do
SELECT itsm.migrate(:ticket);
SELECT * FROM migrate.map(:ticket);

-- A version that splits and renames states: records keep the old one until they are moved
SELECT itsm.define_lifecycle('{"name": "migrate", "process": "incident", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "assigned", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "assigned"}, {"from": "assigned", "to": "closed"}], "delete": "allow"}');
SELECT key, version, state FROM migrate.seen('migrate.ticket');
-- every state that is missing is named, and nothing is done
CREATE FUNCTION migrate.faults(attachment integer, states jsonb) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	detail text;
BEGIN
	RETURN QUERY SELECT 'moved ' || itsm.migrate(attachment, states);
EXCEPTION WHEN SQLSTATE 'IT051' THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN QUERY SELECT f->>'message' FROM jsonb_array_elements(detail::jsonb) f ORDER BY 1;
END $$;
SELECT migrate.faults(:ticket, NULL);
SELECT migrate.faults(:ticket, '{"work": "assigned"}');
SELECT migrate.faults(:ticket, '{"work": "assigned", "done": "nowhere"}');
SELECT key, version, state, events FROM migrate.seen('migrate.ticket');
SELECT * FROM migrate.map(:ticket);
-- rolled back
BEGIN;
SELECT itsm.migrate(:ticket, '{"work": "assigned", "done": "closed"}');
SELECT key, version, state FROM migrate.seen('migrate.ticket');
ROLLBACK;
SELECT key, version, state FROM migrate.seen('migrate.ticket');
SELECT * FROM migrate.map(:ticket);
-- done: rows are not touched, their values map to the new states
SELECT sum(('x' || left(md5(ctid::text || xmin::text), 7))::bit(28)::integer) AS before FROM migrate.ticket \gset
SELECT itsm.migrate(:ticket, '{"work": "assigned", "done": "closed"}');
SELECT * FROM migrate.seen('migrate.ticket');
SELECT * FROM migrate.map(:ticket);
SELECT sum(('x' || left(md5(ctid::text || xmin::text), 7))::bit(28)::integer) = :before AS untouched FROM migrate.ticket;
SELECT itsm.migrate(:ticket);
-- the application goes on with its own values
UPDATE migrate.ticket SET status = 'done' WHERE id = 2;
UPDATE migrate.ticket SET status = 'work' WHERE id = 2;
UPDATE migrate.ticket SET status = 'closed' WHERE id = 2;
UPDATE migrate.ticket SET status = 'done' WHERE id = 3;
INSERT INTO migrate.ticket VALUES (6, 'new', 'x');
SELECT to_state, status_value, allowed FROM itsm.allowed_transitions('migrate.ticket', '2');
SELECT key, state, events FROM migrate.seen('migrate.ticket') WHERE key IN ('2', '3');
SELECT version, kind, from_state, to_state, changes FROM itsm.history('migrate.ticket', '4');
SELECT itsm.record_as_of('migrate.ticket', '4', 'infinity') - 'at' AS now;

-- With a map of values: it is led on
CREATE TABLE migrate.mapped (id integer PRIMARY KEY, status integer);
SELECT itsm.define_lifecycle('{"name": "migrate_old", "states": [{"name": "a", "category": "new", "initial": true}, {"name": "b", "category": "active"}, {"name": "c", "category": "closed", "final": true}],
	"transitions": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]}');
SELECT itsm.define_lifecycle('{"name": "migrate_new", "process": "change", "states": [{"name": "x", "category": "new", "initial": true}, {"name": "y", "category": "active"}, {"name": "c", "category": "cancelled", "final": true}],
	"transitions": [{"from": "x", "to": "y"}, {"from": "y", "to": "c"}]}');
SELECT itsm.attach('migrate.mapped', 'migrate_old', 'status', '{"1": "a", "2": "b", "22": "b", "3": "c"}', mode => 'enforce') AS mapped \gset
INSERT INTO migrate.mapped SELECT i, 1 FROM generate_series(1, 4) i;
UPDATE migrate.mapped SET status = 22 WHERE id > 1;
UPDATE migrate.mapped SET status = 3 WHERE id > 2;
-- to another lifecycle; two states become one
SELECT itsm.migrate(:mapped, '{"a": "x", "b": "y"}', 'migrate_new');
SELECT * FROM migrate.map(:mapped);
SELECT * FROM migrate.seen('migrate.mapped');
UPDATE migrate.mapped SET status = 2 WHERE id = 1;
UPDATE migrate.mapped SET status = 1 WHERE id = 2;
SELECT itsm.migrate(:mapped, '{"x": "b", "y": "b"}', 'migrate_old');
SELECT key, lifecycle, state, events FROM migrate.seen('migrate.mapped');
SELECT * FROM migrate.map(:mapped);
-- a record that is in no state stays out of it
CREATE TABLE migrate.odd (id integer PRIMARY KEY, status text);
SELECT itsm.attach('migrate.odd', 'migrate_old', 'status') AS odd \gset
INSERT INTO migrate.odd VALUES (1, 'odd'), (2, 'c');
SELECT itsm.migrate(:odd, '{"a": "x", "b": "y"}', 'migrate_new');
SELECT key, lifecycle, state, shown, events FROM migrate.seen('migrate.odd');

-- What is asked for wrongly
\set VERBOSITY sqlstate
SELECT itsm.migrate(NULL);
SELECT itsm.migrate(0);
SELECT itsm.migrate(:odd, NULL, 'no such lifecycle');
SELECT migrate.faults(:odd, '[]');
SELECT migrate.faults(:odd, '"x"');
SELECT migrate.faults(:odd, '{"x": 1}');
SELECT migrate.faults(:odd, '{"no such state": "x", "nor this": "y"}');
SELECT migrate.faults(:odd, '{"y": "nowhere"}');
SELECT itsm.detach('migrate.odd');
SELECT itsm.migrate(:odd);
\set VERBOSITY terse

-- A migration is on record
RESET ROLE;
SELECT e.kind, e.detail, e.role FROM itsm_report.policy_event e WHERE e.attachment IN (:ticket, :mapped, :odd) AND e.kind = 'migrated' ORDER BY e.at;

REVOKE EXECUTE ON FUNCTION itsm.define_lifecycle(jsonb) FROM regress_itsm_migrate;
SET itsm.maintenance = on;
DROP SCHEMA migrate CASCADE;
DROP ROLE regress_itsm_migrate;
