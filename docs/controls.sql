-- Prints docs/controls.md from the controls that come with the extension:
--
--     test/with_cluster psql -XAtq -f docs/controls.sql > docs/controls.md
--
-- test/t/016_controls_page.pl fails when the page is not what this prints.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS itsm;

SELECT $page$# The controls

Made by `docs/controls.sql` from the database; do not edit.

Each is one rule, bound to a clause of ISO/IEC 20000-1:2018, and a query that is answered over live records:
`itsm_report.iso20000_control` says how it stands, `itsm.control_findings('8.5.1-2')` what fails it,
`SELECT query FROM itsm.control WHERE id = '8.5.1-2'` what exactly is asked.

- **kind**: D, something has to be there and in force; I, things are whole and fit together; T, done in time;
  V, verified that it was done; X, kept apart (segregation of duties).
- **grade**: what failing it would be: a major or minor nonconformity, or an observation (obs).
- **parameter**: the planned interval that it goes by. It is the organisation's: `itsm.set_parameter('8.6.3-6', '60 d')`.
  Where a title says *unless set* or *or the interval set*, the control can be given a parameter of its own in the same way.
- **needs**: processes, and attributes of processes, that a table has to be attached for. Where one is missing the
  control says so. With `itsm.create_model` all are there.

How they read records:

- Records are looked at wherever they live, by process and canonical attribute, never by table. Services, people
  and other records are named by their key. The standard state names count (`live`, `effective`, `scheduled`, …), and the
  categories of states where these are enough: an attachment maps the application's own values to them.
- What belongs to a service, a change or a person is looked for in its tenant. The management system is one: that a policy or
  an analysis exists is asked over all tenants.
- No row looked at means *no evidence*. Where something has to exist once, and the register that would hold it is in use
  (documents, but none of the kind; issues, but no external one), that is a row that fails. Where each service has to have
  something, each service is a row. With neither records nor services there is no evidence.
- History is looked at for as long as the title says. What is closed for longer does not count any more.
- A document counts when it is in force (state `effective`). `sections` says which sections a document has.
- Approvals are votes (`itsm.approve`), or what an application keeps in `approver` and `approved_at`.
- Trends, overrides and bypasses of the guards are looked into in records of the process `analysis`: its `subject` is the
  process of the records, `security_incident`, `override` or `maintenance`.
- X-1 does not verify history, which takes long, but asks what the last `itsm.note_verification()` found and how long ago.

$page$ || string_agg(format(E'## %s %s\n\n| control | kind | grade | parameter | rule, and what would fix it | needs |\n|---|---|---|---|---|---|\n%s\n', p.clause, p.title, p.rows), E'\n' ORDER BY p.ordinal)
FROM (
	SELECT t.clause, t.title, t.ordinal,
		string_agg(format('| `%s` | %s | %s | %s | %s *%s* | %s |', c.id, c.kind, c.grade, coalesce(c.default_parameter, ''),
			replace(c.title, '|', '\|') || '.', replace(c.remedy, '|', '\|'),
			(SELECT string_agg(format('`%s`', n), ', ' ORDER BY o) FROM unnest(c.needs) WITH ORDINALITY AS u(n, o))), E'\n' ORDER BY c.ordinal) AS rows
	FROM itsm.control c
		JOIN itsm.clause l ON l.framework = c.framework AND l.clause = c.clause
		-- clause 8 is told by its parts
		JOIN itsm.clause t ON t.framework = c.framework AND t.clause = CASE WHEN c.clause LIKE '8.%' THEN substring(c.clause from '^8\.\d+') ELSE split_part(c.clause, '.', 1) END
	WHERE c.framework = 'iso20000' AND c.shipped
	GROUP BY t.clause, t.title, t.ordinal
) p;
