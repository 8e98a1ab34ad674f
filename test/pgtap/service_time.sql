-- Random service hours against a model that looks at every minute of some weeks about a
-- change of clocks, in zones with changes of an hour, half an hour, at midnight and none;
-- and there and back for thousands of deadlines.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
BEGIN;
SELECT no_plan();
SELECT setseed(0.5);

CREATE TABLE place (zone text, starts date);
INSERT INTO place VALUES ('Europe/Berlin', '2026-03-16'), ('Europe/Berlin', '2026-10-12'), ('America/Sao_Paulo', '2015-02-09'), ('America/Sao_Paulo', '2015-10-05'),
	('Australia/Lord_Howe', '2026-03-23'), ('Australia/Lord_Howe', '2026-09-21'), ('Asia/Kolkata', '2026-12-21'), ('America/St_Johns', '2005-03-21'), ('America/St_Johns', '2005-10-17'),
	('America/Havana', '2015-10-19'), ('Africa/Casablanca', '2026-02-09'), ('Pacific/Apia', '2011-12-19'), ('Asia/Kathmandu', '1985-12-23'), ('UTC', '2027-02-22');

-- Minutes from a week before to a week after, with what clocks show.
CREATE TABLE minute AS
SELECT p.zone, p.starts, at, at AT TIME ZONE p.zone AS local
FROM place p, generate_series(p.starts::timestamp AT TIME ZONE 'UTC' - interval '5 days', p.starts::timestamp AT TIME ZONE 'UTC' + interval '33 days', '1 minute') AS at;
CREATE INDEX ON minute (zone, starts, at);

-- When a local time is first shown; a skipped one with the offset before the skip.
CREATE TABLE shown AS SELECT zone, starts, local, min(at) AS at FROM minute GROUP BY 1, 2, 3;
INSERT INTO shown
SELECT m.zone, m.starts, skipped, m.at + (skipped - m.local)
FROM (SELECT *, lead(local) OVER (PARTITION BY zone, starts ORDER BY at) AS next_local FROM minute) AS m,
	generate_series(m.local + interval '1 minute', m.next_local - interval '1 minute', '1 minute') AS skipped
WHERE m.next_local > m.local + interval '1 minute';
CREATE UNIQUE INDEX ON shown (zone, starts, local);
CREATE TABLE day AS
SELECT p.zone, p.starts, d::date AS day, (SELECT min(m.at) FROM minute m WHERE m.zone = p.zone AND m.starts = p.starts AND m.local >= d) AS begins
FROM place p, generate_series(p.starts - interval '3 days', p.starts + interval '31 days', '1 day') AS d;

-- Hours as rows: rule by rule what days it names, and times in minutes of the day.
CREATE TABLE hours (id int, zone text, starts date, hours itsm.service_hours);
CREATE TABLE rule (id int, number int, weekdays int[], first date, last date);
CREATE TABLE span (id int, number int, opens int, closes int);

CREATE FUNCTION clock(minutes int) RETURNS text LANGUAGE sql AS $$ SELECT to_char(minutes / 60, 'FM00') || ':' || to_char(minutes % 60, 'FM00') $$;
CREATE FUNCTION make_hours(id int, zone text, starts date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	days text[] := '{Mo,Tu,We,Th,Fr,Sa,Su}';
	rules text[] := '{}';
	times text[];
	weekdays int[];
	first date;
	last date;
	opens int;
	closes int;
BEGIN
	FOR number IN 1..1 + (random() * 4)::int LOOP
		weekdays := CASE (random() * 3)::int WHEN 0 THEN '{1,2,3,4,5}' WHEN 1 THEN NULL WHEN 2 THEN ARRAY[1 + floor(random() * 7)::int] ELSE '{6,7}' END;
		first := NULL;
		last := NULL;
		IF random() < 0.5 THEN
			first := starts + floor(random() * 28)::int;
			last := first + floor(random() * 4)::int;
		END IF;
		times := '{}';
		FOR i IN 1..(random() * 3)::int LOOP
			opens := CASE WHEN random() < 0.3 THEN 0 ELSE floor(random() * 96) * 15 END;
			closes := CASE WHEN random() < 0.3 THEN 1440 ELSE opens + 15 + floor(random() * 94) * 15 END;
			CONTINUE WHEN closes = opens;
			INSERT INTO span VALUES (id, number, opens, closes);
			times := times || (clock(opens) || '-' || clock(CASE WHEN closes > 1440 THEN closes - 1440 ELSE closes END));
		END LOOP;
		INSERT INTO rule VALUES (id, number, weekdays, first, last);
		rules := rules || concat_ws(' ', to_char(first, 'YYYY Mon DD') || '-' || to_char(last, 'YYYY Mon DD'),
			(SELECT string_agg(days[w], ',') FROM unnest(weekdays) AS w), coalesce(nullif(array_to_string(times, ','), ''), 'off'));
	END LOOP;
	INSERT INTO hours VALUES (id, zone, starts, (array_to_string(rules, '; ') || ' @ ' || zone)::itsm.service_hours);
END $$;
SELECT count(make_hours(id::int, zone, starts)) AS made FROM (SELECT row_number() OVER () AS id, zone, starts FROM place, generate_series(1, 5)) AS p \gset

-- What is open by day, as instants.
CREATE TABLE open AS
WITH named AS (
	SELECT h.id, h.zone, h.starts, d.day, d.begins, n.begins AS ends, (
		SELECT max(r.number) FROM rule r
		WHERE r.id = h.id AND (r.weekdays IS NULL OR extract(isodow FROM d.day) = ANY (r.weekdays)) AND (r.first IS NULL OR d.day BETWEEN r.first AND r.last)) AS number
	FROM hours h JOIN day d USING (zone, starts) JOIN day n ON n.zone = h.zone AND n.starts = h.starts AND n.day = d.day + 1),
part AS (	-- a day's own times, and what goes on from the day before
	SELECT n.*, s.opens, least(s.closes, 1440) AS closes FROM named n JOIN span s USING (id, number)
	UNION ALL
	SELECT n.*, 0, s.closes - 1440 FROM named n JOIN named y ON y.id = n.id AND y.day = n.day - 1 JOIN span s ON s.id = y.id AND s.number = y.number WHERE s.closes > 1440)
SELECT p.id, greatest(p.begins, CASE p.opens WHEN 0 THEN p.begins ELSE o.at END) AS opens, least(p.ends, CASE p.closes WHEN 1440 THEN p.ends ELSE c.at END) AS closes
FROM part p
	LEFT JOIN shown o ON o.zone = p.zone AND o.starts = p.starts AND o.local = p.day + p.opens * interval '1 minute'
	LEFT JOIN shown c ON c.zone = p.zone AND c.starts = p.starts AND c.local = p.day + p.closes * interval '1 minute';
CREATE TABLE open_minute AS
SELECT DISTINCT id, at FROM open, generate_series(opens, closes - interval '1 minute', '1 minute') AS at;
ANALYZE;
CREATE TABLE model AS
SELECT h.id, m.at, o.at IS NOT NULL AS is_open
FROM hours h JOIN minute m ON m.zone = h.zone AND m.starts = h.starts AND m.at >= h.starts AND m.at < h.starts + 28 LEFT JOIN open_minute o ON o.id = h.id AND o.at = m.at;
CREATE INDEX ON model (id, at);
ANALYZE;

SELECT cmp_ok(count(*), '>', 2500000::bigint, 'minutes looked at') FROM model;
SELECT cmp_ok(count(*) FILTER (WHERE is_open) * 10, '>', count(*), 'and enough of them are open') FROM model;
SELECT is(count(*), 0::bigint, 'is_open is as the model has it at every minute') FROM model m JOIN hours h USING (id) WHERE m.is_open <> itsm.is_open(h.hours, m.at);
SELECT is(count(*), 0::bigint, 'service time of the weeks is as the model has it')
FROM (SELECT id, count(*) FILTER (WHERE is_open) AS minutes FROM model GROUP BY id) AS m JOIN hours h USING (id)
WHERE itsm.service_time(h.hours, h.starts, h.starts + 28) <> m.minutes * interval '1 minute';
CREATE TABLE running AS SELECT id, at, count(*) FILTER (WHERE is_open) OVER (PARTITION BY id ORDER BY at ROWS UNBOUNDED PRECEDING) - is_open::int AS minutes FROM model;
SELECT is(count(*), 0::bigint, 'service time from the beginning is as the model has it at every minute')
FROM running r JOIN hours h USING (id) WHERE itsm.service_time(h.hours, h.starts, r.at) <> r.minutes * interval '1 minute';
SELECT is(count(*), 0::bigint, 'open ranges are those of the model')
FROM hours h, LATERAL (
	SELECT coalesce(range_agg(tstzrange(at, at + interval '1 minute')), '{}') AS ranges FROM model m WHERE m.id = h.id AND m.is_open) AS m
WHERE itsm.open_ranges(h.hours, tstzrange(h.starts, h.starts + 28)) <> m.ranges;
CREATE TABLE change AS
SELECT id, at, is_open FROM (SELECT *, lag(is_open) OVER (PARTITION BY id ORDER BY at) AS was_open FROM model) AS m WHERE is_open <> was_open;
CREATE INDEX ON change (id, is_open, at);
ANALYZE change;
SELECT is(count(*), 0::bigint, 'next opening and closing are those of the model')
FROM (SELECT m.id, m.at, (SELECT min(c.at) FROM change c WHERE c.id = m.id AND c.at > m.at AND c.is_open) AS opens,
		(SELECT min(c.at) FROM change c WHERE c.id = m.id AND c.at > m.at AND NOT c.is_open) AS closes
	FROM model m WHERE extract(epoch FROM m.at)::bigint / 60 % 37 = 0) AS m JOIN hours h USING (id)
WHERE itsm.next_open(h.hours, m.at) <> m.opens OR itsm.next_close(h.hours, m.at) <> m.closes;

-- There and back, for targets of a microsecond to years, and the first such instant.
CREATE TABLE trip AS
SELECT h.hours, h.starts + random() * interval '28 days' AS start, (CASE WHEN random() < 0.2 THEN -1 ELSE 1 END * 10 ^ (random() * 14)) * interval '1 microsecond' AS target
FROM hours h, generate_series(1, 400)
WHERE itsm.service_time(h.hours, '2050-01-01', '2060-01-01') > '0';
SELECT cmp_ok(count(*), '>', 10000::bigint, 'deadlines asked for') FROM trip;
ALTER TABLE trip ADD deadline timestamptz;
UPDATE trip SET deadline = itsm.service_deadline(hours, start, target);
SELECT is(count(*), 0::bigint, 'service time until the deadline is the target') FROM trip WHERE itsm.service_time(hours, start, deadline) <> target;
SELECT is(count(*), 0::bigint, 'a microsecond before, or after when backward, it is not')
FROM trip WHERE itsm.service_time(hours, start, deadline - sign(extract(epoch FROM target))::int * interval '1 microsecond') = target;
SELECT is(count(*), 0::bigint, 'swapped ends are the negative') FROM trip WHERE itsm.service_time(hours, deadline, start) <> -target;
SELECT is(count(*), 0::bigint, 'binary form comes back') FROM hours
WHERE convert_from(substr(itsm.service_hours_send(hours), 2), 'UTF8')::itsm.service_hours OPERATOR(itsm.<>) hours;

SELECT * FROM finish();
ROLLBACK;
