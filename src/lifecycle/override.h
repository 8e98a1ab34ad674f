/*
 * override.h
 *		Exceptions that somebody was allowed to make, for one record and one rule
 *		until the transaction ends.
 */
#ifndef ITSM_OVERRIDE_H
#define ITSM_OVERRIDE_H

#include "lifecycle/remember.h"

/* True when this transaction has an exception: ask before the two below, which cost more. */
extern bool itsm_overrides_held(void);

/*
 * Moves what is overridden for the record from the refused conditions of a
 * write to the observed ones.  "record": its number, 0: the record that the
 * identity has now, if any.
 */
extern void itsm_override_excuse(Write *write, const RecordIdentity *identity, int64 record);

/*
 * The record of a row has been written: exceptions made for it before it was
 * there are recorded.  "after" is the identity that the write left it with.
 */
extern void itsm_override_record(const RecordIdentity *before, const RecordIdentity *after);

#endif							/* ITSM_OVERRIDE_H */
