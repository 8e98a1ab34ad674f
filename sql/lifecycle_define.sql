-- Definitions: what is accepted, every fault of what is not, versions, permissions.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA lifecycle_define;

-- Every fault of a definition, in the order in which they are found.
CREATE FUNCTION lifecycle_define.faults(definition jsonb,
	OUT kind text, OUT rule text, OUT attribute text, OUT clause text, OUT message text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
BEGIN
	PERFORM itsm.define_lifecycle(definition);
	message := 'accepted';
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	IF state <> 'IT050' THEN
		RAISE;
	END IF;
	RETURN QUERY SELECT f->>'kind', f->>'rule', f->>'attribute', f->>'clause', f->>'message'
		FROM jsonb_array_elements(detail::jsonb) f;
END $$;

-- a minimal one
SELECT itsm.define_lifecycle('{"name": "minimal", "states": [
	{"name": "open", "category": "new", "initial": true},
	{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "done"}]}');
SELECT jsonb_pretty(itsm.lifecycle_definition('minimal'));

-- the error itself
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT itsm.define_lifecycle('{"name": "broken", "states": [], "rules": [{"name": "r"}]}');
SELECT itsm.define_lifecycle('{"name": "broken", "nonsense": 1, "states": [{"name": "a", "category": "new", "initial": true, "final": true}]}');
SELECT itsm.define_lifecycle('[]');
SELECT itsm.define_lifecycle('"incident"');
SELECT itsm.define_lifecycle(NULL) IS NULL;

\t on
\pset format unaligned
\pset null -

-- every fault is listed, whatever comes first
SELECT * FROM lifecycle_define.faults($${
	"name": " ",
	"process": 7,
	"colour": "red",
	"delete": "sometimes",
	"attributes": {
		"title": "text", "priority": "integer", "requester": "name", "price": "numeric(10,2)",
		"count": 4, "odd": "no_such_type", "any": "anyelement", "rec": "record", "set": "setof text",
		"bad": "integer; drop", "": "text", "strange": "lifecycle_define.absent", "like": "pg_class.relname%TYPE"},
	"states": [
		{"name": "new", "category": "new", "initial": true, "shape": "round"},
		{"name": "new", "category": "active"},
		{"name": "work", "category": "busy", "initial": "yes"},
		{"category": "active"},
		{"name": "island", "category": "waiting"},
		{"name": "pit", "category": "waiting"},
		{"name": "closed", "category": "closed", "final": 1},
		{"name": "*", "category": "closed"},
		{"name": 5},
		"state"],
	"transitions": [
		{"from": "new", "to": "work"},
		{"from": "new", "to": "work", "label": 3},
		{"from": ["new", "nowhere"], "to": ["closed", "elsewhere"]},
		{"from": "work", "to": "pit", "via": "x"},
		{"from": "island"},
		{"to": "new"},
		{"from": [], "to": {}},
		{"from": "*", "to": "heaven"},
		17],
	"rules": [
		{"requires": "title"},
		{"name": "delete", "requires": "title"},
		{"name": "twice", "requires": "title"},
		{"name": "twice", "requires": ["title", "absent"], "clause": "8.6.1"},
		{"name": "empty"},
		{"name": "scope", "from": "nowhere", "to": ["new", 3], "reason": true},
		{"name": "mode", "mode": "strict", "reason": true},
		{"name": "member", "reason": true, "since": "resolved", "colour": "red"},
		{"name": "types", "requires": 3, "check": ["x"], "role": {}, "separate": true, "frozen": [], "reason": "yes", "within": 4},
		{"name": "separate", "separate": ["absent", {"from": "nowhere"}, {"by": "x"}, {}]},
		{"name": "separate_none", "separate": []},
		{"name": "role_blank", "role": ["a", " "]},
		{"name": "frozen", "frozen": "title", "in": "nowhere", "states": "new", "to": "closed"},
		{"name": "syntax", "check": "new.priority >"},
		{"name": "unknown", "check": "new.absent is not null"},
		{"name": "column", "check": "priority > 1"},
		{"name": "not_boolean", "check": "new.priority"},
		{"name": "subquery", "check": "exists (select 1)"},
		{"name": "aggregate", "check": "count(new.priority) > 1"},
		{"name": "function", "check": "no_such_function(new.priority)"},
		{"name": "two", "check": "true, false"},
		{"name": "injection", "check": "true) or (select true"},
		{"name": "within_text", "within": "a while"},
		{"name": "within_minus", "within": "-1 day"},
		{"name": "within_since", "within": "1 day", "since": "birth"},
		{"name": "within_since_type", "within": "1 day", "since": 1},
		{"name": "text", "reason": true, "message": 5, "clause": [], "description": {}},
		42]
}$$);

-- wrong types at the top
SELECT * FROM lifecycle_define.faults('{"name": 5, "attributes": [], "states": {}, "transitions": "x", "rules": 3, "delete": true}');
SELECT * FROM lifecycle_define.faults('{}');
SELECT * FROM lifecycle_define.faults('{"name": null, "states": null}');

-- names: too long, with control characters, odd but fine
SELECT * FROM lifecycle_define.faults(jsonb_build_object('name', repeat('x', 64), 'states', jsonb_build_array(
	jsonb_build_object('name', repeat('é', 40), 'category', 'new', 'initial', true, 'final', true),
	jsonb_build_object('name', E'a\nb', 'category', 'new', 'initial', true, 'final', true),
	jsonb_build_object('name', repeat('y', 100000), 'category', repeat('z', 100000)))));
SELECT * FROM lifecycle_define.faults(jsonb_build_object('name', repeat('x', 63), 'process', $$O'Brien "quoted" \$$,
	'attributes', jsonb_build_object('select', 'text', 'Ünïcode name', 'timestamp with time zone', '"', 'text[]'),
	'states', jsonb_build_array(
		jsonb_build_object('name', $$a "b" 'c' \d$$, 'category', 'new', 'initial', true, 'final', true)),
	'rules', jsonb_build_array(
		jsonb_build_object('name', 'odd names', 'check', $$new."select" <> '' and new."Ünïcode name" < 'infinity' and 'x' = any (new."""")$$))));
SELECT expressions FROM itsm.lifecycle WHERE name = repeat('x', 63);

-- limits
SELECT * FROM lifecycle_define.faults((SELECT jsonb_build_object('name', 'large', 'states', jsonb_agg(
	jsonb_build_object('name', 's' || i, 'category', 'new', 'initial', true, 'final', true)))
	FROM generate_series(1, 257) i));
SELECT * FROM lifecycle_define.faults((SELECT jsonb_build_object('name', 'large', 'attributes', jsonb_object_agg('a' || i, 'text'),
	'states', '[{"name": "a", "category": "new", "initial": true, "final": true}]'::jsonb) FROM generate_series(1, 1001) i));
SELECT * FROM lifecycle_define.faults((SELECT jsonb_build_object('name', 'large', 'attributes', jsonb_object_agg('a' || i, 'text'),
	'rules', '[{"name": "r", "requires": "a1000"}, {"name": "c", "check": "new.a1000 <> old.a1"}]'::jsonb,
	'states', (SELECT jsonb_agg(jsonb_build_object('name', 's' || s, 'category', 'new', 'initial', true, 'final', true)) FROM generate_series(1, 256) s),
	'transitions', '[{"from": "*", "to": "*"}]'::jsonb)
	FROM generate_series(1, 1000) i));

-- dead states
SELECT * FROM lifecycle_define.faults('{"name": "dead", "states": [
	{"name": "a", "category": "new", "initial": true},
	{"name": "b", "category": "active"},
	{"name": "c", "category": "closed", "final": true},
	{"name": "d", "category": "active"},
	{"name": "e", "category": "closed"}],
	"transitions": [{"from": "a", "to": ["b", "c", "e"]}, {"from": "b", "to": "b"}, {"from": "d", "to": "c"}]}');
SELECT * FROM lifecycle_define.faults('{"name": "dead", "states": [
	{"name": "a", "category": "new"}, {"name": "b", "category": "closed", "final": true}],
	"transitions": [{"from": "a", "to": "b"}]}');

-- "*": from anywhere but the target; what is said in full wins, and is said once
SELECT * FROM lifecycle_define.faults('{"name": "star", "states": [
	{"name": "a", "category": "new", "initial": true},
	{"name": "b", "category": "active"},
	{"name": "c", "category": "closed", "final": true}],
	"transitions": [{"from": "*", "to": "b", "label": "any"}, {"from": "a", "to": ["b", "c"], "label": "own"}, {"from": "b", "to": "*"}]}');
SELECT itsm.lifecycle_diagram('star');

-- versions: the same again makes none; older ones stay
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('minimal'));
SELECT itsm.define_lifecycle('{"name": "minimal", "states": [{"name": "only", "category": "new", "initial": true, "final": true}]}');
BEGIN;
SELECT itsm.define_lifecycle('{"name": "minimal", "process": "gone", "states": [{"name": "only", "category": "new", "initial": true, "final": true}]}');
SELECT itsm.lifecycle_definition('minimal')->>'process';
ROLLBACK;
SELECT itsm.lifecycle_definition('minimal')->>'process';
SELECT itsm.lifecycle_definition('minimal') = itsm.lifecycle_definition('minimal', 2);
SELECT jsonb_array_length(itsm.lifecycle_definition('minimal', 1)->'states');
SELECT name, version, shipped FROM itsm.lifecycle WHERE name IN ('minimal', 'incident') ORDER BY 1, 2;
SELECT itsm.lifecycle_definition(NULL) IS NULL;
SELECT itsm.lifecycle_definition('absent');
SELECT itsm.lifecycle_definition('minimal', 3);
SELECT itsm.lifecycle_definition('minimal', 0);
SELECT itsm.lifecycle_definition('minimal', -1);

-- what names mean is fixed at definition
CREATE FUNCTION lifecycle_define.is_fine(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE DOMAIN lifecycle_define.grade AS integer CHECK (VALUE > 0);
SET search_path = lifecycle_define;
SELECT pg_catalog.count(*) FROM itsm.define_lifecycle('{"name": "names", "attributes": {"priority": "integer", "grade": "lifecycle_define.grade"},
	"states": [{"name": "a", "category": "new", "initial": true, "final": true}],
	"rules": [{"name": "fine", "check": "is_fine(new.priority)"}]}');
SELECT message FROM faults('{"name": "names", "attributes": {"grade": "grade"},
	"states": [{"name": "a", "category": "new", "initial": true, "final": true}]}');
SET search_path = pg_catalog;
SELECT expressions FROM itsm.lifecycle WHERE name = 'names';
SELECT severity, problem FROM itsm.lint_lifecycle('names');
-- the same text that means something else is another version
CREATE FUNCTION lifecycle_define.length(text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
SELECT itsm.define_lifecycle(d) FROM (VALUES ('{"name": "meaning", "attributes": {"title": "text"},
	"states": [{"name": "a", "category": "new", "initial": true, "final": true}],
	"rules": [{"name": "long", "check": "length(new.title) > 3"}]}'::jsonb)) v(d);
SET search_path = lifecycle_define, pg_catalog;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('meaning'));
SET search_path = pg_catalog;
SELECT version, expressions FROM itsm.lifecycle WHERE name = 'meaning' ORDER BY version;

-- a definition whose ground has gone
DROP DOMAIN lifecycle_define.grade;
SELECT itsm.lifecycle_diagram('names');

-- permissions
CREATE ROLE regress_lifecycle_alice;
CREATE ROLE regress_lifecycle_bob;
SET ROLE regress_lifecycle_alice;
SELECT itsm.define_lifecycle('{"name": "alice", "states": [{"name": "a", "category": "new", "initial": true, "final": true}]}');
SELECT count(*) > 0 FROM itsm.lint_lifecycle('incident');
SELECT itsm.lifecycle_definition('incident')->>'name';
SELECT count(*) > 0 FROM itsm.lifecycle;
DELETE FROM itsm.lifecycle;
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.define_lifecycle(jsonb) TO regress_lifecycle_alice, regress_lifecycle_bob;
SET ROLE regress_lifecycle_alice;
SELECT itsm.define_lifecycle('{"name": "alice", "states": [{"name": "a", "category": "new", "initial": true, "final": true}]}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident') || '{"delete": "allow"}');
SET ROLE regress_lifecycle_bob;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('alice') || '{"delete": "refuse"}');
RESET ROLE;
GRANT regress_lifecycle_alice TO regress_lifecycle_bob;
SET ROLE regress_lifecycle_bob;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('alice') || '{"delete": "refuse"}');
RESET ROLE;
SELECT version, defined_by, shipped FROM itsm.lifecycle WHERE name = 'alice' ORDER BY version;

SET itsm.maintenance = on;
DELETE FROM itsm.lifecycle WHERE NOT shipped;
DROP SCHEMA lifecycle_define CASCADE;
REVOKE ALL ON FUNCTION itsm.define_lifecycle(jsonb) FROM regress_lifecycle_alice, regress_lifecycle_bob;
DROP ROLE regress_lifecycle_alice, regress_lifecycle_bob;
