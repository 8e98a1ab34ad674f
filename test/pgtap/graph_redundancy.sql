-- Single points of failure where redundancy is said: random graphs with cycles, types, times and suppositions,
-- against the failure of each record by itself.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
SELECT setseed(0.4);

SELECT itsm.define_lifecycle('{"name": "node", "attributes": {"title": "text"}, "states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE node (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('node', 'node', 'status', mode => 'enforce') > 0;
INSERT INTO node SELECT generate_series(1, 90);
CREATE TABLE known AS SELECT n.id AS n, itsm.record_id('node', n.id::text) AS record FROM node n;
SELECT itsm.define_relationship_type('r_forward', 'f', impact => 'forward');
SELECT itsm.define_relationship_type('r_backward', 'b', impact => 'backward');
SELECT itsm.define_relationship_type('r_both', 'o', impact => 'both');
CREATE TABLE instant (at timestamptz);
CREATE FUNCTION one() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT record FROM known ORDER BY random() LIMIT 1 $$;
CREATE FUNCTION near(n integer) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT k.record FROM known k WHERE k.n = greatest(1, least(90, near.n)) $$;

-- mostly layers, in which what is depended on has the greater number
CREATE FUNCTION write_some(times integer, share float, cyclic float) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t text;
	n integer;
	o integer;
BEGIN
	FOR i IN 1 .. times LOOP
		t := (ARRAY['r_backward', 'r_backward', 'r_forward', 'r_both'])[1 + floor(random() * (3 + cyclic))];
		n := 1 + floor(random() * 89);
		o := n + 1 + floor(random() * 25) * CASE WHEN random() < cyclic THEN -1 ELSE 1 END;
		BEGIN
			IF random() < share THEN
				PERFORM CASE WHEN t = 'r_forward' THEN itsm.relate(near(o), t, near(n)) ELSE itsm.relate(near(n), t, near(o)) END;
			ELSE
				PERFORM itsm.unrelate(id) FROM (SELECT id FROM itsm.relationship WHERE ended = 0 ORDER BY random() LIMIT 1) x;
			END IF;
		EXCEPTION WHEN SQLSTATE 'IT020' OR SQLSTATE 'IT021' THEN NULL;
		END;
		IF random() < 0.5 THEN
			PERFORM itsm.set_redundancy(near(n), t, nullif(floor(random() * 4)::integer, 0));
		END IF;
	END LOOP;
	INSERT INTO instant VALUES (clock_timestamp());
END $$;

CREATE TABLE seen (listed bigint, of_all bigint, uncut bigint);
CREATE FUNCTION faults(times integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	service bigint;
	t text[];
	at timestamptz;
	cis bigint[];
	rels bigint[];
	plus jsonb;
	stated boolean;
	wrong text;
	s record;
BEGIN
	FOR i IN 1 .. times LOOP
		service := near(1 + floor(random() * 30)::integer);
		t := CASE WHEN random() < 0.3 THEN ARRAY(SELECT x FROM unnest(ARRAY['r_forward', 'r_backward', 'r_both']) x WHERE random() < 0.7) END;
		at := CASE WHEN random() < 0.3 THEN (SELECT x.at FROM instant x ORDER BY random() LIMIT 1) END;
		cis := CASE WHEN random() < 0.3 THEN ARRAY[one(), one()] END;
		rels := CASE WHEN random() < 0.3 THEN ARRAY(SELECT id FROM itsm.relationship ORDER BY random() LIMIT 5) END;
		plus := CASE WHEN random() < 0.3 THEN (SELECT jsonb_agg(jsonb_build_object('source', one(), 'type', x, 'target', one())) FROM unnest(ARRAY['r_forward', 'r_backward', 'r_both']) x) END;
		-- said of the service or of what it depends on, where it is related by that type
		SELECT count(*) > 0 INTO stated FROM itsm.redundancy r
			WHERE (r.record = service OR r.record IN (SELECT d.record FROM itsm.dependencies(service, types => t, at => at, without_cis => cis, without_relationships => rels, with_relationships => plus) d))
				AND (t IS NULL OR r.type = ANY (t)) AND CASE WHEN at IS NULL THEN r.valid_to IS NULL ELSE r.valid_from <= at AND (r.valid_to IS NULL OR r.valid_to > at) END
				AND EXISTS (SELECT FROM itsm.dependencies(r.record, 1, ARRAY[r.type], at, cis, rels, plus));
		CONTINUE WHEN NOT stated;
		WITH ours AS MATERIALIZED (SELECT * FROM itsm.single_points_of_failure(service, t, at, cis, rels, plus)),
		alone AS MATERIALIZED (SELECT d.record, d.depth FROM itsm.dependencies(service, types => t, at => at, without_cis => cis, without_relationships => rels, with_relationships => plus) d
			WHERE EXISTS (SELECT FROM itsm.impact(d.record, types => t, at => at, without_cis => cis, without_relationships => rels, with_relationships => plus) i WHERE i.record = service)),
		noted AS (INSERT INTO seen SELECT (SELECT count(*) FROM ours), (SELECT itsm.dependency_count(service, NULL, t, at)), (SELECT count(*) FROM ours WHERE cut_off = 0))
		SELECT string_agg(format('%s %s', record, CASE WHEN o IS NULL THEN 'missing' ELSE 'too many' END), ', ') INTO wrong
			FROM ours o FULL JOIN alone a USING (record, depth) WHERE o IS NULL OR a IS NULL;
		IF wrong IS NOT NULL THEN RETURN NEXT format('single_points_of_failure(%s, %L, %L, %L, %L, %L): %s', service, t, at, cis, rels, plus, wrong); END IF;
	END LOOP;
END $$;

SELECT write_some(120, 1, 0);
SELECT is_empty('SELECT * FROM faults(40)', 'layers');
SELECT write_some(60, 0.6, 0.3);
SELECT is_empty('SELECT * FROM faults(40)', 'with cycles');
SELECT write_some(150, 0.9, 0);
SELECT is_empty('SELECT * FROM faults(40)', 'denser');
SELECT itsm.pack_relationships() > 0;
SELECT is_empty('SELECT * FROM faults(30)', 'packed');
SELECT write_some(60, 0.7, 0.1);
SELECT is_empty('SELECT * FROM faults(40)', 'and changed since');
SELECT cmp_ok(count(*) FILTER (WHERE listed BETWEEN 1 AND of_all - 1), '>', 50::bigint, 'mostly some are, and some are not') FROM seen;
SELECT cmp_ok(sum(uncut), '>', 50::numeric, 'some cut off no end, and bring too many down') FROM seen;
SELECT cmp_ok(count(*) FILTER (WHERE of_all > 64), '>', 3::bigint, 'more than are tried at once') FROM seen;
SELECT * FROM finish();
ROLLBACK;
