-- History is append-only: SQL may neither change nor remove it, but a superuser's, which is told and kept.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA append_only;
SELECT itsm.define_lifecycle('{"name": "append_only",
	"attributes": {"title": "text", "size": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"delete": "allow"}');
-- what a command comes to: its SQLSTATE, and its message without numbers
CREATE FUNCTION append_only.try(command text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', SQLSTATE, regexp_replace(SQLERRM, '(attachment|trigger_)( ?)[0-9]+', '\1\2N', 'g'));
END $$;
-- what was kept of the attachments of a table
CREATE FUNCTION append_only.kept(attached integer) RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', e.kind, CASE WHEN e.kind <> 'attached' THEN e.detail END) FROM itsm_report.policy_event e WHERE e.attachment = attached ORDER BY e.version
$$;

CREATE TABLE append_only.ticket (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('append_only.ticket', 'append_only', 'status', attributes => '{"title": "title"}') AS ticket \gset
INSERT INTO append_only.ticket VALUES (1, 'new'), (2, 'done');
SELECT 'event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') AS month \gset
CREATE FUNCTION append_only.month(command text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(append_only.try(replace(command, 'MONTH', to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'))), to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'), 'MONTH') $$;

-- with all rights of the tables' owner, but no superuser
SELECT quote_ident(current_user) AS owner \gset
CREATE ROLE regress_itsm_append_only;
GRANT :owner TO regress_itsm_append_only;
GRANT USAGE, CREATE ON SCHEMA append_only TO regress_itsm_append_only;
SET ROLE regress_itsm_append_only;
SELECT append_only.month('UPDATE itsm.event SET kind = kind');
SELECT append_only.month('UPDATE itsm.event_MONTH SET kind = kind');
SELECT append_only.month('DELETE FROM itsm.event WHERE version = 1');
SELECT append_only.month('DELETE FROM ONLY itsm.event_MONTH');
SELECT append_only.month('MERGE INTO itsm.event e USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE');
SELECT append_only.month('TRUNCATE itsm.event');
SELECT append_only.month('TRUNCATE itsm.event_MONTH');
SELECT append_only.try(format(c, t)) FROM unnest('{record,violation,lifecycle,source_attribute}'::text[]) t, unnest('{DELETE FROM itsm.%s,TRUNCATE itsm.%s}'::text[]) c ORDER BY t, c;
SELECT append_only.try('UPDATE itsm.override SET used = true');
SELECT append_only.try('UPDATE itsm.record SET deleted = true');
SELECT append_only.try('UPDATE itsm.violation SET rule = rule');
SELECT append_only.try('UPDATE itsm.lifecycle SET shipped = true');
SELECT append_only.try('INSERT INTO itsm.record SELECT * FROM itsm.record LIMIT 1 ON CONFLICT (tenant, id) DO UPDATE SET version = 7');
RESET ROLE;
SET session_replication_role = replica;
SET ROLE regress_itsm_append_only;
SELECT append_only.try('DELETE FROM itsm.record');
RESET ROLE;
RESET session_replication_role;
SET ROLE regress_itsm_append_only;
-- DDL
SELECT append_only.month('DROP TABLE itsm.event_MONTH');
SELECT append_only.month('ALTER TABLE itsm.event DETACH PARTITION itsm.event_MONTH');
SELECT append_only.month('ALTER TABLE itsm.event_MONTH RENAME TO elsewhere');
SELECT append_only.month('ALTER TABLE itsm.event_MONTH SET SCHEMA append_only');
SELECT append_only.month('ALTER TABLE itsm.event_MONTH DROP CONSTRAINT event_MONTH_pkey');
SELECT append_only.try('ALTER TABLE itsm.record DISABLE TRIGGER ALL');
SELECT append_only.try('ALTER TABLE itsm.event DISABLE TRIGGER itsm_append_only');
SELECT append_only.try('ALTER TABLE itsm.record DROP COLUMN hash CASCADE');
SELECT append_only.try('ALTER TABLE itsm.record ADD COLUMN more text');
SELECT append_only.try('ALTER TABLE itsm.record RENAME COLUMN hash TO other');
SELECT append_only.try('ALTER TABLE itsm.violation SET UNLOGGED');
SELECT append_only.try('CREATE RULE r AS ON INSERT TO itsm.violation DO INSTEAD NOTHING');
SELECT append_only.try('ALTER TRIGGER itsm_append_only ON itsm.record RENAME TO x');
SELECT append_only.try('DROP TRIGGER itsm_append_only ON itsm.record');
SELECT append_only.try('ALTER SCHEMA itsm RENAME TO other');
-- what a DBA needs passes: storage, statistics, an index of one's own
SELECT append_only.month('ALTER TABLE itsm.event_MONTH SET (autovacuum_freeze_min_age = 0)');
SELECT append_only.month('ALTER TABLE itsm.event_MONTH RESET (autovacuum_freeze_min_age)');
SELECT append_only.month('CREATE INDEX append_only_kind ON itsm.event_MONTH (kind)');
SELECT append_only.month('DROP INDEX itsm.append_only_kind');
-- maintenance is a superuser's
SET itsm.maintenance = on;
RESET ROLE;
-- a superuser is warned, and it is kept
BEGIN;
\set VERBOSITY terse
UPDATE itsm.record SET deleted = true;
DELETE FROM itsm.violation;
ALTER TABLE itsm.record DISABLE TRIGGER ALL;
\set VERBOSITY default
SELECT kind, replace(detail, :'month', 'event_MONTH') AS detail FROM itsm_report.policy_event WHERE subject = 'history' ORDER BY version DESC LIMIT 3;
ROLLBACK;
-- in maintenance it passes in silence, and is kept
BEGIN;
SET LOCAL itsm.maintenance = on;
SELECT count(*) AS before FROM itsm_report.policy_event WHERE subject = 'history' \gset
UPDATE itsm.event SET application = 'forged' WHERE kind = 'created';
DELETE FROM itsm.violation;
SELECT kind, replace(detail, :'month', 'event_MONTH') AS detail FROM itsm_report.policy_event WHERE subject = 'history' ORDER BY version OFFSET :before;
ROLLBACK;
-- an empty partition has nothing to lose: pg_restore --jobs truncates those that it has made
BEGIN;
SET LOCAL ROLE regress_itsm_append_only;
CREATE TABLE itsm.event_1999_01 PARTITION OF itsm.event (PRIMARY KEY (record, tenant, version)) FOR VALUES FROM ('1999-01-01') TO ('1999-02-01');
SELECT append_only.try('TRUNCATE ONLY itsm.event_1999_01');
INSERT INTO itsm.event SELECT record, version, '1999-01-05', xid, system, timeline, command, attachment, lifecycle_version, kind, tenant, from_state, to_state, session_role, role, actor, application, body, hash FROM itsm.event LIMIT 1;
SELECT append_only.try('TRUNCATE ONLY itsm.event_1999_01');
ROLLBACK;
-- every partition is guarded
SELECT count(*) FILTER (WHERE t.tgtype & 32 > 0) > 0 AS truncate_guarded, count(*) FILTER (WHERE t.tgtype & 24 > 0) > 0 AS rows_guarded, count(*) > 3 AS several
FROM pg_inherits i JOIN pg_trigger t ON t.tgrelid = i.inhrelid AND t.tgenabled = 'A' WHERE i.inhparent = 'itsm.event'::regclass;
SELECT i.inhrelid::regclass FROM pg_inherits i WHERE i.inhparent = 'itsm.event'::regclass AND (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = i.inhrelid AND t.tgenabled = 'A') <> 2;

SELECT itsm.detach('append_only.ticket');
DROP SCHEMA append_only CASCADE;
DROP OWNED BY regress_itsm_append_only;
DROP ROLE regress_itsm_append_only;
