/*
 * reconcile_batches.c
 *		Reconciling a table of items, a batch at a time.
 *
 * The table is walked along its key; each batch is a transaction of its own,
 * and where it ended is kept, so that what was cut short goes on from there.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "cmdb/reconcile.h"
#include "core/json_read.h"
#include "core/own_table.h"
#include "core/query.h"
#include "ledger/record_key.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

typedef struct Walk
{
	char	   *source;
	char	   *class;
	char	   *tenant;
	Oid			items;			/* the table */
	char	   *item;			/* its column */
	char	   *key;			/* and that of its key */
	int			batch_rows;
	bool		apply;
	Oid			relation;
	TimestampTz seen_at;
	char	   *last_key;		/* NULL: from the start */
	int64		seen;
	int64		counts[RECONCILE_ACTIONS];
	bool		finished;
} Walk;

static void
refuse(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("items cannot be read: %s", message)));
}

/* The one column of the table's primary key. */
static char *
key_column(Oid relation)
{
	Relation	table = table_open(relation, AccessShareLock);
	AttrNumber	column = 0;
	Oid			index;

	/* finds the primary key on its way */
	list_free(RelationGetIndexList(table));
	index = table->rd_pkindex;
	if (OidIsValid(index))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
		Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);

		if (form->indnkeyatts == 1)
			column = form->indkey.values[0];
		ReleaseSysCache(tuple);
	}
	table_close(table, AccessShareLock);
	if (column <= 0)
		refuse(psprintf("\"%s\" has no primary key of one column", get_rel_name(relation)));
	return get_attname(relation, column, false);
}

static char *
batch_query(const Walk *walk)
{
	const char *key = quote_identifier(walk->key);
	Oid			type = get_atttype(walk->items, get_attnum(walk->items, walk->key));
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT k.%s::pg_catalog.text, k.%s FROM %s k", key, quote_identifier(walk->item),
					 itsm_relation_name(walk->items));
	if (walk->last_key)
		appendStringInfo(&sql, " WHERE k.%s %s %s::%s", key, itsm_key_operator(type, BTGreaterStrategyNumber),
						 quote_literal_cstr(walk->last_key), format_type_be_qualified(type));
	appendStringInfo(&sql, " ORDER BY k.%s USING %s LIMIT %d", key, itsm_key_operator(type, BTLessStrategyNumber),
					 walk->batch_rows);
	return sql.data;
}

static void
reconcile_rows(Walk *walk, Reconciliation *run, MemoryContext row, MemoryContext keep)
{
	SPITupleTable *rows = SPI_tuptable;
	uint64		count = SPI_processed;

	for (uint64 i = 0; i < count; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(row);
		JsonbValue	value;
		bool		isnull;
		Datum		item = SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			value.type = jbvNull;
		else
			JsonbToJsonbValue(DatumGetJsonbP(item), &value);
		itsm_reconcile_one(run, i + 1, &value);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row);
	}
	if (count > 0)
		walk->last_key = MemoryContextStrdup(keep, SPI_getvalue(rows->vals[count - 1], rows->tupdesc, 1));
	walk->finished = count < walk->batch_rows;
	SPI_freetuptable(rows);
}

static void
run_batch(Walk *walk, MemoryContext keep)
{
	MemoryContext batch = AllocSetContextCreate(keep, "itsm batch", ALLOCSET_DEFAULT_SIZES);
	MemoryContext row = AllocSetContextCreate(batch, "itsm item", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(batch);
	Reconciliation *run = itsm_reconcile_begin(walk->source, walk->class, walk->tenant, walk->seen_at, false, walk->apply,
											   walk->relation, NULL);

	if (SPI_execute(batch_query(walk), false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read \"%s\"", get_rel_name(walk->items));
	reconcile_rows(walk, run, row, keep);
	walk->seen += run->items;
	for (int i = 0; i < RECONCILE_ACTIONS; i++)
		walk->counts[i] += run->counts[i];
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(batch);
}

static int64
unresolved(const Walk *walk)
{
	return walk->seen - walk->counts[RECONCILE_UNCHANGED] - walk->counts[RECONCILE_MATCHED] -
		walk->counts[RECONCILE_NEW] - walk->counts[RECONCILE_CREATED];
}

static void
keep_progress(const Walk *walk)
{
	OwnerQuery	query;
	static const Oid types[] = {
		TEXTOID, TEXTOID, TEXTOID, REGCLASSOID, TEXTOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID,
		INT8OID, BOOLOID
	};
	Datum		values[] = {
		CStringGetTextDatum(walk->source), CStringGetTextDatum(walk->class), CStringGetTextDatum(walk->tenant),
		ObjectIdGetDatum(walk->items), walk->last_key ? CStringGetTextDatum(walk->last_key) : (Datum) 0,
		TimestampTzGetDatum(walk->seen_at), Int64GetDatum(walk->seen),
		Int64GetDatum(walk->counts[RECONCILE_UNCHANGED]), Int64GetDatum(walk->counts[RECONCILE_MATCHED]),
		Int64GetDatum(walk->counts[RECONCILE_NEW]), Int64GetDatum(walk->counts[RECONCILE_CREATED]),
		Int64GetDatum(unresolved(walk)), BoolGetDatum(walk->finished)
	};
	char		nulls[lengthof(types)];

	memset(nulls, ' ', sizeof(nulls));
	nulls[4] = walk->last_key ? ' ' : 'n';
	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.reconciliation_progress (source, class, tenant, relation, last_key, seen_at, items,"
					  " unchanged, matched, new, created, unresolved, finished, changed_at)"
					  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, pg_catalog.clock_timestamp())"
					  " ON CONFLICT (source, class, tenant, relation) DO UPDATE SET last_key = EXCLUDED.last_key,"
					  " seen_at = EXCLUDED.seen_at, items = EXCLUDED.items, unchanged = EXCLUDED.unchanged,"
					  " matched = EXCLUDED.matched, new = EXCLUDED.new, created = EXCLUDED.created,"
					  " unresolved = EXCLUDED.unresolved, finished = EXCLUDED.finished, changed_at = EXCLUDED.changed_at",
					  lengthof(types), types, values, nulls);
	itsm_query_end(&query);
}

/* Where a walk that was cut short ended; a finished one begins anew. */
static void
read_progress(Walk *walk, MemoryContext keep)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, REGCLASSOID};
	Datum		values[] = {
		CStringGetTextDatum(walk->source), CStringGetTextDatum(walk->class), CStringGetTextDatum(walk->tenant),
		ObjectIdGetDatum(walk->items)
	};
	static const ReconcileAction counted[] = {
		RECONCILE_UNCHANGED, RECONCILE_MATCHED, RECONCILE_NEW, RECONCILE_CREATED
	};
	OwnerQuery	query;

	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT,
				   "SELECT last_key, seen_at, items, unchanged, matched, new, created FROM itsm.reconciliation_progress"
				   " WHERE source OPERATOR(pg_catalog.=) $1 AND class OPERATOR(pg_catalog.=) $2"
				   " AND tenant OPERATOR(pg_catalog.=) $3 AND relation OPERATOR(pg_catalog.=) $4 AND NOT finished",
				   lengthof(types), types, values, NULL) > 0)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		char	   *key = SPI_getvalue(tuple, descriptor, 1);
		bool		isnull;

		walk->last_key = key ? MemoryContextStrdup(keep, key) : NULL;
		walk->seen_at = DatumGetTimestampTz(SPI_getbinval(tuple, descriptor, 2, &isnull));
		walk->seen = DatumGetInt64(SPI_getbinval(tuple, descriptor, 3, &isnull));
		for (int i = 0; i < lengthof(counted); i++)
			walk->counts[counted[i]] = DatumGetInt64(SPI_getbinval(tuple, descriptor, 4 + i, &isnull));
	}
	itsm_query_end(&query);
}

static void
tell_progress(const Walk *walk)
{
	ereport(NOTICE,
			(errmsg("reconciliation of %s with source %s: " INT64_FORMAT " items, " INT64_FORMAT " unchanged, "
					INT64_FORMAT " matched, " INT64_FORMAT " new, " INT64_FORMAT " created, " INT64_FORMAT
					" unresolved%s", get_rel_name(walk->items), walk->source, walk->seen,
					walk->counts[RECONCILE_UNCHANGED], walk->counts[RECONCILE_MATCHED], walk->counts[RECONCILE_NEW],
					walk->counts[RECONCILE_CREATED], unresolved(walk), walk->finished ? ", finished" : "")));
}

/* The arguments, in the memory that stays. */
static void
read_arguments(FunctionCallInfo fcinfo, Walk *walk)
{
	static const char *const names[] = {
		"source", "class", "items", "batch_rows", "apply", "relation", "seen_at", "tenant", "item"
	};
	AttrNumber	column;

	for (int i = 0; i < lengthof(names); i++)
		if (PG_ARGISNULL(i) && i != 5 && i != 6)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not be null", names[i])));
	walk->source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	walk->class = text_to_cstring(PG_GETARG_TEXT_PP(1));
	walk->items = PG_GETARG_OID(2);
	walk->batch_rows = PG_GETARG_INT32(3);
	walk->apply = PG_GETARG_BOOL(4);
	walk->relation = PG_ARGISNULL(5) ? InvalidOid : PG_GETARG_OID(5);
	walk->seen_at = PG_ARGISNULL(6) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(6);
	walk->tenant = text_to_cstring(PG_GETARG_TEXT_PP(7));
	walk->item = pstrdup(NameStr(*PG_GETARG_NAME(8)));
	if (walk->batch_rows < 1)
		refuse("batch_rows must be at least 1");
	walk->key = key_column(walk->items);
	column = get_attnum(walk->items, walk->item);
	if (column <= 0 || get_atttype(walk->items, column) != JSONBOID)
		refuse(psprintf("\"%s\" has no column \"%s\" of type jsonb", get_rel_name(walk->items), itsm_clip(walk->item)));
}

ITSM_FUNCTION(itsm_reconcile_batches);
Datum
itsm_reconcile_batches(PG_FUNCTION_ARGS)
{
	bool		atomic = fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;
	MemoryContext keep = AllocSetContextCreate(PortalContext ? PortalContext : CurrentMemoryContext,
											   "itsm reconciliation", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(keep);
	Walk		walk = {0};

	read_arguments(fcinfo, &walk);
	MemoryContextSwitchTo(caller);
	itsm_own_keep(keep);
	if (SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (atomic)
		ereport(NOTICE, (errmsg("inside a transaction block a reconciliation cannot commit its batches")));
	read_progress(&walk, keep);
	while (!walk.finished)
	{
		run_batch(&walk, keep);
		keep_progress(&walk);
		tell_progress(&walk);
		if (!atomic)
			SPI_commit();
	}
	SPI_finish();
	MemoryContextDelete(keep);
	return (Datum) 0;
}
