-- Several attached tables in one session: each is read by its own expressions, whichever a
-- transaction writes first.
SET search_path = pg_catalog;
SET client_min_messages = warning;

CREATE SCHEMA judge_tables_apart;
SELECT itsm.define_lifecycle('{"name": "judge_tables_apart",
	"attributes": {"title": "text", "priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}], "delete": "allow",
	"rules": [{"name": "plausible", "check": "new.priority between 1 and 5"}]}');

CREATE TABLE judge_tables_apart.one (id integer PRIMARY KEY, status text, title text, prio integer);
CREATE TABLE judge_tables_apart.two (id integer PRIMARY KEY, prio integer, title text, status text);
CREATE TABLE judge_tables_apart.three (id integer PRIMARY KEY, status text, title text, prio integer);
SELECT itsm.attach('judge_tables_apart.one', 'judge_tables_apart', 'status', mode => 'enforce', filter => 'id > 0',
	attributes => '{"title": "upper(title)", "priority": "prio + 1"}') > 0;
SELECT itsm.attach('judge_tables_apart.two', 'judge_tables_apart', 'status', mode => 'enforce', filter => 'id < 100',
	attributes => '{"title": "lower(title)", "priority": "prio - 1"}') > 0;
SELECT itsm.attach('judge_tables_apart.three', 'judge_tables_apart', 'status', mode => 'enforce',
	attributes => '{"title": "title || ''!''", "priority": "prio"}') > 0;

-- what one transaction left of a table is where the next one begins another table's
INSERT INTO judge_tables_apart.three VALUES (1, 'new', 'Three', 3);
BEGIN;
INSERT INTO judge_tables_apart.one VALUES (1, 'new', 'One', 3);
INSERT INTO judge_tables_apart.two VALUES (1, 3, 'Two', 'new');
COMMIT;
BEGIN;
INSERT INTO judge_tables_apart.one VALUES (2, 'new', 'One', 3);
INSERT INTO judge_tables_apart.three VALUES (2, 'new', 'Three', 3);
COMMIT;
BEGIN;
UPDATE judge_tables_apart.two SET title = 'Again';
DELETE FROM judge_tables_apart.three WHERE id = 2;
UPDATE judge_tables_apart.one SET title = 'Again' WHERE id = 2;
COMMIT;
SELECT s.name, p.key, p.deleted, p.title, p.priority FROM itsm.projection p JOIN itsm.source_name s ON s.id = p.source
	WHERE s.name LIKE 'judge_tables_apart.%' ORDER BY s.name COLLATE "C", p.key COLLATE "C";

SET itsm.maintenance = on;
DROP SCHEMA judge_tables_apart CASCADE;
