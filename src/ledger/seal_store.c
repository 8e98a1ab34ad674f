/*
 * seal_store.c
 *		The tables of seals: their rows, read and written by direct access.
 *
 * Memory: results in the caller's context.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation_d.h"
#include "core/errors.h"
#include "ledger/digest.h"
#include "ledger/seal.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "record/record.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"
#include "utils/xid8.h"

StaticAssertDecl(MERKLE_LENGTH == ITSM_HASH_LENGTH, "leaves and events have hashes of one kind");

enum
{
	SEAL_NUMBER, SEAL_AT, SEAL_EVENTS, SEAL_SIZE, SEAL_SYSTEM, SEAL_TIMELINE, SEAL_HORIZON, SEAL_NEXT_XID,
	SEAL_LSN, SEAL_THOROUGH, SEAL_REST_PARTITION, SEAL_REST_FILE, SEAL_REST_BLOCK, SEAL_ORIGIN, SEAL_ROOT,
	SEAL_HASH, SEAL_COLUMNS
};

enum
{
	HEAD_SEAL, HEAD_SIZE, HEAD_TENANT, HEAD_ROOT, HEAD_COLUMNS
};

enum
{
	RUN_RECORD, RUN_VERSION, RUN_LEAF, RUN_EVENTS, RUN_TENANT, RUN_COLUMNS
};

/* Seals that are asked how far back pages have to be looked at. */
#define SEALS_LOOKED_AT 1000

#define SEAL_DOMAIN "itsm seal 1\n"
#define LOG_DOMAIN "itsm log 1\n"

/* Hashes. */

static void
add_64(uint64 number)
{
	number = pg_hton64(number);
	itsm_digest_add(&number, sizeof(number));
}

static void
add_32(uint32 number)
{
	number = pg_hton32(number);
	itsm_digest_add(&number, sizeof(number));
}

static void
add_text(const char *text)
{
	if (text == NULL)
	{
		add_32(PG_UINT32_MAX);
		return;
	}
	add_32(strlen(text));
	itsm_digest_add(text, strlen(text));
}

void
itsm_seal_leaf(int64 record, int64 version, const uint8 *event_hash, uint8 *hash)
{
	uint64		numbers[2] = {pg_hton64((uint64) record), pg_hton64((uint64) version)};
	uint8		data[sizeof(numbers) + MERKLE_LENGTH];

	memcpy(data, numbers, sizeof(numbers));
	memcpy(data + sizeof(numbers), event_hash, MERKLE_LENGTH);
	itsm_merkle_leaf(data, sizeof(data), hash);
}

void
itsm_seal_hash(const Seal *seal, const uint8 *previous, uint8 *hash)
{
	uint8		thorough = seal->thorough;

	itsm_digest_start();
	itsm_digest_add(SEAL_DOMAIN, strlen(SEAL_DOMAIN));
	itsm_digest_add(previous, MERKLE_LENGTH);
	add_64(seal->number);
	add_64(seal->at);
	add_64(seal->events);
	add_64(seal->size);
	add_64(seal->system);
	add_64(seal->horizon);
	add_64(seal->next_xid);
	add_64(seal->lsn);
	add_64(seal->rest_file);
	add_64(seal->rest_block);
	add_32(seal->timeline);
	itsm_digest_add(&thorough, sizeof(thorough));
	itsm_digest_add(seal->root, MERKLE_LENGTH);
	add_text(seal->origin);
	add_text(seal->rest_partition);
	itsm_digest_finish(hash);
}

void
itsm_seal_head_leaf(const SealHead *head, uint8 *hash)
{
	const char *tenant = pg_server_to_any(head->tenant, strlen(head->tenant), PG_UTF8);
	uint32		length = pg_hton32((uint32) strlen(tenant));
	uint64		size = pg_hton64((uint64) head->size);
	StringInfoData data;

	initStringInfo(&data);
	appendBinaryStringInfo(&data, LOG_DOMAIN, strlen(LOG_DOMAIN));
	appendBinaryStringInfo(&data, (char *) &length, sizeof(length));
	appendBinaryStringInfo(&data, tenant, strlen(tenant));
	appendBinaryStringInfo(&data, (char *) &size, sizeof(size));
	appendBinaryStringInfo(&data, (const char *) head->root, MERKLE_LENGTH);
	itsm_merkle_leaf(data.data, data.len, hash);
	pfree(data.data);
}

void
itsm_seal_root(const List *heads, uint8 *root)
{
	MerkleGrowth growth;
	ListCell   *cell;

	itsm_merkle_begin(&growth);
	foreach(cell, heads)
	{
		uint8		hash[MERKLE_LENGTH];

		itsm_seal_head_leaf(lfirst(cell), hash);
		itsm_merkle_grow(&growth, hash);
	}
	itsm_merkle_root_now(&growth, root);
}

/* Rows. */

static void
corrupted(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("a row of itsm.%s is not what a seal wrote", table),
			 errhint("itsm.verify() tells what was changed.")));
}

static void
take_hash(Datum value, const char *table, uint8 *hash)
{
	bytea	   *bytes = DatumGetByteaPP(value);

	if (VARSIZE_ANY_EXHDR(bytes) != MERKLE_LENGTH)
		corrupted(table);
	memcpy(hash, VARDATA_ANY(bytes), MERKLE_LENGTH);
}

void
itsm_seal_of_tuple(TupleDesc descriptor, HeapTuple tuple, Seal *seal)
{
	Datum		values[SEAL_COLUMNS];
	bool		nulls[SEAL_COLUMNS];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	for (int i = 0; i < SEAL_COLUMNS; i++)
		if (nulls[i] && i != SEAL_REST_PARTITION)
			corrupted("seal");
	seal->number = DatumGetInt64(values[SEAL_NUMBER]);
	seal->at = DatumGetTimestampTz(values[SEAL_AT]);
	seal->events = DatumGetInt64(values[SEAL_EVENTS]);
	seal->size = DatumGetInt64(values[SEAL_SIZE]);
	seal->system = DatumGetInt64(values[SEAL_SYSTEM]);
	seal->timeline = DatumGetInt32(values[SEAL_TIMELINE]);
	seal->horizon = DatumGetUInt64(values[SEAL_HORIZON]);
	seal->next_xid = DatumGetUInt64(values[SEAL_NEXT_XID]);
	seal->lsn = DatumGetLSN(values[SEAL_LSN]);
	seal->thorough = DatumGetBool(values[SEAL_THOROUGH]);
	seal->rest_partition = nulls[SEAL_REST_PARTITION] ? NULL : TextDatumGetCString(values[SEAL_REST_PARTITION]);
	seal->rest_file = DatumGetInt64(values[SEAL_REST_FILE]);
	seal->rest_block = DatumGetInt64(values[SEAL_REST_BLOCK]);
	seal->origin = TextDatumGetCString(values[SEAL_ORIGIN]);
	take_hash(values[SEAL_ROOT], "seal", seal->root);
	take_hash(values[SEAL_HASH], "seal", seal->hash);
}

void
itsm_seal_store(const Seal *seal)
{
	Relation	table = table_open(itsm_relation("seal"), RowExclusiveLock);
	Datum		values[SEAL_COLUMNS];
	bool		nulls[SEAL_COLUMNS] = {0};

	values[SEAL_NUMBER] = Int64GetDatum(seal->number);
	values[SEAL_AT] = TimestampTzGetDatum(seal->at);
	values[SEAL_EVENTS] = Int64GetDatum(seal->events);
	values[SEAL_SIZE] = Int64GetDatum(seal->size);
	values[SEAL_SYSTEM] = Int64GetDatum(seal->system);
	values[SEAL_TIMELINE] = Int32GetDatum(seal->timeline);
	values[SEAL_HORIZON] = UInt64GetDatum(seal->horizon);
	values[SEAL_NEXT_XID] = UInt64GetDatum(seal->next_xid);
	values[SEAL_LSN] = LSNGetDatum(seal->lsn);
	values[SEAL_THOROUGH] = BoolGetDatum(seal->thorough);
	itsm_set_text(values, nulls, SEAL_REST_PARTITION, seal->rest_partition);
	values[SEAL_REST_FILE] = Int64GetDatum(seal->rest_file);
	values[SEAL_REST_BLOCK] = Int64GetDatum(seal->rest_block);
	itsm_set_text(values, nulls, SEAL_ORIGIN, seal->origin);
	values[SEAL_ROOT] = itsm_bytes(seal->root, MERKLE_LENGTH);
	values[SEAL_HASH] = itsm_bytes(seal->hash, MERKLE_LENGTH);
	itsm_table_insert(table, values, nulls);
	table_close(table, NoLock);
}

void
itsm_seal_head_of_tuple(TupleDesc descriptor, HeapTuple tuple, SealHead *head)
{
	Datum		values[HEAD_COLUMNS];
	bool		nulls[HEAD_COLUMNS];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	for (int i = 0; i < HEAD_COLUMNS; i++)
		if (nulls[i])
			corrupted("seal_head");
	head->seal = DatumGetInt64(values[HEAD_SEAL]);
	head->size = DatumGetInt64(values[HEAD_SIZE]);
	head->tenant = TextDatumGetCString(values[HEAD_TENANT]);
	take_hash(values[HEAD_ROOT], "seal_head", head->root);
}

void
itsm_seal_run_of_tuple(TupleDesc descriptor, HeapTuple tuple, SealRun *run)
{
	Datum		values[RUN_COLUMNS];
	bool		nulls[RUN_COLUMNS];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	for (int i = 0; i < RUN_COLUMNS; i++)
		if (nulls[i])
			corrupted("seal_run");
	run->record = DatumGetInt64(values[RUN_RECORD]);
	run->version = DatumGetInt64(values[RUN_VERSION]);
	run->leaf = DatumGetInt64(values[RUN_LEAF]);
	run->events = DatumGetInt64(values[RUN_EVENTS]);
	run->tenant = TextDatumGetCString(values[RUN_TENANT]);
}

/* Looking up. */

/* The first row in a direction of the primary key, in the current memory context; NULL: none. */
static HeapTuple
first_row(const char *name, Snapshot snapshot, int key_count, ScanKey keys, ScanDirection direction,
		  TupleDesc *descriptor)
{
	Relation	table = table_open(itsm_relation(name), AccessShareLock);
	Oid			index_id = (RelationGetIndexList(table), table->rd_pkindex);
	Relation	index;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!OidIsValid(index_id))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("table itsm.%s has lost its primary key", name)));
	index = index_open(index_id, AccessShareLock);
	scan = systable_beginscan_ordered(table, index, snapshot, key_count, keys);
	tuple = systable_getnext_ordered(scan, direction);
	if (tuple)
	{
		tuple = heap_copytuple(tuple);
		*descriptor = CreateTupleDescCopy(RelationGetDescr(table));
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return tuple;
}

static bool
find_seal(Snapshot snapshot, int key_count, ScanKey keys, Seal *seal)
{
	TupleDesc	descriptor;
	HeapTuple	tuple = first_row("seal", snapshot, key_count, keys, BackwardScanDirection, &descriptor);

	if (tuple)
		itsm_seal_of_tuple(descriptor, tuple, seal);
	else
		memset(seal, 0, sizeof(Seal));
	return tuple != NULL;
}

bool
itsm_seal_last(Snapshot snapshot, Seal *seal)
{
	return find_seal(snapshot, 0, NULL, seal);
}

bool
itsm_seal_read(Snapshot snapshot, int64 number, Seal *seal)
{
	ScanKeyData key;

	ScanKeyInit(&key, SEAL_NUMBER + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(number));
	return find_seal(snapshot, 1, &key, seal);
}

/* Sizes grow with the numbers. */
bool
itsm_seal_of_size(Snapshot snapshot, int64 size, Seal *seal)
{
	int64		low = 1;
	int64		high;

	if (!itsm_seal_last(snapshot, seal))
		return false;
	high = seal->number;
	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (!itsm_seal_read(snapshot, middle, seal))
			return false;
		if (seal->size < size)
			low = middle + 1;
		else
			high = middle;
	}
	return itsm_seal_read(snapshot, low, seal) && seal->size == size;
}

void
itsm_seal_complete(Snapshot snapshot, const Seal *last, Seal *complete)
{
	*complete = *last;
	while (complete->number > 0 && complete->rest_partition)
		(void) itsm_seal_read(snapshot, complete->number - 1, complete);
}

XLogRecPtr
itsm_seal_since(Snapshot snapshot, const Seal *complete)
{
	Seal		seal = *complete;

	for (int i = 0; i < SEALS_LOOKED_AT && seal.number > 0; i++)
	{
		if (seal.system != complete->system || seal.timeline != complete->timeline)
			return InvalidXLogRecPtr;
		if (seal.next_xid <= complete->horizon)
			return seal.lsn;
		if (!itsm_seal_read(snapshot, seal.number - 1, &seal))
			return InvalidXLogRecPtr;
	}
	return InvalidXLogRecPtr;
}

static void
tenant_key(ScanKey key, StrategyNumber strategy, RegProcedure function, const char *tenant)
{
	ScanKeyInit(key, HEAD_TENANT + 1, strategy, function, CStringGetTextDatum(tenant));
	key->sk_collation = C_COLLATION_OID;
}

bool
itsm_seal_head_of(Snapshot snapshot, const char *tenant, int64 seal, SealHead *head)
{
	ScanKeyData keys[2];
	TupleDesc	descriptor;
	HeapTuple	tuple;

	tenant_key(&keys[0], BTEqualStrategyNumber, F_TEXTEQ, tenant);
	ScanKeyInit(&keys[1], HEAD_SEAL + 1, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(seal));
	tuple = first_row("seal_head", snapshot, 2, keys, BackwardScanDirection, &descriptor);
	if (tuple)
		itsm_seal_head_of_tuple(descriptor, tuple, head);
	return tuple != NULL;
}

/* From tenant to tenant: their heads are many. */
List *
itsm_seal_heads(Snapshot snapshot, int64 seal)
{
	List	   *heads = NIL;
	const char *tenant = NULL;

	for (;;)
	{
		ScanKeyData key;
		TupleDesc	descriptor;
		HeapTuple	tuple;
		SealHead   *head = palloc(sizeof(SealHead));

		CHECK_FOR_INTERRUPTS();
		if (tenant)
			tenant_key(&key, BTGreaterStrategyNumber, F_TEXT_GT, tenant);
		tuple = first_row("seal_head", snapshot, tenant ? 1 : 0, &key, ForwardScanDirection, &descriptor);
		if (tuple == NULL)
			return heads;
		itsm_seal_head_of_tuple(descriptor, tuple, head);
		tenant = head->tenant;
		if (itsm_seal_head_of(snapshot, tenant, seal, head))
			heads = lappend(heads, head);
	}
}

/* Leaves of events. */

void
itsm_seal_runs_begin(SealRuns *runs, Snapshot snapshot)
{
	memset(runs, 0, sizeof(SealRuns));
	runs->context = AllocSetContextCreate(CurrentMemoryContext, "itsm seal run", ALLOCSET_SMALL_SIZES);
	runs->table = table_open(itsm_relation("seal_run"), AccessShareLock);
	runs->index = index_open((RelationGetIndexList(runs->table), runs->table->rd_pkindex), AccessShareLock);
	runs->slot = table_slot_create(runs->table, NULL);
	runs->snapshot = snapshot;
	runs->scan = itsm_index_beginscan(runs->table, runs->index, snapshot, 3, 0);
}

void
itsm_seal_runs_end(SealRuns *runs)
{
	index_endscan(runs->scan);
	ExecDropSingleTupleTableSlot(runs->slot);
	index_close(runs->index, AccessShareLock);
	table_close(runs->table, AccessShareLock);
	MemoryContextDelete(runs->context);
	if (runs->walking)
		MemoryContextDelete(runs->ahead_context);
}

static bool
covers(const SealRun *run, const char *tenant, int64 record, int64 version)
{
	return run->record == record && version >= run->version && version - run->version < run->events &&
		strcmp(run->tenant, tenant) == 0;
}

/* The next run in a direction, in a memory context that is reset; false: there is none. */
static bool
next_run(SealRuns *runs, ScanDirection direction, MemoryContext context, SealRun *run)
{
	/* what the scan allocates when it meets dead rows, it keeps */
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(runs->scan));
	bool		found = index_getnext_slot(runs->scan, direction, runs->slot);

	MemoryContextSwitchTo(context);
	MemoryContextReset(context);
	if (found)
	{
		bool		should_free;
		HeapTuple	tuple = ExecFetchSlotHeapTuple(runs->slot, false, &should_free);

		itsm_seal_run_of_tuple(RelationGetDescr(runs->table), tuple, run);
		if (should_free)
			heap_freetuple(tuple);
	}
	MemoryContextSwitchTo(caller);
	return found;
}

static void
look_up(SealRuns *runs, const char *tenant, int64 record, int64 version)
{
	ScanKeyData keys[3];
	MemoryContext caller = MemoryContextSwitchTo(runs->context);

	MemoryContextReset(runs->context);
	/* keys by columns of the index */
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(tenant));
	keys[1].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[2], 3, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(version));
	index_rescan(runs->scan, keys, 3, NULL, 0);
	MemoryContextSwitchTo(caller);
	runs->known = next_run(runs, BackwardScanDirection, runs->context, &runs->last);
	ExecClearTuple(runs->slot);
}

/* Steps after which looking up is cheaper. */
#define MOST_STEPS 16

/* True when a run does not begin behind an event. */
static bool
begins_by(const SealRun *run, const char *tenant, int64 record, int64 version)
{
	int			order;

	if (run->record != record)
		return run->record < record;
	order = strcmp(run->tenant, tenant);
	return order != 0 ? order < 0 : run->version <= version;
}

/* Goes on to the last run that does not begin behind an event; where that is far off, to its record at once. */
static void
walk(SealRuns *runs, const char *tenant, int64 record, int64 version)
{
	bool		known = runs->known && begins_by(&runs->last, tenant, record, version);

	for (int steps = 0; !known || (runs->ahead_known && begins_by(&runs->ahead, tenant, record, version)); steps++)
	{
		SealRun		run = runs->last;
		MemoryContext context = runs->context;

		if (!known || (steps == MOST_STEPS && runs->ahead.record < record))
		{
			ScanKeyData key;

			ScanKeyInit(&key, 1, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(record));
			index_rescan(runs->scan, &key, 1, NULL, 0);
			runs->known = false;
			runs->ahead_known = next_run(runs, ForwardScanDirection, runs->ahead_context, &runs->ahead);
			known = true;
			continue;
		}
		runs->last = runs->ahead;
		runs->context = runs->ahead_context;
		runs->known = true;
		runs->ahead = run;
		runs->ahead_context = context;
		runs->ahead_known = next_run(runs, ForwardScanDirection, context, &runs->ahead);
	}
}

void
itsm_seal_runs_walk(SealRuns *runs)
{
	runs->walking = true;
	runs->ahead_context = AllocSetContextCreate(CurrentMemoryContext, "itsm seal run ahead", ALLOCSET_SMALL_SIZES);
	/* a scan without keys is one of all rows */
	index_endscan(runs->scan);
	runs->scan = itsm_index_beginscan(runs->table, runs->index, runs->snapshot, 1, 0);
}

int64
itsm_seal_find(SealRuns *runs, const char *tenant, int64 record, int64 version)
{
	if (!runs->known || !covers(&runs->last, tenant, record, version))
	{
		if (runs->walking)
			walk(runs, tenant, record, version);
		else
			look_up(runs, tenant, record, version);
	}
	return runs->known && covers(&runs->last, tenant, record, version)
		? runs->last.leaf + (version - runs->last.version) : -1;
}
