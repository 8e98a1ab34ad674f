/*
 * projection.h
 *		What reports read of a record: one row of typed columns.
 */
#ifndef ITSM_PROJECTION_H
#define ITSM_PROJECTION_H

#include "record/milestone.h"
#include "record/record.h"

/* Canonical attributes with a column of their own; in the order of the columns. */
#define PROJECTION_NUMBERS 3
#define PROJECTION_TEXTS 10
extern const char *const itsm_projection_numbers[PROJECTION_NUMBERS];
extern const char *const itsm_projection_texts[PROJECTION_TEXTS];

/* Texts of a projection, in the order of the columns. */
typedef enum ProjectedText
{
	PROJECTED_PROCESS,
	PROJECTED_LIFECYCLE,
	PROJECTED_STATE,			/* null: none */
	PROJECTED_CATEGORY,
	PROJECTED_KEY,
	PROJECTED_ATTRIBUTES,		/* the first of PROJECTION_TEXTS */
	PROJECTED_TEXTS = PROJECTED_ATTRIBUTES + PROJECTION_TEXTS
} ProjectedText;

typedef struct Projection
{
	Milestones	milestones;
	TimestampTz changed_at;
	int			source;			/* as read; what is stored is the record's */
	bool		deleted;		/* likewise */
	int			transitions;
	int			reopened;
	int			reassigned;
	int			numbers[PROJECTION_NUMBERS];
	bool		number_nulls[PROJECTION_NUMBERS];
	Datum		texts[PROJECTED_TEXTS];
	bool		text_nulls[PROJECTED_TEXTS];
	Datum		extra;			/* jsonb */
	bool		extra_null;
	HeapTuple	tuple;			/* as read; NULL: not stored yet */
	ItemPointerData place;		/* for the record to remember */
	/* what follows is projection.c's */
	TimestampTz month_of;
	TimestampTz month;
	bool		month_known;
} Projection;

/* An empty projection that is not stored yet. */
extern void itsm_projection_begin(Projection *projection);

/* Sets a text; NULL: null. */
extern void itsm_projection_set(Projection *projection, ProjectedText which, const char *text);

/* A text, palloc'd; NULL: null. */
extern const char *itsm_projection_text(const Projection *projection, ProjectedText which);

/*
 * Reads a record's projection; false, and an empty one, when it has none.  Its
 * values lie in "tuple".
 */
extern bool itsm_projection_read(const Record *record, Projection *projection);
/* The same to store it anew, maybe after a wait: the table is locked until the transaction ends. */
extern bool itsm_projection_take(const Record *record, Projection *projection);

/* Out of a tuple with the columns of itsm.projection; kept in ->tuple by reference. */
extern void itsm_projection_of_tuple(TupleDesc descriptor, HeapTuple tuple, Projection *projection);

extern void itsm_projection_store(const Record *record, Projection *projection);

#endif							/* ITSM_PROJECTION_H */
