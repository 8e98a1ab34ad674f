/*
 * expectation_tally.c
 *		itsm.expectation_tally: how many of the attributes that a class expects are
 *		as expected, over the items of that class, in one pass.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/json_read.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/* Attributes that have a column of their own, in the order of the arguments behind "extra". */
static const char *const columns[] = {
	"priority", "impact", "urgency", "title", "requester", "assignee", "assignment_group", "service", "ci", "category",
	"hold_reason", "resolution_code", "resolution"
};

#define FIRST_COLUMN 3			/* number of its argument */
#define NUMBER_COLUMNS 3		/* those before are of other types than text */

typedef enum ExpectationKind
{
	EXPECT_REQUIRED, EXPECT_RECOMMENDED, EXPECT_DESIRED, EXPECTATION_KINDS
} ExpectationKind;

static const char *const kinds[] = {"required", "recommended", "desired"};

typedef struct Expectation
{
	ExpectationKind kind;
	int			column;			/* in "columns"; -1: in "extra" */
	char	   *attribute;
	List	   *allowed;		/* char * */
} Expectation;

typedef struct Tally
{
	int			count;
	Expectation *expectations;
	int64		complete;
	int64		expected[EXPECTATION_KINDS];
	int64		met[EXPECTATION_KINDS];
} Tally;

static int
position(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* [{"attribute": …, "kind": …, "allowed": […] or null}, …] */
static Tally *
begin_tally(Jsonb *expected)
{
	Tally	   *tally = palloc0(sizeof(Tally));

	if (!JB_ROOT_IS_ARRAY(expected) || JB_ROOT_IS_SCALAR(expected))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("what a class expects is no array"),
				 errhint("itsm.class_expectation lists it.")));
	tally->count = JB_ROOT_COUNT(expected);
	tally->expectations = palloc0(sizeof(Expectation) * (tally->count + 1));
	for (int i = 0; i < tally->count; i++)
	{
		Expectation *expectation = &tally->expectations[i];
		const JsonbContainer *object = itsm_json_object(getIthJsonbValueFromContainer(&expected->root, i));
		JsonbValue	value;
		char	   *kind = object && itsm_json_member(object, "kind", &value) ? itsm_json_string(&value) : NULL;
		int			number = kind ? position(kinds, lengthof(kinds), kind) : -1;

		if (number < 0 || !itsm_json_member(object, "attribute", &value) ||
			(expectation->attribute = itsm_json_string(&value)) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("an expectation has no kind or no attribute"),
					 errhint("itsm.class_expectation lists them.")));
		expectation->kind = number;
		expectation->column = position(columns, lengthof(columns), expectation->attribute);
		if (itsm_json_member(object, "allowed", &value) && itsm_json_array(&value))
			(void) itsm_json_strings(&value, &expectation->allowed);
	}
	return tally;
}

static bool
is_allowed(const Expectation *expectation, const char *bytes, int length)
{
	ListCell   *cell;

	foreach(cell, expectation->allowed)
	{
		const char *allowed = lfirst(cell);

		if (strlen(allowed) == length && memcmp(allowed, bytes, length) == 0)
			return true;
	}
	return false;
}

/* What reports take for filled: something else than white space. */
static bool
is_filled(const char *bytes, int length)
{
	for (int i = 0; i < length; i++)
		if (strchr(" \t\n\r\f\v", bytes[i]) == NULL)
			return true;
	return false;
}

static bool
text_is_met(const Expectation *expectation, const char *bytes, int length)
{
	return expectation->kind == EXPECT_DESIRED ? is_allowed(expectation, bytes, length) : is_filled(bytes, length);
}

/* A value as the operator ->> shows it. */
static bool
json_is_met(const Expectation *expectation, const JsonbValue *value)
{
	char	   *shown;

	switch (value->type)
	{
		case jbvNull:
			return false;
		case jbvString:
			return text_is_met(expectation, value->val.string.val, value->val.string.len);
		case jbvBool:
			shown = value->val.boolean ? "true" : "false";
			break;
		case jbvNumeric:
			shown = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			break;
		default:
			shown = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	}
	return text_is_met(expectation, shown, strlen(shown));
}

static bool
is_met(FunctionCallInfo fcinfo, const Expectation *expectation, const Jsonb *extra)
{
	int			argument = FIRST_COLUMN + expectation->column;

	if (expectation->column < 0)
	{
		JsonbValue	value;

		return extra && itsm_json_member(&extra->root, expectation->attribute, &value) &&
			json_is_met(expectation, &value);
	}
	if (PG_ARGISNULL(argument))
		return false;
	if (expectation->column < NUMBER_COLUMNS)
	{
		char		shown[12];

		return text_is_met(expectation, shown, pg_ltoa(PG_GETARG_INT32(argument), shown));
	}
	else
	{
		text	   *value = PG_GETARG_TEXT_PP(argument);

		return text_is_met(expectation, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	}
}

/* (state, expected jsonb, extra jsonb, the columns): expected is that of the first item, null: nothing is counted. */
ITSM_FUNCTION(itsm_expectation_tally_add);
Datum
itsm_expectation_tally_add(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	MemoryContext of_aggregate;
	const Jsonb *extra = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);
	bool		complete = true;

	if (!AggCheckCallContext(fcinfo, &of_aggregate))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("itsm.expectation_tally is an aggregate"),
				 errhint("Its functions are called by it only.")));
	if (PG_ARGISNULL(1))
	{
		if (tally == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(tally);
	}
	if (tally == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(of_aggregate);

		tally = begin_tally(PG_GETARG_JSONB_P(1));
		MemoryContextSwitchTo(caller);
	}
	if (extra && !JB_ROOT_IS_OBJECT(extra))
		extra = NULL;
	for (int i = 0; i < tally->count; i++)
	{
		const Expectation *expectation = &tally->expectations[i];
		bool		met = is_met(fcinfo, expectation, extra);

		tally->expected[expectation->kind]++;
		tally->met[expectation->kind] += met;
		complete &= met || expectation->kind != EXPECT_REQUIRED;
	}
	tally->complete += complete;
	PG_RETURN_POINTER(tally);
}

/* Required, of these met, recommended, met, desired, met; complete items. */
ITSM_FUNCTION(itsm_expectation_tally_end);
Datum
itsm_expectation_tally_end(PG_FUNCTION_ARGS)
{
	const Tally *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	Datum		counts[2 * EXPECTATION_KINDS + 1];
	int			count = 0;

	for (int kind = 0; kind < EXPECTATION_KINDS; kind++)
	{
		counts[count++] = Int64GetDatum(tally ? tally->expected[kind] : 0);
		counts[count++] = Int64GetDatum(tally ? tally->met[kind] : 0);
	}
	counts[count++] = Int64GetDatum(tally ? tally->complete : 0);
	PG_RETURN_ARRAYTYPE_P(construct_array(counts, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
