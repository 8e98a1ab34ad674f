-- A lifecycle whose attributes are of a type that is gone with the tables it was for: what
-- looks at everything goes on.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set VERBOSITY terse
CREATE SCHEMA dropped_type;
CREATE TYPE dropped_type.size AS ENUM ('small', 'large');
CREATE TABLE dropped_type.box (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'new', size dropped_type.size);
CREATE TABLE dropped_type.call (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'new');
SELECT itsm.define_lifecycle('{"name": "dropped_box", "process": "dropped_process", "delete": "allow", "attributes": {"size": "dropped_type.size"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done", "after": "1 second"}]}');
SELECT itsm.define_lifecycle('{"name": "dropped_call", "delete": "allow", "attributes": {},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
SELECT itsm.define_sla('{"name": "dropped call", "lifecycle": "dropped_call", "metric": "resolution", "target": "1 hour"}') > 0 AS defined;
SELECT itsm.attach('dropped_type.box', 'dropped_box', 'status', attributes => '{"size": "size"}') > 0 AS attached;
SELECT itsm.attach('dropped_type.call', 'dropped_call', 'status') > 0 AS attached;
INSERT INTO dropped_type.box VALUES (1, 'new', 'small');
INSERT INTO dropped_type.call VALUES (1);
UPDATE dropped_type.box SET size = 'large', status = 'done';
SELECT itsm.detach('dropped_type.box');
DROP TABLE dropped_type.box;
DROP TYPE dropped_type.size;
SELECT * FROM itsm.recompute_clocks() WHERE agreement = 'dropped call';
SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ 'dropped';
SELECT count(*) FROM itsm.run_due() WHERE relation::text ~ 'dropped';
SELECT kind, changes FROM itsm.record_history((SELECT id FROM itsm.record WHERE lifecycle = 'dropped_box')) ORDER BY version;
-- what would have to know it says which one it is
SELECT itsm.define_sla('{"name": "dropped box", "process": "dropped_process", "metric": "resolution", "target": "1 hour"}');
SELECT itsm.lifecycle_definition('dropped_box') ->> 'name' AS name;
UPDATE dropped_type.call SET status = 'done';
SELECT state, why FROM itsm.explain_clock((SELECT id FROM itsm.record WHERE lifecycle = 'dropped_call'), 'dropped call') LIMIT 1;
SELECT itsm.detach('dropped_type.call');
DROP SCHEMA dropped_type CASCADE;
