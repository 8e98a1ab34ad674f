-- Renamed tables, columns and schemas are followed; what cannot be is refused.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA guard_rename;
SELECT itsm.define_lifecycle('{"name": "guard_rename",
	"attributes": {"title": "text", "size": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"delete": "allow"}');
-- what a command comes to: its SQLSTATE, and its message without numbers
CREATE FUNCTION guard_rename.try(command text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', SQLSTATE, regexp_replace(SQLERRM, '(attachment|trigger_)( ?)[0-9]+', '\1\2N', 'g'));
END $$;
-- what was kept of the attachments of a table
CREATE FUNCTION guard_rename.kept(attached integer) RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', e.kind, CASE WHEN e.kind <> 'attached' THEN e.detail END) FROM itsm_report.policy_event e WHERE e.attachment = attached ORDER BY e.version
$$;

CREATE FUNCTION guard_rename.label(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE TABLE guard_rename.ticket (id integer PRIMARY KEY, status text, title text, size integer, kind text);
SELECT itsm.attach('guard_rename.ticket', 'guard_rename', 'status', mode => 'enforce', track => '{kind}',
	attributes => '{"title": "ticket.title", "size": "size + length( title )"}', filter => '(ticket.kind is null)', tenant => 'coalesce(kind, '''')') AS ticket \gset
CREATE FUNCTION guard_rename.attachment(number integer) RETURNS TABLE (name text, value text) LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.key, x.value FROM itsm.attachment a, LATERAL jsonb_each_text(to_jsonb(a) - '{id,source,relation,lifecycle,mode,timing,states,rule_modes,notify,attached_at,attached_by,detached_at}'::text[]) x WHERE a.id = number
	UNION ALL SELECT 'key', s.key::text FROM itsm.source s JOIN itsm.attachment a ON a.source = s.id WHERE a.id = number ORDER BY 1
$$;
INSERT INTO guard_rename.ticket VALUES (1, 'new', 'a', 1);
SELECT * FROM guard_rename.attachment(:ticket);
ALTER TABLE guard_rename.ticket RENAME COLUMN title TO "Title!";
ALTER TABLE guard_rename.ticket RENAME COLUMN status TO state;
ALTER TABLE guard_rename.ticket RENAME COLUMN id TO number;
ALTER TABLE guard_rename.ticket RENAME COLUMN kind TO "select";
ALTER TABLE guard_rename.ticket RENAME TO "Ticket s";
SELECT * FROM guard_rename.attachment(:ticket);
UPDATE guard_rename."Ticket s" SET "Title!" = 'bb';
SELECT changes FROM itsm.history('guard_rename."Ticket s"', '1') WHERE version = 2;
SELECT guard_rename.try('INSERT INTO guard_rename."Ticket s" VALUES (2, ''done'')');
CREATE SCHEMA guard_other;
ALTER TABLE guard_rename."Ticket s" SET SCHEMA guard_other;
ALTER SCHEMA guard_other RENAME TO "guard Other";
SELECT value FROM guard_rename.attachment(:ticket) WHERE name = 'relation_name';
SELECT guard_rename.kept(:ticket);

-- names within expressions: functions, types and their schemas
CREATE TABLE guard_rename.asks (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('guard_rename.asks', 'guard_rename', 'status', mode => 'enforce', attributes => '{"title": "guard_rename.label(title)"}') AS asks \gset
SELECT guard_rename.try('ALTER FUNCTION guard_rename.label(text) RENAME TO marker');
SELECT guard_rename.try('ALTER FUNCTION guard_rename.label(text) SET SCHEMA "guard Other"');
SELECT guard_rename.try('ALTER SCHEMA guard_rename RENAME TO guard_renamed');
SELECT guard_rename.try('DROP FUNCTION guard_rename.label(text)');
SELECT itsm.set_mode(:asks, 'observe');
\set VERBOSITY sqlstate
ALTER FUNCTION guard_rename.label(text) RENAME TO marker;
ALTER FUNCTION guard_rename.marker(text) RENAME TO label;
\set VERBOSITY default
INSERT INTO guard_rename.asks VALUES (1, 'new', 'a');
SELECT changes FROM itsm.history('guard_rename.asks', '1');

-- children and partitions have the column from their parent
CREATE TABLE guard_rename.base (id integer PRIMARY KEY, status text);
CREATE TABLE guard_rename.child (PRIMARY KEY (id)) INHERITS (guard_rename.base);
SELECT itsm.attach('guard_rename.base', 'guard_rename', 'status', mode => 'enforce') AS base \gset
SELECT itsm.attach('guard_rename.child', 'guard_rename', 'status', filter => 'id > 100') AS child \gset
INSERT INTO guard_rename.child VALUES (1, 'new');
ALTER TABLE guard_rename.base RENAME COLUMN id TO number;
ALTER TABLE guard_rename.base RENAME COLUMN status TO state;
SELECT status, filter, filter_expression FROM itsm.attachment WHERE id IN (:base, :child) ORDER BY id;
SELECT guard_rename.try('UPDATE guard_rename.child SET state = ''nowhere''');
UPDATE guard_rename.base SET state = 'done';
SELECT version, from_state, to_state FROM itsm.history('guard_rename.child', '1');

SET itsm.maintenance = on;
DROP SCHEMA guard_rename, "guard Other" CASCADE;
