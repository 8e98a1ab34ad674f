/*
 * rule_reason.c
 *		reason: the setting itsm.reason says why.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/rule_kind.h"

static void *
parse_reason(RuleParse *parse, const JsonbValue *value)
{
	if (value->type != jbvBool || !value->val.boolean)
		itsm_rule_fault(parse, "it must be true");
	return NULL;
}

static void
judge_reason(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	if (itsm_rule_applies(judgement, rule) && itsm_blank(judgement->reason))
		itsm_rule_unmet(judgement, rule, &itsm_rule_reason, NULL,
						"a reason is required; SET LOCAL itsm.reason gives it");
}

const RuleKind itsm_rule_reason = {
	.name = "reason",
	.code = ERRCODE_ITSM_REASON,
	.parse = parse_reason,
	.judge = judge_reason,
};
