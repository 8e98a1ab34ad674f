/*
 * discover.c
 *		itsm.discover_lifecycle: proposes a definition from a log.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/json_read.h"
#include "lifecycle/definition_parse.h"
#include "lifecycle/discovery.h"
#include "lifecycle/log_reader.h"
#include "lifecycle/name_index.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

/* More distinct states than this are no states: the column is another one. */
#define STATES_MAX MAX_STATES

/* What is counted of a log.  Arrays have room for "capacity" states. */
typedef struct LogCounts
{
	NameIndex	names;
	const char **states;		/* names, in the order of appearance */
	int			count;
	int			capacity;
	int64	   *moves;			/* [from * capacity + to] */
	int64	   *starts;
	int64	   *stays;
	int64		entries;
	int64		keys;
} LogCounts;

static void
grow(LogCounts *counts)
{
	int			capacity = counts->capacity ? counts->capacity * 2 : 16;
	int64	   *moves = palloc0(sizeof(int64) * capacity * capacity);
	int64	   *starts = palloc0(sizeof(int64) * capacity);
	int64	   *stays = palloc0(sizeof(int64) * capacity);
	const char **states = palloc(sizeof(char *) * capacity);

	for (int from = 0; from < counts->count; from++)
	{
		for (int to = 0; to < counts->count; to++)
			moves[from * capacity + to] = counts->moves[from * counts->capacity + to];
		starts[from] = counts->starts[from];
		stays[from] = counts->stays[from];
		states[from] = counts->states[from];
	}
	counts->capacity = capacity;
	counts->moves = moves;
	counts->starts = starts;
	counts->stays = stays;
	counts->states = states;
}

/* As define_lifecycle sees it. */
static bool
can_be_a_name(const char *name)
{
	return !itsm_blank(name) && strlen(name) < NAMEDATALEN && strcmp(itsm_clip(name), name) == 0 &&
		strcmp(name, "*") != 0;
}

static int
state_number(LogCounts *counts, const LogEntry *entry)
{
	int			number;
	char	   *name;

	if (entry->state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the log has an entry of key \"%s\" whose \"state\" is null",
						itsm_log_key(entry))));
	number = name_index_find(&counts->names, entry->state, entry->state_length);
	if (number != NAME_NONE)
		return number;
	name = pnstrdup(entry->state, Min(entry->state_length, NAMEDATALEN));
	if (!can_be_a_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the log has an entry of key \"%s\" whose \"state\" cannot be the name of a state: \"%s\"",
						itsm_log_key(entry), itsm_clip(name)),
				 errhint("A name has 1 to %d bytes and no control characters.", NAMEDATALEN - 1)));
	if (counts->count == STATES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the log's column \"state\" has more than %d different values", STATES_MAX),
				 errhint("A lifecycle has tens of states: another column may have been meant.")));
	if (counts->count == counts->capacity)
		grow(counts);
	name_index_add(&counts->names, entry->state, entry->state_length, counts->count);
	counts->states[counts->count] = name;
	return counts->count++;
}

static void
count_log(LogCounts *counts, const char *query)
{
	LogReader  *log = itsm_log_open(query, false);
	LogEntry	entry;
	int			state = -1;

	grow(counts);
	while (itsm_log_next(log, &entry))
	{
		int			from = state;

		state = state_number(counts, &entry);
		counts->entries++;
		if (entry.first)
		{
			if (from >= 0)
				counts->stays[from]++;
			counts->starts[state]++;
			counts->keys++;
		}
		else if (state != from)
			counts->moves[from * counts->capacity + state]++;
	}
	if (state >= 0)
		counts->stays[state]++;
	itsm_log_close(log);
	if (counts->keys == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("the log has no entries"),
				 errhint("A lifecycle can only be learned from a log that has some.")));
}

/* part >= whole * min_share, without the rounding of floating point. */
static bool
enough(const Discovery *discovery, int64_t part, int64_t whole)
{
	Datum		least = DirectFunctionCall2(numeric_mul, PointerGetDatum(discovery->context),
											NumericGetDatum(int64_to_numeric(whole)));

	return DatumGetBool(DirectFunctionCall2(numeric_ge, NumericGetDatum(int64_to_numeric(part)),
											least));
}

/* Beginnings of words that tell a state's category. */
static const struct
{
	const char *word;
	StateCategory category;
}			category_words[] = {
	{"cancel", CATEGORY_CANCELLED}, {"reject", CATEGORY_CANCELLED}, {"withdr", CATEGORY_CANCELLED},
	{"declin", CATEGORY_CANCELLED}, {"abandon", CATEGORY_CANCELLED}, {"refus", CATEGORY_CANCELLED},
	{"duplicat", CATEGORY_CANCELLED}, {"merged", CATEGORY_CANCELLED},
	{"await", CATEGORY_WAITING}, {"wait", CATEGORY_WAITING}, {"pend", CATEGORY_WAITING},
	{"hold", CATEGORY_WAITING}, {"suspend", CATEGORY_WAITING}, {"stall", CATEGORY_WAITING},
	{"paus", CATEGORY_WAITING}, {"block", CATEGORY_WAITING}, {"defer", CATEGORY_WAITING},
	{"clos", CATEGORY_CLOSED}, {"archiv", CATEGORY_CLOSED}, {"retired", CATEGORY_CLOSED},
	{"resolv", CATEGORY_RESOLVED}, {"solved", CATEGORY_RESOLVED}, {"fixed", CATEGORY_RESOLVED},
	{"done", CATEGORY_RESOLVED}, {"complet", CATEGORY_RESOLVED}, {"fulfilled", CATEGORY_RESOLVED},
	{"finish", CATEGORY_RESOLVED}, {"restored", CATEGORY_RESOLVED}, {"implemented", CATEGORY_RESOLVED},
	{"delivered", CATEGORY_RESOLVED},
	{"progress", CATEGORY_ACTIVE}, {"work", CATEGORY_ACTIVE}, {"active", CATEGORY_ACTIVE},
	{"assign", CATEGORY_ACTIVE}, {"accept", CATEGORY_ACTIVE}, {"investig", CATEGORY_ACTIVE},
	{"analy", CATEGORY_ACTIVE}, {"diagnos", CATEGORY_ACTIVE}, {"implement", CATEGORY_ACTIVE},
	{"start", CATEGORY_ACTIVE}, {"escalat", CATEGORY_ACTIVE}, {"reopen", CATEGORY_ACTIVE},
	{"fulfil", CATEGORY_ACTIVE}, {"review", CATEGORY_ACTIVE}, {"approved", CATEGORY_ACTIVE},
	{"new", CATEGORY_NEW}, {"submit", CATEGORY_NEW}, {"register", CATEGORY_NEW},
	{"logged", CATEGORY_NEW}, {"draft", CATEGORY_NEW}, {"created", CATEGORY_NEW},
	{"received", CATEGORY_NEW}, {"reported", CATEGORY_NEW}, {"record", CATEGORY_NEW},
	{"queued", CATEGORY_NEW}, {"unassigned", CATEGORY_NEW},
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The first word that tells, except that "cancelled" and its like win wherever they stand. */
static bool
category_by_words(const char *name, StateCategory *category)
{
	bool		found = false;

	for (const char *at = name; *at; at++)
	{
		if (!is_letter(*at) || (at > name && is_letter(at[-1])))
			continue;
		for (int i = 0; i < lengthof(category_words); i++)
		{
			if (pg_strncasecmp(at, category_words[i].word, strlen(category_words[i].word)) != 0)
				continue;
			if (!found || category_words[i].category == CATEGORY_CANCELLED)
				*category = category_words[i].category;
			found = true;
			break;
		}
	}
	return found;
}

/* By its name; else, and for words like "open", by its place. */
static StateCategory
guess_category(const Discovery *discovery, const char *name, int state)
{
	StateCategory category = CATEGORY_ACTIVE;

	if (category_by_words(name, &category))
		return category;
	if (discovery->initial[state])
		return CATEGORY_NEW;
	return discovery->final[state] ? CATEGORY_CLOSED : CATEGORY_ACTIVE;
}

/* For sorting: a state of the result. */
typedef struct FoundState
{
	int			number;
	StateCategory category;
	int64		visits;
	const char *name;
} FoundState;

/* By category, then the more visited first. */
static int
compare_states(const void *a, const void *b)
{
	const FoundState *left = a;
	const FoundState *right = b;

	if (left->category != right->category)
		return left->category < right->category ? -1 : 1;
	if (left->visits != right->visits)
		return left->visits > right->visits ? -1 : 1;
	return strcmp(left->name, right->name);
}

static FoundState *
found_states(const Discovery *discovery, const LogCounts *counts, int *count)
{
	FoundState *states = palloc(sizeof(FoundState) * counts->count);

	*count = 0;
	for (int i = 0; i < counts->count; i++)
	{
		FoundState *state = &states[*count];

		if (!discovery->kept[i])
			continue;
		state->number = i;
		state->name = counts->states[i];
		state->category = guess_category(discovery, state->name, i);
		state->visits = discovery_leaving(discovery, i) + counts->stays[i];
		(*count)++;
	}
	qsort(states, *count, sizeof(FoundState), compare_states);
	return states;
}

/* How much of the log the result covers. */
static void
append_description(StringInfo json, const Discovery *discovery, const LogCounts *counts)
{
	int64		moves = 0;
	int64		moves_covered = 0;
	int64		starts_covered = 0;
	int			left_out = 0;
	StringInfoData text;

	for (int from = 0; from < counts->count; from++)
	{
		for (int to = 0; to < counts->count; to++)
		{
			int64		here = counts->moves[from * counts->capacity + to];

			moves += here;
			if (discovery->allowed[from * counts->count + to])
				moves_covered += here;
		}
		if (discovery->initial[from])
			starts_covered += counts->starts[from];
		if (!discovery->kept[from])
			left_out++;
	}
	initStringInfo(&text);
	appendStringInfo(&text, "Learned from " INT64_FORMAT " log entries of " INT64_FORMAT " keys: covers "
					 INT64_FORMAT " of " INT64_FORMAT " moves and " INT64_FORMAT " of " INT64_FORMAT
					 " starts; states left out: %d.", counts->entries, counts->keys, moves_covered, moves,
					 starts_covered, counts->keys, left_out);
	escape_json(json, text.data);
}

static void
append_states(StringInfo json, const Discovery *discovery, const FoundState *states, int count)
{
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(json, i ? ", {\"name\": " : "{\"name\": ");
		escape_json(json, states[i].name);
		appendStringInfo(json, ", \"category\": \"%s\"", itsm_category_names[states[i].category]);
		if (discovery->initial[states[i].number])
			appendStringInfoString(json, ", \"initial\": true");
		if (discovery->final[states[i].number])
			appendStringInfoString(json, ", \"final\": true");
		appendStringInfoChar(json, '}');
	}
}

static void
append_transitions(StringInfo json, const Discovery *discovery, const FoundState *states, int count)
{
	bool		any = false;

	for (int from = 0; from < count; from++)
		for (int to = 0; to < count; to++)
		{
			if (!discovery->allowed[states[from].number * discovery->count + states[to].number])
				continue;
			appendStringInfoString(json, any ? ", {\"from\": " : "{\"from\": ");
			escape_json(json, states[from].name);
			appendStringInfoString(json, ", \"to\": ");
			escape_json(json, states[to].name);
			appendStringInfoChar(json, '}');
			any = true;
		}
}

static char *
definition_json(const char *name, const Discovery *discovery, const LogCounts *counts)
{
	StringInfoData json;
	int			count;
	FoundState *states = found_states(discovery, counts, &count);

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"name\": ");
	escape_json(&json, name);
	appendStringInfoString(&json, ", \"process\": ");
	escape_json(&json, name);
	appendStringInfoString(&json, ", \"description\": ");
	append_description(&json, discovery, counts);
	appendStringInfoString(&json, ", \"attributes\": {}, \"states\": [");
	append_states(&json, discovery, states, count);
	appendStringInfoString(&json, "], \"transitions\": [");
	append_transitions(&json, discovery, states, count);
	appendStringInfoString(&json, "], \"delete\": \"refuse\", \"rules\": []}");
	return json.data;
}

static void
check_arguments(FunctionCallInfo fcinfo)
{
	static const char *const arguments[] = {"name", "log", "min_share"};
	Datum		share;

	for (int i = 0; i < lengthof(arguments); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("%s must not be null", arguments[i])));
	if (!can_be_a_name(text_to_cstring(PG_GETARG_TEXT_PP(0))))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("\"%s\" cannot be the name of a lifecycle",
						itsm_clip(text_to_cstring(PG_GETARG_TEXT_PP(0)))),
				 errhint("A name has 1 to %d bytes and no control characters.", NAMEDATALEN - 1)));
	share = PG_GETARG_DATUM(2);
	/* NaN is greater than every number. */
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, share, NumericGetDatum(int64_to_numeric(0)))) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, share, NumericGetDatum(int64_to_numeric(1)))))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("min_share is %s, not between 0 and 1",
						DatumGetCString(DirectFunctionCall1(numeric_out, share)))));
}

/*
 * itsm.discover_lifecycle(name text, log text, min_share numeric) → jsonb
 *
 * Runs the log query as the caller.  Errors: ERRCODE_ITSM_ATTACHMENT for
 * arguments and logs that will not do, and whatever the query raises.
 */
ITSM_FUNCTION(itsm_discover_lifecycle);
Datum
itsm_discover_lifecycle(PG_FUNCTION_ARGS)
{
	LogCounts	counts = {0};
	Discovery	discovery = {0};
	char	   *json;

	check_arguments(fcinfo);
	count_log(&counts, text_to_cstring(PG_GETARG_TEXT_PP(1)));

	discovery.count = counts.count;
	discovery.moves = counts.moves;
	discovery.stride = counts.capacity;
	discovery.starts = counts.starts;
	discovery.stays = counts.stays;
	discovery.initial = palloc0(sizeof(bool) * counts.count);
	discovery.final = palloc0(sizeof(bool) * counts.count);
	discovery.kept = palloc0(sizeof(bool) * counts.count);
	discovery.allowed = palloc0(sizeof(bool) * counts.count * counts.count);
	discovery.enough = enough;
	discovery.context = PG_GETARG_NUMERIC(2);
	discovery_choose(&discovery);

	json = definition_json(text_to_cstring(PG_GETARG_TEXT_PP(0)), &discovery, &counts);
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}
