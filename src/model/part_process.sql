-- The reference model, part process: processes, objectives, metrics and measurements, resources and analyses.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('process', 4, '{organisation}',
	'{process,objective,metric,measurement,analysis,resource}', 'Processes, objectives, metrics and measurements, resources and analyses.', $model$
CREATE TABLE process (
	name text PRIMARY KEY,
	title text,
	description text,
	owner text NOT NULL REFERENCES person,
	clauses text[],
	criteria text,
	document text,
	record_process text,
	operated_by text CHECK (operated_by IN ('self', 'part', 'other')),
	change text,
	status text NOT NULL DEFAULT 'current'
);
CREATE INDEX ON process (owner);
CREATE INDEX ON process (document);
CREATE INDEX ON process (change);
COMMENT ON TABLE process IS 'A process of the management system, with its owner, its criteria and its description.';
COMMENT ON COLUMN process.name IS 'Key: the short name by which all else refers to it.';
COMMENT ON COLUMN process.title IS 'What it is called.';
COMMENT ON COLUMN process.description IS 'Purpose, inputs and outputs.';
COMMENT ON COLUMN process.owner IS 'Who is accountable.';
COMMENT ON COLUMN process.clauses IS 'Clauses whose process areas it covers: {8.5.1}.';
COMMENT ON COLUMN process.criteria IS 'Criteria for how it is to perform.';
COMMENT ON COLUMN process.document IS 'The document (key) that describes it.';
COMMENT ON COLUMN process.record_process IS 'Process of the records that show that it runs (incident, change, …).';
COMMENT ON COLUMN process.operated_by IS 'self, part (others operate parts of it) or other (wholly operated by another party).';
COMMENT ON COLUMN process.change IS 'The change (key) that introduced or altered it.';
COMMENT ON COLUMN process.status IS 'State, by the lifecycle process.';

CREATE SEQUENCE objective_number_seq START 1000001;
CREATE TABLE objective (
	number text PRIMARY KEY DEFAULT 'OBJ' || nextval('objective_number_seq')::text,
	title text,
	description text,
	function text,
	target numeric,
	direction text CHECK (direction IN ('at_least', 'at_most')),
	unit text,
	due date,
	owner text REFERENCES person,
	resources text,
	evaluation_method text,
	document text,
	status text NOT NULL DEFAULT 'draft'
);
ALTER SEQUENCE objective_number_seq OWNED BY objective.number;
CREATE INDEX ON objective (owner);
CREATE INDEX ON objective (document);
COMMENT ON TABLE objective IS 'A measurable objective of service management.';
COMMENT ON COLUMN objective.number IS 'Key: number of the record.';
COMMENT ON COLUMN objective.title IS 'The objective.';
COMMENT ON COLUMN objective.description IS 'More about it.';
COMMENT ON COLUMN objective.function IS 'Function or level that it is for.';
COMMENT ON COLUMN objective.target IS 'Target value.';
COMMENT ON COLUMN objective.direction IS 'at_least or at_most.';
COMMENT ON COLUMN objective.unit IS 'Unit of the target.';
COMMENT ON COLUMN objective.due IS 'By when.';
COMMENT ON COLUMN objective.owner IS 'Who answers for it.';
COMMENT ON COLUMN objective.resources IS 'What it takes.';
COMMENT ON COLUMN objective.evaluation_method IS 'How the result will be evaluated.';
COMMENT ON COLUMN objective.document IS 'Policy or objectives document (key) that it comes from.';
COMMENT ON COLUMN objective.status IS 'State, by the lifecycle objective.';

CREATE TABLE metric (
	name text PRIMARY KEY,
	description text,
	title text,
	kind text,
	process text REFERENCES process,
	service text,
	party text REFERENCES party,
	objective text REFERENCES objective,
	owner text REFERENCES person,
	method text,
	frequency interval,
	analysis_schedule text,
	unit text,
	target numeric,
	direction text CHECK (direction IN ('at_least', 'at_most')),
	status text NOT NULL DEFAULT 'current'
);
CREATE INDEX ON metric (process);
CREATE INDEX ON metric (service);
CREATE INDEX ON metric (party);
CREATE INDEX ON metric (objective);
CREATE INDEX ON metric (owner);
COMMENT ON TABLE metric IS 'What is measured: a KPI of a process or service, a target of an objective.';
COMMENT ON COLUMN metric.name IS 'Key: the short name by which all else refers to it.';
COMMENT ON COLUMN metric.description IS 'More about it.';
COMMENT ON COLUMN metric.title IS 'What it is called.';
COMMENT ON COLUMN metric.kind IS 'kpi, objective, sla, availability, capacity, consumption, supplier or security.';
COMMENT ON COLUMN metric.process IS 'The process that it tells about.';
COMMENT ON COLUMN metric.service IS 'The service.';
COMMENT ON COLUMN metric.party IS 'The supplier or customer.';
COMMENT ON COLUMN metric.objective IS 'The objective.';
COMMENT ON COLUMN metric.owner IS 'Who answers for measuring it.';
COMMENT ON COLUMN metric.method IS 'How it is measured.';
COMMENT ON COLUMN metric.frequency IS 'Period of measurement.';
COMMENT ON COLUMN metric.analysis_schedule IS 'When results are analysed, and by whom.';
COMMENT ON COLUMN metric.unit IS 'Unit.';
COMMENT ON COLUMN metric.target IS 'Target, or threshold, that values are compared with.';
COMMENT ON COLUMN metric.direction IS 'at_least or at_most.';
COMMENT ON COLUMN metric.status IS 'State, by the lifecycle metric.';

CREATE TABLE measurement (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	kind text NOT NULL,
	metric text REFERENCES metric,
	service text,
	process text REFERENCES process,
	party text REFERENCES party,
	objective text REFERENCES objective,
	agreement_target text,
	period_start date NOT NULL,
	period_end date NOT NULL,
	value numeric NOT NULL,
	reported_value numeric,
	target numeric,
	unit text,
	deviation boolean,
	cause text,
	action text,
	analysed_at date,
	analysed_by text,
	status text NOT NULL DEFAULT 'recorded'
);
CREATE INDEX ON measurement (metric);
CREATE INDEX ON measurement (service);
CREATE INDEX ON measurement (process);
CREATE INDEX ON measurement (party);
CREATE INDEX ON measurement (objective);
CREATE INDEX ON measurement (agreement_target);
CREATE INDEX ON measurement (kind, period_start);
COMMENT ON TABLE measurement IS 'A measured value: of a KPI, an objective, a target of an agreement, of availability, capacity or consumption.';
COMMENT ON COLUMN measurement.id IS 'Key.';
COMMENT ON COLUMN measurement.kind IS 'kpi, objective, sla, availability, capacity, consumption, supplier or security.';
COMMENT ON COLUMN measurement.metric IS 'The metric.';
COMMENT ON COLUMN measurement.service IS 'The service.';
COMMENT ON COLUMN measurement.process IS 'The process.';
COMMENT ON COLUMN measurement.party IS 'The party.';
COMMENT ON COLUMN measurement.objective IS 'The objective.';
COMMENT ON COLUMN measurement.agreement_target IS 'The target of an agreement or contract (key of agreement_target).';
COMMENT ON COLUMN measurement.period_start IS 'First day of the period.';
COMMENT ON COLUMN measurement.period_end IS 'First day after it.';
COMMENT ON COLUMN measurement.value IS 'Measured value.';
COMMENT ON COLUMN measurement.reported_value IS 'Value that was reported where another source computes it.';
COMMENT ON COLUMN measurement.target IS 'Target or threshold of that period.';
COMMENT ON COLUMN measurement.unit IS 'Unit.';
COMMENT ON COLUMN measurement.deviation IS 'The target was missed or the threshold passed.';
COMMENT ON COLUMN measurement.cause IS 'Why.';
COMMENT ON COLUMN measurement.action IS 'What is done about it: an action, an improvement (key) or an accepted risk (key).';
COMMENT ON COLUMN measurement.analysed_at IS 'When it was analysed.';
COMMENT ON COLUMN measurement.analysed_by IS 'By whom.';
COMMENT ON COLUMN measurement.status IS 'State, by the lifecycle measurement.';

CREATE SEQUENCE analysis_number_seq START 1000001;
CREATE TABLE analysis (
	number text PRIMARY KEY DEFAULT 'ANA' || nextval('analysis_number_seq')::text,
	description text,
	title text,
	subject text,
	service text,
	owner text REFERENCES person,
	planned_at date,
	period_start date,
	period_end date,
	held_at date,
	result text,
	actions text[],
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE analysis_number_seq OWNED BY analysis.number;
CREATE INDEX ON analysis (service);
CREATE INDEX ON analysis (owner);
COMMENT ON TABLE analysis IS 'An analysis of the records of a process over a period: trends of incidents, of changes, of security incidents.';
COMMENT ON COLUMN analysis.number IS 'Key: number of the record.';
COMMENT ON COLUMN analysis.description IS 'More about it.';
COMMENT ON COLUMN analysis.title IS 'Short title.';
COMMENT ON COLUMN analysis.subject IS 'incident, change, security_incident, problem, service_request or another process.';
COMMENT ON COLUMN analysis.service IS 'The service; null: all.';
COMMENT ON COLUMN analysis.owner IS 'Who makes it.';
COMMENT ON COLUMN analysis.planned_at IS 'When it is due.';
COMMENT ON COLUMN analysis.period_start IS 'First day of the period that it covers.';
COMMENT ON COLUMN analysis.period_end IS 'First day after it.';
COMMENT ON COLUMN analysis.held_at IS 'When it was made.';
COMMENT ON COLUMN analysis.result IS 'What was found.';
COMMENT ON COLUMN analysis.actions IS 'Problems, improvements or other records (keys) that follow.';
COMMENT ON COLUMN analysis.status IS 'State, by the lifecycle analysis.';

CREATE TABLE resource (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	description text,
	title text,
	kind text CHECK (kind IN ('human', 'technical', 'information', 'financial')),
	process text REFERENCES process,
	service text,
	document text,
	owner text REFERENCES person,
	quantity numeric,
	unit text,
	status text NOT NULL DEFAULT 'current'
);
CREATE INDEX ON resource (process);
CREATE INDEX ON resource (service);
CREATE INDEX ON resource (document);
CREATE INDEX ON resource (owner);
COMMENT ON TABLE resource IS 'A resource that a process, a service or a plan needs and has.';
COMMENT ON COLUMN resource.id IS 'Key.';
COMMENT ON COLUMN resource.description IS 'More about it.';
COMMENT ON COLUMN resource.title IS 'The resource.';
COMMENT ON COLUMN resource.kind IS 'human, technical, information or financial.';
COMMENT ON COLUMN resource.process IS 'The process.';
COMMENT ON COLUMN resource.service IS 'The service.';
COMMENT ON COLUMN resource.document IS 'The plan (key).';
COMMENT ON COLUMN resource.owner IS 'Who provides it.';
COMMENT ON COLUMN resource.quantity IS 'How much.';
COMMENT ON COLUMN resource.unit IS 'Unit.';
COMMENT ON COLUMN resource.status IS 'State, by the lifecycle resource.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('process', 'process', 'process', NULL, '{"title": "coalesce(title, name)"}'),
	('process', 'objective', 'objective', NULL, NULL),
	('process', 'metric', 'metric', NULL, '{"title": "coalesce(title, name)"}'),
	('process', 'measurement', 'measurement', NULL, NULL),
	('process', 'analysis', 'analysis', NULL, NULL),
	('process', 'resource', 'resource', NULL, NULL);
