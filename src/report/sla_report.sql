-- Views of clocks: how agreements on service time are kept.
--
-- What is said of a clock that runs is as of now: by the hours that hold now, so a clock that
-- nobody has touched since a change of hours counts by the new ones.

CREATE VIEW itsm.clock_now AS
	SELECT c.tenant, c.record, c.sla, c.sla_version, c.number, c.stage,
		s.name AS agreement, s.kind, s.metric, s.calendar, t.target,
		c.started_at, c.stopped_at, c.due_at, c.original_due_at, c.due_bound, c.paused, c.told,
		c.elapsed OPERATOR(pg_catalog.+) n.since AS elapsed,
		c.breached OR coalesce(c.elapsed OPERATOR(pg_catalog.+) n.since OPERATOR(pg_catalog.>) t.target, false) AS breached,
		CASE WHEN c.breached THEN c.breached_at
			WHEN c.elapsed OPERATOR(pg_catalog.+) n.since OPERATOR(pg_catalog.>) t.target THEN c.due_at END AS breached_at
	FROM itsm.seen_clock c
		JOIN itsm.sla s ON s.id OPERATOR(pg_catalog.=) c.sla AND s.version OPERATOR(pg_catalog.=) c.sla_version,
		-- a relative target counts in real time, up to a time that was fixed when the clock started
		LATERAL (SELECT CASE WHEN s.target IS NOT NULL THEN s.target
			WHEN pg_catalog.isfinite(c.original_due_at) THEN EXTRACT(epoch FROM c.original_due_at OPERATOR(pg_catalog.-) c.started_at)::double precision OPERATOR(pg_catalog.*) '1 second'::interval END) AS t(target),
		LATERAL (SELECT CASE WHEN c.running_since IS NULL OR c.running_since OPERATOR(pg_catalog.>=) pg_catalog.now() THEN '0'::interval
			WHEN s.target IS NULL THEN EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) c.running_since)::double precision OPERATOR(pg_catalog.*) '1 second'::interval
			WHEN s.calendar IS NOT NULL THEN itsm.calendar_time(s.calendar, c.running_since, pg_catalog.now())
			ELSE itsm.service_time(coalesce(s.hours, '24/7'::itsm.service_hours), c.running_since, pg_catalog.now()) END) AS n(since);
REVOKE ALL ON itsm.clock_now FROM PUBLIC;
COMMENT ON VIEW itsm.clock_now IS 'Clocks with their agreements, as of now.';
COMMENT ON COLUMN itsm.clock_now.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.clock_now.record IS 'The record.';
COMMENT ON COLUMN itsm.clock_now.sla IS 'The agreement.';
COMMENT ON COLUMN itsm.clock_now.sla_version IS 'Its version.';
COMMENT ON COLUMN itsm.clock_now.number IS '0 for the last clock of the agreement on the record; those before it are 1, 2, … in order.';
COMMENT ON COLUMN itsm.clock_now.stage IS 'in_progress, paused, completed or cancelled.';
COMMENT ON COLUMN itsm.clock_now.agreement IS 'Name of the agreement.';
COMMENT ON COLUMN itsm.clock_now.kind IS 'sla (with the customer), ola (within the house) or uc (a contract with a supplier).';
COMMENT ON COLUMN itsm.clock_now.metric IS 'What is measured: response, resolution, or a name of its own.';
COMMENT ON COLUMN itsm.clock_now.calendar IS 'Calendar in whose hours it counts; null: hours of its own, or around the clock.';
COMMENT ON COLUMN itsm.clock_now.target IS 'Service time that the clock may count; of a relative target, the real time from its start until what was fixed then (null: without an end).';
COMMENT ON COLUMN itsm.clock_now.started_at IS 'From when on it counts.';
COMMENT ON COLUMN itsm.clock_now.stopped_at IS 'When it was completed or cancelled; null before.';
COMMENT ON COLUMN itsm.clock_now.due_at IS 'When the target is used up if the clock goes on running; of one that has ended, as it was then. Null while it is paused.';
COMMENT ON COLUMN itsm.clock_now.original_due_at IS 'due_at as it was when the clock started.';
COMMENT ON COLUMN itsm.clock_now.due_bound IS 'Nothing is to be told of the clock before.';
COMMENT ON COLUMN itsm.clock_now.paused IS 'Service time that went by uncounted, but for a pause that lasts.';
COMMENT ON COLUMN itsm.clock_now.told IS 'Notices given.';
COMMENT ON COLUMN itsm.clock_now.elapsed IS 'Service time counted, up to now for a clock in progress.';
COMMENT ON COLUMN itsm.clock_now.breached IS 'More than the target has elapsed.';
COMMENT ON COLUMN itsm.clock_now.breached_at IS 'When that came to pass.';

CREATE VIEW itsm_report.sla_clock WITH (security_barrier = true) AS
	SELECT c.tenant,
		c.record,
		n.name AS source,
		r.key,
		r.process,
		c.agreement,
		c.sla_version::bigint AS agreement_version,
		c.kind,
		c.metric,
		c.calendar,
		c.number::bigint AS number,
		c.stage,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.priority::bigint END AS priority,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.service END AS service,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.assignment_group END AS assignment_group,
		c.target,
		c.elapsed,
		c.target OPERATOR(pg_catalog.-) c.elapsed AS remaining,
		pg_catalog.round(EXTRACT(epoch FROM c.elapsed) OPERATOR(pg_catalog./) nullif(EXTRACT(epoch FROM c.target), 0), 4) AS share,
		c.paused,
		c.started_at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', c.started_at))) AS started_month,
		c.stopped_at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', c.stopped_at))) AS stopped_month,
		c.due_at,
		c.original_due_at,
		c.breached,
		c.breached_at
	FROM itsm.clock_now c
		LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) c.record AND r.tenant OPERATOR(pg_catalog.=) c.tenant
		LEFT JOIN itsm.source_name n ON n.id OPERATOR(pg_catalog.=) r.source;
REVOKE ALL ON itsm_report.sla_clock FROM PUBLIC;
COMMENT ON VIEW itsm_report.sla_clock IS 'One row per clock: the service time that a record has spent under an agreement, as of now. itsm.explain_clock tells how it came to be.';
COMMENT ON COLUMN itsm_report.sla_clock.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.sla_clock.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.sla_clock.source IS 'Table that the record is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.sla_clock.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.sla_clock.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.sla_clock.agreement IS 'Name of the agreement.';
COMMENT ON COLUMN itsm_report.sla_clock.agreement_version IS 'Version of the agreement that held when the clock started.';
COMMENT ON COLUMN itsm_report.sla_clock.kind IS 'sla (with the customer), ola (within the house) or uc (a contract with a supplier).';
COMMENT ON COLUMN itsm_report.sla_clock.metric IS 'What is measured: response, resolution, or a name of its own.';
COMMENT ON COLUMN itsm_report.sla_clock.calendar IS 'Calendar in whose hours it counts; null: hours of its own, or around the clock.';
COMMENT ON COLUMN itsm_report.sla_clock.number IS '0 for the last clock of the agreement on the record; those before it are 1, 2, … in order.';
COMMENT ON COLUMN itsm_report.sla_clock.stage IS 'in_progress, paused, completed or cancelled.';
COMMENT ON COLUMN itsm_report.sla_clock.priority IS 'Canonical attribute priority now. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.sla_clock.service IS 'Canonical attribute service now; shown like priority.';
COMMENT ON COLUMN itsm_report.sla_clock.assignment_group IS 'Canonical attribute assignment_group now; shown like priority.';
COMMENT ON COLUMN itsm_report.sla_clock.target IS 'Service time that the clock may count; of a relative target, the real time from its start until what was fixed then (null: without an end).';
COMMENT ON COLUMN itsm_report.sla_clock.elapsed IS 'Service time counted, up to now for a clock in progress.';
COMMENT ON COLUMN itsm_report.sla_clock.remaining IS 'target minus elapsed; negative when the target is used up.';
COMMENT ON COLUMN itsm_report.sla_clock.share IS 'elapsed as a share of the target; null when nothing may be counted at all, or without an end.';
COMMENT ON COLUMN itsm_report.sla_clock.paused IS 'Service time that went by uncounted, but for a pause that lasts.';
COMMENT ON COLUMN itsm_report.sla_clock.started_at IS 'From when on it counts.';
COMMENT ON COLUMN itsm_report.sla_clock.started_month IS 'Start of the month (UTC) of started_at.';
COMMENT ON COLUMN itsm_report.sla_clock.stopped_at IS 'When it was completed or cancelled; null before.';
COMMENT ON COLUMN itsm_report.sla_clock.stopped_month IS 'Start of the month (UTC) of stopped_at.';
COMMENT ON COLUMN itsm_report.sla_clock.due_at IS 'When the target is used up if the clock goes on running; of one that has ended, as it was then. Null while it is paused.';
COMMENT ON COLUMN itsm_report.sla_clock.original_due_at IS 'due_at as it was when the clock started.';
COMMENT ON COLUMN itsm_report.sla_clock.breached IS 'More than the target has elapsed.';
COMMENT ON COLUMN itsm_report.sla_clock.breached_at IS 'When that came to pass.';

CREATE VIEW itsm_report.sla_at_risk WITH (security_barrier = true) AS
	SELECT c.tenant,
		c.record,
		n.name AS source,
		r.key,
		r.process,
		c.agreement,
		c.kind,
		c.metric,
		c.stage,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.priority::bigint END AS priority,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.service END AS service,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.assignment_group END AS assignment_group,
		c.target,
		c.elapsed,
		c.target OPERATOR(pg_catalog.-) c.elapsed AS remaining,
		pg_catalog.round(EXTRACT(epoch FROM c.elapsed) OPERATOR(pg_catalog./) nullif(EXTRACT(epoch FROM c.target), 0), 4) AS share,
		c.due_at,
		c.started_at
	FROM itsm.clock_now c
		LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) c.record AND r.tenant OPERATOR(pg_catalog.=) c.tenant
		LEFT JOIN itsm.source_name n ON n.id OPERATOR(pg_catalog.=) r.source
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) r.attachment
	WHERE c.due_bound OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.+) '1 day'::interval)
		AND c.stage OPERATOR(pg_catalog.=) ANY (ARRAY['in_progress', 'paused'])
		AND NOT c.breached
		AND a.detached_at IS NULL;
REVOKE ALL ON itsm_report.sla_at_risk FROM PUBLIC;
COMMENT ON VIEW itsm_report.sla_at_risk IS 'Clocks that have not ended and may use up their target, or a share of it that is warned of, within a day: order them by due_at. Those that are paused are among them, without a due_at. Found by an index, however many clocks there are.';
COMMENT ON COLUMN itsm_report.sla_at_risk.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.sla_at_risk.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.sla_at_risk.source IS 'Table that the record is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.sla_at_risk.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.sla_at_risk.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.sla_at_risk.agreement IS 'Name of the agreement.';
COMMENT ON COLUMN itsm_report.sla_at_risk.kind IS 'sla (with the customer), ola (within the house) or uc (a contract with a supplier).';
COMMENT ON COLUMN itsm_report.sla_at_risk.metric IS 'What is measured: response, resolution, or a name of its own.';
COMMENT ON COLUMN itsm_report.sla_at_risk.stage IS 'in_progress, paused, completed or cancelled.';
COMMENT ON COLUMN itsm_report.sla_at_risk.priority IS 'Canonical attribute priority now. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.sla_at_risk.service IS 'Canonical attribute service now; shown like priority.';
COMMENT ON COLUMN itsm_report.sla_at_risk.assignment_group IS 'Canonical attribute assignment_group now; shown like priority.';
COMMENT ON COLUMN itsm_report.sla_at_risk.target IS 'Service time that the clock may count; of a relative target, the real time from its start until what was fixed then (null: without an end).';
COMMENT ON COLUMN itsm_report.sla_at_risk.elapsed IS 'Service time counted, up to now for a clock in progress.';
COMMENT ON COLUMN itsm_report.sla_at_risk.remaining IS 'target minus elapsed; negative when the target is used up.';
COMMENT ON COLUMN itsm_report.sla_at_risk.share IS 'elapsed as a share of the target; null when nothing may be counted at all, or without an end.';
COMMENT ON COLUMN itsm_report.sla_at_risk.due_at IS 'When the target is used up if the clock goes on running; of one that has ended, as it was then. Null while it is paused.';
COMMENT ON COLUMN itsm_report.sla_at_risk.started_at IS 'From when on it counts.';

CREATE VIEW itsm_report.sla_breach WITH (security_barrier = true) AS
	SELECT c.tenant,
		c.record,
		n.name AS source,
		r.key,
		r.process,
		c.agreement,
		c.kind,
		c.metric,
		c.number::bigint AS number,
		c.stage,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.priority::bigint END AS priority,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.service END AS service,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.assignment_group END AS assignment_group,
		c.target,
		c.elapsed,
		c.elapsed OPERATOR(pg_catalog.-) c.target AS over,
		c.breached_at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', c.breached_at))) AS breached_month,
		c.started_at,
		c.stopped_at,
		c.original_due_at
	FROM itsm.clock_now c
		LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) c.record AND r.tenant OPERATOR(pg_catalog.=) c.tenant
		LEFT JOIN itsm.source_name n ON n.id OPERATOR(pg_catalog.=) r.source
	WHERE c.breached;
REVOKE ALL ON itsm_report.sla_breach FROM PUBLIC;
COMMENT ON VIEW itsm_report.sla_breach IS 'One row per clock that has used up more than its target, whether it has ended or not.';
COMMENT ON COLUMN itsm_report.sla_breach.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.sla_breach.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.sla_breach.source IS 'Table that the record is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.sla_breach.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.sla_breach.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.sla_breach.agreement IS 'Name of the agreement.';
COMMENT ON COLUMN itsm_report.sla_breach.kind IS 'sla (with the customer), ola (within the house) or uc (a contract with a supplier).';
COMMENT ON COLUMN itsm_report.sla_breach.metric IS 'What is measured: response, resolution, or a name of its own.';
COMMENT ON COLUMN itsm_report.sla_breach.number IS '0 for the last clock of the agreement on the record; those before it are 1, 2, … in order.';
COMMENT ON COLUMN itsm_report.sla_breach.stage IS 'in_progress, paused, completed or cancelled.';
COMMENT ON COLUMN itsm_report.sla_breach.priority IS 'Canonical attribute priority now. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.sla_breach.service IS 'Canonical attribute service now; shown like priority.';
COMMENT ON COLUMN itsm_report.sla_breach.assignment_group IS 'Canonical attribute assignment_group now; shown like priority.';
COMMENT ON COLUMN itsm_report.sla_breach.target IS 'Service time that the clock may count; of a relative target, the real time from its start until what was fixed then (null: without an end).';
COMMENT ON COLUMN itsm_report.sla_breach.elapsed IS 'Service time counted, up to now for a clock in progress.';
COMMENT ON COLUMN itsm_report.sla_breach.over IS 'elapsed minus target.';
COMMENT ON COLUMN itsm_report.sla_breach.breached_at IS 'When that came to pass.';
COMMENT ON COLUMN itsm_report.sla_breach.breached_month IS 'Start of the month (UTC) of breached_at.';
COMMENT ON COLUMN itsm_report.sla_breach.started_at IS 'From when on it counts.';
COMMENT ON COLUMN itsm_report.sla_breach.stopped_at IS 'When it was completed or cancelled; null before.';
COMMENT ON COLUMN itsm_report.sla_breach.original_due_at IS 'due_at as it was when the clock started.';

CREATE VIEW itsm_report.sla_monthly WITH (security_barrier = true) AS
	SELECT m.tenant,
		m.month,
		m.agreement,
		m.kind,
		m.metric,
		m.priority,
		m.service,
		pg_catalog.sum(m.completed)::bigint AS completed,
		(pg_catalog.sum(m.completed) OPERATOR(pg_catalog.-) pg_catalog.sum(m.breached))::bigint AS met,
		pg_catalog.sum(m.breached)::bigint AS breached,
		pg_catalog.sum(m.cancelled)::bigint AS cancelled,
		pg_catalog.round((pg_catalog.sum(m.completed) OPERATOR(pg_catalog.-) pg_catalog.sum(m.breached))
			OPERATOR(pg_catalog./) nullif(pg_catalog.sum(m.completed), 0), 4) AS attainment,
		pg_catalog.justify_hours(pg_catalog.sum(m.total)
			OPERATOR(pg_catalog./) nullif(pg_catalog.sum(m.completed), 0)::double precision) AS elapsed_mean,
		pg_catalog.justify_hours((itsm.percentiles(ARRAY[0.9], m.percentiles, m.durations, m.weight, m.elapsed))[1]) AS elapsed_p90
	FROM (
			SELECT p.tenant, p.month, p.agreement, p.kind, p.metric,
				CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.priority::bigint END AS priority,
				CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.service END AS service,
				p.completed, p.breached, p.cancelled, p.total, p.percentiles, p.durations, p.weight, p.elapsed
			FROM itsm.seen_sla_month_part p
			WHERE p.agreement IS NOT NULL
		) m
	-- what tells rows apart at least cost stands first
	GROUP BY m.month, m.priority, m.service, m.agreement, m.metric, m.kind, m.tenant
	HAVING pg_catalog.sum(m.completed) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(m.cancelled) OPERATOR(pg_catalog.<>) 0;
REVOKE ALL ON itsm_report.sla_monthly FROM PUBLIC;
COMMENT ON VIEW itsm_report.sla_monthly IS 'How agreements were kept: a row per tenant, agreement, priority, service and month (UTC) in which clocks ended. Without a row there is no evidence, which is not attainment.';
COMMENT ON COLUMN itsm_report.sla_monthly.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.sla_monthly.month IS 'Start of the month (UTC) in which the clocks ended.';
COMMENT ON COLUMN itsm_report.sla_monthly.agreement IS 'Name of the agreement.';
COMMENT ON COLUMN itsm_report.sla_monthly.kind IS 'sla (with the customer), ola (within the house) or uc (a contract with a supplier).';
COMMENT ON COLUMN itsm_report.sla_monthly.metric IS 'What is measured: response, resolution, or a name of its own.';
COMMENT ON COLUMN itsm_report.sla_monthly.priority IS 'Canonical attribute priority now. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.sla_monthly.service IS 'Canonical attribute service now; shown like priority.';
COMMENT ON COLUMN itsm_report.sla_monthly.completed IS 'Clocks completed.';
COMMENT ON COLUMN itsm_report.sla_monthly.met IS 'Of these, those within the target.';
COMMENT ON COLUMN itsm_report.sla_monthly.breached IS 'Of these, those beyond it.';
COMMENT ON COLUMN itsm_report.sla_monthly.cancelled IS 'Clocks cancelled; they count for nothing.';
COMMENT ON COLUMN itsm_report.sla_monthly.attainment IS 'met as a share of completed; null when none was completed.';
COMMENT ON COLUMN itsm_report.sla_monthly.elapsed_mean IS 'Mean service time of those completed.';
COMMENT ON COLUMN itsm_report.sla_monthly.elapsed_p90 IS '90th percentile of it.';
