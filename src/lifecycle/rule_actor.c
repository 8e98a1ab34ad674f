/*
 * rule_actor.c
 *		role: the actor has one of these roles.
 *		separate: the actor is not one of those who had to do with the record
 *		before.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/rule_data.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/rule_value.h"
#include "utils/acl.h"

static void *
parse_role(RuleParse *parse, const JsonbValue *value)
{
	List	   *names;
	ListCell   *cell;

	if (!itsm_json_strings(value, &names))
		itsm_rule_fault(parse, "it must be a role or an array of roles, not %s",
						itsm_json_array(value) ? "this array" : itsm_json_kind(value));
	foreach(cell, names)
		if (itsm_blank(lfirst(cell)) || strlen(lfirst(cell)) >= NAMEDATALEN)
			itsm_rule_fault(parse, "\"%s\" cannot be a role's name", itsm_clip(lfirst(cell)));
	return names;
}

/*
 * A claimed actor stands for a person, not for the session's role: only what
 * was granted to a role of that name counts.
 */
static Oid
acting_role(const Actor *actor)
{
	if (!actor->claimed)
		return actor->role;
	return actor->name && strlen(actor->name) < NAMEDATALEN
		? get_role_oid(actor->name, true) : InvalidOid;
}

static void
judge_role(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const List *names = data;
	StringInfoData text;
	ListCell   *cell;
	Oid			actor;

	if (!itsm_rule_applies(judgement, rule))
		return;
	actor = acting_role(&judgement->actor);
	initStringInfo(&text);
	foreach(cell, names)
	{
		Oid			role = get_role_oid(lfirst(cell), true);

		if (OidIsValid(actor) && OidIsValid(role) && is_member_of_role_nosuper(actor, role))
			return;
		appendStringInfo(&text, "%s\"%s\"", foreach_current_index(cell) ? " or " : "",
						 (char *) lfirst(cell));
	}
	itsm_rule_unmet(judgement, rule, &itsm_rule_role, NULL, "the actor needs the role %s",
					text.data);
}

const RuleKind itsm_rule_role = {
	.name = "role",
	.code = ERRCODE_ITSM_ROLE,
	.parse = parse_role,
	.judge = judge_role,
};

static void
parse_move(RuleParse *parse, const JsonbContainer *object, SeparateData *data)
{
	SeparateMove *move = palloc0(sizeof(SeparateMove));
	List	   *names = itsm_json_names(object);
	ListCell   *cell;

	foreach(cell, names)
	{
		const char *name = lfirst(cell);
		JsonbValue	value;

		(void) itsm_json_member(object, name, &value);
		if (strcmp(name, "from") == 0)
			move->from = itsm_rule_states(parse, &value, name);
		else if (strcmp(name, "to") == 0)
			move->to = itsm_rule_states(parse, &value, name);
		else
			itsm_rule_fault(parse, "unknown member \"%s\" of a transition", itsm_clip(name));
	}
	if (names == NIL)
		itsm_rule_fault(parse, "a transition needs \"from\" or \"to\"");
	data->moves = lappend(data->moves, move);
}

static void
parse_item(RuleParse *parse, const JsonbValue *value, SeparateData *data)
{
	if (value->type == jbvString)
		data->attributes = list_concat_unique_int(data->attributes,
												  itsm_rule_attributes(parse, value, false));
	else if (itsm_json_object(value))
		parse_move(parse, itsm_json_object(value), data);
	else
		itsm_rule_fault(parse,
						"an attribute or an object with \"from\" and \"to\" is needed, not %s",
						itsm_json_kind(value));
}

static void *
parse_separate(RuleParse *parse, const JsonbValue *value)
{
	SeparateData *data = palloc0(sizeof(SeparateData));
	JsonbContainer *array = itsm_json_array(value);

	if (array == NULL)
		parse_item(parse, value, data);
	else if (JsonContainerSize(array) == 0)
		itsm_rule_fault(parse, "the array is empty");
	else
		for (uint32 i = 0; i < JsonContainerSize(array); i++)
			parse_item(parse, getIthJsonbValueFromContainer(array, i), data);
	return data;
}

static List *
reads_separate(const void *data)
{
	return ((const SeparateData *) data)->attributes;
}

/*
 * The value before the write counts as well: else one could replace it in the
 * same statement.
 */
static void
judge_attribute(Judgement *judgement, const LifecycleRule *rule, int number)
{
	const LifecycleAttribute *attribute = &judgement->definition->attributes[number];
	const char *actor = judgement->actor.name;
	TupleTableSlot *slots[] = {judgement->new, judgement->old};

	for (int i = 0; i < lengthof(slots); i++)
	{
		char	   *value = slots[i] ? itsm_value_text(attribute, slots[i], number) : NULL;

		if (value && strcmp(value, actor) == 0)
		{
			itsm_rule_unmet(judgement, rule, &itsm_rule_separate, attribute->name,
							"the actor must not be the %s", attribute->name);
			return;
		}
	}
}

static bool
is_in(const Definition *definition, const bool *states, const char *name)
{
	int			state;

	if (states == NULL)
		return true;
	state = name ? itsm_definition_state(definition, name, strlen(name)) : ITSM_NO_STATE;
	return state != ITSM_NO_STATE && states[state];
}

static void
judge_moves(Judgement *judgement, const LifecycleRule *rule, const SeparateData *data)
{
	List	   *past = judgement->past ? judgement->past(judgement) : NIL;
	ListCell   *cell;
	ListCell   *item;

	foreach(cell, past)
	{
		const PastTransition *transition = lfirst(cell);
		bool		unknown = transition->actor == NULL;

		if (!unknown && strcmp(transition->actor, judgement->actor.name) != 0)
			continue;
		foreach(item, data->moves)
		{
			const SeparateMove *move = lfirst(item);

			if (!is_in(judgement->definition, move->from, transition->from_state) ||
				!is_in(judgement->definition, move->to, transition->to_state))
				continue;
			itsm_rule_unmet(judgement, rule, &itsm_rule_separate, NULL,
							unknown
							? "the actor must not be who moved it to %s, and who that was is unknown"
							: "the actor must not be who moved it to %s",
							transition->to_state);
			return;
		}
	}
}

static void
judge_separate(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const SeparateData *separate = data;
	bool		applicable = separate->moves != NIL;
	ListCell   *cell;

	if (!itsm_rule_applies(judgement, rule))
		return;
	foreach(cell, separate->attributes)
		applicable |= judgement->mapped[lfirst_int(cell)];
	if (!applicable)
		return;
	if (judgement->actor.name == NULL)
	{
		itsm_rule_unmet(judgement, rule, &itsm_rule_separate, NULL,
						"who acts is unknown; itsm.act_as says it");
		return;
	}
	foreach(cell, separate->attributes)
		if (judgement->mapped[lfirst_int(cell)])
			judge_attribute(judgement, rule, lfirst_int(cell));
	if (separate->moves)
		judge_moves(judgement, rule, separate);
}

const RuleKind itsm_rule_separate = {
	.name = "separate",
	.code = ERRCODE_ITSM_SEPARATION,
	.parse = parse_separate,
	.judge = judge_separate,
	.looks_back = true,
	.reads = reads_separate,
};
