-- Tenants that are separated: of two tenants' data, which is everywhere, a role is shown its tenant's only, in
-- every view and by every function that tells of records; however many views and functions there are.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE tenant_alpha;
CREATE ROLE tenant_alpha_desk IN ROLE tenant_alpha;
CREATE ROLE tenant_bravo;
CREATE ROLE tenant_provider;
CREATE ROLE tenant_nobody;
CREATE VIEW reader AS SELECT unnest(ARRAY['tenant_alpha', 'tenant_alpha_desk', 'tenant_bravo', 'tenant_provider', 'tenant_nobody']) AS role;

-- A table for each standard lifecycle, with a column for each attribute, the tenant's name in each text, and for
-- each tenant a row in each state.
CREATE SCHEMA app;
SELECT itsm.define_calendar('always', '24/7');
SELECT itsm.define_sla('{"name": "solve", "process": "incident", "metric": "resolution", "target": "1 second", "calendar": "always", "valid_from": "2020-01-01"}');
DO $$
DECLARE
	l record;
	tenant text;
BEGIN
	FOR l IN SELECT c.name, c.definition -> 'states' AS states, a.columns, a.mapped, a.names, a.values, a.first
			FROM itsm.lifecycle_current c, LATERAL (SELECT coalesce(string_agg(format(', %I %s', key, value), ''), '') AS columns,
				coalesce(jsonb_object_agg(key, quote_ident(key)), '{}') AS mapped,
				coalesce(string_agg(format(', %I', key), '') FILTER (WHERE value IN ('text', 'date', 'interval', 'numeric', 'text[]', 'timestamptz')), '') AS names,
				coalesce(string_agg(CASE value WHEN 'text' THEN ', $1 || ' || quote_literal(' ' || key) WHEN 'date' THEN ', current_date - 10'
					WHEN 'interval' THEN ', interval ''1 hour''' WHEN 'text[]' THEN ', ARRAY[$1 || '' item'']' WHEN 'timestamptz' THEN ', now() - interval ''1 hour''' ELSE ', 7' END, '')
					FILTER (WHERE value IN ('text', 'date', 'interval', 'numeric', 'text[]', 'timestamptz')), '') AS values,
				min(format('%I', key)) FILTER (WHERE value = 'text') AS first
				FROM jsonb_each_text(c.definition -> 'attributes') WHERE key IS NOT NULL) a ORDER BY 1 LOOP
		EXECUTE format('CREATE TABLE app.%I (itsm_key text PRIMARY KEY, itsm_status text, itsm_tenant text%s)', l.name, l.columns);
		PERFORM itsm.attach(format('app.%I', l.name)::regclass, l.name, 'itsm_status', attributes => l.mapped, track => '{*}', tenant => 'itsm_tenant');
		FOREACH tenant IN ARRAY ARRAY['alpha', 'bravo'] LOOP
			EXECUTE format('INSERT INTO app.%I (itsm_key, itsm_status, itsm_tenant%s) SELECT $1 || ''-'' || n, s ->> ''name'', $1%s FROM jsonb_array_elements($2) WITH ORDINALITY AS x(s, n)',
				l.name, l.names, l.values) USING tenant, l.states;
			-- a move, and a change without one
			EXECUTE format('SET LOCAL itsm.reason = %L; UPDATE app.%I SET itsm_status = %L, %s = ''again %s'' WHERE itsm_key = %L',
				tenant, l.name, l.states -> -1 ->> 'name', l.first, tenant, tenant || '-1');
		END LOOP;
	END LOOP;
END $$;

-- What needs more than that: refusals, exceptions, votes, bookings that conflict, relationships, baselines, what
-- sources say of configuration items, availability.
SELECT itsm.define_lifecycle('{"name": "kept", "process": "change", "attributes": {"title": "text", "planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": "closed"}],
	"rules": [{"name": "named", "check": "new.title is not null"}, {"name": "free", "to": "scheduled", "no_conflict": true, "mode": "observe"},
		{"name": "voted", "to": "closed", "approvals": {"role": "cab", "quorum": 1}}]}');
SELECT itsm.define_lifecycle('{"name": "item", "process": "configuration_item", "attributes": {"title": "text", "class": "text", "serial": "text"},
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": [],
	"rules": [{"name": "controlled", "authorised_change": true, "in": "live", "mode": "observe"}]}');
SELECT itsm.define_class('box', required => '{serial}');
SELECT itsm.define_class_policy('box', interval '1 day', interval '1 day');
SELECT itsm.define_identification_rule('box', 1, '{serial}');
SELECT itsm.add_approver('cab', current_user);
CREATE TABLE app.kept (key text PRIMARY KEY, status text, tenant text, title text, s timestamptz, e timestamptz, cis text[]);
CREATE TABLE app.item (key text PRIMARY KEY, status text DEFAULT 'live', tenant text, title text, class text, serial text);
SELECT itsm.attach('app.item', 'item', 'status', mode => 'enforce', tenant => 'tenant', attributes => '{"title": "title", "class": "class", "serial": "serial"}');
SELECT itsm.attach('app.kept', 'kept', 'status', mode => 'enforce', tenant => 'tenant',
	attributes => '{"title": "title", "planned_start": "s", "planned_end": "e", "cis": "cis"}');
INSERT INTO app.item (key, tenant, title, class, serial) SELECT t || ' item ' || n, t, t || ' box', 'box', CASE WHEN n < 4 THEN t || least(n, 2) END
	FROM unnest(ARRAY['alpha', 'bravo']) t, generate_series(1, 4) n;
UPDATE app.item SET title = title || ' changed' WHERE key LIKE '% 1';
INSERT INTO app.kept SELECT t || ' change ' || n, 'new', t, t || ' title', now() + interval '1 day', now() + interval '2 days', ARRAY[t || ' item 1']
	FROM unnest(ARRAY['alpha', 'bravo']) t, generate_series(1, 3) n;
UPDATE app.kept SET status = 'scheduled';
SELECT itsm.approve('app.kept', t || ' change 1', t || ' comment') FROM unnest(ARRAY['alpha', 'bravo']) t;
BEGIN;
SELECT itsm.override('app.kept', t || ' change 2', 'voted', t || ' must go') FROM unnest(ARRAY['alpha', 'bravo']) t;
UPDATE app.kept SET status = 'closed' WHERE key ~ '2$';
COMMIT;
CREATE FUNCTION refused(command text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE command; RETURN NULL; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
SELECT is(refused(format('UPDATE app.kept SET status = ''new'' WHERE key = %L', t || ' change 3')), 'IT001', 'a refusal of ' || t) FROM unnest(ARRAY['alpha', 'bravo']) t;
SELECT itsm.relate(itsm.record_id('app.item', t || ' item 1'), 'depends_on', itsm.record_id('app.item', t || ' item 2')),
	itsm.relate(itsm.record_id('app.kept', t || ' change 3'), 'affects', itsm.record_id('app.item', t || ' item 1')) FROM unnest(ARRAY['alpha', 'bravo']) t;
SELECT itsm.take_baseline(t || ' baseline', note => t || ' note', tenant => t) FROM unnest(ARRAY['alpha', 'bravo']) t;
SELECT count(*) FROM unnest(ARRAY['alpha', 'bravo']) t, LATERAL itsm.reconcile('scan of ' || t, 'box', jsonb_build_array(jsonb_build_object('serial', t || '1', 'title', t || ' found'), jsonb_build_object('serial', t || ' new', 'title', t || ' found')), tenant => t);
-- a role of one who lacks the competence; who owns the process of incidents
INSERT INTO app.role (itsm_key, itsm_status, itsm_tenant, required_competences) SELECT t || ' role', 'current', t, ARRAY[t || ' skill'] FROM unnest(ARRAY['alpha', 'bravo']) t;
UPDATE app.role_assignment SET valid_to = NULL;
INSERT INTO app.process (itsm_key, itsm_status, itsm_tenant, record_process, owner) VALUES ('alpha process', 'current', 'alpha', 'incident', 'alpha owner'), ('bravo process', 'current', 'bravo', 'problem', 'bravo owner');
SELECT itsm.set_availability_target(t || ' service', 99, 'always', now() - interval '40 days', tenant => t) FROM unnest(ARRAY['alpha', 'bravo']) t;
SELECT itsm.define_service_credit(jsonb_build_object('contract', t || ' contract', 'tenant', t, 'fee', 100, 'currency', 'EUR', 'measures', '[{"agreement": "solve", "penalty": 1}]'::jsonb)) FROM unnest(ARRAY['alpha', 'bravo']) t;
SELECT itsm.seal();
SELECT itsm.assess('alpha and bravo');
SELECT itsm.note_verification();

-- Before: everybody who has the documented grants is shown everything.
GRANT USAGE ON SCHEMA itsm, itsm_report, app TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO PUBLIC;
GRANT INSERT, UPDATE ON app.kept, app.item TO PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA itsm TO PUBLIC;
CREATE VIEW view AS SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relkind IN ('v', 'm');
CREATE FUNCTION shown(who text, view text, pattern text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	found bigint;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	EXECUTE format('SELECT count(*) FROM itsm_report.%I v WHERE v::text ~ %L', view, pattern) INTO found;
	RESET ROLE;
	RETURN found;
END $$;
-- What a command answers, as text; or its error
CREATE FUNCTION told(who text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	message text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	EXECUTE format('SELECT coalesce(string_agg(x::text, E''\n''), ''nothing'') FROM (%s) x', command) INTO answer;
	RESET ROLE;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
	RETURN SQLSTATE;
END $$;
-- until every clock has run out
SELECT pg_sleep(1.1);
CREATE TABLE before AS SELECT name, shown('tenant_nobody', name, 'bravo') AS bravo, shown('tenant_nobody', name, 'alpha') AS alpha FROM view;
SELECT is(itsm.sees_every_tenant(), true, 'the owner sees every tenant');
SELECT is(told('tenant_nobody', 'SELECT itsm.sees_every_tenant()'), '(t)', 'as everybody does while tenants are not separated');
SELECT set_eq($$SELECT name FROM before WHERE bravo = 0$$, ARRAY['attachment_health', 'iso20000_checklist', 'iso20000_clause', 'iso20000_clause_trend',
	'rule_statistics', 'verification'], 'every other view tells of bravo');
SELECT is_empty($$SELECT name, alpha, bravo FROM before WHERE alpha = 0 AND bravo > 0$$, 'and of alpha');

SELECT itsm.grant_tenant('tenant_alpha', 'alpha');
SELECT itsm.grant_tenant('tenant_bravo', 'bravo');
SELECT itsm.grant_tenant('tenant_provider', '*');
SELECT is_empty($$SELECT name, bravo, shown('tenant_alpha', name, 'bravo') FROM before WHERE bravo <> shown('tenant_alpha', name, 'bravo') AND name <> 'policy_event'$$, 'a grant takes nothing away by itself');
SELECT itsm.separate_tenants(true);

-- Views.
SELECT is(shown('tenant_alpha', name, 'bravo'), 0::bigint, name || ' tells alpha nothing of bravo') FROM view ORDER BY name;
SELECT is(shown('tenant_alpha_desk', name, 'bravo'), 0::bigint, name || ' tells those who inherit from alpha nothing of bravo') FROM view ORDER BY name;
SELECT is(shown('tenant_bravo', name, 'alpha'), 0::bigint, name || ' tells bravo nothing of alpha') FROM view ORDER BY name;
SELECT is(shown('tenant_nobody', name, 'alpha|bravo'), 0::bigint, name || ' tells those without a grant of nobody') FROM view ORDER BY name;
SELECT set_eq($$SELECT name FROM before WHERE bravo > 0 AND shown('tenant_bravo', name, 'bravo') = 0$$, ARRAY['iso20000_control', 'iso20000_gap',
	'iso20000_result', 'iso20000_trend', 'policy_event'], 'of what is the provider''s own, a tenant sees nothing; of all else, its own');
SELECT is_empty($$SELECT name FROM before WHERE alpha > 0 AND shown('tenant_alpha_desk', name, 'alpha') <> shown('tenant_alpha', name, 'alpha')$$, 'grants are inherited');
SELECT is_empty($$SELECT name, bravo, alpha FROM before WHERE (bravo, alpha) <> (shown('tenant_provider', name, 'bravo'), shown('tenant_provider', name, 'alpha'))
	AND name NOT IN ('policy_event', 'iso20000_control')$$, 'a provider sees all, as before');
SELECT cmp_ok(shown('tenant_provider', 'iso20000_control', 'bravo'), '>', 0::bigint, 'and what controls say now');
SELECT ok(told(role, 'SELECT itsm.audit_report(now() - interval ''1 year'', now() + interval ''1 day'')') !~ 'bravo', 'nor does the audit report tell ' || role)
FROM reader WHERE role IN ('tenant_alpha', 'tenant_alpha_desk', 'tenant_nobody');
SELECT ok(told('tenant_provider', 'SELECT itsm.audit_report(now() - interval ''1 year'', now() + interval ''1 day'')') ~ 'bravo', 'it tells the provider');

-- No view reads a table that has a tenant but through itsm.seen_…, or else it is the provider's as a whole.
CREATE VIEW reads AS
	WITH RECURSIVE depends (view, relation) AS (
		SELECT DISTINCT w.ev_class, d.refobjid FROM pg_rewrite w
			JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
	), reached (view, relation) AS (
		SELECT v.oid, v.oid FROM pg_class v WHERE v.relnamespace = 'itsm_report'::regnamespace AND v.relkind IN ('v', 'm')
		UNION
		SELECT r.view, d.relation FROM reached r JOIN depends d ON d.view = r.relation JOIN pg_class c ON c.oid = r.relation WHERE c.relname NOT LIKE 'seen\_%'
	)
	SELECT v.relname::text AS view, c.relname::text AS relation,
		EXISTS (SELECT FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_proc'::regclass
			AND d.refobjid = 'itsm.sees_every_tenant()'::regprocedure WHERE w.ev_class = r.view) AS of_provider
	FROM reached r JOIN pg_class v ON v.oid = r.view JOIN pg_class c ON c.oid = r.relation AND c.relkind IN ('r', 'p')
	WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant');
SELECT set_eq($$SELECT DISTINCT relation FROM reads WHERE NOT of_provider$$, ARRAY['attachment'], 'no table with a tenant is read past it (that of an attachment is an expression)');
SELECT cmp_ok((SELECT count(*) FROM pg_class WHERE relnamespace = 'itsm'::regnamespace AND relname LIKE 'seen\_%'), '>=', 19::bigint, 'tables that are seen by tenant');

-- Functions that take a table and a key: nothing comes of a key of bravo's.
CREATE VIEW keyed AS SELECT p.oid, p.proname::text AS name, format('SELECT * FROM itsm.%I(''app.kept'', %%L%s) f', p.proname,
		coalesce((SELECT string_agg(', ' || CASE format_type(t, NULL) WHEN 'timestamp with time zone' THEN 'now()' WHEN 'interval' THEN '''1 hour''' WHEN 'text[]' THEN '''{title}''' WHEN 'text' THEN '''x''' ELSE 'NULL' END, '' ORDER BY n)
			FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(t, n) WHERE n > 2 AND n <= p.pronargs - p.pronargdefaults), '')) AS command
	FROM pg_proc p WHERE p.pronamespace = 'itsm'::regnamespace AND p.prokind = 'f' AND p.proargtypes[0] = 'regclass'::regtype AND p.proargtypes[1] = 'text'::regtype;
SELECT set_eq($$SELECT name FROM keyed$$, ARRAY['allowed_transitions', 'apply_proposals', 'approve', 'attach', 'attach_relationships', 'authorise_afterwards', 'certify_ci', 'change_conflicts', 'distribute',
	'evidence', 'history', 'model_attributes', 'next_free_slot', 'override', 'propose_baseline', 'propose_values', 'record_as_of', 'record_id', 'redact', 'reject'], 'functions that take a table and a key');
SELECT is(told('tenant_alpha', format(command, 'bravo change 1')), told('tenant_alpha', format(command, 'no such change')),
	name || ' finds no key of bravo''s') FROM keyed WHERE name NOT IN ('attach', 'attach_relationships', 'authorise_afterwards', 'model_attributes', 'override', 'propose_values') ORDER BY name;
SELECT is(told('tenant_alpha', $$SELECT itsm.record_id('app.kept', 'bravo change 1')$$), '()', 'no number');
SELECT is(told('tenant_alpha', $$SELECT * FROM itsm.history('app.kept', 'bravo change 1')$$), 'P0002', 'no history');
SELECT isnt(told('tenant_alpha', $$SELECT * FROM itsm.history('app.kept', 'alpha change 1')$$), 'P0002', 'but its own');
SELECT is(told('tenant_alpha', $$SELECT * FROM itsm.propose_values('app.kept', 'bravo change 1', 'app.item', 'alpha item 1', '{"title": "x"}')$$), 'P0002', 'no proposal of its changes');
SELECT is(told('tenant_alpha', $$SELECT * FROM itsm.propose_values('app.kept', 'alpha change 1', 'app.item', 'bravo item 1', '{"title": "x"}')$$), 'P0002', 'nor for its items');

-- Functions that take numbers of records, or none.
CREATE FUNCTION item(tenant text, n integer) RETURNS bigint LANGUAGE sql AS $$SELECT id FROM itsm.record WHERE key = $1 || ' item ' || $2$$;
CREATE TABLE asked (command text, theirs text);
INSERT INTO asked SELECT format(c, item('bravo', 1), item('bravo', 2), item('alpha', 1), item('alpha', 2)), told('tenant_provider', format(c, item('bravo', 1), item('bravo', 2), item('alpha', 1), item('alpha', 2))) FROM unnest(ARRAY[
	'SELECT * FROM itsm.impact(%2$s)', 'SELECT * FROM itsm.dependencies(%1$s)', 'SELECT itsm.impact_records(%2$s)', 'SELECT itsm.dependency_records(%1$s)',
	'SELECT itsm.impact_count(%2$s)', 'SELECT itsm.dependency_count(%1$s)', 'SELECT * FROM itsm.path(%1$s, %2$s)', 'SELECT * FROM itsm.path(%3$s, %2$s)',
	'SELECT * FROM itsm.common_causes(ARRAY[%1$s])', 'SELECT * FROM itsm.common_causes(ARRAY[%3$s, %1$s])', 'SELECT * FROM itsm.single_points_of_failure(%1$s)',
	'SELECT itsm.impact_diagram(%2$s)', 'SELECT * FROM itsm.cycles(''depends_on'')', 'SELECT * FROM itsm.components(NULL)',
	'SELECT * FROM itsm.impact(%4$s, with_relationships => ''[{"source": %3$s, "type": "depends_on", "target": %2$s}]'')',
	'SELECT * FROM itsm.record_history(%1$s, ''bravo'')', 'SELECT itsm.inclusion_proof(%1$s, 1)', 'SELECT itsm.sealed_leaf(%1$s, 1)',
	'SELECT itsm.tree_root(1, ''bravo'')', 'SELECT itsm.consistency_proof(1, 2, ''bravo'')',
	'SELECT * FROM itsm.verify()', 'SELECT itsm.digest()', 'SELECT * FROM itsm.control_findings(''8.6.1-1'')']) c;
SELECT ok(theirs !~ '^[0-9A-Z]{5}$' OR command ~ ('path.*' || item('alpha', 1)), 'the provider is answered: ' || command) FROM asked;
SELECT ok(told('tenant_alpha', command) ~ '^(42501|22023|P0002)$', 'alpha is not: ' || command) FROM asked;
SELECT is(told('tenant_alpha', format('SELECT * FROM itsm.impact(%s)', item('alpha', 2))), told('tenant_provider', format('SELECT * FROM itsm.impact(%s)', item('alpha', 2))), 'of its own it is');
SELECT is(told('tenant_alpha', format('SELECT * FROM itsm.explain_clock(%s, ''solve'', ''bravo'')', (SELECT min(record) FROM itsm.clock WHERE tenant = 'bravo'))), 'nothing', 'no clock');
SELECT isnt(told('tenant_bravo', format('SELECT * FROM itsm.explain_clock(%s, ''solve'', ''bravo'')', (SELECT min(record) FROM itsm.clock WHERE tenant = 'bravo'))), 'nothing', 'but to bravo');
SELECT is(told('tenant_alpha', $$SELECT * FROM itsm.baseline_diff('bravo baseline')$$), '42704', 'no baseline');
SELECT is(told('tenant_alpha', format('SELECT * FROM itsm.affected_cis((SELECT record FROM itsm_report.record WHERE key = ''bravo change 3'' UNION SELECT %s))', (SELECT id FROM itsm.record WHERE key = 'bravo change 3'))), 'nothing', 'nothing affected');
SELECT isnt(told('tenant_bravo', format('SELECT * FROM itsm.affected_cis(%s)', (SELECT id FROM itsm.record WHERE key = 'bravo change 3'))), 'nothing', 'but to bravo');
SELECT ok(told('tenant_alpha', $$SELECT * FROM itsm.awaiting_approval()$$) !~ 'bravo', 'nothing that awaits approval');
SELECT ok(told('tenant_alpha', $$SELECT * FROM itsm.awaiting_approval()$$) ~ 'alpha', 'but its own');
SELECT is(told('tenant_alpha', $$SELECT * FROM itsm.evaluate_controls()$$), 'nothing', 'no controls');
SELECT ok(told('tenant_alpha', $$SELECT * FROM itsm.unsealed()$$) !~ 'bravo', 'no log');
SELECT is(told(role, $$SELECT DISTINCT last_digest_at IS NULL, last_digest_size IS NULL, last_digest_root IS NULL FROM itsm_report.ledger_status$$), expected, 'nor how many events all tenants have: ' || role)
FROM (VALUES ('tenant_alpha', '(f,t,t)'), ('tenant_provider', '(f,f,f)')) t(role, expected);
SELECT is(told('tenant_alpha', 'SELECT itsm.drift(1)'), '()', 'no drift');
SELECT is(told('tenant_alpha', 'SELECT itsm.misfit(1)'), '()', 'nor what does not fit');

-- It cannot be set off, nor got round.
SELECT ok(told('tenant_alpha', format('SELECT set_config(%L, %L, true) FROM itsm_report.incident', s, v)) ~ '^(42704|42501|42602|22023|nothing|\(.*\)(\n\(.*\))*)$'
	AND shown('tenant_alpha', 'incident', 'bravo') = 0, 'no setting changes it: ' || s)
FROM (VALUES ('itsm.maintenance', 'on'), ('itsm.history', 'off'), ('row_security', 'off'), ('session_replication_role', 'replica'), ('itsm.tenant', 'bravo')) x(s, v);
-- a function of the reader's own, cheaper than the filter, sees no row of bravo's
CREATE TABLE leaked (value text);
GRANT ALL ON leaked TO PUBLIC;
CREATE FUNCTION leak(value text) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.leaked VALUES (value); RETURN true; END $$;
SELECT count(told('tenant_alpha', format('SELECT count(*) FROM itsm_report.%I v WHERE public.leak(v::text)', name))) FROM view WHERE name IN ('incident', 'transition', 'violation', 'refusal', 'sla_clock', 'relationship');
SELECT is((SELECT count(*) FROM leaked WHERE value ~ 'bravo'), 0::bigint, 'the views are barriers');
SELECT cmp_ok((SELECT count(*) FROM leaked), '>', 0::bigint, 'behind which the own rows are');

-- Judging, history and clocks do not ask who may see.
SET ROLE tenant_nobody;
INSERT INTO app.kept VALUES ('bravo change 4', 'new', 'bravo', 'written by nobody');
UPDATE app.kept SET status = 'scheduled' WHERE key = 'bravo change 4';
RESET ROLE;
SELECT is((SELECT string_agg(kind, ' ' ORDER BY version) FROM itsm.history('app.kept', 'bravo change 4')), 'created transition', 'a role that sees nothing writes as before');

-- Grants end, and what was separated is joined again; each is an event.
SELECT itsm.revoke_tenant('tenant_bravo', 'bravo');
SELECT itsm.revoke_tenant('tenant_bravo', 'bravo');
SELECT is(shown('tenant_bravo', 'incident', ''), 0::bigint, 'without the grant nothing is shown');
SELECT itsm.grant_tenant('public', 'bravo');
SELECT cmp_ok(shown('tenant_nobody', 'incident', 'bravo'), '>', 0::bigint, 'what is granted to public, everybody is shown');
SELECT cmp_ok(shown('tenant_alpha', 'incident', 'bravo'), '>', 0::bigint, 'those with other grants, too');
SELECT itsm.revoke_tenant('public', 'bravo');
SELECT itsm.separate_tenants(false);
SELECT cmp_ok(shown('tenant_nobody', 'incident', 'bravo'), '>', 0::bigint, 'joined again, everybody is shown everything');
SELECT is((SELECT string_agg(concat_ws(' ', subject, kind, detail::jsonb ->> 'tenant'), E'\n' ORDER BY at, version) FROM itsm_report.policy_event WHERE subject LIKE 'tenants%'),
	E'tenants of role tenant_alpha granted alpha\ntenants of role tenant_bravo granted bravo\ntenants of role tenant_provider granted *\ntenants separated\n'
	'tenants of role tenant_bravo revoked bravo\ntenants of role public granted bravo\ntenants of role public revoked bravo\ntenants joined', 'each is an event');
SELECT is_empty($$SELECT * FROM itsm.verify() WHERE NOT ok AND scope = 'policy'$$, 'which verify finds');

SELECT * FROM finish();
DROP OWNED BY tenant_alpha, tenant_alpha_desk, tenant_bravo, tenant_provider, tenant_nobody;
DROP ROLE tenant_alpha_desk;
DROP ROLE tenant_alpha, tenant_bravo, tenant_provider, tenant_nobody;
