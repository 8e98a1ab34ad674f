/*
 * query.c
 *		SPI as the extension's owner under a pinned search_path.
 */
#include "core/itsm.h"

#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "core/query.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"
#include "utils/snapmgr.h"

Oid
itsm_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACENAME, CStringGetDatum(ITSM_SCHEMA));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA), errmsg("schema \"%s\" does not exist", ITSM_SCHEMA),
				 errhint("CREATE EXTENSION itsm makes it.")));
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

int
itsm_pin_search_path(void)
{
	int			level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

void
itsm_query_begin(OwnerQuery *query)
{
	GetUserIdAndSecContext(&query->user, &query->security);
	SetUserIdAndSecContext(itsm_owner(), query->security | SECURITY_LOCAL_USERID_CHANGE);
	query->guc_level = itsm_pin_search_path();
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
itsm_query_end(OwnerQuery *query)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, query->guc_level);
	SetUserIdAndSecContext(query->user, query->security);
}

static bool own_ddl = false;

void
itsm_own_ddl(const char *sql)
{
	bool		outer = own_ddl;
	int			level = itsm_pin_search_path();
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	own_ddl = true;
	PG_TRY();
	{
		result = SPI_execute(sql, false, 0);
	}
	PG_FINALLY();
	{
		own_ddl = outer;
	}
	PG_END_TRY();
	if (result < 0)
		elog(ERROR, "%s in: %s", SPI_result_code_string(result), sql);
	SPI_finish();
	AtEOXact_GUC(true, level);
}

bool
itsm_is_own_ddl(void)
{
	return own_ddl;
}

void
itsm_schema_prepare(const char *name)
{
	Oid			schema = get_namespace_oid(name, true);

	if (name[0] == '\0' || IsReservedName(name) || strcmp(name, "information_schema") == 0 ||
		strcmp(name, ITSM_SCHEMA) == 0 || strcmp(name, "itsm_report") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("history does not go into schema \"%s\"", name),
				 errhint("Name a schema of your own: what is written there belongs to you.")));
	if (!OidIsValid(schema))
		itsm_own_ddl(psprintf("CREATE SCHEMA %s", quote_identifier(name)));
	else if (!itsm_may_create_in(schema, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA, name);
}

uint64
itsm_query(int expected, const char *sql, int argument_count, const Oid *types, Datum *values,
		   const char *nulls)
{
	int			result = SPI_execute_with_args(sql, argument_count, unconstify(Oid *, types), values,
											   nulls, false, 0);

	if (result != expected)
		elog(ERROR, "%s instead of %s in: %s", SPI_result_code_string(result),
			 SPI_result_code_string(expected), sql);
	return SPI_processed;
}

uint64
itsm_query_now(int expected, const char *sql, int argument_count, const Oid *types, Datum *values,
			   const char *nulls)
{
	SPIPlanPtr	plan = SPI_prepare(sql, argument_count, unconstify(Oid *, types));
	Snapshot	now = RegisterSnapshot(GetLatestSnapshot());
	int			result = plan ? SPI_execute_snapshot(plan, values, nulls, now, InvalidSnapshot, false, true, 0)
		: SPI_result;

	UnregisterSnapshot(now);
	if (result != expected)
		elog(ERROR, "%s instead of %s in: %s", SPI_result_code_string(result),
			 SPI_result_code_string(expected), sql);
	return SPI_processed;
}
