-- Detached means gone; the history stays, and a later attachment continues it.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_attach_detach;
CREATE SCHEMA attach_detach AUTHORIZATION regress_itsm_attach_detach;
SELECT itsm.define_lifecycle('{"name": "attach_detach",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse"}');
CREATE FUNCTION attach_detach.shape() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('%s: %s triggers', c.relname, count(t.oid)) || coalesce(' ' || string_agg(t.tgname || ' ' || t.tgenabled::text, ', ' ORDER BY t.tgname), '')
	FROM pg_class c LEFT JOIN pg_trigger t ON t.tgrelid = c.oid WHERE c.relnamespace = 'attach_detach'::regnamespace AND c.relkind IN ('r', 'p')
	GROUP BY c.relname ORDER BY c.relname
$$;

-- What is remembered of a table: a line a record.
CREATE FUNCTION attach_detach.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_attach_detach;
\set VERBOSITY sqlstate

CREATE TABLE attach_detach.ticket (id integer PRIMARY KEY, status text, title text);
CREATE FUNCTION attach_detach.quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER own AFTER UPDATE ON attach_detach.ticket FOR EACH ROW EXECUTE FUNCTION attach_detach.quiet();
RESET ROLE;
-- what the first attachment of a month makes besides is there
SELECT itsm.make_partitions() >= 0 AS partitions;
CREATE TEMP TABLE before AS SELECT 'trigger' AS kind, t::text AS row FROM pg_trigger t UNION ALL SELECT 'depend', d::text FROM pg_depend d
	UNION ALL SELECT 'attribute', (a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull)::text FROM pg_attribute a WHERE a.attrelid = 'attach_detach.ticket'::regclass
	UNION ALL SELECT 'constraint', c::text FROM pg_constraint c UNION ALL SELECT 'rewrite', r.oid::text FROM pg_rewrite r UNION ALL SELECT 'index', i::text FROM pg_index i WHERE i.indrelid = 'attach_detach.ticket'::regclass;
CREATE FUNCTION pg_temp.changed() RETURNS SETOF text LANGUAGE sql AS $$
	WITH now AS (SELECT 'trigger' AS kind, t::text AS row FROM pg_trigger t UNION ALL SELECT 'depend', d::text FROM pg_depend d WHERE d.refclassid <> 'pg_proc'::regclass OR d.refobjid <> 'pg_temp.changed'::regproc
	UNION ALL SELECT 'attribute', (a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull)::text FROM pg_attribute a WHERE a.attrelid = 'attach_detach.ticket'::regclass
	UNION ALL SELECT 'constraint', c::text FROM pg_constraint c UNION ALL SELECT 'rewrite', r.oid::text FROM pg_rewrite r UNION ALL SELECT 'index', i::text FROM pg_index i WHERE i.indrelid = 'attach_detach.ticket'::regclass)
	SELECT kind FROM ((TABLE now EXCEPT ALL TABLE before) UNION ALL (TABLE before EXCEPT ALL TABLE now)) d WHERE kind <> 'depend' GROUP BY kind ORDER BY kind
$$;
SET ROLE regress_itsm_attach_detach;
SELECT itsm.attach('attach_detach.ticket', 'attach_detach', 'status', mode => 'enforce', filter => 'id > 0', track => '{title}') > 0;
SELECT attach_detach.shape();
INSERT INTO attach_detach.ticket VALUES (1, 'new'), (2, 'new');
UPDATE attach_detach.ticket SET status = 'work' WHERE id = 1;
SELECT itsm.detach('attach_detach.ticket');
SELECT attach_detach.shape();
RESET ROLE;
SELECT pg_temp.changed();
SET ROLE regress_itsm_attach_detach;
-- nobody watches
UPDATE attach_detach.ticket SET status = 'anything' WHERE id = 1;
DELETE FROM attach_detach.ticket WHERE id = 2;
INSERT INTO attach_detach.ticket VALUES (3, 'done');
SELECT * FROM attach_detach.seen('attach_detach.ticket');
-- again: the records go on
SELECT itsm.attach('attach_detach.ticket', 'attach_detach', 'status', '{"anything": "done", "new": "new", "work": "work", "done": "done"}', mode => 'enforce') > 0;
UPDATE attach_detach.ticket SET title = 'x';
UPDATE attach_detach.ticket SET status = 'work' WHERE id = 1;
INSERT INTO attach_detach.ticket VALUES (2, 'new');
SELECT * FROM attach_detach.seen('attach_detach.ticket');
-- in a transaction that changes its mind
BEGIN;
SELECT itsm.detach('attach_detach.ticket');
UPDATE attach_detach.ticket SET status = 'nowhere' WHERE id = 3;
ROLLBACK;
UPDATE attach_detach.ticket SET status = 'nowhere' WHERE id = 3;
BEGIN;
SELECT itsm.detach('attach_detach.ticket');
UPDATE attach_detach.ticket SET status = 'new' WHERE id = 3;
SELECT itsm.attach('attach_detach.ticket', 'attach_detach', 'status', mode => 'enforce') > 0;
UPDATE attach_detach.ticket SET status = 'work' WHERE id = 3;
SAVEPOINT s;
UPDATE attach_detach.ticket SET status = 'nowhere' WHERE id = 3;
ROLLBACK TO s;
COMMIT;
SELECT * FROM attach_detach.seen('attach_detach.ticket') WHERE key = '3';
SELECT itsm.detach('attach_detach.ticket');

-- a partitioned table and one of its partitions, each attached: one goes, the other stays guarded
CREATE TABLE attach_detach.whole (id integer, part integer, status text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE attach_detach.part1 PARTITION OF attach_detach.whole FOR VALUES IN (1);
CREATE TABLE attach_detach.part2 PARTITION OF attach_detach.whole FOR VALUES IN (2);
SELECT itsm.attach('attach_detach.part1', 'attach_detach', 'status', mode => 'enforce', filter => 'id >= 100') > 0;
SELECT itsm.attach('attach_detach.whole', 'attach_detach', 'status', mode => 'enforce', filter => 'id < 100') > 0;
SELECT attach_detach.shape();
INSERT INTO attach_detach.whole VALUES (50, 1, 'new');
UPDATE attach_detach.whole SET id = 150, status = 'done' WHERE id = 50;
UPDATE attach_detach.whole SET id = 150, status = 'work' WHERE id = 50;
UPDATE attach_detach.whole SET status = 'done' WHERE id = 150;
SELECT 'whole' AS source, s.* FROM attach_detach.seen('attach_detach.whole') s UNION ALL SELECT 'part1', s.* FROM attach_detach.seen('attach_detach.part1') s;
SELECT itsm.detach('attach_detach.whole');
SELECT attach_detach.shape();
INSERT INTO attach_detach.whole VALUES (1, 1, 'done'), (1, 2, 'done');
INSERT INTO attach_detach.whole VALUES (100, 1, 'done');
SELECT itsm.attach('attach_detach.whole', 'attach_detach', 'status', mode => 'enforce', filter => 'id < 100') > 0;
SELECT itsm.detach('attach_detach.part1');
SELECT attach_detach.shape();
INSERT INTO attach_detach.whole VALUES (2, 1, 'done');
INSERT INTO attach_detach.whole VALUES (100, 1, 'done');
TRUNCATE attach_detach.part1;
SELECT itsm.detach('attach_detach.whole');
SELECT attach_detach.shape();

-- the same with inheritance
CREATE TABLE attach_detach.base (id integer PRIMARY KEY, status text);
CREATE TABLE attach_detach.child (PRIMARY KEY (id)) INHERITS (attach_detach.base);
SELECT itsm.attach('attach_detach.base', 'attach_detach', 'status', mode => 'enforce', filter => 'id < 100') > 0;
SELECT itsm.attach('attach_detach.child', 'attach_detach', 'status', mode => 'enforce', filter => 'id >= 100') > 0;
SELECT itsm.detach('attach_detach.child');
INSERT INTO attach_detach.child VALUES (1, 'done');
INSERT INTO attach_detach.child VALUES (100, 'done');
SELECT itsm.attach('attach_detach.child', 'attach_detach', 'status', mode => 'enforce', filter => 'id > 100') > 0;
SELECT itsm.detach('attach_detach.base');
INSERT INTO attach_detach.child VALUES (1, 'done');
INSERT INTO attach_detach.child VALUES (101, 'done');
SELECT itsm.detach('attach_detach.child');
SELECT attach_detach.shape();

-- what was done is kept
RESET ROLE;
SELECT replace(a.relation_name, 'attach_detach.', '') AS relation, e.kind, e.detail::jsonb->>'mode' AS mode, e.role, a.detached_at IS NOT NULL AS detached
	FROM itsm_report.policy_event e JOIN itsm.attachment a ON a.id = e.attachment WHERE a.relation_name LIKE 'attach_detach.%' ORDER BY e.at;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA attach_detach CASCADE;
DROP ROLE regress_itsm_attach_detach;
