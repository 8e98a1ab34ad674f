/*
 * ci_policy_define.c
 *		What is expected of configuration items of a class: how often they are
 *		seen and certified, and which values they are to have.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "cmdb/ci_class.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "ledger/policy_event.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

static char *
class_argument(FunctionCallInfo fcinfo)
{
	char	   *class = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (itsm_blank(class) || !itsm_class_exists(class))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("class \"%s\" does not exist", class ? itsm_clip(class) : ""),
				 errhint("Define it first, with itsm.define_class.")));
	return class;
}

/* The interval's text; NULL: there is none. */
static char *
interval_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	static const Interval none = {0};
	Interval   *interval = PG_ARGISNULL(number) ? NULL : PG_GETARG_INTERVAL_P(number);

	if (interval == NULL)
		return NULL;
	if (!itsm_interval_is_finite(interval) ||
		DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(interval), IntervalPGetDatum(&none))) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" must be a positive interval", name),
				 errhint("null: what holds for the class above.")));
	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
}

ITSM_FUNCTION(itsm_define_class_policy);
Datum
itsm_define_class_policy(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, INTERVALOID, INTERVALOID};
	char	   *class = class_argument(fcinfo);
	char	   *stale_after = interval_argument(fcinfo, 1, "stale_after");
	char	   *certify_every = interval_argument(fcinfo, 2, "certify_every");
	Datum		values[] = {
		CStringGetTextDatum(class), stale_after ? PG_GETARG_DATUM(1) : (Datum) 0,
		certify_every ? PG_GETARG_DATUM(2) : (Datum) 0
	};
	char		nulls[] = {' ', stale_after ? ' ' : 'n', certify_every ? ' ' : 'n'};
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.ci_class_policy (class, stale_after, certify_every) VALUES ($1, $2, $3)"
					  " ON CONFLICT (class) DO UPDATE SET stale_after = EXCLUDED.stale_after, certify_every = EXCLUDED.certify_every",
					  lengthof(types), types, values, nulls);
	itsm_query_end(&query);
	itsm_policy_event(itsm_class_subject(class), 0, "defined", "stale_after", stale_after, "certify_every", certify_every,
					  NULL);
	PG_RETURN_VOID();
}

/* None blank, none null. */
static void
check_allowed(ArrayType *array)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"allowed\" is empty"),
				 errhint("Name at least one value; null takes the expectation away.")));
	for (int i = 0; i < count; i++)
		if (nulls[i] || itsm_blank(TextDatumGetCString(elements[i])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"allowed\" has a value that is blank or null"),
					 errhint("That an attribute must be filled is said by itsm.define_class.")));
}

ITSM_FUNCTION(itsm_define_desired_state);
Datum
itsm_define_desired_state(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTARRAYOID};
	char	   *class = class_argument(fcinfo);
	char	   *attribute = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		given = !PG_ARGISNULL(2);
	Datum		values[] = {CStringGetTextDatum(class), (Datum) 0, given ? PG_GETARG_DATUM(2) : (Datum) 0};
	OwnerQuery	query;

	if (itsm_blank(attribute))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"attribute\" must not be blank or null")));
	if (given)
		check_allowed(PG_GETARG_ARRAYTYPE_P(2));
	values[1] = CStringGetTextDatum(attribute);
	itsm_query_begin(&query);
	if (given)
		(void) itsm_query(SPI_OK_INSERT,
						  "INSERT INTO itsm.desired_state (class, attribute, allowed) VALUES ($1, $2, $3)"
						  " ON CONFLICT (class, attribute) DO UPDATE SET allowed = EXCLUDED.allowed",
						  3, types, values, NULL);
	else
		(void) itsm_query(SPI_OK_DELETE,
						  "DELETE FROM itsm.desired_state d WHERE d.class OPERATOR(pg_catalog.=) $1"
						  " AND d.attribute OPERATOR(pg_catalog.=) $2",
						  2, types, values, NULL);
	itsm_query_end(&query);
	itsm_policy_event(itsm_class_subject(class), 0, "defined", "desired_state_of", attribute, "allowed",
					  given ? OidOutputFunctionCall(F_ARRAY_OUT, values[2]) : NULL, NULL);
	PG_RETURN_VOID();
}
