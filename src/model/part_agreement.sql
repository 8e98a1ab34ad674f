-- The reference model, part agreement: service level agreements, internal agreements, reviews of performance and satisfaction.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('agreement', 7, '{organisation,service}',
	'{agreement,agreement_target,performance_review,satisfaction}', 'Service level agreements, internal agreements, reviews of performance and satisfaction.', $model$
CREATE SEQUENCE agreement_number_seq START 1000001;
CREATE TABLE agreement (
	number text PRIMARY KEY DEFAULT 'SLA' || nextval('agreement_number_seq')::text,
	description text,
	title text,
	kind text CHECK (kind IN ('sla', 'ola', 'customer_as_supplier')),
	service text NOT NULL REFERENCES service,
	party text NOT NULL REFERENCES party,
	owner text NOT NULL REFERENCES person,
	targets text,
	workload_limits text,
	exceptions text,
	provider_approved_by text REFERENCES person,
	party_approved_by text,
	agreed_at date,
	valid_from date,
	valid_to date,
	review_interval interval,
	document text,
	status text NOT NULL DEFAULT 'draft'
);
ALTER SEQUENCE agreement_number_seq OWNED BY agreement.number;
CREATE INDEX ON agreement (service);
CREATE INDEX ON agreement (party);
CREATE INDEX ON agreement (owner);
CREATE INDEX ON agreement (provider_approved_by);
CREATE INDEX ON agreement (document);
COMMENT ON TABLE agreement IS 'An agreement on a service: with its customer, with an internal supplier, or with a customer who acts as a supplier. Contracts with external suppliers are contracts.';
COMMENT ON COLUMN agreement.number IS 'Key: number of the record.';
COMMENT ON COLUMN agreement.description IS 'More about it.';
COMMENT ON COLUMN agreement.title IS 'Short title.';
COMMENT ON COLUMN agreement.kind IS 'sla, ola (internal supplier) or customer_as_supplier.';
COMMENT ON COLUMN agreement.service IS 'The service.';
COMMENT ON COLUMN agreement.party IS 'The customer or supplier with whom it is made.';
COMMENT ON COLUMN agreement.owner IS 'Who owns the agreement.';
COMMENT ON COLUMN agreement.targets IS 'Service targets in words; single targets that are measured are records of agreement_target.';
COMMENT ON COLUMN agreement.workload_limits IS 'Workload up to which the targets hold.';
COMMENT ON COLUMN agreement.exceptions IS 'When they do not hold.';
COMMENT ON COLUMN agreement.provider_approved_by IS 'Who agreed for the provider.';
COMMENT ON COLUMN agreement.party_approved_by IS 'Who agreed for the other side.';
COMMENT ON COLUMN agreement.agreed_at IS 'When.';
COMMENT ON COLUMN agreement.valid_from IS 'First day.';
COMMENT ON COLUMN agreement.valid_to IS 'Last day; null: until further notice.';
COMMENT ON COLUMN agreement.review_interval IS 'How often it is reviewed; null: the control''s parameter.';
COMMENT ON COLUMN agreement.document IS 'The document (key) with its text.';
COMMENT ON COLUMN agreement.status IS 'State, by the lifecycle agreement.';

CREATE SEQUENCE agreement_target_number_seq START 1000001;
CREATE TABLE agreement_target (
	number text PRIMARY KEY DEFAULT 'TGT' || nextval('agreement_target_number_seq')::text,
	description text,
	title text,
	agreement text REFERENCES agreement,
	contract text,
	service text REFERENCES service,
	metric text,
	direction text CHECK (direction IN ('at_least', 'at_most')),
	target numeric,
	unit text,
	period interval,
	supports text REFERENCES agreement_target,
	sla text,
	status text NOT NULL DEFAULT 'current'
);
ALTER SEQUENCE agreement_target_number_seq OWNED BY agreement_target.number;
CREATE INDEX ON agreement_target (agreement);
CREATE INDEX ON agreement_target (contract);
CREATE INDEX ON agreement_target (service);
CREATE INDEX ON agreement_target (metric);
CREATE INDEX ON agreement_target (supports);
COMMENT ON TABLE agreement_target IS 'One target of an agreement or a contract that is measured each period.';
COMMENT ON COLUMN agreement_target.number IS 'Key: number of the record.';
COMMENT ON COLUMN agreement_target.description IS 'More about it.';
COMMENT ON COLUMN agreement_target.title IS 'Short name.';
COMMENT ON COLUMN agreement_target.agreement IS 'The agreement; null where it is a contract''s.';
COMMENT ON COLUMN agreement_target.contract IS 'The contract; null where it is an agreement''s.';
COMMENT ON COLUMN agreement_target.service IS 'The service.';
COMMENT ON COLUMN agreement_target.metric IS 'What is measured, a metric (key).';
COMMENT ON COLUMN agreement_target.direction IS 'at_least or at_most.';
COMMENT ON COLUMN agreement_target.target IS 'Target value.';
COMMENT ON COLUMN agreement_target.unit IS 'Unit of the target.';
COMMENT ON COLUMN agreement_target.period IS 'Reporting period; null: a month.';
COMMENT ON COLUMN agreement_target.supports IS 'The target (key) of an SLA that this one supports.';
COMMENT ON COLUMN agreement_target.sla IS 'The extension''s SLA definition (itsm.sla) whose clocks measure it.';
COMMENT ON COLUMN agreement_target.status IS 'State, by the lifecycle agreement_target.';

CREATE SEQUENCE performance_review_number_seq START 1000001;
CREATE TABLE performance_review (
	number text PRIMARY KEY DEFAULT 'REV' || nextval('performance_review_number_seq')::text,
	description text,
	title text,
	kind text CHECK (kind IN ('customer', 'agreement', 'supplier', 'contract_requirements')),
	party text REFERENCES party,
	service text REFERENCES service,
	agreement text REFERENCES agreement,
	contract text,
	owner text REFERENCES person,
	planned_at date,
	held_at date,
	minutes text,
	result text,
	gaps text,
	actions text,
	changes text[],
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE performance_review_number_seq OWNED BY performance_review.number;
CREATE INDEX ON performance_review (party);
CREATE INDEX ON performance_review (service);
CREATE INDEX ON performance_review (agreement);
CREATE INDEX ON performance_review (contract);
CREATE INDEX ON performance_review (owner);
COMMENT ON TABLE performance_review IS 'A review of performance: with a customer, of an SLA, of a supplier, or of a contract against the requirements of now.';
COMMENT ON COLUMN performance_review.number IS 'Key: number of the record.';
COMMENT ON COLUMN performance_review.description IS 'More about it.';
COMMENT ON COLUMN performance_review.title IS 'Short title.';
COMMENT ON COLUMN performance_review.kind IS 'customer, agreement, supplier or contract_requirements.';
COMMENT ON COLUMN performance_review.party IS 'The customer or supplier.';
COMMENT ON COLUMN performance_review.service IS 'The service.';
COMMENT ON COLUMN performance_review.agreement IS 'The agreement.';
COMMENT ON COLUMN performance_review.contract IS 'The contract.';
COMMENT ON COLUMN performance_review.owner IS 'Who leads it.';
COMMENT ON COLUMN performance_review.planned_at IS 'When it is to be held.';
COMMENT ON COLUMN performance_review.held_at IS 'When it was held.';
COMMENT ON COLUMN performance_review.minutes IS 'What was said.';
COMMENT ON COLUMN performance_review.result IS 'Performance against the targets.';
COMMENT ON COLUMN performance_review.gaps IS 'What fell short; empty: nothing.';
COMMENT ON COLUMN performance_review.actions IS 'What was agreed to be done; with gaps at least one action.';
COMMENT ON COLUMN performance_review.changes IS 'Changes (keys) that follow from it.';
COMMENT ON COLUMN performance_review.status IS 'State, by the lifecycle performance_review.';

CREATE TABLE satisfaction (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	party text REFERENCES party,
	service text REFERENCES service,
	measured_at date NOT NULL,
	asked integer,
	answered integer,
	score numeric NOT NULL,
	scale text,
	analysed_at date,
	analysis text,
	actions text,
	status text NOT NULL DEFAULT 'recorded'
);
CREATE INDEX ON satisfaction (party);
CREATE INDEX ON satisfaction (service);
COMMENT ON TABLE satisfaction IS 'One measurement of how satisfied customers are.';
COMMENT ON COLUMN satisfaction.id IS 'Key.';
COMMENT ON COLUMN satisfaction.party IS 'The customer; null: all.';
COMMENT ON COLUMN satisfaction.service IS 'The service; null: all.';
COMMENT ON COLUMN satisfaction.measured_at IS 'When.';
COMMENT ON COLUMN satisfaction.asked IS 'How many were asked.';
COMMENT ON COLUMN satisfaction.answered IS 'How many answered.';
COMMENT ON COLUMN satisfaction.score IS 'The result.';
COMMENT ON COLUMN satisfaction.scale IS 'Its scale.';
COMMENT ON COLUMN satisfaction.analysed_at IS 'When it was analysed.';
COMMENT ON COLUMN satisfaction.analysis IS 'What was found.';
COMMENT ON COLUMN satisfaction.actions IS 'What follows.';
COMMENT ON COLUMN satisfaction.status IS 'State, by the lifecycle satisfaction.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('agreement', 'agreement', 'agreement', NULL, NULL),
	('agreement', 'agreement_target', 'agreement_target', NULL, NULL),
	('agreement', 'performance_review', 'performance_review', NULL, NULL),
	('agreement', 'satisfaction', 'satisfaction', NULL, NULL);
