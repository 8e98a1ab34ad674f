-- Relationships between records.

CREATE VIEW itsm_report.relationship WITH (security_barrier = true) AS
	SELECT r.tenant, r.id AS relationship, r.source, r.type, t.inverse, r.target, r.started_at, r.ended_at,
		r.ended OPERATOR(pg_catalog.=) 0 AS holds, t.impact,
		CASE WHEN a.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			THEN coalesce(a.extra OPERATOR(pg_catalog.->>) 'ci_class', a.extra OPERATOR(pg_catalog.->>) 'class') END AS source_class,
		CASE WHEN b.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			THEN coalesce(b.extra OPERATOR(pg_catalog.->>) 'ci_class', b.extra OPERATOR(pg_catalog.->>) 'class') END AS target_class,
		a.process AS source_process, b.process AS target_process, a.key AS source_key, b.key AS target_key
	FROM itsm.seen_relationship r
		LEFT JOIN itsm.relationship_type t ON t.name OPERATOR(pg_catalog.=) r.type
		LEFT JOIN itsm.seen_record a ON a.id OPERATOR(pg_catalog.=) r.source AND a.tenant OPERATOR(pg_catalog.=) r.tenant
		LEFT JOIN itsm.seen_record b ON b.id OPERATOR(pg_catalog.=) r.target AND b.tenant OPERATOR(pg_catalog.=) r.tenant;
REVOKE ALL ON itsm_report.relationship FROM PUBLIC;

COMMENT ON VIEW itsm_report.relationship IS 'Relationships between records, those that hold and those that have ended.';
COMMENT ON COLUMN itsm_report.relationship.tenant IS 'Tenant of both records.';
COMMENT ON COLUMN itsm_report.relationship.relationship IS 'Number of the relationship.';
COMMENT ON COLUMN itsm_report.relationship.source IS 'Number of the record that the type is said of.';
COMMENT ON COLUMN itsm_report.relationship.type IS 'Type, read from the source to the target.';
COMMENT ON COLUMN itsm_report.relationship.inverse IS 'Type, read from the target to the source.';
COMMENT ON COLUMN itsm_report.relationship.target IS 'Number of the record that it is related to.';
COMMENT ON COLUMN itsm_report.relationship.started_at IS 'Since when it holds.';
COMMENT ON COLUMN itsm_report.relationship.ended_at IS 'Until when it held; null while it holds.';
COMMENT ON COLUMN itsm_report.relationship.holds IS 'It holds now.';
COMMENT ON COLUMN itsm_report.relationship.impact IS 'Where a failure goes: forward (of the source, to the target), backward, both or none.';
COMMENT ON COLUMN itsm_report.relationship.source_class IS 'Class of the source; null where it has none.';
COMMENT ON COLUMN itsm_report.relationship.target_class IS 'Class of the target; null where it has none.';
COMMENT ON COLUMN itsm_report.relationship.source_process IS 'Process of the source: incident, change, …';
COMMENT ON COLUMN itsm_report.relationship.target_process IS 'Process of the target.';
COMMENT ON COLUMN itsm_report.relationship.source_key IS 'Key of the source''s row; null when that is gone or in another tenant.';
COMMENT ON COLUMN itsm_report.relationship.target_key IS 'Key of the target''s row.';
