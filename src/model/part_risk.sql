-- The reference model, part risk: risks and their treatment.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('risk', 15, '{organisation}',
	'{risk}', 'Risks and their treatment.', $model$
CREATE SEQUENCE risk_number_seq START 1000001;
CREATE TABLE risk (
	number text PRIMARY KEY DEFAULT 'RSK' || nextval('risk_number_seq')::text,
	title text,
	description text,
	category text,
	service text,
	ci text,
	kind text,
	owner text REFERENCES person,
	likelihood integer,
	impact integer,
	score integer,
	criteria text,
	accepted_by text REFERENCES person,
	accepted_until date,
	appetite integer,
	treatment text,
	due date,
	residual_score integer,
	treatment_verified_by text REFERENCES person,
	decision text,
	process text,
	party text REFERENCES party,
	assessed_at date,
	trigger text,
	treated_at date,
	effectiveness text,
	effectiveness_checked_at date,
	extended_to date,
	extension_approved_by text,
	status text NOT NULL DEFAULT 'identified'
);
ALTER SEQUENCE risk_number_seq OWNED BY risk.number;
CREATE INDEX ON risk (service);
CREATE INDEX ON risk (ci);
CREATE INDEX ON risk (owner);
CREATE INDEX ON risk (accepted_by);
CREATE INDEX ON risk (treatment_verified_by);
CREATE INDEX ON risk (process);
CREATE INDEX ON risk (party);
COMMENT ON TABLE risk IS 'Risks to the services and to the management system.';
COMMENT ON COLUMN risk.number IS 'Key: number of the record.';
COMMENT ON COLUMN risk.title IS 'Short title.';
COMMENT ON COLUMN risk.description IS 'More about it.';
COMMENT ON COLUMN risk.category IS 'Classification.';
COMMENT ON COLUMN risk.service IS 'The service.';
COMMENT ON COLUMN risk.ci IS 'The configuration item.';
COMMENT ON COLUMN risk.kind IS 'sms, service, availability, continuity, security or another.';
COMMENT ON COLUMN risk.owner IS 'Who answers for it.';
COMMENT ON COLUMN risk.likelihood IS 'Likelihood, 1 to 5.';
COMMENT ON COLUMN risk.impact IS 'Impact, 1 to 5.';
COMMENT ON COLUMN risk.score IS 'Score.';
COMMENT ON COLUMN risk.criteria IS 'Version of the criteria by which it was assessed.';
COMMENT ON COLUMN risk.accepted_by IS 'Who accepted it.';
COMMENT ON COLUMN risk.accepted_until IS 'Until when.';
COMMENT ON COLUMN risk.appetite IS 'Score up to which that person may accept.';
COMMENT ON COLUMN risk.treatment IS 'What is done about it.';
COMMENT ON COLUMN risk.due IS 'By when.';
COMMENT ON COLUMN risk.residual_score IS 'Score after the treatment.';
COMMENT ON COLUMN risk.treatment_verified_by IS 'Who verified the treatment.';
COMMENT ON COLUMN risk.decision IS 'accept, treat, avoid or share.';
COMMENT ON COLUMN risk.process IS 'Process (key) that it is about.';
COMMENT ON COLUMN risk.party IS 'Party (key) that it comes from or concerns.';
COMMENT ON COLUMN risk.assessed_at IS 'When it was assessed last.';
COMMENT ON COLUMN risk.trigger IS 'Record (key) that led to the last assessment: a major incident, a failed change.';
COMMENT ON COLUMN risk.treated_at IS 'When the treatment was completed.';
COMMENT ON COLUMN risk.effectiveness IS 'How effective the treatment is.';
COMMENT ON COLUMN risk.effectiveness_checked_at IS 'When that was checked.';
COMMENT ON COLUMN risk.extended_to IS 'New due date, by an approved extension.';
COMMENT ON COLUMN risk.extension_approved_by IS 'Who approved the extension.';
COMMENT ON COLUMN risk.status IS 'State, by the lifecycle risk.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('risk', 'risk', 'risk', NULL, NULL);
