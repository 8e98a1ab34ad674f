-- How many of what it rests on a record needs: two of three nodes, one of two links.

CREATE TABLE itsm.redundancy (
	record bigint NOT NULL,
	type text COLLATE "C" NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	needs integer NOT NULL,
	valid_from timestamptz NOT NULL,
	valid_to timestamptz,
	set_by name NOT NULL,
	PRIMARY KEY (type, record, valid_from)
) USING heap;
CREATE UNIQUE INDEX redundancy_current_idx ON itsm.redundancy (type, record) WHERE valid_to IS NULL;
SELECT pg_catalog.pg_extension_config_dump('itsm.redundancy', '');

COMMENT ON TABLE itsm.redundancy IS 'Records that fail only when too few are left of what they are related to by a type. Written by itsm.set_redundancy.';
COMMENT ON COLUMN itsm.redundancy.record IS 'The record.';
COMMENT ON COLUMN itsm.redundancy.type IS 'Type of the relationships by which failures reach it.';
COMMENT ON COLUMN itsm.redundancy.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.redundancy.needs IS 'How many of the records at their other ends it needs.';
COMMENT ON COLUMN itsm.redundancy.valid_from IS 'From when on that holds.';
COMMENT ON COLUMN itsm.redundancy.valid_to IS 'Until when it held; null: it holds.';
COMMENT ON COLUMN itsm.redundancy.set_by IS 'Role that set it.';

CREATE FUNCTION itsm.set_redundancy(ci bigint, type text, needs integer) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_set_redundancy'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.set_redundancy(bigint, text, integer) IS
'Says how many of the records that it is related to by a type a record needs, for itsm.impact and itsm.single_points_of_failure: it fails when fewer are left. needs null: all of them again, as without redundancy. What held before stays known for searches as of a time; the record gets an event of kind redundancy_set.
Raises P0002 for an unknown record, 42704 for an unknown type, 22023 for a number below 1. Grant EXECUTE as for itsm.relate.';
REVOKE ALL ON FUNCTION itsm.set_redundancy(bigint, text, integer) FROM PUBLIC;
