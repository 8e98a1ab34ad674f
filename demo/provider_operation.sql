-- Three years of operation: incidents, requests, problems, changes, releases and outages, as the
-- provider's tools have kept them; provider_year.sql loads them year by year.  It learns: fewer incidents from year to year, more of them in
-- time, more changes that succeed.  Included by three_years.sql.

-- ------------------------------------------------------------------ what is agreed

SELECT itsm.define_calendar('desk', 'Mo-Fr 07:00-19:00; Dec 25-26 off; Jan 01 off @ Europe/Berlin', story.start() - interval '1 year'),
	itsm.define_calendar('always', '24/7', story.start() - interval '1 year') \g /dev/null
SELECT itsm.define_sla(jsonb_build_object('name', format('priority %s solved', priority), 'lifecycle', 'incident', 'metric', 'resolution', 'condition', format('new.priority = %s', priority),
	'calendar', 'desk', 'target', target, 'warn', '[0.75]'::jsonb, 'valid_from', story.start()))
FROM (VALUES (1, '4 hours'), (2, '8 hours'), (3, '16 hours'), (4, '40 hours')) AS v(priority, target) \g /dev/null
SELECT itsm.set_availability_target(name, CASE name WHEN 'network' THEN 99.8 WHEN 'workplace' THEN 99.0 ELSE 99.5 END, 'always', story.start(), rewrite_past => true)
FROM provider.service WHERE status = 'live' \g /dev/null

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

-- ------------------------------------------------------------------ problems

CREATE TABLE story.problem AS
SELECT n, 'PRB' || 1000000 + n AS key, opened, story.pick(n, 'problem service', '{mail,network,workplace,orders,telephony}') AS service,
	story.pick(n, 'kind', '{access,hardware,software,connection}') AS category, CASE WHEN opened < story.now() - interval '4 months' THEN 'closed' WHEN n % 2 = 0 THEN 'known_error' ELSE 'root_cause_analysis' END AS status
FROM generate_series(1, 60) AS n, LATERAL (SELECT story.start() + n * interval '18 days' + interval '10 hours' AS opened) AS o WHERE opened < story.now() - interval '8 days';
-- One that is closed is told of when it is, any other today.
ALTER TABLE story.problem ADD told_at timestamptz;
UPDATE story.problem SET told_at = CASE status WHEN 'closed' THEN opened + interval '90 days' ELSE 'infinity' END;

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
ALTER TABLE story.incident ADD told_at timestamptz;
UPDATE story.incident SET told_at = CASE status WHEN 'closed' THEN resolved + interval '5 days' WHEN 'cancelled' THEN started ELSE 'infinity' END;

-- Major incidents are those of the highest priority that lasted; each was an outage.
CREATE TABLE story.major AS
SELECT row_number() OVER (ORDER BY n)::integer AS m, n, key, service, opened, resolved, u, resolved + CASE WHEN u > 0.6 THEN interval '3 days' ELSE interval '12 days' END AS closed, resolved + interval '12 days' AS told_at FROM story.incident WHERE priority = 1 AND status = 'closed' AND pause = '0' AND n % 4 = 0 AND service IN ('mail', 'network', 'orders', 'telephony');

-- ------------------------------------------------------------------ service requests

CREATE TABLE story.request AS
SELECT n, 'REQ' || 1000000 + n AS key, opened, item, opened + target * greatest(0.1, power(story.dice(n, 'request takes'), 2) * (1.35 - 0.33 * n / 2400)) AS fulfilled
FROM generate_series(1, 2400) AS n, LATERAL (SELECT story.start() + (story.now() - story.start()) * (n / 2401.0) AS opened) AS o,
	LATERAL (SELECT story.pick(n, 'item', '{new mailbox,network access,laptop,order clerk,telephone}') AS item) AS i, LATERAL (SELECT fulfilment_target AS target FROM provider.catalogue_item WHERE name = i.item) AS t;
ALTER TABLE story.request ADD told_at timestamptz;
UPDATE story.request SET told_at = CASE WHEN fulfilled + interval '3 days' < story.now() THEN fulfilled + interval '3 days' ELSE 'infinity' END;
