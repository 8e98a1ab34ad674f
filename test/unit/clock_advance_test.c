/*
 * clock_advance_test.c
 *		The state machine of a clock: the order of what an event does, breaches
 *		to the microsecond, and random histories against a clock that ticks.
 */
/* sources: src/service_time/clock_advance.c */
#include <stdio.h>
#include <stdlib.h>

#include "service_time/clock_advance.h"

#define OPEN CLOCK_STARTS
#define HOLD (CLOCK_STARTS | CLOCK_PAUSES)
#define LIFE 400				/* of a random history, in ticks */

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

static uint64_t random_state = 11;

static int
next_random(int below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int) ((random_state >> 33) % (unsigned) below);
}

/* Open in six of ten ticks. */
static bool
is_open(int64_t at)
{
	return at % 10 >= 2 && at % 10 < 8;
}

static int64_t
elapsed(const ClockTerms *terms, int64_t from, int64_t to)
{
	int64_t		count = 0;

	(void) terms;
	for (int64_t at = from; at < to; at++)
		count += is_open(at);
	return count;
}

static int64_t
deadline(const ClockTerms *terms, int64_t from, int64_t length)
{
	(void) terms;
	if (length > 100000)
		return CLOCK_NEVER;
	while (length > 0 || !is_open(from))
	{
		length -= is_open(from);
		from++;
		if (length == 0)
			break;
	}
	return from;
}

static ClockTerms
terms_of(int64_t target, ClockReopen reopen)
{
	ClockTerms	terms = {target, false, reopen, elapsed, deadline, NULL};

	return terms;
}

static ClockEvent
event_of(int64_t at, unsigned state)
{
	ClockEvent	event = {.at = at, .holds = true, .entered = true, .state = state};

	return event;
}

static bool
tell(const ClockTerms *terms, Clock *clock, int64_t at, unsigned state)
{
	ClockEvent	event = event_of(at, state);

	return clock_advance(terms, clock, &event, NULL);
}

static void
test_attach(void)
{
	ClockTerms	terms = terms_of(10, CLOCK_REOPEN_NEW);
	ClockEvent	event = event_of(0, OPEN);
	Clock		last = {.stage = CLOCK_COMPLETED};

	ok(clock_attaches(&terms, &event, NULL, CLOCK_REOPEN_NONE), "a clock starts in a state that starts it");
	ok(!clock_attaches(&terms, &event, &last, CLOCK_REOPEN_NONE), "not after one that stays completed");
	ok(!clock_attaches(&terms, &event, &last, CLOCK_REOPEN_RESUME), "nor after one that goes on");
	ok(clock_attaches(&terms, &event, &last, CLOCK_REOPEN_NEW), "but after one that is followed by another");
	last.stage = CLOCK_CANCELLED;
	ok(clock_attaches(&terms, &event, &last, CLOCK_REOPEN_NONE), "and after one that was cancelled");
	last.stage = CLOCK_PAUSED;
	ok(!clock_attaches(&terms, &event, &last, CLOCK_REOPEN_NEW), "not beside one that is paused");
	event.state = OPEN | CLOCK_STOPS;
	ok(!clock_attaches(&terms, &event, NULL, CLOCK_REOPEN_NONE), "nor in a state that stops it");
	event.state = OPEN | CLOCK_CANCELS;
	ok(!clock_attaches(&terms, &event, NULL, CLOCK_REOPEN_NONE), "or cancels it");
	event = event_of(0, OPEN);
	event.holds = false;
	ok(!clock_attaches(&terms, &event, NULL, CLOCK_REOPEN_NONE), "nor where the condition does not hold");
}

static void
test_order(void)
{
	ClockTerms	terms = terms_of(10, CLOCK_REOPEN_RESUME);
	ClockEvent	event = event_of(5, CLOCK_STOPS | CLOCK_RESETS | CLOCK_CANCELS | CLOCK_PAUSES);
	Clock		clock;
	bool		reset = false;

	clock_start(&terms, &clock, 0, terms.target);
	(void) clock_advance(&terms, &clock, &event, &reset);
	ok(clock.stage == CLOCK_COMPLETED && !reset, "stop goes before reset, cancel and pause");
	clock_start(&terms, &clock, 0, terms.target);
	event.state &= ~CLOCK_STOPS;
	(void) clock_advance(&terms, &clock, &event, &reset);
	ok(clock.stage == CLOCK_CANCELLED && reset, "reset before cancel and pause");
	clock_start(&terms, &clock, 0, terms.target);
	reset = event.entered = false;
	(void) clock_advance(&terms, &clock, &event, &reset);
	ok(clock.stage == CLOCK_CANCELLED && !reset, "a state resets a clock when it is entered");
	clock_start(&terms, &clock, 0, terms.target);
	event.touched = true;
	(void) clock_advance(&terms, &clock, &event, &reset);
	ok(clock.stage == CLOCK_CANCELLED && reset, "or when a value changes");
	event.touched = false;
	clock_start(&terms, &clock, 0, terms.target);
	event.state = CLOCK_PAUSES | OPEN;
	(void) clock_advance(&terms, &clock, &event, &reset);
	ok(clock.stage == CLOCK_PAUSED && !clock.due && clock.elapsed == 3, "a clock that is paused has no due time");
	ok(!clock_advance(&terms, &clock, &event, &reset), "the same event again changes nothing");
	event.at = 12;
	event.ended = true;
	event.state = CLOCK_STOPS;
	(void) clock_advance(&terms, &clock, &event, &reset);
	ok(clock.stage == CLOCK_CANCELLED && clock.paused == 3, "the end of the record cancels, whatever its state");
}

static void
test_breach(void)
{
	ClockTerms	terms = terms_of(6, CLOCK_REOPEN_RESUME);
	Clock		clock;
	Clock		later;

	clock_start(&terms, &clock, 2, terms.target);
	ok(clock.due_at == 8 && clock.first_due_at == 8, "due when the hours of the target are over");
	(void) tell(&terms, &clock, 10, CLOCK_STOPS);
	ok(clock.elapsed == 6 && !clock.breached, "a target that is just used up is met, also after closing time");
	clock_start(&terms, &clock, 2, terms.target);
	(void) tell(&terms, &clock, 13, CLOCK_STOPS);
	ok(clock.breached && clock.breached_at == 8 && clock.elapsed == 7, "one tick more is a breach, as of the due time");
	clock_start(&terms, &clock, 2, terms.target);
	(void) tell(&terms, &clock, 5, HOLD);
	(void) tell(&terms, &clock, 25, OPEN);
	ok(clock.due_at == 28 && clock.first_due_at == 8 && clock.paused == 12, "a pause puts it off; the first due time stays");
	later = clock_at(&terms, &clock, 40);
	ok(later.breached && later.breached_at == 28 && later.elapsed == 12 && !clock.breached, "as it stands later");
	ok(clock_reaches(&terms, &clock, 4) == 26 && clock_reaches(&terms, &clock, 2) == 25, "when a share is reached");
	(void) tell(&terms, &clock, 40, HOLD);
	(void) tell(&terms, &clock, 50, OPEN);
	ok(clock.breached && clock.due && clock.due_at == 28, "a breach stays; so does its time");
	terms.target = INT64_MAX / 2;
	clock_start(&terms, &clock, 0, terms.target);
	ok(clock.due && clock.due_at == CLOCK_NEVER, "hours that do not reach so far are never due");
}

static int64_t
wall_elapsed(const ClockTerms *terms, int64_t from, int64_t to)
{
	(void) terms;
	return to - from;
}

static int64_t
wall_deadline(const ClockTerms *terms, int64_t from, int64_t length)
{
	(void) terms;
	return length == CLOCK_NEVER ? CLOCK_NEVER : from + length;
}

/* Of relative targets each clock has its own. */
static void
test_relative(void)
{
	ClockTerms	terms = {0, true, CLOCK_REOPEN_RESUME, wall_elapsed, wall_deadline, NULL};
	Clock		clock;

	clock_start(&terms, &clock, 5, 7);
	ok(clock.due_at == 12 && clock.first_due_at == 12 && clock_target(&terms, &clock) == 7, "due when its own target is over");
	(void) tell(&terms, &clock, 10, HOLD);
	(void) tell(&terms, &clock, 30, OPEN);
	ok(clock.due_at == 32 && clock.first_due_at == 12 && clock_target(&terms, &clock) == 7, "its target stays when a pause puts it off");
	(void) tell(&terms, &clock, 33, CLOCK_STOPS);
	ok(clock.breached && clock.breached_at == 32, "breached");
	clock_start(&terms, &clock, 5, 0);
	ok(clock.due_at == 5 && clock_at(&terms, &clock, 6).breached_at == 5, "one without time is due at once");
	clock_start(&terms, &clock, 5, CLOCK_NEVER);
	ok(clock.due_at == CLOCK_NEVER && !clock_at(&terms, &clock, 1000).breached, "and one without an end never");
}

static void
test_reopen(void)
{
	ClockTerms	terms = terms_of(6, CLOCK_REOPEN_RESUME);
	Clock		clock;

	clock_start(&terms, &clock, 2, terms.target);
	(void) tell(&terms, &clock, 4, CLOCK_STOPS);
	ok(tell(&terms, &clock, 14, OPEN) && clock.stage == CLOCK_IN_PROGRESS && clock.elapsed == 2 && clock.paused == 6 &&
	   clock.due_at == 18, "a clock goes on after a reopening; the time between was a pause");
	(void) tell(&terms, &clock, 16, CLOCK_STOPS);
	ok(tell(&terms, &clock, 22, HOLD) && clock.stage == CLOCK_PAUSED && clock.elapsed == 4,
	   "reopened into a state that pauses, it is paused");
	terms.reopen = CLOCK_REOPEN_NONE;
	(void) tell(&terms, &clock, 30, CLOCK_STOPS);
	ok(!tell(&terms, &clock, 40, OPEN) && clock.stage == CLOCK_COMPLETED, "or it stays completed");
}

/* Random histories, against counting each tick. */
static void
test_random(void)
{
	static const unsigned states[] = {OPEN, HOLD, OPEN, HOLD, CLOCK_STOPS};
	int			wrong = 0;

	for (int round = 0; round < 20000; round++)
	{
		ClockTerms	terms = terms_of(1 + next_random(80), next_random(2) ? CLOCK_REOPEN_RESUME : CLOCK_REOPEN_NONE);
		unsigned	state = OPEN;
		int64_t		start = next_random(50);
		int64_t		next = start + 1 + next_random(30);
		int64_t		counted = 0;
		int64_t		passed = 0;
		int64_t		breach = -1;
		bool		completed = false;
		Clock		clock;

		clock_start(&terms, &clock, start, terms.target);
		for (int64_t at = start; at < LIFE; at++)
		{
			if (at == next)
			{
				state = states[next_random(5)];
				(void) tell(&terms, &clock, at, state);
				completed = state == CLOCK_STOPS || (completed && terms.reopen == CLOCK_REOPEN_NONE);
				next = at + 1 + next_random(40);
				wrong += clock.elapsed + clock.paused > elapsed(&terms, start, at);
				wrong += !completed && clock.due != (state == OPEN);
				wrong += clock.elapsed != counted && clock.since == at;
			}
			if (is_open(at) && !completed && state == OPEN)
			{
				counted++;
				if (counted == terms.target + 1 && breach < 0)
					breach = at;
			}
			else if (is_open(at))
				passed++;
		}
		clock = clock_at(&terms, &clock, LIFE);
		wrong += clock.elapsed != counted;
		wrong += clock.breached != (breach >= 0);
		wrong += clock.breached && clock.breached_at > breach;
		wrong += clock.breached && elapsed(&terms, clock.breached_at, breach) != 0;
		wrong += clock.first_due_at > clock.due_at && clock.due;
		wrong += clock.stage < CLOCK_COMPLETED && clock.paused != passed;
	}
	ok(wrong == 0, "20,000 random histories count like a clock that ticks");
}

int
main(void)
{
	test_attach();
	test_order();
	test_breach();
	test_reopen();
	test_relative();
	test_random();
	printf("1..%d\n", tests);
	return failures != 0;
}
