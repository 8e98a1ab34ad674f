-- What is measured, audited, reviewed and improved.
-- Included by three_years.sql.

INSERT INTO provider.objective (number, title, function, target, direction, unit, due, owner, resources, evaluation_method, document, status)
SELECT 'OBJ-' || f, title, f, target, direction, unit, story.ago('-2 months'), owner, 'as budgeted', 'by the metrics', 'OBJ-1-v3', 'current' FROM (VALUES
	('service desk', 'Incidents solved in time', 92, 'at_least', '%', 'carla'), ('operations', 'Changes that succeed', 93, 'at_least', '%', 'dirk'), ('management', 'Customers are content', 4, 'at_least', 'of 5', 'bernd')) AS v(f, title, target, direction, unit, owner);
INSERT INTO provider.metric (name, title, kind, process, objective, owner, method, frequency, analysis_schedule, unit, target, direction)
SELECT 'kpi ' || name, 'KPI of ' || name, 'kpi', name, CASE name WHEN 'incident management' THEN 'OBJ-service desk' WHEN 'change management' THEN 'OBJ-operations' WHEN 'relationship management' THEN 'OBJ-management' END, owner, 'counted from the records', '1 month', 'monthly', '%', 90, 'at_least' FROM provider.process;
INSERT INTO provider.measurement (kind, metric, process, period_start, period_end, value, target, unit, deviation, cause, action, analysed_at, analysed_by)
SELECT 'kpi', m.name, m.process, month::date, (month + interval '1 month')::date, v.value, 90, '%', v.value < 90, CASE WHEN v.value < 90 THEN 'more work than people' END, CASE WHEN v.value < 90 THEN 'taken up in the next review' END, least(story.ago('0'), (month + interval '1 month 8 days')::date), m.owner
FROM provider.metric AS m, generate_series(story.start(), date_trunc('month', story.now()) - interval '1 month', interval '1 month') WITH ORDINALITY AS g(month, n),
	LATERAL (SELECT round((78 + 16 * sqrt(n / 36.0) + 5 * story.dice(n::integer, m.name))::numeric, 1) AS value) AS v;
-- What the clocks and the outages say.
INSERT INTO provider.measurement (kind, service, agreement_target, period_start, period_end, value, target, unit, deviation, cause, action, analysed_at, analysed_by)
SELECT 'sla', a.service, t.number, month::date, (month + interval '1 month')::date, s.value, 90, '%', s.value < 90, CASE WHEN s.value < 90 THEN 'more work than people' END, CASE WHEN s.value < 90 THEN 'taken up in the next review' END, least(story.ago('0'), (month + interval '1 month 6 days')::date), 'bernd'
FROM provider.agreement AS a JOIN provider.agreement_target AS t ON t.agreement = a.number, generate_series(story.start(), date_trunc('month', story.now()) - interval '1 month', interval '1 month') AS month,
	LATERAL (SELECT coalesce((SELECT round(100.0 * sum(met) / nullif(sum(completed), 0), 1) FROM itsm_report.sla_monthly AS v WHERE v.month = g.month AND v.service = a.service), 100) AS value FROM (SELECT month) AS g) AS s
WHERE month >= a.valid_from - 31;
INSERT INTO provider.measurement (kind, service, period_start, period_end, value, target, unit, deviation, cause, action, analysed_at, analysed_by)
SELECT 'availability', service, month::date, (month + interval '1 month')::date, round(availability, 3), target, '%', NOT met, CASE WHEN NOT met THEN 'a major incident' END, CASE WHEN NOT met THEN 'see its review' END, least(story.ago('0'), (month + interval '1 month 6 days')::date), 'hans'
FROM itsm_report.availability_monthly WHERE complete AND availability IS NOT NULL;
INSERT INTO provider.measurement (kind, service, period_start, period_end, value, unit, analysed_at, analysed_by)
SELECT 'consumption', name, month::date, (month + interval '1 month')::date, round((700 + 200 * story.dice(extract(month FROM month)::integer, name))::numeric), 'users', least(story.ago('0'), (month + interval '1 month 6 days')::date), 'hans'
FROM provider.service, generate_series(story.start() + interval '12 months', date_trunc('month', story.now()) - interval '1 month', interval '1 month') AS month WHERE status = 'live';
INSERT INTO provider.measurement (kind, service, period_start, period_end, value, target, unit, deviation, action, analysed_at, analysed_by)
SELECT 'capacity', name, month::date, (month + interval '1 month')::date, v.value, 90, '%', v.value > 90, CASE WHEN v.value > 90 THEN 'another disk' END, least(story.ago('0'), (month + interval '1 month 6 days')::date), 'hans'
FROM provider.service, generate_series(date_trunc('month', story.now()) - interval '12 months', date_trunc('month', story.now()) - interval '1 month', interval '1 month') AS month, LATERAL (SELECT round((60 + 34 * story.dice(extract(month FROM month)::integer, 'capacity' || name))::numeric, 1) AS value) AS v WHERE status = 'live';
INSERT INTO provider.analysis (title, subject, service, owner, planned_at, period_start, period_end, held_at, result, actions, status)
SELECT 'Trend of ' || subject, subject, NULL, 'frank', (q + interval '3 months 7 days')::date, q::date, (q + interval '3 months')::date, (q + interval '3 months 10 days')::date, 'fewer than before; see the figures', '{}', 'closed'
FROM unnest('{incident,change,security_incident}'::text[]) AS subject, generate_series(story.start(), story.now() - interval '3 months 11 days', interval '3 months') AS q;
INSERT INTO provider.improvement (number, title, requester, priority, criteria, score, decision, decided_by, owner, target, due, result, reported_at, status)
SELECT 'IMP' || 1000000 + n, story.pick(n, 'improvement', '{Self service for passwords,Spare parts on site,Second line to the harbour,Checklist for changes,Better greeting,Dashboards for customers}'), 'carla', 3, 'benefit against cost', '7', 'yes', 'anna', 'bernd', 'ten percent fewer incidents', (at + interval '120 days')::date,
	CASE WHEN n < 22 THEN 'reached' END, CASE WHEN n < 22 THEN at + interval '150 days' END, CASE WHEN n < 22 THEN 'closed' ELSE 'in_progress' END
FROM generate_series(1, 25) AS n, LATERAL (SELECT story.start() + n * interval '42 days' AS at) AS a;
SELECT story.tell('improvement', 'IMP' || 1000000 + n, 'bernd', VARIADIC ARRAY['proposed', at::text, 'evaluated', (at + interval '10 days')::text, 'approved', (at + interval '20 days')::text, 'in_progress', (at + interval '25 days')::text]
	|| CASE WHEN n < 22 THEN ARRAY['implemented', (at + interval '100 days')::text, 'measured', (at + interval '140 days')::text, 'closed', (at + interval '150 days')::text] ELSE '{}' END)
FROM generate_series(1, 25) AS n, LATERAL (SELECT story.start() + n * interval '42 days' AS at) AS a \g /dev/null
UPDATE provider.analysis SET actions = '{IMP1000020}' WHERE subject = 'security_incident';

-- Audits: three a year, and fewer findings each time.
INSERT INTO provider.audit_programme (number, title, owner, period_start, period_end, clauses, processes, importance, previous_results)
SELECT 'PRG-1', 'Programme of three years', 'mona', story.start()::date, (story.start() + interval '4 years')::date, '{4,5,6,7,8,9,10}', array_agg(name), 'what customers feel first', 'findings of the year before' FROM provider.process;
INSERT INTO provider.audit (number, title, criteria, scope, auditor, auditee, planned_start, planned_end, report, findings, programme, clauses, reported_at, status)
SELECT 'AUD-' || n, 'Internal audit ' || n, 'ISO/IEC 20000-1 and our own rules', story.pick(n, 'scope', '{service desk,operations,suppliers,security}'), 'mona', story.pick(n, 'auditee', '{bernd,carla,dirk,lars}'), at, at + interval '3 days', 'in the wiki', 'see the findings', 'PRG-1', '{8}', (at + interval '14 days')::date, 'closed'
FROM generate_series(1, 9) AS n, LATERAL (SELECT story.start() + n * interval '115 days' AS at) AS a WHERE at < story.now() - interval '20 days';
SELECT story.tell('audit', number, 'mona', 'planned', (planned_start - interval '60 days')::text, 'in_progress', planned_start::text, 'reported', reported_at::text, 'closed', (reported_at + 10)::text) FROM provider.audit \g /dev/null
CREATE TABLE story.found AS
SELECT row_number() OVER (ORDER BY a, n)::integer AS n, a, 'AUD-' || a AS audit, story.start() + a * interval '115 days 14 hours' AS at, CASE WHEN n <= (ARRAY[3,2,2,1,1,1,0,0,0])[a] THEN 'major' ELSE 'minor' END AS grade
FROM generate_series(1, 9) AS a, generate_series(1, 9) AS n WHERE n <= (ARRAY[8,7,6,5,4,4,3,2,2])[a] AND story.start() + a * interval '115 days' < story.now() - interval '20 days';
INSERT INTO provider.corrective_action (number, title, source, cause, owner, due, done_at, evidence, effect, verifier, correction, similar_cases, status)
SELECT 'CA' || 1000000 + n, 'Finding of ' || audit, audit, story.pick(n, 'why', '{nobody was responsible,the tool did not ask for it,too few people,the rule was not known}'), story.pick(n, 'owner', '{bernd,carla,dirk,eva,lars}'), (at + interval '60 days')::date,
	CASE WHEN n < 39 THEN at + CASE WHEN a < 4 THEN interval '80 days' ELSE '40 days' END END, CASE WHEN n < 39 THEN 'records since then' END, CASE WHEN n < 39 THEN 'holds' END, CASE WHEN n < 39 THEN 'mona' END, 'put right', 'looked for, none', CASE WHEN n < 39 THEN 'closed' ELSE 'in_progress' END FROM story.found;
SELECT story.tell('corrective_action', 'CA' || 1000000 + n, 'bernd', VARIADIC ARRAY['open', (at + interval '5 days')::text, 'in_progress', (at + interval '12 days')::text]
	|| CASE WHEN n < 39 THEN ARRAY['implemented', (at + CASE WHEN a < 4 THEN interval '80 days' ELSE '40 days' END)::text, 'verified', (at + interval '90 days')::text, 'closed', (at + interval '92 days')::text] ELSE '{}' END) FROM story.found \g /dev/null
-- One of those that are open was given more time.
UPDATE provider.corrective_action SET extended_to = story.ago('-30 days'), extension_approved_by = 'anna' WHERE number = (SELECT 'CA' || 1000000 + max(n) FROM story.found);
INSERT INTO provider.finding (number, title, audit, auditor, auditee, clause, grade, evidence, owner, cause, corrective_action, due, due_limit, verifier, verification, reported_at, status)
SELECT 'FND' || 1000000 + n, story.pick(n, 'finding', '{No review after a change,Assets without an owner,Targets not measured,Plan not tested,Access not taken back,Document out of date}'), audit, 'mona', (SELECT auditee FROM provider.audit WHERE number = audit), story.pick(n, 'clause', '{8.5.1.3,8.2.5,9.1,8.7.2,8.7.3.2,7.5.3}'), grade, 'see the report', c.owner, c.cause, c.number, c.due, c.due + 30,
	c.verifier, CASE WHEN n < 39 THEN 'seen' END, (at + interval '4 days')::date, CASE WHEN n < 39 THEN 'closed' ELSE 'action_planned' END FROM story.found JOIN provider.corrective_action AS c ON c.number = 'CA' || 1000000 + n;
SELECT story.tell('finding', 'FND' || 1000000 + n, 'mona', VARIADIC ARRAY['raised', at::text, 'accepted', (at + interval '3 days')::text, 'action_planned', (at + interval '6 days')::text]
	|| CASE WHEN n < 39 THEN ARRAY['implemented', (at + CASE WHEN a < 4 THEN interval '80 days' ELSE '40 days' END)::text, 'verified', (at + interval '91 days')::text, 'closed', (at + interval '93 days')::text] ELSE '{}' END) FROM story.found \g /dev/null
INSERT INTO provider.management_review (number, title, planned_at, held_at, chaired_by, participants, inputs, decisions, actions, action_keys, minutes, status)
SELECT 'MR-' || n, 'Management review ' || n, at::date, at::date, 'anna', '{anna,bernd,gitta,lars,mona}', CASE WHEN n > 2 THEN '{previous_actions,changes,performance,nonconformities,measurements,audits,feedback,objectives,resources,risks,parties,improvements}' ELSE '{performance,audits}' END::text[], 'go on', 'as listed', ARRAY['IMP' || 1000000 + 3 * n], 'in the wiki', 'closed'
FROM generate_series(1, 6) AS n, LATERAL (SELECT story.start() + n * interval '170 days' AS at) AS a WHERE at < story.now() - interval '5 days';
INSERT INTO provider.service_report (name, title, purpose, audience, frequency, data_source, owner) VALUES ('monthly', 'Monthly report of the services', 'performance against the agreements', 'customers', '1 month', 'itsm_report', 'bernd');
INSERT INTO provider.report_issue (report, period_start, period_end, due_at, held_at, decisions, actions, communicated_at, communicated_to, status)
SELECT 'monthly', m::date, (m + interval '1 month')::date, (m + interval '1 month 12 days')::date, (m + interval '1 month 8 days')::date, 'none', 'none', (m + interval '1 month 9 days')::date, 'customers', 'closed'
FROM generate_series(story.start() + interval '6 months', story.now() - interval '1 month 13 days', interval '1 month') AS m;
INSERT INTO provider.certificate (number, title, body, scope, owner, stage_1_at, stage_2_at, issued_at, valid_to, surveillance_at, next_surveillance, status)
VALUES ('CRT-1', 'ISO/IEC 20000-1:2018', 'A certification body', 'Delivery of six services to three customers', 'bernd', story.ago('17 months'), story.ago('15 months'), story.ago('14 months'), story.ago('-22 months'), story.ago('2 months'), story.ago('-10 months'), 'certified');
SELECT story.tell('certificate', 'CRT-1', 'bernd', 'planned', story.ago('20 months')::text, 'stage_1', story.ago('17 months')::text, 'stage_2', story.ago('15 months')::text, 'certified', story.ago('14 months')::text) \g /dev/null
-- Facts were recorded when they came to be known.
INSERT INTO story.log
SELECT 'measurement', id::text, period_end + interval '2 days', 'recorded', 'bernd' FROM provider.measurement WHERE period_end + 2 < story.ago('0')
UNION ALL SELECT 'competence', id::text, valid_from, 'current', 'bernd' FROM provider.competence
UNION ALL SELECT 'known_error', k.number, p.opened + interval '7 days', k.status, 'frank' FROM provider.known_error AS k JOIN story.problem AS p ON p.key = k.problem
UNION ALL SELECT 'audit_programme', number, period_start, 'current', 'mona' FROM provider.audit_programme
UNION ALL SELECT 'management_review', number, held_at, 'held', 'bernd' FROM provider.management_review
UNION ALL SELECT 'management_review', number, held_at + 20, 'closed', 'bernd' FROM provider.management_review WHERE held_at + 20 < story.ago('0')
UNION ALL SELECT 'performance_review', number, held_at + 5, 'closed', 'bernd' FROM provider.performance_review
UNION ALL SELECT 'satisfaction', id::text, measured_at, 'recorded', 'bernd' FROM provider.satisfaction;
DROP TABLE story.found;
