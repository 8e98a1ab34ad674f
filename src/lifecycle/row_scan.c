/*
 * row_scan.c
 *		Scanning attached tables.
 *
 * Memory: flat.  Locking: AccessShareLock on the table and its partitions,
 * kept until the transaction ends.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_inherits.h"
#include "lifecycle/remember.h"
#include "lifecycle/row_scan.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

typedef bool (*PassedRow) (const TupleTableSlot *slot, void *argument);

static void
scan_leaf(Oid leaf, Snapshot snapshot, PassedRow passed, void (*visit) (const ScannedRow *row, void *argument),
		  void *argument)
{
	Relation	relation = table_open(leaf, AccessShareLock);
	ScannedRow	row = {.relation = relation, .policy = itsm_policy_get(relation)};
	TableScanDesc scan = table_beginscan(relation, snapshot, 0, NULL);

	row.slot = table_slot_create(relation, NULL);
	row.lookup = itsm_lookup_begin(snapshot);
	while (table_scan_getnextslot(scan, ForwardScanDirection, row.slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (passed && passed(row.slot, argument))
			continue;
		row.state = itsm_evaluate_begin(row.policy);
		row.attachment = itsm_governing(row.state, row.policy, row.slot, NULL);
		if (row.attachment)
			visit(&row, argument);
		itsm_evaluate_end(row.policy, row.state);
	}
	itsm_lookup_end(row.lookup);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row.slot);
	table_close(relation, NoLock);
}

void
itsm_scan_other_rows(Oid relation, Snapshot snapshot, PassedRow passed,
					 void (*visit) (const ScannedRow *row, void *argument), void *argument)
{
	ListCell   *cell;

	if (get_rel_relkind(relation) != RELKIND_PARTITIONED_TABLE)
	{
		scan_leaf(relation, snapshot, passed, visit, argument);
		return;
	}
	foreach(cell, find_all_inheritors(relation, AccessShareLock, NULL))
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_RELATION)
			scan_leaf(lfirst_oid(cell), snapshot, passed, visit, argument);
}

void
itsm_scan_rows(Oid relation, Snapshot snapshot, void (*visit) (const ScannedRow *row, void *argument),
			   void *argument)
{
	itsm_scan_other_rows(relation, snapshot, NULL, visit, argument);
}

bool
itsm_scanned_record(const ScannedRow *row, Record *record)
{
	RecordIdentity identity = itsm_row_identity(row->state, row->attachment, row->slot);

	return itsm_lookup_record(row->lookup, identity.source, identity.tenant, identity.key, record);
}
