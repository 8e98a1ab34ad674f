-- Change windows: maintenance and freezes, the rules window and not_frozen.
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA change_window;
CREATE ROLE regress_itsm_planner;
-- SQLSTATE, rule and message of a statement; DETAIL where it has several conditions.
CREATE FUNCTION change_window.try(statement text, OUT code text, OUT rule text, OUT message text) LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	code := 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, rule = CONSTRAINT_NAME, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	IF detail LIKE '[%' AND jsonb_array_length(detail::jsonb) > 1 THEN
		message := (SELECT string_agg(d ->> 'message', E'\n' ORDER BY d ->> 'message' COLLATE "C") FROM jsonb_array_elements(detail::jsonb) d);
	END IF;
END $$;

-- Definitions: everything that is wrong at once.
SELECT t.* FROM unnest(ARRAY[
	$q$'', 'freeze', '2050-01-01', '2050-01-02'$q$,
	$q$NULL, NULL, NULL, NULL$q$,
	$q$'w', 'holiday', '2050-01-01', '2050-01-02'$q$,
	$q$'w', 'freeze', '2050-01-02', '2050-01-01'$q$,
	$q$'w', 'freeze', '2050-01-01', '2050-01-01'$q$,
	$q$'w', 'freeze', '-infinity', '2050-01-01'$q$,
	$q$'w', 'freeze', '2050-01-01', 'infinity'$q$,
	$q$'w', 'maintenance', '2050-01-01', NULL$q$,
	$q$'w', 'freeze', '2050-01-02', '2050-01-01', '{}', '{NULL}', '{" "}'$q$,
	$q$repeat('w', 201), 'freeze', '2050-01-01', '2050-01-02'$q$]) AS a, change_window.try(format('SELECT itsm.define_change_window(%s)', a)) AS t;
SELECT * FROM change_window.try($$SELECT itsm.drop_change_window('nothing')$$);
SELECT count(*) FROM itsm.change_window;
SET ROLE regress_itsm_planner;
SELECT itsm.define_change_window('w', 'freeze', '2050-01-01', '2050-01-02');
SELECT itsm.drop_change_window('w');
RESET ROLE;

-- Rules: what a definition may say.
CREATE FUNCTION change_window.define(name text, rules text, attributes text DEFAULT '{"planned_start": "timestamptz", "planned_end": "timestamptz", "ci": "text", "service": "text", "ci_class": "text", "cis": "text[]", "opens": "timestamptz", "note": "text"}')
RETURNS void LANGUAGE sql AS $$
	SELECT itsm.define_lifecycle(jsonb_build_object('name', name, 'attributes', attributes::jsonb, 'delete', 'allow', 'rules', rules::jsonb,
		'states', '[{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"},
			{"name": "implement", "category": "active"}, {"name": "closed", "category": "closed", "final": true}]'::jsonb,
		'transitions', '[{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": ["new", "implement"]}, {"from": "implement", "to": ["scheduled", "closed"]}]'::jsonb))
$$;
SELECT t.code, t.message FROM unnest(ARRAY[
	'{"window": "planned_start"}', '{"window": false}', '{"window": ["planned_start"]}', '{"window": ["planned_start", "note"]}', '{"window": ["planned_start", "absent"]}',
	'{"window": {"start": "opens"}}', '{"window": {"ci": "ci"}}', '{"window": true}',
	'{"not_frozen": true}', '{"not_frozen": 1, "to": "scheduled"}', '{"not_frozen": {"maintenance": "yes", "service": 3}, "to": "scheduled"}', '{"not_frozen": {"start": "note"}, "in": "scheduled"}',
	'{"not_frozen": {"maintenance": true, "cis": "note"}, "in": "scheduled"}',
	'{"no_conflict": true}', '{"no_conflict": {"service": "service"}, "to": "scheduled"}', '{"no_conflict": {"ci": "note"}, "to": "nowhere"}', '{"no_conflict": {"ci": "note"}, "to": "*"}']) AS a,
	change_window.try(format('SELECT change_window.define(%L, %L)', 'window_try', jsonb_build_array('{"name": "r"}'::jsonb || a::jsonb))) AS t;
SELECT t.code, t.message FROM unnest(ARRAY['window', 'not_frozen', 'no_conflict']) AS a,
	change_window.try(format('SELECT change_window.define(%L, %L, %L)', 'window_try', jsonb_build_array(jsonb_build_object('name', 'r', 'to', 'scheduled', a, true)), '{"planned_start": "text"}')) AS t;

SELECT change_window.define('change_window', '[
	{"name": "no_freeze", "to": "scheduled", "in": ["scheduled"], "not_frozen": {"maintenance": true}, "clause": "8.5.1"},
	{"name": "in_window", "to": "implement", "window": ["planned_start", "planned_end"]}]');
SELECT severity, problem FROM itsm.lint_lifecycle('change_window');
CREATE TABLE change_window.change (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, cis text[], ci text, class text, service text, tenant text, note text);
SELECT itsm.attach('change_window.change', 'change_window', 'status', mode => 'enforce', tenant => 'tenant',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci", "service": "service", "ci_class": "class", "note": "note"}') AS attachment \gset

SELECT itsm.define_change_window('year end', 'freeze', '2050-12-20', '2051-01-02');
SELECT itsm.define_change_window('payroll', 'freeze', '2050-06-28', '2050-07-01', services => '{payroll}', cis => '{db7}');
SELECT itsm.define_change_window('routers', 'freeze', '2050-06-01', '2050-06-10', ci_classes => '{router,switch}', tenant => 'north');
SELECT itsm.define_change_window('db night', 'maintenance', '2050-03-01 22:00', '2050-03-02 04:00', cis => '{db1}');
SELECT itsm.define_change_window('db second night', 'maintenance', '2050-03-02 04:00', '2050-03-02 06:00', cis => '{db1,db2}');
SELECT name, kind, during, services, ci_classes, cis, tenant, defined_by = current_user AS by_me FROM itsm.change_window ORDER BY name;

-- Each way to plan, and what is said of it.
CREATE TABLE change_window.plan (id int PRIMARY KEY, what text, s timestamptz, e timestamptz, cis text[], ci text, class text, service text, tenant text DEFAULT 'south');
INSERT INTO change_window.plan VALUES
	(1, 'no times', NULL, NULL, NULL, 'x', NULL, NULL),
	(2, 'ends before it starts', '2050-02-02', '2050-02-01', NULL, 'x', NULL, NULL),
	(3, 'ends when it starts', '2050-02-02', '2050-02-02', NULL, 'x', NULL, NULL),
	(4, 'infinite', '-infinity', 'infinity', NULL, 'x', NULL, NULL),
	(5, 'free', '2050-02-01', '2050-02-02', NULL, 'x', NULL, 'mail'),
	(6, 'in the freeze of everything', '2050-12-31', '2051-01-01', NULL, NULL, NULL, NULL),
	(7, 'around it', '2050-12-01', '2051-02-01', NULL, 'x', NULL, NULL),
	(8, 'until it starts', '2050-12-19', '2050-12-20', NULL, 'x', NULL, NULL),
	(9, 'from its end on', '2051-01-02', '2051-01-03', NULL, 'x', NULL, NULL),
	(10, 'of the service', '2050-06-29', '2050-06-30', NULL, 'x', NULL, 'payroll'),
	(11, 'of another service', '2050-06-29', '2050-06-30', NULL, 'x', NULL, 'mail'),
	(12, 'of an item', '2050-06-29', '2050-06-30', '{x,db7}', NULL, NULL, 'mail'),
	(13, 'of a class, in another tenant', '2050-06-05', '2050-06-06', NULL, 'x', 'router', NULL),
	(14, 'of a class', '2050-06-05', '2050-06-06', NULL, 'x', 'router', NULL),
	(15, 'inside maintenance', '2050-03-01 23:00', '2050-03-02 05:00', NULL, 'db1', NULL, NULL),
	(16, 'outside maintenance', '2050-03-01 21:00', '2050-03-01 23:00', NULL, 'db1', NULL, NULL),
	(17, 'one of two items outside', '2050-03-02 03:00', '2050-03-02 05:00', '{db2}', 'db1', NULL, NULL),
	(18, 'both inside', '2050-03-02 04:00', '2050-03-02 06:00', '{db2}', 'db1', NULL, NULL),
	(19, 'frozen and outside', '2050-12-31', '2051-01-01', '{db1,db2}', NULL, NULL, 'payroll');
UPDATE change_window.plan SET tenant = 'north' WHERE id = 14;
INSERT INTO change_window.change (id, s, e, cis, ci, class, service, tenant) SELECT id, s, e, cis, ci, class, service, tenant FROM change_window.plan;
SELECT p.id, p.what, t.* FROM change_window.plan p, change_window.try(format('UPDATE change_window.change SET status = %L WHERE id = %s', 'scheduled', p.id)) t ORDER BY p.id;
SELECT id, status FROM change_window.change WHERE status = 'scheduled' ORDER BY id;
-- what allowed_transitions says is what the write would meet
SELECT count(*) FROM change_window.plan p, itsm.allowed_transitions('change_window.change', p.id::text) a, change_window.change c
WHERE c.id = p.id AND a.to_state = 'scheduled' AND a.allowed;
SELECT jsonb_path_query_array(unmet, '$[*].message') FROM itsm.allowed_transitions('change_window.change', '19') WHERE to_state = 'scheduled';

-- A plan that changes while it counts is judged again; what does not change it is not.
SELECT t.* FROM unnest(ARRAY['s = ''2050-12-31'', e = ''2051-01-01''', 'service = ''payroll'', s = ''2050-06-30 23:00'', e = ''2050-07-01 01:00''', 'class = class, tenant = tenant', 'service = ''phone''']) a,
	change_window.try(format('UPDATE change_window.change SET %s WHERE id = 5', a)) t;
-- a freeze that comes later does not refuse what is scheduled, until it is planned anew
SELECT itsm.define_change_window('sudden', 'freeze', '2050-01-15', '2050-02-15', cis => '{x}');
SELECT t.* FROM unnest(ARRAY['note = ''urgent''', 'e = e + interval ''1 hour''']) a, change_window.try(format('UPDATE change_window.change SET %s WHERE id = 5', a)) t;
SELECT other, kind, ci, during FROM itsm.change_conflicts('change_window.change', '5');
SELECT itsm.drop_change_window('sudden');
SELECT * FROM change_window.try('UPDATE change_window.change SET e = e + interval ''1 hour'' WHERE id = 5');

-- The moment of the move.
SELECT * FROM change_window.try('UPDATE change_window.change SET status = ''implement'' WHERE id = 5');
UPDATE change_window.change SET s = clock_timestamp() - interval '2 hours', e = clock_timestamp() - interval '1 hour' WHERE id = 5;
SELECT * FROM change_window.try('UPDATE change_window.change SET status = ''implement'' WHERE id = 5');
UPDATE change_window.change SET e = clock_timestamp() + interval '1 hour' WHERE id = 5;
SELECT jsonb_array_length(unmet) FROM itsm.allowed_transitions('change_window.change', '5') WHERE to_state = 'implement';
SELECT * FROM change_window.try('UPDATE change_window.change SET status = ''implement'', s = NULL WHERE id = 5');
SELECT * FROM change_window.try('UPDATE change_window.change SET status = ''implement'' WHERE id = 5');

-- What stands against a plan, whatever state it is in.
SELECT p.id, c.* FROM change_window.plan p, itsm.change_conflicts('change_window.change', p.id::text) c WHERE p.id IN (7, 10, 12, 14, 16, 17, 18) ORDER BY p.id, c.kind, c.other, c.ci;
SELECT p.id, t.code, t.message FROM change_window.plan p, change_window.try(format('SELECT itsm.change_conflicts(%L, %L)', 'change_window.change', p.id)) t WHERE p.id IN (1, 2, 3, 4, 6) ORDER BY p.id;
SELECT * FROM change_window.try($$SELECT itsm.change_conflicts('change_window.change', '99')$$);

-- Recurring windows: by service hours, as long as they hold.
SELECT t.* FROM unnest(ARRAY[$q$'w', 'freeze', hours => 'Sa,Su 25:00'$q$, $q$'w', 'freeze', '2050-01-02', '2050-01-01', hours => 'Sa'$q$, $q$'w', 'freeze', ends_at => 'infinity', hours => 'Sa 10:00-11:00'$q$]) AS a,
	change_window.try(format('SELECT itsm.define_change_window(%s)', a)) AS t;
SELECT itsm.define_change_window('nights', 'maintenance', hours => 'Mo-Fr 22:00-02:00 @ Europe/Berlin', services => '{crm}');
SELECT itsm.define_change_window('weekends', 'maintenance', '2050-05-01', '2050-06-01', hours => 'Sa 12:00-18:00 @ Europe/Berlin', services => '{crm}');
SELECT itsm.define_change_window('closing', 'freeze', starts_at => '2050-01-01', hours => '2050 May 31 00:00-24:00; 2051 May 31 00:00-24:00 @ Europe/Berlin', services => '{crm}');
INSERT INTO change_window.change (id, s, e, ci, service, tenant) VALUES
	(200, '2050-05-04 20:00', '2050-05-05 00:00', 'x', 'crm', ''), (201, '2050-05-04 20:00', '2050-05-05 00:01', 'x', 'crm', ''),
	(202, '2050-05-07 10:00', '2050-05-07 16:00', 'x', 'crm', ''), (203, '2050-06-04 10:00', '2050-06-04 12:00', 'x', 'crm', ''),
	(204, '2050-05-30 20:00', '2050-05-30 22:00', 'x', 'crm', ''), (205, '2050-05-30 20:00', '2050-05-30 22:01', 'x', 'crm', '');
SELECT id, t.* FROM generate_series(200, 205) id, change_window.try(format('UPDATE change_window.change SET status = %L WHERE id = %s', 'scheduled', id)) t;
SELECT id, c.* FROM generate_series(200, 205) id, itsm.change_conflicts('change_window.change', id::text) c;
SELECT id, itsm.next_free_slot('change_window.change', id::text, '3 hours') FROM generate_series(200, 205) id;
SELECT name, during, hours FROM itsm.change_window WHERE hours IS NOT NULL ORDER BY name;

-- Observed, then enforced for one rule.
SELECT itsm.set_mode(:attachment, 'observe');
UPDATE change_window.change SET status = 'scheduled' WHERE id IN (6, 19);
SELECT key, code, rule, message FROM itsm_report.violation v WHERE v.rule = 'no_freeze' ORDER BY key COLLATE "C", message;
SELECT itsm.set_mode(:attachment, 'enforce', 'no_freeze');
SELECT * FROM change_window.try('UPDATE change_window.change SET status = ''scheduled'' WHERE id = 7');
SELECT itsm.set_mode(:attachment, 'off', 'no_freeze');
SELECT * FROM change_window.try('UPDATE change_window.change SET status = ''scheduled'' WHERE id = 7');

-- A log has no plans: conformance does not judge these kinds.
SELECT key, to_state, verdict FROM itsm.conformance('change_window', $$VALUES ('a', timestamptz '2050-12-30', 'new'), ('a', '2050-12-31', 'scheduled'), ('a', '2051-01-01', 'implement')$$);
-- Windows are policies: what happened to them is history.
SELECT subject, kind, detail::jsonb - 'ends_at' AS detail FROM itsm_report.policy_event WHERE subject LIKE 'change window %' AND subject NOT LIKE '%gap%' ORDER BY subject, version;
SELECT * FROM itsm.verify() WHERE NOT ok;

DO $$ BEGIN PERFORM itsm.drop_change_window(name) FROM itsm.change_window; END $$;
SELECT itsm.detach('change_window.change');
DROP SCHEMA change_window CASCADE;
DROP ROLE regress_itsm_planner;
