-- Times among attributes that are kept as texts: the same whatever the session's formats.
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German, DMY';
SELECT v AS text, extract(epoch FROM itsm.time_of_text(v)) AS epoch
FROM unnest(ARRAY['2026-11-26 06:24:46.123456+00', '2026-12-31', '2026-12-31 10:00:00', '2026-01-01T10:00:00+02:30', '2026-01-01T10:00:00Z',
	'0044-03-15 00:00:00+00 BC', '12026-01-01 00:00:00+00', '2026-01-01 24:00:00', 'infinity', '-infinity']) WITH ORDINALITY AS e(v, n) ORDER BY n;
-- what says no time, or not always the same one
SELECT left(v, 30) AS text, itsm.time_of_text(v) IS NULL AS no_time
FROM unnest(ARRAY['', ' ', 'today', 'now', 'epoch', '2026-01-01 today', '01/02/2026', '1.2.2026', '2026-13-01', '2026-02-30', '2026-01-01 10:00 Europe/Berlin',
	'2026-01-01 10:00 CEST', '999999-01-01', '4714-11-23 BC', '20260101T000000', '2026-01-01 10:00 10:00', repeat('2026-01-01 ', 100)]) WITH ORDINALITY AS e(v, n) ORDER BY n;
-- what the history's own texts say comes back
SELECT bool_and(itsm.time_of_text(to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00') = t) AS same
FROM generate_series('1900-01-01 00:00+00'::timestamptz, '2100-01-01 00:00+00', '37 days 13 hours 11.000007 seconds') AS t;
