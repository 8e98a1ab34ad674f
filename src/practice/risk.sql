-- The standard lifecycle of risks (ISO/IEC 20000-1, 6.1).

SELECT itsm.define_lifecycle($definition${
"name": "risk",
"process": "risk",
"description": "Something that may happen to the services or to the management system. It is assessed against criteria, then accepted by somebody who may, until a day, or treated and watched; either way it comes up for assessment again.",
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
	"kind": "text",
	"owner": "text",
	"likelihood": "integer",
	"impact": "integer",
	"score": "integer",
	"criteria": "text",
	"accepted_by": "text",
	"accepted_until": "date",
	"appetite": "integer",
	"treatment": "text",
	"due": "date",
	"residual_score": "integer",
	"treatment_verified_by": "text",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "identified", "category": "new", "initial": true},
	{"name": "assessed", "category": "active"},
	{"name": "accepted", "category": "waiting"},
	{"name": "in_treatment", "category": "active"},
	{"name": "monitored", "category": "waiting"},
	{"name": "closed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "identified", "to": "assessed", "label": "Assess"},
	{"from": "assessed", "to": "accepted", "label": "Accept"},
	{"from": "assessed", "to": "in_treatment", "label": "Treat"},
	{"from": "in_treatment", "to": "monitored", "label": "Monitor"},
	{"from": ["accepted", "monitored"], "to": "assessed", "label": "Assess again"},
	{"from": ["monitored", "accepted"], "to": "closed", "label": "Close"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "identified", "requires": ["description", "owner"], "clause": "6.1.1"},
	{"name": "rated", "to": "assessed", "requires": ["likelihood", "impact", "score", "criteria"], "clause": "6.1.2"},
	{"name": "plausible_rating", "check": "(new.likelihood is null or new.likelihood between 1 and 5) and (new.impact is null or new.impact between 1 and 5)", "message": "likelihood and impact must be 1 to 5", "clause": "6.1.2"},
	{"name": "accepted_until_when", "to": "accepted", "requires": ["accepted_by", "accepted_until"], "clause": "6.1.2"},
	{"name": "acceptance_ends_later", "to": "accepted", "check": "new.accepted_until is null or isfinite(new.accepted_until) and new.accepted_until > current_date", "message": "a risk is accepted until a day to come", "clause": "6.1.2"},
	{"name": "within_appetite", "to": "accepted", "check": "new.appetite is null or new.score <= new.appetite", "message": "the score is higher than whoever accepts it may accept", "clause": "6.1.2"},
	{"name": "treatment_planned", "to": "in_treatment", "requires": ["treatment", "due"], "clause": "6.1.3"},
	{"name": "residual_risk_rated", "to": "monitored", "requires": "residual_score", "clause": "6.1.3"},
	{"name": "treatment_verified", "to": "monitored", "requires": "treatment_verified_by", "clause": "6.1.3"},
	{"name": "assess_again_reason", "from": ["accepted", "monitored"], "to": "assessed", "reason": true, "clause": "6.1.2"},
	{"name": "close_reason", "to": "closed", "reason": true, "clause": "6.1.2"},
	{"name": "ended", "in": "closed", "frozen": ["number", "owner", "likelihood", "impact", "score", "criteria", "accepted_by", "accepted_until", "treatment", "residual_score"], "clause": "6.1.2"}
]
}$definition$);
