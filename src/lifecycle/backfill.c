/*
 * backfill.c
 *		Records for rows that were there before the attachment.
 *
 * The table is walked along its key, a batch at a time; each batch is a
 * transaction of its own, and where it ended is kept, so that a backfill that
 * was cut short goes on from there.  No lock stays longer than a batch.  A row
 * that a writer was quicker with has its record already and is passed over.
 */
#include "core/itsm.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/own_table.h"
#include "core/query.h"
#include "executor/executor.h"
#include "ledger/partition.h"
#include "ledger/record_key.h"
#include "lifecycle/actor.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/backfill.h"
#include "lifecycle/policy.h"
#include "lifecycle/remember.h"
#include "lifecycle/stored_row.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

typedef struct Backfill
{
	int			attachment;
	Oid			relation;		/* the one walked now: the table or a child of it */
	int			batch_rows;
	char	   *last_key;		/* in canonical form; NULL: from the start */
	int64		rows;			/* seen */
	int64		records;		/* made */
	double		estimate;		/* of the rows of the table; 0: unknown */
	int			rows_per_second;	/* at most; 0: as many as it can */
	bool		finished;
} Backfill;

/* One try of a batch. */
typedef struct Batch
{
	Backfill   *backfill;
	int			rows;			/* at most */
	MemoryContext keep;
	bool		overtaken;
} Batch;

/* A row version that a record was made of. */
typedef struct MadeOf
{
	Oid			relation;		/* the table or partition that it is in */
	ItemPointerData row;
} MadeOf;

/* A column of the key of which a batch is taken. */
typedef struct KeyColumn
{
	const char *name;			/* k."name" */
	const char *value;			/* of the last row seen, a literal of its type */
	const char *equal;			/* operators */
	const char *greater;
} KeyColumn;

static KeyColumn
key_column(const Backfill *backfill, const char *name, const char *value)
{
	/* not the domain, whose constraint would run with our rights; no length, as in itsm_key_condition */
	Oid			type = getBaseType(get_atttype(backfill->relation, get_attnum(backfill->relation, name)));
	KeyColumn	column;

	column.name = psprintf("k.%s", quote_identifier(name));
	column.value = psprintf("%s::%s", quote_literal_cstr(value),
							format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN));
	column.equal = itsm_key_operator(type, BTEqualStrategyNumber);
	column.greater = itsm_key_operator(type, BTGreaterStrategyNumber);
	return column;
}

/*
 * Behind the last key.  A comparison of rows goes along the index, and takes one
 * operator for all of its columns; where they have operators in several schemas
 * it is spelled out.
 */
static char *
behind_last(const Backfill *backfill, const List *key)
{
	int			count = list_length(key);
	char	  **fields = itsm_key_split(backfill->last_key, count);
	StringInfoData names;
	StringInfoData values;
	char	   *spelled = NULL;
	const char *greater = NULL;
	bool		alike = true;

	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = count - 1; i >= 0; i--)
	{
		KeyColumn	column = key_column(backfill, list_nth(key, i), fields[i]);

		spelled = spelled
			? psprintf("(%s %s %s OR %s %s %s AND %s)", column.name, column.greater, column.value, column.name, column.equal,
					   column.value, spelled)
			: psprintf("%s %s %s", column.name, column.greater, column.value);
		alike = alike && (greater == NULL || strcmp(greater, column.greater) == 0);
		greater = column.greater;
	}
	if (!alike)
		return spelled;
	for (int i = 0; i < count; i++)
	{
		KeyColumn	column = key_column(backfill, list_nth(key, i), fields[i]);

		appendStringInfo(&names, "%s%s", i ? ", " : "", column.name);
		appendStringInfo(&values, "%s%s", i ? ", " : "", column.value);
	}
	return psprintf("ROW(%s) %s ROW(%s)", names.data, greater, values.data);
}

/* The next rows along the key. */
static char *
batch_query(const Backfill *backfill, const Source *source, int batch_rows)
{
	StringInfoData columns;
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&columns);
	foreach(cell, source->key)
		appendStringInfo(&columns, "%sk.%s", columns.len ? ", " : "", quote_identifier(lfirst(cell)));
	initStringInfo(&sql);
	/* children of an inheritance parent are walked one by one, with their own sources */
	appendStringInfo(&sql, "SELECT " ITSM_WHOLE_ROW ", k.tableoid, k.ctid FROM %s%s k",
					 get_rel_relkind(backfill->relation) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 itsm_relation_name(backfill->relation));
	if (backfill->last_key)
		appendStringInfo(&sql, " WHERE %s", behind_last(backfill, source->key));
	appendStringInfo(&sql, " ORDER BY %s LIMIT %d", columns.data, batch_rows);
	return sql.data;
}

bool
itsm_backfill_row(Relation relation, Policy *policy, int attachment_id, TupleTableSlot *slot, char **key)
{
	PolicyState *state = itsm_evaluate_begin(policy);
	PolicyAttachment *attachment = itsm_governing(state, policy, slot, NULL);
	bool		made = false;

	if (attachment)
	{
		RowSide		side = itsm_row_side(state, attachment, attachment->current, slot, false);
		Memory		memory = {.kind = "backfilled", .new = &side, .unknown_past = true,
		.command = GetCurrentCommandId(false)};
		RecordIdentity identity = itsm_row_identity(state, attachment, slot);
		Record		record;

		if (key)
			*key = MemoryContextStrdup(TopTransactionContext, identity.key);
		/* one that an earlier attachment left is taken on as its row is now */
		if (attachment->id == attachment_id &&
			(!itsm_find_record(&identity, &record) || record.attachment != attachment_id))
		{
			memory.actor = itsm_actor(policy, attachment->current, NULL);
			itsm_remember(&memory);
			made = true;
		}
	}
	else if (key && policy->count)
		*key = MemoryContextStrdup(TopTransactionContext, itsm_row_key(policy->attachments[0], slot));
	itsm_evaluate_end(policy, state);
	return made;
}

/*
 * True when a row that a record was made of is there no more as it was read.
 * Whoever changed it after the record was made waits for us; so it was before,
 * and that one's history is the right one.
 */
static bool
overtaken(const MadeOf *made, int count)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Relation	relation = NULL;
	TupleTableSlot *slot = NULL;
	bool		found = false;

	for (int i = 0; i < count && !found; i++)
	{
		ItemPointerData row = made[i].row;

		CHECK_FOR_INTERRUPTS();
		if (relation == NULL || RelationGetRelid(relation) != made[i].relation)
		{
			if (relation)
			{
				ExecDropSingleTupleTableSlot(slot);
				table_close(relation, NoLock);
			}
			relation = table_open(made[i].relation, AccessShareLock);
			slot = table_slot_create(relation, NULL);
		}
		found = !table_tuple_fetch_row_version(relation, &row, snapshot, slot);
	}
	if (relation)
	{
		ExecDropSingleTupleTableSlot(slot);
		table_close(relation, NoLock);
	}
	UnregisterSnapshot(snapshot);
	return found;
}

/* One batch; the last key seen is moved on.  Raises when a writer has overtaken it; see itsm_attempt. */
static void
try_batch(void *argument)
{
	Batch	   *batch = argument;
	Backfill   *backfill = batch->backfill;
	Relation	relation = table_open(backfill->relation, AccessShareLock);
	Policy	   *policy = itsm_policy_get(relation);
	Source	   *source = itsm_source_find(backfill->relation);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsHeapTuple);
	OwnerQuery	query;
	uint64		count;
	MadeOf	   *made;
	int			made_count = 0;
	char	   *last_key = NULL;

	(void) itsm_policy_fitting(policy, backfill->attachment, relation);
	/* a superuser may take it from under a policy that is kept */
	if (source == NULL)
		elog(ERROR, "source of attachment %d is missing", backfill->attachment);
	itsm_query_begin(&query);
	count = itsm_query(SPI_OK_SELECT, batch_query(backfill, source, batch->rows), 0, NULL, NULL, NULL);
	made = MemoryContextAllocHuge(batch->keep, sizeof(MadeOf) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	found = SPI_tuptable->vals[i];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		bool		isnull;
		Datum		row = SPI_getbinval(found, descriptor, 1, &isnull);

		CHECK_FOR_INTERRUPTS();
		made[made_count].relation = DatumGetObjectId(SPI_getbinval(found, descriptor, 2, &isnull));
		made[made_count].row = *(ItemPointer) DatumGetPointer(SPI_getbinval(found, descriptor, 3, &isnull));
		ExecStoreHeapTuple(itsm_row_tuple(row), slot, true);
		if (itsm_backfill_row(relation, policy, backfill->attachment, slot, i + 1 == count ? &last_key : NULL))
			made_count++;
		ExecClearTuple(slot);
	}
	itsm_query_end(&query);
	batch->overtaken = overtaken(made, made_count);
	pfree(made);
	/* for the attempt to take back; of a code that it does not pass on */
	if (batch->overtaken)
		elog(ERROR, "a writer was quicker");
	if (last_key)
		backfill->last_key = MemoryContextStrdup(batch->keep, last_key);
	backfill->records += made_count;
	backfill->rows += count;
	backfill->finished = count < batch->rows;
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
}

/* With fewer rows each time: in the end a single one, which has its record or is gone. */
static void
run_batch(Backfill *backfill, MemoryContext keep)
{
	Batch		batch = {.backfill = backfill, .rows = backfill->batch_rows, .keep = keep};
	ErrorData  *error;

	while ((error = itsm_attempt(try_batch, &batch)) != NULL)
	{
		if (!batch.overtaken)
			ReThrowError(error);
		FreeErrorData(error);
		batch.overtaken = false;
		batch.rows = Max(batch.rows / 2, 1);
	}
}

static void
keep_progress(const Backfill *backfill)
{
	OwnerQuery	query;
	Oid			types[] = {INT4OID, REGCLASSOID, TEXTOID, INT8OID, INT8OID, BOOLOID};
	Datum		values[] = {
		Int32GetDatum(backfill->attachment), ObjectIdGetDatum(backfill->relation),
		backfill->last_key ? CStringGetTextDatum(backfill->last_key) : (Datum) 0,
		Int64GetDatum(backfill->rows), Int64GetDatum(backfill->records),
		BoolGetDatum(backfill->finished)
	};
	char		nulls[] = {' ', ' ', backfill->last_key ? ' ' : 'n', ' ', ' ', ' '};

	itsm_query_begin(&query);
	itsm_query(SPI_OK_INSERT,
			   "INSERT INTO itsm.backfill_progress (attachment, relation, last_key, rows, records, finished)"
			   " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (attachment, relation) DO UPDATE"
			   " SET last_key = EXCLUDED.last_key, rows = EXCLUDED.rows, records = EXCLUDED.records,"
			   " finished = EXCLUDED.finished, changed_at = pg_catalog.clock_timestamp()",
			   6, types, values, nulls);
	itsm_query_end(&query);
}

/* Where a backfill that was cut short ended; a finished one begins anew. */
static void
read_progress(Backfill *backfill, MemoryContext keep)
{
	OwnerQuery	query;
	Oid			types[] = {INT4OID, REGCLASSOID};
	Datum		values[] = {Int32GetDatum(backfill->attachment), ObjectIdGetDatum(backfill->relation)};

	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT,
				   "SELECT last_key, rows, records FROM itsm.backfill_progress"
				   " WHERE attachment OPERATOR(pg_catalog.=) $1 AND relation OPERATOR(pg_catalog.=) $2"
				   " AND NOT finished", 2, types, values, NULL) > 0)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		char	   *key = SPI_getvalue(tuple, descriptor, 1);
		bool		isnull;

		backfill->last_key = key ? MemoryContextStrdup(keep, key) : NULL;
		backfill->rows = DatumGetInt64(SPI_getbinval(tuple, descriptor, 2, &isnull));
		backfill->records = DatumGetInt64(SPI_getbinval(tuple, descriptor, 3, &isnull));
	}
	itsm_query_end(&query);
}

static double
estimate_rows(Oid relation)
{
	OwnerQuery	query;
	Oid			types[] = {REGCLASSOID};
	Datum		values[] = {ObjectIdGetDatum(relation)};
	double		estimate = 0;
	bool		isnull;

	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT,
				   "SELECT pg_catalog.sum(c.reltuples)::pg_catalog.float8 FROM pg_catalog.pg_class c"
				   " WHERE c.reltuples OPERATOR(pg_catalog.>) 0 AND (c.oid OPERATOR(pg_catalog.=) $1"
				   " OR c.oid OPERATOR(pg_catalog.=) ANY (SELECT t.relid FROM pg_catalog.pg_partition_tree($1) t))",
				   1, types, values, NULL) > 0)
	{
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull)
			estimate = DatumGetFloat8(value);
	}
	itsm_query_end(&query);
	return estimate;
}

static void
tell_progress(const Backfill *backfill)
{
	const char *share = "";

	if (backfill->finished)
		share = ", finished";
	else if (backfill->estimate > 0)
		share = psprintf(", about %.0f %%", Min(99.0, 100 * backfill->rows / backfill->estimate));
	ereport(NOTICE,
			(errmsg("backfill of attachment %d, %s: " INT64_FORMAT " rows seen, " INT64_FORMAT " records made%s",
					backfill->attachment, get_rel_name(backfill->relation), backfill->rows,
					backfill->records, share)));
}

/*
 * Waits until so many rows may have been seen since the batch began.  Between
 * transactions: nobody waits for us, and no snapshot of ours holds back VACUUM.
 */
static void
rest(const Backfill *backfill, TimestampTz began, int64 rows)
{
	TimestampTz until;
	long		wait;

	if (backfill->rows_per_second == 0 || backfill->finished)
		return;
	until = TimestampTzPlusMilliseconds(began, rows * 1000 / backfill->rows_per_second);
	InvalidateCatalogSnapshot();
	while ((wait = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until)) > 0)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
backfill_relation(Backfill *options, Oid relation, bool atomic, MemoryContext keep)
{
	Backfill	backfill = *options;

	backfill.relation = relation;

	read_progress(&backfill, keep);
	backfill.estimate = estimate_rows(relation);
	while (!backfill.finished)
	{
		TimestampTz began = GetCurrentTimestamp();
		int64		rows = backfill.rows;

		run_batch(&backfill, keep);
		keep_progress(&backfill);
		tell_progress(&backfill);
		if (!atomic)
		{
			SPI_commit();
			rest(&backfill, began, backfill.rows - rows);
			/* what was read before is not ours any more: ask again */
			itsm_check_owner(relation);
		}
	}
}

ITSM_FUNCTION(itsm_backfill);
Datum
itsm_backfill(PG_FUNCTION_ARGS)
{
	bool		atomic = fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;
	MemoryContext keep = AllocSetContextCreate(PortalContext ? PortalContext : CurrentMemoryContext,
											   "itsm backfill", ALLOCSET_SMALL_SIZES);
	AttachmentRow *row;
	Backfill	options = {.batch_rows = PG_ARGISNULL(1) ? 10000 : PG_GETARG_INT32(1),
	.rows_per_second = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2)};
	List	   *relations;
	MemoryContext caller;
	ListCell   *cell;

	if (PG_ARGISNULL(0) || options.batch_rows < 1 || (!PG_ARGISNULL(2) && options.rows_per_second < 1))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 PG_ARGISNULL(0) ? errmsg("\"attachment\" must not be null")
				 : errmsg("%s must be at least 1", options.batch_rows < 1 ? "batch_rows" : "rows_per_second")));
	options.attachment = PG_GETARG_INT32(0);
	/* so that no rest is longer than a second, and the load is even */
	if (options.rows_per_second)
		options.batch_rows = Min(options.batch_rows, options.rows_per_second);
	row = itsm_attachment_read(PG_GETARG_INT32(0));
	if (row->detached)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("attachment %d is detached", row->id),
				 errhint("Attach the table anew.")));
	itsm_check_owner(row->relation);
	itsm_own_keep(keep);
	if (SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (atomic)
		ereport(NOTICE, (errmsg("inside a transaction block a backfill cannot commit its batches")));
	itsm_make_partitions_ahead();
	caller = MemoryContextSwitchTo(keep);
	relations = itsm_governed_relations(row->relation);
	MemoryContextSwitchTo(caller);
	foreach(cell, relations)
		backfill_relation(&options, lfirst_oid(cell), atomic, keep);
	SPI_finish();
	MemoryContextDelete(keep);
	return (Datum) 0;
}
