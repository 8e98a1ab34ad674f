-- The standard lifecycle of major incidents (ISO/IEC 20000-1, 8.6.1).

SELECT itsm.define_lifecycle($definition${
"name": "major_incident",
"process": "major_incident",
"description": "The procedure beside an incident whose impact is so large that it has a manager, a plan of who is told what and how often, and a review afterwards. The incident itself goes on in its own lifecycle.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"requester": "text",
	"assignee": "text",
	"assignment_group": "text",
	"impact": "integer",
	"urgency": "integer",
	"priority": "integer",
	"category": "text",
	"service": "text",
	"ci": "text",
	"incident": "text",
	"criteria": "text",
	"manager": "text",
	"informed_at": "timestamptz",
	"communication_plan": "text",
	"update_interval": "interval",
	"restored_at": "timestamptz",
	"service_available": "boolean",
	"resolver": "text",
	"review_owner": "text",
	"cause": "text",
	"timeline": "text",
	"improvements": "text",
	"actions": "text[]",
	"problem": "text",
	"no_problem_reason": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"incident": "incident",
	"actions": "improvement",
	"problem": "problem"
},
"states": [
	{"name": "declared", "category": "new", "initial": true},
	{"name": "in_response", "category": "active"},
	{"name": "restored", "category": "resolved"},
	{"name": "under_review", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "declared", "to": "in_response", "label": "Respond"},
	{"from": "in_response", "to": "restored", "label": "Restore"},
	{"from": "restored", "to": "under_review", "label": "Review"},
	{"from": "under_review", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "criteria_met", "to": "declared", "requires": ["criteria", "incident"], "clause": "8.6.1"},
	{"name": "incident_open", "to": "declared", "related": {"by": "incident", "in": ["resolved", "closed", "cancelled"], "need": "none"}, "message": "the incident is over already", "clause": "8.6.1"},
	{"name": "manager_named", "to": "declared", "requires": "manager", "clause": "8.6.1"},
	{"name": "manager_is_another", "to": "declared", "check": "new.manager is null or new.manager is distinct from new.assignee", "message": "the manager of a major incident must not be the one who works on it", "clause": "8.6.1"},
	{"name": "top_management_informed", "to": "declared", "requires": "informed_at", "message": "top management must have been informed: when", "clause": "8.6.1"},
	{"name": "communication_planned", "to": "in_response", "requires": ["communication_plan", "update_interval"], "clause": "8.6.1"},
	{"name": "plausible_interval", "check": "new.update_interval is null or new.update_interval > interval '0'", "message": "the interval between updates must be longer than nothing", "clause": "8.6.1"},
	{"name": "restored_when", "to": "restored", "requires": "restored_at", "clause": "8.6.1"},
	{"name": "service_recovered", "to": "restored", "check": "new.service_available", "message": "the service must be available again", "clause": "8.6.1"},
	{"name": "review_owner_named", "to": "under_review", "requires": "review_owner", "clause": "8.6.1"},
	{"name": "reviewed_by_another", "to": "under_review", "check": "new.review_owner is null or new.review_owner is distinct from new.resolver", "message": "whoever resolved the incident must not own its review", "clause": "8.6.1"},
	{"name": "review_complete", "to": "closed", "requires": ["cause", "timeline", "improvements"], "clause": "8.6.1"},
	{"name": "actions_owned", "to": "closed", "related": {"by": "actions", "in": ["proposed", "evaluated", "approved"], "need": "none"}, "message": "actions that follow from it must be decided on and have an owner: improvements that are in progress, deferred or rejected", "clause": "8.6.1"},
	{"name": "problem_or_reason", "to": "closed", "check": "coalesce(new.problem, '') <> '' or coalesce(new.no_problem_reason, '') <> ''", "message": "a problem must be linked, or it must be said why there is none", "clause": "8.6.3"},
	{"name": "ended", "in": "closed", "frozen": ["number", "incident", "manager", "restored_at", "cause", "timeline", "improvements", "problem", "no_problem_reason"], "clause": "8.6.1"}
]
}$definition$);
