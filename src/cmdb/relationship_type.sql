-- Types of relationships: what may be linked to what, how often, and which way a failure goes.

CREATE TABLE itsm.relationship_type_version (
	name text COLLATE "C" NOT NULL,
	version integer NOT NULL,
	inverse text COLLATE "C" NOT NULL,
	source_class text COLLATE "C",
	target_class text COLLATE "C",
	cardinality text COLLATE "C" NOT NULL,
	acyclic boolean NOT NULL,
	impact text COLLATE "C" NOT NULL,
	on_retire text COLLATE "C" NOT NULL,
	description text,
	shipped boolean NOT NULL,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (name, version)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.relationship_type_version', 'WHERE NOT shipped');

COMMENT ON TABLE itsm.relationship_type_version IS 'Every version of every relationship type; the highest one holds (itsm.relationship_type). Written by itsm.define_relationship_type.';
COMMENT ON COLUMN itsm.relationship_type_version.name IS 'Name of the type, read from the source to the target.';
COMMENT ON COLUMN itsm.relationship_type_version.version IS 'Counts from 1.';
COMMENT ON COLUMN itsm.relationship_type_version.inverse IS 'Its name read from the target to the source.';
COMMENT ON COLUMN itsm.relationship_type_version.source_class IS 'Class of sources, those below it included; null: any record.';
COMMENT ON COLUMN itsm.relationship_type_version.target_class IS 'Class of targets, those below it included; null: any record.';
COMMENT ON COLUMN itsm.relationship_type_version.cardinality IS 'Sources of a target, then targets of a source, at one time: 1:1, 1:n, n:1 or n:n.';
COMMENT ON COLUMN itsm.relationship_type_version.acyclic IS 'Relationships of the type never lead back to where they began.';
COMMENT ON COLUMN itsm.relationship_type_version.impact IS 'Where a failure goes: forward (of the source, to the target), backward (of the target, to the source), both or none.';
COMMENT ON COLUMN itsm.relationship_type_version.on_retire IS 'When the row of either end is deleted: restrict (that is refused while the relationship holds), end (the relationship ends) or follow (it stays, and is ended by whoever ends it).';
COMMENT ON COLUMN itsm.relationship_type_version.description IS 'What it says.';
COMMENT ON COLUMN itsm.relationship_type_version.shipped IS 'Came with the extension, so that a dump leaves it out.';
COMMENT ON COLUMN itsm.relationship_type_version.defined_at IS 'When this version was defined.';
COMMENT ON COLUMN itsm.relationship_type_version.defined_by IS 'Role that defined this version.';

CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.relationship_type_version FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.relationship_type_version ENABLE ALWAYS TRIGGER itsm_append_only;

CREATE VIEW itsm.relationship_type AS
	SELECT DISTINCT ON (t.name) t.name, t.version, t.inverse, t.source_class, t.target_class, t.cardinality, t.acyclic,
		t.impact, t.on_retire, t.description, t.shipped, t.defined_at, t.defined_by
	FROM itsm.relationship_type_version t
	ORDER BY t.name, t.version DESC;

COMMENT ON VIEW itsm.relationship_type IS 'The relationship types that there are, each in the version that holds.';
COMMENT ON COLUMN itsm.relationship_type.name IS 'Name of the type, read from the source to the target.';
COMMENT ON COLUMN itsm.relationship_type.version IS 'The version that holds.';
COMMENT ON COLUMN itsm.relationship_type.inverse IS 'Its name read from the target to the source.';
COMMENT ON COLUMN itsm.relationship_type.source_class IS 'Class of sources, those below it included; null: any record.';
COMMENT ON COLUMN itsm.relationship_type.target_class IS 'Class of targets, those below it included; null: any record.';
COMMENT ON COLUMN itsm.relationship_type.cardinality IS 'Sources of a target, then targets of a source, at one time: 1:1, 1:n, n:1 or n:n.';
COMMENT ON COLUMN itsm.relationship_type.acyclic IS 'Relationships of the type never lead back to where they began.';
COMMENT ON COLUMN itsm.relationship_type.impact IS 'Where a failure goes: forward (of the source, to the target), backward (of the target, to the source), both or none.';
COMMENT ON COLUMN itsm.relationship_type.on_retire IS 'When the row of either end is deleted: restrict, end or follow.';
COMMENT ON COLUMN itsm.relationship_type.description IS 'What it says.';
COMMENT ON COLUMN itsm.relationship_type.shipped IS 'Came with the extension.';
COMMENT ON COLUMN itsm.relationship_type.defined_at IS 'When this version was defined.';
COMMENT ON COLUMN itsm.relationship_type.defined_by IS 'Role that defined this version.';

GRANT SELECT ON itsm.relationship_type_version, itsm.relationship_type TO PUBLIC;

CREATE FUNCTION itsm.define_relationship_type(
	name text, inverse text, source_class text DEFAULT NULL, target_class text DEFAULT NULL,
	cardinality text DEFAULT 'n:n', acyclic boolean DEFAULT false, impact text DEFAULT 'none',
	on_retire text DEFAULT 'end', description text DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_relationship_type'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.define_relationship_type(text, text, text, text, text, boolean, text, text, text) IS
'Makes a relationship type, or a new version of one; what is as it was changes nothing. inverse: its name read from the target; source_class, target_class: what may be linked (null: any record); cardinality: sources of a target, then targets of a source: 1:1, 1:n, n:1 or n:n; impact: where a failure goes, forward (from the source to the target), backward, both or none; on_retire: restrict, end or follow.
Relationships that hold already must meet a new cardinality (IT021) and a new acyclic (IT022); classes are asked of new ones only. Waits for those who are relating records, and they for it. Holds from the next statement of every session. For the DBA to grant.';
REVOKE ALL ON FUNCTION itsm.define_relationship_type(text, text, text, text, text, boolean, text, text, text) FROM PUBLIC;
