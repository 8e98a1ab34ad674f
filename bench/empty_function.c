/*
 * empty_function.c
 *		The least that a function of service time can cost: its arguments looked
 *		at, an interval made.  No part of the extension.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_empty_time);

Datum
bench_empty_time(PG_FUNCTION_ARGS)
{
	Interval   *interval = palloc(sizeof(Interval));

	interval->month = 0;
	interval->day = 0;
	interval->time = PG_GETARG_TIMESTAMPTZ(2) - PG_GETARG_TIMESTAMPTZ(1);
	PG_RETURN_INTERVAL_P(interval);
}
