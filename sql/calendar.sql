-- Calendars: hours with the time from which they hold, holidays from a query, what comes next.
SET client_min_messages = warning;
SET timezone = 'Europe/Berlin';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';

-- a new calendar holds ever since; changes hold from a time on, and the past stays
SELECT itsm.define_calendar('desk', 'Mo-Fr 09:00-17:00 @ Europe/Berlin');
SELECT itsm.calendar_time('desk', '2020-01-06', '2020-01-13'), itsm.calendar_deadline('desk', '2020-01-06 16:00', '2 hours');
CREATE TEMP TABLE yesterday AS SELECT itsm.calendar_time('desk', now() - interval '30 days', now() - interval '1 day') AS open;
SELECT itsm.define_calendar('desk', 'Mo-Su 00:00-24:00 @ Europe/Berlin', now() + interval '1 day');
SELECT open = itsm.calendar_time('desk', now() - interval '30 days', now() - interval '1 day') AS stayed FROM yesterday;
SELECT itsm.calendar_time('desk', now() + interval '1 day', now() + interval '11 days') AS later;
SELECT itsm.define_calendar('desk', 'off @ Europe/Berlin', '2026-01-01');
SELECT itsm.define_calendar('desk', 'off', 'infinity');
SELECT itsm.define_calendar('desk', NULL);
SELECT itsm.define_calendar('', '24/7');
SELECT itsm.define_calendar('desk', 'Mo-Fr 25:00-26:00');
-- the same start again replaces; two hours cannot hold at once
SELECT itsm.define_calendar('desk', 'Sa 00:00-24:00 @ Europe/Berlin', '2090-01-01');
SELECT itsm.define_calendar('desk', 'Su 00:00-24:00 @ Europe/Berlin', '2090-01-01');
SELECT valid_from, hours FROM itsm.calendar_hours WHERE calendar = 'desk' AND valid_from > now() + interval '2 days';
INSERT INTO itsm.calendar_hours VALUES ('desk', '2090-01-01', 'off', now(), current_user);
SELECT count(*), count(DISTINCT defined_by), bool_and(defined_by = session_user) FROM itsm.calendar_hours WHERE calendar = 'desk';

-- over several hours; before the first it is closed
SELECT itsm.define_calendar('pieces', 'Mo-Fr 09:00-17:00 @ Europe/Berlin', '2026-01-01');
SELECT itsm.define_calendar('pieces', 'Mo-Fr 10:00-18:00 @ Europe/Berlin', '2026-03-02 12:00', rewrite_past => true);
SELECT itsm.define_calendar('pieces', 'off @ Europe/Berlin', '2026-03-05', rewrite_past => true);
SELECT itsm.define_calendar('pieces', 'Mo-Su 00:00-24:00 @ Europe/Berlin', '2026-03-10', rewrite_past => true);
SELECT s, e, itsm.calendar_time('pieces', s, e), itsm.calendar_time('pieces', e, s) AS swapped FROM (VALUES
	(timestamptz '2025-01-01', timestamptz '2026-01-01'), ('2025-01-01', '2026-01-03'), ('2026-03-02', '2026-03-03'), ('2026-03-02', '2026-03-05'), ('2026-03-04', '2026-03-11'), ('2026-03-10', '2026-03-10 01:00')) AS t(s, e);
SELECT target, itsm.calendar_deadline('pieces', '2026-03-02 08:00', target) FROM unnest('{0, 1 hour, 3 hours, 3:00:00.000001, 9 hours, 10 hours, 25 hours, 25:00:00.000001, 30 hours, 100 days, -1 hour, -8 hours}'::interval[]) AS target;
SELECT itsm.calendar_deadline('pieces', '2026-03-07', '0'), itsm.calendar_deadline('pieces', '2026-03-11', '-25 hours'), itsm.calendar_deadline('pieces', '2025-03-11', '1 hour');
SELECT itsm.calendar_deadline('pieces', '2026-01-02', '-16 hours');
SELECT itsm.calendar_deadline('pieces', '2025-12-01', '-1 hour');
SELECT itsm.calendar_deadline('pieces', '2026-03-02', '1 month');
SELECT itsm.calendar_time('pieces', '2026-03-02', 'infinity');
SELECT itsm.calendar_time('nowhere', '2026-03-02', '2026-03-03');
SELECT itsm.calendar_deadline('nowhere', '2026-03-02', '1 hour');
BEGIN;
SELECT itsm.define_calendar('rare', 'Mo 09:00-09:01');
SELECT itsm.calendar_deadline('rare', '2026-03-27', '100000 days');
ROLLBACK;
BEGIN;
SELECT itsm.define_calendar('rare', 'Mo 09:00-09:01');
SELECT itsm.calendar_deadline('rare', '2026-03-27', '-100000 days');
ROLLBACK;
SELECT itsm.calendar_time(NULL, now(), now());
-- there and back
SELECT count(*), count(*) FILTER (WHERE itsm.calendar_time('pieces', start, itsm.calendar_deadline('pieces', start, target)) <> target) AS wrong
FROM (SELECT timestamptz '2026-02-20' + g * interval '1 hour 7 minutes 3.000007 seconds' AS start, (CASE g % 3 WHEN 0 THEN -1 ELSE 1 END * g * g % 4321) * interval '1 minute 1.5 seconds' AS target FROM generate_series(1, 700) g) AS t;

-- a change is seen by the next command, in one statement too
CREATE FUNCTION pg_temp.changing() RETURNS TABLE (before interval, after interval) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..3 LOOP
		before := itsm.calendar_time('desk', '2091-01-06', '2091-01-13');
		PERFORM itsm.define_calendar('desk', format('Mo-Fr 09:00-1%s:00 @ Europe/Berlin', i)::itsm.service_hours, '2090-01-01');
		after := itsm.calendar_time('desk', '2091-01-06', '2091-01-13');
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM pg_temp.changing();
BEGIN;
SELECT itsm.define_calendar('desk', 'off', '2090-01-01');
SELECT itsm.calendar_time('desk', '2091-01-06', '2091-01-13');
ROLLBACK;
SELECT itsm.calendar_time('desk', '2091-01-06', '2091-01-13');

-- many in turn, at one place in a query
BEGIN;
SELECT count(*) FROM (SELECT itsm.define_calendar('many ' || n, format('Mo-Su 00:00-%s:00', to_char(n, 'FM00'))::itsm.service_hours) FROM generate_series(1, 20) n) d;
SELECT count(*), count(DISTINCT open) AS different, count(*) FILTER (WHERE open = m * interval '7 hours') AS fit
FROM (SELECT n % 20 + 1 AS m, itsm.calendar_time('many ' || n % 20 + 1, '2026-03-02', '2026-03-09') AS open FROM generate_series(1, 60) n) t;
ROLLBACK;

-- holidays from a query: once, in the hours that hold and in those for later
SELECT itsm.define_calendar('shop', 'Mo-Sa 08:00-20:00; Dec 24 08:00-14:00 @ Europe/Berlin');
SELECT itsm.define_calendar('shop', 'Mo-Sa 07:00-20:00 @ Europe/Berlin', '2095-01-01');
CREATE TABLE holiday (day date, name text);
INSERT INTO holiday VALUES ('2094-12-25', 'Christmas'), ('2094-12-26', 'Boxing Day'), ('2095-01-01', 'New Year'), (NULL, 'none'), ('2094-12-26', 'again');
SELECT itsm.import_holidays('shop', 'SELECT day FROM holiday ORDER BY day DESC', '2090-01-01');
SELECT valid_from, hours FROM itsm.calendar_hours WHERE calendar = 'shop' ORDER BY 1;
SELECT itsm.import_holidays('shop', 'SELECT day FROM holiday', '2090-01-01');
SELECT itsm.import_holidays('shop', 'SELECT day FROM holiday', '2091-01-01');
SELECT itsm.import_holidays('shop', $$SELECT date '2094-12-27'$$, '2090-01-01');
SELECT itsm.import_holidays('shop', 'SELECT day FROM holiday WHERE false', '2092-01-01');
SELECT valid_from, hours FROM itsm.calendar_hours WHERE calendar = 'shop' ORDER BY 1;
SELECT itsm.import_holidays('shop', 'SELECT name FROM holiday');
SELECT itsm.import_holidays('shop', 'DELETE FROM holiday RETURNING day');
SELECT itsm.import_holidays('shop', $$SELECT date 'infinity'$$);
SELECT itsm.import_holidays('shop', 'TABLE holiday', '2020-01-01');
SELECT itsm.import_holidays('nowhere', 'TABLE holiday');
SELECT count(*) FROM itsm.calendar WHERE name = 'nowhere';

-- what comes next, by the clocks of the calendar
SET timezone = 'America/New_York';
SELECT * FROM itsm.calendar_preview('pieces', 12, '2026-02-27');
SELECT * FROM itsm.calendar_preview('shop', 12, '2094-12-22');
SELECT itsm.define_calendar('night', 'Fr-Sa 22:00-02:30; Su 01:00-04:00 @ Europe/Berlin');
SELECT * FROM itsm.calendar_preview('night', 4, '2026-03-27');
SELECT count(*), min(day) = (now() AT TIME ZONE 'Europe/Berlin')::date AS today FROM itsm.calendar_preview('night');
SELECT * FROM itsm.calendar_preview('nowhere');

-- every edit is an event; what the table says otherwise is found
SET timezone = 'Europe/Berlin';
SELECT e.version, e.kind, e.detail::jsonb ->> 'valid_from' AS valid_from, e.detail::jsonb ->> 'hours' AS hours, e.detail::jsonb ->> 'holidays' AS holidays, e.role = current_user AS mine
FROM itsm_report.policy_event e WHERE e.subject = 'calendar shop' ORDER BY 1;
SELECT count(*) FROM itsm_report.policy_event WHERE subject = 'calendar pieces';
SELECT itsm.define_calendar('pieces', 'off @ Europe/Berlin', '2026-03-05', rewrite_past => true);	-- as it is
SELECT count(*) FROM itsm_report.policy_event WHERE subject = 'calendar pieces';
SELECT scope, object, detail FROM itsm.verify() WHERE scope = 'calendar' AND NOT ok;
BEGIN;
UPDATE itsm.calendar_hours SET hours = '24/7' WHERE calendar = 'pieces' AND valid_from = '2026-03-05';
UPDATE itsm.calendar_hours SET valid_from = '2026-01-02' WHERE calendar = 'pieces' AND valid_from = '2026-01-01';
DELETE FROM itsm.calendar_hours WHERE calendar = 'night';
SELECT scope, object, detail FROM itsm.verify() WHERE scope = 'calendar' AND NOT ok ORDER BY 2;
ROLLBACK;
SET timezone = 'America/New_York';

-- rights: everybody reads, nobody writes
CREATE ROLE calendar_reader;
SET ROLE calendar_reader;
SELECT itsm.calendar_time('pieces', '2026-03-02', '2026-03-03');
SELECT count(*) FROM itsm.calendar_preview('pieces', 2);
SELECT itsm.define_calendar('mine', '24/7');
SELECT itsm.import_holidays('shop', 'SELECT current_date');
INSERT INTO itsm.calendar VALUES ('mine');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.define_calendar(text, itsm.service_hours, timestamptz, boolean), itsm.import_holidays(text, text, timestamptz, boolean) TO calendar_reader;
SET ROLE calendar_reader;
SELECT itsm.define_calendar('mine', '24/7');
SELECT itsm.import_holidays('mine', 'SELECT day FROM holiday');
SELECT itsm.import_holidays('mine', $$SELECT date '2090-01-01'$$);
RESET ROLE;
SELECT valid_from = '-infinity' AS ever, hours FROM itsm.calendar_hours WHERE calendar = 'mine' ORDER BY valid_from;
DROP TABLE holiday;
DROP OWNED BY calendar_reader;
DROP ROLE calendar_reader;
