/*
 * record_lookup.c
 *		Index probes that begin their scans once.
 *
 * Memory: a scan keeps one row's buffer pinned; what is found is copied.  What
 * the access method allocates on the way stays with the scan: it runs in the
 * context in which it was begun.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation_d.h"
#include "core/table.h"
#include "executor/tuptable.h"
#include "record/record_lookup.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* An index of a table, ready for the next key. */
typedef struct Probe
{
	Relation	table;
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	MemoryContext context;
} Probe;

struct RecordLookup
{
	Probe		records;
	Probe		states;
};

static void
begin_probe(Probe *probe, const char *table, const char *index, int keys, Snapshot snapshot)
{
	probe->context = CurrentMemoryContext;
	probe->table = table_open(itsm_relation(table), AccessShareLock);
	probe->index = index_open(itsm_relation(index), AccessShareLock);
	probe->scan = itsm_index_beginscan(probe->table, probe->index, snapshot, keys, 0);
	probe->slot = table_slot_create(probe->table, NULL);
}

static void
end_probe(Probe *probe)
{
	ExecDropSingleTupleTableSlot(probe->slot);
	index_endscan(probe->scan);
	index_close(probe->index, AccessShareLock);
	table_close(probe->table, AccessShareLock);
}

/* The row of the keys, valid until the next one is asked for; NULL when there is none. */
static HeapTuple
find(Probe *probe, ScanKey keys, int count)
{
	MemoryContext caller = MemoryContextSwitchTo(probe->context);
	bool		free_it;
	bool		found;

	index_rescan(probe->scan, keys, count, NULL, 0);
	found = index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot);
	MemoryContextSwitchTo(caller);
	return found ? ExecFetchSlotHeapTuple(probe->slot, false, &free_it) : NULL;
}

/* Columns are those of the index. */
static void
text_key(ScanKey key, AttrNumber column, const char *text)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(text));
	key->sk_collation = C_COLLATION_OID;
}

RecordLookup *
itsm_lookup_begin(Snapshot snapshot)
{
	RecordLookup *lookup = palloc(sizeof(RecordLookup));

	begin_probe(&lookup->records, "record", "record_key_idx", 3, snapshot);
	begin_probe(&lookup->states, "record_state", "record_state_pkey", 2, snapshot);
	return lookup;
}

void
itsm_lookup_end(RecordLookup *lookup)
{
	end_probe(&lookup->records);
	end_probe(&lookup->states);
	pfree(lookup);
}

bool
itsm_lookup_record(RecordLookup *lookup, int source, const char *tenant, const char *key, Record *record)
{
	ScanKeyData keys[3];
	HeapTuple	tuple;

	text_key(&keys[0], 1, key);
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(source));
	text_key(&keys[2], 3, tenant);
	tuple = find(&lookup->records, keys, 3);
	if (tuple)
		itsm_record_of_tuple(RelationGetDescr(lookup->records.table), tuple, record);
	return tuple != NULL;
}

bool
itsm_lookup_state(RecordLookup *lookup, const Record *record, RecordState *state)
{
	ScanKeyData keys[2];
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record->id));
	text_key(&keys[1], 2, record->tenant);
	tuple = find(&lookup->states, keys, 2);
	if (tuple)
		itsm_record_state_of_tuple(RelationGetDescr(lookup->states.table), tuple, state);
	return tuple != NULL;
}
