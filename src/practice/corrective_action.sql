-- The standard lifecycle of corrective actions (ISO/IEC 20000-1, 10.1).

SELECT itsm.define_lifecycle($definition${
"name": "corrective_action",
"process": "corrective_action",
"description": "What is done so that a nonconformity does not come back: its cause is named, somebody owns it until a day, and another than the owner checks that it works.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"requester": "text",
	"assignee": "text",
	"assignment_group": "text",
	"category": "text",
	"service": "text",
	"source": "text",
	"cause": "text",
	"owner": "text",
	"due": "date",
	"done_at": "timestamptz",
	"evidence": "text",
	"effect": "text",
	"verifier": "text",
	"correction": "text",
	"similar_cases": "text",
	"extended_to": "date",
	"extension_approved_by": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "open", "category": "new", "initial": true},
	{"name": "in_progress", "category": "active"},
	{"name": "implemented", "category": "resolved"},
	{"name": "verified", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "open", "to": "in_progress", "label": "Start"},
	{"from": "in_progress", "to": "implemented", "label": "Implement"},
	{"from": "implemented", "to": "verified", "label": "Verify"},
	{"from": "implemented", "to": "in_progress", "label": "Not effective"},
	{"from": "verified", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "open", "requires": ["cause", "owner", "due"], "clause": "10.1"},
	{"name": "done_with_evidence", "to": "implemented", "requires": ["done_at", "evidence"], "clause": "10.1"},
	{"name": "effect_checked", "to": "verified", "requires": ["effect", "verifier"], "clause": "10.1"},
	{"name": "verifier_is_another", "to": "verified", "check": "new.verifier is null or new.verifier is distinct from new.owner", "message": "owners of an action do not verify it", "clause": "10.1"},
	{"name": "verified_by_another", "to": "verified", "separate": ["owner", {"to": "implemented"}], "message": "whoever verifies it must be known, and must not be the one who acted", "clause": "10.1"},
	{"name": "not_effective_reason", "from": "implemented", "to": "in_progress", "reason": true, "clause": "10.1"},
	{"name": "ended", "in": "closed", "frozen": ["number", "cause", "owner", "due", "done_at", "evidence", "effect", "verifier"], "clause": "10.1"}
]
}$definition$);
