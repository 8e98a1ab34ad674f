/*
 * service_time.c
 *		Service time for SQL.
 */
#include "core/itsm.h"

#include "common/int.h"
#include "miscadmin.h"
#include "service_time/plan_cache.h"
#include "service_time/service_time.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

ITSM_FUNCTION(itsm_service_time);
ITSM_FUNCTION(itsm_service_time_in);
ITSM_FUNCTION(itsm_service_deadline);
ITSM_FUNCTION(itsm_is_open);
ITSM_FUNCTION(itsm_next_open);
ITSM_FUNCTION(itsm_next_close);
ITSM_FUNCTION(itsm_open_ranges);

void
itsm_check_finite(TimestampTz at)
{
	if (unlikely(TIMESTAMP_NOT_FINITE(at)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("service time does not reach to infinity")));
}

Interval *
itsm_make_interval(int64 microseconds)
{
	Interval   *interval = palloc(sizeof(Interval));

	interval->month = 0;
	interval->day = 0;
	interval->time = microseconds;
	return interval;
}

/* A day of a target is 24 open hours; a month has no length. */
int64
itsm_target_length(const Interval *target)
{
	int64		length;

	if (!itsm_interval_is_finite(target))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("a target of service time is finite")));
	if (target->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a target of service time has no months or years"),
				 errhint("Write it in days, of 24 open hours each, or in hours.")));
	if (pg_mul_s64_overflow(target->day, USECS_PER_DAY, &length) ||
		pg_add_s64_overflow(length, target->time, &length))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("target of service time out of range")));
	return length;
}

int64
itsm_elapsed(ServicePlan *plan, TimestampTz from, TimestampTz to)
{
	int64		elapsed;

	itsm_check_finite(from);
	itsm_check_finite(to);
	if (service_elapsed(plan, from, to, &elapsed) != SERVICE_DONE)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("service time out of range")));
	return elapsed;
}

Datum
itsm_service_time(PG_FUNCTION_ARGS)
{
	ServicePlan *plan = itsm_plan_of_argument(fcinfo, 0);

	PG_RETURN_INTERVAL_P(itsm_make_interval(itsm_elapsed(plan, PG_GETARG_TIMESTAMPTZ(1),
														 PG_GETARG_TIMESTAMPTZ(2))));
}

/* The bounds as [from, to): between two microseconds there is nothing. */
static void
bounds_during(TypeCacheEntry *type, RangeType *during, TimestampTz *from, TimestampTz *to, bool *empty)
{
	RangeBound	lower,
				upper;

	range_deserialize(type, during, &lower, &upper, empty);
	if (*empty)
		return;
	if (lower.infinite || upper.infinite)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("service time is told between two ends"),
				 errhint("Give a range with both bounds.")));
	*from = DatumGetTimestampTz(lower.val);
	*to = DatumGetTimestampTz(upper.val);
	itsm_check_finite(*from);
	itsm_check_finite(*to);
	if (!lower.inclusive)
		*from += 1;
	if (upper.inclusive)
		*to += 1;
}

int64
itsm_elapsed_in(FunctionCallInfo fcinfo, int argument, ElapsedFunction elapsed, const void *hours)
{
	MultirangeType *during = PG_GETARG_MULTIRANGE_P(argument);
	/* fn_extra is the hours' */
	TypeCacheEntry *type = lookup_type_cache(MultirangeTypeGetOid(during), TYPECACHE_MULTIRANGE_INFO)->rngtype;
	RangeType **ranges;
	int32		count;
	int64		sum = 0;

	multirange_deserialize(type, during, &count, &ranges);
	for (int i = 0; i < count; i++)
	{
		TimestampTz from = 0,
					to = 0;
		bool		empty;

		bounds_during(type, ranges[i], &from, &to, &empty);
		if (!empty)
			sum += elapsed(hours, from, to);
	}
	return sum;
}

static int64
elapsed_by_plan(const void *hours, TimestampTz from, TimestampTz to)
{
	return itsm_elapsed(unconstify(ServicePlan *, (const ServicePlan *) hours), from, to);
}

Datum
itsm_service_time_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INTERVAL_P(itsm_make_interval(itsm_elapsed_in(fcinfo, 1, elapsed_by_plan,
															itsm_plan_of_argument(fcinfo, 0))));
}

void
itsm_deadline_never(int64 length)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("the deadline is never reached"),
			 errdetail(length < 0 ? "The service hours were not open for so long before the start." :
					   length == 0 ? "The service hours are not open again after the start." :
					   "The service hours are not open for so long after the start.")));
}

Datum
itsm_service_deadline(PG_FUNCTION_ARGS)
{
	ServicePlan *plan = itsm_plan_of_argument(fcinfo, 0);
	TimestampTz start = PG_GETARG_TIMESTAMPTZ(1);
	int64		length = itsm_target_length(PG_GETARG_INTERVAL_P(2));
	TimestampTz deadline = 0;
	ServiceResult result;

	itsm_check_finite(start);
	result = service_deadline(plan, start, length, &deadline);
	if (result == SERVICE_NEVER)
		itsm_deadline_never(length);
	if (result != SERVICE_DONE || !IS_VALID_TIMESTAMP(deadline))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("deadline out of range")));
	PG_RETURN_TIMESTAMPTZ(deadline);
}

Datum
itsm_is_open(PG_FUNCTION_ARGS)
{
	ServicePlan *plan = itsm_plan_of_argument(fcinfo, 0);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);

	itsm_check_finite(at);
	PG_RETURN_BOOL(service_is_open(plan, at));
}

static TimestampTz
or_infinity(int64 at)
{
	if (at >= END_TIMESTAMP)
		TIMESTAMP_NOEND(at);
	return at;
}

Datum
itsm_next_open(PG_FUNCTION_ARGS)
{
	ServicePlan *plan = itsm_plan_of_argument(fcinfo, 0);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	int64		open,
				close;

	itsm_check_finite(at);
	if (service_next_span(plan, at, &open, &close) != SERVICE_DONE)
		open = PG_INT64_MAX;
	else if (open <= at &&
			 (close >= END_TIMESTAMP || service_next_span(plan, close, &open, &close) != SERVICE_DONE))
		open = PG_INT64_MAX;
	PG_RETURN_TIMESTAMPTZ(or_infinity(open));
}

Datum
itsm_next_close(PG_FUNCTION_ARGS)
{
	ServicePlan *plan = itsm_plan_of_argument(fcinfo, 0);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	int64		open,
				close;

	itsm_check_finite(at);
	if (service_next_span(plan, at, &open, &close) != SERVICE_DONE)
		close = PG_INT64_MAX;
	PG_RETURN_TIMESTAMPTZ(or_infinity(close));
}

static RangeType *
make_open_range(TypeCacheEntry *type, TimestampTz from, TimestampTz to)
{
	RangeBound	lower = {.val = TimestampTzGetDatum(from), .inclusive = true, .lower = true};
	RangeBound	upper = {.val = TimestampTzGetDatum(to)};

	return itsm_make_range(type, &lower, &upper, false);
}

Datum
itsm_open_ranges(PG_FUNCTION_ARGS)
{
	ServicePlan *plan = itsm_plan_of_argument(fcinfo, 0);
	RangeType  *during = PG_GETARG_RANGE_P(1);
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(during), TYPECACHE_RANGE_INFO);
	Oid			multirange = get_fn_expr_rettype(fcinfo->flinfo);
	RangeType **ranges = palloc(sizeof(RangeType *) * 16);
	int			room = 16;
	int			count = 0;
	TimestampTz from = 0,
				to = 0;
	int64		open,
				close;
	bool		empty;

	bounds_during(type, during, &from, &to, &empty);
	while (!empty && from < to && service_next_span(plan, from, &open, &close) == SERVICE_DONE && open < to)
	{
		CHECK_FOR_INTERRUPTS();
		if (count == room)
			ranges = repalloc(ranges, sizeof(RangeType *) * (room *= 2));
		ranges[count++] = make_open_range(type, Max(open, from), Min(close, to));
		from = close;
	}
	PG_RETURN_MULTIRANGE_P(make_multirange(multirange, type, count, ranges));
}
