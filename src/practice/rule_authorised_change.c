/*
 * rule_authorised_change.c
 *		authorised_change: a configuration item under control changes by a change
 *		that names it, while that is implemented, by one of its implementers.
 *
 *	{"authorised_change": true, "in": ["live", "in_maintenance"]}
 *	{"authorised_change": {"attributes": ["version", "status"], "relationships": false}}
 *
 * "attributes": which attributes are controlled; "status" stands for the state,
 * and for the row's beginning and end.  Without it all are, but those that
 * applications write by the way (actor and the milestones).  "relationships":
 * those of the item too, unless false.  "change_in": states of a change in
 * which it is implemented ("implement").  "implementers": its attributes that
 * name them ("implementer").
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/lint.h"
#include "lifecycle/rule_value.h"
#include "practice/authorised_change.h"

#define STATUS "status"

static const char *const rule_members[] = {"in", NULL};

/* What is no content of the item. */
static const char *const by_the_way[] = {"actor", "opened_at", "first_response_at", "resolved_at", "closed_at"};

static void
control_all(const Definition *definition, AuthorisedData *data)
{
	data->all = data->status = true;
	for (int i = 0; i < definition->attribute_count; i++)
	{
		bool		counts = true;

		for (int j = 0; j < lengthof(by_the_way); j++)
			counts &= strcmp(definition->attributes[i].name, by_the_way[j]) != 0;
		if (counts)
			data->attributes = lappend_int(data->attributes, i);
	}
}

static void
parse_attributes(RuleParse *parse, const JsonbValue *value, AuthorisedData *data)
{
	List	   *names;
	ListCell   *cell;

	if (!itsm_json_strings(value, &names))
	{
		itsm_rule_fault(parse, "\"attributes\" must be an attribute or an array of attributes, not %s",
						itsm_json_array(value) ? "this array" : itsm_json_kind(value));
		return;
	}
	foreach(cell, names)
	{
		int			number = itsm_definition_attribute(parse->definition, lfirst(cell));

		data->status |= strcmp(lfirst(cell), STATUS) == 0;
		if (number >= 0)
			data->attributes = list_append_unique_int(data->attributes, number);
		else if (strcmp(lfirst(cell), STATUS) != 0)
			itsm_rule_fault(parse, "\"%s\" is not among the attributes", itsm_clip(lfirst(cell)));
	}
}

static void
parse_names(RuleParse *parse, const JsonbValue *value, const char *member, List **names)
{
	ListCell   *cell;

	if (!itsm_json_strings(value, names))
		itsm_rule_fault(parse, "\"%s\" must be a name or an array of names, not %s", member,
						itsm_json_array(value) ? "this array" : itsm_json_kind(value));
	foreach(cell, *names)
		if (itsm_blank(lfirst(cell)))
			itsm_rule_fault(parse, "\"%s\" has a blank name", member);
}

static void
parse_member(RuleParse *parse, const JsonbContainer *object, const char *name, AuthorisedData *data)
{
	JsonbValue	value;

	(void) itsm_json_member(object, name, &value);
	if (strcmp(name, "attributes") == 0)
		parse_attributes(parse, &value, data);
	else if (strcmp(name, "change_in") == 0)
		parse_names(parse, &value, name, &data->change_states);
	else if (strcmp(name, "implementers") == 0)
		parse_names(parse, &value, name, &data->implementers);
	else if (strcmp(name, "relationships") != 0)
		itsm_rule_fault(parse, "unknown member \"%s\"", itsm_clip(name));
	else if (value.type == jbvBool)
		data->relationships = value.val.boolean;
	else
		itsm_rule_fault(parse, "\"relationships\" must be true or false, not %s", itsm_json_kind(&value));
}

/* States of the item: "in", which a rule about moves does not need. */
static void
parse_states(RuleParse *parse, AuthorisedData *data)
{
	JsonbValue	value;

	if (!itsm_json_member(parse->object, "in", &value))
		return;
	data->states = itsm_rule_states(parse, &value, "in");
	if (itsm_json_member(parse->object, "from", &value) || itsm_json_member(parse->object, "to", &value))
		itsm_rule_fault(parse, "\"in\" says in which states all writes are controlled, \"from\" and \"to\" which moves are; give one");
}

static void *
parse_authorised(RuleParse *parse, const JsonbValue *value)
{
	AuthorisedData *data = palloc0(sizeof(AuthorisedData));
	const JsonbContainer *object = itsm_json_object(value);
	JsonbValue	attributes;
	ListCell   *cell;

	data->relationships = true;
	data->change_states = list_make1("implement");
	data->implementers = list_make1("implementer");
	if (object == NULL && (value->type != jbvBool || !value->val.boolean))
		itsm_rule_fault(parse, "it must be true, or an object, not %s", itsm_json_kind(value));
	if (object == NULL || !itsm_json_member(object, "attributes", &attributes))
		control_all(parse->definition, data);
	if (object)
		foreach(cell, itsm_json_names(object))
			parse_member(parse, object, lfirst(cell), data);
	parse_states(parse, data);
	return data;
}

/* One that is not mapped is nobody's business, unless it was named. */
static List *
reads_authorised(const void *data)
{
	const AuthorisedData *authorised = data;

	return authorised->all ? NIL : authorised->attributes;
}

static bool
is_in(const AuthorisedData *data, int state)
{
	return state != ITSM_NO_STATE && (data->states == NULL || data->states[state]);
}

/* The item is under control before the write, or after it. */
static bool
is_controlled(const Judgement *judgement, const LifecycleRule *rule, const AuthorisedData *data)
{
	if (!itsm_rule_unscoped(rule))
		return judgement->new && itsm_rule_moves(judgement, rule);
	if (!judgement->creating && is_in(data, judgement->from))
		return true;
	return judgement->new && is_in(data, judgement->to);
}

/*
 * Something that is controlled changes; *attribute: the first such attribute,
 * NULL: it is the state, the row, or what it is found by.
 */
static bool
changes(const Judgement *judgement, const LifecycleRule *rule, const AuthorisedData *data, const Subject *subject,
		const char **attribute)
{
	ListCell   *cell;

	*attribute = NULL;
	if (data->status && (subject->rekeyed || strcmp(subject->tenant, subject->tenant_after) != 0))
		return true;
	if (judgement->new == NULL || judgement->moving || judgement->creating)
		if (data->status || !itsm_rule_unscoped(rule))
			return true;
	if (judgement->new == NULL || judgement->old == NULL)
		return false;
	foreach(cell, data->attributes)
	{
		int			number = lfirst_int(cell);

		if (!judgement->mapped[number] ||
			itsm_value_same(&judgement->definition->attributes[number], judgement->old, judgement->written, number))
			continue;
		*attribute = judgement->definition->attributes[number].name;
		return true;
	}
	return false;
}

static void
judge_authorised(Judgement *judgement, const LifecycleRule *rule, const void *kind_data)
{
	const AuthorisedData *data = kind_data;
	ControlledWrite write = {
		.actor = judgement->actor.name, .at = judgement->at ? judgement->at : GetCurrentTimestamp(),
		.lock = !judgement->asking && judgement->mode == MODE_ENFORCE
	};
	const char *attribute;
	const char *wanting;
	Subject		subject;

	if (judgement->subject == NULL || !is_controlled(judgement, rule, data) || !judgement->subject(judgement, &subject) ||
		!changes(judgement, rule, data, &subject, &attribute))
		return;
	write.tenant = subject.tenant;
	write.ci = subject.key;
	wanting = itsm_change_wanting(data, &write);
	if (wanting)
		itsm_rule_unmet(judgement, rule, &itsm_rule_authorised_change, attribute, "%s", wanting);
}

static void
lint_authorised(const Definition *definition, const LifecycleRule *rule, const void *kind_data, List **problems)
{
	const AuthorisedData *data = kind_data;

	if (!itsm_rule_unscoped(rule))
		return;
	if (rule->when && data->relationships)
		lint_problem(problems, LINT_INFO, "rule \"%s\": relationships are not controlled, because \"when\" looks at a row",
					 rule->name);
	for (int i = 0; data->status && i < definition->state_count; i++)
		if (definition->machine.initial[i] && is_in(data, i))
			lint_problem(problems, LINT_INFO, "rule \"%s\": no record can begin in state \"%s\" before a change names it",
						 rule->name, definition->states[i].name);
}

const RuleKind itsm_rule_authorised_change = {
	.name = "authorised_change",
	.code = ERRCODE_ITSM_UNAUTHORISED,
	.hint = "A change that names the item has to be in implementation, inside its planned window, with whoever acts among its implementers; itsm.act_as says who acts.",
	.members = rule_members,
	.compares = true,
	.looks_around = true,
	.deletes = true,
	.parse = parse_authorised,
	.judge = judge_authorised,
	.reads = reads_authorised,
	.lint = lint_authorised,
};
