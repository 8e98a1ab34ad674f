-- Relationships that an application keeps itself, in a link table or a foreign-key column.

CREATE SEQUENCE itsm.relationship_attachment_id_seq AS integer;
SELECT pg_catalog.pg_extension_config_dump('itsm.relationship_attachment_id_seq', '');

CREATE TABLE itsm.relationship_attachment (
	id integer NOT NULL,
	relation regclass,
	relation_name text NOT NULL,
	type text COLLATE "C" NOT NULL,
	source_column name,
	source_source integer NOT NULL,
	target_column name,
	target_source integer NOT NULL,
	mode text NOT NULL,
	attached_at timestamptz NOT NULL,
	attached_by name NOT NULL,
	PRIMARY KEY (id)
) USING heap;
CREATE INDEX relationship_attachment_relation_idx ON itsm.relationship_attachment (relation);
SELECT pg_catalog.pg_extension_config_dump('itsm.relationship_attachment', '');

COMMENT ON TABLE itsm.relationship_attachment IS 'Tables and columns of applications that say which records are related.';
COMMENT ON COLUMN itsm.relationship_attachment.id IS 'Number of this attachment.';
COMMENT ON COLUMN itsm.relationship_attachment.relation IS 'The table; null when it is gone.';
COMMENT ON COLUMN itsm.relationship_attachment.relation_name IS 'Qualified name of the table when it was attached.';
COMMENT ON COLUMN itsm.relationship_attachment.type IS 'Type of the relationships.';
COMMENT ON COLUMN itsm.relationship_attachment.source_column IS 'Column with the key of the source; null: the row itself is the source.';
COMMENT ON COLUMN itsm.relationship_attachment.source_source IS 'The source (itsm.source) that the key belongs to.';
COMMENT ON COLUMN itsm.relationship_attachment.target_column IS 'Column with the key of the target; null: the row itself is the target.';
COMMENT ON COLUMN itsm.relationship_attachment.target_source IS 'The source (itsm.source) that the key belongs to.';
COMMENT ON COLUMN itsm.relationship_attachment.mode IS 'enforce: a row whose relationship is not allowed is refused; observe: it passes, and is not related.';
COMMENT ON COLUMN itsm.relationship_attachment.attached_at IS 'When it was attached.';
COMMENT ON COLUMN itsm.relationship_attachment.attached_by IS 'Who attached it.';

-- Stays executable by everybody: else owners could not restore their triggers.
CREATE FUNCTION itsm.follow_relationships() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_follow_relationships' LANGUAGE C;
COMMENT ON FUNCTION itsm.follow_relationships() IS 'The trigger of tables whose rows or columns are relationships: keeps these in step. Made by itsm.attach_relationships.';

CREATE FUNCTION itsm.attach_relationships(
	relation regclass, type text, source name DEFAULT NULL, target name DEFAULT NULL,
	source_relation regclass DEFAULT NULL, target_relation regclass DEFAULT NULL, mode text DEFAULT 'observe'
) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_attach_relationships' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.attach_relationships(regclass, text, name, name, regclass, regclass, text) IS
'Keeps relationships of a type in step with a table that the caller owns, and returns the number of this attachment. source, target: the columns with the keys of the two rows that each row relates; null: the row itself, where a column of an attached table names the other one. source_relation, target_relation: the attached tables that these keys belong to; null: those that the columns'' foreign keys name. mode: enforce refuses rows whose relationship is not allowed, observe lets them pass without one. Rows whose records are not there (yet) are passed over. Makes two triggers, itsm_relate and itsm_relate_truncate.
Rows that are there already are taken in by itsm.sync_relationships. Raises IT051. For the DBA to grant: owners of the tables that are named are not asked.';

CREATE FUNCTION itsm.sync_relationships(attachment integer) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_sync_relationships' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.sync_relationships(integer) IS 'Relates what the rows of the table say and is not related yet, and returns how many it were: rows from before the attachment, and those whose records came later. Only the owner of the table may call it. For the DBA to grant, as itsm.attach_relationships.';

CREATE FUNCTION itsm.detach_relationships(attachment integer) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_detach_relationships' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.detach_relationships(integer) IS 'Takes such an attachment off its table. The relationships stay as they are.';

REVOKE ALL ON FUNCTION
	itsm.attach_relationships(regclass, text, name, name, regclass, regclass, text),
	itsm.sync_relationships(integer),
	itsm.detach_relationships(integer)
FROM PUBLIC;
