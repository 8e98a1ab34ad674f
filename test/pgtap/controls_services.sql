-- Controls of clauses 8.1 and 8.2: see controls_management.sql.
BEGIN;
\ir ../control_evidence.sql
SELECT no_plan();
SELECT exclude_all() \g /dev/null

-- What a rule authorised_change would have observed of the row's first event.
CREATE FUNCTION violated(lifecycle text, key text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO itsm.violation (record, version, position, at, attachment, tenant, code, rule, kind, message)
	SELECT record_of(lifecycle, key), e.version, 1, e.at, e.attachment, e.tenant, 'IT030', 'authorised', 'authorised_change', 'no change'
	FROM itsm.event e WHERE e.record = record_of(lifecycle, key) AND e.version = 1
$$;

SELECT * FROM control_case('8.1-1', $$
	process incident current {"criteria": "in time", "record_process": "incident"}
	incident T1 closed
	process finance current {"criteria": "in budget"}
	measurement M1 recorded {"process": "finance", "period_end": "@-10"}
$$, $$
	process incident current {"record_process": "nothing"}
	process finance current {"criteria": ""}
$$, 'finance|incident');

SELECT * FROM control_case('8.1-2', $$
	document D1 superseded {"successor": "D2"}
	document D2 effective {"kind": "sm_policy", "approved_at": "@-10", "change": "C1"}
	change C1 closed
	document D3 effective {"kind": "scope", "approved_at": "@-10"}
$$, $$
	change C1 rejected
	document D4 superseded {"successor": "D3"}
$$, 'D2|D3');

SELECT * FROM control_case('8.1-3', $$
	discrepancy X1 reviewed {"unintended_change": true, "consequence": "none", "action": "put right"}
	discrepancy X2 found {"unintended_change": false}
$$, $$
	discrepancy X2 found {"unintended_change": true, "action": "put right"}
$$, 'X2');
SELECT * FROM control_case('8.1-3', $$
	configuration_item srv live
	!SELECT violated('configuration_item', 'srv')
	discrepancy X1 reviewed {"ci": "srv", "found_at": "@0", "unintended_change": true, "consequence": "none", "action": "put right"}
$$, $$
	configuration_item box live
	!SELECT violated('configuration_item', 'box')
$$, 'box');

SELECT * FROM control_case('8.2.1-1', $$
	service mail live
	service web live
	measurement M1 recorded {"kind": "sla", "service": "mail", "period_start": "@-65", "period_end": "@-35"}
	measurement M2 recorded {"kind": "sla", "service": "mail", "period_start": "@-35", "period_end": "@-5"}
$$, $$
	measurement M1 recorded {"period_start": "@-125", "period_end": "@-95"}
$$, 'mail');
SELECT * FROM control_case('8.2.1-1', $$
	service mail live
	measurement M1 recorded {"kind": "sla", "service": "mail", "period_start": "@-65", "period_end": "@-35"}
$$, $$
	measurement M1 recorded {"period_start": "@-125", "period_end": "@-95"}
$$, 'mail');

SELECT * FROM control_case('8.2.2-1', $$
	service mail live
	requirement R1 current {"kind": "service", "service": "mail", "agreed_by": "acme", "approved_by": "ann", "approved_at": "@-20"}
$$, $$
	requirement R1 current {"agreed_by": ""}
	service web live
$$, 'mail|web');
SELECT * FROM control_case('8.2.2-1', $$
	service mail live
	requirement R1 current {"kind": "service", "service": "mail", "agreed_by": "acme", "approved_by": "ann", "approved_at": "@-420", "reviewed_at": "@-20"}
$$, $$
	requirement R1 current {"reviewed_at": "@-400"}
$$, 'mail');

SELECT * FROM control_case('8.2.2-2', $$
	service mail live {"criticality": "high"}
	configuration_item srv live
	!SELECT itsm.relate(record_of('service', 'mail'), 'depends_on', record_of('configuration_item', 'srv'))
	service lunch live {"criticality": "low", "no_dependencies": true}
	service chat live {"criticality": "low"}
	configuration_item app live
	!SELECT itsm.relate(record_of('configuration_item', 'app'), 'supports', record_of('service', 'chat'))
$$, $$
	service web live {"criticality": "high"}
	service lunch live {"criticality": ""}
$$, 'lunch|web');

SELECT * FROM control_case('8.2.2-3', $$
	service mail approved {"opened_at": "@-90", "decision": "yes", "priority": "2", "decided_at": "@-20"}
	service web proposed {"opened_at": "@-20"}
$$, $$
	service mail approved {"decided_at": "@5"}
	service web proposed {"opened_at": "@-120"}
	service chat approved {"decision": "yes"}
$$, 'chat|mail|web');

SELECT * FROM control_case('8.2.3-1', $$
	service_party L1 current {"kind": "external_supplier", "party": "acme", "service": "mail", "component": "relay", "owner": "ann"}
	service_party L2 current {"kind": "external_supplier", "party": "acme", "process": "incident", "owner": "ann"}
	process incident current {"operated_by": "part"}
	contract C1 active {"supplier": "acme", "service": "mail"}
$$, $$
	service_party L1 current {"owner": ""}
	process change current {"operated_by": "other"}
	contract C2 active {"supplier": "rose", "service": "mail"}
$$, 'L1|contract C2|process change');

SELECT * FROM control_case('8.2.3-2', $$
	process incident current {"operated_by": "other", "owner": "ann"}
	service_party L1 current {"kind": "external_supplier", "party": "acme", "process": "incident", "owner": "ann"}
$$, $$
	service_party L1 current {"owner": ""}
	process change current {"operated_by": "self", "owner": ""}
	service_party L2 current {"kind": "external_supplier", "party": "acme", "process": "change", "owner": "ann", "wholly": true}
$$, 'change|incident');

SELECT * FROM control_case('8.2.3-3', $$
	service_party L1 current {"kind": "external_supplier", "party": "acme", "service": "mail", "evaluated_at": "@-20", "evaluation": "good"}
	service_party L2 current {"kind": "customer", "party": "rose", "service": "mail"}
$$, $$
	service_party L1 current {"evaluated_at": "@-400"}
	service_party L3 current {"kind": "external_supplier", "party": "acme", "service": "web", "opened_at": "@-400"}
$$, 'L1|L3');

SELECT * FROM control_case('8.2.4-1', $$
	service mail live
	catalogue_item mail_item current {"service": "mail"}
$$, $$
	service web live
	service fax retired
	catalogue_item fax_item current {"service": "fax"}
	document D1 effective {"kind": "service_catalogue", "approver": "ann", "approved_at": "@-400"}
$$, 'D1|catalogue item fax_item|web');

SELECT * FROM control_case('8.2.4-2', $$
	catalogue_item mail_item current {"service": "mail", "outcome": "mail is read", "dependencies": "network"}
$$, $$
	catalogue_item mail_item current {"outcome": ""}
$$, 'mail_item');

SELECT * FROM control_case('8.2.4-3', $$
	catalogue_item mail_item current {"service": "mail", "audience": "{acme}"}
	catalogue_item web_item current {"service": "web", "audience": "{all}"}
	service_party L1 current {"kind": "customer", "party": "acme", "service": "mail"}
	service_party L2 current {"kind": "customer", "party": "rose", "service": "web"}
$$, $$
	service_party L3 current {"kind": "customer", "party": "rose", "service": "mail"}
	catalogue_item web_item current {"audience": "{}"}
$$, 'mail_item|web_item');

SELECT * FROM control_case('8.2.4-4', $$
	change C1 closed {"service_change": "major", "service": "mail", "actual_start": "@-40", "actual_end": "@-30"}
	catalogue_item mail_item current {"service": "mail", "changed_on": "@-28"}
	change C2 closed {"service_change": "new", "service": "web", "actual_start": "@-4", "actual_end": "@-3"}
$$, $$
	catalogue_item mail_item current {"changed_on": "@-90"}
	change C3 closed {"service_change": "removal", "service": "fax", "actual_start": "@-40", "actual_end": "@-30"}
	catalogue_item fax_item current {"service": "fax"}
$$, 'C1|C3');

SELECT * FROM control_case('8.2.5-1', $$
	service_asset office current {"kind": "licence", "owner": "ann", "entitlement": "10", "deployed": "10"}
	service_asset van current {"kind": "hardware", "owner": "ann"}
$$, $$
	service_asset office current {"deployed": "11"}
	service_asset van current {"owner": ""}
$$, 'office|van');

SELECT * FROM control_case('8.2.5-2', $$
	service_asset office current {"obligation_until": "@30"}
	service_asset van current {"obligation_until": "@-30", "obligation_decision": "go on without"}
$$, $$
	service_asset van current {"obligation_decision": ""}
$$, 'van');

SELECT * FROM control_case('8.2.6-1', $$
	service mail live {"cis": "{box}"}
	configuration_item srv live {"class": "server", "title": "server", "owner": "ann"}
	configuration_item disk live {"class": "disk", "title": "disk", "owner": "ann"}
	configuration_item box live {"class": "server", "title": "box", "owner": "ann"}
	configuration_item fan in_maintenance {"class": "fan", "title": "fan", "owner": "ann"}
	configuration_item lamp live {"class": "lamp", "title": "lamp", "owner": "ann", "no_service": true}
	!SELECT itsm.relate(record_of('service', 'mail'), 'depends_on', record_of('configuration_item', 'srv'))
	!SELECT itsm.relate(record_of('configuration_item', 'srv'), 'depends_on', record_of('configuration_item', 'disk'))
	!SELECT itsm.relate(record_of('configuration_item', 'fan'), 'part_of', record_of('configuration_item', 'box'))
	configuration_item old retired
$$, $$
	configuration_item lost live {"class": "server", "title": "lost", "owner": "ann"}
	!SELECT itsm.relate(record_of('configuration_item', 'lost'), 'depends_on', record_of('configuration_item', 'srv'))
	configuration_item disk live {"owner": ""}
$$, 'disk|lost');

SELECT * FROM control_case('8.2.6-2', $$
	configuration_item srv live
	change C1 implement {"cis": "{srv}", "actual_start": "@-1"}
	configuration_item srv in_maintenance
	configuration_item srv live {"location": "cellar"}
$$, $$
	configuration_item box live
	configuration_item box live {"location": "cellar"}
$$, 'box');
SELECT * FROM control_case('8.2.6-2', $$
	configuration_item srv live
	change C1 implement {"ci": "srv", "actual_start": "@-1"}
	configuration_item srv live {"location": "cellar"}
$$, $$
	change C1 closed {"actual_end": "2001-01-01"}
	configuration_item box live
	!SELECT violated('configuration_item', 'box')
$$, 'box|srv');

SELECT * FROM control_case('8.2.6-3', $$
	configuration_class server current
	configuration_audit Q1 held {"class": "server", "held_at": "@-20"}
	configuration_class lamp current
$$, $$
	configuration_audit Q1 held {"held_at": "@-400"}
	configuration_class lamp current {"opened_at": "@-50", "verify_interval": "P1M"}
$$, 'lamp|server');

SELECT * FROM control_case('8.2.6-4', $$
	discrepancy X1 corrected {"audit": "Q1", "found_at": "@-40", "change": "C1", "corrected_at": "@-20"}
	discrepancy X2 found {"audit": "Q1", "found_at": "@-5", "action": "look again"}
$$, $$
	discrepancy X1 corrected {"corrected_at": "@-5"}
	discrepancy X2 found {"action": ""}
$$, 'X1|X2');

SELECT * FROM control_case('8.2.6-5', $$
	configuration_item srv live
	configuration_item disk live
	!SELECT itsm.relate(record_of('configuration_item', 'srv'), 'depends_on', record_of('configuration_item', 'disk'))
	configuration_item old retired
	!SELECT itsm.relate(record_of('configuration_item', 'srv'), 'replaces', record_of('configuration_item', 'old'))
$$, $$
	configuration_item disk retired
	configuration_item box live
	configuration_item fan live
	!SELECT itsm.define_relationship_type('cooled_by', 'cools', on_retire => 'follow')
	!SELECT itsm.relate(record_of('configuration_item', 'box'), 'cooled_by', record_of('configuration_item', 'fan'))
	!DELETE FROM evidence.configuration_item WHERE key = 'fan'
$$, 'box|srv');

SELECT * FROM control_case('8.2.6-6', $$
	deployment Y1 succeeded {"baseline_before": "B1"}
	release L1 deployed {"baseline_before": "B2"}
	deployment Y2 succeeded {"release": "L1"}
	deployment Y3 scheduled
$$, $$
	deployment Y3 running
$$, 'Y3');

SELECT * FROM control_case('8.2.6-7', $$
	change C1 closed {"cis": "{srv}", "cis_updated": true, "actual_end": "@-20"}
	change C2 closed {"cis": "{srv}", "actual_start": "@-40", "actual_end": "@-20"}
	configuration_item srv live
	change C3 closed {"cis": "{box}", "actual_end": "@-2"}
$$, $$
	change C1 closed {"cis": "{srv,box}", "cis_updated": false}
	change C4 closed {"cis": "{box}", "actual_end": "@-20"}
$$, 'C1|C4');

SELECT * FROM finish();
ROLLBACK;
