/*
 * roll_up.c
 *		Months of incidents and of clocks gathered into a row each.
 *
 * Each table is gathered by one statement, so under one snapshot: what it
 * takes out of the changes is what it puts into the months.  Another roll-up
 * waits at the lock; a transaction whose snapshot is older than what the
 * other one did gets a serialization failure.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "record/month_count.h"
#include "report/months.h"
#include "report/roll_up.h"
#include "utils/builtins.h"

static const char lock_months[] =
"LOCK TABLE itsm.incident_month, itsm.sla_month IN SHARE ROW EXCLUSIVE MODE";

static const char gather_incidents[] =
"WITH taken AS (DELETE FROM itsm.incident_month_change RETURNING *),"
" changed AS (SELECT DISTINCT t.month, t.tenant FROM taken t),"
" former AS (DELETE FROM itsm.incident_month m USING changed c"
"  WHERE m.month OPERATOR(pg_catalog.=) c.month AND m.tenant OPERATOR(pg_catalog.=) c.tenant RETURNING m.*),"
" summed AS (SELECT p.month, pg_catalog.sum(p.opened) AS opened, pg_catalog.sum(p.resolved) AS resolved,"
"  pg_catalog.sum(p.reopened) AS reopened, pg_catalog.sum(p.reassigned) AS reassigned, pg_catalog.sum(p.timed) AS timed,"
"  p.tenant, pg_catalog.sum(p.total) AS total, itsm.durations(p.durations, p.weight, p.duration) AS durations"
"  FROM (SELECT f.month, f.opened, f.resolved, f.reopened, f.reassigned, f.timed, f.tenant, f.total, f.durations,"
"    NULL::integer AS weight, NULL::interval AS duration FROM former f"
"   UNION ALL SELECT t.month, t.opened, t.resolved, t.reopened, t.reassigned,"
"    CASE WHEN t.duration IS NULL THEN 0 ELSE t.resolved END, t.tenant,"
"    CASE WHEN t.resolved OPERATOR(pg_catalog.<) 0 THEN OPERATOR(pg_catalog.-) t.duration ELSE t.duration END, NULL, t.resolved, t.duration FROM taken t) p"
"  GROUP BY p.month, p.tenant),"
" put AS (INSERT INTO itsm.incident_month SELECT s.month, s.opened, s.resolved, s.reopened, s.reassigned, s.timed, s.tenant,"
"  CASE WHEN s.timed OPERATOR(pg_catalog.<>) 0 THEN s.total END, itsm.duration_percentiles(s.durations, ARRAY[0.5, 0.9]), s.durations"
"  FROM summed s WHERE s.opened OPERATOR(pg_catalog.<>) 0 OR s.resolved OPERATOR(pg_catalog.<>) 0)"
"SELECT pg_catalog.count(*) FROM taken";

static const char gather_clocks[] =
"WITH taken AS (DELETE FROM itsm.sla_month_change RETURNING *),"
" changed AS (SELECT DISTINCT t.month, t.tenant, t.sla, t.sla_version, t.source, t.priority, t.service FROM taken t),"
" former AS (DELETE FROM itsm.sla_month m USING changed c"
"  WHERE m.month OPERATOR(pg_catalog.=) c.month AND m.tenant OPERATOR(pg_catalog.=) c.tenant"
"   AND m.sla OPERATOR(pg_catalog.=) c.sla AND m.sla_version OPERATOR(pg_catalog.=) c.sla_version"
"   AND m.source OPERATOR(pg_catalog.=) c.source"
"   AND coalesce(m.priority, 0) OPERATOR(pg_catalog.=) coalesce(c.priority, 0) AND m.priority IS NOT DISTINCT FROM c.priority"
"   AND coalesce(m.service, '') OPERATOR(pg_catalog.=) coalesce(c.service, '') AND m.service IS NOT DISTINCT FROM c.service"
"  RETURNING m.*),"
" summed AS (SELECT p.month, p.sla, p.sla_version, p.source, pg_catalog.sum(p.completed) AS completed,"
"  pg_catalog.sum(p.breached) AS breached, pg_catalog.sum(p.cancelled) AS cancelled, p.tenant, p.priority,"
"  pg_catalog.sum(p.total) AS total, p.service, itsm.durations(p.durations, p.weight, p.elapsed) AS durations"
"  FROM (SELECT f.month, f.sla, f.sla_version, f.source, f.completed, f.breached, f.cancelled, f.tenant, f.priority, f.total,"
"    f.service, f.durations, NULL::integer AS weight, NULL::interval AS elapsed FROM former f"
"   UNION ALL SELECT t.month, t.sla, t.sla_version, t.source, t.completed, t.breached, t.cancelled, t.tenant, t.priority,"
"    CASE WHEN t.completed OPERATOR(pg_catalog.<) 0 THEN OPERATOR(pg_catalog.-) t.elapsed ELSE t.elapsed END, t.service, NULL, t.completed, t.elapsed FROM taken t) p"
"  GROUP BY p.month, p.tenant, p.sla, p.sla_version, p.source, p.priority, p.service),"
" put AS (INSERT INTO itsm.sla_month SELECT s.month, s.sla, s.sla_version, s.source, s.completed, s.breached, s.cancelled,"
"  s.tenant, s.priority, CASE WHEN s.completed OPERATOR(pg_catalog.<>) 0 THEN s.total END, s.service,"
"  itsm.duration_percentiles(s.durations, ARRAY[0.9]), s.durations"
"  FROM summed s WHERE s.completed OPERATOR(pg_catalog.<>) 0 OR s.cancelled OPERATOR(pg_catalog.<>) 0)"
"SELECT pg_catalog.count(*) FROM taken";

/* Out of records and clocks as they are.  Nobody else writes the months meanwhile, so that they may go before. */
static const char forget_incidents[] = "DELETE FROM itsm.incident_month";
static const char forget_clocks[] = "DELETE FROM itsm.sla_month";

static const char count_incidents[] =
"WITH taken AS (DELETE FROM itsm.incident_month_change RETURNING 1),"
" put AS (INSERT INTO itsm.incident_month SELECT t.month, t.opened, t.resolved, t.reopened, t.reassigned, t.timed, t.tenant, t.total,"
"  itsm.duration_percentiles(t.durations, ARRAY[0.5, 0.9]), t.durations FROM (" ITSM_COUNTED_INCIDENTS ") t)"
"SELECT pg_catalog.count(*) FROM taken";

static const char count_clocks[] =
"WITH taken AS (DELETE FROM itsm.sla_month_change RETURNING 1),"
" put AS (INSERT INTO itsm.sla_month SELECT t.month, t.sla, t.sla_version, t.source, t.completed, t.breached, t.cancelled, t.tenant,"
"  t.priority, t.total, t.service, itsm.duration_percentiles(t.durations, ARRAY[0.9]), t.durations FROM (" ITSM_COUNTED_CLOCKS ") t)"
"SELECT pg_catalog.count(*) FROM taken";

static const char named_changes[] = "SELECT FROM itsm.sla_month_change c WHERE c.service IS NOT NULL LIMIT 1";

static int64
gather(const char *sql)
{
	bool		isnull;

	(void) itsm_query(SPI_OK_SELECT, sql, 0, NULL, NULL, NULL);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* Gathers with or without counting anew; under the lock, and between itsm_query_begin and itsm_query_end. */
static int64
gather_months(bool incidents, bool anew)
{
	volatile int64 gathered = 0;

	itsm_months_are_ours = true;
	PG_TRY();
	{
		(void) itsm_query(SPI_OK_UTILITY, lock_months, 0, NULL, NULL, NULL);
		if (anew)
		{
			(void) itsm_query(SPI_OK_DELETE, forget_incidents, 0, NULL, NULL, NULL);
			(void) itsm_query(SPI_OK_DELETE, forget_clocks, 0, NULL, NULL, NULL);
		}
		if (incidents)
			gathered += gather(anew ? count_incidents : gather_incidents);
		gathered += gather(anew ? count_clocks : gather_clocks);
	}
	PG_FINALLY();
	{
		itsm_months_are_ours = false;
	}
	PG_END_TRY();
	return gathered;
}

ITSM_FUNCTION(itsm_roll_up);
Datum
itsm_roll_up(PG_FUNCTION_ARGS)
{
	OwnerQuery	query;
	int64		gathered;

	itsm_query_begin(&query);
	gathered = gather_months(true, PG_GETARG_BOOL(0));
	itsm_query_end(&query);
	PG_RETURN_INT64(gathered);
}

/* A service that was erased stands in what its record does not count for any more: gathered, that is gone. */
static void
erase_of_record(const Record *record, const List *attributes, const char *value)
{
	OwnerQuery	query;

	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT, named_changes, 0, NULL, NULL, NULL) > 0)
		(void) gather_months(false, false);
	itsm_query_end(&query);
}

const Redactor itsm_month_redactor = {erase_of_record, NULL};
