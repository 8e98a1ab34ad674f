-- A layered CMDB: :nodes CIs in ten layers, four relationships each, to the layer below.
-- Loaded by hand, past the functions: only reading is measured with it.
SET client_min_messages = warning;
CREATE EXTENSION itsm;
CREATE SCHEMA bench;
CREATE FUNCTION bench.cpu() RETURNS float8 LANGUAGE c VOLATILE AS :'library', 'bench_cpu';
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
ANALYZE;
-- how far things reach, by plain SQL over a sample, no further than is asked for
CREATE TABLE bench.sample AS
	SELECT i AS ci, n FROM (SELECT i, (SELECT count(*) FROM (SELECT FROM bench.cte(i) LIMIT 1001) x) AS n FROM generate_series(:nodes / 10, :nodes - 1, greatest(:nodes / 4000, 1)) i) s
	WHERE n BETWEEN 10 AND 1000;
CREATE TABLE bench.small AS SELECT ci, n FROM bench.sample WHERE n <= 100 ORDER BY md5(ci::text) LIMIT 200;
CREATE TABLE bench.middling AS SELECT ci, n FROM bench.sample WHERE n > 100 ORDER BY md5(ci::text) LIMIT 50;
CREATE TABLE bench.chosen AS
	SELECT (SELECT s.ci FROM (SELECT i AS ci, (SELECT count(*) FROM bench.cte(i)) AS n FROM generate_series(:nodes * 99 / 100, :nodes - 1, :nodes / 2000) i) s ORDER BY s.n DESC LIMIT 1) AS largest,
		(SELECT ci FROM bench.small ORDER BY n LIMIT 1 OFFSET (SELECT count(*) / 2 FROM bench.small)) AS small,
		5::bigint AS source, (WITH RECURSIVE d (id) AS (SELECT 5::bigint UNION SELECT r.target FROM d JOIN bench.relation r ON r.source = d.id) SELECT max(id) FROM d) AS target;
CREATE TABLE bench.result (round integer, how text, what text, us float);
CREATE FUNCTION bench.note(round integer, how text, what text, us float) RETURNS void LANGUAGE sql AS $$ INSERT INTO bench.result VALUES (round, how, what, us) $$;

-- all searches of a table one after the other: as rows, as arrays, and counted
CREATE FUNCTION bench.many(chosen regclass, what text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c bigint;
BEGIN
	FOR c IN EXECUTE format('SELECT ci FROM %s', chosen) LOOP
		CASE what
			WHEN 'cte' THEN PERFORM count(*) FROM bench.cte(c);
			WHEN 'rows' THEN PERFORM count(*) FROM itsm.impact(c);
			WHEN 'array' THEN PERFORM itsm.impact_records(c);
			WHEN 'count' THEN PERFORM itsm.impact_count(c);
		END CASE;
	END LOOP;
END $$;
CREATE FUNCTION bench.path_cte(source bigint, target bigint) RETURNS integer LANGUAGE sql STABLE AS $$
	WITH RECURSIVE c (id, depth) AS (SELECT path_cte.source, 0 UNION SELECT r.target, c.depth + 1 FROM c JOIN bench.relation r ON r.source = c.id) SELECT min(depth) FROM c WHERE id = path_cte.target $$;

-- in a session that has done all of it before
CREATE FUNCTION bench.warm(round integer, how text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	x bench.chosen;
	what text;
	chosen text;
	ways text[] := '{cte,rows,array,count}';
	before float;
	taken float;
	unused bigint;
	kind text;
BEGIN
	SELECT * INTO x FROM bench.chosen;
	FOR i IN 0 .. 2 LOOP
		FOR j IN 0 .. 3 LOOP
			what := ways[1 + (j + round) % 4];
			FOREACH chosen IN ARRAY '{small,middling}'::text[] LOOP
				FOR k IN 1 .. CASE what WHEN 'cte' THEN 3 ELSE 20 END LOOP
					before := bench.cpu();
					PERFORM bench.many(('bench.' || chosen)::regclass, what);
					taken := bench.cpu() - before;
					IF i > 0 THEN PERFORM bench.note(round, how, chosen || '_' || what, taken / CASE chosen WHEN 'small' THEN (SELECT count(*) FROM bench.small) ELSE (SELECT count(*) FROM bench.middling) END); END IF;
				END LOOP;
			END LOOP;
			before := bench.cpu();
			CASE what
				WHEN 'cte' THEN SELECT count(*) INTO unused FROM bench.cte(x.largest);
				WHEN 'rows' THEN SELECT count(*) INTO unused FROM itsm.impact(x.largest);
				WHEN 'array' THEN unused := cardinality(itsm.impact_records(x.largest));
				WHEN 'count' THEN unused := itsm.impact_count(x.largest);
			END CASE;
			taken := bench.cpu() - before;
			IF i > 0 THEN PERFORM bench.note(round, how, 'largest_' || what, taken); END IF;
		END LOOP;
		before := bench.cpu();
		PERFORM bench.path_cte(x.source, x.target);
		taken := bench.cpu() - before;
		IF i > 0 THEN PERFORM bench.note(round, how, 'path_cte', taken); END IF;
		before := bench.cpu();
		FOR k IN 1 .. 20 LOOP PERFORM max(step) FROM itsm.path(x.source, x.target); END LOOP;
		taken := bench.cpu() - before;
		IF i > 0 THEN PERFORM bench.note(round, how, 'path_rows', taken / 20); END IF;
	END LOOP;
END $$;

-- real records to relate, in eight layers
SELECT itsm.define_lifecycle('{"name": "bench", "attributes": {"title": "text"}, "states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE bench.item (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('bench.item', 'bench', 'status') \g /dev/null
INSERT INTO bench.item SELECT generate_series(1, 8000);
SELECT itsm.define_relationship_type('bench_plain', 'x'), itsm.define_relationship_type('bench_acyclic', 'y', acyclic => true) \g /dev/null
CREATE TABLE bench.pair AS SELECT DISTINCT ON (a, b) round, a, b, n / 8 / 50 AS batch FROM (SELECT n, n % 8 + 1 AS round, itsm.record_id('bench.item', k::text) AS a, itsm.record_id('bench.item', (k + 1000 - k % 7)::text) AS b
	FROM (SELECT n, 1 + (n * 7919) % 7000 AS k FROM generate_series(1, 8000) n) x) y;
CREATE TABLE bench.one AS SELECT min(b) AS ci FROM bench.pair;
-- what one would write instead of an acyclic type
CREATE TABLE bench.acyclic (source bigint, target bigint);
CREATE INDEX ON bench.acyclic (source);
CREATE FUNCTION bench.leads_back(a bigint, b bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
	WITH RECURSIVE c (id) AS (SELECT b UNION SELECT r.target FROM c JOIN bench.acyclic r ON r.source = c.id) SELECT EXISTS (SELECT FROM c WHERE id = a) $$;
CREATE PROCEDURE bench.write(of_round integer) LANGUAGE plpgsql AS $$
DECLARE
	ways text[] := '{plain,acyclic,cte}';
	spent float[] := '{0,0,0}';
	before float;
	w integer;
	pairs bigint := (SELECT count(*) FROM bench.pair WHERE round = of_round);
BEGIN
	FOR i IN 0 .. (SELECT max(batch) FROM bench.pair WHERE round = of_round) LOOP
		FOR j IN 0 .. 2 LOOP
			w := 1 + (i + j) % 3;
			before := bench.cpu();
			IF ways[w] = 'cte' THEN
				PERFORM bench.leads_back(a, b) FROM bench.pair WHERE round = of_round AND batch = i;
			ELSE
				PERFORM itsm.relate(a, 'bench_' || ways[w], b) FROM bench.pair WHERE round = of_round AND batch = i;
			END IF;
			spent[w] := spent[w] + bench.cpu() - before;
			INSERT INTO bench.acyclic SELECT a, b FROM bench.pair WHERE round = of_round AND batch = i AND ways[w] = 'cte';
			COMMIT;
		END LOOP;
	END LOOP;
	FOR k IN 1 .. 3 LOOP PERFORM bench.note(of_round, 'pack', 'write_' || ways[k], spent[k] / pairs); END LOOP;
END $$;

-- A search in a row of the same, the one behind a relationship written and committed, and the one behind that.
CREATE PROCEDURE bench.written(of_round integer, what text, from_pair integer) LANGUAGE plpgsql AS $$
DECLARE
	ci bigint := (SELECT small FROM bench.chosen);
	spent float[] := '{0,0,0,0}';
	before float;
	unused bigint;
	n integer := 0;
	p bench.pair;
BEGIN
	FOR p IN SELECT * FROM bench.pair WHERE round = of_round ORDER BY a, b LIMIT 100 OFFSET from_pair LOOP
		n := n + 1;
		unused := itsm.impact_count(ci);
		FOR k IN 1 .. 4 LOOP
			IF k = 2 THEN
				PERFORM itsm.relate(p.b, 'bench_plain', p.a);
				COMMIT;
			END IF;
			before := bench.cpu();
			IF k < 4 THEN unused := itsm.impact_count(ci); END IF;
			spent[k] := spent[k] + bench.cpu() - before;
		END LOOP;
	END LOOP;
	FOR k IN 1 .. 3 LOOP PERFORM bench.note(of_round, 'pack', what || (ARRAY['_same', '_next', '_then'])[k], (spent[k] - spent[4]) / n); END LOOP;
END $$;
VACUUM ANALYZE;
