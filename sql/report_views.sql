-- The views of itsm_report, over rows put into the tables by hand.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
\set ON_ERROR_ROLLBACK on
\pset null '~'

BEGIN;

CREATE ROLE regress_itsm_bi;
CREATE ROLE regress_itsm_reader;
CREATE ROLE regress_itsm_inherits IN ROLE regress_itsm_reader;

CREATE SCHEMA report_app;
CREATE TABLE report_app.ticket (number text PRIMARY KEY, status text, prio integer, "Odd, name" text);
CREATE TABLE report_app.private_ticket (number text PRIMARY KEY, status text, prio integer);
ALTER TABLE report_app.private_ticket ENABLE ROW LEVEL SECURITY;

INSERT INTO itsm.source (id, relation, relation_name, key) VALUES
	(900001, 'report_app.ticket', 'report_app.ticket', '{number}'),
	(900002, 'report_app.private_ticket', 'report_app.private_ticket', '{number}'),
	(900003, NULL, 'report_app.gone', '{number,branch}');

INSERT INTO itsm.lifecycle (name, version, definition, expressions, shipped, defined_at, defined_by) VALUES
	('report_incident', 1, '{"name": "report_incident", "process": "incident",
		"states": [{"name": "new", "category": "new"}, {"name": "work", "category": "active"}, {"name": "done", "category": "resolved"}]}',
		'{}', false, '2024-01-01', 'x'),
	('report_incident', 2, '{"name": "report_incident", "process": "incident",
		"attributes": {"title": "text", "priority": "integer", "requester": "text", "Owner": "text", "resolution": "text"},
		"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "waiting"}, {"name": "done", "category": "resolved", "final": true}],
		"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}],
		"rules": [
			{"name": "one_name", "requires": "requester"},
			{"name": "several", "requires": ["title", "priority"]},
			{"name": "expression", "check": "whatever"},
			{"name": "as_given", "check": "NEW.resolution is null or old.title is null", "when": "new.\"Owner\" is null"},
			{"name": "by_others", "separate": ["requester", {"to": "work"}]},
			{"name": "all_frozen", "frozen": "*", "in": "done"},
			{"name": "switched_off", "requires": "resolution", "mode": "off"},
			{"name": "switched_off_here", "requires": "resolution"},
			{"name": "switched_on_here", "requires": "resolution", "mode": "off"},
			{"name": "nothing_read", "role": "x"}]}',
		'{NULL,NULL,"((new.priority > 1) AND (new.\"Owner\" IS NOT NULL))","((new.resolution IS NULL) OR (old.title IS NULL))",NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,"(new.\"Owner\" IS NULL)"}', false, '2024-01-02', 'x'),
	('report_task', 1, '{"name": "report_task", "states": [{"name": "new", "category": "new", "initial": true, "final": true}], "transitions": []}', '{}', false, '2024-01-01', 'x');

INSERT INTO itsm.attachment (id, source, relation, relation_name, lifecycle, mode, timing, status, attributes, attribute_expressions, tenant_expression, track, rule_modes, attached_at, attached_by, detached_at) VALUES
	(900001, 900001, 'report_app.ticket', 'report_app.ticket', 'report_incident', 'observe', 'immediate', 'status',
		'{"priority": "prio", "title": "\"Odd, name\"", "Owner": "null"}', '{"priority": "prio", "title": "\"Odd, name\"", "Owner": "NULL"}', NULL, '{mapped}',
		'{"switched_off_here": "off", "switched_on_here": "observe"}', '2024-01-01', 'x', NULL),
	(900002, 900002, 'report_app.private_ticket', 'report_app.private_ticket', 'report_task', 'enforce', 'deferred', 'state',
		'{"title": "tittle", "more": "a || b", "odd": "\"an \"\"odd\"\" one\""}', '{"title": "tittle", "more": "(a || b)", "odd": "\"an \"\"odd\"\" one\""}', 'branch', '{number,extra,*}',
		'{}', '2024-01-01', 'x', NULL),
	(900003, 900003, NULL, 'report_app.gone', 'report_incident', 'off', 'immediate', 'status', '{}', '{}', NULL, '{*}', '{}', '2024-01-01', 'x', NULL),
	(900004, 900002, 'report_app.private_ticket', 'report_app.private_ticket', 'report_nowhere', 'off', 'immediate', 'status', '{}', '{}', NULL, '{*}', '{}', '2024-01-01', 'x', NULL),
	(900005, 900001, 'report_app.ticket', 'report_app.ticket', 'report_task', 'off', 'immediate', 'status', '{}', '{}', NULL, '{*}', '{}', '2024-01-01', 'x', '2024-01-02');

INSERT INTO itsm.record (id, at, version, source, attachment, deleted, hash, tenant, key) VALUES
	(1, '2024-02-01', 4, 900001, 900001, false, '\x', 'r1', 'A'),
	(2, '2024-02-01', 5, 900001, 900001, true,  '\x', 'r1', 'B'),
	(3, '2024-02-01', 1, 900002, 900002, false, '\x', 'r1', 'C'),
	(4, '2024-02-01', 1, 900003, 0, false, '\x', 'r1', '(D,1)'),
	(5, '2024-02-01', 1, 900001, 900001, false, '\x', 'r1', 'E'),
	(6, '2024-02-01', 1, 900001, 0, false, '\x', 'r1', 'F'),
	(1, '2024-02-01', 1, 900001, 900001, false, '\x', 'r2', 'A');

CREATE TEMPORARY TABLE projected AS SELECT * FROM itsm.projection LIMIT 0;
-- Opened in a month that begins at midnight UTC, whatever the session's zone.
INSERT INTO projected (tenant, record, process, lifecycle, state, category, key, opened_at, first_response_at, resolved_at, closed_at, changed_at, transitions, reopened, reassigned, priority, impact, urgency, title, requester, assignee, assignment_group, service, ci, classification, hold_reason, resolution_code, resolution, extra) VALUES
	('r1', 1, 'incident', 'report_incident', 'done', 'resolved', 'A', '2024-01-31 23:59:59.999999Z', '2024-02-01 01:00Z', '2024-02-02 12:00Z', NULL, '2024-02-02 12:00Z', 3, 1, 2, 1, 2, 3, 'Mail is slow', 'ann', 'bob', 'mail', 'Mail', 'mx1', 'software', NULL, 'fixed', 'restarted', '{"x": 1}'),
	('r1', 2, 'incident', 'report_incident', 'done', 'resolved', 'B', '2024-02-01 00:00Z', '2024-02-01 01:00Z', '2024-02-01 10:00Z', '2024-02-01 11:00Z', '2024-02-01 11:00Z', 3, 0, 1, 2, 2, 3, 'Mail is gone', 'ann', 'bob', 'mail', 'Mail', 'mx1', 'software', NULL, 'fixed', 'restarted', NULL),
	('r1', 3, 'incident', 'report_incident', 'new', 'new', 'C', '2024-02-10 00:00Z', NULL, NULL, NULL, '2024-02-10 00:00Z', 1, 0, 0, 1, 2, 3, 'Private', 'ann', 'bob', 'mail', 'Mail', 'mx1', 'software', 'caller', 'fixed', 'secret', NULL),
	('r1', 4, 'incident', 'report_incident', NULL, NULL, '(D,1)', NULL, NULL, '2024-04-01 00:00Z', NULL, '2024-04-01 00:00Z', 1, 0, 5, NULL, NULL, NULL, 'Of a table that is gone', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('r1', 5, 'incident', 'report_incident', 'done', 'resolved', 'E', '2024-02-01 00:00Z', NULL, '2024-02-03 20:00Z', NULL, '2024-02-03 20:00Z', 1, 2, 0, 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('r1', 6, 'change', 'report_change', 'done', 'resolved', 'F', '2024-02-01 00:00Z', NULL, '2024-02-03 20:00Z', NULL, '2024-02-03 20:00Z', 1, 2, 0, 4, NULL, NULL, 'Not an incident', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('r2', 1, 'incident', 'report_incident', 'new', 'new', 'A', '2024-02-01 00:00Z', NULL, NULL, NULL, '2024-02-01 00:00Z', 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

UPDATE itsm.record r SET process = p.process, lifecycle = p.lifecycle, state = p.state, category = p.category, opened_at = p.opened_at, first_response_at = p.first_response_at, resolved_at = p.resolved_at, closed_at = p.closed_at, changed_at = p.changed_at, transitions = p.transitions, reopened = p.reopened, reassigned = p.reassigned, priority = p.priority, impact = p.impact, urgency = p.urgency, title = p.title, requester = p.requester, assignee = p.assignee, assignment_group = p.assignment_group, service = p.service, ci = p.ci, classification = p.classification, hold_reason = p.hold_reason, resolution_code = p.resolution_code, resolution = p.resolution, extra = p.extra,
	opened_month = date_trunc('month', p.opened_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
	FROM projected p WHERE r.tenant = p.tenant AND r.id = p.record;
INSERT INTO itsm.event (tenant, record, version, at, kind, from_state, to_state, lifecycle_version, attachment, actor, role, session_role, xid, system, timeline, command, body, hash) VALUES
	-- made, worked on, other things, resolved
	('r1', 1, 1, '2024-01-31 23:59:59.999999Z', 'created', NULL, 'new', 1, 900001, 'ann', 'app', 'app', '1', 1, 1, 1, '', ''),
	('r1', 1, 2, '2024-02-01 01:00Z', 'transition', 'new', 'work', 1, 900001, 'bob', 'app', 'app', '1', 1, 1, 1, '', ''),
	('r1', 1, 3, '2024-02-01 02:00Z', 'updated', 'work', 'work', 1, 900001, 'bob', 'app', 'app', '1', 1, 1, 1, '', ''),
	('r1', 1, 4, '2024-02-02 12:00Z', 'transition', 'work', 'done', 2, 900001, 'bob', 'app', 'app', '1', 1, 1, 1, '', ''),
	-- was there before, its past imported afterwards; unmapped for a while; deleted
	('r1', 2, 1, '2024-02-01 09:00Z', 'backfilled', NULL, 'work', 2, 900001, NULL, 'dba', 'dba', '1', 1, 1, 1, '', ''),
	('r1', 2, 2, '2024-02-01 00:00Z', 'imported', NULL, 'new', 1, 900001, NULL, 'dba', 'dba', '1', 1, 1, 1, '', ''),
	('r1', 2, 3, '2024-02-01 01:00Z', 'imported', 'new', 'work', 1, 900001, NULL, 'dba', 'dba', '1', 1, 1, 1, '', ''),
	('r1', 2, 4, '2024-02-01 09:30Z', 'transition', 'work', NULL, 2, 900001, NULL, 'app', 'app', '1', 1, 1, 1, '', ''),
	('r1', 2, 5, '2024-02-01 10:00Z', 'transition', NULL, 'done', 2, 900001, NULL, 'app', 'app', '1', 1, 1, 1, '', ''),
	('r1', 2, 6, '2024-02-01 12:00Z', 'deleted', 'done', NULL, 2, 900001, NULL, 'app', 'app', '1', 1, 1, 1, '', ''),
	-- leaves all filters and comes back
	('r1', 5, 1, '2024-02-01 00:00Z', 'created', NULL, 'new', 2, 900001, NULL, 'app', 'app', '1', 1, 1, 1, '', ''),
	('r1', 5, 2, '2024-02-01 01:00Z', 'moved', 'new', NULL, 2, 0, 'carl', 'app', 'app', '1', 1, 1, 1, '', ''),
	('r1', 5, 3, '2024-02-01 02:00Z', 'moved', NULL, 'new', 2, 900001, NULL, 'app', 'app', '1', 1, 1, 1, '', ''),
	-- of the table with row-level security
	('r1', 3, 1, '2024-02-10 00:00Z', 'created', NULL, 'new', 1, 900002, 'dora', 'app', 'app', '1', 1, 1, 1, '', ''),
	-- the same number, another tenant
	('r2', 1, 1, '2024-02-01 00:00Z', 'created', NULL, 'new', 2, 900001, 'eve', 'app', 'app', '1', 1, 1, 1, '', '');

INSERT INTO itsm.violation (tenant, record, version, position, at, attachment, code, rule, kind, attribute, message, clause) VALUES
	('r1', 1, 4, 1, '2024-02-02 12:00Z', 900001, 'IT004', 'several', 'requires', 'title', 'title is required', '8.6.1'),
	('r1', 1, 4, 2, '2024-02-02 12:00Z', 900001, 'IT001', NULL, 'transition', NULL, 'not in the lifecycle', NULL),
	('r1', 3, 1, 1, '2024-02-10 00:00Z', 900002, 'IT005', 'x', 'check', NULL, 'not satisfied', NULL);

-- The grant is the permission.
SET ROLE regress_itsm_bi;
SELECT count(*) FROM itsm_report.incident;
RESET ROLE;
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_bi, regress_itsm_reader;
SET ROLE regress_itsm_bi;
SELECT count(*) FROM itsm_report.incident;
RESET ROLE;
SELECT count(*) AS granted_to_public FROM information_schema.table_privileges
WHERE table_schema IN ('itsm', 'itsm_report') AND grantee = 'PUBLIC' AND table_name ~ '^(incident|transition|time_in_state|incident_monthly|violation|attachment_health|reader|source_name|hidden_source|lifecycle_current|lifecycle_state)$';
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO regress_itsm_bi, regress_itsm_reader;
SET ROLE regress_itsm_bi;
SELECT count(*) FROM itsm.projection;
SELECT itsm.grant_reader('regress_itsm_bi');
SELECT itsm.revoke_reader('regress_itsm_bi');

\x on
SELECT * FROM itsm_report.incident WHERE tenant = 'r1' ORDER BY record;
\x off
SELECT tenant, record, source, key, deleted FROM itsm_report.incident WHERE tenant = 'r2';
SELECT key, opened_day, opened_month, resolved_month FROM itsm_report.incident
WHERE tenant = 'r1' AND opened_month = '2024-02-01 00:00Z' ORDER BY key;

SELECT * FROM itsm_report.transition WHERE tenant IN ('r1', 'r2') ORDER BY tenant, record, at, version;
SELECT tenant, record, key, process, lifecycle, state, category, entered_at, entered_day, entered_month, left_at, duration,
	elapsed = coalesce(left_at, now()) - entered_at AS elapsed
FROM itsm_report.time_in_state WHERE tenant IN ('r1', 'r2') ORDER BY tenant, record, entered_at;
SELECT * FROM itsm_report.incident_monthly WHERE tenant IN ('r1', 'r2') ORDER BY tenant, month;
SELECT * FROM itsm_report.violation WHERE tenant IN ('r1', 'r2') ORDER BY tenant, record, version, ordinal;
\x on
SELECT * FROM itsm_report.attachment_health WHERE attachment >= 900001 ORDER BY attachment;
\x off
RESET ROLE;

-- Months are those of UTC, and the figures the same, in another zone.
SET timezone = 'Asia/Kolkata';
SELECT key, opened_month AT TIME ZONE 'UTC' AS month_in_utc FROM itsm_report.incident WHERE tenant = 'r1' ORDER BY key;
SELECT month AT TIME ZONE 'UTC' AS month_in_utc, opened, resolved FROM itsm_report.incident_monthly WHERE tenant = 'r1' ORDER BY 1;
SET timezone = 'UTC';

-- Readers: by name, by inheritance, everybody, and no more. A role that is gone does no harm.
CREATE FUNCTION pg_temp.seen(role name) RETURNS TABLE (record bigint, title text, actor text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE pg_catalog.format('SET LOCAL ROLE %I', role);
	RETURN QUERY SELECT i.record, i.title, t.actor FROM itsm_report.incident i
		LEFT JOIN itsm_report.transition t ON t.tenant OPERATOR(pg_catalog.=) i.tenant AND t.record OPERATOR(pg_catalog.=) i.record
			AND t.kind OPERATOR(pg_catalog.=) 'created'
	WHERE i.tenant OPERATOR(pg_catalog.=) 'r1' AND i.record OPERATOR(pg_catalog.=) ANY (ARRAY[1::bigint, 3]) ORDER BY 1;
	RESET ROLE;
END $$;
SELECT * FROM pg_temp.seen('regress_itsm_bi');
SELECT itsm.grant_reader('regress_itsm_reader');
SELECT itsm.grant_reader('regress_itsm_reader');
INSERT INTO itsm.reader (role) VALUES ('regress_itsm_no_more');
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_inherits;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO regress_itsm_inherits;
SELECT * FROM pg_temp.seen('regress_itsm_bi');
SELECT * FROM pg_temp.seen('regress_itsm_reader');
SELECT * FROM pg_temp.seen('regress_itsm_inherits');
SELECT itsm.revoke_reader('regress_itsm_reader'), itsm.revoke_reader('regress_itsm_no_more');
SELECT * FROM pg_temp.seen('regress_itsm_inherits');
SELECT itsm.grant_reader('public');
SELECT * FROM pg_temp.seen('regress_itsm_bi');
SELECT itsm.revoke_reader('public');
SELECT role FROM itsm.reader;
\set VERBOSITY terse
SELECT itsm.grant_reader('regress_itsm_nobody');
SELECT itsm.grant_reader(NULL);
\set VERBOSITY default

-- A function that leaks what it sees gets to see no more than the view shows.
CREATE FUNCTION pg_temp.leak(value text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
	RAISE WARNING 'leaked: %', value;
	RETURN true;
END $$;
SET ROLE regress_itsm_bi;
SELECT count(*) FROM itsm_report.incident WHERE pg_temp.leak(title) AND tenant = 'r1' AND record IN (3, 6);
RESET ROLE;

-- A table whose triggers are as they must be, with all that inherits from it.
CREATE TABLE report_app.parted (number integer PRIMARY KEY, status text) PARTITION BY RANGE (number);
CREATE TABLE report_app.parted_1 PARTITION OF report_app.parted FOR VALUES FROM (1) TO (2);
CREATE TABLE report_app.parted_2 PARTITION OF report_app.parted FOR VALUES FROM (2) TO (3);
INSERT INTO itsm.source (id, relation, relation_name, key) VALUES (900004, 'report_app.parted', 'report_app.parted', '{number}');
CREATE TRIGGER report_row AFTER INSERT OR UPDATE OR DELETE ON report_app.parted FOR EACH ROW EXECUTE FUNCTION itsm.judge();
CREATE TRIGGER report_truncate AFTER TRUNCATE ON report_app.parted EXECUTE FUNCTION itsm.judge_truncate();
ALTER TABLE report_app.parted ENABLE ALWAYS TRIGGER report_row;
ALTER TABLE report_app.parted ENABLE ALWAYS TRIGGER report_truncate;
ALTER TABLE report_app.parted_2 ENABLE TRIGGER report_row;
INSERT INTO itsm.attachment (id, source, relation, relation_name, lifecycle, mode, timing, status, attributes, attribute_expressions, track, attached_at, attached_by) VALUES
	(900006, 900004, 'report_app.parted', 'report_app.parted', 'report_task', 'enforce', 'immediate', 'status', '{}', '{}', '{mapped}', '2024-01-01', 'x');
SELECT trigger_ok, healthy, problem FROM itsm_report.attachment_health WHERE attachment = 900006;
ALTER TABLE report_app.parted_2 ENABLE ALWAYS TRIGGER report_row;
SELECT trigger_ok, healthy, problem FROM itsm_report.attachment_health WHERE attachment = 900006;
ALTER TABLE report_app.parted DISABLE TRIGGER report_truncate;
SELECT trigger_ok, healthy, problem FROM itsm_report.attachment_health WHERE attachment = 900006;

-- Filters reach the indexes, through the barrier.
INSERT INTO itsm.record (tenant, id, at, version, source, attachment, deleted, hash, process, lifecycle, opened_at, opened_month, changed_at, transitions, reopened, reassigned)
SELECT 'r3', i, '2024-01-01', 1, 900001, 0, false, '\x', 'incident', 'report_incident', t, date_trunc('month', t AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', '2024-01-01', 0, 0, 0
FROM generate_series(1, 20000) AS i, LATERAL (SELECT '2020-01-01 00:00Z'::timestamptz + i * interval '2 hours') AS o (t);
ANALYZE itsm.record;
CREATE FUNCTION pg_temp.index_of(query text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN (SELECT string_agg(DISTINCT regexp_replace(x #>> '{}', '^event_.*_pkey$', 'event_pkey'), ', ')
		FROM jsonb_path_query(plan, '$.**."Index Name"') AS x
		WHERE x #>> '{}' ~ '^(record|event|violation)_');
END $$;
SET enable_seqscan = off;
SELECT pg_temp.index_of('SELECT title FROM itsm_report.incident WHERE opened_month = ''2024-02-01Z''') AS by_month,
	pg_temp.index_of('SELECT title FROM itsm_report.incident WHERE opened_at >= ''2024-02-01Z'' AND opened_at < ''2024-03-01Z''') AS by_time,
	pg_temp.index_of('SELECT * FROM itsm_report.incident WHERE tenant = ''r3'' AND record = 1') AS by_record;
SELECT pg_temp.index_of('SELECT * FROM itsm_report.transition WHERE tenant = ''r1'' AND record = 1') AS transition,
	pg_temp.index_of('SELECT * FROM itsm_report.time_in_state WHERE tenant = ''r1'' AND record = 1') AS time_in_state,
	pg_temp.index_of('SELECT * FROM itsm_report.violation WHERE tenant = ''r1'' AND record = 1') AS violation;

ROLLBACK;

-- What a report's columns may be.
SELECT c.relname, a.attname, a.atttypid::regtype
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'itsm_report'::regnamespace
	AND (a.atttypid <> ALL ('{text,numeric,timestamptz,boolean,interval,bigint}'::regtype[])
		OR quote_ident(a.attname) <> a.attname OR quote_ident(c.relname) <> c.relname OR c.relkind <> 'v')
ORDER BY 1, 2;
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'itsm_report'::regnamespace
	AND (NOT 'security_barrier=true' = ANY (c.reloptions) OR 'security_invoker=true' = ANY (c.reloptions)) IS NOT FALSE;
