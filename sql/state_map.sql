-- What tools call the states of the standard lifecycles.
SET client_min_messages = warning;
SET search_path = state_map, public;
CREATE SCHEMA state_map;
SET timezone = 'UTC';

SELECT tool, lifecycle, count(*) AS "values", count(DISTINCT state) AS states FROM itsm.state_vocabulary GROUP BY 1, 2 ORDER BY 1, 2;
SELECT tool, lifecycle, value, state FROM itsm.state_vocabulary v
WHERE NOT EXISTS (SELECT FROM itsm.lifecycle l, jsonb_array_elements(definition -> 'states') s WHERE l.name = v.lifecycle AND s ->> 'name' = v.state);

SELECT itsm.state_map('Zammad', 'incident');
SELECT itsm.state_map('glpi', 'change');
SELECT itsm.state_map('JIRA service MANAGEMENT', 'service_request');
SELECT itsm.state_map(NULL, 'incident') IS NULL AND itsm.state_map('RT', NULL) IS NULL AS strict;
SELECT itsm.state_map('Remedy', 'incident');
SELECT itsm.state_map('redmine', 'change');
SELECT itsm.state_map('Redmine', 'Incident');
SELECT itsm.state_map('', '');
SELECT itsm.state_map(E'RT\n' || repeat('x', 200), 'incident');

-- every map goes into attach as it is: a table for each, with a row per value
CREATE TABLE attached (tool text, lifecycle text, relation regclass, attachment integer);
DO $$
DECLARE
	v record;
	r regclass;
BEGIN
	FOR v IN SELECT DISTINCT tool, lifecycle FROM itsm.state_vocabulary ORDER BY 1, 2 LOOP
		EXECUTE format('CREATE TABLE %I (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL)', v.tool || ' ' || v.lifecycle);
		r := format('%I', v.tool || ' ' || v.lifecycle)::regclass;
		EXECUTE format('INSERT INTO %s (status) SELECT value FROM itsm.state_vocabulary WHERE tool = $1 AND lifecycle = $2', r) USING v.tool, v.lifecycle;
		INSERT INTO attached SELECT v.tool, v.lifecycle, r, itsm.attach(r, v.lifecycle, 'status', itsm.state_map(v.tool, v.lifecycle), mode => 'enforce');
	END LOOP;
	COMMIT;
	FOR v IN SELECT attachment FROM attached LOOP
		CALL itsm.backfill(v.attachment);
	END LOOP;
END $$;
SELECT count(*) AS attached FROM attached;
-- every value is the state that it was said to be
CREATE TABLE seen (tool text, lifecycle text, value text, state text);
DO $$
DECLARE
	a attached;
BEGIN
	FOR a IN SELECT * FROM attached LOOP
		EXECUTE format('INSERT INTO seen SELECT $1, s.lifecycle, t.status, s.state FROM %s t JOIN itsm.record_state s ON s.record = itsm.record_id($2, t.id::text)', a.relation)
		USING a.tool, a.relation;
	END LOOP;
END $$;
SELECT count(*) FROM seen;
SELECT * FROM seen EXCEPT ALL SELECT tool, lifecycle, value, state FROM itsm.state_vocabulary;

-- numbers in a column of numbers
CREATE TABLE change (id integer PRIMARY KEY, state smallint NOT NULL);
SELECT itsm.attach('change', 'change', 'state', itsm.state_map('ServiceNow', 'change'), mode => 'enforce') > 0 AS attached;
INSERT INTO change VALUES (1, -5);
UPDATE change SET state = -4 WHERE id = 1;
UPDATE change SET state = 0 WHERE id = 1;

SET client_min_messages = error;
DROP SCHEMA state_map CASCADE;
