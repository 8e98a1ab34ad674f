/*
 * check_rows.c
 *		Rows that would be refused today: illegal before the attachment, or
 *		passed while it only observed.
 *
 * Memory: flat; the table is read through a cursor.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/unmet.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/judge.h"
#include "lifecycle/remember.h"
#include "lifecycle/stored_row.h"
#include "miscadmin.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define FETCH_ROWS 1000

static void
tell_unmet(const char *key, List *list, ReturnSetInfo *result)
{
	ListCell   *cell;

	foreach(cell, list)
	{
		const Unmet *unmet = lfirst(cell);
		Datum		row[3] = {
			CStringGetTextDatum(key), unmet->rule ? CStringGetTextDatum(unmet->rule) : (Datum) 0,
			CStringGetTextDatum(unmet->message)
		};
		bool		nulls[3] = {false, unmet->rule == NULL, false};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}

static void
check_row(Relation relation, Policy *policy, int attachment_id, TupleTableSlot *slot, ReturnSetInfo *result)
{
	PolicyState *state = itsm_evaluate_begin(policy);
	PolicyAttachment *attachment = itsm_governing(state, policy, slot, NULL);

	if (attachment && attachment->id == attachment_id)
	{
		RowSide		side = itsm_row_side(state, attachment, attachment->current, slot, false);
		Write		write = {
			.relation = relation, .policy = policy, .state = state, .unit = attachment->current,
			.new = side.canonical, .new_status = side.status, .from = ITSM_NO_STATE,
			.new_status_length = side.status_length,
			.to = itsm_unit_state(attachment->current, side.status, side.status_length)
		};

		itsm_write_actor(&write);
		itsm_judge_standing(&write);
		if (write.refused)
			tell_unmet(itsm_row_key(attachment, slot), write.refused, result);
	}
	itsm_evaluate_end(policy, state);
}

ITSM_FUNCTION(itsm_check_rows);
Datum
itsm_check_rows(PG_FUNCTION_ARGS)
{
	AttachmentRow *row = itsm_attachment_read(PG_GETARG_INT32(0));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	relation;
	Policy	   *policy;
	TupleTableSlot *slot;
	OwnerQuery	query;
	SPIPlanPtr	plan;
	Portal		portal;

	if (row->detached)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("attachment %d is detached", row->id),
				 errhint("Attach the table anew.")));
	itsm_check_owner(row->relation);
	InitMaterializedSRF(fcinfo, 0);
	relation = table_open(row->relation, AccessShareLock);
	policy = itsm_policy_get(relation);
	(void) itsm_policy_fitting(policy, row->id, relation);
	slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsHeapTuple);
	/* all rows, row security or not */
	itsm_query_begin(&query);
	plan = SPI_prepare(psprintf("SELECT " ITSM_WHOLE_ROW " FROM %s k", itsm_relation_name(row->relation)), 0, NULL);
	if (plan == NULL)
		elog(ERROR, "could not read \"%s\"", row->relation_name);
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			bool		isnull;
			Datum		value = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);

			CHECK_FOR_INTERRUPTS();
			ExecStoreHeapTuple(itsm_row_tuple(value), slot, true);
			check_row(relation, policy, row->id, slot, result);
			ExecClearTuple(slot);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	itsm_query_end(&query);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, AccessShareLock);
	return (Datum) 0;
}
