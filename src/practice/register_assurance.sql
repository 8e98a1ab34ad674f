-- Registers (ISO/IEC 20000-1): continuity, information security, assets and configuration.

SELECT itsm.define_lifecycle($definition${
"name": "continuity_plan",
"process": "continuity_plan",
"description": "A plan for going on when a service is lost.",
"attributes": {
	"description": "text",
	"title": "text",
	"service": "text",
	"owner": "text",
	"invocation_criteria": "text",
	"responsibilities": "text",
	"procedures": "text",
	"targets": "text",
	"recovery_requirements": "text",
	"return_to_normal": "text",
	"alternate_location": "text",
	"required_rto": "interval",
	"required_rpo": "interval",
	"document": "text",
	"approved_by": "text",
	"approved_at": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"service": "service"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "current", "category": "active", "initial": true},
	{"name": "retired", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "current", "label": "Put into force"},
	{"from": "current", "to": "draft", "label": "Revise"},
	{"from": ["draft", "current"], "to": "retired", "label": "Retire"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "current", "requires": ["service", "owner"], "clause": "8.7.2"},
	{"name": "complete", "to": "current", "requires": ["invocation_criteria", "responsibilities", "procedures", "return_to_normal"], "clause": "8.7.2"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.7.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "continuity_invocation",
"process": "continuity_invocation",
"description": "A continuity plan was used in earnest.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"plan": "text",
	"service": "text",
	"invoked_at": "timestamptz",
	"cause": "text",
	"effect": "text",
	"recovery": "text",
	"achieved_rto": "interval",
	"achieved_rpo": "interval",
	"reported_at": "date",
	"reviewed_at": "date",
	"actions": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"plan": "continuity_plan"
},
"states": [
	{"name": "invoked", "category": "new", "initial": true},
	{"name": "recovered", "category": "resolved"},
	{"name": "reviewed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "invoked", "to": "recovered", "label": "Recover"},
	{"from": "recovered", "to": "reviewed", "label": "Review"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "invoked", "requires": ["plan", "invoked_at"], "clause": "8.7.2"},
	{"name": "recovered_how", "to": "recovered", "requires": "recovery", "clause": "8.7.2"},
	{"name": "reported", "to": "reviewed", "requires": ["cause", "effect", "reported_at", "reviewed_at"], "clause": "8.7.2"},
	{"name": "ended", "in": "reviewed", "frozen": ["number", "plan", "invoked_at", "cause", "effect", "recovery"], "clause": "8.7.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "security_control",
"process": "security_control",
"description": "An information security control: against which risk, who operates it, whether it works; with an outside party, what was agreed.",
"attributes": {
	"title": "text",
	"description": "text",
	"owner": "text",
	"risk": "text",
	"service": "text",
	"party": "text",
	"agreed_at": "date",
	"operated": "boolean",
	"reviewed_at": "date",
	"effectiveness": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"risk": "risk",
	"party": "party"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "current", "category": "active", "initial": true},
	{"name": "retired", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "current", "label": "Put into force"},
	{"from": "current", "to": "draft", "label": "Revise"},
	{"from": ["draft", "current"], "to": "retired", "label": "Retire"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "current", "requires": "owner", "clause": "8.7.3.2"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.7.3.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "service_asset",
"process": "service_asset",
"description": "An asset used to deliver services, and what is owed for it.",
"attributes": {
	"description": "text",
	"title": "text",
	"kind": "text",
	"service": "text",
	"ci": "text",
	"owner": "text",
	"entitlement": "integer",
	"deployed": "integer",
	"obligation": "text",
	"obligation_until": "date",
	"obligation_decision": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "current", "category": "active", "initial": true},
	{"name": "retired", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "current", "label": "Put into force"},
	{"from": "current", "to": "draft", "label": "Revise"},
	{"from": ["draft", "current"], "to": "retired", "label": "Retire"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "current", "requires": ["kind", "owner"], "clause": "8.2.5"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.2.5"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "configuration_class",
"process": "configuration_class",
"description": "A class of configuration items, who answers for it, and how often it is verified.",
"attributes": {
	"title": "text",
	"description": "text",
	"owner": "text",
	"verify_interval": "interval",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "current", "category": "active", "initial": true},
	{"name": "retired", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "current", "label": "Put into force"},
	{"from": "current", "to": "draft", "label": "Revise"},
	{"from": ["draft", "current"], "to": "retired", "label": "Retire"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "current", "requires": "owner", "clause": "8.2.6"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.2.6"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "configuration_audit",
"process": "configuration_audit",
"description": "A verification of the configuration information of a class.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"class": "text",
	"owner": "text",
	"planned_at": "date",
	"held_at": "date",
	"checked": "integer",
	"result": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"class": "configuration_class"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "held", "category": "resolved", "initial": true},
	{"name": "closed", "category": "closed", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "planned", "to": "held", "label": "Hold"},
	{"from": "held", "to": "closed", "label": "Close"},
	{"from": "planned", "to": "cancelled", "label": "Cancel"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": ["planned", "held"], "requires": "class", "clause": "8.2.6"},
	{"name": "held_with", "to": "held", "requires": ["held_at", "result"], "clause": "8.2.6"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "8.2.6"},
	{"name": "ended", "in": "closed", "frozen": ["number", "class", "held_at", "result"], "clause": "8.2.6"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "discrepancy",
"process": "discrepancy",
"description": "Configuration information and reality differ: found by a verification, or as an unintended change.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"ci": "text",
	"audit": "text",
	"unintended_change": "boolean",
	"found_at": "date",
	"owner": "text",
	"consequence": "text",
	"change": "text",
	"corrective_action": "text",
	"action": "text",
	"corrected_at": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"audit": "configuration_audit",
	"change": "change",
	"corrective_action": "corrective_action"
},
"states": [
	{"name": "found", "category": "new", "initial": true},
	{"name": "reviewed", "category": "active"},
	{"name": "corrected", "category": "resolved"},
	{"name": "accepted", "category": "closed", "final": true},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "found", "to": "reviewed", "label": "Review"},
	{"from": "reviewed", "to": "corrected", "label": "Correct"},
	{"from": "reviewed", "to": "accepted", "label": "Accept"},
	{"from": "corrected", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "found", "requires": ["title", "ci", "found_at"], "clause": "8.2.6"},
	{"name": "consequence_reviewed", "to": "reviewed", "requires": "consequence", "clause": "8.1"},
	{"name": "corrected_with", "to": "corrected", "requires": ["action", "corrected_at"], "clause": "8.2.6"},
	{"name": "accept_reason", "to": "accepted", "reason": true, "clause": "8.2.6"},
	{"name": "ended", "in": ["accepted", "closed"], "frozen": ["number", "ci", "found_at", "consequence"], "clause": "8.2.6"}
]
}$definition$);
