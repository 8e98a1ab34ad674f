-- Classes of configuration items and types of relationships.
SET search_path = pg_catalog;
SET client_min_messages = notice;
\pset null '~'

SELECT itsm.define_class('ci', abstract => true, required => '{title}', recommended => '{owner}');
SELECT itsm.define_class('hardware', 'ci', abstract => true, required => '{serial,location,serial}');
SELECT itsm.define_class('server', 'hardware', required => '{owner}', recommended => '{support_group}', description => 'A machine that serves.');
SELECT itsm.define_class('software', 'ci');
SELECT name, parent, abstract, required, recommended, description, defined_by = current_user AS ours FROM itsm.ci_class WHERE name IN ('ci', 'hardware', 'server', 'software') ORDER BY name;
SELECT * FROM itsm.class_attributes('server');
SELECT * FROM itsm.class_attributes('nothing');
SELECT itsm.class_is_a('server', 'ci') AS server_is_ci, itsm.class_is_a('ci', 'server') AS ci_is_server,
	itsm.class_is_a('server', 'server') AS itself, itsm.class_is_a('unknown', 'ci') AS unknown, itsm.class_is_a('unknown', 'unknown') AS only_itself;

-- a tree stays one
DO $$
DECLARE
	call text;
	hint text;
BEGIN
	FOREACH call IN ARRAY ARRAY[
		$q$itsm.define_class('ci', 'server')$q$, $q$itsm.define_class('ci', 'ci')$q$, $q$itsm.define_class('new', 'new')$q$, $q$itsm.define_class('new', 'nothing')$q$,
		$q$itsm.define_class(NULL)$q$, $q$itsm.define_class(' ')$q$, $q$itsm.define_class('new', required => '{a,NULL}')$q$,
		$q$itsm.define_relationship_type('x', NULL)$q$, $q$itsm.define_relationship_type('', 'y')$q$,
		$q$itsm.define_relationship_type('x', 'y', 'nothing')$q$, $q$itsm.define_relationship_type('x', 'y', target_class => 'nothing')$q$,
		$q$itsm.define_relationship_type('x', 'y', cardinality => '2:1')$q$, $q$itsm.define_relationship_type('x', 'y', impact => 'sideways')$q$,
		$q$itsm.define_relationship_type('x', 'y', impact => NULL)$q$, $q$itsm.define_relationship_type('x', 'y', on_retire => 'weep')$q$]
	LOOP
		BEGIN
			EXECUTE 'SELECT ' || call;
			RAISE NOTICE '%: passed', call;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
			RAISE NOTICE '%: % | %', sqlstate, sqlerrm, hint;
		END;
	END LOOP;
END $$;
-- moved to another place in the tree
SELECT itsm.define_class('hardware', required => '{serial}');
SELECT itsm.class_is_a('server', 'ci') AS server_is_ci, itsm.class_is_a('server', 'hardware') AS server_is_hardware;
SELECT itsm.define_class('hardware', 'ci', abstract => true, required => '{serial}');

-- what comes with the extension
SELECT name, inverse, cardinality, acyclic, impact, on_retire FROM itsm.relationship_type WHERE shipped ORDER BY name;
-- versions: what is as it was makes none
SELECT itsm.define_relationship_type('installed_on', 'has_installed', 'software', 'server', 'n:1', impact => 'backward');
SELECT itsm.define_relationship_type('installed_on', 'has_installed', 'software', 'server', 'n:1', impact => 'backward');
SELECT itsm.define_relationship_type('installed_on', 'has_installed', 'software', 'hardware', 'n:1', impact => 'backward', on_retire => 'restrict');
SELECT name, version, inverse, source_class, target_class, cardinality, acyclic, impact, on_retire, shipped FROM itsm.relationship_type WHERE name = 'installed_on';
BEGIN;
SELECT itsm.define_relationship_type('uses', 'is_used_by', impact => 'backward', description => 'Ours.');
SELECT name, version, inverse, shipped FROM itsm.relationship_type WHERE name = 'uses';
ROLLBACK;
SELECT name, version, inverse, shipped FROM itsm.relationship_type WHERE name = 'uses';
-- kept in the ledger
SELECT subject, version, kind, detail FROM itsm_report.policy_event WHERE subject ~ '^(class (ci|hardware|server|software)|relationship type installed_on)$' ORDER BY subject COLLATE "C", version;
SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ 'policy|class ';
-- not for everybody
CREATE ROLE regress_itsm_class;
SET ROLE regress_itsm_class;
\set VERBOSITY terse
SELECT itsm.define_class('mine');
SELECT itsm.define_relationship_type('mine', 'yours');
SELECT count(*) > 3 FROM itsm.ci_class;
SELECT count(*) > 3 FROM itsm.relationship_type;
RESET ROLE;
DROP ROLE regress_itsm_class;
