-- Exceptions: granted, with a reason, for one record, one rule and one transaction; recorded.
SET search_path = pg_catalog;
SET client_min_messages = notice;
\pset null '~'

CREATE ROLE regress_itsm_owner;
CREATE ROLE regress_itsm_duty;
CREATE ROLE regress_itsm_blind;
CREATE SCHEMA override AUTHORIZATION regress_itsm_owner;
GRANT USAGE ON SCHEMA override TO regress_itsm_duty, regress_itsm_blind;
SELECT itsm.define_lifecycle('{"name": "override", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}],
	"delete": "refuse",
	"rules": [{"name": "titled", "to": "work", "requires": "title", "clause": "8.6"}, {"name": "sane", "check": "new.title is distinct from ''bad''"}]}');
SET ROLE regress_itsm_owner;
CREATE TABLE override.ticket (id integer PRIMARY KEY, status text, title text);
CREATE TABLE override.other (id integer PRIMARY KEY);
GRANT ALL ON override.ticket, override.other TO regress_itsm_duty;
INSERT INTO override.ticket VALUES (100, 'new', NULL);
SELECT itsm.attach('override.ticket', 'override', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0;
INSERT INTO override.ticket SELECT i, 'new', NULL FROM generate_series(1, 9) i;
\set VERBOSITY terse
-- only to whom it was granted
SET ROLE regress_itsm_duty;
SELECT itsm.override('override.ticket', '1', 'titled', 'because');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.override(regclass, text, text, text) TO regress_itsm_duty, regress_itsm_blind;
SET ROLE regress_itsm_duty;
-- what it asks for
DO $$
DECLARE
	c text;
	h text;
	call text;
BEGIN
	FOREACH call IN ARRAY ARRAY[
		$q$'override.ticket', '1', 'titled', NULL$q$, $q$'override.ticket', '1', 'titled', E' \t'$q$, $q$'override.ticket', '1', NULL, 'x'$q$,
		$q$'override.ticket', '1', 'nothing', 'x'$q$, $q$'override.ticket', '1', 'truncate', 'x'$q$, $q$'override.other', '1', 'titled', 'x'$q$,
		$q$'override.ticket', 'one', 'titled', 'x'$q$]
	LOOP
		BEGIN
			EXECUTE 'SELECT itsm.override(' || call || ')';
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
			RAISE NOTICE '%: % % | %', call, sqlstate, sqlerrm, h;
		END;
	END LOOP;
END $$;
\set VERBOSITY terse
SET ROLE regress_itsm_blind;
SELECT itsm.override('override.ticket', '1', 'titled', 'because');
SET ROLE regress_itsm_duty;

-- for this record, this rule and this transaction
BEGIN;
SELECT itsm.override('override.ticket', '1', 'titled', 'outage 7');
SAVEPOINT s;
UPDATE override.ticket SET status = 'work' WHERE id = 2;
ROLLBACK TO s;
UPDATE override.ticket SET status = 'done' WHERE id = 1;
ROLLBACK TO s;
UPDATE override.ticket SET status = 'work' WHERE id = 1;
COMMIT;
UPDATE override.ticket SET status = 'work' WHERE id = 2;
-- several; one that is not used
BEGIN;
SELECT itsm.override('override.ticket', '1', 'delete', 'a duplicate'), itsm.override('override.ticket', '2', 'transition', 'x'),
	itsm.override('override.ticket', '2', 'titled', 'y'), itsm.override('override.ticket', '2', 'sane', 'z');
DELETE FROM override.ticket WHERE id = 1;
UPDATE override.ticket SET status = 'done' WHERE id = 2;
COMMIT;
-- it goes with the savepoint; the parent gets what a released one has
BEGIN;
SAVEPOINT s;
SELECT itsm.override('override.ticket', '3', 'titled', 'gone');
ROLLBACK TO s;
SAVEPOINT t;
UPDATE override.ticket SET status = 'work' WHERE id = 3;
ROLLBACK TO t;
SAVEPOINT u;
SELECT itsm.override('override.ticket', '3', 'titled', 'stays');
RELEASE u;
UPDATE override.ticket SET status = 'work' WHERE id = 3;
COMMIT;
-- used, rolled back and used again
BEGIN;
SELECT itsm.override('override.ticket', '4', 'titled', 'twice');
SAVEPOINT s;
UPDATE override.ticket SET status = 'work' WHERE id = 4;
ROLLBACK TO s;
UPDATE override.ticket SET status = 'work' WHERE id = 4;
COMMIT;
BEGIN;
SELECT itsm.override('override.ticket', '5', 'titled', 'not after all');
SAVEPOINT s;
UPDATE override.ticket SET status = 'work' WHERE id = 5;
ROLLBACK TO s;
COMMIT;
-- a row that has no record; one that is still to come, also after a savepoint; one that never comes
BEGIN;
SELECT itsm.override('override.ticket', '100', 'titled', 'from before');
UPDATE override.ticket SET status = 'work' WHERE id = 100;
COMMIT;
BEGIN;
SELECT itsm.override('override.ticket', '0200', 'initial', 'moved over'), itsm.override('override.ticket', '201', 'initial', 'never');
SAVEPOINT s;
INSERT INTO override.ticket VALUES (200, 'done', 't');
ROLLBACK TO s;
INSERT INTO override.ticket VALUES (200, 'done', 't');
COMMIT;
-- a deleted one whose key comes back
BEGIN;
SELECT itsm.override('override.ticket', '1', 'initial', 'again');
INSERT INTO override.ticket VALUES (1, 'work', 't');
COMMIT;
-- the key changes with the write, and before it
BEGIN;
SELECT itsm.override('override.ticket', '6', 'titled', 'rekeyed');
UPDATE override.ticket SET id = 60 WHERE id = 6;
UPDATE override.ticket SET id = 61, status = 'work' WHERE id = 60;
COMMIT;
-- rolled back as a whole
BEGIN;
SELECT itsm.override('override.ticket', '7', 'titled', 'rolled back');
UPDATE override.ticket SET status = 'work' WHERE id = 7;
ROLLBACK;
UPDATE override.ticket SET status = 'work' WHERE id = 7;

SELECT version, kind, from_state, to_state, changes, reason FROM itsm.history('override.ticket', '1') ORDER BY version;
SELECT version, kind, from_state, to_state, changes, reason FROM itsm.history('override.ticket', '200') ORDER BY version;
SELECT itsm.record_as_of('override.ticket', '2', 'infinity') - 'at';
RESET ROLE;
SELECT key, version, process, rule, reason, actor, role, used, at = (SELECT e.at FROM itsm.event e WHERE e.record = o.record AND e.version = o.version) AS at_event, session_role = session_user AS logged_in
	FROM itsm_report.override o WHERE source = 'override.ticket' ORDER BY key COLLATE "C", version;
SELECT key, version, code, rule FROM itsm_report.violation WHERE source = 'override.ticket' ORDER BY key COLLATE "C", version, ordinal;
-- no move, and no visit of a state
SELECT count(*) FROM itsm_report.transition t JOIN itsm.event e USING (tenant, record, version) WHERE e.kind = 'overridden';
SELECT r.key, string_agg(t.state, ', ' ORDER BY t.entered_at) FROM itsm_report.time_in_state t JOIN itsm.record r ON r.id = t.record JOIN itsm.source s ON s.id = r.source
	WHERE s.relation = 'override.ticket'::regclass AND r.key IN ('1', '2', '3', '200') GROUP BY r.key ORDER BY r.key COLLATE "C";

SET client_min_messages = warning;
SET itsm.maintenance = on;
DROP SCHEMA override CASCADE;
REVOKE ALL ON FUNCTION itsm.override(regclass, text, text, text) FROM regress_itsm_duty, regress_itsm_blind;
DROP ROLE regress_itsm_duty, regress_itsm_blind, regress_itsm_owner;
