-- Keys: compound, changed, swapped, taken over, used again; tenants.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_keys;
CREATE SCHEMA judge_keys AUTHORIZATION regress_itsm_keys;
SELECT itsm.define_lifecycle('{"name": "judge_keys",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "allow",
	"rules": [{"name": "hushed", "to": "done", "reason": true, "mode": "off"}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_keys.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_keys;
\set VERBOSITY sqlstate

CREATE TABLE judge_keys.ticket (id integer, status text, title text, PRIMARY KEY (id) DEFERRABLE INITIALLY IMMEDIATE);
SELECT itsm.attach('judge_keys.ticket', 'judge_keys', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0;
INSERT INTO judge_keys.ticket SELECT i, 'new', 't' || i FROM generate_series(1, 6) i;
UPDATE judge_keys.ticket SET status = 'work' WHERE id IN (1, 3);

-- changed, alone and with a move; an illegal move does not hide behind it
UPDATE judge_keys.ticket SET id = 10 WHERE id = 1;
UPDATE judge_keys.ticket SET id = 11, status = 'done' WHERE id = 10;
UPDATE judge_keys.ticket SET id = 20, status = 'done' WHERE id = 2;
SELECT * FROM judge_keys.seen('judge_keys.ticket');

-- swapped in one statement, shifted, shifted with moves, a ring
UPDATE judge_keys.ticket SET id = 7 - id WHERE id IN (3, 4);
UPDATE judge_keys.ticket SET id = id + 1;
UPDATE judge_keys.ticket SET id = id - 1, status = CASE status WHEN 'new' THEN 'work' ELSE status END;
UPDATE judge_keys.ticket SET id = CASE id WHEN 2 THEN 3 WHEN 3 THEN 4 WHEN 4 THEN 2 END WHERE id BETWEEN 2 AND 4;
SELECT * FROM judge_keys.seen('judge_keys.ticket');

-- checked at the end of the transaction, with the key free in between
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
UPDATE judge_keys.ticket SET id = 5 WHERE id = 6;
UPDATE judge_keys.ticket SET id = 6 WHERE title = 't5';
UPDATE judge_keys.ticket SET status = 'done' WHERE title = 't6';
COMMIT;
-- and with the second half taken back
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
SAVEPOINT s;
UPDATE judge_keys.ticket SET id = 11 WHERE id = 6;
ROLLBACK TO s;
UPDATE judge_keys.ticket SET id = 12 WHERE id = 11;
UPDATE judge_keys.ticket SET id = 11 WHERE id = 6;
UPDATE judge_keys.ticket SET id = 6 WHERE id = 12;
COMMIT;
SELECT * FROM judge_keys.seen('judge_keys.ticket');

-- deleted, and the key used again: by an insertion, and by another row's change of key
DELETE FROM judge_keys.ticket WHERE id IN (2, 3);
INSERT INTO judge_keys.ticket VALUES (2, 'done', 'again');
INSERT INTO judge_keys.ticket VALUES (2, 'new', 'again');
UPDATE judge_keys.ticket SET id = 3 WHERE id = 4;
SELECT * FROM judge_keys.seen('judge_keys.ticket');
BEGIN;
DELETE FROM judge_keys.ticket WHERE id = 2;
INSERT INTO judge_keys.ticket VALUES (2, 'new', 'once more');
DELETE FROM judge_keys.ticket WHERE id = 2;
UPDATE judge_keys.ticket SET id = 2 WHERE id = 3;
COMMIT;
SELECT * FROM judge_keys.seen('judge_keys.ticket');

-- what is remembered is what is there
SELECT * FROM judge_keys.ticket t
	FULL JOIN (SELECT * FROM judge_keys.seen('judge_keys.ticket') WHERE state <> 'deleted' AND key IS NOT NULL) s ON s.key = t.id::text
	WHERE t.status IS DISTINCT FROM s.state;
RESET ROLE;
SELECT t.id, t.title, p.title AS remembered, p.state FROM judge_keys.ticket t JOIN itsm.projection p ON p.key = t.id::text
	JOIN itsm.source o ON o.id = p.source AND o.relation = 'judge_keys.ticket'::regclass ORDER BY t.id;
SET ROLE regress_itsm_keys;

-- compound keys, of types whose text depends on settings, quoted like the text of a row
CREATE TABLE judge_keys.compound (branch text, day date, "part 2" char(4), status text, title text, PRIMARY KEY (branch, day, "part 2"));
SELECT itsm.attach('judge_keys.compound', 'judge_keys', 'status', mode => 'enforce') > 0;
INSERT INTO judge_keys.compound VALUES ('a', '2024-02-01', 'x', 'new'), ('a, b', '2024-02-01', 'y"', 'new'), ('', 'infinity', '', 'new'),
	(E'line\nbreak\\', '0044-03-15 BC', '(', 'new');
SET datestyle = 'German, DMY';
UPDATE judge_keys.compound SET status = 'work';
UPDATE judge_keys.compound SET day = '2024-12-31' WHERE branch = 'a';
RESET datestyle;
SELECT * FROM judge_keys.seen('judge_keys.compound');

-- another key than the primary one; a key that no index guards; another key later
CREATE TABLE judge_keys.other (id integer PRIMARY KEY, number text NOT NULL UNIQUE, code text UNIQUE, status text);
SELECT itsm.attach('judge_keys.other', 'judge_keys', 'status', mode => 'enforce', key => '{code}');
SELECT itsm.attach('judge_keys.other', 'judge_keys', 'status', mode => 'enforce', key => '{number}') > 0;
INSERT INTO judge_keys.other VALUES (1, 'INC-1', NULL, 'new');
UPDATE judge_keys.other SET id = 2;
UPDATE judge_keys.other SET status = 'work';
SELECT * FROM judge_keys.seen('judge_keys.other');
SELECT itsm.detach('judge_keys.other');
SELECT itsm.attach('judge_keys.other', 'judge_keys', 'status');

-- tenants: a record belongs to one; the row that goes to another begins anew there and brings its state along
CREATE TABLE judge_keys.shared (id integer PRIMARY KEY, customer text, status text);
SELECT itsm.attach('judge_keys.shared', 'judge_keys', 'status', mode => 'enforce', tenant => 'customer') > 0;
INSERT INTO judge_keys.shared VALUES (1, 'acme', 'new'), (2, 'bolt', 'new'), (3, NULL, 'new');
UPDATE judge_keys.shared SET customer = 'bolt', status = 'done' WHERE id = 1;
UPDATE judge_keys.shared SET customer = 'bolt', status = 'work' WHERE id = 1;
UPDATE judge_keys.shared SET customer = 'acme' WHERE id = 1;
UPDATE judge_keys.shared SET customer = 'bolt', id = 4 WHERE id = 1;
UPDATE judge_keys.shared SET customer = 'acme', id = 1 WHERE id = 2;
UPDATE judge_keys.shared SET status = 'done' WHERE id = 4;
UPDATE judge_keys.shared SET status = 'done' WHERE id = 1;
SELECT * FROM judge_keys.seen('judge_keys.shared');
RESET ROLE;
SELECT r.tenant, r.key, s.state, r.deleted FROM itsm.record r JOIN itsm.record_state s ON s.record = r.id AND s.tenant = r.tenant
	JOIN itsm.source o ON o.id = r.source WHERE o.relation = 'judge_keys.shared'::regclass ORDER BY r.tenant, r.key COLLATE "C", r.id;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_keys CASCADE;
DROP ROLE regress_itsm_keys;
