/*
 * refusal.h
 *		Refused writes, remembered although they are rolled back.
 *
 * A session keeps them in its memory until a transaction of its own commits
 * that wrote events, or until it ends.
 */
#ifndef ITSM_REFUSAL_H
#define ITSM_REFUSAL_H

#include "lifecycle/remember.h"

/*
 * Takes note of a refusal, and tells the server's log: states, rules and
 * codes, no values.  identity: of the row; NULL: the write was of no single row.
 */
extern void itsm_refusal_note(const Write *write, const RecordIdentity *identity);

/* This transaction writes events: with it refusals can be written. */
extern void itsm_refusals_due(void);

/* Before the end of a transaction: writes what waits, when it is due. */
extern void itsm_refusals_write(void);

/* The transaction has ended: what it wrote is forgotten when it committed. */
extern void itsm_refusals_written(bool committed);

#endif							/* ITSM_REFUSAL_H */
