/*
 * month_count.c
 *		What incidents count for in the months in which they were opened and
 *		resolved: the rows of itsm.incident_month_change.
 *
 * Memory: the caller's context.  Locking: none beyond that of a table written
 * to; the caller has written the record's row, in the same subtransaction.
 */
#include "core/itsm.h"

#include "core/own_table.h"
#include "core/table.h"
#include "datatype/timestamp.h"
#include "record/month_count.h"
#include "record/projection.h"
#include "utils/datum.h"

#define COUNTED_PROCESS "incident"

/* Columns of itsm.incident_month_change, from 0. */
enum
{
	CHANGE_MONTH, CHANGE_OPENED, CHANGE_RESOLVED, CHANGE_REOPENED, CHANGE_REASSIGNED, CHANGE_TENANT, CHANGE_DURATION,
	CHANGE_COLUMNS
};

static OwnTable changes = {.name = "incident_month_change"};

static bool
is_counted(Datum process)
{
	const char *text = DatumGetPointer(process);

	return VARATT_IS_SHORT(text) && !VARATT_IS_EXTERNAL(text) &&
		VARSIZE_SHORT(text) - VARHDRSZ_SHORT == strlen(COUNTED_PROCESS) &&
		memcmp(VARDATA_SHORT(text), COUNTED_PROCESS, strlen(COUNTED_PROCESS)) == 0;
}

static void
count_incident(const Datum *values, const bool *nulls, RecordCount *count)
{
	count->opened = !nulls[RECORD_OPENED];
	count->opened_at = count->opened ? DatumGetTimestampTz(values[RECORD_OPENED]) : DT_NOBEGIN;
	count->resolved = !nulls[RECORD_RESOLVED];
	if (!count->resolved)
		return;
	count->resolved_at = DatumGetTimestampTz(values[RECORD_RESOLVED]);
	count->timed = !TIMESTAMP_NOT_FINITE(count->opened_at) && !TIMESTAMP_NOT_FINITE(count->resolved_at);
	count->duration = count->timed ? count->resolved_at - count->opened_at : 0;
	count->reopened = nulls[RECORD_REOPENED] ? 0 : DatumGetInt32(values[RECORD_REOPENED]);
	count->reassigned = nulls[RECORD_REASSIGNED] ? 0 : DatumGetInt32(values[RECORD_REASSIGNED]);
}

void
itsm_record_count(const Datum *values, const bool *nulls, RecordCount *count)
{
	count->stored = true;
	count->opened = count->resolved = count->timed = false;
	count->duration = count->reopened = count->reassigned = 0;
	if (!nulls[RECORD_PROCESS] && is_counted(values[RECORD_PROCESS]))
		count_incident(values, nulls, count);
	count->source = DatumGetInt32(values[RECORD_SOURCE]);
	count->has_priority = !nulls[RECORD_NUMBERS];
	count->priority = count->has_priority ? DatumGetInt32(values[RECORD_NUMBERS]) : 0;
	count->has_service = !nulls[RECORD_SERVICE];
	count->service = values[RECORD_SERVICE];
}

/* A row: so many more of each, or with a sign fewer. */
static void
store_change(const char *tenant, TimestampTz month, int opened, int resolved, const RecordCount *count)
{
	Datum		values[CHANGE_COLUMNS];
	bool		nulls[CHANGE_COLUMNS] = {0};
	/* as timestamptz minus timestamptz has it */
	Interval	duration = {.day = count->duration / USECS_PER_DAY, .time = count->duration % USECS_PER_DAY};

	values[CHANGE_MONTH] = TimestampTzGetDatum(month);
	values[CHANGE_OPENED] = Int32GetDatum(opened);
	values[CHANGE_RESOLVED] = Int32GetDatum(resolved);
	values[CHANGE_REOPENED] = Int32GetDatum(resolved * count->reopened);
	values[CHANGE_REASSIGNED] = Int32GetDatum(resolved * count->reassigned);
	values[CHANGE_TENANT] = itsm_short_text(tenant);
	nulls[CHANGE_DURATION] = resolved == 0 || !count->timed;
	values[CHANGE_DURATION] = IntervalPGetDatum(&duration);
	(void) itsm_own_open(&changes, RowExclusiveLock);
	itsm_own_insert(&changes, values, nulls);
	itsm_own_close(&changes, RowExclusiveLock);
}

static bool
same_opening(const RecordCount *a, const RecordCount *b)
{
	return a->opened == b->opened && (!a->opened || a->opened_at == b->opened_at);
}

static bool
same_resolution(const RecordCount *a, const RecordCount *b)
{
	if (!a->resolved || !b->resolved)
		return a->resolved == b->resolved;
	return a->resolved_at == b->resolved_at && a->timed == b->timed && a->duration == b->duration &&
		a->reopened == b->reopened && a->reassigned == b->reassigned;
}

static bool
same_group(const RecordCount *a, const RecordCount *b)
{
	if (!b->stored || a->source != b->source || a->has_priority != b->has_priority || a->priority != b->priority ||
		a->has_service != b->has_service)
		return false;
	/* mostly it is the very value that was read */
	return !a->has_service || a->service == b->service || datum_image_eq(a->service, b->service, false, -1);
}

void
itsm_months_regroup(const char *tenant, int64 record, const RecordCount *before, const RecordCount *now)
{
	for (int i = 0; itsm_record_followers[i]; i++)
		itsm_record_followers[i]->regrouped(tenant, record, before, now);
}

void
itsm_months_follow(const char *tenant, int64 record, const RecordCount *before, const RecordCount *now)
{
	if (!same_opening(before, now))
	{
		if (before->opened)
			store_change(tenant, itsm_month_start(before->opened_at), -1, 0, before);
		if (now->opened)
			store_change(tenant, itsm_month_start(now->opened_at), 1, 0, now);
	}
	if (!same_resolution(before, now))
	{
		if (before->resolved)
			store_change(tenant, itsm_month_start(before->resolved_at), 0, -1, before);
		if (now->resolved)
			store_change(tenant, itsm_month_start(now->resolved_at), 0, 1, now);
	}
	if (before->stored && !same_group(before, now))
		itsm_months_regroup(tenant, record, before, now);
}
