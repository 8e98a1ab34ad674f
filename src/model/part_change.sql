-- The reference model, part change: changes and their tasks.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('change', 23, '{organisation}',
	'{change,change_task}', 'Changes and their tasks.', $model$
CREATE SEQUENCE change_number_seq START 1000001;
CREATE TABLE change (
	number text PRIMARY KEY DEFAULT 'CHG' || nextval('change_number_seq')::text,
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
	cis text[],
	type text NOT NULL DEFAULT 'normal' CHECK (type IN ('normal', 'standard', 'emergency')),
	risk text,
	probability integer,
	plan text,
	backout_plan text,
	test_plan text,
	template text,
	emergency_reason text,
	assessment text,
	technical_reviewer text REFERENCES person,
	implementer text REFERENCES person,
	release text,
	planned_start timestamptz,
	planned_end timestamptz,
	actual_start timestamptz,
	actual_end timestamptz,
	outcome text,
	review text,
	reviewer text REFERENCES person,
	cis_updated boolean,
	problem text,
	improvement text,
	incident text,
	chargeable boolean,
	cost_estimate numeric,
	cost_approved_by text,
	benefit text,
	feasibility text,
	financial_impact text,
	impact_areas text[],
	major_impact boolean,
	service_change text,
	transition text,
	communicated_at timestamptz,
	backout_tested boolean,
	deviation text,
	status text NOT NULL DEFAULT 'new'
);
ALTER SEQUENCE change_number_seq OWNED BY change.number;
CREATE INDEX ON change (assignee);
CREATE INDEX ON change (service);
CREATE INDEX ON change (ci);
CREATE INDEX ON change (technical_reviewer);
CREATE INDEX ON change (implementer);
CREATE INDEX ON change (release);
CREATE INDEX ON change (reviewer);
CREATE INDEX ON change (problem);
CREATE INDEX ON change (improvement);
CREATE INDEX ON change (incident);
CREATE INDEX ON change (transition);
COMMENT ON TABLE change IS 'Changes: normal, standard and emergency changes, told apart by their type.';
COMMENT ON COLUMN change.number IS 'Key: number of the record.';
COMMENT ON COLUMN change.title IS 'Short title.';
COMMENT ON COLUMN change.description IS 'More about it.';
COMMENT ON COLUMN change.requester IS 'Who asked for it.';
COMMENT ON COLUMN change.assignee IS 'Who works on it.';
COMMENT ON COLUMN change.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN change.impact IS 'Impact, 1 (highest) to 5.';
COMMENT ON COLUMN change.urgency IS 'Urgency, 1 (highest) to 5.';
COMMENT ON COLUMN change.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN change.category IS 'Classification.';
COMMENT ON COLUMN change.service IS 'The service.';
COMMENT ON COLUMN change.ci IS 'The configuration item.';
COMMENT ON COLUMN change.cis IS 'Configuration items (keys) that it changes; booked while it is scheduled and implemented.';
COMMENT ON COLUMN change.type IS 'normal, standard or emergency.';
COMMENT ON COLUMN change.risk IS 'Risk: low, medium, high or very_high.';
COMMENT ON COLUMN change.probability IS 'Probability that it goes wrong, 1 (highest) to 3.';
COMMENT ON COLUMN change.plan IS 'How it is done.';
COMMENT ON COLUMN change.backout_plan IS 'The way back.';
COMMENT ON COLUMN change.test_plan IS 'How it is tested.';
COMMENT ON COLUMN change.template IS 'Template of a standard change.';
COMMENT ON COLUMN change.emergency_reason IS 'Why it is an emergency.';
COMMENT ON COLUMN change.assessment IS 'What was assessed: services, customers, parties, capacity, availability, continuity, security.';
COMMENT ON COLUMN change.technical_reviewer IS 'Who assessed it.';
COMMENT ON COLUMN change.implementer IS 'Who implements it.';
COMMENT ON COLUMN change.release IS 'The release (key).';
COMMENT ON COLUMN change.planned_start IS 'When it is planned to begin.';
COMMENT ON COLUMN change.planned_end IS 'When it is planned to end.';
COMMENT ON COLUMN change.actual_start IS 'When it began.';
COMMENT ON COLUMN change.actual_end IS 'When it ended.';
COMMENT ON COLUMN change.outcome IS 'successful, partial, failed or backed_out.';
COMMENT ON COLUMN change.review IS 'What the review after its implementation found.';
COMMENT ON COLUMN change.reviewer IS 'Who reviews it.';
COMMENT ON COLUMN change.cis_updated IS 'Its configuration items were brought up to date.';
COMMENT ON COLUMN change.problem IS 'The problem (key) that it resolves, or that follows from its failure.';
COMMENT ON COLUMN change.improvement IS 'The improvement (key) that it implements, or that follows from its failure.';
COMMENT ON COLUMN change.incident IS 'The incident (key) that it resolves.';
COMMENT ON COLUMN change.chargeable IS 'Its cost is charged.';
COMMENT ON COLUMN change.cost_estimate IS 'Estimated cost.';
COMMENT ON COLUMN change.cost_approved_by IS 'Who approved the estimate.';
COMMENT ON COLUMN change.benefit IS 'Benefit.';
COMMENT ON COLUMN change.feasibility IS 'Feasibility.';
COMMENT ON COLUMN change.financial_impact IS 'Financial impact.';
COMMENT ON COLUMN change.impact_areas IS 'Areas whose impact was assessed: services, customers, parties, capacity, availability, continuity, security.';
COMMENT ON COLUMN change.major_impact IS 'It meets the criteria for major impact.';
COMMENT ON COLUMN change.service_change IS 'new, major, removal or transfer: what it does to a service; null: nothing of that.';
COMMENT ON COLUMN change.transition IS 'The service (key) that goes through design and transition because of it.';
COMMENT ON COLUMN change.communicated_at IS 'When its date was made known to those affected.';
COMMENT ON COLUMN change.backout_tested IS 'The way back was tested.';
COMMENT ON COLUMN change.deviation IS 'Why it was not implemented as scheduled.';
COMMENT ON COLUMN change.status IS 'State, by the lifecycle change or standard_change or emergency_change.';

CREATE SEQUENCE change_task_number_seq START 1000001;
CREATE TABLE change_task (
	number text PRIMARY KEY DEFAULT 'CTK' || nextval('change_task_number_seq')::text,
	title text,
	description text,
	requester text,
	assignee text REFERENCES person,
	assignment_group text,
	priority integer,
	category text,
	service text,
	ci text,
	hold_reason text,
	change text NOT NULL REFERENCES change,
	predecessors text[],
	planned_start timestamptz,
	planned_end timestamptz,
	actual_start timestamptz,
	actual_end timestamptz,
	result text,
	status text NOT NULL DEFAULT 'open'
);
ALTER SEQUENCE change_task_number_seq OWNED BY change_task.number;
CREATE INDEX ON change_task (assignee);
CREATE INDEX ON change_task (service);
CREATE INDEX ON change_task (ci);
CREATE INDEX ON change_task (change);
COMMENT ON TABLE change_task IS 'Pieces of the work of a change.';
COMMENT ON COLUMN change_task.number IS 'Key: number of the record.';
COMMENT ON COLUMN change_task.title IS 'Short title.';
COMMENT ON COLUMN change_task.description IS 'More about it.';
COMMENT ON COLUMN change_task.requester IS 'Who asked for it.';
COMMENT ON COLUMN change_task.assignee IS 'Who works on it.';
COMMENT ON COLUMN change_task.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN change_task.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN change_task.category IS 'Classification.';
COMMENT ON COLUMN change_task.service IS 'The service.';
COMMENT ON COLUMN change_task.ci IS 'The configuration item.';
COMMENT ON COLUMN change_task.hold_reason IS 'Why it waits.';
COMMENT ON COLUMN change_task.change IS 'The change (key).';
COMMENT ON COLUMN change_task.predecessors IS 'Tasks (keys) that come before it.';
COMMENT ON COLUMN change_task.planned_start IS 'When it is planned to begin.';
COMMENT ON COLUMN change_task.planned_end IS 'When it is planned to end.';
COMMENT ON COLUMN change_task.actual_start IS 'When it began.';
COMMENT ON COLUMN change_task.actual_end IS 'When it ended.';
COMMENT ON COLUMN change_task.result IS 'Result.';
COMMENT ON COLUMN change_task.status IS 'State, by the lifecycle change_task.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('change', 'change', 'change', 'type = ''normal''', NULL),
	('change', 'change', 'standard_change', 'type = ''standard''', NULL),
	('change', 'change', 'emergency_change', 'type = ''emergency''', NULL),
	('change', 'change_task', 'change_task', NULL, NULL);
