/*
 * reference.h
 *		Attributes that name other records, and who is named by whom.
 *
 * A lifecycle lists such attributes: "references": {"parent": "incident"} says
 * that the attribute parent holds the key of a record of the process incident,
 * or an array of keys.  Within a process ("parent") both rows are of the same
 * table; otherwise the other one may be of any table of that process.
 *
 * Locking: rows of itsm.reference are written by whoever holds the head of
 * their record.
 */
#ifndef ITSM_REFERENCE_H
#define ITSM_REFERENCE_H

#include "ledger/redact.h"
#include "lifecycle/event_listener.h"

extern const EventListener itsm_reference_listener;
extern const Redactor itsm_reference_redactor;

/* The keys that an attribute of a canonical tuple holds: a list of char *, blank ones left out. */
extern List *itsm_reference_keys(const LifecycleAttribute *attribute, TupleTableSlot *slot, int number);

/*
 * The live records of a process that have a key, as a record of "source" and
 * process "from" means them: a list of Record *.
 */
extern List *itsm_reference_targets(const char *tenant, int source, const char *from, const char *process,
									const char *key);

/* The keys that a record names by an attribute: a list of char *. */
extern List *itsm_reference_of(const char *tenant, int64 record, const char *attribute);

/* The live records of process "from" whose attribute names the record: a list of Record *. */
extern List *itsm_reference_holders(const char *tenant, int source, const char *process, const char *key,
									const char *from, const char *attribute);

#endif							/* ITSM_REFERENCE_H */
