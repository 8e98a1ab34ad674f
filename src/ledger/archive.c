/*
 * archive.c
 *		itsm.archive(): old sealed history moved into ordinary tables.
 *
 * Records are archived whole, when they have ended: rules, clocks and reports
 * of what is alive find all of its events.  A month's partition is not copied
 * but detached and given to the caller; what has to stay of it is copied into
 * a new one before.  Until then only those who write into that old month wait
 * (an import, an erasure); itsm.event itself is locked for the exchange alone.
 *
 * Leaves and trees of the seals stay, so every proof does.
 *
 * Memory: the places of the rows that stay.
 */
#include "core/itsm.h"

#include "access/heapam.h"
#include "access/hio.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/table.h"
#include "datatype/timestamp.h"
#include "funcapi.h"
#include "ledger/archive.h"
#include "ledger/archive_retention.h"
#include "ledger/append_only.h"
#include "ledger/partition.h"
#include "ledger/policy_event.h"
#include "ledger/seal.h"
#include "ledger/seal_digest.h"
#include "miscadmin.h"
#include "record/source.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define FETCH 1000

/* A month that is archived. */
typedef struct ArchivedMonth
{
	Oid			partition;
	char		name[NAMEDATALEN];
	TimestampTz starts;
	TimestampTz ends;
	char	   *rest;			/* name of the new partition; NULL: nothing of it stays */
	ItemPointerData *places;	/* of the rows that stay */
	int64		stays;
	int64		room;
	int64		events;			/* that are archived */
} ArchivedMonth;

typedef struct Archiving
{
	int64		number;
	TimestampTz before;
	const char *schema;
	const char *caller;			/* quoted */
	List	   *months;			/* ArchivedMonth */
	int64		records;
	int64		events;
	uint8		root[MERKLE_LENGTH];
} Archiving;

/* Rows of a partition, aliased e, that go: $1 is the archive. */
#define GOES "EXISTS (SELECT FROM itsm.archived a WHERE a.archive OPERATOR(pg_catalog.=) $1" \
	" AND a.record OPERATOR(pg_catalog.=) e.record AND a.tenant OPERATOR(pg_catalog.=) e.tenant" \
	" AND e.version OPERATOR(pg_catalog.<=) a.version)"

static int64
query_number(const char *sql, int argument_count, const Oid *types, Datum *values)
{
	bool		isnull;
	Datum		number;

	(void) itsm_query(SPI_OK_SELECT, sql, argument_count, types, values, NULL);
	number = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return isnull ? 0 : DatumGetInt64(number);
}

/* Which months. */

/* Events of months that have no partition yet get one. */
static void
part_default(TimestampTz before)
{
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(before)};
	uint64		count = itsm_query(SPI_OK_SELECT,
								   "SELECT pg_catalog.min(e.at) FROM itsm.event_default e"
								   " WHERE e.at OPERATOR(pg_catalog.<) $1"
								   " GROUP BY pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', e.at))",
								   1, types, values, NULL);
	SPITupleTable *table = SPI_tuptable;

	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;
		TimestampTz at = DatumGetTimestampTz(SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull));

		(void) itsm_make_partitions_between(at, at);
	}
}

/*
 * The partitions of months before a time, oldest first, locked against
 * whoever would write into them.
 */
static void
lock_months(Archiving *archiving)
{
	ListCell   *cell;

	/* that one first, as everybody does: the exchange locks it, too */
	LockRelationOid(itsm_relation("event_default"), ShareRowExclusiveLock);
	foreach(cell, find_inheritance_children(itsm_relation("event"), NoLock))
	{
		ArchivedMonth *month = palloc0(sizeof(ArchivedMonth));
		const char *name = get_rel_name(lfirst_oid(cell));

		month->partition = lfirst_oid(cell);
		if (name == NULL || !itsm_partition_month(name, &month->starts, &month->ends) ||
			month->ends > archiving->before)
			continue;
		strlcpy(month->name, name, NAMEDATALEN);
		LockRelationOid(month->partition, ShareRowExclusiveLock);
		if (get_rel_relispartition(month->partition))
			archiving->months = lappend(archiving->months, month);
	}
}

static int
compare_months(const ListCell *a, const ListCell *b)
{
	const ArchivedMonth *first = lfirst(a);
	const ArchivedMonth *second = lfirst(b);

	return first->starts < second->starts ? -1 : first->starts > second->starts;
}

/* Which records. */

static const char choose[] =
"INSERT INTO itsm.archived (record, version, events, archive, tenant, hash)"
" SELECT r.id, r.version, r.version OPERATOR(pg_catalog.-) coalesce(p.version, 0), $1, r.tenant, r.hash"
" FROM itsm.record r JOIN itsm.source s ON s.id OPERATOR(pg_catalog.=) r.source"
" LEFT JOIN (SELECT a.record, a.tenant, pg_catalog.max(a.version) AS version FROM itsm.archived a"
"  GROUP BY a.record, a.tenant) p"
"  ON p.record OPERATOR(pg_catalog.=) r.id AND p.tenant OPERATOR(pg_catalog.=) r.tenant"
" WHERE r.at OPERATOR(pg_catalog.<) $2 AND r.version OPERATOR(pg_catalog.>) coalesce(p.version, 0)"
" AND (r.deleted OR s.relation IS NULL OR r.category OPERATOR(pg_catalog.=) ANY (ARRAY['closed', 'cancelled']))";

/* Events of the chosen records that no seal has. */
static const char unsealed[] =
"SELECT pg_catalog.count(*) FROM itsm.archived a"
" LEFT JOIN (SELECT s.record, s.tenant, pg_catalog.sum(s.events) AS events FROM itsm.seal_run s"
"  GROUP BY s.record, s.tenant) s"
"  ON s.record OPERATOR(pg_catalog.=) a.record AND s.tenant OPERATOR(pg_catalog.=) a.tenant"
" WHERE a.archive OPERATOR(pg_catalog.=) $1 AND a.version OPERATOR(pg_catalog.>) coalesce(s.events, 0)";

static void
choose_records(Archiving *archiving)
{
	Oid			types[] = {INT8OID, TIMESTAMPTZOID};
	Datum		values[] = {Int64GetDatum(archiving->number), TimestampTzGetDatum(archiving->before)};
	int64		open;

	archiving->records = (int64) itsm_query(SPI_OK_INSERT, choose, 2, types, values, NULL);
	if (archiving->records == 0)
		return;
	open = query_number(unsealed, 1, types, values);
	if (open > 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_HISTORY),
				 errmsg("history before %s is not sealed: " INT64_FORMAT " records have events that are not",
						timestamptz_to_str(archiving->before), open),
				 errhint("SELECT itsm.seal() first; itsm_report.ledger_status tells what holds it back.")));
	archiving->events = query_number("SELECT pg_catalog.sum(a.events)::pg_catalog.int8 FROM itsm.archived a"
									 " WHERE a.archive OPERATOR(pg_catalog.=) $1", 1, types, values);
}

/* The root over the chosen records, by tenant and number. */
static void
hash_records(Archiving *archiving)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(archiving->number)};
	Portal		portal = SPI_cursor_open_with_args(NULL, "SELECT a.* FROM itsm.archived a WHERE a.archive OPERATOR(pg_catalog.=) $1"
												   " ORDER BY a.tenant, a.record", 1, types, values, NULL, false, 0);
	MerkleGrowth growth;

	itsm_merkle_begin(&growth);
	for (;;)
	{
		SPITupleTable *table;

		SPI_cursor_fetch(portal, true, FETCH);
		table = SPI_tuptable;
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < table->numvals; i++)
		{
			ArchivedRecord archived;
			uint8		leaf[MERKLE_LENGTH];

			itsm_archived_of_tuple(table->tupdesc, table->vals[i], &archived);
			itsm_seal_leaf(archived.record, archived.version, archived.hash, leaf);
			itsm_merkle_grow(&growth, leaf);
		}
		SPI_freetuptable(table);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	itsm_merkle_root_now(&growth, archiving->root);
}

/* What stays of a month. */

static void
note_place(ArchivedMonth *month, ItemPointer place)
{
	if (month->stays == month->room)
	{
		month->room = Max(2 * month->room, 1024);
		month->places = month->places ? repalloc_huge(month->places, sizeof(ItemPointerData) * month->room)
			: MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ItemPointerData) * month->room);
	}
	month->places[month->stays++] = *place;
}

/* Where the rows stand that stay. */
static void
find_rest(const Archiving *archiving, ArchivedMonth *month)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(archiving->number)};
	Portal		portal = SPI_cursor_open_with_args(NULL, psprintf("SELECT e.ctid FROM itsm.%s e WHERE NOT " GOES, month->name), 1,
												   types, values, NULL, false, 0);

	for (;;)
	{
		SPITupleTable *rows;

		SPI_cursor_fetch(portal, true, FETCH);
		rows = SPI_tuptable;
		if (SPI_processed == 0)
			break;
		CHECK_FOR_INTERRUPTS();
		for (uint64 i = 0; i < rows->numvals; i++)
		{
			bool		isnull;

			note_place(month, (ItemPointer) DatumGetPointer(SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull)));
		}
		SPI_freetuptable(rows);
	}
	SPI_cursor_close(portal);
}

/*
 * Copies them into a new table, as rows that everybody sees: also a snapshot
 * from before finds in it what it would have found in the old one.
 */
static void
copy_rest(const ArchivedMonth *month, Oid target)
{
	Relation	origin = table_open(month->partition, NoLock);
	Relation	table = table_open(target, RowExclusiveLock);
	BulkInsertState state = GetBulkInsertState();
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(origin, NULL);
	/* what a subscriber has is the same */
	const int	options = HEAP_INSERT_FROZEN | HEAP_INSERT_SKIP_FSM | HEAP_INSERT_NO_LOGICAL;

	for (int64 i = 0; i < month->stays; i++)
	{
		HeapTuple	tuple;

		CHECK_FOR_INTERRUPTS();
		if (!table_tuple_fetch_row_version(origin, &month->places[i], snapshot, slot))
			elog(ERROR, "an event of \"%s\" is gone meanwhile", month->name);
		tuple = ExecCopySlotHeapTuple(slot);
		heap_insert(table, tuple, GetCurrentCommandId(true), options, state);
		heap_freetuple(tuple);
	}
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	FreeBulkInsertState(state);
	table_close(table, NoLock);
	table_close(origin, NoLock);
	CommandCounterIncrement();
}

/* What was copied.  Others see it until the exchange is committed; a subscriber keeps it. */
static void
delete_rest(const ArchivedMonth *month)
{
	Relation	table = table_open(month->partition, NoLock);

	for (int64 i = 0; i < month->stays; i++)
	{
		CHECK_FOR_INTERRUPTS();
		itsm_table_delete_untold(table, &month->places[i]);
	}
	table_close(table, NoLock);
	CommandCounterIncrement();
}

static const char *
month_text(TimestampTz at)
{
	return quote_literal_cstr(itsm_utc_text(at));
}

/* The new partition of a month, with the rows that stay; none when there are none, or when all do. */
static void
keep_rest(Archiving *archiving, ArchivedMonth *month)
{
	char	   *rest = psprintf("%s_rest", month->name);

	find_rest(archiving, month);
	month->events = query_number(psprintf("SELECT pg_catalog.count(*) FROM itsm.%s e", month->name), 0, NULL, NULL) - month->stays;
	if (month->events == 0 || month->stays == 0)
		return;
	itsm_own_ddl(psprintf("CREATE TABLE itsm.%s (LIKE itsm.event) USING heap", rest));
	copy_rest(month, itsm_relation(rest));
	/* with the bounds as a constraint ATTACH need not read it all */
	itsm_own_ddl(psprintf("ALTER TABLE itsm.%s ADD PRIMARY KEY (record, version, tenant),"
						  " ADD CONSTRAINT itsm_month CHECK (at >= %s AND at < %s)", rest,
						  month_text(month->starts), month_text(month->ends)));
	itsm_own_ddl(psprintf("COMMENT ON TABLE itsm.%s IS 'Events of one month (UTC).'", rest));
	delete_rest(month);
	month->rest = rest;
}

/* The exchange. */

/* What makes a partition append-only goes with it. */
static void
drop_triggers(Oid partition)
{
	Relation	relation = table_open(partition, AccessExclusiveLock);
	List	   *triggers = NIL;
	ListCell   *cell;

	for (int i = 0; relation->trigdesc && i < relation->trigdesc->numtriggers; i++)
		triggers = lappend_oid(triggers, relation->trigdesc->triggers[i].tgoid);
	table_close(relation, NoLock);
	foreach(cell, triggers)
	{
		ObjectAddress trigger = {TriggerRelationId, lfirst_oid(cell), 0};

		performDeletion(&trigger, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
	}
	CommandCounterIncrement();
}

static void
attach_rest(const ArchivedMonth *month)
{
	itsm_own_ddl(psprintf("ALTER TABLE itsm.%s RENAME TO %s", month->rest, month->name));
	itsm_own_ddl(psprintf("ALTER INDEX itsm.%s_pkey RENAME TO %s_pkey", month->rest, month->name));
	itsm_append_only_partition(itsm_relation(month->name));
	itsm_own_ddl(psprintf("ALTER TABLE itsm.event ATTACH PARTITION itsm.%s FOR VALUES FROM (%s) TO (%s)",
						  month->name, month_text(month->starts), month_text(month->ends)));
	itsm_own_ddl(psprintf("ALTER TABLE itsm.%s DROP CONSTRAINT itsm_month", month->name));
}

/* What the table of a month will be called. */
static char *
table_name(const Archiving *archiving, const ArchivedMonth *month)
{
	return psprintf("%s_" INT64_FORMAT, month->name, archiving->number);
}

static void
exchange(const Archiving *archiving, ArchivedMonth *month)
{
	char	   *name = table_name(archiving, month);
	const char *schema = quote_identifier(archiving->schema);

	itsm_own_ddl(psprintf("ALTER TABLE itsm.event DETACH PARTITION itsm.%s", month->name));
	drop_triggers(month->partition);
	itsm_own_ddl(psprintf("ALTER TABLE itsm.%s RENAME TO %s", month->name, name));
	itsm_own_ddl(psprintf("ALTER INDEX itsm.%s_pkey RENAME TO %s_pkey", month->name, name));
	if (month->rest)
		attach_rest(month);
	itsm_own_ddl(psprintf("COMMENT ON TABLE itsm.%s IS 'Events of one month (UTC) of archive " INT64_FORMAT ".'", name,
						  archiving->number));
	itsm_own_ddl(psprintf("ALTER TABLE itsm.%s SET SCHEMA %s", name, schema));
	itsm_own_ddl(psprintf("ALTER TABLE %s.%s OWNER TO %s", schema, name, archiving->caller));
}

/* Everything that may take long. */
static void
prepare_months(Archiving *archiving)
{
	int64		found = 0;
	ListCell   *cell;

	foreach(cell, archiving->months)
	{
		ArchivedMonth *month = lfirst(cell);

		keep_rest(archiving, month);
		found += month->events;
	}
	if (found != archiving->events)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_VERIFICATION),
				 errmsg("the chains to be archived have " INT64_FORMAT " events, and " INT64_FORMAT " were found",
						archiving->events, found),
				 errhint("itsm.verify() names what is missing, or stands in the wrong partition.")));
}

/* The last thing that is done: who holds itsm.event locked waits for nobody's rows. */
static void
exchange_months(const Archiving *archiving)
{
	ListCell   *cell;

	foreach(cell, archiving->months)
	{
		ArchivedMonth *month = lfirst(cell);

		if (month->events > 0)
			exchange(archiving, month);
	}
}

/* What is kept of it. */

static void
store_archive(const Archiving *archiving)
{
	Oid			types[] = {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT8OID, BYTEAOID};
	Datum		values[] = {
		Int64GetDatum(archiving->number), TimestampTzGetDatum(GetCurrentTimestamp()),
		TimestampTzGetDatum(archiving->before), Int64GetDatum(archiving->records),
		Int64GetDatum(archiving->events), itsm_bytes(archiving->root, MERKLE_LENGTH)
	};
	Oid			place_types[] = {INT8OID, TIMESTAMPTZOID, INT8OID, TEXTOID};
	ListCell   *cell;

	(void) itsm_query(SPI_OK_INSERT, "INSERT INTO itsm.archive (archive, at, before, records, events, root)"
					  " VALUES ($1, $2, $3, $4, $5, $6)", 6, types, values, NULL);
	foreach(cell, archiving->months)
	{
		const ArchivedMonth *month = lfirst(cell);
		Datum		place[] = {
			Int64GetDatum(archiving->number), TimestampTzGetDatum(month->starts), Int64GetDatum(month->events),
			(Datum) 0
		};

		if (month->events == 0)
			continue;
		place[3] = CStringGetTextDatum(quote_qualified_identifier(archiving->schema, table_name(archiving, month)));
		(void) itsm_query(SPI_OK_INSERT, "INSERT INTO itsm.archive_table (archive, month, events, name)"
						  " VALUES ($1, $2, $3, $4)", 4, place_types, place, NULL);
	}
}

static void
tell_archive(const Archiving *archiving)
{
	uint64		count = itsm_query(SPI_OK_SELECT, itsm_archive_facts, 0, NULL, NULL, NULL);
	HeapTuple	row = SPI_tuptable->vals[count - 1];	/* the last one */
	TupleDesc	descriptor = SPI_tuptable->tupdesc;
	const char *const *names = itsm_archive_fact_names;
	char	   *facts[ARCHIVE_FACTS];

	for (int i = 0; i < ARCHIVE_FACTS; i++)
		facts[i] = SPI_getvalue(row, descriptor, i + 2);
	itsm_policy_event(POLICY_HISTORY, 0, "archived", "archive", psprintf(INT64_FORMAT, archiving->number),
					  names[0], facts[0], names[1], facts[1], names[2], facts[2], names[3], facts[3], names[4], facts[4],
					  names[5], facts[5], NULL);
}

static void
put_months(FunctionCallInfo fcinfo, const Archiving *archiving)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	foreach(cell, archiving->months)
	{
		const ArchivedMonth *month = lfirst(cell);
		Datum		row[3] = {
			TimestampTzGetDatum(month->starts), ObjectIdGetDatum(month->partition), Int64GetDatum(month->events)
		};
		bool		nulls[3] = {false};

		if (month->events > 0)
			tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}

/* The checks that need no lock. */
static void
prepare(Archiving *archiving, TimestampTz before, const char *schema)
{
	TimestampTz ends;

	PreventCommandIfReadOnly("itsm.archive()");
	PreventCommandDuringRecovery("itsm.archive()");
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("itsm.archive() cannot run in a transaction of isolation level REPEATABLE READ or above"),
				 errhint("It has to see what is committed while it waits for locks.")));
	itsm_retention_check(before);
	if (TIMESTAMP_NOT_FINITE(before))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the time before which history is archived must be finite")));
	itsm_month_bounds(before, &archiving->before, &ends);
	archiving->schema = schema;
	archiving->caller = quote_identifier(GetUserNameFromId(GetUserId(), false));
	itsm_schema_prepare(schema);
}

/* Also of one that was brought back. */
static const char last_archive[] =
"SELECT pg_catalog.max((itsm.policy_detail(e.body)::pg_catalog.jsonb OPERATOR(pg_catalog.->>) 'archive')::pg_catalog.int8)"
" FROM itsm.record r JOIN itsm.event e ON e.record OPERATOR(pg_catalog.=) r.id AND e.tenant OPERATOR(pg_catalog.=) r.tenant"
" WHERE r.source OPERATOR(pg_catalog.=) 0 AND r.tenant OPERATOR(pg_catalog.=) '' AND r.key OPERATOR(pg_catalog.=) 'history'"
" AND e.kind OPERATOR(pg_catalog.=) 'archived'";

/*
 * itsm.archive(before timestamptz, into_schema name) → table (month timestamptz, archived_table regclass, events bigint)
 */
ITSM_FUNCTION(itsm_archive);
Datum
itsm_archive(PG_FUNCTION_ARGS)
{
	Archiving	archiving = {.number = 0};
	OwnerQuery	query;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("time and schema must not be null")));
	prepare(&archiving, PG_GETARG_TIMESTAMPTZ(0), NameStr(*PG_GETARG_NAME(1)));
	InitMaterializedSRF(fcinfo, 0);
	itsm_query_begin(&query);
	/* one at a time */
	LockRelationOid(itsm_relation("archive"), ShareRowExclusiveLock);
	part_default(archiving.before);
	lock_months(&archiving);
	list_sort(archiving.months, compare_months);
	archiving.number = 1 + query_number(last_archive, 0, NULL, NULL);
	choose_records(&archiving);
	if (archiving.records > 0)
	{
		hash_records(&archiving);
		prepare_months(&archiving);
		store_archive(&archiving);
		tell_archive(&archiving);
		exchange_months(&archiving);
	}
	put_months(fcinfo, &archiving);
	itsm_query_end(&query);
	return (Datum) 0;
}
