-- The rule kind class: what is of no class, of one that is not defined, or of an abstract one.
SET search_path = pg_catalog;
SET client_min_messages = notice;
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA class_app;
CREATE TABLE class_app.ci (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'stock', kind text, serial text, name text);
SELECT itsm.define_class('classed', abstract => true, required => '{title}');
SELECT itsm.define_class('classed_box', 'classed', required => '{serial}', recommended => '{owner}');
SELECT itsm.define_class('classed_odd', 'classed', required => '{colour}');
DO $$
DECLARE
	rule text;
BEGIN
	FOREACH rule IN ARRAY ARRAY['"class": true', '"class": "whatever"', '"class": ["complete"]'] LOOP
		BEGIN
			PERFORM itsm.define_lifecycle(format('{"name": "classed", "attributes": {"class": "text"}, "states": [{"name": "stock", "category": "new", "initial": true, "final": true}], "transitions": [], "rules": [{"name": "r", %s}]}', rule)::jsonb);
		EXCEPTION WHEN OTHERS THEN
			RAISE NOTICE '%: %', sqlstate, sqlerrm;
		END;
	END LOOP;
END $$;
SELECT itsm.define_lifecycle('{"name": "classed", "attributes": {"title": "text"}, "states": [{"name": "stock", "category": "new", "initial": true, "final": true}], "transitions": [], "rules": [{"name": "r", "class": "defined"}]}');
SELECT itsm.define_lifecycle('{"name": "classed", "process": "configuration_item", "delete": "allow",
	"attributes": {"title": "text", "class": "text", "serial": "text"},
	"states": [{"name": "stock", "category": "new", "initial": true}, {"name": "live", "category": "active"}, {"name": "gone", "category": "closed", "final": true}],
	"transitions": [{"from": "stock", "to": "live"}, {"from": "live", "to": "gone"}],
	"rules": [{"name": "of_class", "class": "defined", "clause": "8.2.6"}, {"name": "complete", "to": "live", "class": "complete"}]}');
INSERT INTO class_app.ci (id, kind) VALUES (1, 'classed'), (2, NULL);
SELECT itsm.attach('class_app.ci', 'classed', 'status', mode => 'enforce', attributes => '{"title": "name", "class": "kind", "serial": "serial"}') AS attachment \gset
SELECT * FROM itsm.check_rows(:attachment) ORDER BY key, rule;
-- what was illegal before stays writable, until it moves
UPDATE class_app.ci SET name = 'one' WHERE id = 1;
UPDATE class_app.ci SET kind = 'nothing' WHERE id = 1;
UPDATE class_app.ci SET status = 'live' WHERE id = 1;
INSERT INTO class_app.ci (id, kind) VALUES (3, 'classed');
INSERT INTO class_app.ci (id, kind) VALUES (3, ' ');
INSERT INTO class_app.ci (id, kind) VALUES (3, 'nothing');
INSERT INTO class_app.ci (id, kind) VALUES (3, 'classed_box'), (4, 'classed_odd');
\set VERBOSITY default
UPDATE class_app.ci SET status = 'live' WHERE id = 3;
\set VERBOSITY terse
UPDATE class_app.ci SET status = 'live', serial = 'S3', name = 'three' WHERE id = 3;
UPDATE class_app.ci SET serial = NULL WHERE id = 3;
UPDATE class_app.ci SET kind = 'classed' WHERE id = 3;
UPDATE class_app.ci SET name = 'the third' WHERE id = 3;
-- what the class requires and nobody maps is missing
UPDATE class_app.ci SET status = 'live', name = 'four' WHERE id = 4;
SELECT id, status, kind, serial, name FROM class_app.ci ORDER BY id;
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('class_app.ci', '4');
SELECT itsm.detach('class_app.ci');
DROP SCHEMA class_app CASCADE;
