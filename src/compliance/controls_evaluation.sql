-- Controls of measurement, audits, reviews, reports and improvement (ISO/IEC 20000-1, clauses 9
-- and 10), and of the evidence itself (X-1 to X-4).

SELECT itsm.define_control(id => '9.1-1', clause => '9.1', kind => 'I', grade => 'major',
	title => 'Metrics say how, how often and by whom they are measured and when that is analysed, and no period of the last 12 months is missing',
	needs => '{metric,measurement,measurement.metric}', remedy => 'Complete the metric; record the measurements that are missing, or retire it.', query => $query$
	SELECT m.key, m.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record m
		LEFT JOIN (
			SELECT v.tenant, v.metric, max(v.period_end) AS last_end, bool_or(v.period_start >= v.covered + coalesce(v.frequency, '1 mon')) AS gap
			FROM (
					SELECT v.tenant, v.attributes->>'metric' AS metric, (v.attributes->>'period_start')::date AS period_start, (v.attributes->>'period_end')::date AS period_end,
						(m.attributes->>'frequency')::interval AS frequency,
						max((v.attributes->>'period_end')::date) OVER (PARTITION BY v.tenant, v.attributes->>'metric' ORDER BY (v.attributes->>'period_start')::date, v.record
							ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
					FROM itsm.compliance_record v
						JOIN itsm.compliance_record m ON m.process = 'metric' AND m.tenant = v.tenant AND m.key = v.attributes->>'metric'
					WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND (v.attributes->>'period_end')::date > $3 - interval '12 mons'
				) v
			GROUP BY v.tenant, v.metric
		) v ON v.tenant = m.tenant AND v.metric = m.key
		CROSS JOIN LATERAL (SELECT coalesce((m.attributes->>'frequency')::interval, '1 mon') AS frequency OFFSET 0) f
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(m.attributes, 'method', 'frequency', 'owner', 'analysis_schedule'),
			CASE WHEN v.last_end IS NULL AND m.opened_at < $3 - 2 * f.frequency THEN 'was not measured'
				WHEN v.last_end < $3 - 2 * f.frequency THEN 'was not measured in the last period'
				WHEN v.gap THEN 'was not measured in every period' END), '') AS problem OFFSET 0) p
	WHERE m.process = 'metric' AND m.category = 'active'
$query$);

SELECT itsm.define_control(id => '9.1-2', clause => '9.1', kind => 'T', grade => 'minor',
	title => 'Measurements are analysed within 30 days, or the interval set, after their period, and deviations lead to an action (periods of the last 12 months)',
	needs => '{measurement,measurement.analysed_at}', remedy => 'Analyse the measurement (analysed_at); fill in action where the target was missed.', query => $query$
	SELECT v.key, v.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record v
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN v.attributes->>'analysed_at' IS NULL AND (v.attributes->>'period_end')::date < $3 - coalesce($1, '30 days') THEN 'was not analysed in time'
				WHEN (v.attributes->>'analysed_at')::date > (v.attributes->>'period_end')::date + coalesce($1, '30 days') THEN 'was analysed too late' END,
			CASE WHEN (v.attributes->>'deviation')::boolean AND coalesce(v.attributes->>'action', '') = '' THEN 'the target was missed, and nothing follows from it' END), '') AS problem OFFSET 0) p
	WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND (v.attributes->>'period_end')::date > $3 - interval '12 mons' AND (v.attributes->>'period_end')::date <= $3
$query$);

SELECT itsm.define_control(id => '9.2-1', clause => '9.2.2', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'The audit programme of now covers all clauses and processes in its cycle, and weighs their importance and what was found before; its cycle ended no longer ago than the interval',
	needs => '{audit_programme}', remedy => 'Bring the programme up to date: clauses, processes, importance and previous_results, and the cycle.', query => $query$
	WITH programme AS (
		SELECT g.tenant, g.record, g.key, g.attributes, (g.attributes->>'clauses')::text[] AS clauses, (g.attributes->>'processes')::text[] AS processes
		FROM itsm.compliance_record g
		WHERE g.process = 'audit_programme' AND g.category = 'active'
			AND (g.attributes->>'period_start')::date <= $3 AND (g.attributes->>'period_end')::date > $3 - $1
	)
	SELECT g.key, g.record, p.problem IS NULL, p.problem
	FROM programme g
		CROSS JOIN LATERAL (
			SELECT string_agg(c.clause, ', ' ORDER BY c.ordinal) AS missing
			FROM itsm.clause c
			WHERE c.framework = 'iso20000' AND c.leaf AND NOT EXISTS (
				SELECT FROM programme o, unnest(o.clauses) u(clause) WHERE o.tenant = g.tenant AND (c.clause = u.clause OR starts_with(c.clause, u.clause || '.')))
		) c
		CROSS JOIN LATERAL (
			SELECT count(*) AS missing
			FROM itsm.compliance_record r
			WHERE r.process = 'process' AND r.category = 'active' AND r.tenant = g.tenant AND NOT EXISTS (
				SELECT FROM programme o WHERE o.tenant = g.tenant AND r.key = ANY (o.processes))
		) r
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', 'does not cover the clauses ' || c.missing,
			CASE WHEN r.missing > 0 THEN format('does not cover %s processes', r.missing) END,
			itsm.lacking(g.attributes, 'importance', 'previous_results')), '') AS problem OFFSET 0) p
	UNION ALL
	SELECT 'audit programme', NULL, false, 'none is in force'
	WHERE NOT EXISTS (SELECT FROM programme) AND EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = ANY ('{audit,audit_programme}'))
$query$);

SELECT itsm.define_control(id => '9.2-2', clause => '9.2.1', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'Internal audits are carried out as planned, at least one within the interval, with criteria, scope and a report (those planned for the last 12 months)',
	needs => '{audit}', remedy => 'Carry out the audit, report it (report, reported_at), and plan the next.', query => $query$
	SELECT a.key, a.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record a
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN a.category = ANY ('{new,active}') AND coalesce((a.attributes->>'planned_end')::timestamptz, (a.attributes->>'planned_start')::timestamptz) < $3 THEN 'was planned, and is not reported' END,
			itsm.lacking(coalesce(a.attributes, '{}') || jsonb_build_object('reported_at', coalesce(a.attributes->>'reported_at', a.resolved_at::text)),
				VARIADIC CASE WHEN a.category = ANY ('{resolved,closed}') THEN '{criteria,scope,report,reported_at}'::text[] ELSE '{criteria,scope}' END)), '') AS problem OFFSET 0) p
	WHERE a.process = 'audit' AND a.category <> 'cancelled'
		AND coalesce((a.attributes->>'planned_start')::timestamptz, a.opened_at) > $3 - interval '12 mons' AND coalesce((a.attributes->>'planned_start')::timestamptz, a.opened_at) <= $3
	UNION ALL
	SELECT 'internal audits', NULL, false, 'none was reported within the interval'
	WHERE EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = ANY ('{audit,audit_programme}'))
		AND NOT EXISTS (
			SELECT FROM itsm.compliance_record a
			WHERE a.process = 'audit' AND a.category = ANY ('{resolved,closed}')
				AND coalesce((a.attributes->>'reported_at')::date::timestamptz, a.resolved_at) > $3 - $1)
$query$);

SELECT itsm.define_control(id => '9.2-3', clause => '9.2.2', kind => 'X', grade => 'major',
	title => 'Nobody audits their own work: the auditor is neither the auditee nor the owner of a process that is audited (audits of the last 24 months, or the interval set)',
	needs => '{audit,audit.auditor}', remedy => 'Have somebody else audit it.', query => $query$
	SELECT a.key, a.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record a
		CROSS JOIN LATERAL (
			SELECT bool_or(itsm.person_key(r.attributes->>'owner') = itsm.person_key(a.attributes->>'auditor')) AS owner
			FROM itsm.compliance_record r
			WHERE r.process = 'process' AND r.tenant = a.tenant AND r.key = ANY ((a.attributes->>'processes')::text[]) AND r.attributes->>'owner' <> ''
		) r
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(a.attributes->>'auditor', '') = '' THEN 'names no auditor'
			WHEN itsm.person_key(a.attributes->>'auditor') = itsm.person_key(nullif(a.attributes->>'auditee', '')) THEN 'auditor and auditee are one person'
			WHEN r.owner THEN 'the auditor owns a process that is audited' END AS problem OFFSET 0) p
	WHERE a.process = 'audit' AND a.category <> 'cancelled' AND a.opened_at > $3 - coalesce($1, '24 mons')
$query$);

SELECT itsm.define_control(id => '9.2-4', clause => '9.2.2', kind => 'I', grade => 'major',
	title => 'Nonconformities that audits found have a corrective action with owner and due date, and are reported to management (open ones, and those of the last 12 months or the interval set)',
	needs => '{finding}', remedy => 'Name the corrective action, its owner and due date; report the finding (reported_at).', query => $query$
	SELECT f.key, f.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record f
		LEFT JOIN itsm.compliance_record c ON c.process = 'corrective_action' AND c.tenant = f.tenant AND c.key = f.attributes->>'corrective_action'
		CROSS JOIN LATERAL (SELECT itsm.lacking(jsonb_build_object('corrective_action', f.attributes->>'corrective_action',
				'owner', coalesce(nullif(f.attributes->>'owner', ''), c.attributes->>'owner'), 'due', coalesce(f.attributes->>'due', c.attributes->>'due'),
				'report_to_management', f.attributes->>'reported_at'),
			'corrective_action', 'owner', 'due', 'report_to_management') AS problem OFFSET 0) p
	WHERE f.process = 'finding' AND f.attributes->>'grade' = ANY ('{major,minor}') AND f.state <> ALL ('{raised,disputed}')
		AND (f.category <> 'closed' OR f.opened_at > $3 - coalesce($1, '12 mons'))
		-- a dispute may end with the finding taken back
		AND NOT (f.category = 'closed' AND coalesce(f.attributes->>'corrective_action', '') = '' AND coalesce(f.attributes->>'verification', '') = '')
$query$);

SELECT itsm.define_control(id => '9.3-1', clause => '9.3', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'Top management has reviewed the management system within the interval',
	needs => '{management_review,role.top_management,role_assignment}', remedy => 'Hold the review, chaired by somebody who holds a role of top management.', query => $query$
	SELECT coalesce(m.key, 'management review'), m.record, p.problem IS NULL, p.problem
	FROM (SELECT) one
		LEFT JOIN (
			SELECT m.tenant, m.key, m.record, m.attributes, (m.attributes->>'held_at')::date AS held_at
			FROM itsm.compliance_record m WHERE m.process = 'management_review' AND m.category = ANY ('{resolved,closed}') AND (m.attributes->>'held_at')::date <= $3
			ORDER BY 5 DESC, m.record DESC LIMIT 1
		) m ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN m.record IS NULL THEN 'none was held'
			WHEN m.held_at < $3 - $1 THEN 'the last one was held longer ago than the interval'
			WHEN NOT EXISTS (
				SELECT FROM itsm.role_holder h
				WHERE h.tenant = m.tenant AND h.top_management AND h.person_key = itsm.person_key(m.attributes->>'chaired_by') AND h.during @> m.held_at)
				THEN 'whoever chaired it held no role of top management' END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = 'management_review')
$query$);

SELECT itsm.define_control(id => '9.3-2', clause => '9.3', kind => 'I', grade => 'major',
	title => 'Management reviews consider every input that is asked for, and their decisions and actions are recorded and followed (those held in the last 12 months, or the interval set)',
	needs => '{management_review,management_review.inputs}', remedy => 'Consider what is missing; record decisions and actions ("none" where there are none), and the records that follow in action_keys.', query => $query$
	SELECT m.key, m.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record m
		CROSS JOIN LATERAL (
			SELECT string_agg(n.input, ', ' ORDER BY n.number) AS missing
			FROM unnest('{previous_actions,changes,performance,nonconformities,measurements,audits,feedback,objectives,resources,risks,parties,improvements}'::text[]) WITH ORDINALITY n(input, number)
			WHERE n.input <> ALL (coalesce((m.attributes->>'inputs')::text[], '{}'))
		) n
		CROSS JOIN LATERAL (
			SELECT string_agg(k.key, ', ' ORDER BY k.key) AS unknown
			FROM unnest((m.attributes->>'action_keys')::text[]) k(key)
			WHERE NOT EXISTS (
				SELECT FROM itsm.compliance_record r
				WHERE r.tenant = m.tenant AND r.key = k.key AND r.process = ANY ('{improvement,corrective_action,change,problem,risk}'))
		) k
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', 'did not consider ' || n.missing, itsm.lacking(m.attributes, 'decisions', 'actions'),
			'actions that do not exist: ' || k.unknown), '') AS problem OFFSET 0) p
	WHERE m.process = 'management_review' AND m.category = ANY ('{resolved,closed}') AND coalesce((m.attributes->>'held_at')::date::timestamptz, m.opened_at) > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '9.4-1', clause => '9.4', kind => 'I', grade => 'minor',
	title => 'Reports say what they are for, for whom, how often and from what data, and come out in time (issues due in the last 12 months, or the interval set)',
	needs => '{service_report,report_issue}', remedy => 'Complete the report''s description; produce the issue that is due.', query => $query$
	SELECT r.key, r.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record r
		LEFT JOIN (
			SELECT i.tenant, i.attributes->>'report' AS report, max((i.attributes->>'held_at')::date) FILTER (WHERE i.category = ANY ('{resolved,closed}')) AS held_at,
				count(*) FILTER (WHERE (i.attributes->>'due_at')::date < $3::date AND coalesce((i.attributes->>'held_at')::date, $3::date) > (i.attributes->>'due_at')::date
					AND (i.attributes->>'due_at')::date > $3 - coalesce($1, '12 mons')) AS late
			FROM itsm.compliance_record i WHERE i.process = 'report_issue' AND i.category <> 'cancelled' GROUP BY 1, 2
		) i ON i.tenant = r.tenant AND i.report = r.key
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(coalesce(r.attributes, '{}') || jsonb_build_object('title', r.title), 'title', 'purpose', 'audience', 'frequency', 'data_source'),
			CASE WHEN i.late > 0 THEN format('%s issues came out late or are overdue', i.late)
				WHEN coalesce(i.held_at::timestamptz, r.opened_at) < $3 - 2 * (r.attributes->>'frequency')::interval THEN 'no issue came out in the last period' END), '') AS problem OFFSET 0) p
	WHERE r.process = 'service_report' AND r.category = 'active'
$query$);

SELECT itsm.define_control(id => '9.4-2', clause => '9.4', kind => 'V', grade => 'minor',
	title => 'What is decided and done because of a report is recorded and made known (issues of the last 12 months, or the interval set)',
	needs => '{report_issue,report_issue.decisions}', remedy => 'Fill in decisions and actions ("none" where there are none), and communicated_at.', query => $query$
	SELECT i.key, i.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record i
		CROSS JOIN LATERAL (SELECT CASE WHEN i.category = 'closed' OR coalesce((i.attributes->>'held_at')::date::timestamptz, i.resolved_at) < $3 - interval '30 days'
			THEN itsm.lacking(i.attributes, 'decisions', 'actions', 'communicated_at') END AS problem OFFSET 0) p
	WHERE i.process = 'report_issue' AND i.category = ANY ('{resolved,closed}') AND coalesce((i.attributes->>'held_at')::date::timestamptz, i.opened_at) > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '10.1-1', clause => '10.1', kind => 'I', grade => 'major',
	title => 'Nonconformities are corrected, their cause and similar cases looked for, and not closed before it is checked that the action works (open ones, and those of the last 12 months or the interval set)',
	needs => '{corrective_action}', remedy => 'Fill in cause and owner; before closing correction, similar_cases, evidence and effect.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT itsm.lacking(c.attributes, VARIADIC CASE WHEN c.category = 'closed' OR c.state = 'verified' THEN '{cause,owner,correction,similar_cases,evidence,effect}'::text[]
			WHEN c.category = 'resolved' THEN '{cause,owner,evidence}' ELSE '{cause,owner}' END) AS problem OFFSET 0) p
	WHERE c.process = 'corrective_action' AND c.category <> 'cancelled' AND (c.category <> 'closed' OR c.opened_at > $3 - coalesce($1, '12 mons'))
	UNION ALL
	SELECT f.key, f.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record f
		JOIN itsm.compliance_record c ON c.process = 'corrective_action' AND c.tenant = f.tenant AND c.key = f.attributes->>'corrective_action'
		CROSS JOIN LATERAL (SELECT CASE WHEN c.category <> 'closed' AND c.state <> 'verified' THEN 'closed before its corrective action was verified' END AS problem OFFSET 0) p
	WHERE f.process = 'finding' AND f.category = 'closed' AND f.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '10.1-2', clause => '10.1', kind => 'X', grade => 'major',
	title => 'That a corrective action works is verified by somebody else than its owner (verified in the last 24 months, or the interval set)',
	needs => '{corrective_action,corrective_action.verifier}', remedy => 'Have another person verify it.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(c.attributes->>'verifier', '') = '' THEN 'nobody verified it'
			WHEN itsm.person_key(c.attributes->>'verifier') = itsm.person_key(c.attributes->>'owner') THEN 'its owner verified it' END AS problem OFFSET 0) p
	WHERE c.process = 'corrective_action' AND c.opened_at > $3 - coalesce($1, '24 mons') AND (c.attributes->>'verifier' <> '' OR c.state = 'verified' OR c.category = 'closed')
	UNION ALL
	SELECT f.key, f.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record f
		CROSS JOIN LATERAL (SELECT CASE WHEN itsm.person_key(f.attributes->>'verifier') = itsm.person_key(f.attributes->>'owner') THEN 'its owner verified it' END AS problem OFFSET 0) p
	WHERE f.process = 'finding' AND f.opened_at > $3 - coalesce($1, '24 mons') AND f.attributes->>'verifier' <> '' AND f.attributes->>'owner' <> ''
$query$);

SELECT itsm.define_control(id => '10.1-3', clause => '10.1', kind => 'T', grade => 'major', parameter => '0 d',
	title => 'No corrective action is overdue, unless an extension was approved',
	needs => '{corrective_action,corrective_action.due}', remedy => 'Implement the action, or have an extension approved (extended_to, extension_approved_by).', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT CASE WHEN c.attributes->>'extension_approved_by' <> ''
			THEN greatest((c.attributes->>'due')::date, (c.attributes->>'extended_to')::date) ELSE (c.attributes->>'due')::date END AS due OFFSET 0) d
		CROSS JOIN LATERAL (SELECT CASE WHEN d.due IS NULL THEN 'has no due date'
			WHEN d.due + $1 < $3::date THEN 'is overdue' END AS problem OFFSET 0) p
	WHERE c.process = 'corrective_action' AND c.category = ANY ('{new,active,waiting}')
$query$);

SELECT itsm.define_control(id => '10.2-1', clause => '10.2', kind => 'I', grade => 'minor',
	title => 'Opportunities for improvement are evaluated by criteria, prioritised, and approved or rejected within 90 days, or the interval set (open ones, and those of the last 12 months)',
	needs => '{improvement}', remedy => 'Fill in criteria or score, priority and decision.', query => $query$
	SELECT i.key, i.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record i
		CROSS JOIN LATERAL (SELECT CASE
			WHEN i.state = ANY ('{proposed,evaluated}') AND i.opened_at < $3 - coalesce($1, '90 days') THEN 'was neither approved nor rejected in time'
			WHEN i.state <> 'proposed' THEN itsm.lacking(jsonb_build_object('criteria', coalesce(nullif(i.attributes->>'criteria', ''), i.attributes->>'score'), 'priority', i.priority::text,
					'decision', CASE WHEN i.state = 'evaluated' THEN 'pending' ELSE coalesce(nullif(i.attributes->>'decision', ''), i.attributes->>'decided_by') END),
				'criteria', 'priority', 'decision') END AS problem OFFSET 0) p
	WHERE i.process = 'improvement' AND (i.category <> ALL ('{closed,cancelled}') OR i.opened_at > $3 - interval '12 mons')
$query$);

SELECT itsm.define_control(id => '10.2-2', clause => '10.2', kind => 'V', grade => 'minor',
	title => 'Implemented improvements are measured against their target within 90 days, or the interval set, and reported (those of the last 24 months)',
	needs => '{improvement,improvement.target,improvement.result}', remedy => 'Fill in target, result and reported_at.', query => $query$
	SELECT i.key, i.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record i
		CROSS JOIN LATERAL (SELECT CASE
			WHEN i.state = 'implemented' AND i.resolved_at < $3 - coalesce($1, '90 days') THEN 'was not measured in time'
			WHEN i.state = 'measured' THEN itsm.lacking(i.attributes, 'target', 'result')
			WHEN i.category = 'closed' THEN itsm.lacking(i.attributes, 'target', 'result', 'reported_at') END AS problem OFFSET 0) p
	WHERE i.process = 'improvement' AND i.category = ANY ('{resolved,closed}') AND i.opened_at > $3 - interval '24 mons'
$query$);

-- The evidence itself.

-- verify() reads all of history; what counts here is what it found last, as the ledger keeps it.
SELECT itsm.define_control(id => 'X-1', clause => '7.5.3', kind => 'I', grade => 'major',
	title => 'History was verified within a month, or the interval set, without a fault',
	needs => '{}', remedy => 'Run itsm.note_verification() regularly, with a digest kept elsewhere; look into the faults that itsm.verify() tells.', query => $query$
	SELECT 'history', NULL::bigint, p.problem IS NULL, p.problem
	FROM (SELECT) one
		LEFT JOIN LATERAL (
			SELECT e.at, (itsm.policy_detail(e.body)::jsonb->>'faults')::bigint AS faults
			FROM itsm.record r JOIN itsm.event e ON e.record = r.id AND e.tenant = r.tenant
			WHERE r.source = 0 AND r.tenant = '' AND r.key = 'history' AND e.kind = 'verified' AND e.at <= $3
			ORDER BY e.version DESC LIMIT 1
		) v ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN v.at IS NULL THEN 'was never verified'
			WHEN v.faults > 0 THEN format('the last verification found %s faults', v.faults)
			WHEN v.at < $3 - coalesce($1, '1 mon') THEN 'was last verified longer ago than the interval' END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record r)
$query$);

SELECT itsm.define_control(id => 'X-2', clause => '7.5.3', kind => 'I', grade => 'major', parameter => '1 d',
	title => 'The newest seal, whose digest is kept elsewhere, is younger than the interval, and continues the one before it',
	needs => '{}', remedy => 'Run itsm.seal() regularly, and keep itsm.digest() outside of the database; where a log does not continue the one before, history was changed.', query => $query$
	SELECT 'newest seal', NULL::bigint, p.problem IS NULL, p.problem
	FROM (SELECT max(s.at) AS at FROM itsm.seal s WHERE s.at <= $3) s
		CROSS JOIN LATERAL (SELECT CASE WHEN s.at IS NULL THEN 'history was never sealed'
			WHEN s.at < $3 - $1 THEN 'is older than the interval' END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record r)
	UNION ALL
	SELECT concat_ws(' ', 'log', nullif(h.tenant, '')), NULL, v.ok, CASE WHEN NOT v.ok THEN 'does not continue the one before it' END
	FROM (
			SELECT h.tenant, h.size, h.root, lag(h.size) OVER w AS size_before, lag(h.root) OVER w AS root_before, row_number() OVER (PARTITION BY h.tenant ORDER BY h.seal DESC) AS number
			FROM itsm.seal_head h
			WINDOW w AS (PARTITION BY h.tenant ORDER BY h.seal)
		) h
		CROSS JOIN LATERAL (SELECT coalesce(itsm.verify_consistency(h.size_before, h.size, h.root_before, h.root, itsm.consistency_proof(h.size_before, h.size, h.tenant)), false) AS ok OFFSET 0) v
	WHERE h.number = 1 AND h.size_before IS NOT NULL
$query$);

SELECT itsm.define_control(id => 'X-3', clause => '8.1', kind => 'I', grade => 'major',
	title => 'Triggers of all attachments are there and enabled, and times in which they were bypassed are explained (those of the last 12 months, or the interval set, by an analysis of the subject maintenance that covers them)',
	needs => '{}', remedy => 'See itsm_report.attachment_health; record an analysis that says why it was done.', query => $query$
	SELECT format('attachment %s of %s', h.attachment, h.source), NULL::bigint, p.problem IS NULL, p.problem
	FROM itsm_report.attachment_health h
		CROSS JOIN LATERAL (SELECT CASE WHEN NOT h.table_exists THEN 'its table is gone'
			ELSE nullif(concat_ws('; ', CASE WHEN NOT h.trigger_ok THEN 'a trigger is missing or not always enabled' END,
				CASE WHEN NOT h.status_column_ok OR h.missing_columns IS NOT NULL THEN 'columns are gone' END), '') END AS problem OFFSET 0) p
	UNION ALL
	SELECT 'event triggers', NULL, g.enabled = 2, CASE WHEN g.enabled <> 2 THEN 'one is missing or not always enabled' END
	FROM (SELECT count(*) AS enabled FROM pg_event_trigger t WHERE t.evtname = ANY ('{itsm_guard_command,itsm_guard_drop}') AND t.evtenabled = 'A') g
	WHERE EXISTS (SELECT FROM itsm.attachment a WHERE a.detached_at IS NULL)
	UNION ALL
	SELECT format('%s, %s', r.key, e.kind), e.record, a.tenant IS NOT NULL, CASE WHEN a.tenant IS NULL THEN format('nothing explains why history was bypassed at %s', date_trunc('second', e.at)) END
	FROM itsm.record r
		JOIN itsm.event e ON e.record = r.id AND e.tenant = r.tenant
		LEFT JOIN LATERAL (
			SELECT a.tenant FROM itsm.compliance_record a
			WHERE a.process = 'analysis' AND a.state = ANY ('{held,closed}') AND a.attributes->>'subject' = 'maintenance' AND a.attributes->>'result' <> ''
				AND e.at >= (a.attributes->>'period_start')::date AND e.at < (a.attributes->>'period_end')::date
			LIMIT 1
		) a ON true
	WHERE r.source = 0 AND e.kind = ANY ('{maintenance,guard_disabled}') AND e.at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => 'X-4', clause => '7.5.3', kind => 'I', grade => 'major',
	title => 'Overrides have a reason and somebody known who took them, and are reviewed by another within 30 days, or the interval set, in an analysis of the subject override that covers them (those of the last 12 months)',
	needs => '{}', remedy => 'Record an analysis of the subject override for the period, by somebody who took none of them.', query => $query$
	SELECT coalesce(r.key, o.record::text), o.record, p.problem IS NULL, p.problem
	FROM itsm.override o
		LEFT JOIN itsm.record r ON r.tenant = o.tenant AND r.id = o.record
		LEFT JOIN LATERAL (
			SELECT min((a.attributes->>'held_at')::date) AS held_at
			FROM itsm.compliance_record a
			WHERE a.process = 'analysis' AND a.state = ANY ('{held,closed}') AND a.attributes->>'subject' = 'override' AND a.attributes->>'result' <> ''
				AND o.at >= (a.attributes->>'period_start')::date AND o.at < (a.attributes->>'period_end')::date
				AND itsm.person_key(a.attributes->>'owner') <> itsm.person_key(coalesce(o.actor, o.role))
		) a ON true
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', CASE WHEN btrim(o.reason) = '' THEN 'has no reason' END,
			CASE WHEN coalesce(o.actor, o.role, '') = '' THEN 'nobody known took it' END,
			CASE WHEN a.held_at IS NULL AND o.at < $3 - coalesce($1, '30 days') THEN 'was not reviewed by another'
				WHEN a.held_at > o.at + coalesce($1, '30 days') + interval '1 day' THEN 'was reviewed too late' END), '') AS problem OFFSET 0) p
	WHERE o.at > $3 - interval '12 mons'
$query$);
