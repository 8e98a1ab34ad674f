-- Items and services that incidents and changes affect, and what open incidents have in common.
SET search_path = pg_catalog;
SET client_min_messages = notice;
SET jit = off;
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA affected_app;
SELECT itsm.define_lifecycle(jsonb_build_object('name', 'affected_' || p, 'process', p, 'delete', 'allow',
	'attributes', '{"title": "text", "ci": "text", "cis": "text[]", "service": "text"}'::jsonb, 'references', CASE p WHEN 'service' THEN '{"cis": "configuration_item"}' ELSE '{}' END::jsonb,
	'states', '[{"name": "open", "category": "active", "initial": true}, {"name": "done", "category": "closed", "initial": true, "final": true}]'::jsonb, 'transitions', '[{"from": "open", "to": "done"}]'::jsonb))
FROM unnest('{configuration_item,service,incident,change}'::text[]) p;
DO $$
DECLARE
	kind text;
BEGIN
	FOREACH kind IN ARRAY '{configuration_item,service,incident,change}'::text[] LOOP
		EXECUTE format('CREATE TABLE affected_app.%I (id text COLLATE "C" PRIMARY KEY, status text NOT NULL DEFAULT ''open'', ci text, cis text[], service text)', kind);
		PERFORM itsm.attach(format('affected_app.%I', kind)::regclass, 'affected_' || kind, 'status', mode => 'enforce', attributes => '{"title": "id", "ci": "ci", "cis": "cis", "service": "service"}', tenant => $q$'affected'::text$q$);
	END LOOP;
END $$;
INSERT INTO affected_app.configuration_item (id) VALUES ('rack'), ('host 1'), ('host 2'), ('app 1'), ('app 2'), ('alone');
INSERT INTO affected_app.service (id, cis) VALUES ('mail', NULL), ('web', '{app 2}'), ('phone', NULL), ('old', '{app 2}');
DELETE FROM affected_app.service WHERE id = 'old';
CREATE FUNCTION affected_app.of(relation text, key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id(('affected_app.' || relation)::regclass, key) $$;
CREATE FUNCTION affected_app.name(record bigint) RETURNS text LANGUAGE sql STABLE AS $$ SELECT r.key FROM itsm.record r WHERE r.id = record AND r.tenant = 'affected' $$;
SELECT count(itsm.relate(affected_app.of(a, b), type, affected_app.of(c, d))) FROM (VALUES
	('configuration_item', 'host 1', 'located_in', 'configuration_item', 'rack'), ('configuration_item', 'host 2', 'located_in', 'configuration_item', 'rack'),
	('configuration_item', 'app 1', 'runs_on', 'configuration_item', 'host 1'), ('configuration_item', 'app 2', 'runs_on', 'configuration_item', 'host 2'),
	('service', 'mail', 'depends_on', 'configuration_item', 'app 1')) v(a, b, type, c, d);
INSERT INTO affected_app.incident (id, ci, cis, service, status) VALUES ('I1', 'app 1', NULL, NULL, 'open'), ('I2', 'nothing', '{app 2,"host 2",nothing}', 'phone', 'open'), ('I3', NULL, NULL, NULL, 'open'),
	('I4', 'alone', NULL, NULL, 'open'), ('I5', 'host 1', NULL, NULL, 'done');
INSERT INTO affected_app.change (id, ci) VALUES ('C1', 'rack');
SELECT itsm.relate(affected_app.of('incident', 'I3'), 'affects', affected_app.of('configuration_item', 'host 1')) > 0;

SELECT i.id, affected_app.name(a.ci), a.named_by FROM affected_app.incident i, itsm.affected_cis(affected_app.of('incident', i.id)) a ORDER BY 1, affected_app.name(a.ci) COLLATE "C";
SELECT r.kind || ' ' || r.id AS of, affected_app.name(s.service) AS service, affected_app.name(s.ci) AS ci, s.depth
FROM (SELECT 'incident' AS kind, id FROM affected_app.incident UNION ALL SELECT 'change', id FROM affected_app.change) r, itsm.affected_services(affected_app.of(r.kind, r.id)) s ORDER BY (r.kind || ' ' || r.id) COLLATE "C", affected_app.name(s.service) COLLATE "C";
SELECT affected_app.name(s.service) AS service, s.depth FROM itsm.affected_services(affected_app.of('change', 'C1'), 2) s ORDER BY 1;
SELECT count(*) FROM itsm.affected_services(-1);
-- open incidents, or those given
SELECT affected_app.name(c.record) AS cause, c.explained, c.distance, ARRAY(SELECT affected_app.name(i) FROM unnest(c.incidents) i) AS incidents
FROM itsm.incident_causes(ARRAY(SELECT affected_app.of('incident', id) FROM affected_app.incident WHERE status = 'open')) c ORDER BY 2 DESC, 3, affected_app.name(c.record) COLLATE "C";
SELECT affected_app.name(c.record) AS cause, c.explained FROM itsm.incident_causes(ARRAY[affected_app.of('incident', 'I1'), affected_app.of('incident', 'I5')], causes => 1) c;
SELECT count(*) > 0 AS some FROM itsm.incident_causes(causes => NULL) c WHERE affected_app.of('incident', 'I1') = ANY (c.incidents) AND NOT affected_app.of('incident', 'I5') = ANY (c.incidents);
-- not for everybody
CREATE ROLE regress_itsm_affected;
SET ROLE regress_itsm_affected;
SELECT * FROM itsm.affected_cis(1);
SELECT * FROM itsm.affected_services(1);
SELECT * FROM itsm.incident_causes();
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.affected_services(bigint, integer) TO regress_itsm_affected;
SET ROLE regress_itsm_affected;
SELECT * FROM itsm.affected_services(-1);
RESET ROLE;
DROP OWNED BY regress_itsm_affected;
DROP ROLE regress_itsm_affected;
SELECT itsm.detach(('affected_app.' || p)::regclass) FROM unnest('{configuration_item,service,incident,change}'::text[]) p;
DROP SCHEMA affected_app CASCADE;
