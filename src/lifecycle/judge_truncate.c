/*
 * judge_truncate.c
 *		The TRUNCATE trigger of attached tables: refuses while enforcing; else
 *		every governed row is deleted in the history too, before it goes.
 *
 * Memory: the policy state's per-row context.  TRUNCATE holds ACCESS EXCLUSIVE.
 */
#include "core/itsm.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "core/errors.h"
#include "core/settings.h"
#include "lifecycle/actor.h"
#include "lifecycle/deferred.h"
#include "lifecycle/guard.h"
#include "lifecycle/remember.h"
#include "miscadmin.h"
#include "replication/logicalworker.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* The violations that truncating is, of the attachments that observe; by their numbers. */
static List **
judge_attachments(Relation relation, Policy *policy)
{
	List	  **observed = palloc0(sizeof(List *) * Max(policy->count, 1));

	for (int i = 0; i < policy->count; i++)
	{
		Unit	   *unit = policy->attachments[i]->current;
		Write		write = {.relation = relation, .policy = policy, .unit = unit,
		.from = ITSM_NO_STATE, .to = ITSM_NO_STATE};

		itsm_count_builtin(&write, BUILTIN_TRUNCATE);
		itsm_judge_builtin(&write, BUILTIN_TRUNCATE, ERRCODE_ITSM_DELETE,
						   psprintf("table \"%s\" is governed by lifecycle \"%s\" and may not be truncated",
									RelationGetRelationName(relation), unit->definition->name));
		if (write.refused)
		{
			write.actor = itsm_actor(policy, unit, NULL);
			itsm_refuse(&write, NULL);
		}
		observed[i] = write.observed;
	}
	return observed;
}

static void
remember_row(Relation relation, Policy *policy, TupleTableSlot *slot, List **observed)
{
	PolicyState *state = itsm_evaluate_begin(policy);
	PolicyAttachment *attachment = itsm_governing(state, policy, slot, NULL);

	if (attachment)
	{
		RowSide		side = itsm_row_side(state, attachment, attachment->current, slot, true);
		Write		write = {.relation = relation, .policy = policy, .state = state,
		.unit = attachment->current, .old = side.canonical};
		Memory		memory = {.old = &side, .deleted = true, .old_row = slot,
			.command = GetCurrentCommandId(true), .violations = observed[attachment->number]};

		itsm_write_actor(&write);
		memory.actor = write.actor;
		itsm_remember(&memory);
	}
	itsm_evaluate_end(policy, state);
}

static void
remember_rows(Relation relation, Policy *policy, List **observed)
{
	/* what is committed, also in a transaction with an older snapshot: it goes all the same */
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(relation, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(relation, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		remember_row(relation, policy, slot, observed);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
}

ITSM_FUNCTION(itsm_judge_truncate);
Datum
itsm_judge_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Relation	relation;
	Policy	   *policy;
	List	  **observed;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.judge_truncate() can only be called by a BEFORE TRUNCATE trigger"),
				 errhint("itsm.attach makes it.")));
	relation = trigger->tg_relation;
	if (IsLogicalWorker() || itsm_guard_passes(relation))
		return PointerGetDatum(NULL);
	policy = itsm_policy_require(relation);
	observed = judge_attachments(relation, policy);
	if (itsm_deferred_pending())
		itsm_deferred_judge_table(RelationGetRelid(relation));
	if (itsm_history && relation->rd_rel->relkind == RELKIND_RELATION)
		remember_rows(relation, policy, observed);
	return PointerGetDatum(NULL);
}
