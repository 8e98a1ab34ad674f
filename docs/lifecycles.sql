-- Prints docs/lifecycles.md from the lifecycles that come with the extension:
--
--     test/with_cluster psql -XAtq -f docs/lifecycles.sql > docs/lifecycles.md
--
-- test/t/014_generated_pages.pl fails when the page is not what this prints.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS itsm;

-- One name or an array of names, in code.
CREATE FUNCTION pg_temp.names(value jsonb) RETURNS text LANGUAGE sql STRICT AS $$
	SELECT string_agg(CASE WHEN jsonb_typeof(n) = 'object' THEN 'who moved it ' || concat_ws(' ', 'from ' || pg_temp.names(n -> 'from'), 'to ' || pg_temp.names(n -> 'to'))
		ELSE format('`%s`', n #>> '{}') END, ', ' ORDER BY o)
	FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value) END) WITH ORDINALITY AS e(n, o)
$$;

CREATE FUNCTION pg_temp.scope(r jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN r ? 'frozen' OR (r ? 'authorised_change' AND r ? 'in') THEN 'in ' || pg_temp.names(r -> 'in')
		WHEN NOT r ?| '{from,to}' THEN 'always'
		ELSE concat_ws(' ', pg_temp.names(r -> 'from'), '→', pg_temp.names(r -> 'to')) END
$$;

CREATE FUNCTION pg_temp.asks(r jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN r ? 'requires' THEN concat_ws('; ', pg_temp.names(r -> 'requires') || ' filled', r ->> 'message')
		WHEN r ? 'frozen' THEN pg_temp.names(r -> 'frozen') || ' kept as they are'
		WHEN r ? 'reason' THEN concat_ws('; ', 'a reason', r ->> 'message')
		WHEN r ? 'related' THEN format('%s (%s %s: %s in %s%s)', r ->> 'message',
			CASE WHEN r -> 'related' ? 'of' THEN format('`%s` that names it as', r #>> '{related,of}') ELSE 'what it names as' END,
			pg_temp.names(r #> '{related,by}'), coalesce(r #>> '{related,need}', 'all'), pg_temp.names(r #> '{related,in}'),
			(SELECT string_agg(format(' with `%s` %s', key, pg_temp.names(value)), '' ORDER BY key) FROM jsonb_each(r #> '{related,with}')))
		WHEN r ? 'approvals' THEN concat_ws('; ', (SELECT string_agg(format('%s by `%s`', a ->> 'quorum', a ->> 'role'), ', ' ORDER BY n)
				FROM jsonb_array_elements(CASE jsonb_typeof(r -> 'approvals') WHEN 'array' THEN r -> 'approvals' ELSE jsonb_build_array(r -> 'approvals') END) WITH ORDINALITY AS e(a, n)),
			'void when they change: ' || pg_temp.names(r -> 'covers'), 'not by ' || pg_temp.names(r -> 'not_by'))
		WHEN r ? 'acyclic' THEN format('%s (%s)', r ->> 'message', pg_temp.names(r -> 'acyclic'))
		WHEN r ? 'not_frozen' THEN 'no freeze at the planned time' || CASE WHEN r -> 'not_frozen' @> '{"maintenance": true}' THEN ', and maintenance windows kept where there are any' ELSE '' END
		WHEN r ? 'authorised_change' THEN 'a change that names it, in implementation, in its window, by an implementer'
			|| CASE WHEN r #> '{authorised_change,attributes}' = '"status"' THEN '' ELSE ', for its relationships and ' || pg_temp.names(r #> '{authorised_change,attributes}') END
		WHEN r ? 'separate' THEN (r ->> 'message') || ' (' || pg_temp.names(r -> 'separate') || ')'
		ELSE r ->> 'message' END || coalesce(', when `' || replace(r ->> 'when', '|', '\|') || '`', '') || CASE r ->> 'mode' WHEN 'observe' THEN ' (only observed)' WHEN 'off' THEN ' (off, until it is switched on)' ELSE '' END
$$;

SELECT $page$# The standard lifecycles

Made by `docs/lifecycles.sql` from the database; do not edit.

`itsm.attach('ticket', 'incident', 'status', …)` puts one of these on a table. They say
what the processes of ISO/IEC 20000-1:2018 have in common; the column *clause* has the clause
whose requirement a rule helps to meet.

- A rule that looks at an attribute which an attachment does not map is not judged, and
  `itsm_report.attachment_health` says so. A check needs all of its attributes.
- `itsm.set_mode(attachment, 'observe', rule)` softens one rule, `'off'` switches it off.
- `itsm.define_lifecycle(itsm.lifecycle_definition('change') || '{"name": "our_change", …}')`
  makes a copy that is your own. A definition under the same name takes the place of the one that
  came with the extension; its versions count from 1001, a dump keeps them, and later releases
  leave them alone. What you did not replace is brought up to date by them, as a
  new version: records keep theirs until they move.
- `parent` → `incident`: such attributes name other records, by key. What is not known in the database is in nobody's
  way: where changes are not attached, rules about changes are met. Three want what they name to
  exist: `merged_target_exists`, `actions_raised` and, for templates, `template_valid`.
- `itsm.change_template_valid` and the matrices (`itsm.matrix_priority`, `itsm.matrix_risk`) are data
  of the organisation; what a matrix does not have is not judged.
- Approvals are votes of people in a role, given by `itsm.approve`; `itsm.add_approver` says who is in
  which. Changes and emergency changes always want them: where votes are given elsewhere,
  `itsm.set_mode(attachment, 'off', 'authorised')`, and `'still_authorised'`. Service requests,
  documents, improvements and contracts want them where `approval_required` is true.
- Changes book their configuration items while they are scheduled and implemented. Deployments and
  releases do not: it is their changes that do.
- Configuration control of items waits to be switched on where changes are attached, too:
  `itsm.set_mode(attachment, 'observe', 'under_control')`, and `'live_under_control'`,
  `'retired_under_control'`; `'enforce'` when `itsm_report.unauthorised_change` has become empty.
- Baselines that releases and deployments name are those of `itsm.take_baseline`. Only items
  that are records have to be in them.
- `opened_at`, `first_response_at`, `resolved_at` and `closed_at` are for applications that
  keep these times themselves. Without them they are taken from the history.
- Rules that keep people apart (*whoever … must be known*) need to know who acts:
  `itsm.act_as`, `itsm.grant_actor`, or the attribute `actor`.

| lifecycle | process | states | rules |
|---|---|---:|---:|$page$;
SELECT format('| [%s](#%s) | %s | %s | %s |', name, name, definition ->> 'process', jsonb_array_length(definition -> 'states'), jsonb_array_length(definition -> 'rules'))
FROM itsm.lifecycle_current ORDER BY name;

SELECT format(E'\n## %s\n\n%s\n\n```mermaid\n%s\n```\n\n%s\n\n%s%s\n\n%s',
	l.name, l.definition ->> 'description',
	rtrim(itsm.lifecycle_diagram(l.name), E'\n'),
	'Attributes: ' || (SELECT string_agg(format('`%s`', a.key) || CASE WHEN a.value = 'text' THEN '' ELSE ' ' || a.value END
			|| coalesce(' → `' || (l.definition -> 'references' ->> a.key) || '`', ''), ', ' ORDER BY a.key COLLATE "C")
		FROM jsonb_each_text(l.definition -> 'attributes') AS a) || '.',
	CASE l.definition ->> 'delete' WHEN 'refuse' THEN 'Rows are not deleted.' WHEN 'final' THEN 'Rows are deleted in a final state only.' ELSE 'Rows may be deleted.' END,
	coalesce((SELECT string_agg(format(E'\n`itsm.run_due` moves them from %s to %s after %s.', pg_temp.names(t -> 'from'), pg_temp.names(t -> 'to'), t ->> 'after'), '' ORDER BY n)
		FROM jsonb_array_elements(l.definition -> 'transitions') WITH ORDINALITY AS e(t, n) WHERE t ? 'after'), ''),
	E'| rule | when | what it asks | clause |\n|---|---|---|---|\n'
		|| (SELECT string_agg(format('| `%s` | %s | %s | %s |', r ->> 'name', pg_temp.scope(r), pg_temp.asks(r), r ->> 'clause'), E'\n' ORDER BY n)
			FROM jsonb_array_elements(l.definition -> 'rules') WITH ORDINALITY AS e(r, n)))
FROM itsm.lifecycle_current l ORDER BY l.name;

SELECT $page$
## What tools call the states

`itsm.state_map('ServiceNow', 'incident')` is ready to be the argument `states` of
`itsm.attach`. Values are those that the column holds; of tools that keep numbers, the labels
as well. The tools can be configured: compare with `SELECT DISTINCT` of your column.

| tool | lifecycle | values |
|---|---|---|$page$;
SELECT format('| %s | %s | %s |', tool, lifecycle, string_agg(format('`%s` %s', value, state), ', ' ORDER BY value))
FROM itsm.state_vocabulary GROUP BY tool, lifecycle ORDER BY tool, lifecycle;
