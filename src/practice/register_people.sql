-- Registers (ISO/IEC 20000-1): people, parties, communication and what is kept.

SELECT itsm.define_lifecycle($definition${
"name": "person",
"process": "person",
"description": "A person who works for the services: owners, approvers, auditors and actors are named by this key.",
"attributes": {
	"title": "text",
	"description": "text",
	"full_name": "text",
	"unit": "text",
	"in_scope": "boolean",
	"valid_from": "date",
	"valid_to": "date",
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
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "5.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "role",
"process": "role",
"description": "A role with its responsibilities and authorities.",
"attributes": {
	"title": "text",
	"description": "text",
	"owner": "text",
	"top_management": "boolean",
	"in_scope": "boolean",
	"required_competences": "text[]",
	"incompatible_with": "text[]",
	"responsibilities": "text",
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
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "5.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "role_assignment",
"process": "role_assignment",
"description": "A person holds a role for a time.",
"attributes": {
	"title": "text",
	"description": "text",
	"role": "text",
	"person": "text",
	"valid_from": "date",
	"valid_to": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"role": "role",
	"person": "person"
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
	{"name": "recorded", "to": "current", "requires": ["role", "person", "valid_from"], "clause": "5.3"},
	{"name": "term", "check": "new.valid_to is null or new.valid_from is null or new.valid_to >= new.valid_from", "message": "the last day may not come before the first", "clause": "5.3"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "5.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "party",
"process": "party",
"description": "An interested party: a customer, a supplier, an authority, the staff.",
"attributes": {
	"description": "text",
	"title": "text",
	"kind": "text",
	"owner": "text",
	"no_requirements": "boolean",
	"lead_supplier": "text",
	"has_access": "boolean",
	"review_interval": "interval",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"lead_supplier": "party"
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
	{"name": "recorded", "to": "current", "requires": ["kind", "owner"], "clause": "4.2"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "4.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "context_issue",
"process": "context_issue",
"description": "Something inside or outside of the organisation that matters for its services.",
"attributes": {
	"title": "text",
	"description": "text",
	"kind": "text",
	"owner": "text",
	"reviewed_at": "date",
	"decision": "text",
	"rationale": "text",
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
	{"name": "recorded", "to": "current", "requires": ["title", "kind"], "clause": "4.1"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "4.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "competence",
"process": "competence",
"description": "Evidence of what a person can do: skill, experience, qualification.",
"attributes": {
	"title": "text",
	"description": "text",
	"person": "text",
	"competence": "text",
	"kind": "text",
	"mandatory": "boolean",
	"evidence": "text",
	"valid_from": "date",
	"valid_to": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"person": "person"
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
	{"name": "recorded", "to": "current", "requires": ["person", "competence", "evidence"], "clause": "7.2"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "7.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "training",
"process": "training",
"description": "A training of a person, and what came of it.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"person": "text",
	"competence": "text",
	"planned_at": "date",
	"held_at": "date",
	"evaluation": "text",
	"evaluated_by": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"person": "person"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "held", "category": "resolved", "initial": true},
	{"name": "evaluated", "category": "closed", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "planned", "to": "held", "label": "Hold"},
	{"from": "held", "to": "evaluated", "label": "Evaluate"},
	{"from": "planned", "to": "cancelled", "label": "Cancel"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": ["planned", "held"], "requires": ["title", "person"], "clause": "7.2"},
	{"name": "held_with", "to": "held", "requires": "held_at", "clause": "7.2"},
	{"name": "evaluated_with", "to": "evaluated", "requires": ["evaluation", "evaluated_by"], "clause": "7.2"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "7.2"},
	{"name": "ended", "in": "evaluated", "frozen": ["number", "title", "person", "held_at"], "clause": "7.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "communication_plan",
"process": "communication_plan",
"description": "What is communicated regularly: about what, when, with whom, how and by whom.",
"attributes": {
	"description": "text",
	"title": "text",
	"occasion": "text",
	"audience": "text",
	"method": "text",
	"owner": "text",
	"frequency": "interval",
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
	{"name": "recorded", "to": "current", "requires": ["title", "occasion", "audience", "method", "owner"], "clause": "7.4"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "7.4"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "communication",
"process": "communication",
"description": "Something was communicated.",
"attributes": {
	"description": "text",
	"plan": "text",
	"title": "text",
	"document": "text",
	"audience": "text[]",
	"at": "timestamptz",
	"method": "text",
	"communicated_by": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"plan": "communication_plan",
	"document": "document"
},
"states": [
	{"name": "recorded", "category": "resolved", "initial": true},
	{"name": "withdrawn", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "recorded", "to": "withdrawn", "label": "Withdraw"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "recorded", "requires": ["title", "audience", "at"], "clause": "7.4"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "7.4"},
	{"name": "as_recorded", "in": ["recorded", "withdrawn"], "frozen": ["title", "audience", "at"], "clause": "7.4"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "acknowledgement",
"process": "acknowledgement",
"description": "A person has taken note of a document, and of their own contribution.",
"attributes": {
	"title": "text",
	"description": "text",
	"person": "text",
	"document": "text",
	"at": "timestamptz",
	"contribution": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"person": "person",
	"document": "document"
},
"states": [
	{"name": "recorded", "category": "resolved", "initial": true},
	{"name": "withdrawn", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "recorded", "to": "withdrawn", "label": "Withdraw"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "recorded", "requires": ["person", "document", "at"], "clause": "7.3"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "7.3"},
	{"name": "as_recorded", "in": ["recorded", "withdrawn"], "frozen": ["person", "document", "at"], "clause": "7.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "retention_rule",
"process": "retention_rule",
"description": "How long records of a process, or documents of a kind, are kept.",
"attributes": {
	"title": "text",
	"description": "text",
	"process": "text",
	"kind": "text",
	"period": "interval",
	"disposition": "text",
	"owner": "text",
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
	{"name": "recorded", "to": "current", "requires": ["process", "period"], "clause": "7.5.3"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "7.5.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "nil_return",
"process": "nil_return",
"description": "It is stated that there was nothing to record in a period.",
"attributes": {
	"title": "text",
	"description": "text",
	"kind": "text",
	"period_start": "date",
	"period_end": "date",
	"stated_by": "text",
	"ground": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "recorded", "category": "resolved", "initial": true},
	{"name": "withdrawn", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "recorded", "to": "withdrawn", "label": "Withdraw"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "recorded", "requires": ["kind", "period_start", "period_end", "stated_by"], "clause": "7.5.4"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "7.5.4"},
	{"name": "as_recorded", "in": ["recorded", "withdrawn"], "frozen": ["kind", "period_start", "period_end", "stated_by"], "clause": "7.5.4"}
]
}$definition$);
