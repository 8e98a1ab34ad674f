/*
 * seal_scan.c
 *		A scan over the pages of itsm.event that may hold something new.
 *
 * Memory: flat.  Locking: partitions are locked against DDL until the
 * transaction ends; pages as a sequential scan does.  Writers wait for nothing.
 */
#include "core/itsm.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "core/table.h"
#include "ledger/event.h"
#include "ledger/partition.h"
#include "ledger/seal_scan.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"

void
itsm_seal_scan_begin(SealScan *scan)
{
	scan->partitions = itsm_event_partitions(AccessShareLock);
}

static bool
is_changed(const SealScan *scan, XLogRecPtr lsn)
{
	/* what was written without the log has none */
	return XLogRecPtrIsInvalid(lsn) || lsn > scan->since;
}

/* True when the visibility map tells that nothing was added to a page. */
static bool
may_pass_over(const SealScan *scan, Relation table, BlockNumber block, Buffer *map)
{
	if (XLogRecPtrIsInvalid(scan->since) ||
		!(visibilitymap_get_status(table, block, map) & VISIBILITYMAP_ALL_VISIBLE))
		return false;
	return BufferIsValid(*map) && !is_changed(scan, BufferGetLSNAtomic(*map));
}

/* What is visible on a page, by offset. */
static int
visible_rows(const SealScan *scan, Relation table, Buffer buffer, OffsetNumber *offsets)
{
	Page		page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);
	int			count = 0;

	for (OffsetNumber offset = FirstOffsetNumber; offset <= PageGetMaxOffsetNumber(page); offset++)
	{
		ItemId		item = PageGetItemId(page, offset);
		HeapTupleData tuple;

		if (!ItemIdIsNormal(item))
			continue;
		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(table);
		ItemPointerSet(&tuple.t_self, block, offset);
		if (HeapTupleSatisfiesVisibility(&tuple, scan->snapshot, buffer))
			offsets[count++] = offset;
	}
	return count;
}

static void
tell_row(const SealScan *scan, TupleDesc descriptor, HeapTuple tuple)
{
	EventMark	mark;
	FoundEvent	event;
	bool		own;

	if (!itsm_event_mark_origin(descriptor, tuple, &mark))
		return;
	own = mark.system == scan->system && mark.timeline == scan->timeline;
	if (own && (mark.xid >= scan->horizon || (mark.xid < scan->sealed_before && !scan->thorough)))
		return;
	itsm_event_mark_rest(descriptor, tuple, &mark);
	event.record = mark.record;
	event.version = mark.version;
	event.at = mark.at;
	event.tenant = VARDATA_ANY(mark.tenant);
	event.tenant_length = VARSIZE_ANY_EXHDR(mark.tenant);
	event.hash = mark.hash;
	event.doubtful = !scan->certain && (!own || scan->doubtful);
	scan->found(scan->argument, &event);
}

static void
scan_page(const SealScan *scan, Relation table, BlockNumber block, BufferAccessStrategy strategy)
{
	Buffer		buffer = ReadBufferExtended(table, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
	Page		page = BufferGetPage(buffer);
	OffsetNumber offsets[MaxHeapTuplesPerPage];
	int			count = 0;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (!PageIsNew(page) && is_changed(scan, BufferGetLSNAtomic(buffer)))
		count = visible_rows(scan, table, buffer, offsets);
	/* rows stay where they are while the page is pinned */
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	for (int i = 0; i < count; i++)
	{
		ItemId		item = PageGetItemId(page, offsets[i]);
		HeapTupleData tuple;

		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(table);
		ItemPointerSet(&tuple.t_self, block, offsets[i]);
		tell_row(scan, RelationGetDescr(table), &tuple);
	}
	ReleaseBuffer(buffer);
}

/* False when it was stopped. */
static bool
scan_partition(SealScan *scan, Oid partition)
{
	Relation	table = table_open(partition, NoLock);
	BlockNumber blocks = RelationGetNumberOfBlocks(table);
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
	Buffer		map = InvalidBuffer;
	BlockNumber block = scan->partition ? scan->block : 0;
	bool		stopped = false;

	while (block < blocks && !stopped)
	{
		CHECK_FOR_INTERRUPTS();
		if (!may_pass_over(scan, table, block, &map))
		{
			scan_page(scan, table, block, strategy);
			stopped = scan->page_done(scan->argument);
		}
		block++;
	}
	if (BufferIsValid(map))
		ReleaseBuffer(map);
	FreeAccessStrategy(strategy);
	if (stopped)
	{
		scan->partition = pstrdup(RelationGetRelationName(table));
		scan->file = itsm_relation_file(table);
		scan->block = block;
	}
	table_close(table, NoLock);
	return !stopped;
}

/* Where to go on among the partitions; -1 when that is not there any more. */
static int
find_start(const SealScan *scan)
{
	ListCell   *cell;

	if (scan->partition == NULL)
		return 0;
	foreach(cell, scan->partitions)
	{
		Relation	table = table_open(lfirst_oid(cell), NoLock);
		bool		found = strcmp(RelationGetRelationName(table), scan->partition) == 0 &&
			itsm_relation_file(table) == scan->file;

		table_close(table, NoLock);
		if (found)
			return foreach_current_index(cell);
	}
	return -1;
}

void
itsm_seal_scan_run(SealScan *scan)
{
	int			start = find_start(scan);

	if (start < 0)
	{
		scan->partition = NULL;
		scan->doubtful = true;
		start = 0;
	}
	for (int i = start; i < list_length(scan->partitions); i++)
	{
		if (!scan_partition(scan, list_nth_oid(scan->partitions, i)))
			return;
		scan->partition = NULL;
	}
}
