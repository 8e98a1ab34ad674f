/*
 * service_year.c
 *		Lays rules over the days of a year and the days over UTC.
 */
#include "service_time/service_year.h"

#define MAX_STRETCHES 64		/* of one offset, around a year */

typedef struct Stretch
{
	int64		from;			/* UTC */
	int64		to;
	int			offset;
} Stretch;

typedef struct Builder
{
	const ServiceHours *hours;
	int			stretch_count;
	int			current;		/* the stretch in which the day begins */
	Stretch		stretches[MAX_STRETCHES];
	int32		first_day;
	int			day_count;
	int32		rule_of[368];	/* from the day before the year; -1: none */
} Builder;

static void
read_zone(Builder *builder, const ServiceZone *zone)
{
	int64		at = ((int64) builder->first_day - 4) * SERVICE_DAY;
	int64		end = ((int64) builder->first_day + builder->day_count + 4) * SERVICE_DAY;

	while (at < end && builder->stretch_count < MAX_STRETCHES)
	{
		Stretch    *stretch = &builder->stretches[builder->stretch_count++];
		int			after;

		stretch->from = at;
		if (!zone->next_change(zone, at, &stretch->offset, &stretch->to, &after))
			stretch->to = end;
		at = stretch->to;
	}
	builder->stretches[builder->stretch_count - 1].to = PG_INT64_MAX / 2;
}

static bool
dates_name(const ServiceDates *dates, int32 day, int month_day)
{
	if (!dates->every_year)
		return day >= dates->first && day <= dates->last;
	if (dates->first <= dates->last)
		return month_day >= dates->first && month_day <= dates->last;
	return month_day >= dates->first || month_day <= dates->last;
}

static bool
rule_names(const ServiceRule *rule, int32 day)
{
	int			year,
				month,
				month_day;

	if (!(rule->weekdays & (1 << service_weekday(day))))
		return false;
	service_day_date(day, &year, &month, &month_day);
	for (int i = 0; i < rule->date_count; i++)
		if (dates_name(&rule->dates[i], day, SERVICE_MONTH_DAY(month, month_day)))
			return true;
	return rule->date_count == 0;
}

static void
mark_days(Builder *builder, int index, int32 first, int32 last)
{
	const ServiceRule *rule = &builder->hours->rules[index];

	first = Max(first, builder->first_day);
	last = Min(last, builder->first_day + builder->day_count - 1);
	for (int32 day = first; day <= last; day++)
		if (rule->weekdays & (1 << service_weekday(day)))
			builder->rule_of[day - builder->first_day + 1] = index;
}

/* The day of a year that a month and day stand for; Feb 29 may not be there. */
static int32
day_in_year(int year, int32 month_day, bool last)
{
	int			month = month_day / 32;
	int			day = month_day % 32;
	int			days = service_month_days(year, month);

	if (day > days)
		return service_day_number(year, month, days) + (last ? 0 : 1);
	return service_day_number(year, month, day);
}

/* Which rule holds on which day: the last that names it. */
static void
lay_rules(Builder *builder, int year)
{
	int32		last_day = builder->first_day + builder->day_count - 1;

	for (int i = 0; i <= builder->day_count; i++)
		builder->rule_of[i] = -1;
	for (int index = 0; index < builder->hours->rule_count; index++)
	{
		const ServiceRule *rule = &builder->hours->rules[index];

		if (rule->date_count == 0)
			mark_days(builder, index, builder->first_day, last_day);
		for (int i = 0; i < rule->date_count; i++)
		{
			const ServiceDates *dates = &rule->dates[i];
			int32		first,
						last;

			if (!dates->every_year)
			{
				mark_days(builder, index, dates->first, dates->last);
				continue;
			}
			first = day_in_year(year, dates->first, false);
			last = day_in_year(year, dates->last, true);
			if (dates->first <= dates->last)
				mark_days(builder, index, first, last);
			else
			{
				mark_days(builder, index, builder->first_day, last);
				mark_days(builder, index, first, last_day);
			}
		}
		if (rule_names(rule, builder->first_day - 1))
			builder->rule_of[0] = index;
	}
}

/* The first instant at which the local date is the day's or later.  Days come in order. */
static int64
day_start(Builder *builder, int32 day)
{
	int64		local = (int64) day * SERVICE_DAY;
	Stretch    *stretch = &builder->stretches[builder->current];

	while (stretch->to + stretch->offset <= local)
		stretch = &builder->stretches[++builder->current];
	return Max(stretch->from, local - stretch->offset);
}

/* The first instant at which clocks show a local time of the day that begins in "current". */
static int64
local_to_utc(const Builder *builder, int64 local)
{
	const Stretch *stretch = &builder->stretches[builder->current];

	while (stretch->to + stretch->offset <= local)
		stretch++;
	if (local >= stretch->from + stretch->offset || stretch == builder->stretches)
		return local - stretch->offset;
	return local - stretch[-1].offset;
}

typedef struct DayBounds
{
	int64		local;			/* midnight as clocks show it */
	int64		start;
	int64		end;
	bool		plain;			/* every time of the day exists once */
} DayBounds;

static int64
time_in_day(const Builder *builder, const DayBounds *day, int minutes)
{
	int64		at;

	if (day->plain)
		return day->start + minutes * 60;
	if (minutes == 0)
		return day->start;
	if (minutes == SERVICE_DAY_MINUTES)
		return day->end;
	at = local_to_utc(builder, day->local + minutes * 60);
	return Min(Max(at, day->start), day->end);
}

/* The stretch in which the day begins need not be the one in which it ends. */
static void
bound_day(Builder *builder, int32 day, int64 start, DayBounds *bounds)
{
	const Stretch *stretch;
	int			current = builder->current;

	bounds->local = (int64) day * SERVICE_DAY;
	bounds->start = start;
	bounds->end = day_start(builder, day + 1);
	stretch = &builder->stretches[current];
	bounds->plain = stretch->to >= bounds->end &&
		start + stretch->offset == bounds->local && bounds->end - start == SERVICE_DAY;
	builder->current = current;
}

static const ServiceRule *
rule_on(const Builder *builder, int index)
{
	return builder->rule_of[index] < 0 ? NULL : &builder->hours->rules[builder->rule_of[index]];
}

/* Appends a span of the day, kept in order of its opening behind "first". */
static void
add_span(ServiceYear *year, int first, int64 open, int64 close)
{
	int			index = year->count;

	if (open >= close)
		return;
	for (; index > first && year->spans[index - 1].open > open - year->start; index--)
		year->spans[index] = year->spans[index - 1];
	year->spans[index].open = open - year->start;
	year->spans[index].close = close - year->start;
	year->count++;
}

/* Puts together what overlaps or touches, from the span before "first" on. */
static void
join_spans(ServiceYear *year, int first)
{
	int			kept = Max(first - 1, 0);

	for (int i = kept + 1; i < year->count; i++)
	{
		if (year->spans[i].open <= year->spans[kept].close)
			year->spans[kept].close = Max(year->spans[kept].close, year->spans[i].close);
		else
			year->spans[++kept] = year->spans[i];
	}
	if (year->count > 0)
		year->count = kept + 1;
}

/* "index" counts from the day before the year. */
static void
lay_day(const Builder *builder, ServiceYear *year, int index, const DayBounds *day)
{
	const ServiceRule *rule = rule_on(builder, index - 1);
	int			first = year->count;

	for (int i = 0; rule != NULL && i < rule->range_count; i++)
		if (rule->ranges[i].to > SERVICE_DAY_MINUTES)
			add_span(year, first, time_in_day(builder, day, 0),
					 time_in_day(builder, day, rule->ranges[i].to - SERVICE_DAY_MINUTES));
	rule = rule_on(builder, index);
	for (int i = 0; rule != NULL && i < rule->range_count; i++)
		add_span(year, first, time_in_day(builder, day, rule->ranges[i].from),
				 time_in_day(builder, day, Min(rule->ranges[i].to, SERVICE_DAY_MINUTES)));
	join_spans(year, first);
}

static void
count_open(ServiceYear *year)
{
	int			index = 0;

	for (int i = 0; i < year->count; i++)
	{
		year->spans[i].before = year->total;
		year->total += year->spans[i].close - year->spans[i].open;
	}
	for (int bucket = 0; bucket < SERVICE_BUCKETS; bucket++)
	{
		while (index < year->count && year->spans[index].close <= (int64) bucket * SERVICE_DAY)
			index++;
		year->first[bucket] = index;
	}
}

ServiceYear *
service_year_build(const ServiceHours *hours, const ServiceZone *zone, int number)
{
	Builder		builder = {.hours = hours};
	ServiceYear *year;
	size_t		spans = 0;
	int64		start;

	builder.first_day = service_day_number(number, 1, 1);
	builder.day_count = service_day_number(number + 1, 1, 1) - builder.first_day;
	read_zone(&builder, zone);
	lay_rules(&builder, number);
	for (int i = 0; i <= builder.day_count; i++)
		spans += rule_on(&builder, i) == NULL ? 0 : 2 * rule_on(&builder, i)->range_count;
	year = zone->allocate(zone, offsetof(ServiceYear, spans) + spans * sizeof(ServiceSpan));
	start = day_start(&builder, builder.first_day);
	year->start = start;
	year->total = 0;
	year->count = 0;
	for (int i = 1; i <= builder.day_count; i++)
	{
		DayBounds	day;

		bound_day(&builder, builder.first_day + i - 1, start, &day);
		lay_day(&builder, year, i, &day);
		start = day_start(&builder, builder.first_day + i);
	}
	year->end = start;
	count_open(year);
	return year;
}
