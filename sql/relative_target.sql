-- Targets that fix a time: of the day, at an opening, told by the record or by another clock;
-- and clocks that start anew: intervals of updates, time of each assignment group.
SET client_min_messages = warning;
SET timezone = 'Europe/Berlin';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
CREATE SCHEMA relative;
SET search_path = relative, public;
\set VERBOSITY terse
\set SHOW_CONTEXT never

SELECT itsm.define_lifecycle('{"name": "relative_ticket", "attributes": {"priority": "integer", "assignment_group": "text", "caller_message": "text", "due": "timestamptz", "opened_at": "timestamptz"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "wait", "category": "waiting"}, {"name": "done", "category": "resolved"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["wait", "done"]}, {"from": "wait", "to": "work"}, {"from": "done", "to": "work"}]}');
SELECT itsm.define_calendar('relative_office', 'Mo-Fr 09:00-17:00; 2026 Apr 03,2026 Apr 06 off @ Europe/Berlin');
SELECT itsm.define_calendar('relative_office', 'Mo-Fr 08:00-12:00,13:00-16:00 @ Europe/Berlin', '2026-05-01', rewrite_past => true);
CREATE FUNCTION agree(name text, target text, more text DEFAULT '') RETURNS boolean LANGUAGE sql AS $$
	SELECT itsm.define_sla(format('{"name": "%s", "lifecycle": "relative_ticket", "metric": "resolution", "target": %s, "valid_from": "2020-01-01" %s}', name, target, more)::jsonb) > 0 $$;

SELECT agree('same day', '{"by": "17:00"}', ', "calendar": "relative_office"');
SELECT agree('tomorrow', '{"by": "17:00", "days": 1}', ', "calendar": "relative_office"');
SELECT agree('in three days', '{"by": "24:00", "days": 3}', ', "calendar": "relative_office"');
SELECT agree('early', '{"by": "07:30", "days": 1}', ', "calendar": "relative_office"');
SELECT agree('always', '{"by": "02:30", "days": 1}', ', "hours": "24/7 @ Europe/Berlin", "pause": []');
SELECT agree('utc', '{"by": "12:00", "days": 0}');
SELECT agree('two openings', '{"openings": 2}', ', "calendar": "relative_office", "warn": [0.5]');

-- every fault
SELECT agree('bad', '{"by": "25:00"}');
SELECT agree('bad', '{"by": "00:00"}');
SELECT agree('bad', '{"by": "noon"}');
SELECT agree('bad', '{"by": "17:00", "days": -1}');
SELECT agree('bad', '{"by": "17:00", "days": 1.5}');
SELECT agree('bad', '{"by": "17:00", "openings": 1}');
SELECT agree('bad', '{}');
SELECT agree('bad', '{"openings": 0}');
SELECT agree('bad', '{"openings": 1, "days": 1, "before": "1 hour"}');
SELECT agree('bad', '{"openings": 1}');
SELECT agree('bad', '{"openings": 3}', ', "hours": "2026 Jan 01-02 09:00-17:00"');
SELECT agree('bad', '{"by": "17:00"}', ', "hours": "off"');
SELECT agree('bad', '{"attribute": "no such"}');
SELECT agree('bad', '{"attribute": "priority"}');
SELECT agree('bad', '{"attribute": "due", "before": "1 hour", "after": "1 hour"}');
SELECT agree('bad', '{"attribute": "due", "before": "-1 hour"}');
SELECT agree('bad', '{"attribute": "due", "before": "1 month"}');
SELECT agree('bad', '{"attribute": "due", "by": "17:00", "colour": 1}');
SELECT agree('bad', '{"clock": "no such"}');
SELECT agree('bad', '{"clock": "bad"}');
SELECT itsm.define_sla('{"name": "same day", "lifecycle": "relative_ticket", "metric": "resolution", "target": {"clock": "tomorrow"}, "valid_from": "2100-01-01"}');
SELECT count(*) FROM itsm.sla WHERE name = 'bad';
SELECT name, target, definition -> 'target' AS definition FROM itsm.sla WHERE lifecycle = 'relative_ticket' ORDER BY id;

-- what comes of them
CREATE TABLE ticket (id text PRIMARY KEY, status text NOT NULL, prio integer, grp text, msg text, due timestamptz, opened timestamptz);
SELECT itsm.attach('ticket', 'relative_ticket', 'status', attributes => '{"priority": "prio", "assignment_group": "grp", "caller_message": "msg", "due": "due", "opened_at": "opened"}') AS attachment \gset
CREATE TABLE log (key text, at timestamptz, state text);
INSERT INTO log VALUES
	('monday', '2026-03-16 10:00', 'new'), ('monday', '2026-03-16 17:00', 'done'),
	('evening', '2026-03-16 18:00', 'new'), ('evening', '2026-03-17 17:30', 'done'),
	('closing', '2026-03-16 17:00', 'new'), ('closing', '2026-03-17 17:00', 'done'),
	('friday', '2026-03-27 16:00', 'new'), ('friday', '2026-03-29 12:00', 'work'), ('friday', '2026-03-30 17:00', 'done'),
	('easter', '2026-04-02 11:00', 'new'), ('easter', '2026-04-02 16:00', 'work'), ('easter', '2026-04-02 16:30', 'wait'), ('easter', '2026-04-07 09:30', 'work'), ('easter', '2026-04-13 00:00', 'done'),
	('change', '2026-04-30 10:00', 'new'), ('change', '2026-05-04 09:00', 'done'),
	('may', '2026-05-04 10:00', 'new'), ('may', '2026-05-04 16:30', 'done'),
	('spring', '2026-03-28 12:00', 'new'), ('spring', '2026-03-28 13:00', 'done'), ('autumn', '2026-10-24 12:00', 'new'), ('autumn', '2026-10-24 13:00', 'done'),	-- 02:30 is skipped, or comes twice
	('noon', '2026-05-04 12:30', 'new'), ('noon', '2026-05-05 07:59', 'done');
SELECT itsm.import_events(:attachment, 'SELECT * FROM log');
SELECT count(*) FROM itsm.recompute_clocks(:attachment, write => true);
SELECT count(*) FROM itsm.recompute_clocks(:attachment);
SELECT r.key, s.name, c.started_at AS started, c.original_due_at AS original, c.stopped_at AS stopped, c.elapsed, c.paused, c.breached_at AS breached
FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version JOIN itsm.record r ON r.id = c.record
WHERE s.lifecycle = 'relative_ticket' ORDER BY c.started_at, r.key COLLATE "C", s.id;
SELECT key, agreement, target, elapsed, remaining, share, breached FROM itsm_report.sla_clock WHERE key IN ('easter', 'evening') AND process = 'relative_ticket' ORDER BY key COLLATE "C", agreement COLLATE "C";
SELECT started_at, ended_at, state, counted, total, why FROM itsm.explain_clock((SELECT record FROM itsm_report.sla_clock WHERE key = 'easter' AND agreement = 'two openings'), 'two openings');
SELECT d.key, d.kind, d.share, d.reached_at FROM itsm.due_clocks('2100-01-01', 1000) d WHERE d.agreement = 'two openings' ORDER BY d.key COLLATE "C", d.kind DESC;

-- told by the record, and beside another clock; live
SELECT itsm.end_sla(name) FROM itsm.sla WHERE lifecycle = 'relative_ticket';
SELECT itsm.define_sla('{"name": "due", "lifecycle": "relative_ticket", "metric": "resolution", "target": {"attribute": "due"}}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "before due", "lifecycle": "relative_ticket", "kind": "ola", "metric": "resolution", "target": {"attribute": "due", "before": "2 hours"}, "hours": "Mo-Fr 09:00-17:00 @ Europe/Berlin", "retroactive": true}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "answer", "lifecycle": "relative_ticket", "metric": "response", "condition": "new.priority = 1", "target": "3 hours"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "after answer", "lifecycle": "relative_ticket", "metric": "resolution", "target": {"clock": "answer", "after": "1 day"}}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "next opening", "lifecycle": "relative_ticket", "metric": "resolution", "condition": "new.priority = 2", "target": {"openings": 1}, "calendar": "relative_office", "retroactive": true, "pause": []}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "update", "lifecycle": "relative_ticket", "metric": "update", "start": ["new", "active"], "stop": ["resolved", "waiting"], "reopen": "new", "target": "30 minutes", "reset_on": "caller_message"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "per group", "lifecycle": "relative_ticket", "kind": "ola", "metric": "handling", "start": ["new", "active"], "stop": "resolved", "pause": "waiting", "target": "4 hours", "reset_on": "assignment_group", "condition": "new.assignment_group IS NOT NULL"}') > 0 AS defined;
-- what a clock's first due time says of its target
CREATE VIEW shown AS
	SELECT r.key, s.name, c.number AS n, c.stage,
		CASE WHEN s.name = 'answer' THEN c.original_due_at - c.started_at = '3 hours'
			WHEN s.name = 'after answer' THEN c.original_due_at = (SELECT o.original_due_at + interval '24 hours' FROM itsm.clock o JOIN itsm.sla t ON t.id = o.sla AND t.version = o.sla_version WHERE o.record = c.record AND t.name = 'answer')
			WHEN s.name = 'due' THEN c.original_due_at = p.due OR c.number > 0 OR (p.due < c.started_at AND c.original_due_at = c.started_at)
			WHEN s.name = 'before due' THEN c.original_due_at = greatest(CASE WHEN isfinite(p.due) THEN itsm.service_deadline('Mo-Fr 09:00-17:00 @ Europe/Berlin', p.due, '-2 hours') ELSE p.due END, c.started_at) OR c.number > 0
			WHEN s.name = 'next opening' THEN c.original_due_at = (SELECT itsm.next_open(hours, c.started_at) FROM itsm.calendar_hours WHERE calendar = 'relative_office' AND valid_from = '2026-05-01')
			END AS fits, c.breached
	FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version JOIN itsm.record r ON r.id = c.record LEFT JOIN ticket p ON p.id = r.key
	WHERE r.attachment = (SELECT max(id) FROM itsm.attachment WHERE relation = 'relative.ticket'::regclass) AND r.key < 'a' ORDER BY r.key COLLATE "C", s.id, c.number DESC;
INSERT INTO ticket VALUES ('1', 'new', 1, NULL, NULL, '2100-03-01 10:00', NULL), ('2', 'new', 3, 'desk', NULL, NULL, now() - interval '3 days'), ('3', 'new', 2, 'desk', 'hello', '2026-01-01', now() - interval '30 days');
TABLE shown;
SELECT * FROM itsm.recompute_clocks(:attachment);
-- another due time starts a clock anew, none ends it; another group, another message
UPDATE ticket SET due = '2100-03-02 10:00', grp = 'network' WHERE id IN ('1', '3');
UPDATE ticket SET due = '2100-06-01 10:00' WHERE id = '2';
UPDATE ticket SET msg = 'an update' WHERE id IN ('1', '2');
UPDATE ticket SET status = 'work' WHERE id IN ('1', '2', '3');
TABLE shown;
SELECT * FROM itsm.recompute_clocks(:attachment);
UPDATE ticket SET prio = 1 WHERE id = '2';	-- too late for a response
UPDATE ticket SET prio = 2, status = 'wait' WHERE id = '1';
UPDATE ticket SET due = NULL WHERE id = '3';
UPDATE ticket SET due = 'infinity' WHERE id = '2';
UPDATE ticket SET grp = 'desk' WHERE id = '1';
SELECT * FROM itsm.recompute_clocks(:attachment);
UPDATE ticket SET status = 'work' WHERE id = '1';
UPDATE ticket SET status = 'done';
UPDATE ticket SET status = 'work' WHERE id = '2';
DELETE FROM ticket WHERE id = '3';
INSERT INTO ticket VALUES ('3', 'new', 1, NULL, NULL, '-infinity', NULL);
TABLE shown;
SELECT * FROM itsm.recompute_clocks(:attachment);
SELECT count(*) FROM itsm.recompute_clocks(:attachment, sla => 'after answer');
SELECT regexp_replace(why, '[0-9:.+ -]{20,}', ' … ') AS why FROM itsm.explain_clock((SELECT record FROM itsm_report.sla_clock WHERE source = 'relative.ticket' AND key = '1' AND agreement = 'after answer'), 'after answer') LIMIT 1;
-- time per assignment group, update intervals: clocks of each stretch; that one was reset is told
SELECT state, started_at = ended_at AS at_once, split_part(why, ' with ', 1) AS why FROM itsm.explain_clock((SELECT DISTINCT record FROM itsm_report.sla_clock WHERE source = 'relative.ticket' AND key = '1'), 'per group');
SELECT agreement, count(*) AS clocks, count(*) FILTER (WHERE stage = 'cancelled') AS cut_short FROM itsm_report.sla_clock WHERE source = 'relative.ticket' AND agreement IN ('update', 'per group') GROUP BY 1 ORDER BY 1;
SELECT key, agreement, target, share FROM itsm_report.sla_clock WHERE source = 'relative.ticket' AND key = '2' AND agreement = 'due' AND number = 0;
-- one that has ended leaves the list of what is due when its time comes
SELECT count(*) > 0 AS kept FROM itsm.clock c JOIN itsm.record r ON r.id = c.record WHERE r.attachment = :attachment AND c.stopped_at IS NOT NULL AND c.due_bound IS NOT NULL;
SELECT count(*) > 0 AS told FROM itsm.due_clocks('2100-02-01', 100000);
SELECT count(*) AS kept, min(c.due_bound) > '2100-02-01' AS later FROM itsm.clock c JOIN itsm.record r ON r.id = c.record WHERE r.attachment = :attachment AND c.stopped_at IS NOT NULL AND c.due_bound IS NOT NULL;
SELECT * FROM itsm.recompute_clocks(:attachment);
SELECT * FROM itsm.verify() WHERE scope IN ('clock', 'sla', 'calendar') AND NOT ok;

SET client_min_messages = error;
SELECT itsm.detach('ticket');
DROP SCHEMA relative CASCADE;
