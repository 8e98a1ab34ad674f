/*
 * role_grant.h
 *		Lists of roles that are trusted with something: itsm.person_role and
 *		itsm.reader.  Every change of one is an event.
 */
#ifndef ITSM_ROLE_GRANT_H
#define ITSM_ROLE_GRANT_H

#include "fmgr.h"

typedef struct RoleList
{
	const char *insert;			/* commands that take the role's name */
	const char *delete;
	const char *subject;		/* what its chain of events is called, before the role */
} RoleList;

/* The only argument: the name of a role; ERROR when it is null. */
extern const char *itsm_role_argument(FunctionCallInfo fcinfo);

/* Puts a role on the list, or takes it off; an event and true when that changed something. */
extern bool itsm_role_list_put(const RoleList *list, const char *role);
extern bool itsm_role_list_take(const RoleList *list, const char *role);

#endif							/* ITSM_ROLE_GRANT_H */
