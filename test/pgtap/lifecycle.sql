-- Lifecycles: what they promise to everybody, and definitions made at random.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();

SELECT has_function('itsm', 'define_lifecycle', ARRAY['jsonb']);
SELECT has_function('itsm', 'lifecycle_definition', ARRAY['text', 'integer']);
SELECT has_function('itsm', 'lint_lifecycle', ARRAY['text']);
SELECT has_function('itsm', 'lifecycle_diagram', ARRAY['text', 'text']);
SELECT function_returns('itsm', 'define_lifecycle', ARRAY['jsonb'], 'void');
SELECT function_returns('itsm', 'lifecycle_definition', ARRAY['text', 'integer'], 'jsonb');
SELECT function_returns('itsm', 'lifecycle_diagram', ARRAY['text', 'text'], 'text');
SELECT function_privs_are('itsm', 'define_lifecycle', ARRAY['jsonb'], 'public', ARRAY[]::text[]);
SELECT table_privs_are('itsm', 'lifecycle', 'public', ARRAY['SELECT']);
SELECT is(count(*), 0::bigint, 'every column of itsm.lifecycle has a comment')
	FROM pg_attribute
	WHERE attrelid = 'itsm.lifecycle'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL;

-- what ships
SELECT is(l.definition->>'name', l.name, 'lifecycle ' || l.name || ' bears its name') FROM itsm.lifecycle l WHERE shipped;
SELECT is(count(*), 0::bigint, 'lifecycle ' || l.name || ' has nothing but infos')
	FROM itsm.lifecycle l LEFT JOIN LATERAL itsm.lint_lifecycle(l.name) p ON true
	WHERE l.shipped AND p.severity <> 'info' GROUP BY l.name;
SELECT lives_ok(format('SELECT itsm.define_lifecycle(itsm.lifecycle_definition(%L))', name), name || ' can be defined again')
	FROM itsm.lifecycle WHERE shipped;
SELECT is(max(version), 1, name || ' has no new version by that') FROM itsm.lifecycle WHERE shipped GROUP BY name;
SELECT lives_ok($$SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident') || '{"delete": "final"}')$$, 'a shipped lifecycle can be replaced');
SELECT results_eq($$SELECT version, shipped FROM itsm.lifecycle WHERE name = 'incident' ORDER BY version$$,
	$$VALUES (1, true), (1001, false)$$, 'the new version is the user''s own');

-- byte for byte what was given
SELECT is(itsm.lifecycle_definition('incident')::text, (itsm.lifecycle_definition('incident', 1) || '{"delete": "final"}')::text,
	'a definition comes back byte for byte');

-- the error
SELECT throws_ok($$SELECT itsm.define_lifecycle('{}')$$, 'IT050');
SELECT throws_ok($$SELECT itsm.lifecycle_definition('no such')$$, '42704');
SELECT throws_ok($$SELECT * FROM itsm.lint_lifecycle('no such')$$, '42704');
SELECT throws_ok($$SELECT itsm.lifecycle_diagram('no such')$$, '42704');
SELECT throws_ok($$SELECT itsm.lifecycle_diagram('incident', 'png')$$, '22023');

-- who may redefine a lifecycle that is attached to somebody's table
CREATE ROLE pgtap_definer;
CREATE ROLE pgtap_owner;
GRANT EXECUTE ON FUNCTION itsm.define_lifecycle(jsonb) TO pgtap_definer;
GRANT USAGE ON SCHEMA public TO pgtap_definer;
SET LOCAL ROLE pgtap_definer;
SELECT lives_ok($$SELECT itsm.define_lifecycle('{"name": "attached", "states": [{"name": "a", "category": "closed", "initial": true, "final": true}]}')$$,
	'a role with EXECUTE may define');
RESET ROLE;
CREATE TABLE "Odd ticket" (id integer PRIMARY KEY, status text);
ALTER TABLE "Odd ticket" OWNER TO pgtap_owner;
SELECT itsm.attach('"Odd ticket"', 'attached', 'status') AS attachment \gset
SET LOCAL ROLE pgtap_definer;
SELECT throws_ok($$SELECT itsm.define_lifecycle(itsm.lifecycle_definition('attached') || '{"delete": "refuse"}')$$, '42501',
	'permission denied to redefine lifecycle "attached"', 'but not change what is attached to a stranger''s table');
RESET ROLE;
GRANT pgtap_owner TO pgtap_definer;
SET LOCAL ROLE pgtap_definer;
SELECT lives_ok($$SELECT itsm.define_lifecycle(itsm.lifecycle_definition('attached') || '{"delete": "refuse"}')$$, 'with the owner''s rights it may');
RESET ROLE;
REVOKE pgtap_owner FROM pgtap_definer;
SELECT itsm.detach('"Odd ticket"');
SET LOCAL ROLE pgtap_definer;
SELECT lives_ok($$SELECT itsm.define_lifecycle(itsm.lifecycle_definition('attached') || '{"delete": "final"}')$$, 'and when it is detached again');
RESET ROLE;

-- An error inside leaves the transaction, its settings and the user as they were.
SAVEPOINT before;
SELECT throws_ok($$SELECT itsm.define_lifecycle('{"name": "x", "attributes": {"a": "none"}, "states": [], "rules": [{"name": "r", "check": "f("}]}')$$, 'IT050');
SELECT is(current_setting('search_path'), 'public, pg_catalog', 'the search path is as it was');
SELECT is(current_user, session_user, 'the user is as it was');
ROLLBACK TO before;

-- random definitions: refused exactly when a plain search finds a dead state
CREATE TEMP TABLE random_definition (number integer, definition jsonb);
SELECT setseed(0.25);
INSERT INTO random_definition
SELECT n, jsonb_build_object('name', 'random',
		'states', (SELECT jsonb_agg(jsonb_build_object('name', 's' || s, 'category', 'active',
			'initial', s = 1 OR random() < 0.15, 'final', random() < 0.3)) FROM generate_series(1, size) s),
		'transitions', COALESCE((SELECT jsonb_agg(jsonb_build_object('from', 's' || f, 'to', 's' || t))
			FROM generate_series(1, size) f, generate_series(1, size) t WHERE random() < 1.6 / size), '[]'))
FROM (SELECT n, 2 + n % 7 + 0 * random()::integer AS size FROM generate_series(1, 300) n) sizes;

CREATE FUNCTION pg_temp.verdict(definition jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.define_lifecycle(definition);
	RETURN true;
EXCEPTION WHEN SQLSTATE 'IT050' THEN
	RETURN false;
END $$;

CREATE FUNCTION pg_temp.is_alive(definition jsonb) RETURNS boolean LANGUAGE sql AS $$
	WITH state AS (
		SELECT s->>'name' AS name, (s->>'initial')::boolean AS initial, (s->>'final')::boolean AS final
		FROM jsonb_array_elements(definition->'states') s),
	move AS (
		SELECT t->>'from' AS source, t->>'to' AS target FROM jsonb_array_elements(definition->'transitions') t)
	SELECT NOT EXISTS (SELECT FROM state WHERE NOT final AND NOT EXISTS (SELECT FROM move WHERE source = state.name AND target <> source))
$$;

SELECT is(pg_temp.verdict(definition), pg_temp.is_alive(definition), 'random definition ' || number)
	FROM random_definition
	WHERE pg_temp.verdict(definition) IS DISTINCT FROM pg_temp.is_alive(definition);
SELECT cmp_ok(count(*) FILTER (WHERE pg_temp.is_alive(definition)), '>', 20::bigint, 'some random definitions are alive') FROM random_definition;
SELECT cmp_ok(count(*) FILTER (WHERE NOT pg_temp.is_alive(definition)), '>', 20::bigint, 'and some are not') FROM random_definition;

-- any JSON at all is accepted or refused with IT050, whatever stands where
CREATE TEMP TABLE piece AS SELECT row_number() OVER () AS number, value FROM (VALUES
	('null'::jsonb), ('true'), ('0'), ('-1e400'), ('""'), ('"*"'), ('"new"'), ('[]'), ('[[]]'), ('{}'), ('{"": ""}'),
	('["new", "new"]'), ('[null]'), ('{"from": "new"}'), ('"text"'), ('"\u00e9"'), (to_jsonb(repeat('[', 10000))),
	(to_jsonb(repeat('x', 1000000)))) v(value);
CREATE FUNCTION pg_temp.mutants() RETURNS SETOF jsonb LANGUAGE sql AS $$
	SELECT jsonb_set(base, path, value, true)
	FROM (VALUES ('{"name": "fuzz", "process": "p", "attributes": {"a": "text"}, "delete": "allow",
		"states": [{"name": "new", "category": "new", "initial": true, "final": true, "label": "l"}],
		"transitions": [{"from": "new", "to": "new", "label": "l"}],
		"rules": [{"name": "r", "from": "new", "to": "new", "mode": "off", "message": "m", "clause": "c", "requires": "a",
			"check": "true", "role": "r", "separate": ["a", {"from": "new"}], "reason": true, "within": "1 day", "since": "opened"}]}'::jsonb)) b(base),
	(VALUES ('{name}'::text[]), ('{process}'), ('{attributes}'), ('{attributes,a}'), ('{delete}'), ('{states}'), ('{states,0}'),
		('{states,0,name}'), ('{states,0,category}'), ('{states,0,initial}'), ('{states,0,final}'), ('{states,0,label}'),
		('{transitions}'), ('{transitions,0}'), ('{transitions,0,from}'), ('{transitions,0,to}'), ('{transitions,0,label}'),
		('{rules}'), ('{rules,0}'), ('{rules,0,name}'), ('{rules,0,from}'), ('{rules,0,to}'), ('{rules,0,mode}'), ('{rules,0,message}'),
		('{rules,0,clause}'), ('{rules,0,requires}'), ('{rules,0,check}'), ('{rules,0,role}'), ('{rules,0,separate}'),
		('{rules,0,separate,1}'), ('{rules,0,separate,1,from}'), ('{rules,0,reason}'), ('{rules,0,within}'), ('{rules,0,since}'),
		('{rules,0,frozen}'), ('{rules,0,in}'), ('{unknown}')) p(path), piece
$$;
SELECT lives_ok($$SELECT count(pg_temp.verdict(m)) FROM pg_temp.mutants() m$$, 'odd JSON in every place is accepted or refused');
SELECT lives_ok($$SELECT count(*) FROM pg_temp.mutants() m, itsm.lint_lifecycle(m)$$, 'and can be linted');

SELECT * FROM finish();
ROLLBACK;
