/*
 * clock_replay.c
 *		The clocks of a record out of its events, by the same steps as in the
 *		judging trigger.
 *
 * The trigger hears of a write once, when it is judged.  Of writes that are
 * nested in other triggers the last one is judged first; the others, which are
 * past by then, it does not hear of.  Their events have the lower command
 * numbers, and tell values only.
 *
 * Memory: what comes out is in a context that the next record resets.
 */
#include "core/itsm.h"

#include "miscadmin.h"
#include "ledger/event_fold.h"
#include "core/errors.h"
#include "ledger/archive.h"
#include "service_time/clock_replay.h"
#include "service_time/replay_unit.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* A value as events told it last. */
typedef struct ReplayValue
{
	int			number;
	char	   *text;			/* NULL: null, or erased */
	bool		converted;
	Datum		value;
} ReplayValue;

/* How things stand after an event that clocks hear of. */
typedef struct ReplayStep
{
	TimestampTz at;
	ReplayUnit *unit;			/* NULL: ended, under no attachment */
	int			state;
	const char *state_name;
	bool		ended;
	bool		entered;
	bool		anew;			/* the row begins; what ran for the one before has ended */
	List	   *changed;		/* int: numbers of the values that changed */
	Datum	   *values;
	bool	   *nulls;
	int64		version;
} ReplayStep;

/* The clocks of one agreement. */
typedef struct ReplayGroup
{
	int			sla;
	bool		any;
	const BoundSla *by;
	Clock		last;
	List	   *past;			/* ClockRow: those before it */
} ReplayGroup;

struct Replay
{
	ReplayUnits *units;
	MemoryContext context;		/* of the record */
	int			sla;			/* 0: all */
	bool		beside;			/* it goes by another one's clocks */
	const ClockEvent *known;	/* how things stand after the event of a version; NULL: not told */
	int64		known_version;
	bool		pass_lost;
	/* of the record */
	const char *lost;			/* a condition that cannot be asked any more */
	int			source;
	List	   *values;			/* ReplayValue */
	ReplayStep *steps;
	int			count;
	int			life;			/* the step at which the row began */
	List	   *groups;			/* ReplayGroup */
	List	  **trace;
};

/* A step, as clocks look at it. */
typedef struct StepCircumstances
{
	ClockCircumstances circumstances;
	Replay	   *replay;
	ReplayStep *step;
	bool		always;			/* as if the condition held */
} StepCircumstances;

static bool
goes_by_another(int sla)
{
	ListCell   *cell;

	foreach(cell, itsm_slas_of(NULL))
		if (((const Sla *) lfirst(cell))->id == sla && ((const Sla *) lfirst(cell))->relative.kind == TARGET_CLOCK)
			return true;
	return false;
}

Replay *
itsm_replay_begin(int sla)
{
	Replay	   *replay = palloc0(sizeof(Replay));

	replay->beside = sla && goes_by_another(sla);

	replay->units = itsm_replay_units_begin();
	replay->context = AllocSetContextCreate(CurrentMemoryContext, "itsm replay", ALLOCSET_DEFAULT_SIZES);
	replay->sla = sla;
	return replay;
}

void
itsm_replay_end(Replay *replay)
{
	itsm_replay_units_end(replay->units);
	MemoryContextDelete(replay->context);
}

static bool
check_holds(const StepCircumstances *step, int number)
{
	if (number < 0)
		return number == SLA_NO_CHECK;
	return itsm_replay_check(step->replay->units, step->step->unit, number, step->step->values, step->step->nulls);
}

static bool
is_touched(const ReplayStep *step, const BoundSla *version)
{
	int			attribute = -1;

	while ((attribute = bms_next_member(version->resets, attribute)) >= 0)
		if (list_member_int(step->changed, step->unit->numbers[attribute]))
			return true;
	return false;
}

static ReplayGroup *group_of(Replay *replay, int sla);

/* The time from which a relative target is told (clock_listen.c). */
static bool
told_due(const StepCircumstances *step, const BoundSla *version, int64 *due)
{
	const RelativeTarget *target = &version->sla->relative;

	if (target->kind == TARGET_ATTRIBUTE)
	{
		if (version->due < 0 || step->step->nulls[version->due])
			return false;
		*due = DatumGetTimestampTz(step->step->values[version->due]);
	}
	else
	{
		const ReplayGroup *other = group_of(step->replay, target->sla);

		if (!other->any)
			return false;
		*due = other->last.first_due_at;
	}
	*due = itsm_relative_offset(target, version->sla->agreed_hours, *due);
	return true;
}

static ClockEvent
stands(ClockCircumstances *circumstances, const BoundSla *version)
{
	const StepCircumstances *step = (const StepCircumstances *) circumstances;
	ClockEvent	event = {.at = circumstances->at, .ended = step->step->ended, .entered = step->step->entered,
	.state = step->step->state == ITSM_NO_STATE ? 0 : version->states[step->step->state]};

	if (event.ended)
		return event;
	/* events of writes that are past by then may still be to come */
	if (step->replay->known && step->step->version == step->replay->known_version)
		return *step->replay->known;
	event.holds = step->always || check_holds(step, version->checks[SLA_CONDITION]);
	if (event.holds && !step->always && version->sla->relative.kind >= TARGET_ATTRIBUTE)
		event.holds = told_due(step, version, &event.due);
	event.touched = is_touched(step->step, version);
	if ((event.state & CLOCK_PAUSES) && !check_holds(step, version->checks[SLA_PAUSE_WHEN]))
		event.state &= ~CLOCK_PAUSES;
	return event;
}

/* When the record was opened: what its row says now, or when it began. */
static TimestampTz
opened_at(const StepCircumstances *step)
{
	const Replay *replay = step->replay;
	const ReplayUnit *unit = step->step->unit;
	TimestampTz first = replay->steps[replay->life].at;

	if (unit->bound->opened >= 0 && !step->step->nulls[unit->bound->opened])
		return itsm_clock_opening(DatumGetTimestampTz(step->step->values[unit->bound->opened]), step->step->at);
	return first;
}

/* The version by which a clock started, as it is bound to another version of the lifecycle. */
static const BoundSla *
version_in(const BoundSlas *bound, const Sla *sla)
{
	for (int i = 0; bound && i < bound->count; i++)
		if (bound->slas[i].sla->id == sla->id && bound->slas[i].sla->version == sla->version)
			return &bound->slas[i];
	return NULL;
}

/*
 * A clock that starts late counts as if the condition had held since the record
 * was opened: with the pauses in between.
 */
static void
start_retroactive(ClockCircumstances *circumstances, const BoundSla *version, Clock *clock)
{
	StepCircumstances *now = (StepCircumstances *) circumstances;
	Replay	   *replay = now->replay;
	const ClockTerms *terms = &version->sla->terms;
	const ClockEvent known = stands(circumstances, version);

	clock_start(terms, clock, opened_at(now), itsm_sla_target(version->sla, opened_at(now), &known));
	for (int i = replay->life; &replay->steps[i] < now->step; i++)
	{
		StepCircumstances past = {*circumstances, replay, &replay->steps[i], true};
		const BoundSla *then = version_in(past.step->unit ? past.step->unit->bound : NULL, version->sla);
		ClockEvent	event;

		if (then == NULL)
			continue;
		past.circumstances.at = past.step->at;
		event = stands(&past.circumstances, then);
		if (i > replay->life && clock_attaches(terms, &event, clock, terms->reopen))
			clock_start(terms, clock, event.at, itsm_sla_target(version->sla, event.at, &known));
		(void) clock_advance(terms, clock, &event, NULL);
	}
	if (clock->stage == CLOCK_CANCELLED ||
		(clock->stage == CLOCK_COMPLETED && terms->reopen != CLOCK_REOPEN_RESUME))
		clock_start(terms, clock, circumstances->at, itsm_sla_target(version->sla, circumstances->at, &known));
}

static ReplayGroup *
group_of(Replay *replay, int sla)
{
	ReplayGroup *group;
	ListCell   *cell;

	foreach(cell, replay->groups)
		if (((ReplayGroup *) lfirst(cell))->sla == sla)
			return lfirst(cell);
	group = palloc0(sizeof(ReplayGroup));
	group->sla = sla;
	replay->groups = lappend(replay->groups, group);
	return group;
}

static void
trace(Replay *replay, const ReplayStep *step, const ReplayGroup *group, const ClockEvent *event)
{
	ReplayTrace *traced;

	if (replay->trace == NULL || group->sla != replay->sla)
		return;
	traced = palloc0(sizeof(ReplayTrace));
	traced->at = step->at;
	traced->state = step->state_name;
	traced->ended = step->ended;
	traced->any = group->any;
	traced->number = list_length(group->past) + 1;
	traced->by = group->by;
	traced->clock = group->last;
	if (event)
		traced->event = *event;
	*replay->trace = lappend(*replay->trace, traced);
}

static ClockRow *
row_of(const BoundSla *by, const Clock *clock, int number)
{
	ClockRow   *row = palloc0(sizeof(ClockRow));

	row->sla = by->sla->id;
	row->sla_version = by->sla->version;
	row->number = number;
	row->clock = *clock;
	row->agreed = by->sla;
	row->bound = itsm_clock_bound(by->sla, clock, 0);
	return row;
}

/* What a step did to the clocks of an agreement. */
static void
keep(ReplayGroup *kept, const ClockGroup *group)
{
	if (group->begun && group->had)
		kept->past = lappend(kept->past, row_of(group->before_by, &group->before, list_length(kept->past) + 1));
	kept->any = group->any;
	kept->last = group->last;
	kept->by = group->by;
}

static bool
is_open(const ReplayGroup *group)
{
	return group->any && group->last.stage < CLOCK_COMPLETED;
}

/* Ends what runs: all, or what is not agreed any more. */
static void
end_clocks(Replay *replay, const ReplayStep *step, const BoundSlas *but)
{
	ListCell   *cell;

	foreach(cell, replay->groups)
	{
		ReplayGroup *kept = lfirst(cell);
		ClockGroup	group = {.any = kept->any, .last = kept->last, .by = kept->by};
		bool		agreed = false;

		for (int i = 0; but && i < but->count; i++)
			agreed |= but->slas[i].sla->id == kept->sla;
		if (agreed || !is_open(kept))
			continue;
		itsm_clock_end(&group, step->at);
		keep(kept, &group);
		if (step->ended || but)
			trace(replay, step, kept, NULL);
	}
}

static void
step_group(Replay *replay, ReplayStep *step, ClockGroup group)
{
	StepCircumstances circumstances = {{stands, start_retroactive, step->at}, replay, step, false};
	ReplayGroup *kept = group_of(replay, group.versions->sla->id);
	ClockEvent	event = {0};

	group.any = kept->any;
	group.last = kept->last;
	if (kept->any)
	{
		group.by = version_in(step->unit->bound, kept->by->sla);
		if (group.by == NULL)
			group.by = kept->by;
	}
	itsm_clock_step(&group, &circumstances.circumstances);
	keep(kept, &group);
	if (replay->trace && kept->any)
		event = stands(&circumstances.circumstances, kept->by);
	trace(replay, step, kept, &event);
}

static void
do_step(Replay *replay, ReplayStep *step)
{
	const BoundSlas *bound = step->unit ? step->unit->bound : NULL;
	ClockGroup	group;

	if (step->ended || step->anew)
		end_clocks(replay, step, NULL);
	if (step->anew)
		replay->life = step - replay->steps;
	if (step->ended)
		return;
	end_clocks(replay, step, bound);
	for (int first = 0; bound && first < bound->count; first += group.count)
	{
		group = itsm_clock_group(bound, first);
		if (replay->sla == 0 || replay->beside || replay->sla == group.versions->sla->id)
			step_group(replay, step, group);
	}
}

static ReplayValue *
value_of(const Replay *replay, int number)
{
	ListCell   *cell;

	foreach(cell, replay->values)
		if (((ReplayValue *) lfirst(cell))->number == number)
			return lfirst(cell);
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* True when the event takes the record's key away.  *changed: numbers of the values that it changes. */
static bool
tell_values(Replay *replay, const Event *event, List **changed)
{
	bool		key_taken = false;
	int			offset = 0;
	BodyItem	item;

	while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
	{
		ReplayValue *value;

		key_taken |= item.number == BODY_KEY && item.form == BODY_NULL;
		if (item.number <= BODY_STATUS)
			continue;
		value = value_of(replay, item.number);
		if (value == NULL)
		{
			value = palloc(sizeof(ReplayValue));
			value->number = item.number;
			value->text = NULL;
			replay->values = lappend(replay->values, value);
		}
		if (!same_text(value->text, item.form == BODY_VALUE ? item.text : NULL))
			*changed = lappend_int(*changed, item.number);
		value->text = item.form == BODY_VALUE ? unconstify(char *, item.text) : NULL;
		value->converted = false;
	}
	return key_taken;
}

static void
take_values(Replay *replay, ReplayStep *step)
{
	ReplayUnit *unit = step->unit;
	int			count = unit->definition ? unit->definition->attribute_count + 1 : 0;
	int			number = -1;

	step->values = palloc0(sizeof(Datum) * count);
	step->nulls = palloc(sizeof(bool) * count);
	memset(step->nulls, true, count);
	while ((number = bms_next_member(unit->reads, number)) >= 0)
	{
		ReplayValue *value = unit->numbers[number] ? value_of(replay, unit->numbers[number]) : NULL;

		if (value == NULL || value->text == NULL)
			continue;
		if (!value->converted)
			value->value = itsm_replay_value(unit, number, value->text);
		value->converted = true;
		step->values[number] = value->value;
		step->nulls[number] = false;
	}
}

static bool
is_kind(const Event *event, const char *kind)
{
	return strcmp(event->kind, kind) == 0;
}

/*
 * The step that an event is; false: none.  heard: the trigger heard of it; the
 * others tell only what is to be compared with next.
 */
static bool
make_step(Replay *replay, const Event *event, bool heard, const ReplayStep *last, const char **state)
{
	ReplayStep *step = &replay->steps[replay->count];
	List	   *changed = NIL;
	bool		key_taken;

	if (is_kind(event, "created"))
		replay->values = NIL;
	key_taken = tell_values(replay, event, &changed);
	if (is_kind(event, "key_changed") || itsm_event_is_remark(event))
		return false;
	*step = (ReplayStep) {.at = event->at, .state = ITSM_NO_STATE, .state_name = event->to_state,
	.version = event->version};
	step->ended = is_kind(event, "deleted") || (is_kind(event, "moved") && (event->attachment == 0 || key_taken));
	step->entered = last == NULL || last->ended || is_kind(event, "created") || is_kind(event, "backfilled") ||
		!same_text(*state, event->to_state);
	step->anew = is_kind(event, "created") && event->version > 1;
	/* of a row that comes, what it was before is not compared */
	if (last && !last->ended && !is_kind(event, "created") && !is_kind(event, "backfilled"))
		step->changed = changed;
	*state = event->to_state;
	if (!heard)
		return false;
	if (event->attachment)
	{
		step->unit = itsm_replay_unit(replay->units, replay->source, event);
		if (event->to_state && step->unit->definition)
			step->state = itsm_definition_state(step->unit->definition, event->to_state, strlen(event->to_state));
		take_values(replay, step);
	}
	replay->count++;
	return true;
}

static int
compare_events(const ListCell *a, const ListCell *b)
{
	return itsm_event_order(lfirst(a), lfirst(b));
}

static int
compare_versions(const ListCell *a, const ListCell *b)
{
	return ((const Event *) lfirst(a))->version < ((const Event *) lfirst(b))->version ? -1 : 1;
}

/* Versions of the events whose writes were past when they were judged. */
static Bitmapset *
unheard(List *events)
{
	Bitmapset  *versions = NULL;
	const Event *last = NULL;
	uint32		command = 0;
	ListCell   *cell;

	list_sort(events, compare_versions);
	foreach(cell, events)
	{
		const Event *event = lfirst(cell);

		if (is_kind(event, "imported") || itsm_event_is_remark(event))
			continue;
		if (last && last->xid == event->xid && last->system == event->system)
		{
			if (event->command < command)
				versions = bms_add_member(versions, (int) event->version);
			command = Max(command, event->command);
		}
		else
			command = event->command;
		last = event;
	}
	return versions;
}

/*
 * A log tells states, and not what the row held then: where history was imported,
 * conditions see what the row held when it was first seen.
 */
static void
assume_values(Replay *replay, const List *events)
{
	List	   *changed = NIL;
	ListCell   *cell;

	if (events == NIL || !is_kind(linitial(events), "imported"))
		return;
	foreach(cell, events)
	{
		const Event *event = lfirst(cell);

		if (is_kind(event, "created") || is_kind(event, "backfilled"))
		{
			(void) tell_values(replay, event, &changed);
			return;
		}
	}
}

static void
replay_events(Replay *replay, List *events)
{
	Bitmapset  *past = unheard(events);
	const ReplayStep *last = NULL;
	const char *state = NULL;
	ListCell   *cell;

	list_sort(events, compare_events);
	assume_values(replay, events);
	replay->steps = palloc0(sizeof(ReplayStep) * (list_length(events) + 1));
	foreach(cell, events)
	{
		const Event *event = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		if (!make_step(replay, event, !bms_is_member((int) event->version, past), last, &state))
			continue;
		last = &replay->steps[replay->count - 1];
		if (last->unit && last->unit->lost)
		{
			replay->lost = last->unit->lost;
			return;
		}
		do_step(replay, &replay->steps[replay->count - 1]);
	}
}

/* A record whose row goes on under another one, where it is told. */
static void
end_given_up(Replay *replay, const Record *record, const List *events)
{
	const Event *event = llast(events);
	ReplayStep	step = {.at = event->at, .ended = true};

	if (record->deleted && is_kind(event, "key_changed"))
		end_clocks(replay, &step, NULL);
}

static List *
rows_of(const Replay *replay)
{
	List	   *rows = NIL;
	ListCell   *cell;

	foreach(cell, replay->groups)
	{
		const ReplayGroup *group = lfirst(cell);

		if (!group->any || (replay->sla && replay->sla != group->sla))
			continue;
		rows = lappend(rows, row_of(group->by, &group->last, 0));
		rows = list_concat(rows, group->past);
	}
	return rows;
}

void
itsm_replay_pass_lost(Replay *replay)
{
	replay->pass_lost = true;
}

bool
itsm_replay_passed(const Replay *replay)
{
	return replay->lost != NULL;
}

List *
itsm_replay_record(Replay *replay, const char *tenant, int64 id, List *events, List **traced)
{
	MemoryContext caller;
	Record		record;
	List	   *rows = NIL;

	MemoryContextReset(replay->context);
	caller = MemoryContextSwitchTo(replay->context);
	replay->values = replay->groups = NIL;
	replay->count = replay->life = 0;
	replay->lost = NULL;
	replay->trace = traced;
	if (traced)
		*traced = NIL;
	if (events != NIL && itsm_record_read(tenant, id, &record))
	{
		replay->source = record.source;
		events = list_copy(events);
		replay_events(replay, events);
		if (replay->lost == NULL)
		{
			end_given_up(replay, &record, events);
			rows = rows_of(replay);
		}
		else if (!replay->pass_lost)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_ATTACHMENT),
					 errmsg("condition \"%s\" cannot be asked any more", replay->lost),
					 errdetail("It runs with the rights of the owner of a table that is gone."),
					 errhint("What is kept of the clocks stays as it is.")));
	}
	MemoryContextSwitchTo(caller);
	return rows;
}

void
itsm_clock_replay_start(const char *tenant, int64 record, int64 version, const Sla *sla, const ClockEvent *known,
						Clock *clock)
{
	ArchivedRecord archived;
	Replay	   *replay;
	List	   *rows;

	/* a record that begins anew after its events were archived; the write goes on */
	if (itsm_archived_find(tenant, record, &archived))
	{
		ereport(WARNING,
				(errcode(ERRCODE_ITSM_HISTORY),
				 errmsg("the events of record " INT64_FORMAT " up to version " INT64_FORMAT " are archived, so its clock of agreement \"%s\" starts now",
						record, archived.version, sla->name)));
		clock_start(&sla->terms, clock, known->at, itsm_sla_target(sla, known->at, known));
		return;
	}
	replay = itsm_replay_begin(sla->id);
	replay->known = known;
	replay->known_version = version;
	rows = itsm_replay_record(replay, tenant, record, itsm_event_read_by_head(tenant, record, DT_NOEND), NULL);
	if (rows != NIL && ((ClockRow *) linitial(rows))->clock.stage < CLOCK_COMPLETED)
		*clock = ((ClockRow *) linitial(rows))->clock;
	else
		clock_start(&sla->terms, clock, known->at, itsm_sla_target(sla, known->at, known));
	itsm_replay_end(replay);
}
