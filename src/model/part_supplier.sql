-- The reference model, part supplier: contracts with external suppliers, and disputes.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('supplier', 8, '{organisation}',
	'{contract,dispute}', 'Contracts with external suppliers, and disputes.', $model$
CREATE SEQUENCE contract_number_seq START 1000001;
CREATE TABLE contract (
	number text PRIMARY KEY DEFAULT 'CON' || nextval('contract_number_seq')::text,
	title text,
	description text,
	category text,
	service text,
	resolution text,
	supplier text NOT NULL REFERENCES party,
	scope text,
	owner text REFERENCES person,
	approval_required boolean,
	approver text REFERENCES person,
	legal_approval text,
	financial_approval text,
	signed_at timestamptz,
	valid_from date,
	valid_to date,
	targets text,
	change text,
	dispute text,
	renewal_decision text,
	exit_plan text,
	kind text,
	subcontractors text[],
	obligations text,
	requirements_reviewed_at date,
	review_interval interval,
	status text NOT NULL DEFAULT 'draft'
);
ALTER SEQUENCE contract_number_seq OWNED BY contract.number;
CREATE INDEX ON contract (service);
CREATE INDEX ON contract (supplier);
CREATE INDEX ON contract (owner);
CREATE INDEX ON contract (approver);
CREATE INDEX ON contract (change);
CREATE INDEX ON contract (dispute);
COMMENT ON TABLE contract IS 'Contracts with external suppliers.';
COMMENT ON COLUMN contract.number IS 'Key: number of the record.';
COMMENT ON COLUMN contract.title IS 'Short title.';
COMMENT ON COLUMN contract.description IS 'More about it.';
COMMENT ON COLUMN contract.category IS 'Classification.';
COMMENT ON COLUMN contract.service IS 'The service.';
COMMENT ON COLUMN contract.resolution IS 'How it was settled.';
COMMENT ON COLUMN contract.supplier IS 'The supplier.';
COMMENT ON COLUMN contract.scope IS 'What it covers.';
COMMENT ON COLUMN contract.owner IS 'Who answers for it.';
COMMENT ON COLUMN contract.approval_required IS 'It needs approvals (itsm.approve).';
COMMENT ON COLUMN contract.approver IS 'Who approves.';
COMMENT ON COLUMN contract.legal_approval IS 'Who approved for legal.';
COMMENT ON COLUMN contract.financial_approval IS 'Who approved for finance.';
COMMENT ON COLUMN contract.signed_at IS 'When it was signed.';
COMMENT ON COLUMN contract.valid_from IS 'First day.';
COMMENT ON COLUMN contract.valid_to IS 'Last day.';
COMMENT ON COLUMN contract.targets IS 'Service targets.';
COMMENT ON COLUMN contract.change IS 'The change (key) that amends it.';
COMMENT ON COLUMN contract.dispute IS 'The dispute (key).';
COMMENT ON COLUMN contract.renewal_decision IS 'What was decided about its renewal or end.';
COMMENT ON COLUMN contract.exit_plan IS 'How services get away from it.';
COMMENT ON COLUMN contract.kind IS 'supply, licence, maintenance or another.';
COMMENT ON COLUMN contract.subcontractors IS 'Parties (keys) to whom the supplier passes work on; {none}: nobody.';
COMMENT ON COLUMN contract.obligations IS 'Obligations of both sides.';
COMMENT ON COLUMN contract.requirements_reviewed_at IS 'When it was last reviewed against the requirements of now.';
COMMENT ON COLUMN contract.review_interval IS 'How often performance is evaluated; null: the control''s parameter.';
COMMENT ON COLUMN contract.status IS 'State, by the lifecycle contract.';

CREATE SEQUENCE dispute_number_seq START 1000001;
CREATE TABLE dispute (
	number text PRIMARY KEY DEFAULT 'DSP' || nextval('dispute_number_seq')::text,
	title text,
	description text,
	party text NOT NULL REFERENCES party,
	contract text REFERENCES contract,
	owner text REFERENCES person,
	resolution text,
	status text NOT NULL DEFAULT 'raised'
);
ALTER SEQUENCE dispute_number_seq OWNED BY dispute.number;
CREATE INDEX ON dispute (party);
CREATE INDEX ON dispute (contract);
CREATE INDEX ON dispute (owner);
COMMENT ON TABLE dispute IS 'A dispute with a supplier.';
COMMENT ON COLUMN dispute.number IS 'Key: number of the record.';
COMMENT ON COLUMN dispute.title IS 'What it is about.';
COMMENT ON COLUMN dispute.description IS 'More about it.';
COMMENT ON COLUMN dispute.party IS 'The supplier.';
COMMENT ON COLUMN dispute.contract IS 'The contract.';
COMMENT ON COLUMN dispute.owner IS 'Who manages it.';
COMMENT ON COLUMN dispute.resolution IS 'How it was settled.';
COMMENT ON COLUMN dispute.status IS 'State, by the lifecycle dispute.';

ALTER TABLE contract ADD FOREIGN KEY (dispute) REFERENCES dispute;
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('supplier', 'contract', 'contract', NULL, NULL),
	('supplier', 'dispute', 'dispute', NULL, NULL);
