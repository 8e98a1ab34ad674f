-- What observing records is what enforcing refuses.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_observe;
CREATE SCHEMA judge_observe AUTHORIZATION regress_itsm_observe;
SELECT itsm.define_lifecycle('{"name": "judge_observe",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse",
	"rules": [{"name": "titled", "to": "work", "requires": "title", "clause": "8.6"}, {"name": "sane", "check": "new.title is distinct from ''bad''"}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_observe.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_observe;
\set VERBOSITY sqlstate

CREATE TABLE judge_observe.seen_only (id integer PRIMARY KEY, status text, title text);
CREATE TABLE judge_observe.refused (LIKE judge_observe.seen_only INCLUDING ALL);
CREATE TABLE judge_observe.let_pass (LIKE judge_observe.seen_only INCLUDING ALL);
SELECT itsm.attach('judge_observe.seen_only', 'judge_observe', 'status', attributes => '{"title": "title"}') > 0,
	itsm.attach('judge_observe.refused', 'judge_observe', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0,
	itsm.attach('judge_observe.let_pass', 'judge_observe', 'status', attributes => '{"title": "title"}', mode => 'off') > 0;
-- The same in all three; each write on a row of its own path.
CREATE TABLE judge_observe.step (n integer PRIMARY KEY, statement text, refused text);
INSERT INTO judge_observe.step (n, statement) VALUES
	(1, $$INSERT INTO %s VALUES (1, 'new', NULL)$$), (2, $$INSERT INTO %s VALUES (2, 'work', NULL)$$), (3, $$INSERT INTO %s VALUES (3, 'bogus', 'bad')$$),
	(4, $$INSERT INTO %s VALUES (4, NULL, NULL)$$), (5, $$UPDATE %s SET status = 'work' WHERE id = 1$$), (6, $$UPDATE %s SET status = 'done', title = 'bad' WHERE id = 1$$),
	(7, $$UPDATE %s SET status = 'work', title = 'good' WHERE id = 1$$), (8, $$UPDATE %s SET title = 'bad' WHERE id = 1$$), (9, $$UPDATE %s SET title = 'better' WHERE id = 1$$),
	(10, $$DELETE FROM %s WHERE id = 1$$), (11, $$TRUNCATE %s$$);
DO $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT * FROM judge_observe.step ORDER BY n LOOP
		IF s.n IN (6, 7, 8, 9, 10) THEN	-- all stand where the enforced one does
			UPDATE judge_observe.seen_only o SET status = r.status, title = r.title FROM judge_observe.refused r WHERE r.id = o.id AND (o.status, o.title) IS DISTINCT FROM (r.status, r.title);
		END IF;
		EXECUTE format(s.statement, 'judge_observe.let_pass');
		EXECUTE format(s.statement, 'judge_observe.seen_only');
		BEGIN
			EXECUTE format(s.statement, 'judge_observe.refused');
		EXCEPTION WHEN OTHERS THEN
			UPDATE judge_observe.step SET refused = sqlstate || ' ' || sqlerrm WHERE n = s.n;
		END;
	END LOOP;
END $$;
SELECT n, replace(statement, '%s', 't') AS statement, refused FROM judge_observe.step ORDER BY n;
RESET ROLE;
SELECT o.relation_name, r.key, v.version, v.position, v.code, v.rule, v.kind, v.attribute, v.message, v.clause
	FROM itsm.violation v JOIN itsm.record r ON r.id = v.record AND r.tenant = v.tenant JOIN itsm.source o ON o.id = r.source
	WHERE o.relation_name LIKE 'judge_observe.%' ORDER BY r.key COLLATE "C", v.version, v.position;
SELECT * FROM judge_observe.seen('judge_observe.seen_only');
SELECT * FROM judge_observe.seen('judge_observe.refused');
SELECT * FROM judge_observe.seen('judge_observe.let_pass');
-- a violation stands in the event's body too
SELECT r.key, e.version, position(convert_to('"rule"', 'UTF8') IN e.body) > 0 AS told FROM itsm.event e JOIN itsm.record r ON r.id = e.record AND r.tenant = e.tenant
	JOIN itsm.source o ON o.id = r.source WHERE o.relation = 'judge_observe.seen_only'::regclass ORDER BY r.key, e.version;
SELECT source, violations FROM itsm_report.attachment_health WHERE source LIKE 'judge_observe.%' ORDER BY source;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_observe CASCADE;
DROP ROLE regress_itsm_observe;
