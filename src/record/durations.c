/*
 * durations.c
 *		Lengths of time of a month: in an array in order, and single ones that
 *		have come or gone since.
 *
 * Memory: the state lies in the aggregate's context.  Arrays are read from
 * where they are stored only when they are needed.
 */
#include "core/itsm.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

typedef struct Single
{
	Interval	duration;
	int			weight;
} Single;

typedef struct Durations
{
	MemoryContext context;
	int			array_count;
	int			array_room;
	Datum	   *arrays;			/* as they are stored */
	Datum		known;			/* percentiles of the last one; 0: none */
	int64		single_count;
	int64		single_room;
	Single	   *singles;
	ArrayType  *shares;			/* NULL: percentiles are not asked for */
} Durations;

/* In order, without holes. */
typedef struct Ordered
{
	int64		count;
	Interval   *durations;
} Ordered;

static int64
length_of(const Interval *duration)
{
	return ((int64) duration->month * DAYS_PER_MONTH + duration->day) * USECS_PER_DAY + duration->time;
}

static int
compare_lengths(int64 a, int64 b)
{
	return (a > b) - (a < b);
}

static int
compare_intervals(const void *a, const void *b)
{
	return compare_lengths(length_of(a), length_of(b));
}

static int
compare_singles(const void *a, const void *b)
{
	return compare_intervals(&((const Single *) a)->duration, &((const Single *) b)->duration);
}

static Durations *
state_of(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	Durations  *state;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "called outside an aggregate");
	if (!PG_ARGISNULL(0))
		return (Durations *) PG_GETARG_POINTER(0);
	state = MemoryContextAllocZero(context, sizeof(Durations));
	state->context = context;
	return state;
}

static void
add_array(Durations *state, Datum array)
{
	MemoryContext caller = MemoryContextSwitchTo(state->context);

	if (state->array_count == state->array_room)
	{
		state->array_room = Max(2, state->array_room * 2);
		state->arrays = state->arrays ? repalloc(state->arrays, sizeof(Datum) * state->array_room)
			: palloc(sizeof(Datum) * state->array_room);
	}
	/* one that is stored elsewhere stays there */
	state->arrays[state->array_count++] = datumCopy(array, false, -1);
	MemoryContextSwitchTo(caller);
}

static void
add_single(Durations *state, const Interval *duration, int weight)
{
	if (state->single_count == state->single_room)
	{
		MemoryContext caller = MemoryContextSwitchTo(state->context);

		state->single_room = Max(8, state->single_room * 2);
		state->singles = state->singles
			? repalloc_huge(state->singles, sizeof(Single) * state->single_room)
			: palloc(sizeof(Single) * state->single_room);
		MemoryContextSwitchTo(caller);
	}
	state->singles[state->single_count].duration = *duration;
	state->singles[state->single_count++].weight = weight;
}

/* kept, weight and duration, from an argument on. */
static void
add(FunctionCallInfo fcinfo, Durations *state, int argument)
{
	if (!PG_ARGISNULL(argument))
		add_array(state, PG_GETARG_DATUM(argument));
	if (!PG_ARGISNULL(argument + 1) && !PG_ARGISNULL(argument + 2) && PG_GETARG_INT32(argument + 1) != 0)
		add_single(state, PG_GETARG_INTERVAL_P(argument + 2), PG_GETARG_INT32(argument + 1));
}

ITSM_FUNCTION(itsm_durations_add);
Datum
itsm_durations_add(PG_FUNCTION_ARGS)
{
	Durations  *state = state_of(fcinfo);

	add(fcinfo, state, 1);
	PG_RETURN_POINTER(state);
}

ITSM_FUNCTION(itsm_percentiles_add);
Datum
itsm_percentiles_add(PG_FUNCTION_ARGS)
{
	Durations  *state = state_of(fcinfo);
	MemoryContext caller = MemoryContextSwitchTo(state->context);

	if (state->shares == NULL && !PG_ARGISNULL(1))
		state->shares = PG_GETARG_ARRAYTYPE_P_COPY(1);
	if (!PG_ARGISNULL(2) && state->array_count == 0)
		state->known = PointerGetDatum(PG_GETARG_ARRAYTYPE_P_COPY(2));
	MemoryContextSwitchTo(caller);
	add(fcinfo, state, 3);
	PG_RETURN_POINTER(state);
}

/* What has come and gone again is taken out; the rest stands in order, each with what remains of it. */
static void
settle(Durations *state)
{
	int64		settled = 0;

	qsort(state->singles, state->single_count, sizeof(Single), compare_singles);
	for (int64 i = 0; i < state->single_count;)
	{
		Single		sum = state->singles[i];

		for (i++; i < state->single_count && compare_singles(&state->singles[i], &sum) == 0; i++)
			sum.weight += state->singles[i].weight;
		if (sum.weight != 0)
			state->singles[settled++] = sum;
	}
	state->single_count = settled;
}

static Interval *
intervals_of(Datum array, int *count)
{
	ArrayType  *read = DatumGetArrayTypeP(array);

	if (ARR_ELEMTYPE(read) != INTERVALOID || ARR_NDIM(read) > 1 || ARR_HASNULL(read))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("intervals in order are expected, in an array of one dimension without nulls")));
	*count = ArrayGetNItems(ARR_NDIM(read), ARR_DIMS(read));
	return (Interval *) ARR_DATA_PTR(read);
}

/* All arrays as one; most often it is one. */
static Ordered
ordered_arrays(const Durations *state)
{
	Ordered		all = {0};
	int			parts = 0;

	for (int i = 0; i < state->array_count; i++)
	{
		int			count;
		Interval   *part = intervals_of(state->arrays[i], &count);

		CHECK_FOR_INTERRUPTS();
		if (count == 0)
			continue;
		parts++;
		if (state->array_count == 1)
			return (Ordered) {count, part};
		all.durations = all.durations
			? repalloc_huge(all.durations, sizeof(Interval) * (all.count + count))
			: MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Interval) * count);
		memcpy(all.durations + all.count, part, sizeof(Interval) * count);
		all.count += count;
	}
	if (parts > 1)
		qsort(all.durations, all.count, sizeof(Interval), compare_intervals);
	return all;
}

/*
 * Arrays and single ones together.  What is to be taken away and is not there
 * is left out: itsm.verify() tells of it.
 */
static Ordered
gather(Durations *state)
{
	Ordered		base = ordered_arrays(state);
	Ordered		all;
	int64		room = base.count;
	int64		next = 0;

	settle(state);
	if (state->single_count == 0)
		return base;
	for (int64 i = 0; i < state->single_count; i++)
		room += Max(state->singles[i].weight, 0);
	all.count = 0;
	all.durations = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Interval) * Max(room, 1));
	for (int64 i = 0; i < state->single_count; i++)
	{
		const Single *single = &state->singles[i];
		int64		length = length_of(&single->duration);

		while (next < base.count && length_of(&base.durations[next]) < length)
			all.durations[all.count++] = base.durations[next++];
		for (int n = single->weight; n < 0 && next < base.count && length_of(&base.durations[next]) == length; n++)
			next++;
		for (int n = 0; n < single->weight; n++)
			all.durations[all.count++] = single->duration;
	}
	while (next < base.count)
		all.durations[all.count++] = base.durations[next++];
	return all;
}

static Datum
array_of(Interval *durations, int64 count)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(Interval) * count;
	ArrayType  *array;

	if (count == 0)
		return PointerGetDatum(construct_empty_array(INTERVALOID));
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%lld times of one month do not fit into an array", (long long) count)));
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = INTERVALOID;
	ARR_DIMS(array)[0] = (int) count;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), durations, sizeof(Interval) * count);
	return PointerGetDatum(array);
}

ITSM_FUNCTION(itsm_durations_gathered);
Datum
itsm_durations_gathered(PG_FUNCTION_ARGS)
{
	Ordered		all = {0};

	if (!PG_ARGISNULL(0))
		all = gather((Durations *) PG_GETARG_POINTER(0));
	return array_of(all.durations, all.count);
}

/* As percentile_cont: between two neighbours, by the same operators. */
static Interval
percentile(const Ordered *all, double share)
{
	double		place = share * (all->count - 1);
	int64		low = (int64) floor(place);
	int64		high = (int64) ceil(place);
	Datum		lower = IntervalPGetDatum(&all->durations[low]);
	Datum		between;

	if (low == high)
		return all->durations[low];
	between = DirectFunctionCall2(interval_mi, IntervalPGetDatum(&all->durations[high]), lower);
	between = DirectFunctionCall2(interval_mul, between, Float8GetDatum(place - low));
	return *DatumGetIntervalP(DirectFunctionCall2(interval_pl, between, lower));
}

static Datum
percentiles(const Ordered *all, ArrayType *shares)
{
	int			count = ArrayGetNItems(ARR_NDIM(shares), ARR_DIMS(shares));
	const float8 *share = (const float8 *) ARR_DATA_PTR(shares);
	Interval   *results = palloc(sizeof(Interval) * Max(count, 1));

	if (ARR_HASNULL(shares))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a share must not be null")));
	for (int i = 0; i < count; i++)
	{
		if (!(share[i] >= 0 && share[i] <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("percentile value %g is not between 0 and 1", share[i])));
		results[i] = percentile(all, share[i]);
	}
	return array_of(results, count);
}

ITSM_FUNCTION(itsm_percentiles_told);
Datum
itsm_percentiles_told(PG_FUNCTION_ARGS)
{
	Durations  *state = PG_ARGISNULL(0) ? NULL : (Durations *) PG_GETARG_POINTER(0);
	Ordered		all;

	if (state == NULL || state->shares == NULL)
		PG_RETURN_NULL();
	if (state->array_count == 1 && DatumGetPointer(state->known) != NULL)
	{
		settle(state);
		if (state->single_count == 0)
			PG_RETURN_DATUM(state->known);
	}
	all = gather(state);
	if (all.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(percentiles(&all, state->shares));
}

ITSM_FUNCTION(itsm_duration_percentiles);
Datum
itsm_duration_percentiles(PG_FUNCTION_ARGS)
{
	int			count;
	Interval   *durations = intervals_of(PG_GETARG_DATUM(0), &count);
	Ordered		all = {count, durations};

	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(percentiles(&all, PG_GETARG_ARRAYTYPE_P(1)));
}
