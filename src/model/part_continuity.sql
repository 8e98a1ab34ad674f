-- The reference model, part continuity: continuity plans, their tests and their use.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('continuity', 13, '{organisation,service}',
	'{continuity_plan,continuity_test,continuity_invocation}', 'Continuity plans, their tests and their use.', $model$
CREATE TABLE continuity_plan (
	name text PRIMARY KEY,
	description text,
	title text,
	service text NOT NULL REFERENCES service,
	owner text NOT NULL REFERENCES person,
	invocation_criteria text,
	responsibilities text,
	procedures text,
	targets text,
	recovery_requirements text,
	return_to_normal text,
	alternate_location text,
	required_rto interval,
	required_rpo interval,
	document text,
	approved_by text REFERENCES person,
	approved_at date,
	status text NOT NULL DEFAULT 'current'
);
CREATE INDEX ON continuity_plan (service);
CREATE INDEX ON continuity_plan (owner);
CREATE INDEX ON continuity_plan (document);
CREATE INDEX ON continuity_plan (approved_by);
COMMENT ON TABLE continuity_plan IS 'A plan for going on when a service is lost.';
COMMENT ON COLUMN continuity_plan.name IS 'Key: the short name by which all else refers to it.';
COMMENT ON COLUMN continuity_plan.description IS 'More about it.';
COMMENT ON COLUMN continuity_plan.title IS 'What it is called.';
COMMENT ON COLUMN continuity_plan.service IS 'The service.';
COMMENT ON COLUMN continuity_plan.owner IS 'Who answers for it.';
COMMENT ON COLUMN continuity_plan.invocation_criteria IS 'When it is invoked.';
COMMENT ON COLUMN continuity_plan.responsibilities IS 'Who invokes it, and who does what.';
COMMENT ON COLUMN continuity_plan.procedures IS 'How operation goes on during a major loss of service.';
COMMENT ON COLUMN continuity_plan.targets IS 'Targets while it is in use.';
COMMENT ON COLUMN continuity_plan.recovery_requirements IS 'What recovery needs.';
COMMENT ON COLUMN continuity_plan.return_to_normal IS 'How normal working is restored.';
COMMENT ON COLUMN continuity_plan.alternate_location IS 'Where a copy can be had when the normal places cannot be reached.';
COMMENT ON COLUMN continuity_plan.required_rto IS 'Recovery time objective.';
COMMENT ON COLUMN continuity_plan.required_rpo IS 'Recovery point objective.';
COMMENT ON COLUMN continuity_plan.document IS 'The document (key) that holds the plan.';
COMMENT ON COLUMN continuity_plan.approved_by IS 'Who approved it.';
COMMENT ON COLUMN continuity_plan.approved_at IS 'When.';
COMMENT ON COLUMN continuity_plan.status IS 'State, by the lifecycle continuity_plan.';

CREATE SEQUENCE continuity_test_number_seq START 1000001;
CREATE TABLE continuity_test (
	number text PRIMARY KEY DEFAULT 'CTE' || nextval('continuity_test_number_seq')::text,
	title text,
	description text,
	category text,
	service text REFERENCES service,
	ci text,
	plan_version text,
	plan_approved boolean,
	scenario text,
	scope text,
	test_leader text REFERENCES person,
	risk_accepted_by text REFERENCES person,
	live_impact boolean,
	change text,
	required_rto interval,
	required_rpo interval,
	achieved_rto interval,
	achieved_rpo interval,
	result text,
	reviewer text REFERENCES person,
	deficiencies text,
	actions text,
	corrective_actions text[],
	plan text REFERENCES continuity_plan,
	held_at date,
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE continuity_test_number_seq OWNED BY continuity_test.number;
CREATE INDEX ON continuity_test (service);
CREATE INDEX ON continuity_test (ci);
CREATE INDEX ON continuity_test (test_leader);
CREATE INDEX ON continuity_test (risk_accepted_by);
CREATE INDEX ON continuity_test (change);
CREATE INDEX ON continuity_test (reviewer);
CREATE INDEX ON continuity_test (plan);
COMMENT ON TABLE continuity_test IS 'Tests of continuity plans.';
COMMENT ON COLUMN continuity_test.number IS 'Key: number of the record.';
COMMENT ON COLUMN continuity_test.title IS 'Short title.';
COMMENT ON COLUMN continuity_test.description IS 'More about it.';
COMMENT ON COLUMN continuity_test.category IS 'Classification.';
COMMENT ON COLUMN continuity_test.service IS 'The service.';
COMMENT ON COLUMN continuity_test.ci IS 'The configuration item.';
COMMENT ON COLUMN continuity_test.plan_version IS 'Version of the plan that is tested.';
COMMENT ON COLUMN continuity_test.plan_approved IS 'The plan is approved.';
COMMENT ON COLUMN continuity_test.scenario IS 'What is supposed to have happened.';
COMMENT ON COLUMN continuity_test.scope IS 'What it covers.';
COMMENT ON COLUMN continuity_test.test_leader IS 'Who leads it.';
COMMENT ON COLUMN continuity_test.risk_accepted_by IS 'Who accepted the risk of the test.';
COMMENT ON COLUMN continuity_test.live_impact IS 'It touches live services.';
COMMENT ON COLUMN continuity_test.change IS 'The change (key) by which it touches them.';
COMMENT ON COLUMN continuity_test.required_rto IS 'Recovery time objective.';
COMMENT ON COLUMN continuity_test.required_rpo IS 'Recovery point objective.';
COMMENT ON COLUMN continuity_test.achieved_rto IS 'Recovery time that was reached.';
COMMENT ON COLUMN continuity_test.achieved_rpo IS 'Recovery point that was reached.';
COMMENT ON COLUMN continuity_test.result IS 'Result.';
COMMENT ON COLUMN continuity_test.reviewer IS 'Who reviews it.';
COMMENT ON COLUMN continuity_test.deficiencies IS 'What fell short.';
COMMENT ON COLUMN continuity_test.actions IS 'What follows.';
COMMENT ON COLUMN continuity_test.corrective_actions IS 'Corrective actions (keys) that follow.';
COMMENT ON COLUMN continuity_test.plan IS 'The continuity plan (key) that is tested.';
COMMENT ON COLUMN continuity_test.held_at IS 'When it was carried out.';
COMMENT ON COLUMN continuity_test.status IS 'State, by the lifecycle continuity_test.';

CREATE SEQUENCE continuity_invocation_number_seq START 1000001;
CREATE TABLE continuity_invocation (
	number text PRIMARY KEY DEFAULT 'INV' || nextval('continuity_invocation_number_seq')::text,
	title text,
	description text,
	plan text NOT NULL REFERENCES continuity_plan,
	service text REFERENCES service,
	invoked_at timestamptz,
	cause text,
	effect text,
	recovery text,
	achieved_rto interval,
	achieved_rpo interval,
	reported_at date,
	reviewed_at date,
	actions text,
	status text NOT NULL DEFAULT 'invoked'
);
ALTER SEQUENCE continuity_invocation_number_seq OWNED BY continuity_invocation.number;
CREATE INDEX ON continuity_invocation (plan);
CREATE INDEX ON continuity_invocation (service);
COMMENT ON TABLE continuity_invocation IS 'A continuity plan was used in earnest.';
COMMENT ON COLUMN continuity_invocation.number IS 'Key: number of the record.';
COMMENT ON COLUMN continuity_invocation.title IS 'Short title.';
COMMENT ON COLUMN continuity_invocation.description IS 'More about it.';
COMMENT ON COLUMN continuity_invocation.plan IS 'The plan.';
COMMENT ON COLUMN continuity_invocation.service IS 'The service.';
COMMENT ON COLUMN continuity_invocation.invoked_at IS 'When.';
COMMENT ON COLUMN continuity_invocation.cause IS 'Why.';
COMMENT ON COLUMN continuity_invocation.effect IS 'What it meant for customers and services.';
COMMENT ON COLUMN continuity_invocation.recovery IS 'How the service came back.';
COMMENT ON COLUMN continuity_invocation.achieved_rto IS 'Recovery time that was reached.';
COMMENT ON COLUMN continuity_invocation.achieved_rpo IS 'Recovery point that was reached.';
COMMENT ON COLUMN continuity_invocation.reported_at IS 'When cause, impact and recovery were reported.';
COMMENT ON COLUMN continuity_invocation.reviewed_at IS 'When the plan was reviewed after it.';
COMMENT ON COLUMN continuity_invocation.actions IS 'What follows, or "none".';
COMMENT ON COLUMN continuity_invocation.status IS 'State, by the lifecycle continuity_invocation.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('continuity', 'continuity_plan', 'continuity_plan', NULL, '{"title": "coalesce(title, name)"}'),
	('continuity', 'continuity_test', 'continuity_test', NULL, NULL),
	('continuity', 'continuity_invocation', 'continuity_invocation', NULL, NULL);
