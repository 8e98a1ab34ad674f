/*
 * service_time_arithmetic.h
 *		How long it is open, and when.
 *
 * Times are microseconds since 2000-01-01 UTC, as in a timestamptz.
 */
#ifndef ITSM_SERVICE_TIME_ARITHMETIC_H
#define ITSM_SERVICE_TIME_ARITHMETIC_H

#include "service_time/service_year.h"

typedef struct PlannedYear
{
	ServiceYear *spans;			/* may have been given back */
	int64		start;
	int64		end;
	int64		before;			/* open seconds since the first year planned; less than 0 before it */
	int32		total;
} PlannedYear;

/* Hours with the years that have been looked at, which are without a gap. */
typedef struct ServicePlan
{
	ServiceHours hours;
	const ServiceZone *zone;
	int			low;			/* years before, and those from "high" on, */
	int			high;			/* repeat every 400 years */
	bool		never_open;
	bool		always_open;
	int			first_year;
	int			year_count;
	int			room;
	int			kept;			/* years whose spans are at hand */
	PlannedYear *years;
} ServicePlan;

typedef enum ServiceResult
{
	SERVICE_DONE,
	SERVICE_NEVER,				/* it will not be open that long, or not again */
	SERVICE_OUT_OF_RANGE
} ServiceResult;

extern void service_plan_init(ServicePlan *plan, const ServiceHours *hours, const ServiceZone *zone);
extern void service_plan_release(ServicePlan *plan);

/* Negative when the ends are swapped. */
extern ServiceResult service_elapsed(ServicePlan *plan, int64 from, int64 to, int64 *elapsed);

/*
 * The first instant by which it has been open for "target" since "start";
 * for a target of 0 the first at which it is open, start itself if it is.
 * Less than 0: the last instant from which on it was open for so long.
 */
extern ServiceResult service_deadline(ServicePlan *plan, int64 start, int64 target, int64 *deadline);

extern bool service_is_open(ServicePlan *plan, int64 at);

/*
 * The first span, as long as it is open at a stretch, that closes after "at".
 * One that has been open at "at" begins there or before.  "close" is
 * PG_INT64_MAX when it stays open.
 */
extern ServiceResult service_next_span(ServicePlan *plan, int64 at, int64 *open, int64 *close);

#endif							/* ITSM_SERVICE_TIME_ARITHMETIC_H */
