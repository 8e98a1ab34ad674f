/*
 * definition_parse.c
 *		A definition's JSON turned into C structures, every fault named.
 *
 * Parsing goes on after a fault, so that the definer sees all of them at once.
 * Memory: everything is palloc'd in the caller's context.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "lifecycle/definition_parse.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/rule_value.h"
#include "lifecycle/time_limit.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

const char *const itsm_category_names[] = {
	"new", "active", "waiting", "resolved", "closed", "cancelled", NULL
};

const char *const itsm_milestone_names[] = {
	"opened", "first_response", "resolved", "closed", NULL
};

static const char *const definition_members[] = {
	"name", "process", "attributes", "references", "states", "transitions", "delete", "rules",
	"label", "description", "comment", NULL
};

static const char *const state_members[] = {
	"name", "category", "initial", "final", "label", "description", "comment", NULL
};

static const char *const transition_members[] = {
	"from", "to", "label", "after", "description", "comment", NULL
};

/* in the order of DeletePolicy */
static const char *const delete_names[] = {"allow", "refuse", "final", NULL};

int
itsm_definition_attribute(const Definition *definition, const char *name)
{
	for (int i = 0; i < definition->attribute_count; i++)
		if (strcmp(definition->attributes[i].name, name) == 0)
			return i;
	return -1;
}

int
itsm_definition_state(const Definition *definition, const char *name, int length)
{
	for (int i = 0; i < definition->state_count; i++)
	{
		const char *state = definition->states[i].name;

		if (strlen(state) == length && memcmp(state, name, length) == 0)
			return i;
	}
	return ITSM_NO_STATE;
}

static int
state_number(const Definition *definition, const char *name)
{
	return itsm_definition_state(definition, name, strlen(name));
}

static int
position_of(const char *name, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* Names for a message: "a", "b" or "c". */
static char *
alternatives(const char *const *names)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; names[i]; i++)
		appendStringInfo(&text, "%s\"%s\"", i == 0 ? "" : names[i + 1] ? ", " : " or ", names[i]);
	return text.data;
}

char *
itsm_definition_text(DefinitionParse *parse, const JsonbContainer *object, const char *kind,
					 const char *where, const char *member, bool required)
{
	JsonbValue	value;

	if (!itsm_json_member(object, member, &value))
	{
		if (required)
			definition_fault(parse, kind, NULL, "%s has no \"%s\"", where, member);
		return NULL;
	}
	if (value.type != jbvString)
	{
		definition_fault(parse, kind, NULL, "%s: \"%s\" must be a string, not %s", where, member,
						 itsm_json_kind(&value));
		return NULL;
	}
	return itsm_json_string(&value);
}

bool
itsm_definition_flag(DefinitionParse *parse, const JsonbContainer *object, const char *kind,
					 const char *where, const char *member)
{
	JsonbValue	value;

	if (!itsm_json_member(object, member, &value))
		return false;
	if (value.type == jbvBool)
		return value.val.boolean;
	definition_fault(parse, kind, NULL, "%s: \"%s\" must be true or false, not %s", where, member,
					 itsm_json_kind(&value));
	return false;
}

void
itsm_definition_members(DefinitionParse *parse, const JsonbContainer *object, const char *kind,
						const char *where, const char *const *known)
{
	List	   *names = itsm_json_names(object);
	ListCell   *cell;

	foreach(cell, names)
		if (position_of(lfirst(cell), known) < 0)
			definition_fault(parse, kind, NULL, "%s: unknown member \"%s\"", where,
							 itsm_clip(lfirst(cell)));
}

bool
itsm_definition_name(DefinitionParse *parse, const char *kind, const char *where, const char *name)
{
	if (itsm_blank(name))
		definition_fault(parse, kind, NULL, "%s: the name is blank", where);
	else if (strlen(name) >= NAMEDATALEN)
		definition_fault(parse, kind, NULL, "%s: the name is longer than %d bytes", where,
						 NAMEDATALEN - 1);
	else if (strcmp(itsm_clip(name), name) != 0)
		definition_fault(parse, kind, NULL, "%s: the name has control characters in it", where);
	else if (strcmp(name, "*") == 0)
		definition_fault(parse, kind, NULL, "%s: the name \"*\" stands for all", where);
	else
		return true;
	return false;
}

JsonbContainer *
itsm_definition_array(DefinitionParse *parse, const JsonbContainer *object, const char *member,
					  int limit, int *count)
{
	JsonbValue	value;
	JsonbContainer *array;

	*count = 0;
	if (!itsm_json_member(object, member, &value))
		return NULL;
	array = itsm_json_array(&value);
	if (array == NULL)
	{
		definition_fault(parse, "definition", NULL, "\"%s\" must be an array, not %s", member,
						 itsm_json_kind(&value));
		return NULL;
	}
	if (JsonContainerSize(array) > limit)
	{
		definition_fault(parse, "definition", NULL, "\"%s\" has %u elements; at most %d are possible",
						 member, JsonContainerSize(array), limit);
		return NULL;
	}
	*count = JsonContainerSize(array);
	return array;
}

static void
parse_attribute(DefinitionParse *parse, const JsonbContainer *object, char *name)
{
	Definition *definition = parse->definition;
	LifecycleAttribute *attribute = &definition->attributes[definition->attribute_count];
	char	   *where = psprintf("attribute \"%s\"", itsm_clip(name));
	const char *message;
	JsonbValue	value;
	char	   *text;

	if (!itsm_definition_name(parse, "attribute", where, name) ||
		!itsm_json_member(object, name, &value))
		return;
	text = itsm_json_string(&value);
	attribute->name = name;

	/* expressions can still be checked against a faulty attribute, as if it were a text */
	attribute->type = TEXTOID;
	attribute->typmod = -1;
	if (text == NULL)
		definition_fault(parse, "attribute", name, "%s: the type must be a string, not %s", where,
						 itsm_json_kind(&value));
	else if (!itsm_definition_type(text, parse->expressions != NULL, &attribute->type,
								   &attribute->typmod, &message))
		definition_fault(parse, "attribute", name, "%s: type \"%s\": %s", where, itsm_clip(text),
						 message);
	attribute->collation = get_typcollation(attribute->type);
	attribute->blank = itsm_blank_form(attribute->type);
	definition->attribute_count++;
}

static void
parse_attributes(DefinitionParse *parse, const JsonbContainer *object)
{
	JsonbValue	value;
	JsonbContainer *attributes;
	List	   *names;
	ListCell   *cell;

	if (!itsm_json_member(object, "attributes", &value))
		return;
	attributes = itsm_json_object(&value);
	if (attributes == NULL)
	{
		definition_fault(parse, "definition", NULL, "\"attributes\" must be an object, not %s",
						 itsm_json_kind(&value));
		return;
	}
	if (JsonContainerSize(attributes) > MAX_ATTRIBUTES)
	{
		definition_fault(parse, "definition", NULL, "%u attributes; at most %d are possible",
						 JsonContainerSize(attributes), MAX_ATTRIBUTES);
		return;
	}
	names = itsm_json_names(attributes);
	parse->definition->attributes = palloc0(sizeof(LifecycleAttribute) * (list_length(names) + 1));
	foreach(cell, names)
		parse_attribute(parse, attributes, lfirst(cell));
}

/* Attributes that name other records, each with their process. */
static void
parse_references(DefinitionParse *parse, const JsonbContainer *object)
{
	JsonbValue	value;
	JsonbContainer *references;
	ListCell   *cell;

	if (!itsm_json_member(object, "references", &value))
		return;
	references = itsm_json_object(&value);
	if (references == NULL)
	{
		definition_fault(parse, "definition", NULL, "\"references\" must be an object, not %s",
						 itsm_json_kind(&value));
		return;
	}
	foreach(cell, itsm_json_names(references))
	{
		char	   *name = lfirst(cell);
		int			number = itsm_definition_attribute(parse->definition, name);
		char	   *where = psprintf("reference \"%s\"", itsm_clip(name));
		char	   *process = itsm_definition_text(parse, references, "reference", where, name, true);

		if (number < 0)
			definition_fault(parse, "reference", NULL, "%s: it is not among the attributes", where);
		else if (process && itsm_definition_name(parse, "reference", where, process))
			parse->definition->attributes[number].references = process;
	}
}

static void
parse_state(DefinitionParse *parse, const JsonbValue *value, int position, bool *initial, bool *final)
{
	Definition *definition = parse->definition;
	LifecycleState *state = &definition->states[definition->state_count];
	JsonbContainer *object = itsm_json_object(value);
	char	   *where = psprintf("state %d", position + 1);
	char	   *category;
	bool		is_initial;
	bool		is_final;
	bool		named;

	if (object == NULL)
	{
		definition_fault(parse, "state", NULL, "%s must be an object, not %s", where,
						 itsm_json_kind(value));
		return;
	}
	state->name = itsm_definition_text(parse, object, "state", where, "name", true);
	named = state->name && itsm_definition_name(parse, "state", where, state->name);
	if (named)
		where = psprintf("state \"%s\"", state->name);
	category = itsm_definition_text(parse, object, "state", where, "category", true);
	if (category)
	{
		int			number = position_of(category, itsm_category_names);

		if (number < 0)
			definition_fault(parse, "state", NULL, "%s: unknown category \"%s\"; categories are %s",
							 where, itsm_clip(category), alternatives(itsm_category_names));
		else
			state->category = number;
	}
	is_initial = itsm_definition_flag(parse, object, "state", where, "initial");
	is_final = itsm_definition_flag(parse, object, "state", where, "final");
	(void) itsm_definition_text(parse, object, "state", where, "label", false);
	(void) itsm_definition_text(parse, object, "state", where, "description", false);
	itsm_definition_members(parse, object, "state", where, state_members);
	if (named && state_number(definition, state->name) != ITSM_NO_STATE)
		definition_fault(parse, "state", NULL, "%s is there twice", where);
	else if (named)
	{
		initial[definition->state_count] = is_initial;
		final[definition->state_count] = is_final;
		definition->state_count++;
	}
}

static void
parse_states(DefinitionParse *parse, const JsonbContainer *object)
{
	Definition *definition = parse->definition;
	JsonbValue	value;
	int			count;
	JsonbContainer *array = itsm_definition_array(parse, object, "states", MAX_STATES, &count);
	bool	   *initial = palloc0(count + 1);
	bool	   *final = palloc0(count + 1);
	bool		any_initial = false;

	definition->states = palloc0(sizeof(LifecycleState) * (count + 1));
	for (int i = 0; i < count; i++)
		parse_state(parse, getIthJsonbValueFromContainer(array, i), i, initial, final);
	if (!itsm_json_member(object, "states", &value) || (array && count == 0))
		definition_fault(parse, "definition", NULL, "there are no states");

	count = definition->state_count;
	state_machine_init(&definition->machine, count, palloc0(state_machine_size(count) + 1));
	for (int i = 0; i < count; i++)
	{
		definition->machine.initial[i] = initial[i];
		definition->machine.final[i] = final[i];
		any_initial |= initial[i];
	}
	if (count > 0 && !any_initial)
		definition_fault(parse, "state", NULL,
						 "no state is initial; one at least needs \"initial\": true");
}

/* One end of a transition, as a list of state numbers; *all when it is "*". */
static List *
parse_end(DefinitionParse *parse, const JsonbContainer *object, const char *where,
		  const char *member, bool *all)
{
	JsonbValue	value;
	List	   *names;
	List	   *numbers = NIL;
	ListCell   *cell;

	*all = false;
	if (!itsm_json_member(object, member, &value))
	{
		definition_fault(parse, "transition", NULL, "%s has no \"%s\"", where, member);
		return NIL;
	}
	if (!itsm_json_strings(&value, &names))
	{
		definition_fault(parse, "transition", NULL,
						 "%s: \"%s\" must be a state or an array of states, not %s", where, member,
						 itsm_json_array(&value) ? "this array" : itsm_json_kind(&value));
		return NIL;
	}
	foreach(cell, names)
	{
		int			number = state_number(parse->definition, lfirst(cell));

		if (strcmp(lfirst(cell), "*") == 0)
			*all = true;
		else if (number == ITSM_NO_STATE)
			definition_fault(parse, "transition", NULL, "%s: \"%s\" names no state: \"%s\"", where,
							 member, itsm_clip(lfirst(cell)));
		else
			numbers = lappend_int(numbers, number);
	}
	if (*all)
	{
		numbers = NIL;
		for (int i = 0; i < parse->definition->state_count; i++)
			numbers = lappend_int(numbers, i);
	}
	return numbers;
}

static void
add_transition(DefinitionParse *parse, int from, int to, const LifecycleTransition *given, const char *where,
			   bool stated)
{
	Definition *definition = parse->definition;
	LifecycleTransition *transition = &definition->transitions[definition->transition_count];

	if (state_machine_allows(&definition->machine, from, to))
	{
		/* "*" fills up what was not said before; what is said, is said once */
		if (stated)
			definition_fault(parse, "transition", NULL,
							 "%s: from \"%s\" to \"%s\" is there already", where,
							 definition->states[from].name, definition->states[to].name);
		return;
	}
	state_machine_allow(&definition->machine, from, to);
	*transition = *given;
	transition->from = from;
	transition->to = to;
	definition->transition_count++;
}

static void
parse_after(DefinitionParse *parse, const JsonbContainer *object, const char *where, LifecycleTransition *given)
{
	const char *message;

	given->after = itsm_definition_text(parse, object, "transition", where, "after", false);
	if (given->after &&
		!itsm_time_limit(given->after, parse->expressions != NULL, &given->after_limit, &message))
		definition_fault(parse, "transition", NULL, "%s: \"after\" is \"%s\": %s", where,
						 itsm_clip(given->after), message);
}

static void
parse_transition(DefinitionParse *parse, const JsonbValue *value, int position, bool wildcards)
{
	JsonbContainer *object = itsm_json_object(value);
	char	   *where = psprintf("transition %d", position + 1);
	List	   *sources;
	List	   *targets;
	ListCell   *source;
	ListCell   *target;
	bool		from_all;
	bool		to_all;
	LifecycleTransition given = {0};
	List	   *before = parse->faults;
	int			fault_count = list_length(before);

	if (object == NULL)
	{
		if (!wildcards)
			definition_fault(parse, "transition", NULL, "%s must be an object, not %s", where,
							 itsm_json_kind(value));
		return;
	}
	sources = parse_end(parse, object, where, "from", &from_all);
	targets = parse_end(parse, object, where, "to", &to_all);
	given.label = itsm_definition_text(parse, object, "transition", where, "label", false);
	parse_after(parse, object, where, &given);
	(void) itsm_definition_text(parse, object, "transition", where, "description", false);
	itsm_definition_members(parse, object, "transition", where, transition_members);
	if (wildcards)
		/* its faults were told when it was read for the first time */
		parse->faults = list_truncate(parse->faults, fault_count);
	if ((from_all || to_all) != wildcards)
		return;
	foreach(source, sources)
		foreach(target, targets)
			if (!wildcards || lfirst_int(source) != lfirst_int(target))
				add_transition(parse, lfirst_int(source), lfirst_int(target), &given, where,
							   !wildcards);
}

static void
parse_transitions(DefinitionParse *parse, const JsonbContainer *object)
{
	Definition *definition = parse->definition;
	int			states = definition->state_count;
	int			count;
	JsonbContainer *array = itsm_definition_array(parse, object, "transitions",
												  MAX_STATES * MAX_STATES, &count);

	definition->transitions = palloc0(sizeof(LifecycleTransition) * (states * states + 1));

	/* those with "*" last: the others have labels of their own */
	for (int wildcards = 0; wildcards < 2; wildcards++)
		for (int i = 0; i < count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			parse_transition(parse, getIthJsonbValueFromContainer(array, i), i, wildcards);
		}
}

/*
 * A dead state is one that no record can leave although its life does not end
 * there.  One that no record can come to does no harm; lint_lifecycle tells.
 */
static void
find_dead_states(DefinitionParse *parse)
{
	const Definition *definition = parse->definition;
	const StateMachine *machine = &definition->machine;

	for (int i = 0; i < definition->state_count; i++)
	{
		bool		leaves = machine->final[i];

		for (int to = 0; to < definition->state_count && !leaves; to++)
			leaves = to != i && state_machine_allows(machine, i, to);
		if (!leaves)
			definition_fault(parse, "state", NULL,
							 "state \"%s\" is dead: no transition leaves it and it is not final",
							 definition->states[i].name);
	}
}

static void
parse_delete(DefinitionParse *parse, const JsonbContainer *object)
{
	char	   *text = itsm_definition_text(parse, object, "definition", "the definition", "delete",
											false);
	int			policy = text ? position_of(text, delete_names) : DELETE_ALLOW;

	if (policy < 0)
		definition_fault(parse, "definition", NULL, "unknown \"delete\" policy \"%s\"; it may be %s",
						 itsm_clip(text), alternatives(delete_names));
	else
		parse->definition->delete_policy = policy;
}

Definition *
itsm_definition_parse(const Jsonb *json, char **expressions, List **faults)
{
	DefinitionParse parse = {palloc0(sizeof(Definition)), expressions, *faults};
	Definition *definition = parse.definition;
	const JsonbContainer *object = &json->root;

	if (!JB_ROOT_IS_OBJECT(json))
		definition_fault(&parse, "definition", NULL, "the definition must be a JSON object");
	else
	{
		definition->name = itsm_definition_text(&parse, object, "definition", "the definition",
												"name", true);
		if (definition->name)
			(void) itsm_definition_name(&parse, "definition", "the definition", definition->name);
		definition->process = itsm_definition_text(&parse, object, "definition", "the definition",
												   "process", false);
		if (definition->process)
			(void) itsm_definition_name(&parse, "definition", "the process", definition->process);
		else
			definition->process = definition->name;
		(void) itsm_definition_text(&parse, object, "definition", "the definition", "label", false);
		(void) itsm_definition_text(&parse, object, "definition", "the definition", "description",
									false);
		itsm_definition_members(&parse, object, "definition", "the definition", definition_members);
		parse_attributes(&parse, object);
		parse_references(&parse, object);
		parse_states(&parse, object);
		parse_transitions(&parse, object);
		find_dead_states(&parse);
		parse_delete(&parse, object);
		itsm_definition_rules(&parse, object);
	}
	*faults = parse.faults;
	return definition;
}
