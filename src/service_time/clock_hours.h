/*
 * clock_hours.h
 *		The service hours in which a clock counts.
 */
#ifndef ITSM_CLOCK_HOURS_H
#define ITSM_CLOCK_HOURS_H

#include "datatype/timestamp.h"
#include "service_time/clock_advance.h"

typedef struct ClockHours ClockHours;

/*
 * Hours for clocks to count by, in the current memory context: of a calendar,
 * or as text; around the clock when both are NULL.
 */
extern ClockHours *itsm_clock_hours(const char *calendar, const char *text);

/* Fills in the functions of terms. */
extern void itsm_clock_terms(ClockTerms *terms, ClockHours *hours);

/* The first instant from a time on at which they are open; CLOCK_NEVER: they are not again. */
extern int64 itsm_hours_next_open(const ClockHours *hours, int64 at);

/*
 * The first span, as long as it is open at a stretch, that closes after a time,
 * as service_next_span has it; close is CLOCK_NEVER when it stays open.
 */
extern bool itsm_hours_span(const ClockHours *hours, int64 at, int64 *open, int64 *close);

/* So much service time on, or back when it is less than 0; CLOCK_NEVER: never. */
extern int64 itsm_hours_shift(const ClockHours *hours, int64 at, int64 length);

/* Name of the time zone of the hours that hold at a time. */
extern const char *itsm_hours_zone(const ClockHours *hours, int64 at);

/* For people: "calendar \"office\"", "around the clock". */
extern const char *itsm_clock_hours_name(const ClockHours *hours);

#endif							/* ITSM_CLOCK_HOURS_H */
