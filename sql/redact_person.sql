-- A person is erased from the history of all records, and everything still verifies.
-- In a database of its own: it looks for the value in all that there is.
SELECT current_database() AS home \gset
CREATE DATABASE regress_itsm_redact_person;
\c regress_itsm_redact_person
SET client_min_messages = warning;
CREATE EXTENSION itsm;
SET search_path = pg_catalog;
SET client_min_messages = notice;
CREATE SCHEMA redact_person;
SELECT itsm.define_lifecycle('{"name": "redact_person", "process": "redact_person",
	"attributes": {"title": "text", "requester": "text", "assignee": "text", "witness": "text", "priority": "integer", "parent": "text"},
	"references": {"parent": "redact_person"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed"}],
	"transitions": [{"from": "new", "to": "done"}, {"from": "done", "to": "new"}], "delete": "allow"}');
CREATE TABLE redact_person.ticket (id integer PRIMARY KEY, status text, title text, caller text, agent text, seen_by text, prio integer, up text, note text);
CREATE TABLE redact_person.asset (name text PRIMARY KEY, status text, owner text, tenant text);
SELECT itsm.attach('redact_person.ticket', 'redact_person', 'status', mode => 'enforce', track => '{mapped,note}',
	attributes => '{"title": "title", "requester": "caller", "assignee": "agent", "witness": "seen_by", "priority": "prio", "parent": "up"}') > 0 AS ticket;
SELECT itsm.attach('redact_person.asset', 'redact_person', 'status', tenant => 'tenant', attributes => '{"requester": "owner"}') > 0 AS asset;
-- everything of ours that has a value in it, as text or in the bytes of a body
CREATE FUNCTION redact_person.finds(what text) RETURNS SETOF text LANGUAGE plpgsql SET bytea_output = hex AS $$
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
INSERT INTO redact_person.ticket VALUES (1, 'new', 'it hurts', 'Zoë Qxperson', 'bob', NULL, 1, NULL, NULL),
	(2, 'new', 'by her', 'carl', 'Zoë Qxperson', 'Zoë Qxperson', 2, '1', 'Zoë Qxperson'),
	(3, 'new', 'a note of Zoë Qxperson', 'carl', 'bob', NULL, 3, 'Zoë Qxperson', NULL), (4, 'new', 'of another', 'carl', 'bob', NULL, 4, NULL, NULL);
UPDATE redact_person.ticket SET agent = 'dan' WHERE id = 2;
UPDATE redact_person.ticket SET caller = 'Zoë Qxperson' WHERE id = 4;
UPDATE redact_person.ticket SET caller = 'erna' WHERE id = 4;
INSERT INTO redact_person.asset VALUES ('laptop', 'new', 'Zoë Qxperson', 'north'), ('phone', 'new', 'erna', 'north');
DELETE FROM redact_person.asset WHERE name = 'laptop';
SELECT itsm.propose_values('redact_person.ticket', '1', 'redact_person.ticket', '4', '{"agent": "Zoë Qxperson", "prio": 5}') > 0 AS proposed;
SELECT itsm.propose_values('redact_person.ticket', '1', 'redact_person.ticket', '3', '{"agent": "Zoë Qxperson"}') > 0 AS proposed;
SELECT DISTINCT f COLLATE "C" AS f FROM redact_person.finds('Qxperson') f ORDER BY 1;

-- errors
SELECT itsm.redact_person(NULL, 'erasure asked for');
SELECT itsm.redact_person('  ', 'erasure asked for');
SELECT itsm.redact_person('Zoë Qxperson', NULL);
SELECT itsm.redact_person('Zoë Qxperson', 'erasure asked for', '{unheard_of}');
SELECT itsm.redact_person('Zoë Qxperson', 'erasure asked for', '{}');
CREATE ROLE regress_itsm_redact_person;
SET ROLE regress_itsm_redact_person;
SELECT itsm.redact_person('Zoë Qxperson', 'erasure asked for');
RESET ROLE;
-- somebody unknown, and a part of a name, is nobody
SELECT * FROM itsm.redact_person('Qxperson', 'erasure asked for');

-- one attribute
BEGIN;
SELECT source_table, key, tenant, erased FROM itsm.redact_person('Zoë Qxperson', 'erasure asked for', '{assignee}') ORDER BY 1, 2;
SELECT version, kind, changes FROM itsm.history('redact_person.ticket', '2');
ROLLBACK;
-- the rows are the applications'
UPDATE redact_person.ticket SET caller = NULLIF(caller, 'Zoë Qxperson'), seen_by = NULL, note = NULL, up = NULLIF(up, 'Zoë Qxperson'), title = 'a note' WHERE id <> 4;
GRANT EXECUTE ON FUNCTION itsm.redact_person(text, text, text[]) TO regress_itsm_redact_person;
SET ROLE regress_itsm_redact_person;
SELECT source_table, key, tenant, erased FROM itsm.redact_person('Zoë Qxperson', 'erasure asked for') ORDER BY 1, 2;
RESET ROLE;
-- a longer text that mentions the person is not the person's name
SELECT DISTINCT f COLLATE "C" AS f FROM redact_person.finds('Qxperson') f ORDER BY 1;
SELECT itsm.redact('redact_person.ticket', '3', '{title}', 'mentions a person');
SELECT DISTINCT f COLLATE "C" AS f FROM redact_person.finds('Qxperson') f ORDER BY 1;
SELECT version, kind, changes, reason FROM itsm.history('redact_person.ticket', '4');
SELECT new_values FROM itsm.proposal WHERE relation = 'redact_person.ticket'::regclass ORDER BY id;
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok AND object LIKE '%redact_person.%';
-- again: nobody
SELECT * FROM itsm.redact_person('Zoë Qxperson', 'erasure asked for');
-- what was erased of a proposal is not set; redact reaches proposals too
SELECT itsm.redact('redact_person.ticket', '4', '{priority}', 'nobody needs it') AS erased;
SELECT new_values FROM itsm.proposal WHERE relation = 'redact_person.ticket'::regclass ORDER BY id;
UPDATE redact_person.ticket SET status = 'done' WHERE id = 1;
SELECT target_key, done, message FROM itsm.apply_proposals('redact_person.ticket', '1');
-- who acted stays, and is told
BEGIN;
SELECT itsm.act_as('regress_itsm_redact_person') IS NULL AS acting;
UPDATE redact_person.ticket SET prio = 1 WHERE id = 4;
COMMIT;
SELECT * FROM itsm.redact_person('regress_itsm_redact_person', 'erasure asked for');

SELECT itsm.detach('redact_person.ticket');
SELECT itsm.detach('redact_person.asset');
SET client_min_messages = warning;
DROP SCHEMA redact_person CASCADE;
DROP OWNED BY regress_itsm_redact_person;
DROP ROLE regress_itsm_redact_person;
\c :home
DROP DATABASE regress_itsm_redact_person;
