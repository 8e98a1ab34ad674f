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
#include "common/hashfn.h"
#include "core/settings.h"
#include "core/table.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
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

/* One whose records had no relationships, and one of which only a part was read. */
static const PackedPage empty_page;
static const PackedPage asked_page;

/* The page asked for last: the next record is often on the same one. */
static CachedPage recent;

/*
 * Of a page that is asked for the first time only the part of the record is
 * read: who looks at a few records of many does not pay for the others'.  Not
 * in a search that goes on and on, which will be back.
 */
#define PARTS 64

static PackedPage part;			/* of it only the record's places are set */
static int64 part_node = -1;	/* the record; -1: none */
static uint8 *part_bytes;
static size_t part_capacity;
static int	parts_read;			/* by this search */

/* Where the index has the pages of so many numbers in a row. */
#define PLACES 64

typedef struct PagePlaces
{
	int64		first;			/* number */
	char		status;
	ItemPointer of;
} PagePlaces;

#define SH_PREFIX page_places
#define SH_ELEMENT_TYPE PagePlaces
#define SH_KEY_TYPE int64
#define SH_KEY first
#define SH_HASH_KEY(table, key) hash_bytes_uint32((uint32) ((key) / PLACES))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static page_places_hash *known_places;

/* What reading holds open. */
static Relation table = NULL;
static BlockNumber block_count; /* of it */
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
	part_node = -1;
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
make_room(void)
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

static void
add_page(int64 number, const PackedPage *page)
{
	CachedPage *place = place_of(number);

	/* two thirds full at most */
	if (place->page == NULL && (++page_count) * 3 > place_count * 2)
	{
		make_room();
		place = place_of(number);
	}
	*place = (CachedPage) {number, page};
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
	part_bytes = NULL;
	part_capacity = 0;
	memory = (GraphMemory) {.limit = SIZE_MAX, .resize = resize, .exceeded = exceeded};
	begin_pages();
	known_places = page_places_create(context, 16, NULL);
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
	parts_read = 0;
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
open_pages(void)
{
	table = table_open(itsm_relation("graph_page"), AccessShareLock);
	block_count = RelationGetNumberOfBlocks(table);
}

/* The index, for the pages from one number to another. */
static void
begin_scan(Snapshot snapshot, int64 first, int64 last)
{
	ScanKeyData keys[2];

	if (scan == NULL)
	{
		pages_index = index_open(itsm_relation("graph_page_pkey"), AccessShareLock);
		slot = table_slot_create(table, NULL);
		scan = itsm_index_beginscan(table, pages_index, snapshot, lengthof(keys), 0);
		scan->xs_want_itup = true;
	}
	ScanKeyInit(&keys[0], 1, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(first));
	ScanKeyInit(&keys[1], 1, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(last));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
}

/*
 * Where the index has a page; NULL: it has none, and whoever sees the pack sees
 * none.  The index is asked for many at a time, which takes little longer than
 * for one.
 */
static const ItemPointerData *
find_place(Snapshot snapshot, int64 number)
{
	int64		first = number - number % PLACES;
	PagePlaces *places = page_places_lookup(known_places, first);
	ItemPointer place;

	if (places == NULL)
	{
		bool		found;
		bool		isnull;
		ItemPointer of = MemoryContextAllocZero(context, sizeof(ItemPointerData) * PLACES);

		begin_scan(snapshot, first, first + PLACES - 1);
		/* of several versions the last one is mostly the newest */
		while ((place = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
			of[DatumGetInt64(index_getattr(scan->xs_itup, 1, scan->xs_itupdesc, &isnull)) - first] = *place;
		places = page_places_insert(known_places, first, &found);
		places->of = of;
	}
	place = &places->of[number - first];
	return ItemPointerIsValid(place) ? place : NULL;
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

/* Keeps a page out of the row's value, which may be long and stand elsewhere. */
static void
keep_value(int64 number, Datum stored)
{
	Datum		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(stored));

	keep_page(number, value);
	if (value != stored)
		pfree(DatumGetPointer(value));
}

/* Keeps of a page what is the record's, until the next one's is kept. */
static void
keep_part(int64 number, int64 node, Datum value)
{
	int			place = graph_page_place(node);
	PackedPage	page;
	size_t		length = 0;

	part_node = -1;
	if (!graph_page_open((const uint8 *) VARDATA_ANY(DatumGetPointer(value)), VARSIZE_ANY_EXHDR(DatumGetPointer(value)),
						 &page))
		damaged(number);
	for (int arriving = 0; arriving < 2; arriving++)
		length += graph_page_bytes(&page, arriving, place);
	if (part_capacity < length)
	{
		part_capacity = 0;
		if (part_bytes)
			pfree(part_bytes);
		part_bytes = NULL;
		part_bytes = MemoryContextAllocHuge(context, length * 2);
		part_capacity = length * 2;
	}
	length = 0;
	for (int arriving = 0; arriving < 2; arriving++)
	{
		size_t		bytes = graph_page_bytes(&page, arriving, place);

		part.first[arriving][place] = length;
		memcpy(part_bytes + length, page.runs + page.first[arriving][place], bytes);
		length += bytes;
		part.first[arriving][place + 1] = length;
	}
	part.runs = part_bytes;
	add_page(number, &asked_page);
	part_node = node;
	parts_read++;
}

/* The page of a record whose row a place leads to; false: it is not there. */
static bool
read_at(Snapshot snapshot, const ItemPointerData *place, int64 number, int64 node)
{
	ItemPointerData row = *place;
	TupleDesc	descriptor = RelationGetDescr(table);
	HeapTupleData tuple;
	Buffer		buffer;
	Datum		elsewhere = (Datum) 0;
	bool		there;

	/* the table may have been written anew since the index was asked */
	if (ItemPointerGetBlockNumber(&row) >= block_count)
		return false;
	buffer = ReadBuffer(table, ItemPointerGetBlockNumber(&row));
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	there = heap_hot_search_buffer(&row, table, buffer, snapshot, &tuple, NULL, true);
	if (there)
	{
		bool		isnull;
		Datum		value = heap_getattr(&tuple, PAGE_BYTES + 1, descriptor, &isnull);

		there = value != (Datum) 0 &&
			DatumGetInt64(heap_getattr(&tuple, PAGE_NUMBER + 1, descriptor, &isnull)) == number;
		if (there && (VARATT_IS_EXTERNAL(DatumGetPointer(value)) || VARATT_IS_COMPRESSED(DatumGetPointer(value))))
			elsewhere = datumCopy(value, false, -1);
		else if (there && parts_read < PARTS && place_of(number)->page == NULL)
			keep_part(number, node, value);
		else if (there)
			keep_page(number, value);
	}
	UnlockReleaseBuffer(buffer);
	if (elsewhere)
		keep_value(number, elsewhere);
	return there;
}

/* The page by the index, wherever it stands. */
static void
read_by_index(Snapshot snapshot, int64 number)
{
	bool		isnull;

	begin_scan(snapshot, number, number);
	if (index_getnext_slot(scan, ForwardScanDirection, slot))
		keep_value(number, slot_getattr(slot, PAGE_BYTES + 1, &isnull));
	else
		add_page(number, &empty_page);
}

/* Reads the page of a record, or the record's part, as the snapshot sees it. */
static void
read_page(Snapshot snapshot, int64 number, int64 node)
{
	const ItemPointerData *place;

	if (table == NULL)
		open_pages();
	place = find_place(snapshot, number);
	if (place == NULL)
		add_page(number, &empty_page);
	else if (!read_at(snapshot, place, number, node))
		read_by_index(snapshot, number);
}

/* The cache starts anew, with the same pack. */
static void
forget_pages(void)
{
	int64		generation = pack.generation;

	pack.generation = 0;
	for (size_t i = 0; i < place_count; i++)
		if (pages[i].page && pages[i].page != &empty_page && pages[i].page != &asked_page)
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
	if (part_node == node)
		return &part;
	recent = *place_of(number);
	if (recent.page == NULL || recent.page == &asked_page)
	{
		if (memory.used > (size_t) itsm_graph_memory * 1024)
			forget_pages();
		read_page(snapshot, number, node);
		recent = *place_of(number);
	}
	if (recent.page != &asked_page)
		return recent.page;
	recent.page = NULL;
	return &part;
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

	if (page == NULL || page == &asked_page)
		return;
	first = &page->first[as_target][graph_page_place(node)];
	__builtin_prefetch(near ? (const void *) (page->runs + *first) : (const void *) first);
}

void
itsm_graph_pack_end(void)
{
	if (scan)
	{
		index_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
		index_close(pages_index, AccessShareLock);
		scan = NULL;
	}
	if (table)
	{
		table_close(table, AccessShareLock);
		table = NULL;
	}
}
