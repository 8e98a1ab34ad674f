-- Controls of budgets, demand and capacity (ISO/IEC 20000-1, 8.4).

SELECT itsm.define_control(id => '8.4.1-1', clause => '8.4.1', kind => 'T', grade => 'minor', parameter => '1 mo',
	title => 'Services in scope have a budget, costs and a forecast of a period that lasts or ended within the interval, and deviations above 10 percent a decision',
	needs => '{service,budget}', remedy => 'Record budget, actual and forecast of the period, and decision where the forecast or cost deviates.', query => $query$
	SELECT s.key, coalesce(b.record, s.record), p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN LATERAL (
			SELECT b.record, b.attributes, (b.attributes->>'budget')::numeric AS budget,
				greatest((b.attributes->>'actual')::numeric, (b.attributes->>'forecast')::numeric) AS cost
			FROM itsm.compliance_record b
			WHERE b.process = 'budget' AND b.tenant = s.tenant AND b.service = s.key AND b.category <> 'cancelled'
				AND (b.attributes->>'period_start')::date <= $3 AND (b.attributes->>'period_end')::date > $3 - $1
			ORDER BY (b.attributes->>'period_start')::date DESC LIMIT 1
		) b ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN b.record IS NULL THEN 'has no budget for the period'
			ELSE nullif(concat_ws('; ', itsm.lacking(b.attributes, 'budget', 'actual', 'forecast'),
				CASE WHEN abs(b.cost - b.budget) > b.budget * 10 / 100 AND coalesce(b.attributes->>'decision', '') = '' THEN 'costs deviate from the budget, and nothing is decided' END), '') END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.4.1-2', clause => '8.4.1', kind => 'I', grade => 'obs',
	title => 'Changes that are charged have an estimate of their cost, which somebody approved (those recorded in the last 12 months, or the interval set)',
	needs => '{change,change.chargeable}', remedy => 'Fill in cost_estimate and cost_approved_by.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		CROSS JOIN LATERAL (SELECT itsm.lacking(c.attributes, 'cost_estimate', 'cost_approved_by') AS problem OFFSET 0) p
	WHERE c.approved AND (c.attributes->>'chargeable')::boolean AND c.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.4.2-1', clause => '8.4.2', kind => 'T', grade => 'minor', parameter => '12 mo',
	title => 'Demand for services in scope was determined, and forecast, within the interval',
	needs => '{service,demand}', remedy => 'Record the demand of the service, now and expected.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT d.tenant, d.service, max((d.attributes->>'determined_at')::date) AS determined_at
			FROM itsm.compliance_record d
			WHERE d.process = 'demand' AND d.category <> 'cancelled' AND d.attributes->>'current_demand' IS NOT NULL AND d.attributes->>'forecast_demand' IS NOT NULL
			GROUP BY 1, 2
		) d ON d.tenant = s.tenant AND d.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN d.determined_at IS NULL THEN 'its demand was never determined and forecast'
			WHEN d.determined_at < $3 - $1 THEN 'its demand was last determined longer ago than the interval' END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.4.2-2', clause => '8.4.2', kind => 'T', grade => 'minor', parameter => '1 mo',
	title => 'Consumption of services in scope is measured in each period (the interval)',
	needs => '{service,measurement,measurement.service}', remedy => 'Record a measurement of kind consumption of the service for each period.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT v.tenant, v.service, max((v.attributes->>'period_end')::date) AS last_end
			FROM itsm.compliance_record v WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND v.attributes->>'kind' = 'consumption' GROUP BY 1, 2
		) v ON v.tenant = s.tenant AND v.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN v.last_end IS NULL THEN 'its consumption was never measured'
			WHEN v.last_end < $3 - 2 * $1 THEN 'its consumption was not measured in the last period' END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.4.3-1', clause => '8.4.3', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'Capacity requirements of services in scope (human, technical, information and financial resources) are documented, and were approved or reviewed within the interval',
	needs => '{service,requirement,requirement.resource_kind}', remedy => 'Record requirements of kind capacity for each kind of resource, and review them.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT r.tenant, r.service, array_agg(r.attributes->>'resource_kind') AS kinds,
				min(coalesce(greatest((r.attributes->>'reviewed_at')::date, (r.attributes->>'approved_at')::date)::timestamptz, r.opened_at)) AS reviewed_at
			FROM itsm.compliance_record r
			WHERE r.process = 'requirement' AND r.category = 'active' AND r.attributes->>'kind' = 'capacity'
			GROUP BY 1, 2
		) r ON r.tenant = s.tenant AND r.service = s.key
		CROSS JOIN LATERAL (
			SELECT coalesce('no capacity requirement for resources of kind ' || string_agg(k.kind, ', ' ORDER BY k.number),
				CASE WHEN r.reviewed_at < $3 - $1 THEN 'its capacity requirements were last reviewed longer ago than the interval' END) AS problem
			FROM unnest('{human,technical,information,financial}'::text[]) WITH ORDINALITY k(kind, number)
			WHERE k.kind <> ALL (coalesce(r.kinds, '{}'))
		) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.4.3-2', clause => '8.4.3', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'The capacity plan has, for each service in scope, capacity now and expected, what agreed targets do to it, and when or at what threshold it has to change, reviewed within the interval',
	needs => '{service,capacity}', remedy => 'Record or complete the lines of the capacity plan for the service; review them (reviewed_at).', query => $query$
	SELECT coalesce(c.key, s.key), coalesce(c.record, s.record), p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN itsm.compliance_record c ON c.process = 'capacity' AND c.category = 'active' AND c.tenant = s.tenant AND c.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN c.record IS NULL THEN 'is not in the capacity plan'
			ELSE nullif(concat_ws('; ', itsm.lacking(c.attributes, 'current_capacity', 'forecast_capacity', 'expected_impact', 'timescale'),
				CASE WHEN coalesce((c.attributes->>'reviewed_at')::date::timestamptz, c.opened_at) < $3 - $1 THEN 'was last reviewed longer ago than the interval' END), '') END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.4.3-3', clause => '8.4.3', kind => 'T', grade => 'minor',
	title => 'Where a threshold of capacity was passed, something was done, or the risk accepted (measurements of the last 12 months, or the interval set)',
	needs => '{measurement,measurement.action}', remedy => 'Fill in action: what is done, or the risk that was accepted.', query => $query$
	SELECT v.key, v.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record v
		LEFT JOIN itsm.compliance_record m ON m.process = 'metric' AND m.tenant = v.tenant AND m.key = v.attributes->>'metric'
		CROSS JOIN LATERAL (SELECT coalesce((v.attributes->>'deviation')::boolean, CASE m.attributes->>'direction'
			WHEN 'at_least' THEN (v.attributes->>'value')::numeric < coalesce((v.attributes->>'target')::numeric, (m.attributes->>'target')::numeric)
			ELSE (v.attributes->>'value')::numeric > coalesce((v.attributes->>'target')::numeric, (m.attributes->>'target')::numeric) END) AS passed OFFSET 0) t
		CROSS JOIN LATERAL (SELECT CASE WHEN t.passed AND coalesce(v.attributes->>'action', '') = '' THEN 'the threshold was passed, and nothing was done' END AS problem OFFSET 0) p
	WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND v.attributes->>'kind' = 'capacity' AND (v.attributes->>'period_end')::date > $3 - coalesce($1, '12 mons')
$query$);
