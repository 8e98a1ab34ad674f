-- Lifecycles as mermaid and dot.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\t on
\pset format unaligned

SELECT itsm.lifecycle_diagram('incident');
SELECT itsm.lifecycle_diagram('incident', 'dot');
SELECT itsm.lifecycle_diagram('incident', 'mermaid') = itsm.lifecycle_diagram('incident');

-- odd names and labels
SELECT itsm.define_lifecycle(jsonb_build_object('name', 'odd "name" \n', 'states', jsonb_build_array(
	jsonb_build_object('name', 'On hold', 'category', 'new', 'initial', true),
	jsonb_build_object('name', 's1', 'category', 'active'),
	jsonb_build_object('name', 'end', 'category', 'active'),
	jsonb_build_object('name', 'Zurück', 'category', 'active'),
	jsonb_build_object('name', '2nd', 'category', 'active'),
	jsonb_build_object('name', 'a "quoted" \name; --> [*] #1', 'category', 'closed', 'final', true)),
	'transitions', jsonb_build_array(
	jsonb_build_object('from', 'On hold', 'to', 's1', 'label', E'say "hi": a;b\n\\x'),
	jsonb_build_object('from', 's1', 'to', 'end', 'label', ' '),
	jsonb_build_object('from', '*', 'to', 'Zurück'),
	jsonb_build_object('from', 'Zurück', 'to', '*', 'label', 'auf'))));
SELECT itsm.lifecycle_diagram('odd "name" \n');
SELECT itsm.lifecycle_diagram('odd "name" \n', 'dot');

SELECT itsm.lifecycle_diagram('incident', 'svg');
SELECT itsm.lifecycle_diagram('incident', '');
SELECT itsm.lifecycle_diagram('absent');
SELECT itsm.lifecycle_diagram(NULL) IS NULL, itsm.lifecycle_diagram('incident', NULL) IS NULL;

SET itsm.maintenance = on;
DELETE FROM itsm.lifecycle WHERE NOT shipped;
