-- Random writes to items and their relationships with baselines in between, against copies of
-- the tables: each baseline is different from each other one, and from now, in what the
-- copies differ in, and in nothing else.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SET timezone = 'UTC';
SELECT no_plan();
SELECT setseed(0.7);

SELECT itsm.define_lifecycle('{"name": "model_ci", "process": "configuration_item", "delete": "allow",
	"attributes": {"class": "text", "owner": "text", "memory": "integer", "tags": "text[]"},
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "idle", "category": "waiting"}],
	"transitions": [{"from": "live", "to": "idle"}, {"from": "idle", "to": "live"}]}');
CREATE TABLE ci (id int PRIMARY KEY, status text NOT NULL, class text, keeper text, memory int, tags text[], note text, untold text);
SELECT itsm.attach('ci', 'model_ci', 'status', mode => 'enforce', states => '{"on": "live", "off": "idle"}',
	attributes => '{"class": "class", "owner": "keeper", "memory": "memory * 2", "tags": "tags"}', track => '{mapped,note}');
SELECT itsm.define_class('machine'), itsm.define_class('server', 'machine');

-- What the copies hold.
CREATE TABLE kept (baseline text, record bigint, attribute text, value text);
CREATE TABLE held (baseline text, relationship bigint);
CREATE VIEW seen AS
	SELECT itsm.record_id('ci', id::text) AS record, v.* FROM ci,
		LATERAL (VALUES (NULL, id::text), ('status', status), ('class', class), ('owner', keeper), ('memory', (memory * 2)::text), ('tags', tags::text), ('note', note)) AS v(attribute, value);
CREATE FUNCTION scope(baseline text) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
	SELECT itsm.record_id('ci', id::text) FROM ci
	WHERE CASE left(baseline, 1) WHEN 'm' THEN class IN ('machine', 'server') WHEN 'p' THEN false ELSE true END
	UNION
	SELECT record FROM kept k JOIN itsm.record r ON r.id = k.record AND NOT r.deleted WHERE k.baseline = scope.baseline AND k.attribute IS NULL AND left(k.baseline, 1) = 'p'
$$;
CREATE FUNCTION copy(baseline text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO kept SELECT copy.baseline, s.* FROM seen s WHERE s.record IN (SELECT scope(copy.baseline)) ON CONFLICT DO NOTHING;
	INSERT INTO held SELECT copy.baseline, x.id FROM itsm.relationship x WHERE x.ended = 0 AND (x.source IN (SELECT scope(copy.baseline)) OR x.target IN (SELECT scope(copy.baseline)));
$$;
CREATE FUNCTION expected(a text, b text) RETURNS TABLE (record bigint, kind text, attribute text, old_value text, new_value text, relationship bigint) LANGUAGE sql STABLE AS $$
	SELECT coalesce(x.record, y.record), CASE WHEN x.record IS NULL THEN 'added' ELSE 'removed' END, NULL,
		CASE WHEN y.record IS NULL THEN (SELECT r.key FROM itsm.record r WHERE r.id = x.record) END,
		CASE WHEN x.record IS NULL THEN (SELECT r.key FROM itsm.record r WHERE r.id = y.record) END, NULL::bigint
	FROM (SELECT * FROM kept WHERE baseline = a AND attribute IS NULL) x FULL JOIN (SELECT * FROM kept WHERE baseline = b AND attribute IS NULL) y ON x.record = y.record
	WHERE x.record IS NULL OR y.record IS NULL
	UNION ALL
	SELECT x.record, 'changed', x.attribute, x.value, y.value, NULL
	FROM kept x JOIN kept y ON y.record = x.record AND y.attribute = x.attribute
	WHERE x.baseline = a AND y.baseline = b AND x.value IS DISTINCT FROM y.value
	UNION ALL
	SELECT r.source, CASE WHEN x.relationship IS NULL THEN 'added' ELSE 'removed' END, r.type, CASE WHEN y.relationship IS NULL THEN t.key END, CASE WHEN x.relationship IS NULL THEN t.key END, r.id
	FROM (SELECT * FROM held WHERE baseline = a) x FULL JOIN (SELECT * FROM held WHERE baseline = b) y ON x.relationship = y.relationship
		JOIN itsm.relationship r ON r.id = coalesce(x.relationship, y.relationship) JOIN itsm.record t ON t.id = r.target
	WHERE x.relationship IS NULL OR y.relationship IS NULL
$$;

CREATE FUNCTION pick(VARIADIC texts text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT texts[1 + floor(random() * cardinality(texts))::int] $$;
CREATE FUNCTION any_record() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT itsm.record_id('ci', id::text) FROM ci ORDER BY random() LIMIT 1 $$;
-- One write, some of several in a transaction.
CREATE FUNCTION write() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	n int := floor(random() * 40);
	what float8 := random();
BEGIN
	CASE
		WHEN what < 0.25 THEN INSERT INTO ci VALUES (n, 'on', pick('machine', 'server', 'software', NULL), pick('ann', 'bob', NULL), n, NULL, pick('x', NULL)) ON CONFLICT DO NOTHING;
		WHEN what < 0.35 THEN DELETE FROM ci WHERE id = n;
		WHEN what < 0.40 THEN UPDATE ci SET untold = random()::text WHERE id = n;
		WHEN what < 0.50 THEN UPDATE ci SET status = pick('on', 'off') WHERE id = n;
		WHEN what < 0.70 THEN UPDATE ci SET keeper = pick('ann', 'bob', 'it''s "c"', '', NULL), memory = CASE WHEN random() < 0.3 THEN NULL ELSE floor(random() * 3) END WHERE id = n;
		WHEN what < 0.78 THEN UPDATE ci SET tags = pick('{}', '{a,"b c"}', NULL)::text[], note = pick('x', 'y', NULL), class = pick('server', 'software') WHERE id % 7 = n % 7;
		WHEN what < 0.90 THEN PERFORM itsm.relate(a, 'depends_on', b) FROM (SELECT any_record() AS a, any_record() AS b) p WHERE a <> b
			AND NOT EXISTS (SELECT FROM itsm.relationship x WHERE x.source = a AND x.target = b AND x.ended = 0);
		ELSE PERFORM itsm.unrelate(id) FROM (SELECT id FROM itsm.relationship WHERE ended = 0 ORDER BY random() LIMIT 1) x;
	END CASE;
EXCEPTION WHEN OTHERS THEN
	-- a move back and forth that the lifecycle has not, a circle: nothing was written
	IF SQLSTATE NOT LIKE 'IT%' THEN RAISE; END IF;
END $$;
CREATE PROCEDURE walk(steps int) LANGUAGE plpgsql AS $$
DECLARE
	name text;
	cis bigint[];
BEGIN
	FOR i IN 1 .. steps LOOP
		FOR j IN 1 .. 1 + floor(random() * 8)::int LOOP PERFORM write(); END LOOP;
		IF i % 25 = 0 THEN
			name := pick('all ', 'machines ', 'picked ') || i;
			cis := ARRAY(SELECT itsm.record_id('ci', id::text) FROM ci WHERE random() < 0.4);
			IF left(name, 1) = 'p' THEN INSERT INTO kept SELECT name, s.* FROM seen s WHERE s.record = ANY (cis); INSERT INTO held SELECT name, x.id FROM itsm.relationship x WHERE x.ended = 0 AND (x.source = ANY (cis) OR x.target = ANY (cis));
			ELSE PERFORM copy(name); END IF;
			PERFORM itsm.take_baseline(name, cis => CASE WHEN left(name, 1) = 'p' THEN cis END, class => CASE WHEN left(name, 1) = 'm' THEN 'machine' END);
		END IF;
		COMMIT;
	END LOOP;
END $$;
CALL walk(400);

SELECT cmp_ok((SELECT count(*) FROM itsm.baseline), '=', 16::bigint, 'there are baselines');
SELECT is(b.items, (SELECT count(*) FROM kept k WHERE k.baseline = b.name AND attribute IS NULL), b.name || ': its items') FROM itsm.baseline b ORDER BY id;
SELECT is(b.relationships, (SELECT count(*) FROM held h WHERE h.baseline = b.name), b.name || ': its relationships') FROM itsm.baseline b ORDER BY id;
SELECT is((SELECT count(*) FROM (
		(SELECT record, kind, attribute, old_value, new_value, relationship FROM itsm.baseline_diff(a.name, b.name) EXCEPT ALL SELECT * FROM expected(a.name, b.name))
		UNION ALL
		(SELECT * FROM expected(a.name, b.name) EXCEPT ALL SELECT record, kind, attribute, old_value, new_value, relationship FROM itsm.baseline_diff(a.name, b.name))) x),
	0::bigint, format('%s and %s: %s differences', a.name, b.name, (SELECT count(*) FROM expected(a.name, b.name))))
FROM itsm.baseline a, itsm.baseline b ORDER BY a.id, b.id;
-- and with now
SELECT copy('all now'), copy('machines now');
INSERT INTO kept SELECT 'now of ' || b.name, s.* FROM itsm.baseline b, seen s WHERE left(b.name, 1) = 'p' AND s.record IN (SELECT record FROM kept k WHERE k.baseline = b.name AND k.attribute IS NULL);
INSERT INTO held SELECT 'now of ' || b.name, x.id FROM itsm.baseline b, itsm.relationship x WHERE left(b.name, 1) = 'p' AND x.ended = 0
	AND EXISTS (SELECT FROM kept k WHERE k.baseline = 'now of ' || b.name AND k.attribute IS NULL AND k.record IN (x.source, x.target));
SELECT is((SELECT count(*) FROM (
		(SELECT record, kind, attribute, old_value, new_value, relationship FROM itsm.baseline_diff(a.name) EXCEPT ALL SELECT * FROM expected(a.name, b))
		UNION ALL
		(SELECT * FROM expected(a.name, b) EXCEPT ALL SELECT record, kind, attribute, old_value, new_value, relationship FROM itsm.baseline_diff(a.name))) x),
	0::bigint, format('%s and now: %s differences', a.name, (SELECT count(*) FROM expected(a.name, b))))
FROM itsm.baseline a, LATERAL (SELECT CASE left(a.name, 1) WHEN 'a' THEN 'all now' WHEN 'm' THEN 'machines now' ELSE 'now of ' || a.name END) AS n(b) ORDER BY a.id;
SELECT is_empty('SELECT * FROM itsm.verify() WHERE NOT ok', 'verify finds nothing');
SELECT * FROM finish();
