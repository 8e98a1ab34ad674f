-- Controls of clauses 4 to 7, 9 and 10, and of the evidence itself: with nothing to go by,
-- with a small set of records that conforms, and after a breach.
BEGIN;
\ir ../control_evidence.sql
SELECT no_plan();

SELECT is((SELECT count(*) FROM itsm.control WHERE framework = 'iso20000'), 163::bigint, '163 controls');
SELECT is_empty($$SELECT id FROM itsm.control WHERE framework = 'iso20000' AND (title = '' OR remedy IS NULL)$$, 'each says what it is, and what would fix it');
SELECT is_empty($$SELECT control, status, detail FROM itsm.evaluate_controls('iso20000') WHERE status <> CASE control WHEN 'X-3' THEN 'conforming' ELSE 'no evidence' END$$,
	'without records there is no evidence, and none conforms');
SELECT exclude_all() \g /dev/null

-- 4 Context

SELECT * FROM control_case('4.1-1', $$
	context_issue I1 current {"kind": "internal", "reviewed_at": "@-10"}
	context_issue I2 current {"kind": "external", "reviewed_at": "@-10"}
$$, $$
	context_issue I1 current {"reviewed_at": "@-400"}
	context_issue I2 retired
$$, 'I1|external issues');

SELECT * FROM control_case('4.1-2', $$
	context_issue I1 current {"kind": "climate", "decision": "yes", "rationale": "floods"}
$$, $$
	context_issue I1 current {"rationale": ""}
$$, 'I1');

SELECT * FROM control_case('4.2-1', $$
	party acme current {"kind": "customer"}
	requirement R1 current {"kind": "party", "party": "acme"}
	party staff current {"kind": "staff", "no_requirements": true}
$$, $$
	party rose current {"kind": "customer"}
$$, 'rose');

SELECT * FROM control_case('4.2-2', $$
	requirement R1 current {"kind": "party", "party": "acme", "traces_to": "R2", "traces_to_kind": "requirement"}
	requirement R2 current {"kind": "service", "service": "mail"}
	requirement R3 current {"kind": "party", "party": "acme", "traces_to": "4.1-1", "traces_to_kind": "control"}
	requirement R4 current {"kind": "party", "party": "acme", "applicable": false}
$$, $$
	requirement R1 current {"traces_to": "R9"}
	requirement R4 current {"applicable": true}
$$, 'R1|R4');

SELECT * FROM control_case('4.3-1', $$
	document D1 effective {"kind": "scope", "approver": "ann", "approved_at": "@-10", "services": "{mail}", "organisation_units": "{it}"}
$$, $$
	document D1 effective {"services": "{}"}
$$, 'D1');
SELECT * FROM control_case('4.3-1', $$
	document D1 effective {"kind": "scope", "approver": "ann", "approved_at": "@-10", "services": "{mail}", "organisation_units": "{it}"}
$$, $$
	document D1 superseded
$$, 'scope');
SELECT * FROM control_case('4.3-1', $$
	document D1 effective {"kind": "scope", "approver": "ann", "approved_at": "@-10", "services": "{mail}", "organisation_units": "{it}"}
$$, $$
	document D1 effective {"approved_at": "@-400"}
	document D2 effective {"kind": "scope", "approver": "ann", "approved_at": "@-10", "services": "{mail}", "organisation_units": "{it}"}
$$, 'D1|D2');

SELECT * FROM control_case('4.3-2', $$
	document D1 effective {"kind": "scope", "services": "{mail}"}
	service mail live {"in_scope": true}
	service lunch live {"in_scope": false}
$$, $$
	service chat live
	service web live {"in_scope": true}
$$, 'chat|web');

SELECT * FROM control_case('4.4-1', $$
	process all current {"owner": "ann", "clauses": "{8}"}
	document D1 effective {"kind": "process_description", "process": "all", "owner": "ann", "approved_at": "@-10"}
$$, $$
	process all current {"clauses": "{8.2,8.3,8.4,8.5,8.7,8.6.1,8.6.3}"}
$$, '8.6.2 Service request management');

SELECT * FROM control_case('4.4-2', $$
	process incident current
	metric mttr current {"process": "incident", "frequency": "P1M"}
	measurement M1 recorded {"metric": "mttr", "period_start": "@-35", "period_end": "@-5"}
$$, $$
	measurement M1 recorded {"period_end": "@-100"}
	process change current
$$, 'change|incident');

-- 5 Leadership

SELECT * FROM control_case('5.1-1', $$
	role ceo current {"top_management": true}
	role_assignment A1 current {"role": "ceo", "person": "ann", "valid_from": "@-400", "valid_to": "@-100"}
	role_assignment A2 current {"role": "ceo", "person": "bob", "valid_from": "@-99"}
	certificate C1 certified {"issued_at": "@-300"}
$$, $$
	role_assignment A1 current {"valid_to": "@-110"}
$$, 'ceo');

SELECT * FROM control_case('5.2-1', $$
	role ceo current {"top_management": true}
	role_assignment A1 current {"role": "ceo", "person": "Ann", "valid_from": "@-400"}
	document D1 effective {"kind": "sm_policy", "approver": "ann", "approved_at": "@-10"}
$$, $$
	role_assignment A1 current {"valid_to": "@-20"}
$$, 'D1');

SELECT * FROM control_case('5.2-2', $$
	document D1 effective {"kind": "sm_policy", "effective_from": "@-60"}
	role agent current
	role guest current {"in_scope": false}
	communication K1 recorded {"document": "D1", "audience": "{agent}", "at": "@-50"}
$$, $$
	role clerk current
	communication K1 recorded {"at": "@-10"}
$$, 'D1: agent|D1: clerk');

SELECT * FROM control_case('5.3-1', $$
	person ann current
	service mail live {"owner": "ann"}
	risk R1 assessed {"owner": "ann"}
	contract C1 active {"owner": "ann"}
$$, $$
	person bob retired
	service mail live {"owner": "bob"}
	risk R1 assessed {"owner": "eve"}
	contract C1 active {"owner": ""}
$$, 'contract C1|risk R1|service mail');

SELECT * FROM control_case('5.3-2', $$
	change C1 closed {"requester": "ann", "approver": "bob", "implementer": "eve", "reviewer": "bob"}
	role clerk current {"incompatible_with": "{auditor}"}
	role_assignment A1 current {"role": "clerk", "person": "ann", "valid_from": "@-10"}
$$, $$
	change C1 closed {"reviewer": "Eve"}
	audit U1 closed {"auditor": "ann", "auditee": "ann"}
	role_assignment A2 current {"role": "auditor", "person": "ann", "valid_from": "@-5"}
$$, 'audit U1|change C1|role_assignment A1');

SELECT * FROM control_case('5.3-3', $$
	person ann current
	person bob current {"valid_to": "@-20"}
	incident T1 in_progress {"assignee": "ann"}
	incident T2 closed {"assignee": "bob"}
$$, $$
	incident T1 in_progress {"assignee": "bob"}
$$, 'bob');

-- 6 Planning

SELECT * FROM control_case('6.1-1', $$
	service mail live
	risk R1 assessed {"service": "mail", "assessed_at": "@-10"}
$$, $$
	risk R1 assessed {"assessed_at": "@-400"}
	service web live
$$, 'mail|web');

SELECT * FROM control_case('6.1-2', $$
	risk R1 accepted {"likelihood": "2", "impact": "3", "score": "6", "owner": "ann", "accepted_by": "bob", "accepted_until": "@30", "appetite": "6"}
	risk R2 identified {"likelihood": "2", "impact": "3", "score": "6", "owner": "ann", "decision": "treat"}
$$, $$
	risk R1 accepted {"accepted_until": "@-5"}
	risk R2 identified {"decision": ""}
$$, 'R1|R2');

SELECT * FROM control_case('6.1-3', $$
	risk R1 in_treatment {"due": "@5"}
	risk R2 in_treatment {"due": "@-5", "extended_to": "@5", "extension_approved_by": "ann"}
$$, $$
	risk R1 in_treatment {"due": "@-5"}
	risk R2 in_treatment {"extension_approved_by": ""}
$$, 'R1|R2');

SELECT * FROM control_case('6.1-4', $$
	risk R1 monitored {"treated_at": "@-20", "effectiveness": "good", "effectiveness_checked_at": "@-10"}
$$, $$
	risk R1 monitored {"effectiveness_checked_at": "@-30"}
$$, 'R1');

SELECT * FROM control_case('6.1-5', $$
	major_incident M1 closed {"service": "mail", "opened_at": "@-60"}
	change C1 closed {"service": "web", "outcome": "failed", "actual_end": "@-60", "opened_at": "@-70"}
	risk R1 assessed {"service": "mail", "assessed_at": "@-50"}
	risk R2 assessed {"service": "", "trigger": "C1", "assessed_at": "@-50"}
$$, $$
	risk R1 assessed {"assessed_at": "@-70"}
	risk R2 assessed {"assessed_at": "@-20"}
$$, 'change C1|major_incident M1');

SELECT * FROM control_case('6.2-1', $$
	objective O1 current {"function": "desk", "target": "95", "unit": "%", "due": "@100"}
$$, $$
	objective O1 current {"unit": ""}
$$, 'desk');

SELECT * FROM control_case('6.2-2', $$
	objective O1 current {"owner": "ann", "due": "@100", "resources": "two", "evaluation_method": "count"}
	measurement M1 recorded {"objective": "O1"}
	objective O2 current {"owner": "ann", "due": "@100", "resources": "two", "evaluation_method": "count"}
	metric share current {"objective": "O2"}
	measurement M2 recorded {"metric": "share"}
$$, $$
	objective O1 current {"resources": ""}
	measurement M2 withdrawn
$$, 'O1|O2');

SELECT * FROM control_case('6.3-1', $$
	document D1 effective {"kind": "sm_plan", "approver": "ann", "approved_at": "@-10", "sections": "{services,constraints,authorities,resources,other_parties,technology,measurement}"}
$$, $$
	document D1 effective {"sections": "{services,constraints,authorities,resources,technology,measurement}"}
$$, 'D1');

SELECT * FROM control_case('6.3-2', $$
	document D1 effective {"kind": "sm_plan"}
	document D2 effective {"kind": "capacity_plan", "plan": "D1"}
$$, $$
	document D3 effective {"kind": "security_plan", "plan": "D9"}
$$, 'D3');

-- 7 Support

SELECT * FROM control_case('7.1-1', $$
	process incident current
	service mail live
	resource R1 current {"kind": "human", "process": "incident"}
	resource R2 current {"kind": "technical", "process": "incident"}
	resource R3 current {"kind": "information", "process": "incident"}
	resource R4 current {"kind": "financial", "process": "incident"}
	resource R5 current {"kind": "human", "service": "mail"}
	resource R6 current {"kind": "technical", "service": "mail"}
	resource R7 current {"kind": "information", "service": "mail"}
	resource R8 current {"kind": "financial", "service": "mail"}
$$, $$
	resource R8 retired
	process change current
$$, 'process change|service mail');

SELECT * FROM control_case('7.2-1', $$
	role agent current {"required_competences": "{sql,tea}"}
	role_assignment A1 current {"role": "agent", "person": "ann", "valid_from": "@-50"}
	competence K1 current {"person": "ann", "competence": "sql", "valid_from": "@-90"}
	competence K2 current {"person": "ann", "competence": "tea", "valid_from": "@-90", "valid_to": "@-10"}
$$, $$
	competence K2 current {"valid_from": "@-40"}
$$, 'A1');

SELECT * FROM control_case('7.2-2', $$
	role_assignment A1 current {"role": "agent", "person": "ann", "valid_from": "@-50"}
	competence K1 current {"person": "ann", "competence": "driving", "mandatory": true, "valid_to": "@10"}
	competence K2 current {"person": "bob", "competence": "driving", "mandatory": true, "valid_to": "@-10"}
$$, $$
	competence K1 current {"valid_to": "@-10"}
$$, 'K1');

SELECT * FROM control_case('7.2-3', $$
	training T1 evaluated {"evaluation": "good"}
	training T2 held {"held_at": "@-10"}
$$, $$
	training T2 held {"held_at": "@-100"}
$$, 'T2');

SELECT * FROM control_case('7.3-1', $$
	person ann current
	person bob current
	person guest current {"in_scope": false}
	document D1 effective {"kind": "sm_policy"}
	acknowledgement K1 recorded {"person": "ann", "document": "D1", "contribution": "answers", "at": "@-10"}
	acknowledgement K2 recorded {"person": "bob", "document": "D1", "contribution": "tests", "at": "@-10"}
$$, $$
	acknowledgement K2 recorded {"at": "@-400"}
$$, 'D1');

SELECT * FROM control_case('7.4-1', $$
	communication_plan news current {"title": "News", "occasion": "monthly", "audience": "all", "method": "mail", "owner": "ann", "frequency": "P1M"}
	communication K1 recorded {"plan": "news", "at": "@-10"}
$$, $$
	communication K1 recorded {"at": "@-50"}
$$, 'news');

SELECT * FROM control_case('7.5-1', $$
	document D1 effective {"author": "ann", "approver": "bob"}
$$, $$
	document D1 effective {"approver": "ANN"}
	document D2 approved {"author": "ann"}
$$, 'D1|D2');

SELECT * FROM control_case('7.5-2', $$
	document D1 effective {"next_review": "@10"}
	document D2 superseded {"next_review": "@-10"}
$$, $$
	document D1 effective {"next_review": "@-1"}
$$, 'D1');

SELECT * FROM control_case('7.5-3', $$
	document D1 superseded {"number": "P1", "successor": "D2"}
	document D2 effective {"number": "P1"}
$$, $$
	document D3 effective {"number": "P1"}
	document D4 superseded
$$, 'D2|D3|D4');

SELECT * FROM control_case('7.5-4', $$
	retention_rule K1 current {"process": "incident", "period": "P1Y"}
	retention_rule K2 current {"process": "retention_rule", "period": "P1Y"}
	incident T1 closed
	incident T2 closed {"opened_at": "@-900"}
	!DELETE FROM evidence.incident WHERE key = 'T2'
$$, $$
	!DELETE FROM evidence.incident WHERE key = 'T1'
	risk R1 identified
$$, 'incident|risk');

SELECT * FROM control_case('7.5-5', $$
	!SELECT evidence_line(format('document Q%s%s effective {"kind": "%s", "sections": "{%s}"}', number, kind, kind, 'return_to_normal,continuing_operation')) FROM itsm.required_document WHERE same_as IS NULL AND section IS NULL
$$, $$
	document QD02sm_plan withdrawn
	document QD03continuity_plan effective {"sections": "{return_to_normal}"}
	document QD23sla withdrawn
	agreement S1 in_force {"kind": "sla"}
$$, 'D02 Service management plan|D19 Going on during a major loss of service');

SELECT * FROM control_case('7.5-6', $$
	!SELECT evidence_line(format('nil_return N%s recorded {"kind": "%s", "period_end": "@-10"}', number, kind)) FROM itsm.required_record WHERE kind NOT IN ('incident', 'configuration', 'availability_result')
	incident T1 closed
	configuration_item srv live {"opened_at": "@-900"}
	measurement M1 recorded {"kind": "availability"}
$$, $$
	nil_return NR12 recorded {"period_end": "@-400"}
	measurement M1 recorded {"kind": "kpi"}
$$, 'R01 Results of monitoring availability|R12 Disputes with external suppliers');

SELECT * FROM control_case('7.5-7', $$
	document D1 effective {"origin": "internal"}
	document D2 effective {"origin": "external", "distribution": "library"}
$$, $$
	document D1 effective {"origin": ""}
	document D2 effective {"distribution": ""}
$$, 'D1|D2');

SELECT * FROM control_case('7.5.1-1', $$
	document D1 effective {"kind": "scope", "owner": "ann", "medium": "wiki", "required_by": "standard"}
	document D2 effective {"kind": "manual", "owner": "ann", "medium": "wiki", "required_by": "organisation"}
$$, $$
	document D1 effective {"medium": ""}
	document D2 withdrawn
$$, 'D1|documents that the organisation needs');

SELECT * FROM control_case('7.6-1', $$
	knowledge_article K1 published {"valid_to": "@10", "reviewed_at": "@-10"}
	knowledge_article K2 published
	knowledge_article K3 retired {"valid_to": "@-10"}
$$, $$
	knowledge_article K1 published {"reviewed_at": "@-400"}
	knowledge_article K2 published {"valid_to": "@-1"}
$$, 'K1|K2');

SELECT * FROM control_case('7.6-2', $$
	known_error E1 published {"workaround": "restart", "problem": "P1"}
	known_error E2 published {"workaround": "restart"}
	knowledge_article K1 published {"problem": "P1"}
	knowledge_article K2 published {"known_error": "E2", "category": "mail"}
	!SELECT evidence_line(format('incident T%s closed {"category": "mail"}', n)) FROM generate_series(1, 101) n
$$, $$
	knowledge_article K1 outdated
	knowledge_article K2 published {"category": "web"}
$$, 'category mail|known_error E1');

-- 9 Performance evaluation

SELECT * FROM control_case('9.1-1', $$
	metric mttr current {"method": "count", "frequency": "P30D", "owner": "ann", "analysis_schedule": "monthly"}
	measurement M1 recorded {"metric": "mttr", "period_start": "@-65", "period_end": "@-35"}
	measurement M2 recorded {"metric": "mttr", "period_start": "@-35", "period_end": "@-5"}
$$, $$
	metric share current {"method": "", "frequency": "P30D", "owner": "ann", "analysis_schedule": "monthly"}
	measurement M1 recorded {"period_start": "@-125", "period_end": "@-95"}
$$, 'mttr|share');

SELECT * FROM control_case('9.1-2', $$
	measurement M1 analysed {"period_end": "@-60", "analysed_at": "@-50", "deviation": true, "action": "more staff"}
	measurement M2 recorded {"period_end": "@-10"}
$$, $$
	measurement M1 analysed {"action": ""}
	measurement M2 recorded {"period_end": "@-40"}
$$, 'M1|M2');

SELECT * FROM control_case('9.2-1', $$
	process incident current
	audit_programme G1 current {"period_start": "@-100", "period_end": "@900", "clauses": "{4,5,6,7,8,9,10}", "processes": "{incident}", "importance": "services first", "previous_results": "none"}
$$, $$
	audit_programme G1 current {"clauses": "{4,5,6,7,8,9}", "processes": "{}"}
$$, 'G1');
SELECT * FROM control_case('9.2-1', $$
	audit_programme G1 current {"period_start": "@-100", "period_end": "@900", "clauses": "{4,5,6,7,8,9,10}", "importance": "services first", "previous_results": "none"}
$$, $$
	audit_programme G1 retired
$$, 'audit programme');

SELECT * FROM control_case('9.2-2', $$
	audit U1 closed {"criteria": "standard", "scope": "desk", "report": "good", "reported_at": "@-20", "planned_start": "@-40", "planned_end": "@-30"}
	audit U2 planned {"criteria": "standard", "scope": "web", "planned_start": "@30"}
$$, $$
	audit U2 planned {"planned_start": "@-30", "planned_end": "@-20"}
$$, 'U2');
SELECT * FROM control_case('9.2-2', $$
	audit U1 closed {"criteria": "standard", "scope": "desk", "report": "good", "reported_at": "@-20", "planned_start": "@-40"}
$$, $$
	audit U1 closed {"reported_at": "@-400", "planned_start": "@-420"}
$$, 'internal audits');

SELECT * FROM control_case('9.2-3', $$
	process incident current {"owner": "bob"}
	audit U1 closed {"auditor": "ann", "auditee": "bob", "processes": "{incident}"}
	audit U2 closed {"auditor": "ann", "auditee": "bob"}
$$, $$
	process incident current {"owner": "ann"}
	audit U2 closed {"auditee": "ann"}
$$, 'U1|U2');

SELECT * FROM control_case('9.2-4', $$
	finding F1 action_planned {"grade": "major", "corrective_action": "A1", "owner": "ann", "reported_at": "@-5"}
	corrective_action A1 open {"due": "@10"}
	finding F2 accepted {"grade": "observation"}
$$, $$
	finding F1 action_planned {"reported_at": null}
	finding F3 accepted {"grade": "minor", "owner": "ann", "due": "@5", "reported_at": "@-5"}
$$, 'F1|F3');

SELECT * FROM control_case('9.3-1', $$
	role ceo current {"top_management": true}
	role_assignment A1 current {"role": "ceo", "person": "ann", "valid_from": "@-400"}
	management_review M1 held {"held_at": "@-20", "chaired_by": "ann"}
$$, $$
	management_review M1 held {"chaired_by": "bob"}
$$, 'M1');
SELECT * FROM control_case('9.3-1', $$
	role ceo current {"top_management": true}
	role_assignment A1 current {"role": "ceo", "person": "ann", "valid_from": "@-900"}
	management_review M1 held {"held_at": "@-20", "chaired_by": "ann"}
$$, $$
	management_review M1 planned
$$, 'management review');

SELECT * FROM control_case('9.3-2', $$
	management_review M1 held {"held_at": "@-20", "decisions": "go on", "actions": "one", "action_keys": "{V1}", "inputs": "{previous_actions,changes,performance,nonconformities,measurements,audits,feedback,objectives,resources,risks,parties,improvements}"}
	improvement V1 proposed
$$, $$
	management_review M1 held {"inputs": "{previous_actions,changes,performance,nonconformities,measurements,audits,feedback,objectives,resources,risks,improvements}"}
	management_review M2 held {"held_at": "@-20", "decisions": "go on", "actions": "one", "action_keys": "{V9}", "inputs": "{previous_actions,changes,performance,nonconformities,measurements,audits,feedback,objectives,resources,risks,parties,improvements}"}
$$, 'M1|M2');

SELECT * FROM control_case('9.4-1', $$
	service_report monthly current {"title": "Monthly", "purpose": "performance", "audience": "customers", "frequency": "P1M", "data_source": "tickets"}
	report_issue I1 held {"report": "monthly", "due_at": "@-10", "held_at": "@-11"}
$$, $$
	report_issue I2 planned {"report": "monthly", "due_at": "@-2"}
	service_report weekly current {"title": "Weekly", "purpose": "performance", "audience": "", "frequency": "P7D", "data_source": "tickets"}
$$, 'monthly|weekly');

SELECT * FROM control_case('9.4-2', $$
	report_issue I1 closed {"held_at": "@-50", "decisions": "none", "actions": "none", "communicated_at": "@-45"}
	report_issue I2 held {"held_at": "@-5"}
$$, $$
	report_issue I1 closed {"decisions": ""}
	report_issue I2 held {"held_at": "@-40"}
$$, 'I1|I2');

-- 10 Improvement

SELECT * FROM control_case('10.1-1', $$
	corrective_action A1 closed {"cause": "haste", "owner": "ann", "correction": "put right", "similar_cases": "none", "evidence": "ticket", "effect": "good"}
	corrective_action A2 open {"cause": "haste", "owner": "ann"}
	finding F1 closed {"corrective_action": "A1"}
$$, $$
	corrective_action A1 closed {"similar_cases": ""}
	finding F1 closed {"corrective_action": "A2"}
$$, 'A1|F1');

SELECT * FROM control_case('10.1-2', $$
	corrective_action A1 closed {"owner": "ann", "verifier": "bob"}
	finding F1 verified {"owner": "ann", "verifier": "bob"}
$$, $$
	corrective_action A1 closed {"verifier": "Ann"}
	finding F1 verified {"verifier": "ann"}
$$, 'A1|F1');

SELECT * FROM control_case('10.1-3', $$
	corrective_action A1 open {"due": "@5"}
	corrective_action A2 in_progress {"due": "@-5", "extended_to": "@5", "extension_approved_by": "bob"}
	corrective_action A3 closed {"due": "@-5"}
$$, $$
	corrective_action A1 open {"due": "@-2"}
	corrective_action A2 in_progress {"extended_to": "@-1"}
$$, 'A1|A2');

SELECT * FROM control_case('10.2-1', $$
	improvement V1 approved {"criteria": "cost", "priority": "2", "decision": "yes"}
	improvement V2 proposed {"opened_at": "@-20"}
$$, $$
	improvement V1 approved {"priority": null}
	improvement V2 proposed {"opened_at": "@-100"}
$$, 'V1|V2');

SELECT * FROM control_case('10.2-2', $$
	improvement V1 closed {"target": "9", "result": "8", "reported_at": "@-5"}
	improvement V2 implemented {"resolved_at": "@-20"}
$$, $$
	improvement V1 closed {"result": ""}
	improvement V2 implemented {"resolved_at": "@-100"}
$$, 'V1|V2');

-- The evidence itself. What becomes of history in transactions of their own is shown below.

SELECT * FROM control_case('X-3', '', $$
	!ALTER TABLE evidence.risk DISABLE TRIGGER itsm_judge
$$, (SELECT format('attachment %s of evidence.risk|attachment %s, guard_disabled', attachment, attachment) FROM itsm_report.attachment_health WHERE source = 'evidence.risk'));

SELECT * FROM control_case('X-4', $$
	incident T1 new
	!INSERT INTO itsm.override SELECT record_of('incident', 'T1'), 1, now() - interval '60 days', 1, '', 'r', 'fire', 'ann', 'ann', 'ann', true
	analysis N1 held {"subject": "override", "result": "fine", "owner": "bob", "period_start": "@-90", "period_end": "@-40", "held_at": "@-40"}
$$, $$
	analysis N1 held {"owner": "ann"}
$$, 'T1');

SELECT * FROM finish();
ROLLBACK;
