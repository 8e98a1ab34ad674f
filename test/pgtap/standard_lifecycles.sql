-- The standard lifecycles, walked on plain tables: every transition with everything in
-- place, every other pair of states, and a wrong step at least for each rule.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SET timezone = 'UTC';
BEGIN;
SELECT no_plan();

CREATE TABLE lifecycle AS SELECT name, definition FROM itsm.lifecycle WHERE shipped;
CREATE TABLE attribute AS
	SELECT name AS lifecycle, a.key AS attribute, a.value AS type FROM lifecycle, jsonb_each_text(definition -> 'attributes') AS a;
CREATE TABLE state AS
	SELECT name AS lifecycle, s ->> 'name' AS state, coalesce((s ->> 'initial')::boolean, false) AS initial
	FROM lifecycle, jsonb_array_elements(definition -> 'states') AS s;

-- What may be one name or an array of names.
CREATE FUNCTION names(value jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT jsonb_array_elements_text(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value) END)
$$;
CREATE TABLE transition AS
	SELECT name AS lifecycle, f AS from_state, t AS to_state
	FROM lifecycle, jsonb_array_elements(definition -> 'transitions') AS m, names(m -> 'from') AS f, names(m -> 'to') AS t;
CREATE TABLE rule AS
	SELECT name AS lifecycle, r ->> 'name' AS rule, r FROM lifecycle, jsonb_array_elements(definition -> 'rules') AS r;

SELECT is(array_agg(name ORDER BY name COLLATE "C"), '{acknowledgement,agreement,agreement_target,analysis,audit,audit_programme,budget,capacity,catalogue_item,certificate,change,change_task,communication,communication_plan,competence,complaint,configuration_audit,configuration_class,configuration_item,context_issue,continuity_invocation,continuity_plan,continuity_test,contract,corrective_action,demand,deployment,discrepancy,dispute,document,emergency_change,finding,improvement,incident,knowledge_article,known_error,major_incident,management_review,measurement,metric,nil_return,objective,outage,party,performance_review,person,problem,process,release,report_issue,requirement,resource,retention_rule,risk,role,role_assignment,satisfaction,security_control,service,service_asset,service_party,service_report,service_request,standard_change,training}',
	'the standard lifecycles') FROM lifecycle;

-- what reports know has the same type everywhere
SELECT is(string_agg(DISTINCT type, ' '), CASE WHEN attribute IN ('priority', 'impact', 'urgency') THEN 'integer' ELSE 'text' END, attribute || ' has one type')
	FROM attribute
	WHERE attribute IN ('actor', 'title', 'requester', 'assignee', 'assignment_group', 'service', 'ci', 'category', 'hold_reason', 'resolution_code', 'resolution', 'priority', 'impact', 'urgency')
	GROUP BY attribute;
SELECT is((SELECT count(*) FROM lifecycle) * 4, (SELECT count(*) FROM attribute WHERE attribute IN ('opened_at', 'first_response_at', 'resolved_at', 'closed_at') AND type = 'timestamptz'),
	'every lifecycle takes the milestones that an application keeps itself');
SELECT is(array_agg(name ORDER BY name COLLATE "C"), '{change,emergency_change,standard_change}', 'the changes are one process')
	FROM lifecycle WHERE definition ->> 'process' = 'change';
-- clauses of the 2018 edition that have requirements of their own
SELECT is_empty($$SELECT lifecycle, rule, r ->> 'clause' FROM rule WHERE (r ->> 'clause') IS NULL OR r ->> 'clause' NOT IN
	('4.1', '4.2', '4.4', '5.3', '6.1.1', '6.1.2', '6.1.3', '6.2.1', '6.2.2', '7.1', '7.2', '7.3', '7.4', '7.5.2', '7.5.3', '7.5.4', '7.6', '8.1', '8.2.2', '8.2.3.1',
	'8.2.4', '8.2.5', '8.2.6', '8.3.2', '8.3.3', '8.3.4.1', '8.4.1', '8.4.2', '8.4.3', '8.5.1.2', '8.5.1.3', '8.5.2.1', '8.5.2.2', '8.5.2.3', '8.5.3', '8.6.1', '8.6.2', '8.6.3', '8.7.1', '8.7.2', '8.7.3.2', '8.7.3.3', '9.1', '9.2.1', '9.2.2', '9.3', '9.4', '10.1', '10.2')$$,
	'every rule is bound to a clause');
SELECT is_empty($$SELECT lifecycle, rule FROM rule WHERE r ?| '{check,related,acyclic,window,no_conflict}' AND NOT r ? 'message'$$, 'every rule that looks at values, times or records says in words what is wrong');

-- A table for each lifecycle: status and all attributes as texts.
CREATE SCHEMA walk;
-- Keys are told apart within a process, over all of its tables.
CREATE SEQUENCE walk.id;
SELECT format('CREATE TABLE walk.%I (id integer DEFAULT nextval(''walk.id'') PRIMARY KEY, status text, %s)', lifecycle, string_agg(format('%I text', attribute), ', '))
FROM attribute GROUP BY lifecycle \gexec
CREATE TABLE attachment AS
	SELECT lifecycle, itsm.attach(format('walk.%I', lifecycle)::regclass, lifecycle, 'status', mode => 'enforce',
		attributes => jsonb_object_agg(attribute, format(CASE type WHEN 'text' THEN '%I' ELSE '%I::%s' END, attribute, type))) AS id
	FROM attribute GROUP BY lifecycle;

-- Approvals are tried apart.
SELECT itsm.set_mode(id, 'off', rule) FROM attachment JOIN rule USING (lifecycle) WHERE r ? 'approvals';

-- A value that fits: every text another one, and what a lifecycle wants.
CREATE TABLE fits AS
	SELECT lifecycle, attribute, CASE type WHEN 'text' THEN 'the ' || attribute WHEN 'integer' THEN '3' WHEN 'numeric' THEN '3' WHEN 'boolean' THEN 'true'
			WHEN 'interval' THEN '01:00:00' WHEN 'text[]' THEN '{one,two}' WHEN 'date' THEN (current_date + 30)::text ELSE now()::text END AS value
	FROM attribute;
UPDATE fits SET value = NULL WHERE attribute IN ('opened_at', 'first_response_at', 'resolved_at', 'closed_at', 'approval_required', 'actor');
UPDATE fits SET value = v.value FROM (VALUES
	(NULL, 'planned_end', (now() + interval '1 hour')::text),
	(NULL, 'actual_end', (now() + interval '1 hour')::text),
	(NULL, 'ended_at', (now() + interval '1 hour')::text),
	(NULL, 'outage_ended_at', (now() + interval '1 hour')::text),
	(NULL, 'ci', 'the ci #'),
	('incident', 'sla_breached', 'false'),
	('incident', 'priority', '5'),
	('incident', 'merged_into', '1'),
	('continuity_test', 'corrective_actions', '{2}'),
	('release', 'deployed_hash', 'the artefact_hash'),
	('release', 'observation_until', (now() - interval '1 hour')::text),
	('deployment', 'accepted_hash', 'the artefact_hash'),
	('document', 'effective_from', current_date::text),
	('document', 'retention_until', current_date::text),
	('finding', 'grade', 'minor'),
	(NULL, 'period_end', (current_date + 60)::text),
	('contract', 'valid_from', current_date::text)) AS v(lifecycle, attribute, value)
WHERE fits.lifecycle = coalesce(v.lifecycle, fits.lifecycle) AND fits.attribute = v.attribute;
-- the baselines are taken now, when there is nothing to hold yet
UPDATE fits SET value = CASE WHEN lifecycle = 'deployment' THEN (now() + interval '20 minutes')::text END
WHERE attribute = 'actual_start' AND lifecycle IN ('release', 'deployment') OR attribute = 'actual_end' AND lifecycle = 'release';
SELECT itsm.take_baseline('the baseline_before');
SELECT itsm.take_baseline('the baseline_after');
UPDATE fits SET value = v.value FROM (VALUES ('outcome', 'successful'), ('risk', 'low'), ('cis', '{one #,two #}')) AS v(attribute, value)
WHERE fits.attribute = v.attribute AND lifecycle LIKE '%change';
-- a # in a value is another number in each row: no two changes are about the same
CREATE SEQUENCE row_number;
-- what a good step changes on its way
CREATE TABLE on_the_way (lifecycle text, from_state text, to_state text, change jsonb);
INSERT INTO on_the_way VALUES
	('incident', 'in_progress', 'assigned', '{"assignee": "somebody else"}'),
	('contract', 'expiring', 'active', jsonb_build_object('valid_to', current_date + 60));

-- Runs one write in a subtransaction; "ok", or the SQLSTATE and the rules that are not met.
CREATE FUNCTION attempt(command text, actor text, reason text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
BEGIN
	PERFORM itsm.act_as(actor), set_config('itsm.reason', reason, true);
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	IF state NOT LIKE 'IT%' THEN
		RETURN state || ' ' || SQLERRM;
	END IF;
	RETURN state || (SELECT string_agg(DISTINCT ' ' || coalesce(f ->> 'rule', '?') || coalesce('.' || (f ->> 'attribute'), ''), '') FROM jsonb_array_elements(detail::jsonb) AS f);
END $$;

CREATE FUNCTION step(of_lifecycle text, row_id integer, to_state text, change jsonb, actor text, reason text DEFAULT 'because') RETURNS text LANGUAGE sql AS $$
	SELECT attempt(format('UPDATE walk.%I SET status = %s %s WHERE id = %s', of_lifecycle, coalesce(quote_literal(to_state), 'status'),
		(SELECT coalesce(string_agg(format(', %I = %L', key, value), ''), '') FROM jsonb_each_text(change)), row_id), actor, reason)
$$;

CREATE FUNCTION create_row(of_lifecycle text, in_state text, change jsonb, actor text DEFAULT 'the auditor', reason text DEFAULT 'because') RETURNS text LANGUAGE sql AS $$
	SELECT attempt(replace(format('INSERT INTO walk.%I (status, %s) VALUES (%L, %s)', of_lifecycle, string_agg(quote_ident(attribute), ', '), in_state,
		string_agg(quote_nullable(CASE WHEN change ? attribute THEN change ->> attribute ELSE value END), ', ')), '#', nextval('row_number')::text), actor, reason)
	FROM fits WHERE lifecycle = of_lifecycle
$$;

-- The shortest ways.
CREATE TABLE way AS
	WITH RECURSIVE way AS (
		SELECT lifecycle, state, ARRAY[state] AS path FROM state WHERE initial
		UNION ALL
		SELECT w.lifecycle, t.to_state, path || t.to_state
		FROM way w JOIN transition t ON t.lifecycle = w.lifecycle AND t.from_state = w.state AND t.to_state <> ALL (path)
		WHERE array_length(path, 1) < 9
	)
	SELECT DISTINCT ON (lifecycle, state) * FROM way ORDER BY lifecycle, state, array_length(path, 1), path;

-- A new row, led to a state; its number, or an error.
CREATE FUNCTION walk(of_lifecycle text, path text[], change jsonb DEFAULT '{}') RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	result text := create_row(of_lifecycle, path[1], change);
	row_id integer;
BEGIN
	IF result <> 'ok' THEN
		RAISE EXCEPTION '% cannot begin in %: %', of_lifecycle, path[1], result;
	END IF;
	EXECUTE format('SELECT max(id) FROM walk.%I', of_lifecycle) INTO row_id;
	FOR i IN 2 .. array_length(path, 1) LOOP
		result := step(of_lifecycle, row_id, path[i],
			(SELECT o.change FROM on_the_way o WHERE o.lifecycle = of_lifecycle AND o.from_state = path[i - 1] AND o.to_state = path[i]), 'walker ' || i);
		IF result <> 'ok' THEN
			RAISE EXCEPTION '% cannot go from % to %: %', of_lifecycle, path[i - 1], path[i], result;
		END IF;
	END LOOP;
	RETURN row_id;
END $$;

-- what is named and has to exist; and what changes and their times meet
SELECT is(create_row('incident', 'new', '{"merged_into": null}'), 'ok', 'an incident to merge others into');
SELECT is(create_row('corrective_action', 'open', '{}'), 'ok', 'a corrective action');
SELECT is(create_row('configuration_item', 'planned', '{}'), 'ok', 'a configuration item that came after the baselines');
SELECT lives_ok($$SELECT walk('change', path, '{"cis": "{3}"}') FROM way WHERE lifecycle = 'change' AND state = 'scheduled'$$, 'a change of it');
SELECT itsm.act_as('the author'), itsm.define_change_template('the template', max_failures => NULL);
SELECT itsm.act_as('the approver'), itsm.approve_change_template('the template');
SELECT itsm.define_change_window('a freeze', 'freeze', now() - interval '1 day', now() + interval '1 day', cis => '{frozen}');
SELECT itsm.define_change_window('a night', 'maintenance', now() + interval '2 days', now() + interval '3 days', cis => '{kept}');
SELECT lives_ok($$SELECT walk('change', path, '{"cis": "{booked}"}') FROM way WHERE lifecycle = 'change' AND state = 'scheduled'$$, 'a change that has booked an item');

-- every transition
SELECT lives_ok(format('SELECT walk(%L, %L)', t.lifecycle, w.path || t.to_state), format('%s: %s to %s', t.lifecycle, t.from_state, t.to_state))
FROM transition t JOIN way w ON w.lifecycle = t.lifecycle AND w.state = t.from_state
ORDER BY t.lifecycle, t.from_state, t.to_state;

-- every pair that is none, and every state that is not initial
SELECT is_empty(format($$SELECT w.state, s.state, result FROM way w JOIN state s USING (lifecycle), step(%1$L, walk(%1$L, w.path), s.state, '{}', 'walker') AS result
	WHERE w.lifecycle = %1$L AND w.state <> s.state AND result NOT LIKE 'IT001 %%'
		AND NOT EXISTS (SELECT FROM transition t WHERE t.lifecycle = w.lifecycle AND t.from_state = w.state AND t.to_state = s.state)$$, name),
	name || ': no other transition') FROM lifecycle ORDER BY name;
SELECT is_empty(format($$SELECT state, result FROM state, create_row(%1$L, state, '{}') AS result WHERE lifecycle = %1$L AND NOT initial AND result NOT LIKE 'IT003 %%'$$, name),
	name || ': no other state to begin in') FROM lifecycle ORDER BY name;
SELECT is(attempt(format('DELETE FROM walk.%I WHERE id = %s', w.lifecycle, walk(w.lifecycle, w.path)), 'walker', 'because'), 'IT010 delete', w.lifecycle || ': not deleted')
FROM (SELECT DISTINCT ON (lifecycle) * FROM way ORDER BY lifecycle, array_length(path, 1) DESC) AS w;

-- Wrong steps.  From null: a row is inserted; to null: it stays where it is.
CREATE TABLE wrong (lifecycle text, rule text, from_state text, to_state text, change jsonb, actor text, reason text, before jsonb, code text, attribute text);

-- what every rule of a kind has in common: one attribute empty, no reason, one attribute changed
CREATE TABLE in_scope AS
	SELECT DISTINCT ON (lifecycle, rule) r.lifecycle, rule, r, m.from_state, m.to_state
	FROM rule r JOIN (SELECT lifecycle, from_state, to_state FROM transition UNION ALL SELECT lifecycle, NULL, state FROM state WHERE initial) AS m USING (lifecycle)
	WHERE (NOT r ? 'from' OR m.from_state IN (SELECT names(r -> 'from'))) AND (NOT r ? 'to' OR m.to_state IN (SELECT names(r -> 'to')))
	ORDER BY lifecycle, rule, from_state, to_state;
INSERT INTO wrong
	SELECT lifecycle, rule, from_state, to_state, jsonb_build_object(a, NULL), NULL, 'because', '{}', 'IT004', a
	FROM in_scope, names(r -> 'requires') AS a WHERE r ? 'requires';
INSERT INTO wrong
	SELECT lifecycle, rule, from_state, to_state, '{}', NULL, ' ', '{}', 'IT014', NULL FROM in_scope WHERE r ? 'reason' AND NOT r ? 'when';
INSERT INTO wrong
	SELECT rule.lifecycle, rule, i, NULL, jsonb_build_object(a, CASE type WHEN 'integer' THEN '4' WHEN 'numeric' THEN '4' WHEN 'boolean' THEN 'false' WHEN 'text[]' THEN '{three}'
		WHEN 'interval' THEN '00:30' WHEN 'date' THEN (current_date + 5)::text WHEN 'text' THEN 'another' ELSE (now() + interval '30 minutes')::text END),
		NULL, 'because', '{}', CASE WHEN a = 'outcome' AND rule.lifecycle LIKE '%change' OR a = 'grade' THEN 'IT005' ELSE 'IT009' END, a
	FROM rule, names(r -> 'in') AS i, names(r -> 'frozen') AS a, attribute t
	WHERE r ? 'frozen' AND t.lifecycle = rule.lifecycle AND t.attribute = a;
INSERT INTO wrong (lifecycle, rule, from_state, to_state, change, actor, before) VALUES
	('incident', 'plausible_impact', 'new', NULL, '{"impact": "6"}', NULL, NULL),
	('incident', 'plausible_urgency', 'new', NULL, '{"urgency": "0"}', NULL, NULL),
	('incident', 'plausible_priority', 'new', NULL, '{"priority": "-1"}', NULL, NULL),
	('incident', 'assigned_to_someone', 'new', 'assigned', '{"assignee": null, "assignment_group": ""}', NULL, NULL),
	('incident', 'reassigned', 'in_progress', 'assigned', '{}', NULL, NULL),
	('incident', 'caller_told', 'in_progress', 'on_hold', '{"hold_reason": "caller", "caller_message": null}', NULL, NULL),
	('incident', 'problem_named', 'in_progress', 'on_hold', '{"hold_reason": "problem", "problem": ""}', NULL, NULL),
	('incident', 'change_named', 'in_progress', 'on_hold', '{"hold_reason": "change", "change": ""}', NULL, NULL),
	('incident', 'not_its_own_parent', 'new', NULL, '{"parent": "the number"}', NULL, NULL),
	('incident', 'reopen_window', 'resolved', 'in_progress', '{}', NULL, '{"resolved_at": "2020-01-01"}'),
	('incident', 'breach_not_hidden', 'new', 'cancelled', '{"sla_breached": "true"}', NULL, NULL),
	('incident', 'plausible_outage', 'new', NULL, '{"outage_ended_at": "2020-01-01"}', NULL, NULL),
	('incident', 'not_into_itself', 'assigned', 'merged', '{"merged_into": "the number"}', NULL, NULL),
	('major_incident', 'manager_is_another', NULL, 'declared', '{"manager": "the assignee"}', NULL, NULL),
	('major_incident', 'plausible_interval', 'declared', NULL, '{"update_interval": "0"}', NULL, NULL),
	('major_incident', 'service_recovered', 'in_response', 'restored', '{"service_available": "false"}', NULL, NULL),
	('major_incident', 'reviewed_by_another', 'restored', 'under_review', '{"review_owner": "the resolver"}', NULL, NULL),
	('major_incident', 'problem_or_reason', 'under_review', 'closed', '{"problem": null, "no_problem_reason": ""}', NULL, NULL),
	('service_request', 'approval_needed', 'new', 'awaiting_approval', '{"approval_required": "false"}', NULL, NULL),
	('service_request', 'approver_is_another', 'new', 'awaiting_approval', '{"approver": "the requester"}', NULL, NULL),
	('service_request', 'approver_is_another', 'awaiting_approval', 'approved', '{"approver": "the requester"}', NULL, NULL),
	('service_request', 'approved_by_another', 'awaiting_approval', 'approved', '{}', 'the requester', NULL),
	('service_request', 'approval_present', 'new', 'in_fulfilment', '{"approval_required": "true"}', NULL, NULL),
	('service_request', 'reopen_window', 'fulfilled', 'in_fulfilment', '{}', NULL, '{"resolved_at": "2020-01-01"}'),
	('problem', 'plausible_priority', 'new', NULL, '{"priority": "6"}', NULL, NULL),
	('problem', 'not_its_own_duplicate', 'new', NULL, '{"duplicate_of": "the number"}', NULL, NULL),
	('problem', 'workaround_or_action', 'root_cause_analysis', 'known_error', '{"workaround": "none", "impact_action": null}', NULL, NULL),
	('problem', 'workaround_or_action', 'root_cause_analysis', 'known_error', '{"workaround": ""}', NULL, NULL),
	('problem', 'fixed_by', 'known_error', 'fix_in_progress', '{"change": "", "action": null}', NULL, NULL),
	('problem', 'checked_by_another', 'resolved', 'closed', '{"effectiveness_checked_by": "the assignee"}', NULL, NULL),
	('problem', 'closed_by_another', 'resolved', 'closed', '{}', 'the assignee', NULL),
	('problem', 'closed_by_another', 'resolved', 'closed', '{}', 'walker 5', NULL),
	('problem', 'acceptance_ends_later', 'root_cause_analysis', 'closed', '{"risk_accepted_until": "2020-01-01"}', NULL, NULL),
	('problem', 'acceptance_ends_later', 'known_error', 'closed', '{"risk_accepted_until": "infinity"}', NULL, NULL),
	('problem', 'risk_accepted_by_another', 'known_error', 'closed', '{"risk_accepted_by": "the assignee"}', NULL, NULL),
	('known_error', 'reviewer_is_another', 'draft', 'published', '{"reviewer": "the author"}', NULL, NULL),
	('known_error', 'published_by_another', 'draft', 'published', '{}', 'the author', NULL),
	('change', 'names_its_cis', 'new', 'assess', '{"cis": "{}"}', NULL, NULL),
	('change', 'names_its_cis', 'new', 'assess', '{"cis": null}', NULL, NULL),
	('change', 'assessed_by_another', 'assess', 'authorize', '{"technical_reviewer": "the requester"}', NULL, NULL),
	('standard_change', 'names_its_cis', 'new', 'scheduled', '{"cis": "{}"}', NULL, NULL),
	('emergency_change', 'names_its_cis', 'authorize', 'scheduled', '{"cis": "{}"}', NULL, NULL),
	('release', 'has_content', NULL, 'planned', '{"changes": "{}"}', NULL, NULL),
	('release', 'has_content', 'building', 'testing', '{"changes": null}', NULL, NULL),
	('release', 'accepter_is_another', 'testing', 'accepted', '{"accepted_by": "the builder"}', NULL, NULL),
	('release', 'accepted_by_another', 'testing', 'accepted', '{}', 'the builder', NULL),
	('release', 'plausible_window', 'planned', NULL, '{"planned_end": "2020-01-01"}', NULL, NULL),
	('release', 'same_artefacts', 'accepted', 'deploying', '{"deployed_hash": "something else"}', NULL, NULL),
	('release', 'same_artefacts', 'deploying', 'deployed', '{"deployed_hash": "something else"}', NULL, NULL),
	('release', 'back_out_complete', 'deploying', 'backed_out', '{"baseline_restored": null}', NULL, NULL),
	('release', 'observation_over', 'early_life', 'closed', '{"observation_until": "2100-01-01"}', NULL, NULL),
	('release', 'baseline_known', 'accepted', 'deploying', '{"baseline_before": "another"}', NULL, NULL),
	('release', 'baseline_in_time', 'accepted', 'deploying', '{"actual_start": "2020-01-01"}', NULL, NULL),
	('release', 'baseline_covers_target', 'accepted', 'deploying', '{"ci": "3"}', NULL, NULL),
	('release', 'baseline_covers_changes', 'accepted', 'deploying', '{}', NULL, '{"changes": "{one,4}"}'),
	('release', 'baseline_after_known', 'deploying', 'deployed', '{"baseline_after": "another"}', NULL, NULL),
	('release', 'baseline_after_later', 'deploying', 'deployed', '{"baseline_after": "the baseline_before"}', NULL, NULL),
	('release', 'baseline_after_the_end', 'deploying', 'deployed', '{"actual_end": "2100-01-01"}', NULL, NULL),
	('release', 'plausible_run', 'planned', NULL, '{"actual_start": "2020-01-02", "actual_end": "2020-01-01"}', NULL, NULL),
	('deployment', 'baseline_known', 'scheduled', 'running', '{"baseline_before": "another"}', NULL, NULL),
	('deployment', 'baseline_in_time', 'scheduled', 'running', '{"actual_start": "2020-01-01"}', NULL, NULL),
	('deployment', 'baseline_covers_target', 'scheduled', 'running', '{"ci": "3"}', NULL, NULL),
	('deployment', 'plausible_window', 'scheduled', NULL, '{"planned_start": "-infinity"}', NULL, NULL),
	('deployment', 'accepted_artefacts', 'scheduled', 'running', '{"artefact_hash": "something else"}', NULL, NULL),
	('deployment', 'plausible_run', 'scheduled', NULL, '{"actual_end": "2020-01-01"}', NULL, NULL),
	('deployment', 'roll_back_complete', 'failed', 'rolled_back', '{"baseline_restored": "false"}', NULL, NULL),
	('configuration_item', 'maintained_because_of', 'live', 'in_maintenance', '{"change": "", "incident": null}', NULL, NULL),
	('configuration_item', 'no_obligations_left', 'retired', 'disposed', '{"obligations_settled": "false"}', NULL, NULL),
	('configuration_item', 'data_loss_recorded', 'live', 'stolen', '{"security_incident": ""}', NULL, NULL),
	('document', 'reviewer_is_another', 'draft', 'in_review', '{"reviewer": "the author"}', NULL, NULL),
	('document', 'approver_is_another', 'in_review', 'approved', '{"approver": "the author"}', NULL, NULL),
	('document', 'approved_by_another', 'in_review', 'approved', '{}', 'the author', NULL),
	('document', 'next_review_later', 'approved', 'effective', '{"next_review": "2020-01-01"}', NULL, NULL),
	('document', 'mandatory_kind_replaced', 'effective', 'withdrawn', '{"successor": ""}', NULL, NULL),
	('document', 'retention_over', 'superseded', 'disposed', '{"retention_until": "2100-01-01"}', NULL, NULL),
	('risk', 'plausible_rating', 'identified', NULL, '{"likelihood": "6"}', NULL, NULL),
	('risk', 'plausible_rating', 'identified', NULL, '{"impact": "0"}', NULL, NULL),
	('risk', 'acceptance_ends_later', 'assessed', 'accepted', '{"accepted_until": "2020-01-01"}', NULL, NULL),
	('risk', 'within_appetite', 'assessed', 'accepted', '{"score": "4"}', NULL, NULL),
	('audit', 'auditor_is_independent', NULL, 'planned', '{"auditee": "the auditor"}', NULL, NULL),
	('audit', 'auditor_is_independent', 'planned', 'in_progress', '{"auditor": "the auditee"}', NULL, NULL),
	('finding', 'known_grade', 'raised', NULL, '{"grade": "bad"}', NULL, NULL),
	('finding', 'raised_by_the_auditor', NULL, 'raised', '{}', 'somebody', NULL),
	('finding', 'major_planned_in_time', 'accepted', 'action_planned', '{"due": "2100-01-01"}', NULL, '{"grade": "major"}'),
	('finding', 'major_planned_in_time', 'accepted', 'action_planned', '{"cause": ""}', NULL, '{"grade": "major"}'),
	('finding', 'verifier_is_another', 'implemented', 'verified', '{"verifier": "the owner"}', NULL, NULL),
	('finding', 'verified_by_another', 'implemented', 'verified', '{}', 'the owner', NULL),
	('finding', 'verified_by_another', 'implemented', 'verified', '{}', 'walker 4', NULL),
	('corrective_action', 'verifier_is_another', 'implemented', 'verified', '{"verifier": "the owner"}', NULL, NULL),
	('corrective_action', 'verified_by_another', 'implemented', 'verified', '{}', 'the owner', NULL),
	('corrective_action', 'verified_by_another', 'implemented', 'verified', '{}', 'walker 3', NULL),
	('improvement', 'decided_by_another', 'evaluated', 'approved', '{"decided_by": "the requester"}', NULL, NULL),
	('complaint', 'acknowledged_in_time', 'received', 'acknowledged', '{}', NULL, '{"opened_at": "2020-01-01"}'),
	('complaint', 'owner_is_not_its_subject', 'acknowledged', 'investigating', '{"subject": "the owner"}', NULL, NULL),
	('contract', 'approver_is_another', 'negotiation', 'approved', '{"approver": "the owner"}', NULL, NULL),
	('contract', 'approved_by_another', 'negotiation', 'approved', '{}', 'the owner', NULL),
	('contract', 'plausible_term', 'draft', NULL, '{"valid_to": "2020-01-01"}', NULL, NULL),
	('contract', 'renewed_for_longer', 'expiring', 'active', '{}', NULL, NULL),
	('continuity_test', 'plan_is_approved', NULL, 'planned', '{"plan_approved": "false"}', NULL, NULL),
	('continuity_test', 'live_impact_by_a_change', 'approved', 'executing', '{"change": ""}', NULL, NULL),
	('continuity_test', 'reviewer_is_another', 'completed', 'reviewed', '{"reviewer": "the test_leader"}', NULL, NULL),
	('continuity_test', 'deficiencies_lead_to_actions', 'aborted', 'reviewed', '{"actions": ""}', NULL, NULL),
	('continuity_test', 'missed_times_lead_to_actions', 'reviewed', 'closed', '{"required_rto": "1 minute", "deficiencies": null, "actions": null}', NULL, NULL),
	('outage', 'announced_is_planned', NULL, 'announced', '{"planned": "false"}', NULL, NULL),
	('outage', 'plausible_times', 'ongoing', NULL, '{"ended_at": "2020-01-01"}', NULL, NULL),
	('outage', 'plausible_times', 'ongoing', NULL, '{"ended_at": "infinity"}', NULL, NULL),
	('outage', 'followed_up', 'restored', 'closed', '{"planned": "false", "action": "", "problem": null}', NULL, NULL),
	('service', 'cis_recorded', 'in_transition', 'live', '{"cis": "{}"}', NULL, NULL),
	('knowledge_article', 'reviewer_is_another', 'draft', 'in_review', '{"reviewer": "the author"}', NULL, NULL),
	('knowledge_article', 'valid_to_a_day_to_come', 'in_review', 'published', '{"valid_to": "2020-01-01"}', NULL, NULL),
	('knowledge_article', 'published_by_another', 'in_review', 'published', '{}', 'the author', NULL),
	('role_assignment', 'term', 'draft', NULL, '{"valid_to": "2020-01-01"}', NULL, NULL),
	('measurement', 'plausible_period', 'recorded', NULL, '{"period_end": "2020-01-01"}', NULL, NULL),
	('audit_programme', 'plausible_cycle', 'draft', NULL, '{"period_end": "2020-01-01"}', NULL, NULL);
INSERT INTO wrong (lifecycle, rule, from_state, to_state, change, actor)
	SELECT l, v.* FROM (VALUES ('change'), ('standard_change'), ('emergency_change')) AS l(l), (VALUES
		('plausible_window', 'new', NULL, '{"planned_end": "2020-01-01"}'::jsonb, NULL),
		('plausible_window', 'new', NULL, '{"planned_end": "infinity"}', NULL),
		('authorised_by_another', 'authorize', 'scheduled', '{}', 'the requester'),
		('authorised_by_another', 'authorize', 'scheduled', '{}', 'the implementer'),
		('authorised_by_another', 'authorize', 'scheduled', '{}', 'nobody'),
		('plausible_implementation', 'new', NULL, '{"actual_end": "2020-01-01"}', NULL),
		('known_outcome', 'new', NULL, '{"outcome": "great"}', NULL),
		('reviewed_by_another', 'review', 'closed', '{"reviewer": "the implementer"}', NULL),
		('cis_brought_up_to_date', 'review', 'closed', '{"cis_updated": "false"}', NULL),
		('failure_followed_up', 'review', 'closed', '{"outcome": "failed", "problem": null, "improvement": ""}', NULL)) AS v(rule, from_state, to_state, change, actor)
	WHERE EXISTS (SELECT FROM rule r WHERE r.lifecycle = l AND r.rule = v.rule);
-- other reasons, times and items
INSERT INTO wrong (lifecycle, rule, from_state, to_state, change, reason, code, attribute) VALUES
	('incident', 'priority_reason', NULL, 'new', '{"priority": "1"}', ' ', 'IT014', NULL),
	('incident', 'priority_change_reason', 'in_progress', NULL, '{"priority": "2"}', ' ', 'IT014', NULL),
	('incident', 'priority_change_reason', 'new', 'assigned', '{"urgency": "1"}', ' ', 'IT014', NULL);
INSERT INTO wrong (lifecycle, rule, from_state, to_state, change, code, attribute)
	SELECT l.lifecycle, v.* FROM (VALUES ('change', 'authorize', 'scheduled', 'implement'), ('standard_change', 'new', 'scheduled', 'implement'), ('emergency_change', 'authorize', 'scheduled', 'implement'),
			('release', 'accepted', 'accepted', 'deploying'), ('deployment', 'scheduled', 'scheduled', 'running')) AS l(lifecycle, planned, ready, done),
		LATERAL (VALUES
			('in_window', ready, done, jsonb_build_object('planned_start', now() + interval '30 minutes'), 'IT011', 'planned_start'),
			('in_window', ready, done, jsonb_build_object('planned_start', now() - interval '2 days', 'planned_end', now() - interval '1 day'), 'IT011', 'planned_end'),
			('no_freeze', planned, CASE WHEN planned = ready THEN done ELSE ready END, CASE WHEN planned = ready THEN '{"ci": "frozen"}' ELSE '{"cis": "{frozen}"}' END::jsonb, 'IT011', 'planned_start'),
			('no_freeze', ready, done, '{"ci": "frozen"}', 'IT011', 'planned_start'),
			('no_freeze', planned, CASE WHEN planned = ready THEN NULL ELSE ready END, '{"ci": "kept"}', 'IT011', 'planned_start'),
			('no_collision', planned, ready, '{"cis": "{booked}"}', 'IT012', 'ci'),
			('no_collision', ready, NULL, '{"ci": "booked"}', 'IT012', 'ci')) AS v(rule, from_state, to_state, change, code, attribute)
	WHERE v.to_state IS NOT NULL AND v.from_state <> coalesce(v.to_state, '') AND EXISTS (SELECT FROM rule r WHERE r.lifecycle = l.lifecycle AND r.rule = v.rule)
		OR v.rule = 'no_collision' AND v.to_state IS NULL AND l.lifecycle LIKE '%change';
INSERT INTO wrong (lifecycle, rule, from_state, to_state, change, before) VALUES
	('change', 'risk_from_the_matrix', 'new', 'assess', '{"risk": "high"}', NULL),
	('change', 'risk_from_the_matrix', 'assess', 'authorize', '{"probability": "1"}', NULL),
	('standard_change', 'risk_from_the_matrix', 'new', 'scheduled', '{"risk": "high"}', NULL),
	('emergency_change', 'risk_from_the_matrix', 'review', 'closed', '{"risk": "high"}', NULL),
	('standard_change', 'template_valid', 'new', 'scheduled', '{"template": "another"}', NULL),
	('emergency_change', 'reviewed_in_time', 'review', 'closed', '{}', '{"resolved_at": "2020-01-01"}'),
	('change_task', 'plausible_work', 'open', NULL, '{"actual_end": "2020-01-01"}', NULL);
UPDATE wrong SET code = CASE WHEN r ? 'separate' THEN 'IT007' ELSE 'IT005' END FROM rule r WHERE r.lifecycle = wrong.lifecycle AND r.rule = wrong.rule AND code IS NULL;
-- a rule that is only observed, enforced
SELECT itsm.set_mode(id, 'enforce', 'acknowledged_in_time') FROM attachment WHERE lifecycle = 'complaint';
SELECT itsm.set_mode(id, 'enforce', 'reviewed_in_time') FROM attachment WHERE lifecycle = 'emergency_change';

-- Records that a rule looks at: those that name this one (of), or that it names.  In each of
-- their states they are in the way, or not.
CREATE TABLE relation (lifecycle text, rule text, from_state text, to_state text, of boolean, attribute text, other text, bad text,
	just text, other_change jsonb NOT NULL DEFAULT '{}');
INSERT INTO relation VALUES
	('incident', 'parent_open', NULL, 'new', false, 'parent', 'incident', 'resolved closed'),
	('incident', 'parent_open', 'on_hold', 'in_progress', false, 'parent', 'incident', 'resolved closed'),
	('incident', 'children_resolved', 'in_progress', 'resolved', true, 'parent', 'incident', 'new assigned in_progress on_hold'),
	('incident', 'no_open_change', 'resolved', 'closed', false, 'change', 'emergency_change', 'new assess authorize scheduled implement'),
	('incident', 'no_open_change', 'resolved', 'closed', false, 'change', 'change', 'new assess authorize scheduled implement'),
	('incident', 'merged_target_exists', 'in_progress', 'merged', false, 'merged_into', 'incident', ''),
	('major_incident', 'incident_open', NULL, 'declared', false, 'incident', 'incident', 'resolved closed cancelled merged'),
	('major_incident', 'actions_owned', 'under_review', 'closed', false, 'actions', 'improvement', 'proposed evaluated approved'),
	('service_request', 'change_closed', 'in_fulfilment', 'fulfilled', false, 'change', 'standard_change', 'new scheduled implement review cancelled'),
	('service_request', 'children_fulfilled', 'in_fulfilment', 'fulfilled', true, 'parent', 'service_request', 'new awaiting_approval approved in_fulfilment on_hold'),
	('problem', 'known_error_published', 'root_cause_analysis', 'known_error', false, 'known_error', 'known_error', 'draft superseded retired'),
	('problem', 'change_alive', 'known_error', 'fix_in_progress', false, 'change', 'change', 'rejected cancelled'),
	('problem', 'change_closed', 'fix_in_progress', 'resolved', false, 'change', 'change', 'new assess authorize rejected scheduled implement review cancelled'),
	('problem', 'incidents_resolved', 'resolved', 'closed', true, 'problem', 'incident', 'new assigned in_progress on_hold'),
	('problem', 'known_error_ended', 'resolved', 'closed', false, 'known_error', 'known_error', 'draft published'),
	('known_error', 'resolved_or_closed', 'published', 'retired', false, 'problem', 'problem', 'new assessed root_cause_analysis known_error fix_in_progress'),
	('known_error', 'superseded_or_resolved', 'published', 'superseded', false, 'problem', 'problem', 'new assessed root_cause_analysis known_error fix_in_progress'),
	('change', 'release_accepted', 'scheduled', 'implement', false, 'release', 'release', 'planned building testing cancelled backed_out'),
	('standard_change', 'release_accepted', 'scheduled', 'implement', false, 'release', 'release', 'planned building testing cancelled backed_out'),
	('change', 'tasks_closed', 'implement', 'review', true, 'change', 'change_task', 'open in_progress on_hold'),
	('standard_change', 'tasks_closed', 'implement', 'review', true, 'change', 'change_task', 'open in_progress on_hold'),
	('emergency_change', 'tasks_closed', 'implement', 'review', true, 'change', 'change_task', 'open in_progress on_hold'),
	('change', 'deployments_ended', 'implement', 'review', true, 'change', 'deployment', 'scheduled running failed'),
	('standard_change', 'deployments_ended', 'implement', 'review', true, 'change', 'deployment', 'scheduled running failed'),
	('emergency_change', 'deployments_ended', 'implement', 'review', true, 'change', 'deployment', 'scheduled running failed'),
	('change_task', 'change_not_over', NULL, 'open', false, 'change', 'change', 'rejected review closed cancelled'),
	('change_task', 'change_in_implementation', 'open', 'in_progress', false, 'change', 'change', 'new assess authorize rejected scheduled review closed cancelled'),
	('change_task', 'predecessors_closed', 'open', 'in_progress', false, 'predecessors', 'change_task', 'open in_progress on_hold'),
	('release', 'changes_approved', 'building', 'testing', false, 'changes', 'change', 'new assess authorize rejected cancelled'),
	('release', 'changes_approved', 'building', 'testing', false, 'changes', 'standard_change', 'new cancelled'),
	('release', 'changes_scheduled', 'accepted', 'deploying', false, 'changes', 'change', 'new assess authorize rejected review closed cancelled'),
	('release', 'deployments_ended', 'deploying', 'deployed', true, 'release', 'deployment', 'scheduled running failed'),
	('release', 'deployments_rolled_back', 'deploying', 'backed_out', true, 'release', 'deployment', 'scheduled running succeeded failed'),
	('release', 'no_deployment', 'accepted', 'cancelled', true, 'release', 'deployment', 'scheduled running succeeded failed'),
	('deployment', 'release_deploying', 'scheduled', 'running', false, 'release', 'release', 'planned building testing accepted deployed backed_out early_life closed cancelled'),
	('configuration_item', 'nothing_depends_on_it', 'live', 'retired', true, 'depends_on', 'configuration_item', 'live in_maintenance'),
	('configuration_item', 'no_live_service', 'live', 'retired', true, 'cis', 'service', 'live'),
	('document', 'predecessor_superseded', 'approved', 'effective', true, 'successor', 'document', 'draft in_review approved effective'),
	('document', 'successor_approved', 'effective', 'superseded', false, 'successor', 'document', 'draft in_review withdrawn archived disposed'),
	('audit', 'findings_closed', 'reported', 'closed', true, 'audit', 'finding', 'raised accepted disputed action_planned implemented verified'),
	('finding', 'action_implemented', 'action_planned', 'implemented', false, 'corrective_action', 'corrective_action', 'open in_progress'),
	('finding', 'action_verified', 'implemented', 'verified', false, 'corrective_action', 'corrective_action', 'open in_progress implemented'),
	('improvement', 'change_closed', 'in_progress', 'implemented', false, 'change', 'change', 'new assess authorize rejected scheduled implement review cancelled'),
	('contract', 'amendment_alive', 'active', 'amended', false, 'change', 'change', 'rejected cancelled'),
	('contract', 'components_migrated', 'active', 'terminated', true, 'contracts', 'service', 'live'),
	('continuity_test', 'change_authorised', 'approved', 'executing', false, 'change', 'change', 'new assess authorize rejected cancelled'),
	('continuity_test', 'actions_raised', 'reviewed', 'closed', false, 'corrective_actions', 'corrective_action', ''),
	('service', 'change_closed', 'in_transition', 'live', false, 'change', 'change', 'new assess authorize rejected scheduled implement review cancelled'),
	('service', 'nothing_open', 'retiring', 'retired', true, 'service', 'incident', 'new assigned in_progress on_hold');
-- a change that is closed, and how it ended
INSERT INTO relation
	SELECT l.lifecycle, 'change_succeeded', from_state, to_state, false, 'change', kind, CASE outcome WHEN 'successful' THEN '' ELSE 'closed' END, 'closed', jsonb_build_object('outcome', outcome, 'problem', 'P')
	FROM (VALUES ('problem', 'fix_in_progress', 'resolved'), ('service', 'in_transition', 'live')) AS l(lifecycle, from_state, to_state),
		unnest('{change,standard_change,emergency_change}'::text[]) AS kind, unnest('{successful,partial,failed,backed_out}'::text[]) AS outcome;
-- some other value of the same row that a step needs
CREATE TABLE beside (lifecycle text, rule text, change jsonb);
INSERT INTO beside VALUES ('known_error', 'superseded_or_resolved', '{"superseded_by": null}');

-- A row put into a state without being judged; its number.
CREATE FUNCTION put_row(of_lifecycle text, in_state text, change jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	row_id integer;
	result text;
BEGIN
	PERFORM itsm.set_mode(id, 'off') FROM attachment WHERE lifecycle = of_lifecycle;
	result := create_row(of_lifecycle, in_state, change);
	PERFORM itsm.set_mode(id, 'enforce') FROM attachment WHERE lifecycle = of_lifecycle;
	IF result <> 'ok' THEN
		RAISE EXCEPTION '% in %: %', of_lifecycle, in_state, result;
	END IF;
	EXECUTE format('SELECT max(id) FROM walk.%I', of_lifecycle) INTO row_id;
	RETURN row_id;
END $$;

-- A key as the attribute takes it.
CREATE FUNCTION naming(of_lifecycle text, of_attribute text, key text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object(of_attribute, CASE WHEN type = 'text[]' THEN '{nothing,' || key || '}' ELSE key END)
	FROM attribute WHERE lifecycle = of_lifecycle AND attribute = of_attribute
$$;

CREATE FUNCTION related_step(r relation, other_state text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	path text[] := (SELECT y.path FROM way y WHERE y.lifecycle = r.lifecycle AND y.state = r.from_state);
	own jsonb := coalesce((SELECT change FROM beside b WHERE b.lifecycle = r.lifecycle AND b.rule = r.rule), '{}');
	subject integer;
BEGIN
	IF NOT r.of THEN
		own := own || CASE WHEN r.rule = 'actions_raised' THEN jsonb_build_object(r.attribute, format('{%s}', put_row(r.other, other_state, r.other_change)))
			ELSE naming(r.lifecycle, r.attribute, put_row(r.other, other_state, r.other_change)::text) END;
	END IF;
	IF path IS NULL THEN
		RETURN create_row(r.lifecycle, r.to_state, own);
	END IF;
	subject := walk(r.lifecycle, path);
	IF r.of THEN
		PERFORM put_row(r.other, other_state, naming(r.other, r.attribute, subject::text));
	END IF;
	PERFORM itsm.set_mode(id, 'off') FROM attachment WHERE lifecycle = r.lifecycle;
	PERFORM step(r.lifecycle, subject, NULL, own, 'somebody');
	PERFORM itsm.set_mode(id, 'enforce') FROM attachment WHERE lifecycle = r.lifecycle;
	RETURN step(r.lifecycle, subject, r.to_state, '{}', 'the last one');
END $$;
SELECT is(CASE WHEN result LIKE 'IT%' THEN regexp_replace(result, '\.\w+$', '') ELSE result END,
	CASE WHEN s.state = ANY (string_to_array(bad, ' ')) THEN 'IT013 ' || rule ELSE 'ok' END,
	format('%s: %s, %s to %s, %s in %s %s', r.lifecycle, rule, from_state, to_state, other, s.state, r.other_change ->> 'outcome'))
FROM relation r JOIN state s ON s.lifecycle = r.other AND s.state = coalesce(r.just, s.state), related_step(r, s.state) AS result;
SELECT is_empty($$SELECT lifecycle, rule FROM rule WHERE r ? 'related' EXCEPT SELECT lifecycle, rule FROM relation$$, 'every rule about other records has been tried');
-- what names nothing is in nobody's way, but where something has to exist
SELECT is(create_row('major_incident', 'declared', '{"incident": "none"}'), 'ok', 'an incident that is not known');
INSERT INTO wrong (lifecycle, rule, from_state, to_state, change, code, attribute) VALUES
	('incident', 'merged_target_exists', 'on_hold', 'merged', '{"merged_into": "none"}', 'IT013', 'merged_into'),
	('continuity_test', 'actions_raised', 'reviewed', 'closed', '{"corrective_actions": "{2,none}"}', 'IT013', 'corrective_actions');
INSERT INTO wrong (lifecycle, rule) SELECT lifecycle, rule FROM relation EXCEPT SELECT lifecycle, rule FROM wrong;

-- Circles: two rows, each naming the other.
CREATE FUNCTION circle(of_lifecycle text, of_attribute text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	path text[] := (SELECT y.path FROM way y JOIN state s USING (lifecycle, state) WHERE y.lifecycle = of_lifecycle AND s.initial);
	first integer := walk(of_lifecycle, path);
	second integer := walk(of_lifecycle, path, naming(of_lifecycle, of_attribute, first::text));
BEGIN
	RETURN step(of_lifecycle, first, NULL, naming(of_lifecycle, of_attribute, second::text), 'somebody');
END $$;
SELECT is(circle(lifecycle, a), 'IT022 ' || rule || '.' || a, lifecycle || ': ' || rule) FROM rule, names(r -> 'acyclic') AS a WHERE r ? 'acyclic';
INSERT INTO wrong (lifecycle, rule) SELECT lifecycle, rule FROM rule WHERE r ? 'acyclic';

-- Configuration control, switched on: no change, one that is only planned, one in implementation.
CREATE FUNCTION controlled(of_rule text, from_state text, to_state text, change jsonb, change_state text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	path text[] := (SELECT y.path FROM way y WHERE y.lifecycle = 'configuration_item' AND y.state = from_state);
	item integer := walk('configuration_item', path);
	result text;
BEGIN
	IF change_state IS NOT NULL THEN
		PERFORM walk('change', y.path, jsonb_build_object('cis', ARRAY[item]::text)) FROM way y WHERE y.lifecycle = 'change' AND y.state = change_state;
	END IF;
	PERFORM itsm.set_mode(id, 'enforce', of_rule) FROM attachment WHERE lifecycle = 'configuration_item';
	result := step('configuration_item', item, to_state, change, 'the implementer');
	PERFORM itsm.set_mode(id, 'off', of_rule) FROM attachment WHERE lifecycle = 'configuration_item';
	RETURN result;
END $$;
SELECT is(controlled(rule, from_state, to_state, change, change_state),
	CASE change_state WHEN 'implement' THEN 'ok' ELSE 'IT030 ' || rule || CASE WHEN to_state IS NULL THEN '.location' ELSE '' END END, format('%s, change %s', rule, coalesce(change_state, 'none')))
FROM (VALUES ('under_control', 'live', NULL, '{"location": "elsewhere"}'::jsonb), ('live_under_control', 'in_test', 'live', '{}'), ('retired_under_control', 'in_stock', 'retired', '{}')) AS c(rule, from_state, to_state, change),
	unnest(ARRAY[NULL, 'scheduled', 'implement']) AS change_state;
INSERT INTO wrong (lifecycle, rule) SELECT lifecycle, rule FROM rule WHERE r ? 'authorised_change';

-- Approvals: asked for where the rule says, given by those in the role, void when what they cover changes.
CREATE TABLE ask AS
	SELECT lifecycle, rule, r, a ->> 'role' AS role, (a ->> 'quorum')::integer AS quorum, names(r -> 'from') AS from_state, names(r -> 'to') AS to_state
	FROM rule, jsonb_array_elements(CASE jsonb_typeof(r -> 'approvals') WHEN 'array' THEN r -> 'approvals' ELSE jsonb_build_array(r -> 'approvals') END) AS a
	WHERE r ? 'approvals';
UPDATE ask SET from_state = (SELECT t.from_state FROM transition t WHERE t.lifecycle = ask.lifecycle AND t.to_state = ask.to_state) WHERE from_state IS NULL;
SELECT bag_eq('SELECT lifecycle, rule, role, quorum, from_state, to_state FROM ask', $$VALUES
	('change', 'authorised', 'cab', 2, 'authorize', 'scheduled'), ('change', 'still_authorised', 'cab', 2, 'scheduled', 'implement'),
	('emergency_change', 'authorised', 'ecab', 2, 'authorize', 'scheduled'), ('emergency_change', 'authorised', 'business', 1, 'authorize', 'scheduled'),
	('emergency_change', 'still_authorised', 'ecab', 2, 'scheduled', 'implement'), ('emergency_change', 'still_authorised', 'business', 1, 'scheduled', 'implement'),
	('service_request', 'approved', 'request_approver', 1, 'awaiting_approval', 'approved'), ('document', 'authority', 'document_approver', 1, 'in_review', 'approved'),
	('improvement', 'approved_by_deciders', 'improvement_decider', 1, 'evaluated', 'approved'),
	('contract', 'legal_and_finance_approve', 'legal', 1, 'negotiation', 'approved'), ('contract', 'legal_and_finance_approve', 'finance', 1, 'negotiation', 'approved')$$,
	'whose approvals are wanted');
SELECT itsm.add_approver(role, role || ' member ' || n, '2020-01-01') FROM (SELECT DISTINCT role FROM ask) AS a, generate_series(1, 3) n;

CREATE FUNCTION vote(of_lifecycle text, row_id integer, of_role text, who text) RETURNS text LANGUAGE sql AS $$
	SELECT attempt(format('SELECT itsm.approve(%L, %L, role => %L)', 'walk.' || quote_ident(of_lifecycle), row_id, of_role), who, 'because')
$$;
-- Every vote but the last one of a role, that role's move, the last one, and a change of each attribute that is covered.
CREATE FUNCTION approval_steps(a ask) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	way text[] := (SELECT y.path FROM way y WHERE y.lifecycle = a.lifecycle AND y.state = coalesce(a.r ->> 'in', a.from_state));
	row_id integer := walk(a.lifecycle, way, '{"approval_required": "true"}');
	other ask;
	covered text;
	outcome text;
BEGIN
	PERFORM itsm.set_mode(id, 'enforce', a.rule) FROM attachment WHERE lifecycle = a.lifecycle;
	FOR other IN SELECT * FROM ask WHERE lifecycle = a.lifecycle AND rule = a.rule LOOP
		FOR i IN 1 .. other.quorum - (other.role = a.role)::integer LOOP
			RETURN NEXT vote(a.lifecycle, row_id, other.role, other.role || ' member ' || i);
		END LOOP;
	END LOOP;
	IF a.r ? 'in' THEN
		RETURN NEXT step(a.lifecycle, row_id, a.from_state, '{}', 'somebody');
		RETURN NEXT step(a.lifecycle, row_id, a.to_state, '{}', 'somebody');
		-- too late for votes: the next row is voted on in time
		row_id := walk(a.lifecycle, way);
		FOR other IN SELECT * FROM ask WHERE lifecycle = a.lifecycle AND rule = a.rule LOOP
			FOR i IN 1 .. other.quorum LOOP
				PERFORM vote(a.lifecycle, row_id, other.role, other.role || ' member ' || i);
			END LOOP;
		END LOOP;
		RETURN NEXT step(a.lifecycle, row_id, a.from_state, '{}', 'somebody');
	ELSE
		RETURN NEXT step(a.lifecycle, row_id, a.to_state, '{}', 'somebody');
		RETURN NEXT vote(a.lifecycle, row_id, a.role, a.role || ' member 3');
	END IF;
	FOR covered IN SELECT c FROM names(a.r -> 'covers') AS c WHERE c NOT LIKE 'planned%' AND c NOT IN ('cis', 'valid_from', 'valid_to') LOOP
		RETURN NEXT step(a.lifecycle, row_id, a.to_state, jsonb_build_object(covered, 'something else'), 'somebody');
	END LOOP;
	RETURN NEXT step(a.lifecycle, row_id, a.to_state, '{}', 'somebody');
	PERFORM itsm.set_mode(id, 'off', a.rule) FROM attachment WHERE lifecycle = a.lifecycle;
END $$;
SELECT is(array_agg(result ORDER BY n), array_fill('ok'::text, ARRAY[votes + (r ? 'in')::integer - 1]) || ('IT008 ' || rule) || 'ok'::text || array_fill('IT008 ' || rule, ARRAY[covered]) || 'ok'::text,
	format('%s: %s by %s', lifecycle, rule, role))
FROM (SELECT a.*, (SELECT sum(b.quorum) FROM ask b WHERE b.lifecycle = a.lifecycle AND b.rule = a.rule)::integer AS votes,
		(SELECT count(*) FROM names(a.r -> 'covers') AS c WHERE c NOT LIKE 'planned%' AND c NOT IN ('cis', 'valid_from', 'valid_to'))::integer AS covered, s.result, s.n
	FROM ask a, approval_steps(a) WITH ORDINALITY AS s(result, n)) AS steps
GROUP BY lifecycle, rule, role, r, votes, covered ORDER BY lifecycle, rule, role;
INSERT INTO wrong (lifecycle, rule) SELECT DISTINCT lifecycle, rule FROM ask;

SELECT is_empty($$SELECT lifecycle, rule FROM rule EXCEPT SELECT lifecycle, rule FROM wrong$$, 'there is a wrong step for every rule');
SELECT is_empty($$SELECT lifecycle, rule FROM wrong EXCEPT SELECT lifecycle, rule FROM rule$$, 'and for nothing else');
DELETE FROM wrong WHERE change IS NULL;	-- those tried already

CREATE FUNCTION wrong_step(w wrong) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	who text := nullif(coalesce(w.actor, 'the last one'), 'nobody');
	path text[] := (SELECT y.path FROM way y WHERE y.lifecycle = w.lifecycle AND y.state = w.from_state);
BEGIN
	IF w.from_state IS NULL THEN
		RETURN create_row(w.lifecycle, w.to_state, w.change, coalesce(w.actor, 'the auditor'), coalesce(w.reason, 'because'));
	END IF;
	RETURN step(w.lifecycle, walk(w.lifecycle, path, coalesce(w.before, '{}')), w.to_state, w.change, who, coalesce(w.reason, 'because'));
END $$;
SELECT ok(result LIKE w.code || ' %' AND strpos(result || ' ', ' ' || w.rule || coalesce('.' || w.attribute || ' ', '')) > 0,
	format('%s: %s, %s to %s, %s', w.lifecycle, w.rule, w.from_state, w.to_state, coalesce(w.attribute, w.change::text)))
	|| CASE WHEN result LIKE w.code || ' %' AND strpos(result || ' ', ' ' || w.rule || coalesce('.' || w.attribute || ' ', '')) > 0 THEN '' ELSE E'\n# ' || result END
FROM wrong w, wrong_step(w) AS result;

SELECT * FROM finish();
ROLLBACK;
