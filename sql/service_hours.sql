-- The type service_hours: text and binary form, what is wrong and where, equality, order, hash.
SET timezone = 'UTC';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
SET bytea_output = 'hex';

-- canonical text, which reads the same again
SELECT t.given, t.given::itsm.service_hours AS hours, t.given::itsm.service_hours::text::itsm.service_hours OPERATOR(itsm.=) t.given::itsm.service_hours AS same
FROM (VALUES
	('Mo-Fr 09:00-17:00; Sa 10:00-14:00; Dec 25-26 off; 2026 Apr 03 off @ Europe/Berlin'),
	('  mo - FR 9:00-12:00 , 13:00 - 17:00 ;sa,su OFF@europe/berlin  '),
	('24/7'), ('Mo-Su 00:00-24:00 @ utc'), ('off'), ('22:00-06:00'),
	('Mo,We,Fr 13:00-17:00,09:00-12:00,12:00-13:00'),
	('Fr-Mo 22:00-00:00'),
	('Apr-Sep Mo-Fr 08:00-16:00'), ('Feb 29 off'), ('Feb off'), ('2028 Feb off'),
	('2026 Dec 24-2027 Jan 01 off; Dec 24-Jan 01 10:00-12:00'),
	('2026 Apr 06,2026 Apr 03,Dec 25,2026 Apr 04-05 off @ America/New_York')) AS t(given);

-- what is wrong, and where
CREATE FUNCTION pg_temp.fault(given text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	PERFORM given::itsm.service_hours;
	RETURN 'right';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, left(message, 100), detail, nullif(hint, ''));
END $$;
SELECT left(given, 40) AS given, pg_temp.fault(given) FROM (VALUES
	('Mo-Fr 25:00-26:00'), ('Mo-Fr 09:00'), ('24/7 @ Mars/Olympus'), ('Feb 30 off'), ('2026 Feb 29 off'), ('Apr 31 off'),
	(''), (' '), ('Mo-Fr'), ('Mo-Fr 9-17'), ('Mo-Fr 09:00-17:60'), ('Mo 24:00-02:00'), ('Mo 09:00-24:30'), ('Mo 09:00-09:00'),
	('Mo-Fr 09:00-17:00;'), ('Monday 09:00-17:00'), ('PH off'), ('sunrise-sunset'), ('Mo-Fr 09:00-17:00 ü'), ('Größe; Mo-Fr 25:00-26:00'),
	('Mo-Fr 09:00-17:00 @'), ('24/7 @ UTC @ UTC'), ('Dec 26-25 off'), ('2026 Dec 24-Jan 01 off'), ('Dec 24-2027 Jan 01 off'),
	('0000 Jan 01 off'), ('10000 Jan 01 off'), ('24/7 @ right/Europe/Berlin'), ('24/7 @ ' || repeat('x', 300)), ('24/7 @ 5'), ('24/7 @ <+05>-5')) AS t(given);
SELECT pg_temp.fault(string_agg('2026 Jan 01 off', ';') || ' 10:00') FROM generate_series(1, 500);
SELECT left(pg_temp.fault(repeat(' ', 1000001) || 'off'), 100);
SELECT 'Mo-Fr 25:00-26:00'::itsm.service_hours;

-- lists of hundreds of dates
SELECT length(h::text), itsm.service_time(h, '2020-01-01', '2030-01-01') AS open
FROM (SELECT ('24/7; ' || string_agg(to_char(timestamp '2020-01-01' + g * interval '3 days', 'YYYY Mon DD'), ',') || ' off')::itsm.service_hours AS h
	FROM generate_series(1, 1200) g) AS s;

-- binary
SELECT itsm.service_hours_send('Mo 09:00-17:00 @ Europe/Berlin');
CREATE TEMP TABLE sent (hours itsm.service_hours, n int);
INSERT INTO sent VALUES ('Mo 9:00-17:00 @ Europe/Berlin', 1), ('24/7', 2), (NULL, 3), ('off', 4);
CREATE TEMP TABLE received (LIKE sent);
DO $$
DECLARE
	file text := current_setting('data_directory') || '/service_hours.bin';
	wrong text := current_setting('data_directory') || '/service_hours_wrong.bin';
BEGIN
	EXECUTE format('COPY sent TO %L (FORMAT binary)', file);
	EXECUTE format('COPY received FROM %L (FORMAT binary)', file);
	PERFORM lo_from_bytea(424242, overlay(pg_read_binary_file(file) placing '\x39393a39'::bytea from position('9:00'::bytea in pg_read_binary_file(file))));
	PERFORM lo_export(424242, wrong);
	PERFORM lo_unlink(424242);
	BEGIN
		EXECUTE format('COPY received FROM %L (FORMAT binary)', wrong);
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '% %', SQLSTATE, SQLERRM;
	END;
	PERFORM lo_from_bytea(424242, overlay(pg_read_binary_file(file) placing '\x02'::bytea from position('\x01'::bytea || 'Mo'::bytea in pg_read_binary_file(file))));
	PERFORM lo_export(424242, wrong);
	PERFORM lo_unlink(424242);
	BEGIN
		EXECUTE format('COPY received FROM %L (FORMAT binary)', wrong);
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '% %', SQLSTATE, SQLERRM;
	END;
END $$;
SELECT * FROM received ORDER BY n;

-- equality, order, hash; casts from and to text as every type has them
SELECT count(*), count(DISTINCT hours) FROM (SELECT hours FROM sent UNION ALL SELECT hours FROM received) AS s;
SELECT s.n, r.n FROM sent s JOIN received r ON s.hours OPERATOR(itsm.=) r.hours ORDER BY 1;
SELECT hours, count(*) FROM (SELECT hours FROM sent UNION ALL SELECT hours FROM received) AS s GROUP BY hours ORDER BY hours;
SET enable_hashagg = off;
SELECT hours, count(*) FROM (SELECT hours FROM sent UNION ALL SELECT hours FROM received) AS s GROUP BY hours ORDER BY hours DESC;
RESET enable_hashagg;
CREATE TABLE agreed (name text PRIMARY KEY, hours itsm.service_hours NOT NULL);
CREATE INDEX ON agreed (hours);
CREATE INDEX ON agreed USING hash (hours);
INSERT INTO agreed SELECT 'desk ' || g, (CASE g % 3 WHEN 0 THEN 'Mo-Fr ' WHEN 1 THEN 'Sa ' ELSE '' END || '0' || g % 9 || ':00-17:00')::itsm.service_hours
FROM generate_series(1, 90) g;
INSERT INTO agreed SELECT 'text', 'mo 9:00-10:00'::text::itsm.service_hours;
SELECT count(*) FROM agreed WHERE hours OPERATOR(itsm.=) 'Mo-Fr 06:00-17:00';
SELECT count(*) FROM agreed WHERE hours OPERATOR(itsm.>=) 'Sa 07:00-17:00' AND hours OPERATOR(itsm.<>) 'Sa 07:00-17:00';
SELECT count(*) FROM agreed WHERE hours OPERATOR(itsm.<) 'Mo-Fr 07:00-17:00' OR hours OPERATOR(itsm.>) 'Sa 01:00-17:00' OR hours OPERATOR(itsm.<=) '24/7';
SELECT DISTINCT hash_extended = itsm.service_hours_hash_extended(hours, 0) AND hash_extended <> itsm.service_hours_hash_extended(hours, 1) AS seeded,
	hash = itsm.service_hours_hash(hours::text::itsm.service_hours) AS hashed
FROM (SELECT hours, itsm.service_hours_hash_extended(hours, 0) AS hash_extended, itsm.service_hours_hash(hours) AS hash FROM agreed) AS a;
DROP TABLE agreed;
