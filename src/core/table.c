/*
 * table.c
 *		Direct access to the extension's own tables.
 *
 * Locking: callers open the relation with RowExclusiveLock for writing, which
 * they keep until the transaction ends, and with AccessShareLock for reading.  Row locks are those of heap_update itself.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_index.h"
#include "core/table.h"
#include "executor/executor.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

Oid
itsm_relation_or_invalid(const char *name)
{
	Oid			schema = get_namespace_oid(ITSM_SCHEMA, true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

Oid
itsm_relation(const char *name)
{
	Oid			relation = itsm_relation_or_invalid(name);

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s.%s\" does not exist", ITSM_SCHEMA, name),
				 errhint("It belongs to the extension; CREATE EXTENSION itsm makes it.")));
	return relation;
}

HeapTuple
itsm_table_find(Relation table, Oid index, Snapshot snapshot, int key_count, ScanKey keys)
{
	/* systable_beginscan renumbers the keys it is given */
	ScanKeyData copies[4];
	SysScanDesc scan;
	HeapTuple	found;

	Assert(key_count <= lengthof(copies));
	memcpy(copies, keys, sizeof(ScanKeyData) * key_count);
	scan = systable_beginscan(table, index, true, snapshot, key_count, copies);
	found = systable_getnext(scan);
	if (HeapTupleIsValid(found))
		found = heap_copytuple(found);
	systable_endscan(scan);
	return found;
}

void
itsm_table_await(Relation table, Oid index, int key_count, ScanKey keys)
{
	SnapshotData dirty;
	HeapTuple	found;

	InitDirtySnapshot(dirty);
	found = itsm_table_find(table, index, &dirty, key_count, keys);
	if (!HeapTupleIsValid(found))
		return;
	if (dirty.speculativeToken)
		SpeculativeInsertionWait(dirty.xmin, dirty.speculativeToken);
	else if (TransactionIdIsValid(dirty.xmin))
		XactLockTableWait(dirty.xmin, table, &found->t_self, XLTW_InsertIndex);
	else if (TransactionIdIsValid(dirty.xmax))
		XactLockTableWait(dirty.xmax, table, &found->t_self, XLTW_Update);
}

/* An entry of an index with expressions or a predicate. */
static void
insert_computed_entry(Relation table, Relation index, HeapTuple tuple)
{
	EState	   *estate = CreateExecutorState();
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
	IndexInfo  *info = BuildIndexInfo(index);
	ExprContext *context = GetPerTupleExprContext(estate);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	ExecStoreHeapTuple(tuple, slot, false);
	context->ecxt_scantuple = slot;
	if (info->ii_Predicate == NIL || ExecQual(ExecPrepareQual(info->ii_Predicate, estate), context))
	{
		FormIndexDatum(info, slot, estate, values, nulls);
		index_insert(index, values, nulls, &tuple->t_self, table,
					 info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
	}
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
}

/*
 * Index entries by direct calls, without the executor's state: cheaper than
 * ExecInsertIndexTuples by about a microsecond a row.
 */
static void
insert_plain_entries(Relation table, HeapTuple tuple)
{
	List	   *indexes = RelationGetIndexList(table);
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), RowExclusiveLock);
		Form_pg_index form = index->rd_index;
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		/* ours are over plain columns, but a DBA may have added another */
		if (!heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) ||
			!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		{
			insert_computed_entry(table, index, tuple);
			index_close(index, NoLock);
			continue;
		}
		for (int i = 0; i < form->indnatts; i++)
			values[i] = heap_getattr(tuple, form->indkey.values[i], RelationGetDescr(table), &nulls[i]);
		index_insert(index, values, nulls, &tuple->t_self, table,
					 form->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, NULL);
		index_close(index, NoLock);
	}
	list_free(indexes);
}

void
itsm_table_insert(Relation table, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(table), values, nulls);

	heap_insert(table, tuple, GetCurrentCommandId(true), 0, NULL);
	insert_plain_entries(table, tuple);
	heap_freetuple(tuple);
}

bool
itsm_table_insert_new(Relation table, Datum *values, bool *nulls)
{
	EState	   *estate = CreateExecutorState();
	ResultRelInfo *result = makeNode(ResultRelInfo);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
	uint32		token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
	bool		conflict = false;

	ExecStoreHeapTuple(heap_form_tuple(RelationGetDescr(table), values, nulls), slot, true);
	InitResultRelInfo(result, table, 1, NULL, 0);
	ExecOpenIndices(result, true);
	table_tuple_insert_speculative(table, slot, GetCurrentCommandId(true), 0, NULL, token);
	(void) itsm_insert_index_tuples(result, slot, estate, &conflict);
	table_tuple_complete_speculative(table, slot, token, !conflict);
	SpeculativeInsertionLockRelease(GetCurrentTransactionId());
	ExecCloseIndices(result);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	return !conflict;
}

bool
itsm_table_update(Relation table, HeapTuple old, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(table), values, nulls);
	ItemPointerData target = old->t_self;
	TM_FailureData failure;
	LockTupleMode lockmode;
	TM_Result	result = itsm_heap_update(table, &target, tuple, &failure, &lockmode);

	if (result == TM_Ok)
	{
		if (!HeapTupleIsHeapOnly(tuple))
			insert_plain_entries(table, tuple);
		old->t_self = tuple->t_self;
		heap_freetuple(tuple);
		return true;
	}
	if (result != TM_Updated && result != TM_Deleted)
		elog(ERROR, "row of %s cannot be updated: result %d", RelationGetRelationName(table), result);
	heap_freetuple(tuple);
	return false;
}
