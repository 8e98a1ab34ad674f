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

/* Pages of which it is remembered where whose row is; a page has its place by its number. */
#define PAGES 8

typedef struct OwnPage
{
	BlockNumber block;
	int			count;			/* of rows; VISITED: the index has led here once */
	uint32		hashes[MaxHeapTuplesPerPage];	/* of the values of the probe's columns */
	OffsetNumber offsets[MaxHeapTuplesPerPage];
} OwnPage;

#define VISITED (-1)

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

/* Their memory is that of what is kept. */
static void
forget_pages(OwnTable *table)
{
	for (int i = 0; i < table->probe_count; i++)
	{
		table->probes[i].pages = NULL;
		table->probes[i].asked = false;
	}
}

static void
close_kept(OwnTable *table)
{
	ResourceOwner caller = CurrentResourceOwner;

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
	forget_pages(table);
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
		forget_pages(table);
		for (int i = 0; i < table->probe_count; i++)
			table->probes[i].scan = NULL;
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
	while (table->stale || !OidIsValid(table->oid))
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
		ItemPointerSetInvalid(&table->probes[i].next);
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
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table), column - 1);
		bool		isnull;
		Datum		value = heap_getattr(tuple, column, RelationGetDescr(table), &isnull);

		if (isnull || !datum_image_eq(value, values[i], attribute->attbyval, attribute->attlen))
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

/* The visible row of the chain that begins at a place; with "values" only if it has them. */
static HeapTuple
fetch(OwnTable *table, ItemPointer root, const OwnProbe *probe, const Datum *values, bool *all_dead)
{
	ItemPointerData place = *root;
	Buffer		buffer = ReadBuffer(table->relation, ItemPointerGetBlockNumber(root));
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

		probe->scan = index_beginscan(table->relation, index, SnapshotSelf, probe->key_count, 0);
		MemoryContextSwitchTo(caller);
	}
	return probe->scan;
}

static HeapTuple
find_by_index(OwnTable *table, OwnProbe *probe, const Datum *values, ItemPointer place)
{
	IndexScanDesc scan = scan_of(table, probe);
	HeapTuple	found = NULL;
	ItemPointer root;
	MemoryContext caller = MemoryContextSwitchTo(kept);

	for (int i = 0; i < probe->key_count; i++)
		probe->scan_keys[i].sk_argument = values[i];
	index_rescan(scan, probe->scan_keys, probe->key_count, NULL, 0);
	while (found == NULL && (root = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		bool		all_dead = false;

		*place = *root;
		MemoryContextSwitchTo(caller);
		found = fetch(table, root, NULL, NULL, &all_dead);
		MemoryContextSwitchTo(kept);
		/* lets the index forget entries of rows that nobody can see any more */
		scan->kill_prior_tuple = all_dead && !scan->xactStartedInRecovery;
	}
	/* gives up the pin on the page */
	index_rescan(scan, NULL, 0, NULL, 0);
	MemoryContextSwitchTo(caller);
	return found;
}

/* Notes where whose row is on a page. */
static void
note_rows(OwnTable *table, const OwnProbe *probe, OwnPage *page)
{
	TupleDesc	descriptor = RelationGetDescr(table->relation);
	Buffer		buffer = ReadBuffer(table->relation, page->block);
	OffsetNumber last;

	page->count = 0;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	last = PageGetMaxOffsetNumber(BufferGetPage(buffer));
	for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset++)
	{
		ItemPointerData place;
		HeapTupleData tuple;
		uint32		hash = 0;
		int			column = 0;

		ItemPointerSet(&place, page->block, offset);
		if (!heap_hot_search_buffer(&place, table->relation, buffer, SnapshotSelf, &tuple, NULL, true))
			continue;
		for (; column < probe->key_count; column++)
		{
			Form_pg_attribute attribute = TupleDescAttr(descriptor, probe->keys[column].column - 1);
			bool		isnull;
			Datum		value = heap_getattr(&tuple, probe->keys[column].column, descriptor, &isnull);

			/* not worth a look into another table while the page is locked */
			if (isnull || (attribute->attlen == -1 && VARATT_IS_EXTERNAL(DatumGetPointer(value))))
				break;
			hash = hash_combine(hash, datum_image_hash(value, attribute->attbyval, attribute->attlen));
		}
		if (column < probe->key_count)
			continue;
		page->hashes[page->count] = hash;
		page->offsets[page->count++] = offset;
	}
	UnlockReleaseBuffer(buffer);
}

/* The index has led to a page: if it does so again, it pays to know the page. */
static void
note_page(OwnTable *table, OwnProbe *probe, BlockNumber block)
{
	OwnPage    *page;

	if (!probe->asked)
	{
		probe->asked = true;
		return;
	}
	if (probe->pages == NULL)
	{
		probe->pages = MemoryContextAlloc(kept, sizeof(OwnPage) * PAGES);
		for (int i = 0; i < PAGES; i++)
			probe->pages[i].block = InvalidBlockNumber;
	}
	page = &probe->pages[block % PAGES];
	if (page->block != block)
	{
		page->block = block;
		page->count = VISITED;
	}
	else if (page->count == VISITED)
		note_rows(table, probe, page);
}

/* The row with these values on one of the pages that are known; *place is set to where it is. */
static HeapTuple
find_on_pages(OwnTable *table, OwnProbe *probe, const Datum *values, ItemPointer place)
{
	uint32		hash = 0;

	for (int i = 0; i < probe->key_count; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table->relation),
													probe->keys[i].column - 1);

		hash = hash_combine(hash, datum_image_hash(values[i], attribute->attbyval, attribute->attlen));
	}
	for (int i = 0; i < PAGES; i++)
	{
		const OwnPage *page = &probe->pages[i];

		if (page->block == InvalidBlockNumber)
			continue;
		for (int row = 0; row < page->count; row++)
			if (page->hashes[row] == hash)
			{
				HeapTuple	found;

				ItemPointerSet(place, page->block, page->offsets[row]);
				found = fetch(table, place, probe, values, NULL);
				if (found)
					return found;
			}
	}
	return NULL;
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

/*
 * Who knows the place of the row is spared the index.  Else, in bulk, the next
 * row asked for stands behind the one before, or, where rows were updated one
 * by one, at least on the same page: where its chain of versions begins does
 * not move.  A look there costs a fifth of a descent, and proves itself by the
 * row's values.
 */
static HeapTuple
find_kept(OwnTable *table, OwnProbe *probe, const Datum *values, ItemPointer place)
{
	ResourceOwner caller = CurrentResourceOwner;
	HeapTuple	found = NULL;
	ItemPointerData root;

	CurrentResourceOwner = TopTransactionResourceOwner;
	if (place && ItemPointerIsValid(place) && exists(table, place))
		found = fetch(table, place, probe, values, NULL);
	if (found)
		root = *place;
	if (found == NULL && probe->pages)
		found = find_on_pages(table, probe, values, &root);
	if (found == NULL && ItemPointerIsValid(&probe->next))
	{
		root = probe->next;
		found = fetch(table, &root, probe, values, NULL);
	}
	if (found == NULL)
	{
		found = find_by_index(table, probe, values, &root);
		if (found)
			note_page(table, probe, ItemPointerGetBlockNumber(&root));
	}
	ItemPointerSetInvalid(&probe->next);
	if (found)
	{
		if (place)
			*place = root;
		probe->next = root;
		ItemPointerSetOffsetNumber(&probe->next, ItemPointerGetOffsetNumber(&root) + 1);
	}
	CurrentResourceOwner = caller;
	return found;
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

HeapTuple
itsm_own_find(OwnTable *table, int probe, const Datum *values, ItemPointer place)
{
	ScanKeyData keys[OWN_KEYS];

	if (table->kept)
		return find_kept(table, &table->probes[probe], values, place);
	table_keys(&table->probes[probe], values, keys);
	return itsm_table_find(table->relation, table->probes[probe].oid, SnapshotSelf,
						   table->probes[probe].key_count, keys);
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

	itsm_indexes_insert(table->relation, indexes, values, nulls);
	end_indexes(table, indexes);
}

bool
itsm_own_insert_new(OwnTable *table, Datum *values, bool *nulls)
{
	TableIndexes own;
	TableIndexes *indexes = begin_indexes(table, &own);
	bool		inserted = itsm_indexes_insert_new(table->relation, indexes, values, nulls);

	end_indexes(table, indexes);
	return inserted;
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
