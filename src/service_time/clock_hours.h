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

/* For people: "calendar \"office\"", "around the clock". */
extern const char *itsm_clock_hours_name(const ClockHours *hours);

#endif							/* ITSM_CLOCK_HOURS_H */
