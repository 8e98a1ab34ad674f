-- The reference model, part budget: budgets, costs and forecasts.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('budget', 10, '{organisation,service}',
	'{budget}', 'Budgets, costs and forecasts.', $model$
CREATE SEQUENCE budget_number_seq START 1000001;
CREATE TABLE budget (
	number text PRIMARY KEY DEFAULT 'BUD' || nextval('budget_number_seq')::text,
	description text,
	service text NOT NULL REFERENCES service,
	period_start date,
	period_end date,
	currency text,
	budget numeric,
	actual numeric,
	forecast numeric,
	owner text REFERENCES person,
	decision text,
	decided_by text REFERENCES person,
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE budget_number_seq OWNED BY budget.number;
CREATE INDEX ON budget (service);
CREATE INDEX ON budget (owner);
CREATE INDEX ON budget (decided_by);
COMMENT ON TABLE budget IS 'Budget, cost and forecast of a service in a period.';
COMMENT ON COLUMN budget.number IS 'Key: number of the record.';
COMMENT ON COLUMN budget.description IS 'More about it.';
COMMENT ON COLUMN budget.service IS 'The service.';
COMMENT ON COLUMN budget.period_start IS 'First day of the period.';
COMMENT ON COLUMN budget.period_end IS 'First day after it.';
COMMENT ON COLUMN budget.currency IS 'Currency.';
COMMENT ON COLUMN budget.budget IS 'Budget.';
COMMENT ON COLUMN budget.actual IS 'Cost so far.';
COMMENT ON COLUMN budget.forecast IS 'Cost expected for the period.';
COMMENT ON COLUMN budget.owner IS 'Who answers for it.';
COMMENT ON COLUMN budget.decision IS 'What was decided about a deviation.';
COMMENT ON COLUMN budget.decided_by IS 'By whom.';
COMMENT ON COLUMN budget.status IS 'State, by the lifecycle budget.';
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('budget', 'budget', 'budget', NULL, NULL);
