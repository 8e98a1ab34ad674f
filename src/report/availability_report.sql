-- Views of the availability of services: outages against agreed service hours.
--
-- Outages are records of the process "outage" that have begun, and what other records (of
-- incidents, as a rule) tell in the attributes outage_started_at and outage_ended_at.

CREATE VIEW itsm.outage_span AS
	SELECT r.tenant, r.id AS record, r.source, r.attachment, r.key, r.process, r.state, r.category, r.service, r.ci,
		t.planned, t.cause, t.started_at,
		CASE WHEN e.at IS NULL AND r.category OPERATOR(pg_catalog.=) ANY (ARRAY['resolved', 'closed']) THEN coalesce(r.resolved_at, r.closed_at) ELSE e.at END AS ended_at
	FROM itsm.seen_record r
		JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) r.lifecycle
			AND (r.process OPERATOR(pg_catalog.=) 'outage' OR (l.definition OPERATOR(pg_catalog.->) 'attributes') OPERATOR(pg_catalog.?) 'outage_started_at'),
		LATERAL (SELECT r.process OPERATOR(pg_catalog.=) 'outage' AS whole) AS o,
		LATERAL (SELECT
			o.whole AND (r.extra OPERATOR(pg_catalog.->>) 'planned') IS NOT DISTINCT FROM 't' AS planned,
			CASE WHEN o.whole THEN r.extra OPERATOR(pg_catalog.->>) 'cause' END AS cause,
			CASE WHEN o.whole THEN itsm.time_of_text(r.extra OPERATOR(pg_catalog.->>) 'started_at') ELSE itsm.time_of_text(r.extra OPERATOR(pg_catalog.->>) 'outage_started_at') END AS started_at,
			CASE WHEN o.whole THEN itsm.time_of_text(r.extra OPERATOR(pg_catalog.->>) 'ended_at') ELSE itsm.time_of_text(r.extra OPERATOR(pg_catalog.->>) 'outage_ended_at') END AS ended_at) AS t,
		LATERAL (SELECT CASE WHEN pg_catalog.isfinite(t.ended_at) THEN t.ended_at END AS at) AS e
	WHERE NOT r.deleted
		AND r.category OPERATOR(pg_catalog.<>) 'cancelled'
		AND NOT (o.whole AND r.category OPERATOR(pg_catalog.=) 'new')
		AND pg_catalog.isfinite(t.started_at);
REVOKE ALL ON itsm.outage_span FROM PUBLIC;
COMMENT ON VIEW itsm.outage_span IS 'Outages that have begun, from whatever record tells of them.';
COMMENT ON COLUMN itsm.outage_span.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.outage_span.record IS 'The record.';
COMMENT ON COLUMN itsm.outage_span.source IS 'Its source.';
COMMENT ON COLUMN itsm.outage_span.attachment IS 'Its attachment.';
COMMENT ON COLUMN itsm.outage_span.key IS 'Its key.';
COMMENT ON COLUMN itsm.outage_span.process IS 'Process of its lifecycle.';
COMMENT ON COLUMN itsm.outage_span.state IS 'Its state.';
COMMENT ON COLUMN itsm.outage_span.category IS 'Category of the state.';
COMMENT ON COLUMN itsm.outage_span.service IS 'The service that was out.';
COMMENT ON COLUMN itsm.outage_span.ci IS 'The configuration item.';
COMMENT ON COLUMN itsm.outage_span.planned IS 'It was a planned one.';
COMMENT ON COLUMN itsm.outage_span.cause IS 'Its cause.';
COMMENT ON COLUMN itsm.outage_span.started_at IS 'When it began.';
COMMENT ON COLUMN itsm.outage_span.ended_at IS 'When it ended; null: it lasts.';

CREATE VIEW itsm_report.outage WITH (security_barrier = true) AS
	SELECT o.tenant,
		o.record,
		n.name AS source,
		o.key,
		o.process,
		o.state,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN o.service END AS service,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN o.ci END AS ci,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN o.planned END AS planned,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN o.cause END AS cause,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN o.started_at END AS started_at,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			THEN pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', o.started_at))) END AS started_month,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN o.ended_at END AS ended_at,
		CASE WHEN o.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			THEN GREATEST(coalesce(o.ended_at, pg_catalog.now()), o.started_at) OPERATOR(pg_catalog.-) o.started_at END AS elapsed
	FROM itsm.outage_span o
		LEFT JOIN itsm.source_name n ON n.id OPERATOR(pg_catalog.=) o.source;
REVOKE ALL ON itsm_report.outage FROM PUBLIC;
COMMENT ON VIEW itsm_report.outage IS 'One row per record that tells of an outage which has begun: of the process outage, or with an attribute outage_started_at. Values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.outage.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.outage.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.outage.source IS 'Table that the record is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.outage.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.outage.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.outage.state IS 'State now.';
COMMENT ON COLUMN itsm_report.outage.service IS 'Service that was out.';
COMMENT ON COLUMN itsm_report.outage.ci IS 'Configuration item.';
COMMENT ON COLUMN itsm_report.outage.planned IS 'It was a planned one.';
COMMENT ON COLUMN itsm_report.outage.cause IS 'Its cause; null: not known, or told by an incident.';
COMMENT ON COLUMN itsm_report.outage.started_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.outage.started_month IS 'Start of the month (UTC) of started_at.';
COMMENT ON COLUMN itsm_report.outage.ended_at IS 'When it ended; null: it lasts.';
COMMENT ON COLUMN itsm_report.outage.elapsed IS 'How long it was or lasts, around the clock.';

CREATE FUNCTION itsm.months_between(since timestamptz, until timestamptz) RETURNS SETOF timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 24
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT pg_catalog.timezone('UTC', m)
	FROM pg_catalog.generate_series(pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', $1)), pg_catalog.timezone('UTC', $2), '1 month'::pg_catalog.interval) AS m
	WHERE pg_catalog.timezone('UTC', m) OPERATOR(pg_catalog.<) $2 AND pg_catalog.isfinite($1) AND pg_catalog.isfinite($2)
$$;
COMMENT ON FUNCTION itsm.months_between(timestamptz, timestamptz) IS 'The beginnings of the months (UTC) of which a part lies between two times; none where one is infinite.';

-- What is agreed, cut where it changes and where months end.
CREATE VIEW itsm.agreed_stretch AS
	SELECT a.tenant, a.service, a.target, a.calendar, a.planned_excluded, a.valid_from,
		m.month,
		pg_catalog.tstzrange(GREATEST(a.valid_from, m.month),
			LEAST(a.valid_to, pg_catalog.timezone('UTC', pg_catalog.timezone('UTC', m.month) OPERATOR(pg_catalog.+) '1 month'::interval), pg_catalog.now())) AS during
	FROM (
			SELECT t.*, pg_catalog.lead(t.valid_from, 1, 'infinity') OVER (PARTITION BY t.tenant, t.service ORDER BY t.valid_from) AS valid_to
			FROM itsm.seen_availability_target t
		) a,
		LATERAL itsm.months_between(a.valid_from, LEAST(a.valid_to, pg_catalog.now())) AS m(month)
	WHERE a.calendar IS NOT NULL AND a.valid_from OPERATOR(pg_catalog.<) pg_catalog.now();
REVOKE ALL ON itsm.agreed_stretch FROM PUBLIC;
COMMENT ON VIEW itsm.agreed_stretch IS 'Agreed service hours until now: a row per service and month, more where an availability target changes in it.';
COMMENT ON COLUMN itsm.agreed_stretch.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm.agreed_stretch.service IS 'The service.';
COMMENT ON COLUMN itsm.agreed_stretch.target IS 'Percent that is agreed; null: it is only measured.';
COMMENT ON COLUMN itsm.agreed_stretch.calendar IS 'Calendar of the agreed hours.';
COMMENT ON COLUMN itsm.agreed_stretch.planned_excluded IS 'Planned outages do not count.';
COMMENT ON COLUMN itsm.agreed_stretch.valid_from IS 'From when it has held.';
COMMENT ON COLUMN itsm.agreed_stretch.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm.agreed_stretch.during IS 'The stretch.';

CREATE VIEW itsm_report.availability_monthly WITH (security_barrier = true) AS
	SELECT m.tenant,
		m.service,
		m.month,
		m.calendar,
		m.agreed_time,
		m.downtime,
		m.planned_downtime,
		m.outages,
		pg_catalog.round(m.share OPERATOR(pg_catalog.*) 100, 4) AS availability,
		m.target,
		m.share OPERATOR(pg_catalog.*) 100 OPERATOR(pg_catalog.>=) m.target AS met,
		(m.agreed_time OPERATOR(pg_catalog.-) m.planned_downtime OPERATOR(pg_catalog.-) m.downtime) OPERATOR(pg_catalog./) nullif(m.outages, 0)::double precision AS mtbf,
		m.downtime OPERATOR(pg_catalog./) nullif(m.outages, 0)::double precision AS mtrs,
		pg_catalog.timezone('UTC', pg_catalog.timezone('UTC', m.month) OPERATOR(pg_catalog.+) '1 month'::interval) OPERATOR(pg_catalog.<=) pg_catalog.now() AS complete
	FROM (
			SELECT s.tenant, s.service, s.month, s.calendar, s.target, s.agreed_time,
				CASE WHEN s.seen THEN s.downtime END AS downtime,
				CASE WHEN s.seen THEN s.planned_downtime END AS planned_downtime,
				CASE WHEN s.seen THEN n.outages END AS outages,
				CASE WHEN s.seen THEN 1 OPERATOR(pg_catalog.-) (EXTRACT(epoch FROM s.downtime)
					OPERATOR(pg_catalog./) nullif(EXTRACT(epoch FROM s.agreed_time OPERATOR(pg_catalog.-) s.planned_downtime), 0)) END AS share
			FROM (
					SELECT a.tenant, a.service, a.month,
						(pg_catalog.array_agg(a.calendar ORDER BY a.valid_from DESC))[1] AS calendar,
						(pg_catalog.array_agg(a.target ORDER BY a.valid_from DESC))[1] AS target,
						pg_catalog.sum(t.agreed_time) AS agreed_time,
						pg_catalog.sum(t.planned_downtime) AS planned_downtime,
						pg_catalog.sum(d.downtime) AS downtime,
						coalesce(pg_catalog.range_agg(d.hits), '{}') AS hits,
						-- who may not see all outages of the tenant is told none of what follows from them
						pg_catalog.bool_and(h.tenant IS NULL) AS seen
					FROM itsm.agreed_stretch a
						LEFT JOIN (
							SELECT DISTINCT o.tenant FROM itsm.outage_span o WHERE o.source OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT x.id FROM itsm.hidden_source x))
						) h ON h.tenant OPERATOR(pg_catalog.=) a.tenant
						LEFT JOIN (
							SELECT o.tenant, o.service,
								coalesce(pg_catalog.range_agg(p.during) FILTER (WHERE o.planned), '{}') AS planned,
								coalesce(pg_catalog.range_agg(p.during) FILTER (WHERE NOT o.planned), '{}') AS unplanned
							FROM itsm.outage_span o,
								LATERAL (SELECT pg_catalog.tstzrange(o.started_at, GREATEST(coalesce(o.ended_at, pg_catalog.now()), o.started_at))) AS p(during)
							GROUP BY o.tenant, o.service
						) o ON o.tenant OPERATOR(pg_catalog.=) a.tenant AND o.service OPERATOR(pg_catalog.=) a.service,
						LATERAL (SELECT
							CASE WHEN a.planned_excluded THEN coalesce(o.planned, '{}') ELSE '{}' END AS excluded,
							CASE WHEN a.planned_excluded THEN coalesce(o.unplanned, '{}') ELSE coalesce(o.planned OPERATOR(pg_catalog.+) o.unplanned, '{}') END AS counted,
							pg_catalog.tstzmultirange(a.during) AS during) AS c,
						LATERAL (SELECT
							itsm.calendar_time(a.calendar, c.during) AS agreed_time,
							itsm.calendar_time(a.calendar, c.excluded OPERATOR(pg_catalog.*) c.during) AS planned_downtime) AS t,
						LATERAL (SELECT coalesce(pg_catalog.sum(v.downtime), '0'::interval) AS downtime,
							pg_catalog.range_agg(v.outage) FILTER (WHERE v.downtime OPERATOR(pg_catalog.>) '0'::interval) AS hits
							FROM (
								SELECT r.outage, itsm.calendar_time(a.calendar,
									(pg_catalog.tstzmultirange(r.outage) OPERATOR(pg_catalog.-) c.excluded) OPERATOR(pg_catalog.*) c.during) AS downtime
								FROM pg_catalog.unnest(c.counted) AS r(outage)
								WHERE r.outage OPERATOR(pg_catalog.&&) a.during) v) AS d
					GROUP BY a.tenant, a.service, a.month
				) s,
				LATERAL (SELECT pg_catalog.count(*) AS outages FROM pg_catalog.unnest(s.hits)) AS n
		) m;
REVOKE ALL ON itsm_report.availability_monthly FROM PUBLIC;
COMMENT ON VIEW itsm_report.availability_monthly IS 'How available services were: a row per tenant, service and month (UTC) for which itsm.set_availability_target has agreed hours, up to now. Outages of a service that overlap are one; they are cut at the month''s ends and where the hours end. Figures that follow from outages are null for who may not see all outages of the tenant (a table with row-level security, itsm.grant_reader).';
COMMENT ON COLUMN itsm_report.availability_monthly.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.availability_monthly.service IS 'The service, as outages name it.';
COMMENT ON COLUMN itsm_report.availability_monthly.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm_report.availability_monthly.calendar IS 'Calendar of the agreed hours, that of the end of the month where it changed in it.';
COMMENT ON COLUMN itsm_report.availability_monthly.agreed_time IS 'Agreed service hours of the month, up to now.';
COMMENT ON COLUMN itsm_report.availability_monthly.downtime IS 'Of these, those in outages that count: unplanned ones, and planned ones where they are not excluded.';
COMMENT ON COLUMN itsm_report.availability_monthly.planned_downtime IS 'Of the agreed hours, those in planned outages that are excluded.';
COMMENT ON COLUMN itsm_report.availability_monthly.outages IS 'Outages with downtime in the month; one that goes on into the next counts there too.';
COMMENT ON COLUMN itsm_report.availability_monthly.availability IS 'Percent of the agreed time, less the planned downtime, in which there was no downtime; null when there was no such time.';
COMMENT ON COLUMN itsm_report.availability_monthly.target IS 'Percent agreed, that of the end of the month; null: it is only measured.';
COMMENT ON COLUMN itsm_report.availability_monthly.met IS 'The availability, before it is rounded, is the target at least; null without target.';
COMMENT ON COLUMN itsm_report.availability_monthly.mtbf IS 'Mean time between failures: agreed time without downtime, per outage; null without outages.';
COMMENT ON COLUMN itsm_report.availability_monthly.mtrs IS 'Mean time to restore service: downtime per outage; null without outages.';
COMMENT ON COLUMN itsm_report.availability_monthly.complete IS 'The month is over.';
