-- Errors as a program sees them: SQLSTATE, the fields that drivers map, and DETAIL.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();

CREATE SCHEMA "Desk";
CREATE TABLE "Desk"."Ticket" (id int PRIMARY KEY, "Status" text, prio int, title text, owner text, code text);
SELECT itsm.define_lifecycle('{"name": "errors", "attributes": {"priority": "integer", "title": "text", "owner": "text", "code": "text", "actor": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "resolved", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "resolved"}, {"from": "resolved", "to": "closed"}],
	"delete": "refuse", "rules": [
		{"name": "titled", "to": "work", "requires": ["title", "owner"], "clause": "8.6.1"},
		{"name": "plausible", "check": "new.priority is null or new.priority between 1 and 5", "message": "priority must be 1 to 5"},
		{"name": "boss", "to": "closed", "role": "pgtap_error_boss"},
		{"name": "four_eyes", "to": "closed", "separate": ["owner"]},
		{"name": "why", "to": "resolved", "reason": true},
		{"name": "ended", "in": "resolved", "frozen": ["code"]}]}');
SELECT itsm.attach('"Desk"."Ticket"', 'errors', 'Status', mode => 'enforce',
	attributes => '{"priority": "prio", "title": "title", "owner": "owner", "code": "code"}') AS attachment \gset

CREATE FUNCTION failure(command text, OUT state text, OUT message text, OUT detail jsonb, OUT hint text,
	OUT schema_name text, OUT table_name text, OUT column_name text, OUT constraint_name text) LANGUAGE plpgsql AS $$
DECLARE
	json text;
BEGIN
	EXECUTE command;
	state := '00000';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, json = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
		schema_name = SCHEMA_NAME, table_name = TABLE_NAME, column_name = COLUMN_NAME, constraint_name = CONSTRAINT_NAME;
	detail := CASE WHEN state LIKE 'IT%' AND json LIKE '[%' THEN json::jsonb ELSE to_jsonb(json) END;
END $$;

INSERT INTO "Desk"."Ticket" VALUES (1, 'new', 1, 't', 'ann'), (2, 'new', 1, 't', 'ann');
UPDATE "Desk"."Ticket" SET "Status" = 'work' WHERE id = 2;

-- one statement a code
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET "Status" = 'closed' WHERE id = 2$$, 'IT001');
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET "Status" = 'nonsense' WHERE id = 2$$, 'IT002');
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET "Status" = NULL WHERE id = 2$$, 'IT002');
SELECT throws_ok($$INSERT INTO "Desk"."Ticket" VALUES (3, 'work', 1, 't', 'ann')$$, 'IT003');
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET "Status" = 'work', title = '' WHERE id = 1$$, 'IT004');
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET prio = 6 WHERE id = 1$$, 'IT005');
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET "Status" = 'resolved' WHERE id = 2$$, 'IT014');
SET LOCAL itsm.reason = 'done';
SELECT lives_ok($$UPDATE "Desk"."Ticket" SET "Status" = 'resolved' WHERE id = 2$$);
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET code = 'x' WHERE id = 2$$, 'IT009');
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET "Status" = 'closed' WHERE id = 2$$, 'IT006');
CREATE ROLE pgtap_error_boss;
CREATE ROLE pgtap_error_chief IN ROLE pgtap_error_boss;
GRANT USAGE ON SCHEMA "Desk" TO pgtap_error_chief;
GRANT ALL ON "Desk"."Ticket" TO pgtap_error_chief;
SET LOCAL ROLE pgtap_error_chief;
SELECT throws_ok($$UPDATE "Desk"."Ticket" SET "Status" = 'closed' WHERE id = 2$$, 'IT007');
RESET ROLE;
SELECT throws_ok($$DELETE FROM "Desk"."Ticket" WHERE id = 1$$, 'IT010');
SELECT throws_ok($$TRUNCATE "Desk"."Ticket"$$, 'IT010');
SELECT throws_ok($$SELECT itsm.define_lifecycle('[]')$$, 'IT050');
SELECT throws_ok($$SELECT itsm.attach('"Desk"."Ticket"', 'nonsense', 'Status')$$, 'IT051');
SELECT throws_ok($$SELECT itsm.attach('pg_class', 'errors', 'relname')$$, 'IT051');
SELECT throws_ok($$SELECT itsm.attach(NULL, 'errors', 'x')$$, 'IT051');
SELECT throws_ok($$SELECT itsm.detach('pg_class')$$, NULL);
SELECT throws_ok($$SELECT itsm.set_mode(-1, 'enforce')$$, 'IT051');
SELECT throws_ok(format('SELECT itsm.set_mode(%s, ''strict'')', :attachment), 'IT051');
SELECT throws_ok(format('SELECT itsm.set_mode(%s, ''off'', ''no such'')', :attachment), 'IT051');

-- the fields of one error with several causes: the lowest code, everything in DETAIL
SELECT is((f).state, 'IT004', 'the first code of the table') FROM (SELECT failure($$UPDATE "Desk"."Ticket" SET "Status" = 'work', title = NULL, owner = ' ', prio = 9 WHERE id = 1$$) AS f) x;
SELECT is(jsonb_array_length((f).detail), 3, 'DETAIL has all of it') FROM (SELECT failure($$UPDATE "Desk"."Ticket" SET "Status" = 'work', title = NULL, owner = ' ', prio = 9 WHERE id = 1$$) AS f) x;
SELECT is((f).detail -> 0, '{"rule": "titled", "kind": "requires", "attribute": "title", "message": "title is required to enter work", "clause": "8.6.1"}', 'a condition in DETAIL')
FROM (SELECT failure($$UPDATE "Desk"."Ticket" SET "Status" = 'work', title = NULL, owner = ' ', prio = 9 WHERE id = 1$$) AS f) x;
SELECT is(array_agg(DISTINCT k ORDER BY k), '{attribute,clause,kind,message,rule}', 'DETAIL has these members and no other')
FROM (SELECT failure($$UPDATE "Desk"."Ticket" SET "Status" = 'work', title = NULL, owner = ' ', prio = 9 WHERE id = 1$$) AS f) x,
	jsonb_array_elements((f).detail) d, jsonb_object_keys(d) k;
SELECT is(concat_ws('/', (f).schema_name, (f).table_name, (f).column_name, (f).constraint_name), 'Desk/Ticket/prio/plausible', 'SCHEMA, TABLE, COLUMN and CONSTRAINT')
FROM (SELECT failure($$UPDATE "Desk"."Ticket" SET prio = 9 WHERE id = 1$$) AS f) x;
SELECT is(concat_ws('/', (f).schema_name, (f).table_name, (f).column_name), 'Desk/Ticket/Status', 'a transition names the status column')
FROM (SELECT failure($$UPDATE "Desk"."Ticket" SET "Status" = 'closed' WHERE id = 1$$) AS f) x;
SELECT isnt((f).hint, '', 'an error has a hint: ' || q)
FROM (VALUES ($$UPDATE "Desk"."Ticket" SET "Status" = 'closed' WHERE id = 1$$), ($$UPDATE "Desk"."Ticket" SET "Status" = 'x' WHERE id = 1$$),
	($$INSERT INTO "Desk"."Ticket" VALUES (9, 'closed')$$), ($$DELETE FROM "Desk"."Ticket"$$), ($$TRUNCATE "Desk"."Ticket"$$)) AS v(q), failure(q) AS f;
-- no value of the row stands in the message
SELECT unalike((f).message, '%secret%', 'no value in the message: ' || q)
FROM (VALUES ($$UPDATE "Desk"."Ticket" SET "Status" = 'work', title = NULL, owner = 'secret' WHERE id = 1$$), ($$INSERT INTO "Desk"."Ticket" VALUES (9, 'new', 77, 'secret')$$)) AS v(q), failure(q) AS f;

-- a refused write leaves nothing behind
SELECT is((SELECT count(*) FROM itsm.event WHERE to_state = 'closed'), 0::bigint, 'no event of a refused write');
SELECT is((SELECT string_agg("Status", ',' ORDER BY id) FROM "Desk"."Ticket"), 'new,resolved', 'the rows are as they were');

SELECT * FROM finish();
ROLLBACK;
