/*
 * clock_explain.c
 *		The timeline of a record's clocks: each stretch counted or not, and why.
 *
 * Made out of the events, as clocks are; so what is kept can be checked by it.
 */
#include "core/itsm.h"

#include "core/own_table.h"
#include "funcapi.h"
#include "ledger/tenant_access.h"
#include "record/record.h"
#include "service_time/clock_replay.h"
#include "service_time/service_time.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

typedef struct Explanation
{
	ReturnSetInfo *result;
	int			number;			/* of the clock at hand */
	int64		total;			/* counted so far */
	bool		breached;
} Explanation;

static void
tell(Explanation *explanation, TimestampTz from, TimestampTz to, bool open_end, const char *state, int64 counted,
	 const char *why)
{
	Datum		values[6];
	bool		nulls[6] = {0};

	explanation->total += counted;
	values[0] = TimestampTzGetDatum(from);
	values[1] = TimestampTzGetDatum(to);
	nulls[1] = open_end;
	values[2] = state ? CStringGetTextDatum(state) : (Datum) 0;
	nulls[2] = state == NULL;
	values[3] = IntervalPGetDatum(itsm_make_interval(counted));
	values[4] = IntervalPGetDatum(itsm_make_interval(explanation->total));
	values[5] = CStringGetTextDatum(explanation->number > 1 ? psprintf("clock %d, %s", explanation->number, why) : why);
	tuplestore_putvalues(explanation->result->setResult, explanation->result->setDesc, values, nulls);
}

static const char *
interval_text(int64 length)
{
	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(itsm_make_interval(length))));
}

/* A relative target is a length only for the clock at hand. */
static const char *
target_text(const ReplayTrace *step)
{
	int64		target = clock_target(&step->by->sla->terms, &step->clock);

	return target == CLOCK_NEVER ? "without an end" : interval_text(target);
}

static const char *
state_text(const char *state)
{
	return state ? psprintf("state \"%s\"", state) : "a status that maps to no state";
}

/* The hours in which it counts; of a relative target, real time up to what was fixed. */
static const char *
hours_text(const ReplayTrace *step)
{
	const Sla  *sla = step->by->sla;

	if (!sla->terms.relative)
		return itsm_clock_hours_name(sla->hours);
	return psprintf("%s, up to %s as fixed when it started", itsm_clock_hours_name(sla->hours),
					DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(step->clock.first_due_at))));
}

/* Why a clock that is open counts, or does not, in the stretch after a step. */
static const char *
why_open(const ReplayTrace *step)
{
	const Sla  *sla = step->by->sla;

	if (step->clock.stage == CLOCK_IN_PROGRESS)
		return psprintf("counted: %s does not pause it; %s", state_text(step->state),
						hours_text(step));
	return psprintf("not counted: %s pauses it%s%s", state_text(step->state),
					sla->given[SLA_PAUSE_WHEN] ? " while " : "", sla->given[SLA_PAUSE_WHEN] ? sla->given[SLA_PAUSE_WHEN] : "");
}

/* Why it has ended. */
static const char *
why_ended(const ReplayTrace *step)
{
	const char *state = state_text(step->state);

	if (step->clock.stage == CLOCK_COMPLETED)
		return psprintf("completed: %s stops it; %s %s of %s", state,
						step->clock.breached ? "breached with" : "met with", interval_text(step->clock.elapsed),
						target_text(step));
	if (step->ended)
		return "cancelled: the record ended, or left the table's attachments";
	if (step->event.state & CLOCK_CANCELS)
		return psprintf("cancelled: %s cancels it", state);
	if (!step->event.holds && step->by->sla->given[SLA_CONDITION])
		return psprintf("cancelled: %s does not hold", step->by->sla->given[SLA_CONDITION]);
	if (step->event.touched)
		return "cancelled: a value has changed that resets it";
	if (step->event.state & CLOCK_RESETS)
		return psprintf("cancelled: %s resets it", state);
	return "cancelled: it is not agreed on the record any more";
}

/* A stretch in which the clock runs, cut where the target is used up. */
static void
tell_running(Explanation *explanation, const ReplayTrace *step, TimestampTz from, TimestampTz to, bool open_end)
{
	const ClockTerms *terms = &step->by->sla->terms;
	Clock		after = clock_at(terms, &step->clock, to);
	int64		counted = terms->elapsed(terms, from, to);

	if (after.breached && !explanation->breached)
	{
		TimestampTz at = Max(after.breached_at, from);
		int64		first = terms->elapsed(terms, from, at);

		explanation->breached = true;
		if (at > from)
			tell(explanation, from, at, false, step->state, first, why_open(step));
		tell(explanation, at, to, open_end, step->state, counted - (at > from ? first : 0),
			 psprintf("breached: the target of %s is used up; %s", target_text(step), why_open(step)));
		return;
	}
	tell(explanation, from, to, open_end, step->state, counted, why_open(step));
}

/* What was counted before the event that a clock started with. */
static void
tell_before(Explanation *explanation, const ReplayTrace *step)
{
	Clock		then = clock_at(&step->by->sla->terms, &step->clock, step->at);

	explanation->breached = then.breached;
	tell(explanation, then.started_at, step->at, false, NULL, then.elapsed,
		 psprintf("counted: from the opening of the record on, as if the condition had held; %s was paused",
				  interval_text(then.paused)));
}

/* The stretch from a step to the next one; NULL: until now. */
static void
tell_step(Explanation *explanation, const ReplayTrace *step, const ReplayTrace *next, TimestampTz now)
{
	TimestampTz to = next ? next->at : Max(now, step->at);

	if (step->number != explanation->number)
	{
		explanation->number = step->number;
		explanation->total = 0;
		explanation->breached = false;
		/* what was counted before the event that it started with: of a retroactive start */
		if (step->clock.started_at < step->at)
			tell_before(explanation, step);
	}
	if (step->clock.stage == CLOCK_IN_PROGRESS)
		tell_running(explanation, step, step->at, to, next == NULL);
	else if (step->clock.stage == CLOCK_PAUSED)
		tell(explanation, step->at, to, next == NULL, step->state, 0, why_open(step));
}

/* A reset ends a clock and begins another in one step. */
static void
tell_reset(Explanation *explanation, const ReplayTrace *last, const ReplayTrace *step)
{
	if (last && last->number != step->number && last->clock.stage < CLOCK_COMPLETED &&
		(step->event.touched || (step->event.state & CLOCK_RESETS)))
		tell(explanation, step->at, step->at, false, step->state, 0, why_ended(step));
}

/* True for a step after which nothing is as it was for the clock. */
static bool
matters(const ReplayTrace *last, const ReplayTrace *step)
{
	return last == NULL || last->number != step->number || last->clock.stage != step->clock.stage ||
		(step->clock.stage < CLOCK_COMPLETED &&
		 (last->state == NULL || step->state == NULL || strcmp(last->state, step->state) != 0));
}

static void
explain(Explanation *explanation, List *trace)
{
	TimestampTz now = GetCurrentTimestamp();
	const ReplayTrace *last = NULL;
	List	   *steps = NIL;
	ListCell   *cell;

	foreach(cell, trace)
	{
		ReplayTrace *step = lfirst(cell);

		if (!step->any || !matters(last, step))
			continue;
		steps = lappend(steps, step);
		last = step;
	}
	foreach(cell, steps)
	{
		const ReplayTrace *step = lfirst(cell);
		const ReplayTrace *next = lnext(steps, cell) ? lfirst(lnext(steps, cell)) : NULL;
		int			index = foreach_current_index(cell);
		Clock		clock = step->clock;

		if (clock.stage >= CLOCK_COMPLETED)
		{
			tell(explanation, step->at, next ? next->at : step->at, next == NULL, step->state, 0, why_ended(step));
			continue;
		}
		tell_reset(explanation, index ? list_nth(steps, index - 1) : NULL, step);
		tell_step(explanation, step, next, now);
	}
}

/* The tenant that is asked for; or else the record's, NULL when there is no such record. */
static char *
tenant_asked_for(FunctionCallInfo fcinfo)
{
	Record		record;

	if (!PG_ARGISNULL(2))
		return text_to_cstring(PG_GETARG_TEXT_PP(2));
	return itsm_record_read_anywhere(PG_GETARG_INT64(0), &record) ? pstrdup(record.tenant) : NULL;
}

/* itsm.explain_clock(record bigint, sla text, tenant text) */
ITSM_FUNCTION(itsm_explain_clock);
Datum
itsm_explain_clock(PG_FUNCTION_ARGS)
{
	Explanation explanation = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	int64		record;
	int			sla;
	char	   *tenant;
	Replay	   *replay;
	List	   *trace;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	record = PG_GETARG_INT64(0);
	sla = itsm_sla_number(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	tenant = tenant_asked_for(fcinfo);
	if (tenant == NULL || !itsm_sees_tenant(tenant))
		return (Datum) 0;
	replay = itsm_replay_begin(sla);
	(void) itsm_replay_record(replay, tenant, record, itsm_event_read_by_head(tenant, record, DT_NOEND), &trace);
	explain(&explanation, trace);
	itsm_replay_end(replay);
	return (Datum) 0;
}
