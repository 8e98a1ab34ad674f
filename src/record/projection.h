/*
 * projection.h
 *		What reports read of a record: one row of typed columns.
 */
#ifndef ITSM_PROJECTION_H
#define ITSM_PROJECTION_H

#include "record/milestone.h"
#include "record/record.h"

/* Canonical attributes with a column of their own; in the order of the columns. */
extern const char *const itsm_projection_numbers[PROJECTION_NUMBERS];
extern const char *const itsm_projection_texts[PROJECTION_TEXTS];

/* Texts of a projection, in the order of the columns. */
typedef enum ProjectedText
{
	PROJECTED_PROCESS,
	PROJECTED_LIFECYCLE,
	PROJECTED_STATE,			/* null: none */
	PROJECTED_CATEGORY,
	PROJECTED_ATTRIBUTES,		/* the first of PROJECTION_TEXTS */
	PROJECTED_TEXTS = PROJECTED_ATTRIBUTES + PROJECTION_TEXTS
} ProjectedText;

typedef struct Projection
{
	Milestones	milestones;
	TimestampTz changed_at;
	int			transitions;
	int			reopened;
	int			reassigned;
	int			numbers[PROJECTION_NUMBERS];
	bool		number_nulls[PROJECTION_NUMBERS];
	Datum		texts[PROJECTED_TEXTS];
	bool		text_nulls[PROJECTED_TEXTS];
	Datum		extra;			/* jsonb */
	bool		extra_null;
	/* what follows is projection.c's */
	TimestampTz month_of;
	TimestampTz month;
	bool		month_known;
} Projection;

/* The start of a time's month in UTC; what is infinite stays so. */
extern TimestampTz itsm_month_start(TimestampTz at);

/* An empty projection that is not stored yet. */
extern void itsm_projection_begin(Projection *projection);

/* Sets a text; NULL: null. */
extern void itsm_projection_set(Projection *projection, ProjectedText which, const char *text);

/* A text, palloc'd; NULL: null. */
extern const char *itsm_projection_text(const Projection *projection, ProjectedText which);

/*
 * The text of a canonical attribute, palloc'd, wherever the projection keeps it;
 * NULL: null, or not mapped.
 */
extern const char *itsm_projection_attribute(const Projection *projection, const char *name);

/*
 * A record's projection, as its row was read; false, and an empty one, when it
 * has none.  Its values lie in the record's.
 */
extern bool itsm_projection_read(const Record *record, Projection *projection);

/* Puts a projection into the record's row, to be stored with the head. */
extern void itsm_projection_put(Record *record, Projection *projection);

/* The same and stores it, for whoever has the head already. */
extern void itsm_projection_store(Record *record, Projection *projection);

#endif							/* ITSM_PROJECTION_H */
