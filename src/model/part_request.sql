-- The reference model, part request: service requests.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('request', 21, '{organisation}',
	'{service_request}', 'Service requests.', $model$
CREATE SEQUENCE service_request_number_seq START 1000001;
CREATE TABLE service_request (
	number text PRIMARY KEY DEFAULT 'REQ' || nextval('service_request_number_seq')::text,
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
	catalogue_item text,
	approval_required boolean,
	approver text REFERENCES person,
	decision text,
	decided_at timestamptz,
	outcome text,
	change text,
	parent text REFERENCES service_request,
	status text NOT NULL DEFAULT 'new'
);
ALTER SEQUENCE service_request_number_seq OWNED BY service_request.number;
CREATE INDEX ON service_request (assignee);
CREATE INDEX ON service_request (service);
CREATE INDEX ON service_request (ci);
CREATE INDEX ON service_request (catalogue_item);
CREATE INDEX ON service_request (approver);
CREATE INDEX ON service_request (change);
CREATE INDEX ON service_request (parent);
COMMENT ON TABLE service_request IS 'Requests of users for something that the catalogue offers.';
COMMENT ON COLUMN service_request.number IS 'Key: number of the record.';
COMMENT ON COLUMN service_request.title IS 'Short title.';
COMMENT ON COLUMN service_request.description IS 'More about it.';
COMMENT ON COLUMN service_request.requester IS 'Who asked for it.';
COMMENT ON COLUMN service_request.assignee IS 'Who works on it.';
COMMENT ON COLUMN service_request.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN service_request.impact IS 'Impact, 1 (highest) to 5.';
COMMENT ON COLUMN service_request.urgency IS 'Urgency, 1 (highest) to 5.';
COMMENT ON COLUMN service_request.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN service_request.category IS 'Classification.';
COMMENT ON COLUMN service_request.service IS 'The service.';
COMMENT ON COLUMN service_request.ci IS 'The configuration item.';
COMMENT ON COLUMN service_request.hold_reason IS 'Why it waits.';
COMMENT ON COLUMN service_request.resolution_code IS 'How it was settled, as a code.';
COMMENT ON COLUMN service_request.resolution IS 'How it was settled.';
COMMENT ON COLUMN service_request.catalogue_item IS 'What is asked for.';
COMMENT ON COLUMN service_request.approval_required IS 'It needs approvals (itsm.approve).';
COMMENT ON COLUMN service_request.approver IS 'Who approves.';
COMMENT ON COLUMN service_request.decision IS 'What was decided.';
COMMENT ON COLUMN service_request.decided_at IS 'When it was decided on.';
COMMENT ON COLUMN service_request.outcome IS 'What came of it.';
COMMENT ON COLUMN service_request.change IS 'The change (key) that fulfils it.';
COMMENT ON COLUMN service_request.parent IS 'The request (key) that it is part of.';
COMMENT ON COLUMN service_request.status IS 'State, by the lifecycle service_request.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('request', 'service_request', 'service_request', NULL, NULL);
