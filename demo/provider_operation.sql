-- Three years of operation: incidents, requests, problems, changes, releases and outages, as the
-- provider's tools have kept them.  It learns: fewer incidents from year to year, more of them in
-- time, more changes that succeed.  Included by three_years.sql.

-- ------------------------------------------------------------------ what is agreed

SELECT itsm.define_calendar('desk', 'Mo-Fr 07:00-19:00; Dec 25-26 off; Jan 01 off @ Europe/Berlin', story.start() - interval '1 year'),
	itsm.define_calendar('always', '24/7', story.start() - interval '1 year') \g /dev/null
SELECT itsm.define_sla(jsonb_build_object('name', format('priority %s solved', priority), 'lifecycle', 'incident', 'metric', 'resolution', 'condition', format('new.priority = %s', priority),
	'calendar', 'desk', 'target', target, 'warn', '[0.75]'::jsonb, 'valid_from', story.start()))
FROM (VALUES (1, '4 hours'), (2, '8 hours'), (3, '16 hours'), (4, '40 hours')) AS v(priority, target) \g /dev/null
SELECT itsm.set_availability_target(name, CASE name WHEN 'network' THEN 99.8 WHEN 'workplace' THEN 99.0 ELSE 99.5 END, 'always', story.start(), rewrite_past => true)
FROM provider.service WHERE status = 'live' AND name <> 'file sharing' \g /dev/null
SELECT itsm.set_availability_target('file sharing', 99.5, 'always', date_trunc('month', story.now()) - interval '4 months', rewrite_past => true) \g /dev/null

-- ------------------------------------------------------------------ changes

-- The old tool kept in columns who approved a change; the attributes of the lifecycle take them.
ALTER TABLE provider.change ADD approver text, ADD approved_at timestamptz;
COMMENT ON COLUMN provider.change.approver IS 'Who approved it, as the old tool kept it.';
COMMENT ON COLUMN provider.change.approved_at IS 'When, as the old tool kept it.';
SELECT itsm.detach('provider.change') \g /dev/null
SELECT count(itsm.attach('provider.change', lifecycle, 'status', attributes => itsm.model_attributes('provider.change', lifecycle), filter => filter, mode => 'off'))
FROM itsm.model_attachment WHERE relation = 'change' \g /dev/null
BEGIN;
SELECT itsm.act_as('dirk'), itsm.define_change_template('restart', 'Restart of a server'), itsm.define_change_template('patch', 'Monthly patches') \g /dev/null
SELECT itsm.act_as('bernd'), itsm.approve_change_template('restart'), itsm.approve_change_template('patch') \g /dev/null
COMMIT;

CREATE TABLE story.change AS
SELECT n, 'CHG' || 1000000 + n AS key, year, type, opened, opened + interval '6 days' AS start, opened + interval '6 days' + (1 + story.dice(n, 'lasts') * 2) * interval '1 hour' AS finish,
	CASE WHEN story.dice(n, 'outcome') < (ARRAY[0.80, 0.89, 0.955])[year] THEN 'successful' ELSE story.pick(n, 'went wrong', '{partial,failed,backed_out}') END AS outcome,
	story.pick(n, 'change service', '{mail,network,workplace,orders,telephony}') AS service
FROM generate_series(1, 720) AS n,
	LATERAL (SELECT story.start() + (n - 1) * interval '36.5 hours' + interval '9 hours' AS opened) AS o,
	LATERAL (SELECT least(3, 1 + floor((n - 1) / 240.0))::integer AS year) AS y,
	LATERAL (SELECT CASE WHEN story.dice(n, 'emergency') < (ARRAY[0.12, 0.08, 0.05])[year] THEN 'emergency' WHEN story.dice(n, 'standard') < 0.35 THEN 'standard' ELSE 'normal' END AS type) AS t
WHERE opened < story.now() - interval '10 days';
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
FROM story.change;
INSERT INTO story.log
SELECT CASE type WHEN 'normal' THEN 'change' ELSE type || '_change' END, key, at, state, 'dirk'
FROM story.change, LATERAL (VALUES ('new', opened), ('assess', opened + interval '1 day'), ('authorize', opened + interval '1 day 5 hours'), ('scheduled', opened + interval '2 days'),
	('implement', start + interval '10 minutes'), ('review', finish), ('closed', finish + interval '3 days')) AS v(state, at)
WHERE type <> 'standard' OR state NOT IN ('assess', 'authorize');
-- Of changes to the management system and to services themselves.
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

-- ------------------------------------------------------------------ releases

INSERT INTO provider.release (number, title, service, type, owner, changes, builder, build_id, artefact_hash, deployed_hash, acceptance_criteria, acceptance, accepted_by, baseline_before, planned_start, planned_end, success, incidents_after, analysis, analysed_at, status)
SELECT key, format('Orders, release %s', n), 'orders', CASE WHEN n % 4 = 0 THEN 'major' ELSE 'minor' END, 'ines', ARRAY[change], 'ines', format('build-%s', 1000 + 7 * n), md5('build' || n), md5('build' || n),
	'no defect of the two highest grades', 'passed', 'bernd', CASE WHEN n > 4 THEN format('before release %s', n) END, at, at + interval '4 hours', 'as planned', n % 3, 'nothing unusual', (at + interval '20 days')::date, 'closed'
FROM (SELECT n, 'REL' || 1000000 + n AS key, key AS change, start AS at FROM (SELECT row_number() OVER (ORDER BY n)::integer AS n, key, start FROM story.change WHERE service = 'orders' AND type = 'normal' AND outcome = 'successful' AND n % 5 = 0) AS c) AS r;
INSERT INTO provider.release (number, title, service, type, owner, builder, build_id, acceptance_criteria, planned_start, planned_end, status)
VALUES ('REL-NEXT', 'Orders, the next release', 'orders', 'minor', 'ines', 'ines', 'build-2000', 'no defect of the two highest grades', story.ago('-20 days'), story.ago('-19 days'), 'testing');
SELECT story.tell('release', 'REL-NEXT', 'ines', 'planned', story.ago('20 days')::text, 'building', story.ago('12 days')::text, 'testing', story.ago('3 days')::text) \g /dev/null
INSERT INTO provider.deployment (title, service, release, change, environment, artefact_hash, accepted_hash, baseline_before, implementer, planned_start, planned_end, actual_start, actual_end, result, status)
SELECT title, service, number, changes[1], 'live', artefact_hash, artefact_hash, baseline_before, 'ines', planned_start, planned_end, planned_start, planned_end - interval '1 hour', 'succeeded', 'succeeded' FROM provider.release WHERE status = 'closed';
SELECT story.tell('release', number, 'ines', 'planned', (planned_start - interval '30 days')::text, 'building', (planned_start - interval '20 days')::text, 'testing', (planned_start - interval '10 days')::text,
	'accepted', (planned_start - interval '3 days')::text, 'deploying', planned_start::text, 'deployed', planned_end::text, 'early_life', (planned_end + interval '1 hour')::text, 'closed', (planned_end + interval '20 days')::text)
FROM provider.release WHERE status = 'closed' \g /dev/null
SELECT story.tell('deployment', number, 'ines', 'scheduled', (planned_start - interval '2 days')::text, 'running', actual_start::text, 'succeeded', actual_end::text) FROM provider.deployment \g /dev/null

-- ------------------------------------------------------------------ problems

CREATE TABLE story.problem AS
SELECT n, 'PRB' || 1000000 + n AS key, opened, story.pick(n, 'problem service', '{mail,network,workplace,orders,telephony}') AS service,
	story.pick(n, 'kind', '{access,hardware,software,connection}') AS category, CASE WHEN opened < story.now() - interval '4 months' THEN 'closed' WHEN n % 2 = 0 THEN 'known_error' ELSE 'root_cause_analysis' END AS status
FROM generate_series(1, 60) AS n, LATERAL (SELECT story.start() + n * interval '18 days' + interval '10 hours' AS opened) AS o WHERE opened < story.now() - interval '8 days';
INSERT INTO provider.problem (number, title, requester, assignee, owner, impact, urgency, priority, category, service, source, root_cause, workaround, resolution, resolution_code, change, action, effectiveness, effectiveness_checked_by, status)
SELECT key, format('Again and again: %s of %s', category, service), 'carla', 'frank', 'frank', 2, 2, 3, category, service, 'trend of incidents',
	CASE WHEN status <> 'root_cause_analysis' THEN story.pick(n, 'cause', '{a memory leak,a certificate that nobody watched,a cable under the stairs,too few licences}') END,
	CASE WHEN status <> 'root_cause_analysis' THEN 'restart it' END, CASE WHEN status = 'closed' THEN 'removed for good' END, CASE WHEN status = 'closed' THEN 'fixed' END,
	CASE WHEN status = 'closed' THEN (SELECT c.key FROM story.change AS c WHERE c.service = p.service AND c.opened > p.opened AND c.outcome = 'successful' ORDER BY c.opened LIMIT 1) END, CASE WHEN status = 'closed' THEN 'watched from now on' END,
	CASE WHEN status = 'closed' AND opened > story.start() + interval '1 year' THEN 'has not come back' END, CASE WHEN status = 'closed' THEN 'carla' END, status
FROM story.problem AS p;
SELECT story.tell('problem', key, 'frank', VARIADIC ARRAY['new', opened::text, 'assessed', (opened + interval '2 days')::text, 'root_cause_analysis', (opened + interval '4 days')::text]
	|| CASE WHEN status <> 'root_cause_analysis' THEN ARRAY['known_error', (opened + interval '7 days')::text] ELSE '{}' END
	|| CASE WHEN status = 'closed' THEN ARRAY['fix_in_progress', (opened + interval '30 days')::text, 'resolved', (opened + interval '60 days')::text, 'closed', (opened + interval '90 days')::text] ELSE '{}' END)
FROM story.problem \g /dev/null
INSERT INTO provider.known_error (title, category, service, problem, root_cause, workaround, author, reviewer, status)
SELECT title, category, service, number, root_cause, workaround, 'frank', 'carla', CASE status WHEN 'closed' THEN 'retired' ELSE 'published' END FROM provider.problem WHERE root_cause IS NOT NULL;
-- A change that failed is followed up, but for a few.
UPDATE provider.change AS c SET problem = (SELECT p.key FROM story.problem AS p WHERE p.service = c.service ORDER BY abs(extract(epoch FROM p.opened - c.actual_end)) LIMIT 1)
FROM story.change AS s WHERE s.key = c.number AND s.outcome IN ('failed', 'backed_out') AND s.n % 9 <> 0 AND s.year > 1;

-- ------------------------------------------------------------------ incidents

CREATE TABLE story.incident AS
SELECT n, 'INC' || 1000000 + n AS key, u, opened, priority, target, service, category, pause, itsm.calendar_deadline('desk', opened, target * 0.05) AS assigned, itsm.calendar_deadline('desk', opened, target * 0.1) AS started,
	itsm.calendar_deadline('desk', opened, work * 0.6) AS held, itsm.calendar_deadline('desk', opened, work * 0.6 + pause) AS resumed, itsm.calendar_deadline('desk', opened, work + pause) AS resolved,
	work > target AS late
FROM generate_series(1, 4200) AS n,
	LATERAL (SELECT n / 4200.0::float8 AS u) AS s,
	-- more of them in the beginning, and on working days
	LATERAL (SELECT story.start() + date_trunc('day', (story.now() - story.start()) * power(u, 1.2)) AS day) AS d,
	LATERAL (SELECT least(day - (CASE WHEN extract(isodow FROM day) > 5 AND story.dice(n, 'weekend') < 0.85 THEN 2 ELSE 0 END) * interval '1 day' + (6 + story.dice(n, 'hour') * 12) * interval '1 hour', story.now() - interval '1 hour') AS opened) AS o,
	LATERAL (SELECT CASE WHEN story.dice(n, 'priority') < 0.03 THEN 1 WHEN story.dice(n, 'priority') < 0.15 THEN 2 WHEN story.dice(n, 'priority') < 0.6 THEN 3 ELSE 4 END AS priority) AS p,
	LATERAL (SELECT (ARRAY['4 hours', '8 hours', '16 hours', '40 hours'])[priority]::interval AS target) AS t,
	LATERAL (SELECT target * greatest(0.12, power(story.dice(n, 'work'), 2) * (1.6 - 0.52 * u)) AS work, CASE WHEN story.dice(n, 'pause') < 0.2 THEN (2 + 20 * story.dice(n, 'how long')) * interval '1 hour' ELSE '0' END AS pause) AS w,
	LATERAL (SELECT story.pick(n, 'service', '{mail,network,workplace,workplace,orders,telephony}') AS service, story.pick(n, 'category', '{access,hardware,software,connection}') AS category) AS v;
ALTER TABLE story.incident ADD status text;
UPDATE story.incident SET status = CASE WHEN n % 67 = 0 THEN 'cancelled' WHEN resolved + interval '5 days' < story.now() THEN 'closed' WHEN resolved < story.now() THEN 'resolved'
	WHEN pause > '0' AND held < story.now() AND resumed >= story.now() THEN 'on_hold' WHEN started < story.now() THEN 'in_progress' ELSE 'assigned' END;
INSERT INTO provider.incident (number, title, requester, assignee, assignment_group, impact, urgency, priority, category, service, ci, hold_reason, resolution_code, resolution, problem, change, security, security_type, escalated_at, escalated_to, outage_started_at, status)
SELECT key, story.pick(n, 'what', CASE service WHEN 'mail' THEN '{Mail does not arrive,Mailbox is full,Calendar is empty}' WHEN 'network' THEN '{VPN drops,Network is slow,No address}' WHEN 'orders' THEN '{Order form is slow,Invoice is wrong}'
		WHEN 'telephony' THEN '{Phone is mute,Calls drop}' ELSE '{Screen stays black,Printer is jammed,Password forgotten}' END::text[]),
	format('user %s', 1 + floor(story.dice(n, 'caller') * 600)), story.pick(n, 'agent', '{jens,kira,carla,hans}'), 'service desk', least(3, greatest(1, priority - 1)), least(3, greatest(1, priority - 1)), priority,
	-- in the first year it was not always said what it was about
	CASE WHEN u > 0.4 OR n % 4 > 0 THEN category END, service, CASE WHEN service = 'workplace' THEN 'pc-' || lpad((1 + floor(story.dice(n, 'pc') * 120))::text, 3, '0') END, CASE WHEN pause > '0' THEN 'caller' END,
	CASE WHEN status IN ('resolved', 'closed') THEN story.pick(n, 'code', '{fixed,workaround,advice}') END, CASE WHEN status IN ('resolved', 'closed') THEN 'works again; the caller agrees' END,
	CASE WHEN n % 9 = 0 THEN (SELECT p.key FROM story.problem AS p WHERE p.service = i.service AND p.opened < i.opened ORDER BY p.opened DESC LIMIT 1) END, NULL, n % 90 = 0, CASE WHEN n % 90 = 0 THEN story.pick(n, 'attack', '{phishing,malware,loss}') END,
	CASE WHEN late AND story.dice(n, 'escalated') < 0.4 + 0.55 * u OR n % 90 = 0 THEN itsm.calendar_deadline('desk', opened, target * 0.6) END, CASE WHEN n % 90 = 0 THEN 'gitta' END, NULL, status
FROM story.incident AS i;
-- Some were caused by a change, and some are parts of another one.
UPDATE provider.incident AS i SET resolution_code = 'caused by change', change = (SELECT c.key FROM story.change AS c WHERE c.service = s.service AND c.finish < s.opened ORDER BY c.finish DESC LIMIT 1)
FROM story.incident AS s WHERE s.key = i.number AND s.n % 61 = 0 AND s.status = 'closed' AND s.n > 200;
UPDATE provider.incident AS i SET parent = (SELECT o.key FROM story.incident AS o WHERE o.service = s.service AND o.status = 'closed' AND o.opened < s.opened ORDER BY o.opened DESC LIMIT 1)
FROM story.incident AS s WHERE s.key = i.number AND s.n % 83 = 0 AND s.status = 'closed' AND s.n > 200;
INSERT INTO story.log
SELECT 'incident', key, at, state, actor
FROM story.incident AS i, LATERAL (VALUES ('new', opened, 'caller', true), ('assigned', assigned, 'carla', true), ('in_progress', started, 'jens', status <> 'cancelled'), ('on_hold', held, 'jens', status <> 'cancelled' AND pause > '0'),
	('in_progress', resumed, 'kira', status <> 'cancelled' AND pause > '0'), ('resolved', resolved, 'kira', status <> 'cancelled'), ('closed', resolved + interval '5 days', 'caller', status <> 'cancelled'),
	('cancelled', started, 'carla', status = 'cancelled')) AS v(state, at, actor, happened)
WHERE happened AND at < story.now();

-- Major incidents are those of the highest priority that lasted; each was an outage.
CREATE TABLE story.major AS
SELECT row_number() OVER (ORDER BY n)::integer AS m, n, key, service, opened, resolved, u FROM story.incident WHERE priority = 1 AND status = 'closed' AND pause = '0' AND n % 4 = 0 AND service IN ('mail', 'network', 'orders', 'telephony');
INSERT INTO provider.major_incident (number, title, requester, assignee, impact, urgency, priority, category, service, incident, criteria, manager, informed_at, communication_plan, restored_at, service_available, resolver, review_owner, cause, timeline, problem, no_problem_reason, status)
SELECT 'MI' || 1000000 + m, format('%s is out', service), 'carla', 'carla', 1, 1, 1, 'connection', service, key, 'a service is out for a customer', 'carla', opened + interval '20 minutes', 'each half an hour', resolved, true, 'hans', 'bernd',
	CASE WHEN u > 0.35 THEN story.pick(m, 'major', '{power failed,a disk array failed,a certificate ran out,a digger met a cable}') END, CASE WHEN u > 0.35 THEN 'found, told, moved over, repaired' END,
	(SELECT p.key FROM story.problem AS p WHERE p.service = j.service ORDER BY abs(extract(epoch FROM p.opened - j.opened)) LIMIT 1), NULL, 'closed'
FROM story.major AS j;
SELECT story.tell('major_incident', 'MI' || 1000000 + m, 'carla', 'declared', (opened + interval '10 minutes')::text, 'in_response', (opened + interval '20 minutes')::text, 'restored', resolved::text,
	'under_review', (resolved + interval '1 day')::text, 'closed', (resolved + CASE WHEN u > 0.6 THEN interval '3 days' ELSE interval '12 days' END)::text) FROM story.major \g /dev/null
INSERT INTO provider.outage (number, title, service, planned, started_at, ended_at, incident, cause, action, problem, status)
SELECT 'OUT' || 1000000 + m, format('%s is out', service), service, false, opened, resolved, key, CASE WHEN u > 0.35 THEN 'as the review says' END, CASE WHEN u > 0.35 THEN 'as the problem says' END, (SELECT mi.problem FROM provider.major_incident AS mi WHERE mi.incident = j.key), 'closed'
FROM story.major AS j;
INSERT INTO provider.outage (number, title, service, planned, started_at, ended_at, change, cause, action, status)
SELECT 'OUT' || 2000000 + n, 'Maintenance', service, true, start + interval '10 minutes', finish, key, 'maintenance', 'none', 'closed' FROM story.change WHERE n % 12 = 0 AND service <> 'workplace';
SELECT story.tell('outage', number, 'hans', 'ongoing', started_at::text, 'restored', ended_at::text, 'closed', (ended_at + interval '2 days')::text) FROM provider.outage \g /dev/null

-- ------------------------------------------------------------------ service requests

CREATE TABLE story.request AS
SELECT n, 'REQ' || 1000000 + n AS key, opened, item, opened + target * greatest(0.1, power(story.dice(n, 'request takes'), 2) * (1.35 - 0.33 * n / 2400)) AS fulfilled
FROM generate_series(1, 2400) AS n, LATERAL (SELECT story.start() + (story.now() - story.start()) * (n / 2401.0) AS opened) AS o,
	LATERAL (SELECT story.pick(n, 'item', '{new mailbox,network access,laptop,order clerk,telephone}') AS item) AS i, LATERAL (SELECT fulfilment_target AS target FROM provider.catalogue_item WHERE name = i.item) AS t;
INSERT INTO provider.service_request (number, title, requester, assignee, impact, urgency, priority, category, service, catalogue_item, approval_required, approver, decision, decided_at, outcome, resolution, status)
SELECT key, c.title, format('user %s', 1 + floor(story.dice(n, 'asker') * 600)), story.pick(n, 'fulfils', '{jens,kira}'), 3, 3, 4, 'request', c.service, c.name, c.approval_required, CASE WHEN c.approval_required THEN 'carla' END, CASE WHEN c.approval_required THEN 'yes' END,
	CASE WHEN c.approval_required THEN opened + interval '3 hours' END, CASE WHEN fulfilled < story.now() THEN 'delivered' END, NULL, CASE WHEN fulfilled + interval '3 days' < story.now() THEN 'closed' WHEN fulfilled < story.now() THEN 'fulfilled' ELSE 'in_fulfilment' END
FROM story.request AS r JOIN provider.catalogue_item AS c ON c.name = r.item;
INSERT INTO story.log
SELECT 'service_request', key, at, state, 'jens' FROM story.request, LATERAL (VALUES ('new', opened), ('approved', opened + interval '30 minutes'), ('in_fulfilment', opened + interval '40 minutes'), ('fulfilled', fulfilled), ('closed', fulfilled + interval '3 days')) AS v(state, at)
WHERE at < story.now();

-- ------------------------------------------------------------------ documents

-- Three of them, which nobody has reviewed for long.
INSERT INTO provider.document (id, number, document_version, title, kind, owner, author, reviewer, approver, approved_at, effective_from, next_review, content, status) VALUES
	('POL-1-v1', 'POL-1', '1', 'Service management policy', 'sm_policy', 'bernd', 'bernd', 'carla', 'anna', story.ago('34 months'), story.ago('34 months'), story.ago('22 months'), 'We deliver what we agreed.', 'effective'),
	('PRO-1-v1', 'PRO-1', '1', 'How incidents are handled', 'process_description', 'carla', 'carla', NULL, 'bernd', story.ago('33 months'), story.ago('33 months'), story.ago('21 months'), 'Take the call, and help.', 'effective'),
	('REL-1-v1', 'REL-1', '1', 'Release policy', 'release_policy', 'ines', 'ines', 'dirk', 'bernd', story.ago('14 months'), story.ago('14 months'), story.ago('2 months'), 'Four times a year.', 'effective');
UPDATE provider.document SET sections = '{types,emergency,frequency,management}' WHERE id = 'REL-1-v1';
SELECT story.tell('document', id, author, 'draft', (approved_at - interval '40 days')::text, 'in_review', (approved_at - interval '20 days')::text, 'approved', approved_at::text, 'effective', (approved_at + interval '1 hour')::text)
FROM provider.document \g /dev/null
