-- The standard lifecycle of improvements (ISO/IEC 20000-1, 10.2).

SELECT itsm.define_lifecycle($definition${
"name": "improvement",
"process": "improvement",
"description": "An opportunity to do better. It is evaluated against criteria, approved or rejected, carried out now or later, and its result is measured against the target that it was approved for.",
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
	"source": "text",
	"score": "text",
	"approval_required": "boolean",
	"decision": "text",
	"decided_by": "text",
	"owner": "text",
	"target": "text",
	"due": "date",
	"change": "text",
	"result": "text",
	"reported_at": "timestamptz",
	"criteria": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"change": "change"
},
"states": [
	{"name": "proposed", "category": "new", "initial": true},
	{"name": "evaluated", "category": "active"},
	{"name": "approved", "category": "active"},
	{"name": "rejected", "category": "cancelled", "final": true},
	{"name": "in_progress", "category": "active"},
	{"name": "deferred", "category": "waiting"},
	{"name": "implemented", "category": "resolved"},
	{"name": "measured", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "proposed", "to": "evaluated", "label": "Evaluate"},
	{"from": "evaluated", "to": "approved", "label": "Approve"},
	{"from": "evaluated", "to": "rejected", "label": "Reject"},
	{"from": "approved", "to": "in_progress", "label": "Start"},
	{"from": "approved", "to": "deferred", "label": "Defer"},
	{"from": "deferred", "to": "in_progress", "label": "Start"},
	{"from": "deferred", "to": "rejected", "label": "Give up"},
	{"from": "in_progress", "to": "implemented", "label": "Implement"},
	{"from": "implemented", "to": "measured", "label": "Measure"},
	{"from": "measured", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "proposed", "requires": "source", "clause": "10.2"},
	{"name": "evaluated_by_criteria", "to": "evaluated", "requires": "score", "clause": "10.2"},
	{"name": "decided", "to": ["approved", "rejected"], "requires": ["decision", "decided_by"], "clause": "10.2"},
	{"name": "decided_by_another", "to": ["approved", "rejected"], "check": "new.decided_by is null or new.decided_by is distinct from new.requester", "message": "nobody decides on their own proposal", "clause": "10.2"},
	{"name": "approved_by_deciders", "to": "approved", "when": "new.approval_required", "approvals": {"role": "improvement_decider", "quorum": 1}, "covers": ["title", "source", "score"], "not_by": ["requester"], "clause": "10.2"},
	{"name": "planned", "to": ["in_progress", "deferred"], "requires": ["owner", "target", "due"], "clause": "10.2"},
	{"name": "defer_reason", "to": "deferred", "reason": true, "clause": "10.2"},
	{"name": "give_up_reason", "from": "deferred", "to": "rejected", "reason": true, "clause": "10.2"},
	{"name": "change_closed", "to": "implemented", "related": {"by": "change", "in": ["new", "active", "waiting", "resolved", "cancelled"], "need": "none"}, "message": "the change that carries it out has to be closed first", "clause": "10.2"},
	{"name": "result_measured", "to": "measured", "requires": "result", "clause": "10.2"},
	{"name": "result_reported", "to": "closed", "requires": "reported_at", "clause": "10.2"},
	{"name": "target_frozen", "in": ["implemented", "measured", "closed"], "frozen": ["target", "due"], "clause": "10.2"},
	{"name": "ended", "in": ["closed", "rejected"], "frozen": ["number", "source", "score", "decision", "decided_by", "owner", "result", "reported_at"], "clause": "10.2"}
]
}$definition$);
