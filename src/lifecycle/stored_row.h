/*
 * stored_row.h
 *		Rows of attached tables as they stand, for what looks at them between
 *		writes.
 */
#ifndef ITSM_STORED_ROW_H
#define ITSM_STORED_ROW_H

#include "access/htup.h"
#include "utils/rel.h"

/* The row of a table with the alias k: a bare k would be the column of that name. */
#define ITSM_WHOLE_ROW "COALESCE(k.*)"

/*
 * The row with a key that a user wrote, as a tuple of the relation's row type
 * in the current memory context; NULL when there is none.  Read with the
 * current user's rights, row-level security included.
 */
extern HeapTuple itsm_stored_row(Relation relation, const char *key);

/* A tuple of a relation's row type out of a whole-row Datum. */
extern HeapTuple itsm_row_tuple(Datum row);

/* Locks the row with a key until the transaction ends, as its next writer does; if the current user sees it. */
extern void itsm_stored_row_lock(Relation relation, const char *key);

#endif							/* ITSM_STORED_ROW_H */
