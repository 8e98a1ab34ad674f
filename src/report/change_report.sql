-- Changes by month, and the reviews that emergency changes owe.

CREATE VIEW itsm_report.change_monthly WITH (security_barrier = true) AS
	SELECT m.tenant,
		m.month,
		pg_catalog.sum(m.opened)::bigint AS opened,
		pg_catalog.sum(m.implemented)::bigint AS implemented,
		pg_catalog.sum(m.successful)::bigint AS successful,
		pg_catalog.sum(m.partial)::bigint AS partial,
		pg_catalog.sum(m.failed)::bigint AS failed,
		pg_catalog.sum(m.backed_out)::bigint AS backed_out,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) pg_catalog.sum(m.successful)
			OPERATOR(pg_catalog./) nullif(pg_catalog.sum(m.judged), 0), 2) AS success_percent,
		pg_catalog.sum(m.emergency)::bigint AS emergency,
		pg_catalog.sum(m.standard)::bigint AS standard,
		pg_catalog.sum(m.cancelled)::bigint AS cancelled
	FROM (
			SELECT o.tenant,
				o.opened_month AS month,
				pg_catalog.count(*) AS opened,
				0::bigint AS implemented,
				0::bigint AS successful,
				0::bigint AS partial,
				0::bigint AS failed,
				0::bigint AS backed_out,
				0::bigint AS judged,
				0::bigint AS emergency,
				0::bigint AS standard,
				0::bigint AS cancelled
			FROM itsm.seen_projection o
			WHERE o.process OPERATOR(pg_catalog.=) 'change' AND o.opened_month IS NOT NULL
			GROUP BY 1, 2
			UNION ALL
			SELECT d.tenant,
				d.resolved_month,
				0,
				pg_catalog.count(*),
				pg_catalog.count(*) FILTER (WHERE d.outcome OPERATOR(pg_catalog.=) 'successful'),
				pg_catalog.count(*) FILTER (WHERE d.outcome OPERATOR(pg_catalog.=) 'partial'),
				pg_catalog.count(*) FILTER (WHERE d.outcome OPERATOR(pg_catalog.=) 'failed'),
				pg_catalog.count(*) FILTER (WHERE d.outcome OPERATOR(pg_catalog.=) 'backed_out'),
				pg_catalog.count(d.outcome),
				pg_catalog.count(*) FILTER (WHERE d.type OPERATOR(pg_catalog.=) 'emergency'
					OR d.lifecycle OPERATOR(pg_catalog.=) 'emergency_change'),
				pg_catalog.count(*) FILTER (WHERE d.type OPERATOR(pg_catalog.=) 'standard'
					OR d.lifecycle OPERATOR(pg_catalog.=) 'standard_change'),
				0
			FROM itsm_report.change d
			WHERE d.resolved_month IS NOT NULL
			GROUP BY 1, 2
			UNION ALL
			SELECT c.tenant,
				pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', c.closed_at))),
				0, 0, 0, 0, 0, 0, 0, 0, 0,
				pg_catalog.count(*)
			FROM itsm.seen_projection c
			WHERE c.process OPERATOR(pg_catalog.=) 'change' AND c.category OPERATOR(pg_catalog.=) 'cancelled'
				AND c.closed_at IS NOT NULL
			GROUP BY 1, 2
		) m
	GROUP BY m.tenant, m.month;
REVOKE ALL ON itsm_report.change_monthly FROM PUBLIC;

COMMENT ON VIEW itsm_report.change_monthly IS 'Changes by tenant and month (UTC) in which at least one was opened, implemented or cancelled. Outcomes and types of a table with row-level security count only for the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.change_monthly.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm_report.change_monthly.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm_report.change_monthly.opened IS 'Changes with opened_at in the month.';
COMMENT ON COLUMN itsm_report.change_monthly.implemented IS 'Changes whose implementation ended in the month: those with resolved_at in it, whenever they were opened.';
COMMENT ON COLUMN itsm_report.change_monthly.successful IS 'Of the implemented ones, those with outcome successful.';
COMMENT ON COLUMN itsm_report.change_monthly.partial IS 'Of the implemented ones, those with outcome partial.';
COMMENT ON COLUMN itsm_report.change_monthly.failed IS 'Of the implemented ones, those with outcome failed.';
COMMENT ON COLUMN itsm_report.change_monthly.backed_out IS 'Of the implemented ones, those with outcome backed_out.';
COMMENT ON COLUMN itsm_report.change_monthly.success_percent IS 'Successful ones in percent of the implemented ones that have an outcome; null where none has.';
COMMENT ON COLUMN itsm_report.change_monthly.emergency IS 'Of the implemented ones, emergency changes: by their type, or by their lifecycle.';
COMMENT ON COLUMN itsm_report.change_monthly.standard IS 'Of the implemented ones, standard changes: by their type, or by their lifecycle.';
COMMENT ON COLUMN itsm_report.change_monthly.cancelled IS 'Changes that were cancelled or rejected in the month.';

CREATE VIEW itsm_report.emergency_change_review WITH (security_barrier = true) AS
	SELECT c.tenant,
		c.record,
		c.source,
		c.key,
		c.title,
		c.requester,
		c.implementer,
		c.emergency_reason,
		c.outcome,
		c.state,
		c.resolved_at AS implemented_at,
		c.resolved_day AS implemented_day,
		c.resolved_month AS implemented_month,
		c.resolved_at OPERATOR(pg_catalog.+) l.review_limit AS review_due_at,
		c.closed_at AS reviewed_at,
		c.reviewer,
		coalesce(c.closed_at, pg_catalog.now())
			OPERATOR(pg_catalog.>) (c.resolved_at OPERATOR(pg_catalog.+) l.review_limit) AS overdue
	FROM itsm_report.change c
		LEFT JOIN (
			SELECT v.name, pg_catalog.min((r.value OPERATOR(pg_catalog.->>) 'within')::interval) AS review_limit
			FROM itsm.lifecycle_current v,
				LATERAL pg_catalog.jsonb_array_elements(v.definition OPERATOR(pg_catalog.->) 'rules') AS r(value)
			WHERE r.value OPERATOR(pg_catalog.?) 'within'
				AND r.value OPERATOR(pg_catalog.->>) 'since' OPERATOR(pg_catalog.=) 'resolved'
				AND v.process OPERATOR(pg_catalog.=) 'change'
			GROUP BY v.name
		) l ON l.name OPERATOR(pg_catalog.=) c.lifecycle
	WHERE c.resolved_at IS NOT NULL
		AND NOT c.deleted
		AND (c.lifecycle OPERATOR(pg_catalog.=) 'emergency_change' OR c.type OPERATOR(pg_catalog.=) 'emergency');
REVOKE ALL ON itsm_report.emergency_change_review FROM PUBLIC;

COMMENT ON VIEW itsm_report.emergency_change_review IS 'One row per emergency change that was implemented: by its lifecycle, or by its type. The review has until the limit that the lifecycle''s rule within, since resolved, sets.';
COMMENT ON COLUMN itsm_report.emergency_change_review.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.emergency_change_review.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.emergency_change_review.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.emergency_change_review.key IS 'Key of the row, or text of the row of key values.';
COMMENT ON COLUMN itsm_report.emergency_change_review.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.emergency_change_review.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.emergency_change_review.implementer IS 'Mapped attribute implementer.';
COMMENT ON COLUMN itsm_report.emergency_change_review.emergency_reason IS 'Mapped attribute emergency_reason: why it could not take the usual way.';
COMMENT ON COLUMN itsm_report.emergency_change_review.outcome IS 'Mapped attribute outcome.';
COMMENT ON COLUMN itsm_report.emergency_change_review.state IS 'State now.';
COMMENT ON COLUMN itsm_report.emergency_change_review.implemented_at IS 'When its implementation ended: it last became resolved.';
COMMENT ON COLUMN itsm_report.emergency_change_review.implemented_day IS 'Start of the day (UTC) of implemented_at.';
COMMENT ON COLUMN itsm_report.emergency_change_review.implemented_month IS 'Start of the month (UTC) of implemented_at.';
COMMENT ON COLUMN itsm_report.emergency_change_review.review_due_at IS 'Until when it has to be reviewed; null where its lifecycle sets no limit.';
COMMENT ON COLUMN itsm_report.emergency_change_review.reviewed_at IS 'When it was closed after its review; null: not yet.';
COMMENT ON COLUMN itsm_report.emergency_change_review.reviewer IS 'Mapped attribute reviewer.';
COMMENT ON COLUMN itsm_report.emergency_change_review.overdue IS 'The review came, or is, too late; null where there is no limit.';
