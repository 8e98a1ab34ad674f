-- Controls: one measurable rule each, bound to a clause, answered by a query.

CREATE TABLE itsm.control_definition (
	id text COLLATE "C" NOT NULL,
	shipped boolean NOT NULL,
	framework text COLLATE "C" NOT NULL,
	clause text COLLATE "C" NOT NULL,
	ordinal integer NOT NULL,
	kind text COLLATE "C" NOT NULL,
	grade text COLLATE "C" NOT NULL,
	title text NOT NULL,
	default_parameter text COLLATE "C",
	needs text[] NOT NULL,
	query text NOT NULL,
	remedy text,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (id, shipped)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.control_definition', 'WHERE NOT shipped');

COMMENT ON TABLE itsm.control_definition IS 'Controls as they came with the extension and as the organisation defined them; its own definition holds before one that came. Written by itsm.define_control; what stood there before is in the ledger.';
COMMENT ON COLUMN itsm.control_definition.id IS 'Name of the control.';
COMMENT ON COLUMN itsm.control_definition.shipped IS 'Came with the extension, so that a dump leaves it out. Part of the key: what a dump brings never meets what CREATE EXTENSION has put there.';
COMMENT ON COLUMN itsm.control_definition.framework IS 'The framework that its clause belongs to.';
COMMENT ON COLUMN itsm.control_definition.clause IS 'The clause that it serves.';
COMMENT ON COLUMN itsm.control_definition.ordinal IS 'Its place among the controls, in the order in which they were defined.';
COMMENT ON COLUMN itsm.control_definition.kind IS 'What kind of evidence it asks for: D (a document in force), I (integrity: things are whole and fit together), T (done in time), V (verified that it was done), X (segregation of duties).';
COMMENT ON COLUMN itsm.control_definition.grade IS 'What failing it would be: major or minor (nonconformity) or obs (observation).';
COMMENT ON COLUMN itsm.control_definition.title IS 'The rule, in words of our own.';
COMMENT ON COLUMN itsm.control_definition.default_parameter IS 'The planned interval, share or number that it goes by, unless the organisation sets another; null: it has none.';
COMMENT ON COLUMN itsm.control_definition.needs IS 'Processes, and attributes of processes (process.attribute), without which it cannot be answered.';
COMMENT ON COLUMN itsm.control_definition.query IS 'One SELECT that gives (subject text, record bigint, ok boolean, problem text), a row for each thing looked at. $1 is the parameter as an interval, $2 as a number, $3 the time of the evaluation.';
COMMENT ON COLUMN itsm.control_definition.remedy IS 'What would fix it.';
COMMENT ON COLUMN itsm.control_definition.defined_at IS 'When it was defined.';
COMMENT ON COLUMN itsm.control_definition.defined_by IS 'Role that defined it. The query of one that did not come with the extension runs with its rights.';

CREATE TABLE itsm.control_setting (
	control text COLLATE "C" NOT NULL,
	parameter text COLLATE "C",
	excluded text,
	excluded_by text,
	excluded_at timestamptz,
	owner text,
	due timestamptz,
	assigned_by text,
	assigned_at timestamptz,
	action_tenant text COLLATE "C",
	action bigint,
	PRIMARY KEY (control)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.control_setting', '');

COMMENT ON TABLE itsm.control_setting IS 'What the organisation decided about controls. Written by itsm.set_parameter, itsm.exclude_control, itsm.include_control, itsm.assign_gap and itsm.raise_action; each decision is an event of the ledger.';
COMMENT ON COLUMN itsm.control_setting.control IS 'The control.';
COMMENT ON COLUMN itsm.control_setting.parameter IS 'The organisation''s parameter; null: the default one holds.';
COMMENT ON COLUMN itsm.control_setting.excluded IS 'Why the control is not applicable; null: it is.';
COMMENT ON COLUMN itsm.control_setting.excluded_by IS 'Who decided that.';
COMMENT ON COLUMN itsm.control_setting.excluded_at IS 'When.';
COMMENT ON COLUMN itsm.control_setting.owner IS 'Who sees to it that the gap is closed.';
COMMENT ON COLUMN itsm.control_setting.due IS 'By when: the start of that day (UTC).';
COMMENT ON COLUMN itsm.control_setting.assigned_by IS 'Who said so.';
COMMENT ON COLUMN itsm.control_setting.assigned_at IS 'When.';
COMMENT ON COLUMN itsm.control_setting.action_tenant IS 'Tenant of the action.';
COMMENT ON COLUMN itsm.control_setting.action IS 'Record of the corrective action or finding that was raised last by itsm.raise_action.';

CREATE VIEW itsm.control AS
	SELECT d.id, d.framework, d.clause, d.ordinal, d.kind, d.grade, d.title, coalesce(s.parameter, d.default_parameter) AS parameter,
		d.default_parameter, d.needs, d.query, d.remedy, d.shipped, s.excluded, s.excluded_by, s.excluded_at, s.owner, s.due,
		d.defined_at, d.defined_by
	FROM itsm.control_definition d
		LEFT JOIN itsm.control_setting s ON s.control OPERATOR(pg_catalog.=) d.id
	WHERE NOT d.shipped OR NOT EXISTS (
		SELECT FROM itsm.control_definition o WHERE o.id OPERATOR(pg_catalog.=) d.id AND NOT o.shipped);

COMMENT ON VIEW itsm.control IS 'The controls that there are, each as it holds.';
COMMENT ON COLUMN itsm.control.id IS 'Name of the control.';
COMMENT ON COLUMN itsm.control.framework IS 'The framework that its clause belongs to.';
COMMENT ON COLUMN itsm.control.clause IS 'The clause that it serves.';
COMMENT ON COLUMN itsm.control.ordinal IS 'Its place among the controls, in the order in which they were defined.';
COMMENT ON COLUMN itsm.control.kind IS 'What kind of evidence it asks for: D (a document in force), I (integrity), T (done in time), V (verified that it was done), X (segregation of duties).';
COMMENT ON COLUMN itsm.control.grade IS 'What failing it would be: major, minor or obs (observation).';
COMMENT ON COLUMN itsm.control.title IS 'The rule, in words of our own.';
COMMENT ON COLUMN itsm.control.parameter IS 'The planned interval, share or number that it goes by; null: it has none.';
COMMENT ON COLUMN itsm.control.default_parameter IS 'The same where the organisation sets none of its own.';
COMMENT ON COLUMN itsm.control.needs IS 'Processes, and attributes of processes (process.attribute), without which it cannot be answered.';
COMMENT ON COLUMN itsm.control.query IS 'The query that answers it.';
COMMENT ON COLUMN itsm.control.remedy IS 'What would fix it.';
COMMENT ON COLUMN itsm.control.shipped IS 'Came with the extension.';
COMMENT ON COLUMN itsm.control.excluded IS 'Why it is not applicable; null: it is.';
COMMENT ON COLUMN itsm.control.excluded_by IS 'Who decided that.';
COMMENT ON COLUMN itsm.control.excluded_at IS 'When.';
COMMENT ON COLUMN itsm.control.owner IS 'Who sees to it that its gap is closed.';
COMMENT ON COLUMN itsm.control.due IS 'By when: the start of that day (UTC).';
COMMENT ON COLUMN itsm.control.defined_at IS 'When it was defined.';
COMMENT ON COLUMN itsm.control.defined_by IS 'Role that defined it.';

CREATE FUNCTION itsm.define_control(
	id text, clause text, kind text, grade text, title text, query text, needs text[] DEFAULT '{}',
	parameter text DEFAULT NULL, remedy text DEFAULT NULL, framework text DEFAULT 'iso20000'
) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_control' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_control(text, text, text, text, text, text, text[], text, text, text) IS
'Makes a control, or defines one anew; also one that came with the extension, whose own definition comes back with itsm.drop_control. clause: one of the framework''s (itsm.clause); kind: D, I, T, V or X; grade: major, minor or obs; needs: processes and process.attribute; parameter: its default, like 12 mo, 30 d, 4 h, 95 % or 3.
query: one SELECT that only reads and gives (subject text, record bigint, ok boolean, problem text), a row for each thing looked at; no row means no evidence. $1 is the parameter as an interval, $2 as a number, $3 the time of the evaluation. Names in it are qualified: it is read under search_path pg_catalog. It runs with the rights of the role that defines it, in a security-restricted operation, and cannot write.
Raises IT050 with every fault in DETAIL; 42501 when the control was defined by a role whose rights the caller lacks. For the DBA to grant.';

CREATE FUNCTION itsm.drop_control(id text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_drop_control' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.drop_control(text) IS 'Takes back what the organisation defined: the control is gone, or as it came with the extension. What assessments kept of it stays. Rights as for itsm.define_control.';

CREATE FUNCTION itsm.set_parameter(control text, value text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_set_parameter' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.set_parameter(text, text) IS 'Sets the parameter that a control goes by: an interval (12 mo, 30 d, 4 h), a share (95 %) or a number, of the same kind as its default, or where it has none, of a kind that its query reads ($1, $2); null: the default again. An event of the ledger. Raises IT050 for a value of another kind. For the DBA to grant.';

CREATE FUNCTION itsm.exclude_control(control text, reason text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_exclude_control' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.exclude_control(text, text) IS 'Says that a control is not applicable, and why: without a reason IT014. An event of the ledger. itsm.include_control takes it back. For the DBA to grant.';

CREATE FUNCTION itsm.include_control(control text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_include_control' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.include_control(text) IS 'Says that a control is applicable after all. An event of the ledger. For the DBA to grant.';

CREATE FUNCTION itsm.assign_gap(control text, owner text, due date DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_assign_gap' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.assign_gap(text, text, date) IS 'Says who sees to it that a control''s gap is closed, and by when; owner null takes it back. An event of the ledger. itsm_report.iso20000_gap shows it. For the DBA to grant.';

REVOKE ALL ON FUNCTION
	itsm.define_control(text, text, text, text, text, text, text[], text, text, text),
	itsm.drop_control(text),
	itsm.set_parameter(text, text),
	itsm.exclude_control(text, text),
	itsm.include_control(text),
	itsm.assign_gap(text, text, date)
FROM PUBLIC;

CREATE FUNCTION itsm.control_findings(control text)
RETURNS TABLE (subject text, record bigint, version bigint, tenant text, key text, problem text)
AS 'MODULE_PATHNAME', 'itsm_control_findings' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION itsm.control_findings(text) IS 'The rows that fail a control now: what each is about, its record, the version of the last event of it, its tenant and key, and what is wrong. None where the control is conforming, cannot be answered, or is excluded. Grant EXECUTE to those who may read every record.';
REVOKE ALL ON FUNCTION itsm.control_findings(text) FROM PUBLIC;
