/*
 * reader_grant.c
 *		itsm.grant_reader and itsm.revoke_reader: who sees in reports what tables
 *		with row-level security map.
 */
#include "core/itsm.h"

#include "lifecycle/role_grant.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#define EVERYBODY "public"

static const RoleList readers = {
	.insert = "INSERT INTO itsm.reader (role) VALUES ($1) ON CONFLICT (role) DO NOTHING",
	.delete = "DELETE FROM itsm.reader WHERE role OPERATOR(pg_catalog.=) $1",
	.subject = "reader"
};

/*
 * itsm.grant_reader(role name) → void
 */
ITSM_FUNCTION(itsm_grant_reader);
Datum
itsm_grant_reader(PG_FUNCTION_ARGS)
{
	const char *role = itsm_role_argument(fcinfo);

	if (strcmp(role, EVERYBODY) != 0)
		(void) get_role_oid(role, false);
	(void) itsm_role_list_put(&readers, role);
	PG_RETURN_VOID();
}

/*
 * itsm.revoke_reader(role name) → void
 */
ITSM_FUNCTION(itsm_revoke_reader);
Datum
itsm_revoke_reader(PG_FUNCTION_ARGS)
{
	(void) itsm_role_list_take(&readers, itsm_role_argument(fcinfo));
	PG_RETURN_VOID();
}
