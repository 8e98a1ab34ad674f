-- The standard lifecycle of incidents (ISO/IEC 20000-1, 8.6.1).

SELECT itsm.define_lifecycle($definition${
"name": "incident",
"process": "incident",
"description": "Restores a service as agreed, as soon as possible.",
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
	"hold_reason": "text",
	"resolution_code": "text",
	"resolution": "text",
	"merged_into": "text"
},
"states": [
	{"name": "new", "category": "new", "initial": true},
	{"name": "assigned", "category": "active"},
	{"name": "in_progress", "category": "active"},
	{"name": "on_hold", "category": "waiting"},
	{"name": "resolved", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true},
	{"name": "merged", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "new", "to": "assigned", "label": "Assign"},
	{"from": ["new", "assigned"], "to": "in_progress", "label": "Start work"},
	{"from": "in_progress", "to": "assigned", "label": "Reassign"},
	{"from": "in_progress", "to": "on_hold", "label": "Wait"},
	{"from": "on_hold", "to": "in_progress", "label": "Resume"},
	{"from": "in_progress", "to": "resolved", "label": "Resolve"},
	{"from": "resolved", "to": "in_progress", "label": "Reopen"},
	{"from": "resolved", "to": "closed", "label": "Close"},
	{"from": ["new", "assigned", "in_progress", "on_hold"], "to": "cancelled", "label": "Cancel"},
	{"from": ["new", "assigned", "in_progress", "on_hold", "resolved"], "to": "merged", "label": "Merge"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "new", "requires": ["title", "requester"], "clause": "8.6.1"},
	{"name": "classified", "from": "new", "to": ["assigned", "in_progress"], "requires": ["impact", "urgency", "priority"], "clause": "8.6.1"},
	{"name": "plausible_impact", "check": "new.impact is null or new.impact between 1 and 5", "message": "impact must be 1 to 5", "clause": "8.6.1"},
	{"name": "plausible_urgency", "check": "new.urgency is null or new.urgency between 1 and 5", "message": "urgency must be 1 to 5", "clause": "8.6.1"},
	{"name": "plausible_priority", "check": "new.priority is null or new.priority between 1 and 5", "message": "priority must be 1 to 5", "clause": "8.6.1"},
	{"name": "assigned_to_someone", "to": "assigned", "check": "coalesce(new.assignee, '') <> '' or coalesce(new.assignment_group, '') <> ''", "message": "an assignee or an assignment group is required to enter assigned", "clause": "8.6.1"},
	{"name": "reassigned", "from": "in_progress", "to": "assigned", "check": "new.assignee is distinct from old.assignee or new.assignment_group is distinct from old.assignment_group", "message": "assignee or assignment group must change", "clause": "8.6.1"},
	{"name": "worked_on_by", "to": "in_progress", "requires": "assignee", "clause": "8.6.1"},
	{"name": "hold_reason_required", "to": "on_hold", "requires": "hold_reason", "clause": "8.6.1"},
	{"name": "resolution_required", "to": "resolved", "requires": ["resolution_code", "resolution", "service"], "clause": "8.6.1"},
	{"name": "reopen_reason", "from": "resolved", "to": "in_progress", "reason": true, "clause": "8.6.1"},
	{"name": "reopen_window", "from": "resolved", "to": "in_progress", "within": "14 days", "since": "resolved", "message": "it may be reopened within 14 days of being resolved", "clause": "8.6.1"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "8.6.1"},
	{"name": "merged_into_another", "to": "merged", "requires": "merged_into", "clause": "8.6.1"},
	{"name": "not_into_itself", "to": "merged", "check": "new.merged_into is distinct from new.number", "message": "an incident cannot be merged into itself", "clause": "8.6.1"},
	{"name": "ended", "in": ["closed", "cancelled", "merged"], "frozen": ["number", "impact", "urgency", "priority", "resolution_code", "resolution", "merged_into"], "clause": "8.6.1"}
]
}$definition$);
