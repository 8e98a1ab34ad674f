-- Assessments: kept, append-only, vouched for by the ledger; gaps, their owners, and actions.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = public;
SET jit = off;

-- A framework of the test's own, so that it is alone with its controls.
SELECT itsm.define_clause('H', 'House', NULL, 'assessed'), itsm.define_clause('H.1', 'Tickets', 'H', 'assessed');
SELECT itsm.define_lifecycle('{"name": "assessed_ticket", "process": "assessed_process", "attributes": {"assignee": "text"},
	"states": [{"name": "open", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "done"}]}');
SELECT itsm.define_control('assessed-owner', 'H.1', 'I', 'major', 'Every ticket has an owner',
	'SELECT r.key, r.record, r.assignee IS NOT NULL, ''it has no owner'' FROM itsm.compliance_record r WHERE r.process = ''assessed_process'' ORDER BY r.record',
	'{assessed_process}', NULL, 'Name an owner.', 'assessed');
SELECT itsm.define_control('assessed-broken', 'H.1', 'I', 'minor', 'Broken', 'SELECT r.key, r.record, 1 / (r.record - r.record) = 0, ''x'' FROM itsm.compliance_record r WHERE r.process = ''assessed_process''', framework => 'assessed');
SELECT itsm.define_control('assessed-out', 'H.1', 'I', 'minor', 'Out of scope', 'SELECT ''a'', 1, false, ''x''', framework => 'assessed');
SELECT itsm.exclude_control('assessed-out', 'not done here');

CREATE VIEW kept AS SELECT r.assessment - (SELECT min(x.assessment) FROM itsm.assessment_result x WHERE x.control = 'assessed-owner') + 1 AS nth,
	r.control, r.status, r.checked, r.failed, r.detail, length(r.query_sha256) AS sha
	FROM itsm.assessment_result r WHERE r.framework = 'assessed';
SELECT itsm.assess('before anything') > 0 AS assessed;
SELECT * FROM kept ORDER BY 1, 2;

CREATE TABLE assessed_ticket (id int PRIMARY KEY, status text, owner text);
SELECT itsm.attach('assessed_ticket', 'assessed_ticket', 'status', attributes => '{"assignee": "owner"}') > 0 AS attached;
INSERT INTO assessed_ticket SELECT i, 'open', CASE WHEN i % 2 = 0 THEN 'amy' END FROM generate_series(1, 5) AS i;
UPDATE assessed_ticket SET status = 'done' WHERE id = 3;
SELECT itsm.assess() AS second \gset
SELECT * FROM kept WHERE nth > 1 ORDER BY 1, 2;
SELECT f.control, f.ordinal, f.subject, f.record = itsm.record_id('assessed_ticket', f.subject) AS record, f.version, f.tenant, f.problem
FROM itsm.assessment_finding f WHERE f.assessment = :second AND f.control LIKE 'assessed-%' ORDER BY f.control, f.ordinal;
-- What was kept stays as it was when the rows change.
UPDATE assessed_ticket SET owner = 'bert';
SELECT count(*) FROM itsm.assessment_finding f WHERE f.assessment = :second AND f.control = 'assessed-owner';
SELECT itsm.assess('after a while') AS third \gset
SELECT nth, control, status, checked, failed FROM kept ORDER BY 1, 2;
SELECT a.note, a.assessed_by = current_user AS by, a.at <= now() + interval '1 minute' AS at FROM itsm.assessment a WHERE a.id >= :second ORDER BY a.id;

-- The ledger vouches for it.
SELECT e.kind, e.detail::jsonb ->> 'assessment' = (:third)::text AS assessment, e.detail::jsonb ->> 'note' AS note, e.detail::jsonb ->> 'sha256' = itsm.assessment_digest(:third) AS sha256
FROM itsm_report.policy_event e WHERE e.subject = 'assessment' ORDER BY e.version DESC LIMIT 1;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SELECT count(*) FROM itsm.verify() WHERE NOT ok AND scope = 'assessment';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT ok, object, detail ~ '^\d+ assessments are as the ledger vouches for them$' AS detail FROM itsm.verify() WHERE scope = 'assessment';
SELECT itsm.assessment_digest(-1), itsm.assessment_digest(NULL);

-- Append-only.
CREATE ROLE regress_assessor;
GRANT ALL ON itsm.assessment, itsm.assessment_result, itsm.assessment_finding TO regress_assessor;
SET ROLE regress_assessor;
SELECT itsm.assess('mine');
UPDATE itsm.assessment_result SET status = 'conforming';
DELETE FROM itsm.assessment_finding;
TRUNCATE itsm.assessment;
RESET ROLE;
DROP OWNED BY regress_assessor;
DROP ROLE regress_assessor;

-- A superuser cannot be stopped; what they do is found.
BEGIN;
UPDATE itsm.assessment_result SET status = 'conforming' WHERE control = 'assessed-broken' AND assessment = :third;
SELECT detail FROM itsm.verify() WHERE scope = 'assessment' AND NOT ok AND object = 'assessment ' || :third;
ROLLBACK;
BEGIN;
DELETE FROM itsm.assessment_finding WHERE ctid = (SELECT min(ctid) FROM itsm.assessment_finding WHERE assessment = :second AND control = 'assessed-owner');
SELECT detail FROM itsm.verify() WHERE scope = 'assessment' AND NOT ok AND object = 'assessment ' || :second;
ROLLBACK;
BEGIN;
DELETE FROM itsm.assessment WHERE id = :second;
INSERT INTO itsm.assessment VALUES (-1, now(), now(), 0, 'nobody', 'forged');
SELECT object = 'assessment -1' AS forged, detail FROM itsm.verify() WHERE scope = 'assessment' AND NOT ok ORDER BY 1;
ROLLBACK;

-- What comes of a rollback, and of a transaction that may not write.
BEGIN;
SELECT itsm.assess('rolled back') AS gone \gset
ROLLBACK;
SELECT count(*) FROM itsm.assessment WHERE id = :gone;
BEGIN READ ONLY;
SELECT itsm.assess('read only');
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM itsm.evaluate_controls('assessed');
ROLLBACK;

-- The standard's controls: one row of each view, by the last assessment.
SELECT itsm.define_control('8.6.1-test', '8.6.1', 'I', 'major', 'Every ticket has an owner',
	'SELECT r.key, r.record, r.assignee <> ''bert'', ''bert has it'' FROM itsm.compliance_record r WHERE r.process = ''assessed_process'' ORDER BY r.record', remedy => 'Not bert.');
SELECT control, status, missing, owner, due, overdue, since IS NULL AS never, assessment IS NULL AS not_assessed FROM itsm_report.iso20000_gap WHERE control = '8.6.1-test';
SELECT itsm.assess('with the standard') AS fourth \gset
SELECT itsm.assign_gap('8.6.1-test', 'olga', '2020-02-29');
SELECT control, status, missing, example, remedy, owner, due, overdue, since = assessed_at AS since FROM itsm_report.iso20000_gap WHERE control = '8.6.1-test';
SELECT clause, requirement, kind, grade, evidence, status, done, checked, failed, to_do, owner, due FROM itsm_report.iso20000_checklist WHERE control = '8.6.1-test';
SELECT control, clause, grade, ordinal, version, source, key, subject, problem FROM itsm_report.iso20000_finding WHERE control = '8.6.1-test' AND latest ORDER BY ordinal;
SELECT clause, parent, leaf, title, status, nonconforming > 0 AS nonconforming, major > 0 AS major, controls >= 1 AS controls, assessment = :fourth AS assessment FROM itsm_report.iso20000_clause WHERE clause IN ('8', '8.6', '8.6.1') ORDER BY ordinal;
SELECT count(*), count(*) FILTER (WHERE leaf) AS leaves FROM itsm_report.iso20000_clause;
SELECT note, controls >= 1 AS controls, nonconforming >= 1 AS nonconforming, conformity BETWEEN 0 AND 1 AS conformity FROM itsm_report.iso20000_trend WHERE assessment = :fourth;
SELECT clause, status, major > 0 AS major FROM itsm_report.iso20000_clause_trend WHERE assessment = :fourth AND clause IN ('8', '8.6', '8.6.1') ORDER BY ordinal;
SELECT control, clause, status, failed, detail, example FROM itsm_report.iso20000_result WHERE assessment = :fourth AND control = '8.6.1-test';
UPDATE assessed_ticket SET owner = 'amy' WHERE status = 'open';
SELECT itsm.assess('again') AS fifth \gset
SELECT status, failed, since < assessed_at AS since FROM itsm_report.iso20000_gap WHERE control = '8.6.1-test';

-- Raising an action from a gap: a row of one's own table, judged like any other.
CREATE TABLE assessed_action (no text PRIMARY KEY DEFAULT 'A1', what text, "Details" text, why text, who text, until date, came_of text, stage text);
SELECT itsm.raise_action('8.6.1-test', 'assessed_action', 'olga', '2030-01-31');
SELECT itsm.attach('assessed_action', 'corrective_action', 'stage', '{"new": "open", "going": "in_progress", "done": "implemented", "checked": "verified", "over": "closed"}',
	'{"title": "what", "description": "\"Details\"", "cause": "why", "owner": "who", "due": "until", "source": "came_of", "number": "upper(no)"}', mode => 'enforce') > 0 AS attached;
SELECT itsm.raise_action('8.6.1-test', 'assessed_action', 'olga', '2030-01-31');
SELECT itsm.raise_action('8.6.1-test', 'assessed_action', 'olga', '2030-01-31', '{"cause": "nobody else wants to", "number": "N1"}');
SELECT itsm.raise_action('8.6.1-test', 'assessed_action', 'olga', '2030-01-31', '{"cause": "nobody else wants to", "colour": "red"}');
SELECT itsm.raise_action('8.6.1-test', 'assessed_action', 'olga', '2030-01-31', '["cause"]');
SELECT itsm.raise_action('8.6.1-test', 'assessed_action', 'olga', 'infinity', '{"cause": "x"}');
SELECT itsm.raise_action('8.6.1-test', NULL);
SELECT itsm.raise_action('no-such-control', 'assessed_action');
SELECT itsm.raise_action('assessed-out', 'assessed_action');
-- tables that have no value to start with, or do not take the row
CREATE TABLE assessed_odd (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text, stage text);
SELECT itsm.attach('assessed_odd', 'corrective_action', 'stage', '{"going": "in_progress", "over": "closed"}', '{"title": "what"}') > 0 AS attached;
SELECT itsm.raise_action('8.6.1-test', 'assessed_odd');
SELECT itsm.detach('assessed_odd');
SELECT itsm.attach('assessed_odd', 'corrective_action', 'stage', NULL, '{"title": "what"}') > 0 AS attached;
CREATE FUNCTION assessed_nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER assessed_nothing BEFORE INSERT ON assessed_odd FOR EACH ROW EXECUTE FUNCTION assessed_nothing();
SELECT itsm.raise_action('8.6.1-test', 'assessed_odd');
SELECT itsm.detach('assessed_odd');
DROP TABLE assessed_odd;
DROP FUNCTION assessed_nothing();
SELECT itsm.raise_action('8.6.1-test', 'assessed_action', 'o''lga', '2030-01-31', '{"cause": "nobody else wants to"}');
SELECT no, what, "Details", why, who, until, came_of ~ '^control 8.6.1-test, assessment \d+$' AS came_of, stage FROM assessed_action;
SELECT owner, due, overdue, action = itsm.record_id('assessed_action', 'A1') AS action, action_key, action_state FROM itsm_report.iso20000_gap WHERE control = '8.6.1-test';
SELECT detail::jsonb - 'by' AS detail FROM itsm_report.policy_event WHERE subject = 'control 8.6.1-test' AND kind = 'action_raised';
UPDATE assessed_ticket SET owner = 'amy';
SELECT itsm.assess() > 0 AS assessed;
SELECT count(*) FROM itsm_report.iso20000_gap WHERE control = '8.6.1-test';
SELECT itsm.raise_action('8.6.1-test', 'assessed_action');

-- Values that are erased are gone from findings; the digest of the assessment stays what it is.
CREATE TABLE assessed_person (id int PRIMARY KEY, status text, owner text);
SELECT itsm.attach('assessed_person', 'assessed_ticket', 'status', attributes => '{"assignee": "owner"}') > 0 AS attached;
INSERT INTO assessed_person VALUES (1, 'open', 'Wilhelmina'), (2, 'open', 'Theodora');
SELECT itsm.define_control('assessed-person', 'H.1', 'I', 'obs', 'Nobody', 'SELECT r.key, r.record, false, ''asked '' || r.assignee FROM itsm.compliance_record r WHERE r.source = ''public.assessed_person'' ORDER BY r.record', framework => 'assessed');
SELECT itsm.define_control('assessed-quote', 'H.1', 'I', 'obs', 'Quotes', 'SELECT r.key, r.assignee::bigint, true, NULL::text FROM itsm.compliance_record r WHERE r.source = ''public.assessed_person''', framework => 'assessed');
SELECT itsm.assess('with persons') AS persons \gset
SELECT detail FROM itsm.assessment_result WHERE assessment = :persons AND control = 'assessed-quote';
SELECT itsm.assessment_digest(:persons) AS digest \gset
SELECT subject, problem, salt IS NULL AS erased FROM itsm.assessment_finding WHERE assessment = :persons AND control = 'assessed-person' ORDER BY ordinal;
SELECT itsm.redact('assessed_person', '1', '{assignee}', 'asked for') > 0 AS redacted;
SELECT subject, problem, salt IS NULL AS erased FROM itsm.assessment_finding WHERE assessment = :persons AND control = 'assessed-person' ORDER BY ordinal;
SELECT itsm.assessment_digest(:persons) = :'digest' AS same;
SELECT count(*) FROM itsm.verify() WHERE scope = 'assessment' AND NOT ok;
SELECT count(*) >= 0 AS redacted FROM itsm.redact_person('Theodora', 'asked for');
SELECT subject, problem, salt IS NULL AS erased FROM itsm.assessment_finding WHERE assessment = :persons AND control = 'assessed-person' ORDER BY ordinal;
SELECT itsm.assessment_digest(:persons) = :'digest' AS same;
-- Nor can a text be put in the place of an erased one.
BEGIN;
SET LOCAL client_min_messages = error;
UPDATE itsm.assessment_finding SET subject = 'somebody else' WHERE assessment = :persons AND salt IS NULL;
SELECT itsm.assessment_digest(:persons) = :'digest' AS same;
ROLLBACK;
SELECT itsm.drop_control('assessed-person'), itsm.drop_control('assessed-quote');

SELECT itsm.drop_control(c) FROM unnest('{assessed-owner,assessed-broken,assessed-out,8.6.1-test}'::text[]) AS c;
SET client_min_messages = error;
DROP VIEW kept;
DROP TABLE assessed_ticket, assessed_action, assessed_person;
