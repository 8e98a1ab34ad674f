/*
 * clock_month.h
 *		What clocks that have ended count for by month, kept up with every clock
 *		and record that is stored (record/month_count.h says how).
 */
#ifndef ITSM_CLOCK_MONTH_H
#define ITSM_CLOCK_MONTH_H

#include "record/month_count.h"

/* What a clock that has ended counts for. */
typedef struct ClockCount
{
	int			sla;
	int			sla_version;
	bool		completed;		/* else it was cancelled */
	bool		breached;
	TimestampTz stopped_at;
	Interval	elapsed;
} ClockCount;

/* A clock of a record counts otherwise than before; NULL: not at all.  group: of itsm_clock_store. */
extern void itsm_clock_months_follow(const char *tenant, int64 record, const RecordCount *group, const ClockCount *before,
									 const ClockCount *now);

/* The clocks of a record count in another group. */
extern const RecordFollower itsm_clock_months;

#endif							/* ITSM_CLOCK_MONTH_H */
