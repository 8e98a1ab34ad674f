/*
 * relationship_type_row.h
 *		Rows of itsm.relationship_type_version, for those who read and write them.
 */
#ifndef ITSM_RELATIONSHIP_TYPE_ROW_H
#define ITSM_RELATIONSHIP_TYPE_ROW_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "cmdb/relationship_type.h"

/* Columns, from 0. */
enum
{
	TYPE_NAME, TYPE_VERSION, TYPE_INVERSE, TYPE_SOURCE_CLASS, TYPE_TARGET_CLASS, TYPE_CARDINALITY,
	TYPE_ACYCLIC, TYPE_IMPACT, TYPE_ON_RETIRE, TYPE_DESCRIPTION, TYPE_SHIPPED, TYPE_DEFINED_AT,
	TYPE_DEFINED_BY, TYPE_COLUMNS
};

#define ONE_SOURCE 1
#define ONE_TARGET 2
#define CARDINALITIES 4
#define IMPACTS 4
#define ON_RETIRES 3

extern const char *const itsm_cardinality_names[CARDINALITIES];	/* by ONE_SOURCE | ONE_TARGET */
extern const char *const itsm_impact_names[IMPACTS];	/* by ImpactDirection */
extern const char *const itsm_on_retire_names[ON_RETIRES];	/* by OnRetire */

extern void itsm_relationship_type_of_tuple(TupleDesc descriptor, HeapTuple tuple, RelationshipType *type);

#endif							/* ITSM_RELATIONSHIP_TYPE_ROW_H */
