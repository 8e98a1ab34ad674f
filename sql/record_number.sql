-- Record numbers: what goes in and out, their order, indexes, casts, and drawing them.
SET client_min_messages = warning;
SET search_path = public, itsm, pg_catalog;
\set VERBOSITY terse
CREATE SCHEMA record_number;
SET search_path = record_number, itsm, pg_catalog;
\pset null '~'

-- in and out
SELECT t AS given, t::record_number AS kept, prefix(t::record_number), number(t::record_number), width(t::record_number)
FROM (VALUES ('INC0012345'), ('A0'), ('A00'), ('RITM0010001'), ('SCTASK0010001'), ('PRBTASK000000001'), ('CHG2026010100042'),
	('INC0'), ('INC0000000000000'), ('INC9999999999999'), ('ZZZZZZZ999999999'), ('A999999999999999')) v(t);

-- bad input
CREATE FUNCTION attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
	message text;
	state text;
BEGIN
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
	RETURN concat_ws(' | ', state, message, nullif(hint, ''));
END $$;
SELECT left(t, 20) AS given, attempt(format('SELECT %L::itsm.record_number', t)) AS error
FROM (VALUES (''), ('INC'), ('0012345'), ('inc1'), ('INC-1'), (' INC1'), ('INC1 '), ('INC1A'), ('INC+1'), ('INC1.0'),
	('ABCDEFGH1'), ('INC12345678901234'), ('ABCDEFG1234567890'), ('A1234567890123456'), (repeat('X', 500) || '1'), ('I' || repeat('1', 200))) v(t);

-- order: prefix as bytes, number, digits
CREATE TABLE t (n record_number, x text COLLATE "C");
INSERT INTO t SELECT v::record_number, v FROM (VALUES ('INC10'), ('INC9'), ('INC09'), ('INC009'), ('INC1'), ('IN99'), ('INCA1'), ('IND0'), ('I5'),
	('ZZZZZZZ999999999'), ('A0'), ('INC0000000000000'), ('INC9999999999999'), ('CHG5')) v(v);
SELECT n FROM t ORDER BY n;
SELECT n FROM t ORDER BY n DESC LIMIT 3;
SELECT a.n, b.n, a.n < b.n AS lt, a.n <= b.n AS le, a.n = b.n AS eq, a.n <> b.n AS ne, a.n >= b.n AS ge, a.n > b.n AS gt
FROM t a, t b WHERE a.x IN ('INC9', 'INC09') AND b.x IN ('INC9', 'INC10') ORDER BY 1, 2;
SELECT min(n), max(n), count(DISTINCT n) FROM t;
SELECT min(n) IS NULL AS none FROM t WHERE false;

-- many, for indexes and joins
CREATE TABLE many (n record_number NOT NULL, x text COLLATE "C" NOT NULL);
INSERT INTO many SELECT v::record_number, v FROM (SELECT (ARRAY['INC', 'CHG', 'RITM', 'SCTASK'])[1 + i % 4] || lpad((i * 7919 % 10007)::text, 7, '0') FROM generate_series(1, 10000) i) v(v);
CREATE TABLE other AS SELECT n, x FROM many WHERE number(n) % 3 = 0;
-- the order of texts of one width is theirs
SELECT count(*) AS misplaced FROM (SELECT x, lag(x) OVER (ORDER BY n) AS before FROM many) s WHERE x < before;
CREATE UNIQUE INDEX many_btree ON many (n);
ANALYZE many, other;
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT plan($$SELECT x FROM many WHERE n = 'INC0001655'$$);
SELECT x FROM many WHERE n = 'INC0001655';
SELECT plan($$SELECT x FROM many WHERE n BETWEEN 'INC0001655' AND 'INC0001685' ORDER BY n$$);
SELECT x FROM many WHERE n BETWEEN 'INC0001655' AND 'INC0001685' ORDER BY n;
SELECT p FROM plan('SELECT min(n), max(n) FROM many') p(p) WHERE p ~ 'Scan';
SELECT min(n), max(n) FROM many;
SELECT x FROM many WHERE n = ANY ('{INC0001655,CHG0007919,RITM0005831,KB0000001}') ORDER BY n;
DROP INDEX many_btree;
CREATE INDEX many_hash ON many USING hash (n);
SELECT plan($$SELECT x FROM many WHERE n = 'INC0001655'$$);
SELECT x FROM many WHERE n = 'INC0001655';
DROP INDEX many_hash;
SELECT attempt($$CREATE UNIQUE INDEX ON t (n); INSERT INTO t VALUES ('INC10')$$) LIKE '23505%' AS unique;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- joins of each kind find the same
CREATE FUNCTION joined(OUT nodes text, OUT pairs bigint, OUT same bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text := 'FROM many a JOIN other b ON a.n = b.n';
BEGIN
	SELECT string_agg(m[1], '') INTO nodes FROM plan('SELECT 1 ' || query) p(p), regexp_matches(p, '(Hash Join|Merge Join|Nested Loop)') m;
	EXECUTE 'SELECT count(*), count(*) FILTER (WHERE a.x = b.x) ' || query INTO pairs, same;
END $$;
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT * FROM joined();
SET enable_mergejoin = on;
SET enable_hashjoin = off;
SELECT * FROM joined();
RESET enable_nestloop;
RESET enable_mergejoin;
RESET enable_hashjoin;
SELECT count(*) = (SELECT count(*) FROM other) AS anti_join FROM many a WHERE EXISTS (SELECT FROM other b WHERE b.n = a.n);
-- hash partitions need the extended hash
CREATE TABLE parted (n record_number PRIMARY KEY) PARTITION BY HASH (n);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT n FROM many;
SELECT (SELECT count(*) FROM parted_0) BETWEEN 4000 AND 6000 AS balanced, count(*) FROM parted;
SELECT n FROM parted WHERE n = 'INC0001655';
-- range partitions, foreign keys
CREATE TABLE ranged (n record_number PRIMARY KEY) PARTITION BY RANGE (n);
CREATE TABLE ranged_inc PARTITION OF ranged FOR VALUES FROM ('INC0') TO ('IND0');
INSERT INTO ranged VALUES ('INC0'), ('INC5'), ('INC9999999999999');
SELECT attempt($$INSERT INTO ranged VALUES ('IND0')$$) LIKE '23514%' AS outside;
CREATE TABLE task (incident record_number REFERENCES ranged);
INSERT INTO task VALUES ('INC5');
SELECT attempt($$INSERT INTO task VALUES ('INC6')$$) LIKE '23503%' AS refers;

-- casts
SELECT 'INC0012345'::text::record_number, 'INC0012345'::varchar::record_number, 'INC0012345'::record_number::text, 'INC0012345'::record_number::varchar(3), 'INC0012345'::record_number::bigint;
CREATE TABLE casts (n record_number, x text, v varchar(20));
INSERT INTO casts SELECT x, n, n FROM t WHERE x LIKE 'INC%' COLLATE "C";
SELECT * FROM casts ORDER BY n LIMIT 3;
SELECT attempt('INSERT INTO casts (n) SELECT 5') LIKE '42804%' AS no_cast_from_integer, attempt('CREATE TEMP TABLE b (b bigint); INSERT INTO b SELECT n FROM casts') LIKE '42804%' AS to_bigint_is_explicit;

-- binary
SELECT encode(record_number_send('A0'), 'hex') AS first, encode(record_number_send('A00'), 'hex') AS second, encode(record_number_send('INC0012345'), 'hex') AS incident, encode(record_number_send('ZZZZZZZ999999999'), 'hex') AS last;
SELECT pg_column_size(n) AS bytes FROM t LIMIT 1;
CREATE TABLE back (LIKE many);
CREATE TABLE junk (b bigint);
SELECT current_setting('data_directory') || '/record_number.copy' AS file \gset
COPY many TO :'file' (FORMAT binary);
COPY back FROM :'file' (FORMAT binary);
SELECT count(*), count(*) FILTER (WHERE n::text = x) AS same FROM back;
INSERT INTO junk VALUES (-1);
COPY junk TO :'file' (FORMAT binary);
COPY back (n) FROM :'file' (FORMAT binary);
-- the first one that is none
TRUNCATE junk;
INSERT INTO junk SELECT 14483823919607686020 - 18446744073709551616;
COPY junk TO :'file' (FORMAT binary);
COPY back (n) FROM :'file' (FORMAT binary);
UPDATE junk SET b = b - 1;
COPY junk TO :'file' (FORMAT binary);
ALTER TABLE back ALTER x DROP NOT NULL;
COPY back (n) FROM :'file' (FORMAT binary);
SELECT max(n) FROM back;

-- drawing
SELECT next_number('INC'), next_number('INC'), next_number('CHG'), next_number(NULL);
SELECT define_number('RITM', 5, 100);
SELECT next_number('RITM'), next_number('RITM');
SELECT define_number('RITM', 8);
SELECT next_number('RITM');
SELECT define_number('RITM', start => 500);
SELECT next_number('RITM');
SELECT define_number('A', 1, 0);
SELECT next_number('A');
SELECT string_agg(n::text, ' ' ORDER BY n) FROM (SELECT next_number('A') FROM generate_series(1, 12)) s(n);
SELECT prefix, width, last FROM number_range ORDER BY prefix;
-- what was drawn stays drawn
BEGIN;
SELECT next_number('INC');
SAVEPOINT s;
SELECT next_number('INC');
ROLLBACK TO s;
SELECT next_number('INC');
ROLLBACK;
SELECT next_number('INC');
-- a range that is made or changed goes with its transaction
BEGIN;
SELECT define_number('PRB', 4, 10);
SELECT next_number('PRB'), next_number('PRB');
SELECT define_number('PRB', 6);
SELECT next_number('PRB');
ROLLBACK;
SELECT next_number('PRB');
BEGIN;
SELECT define_number('PRB', 4);
SELECT next_number('PRB');
SELECT 1 FROM number_range WHERE prefix = 'PRB' FOR UPDATE;
SELECT next_number('PRB');
COMMIT;
SELECT next_number('PRB');
-- as the default of a column, by a role without rights on our tables
CREATE ROLE regress_itsm_desk;
GRANT USAGE, CREATE ON SCHEMA record_number TO regress_itsm_desk;
CREATE TABLE ticket (number record_number PRIMARY KEY DEFAULT itsm.next_number('TKT'), title text);
GRANT INSERT, SELECT ON ticket TO regress_itsm_desk;
SET ROLE regress_itsm_desk;
INSERT INTO ticket (title) VALUES ('not granted');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.next_number(text) TO regress_itsm_desk;
SET ROLE regress_itsm_desk;
INSERT INTO ticket (title) SELECT 'ticket ' || i FROM generate_series(1, 1000) i;
SELECT count(*), min(number), max(number) FROM ticket;
SELECT attempt('SELECT itsm.define_number(''TKT'')'), attempt('UPDATE itsm.number_range SET last = 0'), attempt('SELECT * FROM itsm.number_range');
RESET ROLE;
-- the end of the digits
SELECT define_number('ABCDEFG', 7, 999999999);
SELECT next_number('ABCDEFG');
SELECT next_number('ABCDEFG');
SELECT last FROM number_range WHERE prefix = 'ABCDEFG';
-- what is refused
SELECT attempt(format('SELECT itsm.next_number(%L)', p)) FROM (VALUES (''), ('inc'), ('INC1'), ('ABCDEFGH')) v(p);
SELECT attempt(c) FROM (VALUES
	($$SELECT itsm.define_number('INC', 0)$$), ($$SELECT itsm.define_number('INC', 14)$$), ($$SELECT itsm.define_number('INC', 7, -1)$$),
	($$SELECT itsm.define_number('INC', 7, 10000000000000)$$), ($$SELECT itsm.define_number('INC', 7, 3)$$), ($$SELECT itsm.define_number(NULL)$$),
	($$SELECT itsm.define_number('INC', NULL)$$), ($$SET LOCAL transaction_read_only = on; SELECT itsm.next_number('INC')$$)) v(c);
-- events tell what was defined, and say nothing twice
SELECT define_number('RITM', 8);
SELECT define_number('RITM');
SELECT version, kind, detail FROM itsm_report.policy_event WHERE subject = 'numbers RITM' ORDER BY version;
SELECT count(*) AS events FROM itsm_report.policy_event WHERE subject = 'numbers PRB';

-- a table that uses both types, attached
CREATE TABLE incident (number record_number PRIMARY KEY DEFAULT itsm.next_number('DSK'), status text, title text, caller text, impact int, urgency int, prio priority, agent text);
SELECT itsm.attach('incident', 'incident', 'status', mode => 'enforce',
	attributes => '{"number": "number", "title": "title", "requester": "caller", "impact": "impact", "urgency": "urgency", "priority": "prio::integer", "assignee": "agent"}') > 0 AS attached;
INSERT INTO incident (status, title, caller) VALUES ('new', 'printer on fire', 'ann');
SELECT attempt($$UPDATE record_number.incident SET status = 'in_progress', agent = 'bob'$$);
UPDATE incident SET status = 'in_progress', agent = 'bob', impact = 1, urgency = 2, prio = itsm.priority_of(1, 2);
SELECT r.key, p.priority, p.state FROM itsm.record r JOIN itsm.projection p ON p.record = r.id WHERE r.key LIKE 'DSK%' COLLATE "C";
SELECT changes FROM itsm.history('incident', 'DSK0000001') ORDER BY version;

\set VERBOSITY default
SET client_min_messages = error;
DROP OWNED BY regress_itsm_desk;
DROP SCHEMA record_number CASCADE;
DROP ROLE regress_itsm_desk;
