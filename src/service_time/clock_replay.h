/*
 * clock_replay.h
 *		Clocks out of the events of their record.
 */
#ifndef ITSM_CLOCK_REPLAY_H
#define ITSM_CLOCK_REPLAY_H

#include "ledger/event.h"
#include "service_time/clock_step.h"
#include "service_time/clock_store.h"

typedef struct Replay Replay;

/* A clock as it comes out, and how it came to be. */
typedef struct ReplayedClock
{
	const BoundSla *by;
	int			number;			/* in order, from 1 */
	Clock		clock;
	int			first_step;		/* of the record: at which it started */
} ReplayedClock;

/* What a step of a record's history was to one agreement. */
typedef struct ReplayTrace
{
	TimestampTz at;
	const char *state;			/* NULL: none */
	bool		ended;
	bool		any;
	int			number;			/* of the clock, from 1 */
	const BoundSla *by;
	Clock		clock;			/* after the step */
	ClockEvent	event;			/* how things stood by its version */
} ReplayTrace;

/*
 * Replays of many records, in the current memory context.  sla: its number, 0
 * for all.
 */
extern Replay *itsm_replay_begin(int sla);
extern void itsm_replay_end(Replay *replay);

/*
 * From here on a record is passed over, as one without clocks, when conditions
 * cannot be asked any more because its table is gone; without that, ERROR.
 */
extern void itsm_replay_pass_lost(Replay *replay);

/* The last record was passed over. */
extern bool itsm_replay_passed(const Replay *replay);

/*
 * The clocks of a record, out of all of its events: a list of ClockRow by
 * agreement and number, in the context that the next call resets.  trace, when
 * not NULL: a list of ReplayTrace is put there.
 */
extern List *itsm_replay_record(Replay *replay, const char *tenant, int64 record, List *events, List **trace);

/*
 * For the trigger: a clock that starts with the event of that version, after
 * which things stand as "known", and counts from the record's opening.
 */
extern void itsm_clock_replay_start(const char *tenant, int64 record, int64 version, const Sla *sla,
									const ClockEvent *known, Clock *clock);

/* Makes the stored clocks of a record those that its events tell; the head is held. */
extern void itsm_clock_replay_store(const char *tenant, int64 record);

/* Ends a record's clocks of agreements that are not bound. */
extern void itsm_clock_end_others(const char *tenant, int64 record, const BoundSlas *bound, TimestampTz at);

#endif							/* ITSM_CLOCK_REPLAY_H */
