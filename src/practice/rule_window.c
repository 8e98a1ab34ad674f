/*
 * rule_window.c
 *		window: a move happens between two times that the row itself names.
 *
 * The end is not part of the window any more.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "practice/change_plan.h"

static const char *const plan_members[] = {"start", "end", NULL};

/* ["planned_start", "planned_end"] is short for {"start": …, "end": …}. */
static void
parse_pair(RuleParse *parse, JsonbContainer *array, PlanAttributes *attributes)
{
	int		   *const ends[] = {&attributes->start, &attributes->end};

	*attributes = (PlanAttributes) {-1, -1, -1, -1, -1, -1};
	if (JsonContainerSize(array) != 2)
	{
		itsm_rule_fault(parse, "the array must have two attributes, the start and the end");
		return;
	}
	for (int i = 0; i < 2; i++)
	{
		char	   *name = itsm_json_string(getIthJsonbValueFromContainer(array, i));

		if (name == NULL || (*ends[i] = itsm_definition_attribute(parse->definition, name)) < 0)
		{
			itsm_rule_fault(parse, "\"%s\" is not among the attributes", name ? itsm_clip(name) : "");
			continue;
		}
		if (!itsm_plan_is_time(&parse->definition->attributes[*ends[i]]))
			itsm_rule_fault(parse, "attribute \"%s\" must be timestamp with time zone", itsm_clip(name));
	}
}

static void *
parse_window(RuleParse *parse, const JsonbValue *value)
{
	PlanAttributes *attributes;
	JsonbContainer *array = itsm_json_array(value);

	if (array == NULL)
		return itsm_plan_parse(parse, value, plan_members);
	attributes = palloc(sizeof(PlanAttributes));
	parse_pair(parse, array, attributes);
	return attributes;
}

static List *
reads_window(const void *data)
{
	return itsm_plan_reads(data);
}

static void
judge_window(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const PlanAttributes *attributes = data;
	TimestampTz now = judgement->at ? judgement->at : GetCurrentTimestamp();
	ChangePlan	plan;
	const LifecycleAttribute *names = judgement->definition->attributes;

	if (!itsm_rule_moves(judgement, rule) || !itsm_plan_is_timed(attributes, judgement->mapped))
		return;
	itsm_plan_read(judgement->definition, attributes, judgement->mapped, judgement->new, &plan);
	if (!itsm_plan_sound(judgement, rule, &itsm_rule_window, &plan, false))
		return;
	if (now < plan.start)
		itsm_rule_unmet(judgement, rule, &itsm_rule_window, names[attributes->start].name,
						"it is only possible from %s on", names[attributes->start].name);
	else if (now >= plan.end)
		itsm_rule_unmet(judgement, rule, &itsm_rule_window, names[attributes->end].name,
						"it is only possible before %s", names[attributes->end].name);
}

const RuleKind itsm_rule_window = {
	.name = "window",
	.code = ERRCODE_ITSM_WINDOW,
	.parse = parse_window,
	.judge = judge_window,
	.reads = reads_window,
};
