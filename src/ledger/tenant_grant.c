/*
 * tenant_grant.c
 *		itsm.separate_tenants, itsm.grant_tenant and itsm.revoke_tenant: who is
 *		shown the records of which tenant.  Every change is an event.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/query.h"
#include "ledger/policy_event.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#define EVERYBODY "public"
#define TENANTS "tenants"		/* the subject of their separation */

/*
 * itsm.separate_tenants(separated boolean) → void
 */
ITSM_FUNCTION(itsm_separate_tenants);
Datum
itsm_separate_tenants(PG_FUNCTION_ARGS)
{
	OwnerQuery	query;
	bool		separated;
	uint64		changed;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("it must be said whether tenants are separated"),
				 errhint("true: a role is shown the tenants that itsm.grant_tenant named for it; false: all of them.")));
	separated = PG_GETARG_BOOL(0);
	itsm_query_begin(&query);
	changed = separated ?
		itsm_query_now(SPI_OK_INSERT, "INSERT INTO itsm.tenant_separation DEFAULT VALUES ON CONFLICT DO NOTHING", 0, NULL, NULL, NULL) :
		itsm_query_now(SPI_OK_DELETE, "DELETE FROM itsm.tenant_separation", 0, NULL, NULL, NULL);
	itsm_query_end(&query);
	if (changed > 0)
		itsm_policy_event(TENANTS, 0, separated ? "separated" : "joined", NULL);
	PG_RETURN_VOID();
}

/* Runs a command over (role, tenant); an event when it changed something. */
static void
change(FunctionCallInfo fcinfo, int expected, const char *sql, const char *kind)
{
	static const Oid types[] = {NAMEOID, TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	OwnerQuery	query;
	uint64		changed;

	itsm_query_begin(&query);
	changed = itsm_query_now(expected, sql, lengthof(types), types, values, NULL);
	itsm_query_end(&query);
	if (changed > 0)
		itsm_policy_event(psprintf("tenants of role %s", NameStr(*PG_GETARG_NAME(0))), 0, kind,
						  "tenant", text_to_cstring(PG_GETARG_TEXT_PP(1)), NULL);
}

static void
check_arguments(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the role must not be null")));
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the tenant must not be null"),
				 errhint("Records of attachments that name no tenant belong to the tenant '' (empty); '*' means every tenant.")));
}

static bool
separated(void)
{
	OwnerQuery	query;
	bool		result;

	itsm_query_begin(&query);
	result = itsm_query_now(SPI_OK_SELECT, "SELECT FROM itsm.tenant_separation", 0, NULL, NULL, NULL) > 0;
	itsm_query_end(&query);
	return result;
}

/*
 * itsm.grant_tenant(role name, tenant text) → void
 */
ITSM_FUNCTION(itsm_grant_tenant);
Datum
itsm_grant_tenant(PG_FUNCTION_ARGS)
{
	const char *role;

	check_arguments(fcinfo);
	role = NameStr(*PG_GETARG_NAME(0));
	if (strcmp(role, EVERYBODY) != 0)
		(void) get_role_oid(role, false);
	change(fcinfo, SPI_OK_INSERT,
		   "INSERT INTO itsm.tenant_grant (role, tenant) VALUES ($1, $2) ON CONFLICT DO NOTHING", "granted");
	if (!separated())
		ereport(NOTICE,
				(errmsg("tenants are not separated: every role that may read the reports is shown every tenant"),
				 errhint("itsm.separate_tenants(true) puts the grants in force.")));
	PG_RETURN_VOID();
}

/*
 * itsm.revoke_tenant(role name, tenant text) → void
 *
 * Of a role that is gone, too.
 */
ITSM_FUNCTION(itsm_revoke_tenant);
Datum
itsm_revoke_tenant(PG_FUNCTION_ARGS)
{
	check_arguments(fcinfo);
	change(fcinfo, SPI_OK_DELETE,
		   "DELETE FROM itsm.tenant_grant WHERE role OPERATOR(pg_catalog.=) $1 AND tenant OPERATOR(pg_catalog.=) $2",
		   "revoked");
	PG_RETURN_VOID();
}
