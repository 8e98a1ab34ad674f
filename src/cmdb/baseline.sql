-- Baselines: which configuration items there were at an instant, in which version, and how they were related.

CREATE SEQUENCE itsm.baseline_id_seq AS integer;
SELECT pg_catalog.pg_extension_config_dump('itsm.baseline_id_seq', '');

CREATE TABLE itsm.baseline (
	id integer NOT NULL,
	name text COLLATE "C" NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	taken_at timestamptz NOT NULL,
	taken_by text NOT NULL,
	class text COLLATE "C",
	service text COLLATE "C",
	selected boolean NOT NULL,
	note text,
	items bigint NOT NULL,
	relationships bigint NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (id)
) USING heap;
CREATE UNIQUE INDEX baseline_name_idx ON itsm.baseline (name);
SELECT pg_catalog.pg_extension_config_dump('itsm.baseline', '');

COMMENT ON TABLE itsm.baseline IS 'Baselines of configuration items. Taken by itsm.take_baseline and never changed.';
COMMENT ON COLUMN itsm.baseline.id IS 'Number of the baseline.';
COMMENT ON COLUMN itsm.baseline.name IS 'Its name, which no other baseline ever has.';
COMMENT ON COLUMN itsm.baseline.tenant IS 'Tenant of the items.';
COMMENT ON COLUMN itsm.baseline.taken_at IS 'When it was taken.';
COMMENT ON COLUMN itsm.baseline.taken_by IS 'Who took it.';
COMMENT ON COLUMN itsm.baseline.class IS 'The class whose items it holds, those of classes below it too; null: of any class.';
COMMENT ON COLUMN itsm.baseline.service IS 'Key of the service whose items it holds; null: of any.';
COMMENT ON COLUMN itsm.baseline.selected IS 'The items were named one by one.';
COMMENT ON COLUMN itsm.baseline.note IS 'What it was taken for.';
COMMENT ON COLUMN itsm.baseline.items IS 'How many configuration items it holds.';
COMMENT ON COLUMN itsm.baseline.relationships IS 'How many relationships with an item of it at one end.';
COMMENT ON COLUMN itsm.baseline.hash IS 'SHA-256 of this row and all that the baseline holds; the ledger has it too.';

-- A thousand items a row: their values are in the history, where they are redacted and archived.
CREATE TABLE itsm.baseline_part (
	baseline integer NOT NULL,
	of_relationships boolean NOT NULL,
	part bigint NOT NULL,
	first_id bigint NOT NULL,
	last_id bigint NOT NULL,
	ids bigint[] NOT NULL,
	versions bigint[],
	PRIMARY KEY (baseline, of_relationships, part)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.baseline_part', '');

COMMENT ON TABLE itsm.baseline_part IS 'What baselines hold, in order of the numbers.';
COMMENT ON COLUMN itsm.baseline_part.baseline IS 'Number of the baseline.';
COMMENT ON COLUMN itsm.baseline_part.of_relationships IS 'These are relationships, not records.';
COMMENT ON COLUMN itsm.baseline_part.part IS 'Position of the part, from 0.';
COMMENT ON COLUMN itsm.baseline_part.first_id IS 'The first number in it.';
COMMENT ON COLUMN itsm.baseline_part.last_id IS 'The last number in it.';
COMMENT ON COLUMN itsm.baseline_part.ids IS 'Numbers of records, or of relationships that held.';
COMMENT ON COLUMN itsm.baseline_part.versions IS 'Of each record the version that it was in; null for relationships.';

CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.baseline FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.baseline ENABLE ALWAYS TRIGGER itsm_append_only;
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.baseline_part FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.baseline_part ENABLE ALWAYS TRIGGER itsm_append_only;

CREATE FUNCTION itsm.take_baseline(name text, cis bigint[] DEFAULT NULL, class text DEFAULT NULL, service text DEFAULT NULL,
	note text DEFAULT NULL, tenant text DEFAULT '') RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_take_baseline' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.take_baseline(text, bigint[], text, text, text, text) IS
'Takes a baseline under a name that no other one has, and returns how many configuration items it holds: every live record of the process configuration_item, or those given. cis: their records (itsm.record_id), which may be of other processes, too. class: those of a class and the classes below it. service: those that the service with that key names by its attribute cis, and those that name it as their service. Several of these: what all of them fit. Relationships that hold are kept with it when one end is in it.
It is of one instant, the snapshot of the statement, and is never changed (IT040); that it was taken is an event, and itsm.verify() compares it with that. Raises 42710 when the name is taken, P0002 when an item or class is not there. Grant EXECUTE to those who may know of every configuration item.';
REVOKE ALL ON FUNCTION itsm.take_baseline(text, bigint[], text, text, text, text) FROM PUBLIC;

CREATE FUNCTION itsm.baseline_diff(a text, b text DEFAULT NULL)
RETURNS TABLE (record bigint, key text, kind text, attribute text, old_value text, new_value text, relationship bigint)
AS 'MODULE_PATHNAME', 'itsm_baseline_diff' LANGUAGE C STABLE;
COMMENT ON FUNCTION itsm.baseline_diff(text, text) IS
'What is different in baseline b, or now where b is null, from baseline a. kind: added or removed (an item that one of them does not hold, a row), or changed (a row for each canonical attribute or tracked column whose value differs; status and key are among them). Where relationship is not null it is the relationship that was added or removed: record is its source, attribute its type, and the value the key of its target. Values are those of the history: (erased) where they were redacted. attribute is null in a row of kind changed whose history is not there any more. Grant EXECUTE as for itsm.take_baseline.';
REVOKE ALL ON FUNCTION itsm.baseline_diff(text, text) FROM PUBLIC;

CREATE FUNCTION itsm.baseline_taken_at(baseline text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT b.taken_at FROM itsm.baseline b WHERE b.name OPERATOR(pg_catalog.=) $1
$$;
COMMENT ON FUNCTION itsm.baseline_taken_at(text) IS 'When the baseline of that name was taken; null when there is none. For checks of lifecycles.';

CREATE FUNCTION itsm.baseline_covers(baseline text, VARIADIC cis text[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM itsm.baseline b WHERE b.name OPERATOR(pg_catalog.=) $1
		AND NOT EXISTS (
			SELECT FROM pg_catalog.unnest($2) AS k(key)
				JOIN itsm.record r ON r.key OPERATOR(pg_catalog.=) k.key AND r.tenant OPERATOR(pg_catalog.=) b.tenant
					AND r.process OPERATOR(pg_catalog.=) 'configuration_item' AND NOT r.deleted
			WHERE NOT EXISTS (
				SELECT FROM itsm.baseline_part p
				WHERE p.baseline OPERATOR(pg_catalog.=) b.id AND NOT p.of_relationships
					AND r.id OPERATOR(pg_catalog.>=) p.first_id AND r.id OPERATOR(pg_catalog.<=) p.last_id
					AND r.id OPERATOR(pg_catalog.=) ANY (p.ids))))
$$;
COMMENT ON FUNCTION itsm.baseline_covers(text, text[]) IS 'True when there is a baseline of that name and it holds every configuration item that has one of these keys now. Keys that no item has are in nobody''s way. For checks of lifecycles.';
