/*
 * clock_hours.c
 *		Service time for clocks.
 *
 * Memory: hours are made in the caller's context; plans are the session's
 * (plan_cache.h).
 */
#include "core/itsm.h"

#include "common/int.h"
#include "service_time/calendar.h"
#include "service_time/clock_hours.h"
#include "service_time/plan_cache.h"
#include "service_time/service_time.h"
#include "utils/timestamp.h"

struct ClockHours
{
	char	   *name;
	Calendar   *calendar;		/* NULL: none */
	char	   *text;			/* NULL: around the clock, without a calendar */
	int			length;
};

ClockHours *
itsm_clock_hours(const char *calendar, const char *text)
{
	ClockHours *hours = palloc0(sizeof(ClockHours));

	hours->name = calendar ? psprintf("in the hours of calendar \"%s\"", calendar)
		: text ? psprintf("in the hours \"%s\"", text) : pstrdup("around the clock");
	/* as the catalogs are now, also in an old snapshot */
	if (calendar)
		hours->calendar = itsm_calendar_read(calendar, NULL);
	if (text)
	{
		hours->text = pstrdup(text);
		hours->length = strlen(text);
	}
	return hours;
}

const char *
itsm_clock_hours_name(const ClockHours *hours)
{
	return hours->name;
}

static int64
elapsed(const ClockTerms *terms, int64 from, int64 to)
{
	const ClockHours *hours = terms->hours;

	if (hours->calendar)
		return itsm_calendar_elapsed(hours->calendar, from, to);
	if (hours->text == NULL)
		return to - from;
	return itsm_elapsed(itsm_plan_of(hours->text, hours->length), from, to);
}

static int64
deadline(const ClockTerms *terms, int64 from, int64 length)
{
	const ClockHours *hours = terms->hours;
	int64		at;

	if (hours->calendar)
		return itsm_calendar_reach(hours->calendar, from, length);
	if (hours->text == NULL)
	{
		if (pg_add_s64_overflow(from, length, &at))
			return CLOCK_NEVER;
	}
	else if (service_deadline(itsm_plan_of(hours->text, hours->length), from, length, &at) != SERVICE_DONE)
		return CLOCK_NEVER;
	return IS_VALID_TIMESTAMP(at) ? at : CLOCK_NEVER;
}

void
itsm_clock_terms(ClockTerms *terms, ClockHours *hours)
{
	terms->elapsed = elapsed;
	terms->deadline = deadline;
	terms->hours = hours;
}
