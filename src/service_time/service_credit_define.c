/*
 * service_credit_define.c
 *		itsm.define_service_credit: a contract's schedule, and the month from
 *		which it holds.
 *
 * Locking: one definer at a time, by ShareRowExclusiveLock on the table until
 * the transaction ends.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/table.h"
#include "core/unmet.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "service_time/service_credit.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#define KIND "service credit"

/* Asks whether something is there; one text or two. */
static bool
is_there(const char *sql, const char *first, const char *second)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(first), CStringGetTextDatum(second)};

	return itsm_query(SPI_OK_SELECT, sql, lengthof(types), types, values, NULL) > 0;
}

/* Faults of what the measures name and is not there. */
static List *
check_measures(const CreditSchedule *schedule, List *faults)
{
	ListCell   *cell;

	foreach(cell, schedule->measures)
	{
		const CreditMeasure *measure = lfirst(cell);
		int			position = foreach_current_index(cell) + 1;

		if (measure->agreement &&
			!is_there("SELECT FROM itsm.sla s WHERE s.name OPERATOR(pg_catalog.=) $1 AND $2 IS NOT NULL LIMIT 1", measure->agreement, ""))
			faults = itsm_unmet_add(faults, ERRCODE_ITSM_DEFINITION, NULL, KIND, NULL, NULL,
									"measure %d: there is no agreement \"%s\"; itsm.define_sla makes one", position,
									itsm_clip(measure->agreement));
		if (measure->agreement == NULL && measure->service &&
			!is_there("SELECT FROM itsm.availability_target a WHERE a.service OPERATOR(pg_catalog.=) $1"
					  " AND a.tenant OPERATOR(pg_catalog.=) $2 LIMIT 1", measure->service, schedule->tenant))
			faults = itsm_unmet_add(faults, ERRCODE_ITSM_DEFINITION, NULL, KIND, NULL, NULL,
									"measure %d: nothing is agreed on the availability of service \"%s\"; itsm.set_availability_target does that",
									position, itsm_clip(measure->service));
	}
	return faults;
}

static TimestampTz
start_of_month(int year, int month)
{
	return (TimestampTz) (date2j(year, month, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

typedef struct Beginning
{
	TimestampTz from;			/* the month from which the schedule holds */
	bool		past;			/* before the present one */
	char	   *text;			/* how the month is written */
} Beginning;

static Beginning
beginning_of(const CreditSchedule *schedule)
{
	int64		day = GetCurrentTransactionStartTimestamp() / USECS_PER_DAY;
	int			year;
	int			month;
	int			month_day;
	TimestampTz now;
	Beginning	beginning;

	if (GetCurrentTransactionStartTimestamp() < 0 && GetCurrentTransactionStartTimestamp() % USECS_PER_DAY != 0)
		day--;
	j2date((int) day + POSTGRES_EPOCH_JDATE, &year, &month, &month_day);
	now = start_of_month(year, month);
	beginning.from = schedule->month ? start_of_month(schedule->year, schedule->month) : now;
	beginning.past = beginning.from < now;
	beginning.text = schedule->month ? psprintf("%04d-%02d", schedule->year, schedule->month)
		: psprintf("%04d-%02d", year, month);
	return beginning;
}

static void
check_past(const CreditSchedule *schedule, const Beginning *beginning)
{
	if (beginning->past &&
		is_there("SELECT FROM itsm.credit_schedule c WHERE c.contract OPERATOR(pg_catalog.=) $1"
				 " AND c.tenant OPERATOR(pg_catalog.=) $2 LIMIT 1", schedule->contract, schedule->tenant))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the past of contract \"%s\" would be rewritten", itsm_clip(schedule->contract)),
				 errdetail("The schedule would hold from %s.", beginning->text),
				 errhint("Let it hold from this month on or later, or say rewrite_past => true.")));
}

/* False when it is defined already. */
static bool
store(const CreditSchedule *schedule, Datum definition, TimestampTz from)
{
	const Oid	types[] = {TEXTOID, TEXTOID, TIMESTAMPTZOID, JSONBOID, NAMEOID};
	Datum		values[] = {
		CStringGetTextDatum(schedule->tenant), CStringGetTextDatum(schedule->contract), TimestampTzGetDatum(from), definition,
		DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(GetSessionUserId(), false)))
	};

	return itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.credit_schedule AS c (tenant, contract, valid_from, party, fee, currency, cap, definition, defined_at, defined_by)"
					  " VALUES ($1, $2, $3, $4 OPERATOR(pg_catalog.->>) 'party', ($4 OPERATOR(pg_catalog.->>) 'fee')::pg_catalog.numeric,"
					  " $4 OPERATOR(pg_catalog.->>) 'currency', ($4 OPERATOR(pg_catalog.->>) 'cap')::pg_catalog.numeric, $4, pg_catalog.clock_timestamp(), $5)"
					  " ON CONFLICT (tenant, contract, valid_from) DO UPDATE SET party = EXCLUDED.party, fee = EXCLUDED.fee, currency = EXCLUDED.currency,"
					  " cap = EXCLUDED.cap, definition = EXCLUDED.definition, defined_at = EXCLUDED.defined_at, defined_by = EXCLUDED.defined_by"
					  " WHERE c.definition OPERATOR(pg_catalog.<>) EXCLUDED.definition", lengthof(types), types, values, NULL) > 0;
}

static void
raise_faults(const CreditSchedule *schedule, const List *faults)
{
	itsm_unmet_raise(faults, ERRCODE_ITSM_DEFINITION,
					 schedule->contract ? psprintf("service credit of contract \"%s\" is invalid", itsm_clip(schedule->contract))
					 : "service credit is invalid", "DETAIL lists every fault.");
}

/*
 * itsm.define_service_credit(definition jsonb, rewrite_past boolean) → void
 */
ITSM_FUNCTION(itsm_define_service_credit);
Datum
itsm_define_service_credit(PG_FUNCTION_ARGS)
{
	Jsonb	   *definition;
	CreditSchedule *schedule;
	List	   *faults;
	OwnerQuery	query;
	Beginning	beginning;
	bool		stored;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the definition of a service credit must not be null")));
	definition = PG_GETARG_JSONB_P(0);
	schedule = itsm_credit_parse(definition, &faults);
	table_close(table_open(itsm_relation("credit_schedule"), ShareRowExclusiveLock), NoLock);
	beginning = beginning_of(schedule);
	/* what is made from here to its end is gone with it */
	itsm_query_begin(&query);
	faults = check_measures(schedule, faults);
	raise_faults(schedule, faults);
	if (PG_ARGISNULL(1) || !PG_GETARG_BOOL(1))
		check_past(schedule, &beginning);
	stored = store(schedule, JsonbPGetDatum(definition), beginning.from);
	itsm_query_end(&query);
	if (stored)
		itsm_policy_event(psprintf("service credit %s", schedule->contract), 0, "defined", "tenant", schedule->tenant,
						  "valid_from", beginning.text, "definition",
						  JsonbToCString(NULL, &definition->root, VARSIZE(definition)), NULL);
	PG_RETURN_VOID();
}
