-- Past history out of a log, behind what is there already.
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset null '~'
\set VERBOSITY terse

CREATE ROLE regress_itsm_import;
CREATE SCHEMA import AUTHORIZATION regress_itsm_import;
SELECT itsm.define_lifecycle('{"name": "import", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "hold", "category": "waiting"},
		{"name": "resolved", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["hold", "resolved"]}, {"from": "hold", "to": "work"}, {"from": "resolved", "to": ["work", "closed"]}]}');
CREATE FUNCTION import.seen(relation regclass, OUT key text, OUT version bigint, OUT kind text, OUT at timestamptz, OUT from_state text, OUT to_state text, OUT actor text) RETURNS SETOF record
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, e.version, e.kind, CASE WHEN e.kind = 'imported' THEN e.at END, e.from_state, e.to_state, e.actor FROM itsm.source o JOIN itsm.record r ON r.source = o.id
		JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id WHERE o.relation = $1 ORDER BY r.key COLLATE "C", e.version
$$;
-- Milestones; times of this test's own writes are shown as "now".
CREATE FUNCTION import.milestones(relation regclass, OUT key text, OUT state text, OUT deleted boolean, OUT opened text, OUT responded text, OUT resolved text, OUT closed text, OUT moves integer, OUT reopened integer)
RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.key, p.state, p.deleted, m[1], m[2], m[3], m[4], p.transitions, p.reopened FROM itsm.projection p JOIN itsm.source o ON o.id = p.source,
		LATERAL (SELECT array_agg(CASE WHEN t > timestamptz '2021-01-01 00:00+00' THEN 'now' ELSE to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') END ORDER BY i)
			FROM unnest(ARRAY[p.opened_at, p.first_response_at, p.resolved_at, p.closed_at]) WITH ORDINALITY x(t, i)) v(m)
	WHERE o.relation = $1 ORDER BY p.key COLLATE "C"
$$;
SET ROLE regress_itsm_import;
CREATE TABLE import.ticket (id integer PRIMARY KEY, status text, title text);
CREATE TABLE import.log (n serial PRIMARY KEY, ticket integer, at timestamptz, state text, who text);
INSERT INTO import.ticket VALUES (1, 'C', 'a'), (2, 'R', 'b'), (3, 'N', 'c');
INSERT INTO import.log (ticket, at, state, who) VALUES
	(1, '2020-01-01 08:00+00', 'N', 'ann'), (1, '2020-01-01 09:00+00', 'W', 'bob'), (1, '2020-01-02 09:00+00', 'R', 'bob'), (1, '2020-01-03 09:00+00', 'W', 'ann'),
	(1, '2020-01-04 09:00+00', 'resolved', NULL), (1, '2020-01-05 09:00+00', 'C', 'ann'),
	(2, '2020-02-03 10:00+00', 'R', 'bob'), (2, '2020-02-01 10:00+00', 'N', 'ann'), (2, '2020-02-02 10:00+00', 'W', 'bob'),
	(9, '2019-12-31 23:59:59.999999+00', 'N', 'eve'), (9, '2020-01-01 00:00+00', 'C', 'eve');
SELECT itsm.attach('import.ticket', 'import', 'status', '{"N": "new", "W": "work", "H": "hold", "R": "resolved", "C": "closed"}', '{"title": "title"}', mode => 'enforce') AS ticket \gset
UPDATE import.ticket SET title = 'B' WHERE id = 2;

-- Sorted by time within a key; kept with the times and the actors of the log
SELECT itsm.import_events(:ticket, 'SELECT ticket::text AS key, at, state, who AS actor FROM import.log ORDER BY n');
SELECT * FROM import.seen('import.ticket');
SELECT * FROM import.milestones('import.ticket');
-- the same again, and the same with more
SELECT itsm.import_events(:ticket, 'SELECT ticket::text AS key, at, state, who AS actor FROM import.log ORDER BY n');
INSERT INTO import.log (ticket, at, state, who) VALUES (3, '2020-03-01 00:00+00', 'N', NULL), (2, '2020-02-04 10:00+00', 'W', 'eve'), (2, '2020-02-05 10:00+00', 'R', 'eve');
SELECT itsm.import_events(:ticket, 'SELECT ticket::text AS key, at, state, who AS actor FROM import.log ORDER BY n');
SELECT * FROM import.seen('import.ticket') WHERE key IN ('2', '3');
SELECT * FROM import.milestones('import.ticket') WHERE key IN ('2', '3');
-- what the row itself does goes on after it
UPDATE import.ticket SET status = 'C' WHERE id = 2;
UPDATE import.ticket SET status = 'C' WHERE id = 3;
SELECT * FROM import.milestones('import.ticket') WHERE key = '2';
-- the past can be asked for
SELECT itsm.record_as_of('import.ticket', '1', '2020-01-03 08:00+00')->'state' AS resolved, itsm.record_as_of('import.ticket', '1', '2020-01-03 10:00+00')->'state' AS reopened,
	itsm.record_as_of('import.ticket', '1', '2019-01-01 00:00+00') AS before, itsm.record_as_of('import.ticket', '1', 'infinity')->'state' AS now;
SELECT version, kind, at, actor, from_state, to_state, changes FROM itsm.history('import.ticket', '9');
-- a key that no row had, once a row comes
INSERT INTO import.ticket VALUES (9, 'N', 'z');
SELECT version, kind, to_state FROM import.seen('import.ticket') WHERE key = '9';
SELECT key, state, deleted FROM import.milestones('import.ticket') WHERE key = '9';

-- Ties keep the order of the query, and doubles are imported as often as they stand in the log
CREATE TABLE import.tie (id integer PRIMARY KEY, status text);
SELECT itsm.attach('import.tie', 'import', 'status') AS tie \gset
SELECT itsm.import_events(:tie, $$VALUES ('1', timestamptz '2020-01-01 00:00+00', 'new'), ('1', '2020-01-01 00:00+00', 'work'), ('1', '2020-01-01 00:00+00', 'new'), ('1', '2020-01-01 00:00+00', 'work')$$);
SELECT itsm.import_events(:tie, $$VALUES ('1', timestamptz '2020-01-01 00:00+00', 'new'), ('1', '2020-01-01 00:00+00', 'work'), ('1', '2020-01-01 00:00+00', 'new'), ('1', '2020-01-01 00:00+00', 'work')$$);
-- values that map to no state are kept as they are, a null too; what repeats is no event
SELECT itsm.import_events(:tie, $$VALUES ('2', timestamptz '2020-01-01 00:00+00', 'odd'), ('2', '2020-01-02 00:00+00', NULL), ('2', '2020-01-02 01:00+00', 'odder'), ('2', '2020-01-02 01:00+00', 'odder'), ('2', '2020-01-02 01:00+00', 'odd'), ('2', '2020-01-03 00:00+00', 'work')$$);
SELECT itsm.import_events(:tie, $$VALUES ('2', timestamptz '2020-01-01 00:00+00', 'odd'), ('2', '2020-01-02 00:00+00', NULL), ('2', '2020-01-02 01:00+00', 'odder'), ('2', '2020-01-02 01:00+00', 'odder'), ('2', '2020-01-02 01:00+00', 'odd'), ('2', '2020-01-03 00:00+00', 'work')$$);
SELECT * FROM import.seen('import.tie');
SELECT version, changes FROM itsm.history('import.tie', '2');
-- times long ago have partitions of their own
SELECT itsm.import_events(:tie, $$VALUES ('3', timestamptz '1970-01-01 00:00+00', 'new'), ('3', timestamptz '2999-12-31 00:00+00', 'work')$$);
RESET ROLE;
SELECT e.tableoid::regclass, count(*) FROM itsm.event e JOIN itsm.record r ON r.tenant = e.tenant AND r.id = e.record JOIN itsm.source o ON o.id = r.source
WHERE o.relation = 'import.tie'::regclass AND r.key = '3' GROUP BY 1 ORDER BY 1::text COLLATE "C";
SET ROLE regress_itsm_import;

-- Compound keys, other types of the columns, spellings of keys
CREATE TABLE import.compound (a text, b integer, status text, PRIMARY KEY (a, b));
INSERT INTO import.compound VALUES ('x y', 1, 'new');
SELECT itsm.attach('import.compound', 'import', 'status') AS compound \gset
SELECT itsm.import_events(:compound, $$SELECT '("x y", 1)'::varchar AS key, date '2020-01-01' AS at, 'new'::name AS state$$);
SELECT * FROM import.seen('import.compound');

-- A failure in the middle leaves nothing
SELECT itsm.import_events(:tie, $$SELECT i::text AS key, timestamptz '2020-01-01 00:00+00' AS at, 'new'::text AS state FROM generate_series(100, 110) i UNION ALL SELECT '111', now(), (1 / 0)::text$$);
SELECT itsm.import_events(:tie, $$VALUES ('100', timestamptz '2020-01-01 00:00+00', 'new'), ('x', '2020-01-01 00:00+00', 'new')$$);
SELECT count(*) FROM import.seen('import.tie') WHERE length(key) > 2;

-- Logs that are none
SELECT itsm.import_events(:tie, 'SELECT 1::text AS key, now() AS at');
SELECT itsm.import_events(:tie, 'SELECT 1::text AS key, now() AS at, 2 AS state, 3 AS actor, 4 AS five');
SELECT itsm.import_events(:tie, 'SELECT 1::text AS key, 5 AS at, ''new''::text AS state');
SELECT itsm.import_events(:tie, 'SELECT NULL::text AS key, now() AS at, ''new''::text AS state');
SELECT itsm.import_events(:tie, 'SELECT ''1''::text AS key, NULL::timestamptz AS at, ''new''::text AS state');
SELECT itsm.import_events(:tie, 'SELECT ''1''::text AS key, ''infinity''::timestamptz AS at, ''new''::text AS state');
SELECT itsm.import_events(:tie, 'SELECT ''1''::text AS key, ''-infinity''::timestamptz AS at, ''new''::text AS state');
-- months have names from the year 1 on, and end
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SELECT itsm.import_events(:tie, 'SELECT ''1''::text AS key, ''0044-03-15 BC''::timestamptz AS at, ''new''::text AS state');
SELECT itsm.import_events(:tie, 'SELECT ''1''::text AS key, ''294276-12-31''::timestamptz AS at, ''new''::text AS state');
RESET ROLE;
BEGIN;
SELECT itsm.import_events(:tie, 'SELECT ''1''::text AS key, ''0001-01-01 00:00+00''::timestamptz AS at, ''new''::text AS state UNION ALL SELECT ''1'', ''294275-12-31 23:59:59+00'', ''work''');
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS months FROM pg_class c WHERE c.oid IN (SELECT e.tableoid FROM itsm.event e WHERE e.at IN ('0001-01-01 00:00+00', '294275-12-31 23:59:59+00')) ORDER BY 1;
ROLLBACK;
SET ROLE regress_itsm_import;
SELECT itsm.import_events(:tie, '');
SELECT itsm.import_events(:tie, 'SELECT');
SELECT itsm.import_events(:tie, 'DELETE FROM import.ticket');
SELECT itsm.import_events(:tie, 'SELECT 1; SELECT 2');
SELECT itsm.import_events(:tie, 'SELECT nothing FROM import.ticket');
SELECT itsm.import_events(:tie, NULL);
SELECT itsm.import_events(0, 'SELECT ''1''::text AS key, now() AS at, ''new''::text AS state');
-- a row that another attachment governs, or none
CREATE TABLE import.mixed (id integer PRIMARY KEY, status text);
INSERT INTO import.mixed VALUES (1, 'new'), (-1, 'new');
SELECT itsm.attach('import.mixed', 'import', 'status', filter => 'id > 0') AS mixed \gset
\set VERBOSITY sqlstate
SELECT itsm.import_events(:mixed, $$VALUES ('1', timestamptz '2020-01-01 00:00+00', 'new'), ('-1', '2020-01-01 00:00+00', 'new')$$);
SELECT itsm.detach('import.mixed');
SELECT itsm.import_events(:mixed, $$VALUES ('1', timestamptz '2020-01-01 00:00+00', 'new')$$);
\set VERBOSITY terse
SELECT count(*) FROM import.seen('import.mixed');

-- a past that no row has had yet, whose key another row takes
CREATE TABLE import.taken (id integer PRIMARY KEY, status text);
SELECT itsm.attach('import.taken', 'import', 'status') AS taken \gset
SELECT itsm.import_events(:taken, $$VALUES ('1', timestamptz '2020-01-01 00:00+00', 'new')$$);
INSERT INTO import.taken VALUES (2, 'new');
UPDATE import.taken SET id = 1;
SELECT version, kind, to_state FROM itsm.history('import.taken', '1');
RESET ROLE;
SELECT scope, detail FROM itsm.verify() WHERE NOT ok AND object LIKE '%import.taken%';

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA import CASCADE;
DROP ROLE regress_itsm_import;
