-- What clocks that have ended count for by month: rolled up, and what has changed since.

-- Without a key: a service may be longer than what an index takes.
CREATE TABLE itsm.sla_month (
	month timestamptz NOT NULL,
	sla integer NOT NULL,
	sla_version integer NOT NULL,
	source integer NOT NULL,
	completed bigint NOT NULL,
	breached bigint NOT NULL,
	cancelled bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	priority integer,
	total interval,
	service text,
	percentiles interval[],
	durations interval[] NOT NULL
) USING heap;
ALTER TABLE itsm.sla_month REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('itsm.sla_month', '');

COMMENT ON TABLE itsm.sla_month IS 'Clocks that have ended, by month (UTC), agreement and what reports group them by, as itsm.roll_up last gathered them. What itsm.sla_month_change holds is added to it.';
COMMENT ON COLUMN itsm.sla_month.month IS 'Start of the month in which they ended.';
COMMENT ON COLUMN itsm.sla_month.sla IS 'The agreement.';
COMMENT ON COLUMN itsm.sla_month.sla_version IS 'Its version.';
COMMENT ON COLUMN itsm.sla_month.source IS 'Source of their records.';
COMMENT ON COLUMN itsm.sla_month.completed IS 'Clocks completed.';
COMMENT ON COLUMN itsm.sla_month.breached IS 'Of these, those beyond their target.';
COMMENT ON COLUMN itsm.sla_month.cancelled IS 'Clocks cancelled.';
COMMENT ON COLUMN itsm.sla_month.tenant IS 'Tenant of the records.';
COMMENT ON COLUMN itsm.sla_month.priority IS 'Canonical attribute priority of the records.';
COMMENT ON COLUMN itsm.sla_month.total IS 'Sum of the service time of those completed.';
COMMENT ON COLUMN itsm.sla_month.service IS 'Canonical attribute service of the records.';
COMMENT ON COLUMN itsm.sla_month.percentiles IS 'The 90th percentile of it.';
COMMENT ON COLUMN itsm.sla_month.durations IS 'All of it, in order, so that percentiles can be told after late changes.';

-- Only added to, by whoever writes a clock; nothing is looked for in it.
CREATE TABLE itsm.sla_month_change (
	month timestamptz NOT NULL,
	sla integer NOT NULL,
	sla_version integer NOT NULL,
	source integer NOT NULL,
	completed integer NOT NULL,
	breached integer NOT NULL,
	cancelled integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	priority integer,
	elapsed interval,
	service text
) USING heap;
ALTER TABLE itsm.sla_month_change REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('itsm.sla_month_change', '');

COMMENT ON TABLE itsm.sla_month_change IS 'By how much the months of clocks have changed since itsm.roll_up gathered them. Written with the clock or its record, and with its fate.';
COMMENT ON COLUMN itsm.sla_month_change.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm.sla_month_change.sla IS 'The agreement.';
COMMENT ON COLUMN itsm.sla_month_change.sla_version IS 'Its version.';
COMMENT ON COLUMN itsm.sla_month_change.source IS 'Source of the record.';
COMMENT ON COLUMN itsm.sla_month_change.completed IS 'So many clocks more were completed in it; negative: fewer.';
COMMENT ON COLUMN itsm.sla_month_change.breached IS 'So many more beyond their target among them.';
COMMENT ON COLUMN itsm.sla_month_change.cancelled IS 'So many clocks more were cancelled in it; negative: fewer.';
COMMENT ON COLUMN itsm.sla_month_change.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.sla_month_change.priority IS 'Canonical attribute priority of the record.';
COMMENT ON COLUMN itsm.sla_month_change.elapsed IS 'The service time that comes to those completed, or goes where completed is negative; null: none.';
COMMENT ON COLUMN itsm.sla_month_change.service IS 'Canonical attribute service of the record.';

-- What SQL changes of clocks is counted.  From a dump the months come as they were; from another
-- node come clocks that are counted here, and then months that come with them are not taken.
CREATE FUNCTION itsm.count_clock() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_count_clock' LANGUAGE C;
COMMENT ON FUNCTION itsm.count_clock() IS 'The trigger of itsm.clock that keeps the months of clocks up with what SQL changes and replication brings.';
CREATE TRIGGER itsm_count_clock AFTER INSERT OR UPDATE OR DELETE ON itsm.clock FOR EACH ROW EXECUTE FUNCTION itsm.count_clock();
CREATE TRIGGER itsm_leave_month BEFORE INSERT OR UPDATE OR DELETE ON itsm.sla_month FOR EACH ROW EXECUTE FUNCTION itsm.leave_month('replica');
CREATE TRIGGER itsm_leave_month BEFORE INSERT OR UPDATE OR DELETE ON itsm.sla_month_change FOR EACH ROW EXECUTE FUNCTION itsm.leave_month('replica');
ALTER TABLE itsm.clock ENABLE ALWAYS TRIGGER itsm_count_clock;
ALTER TABLE itsm.sla_month ENABLE ALWAYS TRIGGER itsm_leave_month;
ALTER TABLE itsm.sla_month_change ENABLE ALWAYS TRIGGER itsm_leave_month;

-- Both together, to be summed up; each with its agreement, so that the planner can tell how many groups there are.

CREATE VIEW itsm.sla_month_part AS
	SELECT m.tenant, m.month, m.sla, m.sla_version, s.name AS agreement, s.kind, s.metric, m.source, m.priority, m.service,
		m.completed, m.breached, m.cancelled, m.total, m.percentiles, m.durations, NULL::integer AS weight, NULL::interval AS elapsed
	FROM itsm.sla_month m
		LEFT JOIN itsm.sla s ON s.id OPERATOR(pg_catalog.=) m.sla AND s.version OPERATOR(pg_catalog.=) m.sla_version
	UNION ALL
	SELECT c.tenant, c.month, c.sla, c.sla_version, s.name, s.kind, s.metric, c.source, c.priority, c.service,
		c.completed, c.breached, c.cancelled,
		CASE WHEN c.completed OPERATOR(pg_catalog.<) 0 THEN OPERATOR(pg_catalog.-) c.elapsed ELSE c.elapsed END,
		NULL::interval[], NULL::interval[], c.completed, c.elapsed
	FROM itsm.sla_month_change c
		LEFT JOIN itsm.sla s ON s.id OPERATOR(pg_catalog.=) c.sla AND s.version OPERATOR(pg_catalog.=) c.sla_version;
REVOKE ALL ON itsm.sla_month_part FROM PUBLIC;

COMMENT ON VIEW itsm.sla_month_part IS 'Months of clocks: what was gathered, and each change since. Their sum is what the clocks say.';
COMMENT ON COLUMN itsm.sla_month_part.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm.sla_month_part.month IS 'Start of the month (UTC) in which they ended.';
COMMENT ON COLUMN itsm.sla_month_part.sla IS 'The agreement.';
COMMENT ON COLUMN itsm.sla_month_part.sla_version IS 'Its version.';
COMMENT ON COLUMN itsm.sla_month_part.agreement IS 'Name of the agreement; null when somebody has deleted it.';
COMMENT ON COLUMN itsm.sla_month_part.kind IS 'sla, ola or uc.';
COMMENT ON COLUMN itsm.sla_month_part.metric IS 'What is measured.';
COMMENT ON COLUMN itsm.sla_month_part.source IS 'Source of the records.';
COMMENT ON COLUMN itsm.sla_month_part.priority IS 'Canonical attribute priority of the records.';
COMMENT ON COLUMN itsm.sla_month_part.service IS 'Canonical attribute service of the records.';
COMMENT ON COLUMN itsm.sla_month_part.completed IS 'Clocks completed.';
COMMENT ON COLUMN itsm.sla_month_part.breached IS 'Of these, those beyond their target.';
COMMENT ON COLUMN itsm.sla_month_part.cancelled IS 'Clocks cancelled.';
COMMENT ON COLUMN itsm.sla_month_part.total IS 'Sum of the service time of those completed.';
COMMENT ON COLUMN itsm.sla_month_part.percentiles IS 'Percentiles of the array.';
COMMENT ON COLUMN itsm.sla_month_part.durations IS 'Service times in order.';
COMMENT ON COLUMN itsm.sla_month_part.weight IS '1: a service time comes to them, -1: one goes.';
COMMENT ON COLUMN itsm.sla_month_part.elapsed IS 'That service time.';
