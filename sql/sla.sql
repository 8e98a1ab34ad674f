-- Agreements on service time: definitions, versions, who may make them.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
CREATE SCHEMA sla;
SET search_path = sla, public;
\set VERBOSITY terse

SELECT itsm.define_lifecycle('{"name": "sla_ticket", "process": "sla_process", "attributes": {"priority": "integer", "customer": "text", "hold_reason": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "wait", "category": "waiting"},
		{"name": "done", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "wait"}, {"from": "wait", "to": "work"}, {"from": "work", "to": "done"},
		{"from": "done", "to": "work"}, {"from": "done", "to": "closed"}]}');
SELECT itsm.define_calendar('sla_office', 'Mo-Fr 09:00-17:00 @ Europe/Berlin');

SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "condition": "new.priority = 1",
	"calendar": "sla_office", "target": "4 hours", "warn": [0.75, 0.5], "valid_from": "2020-01-01"}') > 0 AS defined;
-- the same again is no new version
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "condition": "new.priority = 1",
	"calendar": "sla_office", "target": "4 hours", "warn": [0.75, 0.5], "valid_from": "2020-01-01"}') > 0 AS defined;
SELECT name, version, lifecycle, process, kind, metric, condition, calendar, target, valid_from, valid_until, expressions FROM itsm.sla WHERE name = 'P1 resolution' ORDER BY version;
-- an edit begins now, or later; a day of target is 24 open hours
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "condition": "new.priority = 1",
	"calendar": "sla_office", "target": "1 day"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "condition": "new.priority = 1 AND customer IS NULL",
	"calendar": "sla_office", "target": "2 hours", "valid_from": "2200-01-01", "valid_until": "2201-01-01"}');
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "condition": "new.priority = 1 AND new.customer IS NULL",
	"calendar": "sla_office", "target": "2 hours", "valid_from": "2200-01-01", "valid_until": "2201-01-01"}') > 0 AS defined;
SELECT version, target, valid_from <= now() AS begun, valid_until <= now() AS over FROM itsm.sla WHERE name = 'P1 resolution' ORDER BY version;
SELECT count(*) FROM itsm.sla s, itsm.sla t WHERE s.name = 'P1 resolution' AND t.name = s.name AND s.version = 1 AND t.version = 2 AND s.valid_until = t.valid_from;

-- dates that overlap, or change what has been
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "valid_from": "2200-06-01"}');
-- (the messages of these name the time that it is)
\set VERBOSITY sqlstate
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "valid_from": "2199-06-01"}');
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "valid_from": "2020-06-01", "valid_until": "2020-07-01"}');
SELECT itsm.define_sla('{"name": "P1 resolution", "process": "sla_process", "metric": "resolution", "target": "1 hour", "valid_from": "2300-01-01"}');
\set VERBOSITY terse
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "valid_from": "2202-01-01", "valid_until": "2201-12-31"}');

-- every fault at once
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "kind": "oral", "metric": "resolution", "target": "0 hours", "pause": ["asleep"],
	"stop": 7, "reopen": "perhaps", "warn": [1.5], "calendar": "no such", "condition": "new.colour = 1", "valid_until": "soon", "colour": "red"}');
\set VERBOSITY terse
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "-4 hours"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 month"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "soon"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "300000 years"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "400000 days"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": 4}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "hours": "Mo-Fr off"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "hours": "2019 Jan 01 00:00-24:00"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "hours": "Mo-Fr 25:00-26:00"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "hours": "24/7", "calendar": "sla_office"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "pause": ["on_hold"]}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "no such", "metric": "resolution", "target": "1 hour"}');
SELECT itsm.define_sla('{"name": "bad", "process": "no such", "metric": "resolution", "target": "1 hour"}');
SELECT itsm.define_sla('{"name": "bad", "metric": "resolution", "target": "1 hour", "pause": ["asleep"]}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "handover", "target": "1 hour"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "condition": "old.priority = 1"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "condition": "new.customer = current_user"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "condition": "new.priority"}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "pause_when": "true", "hold_reasons": ["x"]}');
SELECT itsm.define_sla('{"name": "bad", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "reset_on": ["priority", "notes"]}');
SELECT itsm.define_sla('{"name": "bad", "metric": "resolution", "target": "1 hour"}');
SELECT itsm.define_sla('[]');
SELECT count(*) FROM itsm.sla WHERE name = 'bad';

-- states by name and category, a metric of its own, reasons of a pause
SELECT itsm.define_sla('{"name": "start of work", "process": "sla_process", "kind": "ola", "metric": "handover", "start": "new", "stop": ["work", "done"], "cancel": [], "target": "30 minutes", "hours": "mo-fr 8:00-12:00"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "waiting for the caller", "lifecycle": "sla_ticket", "metric": "resolution", "hold_reasons": ["caller", "it''s a holiday"], "target": "1 hour"}') > 0 AS defined;
SELECT name, kind, metric, hours, expressions FROM itsm.sla WHERE name IN ('start of work', 'waiting for the caller') ORDER BY name;

-- an end
SELECT itsm.end_sla('start of work', '2200-01-01');
SELECT itsm.end_sla('start of work');
\set VERBOSITY sqlstate
SELECT itsm.end_sla('start of work');
\set VERBOSITY terse
SELECT itsm.end_sla('no such');
SELECT itsm.end_sla('P1 resolution', '2020-05-01');
SELECT e.kind, d.detail -> 'version' AS version, d.detail -> 'valid_until' IS NOT NULL AS told
FROM itsm.record r JOIN itsm.event e ON e.record = r.id AND e.tenant = r.tenant, LATERAL (SELECT itsm.policy_detail(e.body)::jsonb) AS d(detail)
WHERE r.source = 0 AND r.key IN ('sla P1 resolution', 'sla start of work') ORDER BY r.key, e.version;

-- what the table says otherwise than the events is found
SELECT scope, object, detail FROM itsm.verify() WHERE scope = 'sla' AND NOT ok;
BEGIN;
UPDATE itsm.sla SET target = '5 hours' WHERE name = 'P1 resolution' AND version = 1;
UPDATE itsm.sla SET valid_until = '2200-07-01' WHERE name = 'P1 resolution' AND version = 2;
UPDATE itsm.sla SET version = 7 WHERE name = 'P1 resolution' AND version = 3;
UPDATE itsm.sla SET expressions = '{true,NULL}' WHERE name = 'waiting for the caller';
UPDATE itsm.sla SET valid_until = '2300-01-01' WHERE name = 'start of work';
SELECT scope, object, detail FROM itsm.verify() WHERE scope = 'sla' AND NOT ok ORDER BY 2;
ROLLBACK;

-- who may: conditions run with the rights of the attached table's owner
CREATE ROLE sla_clerk;
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL);
SELECT itsm.attach('ticket', 'sla_ticket', 'status') > 0 AS attached;
SET ROLE sla_clerk;
SELECT itsm.define_sla('{"name": "mine", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour"}');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.define_sla(jsonb), itsm.end_sla(text, timestamptz) TO sla_clerk;
SET ROLE sla_clerk;
SELECT itsm.define_sla('{"name": "mine", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour"}');
SELECT itsm.define_sla('{"name": "P1 resolution", "lifecycle": "sla_ticket", "metric": "resolution", "target": "1 hour", "valid_from": "2202-01-01"}');
SELECT itsm.end_sla('P1 resolution', '2200-06-01');
SELECT itsm.define_lifecycle('{"name": "sla_own", "states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.define_lifecycle(jsonb) TO sla_clerk;
SET ROLE sla_clerk;
SELECT itsm.define_lifecycle('{"name": "sla_own", "states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
SELECT itsm.define_sla('{"name": "mine", "lifecycle": "sla_own", "metric": "resolution", "target": "1 hour"}') > 0 AS defined;
SELECT itsm.end_sla('mine');
RESET ROLE;

SET client_min_messages = error;
SELECT itsm.detach('ticket');
DROP SCHEMA sla CASCADE;
REVOKE ALL ON FUNCTION itsm.define_sla(jsonb), itsm.end_sla(text, timestamptz), itsm.define_lifecycle(jsonb) FROM sla_clerk;
DROP ROLE sla_clerk;
