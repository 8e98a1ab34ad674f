/*
 * relationship.h
 *		Relationships between records: rows of itsm.relationship, which begin and end.
 */
#ifndef ITSM_RELATIONSHIP_H
#define ITSM_RELATIONSHIP_H

#include "access/htup.h"
#include "access/skey.h"
#include "access/tupdesc.h"
#include "cmdb/relationship_type.h"
#include "lifecycle/event_listener.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

/* Columns, from 0. */
enum
{
	RELATIONSHIP_ID, RELATIONSHIP_SOURCE, RELATIONSHIP_TARGET, RELATIONSHIP_ENDED, RELATIONSHIP_STARTED_AT,
	RELATIONSHIP_XID, RELATIONSHIP_SYSTEM, RELATIONSHIP_TYPE, RELATIONSHIP_TENANT, RELATIONSHIP_ENDED_AT,
	RELATIONSHIP_ONLY_SOURCE, RELATIONSHIP_ONLY_TARGET, RELATIONSHIP_COLUMNS
};

typedef struct Relationship
{
	int64		id;
	int64		source;
	int64		target;
	bool		holds;
	TimestampTz started_at;
	char	   *type;
	char	   *tenant;
	HeapTuple	tuple;
} Relationship;

extern void itsm_relationship_of_tuple(TupleDesc descriptor, HeapTuple tuple, Relationship *relationship);

/* A time that nobody can give; 0 is one, the first of the year 2000. */
#define RELATIONSHIP_NOW DT_NOEND

/*
 * Relates two records and returns the relationship's number; raises IT020,
 * IT021 and IT022.  started_at RELATIONSHIP_NOW: now.
 */
extern int64 itsm_relate_records(int64 source, const char *type, int64 target, TimestampTz started_at);

/* The same for what an application has said before: guards are not asked. */
extern int64 itsm_relate_known(int64 source, const char *type, int64 target);

/* Ends a relationship; false when it had ended.  P0002: there is none.  ended_at RELATIONSHIP_NOW: now. */
extern bool itsm_relationship_end(int64 id, TimestampTz ended_at);

/* The same when the row of an end is gone: guards are not asked. */
extern bool itsm_relationship_lapse(int64 id);

/* The one that holds between the two now; false when there is none. */
extern bool itsm_relationship_find(const char *tenant, int64 source, const char *type, int64 target,
								   Relationship *relationship);

/* Those that hold and have a record at an end, of a type (NULL: of any): a list of Relationship *. */
extern List *itsm_relationships_of(int64 record, bool as_target, const char *type);

/* The keys by which the index on sources finds what holds between two. */
#define RELATIONSHIP_KEYS 5
extern void itsm_relationship_keys(ScanKey keys, const char *tenant, int64 source, const char *type, int64 target);

/*
 * Raises IT022 when a relationship of an acyclic type, just inserted, leads
 * back to its source; waits for those that others are about to make or end.
 */
extern void itsm_relationship_check_cycle(Relation table, const char *tenant, int64 source,
										  const RelationshipType *type, int64 target);

/*
 * Appends an event that changes no value to a record.  violations: what guards
 * have observed, a list of Unmet.
 */
extern void itsm_relationship_remark(int64 id, const char *tenant, const char *kind, const char *detail,
									 List *violations);

/*
 * Appends an event to both records, in an order that nobody can lock against.
 * violations: of either end, what guards have observed, or NULL.
 */
extern void itsm_relationship_tell(const Relationship *relationship, const RelationshipType *type, const char *kind,
								   List *const *violations);

/* Higher rooms that judge whether somebody may relate records, or end that. */
typedef struct RelationshipGuard
{
	/* Raises what is refused at that of the two ends; returns what is only observed, a list of Unmet. */
	List	   *(*judge_end) (const Record *const *ends, int end);
} RelationshipGuard;

/* NULL-terminated; stands in core/module.c. */
extern const RelationshipGuard *const itsm_relationship_guards[];

/* Brings those that hold in line with a type that has changed; raises IT021 and IT022. */
extern void itsm_relationships_conform(const RelationshipType *before, const RelationshipType *after);

/* Those that hold, with what a type now says of their number; raises IT021. */
extern void itsm_relationships_recount(const RelationshipType *type);

/* Relationships of records whose rows are deleted. */
extern const EventListener itsm_relationship_listener;

#endif							/* ITSM_RELATIONSHIP_H */
