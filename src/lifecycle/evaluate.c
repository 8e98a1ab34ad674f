/*
 * evaluate.c
 *		Evaluating a policy's expressions: the executor state of a transaction.
 *
 * Memory: a state hangs on TopTransactionContext, results on its per-row
 * context, which the next begin resets.  The policy remembers the transaction
 * that its state belongs to, the state the subtransaction that uses it: after
 * an abort it is free again.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "ledger/canonical_text.h"
#include "ledger/record_key.h"
#include "lifecycle/evaluate.h"
#include "lifecycle/owner_guard.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct UnitState
{
	ExprState **attributes;		/* NULL where the value is a column */
	ExprState **checks;
	TupleTableSlot *old;
	TupleTableSlot *new;
} UnitState;

struct PolicyState
{
	bool		in_use;
	SubTransactionId user;		/* subtransaction that began the use */
	EState	   *estate;
	ExprContext *context;
	MemoryContext caller;
	ExprState **filters;		/* per attachment */
	ExprState **tenants;
	int			unit_count;
	UnitState **units;			/* per unit */
	bool		temporary;		/* made for a nested use */
};

static PolicyState *
make_state(Policy *policy, MemoryContext parent, bool temporary)
{
	MemoryContext caller = MemoryContextSwitchTo(parent);
	EState	   *estate = CreateExecutorState();
	PolicyState *state;

	MemoryContextSwitchTo(estate->es_query_cxt);
	state = palloc0(sizeof(PolicyState));
	state->estate = estate;
	state->context = CreateExprContext(estate);
	state->filters = palloc0(sizeof(ExprState *) * policy->count);
	state->tenants = palloc0(sizeof(ExprState *) * policy->count);
	state->temporary = temporary;
	MemoryContextSwitchTo(caller);
	return state;
}

PolicyState *
itsm_evaluate_begin(Policy *policy)
{
	PolicyState *state = policy->state;

	/* the state of a transaction that is over is gone: do not look at it */
	if (policy->state_lxid != ITSM_LXID)
	{
		state = policy->state = make_state(policy, TopTransactionContext, false);
		policy->state_lxid = ITSM_LXID;
	}
	else if (state->in_use && SubTransactionIsActive(state->user))
		state = make_state(policy, CurrentMemoryContext, true);
	state->in_use = true;
	state->user = GetCurrentSubTransactionId();
	ResetExprContext(state->context);
	state->caller = MemoryContextSwitchTo(state->context->ecxt_per_tuple_memory);
	return state;
}

void
itsm_evaluate_end(Policy *policy, PolicyState *state)
{
	MemoryContextSwitchTo(state->caller);
	state->in_use = false;
	if (state->temporary)
		FreeExecutorState(state->estate);
}

static UnitState *
unit_state(PolicyState *state, Unit *unit)
{
	MemoryContext caller;
	UnitState  *compiled;

	if (unit->number < state->unit_count && state->units[unit->number])
		return state->units[unit->number];
	caller = MemoryContextSwitchTo(state->estate->es_query_cxt);
	if (unit->number >= state->unit_count)
	{
		int			count = unit->number + 1;
		UnitState **units = palloc0(sizeof(UnitState *) * count);

		if (state->unit_count)
			memcpy(units, state->units, sizeof(UnitState *) * state->unit_count);
		state->units = units;
		state->unit_count = count;
	}
	compiled = palloc0(sizeof(UnitState));
	compiled->attributes = palloc0(sizeof(ExprState *) * unit->definition->attribute_count);
	compiled->checks = palloc0(sizeof(ExprState *) * unit->check_count);
	compiled->old = MakeSingleTupleTableSlot(unit->canonical, &TTSOpsVirtual);
	compiled->new = MakeSingleTupleTableSlot(unit->canonical, &TTSOpsVirtual);
	state->units[unit->number] = compiled;
	MemoryContextSwitchTo(caller);
	return compiled;
}

/* Evaluates an expression, compiling it first where that was not done yet. */
static Datum
evaluate(PolicyState *state, Policy *policy, const BoundExpression *bound, ExprState **compiled,
		 bool *isnull)
{
	OwnerGuard	guard;
	Datum		value;

	if (bound->guarded)
		itsm_guard_enter(&guard, policy->owner);
	if (*compiled == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(state->estate->es_query_cxt);

		*compiled = ExecInitExpr((Expr *) bound->cached->expr, NULL);
		MemoryContextSwitchTo(caller);
	}
	value = ExecEvalExprSwitchContext(*compiled, state->context, isnull);
	if (bound->guarded)
		itsm_guard_leave(&guard);
	return value;
}

bool
itsm_evaluate_filter(PolicyState *state, PolicyAttachment *attachment, TupleTableSlot *row)
{
	bool		isnull;
	Datum		value;

	if (attachment->filter.cached == NULL)
		return true;
	state->context->ecxt_scantuple = row;
	value = evaluate(state, attachment->policy, &attachment->filter,
					 &state->filters[attachment->number], &isnull);
	return !isnull && DatumGetBool(value);
}

PolicyAttachment *
itsm_governing(PolicyState *state, Policy *policy, TupleTableSlot *row, PolicyAttachment **second)
{
	PolicyAttachment *governing = NULL;

	if (second)
		*second = NULL;
	for (int i = 0; i < policy->count; i++)
	{
		PolicyAttachment *attachment = policy->attachments[i];

		if (!itsm_evaluate_filter(state, attachment, row))
			continue;
		if (governing == NULL)
			governing = attachment;
		else
		{
			if (second)
				*second = attachment;
			break;
		}
	}
	return governing;
}

char *
itsm_evaluate_tenant(PolicyState *state, PolicyAttachment *attachment, TupleTableSlot *row)
{
	bool		isnull;
	Datum		value;

	if (attachment->tenant.cached == NULL)
		return "";
	state->context->ecxt_scantuple = row;
	value = evaluate(state, attachment->policy, &attachment->tenant,
					 &state->tenants[attachment->number], &isnull);
	return isnull ? "" : TextDatumGetCString(value);
}

Datum
itsm_evaluate_attribute(PolicyState *state, Unit *unit, TupleTableSlot *row, int attribute, bool *isnull)
{
	AttributeBinding *binding = &unit->attributes[attribute];

	if (binding->mapped && binding->column)
		return slot_getattr(row, binding->column, isnull);
	*isnull = true;
	if (!binding->mapped)
		return (Datum) 0;
	state->context->ecxt_scantuple = row;
	return evaluate(state, unit->attachment->policy, &binding->expression,
					&unit_state(state, unit)->attributes[attribute], isnull);
}

TupleTableSlot *
itsm_evaluate_canonical(PolicyState *state, Unit *unit, TupleTableSlot *row, bool old, const char *actor)
{
	UnitState  *compiled = unit_state(state, unit);
	TupleTableSlot *slot = old ? compiled->old : compiled->new;
	int			count = unit->definition->attribute_count;

	ExecClearTuple(slot);
	for (int i = 0; i < count; i++)
		slot->tts_values[i] = itsm_evaluate_attribute(state, unit, row, i, &slot->tts_isnull[i]);
	slot->tts_isnull[count] = actor == NULL;
	slot->tts_values[count] = actor ? CStringGetTextDatum(actor) : (Datum) 0;
	return ExecStoreVirtualTuple(slot);
}

bool
itsm_evaluate_check(PolicyState *state, Unit *unit, int number, TupleTableSlot *old, TupleTableSlot *new)
{
	UnitState  *compiled = unit_state(state, unit);
	bool		isnull;
	Datum		value;

	state->context->ecxt_outertuple = new;
	state->context->ecxt_innertuple = old;
	value = evaluate(state, unit->attachment->policy, &unit->checks[number], &compiled->checks[number],
					 &isnull);
	return !isnull && DatumGetBool(value);
}

const char *
itsm_row_status(PolicyAttachment *attachment, TupleTableSlot *row, int *length)
{
	bool		isnull;
	Datum		value = slot_getattr(row, attachment->status, &isnull);

	*length = 0;
	return isnull ? NULL : itsm_canonical_text(value, attachment->status_type, length);
}

int
itsm_unit_state(const Unit *unit, const char *status, int length)
{
	int			low = 0;
	int			high = unit->value_count;

	if (status == NULL)
		return ITSM_NO_STATE;
	while (low < high)
	{
		int			middle = (low + high) / 2;
		const StatusValue *value = &unit->values[middle];
		/* mostly the first byte tells, without a call */
		int			order = length && value->length ? (uint8) status[0] - (uint8) value->value[0] : 0;

		if (order == 0)
			order = memcmp(status, value->value, Min(length, value->length));
		if (order == 0)
			order = length - value->length;
		if (order == 0)
			return value->state;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ITSM_NO_STATE;
}

static char *
key_field(PolicyAttachment *attachment, TupleTableSlot *row, int number)
{
	AttrNumber	column = attachment->key[number];
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);
	int			length;

	return isnull ? NULL
		: itsm_canonical_text(value, TupleDescAttr(row->tts_tupleDescriptor, column - 1)->atttypid, &length);
}

char *
itsm_row_key(PolicyAttachment *attachment, TupleTableSlot *row)
{
	const char **fields;

	if (attachment->key_count == 1)
	{
		char	   *field = key_field(attachment, row, 0);

		return field ? field : "";
	}
	fields = palloc(sizeof(char *) * attachment->key_count);
	for (int i = 0; i < attachment->key_count; i++)
		fields[i] = key_field(attachment, row, i);
	return itsm_key_join(fields, attachment->key_count);
}
