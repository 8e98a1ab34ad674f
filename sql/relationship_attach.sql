-- Link tables and foreign-key columns as relationships, kept in step.
SET search_path = links, public;
SET client_min_messages = warning;
\pset null '~'
\pset format unaligned
CREATE SCHEMA links;
SELECT itsm.define_lifecycle('{"name": "linked", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
SELECT itsm.define_relationship_type('l_uses', 'l_used_by', acyclic => true, impact => 'backward');
SELECT itsm.define_relationship_type('l_on', 'l_bears', cardinality => 'n:1', impact => 'backward');
CREATE TABLE host (name text PRIMARY KEY, status text NOT NULL DEFAULT 'live');
CREATE TABLE app (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live', host text REFERENCES host ON UPDATE CASCADE ON DELETE SET NULL);
CREATE TABLE uses (a bigint NOT NULL REFERENCES app ON DELETE CASCADE, b integer NOT NULL, note text);
SELECT itsm.attach('host', 'linked', 'status', mode => 'enforce') > 0, itsm.attach('app', 'linked', 'status', mode => 'enforce') > 0;
INSERT INTO host VALUES ('h1'), ('h2');
INSERT INTO app VALUES (1, 'live', 'h1'), (2, 'live', NULL), (3, 'live', 'h2'), (4, 'live', NULL);
INSERT INTO uses VALUES (1, 2), (2, 3);
CREATE VIEW held AS SELECT source_key, type, target_key FROM itsm_report.relationship WHERE holds AND type LIKE 'l\_%' ORDER BY 1, 2, 3;

SELECT itsm.attach_relationships('app', 'l_on', target => 'host') AS on_host \gset
SELECT itsm.attach_relationships('uses', 'l_uses', 'a', 'b', target_relation => 'app') AS uses \gset
SELECT relation_name, type, source_column, target_column, mode FROM itsm.relationship_attachment ORDER BY id;
TABLE held;
-- rows from before
SELECT itsm.sync_relationships(:on_host), itsm.sync_relationships(:uses), itsm.sync_relationships(:uses);
TABLE held;
-- a column
UPDATE app SET host = 'h2' WHERE id = 1;
INSERT INTO app VALUES (5, 'live', 'h1');
UPDATE app SET host = NULL WHERE id = 3;
UPDATE app SET status = 'live' WHERE id = 5;
TABLE held;
-- keys change, rows go
UPDATE host SET name = 'h3' WHERE name = 'h2';
UPDATE app SET id = 50 WHERE id = 5;
TABLE held;
DELETE FROM host WHERE name = 'h3';
TABLE held;
SELECT type, source_key, target_key, ended_at IS NOT NULL AS ended FROM itsm_report.relationship WHERE type = 'l_on' ORDER BY relationship;
-- a link table: told twice, once is enough
INSERT INTO uses VALUES (1, 2, 'again'), (3, 4, NULL), (1, 99, NULL);
DELETE FROM uses WHERE note = 'again';
TABLE held;
UPDATE uses SET b = 4 WHERE a = 1 AND b = 2;
TABLE held;
-- what is not allowed passes, without a relationship; or is refused
INSERT INTO uses VALUES (3, 1);
INSERT INTO uses VALUES (4, 3), (4, 4);
TABLE held;
SELECT count(*) FROM uses;
SELECT itsm.detach_relationships(:uses);
SELECT itsm.attach_relationships('uses', 'l_uses', 'a', 'b', target_relation => 'app', mode => 'enforce') AS uses \gset
\set VERBOSITY sqlstate
INSERT INTO uses VALUES (4, 3);
INSERT INTO uses VALUES (4, 4);
\set VERBOSITY terse
SELECT count(*) FROM uses;
-- cascades, and a rollback
BEGIN;
DELETE FROM app WHERE id = 1;
TABLE held;
ROLLBACK;
TABLE held;
-- a trigger that writes the row again: what our transaction replaced says nothing
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.note = 'move' THEN UPDATE links.uses SET a = 2, b = 4, note = NULL WHERE note = 'move'; END IF; RETURN NULL; END $$;
CREATE TRIGGER a_move AFTER INSERT OR UPDATE ON uses FOR EACH ROW EXECUTE FUNCTION move();
INSERT INTO uses VALUES (1, 2, 'move');
TABLE held;
DROP TRIGGER a_move ON uses;
TRUNCATE uses;
TABLE held;
-- bad input
DO $$
DECLARE
	call text;
	h text;
BEGIN
	FOREACH call IN ARRAY ARRAY[$q$'links.uses', 'nothing', 'a', 'b'$q$, $q$'links.uses', 'l_uses', 'a', 'b'$q$, $q$'links.uses', 'l_uses', 'a', 'x'$q$, $q$'links.uses', 'l_uses'$q$,
		$q$'links.held', 'l_uses', 'source_key'$q$, $q$'links.uses', 'l_uses', 'a'$q$, $q$'links.uses', 'l_uses', 'a', 'b', target_relation => 'links.uses'$q$, $q$'links.app', 'l_on', target => 'host', mode => 'maybe'$q$, $q$'links.app', NULL$q$,
		$q$'links.uses', 'l_uses', 'a', 'a'$q$, $q$'links.uses', 'l_uses', 'a', 'b', target_relation => 'links.app'$q$, $q$'links.app', 'l_on', target => 'host'$q$]
	LOOP
		BEGIN
			EXECUTE format('SELECT itsm.attach_relationships(%s)', call);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
			RAISE WARNING '%: % | %', sqlstate, regexp_replace(sqlerrm, 'attachment \d+', 'attachment N'), regexp_replace(CASE WHEN h !~ '^There are' THEN h END, '\d+', 'N');
		END;
	END LOOP;
END $$;
SELECT itsm.detach_relationships(0);
SELECT itsm.sync_relationships(0);
-- a column that is renamed is followed; one that is dropped takes the attachment out of force
ALTER TABLE app RENAME host TO machine;
UPDATE app SET machine = 'h1' WHERE id = 2;
SELECT relation_name, source_column, target_column FROM itsm.relationship_attachment WHERE id = :on_host;
SELECT source_key, target_key FROM held WHERE type = 'l_on' AND source_key = '2';
SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ 'relationship attachment';
BEGIN;
ALTER TABLE app RENAME machine TO host;
SAVEPOINT renamed;
ALTER TABLE app RENAME host TO "Host Name";
UPDATE app SET "Host Name" = NULL WHERE id = 2;
SELECT count(*) FROM held WHERE type = 'l_on' AND source_key = '2';
ROLLBACK TO renamed;
UPDATE app SET host = NULL WHERE id = 2;
SELECT count(*) FROM held WHERE type = 'l_on' AND source_key = '2';
ROLLBACK;
\set VERBOSITY sqlstate
ALTER TABLE uses DROP a;
\set VERBOSITY terse
SET client_min_messages = error;
ALTER TABLE app DROP machine;
SET client_min_messages = warning;
UPDATE app SET status = 'live' WHERE id = 2;
SELECT source_key, target_key FROM held WHERE type = 'l_on' AND source_key = '2';
SELECT itsm.sync_relationships(:on_host);
SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ 'relationship attachment';
ALTER TABLE app ADD machine text;
SELECT itsm.detach_relationships(:on_host);
UPDATE app SET machine = 'h1' WHERE id = 2;
SELECT itsm.detach_relationships(:uses);
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'itsm\_relate%' AND NOT tgisinternal;
CREATE ROLE regress_itsm_links;
SET ROLE regress_itsm_links;
SELECT itsm.attach_relationships(1259, 'l_uses');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.attach_relationships(regclass, text, name, name, regclass, regclass, text) TO regress_itsm_links;
SET ROLE regress_itsm_links;
SELECT itsm.attach_relationships(1259, 'l_uses', 'relname');
RESET ROLE;
REVOKE ALL ON FUNCTION itsm.attach_relationships(regclass, text, name, name, regclass, regclass, text) FROM regress_itsm_links;
DROP ROLE regress_itsm_links;
-- partitions
CREATE TABLE part (a integer, b integer, region text) PARTITION BY LIST (region);
CREATE TABLE part_e PARTITION OF part FOR VALUES IN ('e');
CREATE TABLE part_w (region text, b integer, a integer);
ALTER TABLE part ATTACH PARTITION part_w FOR VALUES IN ('w');
SELECT itsm.attach_relationships('part', 'l_uses', 'a', 'b', 'app', 'app') AS part \gset
INSERT INTO part VALUES (1, 3, 'e'), (2, 4, 'w');
UPDATE part SET region = 'w' WHERE a = 1;
TABLE held;
DELETE FROM part_w WHERE a = 1;
TABLE held;
-- those that come later, and those that go
CREATE TABLE part_n PARTITION OF part FOR VALUES IN ('n');
CREATE TABLE part_s (LIKE part);
ALTER TABLE part ATTACH PARTITION part_s FOR VALUES IN ('s');
INSERT INTO part VALUES (1, 3, 'n'), (1, 4, 's');
TABLE held;
TRUNCATE part_n;
TABLE held;
ALTER TABLE part DETACH PARTITION part_s;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'itsm\_relate%' ORDER BY tgrelid::regclass::text COLLATE "C", tgname;
TRUNCATE part_s;
TABLE held;
-- a partition, and then the whole: each as long as it is attached
SELECT itsm.detach_relationships(:part);
ALTER TABLE part ATTACH PARTITION part_s FOR VALUES IN ('s');
SELECT itsm.attach_relationships('part_s', 'l_uses', 'a', 'b', 'app', 'app') AS south \gset
SELECT itsm.attach_relationships('part', 'l_uses', 'a', 'b', 'app', 'app') AS part \gset
SELECT itsm.detach_relationships(:part);
INSERT INTO part VALUES (2, 1, 'n'), (2, 3, 's');
TABLE held;
SELECT itsm.detach_relationships(:south);
-- children
CREATE TABLE base (a integer, b integer);
SELECT itsm.attach_relationships('base', 'l_uses', 'a', 'b', 'app', 'app') AS part \gset
CREATE TABLE child () INHERITS (base);
INSERT INTO child VALUES (3, 4);
SELECT source_key, target_key FROM held WHERE source_key = '3';
ALTER TABLE child NO INHERIT base;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'child'::regclass;
SELECT itsm.detach_relationships(:part);
SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ 'links\.';
SELECT itsm.detach('app');
SELECT itsm.detach('host');
DROP SCHEMA links CASCADE;
