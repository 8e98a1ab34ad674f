/*
 * rule_not_frozen.c
 *		not_frozen: a change is planned for a time at which no freeze is in scope,
 *		and, with "maintenance", inside the maintenance windows in scope.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "practice/change_window.h"

static const char *const rule_members[] = {"in", NULL};
static const char *const plan_members[] = {"start", "end", "service", "cis", "ci", "ci_class", "maintenance", NULL};

static void *
parse_not_frozen(RuleParse *parse, const JsonbValue *value)
{
	PlanAttributes *attributes = itsm_plan_parse(parse, value, plan_members);

	itsm_plan_parse_states(parse, attributes);
	return attributes;
}

static List *
reads_not_frozen(const void *data)
{
	return itsm_plan_reads(data);
}

static void
judge_not_frozen(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const PlanAttributes *attributes = data;
	const LifecycleAttribute *names = judgement->definition->attributes;
	WindowConflict conflict;
	Subject		subject;
	ChangePlan	plan;

	if (!itsm_plan_is_timed(attributes, judgement->mapped) || !itsm_plan_judged(judgement, rule, attributes))
		return;
	itsm_plan_read(judgement->definition, attributes, judgement->mapped, judgement->new, &plan);
	if (!itsm_plan_sound(judgement, rule, &itsm_rule_not_frozen, &plan, false) ||
		!judgement->subject(judgement, &subject))
		return;
	itsm_window_conflicts(subject.tenant_after, &plan, &conflict);
	if (conflict.freezes)
		itsm_rule_unmet(judgement, rule, &itsm_rule_not_frozen, names[attributes->start].name,
						"%d freeze%s that time", conflict.freezes, conflict.freezes == 1 ? " covers" : "s cover");
	if (attributes->maintenance && conflict.outside)
		itsm_rule_unmet(judgement, rule, &itsm_rule_not_frozen, names[attributes->start].name,
						"that time is not inside the maintenance windows");
}

const RuleKind itsm_rule_not_frozen = {
	.name = "not_frozen",
	.code = ERRCODE_ITSM_WINDOW,
	.hint = "itsm.change_conflicts lists what stands against it, itsm.next_free_slot finds another time.",
	.members = rule_members,
	.compares = true,
	.looks_around = true,
	.parse = parse_not_frozen,
	.judge = judge_not_frozen,
	.reads = reads_not_frozen,
};
