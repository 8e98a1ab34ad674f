/*
 * displaced.c
 *		Keys taken over within a transaction.
 *
 * Memory: TopTransactionContext.  A subtransaction that aborts takes back
 * what it has added and removed.
 */
#include "core/itsm.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "lifecycle/displaced.h"
#include "lifecycle/remember.h"
#include "nodes/pg_list.h"
#include "storage/bufmgr.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

typedef struct Displaced
{
	int			source;
	char	   *tenant;
	char	   *key;
	int64		record;
	Oid			table;			/* of the row that has taken it, and its place then */
	ItemPointerData taker;
	TransactionId added;		/* subtransactions; removed: invalid while it is not */
	TransactionId removed;
} Displaced;

static List *displaced = NIL;
static LocalTransactionId displaced_lxid = InvalidLocalTransactionId;

void
itsm_displaced_add(int source, const char *tenant, const char *key, int64 record, TupleTableSlot *taker)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	Displaced  *entry = palloc(sizeof(Displaced));

	if (displaced_lxid != ITSM_LXID)
		displaced = NIL;
	displaced_lxid = ITSM_LXID;
	entry->source = source;
	entry->tenant = pstrdup(tenant);
	entry->key = pstrdup(key);
	entry->record = record;
	entry->table = taker ? taker->tts_tableOid : InvalidOid;
	if (taker)
		entry->taker = taker->tts_tid;
	entry->added = GetCurrentTransactionId();
	entry->removed = InvalidTransactionId;
	displaced = lcons(entry, displaced);
	MemoryContextSwitchTo(caller);
}

static bool
in_force(const Displaced *entry)
{
	return TransactionIdIsCurrentTransactionId(entry->added) &&
		!(TransactionIdIsValid(entry->removed) && TransactionIdIsCurrentTransactionId(entry->removed));
}

int64
itsm_displaced_find(int source, const char *tenant, const char *key)
{
	ListCell   *cell;

	if (displaced_lxid != ITSM_LXID)
		return 0;
	foreach(cell, displaced)
	{
		const Displaced *entry = lfirst(cell);

		if (entry->source == source && strcmp(entry->key, key) == 0 && strcmp(entry->tenant, tenant) == 0 &&
			in_force(entry))
			return entry->record;
	}
	return 0;
}

void
itsm_displaced_remove(int64 record)
{
	ListCell   *cell;

	if (displaced_lxid != ITSM_LXID)
		return;
	foreach(cell, displaced)
	{
		Displaced  *entry = lfirst(cell);

		if (entry->record != record || !in_force(entry))
			continue;
		entry->removed = GetCurrentTransactionId();
		/* then both go, or stay */
		if (entry->removed == entry->added)
			displaced = foreach_delete_current(displaced, cell);
		return;
	}
}

/* Nothing that our own transaction has replaced is cleared away while it runs, so the links between versions hold. */
static bool
leads_to(Relation relation, ItemPointerData from, TupleTableSlot *row)
{
	TransactionId made = InvalidTransactionId;

	while (!ItemPointerEquals(&from, &row->tts_tid))
	{
		HeapTupleData tuple = {.t_self = from};
		Buffer		buffer;
		bool		follows;

		if (!heap_fetch(relation, SnapshotAny, &tuple, &buffer, false))
			return false;
		follows = !TransactionIdIsValid(made) || TransactionIdEquals(HeapTupleHeaderGetXmin(tuple.t_data), made);
		made = HeapTupleHeaderGetUpdateXid(tuple.t_data);
		from = tuple.t_data->t_ctid;
		follows = follows && !HeapTupleHeaderIndicatesMovedPartitions(tuple.t_data) &&
			!ItemPointerEquals(&from, &tuple.t_self);
		ReleaseBuffer(buffer);
		if (!follows)
			return false;
	}
	return true;
}

/* Is "row", a version that our transaction made, the one that took the key of that record, or a later one of it? */
static bool
is_taker(int64 record, TupleTableSlot *row)
{
	ListCell   *cell;

	if (displaced_lxid != ITSM_LXID)
		return false;
	foreach(cell, displaced)
	{
		const Displaced *entry = lfirst(cell);

		if (entry->record == record && entry->table == row->tts_tableOid && in_force(entry))
		{
			Relation	relation = table_open(entry->table, NoLock);
			bool		found = leads_to(relation, entry->taker, row);

			table_close(relation, NoLock);
			return found;
		}
	}
	return false;
}

bool
itsm_find_record(const RecordIdentity *identity, Record *record)
{
	int64		displaced = itsm_displaced_find(identity->source, identity->tenant, identity->key);

	if (displaced && itsm_record_read(identity->tenant, displaced, record) && record->key == NULL)
		return true;
	return itsm_record_find(identity->source, identity->tenant, identity->key, record);
}

bool
itsm_find_old_record(const Memory *memory, Record *record)
{
	const RecordIdentity *identity = &memory->old->identity;
	int64		displaced = itsm_displaced_find(identity->source, identity->tenant, identity->key);

	if (displaced && memory->old_is_ours && is_taker(displaced, memory->old_row))
		return itsm_record_find(identity->source, identity->tenant, identity->key, record);
	return itsm_find_record(identity, record);
}

bool
itsm_key_may_repeat(Oid table)
{
	Relation	relation = table_open(table, NoLock);
	List	   *indexes = RelationGetIndexList(relation);
	ListCell   *cell;
	bool		may = false;

	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		may = may || (((Form_pg_index) GETSTRUCT(tuple))->indisunique && !((Form_pg_index) GETSTRUCT(tuple))->indimmediate);
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	table_close(relation, NoLock);
	return may;
}
