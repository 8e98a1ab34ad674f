-- A view of one's own that joins an attached table with its records, by index from either side.
SET client_min_messages = warning;
SET search_path = public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE SCHEMA create_view;
SET search_path = create_view, public;
SELECT itsm.define_lifecycle('{"name": "viewed", "process": "viewed", "attributes": {"title": "text", "note": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "resolved", "final": true}],
	"transitions": [{"from": "new", "to": "done"}], "delete": "allow"}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL, subject text, "odd ""name" text);
CREATE TABLE letter (name text PRIMARY KEY, status text NOT NULL);
CREATE TABLE day (at timestamptz PRIMARY KEY, status text NOT NULL);
CREATE TABLE pair (a integer, b text, status text NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE odd_pair (a integer, b date, status text NOT NULL, PRIMARY KEY (a, b));
INSERT INTO ticket VALUES (0, 'new', 'was there before');
SELECT itsm.attach('ticket', 'viewed', 'status', attributes => '{"title": "subject", "note": "\"odd \"\"name\""}') AS ticket \gset
SELECT itsm.attach('letter', 'viewed', 'status') AS letter \gset
SELECT itsm.attach('day', 'viewed', 'status') AS day \gset
SELECT itsm.attach('pair', 'viewed', 'status') AS pair \gset
SELECT itsm.attach('odd_pair', 'viewed', 'status') AS odd_pair \gset
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 'x' FROM generate_series(1, 300) AS n;
INSERT INTO letter SELECT chr(n), 'new' FROM generate_series(97, 122) AS n;
INSERT INTO day VALUES ('2026-03-29 01:30+00', 'new');
INSERT INTO pair VALUES (1, 'x y', 'new'), (1, 'a,"b', 'new');
UPDATE ticket SET status = 'done' WHERE id = 7;
SELECT itsm.create_view(:ticket, 'ticket_history');
SELECT itsm.create_view(:letter, 'create_view."Letters"');
SELECT itsm.create_view(:day, 'days');
SELECT itsm.create_view(:pair, 'pairs');
SELECT id, subject, "odd ""name", itsm_state, itsm_category, itsm_transitions, itsm_resolved_at IS NOT NULL AS resolved, itsm_record IS NOT NULL AS known
FROM ticket_history WHERE id IN (0, 1, 7) ORDER BY id;
SELECT count(*), count(itsm_record) FROM ticket_history;
SELECT name, itsm_state FROM "Letters" WHERE name IN ('a', 'z') ORDER BY name;
SET datestyle = 'German';
SET timezone = 'Asia/Kolkata';
SELECT itsm_state FROM days;
SET datestyle = 'ISO';
SET timezone = 'UTC';
SELECT a, b, itsm_state FROM pairs ORDER BY a, b COLLATE "C";
SELECT obj_description('ticket_history'::regclass) AS comment;
-- by index, from either side
CREATE FUNCTION uses(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		RETURN QUERY SELECT (regexp_match(line, '(?:Index Scan|Index Only Scan) using (ticket_pkey|record_key_idx|record_pkey)'))[1] WHERE line ~ 'using (ticket_pkey|record_key_idx|record_pkey)';
	END LOOP;
END $$;
ANALYZE ticket;
SET client_min_messages = error;
ANALYZE itsm.record;
SET client_min_messages = warning;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT DISTINCT uses('SELECT itsm_state FROM ticket_history WHERE id = 7') ORDER BY 1;
SELECT itsm.record_id('ticket', '7') AS record \gset
SELECT DISTINCT uses(format('SELECT subject FROM ticket_history WHERE itsm_record = %s', :record)) ORDER BY 1;
RESET enable_seqscan;
RESET enable_bitmapscan;
-- somebody's own rights
\set SHOW_CONTEXT never
CREATE ROLE create_view_user;
GRANT USAGE ON SCHEMA create_view, itsm, itsm_report TO create_view_user;
SET ROLE create_view_user;
SELECT itsm.create_view(:ticket, 'not_mine');
SELECT * FROM ticket_history;
RESET ROLE;
GRANT SELECT ON ticket_history TO create_view_user;
SET ROLE create_view_user;
SELECT count(*) FROM ticket_history;
RESET ROLE;
-- bad input
\set VERBOSITY terse
SELECT itsm.create_view(:ticket, 'ticket_history');
SELECT itsm.create_view(:odd_pair, 'odd_pairs');
SELECT itsm.create_view(-1, 'nothing');
SELECT itsm.create_view(:ticket, 'a.b.c.d');
SELECT itsm.create_view(:ticket, '');
SET client_min_messages = error;
DROP TABLE letter CASCADE;
\set VERBOSITY sqlstate
SELECT itsm.create_view(:letter, 'gone');
DROP SCHEMA create_view CASCADE;
DROP OWNED BY create_view_user;
DROP ROLE create_view_user;
