-- Controls as they stand now.

CREATE FUNCTION itsm.evaluate_controls(framework text DEFAULT NULL)
RETURNS TABLE (control text, of_framework text, clause text, clause_title text, title text, kind text, grade text, parameter text,
	status text, checked bigint, failed bigint, detail text, example text, remedy text, evaluated_at timestamptz)
AS 'MODULE_PATHNAME', 'itsm_evaluate_controls' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 200;
COMMENT ON FUNCTION itsm.evaluate_controls(text) IS 'Answers the controls of a framework (null: of all) now, each by its query. Whoever may read itsm_report.iso20000_control may ask.';

CREATE VIEW itsm_report.iso20000_control WITH (security_barrier = true) AS
	SELECT c.control,
		c.clause,
		c.clause_title,
		c.title,
		c.kind,
		c.grade,
		c.parameter,
		c.status,
		c.checked,
		c.failed,
		CASE WHEN c.status OPERATOR(pg_catalog.<>) 'error' OR NOT h.any_hidden THEN c.detail
			ELSE 'its query failed' END AS detail,
		CASE WHEN NOT h.any_hidden THEN c.example END AS example,
		c.remedy,
		c.evaluated_at
	FROM itsm.evaluate_controls('iso20000') c
		CROSS JOIN (SELECT EXISTS (SELECT FROM itsm.hidden_source) AS any_hidden) h
	WHERE (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.iso20000_control FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_control IS 'Where every control of ISO/IEC 20000-1 stands now: each is answered by its query over live records when the view is read. itsm_report.iso20000_clause and the others beside it tell of the last assessment, at once.';
COMMENT ON COLUMN itsm_report.iso20000_control.control IS 'Name of the control.';
COMMENT ON COLUMN itsm_report.iso20000_control.clause IS 'Number of the clause that it serves.';
COMMENT ON COLUMN itsm_report.iso20000_control.clause_title IS 'Short title of the clause.';
COMMENT ON COLUMN itsm_report.iso20000_control.title IS 'The rule.';
COMMENT ON COLUMN itsm_report.iso20000_control.kind IS 'What kind of evidence it asks for: D (a document in force), I (integrity), T (done in time), V (verified that it was done), X (segregation of duties).';
COMMENT ON COLUMN itsm_report.iso20000_control.grade IS 'What failing it would be: major, minor or obs (observation).';
COMMENT ON COLUMN itsm_report.iso20000_control.parameter IS 'The planned interval, share or number that it goes by; null: it has none.';
COMMENT ON COLUMN itsm_report.iso20000_control.status IS 'conforming, nonconforming, no evidence, not applicable or error. Without data it is no evidence, never conforming.';
COMMENT ON COLUMN itsm_report.iso20000_control.checked IS 'How many things were looked at.';
COMMENT ON COLUMN itsm_report.iso20000_control.failed IS 'How many of these do not conform.';
COMMENT ON COLUMN itsm_report.iso20000_control.detail IS 'Why the status is what it is: counts, what is not attached, the reason of the exclusion, or the error.';
COMMENT ON COLUMN itsm_report.iso20000_control.example IS 'The first problem, in the order of their texts. While any table with row-level security is attached, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.iso20000_control.remedy IS 'What would fix it.';
COMMENT ON COLUMN itsm_report.iso20000_control.evaluated_at IS 'When it was evaluated.';
