-- Prints docs/views.md from the comments on the views of itsm_report:
--
--     test/with_cluster psql -XAtq -f docs/views.sql > docs/views.md
--
-- test/t/014_generated_pages.pl fails when the page is not what this prints.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS itsm;

CREATE FUNCTION pg_temp.cell(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(replace($1, '|', '\|'), E'\n', ' ')
$$;
CREATE TEMP VIEW report AS
	SELECT c.oid, c.relname AS name, pg_temp.cell(obj_description(c.oid, 'pg_class')) AS about
	FROM pg_class c
	WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relkind = 'v';

SELECT '# Views for reporting

The schema `itsm_report` holds views only. A role that reads them needs no more than

```sql
GRANT USAGE ON SCHEMA itsm_report TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO reader;
```

Columns are of plain types, names need no quotes, times are `timestamp with time zone`, and days and
months are the beginnings of those of UTC. What the tables with row-level security map is null for
all but the roles that `itsm.grant_reader` names. This page is made from the comments on the views.
';
SELECT format('- [`%s`](#%s)', name, name) FROM report ORDER BY name COLLATE "C";
SELECT format(E'\n## %s\n\n%s\n\n| column | type | |\n|---|---|---|', r.name, r.about),
	string_agg(format('| `%s` | %s | %s |', a.attname, format_type(a.atttypid, a.atttypmod), pg_temp.cell(col_description(r.oid, a.attnum))), E'\n' ORDER BY a.attnum)
FROM report r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
GROUP BY r.oid, r.name, r.about
ORDER BY r.name COLLATE "C"
\g (format=unaligned fieldsep='\n')
