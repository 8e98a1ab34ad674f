/*
 * owner_guard.c
 *		The rights under which users' expressions run.
 */
#include "core/itsm.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "core/query.h"
#include "lifecycle/owner_guard.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

void
itsm_guard_enter(OwnerGuard *guard, Oid owner)
{
	GetUserIdAndSecContext(&guard->user, &guard->security);
	SetUserIdAndSecContext(owner, guard->security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	guard->guc_level = itsm_pin_search_path();
}

void
itsm_guard_leave(OwnerGuard *guard)
{
	AtEOXact_GUC(false, guard->guc_level);
	SetUserIdAndSecContext(guard->user, guard->security);
}

static bool
function_is_harmful(Oid function, void *context)
{
	return function >= FirstNormalObjectId || func_volatile(function) != PROVOLATILE_IMMUTABLE;
}

static bool
find_harm(Node *node, void *context)
{
	if (node == NULL)
		return false;
	/* a domain's constraint, and the output of a user's type, may run anything */
	if (IsA(node, CoerceToDomain) || IsA(node, CoerceViaIO) || IsA(node, ArrayCoerceExpr))
		return true;
	/* CURRENT_USER and the like tell rights apart */
	if (IsA(node, SQLValueFunction))
		return true;
	return check_functions_in_node(node, function_is_harmful, NULL) ||
		expression_tree_walker(node, find_harm, context);
}

bool
itsm_expression_harmless(Node *expression)
{
	return !find_harm(expression, NULL);
}
