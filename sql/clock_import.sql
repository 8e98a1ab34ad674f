-- Conditions of agreements over imported history: a log does not say what the row held then.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
CREATE SCHEMA clock_import;
SET search_path = clock_import, public;

SELECT itsm.define_lifecycle('{"name": "clock_import", "attributes": {"priority": "integer", "hold_reason": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "wait", "category": "waiting"}, {"name": "done", "category": "resolved"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["wait", "done"]}, {"from": "wait", "to": "work"}, {"from": "done", "to": "work"}]}');
SELECT itsm.define_sla(jsonb_build_object('name', format('priority %s', priority), 'lifecycle', 'clock_import', 'metric', 'resolution', 'condition', format('new.priority = %s', priority),
	'target', format('%s hours', 4 * priority), 'valid_from', '2020-01-01')) > 0 AS defined FROM generate_series(1, 2) AS priority;
CREATE TABLE ticket (id text PRIMARY KEY, status text NOT NULL, prio integer);
INSERT INTO ticket VALUES ('before', 'done', 1), ('raised', 'work', 2);
SELECT itsm.attach('ticket', 'clock_import', 'status', attributes => '{"priority": "prio"}') AS attachment \gset
INSERT INTO ticket VALUES ('after', 'done', 2), ('open', 'work', 1);
-- what happens after it was first seen is no matter of the past
UPDATE ticket SET prio = 1 WHERE id = 'after';
CREATE TABLE log (key text, at timestamptz, state text);
INSERT INTO log VALUES
	('before', '2024-03-01 08:00', 'new'), ('before', '2024-03-01 09:00', 'work'), ('before', '2024-03-01 13:00', 'done'),
	('after', '2024-03-01 08:00', 'new'), ('after', '2024-03-01 09:00', 'work'), ('after', '2024-03-01 13:00', 'done'),
	('raised', '2024-03-01 08:00', 'new'), ('raised', '2024-03-01 09:00', 'work'), ('open', '2024-03-01 08:00', 'new'), ('open', '2024-03-01 09:00', 'work'),
	('no row', '2024-03-01 08:00', 'new'), ('no row', '2024-03-01 13:00', 'done');
SELECT itsm.import_events(:attachment, 'SELECT * FROM log');
SELECT problem, count(*) FROM itsm.recompute_clocks(:attachment, write => true) GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM itsm.recompute_clocks(:attachment);
SELECT key, agreement, stage, started_at, CASE stage WHEN 'completed' THEN elapsed END AS elapsed, breached FROM itsm_report.sla_clock WHERE source = 'clock_import.ticket' ORDER BY key COLLATE "C", agreement COLLATE "C", started_at;
SELECT started_at, ended_at, state, counted, why FROM itsm.explain_clock(itsm.record_id('ticket', 'before'), 'priority 1') WHERE ended_at < '2025-01-01';
-- and it goes on by what the row holds from then on
UPDATE ticket SET prio = 1 WHERE id = 'raised';
UPDATE ticket SET status = 'done' WHERE id IN ('raised', 'open');
SELECT key, agreement, stage, breached FROM itsm_report.sla_clock WHERE key IN ('raised', 'open') AND source = 'clock_import.ticket' ORDER BY key COLLATE "C", agreement COLLATE "C", started_at;
SELECT count(*) FROM itsm.recompute_clocks(:attachment);

SET client_min_messages = error;
DROP SCHEMA clock_import CASCADE;
