/*
 * redundancy.h
 *		How many of what it rests on a record needs: rows of itsm.redundancy.
 */
#ifndef ITSM_REDUNDANCY_H
#define ITSM_REDUNDANCY_H

#include "access/genam.h"
#include "executor/tuptable.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

/* A look at the table; relation is NULL while there is nothing in it. */
typedef struct RedundancyReader
{
	Relation	relation;
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	Snapshot	snapshot;
	bool		as_of;			/* at a time; else now */
	TimestampTz at;
} RedundancyReader;

extern void itsm_redundancy_open(RedundancyReader *reader, Snapshot snapshot, bool as_of, TimestampTz at);
extern void itsm_redundancy_close(RedundancyReader *reader);

/* True when any record may need only some of what it is related to by the type. */
extern bool itsm_redundancy_of_type(RedundancyReader *reader, const char *type);

/* How many the record needs of those; 0: all of them. */
extern int	itsm_redundancy_needs(RedundancyReader *reader, const char *type, int64 record);

#endif							/* ITSM_REDUNDANCY_H */
