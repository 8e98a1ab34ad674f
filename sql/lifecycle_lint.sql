-- What lint_lifecycle finds, and with whose rights it looks.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\set VERBOSITY terse
\t on
\pset format unaligned

-- the shipped lifecycle has no errors or warnings
SELECT count(*) FROM itsm.lint_lifecycle('incident') WHERE severity <> 'info';
SELECT * FROM itsm.lint_lifecycle('absent');
SELECT count(*) FROM itsm.lint_lifecycle(NULL::text);

-- states and transitions
SELECT itsm.define_lifecycle('{"name": "lint_states", "states": [
	{"name": "new", "category": "new", "initial": true},
	{"name": "loop", "category": "active"},
	{"name": "back", "category": "active"},
	{"name": "done", "category": "closed", "final": true},
	{"name": "shut", "category": "closed"},
	{"name": "parked", "category": "waiting", "final": true}],
	"transitions": [
	{"from": "new", "to": ["loop", "done", "shut", "parked"]},
	{"from": "loop", "to": ["back", "loop"]}, {"from": "back", "to": "loop"},
	{"from": "shut", "to": "new"}, {"from": "done", "to": "new"}]}');
SELECT * FROM itsm.lint_lifecycle('lint_states');
SELECT itsm.define_lifecycle('{"name": "lint_endless", "states": [
	{"name": "on", "category": "active", "initial": true}, {"name": "off", "category": "waiting"}],
	"transitions": [{"from": "*", "to": "*"}]}');
SELECT * FROM itsm.lint_lifecycle('lint_endless');

-- rules
CREATE ROLE regress_lint_role;
SELECT itsm.define_lifecycle('{"name": "lint_rules",
	"attributes": {"a": "integer", "b": "integer", "c": "text", "unused": "text", "unseen": "date"},
	"states": [
	{"name": "new", "category": "new", "initial": true},
	{"name": "work", "category": "active"},
	{"name": "resolved", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}],
	"transitions": [
	{"from": "new", "to": "work"}, {"from": "work", "to": "resolved"},
	{"from": "resolved", "to": ["work", "closed"]}],
	"rules": [
	{"name": "applies_nowhere", "from": "new", "to": "closed", "reason": true},
	{"name": "from_the_end", "from": "closed", "reason": true},
	{"name": "creation", "to": "new", "requires": "c"},
	{"name": "switched_off", "check": "false", "mode": "off"},
	{"name": "constant_false", "to": "work", "check": "1 = 2"},
	{"name": "constant_null", "to": "work", "check": "null"},
	{"name": "partly_false", "to": "work", "check": "new.a > 1 and false"},
	{"name": "compares_with_null", "to": "work", "check": "new.a = null"},
	{"name": "constant_true", "to": "work", "check": "new.a > 1 or true"},
	{"name": "contradicts_itself", "to": "work", "check": "new.a > 5 and new.a < 3"},
	{"name": "fails", "to": "work", "check": "new.a > 1 / 0"},
	{"name": "high", "to": "resolved", "check": "new.b > 10"},
	{"name": "low", "from": "work", "check": "new.b < 10"},
	{"name": "low_elsewhere", "to": "closed", "check": "new.b < 5"},
	{"name": "absent_value", "to": "closed", "check": "new.b is null"},
	{"name": "fine", "check": "new.a between 1 and 5 and old.a <> 7"},
	{"name": "no_role", "to": "closed", "role": ["regress_lint_absent", "regress_lint_gone"]},
	{"name": "half_a_role", "to": "closed", "role": ["regress_lint_role", "regress_lint_gone"]},
	{"name": "reopen", "from": "resolved", "to": "work", "within": "14 days"},
	{"name": "too_early", "from": "new", "within": "1 day", "since": "closed"},
	{"name": "never_after", "from": "resolved", "within": "1 day", "since": "closed"},
	{"name": "at_birth", "to": "new", "within": "1 day"},
	{"name": "who", "to": "closed", "separate": ["c", {"from": "new", "to": "work"}, {"from": "new", "to": "closed"}]},
	{"name": "for_ever", "frozen": ["c"]},
	{"name": "at_last", "in": "closed", "frozen": ["c"]}]}');
SELECT * FROM itsm.lint_lifecycle('lint_rules');
-- another time the same
SELECT md5(string_agg(l::text, '|' ORDER BY n)) = (SELECT md5(string_agg(l::text, '|' ORDER BY n)) FROM itsm.lint_lifecycle('lint_rules') WITH ORDINALITY l(s, p, n))
	FROM itsm.lint_lifecycle('lint_rules') WITH ORDINALITY l(s, p, n);

-- a draft: faults come as errors and nothing is kept
SELECT * FROM itsm.lint_lifecycle('{"name": "draft", "states": [
	{"name": "a", "category": "new", "initial": true}, {"name": "b", "category": "closed", "final": true},
	{"name": "c", "category": "active"}], "transitions": [{"from": "a", "to": "d"}], "rules": [{"name": "r"}]}'::jsonb);
SELECT * FROM itsm.lint_lifecycle('{"name": "draft", "attributes": {"x": "text"}, "states": [
	{"name": "a", "category": "new", "initial": true}, {"name": "b", "category": "closed", "final": true}],
	"transitions": [{"from": "a", "to": "b"}], "rules": [{"name": "r", "check": "new.x is null and new.x is not null"}]}'::jsonb);
SELECT count(*) FROM itsm.lifecycle WHERE name = 'draft';

-- checks are looked into with the definer's rights, not with those of whoever asks
CREATE ROLE regress_lint_mallory;
CREATE SCHEMA lint_mallory AUTHORIZATION regress_lint_mallory;
GRANT EXECUTE ON FUNCTION itsm.define_lifecycle(jsonb) TO regress_lint_mallory;
SET ROLE regress_lint_mallory;
CREATE FUNCTION lint_mallory.look(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RAISE EXCEPTION 'evaluated as %', current_user;
END $$;
SELECT itsm.define_lifecycle('{"name": "mallory", "states": [{"name": "a", "category": "closed", "initial": true, "final": true}],
	"rules": [{"name": "trap", "check": "lint_mallory.look(''x'')"}]}');
RESET ROLE;
SELECT * FROM itsm.lint_lifecycle('mallory');
SELECT current_user = session_user;
SET ROLE regress_lint_mallory;
CREATE OR REPLACE FUNCTION lint_mallory.look(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM set_config('role', 'none', false);
	RETURN true;
END $$;
RESET ROLE;
SELECT * FROM itsm.lint_lifecycle('mallory');
SET itsm.maintenance = on;
UPDATE itsm.lifecycle SET defined_by = 'regress_lint_absent' WHERE name = 'mallory';
SELECT * FROM itsm.lint_lifecycle('mallory');

DELETE FROM itsm.lifecycle WHERE NOT shipped;
DROP SCHEMA lint_mallory CASCADE;
REVOKE ALL ON FUNCTION itsm.define_lifecycle(jsonb) FROM regress_lint_mallory;
DROP ROLE regress_lint_mallory, regress_lint_role;
