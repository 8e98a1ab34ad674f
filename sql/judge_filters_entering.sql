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

SELECT * FROM judge_entering.ticket ORDER BY id;
SELECT p.key, e.version, e.kind, e.from_state, e.to_state, a.lifecycle AS governed_by
	FROM itsm.projection p JOIN itsm.source o ON o.id = p.source AND o.relation = 'judge_entering.ticket'::regclass
	JOIN itsm.event e ON e.record = p.record LEFT JOIN itsm.attachment a ON a.id = e.attachment ORDER BY p.key, e.version;
SELECT t.key, t.state, t.left_at IS NOT NULL AS left FROM itsm_report.time_in_state t JOIN itsm.projection p ON p.record = t.record
	JOIN itsm.source o ON o.id = p.source AND o.relation = 'judge_entering.ticket'::regclass ORDER BY t.key, t.entered_at;

SET itsm.maintenance = on;
DROP SCHEMA judge_entering CASCADE;
