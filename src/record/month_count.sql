-- What incidents count for by month: rolled up, and what has changed since.

CREATE TABLE itsm.incident_month (
	month timestamptz NOT NULL,
	opened bigint NOT NULL,
	resolved bigint NOT NULL,
	reopened bigint NOT NULL,
	reassigned bigint NOT NULL,
	timed bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	total interval,
	percentiles interval[],
	durations interval[] NOT NULL,
	PRIMARY KEY (month, tenant)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.incident_month', '');

COMMENT ON TABLE itsm.incident_month IS 'Incidents by month (UTC), as itsm.roll_up last gathered them. What itsm.incident_month_change holds is added to it.';
COMMENT ON COLUMN itsm.incident_month.month IS 'Start of the month.';
COMMENT ON COLUMN itsm.incident_month.opened IS 'Incidents opened in it.';
COMMENT ON COLUMN itsm.incident_month.resolved IS 'Incidents last resolved in it, and resolved still.';
COMMENT ON COLUMN itsm.incident_month.reopened IS 'How often those resolved were reopened.';
COMMENT ON COLUMN itsm.incident_month.reassigned IS 'How often those resolved were reassigned.';
COMMENT ON COLUMN itsm.incident_month.timed IS 'Those resolved of which is known when they were opened.';
COMMENT ON COLUMN itsm.incident_month.tenant IS 'Tenant of the records.';
COMMENT ON COLUMN itsm.incident_month.total IS 'Sum of the times that these took.';
COMMENT ON COLUMN itsm.incident_month.percentiles IS 'The 50th and the 90th percentile of them.';
COMMENT ON COLUMN itsm.incident_month.durations IS 'All of them, in order, so that percentiles can be told after late changes.';

-- Only added to, by whoever writes a record; nothing is looked for in it.
CREATE TABLE itsm.incident_month_change (
	month timestamptz NOT NULL,
	opened integer NOT NULL,
	resolved integer NOT NULL,
	reopened integer NOT NULL,
	reassigned integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	duration interval
) USING heap;
ALTER TABLE itsm.incident_month_change REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('itsm.incident_month_change', '');

COMMENT ON TABLE itsm.incident_month_change IS 'By how much the months of incidents have changed since itsm.roll_up gathered them. Written with the record, and with its fate.';
COMMENT ON COLUMN itsm.incident_month_change.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm.incident_month_change.opened IS 'So many incidents more were opened in it; negative: fewer.';
COMMENT ON COLUMN itsm.incident_month_change.resolved IS 'So many more are resolved in it; negative: fewer.';
COMMENT ON COLUMN itsm.incident_month_change.reopened IS 'So many reopenings more among them.';
COMMENT ON COLUMN itsm.incident_month_change.reassigned IS 'So many reassignments more among them.';
COMMENT ON COLUMN itsm.incident_month_change.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.incident_month_change.duration IS 'The time that comes to those of the month, or goes where resolved is negative; null: none.';

-- What the library writes no trigger sees.  SQL writes records too: from a dump, from another node,
-- by a superuser's hand.  Then the records are counted, and months that come with them are not taken.
CREATE FUNCTION itsm.count_record() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_count_record' LANGUAGE C;
COMMENT ON FUNCTION itsm.count_record() IS 'The trigger of itsm.record that keeps the months of incidents up with what SQL writes.';
CREATE TRIGGER itsm_count_record AFTER INSERT OR UPDATE OR DELETE ON itsm.record FOR EACH ROW EXECUTE FUNCTION itsm.count_record();
ALTER TABLE itsm.record ENABLE ALWAYS TRIGGER itsm_count_record;

CREATE FUNCTION itsm.leave_month() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_leave_month' LANGUAGE C;
COMMENT ON FUNCTION itsm.leave_month() IS 'The trigger of tables of months: leaves out what another node or a dump says of months, for what they are made from is counted here.';
CREATE TRIGGER itsm_leave_month BEFORE INSERT OR UPDATE OR DELETE ON itsm.incident_month FOR EACH ROW EXECUTE FUNCTION itsm.leave_month();
CREATE TRIGGER itsm_leave_month BEFORE INSERT OR UPDATE OR DELETE ON itsm.incident_month_change FOR EACH ROW EXECUTE FUNCTION itsm.leave_month();
ALTER TABLE itsm.incident_month ENABLE ALWAYS TRIGGER itsm_leave_month;
ALTER TABLE itsm.incident_month_change ENABLE ALWAYS TRIGGER itsm_leave_month;

-- Times of a month, as they were gathered and as they have changed since.

CREATE FUNCTION itsm.duration_percentiles(durations interval[], shares double precision[]) RETURNS interval[]
AS 'MODULE_PATHNAME', 'itsm_duration_percentiles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.duration_percentiles(interval[], double precision[]) IS 'Percentiles, as percentile_cont computes them, of intervals that stand in order.';

CREATE FUNCTION itsm.durations_add(state internal, kept interval[], weight integer, duration interval) RETURNS internal
AS 'MODULE_PATHNAME', 'itsm_durations_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.durations_add(internal, interval[], integer, interval) IS 'Of the aggregate itsm.durations.';

CREATE FUNCTION itsm.durations_gathered(state internal) RETURNS interval[]
AS 'MODULE_PATHNAME', 'itsm_durations_gathered' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.durations_gathered(internal) IS 'Of the aggregate itsm.durations.';

CREATE AGGREGATE itsm.durations(kept interval[], weight integer, duration interval) (
	SFUNC = itsm.durations_add, STYPE = internal, SSPACE = 256, FINALFUNC = itsm.durations_gathered, PARALLEL = SAFE
);
COMMENT ON AGGREGATE itsm.durations(interval[], integer, interval) IS 'All intervals in order: those of arrays that stand in order (kept), and single ones added (weight 1) or taken away (weight -1).';

CREATE FUNCTION itsm.percentiles_add(state internal, shares double precision[], known interval[], kept interval[], weight integer, duration interval) RETURNS internal
AS 'MODULE_PATHNAME', 'itsm_percentiles_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.percentiles_add(internal, double precision[], interval[], interval[], integer, interval) IS 'Of the aggregate itsm.percentiles.';

CREATE FUNCTION itsm.percentiles_told(state internal) RETURNS interval[]
AS 'MODULE_PATHNAME', 'itsm_percentiles_told' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.percentiles_told(internal) IS 'Of the aggregate itsm.percentiles.';

CREATE AGGREGATE itsm.percentiles(shares double precision[], known interval[], kept interval[], weight integer, duration interval) (
	SFUNC = itsm.percentiles_add, STYPE = internal, SSPACE = 256, FINALFUNC = itsm.percentiles_told, PARALLEL = SAFE
);
COMMENT ON AGGREGATE itsm.percentiles(double precision[], interval[], interval[], integer, interval) IS 'The same intervals'' percentiles. Those of an array are known; it is read only where something else comes to it.';

REVOKE ALL ON FUNCTION itsm.duration_percentiles(interval[], double precision[]), itsm.durations_add(internal, interval[], integer, interval),
	itsm.durations_gathered(internal), itsm.durations(interval[], integer, interval),
	itsm.percentiles_add(internal, double precision[], interval[], interval[], integer, interval), itsm.percentiles_told(internal) FROM PUBLIC;

-- Both together, to be summed up.

CREATE VIEW itsm.incident_month_part AS
	SELECT m.tenant, m.month, m.opened, m.resolved, m.reopened, m.reassigned, m.timed, m.total,
		m.percentiles, m.durations, NULL::integer AS weight, NULL::interval AS duration
	FROM itsm.incident_month m
	UNION ALL
	SELECT c.tenant, c.month, c.opened, c.resolved, c.reopened, c.reassigned,
		CASE WHEN c.duration IS NULL THEN 0 ELSE c.resolved END,
		CASE WHEN c.resolved OPERATOR(pg_catalog.<) 0 THEN OPERATOR(pg_catalog.-) c.duration ELSE c.duration END,
		NULL::interval[], NULL::interval[], c.resolved, c.duration
	FROM itsm.incident_month_change c;
REVOKE ALL ON itsm.incident_month_part FROM PUBLIC;

COMMENT ON VIEW itsm.incident_month_part IS 'Months of incidents: what was gathered, and each change since. Their sum is what the records say.';
COMMENT ON COLUMN itsm.incident_month_part.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm.incident_month_part.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm.incident_month_part.opened IS 'Incidents opened in it.';
COMMENT ON COLUMN itsm.incident_month_part.resolved IS 'Incidents last resolved in it.';
COMMENT ON COLUMN itsm.incident_month_part.reopened IS 'Reopenings of those.';
COMMENT ON COLUMN itsm.incident_month_part.reassigned IS 'Reassignments of those.';
COMMENT ON COLUMN itsm.incident_month_part.timed IS 'Those of them that a time is known of.';
COMMENT ON COLUMN itsm.incident_month_part.total IS 'Sum of their times.';
COMMENT ON COLUMN itsm.incident_month_part.percentiles IS 'Percentiles of the array.';
COMMENT ON COLUMN itsm.incident_month_part.durations IS 'Times in order.';
COMMENT ON COLUMN itsm.incident_month_part.weight IS '1: a time comes to them, -1: one goes.';
COMMENT ON COLUMN itsm.incident_month_part.duration IS 'That time.';
