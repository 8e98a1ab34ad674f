-- What bench/service_time measures: pairs of times, and service time as SQL is usually
-- written: day by day, over a table of open ranges, and by sums kept per day.

CREATE EXTENSION IF NOT EXISTS itsm;
CREATE SCHEMA bench;
CREATE FUNCTION bench.cpu() RETURNS float8 AS :'trigger', 'bench_cpu' LANGUAGE C STRICT;
CREATE FUNCTION bench.empty_time(itsm.service_hours, timestamptz, timestamptz) RETURNS interval AS :'function', 'bench_empty_time' LANGUAGE C IMMUTABLE STRICT;

-- twelve holidays a year on working days
CREATE TABLE bench.holiday AS
SELECT DISTINCT ON (y, m) d::date AS day FROM generate_series(2014, 2037) y, generate_series(1, 12) m,
	generate_series(make_date(y, m, 3), make_date(y, m, 9), '1 day') d WHERE extract(isodow FROM d) < 6 ORDER BY y, m, d;
CREATE TABLE bench.hours AS
SELECT ('Mo-Fr 09:00-17:00; ' || string_agg(to_char(day, 'YYYY Mon DD'), ',' ORDER BY day) || ' off @ Europe/Berlin')::itsm.service_hours AS hours FROM bench.holiday;

SELECT setseed(0.1);
CREATE TABLE bench.pair AS
SELECT id, s, s + (180 ^ random() / 180 * 182) * interval '1 day' AS e, (180 ^ random()) * interval '1 hour' AS target
FROM (SELECT id, timestamptz '2016-01-01' + random() * interval '8 years' AS s FROM generate_series(1, :pairs) id) AS p;

CREATE FUNCTION bench.by_days(s timestamptz, e timestamptz) RETURNS interval LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(greatest(least(e, (d + time '17:00') AT TIME ZONE 'Europe/Berlin') - greatest(s, (d + time '09:00') AT TIME ZONE 'Europe/Berlin'), '0')), '0')
	FROM generate_series((s AT TIME ZONE 'Europe/Berlin')::date::timestamp, (e AT TIME ZONE 'Europe/Berlin')::date::timestamp, '1 day') AS d
	WHERE extract(isodow FROM d) < 6 AND NOT EXISTS (SELECT FROM bench.holiday h WHERE h.day = d::date)
$$;
CREATE UNIQUE INDEX ON bench.holiday (day);

CREATE TABLE bench.open_range AS
SELECT tstzrange((d + time '09:00') AT TIME ZONE 'Europe/Berlin', (d + time '17:00') AT TIME ZONE 'Europe/Berlin') AS during
FROM generate_series(timestamp '2014-01-01', '2037-12-31', '1 day') AS d
WHERE extract(isodow FROM d) < 6 AND NOT EXISTS (SELECT FROM bench.holiday h WHERE h.day = d::date);
CREATE INDEX ON bench.open_range USING gist (during);
CREATE FUNCTION bench.by_ranges(s timestamptz, e timestamptz) RETURNS interval LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(upper(r.during * tstzrange(s, e)) - lower(r.during * tstzrange(s, e))), '0') FROM bench.open_range r WHERE r.during && tstzrange(s, e)
$$;

CREATE TABLE bench.open_sum AS
SELECT lower(during) AS opens, upper(during) AS closes, coalesce(sum(upper(during) - lower(during)) OVER (ORDER BY during ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '0') AS before FROM bench.open_range;
CREATE UNIQUE INDEX ON bench.open_sum (opens) INCLUDE (closes, before);
CREATE FUNCTION bench.by_prefix(s timestamptz, e timestamptz) RETURNS interval LANGUAGE sql STABLE AS $$
	SELECT (SELECT before + (least(e, closes) - opens) FROM bench.open_sum WHERE opens <= e ORDER BY opens DESC LIMIT 1)
		- (SELECT before + (least(s, closes) - opens) FROM bench.open_sum WHERE opens <= s ORDER BY opens DESC LIMIT 1)
$$;
VACUUM ANALYZE bench.pair, bench.holiday, bench.open_range, bench.open_sum;

DO $$
BEGIN
	IF EXISTS (SELECT FROM bench.pair, bench.hours, itsm.service_time(hours, s, e) AS ours
			WHERE id <= 1000 AND (ours <> bench.by_days(s, e) OR ours <> bench.by_ranges(s, e) OR ours <> bench.by_prefix(s, e))) THEN
		RAISE EXCEPTION 'the variants do not agree';
	END IF;
END $$;

CREATE TABLE bench.variant (position int, variant text, text text);
INSERT INTO bench.variant VALUES (1, 'itsm', 'itsm.service_time, hours to six months'), (2, 'itsm_ten_years', 'itsm.service_time, ten years and more'),
	(3, 'itsm_deadline', 'itsm.service_deadline, hours to weeks'), (4, 'prefix', 'SQL, sums kept per day'), (5, 'ranges', 'SQL, a table of open ranges with GiST'), (6, 'days', 'SQL, generate_series per day');
CREATE TABLE bench.result (variant text, own float8, base float8);
