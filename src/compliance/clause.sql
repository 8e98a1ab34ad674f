-- Clauses that controls are bound to: numbers, short titles, and what has to be documented, in words of our own.

CREATE TABLE itsm.clause (
	framework text COLLATE "C" NOT NULL,
	clause text COLLATE "C" NOT NULL,
	ordinal integer NOT NULL,
	parent text COLLATE "C",
	leaf boolean NOT NULL,
	title text NOT NULL,
	documented text COLLATE "C",
	information text,
	shipped boolean NOT NULL,
	PRIMARY KEY (framework, clause)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.clause', 'WHERE NOT shipped');

COMMENT ON TABLE itsm.clause IS 'Clauses of a framework, a tree. Those of ISO/IEC 20000-1:2018 (framework iso20000) come with the extension; itsm.define_clause adds those of others.';
COMMENT ON COLUMN itsm.clause.framework IS 'The standard or set of rules: iso20000, or one of the organisation''s choice.';
COMMENT ON COLUMN itsm.clause.clause IS 'Number of the clause.';
COMMENT ON COLUMN itsm.clause.ordinal IS 'Its place in the order of the framework.';
COMMENT ON COLUMN itsm.clause.parent IS 'The clause that it is a part of; null: none.';
COMMENT ON COLUMN itsm.clause.leaf IS 'It has no parts of its own.';
COMMENT ON COLUMN itsm.clause.title IS 'Short title.';
COMMENT ON COLUMN itsm.clause.documented IS 'What has to be kept for it: document, record, document+record, or derived (nothing that is named, but something that shows it); null: nothing of its own.';
COMMENT ON COLUMN itsm.clause.information IS 'What that is.';
COMMENT ON COLUMN itsm.clause.shipped IS 'Came with the extension, so that a dump leaves it out.';

GRANT SELECT ON itsm.clause TO PUBLIC;

INSERT INTO itsm.clause (framework, clause, ordinal, parent, leaf, title, documented, information, shipped)
SELECT 'iso20000', c.clause, c.ordinal, c.parent, c.documented IS NOT NULL, c.title, c.documented, c.information, true
FROM (VALUES
	('4', 1, NULL, 'Context of the organization', NULL, NULL),
	('4.1', 2, '4', 'Understanding the organization and its context', 'derived', 'Context register (2024 amendment: whether climate change is relevant).'),
	('4.2', 3, '4', 'Understanding the needs and expectations of interested parties', 'derived', 'Interested-party register with their requirements.'),
	('4.3', 4, '4', 'Determining the scope of the SMS', 'document', 'SMS scope statement.'),
	('4.4', 5, '4', 'Service management system', 'document', 'Process descriptions of the SMS.'),
	('5', 6, NULL, 'Leadership', NULL, NULL),
	('5.1', 7, '5', 'Leadership and commitment', 'derived', 'Assignments, resource decisions, management-review decisions.'),
	('5.2', 8, '5', 'Policy', NULL, NULL),
	('5.2.1', 9, '5.2', 'Establishing the service management policy', 'document', 'Service management policy.'),
	('5.2.2', 10, '5.2', 'Communicating the service management policy', 'document', 'Policy available and communicated.'),
	('5.3', 11, '5', 'Organizational roles, responsibilities and authorities', 'derived', 'Role matrix.'),
	('6', 12, NULL, 'Planning', NULL, NULL),
	('6.1', 13, '6', 'Actions to address risks and opportunities', NULL, NULL),
	('6.1.1', 14, '6.1', 'Risks and opportunities - determine', 'document', 'Risks of the SMS and services, of not meeting requirements, of other parties.'),
	('6.1.2', 15, '6.1', 'Risks and opportunities - criteria and approach', 'document', 'Risk criteria, acceptance criteria, approach.'),
	('6.1.3', 16, '6.1', 'Risks and opportunities - plan actions', 'document', 'Treatment actions, priority, effectiveness.'),
	('6.2', 17, '6', 'Objectives and planning to achieve them', NULL, NULL),
	('6.2.1', 18, '6.2', 'Establish objectives', 'document', 'Service management objectives.'),
	('6.2.2', 19, '6.2', 'Plan to achieve objectives', 'derived', 'What/who/when/resources/how evaluated.'),
	('6.3', 20, '6', 'Plan the service management system', 'document', 'Service management plan.'),
	('7', 21, NULL, 'Support of the SMS', NULL, NULL),
	('7.1', 22, '7', 'Resources', 'derived', 'Resource plan.'),
	('7.2', 23, '7', 'Competence', 'record', 'Evidence of competence.'),
	('7.3', 24, '7', 'Awareness', 'derived', 'Awareness participation.'),
	('7.4', 25, '7', 'Communication', 'derived', 'Communication plan (what/when/whom/how/who).'),
	('7.5', 26, '7', 'Documented information', NULL, NULL),
	('7.5.1', 27, '7.5', 'Documented information - general', 'derived', 'Document register.'),
	('7.5.2', 28, '7.5', 'Creating and updating', 'derived', 'Identification, format, review, approval.'),
	('7.5.3', 29, '7.5', 'Control of documented information', 'derived', 'Availability, protection, version, retention, disposition, external documents.'),
	('7.5.4', 30, '7.5', 'SMS documented information', 'document+record', 'The list of mandatory documents and records.'),
	('7.6', 31, '7', 'Knowledge', 'derived', 'Usable, available knowledge.'),
	('8', 32, NULL, 'Operation of the SMS', NULL, NULL),
	('8.1', 33, '8', 'Operational planning and control', 'record', 'Evidence that processes run as planned; control of planned changes; consequences of unintended changes reviewed.'),
	('8.2', 34, '8', 'Service portfolio', NULL, NULL),
	('8.2.1', 35, '8.2', 'Service delivery', 'derived', 'Services delivered as agreed.'),
	('8.2.2', 36, '8.2', 'Plan the services', 'document', 'Service requirements; criticality; dependencies and duplication; prioritised change and new-service proposals.'),
	('8.2.3', 37, '8.2', 'Control of parties involved in the service lifecycle', NULL, NULL),
	('8.2.3.1', 38, '8.2.3', 'Control of parties - select, evaluate, retain accountability', 'document', 'Which services, components, processes (or parts) other parties provide or operate.'),
	('8.2.3.2', 39, '8.2.3', 'Control of parties - controls applied', 'record', 'Measurement and evaluation of those processes/components.'),
	('8.2.4', 40, '8.2', 'Service catalogue management', 'document', 'Service catalogue(s): service, intended outcome, dependencies.'),
	('8.2.5', 41, '8.2', 'Asset management', 'derived', 'Assets managed against obligations.'),
	('8.2.6', 42, '8.2', 'Configuration management', 'record', 'Configuration information, CI types, relations, audit of it.'),
	('8.3', 43, '8', 'Relationship and agreement', NULL, NULL),
	('8.3.1', 44, '8.3', 'Relationship and agreement - general', 'derived', 'Model of parties and agreements.'),
	('8.3.2', 45, '8.3', 'Business relationship management', 'document+record', 'Customers, users, interested parties documented; satisfaction; complaints.'),
	('8.3.3', 46, '8.3', 'Service level management', 'document', 'SLA(s) with targets, workload limits, exceptions.'),
	('8.3.4', 47, '8.3', 'Supplier management', NULL, NULL),
	('8.3.4.1', 48, '8.3.4', 'Management of external suppliers', 'document+record', 'Contracts; performance against them; disputes.'),
	('8.3.4.2', 49, '8.3.4', 'Management of internal suppliers and customers acting as a supplier', 'document', 'Agreements with targets.'),
	('8.4', 50, '8', 'Supply and demand', NULL, NULL),
	('8.4.1', 51, '8.4', 'Budgeting and accounting for services', 'derived', 'Budget, actuals, forecast, decisions.'),
	('8.4.2', 52, '8.4', 'Demand management', 'derived', 'Demand, consumption monitoring.'),
	('8.4.3', 53, '8.4', 'Capacity management', 'document', 'Capacity requirements and plan.'),
	('8.5', 54, '8', 'Service design, build and transition', NULL, NULL),
	('8.5.1', 55, '8.5', 'Change management', NULL, NULL),
	('8.5.1.1', 56, '8.5.1', 'Change management policy', 'document', 'Change management policy: what is controlled, categories incl. emergency, criteria for major impact.'),
	('8.5.1.2', 57, '8.5.1', 'Change management initiation', 'record', 'Requests for change: recorded, classified, routed.'),
	('8.5.1.3', 58, '8.5.1', 'Change management activities', 'record', 'Approval with risk/benefit/feasibility/impact; schedule communicated; backout; success reviewed; trends analysed.'),
	('8.5.2', 59, '8.5', 'Service design and transition', NULL, NULL),
	('8.5.2.1', 60, '8.5.2', 'Plan new or changed services', 'document', 'Plan: resources, dependencies, tests, acceptance, timescales.'),
	('8.5.2.2', 61, '8.5.2', 'Design', 'document', 'Design of the new or changed service.'),
	('8.5.2.3', 62, '8.5.2', 'Build and transition', 'record', 'Test against requirements, acceptance before live, report of outcomes.'),
	('8.5.3', 63, '8.5', 'Release and deployment management', 'document+record', 'Release types and plan; acceptance criteria; success/failure measured; baseline of CIs before.'),
	('8.6', 64, '8', 'Resolution and fulfilment', NULL, NULL),
	('8.6.1', 65, '8.6', 'Incident management', 'document+record', 'Incidents; major-incident procedure/criteria; classification, priority, escalation, resolution, closure.'),
	('8.6.2', 66, '8.6', 'Service request management', 'record', 'Service requests and fulfilment instructions.'),
	('8.6.3', 67, '8.6', 'Problem management', 'record', 'Problems, root cause, known errors, resolution through change.'),
	('8.7', 68, '8', 'Service assurance', NULL, NULL),
	('8.7.1', 69, '8.7', 'Service availability management', 'document+record', 'Risks assessed; requirements and targets; monitored results, unplanned loss investigated.'),
	('8.7.2', 70, '8.7', 'Service continuity management', 'document+record', 'Risks; continuity plan(s) incl. invocation, targets, continuing operation, return to normal; test results.'),
	('8.7.3', 71, '8.7', 'Information security management', NULL, NULL),
	('8.7.3.1', 72, '8.7.3', 'Information security policy', 'document', 'Information security policy approved at the right level.'),
	('8.7.3.2', 73, '8.7.3', 'Information security controls', 'record', 'Risk-based controls, monitored for effectiveness; controls agreed with outside parties.'),
	('8.7.3.3', 74, '8.7.3', 'Information security incidents', 'record', 'Information security incidents, analysed by type/volume/impact.'),
	('9', 75, NULL, 'Performance evaluation', NULL, NULL),
	('9.1', 76, '9', 'Monitoring, measurement, analysis and evaluation', 'record', 'What/how/when measured; results.'),
	('9.2', 77, '9', 'Internal audit', NULL, NULL),
	('9.2.1', 78, '9.2', 'Internal audit - purpose', 'record', 'Internal audits at planned intervals.'),
	('9.2.2', 79, '9.2', 'Internal audit - programme', 'record', 'Audit programme, criteria, scope, impartial auditors, results reported.'),
	('9.3', 80, '9', 'Management review', 'record', 'Review inputs considered and decisions.'),
	('9.4', 81, '9', 'Service reporting', 'derived', 'Reports with purpose, audience, frequency, source; actions and decisions.'),
	('10', 82, NULL, 'Improvement', NULL, NULL),
	('10.1', 83, '10', 'Nonconformity and corrective action', 'record', 'Nonconformities, causes, actions, effectiveness.'),
	('10.2', 84, '10', 'Continual improvement', 'record', 'Opportunities, evaluation criteria, approval, targets, result.')
) AS c(clause, ordinal, parent, title, documented, information);

CREATE FUNCTION itsm.define_clause(clause text, title text, parent text DEFAULT NULL, framework text DEFAULT 'iso20000', documented text DEFAULT NULL, information text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_clause' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_clause(text, text, text, text, text, text) IS
'Makes a clause of a framework of the organisation''s choice, or titles one anew; in the order in which they are made. parent: the clause that it is a part of, which must exist; documented: document, record, document+record, derived or null. Those of iso20000 come with the extension and stay as they are. For the DBA to grant.';
REVOKE ALL ON FUNCTION itsm.define_clause(text, text, text, text, text, text) FROM PUBLIC;
