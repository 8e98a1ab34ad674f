-- The standard lifecycle of change tasks, the work orders of a change (ISO/IEC 20000-1, 8.5.1.3).

SELECT itsm.define_lifecycle($definition${
"name": "change_task",
"process": "change_task",
"description": "A piece of the work that a change consists of. It is done while the change is implemented, and after the tasks that come before it; the change goes to its review when all of them are closed.",
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
	"hold_reason": "text",
	"change": "text",
	"predecessors": "text[]",
	"planned_start": "timestamptz",
	"planned_end": "timestamptz",
	"actual_start": "timestamptz",
	"actual_end": "timestamptz",
	"result": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"change": "change",
	"predecessors": "change_task"
},
"states": [
	{"name": "open", "category": "new", "initial": true},
	{"name": "in_progress", "category": "active"},
	{"name": "on_hold", "category": "waiting"},
	{"name": "closed", "category": "closed", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "open", "to": "in_progress", "label": "Start work"},
	{"from": "in_progress", "to": "on_hold", "label": "Wait"},
	{"from": "on_hold", "to": "in_progress", "label": "Resume"},
	{"from": "in_progress", "to": "closed", "label": "Close"},
	{"from": ["open", "in_progress", "on_hold"], "to": "cancelled", "label": "Cancel"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "open", "requires": ["title", "change"], "clause": "8.5.1.3"},
	{"name": "change_not_over", "to": "open", "related": {"by": "change", "in": ["review", "closed", "cancelled"], "need": "none"}, "message": "the change has been implemented or ended already", "clause": "8.5.1.3"},
	{"name": "worked_on_by", "to": "in_progress", "requires": ["assignee", "actual_start"], "clause": "8.5.1.3"},
	{"name": "change_in_implementation", "from": "open", "to": "in_progress", "related": {"by": "change", "in": ["new", "assess", "authorize", "rejected", "scheduled", "review", "closed", "cancelled"], "need": "none"}, "message": "the change is not being implemented", "clause": "8.5.1.3"},
	{"name": "predecessors_closed", "from": "open", "to": "in_progress", "related": {"by": "predecessors", "in": ["new", "active", "waiting"], "need": "none"}, "message": "the tasks that come before it have to be closed first", "clause": "8.5.1.3"},
	{"name": "order_in_no_circle", "acyclic": "predecessors", "message": "what comes before it may not lead back to the task itself", "clause": "8.5.1.3"},
	{"name": "order_frozen", "in": ["in_progress", "on_hold"], "frozen": ["change", "predecessors"], "clause": "8.5.1.3"},
	{"name": "hold_reason_required", "to": "on_hold", "requires": "hold_reason", "clause": "8.5.1.3"},
	{"name": "plausible_work", "check": "new.actual_start is null or new.actual_end is null or new.actual_end >= new.actual_start", "message": "the work cannot have ended before it began", "clause": "8.5.1.3"},
	{"name": "result_known", "to": "closed", "requires": ["actual_end", "result"], "clause": "8.5.1.3"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "8.5.1.3"},
	{"name": "ended", "in": ["closed", "cancelled"], "frozen": ["number", "change", "predecessors", "assignee", "actual_start", "actual_end", "result"], "clause": "8.5.1.3"}
]
}$definition$);
