-- How far history is sealed, and when it was last found right.

CREATE FUNCTION itsm.unsealed() RETURNS TABLE (tenant text, events bigint, oldest timestamptz)
AS 'MODULE_PATHNAME', 'itsm_unsealed' LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION itsm.unsealed() IS 'Events that are not sealed yet, by tenant, and the time of the oldest. Looks only at what was written since the last seal. Whoever may read itsm_report.ledger_status may ask.';

CREATE FUNCTION itsm.note_verification(digest jsonb DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_note_verification' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.note_verification(jsonb) IS 'Runs itsm.verify, with a digest when one is given, returns how many faults it found, and keeps that as an event of kind verified, for itsm_report.ledger_status.';
REVOKE ALL ON FUNCTION itsm.note_verification(jsonb) FROM PUBLIC;

CREATE FUNCTION itsm.held_back_since() RETURNS timestamptz
AS 'MODULE_PATHNAME', 'itsm_held_back_since' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION itsm.held_back_since() IS 'Start of the oldest open or prepared transaction of the cluster that wrote something: what began after it is not sealed before it ends. Null when there is none. Whoever may read itsm_report.ledger_status may ask.';

CREATE VIEW itsm_report.ledger_status WITH (security_barrier = true) AS
	SELECT t.tenant,
		t.events,
		coalesce(h.size, 0) AS sealed,
		coalesce(u.events, 0) AS unsealed,
		u.oldest AS oldest_unsealed_at,
		pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) u.oldest AS lag,
		w.since AS held_back_since,
		hs.at AS last_sealed_at,
		pg_catalog.encode(h.root, 'base64') AS root,
		s.at AS last_digest_at,
		CASE WHEN itsm.sees_every_tenant() THEN s.size END AS last_digest_size,
		CASE WHEN itsm.sees_every_tenant() THEN pg_catalog.encode(s.root, 'base64') END AS last_digest_root,
		v.at AS last_verified_at,
		v.faults AS last_verified_faults,
		coalesce(g.events, 0) AS archived
	FROM (SELECT r.tenant, pg_catalog.sum(r.version)::bigint AS events FROM itsm.seen_record r GROUP BY r.tenant) t
		LEFT JOIN LATERAL (SELECT x.seal, x.size, x.root FROM itsm.seen_seal_head x WHERE x.tenant OPERATOR(pg_catalog.=) t.tenant ORDER BY x.seal DESC LIMIT 1) h ON true
		LEFT JOIN itsm.seal hs ON hs.seal OPERATOR(pg_catalog.=) h.seal
		LEFT JOIN (SELECT a.tenant, pg_catalog.sum(a.events)::bigint AS events FROM itsm.seen_archived a GROUP BY a.tenant) g
			ON g.tenant OPERATOR(pg_catalog.=) t.tenant
		LEFT JOIN itsm.unsealed() u ON u.tenant OPERATOR(pg_catalog.=) t.tenant
		LEFT JOIN LATERAL (SELECT x.at, x.size, x.root FROM itsm.seal x ORDER BY x.seal DESC LIMIT 1) s ON true
		LEFT JOIN LATERAL (
			SELECT e.at, (itsm.policy_detail(e.body)::jsonb OPERATOR(pg_catalog.->>) 'faults')::bigint AS faults
			FROM itsm.seen_record r JOIN itsm.seen_event e ON e.record OPERATOR(pg_catalog.=) r.id AND e.tenant OPERATOR(pg_catalog.=) r.tenant
			WHERE r.source OPERATOR(pg_catalog.=) 0 AND r.tenant OPERATOR(pg_catalog.=) '' AND r.key OPERATOR(pg_catalog.=) 'history'
				AND e.kind OPERATOR(pg_catalog.=) 'verified'
			ORDER BY e.version DESC LIMIT 1) v ON true
		CROSS JOIN (SELECT itsm.held_back_since() AS since) w;
REVOKE ALL ON itsm_report.ledger_status FROM PUBLIC;

COMMENT ON VIEW itsm_report.ledger_status IS 'How far the history of each tenant is sealed, what holds back the rest, and when it was last verified. Alert on a lag that grows, and on faults.';
COMMENT ON COLUMN itsm_report.ledger_status.tenant IS 'Tenant; empty when attachments name none. Policies are there, too.';
COMMENT ON COLUMN itsm_report.ledger_status.events IS 'Events, archived ones too.';
COMMENT ON COLUMN itsm_report.ledger_status.sealed IS 'Events that are sealed.';
COMMENT ON COLUMN itsm_report.ledger_status.unsealed IS 'Events that are not sealed yet.';
COMMENT ON COLUMN itsm_report.ledger_status.oldest_unsealed_at IS 'Time of the oldest event that is not sealed; of an imported one when it happened.';
COMMENT ON COLUMN itsm_report.ledger_status.lag IS 'How long ago that was.';
COMMENT ON COLUMN itsm_report.ledger_status.held_back_since IS 'Start of the oldest open or prepared transaction of the cluster that wrote something: what began after it is not sealed before it ends. On a standby it does not tell.';
COMMENT ON COLUMN itsm_report.ledger_status.last_sealed_at IS 'When the tenant''s log last grew.';
COMMENT ON COLUMN itsm_report.ledger_status.root IS 'Root of the tenant''s log, in base64.';
COMMENT ON COLUMN itsm_report.ledger_status.last_digest_at IS 'Time of the last seal, which itsm.digest() tells.';
COMMENT ON COLUMN itsm_report.ledger_status.last_digest_size IS 'Events sealed by then, of all tenants; null for a role that is not shown every tenant.';
COMMENT ON COLUMN itsm_report.ledger_status.last_digest_root IS 'Root over all logs, in base64; null for a role that is not shown every tenant.';
COMMENT ON COLUMN itsm_report.ledger_status.last_verified_at IS 'When itsm.note_verification last ran, or a run of itsm.verify_in_parts was finished.';
COMMENT ON COLUMN itsm_report.ledger_status.last_verified_faults IS 'Faults that it found.';
COMMENT ON COLUMN itsm_report.ledger_status.archived IS 'Events that itsm.archive moved out of itsm.event.';
