-- Rules over other records: those that name a record, those that it names, and circles.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA related;
SET search_path = related, public;
\set VERBOSITY terse

SELECT itsm.define_lifecycle('{
	"name": "related_task", "process": "task",
	"attributes": {"parent": "integer", "change": "text", "blockers": "text[]"},
	"references": {"parent": "task", "change": "related_change", "blockers": "task"},
	"states": [{"name": "open", "category": "active", "initial": true},
		{"name": "done", "category": "resolved"},
		{"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "done"}, {"from": "done", "to": ["open", "closed"]}],
	"rules": [
		{"name": "children_done", "to": "done", "related": {"of": "task", "by": "parent", "in": ["resolved", "closed"]}},
		{"name": "parent_open", "to": "open", "related": {"by": "parent", "in": "active"}},
		{"name": "no_circle", "acyclic": "parent"},
		{"name": "not_blocked", "to": "done", "related": {"by": "blockers", "in": "open", "need": "none"}},
		{"name": "changed", "to": "closed", "related": {"by": "change", "in": ["implemented"], "need": "some"}, "clause": "8.5.1"}]}');
SELECT itsm.define_lifecycle('{
	"name": "related_change", "attributes": {},
	"states": [{"name": "planned", "category": "new", "initial": true},
		{"name": "implemented", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "planned", "to": "implemented"}, {"from": "implemented", "to": "closed"}],
	"rules": [{"name": "tasks_closed", "to": "closed", "related": {"of": "task", "by": "change", "in": "closed", "need": "all"}}]}');

CREATE TABLE task (id integer PRIMARY KEY, status text NOT NULL, parent integer, change text, blockers text[]);
CREATE TABLE change (number text PRIMARY KEY, status text NOT NULL);
SELECT itsm.attach('task', 'related_task', 'status', mode => 'enforce',
	attributes => '{"parent": "parent", "change": "change", "blockers": "blockers"}') > 0 AS attached;
SELECT itsm.attach('change', 'related_change', 'status', mode => 'enforce') > 0 AS attached;

-- children first
INSERT INTO task VALUES (1, 'open', NULL), (2, 'open', 1), (3, 'open', 1);
UPDATE task SET status = 'done' WHERE id = 1;
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('task', '1');
UPDATE task SET status = 'done' WHERE id = 2;
UPDATE task SET status = 'done' WHERE id = 1;
UPDATE task SET status = 'done' WHERE id IN (1, 3);
UPDATE task SET status = 'done' WHERE id = 3;
UPDATE task SET status = 'done' WHERE id = 1;
-- a child comes to an end's parent, or opens again under it
INSERT INTO task VALUES (4, 'open', 1);
UPDATE task SET status = 'open' WHERE id = 3;
-- a parent that does not exist
INSERT INTO task VALUES (4, 'open', 99);
-- a child that leaves, is deleted, or gets another parent counts no more
INSERT INTO task VALUES (5, 'open', NULL), (6, 'open', 5), (7, 'open', 5);
UPDATE task SET parent = NULL WHERE id = 6;
DELETE FROM task WHERE id = 7;
UPDATE task SET status = 'done' WHERE id = 5;
SELECT attribute, process, target, count(*) FROM itsm.reference WHERE process = 'task' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- circles
INSERT INTO task VALUES (10, 'open', 10);
INSERT INTO task VALUES (10, 'open', NULL), (11, 'open', 10), (12, 'open', 11);
UPDATE task SET parent = 12 WHERE id = 10;
UPDATE task SET parent = 11 WHERE id = 12;
\set VERBOSITY default
\set SHOW_CONTEXT never
DO $$
DECLARE code text; detail text; attribute text; rule text;
BEGIN
	UPDATE task SET parent = 12 WHERE id = 10;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, attribute = COLUMN_NAME, rule = CONSTRAINT_NAME;
	RAISE WARNING '% % % %', code, attribute, rule, detail;
END $$;
\set VERBOSITY terse

-- an array of keys; none of them may be open
INSERT INTO task (id, status, blockers) VALUES (20, 'open', '{10, 11, "", 11}');
UPDATE task SET status = 'done' WHERE id = 20;
UPDATE task SET status = 'done', blockers = '{1,3}' WHERE id = 20;

-- another table; one at least
INSERT INTO change VALUES ('C1', 'planned'), ('C2', 'planned');
UPDATE task SET status = 'closed' WHERE id = 20;
UPDATE task SET change = 'C1' WHERE id = 20;
UPDATE task SET status = 'closed' WHERE id = 20;
UPDATE change SET status = 'implemented' WHERE number = 'C1';
UPDATE change SET status = 'closed' WHERE number = 'C1';
UPDATE task SET status = 'closed' WHERE id = 20;
UPDATE change SET status = 'closed' WHERE number = 'C1';
-- a key changes: what named the old one names nothing
UPDATE change SET number = 'C3', status = 'implemented' WHERE number = 'C2';
SELECT * FROM itsm.verify() WHERE NOT ok AND object LIKE '%related.%';

-- tenants do not see each other
CREATE TABLE tenant_task (id integer PRIMARY KEY, status text NOT NULL, parent integer, owner text);
SELECT itsm.attach('tenant_task', 'related_task', 'status', mode => 'enforce', attributes => '{"parent": "parent"}', tenant => 'owner') > 0 AS attached;
INSERT INTO tenant_task VALUES (1, 'open', NULL, 'a'), (2, 'open', NULL, 'b');
INSERT INTO tenant_task VALUES (3, 'open', 1, 'b');
INSERT INTO tenant_task VALUES (3, 'open', 1, 'a');
UPDATE tenant_task SET status = 'done' WHERE id = 2;

-- at the end of the transaction; observed; and rows that were there before
CREATE TABLE late_task (id integer PRIMARY KEY, status text NOT NULL, parent integer);
INSERT INTO late_task VALUES (1, 'open', NULL), (2, 'open', 1);
SELECT itsm.attach('late_task', 'related_task', 'status', mode => 'enforce', timing => 'deferred', attributes => '{"parent": "parent"}') AS attachment \gset
CALL itsm.backfill(:attachment);
BEGIN;
UPDATE late_task SET status = 'done' WHERE id = 1;
UPDATE late_task SET status = 'done' WHERE id = 2;
COMMIT;
BEGIN;
UPDATE late_task SET status = 'open' WHERE id = 2;
COMMIT;
SELECT itsm.set_mode(:attachment, 'observe');
UPDATE late_task SET status = 'open' WHERE id = 2;
SELECT code, rule, message FROM itsm_report.violation WHERE rule = 'parent_open';

-- what the other record says besides its state
SELECT itsm.define_lifecycle('{"name": "outcome_change", "process": "outcome_change", "attributes": {"outcome": "text", "impact": "integer"},
	"states": [{"name": "doing", "category": "active", "initial": true}, {"name": "closed", "category": "closed", "initial": true}],
	"transitions": [{"from": "doing", "to": "closed"}, {"from": "closed", "to": "doing"}]}');
SELECT itsm.define_lifecycle('{"name": "outcome_problem", "process": "outcome_problem", "attributes": {"change": "text", "causes": "text[]"},
	"references": {"change": "outcome_change", "causes": "outcome_change"},
	"states": [{"name": "open", "category": "active", "initial": true}, {"name": "solved", "category": "closed"}],
	"transitions": [{"from": "open", "to": "solved"}, {"from": "solved", "to": "open"}],
	"rules": [{"name": "not_failed", "to": "solved", "related": {"by": "change", "in": "closed", "with": {"outcome": ["failed", "backed_out"]}, "need": "none"}},
		{"name": "a_great_one", "to": "solved", "related": {"by": "causes", "in": ["closed"], "with": {"outcome": "fine", "impact": ["1", "2"]}, "need": "some"}}]}');
CREATE TABLE outcome_change (number text PRIMARY KEY, status text NOT NULL, outcome text, impact integer);
CREATE TABLE outcome_problem (id integer PRIMARY KEY, status text NOT NULL, change text, causes text[]);
SELECT itsm.attach('outcome_change', 'outcome_change', 'status', mode => 'enforce', attributes => '{"outcome": "outcome", "impact": "impact"}') > 0 AS attached;
SELECT itsm.attach('outcome_problem', 'outcome_problem', 'status', mode => 'enforce', attributes => '{"change": "change", "causes": "causes"}') > 0 AS attached;
INSERT INTO outcome_change VALUES ('failed', 'closed', 'failed', 2), ('fine', 'closed', 'fine', 2), ('small', 'closed', 'fine', 3), ('open', 'doing', 'fine', 1), ('silent', 'closed', NULL, 1);
INSERT INTO outcome_problem VALUES (1, 'open', 'failed', '{open,fine}'), (2, 'open', 'fine', '{small,silent,open}'), (3, 'open', 'silent', '{fine,failed}');
UPDATE outcome_problem SET status = 'solved' WHERE id = 1;
UPDATE outcome_problem SET status = 'solved' WHERE id = 2;
UPDATE outcome_problem SET status = 'solved' WHERE id = 3;
-- what it says now, not what it once said
UPDATE outcome_change SET outcome = 'fine' WHERE number = 'failed';
UPDATE outcome_problem SET status = 'solved' WHERE id = 1;

-- definitions
\set VERBOSITY default
SELECT itsm.define_lifecycle('{"name": "related_bad", "attributes": {"a": "text", "b": "text"}, "references": {"b": "other", "c": "x", "a": 1},
	"states": [{"name": "s", "category": "new", "initial": true, "final": true}], "transitions": [],
	"rules": [{"name": "r1", "related": {"by": "a", "in": "x"}}, {"name": "r2", "related": {"by": "zz", "in": []}},
		{"name": "r3", "related": {"in": "x", "need": "most", "way": 1}}, {"name": "r4", "acyclic": "b"}, {"name": "r5", "related": "a"},
		{"name": "r6", "related": {"by": "b", "in": "x", "with": "a"}}, {"name": "r7", "related": {"by": "b", "in": "x", "with": {"a": 1}}}]}');
SET client_min_messages = error;
DROP SCHEMA related CASCADE;
