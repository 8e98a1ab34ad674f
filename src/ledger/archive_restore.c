/*
 * archive_restore.c
 *		itsm.restore_archive(): archived events brought back.
 *
 * The hash that was kept of each record's last archived event is chained to
 * all before it, so a chain that leads there is the one that was archived.
 *
 * Memory: flat.
 */
#include "core/itsm.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/table.h"
#include "ledger/archive.h"
#include "ledger/event.h"
#include "ledger/partition.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "record/source.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define FETCH 1000

/* The chain at hand. */
typedef struct Restoring
{
	int64		number;
	int64		records;
	int64		events;
	MemoryContext context;		/* of the chain */
	ArchivedRecord chain;		/* where it has to end; version 0: none is at hand */
	int64		version;		/* of its last event */
	uint8		hash[ITSM_HASH_LENGTH];
} Restoring;

static void
not_archived(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_VERIFICATION), errmsg("the tables do not hold what was archived: %s", what),
			 errhint("itsm.verify(NULL, tables) names what is wrong.")));
}

static void
no_archive(int64 number)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no archive " INT64_FORMAT, number),
			 errhint("itsm.archive lists them.")));
}

static const char find_archive[] =
"SELECT a.records, a.events, (SELECT pg_catalog.count(*) FROM itsm.archived x JOIN itsm.archived y"
" ON y.record = x.record AND y.tenant = x.tenant AND y.version > x.version WHERE x.archive = a.archive)"
" FROM itsm.archive a WHERE a.archive = $1";

static void
require_archive(Restoring *restoring)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(restoring->number)};
	bool		isnull;
	HeapTuple	row;

	if (itsm_query(SPI_OK_SELECT, find_archive, 1, types, values, NULL) == 0)
		no_archive(restoring->number);
	row = SPI_tuptable->vals[0];
	restoring->records = DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull));
	restoring->events = DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull));
	if (DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 3, &isnull)) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_HISTORY),
				 errmsg("records of archive " INT64_FORMAT " have events in a later one", restoring->number),
				 errhint("Bring back the later one first.")));
}

/* Where the events were put. */
static ArrayType *
known_tables(int64 archive)
{
	char	   *places = itsm_archive_places(archive);
	List	   *names = NIL;
	Datum	   *tables;
	char	   *name;
	int			count = 0;

	if (places == NULL)
		no_archive(archive);
	for (name = places; name; name = strstr(name, ", ") ? strstr(name, ", ") + 2 : NULL)
		names = lappend(names, name);
	tables = palloc(sizeof(Datum) * list_length(names));
	for (; count < list_length(names); count++)
	{
		char	   *end;

		name = list_nth(names, count);
		end = strstr(name, ", ");
		tables[count] = DirectFunctionCall1(regclassin, CStringGetDatum(pnstrdup(name, end ? end - name : strlen(name))));
	}
	return construct_array(tables, count, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT);
}

/* The chain has to end where it was archived. */
static void
end_chain(Restoring *restoring)
{
	if (restoring->chain.version == 0)
		return;
	if (restoring->version != restoring->chain.version ||
		memcmp(restoring->hash, restoring->chain.hash, ITSM_HASH_LENGTH) != 0)
		not_archived(psprintf("events of record " INT64_FORMAT " are missing or were changed", restoring->chain.record));
	restoring->chain.version = 0;
	restoring->records--;
}

static void
begin_chain(Restoring *restoring, const Event *event)
{
	MemoryContext caller = MemoryContextSwitchTo(restoring->context);
	ArchivedRecord before;

	MemoryContextReset(restoring->context);
	if (!itsm_archived_find(event->tenant, event->record, &restoring->chain) ||
		restoring->chain.archive != restoring->number)
		not_archived(psprintf("record " INT64_FORMAT " is not of this archive", event->record));
	memset(restoring->hash, 0, ITSM_HASH_LENGTH);
	restoring->version = restoring->chain.version - restoring->chain.events;
	if (restoring->version > 0)
	{
		if (!itsm_archived_find_version(event->tenant, event->record, restoring->version, &before))
			not_archived(psprintf("what was archived of record " INT64_FORMAT " before is not known", event->record));
		memcpy(restoring->hash, before.hash, ITSM_HASH_LENGTH);
	}
	MemoryContextSwitchTo(caller);
}

static void
check_event(Restoring *restoring, const Event *event)
{
	StringInfoData commitments;
	uint8		commitment[ITSM_HASH_LENGTH];
	uint8		hash[ITSM_HASH_LENGTH];
	BodyItem	item;
	int			offset = 0;

	if (restoring->chain.version == 0 || restoring->chain.record != event->record ||
		strcmp(restoring->chain.tenant, event->tenant) != 0)
	{
		end_chain(restoring);
		begin_chain(restoring, event);
	}
	initStringInfo(&commitments);
	while (itsm_body_next(event->body, event->body_length, &offset, &item, commitment))
		appendBinaryStringInfo(&commitments, (char *) commitment, ITSM_HASH_LENGTH);
	itsm_event_hash(event, restoring->hash, commitments.data, commitments.len, hash);
	if (event->version != restoring->version + 1 || memcmp(hash, event->hash, ITSM_HASH_LENGTH) != 0)
		not_archived(psprintf("record " INT64_FORMAT " version " INT64_FORMAT " is not what it was", event->record,
							  event->version));
	restoring->version = event->version;
	memcpy(restoring->hash, hash, ITSM_HASH_LENGTH);
	restoring->events--;
}

static void
store_row(TimestampTz at, TupleDesc descriptor, HeapTuple tuple)
{
	OwnTable   *table;
	Datum	   *values = palloc(sizeof(Datum) * descriptor->natts);
	bool	   *nulls = palloc(sizeof(bool) * descriptor->natts);

	(void) itsm_make_partitions_between(at, at);
	table = itsm_event_partition_open(at);
	heap_deform_tuple(tuple, descriptor, values, nulls);
	/* a subscriber has kept them */
	itsm_table_insert_untold(table->relation, values, nulls);
	itsm_own_close(table, RowExclusiveLock);
}

static char *
events_of(const List *tables)
{
	StringInfoData query;
	ListCell   *cell;

	initStringInfo(&query);
	foreach(cell, tables)
		appendStringInfo(&query, "%sSELECT e.* FROM ONLY %s e", foreach_current_index(cell) ? " UNION ALL " : "",
						 itsm_relation_name(lfirst_oid(cell)));
	appendStringInfoString(&query, " ORDER BY record, tenant, version");
	return query.data;
}

static void
restore_events(Restoring *restoring, const List *tables)
{
	Portal		portal = SPI_cursor_open_with_args(NULL, events_of(tables), 0, NULL, NULL, NULL, false, 0);
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "itsm restored event", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row);

	for (;;)
	{
		SPITupleTable *rows;

		SPI_cursor_fetch(portal, true, FETCH);
		rows = SPI_tuptable;
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < rows->numvals; i++)
		{
			Event	   *event = itsm_event_of_tuple(rows->tupdesc, rows->vals[i], true);

			CHECK_FOR_INTERRUPTS();
			check_event(restoring, event);
			store_row(event->at, rows->tupdesc, rows->vals[i]);
			MemoryContextReset(row);
		}
		SPI_freetuptable(rows);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
	SPI_cursor_close(portal);
	end_chain(restoring);
	if (restoring->records != 0 || restoring->events != 0)
		not_archived(psprintf(INT64_FORMAT " records and " INT64_FORMAT " events are missing", restoring->records,
							  restoring->events));
}

/* Directly: by SQL nobody deletes there. */
static void
delete_rows(const char *name, AttrNumber column, int64 archive)
{
	Relation	table = table_open(itsm_relation(name), RowExclusiveLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyData key;
	TableScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(archive));
	scan = table_beginscan(table, snapshot, 1, &key);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		simple_heap_delete(table, &tuple->t_self);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(table, NoLock);
	CommandCounterIncrement();
}

/*
 * itsm.restore_archive(archive bigint, tables regclass[]) → bigint
 */
ITSM_FUNCTION(itsm_restore_archive);
Datum
itsm_restore_archive(PG_FUNCTION_ARGS)
{
	Restoring	restoring = {.number = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0)};
	OwnerQuery	query;
	List	   *tables;
	int64		events;

	PreventCommandIfReadOnly("itsm.restore_archive()");
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the number of the archive must not be null")));
	/* with the caller's rights */
	tables = itsm_archive_tables(PG_ARGISNULL(1) ? known_tables(restoring.number) : PG_GETARG_ARRAYTYPE_P(1));
	restoring.context = AllocSetContextCreate(CurrentMemoryContext, "itsm restored chain", ALLOCSET_DEFAULT_SIZES);
	itsm_query_begin(&query);
	LockRelationOid(itsm_relation("archive"), ShareRowExclusiveLock);
	require_archive(&restoring);
	events = restoring.events;
	if (tables == NIL)
		not_archived("no table was named");
	restore_events(&restoring, tables);
	delete_rows("archived", 4, restoring.number);
	delete_rows("archive_table", 1, restoring.number);
	delete_rows("archive", 1, restoring.number);
	itsm_policy_event(POLICY_HISTORY, 0, "restored", "archive", psprintf(INT64_FORMAT, restoring.number),
					  "events", psprintf(INT64_FORMAT, events), NULL);
	itsm_query_end(&query);
	PG_RETURN_INT64(events);
}
