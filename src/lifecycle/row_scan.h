/*
 * row_scan.h
 *		All rows of an attached table that are governed, as a snapshot sees them.
 */
#ifndef ITSM_ROW_SCAN_H
#define ITSM_ROW_SCAN_H

#include "lifecycle/evaluate.h"
#include "record/record_lookup.h"

typedef struct ScannedRow
{
	Relation	relation;		/* the leaf partition that it stands in */
	Policy	   *policy;
	PolicyState *state;
	PolicyAttachment *attachment;
	TupleTableSlot *slot;
	RecordLookup *lookup;		/* of records and states under the snapshot */
} ScannedRow;

/*
 * Calls "visit" for each governed row of a table and its partitions, but not
 * of its inheritance children, in a memory context that is reset after it.
 * Reads without asking for rights.
 */
extern void itsm_scan_rows(Oid relation, Snapshot snapshot, void (*visit) (const ScannedRow *row, void *argument),
						   void *argument);

/* The same without rows that "passed" (or NULL) says are to be passed over. */
extern void itsm_scan_other_rows(Oid relation, Snapshot snapshot, bool (*passed) (const TupleTableSlot *slot, void *argument),
								 void (*visit) (const ScannedRow *row, void *argument), void *argument);

/* The record of a scanned row under the snapshot; false when there is none. */
extern bool itsm_scanned_record(const ScannedRow *row, Record *record);

#endif							/* ITSM_ROW_SCAN_H */
