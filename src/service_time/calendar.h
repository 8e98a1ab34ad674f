/*
 * calendar.h
 *		Named calendars: service hours with the time from which they hold.
 */
#ifndef ITSM_CALENDAR_H
#define ITSM_CALENDAR_H

#include "datatype/timestamp.h"
#include "service_time/plan_cache.h"
#include "utils/snapshot.h"

/* Hours, their text, from a time until those of the next piece. */
typedef struct CalendarPiece
{
	TimestampTz valid_from;
	int			length;
	char	   *text;
	PlanPlace	plan;
} CalendarPiece;

typedef struct Calendar
{
	int			count;
	CalendarPiece *pieces;		/* in order of time; their hints change */
} Calendar;

/* As a snapshot sees it, in the current memory context; raises 42704 when there is none. */
extern Calendar *itsm_calendar_read(const char *name, Snapshot snapshot);

/*
 * As service_time and service_deadline, each stretch by the hours that hold in
 * it.  Before the first piece it is closed.  Raise what those raise.
 */
extern int64 itsm_calendar_elapsed(const Calendar *calendar, TimestampTz from, TimestampTz to);
extern TimestampTz itsm_calendar_deadline(const Calendar *calendar, TimestampTz start, int64 length);

/* As the latter, but DT_NOEND where that raises. */
extern TimestampTz itsm_calendar_reach(const Calendar *calendar, TimestampTz start, int64 length);

/* The first span that closes after a time, over all pieces (service_next_span); false: none does. */
extern bool itsm_calendar_span(const Calendar *calendar, TimestampTz at, TimestampTz *open, TimestampTz *close);

/* The text of the hours that hold at a time; of those that hold first when it is before them. */
extern const char *itsm_calendar_hours_at(const Calendar *calendar, TimestampTz at);

#endif							/* ITSM_CALENDAR_H */
