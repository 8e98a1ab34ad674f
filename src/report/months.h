/*
 * months.h
 *		What the months of incidents and clocks are counted from.
 */
#ifndef ITSM_MONTHS_H
#define ITSM_MONTHS_H

/* Columns as those of itsm.incident_month, but for percentiles. */
#define ITSM_COUNTED_INCIDENTS \
"SELECT e.month, e.tenant, pg_catalog.sum(e.opened)::bigint AS opened, pg_catalog.sum(e.resolved)::bigint AS resolved," \
" pg_catalog.sum(e.reopened)::bigint AS reopened, pg_catalog.sum(e.reassigned)::bigint AS reassigned," \
" pg_catalog.count(e.duration) AS timed, pg_catalog.sum(e.duration) AS total," \
" itsm.durations(NULL, 1, e.duration) AS durations" \
" FROM (SELECT p.tenant, pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', p.opened_at))) AS month," \
"  1 AS opened, 0 AS resolved, 0 AS reopened, 0 AS reassigned, NULL::interval AS duration" \
"  FROM itsm.projection p WHERE p.process OPERATOR(pg_catalog.=) 'incident' AND p.opened_at IS NOT NULL" \
"  UNION ALL SELECT p.tenant," \
"  pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', p.resolved_at)))," \
"  0, 1, p.reopened, p.reassigned, CASE WHEN pg_catalog.isfinite(p.opened_at) AND pg_catalog.isfinite(p.resolved_at)" \
"   THEN p.resolved_at OPERATOR(pg_catalog.-) p.opened_at END" \
"  FROM itsm.projection p WHERE p.process OPERATOR(pg_catalog.=) 'incident' AND p.resolved_at IS NOT NULL) e" \
" GROUP BY e.month, e.tenant"

/* Columns as those of itsm.sla_month, but for percentiles. */
#define ITSM_COUNTED_CLOCKS \
"SELECT e.month, e.sla, e.sla_version, e.source, pg_catalog.count(*) FILTER (WHERE e.completed) AS completed," \
" pg_catalog.count(*) FILTER (WHERE e.completed AND e.breached) AS breached," \
" pg_catalog.count(*) FILTER (WHERE NOT e.completed) AS cancelled, e.tenant, e.priority," \
" pg_catalog.sum(e.elapsed) FILTER (WHERE e.completed) AS total, e.service," \
" itsm.durations(NULL, 1, e.elapsed) FILTER (WHERE e.completed) AS durations" \
" FROM (SELECT pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', c.stopped_at))) AS month," \
"  c.sla, c.sla_version, coalesce(r.source, 0) AS source, c.stage OPERATOR(pg_catalog.=) 'completed' AS completed, c.breached," \
"  c.tenant, r.priority, c.elapsed, r.service" \
"  FROM itsm.clock c LEFT JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) c.record AND r.tenant OPERATOR(pg_catalog.=) c.tenant" \
"  WHERE c.stopped_at IS NOT NULL) e" \
" GROUP BY e.month, e.tenant, e.sla, e.sla_version, e.source, e.priority, e.service"

#endif							/* ITSM_MONTHS_H */
