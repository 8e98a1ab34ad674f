/*
 * event_fold.h
 *		What a record's events say, taken together: its values, its state, and
 *		what its head must be.
 *
 * Events of one transaction are taken in the order of the commands that stored
 * the row: updates nested in other triggers are judged, and numbered, before
 * those that they follow.  Imported events tell of the time before all others.
 */
#ifndef ITSM_EVENT_FOLD_H
#define ITSM_EVENT_FOLD_H

#include "ledger/event.h"

typedef struct FoldedValue
{
	int			number;			/* dictionary, or BODY_STATUS */
	BodyForm	form;
	char	   *text;			/* of BODY_VALUE */
} FoldedValue;

typedef struct EventFold
{
	MemoryContext context;
	List	   *values;			/* FoldedValue */
	bool		begun;			/* by an event that was not imported */
	bool		complete;		/* a value that no event tells is null */
	bool		deleted;
	int			attachment;		/* 0: governed by none */
	int			lifecycle_version;
	char	   *state;			/* NULL: none */
	bool		key_told;		/* some event tells the key */
	FoldedValue key;			/* the last one told */
	int			transitions;
	bool		counted;		/* transitions can be told from the events alone */
	int			votes;			/* events of kind approved or rejected */
	TimestampTz imported_at;	/* of the latest imported event */
	MemoryContext waiting_context;
	List	   *waiting;		/* events of the transaction at hand */
} EventFold;

/* Lives in the current memory context, with contexts of its own under it. */
extern void itsm_fold_begin(EventFold *fold);

/*
 * Takes the next event by version.  items: its body's, a list of BodyItem, by
 * value.  Nothing of either is kept by reference.  last: no other event of its
 * transaction follows, as far as the caller knows.
 */
extern void itsm_fold_add(EventFold *fold, const Event *event, const List *items, bool last);

/* After the last event. */
extern void itsm_fold_end(EventFold *fold);

/* The value of that number; NULL when no event tells it. */
extern const FoldedValue *itsm_folded_value(const EventFold *fold, int number);

/* Order of events as above; for sorting all events of one record. */
extern int	itsm_event_order(const Event *a, const Event *b);

/*
 * True when an event whose body does not tell the status leads to the one that
 * has the name of its state; otherwise the status stays what it was.
 */
extern bool itsm_event_names_status(const char *kind, const char *from_state, const char *to_state);

#endif							/* ITSM_EVENT_FOLD_H */
