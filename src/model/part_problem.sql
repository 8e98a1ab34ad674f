-- The reference model, part problem: problems, known errors and knowledge.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('problem', 22, '{organisation}',
	'{problem,known_error,knowledge_article}', 'Problems, known errors and knowledge.', $model$
CREATE SEQUENCE problem_number_seq START 1000001;
CREATE TABLE problem (
	number text PRIMARY KEY DEFAULT 'PRB' || nextval('problem_number_seq')::text,
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
	resolution_code text,
	resolution text,
	source text,
	owner text REFERENCES person,
	duplicate_of text REFERENCES problem,
	root_cause text,
	workaround text,
	impact_action text,
	known_error text,
	change text,
	action text,
	risk_accepted_by text REFERENCES person,
	risk_accepted_until date,
	effectiveness text,
	effectiveness_checked_by text REFERENCES person,
	status text NOT NULL DEFAULT 'new'
);
ALTER SEQUENCE problem_number_seq OWNED BY problem.number;
CREATE INDEX ON problem (assignee);
CREATE INDEX ON problem (service);
CREATE INDEX ON problem (ci);
CREATE INDEX ON problem (owner);
CREATE INDEX ON problem (duplicate_of);
CREATE INDEX ON problem (known_error);
CREATE INDEX ON problem (change);
CREATE INDEX ON problem (risk_accepted_by);
CREATE INDEX ON problem (effectiveness_checked_by);
COMMENT ON TABLE problem IS 'Causes of incidents.';
COMMENT ON COLUMN problem.number IS 'Key: number of the record.';
COMMENT ON COLUMN problem.title IS 'Short title.';
COMMENT ON COLUMN problem.description IS 'More about it.';
COMMENT ON COLUMN problem.requester IS 'Who asked for it.';
COMMENT ON COLUMN problem.assignee IS 'Who works on it.';
COMMENT ON COLUMN problem.assignment_group IS 'Group that works on it.';
COMMENT ON COLUMN problem.impact IS 'Impact, 1 (highest) to 5.';
COMMENT ON COLUMN problem.urgency IS 'Urgency, 1 (highest) to 5.';
COMMENT ON COLUMN problem.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN problem.category IS 'Classification.';
COMMENT ON COLUMN problem.service IS 'The service.';
COMMENT ON COLUMN problem.ci IS 'The configuration item.';
COMMENT ON COLUMN problem.resolution_code IS 'How it was settled, as a code.';
COMMENT ON COLUMN problem.resolution IS 'How it was settled.';
COMMENT ON COLUMN problem.source IS 'Where it comes from.';
COMMENT ON COLUMN problem.owner IS 'Who answers for it.';
COMMENT ON COLUMN problem.duplicate_of IS 'The problem (key) that it is the same as.';
COMMENT ON COLUMN problem.root_cause IS 'Root cause.';
COMMENT ON COLUMN problem.workaround IS 'Workaround.';
COMMENT ON COLUMN problem.impact_action IS 'What reduces the impact where there is no workaround.';
COMMENT ON COLUMN problem.known_error IS 'The known error (key).';
COMMENT ON COLUMN problem.change IS 'The change (key) that fixes it.';
COMMENT ON COLUMN problem.action IS 'What fixes it without a change.';
COMMENT ON COLUMN problem.risk_accepted_by IS 'Who accepted that it stays.';
COMMENT ON COLUMN problem.risk_accepted_until IS 'Until when.';
COMMENT ON COLUMN problem.effectiveness IS 'Whether the resolution works.';
COMMENT ON COLUMN problem.effectiveness_checked_by IS 'Who checked that.';
COMMENT ON COLUMN problem.status IS 'State, by the lifecycle problem.';

CREATE SEQUENCE known_error_number_seq START 1000001;
CREATE TABLE known_error (
	number text PRIMARY KEY DEFAULT 'KE' || nextval('known_error_number_seq')::text,
	title text,
	description text,
	priority integer,
	category text,
	service text,
	ci text,
	problem text REFERENCES problem,
	root_cause text,
	workaround text,
	author text REFERENCES person,
	reviewer text REFERENCES person,
	superseded_by text REFERENCES known_error,
	change text,
	status text NOT NULL DEFAULT 'draft'
);
ALTER SEQUENCE known_error_number_seq OWNED BY known_error.number;
CREATE INDEX ON known_error (service);
CREATE INDEX ON known_error (ci);
CREATE INDEX ON known_error (problem);
CREATE INDEX ON known_error (author);
CREATE INDEX ON known_error (reviewer);
CREATE INDEX ON known_error (superseded_by);
CREATE INDEX ON known_error (change);
COMMENT ON TABLE known_error IS 'Problems whose root cause is known, with a way to live with them.';
COMMENT ON COLUMN known_error.number IS 'Key: number of the record.';
COMMENT ON COLUMN known_error.title IS 'Short title.';
COMMENT ON COLUMN known_error.description IS 'More about it.';
COMMENT ON COLUMN known_error.priority IS 'Priority, 1 (highest) to 5.';
COMMENT ON COLUMN known_error.category IS 'Classification.';
COMMENT ON COLUMN known_error.service IS 'The service.';
COMMENT ON COLUMN known_error.ci IS 'The configuration item.';
COMMENT ON COLUMN known_error.problem IS 'The problem (key).';
COMMENT ON COLUMN known_error.root_cause IS 'Root cause.';
COMMENT ON COLUMN known_error.workaround IS 'Workaround.';
COMMENT ON COLUMN known_error.author IS 'Who wrote it.';
COMMENT ON COLUMN known_error.reviewer IS 'Who reviews it.';
COMMENT ON COLUMN known_error.superseded_by IS 'The known error (key) that takes its place.';
COMMENT ON COLUMN known_error.change IS 'The change (key) that removes it.';
COMMENT ON COLUMN known_error.status IS 'State, by the lifecycle known_error.';

CREATE SEQUENCE knowledge_article_number_seq START 1000001;
CREATE TABLE knowledge_article (
	number text PRIMARY KEY DEFAULT 'KB' || nextval('knowledge_article_number_seq')::text,
	title text,
	description text,
	category text,
	service text,
	ci text,
	content text,
	author text REFERENCES person,
	reviewer text REFERENCES person,
	approver text REFERENCES person,
	valid_to date,
	problem text REFERENCES problem,
	known_error text REFERENCES known_error,
	reviewed_at date,
	status text NOT NULL DEFAULT 'draft'
);
ALTER SEQUENCE knowledge_article_number_seq OWNED BY knowledge_article.number;
CREATE INDEX ON knowledge_article (service);
CREATE INDEX ON knowledge_article (ci);
CREATE INDEX ON knowledge_article (author);
CREATE INDEX ON knowledge_article (reviewer);
CREATE INDEX ON knowledge_article (approver);
CREATE INDEX ON knowledge_article (problem);
CREATE INDEX ON knowledge_article (known_error);
COMMENT ON TABLE knowledge_article IS 'What is worth knowing.';
COMMENT ON COLUMN knowledge_article.number IS 'Key: number of the record.';
COMMENT ON COLUMN knowledge_article.title IS 'Short title.';
COMMENT ON COLUMN knowledge_article.description IS 'More about it.';
COMMENT ON COLUMN knowledge_article.category IS 'Classification.';
COMMENT ON COLUMN knowledge_article.service IS 'The service.';
COMMENT ON COLUMN knowledge_article.ci IS 'The configuration item.';
COMMENT ON COLUMN knowledge_article.content IS 'The text, or where it is.';
COMMENT ON COLUMN knowledge_article.author IS 'Who wrote it.';
COMMENT ON COLUMN knowledge_article.reviewer IS 'Who reviews it.';
COMMENT ON COLUMN knowledge_article.approver IS 'Who approves.';
COMMENT ON COLUMN knowledge_article.valid_to IS 'Until when it holds.';
COMMENT ON COLUMN knowledge_article.problem IS 'The problem (key).';
COMMENT ON COLUMN knowledge_article.known_error IS 'The known error (key).';
COMMENT ON COLUMN knowledge_article.reviewed_at IS 'When it was reviewed last.';
COMMENT ON COLUMN knowledge_article.status IS 'State, by the lifecycle knowledge_article.';

ALTER TABLE problem ADD FOREIGN KEY (known_error) REFERENCES known_error;
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('problem', 'problem', 'problem', NULL, NULL),
	('problem', 'known_error', 'known_error', NULL, NULL),
	('problem', 'knowledge_article', 'knowledge_article', NULL, NULL);
