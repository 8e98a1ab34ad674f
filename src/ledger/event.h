/*
 * event.h
 *		Events: appending to a record's chain and reading it.
 *
 * The hash of an event is SHA-256 over
 *		"itsm event 1\n"
 *		the previous event's hash (32 zero bytes before the first)
 *		the header: record, version, at (microseconds since 2000-01-01 UTC),
 *		  xid, system as 8 bytes each, timeline, command, attachment,
 *		  lifecycle_version as 4 bytes each, all big-endian; then kind, tenant,
 *		  from_state, to_state, session_role, role, actor, application in UTF-8,
 *		  each after its length in 4 bytes (0xFFFFFFFF for null)
 *		the commitments of the body's items (event_body.h)
 */
#ifndef ITSM_EVENT_H
#define ITSM_EVENT_H

#include "ledger/event_body.h"
#include "nodes/pg_list.h"
#include "record/record.h"

typedef struct Event
{
	int64		record;
	int64		version;
	TimestampTz at;				/* 0: when it is appended */
	bool		stamped;		/* with its time, and the record too */
	uint64		xid;
	int64		system;
	int			timeline;
	uint32		command;
	int			attachment;
	int			lifecycle_version;
	const char *kind;
	const char *tenant;
	const char *from_state;		/* NULL: none */
	const char *to_state;		/* NULL: none */
	const char *session_role;
	const char *role;
	const char *actor;			/* NULL: not known */
	const char *application;	/* NULL: none */
	const char *body;
	int			body_length;
	uint8		hash[ITSM_HASH_LENGTH];
} Event;

/* Gives the record and the event the time; for whoever needs it before the event is appended. */
extern void itsm_event_stamp(Record *record, Event *event);

/*
 * Appends an event to a record's chain: locks the record by storing its head
 * (with the attachment, deleted and key that the caller has set in it), then
 * writes the event, and makes both visible to the rest of the transaction.
 *
 * The caller fills in attachment, lifecycle_version, kind, from_state,
 * to_state, actor, command and, for imported events, at (0: the time now, but
 * never before the event before); session_role and role when they are not
 * those of now.  violations: a list of Unmet, kept in the
 * body and in itsm.violation.  The reason is itsm.reason unless given.
 *
 * False when somebody else changed the record meanwhile: read it again and
 * decide anew; nothing has been written then.
 */
extern bool itsm_event_append(Record *record, Event *event, EventBody *body, const char *reason,
							  List *violations);

/*
 * Erases the values of these numbers in all events of a record, whose head the
 * transaction holds; their hashes stay right.  value: only where it is that;
 * NULL: whatever it is.  Returns how many were erased.
 */
extern int64 itsm_event_erase(const char *tenant, int64 record, const List *numbers, const char *value);

/*
 * True for what is said of a record without changing it: overridden, judged, redacted, approved,
 * rejected, linked, unlinked, redundancy_set, authorised and certified.
 */
extern bool itsm_event_is_remark(const Event *event);

/* True for approved and rejected. */
extern bool itsm_event_is_vote(const Event *event);

/*
 * Out of a tuple that begins with the columns of itsm.event.  Without its
 * body the event can be read where that cannot.  ERRCODE_DATA_CORRUPTED when
 * a column is null that must not be.
 */
extern Event *itsm_event_of_tuple(TupleDesc descriptor, HeapTuple tuple, bool with_body);

#define EVENT_TEXTS 8

/* Texts of the event read before, which the next one shares where they are the same; zeroed at first. */
typedef struct EventTexts
{
	const char *texts[EVENT_TEXTS];
} EventTexts;

/* The same out of the values of the columns, which must stay: the body is not copied. */
extern Event *itsm_event_of_values(const Datum *values, const bool *nulls, EventTexts *before, bool with_body);

/* What sealing asks of a row of itsm.event; pointers go into the row. */
typedef struct EventMark
{
	int64		record;
	int64		version;
	TimestampTz at;
	uint64		xid;
	int64		system;
	int			timeline;
	struct varlena *tenant;
	const uint8 *hash;			/* NULL: it is none */
} EventMark;

/* First what tells who wrote it, then the rest.  False when a superuser made one of them null. */
extern bool itsm_event_mark_origin(TupleDesc descriptor, HeapTuple tuple, EventMark *mark);
extern void itsm_event_mark_rest(TupleDesc descriptor, HeapTuple tuple, EventMark *mark);

/* The version that a judged event is about; 0 for one of another kind. */
extern int64 itsm_event_judged(const Event *event);

/* All events of a record by version, as a list of Event; committed ones and our own.  IT040 when some are archived. */
extern List *itsm_event_read(const char *tenant, int64 record);

/*
 * The same as far as the head knows of them, mostly without a look into every
 * month: for those who go through many records and trust their heads.
 * near: a time of theirs, the last one best; DT_NOEND: what the head's row tells.
 */
extern List *itsm_event_read_by_head(const char *tenant, int64 record, TimestampTz near);

/* As itsm_event_read, without those that are archived (archive.h). */
extern List *itsm_event_read_left(const char *tenant, int64 record);

/* The event's hash, given the one before it. */
extern void itsm_event_hash(const Event *event, const uint8 *previous, const char *commitments,
							int commitments_length, uint8 *hash);

#endif							/* ITSM_EVENT_H */
