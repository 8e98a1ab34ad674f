/*
 * partition.c
 *		Monthly partitions of itsm.event, named event_YYYY_MM.
 *
 * They are ordinary tables owned by the extension's owner, not members of the
 * extension, so that a dump carries them.  Rows that came into the default
 * partition meanwhile are moved.
 */
#include "core/itsm.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "core/query.h"
#include "core/own_table.h"
#include "datatype/timestamp.h"
#include "ledger/append_only.h"
#include "ledger/partition.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define PARTITIONS_AHEAD 2

/* No table has a name with BC; of the last year of timestamps a month would have no end. */
#define FIRST_YEAR 1
#define LAST_YEAR 294275

static void
month_of(TimestampTz at, int *year, int *month)
{
	struct pg_tm tm;
	fsec_t		fraction;

	if (TIMESTAMP_NOT_FINITE(at) || timestamp2tm(at, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	*year = tm.tm_year;
	*month = tm.tm_mon;
}

static void
partition_name(char *name, int year, int month)
{
	snprintf(name, NAMEDATALEN, "event_%04d_%02d", year, month);
}

/* The name of a month's partition; false when the month can have none. */
static bool
name_of(TimestampTz at, char *name)
{
	int			year;
	int			month;

	month_of(at, &year, &month);
	partition_name(name, year, month);
	return year > 0;
}

List *
itsm_event_partitions(LOCKMODE lockmode)
{
	Oid			events = itsm_relation("event");

	for (;;)
	{
		List	   *children = find_inheritance_children(events, lockmode);
		/* who waited for one being made does not know it yet; once event_default is locked none is made */
		List	   *now = find_inheritance_children(events, NoLock);

		if (equal(children, now))
			return children;
		list_free(children);
		list_free(now);
	}
}

Oid
itsm_event_partition(TimestampTz at)
{
	char		name[NAMEDATALEN];
	Oid			partition = InvalidOid;

	if (name_of(at, name))
		partition = itsm_relation_or_invalid(name);
	if (OidIsValid(partition) && get_rel_relispartition(partition))
		return partition;
	return itsm_relation("event_default");
}

void
itsm_month_bounds(TimestampTz at, TimestampTz *starts, TimestampTz *ends)
{
	struct pg_tm tm = {.tm_mday = 1};
	int			year;
	int			month;

	month_of(at, &year, &month);
	tm.tm_year = year;
	tm.tm_mon = month;
	if (tm2timestamp(&tm, 0, NULL, starts) != 0)
		*starts = DT_NOBEGIN;
	tm.tm_year = month == 12 ? year + 1 : year;
	tm.tm_mon = month % 12 + 1;
	if (tm2timestamp(&tm, 0, NULL, ends) != 0)
		*ends = DT_NOEND;
}

bool
itsm_partition_month(const char *name, TimestampTz *starts, TimestampTz *ends)
{
	char		expected[NAMEDATALEN];
	struct pg_tm tm = {.tm_mday = 1};
	TimestampTz at;

	if (sscanf(name, "event_%d_%d", &tm.tm_year, &tm.tm_mon) != 2 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
		tm2timestamp(&tm, 0, NULL, &at) != 0)
		return false;
	partition_name(expected, tm.tm_year, tm.tm_mon);
	if (strcmp(name, expected) != 0)
		return false;
	itsm_month_bounds(at, starts, ends);
	return true;
}

/* Partitions of some months: an import goes to and fro between them. */
#define MONTHS_AT_HAND 16

typedef struct Month
{
	OwnTable	table;
	char		name[NAMEDATALEN];
	TimestampTz starts;
	TimestampTz ends;
} Month;

static Month months[MONTHS_AT_HAND];

/* The month's place among those at hand; the next one in turn makes room for it. */
static Month *
month_at_hand(TimestampTz at)
{
	static int	last = 0;

	for (int i = 0; i < MONTHS_AT_HAND; i++)
	{
		Month	   *month = &months[(last + i) % MONTHS_AT_HAND];

		if (at >= month->starts && at < month->ends)
		{
			last = month - months;
			return month;
		}
	}
	last = (last + MONTHS_AT_HAND - 1) % MONTHS_AT_HAND;
	itsm_month_bounds(at, &months[last].starts, &months[last].ends);
	itsm_own_rename(&months[last].table, months[last].name);
	return &months[last];
}

OwnTable *
itsm_event_partition_open(TimestampTz at)
{
	Month	   *month = month_at_hand(at);

	for (;;)
	{
		Relation	relation;

		if (!itsm_own_is_known(&month->table))
		{
			if (itsm_event_partition(at) == itsm_relation("event_default"))
				strlcpy(month->name, "event_default", NAMEDATALEN);
			else
				(void) name_of(at, month->name);
			itsm_own_rename(&month->table, month->name);
		}
		relation = itsm_own_open(&month->table, RowExclusiveLock);
		/*
		 * Once it is locked, nothing is attached or detached; what was until
		 * then has been told.  Who is told of everything at once looks again.
		 */
		if (relation->rd_rel->relispartition &&
			(itsm_own_is_known(&month->table) || itsm_event_partition(at) == RelationGetRelid(relation)))
			return &month->table;
		itsm_own_close(&month->table, RowExclusiveLock);
		itsm_own_rename(&month->table, month->name);
	}
}

static TimestampTz
first_of(int year, int month)
{
	char	   *text = psprintf("%04d-%02d-01 00:00:00+00", year, month);

	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/*
 * Moves the rows of a time out of the default partition, which the caller has
 * locked against everybody: directly, since no SQL may delete there.  Nothing
 * of it is published: the history that a subscriber has is the same.
 */
static void
move_rows(Oid partition, TimestampTz starts, TimestampTz ends)
{
	Relation	origin = table_open(itsm_relation("event_default"), NoLock);
	Relation	target = table_open(partition, NoLock);
	TupleDesc	descriptor = RelationGetDescr(origin);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(origin, snapshot, 0, NULL);
	AttrNumber	at = get_attnum(RelationGetRelid(origin), "at");
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "itsm moved event",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row);
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Datum	   *values = palloc(sizeof(Datum) * descriptor->natts);
		bool	   *nulls = palloc(descriptor->natts);
		TimestampTz time;

		CHECK_FOR_INTERRUPTS();
		heap_deform_tuple(tuple, descriptor, values, nulls);
		time = DatumGetTimestampTz(values[at - 1]);
		if (time >= starts && time < ends)
		{
			/* values kept out of line go with the old row */
			for (int i = 0; i < descriptor->natts; i++)
				if (!nulls[i] && TupleDescAttr(descriptor, i)->attlen == -1)
					values[i] = PointerGetDatum(PG_DETOAST_DATUM(values[i]));
			itsm_table_insert_untold(target, values, nulls);
			itsm_table_delete_untold(origin, &tuple->t_self);
		}
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(target, NoLock);
	table_close(origin, NoLock);
	CommandCounterIncrement();
}

static void
make_partition(int year, int month)
{
	char		name[NAMEDATALEN];
	int			next_year = month == 12 ? year + 1 : year;
	int			next_month = month % 12 + 1;
	Oid			partition;

	partition_name(name, year, month);
	itsm_own_ddl(psprintf("CREATE TABLE itsm.%s (LIKE itsm.event, PRIMARY KEY (record, version, tenant)) USING heap",
						  name));
	itsm_own_ddl(psprintf("COMMENT ON TABLE itsm.%s IS 'Events of one month (UTC).'", name));
	partition = itsm_relation(name);
	itsm_append_only_partition(partition);
	/* who writes there now has to end first; ATTACH would wait for them too, but later */
	LockRelationOid(itsm_relation("event_default"), AccessExclusiveLock);
	move_rows(partition, first_of(year, month), first_of(next_year, next_month));
	itsm_own_ddl(psprintf("ALTER TABLE itsm.event ATTACH PARTITION itsm.%s"
						  " FOR VALUES FROM ('%04d-%02d-01 00:00:00+00') TO ('%04d-%02d-01 00:00:00+00')",
						  name, year, month, next_year, next_month));
}

int
itsm_make_partitions_between(TimestampTz from, TimestampTz to)
{
	OwnerQuery	query;
	int			year;
	int			month;
	int			last_year;
	int			last_month;
	int			made = 0;

	month_of(from, &year, &month);
	month_of(to, &last_year, &last_month);
	if (year < FIRST_YEAR || last_year > LAST_YEAR)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("no event of %s can be kept", timestamptz_to_str(year < FIRST_YEAR ? from : to)),
				 errhint("History has months from the year %d to the year %d.", FIRST_YEAR, LAST_YEAR)));
	while (year < last_year || (year == last_year && month <= last_month))
	{
		char		name[NAMEDATALEN];

		CHECK_FOR_INTERRUPTS();
		partition_name(name, year, month);
		if (!OidIsValid(itsm_relation_or_invalid(name)))
		{
			/* one maker at a time; who waited looks again */
			LockRelationOid(itsm_relation("event"), ShareUpdateExclusiveLock);
			if (!OidIsValid(itsm_relation_or_invalid(name)))
			{
				itsm_query_begin(&query);
				make_partition(year, month);
				itsm_query_end(&query);
				made++;
			}
		}
		if (++month > 12)
		{
			month = 1;
			year++;
		}
	}
	return made;
}

int
itsm_make_partitions_ahead(void)
{
	TimestampTz now = GetCurrentTimestamp();

	return itsm_make_partitions_between(now, now + PARTITIONS_AHEAD * INT64CONST(31) * USECS_PER_DAY);
}

ITSM_FUNCTION(itsm_make_partitions);
Datum
itsm_make_partitions(PG_FUNCTION_ARGS)
{
	/* pg_upgrade leaves out what is internal */
	itsm_append_only_partitions();
	PG_RETURN_INT32(itsm_make_partitions_ahead());
}
