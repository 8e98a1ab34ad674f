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

int64
itsm_hours_next_open(const ClockHours *hours, int64 at)
{
	return itsm_hours_shift(hours, at, 0);
}

bool
itsm_hours_span(const ClockHours *hours, int64 at, int64 *open, int64 *close)
{
	if (hours->calendar)
		return itsm_calendar_span(hours->calendar, at, open, close);
	if (hours->text)
		return service_next_span(itsm_plan_of(hours->text, hours->length), at, open, close) == SERVICE_DONE;
	*open = DT_NOBEGIN;
	*close = CLOCK_NEVER;
	return true;
}

const char *
itsm_hours_zone(const ClockHours *hours, int64 at)
{
	const char *text = hours->calendar ? itsm_calendar_hours_at(hours->calendar, at) : hours->text;
	const ServicePlan *plan;

	if (text == NULL)
		return "UTC";
	plan = itsm_plan_of(text, strlen(text));
	return plan->hours.zone_length == 0 ? "UTC" : pnstrdup(plan->hours.zone, plan->hours.zone_length);
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

int64
itsm_hours_shift(const ClockHours *hours, int64 from, int64 length)
{
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

static int64
deadline(const ClockTerms *terms, int64 from, int64 length)
{
	return itsm_hours_shift(terms->hours, from, length);
}

void
itsm_clock_terms(ClockTerms *terms, ClockHours *hours)
{
	terms->elapsed = elapsed;
	terms->deadline = deadline;
	terms->hours = hours;
}
