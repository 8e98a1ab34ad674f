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
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_index.h"
#include "core/row_form.h"
#include "core/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/datum.h"
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

static void
no_relation(Oid relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE), errmsg("there is no relation %u", relation),
			 errhint("When the table has been dropped, what is known of its rows is in itsm.record and itsm.event.")));
}

void
itsm_require_relation(Oid relation)
{
	if (get_rel_relkind(relation) == '\0')
		no_relation(relation);
}

Relation
itsm_table_open(Oid relation)
{
	Relation	table = try_table_open(relation, AccessShareLock);

	if (table == NULL)
		no_relation(relation);
	return table;
}

Snapshot
itsm_snapshot_now(void)
{
	Snapshot	snapshot;

	/* who works in parallel writes nothing, and is not given another one */
	if (IsInParallelMode())
		return RegisterSnapshot(GetActiveSnapshot());
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	/* what this command has done, too: every number is below this one */
	snapshot->curcid = InvalidCommandId;
	return snapshot;
}

SysScanDesc
itsm_table_scan(Relation table, Oid index, int key_count, ScanKey keys)
{
	SysScanDesc scan = systable_beginscan(table, index, OidIsValid(index), SnapshotAny, key_count, keys);

	/* systable_endscan gives it up */
	scan->snapshot = itsm_snapshot_now();
	return scan;
}

SysScanDesc
itsm_table_scan_ordered(Relation table, Relation index, int key_count, ScanKey keys)
{
	SysScanDesc scan = systable_beginscan_ordered(table, index, SnapshotAny, key_count, keys);

	scan->snapshot = itsm_snapshot_now();
	return scan;
}

/* The scan has all versions of a row, and none of them is locked for a serializable transaction. */
HeapTuple
itsm_table_next(SysScanDesc scan)
{
	HeapTuple	row;

	do
	{
		CHECK_FOR_INTERRUPTS();
		row = systable_getnext(scan);
	} while (HeapTupleIsValid(row) && !table_tuple_satisfies_snapshot(scan->heap_rel, scan->slot, scan->snapshot));
	return row;
}

static HeapTuple
first_row(Relation table, Oid index, Snapshot snapshot, int key_count, ScanKey keys)
{
	/* they are renumbered */
	ScanKeyData copies[5];
	SysScanDesc scan;
	HeapTuple	found;

	Assert(key_count <= lengthof(copies));
	memcpy(copies, keys, sizeof(ScanKeyData) * key_count);
	scan = snapshot ? systable_beginscan(table, index, true, snapshot, key_count, copies)
		: itsm_table_scan(table, index, key_count, copies);
	found = snapshot ? systable_getnext(scan) : itsm_table_next(scan);
	if (HeapTupleIsValid(found))
		found = heap_copytuple(found);
	systable_endscan(scan);
	return found;
}

HeapTuple
itsm_table_find(Relation table, Oid index, Snapshot snapshot, int key_count, ScanKey keys)
{
	HeapTuple	found = first_row(table, index, snapshot, key_count, keys);

	return found || snapshot != SnapshotSelf ? found : first_row(table, index, NULL, key_count, keys);
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

/* True when the index has all rows, or those in which a column, *filled, is not null. */
static bool
has_plain_predicate(Relation index, AttrNumber *filled)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	const NullTest *test = list_length(predicate) == 1 ? linitial(predicate) : NULL;
	bool		plain = predicate == NIL;

	*filled = 0;
	if (test && IsA(test, NullTest) && test->nulltesttype == IS_NOT_NULL && IsA(test->arg, Var))
	{
		*filled = ((const Var *) test->arg)->varattno;
		plain = *filled > 0;
	}
	list_free_deep(predicate);
	return plain;
}

void
itsm_indexes_open(Relation table, TableIndexes *indexes)
{
	List	   *list = RelationGetIndexList(table);
	ListCell   *cell;

	indexes->relations = palloc(sizeof(Relation) * (list_length(list) + 1));
	indexes->plain = palloc(sizeof(bool) * (list_length(list) + 1));
	indexes->filled = palloc(sizeof(AttrNumber) * (list_length(list) + 1));
	indexes->count = 0;
	foreach(cell, list)
	{
		Relation	index = index_open(lfirst_oid(cell), RowExclusiveLock);

		/* ours are b-trees over columns, but a DBA may have added another */
		indexes->plain[indexes->count] = index->rd_rel->relam == BTREE_AM_OID &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) &&
			has_plain_predicate(index, &indexes->filled[indexes->count]);
		indexes->relations[indexes->count++] = index;
	}
	list_free(list);
}

void
itsm_indexes_close(TableIndexes *indexes)
{
	for (int i = 0; i < indexes->count; i++)
		index_close(indexes->relations[i], NoLock);
	pfree(indexes->relations);
	pfree(indexes->plain);
	pfree(indexes->filled);
	memset(indexes, 0, sizeof(TableIndexes));
}

/* An entry of an index with expressions or a predicate, or of another access method. */
static bool
insert_computed_entry(Relation table, Relation index, HeapTuple tuple, IndexUniqueCheck check)
{
	EState	   *estate = CreateExecutorState();
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
	IndexInfo  *info = BuildIndexInfo(index);
	ExprContext *context = GetPerTupleExprContext(estate);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	bool		unique = true;

	ExecStoreHeapTuple(tuple, slot, false);
	context->ecxt_scantuple = slot;
	if (info->ii_Predicate == NIL || ExecQual(ExecPrepareQual(info->ii_Predicate, estate), context))
	{
		FormIndexDatum(info, slot, estate, values, nulls);
		unique = index_insert(index, values, nulls, &tuple->t_self, table, check, false, info);
		itsm_index_insert_cleanup(index, info);
	}
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	return unique;
}

/* True when a version has the values of the one before it in all columns of an index. */
static bool
is_unchanged(Relation table, Relation index, HeapTuple old, const Datum *row, const bool *row_nulls)
{
	TupleDesc	descriptor = RelationGetDescr(table);
	Form_pg_index form = index->rd_index;

	for (int i = 0; i < form->indnatts; i++)
	{
		AttrNumber	column = form->indkey.values[i];
		Form_pg_attribute attribute = TupleDescAttr(descriptor, column - 1);
		bool		isnull;
		Datum		value = heap_getattr(old, column, descriptor, &isnull);

		if (isnull || row_nulls[column - 1] ||
			!datum_image_eq(value, row[column - 1], attribute->attbyval, attribute->attlen))
			return false;
	}
	return true;
}

/*
 * Index entries by direct calls, without the executor's state: cheaper than
 * ExecInsertIndexTuples by about a microsecond a row.  False when a unique
 * index may have the key already, if "check" lets it say so.
 */
static bool
insert_entries(Relation table, TableIndexes *indexes, HeapTuple tuple, Datum *row, bool *row_nulls,
			   IndexUniqueCheck check, HeapTuple old)
{
	for (int i = 0; i < indexes->count; i++)
	{
		Relation	index = indexes->relations[i];
		Form_pg_index form = index->rd_index;
		IndexUniqueCheck own_check = form->indisunique ? check : UNIQUE_CHECK_NO;
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];
		bool		unique;
		bool		unchanged;

		if (!form->indisready || (indexes->plain[i] && indexes->filled[i] && row_nulls[indexes->filled[i] - 1]))
			continue;
		/* the version before it has proved that it is the only one */
		unchanged = old && indexes->plain[i] && is_unchanged(table, index, old, row, row_nulls);
		if (unchanged)
			own_check = UNIQUE_CHECK_NO;
		if (!indexes->plain[i])
			unique = insert_computed_entry(table, index, tuple, own_check);
		else
		{
			for (int column = 0; column < form->indnatts; column++)
			{
				values[column] = row[form->indkey.values[column] - 1];
				nulls[column] = row_nulls[form->indkey.values[column] - 1];
			}
			unique = index_insert(index, values, nulls, &tuple->t_self, table, own_check, unchanged, NULL);
		}
		if (own_check == UNIQUE_CHECK_PARTIAL && !unique)
			return false;
	}
	return true;
}

void
itsm_indexes_add(Relation table, TableIndexes *indexes, HeapTuple tuple, Datum *values, bool *nulls)
{
	(void) insert_entries(table, indexes, tuple, values, nulls, UNIQUE_CHECK_YES, NULL);
}

void
itsm_indexes_add_version(Relation table, TableIndexes *indexes, HeapTuple old, HeapTuple tuple, Datum *values,
						 bool *nulls)
{
	(void) insert_entries(table, indexes, tuple, values, nulls, UNIQUE_CHECK_YES, old);
}

ItemPointerData
itsm_indexes_insert(Relation table, TableIndexes *indexes, Datum *values, bool *nulls)
{
	HeapTuple	tuple = itsm_form_row(RelationGetDescr(table), values, nulls);
	ItemPointerData place;

	heap_insert(table, tuple, GetCurrentCommandId(true), 0, NULL);
	place = tuple->t_self;
	itsm_indexes_add(table, indexes, tuple, values, nulls);
	heap_freetuple(tuple);
	return place;
}

/* As the executor does it for ON CONFLICT: nobody sees the row until no index objects. */
ItemPointerData
itsm_indexes_insert_new(Relation table, TableIndexes *indexes, Datum *values, bool *nulls)
{
	HeapTuple	tuple = itsm_form_row(RelationGetDescr(table), values, nulls);
	uint32		token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
	ItemPointerData place;

	HeapTupleHeaderSetSpeculativeToken(tuple->t_data, token);
	heap_insert(table, tuple, GetCurrentCommandId(true), HEAP_INSERT_SPECULATIVE, NULL);
	place = tuple->t_self;
	if (insert_entries(table, indexes, tuple, values, nulls, UNIQUE_CHECK_PARTIAL, NULL))
		heap_finish_speculative(table, &place);
	else
	{
		heap_abort_speculative(table, &place);
		ItemPointerSetInvalid(&place);
	}
	SpeculativeInsertionLockRelease(GetCurrentTransactionId());
	heap_freetuple(tuple);
	return place;
}

HeapTuple
itsm_table_replace(Relation table, HeapTuple old, Datum *values, bool *nulls)
{
	HeapTuple	tuple = itsm_form_row(RelationGetDescr(table), values, nulls);
	ItemPointerData target = old->t_self;
	TM_FailureData failure;
	LockTupleMode lockmode;
	TM_Result	result = itsm_heap_update(table, &target, tuple, &failure, &lockmode);

	if (result == TM_Ok)
	{
		old->t_self = tuple->t_self;
		return tuple;
	}
	if (result != TM_Updated && result != TM_Deleted)
		elog(ERROR, "row of %s cannot be updated: result %d", RelationGetRelationName(table), result);
	heap_freetuple(tuple);
	return NULL;
}

bool
itsm_table_delete(Relation table, HeapTuple old)
{
	TM_FailureData failure;
	TM_Result	result = heap_delete(table, &old->t_self, GetCurrentCommandId(true), InvalidSnapshot, true,
									 &failure, false);

	if (result != TM_Ok && result != TM_Updated && result != TM_Deleted)
		elog(ERROR, "row of %s cannot be deleted: result %d", RelationGetRelationName(table), result);
	return result == TM_Ok;
}

void
itsm_table_insert(Relation table, Datum *values, bool *nulls)
{
	TableIndexes indexes;

	itsm_indexes_open(table, &indexes);
	itsm_indexes_insert(table, &indexes, values, nulls);
	itsm_indexes_close(&indexes);
}

void
itsm_table_insert_untold(Relation table, Datum *values, bool *nulls)
{
	HeapTuple	tuple = itsm_form_row(RelationGetDescr(table), values, nulls);
	TableIndexes indexes;

	itsm_indexes_open(table, &indexes);
	heap_insert(table, tuple, GetCurrentCommandId(true), HEAP_INSERT_NO_LOGICAL, NULL);
	itsm_indexes_add(table, &indexes, tuple, values, nulls);
	itsm_indexes_close(&indexes);
	heap_freetuple(tuple);
}

/*
 * A deletion without the row's identity is published to nobody.  For all
 * others, and in the catalog, the table keeps its own.
 */
void
itsm_table_delete_untold(Relation table, ItemPointer place)
{
	char		identity = table->rd_rel->relreplident;

	table->rd_rel->relreplident = REPLICA_IDENTITY_NOTHING;
	PG_TRY();
	{
		simple_heap_delete(table, place);
	}
	PG_FINALLY();
	{
		table->rd_rel->relreplident = identity;
	}
	PG_END_TRY();
}

bool
itsm_table_insert_new(Relation table, Datum *values, bool *nulls)
{
	TableIndexes indexes;
	ItemPointerData place;

	itsm_indexes_open(table, &indexes);
	place = itsm_indexes_insert_new(table, &indexes, values, nulls);
	itsm_indexes_close(&indexes);
	return ItemPointerIsValid(&place);
}

bool
itsm_table_update(Relation table, HeapTuple old, Datum *values, bool *nulls)
{
	HeapTuple	tuple = itsm_table_replace(table, old, values, nulls);

	if (tuple == NULL)
		return false;
	if (!HeapTupleIsHeapOnly(tuple))
	{
		TableIndexes indexes;

		itsm_indexes_open(table, &indexes);
		itsm_indexes_add_version(table, &indexes, old, tuple, values, nulls);
		itsm_indexes_close(&indexes);
	}
	heap_freetuple(tuple);
	return true;
}

BulkInsert *
itsm_bulk_begin(const char *table)
{
	BulkInsert *bulk = palloc0(sizeof(BulkInsert));

	bulk->relation = relation_open(itsm_relation(table), RowExclusiveLock);
	Assert(RelationGetDescr(bulk->relation)->natts <= BULK_COLUMNS);
	itsm_indexes_open(bulk->relation, &bulk->indexes);
	bulk->context = AllocSetContextCreate(CurrentMemoryContext, "itsm bulk insert", ALLOCSET_DEFAULT_SIZES);
	return bulk;
}

void
itsm_bulk_add(BulkInsert *bulk, const Datum *values, const bool *nulls)
{
	int			columns = RelationGetDescr(bulk->relation)->natts;

	memcpy(bulk->values[bulk->count], values, sizeof(Datum) * columns);
	memcpy(bulk->nulls[bulk->count], nulls, sizeof(bool) * columns);
	if (++bulk->count == BULK_ROWS)
		itsm_bulk_flush(bulk);
}

void
itsm_bulk_flush(BulkInsert *bulk)
{
	TupleDesc	descriptor = RelationGetDescr(bulk->relation);
	HeapTuple	tuples[BULK_ROWS];
	int			count = bulk->count;
	MemoryContext caller;

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
		if (bulk->slots[i] == NULL)
		{
			caller = MemoryContextSwitchTo(GetMemoryChunkContext(bulk));
			bulk->slots[i] = MakeSingleTupleTableSlot(descriptor, &TTSOpsHeapTuple);
			MemoryContextSwitchTo(caller);
		}
	caller = MemoryContextSwitchTo(bulk->context);
	for (int i = 0; i < count; i++)
	{
		tuples[i] = heap_form_tuple(descriptor, bulk->values[i], bulk->nulls[i]);
		ExecStoreHeapTuple(tuples[i], bulk->slots[i], false);
	}
	heap_multi_insert(bulk->relation, bulk->slots, count, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < count; i++)
	{
		tuples[i]->t_self = bulk->slots[i]->tts_tid;
		itsm_indexes_add(bulk->relation, &bulk->indexes, tuples[i], bulk->values[i], bulk->nulls[i]);
		itsm_table_grow(bulk->relation, &bulk->indexes, &bulk->growth, &tuples[i]->t_self);
		ExecClearTuple(bulk->slots[i]);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(bulk->context);
	bulk->count = 0;
}

void
itsm_bulk_end(BulkInsert *bulk)
{
	itsm_bulk_flush(bulk);
	for (int i = 0; i < BULK_ROWS && bulk->slots[i]; i++)
		ExecDropSingleTupleTableSlot(bulk->slots[i]);
	itsm_indexes_close(&bulk->indexes);
	relation_close(bulk->relation, NoLock);
	MemoryContextDelete(bulk->context);
	pfree(bulk);
}
