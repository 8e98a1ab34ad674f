/*
 * own_table.c
 *		The extension's own tables, kept open for a statement.
 *
 * Memory: what is kept lies in a context of its own below
 * TopTransactionContext.  Resource owners: relations, locks and the buffer
 * pins of scans belong to the transaction's, so that a subtransaction's abort
 * leaves them whole, also one that cuts a scan short.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "common/hashfn.h"
#include "core/own_table.h"
#include "storage/bufmgr.h"
#include "storage/smgr.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

/* Of a page it is remembered where whose row is. */
typedef struct OwnPage
{
	BlockNumber block;
	int			count;			/* of rows; VISITED: the index has led here once */
	uint32		used;			/* when it was, by the probe's count of uses */
	uint32		hashes[MaxHeapTuplesPerPage];	/* of the values of the probe's first column */
	OffsetNumber offsets[MaxHeapTuplesPerPage];
} OwnPage;

#define VISITED (-1)

/* Rows lie in the order in which they are asked for: of the last guesses most were right. */
#define TRUST_MOST 3
#define TRUSTED 2

/* A look-up that is invalidated under way is done once more; after that the next opening does it anew. */
#define LOOK_UP_ATTEMPTS 2

static OwnTable *tables = NULL;	/* all that were ever opened */
static MemoryContext kept = NULL;	/* NULL: nothing is kept open now */
static int	keepers = 0;		/* contexts for which it is kept */
static bool committing = false; /* nothing is kept from here on */

/* Marks, and does nothing else: it may be called at any time. */
static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	for (OwnTable *table = tables; table; table = table->next)
	{
		/* one without an OID is being looked up */
		if (!OidIsValid(relation) || !OidIsValid(table->oid) || table->oid == relation)
			table->stale = true;
		for (int i = 0; i < table->probe_count; i++)
			if (table->probes[i].oid == relation)
				table->stale = true;
	}
}

/* Their memory at once: much may be invalidated in a statement, and be opened anew. */
static void
free_pages(OwnTable *table)
{
	for (int i = 0; i < table->probe_count; i++)
	{
		void	   *pages = table->probes[i].pages;

		table->probes[i].pages = NULL;
		table->probes[i].asked = false;
		if (pages)
			pfree(pages);
	}
}

static void
close_kept(OwnTable *table)
{
	ResourceOwner caller = CurrentResourceOwner;

	free_pages(table);
	CurrentResourceOwner = TopTransactionResourceOwner;
	for (int i = 0; i < table->probe_count; i++)
	{
		IndexScanDesc scan = table->probes[i].scan;

		if (scan)
		{
			Relation	index = scan->indexRelation;

			table->probes[i].scan = NULL;
			index_endscan(scan);
			index_close(index, NoLock);
		}
	}
	if (table->indexes.relations)
		itsm_indexes_close(&table->indexes);
	table->kept = false;
	table_close(table->relation, NoLock);
	CurrentResourceOwner = caller;
}

static void
close_all(void)
{
	if (kept == NULL)
		return;
	for (OwnTable *table = tables; table; table = table->next)
		if (table->kept)
			close_kept(table);
	MemoryContextDelete(kept);
	kept = NULL;
}

static void
end_keeping(void *argument)
{
	if (--keepers == 0)
		close_all();
}

/* The end of the transaction releases it all. */
static void
forget(void)
{
	for (OwnTable *table = tables; table; table = table->next)
	{
		table->kept = false;
		for (int i = 0; i < table->probe_count; i++)
		{
			table->probes[i].scan = NULL;
			table->probes[i].pages = NULL;
			table->probes[i].asked = false;
		}
		memset(&table->indexes, 0, sizeof(TableIndexes));
	}
	kept = NULL;
	committing = false;
}

static void
on_transaction(XactEvent event, void *argument)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			close_all();
			committing = true;
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_ABORT:
			forget();
			break;
		default:
			break;
	}
}

void
itsm_own_keep(MemoryContext context)
{
	static bool registered = false;
	MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	if (!registered)
	{
		RegisterXactCallback(on_transaction, NULL);
		registered = true;
	}
	callback->func = end_keeping;
	MemoryContextRegisterResetCallback(context, callback);
	keepers++;
}

static void
look_up(OwnTable *table)
{
	if (!table->known)
	{
		if (tables == NULL)
			CacheRegisterRelcacheCallback(on_relcache_invalidation, (Datum) 0);
		table->next = tables;
		tables = table;
		table->known = true;
		table->stale = true;
		for (int i = 0; i < table->probe_count; i++)
			for (int j = 0; j < table->probes[i].key_count; j++)
			{
				ScanKey		key = &table->probes[i].scan_keys[j];

				ScanKeyInit(key, j + 1, BTEqualStrategyNumber, table->probes[i].keys[j].equal, (Datum) 0);
				if (table->probes[i].keys[j].equal == F_TEXTEQ)
					key->sk_collation = C_COLLATION_OID;
			}
	}
	for (int attempt = 1; (table->stale || !OidIsValid(table->oid)) && attempt <= LOOK_UP_ATTEMPTS; attempt++)
	{
		table->oid = InvalidOid;
		table->stale = false;
		for (int i = 0; i < table->probe_count; i++)
			table->probes[i].oid = itsm_relation(table->probes[i].index);
		table->oid = itsm_relation(table->name);
	}
}

static void
open_kept(OwnTable *table)
{
	ResourceOwner caller = CurrentResourceOwner;

	if (kept == NULL)
		kept = AllocSetContextCreate(TopTransactionContext, "itsm tables kept open", ALLOCSET_SMALL_SIZES);
	CurrentResourceOwner = TopTransactionResourceOwner;
	table->relation = table_open(table->oid, RowExclusiveLock);
	table->kept = true;
	table->pruned = InvalidBlockNumber;
	for (int i = 0; i < table->probe_count; i++)
	{
		ItemPointerSetInvalid(&table->probes[i].next);
		table->probes[i].trust = TRUST_MOST;
	}
	CurrentResourceOwner = caller;
}

Relation
itsm_own_open(OwnTable *table, LOCKMODE lockmode)
{
	if (table->kept && !table->stale)
		return table->relation;
	if (table->kept)
		close_kept(table);
	look_up(table);
	if (keepers > 0 && !committing)
		open_kept(table);
	else
		table->relation = table_open(table->oid, lockmode);
	return table->relation;
}

void
itsm_own_close(OwnTable *table, LOCKMODE lockmode)
{
	if (!table->kept)
		table_close(table->relation, lockmode == AccessShareLock ? lockmode : NoLock);
}

bool
itsm_own_is_known(const OwnTable *table)
{
	return OidIsValid(table->oid) && !table->stale;
}

void
itsm_own_rename(OwnTable *table, const char *name)
{
	if (table->kept)
		close_kept(table);
	table->name = name;
	table->oid = InvalidOid;
}

static bool
has_values(Relation table, const OwnProbe *probe, HeapTuple tuple, const Datum *values)
{
	for (int i = 0; i < probe->key_count; i++)
	{
		AttrNumber	column = probe->keys[i].column;
		bool		isnull;
		Datum		value = heap_getattr(tuple, column, RelationGetDescr(table), &isnull);

		if (isnull || !itsm_same_datum(value, values[i], TupleDescAttr(RelationGetDescr(table), column - 1)))
			return false;
	}
	return true;
}

/*
 * Clears away what nobody sees any more, so that updates stay on the page, as
 * scans do it; but not with every update of a page that is half empty by its
 * fillfactor: when an eighth of it is left.
 */
static void
prune(OwnTable *table, Buffer buffer)
{
	if (table->pruned == BufferGetBlockNumber(buffer) ||
		PageGetHeapFreeSpace(BufferGetPage(buffer)) > BLCKSZ / 8)
		return;
	heap_page_prune_opt(table->relation, buffer);
	table->pruned = BufferGetBlockNumber(buffer);
}

/* Pins a page; one looked at lately is mostly in its buffer still, which spares the look for it. */
static Buffer
read_page(OwnTable *table, BlockNumber block)
{
	int			place = block % OWN_PAGES;

	if (table->recent[place].block == block && BufferIsValid(table->recent[place].buffer) &&
		itsm_read_recent_buffer(table->relation, block, table->recent[place].buffer))
		return table->recent[place].buffer;
	table->recent[place].block = block;
	return table->recent[place].buffer = ReadBuffer(table->relation, block);
}

/* The visible row of the chain that begins at a place; with "values" only if it has them. */
static HeapTuple
fetch(OwnTable *table, ItemPointer root, const OwnProbe *probe, const Datum *values, bool *all_dead)
{
	ItemPointerData place = *root;
	Buffer		buffer = read_page(table, ItemPointerGetBlockNumber(root));
	HeapTupleData tuple;
	HeapTuple	found = NULL;

	prune(table, buffer);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (heap_hot_search_buffer(&place, table->relation, buffer, SnapshotSelf, &tuple, all_dead, true) &&
		(values == NULL || has_values(table->relation, probe, &tuple, values)))
		found = heap_copytuple(&tuple);
	UnlockReleaseBuffer(buffer);
	return found;
}

static IndexScanDesc
scan_of(OwnTable *table, OwnProbe *probe)
{
	if (probe->scan == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(kept);
		Relation	index = index_open(probe->oid, RowExclusiveLock);

		probe->scan = itsm_index_beginscan(table->relation, index, SnapshotSelf, probe->key_count, 0);
		MemoryContextSwitchTo(caller);
	}
	return probe->scan;
}

/* The keys by columns of the table, for a scan that is not kept. */
static void
table_keys(OwnProbe *probe, const Datum *values, ScanKey keys)
{
	memcpy(keys, probe->scan_keys, sizeof(ScanKeyData) * probe->key_count);
	for (int i = 0; i < probe->key_count; i++)
	{
		keys[i].sk_attno = probe->keys[i].column;
		keys[i].sk_argument = values[i];
	}
}

static HeapTuple
find_by_scan(OwnTable *table, OwnProbe *probe, const Datum *values)
{
	ScanKeyData keys[OWN_KEYS];

	table_keys(probe, values, keys);
	return itsm_table_find(table->relation, probe->oid, SnapshotSelf, probe->key_count, keys);
}

static HeapTuple
find_by_index(OwnTable *table, OwnProbe *probe, const Datum *values, ItemPointer place)
{
	IndexScanDesc scan = scan_of(table, probe);
	HeapTuple	found = NULL;
	bool		versions = false;
	ItemPointer root;
	MemoryContext caller = MemoryContextSwitchTo(kept);

	for (int i = 0; i < probe->key_count; i++)
		probe->scan_keys[i].sk_argument = values[i];
	index_rescan(scan, probe->scan_keys, probe->key_count, NULL, 0);
	while (found == NULL && (root = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		bool		all_dead = false;

		versions = true;
		*place = *root;
		MemoryContextSwitchTo(caller);
		found = fetch(table, root, NULL, NULL, &all_dead);
		MemoryContextSwitchTo(kept);
		/* lets the index forget entries of rows that nobody can see any more */
		scan->kill_prior_tuple = all_dead && !scan->xactStartedInRecovery;
	}
	/* gives up the pin on the page */
	index_rescan(scan, NULL, probe->key_count, NULL, 0);
	MemoryContextSwitchTo(caller);
	if (found || !versions)
		return found;
	/* there are versions, none of which holds: unless it was updated meanwhile (itsm_snapshot_now) */
	ItemPointerSetInvalid(place);
	return find_by_scan(table, probe, values);
}

/* By what a row is told apart on a page: the values of the other columns are mostly the same. */
static uint32
hash_of(const OwnTable *table, const OwnProbe *probe, Datum value)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table->relation), probe->keys[0].column - 1);

	return datum_image_hash(value, attribute->attbyval, attribute->attlen);
}

/* Notes where whose row is on a page. */
static void
note_rows(OwnTable *table, const OwnProbe *probe, OwnPage *page)
{
	TupleDesc	descriptor = RelationGetDescr(table->relation);
	Form_pg_attribute attribute = TupleDescAttr(descriptor, probe->keys[0].column - 1);
	Buffer		buffer = read_page(table, page->block);
	OffsetNumber last;

	page->count = 0;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	last = PageGetMaxOffsetNumber(BufferGetPage(buffer));
	for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset++)
	{
		ItemPointerData place;
		HeapTupleData tuple;
		bool		isnull;
		Datum		value;

		ItemPointerSet(&place, page->block, offset);
		if (!heap_hot_search_buffer(&place, table->relation, buffer, SnapshotSelf, &tuple, NULL, true))
			continue;
		value = heap_getattr(&tuple, probe->keys[0].column, descriptor, &isnull);
		/* not worth a look into another table while the page is locked */
		if (isnull || (attribute->attlen == -1 && VARATT_IS_EXTERNAL(DatumGetPointer(value))))
			continue;
		page->hashes[page->count] = hash_of(table, probe, value);
		page->offsets[page->count++] = offset;
	}
	UnlockReleaseBuffer(buffer);
}

/* The place for a page that is not known: that of the page used least lately. */
static OwnPage *
make_room(OwnProbe *probe, BlockNumber block)
{
	OwnPage    *oldest = &probe->pages[0];

	for (int i = 1; i < OWN_PAGES; i++)
		if (probe->pages[i].used < oldest->used)
			oldest = &probe->pages[i];
	oldest->block = block;
	oldest->count = VISITED;
	return oldest;
}

/*
 * The index has led to a page.  If it does so again, or if the page before it
 * is known, so that rows are asked for in their order after all, it pays to
 * know the page.
 */
static void
note_page(OwnTable *table, OwnProbe *probe, BlockNumber block)
{
	OwnPage    *page = NULL;
	bool		again = false;

	if (!probe->asked)
	{
		probe->asked = true;
		return;
	}
	if (probe->pages == NULL)
	{
		probe->pages = MemoryContextAllocZero(kept, sizeof(OwnPage) * OWN_PAGES);
		for (int i = 0; i < OWN_PAGES; i++)
			probe->pages[i].block = InvalidBlockNumber;
		probe->page = 0;
		probe->uses = 0;
	}
	for (int i = 0; i < OWN_PAGES; i++)
	{
		if (probe->pages[i].block == block)
			page = &probe->pages[i];
		else if (probe->pages[i].block == block - 1 && probe->pages[i].count > 0)
			again = true;
	}
	if (page)
		again = true;
	else
		page = make_room(probe, block);
	page->used = ++probe->uses;
	if (again)
		note_rows(table, probe, page);
}

/* The row with these values on a page that is known; *place is set to where it is. */
static HeapTuple
find_on_page(OwnTable *table, OwnProbe *probe, int number, uint32 hash, const Datum *values, ItemPointer place)
{
	OwnPage    *page = &probe->pages[number];

	for (int row = 0; row < page->count; row++)
		if (page->hashes[row] == hash)
		{
			HeapTuple	found;

			ItemPointerSet(place, page->block, page->offsets[row]);
			found = fetch(table, place, probe, values, NULL);
			if (found)
			{
				page->used = ++probe->uses;
				probe->page = number;
				return found;
			}
		}
	return NULL;
}

/* The same on all of them; first on the one where a row was found last. */
static HeapTuple
find_on_pages(OwnTable *table, OwnProbe *probe, const Datum *values, ItemPointer place)
{
	uint32		hash = hash_of(table, probe, values[0]);
	int			last = probe->page;
	HeapTuple	found = find_on_page(table, probe, last, hash, values, place);

	for (int i = 0; found == NULL && i < OWN_PAGES; i++)
		if (i != last)
			found = find_on_page(table, probe, i, hash, values, place);
	return found;
}

/* False for a place that was one in another file: before VACUUM FULL, or before the dump. */
static bool
exists(OwnTable *table, ItemPointer place)
{
	BlockNumber block = ItemPointerGetBlockNumber(place);
	BlockNumber known = RelationGetSmgr(table->relation)->smgr_cached_nblocks[MAIN_FORKNUM];

	/* what was seen last is a lower bound: who shortens a table has all forget it, under a lock that we hold */
	if (known != InvalidBlockNumber && block < known)
		return true;
	return block < RelationGetNumberOfBlocks(table->relation);
}

/* The first place of the page behind another one's. */
static ItemPointerData
next_page(const ItemPointerData *place)
{
	ItemPointerData first;

	ItemPointerSet(&first, ItemPointerGetBlockNumber(place) + 1, FirstOffsetNumber);
	return first;
}

/* The row with these values if it is the one behind the last one, on its page or the next. */
static HeapTuple
find_behind(OwnTable *table, OwnProbe *probe, const Datum *values, ItemPointer place)
{
	HeapTuple	found;

	*place = probe->next;
	found = fetch(table, place, probe, values, NULL);
	if (found)
		return found;
	*place = next_page(&probe->next);
	return exists(table, place) ? fetch(table, place, probe, values, NULL) : NULL;
}

/* Learns from where a row was found: was it where "next" said?  And what will be next? */
static void
learn(OwnProbe *probe, ItemPointer found)
{
	if (ItemPointerIsValid(&probe->next))
	{
		ItemPointerData first = next_page(&probe->next);

		if (ItemPointerEquals(found, &probe->next) || ItemPointerEquals(found, &first))
			probe->trust = Min(probe->trust + 1, TRUST_MOST);
		else
			probe->trust = Max(probe->trust - 1, 0);
	}
	probe->next = *found;
	ItemPointerSetOffsetNumber(&probe->next, ItemPointerGetOffsetNumber(found) + 1);
}

/*
 * Who knows the place of the row is spared the index.  Else, in bulk, the next
 * row asked for stands behind the one before, or, where rows were updated one
 * by one, at least on one of the pages seen last: where its chain of versions
 * begins does not move.  A look there costs a fifth of a descent, and proves
 * itself by the row's values.
 */
static HeapTuple
find_kept(OwnTable *table, OwnProbe *probe, const Datum *values, ItemPointer place)
{
	ResourceOwner caller = CurrentResourceOwner;
	HeapTuple	found = NULL;
	ItemPointerData root;

	CurrentResourceOwner = TopTransactionResourceOwner;
	if (place && ItemPointerIsValid(place) && exists(table, place))
	{
		root = *place;
		found = fetch(table, &root, probe, values, NULL);
	}
	if (found == NULL && probe->trust >= TRUSTED && ItemPointerIsValid(&probe->next))
		found = find_behind(table, probe, values, &root);
	if (found == NULL && probe->pages)
		found = find_on_pages(table, probe, values, &root);
	if (found == NULL)
	{
		found = find_by_index(table, probe, values, &root);
		if (found && ItemPointerIsValid(&root))
			note_page(table, probe, ItemPointerGetBlockNumber(&root));
	}
	if (found && ItemPointerIsValid(&root))
	{
		if (place)
			*place = root;
		learn(probe, &root);
	}
	CurrentResourceOwner = caller;
	return found;
}

HeapTuple
itsm_own_find(OwnTable *table, int probe, const Datum *values, ItemPointer place)
{
	if (table->kept)
		return find_kept(table, &table->probes[probe], values, place);
	return find_by_scan(table, &table->probes[probe], values);
}

void
itsm_own_await(OwnTable *table, int probe, const Datum *values)
{
	ScanKeyData keys[OWN_KEYS];

	table_keys(&table->probes[probe], values, keys);
	itsm_table_await(table->relation, table->probes[probe].oid, table->probes[probe].key_count, keys);
}

/* The table's indexes: kept with the table, or those given, to be closed by end_indexes. */
static TableIndexes *
begin_indexes(OwnTable *table, TableIndexes *own)
{
	if (!table->kept)
	{
		itsm_indexes_open(table->relation, own);
		return own;
	}
	if (table->indexes.relations == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(kept);
		ResourceOwner owner = CurrentResourceOwner;

		CurrentResourceOwner = TopTransactionResourceOwner;
		itsm_indexes_open(table->relation, &table->indexes);
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(caller);
	}
	return &table->indexes;
}

static void
end_indexes(OwnTable *table, TableIndexes *indexes)
{
	if (!table->kept)
		itsm_indexes_close(indexes);
}

void
itsm_own_insert(OwnTable *table, Datum *values, bool *nulls)
{
	TableIndexes own;
	TableIndexes *indexes = begin_indexes(table, &own);
	ItemPointerData place = itsm_indexes_insert(table->relation, indexes, values, nulls);

	itsm_table_grow(table->relation, indexes, &table->growth, &place);
	end_indexes(table, indexes);
}

bool
itsm_own_insert_new(OwnTable *table, Datum *values, bool *nulls)
{
	TableIndexes own;
	TableIndexes *indexes = begin_indexes(table, &own);
	ItemPointerData place = itsm_indexes_insert_new(table->relation, indexes, values, nulls);

	itsm_table_grow(table->relation, indexes, &table->growth, &place);
	end_indexes(table, indexes);
	return ItemPointerIsValid(&place);
}

bool
itsm_own_update(OwnTable *table, HeapTuple old, Datum *values, bool *nulls)
{
	HeapTuple	tuple = itsm_table_replace(table->relation, old, values, nulls);

	if (tuple == NULL)
		return false;
	if (!HeapTupleIsHeapOnly(tuple))
	{
		TableIndexes own;
		TableIndexes *indexes = begin_indexes(table, &own);

		itsm_indexes_add_version(table->relation, indexes, old, tuple, values, nulls);
		end_indexes(table, indexes);
	}
	heap_freetuple(tuple);
	return true;
}
