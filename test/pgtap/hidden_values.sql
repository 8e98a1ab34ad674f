-- What a table with row-level security maps is in no view of itsm_report, and in no report, until
-- itsm.grant_reader says so; however many views there are.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE hidden_bi;

-- A table for each standard lifecycle, with a column for each attribute and a secret in each text.
CREATE SCHEMA app;
DO $$
DECLARE
	l record;
BEGIN
	FOR l IN SELECT c.name, c.definition -> 'states' AS states, a.columns, a.mapped, a.names, a.secrets
			FROM itsm.lifecycle_current c, LATERAL (SELECT coalesce(string_agg(format(', %I %s', key, value), ''), '') AS columns,
				coalesce(jsonb_object_agg(key, quote_ident(key)), '{}') AS mapped,
				coalesce(string_agg(format(', %I', key), '') FILTER (WHERE value = 'text'), '') AS names,
				coalesce(string_agg(format(', %L', 'secret ' || key), '') FILTER (WHERE value = 'text'), '') AS secrets
				FROM jsonb_each_text(c.definition -> 'attributes') WHERE key IS NOT NULL) a ORDER BY 1 LOOP
		EXECUTE format('CREATE TABLE app.%I (itsm_id integer PRIMARY KEY, itsm_status text%s)', l.name, l.columns);
		PERFORM itsm.attach(format('app.%I', l.name)::regclass, l.name, 'itsm_status', attributes => l.mapped, track => '{*}');
		EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', l.name);
		-- a row in each state, and each of them once changed
		EXECUTE format('INSERT INTO app.%I (itsm_id, itsm_status%s) SELECT n, s ->> ''name''%s FROM jsonb_array_elements(%L::jsonb) WITH ORDINALITY AS x(s, n)',
			l.name, l.names, l.secrets, l.states);
		EXECUTE format('SET LOCAL itsm.reason = ''secret reason''; UPDATE app.%I SET itsm_status = itsm_status || '' secret status'' WHERE itsm_id = 1', l.name);
	END LOOP;
END $$;
SELECT itsm.assess();

GRANT USAGE ON SCHEMA itsm_report TO hidden_bi;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO hidden_bi;
CREATE FUNCTION shown(view text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	found bigint;
BEGIN
	SET LOCAL SESSION AUTHORIZATION hidden_bi;
	EXECUTE format('SELECT count(*) FROM itsm_report.%I v WHERE v::text LIKE ''%%secret%%''', view) INTO found;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN found;
END $$;
CREATE FUNCTION reported() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	found boolean;
BEGIN
	SET LOCAL SESSION AUTHORIZATION hidden_bi;
	found := itsm.audit_report(now() - interval '1 year', now() + interval '1 day') LIKE '%secret%';
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
	RETURN found;
END $$;
CREATE VIEW view AS SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relkind IN ('v', 'm');
SELECT is(shown(name), 0::bigint, name || ' tells no value of hidden tables') FROM view ORDER BY name;
SELECT ok(NOT reported(), 'nor does the audit report');
SELECT cmp_ok(count(*), '>', 40::bigint, 'views') FROM view;

-- and the same question is answered where values may be seen
SELECT itsm.grant_reader('hidden_bi');
SELECT cmp_ok(count(*), '>', 10::bigint, 'views that tell them to readers') FROM view WHERE shown(name) > 0;

SELECT * FROM finish();
DROP OWNED BY hidden_bi;
DROP ROLE hidden_bi;
