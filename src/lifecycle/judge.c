/*
 * judge.c
 *		The decision over a write: built-in conditions, then the rules.
 *
 * Nothing is written here.  Memory: the policy state's per-row context.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/settings.h"
#include "core/unmet.h"
#include "ledger/archive.h"
#include "ledger/event.h"
#include "lifecycle/actor.h"
#include "lifecycle/judge.h"
#include "portability/instr_time.h"
#include "record/projection.h"
#include "utils/builtins.h"

void
itsm_write_actor(Write *write)
{
	Unit	   *unit = write->unit;
	int			column = unit->definition->attribute_count;

	TupleTableSlot *canonical = write->new ? write->new : write->old;

	write->actor = write->as_of
		? itsm_actor_of(write->policy, unit, canonical, write->as_of->role, write->as_of->claimed)
		: itsm_actor(write->policy, unit, canonical);
	if (unit->reads_actor)
	{
		const char *text = itsm_actor_text(&write->actor);

		if (write->new)
		{
			write->new->tts_isnull[column] = text == NULL;
			write->new->tts_values[column] = text ? CStringGetTextDatum(text) : (Datum) 0;
		}
		if (write->old)
		{
			write->old->tts_isnull[column] = text == NULL;
			write->old->tts_values[column] = text ? CStringGetTextDatum(text) : (Datum) 0;
		}
	}
}

/* The record under judgement, found when it is first needed; NULL: there is none. */
static const Record *
record_of(Write *write)
{
	if (write->record == NULL && write->key && !write->record_sought)
	{
		Record	   *record = palloc(sizeof(Record));

		if (itsm_record_find(write->unit->attachment->source, write->tenant, write->key, record))
			write->record = record;
		write->record_sought = true;
	}
	return write->record;
}

static bool
subject(Judgement *judgement, Subject *subject)
{
	Write	   *write = judgement->context;

	if (write->key == NULL)
		return false;
	subject->source = write->unit->attachment->source;
	subject->tenant = write->tenant;
	subject->tenant_after = write->tenant_after ? write->tenant_after : write->tenant;
	subject->key = write->key;
	subject->rekeyed = write->rekeyed;
	subject->owner = write->policy->owner;
	if (write->as_of)
		subject->record = write->as_of->record;
	else
		subject->record = record_of(write) ? record_of(write)->id : 0;
	return true;
}

static bool
check_new(Judgement *judgement, int number)
{
	Write	   *write = judgement->context;

	return itsm_evaluate_check(write->state, write->unit, number, write->old, write->new);
}

static bool
check_old(Judgement *judgement, int number)
{
	Write	   *write = judgement->context;

	return itsm_evaluate_check(write->state, write->unit, number, write->old, write->old);
}

static bool
milestone(Judgement *judgement, Milestone which, TimestampTz *at)
{
	Write	   *write = judgement->context;
	const Record *record;
	Projection	projection;

	if (write->as_of)
	{
		const Past *past = write->as_of->past;

		if (past == NULL)
			return false;
		*at = past->milestones.at[which];
		return past->milestones.reached[which];
	}
	record = record_of(write);
	if (record == NULL || !itsm_projection_read(record, &projection))
		return false;
	*at = projection.milestones.at[which];
	return projection.milestones.reached[which];
}

/* Who made a transition may have come out when it was judged. */
static void
correct_actor(List *transitions, const Event *event)
{
	int64		version = event->actor ? itsm_event_judged(event) : 0;
	ListCell   *cell;

	foreach(cell, transitions)
	{
		PastTransition *transition = lfirst(cell);

		if (transition->version == version)
			transition->actor = event->actor;
	}
}

/* Of events that are archived nobody knows who made which transition: it may have been any. */
static List *
archived_past(const Write *write, const char *tenant, int64 record)
{
	const Definition *definition = write->unit->definition;
	List	   *transitions = NIL;
	ArchivedRecord archived;

	if (!itsm_archived_find(tenant, record, &archived))
		return NIL;
	for (int from = -1; from < definition->machine.count; from++)
		for (int to = 0; to < definition->machine.count; to++)
		{
			PastTransition *transition = palloc(sizeof(PastTransition));

			*transition = (PastTransition) {.from_state = from < 0 ? NULL : definition->states[from].name,
			.to_state = definition->states[to].name, .version = -1};
			transitions = lappend(transitions, transition);
		}
	return transitions;
}

static List *
past(Judgement *judgement)
{
	Write	   *write = judgement->context;
	List	   *events = NIL;
	List	   *transitions = NIL;
	const Record *record;
	int64		until = PG_INT64_MAX;
	ListCell   *cell;

	if (write->as_of)
	{
		const Past *before = write->as_of->past;

		if (before && before->record)
		{
			events = itsm_event_read_left(before->tenant, before->record);
			transitions = archived_past(write, before->tenant, before->record);
			until = before->version;
		}
	}
	else if ((record = record_of(write)) != NULL)
	{
		events = itsm_event_read_left(record->tenant, record->id);
		transitions = archived_past(write, record->tenant, record->id);
	}
	foreach(cell, events)
	{
		const Event *event = lfirst(cell);
		PastTransition *transition;

		correct_actor(transitions, event);
		if (event->version > until || event->to_state == NULL ||
			(event->from_state && strcmp(event->from_state, event->to_state) == 0))
			continue;
		transition = palloc(sizeof(PastTransition));
		transition->from_state = event->from_state;
		transition->to_state = event->to_state;
		transition->actor = event->actor;
		transition->version = event->version;
		transitions = lappend(transitions, transition);
	}
	return transitions;
}

static void
keep(Write *write, JudgeMode mode, List *unmet)
{
	if (mode == MODE_ENFORCE)
		write->refused = list_concat(write->refused, unmet);
	else if (mode == MODE_OBSERVE)
		write->observed = list_concat(write->observed, unmet);
}

void
itsm_count_builtin(const Write *write, BuiltinRule rule)
{
	const PolicyAttachment *attachment = write->unit->attachment;

	if (write->hypothetical || attachment->builtin_modes[rule] == MODE_OFF)
		return;
	itsm_rule_count(attachment->builtin_counters[rule], COUNT_CALLS);
	itsm_rule_count(attachment->builtin_counters[rule], COUNT_IN_SCOPE);
}

static void
count_unmet(RuleCounter *counter, JudgeMode mode)
{
	itsm_rule_count(counter, COUNT_UNMET);
	if (mode == MODE_ENFORCE)
		itsm_rule_count(counter, COUNT_REFUSED);
}

void
itsm_judge_builtin(Write *write, BuiltinRule rule, int code, const char *message)
{
	const PolicyAttachment *attachment = write->unit->attachment;
	const char *name = itsm_builtin_rules[rule];

	if (!write->hypothetical && attachment->builtin_modes[rule] != MODE_OFF)
		count_unmet(attachment->builtin_counters[rule], attachment->builtin_modes[rule]);
	keep(write, write->hypothetical ? MODE_ENFORCE : attachment->builtin_modes[rule],
		 itsm_unmet_add(NIL, code, name, name, NULL, NULL, "%s", message));
}

static void
judge_move(Write *write)
{
	const Definition *definition = write->unit->definition;

	itsm_count_builtin(write, BUILTIN_STATUS);
	if (write->to != ITSM_NO_STATE)
		itsm_count_builtin(write, write->creating && write->from_name == NULL ? BUILTIN_INITIAL : BUILTIN_TRANSITION);
	if (write->to == ITSM_NO_STATE)
		itsm_judge_builtin(write, BUILTIN_STATUS, ERRCODE_ITSM_UNKNOWN_STATE,
						   psprintf(write->new_status ? "status maps to no state of lifecycle \"%s\""
									: "status is null, which is no state of lifecycle \"%s\"",
									definition->name));
	else if (write->creating && write->from_name == NULL)
	{
		if (!definition->machine.initial[write->to])
			itsm_judge_builtin(write, BUILTIN_INITIAL, ERRCODE_ITSM_INITIAL_STATE,
							   psprintf("\"%s\" is not a state to start in in lifecycle \"%s\"",
										definition->states[write->to].name, definition->name));
	}
	else if (write->from == ITSM_NO_STATE)
		itsm_judge_builtin(write, BUILTIN_TRANSITION, ERRCODE_ITSM_TRANSITION,
						   psprintf("transition from %s to \"%s\" is not in lifecycle \"%s\"",
									write->from_name ? psprintf("\"%s\"", write->from_name) : "no state",
									definition->states[write->to].name, definition->name));
	else if (!state_machine_allows(&definition->machine, write->from, write->to))
		itsm_judge_builtin(write, BUILTIN_TRANSITION, ERRCODE_ITSM_TRANSITION,
						   psprintf("transition from \"%s\" to \"%s\" is not in lifecycle \"%s\"",
									definition->states[write->from].name,
									definition->states[write->to].name, definition->name));
}

/* Where "when" cannot be told, the rule is not applicable: an attribute is not mapped, or there is no old row. */
static bool
holds_now(Judgement *judgement, const LifecycleRule *rule)
{
	ListCell   *cell;

	if (rule->when == NULL)
		return true;
	if (rule->when->reads_old && judgement->old == NULL)
		return false;
	foreach(cell, rule->when->attributes)
		if (!judgement->mapped[lfirst_int(cell)])
			return false;
	return judgement->new ? judgement->check(judgement, rule->when->number)
		: judgement->check_old(judgement, rule->when->number);
}

/* Which kinds of rules are judged. */
typedef enum Kinds
{
	KINDS_ALL, KINDS_STANDING, KINDS_COMPARING, KINDS_DELETING
} Kinds;

static bool
is_among(const RuleKind *kind, Kinds kinds)
{
	switch (kinds)
	{
		case KINDS_STANDING:
			return kind->standing;
		case KINDS_COMPARING:
			return kind->compares;
		case KINDS_DELETING:
			return kind->deletes;
		default:
			return true;
	}
}

static bool
has_some(const LifecycleRule *rule, Kinds kinds)
{
	for (int i = 0; i < rule->condition_count; i++)
		if (is_among(rule->conditions[i].kind, kinds))
			return true;
	return false;
}

/* False: there was nothing to judge. */
static bool
judge_rule(Judgement *judgement, const LifecycleRule *rule, Kinds kinds)
{
	if (!has_some(rule, kinds) || !holds_now(judgement, rule))
		return false;
	for (int i = 0; i < rule->condition_count; i++)
		if (is_among(rule->conditions[i].kind, kinds))
			rule->conditions[i].kind->judge(judgement, rule, rule->conditions[i].data);
	return true;
}

static void
judge_counted(Judgement *judgement, const LifecycleRule *rule, Kinds kinds, RuleCounter *counter)
{
	instr_time	start;
	instr_time	end;

	INSTR_TIME_SET_ZERO(start);
	if (itsm_track_timing)
		INSTR_TIME_SET_CURRENT(start);
	if (!judge_rule(judgement, rule, kinds))
		return;
	itsm_rule_count(counter, COUNT_CALLS);
	if (itsm_rule_applies(judgement, rule))
		itsm_rule_count(counter, COUNT_IN_SCOPE);
	if (judgement->unmet)
		count_unmet(counter, judgement->mode);
	if (INSTR_TIME_IS_ZERO(start))
		return;
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	counter->counts[COUNT_NANOSECONDS] += itsm_nanoseconds(end);
}

static void
judge_rules(Write *write, Kinds kinds)
{
	Unit	   *unit = write->unit;
	const Definition *definition = unit->definition;
	const AsOf *as_of = write->as_of;
	const JudgeMode *modes = write->hypothetical ? unit->own_modes : unit->rule_modes;
	Judgement	judgement = {
		.definition = definition, .from = write->from, .to = write->to,
		.creating = write->creating, .moving = write->moving, .asking = write->hypothetical, .old = write->old, .new = write->new,
		.mapped = unit->mapped, .actor = write->actor, .reason = as_of ? as_of->reason : itsm_reason,
		.at = as_of ? as_of->at : 0, .written = as_of && as_of->written ? as_of->written : write->new,
		.check = check_new, .check_old = check_old, .milestone = milestone, .past = past,
		.subject = subject, .context = write
	};

	for (int i = 0; i < definition->rule_count; i++)
	{
		const LifecycleRule *rule = &definition->rules[i];

		if (modes[i] == MODE_OFF)
			continue;
		judgement.mode = modes[i];
		if (write->hypothetical)
			judge_rule(&judgement, rule, kinds);
		else
			judge_counted(&judgement, rule, kinds, unit->rule_counters[i]);
		if (judgement.unmet)
		{
			keep(write, modes[i], judgement.unmet);
			judgement.unmet = NIL;
		}
	}
}

void
itsm_judge_write(Write *write)
{
	if (write->unit->attachment->mode == MODE_OFF && !write->hypothetical)
		return;
	if (write->moving)
		judge_move(write);
	judge_rules(write, KINDS_ALL);
}

void
itsm_judge_standing(Write *write)
{
	write->hypothetical = write->creating = write->moving = true;
	if (write->to == ITSM_NO_STATE)
		judge_move(write);
	judge_rules(write, KINDS_STANDING);
}

void
itsm_judge_passing(Write *write, Unit *left, int from, TupleTableSlot *old, TupleTableSlot *row)
{
	Write		passing = *write;
	AsOf		as_of;

	if (left->attachment->mode == MODE_OFF || !left->compares || from == ITSM_NO_STATE)
		return;
	passing.unit = left;
	passing.from = passing.to = from;
	passing.old = old;
	passing.new = itsm_evaluate_canonical(write->state, left, row, false, NULL);
	passing.creating = passing.moving = false;
	passing.refused = passing.observed = NIL;
	if (write->as_of)
	{
		as_of = *write->as_of;
		as_of.written = NULL;
		passing.as_of = &as_of;
	}
	judge_rules(&passing, KINDS_COMPARING);
	write->refused = list_concat(write->refused, passing.refused);
	write->observed = list_concat(write->observed, passing.observed);
}

void
itsm_judge_delete(Write *write)
{
	const Definition *definition = write->unit->definition;

	itsm_count_builtin(write, BUILTIN_DELETE);
	if (definition->delete_policy == DELETE_REFUSE)
		itsm_judge_builtin(write, BUILTIN_DELETE, ERRCODE_ITSM_DELETE,
						   psprintf("records of lifecycle \"%s\" may not be deleted", definition->name));
	else if (definition->delete_policy == DELETE_FINAL &&
			 (write->from == ITSM_NO_STATE || !definition->machine.final[write->from]))
		itsm_judge_builtin(write, BUILTIN_DELETE, ERRCODE_ITSM_DELETE,
						   psprintf("records of lifecycle \"%s\" may be deleted in a final state only",
									definition->name));
	if (write->unit->judges_deletion && write->unit->attachment->mode != MODE_OFF)
		judge_rules(write, KINDS_DELETING);
}
