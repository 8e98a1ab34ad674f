/*
 * partition_move.h
 *		Rows that move between partitions.
 */
#ifndef ITSM_PARTITION_MOVE_H
#define ITSM_PARTITION_MOVE_H

#include "lifecycle/judge_row.h"

/* A row has left a partition, at a trigger depth: its INSERT elsewhere comes next. */
extern void itsm_partition_move_begin(Relation relation, HeapTuple tuple, int depth);

/* True for the INSERT that belongs to the waiting move: made by the same command. */
extern bool itsm_partition_move_arrives(HeapTupleHeader header, int depth);

/*
 * Judges the row that left against what arrived ("new"; NULL: nothing did, a
 * trigger suppressed it, so it was a deletion).
 */
extern void itsm_partition_move_finish(Row *new, Memory *memory);

extern bool itsm_partition_moves_wait(void);

/* What was to arrive at this trigger depth or below, and never did, was deleted. */
extern void itsm_partition_moves_settle(int depth);

#endif							/* ITSM_PARTITION_MOVE_H */
