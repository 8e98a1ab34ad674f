-- Searches through relationships: what they say, as of when, within which limits.
SET search_path = graph, public;
SET client_min_messages = warning;
SET timezone = 'UTC';
\pset null '~'
\pset format unaligned
CREATE SCHEMA graph;
SELECT itsm.define_lifecycle('{"name": "node", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE node (name text PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('node', 'node', 'status', attributes => '{"title": "name"}', mode => 'enforce') > 0 AS attached;
-- a shop on two virtual machines of one host; its switch; a cluster; a rack; an incident
INSERT INTO node SELECT unnest('{shop,db,lb,vm1,vm2,host,switch,rack,mail,incident,book,alone}'::text[]);
CREATE FUNCTION n(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id('graph.node', key) $$;
CREATE FUNCTION name(id bigint) RETURNS text LANGUAGE sql STABLE AS $$ SELECT key FROM itsm.record r WHERE r.id = $1 $$;
CREATE FUNCTION link(a text, t text, b text) RETURNS boolean LANGUAGE sql AS $$ SELECT itsm.relate(n(a), t, n(b)) IS NOT NULL $$;
SELECT bool_and(link(a, t, b)) FROM (VALUES ('shop', 'depends_on', 'lb'), ('lb', 'uses', 'vm1'), ('lb', 'uses', 'vm2'), ('vm1', 'hosted_on', 'host'), ('vm2', 'hosted_on', 'host'),
	('shop', 'depends_on', 'db'), ('host', 'located_in', 'rack'), ('host', 'connects_to', 'switch'), ('mail', 'runs_on', 'vm2'), ('incident', 'affects', 'vm1'), ('book', 'documents', 'vm1')) AS x(a, t, b);

-- which way a failure goes is the type's own matter
SELECT name(record), depth, name(via) FROM itsm.impact(n('host')) ORDER BY 2, 1;
SELECT name(record), depth, name(via) FROM itsm.impact(n('incident')) ORDER BY 2, 1;
SELECT name(record), depth, name(via) FROM itsm.dependencies(n('shop')) ORDER BY 2, 1;
SELECT name(record), depth FROM itsm.dependencies(n('host')) ORDER BY 2, 1;
SELECT count(*) FROM itsm.impact(n('book'));
SELECT itsm.impact_count(n('rack')), itsm.dependency_count(n('shop')), (SELECT array_agg(name(x) ORDER BY name(x)) FROM unnest(itsm.impact_records(n('vm2'))) x), itsm.dependency_records(n('alone'));
-- limits
SELECT name(record), depth FROM itsm.impact(n('host'), 1) ORDER BY 2, 1;
SELECT count(*) FROM itsm.impact(n('host'), 0);
SELECT name(record), depth FROM itsm.impact(n('host'), types => '{hosted_on,uses}') ORDER BY 2, 1;
SELECT count(*) FROM itsm.impact(n('host'), types => '{}');
SELECT count(*) FROM itsm.impact(n('host'), types => '{documents}');
SELECT count(*) FROM itsm.impact(NULL), itsm.impact_count(NULL) c;
-- ways
SELECT step, name(record), type FROM itsm.path(n('shop'), n('rack')) WHERE name(record) NOT IN ('vm1', 'vm2');
SELECT count(*) FROM itsm.path(n('rack'), n('shop'));
SELECT count(*) - 1 AS steps FROM itsm.path(n('rack'), n('shop'), directed => false);
SELECT count(*) FROM itsm.path(n('shop'), n('rack'), 4);
SELECT count(*) FROM itsm.path(n('shop'), n('rack'), 5);
SELECT step, name(record), type FROM itsm.path(n('shop'), n('shop'));
SELECT step, name(record), type FROM itsm.path(n('book'), n('vm1'), types => '{documents}');
-- causes
SELECT name(record), explained, distance FROM itsm.common_causes(ARRAY[n('shop'), n('mail'), NULL, n('shop')]);
SELECT name(record), explained, distance FROM itsm.common_causes(ARRAY[n('alone')]);
SELECT count(*) FROM itsm.common_causes('{}'), itsm.common_causes(NULL) x;
SELECT name(record), depth, cut_off, ends FROM itsm.single_points_of_failure(n('shop'));
SELECT count(*) FROM itsm.single_points_of_failure(n('alone'));
-- pictures, with numbers of records shown by their names
CREATE FUNCTION drawn(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	k record;
BEGIN
	FOR k IN SELECT id, key FROM itsm.record WHERE key IS NOT NULL ORDER BY id DESC LOOP
		t := regexp_replace(t, format('\mr%s\M', k.id), format('<%s>', k.key), 'g');
	END LOOP;
	RETURN t;
END $$;
SELECT drawn(itsm.impact_diagram(n('host'), 2));
SELECT drawn(itsm.impact_diagram(n('host'), 1, format => 'dot'));
SELECT drawn(itsm.impact_diagram(n('alone')));
SELECT itsm.impact_diagram(NULL), itsm.impact_diagram(n('host'), format => NULL);
-- as a whole
SELECT link(a, 'depends_on', b) FROM (VALUES ('db', 'mail'), ('mail', 'shop')) AS x(a, b);
SELECT cycle, name(record) FROM itsm.cycles('depends_on') WHERE record IN (SELECT id FROM itsm.record WHERE source = (SELECT id FROM itsm.source WHERE relation = 'node'::regclass)) ORDER BY 1, name(record) COLLATE "C";
SELECT name(component), name(record) FROM itsm.components('hosted_on') WHERE record IN (n('vm1'), n('vm2'), n('host')) ORDER BY 2;
-- a cycle ends no search; what leads back to the record itself does not list it
SELECT name(record), depth FROM itsm.impact(n('db')) ORDER BY 2, 1;

-- as it was
SELECT clock_timestamp() AS before \gset
SELECT itsm.unrelate(id) IS NOT NULL AS ended FROM itsm.relationship WHERE source = n('mail') AND type = 'depends_on';
SELECT clock_timestamp() AS after \gset
SELECT itsm.impact_count(n('db')), itsm.impact_count(n('db'), at => :'before'), itsm.impact_count(n('db'), at => :'after'), itsm.impact_count(n('db'), at => '-infinity'), itsm.impact_count(n('db'), at => 'infinity');
SELECT count(*) FROM itsm.cycles('depends_on', :'before') WHERE record = n('db');
SELECT count(*) FROM itsm.path(n('mail'), n('shop'), at => :'before');
-- own changes, and those taken back
BEGIN;
SELECT link('alone', 'depends_on', 'shop');
SELECT itsm.impact_count(n('shop'));
SAVEPOINT s;
SELECT itsm.unrelate(id) IS NOT NULL AS ended FROM itsm.relationship WHERE target = n('shop') AND ended = 0;
SELECT itsm.impact_count(n('shop'));
ROLLBACK TO s;
SELECT itsm.impact_count(n('shop'));
DECLARE c CURSOR FOR SELECT name(record) FROM itsm.impact(n('shop'));
ROLLBACK;
SELECT itsm.impact_count(n('shop'));

-- what is asked wrongly
\set VERBOSITY terse
SELECT count(*) FROM itsm.impact(n('host'), -1);
SELECT count(*) FROM itsm.impact(n('host'), types => '{depends_on,nothing}');
SELECT count(*) FROM itsm.impact(n('host'), types => '{NULL}');
SELECT count(*) FROM itsm.cycles('nothing');
SELECT itsm.impact_diagram(n('host'), format => 'png');
SELECT itsm.impact_diagram(0);
SELECT count(*) FROM itsm.impact(0);
SELECT count(*) FROM itsm.path(0, 0);
SELECT count(*) FROM itsm.path(n('shop'), -1);
SELECT count(*) FROM itsm.common_causes('{-7}');
SELECT count(*) FROM itsm.single_points_of_failure(-7);
CREATE ROLE regress_itsm_graph;
SET ROLE regress_itsm_graph;
SELECT itsm.impact_count(1);
RESET ROLE;
DROP ROLE regress_itsm_graph;

-- a long chain: neither the stack nor patience is used up; memory is limited
INSERT INTO node SELECT 'c' || i FROM generate_series(1, 3000) i;
SELECT count(link('c' || i, 'replaces', 'c' || i + 1)), count(link('c' || i, 'depends_on', 'c' || i + 1)) FROM generate_series(1, 2999) i;
SELECT itsm.dependency_count(n('c1')), (SELECT max(step) FROM itsm.path(n('c1'), n('c3000'))), (SELECT max(depth) FROM itsm.impact(n('c3000'))), (SELECT count(*) FROM itsm.single_points_of_failure(n('c1')));
SELECT count(*) FROM itsm.cycles('replaces') WHERE record >= n('c1');
\set VERBOSITY sqlstate
SELECT itsm.relate(n('c3000'), 'replaces', n('c1')) IS NULL;
\set VERBOSITY terse
SET itsm.graph_memory = '64kB';
SELECT itsm.dependency_count(n('c1'));
SELECT count(*) FROM itsm.cycles('depends_on');
RESET itsm.graph_memory;
SELECT itsm.dependency_count(n('c1'));
SET statement_timeout = '50ms';
DO $$ BEGIN PERFORM itsm.dependency_count(graph.n('c1')) FROM generate_series(1, 1000000); RAISE WARNING 'not cancelled'; EXCEPTION WHEN query_canceled THEN RAISE WARNING 'cancelled'; END $$;
RESET statement_timeout;
SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ 'graph\.';
SELECT itsm.detach('node');
DROP SCHEMA graph CASCADE;
