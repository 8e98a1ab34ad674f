-- The documents and records that ISO/IEC 20000-1 asks for by name: what they are, where
-- they live, and the control that tells of them.

CREATE TABLE itsm.required_document (
	number text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	title text NOT NULL,
	clause text COLLATE "C" NOT NULL,
	section text COLLATE "C",
	same_as text COLLATE "C",
	control text COLLATE "C" NOT NULL,
	PRIMARY KEY (number, kind)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.required_document', 'WHERE false');

COMMENT ON TABLE itsm.required_document IS 'Documents that must exist. Comes with the extension, so that a dump leaves it out.';
COMMENT ON COLUMN itsm.required_document.number IS 'D01 to D25; two documents may share a number.';
COMMENT ON COLUMN itsm.required_document.kind IS 'Kind of document: canonical attribute kind of records of the process document.';
COMMENT ON COLUMN itsm.required_document.title IS 'What it is.';
COMMENT ON COLUMN itsm.required_document.clause IS 'Clause that asks for it.';
COMMENT ON COLUMN itsm.required_document.section IS 'It is this section of such a document (canonical attribute sections), not one of its own; null: a document.';
COMMENT ON COLUMN itsm.required_document.same_as IS 'It is the same as the one of that number; null: none is.';
COMMENT ON COLUMN itsm.required_document.control IS 'Control that tells of it.';

INSERT INTO itsm.required_document (number, kind, title, clause, section, same_as, control) VALUES
	('D01', 'scope', 'Scope of the management system', '4.3', NULL, NULL, '4.3-1'),
	('D02', 'sm_plan', 'Service management plan', '6.3', NULL, NULL, '6.3-1'),
	('D03', 'continuity_plan', 'Service continuity plan', '8.7.2', NULL, NULL, '8.7.2-1'),
	('D04', 'process_description', 'Processes of the management system', '4.4', NULL, NULL, '4.4-1'),
	('D05', 'service_requirements', 'Service requirements', '8.2.2', NULL, NULL, '8.2.2-1'),
	('D06', 'supplier_contract', 'Contract with an external supplier', '8.3.4.1', NULL, NULL, '8.3.4-1'),
	('D07', 'other_party_components', 'Services and components that other parties provide or operate', '8.2.3.1', NULL, NULL, '8.2.3-1'),
	('D08', 'release_acceptance_criteria', 'Acceptance criteria of releases', '8.5.3', NULL, NULL, '8.5.3-3'),
	('D09', 'major_incident_procedure', 'Procedure for major incidents, and what makes one', '8.6.1', NULL, NULL, '8.6.1-2'),
	('D10', 'continuity_plan', 'Return to normal working after a disruption', '8.7.2', 'return_to_normal', NULL, '8.7.2-1'),
	('D11', 'capacity_requirements', 'Capacity requirements', '8.4.3', NULL, NULL, '8.4.3-1'),
	('D12', 'risk_approach', 'How risks of the management system are assessed and managed', '6.1.2', NULL, NULL, '6.1-2'),
	('D13', 'sm_policy', 'Service management policy', '5.2.1', NULL, NULL, '5.2-1'),
	('D13', 'objectives', 'Service management objectives', '6.2.1', NULL, NULL, '6.2-1'),
	('D14', 'change_policy', 'Change management policy', '8.5.1.1', NULL, NULL, '8.5.1-1'),
	('D15', 'process_description', 'Processes of the management system, named again', '4.4', NULL, 'D04', '4.4-1'),
	('D16', 'service_catalogue', 'Service catalogue', '8.2.4', NULL, NULL, '8.2.4-1'),
	('D17', 'other_party_processes', 'Processes, or parts of them, that other parties operate', '8.2.3.1', NULL, NULL, '8.2.3-1'),
	('D18', 'service_risks', 'Risks for continuity, availability and information security', '6.1.1', NULL, NULL, '6.1-1'),
	('D19', 'continuity_plan', 'Going on during a major loss of service', '8.7.2', 'continuing_operation', NULL, '8.7.2-1'),
	('D20', 'service_design', 'Design of new or changed services', '8.5.2.2', NULL, NULL, '8.5.2-2'),
	('D21', 'availability_requirements', 'Availability requirements and targets', '8.7.1', NULL, NULL, '8.7.1-1'),
	('D22', 'interested_parties', 'Customers, users and other interested parties', '8.3.2', NULL, NULL, '8.3.2-1'),
	('D23', 'sla', 'Service level agreements', '8.3.3', NULL, NULL, '8.3.3-1'),
	('D24', 'infosec_policy', 'Information security policy', '8.7.3.1', NULL, NULL, '8.7.3-1'),
	('D25', 'internal_agreement', 'Agreements with internal suppliers and with customers who act as suppliers', '8.3.4.2', NULL, NULL, '8.3.4-7');

CREATE TABLE itsm.required_record (
	number text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	title text NOT NULL,
	clause text COLLATE "C" NOT NULL,
	process text COLLATE "C" NOT NULL,
	attribute text COLLATE "C",
	value text COLLATE "C",
	control text COLLATE "C" NOT NULL,
	PRIMARY KEY (number)
) USING heap;
CREATE UNIQUE INDEX required_record_kind_idx ON itsm.required_record (kind);
SELECT pg_catalog.pg_extension_config_dump('itsm.required_record', 'WHERE false');

COMMENT ON TABLE itsm.required_record IS 'Records that must be kept. Comes with the extension, so that a dump leaves it out.';
COMMENT ON COLUMN itsm.required_record.number IS 'R01 to R18.';
COMMENT ON COLUMN itsm.required_record.kind IS 'Short name; what a nil return names.';
COMMENT ON COLUMN itsm.required_record.title IS 'What they are.';
COMMENT ON COLUMN itsm.required_record.clause IS 'Clause that asks for them.';
COMMENT ON COLUMN itsm.required_record.process IS 'Process of such records.';
COMMENT ON COLUMN itsm.required_record.attribute IS 'Only records of which this canonical attribute has the value; null: all of the process.';
COMMENT ON COLUMN itsm.required_record.value IS 'That value, as text.';
COMMENT ON COLUMN itsm.required_record.control IS 'Control that tells of them.';

INSERT INTO itsm.required_record (number, kind, title, clause, process, attribute, value, control) VALUES
	('R01', 'availability_result', 'Results of monitoring availability', '8.7.1', 'measurement', 'kind', 'availability', '8.7.1-2'),
	('R02', 'request_for_change', 'Requests for change', '8.5.1.2', 'change', NULL, NULL, '8.5.1-2'),
	('R03', 'configuration', 'Configuration information', '8.2.6', 'configuration_item', NULL, NULL, '8.2.6-1'),
	('R04', 'competence', 'Evidence of competence', '7.2', 'competence', NULL, NULL, '7.2-1'),
	('R05', 'service_request', 'Service requests', '8.6.2', 'service_request', NULL, NULL, '8.6.2-1'),
	('R06', 'problem', 'Problems', '8.6.3', 'problem', NULL, NULL, '8.6.3-2'),
	('R07', 'known_error', 'Known errors', '8.6.3', 'known_error', NULL, NULL, '8.6.3-3'),
	('R08', 'security_incident', 'Information security incidents', '8.7.3.3', 'incident', 'security', 't', '8.7.3-4'),
	('R09', 'audit_programme', 'Programmes of internal audits', '9.2.2', 'audit_programme', NULL, NULL, '9.2-1'),
	('R10', 'corrective_action', 'Results of corrective actions', '10.1', 'corrective_action', NULL, NULL, '10.1-1'),
	('R11', 'management_review', 'Results of management reviews', '9.3', 'management_review', NULL, NULL, '9.3-2'),
	('R12', 'dispute', 'Disputes with external suppliers', '8.3.4.1', 'dispute', NULL, NULL, '8.3.4-4'),
	('R13', 'incident', 'Incidents', '8.6.1', 'incident', NULL, NULL, '8.6.1-1'),
	('R14', 'complaint', 'Service complaints', '8.3.2', 'complaint', NULL, NULL, '8.3.2-4'),
	('R15', 'continuity_test', 'Results of tests of continuity plans', '8.7.2', 'continuity_test', NULL, NULL, '8.7.2-3'),
	('R16', 'audit', 'Results of internal audits', '9.2.2', 'audit', NULL, NULL, '9.2-2'),
	('R17', 'improvement', 'Opportunities for improvement', '10.2', 'improvement', NULL, NULL, '10.2-1'),
	('R18', 'measurement', 'Results of monitoring and measurement', '9.1', 'measurement', NULL, NULL, '9.1-1');

-- What has to exist tells nothing of what does.
GRANT SELECT ON itsm.required_document, itsm.required_record TO PUBLIC;

-- What a document would say may be kept as records of its own: requirements, contracts, SLAs, ...
CREATE VIEW itsm.kept_as_records AS
	WITH kept(kind, section, process, attribute, value) AS (VALUES
		('continuity_plan', NULL, 'continuity_plan', NULL, NULL), ('continuity_plan', 'continuing_operation', 'continuity_plan', 'procedures', NULL),
		('continuity_plan', 'return_to_normal', 'continuity_plan', 'return_to_normal', NULL), ('service_requirements', NULL, 'requirement', 'kind', 'service'),
		('supplier_contract', NULL, 'contract', NULL, NULL), ('other_party_components', NULL, 'service_party', 'component', NULL), ('other_party_processes', NULL, 'service_party', 'process', NULL),
		('capacity_requirements', NULL, 'requirement', 'kind', 'capacity'), ('service_catalogue', NULL, 'catalogue_item', NULL, NULL), ('objectives', NULL, 'objective', NULL, NULL),
		('availability_requirements', NULL, 'requirement', 'kind', 'availability'), ('interested_parties', NULL, 'party', NULL, NULL), ('sla', NULL, 'agreement', 'kind', 'sla'),
		('internal_agreement', NULL, 'agreement', 'kind', 'ola'), ('internal_agreement', NULL, 'agreement', 'kind', 'customer_as_supplier'),
		('release_acceptance_criteria', NULL, 'release', 'acceptance_criteria', NULL), ('service_design', NULL, 'service', 'design', NULL), ('service_risks', NULL, 'risk', 'assessed_at', NULL))
	SELECT q.number, q.kind, k.process
	FROM itsm.required_document q
		JOIN kept k ON k.kind OPERATOR(pg_catalog.=) q.kind AND k.section IS NOT DISTINCT FROM q.section
	WHERE EXISTS (
		SELECT FROM itsm.seen_projection r
		WHERE NOT r.deleted AND r.process OPERATOR(pg_catalog.=) k.process AND r.category OPERATOR(pg_catalog.=) ANY (ARRAY['active', 'waiting', 'resolved'])
			AND (k.attribute IS NULL OR CASE WHEN k.value IS NULL THEN (r.extra OPERATOR(pg_catalog.->>) k.attribute) OPERATOR(pg_catalog.<>) ''
				ELSE (r.extra OPERATOR(pg_catalog.->>) k.attribute) OPERATOR(pg_catalog.=) k.value END));
REVOKE ALL ON itsm.kept_as_records FROM PUBLIC;
COMMENT ON VIEW itsm.kept_as_records IS 'Documents that must exist whose content is kept as current records of its own.';
COMMENT ON COLUMN itsm.kept_as_records.number IS 'Number of what is asked for, D01 to D25.';
COMMENT ON COLUMN itsm.kept_as_records.kind IS 'Kind of document.';
COMMENT ON COLUMN itsm.kept_as_records.process IS 'Process of the records.';
