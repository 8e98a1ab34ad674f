-- What was open at the end of each day.
--
-- Most records were opened once and ended once: their projections say when.  Only those
-- that were reopened are followed through their history.

CREATE VIEW itsm_report.backlog_daily WITH (security_barrier = true) AS
	SELECT m.tenant,
		m.process,
		pg_catalog.timezone('UTC', d.day) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', d.day)) AS month,
		CASE WHEN d.day OPERATOR(pg_catalog.=) m.day THEN m.opened ELSE 0 END AS opened,
		CASE WHEN d.day OPERATOR(pg_catalog.=) m.day THEN m.ended ELSE 0 END AS ended,
		m.backlog
	FROM (
			SELECT c.tenant, c.process, c.day, c.opened, c.ended,
				pg_catalog.sum(c.moved) OVER running::bigint AS backlog,
				pg_catalog.lead(c.day) OVER running AS next_day
			FROM (
					SELECT s.tenant, s.process,
						greatest(pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', s.at)), f.day) AS day,
						coalesce(pg_catalog.sum(s.opened) FILTER (WHERE pg_catalog.timezone('UTC', s.at) OPERATOR(pg_catalog.>=) f.day), 0)::bigint AS opened,
						coalesce(pg_catalog.sum(s.ended) FILTER (WHERE pg_catalog.timezone('UTC', s.at) OPERATOR(pg_catalog.>=) f.day), 0)::bigint AS ended,
						pg_catalog.sum(s.opened OPERATOR(pg_catalog.-) s.ended) AS moved
					FROM (
							SELECT p.tenant, p.process, t.at, t.opened, t.ended
							FROM itsm.seen_projection p,
								LATERAL (VALUES (p.opened_at, 1, 0),
									(coalesce(least(p.resolved_at, p.closed_at), CASE WHEN p.deleted THEN p.changed_at END), 0, 1))
									AS t(at, opened, ended)
							WHERE p.reopened OPERATOR(pg_catalog.=) 0
							UNION ALL
							SELECT m.tenant, m.process, m.at, m.open::integer, m.was_open::integer
							FROM (
									SELECT v.tenant, v.process, v.at, v.open,
										coalesce(pg_catalog.lag(v.open) OVER (PARTITION BY v.tenant, v.record ORDER BY v.at, v.version), false) AS was_open
									FROM (
											SELECT p.tenant, p.process, p.record, e.at, e.version,
												e.kind OPERATOR(pg_catalog.<>) 'deleted' AND e.attachment OPERATOR(pg_catalog.<>) 0
													AND coalesce(c.category OPERATOR(pg_catalog.=) ANY (ARRAY['new', 'active', 'waiting']), false) AS open
											FROM itsm.seen_projection p
												JOIN itsm.seen_event e ON e.tenant OPERATOR(pg_catalog.=) p.tenant AND e.record OPERATOR(pg_catalog.=) p.record
												LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) e.attachment
												LEFT JOIN itsm.lifecycle_state c ON c.lifecycle OPERATOR(pg_catalog.=) a.lifecycle
													AND c.version OPERATOR(pg_catalog.=) e.lifecycle_version AND c.state OPERATOR(pg_catalog.=) e.to_state
											WHERE p.reopened OPERATOR(pg_catalog.>) 0
										) v
								) m
							WHERE m.open IS DISTINCT FROM m.was_open
						) s,
						-- one odd date of long ago must not make a row for every day since
						(SELECT pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', pg_catalog.now())) OPERATOR(pg_catalog.-) '10 years'::interval) AS f(day)
					WHERE pg_catalog.isfinite(s.at) AND s.at OPERATOR(pg_catalog.<=) pg_catalog.now()
					GROUP BY 1, 2, 3
				) c
			WINDOW running AS (PARTITION BY c.tenant, c.process ORDER BY c.day)
		) m,
		-- the days up to the next one on which something moved, or to today
		LATERAL pg_catalog.generate_series(m.day,
			coalesce(m.next_day OPERATOR(pg_catalog.-) '1 day'::interval, pg_catalog.timezone('UTC', pg_catalog.now())), '1 day') AS d(day);
REVOKE ALL ON itsm_report.backlog_daily FROM PUBLIC;

COMMENT ON VIEW itsm_report.backlog_daily IS 'One row per tenant, process and day (UTC), from the first record on, or ten years back, until today: what was open at its end. Open are the categories new, active and waiting.';
COMMENT ON COLUMN itsm_report.backlog_daily.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm_report.backlog_daily.process IS 'Process.';
COMMENT ON COLUMN itsm_report.backlog_daily.day IS 'Start of the day (UTC).';
COMMENT ON COLUMN itsm_report.backlog_daily.month IS 'Start of its month (UTC).';
COMMENT ON COLUMN itsm_report.backlog_daily.opened IS 'Records that became open on that day: opened, or reopened.';
COMMENT ON COLUMN itsm_report.backlog_daily.ended IS 'Records that ceased to be open on that day: resolved, closed, cancelled or deleted.';
COMMENT ON COLUMN itsm_report.backlog_daily.backlog IS 'Records open at the end of that day; of today, now.';
