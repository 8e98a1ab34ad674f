-- Controls of resources, competence, awareness, communication, documents and knowledge (ISO/IEC 20000-1, clause 7).

SELECT itsm.define_control(id => '7.1-1', clause => '7.1', kind => 'I', grade => 'minor',
	title => 'Processes and services in scope have their human, technical, information and financial resources on record',
	needs => '{resource,resource.kind}', remedy => 'Record the resources of the process or service, of each of the four kinds.', query => $query$
	SELECT format('%s %s', x.process, x.key), x.record, p.problem IS NULL, p.problem
	FROM (
			SELECT r.tenant, r.process, r.key, r.record FROM itsm.compliance_record r WHERE r.process = 'process' AND r.category = 'active'
			UNION ALL
			SELECT s.tenant, 'service', s.key, s.record FROM itsm.controlled_service s WHERE s.in_scope
		) x
		LEFT JOIN (
			SELECT r.tenant, 'process' AS process, r.attributes->>'process' AS key, array_agg(r.attributes->>'kind') AS kinds
			FROM itsm.compliance_record r WHERE r.process = 'resource' AND r.category = 'active' GROUP BY 1, 3
			UNION ALL
			SELECT r.tenant, 'service', r.service, array_agg(r.attributes->>'kind')
			FROM itsm.compliance_record r WHERE r.process = 'resource' AND r.category = 'active' GROUP BY 1, 3
		) r ON r.tenant = x.tenant AND r.process = x.process AND r.key = x.key
		CROSS JOIN LATERAL (
			SELECT 'no resources of kind ' || string_agg(k.kind, ', ' ORDER BY k.number) AS problem
			FROM unnest('{human,technical,information,financial}'::text[]) WITH ORDINALITY k(kind, number)
			WHERE k.kind <> ALL (coalesce(r.kinds, '{}'))
		) p
$query$);

SELECT itsm.define_control(id => '7.2-1', clause => '7.2', kind => 'V', grade => 'major',
	title => 'Whoever holds a role had, when that began, the competence that the role requires',
	needs => '{role,role.required_competences,role_assignment,competence}', remedy => 'Record the evidence of competence, or train the person, or assign somebody else.', query => $query$
	SELECT h.key, h.record, p.problem IS NULL, p.problem
	FROM itsm.role_holder h
		CROSS JOIN LATERAL (
			SELECT 'no evidence, at the start, of ' || string_agg(n.competence, ', ' ORDER BY n.competence) AS problem
			FROM unnest((h.role_attributes->>'required_competences')::text[]) n(competence)
			WHERE NOT EXISTS (
				SELECT FROM itsm.compliance_record c
				WHERE c.process = 'competence' AND c.tenant = h.tenant AND c.category <> 'new' AND c.attributes->>'competence' = n.competence
					AND itsm.person_key(c.attributes->>'person') = h.person_key
					AND coalesce((c.attributes->>'valid_from')::date <= coalesce(lower(h.during), $3::date), true)
					AND coalesce((c.attributes->>'valid_to')::date >= coalesce(lower(h.during), $3::date), true))
		) p
	WHERE h.during @> $3::date AND coalesce(h.role_attributes->>'required_competences', '{}') <> '{}'
$query$);

SELECT itsm.define_control(id => '7.2-2', clause => '7.2', kind => 'T', grade => 'minor',
	title => 'No mandatory qualification of somebody who holds a role has run out',
	needs => '{competence,competence.mandatory,role_assignment}', remedy => 'Renew the qualification, and record the evidence.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT CASE WHEN (c.attributes->>'valid_to')::date < $3::date AND NOT EXISTS (
				SELECT FROM itsm.compliance_record n
				WHERE n.process = 'competence' AND n.tenant = c.tenant AND n.category <> ALL ('{new,closed}') AND n.attributes->>'competence' = c.attributes->>'competence'
					AND itsm.person_key(n.attributes->>'person') = itsm.person_key(c.attributes->>'person') AND coalesce((n.attributes->>'valid_to')::date >= $3::date, true))
			THEN 'has run out, and was not renewed' END AS problem OFFSET 0) p
	WHERE c.process = 'competence' AND c.category = 'active' AND (c.attributes->>'mandatory')::boolean
		AND EXISTS (SELECT FROM itsm.role_holder h WHERE h.tenant = c.tenant AND h.person_key = itsm.person_key(c.attributes->>'person') AND h.during @> $3::date)
$query$);

SELECT itsm.define_control(id => '7.2-3', clause => '7.2', kind => 'V', grade => 'minor',
	title => 'How effective trainings were is evaluated (those that began to be planned in the last 24 months; the interval set, or 90 days, is left for it)',
	needs => '{training}', remedy => 'Evaluate the training, and fill in evaluation and evaluated_by.', query => $query$
	SELECT t.key, t.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record t
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(t.attributes->>'evaluation', '') = ''
			AND (t.category = 'closed' OR coalesce((t.attributes->>'held_at')::date::timestamptz, t.resolved_at) < $3 - coalesce($1, '90 days'))
			THEN 'nobody evaluated how effective it was' END AS problem OFFSET 0) p
	WHERE t.process = 'training' AND t.category = ANY ('{resolved,closed}') AND t.opened_at > $3 - interval '24 mons'
$query$);

SELECT itsm.define_control(id => '7.3-1', clause => '7.3', kind => 'T', grade => 'minor', parameter => '12 mo',
	title => '90 percent of the staff in scope have, within the interval, acknowledged the policy and the objectives in force, and their own contribution',
	needs => '{person,document,document.kind,acknowledgement,acknowledgement.contribution}', remedy => 'Have the documents of kind sm_policy and objectives acknowledged, with the contribution.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.document_in_force d
		CROSS JOIN LATERAL (
			SELECT count(*) AS staff, count(a.person) AS acknowledged
			FROM itsm.compliance_record n
				LEFT JOIN (
					SELECT DISTINCT a.tenant, a.attributes->>'person' AS person
					FROM itsm.compliance_record a
					WHERE a.process = 'acknowledgement' AND a.category <> 'cancelled' AND a.attributes->>'document' = d.key
						AND a.attributes->>'contribution' <> '' AND (a.attributes->>'at')::timestamptz > $3 - $1
				) a ON a.tenant = n.tenant AND a.person = n.key
			WHERE n.process = 'person' AND n.category = 'active' AND n.tenant = d.tenant AND (n.attributes->>'in_scope')::boolean IS NOT FALSE
				AND coalesce((n.attributes->>'valid_from')::date <= $3::date, true) AND coalesce((n.attributes->>'valid_to')::date >= $3::date, true)
		) s
		CROSS JOIN LATERAL (SELECT CASE WHEN s.acknowledged * 100 < s.staff * 90 THEN format('%s of %s people acknowledged it', s.acknowledged, s.staff) END AS problem OFFSET 0) p
	WHERE d.kind = ANY ('{sm_policy,objectives}') AND s.staff > 0
$query$);

SELECT itsm.define_control(id => '7.4-1', clause => '7.4', kind => 'I', grade => 'obs',
	title => 'The communication plan says what, when, with whom, how and by whom, and it is done as often as it says',
	needs => '{communication_plan,communication}', remedy => 'Complete the line of the plan; record the communication that is due.', query => $query$
	SELECT l.key, l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		LEFT JOIN (
			SELECT c.tenant, c.attributes->>'plan' AS plan, max((c.attributes->>'at')::timestamptz) AS at
			FROM itsm.compliance_record c WHERE c.process = 'communication' AND c.category <> 'cancelled' GROUP BY 1, 2
		) c ON c.tenant = l.tenant AND c.plan = l.key
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			itsm.lacking(coalesce(l.attributes, '{}') || jsonb_build_object('subject', l.title), 'subject', 'occasion', 'audience', 'method', 'owner'),
			CASE WHEN coalesce(c.at, l.opened_at) < $3 - (l.attributes->>'frequency')::interval THEN 'was not done as often as it says' END), '') AS problem OFFSET 0) p
	WHERE l.process = 'communication_plan' AND l.category = 'active'
$query$);

SELECT itsm.define_control(id => '7.5-1', clause => '7.5.2', kind => 'X', grade => 'major',
	title => 'Documents are approved by somebody else than their author',
	needs => '{document,document.author,document.approver}', remedy => 'Have the document approved by another person.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record d
		LEFT JOIN (
			SELECT v.tenant, v.record, array_agg(itsm.person_key(v.person)) AS persons FROM itsm.approval v WHERE v.decision = 'approved' GROUP BY 1, 2
		) v ON v.tenant = d.tenant AND v.record = d.record
		CROSS JOIN LATERAL (SELECT CASE
			WHEN coalesce(d.attributes->>'approver', '') = '' AND v.persons IS NULL THEN 'nobody approved it'
			WHEN array_remove(v.persons || itsm.person_key(nullif(d.attributes->>'approver', '')), NULL) <@ ARRAY[itsm.person_key(d.attributes->>'author')]
				THEN 'approved by its author alone' END AS problem OFFSET 0) p
	WHERE d.process = 'document' AND d.state = ANY ('{approved,effective,superseded}')
$query$);

SELECT itsm.define_control(id => '7.5-2', clause => '7.5.3', kind => 'T', grade => 'major',
	title => 'No document in force is past its review date',
	needs => '{document,document.next_review}', remedy => 'Review the document, and put its next version into force or set the date of the next review.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.document_in_force d
		CROSS JOIN LATERAL (SELECT CASE WHEN d.next_review IS NULL THEN 'has no review date'
			WHEN d.next_review < $3::date THEN 'is past its review date' END AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '7.5-3', clause => '7.5.3', kind => 'I', grade => 'major',
	title => 'Of each document one version is in force; those that were superseded are kept, and say by what',
	needs => '{document}', remedy => 'Supersede the earlier version, and name its successor.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM (
			SELECT d.*, coalesce(nullif(d.attributes->>'number', ''), d.key) AS number,
				count(*) FILTER (WHERE d.state = 'effective') OVER (PARTITION BY d.tenant, coalesce(nullif(d.attributes->>'number', ''), d.key)) AS in_force
			FROM itsm.compliance_record d
			WHERE d.process = 'document' AND d.state = ANY ('{effective,superseded}')
		) d
		LEFT JOIN itsm.compliance_record s ON s.process = 'document' AND s.tenant = d.tenant AND s.key = d.attributes->>'successor'
		CROSS JOIN LATERAL (SELECT CASE
			WHEN d.state = 'effective' AND d.in_force > 1 THEN format('%s versions of it are in force', d.in_force)
			WHEN d.state = 'effective' AND s.state = 'effective' THEN 'its successor is in force as well'
			WHEN d.state = 'superseded' AND coalesce(d.attributes->>'successor', '') = '' THEN 'is superseded, and does not say by what'
			WHEN d.state = 'superseded' AND s.record IS NULL THEN 'what superseded it does not exist' END AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '7.5-4', clause => '7.5.3', kind => 'I', grade => 'minor',
	title => 'It is laid down how long records of each process are kept, and none was deleted before',
	needs => '{retention_rule}', remedy => 'Record a retention rule of the process; records that were deleted too early stay in the ledger.', query => $query$
	WITH rule AS (
		SELECT r.attributes->>'process' AS process, min((r.attributes->>'period')::interval) AS period
		FROM itsm.compliance_record r
		WHERE r.process = 'retention_rule' AND r.category = 'active' GROUP BY 1
	)
	SELECT a.process, NULL::bigint, p.problem IS NULL, p.problem
	FROM (SELECT DISTINCT t.process FROM itsm.attached_attribute t) a
		LEFT JOIN rule r ON r.process = a.process
		LEFT JOIN (
			SELECT d.process, count(*) AS records
			FROM itsm.record d JOIN rule r ON r.process = d.process
			WHERE d.deleted AND d.at < d.opened_at + r.period GROUP BY 1
		) d ON d.process = a.process
		CROSS JOIN LATERAL (SELECT CASE WHEN r.process IS NULL THEN 'nothing says how long its records are kept'
			WHEN d.records > 0 THEN format('%s records were deleted before their time', d.records) END AS problem OFFSET 0) p
	WHERE EXISTS (SELECT FROM itsm.record x WHERE x.process = a.process)
$query$);

SELECT itsm.define_control(id => '7.5-5', clause => '7.5.4', kind => 'D', grade => 'major',
	title => 'Each document that must exist is in force, or what it would say is kept as current records of its own',
	needs => '{document,document.kind}', remedy => 'Have a document of the kind approved and put into force, with the section where one is named.', query => $query$
	SELECT format('%s %s', q.number, q.title), d.record, p.problem IS NULL, p.problem
	FROM itsm.required_document q
		LEFT JOIN LATERAL (
			SELECT min(f.record) AS record, bool_or(q.section IS NULL OR q.section = ANY ((f.attributes->>'sections')::text[])) AS complete
			FROM itsm.document_in_force f WHERE f.kind = q.kind
		) d ON true
		CROSS JOIN LATERAL (SELECT (q.number, q.kind) IN (SELECT r.number, r.kind FROM itsm.kept_as_records r) AS kept OFFSET 0) k
		CROSS JOIN LATERAL (SELECT CASE WHEN k.kept THEN NULL
			WHEN d.record IS NULL THEN 'none is in force'
			WHEN d.complete IS NOT TRUE THEN format('those in force lack the section %s', q.section) END AS problem OFFSET 0) p
	WHERE q.same_as IS NULL AND EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = 'document')
	ORDER BY q.number, q.kind
$query$);

SELECT itsm.define_control(id => '7.5-6', clause => '7.5.4', kind => 'V', grade => 'major',
	title => 'Of each kind of record that must be kept there is one of the last 12 months, or the interval set, or it is stated that there was none',
	needs => '{}', remedy => 'Attach the table that holds such records, record what there was, or record a nil return.', query => $query$
	SELECT format('%s %s', q.number, q.title), NULL::bigint, p.problem IS NULL, p.problem
	FROM itsm.required_record q
		CROSS JOIN LATERAL (SELECT
			-- ordered, so that it looks into the index
			coalesce((
				SELECT true FROM itsm.compliance_record r
				WHERE r.process = q.process AND r.opened_at > $3 - coalesce($1, '12 mons') AND (q.attribute IS NULL OR r.attributes->>q.attribute = q.value)
				ORDER BY r.opened_at DESC LIMIT 1), false)
			-- what holds as long as it is not ended
			OR (q.process = ANY ('{configuration_item,competence,audit_programme}') AND coalesce((
				SELECT true FROM itsm.compliance_record r WHERE r.process = q.process AND r.category = 'active' ORDER BY r.opened_at DESC LIMIT 1), false))
			OR EXISTS (
				SELECT FROM itsm.compliance_record n
				WHERE n.process = 'nil_return' AND n.category <> 'cancelled' AND n.attributes->>'kind' = q.kind
					AND (n.attributes->>'period_end')::date > $3 - coalesce($1, '12 mons')) AS there OFFSET 0) t
		CROSS JOIN LATERAL (SELECT CASE WHEN NOT t.there THEN 'no such record in the period, and nobody stated that there was nothing to record' END AS problem OFFSET 0) p
	WHERE (SELECT bool_or(x.there) FROM itsm.required_record y
		CROSS JOIN LATERAL (SELECT true FROM itsm.compliance_record r WHERE r.process = y.process ORDER BY r.opened_at LIMIT 1) x(there))
	ORDER BY q.number
$query$);

SELECT itsm.define_control(id => '7.5-7', clause => '7.5.3', kind => 'I', grade => 'minor',
	title => 'Documents from outside are known as such, and their distribution is under control',
	needs => '{document,document.origin}', remedy => 'Set origin to internal or external, and fill in distribution for external documents.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.document_in_force d
		CROSS JOIN LATERAL (SELECT CASE WHEN d.attributes->>'origin' = ANY ('{internal,external}') IS NOT TRUE THEN 'does not say whether it comes from outside'
			WHEN d.attributes->>'origin' = 'external' AND coalesce(d.attributes->>'distribution', '') = '' THEN 'comes from outside, and nothing says who gets it' END AS problem OFFSET 0) p
$query$);

SELECT itsm.define_control(id => '7.5.1-1', clause => '7.5.1', kind => 'I', grade => 'obs',
	title => 'The register of documents has those that the standard asks for and those that the organisation needs, each with kind, owner and medium',
	needs => '{document,document.kind,document.medium,document.required_by}', remedy => 'Fill in kind, owner, medium and required_by (standard or organisation).', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.document_in_force d
		CROSS JOIN LATERAL (SELECT itsm.lacking(d.attributes, 'kind', 'owner', 'medium', 'required_by') AS problem OFFSET 0) p
	UNION ALL
	SELECT q.title, NULL, false, 'none is in force'
	FROM (VALUES ('standard', 'documents that the standard asks for'), ('organisation', 'documents that the organisation needs')) q(required_by, title)
	WHERE NOT EXISTS (SELECT FROM itsm.document_in_force d WHERE d.attributes->>'required_by' = q.required_by)
		AND EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = 'document')
$query$);

SELECT itsm.define_control(id => '7.6-1', clause => '7.6', kind => 'T', grade => 'obs', parameter => '12 mo',
	title => 'Published articles are reviewed within the interval, and those that ran out are taken back',
	needs => '{knowledge_article}', remedy => 'Review the article (reviewed_at), or move it to outdated or retired.', query => $query$
	SELECT a.key, a.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record a
		LEFT JOIN itsm.record_state s ON s.record = a.record AND s.tenant = a.tenant
		CROSS JOIN LATERAL (SELECT CASE
			WHEN (a.attributes->>'valid_to')::date < $3::date THEN 'has run out, and is still published'
			WHEN coalesce((a.attributes->>'reviewed_at')::date::timestamptz, s.entered_at) < $3 - $1 THEN 'was last reviewed longer ago than the interval' END AS problem OFFSET 0) p
	WHERE a.process = 'knowledge_article' AND a.state = 'published'
$query$);

SELECT itsm.define_control(id => '7.6-2', clause => '7.6', kind => 'I', grade => 'obs',
	title => 'Known errors with a workaround have a published article, and so has each category with many resolved incidents (100 in the last 12 months unless set)',
	needs => '{knowledge_article}', remedy => 'Publish an article that names the known error, its problem, or the category.', query => $query$
	WITH article AS (
		SELECT a.tenant, a.classification, a.attributes->>'known_error' AS known_error, a.attributes->>'problem' AS problem
		FROM itsm.compliance_record a WHERE a.process = 'knowledge_article' AND a.state = 'published'
	)
	SELECT format('known_error %s', e.key), e.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record e
		CROSS JOIN LATERAL (SELECT CASE WHEN NOT EXISTS (
				SELECT FROM article a WHERE a.tenant = e.tenant AND (a.known_error = e.key OR a.problem = e.attributes->>'problem'))
			THEN 'no published article tells of it' END AS problem OFFSET 0) p
	WHERE e.process = 'known_error' AND e.state = 'published' AND e.attributes->>'workaround' <> ''
	UNION ALL
	SELECT format('category %s', i.classification), NULL, p.problem IS NULL, p.problem
	FROM (
			SELECT i.tenant, i.classification, count(*) AS incidents
			FROM itsm.compliance_record i
			WHERE i.process = 'incident' AND i.category = ANY ('{resolved,closed}') AND i.classification <> '' AND i.opened_at > $3 - coalesce($1, '12 mons')
			GROUP BY i.tenant, i.classification HAVING count(*) > coalesce($2, 100)
		) i
		CROSS JOIN LATERAL (SELECT CASE WHEN NOT EXISTS (SELECT FROM article a WHERE a.tenant = i.tenant AND a.classification = i.classification)
			THEN format('%s incidents were resolved, and no published article is of this category', i.incidents) END AS problem OFFSET 0) p
$query$);
