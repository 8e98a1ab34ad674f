-- The documents and records that must exist: every line once, each in a process that there is.
SET client_min_messages = warning;

SELECT number, kind, clause, section, same_as, control FROM itsm.required_document ORDER BY number, kind COLLATE "C";
SELECT number, kind, clause, process, attribute, value, control FROM itsm.required_record ORDER BY number;

-- what a record is looked for by is an attribute of its lifecycle
SELECT number, process, attribute FROM itsm.required_record r
WHERE NOT EXISTS (SELECT FROM itsm.lifecycle_current l WHERE l.definition ->> 'process' = r.process
	AND (r.attribute IS NULL OR l.definition -> 'attributes' ? r.attribute));
-- what is the same as another is of its kind
SELECT d.number FROM itsm.required_document d
WHERE d.same_as IS NOT NULL AND NOT EXISTS (SELECT FROM itsm.required_document o WHERE o.number = d.same_as AND o.kind = d.kind);
-- a control belongs to the clause that it stands at, or to the one above
SELECT number, clause, control FROM itsm.required_document WHERE clause NOT LIKE split_part(control, '-', 1) || '%'
UNION ALL SELECT number, clause, control FROM itsm.required_record WHERE clause NOT LIKE split_part(control, '-', 1) || '%' ORDER BY 1;
SELECT has_table_privilege('public', 'itsm.required_document', 'SELECT') AND NOT has_table_privilege('public', 'itsm.required_record', 'INSERT') AS read_only;
