-- Delegates: who votes in whose place, when, and for whom nobody may.
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
\pset null '~'
\set VERBOSITY terse

CREATE ROLE regress_itsm_desk;
CREATE SCHEMA delegates;
GRANT USAGE ON SCHEMA delegates TO PUBLIC;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_desk;
SELECT itsm.define_lifecycle('{"name": "delegates", "attributes": {"requester": "text", "implementer": "text", "plan": "text"},
	"states": [{"name": "authorize", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "authorize", "to": "scheduled"}, {"from": "scheduled", "to": "done"}],
	"rules": [{"name": "all_of_cab", "to": "scheduled", "approvals": {"role": "delegates_cab", "quorum": "100%"}, "covers": "plan"}]}');
CREATE TABLE delegates.change (id integer PRIMARY KEY, status text, caller text, doer text, plan text);
GRANT ALL ON delegates.change TO PUBLIC;
SELECT itsm.attach('delegates.change', 'delegates', 'status',
	attributes => '{"requester": "caller", "implementer": "doer", "plan": "plan"}', mode => 'enforce') > 0;
INSERT INTO delegates.change SELECT i, 'authorize', 'rita', 'ian', 'plan ' || i FROM generate_series(1, 20) i;
CREATE FUNCTION delegates.try(person text, command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.act_as(person);
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
CREATE FUNCTION delegates.vote(person text, key int, decision text DEFAULT 'approve', on_behalf_of text DEFAULT NULL) RETURNS text LANGUAGE sql
AS $$ SELECT delegates.try(person, format('SELECT itsm.%I(''delegates.change'', %L, ''as %s'', on_behalf_of => %L)', decision, key, person, on_behalf_of)) $$;
CREATE FUNCTION delegates.move(key int) RETURNS text LANGUAGE sql
AS $$ SELECT delegates.try('eve', format('UPDATE delegates.change SET status = ''scheduled'' WHERE id = %s', key)) $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA delegates TO PUBLIC;

SELECT itsm.add_approver('delegates_cab', p) FROM unnest(ARRAY['ann', 'bob', 'cid']) p;
SELECT itsm.add_delegation('ann', 'dora'), itsm.add_delegation('Bob', 'dora', 'delegates_cab'), itsm.add_delegation('cid', 'emil', 'board'),
	itsm.add_delegation('cid', 'fred', valid_from => '2020-01-01', valid_until => '2021-01-01'), itsm.add_delegation('cid', 'gina', valid_from => '2999-01-01'),
	itsm.add_delegation('ann', 'cid'), itsm.add_delegation('rita', 'henk'), itsm.add_delegation('ann', 'henk'), itsm.add_delegation('nobody', 'ivo'),
	itsm.add_delegation('ann', 'ian');
-- what cannot be
SELECT delegates.try('dba', c) FROM unnest(ARRAY[$$SELECT itsm.add_delegation('ann', ' ANN ')$$, $$SELECT itsm.add_delegation('ann', NULL)$$, $$SELECT itsm.add_delegation(NULL, 'ann')$$,
	$$SELECT itsm.add_delegation('ann', 'x', ' ')$$, $$SELECT itsm.add_delegation('ann', 'x', NULL, '2026-01-01', '2026-01-01')$$, $$SELECT itsm.add_delegation('ann', 'x', NULL, NULL)$$,
	$$SELECT itsm.add_delegation('ann', 'x', valid_from => 'infinity', valid_until => 'infinity')$$,
	$$SELECT itsm.remove_delegation('ann', 'x')$$, $$SELECT itsm.remove_delegation('Bob', 'dora')$$]) WITH ORDINALITY u(c, n) ORDER BY n;
SET ROLE regress_itsm_desk;
SELECT itsm.add_delegation('ann', 'x');
SELECT itsm.remove_delegation('ann', 'dora');

-- for one of several; the vote is the person's, whoever gives it
SELECT delegates.vote('dora', 1);
SELECT delegates.vote('dora', 1, on_behalf_of => ' ANN'), delegates.vote('dora', 1, on_behalf_of => 'ann'), delegates.vote('ann', 1), delegates.vote('ann', 1, 'reject');
SELECT delegates.vote('bob', 1), delegates.vote('dora', 1, on_behalf_of => 'bob'), delegates.vote('dora', 1, on_behalf_of => 'cid');
SELECT delegates.move(1);
-- a member has a vote of their own first, and another's when they say so
SELECT delegates.vote('cid', 1), delegates.move(1);
SELECT delegates.vote('cid', 2), delegates.vote('cid', 2), delegates.vote('cid', 2, on_behalf_of => 'ann'), delegates.vote('bob', 2), delegates.move(2);
-- for another role, not any more, not yet, for one who is in no role
SELECT p, delegates.vote(p, 3) FROM unnest(ARRAY['emil', 'fred', 'gina', 'ivo', 'eve']) WITH ORDINALITY u(p, n) ORDER BY n;
-- the requester's delegate has no vote, not even another's; the implementer none that is another's
SELECT p, delegates.vote(p, 3) FROM unnest(ARRAY['henk', 'ian']) WITH ORDINALITY u(p, n) ORDER BY n;
UPDATE delegates.change SET caller = 'cid' WHERE id = 3;
SELECT delegates.vote('cid', 3), delegates.vote('cid', 3, on_behalf_of => 'ann');
-- the vote of an implementer is not to be had through a delegate
UPDATE delegates.change SET doer = 'ann' WHERE id = 3;
SELECT delegates.vote('dora', 3, on_behalf_of => 'ann'), delegates.vote('dora', 3, on_behalf_of => 'bob');
RESET ROLE;
-- of three two may not vote, and dora stands in for one of them: all that are left is one
SELECT delegates.vote('bob', 3), delegates.move(3);

-- all, counted as they are now; one who left after voting still counts
SELECT delegates.vote('ann', 4), delegates.vote('bob', 4), delegates.move(4);
SELECT itsm.remove_approver('delegates_cab', 'cid'), delegates.move(4);
SELECT delegates.vote('ann', 5), itsm.remove_approver('delegates_cab', 'ann'), delegates.move(5), delegates.vote('bob', 5), delegates.move(5);
SELECT itsm.add_approver('delegates_cab', 'zoe'), delegates.vote('bob', 6), delegates.move(6), delegates.vote('zoe', 6), delegates.move(6);
-- nobody left: all of nobody is not enough
SELECT itsm.remove_approver('delegates_cab', 'bob'), itsm.remove_approver('delegates_cab', 'zoe');
SELECT delegates.move(7), delegates.vote('bob', 7) ~ '^IT006 the voter was in role', delegates.vote('eve', 7);
SELECT itsm.remove_delegation('ann', 'dora'), itsm.add_approver('delegates_cab', 'ann');
SELECT delegates.vote('dora', 7) ~ '^IT006 the voter stood in for somebody in role "delegates_cab" until 2', delegates.vote('henk', 7), delegates.vote('cid', 7), delegates.move(7);

SELECT key, person, on_behalf_of, decision, comment FROM itsm_report.approval WHERE source = 'delegates.change' ORDER BY record, version;
SELECT actor, reason, (changes #> '{vote,to}') ->> 'on_behalf_of' AS on_behalf_of FROM itsm.history('delegates.change', '1') WHERE kind = 'approved';
SELECT subject, kind, detail::jsonb - 'valid_from' AS detail FROM itsm_report.policy_event WHERE subject LIKE 'delegation %' ORDER BY record, version;
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok;

SELECT count(itsm.remove_delegation(person, delegate, role)) FROM (SELECT person, delegate, role FROM itsm.delegation WHERE valid_until IS NULL ORDER BY 1, 2) d;
SELECT itsm.detach('delegates.change');
DROP SCHEMA delegates CASCADE;
DROP OWNED BY regress_itsm_desk;
DROP ROLE regress_itsm_desk;
