/*
 * source_precedence.h
 *		Whose word counts for an attribute of a class, and for how long.
 */
#ifndef ITSM_SOURCE_PRECEDENCE_H
#define ITSM_SOURCE_PRECEDENCE_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct RankedSource
{
	char	   *source;
	bool		ages;			/* it is stale some time after it was last heard */
	Interval	stale_after;
} RankedSource;

/*
 * The sources named for an attribute of a class, the highest first: a list of
 * RankedSource *.  A list for the attribute goes before one for all
 * attributes; of each kind that of the nearest class holds.
 */
extern List *itsm_source_precedence(const char *class, const char *attribute);

/* Until when what the source said at a time counts; DT_NOEND: for ever. */
extern TimestampTz itsm_source_fresh_until(const RankedSource *source, TimestampTz seen_at);

#endif							/* ITSM_SOURCE_PRECEDENCE_H */
