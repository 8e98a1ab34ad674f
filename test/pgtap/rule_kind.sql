-- What the rule kinds refuse and what they let pass, on writes to a table.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();

CREATE TABLE ticket (
	id integer PRIMARY KEY,
	status text,
	title text,
	n numeric,
	requester text,
	note varchar(20),
	actor text
);

-- Runs a command; "ok", or the SQLSTATE and the rules with their messages.  What it did is undone unless it is kept.
CREATE FUNCTION attempt(command text, keep boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
BEGIN
	EXECUTE command;
	IF NOT keep THEN
		RAISE EXCEPTION 'undo' USING ERRCODE = 'UNDO0';
	END IF;
	RETURN 'ok';
EXCEPTION
	WHEN SQLSTATE 'UNDO0' THEN
		RETURN 'ok';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
		RETURN state || COALESCE((SELECT string_agg(format(' %s: %s', f->>'rule', f->>'message'), ';') FROM jsonb_array_elements(detail::jsonb) f), '');
END $$;

CREATE FUNCTION define(rules text) RETURNS void LANGUAGE sql AS $$
	SELECT itsm.define_lifecycle(jsonb_build_object('name', 'kinds',
		'attributes', '{"title": "text", "n": "numeric", "requester": "text", "note": "text", "unmapped": "text", "actor": "text"}'::jsonb,
		'states', '[{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
			{"name": "resolved", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}]'::jsonb,
		'transitions', '[{"from": "*", "to": "*"}]'::jsonb,
		'rules', rules::jsonb))
$$;

-- rows from before the attachment break every rule
INSERT INTO ticket (id, status, n) VALUES (1, 'work', 9), (2, 'resolved', 9), (3, 'closed', 9);
SELECT define('[]');
SELECT itsm.attach('ticket', 'kinds', 'status', mode => 'enforce',
	attributes => '{"title": "title", "n": "n", "requester": "requester", "note": "note", "actor": "actor"}') \gset

-- requires
SELECT define($$[
	{"name": "to", "to": "work", "requires": ["title", "requester"]},
	{"name": "from", "from": "work", "requires": "note"},
	{"name": "always", "requires": "n", "message": "n must be there"},
	{"name": "not_here", "requires": "unmapped"}]$$);
SELECT is(attempt($$INSERT INTO ticket (id, status) VALUES (9, 'new')$$), 'IT004 always: n must be there', 'requires: always');
SELECT is(attempt($$INSERT INTO ticket (id, status, n) VALUES (9, 'new', 1)$$, true), 'ok', 'requires: filled');
SELECT is(attempt($$UPDATE ticket SET status = 'work', title = E' \t\n' WHERE id = 9$$),
	'IT004 to: title is required to enter work; to: requester is required to enter work', 'requires: blank is missing, all are named');
SELECT is(attempt($$UPDATE ticket SET status = 'work', title = 'x', requester = 'y' WHERE id = 9$$, true), 'ok', 'requires: to');
SELECT is(attempt($$UPDATE ticket SET title = NULL, n = NULL WHERE id = 9$$),
	'IT004 to: title is required while work; always: n must be there', 'requires: what was filled may not be emptied');
SELECT is(attempt($$UPDATE ticket SET status = 'resolved' WHERE id = 9$$), 'IT004 from: note is required to leave work', 'requires: from');
SELECT is(attempt($$UPDATE ticket SET n = 8, requester = NULL WHERE id = 1$$), 'ok', 'requires: a row from before stays writable');
SELECT is(attempt($$UPDATE ticket SET title = 'x', requester = 'x', note = 'x', status = 'new' WHERE id = 1$$), 'ok', 'requires: and may move when all is filled');
SELECT is(attempt($$UPDATE ticket SET title = repeat(' ', 100000) || 'x', requester = 'y' WHERE id = 9$$), 'ok', 'requires: a long text');

-- check
SELECT define($$[
	{"name": "range", "check": "new.n between 1 and 5"},
	{"name": "grows", "check": "new.n >= old.n", "message": "n may not shrink"},
	{"name": "titled", "to": "resolved", "check": "new.title <> ''"},
	{"name": "nobody", "to": "closed", "check": "actor = 'alice'"},
	{"name": "not_here", "check": "new.unmapped = 'x'"}]$$);
SELECT is(attempt($$INSERT INTO ticket (id, status, n) VALUES (8, 'new', 9)$$), 'IT005 range: check "new.n between 1 and 5" is not satisfied', 'check: creation');
SELECT is(attempt($$INSERT INTO ticket (id, status) VALUES (8, 'new')$$), 'IT005 range: check "new.n between 1 and 5" is not satisfied', 'check: NULL is not true');
SELECT is(attempt($$INSERT INTO ticket (id, status, n) VALUES (8, 'new', 5)$$), 'ok', 'check: what reads old is not asked at creation');
SELECT is(attempt($$UPDATE ticket SET n = 10 WHERE id = 1$$), 'ok', 'check: a row from before may stay wrong');
SELECT is(attempt($$UPDATE ticket SET n = 8 WHERE id = 1$$), 'IT005 grows: n may not shrink', 'check: one that reads old has no excuse');
SELECT is(attempt($$INSERT INTO ticket (id, status, n) VALUES (8, 'new', 5); UPDATE ticket SET n = 6 WHERE id = 8$$), 'IT005 range: check "new.n between 1 and 5" is not satisfied', 'check: a good row may not become bad');
SELECT is(attempt($$UPDATE ticket SET status = 'new' WHERE id = 1$$), 'IT005 range: check "new.n between 1 and 5" is not satisfied', 'check: a move ends the excuse');
SELECT is(attempt($$UPDATE ticket SET status = 'resolved', title = NULL WHERE id = 9$$), 'IT005 titled: check "new.title <> ''''" is not satisfied', 'check: in its scope');
SELECT is(attempt($$UPDATE ticket SET status = 'new', title = NULL WHERE id = 9$$), 'ok', 'check: out of its scope');
SELECT is(attempt($$UPDATE ticket SET status = 'closed', actor = 'bob' WHERE id = 9$$), 'IT005 nobody: check "actor = ''alice''" is not satisfied', 'check: the actor');
SELECT is(attempt($$UPDATE ticket SET status = 'closed', actor = 'alice' WHERE id = 9$$), 'ok', 'check: the right actor');

-- role
CREATE ROLE pgtap_boss;
CREATE ROLE pgtap_clerk;
CREATE ROLE pgtap_manager IN ROLE pgtap_boss;
GRANT ALL ON ticket TO pgtap_clerk, pgtap_manager;
SELECT define('[{"name": "boss", "to": "closed", "role": ["pgtap_boss", "pgtap_nobody"]}]');
SELECT is(attempt($$UPDATE ticket SET status = 'closed' WHERE id = 9$$), 'IT006 boss: the actor needs the role "pgtap_boss" or "pgtap_nobody"', 'role: a superuser has no role by that');
SET LOCAL ROLE pgtap_clerk;
SELECT is(attempt($$UPDATE ticket SET status = 'closed' WHERE id = 9$$), 'IT006 boss: the actor needs the role "pgtap_boss" or "pgtap_nobody"', 'role: not a member');
SELECT is(attempt($$UPDATE ticket SET status = 'new' WHERE id = 9$$), 'ok', 'role: out of scope');
SET LOCAL ROLE pgtap_manager;
SELECT is(attempt($$UPDATE ticket SET status = 'closed' WHERE id = 9$$), 'ok', 'role: a member');
RESET ROLE;

-- separate
SELECT define($$[{"name": "other", "to": "closed", "separate": ["requester", {"from": "new", "to": "work"}]}]$$);
INSERT INTO ticket (id, status, requester, actor) VALUES (7, 'new', 'rita', 'ned');
UPDATE ticket SET status = 'work', actor = 'walt' WHERE id = 7;
SELECT is(attempt($$UPDATE ticket SET status = 'closed', actor = NULL WHERE id = 7$$), 'IT007 other: who acts is unknown; itsm.act_as says it', 'separate: unknown actor');
SELECT is(attempt($$UPDATE ticket SET status = 'closed', actor = 'rita' WHERE id = 7$$), 'IT007 other: the actor must not be the requester', 'separate: attribute');
SELECT is(attempt($$UPDATE ticket SET status = 'closed', actor = 'rita', requester = 'x' WHERE id = 7$$), 'IT007 other: the actor must not be the requester', 'separate: attribute replaced in the same write');
SELECT is(attempt($$UPDATE ticket SET status = 'closed', actor = 'walt' WHERE id = 7$$), 'IT007 other: the actor must not be who moved it to work', 'separate: transition');
SELECT is(attempt($$UPDATE ticket SET status = 'closed', actor = 'ned' WHERE id = 7$$), 'ok', 'separate: somebody else');

-- reason
SELECT define('[{"name": "why", "to": "closed", "reason": true}]');
SELECT is(attempt($$UPDATE ticket SET status = 'closed' WHERE id = 7$$), 'IT014 why: a reason is required; SET LOCAL itsm.reason gives it', 'reason: none');
SET LOCAL itsm.reason = '  ';
SELECT is(attempt($$UPDATE ticket SET status = 'closed' WHERE id = 7$$), 'IT014 why: a reason is required; SET LOCAL itsm.reason gives it', 'reason: blank');
SET LOCAL itsm.reason = 'because';
SELECT is(attempt($$UPDATE ticket SET status = 'closed' WHERE id = 7$$), 'ok', 'reason: given');
RESET itsm.reason;

-- frozen
SELECT define($$[
	{"name": "by_from", "from": "closed", "frozen": ["n", "title"]},
	{"name": "by_in", "in": ["resolved"], "frozen": "*"}]$$);
SELECT is(attempt($$UPDATE ticket SET n = 9.00 WHERE id = 3$$), 'ok', 'frozen: the same number written otherwise');
SELECT is(attempt($$UPDATE ticket SET n = 8, title = 'x', note = 'free' WHERE id = 3$$), 'IT009 by_from: n may not change while closed; by_from: title may not change while closed', 'frozen: every attribute is named');
SELECT is(attempt($$UPDATE ticket SET n = 8, status = 'new' WHERE id = 3$$), 'IT009 by_from: n may not change while closed', 'frozen: leaving at once does not help');
SELECT is(attempt($$UPDATE ticket SET status = 'new' WHERE id = 3$$), 'ok', 'frozen: leaving does');
SELECT is(attempt($$UPDATE ticket SET note = 'x' WHERE id = 2$$), 'IT009 by_in: note may not change while resolved', 'frozen: all');

-- within
SELECT define($$[{"name": "late", "from": "resolved", "to": "work", "within": "14 days"},
	{"name": "never", "from": "new", "to": "closed", "within": "1 hour", "since": "closed"},
	{"name": "at_once", "from": "resolved", "to": "new", "within": "0 seconds"}]$$);
UPDATE ticket SET status = 'resolved' WHERE id = 7;
SELECT is(attempt($$UPDATE ticket SET status = 'work' WHERE id = 7$$), 'ok', 'within: in time');
SELECT is(attempt($$UPDATE ticket SET status = 'new' WHERE id = 7$$), 'IT005 at_once: it is only possible within 0 seconds of "resolved"', 'within: too late');
SELECT is(attempt($$INSERT INTO ticket (id, status) VALUES (6, 'new'); UPDATE ticket SET status = 'closed' WHERE id = 6$$),
	'IT005 never: it is only possible within 1 hour of "closed", which was never reached', 'within: no milestone');

-- several rules at once: the lowest code, all of them in DETAIL
SELECT define($$[{"name": "a", "to": "closed", "reason": true}, {"name": "b", "to": "closed", "requires": "title", "check": "new.n > 100"}]$$);
SELECT is(attempt($$UPDATE ticket SET status = 'closed', title = NULL WHERE id = 7$$),
	'IT004 a: a reason is required; SET LOCAL itsm.reason gives it; b: title is required to enter closed; b: check "new.n > 100" is not satisfied',
	'all that is missing at once');
-- modes
SELECT define($$[{"name": "a", "to": "closed", "reason": true, "mode": "off"}, {"name": "b", "to": "closed", "check": "false", "mode": "observe"}]$$);
SELECT is(attempt($$UPDATE ticket SET status = 'closed' WHERE id = 7$$), 'ok', 'off and observe refuse nothing');

SELECT * FROM finish();
ROLLBACK;
