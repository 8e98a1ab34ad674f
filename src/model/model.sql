-- The reference model: tables for what an existing database lacks.  Its parts are data, one
-- file each (part_*.sql); itsm.create_model makes them in a schema of the user's.

CREATE TABLE itsm.model_part (
	name text COLLATE "C" NOT NULL,
	position integer NOT NULL,
	requires text[] NOT NULL,
	tables text[] NOT NULL,
	description text NOT NULL,
	definition text NOT NULL,
	PRIMARY KEY (name)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.model_part', 'WHERE false');

COMMENT ON TABLE itsm.model_part IS 'Parts of the reference model. Comes with the extension, so that a dump leaves it out; itsm.create_model reads it.';
COMMENT ON COLUMN itsm.model_part.name IS 'Name of the part.';
COMMENT ON COLUMN itsm.model_part.position IS 'Parts are made in this order.';
COMMENT ON COLUMN itsm.model_part.requires IS 'Parts that it cannot do without: they are made with it.';
COMMENT ON COLUMN itsm.model_part.tables IS 'Its tables.';
COMMENT ON COLUMN itsm.model_part.description IS 'What is in it.';
COMMENT ON COLUMN itsm.model_part.definition IS 'The statements that make it, run with the schema as the search_path.';

CREATE TABLE itsm.model_attachment (
	part text COLLATE "C" NOT NULL,
	relation name NOT NULL,
	lifecycle text COLLATE "C" NOT NULL,
	filter text,
	attributes jsonb,
	PRIMARY KEY (relation, lifecycle)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.model_attachment', 'WHERE false');

COMMENT ON TABLE itsm.model_attachment IS 'Lifecycles on the tables of the reference model. Comes with the extension, so that a dump leaves it out.';
COMMENT ON COLUMN itsm.model_attachment.part IS 'The part.';
COMMENT ON COLUMN itsm.model_attachment.relation IS 'The table.';
COMMENT ON COLUMN itsm.model_attachment.lifecycle IS 'The lifecycle; it is put on the column status.';
COMMENT ON COLUMN itsm.model_attachment.filter IS 'Which rows; null: all.';
COMMENT ON COLUMN itsm.model_attachment.attributes IS 'Canonical attributes and their expressions; all others come from the column of their name.';

CREATE TABLE itsm.model_link (
	part text COLLATE "C" NOT NULL,
	other text COLLATE "C" NOT NULL,
	relation name NOT NULL,
	attribute name NOT NULL,
	target name NOT NULL,
	PRIMARY KEY (relation, attribute)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.model_link', 'WHERE false');

COMMENT ON TABLE itsm.model_link IS 'Foreign keys between parts of the reference model that can do without each other. Comes with the extension, so that a dump leaves it out.';
COMMENT ON COLUMN itsm.model_link.part IS 'The part of the referencing table.';
COMMENT ON COLUMN itsm.model_link.other IS 'The part of the referenced table.';
COMMENT ON COLUMN itsm.model_link.relation IS 'The referencing table.';
COMMENT ON COLUMN itsm.model_link.attribute IS 'Its column.';
COMMENT ON COLUMN itsm.model_link.target IS 'The referenced table; by its primary key.';

CREATE TABLE itsm.model_relationship (
	part text COLLATE "C" NOT NULL,
	other text COLLATE "C" NOT NULL,
	relation name NOT NULL,
	type text COLLATE "C" NOT NULL,
	source name,
	target name,
	CHECK (source IS NOT NULL OR target IS NOT NULL)
) USING heap;
CREATE UNIQUE INDEX model_relationship_idx ON itsm.model_relationship (relation, type, source, target) NULLS NOT DISTINCT;
SELECT pg_catalog.pg_extension_config_dump('itsm.model_relationship', 'WHERE false');

COMMENT ON TABLE itsm.model_relationship IS 'Relationships that columns and link tables of the reference model keep. Comes with the extension, so that a dump leaves it out.';
COMMENT ON COLUMN itsm.model_relationship.part IS 'The part of the table.';
COMMENT ON COLUMN itsm.model_relationship.other IS 'The part at the other end; they are kept when both are there.';
COMMENT ON COLUMN itsm.model_relationship.relation IS 'The table.';
COMMENT ON COLUMN itsm.model_relationship.type IS 'Type of the relationships.';
COMMENT ON COLUMN itsm.model_relationship.source IS 'Column with the key of the source; null: the row itself.';
COMMENT ON COLUMN itsm.model_relationship.target IS 'Column with the key of the target; null: the row itself.';

-- What a model could be tells nothing of one that is.
GRANT SELECT ON itsm.model_part, itsm.model_attachment, itsm.model_link, itsm.model_relationship TO PUBLIC;
