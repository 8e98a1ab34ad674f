/*
 * clock_store.c
 *		Clocks in direct access.
 *
 * Memory: the caller's context.  Nothing that an event changes of a clock is
 * indexed, so that the row stays on its page.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "core/own_table.h"
#include "service_time/clock_store.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Columns, from 0. */
enum
{
	CLOCK_RECORD, CLOCK_STARTED, CLOCK_ORIGINAL_DUE, CLOCK_SLA, CLOCK_SLA_VERSION, CLOCK_NUMBER, CLOCK_TOLD,
	CLOCK_BOUND, CLOCK_TENANT, CLOCK_BREACHED, CLOCK_STAGE, CLOCK_RUNNING, CLOCK_PAUSED_SINCE, CLOCK_STOPPED,
	CLOCK_DUE, CLOCK_BREACHED_AT, CLOCK_ELAPSED, CLOCK_PAUSED_TIME, CLOCK_COLUMNS
};

static OwnTable clocks = {
	.name = "clock", .probe_count = 1, .probes = {
		{"clock_pkey", 4, {{CLOCK_RECORD + 1, F_INT8EQ}, {CLOCK_SLA + 1, F_INT4EQ}, {CLOCK_NUMBER + 1, F_INT4EQ},
		{CLOCK_TENANT + 1, F_TEXTEQ}}}
	}
};

static ClockStage
read_stage(Datum value)
{
	struct varlena *text = (struct varlena *) DatumGetPointer(value);
	const char *name = VARDATA_ANY(text);

	for (ClockStage stage = CLOCK_IN_PROGRESS; stage < CLOCK_STAGES; stage++)
		if (strlen(clock_stage_names[stage]) == VARSIZE_ANY_EXHDR(text) &&
			memcmp(clock_stage_names[stage], name, VARSIZE_ANY_EXHDR(text)) == 0)
			return stage;
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("a clock has an unknown stage"),
			 errhint("itsm.recompute_clocks makes clocks anew out of the events.")));
}

/* Where the time since which a clock is in its stage stands. */
static int
since_column(ClockStage stage)
{
	return stage == CLOCK_IN_PROGRESS ? CLOCK_RUNNING : stage == CLOCK_PAUSED ? CLOCK_PAUSED_SINCE : CLOCK_STOPPED;
}

void
itsm_clock_of_tuple(TupleDesc descriptor, HeapTuple tuple, ClockRow *row)
{
	Datum		values[CLOCK_COLUMNS];
	bool		nulls[CLOCK_COLUMNS];
	Clock	   *clock = &row->clock;

	heap_deform_tuple(tuple, descriptor, values, nulls);
	row->sla = DatumGetInt32(values[CLOCK_SLA]);
	row->sla_version = DatumGetInt32(values[CLOCK_SLA_VERSION]);
	row->number = DatumGetInt32(values[CLOCK_NUMBER]);
	row->told = DatumGetInt32(values[CLOCK_TOLD]);
	row->bound = nulls[CLOCK_BOUND] ? DT_NOEND : DatumGetTimestampTz(values[CLOCK_BOUND]);
	row->tuple = tuple;
	clock->stage = read_stage(values[CLOCK_STAGE]);
	clock->started_at = DatumGetTimestampTz(values[CLOCK_STARTED]);
	clock->since = DatumGetTimestampTz(values[since_column(clock->stage)]);
	clock->elapsed = DatumGetIntervalP(values[CLOCK_ELAPSED])->time;
	clock->paused = DatumGetIntervalP(values[CLOCK_PAUSED_TIME])->time;
	clock->due = !nulls[CLOCK_DUE];
	clock->due_at = clock->due ? DatumGetTimestampTz(values[CLOCK_DUE]) : 0;
	clock->first_due_at = DatumGetTimestampTz(values[CLOCK_ORIGINAL_DUE]);
	clock->breached = DatumGetBool(values[CLOCK_BREACHED]);
	clock->breached_at = nulls[CLOCK_BREACHED_AT] ? 0 : DatumGetTimestampTz(values[CLOCK_BREACHED_AT]);
}

bool
itsm_clock_find(const char *tenant, int64 record, int sla, int number, ClockRow *row)
{
	Relation	table = itsm_own_open(&clocks, AccessShareLock);
	Datum		key[] = {
		Int64GetDatum(record), Int32GetDatum(sla), Int32GetDatum(number), itsm_short_text(tenant)
	};
	HeapTuple	tuple = itsm_own_find(&clocks, 0, key, NULL);

	if (tuple)
		itsm_clock_of_tuple(RelationGetDescr(table), tuple, row);
	itsm_own_close(&clocks, AccessShareLock);
	return tuple != NULL;
}

static void
set_time(Datum *values, bool *nulls, int column, bool known, TimestampTz at)
{
	nulls[column] = !known;
	values[column] = TimestampTzGetDatum(at);
}

void
itsm_clock_owner(TupleDesc descriptor, HeapTuple tuple, int64 *record, const char **tenant)
{
	bool		isnull;

	*record = DatumGetInt64(heap_getattr(tuple, CLOCK_RECORD + 1, descriptor, &isnull));
	*tenant = TextDatumGetCString(heap_getattr(tuple, CLOCK_TENANT + 1, descriptor, &isnull));
}

static bool
is_completed(const struct varlena *stage)
{
	const char *completed = clock_stage_names[CLOCK_COMPLETED];

	return VARSIZE_ANY_EXHDR(stage) == strlen(completed) &&
		memcmp(VARDATA_ANY(stage), completed, VARSIZE_ANY_EXHDR(stage)) == 0;
}

bool
itsm_clock_count(TupleDesc descriptor, HeapTuple tuple, ClockCount *count)
{
	Datum		values[CLOCK_COLUMNS];
	bool		nulls[CLOCK_COLUMNS];

	if (heap_attisnull(tuple, CLOCK_STOPPED + 1, descriptor))
		return false;
	heap_deform_tuple(tuple, descriptor, values, nulls);
	count->sla = DatumGetInt32(values[CLOCK_SLA]);
	count->sla_version = DatumGetInt32(values[CLOCK_SLA_VERSION]);
	count->completed = is_completed(PG_DETOAST_DATUM_PACKED(values[CLOCK_STAGE]));
	count->breached = DatumGetBool(values[CLOCK_BREACHED]);
	count->stopped_at = DatumGetTimestampTz(values[CLOCK_STOPPED]);
	count->elapsed = *DatumGetIntervalP(values[CLOCK_ELAPSED]);
	return true;
}

/* The same of a row that is stored now. */
static bool
count_row(const ClockRow *row, ClockCount *count)
{
	if (row->clock.stage < CLOCK_COMPLETED)
		return false;
	*count = (ClockCount) {
		row->sla, row->sla_version, row->clock.stage == CLOCK_COMPLETED, row->clock.breached, row->clock.since,
		{.time = row->clock.elapsed}
	};
	return true;
}

bool
itsm_clock_store(const char *tenant, int64 record, ClockRow *row, const RecordCount *group)
{
	const Clock *clock = &row->clock;
	ClockCount	before;
	ClockCount	now;
	bool		counted;
	bool		counts = count_row(row, &now);
	Relation	table;
	Datum		values[CLOCK_COLUMNS];
	bool		nulls[CLOCK_COLUMNS] = {0};
	Interval	elapsed = {.time = clock->elapsed};
	Interval	paused = {.time = clock->paused};
	bool		stored = true;

	table = itsm_own_open(&clocks, RowExclusiveLock);
	counted = row->tuple && itsm_clock_count(RelationGetDescr(table), row->tuple, &before);
	values[CLOCK_RECORD] = Int64GetDatum(record);
	values[CLOCK_SLA] = Int32GetDatum(row->sla);
	values[CLOCK_SLA_VERSION] = Int32GetDatum(row->sla_version);
	values[CLOCK_NUMBER] = Int32GetDatum(row->number);
	values[CLOCK_TOLD] = Int32GetDatum(row->told);
	values[CLOCK_STARTED] = TimestampTzGetDatum(clock->started_at);
	nulls[CLOCK_RUNNING] = nulls[CLOCK_PAUSED_SINCE] = nulls[CLOCK_STOPPED] = true;
	set_time(values, nulls, since_column(clock->stage), true, clock->since);
	set_time(values, nulls, CLOCK_DUE, clock->due, clock->due_at);
	values[CLOCK_ORIGINAL_DUE] = TimestampTzGetDatum(clock->first_due_at);
	set_time(values, nulls, CLOCK_BOUND, row->bound != DT_NOEND, row->bound);
	set_time(values, nulls, CLOCK_BREACHED_AT, clock->breached, clock->breached_at);
	values[CLOCK_ELAPSED] = IntervalPGetDatum(&elapsed);
	values[CLOCK_PAUSED_TIME] = IntervalPGetDatum(&paused);
	values[CLOCK_BREACHED] = BoolGetDatum(clock->breached);
	values[CLOCK_TENANT] = itsm_short_text(tenant);
	values[CLOCK_STAGE] = itsm_short_text(clock_stage_names[clock->stage]);
	if (row->tuple == NULL)
		itsm_own_insert(&clocks, values, nulls);
	else
		stored = itsm_own_update(&clocks, row->tuple, values, nulls);
	itsm_own_close(&clocks, RowExclusiveLock);
	if (stored && (counted || counts))
		itsm_clock_months_follow(tenant, record, group, counted ? &before : NULL, counts ? &now : NULL);
	return stored;
}

static int
compare_rows(const ListCell *a, const ListCell *b)
{
	const ClockRow *first = lfirst(a);
	const ClockRow *second = lfirst(b);

	return first->sla != second->sla ? first->sla - second->sla : first->number - second->number;
}

/* Calls "add" for every clock of a record, for a list of what it makes. */
static List *
read_clocks(const char *tenant, int64 record, List *(*add) (List *list, TupleDesc descriptor, HeapTuple tuple))
{
	Relation	table = table_open(itsm_relation("clock"), AccessShareLock);
	List	   *rows = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, CLOCK_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	scan = itsm_table_scan(table, itsm_relation("clock_pkey"), 1, &key);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, CLOCK_TENANT + 1, RelationGetDescr(table), &isnull);

		if (strcmp(TextDatumGetCString(value), tenant) == 0)
			rows = add(rows, RelationGetDescr(table), tuple);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return rows;
}

static List *
add_row(List *rows, TupleDesc descriptor, HeapTuple tuple)
{
	ClockRow   *row = palloc(sizeof(ClockRow));

	itsm_clock_of_tuple(descriptor, heap_copytuple(tuple), row);
	return lappend(rows, row);
}

static List *
add_count(List *counts, TupleDesc descriptor, HeapTuple tuple)
{
	ClockCount *count = palloc(sizeof(ClockCount));

	return itsm_clock_count(descriptor, tuple, count) ? lappend(counts, count) : counts;
}

List *
itsm_clocks_of(const char *tenant, int64 record)
{
	List	   *rows = read_clocks(tenant, record, add_row);

	list_sort(rows, compare_rows);
	return rows;
}

List *
itsm_clock_counts_of(const char *tenant, int64 record)
{
	return read_clocks(tenant, record, add_count);
}

bool
itsm_clock_remove(const ClockRow *row)
{
	Relation	table = table_open(itsm_relation("clock"), RowExclusiveLock);
	TupleDesc	descriptor = RelationGetDescr(table);
	ClockCount	before;
	bool		counted = itsm_clock_count(descriptor, row->tuple, &before);
	bool		removed = itsm_table_delete(table, row->tuple);
	const char *tenant;
	int64		record;

	if (removed)
	{
		itsm_clock_owner(descriptor, row->tuple, &record, &tenant);
		itsm_clock_months_follow(tenant, record, NULL, counted ? &before : NULL, NULL);
		CommandCounterIncrement();
	}
	table_close(table, NoLock);
	return removed;
}

int64
itsm_clock_notice_length(const Sla *sla, const Clock *clock, int position)
{
	int64		target = clock_target(&sla->terms, clock);

	/* a target that is just used up is met */
	if (position == sla->share_count || target == CLOCK_NEVER)
		return target == CLOCK_NEVER ? CLOCK_NEVER : target + 1;
	return (int64) (sla->shares[position] * (double) target);
}

TimestampTz
itsm_clock_bound(const Sla *sla, const Clock *clock, int told)
{
	if (told > sla->share_count)
		return DT_NOEND;
	/* a breach is told also of a clock that was completed before anybody looked */
	if (clock->stage == CLOCK_COMPLETED && clock->breached)
		return clock->breached_at;
	if (clock->stage >= CLOCK_COMPLETED)
		return DT_NOEND;
	return clock_reaches(&sla->terms, clock, itsm_clock_notice_length(sla, clock, told));
}

bool
itsm_clock_same(const ClockRow *a, const ClockRow *b)
{
	const Clock *x = &a->clock;
	const Clock *y = &b->clock;

	return a->sla_version == b->sla_version && x->stage == y->stage && x->started_at == y->started_at &&
		x->since == y->since && x->elapsed == y->elapsed && x->paused == y->paused && x->due == y->due &&
		(!x->due || x->due_at == y->due_at) && x->first_due_at == y->first_due_at && x->breached == y->breached &&
		(!x->breached || x->breached_at == y->breached_at);
}
