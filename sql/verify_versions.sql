-- Records that ended under a version of their lifecycle which has fewer attributes than the
-- attachment maps: verify() has nothing to say, but of what was changed past the events.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA verify_versions;
SELECT itsm.define_lifecycle('{"name": "verify_versions", "attributes": {"title": "text", "extra": "jsonb", "asked_by": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}], "delete": "allow"}');
CREATE TABLE verify_versions.ticket (id integer PRIMARY KEY, status text DEFAULT 'new', title text DEFAULT 't', extra text DEFAULT '{"a": 1}', asked_by text DEFAULT 'ann');
SELECT itsm.attach('verify_versions.ticket', 'verify_versions', 'status', mode => 'enforce',
	attributes => '{"title": "title", "extra": "extra::jsonb", "asked_by": "asked_by"}') AS ticket \gset
INSERT INTO verify_versions.ticket (id) SELECT generate_series(1, 8);
SELECT itsm.define_lifecycle((itsm.lifecycle_definition('verify_versions') #- '{attributes,extra}') #- '{attributes,asked_by}');
-- moved or only changed under the new version, migrated, and left as they were
UPDATE verify_versions.ticket SET status = 'done' WHERE id IN (1, 2);
UPDATE verify_versions.ticket SET title = 'u' WHERE id IN (3, 4);
DELETE FROM verify_versions.ticket WHERE id IN (1, 3, 5);
SELECT itsm.migrate(:ticket);
DELETE FROM verify_versions.ticket WHERE id IN (2, 4, 6);
INSERT INTO verify_versions.ticket (id, title) VALUES (9, 'late');
DELETE FROM verify_versions.ticket WHERE id = 9;
SELECT v.scope, v.detail FROM itsm.verify() v WHERE NOT v.ok AND v.object LIKE '%verify_versions%';
SELECT itsm.detach('verify_versions.ticket');
SELECT v.scope, v.detail FROM itsm.verify() v WHERE NOT v.ok AND v.object LIKE '%verify_versions%';
-- the others' values are still compared
UPDATE itsm.record SET title = 'forged' WHERE source = (SELECT id FROM itsm.source WHERE relation = 'verify_versions.ticket'::regclass) AND key = '1';
UPDATE itsm.record SET extra = NULL WHERE source = (SELECT id FROM itsm.source WHERE relation = 'verify_versions.ticket'::regclass) AND key = '5';
SELECT regexp_replace(v.object, 'record [0-9]+', 'record') AS object, v.scope, v.detail FROM itsm.verify() v
	WHERE NOT v.ok AND v.object LIKE '%verify_versions%' ORDER BY v.object COLLATE "C", v.detail COLLATE "C";

SET itsm.maintenance = on;
DROP SCHEMA verify_versions CASCADE;
