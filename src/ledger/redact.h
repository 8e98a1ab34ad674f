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

typedef struct Redactor
{
	/* Erases what is kept of a record's attributes or columns (char *); the transaction holds its head. */
	void		(*erase) (const Record *record, const List *attributes);
} Redactor;

/* NULL-terminated; stands in core/module.c. */
extern const Redactor *const itsm_redactors[];

#endif							/* ITSM_REDACT_H */
