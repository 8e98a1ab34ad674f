/*
 * verify_months.c
 *		Months that are not what records and clocks say: those that were
 *		gathered, with what has changed since, beside the same counted anew.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "report/months.h"
#include "report/verify_months.h"
#include "utils/builtins.h"

#define SCOPE "month"

/* Months as they are kept, in the columns of what is counted. */
#define KEPT_INCIDENTS \
"SELECT p.month, p.tenant, pg_catalog.sum(p.opened)::bigint AS opened, pg_catalog.sum(p.resolved)::bigint AS resolved," \
" pg_catalog.sum(p.reopened)::bigint AS reopened, pg_catalog.sum(p.reassigned)::bigint AS reassigned," \
" pg_catalog.sum(p.timed)::bigint AS timed, pg_catalog.sum(p.total) AS total, itsm.durations(p.durations, p.weight, p.duration) AS durations" \
" FROM itsm.incident_month_part p GROUP BY p.month, p.tenant" \
" HAVING pg_catalog.sum(p.opened) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(p.resolved) OPERATOR(pg_catalog.<>) 0"

#define KEPT_CLOCKS \
"SELECT p.month, p.sla, p.sla_version, p.source, pg_catalog.sum(p.completed)::bigint AS completed," \
" pg_catalog.sum(p.breached)::bigint AS breached, pg_catalog.sum(p.cancelled)::bigint AS cancelled, p.tenant, p.priority," \
" pg_catalog.sum(p.total) AS total, p.service, itsm.durations(p.durations, p.weight, p.elapsed) AS durations" \
" FROM itsm.sla_month_part p GROUP BY p.month, p.tenant, p.sla, p.sla_version, p.source, p.priority, p.service" \
" HAVING pg_catalog.sum(p.completed) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(p.cancelled) OPERATOR(pg_catalog.<>) 0"

static const char wrong_incidents[] =
"SELECT pg_catalog.concat_ws(' ', 'incidents of', coalesce(k.month, c.month), nullif(coalesce(k.tenant, c.tenant), '')),"
" pg_catalog.format('opened, resolved, reopened, reassigned: %s, by the records %s',"
"  ROW(k.opened, k.resolved, k.reopened, k.reassigned), ROW(c.opened, c.resolved, c.reopened, c.reassigned))"
" FROM (" KEPT_INCIDENTS ") k FULL JOIN (" ITSM_COUNTED_INCIDENTS ") c"
"  ON k.month OPERATOR(pg_catalog.=) c.month AND k.tenant OPERATOR(pg_catalog.=) c.tenant"
" WHERE ROW(k.opened, k.resolved, k.reopened, k.reassigned, k.timed, k.durations) IS DISTINCT FROM"
"  ROW(c.opened, c.resolved, c.reopened, c.reassigned, c.timed, c.durations) ORDER BY 1";

/* Services are left out of what is told: they are values of tables that may hide them. */
static const char wrong_clocks[] =
"SELECT pg_catalog.concat_ws(' ', 'clocks of', coalesce(k.month, c.month), s.name, nullif(coalesce(k.tenant, c.tenant), '')),"
" pg_catalog.format('completed, breached, cancelled: %s, by the clocks %s',"
"  ROW(k.completed, k.breached, k.cancelled), ROW(c.completed, c.breached, c.cancelled))"
" FROM (" KEPT_CLOCKS ") k FULL JOIN (" ITSM_COUNTED_CLOCKS ") c"
"  ON k.month OPERATOR(pg_catalog.=) c.month AND k.tenant OPERATOR(pg_catalog.=) c.tenant AND k.sla OPERATOR(pg_catalog.=) c.sla"
"   AND k.sla_version OPERATOR(pg_catalog.=) c.sla_version AND k.source OPERATOR(pg_catalog.=) c.source"
"   AND coalesce(k.priority::text, '') OPERATOR(pg_catalog.=) coalesce(c.priority::text, '')"
"   AND coalesce('s' OPERATOR(pg_catalog.||) k.service, '') OPERATOR(pg_catalog.=) coalesce('s' OPERATOR(pg_catalog.||) c.service, '')"
" LEFT JOIN itsm.sla s ON s.id OPERATOR(pg_catalog.=) coalesce(k.sla, c.sla)"
"  AND s.version OPERATOR(pg_catalog.=) coalesce(k.sla_version, c.sla_version)"
" WHERE ROW(k.completed, k.breached, k.cancelled, k.durations) IS DISTINCT FROM"
"  ROW(c.completed, c.breached, c.cancelled, c.durations) ORDER BY 1";

static const char count_months[] =
"SELECT (SELECT pg_catalog.count(*) FROM itsm.incident_month) OPERATOR(pg_catalog.+) (SELECT pg_catalog.count(*) FROM itsm.sla_month)";

static void *
begin_months(Verification *verification)
{
	return NULL;
}

static void
check_record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

static uint64
tell_wrong(Verification *verification, const char *sql)
{
	uint64		wrong = itsm_query(SPI_OK_SELECT, sql, 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;

	for (uint64 i = 0; i < wrong; i++)
		itsm_verify_fault(verification, SCOPE, SPI_getvalue(table->vals[i], table->tupdesc, 1), "%s",
						  SPI_getvalue(table->vals[i], table->tupdesc, 2));
	return wrong;
}

static void
end_months(Verification *verification, void *own)
{
	uint64		wrong;
	int64		gathered;
	bool		isnull;

	if (!itsm_verify_is_last(verification))
		return;
	wrong = tell_wrong(verification, wrong_incidents) + tell_wrong(verification, wrong_clocks);
	(void) itsm_query(SPI_OK_SELECT, count_months, 0, NULL, NULL, NULL);
	gathered = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	if (wrong == 0 && gathered > 0)
		itsm_verify_right(verification, SCOPE, "itsm.roll_up", INT64_FORMAT " gathered rows of months are what records and clocks say",
						  gathered);
}

const VerifyChecker itsm_verify_months = {begin_months, check_record, end_months};
