-- The same verdict and the same history whatever way a write takes.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_paths;
CREATE SCHEMA judge_paths AUTHORIZATION regress_itsm_paths;
SELECT itsm.define_lifecycle('{"name": "judge_paths",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "allow",
	"rules": [{"name": "titled", "to": ["work", "done"], "requires": "title"}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_paths.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_paths;
\set VERBOSITY sqlstate

CREATE TABLE judge_paths.ticket (id integer PRIMARY KEY, status text, title text,
	loud text GENERATED ALWAYS AS (upper(title)) STORED);
SELECT itsm.attach('judge_paths.ticket', 'judge_paths', 'status', attributes => '{"title": "loud"}', mode => 'enforce') > 0;

-- INSERT, of one row and of several: one bad row refuses all of them
INSERT INTO judge_paths.ticket VALUES (1, 'new');
INSERT INTO judge_paths.ticket VALUES (2, 'work', 'x');
INSERT INTO judge_paths.ticket VALUES (2, 'new', NULL), (3, 'new', NULL), (4, 'done', 'x');
INSERT INTO judge_paths.ticket SELECT i, 'new', 't' FROM generate_series(2, 12) i;

-- UPDATE, UPDATE ... FROM, and the generated column that the attribute is mapped to
UPDATE judge_paths.ticket SET status = 'work' WHERE id = 1;
UPDATE judge_paths.ticket SET status = 'done' WHERE id = 2;
UPDATE judge_paths.ticket SET status = 'work', title = 'one' WHERE id = 1;
UPDATE judge_paths.ticket t SET status = v.status FROM (VALUES (2, 'work'), (3, 'done')) v(id, status) WHERE t.id = v.id;
UPDATE judge_paths.ticket t SET status = v.status FROM (VALUES (2, 'work'), (3, 'work')) v(id, status) WHERE t.id = v.id;

-- COPY
COPY judge_paths.ticket (id, status, title) FROM stdin;
13	new	a
14	done	b
\.
COPY judge_paths.ticket (id, status, title) FROM stdin;
13	new	a
14	new	b
\.

-- MERGE
MERGE INTO judge_paths.ticket t USING (VALUES (4, 'done'), (15, 'new')) v(id, status) ON t.id = v.id
	WHEN MATCHED THEN UPDATE SET status = v.status
	WHEN NOT MATCHED THEN INSERT (id, status) VALUES (v.id, v.status);
MERGE INTO judge_paths.ticket t USING (VALUES (4, 'work'), (15, 'done')) v(id, status) ON t.id = v.id
	WHEN MATCHED THEN UPDATE SET status = v.status
	WHEN NOT MATCHED THEN INSERT (id, status) VALUES (v.id, v.status);
MERGE INTO judge_paths.ticket t USING (VALUES (4, 'work'), (14, 'new'), (15, 'new')) v(id, status) ON t.id = v.id
	WHEN MATCHED AND t.id = 14 THEN DELETE
	WHEN MATCHED THEN UPDATE SET status = v.status
	WHEN NOT MATCHED THEN INSERT (id, status) VALUES (v.id, v.status);

-- upsert: the row that is proposed is not judged when it is not stored
INSERT INTO judge_paths.ticket VALUES (5, 'work', 't') ON CONFLICT (id) DO UPDATE SET status = excluded.status;
INSERT INTO judge_paths.ticket VALUES (5, 'new', 't') ON CONFLICT (id) DO UPDATE SET status = 'done';
INSERT INTO judge_paths.ticket VALUES (6, 'done', 't') ON CONFLICT (id) DO UPDATE SET status = excluded.status;
INSERT INTO judge_paths.ticket VALUES (6, 'done', 't') ON CONFLICT DO NOTHING;
INSERT INTO judge_paths.ticket VALUES (16, 'done', 't') ON CONFLICT DO NOTHING;
INSERT INTO judge_paths.ticket VALUES (16, 'new', 't') ON CONFLICT (id) DO UPDATE SET status = 'done';

-- data-modifying WITH: each write on its own
WITH moved AS (UPDATE judge_paths.ticket SET status = 'work' WHERE id = 6 RETURNING id)
	INSERT INTO judge_paths.ticket SELECT id + 100, 'work', 't' FROM moved;
WITH moved AS (UPDATE judge_paths.ticket SET status = 'work' WHERE id = 6 RETURNING id),
	gone AS (DELETE FROM judge_paths.ticket WHERE id = 16)
	INSERT INTO judge_paths.ticket SELECT id + 100, 'new', 't' FROM moved;

-- a cursor
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM judge_paths.ticket WHERE id IN (7, 8) ORDER BY id FOR UPDATE;
FETCH c;
UPDATE judge_paths.ticket SET status = 'work' WHERE CURRENT OF c;
FETCH c;
SAVEPOINT s;
UPDATE judge_paths.ticket SET status = 'done' WHERE CURRENT OF c;
ROLLBACK TO s;
UPDATE judge_paths.ticket SET status = 'work' WHERE CURRENT OF c;
COMMIT;

-- a view that is updatable by itself, and one whose rules do the writing
CREATE VIEW judge_paths.open_ticket AS SELECT id, status AS state FROM judge_paths.ticket WHERE status <> 'done';
CREATE VIEW judge_paths.desk AS SELECT id FROM judge_paths.ticket;
CREATE RULE starts AS ON UPDATE TO judge_paths.desk DO INSTEAD UPDATE judge_paths.ticket SET status = 'work' WHERE id = old.id;
CREATE RULE ends AS ON DELETE TO judge_paths.desk DO INSTEAD UPDATE judge_paths.ticket SET status = 'done' WHERE id = old.id;
UPDATE judge_paths.open_ticket SET state = 'done' WHERE id = 9;
UPDATE judge_paths.open_ticket SET state = 'work' WHERE id = 9;
DELETE FROM judge_paths.desk WHERE id = 10;
UPDATE judge_paths.desk SET id = id WHERE id = 10;
DELETE FROM judge_paths.desk WHERE id = 10;

-- functions, DO blocks, prepared statements
CREATE FUNCTION judge_paths.set_status(ticket integer, status text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$ UPDATE judge_paths.ticket t SET status = $2 WHERE t.id = $1 $$;
SELECT judge_paths.set_status(11, 'done');
SELECT judge_paths.set_status(11, 'work');
DO $$ BEGIN UPDATE judge_paths.ticket SET status = 'done' WHERE id = 12; END $$;
DO $$ BEGIN UPDATE judge_paths.ticket SET status = 'work' WHERE id = 12; UPDATE judge_paths.ticket SET status = 'done' WHERE id = 12; END $$;
PREPARE p(text) AS UPDATE judge_paths.ticket SET status = $1 WHERE id = 11;
EXECUTE p('done');
EXECUTE p('work');
DEALLOCATE p;

-- many moves of one row in one transaction, some of them taken back
BEGIN;
UPDATE judge_paths.ticket SET status = 'work' WHERE id = 13;
SAVEPOINT s;
UPDATE judge_paths.ticket SET status = 'new' WHERE id = 13;
INSERT INTO judge_paths.ticket VALUES (20, 'new');
ROLLBACK TO s;
SAVEPOINT s;
UPDATE judge_paths.ticket SET status = 'nowhere' WHERE id = 13;
ROLLBACK TO s;
UPDATE judge_paths.ticket SET status = 'new' WHERE id = 13;
UPDATE judge_paths.ticket SET status = 'work' WHERE id = 13;
COMMIT;
BEGIN;
UPDATE judge_paths.ticket SET status = 'done' WHERE id = 13;
ROLLBACK;

SELECT * FROM judge_paths.seen('judge_paths.ticket');
SELECT id, status, title FROM judge_paths.ticket ORDER BY id;

-- a role that replicates by itself is judged all the same
RESET ROLE;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE judge_paths.ticket SET status = 'new' WHERE id = 1;
SAVEPOINT s;
UPDATE judge_paths.ticket SET status = 'done' WHERE id = 1;
ROLLBACK;
SET ROLE regress_itsm_paths;

-- TRUNCATE
TRUNCATE judge_paths.ticket;
SELECT count(*) FROM judge_paths.ticket;

-- BEFORE triggers that rewrite the row: it is judged as it is stored
CREATE TABLE judge_paths.rewritten (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('judge_paths.rewritten', 'judge_paths', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0;
CREATE FUNCTION judge_paths.rewrite() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	new.status := CASE new.title WHEN 'to new' THEN 'new' WHEN 'to done' THEN 'done' ELSE new.status END;
	RETURN CASE WHEN new.title = 'suppress' THEN NULL ELSE new END;
END $$;
CREATE TRIGGER zz_rewrite BEFORE INSERT OR UPDATE ON judge_paths.rewritten FOR EACH ROW EXECUTE FUNCTION judge_paths.rewrite();
INSERT INTO judge_paths.rewritten VALUES (1, 'done', 'to new');
INSERT INTO judge_paths.rewritten VALUES (2, 'new', 'to done');
INSERT INTO judge_paths.rewritten VALUES (3, 'done', 'suppress');
UPDATE judge_paths.rewritten SET title = 'to done';
UPDATE judge_paths.rewritten SET status = 'done', title = 'to new';
UPDATE judge_paths.rewritten SET status = 'done', title = 'suppress';
UPDATE judge_paths.rewritten SET status = 'work', title = 'x';
SELECT * FROM judge_paths.seen('judge_paths.rewritten');

-- foreign keys that cascade
CREATE TABLE judge_paths.status (code text PRIMARY KEY);
INSERT INTO judge_paths.status VALUES ('new'), ('work'), ('done'), ('odd');
CREATE TABLE judge_paths.parent (id integer PRIMARY KEY);
CREATE TABLE judge_paths.child (id integer PRIMARY KEY, title text,
	status text REFERENCES judge_paths.status ON UPDATE CASCADE ON DELETE SET NULL,
	parent integer REFERENCES judge_paths.parent ON UPDATE CASCADE ON DELETE CASCADE);
SELECT itsm.attach('judge_paths.child', 'judge_paths', 'status', attributes => '{"title": "title"}', mode => 'enforce', track => '{parent}') > 0;
INSERT INTO judge_paths.parent VALUES (1), (2);
INSERT INTO judge_paths.child VALUES (1, 'a', 'new', 1), (2, 'b', 'new', 1), (3, 'c', 'new', 2);
UPDATE judge_paths.parent SET id = 10 WHERE id = 1;
UPDATE judge_paths.child SET status = 'work' WHERE id = 3;
UPDATE judge_paths.status SET code = 'unknown' WHERE code = 'work';
DELETE FROM judge_paths.status WHERE code = 'work';
DELETE FROM judge_paths.status WHERE code = 'odd';
DELETE FROM judge_paths.parent WHERE id = 10;
SELECT * FROM judge_paths.seen('judge_paths.child');
RESET ROLE;
SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('judge_paths'), '{delete}', '"final"'));
SET ROLE regress_itsm_paths;
DELETE FROM judge_paths.parent WHERE id = 2;
UPDATE judge_paths.child SET status = 'done' WHERE id = 3;
DELETE FROM judge_paths.parent WHERE id = 2;
SELECT * FROM judge_paths.seen('judge_paths.child');

-- the attachment keeps nothing of refused writes
RESET ROLE;
SELECT count(*) AS records,
	count(*) FILTER (WHERE r.version <> (SELECT count(*) FROM itsm.event e WHERE e.tenant = r.tenant AND e.record = r.id)) AS broken
FROM itsm.record r JOIN itsm.source o ON o.id = r.source
WHERE o.relation_name LIKE 'judge_paths.%';
SELECT count(*) FROM itsm.event e WHERE NOT EXISTS (SELECT FROM itsm.record r WHERE r.tenant = e.tenant AND r.id = e.record);

SET itsm.maintenance = on;
DROP SCHEMA judge_paths CASCADE;
DROP ROLE regress_itsm_paths;
