/*
 * role_grant.c
 *		Lists of roles, and itsm.grant_actor and itsm.revoke_actor: who uses a
 *		role alone.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/query.h"
#include "ledger/policy_event.h"
#include "lifecycle/policy.h"
#include "lifecycle/role_grant.h"
#include "utils/acl.h"
#include "utils/builtins.h"

static const RoleList person_roles = {
	.insert = "INSERT INTO itsm.person_role (role) VALUES ($1) ON CONFLICT DO NOTHING",
	.delete = "DELETE FROM itsm.person_role WHERE role OPERATOR(pg_catalog.=) $1",
	.subject = "person role"
};

const char *
itsm_role_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the role must not be null")));
	return NameStr(*PG_GETARG_NAME(0));
}

static bool
change(const RoleList *list, const char *role, const char *sql, int expected, const char *kind)
{
	static const Oid types[] = {NAMEOID};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name)};
	OwnerQuery	query;
	uint64		changed;

	namestrcpy(&name, role);
	itsm_query_begin(&query);
	changed = itsm_query_now(expected, sql, lengthof(types), types, values, NULL);
	itsm_query_end(&query);
	if (changed > 0)
		itsm_policy_event(psprintf("%s %s", list->subject, role), 0, kind, NULL);
	return changed > 0;
}

bool
itsm_role_list_put(const RoleList *list, const char *role)
{
	return change(list, role, list->insert, SPI_OK_INSERT, "granted");
}

bool
itsm_role_list_take(const RoleList *list, const char *role)
{
	return change(list, role, list->delete, SPI_OK_DELETE, "revoked");
}

/*
 * itsm.grant_actor(role name) → void
 */
ITSM_FUNCTION(itsm_grant_actor);
Datum
itsm_grant_actor(PG_FUNCTION_ARGS)
{
	const char *role = itsm_role_argument(fcinfo);

	(void) get_role_oid(role, false);
	if (itsm_role_list_put(&person_roles, role))
		itsm_policy_changed();
	PG_RETURN_VOID();
}

/*
 * itsm.revoke_actor(role name) → void
 *
 * Of a role that is gone, too.
 */
ITSM_FUNCTION(itsm_revoke_actor);
Datum
itsm_revoke_actor(PG_FUNCTION_ARGS)
{
	if (itsm_role_list_take(&person_roles, itsm_role_argument(fcinfo)))
		itsm_policy_changed();
	PG_RETURN_VOID();
}
