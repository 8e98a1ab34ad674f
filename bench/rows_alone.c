/*
 * rows_alone.c
 *		The rows that history writes, and nothing else: no judging, no values
 *		formed, no hashes, and for many records at once no trigger and no looking
 *		for anything.  What is left is PostgreSQL's own replacing of a head (and a
 *		state row), and its inserting of an event and its index entry: the least
 *		that a history in this form can cost.  No part of the extension.
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
#include "utils/fmgroids.h"
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
static int64 first_record;		/* a single row's record is found by its number, counted from this */
static HeapTuple event;			/* a row like those that are written */
static int64 version;			/* above all that sessions before have written */

/* The three tables, open. */
typedef struct Tables
{
	Relation	head;
	Relation	state;
	Relation	event;
	Relation	event_index;
	IndexInfo  *index_info;
} Tables;

static Relation
open_table(const char *name)
{
	Oid			schema = get_namespace_oid("bench", false);

	return table_open(get_relname_relid(name, schema), RowExclusiveLock);
}

/* Places of all rows. */
static Places
scan(Relation table)
{
	TableScanDesc scan = table_beginscan(table, GetActiveSnapshot(), 0, NULL);
	Places		found = {MemoryContextAlloc(TopMemoryContext, sizeof(ItemPointerData) * 1024), 0};
	int			room = 1024;
	HeapTuple	row;

	while ((row = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (found.count == room)
			found.places = repalloc_huge(found.places, sizeof(ItemPointerData) * (room *= 2));
		found.places[found.count++] = row->t_self;
	}
	table_endscan(scan);
	return found;
}

/* The row whose primary key begins with this record; without one, the first of all. */
static HeapTuple
find(Relation table, const int64 *record, MemoryContext context)
{
	Relation	index = index_open(RelationGetPrimaryKeyIndex(table), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	MemoryContext old;

	if (record != NULL)
		ScanKeyInit(&key, index->rd_index->indkey.values[0], BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(*record));
	scan = systable_beginscan_ordered(table, index, SnapshotSelf, record != NULL ? 1 : 0, &key);
	row = systable_getnext_ordered(scan, ForwardScanDirection);
	if (row == NULL)
		elog(ERROR, "a row of %s is gone", RelationGetRelationName(table));
	old = MemoryContextSwitchTo(context);
	row = heap_copytuple(row);
	MemoryContextSwitchTo(old);
	systable_endscan_ordered(scan);
	index_close(index, NoLock);
	return row;
}

/* The index entries of a row that its page had no room for. */
static void
insert_entries(Relation table, HeapTuple row)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
	ListCell   *cell;

	ExecStoreHeapTuple(row, slot, false);
	slot->tts_tableOid = RelationGetRelid(table);
	foreach(cell, RelationGetIndexList(table))
	{
		Relation	index = index_open(lfirst_oid(cell), RowExclusiveLock);
		IndexInfo  *info = BuildIndexInfo(index);
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		FormIndexDatum(info, slot, NULL, values, nulls);
		index_insert(index, values, nulls, &row->t_self, table, index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
		index_close(index, NoLock);
	}
	ExecDropSingleTupleTableSlot(slot);
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
	if (!HeapTupleIsHeapOnly(copy))
		insert_entries(table, copy);
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

static void
open_tables(Tables *tables)
{
	tables->head = open_table("head");
	tables->state = open_table("state");
	tables->event = open_table("event");
	tables->event_index = index_open(RelationGetPrimaryKeyIndex(tables->event), RowExclusiveLock);
	tables->index_info = BuildIndexInfo(tables->event_index);
	if (event == NULL)
		event = find(tables->event, NULL, TopMemoryContext);
	version = Max(version + 1, GetCurrentTimestamp());
}

static void
close_tables(Tables *tables)
{
	index_close(tables->event_index, NoLock);
	table_close(tables->event, NoLock);
	table_close(tables->state, NoLock);
	table_close(tables->head, NoLock);
}

/*
 * bench_rows_alone(first integer, last integer, moved boolean): what the history of
 * these records' next change writes, at remembered places; moved: their state rows, too.
 */
Datum
bench_rows_alone(PG_FUNCTION_ARGS)
{
	int			last = PG_GETARG_INT32(1);
	bool		moved = PG_GETARG_BOOL(2);
	Tables		tables;

	open_tables(&tables);
	if (heads.places == NULL)
	{
		heads = scan(tables.head);
		states = scan(tables.state);
	}
	if (last > heads.count || last > states.count)
		elog(ERROR, "there are %d heads and %d states", heads.count, states.count);
	for (int i = PG_GETARG_INT32(0) - 1; i < last; i++)
	{
		CHECK_FOR_INTERRUPTS();
		replace(tables.head, &heads.places[i]);
		if (moved)
			replace(tables.state, &states.places[i]);
		insert(tables.event, tables.event_index, tables.index_info, i + 1);
	}
	close_tables(&tables);
	PG_RETURN_VOID();
}

/*
 * AFTER UPDATE FOR EACH ROW: the same for the record whose number is in the first
 * column, which moves.  Head and state row are found by their primary keys, so that
 * several sessions can write.
 */
Datum
bench_rows_alone_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Tables		tables;
	bool		isnull;
	int			number;
	int64		record;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "not called as a trigger");
	number = DatumGetInt32(heap_getattr(data->tg_newtuple, 1, RelationGetDescr(data->tg_relation), &isnull));
	open_tables(&tables);
	if (first_record == 0)
		first_record = DatumGetInt64(heap_getattr(find(tables.state, NULL, CurrentMemoryContext), 1, RelationGetDescr(tables.state), &isnull));
	record = first_record + number - 1;
	replace(tables.head, &find(tables.head, &record, CurrentMemoryContext)->t_self);
	replace(tables.state, &find(tables.state, &record, CurrentMemoryContext)->t_self);
	insert(tables.event, tables.event_index, tables.index_info, number);
	close_tables(&tables);
	PG_RETURN_POINTER(NULL);
}
