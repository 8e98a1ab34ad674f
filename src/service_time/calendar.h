/*
 * calendar.h
 *		Named calendars: service hours with the time from which they hold.
 */
#ifndef ITSM_CALENDAR_H
#define ITSM_CALENDAR_H

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

/* Hours, their text, from a time until those of the next piece. */
typedef struct CalendarPiece
{
	TimestampTz valid_from;
	int			length;
	char	   *text;
} CalendarPiece;

typedef struct Calendar
{
	int			count;
	CalendarPiece *pieces;		/* in order of time */
} Calendar;

/* As a snapshot sees it, in the current memory context; raises 42704 when there is none. */
extern Calendar *itsm_calendar_read(const char *name, Snapshot snapshot);

/*
 * As service_time and service_deadline, each stretch by the hours that hold in
 * it.  Before the first piece it is closed.  Raise what those raise.
 */
extern int64 itsm_calendar_elapsed(const Calendar *calendar, TimestampTz from, TimestampTz to);
extern TimestampTz itsm_calendar_deadline(const Calendar *calendar, TimestampTz start, int64 length);

/* As the latter for a length from 0 on, but DT_NOEND where that raises. */
extern TimestampTz itsm_calendar_reach(const Calendar *calendar, TimestampTz start, int64 length);

#endif							/* ITSM_CALENDAR_H */
