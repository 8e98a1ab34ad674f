-- Registers (ISO/IEC 20000-1): audit programmes, management reviews and certificates.

SELECT itsm.define_lifecycle($definition${
"name": "audit_programme",
"process": "audit_programme",
"description": "A programme of internal audits over a cycle.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"owner": "text",
	"period_start": "date",
	"period_end": "date",
	"clauses": "text[]",
	"processes": "text[]",
	"importance": "text",
	"previous_results": "text",
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
	{"name": "recorded", "to": "current", "requires": ["title", "owner", "period_start", "period_end"], "clause": "9.2.2"},
	{"name": "plausible_cycle", "check": "new.period_end is null or new.period_start is null or new.period_end > new.period_start", "message": "a cycle must end after it begins", "clause": "9.2.2"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "9.2.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "management_review",
"process": "management_review",
"description": "A review of the management system by top management.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"planned_at": "date",
	"held_at": "date",
	"chaired_by": "text",
	"participants": "text[]",
	"inputs": "text[]",
	"decisions": "text",
	"actions": "text",
	"action_keys": "text[]",
	"minutes": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
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
	{"name": "held_with", "to": "held", "requires": ["held_at", "chaired_by", "inputs", "decisions"], "clause": "9.3"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "9.3"},
	{"name": "ended", "in": "closed", "frozen": ["number", "held_at", "chaired_by", "inputs", "decisions"], "clause": "9.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "certificate",
"process": "certificate",
"description": "A certificate for the management system, from the first stage of its audit to its end.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"body": "text",
	"scope": "text",
	"owner": "text",
	"stage_1_at": "date",
	"stage_2_at": "date",
	"issued_at": "date",
	"valid_to": "date",
	"surveillance_at": "date",
	"next_surveillance": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "stage_1", "category": "active"},
	{"name": "stage_2", "category": "active"},
	{"name": "certified", "category": "active"},
	{"name": "suspended", "category": "waiting"},
	{"name": "expired", "category": "closed", "final": true},
	{"name": "withdrawn", "category": "cancelled", "final": true},
	{"name": "refused", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "planned", "to": "stage_1", "label": "Stage 1"},
	{"from": "stage_1", "to": "stage_2", "label": "Stage 2"},
	{"from": "stage_2", "to": "certified", "label": "Certify"},
	{"from": "stage_2", "to": "refused", "label": "Refuse"},
	{"from": "certified", "to": "suspended", "label": "Suspend"},
	{"from": "suspended", "to": "certified", "label": "Reinstate"},
	{"from": "certified", "to": "expired", "label": "Expire"},
	{"from": ["certified", "suspended"], "to": "withdrawn", "label": "Withdraw"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "planned", "requires": ["body", "scope"], "clause": "9.2.1"},
	{"name": "certified_until_when", "to": "certified", "requires": ["issued_at", "valid_to"], "clause": "9.2.1"},
	{"name": "suspend_reason", "to": ["suspended", "withdrawn", "refused"], "reason": true, "clause": "9.2.1"}
]
}$definition$);
