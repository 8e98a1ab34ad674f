/*
 * control_setting.c
 *		What the organisation decides about controls: parameters, exclusions,
 *		and who closes a gap by when.
 *
 * Each decision is an event of the control's chain, whose head also keeps two
 * who decide about one control apart.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "compliance/control.h"
#include "compliance/control_parameter.h"
#include "compliance/control_setting.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "ledger/canonical_text.h"
#include "ledger/policy_event.h"
#include "lifecycle/actor.h"
#include "utils/builtins.h"
#include "utils/date.h"

uint64
itsm_control_set(const char *sql, int count, const Oid *types, Datum *values, const char *nulls)
{
	OwnerQuery	query;
	uint64		changed;

	itsm_query_begin(&query);
	changed = itsm_query(SPI_OK_INSERT, sql, count, types, values, nulls);
	itsm_query_end(&query);
	return changed;
}

static char *
required_control(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the control must not be null")));
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

static const char *
kind_name(ParameterKind kind)
{
	return kind == PARAMETER_INTERVAL ? "an interval, like 12 mo, 30 d or 4 h"
		: kind == PARAMETER_SHARE ? "a share, like 95 %" : "a number";
}

/* What a control without a default one can be given: what its query reads. */
static bool
reads_parameter(const Control *control, ParameterKind kind)
{
	return strstr(control->query, kind == PARAMETER_INTERVAL ? "$1" : "$2") != NULL;
}

static const char *
kinds_read(const Control *control)
{
	bool		interval = reads_parameter(control, PARAMETER_INTERVAL);
	bool		number = reads_parameter(control, PARAMETER_NUMBER);

	if (!interval && !number)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION), errmsg("control \"%s\" has no parameter", control->id)));
	return psprintf("%s%s%s", interval ? kind_name(PARAMETER_INTERVAL) : "", interval && number ? ", or " : "",
					number ? "a share, like 95 %, or a number" : "");
}

/* The value as it is written. */
static const char *
check_parameter(const Control *control, const char *default_parameter, const char *value)
{
	ControlParameter given;
	ControlParameter expected;
	bool		of_a_kind = default_parameter != NULL && control_parameter_read(default_parameter, &expected);
	const char *kinds = of_a_kind ? kind_name(expected.kind) : kinds_read(control);

	if (!control_parameter_read(value, &given) ||
		(of_a_kind ? given.kind != expected.kind : !reads_parameter(control, given.kind)))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION),
				 errmsg("\"%s\" cannot be the parameter of control \"%s\"", itsm_clip(value), control->id),
				 of_a_kind ? errhint("It is %s; the default is %s.", kinds, default_parameter) : errhint("It is %s.", kinds)));
	return psprintf("%s%s%s", given.number, *given.unit ? " " : "", given.unit);
}

static const char *
default_parameter_of(const char *id)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(id)};
	MemoryContext caller = CurrentMemoryContext;
	char	   *parameter = NULL;
	OwnerQuery	query;

	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT, "SELECT c.default_parameter FROM itsm.control c WHERE c.id OPERATOR(pg_catalog.=) $1"
				   " AND c.default_parameter IS NOT NULL", lengthof(types), types, values, NULL) > 0)
		parameter = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	itsm_query_end(&query);
	return parameter;
}

ITSM_FUNCTION(itsm_set_parameter);
Datum
itsm_set_parameter(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Control    *control = itsm_control_load(required_control(fcinfo));
	const char *value = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	Datum		values[2] = {PG_GETARG_DATUM(0)};
	const char	nulls[] = {' ', value ? ' ' : 'n', '\0'};

	if (value)
	{
		value = check_parameter(control, default_parameter_of(control->id), value);
		values[1] = CStringGetTextDatum(value);
	}
	itsm_policy_event(itsm_control_subject(control->id), 0, "parameter_set", "before", control->parameter, "parameter",
					  value, NULL);
	(void) itsm_control_set("INSERT INTO itsm.control_setting AS s (control, parameter) VALUES ($1, $2)"
							" ON CONFLICT (control) DO UPDATE SET parameter = excluded.parameter",
							lengthof(types), types, values, nulls);
	PG_RETURN_VOID();
}

ITSM_FUNCTION(itsm_exclude_control);
Datum
itsm_exclude_control(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	Control    *control = itsm_control_load(required_control(fcinfo));
	const char *reason = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *actor = itsm_acting();
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), CStringGetTextDatum(actor)};

	if (itsm_blank(reason))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_REASON), errmsg("excluding control \"%s\" needs a reason", control->id),
				 errhint("Say why the clause does not apply; an auditor will ask.")));
	itsm_policy_event(itsm_control_subject(control->id), 0, "excluded", "reason", reason, "by", actor, NULL);
	(void) itsm_control_set("INSERT INTO itsm.control_setting AS s (control, excluded, excluded_by, excluded_at)"
							" VALUES ($1, $2, $3, pg_catalog.clock_timestamp()) ON CONFLICT (control) DO UPDATE SET"
							" excluded = excluded.excluded, excluded_by = excluded.excluded_by,"
							" excluded_at = excluded.excluded_at",
							lengthof(types), types, values, NULL);
	PG_RETURN_VOID();
}

ITSM_FUNCTION_OF_ALL(itsm_include_control)
{
	static const Oid types[] = {TEXTOID};
	Control    *control = itsm_control_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Datum		values[] = {PG_GETARG_DATUM(0)};

	if (control->excluded == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("control \"%s\" is not excluded", control->id)));
	itsm_policy_event(itsm_control_subject(control->id), 0, "included", "by", itsm_acting(), NULL);
	(void) itsm_control_set("INSERT INTO itsm.control_setting AS s (control) VALUES ($1) ON CONFLICT (control) DO UPDATE SET"
							" excluded = NULL, excluded_by = NULL, excluded_at = NULL",
							lengthof(types), types, values, NULL);
	PG_RETURN_VOID();
}

ITSM_FUNCTION(itsm_assign_gap);
Datum
itsm_assign_gap(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, DATEOID, TEXTOID};
	Control    *control = itsm_control_load(required_control(fcinfo));
	const char *owner = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *actor = itsm_acting();
	int			length;
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2), CStringGetTextDatum(actor)};
	const char	nulls[] = {' ', owner ? ' ' : 'n', PG_ARGISNULL(2) ? 'n' : ' ', ' ', '\0'};

	if (owner ? itsm_blank(owner) : !PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the gap of control \"%s\" needs an owner", control->id)));
	if (!PG_ARGISNULL(2) && DATE_NOT_FINITE(PG_GETARG_DATEADT(2)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the gap of control \"%s\" cannot be due at infinity", control->id)));
	itsm_policy_event(itsm_control_subject(control->id), 0, "gap_assigned", "owner", owner, "due",
					  PG_ARGISNULL(2) ? NULL : itsm_canonical_text(PG_GETARG_DATUM(2), DATEOID, &length), "by", actor, NULL);
	(void) itsm_control_set("INSERT INTO itsm.control_setting AS s (control, owner, due, assigned_by, assigned_at)"
							" VALUES ($1, $2, pg_catalog.timezone('UTC', $3::pg_catalog.timestamp), $4, pg_catalog.clock_timestamp())"
							" ON CONFLICT (control) DO UPDATE SET owner = excluded.owner, due = excluded.due,"
							" assigned_by = excluded.assigned_by, assigned_at = excluded.assigned_at",
							lengthof(types), types, values, nulls);
	PG_RETURN_VOID();
}
