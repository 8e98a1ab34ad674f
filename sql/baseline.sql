-- Baselines: taken, compared, never changed.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA baseline;
SET search_path = baseline, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
\pset null '~'
\set VERBOSITY terse
CREATE ROLE regress_itsm_auditor;
SELECT itsm.define_lifecycle('{"name": "baseline_ci", "process": "configuration_item", "delete": "allow",
	"attributes": {"class": "text", "owner": "text", "service": "text", "memory": "integer"},
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "retired", "category": "closed", "final": true}],
	"transitions": [{"from": "live", "to": "retired"}]}');
SELECT itsm.define_lifecycle('{"name": "baseline_service", "process": "service", "attributes": {"cis": "text[]"},
	"references": {"cis": "configuration_item"},
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE ci (name text PRIMARY KEY, status text NOT NULL DEFAULT 'in use', class text, owner text, service text, memory int, note text, customer text DEFAULT 'b');
CREATE TABLE service (name text PRIMARY KEY, status text NOT NULL DEFAULT 'live', cis text[], customer text DEFAULT 'b');
SELECT itsm.attach('ci', 'baseline_ci', 'status', mode => 'enforce', states => '{"in use": "live", "out": "retired"}',
	attributes => '{"class": "class", "owner": "owner", "service": "service", "memory": "memory"}', track => '{mapped,note}', tenant => 'customer') > 0 AS attached;
SELECT itsm.attach('service', 'baseline_service', 'status', mode => 'enforce', attributes => '{"cis": "cis"}', tenant => 'customer') > 0 AS attached;
SELECT itsm.define_class('b_machine'), itsm.define_class('b_server', 'b_machine'), itsm.define_class('b_software');
INSERT INTO ci (name, class, owner, memory, note) VALUES ('web1', 'b_server', 'ann', 8, 'rack 1'), ('web2', 'b_server', 'ann', 8, NULL), ('desk', 'b_machine', 'bob', 4, NULL), ('shop', 'b_software', 'cyd', NULL, NULL);
UPDATE ci SET service = 'mail' WHERE name = 'desk';
INSERT INTO ci (name, class, customer) VALUES ('north1', 'b_server', 'north');
INSERT INTO service VALUES ('mail', 'live', '{web2}');
CREATE FUNCTION n(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id('baseline.ci', key) $$;
SELECT itsm.relate(n('shop'), 'runs_on', n('web1')) > 0 AS related;

-- what they hold
SELECT itsm.take_baseline('first', note => 'before all', tenant => 'b');
SELECT itsm.take_baseline('servers', class => 'b_server', tenant => 'b');
SELECT itsm.take_baseline('machines', class => 'b_machine', tenant => 'b');
SELECT itsm.take_baseline('mail', service => 'mail', tenant => 'b');
SELECT itsm.take_baseline('picked', cis => ARRAY[n('shop'), n('web1'), n('shop')], tenant => 'b');
SELECT itsm.take_baseline('none', cis => '{}', tenant => 'b');
SELECT itsm.take_baseline('north', tenant => 'north');
SELECT name, tenant, class, service, selected, note, items, relationships, taken_by = current_user AS by_me, taken_at <= clock_timestamp() AS past
FROM itsm.baseline WHERE name IN ('first', 'servers', 'machines', 'mail', 'picked', 'none', 'north') ORDER BY id;

-- what has changed since
SELECT count(*) FROM itsm.baseline_diff('first');
UPDATE ci SET memory = 16, note = 'rack 2' WHERE name = 'web1';
UPDATE ci SET memory = 32 WHERE name = 'web1';
UPDATE ci SET owner = 'ann', memory = 8 WHERE name = 'web2';
UPDATE ci SET status = 'out', owner = NULL WHERE name = 'desk';
INSERT INTO ci (name, class) VALUES ('web3', 'b_server');
DELETE FROM ci WHERE name = 'web2';
SELECT itsm.unrelate(id) IS NOT NULL AS ended FROM itsm.relationship WHERE source = n('shop') AND type = 'runs_on';
SELECT itsm.relate(n('shop'), 'runs_on', n('web3')) > 0 AS related;
\set shown 'key, kind, attribute, old_value, new_value, relationship IS NOT NULL AS link'
SELECT :shown FROM itsm.baseline_diff('first') ORDER BY kind, key, attribute, old_value;
SELECT itsm.take_baseline('second', tenant => 'b');
SELECT * FROM itsm.baseline_diff('first') EXCEPT SELECT * FROM itsm.baseline_diff('first', 'second');
SELECT * FROM itsm.baseline_diff('first', 'second') EXCEPT SELECT * FROM itsm.baseline_diff('first');
-- the other way round, and with itself
SELECT :shown FROM itsm.baseline_diff('second', 'first') ORDER BY kind, key, attribute, old_value;
SELECT count(*) FROM itsm.baseline_diff('second', 'second');
-- each by its own scope
SELECT name, :shown FROM unnest('{servers,machines,mail,picked,none,north}'::text[]) name, itsm.baseline_diff(name) ORDER BY name, kind, key, attribute, old_value;
-- a key that has changed, and a value that was changed back
UPDATE ci SET name = 'web4' WHERE name = 'web3';
UPDATE ci SET owner = 'eve' WHERE name = 'shop';
UPDATE ci SET owner = 'cyd' WHERE name = 'shop';
SELECT :shown FROM itsm.baseline_diff('second') ORDER BY kind, key, attribute;
-- values go with redaction, and what was taken stays right
SELECT itsm.redact('ci', 'web1', '{note}', 'asked for') > 0 AS redacted;
SELECT :shown FROM itsm.baseline_diff('first', 'second') WHERE key = 'web1' ORDER BY attribute;
SELECT scope, object, ok, detail FROM itsm.verify() WHERE scope = 'baseline' AND NOT ok;

-- of one instant: what this transaction did counts
BEGIN;
UPDATE ci SET memory = 64 WHERE name = 'web1';
SELECT itsm.take_baseline('inside', tenant => 'b');
SELECT count(*) FROM itsm.baseline_diff('inside');
SELECT itsm.take_baseline('rolled back', tenant => 'b');
ROLLBACK;
SELECT itsm.take_baseline('rolled back', tenant => 'b');

-- that it was taken is an event
SELECT kind, (itsm.policy_detail(body)::jsonb ->> 'items')::int AS items, itsm.policy_detail(body)::jsonb ->> 'hash' = encode(b.hash, 'hex') AS same
FROM itsm.baseline b JOIN itsm.record r ON r.source = 0 AND r.key = 'baseline ' || b.name JOIN itsm.event e ON e.record = r.id AND e.tenant = r.tenant WHERE b.name = 'first';

SELECT name, class, items, taken_by = current_user AS by_me, encode(b.hash, 'hex') = r.hash AS same FROM itsm_report.baseline r JOIN itsm.baseline b USING (name, class, items, taken_by) WHERE name = 'servers';
-- for checks
SELECT itsm.baseline_taken_at('first') = (SELECT taken_at FROM itsm.baseline WHERE name = 'first') AS taken_at, itsm.baseline_taken_at('nothing') AS nothing, itsm.baseline_taken_at(NULL) AS null_name;
SELECT keys, itsm.baseline_covers('servers', VARIADIC keys) AS covers FROM (VALUES ('{web1}'::text[]), ('{web1,desk}'), ('{NULL,"",web1}'), (NULL), ('{}'), ('{elsewhere,web2,north1}'), ('{web4}')) AS x(keys);
SELECT itsm.baseline_covers('nothing', 'elsewhere'), itsm.baseline_covers('first', 'desk', 'web1'), itsm.baseline_covers('north', 'north1'), itsm.baseline_covers('north', 'web1');

-- what cannot be
SELECT itsm.take_baseline('first', tenant => 'b');
SELECT itsm.take_baseline(' ', tenant => 'b');
SELECT itsm.take_baseline(NULL, tenant => 'b');
SELECT itsm.take_baseline(repeat('x', 501), tenant => 'b');
SELECT itsm.take_baseline('wrong', class => 'spaceship', tenant => 'b');
SELECT itsm.take_baseline('wrong', cis => '{-1,NULL}', tenant => 'b');
DO $$ BEGIN PERFORM itsm.take_baseline('wrong', cis => ARRAY[baseline.n('web1')], tenant => 'north'); EXCEPTION WHEN no_data_found THEN RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
SELECT * FROM itsm.baseline_diff('nothing');
SELECT * FROM itsm.baseline_diff('first', 'nothing');
SELECT * FROM itsm.baseline_diff(NULL);
SELECT * FROM itsm.baseline_diff('first', 'north');
SET ROLE regress_itsm_auditor;
SELECT itsm.take_baseline('mine', tenant => 'b');
SELECT * FROM itsm.baseline_diff('first');
SELECT itsm.baseline_taken_at('first') IS NOT NULL AS known;
RESET ROLE;
GRANT UPDATE, DELETE, TRUNCATE ON itsm.baseline, itsm.baseline_part TO regress_itsm_auditor;
GRANT USAGE ON SCHEMA itsm TO regress_itsm_auditor;
SET ROLE regress_itsm_auditor;
UPDATE itsm.baseline SET note = 'other';
DELETE FROM itsm.baseline_part;
TRUNCATE itsm.baseline;
RESET ROLE;
REVOKE ALL ON itsm.baseline, itsm.baseline_part FROM regress_itsm_auditor;
REVOKE ALL ON SCHEMA itsm FROM regress_itsm_auditor;

-- what a superuser changes is found
CREATE FUNCTION faults() RETURNS TABLE (object text, detail text) LANGUAGE sql AS $$ SELECT object, detail FROM itsm.verify() WHERE scope = 'baseline' AND NOT ok ORDER BY 1, 2 $$;
SET client_min_messages = error;
BEGIN;
UPDATE itsm.baseline SET note = 'other' WHERE name = 'first';
UPDATE itsm.baseline_part SET versions[1] = 1000 WHERE baseline = (SELECT id FROM itsm.baseline WHERE name = 'servers') AND NOT of_relationships;
DELETE FROM itsm.baseline_part WHERE of_relationships AND baseline = (SELECT id FROM itsm.baseline WHERE name = 'picked');
UPDATE itsm.baseline SET hash = sha256('x') WHERE name = 'machines';
DELETE FROM itsm.baseline WHERE name = 'none';
UPDATE itsm.baseline SET name = 'invented' WHERE name = 'mail';
SELECT * FROM faults() WHERE object !~ 'baseline_part';
ROLLBACK;
DROP FUNCTION faults();
DROP SCHEMA baseline CASCADE;
DROP ROLE regress_itsm_auditor;
