/*
 * verify_seal.c
 *		Seals, trees and leaves against the events, and all of it against a
 *		digest from outside.
 *
 * While the chains are walked each event is compared with its leaf.  After it
 * the leaves that no event was found for are named, the trees are made anew
 * out of their leaves, and the seals out of the trees' heads.
 *
 * Memory: two bits a leaf, and some tiles of each tenant.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_collation_d.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/table.h"
#include "ledger/archive.h"
#include "ledger/seal_digest.h"
#include "ledger/verify_seal.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Tiles at hand for all logs together, and for one. */
#define TILES_AT_HAND 8192
#define MOST_TILES 1024

/* What is told of one log's lost leaves, one by one. */
#define FAULTS_TOLD 1000

/* A tenant's log. */
typedef struct LogCheck
{
	SealHead	head;			/* the last one */
	SealTree	tree;
	uint8	   *seen;			/* a bit a leaf: an event was found for it */
	uint8	   *claimed;		/* a bit a leaf: a run names it */
	int64		seen_count;
	int64		claimed_count;
	int64		archived_count;	/* leaves whose events are archived */
	bool		faulty;
} LogCheck;

typedef struct SealCheck
{
	Verification *verification;
	MemoryContext context;
	Snapshot	snapshot;
	SealDigest *digest;			/* NULL: none was given */
	Seal		last;
	Seal		complete;		/* the last one that left no rest */
	List	   *heads;			/* SealHead */
	List	   *logs;			/* LogCheck, in the order of their tenants */
	LogCheck   *log_met_last;
	SealRuns	runs;
	bool		readable;		/* the runs can be */
	uint64		unsealed;
} SealCheck;

static bool
bit_of(const uint8 *bits, int64 place)
{
	return bits[place / 8] >> (place % 8) & 1;
}

static void
set_bit(uint8 *bits, int64 place)
{
	bits[place / 8] |= 1 << (place % 8);
}

static char *
log_name(const char *tenant)
{
	return *tenant ? psprintf("log of tenant \"%s\"", tenant) : pstrdup("log");
}

static char *
seal_name(int64 number)
{
	return psprintf("seal " INT64_FORMAT, number);
}

static LogCheck *
find_log(SealCheck *check, const char *tenant)
{
	int			low = 0;
	int			high = list_length(check->logs) - 1;

	if (check->log_met_last && strcmp(check->log_met_last->head.tenant, tenant) == 0)
		return check->log_met_last;
	while (low <= high)
	{
		int			middle = (low + high) / 2;
		LogCheck   *log = list_nth(check->logs, middle);
		int			order = strcmp(tenant, log->head.tenant);

		if (order == 0)
			return check->log_met_last = log;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Work that may fail where something is damaged: that is told, and the rest goes on. */
static bool
attempt(SealCheck *check, void (*work) (void *check), const char *object)
{
	ErrorData  *error = itsm_attempt(work, check);

	if (error)
		itsm_verify_fault(check->verification, "seal", object, "cannot be read any further: %s", error->message);
	return error == NULL;
}

/* Before the chains. */

static void
read_heads(void *argument)
{
	SealCheck  *check = argument;

	if (!itsm_seal_last(check->snapshot, &check->last))
		return;
	itsm_seal_complete(check->snapshot, &check->last, &check->complete);
	check->heads = itsm_seal_heads(check->snapshot, check->last.number);
}

/* What stays open for the whole pass. */
static void
open_logs(SealCheck *check)
{
	int			slots = Min(Max(TILES_AT_HAND / Max(list_length(check->heads), 1), 4), MOST_TILES);
	ListCell   *cell;

	foreach(cell, check->heads)
	{
		LogCheck   *log = palloc0(sizeof(LogCheck));
		Size		bytes;

		log->head = *(SealHead *) lfirst(cell);
		/* a size that no memory holds is one that was forged */
		log->head.size = Max(Min(log->head.size, check->last.size), 0);
		bytes = log->head.size / 8 + 1;
		log->seen = MemoryContextAllocExtended(check->context, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		log->claimed = MemoryContextAllocExtended(check->context, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		itsm_seal_tree_begin(&log->tree, check->snapshot, log->head.tenant, slots);
		check->logs = lappend(check->logs, log);
	}
	itsm_seal_runs_begin(&check->runs, check->snapshot);
	itsm_seal_runs_walk(&check->runs);
}

/* A run's leaves, each of which is one event's. */
static void
claim_leaves(SealCheck *check, const SealRun *run)
{
	LogCheck   *log = find_log(check, run->tenant);
	const char *name = itsm_verify_name(check->verification, run->tenant, run->record, run->version, NULL);

	if (log == NULL || run->events < 1 || run->leaf < 0 || run->events > log->head.size - run->leaf)
	{
		itsm_verify_fault(check->verification, "seal", name, "itsm.seal_run names leaves that the log does not have");
		return;
	}
	for (int64 leaf = run->leaf; leaf < run->leaf + run->events; leaf++)
	{
		if (bit_of(log->claimed, leaf))
		{
			itsm_verify_fault(check->verification, "seal", name,
							  "itsm.seal_run names leaf " INT64_FORMAT ", which is another event's too", leaf);
			log->faulty = true;
			return;
		}
		set_bit(log->claimed, leaf);
		log->claimed_count++;
	}
}

/* All runs in the order in which they lie, that is of leaves, mostly; or those of the part's records. */
static void
each_run(SealCheck *check, bool all, void (*work) (SealCheck *check, const SealRun *run))
{
	Relation	table = table_open(itsm_relation("seal_run"), AccessShareLock);
	Oid			index = (RelationGetIndexList(table), table->rd_pkindex);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "itsm sealed run", ALLOCSET_DEFAULT_SIZES);
	uint64		done = 0;
	ScanKeyData keys[2];
	int			count = all ? 0 : itsm_verify_range_keys(check->verification, 1 /* record */ , keys);
	SysScanDesc scan = systable_beginscan(table, index, count > 0, check->snapshot, count, keys);
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);
		SealRun		run;

		CHECK_FOR_INTERRUPTS();
		itsm_seal_run_of_tuple(RelationGetDescr(table), tuple, &run);
		work(check, &run);
		itsm_verify_progress(check->verification, "runs of sealed events", ++done);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	systable_endscan(scan);
	table_close(table, AccessShareLock);
}

/* In the first part all of them: two that name one leaf may be of two parts. */
static void
claim_all(void *argument)
{
	SealCheck  *check = argument;

	each_run(check, itsm_verify_is_first(check->verification), claim_leaves);
}

static void *
begin_seals(Verification *verification)
{
	SealCheck  *check = palloc0(sizeof(SealCheck));
	const JsonbContainer *digest = itsm_verify_digest(verification);

	check->verification = verification;
	check->context = CurrentMemoryContext;
	check->snapshot = GetActiveSnapshot();
	if (digest)
	{
		check->digest = palloc(sizeof(SealDigest));
		itsm_digest_read(digest, check->digest);
	}
	if (!attempt(check, read_heads, "itsm.seal"))
		check->last.number = 0;
	if (check->digest && check->last.number && strcmp(check->digest->origin, check->last.origin) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_VERIFICATION),
				 errmsg("the digest is not of this history"),
				 errdetail("It is of \"%s\", this is \"%s\".", check->digest->origin, check->last.origin),
				 errhint("Every database draws a name of its own with its first seal; dumps and copies keep it.")));
	if (check->last.number == 0)
		return check;
	open_logs(check);
	check->readable = attempt(check, claim_all, "itsm.seal_run");
	return check;
}

/* With the chains. */

static bool
should_be_sealed(const SealCheck *check, const Event *event)
{
	return check->complete.number > 0 && event->system == check->complete.system &&
		event->timeline == check->complete.timeline && event->xid < check->complete.horizon;
}

static void
check_sealed_event(Verification *verification, void *own, const Event *event, const Record *head)
{
	SealCheck  *check = own;
	LogCheck   *log;
	int64		leaf;
	uint8		stored[MERKLE_LENGTH];
	uint8		hash[MERKLE_LENGTH];

	bool		archived = event->kind == NULL;

	if (!check->readable)
		return;
	log = find_log(check, event->tenant);
	leaf = log ? itsm_seal_find(&check->runs, event->tenant, event->record, event->version) : -1;
	if (leaf < 0 && archived)
		itsm_verify_fault(verification, "seal",
						  itsm_verify_name(verification, event->tenant, event->record, event->version, head),
						  "it is archived, but was never sealed");
	else if (leaf < 0)
	{
		check->unsealed++;
		if (should_be_sealed(check, event))
			itsm_verify_fault(verification, "seal",
							  itsm_verify_name(verification, event->tenant, event->record, event->version, head),
							  "it is not sealed, but its transaction says that it was there before the last seal");
	}
	/* told with the runs */
	if (leaf < 0 || leaf >= log->head.size)
		return;
	if (!archived && !bit_of(log->seen, leaf))
	{
		set_bit(log->seen, leaf);
		log->seen_count++;
	}
	log->tree.missing = false;
	itsm_seal_tree_node(&log->tree, 0, leaf, stored);
	itsm_seal_leaf(event->record, event->version, event->hash, hash);
	if (!log->tree.missing && memcmp(stored, hash, MERKLE_LENGTH) != 0)
	{
		itsm_verify_fault(verification, "seal",
						  itsm_verify_name(verification, event->tenant, event->record, event->version, head),
						  "its hash is not the one that was sealed as leaf " INT64_FORMAT, leaf);
		log->faulty = true;
	}
}

static void
check_seals_record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

/* After the chains: leaves that no event was found for. */

static void
tell_lost_leaves(SealCheck *check, const SealRun *run)
{
	LogCheck   *log = find_log(check, run->tenant);
	ArchivedRecord archived = {.version = -1};

	if (log == NULL || run->leaf < 0)
		return;
	for (int64 i = 0; i < run->events && run->leaf + i < log->head.size; i++)
		if (!bit_of(log->seen, run->leaf + i))
		{
			if (archived.version < 0)
				(void) itsm_archived_find(run->tenant, run->record, &archived);
			if (run->version + i <= archived.version)
			{
				log->archived_count++;
				continue;
			}
			itsm_verify_fault(check->verification, "seal",
							  itsm_verify_name(check->verification, run->tenant, run->record, run->version + i, NULL),
							  "it was sealed as leaf " INT64_FORMAT ", but there is no such event", run->leaf + i);
			log->faulty = true;
		}
}

static void
tell_all_lost(void *argument)
{
	each_run(argument, false, tell_lost_leaves);
}

static void
tell_unclaimed(SealCheck *check, LogCheck *log)
{
	int			told = 0;

	for (int64 leaf = 0; leaf < log->head.size && told < FAULTS_TOLD; leaf++)
	{
		int64		first = leaf;

		CHECK_FOR_INTERRUPTS();
		while (leaf < log->head.size && !bit_of(log->claimed, leaf))
			leaf++;
		if (leaf == first)
			continue;
		itsm_verify_fault(check->verification, "seal", log_name(log->head.tenant),
						  "itsm.seal_run does not tell whose leaves " INT64_FORMAT " to " INT64_FORMAT " are",
						  first, leaf - 1);
		log->faulty = true;
		told++;
	}
}

/* Trees. */

typedef struct TreeCheck
{
	SealCheck  *check;
	LogCheck   *log;
	bool		faulty;
} TreeCheck;

static void
compare_stored(void *argument, int level, uint64_t index, const uint8_t *hash)
{
	TreeCheck  *tree = argument;
	uint8		stored[MERKLE_LENGTH];

	if (level == 0 || level % TILE_HEIGHT != 0)
		return;
	tree->log->tree.missing = false;
	itsm_seal_tree_node(&tree->log->tree, level, index, stored);
	if (!tree->log->tree.missing && memcmp(stored, hash, MERKLE_LENGTH) == 0)
		return;
	itsm_verify_fault(tree->check->verification, "seal", log_name(tree->log->head.tenant),
					  "the hash over leaves " UINT64_FORMAT " to " UINT64_FORMAT " in itsm.seal_tile is %s",
					  (uint64) (index << level), (uint64) (((index + 1) << level) - 1),
					  tree->log->tree.missing ? "missing" : "not that of the leaves");
	tree->faulty = true;
}

/* The stored leaves up to a size; false when some are missing. */
static bool
grow_to(TreeCheck *tree, MerkleGrowth *growth, int64 size)
{
	SealTree   *stored = &tree->log->tree;

	while ((int64) growth->size < size)
	{
		uint8		hash[MERKLE_LENGTH];

		CHECK_FOR_INTERRUPTS();
		stored->missing = false;
		itsm_seal_tree_node(stored, 0, growth->size, hash);
		if (stored->missing)
		{
			itsm_verify_fault(tree->check->verification, "seal", log_name(tree->log->head.tenant),
							  "leaf " UINT64_FORMAT " is missing in itsm.seal_tile, so the tree was not checked from there",
							  (uint64) growth->size);
			tree->faulty = true;
			return false;
		}
		itsm_merkle_grow(growth, hash);
		itsm_verify_progress(tree->check->verification, "leaves", growth->size);
	}
	return true;
}

/* A head against the leaves; false when the ones after it would only say the same. */
static bool
check_head(TreeCheck *tree, MerkleGrowth *growth, const SealHead *head)
{
	uint8		root[MERKLE_LENGTH];
	const char *wrong = NULL;

	if (head->size <= (int64) growth->size || head->size > tree->log->head.size)
		wrong = "its size does not follow that of the one before it";
	else
	{
		if (!grow_to(tree, growth, head->size))
			return false;
		itsm_merkle_root_now(growth, root);
		if (memcmp(root, head->root, MERKLE_LENGTH) != 0)
			wrong = "its root is not that of the leaves; heads after it were not checked";
	}
	if (wrong == NULL)
		return true;
	itsm_verify_fault(tree->check->verification, "seal",
					  psprintf("%s at %s", log_name(head->tenant), seal_name(head->seal)), "%s", wrong);
	tree->faulty = true;
	return false;
}

static void
check_tree(SealCheck *check, LogCheck *log)
{
	Relation	table = table_open(itsm_relation("seal_head"), AccessShareLock);
	Relation	index = index_open((RelationGetIndexList(table), table->rd_pkindex), AccessShareLock);
	TreeCheck	tree = {check, log, false};
	MerkleGrowth growth;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		going = true;

	itsm_merkle_begin(&growth);
	growth.completed = compare_stored;
	growth.argument = &tree;
	ScanKeyInit(&key, 3, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(log->head.tenant));
	key.sk_collation = C_COLLATION_OID;
	scan = systable_beginscan_ordered(table, index, check->snapshot, 1, &key);
	while (going && (tuple = systable_getnext_ordered(scan, ForwardScanDirection)) != NULL)
	{
		SealHead	head;

		itsm_seal_head_of_tuple(RelationGetDescr(table), tuple, &head);
		going = check_head(&tree, &growth, &head);
	}
	systable_endscan_ordered(scan);
	/* the leaves behind a head that is wrong have hashes above them, too */
	if (!going)
		(void) grow_to(&tree, &growth, log->head.size);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	log->faulty |= tree.faulty;
}

static void
check_trees(void *argument)
{
	SealCheck  *check = argument;
	ListCell   *cell;

	foreach(cell, check->logs)
		check_tree(check, lfirst(cell));
}

/* Seals. */

static void
seal_fault(SealCheck *check, const Seal *seal, const char *what)
{
	itsm_verify_fault(check->verification, "seal", seal_name(seal->number), "%s", what);
}

static int
compare_tenants(const ListCell *a, const ListCell *b)
{
	return strcmp(((const SealHead *) lfirst(a))->tenant, ((const SealHead *) lfirst(b))->tenant);
}

/* Takes a head's place in the list of those of all tenants. */
static List *
put_head(List *heads, const SealHead *head)
{
	SealHead   *mine;
	ListCell   *cell;

	foreach(cell, heads)
	{
		mine = lfirst(cell);
		if (strcmp(mine->tenant, head->tenant) == 0)
		{
			mine->seal = head->seal;
			mine->size = head->size;
			memcpy(mine->root, head->root, MERKLE_LENGTH);
			return heads;
		}
	}
	mine = palloc(sizeof(SealHead));
	*mine = *head;
	mine->tenant = pstrdup(head->tenant);
	heads = lappend(heads, mine);
	list_sort(heads, compare_tenants);
	return heads;
}

/* A seal with all heads as they were then. */
static void
check_seal(SealCheck *check, const Seal *seal, const Seal *previous, const List *heads)
{
	uint8		hash[MERKLE_LENGTH];
	int64		size = 0;
	ListCell   *cell;

	if (seal->number != previous->number + 1)
		seal_fault(check, seal, psprintf("seal " INT64_FORMAT " is missing before it", previous->number + 1));
	itsm_seal_hash(seal, previous->hash, hash);
	if (memcmp(hash, seal->hash, MERKLE_LENGTH) != 0)
		seal_fault(check, seal, "its hash is not that of its row and the seal before it");
	if (previous->number && strcmp(seal->origin, previous->origin) != 0)
		seal_fault(check, seal, "its origin is not that of the seal before it");
	if (seal->events < 0 || seal->size != previous->size + seal->events)
		seal_fault(check, seal, "its size is not that of the seal before it and the events of its own");
	foreach(cell, heads)
		size += ((const SealHead *) lfirst(cell))->size;
	itsm_seal_root(heads, hash);
	if (size != seal->size || memcmp(hash, seal->root, MERKLE_LENGTH) != 0)
		seal_fault(check, seal, "its size and root are not those of the heads in itsm.seal_head");
}

typedef struct Cursor
{
	Portal		portal;
	uint64		count;
	uint64		next;
	SPITupleTable *table;
} Cursor;

static Cursor
open_cursor(const char *query)
{
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "%s in: %s", SPI_result_code_string(SPI_result), query);
	return (Cursor)
	{
		.portal = SPI_cursor_open(NULL, plan, NULL, NULL, true)
	};
}

/* The next row, which lasts until the one after it is asked for; NULL at the end. */
static HeapTuple
next_row(Cursor *cursor)
{
	if (cursor->next == cursor->count)
	{
		if (cursor->table)
			SPI_freetuptable(cursor->table);
		SPI_cursor_fetch(cursor->portal, true, 500);
		cursor->table = SPI_tuptable;
		cursor->count = SPI_processed;
		cursor->next = 0;
	}
	return cursor->next < cursor->count ? cursor->table->vals[cursor->next++] : NULL;
}

static void
check_all_seals(void *argument)
{
	SealCheck  *check = argument;
	Cursor		seals = open_cursor("SELECT s.* FROM itsm.seal s ORDER BY s.seal");
	Cursor		cursor = open_cursor("SELECT h.* FROM itsm.seal_head h ORDER BY h.seal");
	MemoryContext rows = AllocSetContextCreate(CurrentMemoryContext, "itsm seal row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	HeapTuple	tuple = next_row(&cursor);
	HeapTuple	row;
	List	   *heads = NIL;
	Seal		previous = {0};
	uint64		done = 0;

	while ((row = next_row(&seals)) != NULL)
	{
		Seal		seal;

		CHECK_FOR_INTERRUPTS();
		itsm_seal_of_tuple(seals.table->tupdesc, row, &seal);
		for (; tuple; tuple = next_row(&cursor))
		{
			SealHead	head;

			MemoryContextSwitchTo(rows);
			itsm_seal_head_of_tuple(cursor.table->tupdesc, tuple, &head);
			MemoryContextSwitchTo(caller);
			if (head.seal > seal.number)
				break;
			heads = put_head(heads, &head);
		}
		MemoryContextSwitchTo(rows);
		check_seal(check, &seal, &previous, heads);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(rows);
		previous = seal;
		itsm_verify_progress(check->verification, "seals", ++done);
	}
	if (tuple)
		itsm_verify_fault(check->verification, "seal", "itsm.seal_head", "has heads of seals that there are not");
	SPI_cursor_close(seals.portal);
	SPI_cursor_close(cursor.portal);
	MemoryContextDelete(rows);
}

/* A digest from outside. */

static bool
digest_fault(SealCheck *check, const char *object, const char *what)
{
	itsm_verify_fault(check->verification, "digest", object, "%s", what);
	return false;
}

static bool
check_digest_log(SealCheck *check, const SealHead *then)
{
	LogCheck   *log = find_log(check, then->tenant);
	const char *name = log_name(then->tenant);
	uint8		root[MERKLE_LENGTH];
	MerkleSource source;

	if (log == NULL || log->head.size < then->size)
		return digest_fault(check, name, psprintf("it had " INT64_FORMAT " events when the digest was made, and has "
												  INT64_FORMAT " now: its end was cut off, or a backup replayed",
												  then->size, log ? log->head.size : 0));
	/* its upper hashes may be right all the same */
	if (log->faulty)
		return digest_fault(check, name, "what is stored of it is not whole, as scope seal tells");
	log->tree.missing = false;
	source = itsm_seal_tree_source(&log->tree);
	itsm_merkle_root_of(&source, then->size, root);
	if (log->tree.missing || memcmp(root, then->root, MERKLE_LENGTH) != 0)
		return digest_fault(check, name, psprintf("its first " INT64_FORMAT " events are not those of the digest: another history",
												  then->size));
	return true;
}

static bool
check_digest_seal(SealCheck *check)
{
	const SealDigest *digest = check->digest;
	const char *name = seal_name(digest->seal);
	Seal		seal;

	if (!itsm_seal_read(check->snapshot, digest->seal, &seal))
		return digest_fault(check, name, "the digest was made of it, and it is not there");
	if (memcmp(seal.hash, digest->seal_hash, MERKLE_LENGTH) != 0 || seal.size != digest->size ||
		memcmp(seal.root, digest->root, MERKLE_LENGTH) != 0)
		return digest_fault(check, name, "it is not the seal that the digest was made of");
	if (strcmp(itsm_utc_text(seal.at), digest->at) != 0 || seal.timeline != digest->timeline ||
		strcmp(psprintf(UINT64_FORMAT, (uint64) seal.system), digest->system) != 0)
		return digest_fault(check, name, "the digest tells another time, system or timeline of it");
	return true;
}

static void
check_digest(void *argument)
{
	SealCheck  *check = argument;
	bool		right = true;
	ListCell   *cell;

	if (check->last.number == 0)
	{
		(void) digest_fault(check, "itsm.seal", "nothing is sealed here, but was when the digest was made");
		return;
	}
	foreach(cell, check->digest->logs)
		right &= check_digest_log(check, lfirst(cell));
	right &= check_digest_seal(check);
	if (right)
		itsm_verify_right(check->verification, "digest", seal_name(check->digest->seal),
						  INT64_FORMAT " events of %d logs are the same", check->digest->size,
						  list_length(check->digest->logs));
}

static void
tell_right(SealCheck *check, bool seals_right)
{
	ListCell   *cell;

	if (seals_right)
		itsm_verify_right(check->verification, "seal", "itsm.seal", INT64_FORMAT " seals, " UINT64_FORMAT " events not sealed yet",
						  check->last.number, check->unsealed);
	foreach(cell, check->logs)
	{
		const LogCheck *log = lfirst(cell);

		if (!log->faulty)
			itsm_verify_right(check->verification, "seal", log_name(log->head.tenant), INT64_FORMAT " events%s", log->seen_count,
							  log->archived_count == 0 ? ""
							  : psprintf(", " INT64_FORMAT " are archived", log->archived_count));
	}
}

static void
end_seals(Verification *verification, void *own)
{
	SealCheck  *check = own;
	uint64		faults;
	bool		lost = false;
	ListCell   *cell;

	faults = itsm_verify_faults(verification);
	if (check->last.number)
	{
		foreach(cell, check->logs)
		{
			LogCheck   *log = lfirst(cell);

			lost |= log->seen_count < log->head.size;
			if (check->readable && itsm_verify_is_first(verification) && log->claimed_count < log->head.size)
				tell_unclaimed(check, log);
		}
		if (lost && check->readable)
			(void) attempt(check, tell_all_lost, "itsm.seal_run");
		if (itsm_verify_is_first(verification))
			(void) attempt(check, check_trees, "itsm.seal_tile");
		faults = itsm_verify_faults(verification);
		if (itsm_verify_is_first(verification))
			(void) attempt(check, check_all_seals, "itsm.seal");
	}
	if (check->digest && itsm_verify_is_first(verification))
		(void) attempt(check, check_digest, "itsm.seal");
	if (check->last.number == 0)
		return;
	tell_right(check, itsm_verify_is_first(verification) && faults == itsm_verify_faults(verification));
	itsm_seal_runs_end(&check->runs);
	foreach(cell, check->logs)
		itsm_seal_tree_end(&((LogCheck *) lfirst(cell))->tree);
}

const VerifyChecker itsm_verify_seals = {begin_seals, check_seals_record, end_seals, check_sealed_event};
