-- Changes that meet at configuration items that depend on one another.
SET search_path = dependent_conflict, public;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset null '~'
\pset format unaligned
\set VERBOSITY terse
CREATE SCHEMA dependent_conflict;
CREATE ROLE regress_itsm_planner;
GRANT USAGE ON SCHEMA dependent_conflict TO regress_itsm_planner;
SELECT itsm.define_lifecycle(format('{"name": "%s", "process": "%s", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}', 'dependent_' || p, p)::jsonb)
FROM unnest('{configuration_item,service}'::text[]) p;
SELECT itsm.define_lifecycle('{"name": "dependent_change", "process": "change",
	"attributes": {"planned_start": "timestamptz", "planned_end": "timestamptz", "ci": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": "closed"}],
	"rules": [{"name": "free", "to": "scheduled", "in": ["scheduled"], "no_conflict": true}]}');
CREATE TABLE ci (name text PRIMARY KEY, status text NOT NULL DEFAULT 'live', customer text);
CREATE TABLE service (LIKE ci INCLUDING ALL);
CREATE TABLE change (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, ci text, customer text);
SELECT itsm.attach('ci', 'dependent_configuration_item', 'status', tenant => 'customer', attributes => '{"title": "name"}', mode => 'enforce') > 0;
SELECT itsm.attach('service', 'dependent_service', 'status', tenant => 'customer', attributes => '{"title": "name"}', mode => 'enforce') > 0;
SELECT itsm.attach('change', 'dependent_change', 'status', tenant => 'customer', mode => 'enforce',
	attributes => '{"planned_start": "s", "planned_end": "e", "ci": "ci"}') > 0;
-- shop -> web -> vm -> host; mail -> host; printer; elsewhere, of another customer
INSERT INTO ci SELECT unnest('{web,vm,host,mail,printer}'::text[]);
INSERT INTO ci VALUES ('elsewhere', 'live', 'north');
INSERT INTO service VALUES ('shop');
CREATE FUNCTION n(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT coalesce(itsm.record_id('dependent_conflict.ci', key), itsm.record_id('dependent_conflict.service', key)) $$;
SELECT bool_and(itsm.relate(n(a), t, n(b)) IS NOT NULL) FROM (VALUES ('shop', 'depends_on', 'web'), ('web', 'runs_on', 'vm'), ('vm', 'hosted_on', 'host'), ('mail', 'hosted_on', 'host')) AS x(a, t, b);
INSERT INTO change (id, s, e, ci, customer) VALUES (1, '2050-01-01', '2050-01-02', 'vm', NULL), (2, '2050-01-01 12:00', '2050-01-03', 'web', NULL),
	(3, '2050-01-01', '2050-01-03', 'host', NULL), (4, '2050-01-01', '2050-01-03', 'mail', NULL), (5, '2050-01-01', '2050-01-03', 'printer', NULL),
	(6, '2050-01-02', '2050-01-03', 'host', NULL), (7, '2050-01-01', '2050-01-03', 'unknown', NULL), (8, '2050-01-01', '2050-01-02', 'vm', 'north');
-- Others that are booked: what is above, and what is below; not what only shares something with it.
UPDATE change SET status = 'scheduled' WHERE id IN (1, 2);
SELECT id, c.* FROM change, itsm.change_conflicts('change', id::text) c ORDER BY id, c.kind, c.other, c.ci;
-- they hold nobody off
UPDATE change SET status = 'scheduled' WHERE id IN (3, 4, 5);
SELECT id, c.* FROM change, itsm.change_conflicts('change', id::text) c ORDER BY id, c.kind, c.other, c.ci;
-- A freeze of what depends on it, item or service, once, and not again what freezes everything; nothing of what it depends on.
SELECT itsm.define_change_window(name, 'freeze', '2050-01-01 10:00', '2050-01-01 11:00', cis => cis, services => services)
FROM (VALUES ('web freeze', '{web}'::text[], NULL), ('host freeze', '{host}', NULL), ('sale', NULL, '{shop}'::text[]), ('everything', NULL, NULL)) AS x(name, cis, services);
SELECT id, c.* FROM change, itsm.change_conflicts('change', id::text) c WHERE id IN (1, 4, 5) AND c.kind ~ 'freeze' ORDER BY id, c.kind, c.other, c.ci;
-- Whoever may not see them is told that there is something.
GRANT SELECT ON change TO regress_itsm_planner;
SET ROLE regress_itsm_planner;
SELECT * FROM itsm.change_conflicts('change', '1');
RESET ROLE;
ALTER TABLE change ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON change FOR SELECT USING (id = 1);
GRANT SELECT ON ci TO regress_itsm_planner;
SET ROLE regress_itsm_planner;
SELECT * FROM itsm.change_conflicts('change', '1') WHERE kind ~ 'change';
RESET ROLE;
-- As the graph is now.
SELECT itsm.unrelate(id) IS NOT NULL AS ended FROM itsm.relationship WHERE source = n('web') AND type = 'runs_on';
SELECT id, c.* FROM change, itsm.change_conflicts('change', id::text) c WHERE id IN (1, 2) AND kind ~ 'dependent' ORDER BY id, c.kind, c.other, c.ci;
DELETE FROM ci WHERE name = 'mail';
SELECT count(*) FROM itsm.change_conflicts('change', '3') WHERE ci = 'mail';

SET client_min_messages = error;
DROP SCHEMA dependent_conflict CASCADE;
DROP ROLE regress_itsm_planner;
SELECT itsm.drop_change_window(w) FROM unnest('{web freeze,host freeze,sale,everything}'::text[]) w;
