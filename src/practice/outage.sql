-- The standard lifecycle of outages (ISO/IEC 20000-1, 8.7.1).

SELECT itsm.define_lifecycle($definition${
"name": "outage",
"process": "outage",
"description": "A time in which a service is not available. It is announced when it is planned, recorded when it comes or after it is over, and investigated before it is closed. Availability is measured by what is recorded here (itsm_report.availability_monthly).",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"requester": "text",
	"assignee": "text",
	"assignment_group": "text",
	"category": "text",
	"service": "text",
	"ci": "text",
	"planned": "boolean",
	"started_at": "timestamptz",
	"ended_at": "timestamptz",
	"change": "text",
	"incident": "text",
	"cause": "text",
	"action": "text",
	"problem": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"service": "service",
	"change": "change",
	"incident": "incident",
	"problem": "problem"
},
"states": [
	{"name": "announced", "category": "new", "initial": true},
	{"name": "ongoing", "category": "active", "initial": true},
	{"name": "restored", "category": "resolved", "initial": true},
	{"name": "closed", "category": "closed", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "announced", "to": "ongoing", "label": "Begin"},
	{"from": "ongoing", "to": "restored", "label": "Restore"},
	{"from": "restored", "to": "closed", "label": "Close"},
	{"from": ["announced", "ongoing"], "to": "cancelled", "label": "Cancel"}
],
"delete": "refuse",
"rules": [
	{"name": "service_named", "to": ["announced", "ongoing", "restored"], "requires": "service", "clause": "8.7.1"},
	{"name": "announced_is_planned", "to": "announced", "check": "new.planned", "message": "what is announced is a planned outage", "clause": "8.7.1"},
	{"name": "planned_by_a_change", "to": "announced", "requires": ["started_at", "change"], "clause": "8.7.1"},
	{"name": "begun_when", "to": ["ongoing", "restored"], "requires": "started_at", "clause": "8.7.1"},
	{"name": "over_when", "to": "restored", "requires": "ended_at", "clause": "8.7.1"},
	{"name": "plausible_times", "check": "new.started_at is null or new.ended_at is null or isfinite(new.started_at) and isfinite(new.ended_at) and new.ended_at >= new.started_at", "message": "an outage cannot have ended before it began", "clause": "8.7.1"},
	{"name": "investigated", "to": "closed", "requires": "cause", "clause": "8.7.1"},
	{"name": "followed_up", "to": "closed", "check": "coalesce(new.action, '') <> '' or coalesce(new.problem, '') <> '' or new.planned", "message": "an outage that was not planned must lead to an action or a problem", "clause": "8.7.1"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "8.7.1"},
	{"name": "ended", "in": ["closed", "cancelled"], "frozen": ["number", "service", "planned", "started_at", "ended_at", "cause"], "clause": "8.7.1"}
]
}$definition$);
