/*
 * archive_retention.c
 *		itsm.set_retention() and itsm.retention().
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "ledger/archive_retention.h"
#include "ledger/canonical_text.h"
#include "ledger/event.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#define KIND "retention_set"

static Interval *
interval_of(const char *text)
{
	return DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
												 Int32GetDatum(-1)));
}

/* What an event of that kind tells. */
static char *
told_retention(const Event *event)
{
	BodyItem	item;
	int			offset = 0;

	while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
		if (item.number == BODY_DETAIL && item.form == BODY_VALUE)
		{
			Jsonb	   *detail = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(item.text)));
			JsonbValue	value;

			if (itsm_json_member(&detail->root, "retention", &value))
				return itsm_json_string(&value);
		}
	return NULL;
}

/* NULL: nobody said. */
static Interval *
read_retention(void)
{
	Record		record;
	char	   *text = NULL;
	ListCell   *cell;

	if (!itsm_record_find(POLICY_SOURCE, "", POLICY_HISTORY, &record))
		return NULL;
	foreach(cell, itsm_event_read(record.tenant, record.id))
		if (strcmp(((const Event *) lfirst(cell))->kind, KIND) == 0)
			text = told_retention(lfirst(cell));
	return text ? interval_of(text) : NULL;
}

static TimestampTz
ago(const Interval *interval)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval, TimestampTzGetDatum(GetCurrentTimestamp()),
												   IntervalPGetDatum(unconstify(Interval *, interval))));
}

static char *
interval_text(const Interval *interval)
{
	int			length;

	return itsm_canonical_text(IntervalPGetDatum(unconstify(Interval *, interval)), INTERVALOID, &length);
}

void
itsm_retention_check(TimestampTz before)
{
	Interval   *retention = read_retention();

	if (before > (retention ? ago(retention) : GetCurrentTimestamp()))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_HISTORY),
				 retention ? errmsg("history is kept for %s at least", interval_text(retention))
				 : errmsg("what is still to come cannot be archived"),
				 retention ? errhint("Archive what is older: itsm.archive(now() - itsm.retention()).")
				 : errhint("Archive up to now() at most.")));
}

/* Longer in every way of counting: as an interval, and back from now. */
static bool
is_shorter(const Interval *interval, const Interval *other)
{
	return ago(interval) > ago(other) ||
		DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(unconstify(Interval *, interval)),
										 IntervalPGetDatum(unconstify(Interval *, other))));
}

/*
 * itsm.set_retention(retention interval) → void
 */
ITSM_FUNCTION(itsm_set_retention);
Datum
itsm_set_retention(PG_FUNCTION_ARGS)
{
	const Interval zero = {0};
	Interval   *retention;
	Interval   *now;

	PreventCommandIfReadOnly("itsm.set_retention()");
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the retention must not be null")));
	retention = PG_GETARG_INTERVAL_P(0);
	if (!itsm_interval_is_finite(retention) || is_shorter(retention, &zero))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the retention must not be negative or infinite")));
	now = read_retention();
	if (now && is_shorter(retention, now))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_HISTORY),
				 errmsg("the retention is %s and can only be made longer", interval_text(now)),
				 errhint("What was promised to be kept is kept.")));
	itsm_policy_event(POLICY_HISTORY, 0, KIND, "retention", interval_text(retention), "before",
					  now ? interval_text(now) : NULL, NULL);
	PG_RETURN_VOID();
}

/*
 * itsm.retention() → interval
 */
ITSM_FUNCTION(itsm_retention);
Datum
itsm_retention(PG_FUNCTION_ARGS)
{
	Interval   *retention = read_retention();

	if (retention == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(retention);
}
