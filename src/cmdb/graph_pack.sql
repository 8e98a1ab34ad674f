-- Relationships packed for searches.  All of it follows from itsm.relationship: no dump carries it.

CREATE SEQUENCE itsm.graph_pack_generation_seq AS bigint;
SELECT pg_catalog.pg_extension_config_dump('itsm.graph_pack_generation_seq', '');

CREATE TABLE itsm.graph_pack (
	generation bigint NOT NULL,
	system bigint NOT NULL,
	xid_min bigint NOT NULL,
	xid_max bigint NOT NULL,
	running bigint[] NOT NULL,
	types text[] NOT NULL,
	relationships bigint NOT NULL,
	packed_at timestamptz NOT NULL
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.graph_pack', 'WHERE false');

COMMENT ON TABLE itsm.graph_pack IS 'What itsm.graph_page was packed from: a row, or none. A search lays what has changed since over it.';
COMMENT ON COLUMN itsm.graph_pack.generation IS 'Number of the pack; none is used twice.';
COMMENT ON COLUMN itsm.graph_pack.system IS 'System identifier of the cluster; another one does not use the pack.';
COMMENT ON COLUMN itsm.graph_pack.xid_min IS 'Transactions before this one are in it.';
COMMENT ON COLUMN itsm.graph_pack.xid_max IS 'Transactions from this one on are not in it.';
COMMENT ON COLUMN itsm.graph_pack.running IS 'Transactions between these that are not in it.';
COMMENT ON COLUMN itsm.graph_pack.types IS 'Relationship types, by their numbers in pages from 1; types are only added.';
COMMENT ON COLUMN itsm.graph_pack.relationships IS 'Relationships in it.';
COMMENT ON COLUMN itsm.graph_pack.packed_at IS 'When it was made.';

CREATE TABLE itsm.graph_page (
	page bigint NOT NULL,
	bytes bytea NOT NULL,
	PRIMARY KEY (page)
) USING heap WITH (toast_tuple_target = 8160);
-- not compressed again, and beside its key as long as it fits
ALTER TABLE itsm.graph_page ALTER COLUMN bytes SET STORAGE EXTERNAL;
SELECT pg_catalog.pg_extension_config_dump('itsm.graph_page', 'WHERE false');

COMMENT ON TABLE itsm.graph_page IS 'Relationships that held when they were packed, of 64 records a row, in both directions.';
COMMENT ON COLUMN itsm.graph_page.page IS 'Number of the records divided by 64.';
COMMENT ON COLUMN itsm.graph_page.bytes IS 'Their relationships.';

-- What a search reads to learn what has changed since.
CREATE INDEX relationship_xid_idx ON itsm.relationship (system, xid);

CREATE FUNCTION itsm.pack_relationships() RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_pack_relationships' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.pack_relationships() IS 'Packs the relationships that hold now, so that searches read them faster, and returns how many they are. Searches find the same with and without it, for what has changed since is laid over; that costs each of them about a microsecond for each change, so run it from time to time. One session at a time; nobody is kept from reading or relating. For the DBA to grant.';
REVOKE ALL ON FUNCTION itsm.pack_relationships() FROM PUBLIC;

-- Stays executable by everybody, as trigger functions do.
CREATE FUNCTION itsm.unpack_relationships() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_unpack_relationships' LANGUAGE C;
COMMENT ON FUNCTION itsm.unpack_relationships() IS 'The trigger of itsm.relationship: rows that are written by SQL, as a restore or a replica does it, end the pack, which could not tell that they are new.';
CREATE TRIGGER itsm_unpack AFTER INSERT OR UPDATE OR DELETE ON itsm.relationship FOR EACH ROW EXECUTE FUNCTION itsm.unpack_relationships();
CREATE TRIGGER itsm_unpack_truncate AFTER TRUNCATE ON itsm.relationship FOR EACH STATEMENT EXECUTE FUNCTION itsm.unpack_relationships();
ALTER TABLE itsm.relationship ENABLE ALWAYS TRIGGER itsm_unpack, ENABLE ALWAYS TRIGGER itsm_unpack_truncate;
