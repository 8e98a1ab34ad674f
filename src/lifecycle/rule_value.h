/*
 * rule_value.h
 *		Values of canonical attributes, as several rule kinds look at them.
 */
#ifndef ITSM_RULE_VALUE_H
#define ITSM_RULE_VALUE_H

#include "executor/tuptable.h"
#include "lifecycle/definition.h"

/* NULL, or a text of nothing but white space. */
extern BlankForm itsm_blank_form(Oid type);
extern bool itsm_value_missing(const LifecycleAttribute *attribute, TupleTableSlot *slot, int number);

/* Its text form, palloc'd; NULL for NULL. */
extern char *itsm_value_text(const LifecycleAttribute *attribute, TupleTableSlot *slot, int number);

/* Whether two tuples have the same value: byte for byte, or equal by the type's own operator. */
extern bool itsm_value_same(const LifecycleAttribute *attribute, TupleTableSlot *first,
							TupleTableSlot *second, int number);

#endif							/* ITSM_RULE_VALUE_H */
