-- Judging a log that is not attached.
SET datestyle = 'ISO, DMY';
SET timezone = 'UTC';
SET client_min_messages = warning;

SELECT itsm.define_lifecycle('{
	"name": "conforming",
	"states": [{"name": "new", "category": "new", "initial": true},
		{"name": "in_progress", "category": "active"},
		{"name": "on_hold", "category": "waiting"},
		{"name": "resolved", "category": "resolved"},
		{"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": ["in_progress", "on_hold"]},
		{"from": ["in_progress", "on_hold"], "to": "resolved"},
		{"from": "in_progress", "to": "on_hold"},
		{"from": "on_hold", "to": "in_progress"},
		{"from": "resolved", "to": ["in_progress", "closed"]}],
	"rules": [{"name": "reopen_window", "from": "resolved", "to": "in_progress", "within": "7 days", "since": "resolved"},
		{"name": "one_year", "to": "closed", "within": "365 days", "since": "opened"},
		{"name": "quick_answer", "to": "resolved", "within": "30 days", "since": "first_response"},
		{"name": "noted", "mode": "observe", "to": "closed", "within": "1 second", "since": "opened"},
		{"name": "needs_more", "to": "resolved", "requires": "resolution"}],
	"attributes": {"resolution": "text"}}');

CREATE TABLE work_log (n serial, key text, at timestamptz, state text);
INSERT INTO work_log (key, at, state) VALUES
	-- as it should be, with repeated states
	('a', '2024-01-01', 'new'), ('a', '2024-01-01', 'new'), ('a', '2024-01-02', 'in_progress'), ('a', '2024-01-03', 'resolved'),
	('a', '2024-01-09', 'in_progress'), ('a', '2024-01-20', 'resolved'), ('a', '2024-01-21', 'closed'), ('a', '2024-01-22', 'closed'),
	-- a wrong start, a wrong move, and on from there
	('b', '2024-01-01', 'resolved'), ('b', '2024-01-02', 'new'), ('b', '2024-01-03', 'on_hold'), ('b', '2024-01-03', 'resolved'),
	-- reopened too late; the second resolution counts for the second reopening
	('c', '2024-01-01', 'new'), ('c', '2024-01-01', 'on_hold'), ('c', '2024-01-02', 'resolved'), ('c', '2024-01-09 00:00:01', 'in_progress'),
	('c', '2024-01-12', 'resolved'), ('c', '2024-01-19', 'in_progress'), ('c', '2024-02-19', 'resolved'), ('c', '2025-02-19', 'closed'),
	-- values that are no states
	('d', '2024-01-01', 'unheard of'), ('d', '2024-01-02', 'unheard of'), ('d', '2024-01-03', 'even less'), ('d', '2024-01-04', 'new'),
	('d', '2024-01-05', null), ('d', '2024-01-06', null), ('d', '2024-01-07', ''), ('d', '2024-01-08', 'new '), ('d', '-infinity', 'new'),
	('e', 'infinity', null), ('e', 'infinity', 'new');
SELECT * FROM itsm.conformance('conforming', 'SELECT key, at, state FROM work_log ORDER BY n');

-- a map: what is not in it is no state, even when it has a state's name
SELECT * FROM itsm.conformance('conforming', $$VALUES ('x', timestamptz '2024-01-01', '1'), ('x', '2024-01-02', '2'), ('x', '2024-01-03', '3'), ('x', '2024-01-04', 'resolved'), ('x', '2024-01-05', '6')$$,
	'{"1": "new", "2": "in_progress", "3": "in_progress", "6": "resolved"}');
-- a status of another type
SELECT * FROM itsm.conformance('conforming', $$SELECT 10 AS key, date '2024-01-01' + n AS at, n AS state FROM generate_series(1, 3) AS n$$,
	'{"1": "new", "2": "in_progress", "3": "resolved"}');
-- two values of one state: no move
SELECT count(*) FILTER (WHERE from_state IS DISTINCT FROM to_state AND from_state IS NOT NULL) AS moves, count(*) FROM itsm.conformance('conforming',
	$$SELECT 1, timestamptz '2024-01-01' + n * interval '1 s', CASE n % 2 WHEN 0 THEN 'new' ELSE 'New' END FROM generate_series(1, 5000) AS n$$,
	'{"new": "new", "New": "new"}');
-- nothing to judge
SELECT * FROM itsm.conformance('conforming', 'TABLE work_log LIMIT 0');
-- inside a query, more than once, stopped early
SELECT w.key, c.verdict FROM (VALUES ('a'), ('b')) AS w(key),
	LATERAL (SELECT * FROM itsm.conformance('conforming', format('SELECT key, at, state FROM work_log WHERE key = %L ORDER BY n', w.key)) LIMIT 2) AS c ORDER BY 1, 2;

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
SELECT refused(query) FROM unnest(ARRAY[
	$$SELECT count(*) FROM itsm.conformance('no such lifecycle', 'TABLE work_log')$$,
	$$SELECT count(*) FROM itsm.conformance(null, 'TABLE work_log')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', null)$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'SELECT key, at FROM work_log')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'SELECT null, at, state FROM work_log')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'SELECT key, null::date AS at, state FROM work_log')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'SELECT key, at, 1 / (n - 5) AS state FROM work_log')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'TABLE work_log', '{"1": "newish"}')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'TABLE work_log', '{"1": 2}')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'TABLE work_log', '{"1": {"2": "new"}}')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'TABLE work_log', '["new"]')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'TABLE work_log', '"new"')$$,
	$$SELECT count(*) FROM itsm.conformance('conforming', 'TABLE work_log', 'null')$$,
	$$SELECT itsm.conformance('conforming', 'DELETE FROM work_log RETURNING *')$$]) AS query;

-- values of 10 MB pass through
SELECT length(to_state), verdict FROM itsm.conformance('conforming', $$SELECT 'k', now(), repeat('0123456789', 1000000)$$);
SELECT length(key), verdict FROM itsm.conformance('conforming', $$SELECT repeat('0123456789', 1000000), now(), 'new' FROM generate_series(1, 3)$$);

DROP FUNCTION refused(text);
DROP TABLE work_log;
