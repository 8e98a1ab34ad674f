-- A write nested in a trigger that fires before ours is judged first: the move that it follows
-- brings the record under the lifecycle's new version, or another lifecycle, all the same.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA nested_versions;
SELECT itsm.define_lifecycle(format('{"name": "%s", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}]}', name)::jsonb) FROM unnest('{nested_versions, nested_other}'::text[]) name;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('nested_other') || '{"description": "second"}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('nested_other') || '{"description": "third"}');
CREATE TABLE nested_versions.ticket (id integer PRIMARY KEY, status text, title text, kind text DEFAULT 'a');
CREATE FUNCTION nested_versions.write_again() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	IF new.title IN ('touch', 'finish') THEN
		UPDATE nested_versions.ticket SET status = CASE new.title WHEN 'finish' THEN 'done' ELSE status END, title = new.title || 'ed' WHERE id = new.id;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER aa AFTER UPDATE ON nested_versions.ticket FOR EACH ROW EXECUTE FUNCTION nested_versions.write_again();
SELECT itsm.attach('nested_versions.ticket', 'nested_versions', 'status', attributes => '{"title": "title"}', filter => 'kind = ''a''', mode => 'enforce') > 0,
	itsm.attach('nested_versions.ticket', 'nested_other', 'status', attributes => '{"title": "title"}', filter => 'kind = ''b''', mode => 'enforce') > 0;
INSERT INTO nested_versions.ticket SELECT n, 'new' FROM generate_series(1, 6) n;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('nested_versions') || '{"description": "second"}');
-- moved, then written or moved again by the trigger, whose write is judged first
UPDATE nested_versions.ticket SET status = 'work', title = 'touch' WHERE id = 1;
UPDATE nested_versions.ticket SET status = 'work', title = 'finish' WHERE id = 2;
-- not moved: the version stays
UPDATE nested_versions.ticket SET title = 'touch' WHERE id = 3;
-- under another lifecycle, in the same state and in another
UPDATE nested_versions.ticket SET kind = 'b', title = 'touch' WHERE id = 4;
UPDATE nested_versions.ticket SET kind = 'b', status = 'work', title = 'touch' WHERE id = 5;
UPDATE nested_versions.ticket SET kind = 'b', status = 'work', title = 'finish' WHERE id = 6;
SELECT r.key, s.lifecycle, s.lifecycle_version, s.state, p.lifecycle, p.state, p.transitions
FROM itsm.record r JOIN itsm.source o ON o.id = r.source JOIN itsm.record_state s ON s.record = r.id AND s.tenant = r.tenant
	JOIN itsm.projection p ON p.record = r.id AND p.tenant = r.tenant
WHERE o.relation = 'nested_versions.ticket'::regclass ORDER BY r.key COLLATE "C";
SELECT v.scope, v.object, v.detail FROM itsm.verify() v WHERE NOT v.ok AND v.object LIKE '%nested_versions.%';
SET itsm.maintenance = on;
DROP SCHEMA nested_versions CASCADE;
