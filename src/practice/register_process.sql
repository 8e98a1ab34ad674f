-- Registers (ISO/IEC 20000-1): processes, objectives, measurements, resources and reports.

SELECT itsm.define_lifecycle($definition${
"name": "process",
"process": "process",
"description": "A process of the management system, with its owner, its criteria and its description.",
"attributes": {
	"title": "text",
	"description": "text",
	"owner": "text",
	"clauses": "text[]",
	"criteria": "text",
	"document": "text",
	"record_process": "text",
	"operated_by": "text",
	"change": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"document": "document"
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
	{"name": "recorded", "to": "current", "requires": "owner", "clause": "4.4"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "4.4"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "objective",
"process": "objective",
"description": "A measurable objective of service management.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"function": "text",
	"target": "numeric",
	"direction": "text",
	"unit": "text",
	"due": "date",
	"owner": "text",
	"resources": "text",
	"evaluation_method": "text",
	"document": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "current", "category": "active"},
	{"name": "achieved", "category": "closed", "final": true},
	{"name": "missed", "category": "closed", "final": true},
	{"name": "withdrawn", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "draft", "to": "current", "label": "Set"},
	{"from": "current", "to": "achieved", "label": "Achieve"},
	{"from": "current", "to": "missed", "label": "Miss"},
	{"from": ["draft", "current"], "to": "withdrawn", "label": "Withdraw"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "draft", "requires": ["title", "function"], "clause": "6.2.1"},
	{"name": "planned", "to": "current", "requires": ["target", "unit", "due", "owner"], "clause": "6.2.2"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "6.2.1"},
	{"name": "ended", "in": ["achieved", "missed", "withdrawn"], "frozen": ["number", "target", "unit", "due"], "clause": "6.2.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "metric",
"process": "metric",
"description": "What is measured: a KPI of a process or service, a target of an objective.",
"attributes": {
	"description": "text",
	"title": "text",
	"kind": "text",
	"process": "text",
	"service": "text",
	"party": "text",
	"objective": "text",
	"owner": "text",
	"method": "text",
	"frequency": "interval",
	"analysis_schedule": "text",
	"unit": "text",
	"target": "numeric",
	"direction": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"process": "process",
	"party": "party",
	"objective": "objective"
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
	{"name": "recorded", "to": "current", "requires": "kind", "clause": "9.1"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "9.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "measurement",
"process": "measurement",
"description": "A measured value: of a KPI, an objective, a target of an agreement, of availability, capacity or consumption.",
"attributes": {
	"title": "text",
	"description": "text",
	"kind": "text",
	"metric": "text",
	"service": "text",
	"process": "text",
	"party": "text",
	"objective": "text",
	"agreement_target": "text",
	"period_start": "date",
	"period_end": "date",
	"value": "numeric",
	"reported_value": "numeric",
	"target": "numeric",
	"unit": "text",
	"deviation": "boolean",
	"cause": "text",
	"action": "text",
	"analysed_at": "date",
	"analysed_by": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"metric": "metric"
},
"states": [
	{"name": "recorded", "category": "active", "initial": true},
	{"name": "analysed", "category": "closed", "final": true},
	{"name": "withdrawn", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "recorded", "to": "analysed", "label": "Analyse"},
	{"from": "recorded", "to": "withdrawn", "label": "Withdraw"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "recorded", "requires": ["kind", "period_start", "period_end", "value"], "clause": "9.1"},
	{"name": "plausible_period", "check": "new.period_end is null or new.period_start is null or new.period_end > new.period_start", "message": "a period must end after it begins", "clause": "9.1"},
	{"name": "analysed_when", "to": "analysed", "requires": "analysed_at", "clause": "9.1"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "9.1"},
	{"name": "as_analysed", "in": ["analysed", "withdrawn"], "frozen": ["kind", "metric", "period_start", "value"], "clause": "9.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "analysis",
"process": "analysis",
"description": "An analysis of the records of a process over a period: trends of incidents, of changes, of security incidents.",
"attributes": {
	"number": "text",
	"description": "text",
	"title": "text",
	"subject": "text",
	"service": "text",
	"owner": "text",
	"planned_at": "date",
	"period_start": "date",
	"period_end": "date",
	"held_at": "date",
	"result": "text",
	"actions": "text[]",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "held", "category": "resolved", "initial": true},
	{"name": "closed", "category": "closed", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "planned", "to": "held", "label": "Hold"},
	{"from": "held", "to": "closed", "label": "Close"},
	{"from": "planned", "to": "cancelled", "label": "Cancel"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": ["planned", "held"], "requires": "subject", "clause": "9.1"},
	{"name": "held_with", "to": "held", "requires": ["period_start", "period_end", "held_at", "result"], "clause": "9.1"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "9.1"},
	{"name": "ended", "in": "closed", "frozen": ["number", "subject", "period_start", "period_end", "held_at", "result"], "clause": "9.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "resource",
"process": "resource",
"description": "A resource that a process, a service or a plan needs and has.",
"attributes": {
	"description": "text",
	"title": "text",
	"kind": "text",
	"process": "text",
	"service": "text",
	"document": "text",
	"owner": "text",
	"quantity": "numeric",
	"unit": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
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
	{"name": "recorded", "to": "current", "requires": ["title", "kind"], "clause": "7.1"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "7.1"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "service_report",
"process": "service_report",
"description": "A report on services that is made regularly: the service management system's and the services' performance.",
"attributes": {
	"description": "text",
	"title": "text",
	"purpose": "text",
	"audience": "text",
	"frequency": "interval",
	"data_source": "text",
	"owner": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
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
	{"name": "recorded", "to": "current", "requires": ["purpose", "audience", "frequency", "data_source", "owner"], "clause": "9.4"},
	{"name": "retire_reason", "to": "retired", "reason": true, "clause": "9.4"}
]
}$definition$);

SELECT itsm.define_lifecycle($definition${
"name": "report_issue",
"process": "report_issue",
"description": "One issue of a report.",
"attributes": {
	"title": "text",
	"description": "text",
	"report": "text",
	"period_start": "date",
	"period_end": "date",
	"due_at": "date",
	"held_at": "date",
	"decisions": "text",
	"actions": "text",
	"communicated_at": "date",
	"communicated_to": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"report": "service_report"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "held", "category": "resolved", "initial": true},
	{"name": "closed", "category": "closed", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "planned", "to": "held", "label": "Hold"},
	{"from": "held", "to": "closed", "label": "Close"},
	{"from": "planned", "to": "cancelled", "label": "Cancel"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": ["planned", "held"], "requires": ["report", "due_at"], "clause": "9.4"},
	{"name": "held_with", "to": "held", "requires": "held_at", "clause": "9.4"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "9.4"},
	{"name": "ended", "in": "closed", "frozen": ["report", "due_at", "held_at"], "clause": "9.4"}
]
}$definition$);
