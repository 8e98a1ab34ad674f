/*
 * owner_guard.h
 *		Running users' expressions as the owner of their table: in a
 *		security-restricted operation, under search_path pg_catalog, pg_temp.
 *
 * When an error leaves in between, the end of the (sub)transaction restores
 * the user and the setting.
 */
#ifndef ITSM_OWNER_GUARD_H
#define ITSM_OWNER_GUARD_H

#include "nodes/nodes.h"

typedef struct OwnerGuard
{
	Oid			user;
	int			security;
	int			guc_level;
} OwnerGuard;

extern void itsm_guard_enter(OwnerGuard *guard, Oid owner);
extern void itsm_guard_leave(OwnerGuard *guard);

/*
 * True when an expression consists of immutable built-in functions only:
 * these neither check rights nor look at settings, so they need no guard.
 */
extern bool itsm_expression_harmless(Node *expression);

#endif							/* ITSM_OWNER_GUARD_H */
