-- Types with constraints on attached tables: reading a key or a status never runs the code of
-- the table's owner with the rights of others.  And surveys are whole under row security.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'
\set VERBOSITY terse

CREATE ROLE regress_itsm_keys;
CREATE SCHEMA security_keys AUTHORIZATION regress_itsm_keys;
GRANT USAGE ON SCHEMA security_keys TO PUBLIC;
SELECT itsm.define_lifecycle('{"name": "security_keys",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}], "delete": "allow"}');

SET ROLE regress_itsm_keys;
CREATE FUNCTION security_keys.spy(value text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF current_user <> 'regress_itsm_keys' THEN
		RAISE 'the owner''s code ran as %', current_user;
	END IF;
	RETURN true;
END $$;
CREATE DOMAIN security_keys.id AS text CHECK (security_keys.spy(value));
CREATE DOMAIN security_keys.short_id AS security_keys.id CHECK (security_keys.spy(value));
CREATE TABLE security_keys.trap (id security_keys.short_id, part integer, status security_keys.id, PRIMARY KEY (id, part));
INSERT INTO security_keys.trap SELECT i, i, 'new' FROM generate_series(1, 5) i;
SELECT itsm.attach('security_keys.trap', 'security_keys', 'status') AS trap \gset
RESET ROLE;
CALL itsm.backfill(:trap, 2);
SELECT itsm.record_id('security_keys.trap', '(3,3)') > 0 AS found, itsm.record_id('security_keys.trap', '(3,9)') AS none;
SELECT count(*) FROM itsm.history('security_keys.trap', '(3,3)');
SELECT itsm.record_as_of('security_keys.trap', '(3,3)', 'infinity') IS NOT NULL AS known;
SELECT to_state, status_value, allowed FROM itsm.allowed_transitions('security_keys.trap', '(3,3)');
SELECT key, rule FROM itsm.check_rows(:trap);
SELECT itsm.import_events(:trap, $$SELECT '(9,9)'::text AS key, timestamptz '2020-01-01 00:00+00' AS at, 'new'::text AS state$$);
SELECT itsm.migrate(:trap);
SELECT count(*) FROM itsm.record r JOIN itsm.source o ON o.id = r.source WHERE o.relation = 'security_keys.trap'::regclass;

-- Domains within other types cannot be looked through: such keys are not taken
SET ROLE regress_itsm_keys;
CREATE TYPE security_keys.pair AS (a security_keys.id, b integer);
CREATE TYPE security_keys.span AS RANGE (subtype = security_keys.id);
CREATE DOMAIN security_keys.ids AS text[];
CREATE TABLE security_keys.composite (id security_keys.pair PRIMARY KEY, status text);
CREATE TABLE security_keys.listed (id security_keys.id[] PRIMARY KEY, status text);
CREATE TABLE security_keys.ranged (id security_keys.span PRIMARY KEY, status text);
CREATE TABLE security_keys.domained (id security_keys.ids NOT NULL, part integer NOT NULL, status text, UNIQUE (id, part));
SELECT itsm.attach('security_keys.composite', 'security_keys', 'status');
SELECT itsm.attach('security_keys.listed', 'security_keys', 'status');
SELECT itsm.attach('security_keys.ranged', 'security_keys', 'status');
SELECT itsm.attach('security_keys.domained', 'security_keys', 'status', key => '{id, part}');

-- The owner's survey and backfill see all rows, also where row security binds the owner
CREATE TABLE security_keys.hidden (id integer PRIMARY KEY, status text);
INSERT INTO security_keys.hidden VALUES (1, 'odd'), (2, 'new'), (3, NULL);
ALTER TABLE security_keys.hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT itsm.attach('security_keys.hidden', 'security_keys', 'status') AS hidden \gset
SELECT count(*) FROM security_keys.hidden;
SELECT key, rule FROM itsm.check_rows(:hidden);
CALL itsm.backfill(:hidden);
SELECT current_user = 'regress_itsm_keys' AS still_me, current_setting('search_path') AS search_path;
SELECT * FROM itsm.history('security_keys.hidden', '2');
RESET ROLE;
SELECT r.key, s.state FROM itsm.record r JOIN itsm.source o ON o.id = r.source JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
WHERE o.relation = 'security_keys.hidden'::regclass ORDER BY r.key COLLATE "C";

SET itsm.maintenance = on;
DROP SCHEMA security_keys CASCADE;
DROP ROLE regress_itsm_keys;
