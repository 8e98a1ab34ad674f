-- What happened to policies, out of the same ledger as everything else.

CREATE VIEW itsm_report.policy_event WITH (security_barrier = true) AS
	SELECT e.at,
		e.record,
		e.version,
		r.key AS subject,
		nullif(e.attachment, 0)::bigint AS attachment,
		e.kind,
		itsm.policy_detail(e.body) AS detail,
		e.role,
		e.session_role,
		e.actor,
		e.application
	FROM itsm.seen_record r
		JOIN itsm.seen_event e ON e.tenant OPERATOR(pg_catalog.=) r.tenant AND e.record OPERATOR(pg_catalog.=) r.id
	WHERE r.source OPERATOR(pg_catalog.=) 0 AND (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.policy_event FROM PUBLIC;

COMMENT ON VIEW itsm_report.policy_event IS 'What happened to attachments, lifecycles and history itself: an event a row, chained and sealed like those of records.';
COMMENT ON COLUMN itsm_report.policy_event.at IS 'When.';
COMMENT ON COLUMN itsm_report.policy_event.record IS 'Number of the subject''s chain.';
COMMENT ON COLUMN itsm_report.policy_event.version IS 'Number of the event in it, from 1.';
COMMENT ON COLUMN itsm_report.policy_event.subject IS 'What it happened to: attachment and its number, lifecycle, class, relationship type, change window, change template, role, delegation, person role or reader and its name, numbers and their prefix, priority matrix or risk matrix, calendar, sla or availability and its name, control, clause and its framework, assessment, baseline and its name, or history.';
COMMENT ON COLUMN itsm_report.policy_event.attachment IS 'Number of the attachment, when it is one''s.';
COMMENT ON COLUMN itsm_report.policy_event.kind IS 'attached, detached, mode_set, migrated, defined, column_added, column_dropped, column_changed, renamed, owner_changed, partition_added, partition_removed, guard_disabled, guard_enabled, dropped, maintenance, approver_added, approver_removed, delegation_added, delegation_removed, approved, withdrawn, holidays_imported, ended, parameter_set, excluded, included, gap_assigned, action_raised, assessed, taken (a baseline) or verified.';
COMMENT ON COLUMN itsm_report.policy_event.detail IS 'The details, as the text of a JSON object of strings.';
COMMENT ON COLUMN itsm_report.policy_event.role IS 'Role that did it.';
COMMENT ON COLUMN itsm_report.policy_event.session_role IS 'Role that logged in.';
COMMENT ON COLUMN itsm_report.policy_event.actor IS 'Who did it, as claimed by itsm.act_as.';
COMMENT ON COLUMN itsm_report.policy_event.application IS 'application_name of the session.';
