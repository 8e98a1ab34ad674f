-- The standard lifecycle of documents (ISO/IEC 20000-1, 7.5).

SELECT itsm.define_lifecycle($definition${
"name": "document",
"process": "document",
"description": "A document that the management system needs: a policy, a plan, a description of a process. It is reviewed and approved by others than its author, holds from a day on until something takes its place, and is kept as long as it has to be.",
"attributes": {
	"number": "text",
	"title": "text",
	"description": "text",
	"requester": "text",
	"assignee": "text",
	"assignment_group": "text",
	"category": "text",
	"service": "text",
	"kind": "text",
	"owner": "text",
	"author": "text",
	"content": "text",
	"document_version": "text",
	"reviewer": "text",
	"comments": "text",
	"approver": "text",
	"approved_at": "timestamptz",
	"effective_from": "date",
	"next_review": "date",
	"successor": "text",
	"mandatory": "boolean",
	"retention_until": "date",
	"actor": "text",
	"opened_at": "timestamptz",
	"first_response_at": "timestamptz",
	"resolved_at": "timestamptz",
	"closed_at": "timestamptz"
},
"references": {
	"successor": "document"
},
"states": [
	{"name": "draft", "category": "new", "initial": true},
	{"name": "in_review", "category": "active"},
	{"name": "approved", "category": "waiting"},
	{"name": "effective", "category": "active"},
	{"name": "superseded", "category": "resolved"},
	{"name": "withdrawn", "category": "resolved"},
	{"name": "archived", "category": "closed", "final": true},
	{"name": "disposed", "category": "closed", "final": true}
],
"transitions": [
	{"from": "draft", "to": "in_review", "label": "Submit"},
	{"from": "in_review", "to": "draft", "label": "Send back"},
	{"from": "in_review", "to": "approved", "label": "Approve"},
	{"from": "approved", "to": "effective", "label": "Put into force"},
	{"from": "effective", "to": "superseded", "label": "Supersede"},
	{"from": "effective", "to": "withdrawn", "label": "Withdraw"},
	{"from": ["superseded", "withdrawn"], "to": "archived", "label": "Archive"},
	{"from": ["superseded", "withdrawn"], "to": "disposed", "label": "Dispose of"}
],
"delete": "refuse",
"rules": [
	{"name": "recorded", "to": "draft", "requires": ["kind", "owner"], "clause": "7.5.2"},
	{"name": "reviewer_named", "to": "in_review", "requires": "reviewer", "clause": "7.5.2"},
	{"name": "reviewer_is_another", "to": "in_review", "check": "new.reviewer is null or new.reviewer is distinct from new.author", "message": "authors do not review what they wrote", "clause": "7.5.2"},
	{"name": "comments_given", "from": "in_review", "to": "draft", "requires": "comments", "clause": "7.5.2"},
	{"name": "approved_when_and_by", "to": "approved", "requires": ["approver", "approved_at"], "clause": "7.5.2"},
	{"name": "approver_is_another", "to": "approved", "check": "new.approver is null or new.approver is distinct from new.author", "message": "authors do not approve what they wrote", "clause": "7.5.2"},
	{"name": "approved_by_another", "to": "approved", "separate": "author", "message": "whoever approves it must be known, and must not be its author", "clause": "7.5.2"},
	{"name": "content_frozen", "in": ["approved", "effective", "superseded", "withdrawn", "archived"], "frozen": ["number", "kind", "content", "document_version", "author", "reviewer", "approver", "approved_at"], "clause": "7.5.3"},
	{"name": "in_force_from", "to": "effective", "requires": ["effective_from", "next_review"], "clause": "7.5.2"},
	{"name": "next_review_later", "to": "effective", "check": "new.next_review is null or new.effective_from is null or new.next_review > new.effective_from", "message": "the next review must come after the day from which it holds", "clause": "7.5.2"},
	{"name": "predecessor_superseded", "to": "effective", "related": {"of": "document", "by": "successor", "in": ["resolved", "closed"]}, "message": "what it takes the place of has to be superseded first", "clause": "7.5.3"},
	{"name": "successor_named", "to": "superseded", "requires": "successor", "clause": "7.5.3"},
	{"name": "successor_approved", "to": "superseded", "related": {"by": "successor", "in": ["draft", "in_review", "withdrawn", "archived", "disposed"], "need": "none"}, "message": "what takes its place has to be approved", "clause": "7.5.3"},
	{"name": "successors_in_no_circle", "acyclic": "successor", "message": "what takes its place may not lead back to the document itself", "clause": "7.5.3"},
	{"name": "withdraw_reason", "to": "withdrawn", "reason": true, "clause": "7.5.3"},
	{"name": "mandatory_kind_replaced", "to": "withdrawn", "check": "new.mandatory is not true or coalesce(new.successor, '') <> ''", "message": "a document that has to exist is withdrawn only for another one", "clause": "7.5.4"},
	{"name": "retention_over", "to": "disposed", "check": "new.retention_until is null or new.retention_until <= current_date", "message": "it has to be kept longer", "clause": "7.5.3"}
]
}$definition$);
