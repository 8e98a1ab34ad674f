-- Archives: sealed history moved out of itsm.event.

CREATE TABLE itsm.archive (
	archive bigint NOT NULL,
	at timestamptz NOT NULL,
	before timestamptz NOT NULL,
	records bigint NOT NULL,
	events bigint NOT NULL,
	root bytea NOT NULL,
	PRIMARY KEY (archive)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.archive', '');

CREATE TABLE itsm.archive_table (
	archive bigint NOT NULL,
	month timestamptz NOT NULL,
	events bigint NOT NULL,
	name text NOT NULL,
	PRIMARY KEY (archive, month)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.archive_table', '');

CREATE TABLE itsm.archived (
	record bigint NOT NULL,
	version bigint NOT NULL,
	events bigint NOT NULL,
	archive bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (record, tenant, version)
) USING heap;
ALTER TABLE itsm.archived ALTER COLUMN hash SET STORAGE PLAIN;
SELECT pg_catalog.pg_extension_config_dump('itsm.archived', '');

COMMENT ON TABLE itsm.archive IS 'What itsm.archive() moved out of itsm.event, a row each time. Each is an event of kind archived, too.';
COMMENT ON COLUMN itsm.archive.archive IS 'Number of the archive, from 1.';
COMMENT ON COLUMN itsm.archive.at IS 'When.';
COMMENT ON COLUMN itsm.archive.before IS 'Records that had ended, and nothing happened to since then, were archived: the start of a month (UTC).';
COMMENT ON COLUMN itsm.archive.records IS 'Records.';
COMMENT ON COLUMN itsm.archive.events IS 'Events.';
COMMENT ON COLUMN itsm.archive.root IS 'Root of the Merkle tree over its rows of itsm.archived, by tenant and record; a leaf is that of the last event (itsm.leaf_hash).';
COMMENT ON TABLE itsm.archive_table IS 'Where the events of an archive went, by month. The tables belong to whoever archived them.';
COMMENT ON COLUMN itsm.archive_table.archive IS 'The archive.';
COMMENT ON COLUMN itsm.archive_table.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm.archive_table.events IS 'Events.';
COMMENT ON COLUMN itsm.archive_table.name IS 'Qualified name of the table as it was then.';
COMMENT ON TABLE itsm.archived IS 'Records whose events were archived: up to which version, and the hash that what came later is chained to.';
COMMENT ON COLUMN itsm.archived.record IS 'The record.';
COMMENT ON COLUMN itsm.archived.version IS 'Version of the last event that was archived.';
COMMENT ON COLUMN itsm.archived.events IS 'How many events, with that one; those before them were archived earlier.';
COMMENT ON COLUMN itsm.archived.archive IS 'The archive.';
COMMENT ON COLUMN itsm.archived.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.archived.hash IS 'Hash of the last event that was archived.';

CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.archive FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.archive_table FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.archived FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.archive ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.archive_table ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.archived ENABLE ALWAYS TRIGGER itsm_append_only;

CREATE FUNCTION itsm.archive(before timestamptz, into_schema name DEFAULT 'itsm_archive', OUT month timestamptz, OUT archived_table regclass, OUT events bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_archive' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.archive(timestamptz, name) IS 'Moves the events of records that have ended (closed, cancelled, deleted, or their table is gone), and to which nothing happened since the start of the month (UTC) of "before", into ordinary tables of a schema, which the caller owns (it is made when missing), one for each month; a row for each. All of them must be sealed. Seals, proofs and what is left verify as before; itsm.verify with the tables at hand checks the moved events, too. IT040 when something is not sealed, or is to be kept longer (itsm.set_retention).';
REVOKE ALL ON FUNCTION itsm.archive(timestamptz, name) FROM PUBLIC;

CREATE FUNCTION itsm.restore_archive(archive bigint, tables regclass[] DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_restore_archive' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.restore_archive(bigint, regclass[]) IS 'Brings the events of an archive back into itsm.event, and returns how many: from the tables that it went into, or from those named (loaded from a file, in tables LIKE itsm.event). IT041 unless they are exactly what was archived, but for values that were erased. The tables stay; drop them. It is an event of kind restored.';
REVOKE ALL ON FUNCTION itsm.restore_archive(bigint, regclass[]) FROM PUBLIC;

CREATE FUNCTION itsm.verify(digest jsonb, archives regclass[], from_record bigint DEFAULT NULL, before_record bigint DEFAULT NULL)
RETURNS TABLE (scope text, object text, ok boolean, detail text)
AS 'MODULE_PATHNAME', 'itsm_verify' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION itsm.verify(jsonb, regclass[], bigint, bigint) IS 'The same as itsm.verify(digest), either of which may be null, with the events in these tables, which itsm.archive made, as if they had never gone. from_record, before_record: only records of such numbers, from the first and before the second; trees, seals and the digest are compared where there is no first, rows without a record are looked for where there is no second. What the parts find together is what the whole finds.';
REVOKE ALL ON FUNCTION itsm.verify(jsonb, regclass[], bigint, bigint) FROM PUBLIC;

CREATE FUNCTION itsm.set_retention(retention interval) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_set_retention' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.set_retention(interval) IS 'How long events stay in itsm.event at least, before itsm.archive may move them. It can only be made longer (IT040), and each time is an event.';
REVOKE ALL ON FUNCTION itsm.set_retention(interval) FROM PUBLIC;

CREATE FUNCTION itsm.retention() RETURNS interval
AS 'MODULE_PATHNAME', 'itsm_retention' LANGUAGE C STABLE;
COMMENT ON FUNCTION itsm.retention() IS 'How long events stay in itsm.event at least; null when nobody said.';
REVOKE ALL ON FUNCTION itsm.retention() FROM PUBLIC;
