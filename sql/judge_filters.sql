-- Several attachments of one table, each with its filter.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_filters;
CREATE SCHEMA judge_filters AUTHORIZATION regress_itsm_filters;
SELECT itsm.define_lifecycle('{"name": "judge_filters",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse"}');
SELECT itsm.define_lifecycle('{"name": "judge_filters_b",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "busy", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "busy"}, {"from": "busy", "to": ["new", "done"]}],
	"delete": "refuse"}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_filters.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_filters;
\set VERBOSITY sqlstate
-- Runs a statement and tells all that its error says.
CREATE FUNCTION judge_filters.tell(statement text) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	code text; message text; detail text; hint text; s text; t text; c text; r text;
BEGIN
	EXECUTE statement;
	RETURN NEXT 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, r = CONSTRAINT_NAME;
	RETURN NEXT code || ' ' || message;
	IF detail LIKE '[%' THEN
		RETURN QUERY SELECT '  ' || (u - 'kind' - 'clause')::text || ' ' || (u->>'kind') || coalesce(' ' || (u->>'clause'), '')
			FROM jsonb_array_elements(detail::jsonb) WITH ORDINALITY AS a(u, n) ORDER BY n;
	ELSIF detail <> '' THEN
		RETURN NEXT '  ' || detail;
	END IF;
	RETURN NEXT '  at ' || concat_ws('|', s, t, c, r) || ': ' || hint;
END $$;

CREATE TABLE judge_filters.ticket (id integer PRIMARY KEY, kind text, status text, title text);
SELECT itsm.attach('judge_filters.ticket', 'judge_filters', 'status', filter => 'kind like ''a%''', mode => 'enforce') AS a \gset
SELECT itsm.attach('judge_filters.ticket', 'judge_filters_b', 'status', filter => 'kind like ''%b''', mode => 'enforce', track => '{title}') AS b \gset
SELECT t.tgname FROM pg_trigger t WHERE t.tgrelid = 'judge_filters.ticket'::regclass ORDER BY 1;

-- each judges its own rows, and nobody the rest
INSERT INTO judge_filters.ticket VALUES (1, 'a', 'new'), (2, 'b', 'new'), (3, 'c', 'whatever'), (4, NULL, 'whatever');
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET status = 'busy' WHERE id = 1$$) LIMIT 1;
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET status = 'work' WHERE id = 2$$) LIMIT 1;
UPDATE judge_filters.ticket SET status = 'work' WHERE id = 1;
UPDATE judge_filters.ticket SET status = 'busy' WHERE id = 2;
UPDATE judge_filters.ticket SET status = 'anything' WHERE id IN (3, 4);
DELETE FROM judge_filters.ticket WHERE id = 4;

-- from one to the other: judged by the new one, from the state of that name
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET kind = 'b' WHERE id = 1$$) LIMIT 1;
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET kind = 'b', status = 'done' WHERE id = 1$$) LIMIT 1;
UPDATE judge_filters.ticket SET status = 'new' WHERE id = 1;
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET kind = 'b', status = 'done' WHERE id = 1$$) LIMIT 1;
UPDATE judge_filters.ticket SET kind = 'b' WHERE id = 1;
UPDATE judge_filters.ticket SET status = 'busy', title = 't' WHERE id = 1;
SELECT * FROM judge_filters.seen('judge_filters.ticket');

-- governed by two at once
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET kind = 'ab' WHERE id = 2$$) LIMIT 1;
SELECT regexp_replace(t, '[0-9]+ and [0-9]+', 'A and B') FROM judge_filters.tell($$INSERT INTO judge_filters.ticket VALUES (5, 'ab', 'new')$$) t LIMIT 1;
SELECT itsm.set_mode(:a, 'observe'), itsm.set_mode(:b, 'observe');
SELECT judge_filters.tell($$INSERT INTO judge_filters.ticket VALUES (5, 'ab', 'new')$$) LIMIT 1;
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET status = 'work' WHERE id = 5$$) LIMIT 1;
RESET ROLE;
SELECT r.key, v.version, v.code, v.rule, replace(replace(v.message, :'a', 'A'), :'b', 'B') AS message
	FROM itsm.violation v JOIN itsm.record r ON r.id = v.record AND r.tenant = v.tenant WHERE v.attachment IN (:a, :b) ORDER BY r.key, v.version, v.position;
SET ROLE regress_itsm_filters;
SELECT itsm.set_mode(:a, 'enforce'), itsm.set_mode(:b, 'enforce');

-- out and back again: it goes on from the state that it left with
INSERT INTO judge_filters.ticket VALUES (6, 'a', 'new');
UPDATE judge_filters.ticket SET kind = 'c', status = 'hidden' WHERE id = 6;
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET kind = 'a', status = 'done' WHERE id = 6$$) LIMIT 1;
UPDATE judge_filters.ticket SET kind = 'a', status = 'work' WHERE id = 6;
UPDATE judge_filters.ticket SET kind = 'c', status = 'hidden' WHERE id = 6;
UPDATE judge_filters.ticket SET kind = 'a', status = 'done' WHERE id = 6;
-- into it from nowhere: a beginning
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET kind = 'a', status = 'done' WHERE id = 3$$) LIMIT 1;
UPDATE judge_filters.ticket SET kind = 'a', status = 'new' WHERE id = 3;
-- a deletion is not hidden by leaving first, but leaving is free
SELECT judge_filters.tell($$DELETE FROM judge_filters.ticket WHERE id = 3$$) LIMIT 1;
UPDATE judge_filters.ticket SET kind = 'c' WHERE id = 3;
DELETE FROM judge_filters.ticket WHERE id = 3;
SELECT * FROM judge_filters.seen('judge_filters.ticket');

-- passing on in the same state is no move, and the time in it goes on
INSERT INTO judge_filters.ticket VALUES (7, 'a', 'new');
UPDATE judge_filters.ticket SET kind = 'b' WHERE id = 7;
UPDATE judge_filters.ticket SET kind = 'c' WHERE id = 7;
UPDATE judge_filters.ticket SET kind = 'a' WHERE id = 7;
UPDATE judge_filters.ticket SET kind = 'b', status = 'new' WHERE id = 7;
RESET ROLE;
SELECT p.key, p.state, p.transitions, s.entered_at = p.opened_at AS since_the_beginning FROM itsm.projection p JOIN itsm.record_state s ON s.record = p.record
	JOIN itsm.source o ON o.id = p.source AND o.relation = 'judge_filters.ticket'::regclass WHERE p.key = '7';
SET ROLE regress_itsm_filters;

-- a row goes outside, and its key to another one: what that does then is its own
INSERT INTO judge_filters.ticket VALUES (8, 'a', 'new'), (9, 'a', 'new');
UPDATE judge_filters.ticket SET kind = 'c' WHERE id = 8;
DELETE FROM judge_filters.ticket WHERE id = 8;
BEGIN;
UPDATE judge_filters.ticket SET id = 8 WHERE id = 9;
UPDATE judge_filters.ticket SET status = 'work' WHERE id = 8;
COMMIT;
SELECT * FROM judge_filters.seen('judge_filters.ticket');
RESET ROLE;
SELECT p.key, p.state, p.transitions FROM itsm.projection p JOIN itsm.source o ON o.id = p.source AND o.relation = 'judge_filters.ticket'::regclass
	WHERE p.key IN ('8', '9') OR p.key IS NULL
	ORDER BY p.key, p.state;
SET ROLE regress_itsm_filters;

-- one goes, the other stays
SELECT itsm.detach('judge_filters.ticket', :a);
UPDATE judge_filters.ticket SET status = 'free' WHERE id = 6;
SELECT judge_filters.tell($$UPDATE judge_filters.ticket SET status = 'free' WHERE id = 2$$) LIMIT 1;
SELECT itsm.detach('judge_filters.ticket', :a);
SELECT itsm.detach('judge_filters.ticket');
UPDATE judge_filters.ticket SET status = 'free' WHERE id = 2;
SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = 'judge_filters.ticket'::regclass;

-- a filter that fails when it is evaluated fails the write; one that is null governs nothing
CREATE TABLE judge_filters.fragile (id integer PRIMARY KEY, status text, divisor integer);
SELECT itsm.attach('judge_filters.fragile', 'judge_filters', 'status', filter => '1 / divisor > 0', mode => 'enforce') > 0;
INSERT INTO judge_filters.fragile VALUES (1, 'new', 0);
INSERT INTO judge_filters.fragile VALUES (1, 'done', 1);
INSERT INTO judge_filters.fragile VALUES (1, 'done', NULL);

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_filters CASCADE;
DROP ROLE regress_itsm_filters;
