-- Three years of a service provider, from the day on which itsm comes: what its tools have kept is
-- imported, the gaps of its management system are assessed and closed one after another, and at the
-- end there is a report for the auditor, itsm-report.html.  All data comes from generators without
-- chance, on days counted back from today: every run of a day tells the same story.

\set ON_ERROR_STOP on
\pset footer off
\pset null ''
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE EXTENSION IF NOT EXISTS itsm;
-- where operators of its types are found
SET search_path = public, itsm;

\echo
\echo '8. A service provider.  Its services, tickets, changes and configuration items of three years'
\echo '   go into the tables of the reference model (itsm.create_model), their past into the history'
\echo '   (itsm.import_events); clocks of what was agreed are counted after the fact (itsm.recompute_clocks).'
\echo
CALL itsm.create_model('provider', mode => 'off');
\ir provider_organisation.sql
\ir provider_operation.sql
-- Year by year.  Each is looked back on as of its end, while nothing later is on record.
INSERT INTO story.stage VALUES ('-infinity', story.start() + interval '1 year');
\ir provider_year.sql
SELECT story.import() AS imported_1 \gset
SELECT itsm.recompute_clocks(write => true) \g /dev/null
ANALYZE;
SELECT itsm.exclude_control('8.2.3-2', 'No process of ours is operated by others as a whole.') \g /dev/null
SELECT itsm.assess('the first year, looked back on', story.start() + interval '1 year') AS first \gset
UPDATE story.stage SET since = until, until = story.start() + interval '2 years';
\ir provider_year.sql
SELECT story.import() AS imported_2 \gset
SELECT itsm.recompute_clocks(write => true) \g /dev/null
SELECT itsm.assess('the second year, looked back on', story.start() + interval '2 years') AS second \gset
UPDATE story.stage SET since = until, until = 'infinity';
\ir provider_year.sql
\ir provider_now.sql
SELECT story.import() AS imported_3 \gset
SELECT itsm.recompute_clocks(write => true) \g /dev/null
ANALYZE;
SELECT (SELECT count(*) FROM provider.incident) AS incidents, (SELECT count(*) FROM provider.service_request) AS requests, (SELECT count(*) FROM provider.problem) AS problems,
	(SELECT count(*) FROM provider.change) AS changes, (SELECT count(*) FROM provider.configuration_item) AS items, (SELECT count(*) FROM provider.outage) AS outages,
	:imported_1 + :imported_2 + :imported_3 AS imported_events, (SELECT count(*) FROM itsm_report.sla_clock) AS clocks;
\echo '   Each year (itsm_report.incident_monthly, .sla_monthly, .change_monthly, .availability_monthly):'
\echo
SELECT y.year, sum(i.opened) AS incidents, round(extract(epoch FROM avg(i.mttr_mean)) / 3600) AS hours_to_resolve,
	(SELECT round(100.0 * sum(s.met) / sum(s.completed), 1) FROM itsm_report.sla_monthly AS s WHERE s.month >= y.start AND s.month < y.start + interval '1 year') AS percent_in_time,
	(SELECT round(100.0 * sum(c.successful) / sum(c.implemented), 1) FROM itsm_report.change_monthly AS c WHERE c.month >= y.start AND c.month < y.start + interval '1 year') AS percent_of_changes_successful,
	(SELECT round(avg(a.availability), 3) FROM itsm_report.availability_monthly AS a WHERE a.month >= y.start AND a.month < y.start + interval '1 year') AS percent_available
FROM (SELECT n AS year, story.start() + (n - 1) * interval '1 year' AS start FROM generate_series(1, 3) AS n) AS y
	JOIN itsm_report.incident_monthly AS i ON i.month >= y.start AND i.month < y.start + interval '1 year'
GROUP BY y.year, y.start ORDER BY y.year;
\echo '   The last six months of the incidents, and what was open at their end (itsm_report.backlog_daily):'
\echo
SELECT i.month::date, opened, resolved, date_trunc('minute', mttr_mean) AS mttr_mean, date_trunc('minute', mttr_p90) AS mttr_p90, reassigned,
	(SELECT b.backlog FROM itsm_report.backlog_daily AS b WHERE b.process = 'incident' AND b.day < i.month + interval '1 month' ORDER BY b.day DESC LIMIT 1) AS open_at_the_end
FROM itsm_report.incident_monthly AS i WHERE i.month >= date_trunc('month', now()) - interval '6 months' AND i.month < date_trunc('month', now()) ORDER BY i.month;
\echo '   What was agreed, by priority (itsm_report.sla_monthly):'
\echo
SELECT agreement, sum(completed) AS clocks, sum(met) AS met, sum(breached) AS breached, round(100.0 * sum(met) / sum(completed), 1) AS percent_met FROM itsm_report.sla_monthly GROUP BY 1 ORDER BY 1;
\echo '   One that was late, and why (itsm.explain_clock):'
\echo
SELECT record AS late, key AS late_key, agreement AS late_agreement FROM itsm_report.sla_clock WHERE breached AND agreement = 'priority 1 solved' ORDER BY key COLLATE "C" DESC LIMIT 1 \gset
SELECT :'late_key' AS incident, date_trunc('minute', started_at) AS from, date_trunc('minute', ended_at) AS until, state, date_trunc('minute', counted) AS counted, split_part(why, ';', 1) AS why
FROM itsm.explain_clock(:late, :'late_agreement') WHERE counted > '0' ORDER BY started_at;
\echo '   What fails with the core switch (itsm.impact):'
\echo
SELECT r.process, r.key, i.depth FROM itsm.impact(itsm.record_id('provider.configuration_item', 'switch-core')) AS i JOIN itsm_report.record AS r ON r.record = i.record
WHERE r.process IN ('service', 'configuration_item') ORDER BY i.depth, r.process, r.key COLLATE "C";

-- ------------------------------------------------------------------ the initial assessment

\echo '9. Where does it stand against ISO/IEC 20000-1?  The initial assessment (itsm.assess) answers 163'
\echo '   controls out of the records.  What is not on record is no evidence, and never conforms.  The two'
\echo '   years before were looked back on as of their ends, when no later year was loaded: both times are'
\echo '   kept, and how much of what was seen had been written since.'
\echo
SELECT itsm.assess('initial assessment: tickets and configuration items, three old documents') AS initial \gset
SELECT clause, title, status, controls, conforming, major, minor, no_evidence FROM itsm_report.iso20000_clause WHERE parent IS NULL OR clause IN ('8.5', '8.6', '8.7') ORDER BY ordinal;
\echo '   The gaps (itsm_report.iso20000_gap), the first of the major ones:'
\echo
SELECT control, clause, left(title, 58) || '…' AS rule, failed, left(example, 58) AS for_example FROM itsm_report.iso20000_gap WHERE grade = 'major' AND status = 'nonconforming' ORDER BY failed DESC, control LIMIT 8;

-- ------------------------------------------------------------------ gaps are closed

\echo '10. The gaps are closed, part by part, and assessed again each time: what had been lying in'
\echo '    drawers goes on record.  First policies, processes, roles, competence and risks;'
\ir provider_policies.sql
SELECT story.import() AS imported \gset
SELECT itsm.assess('policies, processes, people and risks are on record') AS assessment \gset
\echo '    then agreements, suppliers, budgets, capacity, continuity and security;'
\ir provider_agreements.sql
SELECT story.import() AS imported \gset
SELECT itsm.assess('agreements, suppliers, money and continuity are on record') AS assessment \gset
\echo '    then measurements of three years, audits and their findings, reviews, improvements; history is'
\echo '    verified and sealed.'
\ir provider_improvement.sql
SELECT story.import() AS imported \gset
ANALYZE;
SELECT itsm.note_verification() AS faults, itsm.seal() AS sealed \gset
SELECT itsm.assess('measurements, audits and reviews are on record') AS assessment \gset
\echo
\echo '    Three years of internal audits, and how long corrective actions took:'
\echo
SELECT 1 + floor((f.reported_at - story.start()::date) / 365.25)::integer AS year, count(*) AS findings, count(*) FILTER (WHERE f.grade = 'major') AS major, count(*) FILTER (WHERE c.done_at::date <= c.due) AS done_in_time,
	count(*) FILTER (WHERE c.done_at::date > c.due) AS done_late, count(*) FILTER (WHERE c.done_at IS NULL) AS still_open
FROM provider.finding AS f JOIN provider.corrective_action AS c ON c.number = f.corrective_action GROUP BY 1 ORDER BY 1;
\echo '    What is missing now:'
\echo
SELECT control, grade, clause, left(title, 62) || '…' AS rule, failed, checked, left(example, 50) AS for_example FROM itsm_report.iso20000_gap WHERE status = 'nonconforming' ORDER BY array_position('{major,minor,obs}', grade::text), control COLLATE "C";

-- ------------------------------------------------------------------ from now on

\echo '11. From now on the processes are enforced, and the rest is done the right way.'
\echo
SELECT count(itsm.set_mode(h.attachment::integer, 'enforce')) AS attachments_that_enforce FROM itsm_report.attachment_health AS h;
SELECT itsm.set_mode(h.attachment::integer, 'enforce', 'under_control') FROM itsm_report.attachment_health AS h WHERE h.lifecycle = 'configuration_item' \g /dev/null
-- What a program gets to see of a refused statement.
CREATE FUNCTION story.attempt(person text, statement text) RETURNS TABLE (what text, value text) LANGUAGE plpgsql AS $$
DECLARE
	code text;
	message text;
	detail text;
	hint text;
BEGIN
	PERFORM itsm.act_as(person);
	EXECUTE statement;
	RETURN QUERY VALUES ('done', statement);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN QUERY
		SELECT * FROM (VALUES ('statement', statement), ('SQLSTATE', code), ('message', message)) AS v
		UNION ALL
		SELECT 'unmet', concat_ws(': ', u ->> 'rule', u ->> 'message') FROM jsonb_array_elements(detail::jsonb) AS u
		UNION ALL
		SELECT 'hint', hint WHERE hint <> '';
END $$;
-- Somebody does something, in a transaction of its own.
CREATE PROCEDURE story.act(person text, statement text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.act_as(person);
	EXECUTE statement;
	COMMIT;
END $$;

\echo '    The release policy is out of date.  Its author may not approve the new version:'
\echo
INSERT INTO provider.document (id, number, document_version, title, kind, owner, author, reviewer, content, sections, change, origin, distribution, medium, required_by)
VALUES ('REL-1-v2', 'REL-1', '2', 'Release policy', 'release_policy', 'ines', 'ines', 'dirk', 'Each month.', '{types,emergency,frequency,management}', 'CHG-REVIEW', 'internal', 'operations', 'electronic', 'standard');
CALL story.act('ines', $$UPDATE provider.document SET status = 'in_review' WHERE id = 'REL-1-v2'$$);
SELECT * FROM story.attempt('ines', $$UPDATE provider.document SET status = 'approved', approver = 'ines', approved_at = now() WHERE id = 'REL-1-v2'$$);
CALL story.act('bernd', $$UPDATE provider.document SET status = 'approved', approver = 'bernd', approved_at = now() WHERE id = 'REL-1-v2'$$);
CALL story.act('bernd', $$UPDATE provider.document SET status = 'superseded', successor = 'REL-1-v2' WHERE id = 'REL-1-v1'$$);
CALL story.act('bernd', $$UPDATE provider.document SET status = 'effective', effective_from = current_date, next_review = current_date + 365 WHERE id = 'REL-1-v2'$$);
\echo '    So it was another one (itsm.history):'
\echo
SELECT version, kind, actor, from_state, to_state, (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(changes) AS k WHERE k <> 'status') AS what_changed FROM itsm.history('provider.document', 'REL-1-v2') ORDER BY version;

\echo '    A server in production is moved without a change:'
\echo
SELECT * FROM story.attempt('hans', $$UPDATE provider.configuration_item SET location = 'second site' WHERE name = 'host-2'$$);
SELECT count(itsm.add_approver('cab', person)) FROM unnest('{anna,bernd,carla}'::text[]) AS person \g /dev/null
INSERT INTO provider.change (number, title, requester, impact, urgency, priority, category, service, cis, type, risk, probability, plan, backout_plan, test_plan, assessment, technical_reviewer, implementer, planned_start, planned_end, communicated_at)
VALUES ('CHG-MOVE', 'The second host goes to the second site', 'hans', 3, 3, 4, 'maintenance', 'telephony', '{host-2}', 'normal', 'low', 3, 'carry it', 'carry it back', 'call somebody', 'worth it', 'frank', 'ines', now() - interval '1 minute', now() + interval '4 hours', now() - interval '2 minutes');
CALL story.act('hans', $$UPDATE provider.change SET status = 'assess' WHERE number = 'CHG-MOVE'$$);
CALL story.act('frank', $$UPDATE provider.change SET status = 'authorize' WHERE number = 'CHG-MOVE'$$);
\echo '    and a change that nobody has voted for is not authorised:'
\echo
SELECT * FROM story.attempt('dirk', $$UPDATE provider.change SET status = 'scheduled' WHERE number = 'CHG-MOVE'$$);
CALL story.act('anna', $$SELECT itsm.approve('provider.change', 'CHG-MOVE')$$);
CALL story.act('bernd', $$SELECT itsm.approve('provider.change', 'CHG-MOVE', 'mind the stairs')$$);
CALL story.act('dirk', $$UPDATE provider.change SET status = 'scheduled' WHERE number = 'CHG-MOVE'$$);
CALL story.act('ines', $$UPDATE provider.change SET status = 'implement', actual_start = now() WHERE number = 'CHG-MOVE'$$);
CALL story.act('ines', $$UPDATE provider.configuration_item SET location = 'second site' WHERE name = 'host-2'$$);
CALL story.act('ines', $$UPDATE provider.change SET status = 'review', actual_end = clock_timestamp(), outcome = 'successful', cis_updated = true WHERE number = 'CHG-MOVE'$$);
CALL story.act('dirk', $$UPDATE provider.change SET status = 'closed', review = 'as planned', reviewer = 'dirk' WHERE number = 'CHG-MOVE'$$);

-- The continuity plan of the orders is tested, corrective actions that are overdue are carried out, and so on.
INSERT INTO provider.continuity_test (number, title, service, plan, plan_version, plan_approved, scenario, scope, test_leader, required_rto, required_rpo)
VALUES ('CTE-orders-1', 'Test of plan orders', 'orders', 'plan orders', '1', true, 'the first site is lost', 'all of it', 'hans', '8 hours', '24 hours');
CALL story.act('anna', $$UPDATE provider.continuity_test SET status = 'approved', risk_accepted_by = 'anna' WHERE number = 'CTE-orders-1'$$);
CALL story.act('hans', $$UPDATE provider.continuity_test SET status = 'executing' WHERE number = 'CTE-orders-1'$$);
CALL story.act('hans', $$UPDATE provider.continuity_test SET status = 'completed', held_at = current_date, result = 'orders were taken again after five hours', achieved_rto = '5 hours', achieved_rpo = '20 hours' WHERE number = 'CTE-orders-1'$$);
CALL story.act('gitta', $$UPDATE provider.continuity_test SET status = 'reviewed', reviewer = 'gitta' WHERE number = 'CTE-orders-1'$$);
CALL story.act('gitta', $$UPDATE provider.continuity_test SET status = 'closed' WHERE number = 'CTE-orders-1'$$);
CALL story.act('bernd', $$UPDATE provider.corrective_action SET status = 'implemented', done_at = now(), evidence = 'records since then' WHERE status = 'in_progress' AND extended_to IS NULL$$);
\echo '    Whoever carried an action out does not verify it:'
\echo
SELECT what, value FROM story.attempt('bernd', $$UPDATE provider.corrective_action SET status = 'verified', effect = 'holds', verifier = 'mona' WHERE status = 'implemented'$$) WHERE what <> 'hint';
CALL story.act('mona', $$UPDATE provider.corrective_action SET status = 'verified', effect = 'holds', verifier = 'mona' WHERE status = 'implemented'$$);
INSERT INTO provider.competence (person, competence, kind, mandatory, evidence, valid_from, valid_to) VALUES ('gitta', 'information security', 'qualification', true, 'certificate in the file', current_date, current_date + 1095);
UPDATE provider.contract SET renewal_decision = 'renewed for two years' WHERE number = 'CON-CLOUD';
-- An exception, granted with its reason, and on record for good.
BEGIN;
SELECT itsm.act_as('carla') \g /dev/null
INSERT INTO provider.incident (number, title, requester, assignee, assignment_group, impact, urgency, priority, category, service, status) VALUES ('INC-NIGHT', 'Orders stand still', 'user 1', 'carla', 'service desk', 1, 1, 1, 'software', 'orders', 'new');
UPDATE provider.incident SET status = 'assigned' WHERE number = 'INC-NIGHT';
UPDATE provider.incident SET status = 'in_progress' WHERE number = 'INC-NIGHT';
SELECT itsm.override('provider.incident', 'INC-NIGHT', 'resolution_required', 'solved by telephone at night, the text follows') \g /dev/null
UPDATE provider.incident SET status = 'resolved', resolution_code = 'workaround' WHERE number = 'INC-NIGHT';
UPDATE provider.incident SET resolution = 'restarted by telephone' WHERE number = 'INC-NIGHT';
COMMIT;

\echo '    What cannot be done today gets an owner and a day, and where it is major, a corrective action'
\echo '    (itsm.assign_gap, itsm.raise_action):'
\echo
SELECT itsm.assess('release policy, continuity test, corrective actions: done') AS assessment \gset
SELECT count(itsm.assign_gap(g.control, story.pick(length(g.title), 'gap', '{bernd,carla,dirk,lars}'), story.ago('-60 days'))) FROM itsm_report.iso20000_gap AS g WHERE g.status = 'nonconforming' \g /dev/null
SELECT count(itsm.raise_action(g.control, 'provider.corrective_action', g.owner, g.due::date, '{"cause": "Nobody looked at it before."}')) FROM itsm_report.iso20000_gap AS g WHERE g.status = 'nonconforming' AND g.grade = 'major' \g /dev/null
SELECT control, grade, left(title, 60) || '…' AS rule, failed, checked, owner, due::date, action_key AS action, action_state AS state FROM itsm_report.iso20000_gap WHERE status = 'nonconforming' ORDER BY array_position('{major,minor,obs}', grade::text), control COLLATE "C";

-- ------------------------------------------------------------------ the trend, the proof, the report

\echo '12. Before and after (itsm_report.iso20000_clause_trend), and assessment by assessment (itsm_report.iso20000_trend):'
\echo
SELECT a.clause, a.title, b.status AS before, b.conforming || ' of ' || b.controls AS conformed, a.status AS after, a.conforming || ' of ' || a.controls AS conform
FROM itsm_report.iso20000_clause AS a JOIN itsm_report.iso20000_clause_trend AS b ON b.assessment = :initial AND b.clause = a.clause
WHERE a.parent IS NULL OR a.clause IN ('8.1', '8.2', '8.3', '8.4', '8.5', '8.6', '8.7') ORDER BY a.ordinal;
SELECT assessment AS no, as_of::date, at::date AS made, written_since, note, conforming, major, minor, observations AS obs, no_evidence, not_applicable AS excluded, round(100 * conformity, 1) AS percent FROM itsm_report.iso20000_trend ORDER BY assessment;
\echo '    And all of it can be proved: history is sealed, the digest goes where nobody here can change it, and'
\echo '    verify() compares every event, chain, seal and row with it.'
\echo
SELECT itsm.seal() AS events_sealed;
SELECT itsm.digest() AS digest \gset
SELECT left(:'digest', 150) || '…' AS digest;
SELECT count(*) FILTER (WHERE NOT ok) AS faults, string_agg(DISTINCT scope, ', ') AS what_was_compared FROM itsm.verify(:'digest'::jsonb);

\pset tuples_only on
\pset format unaligned
\o itsm-report.html
SELECT itsm.audit_report(story.start(), date_trunc('day', now()) + interval '1 day');
\o
\pset tuples_only off
\pset format aligned
