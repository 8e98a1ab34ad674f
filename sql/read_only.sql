-- A read-only transaction writes nothing of ours, whichever function asks for it; and loses nothing that was written before it became one.
SET client_min_messages = warning;
CREATE SCHEMA read_only;
SET search_path = read_only, public;
\pset format unaligned
SELECT itsm.define_lifecycle('{"name": "ro_node", "attributes": {"title": "text", "class": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": [],
	"rules": [{"name": "short", "check": "length(new.title) < 9"}]}');
CREATE TABLE node (name text PRIMARY KEY, status text NOT NULL DEFAULT 'live', kind text DEFAULT 'ro_server', title text DEFAULT 'short');
SELECT itsm.attach('node', 'ro_node', 'status', attributes => '{"title": "title", "class": "kind"}', mode => 'observe', timing => 'deferred') AS attachment \gset
SELECT itsm.define_class('ro_server');
INSERT INTO node (name) VALUES ('a'), ('b'), ('c');
CREATE FUNCTION n(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id('read_only.node', key) $$;
SELECT itsm.relate(n('a'), 'uses', n('b')) AS relationship \gset
SELECT itsm.set_redundancy(n('a'), 'uses', 1);
SELECT itsm.define_identification_rule('ro_server', 1, '{title}');
CREATE TABLE written AS SELECT (SELECT count(*) FROM itsm.event) AS events, (SELECT count(*) FROM itsm.source_item) AS items;
CREATE FUNCTION try(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RETURN 'went through';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
BEGIN READ ONLY;
SELECT try(format('SELECT itsm.unrelate(%s)', :relationship)) AS unrelate;
SELECT try('SELECT itsm.relate(n(''b''), ''uses'', n(''c''))') AS relate;
SELECT try('SELECT itsm.set_redundancy(n(''a''), ''uses'', NULL)') AS set_redundancy;
SELECT try('SELECT itsm.define_class(''ro_server'', abstract => true)') AS define_class;
SELECT try('SELECT itsm.define_identification_rule(''ro_server'', 2, ''{class}'')') AS define_identification_rule;
SELECT try('SELECT itsm.reconcile(''scan'', ''ro_server'', ''[{"title": "x"}]'')') AS reconcile;
SELECT try('SELECT itsm.override(''node'', ''a'', ''short'', ''because'')') AS override;
SELECT try('SELECT itsm.pack_relationships()') AS pack;
-- what only reads does
SELECT action FROM itsm.reconcile('scan', 'ro_server', '[{"title": "x"}]', dry_run => true);
SELECT count(*) FROM itsm.impact(n('b'));
COMMIT;
SELECT (SELECT count(*) FROM itsm.event) - events AS events, (SELECT count(*) FROM itsm.source_item) - items AS items FROM written;
SELECT ended_at IS NULL AS holds FROM itsm.relationship WHERE id = :relationship;
-- judged at the end, when nothing may be written any more
BEGIN;
UPDATE node SET title = 'much too long' WHERE name = 'a';
SET TRANSACTION READ ONLY;
SELECT try(format('SELECT itsm.unrelate(%s)', :relationship)) AS unrelate;
COMMIT;
SELECT key, rule FROM itsm_report.violation WHERE attachment = :attachment ORDER BY at;
SELECT * FROM itsm.verify() WHERE NOT ok AND object LIKE '%read_only.%';
SELECT itsm.define_identification_rule('ro_server', 1, NULL);
SET client_min_messages = error;
DROP SCHEMA read_only CASCADE;
