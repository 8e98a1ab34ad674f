-- A record keeps the version of its lifecycle until it moves.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_versions;
CREATE SCHEMA judge_versions AUTHORIZATION regress_itsm_versions;
SELECT itsm.define_lifecycle('{"name": "judge_versions", "attributes": {"title": "text", "old": "text"},
	"rules": [{"name": "kept", "requires": "old"}],
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "old work", "category": "active"}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": ["old work", "work"]}, {"from": "old work", "to": ["work", "done"]}, {"from": "work", "to": "done"}], "delete": "allow"}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_versions.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_versions;
\set VERBOSITY sqlstate

CREATE TABLE judge_versions.ticket (id integer PRIMARY KEY, status text, title text, old text DEFAULT 'o');
SELECT itsm.attach('judge_versions.ticket', 'judge_versions', 'status', attributes => '{"title": "title", "old": "old"}', mode => 'enforce') > 0;
INSERT INTO judge_versions.ticket SELECT i, 'new', 't' FROM generate_series(1, 6) i;
UPDATE judge_versions.ticket SET status = 'old work' WHERE id IN (3, 4, 5, 6);

-- version 2: a state is gone, another is new, a rule holds for every write
RESET ROLE;
SELECT itsm.define_lifecycle('{"name": "judge_versions", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "paused", "category": "waiting"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["paused", "done"]}, {"from": "paused", "to": "work"}], "delete": "allow",
	"rules": [{"name": "long", "check": "length(new.title) > 3"}]}');
SET ROLE regress_itsm_versions;
-- who has not moved is judged by version 1
UPDATE judge_versions.ticket SET title = 'u' WHERE id IN (1, 3);
UPDATE judge_versions.ticket SET old = NULL WHERE id = 2;
-- moving out of a state that both know: by version 2
UPDATE judge_versions.ticket SET status = 'old work' WHERE id = 1;
UPDATE judge_versions.ticket SET status = 'work' WHERE id = 1;
UPDATE judge_versions.ticket SET status = 'work', title = 'long enough' WHERE id = 1;
UPDATE judge_versions.ticket SET title = 'x' WHERE id = 1;
UPDATE judge_versions.ticket SET old = NULL WHERE id = 1;
UPDATE judge_versions.ticket SET status = 'paused' WHERE id = 1;
-- out of the one that is gone: by version 1, the only one that knows the way, and on by version 2
UPDATE judge_versions.ticket SET status = 'paused' WHERE id = 3;
UPDATE judge_versions.ticket SET status = 'work' WHERE id = 3;
UPDATE judge_versions.ticket SET status = 'done' WHERE id = 3;
UPDATE judge_versions.ticket SET status = 'done', title = 'long enough' WHERE id = 3;
UPDATE judge_versions.ticket SET status = 'done' WHERE id = 4;
-- new ones begin by version 2
INSERT INTO judge_versions.ticket VALUES (7, 'old work', 'long enough');
INSERT INTO judge_versions.ticket VALUES (7, 'new', 'x');
INSERT INTO judge_versions.ticket VALUES (7, 'new', 'long enough');
-- key changes and deletions in between
UPDATE judge_versions.ticket SET id = 16, title = 'v' WHERE id = 6;
DELETE FROM judge_versions.ticket WHERE id = 5;
-- rolled back, the next version leaves nothing
RESET ROLE;
BEGIN;
SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('judge_versions'), '{delete}', '"refuse"'));
SET ROLE regress_itsm_versions;
DELETE FROM judge_versions.ticket WHERE id = 2;
ROLLBACK;
RESET ROLE;
SELECT r.key, s.state, s.lifecycle_version AS kept, string_agg(format('%s %s>%s by %s', e.kind, e.from_state, e.to_state, e.lifecycle_version), ', ' ORDER BY e.version)
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id
		JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
	WHERE o.relation = 'judge_versions.ticket'::regclass GROUP BY 1, 2, 3 ORDER BY r.key COLLATE "C";

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_versions CASCADE;
DROP ROLE regress_itsm_versions;
