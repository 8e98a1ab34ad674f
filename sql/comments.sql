-- Everything that the extension brings says what it is: tables, views and their columns,
-- functions, types, schemas and so on. Sequences, indexes and what a partition has from
-- its parent are left out.
SELECT pg_describe_object(d.classid, d.objid, a.attnum) AS without_comment
FROM pg_depend d
	LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
	LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
	CROSS JOIN LATERAL (
		SELECT 0
		UNION ALL
		SELECT k.attnum FROM pg_attribute k
		WHERE k.attrelid = c.oid AND k.attnum > 0 AND NOT k.attisdropped AND NOT c.relispartition
	) AS a(attnum)
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'itsm')
	AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_namespace'::regclass,
		'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_event_trigger'::regclass)
	AND (c.oid IS NULL OR c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c'))
	AND (t.oid IS NULL OR (t.typelem = 0 OR t.typlen <> -1) AND t.typtype <> 'c')
	AND NOT EXISTS (
		SELECT FROM pg_description x
		WHERE x.objoid = d.objid AND x.classoid = d.classid AND x.objsubid = a.attnum AND x.description ~ '\S')
ORDER BY 1;
