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
#include "lifecycle/judge.h"
#include "lifecycle/remember.h"
#include "replication/logicalworker.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

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
 * the INSERT of the same command comes next.
 */
typedef struct PartitionMove
{
	LocalTransactionId lxid;
	SubTransactionId subtransaction;
	Oid			relation;
	HeapTuple	tuple;
	CommandId	command;
} PartitionMove;

static PartitionMove partition_move = {InvalidLocalTransactionId, 0, InvalidOid, NULL, 0};

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

/*
 * The unit by which a row is judged: the version its record has, until it
 * moves; a move is judged by the current version when that knows the state.
 */
static Unit *
choose_unit(Row *old, Row *new)
{
	PolicyAttachment *attachment = new->attachment;
	RecordIdentity identity;
	Record		record;
	RecordState kept;
	Unit	   *unit;
	const char *before;
	const char *after;
	int			before_length;
	int			after_length;
	int			from;

	if (attachment->current->version == 1 || !itsm_history)
		return attachment->current;
	identity = itsm_row_identity(old->state, old->attachment, old->slot);
	if (!itsm_find_record(&identity, &record) || !itsm_record_state_read(&record, &kept) ||
		strcmp(kept.lifecycle, attachment->lifecycle) != 0)
		return attachment->current;
	unit = itsm_policy_unit(new->policy, new->relation, attachment, kept.lifecycle_version);
	before = itsm_row_status(old->attachment, old->slot, &before_length);
	after = itsm_row_status(attachment, new->slot, &after_length);
	from = itsm_unit_state(unit, before, before_length);
	if (from == itsm_unit_state(unit, after, after_length) && from != ITSM_NO_STATE)
		return unit;
	if (from == ITSM_NO_STATE)
		return attachment->current;
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

static void
set_new(Write *write, RowSide *side)
{
	write->new = side->canonical;
	write->new_status = side->status;
	write->new_status_length = side->status_length;
	write->to = itsm_unit_state(write->unit, side->status, side->status_length);
}

static void
set_old(Write *write, RowSide *side)
{
	write->old = side->canonical;
	write->old_status = side->status;
	write->old_status_length = side->status_length;
	write->from = itsm_unit_state(write->unit, side->status, side->status_length);
	write->from_name = side->state_name;
}

/* A row begins, or comes under an attachment from outside. */
static void
judge_begin(Row *new, Memory *memory)
{
	Unit	   *unit = new->attachment->current;
	Write		write = begin_write(new, unit);
	RowSide		side = itsm_row_side(new->state, new->attachment, unit, new->slot, false);
	Record		record;
	RecordState state;

	set_new(&write, &side);
	write.creating = write.moving = true;
	/* a row that was governed before goes on from the state it had */
	if (itsm_history && memory->kind == NULL)
	{
		RecordIdentity identity = itsm_row_identity(new->state, new->attachment, new->slot);

		if (itsm_record_find(identity.source, identity.tenant, identity.key, &record))
		{
			write.record = &record;
			if (!record.deleted && record.attachment != new->attachment->id &&
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
	Unit	   *unit = same ? choose_unit(old, new) : new->attachment->current;
	Unit	   *old_unit = old->attachment == new->attachment ? unit
		: itsm_policy_unit(old->policy, old->relation, old->attachment,
						   same ? unit->version : old->attachment->current->version);
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
	Unit	   *unit = old->attachment->current;
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
		judge_begin(new, memory);
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

/* True when this transaction has replaced or deleted that version already. */
static bool
is_superseded(HeapTupleHeader header)
{
	if (header->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI))
		return false;
	return !HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) &&
		TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmax(header));
}

static bool
is_partition_move(HeapTupleHeader header)
{
	return HeapTupleHeaderIndicatesMovedPartitions(header);
}

static bool
partition_move_waits(void)
{
	return partition_move.lxid == ITSM_LXID && partition_move.tuple != NULL;
}

static void finish_partition_move(Row *new, Memory *memory);

/* An INSERT that a trigger suppressed never comes: then it was a deletion. */
static void
on_transaction(XactEvent event, void *arg)
{
	Memory		memory = {0};

	if ((event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) && partition_move_waits())
		finish_partition_move(NULL, &memory);
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	if (!partition_move_waits() || partition_move.subtransaction != subtransaction)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		partition_move.tuple = NULL;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		partition_move.subtransaction = parent;
}

static void
remember_partition_move(Relation relation, HeapTuple tuple)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	if (!registered)
	{
		RegisterXactCallback(on_transaction, NULL);
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	partition_move.subtransaction = GetCurrentSubTransactionId();
	partition_move.lxid = ITSM_LXID;
	partition_move.relation = RelationGetRelid(relation);
	partition_move.tuple = heap_copytuple(tuple);
	partition_move.command = HeapTupleHeaderGetCmax(tuple->t_data);
	MemoryContextSwitchTo(caller);
}

/*
 * The row that left another partition, judged against what arrived here
 * ("new", NULL: nothing did, so it was a deletion).
 */
static void
finish_partition_move(Row *new, Memory *memory)
{
	HeapTuple	tuple = partition_move.tuple;
	Relation	relation = table_open(partition_move.relation, AccessShareLock);
	Row			old = {.relation = relation, .policy = itsm_policy_get(relation)};

	partition_move.tuple = NULL;
	old.slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsHeapTuple);
	ExecStoreHeapTuple(tuple, old.slot, false);
	old.state = itsm_evaluate_begin(old.policy);
	memory->deleted = new == NULL;
	judge_rows(&old, new, memory);
	itsm_evaluate_end(old.policy, old.state);
	ExecDropSingleTupleTableSlot(old.slot);
	heap_freetuple(tuple);
	table_close(relation, NoLock);
}

/* The INSERT that belongs to the waiting partition move: made by the same command. */
static bool
completes_partition_move(HeapTupleHeader header)
{
	return partition_move_waits() && HeapTupleHeaderGetCmin(header) == partition_move.command;
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
	HeapTupleHeader header;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.judge() can only be called by an AFTER ... FOR EACH ROW trigger"),
				 errhint("itsm.attach makes it.")));
	/* the origin has judged, and its history is replicated */
	if (IsLogicalWorker())
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
	if (partition_move_waits() && (has_old || !completes_partition_move(header)))
		finish_partition_move(NULL, &memory);
	memory = (Memory) {0};
	if (!has_new && is_partition_move(header))
	{
		remember_partition_move(trigger->tg_relation, trigger->tg_trigtuple);
		return PointerGetDatum(NULL);
	}
	if (has_old)
		memory.old_is_ours =
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(stored_header(old.slot)));
	if (has_new)
	{
		memory.command = HeapTupleHeaderGetCmin(header);
		memory.superseded = is_superseded(header);
	}
	else
	{
		memory.command = HeapTupleHeaderGetCmax(header);
		memory.deleted = true;
	}
	new.state = old.state = itsm_evaluate_begin(new.policy);
	if (has_new && !has_old && partition_move_waits())
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
