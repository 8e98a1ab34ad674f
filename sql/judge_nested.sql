-- Writes nested in other triggers: each (old, new) pair is judged, and in the end the record is where its row is.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_nested;
CREATE SCHEMA judge_nested AUTHORIZATION regress_itsm_nested;
SELECT itsm.define_lifecycle('{"name": "judge_nested",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse"}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_nested.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_nested;
\set VERBOSITY sqlstate

-- A table of each kind: the trigger that writes again fires before itsm_judge or after it.
CREATE FUNCTION judge_nested.write_again() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	next text := substring(new.title FROM '^[^;]+');
BEGIN
	IF next IS NOT NULL THEN
		EXECUTE replace(replace(next, '$table', format('%I.%I', tg_table_schema, tg_table_name)), '$rest', quote_nullable(substring(new.title FROM ';(.*)$')));
	END IF;
	RETURN NULL;
END $$;
CREATE TABLE judge_nested.early (id integer PRIMARY KEY, status text, title text);
CREATE TABLE judge_nested.late (LIKE judge_nested.early INCLUDING ALL);
CREATE TRIGGER aa AFTER INSERT OR UPDATE ON judge_nested.early FOR EACH ROW EXECUTE FUNCTION judge_nested.write_again();
CREATE TRIGGER zz AFTER INSERT OR UPDATE ON judge_nested.late FOR EACH ROW EXECUTE FUNCTION judge_nested.write_again();
SELECT itsm.attach(t, 'judge_nested', 'status', mode => 'enforce', filter => 'status is distinct from ''outside''') > 0
	FROM unnest('{judge_nested.early, judge_nested.late}'::regclass[]) t;
RESET ROLE;
SELECT count(itsm.set_mode(a.id, 'off', 'delete')) FROM itsm.attachment a WHERE a.lifecycle = 'judge_nested';
SET ROLE regress_itsm_nested;

-- The same statements in both; what differs is shown.
CREATE FUNCTION judge_nested.both(statement text) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY '{judge_nested.early, judge_nested.late}'::text[] LOOP
		BEGIN
			EXECUTE replace(statement, '%t', t);
			RETURN NEXT t || ': ok';
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT t || ': ' || sqlstate || ' ' || sqlerrm;
		END;
	END LOOP;
END $$;
CREATE VIEW judge_nested.differs AS
	SELECT v.name, v.id, v.status, s.key, s.state
	FROM (SELECT 'early' AS name, id, status FROM judge_nested.early WHERE status <> 'outside'
		UNION ALL SELECT 'late', id, status FROM judge_nested.late WHERE status <> 'outside') v
		FULL JOIN (SELECT 'early' AS name, * FROM judge_nested.seen('judge_nested.early') UNION ALL SELECT 'late', * FROM judge_nested.seen('judge_nested.late')) s
			ON s.name = v.name AND s.key = v.id::text
	WHERE v.status IS DISTINCT FROM s.state AND NOT (v.id IS NULL AND s.state IN ('deleted', 'not governed'));

-- UPDATE, and in it another of the same row
SELECT judge_nested.both($$INSERT INTO %t VALUES (1, 'new'), (2, 'new'), (3, 'new'), (4, 'new'), (5, 'new'), (6, 'new'), (7, 'new')$$);
SELECT judge_nested.both($$UPDATE %t SET status = 'work', title = 'UPDATE $table SET status = ''done'', title = $rest WHERE id = 1' WHERE id = 1$$);
-- the outer one is illegal
SELECT judge_nested.both($$UPDATE %t SET status = 'done', title = 'UPDATE $table SET status = ''work'', title = $rest WHERE id = 2' WHERE id = 2$$);
-- the inner one is
SELECT judge_nested.both($$UPDATE %t SET status = 'work', title = 'UPDATE $table SET status = ''nowhere'', title = $rest WHERE id = 2' WHERE id = 2$$);
-- three deep
SELECT judge_nested.both($$UPDATE %t SET status = 'work', title = 'UPDATE $table SET status = ''new'', title = $rest WHERE id = 2;UPDATE $table SET status = ''work'', title = $rest WHERE id = 2' WHERE id = 2$$);
-- INSERT, and in it an update, a deletion
SELECT judge_nested.both($$INSERT INTO %t VALUES (11, 'new', 'UPDATE $table SET status = ''work'', title = $rest WHERE id = 11')$$);
SELECT judge_nested.both($$INSERT INTO %t VALUES (12, 'done', 'UPDATE $table SET status = ''work'', title = $rest WHERE id = 12')$$);
SELECT judge_nested.both($$INSERT INTO %t VALUES (13, 'new', 'DELETE FROM $table WHERE id = 13')$$);
SELECT judge_nested.both($$INSERT INTO %t VALUES (14, 'work', 'DELETE FROM $table WHERE id = 14')$$);
-- UPDATE, and in it a deletion
SELECT judge_nested.both($$UPDATE %t SET status = 'work', title = 'DELETE FROM $table WHERE id = 3' WHERE id = 3$$);
SELECT judge_nested.both($$UPDATE %t SET status = 'done', title = 'DELETE FROM $table WHERE id = 4' WHERE id = 4$$);
-- in it a deletion and a row with the same key again
SELECT judge_nested.both($$UPDATE %t SET status = 'work', title = 'WITH gone AS (DELETE FROM $table WHERE id = 4) UPDATE $table SET status = ''work'' WHERE id = 5' WHERE id = 4$$);
-- in it a change of key
SELECT judge_nested.both($$UPDATE %t SET status = 'work', title = 'UPDATE $table SET id = 16, title = $rest WHERE id = 6' WHERE id = 6$$);
SELECT judge_nested.both($$INSERT INTO %t VALUES (15, 'new', 'UPDATE $table SET id = 25, status = ''work'', title = $rest WHERE id = 15')$$);
-- both change the key
SELECT judge_nested.both($$UPDATE %t SET id = 17, status = 'work', title = 'UPDATE $table SET id = 27, status = ''done'', title = $rest WHERE id = 17' WHERE id = 7$$);
-- a row that leaves the attachment and comes back
SELECT judge_nested.both($$INSERT INTO %t VALUES (30, 'new', 'UPDATE $table SET status = ''outside'', title = $rest WHERE id = 30')$$);
SELECT judge_nested.both($$INSERT INTO %t VALUES (31, 'new')$$);
SELECT judge_nested.both($$UPDATE %t SET status = 'outside', title = 'UPDATE $table SET status = ''done'', title = $rest WHERE id = 31' WHERE id = 31$$);
SELECT judge_nested.both($$UPDATE %t SET status = 'outside', title = 'UPDATE $table SET status = ''work'', title = $rest WHERE id = 31' WHERE id = 31$$);
-- a statement over several rows whose trigger writes the next one
SELECT judge_nested.both($$INSERT INTO %t VALUES (41, 'new', 'UPDATE $table SET status = ''work'' WHERE id = 42'), (42, 'new', NULL)$$);
SELECT judge_nested.both($$UPDATE %t SET status = CASE id WHEN 41 THEN 'work' ELSE 'new' END, title = CASE id WHEN 41 THEN 'UPDATE $table SET status = ''work'', title = $rest WHERE id = 42' END WHERE id IN (41, 42)$$);

-- a key is used again, and in its INSERT the row is written or deleted again
SELECT judge_nested.both($$INSERT INTO %t VALUES (51, 'new'), (52, 'new')$$);
SELECT judge_nested.both($$UPDATE %t SET status = 'work' WHERE id IN (51, 52)$$);
SELECT judge_nested.both($$DELETE FROM %t WHERE id IN (51, 52)$$);
SELECT judge_nested.both($$INSERT INTO %t VALUES (51, 'new', 'UPDATE $table SET status = ''work'', title = $rest WHERE id = 51')$$);
SELECT judge_nested.both($$INSERT INTO %t VALUES (52, 'new', 'DELETE FROM $table WHERE id = 52')$$);
SELECT * FROM judge_nested.seen('judge_nested.early');
SELECT * FROM judge_nested.seen('judge_nested.late');
SELECT * FROM judge_nested.differs ORDER BY 1, 2, 4;
RESET ROLE;
SELECT o.relation_name, p.key, p.state, p.transitions, p.deleted FROM itsm.projection p JOIN itsm.source o ON o.id = p.source
	WHERE o.relation_name LIKE 'judge_nested.%' ORDER BY o.relation_name COLLATE "C", p.key COLLATE "C", p.record;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_nested CASCADE;
DROP ROLE regress_itsm_nested;
