/*
 * booking_listener.c
 *		A record occupies its configuration items while it is in a state of its
 *		no_conflict rule: bookings are made, changed and given back with its events.
 *
 * The rule has looked for others before; who books the same at the same moment
 * is met here.  That is refused as the rule would have done it.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "core/errors.h"
#include "core/unmet.h"
#include "lifecycle/override.h"
#include "practice/booking.h"
#include "practice/booking_listener.h"

/* A rule by which a record in that state is booked: the first there is. */
typedef struct BookingRule
{
	const LifecycleRule *rule;
	const PlanAttributes *attributes;
	JudgeMode	mode;
} BookingRule;

static bool
find_rule(const Unit *unit, int state, BookingRule *found)
{
	const Definition *definition = unit->definition;

	for (int i = 0; i < definition->rule_count; i++)
		for (int j = 0; j < definition->rules[i].condition_count; j++)
		{
			const RuleCondition *condition = &definition->rules[i].conditions[j];

			if (condition->kind != &itsm_rule_no_conflict || !itsm_plan_counts(condition->data, state) ||
				!itsm_plan_is_timed(condition->data, unit->mapped) ||
				!itsm_plan_names_cis(condition->data, unit->mapped))
				continue;
			*found = (BookingRule) {&definition->rules[i], condition->data, unit->rule_modes[i]};
			return true;
		}
	return false;
}

static bool
listens(const Unit *unit)
{
	BookingRule rule;

	for (int state = 0; state < unit->definition->state_count; state++)
		if (find_rule(unit, state, &rule))
			return true;
	return false;
}

bool
itsm_booking_counts(const RowSide *side)
{
	BookingRule rule;

	return find_rule(side->unit, side->state_number, &rule);
}

/* Both sides are read by the same version of one lifecycle. */
static bool
same_reading(const RowSide *old, const RowSide *new)
{
	return old && strcmp(old->attachment->lifecycle, new->attachment->lifecycle) == 0 &&
		old->unit->version == new->unit->version;
}

/* True when the rule was judged on this write. */
static bool
was_judged(const Memory *memory, const BookingRule *rule)
{
	const RowSide *new = memory->new;
	bool		same = same_reading(memory->old, new);
	PlanMove	move = {
		new->unit->definition, new->unit->mapped, same ? memory->old->state_number : ITSM_NO_STATE,
		new->state_number, !same, same ? memory->old->canonical : NULL, new->canonical
	};

	/* what is told with a kind of its own is no write of the application */
	if (memory->kind)
		return false;
	return (memory->old && strcmp(memory->old->identity.tenant, new->identity.tenant) != 0) ||
		itsm_plan_enters(rule->attributes, &move);
}

/* The conflict was seen when the write was judged, and let pass. */
static bool
was_excused(const Memory *memory, const BookingRule *rule)
{
	ListCell   *cell;

	foreach(cell, memory->violations)
	{
		const Unmet *unmet = lfirst(cell);

		if (unmet->code == ERRCODE_ITSM_CONFLICT && unmet->rule && strcmp(unmet->rule, rule->rule->name) == 0)
			return true;
	}
	return false;
}

/*
 * Somebody was quicker since the rule was judged: refuses it, in the rule's own
 * words.  False when whoever it was is gone again; returns true when an exception
 * was made from the rule.
 */
static bool
refuse(const Memory *memory, const BookingRule *rule, const ChangePlan *plan)
{
	const RowSide *new = memory->new;
	bool		same = same_reading(memory->old, new);
	BookingConflict conflict;
	Write		write = {
		.policy = new->attachment->policy, .state = new->state, .unit = new->unit,
		.from = same ? memory->old->state_number : ITSM_NO_STATE, .to = new->state_number,
		.from_name = memory->old ? memory->old->state_name : NULL, .creating = !same, .moving = true,
		.new_status = new->status, .new_status_length = new->status_length, .actor = memory->actor
	};

	if (!itsm_booking_conflicts(memory->tenant, memory->record, plan, &conflict))
		return false;
	write.relation = table_open(write.policy->relation, AccessShareLock);
	write.refused = itsm_conflict_unmet(NIL, rule->rule, plan, &conflict);
	if (itsm_overrides_held())
		itsm_override_excuse(&write, &new->identity, memory->record);
	if (write.refused)
		itsm_refuse(&write, &new->identity);
	table_close(write.relation, AccessShareLock);
	return true;
}

/* Neither before nor after it is in a state in which it is booked. */
static bool
is_aside(const Memory *memory)
{
	return memory->old && memory->new && memory->kind == NULL && same_reading(memory->old, memory->new) &&
		!itsm_booking_counts(memory->old) && !itsm_booking_counts(memory->new);
}

static void
remembered(const Memory *memory)
{
	const RowSide *new = memory->new;
	BookingForce force = BOOKING_TOLERATED;
	BookingRule rule;
	ChangePlan	plan;

	if (is_aside(memory))
		return;
	if (new == NULL || !find_rule(new->unit, new->state_number, &rule))
	{
		(void) itsm_booking_make(memory->tenant, memory->record, 0, NULL, force);
		return;
	}
	itsm_plan_read(new->unit->definition, rule.attributes, new->unit->mapped, new->canonical, &plan);
	/* a verdict that is still to come has it held */
	if (rule.mode == MODE_ENFORCE && !was_excused(memory, &rule) && (memory->kind || !new->attachment->deferred))
		force = was_judged(memory, &rule) ? BOOKING_HELD : BOOKING_TRIED;
	while (!itsm_booking_make(memory->tenant, memory->record, new->attachment->id, &plan, force))
		if (refuse(memory, &rule, &plan))
			force = BOOKING_TOLERATED;
}

const EventListener itsm_booking_listener = {
	.listens = listens,
	.remembered = remembered,
	.bound_to_node = "changes booked against conflicts",
};
