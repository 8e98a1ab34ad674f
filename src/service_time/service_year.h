/*
 * service_year.h
 *		The open spans of one local year, in UTC.
 *
 * A local day begins at the first instant at which the zone's date is that day
 * or a later one, and lasts until the next day begins.  A time of the day is
 * the first instant at which clocks show it; one that clocks skip is read with
 * the offset before the skip (as RFC 5545 has it), and never leaves its day.
 */
#ifndef ITSM_SERVICE_YEAR_H
#define ITSM_SERVICE_YEAR_H

#include "service_time/service_hours.h"

/* What the arithmetic needs from outside: a zone's changes, and memory. */
typedef struct ServiceZone
{
	/*
	 * The offset (local minus UTC, in seconds) at "at", and the next change
	 * after it; false when there is none.  Seconds count from 2000-01-01 UTC.
	 */
	bool		(*next_change) (const struct ServiceZone *zone, int64 at, int *offset,
								int64 *change, int *offset_after);
	void	   *(*allocate) (const struct ServiceZone *zone, size_t size);
	void		(*release) (const struct ServiceZone *zone, void *memory);
	void	   *data;
} ServiceZone;

/* Seconds since the year began.  "before": open seconds of the spans before. */
typedef struct ServiceSpan
{
	int32		open;
	int32		close;
	int32		before;
} ServiceSpan;

#define SERVICE_DAY 86400
#define SERVICE_BUCKETS 369

typedef struct ServiceYear
{
	int64		start;			/* seconds since 2000-01-01 UTC */
	int64		end;
	int32		total;			/* open seconds */
	int32		count;
	int32		first[SERVICE_BUCKETS]; /* per 86,400 seconds: the first span that closes after they begin */
	ServiceSpan spans[FLEXIBLE_ARRAY_MEMBER];
} ServiceYear;

extern ServiceYear *service_year_build(const ServiceHours *hours, const ServiceZone *zone, int year);

/* Index of the first span that closes after the second; count when there is none. */
static inline int
service_year_find(const ServiceYear *year, int32 second)
{
	int			index = year->first[second / SERVICE_DAY];

	while (index < year->count && year->spans[index].close <= second)
		index++;
	return index;
}

#endif							/* ITSM_SERVICE_YEAR_H */
