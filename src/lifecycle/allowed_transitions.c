/*
 * allowed_transitions.c
 *		Which moves are open to a row, and what each still lacks: the real
 *		guards, evaluated over the row as it would be.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/table.h"
#include "core/unmet.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "ledger/record_key.h"
#include "ledger/tenant_access.h"
#include "lifecycle/judge.h"
#include "lifecycle/owner_guard.h"
#include "lifecycle/remember.h"
#include "lifecycle/stored_row.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

/* The row under the question, with what stays the same for every move. */
typedef struct Question
{
	Relation	relation;
	Policy	   *policy;
	PolicyState *state;
	Unit	   *unit;
	HeapTuple	tuple;
	TupleTableSlot *before_slot;
	TupleTableSlot *after_slot;
	RowSide		before;
	Record	   *record;			/* NULL: none */
} Question;

/* A status value on its way through the column's type; see itsm_attempt. */
typedef struct StatusInput
{
	const Question *question;
	const char *value;
	HeapTuple	tuple;			/* the row with that status */
} StatusInput;

static void
read_status(void *argument)
{
	StatusInput *read = argument;
	const Question *question = read->question;
	TupleDesc	descriptor = RelationGetDescr(question->relation);
	int			column = question->unit->attachment->status - 1;
	Form_pg_attribute attribute = TupleDescAttr(descriptor, column);
	Datum	   *values = palloc0(sizeof(Datum) * descriptor->natts);
	bool	   *nulls = palloc0(sizeof(bool) * descriptor->natts);
	bool	   *replace = palloc0(sizeof(bool) * descriptor->natts);
	OwnerGuard	guard;
	Oid			input;
	Oid			parameter;

	getTypeInputInfo(attribute->atttypid, &input, &parameter);
	/* a domain's constraint is the table owner's code */
	itsm_guard_enter(&guard, question->policy->owner);
	values[column] = OidInputFunctionCall(input, unconstify(char *, read->value), parameter,
										  attribute->atttypmod);
	itsm_guard_leave(&guard);
	replace[column] = true;
	read->tuple = heap_modify_tuple(question->tuple, descriptor, values, nulls, replace);
}

/* The row as it would be with a status value; NULL when the column cannot hold that. */
static HeapTuple
with_status(const Question *question, const char *value, const char **problem)
{
	StatusInput read = {question, value, NULL};
	ErrorData  *error = itsm_attempt(read_status, &read);

	if (error)
		*problem = error->message;
	return error ? NULL : read.tuple;
}

static Write
judge_transition(Question *question, const LifecycleTransition *transition, HeapTuple tuple)
{
	RowSide		after;
	Write		write = {
		.relation = question->relation, .policy = question->policy, .state = question->state,
		.unit = question->unit, .from = transition->from, .to = transition->to, .moving = true,
		.hypothetical = true, .record = question->record
	};

	ExecStoreHeapTuple(tuple, question->after_slot, false);
	after = itsm_row_side(question->state, question->unit->attachment, question->unit,
						  question->after_slot, false);
	write.old = question->before.canonical;
	write.from_name = question->before.state_name;
	write.new = after.canonical;
	write.new_status = after.status;
	write.new_status_length = after.status_length;
	if (question->unit->looks_around)
	{
		RecordIdentity identity = itsm_row_identity(question->state, question->unit->attachment,
													question->before_slot);

		write.tenant = identity.tenant;
		write.key = identity.key;
	}
	itsm_write_actor(&write);
	itsm_judge_write(&write);
	return write;
}

static void
put_row(ReturnSetInfo *result, const char *state, const char *value, const char *label,
		List *refused, List *observed)
{
	Datum		row[5];
	bool		nulls[5] = {false, value == NULL, label == NULL, false, false};

	row[0] = CStringGetTextDatum(state);
	row[1] = value ? CStringGetTextDatum(value) : (Datum) 0;
	row[2] = label ? CStringGetTextDatum(label) : (Datum) 0;
	row[3] = BoolGetDatum(refused == NIL);
	row[4] = DirectFunctionCall1(jsonb_in, CStringGetDatum(itsm_unmet_json(list_concat(refused, observed))));
	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

/* A row for each status value that makes the move; without any, one that says so. */
static void
answer(Question *question, const LifecycleTransition *transition, ReturnSetInfo *result)
{
	const Unit *unit = question->unit;
	const char *state = unit->definition->states[transition->to].name;
	const char *value = NULL;
	const char *problem = NULL;
	bool		any = false;
	List	   *refused;

	for (int i = 0; i < unit->value_count; i++)
	{
		HeapTuple	tuple;
		Write		write;

		if (unit->values[i].state != transition->to)
			continue;
		value = unit->values[i].value;
		tuple = with_status(question, value, &problem);
		if (tuple == NULL)
			continue;
		write = judge_transition(question, transition, tuple);
		put_row(result, state, value, transition->label, write.refused, write.observed);
		any = true;
	}
	if (any)
		return;
	if (value)
		refused = itsm_unmet_add(NIL, ERRCODE_ITSM_UNKNOWN_STATE, "status", "status", NULL, NULL,
								 "the status column cannot hold \"%s\": %s", value, problem);
	else
		refused = itsm_unmet_add(NIL, ERRCODE_ITSM_UNKNOWN_STATE, "status", "status", NULL, NULL,
								 "no status value maps to \"%s\"", state);
	put_row(result, state, value, transition->label, refused, NIL);
}

/* A move is judged by the current version when that knows the state, else by the record's own. */
static Unit *
unit_for_moves(Question *question, PolicyAttachment *attachment)
{
	RecordState kept;
	const char *status;
	int			length;

	status = itsm_row_status(attachment, question->before_slot, &length);
	if (itsm_unit_state(attachment->current, status, length) != ITSM_NO_STATE ||
		question->record == NULL || !itsm_record_state_read(question->record, &kept) ||
		strcmp(kept.lifecycle, attachment->lifecycle) != 0)
		return attachment->current;
	return itsm_policy_unit(question->policy, question->relation, attachment, kept.lifecycle_version);
}

static void
no_row(Relation relation, const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("\"%s\" has no row with key \"%s\"", RelationGetRelationName(relation), key)));
}

static void
ask(Question *question, const char *key, ReturnSetInfo *result)
{
	PolicyAttachment *attachment;
	const Definition *definition;
	int			from;

	attachment = itsm_governing(question->state, question->policy, question->before_slot, NULL);
	if (attachment == NULL)
		return;
	if (!itsm_sees_tenant(itsm_evaluate_tenant(question->state, attachment, question->before_slot)))
		no_row(question->relation, key);
	question->unit = unit_for_moves(question, attachment);
	definition = question->unit->definition;
	question->before = itsm_row_side(question->state, attachment, question->unit,
									 question->before_slot, true);
	from = itsm_unit_state(question->unit, question->before.status, question->before.status_length);
	for (int i = 0; i < definition->transition_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (definition->transitions[i].from == from)
			answer(question, &definition->transitions[i], result);
	}
}

ITSM_FUNCTION(itsm_allowed_transitions);
Datum
itsm_allowed_transitions(PG_FUNCTION_ARGS)
{
	char	   *key = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Question	question = {.relation = itsm_table_open(PG_GETARG_OID(0))};
	Record		record;

	InitMaterializedSRF(fcinfo, 0);
	question.tuple = itsm_stored_row(question.relation, key);
	if (question.tuple == NULL)
		no_row(question.relation, key);
	question.policy = itsm_policy_get(question.relation);
	if (itsm_record_lookup(RelationGetRelid(question.relation), key, &record))
		question.record = &record;
	question.before_slot = MakeSingleTupleTableSlot(RelationGetDescr(question.relation), &TTSOpsHeapTuple);
	question.after_slot = MakeSingleTupleTableSlot(RelationGetDescr(question.relation), &TTSOpsHeapTuple);
	ExecStoreHeapTuple(question.tuple, question.before_slot, false);
	question.state = itsm_evaluate_begin(question.policy);
	ask(&question, key, (ReturnSetInfo *) fcinfo->resultinfo);
	itsm_evaluate_end(question.policy, question.state);
	ExecDropSingleTupleTableSlot(question.before_slot);
	ExecDropSingleTupleTableSlot(question.after_slot);
	table_close(question.relation, AccessShareLock);
	return (Datum) 0;
}
