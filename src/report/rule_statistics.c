/*
 * rule_statistics.c
 *		The counters of rules, as itsm_report.rule_statistics shows them.
 */
#include "core/itsm.h"

#include "catalog/namespace.h"
#include "funcapi.h"
#include "ledger/tenant_access.h"
#include "lifecycle/rule_counter.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define REPORT_SCHEMA "itsm_report"
#define REPORT_VIEW "rule_statistics"
/* Beside the counts: attachment, rule, since when. */
#define OTHER_COLUMNS 3

static void
put_total(const RuleTotal *total, ReturnSetInfo *result)
{
	Datum		values[COUNT_COUNT + OTHER_COLUMNS];
	bool		nulls[COUNT_COUNT + OTHER_COLUMNS] = {0};
	int			column = 0;

	values[column++] = Int32GetDatum(total->key.attachment);
	values[column++] = CStringGetTextDatum(NameStr(total->key.rule));
	for (int i = 0; i < COUNT_NANOSECONDS; i++)
		values[column++] = Int64GetDatum((int64) total->counts[i]);
	values[column++] = Float8GetDatum(total->counts[COUNT_NANOSECONDS] / 1e6);
	values[column++] = TimestampTzGetDatum(total->since);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

ITSM_FUNCTION(itsm_rule_counters);
Datum
itsm_rule_counters(PG_FUNCTION_ARGS)
{
	Oid			view = get_relname_relid(REPORT_VIEW, get_namespace_oid(REPORT_SCHEMA, false));
	RuleTotal  *totals;
	int			count;

	if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, REPORT_SCHEMA "." REPORT_VIEW);
	InitMaterializedSRF(fcinfo, 0);
	/* rules have no tenant */
	if (!itsm_sees_every_tenant())
		return (Datum) 0;
	totals = itsm_rule_totals(&count);
	for (int i = 0; i < count; i++)
		put_total(&totals[i], (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

ITSM_FUNCTION(itsm_reset_rule_statistics);
Datum
itsm_reset_rule_statistics(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(itsm_rule_totals_reset(PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0)));
}
