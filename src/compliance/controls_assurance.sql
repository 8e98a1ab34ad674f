-- Controls of availability, continuity and information security (ISO/IEC 20000-1, 8.7).

SELECT itsm.define_control(id => '8.7.1-1', clause => '8.7.1', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'Availability requirements and targets of services in scope are documented, and these and the risks to them were reviewed within the interval',
	needs => '{service,requirement,requirement.service}', remedy => 'Record a requirement of kind availability with its target, and review it and its risks (reviewed_at).', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT r.tenant, r.service, bool_and(r.attributes->>'target' IS NOT NULL) AS targets,
				min(coalesce(greatest((r.attributes->>'reviewed_at')::date, (r.attributes->>'approved_at')::date)::timestamptz, r.opened_at)) AS reviewed_at
			FROM itsm.compliance_record r WHERE r.process = 'requirement' AND r.category = 'active' AND r.attributes->>'kind' = 'availability' GROUP BY 1, 2
		) r ON r.tenant = s.tenant AND r.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN r.service IS NULL THEN 'has no availability requirement'
			WHEN NOT r.targets THEN 'an availability requirement has no target'
			WHEN r.reviewed_at < $3 - $1 THEN 'its availability requirements were last reviewed longer ago than the interval' END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.7.1-2', clause => '8.7.1', kind => 'V', grade => 'major', parameter => '1 mo',
	title => 'Availability of services in scope is measured in each period (the interval) and compared with its target, and what was missed, or out unplanned in the last 12 months, is looked into',
	needs => '{service,measurement,measurement.service}', remedy => 'Record a measurement of kind availability for each period; fill in cause and action of misses and unplanned outages.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT v.tenant, v.service, max((v.attributes->>'period_end')::date) AS last_end,
				count(*) FILTER (WHERE (v.attributes->>'target' IS NULL AND m.attributes->>'target' IS NULL)) AS without_target,
				count(*) FILTER (WHERE coalesce((v.attributes->>'deviation')::boolean,
						(v.attributes->>'value')::numeric < coalesce((v.attributes->>'target')::numeric, (m.attributes->>'target')::numeric))
					AND (coalesce(v.attributes->>'cause', '') = '' OR coalesce(v.attributes->>'action', '') = '')) AS unanswered
			FROM itsm.compliance_record v
				LEFT JOIN itsm.compliance_record m ON m.process = 'metric' AND m.tenant = v.tenant AND m.key = v.attributes->>'metric'
			WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND v.attributes->>'kind' = 'availability' AND (v.attributes->>'period_end')::date > $3 - interval '12 mons'
			GROUP BY 1, 2
		) v ON v.tenant = s.tenant AND v.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN v.last_end IS NULL THEN 'its availability was not measured'
			WHEN v.last_end < $3 - 2 * $1 THEN 'its availability was not measured in the last period'
			WHEN v.without_target > 0 THEN 'its availability is compared with no target'
			WHEN v.unanswered > 0 THEN format('missed its target in %s periods without a cause or an action', v.unanswered) END AS problem OFFSET 0) p
	WHERE s.in_scope
	UNION ALL
	SELECT o.key, o.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record o
		CROSS JOIN LATERAL (SELECT CASE WHEN o.category = 'closed' OR o.resolved_at < $3 - $1 THEN nullif(concat_ws('; ', itsm.lacking(o.attributes, 'cause'),
			CASE WHEN coalesce(nullif(o.attributes->>'action', ''), nullif(o.attributes->>'problem', ''), o.attributes->>'incident', '') = '' THEN 'nothing follows from it' END), '') END AS problem OFFSET 0) p
	WHERE o.process = 'outage' AND (o.attributes->>'planned')::boolean IS NOT TRUE AND o.category = ANY ('{active,resolved,closed}')
		AND coalesce((o.attributes->>'started_at')::timestamptz, o.opened_at) > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.7.1-3', clause => '8.7.1', kind => 'I', grade => 'minor',
	title => 'Availability as reported is what outages and agreed hours give, within 0.1 unless set (months of the last 12)',
	needs => '{measurement,measurement.service}', remedy => 'Find out which of the two is wrong: the report, or the outages and the target (itsm_report.availability_monthly).', query => $query$
	SELECT v.key, v.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record v
		LEFT JOIN itsm_report.availability_monthly a ON a.tenant = v.tenant AND a.service = v.service AND a.month = (v.attributes->>'period_start')::date
			AND a.month + interval '1 month' = (v.attributes->>'period_end')::date
		CROSS JOIN LATERAL (SELECT coalesce((v.attributes->>'reported_value')::numeric, (v.attributes->>'value')::numeric) AS reported,
			coalesce(a.availability, CASE WHEN v.attributes->>'reported_value' IS NOT NULL THEN (v.attributes->>'value')::numeric END) AS computed OFFSET 0) x
		CROSS JOIN LATERAL (SELECT CASE WHEN abs(x.reported - x.computed) > coalesce($2, 0.1)
			THEN format('reported as %s, computed as %s', x.reported, x.computed) END AS problem OFFSET 0) p
	WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND v.attributes->>'kind' = 'availability' AND (v.attributes->>'period_end')::date > $3 - interval '12 mons'
		AND x.computed IS NOT NULL AND x.reported IS NOT NULL
$query$);

SELECT itsm.define_control(id => '8.7.2-1', clause => '8.7.2', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'Critical services (criticality high or critical) have an approved continuity plan: when it is invoked and by whom, how to go on, targets, what recovery needs, the return to normal',
	needs => '{service,service.criticality,continuity_plan}', remedy => 'Complete the plan of the service, and have it approved within the interval.', query => $query$
	SELECT s.key, coalesce(c.record, s.record), p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN itsm.compliance_record c ON c.process = 'continuity_plan' AND c.category = 'active' AND c.tenant = s.tenant AND c.service = s.key
		LEFT JOIN itsm.document_in_force d ON c.record IS NOT NULL AND d.kind = 'continuity_plan' AND d.tenant = c.tenant AND d.key = c.attributes->>'document'
		CROSS JOIN LATERAL (SELECT CASE WHEN c.record IS NULL THEN 'has no continuity plan'
			ELSE nullif(concat_ws('; ', itsm.lacking(coalesce(c.attributes, '{}') || jsonb_build_object('approved_by', coalesce(c.attributes->>'approved_by', d.approver)),
					'invocation_criteria', 'responsibilities', 'procedures', 'targets', 'recovery_requirements', 'return_to_normal', 'approved_by'),
				CASE WHEN greatest((c.attributes->>'approved_at')::date::timestamptz, d.reviewed_at) < $3 - $1 THEN 'was last approved longer ago than the interval' END), '') END AS problem OFFSET 0) p
	WHERE s.in_scope AND s.attributes->>'criticality' = ANY ('{high,critical}')
$query$);

SELECT itsm.define_control(id => '8.7.2-2', clause => '8.7.2', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'Continuity plans are tested within the interval, and again within it after a change of major impact to their service',
	needs => '{continuity_plan,continuity_test,continuity_test.plan}', remedy => 'Test the plan, and record the test with held_at.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT t.tenant, t.attributes->>'plan' AS plan, max(coalesce((t.attributes->>'held_at')::date::timestamptz, t.resolved_at)) AS held_at
			FROM itsm.compliance_record t WHERE t.process = 'continuity_test' AND t.state = ANY ('{completed,reviewed,closed}') GROUP BY 1, 2
		) t ON t.tenant = c.tenant AND t.plan = c.key
		LEFT JOIN (
			SELECT x.tenant, x.service, max(x.ended_at) AS at
			FROM itsm.controlled_change x
			WHERE x.ended AND ((x.attributes->>'major_impact')::boolean OR x.attributes->>'service_change' = 'major') AND x.ended_at < $3 - interval '3 mons' GROUP BY 1, 2
		) x ON x.tenant = c.tenant AND x.service = c.service
		CROSS JOIN LATERAL (SELECT CASE WHEN t.held_at IS NULL AND c.opened_at > $3 - $1 THEN NULL
			WHEN t.held_at IS NULL THEN 'was never tested'
			WHEN t.held_at < $3 - $1 THEN 'was last tested longer ago than the interval'
			WHEN t.held_at < x.at THEN 'was not tested within three months after a major change of its service' END AS problem OFFSET 0) p
	WHERE c.process = 'continuity_plan' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.7.2-3', clause => '8.7.2', kind => 'V', grade => 'major',
	title => 'Tests of continuity plans have a result and are reviewed within 30 days, or the interval set, as are uses in earnest, and deficiencies lead to actions (those of the last 24 months)',
	needs => '{continuity_test}', remedy => 'Record the result; review the test or use; name the actions that follow from deficiencies.', query => $query$
	SELECT t.key, t.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record t
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(t.attributes, 'result'),
			CASE WHEN t.state = ANY ('{completed,aborted}') AND t.resolved_at < $3 - coalesce($1, '30 days') OR t.category = 'closed' AND coalesce(t.attributes->>'reviewer', '') = '' THEN 'was not reviewed' END,
			CASE WHEN t.attributes->>'deficiencies' <> '' AND coalesce(t.attributes->>'actions', '') = '' AND coalesce(t.attributes->>'corrective_actions', '{}') = '{}'
				THEN 'found deficiencies, and nothing follows from them' END), '') AS problem OFFSET 0) p
	WHERE t.process = 'continuity_test' AND t.category = ANY ('{resolved,closed}') AND t.opened_at > $3 - interval '24 mons'
	UNION ALL
	SELECT n.key, n.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record n
		CROSS JOIN LATERAL (SELECT CASE WHEN n.category = 'closed' OR n.resolved_at < $3 - coalesce($1, '30 days')
			THEN itsm.lacking(n.attributes, 'reviewed_at', 'actions') END AS problem OFFSET 0) p
	WHERE n.process = 'continuity_invocation' AND n.category = ANY ('{resolved,closed}') AND n.opened_at > $3 - interval '24 mons'
$query$);

SELECT itsm.define_control(id => '8.7.2-4', clause => '8.7.2', kind => 'I', grade => 'minor',
	title => 'Recovery was reached in tests and in earnest within the time and to the point required, or actions follow (those of the last 24 months)',
	needs => '{continuity_test,continuity_test.achieved_rto}', remedy => 'Name the actions, or change the plan so that its objectives can be met.', query => $query$
	SELECT t.key, t.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record t
		LEFT JOIN itsm.compliance_record c ON c.process = 'continuity_plan' AND c.tenant = t.tenant AND c.key = t.attributes->>'plan'
		CROSS JOIN LATERAL (SELECT concat_ws(' and ',
			CASE WHEN (t.attributes->>'achieved_rto')::interval > coalesce((t.attributes->>'required_rto')::interval, (c.attributes->>'required_rto')::interval) THEN 'recovery time' END,
			CASE WHEN (t.attributes->>'achieved_rpo')::interval > coalesce((t.attributes->>'required_rpo')::interval, (c.attributes->>'required_rpo')::interval) THEN 'recovery point' END) AS missed OFFSET 0) m
		CROSS JOIN LATERAL (SELECT CASE WHEN m.missed <> '' AND coalesce(t.attributes->>'actions', '') = '' AND coalesce(t.attributes->>'corrective_actions', '{}') = '{}'
			THEN 'missed the required ' || m.missed || ', and nothing follows from it' END AS problem OFFSET 0) p
	WHERE t.process = ANY ('{continuity_test,continuity_invocation}') AND t.category = ANY ('{resolved,closed}') AND t.opened_at > $3 - interval '24 mons'
		AND (t.attributes->>'achieved_rto' IS NOT NULL OR t.attributes->>'achieved_rpo' IS NOT NULL)
$query$);

SELECT itsm.define_control(id => '8.7.2-5', clause => '8.7.2', kind => 'I', grade => 'minor',
	title => 'Continuity plans can be had where the normal places cannot be reached',
	needs => '{continuity_plan,continuity_plan.alternate_location}', remedy => 'Keep a copy elsewhere, and say where in alternate_location.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN itsm.document_in_force d ON d.tenant = c.tenant AND d.key = c.attributes->>'document'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(nullif(c.attributes->>'alternate_location', ''), d.attributes->>'alternate_location', '') = ''
			THEN 'nothing says where a copy is kept' END AS problem OFFSET 0) p
	WHERE c.process = 'continuity_plan' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.7.2-6', clause => '8.7.2', kind => 'I', grade => 'major',
	title => 'Cause, impact and recovery of each use of a continuity plan are reported',
	needs => '{continuity_invocation}', remedy => 'Fill in cause, effect, recovery and reported_at.', query => $query$
	SELECT n.key, n.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record n
		CROSS JOIN LATERAL (SELECT itsm.lacking(n.attributes, 'cause', 'effect', 'recovery', 'reported_at') AS problem OFFSET 0) p
	WHERE n.process = 'continuity_invocation' AND n.category = ANY ('{resolved,closed}')
$query$);

SELECT itsm.define_control(id => '8.7.3-1', clause => '8.7.3.1', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'The information security policy is in force, approved by top management, and made known',
	needs => '{document,document.kind,role.top_management,role_assignment,communication}', remedy => 'Have a document of kind infosec_policy approved by top management and put into force; record its communication.', query => $query$
	SELECT c.subject, c.record, p.problem IS NULL, p.problem
	FROM itsm.control_document('infosec_policy', $1, $3) c
		LEFT JOIN itsm.document_in_force d ON d.record = c.record AND d.kind = 'infosec_policy'
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', c.problem,
			CASE WHEN d.approver <> '' AND NOT EXISTS (
				SELECT FROM itsm.role_holder h
				WHERE h.tenant = d.tenant AND h.top_management AND h.person_key = itsm.person_key(d.approver) AND h.during @> d.reviewed_at::date)
			THEN 'whoever approved it held no role of top management' END,
			CASE WHEN d.record IS NOT NULL AND NOT EXISTS (
				SELECT FROM itsm.compliance_record m
				WHERE m.process = 'communication' AND m.category <> 'cancelled' AND m.tenant = d.tenant AND m.attributes->>'document' = d.key)
			THEN 'was not made known' END), '') AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '8.7.3-2', clause => '8.7.3.2', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'Risks to information security are assessed within the interval and met by controls that are in operation and reviewed for their effectiveness',
	needs => '{risk,risk.kind,risk.assessed_at,security_control}', remedy => 'Assess risks of kind security again; name controls for them; review these (reviewed_at, effectiveness).', query => $query$
	SELECT coalesce(r.key, 'risks to information security'), r.record, p.problem IS NULL, p.problem
	FROM (SELECT) one
		LEFT JOIN itsm.compliance_record r ON r.process = 'risk' AND r.category <> 'closed' AND r.attributes->>'kind' = 'security'
		LEFT JOIN (
			SELECT c.tenant, c.attributes->>'risk' AS risk, bool_or((c.attributes->>'operated')::boolean) AS operated
			FROM itsm.compliance_record c WHERE c.process = 'security_control' AND c.category = 'active' GROUP BY 1, 2
		) c ON c.tenant = r.tenant AND c.risk = r.key
		CROSS JOIN LATERAL (SELECT CASE WHEN r.record IS NULL THEN 'none is on record'
			ELSE nullif(concat_ws('; ',
				CASE WHEN r.attributes->>'assessed_at' IS NULL THEN 'was not assessed'
					WHEN (r.attributes->>'assessed_at')::date < $3 - $1 THEN 'was last assessed longer ago than the interval' END,
				CASE WHEN c.operated IS NOT TRUE AND r.state <> ALL ('{accepted,identified}') THEN 'no control that is in operation meets it' END), '') END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record x WHERE x.process = 'risk')
	UNION ALL
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN (c.attributes->>'operated')::boolean IS NOT TRUE THEN 'is not in operation' END,
			CASE WHEN coalesce((c.attributes->>'reviewed_at')::date::timestamptz, c.opened_at) < $3 - $1 THEN 'was last reviewed longer ago than the interval'
				WHEN c.attributes->>'reviewed_at' IS NOT NULL THEN itsm.lacking(c.attributes, 'effectiveness') END), '') AS problem OFFSET 0) p
	WHERE c.process = 'security_control' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.7.3-3', clause => '8.7.3.2', kind => 'I', grade => 'major',
	title => 'With each outside party that has access to information, systems or services, controls are agreed',
	needs => '{party,party.has_access,security_control,security_control.party}', remedy => 'Record the security control that was agreed with the party (party, agreed_at).', query => $query$
	SELECT c.key, c.record, s.party IS NOT NULL, CASE WHEN s.party IS NULL THEN 'has access, and no control is agreed' END
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT DISTINCT s.tenant, s.attributes->>'party' AS party
			FROM itsm.compliance_record s WHERE s.process = 'security_control' AND s.category = 'active' AND s.attributes->>'agreed_at' IS NOT NULL
		) s ON s.tenant = c.tenant AND s.party = c.key
	WHERE c.process = 'party' AND c.category = 'active' AND (c.attributes->>'has_access')::boolean
$query$);

SELECT itsm.define_control(id => '8.7.3-4', clause => '8.7.3.3', kind => 'I', grade => 'major',
	title => 'Information security incidents are classified, prioritised, assigned, escalated where they have to be, and resolved before they are closed (those opened in the last 12 months, or the interval set)',
	needs => '{incident,incident.security}', remedy => 'Fill in security_type, priority and whoever works on it; escalated_to for the two highest priorities; resolution.', query => $query$
	SELECT i.key, i.record, p.problem IS NULL, 'lacks ' || p.problem
	FROM itsm.compliance_record i
		CROSS JOIN LATERAL (SELECT nullif(concat_ws(', ',
			CASE WHEN coalesce(nullif(i.attributes->>'security_type', ''), i.classification, '') = '' THEN 'security type' END,
			CASE WHEN i.priority IS NULL THEN 'priority' END,
			CASE WHEN i.category <> 'new' AND coalesce(nullif(i.assignee, ''), i.assignment_group, '') = '' THEN 'somebody assigned' END,
			CASE WHEN i.priority <= 2 AND i.category <> 'new' AND coalesce(i.attributes->>'escalated_to', '') = '' AND i.attributes->>'escalated_at' IS NULL THEN 'escalation' END,
			CASE WHEN i.category = ANY ('{resolved,closed}') AND coalesce(i.resolution, '') = '' THEN 'resolution' END), '') AS problem OFFSET 0) p
	WHERE i.process = 'incident' AND (i.attributes->>'security')::boolean AND i.category <> 'cancelled' AND i.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.7.3-5', clause => '8.7.3.3', kind => 'T', grade => 'minor', parameter => '3 mo',
	title => 'Information security incidents are analysed by type, volume and impact within the interval, and improvements follow',
	needs => '{incident,incident.security,analysis}', remedy => 'Record an analysis of the subject security_incident with its result, and what follows in actions.', query => $query$
	SELECT a.subject, a.record, p.problem IS NULL, p.problem
	FROM itsm.control_analysis('security_incident', 'incident', $1, $3) a
		LEFT JOIN itsm.compliance_record r ON r.process = 'analysis' AND r.record = a.record
		CROSS JOIN LATERAL (SELECT coalesce(a.problem, CASE WHEN coalesce(r.attributes->>'actions', '{}') = '{}' THEN 'no improvement follows from the analysis' END) AS problem OFFSET 0) p
	WHERE EXISTS (
		SELECT FROM itsm.compliance_record i
		WHERE i.process = 'incident' AND (i.attributes->>'security')::boolean AND i.opened_at > $3 - interval '12 mons')
$query$);
