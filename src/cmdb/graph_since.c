/*
 * graph_since.c
 *		The pack that a snapshot sees, and what has changed since it was made.
 *
 * Both follow from the snapshot, so that they are found once for as many
 * searches as have the same one: those of one statement, and of all statements
 * between which nobody has committed anything, and the own transaction neither
 * written nor taken back anything.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "cmdb/graph_reader.h"
#include "cmdb/graph_since.h"
#include "cmdb/relationship.h"
#include "core/table.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"

static GraphSince since;
static MemoryContext context = NULL;	/* of the changes, and of a copy of the snapshot */
static GraphMemory memory;

/* Of which snapshot and types that is. */
static bool kept = false;
static SnapshotData of_snapshot;
static TransactionId of_transaction;	/* that has written before */
static uint64 of_types;

/* What was taken back has no other snapshot. */
static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		kept = false;
}

static void
keep(Snapshot snapshot, const RelationshipTypes *types)
{
	of_snapshot = *snapshot;
	of_snapshot.xip = MemoryContextAlloc(context, sizeof(TransactionId) * (snapshot->xcnt + 1));
	memcpy(of_snapshot.xip, snapshot->xip, sizeof(TransactionId) * snapshot->xcnt);
	of_snapshot.subxip = MemoryContextAlloc(context, sizeof(TransactionId) * (snapshot->subxcnt + 1));
	memcpy(of_snapshot.subxip, snapshot->subxip, sizeof(TransactionId) * snapshot->subxcnt);
	of_transaction = GetTopTransactionIdIfAny();
	of_types = types->generation;
	kept = true;
}

static bool
is_kept(Snapshot snapshot, const RelationshipTypes *types)
{
	/* a serializable transaction reads what it relies on, so that conflicts are found */
	if (!kept || IsolationIsSerializable() || (since.pack && since.pack->generation == 0) ||
		of_types != types->generation)
		return false;
	/* commands tell apart what the own transaction has written, and nothing else */
	if (of_transaction != GetTopTransactionIdIfAny() ||
		(TransactionIdIsValid(of_transaction) && snapshot->curcid != of_snapshot.curcid))
		return false;
	return
		snapshot->xmin == of_snapshot.xmin && snapshot->xmax == of_snapshot.xmax && snapshot->xcnt == of_snapshot.xcnt &&
		snapshot->subxcnt == of_snapshot.subxcnt && snapshot->suboverflowed == of_snapshot.suboverflowed &&
		snapshot->takenDuringRecovery == of_snapshot.takenDuringRecovery &&
		memcmp(snapshot->xip, of_snapshot.xip, sizeof(TransactionId) * snapshot->xcnt) == 0 &&
		memcmp(snapshot->subxip, of_snapshot.subxip, sizeof(TransactionId) * snapshot->subxcnt) == 0;
}

/* Numbers of types by the labels of a pack; the session's, until either is another one. */
static const int *
labels_of(const GraphPack *pack, const RelationshipTypes *types)
{
	static uint64 types_generation = 0;
	static int64 pack_generation = 0;
	static int *labels = NULL;

	if (labels == NULL || types_generation != types->generation || pack_generation != pack->generation)
	{
		int		   *made = MemoryContextAlloc(TopMemoryContext, sizeof(int) * (pack->type_count + 1));

		for (int i = 0; i < pack->type_count; i++)
		{
			const RelationshipType *type = itsm_relationship_type(types, pack->types[i], strlen(pack->types[i]));

			made[i] = type ? type->number : -1;
		}
		if (labels)
			pfree(labels);
		labels = made;
		types_generation = types->generation;
		pack_generation = pack->generation;
	}
	return labels;
}

/* What the snapshot sees of relationships whose last change is not in the pack. */
static void
read_changes(Snapshot snapshot, const RelationshipTypes *types)
{
	Relation	table = table_open(itsm_relation("relationship"), AccessShareLock);
	Relation	index = index_open(itsm_relation("relationship_xid_idx"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	IndexScanDesc scan = itsm_index_beginscan(table, index, snapshot, 2, 0);
	const RelationshipType *type = NULL;
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(since.pack->system));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_XID8GE, UInt64GetDatum(since.pack->xid_min));
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		Datum	   *values = slot->tts_values;

		CHECK_FOR_INTERRUPTS();
		slot_getsomeattrs(slot, RELATIONSHIP_TYPE + 1);
		if (!itsm_graph_pack_has(since.pack, DatumGetUInt64(values[RELATIONSHIP_XID])) &&
			itsm_graph_type(types, &type, values[RELATIONSHIP_TYPE]))
			graph_changes_add(&since.changes, DatumGetInt64(values[RELATIONSHIP_SOURCE]), type->number,
							  DatumGetInt64(values[RELATIONSHIP_TARGET]), DatumGetInt64(values[RELATIONSHIP_ENDED]) == 0);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
}

GraphSince *
itsm_graph_since(Snapshot snapshot, const RelationshipTypes *types)
{
	if (is_kept(snapshot, types))
		return &since;
	kept = false;
	if (context)
		MemoryContextReset(context);
	else
	{
		RegisterSubXactCallback(on_subtransaction, NULL);
		context = AllocSetContextCreate(TopMemoryContext, "itsm relationships since the pack", ALLOCSET_SMALL_SIZES);
	}
	memset(&since, 0, sizeof(since));
	itsm_graph_memory_begin(&memory, context);
	graph_changes_begin(&since.changes, &memory);
	since.pack = itsm_graph_pack(snapshot);
	if (since.pack)
	{
		since.labels = labels_of(since.pack, types);
		read_changes(snapshot, types);
	}
	keep(snapshot, types);
	return &since;
}
