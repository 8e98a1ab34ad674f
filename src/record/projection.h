/*
 * projection.h
 *		What reports read of a record: one row of typed columns.
 */
#ifndef ITSM_PROJECTION_H
#define ITSM_PROJECTION_H

#include "record/milestone.h"
#include "record/record.h"
#include "utils/jsonb.h"

/* Canonical attributes with a column of their own; in the order of the columns. */
#define PROJECTION_NUMBERS 3
#define PROJECTION_TEXTS 10
extern const char *const itsm_projection_numbers[PROJECTION_NUMBERS];
extern const char *const itsm_projection_texts[PROJECTION_TEXTS];

typedef struct Projection
{
	Milestones	milestones;
	TimestampTz changed_at;
	int			transitions;
	int			reopened;
	int			reassigned;
	int			numbers[PROJECTION_NUMBERS];
	bool		number_nulls[PROJECTION_NUMBERS];
	const char *process;
	const char *lifecycle;
	const char *state;			/* NULL: none */
	const char *category;
	const char *key;
	const char *texts[PROJECTION_TEXTS];	/* NULL: null */
	Jsonb	   *extra;			/* or NULL */
	HeapTuple	tuple;			/* as read; NULL: not stored yet */
} Projection;

/* Reads a record's projection; false (and all zero, nulls set) when it has none. */
extern bool itsm_projection_read(const Record *record, Projection *projection);

extern void itsm_projection_store(const Record *record, Projection *projection);

#endif							/* ITSM_PROJECTION_H */
