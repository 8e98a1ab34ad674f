-- Votes and moves in one transaction, judged at once or at its end; partitions, keys of two columns, tenants.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA timing;
SELECT itsm.define_lifecycle('{"name": "timing", "attributes": {"requester": "text", "plan": "text", "actor": "text"},
	"states": [{"name": "assess", "category": "new", "initial": true}, {"name": "authorize", "category": "active"}, {"name": "scheduled", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "assess", "to": "authorize"}, {"from": "authorize", "to": ["scheduled", "assess"]}, {"from": "scheduled", "to": ["done", "assess"]}],
	"rules": [{"name": "cab", "to": "scheduled", "approvals": {"role": "timing_cab", "quorum": 2}, "in": "authorize"}]}');
SELECT itsm.add_approver('timing_cab', p) FROM unnest(ARRAY['ann', 'bob', 'cid']) p;
CREATE TABLE timing.change (site text, nr int, status text, caller text, plan text, writer text, PRIMARY KEY (site, nr)) PARTITION BY LIST (site);
CREATE TABLE timing.north PARTITION OF timing.change FOR VALUES IN ('n');
CREATE TABLE timing.south PARTITION OF timing.change FOR VALUES IN ('s');
SELECT itsm.attach('timing.change', 'timing', 'status', attributes => '{"requester": "caller", "plan": "plan", "actor": "writer"}',
	tenant => 'site', mode => 'enforce', timing => 'deferred') AS attachment \gset
CREATE FUNCTION timing.vote(person text, relation regclass, key text, decision text DEFAULT 'approve') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.act_as(person);
	EXECUTE format('SELECT itsm.%I($1, $2)', decision) USING relation, key;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;

-- everything at once: the votes given before the end count, whatever came first
BEGIN;
INSERT INTO timing.change VALUES ('n', 1, 'assess', 'req', 'a', 'w'), ('s', 1, 'assess', 'req', 'a', 'w');
SELECT timing.vote('ann', 'timing.change', '(n,1)');
UPDATE timing.change SET status = 'authorize';
SELECT timing.vote('ann', 'timing.change', '(n,1)'), timing.vote('ann', 'timing.south', '(s,1)');
UPDATE timing.change SET status = 'scheduled', writer = 'x';
SELECT timing.vote('bob', 'timing.north', '(n,1)'), timing.vote('bob', 'timing.change', '(s,1)'), timing.vote('bob', 'timing.change', '(s,1)', 'reject');
COMMIT;
SELECT site, status FROM timing.change ORDER BY 1;
-- in another transaction it is too late
SELECT timing.vote('cid', 'timing.change', '(n,1)');
-- one vote is not enough, and the other row goes with it
BEGIN;
INSERT INTO timing.change VALUES ('n', 2, 'authorize', 'req', 'a', 'w'), ('s', 2, 'assess', 'req', 'a', 'w');
COMMIT;
BEGIN;
INSERT INTO timing.change VALUES ('n', 2, 'assess', 'req', 'a', 'w'), ('s', 2, 'assess', 'req', 'a', 'w');
UPDATE timing.change SET status = 'authorize' WHERE nr = 2;
UPDATE timing.change SET status = 'scheduled' WHERE nr = 2;
SELECT timing.vote('ann', 'timing.change', '(n,2)'), timing.vote('ann', 'timing.change', '(s,2)'), timing.vote('bob', 'timing.change', '(s,2)');
COMMIT;
-- the row counts as it stands at the end
INSERT INTO timing.change SELECT s, n, 'assess', 'req', 'a', 'w' FROM unnest(ARRAY['n', 's']) s, generate_series(3, 6) n;
UPDATE timing.change SET status = 'authorize' WHERE nr > 2;
BEGIN;
SELECT timing.vote('ann', 'timing.change', '(n,3)'), timing.vote('bob', 'timing.change', '(n,3)');
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('n', 3);
UPDATE timing.change SET plan = 'b' WHERE (site, nr) = ('n', 3);
SAVEPOINT s;
SELECT timing.vote('cid', 'timing.change', '(n,3)');
ROLLBACK TO s;
COMMIT;
BEGIN;
SELECT timing.vote('ann', 'timing.change', '(n,3)'), timing.vote('bob', 'timing.change', '(n,3)');
UPDATE timing.change SET status = 'scheduled', plan = 'b' WHERE (site, nr) = ('n', 3);
UPDATE timing.change SET plan = 'a' WHERE (site, nr) = ('n', 3);
COMMIT;
-- sent back within the transaction: a new round for the second move only
BEGIN;
SELECT timing.vote('ann', 'timing.change', '(n,4)'), timing.vote('bob', 'timing.change', '(n,4)');
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('n', 4);
UPDATE timing.change SET status = 'assess' WHERE (site, nr) = ('n', 4);
UPDATE timing.change SET status = 'authorize' WHERE (site, nr) = ('n', 4);
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('n', 4);
COMMIT;
-- a vote that is rolled back was none
BEGIN;
SAVEPOINT s;
SELECT timing.vote('ann', 'timing.change', '(s,4)');
ROLLBACK TO s;
SELECT timing.vote('ann', 'timing.change', '(s,4)'), timing.vote('bob', 'timing.change', '(s,4)');
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('s', 4);
COMMIT;
-- the key changes, the record and its votes stay
SELECT timing.vote('ann', 'timing.change', '(s,5)');
UPDATE timing.change SET nr = 55 WHERE (site, nr) = ('s', 5);
SELECT timing.vote('ann', 'timing.change', '(s,55)'), timing.vote('bob', 'timing.change', '(s,55)'), timing.vote('bob', 'timing.change', '(s,5)');
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('s', 55);
-- a row that is deleted and begins anew has no votes from before
SELECT itsm.set_mode(:attachment, 'observe', 'delete');
SELECT timing.vote('ann', 'timing.change', '(s,6)'), timing.vote('bob', 'timing.change', '(s,6)');
DELETE FROM timing.change WHERE (site, nr) = ('s', 6);
SELECT timing.vote('cid', 'timing.change', '(s,6)');
INSERT INTO timing.change VALUES ('s', 6, 'assess', 'req', 'a', 'w');
UPDATE timing.change SET status = 'authorize' WHERE (site, nr) = ('s', 6);
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('s', 6);
-- attached anew: the votes stay good
SELECT timing.vote('ann', 'timing.change', '(n,5)');
SELECT itsm.detach('timing.change');
SELECT timing.vote('bob', 'timing.change', '(n,5)');
SELECT itsm.attach('timing.change', 'timing', 'status', attributes => '{"requester": "caller", "plan": "plan"}', tenant => 'site', mode => 'enforce') AS attachment \gset
SELECT timing.vote('bob', 'timing.change', '(n,5)');
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('n', 5);
-- an exception
SELECT itsm.override('timing.change', '(n,6)', 'cab', 'the building burns');
BEGIN;
SELECT itsm.override('timing.change', '(n,6)', 'cab', 'the building burns');
UPDATE timing.change SET status = 'scheduled' WHERE (site, nr) = ('n', 6);
COMMIT;
-- without history there are no votes
SET itsm.history = off;
SELECT timing.vote('ann', 'timing.change', '(n,6)');
RESET itsm.history;
-- observing, and off: votes are given all the same
SELECT itsm.set_mode(:attachment, 'off');
INSERT INTO timing.change VALUES ('n', 7, 'assess', 'req', 'a', 'w');
UPDATE timing.change SET status = 'authorize' WHERE nr = 7;
SELECT timing.vote('ann', 'timing.change', '(n,7)');
SELECT site, nr, status FROM timing.change ORDER BY 1, 2;
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok;
SELECT itsm.detach('timing.change');
DROP SCHEMA timing CASCADE;
