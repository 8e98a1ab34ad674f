/*
 * displaced.h
 *		Records whose key another row took over within this transaction, until
 *		their own change of key is judged: swapped keys arrive one after the other.
 */
#ifndef ITSM_DISPLACED_H
#define ITSM_DISPLACED_H

#include "executor/tuptable.h"

/* "taker": the row, as it is now, that has taken the key; NULL: none. */
extern void itsm_displaced_add(int source, const char *tenant, const char *key, int64 record, TupleTableSlot *taker);

/* The record that had the key before; 0: none.  The caller checks that it still has none. */
extern int64 itsm_displaced_find(int source, const char *tenant, const char *key);

extern void itsm_displaced_remove(int64 record);

/* May two rows have one key until the end of a statement or of the transaction? */
extern bool itsm_key_may_repeat(Oid table);

#endif							/* ITSM_DISPLACED_H */
