-- The reference model, part complaint: complaints.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('complaint', 9, '{organisation}',
	'{complaint}', 'Complaints.', $model$
CREATE SEQUENCE complaint_number_seq START 1000001;
CREATE TABLE complaint (
	number text PRIMARY KEY DEFAULT 'CMP' || nextval('complaint_number_seq')::text,
	title text,
	description text,
	requester text,
	assignee text REFERENCES person,
	assignment_group text,
	priority integer,
	category text,
	service text,
	ci text,
	resolution_code text,
	resolution text,
	customer text REFERENCES party,
	owner text REFERENCES person,
	subject text,
	action text,
	customer_informed_at timestamptz,
	escalate_by timestamptz,
	escalated_at timestamptz,
	status text NOT NULL DEFAULT 'received'
);
ALTER SEQUENCE complaint_number_seq OWNED BY complaint.number;
CREATE INDEX ON complaint (assignee);
CREATE INDEX ON complaint (service);
CREATE INDEX ON complaint (ci);
CREATE INDEX ON complaint (customer);
CREATE INDEX ON complaint (owner);
COMMENT ON TABLE complaint IS 'Complaints about services.';
COMMENT ON COLUMN complaint.number IS 'Key: number of the record.';
COMMENT ON COLUMN complaint.title IS 'Short title.';
COMMENT ON COLUMN complaint.description IS 'More about it.';
COMMENT ON COLUMN complaint.requester IS 'Who asked for it.';
COMMENT ON COLUMN complaint.assignee IS 'Who works on it.';
COMMENT ON COLUMN complaint.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN complaint.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN complaint.category IS 'Classification.';
COMMENT ON COLUMN complaint.service IS 'The service.';
COMMENT ON COLUMN complaint.ci IS 'The configuration item.';
COMMENT ON COLUMN complaint.resolution_code IS 'How it was settled, as a code.';
COMMENT ON COLUMN complaint.resolution IS 'How it was settled.';
COMMENT ON COLUMN complaint.customer IS 'Who complains.';
COMMENT ON COLUMN complaint.owner IS 'Who answers for it.';
COMMENT ON COLUMN complaint.subject IS 'Whom or what it is about.';
COMMENT ON COLUMN complaint.action IS 'What is done about it.';
COMMENT ON COLUMN complaint.customer_informed_at IS 'When the customer was told how it ended.';
COMMENT ON COLUMN complaint.escalate_by IS 'When it has to be escalated if not resolved.';
COMMENT ON COLUMN complaint.escalated_at IS 'When it was.';
COMMENT ON COLUMN complaint.status IS 'State, by the lifecycle complaint.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('complaint', 'complaint', 'complaint', NULL, NULL);
