-- The standard lifecycle of tests of continuity plans (ISO/IEC 20000-1, 8.7.2).

SELECT itsm.define_lifecycle($definition${
"name": "continuity_test",
"process": "continuity_test",
"description": "A plan for the worst case is tried out: approved with the risk that the trial itself brings, carried out, and reviewed by another than who led it. What fell short leads to actions.",
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
	"plan_version": "text",
	"plan_approved": "boolean",
	"scenario": "text",
	"scope": "text",
	"test_leader": "text",
	"risk_accepted_by": "text",
	"live_impact": "boolean",
	"change": "text",
	"required_rto": "interval",
	"required_rpo": "interval",
	"achieved_rto": "interval",
	"achieved_rpo": "interval",
	"result": "text",
	"reviewer": "text",
	"deficiencies": "text",
	"actions": "text",
	"corrective_actions": "text[]",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"change": "change",
	"corrective_actions": "corrective_action"
},
"states": [
	{"name": "planned", "category": "new", "initial": true},
	{"name": "approved", "category": "waiting"},
	{"name": "executing", "category": "active"},
	{"name": "completed", "category": "resolved"},
	{"name": "aborted", "category": "resolved"},
	{"name": "reviewed", "category": "resolved"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "planned", "to": "approved", "label": "Approve"},
	{"from": "approved", "to": "executing", "label": "Execute"},
	{"from": "executing", "to": "completed", "label": "Complete"},
	{"from": "executing", "to": "aborted", "label": "Abort"},
	{"from": ["completed", "aborted"], "to": "reviewed", "label": "Review"},
	{"from": "reviewed", "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "planned", "requires": ["plan_version", "scenario", "scope"], "clause": "8.7.2"},
	{"name": "plan_is_approved", "to": "planned", "check": "new.plan_approved", "message": "the plan that is tested must be approved", "clause": "8.7.2"},
	{"name": "risk_accepted", "to": "approved", "requires": "risk_accepted_by", "clause": "8.7.2"},
	{"name": "live_impact_by_a_change", "to": "executing", "check": "new.live_impact is not true or coalesce(new.change, '') <> ''", "message": "a test that touches live services needs a change", "clause": "8.5.1.3"},
	{"name": "change_authorised", "to": "executing", "related": {"by": "change", "in": ["new", "assess", "authorize", "rejected", "cancelled"], "need": "none"}, "message": "the change has to be authorised first", "clause": "8.5.1.3"},
	{"name": "result_known", "to": ["completed", "aborted"], "requires": "result", "clause": "8.7.2"},
	{"name": "times_measured", "to": "completed", "requires": ["achieved_rto", "achieved_rpo"], "clause": "8.7.2"},
	{"name": "abort_reason", "to": "aborted", "reason": true, "clause": "8.7.2"},
	{"name": "reviewer_named", "to": "reviewed", "requires": "reviewer", "clause": "8.7.2"},
	{"name": "reviewer_is_another", "to": "reviewed", "check": "new.reviewer is null or new.reviewer is distinct from new.test_leader", "message": "whoever led the test does not review it", "clause": "8.7.2"},
	{"name": "deficiencies_lead_to_actions", "to": ["reviewed", "closed"], "check": "coalesce(new.deficiencies, '') = '' or coalesce(new.actions, '') <> ''", "message": "deficiencies need actions", "clause": "8.7.2"},
	{"name": "missed_times_lead_to_actions", "to": "closed", "check": "(new.achieved_rto <= new.required_rto) is not false and (new.achieved_rpo <= new.required_rpo) is not false or coalesce(new.actions, '') <> ''", "message": "times that were missed need actions", "clause": "8.7.2"},
	{"name": "actions_raised", "to": "closed", "related": {"by": "corrective_actions", "in": ["new", "active", "resolved", "closed"]}, "message": "the corrective actions that it names have to be recorded", "clause": "8.7.2"},
	{"name": "result_frozen", "in": ["reviewed", "closed"], "frozen": ["number", "plan_version", "scenario", "scope", "achieved_rto", "achieved_rpo", "result"], "clause": "8.7.2"}
]
}$definition$);
