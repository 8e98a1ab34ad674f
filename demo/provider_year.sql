-- What the provider's tools have kept of a year, or of what there is of it: all that came to its end
-- in the stage (story.stage), and today what is still open.  Included by three_years.sql.

-- ------------------------------------------------------------------ changes

INSERT INTO provider.change (number, title, requester, assignee, impact, urgency, priority, category, service, cis, type, risk, probability, plan, backout_plan, test_plan, template, emergency_reason,
	assessment, technical_reviewer, implementer, planned_start, planned_end, actual_start, actual_end, outcome, review, reviewer, cis_updated, communicated_at, chargeable, cost_estimate, cost_approved_by, approver, approved_at, status)
SELECT key, CASE type WHEN 'standard' THEN 'Restart of a server' ELSE story.pick(n, 'change', '{New release,More memory,Patch of the operating system,Certificate renewed,Rules of the firewall,Move to another host}') END,
	story.pick(n, 'asks', '{ines,hans,carla}'), 'dirk', 2 + (n % 2), 3, 3, 'maintenance', service,
	ARRAY[CASE service WHEN 'mail' THEN 'app-mail' WHEN 'network' THEN 'firewall' WHEN 'orders' THEN 'app-orders' WHEN 'telephony' THEN 'app-phone' ELSE 'pc-' || lpad((1 + n % 120)::text, 3, '0') END], type,
	'low', 3, 'as described', CASE WHEN type <> 'standard' THEN 'restore the snapshot' END, CASE WHEN type <> 'standard' THEN 'on the test system' END, CASE WHEN type = 'standard' THEN 'restart' END,
	CASE WHEN type = 'emergency' THEN 'the service was down' END, 'worth it; no other service is affected', 'frank', story.pick(n, 'does', '{jens,kira}'), start, start + interval '4 hours', start + interval '10 minutes', finish,
	-- in the first year nobody looked back at half of them
	outcome, CASE WHEN year > 1 OR n % 2 = 0 THEN 'as expected, or followed up' END, CASE WHEN year > 1 OR n % 2 = 0 THEN 'bernd' END, year > 1,
	opened + interval '1 day', n % 10 = 0, CASE WHEN n % 10 = 0 THEN 800 END, CASE WHEN n % 10 = 0 THEN 'the customer' END, CASE WHEN type <> 'standard' THEN 'bernd' END, CASE WHEN type <> 'standard' THEN opened + interval '2 days' END, 'closed'
FROM story.change WHERE story.within(finish + interval '3 days');
INSERT INTO story.log
SELECT CASE type WHEN 'normal' THEN 'change' ELSE type || '_change' END, key, at, state, 'dirk'
FROM story.change, LATERAL (VALUES ('new', opened), ('assess', opened + interval '1 day'), ('authorize', opened + interval '1 day 5 hours'), ('scheduled', opened + interval '2 days'),
	('implement', start + interval '10 minutes'), ('review', finish), ('closed', finish + interval '3 days')) AS v(state, at)
WHERE story.within(finish + interval '3 days') AND (type <> 'standard' OR state NOT IN ('assess', 'authorize'));

-- ------------------------------------------------------------------ releases

INSERT INTO provider.release (number, title, service, type, owner, changes, builder, build_id, artefact_hash, deployed_hash, acceptance_criteria, acceptance, accepted_by, baseline_before, planned_start, planned_end, success, incidents_after, analysis, analysed_at, status)
SELECT key, format('Orders, release %s', n), 'orders', CASE WHEN n % 4 = 0 THEN 'major' ELSE 'minor' END, 'ines', ARRAY[change], 'ines', format('build-%s', 1000 + 7 * n), md5('build' || n), md5('build' || n),
	'no defect of the two highest grades', 'passed', 'bernd', CASE WHEN n > 4 THEN format('before release %s', n) END, at, at + interval '4 hours', 'as planned', n % 3, 'nothing unusual', (at + interval '20 days')::date, 'closed'
FROM (SELECT n, 'REL' || 1000000 + n AS key, key AS change, start AS at FROM (SELECT row_number() OVER (ORDER BY n)::integer AS n, key, start FROM story.change WHERE service = 'orders' AND type = 'normal' AND outcome = 'successful' AND n % 5 = 0) AS c) AS r
WHERE story.within(at + interval '20 days');
INSERT INTO provider.deployment (title, service, release, change, environment, artefact_hash, accepted_hash, baseline_before, implementer, planned_start, planned_end, actual_start, actual_end, result, status)
SELECT title, service, number, changes[1], 'live', artefact_hash, artefact_hash, baseline_before, 'ines', planned_start, planned_end, planned_start, planned_end - interval '1 hour', 'succeeded', 'succeeded' FROM provider.release WHERE status = 'closed' AND story.within(planned_start + interval '20 days');
SELECT story.tell('release', number, 'ines', 'planned', (planned_start - interval '30 days')::text, 'building', (planned_start - interval '20 days')::text, 'testing', (planned_start - interval '10 days')::text,
	'accepted', (planned_start - interval '3 days')::text, 'deploying', planned_start::text, 'deployed', planned_end::text, 'early_life', (planned_end + interval '1 hour')::text, 'closed', (planned_end + interval '20 days')::text)
FROM provider.release WHERE status = 'closed' AND story.within(planned_start + interval '20 days') \g /dev/null
SELECT story.tell('deployment', number, 'ines', 'scheduled', (planned_start - interval '2 days')::text, 'running', actual_start::text, 'succeeded', actual_end::text) FROM provider.deployment WHERE story.within(planned_start + interval '20 days') \g /dev/null

-- ------------------------------------------------------------------ problems

INSERT INTO provider.problem (number, title, requester, assignee, owner, impact, urgency, priority, category, service, source, root_cause, workaround, resolution, resolution_code, change, action, effectiveness, effectiveness_checked_by, status)
SELECT key, format('Again and again: %s of %s', category, service), 'carla', 'frank', 'frank', 2, 2, 3, category, service, 'trend of incidents',
	CASE WHEN status <> 'root_cause_analysis' THEN story.pick(n, 'cause', '{a memory leak,a certificate that nobody watched,a cable under the stairs,too few licences}') END,
	CASE WHEN status <> 'root_cause_analysis' THEN 'restart it' END, CASE WHEN status = 'closed' THEN 'removed for good' END, CASE WHEN status = 'closed' THEN 'fixed' END,
	CASE WHEN status = 'closed' THEN (SELECT c.key FROM story.change AS c WHERE c.service = p.service AND c.opened > p.opened AND c.outcome = 'successful' ORDER BY c.opened LIMIT 1) END, CASE WHEN status = 'closed' THEN 'watched from now on' END,
	CASE WHEN status = 'closed' AND opened > story.start() + interval '1 year' THEN 'has not come back' END, CASE WHEN status = 'closed' THEN 'carla' END, status
FROM story.problem AS p WHERE story.within(told_at);
SELECT story.tell('problem', key, 'frank', VARIADIC ARRAY['new', opened::text, 'assessed', (opened + interval '2 days')::text, 'root_cause_analysis', (opened + interval '4 days')::text]
	|| CASE WHEN status <> 'root_cause_analysis' THEN ARRAY['known_error', (opened + interval '7 days')::text] ELSE '{}' END
	|| CASE WHEN status = 'closed' THEN ARRAY['fix_in_progress', (opened + interval '30 days')::text, 'resolved', (opened + interval '60 days')::text, 'closed', (opened + interval '90 days')::text] ELSE '{}' END)
FROM story.problem WHERE story.within(told_at) \g /dev/null
INSERT INTO provider.known_error (title, category, service, problem, root_cause, workaround, author, reviewer, status)
SELECT title, problem.category, problem.service, number, root_cause, workaround, 'frank', 'carla', CASE problem.status WHEN 'closed' THEN 'retired' ELSE 'published' END FROM provider.problem JOIN story.problem AS p ON p.key = number WHERE root_cause IS NOT NULL AND story.within(p.told_at);
-- A change that failed is followed up, but for a few.
UPDATE provider.change AS c SET problem = (SELECT p.key FROM story.problem AS p WHERE p.service = c.service AND p.told_at < (SELECT until FROM story.stage) ORDER BY abs(extract(epoch FROM p.opened - c.actual_end)) LIMIT 1)
FROM story.change AS s WHERE s.key = c.number AND s.outcome IN ('failed', 'backed_out') AND s.n % 9 <> 0 AND s.year > 1 AND story.within(s.finish + interval '3 days');

-- ------------------------------------------------------------------ incidents

INSERT INTO provider.incident (number, title, requester, assignee, assignment_group, impact, urgency, priority, category, service, ci, hold_reason, resolution_code, resolution, problem, change, security, security_type, escalated_at, escalated_to, outage_started_at, status)
SELECT key, story.pick(n, 'what', CASE service WHEN 'mail' THEN '{Mail does not arrive,Mailbox is full,Calendar is empty}' WHEN 'network' THEN '{VPN drops,Network is slow,No address}' WHEN 'orders' THEN '{Order form is slow,Invoice is wrong}'
		WHEN 'telephony' THEN '{Phone is mute,Calls drop}' ELSE '{Screen stays black,Printer is jammed,Password forgotten}' END::text[]),
	format('user %s', 1 + floor(story.dice(n, 'caller') * 600)), story.pick(n, 'agent', '{jens,kira,carla,hans}'), 'service desk', least(3, greatest(1, priority - 1)), least(3, greatest(1, priority - 1)), priority,
	-- in the first year it was not always said what it was about
	CASE WHEN u > 0.4 OR n % 4 > 0 THEN category END, service, CASE WHEN service = 'workplace' THEN 'pc-' || lpad((1 + floor(story.dice(n, 'pc') * 120))::text, 3, '0') END, CASE WHEN pause > '0' THEN 'caller' END,
	CASE WHEN status IN ('resolved', 'closed') THEN story.pick(n, 'code', '{fixed,workaround,advice}') END, CASE WHEN status IN ('resolved', 'closed') THEN 'works again; the caller agrees' END,
	CASE WHEN n % 9 = 0 THEN (SELECT p.key FROM story.problem AS p WHERE p.service = i.service AND p.opened < i.opened AND p.told_at < (SELECT until FROM story.stage) ORDER BY p.opened DESC LIMIT 1) END, NULL, n % 90 = 0, CASE WHEN n % 90 = 0 THEN story.pick(n, 'attack', '{phishing,malware,loss}') END,
	CASE WHEN late AND story.dice(n, 'escalated') < 0.4 + 0.55 * u OR n % 90 = 0 THEN itsm.calendar_deadline('desk', opened, target * 0.6) END, CASE WHEN n % 90 = 0 THEN 'gitta' END, NULL, status
FROM story.incident AS i WHERE story.within(told_at);
-- Some were caused by a change, and some are parts of another one.
UPDATE provider.incident AS i SET resolution_code = 'caused by change', change = (SELECT c.key FROM story.change AS c WHERE c.service = s.service AND c.finish + interval '3 days' < s.opened ORDER BY c.finish DESC LIMIT 1)
FROM story.incident AS s WHERE s.key = i.number AND s.n % 61 = 0 AND s.status = 'closed' AND s.n > 200 AND story.within(s.told_at);
UPDATE provider.incident AS i SET parent = (SELECT o.key FROM story.incident AS o WHERE o.service = s.service AND o.status = 'closed' AND o.opened < s.opened AND o.told_at < s.told_at ORDER BY o.opened DESC LIMIT 1)
FROM story.incident AS s WHERE s.key = i.number AND s.n % 83 = 0 AND s.status = 'closed' AND s.n > 200 AND story.within(s.told_at);
INSERT INTO story.log
SELECT 'incident', key, at, state, actor
FROM story.incident AS i, LATERAL (VALUES ('new', opened, 'caller', true), ('assigned', assigned, 'carla', true), ('in_progress', started, 'jens', status <> 'cancelled'), ('on_hold', held, 'jens', status <> 'cancelled' AND pause > '0'),
	('in_progress', resumed, 'kira', status <> 'cancelled' AND pause > '0'), ('resolved', resolved, 'kira', status <> 'cancelled'), ('closed', resolved + interval '5 days', 'caller', status <> 'cancelled'),
	('cancelled', started, 'carla', status = 'cancelled')) AS v(state, at, actor, happened)
WHERE story.within(told_at) AND happened AND at < story.now();

INSERT INTO provider.major_incident (number, title, requester, assignee, impact, urgency, priority, category, service, incident, criteria, manager, informed_at, communication_plan, restored_at, service_available, resolver, review_owner, cause, timeline, problem, no_problem_reason, status)
SELECT 'MI' || 1000000 + m, format('%s is out', service), 'carla', 'carla', 1, 1, 1, 'connection', service, key, 'a service is out for a customer', 'carla', opened + interval '20 minutes', 'each half an hour', resolved, true, 'hans', 'bernd',
	CASE WHEN u > 0.35 THEN story.pick(m, 'major', '{power failed,a disk array failed,a certificate ran out,a digger met a cable}') END, CASE WHEN u > 0.35 THEN 'found, told, moved over, repaired' END,
	(SELECT p.key FROM story.problem AS p WHERE p.service = j.service AND p.told_at < (SELECT until FROM story.stage) ORDER BY abs(extract(epoch FROM p.opened - j.opened)) LIMIT 1), NULL, 'closed'
FROM story.major AS j WHERE story.within(told_at);
SELECT story.tell('major_incident', 'MI' || 1000000 + m, 'carla', 'declared', (opened + interval '10 minutes')::text, 'in_response', (opened + interval '20 minutes')::text, 'restored', resolved::text,
	'under_review', (resolved + interval '1 day')::text, 'closed', closed::text) FROM story.major WHERE story.within(told_at) \g /dev/null
INSERT INTO provider.outage (number, title, service, planned, started_at, ended_at, incident, cause, action, problem, status)
SELECT 'OUT' || 1000000 + m, format('%s is out', service), service, false, opened, resolved, key, CASE WHEN u > 0.35 THEN 'as the review says' END, CASE WHEN u > 0.35 THEN 'as the problem says' END, (SELECT mi.problem FROM provider.major_incident AS mi WHERE mi.incident = j.key), 'closed'
FROM story.major AS j WHERE story.within(told_at);
INSERT INTO provider.outage (number, title, service, planned, started_at, ended_at, change, cause, action, status)
SELECT 'OUT' || 2000000 + n, 'Maintenance', service, true, start + interval '10 minutes', finish, key, 'maintenance', 'none', 'closed' FROM story.change WHERE n % 12 = 0 AND service <> 'workplace' AND story.within(finish + interval '3 days');
SELECT story.tell('outage', number, 'hans', 'ongoing', started_at::text, 'restored', ended_at::text, 'closed', (ended_at + interval '2 days')::text) FROM provider.outage AS o LEFT JOIN story.major AS m ON m.key = o.incident WHERE story.within(coalesce(m.told_at, o.ended_at + interval '3 days')) \g /dev/null

-- ------------------------------------------------------------------ service requests

INSERT INTO provider.service_request (number, title, requester, assignee, impact, urgency, priority, category, service, catalogue_item, approval_required, approver, decision, decided_at, outcome, resolution, status)
SELECT key, c.title, format('user %s', 1 + floor(story.dice(n, 'asker') * 600)), story.pick(n, 'fulfils', '{jens,kira}'), 3, 3, 4, 'request', c.service, c.name, c.approval_required, CASE WHEN c.approval_required THEN 'carla' END, CASE WHEN c.approval_required THEN 'yes' END,
	CASE WHEN c.approval_required THEN opened + interval '3 hours' END, CASE WHEN fulfilled < story.now() THEN 'delivered' END, NULL, CASE WHEN fulfilled + interval '3 days' < story.now() THEN 'closed' WHEN fulfilled < story.now() THEN 'fulfilled' ELSE 'in_fulfilment' END
FROM story.request AS r JOIN provider.catalogue_item AS c ON c.name = r.item WHERE story.within(told_at);
INSERT INTO story.log
SELECT 'service_request', key, at, state, 'jens' FROM story.request, LATERAL (VALUES ('new', opened), ('approved', opened + interval '30 minutes'), ('in_fulfilment', opened + interval '40 minutes'), ('fulfilled', fulfilled), ('closed', fulfilled + interval '3 days')) AS v(state, at)
WHERE story.within(told_at) AND at < story.now();

-- ------------------------------------------------------------------ documents

-- Three in all, which nobody has reviewed for long.
INSERT INTO provider.document (id, number, document_version, title, kind, owner, author, reviewer, approver, approved_at, effective_from, next_review, content, sections, status)
SELECT * FROM (VALUES
	('POL-1-v1', 'POL-1', '1', 'Service management policy', 'sm_policy', 'bernd', 'bernd', 'carla', 'anna', story.ago('34 months'), story.ago('34 months'), story.ago('22 months'), 'We deliver what we agreed.', NULL, 'effective'),
	('PRO-1-v1', 'PRO-1', '1', 'How incidents are handled', 'process_description', 'carla', 'carla', NULL, 'bernd', story.ago('33 months'), story.ago('33 months'), story.ago('21 months'), 'Take the call, and help.', NULL, 'effective'),
	('REL-1-v1', 'REL-1', '1', 'Release policy', 'release_policy', 'ines', 'ines', 'dirk', 'bernd', story.ago('14 months'), story.ago('14 months'), story.ago('2 months'), 'Four times a year.', '{types,emergency,frequency,management}'::text[], 'effective')) AS v
WHERE story.within(column10);
SELECT story.tell('document', id, author, 'draft', (approved_at - interval '40 days')::text, 'in_review', (approved_at - interval '20 days')::text, 'approved', approved_at::text, 'effective', (approved_at + interval '1 hour')::text)
FROM provider.document WHERE story.within(approved_at) \g /dev/null
