-- The reference model, part incident: incidents and major incidents.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('incident', 20, '{organisation}',
	'{incident,major_incident}', 'Incidents and major incidents.', $model$
CREATE SEQUENCE incident_number_seq START 1000001;
CREATE TABLE incident (
	number text PRIMARY KEY DEFAULT 'INC' || nextval('incident_number_seq')::text,
	title text,
	description text,
	requester text,
	assignee text REFERENCES person,
	assignment_group text,
	impact integer,
	urgency integer,
	priority integer,
	category text,
	service text,
	ci text,
	hold_reason text,
	resolution_code text,
	resolution text,
	merged_into text REFERENCES incident,
	parent text REFERENCES incident,
	problem text,
	change text,
	caller_message text,
	sla_breached boolean,
	security boolean,
	security_type text,
	escalated_at timestamptz,
	escalated_to text,
	outage_started_at timestamptz,
	outage_ended_at timestamptz,
	status text NOT NULL DEFAULT 'new'
);
ALTER SEQUENCE incident_number_seq OWNED BY incident.number;
CREATE INDEX ON incident (assignee);
CREATE INDEX ON incident (service);
CREATE INDEX ON incident (ci);
CREATE INDEX ON incident (merged_into);
CREATE INDEX ON incident (parent);
CREATE INDEX ON incident (problem);
CREATE INDEX ON incident (change);
COMMENT ON TABLE incident IS 'Unplanned interruptions of services, and reductions of their quality.';
COMMENT ON COLUMN incident.number IS 'Key: number of the record.';
COMMENT ON COLUMN incident.title IS 'Short title.';
COMMENT ON COLUMN incident.description IS 'More about it.';
COMMENT ON COLUMN incident.requester IS 'Who asked for it.';
COMMENT ON COLUMN incident.assignee IS 'Who works on it.';
COMMENT ON COLUMN incident.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN incident.impact IS 'Impact, 1 (highest) to 5.';
COMMENT ON COLUMN incident.urgency IS 'Urgency, 1 (highest) to 5.';
COMMENT ON COLUMN incident.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN incident.category IS 'Classification.';
COMMENT ON COLUMN incident.service IS 'The service.';
COMMENT ON COLUMN incident.ci IS 'The configuration item.';
COMMENT ON COLUMN incident.hold_reason IS 'Why it waits: caller, vendor, change or problem.';
COMMENT ON COLUMN incident.resolution_code IS 'How it was settled, as a code.';
COMMENT ON COLUMN incident.resolution IS 'How it was settled.';
COMMENT ON COLUMN incident.merged_into IS 'The incident (key) that goes on in its place.';
COMMENT ON COLUMN incident.parent IS 'The incident (key) that it is part of.';
COMMENT ON COLUMN incident.problem IS 'The problem (key) that it shows, or waits for.';
COMMENT ON COLUMN incident.change IS 'The change (key) that caused it, or that it waits for.';
COMMENT ON COLUMN incident.caller_message IS 'What the caller was told while it waits for them.';
COMMENT ON COLUMN incident.sla_breached IS 'A target was missed.';
COMMENT ON COLUMN incident.security IS 'It is an information security incident.';
COMMENT ON COLUMN incident.security_type IS 'Type of information security incident.';
COMMENT ON COLUMN incident.escalated_at IS 'When it was escalated.';
COMMENT ON COLUMN incident.escalated_to IS 'To whom.';
COMMENT ON COLUMN incident.outage_started_at IS 'When the service was lost, where it was.';
COMMENT ON COLUMN incident.outage_ended_at IS 'When it was back.';
COMMENT ON COLUMN incident.status IS 'State, by the lifecycle incident.';

CREATE SEQUENCE major_incident_number_seq START 1000001;
CREATE TABLE major_incident (
	number text PRIMARY KEY DEFAULT 'MI' || nextval('major_incident_number_seq')::text,
	title text,
	description text,
	requester text,
	assignee text REFERENCES person,
	assignment_group text,
	impact integer,
	urgency integer,
	priority integer,
	category text,
	service text,
	ci text,
	incident text REFERENCES incident,
	criteria text,
	manager text REFERENCES person,
	informed_at timestamptz,
	communication_plan text,
	update_interval interval,
	restored_at timestamptz,
	service_available boolean,
	resolver text REFERENCES person,
	review_owner text REFERENCES person,
	cause text,
	timeline text,
	improvements text,
	actions text[],
	problem text,
	no_problem_reason text,
	status text NOT NULL DEFAULT 'declared'
);
ALTER SEQUENCE major_incident_number_seq OWNED BY major_incident.number;
CREATE INDEX ON major_incident (assignee);
CREATE INDEX ON major_incident (service);
CREATE INDEX ON major_incident (ci);
CREATE INDEX ON major_incident (incident);
CREATE INDEX ON major_incident (manager);
CREATE INDEX ON major_incident (resolver);
CREATE INDEX ON major_incident (review_owner);
CREATE INDEX ON major_incident (problem);
COMMENT ON TABLE major_incident IS 'Major incidents: who manages them, who was told, and their review.';
COMMENT ON COLUMN major_incident.number IS 'Key: number of the record.';
COMMENT ON COLUMN major_incident.title IS 'Short title.';
COMMENT ON COLUMN major_incident.description IS 'More about it.';
COMMENT ON COLUMN major_incident.requester IS 'Who asked for it.';
COMMENT ON COLUMN major_incident.assignee IS 'Who works on it.';
COMMENT ON COLUMN major_incident.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN major_incident.impact IS 'Impact, 1 (highest) to 5.';
COMMENT ON COLUMN major_incident.urgency IS 'Urgency, 1 (highest) to 5.';
COMMENT ON COLUMN major_incident.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN major_incident.category IS 'Classification.';
COMMENT ON COLUMN major_incident.service IS 'The service.';
COMMENT ON COLUMN major_incident.ci IS 'The configuration item.';
COMMENT ON COLUMN major_incident.incident IS 'The incident (key) that it grew from.';
COMMENT ON COLUMN major_incident.criteria IS 'Criteria for a major incident that are met.';
COMMENT ON COLUMN major_incident.manager IS 'Who manages it.';
COMMENT ON COLUMN major_incident.informed_at IS 'When top management was informed.';
COMMENT ON COLUMN major_incident.communication_plan IS 'Who is told what, and when.';
COMMENT ON COLUMN major_incident.update_interval IS 'How often there is news.';
COMMENT ON COLUMN major_incident.restored_at IS 'When the service was restored.';
COMMENT ON COLUMN major_incident.service_available IS 'The service is available again.';
COMMENT ON COLUMN major_incident.resolver IS 'Who resolved it.';
COMMENT ON COLUMN major_incident.review_owner IS 'Who leads the review.';
COMMENT ON COLUMN major_incident.cause IS 'Cause.';
COMMENT ON COLUMN major_incident.timeline IS 'What happened when.';
COMMENT ON COLUMN major_incident.improvements IS 'What should be better.';
COMMENT ON COLUMN major_incident.actions IS 'Improvements (keys) that follow.';
COMMENT ON COLUMN major_incident.problem IS 'The problem (key).';
COMMENT ON COLUMN major_incident.no_problem_reason IS 'Why there is no problem record.';
COMMENT ON COLUMN major_incident.status IS 'State, by the lifecycle major_incident.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('incident', 'incident', 'incident', NULL, NULL),
	('incident', 'major_incident', 'major_incident', NULL, NULL);
