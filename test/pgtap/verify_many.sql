-- itsm.verify() over so many records that they are checked in several shared subtransactions:
-- what fails among them takes nothing else with it, keys of all kinds find their rows, and
-- tenants that share a number are kept apart.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SELECT no_plan();

SELECT itsm.define_lifecycle('{"name": "many", "attributes": {"title": "text", "part": "text"}, "states": [
	{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active", "final": true}],
	"transitions": [{"from": "new", "to": "work"}], "delete": "allow"}');
CREATE FUNCTION part(id int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'p' || id; END $$;
CREATE TABLE ticket (id int PRIMARY KEY, status text, title text);
SELECT itsm.attach('ticket', 'many', 'status', attributes => '{"title": "title", "part": "part(id)"}');
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n FROM generate_series(1, 2000) n;
UPDATE ticket SET status = 'work' WHERE id % 2 = 0;

-- keys: several columns in another order than the index has them, an enum, a domain, a character of fixed length
CREATE TYPE size AS ENUM ('small', 'large');
CREATE DOMAIN code AS varchar(20) CHECK (VALUE <> 'none');
CREATE TABLE part_of (status text, b size, a code, c character(6), n numeric, title text, PRIMARY KEY (n, a, c, b));
SELECT itsm.attach('part_of', 'many', 'status', attributes => '{"title": "title"}', key => '{a,b,c,n}');
INSERT INTO part_of SELECT 'new', (ARRAY['small', 'large'])[1 + n % 2]::size, 'a,"' || n % 7, 'c' || n % 5, (n / 8.0)::numeric(10,3), 'part ' || n FROM generate_series(1, 600) n;
-- and a table in parts, which has no index of its own
CREATE TABLE parted (id int PRIMARY KEY, status text, title text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (1000);
SELECT itsm.attach('parted', 'many', 'status', attributes => '{"title": "title"}');
INSERT INTO parted SELECT n, 'new', 'parted ' || n FROM generate_series(1, 300) n;

CREATE FUNCTION wrong() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(scope || ': ' || regexp_replace(object, '^record \d+', 'record') || ': ' || detail, E'\n' ORDER BY n) FROM (SELECT row_number() OVER () AS n, v.* FROM itsm.verify() v WHERE NOT ok) v $$;
CREATE FUNCTION rows_right(name text) RETURNS text LANGUAGE sql AS $$ SELECT detail FROM itsm.verify() WHERE scope = 'row' AND object = name AND ok $$;
SELECT is(wrong(), NULL, 'nothing to complain of');
SELECT is(rows_right('public.ticket'), '2000 rows are as their last events say', 'all rows');
SELECT is(rows_right('public.part_of'), '600 rows are as their last events say', 'rows whose keys have several columns');
SELECT is(rows_right('public.parted'), '300 rows are as their last events say', 'rows in partitions');

-- what fails
CREATE OR REPLACE FUNCTION part(id int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF id IN (300, 301, 1700) THEN RAISE 'no part'; END IF; RETURN 'p' || id; END $$;
SELECT is(wrong(), $$row: record (public.ticket 300): the row cannot be compared: no part
row: record (public.ticket 301): the row cannot be compared: no part
row: record (public.ticket 1700): the row cannot be compared: no part$$, 'rows that cannot be compared are told, and no others');
SELECT is(rows_right('public.ticket'), '1997 rows are as their last events say', 'all others are right');
SELECT is(rows_right('public.part_of'), '600 rows are as their last events say', 'those of other tables too');
CREATE OR REPLACE FUNCTION part(id int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF id = 900 THEN PERFORM pg_sleep(60); END IF; RETURN 'p' || id; END $$;
SET statement_timeout = '500ms';
\set ON_ERROR_STOP off
SELECT count(*) FROM itsm.verify();
\set cut :SQLSTATE
\set ON_ERROR_STOP on
RESET statement_timeout;
SELECT is(:'cut'::text, '57014', 'a verification that is cut short says so');
SELECT is(pg_current_xact_id_if_assigned()::text, NULL, 'and leaves no transaction behind');
CREATE OR REPLACE FUNCTION part(id int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'p' || id; END $$;
SELECT is(wrong(), NULL, 'the next one finds nothing');

-- a version of a lifecycle that is gone: no row of it can be compared
BEGIN;
SET LOCAL session_replication_role = replica;
SET LOCAL itsm.maintenance = on;
UPDATE itsm.lifecycle SET version = version + 7 WHERE name = 'many';
SELECT is((SELECT count(*) FROM itsm.verify() WHERE NOT ok AND scope = 'row' AND detail = 'the row cannot be compared: lifecycle "many" has no version 1'), 2900::bigint, 'rows whose lifecycle is gone');
ROLLBACK;

-- rows that went, came and changed past the trigger
BEGIN;
SET LOCAL session_replication_role = replica;
SET LOCAL itsm.maintenance = on;
ALTER TABLE ticket DISABLE TRIGGER ALL; ALTER TABLE part_of DISABLE TRIGGER ALL;
DELETE FROM ticket WHERE id = 700;
UPDATE ticket SET title = 'forged' WHERE id = 701;
INSERT INTO ticket VALUES (5000, 'new', 'nobody''s');
DELETE FROM part_of WHERE n = 1;
UPDATE part_of SET title = 'forged' WHERE n = 2;
SELECT is(wrong(), $$row: record (public.ticket 700): the row is gone, and no event says so
row: record (public.ticket 701): attribute "title" of the row is not what its events say
row: record (public.part_of ("a,""1",small,c3,1.000)): the row is gone, and no event says so
row: record (public.part_of ("a,""2",small,c1,2.000)): attribute "title" of the row is not what its events say$$, 'rows that went and changed');
INSERT INTO itsm.backfill_progress (attachment, relation, rows, records, finished) SELECT a.id, a.relation, 0, 0, true FROM itsm.attachment a WHERE a.relation = 'ticket'::regclass ON CONFLICT (attachment, relation) DO UPDATE SET finished = true;
SELECT matches(wrong(), 'row: public.ticket 5000: the row has no record', 'and one that came');
ROLLBACK;

-- two tenants under one number: the events of one of them are nobody's
CREATE TABLE branch_ticket (id int PRIMARY KEY, status text, title text, branch text);
SELECT itsm.attach('branch_ticket', 'many', 'status', attributes => '{"title": "title"}', tenant => 'branch');
INSERT INTO branch_ticket SELECT n, 'new', 'ticket ' || n, 'm' FROM generate_series(1, 3) n;
UPDATE branch_ticket SET status = 'work';
UPDATE branch_ticket SET title = 'later';
SELECT is(wrong(), NULL, 'nothing to complain of with tenants');
CREATE FUNCTION shared(name text, versions bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	id bigint := itsm.record_id('branch_ticket', '2');
	seen text;
BEGIN
	PERFORM set_config('itsm.maintenance', 'on', true);
	INSERT INTO itsm.event SELECT (jsonb_populate_record(e, jsonb_build_object('tenant', name))).* FROM itsm.event e WHERE e.record = id AND e.version <= versions;
	seen := wrong() || E'\n' || (SELECT detail FROM itsm.verify() WHERE ok AND scope = 'chain' AND object = 'public.branch_ticket');
	RAISE 'undo' USING ERRCODE = 'UN000';
EXCEPTION WHEN SQLSTATE 'UN000' THEN
	RETURN seen;
END $$;
CREATE FUNCTION expected(name text, versions bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('chain: record version %s of tenant "%s": the hash is not that of the event and the one before it', v, name), E'\n' ORDER BY v)
		|| format(E'\nchain: record of tenant "%s": %s events without a record\n3 records, 9 events', name, versions) FROM generate_series(1, versions) v $$;
SELECT is(shared(name, versions), expected(name, versions), format('%s events of tenant %s under a number of tenant m', versions, name))
FROM (VALUES ('a', 1), ('a', 2), ('a', 3), ('z', 1), ('z', 2), ('z', 3)) x(name, versions);

SELECT * FROM finish();
