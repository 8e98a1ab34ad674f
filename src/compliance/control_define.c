/*
 * control_define.c
 *		Defining controls and the clauses that they are bound to.
 *
 * A control that came with the extension and the organisation's own of the
 * same name are two rows; the own one holds.  One definer at a time
 * (ShareRowExclusiveLock on the definitions).
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "compliance/control.h"
#include "compliance/control_parameter.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/table.h"
#include "core/unmet.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define SHIPPED_FRAMEWORK "iso20000"
#define MAX_ID 63

/* Arguments of itsm.define_control. */
enum
{
	ARGUMENT_ID, ARGUMENT_CLAUSE, ARGUMENT_KIND, ARGUMENT_GRADE, ARGUMENT_TITLE, ARGUMENT_QUERY, ARGUMENT_NEEDS,
	ARGUMENT_PARAMETER, ARGUMENT_REMEDY, ARGUMENT_FRAMEWORK, ARGUMENTS
};

static const char *const kinds[] = {"D", "I", "T", "V", "X", NULL};
static const char *const grades[] = {"major", "minor", "obs", NULL};
static const char *const documented[] = {"document", "record", "document+record", "derived", NULL};

typedef struct Defining
{
	const char *texts[ARGUMENTS];	/* NULL: null; that of the needs is not used */
	List	   *faults;
} Defining;

#define fault(defining, attribute, ...) \
	((defining)->faults = itsm_unmet_add((defining)->faults, ERRCODE_ITSM_DEFINITION, NULL, "control", \
										 attribute, NULL, __VA_ARGS__))

static const char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static bool
is_among(const char *text, const char *const *choices)
{
	for (; text && *choices; choices++)
		if (strcmp(*choices, text) == 0)
			return true;
	return false;
}

static const char *
quoted(const char *text)
{
	return text ? psprintf("\"%s\"", itsm_clip(text)) : "null";
}

static bool
clause_exists(const char *framework, const char *clause)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(framework), CStringGetTextDatum(clause)};
	OwnerQuery	query;
	bool		found;

	itsm_query_begin(&query);
	found = itsm_query(SPI_OK_SELECT, "SELECT FROM itsm.clause c WHERE c.framework OPERATOR(pg_catalog.=) $1"
					   " AND c.clause OPERATOR(pg_catalog.=) $2", lengthof(types), types, values, NULL) > 0;
	itsm_query_end(&query);
	return found;
}

/* A process, or a process and an attribute with a point between them. */
static bool
is_need(const char *need)
{
	const char *point = strchr(need, '.');

	return !itsm_blank(need) && (point == NULL || (point > need && point[1] != '\0' && strchr(point + 1, '.') == NULL));
}

static void
read_needs(Defining *defining, ArrayType *array)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *need = nulls[i] ? NULL : TextDatumGetCString(elements[i]);

		if (need == NULL || !is_need(need))
			fault(defining, "needs", "%s is neither a process nor process.attribute", quoted(need));
	}
}

static void
check_texts(Defining *defining)
{
	const char **texts = defining->texts;
	ControlParameter parameter;
	const char *query_fault;

	if (itsm_blank(texts[ARGUMENT_ID]) || strlen(texts[ARGUMENT_ID]) > MAX_ID)
		fault(defining, "id", "the id is missing, or longer than %d bytes", MAX_ID);
	if (texts[ARGUMENT_CLAUSE] == NULL || texts[ARGUMENT_FRAMEWORK] == NULL ||
		!clause_exists(texts[ARGUMENT_FRAMEWORK], texts[ARGUMENT_CLAUSE]))
		fault(defining, "clause", "framework %s has no clause %s; itsm.define_clause makes one",
			  quoted(texts[ARGUMENT_FRAMEWORK]), quoted(texts[ARGUMENT_CLAUSE]));
	if (!is_among(texts[ARGUMENT_KIND], kinds))
		fault(defining, "kind", "the kind is D, I, T, V or X, not %s", quoted(texts[ARGUMENT_KIND]));
	if (!is_among(texts[ARGUMENT_GRADE], grades))
		fault(defining, "grade", "the grade is major, minor or obs, not %s", quoted(texts[ARGUMENT_GRADE]));
	if (itsm_blank(texts[ARGUMENT_TITLE]))
		fault(defining, "title", "the title is missing");
	if (texts[ARGUMENT_PARAMETER] && !control_parameter_read(texts[ARGUMENT_PARAMETER], &parameter))
		fault(defining, "parameter", "a parameter is like 12 mo, 30 d, 4 h, 95 %% or 3, not %s",
			  quoted(texts[ARGUMENT_PARAMETER]));
	query_fault = texts[ARGUMENT_QUERY] ? itsm_control_query_fault(texts[ARGUMENT_QUERY]) : "the query is missing";
	if (query_fault)
		fault(defining, "query", "%s", query_fault);
}

/* The parameter as it is written; NULL: none. */
static const char *
written(const char *text)
{
	ControlParameter parameter;

	if (text == NULL || !control_parameter_read(text, &parameter))
		return text;
	return psprintf("%s%s%s", parameter.number, *parameter.unit ? " " : "", parameter.unit);
}

/* Whoever replaces or drops what another role defined needs its rights. */
static void
check_permission(const char *id)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(id)};
	char	   *definer = NULL;
	MemoryContext caller = CurrentMemoryContext;
	OwnerQuery	query;
	Oid			role;

	if (superuser())
		return;
	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT, "SELECT d.defined_by FROM itsm.control_definition d"
				   " WHERE d.id OPERATOR(pg_catalog.=) $1 AND NOT d.shipped", lengthof(types), types, values, NULL) > 0)
		definer = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	itsm_query_end(&query);
	role = definer ? get_role_oid(definer, true) : InvalidOid;
	if (definer && !(OidIsValid(role) && has_privs_of_role(GetUserId(), role)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to redefine control \"%s\"", itsm_clip(id)),
				 errdetail("It was defined by another role, \"%s\".", definer)));
}

/* One row for each id and origin; what is as it was changes nothing. */
static const char store_control[] =
	"INSERT INTO itsm.control_definition AS d (id, shipped, framework, clause, ordinal, kind, grade, title, default_parameter,"
	" needs, query, remedy, defined_at, defined_by)"
	" VALUES ($1, $11, $10, $2, coalesce((SELECT pg_catalog.max(o.ordinal) FROM itsm.control_definition o"
	"   WHERE o.id OPERATOR(pg_catalog.=) $1),"
	"  (SELECT coalesce(pg_catalog.max(o.ordinal), 0) OPERATOR(pg_catalog.+) 1 FROM itsm.control_definition o)),"
	" $3, $4, $5, $8, $7, $6, $9, pg_catalog.clock_timestamp(), $12)"
	" ON CONFLICT (id, shipped) DO UPDATE SET framework = excluded.framework, clause = excluded.clause, kind = excluded.kind,"
	" grade = excluded.grade, title = excluded.title, default_parameter = excluded.default_parameter, needs = excluded.needs,"
	" query = excluded.query, remedy = excluded.remedy, defined_at = excluded.defined_at, defined_by = excluded.defined_by"
	" WHERE ROW(d.framework, d.clause, d.kind, d.grade, d.title, d.default_parameter, d.needs, d.query, d.remedy, d.defined_by)"
	" IS DISTINCT FROM ROW(excluded.framework, excluded.clause, excluded.kind, excluded.grade, excluded.title,"
	" excluded.default_parameter, excluded.needs, excluded.query, excluded.remedy, excluded.defined_by)";

/* True when something changed. */
static bool
store(const Defining *defining, Datum needs)
{
	static const Oid types[] = {
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, NAMEOID
	};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	NameData	definer;
	OwnerQuery	query;
	bool		changed;

	for (int i = 0; i < ARGUMENTS; i++)
	{
		nulls[i] = defining->texts[i] ? ' ' : 'n';
		values[i] = defining->texts[i] ? CStringGetTextDatum(defining->texts[i]) : (Datum) 0;
	}
	nulls[ARGUMENT_NEEDS] = ' ';
	values[ARGUMENT_NEEDS] = needs;
	namestrcpy(&definer, GetUserNameFromId(GetUserId(), false));
	nulls[ARGUMENTS] = nulls[ARGUMENTS + 1] = ' ';
	values[ARGUMENTS] = BoolGetDatum(creating_extension);
	values[ARGUMENTS + 1] = NameGetDatum(&definer);
	itsm_query_begin(&query);
	changed = itsm_query(SPI_OK_INSERT, store_control, lengthof(types), types, values, nulls) > 0;
	itsm_query_end(&query);
	return changed;
}

static void
lock_definitions(void)
{
	LockRelationOid(itsm_relation("control_definition"), ShareRowExclusiveLock);
}

ITSM_FUNCTION(itsm_define_control);
Datum
itsm_define_control(PG_FUNCTION_ARGS)
{
	Defining	defining = {.faults = NIL};
	const char **texts = defining.texts;
	Datum		needs = PG_ARGISNULL(ARGUMENT_NEEDS) ? PointerGetDatum(construct_empty_array(TEXTOID))
		: PG_GETARG_DATUM(ARGUMENT_NEEDS);

	for (int i = 0; i < ARGUMENTS; i++)
		texts[i] = i == ARGUMENT_NEEDS ? NULL : text_argument(fcinfo, i);
	check_texts(&defining);
	read_needs(&defining, DatumGetArrayTypeP(needs));
	itsm_unmet_raise(defining.faults, ERRCODE_ITSM_DEFINITION, psprintf("control %s is invalid", quoted(texts[ARGUMENT_ID])),
					 "DETAIL lists every fault.");
	texts[ARGUMENT_PARAMETER] = written(texts[ARGUMENT_PARAMETER]);
	lock_definitions();
	check_permission(texts[ARGUMENT_ID]);
	/* what comes with the extension comes again with CREATE EXTENSION before a restore */
	if (store(&defining, needs) && !creating_extension)
		itsm_policy_event(itsm_control_subject(texts[ARGUMENT_ID]), 0, "defined", "framework", texts[ARGUMENT_FRAMEWORK],
						  "clause", texts[ARGUMENT_CLAUSE], "kind", texts[ARGUMENT_KIND], "grade", texts[ARGUMENT_GRADE],
						  "title", texts[ARGUMENT_TITLE], "parameter", texts[ARGUMENT_PARAMETER], "query",
						  texts[ARGUMENT_QUERY], "remedy", texts[ARGUMENT_REMEDY], NULL);
	PG_RETURN_VOID();
}

ITSM_FUNCTION_OF_ALL(itsm_drop_control)
{
	static const Oid types[] = {TEXTOID};
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum		values[] = {PG_GETARG_DATUM(0)};
	OwnerQuery	query;
	bool		dropped;

	lock_definitions();
	check_permission(id);
	itsm_query_begin(&query);
	dropped = itsm_query(SPI_OK_DELETE, "DELETE FROM itsm.control_definition d WHERE d.id OPERATOR(pg_catalog.=) $1"
						 " AND NOT d.shipped", lengthof(types), types, values, NULL) > 0;
	itsm_query_end(&query);
	if (!dropped)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("the organisation has not defined a control \"%s\"", itsm_clip(id)),
				 errhint("What came with the extension cannot be dropped; itsm.exclude_control says that it is not applicable.")));
	itsm_policy_event(itsm_control_subject(id), 0, "dropped", NULL);
	PG_RETURN_VOID();
}

static void
invalid_clause(const char *clause, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_DEFINITION), errmsg("clause %s is invalid: %s", quoted(clause), what)));
}

/* Arguments of itsm.define_clause: clause, title, parent, framework, documented, information. */
static void
check_clause(const char *const *texts)
{
	if (itsm_blank(texts[0]) || itsm_blank(texts[1]) || itsm_blank(texts[3]))
		invalid_clause(texts[0], "its number, its title or its framework is missing");
	if (strcmp(texts[3], SHIPPED_FRAMEWORK) == 0)
		invalid_clause(texts[0], "those of framework \"" SHIPPED_FRAMEWORK "\" come with the extension and stay as they are");
	if (texts[2] && (strcmp(texts[2], texts[0]) == 0 || !clause_exists(texts[3], texts[2])))
		invalid_clause(texts[0], psprintf("framework %s has no clause %s above it", quoted(texts[3]), quoted(texts[2])));
	if (texts[4] && !is_among(texts[4], documented))
		invalid_clause(texts[0], psprintf("what is documented is document, record, document+record, derived or null, not %s",
										  quoted(texts[4])));
}

/* A clause never gets another parent: so no circle comes about. */
static const char store_clause[] =
	"WITH above AS (UPDATE itsm.clause AS p SET leaf = false WHERE p.framework OPERATOR(pg_catalog.=) $4"
	"  AND p.clause OPERATOR(pg_catalog.=) $3 AND p.leaf)"
	" INSERT INTO itsm.clause AS c (framework, clause, ordinal, parent, leaf, title, documented, information, shipped)"
	" VALUES ($4, $1, (SELECT coalesce(pg_catalog.max(o.ordinal), 0) OPERATOR(pg_catalog.+) 1 FROM itsm.clause o"
	"   WHERE o.framework OPERATOR(pg_catalog.=) $4), $3, true, $2, $5, $6, false)"
	" ON CONFLICT (framework, clause) DO UPDATE SET title = excluded.title, documented = excluded.documented,"
	" information = excluded.information WHERE c.parent IS NOT DISTINCT FROM excluded.parent";

ITSM_FUNCTION(itsm_define_clause);
Datum
itsm_define_clause(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	const char *texts[lengthof(types)];
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	OwnerQuery	query;
	bool		stored;

	for (int i = 0; i < lengthof(types); i++)
	{
		texts[i] = text_argument(fcinfo, i);
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = texts[i] ? ' ' : 'n';
	}
	check_clause(texts);
	LockRelationOid(itsm_relation("clause"), ShareRowExclusiveLock);
	itsm_query_begin(&query);
	stored = itsm_query(SPI_OK_INSERT, store_clause, lengthof(types), types, values, nulls) > 0;
	itsm_query_end(&query);
	if (!stored)
		invalid_clause(texts[0], "it has another parent already");
	itsm_policy_event(psprintf("clause %s %s", texts[3], texts[0]), 0, "defined", "title", texts[1], "parent", texts[2], NULL);
	PG_RETURN_VOID();
}
