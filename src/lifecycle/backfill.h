/*
 * backfill.h
 *		First appearance of rows that were there before.
 */
#ifndef ITSM_BACKFILL_H
#define ITSM_BACKFILL_H

#include "lifecycle/policy.h"

/*
 * Makes the record of a stored row that the attachment governs and that has
 * none, or takes on the one that an earlier attachment left; true when it did.  *key, unless NULL, becomes the row's key, in
 * TopTransactionContext.
 */
extern bool itsm_backfill_row(Relation relation, Policy *policy, int attachment_id,
							  TupleTableSlot *slot, char **key);

#endif							/* ITSM_BACKFILL_H */
