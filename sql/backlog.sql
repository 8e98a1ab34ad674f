-- What was open at the end of each day: reopened ones too, against a count day by day.
SET client_min_messages = warning;
SET search_path = public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE SCHEMA backlog;
SET search_path = backlog, public;
SELECT itsm.define_lifecycle('{"name": "backlog_ticket", "process": "backlog_ticket", "attributes": {},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "doing", "category": "active"}, {"name": "hold", "category": "waiting"},
		{"name": "solved", "category": "resolved"}, {"name": "closed", "category": "closed"}, {"name": "void", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": ["doing", "void"]}, {"from": "doing", "to": ["hold", "solved"]}, {"from": "hold", "to": "doing"},
		{"from": "solved", "to": ["doing", "closed"]}, {"from": "closed", "to": "doing"}], "delete": "allow"}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL);
INSERT INTO ticket VALUES (1, 'closed'), (2, 'doing'), (3, 'solved'), (4, 'void'), (5, 'doing'), (6, 'hold');
SELECT itsm.attach('ticket', 'backlog_ticket', 'status') AS attachment \gset
CALL itsm.backfill(:attachment);
SELECT itsm.import_events(:attachment, $$VALUES
	('1', '2026-03-01 10:00+00'::timestamptz, 'new'), ('1', '2026-03-01 11:00+00', 'doing'), ('1', '2026-03-02 09:00+00', 'solved'), ('1', '2026-03-05 09:00+00', 'closed'),
	('2', '2026-03-01 23:59:59.9+00', 'new'), ('2', '2026-03-03 08:00+00', 'doing'), ('2', '2026-03-03 09:00+00', 'solved'), ('2', '2026-03-05 09:00+00', 'closed'), ('2', '2026-03-06 09:00+00', 'doing'),
	('3', '2026-03-02 00:00+00', 'new'), ('3', '2026-03-02 01:00+00', 'doing'), ('3', '2026-03-02 02:00+00', 'solved'), ('3', '2026-03-02 03:00+00', 'doing'), ('3', '2026-03-02 04:00+00', 'hold'), ('3', '2026-03-02 05:00+00', 'doing'), ('3', '2026-03-08 05:00+00', 'solved'),
	('4', '2026-03-04 10:00+00', 'new'), ('4', '2026-03-04 12:00+00', 'void'),
	('5', '2026-03-04 10:00+00', 'new'), ('5', '2026-03-07 12:00+00', 'doing'),
	('6', '2026-03-07 10:00+00', 'new'), ('6', '2026-03-07 11:00+00', 'doing'), ('6', '2026-03-07 12:00+00', 'hold')$$);
SELECT day, month, opened, ended, backlog FROM itsm_report.backlog_daily WHERE process = 'backlog_ticket' AND day < '2026-03-11' ORDER BY day;
-- every day is there, until today
SELECT count(*) = date_part('day', date_trunc('day', now() AT TIME ZONE 'UTC') - '2026-03-01') + 1 AS every_day, min(backlog) FILTER (WHERE day > '2026-03-10') AS still_open
FROM itsm_report.backlog_daily WHERE process = 'backlog_ticket';
-- the same from the visits of states, one day at a time
SELECT d.day, count(*) FILTER (WHERE v.category IN ('new', 'active', 'waiting') AND v.entered_at < d.day + '1 day'::interval AND (v.left_at IS NULL OR v.left_at >= d.day + '1 day'::interval)) = max(b.backlog) AS same
FROM generate_series('2026-03-01'::timestamptz, '2026-03-10', '1 day') AS d(day)
	JOIN itsm_report.backlog_daily b ON b.process = 'backlog_ticket' AND b.day = d.day
	LEFT JOIN itsm_report.time_in_state v ON v.process = 'backlog_ticket'
GROUP BY d.day ORDER BY d.day;
-- what is older than ten years is in the backlog of the first day, and one odd date makes no million rows
INSERT INTO ticket VALUES (7, 'doing'), (8, 'closed');
SELECT itsm.import_events(:attachment, $$VALUES ('7', '0001-03-15'::timestamptz, 'new'), ('8', '1999-03-15'::timestamptz, 'new'), ('8', '1999-03-16'::timestamptz, 'closed')$$);
SELECT count(*) < 3700 AS bounded, min(opened) FILTER (WHERE day = first) AS opened, min(backlog) FILTER (WHERE day = first) AS backlog
FROM (SELECT *, min(day) OVER () AS first FROM itsm_report.backlog_daily WHERE process = 'backlog_ticket') AS b;
-- a row that goes is open no more
DELETE FROM ticket WHERE id = 5;
SELECT opened, ended, backlog FROM itsm_report.backlog_daily WHERE process = 'backlog_ticket' ORDER BY day DESC LIMIT 1;
SET client_min_messages = error;
DROP SCHEMA backlog CASCADE;
