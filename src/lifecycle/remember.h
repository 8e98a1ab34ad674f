/*
 * remember.h
 *		Turning a judged write into events, the record's state and its projection.
 */
#ifndef ITSM_REMEMBER_H
#define ITSM_REMEMBER_H

#include "ledger/event.h"
#include "lifecycle/judge.h"

/* Equal texts, or both NULL. */
static inline bool
itsm_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Identity of a row's record. */
typedef struct RecordIdentity
{
	int			source;
	const char *tenant;
	const char *key;
} RecordIdentity;

extern RecordIdentity itsm_row_identity(PolicyState *state, PolicyAttachment *attachment,
										TupleTableSlot *row);

/* One side of a change: a row with the unit that reads it. */
typedef struct RowSide
{
	PolicyState *state;
	PolicyAttachment *attachment;
	Unit	   *unit;
	TupleTableSlot *row;
	TupleTableSlot *canonical;
	RecordIdentity identity;
	int			state_number;	/* in the unit; ITSM_NO_STATE: the status maps to none */
	const char *state_name;		/* NULL: none */
	const char *category;
	int			category_number;	/* CATEGORY_NONE: none */
	const char *status;			/* text; NULL: null */
	int			status_length;
} RowSide;

/* Fills in a side: canonical tuple, status, state and identity. */
extern RowSide itsm_row_side(PolicyState *state, PolicyAttachment *attachment, Unit *unit,
							 TupleTableSlot *row, bool old);

typedef struct Memory
{
	const char *kind;			/* NULL: found out from the sides */
	RowSide    *old;			/* NULL: the row begins, or comes under the attachment */
	RowSide    *new;			/* NULL: the row ends, or leaves the attachment */
	bool		deleted;		/* with new NULL */
	TupleTableSlot *old_row;	/* as the trigger has them, governed or not; NULL: none */
	TupleTableSlot *new_row;
	bool		superseded;		/* our transaction has already replaced the new row */
	bool		old_is_ours;	/* our transaction made the old row */
	bool		old_was_updated;	/* it did so by UPDATE, not by INSERT */
	bool		early;			/* what made the old row may be judged after this */
	uint32		old_command;	/* of what made the old row, when it is ours */
	uint32		command;
	Actor		actor;
	List	   *violations;		/* of Unmet */
	const char *reason;			/* NULL: itsm.reason */
	bool		unknown_past;	/* the row was there before: no milestones from its state */
	int64		record;			/* out: the record, 0: none was written */
	int64		version;		/* out: its version after that */
	const char *told;			/* out: kind of the event that was written last; NULL: none was */
	TimestampTz at;				/* out: its time */
	TimestampTz before;			/* out: when its row had changed before */
	bool		passed;			/* out: to another tenant, where it begins */
	const char *tenant;			/* out: its tenant */
	const RecordCount *counted; /* out: what its row counts for in the months */
} Memory;

/*
 * Remembers a change.  A row without a record gets one first, from its old
 * side when it has one.  Concurrent changes of the record are waited for.
 */
extern void itsm_remember(Memory *memory);

/* The record of an identity, also one whose key was displaced in this transaction. */
extern bool itsm_find_record(const RecordIdentity *identity, Record *record);

/* The record of the old row, which may also be the one that has taken the key. */
extern bool itsm_find_old_record(const Memory *memory, Record *record);

#endif							/* ITSM_REMEMBER_H */
