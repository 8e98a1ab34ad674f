/*
 * approval_vote.c
 *		itsm.approve and itsm.reject.
 *
 * A vote locks the record's head before it looks at anything.  The head changes
 * with every event, so whoever appends to the head that was read has seen all
 * votes.
 *
 * The row is read as the voter's statement sees it, and once more as it is by
 * now: nobody approves what they could not see.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/xact.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/settings.h"
#include "core/unmet.h"
#include "executor/executor.h"
#include "ledger/canonical_text.h"
#include "ledger/record_key.h"
#include "lifecycle/actor.h"
#include "lifecycle/remember.h"
#include "lifecycle/stored_row.h"
#include "lifecycle/transaction_end.h"
#include "miscadmin.h"
#include "practice/approval.h"
#include "practice/approval_role.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* A rule that asks for votes. */
typedef struct Asking
{
	const LifecycleRule *rule;
	const ApprovalData *data;
} Asking;

/* Somebody at the ballot box. */
typedef struct Election
{
	Relation	relation;
	const char *key;			/* as given */
	Policy	   *policy;
	PolicyState *evaluation;
	PolicyAttachment *attachment;
	Unit	   *unit;
	TupleTableSlot *slot;
	Record		record;
	RecordState state;
	List	   *states;			/* numbers of the states in which it counts as being */
	List	   *rules;			/* Asking: of the states' */
	Ballot		ballot;
	const char *voter;
	const char *folded;
	TimestampTz at;
	Vote		vote;
} Election;

pg_noreturn static void
refuse(const Election *election, int code, const char *hint, const char *format,...)
pg_attribute_printf(4, 5);

/* No person is named: messages go to the server's log. */
static void
refuse(const Election *election, int code, const char *hint, const char *format,...)
{
	const Asking *first = election->rules ? linitial(election->rules) : NULL;
	StringInfoData message;
	List	   *unmet;

	initStringInfo(&message);
	for (int needed = -1; needed != 0;)
	{
		va_list		args;

		va_start(args, format);
		needed = appendStringInfoVA(&message, format, args);
		va_end(args);
		if (needed != 0)
			enlargeStringInfo(&message, needed);
	}
	unmet = itsm_unmet_add(NIL, code, first ? first->rule->name : NULL, itsm_rule_approvals.name, NULL,
						   first ? first->rule->clause : NULL, "%s", message.data);
	ereport(ERROR,
			(errcode(code), errmsg("%s", message.data),
			 errdetail_internal("%s", itsm_unmet_json(unmet)),
			 hint ? errhint("%s", hint) : 0,
			 err_generic_string(PG_DIAG_SCHEMA_NAME,
								get_namespace_name(RelationGetNamespace(election->relation))),
			 err_generic_string(PG_DIAG_TABLE_NAME, RelationGetRelationName(election->relation)),
			 first ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, first->rule->name) : 0));
}

static void
append_name(StringInfo list, const char *name)
{
	appendStringInfo(list, "%s\"%s\"", list->len ? ", " : "", name);
}

/* The moves of the record, and the states that it was in when our transaction began (deferred). */
static void
read_past(Election *election)
{
	uint64		own = U64FromFullTransactionId(GetTopFullTransactionId());
	List	   *events = itsm_event_read_left(election->record.tenant, election->record.id);
	bool		ours = election->attachment->deferred;

	for (int i = list_length(events) - 1; i >= 0; i--)
	{
		const Event *event = list_nth(events, i);
		PastTransition *move;

		if (event->to_state == NULL || itsm_same_text(event->from_state, event->to_state))
			continue;
		move = palloc(sizeof(PastTransition));
		*move = (PastTransition) {event->from_state, event->to_state, event->actor, event->version};
		election->ballot.past = lcons(move, election->ballot.past);
		/* a move of ours is judged at the end: until then it may still be voted on */
		ours &= event->xid == own && event->system == (int64) GetSystemIdentifier() && event->from_state;
		if (ours)
		{
			int			state = itsm_definition_state(election->unit->definition, event->from_state,
													  strlen(event->from_state));

			if (state != ITSM_NO_STATE)
				election->states = list_append_unique_int(election->states, state);
		}
	}
}

/* As moves are: by the current version when that knows the state, else by the record's own. */
static Unit *
choose_unit(const Election *election)
{
	PolicyAttachment *attachment = election->attachment;
	const RecordState *state = &election->state;

	if (strcmp(state->lifecycle, attachment->lifecycle) != 0 || state->state == NULL ||
		itsm_definition_state(attachment->current->definition, state->state, strlen(state->state)) != ITSM_NO_STATE)
		return attachment->current;
	return itsm_policy_unit(election->policy, election->relation, attachment, state->lifecycle_version);
}

/* A rule that may ask in some state, although not now. */
static const ApprovalData *
approvals_in_force(const Election *election, int rule)
{
	const Unit *unit = election->unit;

	return unit->own_modes[rule] == MODE_OFF ? NULL : itsm_approvals_of(&unit->definition->rules[rule]);
}

static bool
asks_in(const ApprovalData *data, const List *states)
{
	ListCell   *cell;

	foreach(cell, states)
		if (data->in == NULL || data->in[lfirst_int(cell)])
			return true;
	return false;
}

/* Where votes are asked for, and of whom, for a hint. */
static char *
voting_hint(const Election *election)
{
	const Definition *definition = election->unit->definition;
	StringInfoData hint;

	initStringInfo(&hint);
	for (int i = 0; i < definition->rule_count; i++)
	{
		const ApprovalData *data = approvals_in_force(election, i);
		StringInfoData states;
		StringInfoData roles;
		ListCell   *cell;

		if (data == NULL)
			continue;
		initStringInfo(&states);
		initStringInfo(&roles);
		for (int state = 0; state < definition->state_count; state++)
			if (data->in == NULL || data->in[state])
				append_name(&states, definition->states[state].name);
		foreach(cell, data->asks)
			append_name(&roles, ((const ApprovalAsk *) lfirst(cell))->role);
		appendStringInfo(&hint, "%sRule \"%s\" asks for votes of %s in %s.", hint.len ? " " : "",
						 definition->rules[i].name, roles.data, states.data);
	}
	if (hint.len == 0)
		appendStringInfo(&hint, "No rule of lifecycle \"%s\" asks for approvals.", definition->name);
	return hint.data;
}

/* True when the record has left a state in which votes were asked for. */
static bool
has_left_voting(const Election *election)
{
	const Definition *definition = election->unit->definition;
	ListCell   *cell;

	foreach(cell, election->ballot.past)
	{
		const char *from = ((const PastTransition *) lfirst(cell))->from_state;
		int			state = from ? itsm_definition_state(definition, from, strlen(from)) : ITSM_NO_STATE;

		for (int i = 0; state != ITSM_NO_STATE && i < definition->rule_count; i++)
		{
			const ApprovalData *data = approvals_in_force(election, i);

			if (data && asks_in(data, list_make1_int(state)))
				return true;
		}
	}
	return false;
}

/* Finds the rules that ask for votes now. */
static void
find_rules(Election *election)
{
	const Definition *definition = election->unit->definition;
	const char *name = election->state.state;
	int			state = name ? itsm_definition_state(definition, name, strlen(name)) : ITSM_NO_STATE;

	if (state != ITSM_NO_STATE)
		election->states = list_append_unique_int(election->states, state);
	for (int i = 0; i < definition->rule_count; i++)
	{
		const ApprovalData *data = approvals_in_force(election, i);

		if (data && asks_in(data, election->states))
		{
			Asking	   *asking = palloc(sizeof(Asking));

			*asking = (Asking) {&definition->rules[i], data};
			election->rules = lappend(election->rules, asking);
		}
	}
	if (election->rules == NIL)
		refuse(election, ERRCODE_ITSM_APPROVAL, voting_hint(election),
			   has_left_voting(election) ? "it is too late for a vote: the record is in state \"%s\""
			   : "no vote is asked for while the record is in state \"%s\"", name ? name : "(none)");
}

/* The roles whose votes are asked for now, each once. */
static List *
roles_asked(const Election *election)
{
	List	   *roles = NIL;
	ListCell   *cell;
	ListCell   *ask;

	foreach(cell, election->rules)
		foreach(ask, ((const Asking *) lfirst(cell))->data->asks)
		{
			char	   *role = ((const ApprovalAsk *) lfirst(ask))->role;

			if (!itsm_person_among(roles, role))
				roles = lappend(roles, role);
		}
	return roles;
}

static char *
names_text(const List *names)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, names)
		append_name(&list, lfirst(cell));
	return list.data;
}

/* The people in a role for whom the voter stands in now, as Delegation. */
static List *
principals(const Election *election, const char *role, const List *members)
{
	List	   *found = NIL;
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, election->ballot.delegations)
	{
		const Delegation *delegation = lfirst(cell);
		TimestampTz when;

		if (!itsm_delegation_holds(delegation, election->folded, role, election->at) ||
			itsm_person_among(names, delegation->folded) ||
			itsm_role_standing(members, delegation->folded, election->at, &when) != MEMBER_NOW)
			continue;
		names = lappend(names, unconstify(char *, delegation->folded));
		found = lappend(found, unconstify(Delegation *, delegation));
	}
	return found;
}

static bool
may_vote(const Election *election, const char *role)
{
	List	   *members = itsm_role_members(role);
	TimestampTz when;

	return itsm_role_standing(members, election->folded, election->at, &when) == MEMBER_NOW ||
		principals(election, role, members) != NIL;
}

/* The only role, or the one that the voter has left or will come into: the reason is found later; NULL: none. */
static char *
former_role(const Election *election, const List *asked)
{
	ListCell   *cell;

	foreach(cell, asked)
	{
		TimestampTz when;

		if (list_length(asked) == 1 ||
			itsm_role_standing(itsm_role_members(lfirst(cell)), election->folded, election->at,
							   &when) != MEMBER_NEVER)
			return lfirst(cell);
	}
	return NULL;
}

static void
choose_role(Election *election, char *role)
{
	List	   *asked = roles_asked(election);
	List	   *own = NIL;
	ListCell   *cell;

	if (role)
	{
		if (!itsm_person_among(asked, role))
			refuse(election, ERRCODE_ITSM_APPROVAL, voting_hint(election),
				   "no vote of role \"%s\" is asked for while the record is in state \"%s\"", itsm_clip(role),
				   election->state.state);
		election->vote.role = role;
		return;
	}
	foreach(cell, asked)
		if (may_vote(election, lfirst(cell)))
			own = lappend(own, lfirst(cell));
	if (list_length(own) > 1)
		refuse(election, ERRCODE_ITSM_APPROVAL, "Say by role => which of them the vote is given for.",
			   "the voter has several of the roles asked for: %s", names_text(own));
	election->vote.role = own ? linitial(own) : former_role(election, asked);
	if (own == NIL && election->vote.role == NULL)
		refuse(election, ERRCODE_ITSM_ROLE, "A member of one of the roles, or a delegate of one, has to vote.",
			   "the voter has none of the roles asked for: %s", names_text(asked));
}

/* True when the voter stood in for somebody in the role; until when is the latest of them. */
static bool
stood_in(const Election *election, const List *members, TimestampTz *until)
{
	bool		found = false;
	ListCell   *cell;

	foreach(cell, election->ballot.delegations)
	{
		const Delegation *delegation = lfirst(cell);
		TimestampTz when;

		if (delegation->until > election->at || (found && delegation->until <= *until) ||
			!itsm_delegation_holds(delegation, election->folded, election->vote.role, delegation->from) ||
			itsm_role_standing(members, delegation->folded, election->at, &when) != MEMBER_NOW)
			continue;
		*until = delegation->until;
		found = true;
	}
	return found;
}

/* The voter is not in the role and stands in for nobody there: says why. */
static void
refuse_membership(const Election *election, const List *members)
{
	const char *role = election->vote.role;
	const char *hint = "A member of the role, or a delegate of one, has to vote.";
	TimestampTz when = 0;
	int			length;

	switch (itsm_role_standing(members, election->folded, election->at, &when))
	{
		case MEMBER_ENDED:
			refuse(election, ERRCODE_ITSM_ROLE, hint, "the voter was in role \"%s\" until %s only", role,
				   itsm_canonical_text(TimestampTzGetDatum(when), TIMESTAMPTZOID, &length));
		case MEMBER_LATER:
			refuse(election, ERRCODE_ITSM_ROLE, hint, "the voter is in role \"%s\" from %s on only", role,
				   itsm_canonical_text(TimestampTzGetDatum(when), TIMESTAMPTZOID, &length));
		default:
			break;
	}
	if (stood_in(election, members, &when))
		refuse(election, ERRCODE_ITSM_ROLE, hint, "the voter stood in for somebody in role \"%s\" until %s only", role,
			   itsm_canonical_text(TimestampTzGetDatum(when), TIMESTAMPTZOID, &length));
	if (itsm_role_people(members, election->at) == NIL)
		refuse(election, ERRCODE_ITSM_ROLE, "itsm.add_approver puts people into it.", "nobody is in role \"%s\"",
			   role);
	refuse(election, ERRCODE_ITSM_ROLE, hint, "the voter is not in role \"%s\"", role);
}

/* Whose vote it is: the voter's own, or that of whom they stand in for. */
static void
choose_holder(Election *election, const char *on_behalf_of)
{
	List	   *members = itsm_role_members(election->vote.role);
	List	   *others = principals(election, election->vote.role, members);
	TimestampTz when;
	ListCell   *cell;

	election->vote.person = election->voter;
	election->vote.folded_person = election->vote.holder = election->folded;
	if (on_behalf_of)
	{
		const char *wanted = itsm_person_fold(on_behalf_of);

		foreach(cell, others)
			if (strcmp(((const Delegation *) lfirst(cell))->folded, wanted) == 0)
				break;
		if (cell == NULL)
			refuse(election, ERRCODE_ITSM_ROLE, "itsm.add_delegation says who stands in for whom, and when.",
				   "the voter stands in for no such person in role \"%s\"", election->vote.role);
		others = list_make1(lfirst(cell));
	}
	else if (itsm_role_standing(members, election->folded, election->at, &when) == MEMBER_NOW)
		return;
	if (others == NIL)
		refuse_membership(election, members);
	if (list_length(others) > 1)
		refuse(election, ERRCODE_ITSM_APPROVAL, "Say by on_behalf_of => whose vote it is.",
			   "the voter stands in for %d people in role \"%s\"", list_length(others), election->vote.role);
	election->vote.on_behalf_of = ((const Delegation *) linitial(others))->person;
	election->vote.holder = ((const Delegation *) linitial(others))->folded;
}

/* The voter and the one whose vote it is have nothing to do with the record. */
static void
check_separation(const Election *election)
{
	const Vote *vote = &election->vote;
	ListCell   *cell;

	foreach(cell, election->rules)
	{
		const ApprovalData *data = ((const Asking *) lfirst(cell))->data;
		const char *reason;

		if (itsm_approval_ask(data, vote->role) == NULL)
			continue;
		reason = itsm_vote_excluded(&election->ballot, data, vote->role, election->folded, election->at);
		if (reason == NULL && vote->on_behalf_of)
			reason = itsm_vote_excluded(&election->ballot, data, vote->role, vote->holder, election->at);
		if (reason)
			refuse(election, ERRCODE_ITSM_SEPARATION, "Somebody else has to vote.", "%s", reason);
	}
}

/* What the vote vouches for: all that the rules asking for it want. */
static void
choose_content(Election *election)
{
	const Definition *definition = election->unit->definition;
	Vote	   *vote = &election->vote;
	ListCell   *cell;

	itsm_salt(vote->salt);
	for (int i = 0; i < definition->attribute_count; i++)
	{
		bool		covered = false;

		foreach(cell, election->rules)
		{
			const ApprovalData *data = ((const Asking *) lfirst(cell))->data;

			covered |= itsm_approval_ask(data, vote->role) &&
				itsm_approval_covers(data, definition, election->unit->mapped, i);
		}
		if (covered)
			vote->covered = lappend(vote->covered, definition->attributes[i].name);
	}
}

/* Reads the row under the active snapshot; returns the attachment that governs it. */
static PolicyAttachment *
read_row(Election *election)
{
	HeapTuple	tuple = itsm_stored_row(election->relation, election->key);
	PolicyAttachment *attachment;

	if (tuple == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("\"%s\" has no row with key \"%s\"", RelationGetRelationName(election->relation),
						itsm_clip(election->key))));
	ExecStoreHeapTuple(tuple, election->slot, false);
	attachment = itsm_governing(election->evaluation, election->policy, election->slot, NULL);
	if (attachment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("no attachment governs the row of \"%s\" with key \"%s\"",
						RelationGetRelationName(election->relation), itsm_clip(election->key))));
	return attachment;
}

static TupleTableSlot *
canonical(Election *election)
{
	return itsm_evaluate_canonical(election->evaluation, election->unit, election->slot, false, NULL);
}

/* The row as it is by now still says what the vote was given on. */
static void
look_again(Election *election)
{
	const Vote *vote = &election->vote;
	bool		same;

	PushActiveSnapshot(GetLatestSnapshot());
	same = read_row(election) == election->attachment;
	PopActiveSnapshot();
	election->ballot.rows[0] = canonical(election);
	if (!same || memcmp(itsm_vote_content(vote, election->unit->definition, election->ballot.rows[0]),
						vote->content, list_length(vote->covered) * ITSM_HASH_LENGTH) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the row of \"%s\" was changed while the vote was given",
						RelationGetRelationName(election->relation)),
				 errhint("Look at it again before voting.")));
	check_separation(election);
}

/* A vote that still counts for every rule that asks for it cannot be given again. */
static void
check_second(const Election *election)
{
	const Vote *own = &election->vote;
	List	   *votes = itsm_votes_read(election->record.tenant, election->record.id);
	ListCell   *rule;
	ListCell   *cell;

	foreach(rule, election->rules)
	{
		const ApprovalData *data = ((const Asking *) lfirst(rule))->data;
		bool		found = false;

		if (itsm_approval_ask(data, own->role) == NULL)
			continue;
		foreach(cell, votes)
		{
			const Vote *vote = lfirst(cell);

			found |= strcmp(vote->role, own->role) == 0 && strcmp(vote->holder, own->holder) == 0 &&
				itsm_vote_void(&election->ballot, data, vote) == NULL;
		}
		if (!found)
			return;
	}
	refuse(election, ERRCODE_ITSM_APPROVAL,
		   "A vote cannot be changed. It is void, and may be given anew, when what it approved changes"
		   " or the record is sent back.",
		   own->on_behalf_of ? "the vote of whom the voter stands in for was given already, in role \"%s\""
		   : "the voter has voted already, in role \"%s\"", own->role);
}

/* What somebody else appends to the head meanwhile, a change of the row or a vote, is looked at. */
static void
record_vote(Election *election)
{
	Vote	   *vote = &election->vote;
	Record	   *record = &election->record;
	const char *kind = vote->approved ? "approved" : "rejected";
	char	   *detail = itsm_vote_detail(vote);
	Event		event;
	EventBody	body;

	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!itsm_record_read(record->tenant, record->id, record) || record->deleted)
			refuse(election, ERRCODE_ITSM_APPROVAL, NULL, "the record was deleted meanwhile");
		look_again(election);
		check_second(election);
		event = (Event)
		{
			.kind = kind, .command = GetCurrentCommandId(false), .attachment = record->attachment,
			.lifecycle_version = election->state.lifecycle_version,
			.from_state = election->state.state, .to_state = election->state.state,
			.actor = election->voter
		};
		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_DETAIL, detail, strlen(detail));
	} while (!itsm_event_append(record, &event, &body, vote->comment, NIL));
	itsm_vote_store(vote, &event);
	if (election->attachment->notify)
		itsm_notification_due();
}

static void
elect(Election *election, char *role, const char *on_behalf_of)
{
	Vote	   *vote = &election->vote;

	election->attachment = read_row(election);
	election->unit = choose_unit(election);
	election->ballot.definition = election->unit->definition;
	election->ballot.mapped = election->unit->mapped;
	election->ballot.rows[0] = canonical(election);
	election->ballot.delegations = itsm_delegations();
	read_past(election);
	find_rules(election);
	election->folded = itsm_person_fold(election->voter);
	choose_role(election, role);
	choose_holder(election, on_behalf_of);
	check_separation(election);
	choose_content(election);
	vote->content = itsm_vote_content(vote, election->unit->definition, election->ballot.rows[0]);
	record_vote(election);
}

static char *
argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static void
require(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not be null", name)));
}

/* relation, key, comment, role, on_behalf_of */
static void
give_vote(FunctionCallInfo fcinfo, bool approved)
{
	Election	election = {.at = GetCurrentTimestamp()};
	Oid			relation;

	require(fcinfo, 0, "relation");
	require(fcinfo, 1, "key");
	relation = PG_GETARG_OID(0);
	election.key = argument(fcinfo, 1);
	election.vote.approved = approved;
	election.vote.comment = argument(fcinfo, 2);
	/* votes are events: without history there is nowhere to keep them */
	if (!itsm_history)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no vote can be kept while itsm.history is off")));
	/* the rights come first, then the locks */
	itsm_record_require(relation, election.key, &election.record);
	election.relation = table_open(relation, AccessShareLock);
	election.policy = itsm_policy_get(election.relation);
	if (election.record.deleted ||
		!itsm_record_lock(election.record.tenant, election.record.id, &election.record) ||
		election.record.deleted || !itsm_record_state_read(&election.record, &election.state))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("\"%s\" has no row with key \"%s\"", RelationGetRelationName(election.relation),
						itsm_clip(election.key))));
	election.voter = itsm_claimed_actor() ? itsm_claimed_actor() : GetUserNameFromId(GetOuterUserId(), false);
	election.slot = MakeSingleTupleTableSlot(RelationGetDescr(election.relation), &TTSOpsHeapTuple);
	election.evaluation = itsm_evaluate_begin(election.policy);
	elect(&election, argument(fcinfo, 3), argument(fcinfo, 4));
	itsm_evaluate_end(election.policy, election.evaluation);
	ExecDropSingleTupleTableSlot(election.slot);
	table_close(election.relation, AccessShareLock);
}

ITSM_FUNCTION(itsm_approve);
Datum
itsm_approve(PG_FUNCTION_ARGS)
{
	give_vote(fcinfo, true);
	PG_RETURN_VOID();
}

ITSM_FUNCTION(itsm_reject);
Datum
itsm_reject(PG_FUNCTION_ARGS)
{
	give_vote(fcinfo, false);
	PG_RETURN_VOID();
}
