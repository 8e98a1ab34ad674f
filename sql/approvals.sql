-- Approvals: who may vote, when, on what, and what a move finds of the votes.
SET search_path = pg_catalog;
SET client_min_messages = notice;
SET timezone = 'UTC';
\pset null '~'

CREATE ROLE regress_itsm_owner;
CREATE ROLE regress_itsm_desk;
CREATE ROLE regress_itsm_ann;
CREATE ROLE regress_itsm_bob;
CREATE ROLE regress_itsm_cid;
CREATE ROLE regress_itsm_security;
CREATE ROLE regress_itsm_security_emea;
GRANT regress_itsm_security TO regress_itsm_security_emea, regress_itsm_ann;
GRANT regress_itsm_security_emea TO regress_itsm_bob;
CREATE SCHEMA approvals AUTHORIZATION regress_itsm_owner;
GRANT USAGE ON SCHEMA approvals TO PUBLIC;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_desk;

SELECT itsm.define_lifecycle('{"name": "approvals", "attributes": {"title": "text", "requester": "text", "implementer": "text",
		"plan": "text", "planned_start": "timestamptz", "note": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "authorize", "category": "active"},
		{"name": "scheduled", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "authorize"}, {"from": "authorize", "to": ["scheduled", "new"]},
		{"from": "scheduled", "to": ["authorize", "done"]}],
	"rules": [{"name": "cab_approval", "to": "scheduled", "approvals": {"role": "approvals_cab", "quorum": 2}, "covers": ["plan", "planned_start"], "clause": "8.5.1"}]}');
SELECT severity, problem FROM itsm.lint_lifecycle('approvals') ORDER BY 1, 2;
SELECT itsm.add_approver('approvals_cab', p) FROM unnest(ARRAY['ann', 'bob', 'cid', 'dan', 'req']) p;
SELECT severity, problem FROM itsm.lint_lifecycle('approvals') ORDER BY 1, 2;

SET ROLE regress_itsm_owner;
CREATE TABLE approvals.change (id integer PRIMARY KEY, status text, title text, caller text, doer text, plan text, start timestamptz, note text);
GRANT ALL ON approvals.change TO PUBLIC;
SELECT itsm.attach('approvals.change', 'approvals', 'status',
	attributes => '{"title": "title", "requester": "caller", "implementer": "doer", "plan": "plan", "planned_start": "start", "note": "note"}', mode => 'enforce') AS attachment \gset
INSERT INTO approvals.change SELECT i, 'new', 'change ' || i, 'req', 'imp', 'plan ' || i, '2026-03-01 10:00' FROM generate_series(1, 30) i;
UPDATE approvals.change SET status = 'authorize' WHERE id > 1;
RESET ROLE;

-- what comes of a vote, or of a move: the code and the message, told in one line
CREATE FUNCTION approvals.try(person text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	d text;
	h text;
BEGIN
	PERFORM itsm.act_as(person);
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', sqlstate, sqlerrm, '|', h);
END $$;
CREATE FUNCTION approvals.vote(person text, key int, decision text DEFAULT 'approve', role text DEFAULT NULL) RETURNS text LANGUAGE sql
AS $$ SELECT approvals.try(person, format('SELECT itsm.%I(''approvals.change'', %L, role => %L)', decision, key, role)) $$;
CREATE FUNCTION approvals.move(key int, state text, person text DEFAULT 'eve') RETURNS text LANGUAGE sql
AS $$ SELECT approvals.try(person, format('UPDATE approvals.change SET status = %L WHERE id = %s', state, key)) $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA approvals TO PUBLIC;
SET ROLE regress_itsm_desk;

-- two approvals, of different people
SELECT approvals.vote('ann', 1);
SELECT approvals.move(2, 'scheduled');
SELECT approvals.vote('ann', 2);
SELECT approvals.vote('ann', 2);
SELECT approvals.vote(' ANN ', 2, 'reject');
SELECT approvals.move(2, 'scheduled');
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('approvals.change', '2') ORDER BY 1;
SELECT approvals.vote('bob', 2);
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('approvals.change', '2') ORDER BY 1;
SELECT approvals.move(2, 'scheduled');
SELECT approvals.vote('cid', 2);
SELECT kind, actor, from_state, to_state, changes - 'vote' AS changes,
	(changes #> '{vote,to}') - 'salt' - 'content' AS vote FROM itsm.history('approvals.change', '2');
-- the errors tell it all
DO $$
DECLARE
	s text;
	t text;
	c text;
	d text;
	call text;
BEGIN
	PERFORM itsm.act_as('eve');
	FOREACH call IN ARRAY ARRAY[$q$SELECT itsm.approve('approvals.change', '3')$q$, $q$UPDATE approvals.change SET status = 'scheduled' WHERE id = 3$q$]
	LOOP
		BEGIN
			EXECUTE call;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS s = SCHEMA_NAME, t = TABLE_NAME, c = CONSTRAINT_NAME, d = PG_EXCEPTION_DETAIL;
			RAISE NOTICE '% %', sqlstate, concat_ws(' | ', sqlerrm, s, t, c, d);
		END;
	END LOOP;
END $$;

-- own votes, under whatever spelling
SELECT p, approvals.vote(p, 3) FROM unnest(ARRAY['req', ' Req', 'REQ', '"req"', E'ｒｅｑ', 'imp']) WITH ORDINALITY u(p, n) ORDER BY n;
UPDATE approvals.change SET doer = E'\tBob ' WHERE id = 3;
SELECT approvals.vote('bob', 3);
-- the voter is made the implementer afterwards
SELECT approvals.vote('ann', 3), approvals.vote('cid', 3);
UPDATE approvals.change SET doer = 'Cid' WHERE id = 3;
SELECT approvals.move(3, 'scheduled');
SELECT approvals.vote('bob', 3), approvals.move(3, 'scheduled');
-- exchanged in the statement that moves
SELECT approvals.try('eve', $$UPDATE approvals.change SET status = 'scheduled', doer = 'imp' WHERE id = 3$$) ~ '^done';
SELECT approvals.vote('ann', 4), approvals.vote('bob', 4);
SELECT approvals.try('eve', $$UPDATE approvals.change SET status = 'scheduled', doer = 'bob' WHERE id = 4$$);

-- what they approved changes
SELECT approvals.vote('ann', 5), approvals.vote('bob', 5);
UPDATE approvals.change SET plan = 'another' WHERE id = 5;
SELECT approvals.move(5, 'scheduled');
UPDATE approvals.change SET plan = 'plan 5' WHERE id = 5;
SELECT approvals.try('eve', $$UPDATE approvals.change SET status = 'scheduled', start = start + '1 s' WHERE id = 5$$);
SELECT approvals.try('eve', $$UPDATE approvals.change SET status = 'scheduled', start = NULL WHERE id = 5$$);
-- the same time in another zone, and what is not covered
SELECT approvals.try('eve', $$UPDATE approvals.change SET status = 'scheduled', start = '2026-03-01 12:00+02', note = 'now', title = 'x' WHERE id = 5$$);
-- a void vote may be given anew
SELECT approvals.vote('ann', 6), approvals.vote('bob', 6);
UPDATE approvals.change SET plan = 'better' WHERE id = 6;
SELECT approvals.vote('ann', 6), approvals.move(6, 'scheduled');
SELECT approvals.vote('ann', 6), approvals.vote('cid', 6), approvals.move(6, 'scheduled');

-- sent back, and back again
SELECT approvals.vote('ann', 7), approvals.vote('bob', 7);
SELECT approvals.move(7, 'new'), approvals.move(7, 'authorize'), approvals.move(7, 'scheduled');
SELECT approvals.vote('ann', 7), approvals.vote('bob', 7), approvals.move(7, 'scheduled');
SELECT approvals.move(7, 'authorize'), approvals.move(7, 'scheduled');

-- a rejection blocks
SELECT approvals.vote('ann', 8), approvals.vote('bob', 8), approvals.vote('cid', 8, 'reject'), approvals.move(8, 'scheduled');
UPDATE approvals.change SET plan = 'without risk' WHERE id = 8;
SELECT approvals.vote('ann', 8), approvals.vote('bob', 8), approvals.move(8, 'scheduled');

-- who is not in the role, or not any more; bad arguments
SELECT approvals.vote('eve', 9), approvals.vote('eve', 9, role => 'security');
SELECT approvals.try('ann', c) FROM unnest(ARRAY[$$SELECT itsm.approve('approvals.change', '99')$$, $$SELECT itsm.approve('approvals.change', NULL)$$,
	$$SELECT itsm.approve(NULL, '9')$$, $$SELECT itsm.approve('approvals.change', 'nine')$$, $$SELECT itsm.approve('pg_catalog.pg_class', '9')$$]) WITH ORDINALITY u(c, n) ORDER BY n;
SELECT itsm.add_approver('approvals_cab', 'eve');
RESET ROLE;
SELECT itsm.add_approver('approvals_cab', 'old', '2020-01-01', '2021-01-01'), itsm.add_approver('approvals_cab', 'older', '2019-01-01', '2020-01-01'),
	itsm.add_approver('approvals_cab', 'young', '2999-01-01');
SELECT itsm.remove_approver('approvals_cab', 'DAN');
SELECT itsm.remove_approver('approvals_cab', 'dan');
SELECT itsm.add_approver('approvals_cab', 'x', '2026-01-02', '2026-01-01');
SELECT itsm.add_approver('approvals_cab', ' ');
SELECT itsm.add_approver(NULL, 'x');
SELECT itsm.add_approver('approvals_cab', 'x', NULL);
SET ROLE regress_itsm_desk;
SELECT approvals.vote('old', 9), approvals.vote('young', 9);
SELECT approvals.vote('dan', 9) ~ '^IT006 the voter was in role "approvals_cab" until \d{4}-';
RESET ROLE;

-- the first response decides; a share; several roles; database roles
SELECT itsm.define_lifecycle('{"name": "approvals", "attributes": {"title": "text", "requester": "text", "implementer": "text",
		"plan": "text", "planned_start": "timestamptz", "note": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "authorize", "category": "active"},
		{"name": "scheduled", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "authorize"}, {"from": "authorize", "to": ["scheduled", "new"]},
		{"from": "scheduled", "to": ["authorize", "done"]}],
	"rules": [{"name": "cab_approval", "to": "scheduled", "approvals": {"role": "approvals_cab", "quorum": "50%"}, "covers": ["plan", "planned_start"]},
		{"name": "security", "to": "scheduled", "approvals": [{"role": "regress_itsm_security"}, {"role": "approvals_manager", "quorum": 0}]}]}');
SELECT itsm.add_approver('approvals_manager', p) FROM unnest(ARRAY['ann', 'max']) p;
SET ROLE regress_itsm_desk;
SELECT approvals.move(10, 'scheduled');
SELECT to_state, jsonb_path_query_array(unmet, '$[*].message') FROM itsm.allowed_transitions('approvals.change', '10') ORDER BY 1;
-- three may vote still: of the five that were, one left, one is the requester
SELECT approvals.vote('ann', 10);
SELECT approvals.vote('ann', 10, role => 'approvals_cab'), approvals.vote('ann', 10, role => 'approvals_manager'), approvals.vote('ann', 10, role => 'cto');
SELECT approvals.vote('max', 10, 'reject'), approvals.vote('bob', 10), approvals.vote('max', 10);
RESET ROLE;
SET ROLE regress_itsm_bob;
SELECT itsm.approve('approvals.change', '10', 'looks sound');
SET ROLE regress_itsm_security_emea;
SELECT itsm.approve('approvals.change', '11');
SET ROLE regress_itsm_security;
SELECT itsm.approve('approvals.change', '11');
SET ROLE regress_itsm_cid;
SELECT itsm.approve('approvals.change', '11');
RESET ROLE;
SELECT itsm.approve('approvals.change', '11');
SET ROLE regress_itsm_desk;
SELECT approvals.move(10, 'scheduled');
SELECT approvals.vote('max', 11, 'reject'), approvals.vote('ann', 11, role => 'approvals_manager');
SELECT approvals.vote('regress_itsm_bob', 11, 'reject'), approvals.vote('Regress_ITSM_Ann', 11), approvals.vote('bob', 11), approvals.vote('cid', 11);
SELECT to_state, jsonb_path_query_array(unmet, '$[*].message') FROM itsm.allowed_transitions('approvals.change', '11') ORDER BY 1;
-- a database role that has expired
RESET ROLE;
ALTER ROLE regress_itsm_bob VALID UNTIL '2020-01-01';
SET ROLE regress_itsm_bob;
SELECT itsm.approve('approvals.change', '12');
RESET ROLE;

-- off, observed, and switched on again
SET ROLE regress_itsm_owner;
SELECT itsm.set_mode(:attachment, 'off', 'security'), itsm.set_mode(:attachment, 'observe', 'cab_approval');
RESET ROLE;
SET ROLE regress_itsm_desk;
SELECT approvals.vote('max', 13), approvals.vote('ann', 13), approvals.move(13, 'scheduled');
RESET ROLE;
SELECT code, rule, message FROM itsm_report.violation WHERE source = 'approvals.change';

-- those who may not see the row may not vote on it
SET ROLE regress_itsm_owner;
ALTER TABLE approvals.change ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON approvals.change FOR SELECT USING (id < 20);
SET ROLE regress_itsm_desk;
SELECT approvals.vote('bob', 20), approvals.vote('bob', 19);
RESET ROLE;
SET ROLE regress_itsm_owner;
ALTER TABLE approvals.change DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON approvals.change FROM PUBLIC;
SET ROLE regress_itsm_desk;
SELECT approvals.vote('bob', 19);
RESET ROLE;

-- what is kept
SELECT key, approval_role, person, on_behalf_of, decision, comment, covered, database_role FROM itsm_report.approval WHERE source = 'approvals.change' ORDER BY record, version LIMIT 12;
SELECT count(*), count(*) FILTER (WHERE length(content) = 32 * cardinality(covered) AND length(salt) = 16), count(DISTINCT salt) FROM itsm.approval WHERE attachment = :attachment;
SELECT count(*) FROM itsm.approval a JOIN itsm.event e USING (tenant, record, version)
	WHERE a.attachment = :attachment AND e.kind = a.decision AND e.actor = a.person AND itsm.policy_detail(e.body)::jsonb ->> 'content' = encode(a.content, 'hex')
		AND itsm.policy_detail(e.body)::jsonb ->> 'role' = a.role;
SELECT subject, kind, detail::jsonb - 'valid_from' AS detail FROM itsm_report.policy_event WHERE subject = 'role approvals_manager' ORDER BY record, version;
SET ROLE regress_itsm_owner;
DELETE FROM itsm.approval;
RESET ROLE;
SET client_min_messages = error;
SELECT scope, object, ok, regexp_replace(detail, '^\d+', 'N') AS detail FROM itsm.verify() WHERE scope = 'approval';
-- what a superuser makes of it is found
BEGIN;
SET LOCAL itsm.maintenance = on;
UPDATE itsm.approval SET decision = 'approved' WHERE decision = 'rejected' AND record = itsm.record_id('approvals.change', '8');
UPDATE itsm.approval SET person = 'eve' WHERE person = 'bob' AND record = itsm.record_id('approvals.change', '4');
DELETE FROM itsm.approval WHERE person = 'ann' AND record = itsm.record_id('approvals.change', '4');
INSERT INTO itsm.approval SELECT record, 1, at, attachment, tenant, role, 'eve', NULL, decision, comment, covered, salt, content, database_role, session_role
	FROM itsm.approval WHERE record = itsm.record_id('approvals.change', '4') LIMIT 1;
SELECT scope, o AS object, ok, detail FROM itsm.verify(), regexp_replace(object, '^record \d+', 'record N') o WHERE scope = 'approval' AND NOT ok ORDER BY o COLLATE "C";
ROLLBACK;
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok;
-- what is asked for wrongly
CREATE FUNCTION approvals.define(rule text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.define_lifecycle(format('{"name": "approvals_bad", "attributes": {"title": "text"}, "states": [{"name": "new", "category": "new", "initial": true},
		{"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}], "rules": [%s]}',
		'{"name": "r", "to": "done", ' || rule || '}')::jsonb);
	RETURN 'defined';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT approvals.define(r) FROM unnest(ARRAY[
	'"approvals": {"role": "approvals_cab", "quorum": "200%"}', '"approvals": {"role": "approvals_cab", "quorum": -1}', '"approvals": {"role": "approvals_cab", "quorum": 1.5}',
	'"approvals": {"role": "approvals_cab", "quorum": "two"}', '"approvals": {"role": "approvals_cab", "quorum": "2"}', '"approvals": {"role": "approvals_cab", "quorum": true}',
	'"approvals": {"role": "approvals_cab", "quorum": "-5%"}', '"approvals": {"role": "approvals_cab", "quorum": 1e30}',
	'"approvals": {"role": "", "quorum": 1}', '"approvals": {"role": 7}', '"approvals": {"quorum": 1}', '"approvals": []', '"approvals": "cab"',
	'"approvals": [{"role": "approvals_cab"}, {"role": "approvals_cab"}]', '"approvals": {"role": "approvals_cab", "people": 3}',
	'"approvals": {"role": "approvals_cab"}, "covers": "plan"', '"approvals": {"role": "approvals_cab"}, "not_by": ["ann"]', '"approvals": {"role": "approvals_cab"}, "in": "old"',
	'"approvals": {"role": "approvals_cab", "quorum": "100%"}, "covers": "*", "not_by": [], "in": "new"']) WITH ORDINALITY u(r, n) ORDER BY n;
SELECT itsm.define_lifecycle('{"name": "approvals_bad", "states": [{"name": "new", "category": "new", "initial": true}], "transitions": [], "rules": [{"name": "r", "approvals": {"role": "approvals_cab"}}]}');
-- a log has no votes
SELECT verdict, rule FROM itsm.conformance('approvals', $$VALUES ('1', timestamptz '2026-01-01', 'new'), ('1', '2026-01-02', 'authorize'), ('1', '2026-01-03', 'scheduled')$$);

SELECT itsm.detach('approvals.change');
DROP SCHEMA approvals CASCADE;
DROP OWNED BY regress_itsm_owner, regress_itsm_desk, regress_itsm_ann, regress_itsm_bob, regress_itsm_cid;
DROP ROLE regress_itsm_owner, regress_itsm_desk, regress_itsm_ann, regress_itsm_bob, regress_itsm_cid, regress_itsm_security, regress_itsm_security_emea;
