-- Attachments that are refused: the code, the thing named, and nothing half done.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_attach_faults;
CREATE SCHEMA attach_faults AUTHORIZATION regress_itsm_attach_faults;
SELECT itsm.define_lifecycle('{"name": "attach_faults",
	"attributes": {"title": "text", "size": "integer", "due": "timestamptz"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse",
	"rules": [{"name": "sized", "check": "new.size > 0"}]}');

SET ROLE regress_itsm_attach_faults;
\set VERBOSITY terse
-- Runs a statement and tells all that its error says.
CREATE FUNCTION attach_faults.tell(statement text) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	code text; message text; detail text; hint text; s text; t text; c text; r text;
BEGIN
	EXECUTE statement;
	RETURN NEXT 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, r = CONSTRAINT_NAME;
	RETURN NEXT code || ' ' || message;
	IF detail LIKE '[%' THEN
		RETURN QUERY SELECT '  ' || (u - 'kind' - 'clause')::text || ' ' || (u->>'kind') || coalesce(' ' || (u->>'clause'), '')
			FROM jsonb_array_elements(detail::jsonb) WITH ORDINALITY AS a(u, n) ORDER BY n;
	ELSIF detail <> '' THEN
		RETURN NEXT '  ' || detail;
	END IF;
	RETURN NEXT '  at ' || concat_ws('|', s, t, c, r) || ': ' || hint;
END $$;

CREATE TABLE attach_faults.ticket (id integer PRIMARY KEY, status text, title text, size text, "from" date, other integer);
CREATE TABLE attach_faults.keyless (id integer, status text, number integer UNIQUE);
CREATE TABLE attach_faults.partial (id integer NOT NULL, status text);
CREATE UNIQUE INDEX ON attach_faults.partial (id) WHERE id > 0;
CREATE VIEW attach_faults.seen AS SELECT * FROM attach_faults.ticket;
CREATE MATERIALIZED VIEW attach_faults.kept AS SELECT 1 AS id, 'new' AS status;
CREATE SEQUENCE attach_faults.counter;
CREATE TABLE attach_faults.ruled (id integer PRIMARY KEY, status text);
CREATE RULE also AS ON INSERT TO attach_faults.ruled DO ALSO NOTIFY x;
CREATE TEMP TABLE passing (id integer PRIMARY KEY, status text);
RESET ROLE;
CREATE TABLE attach_faults.not_mine (id integer PRIMARY KEY, status text);
CREATE FOREIGN DATA WRAPPER regress_itsm_wrapper;
CREATE SERVER regress_itsm_server FOREIGN DATA WRAPPER regress_itsm_wrapper;
CREATE FOREIGN TABLE attach_faults.remote (id integer, status text) SERVER regress_itsm_server;
ALTER FOREIGN TABLE attach_faults.remote OWNER TO regress_itsm_attach_faults;
CREATE FUNCTION attach_faults.everything() RETURNS text LANGUAGE sql AS $$
	SELECT md5(concat_ws('|', (SELECT string_agg(t::text, ',' ORDER BY t.oid) FROM pg_trigger t), (SELECT string_agg(a::text, ',' ORDER BY a.id) FROM itsm.attachment a),
		(SELECT string_agg(s::text, ',' ORDER BY s.id) FROM itsm.source s), (SELECT string_agg(d::text, ',' ORDER BY d.source, d.number) FROM itsm.source_attribute d),
		(SELECT count(*) FROM itsm_report.policy_event), (SELECT string_agg(c.oid::text, ',' ORDER BY c.oid) FROM pg_class c)))
$$;
SELECT attach_faults.everything() AS before \gset
SET ROLE regress_itsm_attach_faults;

-- what is no table of its own
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.seen', 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.kept', 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.remote', 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.counter', 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket_pkey', 'attach_faults', 'status')$$);
SELECT regexp_replace(t, '[0-9]{5,}|pg_temp_[0-9]+', 'N') FROM attach_faults.tell($$SELECT itsm.attach('pg_temp.passing', 'attach_faults', 'status')$$) t;
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ruled', 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach(0, 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.nowhere', 'attach_faults', 'status')$$);
-- what is somebody else's
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.not_mine', 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('pg_catalog.pg_class', 'attach_faults', 'relkind')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('itsm.record', 'attach_faults', 'key')$$);
-- nulls
SELECT attach_faults.tell($$SELECT itsm.attach(NULL, 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', NULL, 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', NULL)$$);
-- a lifecycle, column, key that is not there
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_nothing', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'state')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'ctid')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.keyless', 'attach_faults', 'status')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.keyless', 'attach_faults', 'status', key => '{number}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.partial', 'attach_faults', 'status', key => '{id}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', key => '{id,status}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', key => '{nothing}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', key => '{id,id}')$$);
-- maps
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', '{"N": "new", "Z": "zombie", "Q": 1, "P": null}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', '["new"]')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', '{}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', 'null')$$);
-- attributes
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"titel": "title", "title": "tittle", "size": "size", "due": 3}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "title ||"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": ""}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "title; drop table x"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "(select max(title) from attach_faults.ticket)"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "max(title)"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "generate_series(1, 2)"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "no_such_function(title)"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "ticket::text"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "xmin::text"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"title": "$1"}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '[]')$$);
-- filter, tenant, mode, timing, track
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', filter => 'title')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', filter => 'nobody = 1')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', tenant => 'customer')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', mode => 'strict')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', timing => 'later')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', track => '{nothing,NULL,title}')$$);
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', track => '{{title},{size}}', key => ARRAY[NULL]::name[])$$);
-- everything at once
SELECT attach_faults.tell($$SELECT itsm.attach('attach_faults.keyless', 'attach_faults', 'stat', '{"a": "b"}', '{"c": "d"}', 'e', 'f', 'g', '{h}', 'i', '{j}')$$);
-- detach and set_mode of what is not there
SELECT attach_faults.tell($$SELECT itsm.detach('attach_faults.ticket')$$);
SELECT attach_faults.tell($$SELECT itsm.detach('attach_faults.not_mine')$$);
SELECT attach_faults.tell($$SELECT itsm.detach('attach_faults.ticket', 0)$$);
SELECT attach_faults.tell($$SELECT itsm.detach(NULL)$$);
SELECT attach_faults.tell($$SELECT itsm.set_mode(0, 'off')$$);
SELECT attach_faults.tell($$SELECT itsm.set_mode(NULL, 'off')$$);
SELECT attach_faults.tell($$SELECT itsm.set_mode(0, NULL)$$);
RESET ROLE;
SELECT attach_faults.everything() = :'before' AS nothing_done;
SET ROLE regress_itsm_attach_faults;

-- a lock that cannot be had in time
BEGIN;
SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status') > 0;
SAVEPOINT s;
SELECT itsm.attach('attach_faults.ticket', 'attach_faults', 'status', attributes => '{"size": "size"}') > 0;
ROLLBACK TO s;
ROLLBACK;
RESET ROLE;
SELECT attach_faults.everything() = :'before' AS nothing_done;
DROP SERVER regress_itsm_server CASCADE;
DROP FOREIGN DATA WRAPPER regress_itsm_wrapper;
SET ROLE regress_itsm_attach_faults;
DROP TABLE passing;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA attach_faults CASCADE;
DROP ROLE regress_itsm_attach_faults;
