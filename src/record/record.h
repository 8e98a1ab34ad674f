/*
 * record.h
 *		Records: heads (one per governed row) and their states.
 *
 * The head row is the lock of its record's chain: whoever appends an event
 * updates it first.
 */
#ifndef ITSM_RECORD_H
#define ITSM_RECORD_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "nodes/lockoptions.h"
#include "nodes/pg_list.h"
#include "record/month_count.h"
#include "utils/timestamp.h"

#define ITSM_HASH_LENGTH 32

/* Canonical attributes with a column of their own (projection.h). */
#define PROJECTION_NUMBERS 3
#define PROJECTION_TEXTS 10

/* Columns of itsm.record, from 0.  Those of its projection are projection.c's. */
typedef enum RecordColumn
{
	RECORD_ID, RECORD_SOURCE, RECORD_ATTACHMENT, RECORD_OPENED, RECORD_OPENED_MONTH, RECORD_TENANT, RECORD_KEY,
	RECORD_PROCESS, RECORD_DELETED, RECORD_AT, RECORD_VERSION, RECORD_HASH, RECORD_STATE_PLACE, RECORD_CHANGED, RECORD_TRANSITIONS, RECORD_REOPENED, RECORD_REASSIGNED,
	RECORD_FIRST_RESPONSE, RECORD_RESOLVED, RECORD_CLOSED, RECORD_NUMBERS,
	RECORD_LIFECYCLE = RECORD_NUMBERS + PROJECTION_NUMBERS, RECORD_STATE, RECORD_CATEGORY, RECORD_TEXTS,
	RECORD_SERVICE = RECORD_TEXTS + 4,	/* of itsm_projection_texts */
	RECORD_EXTRA = RECORD_TEXTS + PROJECTION_TEXTS, RECORD_COLUMNS
} RecordColumn;

/* A row of itsm.record as read, or as it will be stored next. */
typedef struct RecordRow
{
	Datum		values[RECORD_COLUMNS];
	bool		nulls[RECORD_COLUMNS];
	const char *key;			/* as text, of the value among them */
	RecordCount counted;		/* what the row that is stored counts for */
	union
	{
		int32		size;
		char		bytes[VARHDRSZ + ITSM_HASH_LENGTH];
	}			hash;			/* room for the next one, a bytea */
} RecordRow;

typedef struct Record
{
	int64		id;				/* 0: not stored yet */
	int64		version;
	TimestampTz at;
	int			source;
	int			attachment;		/* 0: not governed */
	bool		deleted;
	uint8		hash[ITSM_HASH_LENGTH];
	const char *tenant;
	const char *key;			/* NULL: displaced */
	ItemPointerData state_place;	/* of its state row: a hint (own_table.h) */
	HeapTuple	tuple;			/* as read; NULL: not stored yet */
	RecordRow  *row;			/* shared by copies of the record */
} Record;

typedef struct RecordState
{
	TimestampTz entered_at;
	int			lifecycle_version;
	const char *lifecycle;
	const char *state;			/* NULL: the status maps to none */
	const char *category;
	HeapTuple	tuple;			/* NULL: not stored yet */
	ItemPointerData place;		/* for the record to remember */
} RecordState;

/*
 * By key; false when there is none.  *record is filled in the current memory
 * context, but for tenant and key, which are the caller's strings.
 */
extern bool itsm_record_find(int source, const char *tenant, const char *key, Record *record);

/* By number, within a tenant, which is the caller's string. */
extern bool itsm_record_read(const char *tenant, int64 id, Record *record);

/*
 * By number, its head locked until the transaction ends, as it is then.  Whoever
 * judges a record by its own events locks it before it looks at them.  Of one
 * record the head comes before the state row.
 */
extern bool itsm_record_lock(const char *tenant, int64 id, Record *record);

/* By number, in the tenant that has it. */
extern bool itsm_record_read_anywhere(int64 id, Record *record);

/*
 * By key, in whatever tenant is accepted (NULL: each is): of the row that is there, or else of the
 * one that was there last.
 */
extern bool itsm_record_find_anywhere(int source, const char *key, bool (*accept) (const char *tenant),
									  Record *record);

/* The live records of a tenant that have a key, in whatever source: a list of Record *. */
extern List *itsm_records_of_key(const char *tenant, const char *key);

/* A text column of the row as read; NULL for null. */
extern const char *itsm_record_text(const Record *record, RecordColumn column);

/* A record that is not stored yet, with its number taken. */
extern void itsm_record_begin(int source, const char *tenant, const char *key, Record *record);

/*
 * Stores a record: inserts it when it is new, replaces its row otherwise.
 * False when somebody else was there first (already waited for): find it
 * again and decide anew.
 */
extern bool itsm_record_store(Record *record);

extern bool itsm_record_state_read(const Record *record, RecordState *state);
/* The same with entered_at only, to store the rest anew: the table is locked until the transaction ends. */
extern bool itsm_record_state_take(const Record *record, RecordState *state);

/*
 * Locks a record's state row until the transaction ends, waiting for those who
 * hold it, and reads it as it is then: LockTupleNoKeyExclusive for whoever
 * judges the record by others, before it looks at them; LockTupleShare for
 * whoever rests on the state.  False when the record has none.
 */
extern bool itsm_record_state_lock(const char *tenant, int64 record, LockTupleMode mode, RecordState *state);

extern void itsm_record_state_store(const Record *record, RecordState *state);

/* Out of tuples with the columns of itsm.record and itsm.record_state; kept in ->tuple by reference. */
extern void itsm_record_of_tuple(TupleDesc descriptor, HeapTuple tuple, Record *record);
extern void itsm_record_state_of_tuple(TupleDesc descriptor, HeapTuple tuple, RecordState *state);

/* Out of the values of all columns, which are kept by reference; to be read only.  tenant: theirs, or NULL. */
extern void itsm_record_of_values(const Datum *values, const bool *nulls, const char *tenant, Record *record);
extern void itsm_record_state_of_values(const Datum *values, const bool *nulls, RecordState *state);

#endif							/* ITSM_RECORD_H */
