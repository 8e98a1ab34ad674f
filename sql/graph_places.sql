-- What a session knows of packed relationships: parts of pages, pages, and where they stand.
-- None of it decides what a search finds.
-- In a database of its own: other tests look at all relationships that there are.
SET client_min_messages = warning;
SELECT current_database() AS tests \gset
CREATE DATABASE regress_itsm_graph_places;
\c regress_itsm_graph_places
SET client_min_messages = warning;
CREATE EXTENSION itsm;
CREATE SCHEMA graph_places;
SET search_path = graph_places, public;
SELECT itsm.define_lifecycle('{"name": "place_node", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE node (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('node', 'place_node', 'status', mode => 'enforce') > 0 AS attached;
-- thirteen thousand by itsm.relate would take check-discard hours; sql/graph.sql makes six thousand
SET debug_discard_caches = 0;
INSERT INTO node SELECT generate_series(0, 6500);
CREATE TABLE known AS SELECT r.key::integer AS node, r.id AS record FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'node'::regclass;
CREATE UNIQUE INDEX ON known (node);
CREATE FUNCTION link(a integer, b integer) RETURNS bigint LANGUAGE sql AS $$
	SELECT itsm.relate((SELECT record FROM known WHERE node = a), 'depends_on', (SELECT record FROM known WHERE node = b)) $$;
-- a tree of three below each; one that all of them depend on as well; and one that depends on nearly all
SELECT count(link(n, (n - 1) / 3)), count(CASE WHEN n % 5 = 0 AND n > 5 THEN link(n, 2) END) FROM generate_series(1, 6000) n;
SELECT count(link(6500, n)) FROM generate_series(1, 6400) n;
RESET debug_discard_caches;

CREATE FUNCTION expected(start bigint, backward boolean) RETURNS bigint[] LANGUAGE sql STABLE AS $$
	WITH RECURSIVE reached (id) AS (
		SELECT start UNION
		SELECT CASE WHEN backward THEN r.target ELSE r.source END FROM reached JOIN itsm.relationship r
			ON CASE WHEN backward THEN r.source ELSE r.target END = reached.id WHERE r.ended = 0)
	SELECT array_agg(id ORDER BY id) FROM reached WHERE id <> start $$;
CREATE FUNCTION sorted(records bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$ SELECT array_agg(x ORDER BY x) FROM unnest(records) x $$;
-- searches of some nodes one after the other, in both directions: how many found something else
CREATE FUNCTION wrong(step integer, first integer DEFAULT 0) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FILTER (WHERE sorted(itsm.impact_records(record)) IS DISTINCT FROM expected(record, false)) +
		count(*) FILTER (WHERE sorted(itsm.dependency_records(record)) IS DISTINCT FROM expected(record, true))
	FROM known WHERE node % step = first $$;
CREATE FUNCTION wide() RETURNS boolean LANGUAGE sql AS $$
	SELECT sorted(itsm.dependency_records(record)) = expected(record, true) FROM known WHERE node = 6500 $$;

SELECT itsm.pack_relationships() > 13000 AS packed;
SELECT max(octet_length(bytes)) > 4000 AS some_stand_elsewhere, count(*) > 100 AS pages FROM itsm.graph_page;
-- parts first, then pages
\c -
SET search_path = graph_places, public;
SELECT wrong(211), wrong(211, 5), wrong(211), wrong(211);
SELECT wide(), wide(), wrong(401);
-- a wide search first, which takes pages whole
\c -
SET search_path = graph_places, public;
SELECT wide(), wrong(211, 7);
-- the pages move while the session knows where they stood
VACUUM FULL itsm.graph_page;
SELECT wrong(211, 11), wide();
\c -
SET search_path = graph_places, public;
SELECT wrong(701, 3);
DELETE FROM node WHERE id = 3001;
VACUUM FULL itsm.graph_page;
SELECT wrong(307, 3), wide();
-- several versions of pages, and the pack before seen by an older snapshot
SELECT count(link(6400 + n % 50, n * 7)) FROM generate_series(1, 700) n;
SELECT wrong(211, 13), wide();
SELECT itsm.pack_relationships() > 13000 AS packed;
SELECT wrong(211, 13), wide();
SELECT count(itsm.unrelate(r.id)) FROM itsm.relationship r WHERE r.ended = 0 AND r.target IN (SELECT record FROM known WHERE node % 7 = 0 AND node > 2100);
SELECT itsm.pack_relationships() > 13000 AS packed;
SELECT wrong(3001, 14);
-- now they stand elsewhere than the session was told
VACUUM FULL itsm.graph_page;
SELECT wrong(211, 14), wrong(211, 14), wide();
-- little room for pages
SET itsm.graph_memory = '1MB';
SELECT wrong(101, 17), wrong(101, 17), wide();
RESET itsm.graph_memory;
-- rolled back, with the pack
BEGIN;
SELECT count(link(6450, n)) FROM generate_series(1, 60) n;
SELECT itsm.pack_relationships() > 13000 AS packed;
SELECT wrong(307, 5), wide();
ROLLBACK;
SELECT wrong(307, 5), wide();
\c :tests
DROP DATABASE regress_itsm_graph_places;
