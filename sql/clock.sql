-- Clocks: arithmetic over imported history, and what live events do to them.
SET client_min_messages = warning;
SET timezone = 'Europe/Berlin';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
CREATE SCHEMA clock;
SET search_path = clock, public;
\set VERBOSITY terse

SELECT itsm.define_lifecycle('{"name": "clock_ticket", "process": "clock_process", "attributes": {"priority": "integer", "hold_reason": "text", "opened_at": "timestamptz"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "wait", "category": "waiting"},
		{"name": "done", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}, {"name": "void", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "wait"}, {"from": "wait", "to": "work"}, {"from": "work", "to": "done"},
		{"from": "done", "to": "work"}, {"from": "done", "to": "closed"}, {"from": "work", "to": "void"}]}');
SELECT itsm.define_calendar('clock_office', 'Mo-Fr 09:00-17:00; 2026 Apr 03,2026 Apr 06 off @ Europe/Berlin');
SELECT itsm.define_sla('{"name": "response", "lifecycle": "clock_ticket", "metric": "response", "calendar": "clock_office", "target": "1 hour", "valid_from": "2020-01-01"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "resolution", "lifecycle": "clock_ticket", "metric": "resolution", "calendar": "clock_office", "target": "8 hours", "warn": [0.5], "valid_from": "2020-01-01", "valid_until": "2026-06-01"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "resolution", "lifecycle": "clock_ticket", "metric": "resolution", "calendar": "clock_office", "target": "4 hours", "reopen": "new", "valid_from": "2026-06-01"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "contract", "process": "clock_process", "kind": "uc", "metric": "resolution", "target": "1 day", "hours": "24/7", "reset": "wait", "pause": [], "reopen": "none", "valid_from": "2020-01-01", "valid_until": "2026-07-01"}') > 0 AS defined;

CREATE TABLE ticket (id text PRIMARY KEY, status text NOT NULL, prio integer, hold text, opened timestamptz);
SELECT itsm.attach('ticket', 'clock_ticket', 'status', attributes => '{"priority": "prio", "hold_reason": "hold", "opened_at": "opened"}') AS attachment \gset
CREATE TABLE log (key text, at timestamptz, state text);
INSERT INTO log VALUES
	-- over Easter and the change to summer time
	('easter', '2026-03-27 16:30', 'new'), ('easter', '2026-03-30 09:15', 'work'), ('easter', '2026-04-02 16:00', 'wait'),
	('easter', '2026-04-07 10:00', 'work'), ('easter', '2026-04-07 11:00', 'done'), ('easter', '2026-04-07 12:00', 'closed'),
	-- met to the microsecond, after closing time
	('just', '2026-05-04 09:00', 'new'), ('just', '2026-05-04 10:00', 'work'), ('just', '2026-05-04 20:00', 'done'),
	-- a moment too late
	('late', '2026-05-04 09:00', 'new'), ('late', '2026-05-04 10:00:00.000001', 'work'), ('late', '2026-05-05 09:00:00.000001', 'done'),
	-- reopened: goes on
	('again', '2026-05-04 09:00', 'new'), ('again', '2026-05-04 09:10', 'work'), ('again', '2026-05-04 12:00', 'done'),
	('again', '2026-05-06 12:00', 'work'), ('again', '2026-05-06 13:00', 'wait'), ('again', '2026-05-06 14:00', 'done'),
	-- and by the version of June: another one
	('june', '2026-06-01 09:00', 'new'), ('june', '2026-06-01 10:00', 'work'), ('june', '2026-06-01 12:00', 'done'),
	('june', '2026-06-02 09:00', 'work'), ('june', '2026-06-02 14:00', 'done'),
	-- started before June: keeps its terms
	('keeps', '2026-05-29 16:00', 'new'), ('keeps', '2026-06-01 10:00', 'work'), ('keeps', '2026-06-01 15:00', 'done'),
	('keeps', '2026-06-03 09:00', 'work'), ('keeps', '2026-06-03 10:00', 'done'),
	('void', '2026-05-04 09:00', 'new'), ('void', '2026-05-04 09:30', 'work'), ('void', '2026-05-04 10:00', 'void'),
	('odd', '2026-05-04 09:00', 'new'), ('odd', '2026-05-04 09:30', 'elsewhere'), ('odd', '2026-05-04 11:00', 'done');
SELECT itsm.import_events(:attachment, 'SELECT * FROM log');

-- what the past says is shown, and kept when asked to
SELECT count(*) FROM itsm.clock;
SELECT problem, count(*) FROM itsm.recompute_clocks(:attachment) GROUP BY 1;
SELECT count(*) FROM itsm.clock;
SELECT problem, count(*) FROM itsm.recompute_clocks(:attachment, write => true) GROUP BY 1;
SELECT count(*) FROM itsm.recompute_clocks(:attachment);
SELECT r.key, s.name, c.sla_version AS v, c.number AS n, c.stage, c.started_at, c.stopped_at, c.due_at, c.original_due_at AS original, c.elapsed, c.paused, c.breached_at, c.due_bound
FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version JOIN itsm.record r ON r.id = c.record ORDER BY r.key, s.name, c.number DESC;
SELECT started_at, ended_at, state, counted, total, why FROM itsm.explain_clock((SELECT id FROM itsm.record WHERE key = 'easter'), 'resolution');
SELECT started_at, ended_at, state, counted, total, why FROM itsm.explain_clock((SELECT id FROM itsm.record WHERE key = 'again'), 'resolution');
SELECT started_at, ended_at, state, counted, total, why FROM itsm.explain_clock((SELECT id FROM itsm.record WHERE key = 'again'), 'contract');
-- reset by its state
SELECT started_at, ended_at, state, counted, total, why FROM itsm.explain_clock((SELECT id FROM itsm.record WHERE key = 'easter'), 'contract');
SELECT started_at, ended_at, state, counted, total, why FROM itsm.explain_clock((SELECT id FROM itsm.record WHERE key = 'void'), 'response');
SELECT * FROM itsm.explain_clock(-1, 'response');
SELECT * FROM itsm.explain_clock(1, 'no such');

-- a difference is shown; nothing of it is overwritten unless asked to
UPDATE itsm.clock c SET elapsed = '1 hour' FROM itsm.record r WHERE r.id = c.record AND r.key = 'late' AND c.sla = (SELECT id FROM itsm.sla WHERE name = 'response');
DELETE FROM itsm.clock c USING itsm.record r WHERE r.id = c.record AND r.key = 'void' AND c.sla = (SELECT id FROM itsm.sla WHERE name = 'response');
SELECT agreement, number, problem, kept ->> 'elapsed' AS kept, computed ->> 'elapsed' AS computed FROM itsm.recompute_clocks();
SELECT count(*) FROM itsm.recompute_clocks(sla => 'contract');
-- what cannot be is a fault
BEGIN;
UPDATE itsm.clock c SET breached = false FROM itsm.record r WHERE r.id = c.record AND r.key = 'keeps' AND c.breached;
UPDATE itsm.clock c SET paused_since = '2026-05-04' FROM itsm.record r WHERE r.id = c.record AND r.key = 'just';
UPDATE itsm.clock c SET record = -1 FROM itsm.record r, itsm.sla s WHERE r.id = c.record AND r.key = 'odd' AND s.id = c.sla AND s.name = 'response';
UPDATE itsm.clock SET sla_version = 9 WHERE number = 1;
SELECT regexp_replace(v.object, '-?[0-9]+', 'N') AS clock, v.detail FROM itsm.verify() v WHERE v.scope = 'clock' AND NOT v.ok ORDER BY 1, 2;
ROLLBACK;
SELECT problem FROM itsm.recompute_clocks(record => (SELECT id FROM itsm.record WHERE key = 'late'), write => true);
SELECT problem FROM itsm.recompute_clocks(write => true);
SELECT problem FROM itsm.recompute_clocks();

SELECT * FROM itsm_report.sla_monthly ORDER BY month, agreement COLLATE "C";
SELECT key, agreement, over, breached_at FROM itsm_report.sla_breach ORDER BY key COLLATE "C", agreement COLLATE "C", over;

-- visits of states in the hours of the clock of the resolution; it is left out when nobody asks
SELECT key, state, entered_at, left_at, duration, calendar, service_time FROM itsm_report.time_in_state
WHERE process = 'clock_process' AND key IN ('easter', 'again', 'odd') AND left_at IS NOT NULL ORDER BY key COLLATE "C", entered_at;
SELECT count(*), bool_and(service_time < elapsed) AS less, count(DISTINCT calendar) AS calendars FROM itsm_report.time_in_state WHERE process = 'clock_process' AND left_at IS NULL;
CREATE FUNCTION reads_clocks(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan::text ~ '"Relation Name": "clock"';
END $$;
SELECT reads_clocks('SELECT state, sum(elapsed) FROM itsm_report.time_in_state GROUP BY 1') AS elapsed, reads_clocks('SELECT state, sum(service_time) FROM itsm_report.time_in_state GROUP BY 1') AS service_time;

-- what is due, once for each; a breach also of a clock that was completed meanwhile
SELECT d.key, d.agreement, d.kind, d.share, d.reached_at, d.due_at FROM itsm.due_clocks('2026-05-04 09:00') d;
SELECT d.key, d.agreement, d.kind, d.share, d.reached_at, d.due_at FROM itsm.due_clocks('2100-01-01', 2) d ORDER BY d.key COLLATE "C";
SELECT d.key, d.agreement, d.kind, d.share, d.reached_at, d.due_at FROM itsm.due_clocks('2100-01-01') d ORDER BY d.key COLLATE "C", d.agreement COLLATE "C";
SELECT * FROM itsm.due_clocks('2100-01-01');
SELECT * FROM itsm.due_clocks('infinity');
SELECT * FROM itsm.due_clocks(now(), 0);

-- live: what the trigger keeps is what the events tell, step by step
SELECT itsm.define_sla('{"name": "urgent", "lifecycle": "clock_ticket", "metric": "resolution", "condition": "new.priority <= 2", "target": "1 hour", "hold_reasons": "caller", "retroactive": true}') > 0 AS defined;
CREATE VIEW shown AS SELECT r.key, s.name, c.sla_version AS v, c.number AS n, c.stage, CASE WHEN s.name = 'urgent' THEN c.elapsed > '0' END AS counts,
	CASE WHEN s.name = 'urgent' THEN c.paused > '0' END AS paused, c.breached	-- the others count in office hours only
	FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version JOIN itsm.record r ON r.id = c.record
	WHERE r.source = (SELECT id FROM itsm.source WHERE relation = 'ticket'::regclass) AND r.key < 'A' ORDER BY r.key, s.name, c.number DESC;
INSERT INTO ticket VALUES ('1', 'new', 3, NULL, NULL), ('2', 'new', 1, NULL, NULL), ('3', 'work', 2, NULL, now() - interval '3 hours');
TABLE shown;
UPDATE ticket SET status = 'work' WHERE id IN ('1', '2');
UPDATE ticket SET status = 'wait', hold = 'vendor';
TABLE shown;
UPDATE ticket SET hold = 'caller';
TABLE shown;
-- an agreement that comes later, from the opening on
UPDATE ticket SET prio = 2 WHERE id = '1';
UPDATE ticket SET status = 'work';
UPDATE ticket SET prio = 5 WHERE id = '2';
UPDATE ticket SET prio = 1 WHERE id = '2';
TABLE shown;
SELECT count(*) FROM itsm.clock c WHERE c.sla = (SELECT id FROM itsm.sla WHERE name = 'urgent') AND c.started_at <> (SELECT p.opened_at FROM itsm.projection p WHERE p.record = c.record);
SELECT count(*) FROM itsm.recompute_clocks();
-- what is rolled back leaves nothing
BEGIN;
SAVEPOINT s;
UPDATE ticket SET status = 'done';
ROLLBACK TO s;
UPDATE ticket SET status = 'done' WHERE id = '1';
COMMIT;
-- a trigger that writes the same row again
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE ticket SET prio = 4, status = 'work' WHERE id = new.id; RETURN NULL; END $$;
CREATE TRIGGER a_again AFTER UPDATE ON ticket FOR EACH ROW WHEN (new.prio = 9) EXECUTE FUNCTION again();
UPDATE ticket SET prio = 9, status = 'done' WHERE id = '2';
DROP TRIGGER a_again ON ticket;
CREATE TRIGGER a_again AFTER INSERT ON ticket FOR EACH ROW WHEN (new.prio = 9) EXECUTE FUNCTION again();
INSERT INTO ticket VALUES ('4', 'new', 9);
DELETE FROM ticket WHERE id = '3';
INSERT INTO ticket VALUES ('3', 'new', 1);
UPDATE ticket SET id = '5' WHERE id = '4';
TABLE shown;
SELECT * FROM itsm.recompute_clocks();
-- a move to another version of the lifecycle, by itsm.migrate
SELECT itsm.define_lifecycle(replace(itsm.lifecycle_definition('clock_ticket')::text, '"waiting"', '"active"')::jsonb);
UPDATE ticket SET status = 'wait' WHERE id = '3';
SELECT itsm.migrate(:attachment) > 0 AS migrated;
TABLE shown;
SELECT * FROM itsm.recompute_clocks();
-- in another tenant, under another lifecycle, under none
CREATE TABLE shop (id integer PRIMARY KEY, status text, prio integer, org text, kind text);
SELECT itsm.define_lifecycle('{"name": "clock_other", "attributes": {"priority": "integer"}, "states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
SELECT itsm.attach('shop', 'clock_ticket', 'status', attributes => '{"priority": "prio"}', tenant => 'org', filter => 'kind = ''a''') > 0 AS attached;
SELECT itsm.attach('shop', 'clock_other', 'status', attributes => '{"priority": "prio"}', tenant => 'org', filter => 'kind = ''b''') > 0 AS attached;
INSERT INTO shop VALUES (1, 'new', 1, 'north', 'a'), (2, 'new', 1, 'north', 'a'), (3, 'new', 1, 'north', 'a');
UPDATE shop SET org = 'south' WHERE id = 1;
UPDATE shop SET kind = 'b' WHERE id = 2;
UPDATE shop SET kind = 'c' WHERE id = 3;
UPDATE shop SET kind = 'a' WHERE id = 3;
SELECT c.tenant, r.key, r.deleted, s.name, c.number, c.stage FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version JOIN itsm.record r ON r.id = c.record AND r.tenant = c.tenant
WHERE c.tenant <> '' ORDER BY c.record, s.name, c.number DESC;
-- the tenant is the record's own where none is said
SELECT state, why FROM itsm.explain_clock(itsm.record_id('shop', '1'), 'response') WHERE ended_at IS NULL;
SELECT state, why FROM itsm.explain_clock(itsm.record_id('shop', '1'), 'response', 'south') WHERE ended_at IS NULL;
SELECT count(*) FROM itsm.explain_clock(itsm.record_id('shop', '1'), 'response', '');
SELECT count(*) FROM itsm.explain_clock(NULL, 'response');
SELECT count(*) FROM itsm.explain_clock(1, NULL);
SELECT * FROM itsm.recompute_clocks();
SELECT * FROM itsm.verify() WHERE NOT ok;

SET client_min_messages = error;
DROP SCHEMA clock CASCADE;
