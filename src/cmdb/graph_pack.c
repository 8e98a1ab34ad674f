/*
 * graph_pack.c
 *		itsm.pack_relationships, and the trigger that ends a pack.
 *
 * All relationships are read under one snapshot, in the order of pages; pages
 * that are as they were are left alone.  What the snapshot did not see is kept
 * with the pack as transaction ids, with our own among them: so searches lay
 * over it what our transaction does before and after, which does no harm.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "cmdb/graph_pack.h"
#include "cmdb/graph_reader.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "core/query.h"
#include "core/table.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#define BATCH 10000

static const char *const edges_query =
	"SELECT x.node, x.direction, x.type, x.other FROM ("
	" SELECT r.source AS node, 0 AS direction, r.type, r.target AS other FROM itsm.relationship r WHERE r.ended = 0"
	" UNION ALL"
	" SELECT r.target, 1, r.type, r.source FROM itsm.relationship r WHERE r.ended = 0) x"
	" ORDER BY x.node >> 6, x.direction, x.node, x.type, x.other";

typedef struct Packing
{
	MemoryContext context;		/* reset with each batch */
	Relation	table;			/* itsm.graph_page */
	TableIndexes indexes;
	List	   *types;			/* char *, by label */
	GraphMemory memory;
	int64		number;			/* of the page at hand */
	GraphPage	page;
	int			direction;		/* of the edge before */
	int			place;
	int			count;
	size_t		capacity;
	int64	   *written;		/* pages that there are, ascending */
	int			written_count;
	size_t		written_capacity;
	int64		relationships;
} Packing;

static int
label_of(Packing *packing, const char *type)
{
	ListCell   *cell;

	foreach(cell, packing->types)
		if (strcmp(lfirst(cell), type) == 0)
			return foreach_current_index(cell);
	packing->types = lappend(packing->types, pstrdup(type));
	return list_length(packing->types) - 1;
}

static void
store_page(Packing *packing)
{
	bytea	   *bytes = palloc(VARHDRSZ + graph_page_bound(packing->count));
	ScanKeyData key;
	HeapTuple	old;
	Datum		values[PAGE_COLUMNS] = {Int64GetDatum(packing->number), PointerGetDatum(bytes)};
	bool		nulls[PAGE_COLUMNS] = {0};
	bool		isnull;

	SET_VARSIZE(bytes, VARHDRSZ + graph_page_encode(&packing->page, packing->number, (uint8 *) VARDATA(bytes)));
	ScanKeyInit(&key, PAGE_NUMBER + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(packing->number));
	old = itsm_table_find(packing->table, itsm_relation("graph_page_pkey"), SnapshotSelf, 1, &key);
	if (!HeapTupleIsValid(old))
		itsm_indexes_insert(packing->table, &packing->indexes, values, nulls);
	else
	{
		Datum		before = PointerGetDatum(PG_DETOAST_DATUM(heap_getattr(old, PAGE_BYTES + 1,
																		  RelationGetDescr(packing->table), &isnull)));

		if (!datum_image_eq(before, values[PAGE_BYTES], false, -1) &&
			!itsm_table_update(packing->table, old, values, nulls))
			elog(ERROR, "page " INT64_FORMAT " was changed in spite of the lock", packing->number);
	}
	GRAPH_GROW(&packing->memory, packing->written, (size_t) packing->written_count, packing->written_capacity);
	packing->written[packing->written_count++] = packing->number;
}

/* Records from the one before up to a place have no more edges. */
static void
fill_up(Packing *packing, int direction, int place)
{
	while (packing->direction != direction || packing->place != place)
	{
		packing->place++;
		packing->page.first[packing->direction][packing->place] = packing->count;
		if (packing->place == PAGE_NODES && packing->direction != direction)
		{
			packing->direction++;
			packing->place = 0;
			packing->page.first[packing->direction][0] = packing->count;
		}
	}
}

static void
end_page(Packing *packing)
{
	if (packing->count == 0)
		return;
	fill_up(packing, 1, PAGE_NODES);
	store_page(packing);
	packing->count = packing->direction = packing->place = 0;
}

static void
add_edge(Packing *packing, int64 node, int direction, const char *type, int64 other)
{
	if (packing->count && packing->number != graph_page_of(node))
		end_page(packing);
	packing->number = graph_page_of(node);
	packing->page.first[0][0] = 0;
	fill_up(packing, direction, graph_page_place(node));
	GRAPH_GROW(&packing->memory, packing->page.edges, (size_t) packing->count, packing->capacity);
	packing->page.edges[packing->count++] = (GraphEdge) {other, label_of(packing, type)};
	packing->relationships += direction == 0;
}

static void
pack_edges(Packing *packing)
{
	Portal		portal = SPI_cursor_open_with_args(NULL, edges_query, 0, NULL, NULL, NULL, true, 0);
	MemoryContext caller = CurrentMemoryContext;

	for (;;)
	{
		SPI_cursor_fetch(portal, true, BATCH);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			HeapTuple	row = SPI_tuptable->vals[i];
			TupleDesc	descriptor = SPI_tuptable->tupdesc;
			MemoryContext own = MemoryContextSwitchTo(packing->context);
			bool		isnull;

			CHECK_FOR_INTERRUPTS();
			add_edge(packing, DatumGetInt64(SPI_getbinval(row, descriptor, 1, &isnull)),
					 DatumGetInt32(SPI_getbinval(row, descriptor, 2, &isnull)),
					 TextDatumGetCString(SPI_getbinval(row, descriptor, 3, &isnull)),
					 DatumGetInt64(SPI_getbinval(row, descriptor, 4, &isnull)));
			MemoryContextSwitchTo(own);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	MemoryContextSwitchTo(packing->context);
	end_page(packing);
	MemoryContextSwitchTo(caller);
}

static int
compare_numbers(const void *a, const void *b)
{
	int64		first = *(const int64 *) a;
	int64		second = *(const int64 *) b;

	return first < second ? -1 : first > second;
}

/* Pages whose records have no relationship any more. */
static void
delete_others(Packing *packing)
{
	SysScanDesc scan = systable_beginscan(packing->table, InvalidOid, false, SnapshotSelf, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		int64		number = DatumGetInt64(heap_getattr(tuple, PAGE_NUMBER + 1, RelationGetDescr(packing->table), &isnull));

		CHECK_FOR_INTERRUPTS();
		if (packing->written_count == 0 ||
			bsearch(&number, packing->written, packing->written_count, sizeof(int64), compare_numbers) == NULL)
			simple_heap_delete(packing->table, &tuple->t_self);
	}
	systable_endscan(scan);
}

/* Takes away the row of the pack, and returns the types that it had. */
static List *
delete_pack(Relation table)
{
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, SnapshotSelf, 0, NULL);
	List	   *types = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum	   *elements;
		int			count;

		deconstruct_array(DatumGetArrayTypeP(heap_getattr(tuple, PACK_TYPES + 1, RelationGetDescr(table), &isnull)),
						  TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
		for (int i = 0; i < count; i++)
			types = lappend(types, TextDatumGetCString(elements[i]));
		simple_heap_delete(table, &tuple->t_self);
	}
	systable_endscan(scan);
	return types;
}

/* A transaction id of a snapshot, with its epoch. */
static int64
widen(TransactionId xid, FullTransactionId next)
{
	uint32		epoch = EpochFromFullTransactionId(next);

	if (TransactionIdIsNormal(xid) && xid > XidFromFullTransactionId(next))
		epoch--;
	return (int64) U64FromFullTransactionId(FullTransactionIdFromEpochAndXid(epoch, xid));
}

/* What the snapshot did not see, ascending; our own transaction is taken for it. */
static Datum
running_datum(Snapshot snapshot, FullTransactionId next)
{
	int64	   *running = palloc(sizeof(int64) * (snapshot->xcnt + 1));
	Datum	   *elements = palloc(sizeof(Datum) * (snapshot->xcnt + 1));
	int			count = 0;

	for (uint32 i = 0; i < snapshot->xcnt; i++)
		running[count++] = widen(snapshot->xip[i], next);
	running[count++] = (int64) U64FromFullTransactionId(GetTopFullTransactionId());
	qsort(running, count, sizeof(int64), compare_numbers);
	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(running[i]);
	return PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
types_datum(const List *types)
{
	Datum	   *elements = palloc(sizeof(Datum) * (list_length(types) + 1));
	ListCell   *cell;

	foreach(cell, types)
		elements[foreach_current_index(cell)] = CStringGetTextDatum(lfirst(cell));
	return PointerGetDatum(construct_array(elements, list_length(types), TEXTOID, -1, false, TYPALIGN_INT));
}

static void
insert_pack(Relation table, const Packing *packing, Snapshot snapshot)
{
	FullTransactionId next = ReadNextFullTransactionId();
	int64		own = (int64) U64FromFullTransactionId(GetTopFullTransactionId());
	Datum		values[PACK_COLUMNS];
	bool		nulls[PACK_COLUMNS] = {0};

	values[PACK_GENERATION] = Int64GetDatum(nextval_internal(itsm_relation("graph_pack_generation_seq"), false));
	values[PACK_SYSTEM] = Int64GetDatum((int64) GetSystemIdentifier());
	values[PACK_XID_MIN] = Int64GetDatum(Min(widen(snapshot->xmin, next), own));
	values[PACK_XID_MAX] = Int64GetDatum(widen(snapshot->xmax, next));
	values[PACK_RUNNING] = running_datum(snapshot, next);
	values[PACK_TYPES] = types_datum(packing->types);
	values[PACK_RELATIONSHIPS] = Int64GetDatum(packing->relationships);
	values[PACK_PACKED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	itsm_table_insert(table, values, nulls);
}

ITSM_FUNCTION(itsm_pack_relationships);
Datum
itsm_pack_relationships(PG_FUNCTION_ARGS)
{
	/* one at a time; readers and those who relate go on */
	Relation	table = table_open(itsm_relation("graph_pack"), ShareUpdateExclusiveLock);
	Packing		packing = {0};
	Snapshot	snapshot;
	OwnerQuery	query;

	(void) GetTopFullTransactionId();
	packing.context = AllocSetContextCreate(CurrentMemoryContext, "itsm pack of relationships", ALLOCSET_DEFAULT_SIZES);
	itsm_graph_memory_begin(&packing.memory, packing.context);
	packing.memory.limit = SIZE_MAX;
	packing.types = delete_pack(table);
	packing.table = table_open(itsm_relation("graph_page"), RowExclusiveLock);
	itsm_indexes_open(packing.table, &packing.indexes);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	PushActiveSnapshot(snapshot);
	itsm_query_begin(&query);
	pack_edges(&packing);
	itsm_query_end(&query);
	PopActiveSnapshot();
	delete_others(&packing);
	itsm_indexes_close(&packing.indexes);
	table_close(packing.table, NoLock);
	insert_pack(table, &packing, snapshot);
	UnregisterSnapshot(snapshot);
	table_close(table, NoLock);
	CommandCounterIncrement();
	PG_RETURN_INT64(packing.relationships);
}

ITSM_FUNCTION(itsm_unpack_relationships);
Datum
itsm_unpack_relationships(PG_FUNCTION_ARGS)
{
	Relation	table;

	/* everybody may make a trigger of it, and packs cost time to make */
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation) != itsm_relation("relationship"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.unpack_relationships() is the trigger of itsm.relationship"),
				 errhint("It belongs to the extension's own tables.")));
	/* once a statement */
	if (fcinfo->flinfo->fn_extra)
		return PointerGetDatum(NULL);
	fcinfo->flinfo->fn_extra = fcinfo->flinfo;
	table = table_open(itsm_relation("graph_pack"), ShareUpdateExclusiveLock);
	(void) delete_pack(table);
	table_close(table, NoLock);
	return PointerGetDatum(NULL);
}
