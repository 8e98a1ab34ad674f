/*
 * availability_define.c
 *		What is agreed on the availability of services: rows with the time from
 *		which they hold.
 *
 * Locking: one definer at a time, by ShareRowExclusiveLock on the table until
 * the transaction ends.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/table.h"
#include "ledger/canonical_text.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "service_time/calendar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

ITSM_FUNCTION(itsm_set_availability_target);

/* Arguments. */
enum
{
	TARGET_SERVICE, TARGET_TARGET, TARGET_CALENDAR, TARGET_FROM, TARGET_PLANNED, TARGET_REWRITE, TARGET_TENANT
};

static char *
text_or_null(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static bool
is_percent(Datum value)
{
	Datum		none = NumericGetDatum(int64_to_numeric(0));
	Datum		all = NumericGetDatum(int64_to_numeric(100));

	/* what is not a number is greater than all */
	return DatumGetBool(DirectFunctionCall2(numeric_gt, value, none)) &&
		DatumGetBool(DirectFunctionCall2(numeric_le, value, all));
}

static void
check_target(FunctionCallInfo fcinfo, const char *service, const char *calendar)
{
	if (service == NULL || *service == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("an availability target is of a service"),
				 errhint("Give the name by which outages call it.")));
	if (!PG_ARGISNULL(TARGET_TARGET) && !is_percent(PG_GETARG_DATUM(TARGET_TARGET)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the availability target %s of service \"%s\" is not a percentage",
						DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(TARGET_TARGET))),
						itsm_clip(service)),
				 errhint("Give a number of percent, more than 0 and at most 100; null when it is only measured.")));
	if (calendar == NULL && !PG_ARGISNULL(TARGET_TARGET))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the availability target of service \"%s\" has no calendar", itsm_clip(service)),
				 errhint("itsm.define_calendar makes one; hours of 24/7 are around the clock.")));
	if (calendar)
		(void) itsm_calendar_read(calendar, NULL);
}

/* From when it holds: now, or as given where that rewrites nothing. */
static TimestampTz
check_valid_from(FunctionCallInfo fcinfo, const char *tenant, const char *service)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	TimestampTz from = PG_ARGISNULL(TARGET_FROM) ? now : PG_GETARG_TIMESTAMPTZ(TARGET_FROM);
	bool		rewrite = !PG_ARGISNULL(TARGET_REWRITE) && PG_GETARG_BOOL(TARGET_REWRITE);
	const Oid	types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(tenant), CStringGetTextDatum(service)};

	if (TIMESTAMP_NOT_FINITE(from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the availability target of service \"%s\" must begin at a finite time", itsm_clip(service))));
	if (from < now && !rewrite &&
		itsm_query(SPI_OK_SELECT, "SELECT FROM itsm.availability_target a WHERE a.tenant OPERATOR(pg_catalog.=) $1"
				   " AND a.service OPERATOR(pg_catalog.=) $2 LIMIT 1", lengthof(types), types, values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the past of service \"%s\" would be rewritten", itsm_clip(service)),
				 errdetail("The availability target would hold from %s.", timestamptz_to_str(from)),
				 errhint("Let it hold from now on or later, or say rewrite_past => true.")));
	return from;
}

/* False when it is agreed already. */
static bool
store_target(FunctionCallInfo fcinfo, const char *tenant, const char *service, const char *calendar, TimestampTz from,
			 bool planned_excluded)
{
	const Oid	types[] = {TEXTOID, TEXTOID, TIMESTAMPTZOID, NUMERICOID, TEXTOID, BOOLOID, NAMEOID};
	Datum		values[] = {
		CStringGetTextDatum(tenant), CStringGetTextDatum(service), TimestampTzGetDatum(from),
		PG_ARGISNULL(TARGET_TARGET) ? (Datum) 0 : PG_GETARG_DATUM(TARGET_TARGET),
		calendar ? CStringGetTextDatum(calendar) : (Datum) 0, BoolGetDatum(planned_excluded),
		DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(GetSessionUserId(), false)))
	};
	const char	nulls[] = {
		' ', ' ', ' ', PG_ARGISNULL(TARGET_TARGET) ? 'n' : ' ', calendar ? ' ' : 'n', ' ', ' ', '\0'
	};

	return itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.availability_target AS a (tenant, service, valid_from, target, calendar, planned_excluded, defined_at, defined_by)"
					  " VALUES ($1, $2, $3, $4, $5, $6, pg_catalog.clock_timestamp(), $7)"
					  " ON CONFLICT (tenant, service, valid_from) DO UPDATE SET target = EXCLUDED.target, calendar = EXCLUDED.calendar,"
					  " planned_excluded = EXCLUDED.planned_excluded, defined_at = EXCLUDED.defined_at, defined_by = EXCLUDED.defined_by"
					  " WHERE a.target IS DISTINCT FROM EXCLUDED.target OR a.calendar IS DISTINCT FROM EXCLUDED.calendar"
					  " OR a.planned_excluded OPERATOR(pg_catalog.<>) EXCLUDED.planned_excluded",
					  lengthof(types), types, values, nulls) > 0;
}

Datum
itsm_set_availability_target(PG_FUNCTION_ARGS)
{
	char	   *service = text_or_null(fcinfo, TARGET_SERVICE);
	char	   *calendar = text_or_null(fcinfo, TARGET_CALENDAR);
	char	   *tenant = PG_ARGISNULL(TARGET_TENANT) ? "" : text_or_null(fcinfo, TARGET_TENANT);
	bool		planned_excluded = PG_ARGISNULL(TARGET_PLANNED) || PG_GETARG_BOOL(TARGET_PLANNED);
	TimestampTz from;
	OwnerQuery	query;
	bool		stored;
	int			length;

	check_target(fcinfo, service, calendar);
	table_close(table_open(itsm_relation("availability_target"), ShareRowExclusiveLock), NoLock);
	itsm_query_begin(&query);
	from = check_valid_from(fcinfo, tenant, service);
	stored = store_target(fcinfo, tenant, service, calendar, from, planned_excluded);
	itsm_query_end(&query);
	if (stored)
		itsm_policy_event(psprintf("availability %s", service), 0, "defined", "service", service, "tenant", tenant,
						  "valid_from", itsm_canonical_text(TimestampTzGetDatum(from), TIMESTAMPTZOID, &length),
						  "target", PG_ARGISNULL(TARGET_TARGET) ? NULL
						  : DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(TARGET_TARGET))),
						  "calendar", calendar, "planned_excluded", planned_excluded ? "true" : "false", NULL);
	PG_RETURN_VOID();
}
