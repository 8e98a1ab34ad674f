/*
 * judge_row.h
 *		A change of a row, judged and remembered.
 */
#ifndef ITSM_JUDGE_ROW_H
#define ITSM_JUDGE_ROW_H

#include "lifecycle/remember.h"

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
 * Judges and remembers a change: "old" and "new" are its sides, NULL where there
 * is none, with everything but the attachments filled in.  Raises what is
 * refused (class IT).
 */
extern void itsm_judge_row(Row *old, Row *new, Memory *memory);

/* What an old row, seen at a trigger depth, tells of the past. */
extern void itsm_describe_old(Memory *memory, TupleTableSlot *slot, HeapTupleHeader header, int depth);

/* True when this transaction has replaced or deleted that version already. */
extern bool itsm_is_superseded(HeapTupleHeader header);

/* The command of our transaction that has made a version. */
extern CommandId itsm_command_of(HeapTupleHeader header);

#endif							/* ITSM_JUDGE_ROW_H */
