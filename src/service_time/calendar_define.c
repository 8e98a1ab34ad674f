/*
 * calendar_define.c
 *		Makes and changes calendars.  What holds from now on or later is changed
 *		freely; what held before only when it is said so.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/query.h"
#include "ledger/canonical_text.h"
#include "ledger/policy_event.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "service_time/calendar.h"
#include "service_time/service_hours.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

ITSM_FUNCTION(itsm_define_calendar);
ITSM_FUNCTION(itsm_import_holidays);

static Oid
hours_type(void)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("service_hours"),
						   ObjectIdGetDatum(get_namespace_oid(ITSM_SCHEMA, false)));
}

/* Locks the calendar until the transaction ends, and makes it first if need be: is it new? */
static bool
lock_calendar(const char *name)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};

	if (*name == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a calendar has a name")));
	itsm_query(SPI_OK_INSERT, "INSERT INTO itsm.calendar (name) VALUES ($1) ON CONFLICT DO NOTHING",
			   1, types, values, NULL);
	itsm_query(SPI_OK_SELECT, "SELECT FROM itsm.calendar WHERE name = $1 FOR UPDATE", 1, types, values, NULL);
	return itsm_query(SPI_OK_SELECT, "SELECT FROM itsm.calendar_hours WHERE calendar = $1 LIMIT 1",
					  1, types, values, NULL) == 0;
}

/* From when the hours hold: of a new calendar ever since, otherwise from now on. */
static TimestampTz
check_valid_from(const char *name, bool is_new, bool given, TimestampTz valid_from, bool rewrite_past)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	if (!given)
		return is_new ? DT_NOBEGIN : now;
	if (TIMESTAMP_IS_NOEND(valid_from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("hours of calendar \"%s\" would never hold", name)));
	if (!is_new && valid_from < now && !rewrite_past)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the past of calendar \"%s\" would be rewritten", name),
				 errdetail("The hours would hold from %s.", timestamptz_to_str(valid_from)),
				 errhint("Let them hold from now on or later, or say rewrite_past => true.")));
	return valid_from;
}

/* False when they hold from that time on already. */
static bool
write_hours(const char *name, TimestampTz valid_from, Datum hours)
{
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID, hours_type(), NAMEOID};
	Datum		values[] = {
		CStringGetTextDatum(name), TimestampTzGetDatum(valid_from), hours,
		DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(GetSessionUserId(), false)))
	};

	return itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.calendar_hours AS h (calendar, valid_from, hours, defined_at, defined_by) "
					  "VALUES ($1, $2, $3, pg_catalog.clock_timestamp(), $4) "
					  "ON CONFLICT (calendar, valid_from) DO UPDATE "
					  "SET hours = EXCLUDED.hours, defined_at = EXCLUDED.defined_at, defined_by = EXCLUDED.defined_by "
					  "WHERE h.hours OPERATOR(itsm.<>) EXCLUDED.hours",
					  lengthof(types), types, values, NULL) > 0;
}

/* The event of hours that were written; import: how many holidays were imported, NULL when none were. */
static void
tell_hours(const char *name, TimestampTz valid_from, Datum hours, const char *import)
{
	int			length;

	itsm_policy_event(psprintf("calendar %s", name), 0, import ? "holidays_imported" : "defined",
					  "valid_from", itsm_canonical_text(TimestampTzGetDatum(valid_from), TIMESTAMPTZOID, &length),
					  "hours", TextDatumGetCString(hours), import ? "holidays" : NULL, import, NULL);
}

Datum
itsm_define_calendar(PG_FUNCTION_ARGS)
{
	char	   *name;
	TimestampTz valid_from;
	bool		written;
	OwnerQuery	query;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a calendar has a name and hours")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	itsm_query_begin(&query);
	valid_from = check_valid_from(name, lock_calendar(name), !PG_ARGISNULL(2),
								  PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2),
								  !PG_ARGISNULL(3) && PG_GETARG_BOOL(3));
	written = write_hours(name, valid_from, PG_GETARG_DATUM(1));
	itsm_query_end(&query);
	if (written)
		tell_hours(name, valid_from, PG_GETARG_DATUM(1), NULL);
	/* policies keep the hours of their agreements */
	itsm_policy_changed();
	PG_RETURN_VOID();
}

/* The dates of a query, "2026 Apr 03,2026 Apr 06", read with the rights of the caller. */
static char *
read_dates(const char *query, MemoryContext context, int *count)
{
	StringInfoData dates;
	MemoryContext inner;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT || SPI_tuptable->tupdesc->natts < 1 ||
		SPI_gettypeid(SPI_tuptable->tupdesc, 1) != DATEOID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of holidays does not give dates"),
				 errhint("Its first column is of type date.")));
	inner = MemoryContextSwitchTo(context);
	initStringInfo(&dates);
	*count = 0;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		null;
		DateADT		date = DatumGetDateADT(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null));
		int			year = 0,
					month = 0,
					day = 0;

		if (null)
			continue;
		if (!DATE_NOT_FINITE(date))
			service_day_date(date, &year, &month, &day);
		if (DATE_NOT_FINITE(date) || year < 1 || year > 9999)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("holiday out of range"), errhint("Years are 0001 to 9999.")));
		appendStringInfo(&dates, "%s%04d %s %02d", *count == 0 ? "" : ",", year, service_month_names[month - 1], day);
		(*count)++;
	}
	MemoryContextSwitchTo(inner);
	SPI_finish();
	return dates.data;
}

/* Is the rule one of imported holidays: dates with years that are closed? */
static bool
is_holidays(const ServiceRule *rule)
{
	if (rule->date_count == 0 || rule->range_count != 0 || rule->weekdays != SERVICE_ALL_WEEK)
		return false;
	for (int i = 0; i < rule->date_count; i++)
		if (rule->dates[i].every_year)
			return false;
	return true;
}

/* Canonical hours with these dates off, in a last rule of holidays that is there or made. */
static char *
close_dates(const char *text, const char *dates)
{
	int			length = strlen(text);
	ServiceHours hours;
	ServiceFault fault;
	int			rules;
	const char *zone = "";

	if (!service_hours_parse(&hours, palloc(service_hours_size(text, length)), text, length, &fault))
		elog(ERROR, "service hours are damaged: %s", fault.message);
	rules = length;
	if (hours.zone_length > 0)
	{
		zone = hours.zone - 3;	/* " @ " */
		rules = zone - text;
	}
	if (is_holidays(&hours.rules[hours.rule_count - 1]))
		return psprintf("%.*s,%s off%s", rules - 4 /* " off" */ , text, dates, zone);
	return psprintf("%.*s; %s off%s", rules, text, dates, zone);
}

/* Hours of a calendar as they are with dates closed. */
typedef struct ClosedHours
{
	TimestampTz valid_from;
	Datum		hours;
} ClosedHours;

/*
 * Closes dates in the hours that hold at a time, unless they are closed then
 * already, and in all that follow: a list of ClosedHours, of those written.
 */
static List *
write_closed(const char *name, const Calendar *calendar, TimestampTz valid_from, const char *dates,
			 MemoryContext context)
{
	List	   *written = NIL;
	Oid			input,
				parameter;

	getTypeInputInfo(hours_type(), &input, &parameter);
	for (int i = -1; i < calendar->count; i++)
	{
		TimestampTz from = i < 0 ? valid_from : calendar->pieces[i].valid_from;
		const char *held = i < 0 ? itsm_calendar_hours_at(calendar, valid_from) : calendar->pieces[i].text;
		MemoryContext spi = MemoryContextSwitchTo(context);
		ClosedHours *closed = palloc(sizeof(ClosedHours));
		bool		is_new;

		closed->valid_from = from;
		closed->hours = OidInputFunctionCall(input, close_dates(held, dates), parameter, -1);
		is_new = (i < 0 ? strcmp(TextDatumGetCString(closed->hours), held) != 0 : from > valid_from) &&
			write_hours(name, from, closed->hours);
		/* a query leaves SPI's own context behind */
		MemoryContextSwitchTo(context);
		if (is_new)
			written = lappend(written, closed);
		MemoryContextSwitchTo(spi);
	}
	return written;
}

/* Closes dates in all hours from a time on, and returns how many dates were given. */
Datum
itsm_import_holidays(PG_FUNCTION_ARGS)
{
	char	   *name;
	char	   *dates;
	int			count;
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz valid_from;
	List	   *written = NIL;
	ListCell   *cell;
	OwnerQuery	query;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a calendar and a query are needed")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	dates = read_dates(text_to_cstring(PG_GETARG_TEXT_PP(1)), CurrentMemoryContext, &count);
	itsm_query_begin(&query);
	/* raises when there is none, before one would be made */
	itsm_calendar_read(name, SnapshotSelf);
	lock_calendar(name);
	valid_from = check_valid_from(name, false, !PG_ARGISNULL(2), PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2),
								  !PG_ARGISNULL(3) && PG_GETARG_BOOL(3));
	if (count > 0)
		written = write_closed(name, itsm_calendar_read(name, SnapshotSelf), valid_from, dates, caller);
	itsm_query_end(&query);
	foreach(cell, written)
	{
		const ClosedHours *closed = lfirst(cell);

		tell_hours(name, closed->valid_from, closed->hours, psprintf("%d", count));
	}
	itsm_policy_changed();
	PG_RETURN_INT32(count);
}
