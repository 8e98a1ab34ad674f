-- A small service desk: its application knows nothing of itsm.  What it did in the past
-- is learnt from its journal and judged; then its table is attached, watched, and at last
-- guarded; and a table for changes follows.  All data comes from a generator without
-- chance: every run tells the same story.

\set ON_ERROR_STOP on
\pset footer off
\pset null ''
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION IF NOT EXISTS itsm;
-- where operators of its types are found
SET search_path = public, itsm;

-- ------------------------------------------------------------------ the application

CREATE SCHEMA desk;
CREATE TABLE desk.call (
	call_no text PRIMARY KEY,
	subject text NOT NULL,
	caller text NOT NULL,
	handler text,
	team text,
	impact integer,
	urgency integer,
	prio integer,
	service_name text,
	status text NOT NULL,
	waiting_for text,
	solution_code text,
	solution text,
	main_call text REFERENCES desk.call
);
CREATE TABLE desk.journal (
	entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	call_no text NOT NULL,
	happened timestamptz NOT NULL,
	new_status text NOT NULL,
	by_whom text NOT NULL
);

-- A number from 0 to 1 for each number and purpose, the same in every run.
CREATE FUNCTION desk.dice(n integer, purpose text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
	$$ SELECT ('x' || left(md5(purpose || n), 7))::bit(28)::integer / 268435456.0::float8 $$;
CREATE FUNCTION desk.pick(n integer, purpose text, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
	$$ SELECT choices[1 + floor(desk.dice(n, purpose) * array_length(choices, 1))::integer] $$;
-- The way that a call takes: mostly as it should be.
CREATE FUNCTION desk.way(n integer) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT string_to_array(CASE
		WHEN d < 0.58 THEN 'New,Assigned,Work in progress,Solved,Closed'
		WHEN d < 0.76 THEN 'New,Assigned,Work in progress,Pending,Work in progress,Solved,Closed'
		WHEN d < 0.83 THEN 'New,Work in progress,Solved,Closed'
		WHEN d < 0.88 THEN 'New,Assigned,Work in progress,Solved,Work in progress,Solved,Closed'
		WHEN d < 0.91 THEN 'New,Canceled'
		-- and now and then not
		WHEN d < 0.94 THEN 'New,Solved,Closed'
		WHEN d < 0.96 THEN 'New,Assigned,Work in progress,Pending,Solved,Closed'
		WHEN d < 0.975 THEN 'New,Assigned,Work in progress,Solved,Closed,Work in progress,Solved,Closed'
		WHEN d < 0.985 THEN 'New,Closed'
		WHEN d < 0.995 THEN 'Assigned,Work in progress,Solved,Closed'
		ELSE 'New,Assigned,Parked,Work in progress,Solved,Closed' END, ',')
	FROM (SELECT desk.dice(n, 'way') AS d) AS roll
$$;

-- Half a year, 3,000 calls.
INSERT INTO desk.journal (call_no, happened, new_status, by_whom)
SELECT 'C' || lpad(n::text, 5, '0'),
	timestamptz '2025-01-01 08:00' + (n * 86.4 + desk.dice(n, 'opened') * 60) * interval '1 minute'
		+ sum(CASE WHEN step = 1 THEN interval '0' ELSE (0.2 + desk.dice(n * 10 + step::integer, 'takes') ^ 3 * 60) * interval '1 hour' END)
			OVER (PARTITION BY n ORDER BY step),
	status,
	CASE WHEN step = 1 THEN 'caller' ELSE desk.pick(n * 10 + step::integer, 'who', '{amy,bert,carla,dmitri,emil}') END
FROM generate_series(1, 3000) AS n, unnest(desk.way(n)) WITH ORDINALITY AS u(status, step)
ORDER BY 2, n, step;

INSERT INTO desk.call
SELECT DISTINCT ON (j.call_no) j.call_no,
	desk.pick(n, 'subject', '{"Mail does not arrive","Printer is jammed","Password forgotten","VPN drops","Screen stays black","Order form is slow","Phone is mute"}'),
	'caller ' || 1 + floor(desk.dice(n, 'caller') * 400), desk.pick(n, 'handler', '{amy,bert,carla,dmitri,emil}'),
	desk.pick(n, 'team', '{first line,network,workplace,applications}'),
	i.impact, u.urgency, greatest(1, i.impact + u.urgency - 1),
	desk.pick(n, 'service', '{mail,network,workplace,orders,telephony}'), j.new_status, NULL,
	CASE WHEN j.new_status IN ('Solved', 'Closed') THEN desk.pick(n, 'code', '{fixed,workaround,advice,duplicate}') END,
	CASE WHEN j.new_status IN ('Solved', 'Closed') THEN 'as in the journal' END
FROM desk.journal j, LATERAL (SELECT substr(j.call_no, 2)::integer AS n) AS k,
	LATERAL (SELECT 1 + floor(desk.dice(n, 'impact') * 3)::integer AS impact) AS i,
	LATERAL (SELECT 1 + floor(desk.dice(n, 'urgency') * 3)::integer AS urgency) AS u
ORDER BY j.call_no, j.entry DESC;
ANALYZE;

\echo
\echo 'A service desk with an application of its own: one table, and a journal.'
\echo
SELECT (SELECT count(*) FROM desk.call) AS calls, (SELECT count(*) FROM desk.journal) AS journal_entries,
	(SELECT min(happened)::date FROM desk.journal) AS first_day, (SELECT max(happened)::date FROM desk.journal) AS last_day;
SELECT status, count(*) FROM desk.call GROUP BY 1 ORDER BY 2 DESC;

-- ------------------------------------------------------------------ learning from the past

\echo '1. What is the process?  itsm.discover_lifecycle proposes one from the journal.'
\echo
SELECT itsm.discover_lifecycle('desk_call', 'SELECT call_no AS key, happened AS at, new_status AS state FROM desk.journal ORDER BY entry') AS proposal \gset
SELECT s ->> 'name' AS state, s ->> 'category' AS category, coalesce(s ->> 'initial', '') AS initial, coalesce(s ->> 'final', '') AS final,
	(SELECT string_agg(t ->> 'to', ', ') FROM jsonb_array_elements(:'proposal'::jsonb -> 'transitions') AS t WHERE t ->> 'from' = s ->> 'name') AS leads_to
FROM jsonb_array_elements(:'proposal'::jsonb -> 'states') AS s;
SELECT :'proposal'::jsonb ->> 'description' AS how_much_of_the_journal_that_covers;

\echo '2. And how well was the standard process for incidents kept?  itsm.conformance judges the journal.'
\echo
CREATE TABLE desk.status_map AS SELECT '{"New": "new", "Assigned": "assigned", "Work in progress": "in_progress", "Pending": "on_hold",
	"Solved": "resolved", "Closed": "closed", "Canceled": "cancelled"}'::jsonb AS states;
CREATE TABLE desk.judged AS
	SELECT * FROM itsm.conformance('incident', 'SELECT call_no AS key, happened AS at, new_status AS state FROM desk.journal ORDER BY entry',
		(SELECT states FROM desk.status_map));
SELECT verdict, coalesce(from_state, '(start)') AS from_state, to_state, count(*) AS entries
FROM desk.judged WHERE verdict <> 'ok' GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3;
SELECT round(100.0 * count(*) FILTER (WHERE verdict = 'ok') / count(*), 1) AS percent_of_entries_as_they_should_be,
	count(DISTINCT key) FILTER (WHERE verdict <> 'ok') AS calls_with_a_deviation
FROM desk.judged;

-- ------------------------------------------------------------------ watching

\echo '3. The table is attached, in observe: everything is remembered, nothing is refused.'
\echo '   Neither rows nor columns change; the past is imported from the journal.'
\echo
SELECT md5(string_agg(c::text, '' ORDER BY call_no)) AS fingerprint FROM desk.call AS c \gset
SELECT itsm.attach('desk.call', 'incident', 'status', (SELECT states FROM desk.status_map),
	'{"number": "call_no", "title": "subject", "requester": "caller", "assignee": "handler", "assignment_group": "team",
	  "impact": "impact", "urgency": "urgency", "priority": "least(prio, 5)", "service": "service_name",
	  "hold_reason": "waiting_for", "resolution_code": "solution_code", "resolution": "solution", "parent": "main_call"}') AS attachment \gset
SELECT itsm.import_events(:attachment, 'SELECT call_no AS key, happened AS at, new_status AS state, by_whom AS actor FROM desk.journal ORDER BY entry') AS imported_events,
	(SELECT md5(string_agg(c::text, '' ORDER BY call_no)) FROM desk.call AS c) = :'fingerprint' AS table_as_it_was;

-- The application goes on: 400 calls more, each change a transaction of its own.  In one
-- of twelve somebody forgets something.
CREATE PROCEDURE desk.work(first integer, last integer) LANGUAGE plpgsql AS $$
DECLARE
	no text;
	step text;
	careful boolean;
BEGIN
	FOR n IN first .. last LOOP
		no := 'C' || lpad(n::text, 5, '0');
		careful := desk.dice(n, 'careful') > 0.08;
		FOREACH step IN ARRAY desk.way(n) LOOP
			PERFORM set_config('itsm.reason', CASE WHEN careful THEN 'as agreed with the caller' ELSE '' END, true);
			IF NOT EXISTS (SELECT FROM desk.call WHERE call_no = no) THEN
				INSERT INTO desk.call (call_no, subject, caller, team, impact, urgency, prio, service_name, status)
				VALUES (no, 'VPN drops', 'caller ' || n % 400, desk.pick(n, 'team', '{first line,network}'), 2, 2, 3, 'network', step);
			ELSE
				UPDATE desk.call SET status = step,
					handler = CASE WHEN careful OR step = 'Solved' THEN coalesce(handler, desk.pick(n, 'handler', '{amy,bert,carla}')) ELSE handler END,
					waiting_for = CASE WHEN step = 'Pending' AND careful THEN 'caller' END,
					solution_code = CASE WHEN step = 'Solved' THEN 'fixed' ELSE solution_code END,
					solution = CASE WHEN step = 'Solved' AND careful THEN 'new client installed' ELSE solution END
				WHERE call_no = no;
			END IF;
			INSERT INTO desk.journal (call_no, happened, new_status, by_whom) VALUES (no, clock_timestamp(), step, 'amy');
			COMMIT;
		END LOOP;
	END LOOP;
END $$;
CALL desk.work(3001, 3400);
\echo '   400 calls later: what would have been refused (itsm_report.violation)'
\echo
SELECT code, rule, message, count(*) FROM itsm_report.violation WHERE attachment = :attachment GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 12;

-- ------------------------------------------------------------------ guarding

\echo '4. From now on the process is enforced.'
\echo
SELECT itsm.set_mode(:attachment, 'enforce') AS enforced \gset
INSERT INTO desk.call (call_no, subject, caller, team, impact, urgency, prio, service_name, status)
VALUES ('C90001', 'Order form is slow', 'caller 7', 'applications', 2, 1, 2, 'orders', 'New');
-- What a program gets to see of a refused statement.
CREATE FUNCTION desk.attempt(statement text, person text DEFAULT NULL) RETURNS TABLE (what text, value text) LANGUAGE plpgsql AS $$
DECLARE
	code text;
	message text;
	detail text;
	hint text;
	rule text;
BEGIN
	PERFORM itsm.act_as(person);
	EXECUTE statement;
	RETURN QUERY VALUES ('done', statement);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, rule = CONSTRAINT_NAME;
	RETURN QUERY
		SELECT * FROM (VALUES ('SQLSTATE', code), ('message', message), ('constraint', rule)) AS v
		UNION ALL
		SELECT 'unmet', concat_ws(': ', u ->> 'rule', u ->> 'message') FROM jsonb_array_elements(detail::jsonb) AS u
		UNION ALL
		SELECT 'hint', hint;
END $$;
\echo '   Closing a new call at once is refused:'
\echo '   UPDATE desk.call SET status = ''Closed'' WHERE call_no = ''C90001'''
\echo
SELECT * FROM desk.attempt($$UPDATE desk.call SET status = 'Closed' WHERE call_no = 'C90001'$$);
UPDATE desk.call SET status = 'Work in progress', handler = 'carla' WHERE call_no = 'C90001';
\echo '   So is solving it without saying how. All that is missing is named at once:'
\echo '   UPDATE desk.call SET status = ''Solved'' WHERE call_no = ''C90001'''
\echo
SELECT * FROM desk.attempt($$UPDATE desk.call SET status = 'Solved' WHERE call_no = 'C90001'$$);
\echo '   The application can ask before (itsm.allowed_transitions):'
\echo
SELECT status_value, label, allowed, (SELECT string_agg(u ->> 'message', '; ') FROM jsonb_array_elements(unmet) AS u) AS what_is_missing
FROM itsm.allowed_transitions('desk.call', 'C90001');
UPDATE desk.call SET status = 'Solved', solution_code = 'fixed', solution = 'index rebuilt' WHERE call_no = 'C90001';
UPDATE desk.call SET status = 'Closed' WHERE call_no = 'C90001';
\echo '   What happened to it (itsm.history):'
\echo
SELECT version, kind, from_state, to_state, (SELECT string_agg(k, ', ') FROM jsonb_object_keys(changes) AS k) AS what_changed
FROM itsm.history('desk.call', 'C90001') ORDER BY version;

-- ------------------------------------------------------------------ records that look at others

\echo '5. Calls that belong together: a line is down, and somebody without it calls.'
\echo
INSERT INTO desk.call (call_no, subject, caller, handler, team, impact, urgency, prio, service_name, status, main_call) VALUES
	('C90002', 'Line to Kiel is down', 'monitoring', 'amy', 'network', 1, 1, 1, 'network', 'New', NULL),
	('C90003', 'VPN drops', 'caller 12', 'bert', 'first line', 2, 1, 2, 'network', 'New', 'C90002');
UPDATE desk.call SET status = 'Work in progress' WHERE call_no IN ('C90002', 'C90003');
\echo '   The main call is not solved while the other one is open:'
\echo
SELECT * FROM desk.attempt($$UPDATE desk.call SET status = 'Solved', solution_code = 'fixed', solution = 'cable replaced' WHERE call_no = 'C90002'$$);
UPDATE desk.call SET status = 'Solved', solution_code = 'fixed', solution = 'line is up' WHERE call_no = 'C90003';
UPDATE desk.call SET status = 'Solved', solution_code = 'fixed', solution = 'cable replaced' WHERE call_no = 'C90002';
\echo '   Nobody objects for 14 days: a scheduler calls itsm.run_due() now and then.'
\echo
SELECT key, from_state, to_state, done FROM itsm.run_due(now() + interval '15 days') ORDER BY key;

-- ------------------------------------------------------------------ changes

\echo '6. Changes: two of them want the same server.  Two of the board have to agree.'
\echo
SELECT count(itsm.add_approver('cab', person)) AS members FROM unnest('{amy,bert,carla}'::text[]) AS person \gset
CREATE TABLE desk.change (
	no itsm.record_number PRIMARY KEY DEFAULT itsm.next_number('CHG'),
	title text, asked_by text, plan text, servers text[], starts timestamptz, ends timestamptz, status text NOT NULL DEFAULT 'new'
);
SELECT itsm.attach('desk.change', 'change', 'status', mode => 'enforce',
	attributes => '{"number": "no", "title": "title", "requester": "asked_by", "plan": "plan", "cis": "servers", "planned_start": "starts", "planned_end": "ends"}') AS changes \gset
SELECT itsm.define_change_window('nights', 'maintenance', hours => 'Mo-Fr 20:00-06:00; Sa-Su 00:00-24:00 @ Europe/Berlin', cis => '{db1}') AS window,
	itsm.define_change_window('end of year', 'freeze', '2030-12-20 00:00', '2031-01-02 00:00') AS freeze \gset
INSERT INTO desk.change (title, asked_by, plan, servers, starts, ends) VALUES
	('New release of the order form', 'emil', 'deploy, restart', '{web1,db1}', '2030-05-06 20:00', '2030-05-06 23:00'),
	('More memory', 'dmitri', 'stop, plug, start', '{db1}', '2030-05-06 22:00', '2030-05-07 00:00');
UPDATE desk.change SET status = 'assess';
UPDATE desk.change SET status = 'authorize';
-- the first one goes its way
BEGIN; SELECT itsm.act_as('amy') \gset
SELECT itsm.approve('desk.change', 'CHG0000001') \gset
COMMIT;
BEGIN; SELECT itsm.act_as('bert') \gset
SELECT itsm.approve('desk.change', 'CHG0000001', 'call me when it is done') \gset
UPDATE desk.change SET status = 'scheduled' WHERE no = 'CHG0000001';
COMMIT;
SELECT no, title, servers, starts, ends, status FROM desk.change ORDER BY no;
\echo '   The second one has no votes yet, and comes into the way of the first:'
\echo '   UPDATE desk.change SET status = ''scheduled'' WHERE no = ''CHG0000002'''
\echo
SELECT * FROM desk.attempt($$UPDATE desk.change SET status = 'scheduled' WHERE no = 'CHG0000002'$$, 'carla');
\echo '   What stands against it, and when it could be done (itsm.change_conflicts, itsm.next_free_slot):'
\echo
SELECT other, kind, ci, during FROM itsm.change_conflicts('desk.change', 'CHG0000002');
SELECT itsm.next_free_slot('desk.change', 'CHG0000002', '2 hours') AS slot \gset
SELECT :'slot' AS next_free_slot;
UPDATE desk.change SET starts = lower(:'slot'::tstzrange), ends = upper(:'slot'::tstzrange) WHERE no = 'CHG0000002';
BEGIN; SELECT itsm.act_as('amy') \gset
SELECT itsm.approve('desk.change', 'CHG0000002') \gset
COMMIT;
BEGIN; SELECT itsm.act_as('carla') \gset
SELECT itsm.approve('desk.change', 'CHG0000002', 'at last') \gset
COMMIT;
\echo '   Its votes hold for what they approved. With another plan they are void:'
\echo
SELECT * FROM desk.attempt($$UPDATE desk.change SET status = 'scheduled', plan = 'plug, and hope' WHERE no = 'CHG0000002'$$, 'carla');
BEGIN; SELECT itsm.act_as('carla') \gset
UPDATE desk.change SET status = 'scheduled' WHERE no = 'CHG0000002';
COMMIT;
SELECT version, kind, actor, to_state, reason FROM itsm.history('desk.change', 'CHG0000002') ORDER BY version;

-- ------------------------------------------------------------------ reports

\echo '7. Reports: views that any BI tool can read.'
\echo
\echo '   itsm_report.incident_monthly'
\echo
SELECT month::date, opened, resolved, date_trunc('minute', mttr_mean) AS mttr_mean, date_trunc('minute', mttr_median) AS mttr_median,
	date_trunc('minute', mttr_p90) AS mttr_p90, reopened, reassigned
FROM itsm_report.incident_monthly WHERE month < '2025-08-01' ORDER BY month;
\echo '   The same in the hours in which the desk is open (itsm.service_time, itsm.service_deadline)'
\echo
SELECT month::date, date_trunc('minute', avg(itsm.service_time(desk_hours, opened_at, resolved_at))) AS mttr_mean,
	round(100.0 * count(*) FILTER (WHERE resolved_at <= itsm.service_deadline(desk_hours, opened_at, '16 hours')) / count(*), 1) AS percent_within_16_open_hours
FROM itsm_report.incident, LATERAL (SELECT resolved_month AS month, 'Mo-Fr 07:00-19:00; Sa 08:00-13:00; 2025 Jan 01 off; 2025 May 01 off @ Europe/Berlin'::itsm.service_hours AS desk_hours) AS h
WHERE month < '2025-08-01' GROUP BY 1 ORDER BY 1;
\echo '   itsm_report.time_in_state'
\echo
SELECT state, count(*) AS visits, date_trunc('minute', avg(duration)) AS mean_duration
FROM itsm_report.time_in_state WHERE entered_at < '2025-08-01' AND left_at IS NOT NULL GROUP BY 1 ORDER BY 3 DESC;
\echo '   itsm_report.attachment_health'
\echo
SELECT source, lifecycle, mode, records, violations, healthy, left(problem, 80) || '…' AS problem FROM itsm_report.attachment_health ORDER BY source;
