-- "when": a rule that holds only where an expression is true.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA rule_when;
SET search_path = rule_when, public;
\set VERBOSITY terse

CREATE FUNCTION expected_priority(impact integer, urgency integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT impact + urgency - 1';
SELECT itsm.define_lifecycle('{
	"name": "when_ticket", "attributes": {"impact": "integer", "urgency": "integer", "priority": "integer", "vip": "boolean", "approver": "text"},
	"states": [{"name": "open", "category": "active", "initial": true}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "closed"}, {"from": "closed", "to": "open"}],
	"rules": [
		{"name": "priority_deviates", "when": "new.priority <> expected_priority(new.impact, new.urgency)", "reason": true},
		{"name": "vip_approved", "to": "closed", "when": "new.vip", "requires": "approver"},
		{"name": "vip_frozen", "in": "closed", "when": "old.vip", "frozen": ["vip", "priority"]},
		{"name": "by_whom", "to": "open", "when": "actor = ''nobody''", "check": "false", "message": "nobody does nothing"}]}');
SELECT definition -> 'rules' -> 1 ->> 'when' AS given, expressions FROM itsm.lifecycle WHERE name = 'when_ticket';
CREATE TABLE ticket (id integer PRIMARY KEY, status text, impact integer, urgency integer, priority integer, vip boolean, approver text);
SELECT itsm.attach('ticket', 'when_ticket', 'status', mode => 'enforce',
	attributes => '{"impact": "impact", "urgency": "urgency", "priority": "priority", "vip": "vip", "approver": "approver"}') > 0 AS attached;

INSERT INTO ticket VALUES (1, 'open', 1, 2, 2);
INSERT INTO ticket VALUES (2, 'open', 1, 2, 1);
BEGIN;
SET LOCAL itsm.reason = 'the board is waiting';
INSERT INTO ticket VALUES (2, 'open', 1, 2, 1, true);
COMMIT;
-- null is not true
INSERT INTO ticket VALUES (3, 'open', 1, NULL, 5);
UPDATE ticket SET status = 'closed' WHERE id = 1;
UPDATE ticket SET status = 'closed' WHERE id = 2;
BEGIN;
SET LOCAL itsm.reason = 'still';
UPDATE ticket SET status = 'closed' WHERE id = 2;
UPDATE ticket SET status = 'closed', approver = 'ann' WHERE id = 2;
ROLLBACK;
BEGIN;
SET LOCAL itsm.reason = 'still';
UPDATE ticket SET status = 'closed', approver = 'ann' WHERE id = 2;
UPDATE ticket SET vip = false WHERE id = 2;
ROLLBACK;
SELECT to_state, allowed, unmet -> 0 ->> 'rule' AS rule FROM itsm.allowed_transitions('ticket', '2');
-- old is asked for where there is none: the rule does not hold
UPDATE ticket SET priority = 9, urgency = 9 WHERE id = 1;
BEGIN;
SELECT itsm.act_as('nobody');
UPDATE ticket SET status = 'open' WHERE id = 1;
ROLLBACK;
BEGIN;
SELECT itsm.act_as('somebody');
UPDATE ticket SET status = 'open', urgency = 2, impact = 1, priority = 2 WHERE id = 1;
ROLLBACK;

-- not mapped: told, and not applicable
CREATE TABLE plain (id integer PRIMARY KEY, status text, approver text);
SET client_min_messages = notice;
SELECT itsm.attach('plain', 'when_ticket', 'status', mode => 'enforce', attributes => '{"approver": "approver"}') > 0 AS attached;
SET client_min_messages = warning;
INSERT INTO plain VALUES (1, 'open', NULL);
UPDATE plain SET status = 'closed';
SELECT * FROM itsm.rule_attributes('when_ticket') ORDER BY 1, 2;
SELECT * FROM itsm.rule_attributes('no such lifecycle');

-- wrong ones
\set VERBOSITY default
SELECT itsm.define_lifecycle('{"name": "when_bad", "attributes": {"a": "integer"}, "states": [{"name": "s", "category": "new", "initial": true, "final": true}], "transitions": [],
	"rules": [{"name": "r1", "when": "new.b", "requires": "a"}, {"name": "r2", "when": "new.a", "requires": "a"}, {"name": "r3", "when": 1, "requires": "a"}, {"name": "r4", "when": "true"}]}');
SET client_min_messages = error;
DROP SCHEMA rule_when CASCADE;
