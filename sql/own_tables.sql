-- Our tables are kept open while a statement writes rows: what else happens in that
-- transaction, in that statement and after its errors is not disturbed by it.
SET client_min_messages = warning;
SET search_path = own_tables, public;
CREATE SCHEMA own_tables;
SET timezone = 'UTC';

SELECT itsm.define_lifecycle('{"name": "kept", "attributes": {"title": "text"},
	"states": [{"name": "open", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "done"}]}');
CREATE TABLE first (id integer PRIMARY KEY, status text NOT NULL, title text);
CREATE TABLE second (id integer PRIMARY KEY, status text NOT NULL, title text);
SELECT itsm.attach('first', 'kept', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0 AS attached;
SELECT itsm.attach('second', 'kept', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0 AS attached;

-- a trigger of the first table writes the second one, and catches what that raises: the
-- abort of its subtransaction leaves the statement around it whole
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		UPDATE second SET title = NEW.title WHERE id = NEW.id;
		IF NEW.id % 2 = 0 THEN
			UPDATE second SET status = 'open' WHERE id = NEW.id;	-- not from done
		END IF;
	EXCEPTION WHEN SQLSTATE 'IT001' THEN
		NULL;
	END;
	RETURN NULL;
END $$;
INSERT INTO first SELECT n, 'open', 'title ' || n FROM generate_series(1, 200) n;
INSERT INTO second SELECT n, 'open', 'title ' || n FROM generate_series(1, 200) n;
UPDATE second SET status = 'done';
CREATE TRIGGER a_follow AFTER UPDATE ON first FOR EACH ROW EXECUTE FUNCTION follow();
UPDATE first SET title = 'new ' || id;
SELECT t.n, count(*), max(e.version) FROM (VALUES ('first'), ('second')) t(n)
	JOIN itsm.source s ON s.relation = t.n::regclass
	JOIN itsm.record r ON r.source = s.id
	JOIN itsm.event e ON e.record = r.id AND e.version = r.version AND e.hash = r.hash
	GROUP BY t.n ORDER BY t.n COLLATE "C";
SELECT count(*) FILTER (WHERE p.title = f.title) AS first, count(*) FILTER (WHERE q.title = s.title) AS second
	FROM first f JOIN second s USING (id)
	JOIN itsm.projection p ON p.record = itsm.record_id('first', f.id::text)
	JOIN itsm.projection q ON q.record = itsm.record_id('second', s.id::text);
DROP TRIGGER a_follow ON first;

-- DDL on our tables, in the transaction that wrote: nothing is left open behind a statement
BEGIN;
UPDATE first SET title = 'once more' WHERE id <= 2;
CREATE INDEX kept_brin ON itsm.record USING brin (changed_at);
CREATE INDEX kept_hash ON itsm.record_state USING hash (state);
ALTER TABLE itsm.record SET (fillfactor = 60);
SET LOCAL itsm.maintenance = on;
TRUNCATE itsm.violation;
SET LOCAL itsm.maintenance = off;
UPDATE first SET title = 'and more', status = 'done' WHERE id <= 3;
REINDEX TABLE itsm.record_state;
COMMIT;
-- indexes of other kinds, added meanwhile, are kept up
INSERT INTO first SELECT n, 'open', 'title ' || n FROM generate_series(201, 400) n;
SET enable_seqscan = off;
SELECT count(*) FROM itsm.record_state WHERE state = 'done' AND lifecycle = 'kept';
SELECT count(*) FROM itsm.projection p JOIN itsm.source s ON s.id = p.source
	WHERE s.relation = 'first'::regclass AND p.changed_at >= (SELECT min(at) FROM itsm.record);
RESET enable_seqscan;
DROP INDEX itsm.kept_brin, itsm.kept_hash;
ALTER TABLE itsm.record RESET (fillfactor);
ALTER TABLE itsm.record SET (fillfactor = 50);

-- history of months that have no partition yet, while events are written: partitions are
-- made in the same statement
SELECT itsm.import_events((SELECT max(id) FROM itsm.attachment WHERE relation = 'first'::regclass), $$
	SELECT k::text, timestamptz '2019-01-15' + (k + n) * interval '20 days', (ARRAY['open', 'done'])[n]
	FROM generate_series(1, 40) k, generate_series(1, 2) n ORDER BY 1, 2 $$);
SELECT count(*), count(DISTINCT tableoid) > 20 AS in_months, bool_or(tableoid = 'itsm.event_default'::regclass) AS in_default
	FROM itsm.event WHERE kind = 'imported' AND record IN (SELECT r.id FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'first'::regclass);

-- the partition of the month is made while a statement writes into event_default
BEGIN;
SET LOCAL itsm.maintenance = on;
DO $$ BEGIN EXECUTE to_char(now() AT TIME ZONE 'UTC', '"DROP TABLE itsm.event_"YYYY_MM'); END $$;
SET LOCAL itsm.maintenance = off;
CREATE FUNCTION make_them() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.id = 250 THEN
		RAISE NOTICE '% made, % in event_default', itsm.make_partitions(), (SELECT count(*) FROM itsm.event_default);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER z_make AFTER UPDATE ON first FOR EACH ROW EXECUTE FUNCTION make_them();
SET LOCAL client_min_messages = notice;
UPDATE first SET title = 'in two partitions' WHERE id BETWEEN 241 AND 260;
SELECT count(*) FROM itsm.event_default;
SELECT count(*), count(DISTINCT tableoid) FROM itsm.event e
	WHERE record IN (SELECT itsm.record_id('first', n::text) FROM generate_series(241, 260) n) AND kind = 'updated';
ROLLBACK;

-- a cursor that writes, and an error in the middle of a statement
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM first WHERE id > 390 FOR UPDATE;
FETCH 2 FROM c;
UPDATE first SET title = 'by cursor' WHERE CURRENT OF c;
SAVEPOINT s;
UPDATE first SET title = 'refused', status = CASE WHEN id = 399 THEN 'nowhere' ELSE status END WHERE id > 300;
ROLLBACK TO s;
UPDATE first SET title = 'by cursor too' WHERE CURRENT OF c;
COMMIT;
SELECT version, kind, changes FROM itsm.history('first', '392');

-- the extension goes in the transaction that wrote
BEGIN;
UPDATE first SET title = 'last' WHERE id = 1;
DROP EXTENSION itsm CASCADE;
ROLLBACK;
UPDATE first SET title = 'after all' WHERE id = 1;
SELECT max(version) AS versions FROM itsm.history('first', '1');

-- also where it related in an expression of PL/pgSQL, which lives until the transaction ends
INSERT INTO second VALUES (1001, 'open', 'related');
CREATE FUNCTION relate_first() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	number bigint;
BEGIN
	number := itsm.relate(itsm.record_id('own_tables.first', '1'), 'uses', itsm.record_id('own_tables.second', '1001'));
	RETURN number > 0;
END $$;
BEGIN;
SELECT relate_first();
DROP EXTENSION itsm CASCADE;
ROLLBACK;

SELECT itsm.detach('first');
SELECT itsm.detach('second');
DROP SCHEMA own_tables CASCADE;
