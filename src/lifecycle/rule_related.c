/*
 * rule_related.c
 *		related: records that name this one, or that it names, are in certain
 *		states: children closed, change approved.
 *		acyclic: following an attribute from record to record does not lead back.
 *
 *	{"related": {"of": "incident", "by": "parent", "in": ["resolved", "closed", "cancelled"]}}
 *		the records of process incident whose attribute parent names this one
 *	{"related": {"by": "change", "in": ["scheduled", "implement"], "need": "some"}}
 *		the records that this one's own attribute change names
 *
 * "in" lists categories and names of states.  "with" narrows them down by what
 * attributes of the other record say: {"outcome": ["failed", "backed_out"]}.
 * "need": "all" (the default; there may be none), "some" (one at least) or "none".
 *
 * Whoever is judged by those who name it locks its own state row first, and
 * whoever rests on another record shares that one's: so neither overlooks the
 * other (reference.c), at any isolation level.  Messages count; they name no
 * record.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/reference.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/rule_value.h"
#include "miscadmin.h"
#include "record/projection.h"
#include "utils/builtins.h"

typedef enum Need
{
	NEED_ALL, NEED_SOME, NEED_NONE
} Need;

static const char *const need_names[] = {"all", "some", "none"};

/* An attribute of the other record, and what it may say. */
typedef struct RelatedValue
{
	char	   *attribute;
	List	   *among;			/* char * */
} RelatedValue;

typedef struct RelatedData
{
	char	   *of;				/* process of those who name this one; NULL: those whom it names */
	char	   *by;				/* attribute: theirs, or its own */
	int			number;			/* of its own; -1: theirs */
	List	   *in;				/* categories and states, char * */
	char	   *in_text;		/* for messages */
	List	   *with;			/* RelatedValue * */
	Need		need;
} RelatedData;

static const char *const related_members[] = {"of", "by", "in", "with", "need"};

static char *
text_member(RuleParse *parse, const JsonbContainer *object, const char *member, bool required)
{
	JsonbValue	value;
	char	   *text;

	if (!itsm_json_member(object, member, &value))
	{
		if (required)
			itsm_rule_fault(parse, "there is no \"%s\"", member);
		return NULL;
	}
	text = itsm_json_string(&value);
	if (itsm_blank(text))
		itsm_rule_fault(parse, "\"%s\" must be a name, not %s", member, text ? "blank" : itsm_json_kind(&value));
	return text;
}

/* An attribute of the lifecycle itself that names records. */
static int
own_reference(RuleParse *parse, const char *name)
{
	const Definition *definition = parse->definition;
	int			number = itsm_definition_attribute(definition, name);

	if (number < 0)
		itsm_rule_fault(parse, "\"%s\" is not among the attributes", itsm_clip(name));
	else if (definition->attributes[number].references == NULL)
		itsm_rule_fault(parse, "attribute \"%s\" names no records; \"references\" says which do", itsm_clip(name));
	else
		return number;
	return -1;
}

static void
parse_in(RuleParse *parse, const JsonbContainer *object, RelatedData *data)
{
	JsonbValue	value;
	StringInfoData text;
	ListCell   *cell;

	if (!itsm_json_member(object, "in", &value))
		itsm_rule_fault(parse, "there is no \"in\"");
	else if (!itsm_json_strings(&value, &data->in))
		itsm_rule_fault(parse, "\"in\" must be a category or state, or an array of them");
	initStringInfo(&text);
	foreach(cell, data->in)
		appendStringInfo(&text, "%s%s", foreach_current_index(cell) ? ", " : "", (char *) lfirst(cell));
	data->in_text = text.data;
}

/* What else a record has to say; the message tells it too. */
static void
parse_with(RuleParse *parse, const JsonbContainer *object, RelatedData *data)
{
	const JsonbContainer *with;
	StringInfoData text;
	JsonbValue	value;
	ListCell   *cell;

	if (!itsm_json_member(object, "with", &value))
		return;
	with = itsm_json_object(&value);
	if (with == NULL)
	{
		itsm_rule_fault(parse, "\"with\" must be an object of attributes and their values, not %s", itsm_json_kind(&value));
		return;
	}
	initStringInfo(&text);
	appendStringInfoString(&text, data->in_text);
	foreach(cell, itsm_json_names(with))
	{
		RelatedValue *wanted = palloc(sizeof(RelatedValue));

		wanted->attribute = lfirst(cell);
		(void) itsm_json_member(with, wanted->attribute, &value);
		if (!itsm_json_strings(&value, &wanted->among))
			itsm_rule_fault(parse, "\"with\": \"%s\" must be a text or an array of texts", itsm_clip(wanted->attribute));
		else
			data->with = lappend(data->with, wanted);
		appendStringInfo(&text, "%s %s", foreach_current_index(cell) ? " and" : " with such", wanted->attribute);
	}
	data->in_text = text.data;
}

static void *
parse_related(RuleParse *parse, const JsonbValue *value)
{
	RelatedData *data = palloc0(sizeof(RelatedData));
	const JsonbContainer *object = itsm_json_object(value);
	char	   *need;
	ListCell   *cell;

	data->number = -1;
	if (object == NULL)
	{
		itsm_rule_fault(parse, "it must be an object, not %s", itsm_json_kind(value));
		return data;
	}
	foreach(cell, itsm_json_names(object))
	{
		bool		known = false;

		for (int i = 0; i < lengthof(related_members); i++)
			known |= strcmp(lfirst(cell), related_members[i]) == 0;
		if (!known)
			itsm_rule_fault(parse, "unknown member \"%s\"", itsm_clip(lfirst(cell)));
	}
	data->of = text_member(parse, object, "of", false);
	data->by = text_member(parse, object, "by", true);
	if (data->by && data->of == NULL)
		data->number = own_reference(parse, data->by);
	parse_in(parse, object, data);
	parse_with(parse, object, data);
	need = text_member(parse, object, "need", false);
	for (int i = 0; need && i < lengthof(need_names); i++)
		if (strcmp(need, need_names[i]) == 0)
		{
			data->need = i;
			need = NULL;
		}
	if (need)
		itsm_rule_fault(parse, "\"need\" may be \"all\", \"some\" or \"none\", not \"%s\"", itsm_clip(need));
	return data;
}

static List *
reads_related(const void *data)
{
	const RelatedData *related = data;

	return related->number >= 0 ? list_make1_int(related->number) : NIL;
}

static bool
is_among(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (name && strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* What the record's attributes say once its state is ours: not what was read before. */
static bool
says(const RelatedData *data, const Subject *subject, const Record *record)
{
	Record		current;
	Projection	projection;
	ListCell   *cell;

	if (data->with == NIL)
		return true;
	if (!itsm_record_read(subject->tenant, record->id, &current) || !itsm_projection_read(&current, &projection))
		return false;
	foreach(cell, data->with)
	{
		const RelatedValue *wanted = lfirst(cell);

		if (!is_among(wanted->among, itsm_projection_attribute(&projection, wanted->attribute)))
			return false;
	}
	return true;
}

/* The state that the record has now, and keeps as long as we need it, and what else it has to say. */
static bool
is_in(const RelatedData *data, const Subject *subject, const Record *record, bool lock)
{
	RecordState state;

	if (lock ? !itsm_record_state_lock(subject->tenant, record->id, LockTupleShare, &state)
		: !itsm_record_state_read(record, &state))
		return false;
	return (is_among(data->in, state.state) || is_among(data->in, state.category)) && says(data, subject, record);
}

/* The records that the row itself names; *missing counts keys that name nothing. */
static List *
named_by(Judgement *judgement, const RelatedData *data, const Subject *subject, int *missing)
{
	const LifecycleAttribute *attribute = &judgement->definition->attributes[data->number];
	List	   *records = NIL;
	ListCell   *cell;

	foreach(cell, itsm_reference_keys(attribute, judgement->new, data->number))
	{
		List	   *found = itsm_reference_targets(subject->tenant, subject->source,
												   judgement->definition->process, attribute->references,
												   lfirst(cell));

		if (found == NIL)
			(*missing)++;
		records = list_concat(records, found);
	}
	return records;
}

static void
report(Judgement *judgement, const LifecycleRule *rule, const RelatedData *data, int total, int fit)
{
	const char *attribute = data->number >= 0 ? data->by : NULL;
	const char *what = data->of ? psprintf("records of process \"%s\" that name it as %s", data->of, data->by)
		: psprintf("records that it names as %s", data->by);

	if (data->need == NEED_NONE)
		itsm_rule_unmet(judgement, rule, &itsm_rule_related, attribute, "of %d %s, %d are in %s", total, what,
						fit, data->in_text);
	else if (data->need == NEED_SOME)
		itsm_rule_unmet(judgement, rule, &itsm_rule_related, attribute, "of %d %s, none is in %s", total, what,
						data->in_text);
	else
		itsm_rule_unmet(judgement, rule, &itsm_rule_related, attribute, "of %d %s, %d are not in %s", total, what,
						total - fit, data->in_text);
}

static void
judge_related(Judgement *judgement, const LifecycleRule *rule, const void *kind_data)
{
	const RelatedData *data = kind_data;
	Subject		subject;
	RecordState own;
	List	   *records;
	ListCell   *cell;
	int			missing = 0;
	int			fit = 0;
	int			total = 0;

	if (!itsm_rule_applies(judgement, rule) || judgement->subject == NULL ||
		(data->number >= 0 && !judgement->mapped[data->number]) ||
		!judgement->subject(judgement, &subject))
		return;
	if (data->of)
	{
		if (!judgement->asking && subject.record)
			(void) itsm_record_state_lock(subject.tenant, subject.record, LockTupleNoKeyExclusive, &own);
		records = itsm_reference_holders(subject.tenant, subject.source, judgement->definition->process,
										 subject.key, data->of, data->by);
	}
	else
		records = named_by(judgement, data, &subject, &missing);
	total = missing;
	foreach(cell, records)
	{
		const Record *record = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		if (record->id == subject.record)
			continue;
		total++;
		/* those who name it wait for its own lock */
		fit += is_in(data, &subject, record, !data->of && !judgement->asking);
	}
	if (data->need == NEED_ALL ? fit < total : data->need == NEED_SOME ? fit == 0 : fit > 0)
		report(judgement, rule, data, total, fit);
}

const RuleKind itsm_rule_related = {
	.name = "related",
	.code = ERRCODE_ITSM_RELATED,
	.looks_around = true,
	.parse = parse_related,
	.judge = judge_related,
	.reads = reads_related,
};

static void *
parse_acyclic(RuleParse *parse, const JsonbValue *value)
{
	List	   *numbers = itsm_rule_attributes(parse, value, false);
	ListCell   *cell;

	foreach(cell, numbers)
	{
		const LifecycleAttribute *attribute = &parse->definition->attributes[lfirst_int(cell)];

		if (attribute->references == NULL || strcmp(attribute->references, parse->definition->process) != 0)
			itsm_rule_fault(parse, "attribute \"%s\" does not name records of the same process; \"references\" says which do",
							attribute->name);
	}
	return numbers;
}

static List *
reads_acyclic(const void *data)
{
	return unconstify(void *, data);
}

/* Breadth first from what the row names; each record on the way is visited once, and shared. */
static bool
leads_back(Judgement *judgement, const Subject *subject, int number)
{
	const Definition *definition = judgement->definition;
	const LifecycleAttribute *attribute = &definition->attributes[number];
	List	   *keys = itsm_reference_keys(attribute, judgement->new, number);
	List	   *seen = NIL;

	/* the list grows while it is walked */
	for (int i = 0; i < list_length(keys); i++)
	{
		const char *key = list_nth(keys, i);
		ListCell   *cell;

		if (strcmp(key, subject->key) == 0)
			return true;
		foreach(cell, itsm_reference_targets(subject->tenant, subject->source, definition->process,
											 definition->process, key))
		{
			const Record *record = lfirst(cell);
			RecordState state;

			CHECK_FOR_INTERRUPTS();
			if (is_among(seen, key))
				continue;
			seen = lappend(seen, unconstify(char *, key));
			if (!judgement->asking)
				(void) itsm_record_state_lock(subject->tenant, record->id, LockTupleShare, &state);
			keys = list_concat(keys, itsm_reference_of(subject->tenant, record->id, attribute->name));
		}
	}
	return false;
}

static void
judge_acyclic(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	Subject		subject;
	RecordState own;
	const List *numbers = data;
	ListCell   *cell;

	if (judgement->subject == NULL || !itsm_rule_applies(judgement, rule))
		return;
	foreach(cell, numbers)
	{
		int			number = lfirst_int(cell);
		const LifecycleAttribute *attribute = &judgement->definition->attributes[number];

		if (!judgement->mapped[number] || judgement->new->tts_isnull[number] ||
			(judgement->old && itsm_value_same(attribute, judgement->old, judgement->new, number)) ||
			!judgement->subject(judgement, &subject))
			continue;
		/* two that come to name each other at once wait for each other */
		if (!judgement->asking && subject.record)
			(void) itsm_record_state_lock(subject.tenant, subject.record, LockTupleNoKeyExclusive, &own);
		if (leads_back(judgement, &subject, number))
			itsm_rule_unmet(judgement, rule, &itsm_rule_acyclic, attribute->name,
							"following %s leads back to the record itself", attribute->name);
	}
}

const RuleKind itsm_rule_acyclic = {
	.name = "acyclic",
	.code = ERRCODE_ITSM_CYCLE,
	.looks_around = true,
	.parse = parse_acyclic,
	.judge = judge_acyclic,
	.reads = reads_acyclic,
};
