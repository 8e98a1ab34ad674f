/*
 * rows_alone.c
 *		The rows that history writes, and nothing else: no trigger, no judging, no
 *		looking for anything, no values formed, no hashes.  What is left is
 *		PostgreSQL's own replacing of a head (and a state row), and its inserting of
 *		an event and its index entry: the least that a history in this form can
 *		cost.  No part of the extension.
 *
 * bench.head, bench.state and bench.event are made by rows_alone.sql from what
 * the extension has written.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_rows_alone);
PG_FUNCTION_INFO_V1(bench_rows_alone_trigger);

/* Where the rows of a table are now, in their first order. */
typedef struct Places
{
	ItemPointerData *places;
	int			count;
} Places;

/* The data of an event begins with two int8: record and version. */
typedef struct EventStart
{
	int64		record;
	int64		version;
} EventStart;

static Places heads;
static Places states;
static HeapTuple event;			/* a row like those that are written */
static int64 version;			/* above all that sessions before have written */

static Relation
open_table(const char *name)
{
	Oid			schema = get_namespace_oid("bench", false);

	return table_open(get_relname_relid(name, schema), RowExclusiveLock);
}

/* Places of all rows; the first row itself when it is wanted. */
static Places
scan(Relation table, HeapTuple *first)
{
	TableScanDesc scan = table_beginscan(table, GetActiveSnapshot(), 0, NULL);
	Places		found = {MemoryContextAlloc(TopMemoryContext, sizeof(ItemPointerData) * 1024), 0};
	int			room = 1024;
	HeapTuple	row;

	while ((row = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (first != NULL && *first == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

			*first = heap_copytuple(row);
			MemoryContextSwitchTo(old);
		}
		if (found.count == room)
			found.places = repalloc_huge(found.places, sizeof(ItemPointerData) * (room *= 2));
		found.places[found.count++] = row->t_self;
	}
	table_endscan(scan);
	return found;
}

/* Replaces a row by its copy, in place as far as its page has room. */
static void
replace(Relation table, ItemPointer place)
{
	HeapTupleData old = {.t_self = *place};
	Buffer		buffer;
	HeapTuple	copy;

	if (!heap_fetch(table, SnapshotSelf, &old, &buffer, false))
		elog(ERROR, "a row of %s is gone", RelationGetRelationName(table));
	copy = heap_copytuple(&old);
	if (PageGetHeapFreeSpace(BufferGetPage(buffer)) < 2 * copy->t_len)
		heap_page_prune_opt(table, buffer);
	ReleaseBuffer(buffer);
#if PG_VERSION_NUM >= 160000
	{
		TU_UpdateIndexes indexes;

		simple_heap_update(table, place, copy, &indexes);
	}
#else
	simple_heap_update(table, place, copy);
#endif
	*place = copy->t_self;
	heap_freetuple(copy);
}

/* Inserts the event with another record and version, and its index entry. */
static void
insert(Relation table, Relation index, IndexInfo *info, int64 record)
{
	EventStart *start = (EventStart *) ((char *) event->t_data + event->t_data->t_hoff);
	Datum		values[3] = {Int64GetDatum(record), Int64GetDatum(version), (Datum) 0};
	bool		nulls[3] = {false, false, false};

	start->record = record;
	start->version = version;
	values[2] = heap_getattr(event, info->ii_IndexAttrNumbers[2], RelationGetDescr(table), &nulls[2]);
	simple_heap_insert(table, event);
	index_insert(index, values, nulls, &event->t_self, table, UNIQUE_CHECK_YES, false, info);
}

/* Writes what the history of these records' next change writes; moved: their state rows, too. */
static void
write_rows(int first, int last, bool moved)
{
	Relation	head_table = open_table("head");
	Relation	state_table = open_table("state");
	Relation	event_table = open_table("event");
	Relation	index = index_open(RelationGetPrimaryKeyIndex(event_table), RowExclusiveLock);
	IndexInfo  *info = BuildIndexInfo(index);

	if (event == NULL)
	{
		scan(event_table, &event);
		heads = scan(head_table, NULL);
		states = scan(state_table, NULL);
	}
	if (event == NULL || last > heads.count || last > states.count)
		elog(ERROR, "there are %d heads and %d states", heads.count, states.count);
	version = Max(version + 1, GetCurrentTimestamp());
	for (int i = first - 1; i < last; i++)
	{
		CHECK_FOR_INTERRUPTS();
		replace(head_table, &heads.places[i]);
		if (moved)
			replace(state_table, &states.places[i]);
		insert(event_table, index, info, i + 1);
	}
	index_close(index, NoLock);
	table_close(event_table, NoLock);
	table_close(state_table, NoLock);
	table_close(head_table, NoLock);
}

/* bench_rows_alone(first integer, last integer, moved boolean): for many records at once. */
Datum
bench_rows_alone(PG_FUNCTION_ARGS)
{
	write_rows(PG_GETARG_INT32(0), PG_GETARG_INT32(1), PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}

/* AFTER UPDATE FOR EACH ROW: for the record whose number is in the first column, which moves. */
Datum
bench_rows_alone_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	bool		isnull;
	int			number;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "not called as a trigger");
	number = DatumGetInt32(heap_getattr(data->tg_newtuple, 1, RelationGetDescr(data->tg_relation), &isnull));
	write_rows(number, number, true);
	PG_RETURN_POINTER(NULL);
}
