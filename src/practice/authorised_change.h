/*
 * authorised_change.h
 *		Whether a change stands behind what somebody does to a configuration item.
 */
#ifndef ITSM_AUTHORISED_CHANGE_H
#define ITSM_AUTHORISED_CHANGE_H

#include "cmdb/relationship.h"
#include "lifecycle/rule_kind.h"

typedef struct AuthorisedData
{
	List	   *attributes;		/* numbers of those that are controlled */
	bool		all;			/* all of them, but what applications note by the way */
	bool		status;			/* moves, the beginning and the end of the row */
	bool		relationships;
	bool	   *states;			/* in which the item is controlled; NULL: all */
	List	   *change_states;	/* in which a change is implemented, char * */
	List	   *implementers;	/* attributes of the change that name them, char * */
} AuthorisedData;

/* Who does something to an item, and when. */
typedef struct ControlledWrite
{
	const char *tenant;
	const char *ci;				/* its key */
	const char *actor;			/* NULL: not known */
	TimestampTz at;
	bool		lock;			/* the change stays as it is until the transaction ends */
} ControlledWrite;

/*
 * NULL when some change names the item, is being implemented, inside its
 * planned window, and the actor is one of its implementers; otherwise what is
 * wanting, without a value.
 */
extern const char *itsm_change_wanting(const AuthorisedData *data, const ControlledWrite *write);

/* True when a change names an item by its attributes cis or ci. */
extern bool itsm_change_names(const Record *change, const char *ci);

extern const RuleKind itsm_rule_authorised_change;

/* Relationships of items under such a rule. */
extern const RelationshipGuard itsm_relationship_control;

#endif							/* ITSM_AUTHORISED_CHANGE_H */
