-- Deferred verdicts on every path: partitions, deferred triggers, writes made while judging,
-- several attachments, tables that are truncated, rewritten or dropped meanwhile.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA deferred_paths;
SELECT itsm.define_lifecycle('{"name": "deferred_paths", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}], "delete": "allow",
	"rules": [{"name": "titled", "to": ["work", "done"], "requires": "title"}]}');
CREATE VIEW deferred_paths.seen AS
	SELECT o.relation_name, r.key, CASE WHEN r.deleted THEN 'deleted' WHEN r.attachment = 0 THEN 'not governed' ELSE s.state END AS state,
		string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version) AS events
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id
		JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
		JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id
	WHERE o.relation_name LIKE 'deferred_paths.%'
	GROUP BY o.relation_name, r.tenant, r.id, r.key, s.state, r.deleted, r.attachment;
\set VERBOSITY terse

-- rows that move between partitions are found where they are at the end
CREATE TABLE deferred_paths.parted (id integer, part integer, status text, title text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE deferred_paths.part1 PARTITION OF deferred_paths.parted FOR VALUES IN (1);
CREATE TABLE deferred_paths.part2 PARTITION OF deferred_paths.parted FOR VALUES IN (2);
CREATE TABLE deferred_paths.part3 (title text, filler integer, status text, id integer NOT NULL, part integer NOT NULL);
ALTER TABLE deferred_paths.part3 DROP COLUMN filler;
ALTER TABLE deferred_paths.parted ATTACH PARTITION deferred_paths.part3 FOR VALUES IN (3);
SELECT itsm.attach('deferred_paths.parted', 'deferred_paths', 'status', attributes => '{"title": "title"}', mode => 'enforce', timing => 'deferred', key => '{id, part}') > 0;
INSERT INTO deferred_paths.parted SELECT i, 1, 'new' FROM generate_series(1, 5) i;
BEGIN;
UPDATE deferred_paths.parted SET status = 'work' WHERE id = 1;
UPDATE deferred_paths.parted SET part = 2 WHERE id = 1;
UPDATE deferred_paths.parted SET part = 3, status = 'done' WHERE id = 1;
UPDATE deferred_paths.parted SET title = 'at last' WHERE id = 1;
COMMIT;
BEGIN;
UPDATE deferred_paths.parted SET part = 3, status = 'work', title = 't' WHERE id = 2;
UPDATE deferred_paths.parted SET title = NULL, part = 2 WHERE id = 2;
COMMIT;
UPDATE deferred_paths.parted SET part = 3, status = 'done' WHERE id = 2;
BEGIN;
SAVEPOINT s;
UPDATE deferred_paths.parted SET part = 3, status = 'done' WHERE id = 2;
ROLLBACK TO s;
UPDATE deferred_paths.parted SET part = 3, status = 'work', title = 't' WHERE id = 2;
DELETE FROM deferred_paths.parted WHERE id = 2;
COMMIT;
SELECT key, state, events FROM deferred_paths.seen WHERE relation_name = 'deferred_paths.parted' ORDER BY key COLLATE "C";

-- a deferred constraint trigger that writes: judged as well
CREATE TABLE deferred_paths.ticket (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('deferred_paths.ticket', 'deferred_paths', 'status', attributes => '{"title": "title"}', mode => 'enforce', timing => 'deferred') > 0;
CREATE TABLE deferred_paths.queue (statement text);
CREATE FUNCTION deferred_paths.run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE new.statement; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER run AFTER INSERT ON deferred_paths.queue DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION deferred_paths.run();
INSERT INTO deferred_paths.ticket SELECT i, 'new' FROM generate_series(1, 9) i;
INSERT INTO deferred_paths.queue VALUES ($$UPDATE deferred_paths.ticket SET status = 'done' WHERE id = 1$$);
BEGIN;
UPDATE deferred_paths.ticket SET status = 'work' WHERE id = 1;
INSERT INTO deferred_paths.queue VALUES ($$UPDATE deferred_paths.ticket SET title = 'from the trigger' WHERE id = 1$$);
COMMIT;

-- checks that write: what they write is judged as well (PostgreSQL lets them queue no deferred triggers)
CREATE TABLE deferred_paths.told (id integer);
CREATE TABLE deferred_paths.checked (id integer PRIMARY KEY, status text);
CREATE FUNCTION deferred_paths.tells(id integer) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	INSERT INTO deferred_paths.told VALUES (id);
	IF id = 1 THEN
		INSERT INTO deferred_paths.queue VALUES ('INSERT INTO deferred_paths.told VALUES (100)');
	ELSIF id = 2 THEN
		UPDATE deferred_paths.ticket SET status = 'done', title = 't' WHERE ticket.id = 2;
	ELSIF id = 3 THEN
		INSERT INTO deferred_paths.queue VALUES ($q$UPDATE deferred_paths.ticket SET status = 'done', title = 't' WHERE id = 2$q$);
	ELSIF id = 4 THEN
		UPDATE deferred_paths.checked SET status = CASE status WHEN 'work' THEN 'done' ELSE 'work' END WHERE checked.id = 4;
	ELSIF id = 5 THEN
		UPDATE deferred_paths.checked SET status = 'done' WHERE checked.id = 5 AND status = 'work';
	ELSIF id = 6 THEN
		RETURN (SELECT count(*) = 1 FROM deferred_paths.told t WHERE t.id = 6);
	ELSIF id = 7 THEN
		BEGIN
			UPDATE deferred_paths.checked SET status = 'new' WHERE checked.id = 7;
			RAISE EXCEPTION 'undo';
		EXCEPTION WHEN raise_exception THEN NULL;
		END;
	END IF;
	RETURN true;
END $$;
SELECT itsm.define_lifecycle('{"name": "deferred_check", "attributes": {"id": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}], "delete": "allow",
	"rules": [{"name": "tells", "to": ["work", "done"], "check": "deferred_paths.tells(new.id)"}]}');
SELECT itsm.attach('deferred_paths.checked', 'deferred_check', 'status', attributes => '{"id": "id"}', mode => 'enforce', timing => 'deferred') > 0;
INSERT INTO deferred_paths.checked SELECT i, 'new' FROM generate_series(1, 9) i;
UPDATE deferred_paths.checked SET status = 'work' WHERE id = 1;
SELECT * FROM deferred_paths.told;
UPDATE deferred_paths.checked SET status = 'work' WHERE id = 2;
UPDATE deferred_paths.checked SET status = 'work' WHERE id = 3;
SELECT itsm.set_mode(id, 'off', 'transition') FROM itsm.attachment WHERE relation_name = 'deferred_paths.checked';
UPDATE deferred_paths.checked SET status = 'work' WHERE id = 4;
SELECT itsm.set_mode(id, 'enforce', 'transition') FROM itsm.attachment WHERE relation_name = 'deferred_paths.checked';
BEGIN;
UPDATE deferred_paths.checked SET status = 'work' WHERE id IN (5, 7);
UPDATE deferred_paths.checked SET status = 'work' WHERE id = 6;
UPDATE deferred_paths.checked SET status = 'work' WHERE id = 8;
COMMIT;
SELECT id, status FROM deferred_paths.checked WHERE id IN (5, 6, 7, 8) ORDER BY id;
SELECT count(*), count(DISTINCT id) FROM deferred_paths.told;

-- an immediate attachment beside it, and rows that pass from one to the other
CREATE TABLE deferred_paths.two (id integer PRIMARY KEY, status text, title text, late boolean);
SELECT itsm.attach('deferred_paths.two', 'deferred_paths', 'status', attributes => '{"title": "title"}', filter => 'late', mode => 'enforce', timing => 'deferred') > 0,
	itsm.attach('deferred_paths.two', 'deferred_paths', 'status', attributes => '{"title": "title"}', filter => 'not late', mode => 'enforce') > 0;
BEGIN;
INSERT INTO deferred_paths.two VALUES (1, 'new', NULL, true), (2, 'new', NULL, false);
UPDATE deferred_paths.two SET status = 'work' WHERE id = 1;
SAVEPOINT s;
UPDATE deferred_paths.two SET status = 'work' WHERE id = 2;
ROLLBACK TO s;
UPDATE deferred_paths.two SET title = 't' WHERE id = 1;
COMMIT;
BEGIN;
UPDATE deferred_paths.two SET late = false, status = 'new' WHERE id = 1;
ROLLBACK;
BEGIN;
UPDATE deferred_paths.two SET late = true, status = 'done' WHERE id = 2;
SELECT 'not yet';
COMMIT;
BEGIN;
UPDATE deferred_paths.two SET late = true, status = 'work' WHERE id = 2;
UPDATE deferred_paths.two SET late = false, title = 't' WHERE id = 2;
COMMIT;
-- a row that leaves both is not judged
BEGIN;
UPDATE deferred_paths.two SET status = 'new', late = NULL WHERE id = 1;
COMMIT;
SELECT key, state, events FROM deferred_paths.seen WHERE relation_name = 'deferred_paths.two' ORDER BY key;

-- what a rule looks back at is what was there before the write
SELECT itsm.define_lifecycle('{"name": "deferred_past", "attributes": {},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "solved", "category": "resolved"}],
	"transitions": [{"from": "new", "to": "solved"}, {"from": "solved", "to": "work"}, {"from": "work", "to": "solved"}], "delete": "allow",
	"rules": [{"name": "another", "from": "solved", "to": "work", "separate": {"to": "solved"}}, {"name": "soon", "from": "solved", "to": "work", "within": "1 day"}]}');
CREATE TABLE deferred_paths.past (id integer PRIMARY KEY, status text);
SELECT itsm.attach('deferred_paths.past', 'deferred_past', 'status', mode => 'enforce', timing => 'deferred') > 0;
BEGIN;
SELECT itsm.act_as('bob');
INSERT INTO deferred_paths.past VALUES (1, 'new');
UPDATE deferred_paths.past SET status = 'solved';
COMMIT;
BEGIN;
SELECT itsm.act_as('ann');
UPDATE deferred_paths.past SET status = 'work';
UPDATE deferred_paths.past SET status = 'solved';
COMMIT;
BEGIN;
SELECT itsm.act_as('ann');
UPDATE deferred_paths.past SET status = 'work';
UPDATE deferred_paths.past SET status = 'solved';
COMMIT;

-- TRUNCATE: judged before the rows go
SELECT itsm.set_mode(id, 'off', 'truncate') FROM itsm.attachment WHERE relation_name IN ('deferred_paths.ticket', 'deferred_paths.parted');
BEGIN;
UPDATE deferred_paths.ticket SET status = 'done' WHERE id = 3;
TRUNCATE deferred_paths.ticket;
ROLLBACK;
BEGIN;
UPDATE deferred_paths.ticket SET status = 'work', title = 't' WHERE id = 3;
TRUNCATE deferred_paths.ticket;
INSERT INTO deferred_paths.ticket VALUES (30, 'new'), (31, 'new');
COMMIT;
BEGIN;
UPDATE deferred_paths.ticket SET status = 'work', title = 't' WHERE id = 30;
SAVEPOINT s;
TRUNCATE deferred_paths.ticket;
ROLLBACK TO s;
UPDATE deferred_paths.ticket SET title = NULL WHERE id = 30;
COMMIT;
BEGIN;
UPDATE deferred_paths.parted SET status = 'done' WHERE id = 3;
TRUNCATE deferred_paths.parted;
ROLLBACK;
-- a rewrite loses the versions that would be judged: refused, unless it comes first
BEGIN;
UPDATE deferred_paths.ticket SET status = 'work', title = 't' WHERE id = 30;
ALTER TABLE deferred_paths.ticket ALTER COLUMN title TYPE varchar(50);
ALTER TABLE deferred_paths.ticket ALTER COLUMN title TYPE varchar(20);
COMMIT;
BEGIN;
ALTER TABLE deferred_paths.ticket ALTER COLUMN title TYPE varchar(20);
UPDATE deferred_paths.ticket SET status = 'work', title = 't' WHERE id = 30;
COMMIT;
-- what nobody governs any more is not judged
BEGIN;
UPDATE deferred_paths.ticket SET status = 'new' WHERE id = 30;
SELECT itsm.detach('deferred_paths.ticket');
COMMIT;
CREATE TABLE deferred_paths.gone (id integer PRIMARY KEY, status text);
SELECT itsm.attach('deferred_paths.gone', 'deferred_paths', 'status', mode => 'enforce', timing => 'deferred') > 0;
BEGIN;
INSERT INTO deferred_paths.gone VALUES (1, 'done');
SET LOCAL itsm.maintenance = on;
DROP TABLE deferred_paths.gone;
SET LOCAL itsm.maintenance = off;
COMMIT;

SET itsm.maintenance = on;
DROP SCHEMA deferred_paths CASCADE;
