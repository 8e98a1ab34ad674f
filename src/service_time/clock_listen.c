/*
 * clock_listen.c
 *		The clocks of a record advance with its events, in the judging trigger.
 *
 * Most events change no clock, which shows without looking at one: neither what
 * the state does to it nor what its agreement's checks read has changed, or the
 * condition holds as little as it did before.
 *
 * Memory: the per-row context.  Locking: the caller holds the record's head.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lifecycle/evaluate.h"
#include "miscadmin.h"
#include "service_time/clock_listen.h"
#include "service_time/clock_replay.h"
#include "service_time/clock_step.h"
#include "service_time/clock_store.h"
#include "utils/datum.h"

/* A change, as clocks look at it. */
typedef struct Change
{
	ClockCircumstances circumstances;
	const Memory *memory;
	const RowSide *side;		/* how things stand now */
	bool		ended;
	bool		entered;
	int8	   *checked;		/* per check: 0 not yet, 1 it holds, -1 it does not */
} Change;

static bool
check_holds(const Change *change, int position)
{
	const RowSide *side = change->side;

	if (position < 0)
		return position == SLA_NO_CHECK;
	Assert(change->checked != NULL);
	if (change->checked[position] == 0)
	{
		int			number = itsm_listened_check(side->unit, &itsm_clock_listener, position);

		change->checked[position] = number >= 0 &&
			itsm_evaluate_check(side->state, side->unit, number, NULL, side->canonical) ? 1 : -1;
	}
	return change->checked[position] > 0;
}

static uint8
states_of(const BoundSla *version, int state)
{
	return state == ITSM_NO_STATE ? 0 : version->states[state];
}

static bool
value_changed(const RowSide *old, const RowSide *new, int before, int number)
{
	Form_pg_attribute attribute = TupleDescAttr(new->unit->canonical, number);
	bool		old_null = old->canonical->tts_isnull[before];
	bool		new_null = new->canonical->tts_isnull[number];

	if (old_null || new_null)
		return old_null != new_null;
	return !datum_image_eq(old->canonical->tts_values[before], new->canonical->tts_values[number],
						   attribute->attbyval, attribute->attlen);
}

/* True when a value has changed with which the clocks of a version begin anew. */
static bool
is_touched(const Change *change, const BoundSla *version)
{
	const RowSide *old = change->memory->old;
	const RowSide *new = change->memory->new;
	int			number = -1;

	if (old == NULL || new == NULL)
		return false;
	while ((number = bms_next_member(version->resets, number)) >= 0)
	{
		const LifecycleAttribute *attribute = &new->unit->definition->attributes[number];
		int			before = old->unit == new->unit ? number
			: itsm_definition_attribute(old->unit->definition, attribute->name);

		if (before >= 0 && old->unit->definition->attributes[before].type == attribute->type &&
			value_changed(old, new, before, number))
			return true;
	}
	return false;
}

/* The time from which a relative target is told, by the record or another clock; false: there is none yet. */
static bool
told_due(const Change *change, const BoundSla *version, int64 *due)
{
	const RelativeTarget *target = &version->sla->relative;
	TupleTableSlot *canonical = change->side->canonical;
	ClockRow	other;

	if (target->kind == TARGET_ATTRIBUTE)
	{
		if (version->due < 0 || canonical->tts_isnull[version->due])
			return false;
		*due = DatumGetTimestampTz(canonical->tts_values[version->due]);
	}
	else
	{
		if (!itsm_clock_find(change->memory->tenant, change->memory->record, target->sla, 0, &other))
			return false;
		*due = other.clock.first_due_at;
	}
	*due = itsm_relative_offset(target, version->sla->agreed_hours, *due);
	return true;
}

static ClockEvent
stands(ClockCircumstances *circumstances, const BoundSla *version)
{
	const Change *change = (const Change *) circumstances;
	ClockEvent	event = {.at = circumstances->at, .ended = change->ended, .entered = change->entered,
	.state = states_of(version, change->side->state_number)};

	if (change->ended)
		return event;
	event.holds = check_holds(change, version->checks[SLA_CONDITION]);
	if (event.holds && version->sla->relative.kind >= TARGET_ATTRIBUTE)
		event.holds = told_due(change, version, &event.due);
	event.touched = is_touched(change, version);
	if ((event.state & CLOCK_PAUSES) && !check_holds(change, version->checks[SLA_PAUSE_WHEN]))
		event.state &= ~CLOCK_PAUSES;
	return event;
}

/* Of a record that begins the opening is this event's, or told by an attribute; else its past counts too. */
static void
start_retroactive(ClockCircumstances *circumstances, const BoundSla *version, Clock *clock)
{
	const Change *change = (const Change *) circumstances;
	const Memory *memory = change->memory;
	const BoundSlas *bound = itsm_unit_listened(change->side->unit, &itsm_clock_listener);
	TimestampTz at = circumstances->at;
	const ClockEvent known = stands(circumstances, version);

	if (memory->version > 1)
	{
		itsm_clock_replay_start(memory->tenant, memory->record, memory->version, version->sla, &known, clock);
		return;
	}
	if (bound->opened >= 0 && !change->side->canonical->tts_isnull[bound->opened])
		at = itsm_clock_opening(DatumGetTimestampTz(change->side->canonical->tts_values[bound->opened]), at);
	clock_start(&version->sla->terms, clock, at, itsm_sla_target(version->sla, at, &known));
}

/* True when an attribute that the version looks at has another value now; of one unit. */
static bool
reads_changed(const BoundSla *version, const RowSide *old, const RowSide *new)
{
	int			number = -1;

	while ((number = bms_next_member(version->reads, number)) >= 0)
		if (value_changed(old, new, number, number))
			return true;
	return false;
}

/* True when the change may concern a clock of the group. */
static bool
concerns(const ClockGroup *group, const Change *change)
{
	const Memory *memory = change->memory;
	const RowSide *old = memory->old;
	const RowSide *new = memory->new;

	if (old == NULL || new == NULL || old->unit != new->unit || memory->early)
		return true;
	for (int i = 0; i < group->count; i++)
	{
		const BoundSla *version = &group->versions[i];
		uint8		states = states_of(version, new->state_number);
		bool		changed = reads_changed(version, old, new);

		/* the other clock that it goes by may have started */
		if (changed || (version->sla->relative.kind == TARGET_CLOCK && (states & CLOCK_STARTS)))
			return true;
		/* where the condition did not hold before either, nothing runs */
		if ((states != states_of(version, old->state_number) || (change->entered && (states & CLOCK_RESETS)) ||
			 (version->sla->from > memory->before && version->sla->from <= memory->at)) &&
			check_holds(change, version->checks[SLA_CONDITION]))
			return true;
	}
	return false;
}

static const BoundSla *
version_of(const ClockGroup *group, int version)
{
	for (int i = 0; i < group->count; i++)
		if (group->versions[i].sla->version == version)
			return &group->versions[i];
	return &group->versions[group->count - 1];
}

/* The clock that was the last one gets a number of its own. */
static bool
put_behind(const Memory *memory, ClockRow *row)
{
	ListCell   *cell;

	foreach(cell, itsm_clocks_of(memory->tenant, memory->record))
	{
		const ClockRow *other = lfirst(cell);

		if (other->sla == row->sla)
			row->number = Max(row->number, other->number);
	}
	row->number++;
	return itsm_clock_store(memory->tenant, memory->record, row, memory->counted);
}

/*
 * The bound of a clock holds: a pause only puts off what is due.  So does that
 * of one that has ended, until itsm.due_clocks comes to it: it is indexed, and
 * to change it costs more than all else that is done to the clock.
 */
static TimestampTz
next_bound(const Sla *sla, const ClockRow *row)
{
	return row->bound == DT_NOEND ? itsm_clock_bound(sla, &row->clock, row->told) : row->bound;
}

/* Stores what a step did; false when it has to be done anew. */
static bool
store_step(const Memory *memory, const ClockGroup *group, ClockRow *row)
{
	ClockRow	begun = {.sla = group->versions->sla->id, .sla_version = group->by->sla->version, .clock = group->last};

	if (group->changed || group->had)
	{
		const Sla  *sla = (group->begun ? group->before_by : group->by)->sla;

		row->clock = group->begun ? group->before : group->last;
		/* what is put behind another is indexed anew in any case */
		row->bound = group->begun ? itsm_clock_bound(sla, &row->clock, row->told) : next_bound(sla, row);
		if (!(group->begun ? put_behind(memory, row)
			  : itsm_clock_store(memory->tenant, memory->record, row, memory->counted)))
			return false;
	}
	if (group->begun)
	{
		begun.bound = itsm_clock_bound(group->by->sla, &begun.clock, 0);
		(void) itsm_clock_store(memory->tenant, memory->record, &begun, memory->counted);
	}
	return true;
}

static bool
follow_group(ClockGroup group, Change *change, bool ends)
{
	const Memory *memory = change->memory;

	for (;;)
	{
		ClockGroup	stepped = group;
		ClockRow	row;
		/* a record that begins has no clocks */
		bool		there = memory->version > 1 &&
			itsm_clock_find(memory->tenant, memory->record, group.versions->sla->id, 0, &row);

		CHECK_FOR_INTERRUPTS();
		stepped.any = there;
		if (there)
		{
			stepped.last = row.clock;
			stepped.by = version_of(&group, row.sla_version);
		}
		if (ends && there)
			itsm_clock_end(&stepped, memory->at);
		if (!ends)
			itsm_clock_step(&stepped, &change->circumstances);
		if (!stepped.changed && !stepped.begun)
			return false;
		Assert(there || (!stepped.changed && !stepped.had));
		if (store_step(memory, &stepped, &row))
			return true;
	}
}

/* A command of the event's own has begun: what is written here once needs no other. */
static void
follow(Change *change, const BoundSlas *bound)
{
	ClockGroup	group;

	for (int first = 0; bound && first < bound->count; first += group.count)
	{
		group = itsm_clock_group(bound, first);
		if (concerns(&group, change))
			(void) follow_group(group, change, false);
	}
}

/* What ran for a row that begins anew ends before. */
static void
end_all(Change *change, const BoundSlas *bound)
{
	bool		wrote = false;
	ClockGroup	group;

	for (int first = 0; bound && first < bound->count; first += group.count)
	{
		group = itsm_clock_group(bound, first);
		wrote |= follow_group(group, change, true);
	}
	if (wrote)
		CommandCounterIncrement();
}

static void
remembered(const Memory *memory)
{
	Change		change = {
		.circumstances = {stands, start_retroactive, memory->at},
		.memory = memory, .side = memory->new ? memory->new : memory->old, .ended = memory->new == NULL
	};
	const BoundSlas *bound = itsm_unit_listened(change.side->unit, &itsm_clock_listener);

	if (memory->told == NULL)
		return;
	if (bound && bound->texts)
		change.checked = palloc0(sizeof(int8) * list_length(bound->texts));
	change.entered = memory->old == NULL || memory->new == NULL ||
		!itsm_same_text(memory->old->state_name, memory->new->state_name);
	if (memory->version > 1 && (memory->old == NULL || (memory->new && memory->old->unit != memory->new->unit)))
		itsm_clock_end_others(memory->tenant, memory->record, bound, memory->at);
	if (memory->version > 1 && memory->old == NULL && strcmp(memory->told, "created") == 0)
		end_all(&change, bound);
	follow(&change, bound);
}

static void *
bind(const Unit *unit, List **checks)
{
	BoundSlas  *bound = itsm_slas_bind(unit->definition);

	if (bound)
		*checks = bound->texts;
	return bound;
}

static bool
listens(const Unit *unit)
{
	return itsm_unit_listened(unit, &itsm_clock_listener) != NULL;
}

static void
rewritten(const char *tenant, int64 record)
{
	itsm_clock_replay_store(tenant, record);
}

const EventListener itsm_clock_listener = {
	.listens = listens,
	.remembered = remembered,
	.bind = bind,
	.rewritten = rewritten,
	.bound_to_node = "clocks of service levels",
};
