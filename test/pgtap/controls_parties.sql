-- Controls of clauses 8.3 and 8.4: see controls_management.sql.
BEGIN;
\ir ../control_evidence.sql
SELECT no_plan();
SELECT exclude_all() \g /dev/null

SELECT * FROM control_case('8.3.1-1', $$
	service mail live
	service_party L1 current {"service": "mail", "party": "acme", "kind": "customer"}
	service_party L2 current {"service": "mail", "party": "isp", "kind": "external_supplier"}
	service_party L3 current {"service": "mail", "party": "house", "kind": "internal_supplier"}
	service_party L4 current {"service": "mail", "party": "acme", "kind": "customer_as_supplier"}
	agreement S1 in_force {"kind": "sla", "service": "mail", "party": "acme"}
	agreement S2 in_force {"kind": "ola", "service": "mail", "party": "house"}
	agreement S3 in_force {"kind": "customer_as_supplier", "service": "mail", "party": "acme"}
	contract C1 active {"supplier": "isp"}
$$, $$
	agreement S1 draft
	agreement S2 ended
	agreement S3 in_force {"kind": "ola"}
	contract C1 active {"service": "web"}
$$, 'mail: acme|mail: acme|mail: house|mail: isp');

SELECT * FROM control_case('8.3.2-1', $$
	party acme current {"kind": "customer", "owner": "ann"}
	service mail live
	service_party L1 current {"service": "mail", "party": "acme", "kind": "customer"}
$$, $$
	party acme current {"owner": ""}
	service web live
$$, 'acme|web');

SELECT * FROM control_case('8.3.2-2', $$
	party acme current {"kind": "customer"}
	performance_review V1 held {"kind": "customer", "party": "acme", "held_at": "@-20", "minutes": "fine", "actions": "none"}
	party rose current {"kind": "customer"}
$$, $$
	performance_review V2 held {"kind": "customer", "party": "acme", "held_at": "@-10", "minutes": "fine"}
	party rose current {"opened_at": "@-50", "review_interval": "P1M"}
$$, 'acme|rose');

SELECT * FROM control_case('8.3.2-3', $$
	party acme current {"kind": "customer"}
	satisfaction Z1 recorded {"party": "acme", "measured_at": "@-20", "asked": "50", "answered": "20", "analysed_at": "@-10", "analysis": "content"}
$$, $$
	satisfaction Z2 recorded {"measured_at": "@-20", "asked": "50", "answered": "4", "analysed_at": "@-10", "analysis": "content"}
$$, 'Z2');
SELECT * FROM control_case('8.3.2-3', $$
	party acme current {"kind": "customer"}
	satisfaction Z1 recorded {"party": "acme", "measured_at": "@-20", "analysed_at": "@-10", "analysis": "content"}
$$, $$
	satisfaction Z1 recorded {"measured_at": "@-400"}
$$, 'satisfaction of customers');

SELECT * FROM control_case('8.3.2-4', $$
	complaint K1 closed {"customer": "acme", "owner": "ann", "action": "refund", "resolution": "sorry", "customer_informed_at": "@-1"}
	complaint K2 received {"customer": "acme"}
$$, $$
	complaint K1 closed {"customer_informed_at": null}
	complaint K2 investigating
	complaint K3 resolved {"customer": "acme", "owner": "ann", "resolution": "sorry"}
$$, 'K1|K2|K3');

SELECT * FROM control_case('8.3.2-5', $$
	complaint K1 investigating {"escalate_by": "@10"}
	complaint K2 investigating {"escalate_by": "@-10", "escalated_at": "@-11"}
	complaint K3 closed {"opened_at": "@-90", "resolved_at": "@-80"}
$$, $$
	complaint K1 investigating {"escalate_by": "@-10"}
	complaint K2 investigating {"escalated_at": "@-5"}
	complaint K3 closed {"resolved_at": "@-20"}
$$, 'K1|K2|K3');

SELECT * FROM control_case('8.3.3-1', $$
	service mail live
	service_party L1 current {"service": "mail", "party": "acme", "kind": "customer"}
	agreement S1 in_force {"kind": "sla", "service": "mail", "party": "acme", "provider_approved_by": "ann", "party_approved_by": "bob", "targets": "99", "workload_limits": "50 users", "exceptions": "force majeure"}
$$, $$
	agreement S1 in_force {"party_approved_by": ""}
	service_party L2 current {"service": "mail", "party": "rose", "kind": "customer"}
$$, 'mail: acme|mail: rose');
SELECT * FROM control_case('8.3.3-1', $$
	service mail live
	service_party L1 current {"service": "mail", "party": "acme", "kind": "customer"}
	agreement S1 in_force {"kind": "sla", "service": "mail", "party": "acme", "provider_approved_by": "ann", "party_approved_by": "bob", "targets": "99", "workload_limits": "50 users", "exceptions": "force majeure"}
$$, $$
	agreement S1 in_force {"valid_to": "@-1"}
$$, 'mail: acme');

SELECT * FROM control_case('8.3.3-2', $$
	agreement S1 in_force {"kind": "sla", "valid_from": "@-900"}
	performance_review V1 held {"kind": "agreement", "agreement": "S1", "held_at": "@-20", "minutes": "fine", "gaps": "slow", "actions": "hurry"}
	agreement S2 in_force {"kind": "sla", "valid_from": "@-20"}
$$, $$
	performance_review V1 held {"actions": ""}
	agreement S2 in_force {"valid_from": "@-900"}
$$, 'S1|S2');

SELECT * FROM control_case('8.3.3-3', $$
	agreement S1 in_force {"kind": "sla", "valid_from": "@-900"}
	agreement_target G1 current {"agreement": "S1", "direction": "at_least", "target": "99", "period": "P30D"}
	measurement M1 recorded {"agreement_target": "G1", "period_start": "@-65", "period_end": "@-35", "value": "98", "cause": "storm", "action": "roof"}
	measurement M2 recorded {"agreement_target": "G1", "period_start": "@-35", "period_end": "@-5", "value": "99.5"}
$$, $$
	measurement M1 recorded {"cause": ""}
	agreement_target G2 current {"agreement": "S1", "direction": "at_least", "target": "99", "period": "P30D", "opened_at": "@-900"}
	agreement_target G3 current {"agreement": "S1", "direction": "at_most", "target": "4", "period": "P30D"}
	measurement M3 recorded {"agreement_target": "G3", "period_start": "@-95", "period_end": "@-65", "value": "3"}
	measurement M4 recorded {"agreement_target": "G3", "period_start": "@-35", "period_end": "@-5", "value": "3"}
$$, 'G1|G2|G3');

SELECT * FROM control_case('8.3.3-4', $$
	agreement_target G1 current {"direction": "at_least", "target": "99", "unit": "%"}
	agreement_target G2 current {"direction": "at_least", "target": "99.5", "unit": "%", "supports": "G1"}
	agreement_target G3 current {"direction": "at_most", "target": "4", "unit": "h"}
	agreement_target G4 current {"direction": "at_most", "target": "4", "unit": "h", "supports": "G3"}
$$, $$
	agreement_target G2 current {"target": "98"}
	agreement_target G4 current {"target": "5"}
$$, 'G2|G4');

SELECT * FROM control_case('8.3.3-5', $$
	!SELECT itsm.define_sla('{"name": "gold", "lifecycle": "incident", "metric": "resolution", "target": "4 hours", "pause": ["waiting"]}')
	incident T1 in_progress
	incident T2 on_hold {"hold_reason": "vendor"}
$$, $$
	incident T3 on_hold
	!SET LOCAL itsm.maintenance = on
	!UPDATE itsm.clock SET elapsed = '-1 hour' WHERE record = record_of('incident', 'T1')
	!SET LOCAL itsm.maintenance = off
$$, 'T1|T3');

SELECT * FROM control_case('8.3.4-1', $$
	service mail live
	service_party L1 current {"service": "mail", "party": "isp", "kind": "external_supplier"}
	contract C1 active {"supplier": "isp", "scope": "line", "targets": "99", "obligations": "pay", "owner": "ann", "valid_to": "@100"}
$$, $$
	contract C1 active {"valid_to": "@-1"}
	service_party L2 current {"service": "mail", "party": "rose", "kind": "external_supplier"}
	service_party L3 current {"service": "mail", "party": "host", "kind": "external_supplier"}
	contract C2 active {"supplier": "host", "scope": "line", "targets": "", "obligations": "pay", "owner": "ann"}
$$, 'host|isp|rose');

SELECT * FROM control_case('8.3.4-2', $$
	contract C1 active {"supplier": "isp", "valid_from": "@-900"}
	performance_review V1 held {"kind": "supplier", "party": "isp", "held_at": "@-20", "result": "fine"}
	contract C2 active {"supplier": "host", "valid_from": "@-20"}
$$, $$
	performance_review V1 held {"gaps": "slow"}
	contract C2 active {"valid_from": "@-50", "review_interval": "P1M"}
$$, 'C1|C2');

SELECT * FROM control_case('8.3.4-3', $$
	contract C1 active {"supplier": "isp", "valid_from": "@-900", "requirements_reviewed_at": "@-20"}
	contract C2 amended {"supplier": "isp", "valid_from": "@-900", "change": "H1"}
	performance_review V1 held {"kind": "contract_requirements", "contract": "C2", "held_at": "@-20"}
$$, $$
	contract C1 active {"requirements_reviewed_at": "@-400"}
	contract C2 amended {"change": ""}
$$, 'C1|C2');

SELECT * FROM control_case('8.3.4-4', $$
	dispute U1 closed {"party": "isp", "owner": "ann", "resolution": "paid"}
	contract C1 in_dispute
	dispute U2 in_discussion {"party": "isp", "contract": "C1", "owner": "ann"}
$$, $$
	dispute U1 closed {"resolution": ""}
	dispute U2 in_discussion {"owner": ""}
	contract C2 in_dispute
$$, 'C2|U1|U2');

SELECT * FROM control_case('8.3.4-5', $$
	contract C1 active {"supplier": "isp", "subcontractors": "{digger}"}
	party digger current {"kind": "external_supplier", "lead_supplier": "isp"}
	contract C2 active {"supplier": "isp", "subcontractors": "{none}"}
$$, $$
	party digger current {"lead_supplier": ""}
	contract C2 active {"subcontractors": null}
$$, 'C1|C2');

SELECT * FROM control_case('8.3.4-6', $$
	contract C1 active {"valid_to": "@100"}
	contract C2 expiring {"valid_to": "@20", "renewal_decision": "renew"}
$$, $$
	contract C1 active {"valid_to": "@80"}
	contract C2 expiring {"renewal_decision": ""}
$$, 'C1|C2');

SELECT * FROM control_case('8.3.4-7', $$
	service_party L1 current {"service": "mail", "party": "house", "kind": "internal_supplier"}
	agreement S1 in_force {"kind": "ola", "service": "mail", "party": "house", "targets": "1 h", "valid_from": "@-900"}
	performance_review V1 held {"kind": "agreement", "agreement": "S1", "held_at": "@-20"}
	service_party L2 current {"service": "web", "party": "acme", "kind": "customer_as_supplier"}
	agreement S2 in_force {"kind": "customer_as_supplier", "service": "web", "party": "acme", "targets": "1 h", "valid_from": "@-20"}
$$, $$
	performance_review V1 held {"held_at": "@-400"}
	agreement S2 in_force {"targets": ""}
	service_party L3 current {"service": "fax", "party": "house", "kind": "internal_supplier"}
$$, 'fax: house|mail: house|web: acme');

-- 8.4

SELECT * FROM control_case('8.4.1-1', $$
	service mail live
	budget B1 approved {"service": "mail", "period_start": "@-20", "period_end": "@10", "budget": "100", "actual": "60", "forecast": "105"}
	service web live
	budget B2 approved {"service": "web", "period_start": "@-20", "period_end": "@10", "budget": "100", "actual": "60", "forecast": "130", "decision": "more money"}
$$, $$
	budget B1 approved {"actual": null}
	budget B2 approved {"decision": ""}
	service chat live
$$, 'chat|mail|web');

SELECT * FROM control_case('8.4.1-2', $$
	change C1 scheduled {"chargeable": true, "cost_estimate": "100", "cost_approved_by": "ann"}
	change C2 scheduled {"chargeable": false}
$$, $$
	change C2 scheduled {"chargeable": true, "cost_estimate": "100"}
$$, 'C2');

SELECT * FROM control_case('8.4.2-1', $$
	service mail live
	demand Z1 recorded {"service": "mail", "determined_at": "@-20", "current_demand": "5", "forecast_demand": "6"}
$$, $$
	demand Z1 recorded {"determined_at": "@-400"}
	service web live
	demand Z2 recorded {"service": "web", "determined_at": "@-20", "current_demand": "5"}
$$, 'mail|web');

SELECT * FROM control_case('8.4.2-2', $$
	service mail live
	measurement M1 recorded {"kind": "consumption", "service": "mail", "period_end": "@-5"}
$$, $$
	measurement M1 recorded {"period_end": "@-90"}
	service web live
$$, 'mail|web');

SELECT * FROM control_case('8.4.3-1', $$
	service mail live
	requirement R1 current {"kind": "capacity", "service": "mail", "resource_kind": "human", "reviewed_at": "@-20"}
	requirement R2 current {"kind": "capacity", "service": "mail", "resource_kind": "technical", "reviewed_at": "@-20"}
	requirement R3 current {"kind": "capacity", "service": "mail", "resource_kind": "information", "reviewed_at": "@-20"}
	requirement R4 current {"kind": "capacity", "service": "mail", "resource_kind": "financial", "reviewed_at": "@-20"}
$$, $$
	requirement R4 retired
$$, 'mail');
SELECT * FROM control_case('8.4.3-1', $$
	service mail live
	requirement R1 current {"kind": "capacity", "service": "mail", "resource_kind": "human", "reviewed_at": "@-20"}
	requirement R2 current {"kind": "capacity", "service": "mail", "resource_kind": "technical", "reviewed_at": "@-20"}
	requirement R3 current {"kind": "capacity", "service": "mail", "resource_kind": "information", "reviewed_at": "@-20"}
	requirement R4 current {"kind": "capacity", "service": "mail", "resource_kind": "financial", "reviewed_at": "@-20"}
$$, $$
	requirement R4 current {"reviewed_at": "@-400"}
$$, 'mail');

SELECT * FROM control_case('8.4.3-2', $$
	service mail live
	capacity Y1 current {"service": "mail", "current_capacity": "5", "forecast_capacity": "6", "expected_impact": "none", "timescale": "next year", "reviewed_at": "@-20"}
$$, $$
	capacity Y1 current {"forecast_capacity": null}
	service web live
$$, 'Y1|web');

SELECT * FROM control_case('8.4.3-3', $$
	metric disk current {"kind": "capacity", "target": "80", "direction": "at_most"}
	measurement M1 recorded {"kind": "capacity", "metric": "disk", "value": "70", "period_end": "@-5"}
	measurement M2 recorded {"kind": "capacity", "metric": "disk", "value": "90", "action": "more disks", "period_end": "@-5"}
$$, $$
	measurement M2 recorded {"action": ""}
	measurement M3 recorded {"kind": "capacity", "deviation": true, "period_end": "@-5"}
$$, 'M2|M3');

SELECT * FROM finish();
ROLLBACK;
