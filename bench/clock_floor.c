/*
 * clock_floor.c
 *		The least that keeping a clock in a table can cost: a row trigger that
 *		does nothing but insert one row of itsm.clock's form, with its index
 *		entries, or replace it where it is known to be.  No part of the extension.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "core/compat.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_clock_floor);
PG_FUNCTION_INFO_V1(bench_clock_floor_row);

static HeapTuple row = NULL;	/* what is stored next, but for the record; NULL: nothing */
static ItemPointerData *places = NULL;	/* of the rows, by id */
static int	room = 0;
static Relation table = NULL;
static List *indexes = NIL;

/* Kept open until the transaction ends, as the extension keeps its own. */
static void
close_all(XactEvent event, void *argument)
{
	ResourceOwner caller = CurrentResourceOwner;
	ListCell   *cell;

	if (event == XACT_EVENT_PRE_COMMIT && table)
	{
		CurrentResourceOwner = TopTransactionResourceOwner;
		foreach(cell, indexes)
			index_close(lfirst(cell), NoLock);
		table_close(table, NoLock);
		CurrentResourceOwner = caller;
	}
	table = NULL;
	indexes = NIL;
}

static void
open_all(void)
{
	static bool registered = false;
	ResourceOwner caller = CurrentResourceOwner;
	MemoryContext context = MemoryContextSwitchTo(TopTransactionContext);
	ListCell   *cell;

	if (!registered)
		RegisterXactCallback(close_all, NULL);
	registered = true;
	CurrentResourceOwner = TopTransactionResourceOwner;
	table = table_open(RelnameGetRelid("floor_clock"), RowExclusiveLock);
	foreach(cell, RelationGetIndexList(table))
		indexes = lappend(indexes, index_open(lfirst_oid(cell), RowExclusiveLock));
	CurrentResourceOwner = caller;
	MemoryContextSwitchTo(context);
}

/* Entries where clocks have theirs: in the order of records, and at one of four due times. */
static void
insert_entries(HeapTuple tuple, int id)
{
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = lfirst(cell);
		Form_pg_index form = index->rd_index;
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		for (int i = 0; i < form->indnatts; i++)
			values[i] = heap_getattr(tuple, form->indkey.values[i], RelationGetDescr(table), &nulls[i]);
		if (!form->indisunique)
			values[0] = TimestampTzGetDatum(DatumGetTimestampTz(values[0]) + id % 4 * USECS_PER_HOUR + id);
		index_insert(index, values, nulls, &tuple->t_self, table,
					 form->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, NULL);
	}
}

/* AFTER ROW trigger on a table whose first column is an integer id, from 0. */
Datum
bench_clock_floor(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	bool		update;
	bool		isnull;
	int			id;
	HeapTuple	tuple;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "bench_clock_floor is a trigger function");
	if (row == NULL)
		PG_RETURN_POINTER(NULL);
	update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	id = DatumGetInt32(slot_getattr(update ? data->tg_newslot : data->tg_trigslot, 1, &isnull));
	if (table == NULL)
		open_all();
	tuple = heap_copytuple(row);
	*(int64 *) ((char *) tuple->t_data + tuple->t_data->t_hoff) = id;
	if (update)
	{
		TM_FailureData failure;
		LockTupleMode lockmode;

		if (itsm_heap_update(table, &places[id], tuple, &failure, &lockmode) != TM_Ok)
			elog(ERROR, "row of %d cannot be replaced", id);
		if (!HeapTupleIsHeapOnly(tuple))
			insert_entries(tuple, id);
	}
	else
	{
		if (id >= room)
		{
			room = (id + 1) * 2;
			places = places ? repalloc(places, room * sizeof(ItemPointerData))
				: MemoryContextAlloc(TopMemoryContext, room * sizeof(ItemPointerData));
		}
		heap_insert(table, tuple, GetCurrentCommandId(true), 0, NULL);
		insert_entries(tuple, id);
	}
	places[id] = tuple->t_self;
	heap_freetuple(tuple);
	PG_RETURN_POINTER(NULL);
}

/* What is stored from here on: a row of itsm.clock, which the table has the form of; null: nothing. */
Datum
bench_clock_floor_row(PG_FUNCTION_ARGS)
{
	HeapTupleData given;
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	if (row)
		heap_freetuple(row);
	row = NULL;
	if (!PG_ARGISNULL(0))
	{
		given.t_data = PG_GETARG_HEAPTUPLEHEADER(0);
		given.t_len = HeapTupleHeaderGetDatumLength(given.t_data);
		ItemPointerSetInvalid(&given.t_self);
		given.t_tableOid = InvalidOid;
		row = heap_copytuple(&given);
	}
	MemoryContextSwitchTo(caller);
	PG_RETURN_VOID();
}
