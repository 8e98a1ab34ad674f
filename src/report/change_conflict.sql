-- Changes that occupy the same configuration item at the same time.

CREATE VIEW itsm_report.change_conflict WITH (security_barrier = true) AS
	SELECT b.tenant,
		b.record,
		s.name AS source,
		r.key,
		o.record AS other_record,
		p.name AS other_source,
		q.key AS other_key,
		CASE WHEN r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			AND q.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN c.ci END AS ci,
		pg_catalog.lower(b.during OPERATOR(pg_catalog.*) o.during) AS started_at,
		pg_catalog.upper(b.during OPERATOR(pg_catalog.*) o.during) AS ended_at,
		b.enforced,
		o.enforced AS other_enforced
	FROM (
			-- Two that are enforced never overlap.
			SELECT t.tenant, t.record, t.enforced, t.place, t.during
			FROM itsm.seen_change_booking t
			WHERE NOT t.enforced AND pg_catalog.upper(t.during) OPERATOR(pg_catalog.>) pg_catalog.now()
		) b
		CROSS JOIN LATERAL (
			SELECT h.record, h.enforced, h.during
			FROM itsm.seen_change_booking h
			WHERE h.enforced AND h.place OPERATOR(pg_catalog.&&) b.place AND h.during OPERATOR(pg_catalog.&&) b.during
			UNION ALL
			SELECT h.record, h.enforced, h.during
			FROM itsm.seen_change_booking h
			WHERE NOT h.enforced AND h.place OPERATOR(pg_catalog.&&) b.place AND h.during OPERATOR(pg_catalog.&&) b.during
				AND h.record OPERATOR(pg_catalog.>) b.record
		) o
		LEFT JOIN itsm.seen_booked_ci c ON c.number OPERATOR(pg_catalog.=) pg_catalog.lower(b.place)
		LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) b.record AND r.tenant OPERATOR(pg_catalog.=) b.tenant
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) r.source
		LEFT JOIN itsm.seen_record q ON q.id OPERATOR(pg_catalog.=) o.record AND q.tenant OPERATOR(pg_catalog.=) b.tenant
		LEFT JOIN itsm.source_name p ON p.id OPERATOR(pg_catalog.=) q.source
	WHERE o.record OPERATOR(pg_catalog.<>) b.record
		AND pg_catalog.upper(b.during OPERATOR(pg_catalog.*) o.during) OPERATOR(pg_catalog.>) pg_catalog.now();
REVOKE ALL ON itsm_report.change_conflict FROM PUBLIC;

COMMENT ON VIEW itsm_report.change_conflict IS 'One row per configuration item and pair of changes that occupy it at the same time, now or in the future: what was only observed, or excepted from the rule no_conflict. The record is one whose booking keeps nobody off.';
COMMENT ON COLUMN itsm_report.change_conflict.tenant IS 'Tenant of both; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.change_conflict.record IS 'Number of the change''s record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.change_conflict.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.change_conflict.key IS 'Key of the row, or text of the row of key values.';
COMMENT ON COLUMN itsm_report.change_conflict.other_record IS 'Number of the other change''s record.';
COMMENT ON COLUMN itsm_report.change_conflict.other_source IS 'Table that the other one is a row of.';
COMMENT ON COLUMN itsm_report.change_conflict.other_key IS 'Key of the other row.';
COMMENT ON COLUMN itsm_report.change_conflict.ci IS 'The configuration item. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.change_conflict.started_at IS 'When the overlap starts.';
COMMENT ON COLUMN itsm_report.change_conflict.ended_at IS 'When it has ended.';
COMMENT ON COLUMN itsm_report.change_conflict.enforced IS 'Whether the booking keeps others off: false.';
COMMENT ON COLUMN itsm_report.change_conflict.other_enforced IS 'Whether the other one does.';
