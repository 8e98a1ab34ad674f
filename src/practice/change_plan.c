/*
 * change_plan.c
 *		Reading the plan of a change out of a rule and out of a row.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/json_read.h"
#include "lifecycle/rule_value.h"
#include "practice/change_plan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

static const char *const usual_names[] = {
	"planned_start", "planned_end", "cis", "ci", "service", "ci_class"
};
static const char *const member_names[] = {"start", "end", "cis", "ci", "service", "ci_class"};

static int *
member(PlanAttributes *attributes, int number)
{
	int		   *const all[] = {
		&attributes->start, &attributes->end, &attributes->cis, &attributes->ci, &attributes->service,
		&attributes->ci_class
	};

	return all[number];
}

bool
itsm_plan_is_time(const LifecycleAttribute *attribute)
{
	Oid			type = getBaseType(attribute->type);

	return type == TIMESTAMPTZOID || type == TIMESTAMPOID;
}

PlanAttributes
itsm_plan_usual(const Definition *definition)
{
	PlanAttributes attributes = {.maintenance = true};

	for (int i = 0; i < lengthof(usual_names); i++)
		*member(&attributes, i) = itsm_definition_attribute(definition, usual_names[i]);
	if (attributes.start >= 0 && !itsm_plan_is_time(&definition->attributes[attributes.start]))
		attributes.start = -1;
	if (attributes.end >= 0 && !itsm_plan_is_time(&definition->attributes[attributes.end]))
		attributes.end = -1;
	return attributes;
}

static bool
is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void
parse_member(RuleParse *parse, const JsonbContainer *object, const char *name, PlanAttributes *attributes)
{
	JsonbValue	value;
	char	   *text;

	(void) itsm_json_member(object, name, &value);
	if (strcmp(name, "maintenance") == 0)
	{
		if (value.type == jbvBool)
			attributes->maintenance = value.val.boolean;
		else
			itsm_rule_fault(parse, "\"maintenance\" must be true or false, not %s", itsm_json_kind(&value));
		return;
	}
	text = itsm_json_string(&value);
	if (text == NULL)
		itsm_rule_fault(parse, "\"%s\" must be the name of an attribute, not %s", name, itsm_json_kind(&value));
	for (int i = 0; text && i < lengthof(member_names); i++)
		if (strcmp(name, member_names[i]) == 0)
		{
			*member(attributes, i) = itsm_definition_attribute(parse->definition, text);
			if (*member(attributes, i) < 0)
				itsm_rule_fault(parse, "\"%s\" is not among the attributes", itsm_clip(text));
		}
}

static void
check_time(RuleParse *parse, int attribute, int number)
{
	if (attribute < 0)
		itsm_rule_fault(parse, "there is no attribute \"%s\" of type timestamp with time zone; \"%s\" names another",
						usual_names[number], member_names[number]);
	else if (!itsm_plan_is_time(&parse->definition->attributes[attribute]))
		itsm_rule_fault(parse, "attribute \"%s\" must be timestamp with time zone",
						parse->definition->attributes[attribute].name);
}

PlanAttributes *
itsm_plan_parse(RuleParse *parse, const JsonbValue *value, const char *const *members)
{
	PlanAttributes *attributes = palloc(sizeof(PlanAttributes));
	JsonbContainer *object = itsm_json_object(value);
	int			faults = list_length(parse->faults);
	ListCell   *cell;

	*attributes = itsm_plan_usual(parse->definition);
	attributes->maintenance = false;
	for (int i = 0; i < lengthof(member_names); i++)
		if (!is_among(member_names[i], members))
			*member(attributes, i) = -1;
	if (object)
	{
		foreach(cell, itsm_json_names(object))
		{
			if (is_among(lfirst(cell), members))
				parse_member(parse, object, lfirst(cell), attributes);
			else
				itsm_rule_fault(parse, "unknown member \"%s\"", itsm_clip(lfirst(cell)));
		}
	}
	else if (value->type != jbvBool || !value->val.boolean)
		itsm_rule_fault(parse, "it must be true, or an object that names attributes");
	if (list_length(parse->faults) > faults)
		return attributes;
	check_time(parse, attributes->start, 0);
	check_time(parse, attributes->end, 1);
	return attributes;
}

void
itsm_plan_parse_states(RuleParse *parse, PlanAttributes *attributes)
{
	JsonbValue	value;

	if (itsm_json_member(parse->object, "in", &value))
		attributes->states = itsm_rule_states(parse, &value, "in");
	else if (itsm_json_member(parse->object, "to", &value))
		attributes->states = parse->rule->to;
	else
		itsm_rule_fault(parse, "\"to\" or \"in\" has to say in which states the plan counts");
}

List *
itsm_plan_reads(const PlanAttributes *attributes)
{
	List	   *numbers = NIL;

	for (int i = 0; i < lengthof(member_names); i++)
	{
		int			number = *member(unconstify(PlanAttributes *, attributes), i);

		if (number >= 0)
			numbers = list_append_unique_int(numbers, number);
	}
	return numbers;
}

static bool
is_mapped(int attribute, const bool *mapped)
{
	return attribute >= 0 && mapped[attribute];
}

bool
itsm_plan_is_timed(const PlanAttributes *attributes, const bool *mapped)
{
	return is_mapped(attributes->start, mapped) && is_mapped(attributes->end, mapped);
}

bool
itsm_plan_names_cis(const PlanAttributes *attributes, const bool *mapped)
{
	return is_mapped(attributes->cis, mapped) || is_mapped(attributes->ci, mapped);
}

/* Time zones of sessions differ: a timestamp without one is UTC, for all of them. */
static bool
read_time(TupleTableSlot *slot, int attribute, TimestampTz *time)
{
	if (slot->tts_isnull[attribute])
		return false;
	*time = DatumGetTimestampTz(slot->tts_values[attribute]);
	return true;
}

static void
time_fault(ChangePlan *plan, const LifecycleAttribute *culprit, const char *format)
{
	if (plan->time_fault)
		return;
	plan->time_fault = psprintf(format, culprit->name);
	plan->time_culprit = culprit->name;
}

static void
read_times(const Definition *definition, const PlanAttributes *attributes, TupleTableSlot *slot, ChangePlan *plan)
{
	const LifecycleAttribute *start = &definition->attributes[attributes->start];
	const LifecycleAttribute *end = &definition->attributes[attributes->end];
	bool		has_start = read_time(slot, attributes->start, &plan->start);
	bool		has_end = read_time(slot, attributes->end, &plan->end);

	plan->has_start = has_start;
	if (!has_start)
		time_fault(plan, start, "%s is missing");
	else if (TIMESTAMP_NOT_FINITE(plan->start))
		time_fault(plan, start, "%s is infinite");
	if (!has_end)
		time_fault(plan, end, "%s is missing");
	else if (TIMESTAMP_NOT_FINITE(plan->end))
		time_fault(plan, end, "%s is infinite");
	if (plan->time_fault == NULL && plan->end <= plan->start)
	{
		plan->time_fault = psprintf("%s is not after %s", end->name, start->name);
		plan->time_culprit = end->name;
	}
	plan->timed = plan->time_fault == NULL;
}

static void
add_ci(ChangePlan *plan, char *name)
{
	if (itsm_blank(name))
		return;
	if (strlen(name) > CI_NAME_BYTES)
		plan->ci_fault = psprintf("a configuration item has a name of more than %d bytes", CI_NAME_BYTES);
	else
		plan->cis[plan->ci_count++] = name;
}

/* A value, or the elements of an array, whatever its dimensions. */
static void
read_cis(const LifecycleAttribute *attribute, Datum value, ChangePlan *plan)
{
	Oid			type = getBaseType(attribute->type);
	Oid			element = get_element_type(type);
	Oid			output;
	bool		is_varlena;

	if (OidIsValid(element))
	{
		ArrayType  *array = DatumGetArrayTypeP(value);
		int16		length;
		bool		by_value;
		char		align;
		Datum	   *elements;
		bool	   *nulls;
		int			count;

		getTypeOutputInfo(element, &output, &is_varlena);
		get_typlenbyvalalign(element, &length, &by_value, &align);
		deconstruct_array(array, element, length, by_value, align, &elements, &nulls, &count);
		plan->cis = repalloc(plan->cis, sizeof(char *) * (plan->ci_count + count + 1));
		for (int i = 0; i < count; i++)
			if (!nulls[i])
				add_ci(plan, OidOutputFunctionCall(output, elements[i]));
	}
	else
	{
		getTypeOutputInfo(type, &output, &is_varlena);
		plan->cis = repalloc(plan->cis, sizeof(char *) * (plan->ci_count + 2));
		add_ci(plan, OidOutputFunctionCall(output, value));
	}
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static void
sort_cis(ChangePlan *plan)
{
	int			count = 0;

	qsort(plan->cis, plan->ci_count, sizeof(char *), compare_names);
	for (int i = 0; i < plan->ci_count; i++)
		if (count == 0 || strcmp(plan->cis[i], plan->cis[count - 1]) != 0)
			plan->cis[count++] = plan->cis[i];
	plan->ci_count = count;
}

void
itsm_plan_read(const Definition *definition, const PlanAttributes *attributes, const bool *mapped,
			   TupleTableSlot *slot, ChangePlan *plan)
{
	const int	sources[] = {attributes->cis, attributes->ci};

	*plan = (ChangePlan) {.cis = palloc(sizeof(char *))};
	if (itsm_plan_is_timed(attributes, mapped))
		read_times(definition, attributes, slot, plan);
	else
		plan->time_fault = "its planned times are not mapped";
	for (int i = 0; i < lengthof(sources); i++)
	{
		if (!is_mapped(sources[i], mapped))
			continue;
		plan->ci_culprit = definition->attributes[sources[i]].name;
		if (!slot->tts_isnull[sources[i]])
			read_cis(&definition->attributes[sources[i]], slot->tts_values[sources[i]], plan);
	}
	sort_cis(plan);
	if (plan->ci_count == 0 && plan->ci_fault == NULL)
		plan->ci_fault = "it names no configuration item";
	if (is_mapped(attributes->service, mapped))
		plan->service = itsm_value_text(&definition->attributes[attributes->service], slot, attributes->service);
	if (is_mapped(attributes->ci_class, mapped))
		plan->ci_class = itsm_value_text(&definition->attributes[attributes->ci_class], slot, attributes->ci_class);
}

Datum
itsm_plan_range(const ChangePlan *plan)
{
	RangeBound	lower = {.val = TimestampTzGetDatum(plan->start), .inclusive = true, .lower = true};
	RangeBound	upper = {.val = TimestampTzGetDatum(plan->end)};
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);

	return RangeTypePGetDatum(itsm_make_range(type, &lower, &upper, false));
}

bool
itsm_plan_counts(const PlanAttributes *attributes, int state)
{
	return state != ITSM_NO_STATE && (attributes->states == NULL || attributes->states[state]);
}

bool
itsm_plan_enters(const PlanAttributes *attributes, const PlanMove *move)
{
	ListCell   *cell;

	if (!itsm_plan_counts(attributes, move->to))
		return false;
	if (move->creating || move->old == NULL || !itsm_plan_counts(attributes, move->from))
		return true;
	foreach(cell, itsm_plan_reads(attributes))
	{
		int			number = lfirst_int(cell);

		if (move->mapped[number] &&
			!itsm_value_same(&move->definition->attributes[number], move->old, move->written, number))
			return true;
	}
	return false;
}

bool
itsm_plan_judged(const Judgement *judgement, const LifecycleRule *rule, const PlanAttributes *attributes)
{
	PlanMove	move = {
		judgement->definition, judgement->mapped, judgement->from, judgement->to, judgement->creating,
		judgement->old, judgement->written
	};

	return (!itsm_rule_unscoped(rule) && itsm_rule_moves(judgement, rule)) || itsm_plan_enters(attributes, &move);
}

bool
itsm_plan_sound(Judgement *judgement, const LifecycleRule *rule, const RuleKind *kind, const ChangePlan *plan,
				bool with_cis)
{
	if (plan->time_fault)
		itsm_rule_unmet(judgement, rule, kind, plan->time_culprit, "%s", plan->time_fault);
	if (with_cis && plan->ci_fault)
		itsm_rule_unmet(judgement, rule, kind, plan->ci_culprit, "%s", plan->ci_fault);
	return plan->time_fault == NULL && !(with_cis && plan->ci_fault);
}
