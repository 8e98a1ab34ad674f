/*
 * projection.c
 *		Rows of itsm.projection, in direct access.
 *
 * Memory: results in the caller's context.  Locking: a row is written only by
 * whoever holds its record's head.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation_d.h"
#include "core/table.h"
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "record/projection.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

const char *const itsm_projection_numbers[PROJECTION_NUMBERS] = {"priority", "impact", "urgency"};

/* "category" is kept in the column classification: the state's category has that name. */
const char *const itsm_projection_texts[PROJECTION_TEXTS] = {
	"title", "requester", "assignee", "assignment_group", "service", "ci", "category",
	"hold_reason", "resolution_code", "resolution"
};

enum
{
	COLUMN_RECORD, COLUMN_MILESTONES, COLUMN_CHANGED = COLUMN_MILESTONES + MILESTONE_COUNT,
	COLUMN_OPENED_MONTH, COLUMN_TRANSITIONS, COLUMN_REOPENED, COLUMN_REASSIGNED, COLUMN_NUMBERS,
	COLUMN_SOURCE = COLUMN_NUMBERS + PROJECTION_NUMBERS, COLUMN_DELETED, COLUMN_TENANT,
	COLUMN_PROCESS, COLUMN_LIFECYCLE, COLUMN_STATE, COLUMN_CATEGORY, COLUMN_KEY, COLUMN_TEXTS,
	COLUMN_EXTRA = COLUMN_TEXTS + PROJECTION_TEXTS, COLUMN_COUNT
};

static const char *
text_at(Datum *values, bool *nulls, int column)
{
	return nulls[column] ? NULL : TextDatumGetCString(values[column]);
}

static void
set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
fill(Projection *projection, Datum *values, bool *nulls)
{
	for (int i = 0; i < MILESTONE_COUNT; i++)
	{
		projection->milestones.reached[i] = !nulls[COLUMN_MILESTONES + i];
		if (projection->milestones.reached[i])
			projection->milestones.at[i] = DatumGetTimestampTz(values[COLUMN_MILESTONES + i]);
	}
	projection->changed_at = DatumGetTimestampTz(values[COLUMN_CHANGED]);
	projection->transitions = DatumGetInt32(values[COLUMN_TRANSITIONS]);
	projection->reopened = DatumGetInt32(values[COLUMN_REOPENED]);
	projection->reassigned = DatumGetInt32(values[COLUMN_REASSIGNED]);
	for (int i = 0; i < PROJECTION_NUMBERS; i++)
	{
		projection->number_nulls[i] = nulls[COLUMN_NUMBERS + i];
		projection->numbers[i] = nulls[COLUMN_NUMBERS + i] ? 0 : DatumGetInt32(values[COLUMN_NUMBERS + i]);
	}
	projection->process = text_at(values, nulls, COLUMN_PROCESS);
	projection->lifecycle = text_at(values, nulls, COLUMN_LIFECYCLE);
	projection->state = text_at(values, nulls, COLUMN_STATE);
	projection->category = text_at(values, nulls, COLUMN_CATEGORY);
	projection->key = text_at(values, nulls, COLUMN_KEY);
	for (int i = 0; i < PROJECTION_TEXTS; i++)
		projection->texts[i] = text_at(values, nulls, COLUMN_TEXTS + i);
	projection->extra = nulls[COLUMN_EXTRA] ? NULL : DatumGetJsonbP(values[COLUMN_EXTRA]);
}

bool
itsm_projection_read(const Record *record, Projection *projection)
{
	Relation	table = table_open(itsm_relation("projection"), AccessShareLock);
	ScanKeyData keys[2];

	memset(projection, 0, sizeof(Projection));
	for (int i = 0; i < PROJECTION_NUMBERS; i++)
		projection->number_nulls[i] = true;
	ScanKeyInit(&keys[0], COLUMN_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(record->tenant));
	keys[0].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[1], COLUMN_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record->id));
	projection->tuple = itsm_table_find(table, itsm_relation("projection_pkey"), SnapshotSelf, 2, keys);
	if (projection->tuple)
	{
		Datum		values[COLUMN_COUNT];
		bool		nulls[COLUMN_COUNT];

		heap_deform_tuple(projection->tuple, RelationGetDescr(table), values, nulls);
		fill(projection, values, nulls);
	}
	table_close(table, AccessShareLock);
	return projection->tuple != NULL;
}

/* The start of a time's month in UTC; what is infinite stays so. */
static TimestampTz
month_start(TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fraction;
	Timestamp	start;

	if (TIMESTAMP_NOT_FINITE(at))
		return at;
	if (timestamp2tm(at, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	/* the first month of all begins before what a timestamp can hold */
	return tm2timestamp(&tm, 0, NULL, &start) == 0 ? start : at;
}

void
itsm_projection_store(const Record *record, Projection *projection)
{
	Relation	table = table_open(itsm_relation("projection"), RowExclusiveLock);
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT] = {0};

	values[COLUMN_RECORD] = Int64GetDatum(record->id);
	for (int i = 0; i < MILESTONE_COUNT; i++)
	{
		nulls[COLUMN_MILESTONES + i] = !projection->milestones.reached[i];
		values[COLUMN_MILESTONES + i] = TimestampTzGetDatum(projection->milestones.at[i]);
	}
	values[COLUMN_CHANGED] = TimestampTzGetDatum(projection->changed_at);
	nulls[COLUMN_OPENED_MONTH] = !projection->milestones.reached[MILESTONE_OPENED];
	if (!nulls[COLUMN_OPENED_MONTH])
		values[COLUMN_OPENED_MONTH] =
			TimestampTzGetDatum(month_start(projection->milestones.at[MILESTONE_OPENED]));
	values[COLUMN_TRANSITIONS] = Int32GetDatum(projection->transitions);
	values[COLUMN_REOPENED] = Int32GetDatum(projection->reopened);
	values[COLUMN_REASSIGNED] = Int32GetDatum(projection->reassigned);
	for (int i = 0; i < PROJECTION_NUMBERS; i++)
	{
		nulls[COLUMN_NUMBERS + i] = projection->number_nulls[i];
		values[COLUMN_NUMBERS + i] = Int32GetDatum(projection->numbers[i]);
	}
	values[COLUMN_DELETED] = BoolGetDatum(record->deleted);
	values[COLUMN_SOURCE] = Int32GetDatum(record->source);
	set_text(values, nulls, COLUMN_TENANT, record->tenant);
	set_text(values, nulls, COLUMN_PROCESS, projection->process);
	set_text(values, nulls, COLUMN_LIFECYCLE, projection->lifecycle);
	set_text(values, nulls, COLUMN_STATE, projection->state);
	set_text(values, nulls, COLUMN_CATEGORY, projection->category);
	set_text(values, nulls, COLUMN_KEY, projection->key);
	for (int i = 0; i < PROJECTION_TEXTS; i++)
		set_text(values, nulls, COLUMN_TEXTS + i, projection->texts[i]);
	nulls[COLUMN_EXTRA] = projection->extra == NULL;
	values[COLUMN_EXTRA] = JsonbPGetDatum(projection->extra);
	if (projection->tuple == NULL)
		itsm_table_insert(table, values, nulls);
	else if (!itsm_table_update(table, projection->tuple, values, nulls))
		elog(ERROR, "projection of record " INT64_FORMAT " changed without its head", record->id);
	table_close(table, NoLock);
}
