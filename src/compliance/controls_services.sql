-- Controls of operation and of the service portfolio (ISO/IEC 20000-1, 8.1 and 8.2).

SELECT itsm.define_control(id => '8.1-1', clause => '8.1', kind => 'I', grade => 'major',
	title => 'Processes have criteria for their performance, and ran or were measured in the last 12 months, or the interval set',
	needs => '{process,process.criteria}', remedy => 'Fill in criteria, and in record_process the records that show that the process runs, or record a measurement of it.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT
			EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = c.attributes->>'record_process' AND r.opened_at > $3 - coalesce($1, '12 mons'))
			OR EXISTS (
				SELECT FROM itsm.compliance_record v
					LEFT JOIN itsm.compliance_record m ON m.process = 'metric' AND m.tenant = v.tenant AND m.key = v.attributes->>'metric'
				WHERE v.process = 'measurement' AND v.tenant = c.tenant AND v.category <> 'cancelled'
					AND c.key = ANY (ARRAY[v.attributes->>'process', m.attributes->>'process'])
					AND (v.attributes->>'period_end')::date > $3 - coalesce($1, '12 mons')) AS ran OFFSET 0) r
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(c.attributes, 'criteria'),
			CASE WHEN NOT r.ran THEN 'no record or measurement shows that it ran' END), '') AS problem OFFSET 0) p
	WHERE c.process = 'process' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.1-2', clause => '8.1', kind => 'I', grade => 'major',
	title => 'Changes to the management system itself (policies, scope, plan, processes put into force in the last 12 months, or the interval set, in the place of earlier ones) have an approved change',
	needs => '{document,document.kind,document.change,change}', remedy => 'Name the approved change in the document.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.document_in_force d
		LEFT JOIN itsm.controlled_change c ON c.tenant = d.tenant AND c.key = d.attributes->>'change'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(d.attributes->>'change', '') = '' THEN 'took the place of an earlier one without a change'
			WHEN c.record IS NULL THEN 'the change that it names does not exist'
			WHEN c.approved IS NOT TRUE THEN 'the change that it names is not approved' END AS problem OFFSET 0) p
	WHERE d.kind = ANY ('{scope,sm_policy,sm_plan,process_description,change_policy,release_policy,infosec_policy,objectives,major_incident_procedure,risk_approach}')
		AND d.reviewed_at > $3 - coalesce($1, '12 mons')
		AND (d.attributes->>'change' <> '' OR (d.tenant, d.key) IN (
			SELECT o.tenant, o.attributes->>'successor' FROM itsm.compliance_record o WHERE o.process = 'document' AND o.attributes->>'successor' IS NOT NULL))
$query$);

SELECT itsm.define_control(id => '8.1-3', clause => '8.1', kind => 'V', grade => 'major',
	title => 'What unintended changes led to is reviewed, and something is done about it: discrepancies, and what itsm_report.unauthorised_change tells (open ones, and those closed in the last 12 months, or the interval set)',
	needs => '{discrepancy,discrepancy.unintended_change}', remedy => 'Record a discrepancy of the item with unintended_change; fill in consequence, and an action, a change or a corrective action; or tie what happened to a change by itsm.authorise_afterwards.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record d
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN coalesce(d.attributes->>'consequence', '') = '' THEN 'its consequence was not reviewed' END,
			CASE WHEN coalesce(nullif(d.attributes->>'action', ''), nullif(d.attributes->>'change', ''), d.attributes->>'corrective_action', '') = '' THEN 'nothing is done about it' END), '') AS problem OFFSET 0) p
	WHERE d.process = 'discrepancy' AND (d.attributes->>'unintended_change')::boolean AND (d.category <> 'closed' OR d.closed_at > $3 - coalesce($1, '12 mons'))
	UNION ALL
	SELECT u.ci, u.record, d.ci IS NOT NULL, CASE WHEN d.ci IS NULL THEN 'was changed without an authorised change, and nobody looked into what that led to' END
	FROM (
			SELECT u.tenant, u.record, u.ci, max(u.at) AS at
			FROM itsm_report.unauthorised_change u
			WHERE NOT u.authorised AND u.at > $3 - coalesce($1, '12 mons') AND u.at <= $3
			GROUP BY u.tenant, u.record, u.ci
		) u
		LEFT JOIN (
			SELECT d.tenant, d.ci, max((d.attributes->>'found_at')::date) AS found_at
			FROM itsm.compliance_record d WHERE d.process = 'discrepancy' AND (d.attributes->>'unintended_change')::boolean GROUP BY 1, 2
		) d ON d.tenant = u.tenant AND d.ci = u.ci AND d.found_at >= u.at::date
$query$);

SELECT itsm.define_control(id => '8.2.1-1', clause => '8.2.1', kind => 'T', grade => 'major',
	title => 'The service level of services in scope is measured without a gap longer than the reporting period (a month, or the interval set) in the last 12 months',
	needs => '{service,measurement,measurement.service}', remedy => 'Record a measurement of kind sla, availability or kpi of the service for each period.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT v.tenant, v.service, max(v.period_end) AS last_end, max(v.period_start - v.covered) FILTER (WHERE v.period_start > v.covered + coalesce($1, '1 mon')) AS gap
			FROM (
					SELECT v.tenant, v.service, (v.attributes->>'period_start')::date AS period_start, (v.attributes->>'period_end')::date AS period_end,
						max((v.attributes->>'period_end')::date) OVER (PARTITION BY v.tenant, v.service ORDER BY (v.attributes->>'period_start')::date, v.record
							ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
					FROM itsm.compliance_record v
					WHERE v.process = 'measurement' AND v.category <> 'cancelled' AND v.attributes->>'kind' = ANY ('{sla,availability,kpi}')
						AND (v.attributes->>'period_end')::date > $3 - interval '12 mons'
				) v
			GROUP BY v.tenant, v.service
		) v ON v.tenant = s.tenant AND v.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN v.last_end IS NULL AND s.entered_at > $3 - 2 * coalesce($1, '1 mon') THEN NULL
			WHEN v.last_end IS NULL THEN 'its service level was never measured'
			WHEN v.last_end < $3 - 2 * coalesce($1, '1 mon') THEN 'the last measurement is older than the reporting period'
			WHEN v.gap > 0 THEN format('not measured on %s days in a row', v.gap) END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.2.2-1', clause => '8.2.2', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'Services in scope have requirements that are agreed and approved, or reviewed, within the interval',
	needs => '{service,requirement,requirement.service}', remedy => 'Record requirements of kind service, agreed_by and approved_by somebody, and review them.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT r.tenant, r.service, count(*) FILTER (WHERE coalesce(r.attributes->>'agreed_by', '') = '' OR coalesce(r.attributes->>'approved_by', '') = '') AS not_agreed,
				min(greatest((r.attributes->>'approved_at')::date, (r.attributes->>'reviewed_at')::date)) AS reviewed_at,
				count(*) FILTER (WHERE r.attributes->>'approved_at' IS NULL AND r.attributes->>'reviewed_at' IS NULL) AS undated
			FROM itsm.compliance_record r
			WHERE r.process = 'requirement' AND r.category = 'active' AND r.attributes->>'kind' = 'service'
			GROUP BY r.tenant, r.service
		) r ON r.tenant = s.tenant AND r.service = s.key
		CROSS JOIN LATERAL (SELECT CASE WHEN r.service IS NULL THEN 'has no requirements on record'
			WHEN r.not_agreed > 0 THEN format('%s of its requirements are not agreed and approved', r.not_agreed)
			WHEN r.undated > 0 OR r.reviewed_at < $3 - $1 THEN 'its requirements were last approved or reviewed longer ago than the interval' END AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.2.2-2', clause => '8.2.2', kind => 'I', grade => 'minor',
	title => 'Services in scope have a criticality, and relationships that say what they depend on, or a decision that there is nothing',
	needs => '{service,service.criticality}', remedy => 'Fill in criticality; relate the service to what it depends on, or set no_dependencies.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_service s
		LEFT JOIN (
			SELECT DISTINCT l.tenant, e.record
			FROM itsm.relationship l CROSS JOIN LATERAL (VALUES (l.source), (l.target)) e(record)
				JOIN itsm.compliance_record c ON c.process = 'service' AND c.tenant = l.tenant AND c.record = e.record
			WHERE l.ended = 0 AND (l.source = e.record AND l.type = ANY ('{depends_on,uses,runs_on,hosted_on}') OR l.target = e.record AND l.type = ANY ('{supports,part_of,member_of}'))
		) d ON d.tenant = s.tenant AND d.record = s.record
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(s.attributes, 'criticality'),
			CASE WHEN d.record IS NULL AND (s.attributes->>'no_dependencies')::boolean IS NOT TRUE AND coalesce(s.attributes->>'cis', '{}') = '{}'
				THEN 'nothing says what it depends on' END), '') AS problem OFFSET 0) p
	WHERE s.in_scope
$query$);

SELECT itsm.define_control(id => '8.2.2-3', clause => '8.2.2', kind => 'V', grade => 'minor', parameter => '90 d',
	title => 'Proposals of new or changed services are decided on, with a priority, within the interval (those of the last 24 months)',
	needs => '{service,service.decided_at}', remedy => 'Decide on the proposal: decision, priority and decided_at.', query => $query$
	SELECT s.key, s.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record s
		CROSS JOIN LATERAL (SELECT CASE
			WHEN s.state = 'proposed' AND s.attributes->>'decided_at' IS NULL THEN CASE WHEN s.opened_at < $3 - $1 THEN 'was not decided on in time' END
			ELSE nullif(concat_ws('; ', itsm.lacking(coalesce(s.attributes, '{}') || jsonb_build_object('priority', s.priority::text), 'decision', 'priority', 'decided_at'),
				CASE WHEN (s.attributes->>'decided_at')::date > s.opened_at + $1 THEN 'was decided on too late' END), '') END AS problem OFFSET 0) p
	WHERE s.process = 'service' AND s.opened_at > $3 - interval '24 mons' AND (s.state = ANY ('{proposed,approved,rejected,in_design,in_build,in_transition}')
		OR s.attributes->>'decided_at' IS NOT NULL)
$query$);

SELECT itsm.define_control(id => '8.2.3-1', clause => '8.2.3.1', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'What other parties provide or operate is listed, with who in the organisation stays accountable: each entry, each process that others operate, each supplier with a contract in force',
	needs => '{service_party,service_party.owner}', remedy => 'Add the service, component or process with its supplier to the register, with an owner.', query => $query$
	SELECT l.key, l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(l.attributes, 'party', 'owner'),
			CASE WHEN coalesce(nullif(l.service, ''), l.attributes->>'process', '') = '' THEN 'names neither service nor process' END), '') AS problem OFFSET 0) p
	WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' <> 'customer'
	UNION ALL
	SELECT format('process %s', c.key), c.record, l.process IS NOT NULL, CASE WHEN l.process IS NULL THEN 'is operated by others, and not listed' END
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT DISTINCT l.tenant, l.attributes->>'process' AS process
			FROM itsm.compliance_record l WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' <> 'customer'
		) l ON l.tenant = c.tenant AND l.process = c.key
	WHERE c.process = 'process' AND c.category = 'active' AND c.attributes->>'operated_by' = ANY ('{part,other}')
	UNION ALL
	SELECT format('contract %s', k.key), k.record, l.party IS NOT NULL, CASE WHEN l.party IS NULL THEN 'what its supplier provides is not listed' END
	FROM itsm.compliance_record k
		LEFT JOIN (
			SELECT DISTINCT l.tenant, l.attributes->>'party' AS party
			FROM itsm.compliance_record l WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' <> 'customer'
		) l ON l.tenant = k.tenant AND l.party = k.attributes->>'supplier'
	WHERE k.process = 'contract' AND k.service <> '' AND k.state = ANY ('{active,amended,in_dispute,expiring}')
$query$);

SELECT itsm.define_control(id => '8.2.3-2', clause => '8.2.3.1', kind => 'I', grade => 'major',
	title => 'For processes that others operate as a whole somebody in the organisation stays accountable',
	needs => '{process,process.operated_by,service_party,service_party.owner}', remedy => 'Name the owner of the process, and in the register of parties who stays accountable.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT l.tenant, l.attributes->>'process' AS process, bool_or((l.attributes->>'wholly')::boolean) AS wholly,
				bool_or(l.attributes->>'owner' <> '') AS accountable
			FROM itsm.compliance_record l WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' <> 'customer' GROUP BY 1, 2
		) l ON l.tenant = c.tenant AND l.process = c.key
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(c.attributes, 'owner'),
			CASE WHEN l.accountable IS NOT TRUE THEN 'nobody stays accountable for what others operate' END), '') AS problem OFFSET 0) p
	WHERE c.process = 'process' AND c.category = 'active' AND (c.attributes->>'operated_by' = 'other' OR l.wholly)
$query$);

SELECT itsm.define_control(id => '8.2.3-3', clause => '8.2.3.2', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'What other parties provide or operate is measured and evaluated within the interval',
	needs => '{service_party,service_party.evaluated_at}', remedy => 'Evaluate the party''s performance in it: evaluated_at and evaluation.', query => $query$
	SELECT l.key, l.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record l
		CROSS JOIN LATERAL (SELECT CASE WHEN l.attributes->>'evaluated_at' IS NULL AND l.opened_at > $3 - $1 THEN NULL
			WHEN l.attributes->>'evaluated_at' IS NULL THEN 'was never evaluated'
			WHEN (l.attributes->>'evaluated_at')::date < $3 - $1 THEN 'was last evaluated longer ago than the interval'
			ELSE itsm.lacking(l.attributes, 'evaluation') END AS problem OFFSET 0) p
	WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' <> 'customer'
$query$);

SELECT itsm.define_control(id => '8.2.4-1', clause => '8.2.4', kind => 'D', grade => 'major', parameter => '12 mo',
	title => 'The service catalogue is in force, lists every live service and none that is retired',
	needs => '{service,catalogue_item,catalogue_item.service}', remedy => 'Add an entry for the service, or retire the entry; where the catalogue is a document of kind service_catalogue, bring that up to date.', query => $query$
	SELECT s.key, s.record, i.service IS NOT NULL, CASE WHEN i.service IS NULL THEN 'is live, and not in the catalogue' END
	FROM itsm.controlled_service s
		LEFT JOIN (SELECT DISTINCT c.tenant, c.service FROM itsm.compliance_record c WHERE c.process = 'catalogue_item' AND c.category = 'active') i
			ON i.tenant = s.tenant AND i.service = s.key
	WHERE s.live
	UNION ALL
	SELECT format('catalogue item %s', c.key), c.record, s.state IS DISTINCT FROM 'retired', CASE WHEN s.state = 'retired' THEN 'lists a service that is retired' END
	FROM itsm.compliance_record c
		JOIN itsm.controlled_service s ON s.tenant = c.tenant AND s.key = c.service
	WHERE c.process = 'catalogue_item' AND c.category = 'active'
	UNION ALL
	SELECT d.subject, d.record, d.ok, d.problem
	FROM itsm.control_document('service_catalogue', $1, $3) d
	WHERE d.record IS NOT NULL
$query$);

SELECT itsm.define_control(id => '8.2.4-2', clause => '8.2.4', kind => 'I', grade => 'minor',
	title => 'Entries of the catalogue tell the intended outcome and what they depend on',
	needs => '{catalogue_item}', remedy => 'Fill in outcome and dependencies ("none" where there are none).', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		CROSS JOIN LATERAL (SELECT itsm.lacking(c.attributes, 'outcome', 'dependencies') AS problem OFFSET 0) p
	WHERE c.process = 'catalogue_item' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.2.4-3', clause => '8.2.4', kind => 'I', grade => 'minor',
	title => 'The customers of a service have access to its entries in the catalogue',
	needs => '{catalogue_item,catalogue_item.audience}', remedy => 'Name the customers of the service, or {all}, in audience.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT l.tenant, l.service, array_agg(DISTINCT l.attributes->>'party') AS parties
			FROM itsm.compliance_record l WHERE l.process = 'service_party' AND l.category = 'active' AND l.attributes->>'kind' = 'customer' GROUP BY 1, 2
		) l ON l.tenant = c.tenant AND l.service = c.service
		CROSS JOIN LATERAL (SELECT coalesce((c.attributes->>'audience')::text[], '{}') AS audience OFFSET 0) a
		CROSS JOIN LATERAL (SELECT CASE WHEN a.audience = '{}' THEN 'nobody has access to it'
			WHEN 'all' = ANY (a.audience) OR coalesce(l.parties <@ a.audience, true) THEN NULL
			ELSE format('%s customers of its service have no access to it', (SELECT count(*) FROM unnest(l.parties) n(party) WHERE n.party <> ALL (a.audience))) END AS problem OFFSET 0) p
	WHERE c.process = 'catalogue_item' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.2.4-4', clause => '8.2.4', kind => 'T', grade => 'minor', parameter => '5 d',
	title => 'The catalogue is brought up to date within the interval after a change to a service (changes with service_change of the last 12 months)',
	needs => '{change,change.service_change,catalogue_item,catalogue_item.changed_on}', remedy => 'Bring the entry up to date, and fill in changed_on.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		LEFT JOIN (
			SELECT i.tenant, i.service, bool_or(i.category = 'active') AS listed, max((i.attributes->>'changed_on')::date) AS changed_on
			FROM itsm.compliance_record i WHERE i.process = 'catalogue_item' GROUP BY 1, 2
		) i ON i.tenant = c.tenant AND i.service = coalesce(nullif(c.attributes->>'transition', ''), c.service)
		CROSS JOIN LATERAL (SELECT coalesce(c.actual_start, c.planned_start, c.ended_at)::date AS since, (c.ended_at + $1)::date AS by OFFSET 0) t
		CROSS JOIN LATERAL (SELECT CASE
			WHEN c.attributes->>'service_change' = 'removal' THEN CASE WHEN i.listed AND t.by < $3::date THEN 'the service was removed, and is still in the catalogue' END
			WHEN coalesce(i.changed_on < t.since, true) AND t.by < $3::date THEN 'the catalogue was not brought up to date' END AS problem OFFSET 0) p
	WHERE c.ended AND c.attributes->>'service_change' <> '' AND c.ended_at > $3 - interval '12 mons'
$query$);

SELECT itsm.define_control(id => '8.2.5-1', clause => '8.2.5', kind => 'I', grade => 'minor',
	title => 'Assets of services have an owner, and no more licences are used than there are',
	needs => '{service_asset}', remedy => 'Name the owner; buy licences or take installations back.', query => $query$
	SELECT a.key, a.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record a
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', itsm.lacking(a.attributes, 'owner'),
			CASE WHEN a.state IS NULL THEN 'has no status' END,
			CASE WHEN a.attributes->>'kind' = 'licence' AND (a.attributes->>'entitlement' IS NULL OR a.attributes->>'deployed' IS NULL) THEN 'does not say how many licences there are and how many are used'
				WHEN (a.attributes->>'deployed')::numeric > (a.attributes->>'entitlement')::numeric THEN 'more are used than there are' END), '') AS problem OFFSET 0) p
	WHERE a.process = 'service_asset' AND a.category IS DISTINCT FROM 'closed'
$query$);

SELECT itsm.define_control(id => '8.2.5-2', clause => '8.2.5', kind => 'T', grade => 'minor',
	title => 'No licence, warranty or support of an asset has run out without a decision',
	needs => '{service_asset,service_asset.obligation_until}', remedy => 'Renew it, or fill in obligation_decision.', query => $query$
	SELECT a.key, a.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record a
		CROSS JOIN LATERAL (SELECT CASE WHEN (a.attributes->>'obligation_until')::date < $3::date AND coalesce(a.attributes->>'obligation_decision', '') = ''
			THEN 'what is owed for it has run out, and nothing is decided' END AS problem OFFSET 0) p
	WHERE a.process = 'service_asset' AND a.category = 'active' AND a.attributes->>'obligation_until' IS NOT NULL
$query$);

SELECT itsm.define_control(id => '8.2.6-1', clause => '8.2.6', kind => 'I', grade => 'major',
	title => 'Configuration items have a class, a title, a status and an owner, and lead to a service, unless it is decided that they belong to none',
	needs => '{configuration_item}', remedy => 'Fill in class, title and owner; relate the item to what it is a part of or supports, or set no_service.', query => $query$
	WITH RECURSIVE edge AS (
		-- from what is impacted to what has the impact
		SELECT l.tenant, CASE WHEN t.impact = 'forward' THEN l.target ELSE l.source END AS of, CASE WHEN t.impact = 'forward' THEN l.source ELSE l.target END AS by
		FROM itsm.relationship l JOIN itsm.relationship_type t ON t.name = l.type
		WHERE l.ended = 0 AND t.impact <> 'none'
		UNION ALL
		SELECT l.tenant, l.target, l.source
		FROM itsm.relationship l JOIN itsm.relationship_type t ON t.name = l.type
		WHERE l.ended = 0 AND t.impact = 'both'
	), serving AS (
		SELECT s.tenant, s.record FROM itsm.compliance_record s WHERE s.process = 'service'
		UNION
		SELECT i.tenant, i.record
		FROM itsm.compliance_record i
			JOIN (SELECT s.tenant, unnest((s.attributes->>'cis')::text[]) AS ci FROM itsm.compliance_record s WHERE s.process = 'service') s ON s.tenant = i.tenant AND s.ci = i.key
		WHERE i.process = 'configuration_item'
		UNION
		SELECT i.tenant, i.record FROM itsm.compliance_record i WHERE i.process = 'configuration_item' AND i.service <> ''
	), reached AS (
		SELECT s.tenant, s.record FROM serving s
		UNION
		SELECT e.tenant, e.by FROM reached r JOIN edge e ON e.of = r.record AND e.tenant = r.tenant
	)
	SELECT i.key, i.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record i
		LEFT JOIN reached r ON r.tenant = i.tenant AND r.record = i.record
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ', 'lacks ' || nullif(concat_ws(', ',
				CASE WHEN coalesce(i.attributes->>'class', i.attributes->>'ci_class', '') = '' THEN 'class' END,
				CASE WHEN coalesce(i.title, i.attributes->>'description', '') = '' THEN 'title' END,
				CASE WHEN i.state IS NULL THEN 'status' END,
				CASE WHEN coalesce(i.attributes->>'owner', '') = '' THEN 'owner' END), ''),
			CASE WHEN r.record IS NULL AND (i.attributes->>'no_service')::boolean IS NOT TRUE THEN 'leads to no service' END), '') AS problem OFFSET 0) p
	WHERE i.process = 'configuration_item' AND (i.category IS NULL OR i.category = ANY ('{active,waiting}'))
$query$);

SELECT itsm.define_control(id => '8.2.6-2', clause => '8.2.6', kind => 'I', grade => 'major',
	title => 'Configuration items in production change only while an approved change that names them is being implemented (changes of the last 3 months, or the interval set)',
	needs => '{configuration_item,change,change.actual_start}', remedy => 'Name the item in the change (ci or cis) and the times of its implementation; have the rule authorised_change keep others off, and tie what happened to a change by itsm.authorise_afterwards.', query => $query$
	WITH happened AS (
		SELECT e.tenant, e.record, e.version, i.key, e.at
		FROM itsm.compliance_record i
			CROSS JOIN LATERAL (
				SELECT e.tenant, e.record, e.version, e.at
				FROM itsm.event e
				WHERE e.tenant = i.tenant AND e.record = i.record AND e.at > $3 - coalesce($1, '3 mons') AND e.at <= $3
					AND e.kind = ANY ('{transition,updated}') AND e.from_state = ANY ('{live,in_maintenance}') OFFSET 0
			) e
		WHERE i.process = 'configuration_item' AND i.changed_at > $3 - coalesce($1, '3 mons')
	), allowed AS (
		SELECT c.tenant, n.ci, c.actual_start, coalesce(c.actual_end, 'infinity') AS actual_end
		FROM itsm.controlled_change c
			CROSS JOIN LATERAL (SELECT nullif(c.ci, '') UNION SELECT unnest((c.attributes->>'cis')::text[])) n(ci)
		WHERE c.implemented AND c.actual_start IS NOT NULL AND coalesce(c.actual_end, 'infinity') > $3 - coalesce($1, '3 mons')
	)
	SELECT h.key, h.record, p.problem IS NULL, p.problem
	FROM (
			SELECT h.tenant, h.record, h.key, count(*) FILTER (WHERE NOT h.allowed
				-- itsm.authorise_afterwards
				AND NOT EXISTS (
					SELECT FROM itsm.event w
					WHERE w.tenant = h.tenant AND w.record = h.record AND w.kind = 'authorised' AND itsm.policy_detail(w.body)::jsonb->>'version' = h.version::text)) AS unauthorised
			FROM (
					SELECT h.tenant, h.record, h.version, h.key, bool_or(a.ci IS NOT NULL) AS allowed
					FROM happened h
						LEFT JOIN allowed a ON a.tenant = h.tenant AND a.ci = h.key AND h.at >= a.actual_start AND h.at <= a.actual_end
					GROUP BY 1, 2, 3, 4
				) h
			GROUP BY 1, 2, 3
		) h
		CROSS JOIN LATERAL (SELECT CASE WHEN h.unauthorised > 0 THEN format('changed %s times without an approved change that was being implemented', h.unauthorised) END AS problem OFFSET 0) p
	UNION ALL
	SELECT u.ci, u.record, u.authorised, CASE WHEN NOT u.authorised THEN format('%s without an authorised change', u.kind) END
	FROM itsm_report.unauthorised_change u
	WHERE u.at > $3 - coalesce($1, '3 mons') AND u.at <= $3 AND u.kind <> ALL ('{transition,updated}')
$query$);

SELECT itsm.define_control(id => '8.2.6-3', clause => '8.2.6', kind => 'T', grade => 'major', parameter => '12 mo',
	title => 'The configuration information of each class is verified within the interval, or that of the class',
	needs => '{configuration_class,configuration_audit}', remedy => 'Verify the items of the class, and record it as a configuration audit.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record c
		LEFT JOIN (
			SELECT a.tenant, a.attributes->>'class' AS class, max((a.attributes->>'held_at')::date) AS held_at
			FROM itsm.compliance_record a WHERE a.process = 'configuration_audit' AND a.category = ANY ('{resolved,closed}') GROUP BY 1, 2
		) a ON a.tenant = c.tenant AND a.class = c.key
		CROSS JOIN LATERAL (SELECT coalesce((c.attributes->>'verify_interval')::interval, $1) AS period OFFSET 0) i
		CROSS JOIN LATERAL (SELECT CASE WHEN a.held_at IS NULL AND c.opened_at > $3 - i.period THEN NULL
			WHEN a.held_at IS NULL THEN 'was never verified'
			WHEN a.held_at < $3 - i.period THEN 'was last verified longer ago than the interval' END AS problem OFFSET 0) p
	WHERE c.process = 'configuration_class' AND c.category = 'active'
$query$);

SELECT itsm.define_control(id => '8.2.6-4', clause => '8.2.6', kind => 'V', grade => 'major', parameter => '30 d',
	title => 'Discrepancies that a configuration audit found have a corrective action, and are put right within the interval (those of the last 12 months, and open ones)',
	needs => '{discrepancy,discrepancy.audit}', remedy => 'Name the change or corrective action, and put it right (corrected_at).', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record d
		CROSS JOIN LATERAL (SELECT coalesce((d.attributes->>'corrected_at')::date::timestamptz, d.resolved_at, d.closed_at) AS at OFFSET 0) c
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN coalesce(nullif(d.attributes->>'corrective_action', ''), nullif(d.attributes->>'change', ''), d.attributes->>'action', '') = '' THEN 'has no corrective action' END,
			CASE WHEN coalesce(c.at, $3) > (d.attributes->>'found_at')::date + $1 + interval '1 day' THEN CASE WHEN c.at IS NULL THEN 'is not put right in time' ELSE 'was put right too late' END END), '') AS problem OFFSET 0) p
	WHERE d.process = 'discrepancy' AND d.attributes->>'audit' <> ''
		AND (d.category <> 'closed' OR (d.attributes->>'found_at')::date > $3 - interval '12 mons')
$query$);

SELECT itsm.define_control(id => '8.2.6-5', clause => '8.2.6', kind => 'I', grade => 'major',
	title => 'No relationship between configuration items and services leads to one that is retired or gone, and none of "part of" leads back to itself',
	needs => '{configuration_item}', remedy => 'End the relationship (itsm.unrelate), or correct the link in the application''s table.', query => $query$
	WITH part AS MATERIALIZED (
		SELECT r.tenant, r.id, r.key, r.process, r.category, r.deleted
		FROM itsm.record r WHERE r.process = ANY ('{configuration_item,service}')
	)
	SELECT a.key, a.id, p.problem IS NULL, p.problem
	FROM itsm.relationship l
		JOIN part a ON a.tenant = l.tenant AND a.id = l.source
		JOIN part b ON b.tenant = l.tenant AND b.id = l.target
		CROSS JOIN LATERAL (SELECT CASE
			WHEN a.deleted OR b.deleted THEN format('%s something that does not exist any more', l.type)
			WHEN b.process = 'configuration_item' AND b.category = ANY ('{resolved,closed,cancelled}') AND a.category = ANY ('{new,active,waiting}')
				AND l.type <> ALL ('{replaces,relates_to,documents}') THEN format('%s %s, which is retired or gone', l.type, b.key) END AS problem OFFSET 0) p
	WHERE l.ended = 0 AND 'configuration_item' = ANY (ARRAY[a.process, b.process])
	UNION ALL
	SELECT coalesce(r.key, c.record::text), c.record, false, 'is part of itself'
	FROM itsm.cycles('part_of') c LEFT JOIN itsm.compliance_record r ON r.record = c.record
$query$);

SELECT itsm.define_control(id => '8.2.6-6', clause => '8.2.6', kind => 'I', grade => 'minor',
	title => 'Before each deployment there is a baseline to go back to (those of the last 12 months, or the interval set)',
	needs => '{deployment,deployment.baseline_before}', remedy => 'Take a baseline (itsm.take_baseline), and name it in baseline_before of the deployment or its release.', query => $query$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM itsm.compliance_record d
		LEFT JOIN itsm.compliance_record l ON l.process = 'release' AND l.tenant = d.tenant AND l.key = d.attributes->>'release'
		CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(nullif(d.attributes->>'baseline_before', ''), l.attributes->>'baseline_before', '') = ''
			THEN 'ran without a baseline' END AS problem OFFSET 0) p
	WHERE d.process = 'deployment' AND d.state = ANY ('{running,succeeded,failed,rolled_back}') AND d.opened_at > $3 - coalesce($1, '12 mons')
$query$);

SELECT itsm.define_control(id => '8.2.6-7', clause => '8.2.6', kind => 'T', grade => 'minor', parameter => '5 d',
	title => 'Closed changes have brought the configuration items that they name up to date within the interval (those closed in the last 12 months)',
	needs => '{change,change.cis}', remedy => 'Bring the items up to date, and set cis_updated in the change.', query => $query$
	SELECT c.key, c.record, p.problem IS NULL, p.problem
	FROM itsm.controlled_change c
		LEFT JOIN (
			SELECT n.tenant, n.record, bool_or(coalesce(i.changed_at < n.since, true)) AS behind
			FROM (
					SELECT c.tenant, c.record, coalesce(c.actual_start, c.planned_start, c.opened_at) AS since, unnest((c.attributes->>'cis')::text[]) AS ci
					FROM itsm.controlled_change c
					WHERE c.category = 'closed' AND c.closed_at > $3 - interval '12 mons' AND (c.attributes->>'cis_updated')::boolean IS NOT TRUE
				) n
				LEFT JOIN itsm.compliance_record i ON i.process = 'configuration_item' AND i.tenant = n.tenant AND i.key = n.ci
			GROUP BY n.tenant, n.record
		) n ON n.tenant = c.tenant AND n.record = c.record
		CROSS JOIN LATERAL (SELECT CASE WHEN (c.attributes->>'cis_updated')::boolean IS NOT TRUE AND n.behind IS NOT FALSE AND c.ended_at < $3 - $1
			THEN 'its configuration items were not brought up to date' END AS problem OFFSET 0) p
	WHERE c.category = 'closed' AND c.closed_at > $3 - interval '12 mons' AND coalesce(c.attributes->>'cis', '{}') <> '{}'
$query$);
