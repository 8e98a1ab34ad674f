-- Named calendars: service hours with the time from which they hold.

CREATE TABLE itsm.calendar (
	name text COLLATE "C" NOT NULL,
	description text,
	PRIMARY KEY (name)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.calendar', '');

COMMENT ON TABLE itsm.calendar IS 'Calendars: service hours that have a name and may change. Written by itsm.define_calendar.';
COMMENT ON COLUMN itsm.calendar.name IS 'Name of the calendar.';
COMMENT ON COLUMN itsm.calendar.description IS 'For people; may be set by the extension''s owner.';

CREATE TABLE itsm.calendar_hours (
	calendar text COLLATE "C" NOT NULL,
	valid_from timestamptz NOT NULL,
	hours itsm.service_hours NOT NULL,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (calendar, valid_from)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.calendar_hours', '');

COMMENT ON TABLE itsm.calendar_hours IS 'The hours of each calendar: they hold from valid_from until the next row''s. Before the first it is closed.';
COMMENT ON COLUMN itsm.calendar_hours.calendar IS 'The calendar.';
COMMENT ON COLUMN itsm.calendar_hours.valid_from IS 'From when the hours hold; -infinity: ever since.';
COMMENT ON COLUMN itsm.calendar_hours.hours IS 'When it is open.';
COMMENT ON COLUMN itsm.calendar_hours.defined_at IS 'When this row was written.';
COMMENT ON COLUMN itsm.calendar_hours.defined_by IS 'Role that logged in to write it.';

GRANT SELECT ON itsm.calendar, itsm.calendar_hours TO PUBLIC;

CREATE FUNCTION itsm.define_calendar(name text, hours itsm.service_hours, valid_from timestamptz DEFAULT NULL, rewrite_past boolean DEFAULT false) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_calendar'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.define_calendar(text, itsm.service_hours, timestamptz, boolean) IS
'Makes a calendar, or lets other hours hold from a time on until those that are defined for later. Without valid_from: in a new calendar ever since, otherwise from now on. Hours with the same valid_from are replaced.
A valid_from in the past of a calendar that is there raises 22023 unless rewrite_past: what was measured before would come out differently.';

CREATE FUNCTION itsm.import_holidays(calendar text, query text, valid_from timestamptz DEFAULT NULL, rewrite_past boolean DEFAULT false) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_import_holidays'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.import_holidays(text, text, timestamptz, boolean) IS
'Closes the dates that a query gives in its first column, in the hours that hold from valid_from (now without one) on and in all that are defined for later; returns how many dates the query gave. Importing them again changes nothing. The query runs with the caller''s rights and may not write. The past is kept as in itsm.define_calendar. Raises 42704 when there is no such calendar.';

CREATE FUNCTION itsm.calendar_time(calendar text, started_at timestamptz, ended_at timestamptz) RETURNS interval
AS 'MODULE_PATHNAME', 'itsm_calendar_time'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION itsm.calendar_time(text, timestamptz, timestamptz) IS
'As itsm.service_time, each stretch by the hours of the calendar that hold in it. Raises 42704 when there is no such calendar.';

CREATE FUNCTION itsm.calendar_time(calendar text, during tstzmultirange) RETURNS interval
AS 'MODULE_PATHNAME', 'itsm_calendar_time_in'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION itsm.calendar_time(text, tstzmultirange) IS
'As itsm.service_time over ranges, each stretch by the hours of the calendar that hold in it. Raises 42704 when there is no such calendar.';

CREATE FUNCTION itsm.calendar_deadline(calendar text, start timestamptz, target interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'itsm_calendar_deadline_at'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION itsm.calendar_deadline(text, timestamptz, interval) IS
'As itsm.service_deadline, each stretch by the hours of the calendar that hold in it. Raises 42704 when there is no such calendar.';

CREATE FUNCTION itsm.calendar_preview(calendar text, days integer DEFAULT 14, first_day date DEFAULT NULL)
RETURNS TABLE (day date, weekday text, hours text, open interval)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 14
BEGIN ATOMIC
	WITH piece AS (
		SELECT h.hours, h.valid_from, pg_catalog.lead(h.valid_from, 1, 'infinity') OVER (ORDER BY h.valid_from) AS valid_to,
			COALESCE(NULLIF(pg_catalog.split_part(h.hours::text, ' @ ', 2), ''), 'UTC') AS zone
		FROM itsm.calendar_hours h
		WHERE h.calendar OPERATOR(pg_catalog.=) $1
			AND itsm.calendar_time($1, pg_catalog.now(), pg_catalog.now()) IS NOT NULL
	), zone AS (	-- of the hours that hold now, or first
		SELECT p.zone FROM piece p
		ORDER BY p.valid_from OPERATOR(pg_catalog.>) pg_catalog.now(), pg_catalog.abs(EXTRACT(epoch FROM CASE WHEN pg_catalog.isfinite(p.valid_from) THEN p.valid_from OPERATOR(pg_catalog.-) pg_catalog.now() ELSE '1000000 days' END))
		LIMIT 1
	), local_day AS (
		SELECT z.zone, d.day, pg_catalog.timezone(z.zone, d.day::timestamp) AS begins, pg_catalog.timezone(z.zone, (d.day OPERATOR(pg_catalog.+) 1)::timestamp) AS ends
		FROM zone z, LATERAL (
			SELECT COALESCE($3, pg_catalog.timezone(z.zone, pg_catalog.now())::date) OPERATOR(pg_catalog.+) n AS day
			FROM pg_catalog.generate_series(0, $2 OPERATOR(pg_catalog.-) 1) AS n) AS d
	)
	SELECT d.day, pg_catalog.to_char(d.day::timestamp, 'Dy'),
		COALESCE((
			SELECT pg_catalog.string_agg(pg_catalog.concat(pg_catalog.to_char(pg_catalog.timezone(d.zone, pg_catalog.lower(r)), 'HH24:MI'), '-',
				CASE pg_catalog.upper(r) WHEN d.ends THEN '24:00' ELSE pg_catalog.to_char(pg_catalog.timezone(d.zone, pg_catalog.upper(r)), 'HH24:MI') END), ',' ORDER BY r)
			FROM (
				SELECT pg_catalog.range_agg(o) AS ranges
				FROM piece p, LATERAL pg_catalog.unnest(itsm.open_ranges(p.hours, pg_catalog.tstzrange(GREATEST(d.begins, p.valid_from), LEAST(d.ends, p.valid_to)))) AS o
				WHERE p.valid_from OPERATOR(pg_catalog.<) d.ends AND p.valid_to OPERATOR(pg_catalog.>) d.begins) AS s,
				LATERAL pg_catalog.unnest(s.ranges) AS r), 'off'),
		itsm.calendar_time($1, d.begins, d.ends)
	FROM local_day d
	ORDER BY d.day;
END;

COMMENT ON FUNCTION itsm.calendar_preview(text, integer, date) IS
'The next days of a calendar (from first_day, or today, on): when it is open by the clocks of its time zone, and for how long. Raises 42704 when there is no such calendar.';

REVOKE ALL ON FUNCTION
	itsm.define_calendar(text, itsm.service_hours, timestamptz, boolean),
	itsm.import_holidays(text, text, timestamptz, boolean)
FROM PUBLIC;
