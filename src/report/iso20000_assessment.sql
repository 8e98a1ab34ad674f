-- Where the organisation stands by the last assessment, what is missing, and how that went on.
--
-- Subjects and problems that an assessment found are shown like mapped values: while a table
-- with row-level security is attached, to roles named by itsm.grant_reader only.

CREATE VIEW itsm.last_assessment AS
	SELECT a.id, a.at, a.note
	FROM itsm.assessment a
	ORDER BY a.id DESC
	LIMIT 1;
REVOKE ALL ON itsm.last_assessment FROM PUBLIC;
COMMENT ON VIEW itsm.last_assessment IS 'The last assessment; no row where there is none yet.';
COMMENT ON COLUMN itsm.last_assessment.id IS 'Its number.';
COMMENT ON COLUMN itsm.last_assessment.at IS 'When it was made.';
COMMENT ON COLUMN itsm.last_assessment.note IS 'Its note.';

CREATE VIEW itsm.control_standing AS
	SELECT c.id AS control, c.framework, c.clause, k.title AS clause_title, k.ordinal AS clause_ordinal, c.ordinal, c.kind, c.grade,
		c.title, c.parameter, c.needs, c.remedy, c.owner, c.due, s.action, s.action_tenant,
		l.id AS assessment, l.at AS assessed_at,
		coalesce(r.status, 'no evidence' COLLATE pg_catalog."C") AS status,
		coalesce(r.checked, 0) AS checked,
		coalesce(r.failed, 0) AS failed,
		coalesce(r.detail, 'it has not been assessed yet') AS detail,
		(SELECT nullif(pg_catalog.concat_ws(': ', f.subject, f.problem), '')
			FROM itsm.seen_assessment_finding f
			WHERE f.assessment OPERATOR(pg_catalog.=) r.assessment AND f.control OPERATOR(pg_catalog.=) r.control
				AND f.ordinal OPERATOR(pg_catalog.=) 1) AS example
	FROM itsm.control c
		LEFT JOIN itsm.clause k ON k.framework OPERATOR(pg_catalog.=) c.framework AND k.clause OPERATOR(pg_catalog.=) c.clause
		LEFT JOIN itsm.control_setting s ON s.control OPERATOR(pg_catalog.=) c.id
		LEFT JOIN itsm.last_assessment l ON true
		LEFT JOIN itsm.assessment_result r ON r.assessment OPERATOR(pg_catalog.=) l.id AND r.control OPERATOR(pg_catalog.=) c.id;
REVOKE ALL ON itsm.control_standing FROM PUBLIC;
COMMENT ON VIEW itsm.control_standing IS 'The controls that there are, each as the last assessment found it.';
COMMENT ON COLUMN itsm.control_standing.control IS 'Name of the control.';
COMMENT ON COLUMN itsm.control_standing.framework IS 'Its framework.';
COMMENT ON COLUMN itsm.control_standing.clause IS 'Its clause.';
COMMENT ON COLUMN itsm.control_standing.clause_title IS 'Short title of the clause.';
COMMENT ON COLUMN itsm.control_standing.clause_ordinal IS 'Place of the clause.';
COMMENT ON COLUMN itsm.control_standing.ordinal IS 'Place of the control.';
COMMENT ON COLUMN itsm.control_standing.kind IS 'Kind of evidence.';
COMMENT ON COLUMN itsm.control_standing.grade IS 'major, minor or obs.';
COMMENT ON COLUMN itsm.control_standing.title IS 'The rule.';
COMMENT ON COLUMN itsm.control_standing.parameter IS 'Its parameter.';
COMMENT ON COLUMN itsm.control_standing.needs IS 'Processes and attributes that it needs.';
COMMENT ON COLUMN itsm.control_standing.remedy IS 'What would fix it.';
COMMENT ON COLUMN itsm.control_standing.owner IS 'Who closes its gap.';
COMMENT ON COLUMN itsm.control_standing.due IS 'By when.';
COMMENT ON COLUMN itsm.control_standing.action IS 'Record of the action raised last.';
COMMENT ON COLUMN itsm.control_standing.action_tenant IS 'Tenant of the action.';
COMMENT ON COLUMN itsm.control_standing.assessment IS 'The last assessment.';
COMMENT ON COLUMN itsm.control_standing.assessed_at IS 'When it was made.';
COMMENT ON COLUMN itsm.control_standing.status IS 'Status by the assessment; no evidence for one that was not in it.';
COMMENT ON COLUMN itsm.control_standing.checked IS 'How many things were looked at.';
COMMENT ON COLUMN itsm.control_standing.failed IS 'How many of these did not conform.';
COMMENT ON COLUMN itsm.control_standing.detail IS 'Why the status is what it is.';
COMMENT ON COLUMN itsm.control_standing.example IS 'The first problem, in the order of their texts.';

-- What came of each clause, and of those above it, in each assessment.
CREATE VIEW itsm.clause_result AS
	WITH RECURSIVE above AS (
		SELECT k.framework, k.clause AS part, k.clause, k.parent
		FROM itsm.clause k
		UNION ALL
		SELECT a.framework, a.part, k.clause, k.parent
		FROM above a
			JOIN itsm.clause k ON k.framework OPERATOR(pg_catalog.=) a.framework AND k.clause OPERATOR(pg_catalog.=) a.parent
	)
	SELECT c.*,
		CASE WHEN c.major OPERATOR(pg_catalog.>) 0 OR c.minor OPERATOR(pg_catalog.>) 0 THEN 'nonconforming'
			WHEN c.errors OPERATOR(pg_catalog.>) 0 THEN 'error'
			WHEN c.no_evidence OPERATOR(pg_catalog.>) 0 THEN 'no evidence'
			WHEN c.conforming OPERATOR(pg_catalog.>) 0 OR c.observations OPERATOR(pg_catalog.>) 0 THEN 'conforming'
			ELSE 'not applicable' END AS status
	FROM (
			SELECT r.assessment, a.framework, a.clause,
				pg_catalog.count(*) AS controls,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'conforming') AS conforming,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'nonconforming') AS nonconforming,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'nonconforming' AND r.grade OPERATOR(pg_catalog.=) 'major') AS major,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'nonconforming' AND r.grade OPERATOR(pg_catalog.=) 'minor') AS minor,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'nonconforming' AND r.grade OPERATOR(pg_catalog.=) 'obs') AS observations,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'no evidence') AS no_evidence,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'not applicable') AS not_applicable,
				pg_catalog.count(*) FILTER (WHERE r.status OPERATOR(pg_catalog.=) 'error') AS errors
			FROM itsm.assessment_result r
				JOIN above a ON a.framework OPERATOR(pg_catalog.=) r.framework AND a.part OPERATOR(pg_catalog.=) r.clause
			GROUP BY r.assessment, a.framework, a.clause) c;
REVOKE ALL ON itsm.clause_result FROM PUBLIC;
COMMENT ON VIEW itsm.clause_result IS 'What came of each clause in each assessment; those above others count all below them. A clause without controls has no row.';
COMMENT ON COLUMN itsm.clause_result.assessment IS 'The assessment.';
COMMENT ON COLUMN itsm.clause_result.framework IS 'The framework.';
COMMENT ON COLUMN itsm.clause_result.clause IS 'The clause.';
COMMENT ON COLUMN itsm.clause_result.controls IS 'Its controls.';
COMMENT ON COLUMN itsm.clause_result.conforming IS 'Those that conformed.';
COMMENT ON COLUMN itsm.clause_result.nonconforming IS 'Those that did not.';
COMMENT ON COLUMN itsm.clause_result.major IS 'Nonconforming ones of grade major.';
COMMENT ON COLUMN itsm.clause_result.minor IS 'Nonconforming ones of grade minor.';
COMMENT ON COLUMN itsm.clause_result.observations IS 'Nonconforming ones of grade obs.';
COMMENT ON COLUMN itsm.clause_result.no_evidence IS 'Those without data.';
COMMENT ON COLUMN itsm.clause_result.not_applicable IS 'Those excluded.';
COMMENT ON COLUMN itsm.clause_result.errors IS 'Those whose query failed.';
COMMENT ON COLUMN itsm.clause_result.status IS 'What they come to.';

CREATE VIEW itsm_report.iso20000_clause WITH (security_barrier = true) AS
	SELECT k.clause,
		k.ordinal::bigint AS ordinal,
		k.parent,
		k.leaf,
		k.title,
		k.documented,
		k.information,
		coalesce(c.status, 'no evidence') AS status,
		coalesce(c.controls, 0) AS controls,
		coalesce(c.conforming, 0) AS conforming,
		coalesce(c.nonconforming, 0) AS nonconforming,
		coalesce(c.major, 0) AS major,
		coalesce(c.minor, 0) AS minor,
		coalesce(c.observations, 0) AS observations,
		coalesce(c.no_evidence, 0) AS no_evidence,
		coalesce(c.not_applicable, 0) AS not_applicable,
		coalesce(c.errors, 0) AS errors,
		l.id AS assessment,
		l.at AS assessed_at
	FROM itsm.clause k
		LEFT JOIN itsm.clause_result c ON c.clause OPERATOR(pg_catalog.=) k.clause AND c.framework OPERATOR(pg_catalog.=) 'iso20000'
			AND c.assessment OPERATOR(pg_catalog.=) (SELECT pg_catalog.max(x.id) FROM itsm.assessment x)
		LEFT JOIN itsm.last_assessment l ON true
	WHERE k.framework OPERATOR(pg_catalog.=) 'iso20000' AND (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.iso20000_clause FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_clause IS 'Where every clause of ISO/IEC 20000-1 stands by the last assessment; those above others count all below them.';
COMMENT ON COLUMN itsm_report.iso20000_clause.clause IS 'Number of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_clause.ordinal IS 'Its place: order by it.';
COMMENT ON COLUMN itsm_report.iso20000_clause.parent IS 'The clause that it is a part of; null: none.';
COMMENT ON COLUMN itsm_report.iso20000_clause.leaf IS 'It has no parts of its own.';
COMMENT ON COLUMN itsm_report.iso20000_clause.title IS 'Short title.';
COMMENT ON COLUMN itsm_report.iso20000_clause.documented IS 'What has to be kept for it: document, record, document+record, or derived; null: nothing of its own.';
COMMENT ON COLUMN itsm_report.iso20000_clause.information IS 'What that is.';
COMMENT ON COLUMN itsm_report.iso20000_clause.status IS 'nonconforming when a control of grade major or minor is; else error, then no evidence, when one of its controls is; conforming when all that are applicable are, but for observations; not applicable when all are. Without an assessment no evidence.';
COMMENT ON COLUMN itsm_report.iso20000_clause.controls IS 'Its controls.';
COMMENT ON COLUMN itsm_report.iso20000_clause.conforming IS 'Of these, those that conform.';
COMMENT ON COLUMN itsm_report.iso20000_clause.nonconforming IS 'Of these, those that do not.';
COMMENT ON COLUMN itsm_report.iso20000_clause.major IS 'Nonconforming ones of grade major.';
COMMENT ON COLUMN itsm_report.iso20000_clause.minor IS 'Nonconforming ones of grade minor.';
COMMENT ON COLUMN itsm_report.iso20000_clause.observations IS 'Nonconforming ones of grade obs.';
COMMENT ON COLUMN itsm_report.iso20000_clause.no_evidence IS 'Those without data.';
COMMENT ON COLUMN itsm_report.iso20000_clause.not_applicable IS 'Those excluded, with a reason.';
COMMENT ON COLUMN itsm_report.iso20000_clause.errors IS 'Those whose query failed.';
COMMENT ON COLUMN itsm_report.iso20000_clause.assessment IS 'Number of the assessment; null: there is none yet.';
COMMENT ON COLUMN itsm_report.iso20000_clause.assessed_at IS 'When it was made.';

CREATE VIEW itsm_report.iso20000_trend WITH (security_barrier = true) AS
	SELECT a.id AS assessment,
		a.at,
		a.as_of,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', a.as_of))) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', a.as_of))) AS month,
		a.as_of OPERATOR(pg_catalog.<) a.at AS looked_back,
		a.written_since,
		a.assessed_by,
		a.note,
		r.controls,
		r.conforming,
		r.nonconforming,
		r.major,
		r.minor,
		r.observations,
		r.no_evidence,
		r.not_applicable,
		r.errors,
		pg_catalog.round(r.conforming::numeric
			OPERATOR(pg_catalog./) nullif(r.controls OPERATOR(pg_catalog.-) r.not_applicable, 0), 4) AS conformity
	FROM itsm.assessment a
		JOIN (
			SELECT s.assessment,
				pg_catalog.count(*) AS controls,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'conforming') AS conforming,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'nonconforming') AS nonconforming,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'nonconforming' AND s.grade OPERATOR(pg_catalog.=) 'major') AS major,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'nonconforming' AND s.grade OPERATOR(pg_catalog.=) 'minor') AS minor,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'nonconforming' AND s.grade OPERATOR(pg_catalog.=) 'obs') AS observations,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'no evidence') AS no_evidence,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'not applicable') AS not_applicable,
				pg_catalog.count(*) FILTER (WHERE s.status OPERATOR(pg_catalog.=) 'error') AS errors
			FROM itsm.assessment_result s
			WHERE s.framework OPERATOR(pg_catalog.=) 'iso20000'
			GROUP BY s.assessment) r ON r.assessment OPERATOR(pg_catalog.=) a.id
	WHERE (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.iso20000_trend FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_trend IS 'Progress: a row per assessment, with how its controls of ISO/IEC 20000-1 stood.';
COMMENT ON COLUMN itsm_report.iso20000_trend.assessment IS 'Number of the assessment.';
COMMENT ON COLUMN itsm_report.iso20000_trend.at IS 'When it was made.';
COMMENT ON COLUMN itsm_report.iso20000_trend.as_of IS 'As of when the controls were answered: when it was made, or before, where it looks back.';
COMMENT ON COLUMN itsm_report.iso20000_trend.day IS 'Start of the day (UTC) as of which it is.';
COMMENT ON COLUMN itsm_report.iso20000_trend.month IS 'Start of the month (UTC) as of which it is.';
COMMENT ON COLUMN itsm_report.iso20000_trend.looked_back IS 'It was made later than the time as of which it is, over the records as they were when it was made.';
COMMENT ON COLUMN itsm_report.iso20000_trend.written_since IS 'Where it looks back: how many records had some of their history written, or imported, after the time as of which it is; else 0.';
COMMENT ON COLUMN itsm_report.iso20000_trend.assessed_by IS 'Who had it made.';
COMMENT ON COLUMN itsm_report.iso20000_trend.note IS 'What it was made for.';
COMMENT ON COLUMN itsm_report.iso20000_trend.controls IS 'Controls that there were.';
COMMENT ON COLUMN itsm_report.iso20000_trend.conforming IS 'Of these, those that conformed.';
COMMENT ON COLUMN itsm_report.iso20000_trend.nonconforming IS 'Of these, those that did not.';
COMMENT ON COLUMN itsm_report.iso20000_trend.major IS 'Nonconforming ones of grade major.';
COMMENT ON COLUMN itsm_report.iso20000_trend.minor IS 'Nonconforming ones of grade minor.';
COMMENT ON COLUMN itsm_report.iso20000_trend.observations IS 'Nonconforming ones of grade obs.';
COMMENT ON COLUMN itsm_report.iso20000_trend.no_evidence IS 'Those without data.';
COMMENT ON COLUMN itsm_report.iso20000_trend.not_applicable IS 'Those excluded, with a reason.';
COMMENT ON COLUMN itsm_report.iso20000_trend.errors IS 'Those whose query failed.';
COMMENT ON COLUMN itsm_report.iso20000_trend.conformity IS 'conforming as a share of the applicable ones; null when none was applicable.';

CREATE VIEW itsm_report.iso20000_clause_trend WITH (security_barrier = true) AS
	SELECT a.id AS assessment,
		a.at,
		a.as_of,
		k.clause,
		k.ordinal::bigint AS ordinal,
		k.parent,
		k.leaf,
		k.title,
		c.status,
		c.controls,
		c.conforming,
		c.nonconforming,
		c.major,
		c.minor,
		c.observations,
		c.no_evidence,
		c.not_applicable,
		c.errors
	FROM itsm.clause_result c
		JOIN itsm.assessment a ON a.id OPERATOR(pg_catalog.=) c.assessment
		JOIN itsm.clause k ON k.framework OPERATOR(pg_catalog.=) c.framework AND k.clause OPERATOR(pg_catalog.=) c.clause
	WHERE c.framework OPERATOR(pg_catalog.=) 'iso20000' AND (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.iso20000_clause_trend FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_clause_trend IS 'Progress by clause: what came of each clause of ISO/IEC 20000-1 that has controls, in each assessment. A filter on the assessment is quick.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.assessment IS 'Number of the assessment.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.at IS 'When it was made.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.as_of IS 'As of when: when it was made, or before, where it looks back.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.clause IS 'Number of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.ordinal IS 'Its place: order by it.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.parent IS 'The clause that it is a part of; null: none.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.leaf IS 'It has no parts of its own.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.title IS 'Short title.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.status IS 'As in itsm_report.iso20000_clause.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.controls IS 'Its controls.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.conforming IS 'Of these, those that conform.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.nonconforming IS 'Of these, those that do not.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.major IS 'Nonconforming ones of grade major.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.minor IS 'Nonconforming ones of grade minor.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.observations IS 'Nonconforming ones of grade obs.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.no_evidence IS 'Those without data.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.not_applicable IS 'Those excluded, with a reason.';
COMMENT ON COLUMN itsm_report.iso20000_clause_trend.errors IS 'Those whose query failed.';

CREATE VIEW itsm_report.iso20000_result WITH (security_barrier = true) AS
	SELECT r.assessment,
		a.at,
		r.control,
		r.clause,
		k.title AS clause_title,
		k.ordinal::bigint AS clause_ordinal,
		r.title,
		r.kind,
		r.grade,
		r.parameter,
		r.status,
		r.checked,
		r.failed,
		CASE WHEN r.status OPERATOR(pg_catalog.<>) 'error' OR NOT h.any_hidden THEN r.detail ELSE 'its query failed' END AS detail,
		CASE WHEN NOT h.any_hidden THEN (SELECT nullif(pg_catalog.concat_ws(': ', f.subject, f.problem), '')
			FROM itsm.seen_assessment_finding f
			WHERE f.assessment OPERATOR(pg_catalog.=) r.assessment AND f.control OPERATOR(pg_catalog.=) r.control
				AND f.ordinal OPERATOR(pg_catalog.=) 1) END AS example,
		r.query_sha256
	FROM itsm.assessment_result r
		JOIN itsm.assessment a ON a.id OPERATOR(pg_catalog.=) r.assessment
		LEFT JOIN itsm.clause k ON k.framework OPERATOR(pg_catalog.=) r.framework AND k.clause OPERATOR(pg_catalog.=) r.clause
		CROSS JOIN (SELECT EXISTS (SELECT FROM itsm.hidden_source) AS any_hidden) h
	WHERE r.framework OPERATOR(pg_catalog.=) 'iso20000' AND (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.iso20000_result FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_result IS 'What came of each control of ISO/IEC 20000-1 in each assessment, as it was kept then.';
COMMENT ON COLUMN itsm_report.iso20000_result.assessment IS 'Number of the assessment.';
COMMENT ON COLUMN itsm_report.iso20000_result.at IS 'When it was made.';
COMMENT ON COLUMN itsm_report.iso20000_result.control IS 'Name of the control.';
COMMENT ON COLUMN itsm_report.iso20000_result.clause IS 'Number of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_result.clause_title IS 'Short title of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_result.clause_ordinal IS 'Place of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_result.title IS 'The rule.';
COMMENT ON COLUMN itsm_report.iso20000_result.kind IS 'What kind of evidence it asked for: D, I, T, V or X.';
COMMENT ON COLUMN itsm_report.iso20000_result.grade IS 'major, minor or obs (observation).';
COMMENT ON COLUMN itsm_report.iso20000_result.parameter IS 'The planned interval, share or number that it went by.';
COMMENT ON COLUMN itsm_report.iso20000_result.status IS 'conforming, nonconforming, no evidence, not applicable or error.';
COMMENT ON COLUMN itsm_report.iso20000_result.checked IS 'How many things were looked at.';
COMMENT ON COLUMN itsm_report.iso20000_result.failed IS 'How many of these did not conform.';
COMMENT ON COLUMN itsm_report.iso20000_result.detail IS 'Why the status was what it was.';
COMMENT ON COLUMN itsm_report.iso20000_result.example IS 'The first problem, in the order of their texts. While any table with row-level security is attached, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.iso20000_result.query_sha256 IS 'SHA-256 of the query that answered it, in hex.';

CREATE VIEW itsm_report.iso20000_gap WITH (security_barrier = true) AS
	SELECT s.control,
		s.clause,
		s.clause_title,
		s.title,
		s.kind,
		s.grade,
		s.status,
		s.checked,
		s.failed,
		CASE WHEN s.status OPERATOR(pg_catalog.<>) 'error' OR NOT h.any_hidden THEN s.detail ELSE 'its query failed' END AS missing,
		CASE WHEN NOT h.any_hidden THEN s.example END AS example,
		s.remedy,
		s.owner,
		s.due,
		coalesce(s.due OPERATOR(pg_catalog.+) '1 day'::interval OPERATOR(pg_catalog.<=) pg_catalog.now(), false) AS overdue,
		b.since,
		s.action,
		t.key AS action_key,
		t.state AS action_state,
		s.assessment,
		s.assessed_at
	FROM itsm.control_standing s
		LEFT JOIN itsm.seen_record t ON t.id OPERATOR(pg_catalog.=) s.action AND t.tenant OPERATOR(pg_catalog.=) s.action_tenant
		LEFT JOIN (
			SELECT r.control, pg_catalog.min(a.at) AS since
			FROM itsm.assessment_result r
				JOIN itsm.assessment a ON a.id OPERATOR(pg_catalog.=) r.assessment
				LEFT JOIN (
					SELECT g.control, pg_catalog.max(g.assessment) AS last
					FROM itsm.assessment_result g
					WHERE g.status OPERATOR(pg_catalog.=) ANY (ARRAY['conforming', 'not applicable'])
					GROUP BY g.control) good ON good.control OPERATOR(pg_catalog.=) r.control
			WHERE good.last IS NULL OR r.assessment OPERATOR(pg_catalog.>) good.last
			GROUP BY r.control) b ON b.control OPERATOR(pg_catalog.=) s.control
		CROSS JOIN (SELECT EXISTS (SELECT FROM itsm.hidden_source) AS any_hidden) h
	WHERE s.framework OPERATOR(pg_catalog.=) 'iso20000'
		AND s.status OPERATOR(pg_catalog.<>) ALL (ARRAY['conforming', 'not applicable'])
		AND (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.iso20000_gap FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_gap IS 'What is missing: a row for each control of ISO/IEC 20000-1 that the last assessment did not find conforming, nor not applicable; one that was in no assessment yet is a gap too. The initial assessment, and the list to work off.';
COMMENT ON COLUMN itsm_report.iso20000_gap.control IS 'Name of the control.';
COMMENT ON COLUMN itsm_report.iso20000_gap.clause IS 'Number of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_gap.clause_title IS 'Short title of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_gap.title IS 'The rule.';
COMMENT ON COLUMN itsm_report.iso20000_gap.kind IS 'What kind of evidence it asks for: D, I, T, V or X.';
COMMENT ON COLUMN itsm_report.iso20000_gap.grade IS 'major, minor or obs (observation).';
COMMENT ON COLUMN itsm_report.iso20000_gap.status IS 'nonconforming, no evidence or error.';
COMMENT ON COLUMN itsm_report.iso20000_gap.checked IS 'How many things were looked at.';
COMMENT ON COLUMN itsm_report.iso20000_gap.failed IS 'How many of these did not conform.';
COMMENT ON COLUMN itsm_report.iso20000_gap.missing IS 'What is missing.';
COMMENT ON COLUMN itsm_report.iso20000_gap.example IS 'The first problem, in the order of their texts. While any table with row-level security is attached, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.iso20000_gap.remedy IS 'What would fix it.';
COMMENT ON COLUMN itsm_report.iso20000_gap.owner IS 'Who sees to it that it is closed (itsm.assign_gap, itsm.raise_action); null: nobody yet.';
COMMENT ON COLUMN itsm_report.iso20000_gap.due IS 'By when: the start of that day (UTC).';
COMMENT ON COLUMN itsm_report.iso20000_gap.overdue IS 'That day is over.';
COMMENT ON COLUMN itsm_report.iso20000_gap.since IS 'The first assessment that found it so, since it was last conforming or not applicable.';
COMMENT ON COLUMN itsm_report.iso20000_gap.action IS 'Record of the corrective action or finding that was raised last.';
COMMENT ON COLUMN itsm_report.iso20000_gap.action_key IS 'Key of its row.';
COMMENT ON COLUMN itsm_report.iso20000_gap.action_state IS 'Its state now.';
COMMENT ON COLUMN itsm_report.iso20000_gap.assessment IS 'Number of the assessment; null: there is none yet.';
COMMENT ON COLUMN itsm_report.iso20000_gap.assessed_at IS 'When it was made.';

CREATE VIEW itsm_report.iso20000_checklist WITH (security_barrier = true) AS
	SELECT s.clause,
		s.clause_title,
		k.documented,
		k.information,
		s.control,
		s.title AS requirement,
		s.kind,
		s.grade,
		pg_catalog.array_to_string(s.needs, ', ') AS evidence,
		s.parameter,
		s.status,
		s.status OPERATOR(pg_catalog.=) ANY (ARRAY['conforming', 'not applicable']) AS done,
		s.checked,
		s.failed,
		CASE WHEN s.status OPERATOR(pg_catalog.<>) ALL (ARRAY['conforming', 'not applicable']) THEN s.remedy END AS to_do,
		s.owner,
		s.due,
		s.assessed_at,
		pg_catalog.row_number() OVER (ORDER BY s.clause_ordinal, s.ordinal, s.control) AS ordinal
	FROM itsm.control_standing s
		LEFT JOIN itsm.clause k ON k.framework OPERATOR(pg_catalog.=) s.framework AND k.clause OPERATOR(pg_catalog.=) s.clause
	WHERE s.framework OPERATOR(pg_catalog.=) 'iso20000' AND (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.iso20000_checklist FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_checklist IS 'The preparation of an audit: every requirement of ISO/IEC 20000-1 that is controlled, the records that show it, and what is still to do, by the last assessment.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.clause IS 'Number of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.clause_title IS 'Short title of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.documented IS 'What has to be kept for the clause: document, record, document+record, or derived.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.information IS 'What that is.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.control IS 'Name of the control.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.requirement IS 'The rule.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.kind IS 'What kind of evidence it asks for: D, I, T, V or X.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.grade IS 'major, minor or obs (observation).';
COMMENT ON COLUMN itsm_report.iso20000_checklist.evidence IS 'Processes, and attributes of processes, whose records show it.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.parameter IS 'The planned interval, share or number that it goes by.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.status IS 'conforming, nonconforming, no evidence, not applicable or error.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.done IS 'It is conforming, or not applicable.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.checked IS 'How many things were looked at.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.failed IS 'How many of these did not conform.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.to_do IS 'What would fix it; null when it is done.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.owner IS 'Who sees to it.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.due IS 'By when: the start of that day (UTC).';
COMMENT ON COLUMN itsm_report.iso20000_checklist.assessed_at IS 'When it was last assessed.';
COMMENT ON COLUMN itsm_report.iso20000_checklist.ordinal IS 'Place in the list: order by it.';

CREATE VIEW itsm_report.iso20000_finding WITH (security_barrier = true) AS
	SELECT f.control,
		r.clause,
		r.title,
		r.grade,
		f.ordinal,
		f.tenant,
		f.record,
		f.version,
		n.name AS source,
		t.key,
		CASE WHEN NOT h.any_hidden OR t.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN f.subject END AS subject,
		CASE WHEN NOT h.any_hidden OR t.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN f.problem END AS problem,
		f.assessment,
		l.at AS assessed_at,
		l.id OPERATOR(pg_catalog.=) (SELECT pg_catalog.max(x.id) FROM itsm.assessment x) AS latest
	FROM itsm.assessment l
		JOIN itsm.assessment_result r ON r.assessment OPERATOR(pg_catalog.=) l.id AND r.framework OPERATOR(pg_catalog.=) 'iso20000'
		JOIN itsm.seen_assessment_finding f ON f.assessment OPERATOR(pg_catalog.=) r.assessment AND f.control OPERATOR(pg_catalog.=) r.control
		LEFT JOIN itsm.seen_record t ON t.id OPERATOR(pg_catalog.=) f.record AND t.tenant OPERATOR(pg_catalog.=) f.tenant
		LEFT JOIN itsm.source_name n ON n.id OPERATOR(pg_catalog.=) t.source
		CROSS JOIN (SELECT EXISTS (SELECT FROM itsm.hidden_source) AS any_hidden) h;
REVOKE ALL ON itsm_report.iso20000_finding FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_finding IS 'Each thing that an assessment found not to conform, with the event that is evidence. What holds now are those of the latest one.';
COMMENT ON COLUMN itsm_report.iso20000_finding.control IS 'Name of the control.';
COMMENT ON COLUMN itsm_report.iso20000_finding.clause IS 'Number of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_finding.title IS 'The rule.';
COMMENT ON COLUMN itsm_report.iso20000_finding.grade IS 'major, minor or obs (observation).';
COMMENT ON COLUMN itsm_report.iso20000_finding.ordinal IS 'Counts the findings of a control, from 1.';
COMMENT ON COLUMN itsm_report.iso20000_finding.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm_report.iso20000_finding.record IS 'The record that it is about; null: none.';
COMMENT ON COLUMN itsm_report.iso20000_finding.version IS 'Version of the last event of the record at the time: record and version name the event that is evidence.';
COMMENT ON COLUMN itsm_report.iso20000_finding.source IS 'Table that the record is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.iso20000_finding.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.iso20000_finding.subject IS 'What it is about. Of a table with row-level security, and without a record while such a table is attached, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.iso20000_finding.problem IS 'What was wrong; shown like subject.';
COMMENT ON COLUMN itsm_report.iso20000_finding.assessment IS 'Number of the assessment.';
COMMENT ON COLUMN itsm_report.iso20000_finding.assessed_at IS 'When it was made.';
COMMENT ON COLUMN itsm_report.iso20000_finding.latest IS 'It is of the latest assessment.';
