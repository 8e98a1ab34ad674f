-- Controls of clauses 8.5 to 8.7: see controls_management.sql.
BEGIN;
\ir ../control_evidence.sql
SELECT no_plan();
SELECT exclude_all() \g /dev/null

CREATE FUNCTION vote(lifecycle text, key text, person text, at timestamptz DEFAULT now()) RETURNS void LANGUAGE sql AS $$
	INSERT INTO itsm.approval (record, version, at, attachment, tenant, role, person, decision, covered, salt, content, database_role, session_role)
	SELECT record_of(lifecycle, key), (SELECT count(*) FROM itsm.approval), at, 1, '', 'cab', person, 'approved', '{}', '', '', 'r', 'r'
$$;

-- 8.5.1 Change

SELECT * FROM control_case('8.5.1-1', $$
	document D1 effective {"kind": "change_policy", "approver": "ann", "approved_at": "@-10", "sections": "{controlled_objects,categories,emergency,major_impact}"}
$$, $$
	document D1 effective {"approver": ""}
$$, 'D1');

SELECT * FROM control_case('8.5.1-2', $$
	change C1 scheduled {"title": "patch", "requester": "ann", "risk": "low", "impact": "3"}
	standard_change C2 implement {"title": "reset", "requester": "ann"}
	change C3 assess
$$, $$
	change C1 scheduled {"risk": ""}
	standard_change C2 implement {"requester": ""}
	change C3 closed {"title": "move", "requester": "ann", "risk": "low"}
$$, 'C1|C2|C3');

SELECT * FROM control_case('8.5.1-3', $$
	change C1 scheduled {"major_impact": true, "transition": "mail"}
	service mail in_transition {"plan": "P"}
	change C2 closed {"service_change": "removal"}
	service fax retiring {"change": "C2", "removal_plan": "P"}
	change C3 closed {"impact": "3"}
$$, $$
	service fax retiring {"change": "", "removal_plan": "P"}
	service mail in_transition {"plan": ""}
$$, 'C1|C2');

SELECT * FROM control_case('8.5.1-4', $$
	change C1 closed {"requester": "ann", "implementer": "bob"}
	!SELECT vote('change', 'C1', 'eve')
	change C2 closed {"requester": "ann", "implementer": "bob", "approver": "eve"}
	!SELECT itsm.define_change_template('reset'), itsm.act_as(current_user)
	!UPDATE itsm.change_template SET approved_at = now(), approved_by = 'eve'
	standard_change C3 closed {"template": "reset"}
$$, $$
	change C2 closed {"approver": "Bob"}
	change C4 implement {"requester": "ann"}
	standard_change C5 closed {"template": "none"}
$$, 'C2|C4|C5');

SELECT * FROM control_case('8.5.1-5', $$
	change C1 implement {"actual_start": "@-1"}
	!SELECT vote('change', 'C1', 'eve', now() - interval '2 days')
	emergency_change C2 implement {"actual_start": "@-3"}
	!SELECT vote('emergency_change', 'C2', 'eve', now() - interval '2 days 12 hours')
$$, $$
	change C3 implement {"actual_start": "@-3", "approved_at": "@-2"}
	emergency_change C4 implement {"actual_start": "@-3", "approved_at": "@-1"}
$$, 'C3|C4');

SELECT * FROM control_case('8.5.1-6', $$
	change C1 scheduled {"risk": "low", "impact": "3", "service": "mail", "assessment": "worth it"}
	change C2 scheduled {"risk": "low", "impact": "3", "service": "mail", "benefit": "much", "feasibility": "yes", "financial_impact": "none", "impact_areas": "{services}"}
	change C3 scheduled {"risk": "low", "impact": "3", "assessment": "worth it"}
	document D1 approved {"kind": "sm_policy", "change": "C3"}
$$, $$
	change C1 scheduled {"assessment": ""}
	change C2 scheduled {"benefit": ""}
	document D1 approved {"change": ""}
$$, 'C1|C2|C3');

SELECT * FROM control_case('8.5.1-7', $$
	change C1 scheduled {"backout_plan": "undo", "test_plan": "try"}
	change C2 scheduled {"backout_plan": "undo", "backout_tested": true}
	standard_change C3 implement {"template": "reset"}
$$, $$
	change C1 scheduled {"test_plan": ""}
	change C2 scheduled {"backout_plan": ""}
$$, 'C1|C2');

SELECT * FROM control_case('8.5.1-8', $$
	change C1 closed {"planned_start": "@-10", "planned_end": "@-8", "actual_start": "@-9", "actual_end": "@-8"}
	change C2 closed {"planned_start": "@-10", "planned_end": "@-8", "actual_start": "@-9", "actual_end": "@-7", "deviation": "slow"}
$$, $$
	change C1 closed {"actual_start": "@-11"}
	change C2 closed {"deviation": ""}
$$, 'C1|C2');

SELECT * FROM control_case('8.5.1-9', $$
	change C1 closed {"review": "good", "outcome": "successful"}
	change C2 closed {"review": "bad", "outcome": "failed", "problem": "P1"}
	change C3 review {"actual_end": "@-10"}
$$, $$
	change C1 closed {"review": ""}
	change C2 closed {"problem": ""}
	change C3 review {"actual_end": "@-40"}
$$, 'C1|C2|C3');

SELECT * FROM control_case('8.5.1-10', $$
	emergency_change C1 closed {"title": "fire", "service": "mail", "review": "good", "actual_end": "@-4"}
	emergency_change C2 review {"actual_end": "@-2"}
$$, $$
	emergency_change C1 closed {"service": ""}
	emergency_change C2 review {"title": "flood", "service": "mail", "actual_end": "@-10"}
	emergency_change C3 closed {"title": "fire", "service": "mail", "review": "good", "actual_end": "@-20"}
$$, 'C1|C2|C3');

SELECT * FROM control_case('8.5.1-11', $$
	change C1 closed
	analysis N1 held {"subject": "change", "held_at": "@-20", "result": "fewer"}
$$, $$
	analysis N1 held {"held_at": "@-120"}
$$, 'change');

SELECT * FROM control_case('8.5.1-12', $$
	change C1 scheduled {"planned_start": "@5", "planned_end": "@6", "communicated_at": "@-2"}
$$, $$
	change C2 scheduled {"planned_start": "@5", "planned_end": "@6"}
	change C3 implement {"planned_start": "@-5", "planned_end": "@6", "communicated_at": "@-2"}
	change C4 scheduled {"communicated_at": "@-2"}
$$, 'C2|C3|C4');

SELECT * FROM control_case('8.5.1-13', $$
	!SELECT itsm.define_change_template('reset')
	!UPDATE itsm.change_template SET approved_at = now() - interval '90 days', approved_by = 'eve'
	standard_change C1 closed {"template": "reset", "actual_start": "@-5", "impact": "3"}
$$, $$
	standard_change C1 closed {"impact": "1"}
	standard_change C2 closed {"template": "old", "actual_start": "@-5"}
	!SELECT itsm.define_change_template('past')
	!UPDATE itsm.change_template SET approved_at = now() - interval '90 days', approved_by = 'eve', valid_until = now() - interval '20 days' WHERE name = 'past'
	standard_change C3 closed {"template": "past", "actual_start": "@-5"}
	standard_change C4 closed {"template": "past", "actual_start": "@-25"}
$$, 'C1|C2|C3');

SELECT * FROM control_case('8.5.1-14', $$
	change C1 scheduled {"cis": "{srv}", "planned_start": "@5", "planned_end": "@6"}
	change C2 scheduled {"ci": "srv", "planned_start": "@6", "planned_end": "@7"}
	!SELECT itsm.define_change_window('exams', 'freeze', now() + interval '20 days', now() + interval '30 days', services => '{school}')
	change C3 scheduled {"ci": "box", "service": "mail", "planned_start": "@21", "planned_end": "@22"}
$$, $$
	change C2 scheduled {"planned_start": "@5"}
	change C3 scheduled {"service": "school"}
	change C4 scheduled {"ci": "box", "service": "school", "planned_start": "@25", "planned_end": "@26"}
	!INSERT INTO itsm.override SELECT record_of('change', 'C4'), 1, now(), 1, '', 'no_freeze', 'the exam server burns', 'ann', 'ann', 'ann', true
$$, 'C1|C2|C3');

SELECT * FROM control_case('8.5.1-15', $$
	!SELECT evidence_line(format('change C%s closed {"service": "mail"}', n)) FROM generate_series(1, 9) n
	emergency_change E1 closed {"service": "mail"}
	emergency_change E2 closed {"service": "web"}
	analysis N1 held {"subject": "change", "service": "web"}
$$, $$
	emergency_change E3 closed {"service": "mail"}
	analysis N1 cancelled {"service": "chat"}
$$, 'mail|web');

-- 8.5.2 Service design and transition

SELECT * FROM control_case('8.5.2-1', $$
	service mail in_design {"plan": "in short"}
	service web live {"plan": "D1"}
	document D1 effective {"sections": "{responsibilities,resources,dependencies,tests,acceptance,timescales,outcomes}"}
$$, $$
	service mail in_design {"plan": ""}
	document D1 effective {"sections": "{responsibilities,resources,dependencies,tests,timescales,outcomes}"}
$$, 'mail|web');

SELECT * FROM control_case('8.5.2-2', $$
	service mail in_build {"design": "in short", "design_approved_by": "ann"}
	service web live {"design": "D1"}
	document D1 approved {"sections": "{requirements,targets,agreements,measures}"}
$$, $$
	service mail in_build {"design_approved_by": ""}
	document D1 in_review
$$, 'mail|web');

SELECT * FROM control_case('8.5.2-3', $$
	service mail live {"acceptance": "signed", "accepted_by": "acme", "test_results": "passed"}
	service web in_build
$$, $$
	service mail live {"accepted_by": ""}
	service web live {"acceptance": "signed", "accepted_by": "acme"}
$$, 'mail|web');

SELECT * FROM control_case('8.5.2-4', $$
	service mail live {"transition_report": "as expected", "transition_reported_at": "@10"}
	service web live
$$, $$
	service mail live {"transition_reported_at": "@40"}
$$, 'mail');

SELECT * FROM control_case('8.5.2-5', $$
	service fax retired {"removal_plan": "P"}
	configuration_item modem disposed {"service": "fax"}
	agreement S1 ended {"service": "fax"}
	service telex retiring {"removal_plan": "P"}
	configuration_item printer live {"service": "telex"}
$$, $$
	agreement S1 in_force
	service telex retiring {"removal_plan": ""}
$$, 'fax|telex');

-- 8.5.3 Release and deployment

SELECT * FROM control_case('8.5.3-1', $$
	document D1 effective {"kind": "release_policy", "approver": "ann", "approved_at": "@-10", "sections": "{types,emergency,frequency,management}"}
$$, $$
	document D1 effective {"sections": "{types,frequency,management}"}
$$, 'D1');

SELECT * FROM control_case('8.5.3-2', $$
	change C1 scheduled
	change C2 closed
	release L1 deploying {"changes": "{C1,C2}"}
	deployment Y1 running {"release": "L1", "environment": "live"}
	deployment Y2 running {"environment": "test"}
$$, $$
	change C1 assess
	deployment Y3 succeeded {"environment": "live"}
	release L2 deployed
	deployment Y4 succeeded {"release": "L2"}
$$, 'Y1|Y3|Y4');

SELECT * FROM control_case('8.5.3-3', $$
	release L1 deployed {"acceptance_criteria": "no defects", "acceptance": "none found", "accepted_by": "ann"}
	release L2 testing
$$, $$
	release L2 accepted {"acceptance_criteria": "no defects"}
$$, 'L2');

SELECT * FROM control_case('8.5.3-4', $$
	release L1 deployed {"baseline_before": "B1"}
	release L2 backed_out {"baseline_before": "B1", "baseline_restored": true}
$$, $$
	release L1 deployed {"baseline_before": ""}
	release L2 backed_out {"baseline_restored": false}
$$, 'L1|L2');

SELECT * FROM control_case('8.5.3-5', $$
	release L1 closed {"success": "yes", "incidents_after": "0"}
	release L2 early_life {"resolved_at": "@-20"}
$$, $$
	release L1 closed {"incidents_after": null}
	release L2 early_life {"resolved_at": "@-40"}
$$, 'L1|L2');

SELECT * FROM control_case('8.5.3-6', $$
	release L1 deployed {"artefact_hash": "abc", "deployed_hash": "abc"}
$$, $$
	release L1 deployed {"deployed_hash": "abd"}
	release L2 deployed {"artefact_hash": "abc"}
$$, 'L1|L2');

-- 8.6.1 Incidents

SELECT * FROM control_case('8.6.1-1', $$
	incident T1 in_progress {"title": "mail is slow", "category": "mail", "impact": "3", "urgency": "3", "priority": "3", "assignee": "ann"}
	incident T2 new {"title": "mail is slow", "category": "mail", "impact": "3", "urgency": "3", "priority": "3"}
	incident T3 cancelled
$$, $$
	incident T1 in_progress {"assignee": ""}
	incident T2 new {"urgency": null}
	incident T4 new {"title": "old", "opened_at": "@-400"}
$$, 'T1|T2');

SELECT * FROM control_case('8.6.1-2', $$
	document D1 effective {"kind": "major_incident_procedure", "approver": "ann", "approved_at": "@-10"}
$$, $$
	document D1 draft
$$, 'major_incident_procedure');

SELECT * FROM control_case('8.6.1-3', $$
	major_incident M1 closed {"manager": "ann", "informed_at": "@-2", "restored_at": "@-2", "timeline": "fast", "cause": "fire"}
	major_incident M2 restored {"manager": "ann", "informed_at": "@-2", "restored_at": "@-2"}
$$, $$
	major_incident M1 closed {"manager": ""}
	major_incident M2 restored {"restored_at": "@-10"}
	major_incident M3 closed {"manager": "ann", "informed_at": "@-9", "restored_at": "@-9", "timeline": "fast", "cause": "fire"}
$$, 'M1|M2|M3');

SELECT * FROM control_case('8.6.1-4', $$
	!SELECT itsm.define_sla('{"name": "gold", "lifecycle": "incident", "metric": "resolution", "target": "4 hours"}')
	incident T1 in_progress
	incident T2 in_progress {"escalated_at": "@-2"}
	!SET LOCAL itsm.maintenance = on
	!UPDATE itsm.clock SET started_at = now() - interval '3 days', breached = true, breached_at = now() - interval '1 day' WHERE record = record_of('incident', 'T2')
	!SET LOCAL itsm.maintenance = off
$$, $$
	incident T2 in_progress {"escalated_at": "@0"}
	incident T3 in_progress
	!SET LOCAL itsm.maintenance = on
	!UPDATE itsm.clock SET started_at = now() - interval '3 days', breached = true, breached_at = now() - interval '1 day' WHERE record = record_of('incident', 'T2')
	!UPDATE itsm.clock SET started_at = now() - interval '3 days', due_at = now() - interval '1 day' WHERE record = record_of('incident', 'T3')
$$, 'T2|T3');

SELECT * FROM control_case('8.6.1-5', $$
	incident T1 resolved {"resolution": "restarted", "resolution_code": "fixed", "service": "mail"}
	incident T2 new
$$, $$
	incident T1 resolved {"service": "", "ci": ""}
	incident T3 closed {"resolution": "restarted", "resolution_code": "fixed", "ci": "srv", "opened_at": "@-2"}
	incident T4 closed {"resolution": "", "resolution_code": "fixed", "ci": "srv", "resolved_at": "@-1"}
$$, 'T1|T4');

SELECT * FROM control_case('8.6.1-6', $$
	incident T1 closed
	incident T2 resolved {"parent": "T1"}
	incident T3 resolved
	incident T3 in_progress
$$, $$
	incident T4 in_progress {"parent": "T1"}
	incident T3 resolved
	incident T3 in_progress
	incident T3 resolved
	incident T3 in_progress
	incident T3 resolved
	incident T3 in_progress
$$, 'T1|T3');

SELECT * FROM control_case('8.6.1-7', $$
	incident T1 closed {"resolution_code": "caused_by_change", "change": "C1"}
	change C1 closed
	incident T2 closed {"category": "failed change"}
	!SELECT itsm.relate(record_of('incident', 'T2'), 'caused_by', record_of('change', 'C1'))
	incident T3 closed {"resolution_code": "exchanged"}
$$, $$
	incident T4 closed {"resolution_code": "change"}
$$, 'T4');

-- 8.6.2 Service requests

SELECT * FROM control_case('8.6.2-1', $$
	catalogue_item laptop current {"approval_required": true}
	service_request Q1 closed {"catalogue_item": "laptop", "priority": "3", "outcome": "delivered", "approver": "ann"}
	service_request Q2 in_fulfilment {"category": "access", "priority": "3"}
$$, $$
	service_request Q1 closed {"approver": ""}
	service_request Q2 in_fulfilment {"priority": null}
	service_request Q3 closed {"category": "access", "priority": "3"}
$$, 'Q1|Q2|Q3');

SELECT * FROM control_case('8.6.2-2', $$
	catalogue_item laptop current {"fulfilment": "order one"}
	catalogue_item mail current {"fulfilment": "D1"}
	document D1 effective
	catalogue_item whole current {"kind": "service"}
$$, $$
	catalogue_item laptop current {"fulfilment": ""}
	document D1 withdrawn
$$, 'laptop|mail');

SELECT * FROM control_case('8.6.2-3', $$
	catalogue_item laptop current {"fulfilment_target": "P5D"}
	service_request Q1 closed {"catalogue_item": "laptop", "opened_at": "@-20", "resolved_at": "@-17"}
	service_request Q2 in_fulfilment {"catalogue_item": "laptop", "opened_at": "@-2"}
	!SELECT itsm.define_sla('{"name": "quick", "lifecycle": "service_request", "metric": "resolution", "target": "4 hours"}')
	service_request Q3 in_fulfilment
$$, $$
	service_request Q1 closed {"resolved_at": "@-10"}
	service_request Q2 in_fulfilment {"opened_at": "@-12"}
	!SET LOCAL itsm.maintenance = on
	!UPDATE itsm.clock SET breached = true WHERE record = record_of('service_request', 'Q3')
$$, 'Q1|Q2|Q3');

-- 8.6.3 Problems

SELECT * FROM control_case('8.6.3-1', $$
	incident T1 closed
	analysis N1 held {"subject": "incident", "held_at": "@-20", "result": "fewer"}
$$, $$
	analysis N1 held {"result": ""}
$$, 'incident');
SELECT * FROM control_case('8.6.3-1', $$
	incident T1 closed
	analysis N1 held {"subject": "incident", "held_at": "@-20", "result": "fewer"}
$$, $$
	analysis N1 planned
$$, 'incident');

SELECT * FROM control_case('8.6.3-2', $$
	problem P1 closed {"category": "mail", "priority": "3", "root_cause": "leak", "resolution": "patched"}
	problem P2 closed {"category": "mail", "priority": "3", "risk_accepted_by": "ann"}
	problem P3 assessed {"category": "mail", "priority": "3"}
$$, $$
	problem P1 closed {"root_cause": ""}
	problem P3 assessed {"category": ""}
$$, 'P1|P3');

SELECT * FROM control_case('8.6.3-3', $$
	problem P1 known_error {"root_cause": "leak", "workaround": "restart"}
	problem P2 fix_in_progress {"root_cause": "leak"}
	known_error E1 published {"problem": "P2", "workaround": "restart"}
$$, $$
	problem P1 known_error {"workaround": ""}
	problem P3 root_cause_analysis {"root_cause": "leak", "workaround": "restart"}
$$, 'P1|P3');

SELECT * FROM control_case('8.6.3-4', $$
	problem P1 fix_in_progress {"change": "C1"}
	change C1 scheduled
	problem P2 resolved {"action": "training"}
	problem P3 closed {"risk_accepted_by": "ann"}
$$, $$
	problem P2 resolved {"action": ""}
	problem P4 fix_in_progress {"change": "C9"}
$$, 'P2|P4');

SELECT * FROM control_case('8.6.3-5', $$
	problem P1 known_error {"root_cause": "leak"}
	known_error E1 published {"problem": "P1", "root_cause": "leak"}
$$, $$
	known_error E1 draft
	problem P2 fix_in_progress
	known_error E2 published {"problem": "P2"}
$$, 'P1');

SELECT * FROM control_case('8.6.3-6', $$
	problem P1 root_cause_analysis
	problem P2 closed {"effectiveness": "holds"}
$$, $$
	problem P2 closed {"effectiveness": ""}
$$, 'P2');

SELECT * FROM control_case('8.6.3-7', $$
	!SELECT evidence_line(format('incident T%s closed {"ci": "srv", "category": "disk", "service": "mail"}', n)) FROM generate_series(1, 5) n
	problem P1 root_cause_analysis {"ci": "srv", "category": "disk", "service": "mail"}
	major_incident M1 closed {"problem": "P1"}
	major_incident M2 closed {"no_problem_reason": "a digger"}
$$, $$
	problem P1 cancelled
	incident T5 closed {"category": "fan", "service": ""}
	major_incident M2 closed {"no_problem_reason": ""}
$$, 'M2|configuration item srv');
SELECT * FROM control_case('8.6.3-7', $$
	!SELECT evidence_line(format('incident T%s closed {"category": "disk"}', n)) FROM generate_series(1, 5) n
	incident T1 closed {"problem": "P1"}
$$, $$
	incident T1 closed {"problem": ""}
$$, 'category disk');

-- 8.7.1 Availability

SELECT * FROM control_case('8.7.1-1', $$
	service mail live
	requirement R1 current {"kind": "availability", "service": "mail", "target": "99", "reviewed_at": "@-20"}
$$, $$
	requirement R1 current {"target": null}
	service web live
$$, 'mail|web');
SELECT * FROM control_case('8.7.1-1', $$
	service mail live
	requirement R1 current {"kind": "availability", "service": "mail", "target": "99", "reviewed_at": "@-20"}
$$, $$
	requirement R1 current {"reviewed_at": "@-400"}
$$, 'mail');

SELECT * FROM control_case('8.7.1-2', $$
	service mail live
	measurement M1 recorded {"kind": "availability", "service": "mail", "period_start": "@-35", "period_end": "@-5", "value": "98", "target": "99", "cause": "storm", "action": "roof"}
	outage O1 closed {"service": "mail", "started_at": "@-20", "ended_at": "@-20", "cause": "storm", "action": "roof"}
	outage O2 closed {"service": "mail", "planned": true, "started_at": "@-20", "ended_at": "@-20"}
$$, $$
	measurement M1 recorded {"cause": ""}
	service web live
	outage O1 closed {"action": ""}
$$, 'O1|mail|web');

SELECT * FROM control_case('8.7.1-3', $$
	service mail live
	measurement M1 recorded {"kind": "availability", "service": "mail", "period_start": "@-35", "period_end": "@-5", "value": "98.75", "reported_value": "98.8"}
$$, $$
	measurement M1 recorded {"reported_value": "99.9"}
$$, 'M1');

-- 8.7.2 Continuity

SELECT * FROM control_case('8.7.2-1', $$
	service mail live {"criticality": "critical"}
	continuity_plan F1 current {"service": "mail", "invocation_criteria": "a day", "responsibilities": "ann", "procedures": "paper", "targets": "a day", "recovery_requirements": "tapes", "return_to_normal": "slowly", "approved_by": "ann", "approved_at": "@-20"}
	service lunch live {"criticality": "low"}
$$, $$
	continuity_plan F1 current {"procedures": ""}
	service web live {"criticality": "high"}
$$, 'mail|web');
SELECT * FROM control_case('8.7.2-1', $$
	service mail live {"criticality": "critical"}
	continuity_plan F1 current {"service": "mail", "invocation_criteria": "a day", "responsibilities": "ann", "procedures": "paper", "targets": "a day", "recovery_requirements": "tapes", "return_to_normal": "slowly", "approved_by": "ann", "approved_at": "@-20"}
$$, $$
	continuity_plan F1 current {"approved_at": "@-400"}
$$, 'mail');

SELECT * FROM control_case('8.7.2-2', $$
	continuity_plan F1 current {"service": "mail"}
	continuity_test Z1 closed {"plan": "F1", "held_at": "@-150"}
	continuity_plan F2 current {"service": "web"}
$$, $$
	change C1 closed {"service": "mail", "major_impact": true, "actual_end": "@-120"}
	continuity_plan F2 current {"opened_at": "@-400"}
$$, 'F1|F2');

SELECT * FROM control_case('8.7.2-3', $$
	continuity_test Z1 closed {"result": "good", "reviewer": "bob", "deficiencies": "slow", "actions": "hurry"}
	continuity_test Z2 completed {"result": "good", "resolved_at": "@-5"}
	continuity_invocation I1 reviewed {"reviewed_at": "@-5", "actions": "none"}
$$, $$
	continuity_test Z1 closed {"actions": ""}
	continuity_test Z2 completed {"resolved_at": "@-50"}
	continuity_invocation I1 reviewed {"actions": ""}
$$, 'I1|Z1|Z2');

SELECT * FROM control_case('8.7.2-4', $$
	continuity_plan F1 current {"required_rto": "PT4H", "required_rpo": "PT1H"}
	continuity_test Z1 closed {"plan": "F1", "achieved_rto": "PT3H", "achieved_rpo": "PT1H"}
	continuity_invocation I1 reviewed {"plan": "F1", "achieved_rto": "PT9H", "actions": "faster tapes"}
$$, $$
	continuity_test Z1 closed {"achieved_rpo": "PT2H"}
	continuity_invocation I1 reviewed {"actions": ""}
$$, 'I1|Z1');

SELECT * FROM control_case('8.7.2-5', $$
	continuity_plan F1 current {"alternate_location": "home"}
	continuity_plan F2 current {"document": "D1"}
	document D1 effective {"alternate_location": "safe"}
$$, $$
	continuity_plan F1 current {"alternate_location": ""}
	document D1 withdrawn
$$, 'F1|F2');

SELECT * FROM control_case('8.7.2-6', $$
	continuity_invocation I1 reviewed {"cause": "fire", "effect": "none", "recovery": "moved", "reported_at": "@-5"}
$$, $$
	continuity_invocation I1 reviewed {"effect": ""}
$$, 'I1');

-- 8.7.3 Information security

SELECT * FROM control_case('8.7.3-1', $$
	role ceo current {"top_management": true}
	role_assignment A1 current {"role": "ceo", "person": "ann", "valid_from": "@-400"}
	document D1 effective {"kind": "infosec_policy", "approver": "ann", "approved_at": "@-10"}
	communication K1 recorded {"document": "D1", "audience": "{all}", "at": "@-5"}
$$, $$
	communication K1 withdrawn
$$, 'D1');
SELECT * FROM control_case('8.7.3-1', $$
	role ceo current {"top_management": true}
	role_assignment A1 current {"role": "ceo", "person": "ann", "valid_from": "@-400"}
	document D1 effective {"kind": "infosec_policy", "approver": "ann", "approved_at": "@-10"}
	communication K1 recorded {"document": "D1", "audience": "{all}", "at": "@-5"}
$$, $$
	document D1 effective {"approver": "bob"}
$$, 'D1');

SELECT * FROM control_case('8.7.3-2', $$
	risk R1 monitored {"kind": "security", "assessed_at": "@-20"}
	security_control locks current {"risk": "R1", "operated": true, "reviewed_at": "@-20", "effectiveness": "good"}
$$, $$
	risk R1 monitored {"assessed_at": "@-400"}
	risk R2 in_treatment {"kind": "security", "assessed_at": "@-20"}
	security_control locks current {"effectiveness": ""}
$$, 'R1|R2|locks');
SELECT * FROM control_case('8.7.3-2', $$
	risk R1 accepted {"kind": "security", "assessed_at": "@-20"}
$$, $$
	risk R1 accepted {"kind": "service"}
$$, 'risks to information security');

SELECT * FROM control_case('8.7.3-3', $$
	party isp current {"has_access": true}
	security_control badge current {"party": "isp", "agreed_at": "@-20"}
	party acme current
$$, $$
	party acme current {"has_access": true}
	security_control badge current {"agreed_at": null}
$$, 'acme|isp');

SELECT * FROM control_case('8.7.3-4', $$
	incident T1 closed {"security": true, "security_type": "phishing", "priority": "2", "assignee": "ann", "escalated_to": "ciso", "resolution": "blocked"}
	incident T2 closed
$$, $$
	incident T1 closed {"escalated_to": ""}
	incident T3 new {"security": true, "priority": "4"}
$$, 'T1|T3');

SELECT * FROM control_case('8.7.3-5', $$
	incident T1 closed {"security": true}
	analysis N1 held {"subject": "security_incident", "held_at": "@-20", "result": "fewer", "actions": "{V1}"}
$$, $$
	analysis N1 held {"actions": "{}"}
$$, 'security_incident');

SELECT * FROM finish();
ROLLBACK;
