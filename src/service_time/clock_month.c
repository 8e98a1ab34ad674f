/*
 * clock_month.c
 *		What clocks count for in the months in which they ended: the rows of
 *		itsm.sla_month_change.
 *
 * Memory: the caller's context.  Locking: the caller holds the record's head.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "core/own_table.h"
#include "core/table.h"
#include "record/projection.h"
#include "record/record.h"
#include "service_time/clock_month.h"
#include "service_time/clock_store.h"
#include "service_time/sla.h"
#include "utils/builtins.h"

/* Columns of itsm.sla_month_change, from 0. */
enum
{
	CHANGE_MONTH, CHANGE_SLA, CHANGE_SLA_VERSION, CHANGE_SOURCE, CHANGE_COMPLETED, CHANGE_BREACHED, CHANGE_CANCELLED,
	CHANGE_TENANT, CHANGE_PRIORITY, CHANGE_ELAPSED, CHANGE_SERVICE, CHANGE_COLUMNS
};

static OwnTable changes = {.name = "sla_month_change"};

static bool
same_count(const ClockCount *a, const ClockCount *b)
{
	return a->sla == b->sla && a->sla_version == b->sla_version && a->completed == b->completed &&
		a->stopped_at == b->stopped_at && a->breached == b->breached &&
		memcmp(&a->elapsed, &b->elapsed, sizeof(Interval)) == 0;
}

/* A row: one more, or with a sign one fewer, where the record is grouped so. */
static void
store_change(const char *tenant, const RecordCount *group, const ClockCount *count, int sign)
{
	Datum		values[CHANGE_COLUMNS];
	bool		nulls[CHANGE_COLUMNS] = {0};

	values[CHANGE_MONTH] = TimestampTzGetDatum(itsm_month_start(count->stopped_at));
	values[CHANGE_SLA] = Int32GetDatum(count->sla);
	values[CHANGE_SLA_VERSION] = Int32GetDatum(count->sla_version);
	values[CHANGE_SOURCE] = Int32GetDatum(group->stored ? group->source : 0);
	values[CHANGE_COMPLETED] = Int32GetDatum(count->completed ? sign : 0);
	values[CHANGE_BREACHED] = Int32GetDatum(count->completed && count->breached ? sign : 0);
	values[CHANGE_CANCELLED] = Int32GetDatum(count->completed ? 0 : sign);
	values[CHANGE_TENANT] = itsm_short_text(tenant);
	nulls[CHANGE_PRIORITY] = !group->stored || !group->has_priority;
	values[CHANGE_PRIORITY] = Int32GetDatum(group->priority);
	nulls[CHANGE_ELAPSED] = !count->completed;
	values[CHANGE_ELAPSED] = IntervalPGetDatum(&count->elapsed);
	nulls[CHANGE_SERVICE] = !group->stored || !group->has_service;
	if (!nulls[CHANGE_SERVICE])
		values[CHANGE_SERVICE] = PointerGetDatum(PG_DETOAST_DATUM_PACKED(group->service));
	(void) itsm_own_open(&changes, RowExclusiveLock);
	itsm_own_insert(&changes, values, nulls);
	itsm_own_close(&changes, RowExclusiveLock);
}

void
itsm_clock_months_follow(const char *tenant, int64 record, const RecordCount *group, const ClockCount *before,
						 const ClockCount *now)
{
	static const RecordCount none = {0};
	Record		head;

	if (before == now || (before && now && same_count(before, now)))
		return;
	if (group == NULL)
		group = itsm_record_read(tenant, record, &head) ? &head.row->counted : &none;
	if (before)
		store_change(tenant, group, before, -1);
	if (now)
		store_change(tenant, group, now, 1);
}

static void
regrouped(const char *tenant, int64 record, const RecordCount *before, const RecordCount *now)
{
	ListCell   *cell;

	if (!itsm_slas_any())
		return;
	foreach(cell, itsm_clock_counts_of(tenant, record))
	{
		store_change(tenant, before, lfirst(cell), -1);
		store_change(tenant, now, lfirst(cell), 1);
	}
}

const RecordFollower itsm_clock_months = {regrouped};

/* A side of the change; false: it counts for nothing. */
static bool
read_side(TupleDesc descriptor, HeapTuple tuple, ClockCount *count, int64 *record, const char **tenant)
{
	*record = 0;
	*tenant = "";
	if (tuple == NULL)
		return false;
	itsm_clock_owner(descriptor, tuple, record, tenant);
	return itsm_clock_count(descriptor, tuple, count);
}

/* A clock that SQL changes: a superuser's hand, or another node from which it comes. */
ITSM_FUNCTION(itsm_count_clock);
Datum
itsm_count_clock(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = itsm_months_trigger(fcinfo, "clock");
	TupleDesc	descriptor = RelationGetDescr(trigger->tg_relation);
	ClockCount	before;
	ClockCount	now;
	int64		old_record;
	int64		new_record;
	const char *old_tenant;
	const char *new_tenant;
	bool		counted = read_side(descriptor, itsm_trigger_old(trigger), &before, &old_record, &old_tenant);
	bool		counts = read_side(descriptor, itsm_trigger_new(trigger), &now, &new_record, &new_tenant);

	/* what comes from a dump is counted there */
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(NULL);
	if (old_record == new_record && strcmp(old_tenant, new_tenant) == 0)
		itsm_clock_months_follow(new_tenant, new_record, NULL, counted ? &before : NULL, counts ? &now : NULL);
	else
	{
		itsm_clock_months_follow(old_tenant, old_record, NULL, counted ? &before : NULL, NULL);
		itsm_clock_months_follow(new_tenant, new_record, NULL, NULL, counts ? &now : NULL);
	}
	CommandCounterIncrement();
	return PointerGetDatum(NULL);
}
