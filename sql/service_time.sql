-- Service time: how long it was open, deadlines, next openings and closings, open ranges.
SET timezone = 'Europe/Berlin';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';

-- an ordinary week with a holiday; ends within and outside, to the microsecond, and swapped
SELECT itsm.service_time(h, s, e), -itsm.service_time(h, e, s) AS swapped
FROM (SELECT itsm.service_hours 'Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-14:00; 2026 Apr 03 off @ Europe/Berlin' AS h) AS x, (VALUES
	(timestamptz '2026-03-30', timestamptz '2026-04-06'), ('2026-03-30 12:30', '2026-03-30 13:00'), ('2026-03-30 11:59:59.999999', '2026-03-30 13:00:00.000001'),
	('2026-04-03 09:00', '2026-04-03 17:00'), ('2026-04-04 08:00', '2026-04-04 23:00'), ('2026-03-30 10:00', '2026-03-30 10:00')) AS t(s, e);

-- past midnight: with the day on which it begins
SELECT itsm.open_ranges('Fr 22:00-06:00; Sa off @ Europe/Berlin', '[2026-05-01,2026-05-03)');
SELECT itsm.open_ranges('Mo-Su 22:00-06:00; 2026 May 02 off @ Europe/Berlin', '[2026-05-01 12:00,2026-05-04)');
SELECT itsm.open_ranges('Sa 00:00-24:00; Su 00:00-24:00; Mo 00:00-01:00 @ Europe/Berlin', '[2026-05-01,2026-05-06)');
-- the last rule that names a day holds
SELECT itsm.open_ranges('Mo-Fr 09:00-17:00; 2026 May 04-05 10:00-11:00,12:00-13:00; Tu off', '[2026-05-04,2026-05-07)');
SELECT itsm.open_ranges('May 04-08 Tu-We 10:00-11:00', '[2026-05-01,2026-06-01)');
-- the turn of the year, leap days
SELECT itsm.open_ranges('Dec 31-Jan 01 10:00-11:00; 2027 Jan 01 off; Feb 29 12:00-13:00', '[2026-12-01,2028-12-01)');
SELECT itsm.open_ranges('2026 Dec 31 20:00-04:00 @ Europe/Berlin', '[2026-12-01,2028-12-01)');

-- daylight saving: whole days are as long as they are
SELECT zone, day, itsm.service_time(('2000 Jan 01 off; ' || to_char(day, 'YYYY Mon DD') || ' 00:00-24:00 @ ' || zone)::itsm.service_hours, day - 3, day + 3) AS open
FROM (VALUES ('Europe/Berlin', date '2026-03-29'), ('Europe/Berlin', '2026-10-25'), ('Australia/Lord_Howe', '2026-04-05'), ('Australia/Lord_Howe', '2026-10-04'),
	('America/Sao_Paulo', '2015-02-21'), ('America/Sao_Paulo', '2015-02-22'), ('America/Sao_Paulo', '2015-10-18'), ('America/Havana', '2015-11-01'),
	('America/St_Johns', '2005-10-30'), ('America/St_Johns', '2005-10-29'), ('Pacific/Apia', '2011-12-30'), ('Asia/Kolkata', '2026-10-25')) AS t(zone, day);
-- the end of a range in a skipped hour, a range in one, and in an hour that comes twice
SELECT hours, itsm.open_ranges(hours, range) FROM (VALUES
	(itsm.service_hours 'Su 01:00-02:30 @ Europe/Berlin', tstzrange '[2026-03-28,2026-03-31)'), ('Su 02:30-03:15 @ Europe/Berlin', '[2026-03-28,2026-03-31)'),
	('Su 02:15-02:45 @ Europe/Berlin', '[2026-03-28,2026-03-31)'), ('Su 02:00-02:30 @ Europe/Berlin', '[2026-10-24,2026-10-27)'), ('Su 01:00-02:30,02:30-04:00 @ Europe/Berlin', '[2026-10-24,2026-10-27)'),
	('Sa 22:00-02:30 @ Europe/Berlin', '[2026-10-24,2026-10-27)'), ('Fr 09:00-17:00 @ Pacific/Apia', '[2011-12-24,2012-01-01)')) AS t(hours, range);

-- deadlines: the first instant, so at the end of a span; a day of target is 24 open hours
SELECT target, itsm.service_deadline(h, '2026-03-27 16:00', target), itsm.service_time(h, '2026-03-27 16:00', itsm.service_deadline(h, '2026-03-27 16:00', target)) AS back
FROM (SELECT itsm.service_hours 'Mo-Fr 09:00-17:00; Dec 25-26 off @ Europe/Berlin' AS h) AS x,
	unnest('{30 minutes, 1 hour, 1 hour 0.000001 seconds, 9 hours, 1 day, 1 day -1 hours, 10 days, 1000 days, 0, -1 microsecond, -7 hours, -8 hours, -1 day}'::interval[]) AS target;
SELECT itsm.service_deadline('Mo-Fr 09:00-17:00 @ Europe/Berlin', at, '0') FROM unnest('{2026-03-27 16:00, 2026-03-27 17:00, 2026-03-28, 2026-03-30 09:00}'::timestamptz[]) AS at;
SELECT itsm.service_deadline('Mo-Fr 09:00-17:00', '2026-03-27', '1 month');
SELECT itsm.service_deadline('Mo-Fr 09:00-17:00', '2026-03-27', '1 year 1 hour');
-- that are never reached
SELECT itsm.service_deadline('off', '2026-03-27', '1 hour');
SELECT itsm.service_deadline('off', '2026-03-27', '0');
SELECT itsm.service_deadline('Mo-Fr 09:00-17:00; Mo-Su off @ Europe/Berlin', '2026-03-27', '-1 hour');
SELECT itsm.service_deadline('Mo-Fr 09:00-17:00; Mo-We off; Th-Fr off @ Europe/Berlin', '2026-03-27', '1 hour');
SELECT itsm.service_deadline('2026 Apr 03 09:00-17:00 @ Europe/Berlin', '2026-03-27', '8 hours');
SELECT itsm.service_deadline('2026 Apr 03 09:00-17:00 @ Europe/Berlin', '2026-03-27', '8 hours 1 second');
SELECT itsm.service_deadline('Mo 09:00-09:01', '2026-03-27', '100000 days');
SELECT itsm.service_deadline('24/7', '2026-03-27', '2147483647 days');
SELECT itsm.service_deadline('24/7', '294276-12-31', '1 day');

-- open or not, and when next
SELECT at, itsm.is_open(h, at), itsm.next_open(h, at), itsm.next_close(h, at)
FROM (SELECT itsm.service_hours 'Mo-Fr 09:00-12:00,13:00-17:00; 2026 Apr 03-06 off @ Europe/Berlin' AS h) AS x,
	unnest('{2026-04-02 08:59:59.999999, 2026-04-02 09:00, 2026-04-02 11:59:59.999999, 2026-04-02 12:00, 2026-04-02 16:00, 2026-04-02 17:00}'::timestamptz[]) AS at;
SELECT hours, itsm.is_open(hours, '2026-04-02 10:00'), itsm.next_open(hours, '2026-04-02 10:00'), itsm.next_close(hours, '2026-04-02 10:00')
FROM unnest('{24/7, off, Mo-Fr 09:00-17:00; Mo-Fr off, Mo-Sa 00:00-24:00; Su 00:00-24:00, 2026 Apr 02 00:00-24:00, 2026 Apr 02-2027 May 03 00:00-24:00, 24/7; 2030 Jan 01 off, Feb 29 10:00-11:00, 2025 Jan 01 10:00-11:00}'::itsm.service_hours[]) AS hours;

-- ranges: bounds of every kind
SELECT itsm.open_ranges('Mo-Fr 09:00-17:00 @ Europe/Berlin', r) FROM unnest('{"[2026-04-02 10:00,2026-04-02 10:00]", "(2026-04-02 10:00,2026-04-02 11:00]", "[2026-04-02 17:00,2026-04-03 09:00)", "[2026-04-02 17:00,2026-04-03 09:00]", empty}'::tstzrange[]) AS r;
SELECT itsm.open_ranges('24/7', '[2026-04-02,2030-04-02)'), itsm.open_ranges('off', '[2026-04-02,2030-04-02)');
SELECT itsm.open_ranges('24/7', '[2026-04-02,)');
SELECT itsm.open_ranges('24/7', '[2026-04-02,infinity)');
SELECT sum(upper(r) - lower(r)) = itsm.service_time(h, '2020-01-01', '2030-01-01') AS same
FROM (SELECT itsm.service_hours 'Mo-Fr 09:00-12:00,13:00-17:00; Sa 22:00-04:00; Dec 24-Jan 01 off @ Europe/Berlin' AS h) AS x, unnest(itsm.open_ranges(h, '[2020-01-01,2030-01-01)')) AS r
GROUP BY h;

-- infinity is refused; so is nothing else that a timestamp can be
SELECT itsm.service_time('24/7', '2026-04-02', 'infinity');
SELECT itsm.service_time('24/7', '-infinity', '2026-04-02');
SELECT itsm.service_deadline('24/7', 'infinity', '1 hour');
SELECT itsm.is_open('24/7', 'infinity');
SELECT itsm.next_open('24/7', '-infinity');
SELECT itsm.next_close('24/7', 'infinity');
SET timezone = 'UTC';
SELECT itsm.service_time('24/7 @ Europe/Berlin', '4700-01-01 BC', '280000-01-01') = timestamptz '280000-01-01' - timestamptz '4700-01-01 BC' AS whole,
	extract(epoch FROM itsm.service_time('Mo-Fr 09:00-17:00', '4713-01-01 BC', '200000-12-31')) / extract(epoch FROM timestamptz '200000-12-31' - '4713-01-01 BC') * 21 AS share,
	itsm.service_deadline('Mo-Fr 09:00-17:00 @ Europe/Berlin', '9999-12-31', '100000 days'),
	itsm.next_open('Mo-Fr 09:00-17:00 @ Europe/Berlin', '294276-12-31 18:00'), itsm.next_close('Mo-Su 23:00-24:00', '294276-12-31 23:30');
SELECT itsm.service_time('24/7', '4713-01-01 BC', '294276-12-31');

-- null in, null out; usable in an index and in parallel
SELECT itsm.service_time(NULL, now(), now()), itsm.is_open('24/7', NULL);
CREATE TABLE ticket (opened timestamptz, closed timestamptz, handled interval GENERATED ALWAYS AS (itsm.service_time('Mo-Fr 09:00-17:00 @ Europe/Berlin', opened, closed)) STORED);
CREATE INDEX ON ticket (itsm.service_deadline('Mo-Fr 09:00-17:00 @ Europe/Berlin', opened, '8 hours'));
INSERT INTO ticket VALUES ('2026-03-27 16:00+01', '2026-03-30 10:00+02');
SELECT handled FROM ticket WHERE itsm.service_deadline('Mo-Fr 09:00-17:00 @ Europe/Berlin', opened, '8 hours') = '2026-03-30 16:00+02';
DROP TABLE ticket;

-- more hours than a session keeps, over and over
SELECT sum(itsm.service_time(hours, '2026-01-05', '2026-01-12')) FROM (
	SELECT format('Mo-Fr 09:00-17:%s; 2026 Jan %s off', lpad((g % 60)::text, 2, '0'), lpad((13 + g % 15)::text, 2, '0'))::itsm.service_hours AS hours
	FROM generate_series(1, 4000) g OFFSET 0) AS s;

-- hours that are kept compressed, elsewhere, or both, in turn
CREATE TABLE toasted (n int, hours itsm.service_hours);
ALTER TABLE toasted ALTER COLUMN hours SET STORAGE external;
INSERT INTO toasted SELECT n, (format('Mo-Fr 09:00-17:%s; ', 10 + n) || (SELECT string_agg(to_char(timestamp '2026-01-06' + g * interval '7 days', 'YYYY Mon DD'), ',') FROM generate_series(1, 600) g) || ' off')::itsm.service_hours FROM generate_series(1, 3) n;
ALTER TABLE toasted ALTER COLUMN hours SET STORAGE main;
INSERT INTO toasted SELECT n + 3, hours::text::itsm.service_hours FROM toasted;
INSERT INTO toasted SELECT n + 10, ('Mo-Fr 09:00-17:' || 10 + n)::itsm.service_hours FROM toasted WHERE n <= 3;
SELECT n, length(hours::text), pg_column_size(hours) < length(hours::text) AS compressed, itsm.service_time(hours, '2026-01-05', '2026-01-19') FROM toasted, generate_series(1, 2) ORDER BY n;
SELECT sum(itsm.service_time(hours, '2026-01-05', '2026-01-19')) FROM toasted, generate_series(1, 100);
DROP TABLE toasted;
