/*
 * clock_verify.c
 *		Clocks that cannot be: what itsm.verify() finds without replaying events.
 *
 * Whether they are what the events say is itsm.recompute_clocks' question: after
 * an import of history, or a change of hours, they need not be.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "service_time/clock_verify.h"
#include "utils/builtins.h"

#define SCOPE "clock"

static const char faults[] =
"SELECT c.tenant, c.record, s.name, c.number, f.fault"
" FROM itsm.clock c"
" LEFT JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) c.record AND r.tenant OPERATOR(pg_catalog.=) c.tenant"
" LEFT JOIN itsm.sla s ON s.id OPERATOR(pg_catalog.=) c.sla AND s.version OPERATOR(pg_catalog.=) c.sla_version,"
" LATERAL (SELECT CASE"
" WHEN r.id IS NULL THEN 'it has no record'"
" WHEN s.id IS NULL THEN 'its agreement is not there'"
" WHEN c.stage OPERATOR(pg_catalog.<>) ALL (ARRAY['in_progress', 'paused', 'completed', 'cancelled'])"
"  OR (c.stage OPERATOR(pg_catalog.=) 'in_progress') OPERATOR(pg_catalog.<>) (c.running_since IS NOT NULL)"
"  OR (c.stage OPERATOR(pg_catalog.=) 'paused') OPERATOR(pg_catalog.<>) (c.paused_since IS NOT NULL)"
"  OR (c.stage OPERATOR(pg_catalog.=) ANY (ARRAY['completed', 'cancelled'])) OPERATOR(pg_catalog.<>) (c.stopped_at IS NOT NULL)"
"  THEN 'its stage and its times do not fit'"
" WHEN c.breached OPERATOR(pg_catalog.<>) (c.elapsed OPERATOR(pg_catalog.>) coalesce(s.target, CASE WHEN pg_catalog.isfinite(c.original_due_at)"
"   THEN c.original_due_at OPERATOR(pg_catalog.-) c.started_at ELSE '1000000 years' END))"
"  OR c.breached OPERATOR(pg_catalog.<>) (c.breached_at IS NOT NULL)"
"  THEN 'what has elapsed and whether it is breached do not fit'"
" WHEN c.number OPERATOR(pg_catalog.>) 0 AND c.stopped_at IS NULL THEN 'another one followed, but it has not ended'"
" WHEN c.stopped_at IS NULL AND r.deleted AND EXISTS (SELECT FROM itsm.event e"
"  WHERE e.record OPERATOR(pg_catalog.=) c.record AND e.tenant OPERATOR(pg_catalog.=) c.tenant"
"  AND e.kind OPERATOR(pg_catalog.=) 'deleted') THEN 'its row was deleted, but it has not ended'"
" END) AS f(fault)"
" WHERE f.fault IS NOT NULL ORDER BY c.tenant, c.record, c.sla, c.number";

static void *
begin_clocks(Verification *verification)
{
	return NULL;
}

static void
check_record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

static void
end_clocks(Verification *verification, void *own)
{
	uint64		wrong;
	SPITupleTable *table;
	bool		isnull;
	int64		count;

	if (!itsm_verify_is_last(verification))
		return;
	wrong = itsm_query(SPI_OK_SELECT, faults, 0, NULL, NULL, NULL);
	table = SPI_tuptable;
	for (uint64 i = 0; i < wrong; i++)
	{
		HeapTuple	tuple = table->vals[i];
		const char *sla = SPI_getvalue(tuple, table->tupdesc, 3);
		int64		record = DatumGetInt64(SPI_getbinval(tuple, table->tupdesc, 2, &isnull));

		itsm_verify_fault(verification, SCOPE,
						  psprintf("%s %s %s", itsm_verify_name(verification, SPI_getvalue(tuple, table->tupdesc, 1), record, 0, NULL),
								   sla ? sla : "", SPI_getvalue(tuple, table->tupdesc, 4)),
						  "%s", SPI_getvalue(tuple, table->tupdesc, 5));
	}
	(void) itsm_query(SPI_OK_SELECT, "SELECT pg_catalog.count(*) FROM itsm.clock", 0, NULL, NULL, NULL);
	count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	if (count > 0)
		itsm_verify_right(verification, SCOPE, "itsm.clock", INT64_FORMAT " clocks are possible",
						  count - (int64) wrong);
}

const VerifyChecker itsm_verify_clocks = {begin_clocks, check_record, end_clocks};
