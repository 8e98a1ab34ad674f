/*
 * rule_check.c
 *		check: a boolean SQL expression over new, old and actor.
 *
 * A rule with a scope is judged on the moves in it.  One without is judged on
 * each write, but a row that broke it before may go on doing so until it moves
 * or comes under another lifecycle.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/expression.h"
#include "lifecycle/rule_kind.h"

typedef struct CheckText
{
	const Definition *definition;
	const char *text;
	bool		qualified;
	CheckData  *data;
} CheckText;

static void
resolve(void *argument)
{
	CheckText  *check = argument;
	CheckData  *data = check->data;
	Node	   *node = itsm_check_parse(check->definition, check->text, check->qualified);

	data->text = check->qualified
		? pstrdup(check->text) : itsm_check_deparse(check->definition, node);
	data->attributes = itsm_check_reads(check->definition, node, &data->reads_old,
										&data->reads_actor);
}

CheckData *
itsm_check_data(RuleParse *parse, const JsonbValue *value, const char *stored, int number)
{
	CheckData  *data = palloc0(sizeof(CheckData));
	CheckText	check = {parse->definition, stored, true, data};
	ErrorData  *error;

	data->number = number;
	data->given = itsm_json_string(value);
	if (data->given == NULL)
		itsm_rule_fault(parse, "it must be a string with an SQL expression, not %s",
						itsm_json_kind(value));
	else if (parse->stored && stored == NULL)
		itsm_rule_fault(parse, "the expression kept with the lifecycle is missing");
	else if (parse->stored)
		resolve(&check);
	else
	{
		check.text = data->given;
		check.qualified = false;
		error = itsm_attempt(resolve, &check);
		if (error)
			itsm_rule_fault(parse, "\"%s\": %s", itsm_clip(data->given), error->message);
	}
	return data;
}

static void *
parse_check(RuleParse *parse, const JsonbValue *value)
{
	return itsm_check_data(parse, value, parse->expression, parse->number);
}

static List *
reads_check(const void *data)
{
	return ((const CheckData *) data)->attributes;
}

/* The attribute to point at: there is one only if the check reads no other. */
static const char *
culprit(const Judgement *judgement, const CheckData *check)
{
	return list_length(check->attributes) == 1
		? judgement->definition->attributes[linitial_int(check->attributes)].name : NULL;
}

static void
judge_check(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const CheckData *check = data;
	bool		unscoped = itsm_rule_unscoped(rule);
	ListCell   *cell;

	if (!itsm_rule_applies(judgement, rule) || (judgement->creating && check->reads_old))
		return;
	foreach(cell, check->attributes)
		if (!judgement->mapped[lfirst_int(cell)])
			return;
	if (judgement->check(judgement, check->number))
		return;
	if (unscoped && !judgement->moving && !judgement->creating && !check->reads_old &&
		!judgement->check_old(judgement, check->number))
		return;
	itsm_rule_unmet(judgement, rule, &itsm_rule_check, culprit(judgement, check),
					"check \"%s\" is not satisfied", check->given);
}

const RuleKind itsm_rule_check = {
	.name = "check",
	.code = ERRCODE_ITSM_RULE,
	.standing = true,
	.parse = parse_check,
	.judge = judge_check,
	.reads = reads_check,
};
