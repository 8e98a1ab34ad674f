-- Views for reporting.
--
-- They run with the rights of the extension's owner, behind a security barrier: SELECT
-- on a view is the permission to read all of it.  Mapped values of records whose table
-- has row-level security are shown to roles named by itsm.grant_reader only.
--
-- Functions and operators are qualified; IS DISTINCT FROM and nullif, which cannot be,
-- stand between values of the same type only.  Look-ups of names and such are outer joins on
-- unique keys, so that a query that does not ask for these columns does not pay for
-- them.  Months and days are those of UTC.

-- Who sees the mapped values of tables with row-level security.

CREATE TABLE itsm.reader (
	role name NOT NULL,
	granted_by name NOT NULL DEFAULT SESSION_USER,
	granted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (role)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.reader', '');

COMMENT ON TABLE itsm.reader IS 'Roles that see, in reports, the mapped values of records whose table has row-level security.';
COMMENT ON COLUMN itsm.reader.role IS 'Name of the role; public: everybody.';
COMMENT ON COLUMN itsm.reader.granted_by IS 'Role that logged in and granted it.';
COMMENT ON COLUMN itsm.reader.granted_at IS 'When it was granted.';

CREATE FUNCTION itsm.grant_reader(role name) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_grant_reader' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.grant_reader(name) IS 'Lets a role, and the roles that inherit from it, see in reports the mapped values of records whose table has row-level security; public means everybody. Kept as an event.';
REVOKE ALL ON FUNCTION itsm.grant_reader(name) FROM PUBLIC;

CREATE FUNCTION itsm.revoke_reader(role name) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_revoke_reader' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.revoke_reader(name) IS 'Takes back what itsm.grant_reader gave.';
REVOKE ALL ON FUNCTION itsm.revoke_reader(name) FROM PUBLIC;

-- What several reports look up.

-- Not by a query of pg_class: Citus takes shards out of those.
CREATE FUNCTION itsm.source_table(relation regclass, OUT name text, OUT row_security boolean) RETURNS record
AS 'MODULE_PATHNAME', 'itsm_source_table' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.source_table(regclass) IS 'What a table is called now, schema and name without quotes, and whether it has row-level security; nulls of one that is gone.';

CREATE VIEW itsm.source_name AS
	SELECT s.id,
		coalesce(t.name, s.relation_name) AS name,
		coalesce(t.row_security, false) AS row_security
	FROM itsm.source s
		CROSS JOIN LATERAL itsm.source_table(s.relation) t;
REVOKE ALL ON itsm.source_name FROM PUBLIC;
COMMENT ON VIEW itsm.source_name IS 'What the tables of the sources are called now, and whether they have row-level security.';
COMMENT ON COLUMN itsm.source_name.id IS 'The source.';
COMMENT ON COLUMN itsm.source_name.name IS 'Schema and name of the table, without quotes; of a table that is gone, the name it was registered with.';
COMMENT ON COLUMN itsm.source_name.row_security IS 'The table has row-level security.';

CREATE VIEW itsm.hidden_source AS
	SELECT s.id
	FROM itsm.source_name s
	WHERE s.row_security
		AND NOT (SELECT EXISTS (
			SELECT FROM itsm.reader r
				LEFT JOIN pg_catalog.pg_roles o ON o.rolname OPERATOR(pg_catalog.=) r.role
			WHERE r.role OPERATOR(pg_catalog.=) 'public'::pg_catalog.name
				OR pg_catalog.pg_has_role(CURRENT_USER, o.oid, 'USAGE')));
REVOKE ALL ON itsm.hidden_source FROM PUBLIC;
COMMENT ON VIEW itsm.hidden_source IS 'Sources whose mapped values reports do not show to the current user.';
COMMENT ON COLUMN itsm.hidden_source.id IS 'The source.';

CREATE VIEW itsm.lifecycle_current AS
	SELECT DISTINCT ON (l.name)
		l.name,
		l.version,
		coalesce(l.definition OPERATOR(pg_catalog.->>) 'process', l.name) COLLATE pg_catalog."C" AS process,
		l.definition,
		l.expressions
	FROM itsm.lifecycle l
	-- the organisation's own versions before those that came with the extension
	ORDER BY l.name, l.shipped, l.version DESC;
REVOKE ALL ON itsm.lifecycle_current FROM PUBLIC;
COMMENT ON VIEW itsm.lifecycle_current IS 'The current version of each lifecycle.';
COMMENT ON COLUMN itsm.lifecycle_current.name IS 'Name of the lifecycle.';
COMMENT ON COLUMN itsm.lifecycle_current.version IS 'Number of that version.';
COMMENT ON COLUMN itsm.lifecycle_current.process IS 'Process that it belongs to.';
COMMENT ON COLUMN itsm.lifecycle_current.definition IS 'Definition.';
COMMENT ON COLUMN itsm.lifecycle_current.expressions IS 'Qualified text of the checks, by the number of the rule; null where a rule has none.';

CREATE VIEW itsm.lifecycle_state AS
	SELECT l.name AS lifecycle,
		l.version,
		(s.value OPERATOR(pg_catalog.->>) 'name') COLLATE pg_catalog."C" AS state,
		pg_catalog.max(s.value OPERATOR(pg_catalog.->>) 'category') AS category
	FROM itsm.lifecycle l,
		LATERAL pg_catalog.jsonb_array_elements(l.definition OPERATOR(pg_catalog.->) 'states') AS s(value)
	WHERE NOT l.shipped OR NOT EXISTS (
		SELECT FROM itsm.lifecycle o
		WHERE o.name OPERATOR(pg_catalog.=) l.name AND NOT o.shipped AND o.version OPERATOR(pg_catalog.=) l.version)
	GROUP BY l.name, l.version, (s.value OPERATOR(pg_catalog.->>) 'name') COLLATE pg_catalog."C";
REVOKE ALL ON itsm.lifecycle_state FROM PUBLIC;
COMMENT ON VIEW itsm.lifecycle_state IS 'States of all versions of all lifecycles.';
COMMENT ON COLUMN itsm.lifecycle_state.lifecycle IS 'Name of the lifecycle.';
COMMENT ON COLUMN itsm.lifecycle_state.version IS 'Its version.';
COMMENT ON COLUMN itsm.lifecycle_state.state IS 'Name of the state.';
COMMENT ON COLUMN itsm.lifecycle_state.category IS 'Its category.';

-- Every record as reports show it: what a table with row-level security maps is hidden here, once.

CREATE VIEW itsm.shown_record AS
	SELECT p.tenant,
		p.record,
		s.name AS source,
		p.source::bigint AS source_id,
		p.key,
		p.process,
		p.lifecycle,
		p.state,
		p.category,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.priority::bigint END AS priority,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.impact::bigint END AS impact,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.urgency::bigint END AS urgency,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.title END AS title,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.requester END AS requester,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.assignee END AS assignee,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.assignment_group END AS assignment_group,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.service END AS service,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.ci END AS ci,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.classification END AS classification,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.hold_reason END AS hold_reason,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.resolution_code END AS resolution_code,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.resolution END AS resolution,
		CASE WHEN p.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x)) THEN p.extra END AS attributes,
		p.opened_at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', p.opened_at))) AS opened_day,
		p.opened_month,
		p.first_response_at,
		p.resolved_at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', p.resolved_at))) AS resolved_day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', p.resolved_at))) AS resolved_month,
		p.closed_at,
		p.changed_at,
		p.transitions::bigint AS transitions,
		p.reopened::bigint AS reopened,
		p.reassigned::bigint AS reassigned,
		p.first_response_at OPERATOR(pg_catalog.-) p.opened_at AS time_to_response,
		p.resolved_at OPERATOR(pg_catalog.-) p.opened_at AS time_to_resolve,
		p.deleted
	FROM itsm.seen_projection p
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) p.source;
REVOKE ALL ON itsm.shown_record FROM PUBLIC;

COMMENT ON VIEW itsm.shown_record IS 'Every record as reports show it to the current user.';
COMMENT ON COLUMN itsm.shown_record.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm.shown_record.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm.shown_record.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm.shown_record.source_id IS 'Number of that table among those that were ever attached.';
COMMENT ON COLUMN itsm.shown_record.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm.shown_record.process IS 'Process that its lifecycle belongs to.';
COMMENT ON COLUMN itsm.shown_record.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm.shown_record.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm.shown_record.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm.shown_record.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm.shown_record.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm.shown_record.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm.shown_record.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm.shown_record.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm.shown_record.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm.shown_record.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm.shown_record.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm.shown_record.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm.shown_record.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm.shown_record.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm.shown_record.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm.shown_record.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm.shown_record.attributes IS 'Mapped attributes without a column of their own, as texts, by name.';
COMMENT ON COLUMN itsm.shown_record.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm.shown_record.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm.shown_record.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm.shown_record.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm.shown_record.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm.shown_record.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm.shown_record.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm.shown_record.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm.shown_record.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm.shown_record.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm.shown_record.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm.shown_record.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm.shown_record.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm.shown_record.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm.shown_record.deleted IS 'The row has been deleted.';

-- One row per record of whatever process.

CREATE VIEW itsm_report.record WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.source_id, p.key, p.process, p.lifecycle, p.state, p.category, p.priority, p.impact,
		p.urgency, p.title, p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason,
		p.resolution_code, p.resolution,
		p.attributes::text AS attributes,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p;
REVOKE ALL ON itsm_report.record FROM PUBLIC;

COMMENT ON VIEW itsm_report.record IS 'One row per record, of whatever process, deleted ones too. Mapped values (priority to attributes) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.record.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.record.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.record.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.record.source_id IS 'Number of that table among those that were ever attached.';
COMMENT ON COLUMN itsm_report.record.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.record.process IS 'Process that its lifecycle belongs to.';
COMMENT ON COLUMN itsm_report.record.lifecycle IS 'Lifecycle that governs it.';
COMMENT ON COLUMN itsm_report.record.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.record.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.record.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.record.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.record.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.record.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.record.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.record.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.record.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.record.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.record.ci IS 'Mapped attribute ci: the configuration item it is about.';
COMMENT ON COLUMN itsm_report.record.classification IS 'Mapped attribute category: what kind it is.';
COMMENT ON COLUMN itsm_report.record.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.record.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.record.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.record.attributes IS 'Mapped attributes without a column of their own: the text of a JSON object of texts.';
COMMENT ON COLUMN itsm_report.record.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm_report.record.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.record.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.record.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.record.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.record.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.record.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.record.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.record.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.record.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.record.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.record.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.record.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.record.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.record.deleted IS 'The row has been deleted.';

CREATE FUNCTION itsm.create_view(attachment integer, name text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_create_view' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.create_view(integer, text) IS
'Makes a view of the caller''s own: the columns of an attached table, and those of the row''s record as itsm_record, itsm_state and so on; null where a row has none. name: of the view, in the schema of the table where it names none. Rows are joined with their records by index, whichever side a query begins at. The caller needs to be able to make views there, and SELECT on the table and on itsm.shown_record.
Raises IT051 when there is no such attachment or its table is gone, 0A000 when the key is made of several columns of which one is no number, text or uuid.';

-- One row per incident.

CREATE VIEW itsm_report.incident WITH (security_barrier = true) AS
	SELECT p.tenant, p.record, p.source, p.key, p.lifecycle, p.state, p.category, p.priority, p.impact, p.urgency, p.title,
		p.requester, p.assignee, p.assignment_group, p.service, p.ci, p.classification, p.hold_reason, p.resolution_code, p.resolution,
		p.opened_at, p.opened_day, p.opened_month, p.first_response_at, p.resolved_at, p.resolved_day, p.resolved_month,
		p.closed_at, p.changed_at, p.transitions, p.reopened, p.reassigned, p.time_to_response, p.time_to_resolve, p.deleted
	FROM itsm.shown_record p
	WHERE p.process OPERATOR(pg_catalog.=) 'incident';
REVOKE ALL ON itsm_report.incident FROM PUBLIC;

COMMENT ON VIEW itsm_report.incident IS 'One row per incident: every record whose lifecycle belongs to the process incident, deleted ones too. Mapped values (priority to resolution) of a table with row-level security are null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.incident.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.incident.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.incident.source IS 'Table that the incident is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.incident.key IS 'Key of the row, or text of the row of key values; null when the row has moved to another tenant.';
COMMENT ON COLUMN itsm_report.incident.lifecycle IS 'Lifecycle that governs the incident.';
COMMENT ON COLUMN itsm_report.incident.state IS 'State now; null when the status value maps to none.';
COMMENT ON COLUMN itsm_report.incident.category IS 'Category of the state: new, active, waiting, resolved, closed or cancelled.';
COMMENT ON COLUMN itsm_report.incident.priority IS 'Mapped attribute priority.';
COMMENT ON COLUMN itsm_report.incident.impact IS 'Mapped attribute impact.';
COMMENT ON COLUMN itsm_report.incident.urgency IS 'Mapped attribute urgency.';
COMMENT ON COLUMN itsm_report.incident.title IS 'Mapped attribute title.';
COMMENT ON COLUMN itsm_report.incident.requester IS 'Mapped attribute requester.';
COMMENT ON COLUMN itsm_report.incident.assignee IS 'Mapped attribute assignee.';
COMMENT ON COLUMN itsm_report.incident.assignment_group IS 'Mapped attribute assignment_group.';
COMMENT ON COLUMN itsm_report.incident.service IS 'Mapped attribute service.';
COMMENT ON COLUMN itsm_report.incident.ci IS 'Mapped attribute ci: the configuration item affected.';
COMMENT ON COLUMN itsm_report.incident.classification IS 'Mapped attribute category: what kind of incident it is.';
COMMENT ON COLUMN itsm_report.incident.hold_reason IS 'Mapped attribute hold_reason.';
COMMENT ON COLUMN itsm_report.incident.resolution_code IS 'Mapped attribute resolution_code.';
COMMENT ON COLUMN itsm_report.incident.resolution IS 'Mapped attribute resolution.';
COMMENT ON COLUMN itsm_report.incident.opened_at IS 'When the incident began.';
COMMENT ON COLUMN itsm_report.incident.opened_day IS 'Start of the day (UTC) in which it was opened.';
COMMENT ON COLUMN itsm_report.incident.opened_month IS 'Start of the month (UTC) in which it was opened. A filter on it uses an index.';
COMMENT ON COLUMN itsm_report.incident.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm_report.incident.resolved_at IS 'When it was last resolved; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.incident.resolved_day IS 'Start of the day (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.incident.resolved_month IS 'Start of the month (UTC) of resolved_at.';
COMMENT ON COLUMN itsm_report.incident.closed_at IS 'When it was last closed or cancelled; null while it is not, and again after a reopening.';
COMMENT ON COLUMN itsm_report.incident.changed_at IS 'When one of these columns last changed.';
COMMENT ON COLUMN itsm_report.incident.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm_report.incident.reopened IS 'How often it went back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm_report.incident.reassigned IS 'How often its assignment group (its assignee, where no group is mapped) changed from one value to another.';
COMMENT ON COLUMN itsm_report.incident.time_to_response IS 'first_response_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.incident.time_to_resolve IS 'resolved_at minus opened_at, in calendar time.';
COMMENT ON COLUMN itsm_report.incident.deleted IS 'The row has been deleted.';

-- Moves between states.

CREATE VIEW itsm_report.transition WITH (security_barrier = true) AS
	SELECT e.tenant,
		e.record,
		e.version,
		r.key,
		l.process,
		a.lifecycle,
		e.at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', e.at))) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', e.at))) AS month,
		e.from_state,
		e.to_state,
		-- The actor may be a mapped value. Events outside any attachment have no source at hand.
		CASE WHEN a.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			THEN e.actor END AS actor,
		e.role,
		e.kind,
		e.attachment::bigint AS attachment
	FROM itsm.seen_event e
		LEFT JOIN itsm.seen_record r
			ON r.tenant OPERATOR(pg_catalog.=) e.tenant AND r.id OPERATOR(pg_catalog.=) e.record
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) e.attachment
		LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) a.lifecycle
	WHERE e.kind OPERATOR(pg_catalog.=) ANY (ARRAY['created', 'backfilled'])
		OR (e.from_state IS DISTINCT FROM e.to_state AND e.kind OPERATOR(pg_catalog.<>) 'deleted');
REVOKE ALL ON itsm_report.transition FROM PUBLIC;

COMMENT ON VIEW itsm_report.transition IS 'One row per event that created a record or changed its state, imported ones too; deletions are not among them. Filter on at to read the months asked for only.';
COMMENT ON COLUMN itsm_report.transition.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm_report.transition.record IS 'Number of the record.';
COMMENT ON COLUMN itsm_report.transition.version IS 'Number of the event in the record''s history. Imported events have higher numbers than what happened after them.';
COMMENT ON COLUMN itsm_report.transition.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.transition.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.transition.lifecycle IS 'Lifecycle of the attachment that governed the row; null when none did.';
COMMENT ON COLUMN itsm_report.transition.at IS 'When it happened. A filter on it leaves out the other months'' partitions.';
COMMENT ON COLUMN itsm_report.transition.day IS 'Start of the day (UTC) in which it happened.';
COMMENT ON COLUMN itsm_report.transition.month IS 'Start of the month (UTC) in which it happened.';
COMMENT ON COLUMN itsm_report.transition.from_state IS 'State before; null for a new record, and when the status value mapped to none.';
COMMENT ON COLUMN itsm_report.transition.to_state IS 'State after; null when the status value maps to none, and when no attachment governs the row any more.';
COMMENT ON COLUMN itsm_report.transition.actor IS 'Who did it: claimed, or the mapped attribute actor. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.transition.role IS 'Database role that wrote.';
COMMENT ON COLUMN itsm_report.transition.kind IS 'Kind of the event: created, transition, backfilled (the row was there before the attachment), imported, moved (between attachments), migrated (to another lifecycle or version), …';
COMMENT ON COLUMN itsm_report.transition.attachment IS 'Attachment that governed the row; 0 for none.';

-- How long records were in which state.

CREATE VIEW itsm_report.time_in_state WITH (security_barrier = true) AS
	SELECT v.tenant,
		v.record,
		r.key,
		l.process,
		a.lifecycle,
		v.state,
		c.category,
		v.entered_at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', v.entered_at))) AS entered_day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v.entered_at))) AS entered_month,
		v.left_at,
		v.left_at OPERATOR(pg_catalog.-) v.entered_at AS duration,
		coalesce(v.left_at, pg_catalog.now()) OPERATOR(pg_catalog.-) v.entered_at AS elapsed,
		k.calendar,
		CASE WHEN k.calendar IS NOT NULL THEN itsm.calendar_time(k.calendar, v.entered_at, coalesce(v.left_at, pg_catalog.now()))
			WHEN k.record IS NOT NULL THEN itsm.service_time(coalesce(k.hours, '24/7'::itsm.service_hours), v.entered_at, coalesce(v.left_at, pg_catalog.now()))
			END AS service_time
	FROM (
			-- Ends of visits are the beginnings of the next ones, or of nothing.
			SELECT b.tenant, b.record, b.attachment, b.lifecycle_version, b.governed, b.state,
				b.at AS entered_at,
				pg_catalog.lead(b.at) OVER (PARTITION BY b.tenant, b.record ORDER BY b.at, b.version) AS left_at
			FROM (
					SELECT e.tenant, e.record, e.version, e.at, e.attachment, e.lifecycle_version,
						e.to_state AS state,
						g.governed,
						pg_catalog.lag(g.governed) OVER chain AS was_governed,
						pg_catalog.lag(e.to_state) OVER chain AS was_state
					FROM itsm.seen_event e,
						LATERAL (SELECT e.kind OPERATOR(pg_catalog.<>) 'deleted'
							AND e.attachment OPERATOR(pg_catalog.<>) 0) AS g(governed)
					WHERE e.kind OPERATOR(pg_catalog.=) ANY (ARRAY['created', 'backfilled', 'moved', 'deleted'])
						OR e.attachment OPERATOR(pg_catalog.=) 0
						OR e.from_state IS DISTINCT FROM e.to_state
					WINDOW chain AS (PARTITION BY e.tenant, e.record ORDER BY e.at, e.version)
				) b
			WHERE b.was_governed IS NULL
				OR b.governed IS DISTINCT FROM b.was_governed
				OR b.state IS DISTINCT FROM b.was_state
		) v
		LEFT JOIN itsm.seen_record r
			ON r.tenant OPERATOR(pg_catalog.=) v.tenant AND r.id OPERATOR(pg_catalog.=) v.record
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) v.attachment
		LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) a.lifecycle
		LEFT JOIN itsm.lifecycle_state c
			ON c.lifecycle OPERATOR(pg_catalog.=) a.lifecycle
				AND c.version OPERATOR(pg_catalog.=) v.lifecycle_version
				AND c.state OPERATOR(pg_catalog.=) v.state
		-- The hours of its last clock of a resolution; left out of the plan when nobody asks for them.
		LEFT JOIN (
			SELECT DISTINCT ON (m.record, m.tenant) m.record, m.tenant, s.calendar, s.hours
			FROM itsm.seen_clock m
				JOIN itsm.sla s ON s.id OPERATOR(pg_catalog.=) m.sla AND s.version OPERATOR(pg_catalog.=) m.sla_version
			WHERE s.metric OPERATOR(pg_catalog.=) 'resolution' AND m.number OPERATOR(pg_catalog.=) 0
			ORDER BY m.record, m.tenant, s.kind OPERATOR(pg_catalog.<>) 'sla', m.sla
		) k ON k.record OPERATOR(pg_catalog.=) v.record AND k.tenant OPERATOR(pg_catalog.=) v.tenant
	WHERE v.governed;
REVOKE ALL ON itsm_report.time_in_state FROM PUBLIC;

COMMENT ON VIEW itsm_report.time_in_state IS 'One row per record and visit of a state, in the order of time (imported events stand where they happened). A visit lasts until the next state is entered, the row is deleted or no attachment governs it any more.';
COMMENT ON COLUMN itsm_report.time_in_state.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm_report.time_in_state.record IS 'Number of the record.';
COMMENT ON COLUMN itsm_report.time_in_state.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.time_in_state.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.time_in_state.lifecycle IS 'Lifecycle that governed the row when it entered the state.';
COMMENT ON COLUMN itsm_report.time_in_state.state IS 'The state; null while the status value mapped to none.';
COMMENT ON COLUMN itsm_report.time_in_state.category IS 'Category of the state, in the version of the lifecycle that held then.';
COMMENT ON COLUMN itsm_report.time_in_state.entered_at IS 'When the state was entered; for a row that was there before the attachment and has no imported past, when it was taken over.';
COMMENT ON COLUMN itsm_report.time_in_state.entered_day IS 'Start of the day (UTC) of entered_at.';
COMMENT ON COLUMN itsm_report.time_in_state.entered_month IS 'Start of the month (UTC) of entered_at.';
COMMENT ON COLUMN itsm_report.time_in_state.left_at IS 'When it was left; null: the record is still there.';
COMMENT ON COLUMN itsm_report.time_in_state.duration IS 'left_at minus entered_at, in calendar time; null: the record is still there.';
COMMENT ON COLUMN itsm_report.time_in_state.elapsed IS 'The same, up to now for a record that is still there.';
COMMENT ON COLUMN itsm_report.time_in_state.calendar IS 'Calendar of service_time: that of the record''s last clock of metric resolution (an SLA''s before an OLA''s or a contract''s, the older agreement first). Null: there is none, or it counts in hours of its own or around the clock.';
COMMENT ON COLUMN itsm_report.time_in_state.service_time IS 'elapsed in the service hours of that clock''s agreement, as they are now; null for a record without such a clock.';

-- Incidents by month.

CREATE VIEW itsm_report.incident_monthly WITH (security_barrier = true) AS
	SELECT m.tenant,
		m.month,
		pg_catalog.sum(m.opened)::bigint AS opened,
		pg_catalog.sum(m.resolved)::bigint AS resolved,
		pg_catalog.justify_hours(pg_catalog.sum(m.total)
			OPERATOR(pg_catalog./) nullif(pg_catalog.sum(m.timed), 0)::double precision) AS mttr_mean,
		pg_catalog.justify_hours((itsm.percentiles(ARRAY[0.5, 0.9], m.percentiles, m.durations, m.weight, m.duration))[1]) AS mttr_median,
		pg_catalog.justify_hours((itsm.percentiles(ARRAY[0.5, 0.9], m.percentiles, m.durations, m.weight, m.duration))[2]) AS mttr_p90,
		pg_catalog.sum(m.reopened)::bigint AS reopened,
		pg_catalog.sum(m.reassigned)::bigint AS reassigned
	FROM itsm.seen_incident_month_part m
	GROUP BY m.tenant, m.month
	HAVING pg_catalog.sum(m.opened) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.sum(m.resolved) OPERATOR(pg_catalog.<>) 0;
REVOKE ALL ON itsm_report.incident_monthly FROM PUBLIC;

COMMENT ON VIEW itsm_report.incident_monthly IS 'Incidents by tenant and month (UTC) in which at least one was opened or resolved. Each incident counts once as opened, in the month of opened_at, and, unless it is unresolved or reopened now, once as resolved, in the month of resolved_at, its last resolution. Deleted incidents count.';
COMMENT ON COLUMN itsm_report.incident_monthly.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm_report.incident_monthly.month IS 'Start of the month (UTC).';
COMMENT ON COLUMN itsm_report.incident_monthly.opened IS 'Incidents with opened_at in the month.';
COMMENT ON COLUMN itsm_report.incident_monthly.resolved IS 'Incidents with resolved_at in the month, whenever they were opened.';
COMMENT ON COLUMN itsm_report.incident_monthly.mttr_mean IS 'Mean time to resolve: average of resolved_at minus opened_at, in calendar time, over the incidents counted in resolved.';
COMMENT ON COLUMN itsm_report.incident_monthly.mttr_median IS 'Median of the same, interpolated (percentile_cont 0.5).';
COMMENT ON COLUMN itsm_report.incident_monthly.mttr_p90 IS '90th percentile of the same, interpolated (percentile_cont 0.9).';
COMMENT ON COLUMN itsm_report.incident_monthly.reopened IS 'Reopenings, ever, of the incidents counted in resolved.';
COMMENT ON COLUMN itsm_report.incident_monthly.reassigned IS 'Reassignments, ever, of the incidents counted in resolved.';

-- Conditions that were observed not to be met.

CREATE VIEW itsm_report.violation WITH (security_barrier = true) AS
	SELECT v.tenant,
		v.record,
		v.version,
		v.position::bigint AS ordinal,
		v.at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', v.at))) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v.at))) AS month,
		r.key,
		s.name AS source,
		l.process,
		a.lifecycle,
		v.attachment::bigint AS attachment,
		v.code,
		v.rule,
		v.kind,
		v.attribute,
		v.message,
		v.clause
	FROM itsm.seen_violation v
		LEFT JOIN itsm.seen_record r
			ON r.tenant OPERATOR(pg_catalog.=) v.tenant AND r.id OPERATOR(pg_catalog.=) v.record
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) v.attachment
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) a.source
		LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) a.lifecycle;
REVOKE ALL ON itsm_report.violation FROM PUBLIC;

COMMENT ON VIEW itsm_report.violation IS 'One row per condition that a write did not meet and that was observed, not enforced.';
COMMENT ON COLUMN itsm_report.violation.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm_report.violation.record IS 'Number of the record.';
COMMENT ON COLUMN itsm_report.violation.version IS 'Number of the event in the record''s history.';
COMMENT ON COLUMN itsm_report.violation.ordinal IS 'Position among the event''s violations, from 1.';
COMMENT ON COLUMN itsm_report.violation.at IS 'When it happened.';
COMMENT ON COLUMN itsm_report.violation.day IS 'Start of the day (UTC) in which it happened.';
COMMENT ON COLUMN itsm_report.violation.month IS 'Start of the month (UTC) in which it happened.';
COMMENT ON COLUMN itsm_report.violation.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.violation.source IS 'Table of the row: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.violation.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.violation.lifecycle IS 'Lifecycle of the attachment.';
COMMENT ON COLUMN itsm_report.violation.attachment IS 'The attachment that judged.';
COMMENT ON COLUMN itsm_report.violation.code IS 'SQLSTATE of the error that enforcing would have raised.';
COMMENT ON COLUMN itsm_report.violation.rule IS 'Name of the rule.';
COMMENT ON COLUMN itsm_report.violation.kind IS 'Kind of the rule.';
COMMENT ON COLUMN itsm_report.violation.attribute IS 'Attribute that it is about, if any.';
COMMENT ON COLUMN itsm_report.violation.message IS 'What was not met.';
COMMENT ON COLUMN itsm_report.violation.clause IS 'Clause of ISO/IEC 20000-1 that the rule serves, if any.';

-- Exceptions that were made from rules.

CREATE VIEW itsm_report.override WITH (security_barrier = true) AS
	SELECT o.tenant,
		o.record,
		o.version,
		o.at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', o.at))) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', o.at))) AS month,
		r.key,
		s.name AS source,
		l.process,
		a.lifecycle,
		o.attachment::bigint AS attachment,
		o.rule,
		o.reason,
		o.actor,
		o.role,
		o.session_role,
		o.used
	FROM itsm.seen_override o
		LEFT JOIN itsm.seen_record r
			ON r.tenant OPERATOR(pg_catalog.=) o.tenant AND r.id OPERATOR(pg_catalog.=) o.record
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) r.source
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) o.attachment
		LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) a.lifecycle;
REVOKE ALL ON itsm_report.override FROM PUBLIC;

COMMENT ON VIEW itsm_report.override IS 'One row per exception that itsm.override made from a rule, for one record and one transaction.';
COMMENT ON COLUMN itsm_report.override.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm_report.override.record IS 'Number of the record.';
COMMENT ON COLUMN itsm_report.override.version IS 'Number of the event in the record''s history.';
COMMENT ON COLUMN itsm_report.override.at IS 'When it was made; for a row that was still to come, when the row was written.';
COMMENT ON COLUMN itsm_report.override.day IS 'Start of the day (UTC) in which it was made.';
COMMENT ON COLUMN itsm_report.override.month IS 'Start of the month (UTC) in which it was made.';
COMMENT ON COLUMN itsm_report.override.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.override.source IS 'Table of the row: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.override.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.override.lifecycle IS 'Lifecycle of the attachment.';
COMMENT ON COLUMN itsm_report.override.attachment IS 'Attachment that governed the row.';
COMMENT ON COLUMN itsm_report.override.rule IS 'The rule that was only observed for the rest of the transaction.';
COMMENT ON COLUMN itsm_report.override.reason IS 'Why the exception was made.';
COMMENT ON COLUMN itsm_report.override.actor IS 'Who made it: claimed by itsm.act_as, or a role that one person uses alone; null when that is not known.';
COMMENT ON COLUMN itsm_report.override.role IS 'Database role that made it.';
COMMENT ON COLUMN itsm_report.override.session_role IS 'Database role that logged in.';
COMMENT ON COLUMN itsm_report.override.used IS 'It let a write pass that would have been refused.';

-- Votes.

CREATE VIEW itsm_report.approval WITH (security_barrier = true) AS
	SELECT v.tenant,
		v.record,
		v.version,
		v.at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', v.at))) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v.at))) AS month,
		r.key,
		s.name AS source,
		l.process,
		a.lifecycle,
		v.attachment::bigint AS attachment,
		v.role AS approval_role,
		v.person,
		v.on_behalf_of,
		v.decision,
		v.comment,
		pg_catalog.array_to_string(v.covered, ', ') AS covered,
		v.database_role,
		v.session_role
	FROM itsm.seen_approval v
		LEFT JOIN itsm.seen_record r
			ON r.tenant OPERATOR(pg_catalog.=) v.tenant AND r.id OPERATOR(pg_catalog.=) v.record
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) r.source
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) v.attachment
		LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) a.lifecycle;
REVOKE ALL ON itsm_report.approval FROM PUBLIC;

COMMENT ON VIEW itsm_report.approval IS 'One row per vote that itsm.approve or itsm.reject gave. Whether it counts still depends on the row as it is; itsm.allowed_transitions tells.';
COMMENT ON COLUMN itsm_report.approval.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm_report.approval.record IS 'Number of the record.';
COMMENT ON COLUMN itsm_report.approval.version IS 'Number of the event in the record''s history.';
COMMENT ON COLUMN itsm_report.approval.at IS 'When it was given.';
COMMENT ON COLUMN itsm_report.approval.day IS 'Start of the day (UTC) in which it was given.';
COMMENT ON COLUMN itsm_report.approval.month IS 'Start of the month (UTC) in which it was given.';
COMMENT ON COLUMN itsm_report.approval.key IS 'Key of the row now.';
COMMENT ON COLUMN itsm_report.approval.source IS 'Table of the row: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.approval.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.approval.lifecycle IS 'Lifecycle of the attachment.';
COMMENT ON COLUMN itsm_report.approval.attachment IS 'Attachment that governed the row.';
COMMENT ON COLUMN itsm_report.approval.approval_role IS 'Organisational role that the vote was given in.';
COMMENT ON COLUMN itsm_report.approval.person IS 'Who voted.';
COMMENT ON COLUMN itsm_report.approval.on_behalf_of IS 'Whose vote it is, when a delegate gave it; null: the person''s own.';
COMMENT ON COLUMN itsm_report.approval.decision IS 'approved or rejected.';
COMMENT ON COLUMN itsm_report.approval.comment IS 'What was said with it.';
COMMENT ON COLUMN itsm_report.approval.covered IS 'Attributes whose content the vote vouches for.';
COMMENT ON COLUMN itsm_report.approval.database_role IS 'Database role that voted.';
COMMENT ON COLUMN itsm_report.approval.session_role IS 'Database role that logged in.';

-- Writes that were refused.

CREATE VIEW itsm_report.refusal WITH (security_barrier = true) AS
	SELECT f.tenant,
		f.at,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('day', pg_catalog.timezone('UTC', f.at))) AS day,
		pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', f.at))) AS month,
		f.key,
		s.name AS source,
		l.process,
		a.lifecycle,
		f.attachment::bigint AS attachment,
		f.code,
		pg_catalog.array_to_string(f.rules, ', ') AS rules,
		f.from_state,
		f.to_state,
		-- The actor may be a mapped value.
		CASE WHEN f.source OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT x.id FROM itsm.hidden_source x))
			THEN f.actor END AS actor,
		f.role,
		f.session_role,
		f.application,
		f.reason,
		f.lost
	FROM itsm.seen_refusal f
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) f.source
		LEFT JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) f.attachment
		LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) a.lifecycle;
REVOKE ALL ON itsm_report.refusal FROM PUBLIC;

COMMENT ON VIEW itsm_report.refusal IS 'One row per write that was refused. It appears when the session next commits a change of an attached table, or ends; the server''s log has it at once. What a crash of the server takes from a session''s memory is in the log only.';
COMMENT ON COLUMN itsm_report.refusal.tenant IS 'Tenant of the row.';
COMMENT ON COLUMN itsm_report.refusal.at IS 'When it was refused.';
COMMENT ON COLUMN itsm_report.refusal.day IS 'Start of the day (UTC) in which it was refused.';
COMMENT ON COLUMN itsm_report.refusal.month IS 'Start of the month (UTC) in which it was refused.';
COMMENT ON COLUMN itsm_report.refusal.key IS 'Key of the row; null: the table was to be truncated.';
COMMENT ON COLUMN itsm_report.refusal.source IS 'Table of the row: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.refusal.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm_report.refusal.lifecycle IS 'Lifecycle of the attachment.';
COMMENT ON COLUMN itsm_report.refusal.attachment IS 'The attachment that refused.';
COMMENT ON COLUMN itsm_report.refusal.code IS 'SQLSTATE of the error.';
COMMENT ON COLUMN itsm_report.refusal.rules IS 'All rules that were not met, separated by commas.';
COMMENT ON COLUMN itsm_report.refusal.from_state IS 'State before; null for a new row.';
COMMENT ON COLUMN itsm_report.refusal.to_state IS 'State that was wanted; null: the row was to be deleted, or the value maps to none.';
COMMENT ON COLUMN itsm_report.refusal.actor IS 'Who did it: claimed, or the mapped attribute actor. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.refusal.role IS 'Database role that wrote.';
COMMENT ON COLUMN itsm_report.refusal.session_role IS 'Database role that logged in.';
COMMENT ON COLUMN itsm_report.refusal.application IS 'Name that the application gave itself.';
COMMENT ON COLUMN itsm_report.refusal.reason IS 'itsm.reason at that time.';
COMMENT ON COLUMN itsm_report.refusal.lost IS 'Refusals of the same session after this one that could not be kept.';

-- Whether attachments still do what they are there for.

CREATE FUNCTION itsm.drift(attachment integer) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_drift' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION itsm.drift(integer) IS 'How many rows of an attachment are not as their records: in another state, without a record although its backfill is finished, or gone; null when they cannot be compared. Scans the table. Whoever may read itsm_report.attachment_health may ask.';

CREATE FUNCTION itsm.misfit(attachment integer) RETURNS text
AS 'MODULE_PATHNAME', 'itsm_misfit' LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION itsm.misfit(integer) IS 'What an attachment names that its table or database no longer has, as a function in its filter; null when everything is there. Whoever may read itsm_report.attachment_health may ask.';

CREATE VIEW itsm_report.attachment_health WITH (security_barrier = true) AS
	SELECT a.id::bigint AS attachment,
		coalesce(n.nspname::pg_catalog.text OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) c.relname::pg_catalog.text,
			a.relation_name) AS source,
		a.lifecycle,
		l.version::bigint AS lifecycle_version,
		a.mode,
		a.timing,
		a.attached_at,
		coalesce(v.violations, 0) AS violations,
		coalesce(r.records, 0) AS records,
		c.oid IS NOT NULL AS table_exists,
		t.missing IS NULL AND t.not_always IS NULL AND t.truncate_guarded AS trigger_ok,
		coalesce(f.status_exists, false) AS status_column_ok,
		f.missing AS missing_columns,
		u.attributes AS unmapped_attributes,
		u.rules AS not_applicable_rules,
		p.problem IS NULL AS healthy,
		p.problem,
		itsm.drift(a.id) AS drifted_rows
	FROM itsm.attachment a
		LEFT JOIN itsm.source s ON s.id OPERATOR(pg_catalog.=) a.source
		LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid
		LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) a.lifecycle
		LEFT JOIN (
			SELECT o.attachment, pg_catalog.count(*) AS violations FROM itsm.seen_violation o GROUP BY o.attachment
		) v ON v.attachment OPERATOR(pg_catalog.=) a.id
		LEFT JOIN (
			SELECT o.attachment, pg_catalog.count(*) AS records FROM itsm.seen_record o WHERE NOT o.deleted GROUP BY o.attachment
		) r ON r.attachment OPERATOR(pg_catalog.=) a.id
		-- The triggers of the table and of all that inherits from it.
		CROSS JOIN LATERAL (
			WITH RECURSIVE tree (oid) AS (
				SELECT a.relation::pg_catalog.oid
				UNION
				SELECT i.inhrelid
				FROM tree b JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) b.oid
			), itsm_trigger (relation, function, row_level, always) AS (
				SELECT g.tgrelid, o.prosrc,
					-- for each row, after insert, update and delete; for truncate
					(g.tgtype::integer OPERATOR(pg_catalog.&) 29) OPERATOR(pg_catalog.=) 29,
					g.tgenabled OPERATOR(pg_catalog.=) 'A'::pg_catalog."char"
				FROM tree b
					JOIN pg_catalog.pg_trigger g ON g.tgrelid OPERATOR(pg_catalog.=) b.oid
					JOIN pg_catalog.pg_proc o ON o.oid OPERATOR(pg_catalog.=) g.tgfoid
					JOIN pg_catalog.pg_namespace q ON q.oid OPERATOR(pg_catalog.=) o.pronamespace
				WHERE q.nspname OPERATOR(pg_catalog.=) 'itsm'::pg_catalog.name
					AND o.prosrc OPERATOR(pg_catalog.=) ANY (ARRAY['itsm_judge', 'itsm_judge_truncate'])
			)
			SELECT pg_catalog.string_agg(j.name, ', ' ORDER BY j.name) FILTER (WHERE j.always IS NULL) AS missing,
				pg_catalog.string_agg(j.name, ', ' ORDER BY j.name) FILTER (WHERE NOT j.always) AS not_always,
				EXISTS (
					SELECT FROM itsm_trigger k
					WHERE k.relation OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid
						AND k.function OPERATOR(pg_catalog.=) 'itsm_judge_truncate' AND k.always
				) AS truncate_guarded
			FROM (
				SELECT coalesce(w.nspname::pg_catalog.text OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) x.relname::pg_catalog.text,
						a.relation_name) AS name,
					(SELECT pg_catalog.bool_or(k.always) FROM itsm_trigger k
						WHERE k.relation OPERATOR(pg_catalog.=) b.oid
							AND k.function OPERATOR(pg_catalog.=) 'itsm_judge' AND k.row_level) AS always
				FROM tree b
					LEFT JOIN pg_catalog.pg_class x ON x.oid OPERATOR(pg_catalog.=) b.oid
					LEFT JOIN pg_catalog.pg_namespace w ON w.oid OPERATOR(pg_catalog.=) x.relnamespace
			) j
		) t
		-- Columns named by status, key, attributes, tenant and track. An attribute that is an
		-- expression is no column name; the qualified text of a column is a bare or quoted name.
		CROSS JOIN LATERAL (
			SELECT pg_catalog.bool_or(b.present) FILTER (WHERE b.of_status) AS status_exists,
				pg_catalog.string_agg(DISTINCT b.name, ', ' ORDER BY b.name) FILTER (WHERE NOT b.present) AS missing
			FROM (
				SELECT w.name, w.of_status,
					EXISTS (
						SELECT FROM pg_catalog.pg_attribute k
						WHERE k.attrelid OPERATOR(pg_catalog.=) c.oid
							AND k.attname::pg_catalog.text OPERATOR(pg_catalog.=) w.name
							AND k.attnum OPERATOR(pg_catalog.>) 0 AND NOT k.attisdropped
					) AS present
				FROM (
					SELECT a.status::pg_catalog.text, true
					UNION ALL
					SELECT k.name::pg_catalog.text, false FROM pg_catalog.unnest(s.key) AS k(name)
					UNION ALL
					SELECT k.name, false FROM pg_catalog.unnest(a.track) AS k(name)
					WHERE k.name OPERATOR(pg_catalog.<>) ALL (ARRAY['mapped', '*'])
					UNION ALL
					SELECT CASE WHEN pg_catalog.starts_with(k.expression, '"')
							THEN pg_catalog.replace(pg_catalog.substr(k.expression, 2, pg_catalog.length(k.expression) OPERATOR(pg_catalog.-) 2), '""', '"')
							ELSE k.expression END,
						false
					FROM (
						SELECT x.value FROM pg_catalog.jsonb_each_text(a.attribute_expressions) AS x(name, value)
						UNION ALL
						SELECT a.tenant_expression
					) AS k(expression)
					WHERE k.expression OPERATOR(pg_catalog.~) '^([a-z_][a-z0-9_]*|"([^"]|"")+")$'
						AND k.expression OPERATOR(pg_catalog.<>) ALL (ARRAY['true', 'false', 'null'])
				) AS w(name, of_status)
				WHERE c.oid IS NOT NULL
			) b
		) f
		-- Attributes that rules read and that are not mapped. A rule that is off needs none.
		CROSS JOIN LATERAL (
			SELECT pg_catalog.string_agg(DISTINCT b.attribute, ', ' ORDER BY b.attribute) AS attributes,
				pg_catalog.string_agg(DISTINCT b.rule, ', ' ORDER BY b.rule) AS rules
			FROM (
				SELECT k.rule, k.attribute
				FROM itsm.rule_attributes(a.lifecycle) AS k
					JOIN pg_catalog.jsonb_array_elements(l.definition OPERATOR(pg_catalog.->) 'rules') AS d(value)
						ON (d.value OPERATOR(pg_catalog.->>) 'name') OPERATOR(pg_catalog.=) k.rule
				WHERE coalesce(a.rule_modes OPERATOR(pg_catalog.->>) k.rule, d.value OPERATOR(pg_catalog.->>) 'mode', 'enforce')
					OPERATOR(pg_catalog.<>) 'off'
			) b
			WHERE (l.definition OPERATOR(pg_catalog.->) 'attributes') OPERATOR(pg_catalog.?) b.attribute
				AND NOT a.attributes OPERATOR(pg_catalog.?) b.attribute
		) u
		CROSS JOIN LATERAL (
			SELECT CASE WHEN c.oid IS NULL THEN 'the table is gone'
				ELSE nullif(pg_catalog.concat_ws('; ',
					CASE WHEN l.name IS NULL THEN 'the lifecycle is not defined' END,
					'the trigger is missing on ' OPERATOR(pg_catalog.||) t.missing,
					'the trigger is not ENABLE ALWAYS on ' OPERATOR(pg_catalog.||) t.not_always,
					CASE WHEN NOT t.truncate_guarded THEN 'the TRUNCATE trigger is missing or not ENABLE ALWAYS' END,
					'columns that are gone: ' OPERATOR(pg_catalog.||) f.missing,
					CASE WHEN f.missing IS NULL AND l.name IS NOT NULL THEN itsm.misfit(a.id) END,
					CASE WHEN (
						SELECT pg_catalog.count(*) FROM pg_catalog.pg_event_trigger g
						WHERE g.evtname OPERATOR(pg_catalog.=) ANY (ARRAY['itsm_guard_command', 'itsm_guard_drop']::pg_catalog.name[])
							AND g.evtenabled OPERATOR(pg_catalog.=) 'A'::pg_catalog."char"
					) OPERATOR(pg_catalog.<>) 2 THEN 'DDL is not watched: an event trigger is missing or not ENABLE ALWAYS' END,
					'rules that cannot be judged, or only in part: ' OPERATOR(pg_catalog.||) u.rules
						OPERATOR(pg_catalog.||) ' (not mapped: ' OPERATOR(pg_catalog.||) u.attributes OPERATOR(pg_catalog.||) ')'
				), '') END AS problem
		) p
	WHERE a.detached_at IS NULL AND (SELECT itsm.sees_every_tenant());
REVOKE ALL ON itsm_report.attachment_health FROM PUBLIC;

COMMENT ON VIEW itsm_report.attachment_health IS 'One row per attachment that is not detached: whether its table, triggers, columns and rules are as they must be.';
COMMENT ON COLUMN itsm_report.attachment_health.attachment IS 'Number of the attachment.';
COMMENT ON COLUMN itsm_report.attachment_health.source IS 'The table: schema and name, without quotes; of a table that is gone, the name it was attached by.';
COMMENT ON COLUMN itsm_report.attachment_health.lifecycle IS 'The lifecycle.';
COMMENT ON COLUMN itsm_report.attachment_health.lifecycle_version IS 'Its current version; null when it is not defined.';
COMMENT ON COLUMN itsm_report.attachment_health.mode IS 'off, observe or enforce.';
COMMENT ON COLUMN itsm_report.attachment_health.timing IS 'immediate or deferred.';
COMMENT ON COLUMN itsm_report.attachment_health.attached_at IS 'When it was attached.';
COMMENT ON COLUMN itsm_report.attachment_health.violations IS 'Violations that it observed so far.';
COMMENT ON COLUMN itsm_report.attachment_health.records IS 'Records that it governs now.';
COMMENT ON COLUMN itsm_report.attachment_health.table_exists IS 'The table is there.';
COMMENT ON COLUMN itsm_report.attachment_health.trigger_ok IS 'The row trigger is there and ENABLE ALWAYS on the table and on all its partitions and children, and the TRUNCATE trigger on the table.';
COMMENT ON COLUMN itsm_report.attachment_health.status_column_ok IS 'The status column is there.';
COMMENT ON COLUMN itsm_report.attachment_health.missing_columns IS 'Columns of status, key, attributes, tenant and track that are gone, separated by commas; null: none. Columns inside expressions are not looked for.';
COMMENT ON COLUMN itsm_report.attachment_health.unmapped_attributes IS 'Attributes that rules of the lifecycle''s current version read and that are not mapped, separated by commas; null: none.';
COMMENT ON COLUMN itsm_report.attachment_health.not_applicable_rules IS 'Rules that read such attributes and are not off, so that they cannot be judged, separated by commas; null: none.';
COMMENT ON COLUMN itsm_report.attachment_health.healthy IS 'None of the columns before tells of a problem. Violations are none.';
COMMENT ON COLUMN itsm_report.attachment_health.problem IS 'What is wrong, in words; null when healthy.';
COMMENT ON COLUMN itsm_report.attachment_health.drifted_rows IS 'Rows whose state is not that of their record, rows without a record although the backfill is finished, and records whose row is gone: what was written past the trigger. Scans the table, but only when this column is asked for; null when they cannot be compared. itsm.verify() names them.';
