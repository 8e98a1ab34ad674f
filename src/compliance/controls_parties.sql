-- Controls of relationships, agreements and suppliers (ISO/IEC 20000-1, 8.3).

SELECT itsm.define_control(id => '8.3.1-1', clause => '8.3.1', kind => 'I', grade => 'minor',
	title => 'Parties to a service in scope have an agreement of the right kind in force: customers an SLA, external suppliers a contract, internal suppliers an OLA, customers who act as suppliers theirs',
	needs => '{service,service_party}', remedy => 'Make the agreement or contract, and put it into force.', query => $query$
	SELECT format('%s: %s', l.service, l.attributes->>'party'), l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		JOIN itsm.controlled_service s ON s.tenant = l.tenant AND s.key = l.service AND s.in_scope
		CROSS JOIN LATERAL (SELECT CASE l.attributes->>'kind' WHEN 'customer' THEN 'sla' WHEN 'internal_supplier' THEN 'ola' WHEN 'customer_as_supplier' THEN 'customer_as_supplier' END AS agreement OFFSET 0) k
		CROSS JOIN LATERAL (SELECT CASE
			WHEN k.agreement IS NOT NULL AND NOT EXISTS (
				SELECT FROM itsm.compliance_record a
				WHERE a.process = 'agreement' AND a.tenant = l.tenant AND a.state = 'in_force' AND a.attributes->>'kind' = k.agreement
					AND a.service = l.service AND a.attributes->>'party' = l.attributes->>'party')
				THEN format('no agreement of kind %s is in force', k.agreement)
			WHEN l.attributes->>'kind' = 'external_supplier' AND NOT EXISTS (
				SELECT FROM itsm.compliance_record c
				WHERE c.process = 'contract' AND c.tenant = l.tenant AND c.state = ANY ('{active,amended,in_dispute,expiring}')
					AND c.attributes->>'supplier' = l.attributes->>'party' AND coalesce(c.service, '') = ANY (ARRAY['', l.service]))
				THEN 'no contract is in force' END AS problem OFFSET 0) p
	WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' = ANY ('{customer,external_supplier,internal_supplier,customer_as_supplier}')
$query$);

SELECT itsm.define_control(id => '8.3.2-1', clause => '8.3.2', kind => 'I', grade => 'major',
	title => 'Customers have somebody who owns the relationship, and services in scope have a customer',
	needs => '{party,party.kind,party.owner,service,service_party}', remedy => 'Name the owner of the party; record who the customers of the service are.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT itsm.lacking(c.attributes, 'owner') AS problem OFFSET 0) p
	WHERE c.process = 'party' AND c.category = 'active' AND c.attributes->>'kind' = 'customer'
	UNION ALL
	SELECT s.key, s.record, l.service IS NOT NULL, CASE WHEN l.service IS NULL THEN 'has no customer' END
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT DISTINCT l.tenant, l.service FROM itsm.compliance_record l
			WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' = 'customer'
		) l ON l.tenant = s.tenant AND l.service = s.key
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.3.2-2', clause => '8.3.2', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'The performance of services is reviewed with each customer within the interval, or that of the party, with minutes and actions',
	needs => '{party,party.kind,performance_review}', remedy => 'Hold the review, and record its minutes and actions ("none" where there are none).', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN LATERAL (
			SELECT (r.attributes->>'held_at')::date AS held_at, r.attributes
			FROM itsm.compliance_record r
			WHERE r.process = 'performance_review' AND r.tenant = c.tenant AND r.category = ANY ('{resolved,closed}') AND r.attributes->>'kind' = 'customer' AND r.attributes->>'party' = c.key
			ORDER BY 1 DESC NULLS LAST LIMIT 1
		) r ON true
		CROSS JOIN LATERAL (SELECT coalesce((c.attributes->>'review_interval')::interval, $1) AS period OFFSET 0) i
		CROSS JOIN LATERAL (SELECT CASE WHEN r.held_at IS NULL AND c.opened_at > $3 - i.period THEN NULL
			WHEN r.held_at IS NULL THEN 'there was no review with this customer'
			WHEN r.held_at < $3 - i.period THEN 'the last review with this customer was longer ago than the interval'
			ELSE itsm.lacking(r.attributes, 'minutes', 'actions') END AS problem OFFSET 0) p
	WHERE c.process = 'party' AND c.category = 'active' AND c.attributes->>'kind' = 'customer'
$query$);

SELECT itsm.define_control(id => '8.3.2-3', clause => '8.3.2', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'Within the interval the satisfaction of customers was measured, one in ten of those asked answered, and the result was analysed',
	needs => '{party,satisfaction}', remedy => 'Measure satisfaction of the service''s customers or of all, and record analysis and analysed_at.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record s
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', CASE WHEN (s.attributes->>'answered')::numeric < (s.attributes->>'asked')::numeric * 10 / 100
			OR (s.attributes->>'answered')::numeric = 0 THEN 'too few answered' END,
			CASE WHEN s.attributes->>'analysed_at' IS NULL OR coalesce(s.attributes->>'analysis', '') = '' THEN 'nobody analysed the result' END), '') AS problem OFFSET 0) p
	WHERE s.process = 'satisfaction' AND s.category <> 'cancelled' AND (s.attributes->>'measured_at')::date > $3 - $1
	UNION ALL
	SELECT 'satisfaction of customers', NULL, false, 'was not measured within the interval'
	WHERE EXISTS (SELECT FROM itsm.compliance_record c WHERE c.process = 'party' AND c.category = 'active' AND c.attributes->>'kind' = 'customer')
		AND NOT EXISTS (SELECT FROM itsm.compliance_record s WHERE s.process = 'satisfaction' AND s.category <> 'cancelled' AND (s.attributes->>'measured_at')::date > $3 - $1)
$query$);

SELECT itsm.define_control(id => '8.3.2-4', clause => '8.3.2', kind => 'V', grade => 'major',
	title => 'Complaints have an owner, are investigated and acted upon, answered, and closed with the complainant informed (those of the last 12 months, or the interval set, and open ones)',
	needs => '{complaint}', remedy => 'Fill in owner, action and resolution, and customer_informed_at before the complaint is closed.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			itsm.lacking(c.attributes, VARIADIC CASE WHEN c.category = ANY ('{resolved,closed}') THEN '{customer,owner,action}'::text[]
				WHEN c.category = 'new' THEN '{customer}' ELSE '{customer,owner}' END),
			CASE WHEN c.category = ANY ('{resolved,closed}') AND coalesce(c.resolution, '') = '' THEN 'was not answered' END,
			CASE WHEN c.category = 'closed' AND c.attributes->>'customer_informed_at' IS NULL THEN 'closed without the complainant having been informed' END), '') AS problem OFFSET 0) p
	WHERE c.process = 'complaint' AND c.category <> 'cancelled' AND (c.category <> 'closed' OR c.opened_at > $3 - coalesce($1, '12 mons'))
$query$);

SELECT itsm.define_control(id => '8.3.2-5', clause => '8.3.2', kind => 'T', grade => 'minor',
	title => 'Complaints that are not resolved are escalated before their limit (escalate_by; 30 days, or the interval set, where that is not filled; those of the last 12 months, and open ones)',
	needs => '{complaint}', remedy => 'Escalate the complaint; fill in escalated_at.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN itsm.record_state s ON s.record = c.record AND s.tenant = c.tenant AND s.state = 'escalated'
		CROSS JOIN LATERAL (SELECT coalesce((c.attributes->>'escalate_by')::timestamptz, c.opened_at + coalesce($1, '30 days')) AS by,
			coalesce((c.attributes->>'escalated_at')::timestamptz, s.entered_at) AS at OFFSET 0) e
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(c.resolved_at, c.closed_at, $3) > e.by AND (e.at <= e.by) IS NOT TRUE
			THEN CASE WHEN e.at IS NULL THEN 'was neither resolved nor escalated in time' ELSE 'was escalated too late' END END AS problem OFFSET 0) p
	WHERE c.process = 'complaint' AND c.category <> 'cancelled' AND (c.category <> 'closed' OR c.opened_at > $3 - interval '12 mons')
$query$);

SELECT itsm.define_control(id => '8.3.3-1', clause => '8.3.3', kind => 'D', grade => 'major',
	title => 'For each live service in scope and each of its customers an SLA is in force, agreed by both sides, with targets, workload limits and exceptions',
	needs => '{service,service_party,agreement}', remedy => 'Make the SLA, have it approved by both sides (provider_approved_by, party_approved_by), and put it into force.', query => $query$
	SELECT format('%s: %s', l.service, l.attributes->>'party'), coalesce(a.record, l.record), p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		JOIN itsm.controlled_service s ON s.tenant = l.tenant AND s.key = l.service AND s.in_scope
		LEFT JOIN LATERAL (
			SELECT a.record, a.attributes
			FROM itsm.compliance_record a
			WHERE a.process = 'agreement' AND a.tenant = l.tenant AND a.state = 'in_force' AND a.attributes->>'kind' = 'sla' AND a.service = l.service
				AND a.attributes->>'party' = l.attributes->>'party'
			ORDER BY a.record DESC LIMIT 1
		) a ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN a.record IS NULL THEN 'no SLA is in force'
			ELSE nullif(concat_ws('; ', itsm.lacking(a.attributes, 'provider_approved_by', 'party_approved_by', 'targets', 'workload_limits', 'exceptions'),
				CASE WHEN (a.attributes->>'valid_to')::date < $3::date THEN 'has run out' END), '') END AS problem OFFSET 0) p
	WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' = 'customer'
$query$);

SELECT itsm.define_control(id => '8.3.3-2', clause => '8.3.3', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'SLAs are reviewed within the interval, or their own, and what was agreed in the review is followed',
	needs => '{agreement,performance_review}', remedy => 'Hold the review of the SLA; record minutes and, where targets were missed, actions.', query => $query$
	SELECT a.key, a.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record a
		LEFT JOIN LATERAL (
			SELECT (r.attributes->>'held_at')::date AS held_at, r.attributes
			FROM itsm.compliance_record r
			WHERE r.process = 'performance_review' AND r.tenant = a.tenant AND r.category = ANY ('{resolved,closed}') AND r.attributes->>'agreement' = a.key
			ORDER BY 1 DESC NULLS LAST LIMIT 1
		) r ON true
		CROSS JOIN LATERAL (SELECT coalesce((a.attributes->>'review_interval')::interval, $1) AS period OFFSET 0) i
		CROSS JOIN LATERAL (SELECT CASE
			WHEN r.held_at IS NULL AND coalesce((a.attributes->>'valid_from')::date::timestamptz, a.opened_at) > $3 - i.period THEN NULL
			WHEN r.held_at IS NULL THEN 'was never reviewed'
			WHEN r.held_at < $3 - i.period THEN 'was last reviewed longer ago than the interval'
			WHEN r.attributes->>'gaps' <> '' AND coalesce(r.attributes->>'actions', '') = '' THEN 'targets were missed, and the review agreed on nothing'
			ELSE itsm.lacking(r.attributes, 'minutes') END AS problem OFFSET 0) p
	WHERE a.process = 'agreement' AND a.state = 'in_force' AND a.attributes->>'kind' = 'sla'
$query$);

SELECT itsm.define_control(id => '8.3.3-3', clause => '8.3.3', kind => 'T', grade => 'major',
	title => 'Targets of SLAs in force are measured in each period (a month, where the target says no other), and misses of the last 12 months, or the interval set, have a cause and an action',
	needs => '{agreement,agreement_target,measurement,measurement.agreement_target}', remedy => 'Record the measurement of the period; where the target was missed, cause and action.', query => $query$
	SELECT t.key, t.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record t
		JOIN itsm.compliance_record a ON a.process = 'agreement' AND a.tenant = t.tenant AND a.key = t.attributes->>'agreement' AND a.state = 'in_force' AND a.attributes->>'kind' = 'sla'
		LEFT JOIN (
			SELECT v.tenant, v.target, max(v.period_end) AS last_end, bool_or(v.period_start >= v.covered + v.period) AS gap, sum(v.unanswered) AS unanswered
			FROM (
					SELECT v.tenant, v.attributes->>'agreement_target' AS target, (v.attributes->>'period_start')::date AS period_start, (v.attributes->>'period_end')::date AS period_end,
						coalesce((g.attributes->>'period')::interval, '1 mon') AS period,
						max((v.attributes->>'period_end')::date) OVER (PARTITION BY v.tenant, v.attributes->>'agreement_target' ORDER BY (v.attributes->>'period_start')::date, v.record
							ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered,
						CASE WHEN (coalesce((v.attributes->>'deviation')::boolean, false)
								OR CASE g.attributes->>'direction' WHEN 'at_most' THEN (v.attributes->>'value')::numeric > (g.attributes->>'target')::numeric
									ELSE (v.attributes->>'value')::numeric < (g.attributes->>'target')::numeric END)
							AND (coalesce(v.attributes->>'cause', '') = '' OR coalesce(v.attributes->>'action', '') = '') THEN 1 ELSE 0 END AS unanswered
					FROM itsm.compliance_record v
						JOIN itsm.compliance_record g ON g.process = 'agreement_target' AND g.tenant = v.tenant AND g.key = v.attributes->>'agreement_target'
					WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND (v.attributes->>'period_end')::date > $3 - coalesce($1, '12 mons')
				) v
			GROUP BY v.tenant, v.target
		) v ON v.tenant = t.tenant AND v.target = t.key
		CROSS JOIN LATERAL (SELECT coalesce((t.attributes->>'period')::interval, '1 mon') AS period OFFSET 0) i
		CROSS JOIN LATERAL (SELECT CASE
			WHEN v.last_end IS NULL AND coalesce((a.attributes->>'valid_from')::date::timestamptz, t.opened_at) > $3 - 2 * i.period THEN NULL
			WHEN v.last_end IS NULL THEN 'was not measured'
			WHEN v.last_end < $3 - 2 * i.period THEN 'was not measured in the last period'
			WHEN v.gap THEN 'was not measured in every period'
			WHEN v.unanswered > 0 THEN format('was missed %s times without a cause or an action', v.unanswered) END AS problem OFFSET 0) p
	WHERE t.process = 'agreement_target' AND t.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.3.3-4', clause => '8.3.3', kind => 'I', grade => 'minor',
	title => 'Targets of contracts and internal agreements are not weaker than those of the SLA that they support',
	needs => '{agreement_target,agreement_target.supports}', remedy => 'Agree on a target that carries the SLA''s, or renegotiate the SLA.', query => $query$
	SELECT t.key, t.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record t
		LEFT JOIN itsm.compliance_record s ON s.process = 'agreement_target' AND s.tenant = t.tenant AND s.key = t.attributes->>'supports'
		CROSS JOIN LATERAL (SELECT CASE WHEN s.record IS NULL THEN 'the target that it supports does not exist'
			WHEN t.attributes->>'direction' <> s.attributes->>'direction' OR coalesce(t.attributes->>'unit', '') <> coalesce(s.attributes->>'unit', '') THEN 'cannot be compared with the target that it supports'
			WHEN t.attributes->>'direction' = 'at_most' AND (t.attributes->>'target')::numeric > (s.attributes->>'target')::numeric
				OR t.attributes->>'direction' = 'at_least' AND (t.attributes->>'target')::numeric < (s.attributes->>'target')::numeric THEN 'is weaker than the target that it supports' END AS problem OFFSET 0) p
	WHERE t.process = 'agreement_target' AND t.category = 'active' AND t.attributes->>'supports' <> ''
$query$);

SELECT itsm.define_control(id => '8.3.3-5', clause => '8.3.3', kind => 'I', grade => 'minor',
	title => 'Clocks of SLAs are whole: pauses have a reason, none has counted less than nothing, and clocks of one agreement on one record do not overlap (started in the last 12 months, or the interval set)',
	needs => '{}', remedy => 'Fill in hold_reason; compare with itsm.recompute_clocks.', query => $query$
	WITH clock AS MATERIALIZED (
		SELECT s.name, c.tenant, c.record, c.sla, c.number, c.started_at, c.stopped_at, c.paused_since,
			CASE WHEN c.elapsed < '0' OR c.paused < '0' OR c.stopped_at < c.started_at THEN 'has counted less than nothing'
				WHEN c.stage = 'paused' AND c.paused_since IS NULL OR c.stage = ANY ('{completed,cancelled}') AND c.stopped_at IS NULL THEN 'a pause or an end is not complete' END AS problem
		FROM itsm.clock c
			JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version
		WHERE c.started_at > $3 - coalesce($1, '12 mons')
	)
	-- what is whole is told by agreement
	SELECT format('agreement %s', c.name), NULL::bigint, true, NULL FROM clock c GROUP BY c.name
	UNION ALL
	SELECT coalesce(r.key, c.record::text), c.record, false, format('%s: the clock %s', c.name, c.problem)
	FROM clock c LEFT JOIN itsm.compliance_record r ON r.tenant = c.tenant AND r.record = c.record
	WHERE c.problem IS NOT NULL
	UNION ALL
	SELECT r.key, c.record, false, format('%s: the pause that lasts has no reason', c.name)
	FROM clock c
		JOIN itsm.compliance_record r ON r.tenant = c.tenant AND r.record = c.record
		JOIN itsm.attached_attribute t ON t.process = r.process AND t.attribute = 'hold_reason'
	WHERE c.paused_since IS NOT NULL AND c.stopped_at IS NULL AND coalesce(r.hold_reason, '') = ''
	UNION ALL
	SELECT coalesce(r.key, c.record::text), c.record, false, format('%s: two clocks overlap', c.name)
	FROM clock c
		JOIN clock o ON o.tenant = c.tenant AND o.record = c.record AND o.sla = c.sla AND o.number <> c.number
			AND o.started_at < c.started_at AND coalesce(o.stopped_at, 'infinity') > c.started_at
		LEFT JOIN itsm.compliance_record r ON r.tenant = c.tenant AND r.record = c.record
	-- all but the last of several have a number, from 1
	WHERE (c.tenant, c.record, c.sla) IN (SELECT m.tenant, m.record, m.sla FROM clock m WHERE m.number > 0)
$query$);

SELECT itsm.define_control(id => '8.3.4-1', clause => '8.3.4.1', kind => 'D', grade => 'major',
	title => 'External suppliers of services in scope have a contract in force with its scope, targets, obligations and an owner of the relationship',
	needs => '{service_party,contract}', remedy => 'Sign the contract, and fill in scope, targets, obligations and owner.', query => $query$
	SELECT l.party, coalesce(k.record, l.record), p.problem IS NULL, p.problem
	FROM (
			SELECT l.tenant, l.attributes->>'party' AS party, min(l.record) AS record
			FROM itsm.compliance_record l
				LEFT JOIN itsm.controlled_service s ON s.tenant = l.tenant AND s.key = l.service
			WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' = 'external_supplier' AND s.in_scope IS NOT FALSE
			GROUP BY 1, 2
		) l
		LEFT JOIN LATERAL (
			SELECT c.record, c.attributes
			FROM itsm.compliance_record c
			WHERE c.process = 'contract' AND c.tenant = l.tenant AND c.attributes->>'supplier' = l.party AND c.state = ANY ('{active,amended,in_dispute,expiring}')
			ORDER BY (c.attributes->>'valid_to')::date >= $3::date DESC NULLS FIRST, itsm.lacking(c.attributes, 'scope', 'targets', 'obligations', 'owner') IS NULL DESC, c.record DESC LIMIT 1
		) k ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN k.record IS NULL THEN 'no contract is in force'
			WHEN (k.attributes->>'valid_to')::date < $3::date THEN 'the contract has run out'
			ELSE itsm.lacking(k.attributes, 'scope', 'targets', 'obligations', 'owner') END AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '8.3.4-2', clause => '8.3.4.1', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'What suppliers achieve against the targets of their contract is evaluated within the interval, or that of the contract, and what falls short leads to actions',
	needs => '{contract,performance_review}', remedy => 'Record a performance review of kind supplier with its result, and actions where there are gaps.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN LATERAL (
			SELECT (r.attributes->>'held_at')::date AS held_at, r.attributes
			FROM itsm.compliance_record r
			WHERE r.process = 'performance_review' AND r.tenant = c.tenant AND r.category = ANY ('{resolved,closed}') AND r.attributes->>'kind' = 'supplier'
				AND (r.attributes->>'contract' = c.key OR coalesce(r.attributes->>'contract', '') = '' AND r.attributes->>'party' = c.attributes->>'supplier')
			ORDER BY 1 DESC NULLS LAST LIMIT 1
		) r ON true
		CROSS JOIN LATERAL (SELECT coalesce((c.attributes->>'review_interval')::interval, $1) AS period OFFSET 0) i
		CROSS JOIN LATERAL (SELECT CASE
			WHEN r.held_at IS NULL AND coalesce((c.attributes->>'valid_from')::date::timestamptz, c.opened_at) > $3 - i.period THEN NULL
			WHEN r.held_at IS NULL THEN 'the supplier was never evaluated'
			WHEN r.held_at < $3 - i.period THEN 'the supplier was last evaluated longer ago than the interval'
			WHEN r.attributes->>'gaps' <> '' AND coalesce(r.attributes->>'actions', '') = '' THEN 'the supplier fell short, and nothing follows from it'
			ELSE itsm.lacking(r.attributes, 'result') END AS problem OFFSET 0) p
	WHERE c.process = 'contract' AND c.state = ANY ('{active,amended,in_dispute,expiring}')
$query$);

SELECT itsm.define_control(id => '8.3.4-3', clause => '8.3.4.1', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'Contracts are compared with the requirements of now within the interval, and amended by a change',
	needs => '{contract,contract.requirements_reviewed_at}', remedy => 'Review the contract against the service requirements (requirements_reviewed_at, or a performance review of kind contract_requirements); name the change that amends it.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT r.tenant, r.attributes->>'contract' AS contract, max((r.attributes->>'held_at')::date) AS held_at
			FROM itsm.compliance_record r
			WHERE r.process = 'performance_review' AND r.category = ANY ('{resolved,closed}') AND r.attributes->>'kind' = 'contract_requirements' GROUP BY 1, 2
		) r ON r.tenant = c.tenant AND r.contract = c.key
		CROSS JOIN LATERAL (SELECT greatest((c.attributes->>'requirements_reviewed_at')::date, r.held_at) AS at OFFSET 0) v
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', CASE
			WHEN coalesce(v.at::timestamptz, (c.attributes->>'valid_from')::date::timestamptz, c.opened_at) < $3 - $1 THEN 'was not compared with the requirements within the interval' END,
			CASE WHEN c.state = 'amended' AND coalesce(c.attributes->>'change', '') = '' THEN 'is amended without a change' END), '') AS problem OFFSET 0) p
	WHERE c.process = 'contract' AND c.state = ANY ('{active,amended,in_dispute,expiring}')
$query$);

SELECT itsm.define_control(id => '8.3.4-4', clause => '8.3.4.1', kind => 'V', grade => 'major',
	title => 'Disputes with suppliers are recorded, and managed by somebody (named within 30 days, or the interval set) until they are settled and closed',
	needs => '{dispute}', remedy => 'Record the dispute of the contract, name its owner, and how it was settled.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record d
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN d.category <> 'new' OR d.opened_at < $3 - coalesce($1, '30 days') THEN itsm.lacking(d.attributes, 'owner') END,
			CASE WHEN d.category = ANY ('{resolved,closed}') AND coalesce(d.resolution, '') = '' THEN 'nothing says how it was settled' END,
			CASE WHEN d.category = ANY ('{new,active}') AND d.changed_at < $3 - interval '6 mons' THEN 'nothing has happened to it for six months' END), '') AS problem OFFSET 0) p
	WHERE d.process = 'dispute'
	UNION ALL
	SELECT c.key, c.record, d.contract IS NOT NULL, CASE WHEN d.contract IS NULL THEN 'the contract is in dispute, and no dispute is on record' END
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT DISTINCT d.tenant, d.attributes->>'contract' AS contract
			FROM itsm.compliance_record d WHERE d.process = 'dispute' AND d.category <> 'closed'
		) d ON d.tenant = c.tenant AND d.contract = c.key
	WHERE c.process = 'contract' AND c.state = 'in_dispute'
$query$);

SELECT itsm.define_control(id => '8.3.4-5', clause => '8.3.4.1', kind => 'I', grade => 'minor',
	title => 'It is known to whom suppliers pass work on, and each such supplier is managed by a lead supplier',
	needs => '{contract,contract.subcontractors,party,party.lead_supplier}', remedy => 'Fill in subcontractors ({none} where there are none), and lead_supplier of each of them.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (
			SELECT string_agg(n.party, ', ' ORDER BY n.party) AS unmanaged
			FROM unnest((c.attributes->>'subcontractors')::text[]) n(party)
			WHERE n.party <> 'none' AND NOT EXISTS (
				SELECT FROM itsm.compliance_record q
				WHERE q.process = 'party' AND q.tenant = c.tenant AND q.key = n.party AND q.attributes->>'lead_supplier' = c.attributes->>'supplier')
		) s
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(c.attributes->>'subcontractors', '{}') = '{}' THEN 'does not say whether work is passed on'
			ELSE 'not managed by its supplier as lead supplier: ' || s.unmanaged END AS problem OFFSET 0) p
	WHERE c.process = 'contract' AND c.state = ANY ('{active,amended,in_dispute,expiring}')
$query$);

SELECT itsm.define_control(id => '8.3.4-6', clause => '8.3.4.1', kind => 'T', grade => 'minor', parameter => '90 d',
	title => 'No contract comes within the interval of its end without a decision to renew it or a plan to leave it',
	needs => '{contract,contract.valid_to}', remedy => 'Fill in renewal_decision or exit_plan.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT CASE WHEN (c.attributes->>'valid_to')::date < $3 + $1
				AND coalesce(nullif(c.attributes->>'renewal_decision', ''), c.attributes->>'exit_plan', '') = ''
			THEN CASE WHEN (c.attributes->>'valid_to')::date < $3::date THEN 'has run out without a decision' ELSE 'ends soon, and nothing is decided' END END AS problem OFFSET 0) p
	WHERE c.process = 'contract' AND c.state = ANY ('{active,amended,in_dispute,expiring}')
$query$);

SELECT itsm.define_control(id => '8.3.4-7', clause => '8.3.4.2', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'Internal suppliers, and customers who act as suppliers, have an agreement in force with targets, and their performance was reviewed within the interval',
	needs => '{service_party,agreement,performance_review}', remedy => 'Make the agreement (kind ola or customer_as_supplier) with targets; hold the review.', query => $query$
	SELECT format('%s: %s', coalesce(nullif(l.service, ''), l.attributes->>'process'), l.attributes->>'party'), coalesce(a.record, l.record), p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		LEFT JOIN LATERAL (
			SELECT a.record, a.key, a.attributes, a.opened_at
			FROM itsm.compliance_record a
			WHERE a.process = 'agreement' AND a.tenant = l.tenant AND a.state = 'in_force' AND a.attributes->>'party' = l.attributes->>'party'
				AND a.attributes->>'kind' = CASE l.attributes->>'kind' WHEN 'internal_supplier' THEN 'ola' ELSE 'customer_as_supplier' END
				AND (coalesce(l.service, '') = '' OR a.service = l.service)
			ORDER BY a.record DESC LIMIT 1
		) a ON true
		LEFT JOIN LATERAL (
			SELECT max((r.attributes->>'held_at')::date) AS held_at
			FROM itsm.compliance_record r
			WHERE r.process = 'performance_review' AND r.tenant = l.tenant AND r.category = ANY ('{resolved,closed}')
				AND (r.attributes->>'agreement' = a.key OR coalesce(r.attributes->>'agreement', '') = '' AND r.attributes->>'party' = l.attributes->>'party')
		) r ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN a.record IS NULL THEN 'no agreement is in force'
			WHEN coalesce(a.attributes->>'targets', '') = '' AND NOT EXISTS (
				SELECT FROM itsm.compliance_record t WHERE t.process = 'agreement_target' AND t.category = 'active' AND t.tenant = l.tenant AND t.attributes->>'agreement' = a.key)
				THEN 'the agreement has no targets'
			WHEN coalesce(r.held_at::timestamptz, (a.attributes->>'valid_from')::date::timestamptz, a.opened_at) < $3 - coalesce((a.attributes->>'review_interval')::interval, $1)
				THEN 'performance was not reviewed within the interval' END AS problem OFFSET 0) p
	WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' = ANY ('{internal_supplier,customer_as_supplier}')
$query$);
