/*
 * row_lookup.h
 *		Rows of an attached table by their keys, one after the other, through
 *		the index of the table's primary key.
 */
#ifndef ITSM_ROW_LOOKUP_H
#define ITSM_ROW_LOOKUP_H

#include "access/htup.h"
#include "record/source.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

typedef struct RowLookup RowLookup;

/* NULL when the source's key is not the table's primary key, or has no index of its own. */
extern RowLookup *itsm_row_lookup(Relation relation, const Source *source);

/*
 * A copy of the row, in the current memory context; NULL when the snapshot
 * sees none.  fields: the key's values as text.  The table, which is locked,
 * stays open until it is closed, or forgotten after the subtransaction failed
 * in which it was opened.
 */
extern HeapTuple itsm_row_lookup_find(RowLookup *lookup, Snapshot snapshot, char *const *fields);
extern void itsm_row_lookup_close(RowLookup *lookup);
extern void itsm_row_lookup_forget(RowLookup *lookup);

#endif							/* ITSM_ROW_LOOKUP_H */
