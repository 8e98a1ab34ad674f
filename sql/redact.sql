-- Values are erased from history, and everything still verifies.
-- In a database of its own: it looks for the value in all that there is.
SELECT current_database() AS home \gset
CREATE DATABASE regress_itsm_redact;
\c regress_itsm_redact
SET client_min_messages = warning;
CREATE EXTENSION itsm;
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA redact;
-- seals all; whoever analyzes a table just now, say, holds that back for a moment
CREATE FUNCTION redact.seal() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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
SELECT itsm.define_lifecycle('{"name": "redact", "process": "redact",
	"attributes": {"title": "text", "requester": "text", "priority": "integer", "phone": "text", "parent": "text"},
	"references": {"parent": "redact"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}, {"from": "done", "to": "new"}], "delete": "allow",
	"rules": [{"name": "short", "check": "length(new.title) < 30", "mode": "observe"}]}');
CREATE TABLE redact.ticket (id integer PRIMARY KEY, status text, title text, caller text, prio integer, phone text, up text, note text);
SELECT itsm.attach('redact.ticket', 'redact', 'status', mode => 'enforce', track => '{mapped,note}',
	attributes => '{"title": "title", "requester": "caller", "priority": "prio", "phone": "phone", "parent": "up"}') AS ticket \gset
INSERT INTO redact.ticket VALUES (1, 'new', 'it hurts', 'Mary Qxsecret', 4711, '0815-qxsecret', NULL, 'a qxsecret note'), (2, 'new', 'mine is qxquite another ticket, and long', 'Mary Qxsecret', 4711, '0815-qxsecret', '1', 'a qxsecret note');
UPDATE redact.ticket SET caller = 'Mary Qxsecret-Other', prio = 4712;
SELECT redact.seal() AS sealed;
UPDATE redact.ticket SET status = 'done', phone = '0816-qxsecret';
UPDATE redact.ticket SET status = 'new';
-- everything of ours that has a value in it, as text or in the bytes of a body
CREATE FUNCTION redact.finds(what text) RETURNS SETOF text LANGUAGE plpgsql SET bytea_output = hex AS $$
DECLARE
	name text;
	found bigint;
BEGIN
	FOR name IN SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace) AND c.relkind IN ('r', 'v', 'm') ORDER BY c.relname LOOP
		EXECUTE format('SELECT count(*) FROM (SELECT t::text AS row FROM %s t) r WHERE strpos(row, $1) > 0 OR strpos(row, encode(convert_to($1, ''UTF8''), ''hex'')) > 0', name) INTO found USING what;
		IF found > 0 THEN
			RETURN NEXT CASE WHEN name LIKE 'itsm.event\_%' THEN 'itsm.event' ELSE name END;
		END IF;
	END LOOP;
END $$;
SELECT DISTINCT f COLLATE "C" AS f FROM redact.finds('Qxsecret') f ORDER BY 1;

-- errors
SELECT itsm.redact('redact.ticket', '1', '{requester}', NULL);
SELECT itsm.redact('redact.ticket', '1', '{requester}', '  ');
SELECT itsm.redact('redact.ticket', '1', '{requester,unheard_of}', 'erasure asked for');
SELECT itsm.redact('redact.ticket', '1', '{}', 'erasure asked for');
SELECT itsm.redact('redact.ticket', '1', '{NULL}', 'erasure asked for');
SELECT itsm.redact('redact.ticket', NULL, '{requester}', 'erasure asked for');
SELECT itsm.redact('redact.ticket', '3', '{requester}', 'erasure asked for');
CREATE ROLE regress_itsm_redact;
GRANT USAGE ON SCHEMA redact TO regress_itsm_redact;
SET ROLE regress_itsm_redact;
SELECT itsm.redact('redact.ticket', '1', '{requester}', 'erasure asked for');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.redact(regclass, text, text[], text) TO regress_itsm_redact;
SET ROLE regress_itsm_redact;
SELECT itsm.redact('redact.ticket', '1', '{requester}', 'erasure asked for');
RESET ROLE;

-- the rows first, then the history of both
UPDATE redact.ticket SET caller = NULL, phone = NULL, note = NULL, up = NULL, prio = NULL;
SELECT itsm.redact('redact.ticket', '1', '{requester,phone,note,priority}', 'erasure asked for by the person');
SELECT itsm.redact('redact.ticket', '2', '{requester,phone,note,priority,parent,requester}', 'erasure asked for by the person');
SELECT f FROM unnest('{Qxsecret,qxsecret}'::text[]) w, redact.finds(w) f;
SELECT count(*) AS faults FROM itsm.verify() WHERE NOT ok AND object LIKE '%redact.%';
SELECT redact.seal() AS sealed;
SELECT scope, object, detail FROM itsm.verify(itsm.digest((SELECT min(s.size) FROM itsm.seal s WHERE s.events > 0 AND s.at > (SELECT min(at) FROM itsm.event WHERE record = itsm.record_id('redact.ticket', '1'))))) WHERE NOT ok AND (scope = 'digest' OR object LIKE '%redact.%');
SELECT count(*) AS events, count(*) FILTER (WHERE itsm.verify_inclusion(l.leaf_hash, l.leaf_index, l.tree_size, itsm.inclusion_proof(e.record, e.version), l.root)
		AND l.leaf_hash = itsm.leaf_hash(e.record, e.version, e.hash)) AS proved
FROM itsm.event e CROSS JOIN LATERAL itsm.sealed_leaf(e.record, e.version) l WHERE e.record = itsm.record_id('redact.ticket', '1');
-- what is left
SELECT version, kind, from_state, to_state, changes, reason FROM itsm.history('redact.ticket', '1');
SELECT priority, requester, title, extra FROM itsm.record WHERE id = itsm.record_id('redact.ticket', '1');
SELECT count(*) AS named FROM itsm.reference WHERE record = itsm.record_id('redact.ticket', '2');
-- again: nothing is there any more
SELECT itsm.redact('redact.ticket', '1', '{requester}', 'again');
-- history goes on
UPDATE redact.ticket SET status = 'done', caller = 'N.N.' WHERE id = 1;
DELETE FROM redact.ticket WHERE id = 2;
SELECT itsm.redact('redact.ticket', '2', '{title}', 'the row is gone, its history is not');
SELECT f FROM redact.finds('qxquite another') f;
SELECT scope, detail FROM itsm.verify() WHERE NOT ok AND object LIKE '%redact.%';

SELECT itsm.detach('redact.ticket');
DROP SCHEMA redact CASCADE;
DROP OWNED BY regress_itsm_redact;
DROP ROLE regress_itsm_redact;
\c :home
DROP DATABASE regress_itsm_redact;
