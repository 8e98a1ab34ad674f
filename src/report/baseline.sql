-- Baselines of configuration items.

CREATE VIEW itsm_report.baseline WITH (security_barrier = true) AS
	SELECT b.tenant,
		b.name,
		b.taken_at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', b.taken_at))) AS month,
		b.taken_by,
		b.class,
		b.service,
		b.selected,
		b.note,
		b.items,
		b.relationships,
		pg_catalog.encode(b.hash, 'hex') AS hash
	FROM itsm.seen_baseline b;
REVOKE ALL ON itsm_report.baseline FROM PUBLIC;

COMMENT ON VIEW itsm_report.baseline IS 'One row per baseline of configuration items. What is different between two of them tells itsm.baseline_diff.';
COMMENT ON COLUMN itsm_report.baseline.tenant IS 'Tenant of the items; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.baseline.name IS 'Its name.';
COMMENT ON COLUMN itsm_report.baseline.taken_at IS 'When it was taken.';
COMMENT ON COLUMN itsm_report.baseline.month IS 'Start of the month (UTC) in which it was taken.';
COMMENT ON COLUMN itsm_report.baseline.taken_by IS 'Who took it.';
COMMENT ON COLUMN itsm_report.baseline.class IS 'The class whose items it holds; null: of any class.';
COMMENT ON COLUMN itsm_report.baseline.service IS 'The service whose items it holds; null: of any.';
COMMENT ON COLUMN itsm_report.baseline.selected IS 'The items were named one by one.';
COMMENT ON COLUMN itsm_report.baseline.note IS 'What it was taken for.';
COMMENT ON COLUMN itsm_report.baseline.items IS 'How many configuration items it holds.';
COMMENT ON COLUMN itsm_report.baseline.relationships IS 'How many relationships with an item of it at one end.';
COMMENT ON COLUMN itsm_report.baseline.hash IS 'SHA-256 of all that it holds, in hexadecimal digits, as the ledger has it.';
