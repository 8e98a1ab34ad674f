-- The reference model, part audit: audit programmes, internal audits, findings and certificates.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('audit', 17, '{organisation,improvement}',
	'{audit_programme,audit,finding,certificate}', 'Audit programmes, internal audits, findings and certificates.', $model$
CREATE SEQUENCE audit_programme_number_seq START 1000001;
CREATE TABLE audit_programme (
	number text PRIMARY KEY DEFAULT 'PRG' || nextval('audit_programme_number_seq')::text,
	description text,
	title text,
	owner text NOT NULL REFERENCES person,
	period_start date,
	period_end date,
	clauses text[],
	processes text[],
	importance text,
	previous_results text,
	status text NOT NULL DEFAULT 'current'
);
ALTER SEQUENCE audit_programme_number_seq OWNED BY audit_programme.number;
CREATE INDEX ON audit_programme (owner);
COMMENT ON TABLE audit_programme IS 'A programme of internal audits over a cycle.';
COMMENT ON COLUMN audit_programme.number IS 'Key: number of the record.';
COMMENT ON COLUMN audit_programme.description IS 'More about it.';
COMMENT ON COLUMN audit_programme.title IS 'What it is called.';
COMMENT ON COLUMN audit_programme.owner IS 'Who manages it.';
COMMENT ON COLUMN audit_programme.period_start IS 'First day of the cycle.';
COMMENT ON COLUMN audit_programme.period_end IS 'First day after it.';
COMMENT ON COLUMN audit_programme.clauses IS 'Clauses that it covers.';
COMMENT ON COLUMN audit_programme.processes IS 'Processes that it covers.';
COMMENT ON COLUMN audit_programme.importance IS 'How importance was weighed.';
COMMENT ON COLUMN audit_programme.previous_results IS 'How results of audits before were considered.';
COMMENT ON COLUMN audit_programme.status IS 'State, by the lifecycle audit_programme.';

CREATE SEQUENCE audit_number_seq START 1000001;
CREATE TABLE audit (
	number text PRIMARY KEY DEFAULT 'AUD' || nextval('audit_number_seq')::text,
	title text,
	description text,
	category text,
	service text,
	criteria text,
	scope text,
	auditor text REFERENCES person,
	auditee text REFERENCES person,
	planned_start timestamptz,
	planned_end timestamptz,
	report text,
	findings text,
	programme text REFERENCES audit_programme,
	clauses text[],
	processes text[],
	reported_at date,
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE audit_number_seq OWNED BY audit.number;
CREATE INDEX ON audit (service);
CREATE INDEX ON audit (auditor);
CREATE INDEX ON audit (auditee);
CREATE INDEX ON audit (programme);
COMMENT ON TABLE audit IS 'Internal audits.';
COMMENT ON COLUMN audit.number IS 'Key: number of the record.';
COMMENT ON COLUMN audit.title IS 'Short title.';
COMMENT ON COLUMN audit.description IS 'More about it.';
COMMENT ON COLUMN audit.category IS 'Classification.';
COMMENT ON COLUMN audit.service IS 'The service.';
COMMENT ON COLUMN audit.criteria IS 'Criteria.';
COMMENT ON COLUMN audit.scope IS 'What it covers.';
COMMENT ON COLUMN audit.auditor IS 'Who audits.';
COMMENT ON COLUMN audit.auditee IS 'Who is audited.';
COMMENT ON COLUMN audit.planned_start IS 'When it is planned to begin.';
COMMENT ON COLUMN audit.planned_end IS 'When it is planned to end.';
COMMENT ON COLUMN audit.report IS 'The report.';
COMMENT ON COLUMN audit.findings IS 'What was found, in short.';
COMMENT ON COLUMN audit.programme IS 'The programme that it belongs to.';
COMMENT ON COLUMN audit.clauses IS 'Clauses that it covers.';
COMMENT ON COLUMN audit.processes IS 'Processes (keys) that it covers.';
COMMENT ON COLUMN audit.reported_at IS 'When the report was made.';
COMMENT ON COLUMN audit.status IS 'State, by the lifecycle audit.';

CREATE SEQUENCE finding_number_seq START 1000001;
CREATE TABLE finding (
	number text PRIMARY KEY DEFAULT 'FND' || nextval('finding_number_seq')::text,
	title text,
	description text,
	category text,
	service text,
	audit text NOT NULL REFERENCES audit,
	auditor text REFERENCES person,
	auditee text REFERENCES person,
	clause text,
	grade text,
	evidence text,
	owner text REFERENCES person,
	cause text,
	corrective_action text REFERENCES corrective_action,
	due date,
	due_limit date,
	verifier text REFERENCES person,
	verification text,
	reported_at date,
	status text NOT NULL DEFAULT 'raised'
);
ALTER SEQUENCE finding_number_seq OWNED BY finding.number;
CREATE INDEX ON finding (service);
CREATE INDEX ON finding (audit);
CREATE INDEX ON finding (auditor);
CREATE INDEX ON finding (auditee);
CREATE INDEX ON finding (owner);
CREATE INDEX ON finding (corrective_action);
CREATE INDEX ON finding (verifier);
COMMENT ON TABLE finding IS 'Findings of audits.';
COMMENT ON COLUMN finding.number IS 'Key: number of the record.';
COMMENT ON COLUMN finding.title IS 'Short title.';
COMMENT ON COLUMN finding.description IS 'More about it.';
COMMENT ON COLUMN finding.category IS 'Classification.';
COMMENT ON COLUMN finding.service IS 'The service.';
COMMENT ON COLUMN finding.audit IS 'The audit (key).';
COMMENT ON COLUMN finding.auditor IS 'Who found it.';
COMMENT ON COLUMN finding.auditee IS 'Who is concerned.';
COMMENT ON COLUMN finding.clause IS 'Clause that is not met.';
COMMENT ON COLUMN finding.grade IS 'major, minor or observation.';
COMMENT ON COLUMN finding.evidence IS 'What shows it.';
COMMENT ON COLUMN finding.owner IS 'Who answers for it.';
COMMENT ON COLUMN finding.cause IS 'Cause.';
COMMENT ON COLUMN finding.corrective_action IS 'The corrective action (key).';
COMMENT ON COLUMN finding.due IS 'By when.';
COMMENT ON COLUMN finding.due_limit IS 'Latest due date.';
COMMENT ON COLUMN finding.verifier IS 'Who verifies it.';
COMMENT ON COLUMN finding.verification IS 'How it was verified.';
COMMENT ON COLUMN finding.reported_at IS 'When it was reported to management.';
COMMENT ON COLUMN finding.status IS 'State, by the lifecycle finding.';

CREATE SEQUENCE certificate_number_seq START 1000001;
CREATE TABLE certificate (
	number text PRIMARY KEY DEFAULT 'CRT' || nextval('certificate_number_seq')::text,
	description text,
	title text,
	body text,
	scope text,
	owner text REFERENCES person,
	stage_1_at date,
	stage_2_at date,
	issued_at date,
	valid_to date,
	surveillance_at date,
	next_surveillance date,
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE certificate_number_seq OWNED BY certificate.number;
CREATE INDEX ON certificate (owner);
COMMENT ON TABLE certificate IS 'A certificate for the management system, from the first stage of its audit to its end.';
COMMENT ON COLUMN certificate.number IS 'Key: number of the record.';
COMMENT ON COLUMN certificate.description IS 'More about it.';
COMMENT ON COLUMN certificate.title IS 'Standard that it is for.';
COMMENT ON COLUMN certificate.body IS 'Certification body.';
COMMENT ON COLUMN certificate.scope IS 'Scope of the certificate.';
COMMENT ON COLUMN certificate.owner IS 'Who manages the certification.';
COMMENT ON COLUMN certificate.stage_1_at IS 'When stage 1 was held.';
COMMENT ON COLUMN certificate.stage_2_at IS 'When stage 2 was held.';
COMMENT ON COLUMN certificate.issued_at IS 'First day.';
COMMENT ON COLUMN certificate.valid_to IS 'Last day; three years on.';
COMMENT ON COLUMN certificate.surveillance_at IS 'When surveillance was held last.';
COMMENT ON COLUMN certificate.next_surveillance IS 'When it is due next.';
COMMENT ON COLUMN certificate.status IS 'State, by the lifecycle certificate.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('audit', 'audit_programme', 'audit_programme', NULL, NULL),
	('audit', 'audit', 'audit', NULL, NULL),
	('audit', 'finding', 'finding', NULL, NULL),
	('audit', 'certificate', 'certificate', NULL, NULL);
