/*
 * change_template.c
 *		Templates of standard changes: defining, approving, withdrawing.
 *
 * Each is an event of the policy "change template …", whose head also keeps
 * two who change one template apart.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "ledger/policy_event.h"
#include "lifecycle/actor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static char *
subject_of(const char *name)
{
	return psprintf("change template %s", name);
}

static uint64
run(const char *sql, int count, const Oid *types, Datum *values, const char *nulls, int expected)
{
	OwnerQuery	query;
	uint64		processed;

	itsm_query_begin(&query);
	processed = itsm_query(expected, sql, count, types, values, nulls);
	itsm_query_end(&query);
	return processed;
}

static void
raise_unknown(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("change template \"%s\" does not exist", itsm_clip(name)),
			 errhint("itsm.define_change_template makes one.")));
}

/* Who defined the template; NULL when there is none. */
static char *
definer_of(const char *name)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};
	MemoryContext caller = CurrentMemoryContext;
	char	   *definer = NULL;
	OwnerQuery	query;

	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT,
				   "SELECT t.defined_by FROM itsm.change_template t WHERE t.name OPERATOR(pg_catalog.=) $1", 1,
				   types, values, NULL) > 0)
		definer = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	itsm_query_end(&query);
	return definer;
}

ITSM_FUNCTION(itsm_define_change_template);
Datum
itsm_define_change_template(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TIMESTAMPTZOID, INT4OID, TEXTOID};
	char	   *name = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *actor = itsm_acting();
	Datum		values[] = {
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2), PG_GETARG_DATUM(3), CStringGetTextDatum(actor)
	};
	char		nulls[] = {' ', PG_ARGISNULL(1) ? 'n' : ' ', PG_ARGISNULL(2) ? 'n' : ' ', PG_ARGISNULL(3) ? 'n' : ' ', ' '};

	if (itsm_blank(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a change template needs a name")));
	if (!PG_ARGISNULL(3) && PG_GETARG_INT32(3) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("change template \"%s\": max_failures is %d; it must not be negative", itsm_clip(name),
						PG_GETARG_INT32(3)),
				 errhint("NULL allows any number of failures.")));
	itsm_policy_event(subject_of(name), 0, "defined", "title",
					  PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)), "valid_until",
					  PG_ARGISNULL(2) ? NULL : timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(2)), "max_failures",
					  PG_ARGISNULL(3) ? NULL : psprintf("%d", PG_GETARG_INT32(3)), NULL);
	(void) run("INSERT INTO itsm.change_template AS t (name, title, valid_until, max_failures, defined_by, defined_at)"
			   " VALUES ($1, $2, $3, $4, $5, pg_catalog.clock_timestamp()) ON CONFLICT (name) DO UPDATE SET title = excluded.title,"
			   " valid_until = excluded.valid_until, max_failures = excluded.max_failures, defined_by = excluded.defined_by,"
			   " defined_at = excluded.defined_at, approved_by = NULL, approved_at = NULL, withdrawn_at = NULL",
			   lengthof(types), types, values, nulls, SPI_OK_INSERT);
	PG_RETURN_VOID();
}

ITSM_FUNCTION_OF_ALL(itsm_approve_change_template)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *actor = itsm_acting();
	char	   *definer;
	Datum		values[] = {PG_GETARG_DATUM(0), CStringGetTextDatum(actor)};

	/* the event locks the subject: from here on nobody changes the template */
	if (definer_of(name) == NULL)
		raise_unknown(name);
	itsm_policy_event(subject_of(name), 0, "approved", "by", actor, NULL);
	definer = definer_of(name);
	if (definer && pg_strcasecmp(definer, actor) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_SEPARATION),
				 errmsg("change template \"%s\" cannot be approved by its author", itsm_clip(name)),
				 errhint("Somebody else has to do it; itsm.act_as says who acts.")));
	if (run("UPDATE itsm.change_template AS t SET approved_by = $2, approved_at = pg_catalog.clock_timestamp()"
			" WHERE t.name OPERATOR(pg_catalog.=) $1 AND t.withdrawn_at IS NULL",
			lengthof(types), types, values, NULL, SPI_OK_UPDATE) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("change template \"%s\" has been withdrawn", itsm_clip(name)),
				 errhint("itsm.define_change_template brings it back.")));
	PG_RETURN_VOID();
}

ITSM_FUNCTION_OF_ALL(itsm_withdraw_change_template)
{
	static const Oid types[] = {TEXTOID};
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum		values[] = {PG_GETARG_DATUM(0)};

	if (definer_of(name) == NULL)
		raise_unknown(name);
	itsm_policy_event(subject_of(name), 0, "withdrawn", NULL);
	(void) run("UPDATE itsm.change_template AS t SET withdrawn_at = pg_catalog.clock_timestamp()"
			   " WHERE t.name OPERATOR(pg_catalog.=) $1",
			   lengthof(types), types, values, NULL, SPI_OK_UPDATE);
	PG_RETURN_VOID();
}
