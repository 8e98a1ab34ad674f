/*
 * rule_within.c
 *		within: a time limit since a milestone of the record.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/rule_data.h"
#include "lifecycle/time_limit.h"
#include "utils/builtins.h"

static const char *const within_members[] = {"since", NULL};

static void
parse_limit(RuleParse *parse, const JsonbValue *value, WithinData *data)
{
	const char *message;

	data->text = itsm_json_string(value);
	if (data->text == NULL)
		itsm_rule_fault(parse, "it must be a string with an interval, not %s",
						itsm_json_kind(value));
	else if (!itsm_time_limit(data->text, parse->stored, &data->limit, &message))
		itsm_rule_fault(parse, "\"%s\": %s", itsm_clip(data->text), message);
}

static void *
parse_within(RuleParse *parse, const JsonbValue *value)
{
	WithinData *data = palloc0(sizeof(WithinData));
	JsonbValue	since;
	char	   *name;

	data->since = MILESTONE_RESOLVED;
	parse_limit(parse, value, data);
	if (!itsm_json_member(parse->object, "since", &since))
		return data;
	name = itsm_json_string(&since);
	for (int i = 0; name && i < MILESTONE_COUNT; i++)
		if (strcmp(name, itsm_milestone_names[i]) == 0)
		{
			data->since = i;
			return data;
		}
	itsm_rule_fault(parse,
					"\"since\" must be \"opened\", \"first_response\", \"resolved\" or \"closed\"");
	return data;
}

static void
judge_within(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const WithinData *within = data;
	const char *milestone = itsm_milestone_names[within->since];
	TimestampTz reached;
	TimestampTz end;

	if (!itsm_rule_applies(judgement, rule))
		return;
	if (judgement->milestone == NULL || !judgement->milestone(judgement, within->since, &reached))
	{
		itsm_rule_unmet(judgement, rule, &itsm_rule_within, NULL,
						"it is only possible within %s of \"%s\", which was never reached",
						within->text, milestone);
		return;
	}
	end = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												  TimestampTzGetDatum(reached),
												  IntervalPGetDatum(unconstify(Interval *, &within->limit))));
	if ((judgement->at ? judgement->at : GetCurrentTimestamp()) > end)
		itsm_rule_unmet(judgement, rule, &itsm_rule_within, NULL,
						"it is only possible within %s of \"%s\"", within->text, milestone);
}

const RuleKind itsm_rule_within = {
	.name = "within",
	.code = ERRCODE_ITSM_RULE,
	.members = within_members,
	.parse = parse_within,
	.judge = judge_within,
	.looks_back = true,
};
