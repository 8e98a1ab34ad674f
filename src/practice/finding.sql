-- The standard lifecycle of findings (ISO/IEC 20000-1, 9.2 and 10.1).

SELECT itsm.define_lifecycle($definition${
"name": "finding",
"process": "finding",
"description": "What an audit found: a nonconformity, major or minor, or an observation. It is accepted or disputed by those it is about, answered by an action, and closed when another than whoever acted has seen that it works. A dispute ends with the finding accepted or taken back.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"requester": "text",
	"assignee": "text",
	"assignment_group": "text",
	"category": "text",
	"service": "text",
	"audit": "text",
	"auditor": "text",
	"auditee": "text",
	"clause": "text",
	"grade": "text",
	"evidence": "text",
	"owner": "text",
	"cause": "text",
	"corrective_action": "text",
	"due": "date",
	"due_limit": "date",
	"verifier": "text",
	"verification": "text",
	"reported_at": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"audit": "audit",
	"corrective_action": "corrective_action"
},
"states": [
	{"name": "raised", "category": "new", "initial": true},
	{"name": "accepted", "category": "active"},
	{"name": "disputed", "category": "waiting"},
	{"name": "action_planned", "category": "active"},
	{"name": "implemented", "category": "resolved"},
	{"name": "verified", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "raised", "to": "accepted", "label": "Accept"},
	{"from": "raised", "to": "disputed", "label": "Dispute"},
	{"from": "disputed", "to": "accepted", "label": "Settle"},
	{"from": "disputed", "to": "closed", "label": "Take back"},
	{"from": "accepted", "to": "action_planned", "label": "Plan action"},
	{"from": "action_planned", "to": "implemented", "label": "Implement"},
	{"from": "implemented", "to": "verified", "label": "Verify"},
	{"from": "verified", "to": "closed", "label": "Close"},
	{"from": "implemented", "to": "action_planned", "label": "Not effective"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "raised", "requires": ["clause", "grade", "evidence"], "clause": "9.2.2"},
	{"name": "known_grade", "check": "new.grade is null or new.grade in ('major', 'minor', 'observation')", "message": "the grade is major, minor or observation", "clause": "9.2.2"},
	{"name": "raised_by_the_auditor", "to": "raised", "check": "actor is not distinct from new.auditor", "message": "only the auditor raises findings of the audit", "clause": "9.2.2"},
	{"name": "auditee_named", "to": ["accepted", "disputed"], "requires": "auditee", "clause": "9.2.2"},
	{"name": "dispute_reason", "to": "disputed", "reason": true, "clause": "9.2.2"},
	{"name": "settle_reason", "from": "disputed", "to": ["accepted", "closed"], "reason": true, "clause": "9.2.2"},
	{"name": "action_named", "to": "action_planned", "requires": "corrective_action", "clause": "10.1"},
	{"name": "major_planned_in_time", "to": "action_planned", "check": "new.grade is distinct from 'major' or coalesce(new.cause, '') <> '' and new.due is not null and (new.due_limit is null or new.due <= new.due_limit)", "message": "a major finding needs its cause, and a due date within the limit", "clause": "10.1"},
	{"name": "action_implemented", "to": "implemented", "related": {"by": "corrective_action", "in": ["open", "in_progress"], "need": "none"}, "message": "the corrective action has to be implemented first", "clause": "10.1"},
	{"name": "not_effective_reason", "from": "implemented", "to": "action_planned", "reason": true, "clause": "10.1"},
	{"name": "verified_by", "to": "verified", "requires": ["verifier", "verification"], "clause": "10.1"},
	{"name": "action_verified", "to": "verified", "related": {"by": "corrective_action", "in": ["open", "in_progress", "implemented"], "need": "none"}, "message": "the corrective action has to be verified first", "clause": "10.1"},
	{"name": "verifier_is_another", "to": "verified", "check": "new.verifier is null or new.verifier is distinct from new.owner", "message": "owners of an action do not verify it", "clause": "10.1"},
	{"name": "verified_by_another", "to": "verified", "separate": ["owner", {"to": "implemented"}], "message": "whoever verifies it must be known, and must not be the one who acted", "clause": "10.1"},
	{"name": "finding_frozen", "in": ["accepted", "disputed", "action_planned", "implemented", "verified", "closed"], "frozen": ["number", "audit", "clause", "grade", "evidence"], "clause": "9.2.2"},
	{"name": "ended", "in": "closed", "frozen": ["cause", "corrective_action", "verifier", "verification"], "clause": "10.1"}
]
}$definition$);
