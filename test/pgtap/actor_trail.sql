-- Who did it: session role, outer role, claimed actor, reason and application of events are
-- those of who wrote, under connection pools, SET ROLE, cascades and SECURITY DEFINER; and a
-- claim cannot be forged.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
CREATE ROLE pooled LOGIN;
CREATE ROLE desk_user LOGIN;
CREATE ROLE app_owner;
CREATE ROLE claimer;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO claimer, pooled;
GRANT CREATE, USAGE ON SCHEMA public TO app_owner;
SELECT itsm.define_lifecycle('{"name": "trail", "attributes": {"note": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "new"}], "delete": "allow", "rules": []}') \g /dev/null
SET ROLE app_owner;
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE, status text, note text);
CREATE TABLE late (id integer PRIMARY KEY, status text, note text);
SELECT itsm.attach('child', 'trail', 'status', attributes => '{"note": "note"}', track => '{parent}', mode => 'enforce'),
	itsm.attach('late', 'trail', 'status', attributes => '{"note": "note"}', mode => 'enforce', timing => 'deferred') \g /dev/null
GRANT ALL ON parent, child, late TO pooled, desk_user, claimer;
CREATE FUNCTION touch(id integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_catalog AS $$ UPDATE child c SET note = 'touched ' || clock_timestamp() WHERE c.id = $1 $$;
CREATE FUNCTION touch_twice(id integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_catalog AS $$ SELECT touch($1) $$;
CREATE FUNCTION touch_on_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_catalog AS $$ BEGIN UPDATE child SET note = new.note WHERE id = 1; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER touch_on_commit AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch_on_commit();
RESET ROLE;

-- The last event of a row: who, and why.
CREATE FUNCTION trail(relation regclass, key text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
	SELECT concat_ws(' ', e.kind, e.session_role, e.role, coalesce(e.actor, '-'), coalesce(e.application, '-'),
		coalesce((SELECT h.reason FROM itsm.history(relation, key) h WHERE h.version = e.version), '-'))
	FROM itsm.event e JOIN itsm.record r ON r.id = e.record AND r.tenant = e.tenant
	WHERE r.id = (SELECT max(r2.id) FROM itsm.record r2 JOIN itsm.source s ON s.id = r2.source WHERE s.relation = $1 AND r2.key = $2)
	ORDER BY e.version DESC LIMIT 1
$$;
SELECT current_user AS me \gset
SET application_name = 'tests';

INSERT INTO parent VALUES (1), (2), (3);
INSERT INTO child SELECT i, 1, 'new' FROM generate_series(1, 5) i;

-- a pool that cleans up between its users; first, since it takes pgTAP's tables along
SET SESSION AUTHORIZATION pooled;
SET itsm.reason = 'of the one before';
BEGIN;
SELECT itsm.act_as('ann') \g /dev/null
UPDATE child SET note = 'z' WHERE id = 1;
COMMIT;
DISCARD ALL;
SET search_path = public, pg_catalog;
SET application_name = '';
UPDATE child SET note = 'f' WHERE id = 1;
CREATE TABLE pool AS SELECT trail('child', '1') AS after_discard;
SET application_name = 'tests';
SET client_min_messages = warning;

SELECT plan(29);
INSERT INTO child VALUES (0, 1, 'new');
SELECT is(trail('child', '0'), format('created %s %s - tests -', :'me', :'me'), 'a superuser by itself');

-- a pool that sets the role for each transaction
BEGIN;
SET LOCAL ROLE desk_user;
SET LOCAL application_name = 'pool';
SET LOCAL itsm.reason = 'asked by phone';
UPDATE child SET note = 'a' WHERE id = 1;
COMMIT;
SELECT is(trail('child', '1'), format('updated %s desk_user - pool asked by phone', :'me'), 'SET LOCAL ROLE, application and reason');
UPDATE child SET note = 'b' WHERE id = 1;
SELECT is(trail('child', '1'), format('updated %s %s - tests -', :'me', :'me'), 'nothing of it is left in the next transaction');
SET SESSION AUTHORIZATION pooled;
UPDATE child SET note = 'c' WHERE id = 1;
SELECT is(trail('child', '1'), 'updated pooled pooled - tests -', 'SET SESSION AUTHORIZATION');
SELECT itsm.act_as('ann') \g /dev/null
UPDATE child SET note = 'd' WHERE id = 1;
SELECT is(trail('child', '1'), 'updated pooled pooled - tests -', 'a claim ends with its transaction, which was the statement');
BEGIN;
SELECT itsm.act_as('ann') \g /dev/null
UPDATE child SET note = 'e' WHERE id = 1;
COMMIT;
SELECT is(trail('child', '1'), 'updated pooled pooled ann tests -', 'a claim in a block');
RESET SESSION AUTHORIZATION;
SELECT is(after_discard, format('updated %s %s - - -', :'me', :'me'), 'DISCARD ALL between two users of a connection') FROM pool;

-- SET ROLE inside a transaction: each event has the role of its write
BEGIN;
SET LOCAL ROLE desk_user;
UPDATE child SET note = 'g' WHERE id = 2;
SET LOCAL ROLE claimer;
SELECT itsm.act_as('ben') \g /dev/null
UPDATE child SET note = 'h' WHERE id = 3;
COMMIT;
SELECT is(trail('child', '2'), format('updated %s desk_user - tests -', :'me'), 'the role of the first write');
SELECT is(trail('child', '3'), format('updated %s claimer ben tests -', :'me'), 'and of the second');
-- the claim stays with the transaction, not with the role that made it
BEGIN;
SET LOCAL ROLE claimer;
SELECT itsm.act_as('ben') \g /dev/null
SET LOCAL ROLE desk_user;
UPDATE child SET note = 'i' WHERE id = 3;
COMMIT;
SELECT is(trail('child', '3'), format('updated %s desk_user ben tests -', :'me'), 'claimed by one role, written by another: both are told');

-- cascades run as the owner of the table; the user is who caused them
SET ROLE desk_user;
UPDATE parent SET id = 11 WHERE id = 1;
RESET ROLE;
SELECT is(trail('child', '4'), format('updated %s desk_user - tests -', :'me'), 'ON UPDATE CASCADE');
SET ROLE desk_user;
DELETE FROM parent WHERE id = 11;
RESET ROLE;
SELECT is(trail('child', '4'), format('deleted %s desk_user - tests -', :'me'), 'ON DELETE CASCADE');

-- SECURITY DEFINER: the outer user
INSERT INTO child SELECT i, 2, 'new' FROM generate_series(1, 5) i;
SET ROLE desk_user;
SELECT touch(1) \g /dev/null
SELECT is(trail('child', '1'), format('updated %s desk_user - tests -', :'me'), 'SECURITY DEFINER');
SELECT touch_twice(1) \g /dev/null
SELECT is(trail('child', '1'), format('updated %s desk_user - tests -', :'me'), 'one inside another');
-- and in a deferred trigger, when the role is another one by then: that is who commits
RESET ROLE;
BEGIN;
SET LOCAL ROLE desk_user;
INSERT INTO late VALUES (1, 'new', 'from the trigger');
RESET ROLE;
COMMIT;
SELECT is(trail('late', '1'), format('created %s desk_user - tests -', :'me'), 'a deferred attachment keeps who wrote');
SELECT is(trail('child', '1'), format('updated %s %s - tests -', :'me', :'me'), 'PostgreSQL''s deferred trigger writes for who commits');

-- no setting makes a claim
SET itsm.reason = '';
SELECT throws_ok($$SET itsm.actor = 'eve'$$, '42602', NULL, 'itsm.actor is no setting');
SELECT throws_ok($$SELECT set_config('itsm.actor', 'eve', false)$$, '42602', NULL, 'nor by set_config');
SELECT throws_ok($$ALTER ROLE desk_user SET itsm.act_as = 'eve'$$, '42602', NULL, 'nor of a role');
SELECT throws_ok($$CREATE FUNCTION forge() RETURNS void LANGUAGE sql SET itsm.actor = 'eve' AS 'SELECT'$$, '42602', NULL, 'nor of a function');
SELECT set_config('app.actor', 'eve', false), set_config('application_name', 'eve', false) \g /dev/null
UPDATE child SET note = 'j' WHERE id = 2;
SELECT is(trail('child', '2'), format('updated %s %s - eve -', :'me', :'me'), 'what a session calls itself is no claim');
SET application_name = 'tests';
SET ROLE desk_user;
SELECT throws_ok($$SELECT itsm.act_as('ann')$$, '42501', NULL, 'who was not granted it cannot claim');
RESET ROLE;

-- it ends with the savepoint
BEGIN;
SELECT itsm.act_as('ann') \g /dev/null
SAVEPOINT s;
SELECT itsm.act_as('eve') \g /dev/null
UPDATE child SET note = 'k' WHERE id = 3;
ROLLBACK TO s;
UPDATE child SET note = 'l' WHERE id = 3;
SELECT is(trail('child', '3'), format('updated %s %s ann tests -', :'me', :'me'), 'a savepoint takes its claim along');
DO $$ BEGIN BEGIN PERFORM itsm.act_as('eve'); RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END $$;
UPDATE child SET note = 'm' WHERE id = 3;
SELECT is(trail('child', '3'), format('updated %s %s ann tests -', :'me', :'me'), 'and so does an exception block');
SELECT itsm.act_as(NULL) \g /dev/null
UPDATE child SET note = 'n' WHERE id = 3;
SELECT is(trail('child', '3'), format('updated %s %s - tests -', :'me', :'me'), 'null ends it');
ROLLBACK;
BEGIN;
SELECT itsm.act_as('ann') \g /dev/null
ROLLBACK;
UPDATE child SET note = 'o' WHERE id = 3;
SELECT is(trail('child', '3'), format('updated %s %s - tests -', :'me', :'me'), 'a rollback ends it');

-- refusals and exceptions say it too
GRANT EXECUTE ON FUNCTION itsm.override(regclass, text, text, text) TO claimer;
BEGIN;
SET LOCAL ROLE claimer;
SELECT itsm.act_as('ann') \g /dev/null
SAVEPOINT s;
SELECT throws_ok($$UPDATE child SET status = 'nowhere' WHERE id = 3$$, 'IT002', NULL, 'refused');
SELECT itsm.override('child', '3', 'status', 'it must be') \g /dev/null
SELECT itsm.act_as('ben') \g /dev/null
UPDATE child SET status = 'nowhere' WHERE id = 3;
COMMIT;
SELECT is((SELECT concat_ws(' ', session_role, role, actor, application) FROM itsm_report.refusal ORDER BY at DESC LIMIT 1), format('%s claimer ann tests', :'me'), 'a refusal tells who was refused');
SELECT is((SELECT concat_ws(' ', session_role, role, actor, reason, used) FROM itsm_report.override), format('%s claimer ann it must be t', :'me'), 'an exception tells who made it');
SELECT * FROM finish();
