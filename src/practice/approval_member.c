/*
 * approval_member.c
 *		Putting people into roles and letting them stand in for each other.
 *
 * Both are kept as events of a policy, "role NAME" and "delegation NAME".  A
 * membership that ends stays as a row: it says until when.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "ledger/canonical_text.h"
#include "ledger/policy_event.h"
#include "practice/approval_role.h"
#include "utils/builtins.h"

/* A name out of an argument; ERROR when it is null or blank. */
static char *
name_argument(FunctionCallInfo fcinfo, int number, const char *what)
{
	char	   *name = PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));

	if (itsm_blank(name))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION), errmsg("\"%s\" must be a name, not %s", what,
														  name ? "blank" : "null")));
	return name;
}

static const char *
time_text(FunctionCallInfo fcinfo, int number)
{
	int			length;

	return PG_ARGISNULL(number) ? NULL
		: itsm_canonical_text(PG_GETARG_DATUM(number), TIMESTAMPTZOID, &length);
}

/* Arguments "number" and the next one: from when, until when (null: for good). */
static void
check_period(FunctionCallInfo fcinfo, int number, const char *whose)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION), errmsg("\"valid_from\" of %s must not be null", whose)));
	if (!PG_ARGISNULL(number + 1) &&
		PG_GETARG_TIMESTAMPTZ(number + 1) <= PG_GETARG_TIMESTAMPTZ(number))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION),
				 errmsg("%s ends at %s, which is not after its beginning at %s", whose,
						time_text(fcinfo, number + 1), time_text(fcinfo, number)),
				 errhint("valid_until is the first moment after it; null is for good.")));
}

static uint64
run(int expected, const char *sql, int count, FunctionCallInfo fcinfo, const Oid *types)
{
	Datum		values[5];
	char		nulls[5];
	OwnerQuery	query;
	uint64		rows;

	for (int i = 0; i < count; i++)
	{
		values[i] = fcinfo->args[i].value;
		nulls[i] = fcinfo->args[i].isnull ? 'n' : ' ';
	}
	itsm_query_begin(&query);
	rows = itsm_query(expected, sql, count, types, values, nulls);
	itsm_query_end(&query);
	return rows;
}

/* itsm.add_approver(role text, person text, valid_from timestamptz, valid_until timestamptz) */
ITSM_FUNCTION(itsm_add_approver);
Datum
itsm_add_approver(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	char	   *role = name_argument(fcinfo, 0, "role");
	char	   *person = name_argument(fcinfo, 1, "person");

	check_period(fcinfo, 2, "the membership");
	(void) run(SPI_OK_INSERT,
			   "INSERT INTO itsm.approver (role, person, valid_from, valid_until) VALUES ($1, $2, $3, $4)"
			   " ON CONFLICT (role, person, valid_from) DO UPDATE SET valid_until = EXCLUDED.valid_until",
			   4, fcinfo, types);
	itsm_policy_event(psprintf("role %s", role), 0, "approver_added", "person", person, "valid_from",
					  time_text(fcinfo, 2), "valid_until", time_text(fcinfo, 3), NULL);
	PG_RETURN_VOID();
}

/* itsm.remove_approver(role text, person text) */
ITSM_FUNCTION(itsm_remove_approver);
Datum
itsm_remove_approver(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	char	   *role = name_argument(fcinfo, 0, "role");
	char	   *person = name_argument(fcinfo, 1, "person");

	if (run(SPI_OK_UPDATE,
			"UPDATE itsm.approver SET valid_until = greatest(valid_from, clock_timestamp())"
			" WHERE role = $1 AND itsm.person_key(person) = itsm.person_key($2)"
			" AND (valid_until IS NULL OR valid_until > clock_timestamp())", 2, fcinfo, types) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("\"%s\" is not in role \"%s\" of itsm.approver", itsm_clip(person), itsm_clip(role))));
	itsm_policy_event(psprintf("role %s", role), 0, "approver_removed", "person", person, NULL);
	PG_RETURN_VOID();
}

/* itsm.add_delegation(person text, delegate text, role text, valid_from timestamptz, valid_until timestamptz) */
ITSM_FUNCTION(itsm_add_delegation);
Datum
itsm_add_delegation(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	char	   *person = name_argument(fcinfo, 0, "person");
	char	   *delegate = name_argument(fcinfo, 1, "delegate");
	char	   *role = PG_ARGISNULL(2) ? NULL : name_argument(fcinfo, 2, "role");

	check_period(fcinfo, 3, "the delegation");
	if (strcmp(itsm_person_fold(person), itsm_person_fold(delegate)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION), errmsg("\"%s\" cannot stand in for themselves", itsm_clip(person))));
	(void) run(SPI_OK_INSERT,
			   "INSERT INTO itsm.delegation (person, delegate, role, valid_from, valid_until)"
			   " VALUES ($1, $2, $3, $4, $5)", 5, fcinfo, types);
	itsm_policy_event(psprintf("delegation %s", person), 0, "delegation_added", "delegate", delegate, "role", role,
					  "valid_from", time_text(fcinfo, 3), "valid_until", time_text(fcinfo, 4), NULL);
	PG_RETURN_VOID();
}

/* itsm.remove_delegation(person text, delegate text, role text) */
ITSM_FUNCTION(itsm_remove_delegation);
Datum
itsm_remove_delegation(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	char	   *person = name_argument(fcinfo, 0, "person");
	char	   *delegate = name_argument(fcinfo, 1, "delegate");
	char	   *role = PG_ARGISNULL(2) ? NULL : name_argument(fcinfo, 2, "role");

	if (run(SPI_OK_UPDATE,
			"UPDATE itsm.delegation SET valid_until = greatest(valid_from, clock_timestamp())"
			" WHERE itsm.person_key(person) = itsm.person_key($1) AND itsm.person_key(delegate) = itsm.person_key($2)"
			" AND role IS NOT DISTINCT FROM $3"
			" AND (valid_until IS NULL OR valid_until > clock_timestamp())", 3, fcinfo, types) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("\"%s\" does not stand in for \"%s\" there", itsm_clip(delegate), itsm_clip(person))));
	itsm_policy_event(psprintf("delegation %s", person), 0, "delegation_removed", "delegate", delegate, "role", role,
					  NULL);
	PG_RETURN_VOID();
}

/* itsm.person_key(person text) → text */
ITSM_FUNCTION(itsm_person_key);
Datum
itsm_person_key(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(itsm_person_fold(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}
