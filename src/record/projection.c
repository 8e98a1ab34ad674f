/*
 * projection.c
 *		Rows of itsm.projection, in direct access.
 *
 * Memory: results in the caller's context.  Locking: a row is written only by
 * whoever holds its record's head.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "core/own_table.h"
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "record/projection.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/fmgroids.h"

const char *const itsm_projection_numbers[PROJECTION_NUMBERS] = {"priority", "impact", "urgency"};

/* "category" is kept in the column classification: the state's category has that name. */
const char *const itsm_projection_texts[PROJECTION_TEXTS] = {
	"title", "requester", "assignee", "assignment_group", "service", "ci", "category",
	"hold_reason", "resolution_code", "resolution"
};

enum
{
	COLUMN_RECORD, COLUMN_CHANGED, COLUMN_TRANSITIONS, COLUMN_REOPENED, COLUMN_REASSIGNED, COLUMN_SOURCE,
	COLUMN_DELETED, COLUMN_TENANT, COLUMN_MILESTONES,
	COLUMN_OPENED_MONTH = COLUMN_MILESTONES + MILESTONE_COUNT, COLUMN_NUMBERS,
	COLUMN_TEXTS = COLUMN_NUMBERS + PROJECTION_NUMBERS, COLUMN_EXTRA = COLUMN_TEXTS + PROJECTED_TEXTS, COLUMN_COUNT
};

static OwnTable projections = {
	.name = "projection", .probe_count = 1, .probes = {
		{"projection_pkey", 2, {{COLUMN_TENANT + 1, F_TEXTEQ}, {COLUMN_RECORD + 1, F_INT8EQ}}}
	}
};

void
itsm_projection_begin(Projection *projection)
{
	memset(projection, 0, sizeof(Projection));
	memset(projection->number_nulls, true, sizeof(projection->number_nulls));
	memset(projection->text_nulls, true, sizeof(projection->text_nulls));
	projection->extra_null = true;
}

void
itsm_projection_set(Projection *projection, ProjectedText which, const char *text)
{
	projection->text_nulls[which] = text == NULL;
	projection->texts[which] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

void
itsm_projection_of_tuple(TupleDesc descriptor, HeapTuple tuple, Projection *projection)
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	projection->tuple = tuple;
	projection->source = DatumGetInt32(values[COLUMN_SOURCE]);
	projection->deleted = DatumGetBool(values[COLUMN_DELETED]);
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
	memcpy(projection->texts, values + COLUMN_TEXTS, sizeof(projection->texts));
	memcpy(projection->text_nulls, nulls + COLUMN_TEXTS, sizeof(projection->text_nulls));
	projection->extra = values[COLUMN_EXTRA];
	projection->extra_null = nulls[COLUMN_EXTRA];
	projection->month_known = !nulls[COLUMN_OPENED_MONTH] && !nulls[COLUMN_MILESTONES + MILESTONE_OPENED];
	if (projection->month_known)
	{
		projection->month_of = projection->milestones.at[MILESTONE_OPENED];
		projection->month = DatumGetTimestampTz(values[COLUMN_OPENED_MONTH]);
	}
}

static bool
read_projection(const Record *record, Projection *projection, LOCKMODE lockmode)
{
	Relation	table = itsm_own_open(&projections, lockmode);
	Datum		key[] = {CStringGetTextDatum(record->tenant), Int64GetDatum(record->id)};
	HeapTuple	tuple;

	itsm_projection_begin(projection);
	projection->place = record->projection_place;
	tuple = itsm_own_find(&projections, 0, key, &projection->place);
	if (tuple)
		itsm_projection_of_tuple(RelationGetDescr(table), tuple, projection);
	itsm_own_close(&projections, lockmode);
	return tuple != NULL;
}

bool
itsm_projection_read(const Record *record, Projection *projection)
{
	return read_projection(record, projection, AccessShareLock);
}

bool
itsm_projection_take(const Record *record, Projection *projection)
{
	return read_projection(record, projection, RowExclusiveLock);
}

const char *
itsm_projection_text(const Projection *projection, ProjectedText which)
{
	return projection->text_nulls[which] ? NULL : TextDatumGetCString(projection->texts[which]);
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

/* The month in which the record began; mostly it is known from the row read. */
static TimestampTz
opened_month(const Projection *projection)
{
	TimestampTz opened = projection->milestones.at[MILESTONE_OPENED];

	return projection->month_known && projection->month_of == opened ? projection->month
		: month_start(opened);
}

void
itsm_projection_store(const Record *record, Projection *projection)
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT] = {0};

	(void) itsm_own_open(&projections, RowExclusiveLock);
	values[COLUMN_RECORD] = Int64GetDatum(record->id);
	for (int i = 0; i < MILESTONE_COUNT; i++)
	{
		nulls[COLUMN_MILESTONES + i] = !projection->milestones.reached[i];
		values[COLUMN_MILESTONES + i] = TimestampTzGetDatum(projection->milestones.at[i]);
	}
	values[COLUMN_CHANGED] = TimestampTzGetDatum(projection->changed_at);
	nulls[COLUMN_OPENED_MONTH] = !projection->milestones.reached[MILESTONE_OPENED];
	if (!nulls[COLUMN_OPENED_MONTH])
		values[COLUMN_OPENED_MONTH] = TimestampTzGetDatum(opened_month(projection));
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
	values[COLUMN_TENANT] = CStringGetTextDatum(record->tenant);
	memcpy(values + COLUMN_TEXTS, projection->texts, sizeof(projection->texts));
	memcpy(nulls + COLUMN_TEXTS, projection->text_nulls, sizeof(projection->text_nulls));
	values[COLUMN_EXTRA] = projection->extra;
	nulls[COLUMN_EXTRA] = projection->extra_null;
	if (projection->tuple == NULL)
		itsm_own_insert(&projections, values, nulls);
	else if (!itsm_own_update(&projections, projection->tuple, values, nulls))
		elog(ERROR, "projection of record " INT64_FORMAT " changed without its head", record->id);
	itsm_own_close(&projections, RowExclusiveLock);
}
