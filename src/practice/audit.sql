-- The standard lifecycle of internal audits (ISO/IEC 20000-1, 9.2).

SELECT itsm.define_lifecycle($definition${
"name": "audit",
"process": "audit",
"description": "An internal audit: planned with its criteria and scope, carried out by somebody who does not audit their own work, reported, and closed when its findings are.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"requester": "text",
	"assignee": "text",
	"assignment_group": "text",
	"category": "text",
	"service": "text",
	"criteria": "text",
	"scope": "text",
	"auditor": "text",
	"auditee": "text",
	"planned_start": "timestamptz",
	"planned_end": "timestamptz",
	"report": "text",
	"findings": "text",
	"programme": "text",
	"clauses": "text[]",
	"processes": "text[]",
	"reported_at": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"programme": "audit_programme"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "in_progress", "category": "active"},
	{"name": "cancelled", "category": "cancelled", "final": true},
	{"name": "reported", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "planned", "to": "in_progress", "label": "Start"},
	{"from": "planned", "to": "cancelled", "label": "Cancel"},
	{"from": "in_progress", "to": "reported", "label": "Report"},
	{"from": "reported", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "planned", "requires": ["criteria", "scope", "auditor"], "clause": "9.2.2"},
	{"name": "auditor_is_independent", "to": ["planned", "in_progress"], "check": "new.auditor is null or new.auditor is distinct from new.auditee", "message": "nobody audits their own work", "clause": "9.2.2"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "9.2.2"},
	{"name": "results_reported", "to": "reported", "requires": ["report", "findings"], "clause": "9.2.2"},
	{"name": "findings_closed", "to": "closed", "related": {"of": "finding", "by": "audit", "in": "closed"}, "message": "its findings have to be closed first", "clause": "9.2.2"},
	{"name": "criteria_frozen", "in": ["in_progress", "reported", "closed", "cancelled"], "frozen": ["number", "criteria", "scope"], "clause": "9.2.2"},
	{"name": "report_frozen", "in": ["reported", "closed"], "frozen": ["auditor", "report", "findings"], "clause": "9.2.2"}
]
}$definition$);
