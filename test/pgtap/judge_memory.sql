-- What judging and remembering keep in memory does not grow with the rows of a statement.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SELECT plan(10);

SELECT itsm.define_lifecycle('{"name": "memory", "attributes": {"title": "text", "priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "new"}], "delete": "allow",
	"rules": [{"name": "titled", "requires": "title"}, {"name": "sane", "check": "new.priority between 1 and 5 and new.title <> actor"}]}') \g /dev/null

-- Memory of this backend, without the queue that PostgreSQL keeps for AFTER triggers and
-- what it keeps of rows that one transaction writes twice (a record begun and moved).
-- Of its caches what is used counts: their next block alone may be a megabyte.
CREATE FUNCTION memory_now() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(CASE name WHEN 'CacheMemoryContext' THEN used_bytes ELSE total_bytes END)::bigint
	FROM pg_backend_memory_contexts WHERE name NOT LIKE 'AfterTrigger%' AND name <> 'Combo CIDs'
$$;
CREATE TABLE measured (row integer, bytes bigint);
CREATE FUNCTION measure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO measured VALUES (coalesce(new.id, old.id), memory_now()); RETURN NULL; END $$;
-- Growth from an early row of the last statement to its last one.
CREATE FUNCTION growth() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint := (SELECT max(bytes) - min(bytes) FROM measured);
	many bigint := (SELECT count(*) FROM measured);
BEGIN
	DELETE FROM measured;
	RETURN CASE WHEN many >= 2 THEN result END;
END $$;

CREATE TABLE ticket (id integer PRIMARY KEY, status text, title text, priority integer);
INSERT INTO ticket SELECT i, 'new', 'title ' || i, 1 + i % 5 FROM generate_series(1, 300000) i;
SELECT itsm.attach('ticket', 'memory', 'status', attributes => '{"title": "title || ''!''", "priority": "priority"}', mode => 'enforce') \g /dev/null
CREATE TRIGGER zz_measure_update AFTER UPDATE ON ticket FOR EACH ROW WHEN (new.id % 20000 = 1000) EXECUTE FUNCTION measure();
CREATE TRIGGER zz_measure_delete AFTER DELETE ON ticket FOR EACH ROW WHEN (old.id % 9000 = 1) EXECUTE FUNCTION measure();
CREATE TRIGGER zz_measure_insert AFTER INSERT ON ticket FOR EACH ROW WHEN (new.id % 9000 = 1) EXECUTE FUNCTION measure();

UPDATE ticket SET title = title || '.' WHERE id <= 30000;
SELECT cmp_ok(growth(), '<', 2000000::bigint, 'update of 30,000 rows that get their records with it');
UPDATE ticket SET title = title || '.' WHERE id > 30000;
DELETE FROM measured;
UPDATE ticket SET status = 'work';
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'update of 300,000 rows, each of which moves');
SELECT is((SELECT count(*) FROM itsm.record_state WHERE state = 'work'), 300000::bigint, 'all of them are remembered');

-- our own tables are invalidated under way, as autovacuum does it, and opened anew; without
-- their order, so that pages are remembered
CREATE FUNCTION invalidate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	GRANT SELECT ON itsm.record, itsm.record_state TO CURRENT_USER;
	RETURN NULL;
END $$;
CREATE TRIGGER zz_invalidate AFTER UPDATE ON ticket FOR EACH ROW WHEN (new.id % 100 = 0) EXECUTE FUNCTION invalidate();
CREATE TRIGGER zzz_measure_update AFTER UPDATE ON ticket FOR EACH ROW WHEN (new.id % 2000 = 500) EXECUTE FUNCTION measure();
UPDATE ticket SET status = 'new' FROM (SELECT id AS wanted FROM ticket ORDER BY hashint4(id) LIMIT 60000) AS disorder WHERE id = wanted;
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'update of 60,000 rows without order, during which our tables are opened anew');
DROP TRIGGER zz_invalidate ON ticket;
DROP TRIGGER zzz_measure_update ON ticket;
UPDATE ticket SET status = 'work' WHERE status = 'new';
DELETE FROM measured;

SET itsm.history = off;
UPDATE ticket SET status = 'new';
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'the same without history');
RESET itsm.history;

INSERT INTO ticket SELECT i, 'new', 't', 1 FROM generate_series(300001, 330000) i;
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'insertion of 30,000 rows');
DELETE FROM ticket WHERE id > 300000;
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'deletion of 30,000 rows');

-- another trigger that writes each row again, before ours and after it
CREATE TABLE touched (id integer PRIMARY KEY, status text, title text, priority integer, touches integer DEFAULT 0);
SELECT itsm.attach('touched', 'memory', 'status', attributes => '{"title": "title", "priority": "priority"}', track => '{touches}', mode => 'enforce') \g /dev/null
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE touched SET touches = touches + 1 WHERE id = new.id; RETURN NULL; END $$;
CREATE TRIGGER zz_touch AFTER INSERT ON touched FOR EACH ROW WHEN (new.priority = 1) EXECUTE FUNCTION touch();
CREATE TRIGGER aa_touch AFTER INSERT ON touched FOR EACH ROW WHEN (new.priority = 2) EXECUTE FUNCTION touch();
CREATE TRIGGER zzz_measure AFTER INSERT ON touched FOR EACH ROW WHEN (new.id % 9000 = 1000) EXECUTE FUNCTION measure();
INSERT INTO touched SELECT i, 'new', 't', 1 FROM generate_series(1, 20000) i;
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'rows that a later trigger writes again');
INSERT INTO touched SELECT i, 'new', 't', 2 FROM generate_series(20001, 40000) i;
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'rows that an earlier trigger writes again');

-- rows on their way between partitions
CREATE TABLE parted (id integer, part integer, status text, title text, priority integer, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE part1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE part2 PARTITION OF parted FOR VALUES IN (2);
INSERT INTO parted SELECT i, 1, 'new', 't', 1 FROM generate_series(1, 20000) i;
SELECT itsm.attach('parted', 'memory', 'status', attributes => '{"title": "title", "priority": "priority"}', mode => 'enforce') \g /dev/null
CREATE TRIGGER zz_measure AFTER INSERT ON part2 FOR EACH ROW WHEN (new.id % 9000 = 1000) EXECUTE FUNCTION measure();
UPDATE parted SET part = 2, status = 'work';
SELECT cmp_ok(growth(), '<', 1000000::bigint, 'rows that move between partitions');
SELECT * FROM finish();
