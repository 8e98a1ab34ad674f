-- A layered CMDB: :nodes CIs in ten layers, four relationships each, to the layer below.
-- Loaded by hand, past the functions: only reading is measured.
SET client_min_messages = warning;
CREATE EXTENSION itsm;
CREATE SCHEMA bench;
SELECT setseed(0.5);
CREATE TABLE bench.relation AS
SELECT row_number() OVER () AS id, a AS source, b AS target FROM (
	SELECT DISTINCT a, (a / layer + 1) * layer + floor(random() * least(layer, CASE WHEN random() < 0.5 THEN 200 ELSE layer END))::bigint AS b
	FROM (SELECT :nodes / 10 AS layer) l, generate_series(0, :nodes * 9 / 10 - 1) a, generate_series(1, 5) k
	WHERE k <= 4 OR a % 9 < 4) x WHERE b < :nodes;
INSERT INTO itsm.relationship (id, source, target, ended, started_at, xid, system, type, tenant)
	SELECT id, source, target, 0, now(), pg_current_xact_id(), (SELECT system_identifier FROM pg_control_system()), 'depends_on', '' FROM bench.relation;
SELECT setval('itsm.relationship_id_seq', (SELECT max(id) FROM itsm.relationship)) \g /dev/null
-- what the recursive queries read: the same, with both indexes, and nothing else
CREATE INDEX ON bench.relation (source);
CREATE INDEX ON bench.relation (target);
VACUUM (ANALYZE, FREEZE) bench.relation;
VACUUM (ANALYZE, FREEZE) itsm.relationship;
CREATE FUNCTION bench.cte(ci bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
	WITH RECURSIVE c (id) AS (SELECT ci UNION SELECT r.source FROM c JOIN bench.relation r ON r.target = c.id) SELECT id FROM c WHERE id <> ci $$;
SELECT count(*) AS relationships, pg_size_pretty(pg_total_relation_size('bench.relation')) AS plain, pg_size_pretty(pg_total_relation_size('itsm.relationship')) AS ours FROM bench.relation;
ANALYZE;
-- how far things reach, by plain SQL over a sample
CREATE TABLE bench.chosen AS
	SELECT (SELECT s.ci FROM (SELECT i AS ci, (SELECT count(*) FROM bench.cte(i)) AS n FROM generate_series(:nodes * 99 / 100, :nodes - 1, :nodes / 2000) i) s ORDER BY s.n DESC LIMIT 1) AS ci,
		(:nodes * 11 / 100)::bigint AS first, 0::bigint AS below, 0::bigint AS small, 5::bigint AS source, (WITH RECURSIVE d (id) AS (SELECT 5::bigint UNION SELECT r.target FROM d JOIN bench.relation r ON r.source = d.id) SELECT max(id) FROM d) AS target, false AS packed;
CREATE TABLE bench.result (round integer, what text, us float);
-- two hundred that reach ten to a hundred others, away from those that many lead to
CREATE TABLE bench.small AS SELECT ci FROM (SELECT i AS ci, (SELECT count(*) FROM bench.cte(i)) AS n FROM generate_series(:nodes / 10, :nodes * 4 / 10, :nodes / 4000) i WHERE i % (:nodes / 10) > 300) s WHERE n BETWEEN 10 AND 100 ORDER BY md5(ci::text) LIMIT 200;
UPDATE bench.chosen SET small = (SELECT ci FROM bench.small ORDER BY (SELECT count(*) FROM bench.cte(ci)) LIMIT 1 OFFSET 20);
CREATE FUNCTION bench.many_cte() RETURNS SETOF bigint LANGUAGE plpgsql AS $$ DECLARE c bigint; BEGIN FOR c IN SELECT ci FROM bench.small LOOP RETURN QUERY SELECT count(*) FROM bench.cte(c); END LOOP; END $$;
CREATE FUNCTION bench.many_ours() RETURNS SETOF bigint LANGUAGE plpgsql AS $$ DECLARE c bigint; BEGIN FOR c IN SELECT ci FROM bench.small LOOP RETURN QUERY SELECT count(*) FROM itsm.impact(c); END LOOP; END $$;
CREATE FUNCTION bench.many_counts() RETURNS SETOF bigint LANGUAGE plpgsql AS $$ DECLARE c bigint; BEGIN FOR c IN SELECT ci FROM bench.small LOOP RETURN NEXT itsm.impact_count(c); END LOOP; END $$;
CREATE FUNCTION bench.many_arrays() RETURNS void LANGUAGE plpgsql AS $$ DECLARE c bigint; a bigint[]; BEGIN FOR c IN SELECT ci FROM bench.small LOOP a := itsm.impact_records(c); END LOOP; END $$;
CREATE FUNCTION bench.path_cte(source bigint, target bigint) RETURNS integer LANGUAGE sql STABLE AS $$
	WITH RECURSIVE c (id, depth) AS (SELECT path_cte.source, 0 UNION SELECT r.target, c.depth + 1 FROM c JOIN bench.relation r ON r.source = c.id) SELECT min(depth) FROM c WHERE id = path_cte.target $$;
-- real records to relate, in eight layers
SELECT itsm.define_lifecycle('{"name": "bench", "attributes": {"title": "text"}, "states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE bench.item (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('bench.item', 'bench', 'status') \g /dev/null
INSERT INTO bench.item SELECT generate_series(1, 8000);
SELECT itsm.define_relationship_type('bench_plain', 'x'), itsm.define_relationship_type('bench_acyclic', 'y', acyclic => true) \g /dev/null
CREATE TABLE bench.pair AS SELECT DISTINCT ON (a, b) round, a, b FROM (SELECT n % 8 + 1 AS round, itsm.record_id('bench.item', k::text) AS a, itsm.record_id('bench.item', (k + 1000 - k % 7)::text) AS b
	FROM (SELECT n, 1 + (n * 7) % 7000 AS k FROM generate_series(1, 8000) n) x) y;
VACUUM ANALYZE;
