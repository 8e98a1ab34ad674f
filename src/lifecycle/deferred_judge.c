/*
 * deferred_judge.c
 *		Judging the writes whose verdict was put off.
 *
 * A write is judged by its own states and old row, and by its new row as it
 * stands now; when the row was deleted since, as it was written.  Versions that
 * our own transaction replaced are still in the table.
 *
 * Memory: the policy state's per-row context.  What users' functions write
 * while they are evaluated is judged as well.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "common/hashfn.h"
#include "core/errors.h"
#include "core/settings.h"
#include "executor/executor.h"
#include "lifecycle/deferred.h"
#include "lifecycle/judge_row.h"
#include "lifecycle/override.h"
#include "lifecycle/stored_row.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/snapmgr.h"

/* A row version of one relation, with the policy that reads it. */
typedef struct Place
{
	Relation	relation;		/* NULL: none is open; it stays open for the next verdict */
	TupleTableSlot *slot;
	Policy	   *policy;
	PolicyState *state;
	Unit	   *unit;
	bool		begun;			/* the state is this place's own to end */
} Place;

/* Where a version of a row has led to: so that many writes of one row are not followed anew each time. */
typedef struct Trail
{
	Oid			relation;
	ItemPointerData row;
	Oid			last_relation;
	Oid			last_file;
	ItemPointerData last;
} Trail;

#define TRAILS 128

typedef struct Bench
{
	MemoryContext context;		/* of what stays from verdict to verdict */
	Place		written;
	Place		old;
	Place		last;			/* the row as it stands now */
	Trail		trails[TRAILS];	/* by the hash of the version that they start from */
} Bench;

static Trail *
trail_of(Bench *bench, Oid relation, const ItemPointerData *row)
{
	uint32		hash = hash_combine(relation, hash_combine(ItemPointerGetBlockNumber(row),
														   ItemPointerGetOffsetNumber(row)));

	return &bench->trails[hash % TRAILS];
}

static void
close_place(Place *place)
{
	if (place->relation == NULL)
		return;
	ExecDropSingleTupleTableSlot(place->slot);
	table_close(place->relation, NoLock);
	place->relation = NULL;
}

/* False when the relation is gone, and its rows with it. */
static bool
open_place(const Bench *bench, Place *place, Oid relation, Oid file)
{
	if (place->relation && RelationGetRelid(place->relation) != relation)
		close_place(place);
	if (place->relation == NULL)
	{
		MemoryContext caller;

		place->relation = try_table_open(relation, AccessShareLock);
		if (place->relation == NULL)
			return false;
		caller = MemoryContextSwitchTo(bench->context);
		place->slot = table_slot_create(place->relation, NULL);
		MemoryContextSwitchTo(caller);
		if (!TTS_IS_BUFFERTUPLE(place->slot))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("\"%s\" is no heap table", RelationGetRelationName(place->relation)),
					 errdetail("Verdicts can be deferred for heap tables only.")));
	}
	if (OidIsValid(file) && place->relation->rd_rel->relfilenode != file)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"%s\" was rewritten after writes that are judged at the end of the transaction",
						RelationGetRelationName(place->relation)),
				 errdetail("The row versions that would be judged are gone."),
				 errhint("Rewrite the table in a transaction of its own, or before it is written.")));
	return true;
}

static void
fetch(Place *place, ItemPointer row)
{
	if (!table_tuple_fetch_row_version(place->relation, row, SnapshotAny, place->slot))
		elog(ERROR, "row version (%u,%u) of \"%s\" is missing", ItemPointerGetBlockNumber(row),
			 ItemPointerGetOffsetNumber(row), RelationGetRelationName(place->relation));
}

/* What our transaction has done with a row version since. */
typedef enum Fate
{
	FATE_STANDS, FATE_REPLACED, FATE_MOVED, FATE_DELETED
} Fate;

/* "row": the version in the place; becomes what replaced it. */
static Fate
fate_of(const Place *place, ItemPointer row)
{
	BufferHeapTupleTableSlot *slot = (BufferHeapTupleTableSlot *) place->slot;
	HeapTupleHeader header = slot->base.tuple->t_data;
	Fate		fate = FATE_REPLACED;

	/* others may be locking the row just now */
	LockBuffer(slot->buffer, BUFFER_LOCK_SHARE);
	if (!itsm_is_superseded(header))
		fate = FATE_STANDS;
	else if (HeapTupleHeaderIndicatesMovedPartitions(header))
		fate = FATE_MOVED;
	else if (ItemPointerEquals(&header->t_ctid, row))
		fate = FATE_DELETED;
	else
		*row = header->t_ctid;
	LockBuffer(slot->buffer, BUFFER_LOCK_UNLOCK);
	return fate;
}

/*
 * Fetches the version that the row has now into bench->last.  False when it
 * has been deleted, or left for a place that nobody noted.
 */
static bool
fetch_last(Bench *bench, const Verdict *verdict)
{
	const Frame *frame = verdict->frame;
	Oid			relation = frame->relation;
	Oid			file = frame->file;
	ItemPointerData row = verdict->row;
	Trail	   *trail;

	if (ItemPointerIsValid(&verdict->old))
	{
		ItemPointerData old = verdict->old;

		trail = trail_of(bench, frame->old_relation, &old);
		if (trail->relation == frame->old_relation && ItemPointerEquals(&trail->row, &old))
		{
			relation = trail->last_relation;
			file = trail->last_file;
			row = trail->last;
		}
	}
	for (;;)
	{
		Fate		fate;

		CHECK_FOR_INTERRUPTS();
		if (!open_place(bench, &bench->last, relation, file))
			return false;
		fetch(&bench->last, &row);
		fate = fate_of(&bench->last, &row);
		if (fate == FATE_REPLACED)
			continue;
		if (fate == FATE_MOVED && itsm_deferred_moved(&relation, &row))
		{
			file = InvalidOid;
			continue;
		}
		trail = trail_of(bench, frame->relation, &verdict->row);
		*trail = (Trail) {frame->relation, verdict->row, relation, file, row};
		return fate == FATE_STANDS;
	}
}

/* The policy of the place for this verdict; false when that attachment governs there no more. */
static bool
enter(Place *place, const Place *like, int attachment_id, int version)
{
	PolicyAttachment *attachment;

	place->begun = false;
	place->policy = itsm_policy_get(place->relation);
	attachment = itsm_policy_attachment(place->policy, attachment_id);
	if (attachment == NULL)
		return false;
	place->unit = itsm_policy_unit(place->policy, place->relation, attachment, version);
	if (like && like->policy == place->policy)
		place->state = like->state;
	else
	{
		place->state = itsm_evaluate_begin(place->policy);
		place->begun = true;
	}
	return true;
}

static void
leave(Place *place)
{
	if (place->begun)
		itsm_evaluate_end(place->policy, place->state);
	place->begun = false;
}

/* Reads the old row's attributes, where they can be compared; false when its table is gone. */
static bool
read_old(Bench *bench, const Verdict *verdict, Write *write)
{
	const Frame *frame = verdict->frame;
	Place	   *old = &bench->old;

	if (!ItemPointerIsValid(&verdict->old))
		return true;
	if (!open_place(bench, old, frame->old_relation, frame->old_file) ||
		!enter(old, &bench->written, frame->old_attachment, frame->old_version))
		return false;
	fetch(old, unconstify(ItemPointerData *, &verdict->old));
	write->old_relation = old->relation;
	if (write->tenant)
	{
		write->tenant_after = write->tenant;
		write->tenant = itsm_evaluate_tenant(old->state, old->unit->attachment, old->slot);
		write->rekeyed = write->key && strcmp(write->key, itsm_row_key(old->unit->attachment, old->slot)) != 0;
	}
	if (frame->flags & VERDICT_HAS_OLD)
		write->old = itsm_evaluate_canonical(old->state, old->unit, old->slot, true, NULL);
	return true;
}

/* Reads the attributes of the row as it stands now, and as written where a rule compares. */
static void
read_new(Bench *bench, const Verdict *verdict, Write *write, AsOf *as_of)
{
	Place	   *written = &bench->written;
	Place	   *last = &bench->last;
	bool		stands = fetch_last(bench, verdict) &&
		enter(last, written, verdict->frame->attachment, verdict->frame->version);

	if (stands && write->unit->compares)
	{
		TupleTableSlot *canonical = itsm_evaluate_canonical(written->state, write->unit, written->slot,
															false, NULL);

		as_of->written = MakeSingleTupleTableSlot(write->unit->canonical, &TTSOpsVirtual);
		ExecCopySlot(as_of->written, canonical);
	}
	if (!stands)
		last = written;
	write->new = itsm_evaluate_canonical(last->state, last->unit, last->slot, false, NULL);
}

/* The row has passed from one lifecycle to another. */
static void
judge_passing(Bench *bench, const Frame *frame, Write *write)
{
	Place	   *old = &bench->old;
	Place	   *written = &bench->written;
	PolicyAttachment *attachment = itsm_policy_attachment(written->policy, frame->old_attachment);
	const char *status;
	int			length;

	/* not known there: another leaf's */
	if (attachment == NULL)
		return;
	status = itsm_row_status(old->unit->attachment, old->slot, &length);
	itsm_judge_passing(write, itsm_policy_unit(written->policy, written->relation, attachment, frame->old_version),
					   itsm_unit_state(old->unit, status, length),
					   itsm_evaluate_canonical(old->state, old->unit, old->slot, true, NULL), written->slot);
}

/* True when it has come out since who wrote: an application's journal may follow its row. */
static bool
actor_came_out(const Verdict *verdict, const Write *write)
{
	const char *actor = write->actor.name;

	return actor && *actor && !itsm_same_text(actor, verdict->frame->actor);
}

/* What came out goes into an event of its own: that of the write is written. */
static void
keep_judgement(const Verdict *verdict, const Write *write)
{
	const Frame *frame = verdict->frame;
	char	   *version = psprintf(INT64_FORMAT, verdict->event);
	Record		record;
	RecordState state;
	Event		event;
	EventBody	body;

	do
	{
		if (!itsm_record_read(frame->tenant, verdict->record, &record))
			elog(ERROR, "record " INT64_FORMAT " is missing", verdict->record);
		if (!itsm_record_state_read(&record, &state))
			memset(&state, 0, sizeof(state));
		event = (Event)
		{
			.kind = "judged", .command = GetCurrentCommandId(false), .attachment = frame->attachment,
			.lifecycle_version = frame->version, .from_state = state.state, .to_state = state.state,
			.actor = write->actor.name, .role = GetUserNameFromId(frame->role, true)
		};
		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_JUDGED, version, strlen(version));
	} while (!itsm_event_append(&record, &event, &body, frame->reason ? frame->reason : "", write->observed));
}

static void
settle(Bench *bench, const Verdict *verdict, Write *write)
{
	if (write->refused)
	{
		const Place *place = ItemPointerIsValid(&verdict->old) ? &bench->old : &bench->written;
		RecordIdentity identity;

		/* nothing is refused of a write whose old row could not be read */
		Assert(place->unit != NULL);
		identity = itsm_row_identity(place->state, place->unit->attachment, place->slot);
		if (itsm_overrides_held())
			itsm_override_excuse(write, &identity, verdict->record);
		if (write->refused)
			itsm_refuse(write, &identity);
	}
	if (verdict->record && itsm_history && (write->observed || actor_came_out(verdict, write)))
		keep_judgement(verdict, write);
}

static void
judge_written(Bench *bench, const Verdict *verdict)
{
	const Frame *frame = verdict->frame;
	Place	   *written = &bench->written;
	AsOf		as_of = {
		.at = verdict->at, .role = frame->role, .claimed = frame->claimed, .reason = frame->reason,
		.past = verdict->past, .record = verdict->record
	};
	Write		write = {
		.relation = written->relation, .policy = written->policy, .state = written->state,
		.unit = written->unit, .from = verdict->from, .to = verdict->to,
		.creating = (frame->flags & VERDICT_CREATING) != 0,
		.moving = (frame->flags & VERDICT_MOVING) != 0, .as_of = &as_of
	};

	if (verdict->from != ITSM_NO_STATE)
		write.from_name = write.unit->definition->states[verdict->from].name;
	else if (verdict->past)
		write.from_name = verdict->past->from_name;
	fetch(written, unconstify(ItemPointerData *, &verdict->row));
	if (write.unit->looks_around && itsm_history)
	{
		RecordIdentity identity = itsm_row_identity(written->state, written->unit->attachment, written->slot);

		write.tenant = identity.tenant;
		write.key = identity.key;
	}
	if (frame->flags & VERDICT_DELETING)
	{
		write.old = itsm_evaluate_canonical(written->state, written->unit, written->slot, true, NULL);
		itsm_write_actor(&write);
		itsm_judge_delete(&write);
	}
	else if (read_old(bench, verdict, &write))
	{
		write.new_status = itsm_row_status(written->unit->attachment, written->slot, &write.new_status_length);
		read_new(bench, verdict, &write, &as_of);
		itsm_write_actor(&write);
		itsm_judge_write(&write);
		if (ItemPointerIsValid(&verdict->old) && !(frame->flags & VERDICT_HAS_OLD))
			judge_passing(bench, frame, &write);
	}
	settle(bench, verdict, &write);
}

/* A table that is gone, or is no longer attached, has nobody to judge its writes. */
static void
judge_verdict(Bench *bench, const Verdict *verdict)
{
	int			generation = itsm_deferred_enter(verdict);

	CHECK_FOR_INTERRUPTS();
	if (open_place(bench, &bench->written, verdict->frame->relation, verdict->frame->file) &&
		enter(&bench->written, NULL, verdict->frame->attachment, verdict->frame->version))
	{
		if (bench->written.unit->attachment->mode != MODE_OFF)
			judge_written(bench, verdict);
		leave(&bench->last);
		leave(&bench->old);
		leave(&bench->written);
	}
	itsm_deferred_leave(generation);
}

/* Users' functions see what was written up to now, also by the judging before. */
static void
refresh_snapshot(CommandId *seen)
{
	if (GetCurrentCommandId(false) == *seen)
		return;
	PopActiveSnapshot();
	PushActiveSnapshot(GetTransactionSnapshot());
	*seen = GetCurrentCommandId(false);
}

static void
close_bench(Bench *bench)
{
	close_place(&bench->last);
	close_place(&bench->old);
	close_place(&bench->written);
}

void
itsm_deferred_judge(void)
{
	Bench		bench = {.context = CurrentMemoryContext};
	CommandId	seen = GetCurrentCommandId(false);
	Verdict    *verdict;

	/* the policy of now holds, not that of the statement which wrote */
	itsm_policy_unpin();
	PushActiveSnapshot(GetTransactionSnapshot());
	while ((verdict = itsm_deferred_next()) != NULL)
	{
		refresh_snapshot(&seen);
		judge_verdict(&bench, verdict);
	}
	PopActiveSnapshot();
	close_bench(&bench);
}

void
itsm_deferred_judge_table(Oid relation)
{
	Bench		bench = {.context = CurrentMemoryContext};
	CommandId	seen = GetCurrentCommandId(false);
	List	   *relations = find_all_inheritors(relation, NoLock, NULL);
	DeferredPosition position = {0};
	Verdict    *verdict;

	PushActiveSnapshot(GetTransactionSnapshot());
	while ((verdict = itsm_deferred_walk(&position)) != NULL)
	{
		if (verdict->judged_in != InvalidSubTransactionId ||
			(!list_member_oid(relations, verdict->frame->relation) &&
			 !list_member_oid(relations, verdict->frame->old_relation)))
			continue;
		refresh_snapshot(&seen);
		judge_verdict(&bench, verdict);
		itsm_deferred_done(verdict);
	}
	PopActiveSnapshot();
	close_bench(&bench);
}
