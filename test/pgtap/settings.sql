-- docs/settings.md names every setting, with its default, range and who may set it.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();
LOAD 'itsm';
\set page `cat docs/settings.md`
CREATE TEMP TABLE described AS
	SELECT btrim(c[2], ' `') AS name, btrim(c[3]) AS type, btrim(c[4]) AS start, btrim(c[5]) AS range, btrim(c[6]) AS who, btrim(c[7]) AS about
	FROM regexp_split_to_table(:'page', E'\n') AS line, LATERAL string_to_array(line, '|') AS c
	WHERE line LIKE '| `itsm.%';

SELECT cmp_ok(count(*), '>=', 6::bigint, 'the page has a table') FROM described;
SELECT bag_eq('SELECT name FROM described', $$SELECT name FROM pg_settings WHERE name LIKE 'itsm.%'$$, 'of every setting');
SELECT bag_eq('SELECT name, type, start, range, who FROM described', $$
	SELECT name, CASE vartype WHEN 'bool' THEN 'boolean' WHEN 'string' THEN 'text' ELSE vartype END || coalesce(' (' || unit || ')', ''),
		CASE WHEN boot_val = '' THEN 'empty' ELSE boot_val END, coalesce(min_val || ' – ' || max_val, ''),
		CASE context WHEN 'superuser' THEN 'superuser' WHEN 'user' THEN 'anybody' ELSE context END
	FROM pg_settings WHERE name LIKE 'itsm.%'$$, 'as the server has them');
SELECT ok(length(about) > 30, name || ' is explained') FROM described;
SELECT * FROM finish();
ROLLBACK;
