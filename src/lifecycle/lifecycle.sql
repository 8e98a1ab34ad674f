-- Lifecycles as data.

CREATE TABLE itsm.lifecycle (
	name text COLLATE "C" NOT NULL,
	version integer NOT NULL,
	definition jsonb NOT NULL,
	expressions text[] NOT NULL,
	shipped boolean NOT NULL,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (name, shipped, version)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.lifecycle', 'WHERE NOT shipped');

COMMENT ON TABLE itsm.lifecycle IS 'Every version of every lifecycle; the highest version holds, and a version of the organisation''s own before any that came with the extension. Written by itsm.define_lifecycle.';
COMMENT ON COLUMN itsm.lifecycle.name IS 'Name of the lifecycle.';
COMMENT ON COLUMN itsm.lifecycle.version IS 'Counts from 1; the organisation''s own versions of a lifecycle that came with the extension from 1001.';
COMMENT ON COLUMN itsm.lifecycle.definition IS 'The definition as it was given.';
COMMENT ON COLUMN itsm.lifecycle.expressions IS 'Per rule the expression of its check with every name qualified, as evaluated; null for a rule without one.';
COMMENT ON COLUMN itsm.lifecycle.shipped IS 'Came with the extension, so that a dump leaves it out. Part of the key: what a dump brings never meets what CREATE EXTENSION has put there.';
COMMENT ON COLUMN itsm.lifecycle.defined_at IS 'When this version was defined.';
COMMENT ON COLUMN itsm.lifecycle.defined_by IS 'Role that defined this version.';

CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.lifecycle FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.lifecycle ENABLE ALWAYS TRIGGER itsm_append_only;

-- What itsm.lifecycle_definition shows to everybody anyway.
GRANT SELECT ON itsm.lifecycle TO PUBLIC;

CREATE FUNCTION itsm.define_lifecycle(definition jsonb) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_lifecycle'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.define_lifecycle(jsonb) IS
'Makes a lifecycle, or a new version of one, after checking the definition whole. A definition that is the current one already changes nothing.
Raises IT050 with every fault in DETAIL; 42501 when the lifecycle was defined by a role whose rights the caller lacks, or is attached to a table whose owner''s rights the caller lacks: its expressions run with the rights of the table''s owner.
What the names in checks mean is fixed now, under the caller''s search_path. Types of attributes are those of pg_catalog unless written with a schema.';

CREATE FUNCTION itsm.lifecycle_definition(name text, version integer DEFAULT NULL) RETURNS jsonb
AS 'MODULE_PATHNAME', 'itsm_lifecycle_definition'
LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION itsm.lifecycle_definition(text, integer) IS
'The definition of a lifecycle as it was given: the version named, or the current one. Raises 42704 when there is none.';

CREATE FUNCTION itsm.lint_lifecycle(name text, OUT severity text, OUT problem text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_lint_lifecycle'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000 ROWS 10;

COMMENT ON FUNCTION itsm.lint_lifecycle(text) IS
'What is wrong or odd about a lifecycle: error (a record cannot end, a rule can never pass), warning (a rule that never applies, a role that does not exist) or info, gravest first. Raises 42704 when there is no such lifecycle.
Constant parts of checks are evaluated with the rights of the role that defined the lifecycle.';

CREATE FUNCTION itsm.lint_lifecycle(definition jsonb, OUT severity text, OUT problem text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_lint_definition'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000 ROWS 10;

COMMENT ON FUNCTION itsm.lint_lifecycle(jsonb) IS
'The same for a definition that is not in force: what itsm.define_lifecycle would refuse appears as errors, and the rest is looked at only when there is none of it.';

CREATE FUNCTION itsm.rule_attributes(lifecycle text, OUT rule text, OUT attribute text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_lifecycle_reads'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000 ROWS 30;

COMMENT ON FUNCTION itsm.rule_attributes(text) IS
'The attributes that the rules of a lifecycle look at, those of "when" included; none when there is no such lifecycle, or when it cannot be read any more.';

CREATE FUNCTION itsm.lifecycle_diagram(name text, format text DEFAULT 'mermaid') RETURNS text
AS 'MODULE_PATHNAME', 'itsm_lifecycle_diagram'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.lifecycle_diagram(text, text) IS
'A lifecycle''s states and transitions as text for a drawing program: mermaid (stateDiagram-v2) or dot (Graphviz). Raises 42704 when there is no such lifecycle, 22023 for another format.';

REVOKE ALL ON FUNCTION
	itsm.define_lifecycle(jsonb),
	itsm.lifecycle_definition(text, integer),
	itsm.lint_lifecycle(text),
	itsm.lint_lifecycle(jsonb),
	itsm.lifecycle_diagram(text, text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	itsm.lifecycle_definition(text, integer),
	itsm.lint_lifecycle(text),
	itsm.lint_lifecycle(jsonb),
	itsm.lifecycle_diagram(text, text)
TO PUBLIC;
