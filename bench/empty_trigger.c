/*
 * empty_trigger.c
 *		The least that a row trigger can cost, and a clock of the backend's own
 *		CPU time.  No part of the extension.
 */
#include "postgres.h"

#include <sys/resource.h>

#include "commands/trigger.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_empty);
PG_FUNCTION_INFO_V1(bench_cpu);

/* AFTER ROW trigger that does nothing. */
Datum
bench_empty(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "bench_empty is a trigger function");
	PG_RETURN_POINTER(NULL);
}

/* CPU time of this backend so far, user and system, in microseconds. */
Datum
bench_cpu(PG_FUNCTION_ARGS)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	PG_RETURN_FLOAT8((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
					 usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}
