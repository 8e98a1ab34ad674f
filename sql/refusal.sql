-- What was refused is remembered, although it was rolled back.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_refused;
CREATE SCHEMA refusal AUTHORIZATION regress_itsm_refused;
SELECT itsm.define_lifecycle('{"name": "refusal", "attributes": {"title": "text", "owner": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}],
	"delete": "refuse",
	"rules": [{"name": "complete", "to": "work", "requires": ["title", "owner"]}, {"name": "why", "to": "work", "reason": true}]}');
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_refused;
SET ROLE regress_itsm_refused;
\set VERBOSITY terse
CREATE TABLE refusal.ticket (id integer PRIMARY KEY, status text, title text, owner text);
SELECT itsm.attach('refusal.ticket', 'refusal', 'status', attributes => '{"title": "title", "owner": "owner"}', mode => 'enforce') > 0;
INSERT INTO refusal.ticket SELECT i, 'new', 'secret' FROM generate_series(1, 3) i;
SET application_name = 'the desk';
UPDATE refusal.ticket SET status = 'work' WHERE id = 1;
UPDATE refusal.ticket SET status = 'done', title = 'hidden' WHERE id = 2;
UPDATE refusal.ticket SET status = 'nowhere' WHERE id = 2;
INSERT INTO refusal.ticket VALUES (9, 'done');
DELETE FROM refusal.ticket WHERE id = 3;
TRUNCATE refusal.ticket;
-- caught ones
SET itsm.reason = 'no';
DO $$ BEGIN UPDATE refusal.ticket SET status = 'work' WHERE id = 3; EXCEPTION WHEN OTHERS THEN NULL; END $$;
BEGIN;
SELECT itsm.act_as('ann');
SAVEPOINT s;
UPDATE refusal.ticket SET status = 'done' WHERE id = 3;
ROLLBACK TO s;
ROLLBACK;
RESET itsm.reason;
RESET application_name;
-- asking what would be refused is none
SELECT count(*) FROM itsm.allowed_transitions('refusal.ticket', '1');
RESET ROLE;
SELECT count(*) FROM itsm.check_rows((SELECT max(id) FROM itsm.attachment WHERE relation_name = 'refusal.ticket'));
-- nothing stands there yet: no transaction has committed events since
SELECT count(*) FROM itsm_report.refusal WHERE source = 'refusal.ticket';
UPDATE refusal.ticket SET title = 'rolled back' WHERE id = 1 AND false;
BEGIN;
UPDATE refusal.ticket SET title = 'rolled back' WHERE id = 1;
ROLLBACK;
SELECT count(*) FROM itsm_report.refusal WHERE source = 'refusal.ticket';
UPDATE refusal.ticket SET title = 'committed' WHERE id = 1;
SELECT f.key, code, rules, from_state, to_state, role, session_role = session_user AS session, actor, nullif(application, current_setting('application_name')) AS application, reason, lost
	FROM itsm_report.refusal f WHERE source = 'refusal.ticket' ORDER BY at;
-- each once
UPDATE refusal.ticket SET title = 'committed again' WHERE id = 1;
SELECT count(*) FROM itsm_report.refusal WHERE source = 'refusal.ticket';
-- refused in the very transaction that then commits
BEGIN;
UPDATE refusal.ticket SET title = 'x' WHERE id = 2;
SAVEPOINT s;
UPDATE refusal.ticket SET status = 'done' WHERE id = 2;
ROLLBACK TO s;
COMMIT;
SELECT count(*) FROM itsm_report.refusal WHERE source = 'refusal.ticket';
-- no value of a row is kept
SELECT count(*) FROM itsm.refusal f WHERE f::text ~ 'secret|hidden';
-- more than there is room for
DO $$
BEGIN
	FOR i IN 1..1007 LOOP
		BEGIN
			UPDATE refusal.ticket SET status = 'done' WHERE id = 2;
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
	END LOOP;
END $$;
UPDATE refusal.ticket SET title = 'y' WHERE id = 2;
SELECT count(*), sum(lost) FROM itsm_report.refusal WHERE source = 'refusal.ticket';
-- a table with row-level security: who claimed to act is not shown
ALTER TABLE refusal.ticket ENABLE ROW LEVEL SECURITY;
BEGIN;
CREATE ROLE regress_itsm_bi;
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_bi;
GRANT SELECT ON itsm_report.refusal TO regress_itsm_bi;
SET LOCAL ROLE regress_itsm_bi;
SELECT count(*), count(key) > 0 AS keys, count(actor) FROM itsm_report.refusal WHERE source = 'refusal.ticket';
ROLLBACK;

-- judged at the end of the transaction: who it was and why, as of the write
CREATE TABLE refusal.late (id integer PRIMARY KEY, status text);
SELECT itsm.attach('refusal.late', 'refusal', 'status', mode => 'enforce', timing => 'deferred') > 0;
INSERT INTO refusal.late VALUES (1, 'new');
BEGIN;
SET LOCAL itsm.reason = 'of the write';
SELECT itsm.act_as('ann');
UPDATE refusal.late SET status = 'done' WHERE id = 1;
SET LOCAL itsm.reason = 'of the end';
SELECT itsm.act_as('bob');
COMMIT;
INSERT INTO refusal.late VALUES (2, 'new');
SELECT f.key, code, from_state, to_state, actor, reason FROM itsm_report.refusal f WHERE source = 'refusal.late';

SET itsm.maintenance = on;
DROP SCHEMA refusal CASCADE;
REVOKE ALL ON FUNCTION itsm.act_as(text) FROM regress_itsm_refused;
DROP ROLE regress_itsm_refused;
