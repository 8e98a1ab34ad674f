/*
 * tenant_access.c
 *		Which tenants a role is shown.
 *
 * The tables are read anew for each question, which a query of the reports
 * asks once: nothing is kept that could be out of date.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "core/query.h"
#include "core/table.h"
#include "ledger/tenant_access.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#define EVERYBODY "public"
#define EVERY_TENANT "*"

enum
{
	GRANT_ROLE = 1, GRANT_TENANT
};

/* What a scan of the grants is for. */
typedef struct Sight
{
	const char *wanted;			/* a tenant that is asked for; NULL: all of them are collected */
	bool		found;			/* that one is granted */
	bool		every;			/* all are */
	ArrayBuildState *tenants;	/* collected */
} Sight;

/* A table of the extension's own from its beginning, as it is now. */
static TableScanDesc
begin_scan(const char *name, TupleTableSlot **slot)
{
	Relation	table = table_open(itsm_relation(name), AccessShareLock);

	*slot = table_slot_create(table, NULL);
	return table_beginscan(table, itsm_snapshot_now(), 0, NULL);
}

static void
end_scan(TableScanDesc scan, TupleTableSlot *slot)
{
	Relation	table = scan->rs_rd;
	Snapshot	now = scan->rs_snapshot;

	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(now);
	table_close(table, AccessShareLock);
}

/* Mostly they never were: then the table has no page, which is quicker to see than that it has no row. */
static bool
tenants_are_separated(void)
{
	Relation	table = table_open(itsm_relation("tenant_separation"), AccessShareLock);
	bool		separated = false;

	if (RelationGetNumberOfBlocks(table) > 0)
	{
		TupleTableSlot *slot;
		TableScanDesc scan = begin_scan("tenant_separation", &slot);

		separated = table_scan_getnextslot(scan, ForwardScanDirection, slot);
		end_scan(scan, slot);
	}
	table_close(table, AccessShareLock);
	return separated;
}

static bool
has_role(Oid user, const char *name)
{
	Oid			role;

	if (strcmp(name, EVERYBODY) == 0)
		return true;
	/* that of a role that is gone gives nothing */
	role = get_role_oid(name, true);
	return OidIsValid(role) && has_privs_of_role(user, role);
}

static void
look(Oid user, Sight *sight)
{
	TupleTableSlot *slot;
	TableScanDesc scan = begin_scan("tenant_grant", &slot);

	while (!sight->every && !sight->found && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, GRANT_TENANT, &isnull);
		char	   *tenant = TextDatumGetCString(value);
		bool		every = strcmp(tenant, EVERY_TENANT) == 0;

		CHECK_FOR_INTERRUPTS();
		if ((every || sight->wanted == NULL || strcmp(tenant, sight->wanted) == 0) &&
			has_role(user, NameStr(*DatumGetName(slot_getattr(slot, GRANT_ROLE, &isnull)))))
		{
			sight->every = every;
			sight->found = !every && sight->wanted != NULL;
			if (!every && sight->wanted == NULL)
				sight->tenants = accumArrayResult(sight->tenants, value, false, TEXTOID, CurrentMemoryContext);
		}
		pfree(tenant);
	}
	end_scan(scan, slot);
}

bool
itsm_role_sees_tenant(Oid user, const char *tenant)
{
	Sight		sight = {.wanted = tenant};

	if (has_privs_of_role(user, itsm_owner()) || !tenants_are_separated())
		return true;
	look(user, &sight);
	return sight.every || sight.found;
}

bool
itsm_sees_tenant(const char *tenant)
{
	return itsm_role_sees_tenant(GetUserId(), tenant);
}

bool
itsm_sees_every_tenant(void)
{
	return itsm_role_sees_tenant(GetUserId(), EVERY_TENANT);
}

void
itsm_require_every_tenant(const char *what)
{
	if (!itsm_sees_every_tenant())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s tells of every tenant, and role \"%s\" is not shown every tenant", what,
						GetUserNameFromId(GetUserId(), false)),
				 errhint("itsm.grant_tenant(role, '*') lets a role see all of them.")));
}

/*
 * itsm.sees_every_tenant() → boolean
 */
ITSM_FUNCTION(itsm_sees_every_tenant_sql);
Datum
itsm_sees_every_tenant_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(itsm_sees_every_tenant());
}

/*
 * itsm.seen_tenants() → text[]
 */
ITSM_FUNCTION(itsm_seen_tenants);
Datum
itsm_seen_tenants(PG_FUNCTION_ARGS)
{
	Sight		sight = {0};

	look(GetUserId(), &sight);
	if (sight.tenants == NULL)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	PG_RETURN_DATUM(makeArrayResult(sight.tenants, CurrentMemoryContext));
}

/*
 * itsm.caller_sees_tenant(tenant text) → boolean
 *
 * For functions that run with their owner's rights: the role that the session
 * has, for it is not known who called.
 */
ITSM_FUNCTION(itsm_caller_sees_tenant);
Datum
itsm_caller_sees_tenant(PG_FUNCTION_ARGS)
{
	char	   *tenant = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_BOOL(itsm_role_sees_tenant(GetOuterUserId(), tenant));
}
