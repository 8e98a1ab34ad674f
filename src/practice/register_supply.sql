-- Registers (ISO/IEC 20000-1): budgets, demand and capacity.

SELECT itsm.define_lifecycle($definition${
"name": "budget",
"process": "budget",
"description": "Budget, cost and forecast of a service in a period.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"service": "text",
	"period_start": "date",
	"period_end": "date",
	"currency": "text",
	"budget": "numeric",
	"actual": "numeric",
	"forecast": "numeric",
	"owner": "text",
	"decision": "text",
	"decided_by": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"service": "service"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "approved", "category": "active"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "planned", "to": "approved", "label": "Approve"},
	{"from": "approved", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "planned", "requires": ["service", "period_start", "period_end"], "clause": "8.4.1"},
	{"name": "budgeted", "to": "approved", "requires": "budget", "clause": "8.4.1"},
	{"name": "approver_named", "to": "approved", "requires": "owner", "clause": "8.4.1"},
	{"name": "budget_frozen", "in": "closed", "frozen": ["service", "period_start", "period_end", "budget", "actual"], "clause": "8.4.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "demand",
"process": "demand",
"description": "Demand for a service: now, and as forecast.",
"attributes": {
	"title": "text",
	"description": "text",
	"service": "text",
	"determined_at": "date",
	"current_demand": "numeric",
	"forecast_demand": "numeric",
	"forecast_for": "date",
	"unit": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"service": "service"
},
"states": [
	{"name": "recorded", "category": "resolved", "initial": true},
	{"name": "withdrawn", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "recorded", "to": "withdrawn", "label": "Withdraw"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "recorded", "requires": ["service", "determined_at", "current_demand", "forecast_demand"], "clause": "8.4.2"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "8.4.2"},
	{"name": "as_recorded", "in": ["recorded", "withdrawn"], "frozen": ["service", "determined_at", "current_demand", "forecast_demand"], "clause": "8.4.2"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "capacity",
"process": "capacity",
"description": "A line of the capacity plan: capacity of a service now and later, and when it has to change.",
"attributes": {
	"title": "text",
	"description": "text",
	"service": "text",
	"resource_kind": "text",
	"current_capacity": "numeric",
	"forecast_capacity": "numeric",
	"forecast_for": "date",
	"unit": "text",
	"expected_impact": "text",
	"timescale": "text",
	"threshold": "numeric",
	"owner": "text",
	"document": "text",
	"reviewed_at": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"service": "service"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "current", "category": "active", "initial": true},
	{"name": "retired", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "current", "label": "Put into force"},
	{"from": "current", "to": "draft", "label": "Revise"},
	{"from": ["draft", "current"], "to": "retired", "label": "Retire"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "current", "requires": ["service", "resource_kind"], "clause": "8.4.3"},
	{"name": "planned", "to": "current", "requires": ["current_capacity", "forecast_capacity"], "clause": "8.4.3"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "8.4.3"}
]
}$definition$);
