-- Searches against recursive queries: random graphs, random writes, searches as of instants before.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
SELECT setseed(0.6);

SELECT itsm.define_lifecycle('{"name": "node", "attributes": {"title": "text"}, "states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE node (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('node', 'node', 'status', mode => 'enforce') > 0;
INSERT INTO node SELECT generate_series(1, 40);
CREATE TABLE known AS SELECT n.id AS n, itsm.record_id('node', n.id::text) AS record FROM node n;
SELECT itsm.define_relationship_type('g_forward', 'f', impact => 'forward');
SELECT itsm.define_relationship_type('g_backward', 'b', impact => 'backward', acyclic => true);
SELECT itsm.define_relationship_type('g_both', 'o', impact => 'both');
SELECT itsm.define_relationship_type('g_none', 'n');
CREATE TABLE instant (at timestamptz);

-- the same in SQL: ways that failures go, for a time (null: now)
CREATE FUNCTION way(t text[], moment timestamptz) RETURNS TABLE (a bigint, b bigint) LANGUAGE sql STABLE AS $$
	WITH r AS (SELECT r.* FROM itsm.relationship r WHERE (t IS NULL OR r.type = ANY (t)) AND
		CASE WHEN moment IS NULL THEN r.ended_at IS NULL ELSE r.started_at <= moment AND (r.ended_at IS NULL OR r.ended_at > moment) END)
	SELECT r.source, r.target FROM r WHERE r.type IN ('g_forward', 'g_both')
	UNION SELECT r.target, r.source FROM r WHERE r.type IN ('g_backward', 'g_both') $$;
CREATE FUNCTION reach(ci bigint, d integer, t text[], moment timestamptz, back boolean) RETURNS TABLE (record bigint, depth integer) LANGUAGE sql STABLE AS $$
	WITH RECURSIVE w AS MATERIALIZED (SELECT * FROM way(t, moment)), e AS (SELECT CASE WHEN back THEN b ELSE a END AS a, CASE WHEN back THEN a ELSE b END AS b FROM w),
	c (record, depth) AS (SELECT ci, 0 UNION SELECT e.b, c.depth + 1 FROM c JOIN e ON e.a = c.record WHERE c.depth < least(coalesce(d, 99), 40))
	SELECT c.record, min(c.depth) FROM c WHERE c.record <> ci GROUP BY c.record $$;
CREATE FUNCTION closure(t text[]) RETURNS TABLE (a bigint, b bigint) LANGUAGE sql STABLE AS $$
	WITH RECURSIVE c (a, b) AS (SELECT source, target FROM itsm.relationship WHERE ended = 0 AND (t IS NULL OR type = ANY (t))
		UNION SELECT c.a, r.target FROM c JOIN itsm.relationship r ON r.source = c.b AND r.ended = 0 AND (t IS NULL OR r.type = ANY (t)))
	SELECT * FROM c $$;

CREATE FUNCTION one() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT record FROM known ORDER BY random() LIMIT 1 $$;
CREATE FUNCTION write_some(times integer, share float) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t text;
BEGIN
	FOR i IN 1 .. times LOOP
		IF random() < share THEN
			t := (ARRAY['g_forward', 'g_backward', 'g_both', 'g_none'])[1 + floor(random() * 4)];
			BEGIN
				PERFORM itsm.relate(one(), t, one());
			EXCEPTION WHEN SQLSTATE 'IT020' OR SQLSTATE 'IT021' OR SQLSTATE 'IT022' THEN NULL;
			END;
		ELSE
			PERFORM itsm.unrelate(id) FROM (SELECT id FROM itsm.relationship WHERE ended = 0 ORDER BY random() LIMIT 1) x;
		END IF;
	END LOOP;
	INSERT INTO instant VALUES (clock_timestamp());
END $$;

CREATE FUNCTION faults(times integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	ci bigint;
	other bigint;
	d integer;
	t text[];
	at timestamptz;
	back boolean;
	f text;
	n integer;
BEGIN
	FOR i IN 1 .. times LOOP
		ci := one();
		other := one();
		d := CASE WHEN random() < 0.5 THEN floor(random() * 5) END;
		t := CASE WHEN random() < 0.5 THEN ARRAY(SELECT x FROM unnest(ARRAY['g_forward', 'g_backward', 'g_both', 'g_none']) x WHERE random() < 0.6) END;
		at := CASE WHEN random() < 0.4 THEN (SELECT x.at FROM instant x ORDER BY random() LIMIT 1) END;
		back := random() < 0.5;
		f := CASE WHEN back THEN 'itsm.dependencies' ELSE 'itsm.impact' END;
		EXECUTE format('SELECT count(*) FROM (SELECT record, depth FROM %s($1, $2, $3, $4)) a FULL JOIN reach($1, $2, $3, $4, $5) b USING (record, depth) WHERE a IS NULL OR b IS NULL', f)
			INTO n USING ci, d, t, at, back;
		IF n > 0 THEN RETURN NEXT format('%s(%s, %s, %s, %s): %s rows differ', f, ci, d, t, at, n); END IF;
		-- via: one step nearer, and a way leads on from it
		EXECUTE format('SELECT count(*) FROM %s($1, $2, $3, $4) a WHERE NOT EXISTS (SELECT FROM way($3, $4) w WHERE CASE WHEN $5 THEN (w.a, w.b) = (a.record, a.via) ELSE (w.a, w.b) = (a.via, a.record) END)
			OR NOT (a.depth = 1 AND a.via = $1 OR EXISTS (SELECT FROM %1$s($1, $2, $3, $4) v WHERE v.record = a.via AND v.depth = a.depth - 1))', f)
			INTO n USING ci, d, t, at, back;
		IF n > 0 THEN RETURN NEXT format('%s(%s, %s, %s, %s): %s vias are wrong', f, ci, d, t, at, n); END IF;
		IF itsm.impact_count(ci, d, t, at) <> (SELECT count(*) FROM itsm.impact(ci, d, t, at)) OR itsm.dependency_count(ci, d, t, at) <> (SELECT count(*) FROM itsm.dependencies(ci, d, t, at))
			OR itsm.impact_records(ci, d, t, at) <> ARRAY(SELECT record FROM itsm.impact(ci, d, t, at)) OR itsm.dependency_records(ci, d, t, at) <> ARRAY(SELECT record FROM itsm.dependencies(ci, d, t, at)) THEN
			RETURN NEXT format('counts and arrays of %s', ci);
		END IF;
		-- paths
		WITH RECURSIVE c (b, depth) AS (SELECT ci, 0 UNION SELECT r.target, c.depth + 1 FROM c JOIN itsm.relationship r ON r.source = c.b AND (t IS NULL OR r.type = ANY (t))
			AND CASE WHEN at IS NULL THEN r.ended = 0 ELSE r.started_at <= at AND (r.ended_at IS NULL OR r.ended_at > at) END WHERE c.depth < least(coalesce(d, 99), 40))
		SELECT min(depth) INTO n FROM c WHERE b = other;
		IF n IS DISTINCT FROM (SELECT max(step) FROM itsm.path(ci, other, d, t, at)) THEN RETURN NEXT format('path(%s, %s, %s, %s, %s) is not of length %s', ci, other, d, t, at, n); END IF;
		SELECT count(*) INTO n FROM itsm.path(ci, other, d, t, at) a JOIN itsm.path(ci, other, d, t, at) b ON b.step = a.step + 1
			WHERE NOT EXISTS (SELECT FROM itsm.relationship r WHERE r.source = a.record AND r.target = b.record AND r.type = b.type);
		IF n > 0 THEN RETURN NEXT format('path(%s, %s) takes what is none', ci, other); END IF;
	END LOOP;
END $$;
-- whole graphs, causes and single points of failure
CREATE FUNCTION whole_faults() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t text[] := CASE WHEN random() < 0.7 THEN ARRAY[(ARRAY['g_forward', 'g_backward', 'g_both'])[1 + floor(random() * 3)]] END;
	service bigint := one();
	n integer;
BEGIN
	WITH c AS MATERIALIZED (SELECT * FROM closure(t)), cyclic AS (SELECT x.a AS record, least(x.a, min(x.b)) AS smallest FROM c x JOIN c y ON (y.a, y.b) = (x.b, x.a) GROUP BY x.a)
	SELECT count(*) INTO n FROM (SELECT record, min(record) OVER (PARTITION BY cycle) AS smallest FROM itsm.cycles(t[1])) a FULL JOIN cyclic b USING (record, smallest) WHERE a IS NULL OR b IS NULL;
	IF n > 0 THEN RETURN NEXT format('cycles(%s): %s differ', t, n); END IF;
	WITH RECURSIVE e AS (SELECT source AS a, target AS b FROM itsm.relationship WHERE ended = 0 AND (t IS NULL OR type = ANY (t)) UNION SELECT target, source FROM itsm.relationship WHERE ended = 0 AND (t IS NULL OR type = ANY (t))),
	c (a, b) AS (TABLE e UNION SELECT c.a, e.b FROM c JOIN e ON e.a = c.b)
	SELECT count(*) INTO n FROM itsm.components(t[1]) a FULL JOIN (SELECT a AS record, min(b) AS component FROM c GROUP BY 1) b USING (record, component) WHERE a IS NULL OR b IS NULL;
	IF n > 0 THEN RETURN NEXT format('components(%s): %s differ', t, n); END IF;
	WITH k AS (SELECT array_agg(record) AS cis FROM (SELECT record FROM known ORDER BY random() LIMIT 3) x),
	c AS (SELECT u.ci AS record, 0 AS depth FROM k, unnest(cis) u(ci) UNION ALL SELECT r.record, r.depth FROM k, unnest(cis) u(ci), reach(u.ci, NULL, t, NULL, true) r)
	SELECT count(*) INTO n FROM (SELECT x.* FROM k, itsm.common_causes(cis, types => t) x) a
		FULL JOIN (SELECT record, count(*)::int AS explained, sum(depth)::int AS distance FROM c GROUP BY 1 HAVING count(*) > 1) b USING (record, explained, distance) WHERE a IS NULL OR b IS NULL;
	IF n > 0 THEN RETURN NEXT format('common_causes(%s): %s differ', t, n); END IF;
	-- which ends are reached without a record
	WITH RECURSIVE w AS MATERIALIZED (SELECT b AS a, a AS b FROM way(t, NULL)), below (record) AS (SELECT service UNION SELECT w.b FROM below JOIN w ON w.a = below.record),
	c (a, b) AS (SELECT record, record FROM below UNION SELECT c.a, w.b FROM c JOIN w ON w.a = c.b),
	ends AS (SELECT a AS member, min(b) AS an_end FROM c WHERE NOT EXISTS (SELECT FROM c x WHERE x.a = c.a AND NOT EXISTS (SELECT FROM c y WHERE (y.a, y.b) = (x.b, x.a))) GROUP BY a),
	without (d, record) AS (SELECT b.record, service FROM below b WHERE b.record <> service UNION SELECT o.d, w.b FROM without o JOIN w ON w.a = o.record AND w.b <> o.d),
	cut AS (SELECT b.record, count(DISTINCT e.an_end) - count(DISTINCT (SELECT min(x.an_end) FROM ends x JOIN without o ON o.record = x.member AND o.d = b.record WHERE x.an_end = e.an_end)) AS cut_off, count(DISTINCT e.an_end) AS ends
		FROM below b, ends e WHERE b.record <> service GROUP BY b.record)
	SELECT count(*) INTO n FROM itsm.single_points_of_failure(service, t) a FULL JOIN (SELECT * FROM cut WHERE cut_off > 0) b USING (record, cut_off, ends) WHERE a IS NULL OR b IS NULL;
	IF n > 0 THEN RETURN NEXT format('single_points_of_failure(%s, %s): %s differ', service, t, n); END IF;
END $$;

SELECT write_some(25, 1);
SELECT is_empty('SELECT * FROM faults(40)', 'a thin graph');
SELECT is_empty('SELECT f FROM generate_series(1, 10) i, LATERAL (SELECT whole_faults() WHERE i > 0) AS x(f)', 'a thin graph as a whole');
SELECT write_some(40, 0.9);
SELECT is_empty('SELECT * FROM faults(40)', 'a denser graph');
SELECT is_empty('SELECT f FROM generate_series(1, 20) i, LATERAL (SELECT whole_faults() WHERE i > 0) AS x(f)', 'a denser graph as a whole');
-- in a savepoint, what is rolled back included
SAVEPOINT s;
SELECT write_some(60, 0.3);
SELECT is_empty('SELECT * FROM faults(40)', 'within a savepoint');
ROLLBACK TO s;
SELECT is_empty('SELECT * FROM faults(40)', 'after it was rolled back');
SELECT write_some(150, 0.7);
SELECT is_empty('SELECT * FROM faults(60)', 'a dense graph');
SELECT is_empty('SELECT f FROM generate_series(1, 10) i, LATERAL (SELECT whole_faults() WHERE i > 0) AS x(f)', 'a dense graph as a whole');
SELECT write_some(150, 0.2);
SELECT is_empty('SELECT * FROM faults(60)', 'after most has ended');
SELECT is_empty('SELECT f FROM generate_series(1, 20) i, LATERAL (SELECT whole_faults() WHERE i > 0) AS x(f)', 'and as a whole');
-- the same over packed relationships, with what has changed since laid over them
SELECT cmp_ok(itsm.pack_relationships(), '=', (SELECT count(*) FROM itsm.relationship WHERE ended = 0), 'packed');
SELECT is_empty('SELECT * FROM faults(40)', 'packed, nothing changed since');
SELECT write_some(3, 0.5);
SELECT is_empty('SELECT * FROM faults(40)', 'packed, little changed since');
SELECT write_some(60, 0.6);
SELECT is_empty('SELECT * FROM faults(60)', 'packed, much changed since');
SAVEPOINT s;
SELECT write_some(60, 0.3);
SELECT is_empty('SELECT * FROM faults(40)', 'packed, within a savepoint');
SELECT itsm.pack_relationships() > 0;
SELECT is_empty('SELECT * FROM faults(40)', 'packed anew within it');
ROLLBACK TO s;
SELECT is_empty('SELECT * FROM faults(40)', 'the pack from before it is there again');
SELECT itsm.pack_relationships() > 0;
SELECT is_empty('SELECT * FROM faults(40)', 'packed anew');
SELECT itsm.define_relationship_type('a_first', 'a_first', impact => 'none');
SELECT is_empty('SELECT * FROM faults(20)', 'types have other numbers now');
SELECT write_some(300, 0.1);
SELECT itsm.pack_relationships() >= 0;
SELECT is_empty('SELECT * FROM faults(20)', 'nearly all ended, and packed');
SELECT write_some(100, 0.9);
SELECT is_empty('SELECT * FROM faults(40)', 'and made again');
UPDATE itsm.relationship SET started_at = started_at WHERE id = (SELECT min(id) FROM itsm.relationship);
SELECT is(count(*), 0::bigint, 'SQL on the relationships ends the pack') FROM itsm.graph_pack;
SELECT cmp_ok(count(*), '>', 100::bigint, 'there was something to find') FROM itsm.relationship;
SELECT is_empty('SELECT * FROM closure(ARRAY[''g_backward'']) WHERE a = b', 'the acyclic type has no cycle');
SELECT is_empty('SELECT * FROM itsm.verify() WHERE NOT ok', 'history is whole');
SELECT * FROM finish();
ROLLBACK;
