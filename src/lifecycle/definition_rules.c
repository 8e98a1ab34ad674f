/*
 * definition_rules.c
 *		The rules of a definition: scope, mode and conditions.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "lifecycle/definition_parse.h"
#include "lifecycle/rule_kind.h"
#include "miscadmin.h"

static const char *const rule_members[] = {
	"name", "from", "to", "when", "mode", "message", "clause", "label", "description", "comment", NULL
};

/* Built-in conditions go by these names in errors, so no rule may. */
static const char *const reserved_names[] = {
	"status", "initial", "transition", "delete", "truncate", NULL
};

static bool
is_among(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool
is_kind(const char *name)
{
	for (int i = 0; itsm_rule_kinds[i]; i++)
		if (strcmp(name, itsm_rule_kinds[i]->name) == 0)
			return true;
	return false;
}

/* A member may be the rule's own, a kind's name, or one that a kind of this rule reads. */
static void
check_members(RuleParse *parse)
{
	List	   *names = itsm_json_names(parse->object);
	ListCell   *cell;

	foreach(cell, names)
	{
		const char *name = lfirst(cell);
		bool		known = is_among(name, rule_members) || is_kind(name);

		for (int i = 0; !known && i < parse->rule->condition_count; i++)
			known = is_among(name, parse->rule->conditions[i].kind->members);
		if (!known)
			itsm_rule_fault(parse, "unknown member \"%s\"", itsm_clip(name));
	}
}

static void
parse_name(RuleParse *parse)
{
	const Definition *definition = parse->definition;
	LifecycleRule *rule = parse->rule;
	JsonbValue	value;
	char	   *name;

	rule->name = psprintf("%d", parse->number + 1);
	if (!itsm_json_member(parse->object, "name", &value))
	{
		itsm_rule_fault(parse, "there is no \"name\"");
		return;
	}
	name = itsm_json_string(&value);
	if (name == NULL)
	{
		itsm_rule_fault(parse, "\"name\" must be a string, not %s", itsm_json_kind(&value));
		return;
	}
	if (itsm_blank(name) || strlen(name) >= NAMEDATALEN || strcmp(itsm_clip(name), name) != 0)
	{
		itsm_rule_fault(parse,
						"the name must have 1 to %d bytes, not be blank and have no control characters",
						NAMEDATALEN - 1);
		return;
	}
	rule->name = name;
	if (is_among(name, reserved_names) || strcmp(name, "*") == 0)
		itsm_rule_fault(parse, "the name is reserved");
	for (int i = 0; i < parse->number; i++)
		if (definition->rules[i].name && strcmp(definition->rules[i].name, name) == 0)
		{
			itsm_rule_fault(parse, "the name is there twice");
			break;
		}
}

static char *
parse_text(RuleParse *parse, const char *member)
{
	JsonbValue	value;

	if (!itsm_json_member(parse->object, member, &value))
		return NULL;
	if (value.type != jbvString)
		itsm_rule_fault(parse, "\"%s\" must be a string, not %s", member, itsm_json_kind(&value));
	return itsm_json_string(&value);
}

static void
parse_mode(RuleParse *parse)
{
	char	   *text = parse_text(parse, "mode");

	parse->rule->mode = MODE_ENFORCE;
	if (text == NULL || strcmp(text, "enforce") == 0)
		return;
	if (strcmp(text, "observe") == 0)
		parse->rule->mode = MODE_OBSERVE;
	else if (strcmp(text, "off") == 0)
		parse->rule->mode = MODE_OFF;
	else
		itsm_rule_fault(parse,
						"unknown mode \"%s\"; it may be \"enforce\", \"observe\" or \"off\"",
						itsm_clip(text));
}

static bool *
parse_scope(RuleParse *parse, const char *member)
{
	JsonbValue	value;

	if (!itsm_json_member(parse->object, member, &value))
		return NULL;
	return itsm_rule_states(parse, &value, member);
}

static void
parse_when(RuleParse *parse, int count)
{
	JsonbValue	value;

	if (itsm_json_member(parse->object, "when", &value))
		parse->rule->when = itsm_check_data(parse, &value, parse->when, count + parse->number);
}

static void
parse_conditions(RuleParse *parse)
{
	LifecycleRule *rule = parse->rule;
	int			count = 0;

	while (itsm_rule_kinds[count])
		count++;
	rule->conditions = palloc0(sizeof(RuleCondition) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		RuleCondition *condition = &rule->conditions[rule->condition_count];
		JsonbValue	value;

		if (!itsm_json_member(parse->object, itsm_rule_kinds[i]->name, &value))
			continue;
		parse->kind = condition->kind = itsm_rule_kinds[i];
		condition->data = condition->kind->parse(parse, &value);
		rule->condition_count++;
	}
	parse->kind = NULL;
	if (count > 0 && rule->condition_count == 0)
	{
		StringInfoData names;

		initStringInfo(&names);
		for (int i = 0; i < count; i++)
			appendStringInfo(&names, "%s%s", i ? ", " : "", itsm_rule_kinds[i]->name);
		itsm_rule_fault(parse, "there is no condition; conditions are %s", names.data);
	}
}

static void
parse_rule(RuleParse *parse, int count)
{
	parse_name(parse);
	parse_mode(parse);
	parse->rule->message = parse_text(parse, "message");
	parse->rule->clause = parse_text(parse, "clause");
	(void) parse_text(parse, "label");
	(void) parse_text(parse, "description");
	parse->rule->from = parse_scope(parse, "from");
	parse->rule->to = parse_scope(parse, "to");
	parse_when(parse, count);
	parse_conditions(parse);
	check_members(parse);
}

void
itsm_definition_rules(DefinitionParse *parse, const JsonbContainer *object)
{
	Definition *definition = parse->definition;
	int			count;
	JsonbContainer *array = itsm_definition_array(parse, object, "rules", MAX_RULES, &count);

	definition->rules = palloc0(sizeof(LifecycleRule) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(array, i);
		RuleParse	rule = {
			.definition = definition,
			.rule = &definition->rules[i],
			.object = itsm_json_object(value),
			.stored = parse->expressions != NULL,
			.expression = parse->expressions ? parse->expressions[i] : NULL,
			.when = parse->expressions ? parse->expressions[count + i] : NULL,
			.number = i,
			.faults = parse->faults,
		};

		CHECK_FOR_INTERRUPTS();
		definition->rule_count = i + 1;
		if (rule.object)
			parse_rule(&rule, count);
		else
		{
			rule.rule->name = psprintf("%d", i + 1);
			itsm_rule_fault(&rule, "it must be an object, not %s", itsm_json_kind(value));
		}
		parse->faults = rule.faults;
	}
}
