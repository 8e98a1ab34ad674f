-- How far runs of itsm.verify_in_parts are.

CREATE VIEW itsm_report.verification WITH (security_barrier = true) AS
	SELECT v.verification,
		v.started_at,
		v.finished_at,
		v.parts::bigint AS parts,
		p.finished AS parts_finished,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) p.finished OPERATOR(pg_catalog./) v.parts, 1) AS percent_finished,
		p.faults,
		v.digest IS NOT NULL AS with_digest,
		pg_catalog.array_to_string(v.archives, ', ') AS archives
	FROM itsm.verification v
		CROSS JOIN LATERAL (
			SELECT pg_catalog.count(x.finished_at) AS finished, coalesce(pg_catalog.sum(x.faults), 0)::bigint AS faults
			FROM itsm.verification_part x
			WHERE x.verification OPERATOR(pg_catalog.=) v.verification) p
	WHERE (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.verification FROM PUBLIC;

COMMENT ON VIEW itsm_report.verification IS 'Runs of itsm.verify_in_parts: how far they are, and what they found.';
COMMENT ON COLUMN itsm_report.verification.verification IS 'Number of the run.';
COMMENT ON COLUMN itsm_report.verification.started_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.verification.finished_at IS 'When it was finished; null: not yet, and a call of itsm.verify_in_parts goes on with it.';
COMMENT ON COLUMN itsm_report.verification.parts IS 'Parts.';
COMMENT ON COLUMN itsm_report.verification.parts_finished IS 'Parts that are finished.';
COMMENT ON COLUMN itsm_report.verification.percent_finished IS 'The same in per cent.';
COMMENT ON COLUMN itsm_report.verification.faults IS 'Faults found so far; itsm.verification_result has them.';
COMMENT ON COLUMN itsm_report.verification.with_digest IS 'History is compared with a digest that was kept elsewhere.';
COMMENT ON COLUMN itsm_report.verification.archives IS 'Tables of archives whose events are compared, too; null: none.';
