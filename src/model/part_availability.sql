-- The reference model, part availability: outages.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('availability', 12, '{organisation,service}',
	'{outage}', 'Outages.', $model$
CREATE SEQUENCE outage_number_seq START 1000001;
CREATE TABLE outage (
	number text PRIMARY KEY DEFAULT 'OUT' || nextval('outage_number_seq')::text,
	title text,
	description text,
	category text,
	service text NOT NULL REFERENCES service,
	ci text,
	planned boolean,
	started_at timestamptz,
	ended_at timestamptz,
	change text,
	incident text,
	cause text,
	action text,
	problem text,
	status text NOT NULL DEFAULT 'announced'
);
ALTER SEQUENCE outage_number_seq OWNED BY outage.number;
CREATE INDEX ON outage (service);
CREATE INDEX ON outage (ci);
CREATE INDEX ON outage (change);
CREATE INDEX ON outage (incident);
CREATE INDEX ON outage (problem);
COMMENT ON TABLE outage IS 'Times in which a service is not available.';
COMMENT ON COLUMN outage.number IS 'Key: number of the record.';
COMMENT ON COLUMN outage.title IS 'Short title.';
COMMENT ON COLUMN outage.description IS 'More about it.';
COMMENT ON COLUMN outage.category IS 'Classification.';
COMMENT ON COLUMN outage.service IS 'The service.';
COMMENT ON COLUMN outage.ci IS 'The configuration item.';
COMMENT ON COLUMN outage.planned IS 'It was planned, and agreed with the customers.';
COMMENT ON COLUMN outage.started_at IS 'When it began.';
COMMENT ON COLUMN outage.ended_at IS 'When it ended; null: it goes on.';
COMMENT ON COLUMN outage.change IS 'The change (key) by which a planned one happens.';
COMMENT ON COLUMN outage.incident IS 'The incident (key) that it is about.';
COMMENT ON COLUMN outage.cause IS 'Cause, as investigated.';
COMMENT ON COLUMN outage.action IS 'What is done about it.';
COMMENT ON COLUMN outage.problem IS 'The problem (key) that follows.';
COMMENT ON COLUMN outage.status IS 'State, by the lifecycle outage.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('availability', 'outage', 'outage', NULL, NULL);
