-- Priorities: in and out, order, indexes, casts; and the matrices that give them.
SET client_min_messages = warning;
CREATE SCHEMA priority;
SET search_path = priority, itsm, pg_catalog;
\set VERBOSITY terse
\pset null '~'

SELECT 'P1'::priority, '5'::priority, 'P3'::text::priority, '2'::varchar::priority, 4::priority, 'P4'::priority::integer, 'P4'::priority::text, 'P4'::priority::varchar(1);
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
SELECT left(t, 20) AS given, attempt(format('SELECT %L::itsm.priority', t)) AS error
FROM (VALUES (''), ('P'), ('p1'), ('P0'), ('P6'), ('0'), ('6'), ('P11'), ('11'), ('01'), ('P1 '), (' 1'), ('-1'), ('P1x'), ('high'), ('PP1'), (repeat('9', 300))) v(t);
SELECT attempt(format('SELECT (%s)::itsm.priority', n)) FROM (VALUES (0), (6), (-1), (257), (2147483647)) v(n);

-- P1 comes first
CREATE TABLE t (p priority, n integer);
INSERT INTO t SELECT (1 + i * 7 % 5)::priority, 1 + i * 7 % 5 FROM generate_series(1, 1000) i;
SELECT p, count(*), min(n) AS n FROM t GROUP BY p ORDER BY p;
SELECT p, count(*) FROM t WHERE p > 'P3' GROUP BY p ORDER BY p DESC;
SELECT min(p), max(p), count(DISTINCT p) FROM t;
SELECT a.p, b.p, a.p < b.p AS lt, a.p <= b.p AS le, a.p = b.p AS eq, a.p <> b.p AS ne, a.p >= b.p AS ge, a.p > b.p AS gt
FROM (VALUES ('P1'::priority), ('P2')) a(p), (VALUES ('P1'::priority), ('P2')) b(p) ORDER BY 1, 2;
SELECT count(*) AS misplaced FROM (SELECT n, lag(n) OVER (ORDER BY p) AS before FROM t) s WHERE n < before;

-- indexes and joins
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;
ANALYZE t;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
CREATE INDEX t_btree ON t (p);
SELECT plan($$SELECT n FROM t WHERE p < 'P2'$$);
SELECT count(*), max(n) FROM t WHERE p < 'P2';
SELECT p FROM plan('SELECT min(p) FROM t') p(p) WHERE p ~ 'Scan';
DROP INDEX t_btree;
CREATE INDEX t_hash ON t USING hash (p);
SELECT plan($$SELECT n FROM t WHERE p = 'P4'$$);
SELECT count(*), min(n), max(n) FROM t WHERE p = 'P4';
RESET enable_seqscan;
RESET enable_bitmapscan;
CREATE TABLE target (p priority, hours integer);
INSERT INTO target VALUES ('P1', 1), ('P2', 4), ('P3', 8), ('P4', 24), ('P5', 72);
CREATE FUNCTION joined(OUT nodes text, OUT pairs bigint, OUT hours bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text := 'FROM t JOIN target g ON t.p = g.p';
BEGIN
	SELECT string_agg(m[1], '') INTO nodes FROM plan('SELECT 1 ' || query) p(p), regexp_matches(p, '(Hash Join|Merge Join|Nested Loop)') m;
	EXECUTE 'SELECT count(*), sum(hours) ' || query INTO pairs, hours;
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
CREATE TABLE parted (p priority) PARTITION BY LIST (p);
CREATE TABLE parted_urgent PARTITION OF parted FOR VALUES IN ('P1', 'P2');
CREATE TABLE hashed (p priority) PARTITION BY HASH (p);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO hashed SELECT p FROM t;
SELECT count(*) FROM hashed WHERE p = 'P5';

-- assignment from integer and text, to both
CREATE TABLE casts (p priority, n integer, x text);
INSERT INTO casts SELECT n, p, p FROM t WHERE n = 2 LIMIT 1;
INSERT INTO casts SELECT 'P5'::text, 'P5'::priority, 'P5'::priority;
SELECT * FROM casts ORDER BY p;
INSERT INTO casts (p) VALUES (6);

-- binary
SELECT encode(priority_send('P5'), 'hex'), pg_column_size('P5'::priority);
CREATE TABLE back (LIKE t);
CREATE TABLE junk (c "char");
SELECT current_setting('data_directory') || '/priority.copy' AS file \gset
COPY t TO :'file' (FORMAT binary);
COPY back FROM :'file' (FORMAT binary);
SELECT count(*), count(*) FILTER (WHERE p::integer = n) AS same FROM back;
INSERT INTO junk VALUES ('A');
COPY junk TO :'file' (FORMAT binary);
COPY back (p) FROM :'file' (FORMAT binary);

-- the shipped matrices
SELECT i AS impact, priority_of(i, 1) AS "urgency 1", priority_of(i, 2) AS "urgency 2", priority_of(i, 3) AS "urgency 3" FROM generate_series(1, 3) i;
SELECT i AS impact, risk_of(i, 1) AS "probability 1", risk_of(i, 2) AS "probability 2", risk_of(i, 3) AS "probability 3" FROM generate_series(1, 3) i;
SELECT priority_of(NULL, 1), priority_of(1, NULL), priority_of(1, 1, NULL), risk_of(1, NULL);
SELECT matrix_priority(1, 2), matrix_priority(4, 1), matrix_priority(1, 0), matrix_priority(NULL, 1), matrix_risk(1, 1), matrix_risk(3, -1), attempt('SELECT itsm.matrix_risk(1, 1, ''none'')');
SELECT attempt(c) FROM (VALUES ('SELECT itsm.priority_of(4, 1)'), ('SELECT itsm.priority_of(1, 0)'), ('SELECT itsm.priority_of(-1, 2147483647)'),
	('SELECT itsm.priority_of(1, 1, ''none'')'), ('SELECT itsm.risk_of(1, 4)'), ('SELECT itsm.risk_of(1, 1, ''none'')')) v(c);

-- an own one in place of the shipped one, as a whole
SELECT set_priority_matrix('default', '{{P1,P1},{P2,P5}}');
SELECT priority_of(1, 2), priority_of(2, 2);
SELECT attempt('SELECT itsm.priority_of(3, 3)');
SELECT count(*) FILTER (WHERE shipped) AS shipped, count(*) FILTER (WHERE NOT shipped) AS own FROM priority_matrix WHERE matrix = 'default';
-- another shape of as many cells is another matrix; the same is no change; other subscripts are the same
SELECT set_priority_matrix('default', '{{P1,P1,P2,P5}}');
SELECT set_priority_matrix('default', '{{P1,P1,P2,P5}}');
SELECT set_priority_matrix('default', '[3:3][0:3]={{P1,P1,P2,P5}}');
SELECT priority_of(1, 4);
-- undone, within a transaction and with it
BEGIN;
SELECT set_priority_matrix('default', ARRAY[[5]]::priority[]);
SELECT priority_of(1, 1);
SAVEPOINT s;
SELECT set_priority_matrix('default', ARRAY[[4]]::priority[]);
SELECT priority_of(1, 1);
ROLLBACK TO s;
SELECT priority_of(1, 1);
ROLLBACK;
SELECT priority_of(1, 1);
SELECT set_priority_matrix('default', NULL);
SELECT priority_of(3, 3);
-- one of another name
SELECT set_priority_matrix('five levels', (SELECT array_agg(r ORDER BY i) FROM (SELECT i, array_agg(greatest(1, least(5, (i + u) / 2))::priority ORDER BY u) FROM generate_series(1, 5) i, generate_series(1, 5) u GROUP BY i) s(i, r)));
SELECT i AS impact, string_agg(priority_of(i, u, 'five levels')::text, ' ' ORDER BY u) FROM generate_series(1, 5) i, generate_series(1, 5) u GROUP BY i ORDER BY i;
SELECT set_risk_matrix('two', '{{very_high,low}}');
SELECT risk_of(1, 1, 'two'), risk_of(1, 2, 'two'), risk_of(1, 1);
SELECT set_risk_matrix('two', NULL);
SELECT attempt(c) FROM (VALUES
	($$SELECT itsm.risk_of(1, 1, 'two')$$),
	($$SELECT itsm.set_risk_matrix('two', NULL)$$),
	($$SELECT itsm.set_priority_matrix('default', NULL)$$),
	($$SELECT itsm.set_priority_matrix(NULL, '{{P1}}')$$),
	($$SELECT itsm.set_priority_matrix('', '{{P1}}')$$),
	($$SELECT itsm.set_priority_matrix('x', '{}')$$),
	($$SELECT itsm.set_priority_matrix('x', '{P1,P2}')$$),
	($$SELECT itsm.set_priority_matrix('x', '{{{P1}}}')$$),
	($$SELECT itsm.set_priority_matrix('x', '{{P1,NULL}}')$$),
	($$SELECT itsm.set_priority_matrix('x', '{{P1,P6}}')$$),
	($$SELECT itsm.set_priority_matrix('x', array_fill('P1'::itsm.priority, ARRAY[21, 1]))$$),
	($$SELECT itsm.set_risk_matrix('x', '{{low,severe}}')$$),
	($$SELECT itsm.set_risk_matrix('x', '{{low,NULL}}')$$)) v(c);

-- who may: nobody else but by grant; looking up needs no rights on the tables
CREATE ROLE regress_itsm_matrix;
GRANT USAGE ON SCHEMA priority TO regress_itsm_matrix;
REVOKE SELECT ON itsm.priority_matrix FROM PUBLIC;
SET ROLE regress_itsm_matrix;
SELECT priority_of(2, 2), risk_of(2, 2);
SELECT attempt($$SELECT itsm.set_priority_matrix('mine', '{{P1}}')$$), attempt($$SELECT itsm.set_risk_matrix('mine', '{{low}}')$$);
RESET ROLE;
GRANT SELECT ON itsm.priority_matrix TO PUBLIC;
GRANT EXECUTE ON FUNCTION itsm.set_risk_matrix(text, text[]) TO regress_itsm_matrix;
SET ROLE regress_itsm_matrix;
SELECT set_risk_matrix('mine', '{{high}}');
RESET ROLE;
SELECT risk_of(1, 1, 'mine');

-- kept as events
SELECT subject, version, kind, detail, nullif(role, current_user) AS role FROM itsm_report.policy_event WHERE subject LIKE '%matrix%' ORDER BY subject COLLATE "C", version;

-- in a check of a lifecycle, and by parallel workers
SELECT itsm.define_lifecycle('{"name": "prioritised", "attributes": {"impact": "integer", "urgency": "integer", "priority": "itsm.priority"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"rules": [{"name": "by_matrix", "check": "new.priority = itsm.priority_of(new.impact, new.urgency)", "message": "priority must come from impact and urgency"}]}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text DEFAULT 'new', impact integer, urgency integer, prio itsm.priority);
SELECT itsm.attach('ticket', 'prioritised', 'status', attributes => '{"impact": "impact", "urgency": "urgency", "priority": "prio"}', mode => 'enforce') > 0 AS attached;
INSERT INTO ticket (id, impact, urgency, prio) VALUES (1, 1, 2, 'P2');
SELECT attempt('INSERT INTO priority.ticket (id, impact, urgency, prio) VALUES (2, 1, 2, ''P3'')');
CREATE TABLE wide AS SELECT 1 + i % 3 AS impact, 1 + i % 2 AS urgency FROM generate_series(1, 20000) i;
SET enable_seqscan = on;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT bool_or(p ~ 'Gather') AS parallel FROM plan('SELECT count(*) FROM wide WHERE priority_of(impact, urgency) = ''P2''') p(p);
SELECT count(*), min(priority_of(impact, urgency)), max(risk_of(impact, urgency) COLLATE "C") FROM wide WHERE priority_of(impact, urgency) >= 'P2';

SELECT set_priority_matrix('five levels', NULL), set_risk_matrix('mine', NULL);
SET client_min_messages = error;
REVOKE EXECUTE ON FUNCTION itsm.set_risk_matrix(text, text[]) FROM regress_itsm_matrix;
DROP SCHEMA priority CASCADE;
DROP ROLE regress_itsm_matrix;
