/*
 * clock_due.c
 *		What is due of clocks: warnings and breaches, each told once.
 *
 * Clocks are found by their due_bound, a lower bound, and looked at anew.  What
 * is told is kept in itsm.clock_notice; who comes to a clock that somebody else
 * is looking at leaves it to him.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "core/query.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "service_time/clock_store.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define CHANNEL "itsm_clock"
#define BATCH 500

typedef struct DueClock
{
	const char *tenant;
	int64		record;
	const char *key;			/* NULL: none */
	int			sla;
	int			number;
} DueClock;

typedef struct DueList
{
	TimestampTz now;
	List	   *slas;
	int64		room;			/* how many may still be told */
	bool		any;
	ReturnSetInfo *result;
} DueList;

static const Sla *
sla_of(const DueList *list, const ClockRow *row)
{
	ListCell   *cell;

	foreach(cell, list->slas)
	{
		const Sla  *sla = lfirst(cell);

		if (sla->id == row->sla && sla->version == row->sla_version)
			return sla;
	}
	return NULL;
}

/* Keeps a notice; false when it was given before. */
static bool
keep_notice(const DueList *list, const DueClock *due, const Sla *sla, const ClockRow *row, int position,
			TimestampTz reached)
{
	bool		warning = position < sla->share_count;
	const Oid	types[] = {
		INT8OID, TEXTOID, INT4OID, INT4OID, TIMESTAMPTZOID, INT4OID, TEXTOID, FLOAT8OID, TIMESTAMPTZOID
	};
	Datum		values[] = {
		Int64GetDatum(due->record), CStringGetTextDatum(due->tenant), Int32GetDatum(sla->id),
		Int32GetDatum(sla->version), TimestampTzGetDatum(row->clock.started_at), Int32GetDatum(position),
		CStringGetTextDatum(warning ? "warning" : "breach"),
		Float8GetDatum(warning ? sla->shares[position] : 1.0), TimestampTzGetDatum(reached)
	};

	return itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.clock_notice (record, tenant, sla, sla_version, started_at, position, kind, share, reached_at)"
					  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::pg_catalog.numeric, $9) ON CONFLICT DO NOTHING",
					  lengthof(types), types, values, NULL) > 0;
}

static void
tell(DueList *list, const DueClock *due, const Sla *sla, const ClockRow *row, int position, TimestampTz reached)
{
	bool		warning = position < sla->share_count;
	Datum		values[] = {
		CStringGetTextDatum(due->tenant), Int64GetDatum(due->record),
		due->key ? CStringGetTextDatum(due->key) : (Datum) 0, CStringGetTextDatum(sla->name),
		CStringGetTextDatum(warning ? "warning" : "breach"),
		DirectFunctionCall1(float8_numeric, Float8GetDatum(warning ? sla->shares[position] : 1.0)),
		TimestampTzGetDatum(reached), TimestampTzGetDatum(row->clock.due_at)
	};
	bool		nulls[] = {false, false, due->key == NULL, false, false, false, false, !row->clock.due};

	tuplestore_putvalues(list->result->setResult, list->result->setDesc, values, nulls);
	list->room--;
	list->any = true;
}

/* When a notice's length was reached; of one that was before the clock's last pause, at the latest. */
static TimestampTz
reached_at(const Sla *sla, const Clock *clock, int position)
{
	int64		length = itsm_clock_notice_length(sla, clock, position);

	if (position == sla->share_count && clock->breached)
		return clock->breached_at;
	if (clock->stage != CLOCK_IN_PROGRESS || clock->elapsed >= length)
		return clock->since;
	return clock_reaches(&sla->terms, clock, Min(length, clock_target(&sla->terms, clock)));
}

/* From when on the next notice may be due. */
static TimestampTz
bound_after(const DueList *list, const Sla *sla, const ClockRow *row)
{
	const Clock *clock = &row->clock;
	TimestampTz at;

	if (row->told > sla->share_count || clock->stage >= CLOCK_COMPLETED)
		return DT_NOEND;
	if (clock->stage == CLOCK_IN_PROGRESS)
		return clock_reaches(&sla->terms, clock, itsm_clock_notice_length(sla, clock, row->told));
	/* service time does not go faster than time */
	if (itsm_clock_notice_length(sla, clock, row->told) == CLOCK_NEVER)
		return DT_NOEND;
	at = list->now + itsm_clock_notice_length(sla, clock, row->told) - clock->elapsed;
	return Max(at, row->bound);
}

static void
look_at(DueList *list, const DueClock *due)
{
	ClockRow	row;
	const Sla  *sla;
	Clock		then;

	if (!itsm_clock_find(due->tenant, due->record, due->sla, due->number, &row))
		elog(ERROR, "a clock of record " INT64_FORMAT " is gone under its lock", due->record);
	sla = sla_of(list, &row);
	if (sla == NULL)
	{
		/* somebody has deleted the agreement */
		row.bound = DT_NOEND;
		(void) itsm_clock_store(due->tenant, due->record, &row, NULL);
		CommandCounterIncrement();
		return;
	}
	then = clock_at(&sla->terms, &row.clock, list->now);
	/* of a clock that has been completed only the breach is news */
	if (row.clock.stage >= CLOCK_COMPLETED)
		row.told = Max(row.told, sla->share_count);
	while (row.told <= sla->share_count && list->room > 0 &&
		   then.elapsed >= itsm_clock_notice_length(sla, &row.clock, row.told))
	{
		TimestampTz reached = reached_at(sla, &row.clock, row.told);

		if (keep_notice(list, due, sla, &row, row.told, reached))
			tell(list, due, sla, &row, row.told, reached);
		row.told++;
	}
	row.bound = bound_after(list, sla, &row);
	if (!itsm_clock_store(due->tenant, due->record, &row, NULL))
		elog(ERROR, "a clock of record " INT64_FORMAT " changed under its lock", due->record);
	CommandCounterIncrement();
}

/* Clocks that have ended, and of which nothing is to be told, leave the list; false: there were no more. */
static bool
forget_ended(const DueList *list)
{
	const Oid	types[] = {TIMESTAMPTZOID, INT8OID};
	Datum		values[] = {TimestampTzGetDatum(list->now), Int64GetDatum(BATCH)};

	return itsm_query(SPI_OK_UPDATE,
					  "UPDATE itsm.clock SET due_bound = NULL WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT c.ctid FROM itsm.clock c"
					  " WHERE c.due_bound OPERATOR(pg_catalog.<=) $1 AND (c.stage OPERATOR(pg_catalog.=) 'cancelled'"
					  " OR (c.stage OPERATOR(pg_catalog.=) 'completed' AND NOT c.breached)) LIMIT $2 FOR UPDATE SKIP LOCKED))",
					  lengthof(types), types, values, NULL) == BATCH;
}

/* The next clocks whose bound is over, locked: a list of DueClock. */
static List *
next_batch(const DueList *list)
{
	const Oid	types[] = {TIMESTAMPTZOID, INT8OID};
	Datum		values[] = {TimestampTzGetDatum(list->now), Int64GetDatum(Min(list->room, BATCH))};
	List	   *batch = NIL;

	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT c.tenant, c.record, r.key, c.sla, c.number FROM itsm.clock c"
					  " JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) c.record AND r.tenant OPERATOR(pg_catalog.=) c.tenant"
					  " JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) r.attachment AND a.detached_at IS NULL"
					  " WHERE c.due_bound OPERATOR(pg_catalog.<=) $1 ORDER BY c.due_bound LIMIT $2"
					  " FOR UPDATE OF c SKIP LOCKED",
					  lengthof(types), types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		DueClock   *due = palloc(sizeof(DueClock));
		bool		isnull;

		due->tenant = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 1);
		due->record = DatumGetInt64(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull));
		due->key = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 3);
		due->sla = DatumGetInt32(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 4, &isnull));
		due->number = DatumGetInt32(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 5, &isnull));
		batch = lappend(batch, due);
	}
	return batch;
}

/* itsm.due_clocks(now timestamptz, most integer, notify boolean) */
ITSM_FUNCTION(itsm_due_clocks);
Datum
itsm_due_clocks(PG_FUNCTION_ARGS)
{
	DueList		list = {
		.now = PG_ARGISNULL(0) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(0),
		.room = PG_ARGISNULL(1) ? 1000 : PG_GETARG_INT32(1),
		.result = (ReturnSetInfo *) fcinfo->resultinfo
	};
	OwnerQuery	query;
	List	   *batch;

	if (TIMESTAMP_NOT_FINITE(list.now))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"now\" must be finite")));
	if (list.room < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"most\" must be at least 1, not %d", (int) list.room)));
	InitMaterializedSRF(fcinfo, 0);
	list.slas = itsm_slas_of(NULL);
	itsm_query_begin(&query);
	while (forget_ended(&list))
		CHECK_FOR_INTERRUPTS();
	while (list.room > 0 && (batch = next_batch(&list)) != NIL)
	{
		ListCell   *cell;

		foreach(cell, batch)
		{
			CHECK_FOR_INTERRUPTS();
			if (list.room > 0)
				look_at(&list, lfirst(cell));
		}
	}
	itsm_query_end(&query);
	if (list.any && !PG_ARGISNULL(2) && PG_GETARG_BOOL(2))
		Async_Notify(CHANNEL, NULL);
	return (Datum) 0;
}
