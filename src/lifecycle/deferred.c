/*
 * deferred.c
 *		The list of verdicts that are put off to the end of the transaction.
 *
 * Like PostgreSQL's own queue of trigger events it keeps what is needed to
 * fetch the row versions again: 72 bytes a verdict, and 96 more where a rule
 * looks at the record's past.
 *
 * Memory: a context under TopTransactionContext, in chunks that never move.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "core/settings.h"
#include "lifecycle/actor.h"
#include "lifecycle/deferred.h"
#include "lifecycle/transaction_end.h"
#include "miscadmin.h"
#include "record/projection.h"
#include "storage/proc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#define FIRST_CHUNK 8
#define LARGEST_CHUNK 1024
/* Verdicts that come out of each other; more will not end. */
#define MOST_GENERATIONS 100
#define KEPT_ONCE 256

typedef struct Chunk
{
	struct Chunk *before;
	struct Chunk *after;
	int			count;
	int			room;
	Verdict		verdicts[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

/* Bytes kept once, found again by their hash while nothing else takes the slot. */
typedef struct Kept
{
	Size		size;
	void	   *bytes;
} Kept;

typedef struct Place
{
	Oid			relation;
	BlockNumber block;
	uint32		offset;			/* as wide as the others: a hash key has no holes */
} Place;

typedef struct Moved
{
	Place		from;			/* hash key */
	Place		to;
} Moved;

typedef struct Deferred
{
	LocalTransactionId lxid;
	MemoryContext context;
	Chunk	   *first;
	Chunk	   *last;
	int			next;			/* in the first chunk: the next one to judge */
	int			generation;		/* of verdicts that are added now */
	bool		some_judged;	/* some are judged before their turn */
	HTAB	   *moved;
	Kept		kept[KEPT_ONCE];
} Deferred;

static Deferred *deferred = NULL;	/* in its own context */
static LocalTransactionId deferred_lxid = InvalidLocalTransactionId;

static bool
is_current(void)
{
	return deferred && deferred_lxid == ITSM_LXID;
}

bool
itsm_deferred_pending(void)
{
	return is_current() && (deferred->next < deferred->first->count || deferred->first->after);
}

/* Removes what an aborted subtransaction added, which is the end of the list. */
static void
trim(SubTransactionId subtransaction)
{
	for (;;)
	{
		Chunk	   *last = deferred->last;
		int			end = last == deferred->first ? deferred->next : 0;

		while (last->count > end && last->verdicts[last->count - 1].made_in == subtransaction)
			last->count--;
		if (last->count > 0 || last == deferred->first)
			return;
		deferred->last = last->before;
		deferred->last->after = NULL;
		pfree(last);
	}
}

static void
pass_on(SubTransactionId subtransaction, SubTransactionId parent)
{
	for (Chunk *chunk = deferred->last; chunk; chunk = chunk->before)
		for (int i = chunk->count - 1; i >= 0; i--)
		{
			if (chunk->verdicts[i].made_in != subtransaction)
				return;
			chunk->verdicts[i].made_in = parent;
		}
}

static void
pass_on_judged(SubTransactionId subtransaction, SubTransactionId parent)
{
	for (Chunk *chunk = deferred->first; chunk; chunk = chunk->after)
		for (int i = 0; i < chunk->count; i++)
			if (chunk->verdicts[i].judged_in == subtransaction)
				chunk->verdicts[i].judged_in = parent;
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	bool		commits = event == SUBXACT_EVENT_COMMIT_SUB;

	if (!is_current() || (!commits && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	if (commits)
		pass_on(subtransaction, parent);
	else
		trim(subtransaction);
	if (deferred->some_judged)
		pass_on_judged(subtransaction, commits ? parent : InvalidSubTransactionId);
}

static Chunk *
make_chunk(int room)
{
	Chunk	   *chunk = MemoryContextAlloc(deferred->context, offsetof(Chunk, verdicts) + sizeof(Verdict) * room);

	chunk->before = chunk->after = NULL;
	chunk->count = 0;
	chunk->room = room;
	return chunk;
}

static void
set_up(void)
{
	static bool registered = false;
	MemoryContext context;

	if (is_current())
		return;
	/* a kind of context that does not round sizes up */
	context = GenerationContextCreate(TopTransactionContext, "itsm deferred verdicts", ALLOCSET_DEFAULT_SIZES);
	deferred = MemoryContextAllocZero(context, sizeof(Deferred));
	deferred->context = context;
	deferred->first = deferred->last = make_chunk(FIRST_CHUNK);
	deferred_lxid = ITSM_LXID;
	itsm_transaction_end_watch();
	if (!registered)
	{
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
}

static const void *
keep_once(const void *bytes, Size size)
{
	Kept	   *kept = &deferred->kept[hash_bytes(bytes, size) % KEPT_ONCE];

	if (kept->size == size && memcmp(kept->bytes, bytes, size) == 0)
		return kept->bytes;
	kept->size = size;
	kept->bytes = MemoryContextAlloc(deferred->context, size);
	memcpy(kept->bytes, bytes, size);
	return kept->bytes;
}

static const char *
keep_text(const char *text)
{
	return text && *text ? keep_once(text, strlen(text) + 1) : NULL;
}

static Place
place(Oid relation, ItemPointer row)
{
	Place		result = {relation, ItemPointerGetBlockNumber(row), ItemPointerGetOffsetNumber(row)};

	return result;
}

static void
note_move(Oid from, ItemPointer old, Oid to, ItemPointer new)
{
	Place		key = place(from, old);

	if (deferred->moved == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Place), .entrysize = sizeof(Moved),
		.hcxt = deferred->context};

		deferred->moved = hash_create("itsm rows between partitions", 64, &control,
									  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	((Moved *) hash_search(deferred->moved, &key, HASH_ENTER, NULL))->to = place(to, new);
}

bool
itsm_deferred_moved(Oid *relation, ItemPointer row)
{
	Place		key = place(*relation, row);
	Moved	   *moved = deferred->moved ? hash_search(deferred->moved, &key, HASH_FIND, NULL) : NULL;

	if (moved == NULL)
		return false;
	*relation = moved->to.relation;
	ItemPointerSet(row, moved->to.block, moved->to.offset);
	return true;
}

/* The record as it is before the write, for rules that ask for it. */
static const Past *
past_of(const Write *write, const RowSide *side)
{
	Past		past = {.from_name = write->from == ITSM_NO_STATE ? keep_text(write->from_name) : NULL};
	Past	   *kept;
	Record		record;

	if (write->unit->looks_back && itsm_history)
	{
		RecordIdentity identity = itsm_row_identity(side->state, side->attachment, side->row);

		if (itsm_find_record(&identity, &record))
		{
			Projection	projection;

			past.record = record.id;
			past.version = record.version;
			past.tenant = keep_once(record.tenant, strlen(record.tenant) + 1);
			if (itsm_projection_read(&record, &projection))
				past.milestones = projection.milestones;
		}
	}
	else if (past.from_name == NULL)
		return NULL;
	kept = MemoryContextAlloc(deferred->context, sizeof(Past));
	*kept = past;
	return kept;
}

void
itsm_deferred_begin(NewVerdict *made, const Write *write, const RowSide *old, const RowSide *new)
{
	const RowSide *side = new ? new : old;
	Verdict    *verdict = &made->verdict;
	Frame	   *frame = &made->frame;

	set_up();
	memset(made, 0, sizeof(*made));
	frame->claimed = keep_text(itsm_claimed_actor());
	frame->actor = keep_text(write->actor.name);
	frame->reason = keep_text(itsm_reason);
	frame->role = write->actor.role;
	frame->relation = RelationGetRelid(write->relation);
	frame->file = write->relation->rd_rel->relfilenode;
	frame->attachment = write->unit->attachment->id;
	frame->version = write->unit->version;
	frame->flags = (write->creating ? VERDICT_CREATING : 0) | (write->moving ? VERDICT_MOVING : 0) |
		(new ? 0 : VERDICT_DELETING) | (new && write->old ? VERDICT_HAS_OLD : 0);
	verdict->from = write->from;
	verdict->to = write->to;
	verdict->at = GetCurrentTimestamp();
	verdict->row = side->row->tts_tid;
	if (new && old)
	{
		verdict->old = old->row->tts_tid;
		frame->old_relation = RelationGetRelid(write->old_relation);
		frame->old_file = write->old_relation->rd_rel->relfilenode;
		frame->old_attachment = old->attachment->id;
		frame->old_version = old->unit->version;
		if (frame->old_relation != frame->relation)
			note_move(frame->old_relation, &verdict->old, frame->relation, &verdict->row);
	}
	verdict->past = past_of(write, old ? old : new);
}

static void
append(const Verdict *verdict)
{
	Chunk	   *last = deferred->last;

	if (last->count == last->room)
	{
		Chunk	   *chunk = make_chunk(Min(last->room * 2, LARGEST_CHUNK));

		chunk->before = last;
		last->after = chunk;
		deferred->last = last = chunk;
	}
	last->verdicts[last->count++] = *verdict;
}

void
itsm_deferred_add(NewVerdict *made, const Memory *memory)
{
	Verdict    *verdict = &made->verdict;

	made->frame.tenant = memory->tenant ? keep_once(memory->tenant, strlen(memory->tenant) + 1) : NULL;
	verdict->frame = keep_once(&made->frame, sizeof(Frame));
	verdict->record = memory->record;
	verdict->event = memory->version;
	verdict->made_in = GetCurrentSubTransactionId();
	verdict->generation = deferred->generation;
	if (verdict->generation > MOST_GENERATIONS)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("judging deferred writes makes ever more of them"),
				 errhint("A check or a trigger writes an attached table each time that a write is judged.")));
	append(verdict);
}

Verdict *
itsm_deferred_next(void)
{
	while (itsm_deferred_pending())
	{
		Chunk	   *first = deferred->first;
		Verdict    *verdict;

		if (deferred->next == first->count)
		{
			deferred->first = first->after;
			deferred->first->before = NULL;
			deferred->next = 0;
			pfree(first);
			continue;
		}
		verdict = &first->verdicts[deferred->next++];
		if (verdict->judged_in == InvalidSubTransactionId)
			return verdict;
	}
	return NULL;
}

Verdict *
itsm_deferred_walk(DeferredPosition *position)
{
	Chunk	   *chunk = position->chunk;

	if (!is_current())
		return NULL;
	if (chunk == NULL)
	{
		chunk = deferred->first;
		position->index = deferred->next;
	}
	while (chunk && position->index >= chunk->count)
	{
		if (chunk->after == NULL)
			return NULL;
		chunk = chunk->after;
		position->index = 0;
	}
	position->chunk = chunk;
	return &chunk->verdicts[position->index++];
}

int
itsm_deferred_enter(const Verdict *verdict)
{
	int			before = deferred->generation;

	deferred->generation = verdict->generation + 1;
	return before;
}

void
itsm_deferred_leave(int generation)
{
	deferred->generation = generation;
}

void
itsm_deferred_done(Verdict *verdict)
{
	verdict->judged_in = GetCurrentSubTransactionId();
	deferred->some_judged = true;
}
