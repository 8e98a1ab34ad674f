-- Which moves are open to a row, and what each still lacks: judged by the rules that would judge the write.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'
\set VERBOSITY terse

CREATE ROLE regress_itsm_moves;
CREATE ROLE regress_itsm_clerk;
CREATE SCHEMA moves AUTHORIZATION regress_itsm_moves;
GRANT USAGE ON SCHEMA moves TO regress_itsm_clerk;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_clerk;
SELECT itsm.define_lifecycle('{"name": "moves",
	"attributes": {"title": "text", "code": "text", "requester": "text", "priority": "integer", "spare": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "hold", "category": "waiting"},
		{"name": "resolved", "category": "resolved"}, {"name": "done", "category": "closed", "final": true}, {"name": "void", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": "work", "label": "Start work"}, {"from": "new", "to": "void", "label": "Ünwanted"}, {"from": "work", "to": ["hold", "resolved"]},
		{"from": "hold", "to": "work"}, {"from": "resolved", "to": ["work", "done"], "label": "Decide"}],
	"rules": [{"name": "titled", "to": "work", "requires": ["title", "code"], "clause": "8.6.1"},
		{"name": "plausible", "check": "new.priority between 1 and 5", "message": "priority must be 1 to 5"},
		{"name": "spared", "to": "work", "requires": "spare"},
		{"name": "why", "to": "void", "reason": true},
		{"name": "clerks", "to": "void", "role": "regress_itsm_clerk"},
		{"name": "other", "to": "done", "separate": ["requester"]},
		{"name": "polite", "to": "resolved", "check": "new.title <> upper(new.title)", "mode": "observe"},
		{"name": "soon", "from": "resolved", "to": "work", "within": "1 day"},
		{"name": "asleep", "to": "hold", "requires": "code", "mode": "off"},
		{"name": "kept", "in": "resolved", "frozen": "title"}]}');
SET ROLE regress_itsm_moves;
CREATE TABLE moves.ticket (id integer PRIMARY KEY, status text, title text, code text, owner text, prio integer);
GRANT ALL ON moves.ticket TO regress_itsm_clerk;
SELECT itsm.attach('moves.ticket', 'moves', 'status', mode => 'enforce',
	attributes => '{"title": "title", "code": "code", "requester": "owner", "priority": "prio"}') AS ticket \gset
INSERT INTO moves.ticket VALUES (1, 'new', NULL, NULL, 'ann', 3), (2, 'new', 't', 'c', 'ann', 3), (3, 'new', 't', 'c', 'bob', 3);

-- everything that each move lacks; the same as the write says
SELECT to_state, status_value, label, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '1');
SELECT to_state, status_value, label, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '2');
\set VERBOSITY default
\set SHOW_CONTEXT never
UPDATE moves.ticket SET status = 'work' WHERE id = 1;
UPDATE moves.ticket SET status = 'void' WHERE id = 1;
\set VERBOSITY terse
-- nothing is written by asking
SELECT count(*) FROM itsm.history('moves.ticket', '1');
-- a reason given, and the role
SET ROLE regress_itsm_clerk;
SET itsm.reason = 'mistake';
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '2');
RESET itsm.reason;
-- the row's own changes of this transaction count
BEGIN;
UPDATE moves.ticket SET title = 'x', code = 'y' WHERE id = 1;
SELECT to_state, allowed FROM itsm.allowed_transitions('moves.ticket', '1');
ROLLBACK;
SELECT to_state, allowed FROM itsm.allowed_transitions('moves.ticket', '1');

-- observed rules are told and do not block; rules that are off are silent
UPDATE moves.ticket SET status = 'work', title = 'LOUD' WHERE id IN (2, 3);
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '2');
UPDATE moves.ticket SET status = 'resolved' WHERE id IN (2, 3);
SELECT to_state, label, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '3');
-- who acts counts
BEGIN;
SELECT itsm.act_as('ann');
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '2') WHERE to_state = 'done';
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '3') WHERE to_state = 'done';
UPDATE moves.ticket SET status = 'done' WHERE id = 3;
COMMIT;
-- no move leaves the end
SELECT count(*) FROM itsm.allowed_transitions('moves.ticket', '3');

-- modes: of the attachment as a whole they do not count, of a rule they do
RESET ROLE;
SELECT itsm.set_mode(:ticket, 'observe');
SELECT to_state, allowed FROM itsm.allowed_transitions('moves.ticket', '1');
SELECT itsm.set_mode(:ticket, 'off');
SELECT to_state, allowed FROM itsm.allowed_transitions('moves.ticket', '1');
SELECT itsm.set_mode(:ticket, 'enforce'), itsm.set_mode(:ticket, 'observe', 'titled'), itsm.set_mode(:ticket, 'off', 'why');
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('moves.ticket', '1');
SELECT itsm.set_mode(:ticket, 'enforce', 'titled');
SET ROLE regress_itsm_moves;

-- a row in no state, a row with null
-- (written while nobody judged)
RESET ROLE;
SET itsm.maintenance = on;
INSERT INTO moves.ticket VALUES (8, 'odd'), (9, NULL);
RESET itsm.maintenance;
SET ROLE regress_itsm_moves;
SELECT count(*) FROM itsm.allowed_transitions('moves.ticket', '8');
SELECT count(*) FROM itsm.allowed_transitions('moves.ticket', '9');
-- no such row; keys spelt otherwise and wrongly; no such attachment
SELECT count(*) FROM itsm.allowed_transitions('moves.ticket', '007');
SELECT count(*) FROM itsm.allowed_transitions('moves.ticket', ' 02 ');
SELECT count(*) FROM itsm.allowed_transitions('moves.ticket', 'two');
CREATE TABLE moves.free (id integer PRIMARY KEY);
SELECT count(*) FROM itsm.allowed_transitions('moves.free', '1');
CREATE VIEW moves.view AS SELECT * FROM moves.ticket;
SELECT count(*) FROM itsm.allowed_transitions('moves.view', '1');
SELECT count(*) FROM itsm.allowed_transitions('moves.missing', '1');

-- Status values of other types: the value to write is told
CREATE TYPE moves.status AS ENUM ('Open', 'In Arbeit', 'Zu');
CREATE TABLE moves.typed (a text, b integer, num integer, e moves.status, PRIMARY KEY (a, b));
SELECT itsm.attach('moves.typed', 'moves', 'num', '{"1": "new", "22": "work", "3": "void", "2": "work"}', filter => 'a like ''n%''') > 0,
	itsm.attach('moves.typed', 'moves', 'e', '{"Open": "new", "In Arbeit": "work"}', filter => 'a like ''e%''') > 0;
INSERT INTO moves.typed VALUES ('n, 1', 1, 1, 'Zu'), ('e', 1, 77, 'Open'), ('x', 1, 1, 'Open');
SELECT to_state, status_value FROM itsm.allowed_transitions('moves.typed', '("n, 1",1)');
SELECT to_state, status_value, allowed, unmet->0->>'message' AS message FROM itsm.allowed_transitions('moves.typed', '(e,1)');
SELECT count(*) FROM itsm.allowed_transitions('moves.typed', '(x,1)');
-- every value told can be written
DO $$
DECLARE
	m record;
BEGIN
	FOR m IN SELECT * FROM itsm.allowed_transitions('moves.typed', '("n, 1",1)') LOOP
		UPDATE moves.typed SET num = m.status_value::integer WHERE a = 'n, 1';
		UPDATE moves.typed SET num = 1 WHERE a = 'n, 1';
	END LOOP;
END $$;
SELECT kind, to_state, changes->'status'->'to' AS status FROM itsm.history('moves.typed', '("n, 1",1)') WHERE to_state <> 'new';
-- a value that the column cannot hold
CREATE TABLE moves.narrow (id integer PRIMARY KEY, status moves.status, code varchar(3));
SELECT itsm.attach('moves.narrow', 'moves', 'status', '{"Open": "new", "Begun": "work", "Zu": "void"}', attributes => '{"code": "code"}') > 0;
INSERT INTO moves.narrow VALUES (1, 'Open');
SELECT to_state, status_value, allowed, unmet FROM itsm.allowed_transitions('moves.narrow', '1');
INSERT INTO moves.narrow VALUES (2, 'Zu');
SELECT itsm.detach('moves.narrow');
SELECT itsm.attach('moves.narrow', 'moves', 'status', '{"Open": "new", "Begun": "work", "In Arbeit": "work"}') > 0;
SELECT to_state, status_value, allowed FROM itsm.allowed_transitions('moves.narrow', '1');

-- Attributes computed from the status are those of the move
CREATE TABLE moves.computed (id integer PRIMARY KEY, status text, loud text GENERATED ALWAYS AS (status || '!') STORED);
SELECT itsm.attach('moves.computed', 'moves', 'status', attributes => '{"title": "case when status = ''work'' then status end", "code": "status"}', mode => 'enforce') > 0;
INSERT INTO moves.computed VALUES (1, 'new');
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('moves.computed', '1') WHERE to_state = 'work';

-- Partitions and children
CREATE TABLE moves.whole (id integer PRIMARY KEY, status text) PARTITION BY RANGE (id);
CREATE TABLE moves.part PARTITION OF moves.whole FOR VALUES FROM (0) TO (10);
SELECT itsm.attach('moves.whole', 'moves', 'status') > 0;
INSERT INTO moves.whole VALUES (1, 'new');
SELECT to_state FROM itsm.allowed_transitions('moves.whole', '1');
SELECT to_state FROM itsm.allowed_transitions('moves.part', '1');
CREATE TABLE moves.base (id integer PRIMARY KEY, status text);
CREATE TABLE moves.child (extra text, PRIMARY KEY (id)) INHERITS (moves.base);
SELECT itsm.attach('moves.base', 'moves', 'status') > 0;
INSERT INTO moves.child VALUES (5, 'new', 'x');
SELECT to_state FROM itsm.allowed_transitions('moves.child', '5');
SELECT to_state FROM itsm.allowed_transitions('moves.base', '5');

-- A newer version: moves are judged by it when it knows the state, else by the record's own
RESET ROLE;
SELECT itsm.define_lifecycle('{"name": "moves", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done", "label": "Finish"}]}');
SET ROLE regress_itsm_moves;
SELECT to_state, label, allowed FROM itsm.allowed_transitions('moves.ticket', '1');
SELECT to_state, label, allowed FROM itsm.allowed_transitions('moves.ticket', '2');

-- Rights: reading the row is needed, and is enough
SET ROLE regress_itsm_clerk;
SELECT * FROM itsm.allowed_transitions('moves.whole', '1');
SET ROLE regress_itsm_moves;
GRANT SELECT ON moves.whole TO regress_itsm_clerk;
GRANT SELECT (id, status) ON moves.base TO regress_itsm_clerk;
SET ROLE regress_itsm_clerk;
SELECT to_state FROM itsm.allowed_transitions('moves.whole', '1');
SET ROLE regress_itsm_moves;
ALTER TABLE moves.ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON moves.ticket USING (id = 1);
SET ROLE regress_itsm_clerk;
SELECT to_state FROM itsm.allowed_transitions('moves.ticket', '1');
SELECT to_state FROM itsm.allowed_transitions('moves.ticket', '2');

RESET ROLE;
REVOKE EXECUTE ON FUNCTION itsm.act_as(text) FROM regress_itsm_clerk;
SET itsm.maintenance = on;
DROP SCHEMA moves CASCADE;
DROP ROLE regress_itsm_moves, regress_itsm_clerk;
