/*
 * judge_trigger.c
 *		The one trigger of an attached table: trigger protocol, and rows that move
 *		between partitions.
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
#include "lifecycle/judge_row.h"
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
	itsm_judge_row(&old, new, memory);
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
		itsm_judge_row(has_old ? &old : NULL, has_new ? &new : NULL, &memory);
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
