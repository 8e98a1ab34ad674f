-- Health of configuration items by class, and who is concerned.
SET search_path = pg_catalog;
SET client_min_messages = notice;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET jit = off;
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA health_app;
CREATE TABLE health_app.ci (id text COLLATE "C" PRIMARY KEY, status text NOT NULL DEFAULT 'live', kind text, name text, serial text, owner text, os text);
CREATE TABLE health_app.secret (LIKE health_app.ci INCLUDING ALL);
ALTER TABLE health_app.secret ENABLE ROW LEVEL SECURITY;
SELECT itsm.define_lifecycle('{"name": "health_ci", "process": "configuration_item", "delete": "allow",
	"attributes": {"title": "text", "class": "text", "serial": "text", "owner": "text", "os": "text"},
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "gone", "category": "closed", "initial": true, "final": true}],
	"transitions": [{"from": "live", "to": "gone"}]}');
SELECT itsm.attach(t::regclass, 'health_ci', 'status', mode => 'enforce', attributes => '{"title": "name", "class": "kind", "serial": "serial", "owner": "owner", "os": "os"}', tenant => $$'health'::text$$) > 0 AS attached
FROM unnest('{health_app.ci,health_app.secret}'::text[]) t;
SELECT itsm.define_class('thing', abstract => true, required => '{title}', recommended => '{owner}');
SELECT itsm.define_class('engine', 'thing', required => '{serial}', recommended => '{os,serial}');
SELECT itsm.define_class('small_engine', 'engine');
SELECT itsm.define_identification_rule('engine', 1, '{serial}');
INSERT INTO health_app.ci (id, kind, name, serial, owner, os, status) VALUES
	('A', 'engine', 'a', 'S1', 'regress_itsm_ann', 'linux', 'live'), ('B', 'engine', 'b', 'S1', NULL, 'dos', 'live'), ('C', 'engine', ' ', NULL, 'regress_itsm_team', NULL, 'live'),
	('D', 'small_engine', 'd', 'S4', 'bob', 'linux', 'live'), ('E', 'thing', 'e', NULL, NULL, NULL, 'live'), ('F', 'unknown', 'f', NULL, NULL, NULL, 'live'),
	('G', NULL, 'g', NULL, NULL, NULL, 'live'), ('H', 'engine', NULL, NULL, NULL, NULL, 'gone');
INSERT INTO health_app.secret (id, kind, name, serial, os) VALUES ('X', 'engine', 'x', 'S1', 'dos'), ('Y', 'engine', NULL, 'S9', 'linux');
SELECT itsm.relate(itsm.record_id('health_app.ci', 'A'), 'depends_on', itsm.record_id('health_app.ci', 'D')) > 0 AS related;

-- what is expected
SELECT itsm.define_class_policy('nothing');
SELECT itsm.define_class_policy('thing', '-1 day');
SELECT itsm.define_class_policy('thing', certify_every => '0');
SELECT itsm.define_desired_state('nothing', 'os', '{linux}');
SELECT itsm.define_desired_state('engine', NULL, '{linux}');
SELECT itsm.define_desired_state('engine', 'os', '{}');
SELECT itsm.define_desired_state('engine', 'os', '{linux,NULL}');
SELECT itsm.define_class_policy('thing', '30 days', '1 year');
SELECT itsm.define_class_policy('small_engine', certify_every => '1 day');
SELECT itsm.define_desired_state('engine', 'os', '{linux,bsd}');
SELECT itsm.define_desired_state('small_engine', 'os', '{bsd}');
SELECT * FROM itsm.class_expectation WHERE class ~ '^(small_)?engine$|^thing$' ORDER BY class, kind, attribute;
-- the superuser is no reader of tables with row-level security
SELECT class, cis, unclassified, complete, required_share, recommended_share, compliant_share, duplicates, orphans, stale, certifications_due FROM itsm_report.cmdb_health WHERE tenant = 'health' ORDER BY class COLLATE "C";
CREATE FUNCTION health_app.findings() RETURNS TABLE (key text, class text, kind text, attribute text, detail text) LANGUAGE sql AS $$
	SELECT f.key, f.class, f.kind, f.attribute, regexp_replace(f.detail, '[0-9]+', 'N', 'g') FROM itsm_report.cmdb_health_finding f WHERE f.tenant = 'health' ORDER BY f.key, f.kind COLLATE "C", f.attribute COLLATE "C" $$;
SELECT * FROM health_app.findings();
-- a reader sees the others, too
SELECT itsm.grant_reader(current_user);
SELECT class, cis, unclassified, complete, required_share, recommended_share, compliant_share, duplicates, orphans, stale, certifications_due FROM itsm_report.cmdb_health WHERE tenant = 'health' ORDER BY class COLLATE "C";
SELECT * FROM health_app.findings() WHERE key IN ('A', 'X', 'Y');
SELECT itsm.revoke_reader(current_user);

-- each kind of value counts as reports show it; the same as one by one
SELECT itsm.expectation_tally('[{"attribute": "n", "kind": "required"}, {"attribute": "b", "kind": "desired", "allowed": ["true"]}, {"attribute": "o", "kind": "recommended"},
	{"attribute": "impact", "kind": "desired", "allowed": ["2", "3"]}, {"attribute": "title", "kind": "required"}, {"attribute": "n", "kind": "desired", "allowed": ["1.50"]}]',
	extra::jsonb, 1, impact, NULL, title, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
FROM (VALUES ('{"n": 1.50, "b": true, "o": {}, "title": "no"}', 2, 'x'), ('{"n": null, "b": "false", "o": " "}', 1, ' '), (NULL, NULL, NULL), ('[]', 3, E' \t\u00a0')) AS x(extra, impact, title);
SELECT itsm.expectation_tally(NULL, '{}', 1, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT itsm.expectation_tally(e::jsonb, '{}', 1, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) FROM (VALUES ('{}')) x(e);
SELECT itsm.expectation_tally('[{"kind": "wanted", "attribute": "n"}]', '{}', 1, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT bool_and((h.complete, h.required_share) IS NOT DISTINCT FROM (e.complete, e.required_share)) AS same
FROM itsm_report.cmdb_health h JOIN (
	SELECT c.tenant, c.class, count(*) FILTER (WHERE c.met) AS complete, round(100.0 * sum(c.filled) / nullif(sum(c.required), 0), 1) AS required_share
	FROM (SELECT c.tenant, c.class, c.record, bool_and(x.met OR x.kind <> 'required') AS met, count(*) FILTER (WHERE x.kind = 'required') AS required, count(*) FILTER (WHERE x.kind = 'required' AND x.met) AS filled
		FROM itsm.ci c JOIN itsm.ci_expectation x ON x.record = c.record GROUP BY 1, 2, 3) c GROUP BY 1, 2) e ON (e.tenant, e.class) = (h.tenant, h.class);

-- certified by their owners only
CREATE ROLE regress_itsm_ann;
CREATE ROLE regress_itsm_team;
CREATE ROLE regress_itsm_bob IN ROLE regress_itsm_team;
GRANT USAGE ON SCHEMA health_app TO regress_itsm_ann, regress_itsm_bob;
GRANT SELECT ON health_app.ci TO regress_itsm_ann, regress_itsm_bob;
SELECT itsm.certify_ci(NULL, 'A');
SELECT itsm.certify_ci('health_app.ci', 'Z');
SELECT itsm.certify_ci('health_app.ci', 'A');
SET ROLE regress_itsm_ann;
SELECT itsm.certify_ci('health_app.ci', 'A', 'seen with my own eyes');
SELECT itsm.certify_ci('health_app.ci', 'B');
SELECT itsm.certify_ci('health_app.ci', 'C');
SELECT itsm.certify_ci('health_app.secret', 'X');
SET ROLE regress_itsm_bob;
SELECT itsm.certify_ci('health_app.ci', 'A');
SELECT itsm.certify_ci('health_app.ci', 'C');
SELECT itsm.define_class_policy('thing');
SELECT itsm.define_desired_state('engine', 'os', NULL);
RESET ROLE;
BEGIN;
SELECT itsm.act_as('bob');
SELECT itsm.certify_ci('health_app.ci', 'D');
COMMIT;
SELECT kind, actor, changes FROM itsm.history('health_app.ci', 'A') WHERE kind = 'certified';
SELECT r.key, c.version = r.version AS is_last, c.certified_by, c.note FROM itsm.ci_certification c JOIN itsm.record r ON r.id = c.record WHERE r.tenant = 'health' ORDER BY 1;
SELECT key, detail FROM health_app.findings() WHERE kind = 'certification';
UPDATE itsm.ci_certification SET certified_at = timestamptz '2020-01-01 10:00' WHERE certified_by = 'bob';
SELECT key, detail FROM itsm_report.cmdb_health_finding WHERE tenant = 'health' AND kind = 'certification' ORDER BY key;

-- seen by a source, or changed, in time
UPDATE itsm.record SET changed_at = now() - interval '40 days' WHERE key IN ('A', 'B', 'D') AND tenant = 'health';
SELECT key, detail FROM health_app.findings() WHERE kind = 'stale';
SELECT count(*) FROM itsm.reconcile('scan', 'engine', '[{"serial": "S4"}]', tenant => 'health');
SELECT key, detail FROM health_app.findings() WHERE kind = 'stale';
UPDATE health_app.ci SET os = 'bsd' WHERE id = 'B';
SELECT key, detail FROM health_app.findings() WHERE kind = 'stale';
SELECT itsm.define_desired_state('small_engine', 'os', NULL);
SELECT key, attribute, detail FROM health_app.findings() WHERE kind = 'desired';
UPDATE itsm.source_item SET seen_at = timestamptz '2020-01-01 10:00' WHERE tenant = 'health';
SELECT key, detail FROM itsm_report.cmdb_health_finding WHERE tenant = 'health' AND kind = 'stale' ORDER BY key;
SELECT subject, kind, detail FROM itsm_report.policy_event WHERE subject = 'class small_engine' ORDER BY version;
-- what was made old comes back first
UPDATE itsm.record r SET changed_at = (SELECT max(e.at) FROM itsm.event e WHERE e.record = r.id AND e.tenant = r.tenant AND e.kind IN ('created', 'updated', 'transition')) WHERE key IN ('A', 'D') AND tenant = 'health';
SELECT * FROM itsm.verify() WHERE NOT ok AND scope <> 'chain' AND object ~ 'health_app|class ';
DROP OWNED BY regress_itsm_ann, regress_itsm_team, regress_itsm_bob;
DROP ROLE regress_itsm_bob, regress_itsm_ann, regress_itsm_team;
SELECT itsm.detach(t::regclass) FROM unnest('{health_app.ci,health_app.secret}'::text[]) t;
DROP SCHEMA health_app CASCADE;
