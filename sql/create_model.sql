-- The reference model: ordinary tables in a schema of the user's, attached.
SET client_min_messages = notice;
SET search_path = public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set SHOW_CONTEXT never
SELECT name, requires, tables FROM itsm.model_part ORDER BY position;
-- every table is in one part, and every one of them that has a status is attached
SELECT t, count(*) FROM itsm.model_part, unnest(tables) AS t GROUP BY t HAVING count(*) > 1;
SELECT a.* FROM itsm.model_attachment a LEFT JOIN itsm.model_part m ON m.name = a.part AND a.relation = ANY (m.tables) WHERE m.name IS NULL;
-- every lifecycle that comes with the extension has a table
SELECT name FROM itsm.lifecycle WHERE shipped EXCEPT SELECT lifecycle FROM itsm.model_attachment ORDER BY 1;

BEGIN;
CALL itsm.create_model('model_desk');
SHOW search_path;
-- exactly the tables that the parts name
SELECT relname FROM pg_class WHERE relnamespace = 'model_desk'::regnamespace AND relkind NOT IN ('i', 'S')
EXCEPT SELECT t FROM itsm.model_part, unnest(tables) AS t;
SELECT t FROM itsm.model_part, unnest(tables) AS t WHERE to_regclass('model_desk.' || t) IS NULL;
-- attached, each rule with all that it looks at
SELECT count(*), count(*) FILTER (WHERE healthy) AS healthy, min(mode), max(mode) FROM itsm_report.attachment_health WHERE source LIKE 'model\_desk.%';
SELECT source, problem FROM itsm_report.attachment_health WHERE source LIKE 'model\_desk.%' AND NOT healthy;
SELECT relation::regclass, type, source_column, target_column FROM itsm.relationship_attachment WHERE relation_name LIKE 'model\_desk.%' ORDER BY id;
-- everything says what it is; foreign keys can be followed back; types are the core's
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'model_desk'::regnamespace AND c.relkind = 'r' AND (coalesce(col_description(c.oid, a.attnum), '') = '' OR coalesce(obj_description(c.oid), '') = '');
SELECT conrelid::regclass, conname FROM pg_constraint k WHERE contype = 'f' AND connamespace = 'model_desk'::regnamespace
	AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1]);
SELECT count(*) > 100 AS foreign_keys FROM pg_constraint WHERE contype = 'f' AND connamespace = 'model_desk'::regnamespace;
SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'model_desk'::regnamespace AND t.typnamespace <> 'pg_catalog'::regnamespace;
-- nothing of the tables rests on the extension but the triggers that guard them
SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) ~ '^trigger itsm_' AS trigger_only
FROM pg_depend d JOIN pg_depend e ON e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e'
WHERE d.classid <> 'pg_depend'::regclass AND d.deptype = 'n' AND pg_describe_object(d.classid, d.objid, 0) ~ 'model_desk'
	AND e.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'itsm');

-- a document from its draft to its acknowledgement
SET LOCAL search_path = model_desk, public;
INSERT INTO person (name, full_name, unit) VALUES ('ann', 'Ann Author', 'desk'), ('rob', 'Rob Reviewer', 'desk'), ('tom', 'Tom Top', 'board');
INSERT INTO role (name, top_management, required_competences) VALUES ('management', true, NULL), ('service manager', false, '{ISO 20000}');
INSERT INTO role_assignment (role, person, valid_from) VALUES ('management', 'tom', '2020-01-01');
SELECT itsm.act_as('ann');
INSERT INTO document (number, document_version, kind, title, owner, author, content) VALUES ('POL-1', '1', 'sm_policy', 'Service management policy', 'tom', 'ann', 'We serve.');
UPDATE document SET status = 'in_review', reviewer = 'rob';
SAVEPOINT refused;
-- who wrote it does not approve it
UPDATE document SET status = 'approved', approver = 'ann', approved_at = '2024-01-02';
ROLLBACK TO refused;
SELECT itsm.act_as('tom');
UPDATE document SET status = 'approved', approver = 'tom', approved_at = '2024-01-02';
UPDATE document SET status = 'effective', effective_from = '2024-01-03', next_review = '2025-01-03';
INSERT INTO acknowledgement (person, document, at) SELECT 'ann', id, '2024-01-04' FROM document;
SELECT p.lifecycle, p.title, p.state, p.extra - 'content' AS extra FROM itsm.projection p JOIN itsm.source s ON s.id = p.source
WHERE s.relation IN ('document'::regclass, 'acknowledgement'::regclass) ORDER BY p.record;
-- what is recorded stays as it is, and goes only with a reason
SAVEPOINT refused;
UPDATE acknowledgement SET person = 'rob';
ROLLBACK TO refused;
UPDATE acknowledgement SET status = 'withdrawn';
ROLLBACK TO refused;
DELETE FROM acknowledgement;
ROLLBACK TO refused;
-- foreign keys hold
INSERT INTO role_assignment (role, person, valid_from) VALUES ('management', 'nobody', '2020-01-01');
ROLLBACK TO refused;

-- a service, its items and what depends on what; arrays follow the link tables
INSERT INTO party (name, kind, owner) VALUES ('sales', 'customer', 'ann');
INSERT INTO service (name, title, business_need, owner, in_scope) VALUES ('mail', 'Electronic mail', 'letters', 'ann', true), ('network', NULL, 'everything', 'rob', true);
INSERT INTO service_party (service, party, kind, owner) VALUES ('mail', 'sales', 'customer', 'ann');
INSERT INTO service_dependency VALUES ('mail', 'network');
INSERT INTO configuration_class (name, owner) VALUES ('server', 'rob');
INSERT INTO configuration_item (name, class, owner) VALUES ('web', 'server', 'rob'), ('db', 'server', 'rob');
INSERT INTO ci_dependency VALUES ('web', 'db');
INSERT INTO service_ci VALUES ('mail', 'web'), ('mail', 'db'), ('network', 'db');
UPDATE service_ci SET service = 'network' WHERE ci = 'web';
DELETE FROM service_ci WHERE service = 'network' AND ci = 'db';
SELECT name, title, cis FROM service ORDER BY 1;
SELECT name, depends_on FROM configuration_item ORDER BY 1;
INSERT INTO incident (title, requester, service, ci) VALUES ('No mail', 'carl', 'mail', 'db');
SELECT l.source_key, l.type, l.target_key FROM itsm_report.relationship l JOIN itsm.record r ON r.id = l.source JOIN itsm.source s ON s.id = r.source JOIN pg_class c ON c.oid = s.relation
WHERE l.holds AND c.relnamespace = 'model_desk'::regnamespace ORDER BY l.source_key COLLATE "C", l.type, l.target_key COLLATE "C";

-- three kinds of changes in one table, each under its own lifecycle
INSERT INTO change (type, title, requester) VALUES ('normal', 'New disk', 'ann'), ('standard', 'Restart', 'ann'), ('emergency', 'Pull the plug', 'ann');
SELECT p.key, p.lifecycle, p.process, p.state FROM itsm.projection p JOIN itsm.source s ON s.id = p.source WHERE s.relation = 'change'::regclass ORDER BY p.key;
SAVEPOINT refused;
INSERT INTO change (type, title, requester) VALUES ('other', 'Something', 'ann');
ROLLBACK TO refused;
RESET search_path;

-- parts: what they need comes with them, or is taken as it is; what can do without each other
-- is linked as soon as both are there
CALL itsm.create_model('model_parts', '{audit}', mode => 'observe');
SELECT relname FROM pg_class WHERE relnamespace = 'model_parts'::regnamespace AND relkind = 'r' ORDER BY 1;
CALL itsm.create_model('model_parts', '{incident,document}');
CALL itsm.create_model('model_parts', '{change}');
INSERT INTO model_parts.incident (title, requester, service) VALUES ('No mail', 'carl', 'mail'), ('No news', 'carl', NULL);
-- what rows named before is asked when somebody wants to know
CALL itsm.create_model('model_parts', '{service}');
SAVEPOINT refused;
INSERT INTO model_parts.incident (title, requester, service) VALUES ('No mail', 'carl', 'mail');
ROLLBACK TO refused;
INSERT INTO model_parts.service (name, business_need) VALUES ('mail', 'letters');
ALTER TABLE model_parts.incident VALIDATE CONSTRAINT incident_service_fkey;
SELECT conrelid::regclass, conname FROM pg_constraint WHERE conrelid IN ('model_parts.incident'::regclass, 'model_parts.document'::regclass) AND contype = 'f' AND conname ~ 'change';
SELECT relation::regclass, type, target_column FROM itsm.relationship_attachment WHERE relation_name LIKE 'model\_parts.%' ORDER BY id;
SELECT source, mode FROM itsm_report.attachment_health WHERE source IN ('model_parts.person', 'model_parts.incident') ORDER BY 1;
INSERT INTO model_parts.person (name) VALUES ('ann');
SELECT count(*) FROM model_desk.person WHERE name = 'ann';
SAVEPOINT refused;
CALL itsm.create_model('model_parts', '{document,risk}');
ROLLBACK TO refused;
-- a part that is needed but is not as it is made
ALTER TABLE model_parts.person RENAME TO somebody;
CALL itsm.create_model('model_parts', '{risk}');
ROLLBACK TO refused;
SELECT itsm.detach('model_parts.party');
CALL itsm.create_model('model_parts', '{risk}');
ROLLBACK TO refused;
ROLLBACK;

-- what cannot be leaves nothing behind
CREATE SCHEMA model_taken;
CREATE VIEW model_taken.audit AS SELECT 1 AS one;
CREATE SEQUENCE model_taken.risk_number_seq;
CALL itsm.create_model('model_taken');
CALL itsm.create_model('model_taken', '{risk}');
SELECT relname FROM pg_class WHERE relnamespace = 'model_taken'::regnamespace ORDER BY 1;
DROP SCHEMA model_taken CASCADE;
CALL itsm.create_model('model_new', '{incident,incidents,NULL}');
CALL itsm.create_model('model_new', '{}');
CALL itsm.create_model(NULL);
CALL itsm.create_model('');
CALL itsm.create_model('model_new', mode => 'strict');
CALL itsm.create_model('itsm');
CALL itsm.create_model('itsm_report', '{risk}');
CALL itsm.create_model('pg_catalog', '{risk}');
CALL itsm.create_model('information_schema', '{risk}');
CALL itsm.create_model('pg_model');
SELECT nspname FROM pg_namespace WHERE nspname ~ 'model';

-- odd names of schemas
BEGIN;
CALL itsm.create_model('Model "x" %s', '{service}');
INSERT INTO "Model ""x"" %s".service (name, business_need) VALUES ('mail', 'letters');
ROLLBACK;

-- somebody who is no superuser
CREATE ROLE model_owner;
GRANT CREATE ON DATABASE :DBNAME TO model_owner;
BEGIN;
SET LOCAL ROLE model_owner;
SAVEPOINT refused;
CALL itsm.create_model('model_theirs');
ROLLBACK TO refused;
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.attach_relationships(regclass, text, name, name, regclass, regclass, text) TO model_owner;
SET LOCAL ROLE model_owner;
CALL itsm.create_model('model_theirs');
SELECT count(*), count(DISTINCT relowner) AS owners, min(relowner::regrole::text) AS owner FROM pg_class WHERE relnamespace = 'model_theirs'::regnamespace AND relkind = 'r';
INSERT INTO model_theirs.incident (title, requester) VALUES ('No mail', 'carl');
SELECT number, status FROM model_theirs.incident;
ROLLBACK;
REVOKE CREATE ON DATABASE :DBNAME FROM model_owner;
DROP ROLE model_owner;
