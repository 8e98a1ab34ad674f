-- The extension's trigger functions where they do not belong: they raise, and do nothing.
SET client_min_messages = warning;
SET search_path = odd_triggers, pg_catalog;
CREATE SCHEMA odd_triggers;
\pset null '~'
\pset format unaligned

-- as a superuser, whose writes pass where an ordinary role's are refused
CREATE TABLE event (id integer PRIMARY KEY, status text);
INSERT INTO event VALUES (1, 'new');
CREATE FUNCTION fired(function text, fires text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE format('CREATE TRIGGER odd %s EXECUTE FUNCTION itsm.%I()', fires, function);
	UPDATE event SET status = 'old';
	INSERT INTO event VALUES (2, 'new');
	DELETE FROM event WHERE id = 2;
	TRUNCATE event;
	RAISE EXCEPTION 'nothing is raised';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN format('%s: %s | %s', sqlstate, sqlerrm, hint);
END $$;
SELECT p.proname AS function, fired(p.proname, f.fires) AS raised, string_agg(f.fires, ', ' ORDER BY f.n) AS fires
	FROM pg_proc p, unnest('{BEFORE UPDATE ON event,BEFORE UPDATE ON event FOR EACH ROW,BEFORE INSERT ON event FOR EACH ROW,BEFORE TRUNCATE ON event,
		AFTER INSERT ON event,AFTER INSERT ON event FOR EACH ROW,AFTER UPDATE ON event FOR EACH ROW}'::text[]) WITH ORDINALITY f(fires, n)
	WHERE p.pronamespace = 'itsm'::regnamespace AND p.prorettype = 'trigger'::regtype
	GROUP BY 1, 2 ORDER BY p.proname COLLATE "C", min(f.n);
TABLE event;

-- called by hand
\set VERBOSITY default
SELECT itsm.count_record();
SELECT itsm.count_clock();
SELECT itsm.leave_month();
SELECT itsm.unpack_relationships();
SELECT itsm.give_back_bookings();
SELECT itsm.judge();
SELECT itsm.judge_truncate();
SELECT itsm.guard_command();
SELECT itsm.guard_drop();

-- event triggers on another event
BEGIN;
CREATE EVENT TRIGGER odd_triggers ON ddl_command_start EXECUTE FUNCTION itsm.guard_drop();
CREATE TABLE never (id integer);
ROLLBACK;
BEGIN;
CREATE EVENT TRIGGER odd_triggers ON ddl_command_start EXECUTE FUNCTION itsm.guard_command();
CREATE TABLE never (id integer);
ROLLBACK;
SELECT to_regclass('odd_triggers.never') AS made;

DROP SCHEMA odd_triggers CASCADE;
