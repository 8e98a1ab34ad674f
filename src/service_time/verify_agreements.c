/*
 * verify_agreements.c
 *		Calendars, agreements and availability targets against the events that tell
 *		of them.
 *
 * What has held when decides figures; the tables are not chained, their events
 * are.  Of calendar hours with one valid_from, and of versions, the last event
 * tells.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "service_time/clock_verify.h"

#define EVENTS(subject) \
	"(SELECT pg_catalog.substr(r.key, pg_catalog.length('" subject " ') OPERATOR(pg_catalog.+) 1) AS name," \
	" e.kind, e.version, itsm.policy_detail(e.body)::pg_catalog.jsonb AS detail" \
	" FROM itsm.record r JOIN itsm.event e ON e.tenant OPERATOR(pg_catalog.=) r.tenant AND e.record OPERATOR(pg_catalog.=) r.id" \
	" WHERE r.source OPERATOR(pg_catalog.=) 0 AND r.key OPERATOR(pg_catalog.>=) '" subject " ' COLLATE \"C\"" \
	" AND r.key OPERATOR(pg_catalog.<) '" subject "!' COLLATE \"C\")"

/* Rows of the table and last events side by side: object, and what is wrong with it or null. */
static const char hours[] =
"SELECT coalesce(t.calendar, h.name) || ' from ' || coalesce(t.valid_from, h.valid_from),"
" CASE WHEN h.name IS NULL THEN 'the hours have no event' WHEN t.calendar IS NULL THEN 'the hours are missing in itsm.calendar_hours'"
"  WHEN t.hours::pg_catalog.text OPERATOR(pg_catalog.<>) h.hours THEN 'the hours are not what their event tells' END"
" FROM itsm.calendar_hours t FULL JOIN (SELECT DISTINCT ON (e.name, d.valid_from) e.name, d.valid_from, e.detail OPERATOR(pg_catalog.->>) 'hours' AS hours"
"  FROM " EVENTS("calendar") " AS e, LATERAL (SELECT (e.detail OPERATOR(pg_catalog.->>) 'valid_from')::pg_catalog.timestamptz) AS d(valid_from)"
"  ORDER BY e.name, d.valid_from, e.version DESC) AS h"
" ON h.name OPERATOR(pg_catalog.=) t.calendar AND h.valid_from OPERATOR(pg_catalog.=) t.valid_from"
" ORDER BY 2, 1";

/* A version ends as its event says, or one that ends it, or where the next one begins. */
static const char agreements[] =
"SELECT coalesce(t.name, h.name) || ' version ' || coalesce(t.version, h.number),"
" CASE WHEN h.name IS NULL THEN 'the version has no event' WHEN t.name IS NULL THEN 'the version is missing in itsm.sla'"
"  WHEN t.definition IS DISTINCT FROM h.definition OR t.expressions::pg_catalog.text IS DISTINCT FROM h.expressions"
"   OR t.metric IS DISTINCT FROM (h.definition OPERATOR(pg_catalog.->>) 'metric')"
"   OR t.condition IS DISTINCT FROM (h.definition OPERATOR(pg_catalog.->>) 'condition')"
"   OR t.kind IS DISTINCT FROM coalesce(h.definition OPERATOR(pg_catalog.->>) 'kind', 'sla')"
"   OR t.lifecycle IS DISTINCT FROM (h.definition OPERATOR(pg_catalog.->>) 'lifecycle')"
"   OR t.process IS DISTINCT FROM (h.definition OPERATOR(pg_catalog.->>) 'process')"
"   OR t.calendar IS DISTINCT FROM (h.definition OPERATOR(pg_catalog.->>) 'calendar')"
"   OR t.hours::pg_catalog.text IS DISTINCT FROM (h.definition OPERATOR(pg_catalog.->>) 'hours')::itsm.service_hours::pg_catalog.text"
"   OR t.target IS DISTINCT FROM CASE pg_catalog.jsonb_typeof(h.definition OPERATOR(pg_catalog.->) 'target') WHEN 'string' THEN (h.definition OPERATOR(pg_catalog.->>) 'target')::pg_catalog.interval END"
"   OR t.valid_from OPERATOR(pg_catalog.<>) h.valid_from THEN 'the version is not what its event tells'"
"  WHEN t.valid_until IS DISTINCT FROM CASE WHEN h.ended THEN h.ends WHEN h.valid_until IS NULL THEN (SELECT pg_catalog.min(n.valid_from)"
"   FROM itsm.sla n WHERE n.id OPERATOR(pg_catalog.=) t.id AND n.version OPERATOR(pg_catalog.>) t.version"
"   AND n.valid_from OPERATOR(pg_catalog.>) t.valid_from) ELSE h.valid_until END THEN 'the version does not end when its events tell' END"
" FROM itsm.sla t FULL JOIN (SELECT e.name, (e.detail OPERATOR(pg_catalog.->>) 'version')::pg_catalog.int4 AS number,"
"  pg_catalog.max(e.detail OPERATOR(pg_catalog.->>) 'definition')::pg_catalog.jsonb AS definition, pg_catalog.max(e.detail OPERATOR(pg_catalog.->>) 'expressions') AS expressions,"
"  pg_catalog.max((e.detail OPERATOR(pg_catalog.->>) 'valid_from')::pg_catalog.timestamptz) AS valid_from,"
"  pg_catalog.max((e.detail OPERATOR(pg_catalog.->>) 'valid_until')::pg_catalog.timestamptz) FILTER (WHERE e.kind OPERATOR(pg_catalog.=) 'defined') AS valid_until,"
"  pg_catalog.bool_or(e.kind OPERATOR(pg_catalog.=) 'ended') AS ended,"
"  (pg_catalog.array_agg((e.detail OPERATOR(pg_catalog.->>) 'valid_until')::pg_catalog.timestamptz ORDER BY e.version DESC) FILTER (WHERE e.kind OPERATOR(pg_catalog.=) 'ended'))[1] AS ends"
"  FROM " EVENTS("sla") " AS e GROUP BY 1, 2) AS h"
" ON h.name OPERATOR(pg_catalog.=) t.name AND h.number OPERATOR(pg_catalog.=) t.version"
" ORDER BY 2, 1";

static const char targets[] =
"SELECT coalesce(t.service, h.service) || ' from ' || coalesce(t.valid_from, h.valid_from) || coalesce(' of ' || nullif(coalesce(t.tenant, h.tenant), ''), ''),"
" CASE WHEN h.service IS NULL THEN 'the target has no event' WHEN t.service IS NULL THEN 'the target is missing in itsm.availability_target'"
"  WHEN t.target IS DISTINCT FROM (h.detail OPERATOR(pg_catalog.->>) 'target')::pg_catalog.numeric"
"   OR t.calendar IS DISTINCT FROM (h.detail OPERATOR(pg_catalog.->>) 'calendar')"
"   OR t.planned_excluded IS DISTINCT FROM (h.detail OPERATOR(pg_catalog.->>) 'planned_excluded')::pg_catalog.bool"
"   THEN 'the target is not what its event tells' END"
" FROM itsm.availability_target t FULL JOIN (SELECT DISTINCT ON (d.tenant, d.service, d.valid_from) d.tenant, d.service, d.valid_from, e.detail"
"  FROM " EVENTS("availability") " AS e, LATERAL (SELECT e.detail OPERATOR(pg_catalog.->>) 'tenant', e.detail OPERATOR(pg_catalog.->>) 'service',"
"   (e.detail OPERATOR(pg_catalog.->>) 'valid_from')::pg_catalog.timestamptz) AS d(tenant, service, valid_from)"
"  ORDER BY d.tenant, d.service, d.valid_from, e.version DESC) AS h"
" ON h.tenant OPERATOR(pg_catalog.=) t.tenant AND h.service OPERATOR(pg_catalog.=) t.service AND h.valid_from OPERATOR(pg_catalog.=) t.valid_from"
" ORDER BY 2, 1";

static const struct
{
	const char *scope;
	const char *table;
	const char *rows;			/* how they are called */
	const char *query;
}			checks[] = {
	{"calendar", "itsm.calendar_hours", "hours of calendars", hours},
	{"sla", "itsm.sla", "versions of agreements", agreements},
	{"availability", "itsm.availability_target", "availability targets", targets},
};

static void *
begin_agreements(Verification *verification)
{
	return NULL;
}

static void
check_record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

static void
end_agreements(Verification *verification, void *own)
{
	for (int i = 0; i < lengthof(checks); i++)
	{
		uint64		count = itsm_query(SPI_OK_SELECT, checks[i].query, 0, NULL, NULL, NULL);
		SPITupleTable *table = SPI_tuptable;
		uint64		right = 0;

		for (uint64 row = 0; row < count; row++)
		{
			const char *fault = SPI_getvalue(table->vals[row], table->tupdesc, 2);

			if (fault)
				itsm_verify_fault(verification, checks[i].scope, SPI_getvalue(table->vals[row], table->tupdesc, 1),
								  "%s", fault);
			else
				right++;
		}
		if (right > 0)
			itsm_verify_right(verification, checks[i].scope, checks[i].table, UINT64_FORMAT " %s are as their events tell",
							  right, checks[i].rows);
		SPI_freetuptable(table);
	}
}

const VerifyChecker itsm_verify_agreements = {begin_agreements, check_record, end_agreements};
