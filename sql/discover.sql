-- Proposing a lifecycle from a log.
SET datestyle = 'ISO, DMY';
SET timezone = 'UTC';
SET client_min_messages = warning;

CREATE TABLE ticket_log (number text, changed timestamp, status text);
-- 96 ordinary tickets, and four that went other ways
INSERT INTO ticket_log
SELECT 'T' || lpad(n::text, 3, '0'), timestamp '2024-01-01' + n * interval '1 day' + step * interval '1 hour',
	(ARRAY['New', 'In Progress', 'On Hold', 'In Progress', 'Resolved', 'Closed'])[step]
FROM generate_series(1, 96) AS n, generate_series(1, 6) AS step
WHERE n % 3 = 0 OR step NOT IN (3, 4);
INSERT INTO ticket_log VALUES
	('T901', '2024-05-01 10:00', 'New'), ('T901', '2024-05-01 11:00', 'Closed'),
	('T902', '2024-05-01 10:00', 'New'), ('T902', '2024-05-01 11:00', 'Cancelled by caller'),
	('T903', '2024-05-01 10:00', 'Imported'), ('T903', '2024-05-01 11:00', 'Closed'),
	('T904', '2024-05-01 10:00', 'New'), ('T904', '2024-05-01 11:00', 'In Progress'),
	('T904', '2024-05-01 12:00', 'Resolved'), ('T904', '2024-05-01 13:00', 'Closed'),
	('T904', '2024-05-01 14:00', 'In Progress'), ('T904', '2024-05-01 15:00', 'Resolved');

CREATE FUNCTION shown(definition jsonb) RETURNS TABLE (kind text, line text) LANGUAGE sql AS $$
	SELECT 'description', definition ->> 'description'
	UNION ALL
	SELECT * FROM (SELECT 'state', concat_ws(' ', s ->> 'name', '/', s ->> 'category',
			CASE WHEN (s ->> 'initial')::boolean THEN 'initial' END, CASE WHEN (s ->> 'final')::boolean THEN 'final' END)
		FROM jsonb_array_elements(definition -> 'states') WITH ORDINALITY AS e(s, n) ORDER BY n) AS states
	UNION ALL
	SELECT * FROM (SELECT 'move', (t ->> 'from') || ' -> ' || (t ->> 'to')
		FROM jsonb_array_elements(definition -> 'transitions') WITH ORDINALITY AS e(t, n) ORDER BY n) AS moves
$$;

SELECT * FROM shown(itsm.discover_lifecycle('ticket', 'SELECT number AS key, changed AS at, status AS state FROM ticket_log'));
-- by position, with a semicolon and a comment
SELECT * FROM shown(itsm.discover_lifecycle('ticket', 'SELECT number, changed, status FROM ticket_log; -- all', 0.05));
-- everything that happened
SELECT * FROM shown(itsm.discover_lifecycle('ticket', 'TABLE ticket_log', 0));
-- only what is usual: no state may be dead
SELECT * FROM shown(itsm.discover_lifecycle('ticket', 'TABLE ticket_log', 1));

-- the proposal can be defined, and its own log conforms to it when it covers all
SELECT itsm.define_lifecycle(itsm.discover_lifecycle('ticket', 'TABLE ticket_log', 0));
SELECT verdict, count(*) FROM itsm.conformance('ticket', 'TABLE ticket_log') GROUP BY 1 ORDER BY 1;
SELECT itsm.define_lifecycle(itsm.discover_lifecycle('ticket', 'TABLE ticket_log', share))
FROM unnest('{0.01,0.02,0.5,1}'::numeric[]) AS share;

-- ties are taken in the query's own order
SELECT * FROM shown(itsm.discover_lifecycle('tie', $$VALUES ('a', timestamptz '2024-01-01', 'one'), ('a', '2024-01-01', 'two'), ('a', '2024-01-01', 'three')$$));
SELECT * FROM shown(itsm.discover_lifecycle('tie', $$SELECT * FROM (VALUES ('a', timestamptz '2024-01-01', 'one', 1), ('a', '2024-01-01', 'two', 2), ('a', '2024-01-01', 'three', 3)) AS v(key, at, state, n) ORDER BY n DESC$$));
-- a repeated state is no move; columns may stand anywhere when they have their names, and have any type
SELECT * FROM shown(itsm.discover_lifecycle('repeat', $$SELECT 1 AS state, 2 AS other, date '2024-01-01' AS at, 7.5 AS key FROM generate_series(1, 3)$$));
-- a log in which nothing ends, and one that only goes round
SELECT * FROM shown(itsm.discover_lifecycle('round', $$SELECT k, timestamptz '2024-01-01' + n * interval '1 h', CASE n % 2 WHEN 0 THEN 'even' ELSE 'odd' END FROM generate_series(1, 9) AS n, (VALUES ('a'), ('b')) AS v(k)$$));
-- categories by their names
SELECT * FROM shown(itsm.discover_lifecycle('words', $$
	SELECT 'k', timestamptz '2024-01-01' + n * interval '1 h', s
	FROM unnest('{Open,Assigned,"Work in progress","Pending caller",Waiting,Solved,Reopened,"Fix completed","Closed - rejected",irgendwas,Closed}'::text[]) WITH ORDINALITY AS u(s, n)$$)) WHERE kind = 'state';

-- bad input
CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	code text;
BEGIN
	EXECUTE query INTO message;
	RETURN 'accepted: ' || message;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, code = RETURNED_SQLSTATE;
	RETURN code || ': ' || message;
END $$;
SELECT refused(format('SELECT itsm.discover_lifecycle(%L, %L)', 'bad', log)) FROM unnest(ARRAY[
	'SELECT number AS key, changed AS at FROM ticket_log',
	'SELECT changed AS at, status AS state FROM ticket_log',
	'SELECT number AS key, status AS state FROM ticket_log',
	'SELECT number, changed FROM ticket_log',
	'SELECT status AS state, changed AS at, number FROM ticket_log',
	'SELECT number, changed, status, status FROM ticket_log',
	'SELECT number AS key, number AS key, changed AS at, status AS state FROM ticket_log',
	'SELECT number AS key, changed::text AS at, status AS state FROM ticket_log',
	'SELECT number, changed::text, status FROM ticket_log',
	'SELECT',
	'SELECT * FROM ticket_log WHERE false',
	'SELECT null, changed, status FROM ticket_log',
	'SELECT number, null::timestamptz, status FROM ticket_log',
	'SELECT number, changed, null FROM ticket_log',
	'SELECT number, changed, '''' FROM ticket_log',
	'SELECT number, changed, repeat(''long'', 2500000) FROM ticket_log LIMIT 3',
	'SELECT number, changed, number || changed FROM ticket_log',
	'SELECT number, changed, status FROM no_such_table',
	'SELECT number, changed, status FROM ticket_log) AS q; DROP TABLE ticket_log; SELECT (1',
	'SELECT number, changed, status FROM ticket_log; DROP TABLE ticket_log',
	'SELECT number, changed, status INTO copy FROM ticket_log',
	'SELECT number, changed, status FROM ticket_log FOR UPDATE',
	'DELETE FROM ticket_log RETURNING number, changed, status',
	'WITH d AS (DELETE FROM ticket_log RETURNING *) SELECT * FROM d',
	'COPY ticket_log TO STDOUT',
	'SHOW work_mem',
	'',
	'SELECT number, changed, $1 FROM ticket_log',
	'SELECT number, changed, status /*']) AS log;
SELECT refused(query) FROM unnest(ARRAY[
	'SELECT itsm.discover_lifecycle(null, ''TABLE ticket_log'')',
	'SELECT itsm.discover_lifecycle('''', ''TABLE ticket_log'')',
	'SELECT itsm.discover_lifecycle(''x'', null)',
	'SELECT itsm.discover_lifecycle(''x'', ''TABLE ticket_log'', null)',
	'SELECT itsm.discover_lifecycle(''x'', ''TABLE ticket_log'', 2)',
	'SELECT itsm.discover_lifecycle(''x'', ''TABLE ticket_log'', -0.1)',
	'SELECT itsm.discover_lifecycle(''x'', ''TABLE ticket_log'', ''NaN'')']) AS query;
SELECT count(*) FROM ticket_log;

-- the caller's rights, not ours
CREATE ROLE regress_itsm_learner;
GRANT USAGE ON SCHEMA public TO regress_itsm_learner;
SET ROLE regress_itsm_learner;
SELECT refused($$SELECT itsm.discover_lifecycle('x', 'TABLE public.ticket_log')$$);
SELECT refused($$SELECT itsm.discover_lifecycle('x', 'SELECT oid, rolvaliduntil, rolname FROM pg_authid')$$);
SELECT count(*) FROM shown(itsm.discover_lifecycle('x', $$VALUES (1, now(), 'new'), (1, now(), 'closed')$$));
RESET ROLE;
REVOKE USAGE ON SCHEMA public FROM regress_itsm_learner;
DROP ROLE regress_itsm_learner;
DROP FUNCTION shown(jsonb), refused(text);
DROP TABLE ticket_log;
