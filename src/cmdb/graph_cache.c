/*
 * graph_cache.c
 *		Pages of packed relationships, read once a session.
 *
 * Pages change only together with the row of itsm.graph_pack, whose generation
 * is never used twice: whoever sees a generation sees the same pages.  So the
 * cache is one generation's, and is thrown away for another's, when the
 * tables are made anew, and when it has grown beyond itsm.graph_memory.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "cmdb/graph_pack.h"
#include "core/settings.h"
#include "core/table.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
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
static bool stale = true;

/* The pages: an open hash table. */
typedef struct CachedPage
{
	int64		number;
	const PackedPage *page;		/* NULL: the place is free */
} CachedPage;

#define FIRST_PLACES 256

static CachedPage *pages;
static size_t place_count;		/* a power of two */
static size_t page_count;

/* One whose records had no relationships. */
static const PackedPage empty_page;

/* The page asked for last: the next record is often on the same one. */
static CachedPage recent;

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
damaged(int64 number)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("page " INT64_FORMAT " of packed relationships is damaged", number),
			 errhint("itsm.pack_relationships() makes it anew.")));
}

static void
begin_pages(void)
{
	place_count = FIRST_PLACES;
	page_count = 0;
	pages = graph_resize(&memory, NULL, 0, sizeof(CachedPage) * place_count);
	memset(pages, 0, sizeof(CachedPage) * place_count);
	recent.page = NULL;
}

/* Where a page is, or is to be. */
static CachedPage *
place_of(int64 number)
{
	uint64		hash = (uint64) number * UINT64CONST(0x9E3779B97F4A7C15);
	size_t		place = (hash ^ (hash >> 32)) & (place_count - 1);

	while (pages[place].page && pages[place].number != number)
		place = (place + 1) & (place_count - 1);
	return &pages[place];
}

static void
add_page(int64 number, const PackedPage *page)
{
	/* two thirds full at most */
	if ((page_count + 1) * 3 > place_count * 2)
	{
		CachedPage *old = pages;
		size_t		old_count = place_count;

		pages = graph_resize(&memory, NULL, 0, sizeof(CachedPage) * old_count * 2);
		place_count = old_count * 2;
		memset(pages, 0, sizeof(CachedPage) * place_count);
		for (size_t i = 0; i < old_count; i++)
			if (old[i].page)
				*place_of(old[i].number) = old[i];
		(void) graph_resize(&memory, old, sizeof(CachedPage) * old_count, 0);
	}
	*place_of(number) = (CachedPage) {number, page};
	page_count++;
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
	begin_pages();
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

void
itsm_graph_pack_begin(void)
{
	/* what an error left */
	table = pages_index = NULL;
	scan = NULL;
	slot = NULL;
}

const GraphPack *
itsm_graph_pack(Snapshot snapshot)
{
	Relation	packs;
	TableScanDesc packs_scan;
	TupleTableSlot *row;
	bool		found;

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

/* Keeps a page: its bytes behind what is where. */
static void
keep_page(int64 number, Datum value)
{
	const uint8 *bytes = (const uint8 *) VARDATA_ANY(DatumGetPointer(value));
	size_t		length = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
	PackedPage *page = graph_resize(&memory, NULL, 0, sizeof(PackedPage) + length);

	memcpy(page + 1, bytes, length);
	if (!graph_page_open((const uint8 *) (page + 1), length, page))
	{
		(void) graph_resize(&memory, page, sizeof(PackedPage) + length, 0);
		damaged(number);
	}
	add_page(number, page);
}

/* What stands beside the row found, of which the index needs not be asked again. */
static void
keep_neighbours(Snapshot snapshot, BlockNumber block)
{
	Buffer		buffer = ReadBuffer(table, block);
	Page		content = BufferGetPage(buffer);
	TupleDesc	descriptor = RelationGetDescr(table);

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	for (OffsetNumber offset = FirstOffsetNumber; offset <= PageGetMaxOffsetNumber(content); offset++)
	{
		ItemId		item = PageGetItemId(content, offset);
		HeapTupleData tuple;
		int64		number;
		Datum		value;
		bool		isnull;

		if (!ItemIdIsNormal(item))
			continue;
		tuple.t_data = (HeapTupleHeader) PageGetItem(content, item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(table);
		ItemPointerSet(&tuple.t_self, block, offset);
		if (!HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer))
			continue;
		number = DatumGetInt64(heap_getattr(&tuple, PAGE_NUMBER + 1, descriptor, &isnull));
		value = heap_getattr(&tuple, PAGE_BYTES + 1, descriptor, &isnull);
		Assert(!isnull);
		if (!VARATT_IS_EXTERNAL(DatumGetPointer(value)) && !VARATT_IS_COMPRESSED(DatumGetPointer(value)) &&
			place_of(number)->page == NULL)
			keep_page(number, value);
	}
	UnlockReleaseBuffer(buffer);
}

/* Reads a page, as the snapshot sees it, and others that come with it. */
static void
read_page(Snapshot snapshot, int64 number)
{
	ScanKeyData key;
	bool		isnull;
	Datum		value;

	if (scan == NULL)
		open_pages(snapshot);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(number));
	index_rescan(scan, &key, 1, NULL, 0);
	if (!index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		add_page(number, &empty_page);
		return;
	}
	keep_neighbours(snapshot, ItemPointerGetBlockNumber(&slot->tts_tid));
	/* a long one stands elsewhere */
	if (place_of(number)->page == NULL)
	{
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(slot_getattr(slot, PAGE_BYTES + 1, &isnull)));
		keep_page(number, value);
		if (value != slot_getattr(slot, PAGE_BYTES + 1, &isnull))
			pfree(DatumGetPointer(value));
	}
}

/* The cache starts anew, with the same pack. */
static void
forget_pages(void)
{
	int64		generation = pack.generation;

	pack.generation = 0;
	for (size_t i = 0; i < place_count; i++)
		if (pages[i].page && pages[i].page != &empty_page)
			pfree(unconstify(PackedPage *, pages[i].page));
	pfree(pages);
	memory.used = 0;
	begin_pages();
	pack.generation = generation;
}

const PackedPage *
itsm_graph_pack_page(Snapshot snapshot, int64 node)
{
	int64		number = graph_page_of(node);

	if (recent.page && recent.number == number)
		return recent.page;
	recent = *place_of(number);
	if (recent.page == NULL)
	{
		if (memory.used > (size_t) itsm_graph_memory * 1024)
			forget_pages();
		read_page(snapshot, number);
		recent = *place_of(number);
	}
	return recent.page;
}

void
itsm_graph_pack_damaged(int64 node)
{
	damaged(graph_page_of(node));
}

void
itsm_graph_pack_expect(int64 node, bool as_target, bool near)
{
	const PackedPage *page = place_of(graph_page_of(node))->page;
	const uint32 *first;

	if (page == NULL)
		return;
	first = &page->first[as_target][graph_page_place(node)];
	__builtin_prefetch(near ? (const void *) (page->runs + *first) : (const void *) first);
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
