/*
 * sla_parse.c
 *		An agreement's JSON turned into C structures, every fault named.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "lifecycle/definition_parse.h"
#include "lifecycle/time_limit.h"
#include "service_time/service_time.h"
#include "service_time/sla.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define KIND "sla"
#define WHERE "the agreement"
#define MAX_TARGET (1000 * 366 * USECS_PER_DAY)

const char *const itsm_sla_sets[SLA_SETS] = {"start", "stop", "reset", "cancel", "pause"};

static const char *const members[] = {
	"name", "lifecycle", "process", "kind", "metric", "condition", "calendar", "hours", "target",
	"start", "stop", "reset", "cancel", "pause", "pause_when", "hold_reasons", "reset_on", "reopen", "retroactive",
	"warn", "valid_from", "valid_until", "label", "description", "comment", "clause", NULL
};

static const char *const kinds[] = {"sla", "ola", "uc", NULL};

/* In the order of ClockReopen. */
static const char *const reopens[] = {"resume", "new", "none", NULL};

#define CATEGORY(name) (1u << CATEGORY_##name)
#define OVER (CATEGORY(RESOLVED) | CATEGORY(CLOSED))

/* What the metrics that have a name mean, where the definition does not say. */
static const struct
{
	const char *metric;
	ClockReopen reopen;
	unsigned	sets[SLA_SETS];
}			metrics[] = {
	{"response", CLOCK_REOPEN_NONE,
		{CATEGORY(NEW), CATEGORY(ACTIVE) | CATEGORY(WAITING) | OVER, 0, CATEGORY(CANCELLED), 0}},
	{"resolution", CLOCK_REOPEN_RESUME,
		{CATEGORY(NEW) | CATEGORY(ACTIVE) | CATEGORY(WAITING), OVER, 0, CATEGORY(CANCELLED), CATEGORY(WAITING)}},
	{NULL, CLOCK_REOPEN_RESUME, {0, 0, 0, CATEGORY(CANCELLED), 0}}
};

static char *
text_member(DefinitionParse *parse, const JsonbContainer *object, const char *member, bool required)
{
	char	   *text = itsm_definition_text(parse, object, KIND, WHERE, member, required);

	if (text && itsm_blank(text))
	{
		definition_fault(parse, KIND, NULL, "%s: \"%s\" is blank", WHERE, member);
		return NULL;
	}
	return text;
}

/* The position of a text among names; the default when the member is absent, a fault when it is another. */
static int
choice(DefinitionParse *parse, const JsonbContainer *object, const char *member, const char *const *names,
	   int absent)
{
	char	   *text = text_member(parse, object, member, false);

	if (text == NULL)
		return absent;
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	definition_fault(parse, KIND, NULL, "%s: \"%s\" may not be \"%s\"", WHERE, member, itsm_clip(text));
	return absent;
}

static void
parse_target(DefinitionParse *parse, const JsonbContainer *object, Sla *sla, bool stored)
{
	const char *message = NULL;
	Interval	target;
	JsonbValue	value;

	if (itsm_json_member(object, "target", &value) && itsm_json_object(&value))
	{
		itsm_relative_parse(parse, itsm_json_object(&value), stored, &sla->relative);
		sla->terms.relative = true;
		sla->target_text = JsonbToCString(NULL, itsm_json_object(&value), value.val.binary.len);
		return;
	}
	sla->target_text = text_member(parse, object, "target", true);
	if (sla->target_text == NULL)
		return;
	/* what a minus sign stands for depends on a setting: it is not read at all */
	if (strchr(sla->target_text, '-'))
		definition_fault(parse, KIND, NULL, "the target \"%s\" has a minus sign in it; a target is more than zero",
						 itsm_clip(sla->target_text));
	else if (!itsm_time_limit(sla->target_text, stored, &target, &message))
		definition_fault(parse, KIND, NULL, "the target \"%s\" is not a time: %s", itsm_clip(sla->target_text),
						 message);
	else if (!itsm_interval_is_finite(&target) || target.month != 0)
		definition_fault(parse, KIND, NULL,
						 "the target \"%s\" has no fixed length; give days, of 24 open hours each, or hours",
						 itsm_clip(sla->target_text));
	else if (target.day > MAX_TARGET / USECS_PER_DAY || target.time > MAX_TARGET)
		definition_fault(parse, KIND, NULL, "the target \"%s\" is too long", itsm_clip(sla->target_text));
	else
	{
		sla->terms.target = itsm_target_length(&target);
		if (sla->terms.target <= 0)
			definition_fault(parse, KIND, NULL, "the target \"%s\" is not more than zero",
							 itsm_clip(sla->target_text));
	}
}

static void
parse_set(DefinitionParse *parse, const JsonbContainer *object, SlaSet set, unsigned absent, StateSet *states)
{
	const char *member = itsm_sla_sets[set];
	JsonbValue	value;

	if (!itsm_json_member(object, member, &value))
	{
		states->categories = absent;
		return;
	}
	/* none at all may be said too */
	if (itsm_json_array(&value) && JsonContainerSize(itsm_json_array(&value)) == 0)
		return;
	if (itsm_json_strings(&value, &states->names))
		return;
	definition_fault(parse, KIND, NULL, "%s: \"%s\" must be a state or category, or an array of them", WHERE, member);
	states->categories = absent;
}

static void
parse_sets(DefinitionParse *parse, const JsonbContainer *object, Sla *sla)
{
	int			known = 0;
	ClockReopen reopen;
	JsonbValue	value;

	while (metrics[known].metric && sla->metric && strcmp(metrics[known].metric, sla->metric) != 0)
		known++;
	for (SlaSet set = SLA_START; set < SLA_SETS; set++)
		parse_set(parse, object, set, metrics[known].sets[set], &sla->sets[set]);
	for (SlaSet set = SLA_START; set <= SLA_STOP; set++)
		if (sla->sets[set].names == NIL && sla->sets[set].categories == 0)
			definition_fault(parse, KIND, NULL, "%s: metric \"%s\" needs states to %s", WHERE,
							 sla->metric ? itsm_clip(sla->metric) : "", itsm_sla_sets[set]);
	if (itsm_json_member(object, "reset_on", &value) && !itsm_json_strings(&value, &sla->reset_on))
		definition_fault(parse, KIND, NULL, "%s: \"reset_on\" must be an attribute, or an array of them", WHERE);
	reopen = choice(parse, object, "reopen", reopens, metrics[known].reopen);
	sla->terms.reopen = reopen;
}

/* Of the reasons for which a record waits, those that pause: as an expression. */
static char *
reasons_expression(const List *reasons)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	appendStringInfoString(&text, "new.hold_reason = ANY (ARRAY[");
	foreach(cell, reasons)
		appendStringInfo(&text, "%s%s", foreach_current_index(cell) ? ", " : "",
						 quote_literal_cstr(lfirst(cell)));
	appendStringInfoString(&text, "])");
	return text.data;
}

static void
parse_checks(DefinitionParse *parse, const JsonbContainer *object, Sla *sla)
{
	JsonbValue	value;
	List	   *reasons;

	sla->given[SLA_CONDITION] = text_member(parse, object, "condition", false);
	sla->given[SLA_PAUSE_WHEN] = text_member(parse, object, "pause_when", false);
	if (!itsm_json_member(object, "hold_reasons", &value))
		return;
	if (!itsm_json_strings(&value, &reasons))
		definition_fault(parse, KIND, NULL, "%s: \"hold_reasons\" must be a string, or an array of them", WHERE);
	else if (sla->given[SLA_PAUSE_WHEN])
		definition_fault(parse, KIND, NULL, "%s: give \"hold_reasons\" or \"pause_when\", not both", WHERE);
	else
		sla->given[SLA_PAUSE_WHEN] = reasons_expression(reasons);
}

static bool
read_share(const JsonbValue *value, double *share)
{
	if (value->type != jbvNumeric)
		return false;
	*share = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
	return *share > 0 && *share < 1;
}

static int
compare_shares(const void *a, const void *b)
{
	double		first = *(const double *) a;
	double		second = *(const double *) b;

	return (first > second) - (first < second);
}

static void
parse_shares(DefinitionParse *parse, const JsonbContainer *object, Sla *sla)
{
	JsonbValue	value;
	JsonbContainer *array;

	if (!itsm_json_member(object, "warn", &value))
		return;
	array = itsm_json_array(&value);
	if (array == NULL || JsonContainerSize(array) > SLA_MAX_SHARES)
	{
		definition_fault(parse, KIND, NULL, "%s: \"warn\" must be an array of at most %d shares of the target",
						 WHERE, SLA_MAX_SHARES);
		return;
	}
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (!read_share(element, &sla->shares[sla->share_count++]))
		{
			definition_fault(parse, KIND, NULL, "%s: a share in \"warn\" is a number between 0 and 1", WHERE);
			return;
		}
	}
	qsort(sla->shares, sla->share_count, sizeof(double), compare_shares);
	for (int i = 1; i < sla->share_count; i++)
		if (sla->shares[i] == sla->shares[i - 1])
		{
			definition_fault(parse, KIND, NULL, "%s: \"warn\" has a share twice", WHERE);
			return;
		}
}

Sla *
itsm_sla_parse(const Jsonb *json, char **checks, List **faults)
{
	const JsonbContainer *object = &json->root;
	DefinitionParse parse = {NULL, checks, *faults};
	Sla		   *sla = palloc0(sizeof(Sla));

	if (!JB_ROOT_IS_OBJECT(json))
		definition_fault(&parse, KIND, NULL, "a definition must be a JSON object");
	else
	{
		itsm_definition_members(&parse, object, KIND, WHERE, members);
		sla->name = text_member(&parse, object, "name", true);
		if (sla->name)
			(void) itsm_definition_name(&parse, KIND, WHERE, sla->name);
		sla->lifecycle = text_member(&parse, object, "lifecycle", false);
		sla->process = text_member(&parse, object, "process", false);
		if ((sla->lifecycle == NULL) == (sla->process == NULL))
			definition_fault(&parse, KIND, NULL, "%s: give a \"lifecycle\", or a \"process\" for all of its lifecycles",
							 WHERE);
		sla->kind = pstrdup(kinds[choice(&parse, object, "kind", kinds, 0)]);
		sla->metric = text_member(&parse, object, "metric", true);
		sla->calendar = text_member(&parse, object, "calendar", false);
		sla->hours_text = text_member(&parse, object, "hours", false);
		if (sla->calendar && sla->hours_text)
			definition_fault(&parse, KIND, NULL, "%s: give a \"calendar\" or \"hours\", not both", WHERE);
		parse_target(&parse, object, sla, checks != NULL);
		parse_sets(&parse, object, sla);
		parse_checks(&parse, object, sla);
		parse_shares(&parse, object, sla);
		sla->retroactive = itsm_definition_flag(&parse, object, KIND, WHERE, "retroactive");
		for (SlaCheck check = SLA_CONDITION; checks && check < SLA_CHECKS; check++)
			sla->checks[check] = checks[check];
	}
	*faults = parse.faults;
	return sla;
}
