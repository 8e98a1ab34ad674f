/*
 * rule_class.c
 *		class: a configuration item is of a class that there is, or has all that
 *		the class requires, too.
 *
 * As with requires, a row that was illegal before stays writable until it
 * moves; only what a write makes worse is refused.
 */
#include "core/itsm.h"

#include "cmdb/ci_class.h"
#include "cmdb/rule_class.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/rule_value.h"

typedef struct ClassData
{
	bool		complete;
	int			attribute;		/* that names the class */
} ClassData;

static void *
parse_class(RuleParse *parse, const JsonbValue *value)
{
	ClassData  *data = palloc0(sizeof(ClassData));
	char	   *text = itsm_json_string(value);

	if (text == NULL || (strcmp(text, "defined") != 0 && strcmp(text, "complete") != 0))
		itsm_rule_fault(parse, "it must be \"defined\" or \"complete\"");
	data->complete = text && strcmp(text, "complete") == 0;
	data->attribute = itsm_definition_attribute(parse->definition, "ci_class");
	if (data->attribute < 0)
		data->attribute = itsm_definition_attribute(parse->definition, "class");
	if (data->attribute < 0)
		itsm_rule_fault(parse, "the lifecycle has no attribute \"ci_class\" or \"class\"");
	return data;
}

static List *
reads_class(const void *data)
{
	return list_make1_int(((const ClassData *) data)->attribute);
}

/* What is wrong with a row: attribute and message. */
typedef struct ClassFault
{
	const char *attribute;
	const char *message;
} ClassFault;

static List *
add_fault(List *faults, const char *attribute, const char *message)
{
	ClassFault *fault = palloc(sizeof(ClassFault));

	*fault = (ClassFault) {attribute, message};
	return lappend(faults, fault);
}

static bool
is_filled(const Judgement *judgement, TupleTableSlot *slot, const char *name)
{
	int			number = itsm_definition_attribute(judgement->definition, name);

	return number >= 0 && judgement->mapped[number] &&
		!itsm_value_missing(&judgement->definition->attributes[number], slot, number);
}

static List *
faults_of(const Judgement *judgement, const ClassData *data, TupleTableSlot *slot)
{
	const LifecycleAttribute *attribute = &judgement->definition->attributes[data->attribute];
	const char *class = itsm_value_missing(attribute, slot, data->attribute) ? NULL
		: itsm_value_text(attribute, slot, data->attribute);
	List	   *faults = NIL;
	ListCell   *cell;

	if (class == NULL)
		return add_fault(NIL, attribute->name, "it is of no class");
	if (!itsm_class_exists(class))
		return add_fault(NIL, attribute->name, "its class is not defined");
	if (itsm_class_is_abstract(class))
		return add_fault(NIL, attribute->name,
						 psprintf("class \"%s\" is abstract: no configuration item is of it", itsm_clip(class)));
	if (!data->complete)
		return NIL;
	foreach(cell, itsm_class_required(class))
		if (!is_filled(judgement, slot, lfirst(cell)))
			faults = add_fault(faults, lfirst(cell),
							   psprintf("%s is required of class \"%s\"", (char *) lfirst(cell), itsm_clip(class)));
	return faults;
}

static bool
has_fault(const List *faults, const ClassFault *fault)
{
	ListCell   *cell;

	foreach(cell, faults)
		if (strcmp(((ClassFault *) lfirst(cell))->message, fault->message) == 0)
			return true;
	return false;
}

/* The row stays where the rule holds. */
static bool
stays_under(const Judgement *judgement, const LifecycleRule *rule)
{
	if (judgement->creating || judgement->moving || rule->from != NULL)
		return false;
	return rule->to == NULL || (judgement->to != ITSM_NO_STATE && rule->to[judgement->to]);
}

static void
judge_class(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const ClassData *class = data;
	bool		moves = itsm_rule_moves(judgement, rule) || (judgement->creating && itsm_rule_unscoped(rule));
	List	   *before = NIL;
	ListCell   *cell;

	if (!judgement->mapped[class->attribute] || (!moves && !stays_under(judgement, rule)))
		return;
	if (!moves)
		before = faults_of(judgement, class, judgement->old);
	foreach(cell, faults_of(judgement, class, judgement->new))
	{
		const ClassFault *fault = lfirst(cell);

		if (!has_fault(before, fault))
			itsm_rule_unmet(judgement, rule, &itsm_rule_class, fault->attribute, "%s", fault->message);
	}
}

const RuleKind itsm_rule_class = {
	.name = "class",
	.code = ERRCODE_ITSM_RULE,
	.hint = "itsm.ci_class has the classes, itsm.class_attributes what they require.",
	.standing = true,
	.parse = parse_class,
	.judge = judge_class,
	.reads = reads_class,
};
