/*
 * seal.c
 *		itsm.seal(): finished events become leaves.
 *
 * One sealer at a time: who comes second waits for the first one's transaction.
 * Everything is done in the caller's transaction, so that a crash leaves
 * nothing half sealed; a limit makes batches of it.
 *
 * The order of the leaves is fixed here: by tenant, record and version within
 * what was read together, which keeps the versions of a record beside each
 * other.
 *
 * Memory: the events of a batch, and a size for each tenant met.
 */
#include "core/itsm.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "commands/async.h"
#include "common/hashfn.h"
#include "ledger/seal.h"
#include "ledger/seal_scan.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Events that are sorted and written together. */
#define BATCH_EVENTS 131072

/* Levels of tiles: more than any tree has. */
#define TILE_LEVELS (MERKLE_LEVELS / TILE_HEIGHT + 1)

#define TILES_AT_HAND 64

/* A tenant's tree as it grows. */
typedef struct SealLog
{
	const char *tenant;
	int			number;
	bool		grown;
	int64		size;
	uint8		root[MERKLE_LENGTH];
} SealLog;

typedef struct NamedLog
{
	const char *name;
	SealLog    *log;
} NamedLog;

typedef struct SealEntry
{
	int64		record;
	int64		version;
	int			log;			/* number */
	bool		doubtful;
	uint8		hash[MERKLE_LENGTH];
} SealEntry;

/* Hashes that wait to become a row of itsm.seal_tile. */
typedef struct TileRow
{
	uint64		first;
	int			count;
	uint8		hashes[TILE_WIDTH][MERKLE_LENGTH];
} TileRow;

typedef struct Sealer
{
	Seal		last;
	Seal		now;
	int64		at_most;
	MemoryContext context;
	MemoryContext batch;
	HTAB	   *logs_by_name;
	SealLog   **logs;			/* by number */
	int			log_count;
	int			log_room;
	SealLog    *log_met_last;
	SealEntry  *entries;
	int			count;
	SealRuns	runs;
	BulkInsert *run_rows;
	BulkInsert *tile_rows;
	const char *tenant;			/* whose tree is growing, and as a datum */
	Datum		tenant_datum;
	TileRow    *tiles;			/* by level */
} Sealer;

/* Tenants. */

static uint32
hash_name(const void *key, Size size)
{
	const char *name = *(const char *const *) key;

	return hash_bytes((const unsigned char *) name, strlen(name));
}

static int
match_names(const void *a, const void *b, Size size)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
make_logs(Sealer *sealer)
{
	HASHCTL		control = {.keysize = sizeof(const char *), .entrysize = sizeof(NamedLog),
	.hash = hash_name, .match = match_names, .hcxt = sealer->context};

	sealer->logs_by_name = hash_create("itsm sealed tenants", 64, &control,
									   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	sealer->log_room = 64;
	sealer->logs = MemoryContextAlloc(sealer->context, sizeof(SealLog *) * sealer->log_room);
}

static SealLog *
make_log(Sealer *sealer, const char *tenant)
{
	MemoryContext caller = MemoryContextSwitchTo(sealer->context);
	SealLog    *log = palloc0(sizeof(SealLog));
	SealHead	head;

	log->tenant = pstrdup(tenant);
	log->number = sealer->log_count;
	if (itsm_seal_head_of(SnapshotSelf, tenant, PG_INT64_MAX, &head))
		log->size = head.size;
	if (sealer->log_count == sealer->log_room)
	{
		sealer->log_room *= 2;
		sealer->logs = repalloc(sealer->logs, sizeof(SealLog *) * sealer->log_room);
	}
	sealer->logs[sealer->log_count++] = log;
	MemoryContextSwitchTo(caller);
	return log;
}

static SealLog *
log_of(Sealer *sealer, const char *tenant, int length)
{
	SealLog    *last = sealer->log_met_last;
	NamedLog   *entry;
	char	   *name;
	bool		found;

	if (last && strncmp(last->tenant, tenant, length) == 0 && last->tenant[length] == '\0')
		return last;
	name = pnstrdup(tenant, length);
	entry = hash_search(sealer->logs_by_name, &name, HASH_ENTER, &found);
	if (!found)
	{
		entry->log = make_log(sealer, name);
		entry->name = entry->log->tenant;
	}
	pfree(name);
	return sealer->log_met_last = entry->log;
}

/* Rows of tiles. */

static void
store_tile_row(Sealer *sealer, int level)
{
	TileRow    *row = &sealer->tiles[level];
	MemoryContext caller = MemoryContextSwitchTo(sealer->tile_rows->context);
	Datum		values[4];
	const bool	nulls[4] = {false};

	values[0] = Int64GetDatum(row->first);
	values[1] = Int32GetDatum(level);
	values[2] = sealer->tenant_datum;
	values[3] = itsm_bytes(row->hashes, row->count * MERKLE_LENGTH);
	itsm_bulk_add(sealer->tile_rows, values, nulls);
	row->count = 0;
	MemoryContextSwitchTo(caller);
}

static void
keep_hash(void *argument, int level, uint64_t index, const uint8_t *hash)
{
	Sealer	   *sealer = argument;
	TileRow    *row = &sealer->tiles[level / TILE_HEIGHT];

	if (level % TILE_HEIGHT != 0)
		return;
	if (row->count == 0)
		row->first = index;
	memcpy(row->hashes[row->count++], hash, MERKLE_LENGTH);
	if (index % TILE_WIDTH == TILE_WIDTH - 1)
		store_tile_row(sealer, level / TILE_HEIGHT);
}

static void
store_run(Sealer *sealer, const SealRun *run)
{
	Datum		values[5];
	const bool	nulls[5] = {false};

	if (run->events == 0)
		return;
	values[0] = Int64GetDatum(run->record);
	values[1] = Int64GetDatum(run->version);
	values[2] = Int64GetDatum(run->leaf);
	values[3] = Int64GetDatum(run->events);
	values[4] = sealer->tenant_datum;
	itsm_bulk_add(sealer->run_rows, values, nulls);
}

/* Batches. */

static int
compare_entries(const void *a, const void *b)
{
	const SealEntry *first = a;
	const SealEntry *second = b;

	if (first->log != second->log)
		return first->log < second->log ? -1 : 1;
	if (first->record != second->record)
		return first->record < second->record ? -1 : 1;
	return first->version < second->version ? -1 : first->version > second->version;
}

/* True when an event that may be sealed is; or when its row is there twice, which verification tells. */
static bool
is_sealed(Sealer *sealer, const SealLog *log, const SealEntry *entry, const SealRun *run)
{
	if (run->events && run->record == entry->record && run->version + run->events > entry->version)
		return true;
	return entry->doubtful && itsm_seal_find(&sealer->runs, log->tenant, entry->record, entry->version) >= 0;
}

/* Entries of one tenant, in their order, become leaves. */
static void
grow_log(Sealer *sealer, SealLog *log, const SealEntry *entries, int count)
{
	MemoryContext caller = MemoryContextSwitchTo(sealer->batch);
	SealTree	tree;
	MerkleSource source;
	MerkleGrowth growth;
	SealRun		run = {.events = 0};

	itsm_seal_tree_begin(&tree, SnapshotSelf, log->tenant, TILES_AT_HAND);
	source = itsm_seal_tree_source(&tree);
	itsm_merkle_resume(&growth, &source, log->size);
	itsm_seal_tree_check(&tree);
	itsm_seal_tree_end(&tree);
	growth.completed = keep_hash;
	growth.argument = sealer;
	sealer->tenant = log->tenant;
	sealer->tenant_datum = CStringGetTextDatum(log->tenant);
	for (int i = 0; i < count; i++)
	{
		const SealEntry *entry = &entries[i];
		uint8		leaf[MERKLE_LENGTH];

		CHECK_FOR_INTERRUPTS();
		if (is_sealed(sealer, log, entry, &run))
			continue;
		if (run.events == 0 || run.record != entry->record || run.version + run.events != entry->version)
		{
			store_run(sealer, &run);
			run = (SealRun)
			{
				.record = entry->record, .version = entry->version, .leaf = growth.size
			};
		}
		run.events++;
		itsm_seal_leaf(entry->record, entry->version, entry->hash, leaf);
		itsm_merkle_grow(&growth, leaf);
	}
	store_run(sealer, &run);
	for (int level = 0; level < TILE_LEVELS; level++)
		if (sealer->tiles[level].count)
			store_tile_row(sealer, level);
	/* so that what is read next finds them */
	itsm_bulk_flush(sealer->run_rows);
	itsm_bulk_flush(sealer->tile_rows);
	if (growth.size > log->size)
	{
		sealer->now.events += growth.size - log->size;
		log->size = growth.size;
		log->grown = true;
		itsm_merkle_root_now(&growth, log->root);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(sealer->batch);
}

static void
seal_batch(Sealer *sealer)
{
	qsort(sealer->entries, sealer->count, sizeof(SealEntry), compare_entries);
	for (int i = 0; i < sealer->count;)
	{
		int			end = i;

		while (end < sealer->count && sealer->entries[end].log == sealer->entries[i].log)
			end++;
		grow_log(sealer, sealer->logs[sealer->entries[i].log], &sealer->entries[i], end - i);
		i = end;
	}
	sealer->count = 0;
}

static void
take_event(void *argument, const FoundEvent *event)
{
	Sealer	   *sealer = argument;
	SealEntry  *entry;

	if (event->hash == NULL)
	{
		ereport(WARNING,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("record " INT64_FORMAT " version " INT64_FORMAT " is not sealed: its event has no hash",
						event->record, event->version),
				 errhint("itsm.verify() names the events that were changed.")));
		return;
	}
	/* a page has fewer rows than there is room for behind the limit */
	entry = &sealer->entries[sealer->count++];
	entry->record = event->record;
	entry->version = event->version;
	entry->log = log_of(sealer, event->tenant, event->tenant_length)->number;
	entry->doubtful = event->doubtful;
	memcpy(entry->hash, event->hash, MERKLE_LENGTH);
}

static bool
end_page(void *argument)
{
	Sealer	   *sealer = argument;
	bool		enough = sealer->at_most > 0 && sealer->now.events + sealer->count >= sealer->at_most;

	if (sealer->count >= BATCH_EVENTS || enough)
		seal_batch(sealer);
	return sealer->at_most > 0 && sealer->now.events >= sealer->at_most;
}

/* How far it goes, and from where. */

static uint64
widen_xid(TransactionId xid)
{
	FullTransactionId next = ReadNextFullTransactionId();
	uint32		epoch = EpochFromFullTransactionId(next);

	if (!TransactionIdIsNormal(xid))
		return xid;
	if (xid > XidFromFullTransactionId(next))
		epoch--;
	return U64FromFullTransactionId(FullTransactionIdFromEpochAndXid(epoch, xid));
}

static void
plan_scan(Sealer *sealer, SealScan *scan, bool thorough)
{
	Seal	   *now = &sealer->now;
	const Seal *last = &sealer->last;
	bool		goes_on = last->rest_partition && last->system == now->system && last->timeline == now->timeline;
	Seal		complete;

	itsm_seal_complete(SnapshotSelf, last, &complete);
	if (complete.system != now->system || complete.timeline != now->timeline)
		complete.number = 0;
	scan->certain = last->number == 0;
	scan->doubtful = goes_on || thorough || complete.number == 0;
	if (goes_on && !thorough)
	{
		now->horizon = last->horizon;
		now->next_xid = last->next_xid;
		now->lsn = last->lsn;
		thorough = last->thorough;
		scan->partition = last->rest_partition;
		scan->file = last->rest_file;
		scan->block = (BlockNumber) last->rest_block;
	}
	now->thorough = thorough || complete.number == 0;
	scan->thorough = now->thorough;
	if (!now->thorough)
	{
		scan->sealed_before = complete.horizon;
		scan->since = itsm_seal_since(SnapshotSelf, &complete);
	}
	scan->horizon = now->horizon;
}

static void
draw_origin(Seal *seal)
{
	uint8		bytes[16];
	StringInfoData name;

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not draw random bytes")));
	initStringInfo(&name);
	appendStringInfoString(&name, "itsm/");
	for (int i = 0; i < lengthof(bytes); i++)
		appendStringInfo(&name, "%02x", bytes[i]);
	seal->origin = name.data;
}

static void
store_heads(Sealer *sealer)
{
	BulkInsert *rows = itsm_bulk_begin("seal_head");

	for (int i = 0; i < sealer->log_count; i++)
	{
		const SealLog *log = sealer->logs[i];
		MemoryContext caller = MemoryContextSwitchTo(rows->context);
		Datum		values[4];
		const bool	nulls[4] = {false};

		if (log->grown)
		{
			values[0] = Int64GetDatum(sealer->now.number);
			values[1] = Int64GetDatum(log->size);
			values[2] = CStringGetTextDatum(log->tenant);
			values[3] = itsm_bytes(log->root, MERKLE_LENGTH);
			itsm_bulk_add(rows, values, nulls);
		}
		MemoryContextSwitchTo(caller);
	}
	itsm_bulk_end(rows);
}

/* Whoever listens learns the size and root at once; they come with the commit. */
static void
announce(const Seal *seal)
{
	char		root[2 * MERKLE_LENGTH + 1];

	hex_encode((const char *) seal->root, MERKLE_LENGTH, root);
	root[2 * MERKLE_LENGTH] = '\0';
	Async_Notify("itsm_seal", psprintf("%s " INT64_FORMAT " %s", seal->origin, seal->size, root));
}

static void
store_seal(Sealer *sealer)
{
	Seal	   *now = &sealer->now;

	store_heads(sealer);
	now->size = sealer->last.size + now->events;
	if (sealer->last.number)
		now->origin = sealer->last.origin;
	else
		draw_origin(now);
	itsm_seal_root(itsm_seal_heads(SnapshotSelf, now->number), now->root);
	itsm_seal_hash(now, sealer->last.hash, now->hash);
	itsm_seal_store(now);
	CommandCounterIncrement();
	if (now->events)
		announce(now);
}

static Sealer *
begin_sealing(int64 at_most)
{
	Sealer	   *sealer = palloc0(sizeof(Sealer));

	sealer->at_most = at_most;
	sealer->context = CurrentMemoryContext;
	sealer->batch = AllocSetContextCreate(CurrentMemoryContext, "itsm seal batch", ALLOCSET_DEFAULT_SIZES);
	sealer->entries = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(SealEntry) * (BATCH_EVENTS + MaxHeapTuplesPerPage));
	sealer->tiles = palloc0(sizeof(TileRow) * TILE_LEVELS);
	make_logs(sealer);
	itsm_seal_runs_begin(&sealer->runs, SnapshotSelf);
	sealer->run_rows = itsm_bulk_begin("seal_run");
	sealer->tile_rows = itsm_bulk_begin("seal_tile");
	return sealer;
}

static void
end_sealing(Sealer *sealer)
{
	seal_batch(sealer);
	itsm_seal_runs_end(&sealer->runs);
	itsm_bulk_end(sealer->run_rows);
	itsm_bulk_end(sealer->tile_rows);
}

/* A pass, or a part of one.  *rest_ended: it was the rest of an earlier one, which saw less than there is now. */
static int64
seal_events(int64 at_most, bool thorough, bool *rest_ended)
{
	Sealer	   *sealer = begin_sealing(at_most);
	Seal	   *now = &sealer->now;
	SealScan	scan = {.found = take_event, .page_done = end_page, .argument = sealer};

	(void) itsm_seal_last(SnapshotSelf, &sealer->last);
	now->number = sealer->last.number + 1;
	now->at = Max(GetCurrentTimestamp(), sealer->last.at);
	scan.system = now->system = (int64) GetSystemIdentifier();
	scan.timeline = now->timeline = (int) GetWALInsertionTimeLine();
	itsm_seal_scan_begin(&scan);
	/* in this order: what is assigned from next_xid on writes behind lsn */
	now->lsn = GetXLogInsertRecPtr();
	now->next_xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	scan.snapshot = RegisterSnapshot(GetLatestSnapshot());
	now->horizon = widen_xid(scan.snapshot->xmin);
	plan_scan(sealer, &scan, thorough);
	itsm_seal_scan_run(&scan);
	UnregisterSnapshot(scan.snapshot);
	now->rest_partition = scan.partition;
	now->rest_file = scan.partition ? scan.file : 0;
	now->rest_block = scan.partition ? scan.block : 0;
	end_sealing(sealer);
	*rest_ended = sealer->last.rest_partition && now->rest_partition == NULL;
	/* nothing new is no seal, unless it was long work to find that out */
	if (now->events == 0 && !(now->thorough && sealer->last.number) && sealer->last.rest_partition == NULL)
		return sealer->last.size;
	store_seal(sealer);
	return now->size;
}

/*
 * itsm.seal(at_most bigint, thorough boolean) → bigint
 */
ITSM_FUNCTION(itsm_seal);
Datum
itsm_seal(PG_FUNCTION_ARGS)
{
	int64		at_most = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	bool		thorough = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	int64		size;
	bool		rest_ended;

	PreventCommandIfReadOnly("itsm.seal()");
	PreventCommandDuringRecovery("itsm.seal()");
	if (!PG_ARGISNULL(0) && at_most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at_most must be 1 or more, not " INT64_FORMAT, at_most),
				 errhint("Leave it out, to seal all that is finished.")));
	context = AllocSetContextCreate(caller, "itsm seal", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	/* against other sealers alone */
	LockRelationOid(itsm_relation("seal"), ShareUpdateExclusiveLock);
	size = seal_events(at_most, thorough, &rest_ended);
	if (rest_ended && at_most == 0)
		size = seal_events(at_most, false, &rest_ended);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT64(size);
}
