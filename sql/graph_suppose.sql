-- What a failure reaches where not everything is needed, and what if something were otherwise.
SET client_min_messages = warning;
SET search_path = public;
SET timezone = 'UTC';
CREATE SCHEMA graph_suppose;
SET search_path = graph_suppose, public;
\pset format unaligned
SELECT itsm.define_lifecycle('{"name": "suppose_node", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE node (name text PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('node', 'suppose_node', 'status', attributes => '{"title": "name"}', mode => 'enforce') > 0 AS attached;
INSERT INTO node SELECT unnest('{shop,cluster,n1,n2,n3,rack1,rack2,disk,mail}'::text[]);
CREATE FUNCTION n(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id('graph_suppose.node', key) $$;
CREATE FUNCTION name(id bigint) RETURNS text LANGUAGE sql STABLE AS $$ SELECT key FROM itsm.record r WHERE r.id = $1 $$;
CREATE FUNCTION link(a text, t text, b text) RETURNS bigint LANGUAGE sql AS $$ SELECT itsm.relate(n(a), t, n(b)) $$;
-- a shop on a cluster of three nodes in two racks, with one disk
SELECT count(link(a, t, b)) FROM (VALUES ('shop', 'depends_on', 'cluster'), ('cluster', 'uses', 'n1'), ('cluster', 'uses', 'n2'), ('cluster', 'uses', 'n3'),
	('n1', 'located_in', 'rack1'), ('n2', 'located_in', 'rack1'), ('n3', 'located_in', 'rack2'), ('cluster', 'depends_on', 'disk'), ('mail', 'uses', 'n3')) AS x(a, t, b);
CREATE FUNCTION hit(start text, VARIADIC arguments text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(format(''%%s(%%s %%s)'', name(record), depth, name(via)), '' '' ORDER BY depth, name(record)) FROM itsm.impact(%s)',
		array_to_string(n(start)::text || arguments, ', ')) INTO result;
	RETURN result;
END $$;
SELECT hit('n1') AS n1, hit('rack1') AS rack1, hit('disk') AS disk;
CREATE FUNCTION points(start text, VARIADIC arguments text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(format(''%%s(%%s %%s/%%s)'', name(record), depth, cut_off, ends), '' '' ORDER BY depth, name(record)) FROM itsm.single_points_of_failure(%s)',
		array_to_string(n(start)::text || arguments, ', ')) INTO result;
	RETURN result;
END $$;
-- nothing is said yet: n1 and n2 are two ways to their rack
SELECT points('shop');
-- two of three are enough
SELECT itsm.set_redundancy(n('cluster'), 'uses', 2);
SELECT hit('n1') AS n1, hit('n3') AS n3, hit('disk') AS disk;
SELECT hit('rack1') AS two_nodes, hit('rack2') AS one_node;
SELECT hit('rack1', '3') AS within_three, hit('rack1', '1') AS within_one;
SELECT itsm.impact_count(n('n1')), itsm.impact_count(n('rack1'));
-- a single point of failure is what brings too many down
SELECT points('shop') AS shop, points('mail') AS mail, points('cluster', 'types => ''{uses}''') AS of_the_nodes;
-- both racks in one room bring it down together, and a node less leaves none to spare
INSERT INTO node VALUES ('room');
CREATE FUNCTION supposed(t text, VARIADIC pairs text[]) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT 'with_relationships => ' || quote_literal(jsonb_agg(jsonb_build_object('source', n(split_part(p, ' ', 1)), 'type', t, 'target', n(split_part(p, ' ', 2))))) FROM unnest(pairs) p $$;
SELECT points('shop', supposed('located_in', 'rack1 room', 'rack2 room')) AS with_a_room, points('shop', 'without_cis => ARRAY[n(''n2'')]') AS without_n2;
-- who listens to dependencies still hears of all
SELECT string_agg(name(record), ' ' ORDER BY name(record)) FROM itsm.dependencies(n('shop'));
-- one of three; four of three: there is nothing to spare
SELECT itsm.set_redundancy(n('cluster'), 'uses', 1);
SELECT hit('n1') AS n1, hit('rack1') AS rack1;
SELECT itsm.set_redundancy(n('cluster'), 'uses', 4);
SELECT hit('n1') AS n1;
SELECT itsm.set_redundancy(n('cluster'), 'uses', NULL);
SELECT hit('n1') AS n1;
-- as of a time
SELECT clock_timestamp() AS before \gset
SELECT itsm.set_redundancy(n('cluster'), 'uses', 2);
SELECT hit('n1') AS now, hit('n1', 'NULL', 'NULL', quote_literal(:'before')) AS before;
SELECT points('shop') AS now, points('shop', 'NULL', quote_literal(:'before')) AS before;
-- the same with relationships packed, and with a change after that
SELECT itsm.pack_relationships() > 0 AS packed;
SELECT hit('n1') AS n1, hit('rack1') AS rack1;
SELECT points('shop');

-- without a record: one node less is one less to spare
SELECT hit('n1', 'without_cis => ARRAY[n(''n2'')]') AS n1;
SELECT hit('rack1', 'without_cis => ARRAY[n(''cluster''), NULL]') AS rack1;
SELECT hit('n1', 'without_cis => ARRAY[n(''n1'')]') AS n1;
SELECT count(*) FROM itsm.dependencies(n('shop'), without_cis => ARRAY[n('cluster')]);
-- without a relationship, with one; also one that was made after the pack
SELECT id AS disk FROM itsm.relationship WHERE source = n('cluster') AND target = n('disk') \gset
SELECT link('mail', 'depends_on', 'disk') AS late \gset
SELECT hit('disk') AS disk, hit('disk', format('without_relationships => ARRAY[%s]', :disk)) AS without, hit('disk', format('without_relationships => ARRAY[%s, %s]', :disk, :late)) AS without_both;
SELECT hit('n1', format('with_relationships => jsonb_build_array(jsonb_build_object(''source'', %s, ''type'', ''depends_on'', ''target'', %s))', n('mail'), n('n1'))) AS n1;
SELECT hit('n1', format('with_relationships => jsonb_build_array(jsonb_build_object(''source'', %s, ''type'', ''uses'', ''target'', %s))', n('cluster'), n('mail'))) AS one_more_to_spare,
	hit('rack1', format('with_relationships => jsonb_build_array(jsonb_build_object(''source'', %s, ''type'', ''uses'', ''target'', %s))', n('cluster'), n('mail'))) AS rack1;
-- without a pack it is the same
SELECT count(*) FROM itsm.graph_pack;
SET client_min_messages = error;
BEGIN;
DELETE FROM itsm.graph_pack;
SELECT hit('disk') AS disk, hit('disk', format('without_relationships => ARRAY[%s]', :disk)) AS without, hit('disk', format('without_relationships => ARRAY[%s, %s]', :disk, :late)) AS without_both;
SELECT hit('n1', 'without_cis => ARRAY[n(''n2'')]') AS n1;
ROLLBACK;
SET client_min_messages = warning;
-- nothing was written
SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL) AS hold FROM itsm.relationship WHERE source IN (SELECT n(x.name) FROM node x);
SELECT version, kind, changes FROM itsm.history('node', 'cluster') WHERE kind = 'redundancy_set' ORDER BY version LIMIT 2;
SELECT record = n('cluster') AS cluster, type, needs, valid_to IS NULL AS holds FROM itsm.redundancy WHERE record = n('cluster') ORDER BY valid_from;
SELECT * FROM itsm.verify() WHERE NOT ok AND object LIKE '%graph_suppose.%';

-- a record is counted once, however many relationships say so: two of three, of which g2 falls with g1
INSERT INTO node VALUES ('grid'), ('g1'), ('g2'), ('g3');
BEGIN;
SELECT count(link('grid', 'uses', g)) FROM unnest('{g1,g2,g3}'::text[]) g;
SELECT link('g2', 'uses', 'g1') > 0 AS linked, itsm.set_redundancy(n('grid'), 'uses', 2);
SELECT hit('g1') AS g1, hit('g3') AS g3, points('grid');
-- also where the transaction that relates them packs them
SELECT itsm.pack_relationships() > 0 AS packed;
SELECT hit('g1') AS g1, hit('g3') AS g3, points('grid');
COMMIT;
SELECT hit('g1') AS g1, hit('g3') AS g3, points('grid');
-- supposed to hold, as it does; and twice
SELECT hit('g1', supposed('uses', 'grid g3')) AS g1, points('grid', supposed('uses', 'grid g3')), points('grid', supposed('uses', 'grid mail', 'grid mail')) AS one_more_to_spare;
-- connected, and said from both ends
INSERT INTO node VALUES ('core'), ('c1'), ('c2'), ('c3');
SELECT count(link(split_part(p, ' ', 1), 'connects_to', split_part(p, ' ', 2))) FROM unnest('{core c1,c1 core,core c2,c2 core,core c3,c3 c1}'::text[]) p;
SELECT itsm.set_redundancy(n('core'), 'connects_to', 2);
SELECT hit('c1', '1') AS c1, hit('c1', '2') AS by_two, hit('c2', '2') AS c2, points('core', 'types => ''{connects_to}''');
-- one that has ended is not taken for the one that holds now, nor that for the one before it
SELECT link('mail', 'depends_on', 'core') AS first \gset
SELECT clock_timestamp() AS then \gset
SELECT itsm.unrelate(:first);
SELECT link('mail', 'depends_on', 'core') AS second \gset
SELECT hit('core', '1') AS core, hit('core', '1', format('without_relationships => ARRAY[%s]', :first)) AS without_first, hit('core', '1', format('without_relationships => ARRAY[%s]', :second)) AS without_second;
SELECT hit('core', '1', format('at => %L', :'then'), format('without_relationships => ARRAY[%s]', :first)) AS without_first, hit('core', '1', format('at => %L', :'then'), format('without_relationships => ARRAY[%s]', :second)) AS without_second;

-- bad input
\set VERBOSITY terse
SELECT itsm.set_redundancy(-5, 'uses', 0);
SELECT itsm.set_redundancy(n('cluster'), 'likes', 1);
SELECT itsm.set_redundancy(-5, 'uses', 1);
SELECT itsm.set_redundancy(NULL, 'uses', 1);
SELECT * FROM itsm.impact(n('n1'), without_relationships => '{-1}');
SELECT * FROM itsm.single_points_of_failure(n('shop'), without_relationships => '{-1}');
SELECT * FROM itsm.single_points_of_failure(n('shop'), with_relationships => '[1]');
SELECT * FROM itsm.single_points_of_failure(-7, without_cis => '{1}');
SELECT * FROM itsm.impact(n('n1'), with_relationships => '{}');
SELECT * FROM itsm.impact(n('n1'), with_relationships => '[1]');
SELECT * FROM itsm.impact(n('n1'), with_relationships => '[{"source": "a"}]');
SELECT * FROM itsm.impact(n('n1'), with_relationships => '[{"source": 1, "target": 2}]');
SELECT * FROM itsm.impact(n('n1'), with_relationships => '[{"source": 1, "target": 2, "type": "likes"}]');
SELECT * FROM itsm.impact(n('n1'), with_relationships => '[{"source": 1e30, "target": 2, "type": "uses"}]');
SET client_min_messages = error;
DROP SCHEMA graph_suppose CASCADE;
