-- A row that comes under an attachment is judged with what it carries, also in the state
-- that it had before; the time outside is spent in no state.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA judge_entering;
SELECT itsm.define_lifecycle('{"name": "judge_entering",
	"attributes": {"title": "text", "priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"rules": [{"name": "titled", "requires": "title"}, {"name": "plausible", "check": "new.priority between 1 and 5"}]}');
SELECT itsm.define_lifecycle(replace(itsm.lifecycle_definition('judge_entering')::text, 'judge_entering', 'judge_entering_b')::jsonb);
CREATE TABLE judge_entering.ticket (id integer PRIMARY KEY, kind text, status text, title text, prio integer);
SELECT itsm.attach('judge_entering.ticket', 'judge_entering', 'status', filter => 'kind = ''a''', mode => 'enforce',
	attributes => '{"title": "title", "priority": "prio"}') > 0;
SELECT itsm.attach('judge_entering.ticket', 'judge_entering_b', 'status', filter => 'kind = ''b''', mode => 'enforce',
	attributes => '{"title": "title", "priority": "prio"}') > 0;
INSERT INTO judge_entering.ticket VALUES (1, 'a', 'new', 'one', 1), (2, 'a', 'new', 'two', 2);

-- from one to the other
UPDATE judge_entering.ticket SET kind = 'b', prio = 9 WHERE id = 1;
UPDATE judge_entering.ticket SET kind = 'b', title = ' ' WHERE id = 1;
UPDATE judge_entering.ticket SET kind = 'b', title = NULL, prio = NULL WHERE id = 1;
UPDATE judge_entering.ticket SET kind = 'b', prio = 5 WHERE id = 1;

-- back from outside
UPDATE judge_entering.ticket SET kind = 'c', title = NULL, prio = 9 WHERE id = 2;
UPDATE judge_entering.ticket SET kind = 'a' WHERE id = 2;
UPDATE judge_entering.ticket SET kind = 'a', title = 'two' WHERE id = 2;
UPDATE judge_entering.ticket SET kind = 'a', title = 'two', prio = 2 WHERE id = 2;
UPDATE judge_entering.ticket SET kind = 'c' WHERE id = 2;

-- from a state that the other lifecycle does not know, and under two at once: what would help is said
SELECT itsm.define_lifecycle('{"name": "judge_entering_c", "states": [{"name": "open", "category": "new", "initial": true}, {"name": "shut", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "shut"}]}');
CREATE FUNCTION judge_entering.hint(statement text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN sqlstate || ' ' || hint;
END $$;
BEGIN;
SELECT itsm.attach('judge_entering.ticket', 'judge_entering_c', 'status', filter => 'kind in (''d'', ''e'')', mode => 'enforce') > 0;
SELECT itsm.attach('judge_entering.ticket', 'judge_entering_c', 'status', filter => 'kind = ''e''', mode => 'enforce') > 0;
SELECT judge_entering.hint('UPDATE judge_entering.ticket SET kind = ''d'', status = ''open'' WHERE id = 1');
SELECT judge_entering.hint('INSERT INTO judge_entering.ticket VALUES (3, ''e'', ''open'')');
SELECT itsm.override('judge_entering.ticket', '1', 'transition', 'it was of the other kind all along');
SELECT judge_entering.hint('UPDATE judge_entering.ticket SET kind = ''d'', status = ''open'' WHERE id = 1');
SELECT version, kind, from_state, to_state FROM itsm.history('judge_entering.ticket', '1');
ROLLBACK;

-- what the lifecycle that a row leaves has frozen stays as it was; also at the end of the
-- transaction, and from a version that the other one never had
SELECT itsm.define_lifecycle('{"name": "judge_passing_a", "attributes": {"type": "text", "title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}],
	"rules": [{"name": "type_fixed", "in": "work", "frozen": "type"}, {"name": "title_fixed", "in": "done", "frozen": "title"}]}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('judge_passing_a') || '{"name": "judge_passing_b", "rules": []}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('judge_passing_b') || jsonb_build_object('description', n::text)) FROM generate_series(2, 3) n;
CREATE TABLE judge_entering.passing (id integer PRIMARY KEY, kind text, status text, title text);
CREATE TABLE judge_entering.passing_late (LIKE judge_entering.passing INCLUDING ALL);
SELECT itsm.attach('judge_entering.passing' || late, 'judge_passing_' || kind, 'status', filter => format('kind = %L', kind), mode => 'enforce',
	timing => CASE late WHEN '' THEN 'immediate' ELSE 'deferred' END, attributes => '{"type": "kind", "title": "title"}') > 0
	FROM unnest('{a,b}'::text[]) kind, unnest('{"",_late}'::text[]) late ORDER BY late, kind;
INSERT INTO judge_entering.passing SELECT i, CASE WHEN i < 9 THEN 'a' ELSE 'b' END, 'new' FROM generate_series(1, 9) i;
INSERT INTO judge_entering.passing_late SELECT * FROM judge_entering.passing;
UPDATE judge_entering.passing SET kind = 'b' WHERE id = 1;
UPDATE judge_entering.passing_late SET kind = 'b' WHERE id = 1;
UPDATE judge_entering.passing SET kind = 'a' WHERE id = 9;
UPDATE judge_entering.passing_late SET kind = 'a' WHERE id = 9;
UPDATE judge_entering.passing SET status = 'work' WHERE id > 1;
UPDATE judge_entering.passing_late SET status = 'work' WHERE id > 1;
UPDATE judge_entering.passing SET kind = 'b' WHERE id = 2;
UPDATE judge_entering.passing_late SET kind = 'b' WHERE id = 2;
UPDATE judge_entering.passing SET kind = 'b', status = 'done' WHERE id = 3;
BEGIN;
UPDATE judge_entering.passing_late SET kind = 'b' WHERE id = 4;
UPDATE judge_entering.passing_late SET kind = 'a' WHERE id = 4;
COMMIT;
-- an exception can be made; observing, it is told
BEGIN;
SELECT itsm.override('judge_entering.passing', '5', 'type_fixed', 'it was typed in wrongly');
UPDATE judge_entering.passing SET kind = 'b' WHERE id = 5;
COMMIT;
SELECT itsm.set_mode(a.id, 'observe', 'type_fixed') FROM itsm.attachment a WHERE a.lifecycle = 'judge_passing_a' ORDER BY a.id;
UPDATE judge_entering.passing SET kind = 'b' WHERE id = 6;
UPDATE judge_entering.passing_late SET kind = 'b' WHERE id = 6;
SELECT v.source, v.key, v.code, v.rule, v.message FROM itsm_report.violation v WHERE v.source LIKE 'judge_entering.passing%' ORDER BY v.source, v.key;
SELECT id, kind, status FROM judge_entering.passing EXCEPT SELECT id, kind, status FROM judge_entering.passing_late ORDER BY id;

SELECT * FROM judge_entering.ticket ORDER BY id;
SELECT p.key, e.version, e.kind, e.from_state, e.to_state, a.lifecycle AS governed_by
	FROM itsm.projection p JOIN itsm.source o ON o.id = p.source AND o.relation = 'judge_entering.ticket'::regclass
	JOIN itsm.event e ON e.record = p.record LEFT JOIN itsm.attachment a ON a.id = e.attachment ORDER BY p.key, e.version;
SELECT t.key, t.state, t.left_at IS NOT NULL AS left FROM itsm_report.time_in_state t JOIN itsm.projection p ON p.record = t.record
	JOIN itsm.source o ON o.id = p.source AND o.relation = 'judge_entering.ticket'::regclass ORDER BY t.key, t.entered_at;

SET itsm.maintenance = on;
DROP SCHEMA judge_entering CASCADE;
