-- The reference model, part improvement: corrective actions and improvements.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('improvement', 16, '{organisation}',
	'{corrective_action,improvement}', 'Corrective actions and improvements.', $model$
CREATE SEQUENCE corrective_action_number_seq START 1000001;
CREATE TABLE corrective_action (
	number text PRIMARY KEY DEFAULT 'CA' || nextval('corrective_action_number_seq')::text,
	title text,
	description text,
	category text,
	service text,
	source text,
	cause text,
	owner text REFERENCES person,
	due date,
	done_at timestamptz,
	evidence text,
	effect text,
	verifier text REFERENCES person,
	correction text,
	similar_cases text,
	extended_to date,
	extension_approved_by text,
	status text NOT NULL DEFAULT 'open'
);
ALTER SEQUENCE corrective_action_number_seq OWNED BY corrective_action.number;
CREATE INDEX ON corrective_action (service);
CREATE INDEX ON corrective_action (owner);
CREATE INDEX ON corrective_action (verifier);
COMMENT ON TABLE corrective_action IS 'What is done so that a nonconformity does not come back.';
COMMENT ON COLUMN corrective_action.number IS 'Key: number of the record.';
COMMENT ON COLUMN corrective_action.title IS 'Short title.';
COMMENT ON COLUMN corrective_action.description IS 'More about it.';
COMMENT ON COLUMN corrective_action.category IS 'Classification.';
COMMENT ON COLUMN corrective_action.service IS 'The service.';
COMMENT ON COLUMN corrective_action.source IS 'Where it comes from.';
COMMENT ON COLUMN corrective_action.cause IS 'Cause.';
COMMENT ON COLUMN corrective_action.owner IS 'Who answers for it.';
COMMENT ON COLUMN corrective_action.due IS 'By when.';
COMMENT ON COLUMN corrective_action.done_at IS 'When it was done.';
COMMENT ON COLUMN corrective_action.evidence IS 'What shows it.';
COMMENT ON COLUMN corrective_action.effect IS 'Whether it works.';
COMMENT ON COLUMN corrective_action.verifier IS 'Who verifies it.';
COMMENT ON COLUMN corrective_action.correction IS 'What was put right at once.';
COMMENT ON COLUMN corrective_action.similar_cases IS 'Whether the same exists or may happen elsewhere.';
COMMENT ON COLUMN corrective_action.extended_to IS 'New due date, by an approved extension.';
COMMENT ON COLUMN corrective_action.extension_approved_by IS 'Who approved the extension.';
COMMENT ON COLUMN corrective_action.status IS 'State, by the lifecycle corrective_action.';

CREATE SEQUENCE improvement_number_seq START 1000001;
CREATE TABLE improvement (
	number text PRIMARY KEY DEFAULT 'IMP' || nextval('improvement_number_seq')::text,
	title text,
	description text,
	requester text,
	priority integer,
	category text,
	service text,
	ci text,
	source text,
	score text,
	approval_required boolean,
	decision text,
	decided_by text REFERENCES person,
	owner text REFERENCES person,
	target text,
	due date,
	change text,
	result text,
	reported_at timestamptz,
	criteria text,
	status text NOT NULL DEFAULT 'proposed'
);
ALTER SEQUENCE improvement_number_seq OWNED BY improvement.number;
CREATE INDEX ON improvement (service);
CREATE INDEX ON improvement (ci);
CREATE INDEX ON improvement (decided_by);
CREATE INDEX ON improvement (owner);
CREATE INDEX ON improvement (change);
COMMENT ON TABLE improvement IS 'Opportunities to do better.';
COMMENT ON COLUMN improvement.number IS 'Key: number of the record.';
COMMENT ON COLUMN improvement.title IS 'Short title.';
COMMENT ON COLUMN improvement.description IS 'More about it.';
COMMENT ON COLUMN improvement.requester IS 'Who asked for it.';
COMMENT ON COLUMN improvement.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN improvement.category IS 'Classification.';
COMMENT ON COLUMN improvement.service IS 'The service.';
COMMENT ON COLUMN improvement.ci IS 'The configuration item.';
COMMENT ON COLUMN improvement.source IS 'Where it comes from.';
COMMENT ON COLUMN improvement.score IS 'Score by the criteria.';
COMMENT ON COLUMN improvement.approval_required IS 'It needs approvals (itsm.approve).';
COMMENT ON COLUMN improvement.decision IS 'What was decided.';
COMMENT ON COLUMN improvement.decided_by IS 'Who decided.';
COMMENT ON COLUMN improvement.owner IS 'Who answers for it.';
COMMENT ON COLUMN improvement.target IS 'What is to be reached.';
COMMENT ON COLUMN improvement.due IS 'By when.';
COMMENT ON COLUMN improvement.change IS 'The change (key).';
COMMENT ON COLUMN improvement.result IS 'Result.';
COMMENT ON COLUMN improvement.reported_at IS 'When the result was reported.';
COMMENT ON COLUMN improvement.criteria IS 'Criteria of evaluation.';
COMMENT ON COLUMN improvement.status IS 'State, by the lifecycle improvement.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('improvement', 'corrective_action', 'corrective_action', NULL, NULL),
	('improvement', 'improvement', 'improvement', NULL, NULL);
