/*
 * relationship_type.h
 *		Types of relationships, as each session keeps them.
 */
#ifndef ITSM_RELATIONSHIP_TYPE_H
#define ITSM_RELATIONSHIP_TYPE_H

#include "nodes/pg_list.h"

typedef enum ImpactDirection
{
	IMPACT_NONE,
	IMPACT_FORWARD = 1,			/* a failure of the source reaches the target */
	IMPACT_BACKWARD = 2,		/* the other way round */
	IMPACT_BOTH = IMPACT_FORWARD | IMPACT_BACKWARD
} ImpactDirection;

typedef enum OnRetire
{
	RETIRE_RESTRICT, RETIRE_END, RETIRE_FOLLOW
} OnRetire;

typedef struct RelationshipType
{
	int			number;			/* in this session, until types change: from 0 */
	int			version;
	char	   *name;
	int			name_length;
	char	   *inverse;
	char	   *source_class;	/* NULL: any */
	char	   *target_class;
	bool		one_source;		/* a target has one at most */
	bool		one_target;		/* a source has one at most */
	bool		acyclic;
	ImpactDirection impact;
	OnRetire	on_retire;
} RelationshipType;

typedef struct RelationshipTypes
{
	uint64		generation;		/* another one each time they are read */
	int			count;
	RelationshipType *types;	/* by name */
} RelationshipTypes;

/* All types, as they are defined now.  They stay until the transaction ends. */
extern RelationshipTypes itsm_relationship_types(void);

/* One of them; NULL when there is none of that name. */
extern const RelationshipType *itsm_relationship_type(const RelationshipTypes *types, const char *name,
													  int length);

/* "type_a", "type_b", … for a hint; palloc'd. */
extern char *itsm_relationship_type_names(const RelationshipTypes *types);

#endif							/* ITSM_RELATIONSHIP_TYPE_H */
