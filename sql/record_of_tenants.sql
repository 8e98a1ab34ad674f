-- A key that was used in one tenant and is used in another now names the row that is there.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA of_tenants;
SELECT itsm.define_lifecycle('{"name": "of_tenants", "attributes": {}, "delete": "allow",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}]}');
CREATE TABLE of_tenants.ticket (id integer PRIMARY KEY, tenant text, status text);
SELECT itsm.attach('of_tenants.ticket', 'of_tenants', 'status', mode => 'enforce', tenant => 'tenant') > 0 AS attached;
CREATE FUNCTION of_tenants.named(key text) RETURNS TABLE (tenant text, deleted boolean, events text) LANGUAGE sql AS $$
	SELECT r.tenant, r.deleted, (SELECT string_agg(kind, ' ' ORDER BY version) FROM itsm.history('of_tenants.ticket', $1)) FROM itsm.record r WHERE r.id = itsm.record_id('of_tenants.ticket', $1) $$;
-- ended in the tenant that comes first, and in the one that comes last
INSERT INTO of_tenants.ticket VALUES (1, 'acme', 'new'), (2, 'zinc', 'new');
DELETE FROM of_tenants.ticket;
INSERT INTO of_tenants.ticket VALUES (1, 'mint', 'new'), (2, 'mint', 'new');
SELECT key, n.* FROM unnest('{1, 2}'::text[]) key, of_tenants.named(key) n ORDER BY key COLLATE "C";
SELECT key, a.to_state FROM unnest('{1, 2}'::text[]) key, itsm.allowed_transitions('of_tenants.ticket', key) a WHERE a.allowed ORDER BY key COLLATE "C", a.to_state COLLATE "C";
-- an exception is for the row, and is an event of it
BEGIN;
SELECT itsm.override('of_tenants.ticket', '1', 'transition', 'at once');
UPDATE of_tenants.ticket SET status = 'done' WHERE id = 1;
COMMIT;
SELECT * FROM of_tenants.named('1');
-- when it is gone everywhere: what was there last
DELETE FROM of_tenants.ticket;
SELECT key, n.* FROM unnest('{1, 2}'::text[]) key, of_tenants.named(key) n ORDER BY key COLLATE "C";
SET itsm.maintenance = on;
DROP SCHEMA of_tenants CASCADE;
