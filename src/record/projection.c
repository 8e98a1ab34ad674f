/*
 * projection.c
 *		What reports read of records: columns of itsm.record.
 *
 * Memory: results in the caller's context.  Locking: a row is written only by
 * whoever holds its record's head.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "core/json_read.h"
#include "core/table.h"
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "record/projection.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

const char *const itsm_projection_numbers[PROJECTION_NUMBERS] = {"priority", "impact", "urgency"};

/* "category" is kept in the column classification: the state's category has that name. */
const char *const itsm_projection_texts[PROJECTION_TEXTS] = {
	"title", "requester", "assignee", "assignment_group", "service", "ci", "category",
	"hold_reason", "resolution_code", "resolution"
};

/* Where milestones and texts are in the row. */
static const RecordColumn milestone_columns[MILESTONE_COUNT] = {
	RECORD_OPENED, RECORD_FIRST_RESPONSE, RECORD_RESOLVED, RECORD_CLOSED
};
static const RecordColumn text_columns[PROJECTED_ATTRIBUTES] = {
	RECORD_PROCESS, RECORD_LIFECYCLE, RECORD_STATE, RECORD_CATEGORY
};

void
itsm_projection_begin(Projection *projection)
{
	memset(projection, 0, sizeof(Projection));
	memset(projection->number_nulls, true, sizeof(projection->number_nulls));
	memset(projection->text_nulls, true, sizeof(projection->text_nulls));
	projection->extra_null = true;
}

static bool
is_text(Datum value, const char *text)
{
	const char *packed = DatumGetPointer(value);
	size_t		length;

	if (!VARATT_IS_SHORT(packed) || VARATT_IS_EXTERNAL(packed))
		return false;
	length = VARSIZE_SHORT(packed) - VARHDRSZ_SHORT;
	return strncmp(text, VARDATA_SHORT(packed), length) == 0 && text[length] == '\0';
}

void
itsm_projection_set(Projection *projection, ProjectedText which, const char *text)
{
	/* mostly it is what it was */
	if (text && !projection->text_nulls[which] && is_text(projection->texts[which], text))
		return;
	itsm_set_text(projection->texts, projection->text_nulls, which, text);
}

bool
itsm_projection_read(const Record *record, Projection *projection)
{
	const Datum *values = record->row->values;
	const bool *nulls = record->row->nulls;

	itsm_projection_begin(projection);
	if (nulls[RECORD_PROCESS])
		return false;
	for (int i = 0; i < MILESTONE_COUNT; i++)
	{
		projection->milestones.reached[i] = !nulls[milestone_columns[i]];
		if (projection->milestones.reached[i])
			projection->milestones.at[i] = DatumGetTimestampTz(values[milestone_columns[i]]);
	}
	projection->changed_at = nulls[RECORD_CHANGED] ? 0 : DatumGetTimestampTz(values[RECORD_CHANGED]);
	projection->transitions = nulls[RECORD_TRANSITIONS] ? 0 : DatumGetInt32(values[RECORD_TRANSITIONS]);
	projection->reopened = nulls[RECORD_REOPENED] ? 0 : DatumGetInt32(values[RECORD_REOPENED]);
	projection->reassigned = nulls[RECORD_REASSIGNED] ? 0 : DatumGetInt32(values[RECORD_REASSIGNED]);
	for (int i = 0; i < PROJECTION_NUMBERS; i++)
	{
		projection->number_nulls[i] = nulls[RECORD_NUMBERS + i];
		projection->numbers[i] = nulls[RECORD_NUMBERS + i] ? 0 : DatumGetInt32(values[RECORD_NUMBERS + i]);
	}
	for (int i = 0; i < PROJECTED_ATTRIBUTES; i++)
	{
		projection->texts[i] = values[text_columns[i]];
		projection->text_nulls[i] = nulls[text_columns[i]];
	}
	memcpy(projection->texts + PROJECTED_ATTRIBUTES, values + RECORD_TEXTS, sizeof(Datum) * PROJECTION_TEXTS);
	memcpy(projection->text_nulls + PROJECTED_ATTRIBUTES, nulls + RECORD_TEXTS, sizeof(bool) * PROJECTION_TEXTS);
	projection->extra = values[RECORD_EXTRA];
	projection->extra_null = nulls[RECORD_EXTRA];
	projection->month_known = !nulls[RECORD_OPENED_MONTH] && !nulls[RECORD_OPENED];
	if (projection->month_known)
	{
		projection->month_of = projection->milestones.at[MILESTONE_OPENED];
		projection->month = DatumGetTimestampTz(values[RECORD_OPENED_MONTH]);
	}
	return true;
}

const char *
itsm_projection_text(const Projection *projection, ProjectedText which)
{
	return projection->text_nulls[which] ? NULL : TextDatumGetCString(projection->texts[which]);
}

const char *
itsm_projection_attribute(const Projection *projection, const char *name)
{
	JsonbValue	value;

	for (int i = 0; i < PROJECTION_NUMBERS; i++)
		if (strcmp(itsm_projection_numbers[i], name) == 0 && !projection->number_nulls[i])
			return psprintf("%d", projection->numbers[i]);
	for (int i = 0; i < PROJECTION_TEXTS; i++)
		if (strcmp(itsm_projection_texts[i], name) == 0 && !projection->text_nulls[PROJECTED_ATTRIBUTES + i])
			return itsm_projection_text(projection, PROJECTED_ATTRIBUTES + i);
	/* of another type than its column, it is among the others too */
	if (!projection->extra_null && itsm_json_member(&DatumGetJsonbP(projection->extra)->root, name, &value))
		return itsm_json_string(&value);
	return NULL;
}

TimestampTz
itsm_month_start(TimestampTz at)
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
		: itsm_month_start(opened);
}

void
itsm_projection_put(Record *record, Projection *projection)
{
	Datum	   *values = record->row->values;
	bool	   *nulls = record->row->nulls;

	for (int i = 0; i < MILESTONE_COUNT; i++)
	{
		nulls[milestone_columns[i]] = !projection->milestones.reached[i];
		values[milestone_columns[i]] = TimestampTzGetDatum(projection->milestones.at[i]);
	}
	nulls[RECORD_OPENED_MONTH] = !projection->milestones.reached[MILESTONE_OPENED];
	if (!nulls[RECORD_OPENED_MONTH])
		values[RECORD_OPENED_MONTH] = TimestampTzGetDatum(opened_month(projection));
	values[RECORD_CHANGED] = TimestampTzGetDatum(projection->changed_at);
	values[RECORD_TRANSITIONS] = Int32GetDatum(projection->transitions);
	values[RECORD_REOPENED] = Int32GetDatum(projection->reopened);
	values[RECORD_REASSIGNED] = Int32GetDatum(projection->reassigned);
	memset(nulls + RECORD_CHANGED, false, RECORD_REASSIGNED - RECORD_CHANGED + 1);
	for (int i = 0; i < PROJECTION_NUMBERS; i++)
	{
		nulls[RECORD_NUMBERS + i] = projection->number_nulls[i];
		values[RECORD_NUMBERS + i] = Int32GetDatum(projection->numbers[i]);
	}
	for (int i = 0; i < PROJECTED_ATTRIBUTES; i++)
	{
		values[text_columns[i]] = projection->texts[i];
		nulls[text_columns[i]] = projection->text_nulls[i];
	}
	memcpy(values + RECORD_TEXTS, projection->texts + PROJECTED_ATTRIBUTES, sizeof(Datum) * PROJECTION_TEXTS);
	memcpy(nulls + RECORD_TEXTS, projection->text_nulls + PROJECTED_ATTRIBUTES, sizeof(bool) * PROJECTION_TEXTS);
	values[RECORD_EXTRA] = projection->extra;
	nulls[RECORD_EXTRA] = projection->extra_null;
}

void
itsm_projection_store(Record *record, Projection *projection)
{
	itsm_projection_put(record, projection);
	if (!itsm_record_store(record))
		elog(ERROR, "projection of record " INT64_FORMAT " changed without its head", record->id);
	/* the head may be replaced again within the command */
	CommandCounterIncrement();
}
