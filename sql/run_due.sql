-- Transitions that are made after a time in a state.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA due;
SET search_path = due, public;
\set VERBOSITY terse

SELECT itsm.define_lifecycle('{
	"name": "due_ticket", "attributes": {"code": "text"},
	"states": [{"name": "open", "category": "active", "initial": true}, {"name": "solved", "category": "resolved"},
		{"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "solved"}, {"from": "solved", "to": "open"},
		{"from": "solved", "to": "closed", "after": "7 days"}],
	"rules": [{"name": "code_required", "to": "closed", "requires": "code"}]}');
CREATE TABLE ticket (id integer PRIMARY KEY, status integer NOT NULL, code text);
CREATE TABLE "Odd ticket" ("I'd" text, "No" bigint, "St""atus" varchar(6), PRIMARY KEY ("I'd", "No"));
SELECT itsm.attach('ticket', 'due_ticket', 'status', mode => 'enforce', attributes => '{"code": "code"}',
	states => '{"1": "open", "2": "solved", "3": "closed"}') AS attachment \gset
SELECT itsm.attach('"Odd ticket"', 'due_ticket', 'St"atus', mode => 'enforce') > 0 AS attached;
INSERT INTO ticket SELECT n, 1, CASE WHEN n <> 3 THEN 'done' END FROM generate_series(1, 5) n;
UPDATE ticket SET status = 2 WHERE id <= 4;
INSERT INTO "Odd ticket" VALUES ('a ''b', 1, 'open'), ('c,d', 2, 'open');
UPDATE "Odd ticket" SET "St""atus" = 'solved';

SELECT * FROM itsm.run_due();
SELECT * FROM itsm.run_due(now() + interval '6 days');
-- bounded, and goes on; what is refused leaves the others alone
SELECT * FROM itsm.run_due(now() + interval '8 days', 1);
SELECT * FROM itsm.run_due(now() + interval '8 days', 2);
SELECT relation, key, from_state, to_state, done FROM itsm.run_due(now() + interval '8 days') ORDER BY relation::text COLLATE "C", key;
UPDATE ticket SET code = 'late' WHERE id = 3;
SELECT relation, key, done FROM itsm.run_due(now() + interval '8 days');
SELECT id, status FROM ticket ORDER BY id;
SELECT kind, from_state, to_state, reason FROM itsm.history('ticket', '1') ORDER BY version;
SELECT key, state FROM itsm.projection WHERE lifecycle = 'due_ticket' AND key LIKE '(%' ORDER BY key;

-- the caller's own rights; nobody else may call it
CREATE ROLE due_scheduler;
SET ROLE due_scheduler;
SELECT * FROM itsm.run_due();
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.run_due(timestamptz, integer) TO due_scheduler;
INSERT INTO ticket VALUES (6, 1, 'done');
UPDATE ticket SET status = 2 WHERE id = 6;
SET ROLE due_scheduler;
SELECT key, done, message FROM itsm.run_due(now() + interval '8 days');
RESET ROLE;
GRANT USAGE ON SCHEMA due TO due_scheduler;
GRANT SELECT, UPDATE ON ticket TO due_scheduler;
SET ROLE due_scheduler;
SELECT key, done, message FROM itsm.run_due(now() + interval '8 days');
RESET ROLE;

-- an attachment that is off does nothing by itself
SELECT itsm.set_mode(:attachment, 'off');
UPDATE ticket SET status = 2 WHERE id = 5;
SELECT * FROM itsm.run_due(now() + interval '8 days');

SELECT * FROM itsm.run_due('infinity');
SELECT * FROM itsm.run_due(now(), 0);
SELECT itsm.define_lifecycle('{"name": "due_bad", "states": [{"name": "s", "category": "new", "initial": true, "final": true}, {"name": "t", "category": "closed", "final": true}],
	"transitions": [{"from": "s", "to": "t", "after": "soon"}]}');
SELECT itsm.define_lifecycle('{"name": "due_bad", "states": [{"name": "s", "category": "new", "initial": true, "final": true}, {"name": "t", "category": "closed", "final": true}],
	"transitions": [{"from": "s", "to": "t", "after": "-1 day"}]}');
SET client_min_messages = error;
DROP SCHEMA due CASCADE;
REVOKE ALL ON FUNCTION itsm.run_due(timestamptz, integer) FROM due_scheduler;
DROP ROLE due_scheduler;
