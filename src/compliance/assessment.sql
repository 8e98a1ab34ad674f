-- Assessments: what came of every control on a day, kept as evidence.

CREATE SEQUENCE itsm.assessment_id_seq AS bigint;
SELECT pg_catalog.pg_extension_config_dump('itsm.assessment_id_seq', '');

CREATE TABLE itsm.assessment (
	id bigint NOT NULL,
	at timestamptz NOT NULL,
	as_of timestamptz NOT NULL,
	written_since bigint NOT NULL,
	assessed_by text NOT NULL,
	note text,
	PRIMARY KEY (id)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.assessment', '');

COMMENT ON TABLE itsm.assessment IS 'Assessments, a row each. Written by itsm.assess; a digest over all that belongs to it is in the ledger (subject assessment), and itsm.verify() compares.';
COMMENT ON COLUMN itsm.assessment.id IS 'Number of the assessment.';
COMMENT ON COLUMN itsm.assessment.at IS 'When it was made.';
COMMENT ON COLUMN itsm.assessment.as_of IS 'As of when the controls were answered: when it was made, or before, where it looks back.';
COMMENT ON COLUMN itsm.assessment.written_since IS 'Of an assessment that looks back: how many records had some of their history written, or imported, after the time as of which it looks.';
COMMENT ON COLUMN itsm.assessment.assessed_by IS 'Who had it made.';
COMMENT ON COLUMN itsm.assessment.note IS 'What it was made for.';

CREATE TABLE itsm.assessment_result (
	assessment bigint NOT NULL,
	checked bigint NOT NULL,
	failed bigint NOT NULL,
	control text COLLATE "C" NOT NULL,
	framework text COLLATE "C" NOT NULL,
	clause text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	grade text COLLATE "C" NOT NULL,
	status text COLLATE "C" NOT NULL,
	title text NOT NULL,
	parameter text,
	detail text NOT NULL,
	query_sha256 text NOT NULL,
	PRIMARY KEY (assessment, control)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.assessment_result', '');

COMMENT ON TABLE itsm.assessment_result IS 'What came of each control in an assessment, and what the control was then.';
COMMENT ON COLUMN itsm.assessment_result.assessment IS 'The assessment.';
COMMENT ON COLUMN itsm.assessment_result.checked IS 'How many things were looked at.';
COMMENT ON COLUMN itsm.assessment_result.failed IS 'How many of these did not conform.';
COMMENT ON COLUMN itsm.assessment_result.control IS 'Name of the control.';
COMMENT ON COLUMN itsm.assessment_result.framework IS 'The framework of its clause.';
COMMENT ON COLUMN itsm.assessment_result.clause IS 'The clause that it served.';
COMMENT ON COLUMN itsm.assessment_result.kind IS 'Its kind of evidence.';
COMMENT ON COLUMN itsm.assessment_result.grade IS 'Its grade: major, minor or obs.';
COMMENT ON COLUMN itsm.assessment_result.status IS 'conforming, nonconforming, no evidence, not applicable or error.';
COMMENT ON COLUMN itsm.assessment_result.title IS 'The rule.';
COMMENT ON COLUMN itsm.assessment_result.parameter IS 'The parameter that it went by.';
COMMENT ON COLUMN itsm.assessment_result.detail IS 'Why the status was what it was.';
COMMENT ON COLUMN itsm.assessment_result.query_sha256 IS 'SHA-256 of the query that answered it, in hex.';

CREATE TABLE itsm.assessment_finding (
	assessment bigint NOT NULL,
	ordinal bigint NOT NULL,
	record bigint,
	version bigint,
	control text COLLATE "C" NOT NULL,
	tenant text COLLATE "C",
	subject text,
	problem text,
	salt bytea,
	commitment bytea NOT NULL,
	PRIMARY KEY (assessment, control, ordinal)
) USING heap;
CREATE INDEX assessment_finding_record_idx ON itsm.assessment_finding (record);
SELECT pg_catalog.pg_extension_config_dump('itsm.assessment_finding', '');

COMMENT ON TABLE itsm.assessment_finding IS 'What did not conform in an assessment, a row each.';
COMMENT ON COLUMN itsm.assessment_finding.assessment IS 'The assessment.';
COMMENT ON COLUMN itsm.assessment_finding.ordinal IS 'Counts the findings of a control, from 1.';
COMMENT ON COLUMN itsm.assessment_finding.record IS 'The record that it is about; null: none.';
COMMENT ON COLUMN itsm.assessment_finding.version IS 'Version of the last event of the record then: record and version name the event that is evidence.';
COMMENT ON COLUMN itsm.assessment_finding.control IS 'Name of the control.';
COMMENT ON COLUMN itsm.assessment_finding.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.assessment_finding.subject IS 'What it is about; null also when it was erased.';
COMMENT ON COLUMN itsm.assessment_finding.problem IS 'What was wrong; null also when it was erased.';
COMMENT ON COLUMN itsm.assessment_finding.salt IS 'Random bytes; null: subject and problem were erased.';
COMMENT ON COLUMN itsm.assessment_finding.commitment IS 'SHA-256 over salt, subject and problem: it stays when these are erased, and so does the digest of the assessment.';

CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.assessment FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.assessment_result FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.assessment_finding FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.assessment ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.assessment_result ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.assessment_finding ENABLE ALWAYS TRIGGER itsm_append_only;

CREATE FUNCTION itsm.assess(note text DEFAULT NULL, as_of timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_assess' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.assess(text, timestamptz) IS
'Answers every control, of all frameworks, and keeps what came of it: status, counts, and each thing that does not conform with its record and the last event of it. All controls see one snapshot. Returns the number of the assessment. Append-only; an event of the ledger vouches for it. For the DBA to grant.
as_of looks back: intervals are counted back from then, over the records as they are now. Kept are both times, and how many records had history written or imported since. It is for a past that is loaded year by year: 22023 when it lies in the future, or before the time as of which the last assessment was made.';
REVOKE ALL ON FUNCTION itsm.assess(text, timestamptz) FROM PUBLIC;

CREATE FUNCTION itsm.finding_commitment(salt bytea, subject text, problem text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT pg_catalog.sha256($1 OPERATOR(pg_catalog.||) pg_catalog.convert_to(pg_catalog.jsonb_build_array($2, $3)::text, 'UTF8'))
$$;
COMMENT ON FUNCTION itsm.finding_commitment(bytea, text, text) IS 'SHA-256 over what a finding says and its salt.';
REVOKE ALL ON FUNCTION itsm.finding_commitment(bytea, text, text) FROM PUBLIC;

-- Over jsonb texts, which do not depend on a session's settings but for the time zone; findings
-- by the thousand, so that no text grows without bound.
CREATE FUNCTION itsm.assessment_digest(assessment bigint) RETURNS text
LANGUAGE sql STABLE STRICT SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
	SELECT pg_catalog.encode(pg_catalog.sha256(
		pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(a.id, a.at, a.as_of, a.written_since, a.assessed_by, a.note)::text, 'UTF8'))
		OPERATOR(pg_catalog.||) coalesce((
			SELECT pg_catalog.sha256(pg_catalog.string_agg(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
					r.control, r.framework, r.clause, r.kind, r.grade, r.title, r.parameter, r.status, r.checked, r.failed, r.detail,
					r.query_sha256)::text, 'UTF8')), '' ORDER BY r.control))
			FROM itsm.assessment_result r
			WHERE r.assessment OPERATOR(pg_catalog.=) a.id), '')
		OPERATOR(pg_catalog.||) coalesce((
			SELECT pg_catalog.sha256(pg_catalog.string_agg(b.hash, '' ORDER BY b.control, b.block))
			FROM (
				SELECT f.control, f.ordinal OPERATOR(pg_catalog./) 1000 AS block,
					pg_catalog.sha256(pg_catalog.string_agg(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
						f.ordinal, f.tenant, f.record, f.version, pg_catalog.encode(CASE
							WHEN f.salt IS NOT NULL THEN itsm.finding_commitment(f.salt, f.subject, f.problem)
							WHEN f.subject IS NULL AND f.problem IS NULL THEN f.commitment ELSE '' END, 'hex'))::text, 'UTF8')), '' ORDER BY f.ordinal)) AS hash
				FROM itsm.assessment_finding f
				WHERE f.assessment OPERATOR(pg_catalog.=) a.id
				GROUP BY f.control, f.ordinal OPERATOR(pg_catalog./) 1000) AS b), '')), 'hex')
	FROM itsm.assessment a
	WHERE a.id OPERATOR(pg_catalog.=) $1
$$;
COMMENT ON FUNCTION itsm.assessment_digest(bigint) IS 'SHA-256 over an assessment with all its results and findings, in hex, as the ledger keeps it.';
REVOKE ALL ON FUNCTION itsm.assessment_digest(bigint) FROM PUBLIC;

CREATE FUNCTION itsm.raise_action(control text, relation regclass, owner text DEFAULT NULL, due date DEFAULT NULL, attributes jsonb DEFAULT '{}')
RETURNS text
AS 'MODULE_PATHNAME', 'itsm_raise_action' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.raise_action(text, regclass, text, date, jsonb) IS
'Raises a corrective action, or a finding, from the gap that the last assessment found in a control, and returns the key of its row. The row goes into a table that is attached for these, with the caller''s rights, and is judged like any other. Filled are the columns that title, description, clause, grade, source, evidence, owner and due are mapped to as they are; attributes adds to them, or replaces them: {"cause": "…"}. Owner and due day are those of the gap from now on (itsm_report.iso20000_gap). An event of the ledger.
Raises 55000 when the control has no gap, IT051 when the table is not attached for these or has no column for an attribute that is given. For the DBA to grant.';
REVOKE ALL ON FUNCTION itsm.raise_action(text, regclass, text, date, jsonb) FROM PUBLIC;
