-- An attachment whose expressions name what is gone: who observes is told, who enforces refuses, and nobody
-- who asks for the attached rows is answered as if there were none.
SET client_min_messages = warning;
SET search_path = attachment_misfit, pg_catalog;
CREATE SCHEMA attachment_misfit;
CREATE FUNCTION told(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE call;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN format('%s: %s | %s', sqlstate, regexp_replace(sqlerrm, 'attachment \d+', 'attachment N'), hint);
END $$;
SELECT itsm.define_lifecycle('{"name": "attachment_misfit", "attributes": {"title": "text", "planned_start": "timestamptz", "planned_end": "timestamptz", "ci": "text"},
	"states": [{"name": "open", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "open", "to": "done"}],
	"rules": [{"name": "free", "in": "open", "no_conflict": true}]}');

-- the filter's function: no row is governed any more
CREATE FUNCTION wanted(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 IS NOT NULL';
CREATE TABLE change (id integer PRIMARY KEY, status text, title text, s timestamptz, e timestamptz, ci text);
SELECT itsm.attach('change', 'attachment_misfit', 'status', filter => 'attachment_misfit.wanted(title)',
	attributes => '{"title": "title", "planned_start": "s", "planned_end": "e", "ci": "ci"}') AS attachment \gset
INSERT INTO change VALUES (1, 'open', 'a', '2050-01-01', '2050-01-02', 'db');
SELECT count(*) AS booked FROM itsm.change_booking WHERE attachment = :attachment;
SET client_min_messages = error;
DROP FUNCTION wanted(text);
-- (told once a session and change of policy)
INSERT INTO change VALUES (2, 'open', 'b', '2050-01-03', '2050-01-04', 'db');
SELECT told(format(call, :attachment)) FROM unnest(ARRAY['SELECT itsm.import_events(%s, ''SELECT ''''1''''::text AS key, now() AS at, ''''open''''::text AS state'')',
	'CALL itsm.backfill(%s)', 'SELECT itsm.check_rows(%s)', 'SELECT itsm.book_changes(%s)', 'SELECT itsm.change_conflicts(''change'', ''1'')']) AS call;
-- what was booked stays
SELECT count(*) AS booked FROM itsm.change_booking WHERE attachment = :attachment;
SELECT healthy, problem FROM itsm_report.attachment_health WHERE attachment = :attachment;
SELECT itsm.set_mode(:attachment, 'enforce');
SELECT told('INSERT INTO change VALUES (3, ''open'', ''c'')');
SELECT told(format(call, :attachment)) FROM unnest(ARRAY['CALL itsm.backfill(%s)', 'SELECT itsm.check_rows(%s)']) AS call;
SELECT itsm.detach('change');
SELECT told(format(call, :attachment)) FROM unnest(ARRAY['SELECT itsm.import_events(%s, ''SELECT 1'')', 'CALL itsm.backfill(%s)', 'SELECT itsm.check_rows(%s)',
	'SELECT itsm.book_changes(%s)', 'SELECT itsm.migrate(%s)', 'SELECT itsm.set_mode(%s, ''off'')']) AS call;

-- an attribute's function: rows are governed, without it
CREATE FUNCTION shown(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE TABLE ticket (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('ticket', 'attachment_misfit', 'status', attributes => '{"title": "attachment_misfit.shown(title)"}') AS attachment \gset
INSERT INTO ticket VALUES (1, 'open', 'a');
DROP FUNCTION shown(text);
SELECT healthy, problem FROM itsm_report.attachment_health WHERE attachment = :attachment;
INSERT INTO ticket VALUES (2, 'open', 'b');
UPDATE ticket SET status = 'done' WHERE id = 1;
SELECT itsm.set_mode(:attachment, 'enforce');
SELECT told('UPDATE ticket SET status = ''done'' WHERE id = 2');
SELECT itsm.set_mode(:attachment, 'observe');
UPDATE ticket SET status = 'done' WHERE id = 2;
SELECT k.key, h.version, h.kind, h.to_state, h.changes FROM unnest('{1,2}'::text[]) k(key), itsm.history('ticket', k.key) h ORDER BY 1, 2;

-- times of a plan that no attribute has
SELECT told('SELECT itsm.change_conflicts(''ticket'', ''1'')');

SELECT itsm.detach('ticket');
DROP SCHEMA attachment_misfit CASCADE;
