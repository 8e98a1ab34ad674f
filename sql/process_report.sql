-- A view for each of the great processes, beside that of incidents.
SET client_min_messages = warning;
SET search_path = public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE SCHEMA process_report;
SET search_path = process_report, public;
CREATE TABLE change (id integer PRIMARY KEY, status text NOT NULL, title text, asked_by text, kind text, starts timestamptz, ends timestamptz, servers text[]);
SELECT itsm.attach('change', 'change', 'status', attributes => '{"title": "title", "requester": "asked_by", "type": "kind", "planned_start": "starts", "planned_end": "ends", "cis": "servers"}') > 0 AS attached;
INSERT INTO change VALUES (1, 'new', 'memory', 'ann', 'normal', '2050-01-01 10:00+00', '2050-01-01 12:00+00', '{a,b}');
UPDATE change SET status = 'cancelled' WHERE id = 1;
SELECT source, key, lifecycle, state, category, title, requester, type, planned_start, planned_end, closed_at IS NOT NULL AS closed, transitions
FROM itsm_report.change WHERE source = 'process_report.change';
-- the same columns everywhere, in the same order, and those of the process behind the mapped ones
SELECT c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum) FILTER (WHERE NOT EXISTS (
	SELECT FROM pg_attribute b WHERE b.attrelid = 'itsm_report.incident'::regclass AND b.attname = a.attname)) AS own,
	count(*) FILTER (WHERE a.atttypid::regtype::text NOT IN ('text', 'bigint', 'boolean', 'interval', 'timestamp with time zone')) AS odd_types,
	(SELECT count(*) FROM pg_attribute b WHERE b.attrelid = 'itsm_report.incident'::regclass AND b.attnum > 0
		AND NOT EXISTS (SELECT FROM pg_attribute x WHERE x.attrelid = c.oid AND x.attname = b.attname AND x.atttypid = b.atttypid)) AS missing
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relname IN ('problem', 'service_request', 'change', 'release', 'configuration_item', 'service')
GROUP BY c.oid, c.relname ORDER BY c.relname;
-- row-level security hides what is mapped
ALTER TABLE change ENABLE ROW LEVEL SECURITY;
CREATE ROLE process_reader;
GRANT USAGE ON SCHEMA itsm_report TO process_reader;
GRANT SELECT ON itsm_report.change TO process_reader;
SET ROLE process_reader;
SELECT state, title, type, planned_start FROM itsm_report.change WHERE source = 'process_report.change';
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA process_report CASCADE;
DROP OWNED BY process_reader;
DROP ROLE process_reader;
