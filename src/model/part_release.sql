-- The reference model, part release: releases and deployments.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('release', 24, '{organisation,change}',
	'{release,deployment}', 'Releases and deployments.', $model$
CREATE SEQUENCE release_number_seq START 1000001;
CREATE TABLE release (
	number text PRIMARY KEY DEFAULT 'REL' || nextval('release_number_seq')::text,
	title text,
	description text,
	requester text,
	assignee text REFERENCES person,
	assignment_group text,
	priority integer,
	service text,
	ci text,
	type text,
	owner text REFERENCES person,
	changes text[],
	builder text REFERENCES person,
	build_id text,
	artefact_hash text,
	acceptance_criteria text,
	acceptance text,
	accepted_by text,
	defects text,
	baseline_before text,
	baseline_after text,
	baseline_restored boolean,
	planned_start timestamptz,
	planned_end timestamptz,
	actual_start timestamptz,
	actual_end timestamptz,
	deployed_hash text,
	result text,
	observation_until timestamptz,
	success text,
	incidents_after integer,
	analysis text,
	analysed_at date,
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE release_number_seq OWNED BY release.number;
CREATE INDEX ON release (assignee);
CREATE INDEX ON release (service);
CREATE INDEX ON release (ci);
CREATE INDEX ON release (owner);
CREATE INDEX ON release (builder);
COMMENT ON TABLE release IS 'Releases: what goes into live operation together.';
COMMENT ON COLUMN release.number IS 'Key: number of the record.';
COMMENT ON COLUMN release.title IS 'Short title.';
COMMENT ON COLUMN release.description IS 'More about it.';
COMMENT ON COLUMN release.requester IS 'Who asked for it.';
COMMENT ON COLUMN release.assignee IS 'Who works on it.';
COMMENT ON COLUMN release.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN release.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN release.service IS 'The service.';
COMMENT ON COLUMN release.ci IS 'The configuration item.';
COMMENT ON COLUMN release.type IS 'Type of release: major, minor, emergency.';
COMMENT ON COLUMN release.owner IS 'Who answers for it.';
COMMENT ON COLUMN release.changes IS 'Changes (keys) that it consists of.';
COMMENT ON COLUMN release.builder IS 'Who built it.';
COMMENT ON COLUMN release.build_id IS 'Identifies the build.';
COMMENT ON COLUMN release.artefact_hash IS 'Hash of what is delivered.';
COMMENT ON COLUMN release.acceptance_criteria IS 'What it must meet.';
COMMENT ON COLUMN release.acceptance IS 'How it met that.';
COMMENT ON COLUMN release.accepted_by IS 'Who accepted it.';
COMMENT ON COLUMN release.defects IS 'What testing found.';
COMMENT ON COLUMN release.baseline_before IS 'Baseline taken before.';
COMMENT ON COLUMN release.baseline_after IS 'Baseline taken afterwards.';
COMMENT ON COLUMN release.baseline_restored IS 'The baseline from before was restored.';
COMMENT ON COLUMN release.planned_start IS 'When it is planned to begin.';
COMMENT ON COLUMN release.planned_end IS 'When it is planned to end.';
COMMENT ON COLUMN release.actual_start IS 'When its deployment began.';
COMMENT ON COLUMN release.actual_end IS 'When it ended.';
COMMENT ON COLUMN release.deployed_hash IS 'Hash of what was deployed.';
COMMENT ON COLUMN release.result IS 'Result.';
COMMENT ON COLUMN release.observation_until IS 'Until when it is observed.';
COMMENT ON COLUMN release.success IS 'How successful it was.';
COMMENT ON COLUMN release.incidents_after IS 'Incidents that came of it.';
COMMENT ON COLUMN release.analysis IS 'Analysis of success and failure, incidents after it included.';
COMMENT ON COLUMN release.analysed_at IS 'When that was made.';
COMMENT ON COLUMN release.status IS 'State, by the lifecycle release.';

CREATE SEQUENCE deployment_number_seq START 1000001;
CREATE TABLE deployment (
	number text PRIMARY KEY DEFAULT 'DEP' || nextval('deployment_number_seq')::text,
	title text,
	description text,
	service text,
	ci text,
	release text NOT NULL REFERENCES release,
	change text REFERENCES change,
	environment text,
	artefact_hash text,
	accepted_hash text,
	baseline_before text,
	baseline_restored boolean,
	implementer text REFERENCES person,
	planned_start timestamptz,
	planned_end timestamptz,
	actual_start timestamptz,
	actual_end timestamptz,
	result text,
	failure text,
	status text NOT NULL DEFAULT 'scheduled'
);
ALTER SEQUENCE deployment_number_seq OWNED BY deployment.number;
CREATE INDEX ON deployment (service);
CREATE INDEX ON deployment (ci);
CREATE INDEX ON deployment (release);
CREATE INDEX ON deployment (change);
CREATE INDEX ON deployment (implementer);
COMMENT ON TABLE deployment IS 'Releases on their way to one target.';
COMMENT ON COLUMN deployment.number IS 'Key: number of the record.';
COMMENT ON COLUMN deployment.title IS 'Short title.';
COMMENT ON COLUMN deployment.description IS 'More about it.';
COMMENT ON COLUMN deployment.service IS 'The service.';
COMMENT ON COLUMN deployment.ci IS 'The configuration item.';
COMMENT ON COLUMN deployment.release IS 'The release (key).';
COMMENT ON COLUMN deployment.change IS 'The change (key).';
COMMENT ON COLUMN deployment.environment IS 'Environment: test, live.';
COMMENT ON COLUMN deployment.artefact_hash IS 'Hash of what is delivered.';
COMMENT ON COLUMN deployment.accepted_hash IS 'Hash of what was accepted.';
COMMENT ON COLUMN deployment.baseline_before IS 'Baseline taken before.';
COMMENT ON COLUMN deployment.baseline_restored IS 'The baseline from before was restored.';
COMMENT ON COLUMN deployment.implementer IS 'Who implements it.';
COMMENT ON COLUMN deployment.planned_start IS 'When it is planned to begin.';
COMMENT ON COLUMN deployment.planned_end IS 'When it is planned to end.';
COMMENT ON COLUMN deployment.actual_start IS 'When it began.';
COMMENT ON COLUMN deployment.actual_end IS 'When it ended.';
COMMENT ON COLUMN deployment.result IS 'Result.';
COMMENT ON COLUMN deployment.failure IS 'What went wrong.';
COMMENT ON COLUMN deployment.status IS 'State, by the lifecycle deployment.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('release', 'release', 'release', NULL, NULL),
	('release', 'deployment', 'deployment', NULL, NULL);
