-- The reference model, part security: information security controls.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('security', 14, '{organisation}',
	'{security_control}', 'Information security controls.', $model$
CREATE TABLE security_control (
	name text PRIMARY KEY,
	title text,
	description text,
	owner text NOT NULL REFERENCES person,
	risk text,
	service text,
	party text REFERENCES party,
	agreed_at date,
	operated boolean,
	reviewed_at date,
	effectiveness text,
	status text NOT NULL DEFAULT 'current'
);
CREATE INDEX ON security_control (owner);
CREATE INDEX ON security_control (risk);
CREATE INDEX ON security_control (service);
CREATE INDEX ON security_control (party);
COMMENT ON TABLE security_control IS 'An information security control: against which risk, who operates it, whether it works; with an outside party, what was agreed.';
COMMENT ON COLUMN security_control.name IS 'Key: the short name by which all else refers to it.';
COMMENT ON COLUMN security_control.title IS 'What it is called.';
COMMENT ON COLUMN security_control.description IS 'What it does.';
COMMENT ON COLUMN security_control.owner IS 'Who operates it.';
COMMENT ON COLUMN security_control.risk IS 'The risk (key) that it treats.';
COMMENT ON COLUMN security_control.service IS 'The service.';
COMMENT ON COLUMN security_control.party IS 'The outside party that it was agreed with; null: none.';
COMMENT ON COLUMN security_control.agreed_at IS 'When it was agreed with that party.';
COMMENT ON COLUMN security_control.operated IS 'It is in operation.';
COMMENT ON COLUMN security_control.reviewed_at IS 'When its effectiveness was reviewed last.';
COMMENT ON COLUMN security_control.effectiveness IS 'With what result.';
COMMENT ON COLUMN security_control.status IS 'State, by the lifecycle security_control.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('security', 'security_control', 'security_control', NULL, '{"title": "coalesce(title, name)"}');
