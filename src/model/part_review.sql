-- The reference model, part review: management reviews.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('review', 18, '{organisation}',
	'{management_review}', 'Management reviews.', $model$
CREATE SEQUENCE management_review_number_seq START 1000001;
CREATE TABLE management_review (
	number text PRIMARY KEY DEFAULT 'MR' || nextval('management_review_number_seq')::text,
	description text,
	title text,
	planned_at date,
	held_at date,
	chaired_by text REFERENCES person,
	participants text[],
	inputs text[],
	decisions text,
	actions text,
	action_keys text[],
	minutes text,
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE management_review_number_seq OWNED BY management_review.number;
CREATE INDEX ON management_review (chaired_by);
COMMENT ON TABLE management_review IS 'A review of the management system by top management.';
COMMENT ON COLUMN management_review.number IS 'Key: number of the record.';
COMMENT ON COLUMN management_review.description IS 'More about it.';
COMMENT ON COLUMN management_review.title IS 'Short title.';
COMMENT ON COLUMN management_review.planned_at IS 'When it is to be held.';
COMMENT ON COLUMN management_review.held_at IS 'When it was held.';
COMMENT ON COLUMN management_review.chaired_by IS 'Who of top management chaired it.';
COMMENT ON COLUMN management_review.participants IS 'Who took part.';
COMMENT ON COLUMN management_review.inputs IS 'Inputs that were considered: previous_actions, changes, performance, nonconformities, measurements, audits, feedback, objectives, resources, risks, parties, improvements.';
COMMENT ON COLUMN management_review.decisions IS 'Decisions.';
COMMENT ON COLUMN management_review.actions IS 'Actions, or "none".';
COMMENT ON COLUMN management_review.action_keys IS 'Records (keys of improvements, corrective actions, changes) that follow.';
COMMENT ON COLUMN management_review.minutes IS 'The minutes.';
COMMENT ON COLUMN management_review.status IS 'State, by the lifecycle management_review.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('review', 'management_review', 'management_review', NULL, NULL);
