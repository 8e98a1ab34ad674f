-- Views of the management of services: suppliers, budgets, capacity, continuity tests, documents,
-- competences, complaints, KPIs.  They read the records of any table that is attached to the standard
-- lifecycles of these processes.

-- Numbers and intervals among the attributes that records keep as texts; null for any other text, so
-- that one odd value leaves a view readable.

CREATE FUNCTION itsm.number_of_text(value text) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
	SELECT CASE WHEN $1 OPERATOR(pg_catalog.~) '^-?[0-9]{1,100}([.][0-9]{1,100})?$' THEN $1::numeric END
$$;
COMMENT ON FUNCTION itsm.number_of_text(text) IS 'The number that an attribute''s text says; null when it says none.';

CREATE FUNCTION itsm.interval_of_text(value text) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
	SELECT CASE WHEN $1 OPERATOR(pg_catalog.~) '^P(-?[0-9]{1,6}Y)?(-?[0-9]{1,6}M)?(-?[0-9]{1,6}D)?(T(-?[0-9]{1,6}H)?(-?[0-9]{1,6}M)?(-?[0-9]{1,6}([.][0-9]{1,6})?S)?)?$'
			AND $1 OPERATOR(pg_catalog.~) '[0-9][YMDHS]$' THEN $1::interval END
$$;
COMMENT ON FUNCTION itsm.interval_of_text(text) IS 'The interval that an attribute''s text says (ISO 8601); null when it says none.';

-- A view and no function: whoever reads a report must be able to call its functions, and itsm.control is not everybody's.
CREATE VIEW itsm.planned_interval AS
	SELECT c.id AS control,
		CASE WHEN c.parameter OPERATOR(pg_catalog.~) '^[0-9.]+ (y|mo|w|d|h|min)$'
			THEN pg_catalog.replace(c.parameter, ' mo', ' months')::interval END AS planned
	FROM itsm.control c;
REVOKE ALL ON itsm.planned_interval FROM PUBLIC;
COMMENT ON VIEW itsm.planned_interval IS 'The interval that a control goes by.';
COMMENT ON COLUMN itsm.planned_interval.control IS 'The control.';
COMMENT ON COLUMN itsm.planned_interval.planned IS 'The organisation''s, or the one it came with; null when its parameter is none.';

CREATE VIEW itsm_report.supplier_performance WITH (security_barrier = true) AS
	SELECT p.tenant,
		p.record,
		p.key AS contract,
		p.title,
		p.attributes OPERATOR(pg_catalog.->>) 'supplier' AS supplier,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		p.service,
		p.state,
		p.category,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'valid_from') AS valid_from,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'valid_to') AS valid_to,
		coalesce(m.targets, 0) AS targets,
		coalesce(m.measurements, 0) AS measurements,
		coalesce(m.missed, 0) AS missed,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) (m.measurements OPERATOR(pg_catalog.-) m.missed) OPERATOR(pg_catalog./) nullif(m.measurements, 0), 2) AS attainment_percent,
		m.last_measured_at,
		r.last_review_at,
		coalesce(r.last_review_at, itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'valid_from')) OPERATOR(pg_catalog.+) coalesce(itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'review_interval'), (SELECT i.planned FROM itsm.planned_interval i WHERE i.control OPERATOR(pg_catalog.=) '8.3.4-2')) AS review_due_at,
		p.category OPERATOR(pg_catalog.=) ANY (ARRAY['active', 'waiting']) AND pg_catalog.now() OPERATOR(pg_catalog.>) (coalesce(r.last_review_at, itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'valid_from')) OPERATOR(pg_catalog.+) coalesce(itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'review_interval'), (SELECT i.planned FROM itsm.planned_interval i WHERE i.control OPERATOR(pg_catalog.=) '8.3.4-2'))) AS review_overdue,
		coalesce(d.disputes, 0) AS open_disputes
	FROM itsm.shown_record p
		LEFT JOIN (
			SELECT t.tenant, (t.attributes OPERATOR(pg_catalog.->>) 'contract') AS contract,
				pg_catalog.count(DISTINCT t.key) FILTER (WHERE t.category OPERATOR(pg_catalog.=) 'active') AS targets,
				pg_catalog.count(v.record) FILTER (WHERE v.ended_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) '1 year'::interval)) AS measurements,
				pg_catalog.count(v.record) FILTER (WHERE v.ended_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) '1 year'::interval)
					AND CASE WHEN (t.attributes OPERATOR(pg_catalog.->>) 'direction') OPERATOR(pg_catalog.=) 'at_most'
						THEN v.value OPERATOR(pg_catalog.>) coalesce(v.target, itsm.number_of_text(t.attributes OPERATOR(pg_catalog.->>) 'target'))
						ELSE v.value OPERATOR(pg_catalog.<) coalesce(v.target, itsm.number_of_text(t.attributes OPERATOR(pg_catalog.->>) 'target')) END) AS missed,
				pg_catalog.max(v.ended_at) AS last_measured_at
			FROM itsm.shown_record t
				LEFT JOIN (
					SELECT x.tenant, x.record, (x.attributes OPERATOR(pg_catalog.->>) 'agreement_target') AS agreement_target, itsm.number_of_text(x.attributes OPERATOR(pg_catalog.->>) 'value') AS value, itsm.number_of_text(x.attributes OPERATOR(pg_catalog.->>) 'target') AS target, itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'period_end') AS ended_at
					FROM itsm.shown_record x
					WHERE x.process OPERATOR(pg_catalog.=) 'measurement' AND NOT x.deleted AND x.category OPERATOR(pg_catalog.<>) 'cancelled'
				) v ON v.tenant OPERATOR(pg_catalog.=) t.tenant AND v.agreement_target OPERATOR(pg_catalog.=) t.key
			WHERE t.process OPERATOR(pg_catalog.=) 'agreement_target' AND NOT t.deleted
			GROUP BY 1, 2
		) m ON m.tenant OPERATOR(pg_catalog.=) p.tenant AND m.contract OPERATOR(pg_catalog.=) p.key
		LEFT JOIN (
			SELECT x.tenant, (x.attributes OPERATOR(pg_catalog.->>) 'contract') AS contract, pg_catalog.max(itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'held_at')) AS last_review_at
			FROM itsm.shown_record x
			WHERE x.process OPERATOR(pg_catalog.=) 'performance_review' AND NOT x.deleted
				AND (x.attributes OPERATOR(pg_catalog.->>) 'kind') OPERATOR(pg_catalog.=) 'supplier' AND x.category OPERATOR(pg_catalog.=) ANY (ARRAY['resolved', 'closed'])
			GROUP BY 1, 2
		) r ON r.tenant OPERATOR(pg_catalog.=) p.tenant AND r.contract OPERATOR(pg_catalog.=) p.key
		LEFT JOIN (
			SELECT x.tenant, (x.attributes OPERATOR(pg_catalog.->>) 'contract') AS contract, pg_catalog.count(*) AS disputes
			FROM itsm.shown_record x
			WHERE x.process OPERATOR(pg_catalog.=) 'dispute' AND NOT x.deleted AND x.category OPERATOR(pg_catalog.<>) ALL (ARRAY['closed', 'cancelled'])
			GROUP BY 1, 2
		) d ON d.tenant OPERATOR(pg_catalog.=) p.tenant AND d.contract OPERATOR(pg_catalog.=) p.key
	WHERE p.process OPERATOR(pg_catalog.=) 'contract' AND NOT p.deleted;
REVOKE ALL ON itsm_report.supplier_performance FROM PUBLIC;

COMMENT ON VIEW itsm_report.supplier_performance IS 'One row per contract with a supplier: how it performs against its targets, and when that was reviewed. Targets are records of the process agreement_target that name the contract, results those of measurement that name such a target, reviews those of performance_review. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.supplier_performance.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.supplier_performance.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.supplier_performance.contract IS 'Key of the contract.';
COMMENT ON COLUMN itsm_report.supplier_performance.title IS 'Its title.';
COMMENT ON COLUMN itsm_report.supplier_performance.supplier IS 'The supplier.';
COMMENT ON COLUMN itsm_report.supplier_performance.owner IS 'Who owns the relationship.';
COMMENT ON COLUMN itsm_report.supplier_performance.service IS 'Service that it supports.';
COMMENT ON COLUMN itsm_report.supplier_performance.state IS 'State of the contract.';
COMMENT ON COLUMN itsm_report.supplier_performance.category IS 'Category of the state.';
COMMENT ON COLUMN itsm_report.supplier_performance.valid_from IS 'First day.';
COMMENT ON COLUMN itsm_report.supplier_performance.valid_to IS 'Last day; null: until further notice.';
COMMENT ON COLUMN itsm_report.supplier_performance.targets IS 'Targets in force.';
COMMENT ON COLUMN itsm_report.supplier_performance.measurements IS 'Results of periods that ended within the last year.';
COMMENT ON COLUMN itsm_report.supplier_performance.missed IS 'Of these, those that missed their target.';
COMMENT ON COLUMN itsm_report.supplier_performance.attainment_percent IS 'Results that met their target, in percent; null where there are none.';
COMMENT ON COLUMN itsm_report.supplier_performance.last_measured_at IS 'End of the last period that was measured.';
COMMENT ON COLUMN itsm_report.supplier_performance.last_review_at IS 'When performance was last reviewed.';
COMMENT ON COLUMN itsm_report.supplier_performance.review_due_at IS 'When the next review is due: the contract''s interval, or that of control 8.3.4-2, after the last one or the first day.';
COMMENT ON COLUMN itsm_report.supplier_performance.review_overdue IS 'The contract is in force, and the review is late; null where nothing says when.';
COMMENT ON COLUMN itsm_report.supplier_performance.open_disputes IS 'Disputes about it that are not closed.';

CREATE VIEW itsm_report.budget WITH (security_barrier = true) AS
	SELECT p.tenant,
		p.record,
		p.key,
		p.service,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'period_start') AS period_start,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'period_end') AS period_end,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'period_start')))) AS period_month,
		p.attributes OPERATOR(pg_catalog.->>) 'currency' AS currency,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'budget') AS budget,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'actual') AS actual,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'forecast') AS forecast,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'actual') OPERATOR(pg_catalog.-) itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'budget') AS deviation,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) (itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'actual') OPERATOR(pg_catalog.-) itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'budget')) OPERATOR(pg_catalog./) nullif(itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'budget'), 0), 2) AS deviation_percent,
		p.attributes OPERATOR(pg_catalog.->>) 'decision' AS decision,
		p.attributes OPERATOR(pg_catalog.->>) 'decided_by' AS decided_by,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		p.state
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'budget' AND NOT p.deleted AND p.category OPERATOR(pg_catalog.<>) 'cancelled';
REVOKE ALL ON itsm_report.budget FROM PUBLIC;

COMMENT ON VIEW itsm_report.budget IS 'One row per budget: a service and a period, with what was planned, spent and expected. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.budget.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.budget.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.budget.key IS 'Key of the row.';
COMMENT ON COLUMN itsm_report.budget.service IS 'The service.';
COMMENT ON COLUMN itsm_report.budget.period_start IS 'First day of the period.';
COMMENT ON COLUMN itsm_report.budget.period_end IS 'First day after it.';
COMMENT ON COLUMN itsm_report.budget.period_month IS 'Start of the month (UTC) of period_start.';
COMMENT ON COLUMN itsm_report.budget.currency IS 'Currency.';
COMMENT ON COLUMN itsm_report.budget.budget IS 'Budget.';
COMMENT ON COLUMN itsm_report.budget.actual IS 'Cost so far.';
COMMENT ON COLUMN itsm_report.budget.forecast IS 'Cost expected for the period.';
COMMENT ON COLUMN itsm_report.budget.deviation IS 'Cost so far beyond the budget; below zero: within it.';
COMMENT ON COLUMN itsm_report.budget.deviation_percent IS 'The same in percent of the budget.';
COMMENT ON COLUMN itsm_report.budget.decision IS 'What was decided about it.';
COMMENT ON COLUMN itsm_report.budget.decided_by IS 'By whom.';
COMMENT ON COLUMN itsm_report.budget.owner IS 'Who answers for it.';
COMMENT ON COLUMN itsm_report.budget.state IS 'State of the budget.';

CREATE VIEW itsm_report.capacity WITH (security_barrier = true) AS
	SELECT p.tenant,
		p.record,
		p.key,
		p.service,
		p.attributes OPERATOR(pg_catalog.->>) 'resource_kind' AS resource_kind,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'current_capacity') AS current_capacity,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'forecast_capacity') AS forecast_capacity,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'forecast_for') AS forecast_for,
		p.attributes OPERATOR(pg_catalog.->>) 'unit' AS unit,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'threshold') AS threshold,
		u.value AS last_used,
		u.ended_at AS last_used_at,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) u.value OPERATOR(pg_catalog./) nullif(itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'current_capacity'), 0), 2) AS utilisation_percent,
		u.value OPERATOR(pg_catalog.>) itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'threshold') AS over_threshold,
		p.attributes OPERATOR(pg_catalog.->>) 'timescale' AS timescale,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'reviewed_at') AS reviewed_at
	FROM itsm.shown_record p
		LEFT JOIN LATERAL (
			SELECT itsm.number_of_text(x.attributes OPERATOR(pg_catalog.->>) 'value') AS value, itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'period_end') AS ended_at
			FROM itsm.shown_record x
			WHERE x.process OPERATOR(pg_catalog.=) 'measurement' AND NOT x.deleted AND x.category OPERATOR(pg_catalog.<>) 'cancelled'
				AND x.tenant OPERATOR(pg_catalog.=) p.tenant AND x.service OPERATOR(pg_catalog.=) p.service
				AND (x.attributes OPERATOR(pg_catalog.->>) 'kind') OPERATOR(pg_catalog.=) ANY (ARRAY['capacity', 'consumption'])
				AND (x.attributes OPERATOR(pg_catalog.->>) 'unit') IS NOT DISTINCT FROM (p.attributes OPERATOR(pg_catalog.->>) 'unit')
			ORDER BY itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'period_end') DESC NULLS LAST, x.record DESC
			LIMIT 1
		) u ON true
	WHERE p.process OPERATOR(pg_catalog.=) 'capacity' AND NOT p.deleted AND p.category OPERATOR(pg_catalog.=) 'active';
REVOKE ALL ON itsm_report.capacity FROM PUBLIC;

COMMENT ON VIEW itsm_report.capacity IS 'One row per line of the capacity plan that is in force: capacity now and later, and what was used last. What was used comes from measurements of kind capacity or consumption of the service, in the same unit. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.capacity.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.capacity.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.capacity.key IS 'Key of the row.';
COMMENT ON COLUMN itsm_report.capacity.service IS 'The service.';
COMMENT ON COLUMN itsm_report.capacity.resource_kind IS 'human, technical, information or financial.';
COMMENT ON COLUMN itsm_report.capacity.current_capacity IS 'Capacity now.';
COMMENT ON COLUMN itsm_report.capacity.forecast_capacity IS 'Capacity expected.';
COMMENT ON COLUMN itsm_report.capacity.forecast_for IS 'For when.';
COMMENT ON COLUMN itsm_report.capacity.unit IS 'Unit.';
COMMENT ON COLUMN itsm_report.capacity.threshold IS 'Utilisation at which capacity has to change.';
COMMENT ON COLUMN itsm_report.capacity.last_used IS 'Value of the last measurement.';
COMMENT ON COLUMN itsm_report.capacity.last_used_at IS 'End of its period.';
COMMENT ON COLUMN itsm_report.capacity.utilisation_percent IS 'That value in percent of the capacity now.';
COMMENT ON COLUMN itsm_report.capacity.over_threshold IS 'That value is above the threshold.';
COMMENT ON COLUMN itsm_report.capacity.timescale IS 'When capacity has to change.';
COMMENT ON COLUMN itsm_report.capacity.owner IS 'Who plans it.';
COMMENT ON COLUMN itsm_report.capacity.reviewed_at IS 'When the line was reviewed last.';

CREATE VIEW itsm_report.continuity_test_due WITH (security_barrier = true) AS
	SELECT p.tenant,
		p.record,
		p.key AS plan,
		p.title,
		p.service,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'approved_at') AS approved_at,
		coalesce(x.tests, 0) AS tests,
		x.last_test_at,
		coalesce(x.last_test_at, itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'approved_at')) OPERATOR(pg_catalog.+) (SELECT i.planned FROM itsm.planned_interval i WHERE i.control OPERATOR(pg_catalog.=) '8.7.2-2') AS due_at,
		pg_catalog.now() OPERATOR(pg_catalog.>) (coalesce(x.last_test_at, itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'approved_at')) OPERATOR(pg_catalog.+) (SELECT i.planned FROM itsm.planned_interval i WHERE i.control OPERATOR(pg_catalog.=) '8.7.2-2')) AS overdue,
		itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'required_rto') AS required_rto,
		x.achieved_rto,
		itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'required_rpo') AS required_rpo,
		x.achieved_rpo,
		x.achieved_rto OPERATOR(pg_catalog.<=) itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'required_rto') AND x.achieved_rpo OPERATOR(pg_catalog.<=) itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'required_rpo') AS objectives_met
	FROM itsm.shown_record p
		LEFT JOIN LATERAL (
			SELECT pg_catalog.count(*) AS tests,
				pg_catalog.max(coalesce(itsm.time_of_text(t.attributes OPERATOR(pg_catalog.->>) 'held_at'), t.resolved_at)) AS last_test_at,
				(pg_catalog.array_agg(itsm.interval_of_text(t.attributes OPERATOR(pg_catalog.->>) 'achieved_rto') ORDER BY coalesce(itsm.time_of_text(t.attributes OPERATOR(pg_catalog.->>) 'held_at'), t.resolved_at) DESC NULLS LAST))[1] AS achieved_rto,
				(pg_catalog.array_agg(itsm.interval_of_text(t.attributes OPERATOR(pg_catalog.->>) 'achieved_rpo') ORDER BY coalesce(itsm.time_of_text(t.attributes OPERATOR(pg_catalog.->>) 'held_at'), t.resolved_at) DESC NULLS LAST))[1] AS achieved_rpo
			FROM itsm.shown_record t
			WHERE t.process OPERATOR(pg_catalog.=) 'continuity_test' AND NOT t.deleted AND t.category OPERATOR(pg_catalog.=) ANY (ARRAY['resolved', 'closed'])
				AND t.tenant OPERATOR(pg_catalog.=) p.tenant AND (t.attributes OPERATOR(pg_catalog.->>) 'plan') OPERATOR(pg_catalog.=) p.key
		) x ON true
	WHERE p.process OPERATOR(pg_catalog.=) 'continuity_plan' AND NOT p.deleted AND p.category OPERATOR(pg_catalog.=) 'active';
REVOKE ALL ON itsm_report.continuity_test_due FROM PUBLIC;

COMMENT ON VIEW itsm_report.continuity_test_due IS 'One row per continuity plan in force: when it was tested, and when that is due again. A test counts when it was carried out: it is resolved or closed. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.continuity_test_due.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.continuity_test_due.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.continuity_test_due.plan IS 'Key of the plan.';
COMMENT ON COLUMN itsm_report.continuity_test_due.title IS 'What it is called.';
COMMENT ON COLUMN itsm_report.continuity_test_due.service IS 'The service.';
COMMENT ON COLUMN itsm_report.continuity_test_due.owner IS 'Who answers for it.';
COMMENT ON COLUMN itsm_report.continuity_test_due.approved_at IS 'When it was approved.';
COMMENT ON COLUMN itsm_report.continuity_test_due.tests IS 'Tests so far.';
COMMENT ON COLUMN itsm_report.continuity_test_due.last_test_at IS 'The last one.';
COMMENT ON COLUMN itsm_report.continuity_test_due.due_at IS 'When the next one is due: the interval of control 8.7.2-2 after the last one, or after the approval.';
COMMENT ON COLUMN itsm_report.continuity_test_due.overdue IS 'That has passed; null where nothing says when.';
COMMENT ON COLUMN itsm_report.continuity_test_due.required_rto IS 'Recovery time objective of the plan.';
COMMENT ON COLUMN itsm_report.continuity_test_due.achieved_rto IS 'Recovery time that the last test reached.';
COMMENT ON COLUMN itsm_report.continuity_test_due.required_rpo IS 'Recovery point objective of the plan.';
COMMENT ON COLUMN itsm_report.continuity_test_due.achieved_rpo IS 'Recovery point that the last test reached.';
COMMENT ON COLUMN itsm_report.continuity_test_due.objectives_met IS 'The last test reached both; null where one is not known.';

CREATE VIEW itsm_report.document_review_due WITH (security_barrier = true) AS
	SELECT p.tenant,
		p.record,
		p.key,
		p.title,
		p.attributes OPERATOR(pg_catalog.->>) 'kind' AS kind,
		p.attributes OPERATOR(pg_catalog.->>) 'document_version' AS document_version,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		p.attributes OPERATOR(pg_catalog.->>) 'approver' AS approver,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'effective_from') AS effective_from,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'next_review') AS next_review,
		pg_catalog.now() OPERATOR(pg_catalog.>) itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'next_review') AS overdue,
		(pg_catalog.timezone('UTC', itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'next_review'))::date OPERATOR(pg_catalog.-) pg_catalog.timezone('UTC', pg_catalog.now())::date)::bigint AS days_left
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'document' AND NOT p.deleted AND p.state OPERATOR(pg_catalog.=) 'effective';
REVOKE ALL ON itsm_report.document_review_due FROM PUBLIC;

COMMENT ON VIEW itsm_report.document_review_due IS 'One row per document in force, with the day of its next review. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.document_review_due.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.document_review_due.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.document_review_due.key IS 'Key of the row.';
COMMENT ON COLUMN itsm_report.document_review_due.title IS 'Title.';
COMMENT ON COLUMN itsm_report.document_review_due.kind IS 'Kind of document.';
COMMENT ON COLUMN itsm_report.document_review_due.document_version IS 'Its version.';
COMMENT ON COLUMN itsm_report.document_review_due.owner IS 'Who answers for it.';
COMMENT ON COLUMN itsm_report.document_review_due.approver IS 'Who approved it.';
COMMENT ON COLUMN itsm_report.document_review_due.effective_from IS 'From when it holds.';
COMMENT ON COLUMN itsm_report.document_review_due.next_review IS 'Day of its next review; null: none is set.';
COMMENT ON COLUMN itsm_report.document_review_due.overdue IS 'That day has come.';
COMMENT ON COLUMN itsm_report.document_review_due.days_left IS 'Days until then; below zero: it is late.';

CREATE VIEW itsm_report.competence_gap WITH (security_barrier = true) AS
	SELECT a.tenant,
		a.person,
		a.role,
		n.competence,
		a.valid_from AS assigned_from,
		e.expired_at
	FROM (
			SELECT x.tenant, (x.attributes OPERATOR(pg_catalog.->>) 'person') AS person, (x.attributes OPERATOR(pg_catalog.->>) 'role') AS role, itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'valid_from') AS valid_from, itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'valid_to') AS valid_to
			FROM itsm.shown_record x
			WHERE x.process OPERATOR(pg_catalog.=) 'role_assignment' AND NOT x.deleted AND x.category OPERATOR(pg_catalog.=) 'active'
		) a
		JOIN (
			SELECT x.tenant, x.key, c.competence
			FROM itsm.shown_record x,
				LATERAL pg_catalog.unnest(CASE WHEN (x.attributes OPERATOR(pg_catalog.->>) 'required_competences') OPERATOR(pg_catalog.~) '^[{].*[}]$' THEN ((x.attributes OPERATOR(pg_catalog.->>) 'required_competences'))::text[] END) AS c(competence)
			WHERE x.process OPERATOR(pg_catalog.=) 'role' AND NOT x.deleted AND x.category OPERATOR(pg_catalog.=) 'active'
		) n ON n.tenant OPERATOR(pg_catalog.=) a.tenant AND n.key OPERATOR(pg_catalog.=) a.role
		LEFT JOIN LATERAL (
			SELECT pg_catalog.bool_or(itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'valid_to') IS NULL OR (itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'valid_to') OPERATOR(pg_catalog.+) '1 day'::interval) OPERATOR(pg_catalog.>) pg_catalog.now()) AS valid, pg_catalog.max(itsm.time_of_text(x.attributes OPERATOR(pg_catalog.->>) 'valid_to')) AS expired_at
			FROM itsm.shown_record x
			WHERE x.process OPERATOR(pg_catalog.=) 'competence' AND NOT x.deleted AND x.category OPERATOR(pg_catalog.=) 'active'
				AND x.tenant OPERATOR(pg_catalog.=) a.tenant AND (x.attributes OPERATOR(pg_catalog.->>) 'person') OPERATOR(pg_catalog.=) a.person AND (x.attributes OPERATOR(pg_catalog.->>) 'competence') OPERATOR(pg_catalog.=) n.competence
		) e ON true
	WHERE a.valid_from OPERATOR(pg_catalog.<=) pg_catalog.now()
		AND (a.valid_to IS NULL OR a.valid_to OPERATOR(pg_catalog.+) '1 day'::interval OPERATOR(pg_catalog.>) pg_catalog.now())
		AND e.valid IS NOT TRUE;
REVOKE ALL ON itsm_report.competence_gap FROM PUBLIC;

COMMENT ON VIEW itsm_report.competence_gap IS 'One row per holder of a role and competence that the role asks for and the holder has no valid evidence of. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.competence_gap.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.competence_gap.person IS 'The holder.';
COMMENT ON COLUMN itsm_report.competence_gap.role IS 'The role.';
COMMENT ON COLUMN itsm_report.competence_gap.competence IS 'The competence that is missing.';
COMMENT ON COLUMN itsm_report.competence_gap.assigned_from IS 'From when the role has been held.';
COMMENT ON COLUMN itsm_report.competence_gap.expired_at IS 'When the last evidence ran out; null: there never was any.';

CREATE VIEW itsm_report.complaint WITH (security_barrier = true) AS
	SELECT p.tenant,
		p.record,
		p.source,
		p.key,
		p.state,
		p.category,
		p.title,
		p.attributes OPERATOR(pg_catalog.->>) 'customer' AS customer,
		p.service,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		p.assignee,
		p.attributes OPERATOR(pg_catalog.->>) 'action' AS action,
		p.resolution,
		p.opened_at,
		p.opened_month,
		p.resolved_at,
		p.closed_at,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'customer_informed_at') AS customer_informed_at,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'escalate_by') AS escalate_by,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'escalated_at') AS escalated_at,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'escalated_at') IS NULL AND coalesce(p.resolved_at, pg_catalog.now()) OPERATOR(pg_catalog.>) itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'escalate_by') AS escalation_overdue,
		p.time_to_resolve
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'complaint' AND NOT p.deleted;
REVOKE ALL ON itsm_report.complaint FROM PUBLIC;

COMMENT ON VIEW itsm_report.complaint IS 'One row per complaint. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.complaint.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.complaint.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.complaint.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.complaint.key IS 'Key of the row.';
COMMENT ON COLUMN itsm_report.complaint.state IS 'State now.';
COMMENT ON COLUMN itsm_report.complaint.category IS 'Category of the state.';
COMMENT ON COLUMN itsm_report.complaint.title IS 'Title.';
COMMENT ON COLUMN itsm_report.complaint.customer IS 'Who complains.';
COMMENT ON COLUMN itsm_report.complaint.service IS 'Service that it is about.';
COMMENT ON COLUMN itsm_report.complaint.owner IS 'Who answers for it.';
COMMENT ON COLUMN itsm_report.complaint.assignee IS 'Who works on it.';
COMMENT ON COLUMN itsm_report.complaint.action IS 'What was done.';
COMMENT ON COLUMN itsm_report.complaint.resolution IS 'How it was resolved.';
COMMENT ON COLUMN itsm_report.complaint.opened_at IS 'When it was received.';
COMMENT ON COLUMN itsm_report.complaint.opened_month IS 'Start of the month (UTC) in which it was received.';
COMMENT ON COLUMN itsm_report.complaint.resolved_at IS 'When it was resolved.';
COMMENT ON COLUMN itsm_report.complaint.closed_at IS 'When it was closed.';
COMMENT ON COLUMN itsm_report.complaint.customer_informed_at IS 'When the customer was told.';
COMMENT ON COLUMN itsm_report.complaint.escalate_by IS 'When it has to be escalated if it is not resolved.';
COMMENT ON COLUMN itsm_report.complaint.escalated_at IS 'When it was escalated.';
COMMENT ON COLUMN itsm_report.complaint.escalation_overdue IS 'It should have been escalated and was not; null where nothing says until when.';
COMMENT ON COLUMN itsm_report.complaint.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';

CREATE VIEW itsm_report.kpi_trend WITH (security_barrier = true) AS
	SELECT p.tenant,
		p.record,
		p.attributes OPERATOR(pg_catalog.->>) 'metric' AS metric,
		m.title AS metric_title,
		p.attributes OPERATOR(pg_catalog.->>) 'kind' AS kind,
		p.attributes OPERATOR(pg_catalog.->>) 'process' AS process,
		p.service,
		p.attributes OPERATOR(pg_catalog.->>) 'objective' AS objective,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'period_start') AS period_start,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'period_end') AS period_end,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'period_start')))) AS period_month,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'value') AS value,
		coalesce(itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'target'), itsm.number_of_text(m.attributes OPERATOR(pg_catalog.->>) 'target')) AS target,
		coalesce((p.attributes OPERATOR(pg_catalog.->>) 'unit'), (m.attributes OPERATOR(pg_catalog.->>) 'unit')) AS unit,
		CASE WHEN (m.attributes OPERATOR(pg_catalog.->>) 'direction') OPERATOR(pg_catalog.=) 'at_most' THEN itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'value') OPERATOR(pg_catalog.<=) coalesce(itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'target'), itsm.number_of_text(m.attributes OPERATOR(pg_catalog.->>) 'target')) ELSE itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'value') OPERATOR(pg_catalog.>=) coalesce(itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'target'), itsm.number_of_text(m.attributes OPERATOR(pg_catalog.->>) 'target')) END AS met,
		itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'value') OPERATOR(pg_catalog.-) pg_catalog.lag(itsm.number_of_text(p.attributes OPERATOR(pg_catalog.->>) 'value')) OVER (PARTITION BY p.tenant, (p.attributes OPERATOR(pg_catalog.->>) 'metric'), p.service, (p.attributes OPERATOR(pg_catalog.->>) 'process'), (p.attributes OPERATOR(pg_catalog.->>) 'objective') ORDER BY itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'period_start')) AS change_from_before,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'analysed_at') AS analysed_at,
		p.attributes OPERATOR(pg_catalog.->>) 'cause' AS cause,
		p.attributes OPERATOR(pg_catalog.->>) 'action' AS action
	FROM itsm.shown_record p
		LEFT JOIN itsm.shown_record m ON m.process OPERATOR(pg_catalog.=) 'metric' AND NOT m.deleted
			AND m.tenant OPERATOR(pg_catalog.=) p.tenant AND m.key OPERATOR(pg_catalog.=) (p.attributes OPERATOR(pg_catalog.->>) 'metric')
	WHERE p.process OPERATOR(pg_catalog.=) 'measurement' AND NOT p.deleted AND p.category OPERATOR(pg_catalog.<>) 'cancelled';
REVOKE ALL ON itsm_report.kpi_trend FROM PUBLIC;

COMMENT ON VIEW itsm_report.kpi_trend IS 'One row per measurement of a metric, with the one before it: how KPIs, objectives and targets develop. Mapped values of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.kpi_trend.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.kpi_trend.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.kpi_trend.metric IS 'The metric.';
COMMENT ON COLUMN itsm_report.kpi_trend.metric_title IS 'What it is called.';
COMMENT ON COLUMN itsm_report.kpi_trend.kind IS 'kpi, objective, sla, availability, capacity, consumption, supplier or security.';
COMMENT ON COLUMN itsm_report.kpi_trend.process IS 'Process that it tells about.';
COMMENT ON COLUMN itsm_report.kpi_trend.service IS 'Service that it tells about.';
COMMENT ON COLUMN itsm_report.kpi_trend.objective IS 'Objective that it tells about.';
COMMENT ON COLUMN itsm_report.kpi_trend.period_start IS 'First day of the period.';
COMMENT ON COLUMN itsm_report.kpi_trend.period_end IS 'First day after it.';
COMMENT ON COLUMN itsm_report.kpi_trend.period_month IS 'Start of the month (UTC) of period_start.';
COMMENT ON COLUMN itsm_report.kpi_trend.value IS 'Measured value.';
COMMENT ON COLUMN itsm_report.kpi_trend.target IS 'Target of the period, or the metric''s.';
COMMENT ON COLUMN itsm_report.kpi_trend.unit IS 'Unit.';
COMMENT ON COLUMN itsm_report.kpi_trend.met IS 'The target was met: at least, or, where the metric says so, at most; null where there is none.';
COMMENT ON COLUMN itsm_report.kpi_trend.change_from_before IS 'Value minus that of the period before.';
COMMENT ON COLUMN itsm_report.kpi_trend.analysed_at IS 'When it was analysed.';
COMMENT ON COLUMN itsm_report.kpi_trend.cause IS 'Why a target was missed.';
COMMENT ON COLUMN itsm_report.kpi_trend.action IS 'What is done about it.';
