/*
 * service_credit_parse.c
 *		A contract's schedule of service credits out of JSON, every fault named.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "lifecycle/definition_parse.h"
#include "service_time/service_credit.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#define KIND "service credit"
#define WHERE "the schedule"
#define MAX_MEASURES 100
#define MAX_STEPS 20

static const char *const members[] = {
	"contract", "tenant", "party", "fee", "currency", "cap", "measures", "valid_from", "description", "comment", NULL
};
static const char *const measure_members[] = {"agreement", "service", "steps", "penalty", "at_least", "comment", NULL};
static const char *const step_members[] = {"below", "credit", NULL};

static char *
text_member(DefinitionParse *parse, const JsonbContainer *object, const char *where, const char *member, bool required)
{
	char	   *text = itsm_definition_text(parse, object, KIND, where, member, required);

	if (text && itsm_blank(text))
	{
		definition_fault(parse, KIND, NULL, "%s: \"%s\" is blank", where, member);
		return NULL;
	}
	return text;
}

static int
compare(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
}

/* The number of a member, more than zero (or zero) and at most "most"; NULL when it is absent or a fault. */
static Numeric
number_member(DefinitionParse *parse, const JsonbContainer *object, const char *where, const char *member,
			  bool required, bool zero, int64 most)
{
	JsonbValue	value;
	Numeric		number;
	int			sign;

	if (!itsm_json_member(object, member, &value))
	{
		if (required)
			definition_fault(parse, KIND, NULL, "%s has no \"%s\"", where, member);
		return NULL;
	}
	if (value.type != jbvNumeric)
	{
		definition_fault(parse, KIND, NULL, "%s: \"%s\" must be a number, not %s", where, member,
						 itsm_json_kind(&value));
		return NULL;
	}
	number = value.val.numeric;
	sign = compare(number, int64_to_numeric(0));
	if (sign < 0 || (sign == 0 && !zero))
		definition_fault(parse, KIND, NULL, "%s: \"%s\" must be %s", where, member,
						 zero ? "zero or more" : "more than zero");
	else if (compare(number, int64_to_numeric(most)) > 0)
		definition_fault(parse, KIND, NULL, "%s: \"%s\" may be " INT64_FORMAT " at most", where, member, most);
	else
		return number;
	return NULL;
}

typedef struct Step
{
	Numeric		below;
	Numeric		credit;
} Step;

/* Less delivered must not cost less: of two steps the lower one gives the greater credit. */
static void
check_steps(DefinitionParse *parse, const char *where, const Step *steps, int count)
{
	for (int i = 0; i < count; i++)
		for (int j = i + 1; j < count; j++)
		{
			int			below = compare(steps[i].below, steps[j].below);
			int			credit = compare(steps[i].credit, steps[j].credit);

			if (below == 0)
				definition_fault(parse, KIND, NULL, "%s: two steps are below %s", where,
								 numeric_normalize(steps[i].below));
			else if (credit == 0 || (below < 0) == (credit < 0))
				definition_fault(parse, KIND, NULL,
								 "%s: the step below %s must have a greater credit than the one below %s", where,
								 numeric_normalize(below < 0 ? steps[i].below : steps[j].below),
								 numeric_normalize(below < 0 ? steps[j].below : steps[i].below));
		}
}

static int
parse_steps(DefinitionParse *parse, const JsonbContainer *measure, const char *where)
{
	int			count;
	int			found = 0;
	JsonbContainer *array = itsm_definition_array(parse, measure, "steps", MAX_STEPS, &count);
	Step	   *steps = palloc(sizeof(Step) * (count + 1));

	for (int i = 0; i < count; i++)
	{
		const JsonbContainer *object = itsm_json_object(getIthJsonbValueFromContainer(array, i));
		char	   *step = psprintf("%s, step %d", where, i + 1);

		if (object == NULL)
		{
			definition_fault(parse, KIND, NULL, "%s is no object with \"below\" and \"credit\"", step);
			continue;
		}
		itsm_definition_members(parse, object, KIND, step, step_members);
		steps[found].below = number_member(parse, object, step, "below", true, false, 100);
		steps[found].credit = number_member(parse, object, step, "credit", true, false, 100);
		if (steps[found].below && steps[found].credit)
			found++;
	}
	check_steps(parse, where, steps, found);
	return count;
}

static CreditMeasure *
parse_measure(DefinitionParse *parse, const JsonbValue *value, int position)
{
	const JsonbContainer *object = itsm_json_object(value);
	CreditMeasure *measure = palloc0(sizeof(CreditMeasure));
	char	   *where = psprintf("measure %d", position);
	Numeric		penalty;
	int			steps;

	if (object == NULL)
	{
		definition_fault(parse, KIND, NULL, "%s is no object", where);
		return measure;
	}
	itsm_definition_members(parse, object, KIND, where, measure_members);
	measure->agreement = text_member(parse, object, where, "agreement", false);
	measure->service = text_member(parse, object, where, "service", false);
	steps = parse_steps(parse, object, where);
	penalty = number_member(parse, object, where, "penalty", false, false, MAX_CREDIT_AMOUNT);
	(void) number_member(parse, object, where, "at_least", false, false, PG_INT32_MAX);
	if (measure->agreement == NULL && measure->service == NULL)
		definition_fault(parse, KIND, NULL, "%s names neither an \"agreement\" nor a \"service\"", where);
	else if (measure->agreement == NULL && penalty)
		definition_fault(parse, KIND, NULL, "%s: a \"penalty\" is for breaches of an agreement", where);
	if (steps == 0 && penalty == NULL)
		definition_fault(parse, KIND, NULL, "%s has neither \"steps\" nor a \"penalty\"", where);
	return measure;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void
parse_measures(DefinitionParse *parse, const JsonbContainer *object, CreditSchedule *schedule)
{
	JsonbValue	value;
	int			count;
	JsonbContainer *array = itsm_definition_array(parse, object, "measures", MAX_MEASURES, &count);

	if (!itsm_json_member(object, "measures", &value))
		definition_fault(parse, KIND, NULL, "%s has no \"measures\"", WHERE);
	for (int i = 0; i < count; i++)
	{
		CreditMeasure *measure = parse_measure(parse, getIthJsonbValueFromContainer(array, i), i + 1);
		ListCell   *cell;

		foreach(cell, schedule->measures)
		{
			const CreditMeasure *other = lfirst(cell);

			if ((measure->agreement || measure->service) && same_text(measure->agreement, other->agreement) &&
				same_text(measure->service, other->service))
				definition_fault(parse, KIND, NULL, "measures %d and %d measure the same",
								 foreach_current_index(cell) + 1, i + 1);
		}
		schedule->measures = lappend(schedule->measures, measure);
	}
}

/* A month as in 2026-01. */
static void
parse_month(DefinitionParse *parse, const JsonbContainer *object, CreditSchedule *schedule)
{
	char	   *text = text_member(parse, object, WHERE, "valid_from", false);

	if (text == NULL)
		return;
	if (strlen(text) == 7 && strspn(text, "0123456789") == 4 && text[4] == '-' && strspn(text + 5, "0123456789") == 2)
	{
		schedule->year = pg_strtoint32(pnstrdup(text, 4));
		schedule->month = pg_strtoint32(text + 5);
	}
	if (schedule->month < 1 || schedule->month > 12 || schedule->year < 1)
	{
		schedule->month = 0;
		definition_fault(parse, KIND, NULL, "%s: \"valid_from\" must be a month, as in 2026-01, not \"%s\"", WHERE,
						 itsm_clip(text));
	}
}

static void
parse_money(DefinitionParse *parse, const JsonbContainer *object, CreditSchedule *schedule)
{
	bool		owed = schedule->measures != NIL;

	(void) number_member(parse, object, WHERE, "fee", owed, true, MAX_CREDIT_AMOUNT);
	(void) number_member(parse, object, WHERE, "cap", false, false, 100);
	schedule->currency = text_member(parse, object, WHERE, "currency", owed);
	if (schedule->currency && (strlen(schedule->currency) != 3 ||
							   strspn(schedule->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3))
		definition_fault(parse, KIND, NULL, "%s: \"currency\" must be a code of three capital letters, not \"%s\"", WHERE,
						 itsm_clip(schedule->currency));
}

CreditSchedule *
itsm_credit_parse(Jsonb *definition, List **faults)
{
	DefinitionParse parse = {.faults = NIL};
	CreditSchedule *schedule = palloc0(sizeof(CreditSchedule));
	const JsonbContainer *object = &definition->root;

	schedule->tenant = "";
	if (!JB_ROOT_IS_OBJECT(definition))
		definition_fault(&parse, KIND, NULL, "%s must be an object", WHERE);
	else
	{
		char	   *tenant = itsm_definition_text(&parse, object, KIND, WHERE, "tenant", false);

		itsm_definition_members(&parse, object, KIND, WHERE, members);
		schedule->contract = text_member(&parse, object, WHERE, "contract", true);
		if (tenant)
			schedule->tenant = tenant;
		(void) text_member(&parse, object, WHERE, "party", false);
		parse_measures(&parse, object, schedule);
		parse_money(&parse, object, schedule);
		parse_month(&parse, object, schedule);
	}
	*faults = parse.faults;
	return schedule;
}
