-- Searches through relationships.  Pure reads, as the statement's snapshot sees them.

CREATE FUNCTION itsm.impact(ci bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL,
	without_cis bigint[] DEFAULT NULL, without_relationships bigint[] DEFAULT NULL, with_relationships jsonb DEFAULT NULL)
RETURNS TABLE (record bigint, depth integer, via bigint)
AS 'MODULE_PATHNAME', 'itsm_impact'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION itsm.impact(bigint, integer, text[], timestamptz, bigint[], bigint[], jsonb) IS
'The records that a failure of a record reaches, each once, nearest first, without the record itself. A failure goes from the source of a relationship to its target where the type''s impact is forward or both, and from the target to the source where it is backward or both. depth: relationships on the shortest way there; via: the record before it on such a way.
max_depth: no further than that; null: without limit. types: relationships of these types only; null: all. at: as relationships were at that time; null: as they are now, changes of the own transaction included. What types mean is taken from their definitions of now.
A record that itsm.set_redundancy lets do with some of what it is related to by a type is reached by the failure that leaves too few.
What if (nothing is written): without_cis: as if these records were not there; without_relationships: as if these relationships did not hold; with_relationships: as if these held too, [{"source": 1, "type": "depends_on", "target": 2}, …], whether they were allowed or not.
Raises 22023 for a max_depth below 0, 42704 for an unknown type, P0002 for an unknown record, 53400 where itsm.graph_memory does not suffice. Shows how records hang together, whoever owns their rows: grant EXECUTE to those who may know.';

CREATE FUNCTION itsm.dependencies(ci bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL,
	without_cis bigint[] DEFAULT NULL, without_relationships bigint[] DEFAULT NULL, with_relationships jsonb DEFAULT NULL)
RETURNS TABLE (record bigint, depth integer, via bigint)
AS 'MODULE_PATHNAME', 'itsm_dependencies'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION itsm.dependencies(bigint, integer, text[], timestamptz, bigint[], bigint[], jsonb) IS 'The records whose failure reaches a record, alone or with others: the same as itsm.impact, the other way round. What is redundant is listed, too.';

CREATE FUNCTION itsm.impact_records(ci bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'itsm_impact_records'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION itsm.impact_records(bigint, integer, text[], timestamptz) IS 'The records that itsm.impact lists, as an array, nearest first.';

CREATE FUNCTION itsm.dependency_records(ci bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'itsm_dependency_records'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION itsm.dependency_records(bigint, integer, text[], timestamptz) IS 'The records that itsm.dependencies lists, as an array, nearest first.';

CREATE FUNCTION itsm.impact_count(ci bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_impact_count'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION itsm.impact_count(bigint, integer, text[], timestamptz) IS 'How many records itsm.impact lists.';

CREATE FUNCTION itsm.dependency_count(ci bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_dependency_count'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION itsm.dependency_count(bigint, integer, text[], timestamptz) IS 'How many records itsm.dependencies lists.';

CREATE FUNCTION itsm.path(source bigint, target bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL, directed boolean DEFAULT true)
RETURNS TABLE (step integer, record bigint, type text)
AS 'MODULE_PATHNAME', 'itsm_path'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION itsm.path(bigint, bigint, integer, text[], timestamptz, boolean) IS
'A shortest way from one record to another: step 0 is the first record, and each further step a record with the type of the relationship that leads to it. Relationships are followed from their source to their target or, with directed false, either way; their impact does not count. No row when there is no way. The other arguments, and errors, as for itsm.impact.';

CREATE FUNCTION itsm.common_causes(cis bigint[], max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL)
RETURNS TABLE (record bigint, explained integer, distance integer)
AS 'MODULE_PATHNAME', 'itsm_common_causes'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION itsm.common_causes(bigint[], integer, text[], timestamptz) IS
'Records whose failure reaches several of those given, alone or with others, itself included: explained, how many of them; distance, the depths to them taken together. What explains most stands first, then what is nearest. The other arguments, and errors, as for itsm.impact.';

CREATE FUNCTION itsm.single_points_of_failure(service bigint, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL,
	without_cis bigint[] DEFAULT NULL, without_relationships bigint[] DEFAULT NULL, with_relationships jsonb DEFAULT NULL)
RETURNS TABLE (record bigint, depth integer, cut_off bigint, ends bigint)
AS 'MODULE_PATHNAME', 'itsm_single_points_of_failure'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION itsm.single_points_of_failure(bigint, text[], timestamptz, bigint[], bigint[], jsonb) IS
'Records that a service cannot go around. The dependencies of the service lead to ends: records that depend on nothing further (or several that depend on each other only). cut_off: to how many ends every way from the service passes through the record, the end itself included; ends: how many there are.
Where itsm.set_redundancy has said nothing of the service and of what it depends on (by the types asked for), two ways to an end are taken for redundancy: a record is listed when it cuts off some end, and what stands on only one of two ways is not. Where it has said anything there, that counts, and only that: those records are listed whose failure alone reaches the service, as itsm.impact has it, also those that cut off none.
Those that cut off most stand first, then the nearest. What if: without_cis and the arguments after it, as for itsm.impact; the others, and errors, too.';

CREATE FUNCTION itsm.cycles(type text, at timestamptz DEFAULT NULL)
RETURNS TABLE (cycle integer, record bigint)
AS 'MODULE_PATHNAME', 'itsm_cycles'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION itsm.cycles(text, timestamptz) IS 'Records from which relationships of a type (null: of any) lead back to them: those with the same number lead to each other (strongly connected components of more than one record), numbered by their smallest record. Reads all relationships.';

CREATE FUNCTION itsm.components(type text, at timestamptz DEFAULT NULL)
RETURNS TABLE (component bigint, record bigint)
AS 'MODULE_PATHNAME', 'itsm_components'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION itsm.components(text, timestamptz) IS 'The parts into which relationships of a type (null: of any), taken both ways, divide the records that have any: component is the smallest record of each. Reads all relationships.';

CREATE FUNCTION itsm.impact_diagram(ci bigint, max_depth integer DEFAULT NULL, types text[] DEFAULT NULL, at timestamptz DEFAULT NULL, format text DEFAULT 'mermaid') RETURNS text
AS 'MODULE_PATHNAME', 'itsm_impact_diagram'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION itsm.impact_diagram(bigint, integer, text[], timestamptz, text) IS
'What itsm.impact finds, as text for a drawing program: mermaid (flowchart) or dot (Graphviz). Arrows go as a failure does and bear the type of the relationship; records are named by their title or key, or by their number where row-level security of their table holds for the caller. Raises 22023 for another format; other errors as for itsm.impact.';

REVOKE ALL ON FUNCTION
	itsm.impact(bigint, integer, text[], timestamptz, bigint[], bigint[], jsonb),
	itsm.dependencies(bigint, integer, text[], timestamptz, bigint[], bigint[], jsonb),
	itsm.impact_records(bigint, integer, text[], timestamptz),
	itsm.dependency_records(bigint, integer, text[], timestamptz),
	itsm.impact_count(bigint, integer, text[], timestamptz),
	itsm.dependency_count(bigint, integer, text[], timestamptz),
	itsm.path(bigint, bigint, integer, text[], timestamptz, boolean),
	itsm.common_causes(bigint[], integer, text[], timestamptz),
	itsm.single_points_of_failure(bigint, text[], timestamptz, bigint[], bigint[], jsonb),
	itsm.cycles(text, timestamptz),
	itsm.components(text, timestamptz),
	itsm.impact_diagram(bigint, integer, text[], timestamptz, text)
FROM PUBLIC;
