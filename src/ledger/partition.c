/*
 * partition.c
 *		Monthly partitions of itsm.event, named event_YYYY_MM.
 *
 * They are ordinary tables owned by the extension's owner, not members of the
 * extension, so that a dump carries them.  Rows that came into the default
 * partition meanwhile are moved.
 */
#include "core/itsm.h"

#include "catalog/namespace.h"
#include "core/query.h"
#include "core/own_table.h"
#include "datatype/timestamp.h"
#include "ledger/partition.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#define PARTITIONS_AHEAD 2

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

/* The month of a time, [starts, ends). */
static void
month_bounds(TimestampTz at, TimestampTz *starts, TimestampTz *ends)
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
	month_bounds(at, &months[last].starts, &months[last].ends);
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
		/* once it is locked, nothing is attached or detached; what was until then has been told */
		if (itsm_own_is_known(&month->table) && relation->rd_rel->relispartition)
			return &month->table;
		itsm_own_close(&month->table, RowExclusiveLock);
		itsm_own_rename(&month->table, month->name);
	}
}

static void
run(const char *sql)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "%s in: %s", SPI_result_code_string(result), sql);
}

/* With the latest snapshot, also in a transaction that has an older one. */
static void
run_latest(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	int			result = plan ? SPI_execute_snapshot(plan, NULL, NULL, snapshot, InvalidSnapshot, false,
													 true, 0) : SPI_result;

	if (result < 0)
		elog(ERROR, "%s in: %s", SPI_result_code_string(result), sql);
	UnregisterSnapshot(snapshot);
}

static void
make_partition(int year, int month)
{
	char		name[NAMEDATALEN];
	char	   *starts = psprintf("%04d-%02d-01 00:00:00+00", year, month);
	char	   *ends = psprintf("%04d-%02d-01 00:00:00+00", month == 12 ? year + 1 : year, month % 12 + 1);

	partition_name(name, year, month);
	run(psprintf("CREATE TABLE itsm.%s (LIKE itsm.event, PRIMARY KEY (tenant, record, version)) USING heap",
				 name));
	run(psprintf("COMMENT ON TABLE itsm.%s IS 'Events of one month (UTC).'", name));
	/* who writes there now has to end first; ATTACH would wait for them too, but later */
	run("LOCK TABLE ONLY itsm.event_default IN ACCESS EXCLUSIVE MODE");
	run_latest(psprintf("WITH moved AS (DELETE FROM itsm.event_default"
						" WHERE at OPERATOR(pg_catalog.>=) '%s' AND at OPERATOR(pg_catalog.<) '%s' RETURNING *)"
						" INSERT INTO itsm.%s SELECT * FROM moved", starts, ends, name));
	run(psprintf("ALTER TABLE itsm.event ATTACH PARTITION itsm.%s FOR VALUES FROM ('%s') TO ('%s')",
				 name, starts, ends));
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
	if (year < 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("events before our era are not kept")));
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
	PG_RETURN_INT32(itsm_make_partitions_ahead());
}
