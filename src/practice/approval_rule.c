/*
 * approval_rule.c
 *		approvals: people in a role have approved what is about to happen.
 *
 * Whoever judges locks the record's head first and reads votes then; whoever
 * votes locks it before looking at the state.  So a vote is either there when a
 * move is judged, or finds the record moved.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/lint.h"
#include "miscadmin.h"
#include "practice/approval.h"
#include "practice/approval_role.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

static const char *const approval_members[] = {"covers", "not_by", "in", NULL};

/* Who may not vote unless the rule says otherwise. */
static const char *const usual_not_by[] = {"requester", "implementer"};

static void
parse_quorum(RuleParse *parse, const JsonbValue *value, Quorum *quorum)
{
	char	   *text = itsm_json_string(value);
	bool		share = text != NULL;

	if (value->type == jbvNumeric)
		text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	if (text == NULL)
		itsm_rule_fault(parse, "\"quorum\" must be a number or a share like \"50%%\", not %s",
						itsm_json_kind(value));
	else if (share != (strchr(text, '%') != NULL) || !quorum_read(text, quorum))
		itsm_rule_fault(parse,
						"\"quorum\" must be a whole number from 0 or a share from \"0%%\" to \"100%%\", not \"%s\"",
						itsm_clip(text));
}

static void
parse_role(RuleParse *parse, const JsonbValue *value, ApprovalAsk *ask)
{
	ask->role = itsm_json_string(value);
	if (ask->role == NULL)
		itsm_rule_fault(parse, "\"role\" must be a string, not %s", itsm_json_kind(value));
	else if (itsm_blank(ask->role) || strcmp(itsm_clip(ask->role), ask->role) != 0)
		itsm_rule_fault(parse, "\"%s\" cannot be a role's name", itsm_clip(ask->role));
}

static void
parse_ask(RuleParse *parse, const JsonbValue *value, ApprovalData *data)
{
	const JsonbContainer *object = itsm_json_object(value);
	ApprovalAsk *ask = palloc0(sizeof(ApprovalAsk));
	ListCell   *cell;

	if (object == NULL)
	{
		itsm_rule_fault(parse, "an object with \"role\" and perhaps \"quorum\" is needed, not %s",
						itsm_json_kind(value));
		return;
	}
	foreach(cell, itsm_json_names(object))
	{
		const char *name = lfirst(cell);
		JsonbValue	member;

		(void) itsm_json_member(object, name, &member);
		if (strcmp(name, "role") == 0)
			parse_role(parse, &member, ask);
		else if (strcmp(name, "quorum") == 0)
			parse_quorum(parse, &member, &ask->quorum);
		else
			itsm_rule_fault(parse, "unknown member \"%s\" of an approval", itsm_clip(name));
	}
	if (ask->role == NULL)
	{
		if (parse->faults == NIL)
			itsm_rule_fault(parse, "an approval needs a \"role\"");
		return;
	}
	if (itsm_approval_ask(data, ask->role))
		itsm_rule_fault(parse, "role \"%s\" is asked twice", ask->role);
	data->asks = lappend(data->asks, ask);
}

/* The states from which moves in the rule's scope leave. */
static bool *
leaving(const RuleParse *parse)
{
	const Definition *definition = parse->definition;
	const LifecycleRule *rule = parse->rule;
	bool	   *states = palloc0(definition->state_count + 1);

	for (int i = 0; i < definition->transition_count; i++)
	{
		const LifecycleTransition *transition = &definition->transitions[i];

		if ((rule->from == NULL || rule->from[transition->from]) &&
			(rule->to == NULL || rule->to[transition->to]))
			states[transition->from] = true;
	}
	return states;
}

static void *
parse_approvals(RuleParse *parse, const JsonbValue *value)
{
	ApprovalData *data = palloc0(sizeof(ApprovalData));
	JsonbContainer *array = itsm_json_array(value);
	JsonbValue	member;

	if (array == NULL)
		parse_ask(parse, value, data);
	else if (JsonContainerSize(array) == 0)
		itsm_rule_fault(parse, "the array is empty");
	else
		for (uint32 i = 0; i < JsonContainerSize(array); i++)
			parse_ask(parse, getIthJsonbValueFromContainer(array, i), data);
	if (itsm_rule_unscoped(parse->rule))
		itsm_rule_fault(parse, "\"from\" or \"to\" must say which moves ask for approval");
	if (itsm_json_member(parse->object, "covers", &member))
		data->covers = itsm_rule_attributes(parse, &member, true);
	if (itsm_json_member(parse->object, "not_by", &member))
	{
		/* nobody is left out of an empty array */
		if (itsm_json_array(&member) == NULL || JsonContainerSize(itsm_json_array(&member)) > 0)
			data->not_by = itsm_rule_attributes(parse, &member, false);
	}
	else
		for (int i = 0; i < lengthof(usual_not_by); i++)
		{
			int			number = itsm_definition_attribute(parse->definition, usual_not_by[i]);

			if (number >= 0)
				data->not_by = lappend_int(data->not_by, number);
		}
	data->in = itsm_json_member(parse->object, "in", &member)
		? itsm_rule_states(parse, &member, "in") : leaving(parse);
	return data;
}

static List *
reads_approvals(const void *data)
{
	const ApprovalData *approvals = data;

	return list_union_int(approvals->not_by, approvals->covers);
}

/* The votes of one role that count, and those that do not. */
typedef struct Tally
{
	List	   *voters;			/* folded names of whose votes count */
	int			approved;
	int			rejected;
	bool		first_approved;
	int			void_count;
	List	   *reasons;		/* why votes are void, each once, as strings */
} Tally;

static void
count_votes(const Ballot *ballot, const ApprovalData *data, const char *role, const List *votes, Tally *tally)
{
	ListCell   *cell;

	foreach(cell, votes)
	{
		const Vote *vote = lfirst(cell);
		const char *reason;

		if (strcmp(vote->role, role) != 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		reason = itsm_vote_void(ballot, data, vote);
		if (reason)
		{
			tally->void_count++;
			if (!itsm_person_among(tally->reasons, reason))
				tally->reasons = lappend(tally->reasons, unconstify(char *, reason));
			continue;
		}
		/* one vote a person: the first one that counts */
		if (itsm_person_among(tally->voters, vote->holder))
			continue;
		if (tally->voters == NIL)
			tally->first_approved = vote->approved;
		tally->voters = lappend(tally->voters, unconstify(char *, vote->holder));
		if (vote->approved)
			tally->approved++;
		else
			tally->rejected++;
	}
}

/*
 * How many a share is taken of: who is in the role now and may vote, and whose
 * vote counts although they have left since.
 */
static int
count_people(const Ballot *ballot, const ApprovalData *data, const char *role, const Tally *tally, TimestampTz at)
{
	List	   *people = itsm_role_people(itsm_role_members(role), at);
	int			count = list_length(tally->voters);
	ListCell   *cell;

	foreach(cell, people)
		if (!itsm_person_among(tally->voters, lfirst(cell)) &&
			itsm_vote_excluded(ballot, data, role, lfirst(cell), at) == NULL)
			count++;
	return count;
}

/* What is said of votes that do not count; no names. */
static const char *
void_text(const Tally *tally)
{
	StringInfoData text;
	ListCell   *cell;

	if (tally->void_count == 0)
		return "";
	initStringInfo(&text);
	appendStringInfo(&text, " (%d void: ", tally->void_count);
	foreach(cell, tally->reasons)
		appendStringInfo(&text, "%s%s", foreach_current_index(cell) ? ", " : "", (char *) lfirst(cell));
	appendStringInfoChar(&text, ')');
	return text.data;
}

static void
judge_ask(Judgement *judgement, const LifecycleRule *rule, const ApprovalData *data, const ApprovalAsk *ask,
		  const Ballot *ballot, const List *votes)
{
	TimestampTz at = judgement->at ? judgement->at : GetCurrentTimestamp();
	bool		first = ask->quorum.form == QUORUM_FIRST;
	Tally		tally = {0};
	int			needed = 0;

	count_votes(ballot, data, ask->role, votes, &tally);
	if (!first)
		needed = quorum_needed(&ask->quorum, ask->quorum.form == QUORUM_SHARE
							   ? count_people(ballot, data, ask->role, &tally, at) : 0);
	if (first ? tally.voters != NIL && !tally.first_approved : tally.rejected > 0)
		itsm_rule_unmet(judgement, rule, &itsm_rule_approvals, NULL, "approval by \"%s\" was rejected%s",
						ask->role, void_text(&tally));
	else if (first && tally.voters == NIL)
		itsm_rule_unmet(judgement, rule, &itsm_rule_approvals, NULL, "approval by \"%s\" is missing%s",
						ask->role, void_text(&tally));
	else if (tally.approved < needed)
		itsm_rule_unmet(judgement, rule, &itsm_rule_approvals, NULL, "approval by \"%s\": %d of %d%s",
						ask->role, tally.approved, needed, void_text(&tally));
}

static void
judge_approvals(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const ApprovalData *approvals = data;
	Ballot		ballot = {
		.definition = judgement->definition, .mapped = judgement->mapped,
		.rows = {judgement->new, judgement->creating ? NULL : judgement->old}
	};
	List	   *votes = NIL;
	Subject		subject;
	ListCell   *cell;

	/* a log has no votes */
	if (!itsm_rule_moves(judgement, rule) || judgement->subject == NULL || judgement->new == NULL ||
		!judgement->subject(judgement, &subject))
		return;
	if (subject.record)
	{
		Record		record;

		/* votes that are being given are waited for, and none comes before the move */
		if (!judgement->asking)
			(void) itsm_record_lock(subject.tenant, subject.record, &record);
		votes = itsm_votes_read(subject.tenant, subject.record);
	}
	ballot.past = votes && judgement->past ? judgement->past(judgement) : NIL;
	ballot.delegations = itsm_delegations();
	foreach(cell, approvals->asks)
		judge_ask(judgement, rule, approvals, lfirst(cell), &ballot, votes);
}

/* Nobody to ask is legal, while the people are still to be named. */
static void
lint_approvals(const Definition *definition, const LifecycleRule *rule, const void *data, List **problems)
{
	const ApprovalData *approvals = data;
	ListCell   *cell;

	foreach(cell, approvals->asks)
	{
		const ApprovalAsk *ask = lfirst(cell);
		int			people = list_length(itsm_role_people(itsm_role_members(ask->role), GetCurrentTimestamp()));

		if (people == 0)
			lint_problem(problems, LINT_INFO, "rule \"%s\": nobody is in role \"%s\"", rule->name, ask->role);
		else if (ask->quorum.form == QUORUM_COUNT && ask->quorum.amount > people)
			lint_problem(problems, LINT_WARNING, "rule \"%s\": %d approvals are asked of role \"%s\", which has %d",
						 rule->name, ask->quorum.amount, ask->role, people);
	}
	if (definition->state_count > 0 && approvals->in)
	{
		bool		any = false;

		for (int i = 0; i < definition->state_count; i++)
			any |= approvals->in[i];
		if (!any)
			lint_problem(problems, LINT_WARNING, "rule \"%s\": there is no state in which votes are given",
						 rule->name);
	}
}

const RuleKind itsm_rule_approvals = {
	.name = "approvals",
	.code = ERRCODE_ITSM_APPROVAL,
	.hint = "Members of the role give their votes with itsm.approve(relation, key).",
	.members = approval_members,
	.looks_back = true,
	.looks_around = true,
	.parse = parse_approvals,
	.judge = judge_approvals,
	.reads = reads_approvals,
	.lint = lint_approvals,
};
