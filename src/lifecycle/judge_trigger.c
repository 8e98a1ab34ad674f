/*
 * judge_trigger.c
 *		The one trigger of an attached table: trigger protocol.
 *
 * Fired AFTER each row, so the row is judged as stored.  Per row and without
 * a change that matters, the cost is a comparison of the watched columns.
 *
 * Memory: the policy state's per-row context, so what is ours stays flat.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "core/errors.h"
#include "core/own_table.h"
#include "core/unmet.h"
#include "executor/executor.h"
#include "lifecycle/actor.h"
#include "lifecycle/attach.h"
#include "lifecycle/deferred.h"
#include "lifecycle/guard.h"
#include "lifecycle/judged_early.h"
#include "lifecycle/partition_move.h"
#include "replication/logicalworker.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

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
	{
		kept = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
																 sizeof(KeptPolicy));
		itsm_own_keep(fcinfo->flinfo->fn_mcxt);
	}
	if (kept->policy == NULL || kept->pin != pin)
	{
		kept->policy = itsm_policy_require(relation);
		kept->pin = itsm_policy_pin();
	}
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
			!itsm_same_datum(old->tts_values[column], new->tts_values[column], attribute))
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
	if (IsLogicalWorker() || is_surplus(trigger) || itsm_guard_passes(trigger->tg_relation))
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
	itsm_partition_moves_settle(depth + 1);
	arrives = !has_old && itsm_partition_move_arrives(header, depth);
	if (!arrives)
		itsm_partition_moves_settle(depth);
	if (!has_new && HeapTupleHeaderIndicatesMovedPartitions(header))
	{
		itsm_partition_move_begin(trigger->tg_relation, trigger->tg_trigtuple, depth);
		return PointerGetDatum(NULL);
	}
	if (has_old)
		itsm_describe_old(&memory, old.slot, stored_header(old.slot), depth);
	if (has_new)
	{
		memory.new_row = new.slot;
		memory.command = itsm_command_of(header);
		memory.superseded = itsm_is_superseded(header);
		itsm_early_judged(depth, new.slot);
	}
	else
	{
		memory.command = HeapTupleHeaderGetCmax(header);
		memory.deleted = true;
	}
	new.state = old.state = itsm_evaluate_begin(new.policy);
	if (arrives)
		itsm_partition_move_finish(&new, &memory);
	else
		itsm_judge_row(has_old ? &old : NULL, has_new ? &new : NULL, &memory);
	itsm_evaluate_end(new.policy, new.state);
	return PointerGetDatum(NULL);
}
