-- What came in the last year, and what goes on: services, changes to these and to the management
-- system, the next release.  Included by three_years.sql, after that year.

-- ------------------------------------------------------------------ services

INSERT INTO provider.service (name, title, priority, owner, business_need, criticality, in_scope, status, removal_plan, change) VALUES
	('file sharing', 'Sharing of files', 3, 'ines', 'Work on the same thing', 'medium', true, 'live', NULL, NULL),
	('video', 'Video conferences', 4, 'hans', 'Meet without travelling', 'low', true, 'in_design', NULL, NULL),
	('fax', 'Telefax', 5, 'hans', 'None any more', 'low', false, 'retired', 'Numbers end, archives are kept, machines are disposed of', NULL);
INSERT INTO provider.service_party (service, party, kind, owner) VALUES ('file sharing', 'north school', 'customer', 'bernd');
INSERT INTO provider.service_dependency VALUES ('file sharing', 'network');
INSERT INTO provider.service_ci VALUES ('file sharing', 'app-files');
SELECT story.tell('service', 'fax', 'bernd', 'live', story.ago('5 years')::text, 'retiring', story.ago('10 months')::text, 'retired', story.ago('8 months')::text) \g /dev/null
SELECT story.tell('service', 'file sharing', 'bernd', 'proposed', story.ago('11 months')::text, 'approved', story.ago('10 months')::text, 'in_design', story.ago('9 months')::text,
	'in_build', story.ago('8 months')::text, 'in_transition', story.ago('6 months')::text, 'live', story.ago('5 months')::text) \g /dev/null
SELECT story.tell('service', 'video', 'bernd', 'proposed', story.ago('4 months')::text, 'approved', story.ago('3 months')::text, 'in_design', story.ago('2 months')::text) \g /dev/null
SELECT itsm.set_availability_target('file sharing', 99.5, 'always', date_trunc('month', story.now()) - interval '4 months', rewrite_past => true) \g /dev/null

-- ------------------------------------------------------------------ changes and the next release

-- To the management system and to services themselves.
INSERT INTO provider.change (number, title, requester, impact, urgency, priority, category, service, type, risk, probability, plan, backout_plan, test_plan, assessment, technical_reviewer, implementer,
	planned_start, planned_end, actual_start, actual_end, outcome, review, reviewer, communicated_at, approver, approved_at, service_change, transition, status)
SELECT key, title, 'bernd', 3, 3, 4, 'management', service, 'normal', 'low', 3, 'as described', 'the way it was', 'read by others', 'worth it', 'frank', 'ines',
	day, day + interval '8 hours', day + interval '1 hour', day + interval '6 hours', 'successful', 'as expected', 'dirk', day - interval '2 days', 'anna', day - interval '3 days', service_change, service, 'closed'
FROM (VALUES ('CHG-REVIEW', 'Yearly review of policies and plans', NULL, NULL, story.ago('5 months')), ('CHG-FAX', 'Telefax ends', 'fax', 'removal', story.ago('8 months')),
	('CHG-FILES', 'Sharing of files goes live', 'file sharing', 'new', story.ago('5 months'))) AS v(key, title, service, service_change, day);
SELECT story.tell('change', number, 'dirk', 'new', (planned_start - interval '10 days')::text, 'assess', (planned_start - interval '9 days')::text, 'authorize', (planned_start - interval '5 days')::text,
	'scheduled', approved_at::text, 'implement', actual_start::text, 'review', actual_end::text, 'closed', (actual_end + interval '4 days')::text)
FROM provider.change WHERE number LIKE 'CHG-%' \g /dev/null
UPDATE provider.service SET change = 'CHG-FAX' WHERE name = 'fax';
UPDATE provider.service SET change = 'CHG-FILES', plan = 'Files are moved school by school', decision = 'yes', decided_by = 'anna', decided_at = story.ago('10 months') WHERE name = 'file sharing';
UPDATE provider.service SET decision = 'yes', decided_by = 'anna', decided_at = story.ago('3 months'), plan = 'First the rooms, then everybody' WHERE name = 'video';
INSERT INTO provider.release (number, title, service, type, owner, builder, build_id, acceptance_criteria, planned_start, planned_end, status)
VALUES ('REL-NEXT', 'Orders, the next release', 'orders', 'minor', 'ines', 'ines', 'build-2000', 'no defect of the two highest grades', story.ago('-20 days'), story.ago('-19 days'), 'testing');
SELECT story.tell('release', 'REL-NEXT', 'ines', 'planned', story.ago('20 days')::text, 'building', story.ago('12 days')::text, 'testing', story.ago('3 days')::text) \g /dev/null
