-- The table that new configuration items go into: what it must be, and what it may do to their rows.
SET client_min_messages = warning;
SET search_path = reconcile_into, pg_catalog;
CREATE SCHEMA reconcile_into;
\set VERBOSITY default
SELECT itsm.define_lifecycle('{"name": "reconcile_into", "process": "configuration_item", "delete": "allow",
	"attributes": {"title": "text", "class": "text", "serial": "text"},
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
SELECT itsm.define_class('into_machine', abstract => true);
SELECT itsm.define_class('into_box', 'into_machine');
SELECT itsm.define_class('into_switch', 'into_machine');
SELECT itsm.define_identification_rule('into_machine', 1, '{serial}');

-- no class, several attachments, none
CREATE TABLE nameless (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live', serial text);
SELECT itsm.attach('nameless', 'reconcile_into', 'status', attributes => '{"serial": "serial"}', filter => 'id < 10') AS attachment \gset
DO $$ BEGIN
	PERFORM itsm.reconcile('into', 'into_box', '[{"serial": "1"}]', apply => true, relation => 'reconcile_into.nameless');
EXCEPTION WHEN SQLSTATE 'IT051' THEN
	RAISE WARNING '%', regexp_replace(sqlerrm, '\d+', 'N');
END $$;
SELECT itsm.attach('nameless', 'reconcile_into', 'status', attributes => '{"class": "''into_box''"}', filter => 'id > 10') > 0 AS attached;
SELECT itsm.reconcile('into', 'into_box', '[{"serial": "1"}]', apply => true, relation => 'nameless');
SELECT itsm.reconcile('into', 'into_box', '[{"serial": "1"}]', apply => true, relation => 'pg_class');

-- of another tenant, of another class, of none; an item that has no column there
CREATE TABLE theirs (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL DEFAULT 'live', serial text, tenant text NOT NULL DEFAULT 'other');
CREATE TABLE switch (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL DEFAULT 'live', serial text);
CREATE TABLE blank (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL DEFAULT 'live', serial text);
CREATE TABLE computed (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL DEFAULT 'live', serial text);
SELECT itsm.attach('theirs', 'reconcile_into', 'status', attributes => '{"class": "''into_box''", "serial": "serial"}', tenant => 'tenant') > 0 AS attached;
SELECT itsm.attach('switch', 'reconcile_into', 'status', attributes => '{"class": "''into_switch''", "serial": "serial"}') > 0 AS attached;
SELECT itsm.attach('blank', 'reconcile_into', 'status', attributes => '{"class": "NULL::text", "serial": "serial"}') > 0 AS attached;
SELECT itsm.attach('computed', 'reconcile_into', 'status', attributes => '{"class": "''into_box''", "serial": "upper(serial)"}') > 0 AS attached;
SELECT t AS "table", o.action, o.detail FROM unnest('{theirs,switch,blank,computed}'::text[]) t,
	itsm.reconcile('into', 'into_box', '[{"serial": "1"}]', apply => true, relation => t::regclass) o ORDER BY t COLLATE "C";
-- a trigger that keeps the row out
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON theirs FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT action, detail FROM itsm.reconcile('into', 'into_box', '[{"serial": "1"}]', apply => true, relation => 'theirs', tenant => 'other');
DROP TRIGGER nothing ON theirs;
SELECT action, detail FROM itsm.reconcile('into', 'into_box', '[{"serial": "1"}]', apply => true, relation => 'theirs', tenant => 'other');
-- refused, nothing is left
SELECT (SELECT count(*) FROM theirs) AS theirs, (SELECT count(*) FROM switch) AS switch, (SELECT count(*) FROM blank) AS blank, (SELECT count(*) FROM computed) AS computed;

-- within a transaction block
CREATE TABLE found (id integer PRIMARY KEY, item jsonb);
INSERT INTO found VALUES (1, '{"serial": "77"}');
SET client_min_messages = notice;
BEGIN;
CALL itsm.reconcile_batches('into', 'into_box', 'found');
ROLLBACK;
CALL itsm.reconcile_batches('into', 'into_box', NULL);
CALL itsm.reconcile_batches('into', 'into_none', 'found');
SELECT itsm.forget_source_items('into', now() + interval '1 minute') > 0 AS forgotten;
SET client_min_messages = error;
SELECT itsm.detach(t::regclass) FROM unnest('{nameless,theirs,switch,blank,computed}'::text[]) t;
DROP SCHEMA reconcile_into CASCADE;
