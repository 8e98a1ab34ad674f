/*
 * ledger_report.c
 *		itsm.unsealed(), for itsm_report.ledger_status, and the note that the
 *		history was verified.
 *
 * A function in a view is called with the rights of whoever reads the view, so
 * everybody may call this one, and it asks whether the caller may read that.
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

/*
 * itsm.unsealed() → table (tenant text, events bigint, oldest timestamptz)
 */
ITSM_FUNCTION(itsm_unsealed);
Datum
itsm_unsealed(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			view = get_relname_relid(REPORT_VIEW, get_namespace_oid(REPORT_SCHEMA, false));
	ListCell   *cell;

	if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, REPORT_SCHEMA "." REPORT_VIEW);
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
