-- Who acts: claimed for a transaction, not to be forged, and known to the rules that ask for it.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_act_as;
CREATE SCHEMA act_as AUTHORIZATION regress_itsm_act_as;
SELECT itsm.define_lifecycle('{"name": "act_as",
	"attributes": {"requester": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse",
	"rules": [{"name": "four_eyes", "to": "done", "separate": ["requester", {"to": "work"}]}, {"name": "hers", "to": "new", "from": "work", "check": "actor = ''eve''"}]}');
CREATE ROLE regress_itsm_person;
CREATE ROLE regress_itsm_other;
GRANT USAGE ON SCHEMA act_as TO regress_itsm_person, regress_itsm_other;

-- What is remembered of a table: a line a record.
CREATE FUNCTION act_as.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_act_as;
\set VERBOSITY sqlstate

CREATE TABLE act_as.ticket (id integer PRIMARY KEY, status text, requester text);
GRANT ALL ON act_as.ticket TO regress_itsm_person, regress_itsm_other;
SELECT itsm.attach('act_as.ticket', 'act_as', 'status', attributes => '{"requester": "requester"}', mode => 'enforce') > 0;
\set VERBOSITY terse
-- not for everybody
SELECT itsm.act_as('ann');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_act_as;
SET ROLE regress_itsm_act_as;

-- for the transaction
SELECT itsm.act_as('ann');
INSERT INTO act_as.ticket VALUES (1, 'new', 'ann');
BEGIN;
SELECT itsm.act_as('ann');
UPDATE act_as.ticket SET status = 'work';
COMMIT;
-- nobody known; the one who asked; the one who worked on it; another one
UPDATE act_as.ticket SET status = 'done';
BEGIN;
SELECT itsm.act_as('ann');
UPDATE act_as.ticket SET status = 'done';
ROLLBACK;
BEGIN;
SELECT itsm.act_as('ben');
UPDATE act_as.ticket SET requester = 'ben', status = 'done';
ROLLBACK;
BEGIN;
SELECT itsm.act_as('ben');
SAVEPOINT s;
SELECT itsm.act_as('ann');
ROLLBACK TO s;
UPDATE act_as.ticket SET status = 'done';
ROLLBACK;
-- a subtransaction that commits hands it on; null takes it back; the last one counts
BEGIN;
SAVEPOINT s;
SELECT itsm.act_as('eve');
RELEASE s;
UPDATE act_as.ticket SET status = 'new';
SELECT itsm.act_as('ann');
UPDATE act_as.ticket SET status = 'work';
SELECT itsm.act_as(NULL);
SAVEPOINT s;
UPDATE act_as.ticket SET status = 'done';
ROLLBACK TO s;
SELECT itsm.act_as('cy');
UPDATE act_as.ticket SET status = 'done';
COMMIT;
-- a blank one
SELECT itsm.act_as(E' \t');
BEGIN;
SELECT itsm.act_as('ann');
DO $$ BEGIN PERFORM itsm.act_as(''); EXCEPTION WHEN OTHERS THEN RAISE WARNING '%', sqlerrm; END $$;
INSERT INTO act_as.ticket VALUES (2, 'new', 'x');
COMMIT;
-- no setting does it
SET itsm.actor = 'eve';
SET itsm.act_as = 'eve';
SELECT set_config('itsm.claim', 'eve', false);
SET application_name = 'eve';
UPDATE act_as.ticket SET status = 'work' WHERE id = 2;
UPDATE act_as.ticket SET status = 'new' WHERE id = 2;
RESET application_name;
-- a role that one person uses alone is known by itself
RESET ROLE;
SELECT itsm.grant_actor('regress_itsm_person');
SELECT itsm.grant_actor('regress_itsm_nobody');
SET ROLE regress_itsm_person;
UPDATE act_as.ticket SET status = 'done' WHERE id = 2;
RESET ROLE;
SELECT itsm.revoke_actor('regress_itsm_person');
UPDATE act_as.ticket SET status = 'work' WHERE false;
SET ROLE regress_itsm_person;
INSERT INTO act_as.ticket VALUES (3, 'new', 'x');
UPDATE act_as.ticket SET status = 'work' WHERE id = 3;
UPDATE act_as.ticket SET status = 'done' WHERE id = 3;
SELECT itsm.grant_actor('regress_itsm_person');
-- a function that runs with its owner's rights: the outer user is who called
RESET ROLE;
CREATE FUNCTION act_as.touch(id integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$ UPDATE act_as.ticket t SET requester = 'y' WHERE t.id = $1 $$;
SET ROLE regress_itsm_other;
SELECT act_as.touch(3);
RESET ROLE;
SELECT r.key, e.version, e.kind, e.from_state, e.to_state, e.actor, e.role FROM itsm.event e JOIN itsm.record r ON r.id = e.record AND r.tenant = e.tenant
	JOIN itsm.source o ON o.id = r.source WHERE o.relation = 'act_as.ticket'::regclass ORDER BY r.key, e.version;

-- a mapped attribute "actor" tells it where nobody claims
SELECT itsm.define_lifecycle(jsonb_set(jsonb_set(itsm.lifecycle_definition('act_as'), '{name}', '"act_as_mapped"'), '{attributes}', '{"requester": "text", "actor": "text"}'));
SET ROLE regress_itsm_act_as;
CREATE TABLE act_as.mapped (id integer PRIMARY KEY, status text, requester text, changed_by text);
SELECT itsm.attach('act_as.mapped', 'act_as_mapped', 'status', attributes => '{"requester": "requester", "actor": "changed_by"}', mode => 'enforce') > 0;
INSERT INTO act_as.mapped VALUES (1, 'new', 'ann', 'ann');
UPDATE act_as.mapped SET status = 'work', changed_by = 'ben';
UPDATE act_as.mapped SET status = 'done', changed_by = 'ann';
UPDATE act_as.mapped SET status = 'done', changed_by = 'ben';
UPDATE act_as.mapped SET status = 'done', changed_by = NULL;
BEGIN;
SELECT itsm.act_as('ann');
UPDATE act_as.mapped SET status = 'done', changed_by = 'cy';
ROLLBACK;
UPDATE act_as.mapped SET status = 'done', changed_by = 'cy';
RESET ROLE;
SELECT e.version, e.actor FROM itsm.event e JOIN itsm.record r ON r.id = e.record AND r.tenant = e.tenant
	JOIN itsm.source o ON o.id = r.source WHERE o.relation = 'act_as.mapped'::regclass ORDER BY e.version;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA act_as CASCADE;
REVOKE ALL ON FUNCTION itsm.act_as(text) FROM regress_itsm_act_as;
DROP ROLE regress_itsm_person, regress_itsm_other;
DROP ROLE regress_itsm_act_as;
