/*
 * rule_kind.c
 *		What the rule kinds share: scope, faults and unmet conditions.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "core/unmet.h"
#include "lifecycle/rule_data.h"
#include "lifecycle/rule_kind.h"

/* psprintf for callers with variable arguments of their own. */
#define FORMAT(buffer, format) \
	for (int needed = -1; needed != 0;) \
	{ \
		va_list		args; \
\
		va_start(args, format); \
		needed = appendStringInfoVA(&(buffer), format, args); \
		va_end(args); \
		if (needed != 0) \
			enlargeStringInfo(&(buffer), needed); \
	}

void
itsm_rule_fault(RuleParse *parse, const char *format,...)
{
	StringInfoData text;

	initStringInfo(&text);
	FORMAT(text, format);
	parse->faults = itsm_unmet_add(parse->faults, ERRCODE_ITSM_DEFINITION, parse->rule->name,
								   parse->kind ? parse->kind->name : "rule", NULL,
								   parse->rule->clause, "rule \"%s\": %s%s%s", parse->rule->name,
								   parse->kind ? parse->kind->name : "", parse->kind ? ": " : "",
								   text.data);
}

List *
itsm_rule_reads(const LifecycleRule *rule, bool named)
{
	List	   *reads = rule->when ? list_copy(rule->when->attributes) : NIL;

	for (int i = 0; i < rule->condition_count; i++)
	{
		const RuleCondition *condition = &rule->conditions[i];

		if (named && condition->kind == &itsm_rule_frozen && ((const FrozenData *) condition->data)->all)
			continue;
		if (condition->kind->reads)
			reads = list_concat_unique_int(reads, condition->kind->reads(condition->data));
	}
	return reads;
}

bool *
itsm_rule_states(RuleParse *parse, const JsonbValue *value, const char *member)
{
	const Definition *definition = parse->definition;
	bool	   *states = palloc0(definition->state_count + 1);
	bool		all = false;
	List	   *names;
	ListCell   *cell;

	if (!itsm_json_strings(value, &names))
	{
		itsm_rule_fault(parse, "\"%s\" must be a state or an array of states, not %s", member,
						itsm_json_array(value) ? "this array" : itsm_json_kind(value));
		return NULL;
	}
	foreach(cell, names)
	{
		int			state = itsm_definition_state(definition, lfirst(cell), strlen(lfirst(cell)));

		if (strcmp(lfirst(cell), "*") == 0)
			all = true;
		else if (state == ITSM_NO_STATE)
			itsm_rule_fault(parse, "\"%s\" names no state: \"%s\"", member,
							itsm_clip(lfirst(cell)));
		else
			states[state] = true;
	}
	return all ? NULL : states;
}

List *
itsm_rule_attributes(RuleParse *parse, const JsonbValue *value, bool all)
{
	const Definition *definition = parse->definition;
	List	   *numbers = NIL;
	List	   *names;
	ListCell   *cell;

	if (!itsm_json_strings(value, &names))
	{
		itsm_rule_fault(parse, "it must be an attribute or an array of attributes, not %s",
						itsm_json_array(value) ? "this array" : itsm_json_kind(value));
		return NIL;
	}
	foreach(cell, names)
	{
		int			number = itsm_definition_attribute(definition, lfirst(cell));

		if (all && strcmp(lfirst(cell), "*") == 0)
			for (int i = 0; i < definition->attribute_count; i++)
				numbers = list_append_unique_int(numbers, i);
		else if (number < 0)
			itsm_rule_fault(parse, "\"%s\" is not among the attributes", itsm_clip(lfirst(cell)));
		else
			numbers = list_append_unique_int(numbers, number);
	}
	return numbers;
}

static bool
is_in(const bool *states, int state)
{
	return states == NULL || (state != ITSM_NO_STATE && states[state]);
}

bool
itsm_rule_moves(const Judgement *judgement, const LifecycleRule *rule)
{
	return judgement->moving && is_in(rule->to, judgement->to) &&
		(judgement->creating ? rule->from == NULL : is_in(rule->from, judgement->from));
}

bool
itsm_rule_applies(const Judgement *judgement, const LifecycleRule *rule)
{
	return itsm_rule_unscoped(rule) || itsm_rule_moves(judgement, rule);
}

void
itsm_rule_unmet(Judgement *judgement, const LifecycleRule *rule, const RuleKind *kind,
				const char *attribute, const char *format,...)
{
	StringInfoData text;

	if (rule->message)
	{
		judgement->unmet = itsm_unmet_add(judgement->unmet, kind->code, rule->name, kind->name,
										  attribute, rule->clause, "%s", rule->message);
		return;
	}
	initStringInfo(&text);
	FORMAT(text, format);
	judgement->unmet = itsm_unmet_add(judgement->unmet, kind->code, rule->name, kind->name,
									  attribute, rule->clause, "%s", text.data);
}
