/*
 * name_index.h
 *		Names (bytes with a length) and the numbers they stand for: state
 *		names, and an application's status values.
 */
#ifndef ITSM_NAME_INDEX_H
#define ITSM_NAME_INDEX_H

#define NAME_NONE (-1)

typedef struct NameEntry
{
	char	   *name;
	int			length;
	int			number;
} NameEntry;

/* Zeroed: empty. */
typedef struct NameIndex
{
	NameEntry  *entries;		/* sorted by length, then bytes */
	int			count;
	int			capacity;
} NameIndex;

/* The number of a name; NAME_NONE when it is not there.  Names are compared as bytes. */
extern int	name_index_find(const NameIndex *index, const char *name, int length);

/*
 * Adds a name that is not there yet; keeps a copy of it, terminated by a zero
 * byte, in the memory context that the index was first filled in.
 */
extern void name_index_add(NameIndex *index, const char *name, int length, int number);

#endif							/* ITSM_NAME_INDEX_H */
