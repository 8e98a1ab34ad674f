/*
 * service_time_arithmetic.c
 *		How long it is open, and when: differences of a running sum.
 *
 * A plan keeps the open spans of every year that was asked for, and the open
 * time before it.  Beyond the years that a text names, and those for which
 * zones have tables, everything repeats with the calendar every 400 years.
 */
#include "service_time/service_time_arithmetic.h"

#include <string.h>

#include "common/int.h"

#define CYCLE_YEARS 400
#define CYCLE_SECONDS (INT64CONST(146097) * SERVICE_DAY)
#define SECOND INT64CONST(1000000)
#define MEAN_YEAR (CYCLE_SECONDS / CYCLE_YEARS)
#define FIRST_YEAR (-5000)		/* what a timestamp can be lies between */
#define LAST_YEAR 294280
#define LOW_YEAR 1800			/* before a zone had its first change */
#define HIGH_YEAR 2500			/* after the last that its table has by name */
#define KEPT_YEARS 128
#define ROOM 16

/* A time within the years that are planned, and what leads back to the time itself. */
typedef struct Place
{
	int			year;			/* among those planned */
	int64		cycles;			/* of 400 years that were taken off */
	int64		second;
} Place;

static void
note_years(ServicePlan *plan, const ServiceRule *rule)
{
	for (int i = 0; i < rule->date_count; i++)
	{
		int			first,
					last,
					month,
					day;

		if (rule->dates[i].every_year)
			continue;
		service_day_date(rule->dates[i].first, &first, &month, &day);
		service_day_date(rule->dates[i].last, &last, &month, &day);
		plan->low = Min(plan->low, first - 2);
		plan->high = Max(plan->high, last + 2);
	}
}

void
service_plan_init(ServicePlan *plan, const ServiceHours *hours, const ServiceZone *zone)
{
	memset(plan, 0, sizeof(*plan));
	plan->hours = *hours;
	plan->zone = zone;
	plan->low = LOW_YEAR;
	plan->high = HIGH_YEAR;
	plan->never_open = true;
	for (int i = 0; i < hours->rule_count; i++)
	{
		const ServiceRule *rule = &hours->rules[i];
		bool		all_days = rule->date_count == 0 && rule->weekdays == SERVICE_ALL_WEEK;
		bool		all_day = rule->range_count > 0 && rule->ranges[0].from == 0 &&
			rule->ranges[0].to >= SERVICE_DAY_MINUTES;

		note_years(plan, rule);
		plan->always_open = all_day && (all_days || plan->always_open);
		plan->never_open = rule->range_count == 0 && (all_days || plan->never_open);
	}
}

void
service_plan_release(ServicePlan *plan)
{
	for (int i = 0; i < plan->year_count; i++)
		if (plan->years[i].spans != NULL)
			plan->zone->release(plan->zone, plan->years[i].spans);
	if (plan->years != NULL)
		plan->zone->release(plan->zone, plan->years);
	plan->years = NULL;
	plan->year_count = plan->room = plan->kept = 0;
}

/* Gives the spans of all years back, when there are many; their sums stay. */
static void
limit_kept(ServicePlan *plan)
{
	if (plan->kept < KEPT_YEARS)
		return;
	for (int i = 0; i < plan->year_count; i++)
	{
		ServiceYear *spans = plan->years[i].spans;

		plan->years[i].spans = NULL;
		if (spans != NULL)
			plan->zone->release(plan->zone, spans);
	}
	plan->kept = 0;
}

/* Makes room for one more year, at the end or at the beginning. */
static void
make_room(ServicePlan *plan, bool at_beginning)
{
	PlannedYear *years = plan->years;

	if (plan->year_count == plan->room)
	{
		years = plan->zone->allocate(plan->zone, (plan->room * 2 + ROOM) * sizeof(PlannedYear));
		if (plan->year_count > 0)
			memcpy(years, plan->years, plan->year_count * sizeof(PlannedYear));
		if (plan->years != NULL)
			plan->zone->release(plan->zone, plan->years);
		plan->years = years;
		plan->room = plan->room * 2 + ROOM;
	}
	if (at_beginning)
		memmove(years + 1, years, plan->year_count * sizeof(PlannedYear));
}

static void
plan_year(ServicePlan *plan, int number)
{
	bool		at_beginning = plan->year_count > 0 && number < plan->first_year;
	ServiceYear *spans;
	PlannedYear *year;

	limit_kept(plan);
	/* what may fail comes before what changes */
	spans = service_year_build(&plan->hours, plan->zone, number);
	make_room(plan, at_beginning);
	year = at_beginning || plan->year_count == 0 ? plan->years : plan->years + plan->year_count;
	year->spans = spans;
	year->start = spans->start;
	year->end = spans->end;
	year->total = spans->total;
	if (plan->year_count == 0)
		year->before = 0;
	else if (at_beginning)
		year->before = year[1].before - year->total;
	else
		year->before = year[-1].before + year[-1].total;
	if (at_beginning || plan->year_count == 0)
		plan->first_year = number;
	plan->year_count++;
	plan->kept++;
}

/* A year of the plan, with all years between it and those that were there. */
static PlannedYear *
get_year(ServicePlan *plan, int number)
{
	if (plan->year_count == 0)
		plan_year(plan, number);
	while (number < plan->first_year)
		plan_year(plan, plan->first_year - 1);
	while (number >= plan->first_year + plan->year_count)
		plan_year(plan, plan->first_year + plan->year_count);
	return &plan->years[number - plan->first_year];
}

/* Its spans; they stay until the next year is asked for. */
static ServiceYear *
get_spans(ServicePlan *plan, int number)
{
	PlannedYear *year = get_year(plan, number);

	if (year->spans == NULL)
	{
		limit_kept(plan);
		year->spans = service_year_build(&plan->hours, plan->zone, number);
		plan->kept++;
	}
	return year->spans;
}

/* Cycles to take off a year, so that it is one of those that are planned. */
static int64
cycles_of(const ServicePlan *plan, int64 year)
{
	if (year >= plan->high + CYCLE_YEARS)
		return (year - plan->high) / CYCLE_YEARS;
	if (year < plan->low - CYCLE_YEARS)
		return SERVICE_FLOOR_DIV(year - (plan->low - CYCLE_YEARS), CYCLE_YEARS);
	return 0;
}

/* Open seconds of the cycles that were taken off. */
static int64
open_in_cycles(ServicePlan *plan, int64 cycles)
{
	int			first = cycles > 0 ? plan->high : plan->low - CYCLE_YEARS;
	int64		before;

	if (cycles == 0)
		return 0;
	before = get_year(plan, first)->before;
	return cycles * (get_year(plan, first + CYCLE_YEARS)->before - before);
}

static Place
find_place(ServicePlan *plan, int64 second)
{
	int64		guess = 2000 + SERVICE_FLOOR_DIV(second, MEAN_YEAR);
	Place		place = {.second = second};
	PlannedYear *year;

	place.cycles = cycles_of(plan, guess);
	place.second -= place.cycles * CYCLE_SECONDS;
	place.year = guess - place.cycles * CYCLE_YEARS;
	year = get_year(plan, place.year);
	while (place.second < year->start)
		year = get_year(plan, --place.year);
	while (place.second >= year->end)
		year = get_year(plan, ++place.year);
	return place;
}

/* Open time before a time: whole seconds, and what of a second is beyond them. */
static int64
open_before(ServicePlan *plan, int64 at, int64 *fraction)
{
	int64		second = SERVICE_FLOOR_DIV(at, SECOND);
	Place		place = find_place(plan, second);
	const ServiceYear *spans = get_spans(plan, place.year);
	int32		in_year = place.second - spans->start;
	int			index = service_year_find(spans, in_year);
	int64		open = spans->total;

	*fraction = 0;
	if (index < spans->count)
	{
		open = spans->spans[index].before;
		if (in_year >= spans->spans[index].open)
		{
			open += in_year - spans->spans[index].open;
			*fraction = at - second * SECOND;
		}
	}
	open += get_year(plan, place.year)->before;
	return open + open_in_cycles(plan, place.cycles);
}

ServiceResult
service_elapsed(ServicePlan *plan, int64 from, int64 to, int64 *elapsed)
{
	int64		from_fraction,
				to_fraction,
				seconds,
				fraction;

	/* one after the other: looking at one year may plan more of them, which keeps the sums */
	int64		from_open = open_before(plan, from, &from_fraction);
	int64		to_open = open_before(plan, to, &to_fraction);

	seconds = to_open - from_open;
	fraction = to_fraction - from_fraction;
	if (pg_mul_s64_overflow(seconds, SECOND, elapsed) || pg_add_s64_overflow(*elapsed, fraction, elapsed))
		return SERVICE_OUT_OF_RANGE;
	return SERVICE_DONE;
}

/* Open seconds up to the end of a year, which need not be one that is planned. */
static int64
open_through(ServicePlan *plan, int64 number)
{
	int64		cycles = cycles_of(plan, number);
	PlannedYear *year = get_year(plan, number - cycles * CYCLE_YEARS);
	int64		open = year->before + year->total;

	return open + open_in_cycles(plan, cycles);
}

/* Where the search for an amount of open time goes on: next year, or cycles away. */
static ServiceResult
next_to_search(ServicePlan *plan, int64 *year, int64 missing)
{
	bool		forward = missing > 0;
	int64		in_cycle;

	if (forward ? *year < plan->high : *year >= plan->low)
	{
		*year += forward ? 1 : -1;
		return SERVICE_DONE;
	}
	in_cycle = open_in_cycles(plan, forward ? 1 : -1);
	if (in_cycle == 0)
		return SERVICE_NEVER;
	/* "missing" and "in_cycle" have the same sign; the last cycle goes year by year */
	if (missing / in_cycle > 1)
		*year += (missing / in_cycle - 1) * (forward ? CYCLE_YEARS : -CYCLE_YEARS);
	else
		*year += forward ? 1 : -1;
	if (*year < FIRST_YEAR || *year > LAST_YEAR)
		return SERVICE_OUT_OF_RANGE;
	return SERVICE_DONE;
}

/* The year, reached from "year" on, in which open seconds first are at least "least" */
static ServiceResult
find_year(ServicePlan *plan, int64 least, int64 *year)
{
	int64		open;

	while ((open = open_through(plan, *year)) < least)
	{
		ServiceResult result = next_to_search(plan, year, least - open);

		if (result != SERVICE_DONE)
			return result;
	}
	/* at "least" or beyond; is the year before there too? */
	while ((open = open_through(plan, *year - 1)) >= least)
	{
		ServiceResult result = next_to_search(plan, year, least - 1 - open);

		if (result != SERVICE_DONE)
			return result;
	}
	return SERVICE_DONE;
}

/* The first of the year's spans by whose end at least "least" of its seconds were open. */
static int
find_amount(const ServiceYear *year, int64 least)
{
	int			low = 0;
	int			high = year->count - 1;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const ServiceSpan *span = &year->spans[middle];

		if (span->before + (span->close - span->open) >= least)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

ServiceResult
service_deadline(ServicePlan *plan, int64 start, int64 target, int64 *deadline)
{
	int64		fraction,
				open,
				least,
				year,
				cycles,
				second;
	const ServiceYear *spans;
	const ServiceSpan *span;
	ServiceResult result;
	Place		place;

	if (plan->never_open)
		return SERVICE_NEVER;
	open = open_before(plan, start, &fraction);
	open += target / SECOND;
	fraction += target % SECOND;
	open += SERVICE_FLOOR_DIV(fraction, SECOND);
	fraction -= SERVICE_FLOOR_DIV(fraction, SECOND) * SECOND;

	/* forward at the end of a span, otherwise at the beginning of the next */
	least = target > 0 && fraction == 0 ? open : open + 1;
	place = find_place(plan, SERVICE_FLOOR_DIV(start, SECOND));
	year = place.year + place.cycles * CYCLE_YEARS;
	result = find_year(plan, least, &year);
	if (result != SERVICE_DONE)
		return result;
	cycles = cycles_of(plan, year);
	open -= open_through(plan, year - 1);
	least -= open_through(plan, year - 1);
	spans = get_spans(plan, year - cycles * CYCLE_YEARS);
	span = &spans->spans[find_amount(spans, least)];
	second = spans->start + span->open + (open - span->before) + cycles * CYCLE_SECONDS;
	if (pg_mul_s64_overflow(second, SECOND, deadline) || pg_add_s64_overflow(*deadline, fraction, deadline))
		return SERVICE_OUT_OF_RANGE;
	return SERVICE_DONE;
}

bool
service_is_open(ServicePlan *plan, int64 at)
{
	Place		place = find_place(plan, SERVICE_FLOOR_DIV(at, SECOND));
	const ServiceYear *spans = get_spans(plan, place.year);
	int32		in_year = place.second - spans->start;
	int			index = service_year_find(spans, in_year);

	return index < spans->count && in_year >= spans->spans[index].open;
}

/* A span in seconds becomes one in microseconds; what lies beyond them is PG_INT64_MAX. */
static int64
microseconds(int64 seconds)
{
	int64		result;

	return pg_mul_s64_overflow(seconds, SECOND, &result) ? PG_INT64_MAX : result;
}

/* Follows the span that "index" of a year begins, through the years that it touches. */
static ServiceResult
follow_span(ServicePlan *plan, int64 year, int index, int64 *open, int64 *close)
{
	/* by then every year was passed that differs from those before it */
	int64		last = Min(Max(year, plan->high) + CYCLE_YEARS + 1, LAST_YEAR);
	bool		found = false;

	for (; year <= last; year++, index = 0)
	{
		int64		cycles = cycles_of(plan, year);
		const PlannedYear *planned = get_year(plan, year - cycles * CYCLE_YEARS);
		const ServiceYear *spans;
		int64		base = planned->start + cycles * CYCLE_SECONDS;
		int64		end = planned->end + cycles * CYCLE_SECONDS;

		/* a year that is open or closed throughout needs no look at its spans */
		if (planned->total == 0 && found)
			return SERVICE_DONE;
		if (planned->total == 0)
			continue;
		if (planned->total == end - base)
		{
			*open = found ? *open : base;
			*close = end;
			found = true;
			continue;
		}
		spans = get_spans(plan, year - cycles * CYCLE_YEARS);
		if (index < spans->count)
		{
			const ServiceSpan *span = &spans->spans[index];

			if (found && base + span->open > *close)
				return SERVICE_DONE;
			if (!found)
				*open = base + span->open;
			found = true;
			*close = base + span->close;
			/* spans of one year do not touch */
			if (index + 1 < spans->count || *close < end)
				return SERVICE_DONE;
		}
		else if (found)
			return SERVICE_DONE;
	}
	*close = PG_INT64_MAX;
	return found ? SERVICE_DONE : SERVICE_NEVER;
}

ServiceResult
service_next_span(ServicePlan *plan, int64 at, int64 *open, int64 *close)
{
	const ServiceYear *spans;
	Place		place;
	int			index;

	*open = at;
	*close = PG_INT64_MAX;
	if (plan->never_open)
		return SERVICE_NEVER;
	if (plan->always_open)
		return SERVICE_DONE;
	place = find_place(plan, SERVICE_FLOOR_DIV(at, SECOND));
	spans = get_spans(plan, place.year);
	index = service_year_find(spans, place.second - spans->start);
	if (follow_span(plan, place.year + place.cycles * CYCLE_YEARS, index, open, close) != SERVICE_DONE)
		return SERVICE_NEVER;
	*open = microseconds(*open);
	*close = microseconds(*close);
	return *open == PG_INT64_MAX ? SERVICE_NEVER : SERVICE_DONE;
}
