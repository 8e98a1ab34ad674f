/*
 * row_lookup.c
 *		Rows by their keys without SQL: a plan costs four times as much as the
 *		look into the index.
 *
 * Memory: what is open has a context of its own.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "executor/tuptable.h"
#include "lifecycle/row_lookup.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* A column of the key. */
typedef struct KeyColumn
{
	FmgrInfo	input;
	Oid			parameter;
	int			place;			/* in the index */
	Oid			collation;
	RegProcedure equal;
} KeyColumn;

struct RowLookup
{
	Oid			table_id;
	Oid			index_id;
	int			count;
	KeyColumn	columns[INDEX_MAX_KEYS];
	MemoryContext context;		/* of what is open */
	Relation	table;			/* NULL: nothing is */
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
};

static bool
prepare_column(Relation index, Oid relation, const char *name, KeyColumn *column)
{
	AttrNumber	number = get_attnum(relation, name);
	Oid			input;
	Oid			equal;

	for (column->place = 0; column->place < IndexRelationGetNumberOfKeyAttributes(index); column->place++)
		if (index->rd_index->indkey.values[column->place] == number)
			break;
	if (number <= 0 || column->place == IndexRelationGetNumberOfKeyAttributes(index))
		return false;
	equal = get_opfamily_member(index->rd_opfamily[column->place], index->rd_opcintype[column->place],
								index->rd_opcintype[column->place], BTEqualStrategyNumber);
	if (!OidIsValid(equal))
		return false;
	column->equal = get_opcode(equal);
	column->collation = index->rd_indcollation[column->place];
	/* a domain's constraint is the table owner's code: it has no place in a look-up */
	getTypeInputInfo(getBaseType(get_atttype(relation, number)), &input, &column->parameter);
	fmgr_info(input, &column->input);
	return true;
}

RowLookup *
itsm_row_lookup(Relation relation, const Source *source)
{
	RowLookup  *lookup = palloc0(sizeof(RowLookup));
	Relation	index;
	ListCell   *cell;
	bool		fits;

	if (relation->rd_rel->relkind != RELKIND_RELATION)
		return NULL;
	lookup->table_id = RelationGetRelid(relation);
	lookup->index_id = (RelationGetIndexList(relation), relation->rd_pkindex);
	if (!OidIsValid(lookup->index_id))
		return NULL;
	index = index_open(lookup->index_id, AccessShareLock);
	lookup->count = list_length(source->key);
	fits = index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
		IndexRelationGetNumberOfKeyAttributes(index) == lookup->count;
	foreach(cell, source->key)
		fits = fits && prepare_column(index, lookup->table_id, lfirst(cell), &lookup->columns[foreach_current_index(cell)]);
	index_close(index, NoLock);
	lookup->context = AllocSetContextCreate(CurrentMemoryContext, "itsm row look-up", ALLOCSET_DEFAULT_SIZES);
	return fits ? lookup : NULL;
}

static void
open_table(RowLookup *lookup, Snapshot snapshot)
{
	lookup->table = table_open(lookup->table_id, NoLock);
	lookup->index = index_open(lookup->index_id, AccessShareLock);
	lookup->scan = itsm_index_beginscan(lookup->table, lookup->index, snapshot, lookup->count, 0);
	lookup->slot = table_slot_create(lookup->table, NULL);
}

/* Conditions in the order of the index's columns. */
static void
fill_keys(RowLookup *lookup, char *const *fields, ScanKey keys)
{
	for (int i = 0; i < lookup->count; i++)
	{
		KeyColumn  *column = &lookup->columns[i];
		Datum		value = InputFunctionCall(&column->input, fields[i] ? fields[i] : "", column->parameter, -1);

		ScanKeyEntryInitialize(&keys[column->place], 0, column->place + 1, BTEqualStrategyNumber, InvalidOid,
							   column->collation, column->equal, value);
	}
}

HeapTuple
itsm_row_lookup_find(RowLookup *lookup, Snapshot snapshot, char *const *fields)
{
	ScanKeyData keys[INDEX_MAX_KEYS];
	MemoryContext caller;
	HeapTuple	tuple;
	bool		found;
	bool		free_it;

	fill_keys(lookup, fields, keys);
	/* what the scan allocates on the way stays with it */
	caller = MemoryContextSwitchTo(lookup->context);
	if (lookup->table == NULL)
		open_table(lookup, snapshot);
	index_rescan(lookup->scan, keys, lookup->count, NULL, 0);
	found = index_getnext_slot(lookup->scan, ForwardScanDirection, lookup->slot);
	MemoryContextSwitchTo(caller);
	if (!found)
		return NULL;
	tuple = ExecFetchSlotHeapTuple(lookup->slot, false, &free_it);
	return free_it ? tuple : heap_copytuple(tuple);
}

void
itsm_row_lookup_forget(RowLookup *lookup)
{
	lookup->table = NULL;
	MemoryContextReset(lookup->context);
}

void
itsm_row_lookup_close(RowLookup *lookup)
{
	if (lookup->table == NULL)
		return;
	ExecDropSingleTupleTableSlot(lookup->slot);
	index_endscan(lookup->scan);
	index_close(lookup->index, AccessShareLock);
	table_close(lookup->table, NoLock);
	itsm_row_lookup_forget(lookup);
}
