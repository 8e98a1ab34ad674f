-- The standard lifecycle of known errors (ISO/IEC 20000-1, 8.6.3).

SELECT itsm.define_lifecycle($definition${
"name": "known_error",
"process": "known_error",
"description": "What is known about a problem whose cause is found but not removed: cause and workaround, for those who meet the incidents. It is published by another than its author, and ends when the problem does or something newer says more.",
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
	"problem": "text",
	"root_cause": "text",
	"workaround": "text",
	"author": "text",
	"reviewer": "text",
	"superseded_by": "text",
	"change": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"problem": "problem",
	"superseded_by": "known_error",
	"change": "change"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "published", "category": "active"},
	{"name": "superseded", "category": "closed", "final": true},
	{"name": "retired", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "published", "label": "Publish"},
	{"from": "published", "to": "superseded", "label": "Supersede"},
	{"from": "published", "to": "retired", "label": "Retire"}
],
"delete": "refuse",
"rules": [
	{"name": "problem_named", "to": "draft", "requires": "problem", "clause": "8.6.3"},
	{"name": "publishable", "to": "published", "requires": ["workaround", "reviewer"], "clause": "8.6.3"},
	{"name": "reviewer_is_another", "to": "published", "check": "new.reviewer is null or new.reviewer is distinct from new.author", "message": "authors do not review what they wrote", "clause": "8.6.3"},
	{"name": "published_by_another", "to": "published", "separate": "author", "message": "whoever publishes it must be known, and must not be its author", "clause": "8.6.3"},
	{"name": "end_reason", "to": ["superseded", "retired"], "reason": true, "clause": "8.6.3"},
	{"name": "resolved_or_closed", "to": "retired", "related": {"by": "problem", "in": ["new", "active", "waiting"], "need": "none"}, "message": "the problem is not resolved yet", "clause": "8.6.3"},
	{"name": "superseded_or_resolved", "to": "superseded", "when": "coalesce(new.superseded_by, '') = ''", "related": {"by": "problem", "in": ["new", "active", "waiting"], "need": "none"}, "message": "the problem is not resolved yet, and nothing takes the place of the known error", "clause": "8.6.3"},
	{"name": "successors_in_no_circle", "acyclic": "superseded_by", "message": "what takes its place may not lead back to the known error itself", "clause": "8.6.3"},
	{"name": "ended", "in": ["superseded", "retired"], "frozen": ["number", "problem", "root_cause", "workaround", "author", "reviewer"], "clause": "8.6.3"}
]
}$definition$);
