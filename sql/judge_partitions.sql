-- Partitions and inheritance children: writes to a leaf, rows that move between partitions.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_partitions;
CREATE SCHEMA judge_partitions AUTHORIZATION regress_itsm_partitions;
SELECT itsm.define_lifecycle('{"name": "judge_partitions",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse"}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_partitions.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_partitions;
\set VERBOSITY sqlstate

CREATE TABLE judge_partitions.ticket (id integer, region text, status text, title text, PRIMARY KEY (id, region))
	PARTITION BY LIST (region);
CREATE TABLE judge_partitions.north PARTITION OF judge_partitions.ticket FOR VALUES IN ('n');
-- a leaf with its columns in another order, and one dropped
CREATE TABLE judge_partitions.south (title text, gone integer, status text, region text NOT NULL, id integer NOT NULL);
ALTER TABLE judge_partitions.south DROP COLUMN gone;
ALTER TABLE judge_partitions.ticket ATTACH PARTITION judge_partitions.south FOR VALUES IN ('s');
CREATE TABLE judge_partitions.far PARTITION OF judge_partitions.ticket FOR VALUES IN ('e', 'w') PARTITION BY LIST (region);
CREATE TABLE judge_partitions.east PARTITION OF judge_partitions.far FOR VALUES IN ('e');
SELECT itsm.attach('judge_partitions.ticket', 'judge_partitions', 'status', attributes => '{"title": "title"}',
	mode => 'enforce', track => '{*}') > 0;

-- through the root and straight into leaves
INSERT INTO judge_partitions.ticket VALUES (1, 'n', 'new', 'a'), (2, 's', 'new', 'b'), (3, 'e', 'new', 'c');
INSERT INTO judge_partitions.south (id, region, status) VALUES (4, 's', 'done');
INSERT INTO judge_partitions.south (id, region, status) VALUES (4, 's', 'new');
UPDATE judge_partitions.east SET status = 'done';
UPDATE judge_partitions.south SET status = 'done' WHERE id = 4;
UPDATE judge_partitions.far SET status = 'work';
COPY judge_partitions.ticket FROM stdin;
5	w	new	x
\.
COPY judge_partitions.ticket FROM stdin;
5	e	done	x
\.
COPY judge_partitions.ticket FROM stdin;
5	e	new	x
\.
SELECT * FROM judge_partitions.seen('judge_partitions.ticket');

-- a row that moves is one transition, and moving hides nothing; deletion is refused here
UPDATE judge_partitions.ticket SET region = 's', status = 'done' WHERE id = 1;
UPDATE judge_partitions.ticket SET region = 's', status = 'work' WHERE id = 1;
UPDATE judge_partitions.ticket SET region = 'n' WHERE id = 2;
UPDATE judge_partitions.ticket SET region = 'e', id = 10, status = 'done' WHERE id = 4;
UPDATE judge_partitions.ticket SET region = 'e', id = 10, status = 'work' WHERE id = 4;
DELETE FROM judge_partitions.ticket WHERE id = 10;
DELETE FROM judge_partitions.east WHERE id = 10;
SELECT * FROM judge_partitions.seen('judge_partitions.ticket');

-- several at once, and back again; MERGE
UPDATE judge_partitions.ticket SET region = CASE region WHEN 's' THEN 'n' WHEN 'n' THEN 's' ELSE region END;
UPDATE judge_partitions.ticket SET region = CASE region WHEN 's' THEN 'n' ELSE 's' END, status = CASE id WHEN 5 THEN 'done' ELSE status END;
MERGE INTO judge_partitions.ticket t USING (VALUES (1, 'e', 'done'), (20, 's', 'new')) v(id, region, status) ON t.id = v.id
	WHEN MATCHED THEN UPDATE SET region = v.region, status = v.status
	WHEN NOT MATCHED THEN INSERT (id, region, status) VALUES (v.id, v.region, v.status);
WITH a AS (UPDATE judge_partitions.ticket SET region = 'e' WHERE id = 20 RETURNING id),
	b AS (UPDATE judge_partitions.ticket SET region = 'n' WHERE id = 3 RETURNING id)
	INSERT INTO judge_partitions.ticket SELECT a.id + 1, 'n', 'new' FROM a, b;
SELECT * FROM judge_partitions.seen('judge_partitions.ticket');
SELECT tableoid::regclass, id, region, status FROM judge_partitions.ticket ORDER BY id;

-- a move that is taken back with its subtransaction
BEGIN;
SAVEPOINT s;
UPDATE judge_partitions.ticket SET region = 's' WHERE id = 20;
ROLLBACK TO s;
UPDATE judge_partitions.ticket SET title = 'still here' WHERE id = 20;
COMMIT;
SELECT * FROM judge_partitions.seen('judge_partitions.ticket') WHERE key LIKE '(20,%';

-- the target's own trigger refuses the row silently: then it is a deletion, which the lifecycle does not allow
CREATE FUNCTION judge_partitions.suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER suppress BEFORE INSERT ON judge_partitions.north FOR EACH ROW EXECUTE FUNCTION judge_partitions.suppress();
UPDATE judge_partitions.ticket SET region = 'n' WHERE id = 20;
UPDATE judge_partitions.ticket SET region = 'n' WHERE id IN (10, 20);
BEGIN;
UPDATE judge_partitions.ticket SET region = 'n' WHERE id = 20;
INSERT INTO judge_partitions.ticket VALUES (20, 'n', 'done');
COMMIT;
BEGIN;
UPDATE judge_partitions.ticket SET region = 'n' WHERE id = 20;
INSERT INTO judge_partitions.ticket VALUES (20, 's', 'new');
COMMIT;
RESET ROLE;
SELECT itsm.set_mode(a.id, 'observe') FROM itsm.attachment a WHERE a.relation = 'judge_partitions.ticket'::regclass;
SET ROLE regress_itsm_partitions;
UPDATE judge_partitions.ticket SET region = 'n' WHERE id = 20;
SELECT * FROM judge_partitions.seen('judge_partitions.ticket') WHERE key LIKE '(20,%';
DROP TRIGGER suppress ON judge_partitions.north;

-- another trigger of the leaf writes while the row is on its way
RESET ROLE;
SELECT itsm.set_mode(a.id, 'enforce') FROM itsm.attachment a WHERE a.relation = 'judge_partitions.ticket'::regclass;
SET ROLE regress_itsm_partitions;
CREATE FUNCTION judge_partitions.meddle() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	UPDATE judge_partitions.ticket SET title = tg_table_name WHERE id = 3;
	UPDATE judge_partitions.ticket SET region = CASE region WHEN 'e' THEN 's' ELSE 'e' END WHERE id = 5;
	RETURN NULL;
END $$;
CREATE TRIGGER aa_meddle AFTER INSERT ON judge_partitions.south FOR EACH ROW WHEN (new.id = 1) EXECUTE FUNCTION judge_partitions.meddle();
CREATE TRIGGER zz_meddle AFTER DELETE ON judge_partitions.east FOR EACH ROW WHEN (old.id = 1) EXECUTE FUNCTION judge_partitions.meddle();
UPDATE judge_partitions.ticket SET region = 'e' WHERE id = 1;
UPDATE judge_partitions.ticket SET region = 's', status = 'done' WHERE id = 1;
SELECT * FROM judge_partitions.seen('judge_partitions.ticket') WHERE key ~ '^\([135],';

-- TRUNCATE of the root, of a leaf
TRUNCATE judge_partitions.ticket;
TRUNCATE judge_partitions.east;

-- a partition made later is judged too
CREATE TABLE judge_partitions.west PARTITION OF judge_partitions.far FOR VALUES IN ('w');
INSERT INTO judge_partitions.west VALUES (30, 'w', 'done');
INSERT INTO judge_partitions.west VALUES (30, 'w', 'new');

-- what is remembered is what is there
SELECT count(*) FROM judge_partitions.ticket t
	FULL JOIN (SELECT * FROM judge_partitions.seen('judge_partitions.ticket') WHERE state <> 'deleted') s ON s.key = format('(%s,%s)', t.id, t.region)
	WHERE t.status IS DISTINCT FROM s.state;

-- inheritance: each child is a table of its own
CREATE TABLE judge_partitions.base (id integer PRIMARY KEY, status text, title text);
CREATE TABLE judge_partitions.child (extra text, PRIMARY KEY (id)) INHERITS (judge_partitions.base);
SELECT itsm.attach('judge_partitions.base', 'judge_partitions', 'status', mode => 'enforce') > 0;
INSERT INTO judge_partitions.base VALUES (1, 'new');
INSERT INTO judge_partitions.child VALUES (1, 'done');
INSERT INTO judge_partitions.child VALUES (1, 'new');
UPDATE judge_partitions.base SET status = 'done';
UPDATE judge_partitions.base SET status = 'work';
UPDATE ONLY judge_partitions.base SET status = 'done';
TRUNCATE judge_partitions.child;
TRUNCATE ONLY judge_partitions.base;
SELECT * FROM judge_partitions.seen('judge_partitions.base');
SELECT * FROM judge_partitions.seen('judge_partitions.child');

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_partitions CASCADE;
DROP ROLE regress_itsm_partitions;
