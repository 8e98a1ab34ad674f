-- The triggers of an attached table cannot be switched off while it is enforced.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA guard_triggers;
SELECT itsm.define_lifecycle('{"name": "guard_triggers",
	"attributes": {"title": "text", "size": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"delete": "allow"}');
-- what a command comes to: its SQLSTATE, and its message without numbers
CREATE FUNCTION guard_triggers.try(command text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', SQLSTATE, regexp_replace(SQLERRM, '(attachment|trigger_)( ?)[0-9]+', '\1\2N', 'g'));
END $$;
-- what was kept of the attachments of a table
CREATE FUNCTION guard_triggers.kept(attached integer) RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', e.kind, CASE WHEN e.kind <> 'attached' THEN e.detail END) FROM itsm_report.policy_event e WHERE e.attachment = attached ORDER BY e.version
$$;

CREATE TABLE guard_triggers.ticket (id integer PRIMARY KEY, status text, title text);
CREATE FUNCTION guard_triggers.quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER own AFTER UPDATE ON guard_triggers.ticket FOR EACH ROW EXECUTE FUNCTION guard_triggers.quiet();
CREATE FUNCTION guard_triggers.armed() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT t.tgname || ' ' || t.tgenabled::text FROM pg_trigger t WHERE t.tgrelid = 'guard_triggers.ticket'::regclass ORDER BY t.tgname
$$;
SELECT itsm.attach('guard_triggers.ticket', 'guard_triggers', 'status', mode => 'enforce') AS ticket \gset

SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket DISABLE TRIGGER itsm_judge');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket DISABLE TRIGGER itsm_judge_truncate');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket DISABLE TRIGGER ALL');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket DISABLE TRIGGER USER');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket ENABLE REPLICA TRIGGER itsm_judge');
SELECT guard_triggers.try('DROP TRIGGER itsm_judge ON guard_triggers.ticket');
SELECT guard_triggers.try('DROP TRIGGER itsm_judge_truncate ON guard_triggers.ticket');
SELECT guard_triggers.try('ALTER TRIGGER itsm_judge ON guard_triggers.ticket RENAME TO zzz');
SELECT guard_triggers.try('CREATE OR REPLACE TRIGGER itsm_judge AFTER INSERT ON guard_triggers.ticket FOR EACH ROW EXECUTE FUNCTION guard_triggers.quiet()');
SELECT guard_triggers.try('CREATE OR REPLACE TRIGGER itsm_judge AFTER INSERT OR UPDATE OR DELETE ON guard_triggers.ticket FOR EACH ROW WHEN (false) EXECUTE FUNCTION itsm.judge()');
SELECT guard_triggers.try('CREATE RULE away AS ON DELETE TO guard_triggers.ticket DO INSTEAD NOTHING');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket SET UNLOGGED');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket DROP CONSTRAINT ticket_pkey');
SELECT guard_triggers.armed();
-- an observed attachment with a rule that is enforced
SELECT itsm.set_mode(:ticket, 'observe'), itsm.set_mode(:ticket, 'enforce', 'transition');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket DISABLE TRIGGER ALL');
SELECT itsm.set_mode(:ticket, 'enforce');

-- what does no harm: triggers of others; enabling, which arms ours always; making ours anew
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket DISABLE TRIGGER own');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket ENABLE TRIGGER ALL');
SELECT guard_triggers.try('ALTER TABLE guard_triggers.ticket ENABLE TRIGGER itsm_judge');
SELECT guard_triggers.try('CREATE OR REPLACE TRIGGER itsm_judge AFTER INSERT OR UPDATE OR DELETE ON guard_triggers.ticket FOR EACH ROW EXECUTE FUNCTION itsm.judge()');
SELECT guard_triggers.armed();
SELECT guard_triggers.try('DROP TRIGGER own ON guard_triggers.ticket');
-- and what rewrites a table or its indexes
VACUUM FULL guard_triggers.ticket;
CLUSTER guard_triggers.ticket USING ticket_pkey;
REINDEX TABLE CONCURRENTLY guard_triggers.ticket;
CREATE INDEX CONCURRENTLY ticket_title ON guard_triggers.ticket (title);
DROP INDEX CONCURRENTLY guard_triggers.ticket_title;
INSERT INTO guard_triggers.ticket VALUES (1, 'new');
SELECT guard_triggers.try('INSERT INTO guard_triggers.ticket VALUES (2, ''done'')');
SELECT guard_triggers.kept(:ticket);

-- while observing it passes, with a warning, and is kept
SELECT itsm.set_mode(:ticket, 'observe'), itsm.set_mode(:ticket, 'observe', 'transition');
\set VERBOSITY sqlstate
ALTER TABLE guard_triggers.ticket DISABLE TRIGGER ALL;
UPDATE guard_triggers.ticket SET status = 'done';
ALTER TABLE guard_triggers.ticket ENABLE TRIGGER ALL;
CREATE RULE away AS ON DELETE TO guard_triggers.ticket DO INSTEAD NOTHING;
DROP RULE away ON guard_triggers.ticket;
ALTER TABLE guard_triggers.ticket SET UNLOGGED;
ALTER TABLE guard_triggers.ticket SET LOGGED;
ALTER TRIGGER itsm_judge_truncate ON guard_triggers.ticket RENAME TO zzz;
ALTER TRIGGER zzz ON guard_triggers.ticket RENAME TO itsm_judge_truncate;
DROP TRIGGER itsm_judge ON guard_triggers.ticket;
\set VERBOSITY default
SELECT guard_triggers.armed();
SELECT h.trigger_ok, h.healthy FROM itsm_report.attachment_health h WHERE h.attachment = :ticket;
SELECT guard_triggers.kept(:ticket) OFFSET 1;
-- event triggers that are off are seen
BEGIN;
ALTER EVENT TRIGGER itsm_guard_drop ENABLE REPLICA;
SELECT h.problem LIKE '%DDL is not watched%' AS told FROM itsm_report.attachment_health h WHERE h.attachment = :ticket;
ROLLBACK;
-- detach leaves nothing behind all the same
SELECT itsm.detach('guard_triggers.ticket');
SELECT guard_triggers.armed();

SET itsm.maintenance = on;
DROP SCHEMA guard_triggers CASCADE;
