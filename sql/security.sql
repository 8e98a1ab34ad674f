-- What users plant in the way is not stepped on; expressions have the rights of the table's owner.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_security;
CREATE SCHEMA security AUTHORIZATION regress_itsm_security;
SELECT itsm.define_lifecycle('{"name": "security",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse",
	"rules": [{"name": "titled", "to": "work", "check": "lower(new.title) <> ''bad'' and new.title || ''x'' <> ''badx''"}]}');
CREATE ROLE regress_itsm_writer;
CREATE ROLE regress_itsm_attacker;
GRANT USAGE ON SCHEMA security TO regress_itsm_writer, regress_itsm_attacker;
CREATE SCHEMA security_planted AUTHORIZATION regress_itsm_attacker;

-- What is remembered of a table: a line a record.
CREATE FUNCTION security.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_security;
\set VERBOSITY terse

CREATE TABLE security.ticket (id integer PRIMARY KEY, status text, title text);
GRANT ALL ON security.ticket TO regress_itsm_writer, regress_itsm_attacker;
SELECT itsm.attach('security.ticket', 'security', 'status', attributes => '{"title": "lower(title)"}', filter => 'title = title and upper(status) <> ''FREE''', mode => 'enforce') > 0;

-- functions, operators and tables that come first in the writer's path
SET ROLE regress_itsm_attacker;
CREATE FUNCTION security_planted.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on lower'; END $$;
CREATE FUNCTION security_planted.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on upper'; END $$;
CREATE FUNCTION security_planted.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on clock_timestamp'; END $$;
CREATE FUNCTION security_planted.nextval(regclass) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on nextval'; END $$;
CREATE FUNCTION security_planted.same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on an operator'; END $$;
CREATE FUNCTION security_planted.same(integer, integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on an operator'; END $$;
CREATE FUNCTION security_planted.joined(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on an operator'; END $$;
CREATE FUNCTION security_planted.joined(jsonb, jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on an operator'; END $$;
CREATE OPERATOR security_planted.= (FUNCTION = security_planted.same, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR security_planted.<> (FUNCTION = security_planted.same, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR security_planted.= (FUNCTION = security_planted.same, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR security_planted.|| (FUNCTION = security_planted.joined, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR security_planted.|| (FUNCTION = security_planted.joined, LEFTARG = jsonb, RIGHTARG = jsonb);
GRANT USAGE ON SCHEMA security_planted TO PUBLIC;
SET ROLE regress_itsm_writer;
CREATE TEMP TABLE record (x integer);
CREATE TEMP TABLE event (x integer);
CREATE TEMP TABLE attachment (x integer);
CREATE TEMP TABLE pg_class (x integer);
CREATE TEMP TABLE pg_trigger (x integer);
CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stepped on pg_temp.lower'; END $$;
SET search_path = pg_temp, security_planted, pg_catalog;
INSERT INTO security.ticket VALUES (1, 'new', 'A'), (2, 'new', 'BAD'), (3, 'free', 'c');
UPDATE security.ticket SET status = 'work' WHERE id OPERATOR(pg_catalog.=) 1;
UPDATE security.ticket SET status = 'work' WHERE id OPERATOR(pg_catalog.=) 2;
UPDATE security.ticket SET id = 4 WHERE id OPERATOR(pg_catalog.=) 1;
SET search_path = pg_catalog;
RESET ROLE;
-- the owner's calls in that path
SET search_path = security_planted, pg_catalog;
SELECT itsm.set_mode(a.id, 'observe', 'titled') FROM itsm.attachment a WHERE a.relation OPERATOR(pg_catalog.=) 'security.ticket'::regclass;
SET ROLE regress_itsm_security;
SELECT itsm.detach('security.ticket');
SELECT itsm.attach('security.ticket', 'security', 'status', attributes => '{"title": "title"}', mode => 'enforce') OPERATOR(pg_catalog.>) 0;
SET ROLE regress_itsm_writer;
UPDATE security.ticket SET status = 'nowhere' WHERE id OPERATOR(pg_catalog.=) 4;
SET search_path = pg_catalog;
DROP FUNCTION pg_temp.lower(text);
DROP TABLE pg_temp.pg_class, pg_temp.pg_trigger, pg_temp.record, pg_temp.event, pg_temp.attachment;
RESET ROLE;
SELECT * FROM security.seen('security.ticket');

-- an attribute's function: runs as the table's owner, whoever writes, and may not be undone by it
SET ROLE regress_itsm_security;
CREATE FUNCTION security.whoami(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN current_user || ' ' || current_setting('search_path') || ' ' || $1; END $$;
REVOKE ALL ON FUNCTION security.whoami(text) FROM PUBLIC;
CREATE TABLE security.asks (id integer PRIMARY KEY, status text, title text);
GRANT ALL ON security.asks TO regress_itsm_writer;
SELECT itsm.attach('security.asks', 'security', 'status', attributes => '{"title": "security.whoami(title)"}', mode => 'enforce') > 0;
INSERT INTO security.asks VALUES (1, 'new', 'owner');
SET ROLE regress_itsm_writer;
INSERT INTO security.asks VALUES (2, 'new', 'writer');
RESET ROLE;
INSERT INTO security.asks VALUES (3, 'new', 'superuser');
SELECT k.key, h.changes->'title'->>'to' AS title, current_user = session_user AS back FROM security.seen('security.asks') k, itsm.history('security.asks', k.key) h ORDER BY 1;
-- what it may not do
SET ROLE regress_itsm_security;
CREATE OR REPLACE FUNCTION security.whoami(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; RETURN 'done: ' || $1; END $$;
RESET ROLE;
\set VERBOSITY sqlstate
INSERT INTO security.asks VALUES (4, 'new', 'ALTER ROLE regress_itsm_security SUPERUSER');
\set VERBOSITY terse
INSERT INTO security.asks VALUES (4, 'new', 'SET ROLE regress_itsm_writer');
INSERT INTO security.asks VALUES (4, 'new', 'SET SESSION AUTHORIZATION DEFAULT');
INSERT INTO security.asks VALUES (4, 'new', 'CREATE TEMP TABLE left_behind (x integer)');
INSERT INTO security.asks VALUES (4, 'new', 'DECLARE c CURSOR WITH HOLD FOR SELECT 1');
INSERT INTO security.asks VALUES (4, 'new', 'SET search_path = security_planted');
INSERT INTO security.asks VALUES (44, 'new', 'DELETE FROM itsm.event');
SHOW search_path;
SELECT current_user = session_user AS still_me;
-- a nested write of an attached table from within an expression
INSERT INTO security.asks VALUES (5, 'new', 'INSERT INTO security.ticket VALUES (50, ''new'', ''nested'')');
INSERT INTO security.asks VALUES (6, 'new', 'INSERT INTO security.asks VALUES (60, ''new'', ''SELECT 1'')');
INSERT INTO security.asks VALUES (7, 'new', 'INSERT INTO security.asks VALUES (70, ''done'', ''SELECT 1'')');
SELECT key, state, events FROM security.seen('security.ticket') WHERE key = '50';
SELECT key, state, events FROM security.seen('security.asks');
-- an error in it passes through as it is, and leaves nothing
SET ROLE regress_itsm_writer;
INSERT INTO security.asks VALUES (8, 'new', 'SELECT 1 / 0');
SELECT current_user;
BEGIN;
SAVEPOINT s;
INSERT INTO security.asks VALUES (8, 'new', 'SELECT 1 / 0');
ROLLBACK TO s;
SELECT current_user, current_setting('search_path');
INSERT INTO security.asks VALUES (8, 'new', 'SELECT 1');
COMMIT;
-- a function that the owner may not call
RESET ROLE;
ALTER FUNCTION security.whoami(text) OWNER TO regress_itsm_attacker;
REVOKE ALL ON FUNCTION security.whoami(text) FROM PUBLIC, regress_itsm_security;
SET ROLE regress_itsm_attacker;
\set VERBOSITY sqlstate
INSERT INTO security.asks VALUES (9, 'new', 'SELECT 1');
RESET ROLE;
GRANT ALL ON security.asks TO regress_itsm_attacker;
SET ROLE regress_itsm_attacker;
INSERT INTO security.asks VALUES (9, 'new', 'SELECT 1');
\set VERBOSITY terse

-- our tables are nobody's
RESET ROLE;
SELECT c.relname, p FROM pg_class c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p WHERE c.relnamespace = 'itsm'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('regress_itsm_writer', c.oid, p);
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'itsm'::regnamespace AND c.relkind IN ('r', 'p') AND has_table_privilege('regress_itsm_writer', c.oid, 'SELECT') ORDER BY 1;
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'itsm'::regnamespace AND c.relkind = 'S' AND (has_sequence_privilege('regress_itsm_writer', c.oid, 'USAGE') OR has_sequence_privilege('regress_itsm_writer', c.oid, 'UPDATE'));
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'itsm'::regnamespace AND p.prosecdef AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%search_path=pg_catalog, pg_temp%', false);
SELECT n.nspname FROM pg_namespace n WHERE n.nspname LIKE 'itsm%' AND has_schema_privilege('regress_itsm_writer', n.oid, 'CREATE');
SET ROLE regress_itsm_writer;
INSERT INTO itsm.event DEFAULT VALUES;
UPDATE itsm.record SET deleted = true;
DELETE FROM itsm.violation;
RESET ROLE;
SELECT a.id AS attachment FROM itsm.attachment a WHERE a.relation = 'security.asks'::regclass AND a.detached_at IS NULL \gset
SET ROLE regress_itsm_writer;
SELECT itsm.set_mode(:attachment, 'off');
SELECT itsm.detach('security.asks');
SELECT itsm.define_lifecycle('{}');
SET itsm.history = off;
SET itsm.cell = 3;

-- our trigger functions where they do not belong
SELECT itsm.judge();
SET ROLE regress_itsm_attacker;
CREATE TABLE security_planted.own (id integer PRIMARY KEY, status text);
CREATE TRIGGER itsm_judge AFTER INSERT ON security_planted.own FOR EACH ROW EXECUTE FUNCTION itsm.judge();
CREATE TRIGGER itsm_judge_truncate BEFORE TRUNCATE ON security_planted.own EXECUTE FUNCTION itsm.judge_truncate();
INSERT INTO security_planted.own VALUES (1, 'new');
TRUNCATE security_planted.own;
DROP TRIGGER itsm_judge ON security_planted.own;
CREATE TRIGGER itsm_judge BEFORE INSERT ON security_planted.own FOR EACH ROW EXECUTE FUNCTION itsm.judge();
INSERT INTO security_planted.own VALUES (1, 'new');
DROP TRIGGER itsm_judge ON security_planted.own;
CREATE TRIGGER itsm_judge AFTER INSERT ON security_planted.own FOR EACH STATEMENT EXECUTE FUNCTION itsm.judge();
INSERT INTO security_planted.own VALUES (1, 'new');
DROP TRIGGER itsm_judge ON security_planted.own;
CREATE TRIGGER itsm_judge AFTER INSERT ON security_planted.own FOR EACH ROW EXECUTE FUNCTION itsm.judge_truncate();
INSERT INTO security_planted.own VALUES (1, 'new');
-- a second trigger with our function beside ours does nothing more
SET ROLE regress_itsm_security;
CREATE TRIGGER aa_twice AFTER INSERT OR UPDATE OR DELETE ON security.ticket FOR EACH ROW EXECUTE FUNCTION itsm.judge();
CREATE TRIGGER zz_twice AFTER INSERT OR UPDATE OR DELETE ON security.ticket FOR EACH ROW EXECUTE FUNCTION itsm.judge();
INSERT INTO security.ticket VALUES (80, 'new', 'x');
UPDATE security.ticket SET status = 'work' WHERE id = 80;
SELECT key, state, events FROM security.seen('security.ticket') WHERE key = '80';

-- row security: rows are judged and remembered whole, whoever may see them
CREATE TABLE security.hidden (id integer PRIMARY KEY, status text, title text, mine boolean DEFAULT false);
GRANT ALL ON security.hidden TO regress_itsm_writer;
ALTER TABLE security.hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY write ON security.hidden FOR INSERT WITH CHECK (true);
CREATE POLICY change ON security.hidden FOR UPDATE USING (true);
SELECT itsm.attach('security.hidden', 'security', 'status', attributes => '{"title": "title"}', mode => 'enforce', filter => 'not mine') > 0;
SET ROLE regress_itsm_writer;
INSERT INTO security.hidden VALUES (1, 'new', 'a'), (2, 'new', 'b');
SELECT count(*) FROM security.hidden;
UPDATE security.hidden SET status = 'done';
UPDATE security.hidden SET status = 'work';
SET ROLE regress_itsm_security;
UPDATE security.hidden SET title = 'c';
RESET ROLE;
SELECT * FROM security.seen('security.hidden');

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA security, security_planted CASCADE;
DROP ROLE regress_itsm_writer, regress_itsm_attacker;
DROP ROLE regress_itsm_security;
