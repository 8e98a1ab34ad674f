-- What sources say of configuration items, and what is left to do about it.

CREATE VIEW itsm.source_value AS
	SELECT i.tenant, i.record, i.source, a.attribute COLLATE pg_catalog."C" AS attribute, a.value, i.seen_at, i.changed_at, i.class
	FROM itsm.seen_source_item i, LATERAL pg_catalog.jsonb_each_text(i.attributes) AS a(attribute, value)
	WHERE a.value IS NOT NULL AND i.outcome OPERATOR(pg_catalog.=) 'matched';
REVOKE ALL ON itsm.source_value FROM PUBLIC;
COMMENT ON VIEW itsm.source_value IS 'The values that all sources give for attributes of the configuration items that they were found to mean.';
COMMENT ON COLUMN itsm.source_value.tenant IS 'Tenant of the item.';
COMMENT ON COLUMN itsm.source_value.record IS 'The record that the item is.';
COMMENT ON COLUMN itsm.source_value.source IS 'Name of the source.';
COMMENT ON COLUMN itsm.source_value.attribute IS 'Canonical attribute.';
COMMENT ON COLUMN itsm.source_value.value IS 'What the source says.';
COMMENT ON COLUMN itsm.source_value.seen_at IS 'When the source had the item last.';
COMMENT ON COLUMN itsm.source_value.changed_at IS 'When what the source says of the item last changed.';
COMMENT ON COLUMN itsm.source_value.class IS 'Class that the item was given as.';

CREATE VIEW itsm_report.source_item WITH (security_barrier = true) AS
	SELECT i.tenant, i.source, i.class, i.record, s.name AS source_table, r.key, i.outcome,
		CASE WHEN r.source IS NULL OR r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			THEN i.attributes::pg_catalog.text END AS attributes,
		i.first_seen_at, i.seen_at, i.changed_at
	FROM itsm.seen_source_item i
		LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) i.record AND r.tenant OPERATOR(pg_catalog.=) i.tenant
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) r.source;
REVOKE ALL ON itsm_report.source_item FROM PUBLIC;
COMMENT ON VIEW itsm_report.source_item IS 'One row per item of a source: what itsm.reconcile found of it last.';
COMMENT ON COLUMN itsm_report.source_item.tenant IS 'Tenant of the item.';
COMMENT ON COLUMN itsm_report.source_item.source IS 'Name of the source.';
COMMENT ON COLUMN itsm_report.source_item.class IS 'Class that it was given as.';
COMMENT ON COLUMN itsm_report.source_item.record IS 'Number of the record that it is, or was before what was found last; null: none.';
COMMENT ON COLUMN itsm_report.source_item.source_table IS 'Table of that record: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.source_item.key IS 'Key of its row.';
COMMENT ON COLUMN itsm_report.source_item.outcome IS 'matched, new, duplicate, conflict, unidentified or refused.';
COMMENT ON COLUMN itsm_report.source_item.attributes IS 'What the source says, as the text of a JSON object. Where the record''s table has row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.source_item.first_seen_at IS 'When the source had it first.';
COMMENT ON COLUMN itsm_report.source_item.seen_at IS 'When the source had it last.';
COMMENT ON COLUMN itsm_report.source_item.changed_at IS 'When what the source says of it last changed.';

CREATE VIEW itsm_report.reconciliation_finding WITH (security_barrier = true) AS
	SELECT i.tenant, i.source, i.class, f.record, r.key, f.action, f.attribute,
		CASE WHEN h.shown THEN f.current_value END AS current_value,
		CASE WHEN h.shown THEN f.value END AS value,
		f.value_source,
		CASE WHEN h.shown OR f.attribute IS NULL THEN f.detail END AS detail,
		i.seen_at,
		CASE WHEN h.shown AND h.item_shown THEN i.attributes::pg_catalog.text END AS item
	FROM (
			SELECT o.identity, o.tenant, o.source, o.class, o.seen_at, n.finding, o.record, o.outcome, o.attributes
			FROM itsm.seen_source_item o,
				LATERAL (
					SELECT e.finding FROM pg_catalog.jsonb_array_elements(o.findings) AS e(finding)
					UNION ALL
					-- what was found of the item as a whole, where it is not among its findings
					SELECT pg_catalog.jsonb_build_object('action', o.outcome)
					WHERE o.outcome OPERATOR(pg_catalog.<>) 'matched'
						AND NOT coalesce(o.findings OPERATOR(pg_catalog.@>)
							pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('action', o.outcome)), false)
				) AS n(finding)
		) i
		CROSS JOIN LATERAL (
			SELECT i.finding OPERATOR(pg_catalog.->>) 'action' AS action,
				coalesce((i.finding OPERATOR(pg_catalog.->>) 'record')::pg_catalog.int8, i.record) AS record,
				i.finding OPERATOR(pg_catalog.->>) 'attribute' AS attribute,
				i.finding OPERATOR(pg_catalog.->>) 'current_value' AS current_value,
				i.finding OPERATOR(pg_catalog.->>) 'value' AS value,
				i.finding OPERATOR(pg_catalog.->>) 'source' AS value_source,
				i.finding OPERATOR(pg_catalog.->>) 'detail' AS detail
		) f
		LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) f.record AND r.tenant OPERATOR(pg_catalog.=) i.tenant
		LEFT JOIN itsm.seen_record w ON w.id OPERATOR(pg_catalog.=) i.record AND w.tenant OPERATOR(pg_catalog.=) i.tenant
		CROSS JOIN LATERAL (
			SELECT r.source IS NULL OR r.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)),
				w.source IS NULL OR w.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
		) AS h(shown, item_shown);
REVOKE ALL ON itsm_report.reconciliation_finding FROM PUBLIC;
COMMENT ON VIEW itsm_report.reconciliation_finding IS 'What is left to do after reconciliation, a row for each item or attribute: new items, duplicates, conflicts, items without identity, values that records are to have, and what was refused. An item that is settled in a later run is gone from here.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.tenant IS 'Tenant of the item.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.source IS 'The source whose item it is.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.class IS 'Class that it was given as.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.record IS 'Number of the record concerned; null: none.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.key IS 'Key of its row.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.action IS 'new, duplicate, conflict, unidentified, invalid, update, not_writable or refused: as itsm.reconcile returns it.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.attribute IS 'Canonical attribute concerned; null: the item as a whole.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.current_value IS 'What the record has. Of a table with row-level security, null for all but the roles named by itsm.grant_reader, as value and detail are.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.value IS 'What it is to have.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.value_source IS 'The source that says so.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.detail IS 'What was found.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.seen_at IS 'When the source had the item last.';
COMMENT ON COLUMN itsm_report.reconciliation_finding.item IS 'Which item of the source it is: what the source says of it, as the text of a JSON object. Where a record that it may be is of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
