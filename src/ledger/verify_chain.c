/*
 * verify_chain.c
 *		All chains in one pass: each record's events, head, state row, projection
 *		and violations compared with one another.  verify_chain_read.c reads them.
 *
 * Memory: the folded values of one record.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "core/unmet.h"
#include "ledger/archive.h"
#include "ledger/verify_chain_read.h"
#include "ledger/verify_partition.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef enum Scope
{
	SCOPE_CHAIN, SCOPE_HEAD, SCOPE_STATE, SCOPE_PROJECTION, SCOPE_VIOLATION, SCOPE_PARTITION, SCOPE_ARCHIVE, SCOPE_COUNT
} Scope;

static const char *const scope_names[SCOPE_COUNT] = {"chain", "head", "state", "projection", "violation", "partition", "archive"};

/* What was found right of a source's records. */
typedef struct SourceCount
{
	int			source;
	uint64		right[SCOPE_COUNT];
	uint64		events;
} SourceCount;

/* The pass, with the record at hand. */
typedef struct Chains
{
	Verification *verification;
	MemoryContext context;
	MemoryContext record_context;
	ChainReader reader;			/* tells whose record it is, too */
	List	   *partitions;
	List	   *counts;			/* SourceCount */
	uint64		event_count;
	void	  **checkers;

	const Record *head;			/* NULL: there is none */
	const RecordState *state;
	const Projection *projection;
	EventFold	fold;
	ArchivedRecord gone;		/* what is archived of it; version 0: nothing, or it is at hand */
	bool		whole;			/* no event is missing or elsewhere, or cannot be read */
	int64		version;		/* of the last event */
	bool		imported;		/* it was */
	TimestampTz at;				/* of the last event that was not imported */
	bool		entered;		/* an event has the time at which the state was entered */
	bool		hash_known;		/* of the last event */
	uint8		hash[ITSM_HASH_LENGTH];
	uint64		events_here;
	uint64		violations_here;
	bool		faulty[SCOPE_COUNT];
} Chains;

/* Faults of the record at hand. */

static void
fault(Chains *chains, Scope scope, int64 version, const char *detail)
{
	itsm_verify_fault(chains->verification, scope_names[scope],
					  itsm_verify_name(chains->verification, chains->reader.tenant, chains->reader.record, version, chains->head),
					  "%s", detail);
	chains->faulty[scope] = true;
}

static const char *
text_or_none(const char *text)
{
	return text ? psprintf("\"%s\"", text) : "none";
}

static void
compare_texts(Chains *chains, Scope scope, const char *what, const char *is, const char *told)
{
	if (is == NULL || told == NULL ? is != told : strcmp(is, told) != 0)
		fault(chains, scope, 0, psprintf("%s is %s, the events say %s", what, text_or_none(is), text_or_none(told)));
}

static void
compare_numbers(Chains *chains, Scope scope, const char *what, int64 is, int64 told)
{
	if (is != told)
		fault(chains, scope, 0, psprintf("%s is " INT64_FORMAT ", the events say " INT64_FORMAT, what, is, told));
}

static void
compare_flags(Chains *chains, Scope scope, const char *what, bool is, bool told)
{
	if (is != told)
		fault(chains, scope, 0, psprintf("%s is %s, the events say %s", what, is ? "true" : "false",
										 told ? "true" : "false"));
}

/* The record at hand. */

/* The one row that a table has for the record; NULL (and perhaps a fault) when there is none. */
static const void *
single_item(Chains *chains, RecordStream *stream, Scope scope)
{
	const StreamRow *row = itsm_chain_row(&chains->reader, stream);

	if (row && row->fault)
		fault(chains, scope, 0, psprintf("its row in %s cannot be read: %s", stream->table, row->fault));
	return row ? row->item : NULL;
}

/*
 * Where the chain begins: behind what is archived, unless those events are at
 * hand.  Each hash that was kept must be the one that was sealed.
 */
static void
begin_chain(Chains *chains)
{
	const StreamRow *first = itsm_chain_row(&chains->reader, &chains->reader.events);
	const StreamRow *row;
	int64		told = 0;

	chains->gone.version = 0;
	while ((row = itsm_chain_row(&chains->reader, &chains->reader.archived)) != NULL)
	{
		const ArchivedRecord *archived = row->item;

		if (archived == NULL)
			fault(chains, SCOPE_ARCHIVE, row->version, psprintf("its row in itsm.archived cannot be read: %s", row->fault));
		else
		{
			Event		last = {.record = archived->record, .version = archived->version, .tenant = chains->reader.tenant};

			if (archived->events != archived->version - told)
				fault(chains, SCOPE_ARCHIVE, archived->version, "what is archived of it does not follow what was archived before");
			told = archived->version;
			chains->gone = *archived;
			chains->gone.tenant = chains->reader.tenant;
			memcpy(last.hash, archived->hash, ITSM_HASH_LENGTH);
			for (int i = 0; itsm_verify_checkers[i]; i++)
				if (itsm_verify_checkers[i]->event)
					itsm_verify_checkers[i]->event(chains->verification, chains->checkers[i], &last, chains->head);
		}
		itsm_stream_advance(&chains->reader.archived);
	}
	if (first && first->version <= chains->gone.version)
		chains->gone.version = 0;
	if (chains->gone.version == 0)
		return;
	chains->version = chains->gone.version;
	memcpy(chains->hash, chains->gone.hash, ITSM_HASH_LENGTH);
	chains->whole = false;
}

/* The record that comes next in any of the tables; false at the end of all. */
static bool
begin_record(Chains *chains)
{
	const StreamRow *first = itsm_chain_first(&chains->reader);

	if (first == NULL)
		return false;
	MemoryContextReset(chains->record_context);
	MemoryContextSwitchTo(chains->record_context);
	itsm_chain_begin_record(&chains->reader, first);
	memset(chains->faulty, 0, sizeof(chains->faulty));
	memset(chains->hash, 0, ITSM_HASH_LENGTH);
	chains->hash_known = chains->whole = true;
	chains->version = chains->events_here = chains->violations_here = 0;
	chains->imported = chains->entered = false;
	chains->at = DT_NOBEGIN;
	chains->head = NULL;
	chains->head = single_item(chains, &chains->reader.heads, SCOPE_HEAD);
	chains->state = single_item(chains, &chains->reader.states, SCOPE_STATE);
	chains->projection = NULL;
	if (chains->head)
	{
		Projection *projection = palloc(sizeof(Projection));

		if (itsm_projection_read(chains->head, projection))
			chains->projection = projection;
	}
	begin_chain(chains);
	itsm_fold_begin(&chains->fold);
	return true;
}

/* Violations. */

/* The rows of an event, which must be the list in its body. */
static void
check_violations(Chains *chains, const DecodedEvent *decoded)
{
	const Event *event = decoded->event;
	const BodyItem *told = NULL;
	List	   *unmets = NIL;
	const StreamRow *row;
	ListCell   *cell;

	foreach(cell, decoded->items)
		if (((const BodyItem *) lfirst(cell))->number == BODY_VIOLATIONS)
			told = lfirst(cell);
	while ((row = itsm_chain_row(&chains->reader, &chains->reader.violations)) != NULL && row->version == event->version)
	{
		const DecodedViolation *violation = row->item;

		if (row->fault)
			fault(chains, SCOPE_VIOLATION, event->version, psprintf("a row cannot be read: %s", row->fault));
		else if (violation->at != event->at || violation->attachment != event->attachment)
			fault(chains, SCOPE_VIOLATION, event->version,
				  psprintf("position %d has another time or attachment than its event", violation->position));
		else if (violation->position != list_length(unmets) + 1)
			fault(chains, SCOPE_VIOLATION, event->version,
				  psprintf("position %d is not its place in the event's list", violation->position));
		if (violation)
		{
			Unmet	   *unmet = palloc(sizeof(Unmet));

#define COPY(text) ((text) ? pstrdup(text) : NULL)
			*unmet = violation->unmet;
			unmet->rule = COPY(unmet->rule);
			unmet->kind = COPY(unmet->kind);
			unmet->attribute = COPY(unmet->attribute);
			unmet->message = COPY(unmet->message);
			unmet->clause = COPY(unmet->clause);
#undef COPY
			unmets = lappend(unmets, unmet);
		}
		chains->violations_here++;
		itsm_stream_advance(&chains->reader.violations);
	}
	if (told && told->form == BODY_ERASED)
		return;
	if (told ? strcmp(itsm_unmet_json(unmets), told->text ? told->text : "") != 0 : unmets != NIL)
		fault(chains, SCOPE_VIOLATION, event->version, "rows in itsm.violation are not those in the event's body");
}

/* Rows of versions before one that no event has. */
static void
check_stray_violations(Chains *chains, int64 version)
{
	const StreamRow *row;

	while ((row = itsm_chain_row(&chains->reader, &chains->reader.violations)) != NULL && row->version < version)
	{
		/* those of archived events stay for the reports */
		if (row->version > chains->gone.version)
			fault(chains, SCOPE_VIOLATION, row->version, "a row in itsm.violation has no event");
		itsm_stream_advance(&chains->reader.violations);
	}
}

/* Events. */

static void
check_version(Chains *chains, int64 version)
{
	if (version == chains->version + 1)
		return;
	if (version == chains->version + 2)
		fault(chains, SCOPE_CHAIN, chains->version + 1, "the event is missing");
	else
		fault(chains, SCOPE_CHAIN, chains->version + 1,
			  psprintf("events up to version " INT64_FORMAT " are missing", version - 1));
	chains->whole = false;
	chains->hash_known = false;
}

static void
check_hash(Chains *chains, const DecodedEvent *decoded)
{
	uint8		hash[ITSM_HASH_LENGTH];

	if (chains->hash_known)
	{
		itsm_event_hash(decoded->event, chains->hash, decoded->commitments.data, decoded->commitments.len, hash);
		if (memcmp(hash, decoded->event->hash, ITSM_HASH_LENGTH) != 0)
			fault(chains, SCOPE_CHAIN, decoded->event->version,
				  "the hash is not that of the event and the one before it");
	}
}

/* Imported events have the times at which things happened; all others are in order. */
static void
check_time(Chains *chains, const Event *event)
{
	chains->entered |= chains->state && chains->state->entered_at == event->at;
	chains->imported = strcmp(event->kind, "imported") == 0;
	if (chains->imported)
		return;
	if (event->at < chains->at)
		fault(chains, SCOPE_CHAIN, event->version, "its time is before that of the event before it");
	chains->at = event->at;
}

/* True when the event behind it is known to be of another transaction, or record. */
static bool
is_last_of_transaction(const Chains *chains, const StreamRow *row)
{
	const StreamRow *next = itsm_stream_behind(&chains->reader.events);
	const Event *event = ((const DecodedEvent *) row->item)->event;

	return next && (next->record != row->record ||
					(next->item && ((const DecodedEvent *) next->item)->event->xid != event->xid));
}

static void
check_event(Chains *chains, const StreamRow *row)
{
	const DecodedEvent *decoded = row->item;
	int64		version = row->version;
	const char *partition;

	itsm_verify_progress(chains->verification, "events", ++chains->event_count);
	if (version <= chains->version)
	{
		fault(chains, SCOPE_CHAIN, version, "the event is there more than once");
		return;
	}
	check_version(chains, version);
	check_stray_violations(chains, version);
	chains->reader.last = chains->version = version;
	chains->events_here++;
	if (row->fault)
	{
		fault(chains, SCOPE_CHAIN, version, psprintf("the event cannot be read: %s", row->fault));
		chains->whole = false;
		chains->hash_known = decoded != NULL;
	}
	if (decoded == NULL)
		return;
	if (!row->fault)
	{
		check_hash(chains, decoded);
		check_violations(chains, decoded);
		itsm_fold_add(&chains->fold, decoded->event, decoded->items, is_last_of_transaction(chains, row));
		chains->hash_known = true;
	}
	memcpy(chains->hash, decoded->event->hash, ITSM_HASH_LENGTH);
	for (int i = 0; itsm_verify_checkers[i]; i++)
		if (itsm_verify_checkers[i]->event)
			itsm_verify_checkers[i]->event(chains->verification, chains->checkers[i], decoded->event, chains->head);
	check_time(chains, decoded->event);
	partition = itsm_verify_place(chains->partitions, decoded->partition, decoded->event->at);
	if (partition)
		fault(chains, SCOPE_PARTITION, version,
			  psprintf("stands in itsm.%s, which is not the partition of its time", partition));
}

/* Head, state row and projection. */

/* What is about the configuration is governed by nothing, and reports read nothing of it. */
static void
check_policy_head(Chains *chains)
{
	const Record *head = chains->head;
	const EventFold *fold = &chains->fold;
	bool		empty = head->attachment == 0 && !head->deleted && head->row->nulls[RECORD_PROCESS];

	for (RecordColumn column = RECORD_CHANGED; column < RECORD_COLUMNS; column++)
		empty &= head->row->nulls[column];
	if (!empty || !head->row->nulls[RECORD_OPENED] || !head->row->nulls[RECORD_OPENED_MONTH])
		fault(chains, SCOPE_HEAD, 0, "it has values that none of the configuration has");
	if (chains->whole && fold->key_told && fold->key.form != BODY_ERASED)
		compare_texts(chains, SCOPE_HEAD, "subject", head->key, fold->key.text);
}

static void
check_head(Chains *chains)
{
	const Record *head = chains->head;
	const EventFold *fold = &chains->fold;

	if (head->version != chains->version)
		fault(chains, SCOPE_HEAD, 0,
			  chains->version ? psprintf("the head is at version " INT64_FORMAT ", the last event is version " INT64_FORMAT,
										 head->version, chains->version) : "it has no events");
	else
	{
		if (chains->hash_known && memcmp(head->hash, chains->hash, ITSM_HASH_LENGTH) != 0)
			fault(chains, SCOPE_HEAD, 0, "its hash is not that of the last event");
		/* an import moves the head's time on, not the event's */
		if (chains->events_here > 0 && (chains->imported ? head->at < chains->at : chains->hash_known && head->at != chains->at))
			fault(chains, SCOPE_HEAD, 0, "its time is not that of the last event");
	}
	if (itsm_verify_source(chains->verification, head->source) == NULL)
		fault(chains, SCOPE_HEAD, 0, psprintf("its source %d is not registered", head->source));
	if (head->source == 0)
		check_policy_head(chains);
	if (!chains->whole || chains->version == 0 || head->source == 0)
		return;
	if (fold->key_told && fold->key.form != BODY_ERASED)
		compare_texts(chains, SCOPE_HEAD, "key", head->key, fold->key.text);
	compare_numbers(chains, SCOPE_HEAD, "attachment", head->attachment, fold->attachment);
	/* whether a record that lost its key goes on is not told by its events */
	if (head->key)
		compare_flags(chains, SCOPE_HEAD, "deleted", head->deleted, fold->deleted);
}

static void
check_state(Chains *chains)
{
	const RecordState *state = chains->state;

	if (state == NULL)
	{
		fault(chains, SCOPE_STATE, 0, "it has no row in itsm.record_state");
		return;
	}
	compare_texts(chains, SCOPE_STATE, "state", state->state, chains->fold.state);
	compare_numbers(chains, SCOPE_STATE, "lifecycle version", state->lifecycle_version,
					chains->fold.lifecycle_version);
	/* one that goes on for another record, or was there before, takes its time along */
	if (chains->fold.counted && !chains->entered)
		fault(chains, SCOPE_STATE, 0, "the time at which the state was entered is that of no event");
}

static void
check_projection(Chains *chains)
{
	const Projection *projection = chains->projection;
	const EventFold *fold = &chains->fold;

	if (projection == NULL)
	{
		fault(chains, SCOPE_PROJECTION, 0, "it has no projection");
		return;
	}
	compare_texts(chains, SCOPE_PROJECTION, "state", itsm_projection_text(projection, PROJECTED_STATE), fold->state);
	if (fold->counted)
		compare_numbers(chains, SCOPE_PROJECTION, "number of transitions", projection->transitions, fold->transitions);
	if (chains->state)
	{
		const char *lifecycle = itsm_projection_text(projection, PROJECTED_LIFECYCLE);

		if (lifecycle == NULL || strcmp(lifecycle, chains->state->lifecycle) != 0)
			fault(chains, SCOPE_PROJECTION, 0, "its lifecycle is not that of the state row");
		const char *category = itsm_projection_text(projection, PROJECTED_CATEGORY);

		if (category == NULL || chains->state->category == NULL ? category != chains->state->category
			: strcmp(category, chains->state->category) != 0)
			fault(chains, SCOPE_PROJECTION, 0, "its category is not that of the state row");
	}
}

static void
check_without_head(Chains *chains)
{
	if (chains->events_here)
		fault(chains, SCOPE_CHAIN, 0, psprintf(UINT64_FORMAT " events without a record", chains->events_here));
	if (chains->state)
		fault(chains, SCOPE_STATE, 0, "a row in itsm.record_state without a record");
}

static SourceCount *
count_of(Chains *chains, int source)
{
	MemoryContext caller;
	SourceCount *count;
	ListCell   *cell;

	foreach(cell, chains->counts)
	{
		count = lfirst(cell);
		if (count->source == source)
			return count;
	}
	caller = MemoryContextSwitchTo(chains->context);
	count = palloc0(sizeof(SourceCount));
	count->source = source;
	chains->counts = lappend(chains->counts, count);
	MemoryContextSwitchTo(caller);
	return count;
}

static void
count_record(Chains *chains)
{
	SourceCount *count = count_of(chains, chains->head->source);

	if (!chains->faulty[SCOPE_CHAIN])
		count->events += chains->events_here;
	for (Scope scope = 0; scope < SCOPE_COUNT; scope++)
		if (!chains->faulty[scope])
			count->right[scope] += scope == SCOPE_VIOLATION ? chains->violations_here
				: scope == SCOPE_STATE ? chains->state != NULL
				: scope == SCOPE_PROJECTION ? chains->projection != NULL : 1;
}

static void
check_record(Chains *chains)
{
	const StreamRow *row;

	while ((row = itsm_chain_row(&chains->reader, &chains->reader.events)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		check_event(chains, row);
		itsm_stream_advance(&chains->reader.events);
	}
	/* what comes after cannot be told from what is missing */
	if (itsm_chain_cut_short(&chains->reader))
		return;
	check_stray_violations(chains, PG_INT64_MAX);
	itsm_fold_end(&chains->fold);
	if (chains->head == NULL)
		check_without_head(chains);
	else
	{
		check_head(chains);
		if (chains->whole && chains->version && chains->head->source)
		{
			VerifiedRecord verified = {chains->head, chains->state, chains->projection, &chains->fold};

			check_state(chains);
			check_projection(chains);
			for (int i = 0; itsm_verify_checkers[i]; i++)
				itsm_verify_checkers[i]->record(chains->verification, chains->checkers[i], &verified);
		}
		count_record(chains);
	}
	itsm_chain_skip(&chains->reader, &chains->reader.heads);
	itsm_chain_skip(&chains->reader, &chains->reader.states);
}

static void
tell_counts(Chains *chains)
{
	ListCell   *cell;

	foreach(cell, chains->counts)
	{
		const SourceCount *count = lfirst(cell);
		const char *name = itsm_verify_source(chains->verification, count->source);
		Verification *verification = chains->verification;

		if (name == NULL)
			name = psprintf("source %d", count->source);
		itsm_verify_right(verification, "chain", name, UINT64_FORMAT " records, " UINT64_FORMAT " events",
						  count->right[SCOPE_CHAIN], count->events);
		itsm_verify_right(verification, "head", name, UINT64_FORMAT " records", count->right[SCOPE_HEAD]);
		if (count->source == 0)
			continue;
		itsm_verify_right(verification, "state", name, UINT64_FORMAT " records", count->right[SCOPE_STATE]);
		itsm_verify_right(verification, "projection", name, UINT64_FORMAT " records", count->right[SCOPE_PROJECTION]);
		itsm_verify_right(verification, "violation", name, UINT64_FORMAT " violations", count->right[SCOPE_VIOLATION]);
	}
	itsm_verify_placed(chains->verification, chains->partitions);
}

void
itsm_verify_chains(Verification *verification, void **checkers)
{
	Chains	   *chains = palloc0(sizeof(Chains));
	MemoryContext caller = CurrentMemoryContext;

	chains->verification = verification;
	chains->checkers = checkers;
	chains->context = caller;
	chains->record_context = AllocSetContextCreate(caller, "itsm verify record", ALLOCSET_DEFAULT_SIZES);
	chains->partitions = itsm_verify_partitions();
	itsm_chain_open(&chains->reader, verification);
	while (begin_record(chains))
		check_record(chains);
	MemoryContextSwitchTo(caller);
	itsm_chain_close(&chains->reader);
	tell_counts(chains);
	MemoryContextDelete(chains->record_context);
}
