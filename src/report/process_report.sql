-- One row per record of the other processes, as itsm_report.incident has it for incidents.

CREATE VIEW itsm_report.problem WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.key, p.lifecycle, p.state, p.category, p.priority, p.impact, p.urgency, p.title,
		p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason, p.resolution_code, p.resolution,
		p.attributes OPERATOR(pg_catalog.->>) 'root_cause' AS root_cause,
		p.attributes OPERATOR(pg_catalog.->>) 'workaround' AS workaround,
		p.attributes OPERATOR(pg_catalog.->>) 'known_error' AS known_error,
		p.attributes OPERATOR(pg_catalog.->>) 'change' AS change,
		p.attributes OPERATOR(pg_catalog.->>) 'duplicate_of' AS duplicate_of,
		p.attributes OPERATOR(pg_catalog.->>) 'risk_accepted_by' AS risk_accepted_by,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'risk_accepted_until') AS risk_accepted_until,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'problem';
REVOKE ALL ON itsm_report.problem FROM PUBLIC;

COMMENT ON VIEW itsm_report.problem IS 'One row per problem: every record whose lifecycle belongs to the process problem, deleted ones too. Mapped values (priority to risk_accepted_until) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.problem.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.problem.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.problem.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.problem.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.problem.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm_report.problem.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.problem.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.problem.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.problem.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.problem.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.problem.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.problem.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.problem.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.problem.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.problem.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.problem.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm_report.problem.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm_report.problem.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.problem.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.problem.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.problem.root_cause IS 'Mapped attribute root_cause.';
COMMENT ON COLUMN itsm_report.problem.workaround IS 'Mapped attribute workaround.';
COMMENT ON COLUMN itsm_report.problem.known_error IS 'Mapped attribute known_error.';
COMMENT ON COLUMN itsm_report.problem.change IS 'Mapped attribute change.';
COMMENT ON COLUMN itsm_report.problem.duplicate_of IS 'Mapped attribute duplicate_of.';
COMMENT ON COLUMN itsm_report.problem.risk_accepted_by IS 'Mapped attribute risk_accepted_by.';
COMMENT ON COLUMN itsm_report.problem.risk_accepted_until IS 'Mapped attribute risk_accepted_until.';
COMMENT ON COLUMN itsm_report.problem.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.problem.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.problem.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.problem.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.problem.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.problem.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.problem.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.problem.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.problem.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.problem.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.problem.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.problem.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.problem.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.problem.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.problem.deleted IS 'The row has been deleted.';

CREATE VIEW itsm_report.service_request WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.key, p.lifecycle, p.state, p.category, p.priority, p.impact, p.urgency, p.title,
		p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason, p.resolution_code, p.resolution,
		p.attributes OPERATOR(pg_catalog.->>) 'catalogue_item' AS catalogue_item,
		p.attributes OPERATOR(pg_catalog.->>) 'approval_required' AS approval_required,
		p.attributes OPERATOR(pg_catalog.->>) 'change' AS change,
		p.attributes OPERATOR(pg_catalog.->>) 'outcome' AS outcome,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'service_request';
REVOKE ALL ON itsm_report.service_request FROM PUBLIC;

COMMENT ON VIEW itsm_report.service_request IS 'One row per service request: every record whose lifecycle belongs to the process service_request, deleted ones too. Mapped values (priority to outcome) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.service_request.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.service_request.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.service_request.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.service_request.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.service_request.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm_report.service_request.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.service_request.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.service_request.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.service_request.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.service_request.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.service_request.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.service_request.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.service_request.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.service_request.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.service_request.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.service_request.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm_report.service_request.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm_report.service_request.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.service_request.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.service_request.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.service_request.catalogue_item IS 'Mapped attribute catalogue_item.';
COMMENT ON COLUMN itsm_report.service_request.approval_required IS 'Mapped attribute approval_required.';
COMMENT ON COLUMN itsm_report.service_request.change IS 'Mapped attribute change.';
COMMENT ON COLUMN itsm_report.service_request.outcome IS 'Mapped attribute outcome.';
COMMENT ON COLUMN itsm_report.service_request.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.service_request.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.service_request.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.service_request.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.service_request.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.service_request.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.service_request.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.service_request.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.service_request.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.service_request.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.service_request.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.service_request.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.service_request.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.service_request.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.service_request.deleted IS 'The row has been deleted.';

CREATE VIEW itsm_report.change WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.key, p.lifecycle, p.state, p.category, p.priority, p.impact, p.urgency, p.title,
		p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason, p.resolution_code, p.resolution,
		p.attributes OPERATOR(pg_catalog.->>) 'type' AS type,
		p.attributes OPERATOR(pg_catalog.->>) 'risk' AS risk,
		p.attributes OPERATOR(pg_catalog.->>) 'implementer' AS implementer,
		p.attributes OPERATOR(pg_catalog.->>) 'template' AS template,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'planned_start') AS planned_start,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'planned_end') AS planned_end,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'actual_start') AS actual_start,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'actual_end') AS actual_end,
		p.attributes OPERATOR(pg_catalog.->>) 'outcome' AS outcome,
		p.attributes OPERATOR(pg_catalog.->>) 'reviewer' AS reviewer,
		p.attributes OPERATOR(pg_catalog.->>) 'emergency_reason' AS emergency_reason,
		p.attributes OPERATOR(pg_catalog.->>) 'release' AS release,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'change';
REVOKE ALL ON itsm_report.change FROM PUBLIC;

COMMENT ON VIEW itsm_report.change IS 'One row per change: every record whose lifecycle belongs to the process change, deleted ones too. Mapped values (priority to release) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.change.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.change.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.change.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.change.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.change.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm_report.change.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.change.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.change.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.change.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.change.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.change.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.change.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.change.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.change.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.change.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.change.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm_report.change.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm_report.change.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.change.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.change.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.change.type IS 'Mapped attribute type.';
COMMENT ON COLUMN itsm_report.change.risk IS 'Mapped attribute risk.';
COMMENT ON COLUMN itsm_report.change.implementer IS 'Mapped attribute implementer.';
COMMENT ON COLUMN itsm_report.change.template IS 'Mapped attribute template.';
COMMENT ON COLUMN itsm_report.change.planned_start IS 'Mapped attribute planned_start.';
COMMENT ON COLUMN itsm_report.change.planned_end IS 'Mapped attribute planned_end.';
COMMENT ON COLUMN itsm_report.change.actual_start IS 'Mapped attribute actual_start.';
COMMENT ON COLUMN itsm_report.change.actual_end IS 'Mapped attribute actual_end.';
COMMENT ON COLUMN itsm_report.change.outcome IS 'Mapped attribute outcome.';
COMMENT ON COLUMN itsm_report.change.reviewer IS 'Mapped attribute reviewer.';
COMMENT ON COLUMN itsm_report.change.emergency_reason IS 'Mapped attribute emergency_reason.';
COMMENT ON COLUMN itsm_report.change.release IS 'Mapped attribute release.';
COMMENT ON COLUMN itsm_report.change.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.change.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.change.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.change.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.change.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.change.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.change.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.change.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.change.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.change.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.change.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.change.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.change.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.change.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.change.deleted IS 'The row has been deleted.';

CREATE VIEW itsm_report.release WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.key, p.lifecycle, p.state, p.category, p.priority, p.impact, p.urgency, p.title,
		p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason, p.resolution_code, p.resolution,
		p.attributes OPERATOR(pg_catalog.->>) 'type' AS type,
		p.attributes OPERATOR(pg_catalog.->>) 'changes' AS changes,
		p.attributes OPERATOR(pg_catalog.->>) 'builder' AS builder,
		p.attributes OPERATOR(pg_catalog.->>) 'accepted_by' AS accepted_by,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'planned_start') AS planned_start,
		itsm.time_of_text(p.attributes OPERATOR(pg_catalog.->>) 'planned_end') AS planned_end,
		p.attributes OPERATOR(pg_catalog.->>) 'baseline_before' AS baseline_before,
		p.attributes OPERATOR(pg_catalog.->>) 'baseline_after' AS baseline_after,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'release';
REVOKE ALL ON itsm_report.release FROM PUBLIC;

COMMENT ON VIEW itsm_report.release IS 'One row per release: every record whose lifecycle belongs to the process release, deleted ones too. Mapped values (priority to baseline_after) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.release.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.release.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.release.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.release.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.release.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm_report.release.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.release.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.release.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.release.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.release.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.release.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.release.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.release.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.release.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.release.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.release.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm_report.release.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm_report.release.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.release.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.release.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.release.type IS 'Mapped attribute type.';
COMMENT ON COLUMN itsm_report.release.changes IS 'Mapped attribute changes.';
COMMENT ON COLUMN itsm_report.release.builder IS 'Mapped attribute builder.';
COMMENT ON COLUMN itsm_report.release.accepted_by IS 'Mapped attribute accepted_by.';
COMMENT ON COLUMN itsm_report.release.planned_start IS 'Mapped attribute planned_start.';
COMMENT ON COLUMN itsm_report.release.planned_end IS 'Mapped attribute planned_end.';
COMMENT ON COLUMN itsm_report.release.baseline_before IS 'Mapped attribute baseline_before.';
COMMENT ON COLUMN itsm_report.release.baseline_after IS 'Mapped attribute baseline_after.';
COMMENT ON COLUMN itsm_report.release.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.release.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.release.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.release.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.release.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.release.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.release.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.release.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.release.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.release.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.release.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.release.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.release.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.release.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.release.deleted IS 'The row has been deleted.';

CREATE VIEW itsm_report.configuration_item WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.key, p.lifecycle, p.state, p.category, p.priority, p.impact, p.urgency, p.title,
		p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason, p.resolution_code, p.resolution,
		p.attributes OPERATOR(pg_catalog.->>) 'class' AS ci_class,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		p.attributes OPERATOR(pg_catalog.->>) 'location' AS location,
		p.attributes OPERATOR(pg_catalog.->>) 'change' AS change,
		p.attributes OPERATOR(pg_catalog.->>) 'incident' AS incident,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'configuration_item';
REVOKE ALL ON itsm_report.configuration_item FROM PUBLIC;

COMMENT ON VIEW itsm_report.configuration_item IS 'One row per configuration item: every record whose lifecycle belongs to the process configuration_item, deleted ones too. Mapped values (priority to incident) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.configuration_item.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.configuration_item.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.configuration_item.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.configuration_item.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.configuration_item.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm_report.configuration_item.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.configuration_item.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.configuration_item.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.configuration_item.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.configuration_item.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.configuration_item.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.configuration_item.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.configuration_item.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.configuration_item.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.configuration_item.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.configuration_item.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm_report.configuration_item.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm_report.configuration_item.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.configuration_item.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.configuration_item.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.configuration_item.ci_class IS 'Mapped attribute class.';
COMMENT ON COLUMN itsm_report.configuration_item.owner IS 'Mapped attribute owner.';
COMMENT ON COLUMN itsm_report.configuration_item.location IS 'Mapped attribute location.';
COMMENT ON COLUMN itsm_report.configuration_item.change IS 'Mapped attribute change.';
COMMENT ON COLUMN itsm_report.configuration_item.incident IS 'Mapped attribute incident.';
COMMENT ON COLUMN itsm_report.configuration_item.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.configuration_item.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.configuration_item.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.configuration_item.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.configuration_item.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.configuration_item.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.configuration_item.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.configuration_item.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.configuration_item.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.configuration_item.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.configuration_item.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.configuration_item.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.configuration_item.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.configuration_item.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.configuration_item.deleted IS 'The row has been deleted.';

CREATE VIEW itsm_report.service WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.key, p.lifecycle, p.state, p.category, p.priority, p.impact, p.urgency, p.title,
		p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason, p.resolution_code, p.resolution,
		p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		p.attributes OPERATOR(pg_catalog.->>) 'plan' AS plan,
		p.attributes OPERATOR(pg_catalog.->>) 'change' AS change,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'service';
REVOKE ALL ON itsm_report.service FROM PUBLIC;

COMMENT ON VIEW itsm_report.service IS 'One row per service: every record whose lifecycle belongs to the process service, deleted ones too. Mapped values (priority to change) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.service.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.service.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.service.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.service.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.service.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm_report.service.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.service.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.service.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.service.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.service.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.service.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.service.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.service.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.service.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.service.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.service.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm_report.service.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm_report.service.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.service.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.service.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.service.owner IS 'Mapped attribute owner.';
COMMENT ON COLUMN itsm_report.service.plan IS 'Mapped attribute plan.';
COMMENT ON COLUMN itsm_report.service.change IS 'Mapped attribute change.';
COMMENT ON COLUMN itsm_report.service.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.service.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.service.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.service.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.service.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.service.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.service.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.service.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.service.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.service.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.service.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.service.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.service.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.service.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.service.deleted IS 'The row has been deleted.';
