-- Policies, processes and people: what the management system rests on.
-- Included by three_years.sql.

INSERT INTO provider.process (name, title, owner, clauses, criteria, record_process, operated_by)
SELECT name || ' management', initcap(name) || ' management', owner, ARRAY[clause], criteria, record, 'self' FROM (VALUES
	('requirement', 'bernd', '8.2.2', 'requirements are agreed', 'requirement'), ('lifecycle party', 'lars', '8.2.3', 'parties are evaluated', 'service_party'), ('catalogue', 'carla', '8.2.4', 'the catalogue is right', 'catalogue_item'),
	('asset', 'eva', '8.2.5', 'assets have owners', 'service_asset'), ('configuration', 'eva', '8.2.6', 'what is written down is there', 'configuration_item'), ('relationship', 'bernd', '8.3.2', 'customers are content', 'performance_review'),
	('service level', 'bernd', '8.3.3', 'targets are met', 'agreement'), ('supplier', 'lars', '8.3.4', 'suppliers deliver', 'contract'), ('budget', 'lars', '8.4.1', 'costs are within the budget', 'budget'), ('demand', 'bernd', '8.4.2', 'demand is known', 'demand'),
	('capacity', 'hans', '8.4.3', 'there is enough', 'capacity'), ('change', 'dirk', '8.5.1', 'changes succeed', 'change'), ('transition', 'bernd', '8.5.2', 'services begin as planned', 'service'), ('release', 'ines', '8.5.3', 'releases succeed', 'release'),
	('incident', 'carla', '8.6.1', 'incidents are solved in time', 'incident'), ('request', 'carla', '8.6.2', 'requests are fulfilled in time', 'service_request'), ('problem', 'frank', '8.6.3', 'causes are removed', 'problem'),
	('availability', 'hans', '8.7.1', 'services are there', 'outage'), ('continuity', 'gitta', '8.7.2', 'plans work', 'continuity_test'), ('security', 'gitta', '8.7.3', 'information is safe', 'security_control')) AS v(name, owner, clause, criteria, record);

-- versions: of three years ago, of two, and of now
INSERT INTO provider.document (id, number, document_version, title, kind, owner, author, reviewer, approver, approved_at, effective_from, next_review, content, sections, services, organisation_units, process, change, origin, distribution, medium, required_by, mandatory, alternate_location, status)
SELECT number || '-v' || version, number, version::text, title, kind, owner, author, 'carla', 'anna', story.ago(at), story.ago(at), story.ago(at - interval '12 months'), 'In the wiki.', sections, services, units, process,
	CASE WHEN version = 3 THEN 'CHG-REVIEW' END, 'internal', 'everybody', 'electronic', CASE WHEN kind IN ('desk_manual', 'glossary') THEN 'organisation' ELSE 'standard' END, kind NOT IN ('desk_manual', 'glossary'), 'the safe in the harbour', CASE WHEN version = 3 THEN 'effective' ELSE 'superseded' END
FROM (VALUES (1, interval '33 months'), (2, '20 months'), (3, '145 days')) AS w(version, at),
	(SELECT v.*, NULL::text AS process FROM (VALUES
		('SCO-1', 'Scope of the management system', 'scope', 'bernd', 'bernd', '{}'::text[], '{mail,network,workplace,orders,telephony,file sharing}'::text[], '{services,operations,service desk}'::text[]),
		('PLA-1', 'Service management plan', 'sm_plan', 'bernd', 'bernd', '{services,constraints,authorities,resources,other_parties,technology,measurement}', NULL, NULL),
		('POL-1', 'Service management policy', 'sm_policy', 'bernd', 'bernd', NULL, NULL, NULL), ('OBJ-1', 'Service management objectives', 'objectives', 'bernd', 'bernd', NULL, NULL, NULL),
		('RSK-1', 'How we deal with risks', 'risk_approach', 'gitta', 'gitta', NULL, NULL, NULL), ('CHG-1', 'Change policy', 'change_policy', 'dirk', 'dirk', '{controlled_objects,categories,emergency,major_impact}', NULL, NULL),
		('SEC-1', 'Information security policy', 'infosec_policy', 'gitta', 'gitta', NULL, NULL, NULL), ('MIP-1', 'Major incidents', 'major_incident_procedure', 'carla', 'bernd', NULL, NULL, NULL),
		('CAT-1', 'Service catalogue', 'service_catalogue', 'carla', 'bernd', NULL, NULL, NULL), ('CAP-1', 'Capacity plan', 'capacity_plan', 'hans', 'hans', NULL, NULL, NULL), ('AVA-1', 'Availability plan', 'availability_plan', 'hans', 'hans', NULL, NULL, NULL),
		('SEP-1', 'Security plan', 'security_plan', 'gitta', 'gitta', NULL, NULL, NULL), ('MAN-1', 'Manual of the service desk', 'desk_manual', 'carla', 'jens', NULL, NULL, NULL), ('OTH-1', 'What other parties operate: no process, nor a part of one', 'other_party_processes', 'lars', 'lars', NULL, NULL, NULL), ('GLO-1', 'Glossary', 'glossary', 'bernd', 'mona', NULL, NULL, NULL)) AS v(number, title, kind, owner, author, sections, services, units)
	UNION ALL
	SELECT 'PRO-' || 100 + row_number() OVER (ORDER BY name), 'Process ' || name, 'process_description', owner, CASE owner WHEN 'carla' THEN 'jens' ELSE owner END, NULL, NULL, NULL, name FROM provider.process) AS d
WHERE NOT (number = 'POL-1' AND version = 1);
UPDATE provider.document SET successor = number || '-v' || document_version::integer + 1 WHERE status = 'superseded';
UPDATE provider.document SET reviewer = 'dirk' WHERE author = 'carla' OR reviewer = author;
UPDATE provider.document SET plan = 'PLA-1-v3' WHERE kind IN ('capacity_plan', 'availability_plan', 'security_plan') AND status = 'effective';
SELECT story.tell('document', id, author, 'draft', (approved_at - interval '40 days')::text, 'in_review', (approved_at - interval '20 days')::text, 'approved', approved_at::text, 'effective', (approved_at + interval '1 hour')::text,
	'superseded', CASE document_version WHEN '1' THEN story.ago('20 months') WHEN '2' THEN story.ago('145 days') END::text)
FROM provider.document WHERE id NOT IN ('POL-1-v1', 'PRO-1-v1', 'REL-1-v1') \g /dev/null
-- what the new ones take the place of
UPDATE provider.document SET status = 'superseded', successor = 'POL-1-v2' WHERE id = 'POL-1-v1';
UPDATE provider.document SET status = 'withdrawn' WHERE id = 'PRO-1-v1';
UPDATE provider.document SET origin = 'internal', medium = 'electronic', required_by = 'standard', distribution = 'operations' WHERE id = 'REL-1-v1';
INSERT INTO provider.document (id, number, document_version, title, kind, owner, author, reviewer, approver, approved_at, effective_from, next_review, origin, distribution, medium, required_by, status)
VALUES ('EXT-1', 'EXT-1', '2024', 'Guideline of the data protection authority', 'guideline', 'gitta', 'the authority', 'bernd', 'gitta', story.ago('6 months'), story.ago('6 months'), story.ago('-6 months'), 'external', 'management, service desk', 'electronic', 'organisation', 'effective');
UPDATE provider.process AS p SET document = d.id FROM provider.document AS d WHERE d.process = p.name AND d.status = 'effective';

INSERT INTO provider.role (name, owner, top_management, responsibilities, required_competences, incompatible_with) VALUES
	('managing director', 'anna', true, 'the company', '{}', '{}'), ('service manager', 'anna', false, 'all services', '{service management}', '{}'), ('change manager', 'bernd', false, 'changes', '{service management}', '{}'),
	('incident manager', 'bernd', false, 'incidents', '{service management}', '{}'), ('security officer', 'anna', false, 'information security', '{information security}', '{}'), ('internal auditor', 'anna', false, 'internal audits', '{auditing}', '{change manager,incident manager}'),
	('agent', 'carla', false, 'calls', '{customer care}', '{}'), ('engineer', 'bernd', false, 'operation', '{operations}', '{}');
INSERT INTO provider.role_assignment (role, person, valid_from)
SELECT role, person, story.ago('36 months') FROM (VALUES ('managing director', 'anna'), ('service manager', 'bernd'), ('change manager', 'dirk'), ('incident manager', 'carla'), ('security officer', 'gitta'), ('internal auditor', 'mona'),
	('agent', 'jens'), ('agent', 'kira'), ('engineer', 'hans'), ('engineer', 'ines'), ('engineer', 'eva'), ('engineer', 'frank')) AS v(role, person);
UPDATE provider.role_assignment SET valid_from = story.ago('2 years') WHERE person = 'kira';
INSERT INTO provider.competence (person, competence, kind, mandatory, evidence, valid_from, valid_to)
SELECT person, competence, 'qualification', competence IN ('auditing', 'information security'), 'certificate in the file', story.ago('37 months'),
	-- that of the security officer ran out last month
	CASE person WHEN 'gitta' THEN story.ago('1 month') WHEN 'mona' THEN story.ago('-1 year') END
FROM (VALUES ('bernd', 'service management'), ('dirk', 'service management'), ('carla', 'service management'), ('gitta', 'information security'), ('mona', 'auditing'), ('jens', 'customer care'), ('kira', 'customer care'),
	('hans', 'operations'), ('ines', 'operations'), ('eva', 'operations'), ('frank', 'operations')) AS v(person, competence);
INSERT INTO provider.training (title, person, competence, planned_at, held_at, evaluation, evaluated_by, status)
SELECT 'Service management in practice', person, 'service management', story.ago(at), story.ago(at - interval '14 days'), CASE WHEN at > interval '24 months' AND person = 'frank' THEN NULL ELSE 'applied in daily work' END, 'bernd', 'evaluated'
FROM provider.role_assignment, unnest('{30 months,18 months,7 months}'::interval[]) AS at WHERE person <> 'bernd' AND role <> 'managing director';
SELECT story.tell('training', number, 'bernd', 'planned', (planned_at - 30)::text, 'held', held_at::text, 'evaluated', (held_at + 40)::text) FROM provider.training \g /dev/null

INSERT INTO provider.acknowledgement (person, document, at, contribution)
SELECT p.name, d.id, d.effective_from + interval '10 days', 'answers for what is theirs' FROM provider.person AS p, provider.document AS d WHERE p.status = 'current' AND d.number IN ('POL-1', 'OBJ-1') AND d.status = 'effective' AND p.name <> 'lars';
INSERT INTO provider.communication_plan (name, title, occasion, audience, method, owner, frequency) VALUES
	('news', 'News of the services', 'first week of a month', 'everybody', 'mail', 'bernd', '35 days'), ('policies', 'Policies and objectives', 'a new version', 'everybody', 'meeting', 'bernd', '1 year');
INSERT INTO provider.communication (plan, title, document, audience, at, method, communicated_by)
SELECT 'news', 'News of the services', NULL, '{all}'::text[], m, 'mail', 'bernd' FROM generate_series(story.start() + interval '12 months', story.now() - interval '5 days', interval '1 month') AS m
UNION ALL SELECT 'policies', title, id, '{all}'::text[], effective_from + interval '7 days', 'meeting', 'bernd' FROM provider.document WHERE kind IN ('sm_policy', 'infosec_policy', 'objectives') AND document_version <> '1';
INSERT INTO provider.context_issue (title, kind, owner, reviewed_at, decision, rationale) VALUES
	('Few engineers can be found', 'internal', 'anna', story.ago('3 months'), NULL, NULL), ('Prices of energy', 'external', 'anna', story.ago('3 months'), NULL, NULL), ('Law on data protection', 'external', 'gitta', story.ago('3 months'), NULL, NULL),
	('Climate change', 'climate', 'anna', story.ago('3 months'), 'yes', 'the computing centre stands behind a dike');
INSERT INTO provider.requirement (number, title, kind, service, agreed_by, approved_by, approved_at, reviewed_at, target, unit)
SELECT 'RQS-' || name, 'What is expected of ' || name, 'service', name, 'its customers', 'bernd', story.ago('30 months'), story.ago('4 months'), NULL, NULL FROM provider.service WHERE status = 'live'
UNION ALL SELECT 'RQA-' || name, 'Availability of ' || name, 'availability', name, 'its customers', 'bernd', story.ago('30 months'), story.ago('4 months'), 99.5, '%' FROM provider.service WHERE status = 'live';
INSERT INTO provider.requirement (title, kind, party, traces_to, traces_to_kind, agreed_by, approved_by, approved_at) VALUES
	('Orders are taken at any time', 'party', 'harbour authority', 'RQS-orders', 'requirement', 'harbour authority', 'bernd', story.ago('5 months')), ('Wards can always call', 'party', 'city clinic', 'RQS-telephony', 'requirement', 'city clinic', 'bernd', story.ago('5 months')),
	('Pupils are safe in the network', 'party', 'north school', 'RQS-network', 'requirement', 'north school', 'bernd', story.ago('5 months')), ('Breaches are told within 72 hours', 'party', 'data protection authority', '8.7.3-4', 'control', 'by law', 'gitta', story.ago('5 months')),
	('Work that can be planned', 'party', 'staff', '7.1-1', 'control', 'staff', 'anna', story.ago('5 months'));
INSERT INTO provider.resource (title, kind, process, service, owner, quantity, unit)
SELECT kind || ' resources', kind, process, service, 'lars', 1, 'as planned' FROM (SELECT name AS process, NULL AS service FROM provider.process UNION ALL SELECT NULL, name FROM provider.service WHERE status = 'live') AS x, unnest('{human,technical,information,financial}'::text[]) AS kind;
INSERT INTO provider.risk (number, title, kind, service, owner, likelihood, impact, score, decision, treatment, due, assessed_at, treated_at, effectiveness, effectiveness_checked_at, accepted_by, accepted_until, appetite, status)
SELECT 'RSK-' || name, 'Loss of ' || name, 'service', name, owner, 2, 3, 6, 'treat', 'a second one', story.ago('8 months'), story.ago('2 months'), story.ago('9 months'), 'works', story.ago('7 months'), NULL, NULL::date, NULL::integer, 'monitored' FROM provider.service WHERE status = 'live'
UNION ALL SELECT 'RSK-PHISHING', 'Passwords are given away', 'security', NULL, 'gitta', 3, 3, 9, 'treat', 'a second factor', story.ago('1 year'), story.ago('2 months'), story.ago('13 months'), 'fewer cases', story.ago('10 months'), NULL, NULL, NULL, 'monitored'
UNION ALL SELECT 'RSK-FLOOD', 'The dike breaks', 'continuity', NULL, 'anna', 1, 3, 3, 'accept', NULL, NULL, story.ago('2 months'), NULL, NULL, NULL, 'anna', story.ago('-10 months'), 4, 'accepted'
UNION ALL SELECT 'RSK-POWER', 'Only one power line', 'continuity', NULL, 'lars', 2, 3, 6, 'treat', 'a generator', story.ago('3 months'), story.ago('2 months'), NULL, NULL, NULL, NULL, NULL, NULL, 'in_treatment';
-- After major incidents the risk of the service was looked at again.
INSERT INTO provider.risk (number, title, kind, service, owner, likelihood, impact, score, decision, trigger, assessed_at, treated_at, effectiveness, effectiveness_checked_at, status)
SELECT 'RSK-' || number, 'Happens again: ' || title, 'service', service, 'frank', 2, 2, 4, 'treat', number, restored_at::date + 10, restored_at::date + 40, 'has not come back', restored_at::date + 60, 'closed'
FROM provider.major_incident WHERE restored_at BETWEEN story.now() - interval '13 months' AND story.now() - interval '2 months';
SELECT story.tell('risk', number, owner, 'identified', story.ago('20 months')::text, 'assessed', story.ago('19 months')::text, CASE status WHEN 'accepted' THEN 'accepted' ELSE 'in_treatment' END, story.ago('18 months')::text,
	'monitored', CASE status WHEN 'monitored' THEN story.ago('9 months') END::text) FROM provider.risk WHERE trigger IS NULL \g /dev/null
INSERT INTO provider.retention_rule (description, process, period, disposition, owner) SELECT 'Rule of the archive', process, '3 years', 'archived', 'bernd' FROM (SELECT DISTINCT process FROM itsm.attached_attribute) AS a;
UPDATE provider.catalogue_item SET outcome = 'it can be used', dependencies = 'its service', audience = '{all}', fulfilment = 'see the manual of the service desk';
INSERT INTO provider.catalogue_item (name, title, service, kind, owner, changed_on, outcome, dependencies, audience)
SELECT name || ' service', title, name, 'service', 'carla', story.ago('140 days'), 'as agreed', 'network', '{all}' FROM provider.service WHERE status = 'live';
INSERT INTO provider.knowledge_article (title, category, service, content, author, reviewer, approver, reviewed_at, problem, known_error, status)
SELECT 'What to do: ' || category, category, NULL, 'see the manual', 'jens', 'carla', 'bernd', story.ago('4 months'), NULL, NULL, 'published' FROM unnest('{access,hardware,software,connection}'::text[]) AS category
UNION ALL SELECT title, category, service, workaround, 'frank', 'carla', 'bernd', story.ago('1 month'), problem, number, 'published' FROM provider.known_error WHERE status = 'published';
