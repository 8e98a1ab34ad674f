-- Controls of incidents, service requests and problems (ISO/IEC 20000-1, 8.6).

SELECT itsm.define_control(id => '8.6.1-1', clause => '8.6.1', kind => 'I', grade => 'major',
	title => 'Incidents are recorded, classified, prioritised by impact and urgency, and assigned (those opened in the last 12 months, or the interval set)',
	needs => '{incident}', remedy => 'Fill in title, category, impact, urgency and priority, and whoever works on it.', query => $query$
	SELECT i.key, i.record, p.problem IS NULL, 'lacks ' || p.problem
	FROM itsm.compliance_record i
		CROSS JOIN LATERAL (SELECT CASE WHEN i.title <> '' AND i.classification <> '' AND i.priority IS NOT NULL AND i.impact IS NOT NULL AND i.urgency IS NOT NULL
				AND (i.category = 'new' OR i.assignee <> '' OR i.assignment_group <> '') THEN NULL
			ELSE concat_ws(', ',
				CASE WHEN coalesce(i.title, '') = '' THEN 'title' END,
				CASE WHEN coalesce(i.classification, '') = '' THEN 'category' END,
				CASE WHEN i.impact IS NULL THEN 'impact' END,
				CASE WHEN i.urgency IS NULL THEN 'urgency' END,
				CASE WHEN i.priority IS NULL THEN 'priority' END,
				CASE WHEN i.category <> 'new' AND coalesce(i.assignee, '') = '' AND coalesce(i.assignment_group, '') = '' THEN 'somebody assigned' END)
			END AS problem OFFSET 0) p
	WHERE i.process = 'incident' AND i.category <> 'cancelled' AND i.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.6.1-2', clause => '8.6.1', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'What makes an incident a major one, and how it is dealt with, is laid down',
	needs => '{document,document.kind}', remedy => 'Have a document of kind major_incident_procedure approved and put into force.', query => $query$
	SELECT d.subject, d.record, d.ok, d.problem FROM itsm.control_document('major_incident_procedure', $1, $3) d
$query$);

SELECT itsm.define_control(id => '8.6.1-3', clause => '8.6.1', kind => 'V', grade => 'major', parameter => '5 d',
	title => 'Major incidents have a responsible manager, top management is informed, and they are reviewed within the interval after service is restored (those declared in the last 12 months)',
	needs => '{major_incident}', remedy => 'Name the manager, record when top management was informed, hold the review and close the record.', query => $query$
	SELECT m.key, m.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record m
		CROSS JOIN LATERAL (SELECT coalesce((m.attributes->>'restored_at')::timestamptz, m.resolved_at) AS restored_at OFFSET 0) r
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN coalesce(m.attributes->>'manager', '') = '' THEN 'has no responsible manager' END,
			CASE WHEN m.attributes->>'informed_at' IS NULL THEN 'top management was not informed' END,
			CASE WHEN m.category = 'closed' AND coalesce(m.attributes->>'timeline', '') = '' AND coalesce(m.attributes->>'cause', '') = '' THEN 'closed without a review'
				WHEN m.category = 'closed' AND m.closed_at > r.restored_at + $1 THEN 'reviewed too late'
				WHEN m.category <> 'closed' AND r.restored_at < $3 - $1 THEN 'not reviewed in time' END), '') AS problem OFFSET 0) p
	WHERE m.process = 'major_incident' AND m.opened_at > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.6.1-4', clause => '8.6.1', kind => 'T', grade => 'major',
	title => 'Incidents are resolved within their target, or escalated before it is missed (clocks started in the last 12 months, or the interval set)',
	needs => '{incident}', remedy => 'Escalate in time: have itsm.due_clocks tell warnings before the breach, or fill in escalated_at.', query => $query$
	WITH clock AS MATERIALIZED (
		SELECT c.tenant, c.record, c.sla, s.name, c.started_at,
			CASE WHEN c.breached THEN c.breached_at WHEN c.stage = 'in_progress' AND c.due_at < $3 THEN c.due_at END AS missed_at
		FROM itsm.clock c
			JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version
			LEFT JOIN itsm.lifecycle_current l ON l.name = s.lifecycle
		WHERE s.kind = 'sla' AND 'incident' = ANY (ARRAY[s.process, l.process]) AND c.stage <> 'cancelled' AND c.started_at > $3 - coalesce($1, '12 mons')
	)
	-- what went well needs no name
	SELECT NULL::text, c.record, true, NULL::text FROM clock c WHERE c.missed_at IS NULL
	UNION ALL
	SELECT i.key, c.record, p.problem IS NULL, p.problem
	FROM clock c
		JOIN itsm.compliance_record i ON i.process = 'incident' AND i.tenant = c.tenant AND i.record = c.record
		LEFT JOIN (
			SELECT n.tenant, n.record, n.sla, n.started_at, min(n.told_at) AS told_at
			FROM itsm.clock_notice n WHERE n.share < 1
			GROUP BY n.tenant, n.record, n.sla, n.started_at
		) n ON n.tenant = c.tenant AND n.record = c.record AND n.sla = c.sla AND n.started_at = c.started_at
		CROSS JOIN LATERAL (SELECT CASE WHEN (least(n.told_at, (i.attributes->>'escalated_at')::timestamptz) <= c.missed_at) IS NOT TRUE
			THEN format('missed the target of "%s" without having been escalated before', c.name) END AS problem OFFSET 0) p
	WHERE c.missed_at IS NOT NULL
$query$);

SELECT itsm.define_control(id => '8.6.1-5', clause => '8.6.1', kind => 'I', grade => 'minor',
	title => 'Resolved incidents have a resolution, its code and what was affected, and are closed only after they were resolved (those opened in the last 12 months, or the interval set)',
	needs => '{incident}', remedy => 'Fill in resolution, resolution_code and the service or configuration item before an incident is resolved.', query => $query$
	SELECT i.key, i.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record i
		CROSS JOIN LATERAL (SELECT CASE WHEN i.resolution <> '' AND i.resolution_code <> '' AND (i.service <> '' OR i.ci <> '') AND i.resolved_at IS NOT NULL THEN NULL
			ELSE nullif(concat_ws('; ',
				'lacks ' || nullif(concat_ws(', ', CASE WHEN coalesce(i.resolution, '') = '' THEN 'resolution' END,
					CASE WHEN coalesce(i.resolution_code, '') = '' THEN 'resolution code' END,
					CASE WHEN coalesce(i.service, '') = '' AND coalesce(i.ci, '') = '' THEN 'service or configuration item' END), ''),
				CASE WHEN i.category = 'closed' AND i.resolved_at IS NULL THEN 'closed without having been resolved' END), '') END AS problem OFFSET 0) p
	WHERE i.process = 'incident' AND i.category = ANY ('{resolved,closed}') AND i.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.6.1-6', clause => '8.6.1', kind => 'I', grade => 'minor',
	title => 'Incidents are closed only with their child incidents resolved, and are reopened within limits (at most 3 times unless set; those opened in the last 12 months, or the interval set)',
	needs => '{incident}', remedy => 'Resolve the child incidents; open a new incident instead of reopening one again and again.', query => $query$
	-- few were reopened or have a parent; parents are found by their keys
	WITH incident AS MATERIALIZED (
		SELECT i.tenant, i.record, i.key, i.category, i.reopened, i.attributes->>'parent' AS parent
		FROM itsm.compliance_record i
		WHERE i.process = 'incident' AND i.opened_at > $3 - coalesce($1, '12 mons') AND (i.reopened > 0 OR i.attributes->>'parent' <> '')
	), child AS MATERIALIZED (
		SELECT c.tenant, c.parent, count(*) FILTER (WHERE c.category = ANY ('{new,active,waiting}')) AS open
		FROM incident c WHERE c.parent <> '' GROUP BY c.tenant, c.parent
	)
	SELECT i.key, i.record, p.problem IS NULL, p.problem
	FROM (
			SELECT r.tenant, r.record, r.key, r.category, r.reopened FROM incident r WHERE r.reopened > 0
			UNION
			SELECT r.tenant, r.record, r.key, r.category, r.reopened
			FROM child c
				JOIN itsm.compliance_record r ON r.process = 'incident' AND r.tenant = c.tenant AND r.key = c.parent AND r.opened_at > $3 - coalesce($1, '12 mons')
		) i
		LEFT JOIN child c ON c.tenant = i.tenant AND c.parent = i.key
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN i.category = 'closed' AND c.open > 0 THEN format('closed with %s child incidents open', c.open) END,
			CASE WHEN i.reopened > coalesce($2, 3) THEN format('reopened %s times', i.reopened) END), '') AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '8.6.1-7', clause => '8.6.1', kind => 'I', grade => 'obs',
	title => 'Incidents that a change caused name it: those with a resolution code or category that speaks of a change (opened in the last 12 months, or the interval set)',
	needs => '{incident}', remedy => 'Name the change in the incident, or relate the two by caused_by.', query => $query$
	SELECT i.key, i.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record i
		LEFT JOIN (
			SELECT DISTINCT l.tenant, l.source AS record
			FROM itsm.relationship l
				JOIN itsm.compliance_record c ON c.tenant = l.tenant AND c.record = l.target AND c.process = 'change'
			WHERE l.type = 'caused_by' AND l.ended = 0
		) l ON l.tenant = i.tenant AND l.record = i.record
		CROSS JOIN LATERAL (SELECT CASE WHEN l.record IS NULL AND coalesce(i.attributes->>'change', '') = '' THEN 'was caused by a change, and does not say which' END AS problem OFFSET 0) p
	WHERE i.process = 'incident' AND i.category = ANY ('{resolved,closed}') AND i.opened_at > $3 - coalesce($1, '12 mons')
		-- the quick comparison leaves little to the regular expression
		AND (i.attributes->>'change' <> '' OR (i.resolution_code LIKE '%hange%' OR i.classification LIKE '%hange%' OR i.resolution_code LIKE '%CHANGE%' OR i.classification LIKE '%CHANGE%')
			AND concat_ws(' ', i.resolution_code, i.classification) ~* '(^|[^a-z])change($|[^a-z])')
$query$);

SELECT itsm.define_control(id => '8.6.2-1', clause => '8.6.2', kind => 'I', grade => 'minor',
	title => 'Service requests are classified, prioritised, approved where the catalogue asks for it, and closed with an outcome (those opened in the last 12 months, or the interval set)',
	needs => '{service_request}', remedy => 'Fill in category or catalogue item, priority and outcome; where approval is required, decision and approver.', query => $query$
	SELECT r.key, r.record, p.problem IS NULL, 'lacks ' || p.problem
	FROM itsm.compliance_record r
		LEFT JOIN itsm.compliance_record c ON c.process = 'catalogue_item' AND c.tenant = r.tenant AND c.key = r.attributes->>'catalogue_item'
			AND (c.attributes->>'approval_required')::boolean
		LEFT JOIN (SELECT DISTINCT v.tenant, v.record FROM itsm.approval v WHERE v.decision = 'approved') v ON v.tenant = r.tenant AND v.record = r.record
		CROSS JOIN LATERAL (SELECT nullif(concat_ws(', ',
			CASE WHEN coalesce(r.classification, '') = '' AND coalesce(r.attributes->>'catalogue_item', '') = '' THEN 'category' END,
			CASE WHEN r.priority IS NULL THEN 'priority' END,
			CASE WHEN r.category = ANY ('{resolved,closed}') AND coalesce(r.attributes->>'outcome', r.resolution, r.resolution_code, '') = '' THEN 'outcome' END,
			CASE WHEN (c.record IS NOT NULL OR (r.attributes->>'approval_required')::boolean) AND v.record IS NULL AND coalesce(r.attributes->>'approver', '') = ''
				AND r.state = ANY ('{approved,in_fulfilment,on_hold,fulfilled,closed}') THEN 'approval' END), '') AS problem OFFSET 0) p
	WHERE r.process = 'service_request' AND r.category <> 'cancelled' AND r.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.6.2-2', clause => '8.6.2', kind => 'D', grade => 'minor',
	title => 'What can be requested has instructions for those who fulfil it',
	needs => '{catalogue_item,catalogue_item.fulfilment}', remedy => 'Write the instructions, or name the document that has them, in the attribute fulfilment of the catalogue item.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN itsm.compliance_record d ON d.process = 'document' AND d.tenant = c.tenant AND d.key = c.attributes->>'fulfilment'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(c.attributes->>'fulfilment', '') = '' THEN 'has no instructions for its fulfilment'
			WHEN d.state <> 'effective' THEN 'the document with its instructions is not in force' END AS problem OFFSET 0) p
	WHERE c.process = 'catalogue_item' AND c.category = 'active' AND coalesce(c.attributes->>'kind', 'request') = 'request'
$query$);

SELECT itsm.define_control(id => '8.6.2-3', clause => '8.6.2', kind => 'T', grade => 'minor',
	title => 'Service requests are fulfilled within their target: that of the agreement''s clock, or of the catalogue item (opened in the last 12 months, or the interval set)',
	needs => '{service_request}', remedy => 'Fulfil requests in time, or agree on targets that can be met.', query => $query$
	SELECT r.key, r.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record r
		LEFT JOIN (
			SELECT c.tenant, c.record, bool_or(c.breached OR (c.stage = 'in_progress' AND c.due_at < $3)) AS breached
			FROM itsm.clock c WHERE c.stage <> 'cancelled' AND c.started_at > $3 - coalesce($1, '12 mons') GROUP BY c.tenant, c.record
		) c ON c.tenant = r.tenant AND c.record = r.record
		LEFT JOIN itsm.compliance_record i ON i.process = 'catalogue_item' AND i.tenant = r.tenant AND i.key = r.attributes->>'catalogue_item'
			AND i.attributes ? 'fulfilment_target'
		CROSS JOIN LATERAL (SELECT CASE WHEN c.breached THEN 'missed the target of its agreement'
			WHEN coalesce(r.resolved_at, $3) > r.opened_at + (i.attributes->>'fulfilment_target')::interval THEN 'missed the target of its catalogue item' END AS problem OFFSET 0) p
	WHERE r.process = 'service_request' AND r.category <> 'cancelled' AND r.opened_at > $3 - coalesce($1, '12 mons')
		AND (c.record IS NOT NULL OR i.record IS NOT NULL)
$query$);

SELECT itsm.define_control(id => '8.6.3-1', clause => '8.6.3', kind => 'T', grade => 'major', parameter => '3 mo',
	title => 'Incidents are analysed for trends at planned intervals, and problems are recorded from that',
	needs => '{incident,analysis}', remedy => 'Record an analysis of the subject incident with its result; name the problems that follow in actions.', query => $query$
	SELECT a.subject, a.record, a.ok, a.problem FROM itsm.control_analysis('incident', 'incident', $1, $3) a
$query$);

SELECT itsm.define_control(id => '8.6.3-2', clause => '8.6.3', kind => 'I', grade => 'major',
	title => 'Problems are classified and prioritised, and resolved ones have a root cause and a resolution, or a decision (open ones, and those closed in the last 12 months, or the interval set)',
	needs => '{problem}', remedy => 'Fill in category and priority; before a problem is resolved root_cause and resolution, or who accepted the risk.', query => $query$
	SELECT k.key, k.record, p.problem IS NULL, 'lacks ' || p.problem
	FROM itsm.compliance_record k
		CROSS JOIN LATERAL (SELECT nullif(concat_ws(', ',
			CASE WHEN coalesce(k.classification, '') = '' THEN 'category' END,
			CASE WHEN k.priority IS NULL THEN 'priority' END,
			CASE WHEN k.category = ANY ('{resolved,closed}') AND coalesce(k.attributes->>'risk_accepted_by', '') = '' AND coalesce(k.attributes->>'duplicate_of', '') = '' THEN
				nullif(concat_ws(', ', CASE WHEN coalesce(k.attributes->>'root_cause', '') = '' THEN 'root cause or accepted risk' END,
					CASE WHEN coalesce(k.resolution, k.resolution_code, '') = '' THEN 'resolution' END), '') END), '') AS problem OFFSET 0) p
	WHERE k.process = 'problem' AND k.category <> ALL ('{cancelled,new}') AND (k.category <> 'closed' OR k.closed_at > $3 - coalesce($1, '12 mons'))
$query$);

SELECT itsm.define_control(id => '8.6.3-3', clause => '8.6.3', kind => 'I', grade => 'major',
	title => 'Problems whose cause is known and not yet removed are known errors, with a way to lessen their impact',
	needs => '{problem,problem.root_cause}', remedy => 'Record the known error, and a workaround or another action that lessens the impact.', query => $query$
	SELECT k.key, k.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record k
		LEFT JOIN (
			SELECT e.tenant, e.attributes->>'problem' AS problem, bool_or(e.attributes->>'workaround' <> '') AS workaround
			FROM itsm.compliance_record e WHERE e.process = 'known_error' AND e.category <> 'closed' GROUP BY 1, 2
		) e ON e.tenant = k.tenant AND e.problem = k.key
		CROSS JOIN LATERAL (SELECT CASE
			WHEN e.problem IS NULL AND coalesce(k.attributes->>'known_error', '') = '' AND k.state IS DISTINCT FROM 'known_error' THEN 'its cause is known, and it is no known error'
			WHEN e.workaround IS NOT TRUE AND coalesce(k.attributes->>'workaround', '') = '' AND coalesce(k.attributes->>'impact_action', '') = '' THEN 'nothing lessens its impact'
			END AS problem OFFSET 0) p
	WHERE k.process = 'problem' AND k.category = ANY ('{new,active,waiting}') AND k.attributes->>'root_cause' <> ''
$query$);

SELECT itsm.define_control(id => '8.6.3-4', clause => '8.6.3', kind => 'I', grade => 'major',
	title => 'Problems that are fixed by a change name it (fix in progress, or resolved in the last 12 months or the interval set)',
	needs => '{problem,problem.change}', remedy => 'Name the change in the problem, or in action what fixed it without one.', query => $query$
	SELECT k.key, k.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record k
		LEFT JOIN itsm.compliance_record c ON c.process = 'change' AND c.tenant = k.tenant AND c.key = k.attributes->>'change'
		CROSS JOIN LATERAL (SELECT CASE
			WHEN k.attributes->>'change' <> '' AND c.record IS NULL THEN 'the change that it names does not exist'
			WHEN coalesce(k.attributes->>'change', '') = '' AND coalesce(k.attributes->>'action', '') = '' THEN 'names neither a change nor what else fixes it'
			END AS problem OFFSET 0) p
	WHERE k.process = 'problem' AND coalesce(k.attributes->>'risk_accepted_by', '') = '' AND coalesce(k.attributes->>'duplicate_of', '') = ''
		AND (k.state = 'fix_in_progress' OR (k.category = ANY ('{resolved,closed}') AND k.resolved_at > $3 - coalesce($1, '12 mons')))
$query$);

SELECT itsm.define_control(id => '8.6.3-5', clause => '8.6.3', kind => 'I', grade => 'minor',
	title => 'Known errors are published for those who work on incidents and requests, and are as new as their problem',
	needs => '{problem,known_error}', remedy => 'Publish a known error for each problem in the state known error, and bring it up to date when the problem changes.', query => $query$
	SELECT k.key, k.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record k
		LEFT JOIN (
			SELECT e.tenant, e.attributes->>'problem' AS problem, bool_or(e.state = 'published') AS published,
				bool_or(e.state = 'published' AND e.attributes->>'root_cause' <> '') AS informs
			FROM itsm.compliance_record e WHERE e.process = 'known_error' GROUP BY 1, 2
		) e ON e.tenant = k.tenant AND e.problem = k.key
		CROSS JOIN LATERAL (SELECT CASE WHEN e.published IS NOT TRUE THEN 'no known error is published for it'
			WHEN e.informs IS NOT TRUE AND k.attributes->>'root_cause' <> '' THEN 'its known error does not tell the cause' END AS problem OFFSET 0) p
	WHERE k.process = 'problem' AND k.state = ANY ('{known_error,fix_in_progress}')
$query$);

SELECT itsm.define_control(id => '8.6.3-6', clause => '8.6.3', kind => 'T', grade => 'minor', parameter => '90 d',
	title => 'No problem rests for longer than the interval, and whether its resolution works is checked before it is closed',
	needs => '{problem}', remedy => 'Work on the problem, or decide on it; fill in effectiveness before it is closed.', query => $query$
	SELECT k.key, k.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record k
		CROSS JOIN LATERAL (SELECT CASE
			WHEN k.category = ANY ('{new,active,waiting,resolved}') AND k.changed_at < $3 - $1 THEN 'nothing has happened to it for longer than the interval'
			WHEN k.category = 'closed' AND coalesce(k.attributes->>'risk_accepted_by', '') = '' AND coalesce(k.attributes->>'duplicate_of', '') = ''
				AND coalesce(k.attributes->>'effectiveness', '') = '' THEN 'closed, and nobody checked whether its resolution works' END AS problem OFFSET 0) p
	WHERE k.process = 'problem' AND (k.category = ANY ('{new,active,waiting,resolved}') OR (k.category = 'closed' AND k.closed_at > $3 - interval '12 mons'))
$query$);

SELECT itsm.define_control(id => '8.6.3-7', clause => '8.6.3', kind => 'V', grade => 'minor',
	title => 'Incidents that come again and again (5 unless set, of one configuration item, or of one category and service, in 30 days or the interval set), and every major incident of the last 12 months, have a problem',
	needs => '{incident,problem}', remedy => 'Record the problem and name it in the incidents; in a major incident name it, or why there is none.', query => $query$
	WITH problem AS (
		SELECT DISTINCT k.tenant, k.ci, k.service, k.classification
		FROM itsm.compliance_record k
		WHERE k.process = 'problem' AND k.category <> 'cancelled' AND (k.category <> 'closed' OR k.closed_at > $3 - coalesce($1, '30 days'))
	), recurring AS (
		SELECT i.tenant, i.ci, i.service, i.classification, grouping(i.ci) = 0 AS of_ci, count(*) AS incidents, bool_or(i.attributes->>'problem' <> '') IS TRUE AS has_problem
		FROM itsm.compliance_record i
		WHERE i.process = 'incident' AND i.category <> 'cancelled' AND i.opened_at > $3 - coalesce($1, '30 days') AND i.opened_at <= $3
		GROUP BY GROUPING SETS ((i.tenant, i.ci), (i.tenant, i.service, i.classification))
		HAVING count(*) >= coalesce($2, 5)
	)
	SELECT CASE WHEN r.of_ci THEN format('configuration item %s', r.ci) ELSE concat_ws(', ', format('category %s', r.classification), 'service ' || nullif(r.service, '')) END, NULL::bigint,
		p.problem IS NULL, p.problem
	FROM recurring r
		CROSS JOIN LATERAL (SELECT CASE WHEN NOT r.has_problem AND NOT EXISTS (
				SELECT FROM problem k
				WHERE k.tenant = r.tenant AND CASE WHEN r.of_ci THEN k.ci = r.ci ELSE k.classification = r.classification AND k.service IS NOT DISTINCT FROM r.service END)
			THEN format('%s incidents, and no problem', r.incidents) END AS problem OFFSET 0) p
	WHERE CASE WHEN r.of_ci THEN r.ci <> '' ELSE r.classification <> '' END
	UNION ALL
	SELECT m.key, m.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record m
		LEFT JOIN itsm.compliance_record i ON i.process = 'incident' AND i.tenant = m.tenant AND i.key = m.attributes->>'incident'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(m.attributes->>'problem', m.attributes->>'no_problem_reason', i.attributes->>'problem', '') = ''
			AND m.category = ANY ('{resolved,closed}') THEN 'a major incident without a problem' END AS problem OFFSET 0) p
	WHERE m.process = 'major_incident' AND m.opened_at > $3 - interval '12 mons'
$query$);
