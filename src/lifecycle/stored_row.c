/*
 * stored_row.c
 *		Reading rows of attached tables.
 *
 * Whole rows are read as composite values, whose columns are numbered as the
 * table's are, dropped ones included.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "core/errors.h"
#include "executor/spi.h"
#include "ledger/record_key.h"
#include "lifecycle/policy.h"
#include "lifecycle/stored_row.h"
#include "record/source.h"
#include "utils/builtins.h"

HeapTuple
itsm_row_tuple(Datum row)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	return heap_copytuple(&tuple);
}

/* SELECTs "what" of the row with a key, as the current user. */
static char *
row_query(Relation relation, const char *key, const char *what)
{
	Oid			relid = RelationGetRelid(relation);
	Source	   *source = NULL;
	ListCell   *cell;

	/* a partition's rows belong to the table that it is a part of */
	foreach(cell, itsm_policy_ancestors(relid))
		if ((source = itsm_source_find(lfirst_oid(cell))) != NULL)
			break;
	if (source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("\"%s\" is not attached", RelationGetRelationName(relation)),
				 errhint("Name the table that itsm.attach was called with.")));
	return psprintf("SELECT %s FROM %s k WHERE %s", what, itsm_relation_name(relid),
					itsm_key_condition(relid, source, itsm_key_normalise(relid, source, key), "k"));
}

HeapTuple
itsm_stored_row(Relation relation, const char *key)
{
	MemoryContext caller = CurrentMemoryContext;
	HeapTuple	tuple = NULL;
	char	   *sql = row_query(relation, key, ITSM_WHOLE_ROW);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(sql, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the row");
	if (SPI_processed > 0)
	{
		bool		isnull;
		Datum		row = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext spi = MemoryContextSwitchTo(caller);

		tuple = itsm_row_tuple(row);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return tuple;
}

void
itsm_stored_row_lock(Relation relation, const char *key)
{
	char	   *sql = psprintf("%s FOR NO KEY UPDATE", row_query(relation, key, ""));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(sql, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not lock the row");
	SPI_finish();
}
