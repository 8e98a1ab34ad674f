/*
 * rule_requires.c
 *		requires: attributes that are to be filled.
 *
 * A row that was illegal before stays writable until it moves or comes under
 * another lifecycle: otherwise only emptying what was filled is refused.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/rule_value.h"

static void *
parse_requires(RuleParse *parse, const JsonbValue *value)
{
	return itsm_rule_attributes(parse, value, false);
}

static List *
reads_requires(const void *data)
{
	return unconstify(void *, data);
}

/* The row stays where the rule wants the attribute filled. */
static bool
stays_under(const Judgement *judgement, const LifecycleRule *rule)
{
	if (judgement->creating || judgement->moving || rule->from != NULL)
		return false;
	return rule->to == NULL ||
		(judgement->to != ITSM_NO_STATE && rule->to[judgement->to]);
}

static void
report(Judgement *judgement, const LifecycleRule *rule, const char *attribute)
{
	const LifecycleState *states = judgement->definition->states;

	if (itsm_rule_unscoped(rule))
		itsm_rule_unmet(judgement, rule, &itsm_rule_requires, attribute, "%s is required",
						attribute);
	else if (!judgement->moving)
		itsm_rule_unmet(judgement, rule, &itsm_rule_requires, attribute, "%s is required while %s",
						attribute, states[judgement->to].name);
	else if (rule->to)
		itsm_rule_unmet(judgement, rule, &itsm_rule_requires, attribute,
						"%s is required to enter %s", attribute, states[judgement->to].name);
	else
		itsm_rule_unmet(judgement, rule, &itsm_rule_requires, attribute,
						"%s is required to leave %s", attribute, states[judgement->from].name);
}

static void
judge_requires(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const List *numbers = data;
	bool		moves = itsm_rule_moves(judgement, rule) ||
		(judgement->creating && itsm_rule_unscoped(rule));
	ListCell   *cell;

	if (!moves && !stays_under(judgement, rule))
		return;
	foreach(cell, numbers)
	{
		int			number = lfirst_int(cell);
		const LifecycleAttribute *attribute = &judgement->definition->attributes[number];

		if (judgement->mapped[number] &&
			itsm_value_missing(attribute, judgement->new, number) &&
			(moves || !itsm_value_missing(attribute, judgement->old, number)))
			report(judgement, rule, attribute->name);
	}
}

const RuleKind itsm_rule_requires = {
	.name = "requires",
	.code = ERRCODE_ITSM_REQUIRED,
	.standing = true,
	.parse = parse_requires,
	.judge = judge_requires,
	.reads = reads_requires,
};
