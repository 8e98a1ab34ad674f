-- Registers (ISO/IEC 20000-1): services' parties, requirements, agreements and reviews of performance.

SELECT itsm.define_lifecycle($definition${
"name": "service_party",
"process": "service_party",
"description": "A party's part in a service or a process: a customer of it, or a supplier who provides or operates it or a component of it.",
"attributes": {
	"title": "text",
	"description": "text",
	"service": "text",
	"process": "text",
	"party": "text",
	"kind": "text",
	"component": "text",
	"owner": "text",
	"wholly": "boolean",
	"criteria": "text",
	"evaluated_at": "date",
	"evaluation": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
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
	{"name": "recorded", "to": "current", "requires": ["party", "kind", "owner"], "clause": "8.2.3.1"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.2.3.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "requirement",
"process": "requirement",
"description": "What a party, or a service, needs: agreed, approved, and traced to what fulfils it.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"kind": "text",
	"party": "text",
	"service": "text",
	"applicable": "boolean",
	"traces_to": "text",
	"traces_to_kind": "text",
	"resource_kind": "text",
	"metric": "text",
	"target": "numeric",
	"unit": "text",
	"required_rto": "interval",
	"required_rpo": "interval",
	"agreed_by": "text",
	"approved_by": "text",
	"approved_at": "date",
	"reviewed_at": "date",
	"valid_to": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
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
	{"name": "recorded", "to": "current", "requires": ["title", "kind"], "clause": "8.2.2"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.2.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "catalogue_item",
"process": "catalogue_item",
"description": "An entry of the service catalogue: a service, or something that can be asked for.",
"attributes": {
	"title": "text",
	"description": "text",
	"service": "text",
	"kind": "text",
	"outcome": "text",
	"dependencies": "text",
	"audience": "text[]",
	"owner": "text",
	"catalogue_version": "text",
	"changed_on": "date",
	"approval_required": "boolean",
	"fulfilment": "text",
	"fulfilment_target": "interval",
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
	{"name": "recorded", "to": "current", "requires": ["service", "outcome"], "clause": "8.2.4"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.2.4"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "agreement",
"process": "agreement",
"description": "An agreement on a service: with its customer, with an internal supplier, or with a customer who acts as a supplier. Contracts with external suppliers are contracts.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"kind": "text",
	"service": "text",
	"party": "text",
	"owner": "text",
	"targets": "text",
	"workload_limits": "text",
	"exceptions": "text",
	"provider_approved_by": "text",
	"party_approved_by": "text",
	"agreed_at": "date",
	"valid_from": "date",
	"valid_to": "date",
	"review_interval": "interval",
	"document": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"service": "service",
	"party": "party"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "in_force", "category": "active"},
	{"name": "ended", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "in_force", "label": "Put into force"},
	{"from": "in_force", "to": "ended", "label": "End"},
	{"from": "draft", "to": "ended", "label": "Give up"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "draft", "requires": ["kind", "service", "party", "owner"], "clause": "8.3.3"},
	{"name": "in_force_from", "to": "in_force", "requires": "valid_from", "clause": "8.3.3"},
	{"name": "agreed_by_both", "to": "in_force", "requires": ["provider_approved_by", "party_approved_by", "agreed_at"], "clause": "8.3.3"},
	{"name": "targets_agreed", "to": "in_force", "requires": "targets", "clause": "8.3.3"},
	{"name": "terms_frozen", "in": ["in_force", "ended"], "frozen": ["number", "kind", "service", "party", "targets", "valid_from"], "clause": "8.3.3"},
	{"name": "end_reason", "to": "ended", "reason": true, "clause": "8.3.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "agreement_target",
"process": "agreement_target",
"description": "One target of an agreement or a contract that is measured each period.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"agreement": "text",
	"contract": "text",
	"service": "text",
	"metric": "text",
	"direction": "text",
	"target": "numeric",
	"unit": "text",
	"period": "interval",
	"supports": "text",
	"sla": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"agreement": "agreement",
	"contract": "contract",
	"metric": "metric",
	"supports": "agreement_target"
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
	{"name": "recorded", "to": "current", "requires": ["direction", "target"], "clause": "8.3.3"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.3.3"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "performance_review",
"process": "performance_review",
"description": "A review of performance: with a customer, of an SLA, of a supplier, or of a contract against the requirements of now.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"kind": "text",
	"party": "text",
	"service": "text",
	"agreement": "text",
	"contract": "text",
	"owner": "text",
	"planned_at": "date",
	"held_at": "date",
	"minutes": "text",
	"result": "text",
	"gaps": "text",
	"actions": "text",
	"changes": "text[]",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"party": "party",
	"agreement": "agreement",
	"contract": "contract"
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
	{"name": "recorded", "to": ["planned", "held"], "requires": "kind", "clause": "8.3.2"},
	{"name": "held_with", "to": "held", "requires": ["held_at", "minutes"], "clause": "8.3.2"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "8.3.2"},
	{"name": "ended", "in": "closed", "frozen": ["number", "kind", "held_at", "minutes"], "clause": "8.3.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "satisfaction",
"process": "satisfaction",
"description": "One measurement of how satisfied customers are.",
"attributes": {
	"title": "text",
	"description": "text",
	"party": "text",
	"service": "text",
	"measured_at": "date",
	"asked": "integer",
	"answered": "integer",
	"score": "numeric",
	"scale": "text",
	"analysed_at": "date",
	"analysis": "text",
	"actions": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"party": "party"
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
	{"name": "recorded", "to": "recorded", "requires": ["measured_at", "score"], "clause": "8.3.2"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "8.3.2"},
	{"name": "as_recorded", "in": ["recorded", "withdrawn"], "frozen": ["measured_at", "score"], "clause": "8.3.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "dispute",
"process": "dispute",
"description": "A dispute with a supplier.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"party": "text",
	"contract": "text",
	"owner": "text",
	"resolution": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"party": "party",
	"contract": "contract"
},
"states": [
	{"name": "raised", "category": "new", "initial": true},
	{"name": "in_discussion", "category": "active"},
	{"name": "escalated", "category": "active"},
	{"name": "settled", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "raised", "to": "in_discussion", "label": "Discuss"},
	{"from": "in_discussion", "to": "escalated", "label": "Escalate"},
	{"from": ["in_discussion", "escalated"], "to": "settled", "label": "Settle"},
	{"from": "settled", "to": "in_discussion", "label": "Take up again"},
	{"from": "settled", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "raised", "requires": ["title", "party"], "clause": "8.3.4.1"},
	{"name": "managed_by", "to": "in_discussion", "requires": "owner", "clause": "8.3.4.1"},
	{"name": "settled_how", "to": "settled", "requires": "resolution", "clause": "8.3.4.1"},
	{"name": "escalate_reason", "to": "escalated", "reason": true, "clause": "8.3.4.1"},
	{"name": "take_up_reason", "from": "settled", "to": "in_discussion", "reason": true, "clause": "8.3.4.1"},
	{"name": "ended", "in": "closed", "frozen": ["number", "party", "contract", "resolution"], "clause": "8.3.4.1"}
]
}$definition$);
