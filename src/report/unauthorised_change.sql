-- What happened to configuration items without an authorised change.

CREATE VIEW itsm_report.unauthorised_change WITH (security_barrier = true) AS
	SELECT v.tenant,
		v.record,
		v.version,
		v.at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', v.at))) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v.at))) AS month,
		r.key AS ci,
		s.name AS source,
		a.lifecycle,
		v.rule,
		coalesce(j.kind, e.kind) AS kind,
		coalesce(j.from_state, e.from_state) AS from_state,
		coalesce(j.to_state, e.to_state) AS to_state,
		CASE WHEN e.kind OPERATOR(pg_catalog.=) ANY (ARRAY['linked', 'unlinked'])
			THEN itsm.policy_detail(e.body)::pg_catalog.jsonb OPERATOR(pg_catalog.->>) 'reads'
			WHEN coalesce(j.kind, e.kind) OPERATOR(pg_catalog.=) 'key_changed' THEN 'key'
			ELSE itsm.changed_names(r.source, coalesce(j.body, e.body)) END AS changed,
		CASE WHEN a.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN e.actor END AS actor,
		e.role,
		v.message,
		v.clause,
		t.at IS NOT NULL AS authorised,
		t.at AS authorised_at,
		CASE WHEN a.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN t.actor END AS authorised_by,
		t.change AS change_record,
		c.key AS change_key,
		n.name AS change_source,
		CASE WHEN a.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN t.reason END AS reason
	FROM itsm.seen_violation v
		LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) v.record AND r.tenant OPERATOR(pg_catalog.=) v.tenant
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) r.source
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) v.attachment
		LEFT JOIN itsm.seen_event e ON e.record OPERATOR(pg_catalog.=) v.record AND e.tenant OPERATOR(pg_catalog.=) v.tenant
			AND e.version OPERATOR(pg_catalog.=) v.version AND e.at OPERATOR(pg_catalog.=) v.at
		-- the write that was judged at the end of its transaction
		LEFT JOIN itsm.seen_event j ON j.record OPERATOR(pg_catalog.=) v.record AND j.tenant OPERATOR(pg_catalog.=) v.tenant
			AND j.version OPERATOR(pg_catalog.=) itsm.judged_version(e.body)
		LEFT JOIN LATERAL (
			SELECT w.at, w.actor, itsm.event_reason(w.body) AS reason,
				(itsm.policy_detail(w.body)::pg_catalog.jsonb OPERATOR(pg_catalog.->>) 'change')::bigint AS change
			FROM itsm.seen_event w
			WHERE w.record OPERATOR(pg_catalog.=) v.record AND w.tenant OPERATOR(pg_catalog.=) v.tenant
				AND w.kind OPERATOR(pg_catalog.=) 'authorised'
				AND (itsm.policy_detail(w.body)::pg_catalog.jsonb OPERATOR(pg_catalog.->>) 'version') OPERATOR(pg_catalog.=) v.version::pg_catalog.text
			ORDER BY w.version LIMIT 1
		) t ON true
		LEFT JOIN itsm.seen_record c ON c.id OPERATOR(pg_catalog.=) t.change AND c.tenant OPERATOR(pg_catalog.=) v.tenant
		LEFT JOIN itsm.source_name n ON n.id OPERATOR(pg_catalog.=) c.source
	WHERE v.kind OPERATOR(pg_catalog.=) 'authorised_change';
REVOKE ALL ON itsm_report.unauthorised_change FROM PUBLIC;

COMMENT ON VIEW itsm_report.unauthorised_change IS 'One row per rule and event of a configuration item that no authorised change stood behind: what a rule authorised_change only observed, or was excepted from. itsm.authorise_afterwards ties it to a change.';
COMMENT ON COLUMN itsm_report.unauthorised_change.tenant IS 'Tenant of the item; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.unauthorised_change.record IS 'Number of the item''s record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.unauthorised_change.version IS 'Number of the event in the item''s history.';
COMMENT ON COLUMN itsm_report.unauthorised_change.at IS 'When it happened.';
COMMENT ON COLUMN itsm_report.unauthorised_change.day IS 'Start of the day (UTC) in which it happened.';
COMMENT ON COLUMN itsm_report.unauthorised_change.month IS 'Start of the month (UTC) in which it happened.';
COMMENT ON COLUMN itsm_report.unauthorised_change.ci IS 'Key of the item''s row now.';
COMMENT ON COLUMN itsm_report.unauthorised_change.source IS 'Table of the row: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.unauthorised_change.lifecycle IS 'Lifecycle of the attachment.';
COMMENT ON COLUMN itsm_report.unauthorised_change.rule IS 'Name of the rule.';
COMMENT ON COLUMN itsm_report.unauthorised_change.kind IS 'What happened: created, updated, transition, deleted, linked or unlinked (a relationship began or ended), …';
COMMENT ON COLUMN itsm_report.unauthorised_change.from_state IS 'State before.';
COMMENT ON COLUMN itsm_report.unauthorised_change.to_state IS 'State after.';
COMMENT ON COLUMN itsm_report.unauthorised_change.changed IS 'Names of the attributes that changed; of a relationship, its type as the item sees it.';
COMMENT ON COLUMN itsm_report.unauthorised_change.actor IS 'Who did it, where that is known. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.unauthorised_change.role IS 'Database role that wrote.';
COMMENT ON COLUMN itsm_report.unauthorised_change.message IS 'What was wanting.';
COMMENT ON COLUMN itsm_report.unauthorised_change.clause IS 'Clause of ISO/IEC 20000-1 that the rule serves, if any.';
COMMENT ON COLUMN itsm_report.unauthorised_change.authorised IS 'It was tied to a change afterwards.';
COMMENT ON COLUMN itsm_report.unauthorised_change.authorised_at IS 'When it was.';
COMMENT ON COLUMN itsm_report.unauthorised_change.authorised_by IS 'Who did that; shown as actor is.';
COMMENT ON COLUMN itsm_report.unauthorised_change.change_record IS 'Number of the change''s record.';
COMMENT ON COLUMN itsm_report.unauthorised_change.change_key IS 'Key of the change''s row now.';
COMMENT ON COLUMN itsm_report.unauthorised_change.change_source IS 'Table of the change.';
COMMENT ON COLUMN itsm_report.unauthorised_change.reason IS 'The reason that was given for it; shown as actor is.';
