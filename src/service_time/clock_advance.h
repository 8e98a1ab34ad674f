/*
 * clock_advance.h
 *		A clock of service time under a target, as a state machine: no server.
 *
 * Times are microseconds since 2000-01-01 UTC.  What an event means to a clock
 * follows from how things stand after it, not from what changed: the same event
 * told twice changes nothing the second time.
 */
#ifndef ITSM_CLOCK_ADVANCE_H
#define ITSM_CLOCK_ADVANCE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum ClockStage
{
	CLOCK_IN_PROGRESS,
	CLOCK_PAUSED,
	CLOCK_COMPLETED,
	CLOCK_CANCELLED
} ClockStage;

#define CLOCK_STAGES 4
extern const char *const clock_stage_names[CLOCK_STAGES];

/* What becomes of a completed clock whose record is taken up again. */
typedef enum ClockReopen
{
	CLOCK_REOPEN_RESUME,		/* it goes on */
	CLOCK_REOPEN_NEW,			/* another one begins */
	CLOCK_REOPEN_NONE			/* it stays completed */
} ClockReopen;

/* What a state does to a clock. */
#define CLOCK_STARTS	0x01
#define CLOCK_STOPS		0x02
#define CLOCK_RESETS	0x04
#define CLOCK_CANCELS	0x08
#define CLOCK_PAUSES	0x10

#define CLOCK_NEVER INT64_MAX	/* of due times: the service hours do not reach so far */

typedef struct ClockTerms
{
	int64_t		target;			/* more than 0 */
	bool		relative;		/* each clock has its own, up to when it was due first */
	ClockReopen reopen;
	int64_t		(*elapsed) (const struct ClockTerms *terms, int64_t from, int64_t to);
	/* When so much has elapsed since "from"; CLOCK_NEVER: not at all. */
	int64_t		(*deadline) (const struct ClockTerms *terms, int64_t from, int64_t length);
	void	   *hours;			/* of these two */
} ClockTerms;

typedef struct Clock
{
	ClockStage	stage;
	int64_t		started_at;
	int64_t		since;			/* in this stage; of one that is in progress: counted up to here */
	int64_t		elapsed;		/* service time counted until then */
	int64_t		paused;			/* service time that was not counted until then */
	bool		due;			/* while it runs, or ran when it ended */
	int64_t		due_at;
	int64_t		first_due_at;	/* as it was when the clock started */
	bool		breached;		/* by "since": more than the target had elapsed */
	int64_t		breached_at;
} Clock;

/* How things stand after an event. */
typedef struct ClockEvent
{
	int64_t		at;
	bool		holds;			/* the condition of the agreement */
	bool		ended;			/* the record has, or no longer comes under the agreement */
	bool		entered;		/* the state is another one than before */
	bool		touched;		/* a value has changed with which the clock begins anew */
	unsigned	state;			/* CLOCK_STARTS and so on */
	int64_t		due;			/* of a target that is told from outside: when */
} ClockEvent;

/* After this one another clock may start. */
extern bool clock_makes_way(const Clock *last, ClockReopen last_reopen);

/* A clock may start in the place of "last" (NULL: there was none). */
extern bool clock_attaches(const ClockTerms *terms, const ClockEvent *event, const Clock *last,
						   ClockReopen last_reopen);

/* A clock that starts at a time; of a relative target: with one of its own, 0 or more. */
extern void clock_start(const ClockTerms *terms, Clock *clock, int64_t at, int64_t target);

/* What it may count; CLOCK_NEVER: without an end. */
extern int64_t clock_target(const ClockTerms *terms, const Clock *clock);

/*
 * Stops, resets, cancels, pauses or resumes a clock, in this order.  True when
 * that changed it.  *reset, when not NULL: it was cancelled so that another one
 * starts at once.
 */
extern bool clock_advance(const ClockTerms *terms, Clock *clock, const ClockEvent *event, bool *reset);

/* The clock as it stands at a time later than its last event. */
extern Clock clock_at(const ClockTerms *terms, const Clock *clock, int64_t at);

/* When "length" of service time has elapsed on a clock that is in progress. */
extern int64_t clock_reaches(const ClockTerms *terms, const Clock *clock, int64_t length);

#endif							/* ITSM_CLOCK_ADVANCE_H */
