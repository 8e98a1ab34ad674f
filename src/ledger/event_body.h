/*
 * event_body.h
 *		The canonical bytes of an event's values.
 *
 * A body is a sequence of items, all numbers big-endian:
 *
 *		int32	number		what it is: the source's dictionary, or a number below
 *		uint8	form		0 value, 1 null, 2 erased
 *		forms 0 and 1:	16 bytes of salt, uint32 length, that many bytes of UTF-8
 *		form 2:			32 bytes of commitment
 *
 * The commitment of an item is SHA-256(salt || number || form || bytes).  The
 * event's hash covers the commitments only, so a value can be erased (form 2)
 * and the chain stays valid.
 */
#ifndef ITSM_EVENT_BODY_H
#define ITSM_EVENT_BODY_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

/* Numbers of items that are no attribute or column. */
#define BODY_STATUS		0		/* status value, kept when it is not the state's name */
#define BODY_KEY		(-1)	/* key of the row: told by the first event, and when it changes */
#define BODY_REASON		(-2)
#define BODY_VIOLATIONS	(-3)	/* JSON array as in the DETAIL of an error */
#define BODY_RULE		(-4)	/* rule that an exception was made from */
#define BODY_JUDGED		(-5)	/* version of the event whose write was judged later */
#define BODY_DETAIL		(-6)	/* of the events of policies, votes and relationships: JSON object of strings */

typedef enum BodyForm
{
	BODY_VALUE, BODY_NULL, BODY_ERASED
} BodyForm;

typedef struct EventBody
{
	StringInfoData bytes;		/* what is stored */
	StringInfoData commitments;	/* one after the other */
} EventBody;

extern void itsm_body_begin(EventBody *body);

/* Appends a value (NULL: null) given in the server's encoding. */
extern void itsm_body_add(EventBody *body, int number, const char *text, int length);

typedef struct BodyItem
{
	int			number;
	BodyForm	form;
	const char *text;			/* of form 0: palloc'd, in the server's encoding */
} BodyItem;

/*
 * Reads the next item at *offset and moves it on; false at the end.
 * ERRCODE_DATA_CORRUPTED when the bytes are no body.  With "commitment" not
 * NULL the item's commitment is put there.
 */
extern bool itsm_body_next(const char *bytes, int length, int *offset, BodyItem *item,
						   uint8 *commitment);

/*
 * Appends a body to "erased" in which the values of these numbers (all of
 * them, or where "value" is not NULL those that are it) are replaced by their
 * commitments; returns how many were.
 */
extern int	itsm_body_erase(const char *bytes, int length, const List *numbers, const char *value, StringInfo erased);

#endif							/* ITSM_EVENT_BODY_H */
