-- Sources, records, their states and the projection that reports read.

CREATE SEQUENCE itsm.source_id_seq AS integer;
SELECT pg_catalog.pg_extension_config_dump('itsm.source_id_seq', '');

CREATE TABLE itsm.source (
	id integer NOT NULL DEFAULT pg_catalog.nextval('itsm.source_id_seq'),
	relation regclass,
	relation_name text NOT NULL,
	key name[] NOT NULL,
	registered_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (id)
) USING heap;
CREATE UNIQUE INDEX source_relation_idx ON itsm.source (relation);
SELECT pg_catalog.pg_extension_config_dump('itsm.source', '');

COMMENT ON TABLE itsm.source IS 'Tables that records come from. A record is identified by its source and key; the source outlives attachments.';
COMMENT ON COLUMN itsm.source.id IS 'Number of the source.';
COMMENT ON COLUMN itsm.source.relation IS 'The table; null when it is gone.';
COMMENT ON COLUMN itsm.source.relation_name IS 'Qualified name of the table; of one that is gone, its last one.';
COMMENT ON COLUMN itsm.source.key IS 'Columns that identify a row, in order.';
COMMENT ON COLUMN itsm.source.registered_at IS 'When the table was first attached.';

CREATE TABLE itsm.source_attribute (
	source integer NOT NULL,
	number integer NOT NULL,
	name text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	type text NOT NULL,
	PRIMARY KEY (source, number)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.source_attribute', '');

COMMENT ON TABLE itsm.source_attribute IS 'Dictionary of the values kept in events: their canonical bytes name a value by its number. Rows are only added.';
COMMENT ON COLUMN itsm.source_attribute.source IS 'The source.';
COMMENT ON COLUMN itsm.source_attribute.number IS 'Number of the value in event bodies, from 1.';
COMMENT ON COLUMN itsm.source_attribute.name IS 'Canonical attribute or column name.';
COMMENT ON COLUMN itsm.source_attribute.kind IS '''attribute'' (canonical) or ''column'' (tracked as it is).';
COMMENT ON COLUMN itsm.source_attribute.type IS 'Type of the value, qualified.';

CREATE SEQUENCE itsm.record_id_seq AS bigint;
SELECT pg_catalog.pg_extension_config_dump('itsm.record_id_seq', '');

-- Nothing that an event changes is indexed, so that the row stays on its page.  The head and
-- what reports read (itsm.projection) are one row, for both change with every event.  What has
-- an index stands in front, numbers before texts, for updates look at it often, and behind a text
-- or a null they have to look through the row.  None of it changes, and the WAL leaves out what
-- the old and the new row begin with.  In the indexes what tells rows apart stands first, the
-- tenant last: comparing it costs as much as all the rest.
CREATE TABLE itsm.record (
	id bigint NOT NULL,
	source integer NOT NULL,
	attachment integer NOT NULL,
	opened_at timestamptz,
	opened_month timestamptz,
	tenant text COLLATE "C" NOT NULL,
	key text COLLATE "C",
	process text COLLATE "C",
	deleted boolean NOT NULL,
	at timestamptz NOT NULL,
	version bigint NOT NULL,
	hash bytea NOT NULL,
	state_place tid,
	changed_at timestamptz,
	transitions integer,
	reopened integer,
	reassigned integer,
	first_response_at timestamptz,
	resolved_at timestamptz,
	closed_at timestamptz,
	priority integer,
	impact integer,
	urgency integer,
	lifecycle text COLLATE "C",
	state text COLLATE "C",
	category text COLLATE "C",
	title text,
	requester text,
	assignee text,
	assignment_group text,
	service text,
	ci text,
	classification text,
	hold_reason text,
	resolution_code text,
	resolution text,
	extra jsonb,
	PRIMARY KEY (id, tenant)
) USING heap WITH (fillfactor = 50);
ALTER TABLE itsm.record ALTER COLUMN hash SET STORAGE PLAIN;
CREATE UNIQUE INDEX record_key_idx ON itsm.record (key, source, tenant);
CREATE INDEX record_process_idx ON itsm.record (process, opened_at);
CREATE INDEX record_month_idx ON itsm.record (process, opened_month);
SELECT pg_catalog.pg_extension_config_dump('itsm.record', '');

COMMENT ON TABLE itsm.record IS 'One row per governed row of an application: the head of its chain of events.';
COMMENT ON COLUMN itsm.record.id IS 'Number of the record; the high 16 bits are the cell (itsm.cell).';
COMMENT ON COLUMN itsm.record.at IS 'Time of the last event.';
COMMENT ON COLUMN itsm.record.version IS 'Version of the last event, from 1.';
COMMENT ON COLUMN itsm.record.source IS 'The source that the row belongs to; 0: a policy, whose key is its subject.';
COMMENT ON COLUMN itsm.record.attachment IS 'The attachment that governs the row; 0 when none does.';
COMMENT ON COLUMN itsm.record.deleted IS 'The row has been deleted.';
COMMENT ON COLUMN itsm.record.state_place IS 'Where its row of itsm.record_state was found last: a hint that spares a look into the index. Nothing rests on it; after VACUUM FULL or a restore the next event corrects it.';
COMMENT ON COLUMN itsm.record.hash IS 'Hash of the last event.';
COMMENT ON COLUMN itsm.record.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm.record.key IS 'Text of the key, or of the row of key values; null while another row took the key over within a transaction, and after a move to another tenant.';

COMMENT ON COLUMN itsm.record.opened_at IS 'When the record began.';
COMMENT ON COLUMN itsm.record.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm.record.resolved_at IS 'When it was last resolved; null again after a reopening.';
COMMENT ON COLUMN itsm.record.closed_at IS 'When it was last closed or cancelled; null again after a reopening.';
COMMENT ON COLUMN itsm.record.changed_at IS 'Time of the last event that changed this row.';
COMMENT ON COLUMN itsm.record.opened_month IS 'Start of the month (UTC) of opened_at.';
COMMENT ON COLUMN itsm.record.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm.record.reopened IS 'Moves back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm.record.reassigned IS 'Changes of the assignment group, or of the assignee where no group is mapped, from one value to another.';
COMMENT ON COLUMN itsm.record.priority IS 'Canonical attribute priority.';
COMMENT ON COLUMN itsm.record.impact IS 'Canonical attribute impact.';
COMMENT ON COLUMN itsm.record.urgency IS 'Canonical attribute urgency.';
COMMENT ON COLUMN itsm.record.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm.record.lifecycle IS 'Lifecycle.';
COMMENT ON COLUMN itsm.record.state IS 'State; null when the status value maps to none.';
COMMENT ON COLUMN itsm.record.category IS 'Category of the state.';
COMMENT ON COLUMN itsm.record.title IS 'Canonical attribute title.';
COMMENT ON COLUMN itsm.record.requester IS 'Canonical attribute requester.';
COMMENT ON COLUMN itsm.record.assignee IS 'Canonical attribute assignee.';
COMMENT ON COLUMN itsm.record.assignment_group IS 'Canonical attribute assignment_group.';
COMMENT ON COLUMN itsm.record.service IS 'Canonical attribute service.';
COMMENT ON COLUMN itsm.record.ci IS 'Canonical attribute ci.';
COMMENT ON COLUMN itsm.record.classification IS 'Canonical attribute category (the state''s category has that column name here).';
COMMENT ON COLUMN itsm.record.hold_reason IS 'Canonical attribute hold_reason.';
COMMENT ON COLUMN itsm.record.resolution_code IS 'Canonical attribute resolution_code.';
COMMENT ON COLUMN itsm.record.resolution IS 'Canonical attribute resolution.';
COMMENT ON COLUMN itsm.record.extra IS 'All other canonical attributes, as text by name.';

CREATE TABLE itsm.record_state (
	record bigint NOT NULL,
	entered_at timestamptz NOT NULL,
	lifecycle_version integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	lifecycle text COLLATE "C" NOT NULL,
	state text COLLATE "C",
	category text COLLATE "C",
	PRIMARY KEY (record, tenant)
) USING heap WITH (fillfactor = 50);
SELECT pg_catalog.pg_extension_config_dump('itsm.record_state', '');

COMMENT ON TABLE itsm.record_state IS 'The state of each record: written only when it changes, so that rules over other records can lock it.';
COMMENT ON COLUMN itsm.record_state.record IS 'The record.';
COMMENT ON COLUMN itsm.record_state.entered_at IS 'When the state was entered.';
COMMENT ON COLUMN itsm.record_state.lifecycle_version IS 'Version of the lifecycle by which the record was last judged; kept until it moves.';
COMMENT ON COLUMN itsm.record_state.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.record_state.lifecycle IS 'Lifecycle of the record.';
COMMENT ON COLUMN itsm.record_state.state IS 'State; null when the status value maps to none.';
COMMENT ON COLUMN itsm.record_state.category IS 'Category of the state.';

-- A record without a process has no projection: a policy's.
CREATE VIEW itsm.projection AS
	SELECT r.id AS record, r.changed_at, r.transitions, r.reopened, r.reassigned, r.source, r.deleted, r.tenant,
		r.opened_at, r.first_response_at, r.resolved_at, r.closed_at, r.opened_month, r.priority, r.impact, r.urgency,
		r.process, r.lifecycle, r.state, r.category, r.key, r.title, r.requester, r.assignee, r.assignment_group,
		r.service, r.ci, r.classification, r.hold_reason, r.resolution_code, r.resolution, r.extra
	FROM itsm.record r
	WHERE r.process IS NOT NULL;

COMMENT ON VIEW itsm.projection IS 'What reports read of each record: state, milestones, counts and canonical attributes in typed columns.';
COMMENT ON COLUMN itsm.projection.record IS 'The record.';
COMMENT ON COLUMN itsm.projection.opened_at IS 'When the record began.';
COMMENT ON COLUMN itsm.projection.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm.projection.resolved_at IS 'When it was last resolved; null again after a reopening.';
COMMENT ON COLUMN itsm.projection.closed_at IS 'When it was last closed or cancelled; null again after a reopening.';
COMMENT ON COLUMN itsm.projection.changed_at IS 'Time of the last event that changed this row.';
COMMENT ON COLUMN itsm.projection.opened_month IS 'Start of the month (UTC) of opened_at.';
COMMENT ON COLUMN itsm.projection.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm.projection.reopened IS 'Moves back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm.projection.reassigned IS 'Changes of the assignment group, or of the assignee where no group is mapped, from one value to another.';
COMMENT ON COLUMN itsm.projection.priority IS 'Canonical attribute priority.';
COMMENT ON COLUMN itsm.projection.impact IS 'Canonical attribute impact.';
COMMENT ON COLUMN itsm.projection.urgency IS 'Canonical attribute urgency.';
COMMENT ON COLUMN itsm.projection.source IS 'The source that the row belongs to.';
COMMENT ON COLUMN itsm.projection.deleted IS 'The row has been deleted.';
COMMENT ON COLUMN itsm.projection.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.projection.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm.projection.lifecycle IS 'Lifecycle.';
COMMENT ON COLUMN itsm.projection.state IS 'State; null when the status value maps to none.';
COMMENT ON COLUMN itsm.projection.category IS 'Category of the state.';
COMMENT ON COLUMN itsm.projection.key IS 'Key of the row; null when the row is gone or has moved to another tenant.';
COMMENT ON COLUMN itsm.projection.title IS 'Canonical attribute title.';
COMMENT ON COLUMN itsm.projection.requester IS 'Canonical attribute requester.';
COMMENT ON COLUMN itsm.projection.assignee IS 'Canonical attribute assignee.';
COMMENT ON COLUMN itsm.projection.assignment_group IS 'Canonical attribute assignment_group.';
COMMENT ON COLUMN itsm.projection.service IS 'Canonical attribute service.';
COMMENT ON COLUMN itsm.projection.ci IS 'Canonical attribute ci.';
COMMENT ON COLUMN itsm.projection.classification IS 'Canonical attribute category (the state''s category has that column name here).';
COMMENT ON COLUMN itsm.projection.hold_reason IS 'Canonical attribute hold_reason.';
COMMENT ON COLUMN itsm.projection.resolution_code IS 'Canonical attribute resolution_code.';
COMMENT ON COLUMN itsm.projection.resolution IS 'Canonical attribute resolution.';
COMMENT ON COLUMN itsm.projection.extra IS 'All other canonical attributes, as text by name.';

CREATE FUNCTION itsm.time_of_text(value text) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'itsm_time_of_text';
COMMENT ON FUNCTION itsm.time_of_text(text) IS 'The time that an attribute''s text says (ISO 8601; UTC where it names no zone); null when it says none.';
