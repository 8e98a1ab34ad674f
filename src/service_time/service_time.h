/*
 * service_time.h
 *		Service time, for other C code: raises instead of telling.
 */
#ifndef ITSM_SERVICE_TIME_H
#define ITSM_SERVICE_TIME_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "service_time/service_time_arithmetic.h"

/* Raises 22008 for an infinite time. */
extern void itsm_check_finite(TimestampTz at);

/* Of hours, minutes and seconds only: a day of service time has no fixed length. */
extern Interval *itsm_make_interval(int64 microseconds);

/* Microseconds of a target; raises 22023 for one with months. */
extern int64 itsm_target_length(const Interval *target);

/* Microseconds that it was open. */
extern int64 itsm_elapsed(ServicePlan *plan, TimestampTz from, TimestampTz to);

/*
 * Microseconds that it was open in the ranges of an argument, a multirange of
 * timestamptz with finite ends; elapsed: as the above, of any hours.
 */
typedef int64 (*ElapsedFunction) (const void *hours, TimestampTz from, TimestampTz to);
extern int64 itsm_elapsed_in(FunctionCallInfo fcinfo, int argument, ElapsedFunction elapsed, const void *hours);

pg_noreturn extern void itsm_deadline_never(int64 length);

#endif							/* ITSM_SERVICE_TIME_H */
