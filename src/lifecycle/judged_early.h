/*
 * judged_early.h
 *		Row versions whose own change is judged after the next one: when another
 *		AFTER trigger, fired before ours, writes the row again.
 */
#ifndef ITSM_JUDGED_EARLY_H
#define ITSM_JUDGED_EARLY_H

#include "executor/tuptable.h"

/* The record of a version of which the successor is judged first. */
extern void itsm_early_add(const TupleTableSlot *version, CommandId command, const char *tenant, int64 record);

/* Finds and forgets: the record, if a successor of that version was judged; 0: none was. */
extern int64 itsm_early_take(const TupleTableSlot *version, CommandId command, const char **tenant);

/* A trigger call at a depth has judged what made a version, so nothing of it is to come. */
extern void itsm_early_judged(int depth, const TupleTableSlot *version);
extern bool itsm_early_is_judged(int depth, const TupleTableSlot *version);

#endif							/* ITSM_JUDGED_EARLY_H */
