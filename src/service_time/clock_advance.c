/*
 * clock_advance.c
 *		The state machine of one clock.  Pure: no server facilities.
 *
 * A target is breached when more than it has elapsed; a clock that stops at
 * the very instant has met it.  What elapses is counted from one event to the
 * next, so that changes of the due time leave no trace in it.
 */
#include <stddef.h>

#include "service_time/clock_advance.h"

const char *const clock_stage_names[CLOCK_STAGES] = {
	"in_progress", "paused", "completed", "cancelled"
};

static bool
startable(const ClockEvent *event)
{
	return event->holds && !event->ended && (event->state & CLOCK_STARTS) &&
		!(event->state & (CLOCK_STOPS | CLOCK_CANCELS));
}

bool
clock_makes_way(const Clock *last, ClockReopen last_reopen)
{
	return last->stage == CLOCK_CANCELLED || (last->stage == CLOCK_COMPLETED && last_reopen == CLOCK_REOPEN_NEW);
}

bool
clock_attaches(const ClockTerms *terms, const ClockEvent *event, const Clock *last, ClockReopen last_reopen)
{
	return startable(event) && (last == NULL || clock_makes_way(last, last_reopen));
}

int64_t
clock_reaches(const ClockTerms *terms, const Clock *clock, int64_t length)
{
	return terms->deadline(terms, clock->since, length > clock->elapsed ? length - clock->elapsed : 0);
}

int64_t
clock_target(const ClockTerms *terms, const Clock *clock)
{
	if (!terms->relative)
		return terms->target;
	return clock->first_due_at == CLOCK_NEVER ? CLOCK_NEVER : clock->first_due_at - clock->started_at;
}

/* Runs from a time on. */
static void
run(const ClockTerms *terms, Clock *clock, int64_t at)
{
	clock->stage = CLOCK_IN_PROGRESS;
	clock->since = at;
	clock->due = true;
	clock->due_at = clock->breached ? clock->breached_at : clock_reaches(terms, clock, clock_target(terms, clock));
}

void
clock_start(const ClockTerms *terms, Clock *clock, int64_t at, int64_t target)
{
	*clock = (Clock) {.started_at = at};
	if (terms->relative)
		clock->first_due_at = target == CLOCK_NEVER ? CLOCK_NEVER : at + target;
	run(terms, clock, at);
	clock->first_due_at = clock->due_at;
}

/* Counts what has elapsed on a clock that was in progress, or paused, until a time. */
static void
count(const ClockTerms *terms, Clock *clock, int64_t at)
{
	int64_t		elapsed = terms->elapsed(terms, clock->since, at);

	if (clock->stage != CLOCK_IN_PROGRESS)
		clock->paused += elapsed;
	else
	{
		if (!clock->breached && clock->elapsed + elapsed > clock_target(terms, clock))
		{
			clock->breached = true;
			/* not as it was foretold: hours may have been changed since */
			clock->breached_at = clock_reaches(terms, clock, clock_target(terms, clock));
			clock->due_at = clock->breached_at;
		}
		clock->elapsed += elapsed;
	}
	clock->since = at;
}

static bool
end(const ClockTerms *terms, Clock *clock, int64_t at, ClockStage stage)
{
	count(terms, clock, at);
	clock->stage = stage;
	return true;
}

static bool
is_open(const Clock *clock)
{
	return clock->stage == CLOCK_IN_PROGRESS || clock->stage == CLOCK_PAUSED;
}

bool
clock_advance(const ClockTerms *terms, Clock *clock, const ClockEvent *event, bool *reset)
{
	int64_t		at = event->at > clock->since ? event->at : clock->since;
	bool		changed = false;

	if (is_open(clock))
	{
		if (!event->ended && (event->state & CLOCK_STOPS))
			return end(terms, clock, at, CLOCK_COMPLETED);
		if (!event->ended && reset && (event->touched || (event->entered && (event->state & CLOCK_RESETS))))
		{
			*reset = true;
			return end(terms, clock, at, CLOCK_CANCELLED);
		}
		if (event->ended || !event->holds || (event->state & CLOCK_CANCELS))
			return end(terms, clock, at, CLOCK_CANCELLED);
	}
	else if (clock->stage == CLOCK_COMPLETED && terms->reopen == CLOCK_REOPEN_RESUME && startable(event))
	{
		/* the time in between was a pause */
		clock->stage = CLOCK_PAUSED;
		clock->due = false;
		changed = true;
	}
	if (clock->stage == CLOCK_IN_PROGRESS && (event->state & CLOCK_PAUSES))
	{
		count(terms, clock, at);
		clock->stage = CLOCK_PAUSED;
		clock->due = false;
		changed = true;
	}
	else if (clock->stage == CLOCK_PAUSED && !(event->state & CLOCK_PAUSES))
	{
		count(terms, clock, at);
		run(terms, clock, at);
		changed = true;
	}
	return changed;
}

Clock
clock_at(const ClockTerms *terms, const Clock *clock, int64_t at)
{
	Clock		then = *clock;

	if (is_open(clock) && at > clock->since)
		count(terms, &then, at);
	return then;
}
