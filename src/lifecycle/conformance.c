/*
 * conformance.c
 *		itsm.conformance: judges a log under a lifecycle, as if its entries
 *		were the writes of a table that observes.
 *
 * Judged are the moves, the initial states and the rules of kind "within",
 * whose milestones come from the log's times.  All other kinds look at
 * attributes or actors, which a log does not have.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/unmet.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "lifecycle/definition.h"
#include "lifecycle/log_reader.h"
#include "lifecycle/name_index.h"
#include "lifecycle/rule_kind.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#define RESULT_COLUMNS 6

/* A condition of kind "within", and its rule. */
typedef struct TimeLimit
{
	const LifecycleRule *rule;
	const void *data;
} TimeLimit;

/* The record that the log is at. */
typedef struct Record
{
	int			state;			/* ITSM_NO_STATE: unmapped */
	bool		null;			/* the unmapped value is null */
	StringInfoData value;		/* the unmapped value */
	Milestones	milestones;
} Record;

typedef struct Conformance
{
	const Definition *definition;
	NameIndex	values;			/* status values → states */
	Datum	   *state_names;	/* text, per state */
	TimeLimit  *limits;
	int			limit_count;
	Record		record;
	MemoryContext entry_context;	/* reset with each entry */
} Conformance;

/* What is to be said of an entry. */
typedef struct Verdict
{
	const char *code;
	const char *rule;			/* NULL: none */
} Verdict;

static void
map_value(Conformance *conformance, const JsonbValue *value, const JsonbValue *state)
{
	int			number;

	if (state->type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("states maps \"%s\" to something that is no string",
						pnstrdup(value->val.string.val, value->val.string.len))));
	number = itsm_definition_state(conformance->definition, state->val.string.val, state->val.string.len);
	if (number < 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("states maps \"%s\" to \"%s\", which is no state of lifecycle \"%s\"",
						pnstrdup(value->val.string.val, value->val.string.len),
						pnstrdup(state->val.string.val, state->val.string.len),
						conformance->definition->name)));
	name_index_add(&conformance->values, value->val.string.val, value->val.string.len, number);
}

/* Without a map, status values are the states' names. */
static void
map_values(Conformance *conformance, Jsonb *states)
{
	const Definition *definition = conformance->definition;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	name;
	JsonbValue	state;

	if (states == NULL)
	{
		for (int i = 0; i < definition->state_count; i++)
			name_index_add(&conformance->values, definition->states[i].name,
						   strlen(definition->states[i].name), i);
		return;
	}
	if (!JB_ROOT_IS_OBJECT(states))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("states is not a JSON object {\"status value\": \"state\"}")));
	iterator = JsonbIteratorInit(&states->root);
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &state, true);
		map_value(conformance, &name, &state);
	}
}

static void
collect_limits(Conformance *conformance)
{
	const Definition *definition = conformance->definition;
	int			room = 0;

	for (int i = 0; i < definition->rule_count; i++)
		room += definition->rules[i].condition_count;
	conformance->limits = palloc(sizeof(TimeLimit) * Max(room, 1));
	for (int i = 0; i < definition->rule_count; i++)
	{
		const LifecycleRule *rule = &definition->rules[i];

		/* Only rules that refuse have a SQLSTATE to tell. */
		for (int j = 0; rule->mode == MODE_ENFORCE && rule->when == NULL && j < rule->condition_count; j++)
			if (rule->conditions[j].kind == &itsm_rule_within)
				conformance->limits[conformance->limit_count++] =
					(TimeLimit) {rule, rule->conditions[j].data};
	}
}

static void
prepare(Conformance *conformance, char *lifecycle, Jsonb *states)
{
	int			version = 0;
	const Definition *definition = itsm_definition_load(lifecycle, &version);

	conformance->definition = definition;
	map_values(conformance, states);
	collect_limits(conformance);
	conformance->state_names = palloc(sizeof(Datum) * definition->state_count);
	for (int i = 0; i < definition->state_count; i++)
		conformance->state_names[i] = CStringGetTextDatum(definition->states[i].name);
	initStringInfo(&conformance->record.value);
	conformance->entry_context = AllocSetContextCreate(CurrentMemoryContext, "itsm conformance entry",
													   ALLOCSET_SMALL_SIZES);
}

static bool
log_milestone(Judgement *judgement, Milestone milestone, TimestampTz *at)
{
	const Record *record = judgement->context;

	*at = record->milestones.at[milestone];
	return record->milestones.reached[milestone];
}

/* The first time limit that the entry breaks. */
static Verdict
judge_limits(Conformance *conformance, const LogEntry *entry, int to, bool moving)
{
	Verdict		verdict = {"ok", NULL};
	Judgement	judgement = {0};

	if (conformance->limit_count == 0)
		return verdict;
	judgement.definition = conformance->definition;
	judgement.from = entry->first ? ITSM_NO_STATE : conformance->record.state;
	judgement.to = to;
	judgement.creating = entry->first;
	judgement.moving = moving;
	judgement.at = entry->at;
	judgement.milestone = log_milestone;
	judgement.context = &conformance->record;
	for (int i = 0; i < conformance->limit_count; i++)
	{
		const TimeLimit *limit = &conformance->limits[i];

		itsm_rule_within.judge(&judgement, limit->rule, limit->data);
		if (judgement.unmet == NIL)
			continue;
		verdict.code = unpack_sql_state(itsm_unmet_first(judgement.unmet)->code);
		verdict.rule = limit->rule->name;
		break;
	}
	return verdict;
}

static bool
same_value(const Record *record, const LogEntry *entry)
{
	if (record->null || entry->state == NULL)
		return record->null && entry->state == NULL;
	return record->value.len == entry->state_length &&
		memcmp(record->value.data, entry->state, entry->state_length) == 0;
}

static Verdict
judge(Conformance *conformance, const LogEntry *entry, int to)
{
	const StateMachine *machine = &conformance->definition->machine;
	const Record *record = &conformance->record;
	bool		moving = entry->first || to != record->state;

	/* An unmapped value that stays as it was is not judged again. */
	if (to == ITSM_NO_STATE && (entry->first || moving || !same_value(record, entry)))
		return (Verdict) {"IT002", "status"};
	if (to == ITSM_NO_STATE)
		return (Verdict) {"ok", NULL};
	if (entry->first && !machine->initial[to])
		return (Verdict) {"IT003", "initial"};
	if (!entry->first && moving &&
		(record->state == ITSM_NO_STATE || !state_machine_allows(machine, record->state, to)))
		return (Verdict) {"IT001", "transition"};
	return judge_limits(conformance, entry, to, moving);
}

static int
category_of(const Conformance *conformance, int state)
{
	return state == ITSM_NO_STATE ? CATEGORY_NONE : (int) conformance->definition->states[state].category;
}

/* The record is where the log says, whatever the verdict: as in a table that observes. */
static void
follow(Conformance *conformance, const LogEntry *entry, int to)
{
	Record	   *record = &conformance->record;
	bool		moving = entry->first || to != record->state;

	if (entry->first)
	{
		memset(&record->milestones, 0, sizeof(Milestones));
		record->milestones.reached[MILESTONE_OPENED] = true;
		record->milestones.at[MILESTONE_OPENED] = entry->at;
		record->state = ITSM_NO_STATE;
	}
	if (moving)
		milestone_move(&record->milestones, category_of(conformance, record->state),
					   category_of(conformance, to), entry->at);
	record->state = to;
	record->null = entry->state == NULL;
	resetStringInfo(&record->value);
	if (to == ITSM_NO_STATE && entry->state)
		appendBinaryStringInfo(&record->value, entry->state, entry->state_length);
}

static Datum
bytes_text(const char *bytes, int length)
{
	return PointerGetDatum(cstring_to_text_with_len(bytes, length));
}

static void
put_row(Conformance *conformance, ReturnSetInfo *result, const LogEntry *entry, int to,
		Verdict verdict)
{
	const Record *record = &conformance->record;
	Datum		values[RESULT_COLUMNS] = {0};
	bool		nulls[RESULT_COLUMNS] = {0};

	values[0] = bytes_text(entry->key, entry->key_length);
	values[1] = TimestampTzGetDatum(entry->at);
	if (!entry->first && record->state != ITSM_NO_STATE)
		values[2] = conformance->state_names[record->state];
	else if (!entry->first && !record->null)
		values[2] = bytes_text(record->value.data, record->value.len);
	else
		nulls[2] = true;
	if (to != ITSM_NO_STATE)
		values[3] = conformance->state_names[to];
	else if (entry->state)
		values[3] = bytes_text(entry->state, entry->state_length);
	else
		nulls[3] = true;
	values[4] = CStringGetTextDatum(verdict.code);
	if (verdict.rule)
		values[5] = CStringGetTextDatum(verdict.rule);
	else
		nulls[5] = true;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
judge_log(Conformance *conformance, const char *query, ReturnSetInfo *result)
{
	LogReader  *log = itsm_log_open(query, false);
	LogEntry	entry;
	MemoryContext caller = MemoryContextSwitchTo(conformance->entry_context);

	while (itsm_log_next(log, &entry))
	{
		int			to = entry.state == NULL ? ITSM_NO_STATE
			: name_index_find(&conformance->values, entry.state, entry.state_length);
		Verdict		verdict = judge(conformance, &entry, to);

		put_row(conformance, result, &entry, to, verdict);
		follow(conformance, &entry, to);
		MemoryContextReset(conformance->entry_context);
	}
	MemoryContextSwitchTo(caller);
	itsm_log_close(log);
}

/*
 * itsm.conformance(lifecycle text, log text, states jsonb)
 *		→ setof (key, at, from_state, to_state, verdict, rule)
 *
 * Runs the log query as the caller.  Errors: ERRCODE_UNDEFINED_OBJECT when
 * there is no such lifecycle, ERRCODE_ITSM_ATTACHMENT for maps and logs that
 * will not do, and whatever the query raises.
 */
ITSM_FUNCTION(itsm_conformance);
Datum
itsm_conformance(PG_FUNCTION_ARGS)
{
	Conformance conformance = {0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("%s must not be null", PG_ARGISNULL(0) ? "lifecycle" : "log")));
	InitMaterializedSRF(fcinfo, 0);
	prepare(&conformance, text_to_cstring(PG_GETARG_TEXT_PP(0)),
			PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	judge_log(&conformance, text_to_cstring(PG_GETARG_TEXT_PP(1)),
			  (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
