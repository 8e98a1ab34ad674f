-- Controls of change, of service transition, and of release and deployment (ISO/IEC 20000-1, 8.5).

SELECT itsm.define_control(id => '8.5.1-1', clause => '8.5.1.1', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'A change policy is in force: what is under control, the categories of changes, what counts as major impact',
	needs => '{document,document.kind}', remedy => 'Have a document of kind change_policy approved and put into force, with the sections controlled_objects, categories, emergency and major_impact.', query => $query$
	SELECT d.subject, d.record, d.ok, d.problem
	FROM itsm.control_document('change_policy', $1, $3, '{controlled_objects,categories,emergency,major_impact}') d
$query$);

SELECT itsm.define_control(id => '8.5.1-2', clause => '8.5.1.2', kind => 'I', grade => 'major',
	title => 'Changes are recorded and classified before they are approved (those recorded in the last 12 months, or the interval set)',
	needs => '{change}', remedy => 'Fill in title, requester and type, and for all but standard changes risk and impact, before a change is put up for approval.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, 'approved without ' || p.problem
	FROM itsm.controlled_change c
		CROSS JOIN LATERAL (SELECT nullif(concat_ws(', ',
			CASE WHEN coalesce(c.title, '') = '' THEN 'title' END,
			CASE WHEN coalesce(c.requester, '') = '' THEN 'requester' END,
			CASE WHEN c.type <> 'standard' AND coalesce(c.attributes->>'risk', '') = '' THEN 'risk' END,
			CASE WHEN c.type <> 'standard' AND c.impact IS NULL THEN 'impact' END), '') AS problem OFFSET 0) p
	WHERE c.approved AND c.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.5.1-3', clause => '8.5.1.2', kind => 'I', grade => 'major',
	title => 'Changes of major impact, new services, removals and transfers go through service design and transition (changes recorded in the last 12 months, or the interval set)',
	needs => '{change,service}', remedy => 'Name the service in the attribute transition of the change, or the change in the service, and plan that service''s transition or removal.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		LEFT JOIN itsm.compliance_record s ON s.process = 'service' AND s.tenant = c.tenant AND s.key = c.attributes->>'transition'
		LEFT JOIN (
			SELECT s.tenant, s.attributes->>'change' AS change,
				bool_or(coalesce(s.attributes->>'plan', s.attributes->>'removal_plan', '') <> '') AS planned
			FROM itsm.compliance_record s
			WHERE s.process = 'service' AND s.attributes->>'change' <> ''
			GROUP BY s.tenant, s.attributes->>'change'
		) n ON n.tenant = c.tenant AND n.change = c.key
		CROSS JOIN LATERAL (SELECT CASE
			WHEN n.planned OR coalesce(s.attributes->>'plan', s.attributes->>'removal_plan', '') <> '' THEN NULL
			WHEN s.record IS NOT NULL OR n.planned IS NOT NULL THEN 'the service has no plan of its transition or removal'
			ELSE 'goes past service design and transition' END AS problem OFFSET 0) p
	WHERE c.approved AND c.opened_at > $3 - coalesce($1, '12 mons')
		AND ((c.attributes->>'major_impact')::boolean OR c.attributes->>'service_change' = ANY ('{new,major,removal,transfer}'))
$query$);

SELECT itsm.define_control(id => '8.5.1-4', clause => '8.5.1.3', kind => 'X', grade => 'major',
	title => 'Implemented changes were approved, by others than those who asked for them and carried them out (those recorded in the last 12 months, or the interval set)',
	needs => '{change,change.requester}', remedy => 'Have changes approved with itsm.approve by people in the role, or map the attributes approver and approved_at; standard changes by an approved template.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		LEFT JOIN (
			SELECT v.tenant, v.record, array_agg(itsm.person_key(v.person)) AS persons
			FROM itsm.approval v WHERE v.decision = 'approved' GROUP BY v.tenant, v.record
		) v ON v.tenant = c.tenant AND v.record = c.record
		LEFT JOIN itsm.change_template t ON c.type = 'standard' AND t.name = c.attributes->>'template' AND t.approved_at IS NOT NULL
		CROSS JOIN LATERAL (SELECT CASE WHEN c.attributes->>'approver' <> '' THEN coalesce(v.persons, '{}') || itsm.person_key(c.attributes->>'approver')
			ELSE v.persons END AS persons OFFSET 0) a
		CROSS JOIN LATERAL (SELECT CASE
			WHEN t.name IS NOT NULL THEN NULL
			WHEN a.persons IS NULL AND c.type = 'standard' THEN 'implemented without an approved template, and nobody approved it'
			WHEN a.persons IS NULL THEN 'implemented without an approval'
			WHEN a.persons <@ ARRAY[itsm.person_key(c.requester), itsm.person_key(c.attributes->>'implementer')]
				THEN 'approved by nobody but its requester or implementer' END AS problem OFFSET 0) p
	WHERE c.implemented AND c.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.5.1-5', clause => '8.5.1.3', kind => 'T', grade => 'major',
	title => 'Changes are approved before their implementation starts; emergency changes at the latest within the interval (24 hours unless set) after it',
	needs => '{change,change.actual_start}', remedy => 'Approve before work starts, and emergency changes within the time set for approval afterwards.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		LEFT JOIN (
			SELECT v.tenant, v.record, min(v.at) AS at
			FROM itsm.approval v WHERE v.decision = 'approved' GROUP BY v.tenant, v.record
		) v ON v.tenant = c.tenant AND v.record = c.record
		CROSS JOIN LATERAL (SELECT least((c.attributes->>'approved_at')::timestamptz, v.at) AS at OFFSET 0) a
		CROSS JOIN LATERAL (SELECT CASE
			WHEN c.type <> 'emergency' AND a.at > c.actual_start THEN 'approved after its implementation had started'
			WHEN c.type = 'emergency' AND a.at > c.actual_start + coalesce($1, '24 hours') THEN 'approved later than an emergency change may be'
			END AS problem OFFSET 0) p
	WHERE c.implemented AND c.actual_start IS NOT NULL AND a.at IS NOT NULL AND c.opened_at > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.5.1-6', clause => '8.5.1.3', kind => 'I', grade => 'major',
	title => 'Changes are approved on the ground of their risk, benefit, feasibility, cost and impact (those recorded in the last 12 months, or the interval set; standard changes by their template)',
	needs => '{change,change.risk,change.assessment}', remedy => 'Fill in risk, impact and service (of a change to documents of the management system: name it in these) before approval, and an assessment, or benefit, feasibility, financial_impact and impact_areas one by one.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, 'approved without ' || p.problem
	FROM itsm.controlled_change c
		-- a change to the management system itself is to none of its services
		LEFT JOIN (SELECT DISTINCT d.tenant, d.attributes->>'change' AS change FROM itsm.compliance_record d WHERE d.process = 'document' AND d.attributes->>'change' <> '') d
			ON d.tenant = c.tenant AND d.change = c.key
		CROSS JOIN LATERAL (SELECT nullif(concat_ws(', ',
			CASE WHEN coalesce(c.attributes->>'risk', '') = '' THEN 'risk' END,
			CASE WHEN c.impact IS NULL THEN 'impact' END,
			CASE WHEN coalesce(c.service, '') = '' AND d.change IS NULL THEN 'service' END,
			CASE WHEN coalesce(c.attributes->>'assessment', '') = '' AND NOT (c.attributes->>'benefit' <> '' AND c.attributes->>'feasibility' <> ''
				AND c.attributes->>'financial_impact' <> '' AND c.attributes->>'impact_areas' <> '{}') IS TRUE THEN 'assessment' END), '') AS problem OFFSET 0) p
	WHERE c.approved AND c.type <> 'standard' AND c.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.5.1-7', clause => '8.5.1.3', kind => 'I', grade => 'major',
	title => 'Approved changes have a way back, and all but standard and emergency changes a test of it (those recorded in the last 12 months, or the interval set)',
	needs => '{change,change.backout_plan}', remedy => 'Write down the backout plan, and a test plan or that the way back was tested, before approval.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, 'approved without ' || p.problem
	FROM itsm.controlled_change c
		CROSS JOIN LATERAL (SELECT nullif(concat_ws(', ',
			CASE WHEN coalesce(c.attributes->>'backout_plan', '') = '' THEN 'backout plan' END,
			CASE WHEN c.type = 'normal' AND coalesce(c.attributes->>'test_plan', '') = '' AND (c.attributes->>'backout_tested')::boolean IS NOT TRUE THEN 'test of it' END), '') AS problem OFFSET 0) p
	WHERE c.approved AND (c.type <> 'standard' OR coalesce(c.attributes->>'template', '') = '') AND c.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.5.1-8', clause => '8.5.1.3', kind => 'T', grade => 'minor',
	title => 'Changes are implemented inside their planned window, or it is said why not (those recorded in the last 12 months; the interval set is tolerated)',
	needs => '{change,change.planned_start,change.actual_start}', remedy => 'Keep to the window; where that was not possible, say so in the attribute deviation, or take an override with its reason before.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		LEFT JOIN (SELECT DISTINCT o.tenant, o.record FROM itsm.override o WHERE o.reason <> '') o
			ON o.tenant = c.tenant AND o.record = c.record
		CROSS JOIN LATERAL (SELECT CASE
			WHEN o.record IS NOT NULL OR c.attributes->>'deviation' <> '' THEN NULL
			WHEN c.actual_start < c.planned_start - coalesce($1, '0') THEN 'started before its window, unexplained'
			WHEN c.actual_start > c.planned_end THEN 'started after its window, unexplained'
			WHEN c.actual_end > c.planned_end + coalesce($1, '0') THEN 'ended after its window, unexplained' END AS problem OFFSET 0) p
	WHERE c.actual_start IS NOT NULL AND c.planned_start IS NOT NULL AND c.opened_at > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.5.1-9', clause => '8.5.1.3', kind => 'V', grade => 'major', parameter => '30 d',
	title => 'Implemented changes are reviewed in time, and what did not succeed is followed up (those recorded in the last 12 months)',
	needs => '{change,change.review}', remedy => 'Review and close the change; for one that failed, raise a problem or an improvement and name it in the change.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN c.category = 'closed' AND coalesce(c.attributes->>'review', '') = '' THEN 'closed without a review'
				WHEN c.category = 'resolved' AND c.ended_at < $3 - $1 THEN 'not reviewed in time' END,
			CASE WHEN c.category = 'closed' AND c.attributes->>'outcome' = ANY ('{failed,backed_out}')
				AND coalesce(c.attributes->>'problem', '') = '' AND coalesce(c.attributes->>'improvement', '') = ''
				THEN 'it did not succeed, and nothing follows from it' END), '') AS problem OFFSET 0) p
	WHERE c.ended AND c.opened_at > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.5.1-10', clause => '8.5.1.3', kind => 'V', grade => 'major', parameter => '5 d',
	title => 'Emergency changes are reviewed within the interval after their implementation, and their record is completed (those recorded in the last 12 months)',
	needs => '{change,change.review}', remedy => 'Complete the record (title, service, risk, plan, backout plan), review it and close it.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		CROSS JOIN LATERAL (SELECT c.category = 'closed' AND c.attributes->>'review' <> '' AS reviewed OFFSET 0) r
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN r.reviewed IS NOT TRUE AND (c.category = 'closed' OR c.ended_at < $3 - $1) THEN 'not reviewed'
				WHEN r.reviewed AND c.closed_at > c.ended_at + $1 THEN 'reviewed too late' END,
			CASE WHEN c.ended_at < $3 - $1 OR c.category = 'closed' THEN
				'the record lacks ' || nullif(concat_ws(', ', CASE WHEN coalesce(c.title, '') = '' THEN 'title' END,
					CASE WHEN coalesce(c.service, '') = '' THEN 'service' END), '')
				END), '') AS problem OFFSET 0) p
	WHERE c.type = 'emergency' AND c.ended AND c.opened_at > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.5.1-11', clause => '8.5.1.3', kind => 'T', grade => 'minor', parameter => '3 mo',
	title => 'Change records are analysed for trends at planned intervals',
	needs => '{change,analysis}', remedy => 'Record an analysis of the subject change, with its result.', query => $query$
	SELECT a.subject, a.record, a.ok, a.problem FROM itsm.control_analysis('change', 'change', $1, $3) a
$query$);

SELECT itsm.define_control(id => '8.5.1-12', clause => '8.5.1.3', kind => 'I', grade => 'minor',
	title => 'Scheduled changes have their dates, and those concerned were told before the start (changes recorded in the last 12 months, or the interval set)',
	needs => '{change,change.planned_start,change.communicated_at}', remedy => 'Set planned_start and planned_end, tell those concerned, and keep when in communicated_at.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN c.planned_start IS NULL OR c.planned_end IS NULL THEN 'has no planned start or end' END,
			CASE WHEN c.attributes->>'communicated_at' IS NULL THEN 'nobody was told'
				WHEN (c.attributes->>'communicated_at')::timestamptz > coalesce(c.actual_start, c.planned_start) THEN 'those concerned were told after the start' END
			), '') AS problem OFFSET 0) p
	WHERE c.approved AND c.type <> 'emergency' AND c.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.5.1-13', clause => '8.5.1.3', kind => 'I', grade => 'major',
	title => 'Standard changes rest on a template that is approved and in force, and have no more impact or risk than such a change may have (those recorded in the last 12 months, or the interval set)',
	needs => '{change,change.template}', remedy => 'Name an approved template that has not run out (itsm.define_change_template, itsm.approve_change_template), or make it a normal change.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		LEFT JOIN itsm.change_template t ON t.name = c.attributes->>'template'
		CROSS JOIN LATERAL (SELECT CASE
			WHEN coalesce(c.attributes->>'template', '') = '' THEN 'names no template'
			WHEN t.name IS NULL THEN 'its template does not exist'
			WHEN t.approved_at IS NULL THEN 'its template is not approved'
			WHEN t.withdrawn_at <= coalesce(c.actual_start, c.planned_start, c.opened_at) THEN 'its template had been withdrawn'
			WHEN t.valid_until <= coalesce(c.actual_start, c.planned_start, c.opened_at) THEN 'its template had run out'
			WHEN c.impact = 1 OR c.attributes->>'risk' = ANY ('{high,very_high}') THEN 'its impact or risk is more than a standard change may have'
			END AS problem OFFSET 0) p
	WHERE c.type = 'standard' AND c.approved AND c.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.5.1-14', clause => '8.5.1.3', kind => 'I', grade => 'minor',
	title => 'Approved changes do not collide on a configuration item, nor lie in a freeze, unless that was accepted (those planned to end later than a month ago, or the interval set)',
	needs => '{change,change.planned_start}', remedy => 'Move one of the changes (itsm.next_free_slot), or record the exception with itsm.override and its reason.', query => $query$
	WITH plan AS (
		SELECT c.tenant, c.record, c.key, c.service, c.ci, (c.attributes->>'cis')::text[] AS cis, tstzrange(c.planned_start, c.planned_end) AS during
		FROM itsm.controlled_change c
		WHERE c.approved AND c.planned_end > c.planned_start AND c.planned_end > $3 - coalesce($1, '1 mon')
	), item AS (
		SELECT p.tenant, p.record, i.ci, lower(p.during) AS starts_at, upper(p.during) AS ends_at, coalesce(k.attributes->>'ci_class', k.attributes->>'class') AS class
		FROM plan p
			CROSS JOIN LATERAL (SELECT nullif(p.ci, '') UNION SELECT unnest(p.cis)) i(ci)
			LEFT JOIN itsm.compliance_record k ON k.process = 'configuration_item' AND k.tenant = p.tenant AND k.key = i.ci
		WHERE i.ci IS NOT NULL
	), collision AS (
		-- one that begins before an earlier one has ended, or after which another begins before it has
		SELECT o.tenant, o.record
		FROM (
				SELECT i.tenant, i.record, i.starts_at, i.ends_at,
					max(i.ends_at) OVER (earlier ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at, lead(i.starts_at) OVER earlier AS next_at
				FROM item i
				WINDOW earlier AS (PARTITION BY i.tenant, i.ci ORDER BY i.starts_at, i.record)
			) o
		WHERE o.ended_at > o.starts_at OR o.next_at < o.ends_at
	), frozen AS (
		SELECT DISTINCT p.tenant, p.record
		FROM itsm.change_window w
			JOIN plan p ON w.during && p.during AND (w.tenant IS NULL OR w.tenant = p.tenant)
		WHERE w.kind = 'freeze'
			AND ((w.services IS NULL AND w.ci_classes IS NULL AND w.cis IS NULL) OR p.service = ANY (w.services)
				OR EXISTS (SELECT FROM item i WHERE i.tenant = p.tenant AND i.record = p.record AND (i.ci = ANY (w.cis) OR i.class = ANY (w.ci_classes))))
			AND (w.hours IS NULL OR NOT isempty(itsm.open_ranges(w.hours, w.during * p.during)))
	)
	SELECT p.key, p.record, x.problem IS NULL, x.problem
	FROM plan p
		CROSS JOIN LATERAL (SELECT CASE WHEN (p.tenant, p.record) IN (SELECT o.tenant, o.record FROM itsm.override o WHERE o.reason <> '') THEN NULL
			ELSE nullif(concat_ws('; ',
				CASE WHEN (p.tenant, p.record) IN (SELECT c.tenant, c.record FROM collision c) THEN 'another approved change occupies one of its configuration items at that time' END,
				CASE WHEN (p.tenant, p.record) IN (SELECT f.tenant, f.record FROM frozen f) THEN 'lies in a freeze' END), '') END AS problem OFFSET 0) x
$query$);

SELECT itsm.define_control(id => '8.5.1-15', clause => '8.5.1.3', kind => 'I', grade => 'minor',
	title => 'Emergency changes stay below a share (10 percent unless set) of each service''s changes of the last 12 months, or the interval set, or an analysis of changes explains them',
	needs => '{change,change.service}', remedy => 'Find out why the service has so many emergency changes and record it as an analysis of the subject change that names the service.', query => $query$
	SELECT c.service, NULL::bigint, p.share <= coalesce($2, 10) OR a.tenant IS NOT NULL,
		CASE WHEN p.share > coalesce($2, 10) AND a.tenant IS NULL THEN format('%s of %s changes were emergency changes', c.emergencies, c.changes) END
	FROM (
			SELECT c.tenant, c.service, count(*) AS changes, count(*) FILTER (WHERE c.type = 'emergency') AS emergencies
			FROM itsm.controlled_change c
			WHERE c.implemented AND c.service <> '' AND c.opened_at > $3 - coalesce($1, '12 mons')
			GROUP BY c.tenant, c.service
		) c
		LEFT JOIN (
			SELECT DISTINCT a.tenant, a.service
			FROM itsm.compliance_record a
			WHERE a.process = 'analysis' AND a.attributes->>'subject' = 'change' AND a.service <> '' AND a.opened_at > $3 - coalesce($1, '12 mons')
		) a ON a.tenant = c.tenant AND a.service = c.service
		CROSS JOIN LATERAL (SELECT 100.0 * c.emergencies / c.changes AS share OFFSET 0) p
$query$);

-- Service design and transition.

SELECT itsm.define_control(id => '8.5.2-1', clause => '8.5.2.1', kind => 'D', grade => 'major',
	title => 'New and changed services have a plan: responsibilities, resources, dependencies, tests, acceptance criteria, timescales, outcomes (services on their way, and live ones recorded in the last 12 months, or the interval set)',
	needs => '{service,service.plan}', remedy => 'Fill in the plan of the service; where it names a document, have that approved, with these sections.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record s
		LEFT JOIN itsm.compliance_record d ON d.process = 'document' AND d.tenant = s.tenant AND d.key = s.attributes->>'plan'
		CROSS JOIN LATERAL (SELECT CASE
			WHEN coalesce(s.attributes->>'plan', '') = '' THEN 'has no plan'
			WHEN d.record IS NULL THEN NULL
			WHEN d.state = ANY ('{draft,in_review}') THEN 'its plan is not approved'
			ELSE itsm.lacking_sections(d.attributes, '{responsibilities,resources,dependencies,tests,acceptance,timescales,outcomes}') END AS problem OFFSET 0) p
	WHERE s.process = 'service' AND (s.state = ANY ('{in_design,in_build,in_transition}')
		OR (s.state = 'live' AND s.opened_at > $3 - coalesce($1, '12 mons')))
$query$);

SELECT itsm.define_control(id => '8.5.2-2', clause => '8.5.2.2', kind => 'D', grade => 'major',
	title => 'Services are built on an approved design: requirements, targets, what becomes of agreements, catalogue and contracts, measures (services on their way, and live ones recorded in the last 12 months, or the interval set)',
	needs => '{service,service.design}', remedy => 'Fill in design and design_approved_by before build begins; where the design names a document, have that approved, with the sections requirements, targets, agreements (with contracts and catalogue) and measures.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record s
		LEFT JOIN itsm.compliance_record d ON d.process = 'document' AND d.tenant = s.tenant AND d.key = s.attributes->>'design'
		CROSS JOIN LATERAL (SELECT CASE
			WHEN coalesce(s.attributes->>'design', '') = '' THEN 'is being built, or was, without a design'
			WHEN d.record IS NULL AND coalesce(s.attributes->>'design_approved_by', '') = '' THEN 'its design is not approved'
			WHEN d.state = ANY ('{draft,in_review}') THEN 'its design is not approved'
			WHEN d.record IS NOT NULL THEN itsm.lacking_sections(d.attributes, '{requirements,targets,agreements,measures}') END AS problem OFFSET 0) p
	WHERE s.process = 'service' AND (s.state = ANY ('{in_build,in_transition}')
		OR (s.state = 'live' AND s.opened_at > $3 - coalesce($1, '12 mons')))
$query$);

SELECT itsm.define_control(id => '8.5.2-3', clause => '8.5.2.3', kind => 'V', grade => 'major',
	title => 'Services that went live were accepted before by customer or owner, on the ground of test results (those recorded in the last 12 months, or the interval set)',
	needs => '{service,service.acceptance,service.test_results}', remedy => 'Record the acceptance, by whom, and the test results, with deviations that were accepted.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record s
		CROSS JOIN LATERAL (SELECT itsm.lacking(s.attributes, 'acceptance', 'accepted_by', 'test_results') AS problem OFFSET 0) p
	WHERE s.process = 'service' AND s.state = 'live' AND s.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.5.2-4', clause => '8.5.2.3', kind => 'V', grade => 'minor', parameter => '30 d',
	title => 'Within the interval after a service went live a report compares what came of its transition with what was expected (services live for less than 12 months)',
	needs => '{service,service.transition_report}', remedy => 'Fill in transition_report and transition_reported_at of the service.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		CROSS JOIN LATERAL (SELECT CASE
			WHEN coalesce(s.attributes->>'transition_report', '') = '' AND s.entered_at < $3 - $1 THEN 'nothing reports on its transition'
			WHEN s.attributes->>'transition_report' <> '' AND (s.attributes->>'transition_reported_at')::date > (s.entered_at + $1)::date
				THEN 'the report on its transition came too late' END AS problem OFFSET 0) p
	WHERE s.live AND s.entered_at > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.5.2-5', clause => '8.5.2.1', kind => 'I', grade => 'major',
	title => 'Services are removed by a plan for data, documents, configuration items and contracts, and nothing of them stays live',
	needs => '{service,service.removal_plan}', remedy => 'Plan the removal; retire the configuration items, end the agreements and contracts of the service.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record s
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN coalesce(s.attributes->>'removal_plan', '') = '' THEN 'has no removal plan' END,
			CASE WHEN s.state = 'retired' THEN (
				SELECT 'still live: ' || string_agg(format('%s %s', r.process, r.key), ', ' ORDER BY r.process, r.key)
				FROM itsm.compliance_record r
				WHERE r.tenant = s.tenant AND r.process = ANY ('{configuration_item,agreement,contract}') AND r.service = s.key
					AND ((r.process = 'configuration_item' AND r.state = ANY ('{live,in_maintenance}'))
						OR (r.process <> 'configuration_item' AND r.state = ANY ('{in_force,active,amended,in_dispute,expiring}')))) END), '') AS problem OFFSET 0) p
	WHERE s.process = 'service' AND s.state = ANY ('{retiring,retired}')
$query$);

-- Release and deployment.

SELECT itsm.define_control(id => '8.5.3-1', clause => '8.5.3', kind => 'D', grade => 'major',
	title => 'Types of releases, emergency releases among them, how often they come and how they are managed are laid down (approved within the interval, if one is set)',
	needs => '{document,document.kind}', remedy => 'Have a document of kind release_policy approved and put into force, with the sections types, emergency, frequency and management.', query => $query$
	SELECT d.subject, d.record, d.ok, d.problem
	FROM itsm.control_document('release_policy', $1, $3, '{types,emergency,frequency,management}') d
$query$);

SELECT itsm.define_control(id => '8.5.3-2', clause => '8.5.3', kind => 'I', grade => 'major',
	title => 'What is deployed into live operation belongs to a release whose changes are all approved (deployments of the last 12 months, or the interval set)',
	needs => '{deployment,deployment.release,change}', remedy => 'Name the release in the deployment and its changes in the release, and have them approved before.', query => $query$
	WITH changes AS (
		SELECT l.tenant, l.key, unnest((l.attributes->>'changes')::text[]) AS change
		FROM itsm.compliance_record l
		WHERE l.process = 'release'
	), deployment AS (
		SELECT d.tenant, d.record, d.key, d.attributes->>'release' AS release, d.attributes->>'change' AS change
		FROM itsm.compliance_record d
		WHERE d.process = 'deployment' AND d.state = ANY ('{running,succeeded,failed,rolled_back}') AND d.opened_at > $3 - coalesce($1, '12 mons')
			AND coalesce(d.attributes->>'environment', 'live') = ANY ('{live,production}')
	), unapproved AS (
		SELECT n.tenant, n.record, count(*) AS changes, count(*) FILTER (WHERE c.approved IS NOT TRUE) AS unapproved
		FROM (
				SELECT d.tenant, d.record, x.change FROM deployment d JOIN changes x ON x.tenant = d.tenant AND x.key = d.release
				UNION
				SELECT d.tenant, d.record, d.change FROM deployment d WHERE d.change <> ''
			) n
			LEFT JOIN itsm.controlled_change c ON c.tenant = n.tenant AND c.key = n.change
		GROUP BY n.tenant, n.record
	)
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM deployment d
		LEFT JOIN itsm.compliance_record l ON l.process = 'release' AND l.tenant = d.tenant AND l.key = d.release
		LEFT JOIN unapproved u ON u.tenant = d.tenant AND u.record = d.record
		CROSS JOIN LATERAL (SELECT CASE
			WHEN coalesce(d.release, '') = '' THEN 'belongs to no release'
			WHEN l.record IS NULL THEN 'its release does not exist'
			WHEN u.changes IS NULL THEN 'its release names no changes'
			WHEN u.unapproved > 0 THEN format('%s of its changes are not approved', u.unapproved) END AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '8.5.3-3', clause => '8.5.3', kind => 'V', grade => 'major',
	title => 'Releases are measured by their acceptance criteria before they are deployed, and defects are decided on (those planned in the last 12 months, or the interval set)',
	needs => '{release,release.acceptance_criteria}', remedy => 'Fill in acceptance_criteria, acceptance (the result, with what was decided on defects) and accepted_by before deployment.', query => $query$
	SELECT l.key, l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		CROSS JOIN LATERAL (SELECT itsm.lacking(l.attributes, 'acceptance_criteria', 'acceptance', 'accepted_by') AS problem OFFSET 0) p
	WHERE l.process = 'release' AND l.opened_at > $3 - coalesce($1, '12 mons')
		AND l.state = ANY ('{accepted,deploying,deployed,backed_out,early_life,closed}')
$query$);

SELECT itsm.define_control(id => '8.5.3-4', clause => '8.5.3', kind => 'I', grade => 'major',
	title => 'Before releases are deployed a baseline of their configuration items is taken, and what did not succeed is backed out (those planned in the last 12 months, or the interval set)',
	needs => '{release,release.baseline_before}', remedy => 'Take a baseline (itsm.take_baseline) and name it in baseline_before; after a release that was backed out, record what was restored.', query => $query$
	SELECT l.key, l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN coalesce(l.attributes->>'baseline_before', '') = '' THEN 'deployed without a baseline' END,
			CASE WHEN l.state = 'backed_out' AND (l.attributes->>'baseline_restored')::boolean IS NOT TRUE THEN 'backed out, and nothing says that the baseline was restored' END), '') AS problem OFFSET 0) p
	WHERE l.process = 'release' AND l.opened_at > $3 - coalesce($1, '12 mons')
		AND l.state = ANY ('{deploying,deployed,backed_out,early_life,closed}')
$query$);

SELECT itsm.define_control(id => '8.5.3-5', clause => '8.5.3', kind => 'T', grade => 'minor', parameter => '30 d',
	title => 'How releases succeeded is measured, with the incidents after them, within the interval after they were deployed (those planned in the last 12 months)',
	needs => '{release,release.success,release.incidents_after}', remedy => 'Fill in success and incidents_after when the observation ends.', query => $query$
	SELECT l.key, l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		CROSS JOIN LATERAL (SELECT CASE WHEN l.state = 'closed' OR l.resolved_at < $3 - $1
			THEN itsm.lacking(l.attributes, 'success', 'incidents_after') END AS problem OFFSET 0) p
	WHERE l.process = 'release' AND l.opened_at > $3 - interval '12 mons' AND l.state = ANY ('{deployed,early_life,closed}')
$query$);

SELECT itsm.define_control(id => '8.5.3-6', clause => '8.5.3', kind => 'I', grade => 'minor',
	title => 'What is deployed is what was tested: the same artefact hash (releases planned in the last 12 months, or the interval set)',
	needs => '{release,release.artefact_hash,release.deployed_hash}', remedy => 'Deploy the artefact that was accepted, and record the hash of what is deployed.', query => $query$
	SELECT l.key, l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		CROSS JOIN LATERAL (SELECT coalesce(itsm.lacking(l.attributes, 'artefact_hash', 'deployed_hash'),
			CASE WHEN l.attributes->>'artefact_hash' <> l.attributes->>'deployed_hash' THEN 'what was deployed is not what was tested' END) AS problem OFFSET 0) p
	WHERE l.process = 'release' AND l.opened_at > $3 - coalesce($1, '12 mons') AND l.state = ANY ('{deployed,early_life,closed}')
$query$);
