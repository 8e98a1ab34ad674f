-- The standard lifecycle of complaints (ISO/IEC 20000-1, 8.3.2).

SELECT itsm.define_lifecycle($definition${
"name": "complaint",
"process": "complaint",
"description": "A customer who is not satisfied with a service says so. The complaint is acknowledged, investigated by somebody it is not about, escalated where the usual way does not settle it, and closed when the customer has been told; who disagrees has it taken up again.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"requester": "text",
	"assignee": "text",
	"assignment_group": "text",
	"priority": "integer",
	"category": "text",
	"service": "text",
	"ci": "text",
	"resolution_code": "text",
	"resolution": "text",
	"customer": "text",
	"owner": "text",
	"subject": "text",
	"action": "text",
	"customer_informed_at": "timestamptz",
	"escalate_by": "timestamptz",
	"escalated_at": "timestamptz",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "received", "category": "new", "initial": true},
	{"name": "acknowledged", "category": "active"},
	{"name": "investigating", "category": "active"},
	{"name": "escalated", "category": "active"},
	{"name": "resolved", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "received", "to": "acknowledged", "label": "Acknowledge"},
	{"from": "acknowledged", "to": "investigating", "label": "Investigate"},
	{"from": "investigating", "to": "escalated", "label": "Escalate"},
	{"from": ["investigating", "escalated"], "to": "resolved", "label": "Resolve"},
	{"from": "resolved", "to": "closed", "label": "Close"},
	{"from": ["resolved", "closed"], "to": "investigating", "label": "Take up again"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "received", "requires": ["customer", "service", "description"], "clause": "8.3.2"},
	{"name": "acknowledged_in_time", "to": "acknowledged", "within": "2 days", "since": "opened", "mode": "observe", "message": "it should have been acknowledged within 2 days", "clause": "8.3.2"},
	{"name": "investigated_by", "to": "investigating", "requires": "owner", "clause": "8.3.2"},
	{"name": "owner_is_not_its_subject", "to": "investigating", "check": "new.owner is null or new.owner is distinct from new.subject", "message": "nobody investigates a complaint about themselves", "clause": "8.3.2"},
	{"name": "escalate_reason", "to": "escalated", "reason": true, "clause": "8.3.2"},
	{"name": "resolution_required", "to": "resolved", "requires": ["action", "resolution"], "clause": "8.3.2"},
	{"name": "customer_informed", "to": "closed", "requires": "customer_informed_at", "clause": "8.3.2"},
	{"name": "disagreement", "from": ["resolved", "closed"], "to": "investigating", "reason": true, "clause": "8.3.2"},
	{"name": "complaint_frozen", "in": ["acknowledged", "investigating", "escalated", "resolved", "closed"], "frozen": ["number", "customer", "description"], "clause": "8.3.2"}
]
}$definition$);
