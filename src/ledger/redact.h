/*
 * redact.h
 *		Higher rooms that keep values beside events erase them, too.
 *
 * They are listed in core/module.c.
 */
#ifndef ITSM_REDACT_H
#define ITSM_REDACT_H

#include "nodes/pg_list.h"
#include "record/record.h"
#include "utils/array.h"

typedef struct Redactor
{
	/*
	 * Erases what is kept of a record's attributes or columns (char *); the
	 * transaction holds its head.  value: only where it is that; NULL: all.
	 */
	void		(*erase) (const Record *record, const List *attributes, const char *value);

	/* Erases a value wherever it is kept, whosesoever it is; or NULL. */
	void		(*erase_value) (const char *value);
} Redactor;

/* What is erased of a record. */
typedef struct Erasure
{
	List	   *names;			/* of attributes and columns */
	List	   *numbers;		/* by which its events keep them */
	const char *value;			/* only where it is that; NULL: whatever it is */
	const char *ground;
} Erasure;

/* Erases it in events and reports, and tells so in an event; returns how many values there were in events. */
extern int64 itsm_redact_record(Record *record, const Erasure *erasure);

/* Names of attributes and columns in a text[], each once; 22023 for null, empty and none. */
extern List *itsm_redact_names(ArrayType *array);

/* IT014 for a blank ground. */
extern void itsm_redact_require(const char *ground);

/* NULL-terminated; stands in core/module.c. */
extern const Redactor *const itsm_redactors[];

#endif							/* ITSM_REDACT_H */
