-- Months against the records and clocks themselves, after each of many random writes: what is opened,
-- moved, reopened, regrouped, written late into months that are past, deleted, taken back, attached
-- elsewhere, gathered by itsm.roll_up or counted anew in between.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET timezone = 'Pacific/Auckland';
SELECT no_plan();
SELECT setseed(0.42);

-- The same figures out of the records.
CREATE VIEW true_incident AS
	SELECT m.tenant, m.month, sum(m.opened)::bigint AS opened, sum(m.resolved)::bigint AS resolved, max(m.mttr_mean) AS mttr_mean,
		max(m.mttr_median) AS mttr_median, max(m.mttr_p90) AS mttr_p90, sum(m.reopened)::bigint AS reopened, sum(m.reassigned)::bigint AS reassigned
	FROM (
			SELECT o.tenant, date_trunc('month', o.opened_at, 'UTC') AS month, count(*) AS opened, 0 AS resolved,
				NULL::interval AS mttr_mean, NULL::interval AS mttr_median, NULL::interval AS mttr_p90, 0::bigint AS reopened, 0::bigint AS reassigned
			FROM itsm.record o WHERE o.process = 'incident' AND o.opened_at IS NOT NULL GROUP BY 1, 2
			UNION ALL
			SELECT d.tenant, date_trunc('month', d.resolved_at, 'UTC'), 0, count(*), justify_hours(avg(d.resolved_at - d.opened_at)),
				justify_hours(percentile_cont(0.5) WITHIN GROUP (ORDER BY d.resolved_at - d.opened_at)),
				justify_hours(percentile_cont(0.9) WITHIN GROUP (ORDER BY d.resolved_at - d.opened_at)), sum(d.reopened), sum(d.reassigned)
			FROM itsm.record d WHERE d.process = 'incident' AND d.resolved_at IS NOT NULL GROUP BY 1, 2
		) m
	GROUP BY m.tenant, m.month;
CREATE VIEW true_clock AS
	SELECT m.tenant, m.month, m.agreement, m.kind, m.metric, m.priority, m.service, count(*) FILTER (WHERE m.completed) AS completed,
		count(*) FILTER (WHERE m.completed AND NOT m.breached) AS met, count(*) FILTER (WHERE m.completed AND m.breached) AS breached,
		count(*) FILTER (WHERE NOT m.completed) AS cancelled,
		round(count(*) FILTER (WHERE m.completed AND NOT m.breached)::numeric / nullif(count(*) FILTER (WHERE m.completed), 0), 4) AS attainment,
		justify_hours(avg(m.elapsed) FILTER (WHERE m.completed)) AS elapsed_mean,
		justify_hours(percentile_cont(0.9) WITHIN GROUP (ORDER BY m.elapsed) FILTER (WHERE m.completed)) AS elapsed_p90
	FROM (
			SELECT c.tenant, date_trunc('month', c.stopped_at, 'UTC') AS month, s.name AS agreement, s.kind, s.metric,
				CASE WHEN r.source <> ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.priority::bigint END AS priority,
				CASE WHEN r.source <> ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN r.service END AS service,
				c.stage = 'completed' AS completed, c.breached, c.elapsed
			FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version
				LEFT JOIN itsm.record r ON r.id = c.record AND r.tenant = c.tenant
			WHERE c.stopped_at IS NOT NULL
		) m
	GROUP BY m.tenant, m.month, m.agreement, m.kind, m.metric, m.priority, m.service;
-- as text, so that the very form of an interval tells
CREATE FUNCTION differ() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(d, E'\n') FROM (
		SELECT 'incidents: ' || v::text FROM ((SELECT v::text FROM itsm_report.incident_monthly v EXCEPT ALL SELECT t::text FROM true_incident t)
			UNION ALL (SELECT t::text FROM true_incident t EXCEPT ALL SELECT v::text FROM itsm_report.incident_monthly v)) v(v)
		UNION ALL
		SELECT 'clocks: ' || v::text FROM ((SELECT v::text FROM itsm_report.sla_monthly v EXCEPT ALL SELECT t::text FROM true_clock t)
			UNION ALL (SELECT t::text FROM true_clock t EXCEPT ALL SELECT v::text FROM itsm_report.sla_monthly v)) v(v)) x(d) $$;

SELECT itsm.define_lifecycle(format('{"name": "%s", "process": "%s", "attributes": {"priority": "integer", "service": "text", "assignee": "text"}, "delete": "allow",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active", "initial": true}, {"name": "wait", "category": "waiting"},
		{"name": "done", "category": "resolved", "initial": true}, {"name": "closed", "category": "closed", "final": true}, {"name": "void", "category": "cancelled", "initial": true, "final": true}],
	"transitions": [{"from": ["new", "work", "wait", "done", "closed", "void"], "to": ["new", "work", "wait", "done", "closed", "void"]}]}', name, process)::jsonb)
FROM (VALUES ('desk', 'incident'), ('other', 'service_request')) v(name, process);
SELECT itsm.define_sla('{"name": "answer", "lifecycle": "desk", "metric": "response", "target": "1 hour"}');
SELECT itsm.define_sla('{"name": "solve", "lifecycle": "desk", "metric": "resolution", "condition": "new.priority < 4", "target": "4 hours"}');
SELECT itsm.define_sla('{"name": "anything", "process": "incident", "metric": "resolution", "kind": "ola", "target": "1 second"}');
CREATE TABLE ticket (id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'new', prio integer, service text, owner text, customer text NOT NULL);
CREATE TABLE hidden (LIKE ticket INCLUDING ALL);
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION attach_it(name regclass, lifecycle text) RETURNS void LANGUAGE sql AS $$
	SELECT itsm.attach(name, lifecycle, 'status', attributes => '{"priority": "prio", "service": "service", "assignee": "owner"}', mode => 'enforce', tenant => 'customer') $$;
SELECT attach_it('ticket', 'desk'), attach_it('hidden', 'desk');

CREATE FUNCTION one_of(variadic text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT ($1)[1 + floor(random() * cardinality($1))] $$;
CREATE SEQUENCE number;
-- what one step does; %1$s is a table
CREATE TABLE kind_of_step (share integer, sql text);
INSERT INTO kind_of_step VALUES
	(10, $$INSERT INTO %1$s SELECT nextval('number'), one_of('new', 'new', 'work', 'done', 'void'), floor(random() * 6), one_of('mail', 'web', repeat('long ', 900), NULL), one_of('a', 'b', NULL), one_of('north', 'south') FROM generate_series(1, 3)$$),
	(30, $$UPDATE %1$s SET status = one_of('new', 'work', 'wait', 'done', 'closed', 'void') WHERE id = some_row('%1$s')$$),
	(15, $$UPDATE %1$s SET status = 'done' WHERE id IN (some_row('%1$s'), some_row('%1$s'), some_row('%1$s'))$$),
	(10, $$UPDATE %1$s SET prio = nullif(floor(random() * 6), 0) WHERE id = some_row('%1$s')$$),
	(8, $$UPDATE %1$s SET service = one_of('mail', 'web', '', NULL), owner = one_of('a', 'b', 'c') WHERE id = some_row('%1$s')$$),
	(4, $$UPDATE %1$s SET id = nextval('number') WHERE id = some_row('%1$s')$$),
	(4, $$DELETE FROM %1$s WHERE id = some_row('%1$s')$$),
	(3, $$UPDATE %1$s SET customer = one_of('north', 'south', 'west') WHERE id = some_row('%1$s')$$),
	(8, $$UPDATE itsm.record SET opened_at = opened_at - random() * interval '100 days', resolved_at = resolved_at - random() * interval '99 days' WHERE id = any_record()$$),
	(5, $$UPDATE itsm.clock SET stopped_at = stopped_at - random() * interval '99 days', elapsed = elapsed + random() * interval '9 hours' WHERE record = any_record()$$),
	(3, $$SELECT itsm.redact('%1$s', id::text, '{priority,service}', 'asked for') FROM %1$s WHERE itsm.record_id('%1$s', id::text) IS NOT NULL ORDER BY random() LIMIT 1$$),
	(2, $$SELECT * FROM itsm.recompute_clocks(write => true)$$),
	(2, $$SELECT itsm.detach('%1$s'); UPDATE %1$s SET status = one_of('new', 'done'), prio = 5 WHERE id = some_row('%1$s'); SELECT attach_it('%1$s', one_of('desk', 'other'))$$),
	(1, $$SELECT itsm.migrate(max(id), lifecycle => one_of('desk', 'other')) FROM itsm.attachment WHERE detached_at IS NULL$$),
	(9, $$SELECT itsm.roll_up()$$),
	(2, $$SELECT itsm.roll_up(anew => true)$$);
CREATE FUNCTION some_row(name regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	id bigint;
BEGIN
	EXECUTE format('SELECT id FROM %s ORDER BY random() LIMIT 1', name) INTO id;
	RETURN id;
END $$;
CREATE FUNCTION any_record() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT id FROM itsm.record WHERE resolved_at IS NOT NULL ORDER BY random() LIMIT 1 $$;

-- one step in four is taken back; what was seen within it fits, too
CREATE TABLE outcome (step integer, sql text, taken_back boolean, failed text, wrong text);
CREATE PROCEDURE walk(steps integer) LANGUAGE plpgsql AS $$
DECLARE
	step text;
	back boolean;
	failed text;
	wrong text;
BEGIN
	FOR i IN 1 .. steps LOOP
		SELECT format(k.sql, one_of('ticket', 'ticket', 'ticket', 'hidden')) INTO step
			FROM kind_of_step k ORDER BY -ln(1 - random()) / k.share LIMIT 1;
		back := random() < 0.25;
		failed := NULL;
		BEGIN
			EXECUTE step;
			wrong := differ();
			IF back THEN
				RAISE SQLSTATE 'ZZ999';
			END IF;
		EXCEPTION
			WHEN SQLSTATE 'ZZ999' THEN NULL;
			WHEN OTHERS THEN failed := SQLSTATE || ' ' || SQLERRM;
		END;
		INSERT INTO outcome VALUES (i, step, back, failed, coalesce(wrong, differ()));
		EXIT WHEN (SELECT o.wrong FROM outcome o WHERE o.step = i) IS NOT NULL;
	END LOOP;
END $$;
CALL walk(400);
SELECT is((SELECT o FROM outcome o WHERE wrong IS NOT NULL), NULL, 'the months are what the records and clocks say after each step');
SELECT is((SELECT string_agg(DISTINCT format('%s: %s', failed, left(sql, 60)), E'\n') FROM outcome o WHERE failed IS NOT NULL), NULL, 'each step did something');
SELECT cmp_ok((SELECT count(*) FROM itsm_report.incident_monthly), '>', 6::bigint, 'there are months of incidents');
SELECT cmp_ok((SELECT count(*) FROM itsm_report.sla_monthly), '>', 30::bigint, 'and of clocks');
SELECT is((SELECT count(*) FROM itsm.verify() WHERE scope = 'month' AND NOT ok), 0::bigint, 'verify says so, too');

-- Gathered, the changes are gone and the rows are few; again there is nothing to do.
INSERT INTO ticket (id, customer) VALUES (nextval('number'), 'north');
SELECT cmp_ok(itsm.roll_up(), '>', 0::bigint, 'changes are gathered');
SELECT is(itsm.roll_up(), 0::bigint, 'once');
SELECT is((SELECT count(*) FROM itsm.incident_month_change) + (SELECT count(*) FROM itsm.sla_month_change), 0::bigint, 'and are gone');
SELECT is(differ(), NULL, 'the months stay what they were');
SELECT is((SELECT count(*) FROM itsm.incident_month m WHERE m.percentiles IS DISTINCT FROM itsm.duration_percentiles(m.durations, '{0.5,0.9}')), 0::bigint, 'percentiles are those of the times');
SELECT is((SELECT count(*) FROM itsm.sla_month m WHERE m.completed + m.cancelled = 0), 0::bigint, 'no month is kept of which nothing is left');

-- What a reader is shown of hidden tables is summed up over what is hidden.
SELECT itsm.grant_reader(session_user);
SELECT is(differ(), NULL, 'a reader of hidden values sees them');
SELECT itsm.revoke_reader(session_user);
CREATE ROLE months_bi;
GRANT USAGE ON SCHEMA itsm_report TO months_bi;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO months_bi;
CREATE TABLE seen AS SELECT v::text AS row FROM true_clock v WITH NO DATA;
GRANT INSERT ON seen TO months_bi;
GRANT SELECT ON true_clock TO months_bi;
SET SESSION AUTHORIZATION months_bi;
INSERT INTO seen SELECT v::text FROM itsm_report.sla_monthly v;
SELECT count(*) FROM itsm_report.incident_monthly \gset
CREATE TEMP TABLE expected_seen AS SELECT v::text AS row FROM true_clock v;
RESET SESSION AUTHORIZATION;
SELECT set_eq('SELECT row FROM seen', 'SELECT row FROM expected_seen', 'a stranger sees them without');
SELECT cmp_ok(:count, '>', 6, 'and reads the months of incidents');

-- A service that is erased is in no month either, gathered before or not.
SELECT max(t.id) AS ended FROM ticket t JOIN itsm.clock c ON c.record = itsm.record_id('ticket', t.id::text) WHERE c.stopped_at IS NOT NULL \gset
UPDATE ticket SET service = 'Qerased' WHERE id = :ended;
SELECT itsm.roll_up();
SELECT cmp_ok((SELECT count(*) FROM itsm.sla_month_part WHERE service = 'Qerased'), '>', 0::bigint, 'a service is counted');
UPDATE ticket SET service = 'Qerased too' WHERE id = :ended;
UPDATE ticket SET service = NULL WHERE id = :ended;
SELECT itsm.redact('ticket', :'ended', '{service}', 'asked for');
SELECT is((SELECT count(*) FROM itsm.sla_month_part WHERE service LIKE 'Qerased%'), 0::bigint, 'erased it is in no month');
SELECT is(differ(), NULL, 'which say what they should');

-- A superuser who writes past all this is found, and the months can be counted anew.
BEGIN;
ALTER TABLE itsm.record DISABLE TRIGGER itsm_count_record;
SET LOCAL itsm.maintenance = on;
UPDATE itsm.record SET resolved_at = resolved_at - interval '1 day' WHERE id = (SELECT max(id) FROM itsm.record WHERE process = 'incident' AND resolved_at IS NOT NULL);
SELECT cmp_ok((SELECT count(*) FROM itsm.verify() WHERE scope = 'month' AND NOT ok), '>', 0::bigint, 'verify finds what does not fit');
SELECT itsm.roll_up(anew => true);
SELECT is(differ(), NULL, 'counted anew it fits');
SELECT is((SELECT count(*) FROM itsm.verify() WHERE scope = 'month' AND NOT ok), 0::bigint, 'and verify is content');
ROLLBACK;

-- Rows that SQL brings from elsewhere are not taken: what they were made from is counted here.
INSERT INTO itsm.incident_month_change SELECT now(), 1, 0, 0, 0, '', NULL;
INSERT INTO itsm.incident_month SELECT * FROM itsm.incident_month;
SELECT is(differ(), NULL, 'months of incidents that come by SQL are left out');

-- Percentiles of anything
SELECT throws_ok($$SELECT itsm.duration_percentiles('{{1 day},{2 days}}', '{0.5}')$$, '22023', NULL, 'an array of arrays');
SELECT throws_ok($$SELECT itsm.duration_percentiles('{NULL}', '{0.5}')$$, '22023', NULL, 'an array with nulls');
SELECT throws_ok($$SELECT itsm.duration_percentiles('{1 day}', '{1.5}')$$, '22003', NULL, 'a share that is none');
SELECT throws_ok($$SELECT itsm.duration_percentiles('{1 day}', '{NULL}')$$, '22004', NULL, 'a share that is null');
SELECT is(itsm.duration_percentiles('{}', '{0.5}'), NULL, 'of nothing');
SELECT is(itsm.duration_percentiles('{1 day,3 days}', '{}'), '{}', 'none');
SELECT is(itsm.duration_percentiles('{1 day,3 days,4 days}', '{0,0.25,1}'), '{1 day,2 days,4 days}', 'the least, one between and the greatest');
SELECT is(itsm.durations(kept, weight, duration), '{1 day,1 day,3 days}', 'what is taken away and was not there is left out')
FROM (VALUES ('{1 day,2 days}'::interval[], 1, '3 days'::interval), ('{1 day}', -1, '5 days'), (NULL, -1, '2 days'), (NULL, 0, '9 days'), (NULL, 1, NULL)) v(kept, weight, duration);

SELECT * FROM finish();
DROP OWNED BY months_bi;
DROP ROLE months_bi;
