-- Tables under Citus, without Citus: its functions are refused clearly; a policy goes from
-- one table to another; and what is told from Citus' catalogs, here with catalogs made by hand.
-- test/t/097_citus.pl has the rest.  In a database of its own: others' agreements count as clocks.
SELECT current_database() AS tests \gset
SET client_min_messages = warning;
CREATE DATABASE regress_itsm_distribute;
\c regress_itsm_distribute
SET client_min_messages = warning;
CREATE EXTENSION itsm;
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
\pset null '~'

CREATE ROLE regress_itsm_distribute;
CREATE SCHEMA distribute;
GRANT USAGE ON SCHEMA distribute TO regress_itsm_distribute;
-- What a command is refused with, a line for each fault; numbers of attachments are left out.
CREATE FUNCTION distribute.refused(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE command;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN NEXT SQLSTATE || ' ' || regexp_replace(SQLERRM, 'attachment \d+', 'attachment N');
	RETURN QUERY SELECT '- ' || regexp_replace(f->>'message', 'attachment \d+', 'attachment N') FROM jsonb_array_elements(nullif(detail, '')::jsonb) f;
END $$;
SELECT itsm.define_lifecycle('{"name": "distribute", "attributes": {"title": "text", "priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "allow", "rules": [{"name": "plausible", "check": "new.priority between 1 and 5"}]}');
CREATE TABLE distribute.ticket (id integer, tenant text, status text, title text, priority integer, PRIMARY KEY (tenant, id));
SELECT itsm.attach('distribute.ticket', 'distribute', 'status', mode => 'enforce', tenant => 'tenant', track => '{*}', attributes => '{"title": "upper(title)", "priority": "priority"}') > 0 AS attached;

-- without Citus
SELECT itsm.distribute('distribute.ticket', 'tenant');
SELECT itsm.distribute(NULL, 'tenant');
SELECT itsm.distribute('distribute.ticket', NULL);
SET ROLE regress_itsm_distribute;
SELECT itsm.distribute('distribute.ticket', 'tenant');
SELECT itsm.table_policy('distribute.ticket');
SELECT itsm.take_policy('distribute.ticket', '{"attachments": [], "lifecycles": {}}');
RESET ROLE;

-- a policy goes from table to table, as it goes from node to node
CREATE TABLE distribute.other (id integer, tenant text, status text, title text, priority integer, PRIMARY KEY (tenant, id));
SELECT jsonb_pretty(itsm.table_policy('distribute.ticket') #- '{attachments,0,id}' #- '{lifecycles}') AS policy;
SELECT itsm.table_policy('distribute.other');
SELECT itsm.take_policy('distribute.other', itsm.table_policy('distribute.ticket')) AS taken;
SELECT itsm.take_policy('distribute.other', itsm.table_policy('distribute.ticket')) AS taken;
SELECT itsm.set_mode(id, 'observe'), itsm.set_mode(id, 'enforce', 'plausible') FROM itsm.attachment WHERE relation = 'distribute.ticket'::regclass;
SELECT itsm.take_policy('distribute.other', itsm.table_policy('distribute.ticket')) AS taken;
SELECT itsm.take_policy('distribute.other', itsm.table_policy('distribute.ticket')) AS taken;
SELECT relation_name, mode, rule_modes, detached_at IS NULL AS in_force FROM itsm.attachment WHERE relation = 'distribute.other'::regclass ORDER BY id;
SELECT itsm.set_mode(id, 'enforce') FROM itsm.attachment WHERE relation = 'distribute.ticket'::regclass;
SELECT itsm.detach('distribute.ticket');
SELECT itsm.attach('distribute.ticket', 'distribute', 'status', '{"open": "new", "busy": "work"}', mode => 'observe', tenant => 'tenant', filter => 'id > 0') > 0 AS attached;
SELECT itsm.take_policy('distribute.other', itsm.table_policy('distribute.ticket')) AS taken;
SELECT relation_name, mode, states, filter, detached_at IS NULL AS in_force FROM itsm.attachment WHERE relation = 'distribute.other'::regclass ORDER BY id;
SELECT itsm.detach('distribute.ticket');
SELECT itsm.take_policy('distribute.other', itsm.table_policy('distribute.ticket')) AS taken;
SELECT count(*) FROM itsm.attachment WHERE relation = 'distribute.other'::regclass AND detached_at IS NULL;
SELECT itsm.take_policy('distribute.other', '{"attachments": 1}');
SELECT itsm.take_policy('distribute.other', NULL);
-- a lifecycle that the other node does not have, or has otherwise
SELECT itsm.take_policy('distribute.other', jsonb_build_object('attachments', '[]'::jsonb, 'lifecycles', jsonb_build_object('distribute_new', itsm.lifecycle_definition('distribute') || '{"name": "distribute_new"}'))) AS taken;
SELECT itsm.lifecycle_definition('distribute_new')->>'name' AS name;

-- As on a worker of Citus: a table that is spread, two of its shards, and tables that only look so.
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char", partkey text, colocationid integer, repmodel "char");
CREATE TABLE pg_catalog.pg_dist_shard (logicalrelid regclass, shardid bigint PRIMARY KEY);
CREATE TABLE pg_catalog.pg_dist_local_group (groupid integer);
INSERT INTO pg_dist_local_group VALUES (0);
SET LOCAL allow_system_table_mods = off;
-- Citus keeps the column as a Var; a generated column has one
CREATE TABLE distribute.var (id integer, tenant text, copy text GENERATED ALWAYS AS (tenant) STORED);
CREATE TABLE distribute.spread (id integer, tenant text, status text, title text, priority integer, PRIMARY KEY (tenant, id));
CREATE TABLE distribute.spread_102008 (LIKE distribute.spread INCLUDING ALL);
CREATE TABLE distribute.spread_102009 (LIKE distribute.spread INCLUDING ALL);
CREATE TABLE distribute.spread_102010 (LIKE distribute.spread INCLUDING ALL);
ALTER TABLE distribute.spread_102010 OWNER TO regress_itsm_distribute;
CREATE TABLE distribute.spread_102011x (LIKE distribute.spread INCLUDING ALL);
CREATE TABLE distribute.whole (id integer PRIMARY KEY, status text);
INSERT INTO pg_dist_partition SELECT 'distribute.spread', 'h', adbin::text, 1, 's' FROM pg_attrdef WHERE adrelid = 'distribute.var'::regclass;
INSERT INTO pg_dist_partition VALUES ('distribute.whole', 'n', NULL, 2, 't');
INSERT INTO pg_dist_shard VALUES ('distribute.spread', 102008), ('distribute.spread', 102009), ('distribute.spread', 102010), ('distribute.whole', 102012);
-- what does not work under Citus is refused, all of it
SELECT distribute.refused($$SELECT itsm.attach('distribute.whole', 'distribute', 'status')$$);
SELECT distribute.refused($$SELECT itsm.attach('distribute.spread', 'distribute', 'status', tenant => 'title', notify => true)$$);
SELECT distribute.refused($$SELECT itsm.attach('distribute.spread', 'distribute', 'status')$$);
UPDATE pg_dist_partition SET repmodel = 'c';
SELECT distribute.refused($$SELECT itsm.attach('distribute.spread', 'incident', 'status', tenant => 'tenant', attributes => '{"title": "title"}')$$);
UPDATE pg_dist_partition SET repmodel = 's';
-- a worker
UPDATE pg_dist_local_group SET groupid = 1;
SELECT itsm.attach('distribute.spread', 'distribute', 'status', mode => 'enforce', tenant => 'tenant', track => '{*}', attributes => '{"title": "title", "priority": "priority"}') > 0 AS attached;
-- the row triggers come with the shards, those for TRUNCATE are made
CREATE TRIGGER itsm_judge_102008 AFTER INSERT OR UPDATE OR DELETE ON distribute.spread_102008 FOR EACH ROW EXECUTE FUNCTION itsm.judge();
ALTER TABLE distribute.spread_102008 ENABLE ALWAYS TRIGGER itsm_judge_102008;
CREATE TRIGGER itsm_judge_102010 AFTER INSERT OR UPDATE OR DELETE ON distribute.spread_102010 FOR EACH ROW EXECUTE FUNCTION itsm.judge();
CREATE TRIGGER itsm_judge_102011x AFTER INSERT OR UPDATE OR DELETE ON distribute.spread_102011x FOR EACH ROW EXECUTE FUNCTION itsm.judge();
SELECT tgrelid::regclass AS relation, tgname, tgenabled FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'distribute.spread%' ORDER BY tgrelid::regclass::text COLLATE "C", tgname;
-- the table's policy holds for its shards, and for nothing else
INSERT INTO distribute.spread_102008 VALUES (1, 'a', 'new', 'x', 1), (2, 'a', 'new', 'x', 1);
INSERT INTO distribute.spread_102008 VALUES (3, 'a', 'done', 'x', 9);
UPDATE distribute.spread_102008 SET status = 'work' WHERE id = 1;
UPDATE distribute.spread_102008 SET status = 'done' WHERE id = 2;
DELETE FROM distribute.spread_102008 WHERE id = 2;
TRUNCATE distribute.spread_102008;
INSERT INTO distribute.spread_102010 VALUES (1, 'b', 'new', 'x', 1);
INSERT INTO distribute.spread_102011x VALUES (1, 'b', 'new', 'x', 1);
SELECT version, kind, from_state, to_state FROM itsm.history('distribute.spread', '(a,1)');
SELECT n.name, r.key, r.tenant, r.deleted FROM itsm.record r JOIN itsm.source_name n ON n.id = r.source WHERE n.name LIKE 'distribute.spread%' ORDER BY r.id;
SELECT scope, object, ok, detail FROM itsm.verify() WHERE scope = 'row' AND object LIKE 'distribute.spread%';
-- guards
SELECT distribute.refused('ALTER TABLE distribute.spread_102008 DISABLE TRIGGER itsm_judge_102008');
SELECT distribute.refused('DROP TRIGGER itsm_judge_102008 ON distribute.spread_102008');
DROP TRIGGER itsm_judge_102011x ON distribute.spread_102011x;
-- a shard that is moved away is dropped, and its records end with it; another one comes
DROP TABLE distribute.spread_102008;
SELECT scope, object, ok, detail FROM itsm.verify() WHERE NOT ok OR scope = 'row' AND object LIKE 'distribute.spread%';
CREATE TABLE distribute.spread_102008 (LIKE distribute.spread INCLUDING ALL);
INSERT INTO distribute.spread_102008 VALUES (1, 'a', 'work', 'x', 1);
CREATE TRIGGER itsm_judge_102008 AFTER INSERT OR UPDATE OR DELETE ON distribute.spread_102008 FOR EACH ROW EXECUTE FUNCTION itsm.judge();
UPDATE distribute.spread_102008 SET status = 'done' WHERE id = 1;
SELECT version, kind, from_state, to_state FROM itsm.history('distribute.spread', '(a,1)');
UPDATE pg_dist_local_group SET groupid = 0;
SELECT itsm.detach('distribute.spread');
UPDATE pg_dist_local_group SET groupid = 1;
SELECT itsm.detach('distribute.spread');
SELECT tgrelid::regclass AS relation, tgname, tgenabled FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'distribute.spread%' ORDER BY tgrelid::regclass::text COLLATE "C", tgname;
INSERT INTO distribute.spread_102008 VALUES (2, 'a', 'new', 'x', 1);
ROLLBACK;
\set ON_ERROR_ROLLBACK off

DROP SCHEMA distribute CASCADE;
\c :tests
DROP DATABASE regress_itsm_distribute;
DROP ROLE regress_itsm_distribute;
