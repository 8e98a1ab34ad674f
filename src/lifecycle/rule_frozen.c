/*
 * rule_frozen.c
 *		frozen: attributes that may not change while a record is in a state.
 *
 * The state is the one that the row is in before the write, so leaving the
 * state and changing the attribute at once is refused too.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/rule_data.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/rule_value.h"

static const char *const frozen_members[] = {"in", "state", "states", NULL};

static void *
parse_frozen(RuleParse *parse, const JsonbValue *value)
{
	FrozenData *data = palloc0(sizeof(FrozenData));
	const char *given = NULL;
	JsonbValue	to;

	data->attributes = itsm_rule_attributes(parse, value, true);
	data->all = value->type == jbvString && value->val.string.len == 1 && *value->val.string.val == '*';
	data->states = parse->rule->from;
	for (int i = 0; frozen_members[i]; i++)
	{
		JsonbValue	states;

		if (!itsm_json_member(parse->object, frozen_members[i], &states))
			continue;
		if (given)
			itsm_rule_fault(parse, "\"%s\" and \"%s\" say the same; give one", given,
							frozen_members[i]);
		given = frozen_members[i];
		data->states = itsm_rule_states(parse, &states, given);
	}
	if (itsm_json_member(parse->object, "to", &to))
		itsm_rule_fault(parse, "\"to\" means nothing here; \"in\" says in which states");
	return data;
}

static List *
reads_frozen(const void *data)
{
	return ((const FrozenData *) data)->attributes;
}

static void
judge_frozen(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const FrozenData *frozen = data;
	const Definition *definition = judgement->definition;
	int			state = judgement->from;
	ListCell   *cell;

	if (judgement->creating || state == ITSM_NO_STATE ||
		(frozen->states && !frozen->states[state]))
		return;
	foreach(cell, frozen->attributes)
	{
		int			number = lfirst_int(cell);
		const LifecycleAttribute *attribute = &definition->attributes[number];

		if (judgement->mapped[number] &&
			!itsm_value_same(attribute, judgement->old, judgement->written, number))
			itsm_rule_unmet(judgement, rule, &itsm_rule_frozen, attribute->name,
							"%s may not change while %s", attribute->name,
							definition->states[state].name);
	}
}

const RuleKind itsm_rule_frozen = {
	.name = "frozen",
	.code = ERRCODE_ITSM_FROZEN,
	.members = frozen_members,
	.parse = parse_frozen,
	.judge = judge_frozen,
	.compares = true,
	.hint = "It stays as it is while the record is in this state; itsm.override makes an exception.",
	.reads = reads_frozen,
};
