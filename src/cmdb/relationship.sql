-- Relationships between records: typed, directed, bounded in time.

CREATE SEQUENCE itsm.relationship_id_seq AS bigint;
SELECT pg_catalog.pg_extension_config_dump('itsm.relationship_id_seq', '');

-- Rows are added, and changed once, when the relationship ends.  The first two unique indexes
-- are what searches read; what must be unique at one time is null in those that have ended.
CREATE TABLE itsm.relationship (
	id bigint NOT NULL,
	source bigint NOT NULL,
	target bigint NOT NULL,
	ended bigint NOT NULL,
	started_at timestamptz NOT NULL,
	xid xid8 NOT NULL,
	system bigint NOT NULL,
	type text COLLATE "C" NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	ended_at timestamptz,
	only_source bigint,
	only_target bigint,
	PRIMARY KEY (id, tenant),
	CHECK (ended_at >= started_at),
	CHECK (source <> target)
) USING heap;
CREATE UNIQUE INDEX relationship_source_idx ON itsm.relationship (source, ended, target, type, tenant);
CREATE INDEX relationship_target_idx ON itsm.relationship (target, ended, source, type);
CREATE UNIQUE INDEX relationship_only_source_idx ON itsm.relationship (only_source, type, tenant);
CREATE UNIQUE INDEX relationship_only_target_idx ON itsm.relationship (only_target, type, tenant);
SELECT pg_catalog.pg_extension_config_dump('itsm.relationship', '');

COMMENT ON TABLE itsm.relationship IS 'Relationships between records, those that hold and those that have ended; no row is ever deleted. Written by itsm.relate and itsm.unrelate.';
COMMENT ON COLUMN itsm.relationship.id IS 'Number of the relationship; the high 16 bits are the cell (itsm.cell).';
COMMENT ON COLUMN itsm.relationship.source IS 'The record that the type is said of.';
COMMENT ON COLUMN itsm.relationship.target IS 'The record that it is related to.';
COMMENT ON COLUMN itsm.relationship.ended IS '0 while it holds; its own number when it has ended, so that only one holds between the same two.';
COMMENT ON COLUMN itsm.relationship.started_at IS 'Since when it holds.';
COMMENT ON COLUMN itsm.relationship.xid IS 'Transaction that wrote the row last; means something only together with system.';
COMMENT ON COLUMN itsm.relationship.system IS 'System identifier of the cluster that did.';
COMMENT ON COLUMN itsm.relationship.type IS 'Its type.';
COMMENT ON COLUMN itsm.relationship.tenant IS 'Tenant of both records.';
COMMENT ON COLUMN itsm.relationship.ended_at IS 'Until when it held; null while it holds.';
COMMENT ON COLUMN itsm.relationship.only_source IS 'The target, where it can have no other source of the type now; null otherwise.';
COMMENT ON COLUMN itsm.relationship.only_target IS 'The source, where it can have no other target of the type now; null otherwise.';

CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.relationship FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.relationship ENABLE ALWAYS TRIGGER itsm_append_only;

CREATE FUNCTION itsm.relate(source bigint, type text, target bigint, started_at timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_relate'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.relate(bigint, text, bigint, timestamptz) IS
'Relates two records (itsm.record_id), and returns the number of the relationship. started_at: since when it holds, not in the future; null: now.
Raises IT020 with every reason in DETAIL where the two may not be related: no such type, no such record, to itself, of another tenant, not of the type''s classes; IT021 where there is such a relationship already, or the source or the target can have only one; IT022 where the type is acyclic and the relationship would lead back to its source. All of these hold at every isolation level; what meets with another session may fail with 40P01 and be tried again. Both records get an event of kind linked.
Rows and rights of applications are not asked: grant EXECUTE to roles that may relate any records.';
REVOKE ALL ON FUNCTION itsm.relate(bigint, text, bigint, timestamptz) FROM PUBLIC;

CREATE FUNCTION itsm.unrelate(relationship bigint, ended_at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_unrelate'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.unrelate(bigint, timestamptz) IS
'Ends a relationship; that it held until then stays known. ended_at: not before it began, not in the future; null: now. Raises P0002 when there is none of that number, 55000 when it has ended already. Both records get an event of kind unlinked. Grant EXECUTE as for itsm.relate.';
REVOKE ALL ON FUNCTION itsm.unrelate(bigint, timestamptz) FROM PUBLIC;
