/*
 * service_time_fuzz.c
 *		Service time in zones with any changes: it adds up, its ends may be swapped, a
 *		deadline is where the target has gone by, and next spans begin where they say.
 */
/* sources: src/service_time/service_day.c src/service_time/service_hours_parse.c src/service_time/service_year.c src/service_time/service_time_arithmetic.c */
#include "service_time/service_time_arithmetic.h"

#include "fuzz.h"

#define CHANGES 4
#define SECOND INT64CONST(1000000)

typedef struct FuzzZone
{
	int			count;
	int			first_offset;
	int64		change[CHANGES];
	int			offset[CHANGES];
} FuzzZone;

static bool
next_change(const ServiceZone *zone, int64 at, int *offset, int64 *change, int *offset_after)
{
	const FuzzZone *changes = zone->data;

	*offset = changes->first_offset;
	for (int i = 0; i < changes->count; i++)
	{
		if (changes->change[i] > at)
		{
			*change = changes->change[i];
			*offset_after = changes->offset[i];
			return true;
		}
		*offset = changes->offset[i];
	}
	return false;
}

static void *
allocate(const ServiceZone *zone, size_t size)
{
	return malloc(size);
}

static void
release(const ServiceZone *zone, void *memory)
{
	free(memory);
}

/* As in the world: less than a day off, changes of hours, days apart from each other. */
static FuzzZone
take_zone(const uint8_t **data, size_t *size)
{
	FuzzZone	zone = {.count = take(data, size, 1) % (CHANGES + 1)};
	int64		at = (int64) (take(data, size, 4) % 4000000000u) - 2000000000;

	zone.first_offset = ((int) take(data, size, 1) % 64 - 32) * 1800;
	for (int i = 0; i < zone.count; i++)
	{
		zone.change[i] = at;
		zone.offset[i] = ((int) take(data, size, 1) % 64 - 32) * 1800;
		at += 4 * 86400 + (int64) take(data, size, 3) * 60;
	}
	return zone;
}

/* Within some thousand years, mostly within some. */
static int64
take_time(const uint8_t **data, size_t *size)
{
	int64		scale[] = {1, SECOND, 60 * SECOND, 3600 * SECOND};

	return ((int64) take(data, size, 4) - INT64CONST(2147483648)) * scale[take(data, size, 1) % 4];
}

static void
check_deadline(ServicePlan *plan, int64 start, int64 target)
{
	int64		deadline;
	int64		elapsed;

	if (service_deadline(plan, start, target, &deadline) != SERVICE_DONE)
		return;
	if (target >= 0)
		REQUIRE(deadline >= start);
	REQUIRE(service_elapsed(plan, start, deadline, &elapsed) == SERVICE_DONE);
	REQUIRE(elapsed == target);
}

static void
check_span(ServicePlan *plan, int64 at)
{
	int64		open;
	int64		close;

	if (service_next_span(plan, at, &open, &close) != SERVICE_DONE)
		return;
	REQUIRE(open < close && close > at);
	REQUIRE(service_is_open(plan, at) == (open <= at));
	REQUIRE(service_is_open(plan, open));
	REQUIRE(close == PG_INT64_MAX || !service_is_open(plan, close));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzZone	changes = take_zone(&data, &size);
	int64		a = take_time(&data, &size);
	int64		b = take_time(&data, &size);
	int64		c = take_time(&data, &size);
	ServiceZone zone = {next_change, allocate, release, &changes};
	char	   *text = exact_copy(data, size);
	void	   *memory = malloc(service_hours_size(text, size));
	ServiceHours hours;
	ServiceFault fault;

	if (service_hours_parse(&hours, memory, text, size, &fault))
	{
		ServicePlan plan;
		int64		ab;
		int64		ba;
		int64		bc;
		int64		ac;
		int64		difference;

		service_plan_init(&plan, &hours, &zone);
		if (service_elapsed(&plan, a, b, &ab) == SERVICE_DONE && service_elapsed(&plan, b, a, &ba) == SERVICE_DONE &&
			service_elapsed(&plan, b, c, &bc) == SERVICE_DONE && service_elapsed(&plan, a, c, &ac) == SERVICE_DONE)
		{
			REQUIRE(ab == -ba);
			REQUIRE(ab + bc == ac);
			if (!__builtin_sub_overflow(b, a, &difference))
				REQUIRE(ab >= 0 ? ab <= Max(difference, 0) : ab >= Min(difference, 0));
		}
		check_deadline(&plan, a, b % (400 * 86400 * SECOND));
		check_deadline(&plan, c, 0);
		check_span(&plan, a);
		check_span(&plan, c);
		service_plan_release(&plan);
	}
	free(memory);
	free(text);
	return 0;
}
