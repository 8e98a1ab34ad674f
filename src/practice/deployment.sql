-- The standard lifecycle of deployments (ISO/IEC 20000-1, 8.5.3).

SELECT itsm.define_lifecycle($definition${
"name": "deployment",
"process": "deployment",
"description": "A release on its way to one target. It starts from a baseline, succeeds or fails, and what failed, or turns out later not to hold, is rolled back to that baseline.",
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
	"release": "text",
	"change": "text",
	"environment": "text",
	"artefact_hash": "text",
	"accepted_hash": "text",
	"baseline_before": "text",
	"baseline_restored": "boolean",
	"implementer": "text",
	"planned_start": "timestamptz",
	"planned_end": "timestamptz",
	"actual_start": "timestamptz",
	"actual_end": "timestamptz",
	"result": "text",
	"failure": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"release": "release",
	"change": "change"
},
"states": [
	{"name": "scheduled", "category": "new", "initial": true},
	{"name": "running", "category": "active"},
	{"name": "succeeded", "category": "closed", "final": true},
	{"name": "failed", "category": "active"},
	{"name": "rolled_back", "category": "cancelled", "final": true},
	{"name": "cancelled", "category": "cancelled", "final": true}
],
"transitions": [
	{"from": "scheduled", "to": "running", "label": "Start"},
	{"from": "running", "to": "succeeded", "label": "Succeed"},
	{"from": "running", "to": "failed", "label": "Fail"},
	{"from": "failed", "to": "running", "label": "Try again"},
	{"from": ["failed", "succeeded"], "to": "rolled_back", "label": "Roll back"},
	{"from": "scheduled", "to": "cancelled", "label": "Cancel"}
],
"delete": "refuse",
"rules": [
	{"name": "of_a_release_to_a_target", "to": "scheduled", "requires": ["release", "ci"], "clause": "8.5.3"},
	{"name": "planned_when", "to": "scheduled", "requires": ["planned_start", "planned_end"], "clause": "8.5.3"},
	{"name": "plausible_window", "check": "new.planned_start is null or new.planned_end is null or isfinite(new.planned_start) and isfinite(new.planned_end) and new.planned_end > new.planned_start", "message": "the planned window must have a beginning and a later end", "clause": "8.5.3"},
	{"name": "started_when", "to": "running", "requires": ["actual_start", "implementer"], "clause": "8.5.3"},
	{"name": "release_deploying", "to": "running", "related": {"by": "release", "in": ["planned", "building", "testing", "accepted", "deployed", "early_life", "closed", "cancelled", "backed_out"], "need": "none"}, "message": "the release is not being deployed", "clause": "8.5.3"},
	{"name": "in_window", "to": "running", "window": ["planned_start", "planned_end"], "message": "it is deployed between planned_start and planned_end", "clause": "8.5.3"},
	{"name": "no_freeze", "to": "running", "not_frozen": true, "clause": "8.5.3"},
	{"name": "baseline_taken", "from": "scheduled", "to": "running", "requires": "baseline_before", "clause": "8.2.6"},
	{"name": "accepted_artefacts", "to": "running", "check": "new.artefact_hash is not distinct from new.accepted_hash", "message": "what is deployed must be what was accepted", "clause": "8.5.3"},
	{"name": "plausible_run", "check": "new.actual_start is null or new.actual_end is null or new.actual_end >= new.actual_start", "message": "the deployment cannot have ended before it began", "clause": "8.5.3"},
	{"name": "target_frozen", "in": ["running", "failed"], "frozen": ["release", "ci", "environment", "baseline_before"], "clause": "8.5.3"},
	{"name": "result_known", "to": "succeeded", "requires": ["actual_end", "result"], "clause": "8.5.3"},
	{"name": "failure_described", "to": "failed", "requires": ["actual_end", "failure"], "clause": "8.5.3"},
	{"name": "retry_reason", "from": "failed", "to": "running", "reason": true, "clause": "8.5.3"},
	{"name": "roll_back_reason", "to": "rolled_back", "reason": true, "clause": "8.5.3"},
	{"name": "roll_back_complete", "to": "rolled_back", "check": "new.baseline_restored", "message": "the baseline from before must have been restored", "clause": "8.5.3"},
	{"name": "cancel_reason", "to": "cancelled", "reason": true, "clause": "8.5.3"},
	{"name": "ended", "in": ["succeeded", "rolled_back", "cancelled"], "frozen": ["number", "release", "ci", "environment", "artefact_hash", "baseline_before", "actual_start", "actual_end", "result", "failure"], "clause": "8.5.3"}
]
}$definition$);
