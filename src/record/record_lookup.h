/*
 * record_lookup.h
 *		Many look-ups of records under one snapshot, with everything kept open.
 */
#ifndef ITSM_RECORD_LOOKUP_H
#define ITSM_RECORD_LOOKUP_H

#include "record/record.h"
#include "utils/snapshot.h"

typedef struct RecordLookup RecordLookup;

/* In the current memory context; locks itsm.record and itsm.record_state (AccessShareLock) until the end. */
extern RecordLookup *itsm_lookup_begin(Snapshot snapshot);
extern void itsm_lookup_end(RecordLookup *lookup);

/* By key; false when the snapshot sees none.  *record is filled in the current memory context. */
extern bool itsm_lookup_record(RecordLookup *lookup, int source, const char *tenant, const char *key,
							   Record *record);

/* The state of a record; false when there is none. */
extern bool itsm_lookup_state(RecordLookup *lookup, const Record *record, RecordState *state);

#endif							/* ITSM_RECORD_LOOKUP_H */
