-- Controls of planning (ISO/IEC 20000-1, clause 6).

SELECT itsm.define_control(id => '6.1-1', clause => '6.1.1', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'Services in scope have a risk that was assessed within the interval',
	needs => '{service,risk,risk.service,risk.assessed_at}', remedy => 'Assess the risks of the service, and fill in assessed_at.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT r.tenant, r.service, max((r.attributes->>'assessed_at')::date) AS assessed_at
			FROM itsm.compliance_record r WHERE r.process = 'risk' AND r.service <> '' GROUP BY r.tenant, r.service
		) r ON r.tenant = s.tenant AND r.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN r.service IS NULL THEN 'has no risk on record'
			WHEN r.assessed_at IS NULL THEN 'none of its risks was assessed'
			WHEN r.assessed_at < $3 - $1 THEN 'its risks were last assessed longer ago than the interval' END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '6.1-2', clause => '6.1.2', kind => 'I', grade => 'major',
	title => 'Risks have likelihood, impact, score, owner and a decision; accepted ones are accepted by somebody who may, until a day to come',
	needs => '{risk}', remedy => 'Complete the risk; renew an acceptance that has run out, by somebody whose appetite covers the score.', query => $query$
	SELECT r.key, r.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record r
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			itsm.lacking(coalesce(r.attributes, '{}') || jsonb_build_object('impact', r.impact::text,
				'decision', coalesce(r.attributes->>'decision', CASE WHEN r.state = ANY ('{accepted,in_treatment,monitored}') THEN r.state END)),
				'likelihood', 'impact', 'score', 'owner', 'decision'),
			CASE WHEN r.state = 'accepted' AND coalesce(r.attributes->>'accepted_by', '') = '' THEN 'accepted by nobody' END,
			CASE WHEN r.state = 'accepted' AND r.attributes->>'accepted_until' IS NULL THEN 'accepted without end'
				WHEN r.state = 'accepted' AND (r.attributes->>'accepted_until')::date < $3::date THEN 'its acceptance has run out' END,
			CASE WHEN r.state = 'accepted' AND (r.attributes->>'score')::numeric > (r.attributes->>'appetite')::numeric
				THEN 'its score is higher than whoever accepted it may accept' END), '') AS problem OFFSET 0) p
	WHERE r.process = 'risk' AND r.category <> 'closed'
$query$);

SELECT itsm.define_control(id => '6.1-3', clause => '6.1.3', kind => 'T', grade => 'major', parameter => '0 d',
	title => 'No treatment of a risk is overdue, unless an extension was approved',
	needs => '{risk,risk.due}', remedy => 'Carry the treatment out, or have an extension approved (extended_to, extension_approved_by).', query => $query$
	SELECT r.key, r.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record r
		CROSS JOIN LATERAL (SELECT CASE WHEN r.attributes->>'extension_approved_by' <> ''
			THEN greatest((r.attributes->>'due')::date, (r.attributes->>'extended_to')::date) ELSE (r.attributes->>'due')::date END AS due OFFSET 0) d
		CROSS JOIN LATERAL (SELECT CASE WHEN d.due IS NULL THEN 'is treated without a due date'
			WHEN d.due + $1 < $3::date THEN 'its treatment is overdue' END AS problem OFFSET 0) p
	WHERE r.process = 'risk' AND r.state = 'in_treatment'
$query$);

SELECT itsm.define_control(id => '6.1-4', clause => '6.1.3', kind => 'V', grade => 'minor',
	title => 'Whether a completed treatment works is checked, after its completion',
	needs => '{risk,risk.treated_at,risk.effectiveness}', remedy => 'Fill in effectiveness and effectiveness_checked_at.', query => $query$
	SELECT r.key, r.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record r
		CROSS JOIN LATERAL (SELECT CASE
			WHEN coalesce(r.attributes->>'effectiveness', '') = '' OR r.attributes->>'effectiveness_checked_at' IS NULL THEN 'nobody checked whether its treatment works'
			WHEN (r.attributes->>'effectiveness_checked_at')::date < (r.attributes->>'treated_at')::date THEN 'the check is older than the treatment' END AS problem OFFSET 0) p
	WHERE r.process = 'risk' AND (r.attributes->>'treated_at' IS NOT NULL OR r.state = 'monitored')
$query$);

SELECT itsm.define_control(id => '6.1-5', clause => '6.1.1', kind => 'T', grade => 'minor', parameter => '30 d',
	title => 'After a major incident and a failed change the risks of the service are assessed again within the interval (those of the last 12 months)',
	needs => '{risk,risk.service,risk.assessed_at}', remedy => 'Assess the risks of the service again; name the incident or change in the attribute trigger.', query => $query$
	WITH trigger AS (
		SELECT m.tenant, m.process, m.key, m.record, coalesce(nullif(m.service, ''), i.service) AS service, m.attributes->>'incident' AS incident, m.opened_at AS at
		FROM itsm.compliance_record m
			LEFT JOIN itsm.compliance_record i ON i.process = 'incident' AND i.tenant = m.tenant AND i.key = m.attributes->>'incident'
		WHERE m.process = 'major_incident' AND m.opened_at > $3 - interval '12 mons'
		UNION ALL
		SELECT c.tenant, 'change', c.key, c.record, c.service, NULL, c.ended_at
		FROM itsm.controlled_change c
		WHERE c.ended AND c.attributes->>'outcome' = ANY ('{failed,backed_out}') AND c.ended_at > $3 - interval '12 mons'
	), risk AS (
		SELECT r.tenant, r.service, r.attributes->>'trigger' AS trigger, (r.attributes->>'assessed_at')::date AS assessed_at
		FROM itsm.compliance_record r WHERE r.process = 'risk' AND r.attributes->>'assessed_at' IS NOT NULL
	)
	SELECT format('%s %s', t.process, t.key), t.record, p.problem IS NULL, p.problem
	FROM trigger t
		LEFT JOIN LATERAL (
			SELECT min(r.assessed_at) AS assessed_at FROM risk r
			WHERE r.tenant = t.tenant AND (r.service = t.service OR r.trigger = ANY (ARRAY[t.key, t.incident])) AND r.assessed_at >= t.at::date
		) r ON true
		CROSS JOIN LATERAL (SELECT CASE WHEN r.assessed_at IS NULL AND t.at < $3 - $1 THEN 'no risk of its service was assessed after it'
			WHEN r.assessed_at > t.at + $1 THEN 'the risks of its service were assessed too late' END AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '6.2-1', clause => '6.2.1', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'Each function has a measurable objective, with target, unit and a due date that is not over for longer than the interval',
	needs => '{objective,objective.function}', remedy => 'Set an objective for the function, with target, unit and due.', query => $query$
	SELECT f.function, f.record, f.measurable, CASE WHEN NOT f.measurable THEN 'has no current objective with target, unit and due date' END
	FROM (
			SELECT o.tenant, coalesce(nullif(o.attributes->>'function', ''), 'no function') AS function, min(o.record) AS record,
				coalesce(bool_or(o.state = 'current' AND o.attributes->>'target' <> '' AND o.attributes->>'unit' <> ''
					AND (o.attributes->>'due')::date >= $3 - $1), false) AS measurable
			FROM itsm.compliance_record o
			WHERE o.process = 'objective' AND o.category <> 'cancelled'
			GROUP BY 1, 2
		) f
$query$);

SELECT itsm.define_control(id => '6.2-2', clause => '6.2.2', kind => 'I', grade => 'minor',
	title => 'Objectives have an owner, a due date, resources, a way to evaluate them, and at least one measurement',
	needs => '{objective,measurement}', remedy => 'Fill these in, and record a measurement that names the objective, or a metric of it.', query => $query$
	SELECT o.key, o.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record o
		LEFT JOIN (
			SELECT DISTINCT v.tenant, coalesce(nullif(v.attributes->>'objective', ''), m.attributes->>'objective') AS objective
			FROM itsm.compliance_record v
				LEFT JOIN itsm.compliance_record m ON m.process = 'metric' AND m.tenant = v.tenant AND m.key = v.attributes->>'metric'
			WHERE v.process = 'measurement' AND v.category <> 'cancelled'
		) v ON v.tenant = o.tenant AND v.objective = o.key
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(o.attributes, 'owner', 'due', 'resources', 'evaluation_method'),
			CASE WHEN v.objective IS NULL THEN 'was never measured' END), '') AS problem OFFSET 0) p
	WHERE o.process = 'objective' AND o.state = 'current'
$query$);

SELECT itsm.define_control(id => '6.3-1', clause => '6.3', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'The service management plan is in force, with all of its sections',
	needs => '{document,document.kind,document.sections}', remedy => 'Have a document of kind sm_plan approved and put into force, with the sections services, constraints, authorities, resources, other_parties, technology and measurement.', query => $query$
	SELECT d.subject, d.record, d.ok, d.problem
	FROM itsm.control_document('sm_plan', $1, $3, '{services,constraints,authorities,resources,other_parties,technology,measurement}') d
$query$);

SELECT itsm.define_control(id => '6.3-2', clause => '6.3', kind => 'I', grade => 'minor',
	title => 'Other plans (of capacity, availability, continuity, security, releases, services) go with the service management plan in force',
	needs => '{document,document.kind,document.plan}', remedy => 'Name the service management plan in force in the attribute plan of the document.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.document_in_force d
		LEFT JOIN itsm.document_in_force m ON m.kind = 'sm_plan' AND m.key = d.attributes->>'plan'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(d.attributes->>'plan', '') = '' THEN 'names no service management plan'
			WHEN m.record IS NULL THEN 'the service management plan that it names is not in force' END AS problem OFFSET 0) p
	WHERE d.kind = ANY ('{capacity_plan,availability_plan,continuity_plan,security_plan,release_plan,service_plan}')
$query$);
