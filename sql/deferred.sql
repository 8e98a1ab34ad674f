-- timing => 'deferred': the event at once, the verdict at the end of the transaction.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_deferred;
CREATE SCHEMA deferred AUTHORIZATION regress_itsm_deferred;
SELECT itsm.define_lifecycle('{"name": "deferred",
	"attributes": {"title": "text", "resolution": "text", "requester": "text", "actor": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "solved", "category": "resolved"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "solved"}, {"from": "solved", "to": ["work", "done"]}],
	"delete": "final",
	"rules": [{"name": "solution", "to": "solved", "requires": ["resolution", "title"]},
		{"name": "sane", "check": "new.title is distinct from ''bad''"},
		{"name": "named", "to": "work", "check": "actor <> ''nobody''"},
		{"name": "reopen", "from": "solved", "to": "work", "within": "1 day", "since": "resolved"},
		{"name": "four_eyes", "to": "done", "separate": ["requester", {"to": "solved"}]},
		{"name": "kept", "in": "solved", "frozen": "title"},
		{"name": "why", "to": "done", "reason": true}]}');
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_deferred;
GRANT EXECUTE ON FUNCTION itsm.override(regclass, text, text, text) TO regress_itsm_deferred;

-- What is remembered of a table: a line a record.
CREATE FUNCTION deferred.seen(relation regclass, OUT key text, OUT state text, OUT events text)
RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, CASE WHEN r.deleted THEN 'deleted' WHEN r.attachment = 0 THEN 'not governed' ELSE s.state END,
		string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version)
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id
		JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
		JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id
	WHERE o.relation = $1
	GROUP BY r.tenant, r.id, r.key, s.state, r.deleted, r.attachment
	ORDER BY r.key COLLATE "C", r.id
$$;

SET ROLE regress_itsm_deferred;
CREATE TABLE deferred.ticket (id integer PRIMARY KEY, status text, title text, resolution text, requester text);
CREATE TABLE deferred.journal (ticket integer, who text);
CREATE FUNCTION deferred.who(ticket integer) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$ SELECT max(j.who) FROM deferred.journal j WHERE j.ticket = $1 $$;
SELECT itsm.attach('deferred.ticket', 'deferred', 'status', mode => 'enforce', timing => 'deferred',
	attributes => '{"title": "title", "resolution": "resolution", "requester": "requester", "actor": "deferred.who(id)"}') > 0;
INSERT INTO deferred.journal VALUES (1, 'ann'), (2, 'ann'), (3, 'ann');
INSERT INTO deferred.ticket SELECT i, 'new', 't', NULL, 'req' FROM generate_series(1, 9) i;
-- a statement of its own is a transaction of its own
UPDATE deferred.ticket SET status = 'solved' WHERE id = 1;
SELECT * FROM deferred.seen('deferred.ticket') WHERE key = '1';
-- what is filled in later counts
BEGIN;
UPDATE deferred.ticket SET status = 'work' WHERE id = 1;
UPDATE deferred.ticket SET status = 'solved' WHERE id = 1;
UPDATE deferred.ticket SET resolution = 'restarted' WHERE id = 1;
COMMIT;
-- what is taken away later counts
BEGIN;
UPDATE deferred.ticket SET status = 'work' WHERE id = 2;
UPDATE deferred.ticket SET status = 'solved', resolution = 'x' WHERE id = 2;
UPDATE deferred.ticket SET resolution = NULL WHERE id = 2;
COMMIT;
-- the journal that is written after the row tells who it was
BEGIN;
UPDATE deferred.ticket SET status = 'work' WHERE id = 4;
INSERT INTO deferred.journal VALUES (4, 'cy');
COMMIT;
BEGIN;
UPDATE deferred.ticket SET status = 'work' WHERE id = 5;
INSERT INTO deferred.journal VALUES (5, 'nobody');
COMMIT;
SELECT version, kind, actor, changes FROM itsm.history('deferred.ticket', '4') ORDER BY version;
-- and whom duties are segregated from
INSERT INTO deferred.ticket VALUES (40, 'new', 't', NULL, 'req');
UPDATE deferred.ticket SET status = 'work' WHERE id = 40;
BEGIN;
UPDATE deferred.ticket SET status = 'solved', resolution = 'x' WHERE id = 40;
INSERT INTO deferred.journal VALUES (40, 'fay');
COMMIT;
BEGIN;
SET LOCAL itsm.reason = 'r';
SELECT itsm.act_as('fay');
UPDATE deferred.ticket SET status = 'done' WHERE id = 40;
COMMIT;
DELETE FROM deferred.journal WHERE ticket = 40;
-- who claims to act, and why, is as of the write
BEGIN;
SELECT itsm.act_as('ann');
SET LOCAL itsm.reason = 'it works';
UPDATE deferred.ticket SET status = 'done' WHERE id = 1;
SELECT itsm.act_as('req');
SET LOCAL itsm.reason = '';
COMMIT;
BEGIN;
SELECT itsm.act_as('dan');
SET LOCAL itsm.reason = 'it works';
UPDATE deferred.ticket SET status = 'done' WHERE id = 1;
SELECT itsm.act_as('ann');
SET LOCAL itsm.reason = '';
SAVEPOINT s;
ROLLBACK TO s;
COMMIT;
SELECT version, kind, actor, reason FROM itsm.history('deferred.ticket', '1') ORDER BY version;
-- each write by its own pair of states: the way matters, not the end
BEGIN;
UPDATE deferred.ticket SET status = 'solved', resolution = 'x' WHERE id = 3;
UPDATE deferred.ticket SET status = 'new' WHERE id = 3;
COMMIT;
-- what is looked back at is as of the write: reopened, which clears when it was solved
BEGIN;
UPDATE deferred.ticket SET status = 'work' WHERE id = 3;
UPDATE deferred.ticket SET status = 'solved', resolution = 'x' WHERE id = 3;
UPDATE deferred.ticket SET status = 'work' WHERE id = 3;
UPDATE deferred.ticket SET status = 'solved' WHERE id = 3;
COMMIT;
-- who solved it is not who closes it
BEGIN;
SELECT itsm.act_as('eve');
SET LOCAL itsm.reason = 'r';
UPDATE deferred.ticket SET status = 'done' WHERE id = 3;
SET LOCAL itsm.reason = '';
COMMIT;
-- frozen is what a write changes itself
UPDATE deferred.ticket SET status = 'work' WHERE id = 4;
BEGIN;
UPDATE deferred.ticket SET status = 'solved', resolution = 'y' WHERE id = 4;
UPDATE deferred.ticket SET resolution = 'z' WHERE id = 4;
UPDATE deferred.ticket SET status = 'work' WHERE id = 4;
UPDATE deferred.ticket SET title = 'changed while at work' WHERE id = 4;
COMMIT;
BEGIN;
UPDATE deferred.ticket SET status = 'solved' WHERE id = 4;
UPDATE deferred.ticket SET title = 'changed while solved' WHERE id = 4;
COMMIT;
-- deleted meanwhile: as it was written; the deletion is judged by the state it found
BEGIN;
INSERT INTO deferred.ticket VALUES (20, 'new', 'bad');
DELETE FROM deferred.ticket WHERE id = 20;
COMMIT;
BEGIN;
INSERT INTO deferred.ticket VALUES (21, 'new', 't');
DELETE FROM deferred.ticket WHERE id = 21;
COMMIT;
DELETE FROM deferred.ticket WHERE id = 3;
-- savepoints
BEGIN;
SAVEPOINT s;
UPDATE deferred.ticket SET status = 'done' WHERE id = 6;
ROLLBACK TO s;
SAVEPOINT t;
UPDATE deferred.ticket SET title = 'fine' WHERE id = 6;
RELEASE t;
COMMIT;
BEGIN;
SAVEPOINT s;
SAVEPOINT t;
UPDATE deferred.ticket SET status = 'done' WHERE id = 6;
RELEASE t;
RELEASE s;
COMMIT;
DO $$
BEGIN
	FOR i IN 1..50 LOOP
		BEGIN
			UPDATE deferred.ticket SET status = CASE WHEN i % 2 = 0 THEN 'done' ELSE 'new' END, title = 'loop ' || i WHERE id = 6;
			IF i % 2 = 0 THEN RAISE EXCEPTION 'undo'; END IF;
		EXCEPTION WHEN raise_exception THEN NULL;
		END;
	END LOOP;
END $$;
SELECT title, status FROM deferred.ticket WHERE id = 6;
-- nobody brings it forward or puts it off, and nothing is in the way of ALTER TABLE
BEGIN;
UPDATE deferred.ticket SET status = 'done' WHERE id = 7;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE deferred.ticket ADD COLUMN added integer DEFAULT 1;
ALTER TABLE deferred.ticket DROP COLUMN added;
COMMIT;
-- an exception, made before the write and after it
BEGIN;
SELECT itsm.override('deferred.ticket', '7', 'transition', 'before');
UPDATE deferred.ticket SET status = 'solved', resolution = 'r' WHERE id = 7;
COMMIT;
BEGIN;
UPDATE deferred.ticket SET status = 'new' WHERE id = 7;
SELECT itsm.override('deferred.ticket', '7', 'transition', 'after');
COMMIT;
SELECT version, kind, from_state, to_state, changes, reason FROM itsm.history('deferred.ticket', '7') ORDER BY version;
-- all that is unmet of the first refused write, and which write it was
BEGIN;
UPDATE deferred.ticket SET requester = 'somebody' WHERE id = 8;
UPDATE deferred.ticket SET status = 'solved', resolution = ' ' WHERE id = 8;
UPDATE deferred.ticket SET status = 'nowhere' WHERE id = 8;
COMMIT;
-- what was remembered goes with it
SELECT * FROM deferred.seen('deferred.ticket') WHERE key = '8';
-- observed: the event was written, so another one tells
RESET ROLE;
SELECT itsm.set_mode(id, 'observe') FROM itsm.attachment WHERE relation_name = 'deferred.ticket';
SET ROLE regress_itsm_deferred;
BEGIN;
SELECT itsm.act_as('olga');
SET LOCAL itsm.reason = 'r';
UPDATE deferred.ticket SET status = 'solved', title = 'bad' WHERE id = 8;
SET LOCAL itsm.reason = '';
UPDATE deferred.ticket SET title = 'good', status = 'done' WHERE id = 8;
DELETE FROM deferred.ticket WHERE id = 5;
COMMIT;
SELECT version, kind, from_state, to_state, actor, changes, reason FROM itsm.history('deferred.ticket', '8') ORDER BY version;
SELECT version, kind, from_state, to_state FROM itsm.history('deferred.ticket', '5') ORDER BY version;
SELECT itsm.record_as_of('deferred.ticket', '5', 'infinity'), itsm.record_as_of('deferred.ticket', '8', 'infinity') -> 'version';
RESET ROLE;
SELECT key, version, code, rule, attribute FROM itsm_report.violation WHERE source = 'deferred.ticket' AND key IN ('5', '8') ORDER BY key, version, ordinal;
-- the policy at the end holds: in the same transaction
BEGIN;
UPDATE deferred.ticket SET status = 'new' WHERE id = 8;
SELECT itsm.set_mode(id, 'enforce') FROM itsm.attachment WHERE relation_name = 'deferred.ticket';
COMMIT;
SELECT itsm.set_mode(id, 'enforce') FROM itsm.attachment WHERE relation_name = 'deferred.ticket';
BEGIN;
UPDATE deferred.ticket SET status = 'new' WHERE id = 8;
SELECT itsm.set_mode(id, 'off') FROM itsm.attachment WHERE relation_name = 'deferred.ticket';
COMMIT;
SELECT itsm.set_mode(id, 'enforce') FROM itsm.attachment WHERE relation_name = 'deferred.ticket';

SET itsm.maintenance = on;
DROP SCHEMA deferred CASCADE;
REVOKE ALL ON FUNCTION itsm.act_as(text), itsm.override(regclass, text, text, text) FROM regress_itsm_deferred;
DROP ROLE regress_itsm_deferred;
