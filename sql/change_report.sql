-- Changes by month, and the reviews of emergency changes.
SET client_min_messages = warning;
SET search_path = public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE SCHEMA change_report;
SET search_path = change_report, public;
CREATE TABLE rfc (id integer PRIMARY KEY, kind text NOT NULL, status text NOT NULL, title text, result text, reviewer text,
	opened timestamptz, ended timestamptz, over timestamptz);
INSERT INTO rfc VALUES
	(1, 'normal', 'closed', 'a', 'successful', 'rae', '2026-03-02 08:00+00', '2026-03-10 08:00+00', '2026-03-12 08:00+00'),
	(2, 'normal', 'closed', 'b', 'failed', 'rae', '2026-03-31 23:59+00', '2026-04-02 08:00+00', '2026-04-03 08:00+00'),
	(3, 'standard', 'review', 'c', 'successful', NULL, '2026-04-01 00:00+00', '2026-04-01 00:00+00', NULL),
	(4, 'normal', 'cancelled', 'd', NULL, NULL, '2026-04-02 08:00+00', NULL, '2026-04-03 08:00+00'),
	(5, 'normal', 'implement', 'e', NULL, NULL, '2026-04-02 08:00+00', NULL, NULL),
	(6, 'emergency', 'closed', 'in time', 'successful', 'rae', '2026-04-02 08:00+00', '2026-04-02 09:00+00', '2026-04-07 09:00+00'),
	(7, 'emergency', 'closed', 'too late', 'backed_out', 'rae', '2026-04-02 08:00+00', '2026-04-02 09:00+00', '2026-04-07 09:01+00'),
	(8, 'urgent', 'review', 'not yet', 'partial', NULL, '2026-04-02 08:00+00', '2026-04-02 09:00+00', NULL),
	(9, 'emergency', 'implement', 'not implemented', NULL, NULL, '2026-04-02 08:00+00', NULL, NULL),
	(10, 'urgent', 'review', 'no outcome', NULL, NULL, '2026-04-02 08:00+00', '2026-04-30 09:00+00', NULL);
\set attributes '{"title": "title", "outcome": "result", "reviewer": "reviewer", "opened_at": "opened", "resolved_at": "ended", "closed_at": "over"}'
SELECT itsm.attach('rfc', 'change', 'status', filter => 'kind = ''normal''', attributes => :'attributes') AS normal \gset
SELECT itsm.attach('rfc', 'standard_change', 'status', filter => 'kind = ''standard''', attributes => :'attributes') AS standard \gset
SELECT itsm.attach('rfc', 'emergency_change', 'status', filter => 'kind = ''emergency''', attributes => :'attributes') AS emergency \gset
-- a lifecycle of the organisation's own with another limit: its changes are emergency changes by their type
SELECT itsm.define_lifecycle(d || jsonb_build_object('name', 'change_report_urgent', 'rules',
	(SELECT jsonb_agg(CASE WHEN r.value ? 'within' THEN jsonb_set(r.value, '{within}', '"10 days"') ELSE r.value END ORDER BY r.n)
		FROM jsonb_array_elements(d -> 'rules') WITH ORDINALITY AS r(value, n))))
FROM itsm.lifecycle_definition('emergency_change') AS d;
SELECT itsm.attach('rfc', 'change_report_urgent', 'status', filter => 'kind = ''urgent''', attributes => '{"title": "title", "outcome": "result", "reviewer": "reviewer", "opened_at": "opened", "resolved_at": "ended", "closed_at": "over", "type": "''emergency''"}') AS urgent \gset
CALL itsm.backfill(:normal);
CALL itsm.backfill(:standard);
CALL itsm.backfill(:emergency);
CALL itsm.backfill(:urgent);
SELECT month, opened, implemented, successful, partial, failed, backed_out, success_percent, emergency, standard, cancelled
FROM itsm_report.change_monthly WHERE tenant = '' AND month BETWEEN '2026-03-01' AND '2026-04-01' ORDER BY month;
SELECT key, title, outcome, state, implemented_at, implemented_day, review_due_at, reviewed_at, reviewer, overdue
FROM itsm_report.emergency_change_review WHERE source = 'change_report.rfc' ORDER BY key::integer;
-- a table with row-level security keeps its outcomes to itself
ALTER TABLE rfc ENABLE ROW LEVEL SECURITY;
CREATE ROLE change_report_bi;
GRANT USAGE ON SCHEMA itsm_report TO change_report_bi;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO change_report_bi;
SET ROLE change_report_bi;
SELECT month, opened, implemented, successful, partial, failed, backed_out, success_percent, emergency, standard, cancelled
FROM itsm_report.change_monthly WHERE tenant = '' AND month BETWEEN '2026-03-01' AND '2026-04-01' ORDER BY month;
SELECT key, title, outcome, reviewer, overdue FROM itsm_report.emergency_change_review WHERE source = 'change_report.rfc' ORDER BY key::integer;
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA change_report CASCADE;
DROP OWNED BY change_report_bi;
DROP ROLE change_report_bi;
