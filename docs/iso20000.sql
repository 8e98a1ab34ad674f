-- Prints docs/iso20000.md from docs/iso20000.tsv and the database:
--
--     test/with_cluster psql -XAtq -f docs/iso20000.sql > docs/iso20000.md
--
-- test/t/087_iso20000_map.pl fails when the page is not what this prints, and when something
-- that the table names does not exist.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS itsm;

CREATE TEMP TABLE item (number text, part text, item text, clause text, lives_in text, shown_by text);
\copy item FROM 'docs/iso20000.tsv' (FORMAT csv, DELIMITER E'\t', QUOTE E'\b', HEADER true)
ALTER TABLE item ADD COLUMN line serial;

-- "table:risk control:6.1-*" for people
CREATE FUNCTION pg_temp.things(names text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(CASE kind
		WHEN 'view' THEN format('`itsm_report.%s`', name)
		WHEN 'function' THEN format('`itsm.%s`', name)
		WHEN 'control' THEN 'control ' || CASE WHEN name LIKE '%*' THEN replace(name, '*', '…') ELSE name END
		ELSE format('%s `%s`', kind, name) END, ', ' ORDER BY n)
	FROM string_to_table(names, ' ') WITH ORDINALITY AS t(thing, n), LATERAL (SELECT split_part(thing, ':', 1), split_part(thing, ':', 2)) AS s(kind, name)
$$;

SELECT $page$# ISO/IEC 20000-1: what lives where

Made by `docs/iso20000.sql` from `docs/iso20000.tsv`; do not edit.

Clauses are those of the edition of 2018, with its amendment of 2024; the sections of the first
table stand in the order of the edition before. Titles are ours; for what is asked, read the
standard.

- *table*: of the reference model ([docs/model.md](model.md)). Your own tables do as well: what
  counts is that they are attached to the lifecycle, which has the same name where nothing else
  is said ([docs/lifecycles.md](lifecycles.md)).
- *document*: a kind of document, the canonical attribute `kind` of a record of the process
  `document`. What must exist is in `itsm.required_document`.
- *record*: a kind of record, as in `itsm.required_record`. Where there was nothing to record, a
  `nil_return` says so.
- *control* …: tells whether it is as it should be; 6.1-… are all controls of that number.
$page$;

SELECT format(E'## %s\n\n%s\n\n| | what | clause | lives in | shown by |\n|---|---|---|---|---|\n%s\n', p.title, p.about,
	(SELECT string_agg(format('| %s | %s | %s | %s | %s |', number, item, replace(clause, ' ', ', '), pg_temp.things(lives_in), pg_temp.things(shown_by)), E'\n' ORDER BY line)
		FROM item WHERE item.part = p.part))
FROM (VALUES
	(1, 'section', 'Sections', 'What the management system consists of.'),
	(2, 'document', 'Documents', 'Twenty-four lines, of which one repeats another and one names two documents; and the one that the edition of 2018 added (D25).'),
	(3, 'record', 'Records', 'What has to be kept.'),
	(4, 'step', 'Steps to the certificate', 'From the first talk to the renewal after three years.'),
	(5, 'cycle', 'Plan, do, check, act', 'The same once more, as a cycle.'),
	(6, 'why', 'What it is for', 'What organisations want of it.'),
	(7, 'benefit', 'Benefits', 'And what comes of it.'),
	(8, 'question', 'Questions', 'What is asked first.')) AS p(n, part, title, about)
ORDER BY n;

SELECT $page$## Sections of documents

Some controls look for sections: names in the canonical attribute `sections` of a document.

| kind of document | sections |
|---|---|
| `sm_plan` | `services`, `constraints`, `authorities`, `resources`, `other_parties`, `technology`, `measurement` |
| `change_policy` | `controlled_objects`, `categories`, `emergency`, `major_impact` |
| `release_policy` | `types`, `emergency`, `frequency`, `management` |
| `continuity_plan` | `invocation`, `continuing_operation`, `recovery`, `targets`, `return_to_normal` |
| `capacity_plan` | `current`, `forecast`, `impact`, `timescales` |
| `service_plan` | `responsibilities`, `resources`, `dependencies`, `tests`, `acceptance`, `timescales`, `outcomes` |
| `service_design` | `requirements`, `targets`, `agreements`, `measures` |$page$;
