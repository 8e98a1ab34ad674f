-- Records for rows that were there before: in batches, going on where it was cut short.
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset null '~'
\set VERBOSITY terse

CREATE ROLE regress_itsm_backfill;
CREATE SCHEMA backfill AUTHORIZATION regress_itsm_backfill;
SELECT itsm.define_lifecycle('{"name": "backfill", "attributes": {"title": "text", "opened_at": "timestamptz"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}], "delete": "allow", "rules": [{"name": "titled", "to": "work", "requires": "title"}]}');
-- What is known of a table, a line a record; and how far backfills are.
CREATE FUNCTION backfill.seen(relation regclass, OUT key text, OUT state text, OUT tenant text, OUT events text, OUT violations bigint) RETURNS SETOF record
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, CASE WHEN r.deleted THEN 'deleted' ELSE s.state END, r.tenant,
		(SELECT string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version)
			FROM itsm.event e WHERE e.tenant = r.tenant AND e.record = r.id),
		(SELECT count(*) FROM itsm.violation v WHERE v.tenant = r.tenant AND v.record = r.id)
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
	WHERE o.relation = $1 ORDER BY r.key COLLATE "C", r.id
$$;
CREATE FUNCTION backfill.progress(attachment integer, OUT relation regclass, OUT last_key text, OUT rows bigint, OUT records bigint, OUT finished boolean) RETURNS SETOF record
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.relation, p.last_key, p.rows, p.records, p.finished FROM itsm.backfill_progress p WHERE p.attachment = $1 ORDER BY p.relation::text COLLATE "C"
$$;
SET ROLE regress_itsm_backfill;

-- One row a record, as it is: no verdict, no opening but what the row tells
CREATE TABLE backfill.ticket (id integer PRIMARY KEY, status text, title text, opened timestamptz);
INSERT INTO backfill.ticket SELECT i, CASE i % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'work' WHEN 2 THEN 'done' ELSE 'odd' END,
	CASE WHEN i > 5 THEN 't' || i END, CASE WHEN i = 6 THEN timestamptz '2020-01-01 00:00+00' END FROM generate_series(1, 10) i;
SELECT itsm.attach('backfill.ticket', 'backfill', 'status', attributes => '{"title": "title", "opened_at": "opened"}', mode => 'enforce') AS ticket \gset
UPDATE backfill.ticket SET title = 'by a writer' WHERE id = 3;
DELETE FROM backfill.ticket WHERE id = 4;
CALL itsm.backfill(:ticket, 4);
SELECT * FROM backfill.progress(:ticket);
SELECT * FROM backfill.seen('backfill.ticket');
SELECT version, kind, actor, from_state, to_state, changes FROM itsm.history('backfill.ticket', '6');
RESET ROLE;
SELECT p.key, p.state, p.opened_at, p.first_response_at, p.closed_at, p.transitions FROM itsm.projection p JOIN itsm.source o ON o.id = p.source
WHERE o.relation = 'backfill.ticket'::regclass AND p.key IN ('6', '7', '8') ORDER BY p.key COLLATE "C";
SET ROLE regress_itsm_backfill;
-- again: nothing new; and the rows go on from there
CALL itsm.backfill(:ticket);
SELECT rows, records, finished FROM backfill.progress(:ticket);
UPDATE backfill.ticket SET status = 'new' WHERE id = 6;
UPDATE backfill.ticket SET status = 'work' WHERE id = 8;
SELECT key, events FROM backfill.seen('backfill.ticket') WHERE key IN ('6', '8');
-- a batch of exactly the rows that are left, one of a row, none at all
CREATE TABLE backfill.small (id integer PRIMARY KEY, status text);
SELECT itsm.attach('backfill.small', 'backfill', 'status') AS small \gset
CALL itsm.backfill(:small, 3);
SELECT rows, records, finished FROM backfill.progress(:small);
SET client_min_messages = error;
ALTER TABLE backfill.small DISABLE TRIGGER itsm_judge;
SET client_min_messages = warning;
INSERT INTO backfill.small SELECT i, 'new' FROM generate_series(1, 3) i;
ALTER TABLE backfill.small ENABLE ALWAYS TRIGGER itsm_judge;
CALL itsm.backfill(:small, 3);
SELECT rows, records, finished FROM backfill.progress(:small);
CALL itsm.backfill(:small, 1);
SELECT rows, records, finished FROM backfill.progress(:small);

-- Cut short: the batches done stay; the next call goes on, also past rows that went meanwhile
CREATE FUNCTION backfill.fragile(id integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF id = 17 THEN RAISE 'not this one'; END IF; RETURN 'f' || id; END $$;
CREATE TABLE backfill.cut (id integer PRIMARY KEY, status text);
INSERT INTO backfill.cut SELECT i, 'new' FROM generate_series(1, 25) i;
SELECT itsm.attach('backfill.cut', 'backfill', 'status', attributes => '{"title": "backfill.fragile(id)"}') AS cut \gset
CALL itsm.backfill(:cut, 5);
SELECT * FROM backfill.progress(:cut);
SELECT count(*) FROM backfill.seen('backfill.cut');
DELETE FROM backfill.cut WHERE id IN (15, 16);
CREATE OR REPLACE FUNCTION backfill.fragile(id integer) RETURNS text LANGUAGE sql AS $$ SELECT 'g' || id $$;
CALL itsm.backfill(:cut, 5);
SELECT * FROM backfill.progress(:cut);
SELECT count(*), count(*) FILTER (WHERE state = 'deleted') AS deleted FROM backfill.seen('backfill.cut');
SELECT i, changes->'title'->'to' AS title FROM (VALUES ('15'), ('17')) v(i), itsm.history('backfill.cut', i) h WHERE version = 1;

-- Inside a transaction block it cannot commit: all or nothing
CREATE TABLE backfill.block (id integer PRIMARY KEY, status text);
INSERT INTO backfill.block SELECT i, 'new' FROM generate_series(1, 5) i;
SELECT itsm.attach('backfill.block', 'backfill', 'status') AS block \gset
BEGIN;
CALL itsm.backfill(:block, 2);
SELECT count(*) FROM backfill.seen('backfill.block');
ROLLBACK;
SELECT count(*) FROM backfill.seen('backfill.block');
SELECT count(*) FROM backfill.progress(:block);
CREATE FUNCTION backfill.run(attachment integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL itsm.backfill(attachment, 2); END $$;
SELECT backfill.run(:block);
SELECT count(*) FROM backfill.seen('backfill.block');
SELECT rows, records, finished FROM backfill.progress(:block);
-- in a procedure of somebody's it commits as the procedure could
CREATE TABLE backfill.proc (id integer PRIMARY KEY, status text);
INSERT INTO backfill.proc SELECT i, 'new' FROM generate_series(1, 5) i;
SELECT itsm.attach('backfill.proc', 'backfill', 'status') AS proc \gset
CREATE PROCEDURE backfill.run_proc(attachment integer) LANGUAGE plpgsql AS $$ BEGIN CALL itsm.backfill(attachment, 2); RAISE 'after it'; END $$;
CALL backfill.run_proc(:proc);
SELECT count(*) FROM backfill.seen('backfill.proc');

-- Keys of several columns and of types with an order of their own
CREATE TABLE backfill.compound (a text COLLATE "C", b timestamptz, c numeric, d date, status text, PRIMARY KEY (c, a, b, d));
INSERT INTO backfill.compound SELECT v.a, w.b, x.c, y.d, 'new' FROM (VALUES (''), ('a"(,)\'), ('é')) v(a), (VALUES (timestamptz 'infinity'), ('-infinity'), ('2024-01-01 BC')) w(b),
	(VALUES (numeric 'NaN'), (1.50), (-1)) x(c), (VALUES (date 'infinity'), ('2024-02-29')) y(d);
SELECT itsm.attach('backfill.compound', 'backfill', 'status') AS compound \gset
CALL itsm.backfill(:compound, 5);
SELECT rows, records, finished FROM backfill.progress(:compound);
SELECT count(*) FROM backfill.compound t WHERE itsm.record_id('backfill.compound', row(c, a, b, d)::text) IS NULL;
-- a key that is not the primary key, with its columns in another order
CREATE TABLE backfill.other (id integer PRIMARY KEY, x text NOT NULL, y integer NOT NULL, status text, UNIQUE (y, x));
INSERT INTO backfill.other SELECT i, 'x' || i % 3, i, 'new' FROM generate_series(1, 7) i;
SELECT itsm.attach('backfill.other', 'backfill', 'status', key => '{x, y}') AS other \gset
CALL itsm.backfill(:other, 2);
SELECT key FROM backfill.seen('backfill.other');

-- Filters: rows that this attachment does not govern get none
CREATE TABLE backfill.mixed (id integer PRIMARY KEY, kind text, status text, customer text);
INSERT INTO backfill.mixed SELECT i, CASE i % 3 WHEN 0 THEN 'inc' WHEN 1 THEN 'req' END, 'new', 'c' || i % 2 FROM generate_series(1, 9) i;
SELECT itsm.attach('backfill.mixed', 'backfill', 'status', filter => 'kind = ''inc''', tenant => 'customer') AS inc,
	itsm.attach('backfill.mixed', 'backfill', 'status', filter => 'kind = ''req''') AS req \gset
CALL itsm.backfill(:inc, 2);
SELECT rows, records, finished FROM backfill.progress(:inc);
SELECT key, tenant FROM backfill.seen('backfill.mixed');
CALL itsm.backfill(:req, 100);
SELECT key, tenant FROM backfill.seen('backfill.mixed');

-- Partitions are one table; children of a parent are walked one by one
CREATE TABLE backfill.whole (id integer, part integer, status text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE backfill.part1 PARTITION OF backfill.whole FOR VALUES IN (1);
CREATE TABLE backfill.part2 (status text, junk text, part integer NOT NULL, id integer NOT NULL);
ALTER TABLE backfill.part2 DROP COLUMN junk;
ALTER TABLE backfill.whole ATTACH PARTITION backfill.part2 FOR VALUES IN (2);
INSERT INTO backfill.whole SELECT i, 1 + i % 2, 'new' FROM generate_series(1, 7) i;
SELECT itsm.attach('backfill.whole', 'backfill', 'status', track => '{*}') AS whole \gset
CALL itsm.backfill(:whole, 2);
SELECT * FROM backfill.progress(:whole);
SELECT key, state FROM backfill.seen('backfill.whole');
CREATE TABLE backfill.base (id integer PRIMARY KEY, status text);
CREATE TABLE backfill.child (extra text, PRIMARY KEY (id)) INHERITS (backfill.base);
INSERT INTO backfill.base VALUES (1, 'new'), (2, 'work');
INSERT INTO backfill.child VALUES (2, 'done', 'x'), (3, 'new', 'y'), (4, 'new', 'z');
SELECT itsm.attach('backfill.base', 'backfill', 'status') AS base \gset
CALL itsm.backfill(:base, 2);
SELECT * FROM backfill.progress(:base);
SELECT 'base' AS relation, key, state FROM backfill.seen('backfill.base') UNION ALL SELECT 'child', key, state FROM backfill.seen('backfill.child') ORDER BY 1, 2;

-- Attached anew: records that are known are taken on as their rows are now
INSERT INTO backfill.small (id, status) VALUES (77, 'new');
DELETE FROM backfill.small WHERE id = 77;
SELECT itsm.detach('backfill.small');
UPDATE backfill.small SET status = 'work' WHERE id = 1;
INSERT INTO backfill.small (id, status) VALUES (77, 'work');
SELECT itsm.attach('backfill.small', 'backfill', 'status') AS small \gset
CALL itsm.backfill(:small);
UPDATE backfill.small SET status = 'done' WHERE id = 1;
SELECT key, state, events FROM backfill.seen('backfill.small') WHERE key IN ('1', '77');

-- What is asked for wrongly, and attachments that no longer fit: nothing is said to be finished
CALL itsm.backfill(NULL);
CALL itsm.backfill(:small, 0);
CALL itsm.backfill(:small, -5);
CALL itsm.backfill(0);
CALL itsm.backfill(:small, NULL);
SELECT itsm.detach('backfill.small');
\set VERBOSITY sqlstate
CALL itsm.backfill(:small);
ALTER TABLE backfill.block DROP COLUMN status;
CALL itsm.backfill(:block);
SELECT count(*) FROM backfill.progress(:block) WHERE rows = 0;
DROP TABLE backfill.cut;
CALL itsm.backfill(:cut);
\set VERBOSITY terse

-- a column that is called as our queries call the table
CREATE TABLE backfill.k (k integer PRIMARY KEY, id text, status text);
INSERT INTO backfill.k VALUES (1, 'k', 'new');
SELECT itsm.attach('backfill.k', 'backfill', 'status') AS k \gset
CALL itsm.backfill(:k);
SELECT count(*) FROM backfill.progress(:k) WHERE records = 1;
SELECT count(*) FROM itsm.check_rows(:k);
SELECT count(*) > 0 FROM itsm.allowed_transitions('backfill.k', '1');

-- no more than so many rows a second: after the first ten there is a rest
CREATE TABLE backfill.slow (id integer PRIMARY KEY, status text);
INSERT INTO backfill.slow SELECT i, 'new' FROM generate_series(1, 12) i;
SELECT itsm.attach('backfill.slow', 'backfill', 'status') AS slow \gset
SELECT clock_timestamp() AS began \gset
CALL itsm.backfill(:slow, rows_per_second => 10);
SELECT clock_timestamp() - :'began' BETWEEN interval '0.9 seconds' AND interval '30 seconds' AS rested, rows, finished FROM backfill.progress(:slow);
CALL itsm.backfill(:slow, rows_per_second => 0);

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA backfill CASCADE;
DROP ROLE regress_itsm_backfill;
