-- The reference model, part configuration: configuration items and their relationships, assets, verification of configuration information.

INSERT INTO itsm.model_part (name, position, requires, tables, description, definition) VALUES ('configuration', 19, '{organisation,service}',
	'{configuration_class,configuration_item,service_asset,configuration_audit,discrepancy,service_ci,ci_dependency,ci_component,ci_connection}', 'Configuration items and their relationships, assets, verification of configuration information.', $model$
CREATE TABLE configuration_class (
	name text PRIMARY KEY,
	description text,
	owner text NOT NULL REFERENCES person,
	verify_interval interval,
	status text NOT NULL DEFAULT 'current'
);
CREATE INDEX ON configuration_class (owner);
COMMENT ON TABLE configuration_class IS 'A class of configuration items, who answers for it, and how often it is verified.';
COMMENT ON COLUMN configuration_class.name IS 'Key: the short name by which all else refers to it.';
COMMENT ON COLUMN configuration_class.description IS 'What belongs to it.';
COMMENT ON COLUMN configuration_class.owner IS 'Who answers for it.';
COMMENT ON COLUMN configuration_class.verify_interval IS 'How often its items are verified; null: the control''s parameter.';
COMMENT ON COLUMN configuration_class.status IS 'State, by the lifecycle configuration_class.';

CREATE TABLE configuration_item (
	name text PRIMARY KEY,
	title text,
	description text,
	category text,
	service text REFERENCES service,
	class text NOT NULL REFERENCES configuration_class,
	owner text REFERENCES person,
	depends_on text[],
	supplier_reference text,
	location text,
	change text,
	incident text,
	data_bearing boolean,
	security_incident text,
	disposal_evidence text,
	obligations_settled boolean,
	no_service boolean,
	verified_at date,
	status text NOT NULL DEFAULT 'planned'
);
CREATE INDEX ON configuration_item (service);
CREATE INDEX ON configuration_item (class);
CREATE INDEX ON configuration_item (owner);
CREATE INDEX ON configuration_item (change);
CREATE INDEX ON configuration_item (incident);
CREATE INDEX ON configuration_item (security_incident);
COMMENT ON TABLE configuration_item IS 'Configuration items.';
COMMENT ON COLUMN configuration_item.name IS 'Key: the short name by which all else refers to it.';
COMMENT ON COLUMN configuration_item.title IS 'Short title.';
COMMENT ON COLUMN configuration_item.description IS 'More about it.';
COMMENT ON COLUMN configuration_item.category IS 'Classification.';
COMMENT ON COLUMN configuration_item.service IS 'The service that it belongs to before all others; service_ci has all.';
COMMENT ON COLUMN configuration_item.class IS 'Class.';
COMMENT ON COLUMN configuration_item.owner IS 'Who answers for it.';
COMMENT ON COLUMN configuration_item.depends_on IS 'Items (keys) that it depends on; kept by ci_dependency.';
COMMENT ON COLUMN configuration_item.supplier_reference IS 'Reference of the supplier.';
COMMENT ON COLUMN configuration_item.location IS 'Where it is.';
COMMENT ON COLUMN configuration_item.change IS 'The change (key) under which it is built, live or retired.';
COMMENT ON COLUMN configuration_item.incident IS 'The incident (key).';
COMMENT ON COLUMN configuration_item.data_bearing IS 'It bears data.';
COMMENT ON COLUMN configuration_item.security_incident IS 'The information security incident (key) about its loss.';
COMMENT ON COLUMN configuration_item.disposal_evidence IS 'What shows that it was disposed of.';
COMMENT ON COLUMN configuration_item.obligations_settled IS 'Nothing is owed for it any more.';
COMMENT ON COLUMN configuration_item.no_service IS 'True: it was decided that it belongs to no service. Else relationships or service say to which.';
COMMENT ON COLUMN configuration_item.verified_at IS 'When its information was verified last.';
COMMENT ON COLUMN configuration_item.status IS 'State, by the lifecycle configuration_item.';

CREATE TABLE service_asset (
	name text PRIMARY KEY,
	description text,
	title text,
	kind text,
	service text REFERENCES service,
	ci text REFERENCES configuration_item,
	owner text NOT NULL REFERENCES person,
	entitlement integer,
	deployed integer,
	obligation text,
	obligation_until date,
	obligation_decision text,
	status text NOT NULL DEFAULT 'current'
);
CREATE INDEX ON service_asset (service);
CREATE INDEX ON service_asset (ci);
CREATE INDEX ON service_asset (owner);
COMMENT ON TABLE service_asset IS 'An asset used to deliver services, and what is owed for it.';
COMMENT ON COLUMN service_asset.name IS 'Key: the short name by which all else refers to it.';
COMMENT ON COLUMN service_asset.description IS 'More about it.';
COMMENT ON COLUMN service_asset.title IS 'What it is called.';
COMMENT ON COLUMN service_asset.kind IS 'licence, hardware, software, information or another.';
COMMENT ON COLUMN service_asset.service IS 'The service that it is used for.';
COMMENT ON COLUMN service_asset.ci IS 'The configuration item that it is.';
COMMENT ON COLUMN service_asset.owner IS 'Who answers for it.';
COMMENT ON COLUMN service_asset.entitlement IS 'Of a licence: how many may be used.';
COMMENT ON COLUMN service_asset.deployed IS 'How many are used.';
COMMENT ON COLUMN service_asset.obligation IS 'What is owed: licence, warranty, support.';
COMMENT ON COLUMN service_asset.obligation_until IS 'Until when; null: without end.';
COMMENT ON COLUMN service_asset.obligation_decision IS 'What was decided about an obligation that has run out.';
COMMENT ON COLUMN service_asset.status IS 'State, by the lifecycle service_asset.';

CREATE SEQUENCE configuration_audit_number_seq START 1000001;
CREATE TABLE configuration_audit (
	number text PRIMARY KEY DEFAULT 'CAU' || nextval('configuration_audit_number_seq')::text,
	title text,
	description text,
	class text NOT NULL REFERENCES configuration_class,
	owner text REFERENCES person,
	planned_at date,
	held_at date,
	checked integer,
	result text,
	status text NOT NULL DEFAULT 'planned'
);
ALTER SEQUENCE configuration_audit_number_seq OWNED BY configuration_audit.number;
CREATE INDEX ON configuration_audit (class);
CREATE INDEX ON configuration_audit (owner);
COMMENT ON TABLE configuration_audit IS 'A verification of the configuration information of a class.';
COMMENT ON COLUMN configuration_audit.number IS 'Key: number of the record.';
COMMENT ON COLUMN configuration_audit.title IS 'Short title.';
COMMENT ON COLUMN configuration_audit.description IS 'More about it.';
COMMENT ON COLUMN configuration_audit.class IS 'The class.';
COMMENT ON COLUMN configuration_audit.owner IS 'Who verifies.';
COMMENT ON COLUMN configuration_audit.planned_at IS 'When it is due.';
COMMENT ON COLUMN configuration_audit.held_at IS 'When it was done.';
COMMENT ON COLUMN configuration_audit.checked IS 'How many items were checked.';
COMMENT ON COLUMN configuration_audit.result IS 'What was found.';
COMMENT ON COLUMN configuration_audit.status IS 'State, by the lifecycle configuration_audit.';

CREATE SEQUENCE discrepancy_number_seq START 1000001;
CREATE TABLE discrepancy (
	number text PRIMARY KEY DEFAULT 'DIS' || nextval('discrepancy_number_seq')::text,
	description text,
	title text,
	ci text NOT NULL REFERENCES configuration_item,
	audit text REFERENCES configuration_audit,
	unintended_change boolean,
	found_at date,
	owner text REFERENCES person,
	consequence text,
	change text,
	corrective_action text,
	action text,
	corrected_at date,
	status text NOT NULL DEFAULT 'found'
);
ALTER SEQUENCE discrepancy_number_seq OWNED BY discrepancy.number;
CREATE INDEX ON discrepancy (ci);
CREATE INDEX ON discrepancy (audit);
CREATE INDEX ON discrepancy (owner);
CREATE INDEX ON discrepancy (change);
CREATE INDEX ON discrepancy (corrective_action);
COMMENT ON TABLE discrepancy IS 'Configuration information and reality differ: found by a verification, or as an unintended change.';
COMMENT ON COLUMN discrepancy.number IS 'Key: number of the record.';
COMMENT ON COLUMN discrepancy.description IS 'More about it.';
COMMENT ON COLUMN discrepancy.title IS 'What differs.';
COMMENT ON COLUMN discrepancy.ci IS 'The configuration item.';
COMMENT ON COLUMN discrepancy.audit IS 'The verification that found it; null: found otherwise.';
COMMENT ON COLUMN discrepancy.unintended_change IS 'Reality was changed without a change.';
COMMENT ON COLUMN discrepancy.found_at IS 'When it was found.';
COMMENT ON COLUMN discrepancy.owner IS 'Who sees to it.';
COMMENT ON COLUMN discrepancy.consequence IS 'What it means, as reviewed.';
COMMENT ON COLUMN discrepancy.change IS 'The change (key) that puts it right.';
COMMENT ON COLUMN discrepancy.corrective_action IS 'The corrective action (key).';
COMMENT ON COLUMN discrepancy.action IS 'What is done about it.';
COMMENT ON COLUMN discrepancy.corrected_at IS 'When it was put right.';
COMMENT ON COLUMN discrepancy.status IS 'State, by the lifecycle discrepancy.';

CREATE TABLE service_ci (
	service text NOT NULL REFERENCES service,
	ci text NOT NULL REFERENCES configuration_item,
	PRIMARY KEY (service, ci)
);
CREATE INDEX ON service_ci (ci);
COMMENT ON TABLE service_ci IS 'Which configuration items a service consists of; service.cis follows it.';
COMMENT ON COLUMN service_ci.service IS 'The service.';
COMMENT ON COLUMN service_ci.ci IS 'The configuration item that supports it.';

CREATE TABLE ci_dependency (
	ci text NOT NULL REFERENCES configuration_item,
	depends_on text NOT NULL REFERENCES configuration_item,
	PRIMARY KEY (ci, depends_on)
);
CREATE INDEX ON ci_dependency (depends_on);
COMMENT ON TABLE ci_dependency IS 'Which configuration item depends on which; configuration_item.depends_on follows it.';
COMMENT ON COLUMN ci_dependency.ci IS 'The item that depends on another.';
COMMENT ON COLUMN ci_dependency.depends_on IS 'The item that it depends on.';

CREATE TABLE ci_component (
	ci text NOT NULL REFERENCES configuration_item,
	part_of text NOT NULL REFERENCES configuration_item,
	PRIMARY KEY (ci, part_of)
);
CREATE INDEX ON ci_component (part_of);
COMMENT ON TABLE ci_component IS 'Which configuration item is a part of which.';
COMMENT ON COLUMN ci_component.ci IS 'The part.';
COMMENT ON COLUMN ci_component.part_of IS 'The whole.';

CREATE TABLE ci_connection (
	ci text NOT NULL REFERENCES configuration_item,
	connects_to text NOT NULL REFERENCES configuration_item,
	PRIMARY KEY (ci, connects_to)
);
CREATE INDEX ON ci_connection (connects_to);
COMMENT ON TABLE ci_connection IS 'Which configuration items are connected.';
COMMENT ON COLUMN ci_connection.ci IS 'The one.';
COMMENT ON COLUMN ci_connection.connects_to IS 'The other.';

CREATE FUNCTION follow_service_ci() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $follow$
BEGIN
	EXECUTE format('UPDATE %1$I.service s SET cis = ARRAY(SELECT l.ci FROM %1$I.service_ci l WHERE l.service = s.name ORDER BY l.ci)
		WHERE s.name IN ($1, $2)', TG_TABLE_SCHEMA) USING OLD.service, NEW.service;
	RETURN NULL;
END $follow$;
COMMENT ON FUNCTION follow_service_ci() IS 'Keeps service.cis in step with service_ci.';
CREATE TRIGGER follow AFTER INSERT OR UPDATE OR DELETE ON service_ci FOR EACH ROW EXECUTE FUNCTION follow_service_ci();

CREATE FUNCTION follow_ci_dependency() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $follow$
BEGIN
	EXECUTE format('UPDATE %1$I.configuration_item c SET depends_on = ARRAY(SELECT l.depends_on FROM %1$I.ci_dependency l WHERE l.ci = c.name ORDER BY l.depends_on)
		WHERE c.name IN ($1, $2)', TG_TABLE_SCHEMA) USING OLD.ci, NEW.ci;
	RETURN NULL;
END $follow$;
COMMENT ON FUNCTION follow_ci_dependency() IS 'Keeps configuration_item.depends_on in step with ci_dependency.';
CREATE TRIGGER follow AFTER INSERT OR UPDATE OR DELETE ON ci_dependency FOR EACH ROW EXECUTE FUNCTION follow_ci_dependency();
$model$);

INSERT INTO itsm.model_attachment (part, relation, lifecycle, filter, attributes) VALUES
	('configuration', 'configuration_class', 'configuration_class', NULL, '{"title": "name"}'),
	('configuration', 'configuration_item', 'configuration_item', NULL, '{"number": "name", "title": "coalesce(title, name)"}'),
	('configuration', 'service_asset', 'service_asset', NULL, '{"title": "coalesce(title, name)"}'),
	('configuration', 'configuration_audit', 'configuration_audit', NULL, NULL),
	('configuration', 'discrepancy', 'discrepancy', NULL, NULL);
