-- Columns of attached tables: added, dropped, of another type; attributes that lose theirs.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA guard_columns;
SELECT itsm.define_lifecycle('{"name": "guard_columns",
	"attributes": {"title": "text", "size": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"delete": "allow"}');
-- what a command comes to: its SQLSTATE, and its message without numbers
CREATE FUNCTION guard_columns.try(command text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', SQLSTATE, regexp_replace(SQLERRM, '(attachment|trigger_)( ?)[0-9]+', '\1\2N', 'g'));
END $$;
-- what was kept of the attachments of a table
CREATE FUNCTION guard_columns.kept(attached integer) RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', e.kind, CASE WHEN e.kind <> 'attached' THEN e.detail END) FROM itsm_report.policy_event e WHERE e.attachment = attached ORDER BY e.version
$$;

CREATE TABLE guard_columns.ticket (id integer PRIMARY KEY, status text, title text, size integer, who text, other text, kind text);
SELECT itsm.attach('guard_columns.ticket', 'guard_columns', 'status', mode => 'enforce', track => '{*}',
	attributes => '{"title": "upper(title)", "size": "size"}', filter => 'kind is null', tenant => 'coalesce(who, '''')') AS ticket \gset
INSERT INTO guard_columns.ticket VALUES (1, 'new', 'a', 1);

-- a column added is tracked from then on
ALTER TABLE guard_columns.ticket ADD COLUMN added text, ADD COLUMN IF NOT EXISTS title text;
UPDATE guard_columns.ticket SET added = 'x';
SELECT changes FROM itsm.history('guard_columns.ticket', '1') WHERE version > 1;
-- one that nothing rests on may go
ALTER TABLE guard_columns.ticket DROP COLUMN other;
-- those that something rests on may not, nor may their values change unseen
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket DROP COLUMN id');
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket DROP COLUMN status');
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket DROP COLUMN title');
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket DROP COLUMN kind');
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket DROP COLUMN who');
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket ALTER COLUMN status TYPE text USING ''done''');
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket ALTER COLUMN title TYPE text USING reverse(title)');
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket ALTER COLUMN size TYPE bigint');
-- a cast is no other value
SELECT guard_columns.try('ALTER TABLE guard_columns.ticket ALTER COLUMN id TYPE bigint, ALTER COLUMN title TYPE varchar(20), ALTER COLUMN size TYPE smallint USING size::smallint');
UPDATE guard_columns.ticket SET title = 'b';
SELECT changes FROM itsm.history('guard_columns.ticket', '1') WHERE version > 2;
SELECT guard_columns.kept(:ticket);

-- while observing an attribute loses its column: said once, and no write fails
SELECT itsm.set_mode(:ticket, 'observe');
\set VERBOSITY sqlstate
ALTER TABLE guard_columns.ticket DROP COLUMN title;
\set VERBOSITY default
INSERT INTO guard_columns.ticket VALUES (2, 'done');
SELECT attributes, attribute_expressions FROM itsm.attachment WHERE id = :ticket;
SELECT unmapped_attributes IS NULL AS mapped, missing_columns, healthy FROM itsm_report.attachment_health WHERE attachment = :ticket;
-- the status goes: nothing governs any more, and no write fails
\set VERBOSITY sqlstate
ALTER TABLE guard_columns.ticket DROP COLUMN status;
SET client_min_messages = error;
INSERT INTO guard_columns.ticket VALUES (3);
SELECT missing_columns, healthy FROM itsm_report.attachment_health WHERE attachment = :ticket;
SELECT guard_columns.kept(:ticket) OFFSET 5;

SET itsm.maintenance = on;
DROP SCHEMA guard_columns CASCADE;
