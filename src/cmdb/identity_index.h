/*
 * identity_index.h
 *		What the index of records by their identifying attributes needs of the rules.
 */
#ifndef ITSM_IDENTITY_INDEX_H
#define ITSM_IDENTITY_INDEX_H

#include "nodes/pg_list.h"

/* The attributes that any rule names, as a catalog snapshot sees them: char *, NIL: there are no rules. */
extern List *itsm_identifying_attributes(void);

/*
 * Makes the index anew, of all records.  Until the transaction ends nobody
 * writes the tables whose rows have a class.
 */
extern void itsm_identities_rebuild(void);

#endif							/* ITSM_IDENTITY_INDEX_H */
