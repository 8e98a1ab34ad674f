/*
 * source.h
 *		Sources (tables that records come from) and the dictionary of the
 *		values that their events keep.
 */
#ifndef ITSM_SOURCE_H
#define ITSM_SOURCE_H

#include "nodes/pg_list.h"

typedef struct Source
{
	int			id;
	Oid			relation;
	List	   *key;			/* column names, char * */
} Source;

typedef struct SourceAttribute
{
	int			number;
	bool		canonical;		/* a canonical attribute; otherwise a column */
	char	   *name;
	char	   *type;			/* qualified name */
} SourceAttribute;

/* The source of a relation, in the current memory context; NULL when it was never registered. */
extern Source *itsm_source_find(Oid relation);

/* Registers a relation with its key columns, or returns the source it has. */
extern Source *itsm_source_register(Oid relation, List *key);

/*
 * Number of a value in the source's dictionary; makes the entry when there is
 * none yet.  The entry goes with the transaction when that rolls back, and
 * policies built meanwhile are told by relcache invalidation.  *dictionary is
 * NIL at first and serves all calls for that source.  On a standby no entry can
 * be made: ITSM_NO_NUMBER then, which no event tells.
 */
#define ITSM_NO_NUMBER	PG_INT32_MAX
extern int	itsm_source_number(int source, List **dictionary, bool canonical, const char *name, Oid type);

/* The dictionary of a source: SourceAttribute, by number. */
extern List *itsm_source_dictionary(int source);

/* "schema"."table", quoted where needed; palloc'd. */
extern char *itsm_relation_name(Oid relation);

#endif							/* ITSM_SOURCE_H */
