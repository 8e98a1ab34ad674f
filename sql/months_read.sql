-- Who goes through many records looks for the events of each in the month of the last one and those
-- before it, and then everywhere: wherever they lie, all of them are found.
SET search_path = pg_catalog;
SET timezone = 'UTC';
SET client_min_messages = warning;

CREATE SCHEMA months_read;
CREATE TABLE months_read.ticket (id integer PRIMARY KEY, status text);
SELECT itsm.define_lifecycle('{"name": "months_read",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}, {"from": "done", "to": "work"}]}');
SELECT itsm.attach('months_read.ticket', 'months_read', 'status') AS ticket \gset
INSERT INTO months_read.ticket SELECT n, 'new' FROM generate_series(1, 4) n;
UPDATE months_read.ticket SET status = 'work';

-- 1: this month only; 2: and the one before; 3: and long before; 4: long before, with a gap; 5 to 7: long gone
SELECT $$SELECT key, date_trunc('month', now()) - ago::interval AS at, state FROM (VALUES
	('2', '1 day', 'new'), ('3', '30 months', 'new'), ('3', '29 months', 'work'), ('4', '40 months', 'new'), ('4', '20 months', 'work'), ('4', '2 days', 'done'),
	('5', '30 months', 'new'), ('6', '30 months', 'new'), ('6', '27 months', 'work'), ('7', '30 months', 'new'), ('7', '10 months', 'work'), ('7', '9 months', 'done')) v(key, ago, state) ORDER BY 2$$ AS log \gset
SELECT itsm.import_events(:ticket, :'log') AS imported;
CREATE VIEW months_read.told AS
	SELECT r.key, (SELECT array_agg(h.version) FROM itsm.record_history(r.id, r.tenant) h) AS versions, r.version AS last,
		(SELECT count(*) FROM itsm.event e WHERE e.record = r.id) AS events
	FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'months_read.ticket'::regclass;
SELECT * FROM months_read.told ORDER BY key COLLATE "C";
-- what is counted out of all of them
SELECT r.key, 12 * (extract(year FROM now()) - extract(year FROM r.opened_at)) + extract(month FROM now()) - extract(month FROM r.opened_at) AS opened_months_ago, r.transitions, r.state
	FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'months_read.ticket'::regclass ORDER BY r.key COLLATE "C";
-- what is there already is known, in whatever month, and what comes later joins it
SELECT itsm.import_events(:ticket, :'log') AS imported;
SELECT itsm.import_events(:ticket, $$SELECT '7', now() - interval '50 months', 'new' UNION ALL SELECT '2', now() - interval '50 months', 'new'$$) AS imported;
SELECT r.key, r.version, 12 * (extract(year FROM now()) - extract(year FROM r.opened_at)) + extract(month FROM now()) - extract(month FROM r.opened_at) AS opened_months_ago, r.transitions, r.state
	FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'months_read.ticket'::regclass AND r.key IN ('2', '7') ORDER BY r.key COLLATE "C";

-- Histories of one record trust nobody: an event that a superuser took away leaves the others,
SET itsm.maintenance = on;
SET session_replication_role = replica;
DELETE FROM itsm.event e USING itsm.record r JOIN itsm.source s ON s.id = r.source
	WHERE e.record = r.id AND s.relation = 'months_read.ticket'::regclass AND (r.key, e.version) IN (('1', 1), ('3', 3), ('7', 3));
-- a head that says less than there is, or more, hides none
UPDATE itsm.record r SET version = CASE r.key WHEN '2' THEN 2 ELSE 9 END FROM itsm.source s
	WHERE s.id = r.source AND s.relation = 'months_read.ticket'::regclass AND r.key IN ('2', '6');
RESET session_replication_role;
RESET itsm.maintenance;
SELECT * FROM months_read.told ORDER BY key COLLATE "C";

-- without a partition for the month
BEGIN;
SET LOCAL itsm.maintenance = on;
DO $$ BEGIN EXECUTE format('ALTER TABLE itsm.event DETACH PARTITION itsm.%I', to_char(now() AT TIME ZONE 'UTC', '"event_"YYYY_MM')); END $$;
SELECT * FROM months_read.told WHERE key IN ('1', '2', '5') ORDER BY key COLLATE "C";
ROLLBACK;

SELECT itsm.detach('months_read.ticket');
SET itsm.maintenance = on;
SET session_replication_role = replica;
DELETE FROM itsm.event e USING itsm.record r JOIN itsm.source s ON s.id = r.source WHERE e.record = r.id AND s.relation = 'months_read.ticket'::regclass;
DELETE FROM itsm.record_state t USING itsm.record r JOIN itsm.source s ON s.id = r.source WHERE t.record = r.id AND s.relation = 'months_read.ticket'::regclass;
DELETE FROM itsm.record r USING itsm.source s WHERE s.id = r.source AND s.relation = 'months_read.ticket'::regclass;
RESET session_replication_role;
RESET itsm.maintenance;
DROP SCHEMA months_read CASCADE;
