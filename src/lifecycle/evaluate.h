/*
 * evaluate.h
 *		Evaluating a policy's expressions over rows.
 *
 * Expressions are compiled once per transaction.  What is not made of
 * immutable built-in functions runs as the table's owner, in a
 * security-restricted operation and under search_path pg_catalog, pg_temp.
 */
#ifndef ITSM_EVALUATE_H
#define ITSM_EVALUATE_H

#include "executor/tuptable.h"
#include "lifecycle/policy.h"

/* Executor state of a policy in the current transaction. */
typedef struct PolicyState PolicyState;

/*
 * Takes a policy's executor state for one row; a nested use (a check that
 * writes an attached table) gets one of its own.  Every begin has its end,
 * or the (sub)transaction aborts.  Results live until the end.
 */
extern PolicyState *itsm_evaluate_begin(Policy *policy);
extern void itsm_evaluate_end(Policy *policy, PolicyState *state);

/* True when the attachment's filter governs the row. */
extern bool itsm_evaluate_filter(PolicyState *state, PolicyAttachment *attachment, TupleTableSlot *row);

/*
 * The attachment that governs the row, NULL when none does.  *second, unless
 * NULL, becomes another one that governs it too, which is a fault.
 */
extern PolicyAttachment *itsm_governing(PolicyState *state, Policy *policy, TupleTableSlot *row,
										PolicyAttachment **second);

/* The row's tenant; never NULL. */
extern char *itsm_evaluate_tenant(PolicyState *state, PolicyAttachment *attachment, TupleTableSlot *row);

/* One attribute of the row by the unit. */
extern Datum itsm_evaluate_attribute(PolicyState *state, Unit *unit, TupleTableSlot *row, int attribute,
									 bool *isnull);

/* The row's canonical tuple by the unit, with the actor (NULL: null) as its last column. */
extern TupleTableSlot *itsm_evaluate_canonical(PolicyState *state, Unit *unit, TupleTableSlot *row,
											   bool old, const char *actor);

/* The check with that number (rule_kind.h) over canonical tuples; NULL counts as false. */
extern bool itsm_evaluate_check(PolicyState *state, Unit *unit, int number, TupleTableSlot *old,
								TupleTableSlot *new);

/* The status as text (NULL: null) and the state it maps to in the unit. */
extern const char *itsm_row_status(PolicyAttachment *attachment, TupleTableSlot *row, int *length);
extern int	itsm_unit_state(const Unit *unit, const char *status, int length);

/* Text of the row's key: the value, or the row of values when there are several. */
extern char *itsm_row_key(PolicyAttachment *attachment, TupleTableSlot *row);

#endif							/* ITSM_EVALUATE_H */
