/*
 * canonical_text.h
 *		The text form of a value that goes into events: the same whatever the
 *		session's settings are.
 */
#ifndef ITSM_CANONICAL_TEXT_H
#define ITSM_CANONICAL_TEXT_H

/*
 * The value's canonical text, palloc'd, of *length bytes in the server's
 * encoding (not necessarily NUL-terminated within a varlena; always
 * terminated here).  Dates and times in ISO 8601 with UTC offsets, intervals
 * in ISO 8601, floats in their shortest exact form, bytea in hex; blank
 * padding of character(n) is dropped.  Everything else is its type's output
 * under pinned settings.
 */
extern char *itsm_canonical_text(Datum value, Oid type, int *length);

/* The same as a text Datum; a value that is text already is not copied unless it is toasted. */
extern Datum itsm_canonical_datum(Datum value, Oid type);

#endif							/* ITSM_CANONICAL_TEXT_H */
