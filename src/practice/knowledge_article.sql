-- The standard lifecycle of knowledge articles (ISO/IEC 20000-1, 7.6).

SELECT itsm.define_lifecycle($definition${
"name": "knowledge_article",
"process": "knowledge_article",
"description": "Something worth knowing, written down for those who can use it. It is reviewed by another than its author before it is published, holds until a day, and is brought up to date or retired when it no longer does.",
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
	"content": "text",
	"author": "text",
	"reviewer": "text",
	"approver": "text",
	"valid_to": "date",
	"problem": "text",
	"known_error": "text",
	"reviewed_at": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "in_review", "category": "active"},
	{"name": "published", "category": "active"},
	{"name": "outdated", "category": "waiting"},
	{"name": "retired", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "in_review", "label": "Submit"},
	{"from": "in_review", "to": "published", "label": "Publish"},
	{"from": "published", "to": "outdated", "label": "Outdated"},
	{"from": "published", "to": "retired", "label": "Retire"},
	{"from": "outdated", "to": "draft", "label": "Revise"}
],
"delete": "refuse",
"rules": [
	{"name": "author_named", "to": "draft", "requires": "author", "clause": "7.6"},
	{"name": "reviewer_named", "to": "in_review", "requires": "reviewer", "clause": "7.6"},
	{"name": "reviewer_is_another", "to": ["in_review", "published"], "check": "new.reviewer is null or new.reviewer is distinct from new.author", "message": "authors do not review what they wrote", "clause": "7.6"},
	{"name": "approved_until_when", "to": "published", "requires": ["approver", "valid_to"], "clause": "7.6"},
	{"name": "valid_to_a_day_to_come", "to": "published", "check": "new.valid_to is null or new.valid_to > current_date", "message": "an article is published until a day to come", "clause": "7.6"},
	{"name": "published_by_another", "to": "published", "separate": "author", "message": "whoever publishes it must be known, and must not be its author", "clause": "7.6"},
	{"name": "content_frozen", "in": "published", "frozen": ["content", "author"], "clause": "7.6"},
	{"name": "end_reason", "to": ["outdated", "retired"], "reason": true, "clause": "7.6"},
	{"name": "ended", "in": "retired", "frozen": ["number", "content", "author", "reviewer", "approver"], "clause": "7.6"}
]
}$definition$);
