/*
 * actor.h
 *		Who acts: session user, outer user and the claimed actor are kept apart.
 */
#ifndef ITSM_ACTOR_H
#define ITSM_ACTOR_H

#include "lifecycle/policy.h"

/* The name claimed by itsm.act_as for this transaction; NULL: none. */
extern const char *itsm_claimed_actor(void);

/*
 * The actor of a write: the claimed name, else the mapped attribute "actor" of
 * the canonical tuple (which may be NULL), else the outer user when that role
 * is one person's own; else unknown.
 */
extern Actor itsm_actor(const Policy *policy, const Unit *unit, TupleTableSlot *canonical);

/* The same for an outer user and a claimed name (NULL: none) that are not those of now. */
extern Actor itsm_actor_of(const Policy *policy, const Unit *unit, TupleTableSlot *canonical, Oid role,
						   const char *claimed);

/* Who acts, outside of any row: the claimed name, else the outer user's when that role is one person's own. */
extern Actor itsm_actor_outside(void);

/* What checks see as actor: the actor's name, or the outer user's. */
extern const char *itsm_actor_text(const Actor *actor);

/* Who acts, outside of any row: the claimed name, else the outer user's; palloc'd. */
extern char *itsm_acting(void);

/* OIDs of the roles named by itsm.grant_actor, in the current memory context. */
extern List *itsm_person_roles(void);

#endif							/* ITSM_ACTOR_H */
