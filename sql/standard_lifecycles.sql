-- The standard lifecycles: what there is, and that nothing is odd about any of them.
SET client_min_messages = warning;
SET search_path = public;

SELECT name, definition ->> 'process' AS process, jsonb_array_length(definition -> 'states') AS states,
	(SELECT count(*) FROM regexp_matches(itsm.lifecycle_diagram(name), '^\s*\S+ --> \S+ ?:', 'gn')) AS moves,
	jsonb_array_length(definition -> 'rules') AS rules, (SELECT count(*) FROM jsonb_object_keys(definition -> 'attributes')) AS attributes
FROM itsm.lifecycle WHERE shipped ORDER BY name;

SELECT name, severity, problem FROM itsm.lifecycle, itsm.lint_lifecycle(name) WHERE shipped AND severity <> 'info' ORDER BY 1, 2, 3;
SELECT name, problem FROM itsm.lifecycle, itsm.lint_lifecycle(name) WHERE shipped AND problem NOT LIKE 'attributes that no rule looks at:%' ORDER BY 1, 2;

-- states, in their order
SELECT name, string_agg((s ->> 'name') || CASE WHEN s ? 'initial' THEN '>' ELSE '' END || CASE WHEN s ? 'final' THEN '.' ELSE '' END, ' ' ORDER BY n) AS states
FROM itsm.lifecycle, jsonb_array_elements(definition -> 'states') WITH ORDINALITY AS e(s, n) WHERE shipped GROUP BY name ORDER BY name;

-- rules, with what they are bound to
SELECT name, r ->> 'clause' AS clause, string_agg(r ->> 'name', ' ' ORDER BY n) AS rules
FROM itsm.lifecycle, jsonb_array_elements(definition -> 'rules') WITH ORDINALITY AS e(r, n) WHERE shipped GROUP BY 1, 2 ORDER BY 1, (r ->> 'clause') COLLATE "C";

-- what names other records, and moves that are made after a time
SELECT name, string_agg(r.key || '>' || r.value, ' ' ORDER BY r.key COLLATE "C") AS names
FROM itsm.lifecycle, jsonb_each_text(definition -> 'references') AS r WHERE shipped GROUP BY name ORDER BY name;
SELECT name, t ->> 'from' AS from_state, t ->> 'to' AS to_state, t ->> 'after' AS after
FROM itsm.lifecycle, jsonb_array_elements(definition -> 'transitions') AS t WHERE shipped AND t ? 'after' ORDER BY 1, 2;
-- every process that is named has a lifecycle, but templates
SELECT DISTINCT r.value AS process FROM itsm.lifecycle, jsonb_each_text(definition -> 'references') AS r
WHERE shipped AND r.value NOT IN (SELECT definition ->> 'process' FROM itsm.lifecycle WHERE shipped);

-- An organisation's own: a copy under another name, and a version that takes the place
-- of what came.  Its numbers are beyond those that the extension will ever use.
BEGIN;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('change') || '{"name": "our_change"}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident'));
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident') || '{"description": "ours"}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident') || '{"description": "ours again"}');
SELECT name, version, shipped, definition ->> 'description' LIKE 'ours%' AS ours FROM itsm.lifecycle WHERE name IN ('our_change', 'incident') ORDER BY 1, 2;
SELECT itsm.lifecycle_definition('incident') ->> 'description' AS current, itsm.lifecycle_definition('incident', 1001) ->> 'description' AS first,
	itsm.lifecycle_definition('incident', 1) ->> 'description' LIKE 'An unplanned interruption%' AS came_with_it;
SELECT itsm.lifecycle_definition('incident', 2);
ROLLBACK;

-- What a later release may bring: another version of a lifecycle that the organisation has
-- replaced, and one under a name that it has taken.  Its own hold, and keep their numbers.
BEGIN;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident') || '{"description": "ours"}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('risk') || '{"name": "asset", "description": "ours"}');
INSERT INTO itsm.lifecycle SELECT name, 2, definition || '{"description": "later"}', expressions, true, defined_at, defined_by FROM itsm.lifecycle WHERE name IN ('incident', 'problem') AND shipped;
INSERT INTO itsm.lifecycle SELECT 'asset', n, definition || '{"name": "asset", "description": "later"}', expressions, true, defined_at, defined_by
	FROM itsm.lifecycle, generate_series(1, 2) n WHERE name = 'audit';
SELECT n AS name, itsm.lifecycle_definition(n) ->> 'description' AS current, v.version FROM unnest('{incident,problem,asset}'::text[]) n JOIN itsm.lifecycle_current v ON v.name = n;
SELECT itsm.lifecycle_definition('asset', 1) ->> 'description' AS first, itsm.lifecycle_definition('asset', 2) ->> 'description' AS second;
SELECT count(*) FROM itsm.lifecycle_state WHERE lifecycle = 'asset' AND version = 1;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('asset') || '{"description": "ours again"}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('problem') || '{"description": "ours, too"}');
SELECT name, version, shipped, definition ->> 'description' AS description FROM itsm.lifecycle WHERE name IN ('asset', 'problem') AND definition ->> 'description' LIKE 'our%' ORDER BY 1, 2;
ROLLBACK;

-- Records move from a shipped version to the organisation's own one, over the gap between
-- their numbers; a state that was in neither is told.
BEGIN;
CREATE TABLE standard_ticket (id integer PRIMARY KEY, status text);
SELECT itsm.attach('standard_ticket', 'incident', 'status', mode => 'enforce') AS attachment \gset
INSERT INTO standard_ticket VALUES (1, 'new'), (2, 'new');
SELECT itsm.define_lifecycle('{"name": "incident", "states": [{"name": "raised", "category": "new", "initial": true}, {"name": "over", "category": "closed", "final": true}],
	"transitions": [{"from": "raised", "to": "over"}]}');
SAVEPOINT before;
\set VERBOSITY sqlstate
SELECT itsm.migrate(:attachment, '{"new": "raised", "never": "over"}');
\set VERBOSITY default
ROLLBACK TO before;
SELECT itsm.migrate(:attachment, '{"new": "raised", "assigned": "raised", "in_progress": "raised", "on_hold": "raised", "resolved": "over", "closed": "over", "cancelled": "over", "merged": "over"}') AS migrated;
SELECT r.key, s.state, s.lifecycle_version FROM itsm.record_state s JOIN itsm.record r ON r.id = s.record WHERE r.attachment = :attachment ORDER BY 1;
ROLLBACK;
