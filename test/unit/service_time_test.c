/*
 * service_time_test.c
 *		The arithmetic against a model that paints every minute, over random
 *		hours in zones with random changes; and over thousands of years.
 */
/* sources: src/service_time/service_day.c src/service_time/service_hours_parse.c src/service_time/service_year.c src/service_time/service_time_arithmetic.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service_time/service_time_arithmetic.h"

#define DAYS 70					/* painted */
#define MINUTES (DAYS * 1440)
#define MINUTE INT64CONST(60000000)
#define CHANGES 4

static int	tests;
static int	failures;
static int	allocated;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

static uint64_t random_state = 7;

static unsigned
next_random(unsigned below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned) (random_state >> 33) % below;
}

/* A zone of a few changes, in minutes since 2000-01-01 UTC. */
typedef struct TestZone
{
	int			count;
	int			first_offset;
	int64		change[CHANGES];
	int			offset[CHANGES];
} TestZone;

static int
offset_at(const TestZone *zone, int64 minute)
{
	int			offset = zone->first_offset;

	for (int i = 0; i < zone->count && zone->change[i] <= minute; i++)
		offset = zone->offset[i];
	return offset;
}

static bool
next_change(const ServiceZone *zone, int64 at, int *offset, int64 *change, int *offset_after)
{
	const TestZone *test = zone->data;

	*offset = test->first_offset * 60;
	for (int i = 0; i < test->count; i++)
	{
		if (test->change[i] * 60 > at)
		{
			*change = test->change[i] * 60;
			*offset_after = test->offset[i] * 60;
			return true;
		}
		*offset = test->offset[i] * 60;
	}
	return false;
}

static void *
allocate(const ServiceZone *zone, size_t size)
{
	allocated++;
	return malloc(size);
}

static void
release(const ServiceZone *zone, void *memory)
{
	allocated--;
	free(memory);
}

static TestZone test_zone;
static const ServiceZone zone = {next_change, allocate, release, &test_zone};

/* The model: is a minute open, from the day before the first painted one. */
static bool open_at[MINUTES];
static int	open_before[MINUTES + 1];
static int32 first_day;

static bool
model_names(const ServiceRule *rule, int32 number)
{
	int			year,
				month,
				day;
	bool		named = rule->date_count == 0;

	service_day_date(number, &year, &month, &day);
	for (int i = 0; i < rule->date_count; i++)
	{
		const ServiceDates *dates = &rule->dates[i];
		int			value = dates->every_year ? month * 32 + day : number;
		bool		turned = dates->first > dates->last;

		named |= turned ? value >= dates->first || value <= dates->last :
			value >= dates->first && value <= dates->last;
	}
	return named && (rule->weekdays >> service_weekday(number) & 1);
}

/* The first painted minute at which clocks show a local minute, or with the offset before a skip. */
static int64
model_instant(int64 local)
{
	for (int64 minute = local - 6 * 1440; minute < local + 6 * 1440; minute++)
	{
		int			before = offset_at(&test_zone, minute - 1);
		int			after = offset_at(&test_zone, minute);

		if (minute + after == local)
			return minute;
		/* clocks skip from minute + before to minute + after */
		if (local >= minute + before && local < minute + after)
			return local - before;
	}
	abort();
}

static int64
model_day_start(int32 day)
{
	int64		minute = ((int64) day - 6) * 1440;

	while (minute + offset_at(&test_zone, minute) < (int64) day * 1440)
		minute++;
	return minute;
}

static void
paint(int64 from, int64 to)
{
	for (int64 minute = from; minute < to; minute++)
		if (minute >= (int64) first_day * 1440 && minute < (int64) first_day * 1440 + MINUTES)
			open_at[minute - (int64) first_day * 1440] = true;
}

static void
paint_part(int32 day, int from, int to)
{
	int64		start = model_day_start(day);
	int64		end = model_day_start(day + 1);
	int64		first = from == 0 ? start : model_instant((int64) day * 1440 + from);
	int64		last = to == 1440 ? end : model_instant((int64) day * 1440 + to);

	paint(Max(first, start), Min(last, end));
}

static void
paint_all(const ServiceHours *hours)
{
	memset(open_at, 0, sizeof(open_at));
	for (int32 day = first_day - 3; day < first_day + DAYS + 3; day++)
	{
		const ServiceRule *rule = NULL;

		for (int i = 0; i < hours->rule_count; i++)
			if (model_names(&hours->rules[i], day))
				rule = &hours->rules[i];
		for (int i = 0; rule != NULL && i < rule->range_count; i++)
		{
			paint_part(day, rule->ranges[i].from, Min(rule->ranges[i].to, 1440));
			if (rule->ranges[i].to > 1440)
				paint_part(day + 1, 0, rule->ranges[i].to - 1440);
		}
	}
	for (int minute = 0; minute < MINUTES; minute++)
		open_before[minute + 1] = open_before[minute] + open_at[minute];
}

/* Microseconds open before a time among the painted minutes. */
static int64
model_sum(int64 at)
{
	int64		minute = SERVICE_FLOOR_DIV(at, MINUTE) - (int64) first_day * 1440;

	return open_before[minute] * MINUTE +
		(open_at[minute] ? at - (minute + (int64) first_day * 1440) * MINUTE : 0);
}

static bool
model_open(int64 at)
{
	return open_at[SERVICE_FLOOR_DIV(at, MINUTE) - (int64) first_day * 1440];
}

static void
random_zone(void)
{
	static const int shifts[] = {60, -60, 30, -30, 120, -120, 1, -1, 1440, -1440, 0, 45};

	test_zone.first_offset = (int) next_random(24 * 60) - 12 * 60;
	test_zone.count = next_random(CHANGES + 1);
	for (int i = 0; i < test_zone.count; i++)
	{
		int			before = i == 0 ? test_zone.first_offset : test_zone.offset[i - 1];
		int			minute;

		/* about midnight, at night or whenever */
		switch (next_random(3))
		{
			case 0:
				minute = (int) next_random(3) * 30 - 30;
				break;
			case 1:
				minute = next_random(5) * 60 + 1 - next_random(2);
				break;
			default:
				minute = next_random(1440);
		}
		test_zone.change[i] = ((int64) first_day + 8 + i * 14 + next_random(8)) * 1440 + minute - before;
		test_zone.offset[i] = before + shifts[next_random(lengthof(shifts))];
	}
}

static void
random_times(char *out)
{
	int			count = next_random(4);

	if (count == 0)
		strcpy(out, "off");
	for (int i = 0; i < count; i++)
	{
		unsigned	from = next_random(48) * 30;
		unsigned	to = (from + 30 + next_random(47) * 30) % 1440;

		out += sprintf(out, "%s%02u:%02u-%02u:%02u", i > 0 ? "," : "", from / 60, from % 60, to / 60, to % 60);
	}
}

static void
random_hours(char *text)
{
	static const char *const days[] = {"Mo-Fr ", "Mo-Su ", "Sa-Su ", "Fr-Mo ", "Tu,Th ", "Su "};
	char		times[100];

	*text = '\0';
	for (int rules = next_random(5); rules >= 0; rules--)
	{
		char	   *out = text + strlen(text);
		int			year,
					month,
					day;

		random_times(times);
		if (next_random(6) == 0)
			strcpy(times, "00:00-24:00");
		service_day_date(first_day + next_random(DAYS), &year, &month, &day);
		switch (next_random(5))
		{
			case 0:
				out += sprintf(out, "%04d %s %02d ", year, service_month_names[month - 1], day);
				break;
			case 1:
				out += sprintf(out, "%s %02d ", service_month_names[month - 1], day);
				break;
			case 2:
				out += sprintf(out, "%s %02d-%s %02d ", service_month_names[month - 1], day,
							   service_month_names[month % 12], (day + 5) % 28 + 1);
				break;
		}
		if (next_random(3) > 0)
			out += sprintf(out, "%s", days[next_random(lengthof(days))]);
		sprintf(out, "%s%s", times, rules > 0 ? ";" : "");
	}
}

static int64
random_time(void)
{
	int64		at = ((int64) first_day + 6) * 1440 * MINUTE;

	at += (int64) next_random((DAYS - 12) * 1440) * MINUTE;
	if (next_random(2) == 0)
		at += next_random(60000000);
	return at;
}

static bool
spans_agree(ServicePlan *plan, int64 at)
{
	int64		limit = ((int64) first_day * 1440 + MINUTES - 4 * 1440) * MINUTE;
	int64		opens = model_open(at) ? at : (SERVICE_FLOOR_DIV(at, MINUTE) + 1) * MINUTE;
	int64		open,
				close,
				closes;

	while (opens < limit && !model_open(opens))
		opens += MINUTE;
	for (closes = opens; closes < limit && model_open(closes);)
		closes = (SERVICE_FLOOR_DIV(closes, MINUTE) + 1) * MINUTE;
	if (closes >= limit)
		return true;
	return service_next_span(plan, at, &open, &close) == SERVICE_DONE && close == closes &&
		(model_open(at) ? open <= at : open == opens);
}

static bool
deadline_agrees(ServicePlan *plan, int64 from, int64 target)
{
	int64		deadline,
				back;

	/* what is open on some dates only may not open again */
	if (service_deadline(plan, from, target, &deadline) != SERVICE_DONE)
		return target == 0 && service_next_span(plan, from, &deadline, &back) == SERVICE_NEVER;
	if (service_elapsed(plan, from, deadline, &back) != SERVICE_DONE || back != target)
		return false;
	/* the first such instant, or the last */
	if (target > 0)
		return service_is_open(plan, deadline - 1);
	return service_is_open(plan, deadline) && (target < 0 || service_is_open(plan, from) == (deadline == from));
}

static bool elapsed_agrees = true,
			open_agrees = true,
			next_agrees = true,
			deadlines_agree = true;

static void
look_at(ServicePlan *plan)
{
	for (int i = 0; i < 12; i++)
	{
		int64		from = random_time();
		int64		to = random_time();
		int64		expected = model_sum(to) - model_sum(from);
		int64		elapsed;

		elapsed_agrees &= service_elapsed(plan, from, to, &elapsed) == SERVICE_DONE && elapsed == expected;
		open_agrees &= service_is_open(plan, from) == model_open(from);
		next_agrees &= spans_agree(plan, from);
		if (expected != 0)
		{
			deadlines_agree &= deadline_agrees(plan, from, expected);
			deadlines_agree &= deadline_agrees(plan, from, expected / 3);
			deadlines_agree &= deadline_agrees(plan, from, 0);
		}
	}
}

static void
random_cases(int count)
{
	for (int i = 0; i < count; i++)
	{
		char		text[500];
		ServiceHours hours;
		ServiceFault fault;
		ServicePlan plan;
		void	   *memory;
		bool		before = elapsed_agrees && open_agrees && next_agrees && deadlines_agree;

		first_day = service_day_number(1850 + next_random(300), 1 + next_random(12), 1 + next_random(28));
		random_zone();
		random_hours(text);
		memory = malloc(service_hours_size(text, strlen(text)));
		if (!service_hours_parse(&hours, memory, text, strlen(text), &fault))
		{
			printf("# %s: %d: %s\n", text, fault.offset, fault.message);
			elapsed_agrees = false;
		}
		else
		{
			paint_all(&hours);
			service_plan_init(&plan, &hours, &zone);
			look_at(&plan);
			service_plan_release(&plan);
		}
		free(memory);
		if (before && !(elapsed_agrees && open_agrees && next_agrees && deadlines_agree))
			printf("# case %d: %s\n", i, text);
	}
	ok(elapsed_agrees, "elapsed as the model has it");
	ok(open_agrees, "open as the model has it");
	ok(next_agrees, "next spans as the model has them");
	ok(deadlines_agree, "deadlines are the first instant, or the last, after which it was open for so long");
	ok(allocated == 0, "all memory was given back");
}

/* Over years, from one to thousands: the sum of its parts. */
static void
long_spans(const char *text)
{
	ServiceHours hours;
	ServiceFault fault;
	ServicePlan plan;
	void	   *memory = malloc(service_hours_size(text, strlen(text)));
	bool		sums = true;
	bool		trips = true;
	int64		year = INT64CONST(31556952) * 1000000;

	memset(&test_zone, 0, sizeof(test_zone));
	service_hours_parse(&hours, memory, text, strlen(text), &fault);
	service_plan_init(&plan, &hours, &zone);
	for (int i = 0; i < 100; i++)
	{
		int64		from = ((int64) next_random(14000) - 6700) * year + next_random(1000000000);
		int64		steps = 1 + next_random(i < 90 ? 30 : 2000);
		int64		to = from + steps * year;
		int64		sum = 0;
		int64		elapsed,
					deadline;

		for (int64 step = 0; step < steps; step++)
		{
			service_elapsed(&plan, from + step * year, from + (step + 1) * year, &elapsed);
			sum += elapsed;
		}
		sums &= service_elapsed(&plan, from, to, &elapsed) == SERVICE_DONE && elapsed == sum;
		trips &= sum == 0 || (service_deadline(&plan, from, sum, &deadline) == SERVICE_DONE && deadline <= to &&
			service_elapsed(&plan, from, deadline, &elapsed) == SERVICE_DONE && elapsed == sum);
		trips &= sum == 0 || (service_deadline(&plan, to, -sum, &deadline) == SERVICE_DONE && deadline >= from &&
			service_elapsed(&plan, to, deadline, &elapsed) == SERVICE_DONE && elapsed == -sum);
	}
	ok(sums, text);
	ok(trips, "... and there and back");
	service_plan_release(&plan);
	free(memory);
}

static void
never(const char *text, int64 target, ServiceResult expected)
{
	ServiceHours hours;
	ServiceFault fault;
	ServicePlan plan;
	void	   *memory = malloc(service_hours_size(text, strlen(text)));
	int64		deadline;

	service_hours_parse(&hours, memory, text, strlen(text), &fault);
	service_plan_init(&plan, &hours, &zone);
	ok(service_deadline(&plan, 0, target, &deadline) == expected, text);
	service_plan_release(&plan);
	free(memory);
}

int
main(void)
{
	int64		hour = 60 * MINUTE;

	random_cases(600);
	long_spans("Mo-Fr 09:00-17:00; Dec 25-26 off; 2026 Apr 03 off");
	long_spans("24/7");
	long_spans("Feb 29 10:00-11:00; 0900 Jan 01-1000 Jan 01 12:00-13:00; 7000 Mar 01 00:00-24:00");
	long_spans("2026 Jan 05 09:00-17:00");
	never("off", hour, SERVICE_NEVER);
	never("Mo-Fr 09:00-17:00; Mo-Fr off", hour, SERVICE_NEVER);
	never("Mo-Fr 09:00-17:00; Mo-Fr off", -hour, SERVICE_NEVER);
	never("2026 Jan 05 09:00-17:00", 8 * hour, SERVICE_DONE);
	never("2026 Jan 05 09:00-17:00", 8 * hour + 1, SERVICE_NEVER);
	never("2026 Jan 05 09:00-17:00", -1, SERVICE_NEVER);
	never("Feb 29 10:00-11:00", 1000000 * hour, SERVICE_OUT_OF_RANGE);
	never("24/7", PG_INT64_MAX, SERVICE_DONE);
	never("Mo 10:00-11:00", PG_INT64_MAX, SERVICE_OUT_OF_RANGE);
	never("Mo 10:00-11:00", PG_INT64_MIN, SERVICE_OUT_OF_RANGE);
	ok(allocated == 0, "all memory was given back");
	printf("1..%d\n", tests);
	return failures != 0;
}
