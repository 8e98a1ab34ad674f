-- Conditions of agreements: of several lifecycles, and of a table that is gone.
SET client_min_messages = warning;
SET search_path = sla_conditions, pg_catalog;
CREATE SCHEMA sla_conditions;
\set VERBOSITY default
SELECT itsm.define_lifecycle('{"name": "sla_number", "process": "sla_conditions", "attributes": {"priority": "integer", "title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "resolved", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
SELECT itsm.define_lifecycle('{"name": "sla_text", "process": "sla_conditions", "attributes": {"priority": "text", "title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "resolved", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
-- one text for all lifecycles of a process has one meaning
SELECT itsm.define_sla('{"name": "sla_conditions", "process": "sla_conditions", "metric": "resolution", "target": "1 hour", "condition": "new.priority = ''1''"}');
SELECT itsm.define_sla('{"name": "sla_conditions", "process": "sla_conditions", "metric": "resolution", "target": "1 hour", "condition": "new.title = ''1''"}') > 0 AS defined;
SELECT itsm.end_sla('sla_conditions');

-- a condition that runs a user's function does so with the rights of the table's owner; without the table nobody asks it
CREATE FUNCTION loud(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 = 'loud'; END $$;
SELECT itsm.define_sla('{"name": "sla_loud", "lifecycle": "sla_number", "metric": "resolution", "target": "1 hour", "condition": "sla_conditions.loud(new.title)", "valid_from": "2020-01-01"}') > 0 AS defined;
CREATE TABLE gone (id integer PRIMARY KEY, status text, title text);
CREATE TABLE kept (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('gone', 'sla_number', 'status', attributes => '{"title": "title"}') AS gone \gset
SELECT itsm.attach('kept', 'sla_number', 'status', attributes => '{"title": "title"}') AS kept \gset
INSERT INTO gone VALUES (1, 'new', 'loud'), (2, 'new', 'quiet');
INSERT INTO kept VALUES (1, 'new', 'loud'), (2, 'new', 'loud');
SELECT itsm.record_id('gone', '1') AS first, itsm.record_id('kept', '2') AS second \gset
SET client_min_messages = error;
DROP TABLE gone;
-- a clock that is missing is found, beside those that nobody can compute
SET itsm.maintenance = on;
DELETE FROM itsm.clock WHERE record = :second;
RESET itsm.maintenance;
SET client_min_messages = warning;
-- other tests leave events of lifecycles that are not there any more
BEGIN;
SET LOCAL itsm.maintenance = on;
SET LOCAL client_min_messages = error;
DELETE FROM itsm.event e USING itsm.attachment a WHERE a.id = e.attachment AND a.id NOT IN (:gone, :kept);
SELECT agreement, problem, record_id = :second AS second FROM itsm.recompute_clocks() WHERE agreement = 'sla_loud';
ROLLBACK;
SELECT agreement, problem, record_id = :second AS second FROM itsm.recompute_clocks(:kept, write => true);
SELECT record = :first AS gone, stage FROM itsm.clock WHERE record IN (:first, :second) ORDER BY record;
SELECT itsm.recompute_clocks(record => :first);
SELECT itsm.recompute_clocks(:gone, write => true);
SELECT itsm.explain_clock(:first, 'sla_loud');
SELECT itsm.recompute_clocks(:kept);
SET client_min_messages = warning;
SELECT itsm.end_sla('sla_loud');
-- nothing of it is left to others
DELETE FROM itsm.clock c USING itsm.sla s WHERE s.id = c.sla AND s.name = 'sla_loud';
SELECT itsm.detach('kept');
DROP SCHEMA sla_conditions CASCADE;
