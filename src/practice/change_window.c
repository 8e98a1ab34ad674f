/*
 * change_window.c
 *		Defining change windows, and looking up those that are for a plan.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/unmet.h"
#include "ledger/canonical_text.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "practice/change_window.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

/* Bytes of a window's name. */
#define NAME_BYTES 200

static char *
window_subject(const char *name)
{
	return psprintf("change window %s", name);
}

static void
fault(List **faults, const char *member, const char *message)
{
	*faults = itsm_unmet_add(*faults, ERRCODE_ITSM_DEFINITION, NULL, "change_window", member, NULL, "%s", message);
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static void
check_names(FunctionCallInfo fcinfo, int number, const char *member, List **faults)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (PG_ARGISNULL(number))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(number), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count == 0)
		fault(faults, member, psprintf("%s is empty; null means none in particular", member));
	for (int i = 0; i < count; i++)
		if (nulls[i] || itsm_blank(TextDatumGetCString(elements[i])))
		{
			fault(faults, member, psprintf("%s has an element that is null or blank", member));
			break;
		}
}

/* Arguments of itsm.define_change_window. */
enum
{
	WINDOW_NAME, WINDOW_KIND, WINDOW_STARTS, WINDOW_ENDS, WINDOW_SERVICES, WINDOW_CI_CLASSES, WINDOW_CIS,
	WINDOW_TENANT, WINDOW_HOURS, WINDOW_ARGUMENTS
};

/* What recurs may do so for ever. */
static void
check_times(FunctionCallInfo fcinfo, List **faults)
{
	bool		complete = true;

	for (int i = WINDOW_STARTS; i <= WINDOW_ENDS; i++)
	{
		const char *member = i == WINDOW_STARTS ? "starts_at" : "ends_at";

		if (PG_ARGISNULL(i) && PG_ARGISNULL(WINDOW_HOURS))
			fault(faults, member, psprintf("%s is null; a window without hours begins and ends", member));
		else if (!PG_ARGISNULL(i) && TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(i)))
			fault(faults, member, psprintf("%s is infinite", member));
		complete = complete && !PG_ARGISNULL(i);
	}
	if (complete && PG_GETARG_TIMESTAMPTZ(WINDOW_ENDS) < PG_GETARG_TIMESTAMPTZ(WINDOW_STARTS))
		fault(faults, "ends_at", "it ends before it starts");
	else if (complete && PG_GETARG_TIMESTAMPTZ(WINDOW_ENDS) == PG_GETARG_TIMESTAMPTZ(WINDOW_STARTS))
		fault(faults, "ends_at", "it ends when it starts");
}

static List *
check_definition(FunctionCallInfo fcinfo, const char *name, const char *kind)
{
	List	   *faults = NIL;

	if (itsm_blank(name) || strlen(name) > NAME_BYTES)
		fault(&faults, "name", psprintf("the name must have 1 to %d bytes and not be blank", NAME_BYTES));
	if (kind == NULL || (strcmp(kind, "maintenance") != 0 && strcmp(kind, "freeze") != 0))
		fault(&faults, "kind", psprintf("kind \"%s\" is neither maintenance nor freeze", kind ? itsm_clip(kind) : ""));
	check_times(fcinfo, &faults);
	check_names(fcinfo, WINDOW_SERVICES, "services", &faults);
	check_names(fcinfo, WINDOW_CI_CLASSES, "ci_classes", &faults);
	check_names(fcinfo, WINDOW_CIS, "cis", &faults);
	return faults;
}

/* The text form of an argument, for the event. */
static char *
argument_text(FunctionCallInfo fcinfo, int number)
{
	int			length;

	return PG_ARGISNULL(number) ? NULL
		: itsm_canonical_text(PG_GETARG_DATUM(number), get_fn_expr_argtype(fcinfo->flinfo, number), &length);
}

static void
store_window(FunctionCallInfo fcinfo)
{
	Oid			types[WINDOW_ARGUMENTS + 1];
	Datum		values[WINDOW_ARGUMENTS + 1];
	char		nulls[WINDOW_ARGUMENTS + 1];
	OwnerQuery	query;

	for (int i = 0; i < WINDOW_ARGUMENTS; i++)
	{
		types[i] = get_fn_expr_argtype(fcinfo->flinfo, i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	types[WINDOW_ARGUMENTS] = TEXTOID;
	nulls[WINDOW_ARGUMENTS] = ' ';
	values[WINDOW_ARGUMENTS] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	itsm_query_begin(&query);
	itsm_query(SPI_OK_INSERT, "INSERT INTO itsm.change_window (name, kind, during, services, ci_classes, cis,"
			   " tenant, hours, defined_at, defined_by) VALUES ($1, $2, pg_catalog.tstzrange($3, $4), $5, $6, $7, $8, $9,"
			   " pg_catalog.clock_timestamp(), $10::pg_catalog.name) ON CONFLICT (name) DO UPDATE SET"
			   " kind = EXCLUDED.kind, during = EXCLUDED.during, services = EXCLUDED.services,"
			   " ci_classes = EXCLUDED.ci_classes, cis = EXCLUDED.cis, tenant = EXCLUDED.tenant, hours = EXCLUDED.hours,"
			   " defined_at = EXCLUDED.defined_at, defined_by = EXCLUDED.defined_by",
			   lengthof(types), types, values, nulls);
	itsm_query_end(&query);
}

ITSM_FUNCTION(itsm_define_change_window);
Datum
itsm_define_change_window(PG_FUNCTION_ARGS)
{
	char	   *name = text_argument(fcinfo, WINDOW_NAME);
	char	   *kind = text_argument(fcinfo, WINDOW_KIND);

	itsm_unmet_raise(check_definition(fcinfo, name, kind), ERRCODE_ITSM_DEFINITION,
					 psprintf("change window \"%s\"", name ? itsm_clip(name) : ""),
					 "itsm.define_change_window(name, kind, starts_at, ends_at, services, ci_classes, cis, tenant, hours)");
	store_window(fcinfo);
	itsm_policy_event(window_subject(name), 0, "defined", "kind", kind,
					  "starts_at", argument_text(fcinfo, WINDOW_STARTS), "ends_at", argument_text(fcinfo, WINDOW_ENDS),
					  "hours", argument_text(fcinfo, WINDOW_HOURS), "services", argument_text(fcinfo, WINDOW_SERVICES),
					  "ci_classes", argument_text(fcinfo, WINDOW_CI_CLASSES), "cis", argument_text(fcinfo, WINDOW_CIS),
					  "tenant", argument_text(fcinfo, WINDOW_TENANT), NULL);
	PG_RETURN_VOID();
}

ITSM_FUNCTION_OF_ALL(itsm_drop_change_window)
{
	char	   *name = text_argument(fcinfo, 0);
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};
	OwnerQuery	query;
	uint64		count;

	itsm_query_begin(&query);
	count = itsm_query(SPI_OK_DELETE, "DELETE FROM itsm.change_window w WHERE w.name OPERATOR(pg_catalog.=) $1",
					   1, types, values, NULL);
	itsm_query_end(&query);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no change window \"%s\"", itsm_clip(name)),
				 errhint("itsm.change_window lists them.")));
	itsm_policy_event(window_subject(name), 0, "dropped", NULL);
	PG_RETURN_VOID();
}

const Oid	itsm_plan_argument_types[PLAN_ARGUMENTS] = {TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID, TSTZRANGEOID};

void
itsm_plan_arguments(const char *tenant, const ChangePlan *plan, Datum *values, char *nulls)
{
	Datum	   *cis = palloc(sizeof(Datum) * (plan->ci_count + 1));

	for (int i = 0; i < plan->ci_count; i++)
		cis[i] = CStringGetTextDatum(plan->cis[i]);
	memset(nulls, ' ', PLAN_ARGUMENTS);
	values[0] = CStringGetTextDatum(tenant);
	values[1] = PointerGetDatum(construct_array(cis, plan->ci_count, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = plan->service ? CStringGetTextDatum(plan->service) : (Datum) 0;
	nulls[2] = plan->service ? ' ' : 'n';
	values[3] = plan->ci_class ? CStringGetTextDatum(plan->ci_class) : (Datum) 0;
	nulls[3] = plan->ci_class ? ' ' : 'n';
	values[4] = plan->timed ? itsm_plan_range(plan) : (Datum) 0;
	nulls[4] = plan->timed ? ' ' : 'n';
}

/* A configuration item that has maintenance windows is only touched inside of them. */
static const char count_windows[] =
	"SELECT (SELECT pg_catalog.count(DISTINCT w.name)::pg_catalog.int4 FROM "
	PLAN_ITEMS ", " ITEM_WINDOWS("freeze", "$5")
	" WHERE w.times OPERATOR(pg_catalog.&&) $5),"
	" (SELECT pg_catalog.count(*)::pg_catalog.int4 FROM (SELECT FROM "
	PLAN_ITEMS ", " ITEM_WINDOWS("maintenance", "$5")
	" GROUP BY x.ci HAVING NOT pg_catalog.range_agg(w.times) OPERATOR(pg_catalog.@>) $5) AS outside)";

void
itsm_window_conflicts(const char *tenant, const ChangePlan *plan, WindowConflict *conflict)
{
	Datum		values[PLAN_ARGUMENTS];
	char		nulls[PLAN_ARGUMENTS];
	OwnerQuery	query;
	bool		isnull;

	itsm_plan_arguments(tenant, plan, values, nulls);
	/* what has been committed counts, whatever the isolation level */
	PushActiveSnapshot(GetLatestSnapshot());
	itsm_query_begin(&query);
	if (SPI_execute_with_args(count_windows, PLAN_ARGUMENTS, unconstify(Oid *, &itsm_plan_argument_types[0]), values,
							  nulls, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not look up change windows");
	conflict->freezes = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	conflict->outside = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	itsm_query_end(&query);
	PopActiveSnapshot();
}
