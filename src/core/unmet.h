/*
 * unmet.h
 *		A list of conditions that are not met, told to the user all at once.
 *
 * The same list serves a refused write, the faults of a definition and those
 * of an attachment.  It becomes the JSON array in DETAIL:
 * [{"rule", "kind", "attribute", "message", "clause"}].
 */
#ifndef ITSM_UNMET_H
#define ITSM_UNMET_H

#include "nodes/pg_list.h"

typedef struct Unmet
{
	int			code;			/* SQLSTATE, as made by MAKE_SQLSTATE */
	const char *rule;			/* name of the rule, or of a built-in one; NULL: none */
	const char *kind;			/* rule kind */
	const char *attribute;		/* canonical attribute, or NULL */
	const char *message;		/* for people */
	const char *clause;			/* of the standard, or NULL */
} Unmet;

/*
 * Appends a condition; the strings are kept by reference, and the message is
 * formatted in the current memory context.  Returns the list.
 */
extern List *itsm_unmet_add(List *list, int code, const char *rule, const char *kind,
							const char *attribute, const char *clause, const char *format,...)
			pg_attribute_printf(7, 8);

/* The JSON array of the list, palloc'd. */
extern char *itsm_unmet_json(const List *list);

/* The condition whose code ranks first; the list is not empty. */
extern const Unmet *itsm_unmet_first(const List *list);

/*
 * Raises ERROR with the code given when the list is not empty.  The message
 * is "<what>: <first message>", with a count of the others when there are any.
 */
extern void itsm_unmet_raise(const List *list, int code, const char *what, const char *hint);

#endif							/* ITSM_UNMET_H */
