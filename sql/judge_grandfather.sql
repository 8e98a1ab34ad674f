-- Rows that were illegal before the attachment stay writable until they move.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_grandfather;
CREATE SCHEMA judge_grandfather AUTHORIZATION regress_itsm_grandfather;
SELECT itsm.define_lifecycle('{"name": "judge_grandfather",
	"attributes": {"title": "text", "priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse",
	"rules": [
		{"name": "titled", "requires": "title"},
		{"name": "titled_to_work", "to": "work", "requires": "title"},
		{"name": "sane", "check": "new.priority between 1 and 5"},
		{"name": "grows", "check": "new.priority >= old.priority"}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_grandfather.seen(relation regclass, OUT key text, OUT state text, OUT events text)
RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, CASE WHEN r.deleted THEN 'deleted' WHEN r.attachment = 0 THEN 'not governed' ELSE s.state END,
		string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version)
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id
		JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
		JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id
	WHERE o.relation = $1
	GROUP BY r.tenant, r.id, r.key, s.state, r.deleted, r.attachment
	ORDER BY r.key COLLATE "C", r.id
$$;

SET ROLE regress_itsm_grandfather;
\set VERBOSITY sqlstate

CREATE TABLE judge_grandfather.ticket (id integer PRIMARY KEY, status text, title text, priority integer, note text);
INSERT INTO judge_grandfather.ticket VALUES (1, 'work', NULL, 3), (2, 'odd', 'b', 3), (3, NULL, 'c', 3), (4, 'new', 'd', 99), (5, 'done', 'e', 0),
	(6, 'new', '', 99), (7, 'odd', '', 99);
SELECT itsm.attach('judge_grandfather.ticket', 'judge_grandfather', 'status', attributes => '{"title": "title", "priority": "priority"}',
	mode => 'enforce', track => '{note}') > 0;

-- what stays as it was may stay
UPDATE judge_grandfather.ticket SET note = 'x';
UPDATE judge_grandfather.ticket SET status = status, title = title, priority = priority;
UPDATE judge_grandfather.ticket SET priority = 100 WHERE id = 4;
SELECT * FROM judge_grandfather.seen('judge_grandfather.ticket');
-- what was right may not become wrong
UPDATE judge_grandfather.ticket SET title = NULL WHERE id = 2;
UPDATE judge_grandfather.ticket SET priority = 6 WHERE id = 1;
UPDATE judge_grandfather.ticket SET priority = 5 WHERE id = 4;
-- from one wrong status to another is a move
UPDATE judge_grandfather.ticket SET status = 'odder' WHERE id = 2;
UPDATE judge_grandfather.ticket SET status = NULL WHERE id = 2;
UPDATE judge_grandfather.ticket SET status = 'odd' WHERE id = 3;
-- and out of one: the lifecycle knows no way from there
UPDATE judge_grandfather.ticket SET status = 'new' WHERE id = 2;
UPDATE judge_grandfather.ticket SET status = 'new' WHERE id = 3;
-- a move brings everything up
UPDATE judge_grandfather.ticket SET status = 'work' WHERE id = 4;
UPDATE judge_grandfather.ticket SET status = 'work', title = 'f', priority = 200 WHERE id = 6;
UPDATE judge_grandfather.ticket SET status = 'done' WHERE id = 1;
UPDATE judge_grandfather.ticket SET status = 'done', title = 'a' WHERE id = 1;
-- once right, right for ever
UPDATE judge_grandfather.ticket SET title = '' WHERE id = 1;
-- with the way out observed, wrong rows can be brought in
RESET ROLE;
SELECT itsm.set_mode(a.id, 'observe', 'transition') FROM itsm.attachment a WHERE a.relation = 'judge_grandfather.ticket'::regclass;
SET ROLE regress_itsm_grandfather;
UPDATE judge_grandfather.ticket SET status = 'new' WHERE id IN (2, 3);
UPDATE judge_grandfather.ticket SET status = 'new', title = 'g', priority = 100 WHERE id = 7;
SELECT * FROM judge_grandfather.seen('judge_grandfather.ticket');
SELECT id, status FROM judge_grandfather.ticket ORDER BY id;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_grandfather CASCADE;
DROP ROLE regress_itsm_grandfather;
