-- Controls of context and leadership (ISO/IEC 20000-1, clauses 4 and 5).

SELECT itsm.define_control(id => '4.1-1', clause => '4.1', kind => 'T', grade => 'minor', parameter => '12 mo',
	title => 'The register of issues has internal and external ones, each reviewed within the interval',
	needs => '{context_issue,context_issue.kind}', remedy => 'Record at least one internal and one external issue, and fill in reviewed_at after each review.', query => $query$
	SELECT coalesce(c.key, k.kind || ' issues'), c.record, p.problem IS NULL, p.problem
	FROM (VALUES ('internal'), ('external')) k(kind)
		LEFT JOIN itsm.compliance_record c ON c.process = 'context_issue' AND c.category = 'active' AND c.attributes->>'kind' = k.kind
		CROSS JOIN LATERAL (SELECT CASE WHEN c.record IS NULL THEN 'none is recorded'
			WHEN c.attributes->>'reviewed_at' IS NULL THEN 'was never reviewed'
			WHEN (c.attributes->>'reviewed_at')::date < $3 - $1 THEN 'was last reviewed longer ago than the interval' END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = 'context_issue')
$query$);

SELECT itsm.define_control(id => '4.1-2', clause => '4.1', kind => 'V', grade => 'minor',
	title => 'It is decided whether climate change is a relevant issue, and why (amendment of 2024)',
	needs => '{context_issue,context_issue.kind}', remedy => 'Record an issue of kind climate with decision (yes or no) and rationale.', query => $query$
	SELECT coalesce(c.key, 'climate change'), c.record, p.problem IS NULL, p.problem
	FROM (SELECT) one
		LEFT JOIN itsm.compliance_record c ON c.process = 'context_issue' AND c.category = 'active' AND c.attributes->>'kind' = 'climate'
		CROSS JOIN LATERAL (SELECT CASE WHEN c.record IS NULL THEN 'nothing is decided' ELSE itsm.lacking(c.attributes, 'decision', 'rationale') END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = 'context_issue')
$query$);

SELECT itsm.define_control(id => '4.2-1', clause => '4.2', kind => 'I', grade => 'minor',
	title => 'Interested parties have requirements, or it is decided that they have none',
	needs => '{party,requirement}', remedy => 'Record a requirement of the party, or set no_requirements.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT DISTINCT r.tenant, r.attributes->>'party' AS party
			FROM itsm.compliance_record r WHERE r.process = 'requirement' AND r.category <> 'closed'
		) r ON r.tenant = c.tenant AND r.party = c.key
		CROSS JOIN LATERAL (SELECT CASE WHEN r.party IS NULL AND (c.attributes->>'no_requirements')::boolean IS NOT TRUE
			THEN 'has no requirement, and no decision that there is none' END AS problem OFFSET 0) p
	WHERE c.process = 'party' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '4.2-2', clause => '4.2', kind => 'I', grade => 'minor',
	title => 'Requirements of parties that apply lead to what fulfils them: a requirement of a service, an objective, a contract or agreement, a control',
	needs => '{requirement,requirement.party}', remedy => 'Fill in traces_to and traces_to_kind, or set applicable to false.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN itsm.compliance_record r ON r.process = c.attributes->>'traces_to_kind' AND r.tenant = c.tenant AND r.key = c.attributes->>'traces_to'
			AND r.process = ANY ('{requirement,objective,contract,agreement}')
		LEFT JOIN itsm.control k ON c.attributes->>'traces_to_kind' = 'control' AND k.id = c.attributes->>'traces_to'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(c.attributes->>'traces_to', '') = '' THEN 'leads to nothing that fulfils it'
			WHEN r.record IS NULL AND k.id IS NULL THEN 'what it leads to does not exist' END AS problem OFFSET 0) p
	WHERE c.process = 'requirement' AND c.category = 'active' AND (c.attributes->>'kind' = 'party' OR c.attributes->>'party' <> '')
		AND (c.attributes->>'applicable')::boolean IS NOT FALSE
$query$);

SELECT itsm.define_control(id => '4.3-1', clause => '4.3', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'One document in force says what the scope of the management system is, with its services and organisational units',
	needs => '{document,document.kind,document.services,document.organisation_units}', remedy => 'Have a document of kind scope approved and put into force, with services and organisation_units filled in.', query => $query$
	SELECT c.subject, c.record, p.problem IS NULL, p.problem
	FROM itsm.control_document('scope', $1, $3) c
		LEFT JOIN itsm.document_in_force d ON d.record = c.record AND d.kind = 'scope'
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', c.problem,
			CASE WHEN d.record IS NOT NULL AND coalesce(d.attributes->>'services', '{}') = '{}' THEN 'names no services' END,
			CASE WHEN d.record IS NOT NULL AND coalesce(d.attributes->>'organisation_units', '{}') = '{}' THEN 'names no organisational units' END), '') AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '4.3-2', clause => '4.3', kind => 'I', grade => 'major',
	title => 'Live services are in scope or out of it, and the scope document lists those that are in',
	needs => '{service,service.in_scope,document,document.services}', remedy => 'Decide on in_scope of each service, and bring the scope document up to date.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT DISTINCT d.tenant, unnest((d.attributes->>'services')::text[]) AS service
			FROM itsm.document_in_force d WHERE d.kind = 'scope'
		) d ON d.tenant = s.tenant AND d.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN s.attributes->>'in_scope' IS NULL THEN 'nobody decided whether it is in scope'
			WHEN s.in_scope AND d.service IS NULL THEN 'is in scope, and the scope document in force does not list it'
			WHEN NOT s.in_scope AND d.service IS NOT NULL THEN 'is out of scope, and the scope document lists it' END AS problem OFFSET 0) p
	WHERE s.live
$query$);

SELECT itsm.define_control(id => '4.4-1', clause => '4.4', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'Each process area of clause 8 has one description in force, with an owner',
	needs => '{process,document,document.kind}', remedy => 'Name the clauses that each process covers, and have its description (kind process_description) approved and put into force.', query => $query$
	WITH description AS (
		SELECT area.clause AS area, d.record, d.owner, d.reviewed_at, p.attributes->>'owner' AS process_owner
		FROM itsm.compliance_record p
			CROSS JOIN LATERAL unnest((p.attributes->>'clauses')::text[]) area(clause)
			JOIN itsm.document_in_force d ON d.tenant = p.tenant AND d.kind = 'process_description'
				AND (d.attributes->>'process' = p.key OR d.key = p.attributes->>'document')
		WHERE p.process = 'process' AND p.category = 'active'
	)
	SELECT format('%s %s', a.clause, a.title), a.record, p.problem IS NULL, p.problem
	FROM (
			SELECT c.clause, c.ordinal, c.title, min(d.record) AS record, count(DISTINCT d.record) AS descriptions,
				count(DISTINCT d.record) FILTER (WHERE d.area = c.clause) AS of_it_alone,
				bool_or(coalesce(d.owner, d.process_owner, '') <> '') AS owned, max(d.reviewed_at) AS reviewed_at
			FROM itsm.clause c
				LEFT JOIN description d ON d.area = c.clause OR starts_with(c.clause, d.area || '.') OR starts_with(d.area, c.clause || '.')
			WHERE c.framework = 'iso20000'
				AND c.clause = ANY ('{8.2.2,8.2.3,8.2.4,8.2.5,8.2.6,8.3.2,8.3.3,8.3.4,8.4.1,8.4.2,8.4.3,8.5.1,8.5.2,8.5.3,8.6.1,8.6.2,8.6.3,8.7.1,8.7.2,8.7.3}')
			GROUP BY c.clause, c.ordinal, c.title
		) a
		CROSS JOIN LATERAL (SELECT CASE
			WHEN a.descriptions = 0 THEN 'no process description in force covers it'
			WHEN a.of_it_alone > 1 THEN format('%s process descriptions in force cover it', a.of_it_alone)
			WHEN a.owned IS NOT TRUE THEN 'its process has no owner'
			WHEN a.reviewed_at < $3 - $1 THEN 'its description was last approved longer ago than the interval' END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = 'process')
	ORDER BY a.ordinal
$query$);

SELECT itsm.define_control(id => '4.4-2', clause => '4.4', kind => 'I', grade => 'minor',
	title => 'Processes have a KPI, and it was measured in the last period (twice the metric''s frequency, or the interval set)',
	needs => '{process,metric,measurement}', remedy => 'Define a metric of the process, and record its measurements.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT m.tenant, m.attributes->>'process' AS process,
				bool_or(v.period_end >= $3 - coalesce($1, 2 * (m.attributes->>'frequency')::interval, '2 mons')) AS measured
			FROM itsm.compliance_record m
				LEFT JOIN (
					SELECT v.tenant, v.attributes->>'metric' AS metric, max((v.attributes->>'period_end')::date) AS period_end
					FROM itsm.compliance_record v WHERE v.process = 'measurement' AND v.category <> 'cancelled' GROUP BY 1, 2
				) v ON v.tenant = m.tenant AND v.metric = m.key
			WHERE m.process = 'metric' AND m.category = 'active'
			GROUP BY 1, 2
		) m ON m.tenant = c.tenant AND m.process = c.key
		CROSS JOIN LATERAL (SELECT CASE WHEN m.process IS NULL THEN 'has no KPI'
			WHEN m.measured IS NOT TRUE THEN 'none of its KPIs was measured in the last period' END AS problem OFFSET 0) p
	WHERE c.process = 'process' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '5.1-1', clause => '5.1', kind => 'V', grade => 'minor',
	title => 'Roles of top management are held by somebody on every day since the certificate was issued; without a certificate, today',
	needs => '{role,role.top_management,role_assignment}', remedy => 'Assign the role without gaps.', query => $query$
	SELECT coalesce(r.key, 'top management'), r.record, p.problem IS NULL, p.problem
	FROM (SELECT coalesce(min((c.attributes->>'issued_at')::date), $3::date) AS since
			FROM itsm.compliance_record c
			WHERE c.process = 'certificate' AND c.state = ANY ('{certified,suspended}') AND (c.attributes->>'issued_at')::date <= $3::date) c
		LEFT JOIN itsm.compliance_record r ON r.process = 'role' AND r.category = 'active' AND (r.attributes->>'top_management')::boolean
		LEFT JOIN (
			SELECT h.tenant, h.role, range_agg(h.during) AS days FROM itsm.role_holder h GROUP BY h.tenant, h.role
		) h ON h.tenant = r.tenant AND h.role = r.key
		CROSS JOIN LATERAL (SELECT CASE WHEN r.record IS NULL THEN 'no role is one of top management'
			WHEN h.days IS NULL THEN 'nobody holds it'
			WHEN NOT h.days @> daterange(c.since, $3::date, '[]') THEN
				format('nobody held it on %s days', (SELECT sum(upper(g) - lower(g)) FROM unnest(datemultirange(daterange(c.since, $3::date, '[]')) - h.days) g))
			END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.compliance_record x WHERE x.process = 'role')
$query$);

SELECT itsm.define_control(id => '5.2-1', clause => '5.2.1', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'The service management policy is in force, and whoever approved it was top management then',
	needs => '{document,document.kind,document.approver,role.top_management,role_assignment}', remedy => 'Have a document of kind sm_policy approved by somebody who holds a role of top management, and put into force.', query => $query$
	SELECT c.subject, c.record, p.problem IS NULL, p.problem
	FROM itsm.control_document('sm_policy', $1, $3) c
		LEFT JOIN itsm.document_in_force d ON d.record = c.record AND d.kind = 'sm_policy'
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', c.problem,
			CASE WHEN d.approver <> '' AND NOT EXISTS (
				SELECT FROM itsm.role_holder h
				WHERE h.tenant = d.tenant AND h.top_management AND h.person_key = itsm.person_key(d.approver) AND h.during @> d.reviewed_at::date)
			THEN 'whoever approved it held no role of top management' END), '') AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '5.2-2', clause => '5.2.2', kind => 'T', grade => 'minor', parameter => '30 d',
	title => 'The policy is made known to all roles in scope within the interval after it came into force',
	needs => '{document,document.kind,role,communication}', remedy => 'Record a communication of the policy with the roles, or {all}, as audience.', query => $query$
	SELECT format('%s: %s', d.key, r.key), r.record, p.problem IS NULL, p.problem
	FROM itsm.document_in_force d
		JOIN itsm.compliance_record r ON r.tenant = d.tenant AND r.process = 'role' AND r.category = 'active' AND (r.attributes->>'in_scope')::boolean IS NOT FALSE
		CROSS JOIN LATERAL (
			SELECT min((c.attributes->>'at')::timestamptz) AS at
			FROM itsm.compliance_record c
			WHERE c.process = 'communication' AND c.category <> 'cancelled' AND c.tenant = d.tenant AND c.attributes->>'document' = d.key
				AND (c.attributes->>'audience')::text[] && ARRAY[r.key, 'all']
		) c
		CROSS JOIN LATERAL (SELECT coalesce(d.effective_from, d.reviewed_at::date) + $1 AS by OFFSET 0) b
		CROSS JOIN LATERAL (SELECT CASE WHEN c.at IS NULL AND b.by < $3 THEN 'the policy was not made known to this role'
			WHEN c.at > b.by + '1 day' THEN 'the policy was made known to this role too late' END AS problem OFFSET 0) p
	WHERE d.kind = 'sm_policy'
$query$);

SELECT itsm.define_control(id => '5.3-1', clause => '5.3', kind => 'I', grade => 'major',
	title => 'Processes, services, agreements, contracts, risks, objectives and classes of configuration items have an accountable owner who is still there',
	needs => '{person}', remedy => 'Name an owner who is a current person.', query => $query$
	SELECT format('%s %s', r.process, r.key), r.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record r
		LEFT JOIN itsm.compliance_record n ON n.process = 'person' AND n.tenant = r.tenant AND n.key = r.attributes->>'owner'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(r.attributes->>'owner', '') = '' THEN 'has no owner'
			WHEN n.record IS NULL THEN 'its owner is no person on record'
			WHEN n.category <> 'active' OR (n.attributes->>'valid_to')::date < $3::date THEN 'its owner is no longer there' END AS problem OFFSET 0) p
	WHERE r.process = ANY ('{process,service,agreement,contract,risk,objective,configuration_class}') AND r.category <> ALL ('{closed,cancelled}')
$query$);

SELECT itsm.define_control(id => '5.3-2', clause => '5.3', kind => 'X', grade => 'major',
	title => 'Incompatible roles are not held by one person for the same record: requester and approver, implementer and reviewer, author and approver, auditor and auditee (records opened in the last 12 months, or the interval set), nor roles that are incompatible at the same time',
	needs => '{}', remedy => 'Have somebody else approve, review or audit; end one of the assignments.', query => $query$
	SELECT format('%s %s', r.process, r.key), r.record, p.problem IS NULL, p.problem
	FROM (
			-- of each process only the attributes that it has
			SELECT r.tenant, r.process, r.key, r.record, v.one, x.one AS one_is, v.other, x.other AS other_is
			FROM itsm.compliance_record r
				JOIN (VALUES ('change', 'requester', 'approver'), ('change', 'implementer', 'reviewer'), ('change', 'implementer', 'approver'),
					('service_request', 'requester', 'approver'), ('document', 'author', 'approver'), ('audit', 'auditor', 'auditee'),
					('finding', 'auditor', 'auditee')) x(process, one, other) ON x.process = r.process
				CROSS JOIN LATERAL (SELECT CASE x.one WHEN 'requester' THEN r.requester ELSE r.attributes->>x.one END AS one, r.attributes->>x.other AS other OFFSET 0) v
			WHERE r.process = ANY ('{change,service_request,document,audit,finding}') AND v.one <> '' AND v.other <> ''
				AND r.category <> 'cancelled' AND r.opened_at > $3 - coalesce($1, '12 mons')
		) r
		CROSS JOIN LATERAL (SELECT CASE WHEN itsm.person_key(r.one) = itsm.person_key(r.other) THEN format('%s and %s are one person', r.one_is, r.other_is) END AS problem OFFSET 0) p
	UNION ALL
	SELECT format('role_assignment %s', a.key), a.record, b.key IS NULL,
		CASE WHEN b.key IS NOT NULL THEN format('the same person holds the role of assignment %s, which is incompatible', b.key) END
	FROM itsm.role_holder a
		LEFT JOIN itsm.role_holder b ON b.tenant = a.tenant AND b.person_key = a.person_key AND b.record <> a.record AND b.during && a.during
			AND b.role = ANY ((a.role_attributes->>'incompatible_with')::text[])
	WHERE coalesce(a.role_attributes->>'incompatible_with', '{}') <> '{}'
$query$);

SELECT itsm.define_control(id => '5.3-3', clause => '5.3', kind => 'T', grade => 'minor', parameter => '5 d',
	title => 'Nothing that is open belongs to somebody who left longer ago than the interval',
	needs => '{person}', remedy => 'Hand over what the person owns or is assigned to.', query => $query$
	WITH gone AS MATERIALIZED (
		SELECT n.tenant, n.key
		FROM itsm.compliance_record n
		WHERE n.process = 'person' AND (n.category <> 'active' OR (n.attributes->>'valid_to')::date < $3 - $1)
	), held AS MATERIALIZED (
		SELECT r.tenant, r.record, r.assignee, r.attributes->>'owner' AS owner
		FROM itsm.compliance_record r
		-- where nobody has left, no record is looked at
		WHERE (SELECT EXISTS (SELECT FROM gone))
			AND r.category = ANY ('{new,active,waiting}') AND (r.assignee IN (SELECT g.key FROM gone g) OR r.attributes->>'owner' IN (SELECT g.key FROM gone g))
	)
	SELECT n.key, n.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record n
		LEFT JOIN (
			SELECT h.tenant, o.person, count(DISTINCT h.record) AS records
			FROM held h CROSS JOIN LATERAL (VALUES (h.assignee), (h.owner)) o(person)
			GROUP BY h.tenant, o.person
		) o ON o.tenant = n.tenant AND o.person = n.key
		CROSS JOIN LATERAL (SELECT CASE WHEN o.records > 0 AND coalesce((n.attributes->>'valid_to')::date, n.closed_at::date) < $3 - $1
			THEN format('has left, and %s open records still belong to this person', o.records) END AS problem OFFSET 0) p
	WHERE n.process = 'person'
$query$);
