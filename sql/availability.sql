-- Availability: agreed hours, outages, what follows month by month.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
SET jit = off;	-- the count below looks dear to the planner
CREATE SCHEMA availability;
SET search_path = availability, public;
\set VERBOSITY terse
\set SHOW_CONTEXT never

SELECT itsm.service_time('Mo-Fr 09:00-17:00', '{[2026-03-02 08:00,2026-03-02 10:00),[2026-03-06 16:00,2026-03-09 10:00]}'::tstzmultirange) AS ranges,
	itsm.service_time('24/7', '{}'::tstzmultirange) AS none;
SELECT itsm.service_time('24/7', '{(,2026-03-02)}'::tstzmultirange);
SELECT itsm.service_time('24/7', '{[2026-03-02,infinity)}'::tstzmultirange);

SELECT itsm.define_calendar('availability_office', 'Mo-Fr 09:00-17:00; 2026 Apr 03,2026 Apr 06 off @ UTC');
SELECT itsm.calendar_time('availability_office', '{[2026-04-02,2026-04-04),[2026-04-07 16:00,2026-04-08 10:00)}'::tstzmultirange);
SELECT itsm.calendar_time('no such', '{}'::tstzmultirange);
SELECT itsm.define_calendar('availability_always', '24/7');

-- what is agreed
SELECT itsm.set_availability_target('mail', 99.5, 'availability_office', '2026-03-01');
SELECT itsm.set_availability_target('mail', 99.5, 'availability_office', '2026-03-01', rewrite_past => true);	-- as it is
SELECT itsm.set_availability_target('mail', 90, 'availability_always', '2026-05-16', rewrite_past => true, planned_excluded => false);
SELECT itsm.set_availability_target('mail', NULL, NULL, '2026-07-01', rewrite_past => true);
SELECT itsm.set_availability_target('web', NULL, 'availability_always', '2026-04-01');
SELECT itsm.set_availability_target('web', NULL, NULL, '2026-05-01', rewrite_past => true);
SELECT itsm.set_availability_target('shop', 100, 'availability_always', '2026-04-30 12:00', tenant => 'north');
SELECT itsm.set_availability_target('shop', 100, NULL, '2026-06-01');
SELECT itsm.set_availability_target('shop', NULL, NULL, '2026-06-01', rewrite_past => true, tenant => 'north');
SELECT itsm.set_availability_target('mail', 99, 'availability_office', '2026-04-01');
SELECT itsm.set_availability_target('mail', 0, 'availability_office');
SELECT itsm.set_availability_target('mail', 100.01, 'availability_office');
SELECT itsm.set_availability_target('mail', 'NaN', 'availability_office');
SELECT itsm.set_availability_target('mail', 99, 'no such');
SELECT itsm.set_availability_target('', 99, 'availability_office');
SELECT itsm.set_availability_target(NULL, 99, 'availability_office');
SELECT itsm.set_availability_target('mail', 99, 'availability_office', 'infinity');
SELECT tenant, service, valid_from, target, calendar, planned_excluded, defined_by = session_user AS mine FROM itsm.availability_target
WHERE calendar LIKE 'availability_%' OR calendar IS NULL ORDER BY 1, 2, 3;
SELECT subject, version, kind, detail::jsonb - 'service' AS detail FROM itsm_report.policy_event WHERE subject IN ('availability mail', 'availability shop') ORDER BY 1, 2;

-- outages: of a table of their own, and told by incidents
CREATE TABLE outage (id text PRIMARY KEY, status text NOT NULL, org text NOT NULL DEFAULT '', service text, planned boolean, begins timestamptz, ends timestamptz, change text, cause text, action text, problem text);
CREATE TABLE incident (id text PRIMARY KEY, status text NOT NULL, service text, down_from timestamptz, down_to timestamptz);
SELECT itsm.attach('outage', 'outage', 'status', mode => 'enforce', tenant => 'org', attributes => '{"service": "service", "planned": "planned", "started_at": "begins", "ended_at": "ends", "change": "change", "cause": "cause", "action": "action", "problem": "problem"}') > 0 AS attached;
SELECT itsm.attach('incident', 'incident', 'status', attributes => '{"service": "service", "outage_started_at": "down_from", "outage_ended_at": "down_to"}') > 0 AS attached;
INSERT INTO outage (id, status, service, planned, begins, ends) VALUES
	('m1', 'restored', 'mail', false, '2026-03-05 16:00', '2026-03-06 10:00'),		-- an hour and an hour, with a night between
	('m2', 'restored', 'mail', NULL, '2026-03-06 09:30', '2026-03-06 11:00'),		-- overlaps: the same outage
	('m3', 'restored', 'mail', false, '2026-03-07 10:00', '2026-03-07 12:00'),		-- on a Saturday: none
	('m4', 'restored', 'mail', false, '2026-03-31 16:00', '2026-04-01 10:00'),		-- over the end of a month
	('m5', 'restored', 'mail', true, '2026-04-08 09:00', '2026-04-08 13:00'),		-- planned
	('m6', 'restored', 'mail', false, '2026-04-08 12:00', '2026-04-08 14:00'),		-- of it, an hour when it was planned to be out
	('m7', 'restored', 'mail', true, '2026-06-01 00:00', '2026-06-04 00:00'),		-- planned, and not excluded by then
	('m8', 'restored', 'mail', false, '2026-05-15 16:00', '2026-05-16 06:00'),		-- over a change of the hours
	('m9', 'restored', 'mail', false, '2026-06-10 00:00', '2026-06-10 00:00'),		-- of no length
	('x1', 'restored', 'fax', false, '2026-03-05', '2026-03-06'),					-- nothing agreed
	('s1', 'restored', 'shop', false, '2026-05-02', '2026-05-03');					-- another tenant's
INSERT INTO outage (id, status, org, service, planned, begins, ends) VALUES ('s2', 'restored', 'north', 'shop', false, '2026-05-31 18:00', '2026-06-02');
INSERT INTO outage (id, status, service, planned, begins, change) VALUES ('a1', 'announced', 'mail', true, '2026-06-20', 'CHG1');	-- only announced
INSERT INTO outage (id, status, service, planned, begins) VALUES ('c1', 'ongoing', 'mail', false, '2026-03-02');
SET itsm.reason = 'it was none';
UPDATE outage SET status = 'cancelled' WHERE id = 'c1';
RESET itsm.reason;
INSERT INTO incident VALUES ('i1', 'new', 'web', '2026-04-10', '2026-04-13'), ('i2', 'new', 'web', '2026-04-12', NULL), ('i3', 'new', 'web', NULL, NULL), ('i4', 'new', NULL, '2026-04-01', '2026-04-02');
SELECT source, key, state, service, planned, started_at, ended_at, CASE WHEN ended_at IS NOT NULL THEN elapsed END AS elapsed FROM itsm_report.outage WHERE source LIKE 'availability.%' ORDER BY key COLLATE "C";

SELECT tenant, service, month, calendar, agreed_time, downtime, planned_downtime, outages, availability, target, met, mtbf, mtrs, complete
FROM itsm_report.availability_monthly WHERE calendar LIKE 'availability_%' ORDER BY tenant, service, month;
-- the same, counted quarter by quarter of an hour
SELECT a.service, a.month, a.agreed_time = m.agreed AS agreed, a.downtime = m.down AS downtime, a.planned_downtime = m.planned AS planned
FROM itsm_report.availability_monthly a, LATERAL (
	SELECT count(*) FILTER (WHERE open) * interval '15 minutes' AS agreed, count(*) FILTER (WHERE open AND planned AND excluded) * interval '15 minutes' AS planned,
		count(*) FILTER (WHERE open AND (down AND NOT (planned AND excluded) OR planned AND NOT excluded)) * interval '15 minutes' AS down
	FROM (
		SELECT CASE WHEN t.at < '2026-05-16' THEN itsm.is_open('Mo-Fr 09:00-17:00; 2026 Apr 03,2026 Apr 06 off', t.at) ELSE true END AS open, t.at < '2026-05-16' AS excluded,
			EXISTS (SELECT FROM outage o WHERE o.service = a.service AND o.status = 'restored' AND o.planned AND o.begins <= t.at AND t.at < o.ends) AS planned,
			EXISTS (SELECT FROM outage o WHERE o.service = a.service AND o.status = 'restored' AND o.planned IS NOT TRUE AND o.begins <= t.at AND t.at < o.ends) AS down
		FROM generate_series(a.month, a.month + interval '1 month' - interval '15 minutes', interval '15 minutes') AS t(at)) x) m
WHERE a.service = 'mail' AND a.tenant = '' ORDER BY a.month;

-- one that lasts, and the month that is not over
SELECT itsm.set_availability_target('live', 99, 'availability_always', date_trunc('month', now()));
INSERT INTO outage (id, status, service, planned, begins) VALUES ('l1', 'ongoing', 'live', false, now() - interval '1 minute');
SELECT outages, downtime >= interval '1 minute' OR extract(minute FROM now()) < 2 AS down, complete, mtrs = downtime AS mtrs FROM itsm_report.availability_monthly WHERE service = 'live';

-- the lifecycle: what an outage has to say
INSERT INTO outage (id, status, service, planned, begins) VALUES ('bad', 'announced', 'mail', false, now());
INSERT INTO outage (id, status, begins) VALUES ('bad', 'ongoing', now());
INSERT INTO outage (id, status, service, begins, ends) VALUES ('bad', 'restored', 'mail', '2026-03-02', '2026-03-01');
UPDATE outage SET status = 'closed' WHERE id = 'm1';
UPDATE outage SET status = 'closed', cause = 'the disk was full' WHERE id = 'm1';
UPDATE outage SET status = 'closed', cause = 'the disk was full', action = 'quotas' WHERE id = 'm1';
UPDATE outage SET ends = '2026-03-06 09:00' WHERE id = 'm1';

-- who may not see all outages is told no figures
CREATE ROLE availability_bi;
GRANT USAGE ON SCHEMA itsm_report TO availability_bi;
GRANT SELECT ON itsm_report.availability_monthly, itsm_report.outage TO availability_bi;
ALTER TABLE outage ENABLE ROW LEVEL SECURITY;
SET ROLE availability_bi;
SELECT tenant, service, month, agreed_time, downtime, outages, availability, target, met FROM itsm_report.availability_monthly WHERE month = '2026-05-01' ORDER BY tenant COLLATE "C", service COLLATE "C";
SELECT key, service, started_at, elapsed FROM itsm_report.outage WHERE key IN ('m1', 'i1') ORDER BY key COLLATE "C";
RESET ROLE;
SELECT itsm.grant_reader('availability_bi');
SET ROLE availability_bi;
SELECT tenant, service, month, availability, met FROM itsm_report.availability_monthly WHERE month = '2026-05-01' ORDER BY tenant COLLATE "C", service COLLATE "C";
SELECT itsm.set_availability_target('mail', 1, 'availability_office');
RESET ROLE;
SELECT itsm.revoke_reader('availability_bi');

-- what the table says otherwise than the events is found
SELECT scope, object, detail FROM itsm.verify() WHERE scope = 'availability' AND NOT ok;
BEGIN;
UPDATE itsm.availability_target SET target = 50 WHERE service = 'mail' AND valid_from = '2026-03-01';
UPDATE itsm.availability_target SET planned_excluded = true WHERE service = 'mail' AND valid_from = '2026-05-16';
DELETE FROM itsm.availability_target WHERE service = 'web' AND calendar IS NULL;
UPDATE itsm.availability_target SET valid_from = '2026-05-30' WHERE service = 'shop' AND calendar IS NULL;
SELECT scope, object, detail FROM itsm.verify() WHERE scope = 'availability' AND NOT ok ORDER BY 2;
ROLLBACK;

SET client_min_messages = error;
SELECT itsm.detach('outage'), itsm.detach('incident');
DROP OWNED BY availability_bi;
DROP ROLE availability_bi;
DROP SCHEMA availability CASCADE;
