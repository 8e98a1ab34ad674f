/*
 * baseline_restore.c
 *		Going back to a baseline: as values that a change proposes, never by force.
 *
 * What no value can bring back, items that came or went, relationships, and
 * attributes that are no column, is told for people to do.
 *
 * Memory: per call.  What is different is found with the extension's rights;
 * it is proposed with the caller's.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "cmdb/baseline.h"
#include "core/json_read.h"
#include "funcapi.h"
#include "ledger/record_key.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "practice/proposal.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

/* One difference between the baseline and now. */
typedef struct Step
{
	int64		record;
	char	   *key;
	char	   *kind;
	char	   *attribute;		/* of a relationship: its type */
	char	   *before;			/* in the baseline; NULL: null */
	char	   *now;
	int64		relationship;	/* 0: none */
	Oid			relation;		/* InvalidOid: gone */
	int			attachment;
	int			version;		/* of the lifecycle */
	const char *column;			/* that brings the value back; NULL: none does */
	const char *message;		/* NULL: it is proposed */
} Step;

static char *
text_column(uint64 row, int column, MemoryContext context)
{
	char	   *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return text ? MemoryContextStrdup(context, text) : NULL;
}

static int64
number_column(uint64 row, int column)
{
	char	   *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return text ? pg_strtoint64(text) : 0;
}

static const char find_steps[] =
	"SELECT d.record, d.key, d.kind, d.attribute, d.old_value, d.new_value, d.relationship, s.relation::pg_catalog.oid,"
	" r.attachment, t.lifecycle_version"
	" FROM itsm.baseline b CROSS JOIN LATERAL itsm.baseline_diff(b.name) d"
	" JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) d.record AND r.tenant OPERATOR(pg_catalog.=) b.tenant"
	" LEFT JOIN itsm.source s ON s.id OPERATOR(pg_catalog.=) r.source"
	" LEFT JOIN itsm.record_state t ON t.record OPERATOR(pg_catalog.=) r.id AND t.tenant OPERATOR(pg_catalog.=) r.tenant"
	" WHERE b.name OPERATOR(pg_catalog.=) $1 AND b.tenant OPERATOR(pg_catalog.=) $2"
	" AND ($3 IS NULL OR d.record OPERATOR(pg_catalog.=) ANY ($3))"
	" ORDER BY d.record, d.relationship NULLS FIRST, d.attribute COLLATE \"C\"";

static const char find_unknown[] =
	"SELECT pg_catalog.string_agg(coalesce(m.id::text, 'null'), ', ' ORDER BY m.id) FROM"
	" (SELECT k.id FROM pg_catalog.unnest($3) AS k(id) WHERE NOT EXISTS (SELECT FROM itsm.record r"
	" WHERE r.id OPERATOR(pg_catalog.=) k.id AND r.tenant OPERATOR(pg_catalog.=) $2 AND r.source OPERATOR(pg_catalog.<>) 0)"
	" LIMIT 10) m";

/* The items that are asked for exist, or did: else nothing to propose would say that they are as they were. */
static void
check_asked_for(int count, const Oid *types, Datum *values)
{
	char	   *unknown;

	(void) itsm_query(SPI_OK_SELECT, find_unknown, count, types, values, NULL);
	unknown = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (unknown)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("there are no records %s", unknown),
				 errhint("itsm.record_id gives the number of a row's record; all must be of the change's tenant.")));
}

/* A list of Step. */
static List *
read_steps(const char *baseline, const char *tenant, Datum cis, bool all)
{
	static const Oid types[] = {TEXTOID, TEXTOID, INT8ARRAYOID};
	Datum		values[] = {CStringGetTextDatum(baseline), CStringGetTextDatum(tenant), cis};
	MemoryContext caller = CurrentMemoryContext;
	List	   *steps = NIL;
	OwnerQuery	query;

	itsm_baseline_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT, "SELECT FROM itsm.baseline b WHERE b.name OPERATOR(pg_catalog.=) $1"
				   " AND b.tenant OPERATOR(pg_catalog.=) $2", 2, types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no baseline \"%s\" of the change's tenant", itsm_clip(baseline)),
				 errhint("itsm_report.baseline lists them.")));
	if (!all)
		check_asked_for(lengthof(types), types, values);
	(void) itsm_query(SPI_OK_SELECT, find_steps, lengthof(types), types, values, all ? "  n" : "   ");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Step	   *step = MemoryContextAllocZero(caller, sizeof(Step));
		MemoryContext spi;

		step->record = number_column(i, 1);
		step->key = text_column(i, 2, caller);
		step->kind = text_column(i, 3, caller);
		step->attribute = text_column(i, 4, caller);
		step->before = text_column(i, 5, caller);
		step->now = text_column(i, 6, caller);
		step->relationship = number_column(i, 7);
		step->relation = (Oid) number_column(i, 8);
		step->attachment = (int) number_column(i, 9);
		step->version = (int) number_column(i, 10);
		spi = MemoryContextSwitchTo(caller);
		steps = lappend(steps, step);
		MemoryContextSwitchTo(spi);
	}
	itsm_query_end(&query);
	return steps;
}

static const char *
column_name(Relation relation, AttrNumber column)
{
	return column > 0 ? get_attname(RelationGetRelid(relation), column, true) : NULL;
}

/* The column that a value of the history is in; NULL: an expression makes it, or it is mapped no more. */
static const char *
column_of(Relation relation, const Unit *unit, const char *shown)
{
	int			number;

	if (strcmp(shown, "status") == 0)
		return column_name(relation, unit->attachment->status);
	if (strncmp(shown, "column ", 7) == 0)
		shown += 7;
	else
	{
		number = itsm_definition_attribute(unit->definition, strncmp(shown, "attribute ", 10) == 0 ? shown + 10 : shown);
		if (number >= 0 && unit->mapped[number])
			return column_name(relation, unit->attributes[number].column);
	}
	return get_attnum(RelationGetRelid(relation), shown) > 0 ? shown : NULL;
}

static bool
is_of_key(Oid relation, const char *column)
{
	Source	   *source = itsm_source_find(relation);
	ListCell   *cell;

	foreach(cell, source ? source->key : NIL)
		if (strcmp(lfirst(cell), column) == 0)
			return true;
	return false;
}

static void
find_column(Step *step)
{
	Relation	relation = table_open(step->relation, AccessShareLock);
	Policy	   *policy = itsm_policy_get(relation);
	PolicyAttachment *attachment = itsm_policy_attachment(policy, step->attachment);

	if (attachment == NULL)
		step->message = "its table is not attached any more";
	else
	{
		Unit	   *unit = step->version ? itsm_policy_unit(policy, relation, attachment, step->version) : attachment->current;
		const char *column = column_of(relation, unit, step->attribute);

		if (column == NULL)
			step->message = "it is no column of the table: set what it is made of";
		else if (is_of_key(step->relation, column))
			step->message = "it is part of the key";
		else
			step->column = pstrdup(column);
	}
	table_close(relation, AccessShareLock);
}

static void
decide(Step *step)
{
	bool		added = strcmp(step->kind, "added") == 0;

	if (step->relationship)
		step->message = added
			? psprintf("the relationship did not hold: itsm.unrelate(" INT64_FORMAT ") ends it", step->relationship)
			: "the relationship held: itsm.relate makes it anew";
	else if (added)
		step->message = "the item was not there";
	else if (strcmp(step->kind, "removed") == 0)
		step->message = "the item is gone, or no longer in the scope of the baseline";
	else if (step->attribute == NULL)
		step->message = "its history is not there any more";
	else if (strcmp(step->attribute, "key") == 0)
		step->message = "it is the key";
	else if (step->before && strcmp(step->before, "(erased)") == 0)
		step->message = "the value was redacted";
	else if (!OidIsValid(step->relation))
		step->message = "its table is gone";
	else
		find_column(step);
}

static void
push_text(JsonbParseState **state, int token, const char *text)
{
	JsonbValue	value = {.type = text ? jbvString : jbvNull};

	if (text)
	{
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = strlen(text);
	}
	pushJsonbValue(state, token, &value);
}

/* Proposes what brings back the values of one item, from the step on; returns the proposal, 0: nothing does. */
static int64
propose_item(Datum change, Datum change_key, const List *steps, int from)
{
	const Step *first = list_nth(steps, from);
	JsonbParseState *state = NULL;
	int			count = 0;
	Jsonb	   *values;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = from; i < list_length(steps); i++)
	{
		const Step *step = list_nth(steps, i);

		if (step->record != first->record)
			break;
		if (step->column == NULL)
			continue;
		push_text(&state, WJB_KEY, step->column);
		push_text(&state, WJB_VALUE, step->before);
		count++;
	}
	values = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	if (count == 0)
		return 0;
	return DatumGetInt64(DirectFunctionCall5(itsm_propose_values, change, change_key, ObjectIdGetDatum(first->relation),
											 CStringGetTextDatum(first->key), JsonbPGetDatum(values)));
}

static void
tell(ReturnSetInfo *result, const Step *step, int64 proposal)
{
	const char *value = step->relationship && step->before == NULL ? step->now : step->before;
	const char *const texts[] = {step->key, step->attribute, value};
	Datum		row[6] = {Int64GetDatum(step->record)};
	bool		nulls[6] = {false};

	for (int i = 0; i < lengthof(texts); i++)
	{
		nulls[i + 1] = texts[i] == NULL;
		row[i + 1] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	nulls[4] = step->column == NULL;
	row[4] = Int64GetDatum(proposal);
	nulls[5] = step->message == NULL;
	row[5] = step->message ? CStringGetTextDatum(step->message) : (Datum) 0;
	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

ITSM_FUNCTION(itsm_propose_baseline);
Datum
itsm_propose_baseline(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		all = PG_ARGISNULL(3);
	int64		proposal = 0;
	Record		change;
	List	   *steps;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("relation, key and baseline must not be null")));
	itsm_record_require(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &change);
	InitMaterializedSRF(fcinfo, 0);
	steps = read_steps(text_to_cstring(PG_GETARG_TEXT_PP(2)), change.tenant, all ? (Datum) 0 : PG_GETARG_DATUM(3), all);
	for (int i = 0; i < list_length(steps); i++)
		decide(list_nth(steps, i));
	for (int i = 0; i < list_length(steps); i++)
	{
		const Step *step = list_nth(steps, i);

		CHECK_FOR_INTERRUPTS();
		if (i == 0 || ((Step *) list_nth(steps, i - 1))->record != step->record)
			proposal = propose_item(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), steps, i);
		tell(result, step, proposal);
	}
	return (Datum) 0;
}
