-- A service provider on the reference model, every table used: what is in force, what was
-- measured, and cases from their beginning to their end under enforced lifecycles.
SET client_min_messages = warning;
SET search_path = public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
BEGIN;
CALL itsm.create_model('model_walk');
SET LOCAL search_path = model_walk, public;
SET LOCAL itsm.reason = 'as agreed';

-- people, roles, parties
INSERT INTO person (name, full_name, unit, valid_from) SELECT n, initcap(n), 'it', '2020-01-01' FROM unnest('{ann,bob,cid,dora,eve}'::text[]) AS n;
INSERT INTO role (name, owner, top_management, required_competences) VALUES ('director', 'ann', true, NULL), ('auditor', 'ann', false, '{auditing}');
INSERT INTO role_assignment (role, person, valid_from) VALUES ('director', 'ann', '2020-01-01'), ('auditor', 'eve', '2020-01-01');
INSERT INTO competence (person, competence, kind, mandatory, evidence) VALUES ('eve', 'auditing', 'qualification', true, 'certificate 17');
INSERT INTO training (title, person, planned_at) VALUES ('Auditing anew', 'eve', current_date);
INSERT INTO party (name, kind, owner, has_access) VALUES ('sales', 'customer', 'bob', NULL), ('cables ltd', 'external_supplier', 'cid', true), ('facilities', 'internal_supplier', 'cid', NULL);
INSERT INTO context_issue (title, kind, decision, rationale, reviewed_at) VALUES ('Climate', 'climate', 'yes', 'cooling in summer', current_date), ('Market', 'external', NULL, NULL, current_date);

-- plans, processes, measurements
INSERT INTO process (name, owner, clauses, criteria, record_process, operated_by) VALUES ('incident management', 'bob', '{8.6.1}', 'nine of ten in time', 'incident', 'self');
INSERT INTO objective (title, function, target, direction, unit, due, owner, resources, evaluation_method) VALUES ('Fewer incidents', 'service desk', 100, 'at_most', 'a month', current_date + 100, 'bob', 'one person', 'by metric');
UPDATE objective SET status = 'current';
INSERT INTO service (name, title, business_need, owner, in_scope, criticality, no_dependencies) VALUES ('mail', 'Electronic mail', 'letters', 'bob', true, 'high', false), ('network', NULL, 'everything', 'cid', true, 'critical', true);
INSERT INTO metric (name, kind, process, objective, owner, method, frequency, unit, target, direction)
	SELECT 'incidents a month', 'kpi', 'incident management', number, 'bob', 'counted', '1 month', 'incidents', 100, 'at_most' FROM objective;
INSERT INTO measurement (kind, metric, period_start, period_end, value, target, deviation) VALUES ('kpi', 'incidents a month', '2024-01-01', '2024-02-01', 90, 100, false), ('kpi', 'incidents a month', '2024-02-01', '2024-03-01', 120, 100, true);
UPDATE measurement SET status = 'analysed', analysed_at = '2024-03-05', cause = 'a storm', action = 'none' WHERE deviation;
INSERT INTO analysis (title, subject, owner, planned_at) VALUES ('First quarter', 'incident', 'bob', current_date);
UPDATE analysis SET status = 'held', period_start = '2024-01-01', period_end = '2024-04-01', held_at = current_date, result = 'a storm';
INSERT INTO resource (title, kind, process, owner, quantity, unit) VALUES ('Service desk', 'human', 'incident management', 'bob', 3, 'people');
INSERT INTO service_report (name, purpose, audience, frequency, data_source, owner) VALUES ('monthly', 'levels reached', 'sales', '1 month', 'itsm_report', 'bob');
INSERT INTO report_issue (report, due_at) VALUES ('monthly', current_date);
UPDATE report_issue SET status = 'held', held_at = current_date, decisions = 'none', actions = 'none';

-- services: who takes part, what is required, agreed and offered
INSERT INTO service_dependency VALUES ('mail', 'network');
INSERT INTO service_party (service, party, kind, owner, component) VALUES ('mail', 'sales', 'customer', 'bob', NULL), ('network', 'cables ltd', 'external_supplier', 'cid', 'cables');
INSERT INTO requirement (title, kind, service, party, target, unit, agreed_by, approved_by, approved_at) VALUES ('Letters arrive', 'service', 'mail', 'sales', NULL, NULL, 'sue', 'bob', '2024-01-01'),
	('Available', 'availability', 'mail', NULL, 99.5, 'percent', 'sue', 'bob', '2024-01-01'), ('Mailboxes', 'capacity', 'mail', NULL, 500, 'mailboxes', 'sue', 'bob', '2024-01-01'),
	('Back in four hours', 'continuity', 'mail', NULL, 4, 'hours', 'sue', 'bob', '2024-01-01'), ('Private', 'security', 'mail', NULL, NULL, NULL, 'sue', 'bob', '2024-01-01');
INSERT INTO catalogue_item (name, service, kind, outcome, dependencies, audience, owner, approval_required, fulfilment) VALUES ('mailbox', 'mail', 'request', 'letters arrive', 'network', '{all}', 'bob', false, 'make one');
INSERT INTO agreement (title, kind, service, party, owner) VALUES ('Mail for sales', 'sla', 'mail', 'sales', 'bob');
SAVEPOINT refused;
-- not in force before both agreed, and without targets
UPDATE agreement SET status = 'in_force', valid_from = current_date;
ROLLBACK TO refused;
UPDATE agreement SET status = 'in_force', valid_from = current_date, targets = '99.5 percent', provider_approved_by = 'bob', party_approved_by = 'sue', agreed_at = current_date;
INSERT INTO agreement_target (title, agreement, service, direction, target, unit) SELECT 'Availability', number, 'mail', 'at_least', 99.5, 'percent' FROM agreement;
INSERT INTO performance_review (kind, party, service, agreement, planned_at) SELECT 'agreement', 'sales', 'mail', number, current_date FROM agreement;
UPDATE performance_review SET status = 'held', held_at = current_date, minutes = 'all is well';
INSERT INTO satisfaction (party, service, measured_at, asked, answered, score, scale) VALUES ('sales', 'mail', current_date, 50, 20, 4.2, '1 to 5');
INSERT INTO budget (service, period_start, period_end, currency, owner) VALUES ('mail', '2024-01-01', '2025-01-01', 'EUR', 'ann');
UPDATE budget SET status = 'approved', budget = 10000, actual = 2500, forecast = 9900;
INSERT INTO demand (service, determined_at, current_demand, forecast_demand, unit) VALUES ('mail', current_date, 300, 350, 'mailboxes');
INSERT INTO capacity (service, resource_kind, current_capacity, forecast_capacity, unit) VALUES ('mail', 'technical', 500, 500, 'mailboxes');
INSERT INTO outage (service, started_at, planned, status) VALUES ('mail', now() - interval '1 hour', false, 'ongoing');
UPDATE outage SET status = 'restored', ended_at = now();
UPDATE outage SET status = 'closed', cause = 'a disk', action = 'a new one';

-- documents and what is done with them
SELECT itsm.act_as('ann');
INSERT INTO document (number, document_version, kind, title, owner, author, content, sections) VALUES ('PLAN-1', '1', 'sm_plan', 'The plan', 'ann', 'bob', 'in the safe', '{services,resources}');
UPDATE document SET status = 'in_review', reviewer = 'cid';
UPDATE document SET status = 'approved', approver = 'ann', approved_at = now();
UPDATE document SET status = 'effective', effective_from = current_date, next_review = current_date + 365;
INSERT INTO acknowledgement (person, document, at) SELECT 'cid', id, now() FROM document;
INSERT INTO communication_plan (name, title, occasion, audience, method, owner, frequency) VALUES ('news', 'What is new', 'monthly', 'everybody', 'letter', 'ann', '1 month');
INSERT INTO communication (plan, title, document, audience, at) SELECT 'news', 'The plan holds', id, '{all}', now() FROM document;
INSERT INTO retention_rule (process, period, disposition) VALUES ('incident', '3 years', 'archived');
INSERT INTO nil_return (kind, period_start, period_end, stated_by) VALUES ('dispute', '2024-01-01', '2025-01-01', 'cid');

-- suppliers: approved by another than the owner, in force with its targets, disputed
SELECT itsm.act_as('bob');
INSERT INTO contract (title, supplier, scope, owner, service, subcontractors) VALUES ('Cables', 'cables ltd', 'cables', 'cid', 'network', '{none}');
UPDATE contract SET status = 'negotiation';
UPDATE contract SET status = 'approved', approver = 'ann', legal_approval = 'lea', financial_approval = 'fin';
UPDATE contract SET status = 'active', signed_at = now(), valid_from = current_date, valid_to = current_date + 365, targets = 'within a day';
INSERT INTO dispute (title, party, contract) SELECT 'Late', 'cables ltd', number FROM contract;
UPDATE contract c SET status = 'in_dispute', dispute = d.number FROM dispute d;
UPDATE dispute SET status = 'in_discussion', owner = 'cid';
UPDATE dispute SET status = 'settled', resolution = 'a refund';
UPDATE contract SET status = 'active', resolution = 'a refund';

-- a risk is treated, a control against it agreed with who has access
INSERT INTO risk (title, description, kind, owner, service) VALUES ('Eavesdropping', 'on cables', 'security', 'cid', 'network');
UPDATE risk SET status = 'assessed', likelihood = 2, impact = 4, score = 8, criteria = '1', assessed_at = current_date, decision = 'treat';
UPDATE risk SET status = 'in_treatment', treatment = 'encryption', due = current_date + 30;
UPDATE risk SET status = 'monitored', residual_score = 2, treatment_verified_by = 'dora', treated_at = current_date, effectiveness_checked_at = current_date, effectiveness = 'good';
INSERT INTO security_control (name, owner, risk, party, agreed_at, operated, reviewed_at, effectiveness) SELECT 'encryption', 'cid', number, 'cables ltd', current_date, true, current_date, 'good' FROM risk;

-- configuration: what a service consists of, an audit of it, and what differed
INSERT INTO configuration_class (name, owner) VALUES ('server', 'cid');
INSERT INTO configuration_item (name, title, class, owner, service) VALUES ('post1', 'Mail server', 'server', 'cid', 'mail'), ('disk1', 'Disk', 'server', 'cid', 'mail');
INSERT INTO service_ci VALUES ('mail', 'post1');
INSERT INTO ci_component VALUES ('disk1', 'post1');
INSERT INTO ci_dependency VALUES ('post1', 'disk1');
INSERT INTO ci_connection VALUES ('post1', 'disk1');
INSERT INTO service_asset (name, kind, service, ci, owner, entitlement, deployed) VALUES ('mail licence', 'licence', 'mail', 'post1', 'cid', 500, 300);
INSERT INTO configuration_audit (class, owner, planned_at) VALUES ('server', 'dora', current_date);
UPDATE configuration_audit SET status = 'held', held_at = current_date, checked = 2, result = 'one differs';
INSERT INTO discrepancy (title, ci, audit, found_at, owner) SELECT 'Another disk', 'disk1', number, current_date, 'cid' FROM configuration_audit;
UPDATE discrepancy SET status = 'reviewed', consequence = 'none';
UPDATE discrepancy SET status = 'corrected', action = 'recorded', corrected_at = current_date;

-- a normal change, authorised by two of the board, implemented and reviewed by another
SELECT itsm.add_approver('cab', n) FROM unnest('{ann,dora}'::text[]) AS n;
INSERT INTO change (title, requester, ci, service) VALUES ('New disk', 'bob', 'disk1', 'mail') RETURNING number AS change \gset
SELECT itsm.act_as('cid');
UPDATE change SET status = 'assess', risk = 'low', impact = 3, probability = 3, plan = 'swap', backout_plan = 'swap back', test_plan = 'read it', cis = '{disk1}';
UPDATE change SET status = 'authorize', assessment = 'nobody will notice', technical_reviewer = 'dora';
UPDATE change SET planned_start = now() - interval '1 hour', planned_end = now() + interval '1 hour', implementer = 'cid';
SAVEPOINT refused;
UPDATE change SET status = 'scheduled';
ROLLBACK TO refused;
SELECT itsm.act_as('ann'), itsm.approve('change', :'change', role => 'cab');
SELECT itsm.act_as('dora'), itsm.approve('change', :'change', role => 'cab');
UPDATE change SET status = 'scheduled';
UPDATE change SET status = 'implement', actual_start = now();
INSERT INTO change_task (title, change) VALUES ('Swap', :'change');
UPDATE change_task SET status = 'in_progress', assignee = 'cid', actual_start = now();
UPDATE change_task SET status = 'closed', actual_end = now(), result = 'done';
UPDATE change SET status = 'review', actual_end = now(), outcome = 'successful';
UPDATE change SET status = 'closed', review = 'well done', reviewer = 'dora', cis_updated = true;

-- a release with that change, to its target
INSERT INTO release (title, type, owner, builder, changes, service) VALUES ('Disks', 'minor', 'bob', 'cid', ARRAY[:'change'], 'mail');
UPDATE release SET status = 'building';
UPDATE release SET status = 'testing', build_id = '1', artefact_hash = 'abc';
INSERT INTO deployment (release, ci, planned_start, planned_end) SELECT number, 'disk1', now() - interval '1 hour', now() + interval '1 hour' FROM release;

-- an incident, its problem, its known error and what is worth knowing; a major one
INSERT INTO incident (title, requester, service, ci) VALUES ('No mail', 'sue', 'mail', 'post1'), ('Nothing at all', 'sue', 'mail', 'post1');
UPDATE incident SET status = 'assigned', assignee = 'bob', impact = 2, urgency = 1, priority = 2, category = 'mail';
INSERT INTO major_incident (title, incident, criteria, manager, informed_at, service) SELECT 'Nothing', number, 'all customers', 'ann', now(), 'mail' FROM incident WHERE title = 'Nothing at all';
INSERT INTO problem (title, source, ci, service) VALUES ('Disks fail', 'incidents', 'disk1', 'mail') RETURNING number AS problem \gset
UPDATE problem SET status = 'assessed', category = 'hardware', priority = 2, owner = 'bob';
UPDATE problem SET status = 'root_cause_analysis', assignee = 'cid';
INSERT INTO known_error (title, problem, author, root_cause, workaround) VALUES ('Disks fail when warm', :'problem', 'cid', 'warmth', 'open a window');
UPDATE known_error SET status = 'published', reviewer = 'dora';
INSERT INTO knowledge_article (title, author, content, known_error) SELECT 'When mail stops', 'cid', 'open a window', number FROM known_error;
UPDATE incident SET status = 'in_progress', problem = :'problem', change = :'change' WHERE title = 'No mail';
UPDATE incident SET status = 'resolved', resolution_code = 'fixed', resolution = 'a window was opened' WHERE title = 'No mail';
INSERT INTO service_request (title, requester, catalogue_item, service) VALUES ('A mailbox', 'sue', 'mailbox', 'mail');
UPDATE service_request SET status = 'in_fulfilment', assignee = 'bob';
UPDATE service_request SET status = 'fulfilled', outcome = 'made';
INSERT INTO complaint (title, customer, service, description, escalate_by) VALUES ('Slow', 'sales', 'mail', 'it took a day', now() + interval '5 days');
UPDATE complaint SET status = 'acknowledged';
UPDATE complaint SET status = 'investigating', owner = 'bob';
UPDATE complaint SET status = 'resolved', action = 'a second window', resolution = 'quicker now';
UPDATE complaint SET status = 'closed', customer_informed_at = now();

-- continuity: a plan, its test, its use
INSERT INTO continuity_plan (name, service, owner, invocation_criteria, responsibilities, procedures, return_to_normal, required_rto, required_rpo, alternate_location)
	VALUES ('mail elsewhere', 'mail', 'bob', 'no mail for two hours', 'bob invokes it', 'use the other house', 'go back at night', '4 hours', '1 hour', 'at home');
INSERT INTO continuity_test (title, service, plan, plan_version, plan_approved, scenario, scope, test_leader, required_rto, required_rpo) VALUES ('Fire drill', 'mail', 'mail elsewhere', '1', true, 'fire', 'mail', 'bob', '4 hours', '1 hour');
UPDATE continuity_test SET status = 'approved', risk_accepted_by = 'ann';
UPDATE continuity_test SET status = 'executing';
UPDATE continuity_test SET status = 'completed', result = 'in time', achieved_rto = '3 hours', achieved_rpo = '30 minutes', held_at = current_date;
UPDATE continuity_test SET status = 'reviewed', reviewer = 'dora';
UPDATE continuity_test SET status = 'closed';
INSERT INTO continuity_invocation (plan, service, invoked_at, cause, effect) VALUES ('mail elsewhere', 'mail', now() - interval '1 day', 'smoke', 'none');
UPDATE continuity_invocation SET status = 'recovered', recovery = 'aired', achieved_rto = '2 hours';
UPDATE continuity_invocation SET status = 'reviewed', reported_at = current_date, reviewed_at = current_date;

-- an audit whose finding leads to a corrective action, verified by another; a review; a certificate
SELECT itsm.act_as('eve');
INSERT INTO audit_programme (title, owner, period_start, period_end, clauses, importance) VALUES ('Three years', 'ann', current_date, current_date + 1095, '{8.6.1,9.1}', 'incidents first');
INSERT INTO audit (title, programme, criteria, scope, auditor, auditee, clauses, processes) SELECT 'First', number, 'ISO/IEC 20000-1', 'incidents', 'eve', 'bob', '{8.6.1}', '{incident management}' FROM audit_programme;
UPDATE audit SET status = 'in_progress';
INSERT INTO finding (title, audit, clause, grade, evidence, auditor, auditee) SELECT 'Not classified', number, '8.6.1', 'minor', 'INC1000001', 'eve', 'bob' FROM audit;
UPDATE audit SET status = 'reported', report = 'one finding', findings = '1', reported_at = current_date;
INSERT INTO corrective_action (title, source, cause, owner, due, correction, similar_cases) SELECT 'Classify', number, 'haste', 'bob', current_date + 10, 'classified', 'two more' FROM finding;
UPDATE finding SET status = 'accepted';
UPDATE finding f SET status = 'action_planned', corrective_action = c.number, owner = 'bob', cause = 'haste', due = current_date + 10 FROM corrective_action c;
SELECT itsm.act_as('bob');
UPDATE corrective_action SET status = 'in_progress';
UPDATE corrective_action SET status = 'implemented', done_at = now(), evidence = 'the list';
UPDATE finding SET status = 'implemented';
SAVEPOINT refused;
UPDATE corrective_action SET status = 'verified', effect = 'good', verifier = 'bob';
ROLLBACK TO refused;
SELECT itsm.act_as('eve');
UPDATE corrective_action SET status = 'verified', effect = 'good', verifier = 'eve';
UPDATE finding SET status = 'verified', verifier = 'eve', verification = 'seen';
UPDATE corrective_action SET status = 'closed';
UPDATE finding SET status = 'closed';
UPDATE audit SET status = 'closed';
INSERT INTO improvement (title, source, requester, criteria) VALUES ('Classify by machine', 'audit', 'bob', 'cost and benefit');
UPDATE improvement SET status = 'evaluated', score = '4 of 5';
UPDATE improvement SET status = 'approved', decision = 'yes', decided_by = 'ann';
INSERT INTO management_review (title, planned_at) VALUES ('The year', current_date);
UPDATE management_review SET status = 'held', held_at = current_date, chaired_by = 'ann', inputs = '{audits,measurements}', decisions = 'go on', actions = 'none';
INSERT INTO certificate (title, body, scope, owner) VALUES ('ISO/IEC 20000-1', 'a body', 'mail', 'ann');
UPDATE certificate SET status = 'stage_1', stage_1_at = current_date;
UPDATE certificate SET status = 'stage_2', stage_2_at = current_date;
UPDATE certificate SET status = 'certified', issued_at = current_date, valid_to = current_date + 1095;

-- every table has been used, and each record is where its row is
SELECT string_agg(a.relation::text, ' ') AS unused FROM itsm.model_attachment a
WHERE NOT EXISTS (SELECT FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = format('model_walk.%I', a.relation)::regclass AND NOT r.deleted)
	AND a.lifecycle NOT IN ('standard_change', 'emergency_change');
SELECT r.lifecycle, count(*) AS records, string_agg(DISTINCT r.state, ' ' ORDER BY r.state) AS states
FROM itsm.record r JOIN itsm.source s ON s.id = r.source JOIN pg_class c ON c.oid = s.relation
WHERE c.relnamespace = 'model_walk'::regnamespace GROUP BY 1 ORDER BY 1;
SELECT source, drifted_rows FROM itsm_report.attachment_health WHERE source LIKE 'model\_walk.%' AND (drifted_rows > 0 OR NOT healthy);
SELECT count(*) AS violations FROM itsm.violation v JOIN itsm.attachment a ON a.id = v.attachment WHERE a.relation_name LIKE 'model\_walk.%';

-- every kind of record that must be kept is there, by what tells it
SELECT number, kind FROM itsm.required_record q WHERE NOT EXISTS (
	SELECT FROM itsm.projection p JOIN itsm.source s ON s.id = p.source JOIN pg_class c ON c.oid = s.relation
	WHERE c.relnamespace = 'model_walk'::regnamespace AND p.process = q.process AND (q.attribute IS NULL OR p.extra ->> q.attribute = q.value)) ORDER BY 1;
INSERT INTO measurement (kind, service, period_start, period_end, value) VALUES ('availability', 'mail', '2024-01-01', '2024-02-01', 99.7);
UPDATE incident SET security = true WHERE title = 'Nothing at all';
SELECT number, kind FROM itsm.required_record q WHERE NOT EXISTS (
	SELECT FROM itsm.projection p JOIN itsm.source s ON s.id = p.source JOIN pg_class c ON c.oid = s.relation
	WHERE c.relnamespace = 'model_walk'::regnamespace AND p.process = q.process AND (q.attribute IS NULL OR p.extra ->> q.attribute = q.value)) ORDER BY 1;
ROLLBACK;
