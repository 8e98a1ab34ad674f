/*
 * judge_trigger.c
 *		The one trigger of an attached table: trigger protocol, which attachment
 *		governs which side of a change, and rows that move between partitions.
 *
 * Fired AFTER each row, so the row is judged as stored.  Per row and without
 * a change that matters, the cost is a comparison of the watched columns.
 *
 * Memory: the policy state's per-row context, so what is ours stays flat.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "core/errors.h"
#include "core/settings.h"
#include "core/unmet.h"
#include "executor/executor.h"
#include "ledger/partition.h"
#include "lifecycle/actor.h"
#include "lifecycle/attach.h"
#include "lifecycle/judge.h"
#include "lifecycle/judged_early.h"
#include "lifecycle/remember.h"
#include "replication/logicalworker.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* A row version with the policy of the relation that it stands in. */
typedef struct Row
{
	Relation	relation;
	Policy	   *policy;
	PolicyState *state;
	TupleTableSlot *slot;
	PolicyAttachment *attachment;	/* NULL: not governed */
	PolicyAttachment *second;	/* another one that governs it too: a fault */
} Row;

/*
 * A row on its way from one partition to another: its DELETE has been fired,
 * the INSERT of the same command comes next.  A trigger in between may write
 * attached tables too, at a greater trigger depth, so there may be several.
 */
typedef struct PartitionMove
{
	struct PartitionMove *below;
	int			depth;
	SubTransactionId subtransaction;
	Oid			relation;
	HeapTuple	tuple;
	CommandId	command;
} PartitionMove;

static PartitionMove *partition_moves = NULL;	/* in TopTransactionContext; the deepest first */
static LocalTransactionId partition_moves_lxid = InvalidLocalTransactionId;

/* The policy, kept in the trigger call's cache while its pin holds. */
typedef struct KeptPolicy
{
	uint64		pin;
	Policy	   *policy;
} KeptPolicy;

static Policy *
policy_for(FunctionCallInfo fcinfo, Relation relation)
{
	KeptPolicy *kept = fcinfo->flinfo->fn_extra;
	uint64		pin = itsm_policy_pin();

	if (kept == NULL)
		kept = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
																 sizeof(KeptPolicy));
	if (kept->policy == NULL || kept->pin != pin)
	{
		kept->policy = itsm_policy_get(relation);
		kept->pin = itsm_policy_pin();
	}
	if (!kept->policy->attached)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("table \"%s\" is not attached", RelationGetRelationName(relation)),
				 errhint("Attach it with itsm.attach, or drop this trigger.")));
	return kept->policy;
}

static bool
watched_changed(const Policy *policy, TupleTableSlot *old, TupleTableSlot *new)
{
	TupleDesc	descriptor = new->tts_tupleDescriptor;

	if (policy->watched_count == 0)
		return false;
	slot_getsomeattrs(old, policy->watched[policy->watched_count - 1]);
	slot_getsomeattrs(new, policy->watched[policy->watched_count - 1]);
	for (int i = 0; i < policy->watched_count; i++)
	{
		int			column = policy->watched[i] - 1;
		Form_pg_attribute attribute = TupleDescAttr(descriptor, column);

		if (old->tts_isnull[column] != new->tts_isnull[column])
			return true;
		if (!old->tts_isnull[column] &&
			!datum_image_eq(old->tts_values[column], new->tts_values[column], attribute->attbyval,
							attribute->attlen))
			return true;
	}
	return false;
}

static void
find_attachments(Row *row)
{
	row->attachment = itsm_governing(row->state, row->policy, row->slot, &row->second);
}

static void
judge_second(Write *write, const Row *row)
{
	char	   *message;

	if (row->second == NULL)
		return;
	message = psprintf("the row is governed by attachments %d and %d of \"%s\"", row->attachment->id,
					   row->second->id, RelationGetRelationName(row->relation));
	if (row->attachment->mode == MODE_ENFORCE || row->second->mode == MODE_ENFORCE)
		write->refused = itsm_unmet_add(write->refused, ERRCODE_ITSM_ATTACHMENT, "filter", "filter",
										NULL, NULL, "%s", message);
	else if (row->attachment->mode == MODE_OBSERVE || row->second->mode == MODE_OBSERVE)
		write->observed = itsm_unmet_add(write->observed, ERRCODE_ITSM_ATTACHMENT, "filter", "filter",
										 NULL, NULL, "%s", message);
}

/* The unit of the version that the row's record has; the current one when it has none. */
static Unit *
kept_unit(Row *row)
{
	PolicyAttachment *attachment = row->attachment;
	RecordIdentity identity;
	Record		record;
	RecordState kept;

	if (attachment->current->version == 1 || !itsm_history)
		return attachment->current;
	identity = itsm_row_identity(row->state, attachment, row->slot);
	if (!itsm_find_record(&identity, &record) || !itsm_record_state_read(&record, &kept) ||
		strcmp(kept.lifecycle, attachment->lifecycle) != 0)
		return attachment->current;
	return itsm_policy_unit(row->policy, row->relation, attachment, kept.lifecycle_version);
}

/*
 * The unit by which a row is judged: the version its record has, until it
 * moves or is deleted (new NULL); that is judged by the current version when
 * it knows the state.
 */
static Unit *
choose_unit(Row *old, Row *new)
{
	PolicyAttachment *attachment = old->attachment;
	Unit	   *unit = kept_unit(old);
	const char *status;
	int			length;
	int			from;

	if (unit == attachment->current)
		return unit;
	status = itsm_row_status(attachment, old->slot, &length);
	from = itsm_unit_state(unit, status, length);
	if (from == ITSM_NO_STATE)
		return attachment->current;
	if (new)
	{
		status = itsm_row_status(new->attachment, new->slot, &length);
		if (from == itsm_unit_state(unit, status, length))
			return unit;
	}
	if (itsm_definition_state(attachment->current->definition, unit->definition->states[from].name,
							  strlen(unit->definition->states[from].name)) >= 0)
		return attachment->current;
	return unit;
}

static void
finish_write(Write *write, Memory *memory, RowSide *old, RowSide *new)
{
	if (write->refused)
		itsm_refuse(write);
	if (!itsm_history)
		return;
	memory->old = old;
	memory->new = new;
	memory->actor = write->actor;
	memory->violations = write->observed;
	itsm_remember(memory);
}

static Write
begin_write(Row *row, Unit *unit)
{
	Write		write = {
		.relation = row->relation, .policy = row->policy, .state = row->state, .unit = unit,
		.from = ITSM_NO_STATE, .to = ITSM_NO_STATE
	};

	return write;
}

/* Lets the rules find the record when they ask for it. */
static void
identify(Write *write, const RecordIdentity *identity)
{
	write->tenant = identity->tenant;
	write->key = identity->key;
}

/* The state of a side by the unit that judges; mostly it is the side's own. */
static int
state_in(const Unit *unit, const RowSide *side)
{
	return unit == side->unit ? side->state_number
		: itsm_unit_state(unit, side->status, side->status_length);
}

static void
set_new(Write *write, RowSide *side)
{
	write->new = side->canonical;
	write->new_status = side->status;
	write->new_status_length = side->status_length;
	write->to = state_in(write->unit, side);
}

static void
set_old(Write *write, RowSide *side)
{
	write->old = side->canonical;
	write->old_status = side->status;
	write->old_status_length = side->status_length;
	write->from = state_in(write->unit, side);
	write->from_name = side->state_name;
}

/* A row begins, or comes under an attachment from outside ("existed"). */
static void
judge_begin(Row *new, bool existed, Memory *memory)
{
	Unit	   *unit = new->attachment->current;
	Write		write = begin_write(new, unit);
	RowSide		side = itsm_row_side(new->state, new->attachment, unit, new->slot, false);
	Record		record;
	RecordState state;

	set_new(&write, &side);
	write.creating = write.moving = true;
	/* a row that was governed before goes on from the state it had; a new one begins */
	if (itsm_history && memory->kind == NULL)
	{
		RecordIdentity identity = itsm_row_identity(new->state, new->attachment, new->slot);

		if (itsm_record_find(identity.source, identity.tenant, identity.key, &record))
		{
			write.record = &record;
			/* also when it is governed still: then its leaving is judged after this, its return */
			if (existed && !record.deleted &&
				itsm_record_state_read(&record, &state) && state.state)
			{
				write.from_name = state.state;
				write.from = itsm_definition_state(unit->definition, state.state, strlen(state.state));
				write.moving = write.from != write.to || write.to == ITSM_NO_STATE;
			}
		}
	}
	itsm_write_actor(&write);
	judge_second(&write, new);
	itsm_judge_write(&write);
	finish_write(&write, memory, NULL, &side);
}

static bool
same_status(const RowSide *a, const RowSide *b)
{
	if (a->status == NULL || b->status == NULL)
		return a->status == b->status;
	return a->status_length == b->status_length &&
		memcmp(a->status, b->status, a->status_length) == 0;
}

/* A row changes under one attachment, or passes from one to another. */
static void
judge_change(Row *old, Row *new, Memory *memory)
{
	bool		same = old->attachment->id == new->attachment->id;
	Unit	   *old_unit = same ? choose_unit(old, new) : kept_unit(old);
	Unit	   *unit = same ? itsm_policy_unit(new->policy, new->relation, new->attachment, old_unit->version)
		: new->attachment->current;
	Write		write = begin_write(new, unit);
	RowSide		before = itsm_row_side(old->state, old->attachment, old_unit, old->slot, true);
	RowSide		after = itsm_row_side(new->state, new->attachment, unit, new->slot, false);
	RecordIdentity identity = {0};

	set_old(&write, &before);
	set_new(&write, &after);
	if (same)
		/* a value that maps to no state may stay; another one is a move */
		write.moving = write.from != write.to ||
			(write.to == ITSM_NO_STATE && !same_status(&before, &after));
	else
	{
		/* canonical tuples of another lifecycle cannot be compared attribute by attribute */
		write.from = before.state_name ? itsm_definition_state(unit->definition, before.state_name,
															   strlen(before.state_name)) : ITSM_NO_STATE;
		write.moving = write.from != write.to || write.to == ITSM_NO_STATE;
		if (strcmp(old->attachment->lifecycle, new->attachment->lifecycle) != 0 ||
			old_unit->version != unit->version)
		{
			write.old = NULL;
			write.creating = true;
		}
	}
	if (itsm_history && unit->definition->rule_count)
		identity = itsm_row_identity(old->state, old->attachment, old->slot);
	identify(&write, &identity);
	itsm_write_actor(&write);
	judge_second(&write, new);
	itsm_judge_write(&write);
	finish_write(&write, memory, &before, &after);
}

/* A row is deleted, or no attachment governs it any more. */
static void
judge_end(Row *old, Memory *memory)
{
	Unit	   *unit = choose_unit(old, NULL);
	Write		write = begin_write(old, unit);
	RowSide		side = itsm_row_side(old->state, old->attachment, unit, old->slot, true);

	set_old(&write, &side);
	itsm_write_actor(&write);
	if (memory->deleted)
		itsm_judge_delete(&write);
	finish_write(&write, memory, &side, NULL);
}

static void
judge_rows(Row *old, Row *new, Memory *memory)
{
	if (old)
		find_attachments(old);
	if (new)
		find_attachments(new);
	if (old && old->attachment && new && new->attachment)
		judge_change(old, new, memory);
	else if (new && new->attachment)
		judge_begin(new, old != NULL, memory);
	else if (old && old->attachment)
		judge_end(old, memory);
}

/* The header of the tuple that a slot of the trigger holds. */
static HeapTupleHeader
stored_header(TupleTableSlot *slot)
{
	bool		free_it;
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, &free_it);

	return tuple->t_data;
}

/* What an old row tells of the past, for itsm_remember. */
static void
describe_old(Memory *memory, TupleTableSlot *slot, HeapTupleHeader header, int depth)
{
	memory->old_row = slot;
	memory->old_is_ours = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header));
	if (!memory->old_is_ours)
		return;
	memory->old_was_updated = (header->t_infomask & HEAP_UPDATED) != 0;
	memory->old_command = HeapTupleHeaderGetCmin(header);
	memory->early = depth > 1 && !itsm_early_is_judged(depth - 1, slot);
}

/* True when this transaction has replaced or deleted that version already. */
static bool
is_superseded(HeapTupleHeader header)
{
	if ((header->t_infomask & HEAP_XMAX_INVALID) || HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask))
		return false;
	/* others may hold key-share locks on what we replaced: then it is a multixact */
	return TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));
}

static bool
is_partition_move(HeapTupleHeader header)
{
	return HeapTupleHeaderIndicatesMovedPartitions(header);
}

/* The deepest row on its way; NULL: there is none. */
static PartitionMove *
partition_move(void)
{
	return partition_moves_lxid == ITSM_LXID ? partition_moves : NULL;
}

static void finish_partition_move(Row *new, Memory *memory);

/* What was to arrive at this trigger depth or below, and never did, was deleted. */
static void
settle_partition_moves(int depth)
{
	while (partition_move() && partition_move()->depth >= depth)
	{
		Memory		memory = {0};

		finish_partition_move(NULL, &memory);
	}
}

/* An INSERT that a trigger suppressed never comes. */
static void
on_transaction(XactEvent event, void *arg)
{
	bool		snapshot = false;

	if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) || !partition_move())
		return;
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		snapshot = true;
	}
	settle_partition_moves(0);
	if (snapshot)
		PopActiveSnapshot();
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	PartitionMove **link = &partition_moves;

	if (!partition_move())
		return;
	while (*link)
	{
		PartitionMove *move = *link;

		if (move->subtransaction == subtransaction && event == SUBXACT_EVENT_ABORT_SUB)
		{
			*link = move->below;
			continue;
		}
		if (move->subtransaction == subtransaction && event == SUBXACT_EVENT_COMMIT_SUB)
			move->subtransaction = parent;
		link = &move->below;
	}
}

static void
remember_partition_move(Relation relation, HeapTuple tuple, int depth)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	PartitionMove *move = palloc(sizeof(PartitionMove));

	if (!registered)
	{
		RegisterXactCallback(on_transaction, NULL);
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	move->below = partition_move();
	move->depth = depth;
	move->subtransaction = GetCurrentSubTransactionId();
	move->relation = RelationGetRelid(relation);
	move->tuple = heap_copytuple(tuple);
	move->command = HeapTupleHeaderGetCmax(tuple->t_data);
	partition_moves = move;
	partition_moves_lxid = ITSM_LXID;
	MemoryContextSwitchTo(caller);
}

/*
 * The row that left another partition, judged against what arrived here
 * ("new", NULL: nothing did, so it was a deletion).
 */
static void
finish_partition_move(Row *new, Memory *memory)
{
	PartitionMove *move = partition_moves;
	Relation	relation = table_open(move->relation, AccessShareLock);
	Row			old = {.relation = relation, .policy = itsm_policy_get(relation)};

	partition_moves = move->below;
	old.slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsHeapTuple);
	ExecStoreHeapTuple(move->tuple, old.slot, false);
	old.state = itsm_evaluate_begin(old.policy);
	memory->deleted = new == NULL;
	describe_old(memory, old.slot, move->tuple->t_data, move->depth);
	if (new == NULL)
		memory->command = move->command;
	judge_rows(&old, new, memory);
	itsm_evaluate_end(old.policy, old.state);
	ExecDropSingleTupleTableSlot(old.slot);
	heap_freetuple(move->tuple);
	pfree(move);
	table_close(relation, NoLock);
}

/* The INSERT that belongs to the waiting partition move: made by the same command. */
static bool
completes_partition_move(HeapTupleHeader header, int depth)
{
	return partition_move() && partition_move()->depth == depth &&
		HeapTupleHeaderGetCmin(header) == partition_move()->command;
}

/* True for a trigger that somebody made beside the one of itsm.attach: one judges. */
static bool
is_surplus(const TriggerData *trigger)
{
	const TriggerDesc *triggers = trigger->tg_relation->trigdesc;

	if (strcmp(trigger->tg_trigger->tgname, ITSM_ROW_TRIGGER) == 0)
		return false;
	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		if (triggers->triggers[i].tgfoid == trigger->tg_trigger->tgfoid &&
			strcmp(triggers->triggers[i].tgname, ITSM_ROW_TRIGGER) == 0)
			return true;
	return false;
}

ITSM_FUNCTION(itsm_judge);
Datum
itsm_judge(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Memory		memory = {0};
	Row			old = {0};
	Row			new = {0};
	bool		has_old;
	bool		has_new;
	bool		arrives;
	int			depth;
	HeapTupleHeader header;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.judge() can only be called by an AFTER ... FOR EACH ROW trigger"),
				 errhint("itsm.attach makes it.")));
	/* the origin has judged, and its history is replicated */
	if (IsLogicalWorker() || is_surplus(trigger))
		return PointerGetDatum(NULL);
	old.relation = new.relation = trigger->tg_relation;
	old.policy = new.policy = policy_for(fcinfo, trigger->tg_relation);
	has_old = !TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	has_new = !TRIGGER_FIRED_BY_DELETE(trigger->tg_event);
	if (has_old)
		old.slot = trigger->tg_trigslot;
	if (has_new)
		new.slot = has_old ? trigger->tg_newslot : trigger->tg_trigslot;
	if (has_old && has_new && !watched_changed(new.policy, old.slot, new.slot))
		return PointerGetDatum(NULL);

	header = stored_header(has_new ? new.slot : old.slot);
	depth = DatumGetInt32(pg_trigger_depth(NULL));
	settle_partition_moves(depth + 1);
	arrives = !has_old && completes_partition_move(header, depth);
	if (!arrives)
		settle_partition_moves(depth);
	if (!has_new && is_partition_move(header))
	{
		remember_partition_move(trigger->tg_relation, trigger->tg_trigtuple, depth);
		return PointerGetDatum(NULL);
	}
	if (has_old)
		describe_old(&memory, old.slot, stored_header(old.slot), depth);
	if (has_new)
	{
		memory.new_row = new.slot;
		memory.command = HeapTupleHeaderGetCmin(header);
		memory.superseded = is_superseded(header);
		itsm_early_judged(depth, new.slot);
	}
	else
	{
		memory.command = HeapTupleHeaderGetCmax(header);
		memory.deleted = true;
	}
	new.state = old.state = itsm_evaluate_begin(new.policy);
	if (arrives)
		finish_partition_move(&new, &memory);
	else
		judge_rows(has_old ? &old : NULL, has_new ? &new : NULL, &memory);
	itsm_evaluate_end(new.policy, new.state);
	return PointerGetDatum(NULL);
}

ITSM_FUNCTION(itsm_judge_truncate);
Datum
itsm_judge_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Policy	   *policy;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.judge_truncate() can only be called by a BEFORE TRUNCATE trigger"),
				 errhint("itsm.attach makes it.")));
	if (IsLogicalWorker())
		return PointerGetDatum(NULL);
	policy = policy_for(fcinfo, trigger->tg_relation);
	for (int i = 0; i < policy->count; i++)
	{
		Unit	   *unit = policy->attachments[i]->current;
		Write		write = {.relation = trigger->tg_relation, .policy = policy, .unit = unit,
		.from = ITSM_NO_STATE, .to = ITSM_NO_STATE};

		itsm_judge_builtin(&write, BUILTIN_TRUNCATE, ERRCODE_ITSM_DELETE,
						   psprintf("table \"%s\" is governed by lifecycle \"%s\" and may not be truncated",
									RelationGetRelationName(trigger->tg_relation),
									unit->definition->name));
		if (write.refused)
			itsm_refuse(&write);
	}
	return PointerGetDatum(NULL);
}
