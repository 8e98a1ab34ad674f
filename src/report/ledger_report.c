/*
 * ledger_report.c
 *		itsm.unsealed() and itsm.held_back_since(), for itsm_report.ledger_status,
 *		and the note that the history was verified.
 *
 * A function in a view is called with the rights of whoever reads the view, so
 * everybody may call these two, and they ask whether the caller may read that.
 */
#include "core/itsm.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/query.h"
#include "funcapi.h"
#include "ledger/policy_event.h"
#include "ledger/seal_unsealed.h"
#include "ledger/tenant_access.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#define REPORT_SCHEMA "itsm_report"
#define REPORT_VIEW "ledger_status"

static void
require_reader(void)
{
	Oid			view = get_relname_relid(REPORT_VIEW, get_namespace_oid(REPORT_SCHEMA, false));

	if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, REPORT_SCHEMA "." REPORT_VIEW);
}

/*
 * itsm.unsealed() → table (tenant text, events bigint, oldest timestamptz)
 */
ITSM_FUNCTION(itsm_unsealed);
Datum
itsm_unsealed(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	require_reader();
	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, itsm_seal_unsealed())
	{
		const UnsealedEvents *unsealed = lfirst(cell);
		Datum		row[3] = {
			CStringGetTextDatum(unsealed->tenant), Int64GetDatum(unsealed->events), TimestampTzGetDatum(unsealed->oldest)
		};
		bool		nulls[3] = {false};

		if (!itsm_sees_tenant(unsealed->tenant))
			continue;
		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
	return (Datum) 0;
}

/* Who does not have pg_read_all_stats is told nothing of others' transactions, so the owner looks. */
static const char oldest_transaction[] =
"SELECT pg_catalog.min(x.since) FROM ("
"SELECT p.prepared AS since FROM pg_catalog.pg_prepared_xacts p"
" UNION ALL SELECT a.xact_start FROM pg_catalog.pg_stat_activity a"
" WHERE a.backend_xid IS NOT NULL AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()) x";

/*
 * itsm.held_back_since() → timestamptz
 */
ITSM_FUNCTION(itsm_held_back_since);
Datum
itsm_held_back_since(PG_FUNCTION_ARGS)
{
	OwnerQuery	query;
	Datum		since;
	bool		isnull;

	require_reader();
	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT, oldest_transaction, 0, NULL, NULL, NULL);
	since = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	itsm_query_end(&query);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(since);
}

/*
 * itsm.note_verification(digest jsonb) → bigint
 */
ITSM_FUNCTION(itsm_note_verification);
Datum
itsm_note_verification(PG_FUNCTION_ARGS)
{
	const Oid	types[] = {JSONBOID};
	Datum		values[] = {PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0)};
	const char	nulls[] = {PG_ARGISNULL(0) ? 'n' : ' ', '\0'};
	OwnerQuery	query;
	bool		isnull;
	int64		faults;

	PreventCommandIfReadOnly("itsm.note_verification()");
	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT, "SELECT pg_catalog.count(*) FROM itsm.verify($1) v WHERE NOT v.ok", 1, types, values,
					  nulls);
	faults = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	itsm_query_end(&query);
	itsm_policy_event(POLICY_HISTORY, 0, "verified", "faults", psprintf(INT64_FORMAT, faults),
					  "digest", PG_ARGISNULL(0) ? "no" : "yes", NULL);
	PG_RETURN_INT64(faults);
}
