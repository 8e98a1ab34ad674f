/*
 * rule_data.h
 *		Data of the conditions that the linter looks into.
 */
#ifndef ITSM_RULE_DATA_H
#define ITSM_RULE_DATA_H

#include "datatype/timestamp.h"
#include "lifecycle/rule_kind.h"
#include "nodes/pg_list.h"

typedef struct WithinData
{
	char	   *text;			/* as given */
	Interval	limit;
	Milestone	since;
} WithinData;

typedef struct FrozenData
{
	List	   *attributes;		/* numbers */
	bool		all;			/* "*": those that are mapped, whichever they are */
	bool	   *states;			/* NULL: all */
} FrozenData;

/* Transitions that segregation looks at; NULL: from or to anywhere. */
typedef struct SeparateMove
{
	bool	   *from;
	bool	   *to;
} SeparateMove;

typedef struct SeparateData
{
	List	   *attributes;		/* numbers */
	List	   *moves;			/* of SeparateMove */
} SeparateData;

#endif							/* ITSM_RULE_DATA_H */
