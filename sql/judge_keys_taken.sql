-- Two rows with one key, until a deferred constraint is checked: what is done to each
-- is told of each, whichever leaves the key again.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA judge_keys_taken;
SELECT itsm.define_lifecycle('{"name": "judge_keys_taken", "attributes": {"title": "text", "priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}]}');
CREATE TABLE judge_keys_taken.ticket (id integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, status text DEFAULT 'new', title text,
	priority integer DEFAULT 1, note text);
SELECT itsm.attach('judge_keys_taken.ticket', 'judge_keys_taken', 'status', attributes => '{"title": "title", "priority": "priority"}', mode => 'enforce') > 0;
CREATE FUNCTION judge_keys_taken.told(OUT key text, OUT title text, OUT shown text, OUT events text) RETURNS SETOF record
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, r.title, concat_ws(' ', r.state, r.priority, CASE WHEN r.deleted THEN 'deleted' END),
		(SELECT string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version)
			FROM itsm.event e WHERE e.tenant = r.tenant AND e.record = r.id)
	FROM itsm.record r JOIN itsm.source o ON o.id = r.source
	WHERE o.relation = 'judge_keys_taken.ticket'::regclass ORDER BY r.title COLLATE "C", r.id
$$;
CREATE FUNCTION judge_keys_taken.wrong() RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT v.object || ': ' || v.detail FROM itsm.verify() v WHERE NOT v.ok AND v.object LIKE '%judge_keys_taken%' ORDER BY v.object COLLATE "C", v.detail COLLATE "C"
$$;
INSERT INTO judge_keys_taken.ticket (id, title) VALUES (1, 'one'), (2, 'two');

-- both are written while they have one key, also in columns that nobody watches
BEGIN;
UPDATE judge_keys_taken.ticket SET id = 2 WHERE title = 'one';
UPDATE judge_keys_taken.ticket SET status = 'work' WHERE title = 'one';
UPDATE judge_keys_taken.ticket SET note = 'x';
UPDATE judge_keys_taken.ticket SET priority = 2 WHERE title = 'two';
UPDATE judge_keys_taken.ticket SET priority = 3 WHERE title = 'one';
UPDATE judge_keys_taken.ticket SET note = 'y';
UPDATE judge_keys_taken.ticket SET priority = 4;
UPDATE judge_keys_taken.ticket SET id = 1 WHERE title = 'two';
COMMIT;
SELECT * FROM judge_keys_taken.told();
SELECT * FROM judge_keys_taken.wrong();

-- taken, and left again; with a part rolled back
BEGIN;
UPDATE judge_keys_taken.ticket SET id = 1 WHERE title = 'one';
SAVEPOINT s;
UPDATE judge_keys_taken.ticket SET id = 2 WHERE title = 'one';
ROLLBACK TO s;
UPDATE judge_keys_taken.ticket SET priority = 5 WHERE title = 'one';
UPDATE judge_keys_taken.ticket SET id = 2 WHERE title = 'one';
UPDATE judge_keys_taken.ticket SET priority = 5 WHERE title = 'two';
COMMIT;
UPDATE judge_keys_taken.ticket SET status = 'work' WHERE title = 'two';
SELECT * FROM judge_keys_taken.told();
SELECT * FROM judge_keys_taken.wrong();

-- taken by a new row: the old one moves away, or is deleted, or the new one is
BEGIN;
INSERT INTO judge_keys_taken.ticket (id, title) VALUES (1, 'three');
UPDATE judge_keys_taken.ticket SET priority = 6;
UPDATE judge_keys_taken.ticket SET status = 'work' WHERE title = 'three';
UPDATE judge_keys_taken.ticket SET id = 3, status = 'done' WHERE title = 'two';
COMMIT;
BEGIN;
INSERT INTO judge_keys_taken.ticket (id, title) VALUES (2, 'four');
DELETE FROM judge_keys_taken.ticket WHERE title = 'one';
COMMIT;
BEGIN;
INSERT INTO judge_keys_taken.ticket (id, title) VALUES (3, 'five');
UPDATE judge_keys_taken.ticket SET priority = 7 WHERE title = 'five';
DELETE FROM judge_keys_taken.ticket WHERE title = 'five';
COMMIT;
UPDATE judge_keys_taken.ticket SET priority = 8 WHERE id = 3;
BEGIN;
DELETE FROM judge_keys_taken.ticket WHERE title = 'four';
INSERT INTO judge_keys_taken.ticket (id, title) VALUES (2, 'six');
COMMIT;
-- both stay: nothing was done
BEGIN;
INSERT INTO judge_keys_taken.ticket (id, title) VALUES (2, 'seven');
COMMIT;
SELECT * FROM judge_keys_taken.told();
TABLE judge_keys_taken.ticket ORDER BY id;
SELECT * FROM judge_keys_taken.wrong();

SET itsm.maintenance = on;
DROP SCHEMA judge_keys_taken CASCADE;
