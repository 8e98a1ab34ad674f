/*
 * graph_cache.c
 *		Pages of packed relationships, decoded once a session.
 *
 * Pages change only together with the row of itsm.graph_pack, whose generation
 * is never used twice: whoever sees a generation sees the same pages.  So the
 * cache is one generation's, and is thrown away for another's, when the
 * tables are made anew, and when it has grown beyond itsm.graph_memory.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "cmdb/graph_pack.h"
#include "core/settings.h"
#include "core/table.h"
#include "executor/tuptable.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

static MemoryContext context = NULL;	/* of all below */
static GraphPack pack;
static Oid	pack_oid = InvalidOid;	/* itsm.graph_pack */
static GraphMemory memory;
static GraphNodes numbers;		/* of pages, by their place in "pages" */
static GraphPage **pages;
static size_t page_capacity;
static bool stale = true;

/* What reading holds open. */
static Relation table = NULL;
static Relation pages_index = NULL;
static IndexScanDesc scan = NULL;
static TupleTableSlot *slot = NULL;

/* Marks, and does nothing else. */
static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	if (!OidIsValid(relation) || relation == pack_oid)
		stale = true;
}

static void *
resize(GraphMemory *of, void *old, size_t size)
{
	if (size == 0)
	{
		pfree(old);
		return NULL;
	}
	return old ? repalloc_huge(old, size) : MemoryContextAllocHuge(context, size);
}

static void
exceeded(GraphMemory *of, size_t wanted)
{
	elog(ERROR, "cache of relationships is too large");
}

static void
begin_cache(void)
{
	if (context == NULL)
	{
		CacheRegisterRelcacheCallback(on_relcache_invalidation, (Datum) 0);
		context = AllocSetContextCreate(TopMemoryContext, "itsm packed relationships", ALLOCSET_DEFAULT_SIZES);
	}
	MemoryContextReset(context);
	memset(&pack, 0, sizeof(pack));
	memory = (GraphMemory) {.limit = SIZE_MAX, .resize = resize, .exceeded = exceeded};
	pages = NULL;
	page_capacity = 0;
	numbers.count = 0;
	graph_nodes_begin(&numbers, &memory);
}

static uint64 *
read_numbers(Datum array, int *count)
{
	Datum	   *elements;
	uint64	   *read;

	deconstruct_array(DatumGetArrayTypeP(array), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements,
					  NULL, count);
	read = MemoryContextAlloc(context, sizeof(uint64) * (*count + 1));
	for (int i = 0; i < *count; i++)
		read[i] = (uint64) DatumGetInt64(elements[i]);
	return read;
}

static char **
read_names(Datum array, int *count)
{
	Datum	   *elements;
	char	  **read;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, count);
	read = MemoryContextAlloc(context, sizeof(char *) * (*count + 1));
	for (int i = 0; i < *count; i++)
		read[i] = MemoryContextStrdup(context, TextDatumGetCString(elements[i]));
	return read;
}

static void
read_pack(TupleTableSlot *row)
{
	slot_getallattrs(row);
	if (pack.generation == DatumGetInt64(row->tts_values[PACK_GENERATION]))
		return;
	begin_cache();
	pack.system = DatumGetInt64(row->tts_values[PACK_SYSTEM]);
	pack.xid_min = (uint64) DatumGetInt64(row->tts_values[PACK_XID_MIN]);
	pack.xid_max = (uint64) DatumGetInt64(row->tts_values[PACK_XID_MAX]);
	pack.running = read_numbers(row->tts_values[PACK_RUNNING], &pack.running_count);
	pack.types = read_names(row->tts_values[PACK_TYPES], &pack.type_count);
	/* the last: what was cut short before is not taken for whole */
	pack.generation = DatumGetInt64(row->tts_values[PACK_GENERATION]);
}

const GraphPack *
itsm_graph_pack(Snapshot snapshot)
{
	Relation	packs;
	TableScanDesc packs_scan;
	TupleTableSlot *row;
	bool		found;

	/* what an error left */
	table = pages_index = NULL;
	scan = NULL;
	slot = NULL;
	if (stale)
	{
		Oid			oid;

		stale = false;
		oid = itsm_relation("graph_pack");
		if (oid != pack_oid)
			pack.generation = 0;
		pack_oid = oid;
	}
	packs = table_open(pack_oid, AccessShareLock);
	packs_scan = table_beginscan(packs, snapshot, 0, NULL);
	row = table_slot_create(packs, NULL);
	found = table_scan_getnextslot(packs_scan, ForwardScanDirection, row);
	if (found)
		read_pack(row);
	ExecDropSingleTupleTableSlot(row);
	table_endscan(packs_scan);
	table_close(packs, AccessShareLock);
	return found && pack.system == (int64) GetSystemIdentifier() ? &pack : NULL;
}

bool
itsm_graph_pack_has(const GraphPack *of, uint64 xid)
{
	int			low = 0;
	int			high = of->running_count;

	if (xid < of->xid_min || xid >= of->xid_max)
		return xid < of->xid_min;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (of->running[middle] == xid)
			return false;
		if (of->running[middle] < xid)
			low = middle + 1;
		else
			high = middle;
	}
	return true;
}

static void
open_pages(Snapshot snapshot)
{
	table = table_open(itsm_relation("graph_page"), AccessShareLock);
	pages_index = index_open(itsm_relation("graph_page_pkey"), AccessShareLock);
	slot = table_slot_create(table, NULL);
	scan = itsm_index_beginscan(table, pages_index, snapshot, 1, 0);
}

static GraphPage *
decode(int64 number, Datum value)
{
	bytea	   *bytes = DatumGetByteaPP(value);
	const uint8 *start = (const uint8 *) VARDATA_ANY(bytes);
	size_t		length = VARSIZE_ANY_EXHDR(bytes);
	int			count = graph_page_count(start, length);
	GraphPage  *page = NULL;

	if (count >= 0)
	{
		page = GRAPH_ALLOCATE(&memory, GraphPage, 0);
		page->edges = GRAPH_ALLOCATE(&memory, GraphEdge, count);
	}
	if (page == NULL || !graph_page_decode(start, length, number, page))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED), errmsg("page " INT64_FORMAT " of packed relationships is damaged", number),
				 errhint("itsm.pack_relationships() makes it anew.")));
	if ((Pointer) bytes != DatumGetPointer(value))
		pfree(bytes);
	return page;
}

/* A page as the snapshot sees it; NULL: none of its records had a relationship. */
static GraphPage *
read_page(Snapshot snapshot, int64 number)
{
	ScanKeyData key;
	bool		isnull;

	if (scan == NULL)
		open_pages(snapshot);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(number));
	index_rescan(scan, &key, 1, NULL, 0);
	if (!index_getnext_slot(scan, ForwardScanDirection, slot))
		return NULL;
	return decode(number, slot_getattr(slot, PAGE_BYTES + 1, &isnull));
}

/* The cache starts anew, with the same pack. */
static void
forget_pages(void)
{
	int64		generation = pack.generation;

	pack.generation = 0;
	for (int i = 0; i < numbers.count; i++)
		if (pages[i])
		{
			pfree(pages[i]->edges);
			pfree(pages[i]);
		}
	if (page_capacity)
		pfree(pages);
	pages = NULL;
	page_capacity = 0;
	graph_nodes_end(&numbers);
	memory.used = 0;
	graph_nodes_begin(&numbers, &memory);
	pack.generation = generation;
}

int
itsm_graph_pack_edges(Snapshot snapshot, int64 node, bool as_target, const GraphEdge **edges)
{
	int64		number = graph_page_of(node);
	int			place = graph_page_place(node);
	int			position = graph_node_find(&numbers, number);
	const GraphPage *page;

	if (position < 0)
	{
		GraphPage  *read;
		bool		added;

		if (memory.used > (size_t) itsm_graph_memory * 1024)
			forget_pages();
		read = read_page(snapshot, number);
		GRAPH_GROW(&memory, pages, (size_t) numbers.count, page_capacity);
		position = graph_node_add(&numbers, number, &added);
		pages[position] = read;
	}
	page = pages[position];
	if (page == NULL)
		return 0;
	*edges = page->edges + page->first[as_target][place];
	return page->first[as_target][place + 1] - page->first[as_target][place];
}

void
itsm_graph_pack_end(void)
{
	if (scan == NULL)
		return;
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(pages_index, AccessShareLock);
	table_close(table, AccessShareLock);
	scan = NULL;
}
