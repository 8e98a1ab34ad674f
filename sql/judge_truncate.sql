-- TRUNCATE while not enforcing: every governed row is deleted in the history too.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA judge_truncate;
SELECT itsm.define_lifecycle('{"name": "judge_truncate", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}]}');
CREATE FUNCTION judge_truncate.seen(relation regclass) RETURNS TABLE (key text, deleted boolean, events text, violations text) LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, r.deleted, (SELECT string_agg(e.kind || coalesce(' ' || e.from_state, ''), ', ' ORDER BY e.version) FROM itsm.event e WHERE e.tenant = r.tenant AND e.record = r.id),
		(SELECT string_agg(v.code || ' ' || v.rule, ', ' ORDER BY v.version, v.position) FROM itsm.violation v WHERE v.tenant = r.tenant AND v.record = r.id)
	FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = $1 ORDER BY r.key
$$;
CREATE TABLE judge_truncate.ticket (id integer PRIMARY KEY, status text, title text);
INSERT INTO judge_truncate.ticket VALUES (1, 'new', 'before');
SELECT itsm.attach('judge_truncate.ticket', 'judge_truncate', 'status', filter => 'id < 10', attributes => '{"title": "title"}') AS ticket \gset
INSERT INTO judge_truncate.ticket VALUES (2, 'new', 'x'), (3, 'done', 'x'), (4, NULL, 'x'), (11, 'new', 'not governed');
UPDATE judge_truncate.ticket SET status = 'done' WHERE id = 2;
BEGIN;
TRUNCATE judge_truncate.ticket;
ROLLBACK;
SELECT * FROM judge_truncate.seen('judge_truncate.ticket');
SET itsm.reason = 'spring cleaning';
TRUNCATE judge_truncate.ticket;
RESET itsm.reason;
SELECT * FROM judge_truncate.seen('judge_truncate.ticket');
SELECT count(*) AS rows FROM judge_truncate.ticket;
-- the same key again goes on with its record
INSERT INTO judge_truncate.ticket VALUES (2, 'new', 'again');
SELECT key, deleted, events FROM judge_truncate.seen('judge_truncate.ticket') WHERE key = '2';
-- off: history goes on, without violations; enforced: refused
SELECT itsm.set_mode(:ticket, 'off');
TRUNCATE judge_truncate.ticket;
SELECT * FROM judge_truncate.seen('judge_truncate.ticket') WHERE key = '2';
SELECT itsm.set_mode(:ticket, 'enforce');
\set VERBOSITY terse
TRUNCATE judge_truncate.ticket;

-- partitions, and rows that another table's key refers to
CREATE TABLE judge_truncate.whole (id integer PRIMARY KEY, status text) PARTITION BY LIST (id);
CREATE TABLE judge_truncate.part1 PARTITION OF judge_truncate.whole FOR VALUES IN (1);
CREATE TABLE judge_truncate.part2 PARTITION OF judge_truncate.whole FOR VALUES IN (2);
SELECT itsm.attach('judge_truncate.whole', 'judge_truncate', 'status') AS whole \gset
INSERT INTO judge_truncate.whole VALUES (1, 'new'), (2, 'new');
TRUNCATE judge_truncate.part2;
SELECT * FROM judge_truncate.seen('judge_truncate.whole');
TRUNCATE judge_truncate.whole;
SELECT * FROM judge_truncate.seen('judge_truncate.whole');

SET itsm.maintenance = on;
DROP SCHEMA judge_truncate CASCADE;
