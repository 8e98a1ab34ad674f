-- An organisation on the reference model that meets every control: there is a place for all
-- that the controls ask about.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';
SET search_path = public, pg_catalog;
SELECT plan(4);

CALL itsm.create_model('model_conform', mode => 'off');
SET search_path = model_conform, public, pg_catalog;
\set month 'date_trunc(''month'', now())::date'

INSERT INTO person (name, valid_from) SELECT n, '2020-01-01' FROM unnest('{ann,bob,cid,dora,eve}'::text[]) AS n;
INSERT INTO role (name, owner, top_management, required_competences, incompatible_with) VALUES ('director', 'ann', true, NULL, NULL), ('auditor', 'ann', false, '{auditing}', '{director}');
INSERT INTO role_assignment (role, person, valid_from) VALUES ('director', 'ann', '2020-01-01'), ('auditor', 'eve', '2020-01-01');
INSERT INTO competence (person, competence, kind, mandatory, evidence, valid_from, valid_to) VALUES ('eve', 'auditing', 'qualification', true, 'certificate 17', '2019-01-01', current_date + 500);
INSERT INTO training (title, person, planned_at, held_at, evaluation, evaluated_by, status) VALUES ('Auditing', 'eve', current_date, current_date, 'good', 'ann', 'evaluated');
INSERT INTO party (name, kind, owner, has_access, no_requirements) VALUES ('sales', 'customer', 'bob', false, NULL), ('cables', 'external_supplier', 'cid', true, true), ('house', 'internal_supplier', 'cid', false, true);
INSERT INTO context_issue (title, kind, decision, rationale, reviewed_at) VALUES ('Climate', 'climate', 'yes', 'cooling', current_date), ('Market', 'external', NULL, NULL, current_date), ('People', 'internal', NULL, NULL, current_date);
INSERT INTO process (name, owner, clauses, criteria, record_process, operated_by)
	SELECT 'process ' || c, 'bob', ARRAY[c], 'as agreed', 'incident', CASE c WHEN '8.7.3' THEN 'part' ELSE 'self' END
	FROM unnest('{8.2.2,8.2.3,8.2.4,8.2.5,8.2.6,8.3.2,8.3.3,8.3.4,8.4.1,8.4.2,8.4.3,8.5.1,8.5.2,8.5.3,8.6.1,8.6.2,8.6.3,8.7.1,8.7.2,8.7.3}'::text[]) AS c;
INSERT INTO resource (title, kind, process, owner) SELECT k, k, p.name, 'bob' FROM process p, unnest('{human,technical,information,financial}'::text[]) AS k;
INSERT INTO objective (title, function, target, direction, unit, due, owner, resources, evaluation_method, status) VALUES ('Fewer', 'service desk', 100, 'at_most', 'a month', current_date + 100, 'bob', 'people', 'metric', 'current');
INSERT INTO service (name, title, business_need, owner, in_scope, criticality, no_dependencies, decision, decided_by, decided_at, priority, plan, design, design_approved_by, build, acceptance, accepted_by, test_results,
	transition_report, transition_reported_at, status)
	VALUES ('mail', 'Mail', 'letters', 'bob', true, 'high', false, 'yes', 'ann', current_date, 2, 'plan', 'design', 'ann', 'built', 'all met', 'sales', 'good', 'as expected', current_date, 'proposed');
UPDATE service SET status = 'approved'; UPDATE service SET status = 'in_design'; UPDATE service SET status = 'in_build'; UPDATE service SET status = 'in_transition'; UPDATE service SET status = 'live';
INSERT INTO service (name, title, business_need, owner, in_scope, criticality, no_dependencies, decision, decided_by, decided_at, priority, plan, design, design_approved_by, build, acceptance, accepted_by, test_results,
	transition_report, transition_reported_at, removal_plan, disposal, customers_informed_at, status)
	VALUES ('fax', 'Fax', 'paper', 'bob', true, 'low', true, 'yes', 'ann', current_date, 3, 'plan', 'design', 'ann', 'built', 'all met', 'sales', 'good', 'as expected', current_date, 'data, documents, items, contracts', 'all gone', now(), 'live');
UPDATE service SET status = 'retiring' WHERE name = 'fax'; UPDATE service SET status = 'retired' WHERE name = 'fax';
INSERT INTO metric (name, kind, process, service, objective, owner, method, frequency, analysis_schedule, unit, target, direction)
	SELECT 'metric of ' || p.name, 'kpi', p.name, NULL, o.number, 'bob', 'counted', '1 month', 'monthly, bob', 'pieces', 100, 'at_most' FROM process p, objective o;
INSERT INTO measurement (kind, metric, objective, period_start, period_end, value, target, deviation, analysed_at, analysed_by, status)
	SELECT 'kpi', m.name, m.objective, :month - interval '1 month', :month, 50, 100, false, :month, 'bob', 'analysed' FROM metric m;
INSERT INTO measurement (kind, service, period_start, period_end, value, reported_value, target, deviation, cause, action, analysed_at, status)
	SELECT k, 'mail', :month - interval '1 month' * n, :month - interval '1 month' * (n - 1), 99.8, 99.8, CASE k WHEN 'capacity' THEN 90 ELSE 99.5 END, k = 'capacity', 'growth', 'more', :month - interval '1 month' * (n - 1), 'analysed'
	FROM unnest('{sla,availability,consumption,capacity}'::text[]) AS k, generate_series(1, 12) AS n;
INSERT INTO service_party (service, party, kind, owner, component, evaluated_at, evaluation) VALUES ('mail', 'sales', 'customer', 'bob', NULL, NULL, NULL), ('mail', 'cables', 'external_supplier', 'cid', 'cables', current_date, 'good'), ('mail', 'house', 'internal_supplier', 'cid', 'rooms', current_date, 'good');
INSERT INTO service_party (process, party, kind, owner, component, wholly, evaluated_at, evaluation) VALUES ('process 8.7.3', 'cables', 'external_supplier', 'cid', 'watch', true, current_date, 'good');
INSERT INTO requirement (title, kind, service, party, target, unit, resource_kind, agreed_by, approved_by, approved_at, reviewed_at, required_rto, required_rpo)
	SELECT k, split_part(k, ' ', 1), 'mail', NULL, 99, 'percent', nullif(split_part(k, ' ', 2), ''), 'sue', 'ann', current_date, current_date, '4 hours', '1 hour'
	FROM unnest('{service,availability,continuity,security,capacity human,capacity technical,capacity information,capacity financial}'::text[]) AS k;
INSERT INTO requirement (title, kind, party, applicable, traces_to, traces_to_kind, agreed_by, approved_by, approved_at, reviewed_at) SELECT 'Letters', 'party', 'sales', true, number, 'requirement', 'sue', 'ann', current_date, current_date FROM requirement WHERE kind = 'service';
INSERT INTO catalogue_item (name, service, kind, outcome, dependencies, audience, owner, approval_required, fulfilment, changed_on, fulfilment_target) VALUES ('mailbox', 'mail', 'request', 'letters arrive', 'none', '{all}', 'bob', false, 'make one', current_date, '2 days');
INSERT INTO agreement (title, kind, service, party, owner, targets, workload_limits, exceptions, provider_approved_by, party_approved_by, agreed_at, valid_from, status)
	SELECT k, k, 'mail', p, 'bob', '99.5', '500 mailboxes', 'war', 'bob', 'sue', current_date, current_date - 100, 'in_force' FROM (VALUES ('sla', 'sales'), ('ola', 'house')) AS v(k, p);
INSERT INTO contract (title, supplier, scope, owner, service, subcontractors, kind, targets, obligations, valid_from, valid_to, signed_at, approver, legal_approval, financial_approval, requirements_reviewed_at, status)
	VALUES ('Cables', 'cables', 'cables', 'cid', 'mail', '{none}', 'supply', '99.9', 'both', current_date - 100, current_date + 300, now(), 'ann', 'lea', 'fin', current_date, 'active');
INSERT INTO agreement_target (title, agreement, service, direction, target, unit) SELECT 'Availability', number, 'mail', 'at_least', 99.5, 'percent' FROM agreement WHERE kind = 'sla';
INSERT INTO agreement_target (title, contract, service, direction, target, unit, supports) SELECT 'Availability', c.number, 'mail', 'at_least', 99.9, 'percent', t.number FROM contract c, agreement_target t;
INSERT INTO measurement (kind, service, agreement_target, period_start, period_end, value, target, unit, deviation, analysed_at, status)
	SELECT 'sla', 'mail', t.number, :month - interval '1 month' * n, :month - interval '1 month' * (n - 1), 99.95, t.target, 'percent', false, :month - interval '1 month' * (n - 1), 'analysed' FROM agreement_target t, generate_series(1, 12) AS n;
INSERT INTO performance_review (kind, party, service, agreement, contract, owner, planned_at, held_at, minutes, result, actions, status)
	SELECT 'agreement', party, service, number, NULL, 'bob', current_date, current_date, 'm', 'good', 'none', 'held' FROM agreement
	UNION ALL SELECT 'customer', 'sales', 'mail', NULL, NULL, 'bob', current_date, current_date, 'm', 'good', 'none', 'held'
	UNION ALL SELECT 'supplier', 'cables', 'mail', NULL, number, 'bob', current_date, current_date, 'm', 'good', 'none', 'held' FROM contract;
INSERT INTO satisfaction (party, service, measured_at, asked, answered, score, scale, analysed_at, analysis, actions) VALUES ('sales', 'mail', current_date, 50, 40, 4.2, '1 to 5', current_date, 'good', 'none');
INSERT INTO budget (service, period_start, period_end, currency, owner, budget, actual, forecast, status) VALUES ('mail', :month, :month + interval '1 month', 'EUR', 'ann', 100, 100, 100, 'approved'), ('mail', :month - interval '1 month', :month, 'EUR', 'ann', 100, 100, 100, 'closed');
INSERT INTO demand (service, determined_at, current_demand, forecast_demand, unit) VALUES ('mail', current_date, 300, 350, 'mailboxes');
INSERT INTO outage (service, started_at, ended_at, planned, cause, action, status) VALUES ('mail', now() - interval '3 hours', now() - interval '2 hours', false, 'disk', 'new one', 'closed');

INSERT INTO resource (title, kind, service, owner) SELECT k, k, 'mail', 'bob' FROM unnest('{human,technical,information,financial}'::text[]) AS k;

-- a change to the management system, and documents
INSERT INTO change (title, requester, type, risk, impact, probability, service, plan, backout_plan, test_plan, assessment, technical_reviewer, implementer, cis, planned_start, planned_end, communicated_at, major_impact, service_change, transition, status)
	VALUES ('New disk', 'bob', 'normal', 'low', 3, 3, 'mail', 'swap', 'back', 'read', 'all well', 'dora', 'cid', '{disk}', now() - interval '1 hour', now() + interval '1 hour', now() - interval '2 hours', true, 'major', 'mail', 'authorize');
INSERT INTO document (number, document_version, kind, title, owner, author, reviewer, approver, approved_at, content, effective_from, next_review, mandatory, services, organisation_units, sections, required_by, medium, origin, distribution, alternate_location, process, change, status)
	SELECT v.kind || coalesce(v.process, ''), '1', v.kind, v.kind, 'ann', 'bob', 'cid', 'ann', now(), 'text', current_date, current_date + 300, true,
		CASE WHEN v.kind IN ('scope', 'service_catalogue', 'service_plan', 'service_design') THEN '{mail}'::text[] END, CASE WHEN v.kind = 'scope' THEN '{it}'::text[] END, string_to_array(v.sections, ' '),
		'standard', 'electronic', 'internal', 'all staff', 'the other house', v.process, NULL, 'effective'
	FROM (SELECT DISTINCT kind, NULL AS process, CASE kind
			WHEN 'sm_plan' THEN 'services constraints authorities resources other_parties technology measurement'
			WHEN 'change_policy' THEN 'controlled_objects categories emergency major_impact'
			WHEN 'continuity_plan' THEN 'invocation continuing_operation recovery targets return_to_normal'
			WHEN 'service_design' THEN 'requirements targets agreements measures' END AS sections
		FROM itsm.required_document WHERE kind <> 'process_description'
		UNION ALL VALUES ('release_policy', NULL, 'types emergency frequency management'), ('capacity_plan', NULL, 'current forecast impact timescales'),
			('service_plan', NULL, 'responsibilities resources dependencies tests acceptance timescales outcomes')
		UNION ALL SELECT 'process_description', p.name, NULL FROM process p) AS v;
UPDATE document SET service = 'mail' WHERE kind IN ('service_plan', 'service_design');
UPDATE document d SET plan = p.id FROM document p WHERE p.kind = 'sm_plan' AND d.kind LIKE '%plan' AND d.kind <> 'sm_plan';
UPDATE document d SET change = c.number FROM change c WHERE d.kind = 'sm_policy';
UPDATE process p SET document = d.id FROM document d WHERE d.process = p.name;
INSERT INTO document (number, document_version, kind, title, owner, author, medium, required_by, origin, distribution, status) VALUES ('ext', '1', 'manual', 'Manual of the disk', 'ann', 'the maker', 'paper', 'organisation', 'external', 'with cid', 'effective');
UPDATE document SET approver = 'ann', reviewer = 'cid', approved_at = now(), effective_from = current_date, next_review = current_date + 300 WHERE number = 'ext';
INSERT INTO acknowledgement (person, document, at, contribution) SELECT p.name, d.id, now(), 'mine' FROM person p, document d WHERE d.kind IN ('sm_policy', 'objectives', 'infosec_policy');
INSERT INTO communication_plan (name, title, occasion, audience, method, owner, frequency) VALUES ('news', 'News', 'monthly', 'all', 'letter', 'ann', '1 month');
INSERT INTO communication (plan, title, document, audience, at, communicated_by) SELECT 'news', 'News', d.id, '{all}', now(), 'ann' FROM document d WHERE d.kind IN ('sm_policy', 'infosec_policy');
INSERT INTO retention_rule (process, period, disposition) SELECT DISTINCT l.definition ->> 'process', interval '3 years', 'archived' FROM itsm.lifecycle_current l;
INSERT INTO service_report (name, purpose, audience, frequency, data_source, owner) VALUES ('monthly', 'levels', 'sales', '1 month', 'itsm_report', 'bob');
INSERT INTO report_issue (report, period_start, period_end, due_at, held_at, decisions, actions, communicated_at, communicated_to, status) VALUES ('monthly', :month - interval '1 month', :month, current_date, current_date, 'none', 'none', current_date, 'sales', 'held');
INSERT INTO analysis (title, subject, owner, planned_at, period_start, period_end, held_at, result, actions, status) SELECT s, s, 'bob', current_date, :month - interval '3 months', :month, current_date, 'nothing new', NULL, 'held' FROM unnest('{incident,change,security_incident,problem,service_request}'::text[]) AS s;
INSERT INTO capacity (service, resource_kind, current_capacity, forecast_capacity, forecast_for, unit, expected_impact, timescale, threshold, owner, document, reviewed_at)
	SELECT 'mail', k, 500, 600, current_date + 300, 'mailboxes', 'none', 'next year', 90, 'bob', d.id, current_date FROM unnest('{human,technical,information,financial}'::text[]) AS k, document d WHERE d.kind = 'capacity_plan';

-- risks
INSERT INTO risk (title, description, kind, owner, service, likelihood, impact, score, criteria, decision, assessed_at, treatment, due, residual_score, treatment_verified_by, treated_at, effectiveness, effectiveness_checked_at, status)
	SELECT k, k, k, 'cid', 'mail', 2, 2, 4, '1', 'treat', current_date, 'do', current_date + 10, 1, 'dora', CASE WHEN k <> 'service' THEN current_date END, CASE WHEN k <> 'service' THEN 'good' END, CASE WHEN k <> 'service' THEN current_date END, CASE WHEN k = 'service' THEN 'in_treatment' ELSE 'monitored' END
	FROM unnest('{service,security,availability,continuity}'::text[]) AS k;
INSERT INTO security_control (name, owner, risk, party, agreed_at, operated, reviewed_at, effectiveness) SELECT 'encryption', 'cid', number, 'cables', current_date, true, current_date, 'good' FROM risk WHERE kind = 'security';

-- configuration, the change, a release and its deployment
INSERT INTO configuration_class (name, owner) VALUES ('server', 'cid');
INSERT INTO configuration_item (name, title, class, owner, service, verified_at, status) VALUES ('post', 'Mail server', 'server', 'cid', 'mail', current_date, 'live'), ('disk', 'Disk', 'server', 'cid', 'mail', current_date, 'live');
INSERT INTO service_ci VALUES ('mail', 'post');
INSERT INTO ci_component VALUES ('disk', 'post');
INSERT INTO service_asset (name, kind, service, ci, owner, entitlement, deployed, obligation, obligation_until) VALUES ('licence', 'licence', 'mail', 'post', 'cid', 500, 300, 'support', current_date + 100);
INSERT INTO configuration_audit (class, owner, planned_at, held_at, checked, result, status) VALUES ('server', 'dora', current_date, current_date, 2, 'one differs', 'held');
INSERT INTO discrepancy (title, ci, audit, found_at, owner, unintended_change, consequence, action, corrected_at, status) SELECT 'Disk', 'disk', number, current_date, 'cid', true, 'none', 'recorded', current_date, 'closed' FROM configuration_audit;
SELECT itsm.add_approver('cab', n) FROM unnest('{ann,dora}'::text[]) AS n;
SELECT number AS change FROM change \gset
UPDATE service SET change = :'change';
SELECT itsm.act_as('ann'), itsm.approve('change', :'change', role => 'cab');
SELECT itsm.act_as('dora'), itsm.approve('change', :'change', role => 'cab');
UPDATE change SET status = 'scheduled', chargeable = true, cost_estimate = 100, cost_approved_by = 'ann';
UPDATE change SET status = 'implement', actual_start = clock_timestamp();
UPDATE configuration_item SET description = 'new' WHERE name = 'disk';
UPDATE change SET status = 'review', actual_end = clock_timestamp(), outcome = 'successful';
UPDATE change SET status = 'closed', review = 'well', reviewer = 'dora', cis_updated = true;
INSERT INTO change (title, requester, type, risk, impact, service, plan, backout_plan, emergency_reason, assessment, implementer, planned_start, planned_end, actual_start, actual_end, outcome, review, reviewer, cis_updated, status)
	VALUES ('Plug', 'bob', 'emergency', 'low', 3, 'mail', 'pull', 'push', 'fire', 'all well', 'cid', now() - interval '1 hour', now() + interval '1 hour', now(), now(), 'successful', 'well', 'dora', true, 'authorize') RETURNING number AS emergency \gset
SELECT itsm.add_approver(r, n) FROM unnest('{ecab,business}'::text[]) AS r, unnest('{ann,dora}'::text[]) AS n;
SELECT itsm.act_as('ann'), itsm.approve('change', :'emergency', role => 'ecab');
UPDATE change SET status = 'implement' WHERE number = :'emergency'; UPDATE change SET status = 'review' WHERE number = :'emergency'; UPDATE change SET status = 'closed' WHERE number = :'emergency';
SELECT itsm.act_as('the author'), itsm.define_change_template('model restart', max_failures => NULL);
SELECT itsm.act_as('ann'), itsm.approve_change_template('model restart');
INSERT INTO change (title, requester, type, risk, impact, service, template, planned_start, planned_end, communicated_at, status) SELECT 'Restart', 'bob', 'standard', 'low', 3, 'mail', 'model restart', now(), now() + interval '1 hour', now() - interval '1 hour', 'scheduled' FROM generate_series(1, 20);

-- a release
INSERT INTO release (title, type, owner, builder, changes, service, build_id, artefact_hash, deployed_hash, acceptance_criteria, acceptance, accepted_by, baseline_before, success, incidents_after, result, analysis, analysed_at, observation_until, status)
	VALUES ('Disks', 'minor', 'bob', 'cid', ARRAY[:'change'], 'mail', '1', 'abc', 'abc', 'works', 'met', 'sales', 'before', 'good', 0, 'good', 'nothing', current_date, now(), 'testing');
UPDATE release SET status = 'accepted'; UPDATE release SET status = 'deploying';
INSERT INTO deployment (release, ci, change, environment, implementer, planned_start, planned_end, actual_start, actual_end, artefact_hash, accepted_hash, baseline_before, result, status) SELECT number, 'disk', :'change', 'live', 'cid', now(), now() + interval '1 hour', now(), now(), 'abc', 'abc', 'before', 'good', 'running' FROM release;
UPDATE deployment SET status = 'succeeded'; UPDATE release SET status = 'deployed'; UPDATE release SET status = 'early_life'; UPDATE release SET status = 'closed';

UPDATE change SET status = 'implement', actual_start = now(), implementer = 'cid' WHERE type = 'standard';
UPDATE change SET status = 'review', actual_end = now(), outcome = 'successful' WHERE type = 'standard';
UPDATE change SET status = 'closed', review = 'well', reviewer = 'dora' WHERE type = 'standard';

-- incidents, problems and requests
SELECT itsm.define_sla('{"name": "model resolution", "lifecycle": "incident", "metric": "resolution", "target": "4 hours", "hours": "24/7"}') > 0,
	itsm.define_sla('{"name": "model fulfilment", "lifecycle": "service_request", "metric": "resolution", "target": "8 hours", "hours": "24/7"}') > 0;
INSERT INTO problem (title, source, ci, service, category, priority, owner, assignee, root_cause, workaround, known_error, change, resolution, effectiveness, effectiveness_checked_by, status) VALUES ('Disks fail', 'incidents', 'disk', 'mail', 'hardware', 2, 'bob', 'cid', 'warmth', 'window', NULL, NULL, NULL, NULL, NULL, 'root_cause_analysis');
INSERT INTO known_error (title, problem, author, reviewer, root_cause, workaround, service, status) SELECT 'Warm disks', number, 'cid', 'dora', 'warmth', 'window', 'mail', 'published' FROM problem;
UPDATE problem SET status = 'known_error', known_error = (SELECT number FROM known_error);
UPDATE problem SET status = 'fix_in_progress', change = :'change';
INSERT INTO knowledge_article (title, author, reviewer, approver, content, known_error, category, valid_to, reviewed_at, status) SELECT 'When mail stops', 'cid', 'dora', 'ann', 'window', number, 'hardware', current_date + 100, current_date, 'published' FROM known_error;
INSERT INTO incident (title, requester, service, ci, assignee, impact, urgency, priority, category, problem, change, security, security_type, escalated_at, escalated_to, status)
	SELECT t, 'sue', 'mail', 'post', 'bob', 1, 1, 1, 'hardware', p.number, :'change', t = 'Thief', 'theft', now(), 'ann', 'in_progress' FROM unnest('{No mail,Thief}'::text[]) AS t, problem p;
UPDATE incident SET parent = (SELECT number FROM incident WHERE title = 'No mail') WHERE title = 'Thief';
INSERT INTO major_incident (title, incident, criteria, manager, informed_at, service, cause, timeline, improvements, problem, review_owner, resolver, communication_plan, restored_at, status) SELECT 'Nothing', i.number, 'all', 'ann', now(), 'mail', 'disk', 'noon', 'none', p.number, 'dora', 'bob', 'hourly', now(), 'declared' FROM incident i, problem p WHERE i.title = 'No mail';
UPDATE major_incident SET status = 'in_response'; UPDATE major_incident SET status = 'restored'; UPDATE major_incident SET status = 'under_review'; UPDATE major_incident SET status = 'closed';
UPDATE incident SET status = 'resolved', resolution_code = 'fixed', resolution = 'window' WHERE title = 'Thief'; UPDATE incident SET status = 'resolved', resolution_code = 'fixed', resolution = 'window' WHERE title = 'No mail'; UPDATE incident SET status = 'closed';
INSERT INTO service_request (title, requester, catalogue_item, service, category, priority, impact, urgency, assignee, outcome, resolution, resolution_code, status) VALUES ('A mailbox', 'sue', 'mailbox', 'mail', 'mail', 3, 3, 3, 'bob', 'made', 'made', 'done', 'in_fulfilment');
UPDATE service_request SET status = 'fulfilled'; UPDATE service_request SET status = 'closed';
UPDATE problem SET status = 'resolved', resolution = 'new disk'; UPDATE problem SET status = 'closed', effectiveness = 'yes', effectiveness_checked_by = 'dora';
INSERT INTO problem (title, source, service, category, priority, owner, assignee, root_cause, workaround, known_error, status) SELECT 'Still warm', 'trend', 'mail', 'hardware', 3, 'bob', 'cid', 'warmth', 'window', number, 'root_cause_analysis' FROM known_error RETURNING number AS problem \gset
INSERT INTO known_error (title, problem, author, reviewer, root_cause, workaround, service, status) VALUES ('Still warm', :'problem', 'cid', 'dora', 'warmth', 'window', 'mail', 'published') RETURNING number AS known_error \gset
UPDATE problem SET status = 'known_error', known_error = :'known_error' WHERE number = :'problem';
INSERT INTO knowledge_article (title, author, reviewer, approver, content, known_error, category, valid_to, reviewed_at, status) VALUES ('When it is warm', 'cid', 'dora', 'ann', 'window', :'known_error', 'hardware', current_date + 100, current_date, 'published');
INSERT INTO complaint (title, customer, service, description, escalate_by, owner, action, resolution, customer_informed_at, status) VALUES ('Slow', 'sales', 'mail', 'a day', now() + interval '5 days', 'bob', 'window', 'quicker', now(), 'investigating');
UPDATE complaint SET status = 'resolved'; UPDATE complaint SET status = 'closed';
INSERT INTO dispute (title, party, contract, owner, resolution, status) SELECT 'Late', 'cables', number, 'cid', 'refund', 'settled' FROM contract;

-- continuity
INSERT INTO continuity_plan (name, service, owner, invocation_criteria, responsibilities, procedures, targets, recovery_requirements, return_to_normal, required_rto, required_rpo, alternate_location, document, approved_by, approved_at)
	SELECT 'elsewhere', 'mail', 'bob', 'two hours', 'bob', 'other house', '4 hours', 'disks', 'at night', '4 hours', '1 hour', 'home', id, 'ann', current_date FROM document WHERE kind = 'continuity_plan';
INSERT INTO continuity_test (title, service, plan, plan_version, plan_approved, scenario, scope, test_leader, result, achieved_rto, achieved_rpo, required_rto, required_rpo, held_at, reviewer, status) VALUES ('Drill', 'mail', 'elsewhere', '1', true, 'fire', 'mail', 'bob', 'in time', '3 hours', '30 minutes', '4 hours', '1 hour', current_date, 'dora', 'executing');
UPDATE continuity_test SET status = 'completed'; UPDATE continuity_test SET status = 'reviewed'; UPDATE continuity_test SET status = 'closed';
INSERT INTO continuity_invocation (plan, service, invoked_at, cause, effect, recovery, achieved_rto, achieved_rpo, reported_at, reviewed_at, actions, status) VALUES ('elsewhere', 'mail', now() - interval '1 day', 'smoke', 'none', 'aired', '2 hours', '0', current_date, current_date, 'none', 'recovered');

-- audits, reviews, improvement
INSERT INTO audit_programme (title, owner, period_start, period_end, clauses, processes, importance, previous_results) SELECT 'Three years', 'ann', current_date - 10, current_date + 1000, (SELECT array_agg(clause) FROM itsm.clause), (SELECT array_agg(name) FROM process), 'by risk', 'none before';
INSERT INTO audit (title, programme, criteria, scope, auditor, auditee, clauses, processes, planned_start, planned_end, report, findings, reported_at, status) SELECT 'First', number, 'ISO/IEC 20000-1', 'all', 'eve', 'bob', clauses, processes, now(), now() + interval '1 hour', 'a finding', '1', current_date, 'in_progress' FROM audit_programme;
UPDATE audit SET status = 'reported';
INSERT INTO corrective_action (title, source, cause, owner, due, correction, similar_cases, done_at, evidence, effect, verifier, status) VALUES ('Classify', 'FND', 'haste', 'bob', current_date + 10, 'done', 'none', now(), 'list', 'good', 'eve', 'implemented'), ('Count', 'FND', 'haste', 'bob', current_date + 10, 'done', 'none', NULL, NULL, NULL, NULL, 'open');
UPDATE corrective_action SET status = 'verified' WHERE title = 'Classify'; UPDATE corrective_action SET status = 'closed' WHERE title = 'Classify';
INSERT INTO finding (title, audit, clause, grade, evidence, auditor, auditee, corrective_action, owner, cause, due, reported_at, verifier, verification, status) SELECT 'Unclassified', a.number, '8.6.1', 'minor', 'INC', 'eve', 'bob', c.number, 'bob', 'haste', current_date + 10, current_date, 'eve', 'seen', 'action_planned' FROM audit a, corrective_action c WHERE c.title = 'Classify';
INSERT INTO improvement (title, source, requester, criteria, score, decision, decided_by, priority, owner, target, due, result, reported_at, status) VALUES ('Machine', 'audit', 'bob', 'cost', '4', 'yes', 'ann', 2, 'bob', 'half', current_date + 100, 'half', now(), 'implemented');
UPDATE improvement SET status = 'measured'; UPDATE improvement SET status = 'closed';
UPDATE analysis SET actions = ARRAY(SELECT number FROM improvement) WHERE subject = 'security_incident';
INSERT INTO management_review (title, planned_at, held_at, chaired_by, participants, inputs, decisions, actions, minutes, status) VALUES ('The year', current_date, current_date, 'ann', '{bob}', '{previous_actions,changes,performance,nonconformities,measurements,audits,feedback,objectives,resources,risks,parties,improvements}', 'go on', 'none', 'm', 'held');
INSERT INTO certificate (title, body, scope, owner, issued_at, valid_to, status) VALUES ('ISO/IEC 20000-1', 'a body', 'mail', 'ann', current_date - 10, current_date + 1000, 'certified');


-- an exception with its reason, and its review; history, sealed and verified
SELECT itsm.set_mode(id, 'enforce') FROM itsm.attachment WHERE relation = 'risk'::regclass;
SELECT itsm.act_as('cid'), itsm.override('risk', number, 'residual_risk_rated', 'agreed by phone') FROM risk WHERE kind = 'service';
INSERT INTO analysis (title, subject, owner, planned_at, period_start, period_end, held_at, result, status) VALUES ('Exceptions', 'override', 'dora', current_date, :month, :month + interval '1 month', current_date, 'one, with its reason', 'held');

SELECT ok(itsm.seal() > 0, 'history is sealed');
SELECT is_empty('SELECT * FROM itsm.verify() WHERE NOT ok', 'and verified');
SELECT itsm.note_verification();
SELECT is_empty($$SELECT c.control, c.status, c.failed, c.checked, c.example FROM itsm_report.iso20000_control c WHERE c.status <> 'conforming'$$, 'every control conforms');
SELECT is((SELECT count(*) FROM itsm_report.iso20000_control), (SELECT count(*) FROM itsm.control), 'and there is a state of each');
SELECT * FROM finish();
