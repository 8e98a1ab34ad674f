-- A row that moved while nobody looked (in maintenance, or its triggers were off) is taken on
-- as it is with its next write: what was not told is told as such, and all agree again.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA moved_unseen;
SELECT itsm.define_lifecycle('{"name": "moved_unseen", "attributes": {"title": "text", "priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "resolved", "category": "resolved"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "resolved"}, {"from": "resolved", "to": ["done", "work"]}], "delete": "final"}');
CREATE TABLE moved_unseen.ticket (id integer, place text, status text, title text, priority integer, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
CREATE TABLE moved_unseen.here PARTITION OF moved_unseen.ticket FOR VALUES IN ('here');
CREATE TABLE moved_unseen.there PARTITION OF moved_unseen.ticket FOR VALUES IN ('there');
SELECT itsm.attach('moved_unseen.ticket', 'moved_unseen', 'status', attributes => '{"title": "title", "priority": "priority"}', mode => 'enforce') > 0;
CREATE FUNCTION moved_unseen.told(OUT key text, OUT events text, OUT state text, OUT shown text) RETURNS SETOF record
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, (SELECT string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version)
			FROM itsm.event e WHERE e.tenant = r.tenant AND e.record = r.id),
		s.state, concat_ws(' ', r.state, r.category, r.title)
	FROM itsm.record r JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id JOIN itsm.source o ON o.id = r.source
	WHERE o.relation = 'moved_unseen.ticket'::regclass AND NOT r.deleted ORDER BY r.key COLLATE "C"
$$;
CREATE FUNCTION moved_unseen.wrong() RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS
$$ SELECT v.object || ': ' || v.detail FROM itsm.verify() v WHERE NOT v.ok AND v.object LIKE '%moved_unseen%' ORDER BY v.object COLLATE "C", v.detail COLLATE "C" $$;

INSERT INTO moved_unseen.ticket SELECT i, 'here', 'new', 't' || i, 1 FROM generate_series(1, 8) i;
SET itsm.maintenance = on;
ALTER TABLE moved_unseen.ticket DISABLE TRIGGER ALL;
UPDATE moved_unseen.ticket SET status = CASE WHEN id < 5 THEN 'work' WHEN id = 5 THEN 'nowhere' WHEN id = 6 THEN 'done' ELSE 'resolved' END,
	title = 'u' || id;
ALTER TABLE moved_unseen.ticket ENABLE TRIGGER ALL;
RESET itsm.maintenance;
SELECT count(*) FROM moved_unseen.wrong();

-- changed, moved, moved between partitions, moved nowhere, deleted, refused
UPDATE moved_unseen.ticket SET priority = 2 WHERE id IN (1, 5);
UPDATE moved_unseen.ticket SET status = 'resolved' WHERE id = 2;
UPDATE moved_unseen.ticket SET place = 'there', status = 'resolved' WHERE id = 3;
UPDATE moved_unseen.ticket SET title = 'v4' WHERE id = 4;
DELETE FROM moved_unseen.ticket WHERE id = 6;
UPDATE moved_unseen.ticket SET status = 'done' WHERE id = 7;
UPDATE moved_unseen.ticket SET status = 'new' WHERE id = 8;
SELECT * FROM moved_unseen.told();
SELECT h.version, h.kind, h.changes FROM itsm.history('moved_unseen.ticket', '(1,here)') h ORDER BY 1;
-- only the one whose write was refused is left
SELECT regexp_replace(wrong, 'record [0-9]+', 'record') FROM moved_unseen.wrong();
UPDATE moved_unseen.ticket SET status = 'work' WHERE id = 8;
SELECT * FROM moved_unseen.wrong();

-- a statement of one's own is no gap: twice in a transaction, and by a trigger that comes first
CREATE FUNCTION moved_unseen.go_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.status = 'work' AND old.status = 'new' THEN
		UPDATE moved_unseen.ticket SET status = 'resolved' WHERE id = new.id;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER a AFTER UPDATE ON moved_unseen.ticket FOR EACH ROW EXECUTE FUNCTION moved_unseen.go_on();
INSERT INTO moved_unseen.ticket VALUES (9, 'here', 'new', 't9', 1), (10, 'here', 'new', 't10', 1);
BEGIN;
UPDATE moved_unseen.ticket SET status = 'work' WHERE id = 9;
UPDATE moved_unseen.ticket SET status = 'work' WHERE id = 9;
UPDATE moved_unseen.ticket SET status = 'work' WHERE id = 10;
COMMIT;
UPDATE moved_unseen.ticket SET status = 'done' WHERE id IN (9, 10);
SELECT * FROM moved_unseen.told() t WHERE t.key IN ('(10,here)', '(9,here)');
SELECT * FROM moved_unseen.wrong();

SET itsm.maintenance = on;
DROP SCHEMA moved_unseen CASCADE;
