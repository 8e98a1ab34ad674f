/*
 * judge_row.c
 *		A change of a row: which attachment governs which side, by which version of
 *		the lifecycle it is judged, and what becomes of it.
 *
 * Memory: the policy state's per-row context, so what is ours stays flat.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "core/errors.h"
#include "core/settings.h"
#include "core/unmet.h"
#include "lifecycle/deferred.h"
#include "lifecycle/judge_row.h"
#include "lifecycle/judged_early.h"
#include "lifecycle/override.h"
#include "lifecycle/refusal.h"
#include "lifecycle/transaction_end.h"

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

/* Raises what is refused and no exception was made from. */
static void
refuse(Write *write, const RowSide *side)
{
	RecordIdentity identity = itsm_row_identity(side->state, side->attachment, side->row);

	if (itsm_overrides_held())
		itsm_override_excuse(write, &identity, 0);
	if (write->refused)
		itsm_refuse(write, &identity);
}

static void
remember(const Write *write, Memory *memory, RowSide *old, RowSide *new)
{
	RowSide    *side = old ? old : new;

	memory->old = old;
	memory->new = new;
	memory->actor = write->actor;
	memory->violations = write->observed;
	itsm_remember(memory);
	itsm_refusals_due();
	if (side->attachment->notify || (new && new->attachment->notify))
		itsm_notification_due();
	if (itsm_overrides_held())
		itsm_override_record(&side->identity, &(new ? new : old)->identity);
}

static void
finish_write(Write *write, Memory *memory, RowSide *old, RowSide *new)
{
	/* a row that leaves every attachment is not judged */
	bool		deferred = write->unit->attachment->deferred && (new || memory->deleted);
	NewVerdict	verdict;

	if (write->refused)
		refuse(write, old ? old : new);
	if (deferred)
		itsm_deferred_begin(&verdict, write, old, new);
	if (itsm_history)
		remember(write, memory, old, new);
	if (deferred)
		itsm_deferred_add(&verdict, memory);
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

		identify(&write, &identity);
		write.record_sought = true;
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
	if (!new->attachment->deferred)
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

/* A row passes from one lifecycle to another, or from one version to another. */
static void
judge_passing(Write *write, Row *old, Row *new, const RowSide *before)
{
	PolicyAttachment *attachment = itsm_policy_attachment(new->policy, old->attachment->id);

	/* not known there: another leaf's */
	if (attachment)
		itsm_judge_passing(write, itsm_policy_unit(new->policy, new->relation, attachment, before->unit->version),
						   before->state_number, before->canonical, new->slot);
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

	write.old_relation = old->relation;
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
	if (unit->looks_around)
	{
		write.tenant_after = itsm_evaluate_tenant(new->state, new->attachment, new->slot);
		write.rekeyed = identity.key && strcmp(identity.key, itsm_row_key(new->attachment, new->slot)) != 0;
	}
	itsm_write_actor(&write);
	judge_second(&write, new);
	if (!new->attachment->deferred)
	{
		itsm_judge_write(&write);
		if (write.old == NULL)
			judge_passing(&write, old, new, &before);
	}
	finish_write(&write, memory, &before, &after);
}

/* A row is deleted, or no attachment governs it any more. */
static void
judge_end(Row *old, Memory *memory)
{
	Unit	   *unit = choose_unit(old, NULL);
	Write		write = begin_write(old, unit);
	RowSide		side = itsm_row_side(old->state, old->attachment, unit, old->slot, true);
	RecordIdentity identity = {0};

	set_old(&write, &side);
	if (unit->judges_deletion && memory->deleted && itsm_history)
		identity = itsm_row_identity(old->state, old->attachment, old->slot);
	identify(&write, &identity);
	itsm_write_actor(&write);
	if (memory->deleted && !old->attachment->deferred)
		itsm_judge_delete(&write);
	finish_write(&write, memory, &side, NULL);
}

void
itsm_judge_row(Row *old, Row *new, Memory *memory)
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

void
itsm_describe_old(Memory *memory, TupleTableSlot *slot, HeapTupleHeader header, int depth)
{
	memory->old_row = slot;
	memory->old_is_ours = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header));
	if (!memory->old_is_ours)
		return;
	memory->old_was_updated = (header->t_infomask & HEAP_UPDATED) != 0;
	memory->old_command = HeapTupleHeaderGetCmin(header);
	memory->early = depth > 1 && !itsm_early_is_judged(depth - 1, slot);
}

CommandId
itsm_command_of(HeapTupleHeader header)
{
	/* COPY FREEZE leaves the command where it stands, but no transaction to ask for it */
	return HeapTupleHeaderXminFrozen(header) ? HeapTupleHeaderGetRawCommandId(header) : HeapTupleHeaderGetCmin(header);
}

bool
itsm_is_superseded(HeapTupleHeader header)
{
	if ((header->t_infomask & HEAP_XMAX_INVALID) || HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask))
		return false;
	/* others may hold key-share locks on what we replaced: then it is a multixact */
	return TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));
}
