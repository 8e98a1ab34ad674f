-- Who is shown which tenant: grants, what they take, and what separating says and keeps.  What each view
-- and function then tells is test/pgtap/tenants.sql's.
SET search_path = pg_catalog;
SET client_min_messages = notice;
\pset null '~'
\set VERBOSITY terse
CREATE SCHEMA tenants;
CREATE ROLE regress_itsm_acme;
CREATE ROLE regress_itsm_acme_desk IN ROLE regress_itsm_acme;
CREATE ROLE regress_itsm_acme_quiet NOINHERIT IN ROLE regress_itsm_acme;
CREATE ROLE regress_itsm_gone;
SELECT itsm.define_lifecycle('{"name": "tenants", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "open", "category": "new", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE tenants.ticket (id integer PRIMARY KEY, status text DEFAULT 'open', org text, title text);
SELECT itsm.attach('tenants.ticket', 'tenants', 'status', attributes => '{"title": "title"}', tenant => 'coalesce(org, '''')') > 0 AS attached;
INSERT INTO tenants.ticket (id, org) VALUES (1, 'acme'), (2, 'globex'), (3, '*'), (4, NULL), (5, 'Acme'), (6, 'acme ');
GRANT USAGE ON SCHEMA itsm_report, tenants TO PUBLIC;
GRANT SELECT ON itsm_report.record TO PUBLIC;
GRANT SELECT ON tenants.ticket TO PUBLIC;
CREATE FUNCTION tenants.seen(role name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	keys text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	keys := (SELECT string_agg(key, ' ' ORDER BY key) FROM itsm_report.record WHERE source = 'tenants.ticket');
	RESET ROLE;
	RETURN keys;
END $$;

-- what is no grant
SELECT itsm.grant_tenant('regress_itsm_nobody', 'acme');
SELECT itsm.grant_tenant(NULL, 'acme');
SELECT itsm.grant_tenant('regress_itsm_acme', NULL);
SELECT itsm.revoke_tenant('regress_itsm_acme', NULL);
SELECT itsm.separate_tenants(NULL);
SET ROLE regress_itsm_acme;
SELECT itsm.grant_tenant('regress_itsm_acme', '*');
SELECT itsm.revoke_tenant('regress_itsm_acme', 'acme');
SELECT itsm.separate_tenants(false);
SELECT itsm.caller_sees_tenant('acme');
SELECT * FROM itsm.tenant_grant;
RESET ROLE;

SELECT itsm.grant_tenant('regress_itsm_acme', 'acme');
SELECT itsm.grant_tenant('regress_itsm_acme', 'acme');
SELECT itsm.grant_tenant('regress_itsm_gone', '*');
SELECT tenants.seen('regress_itsm_acme') AS not_yet, tenants.seen('regress_itsm_gone') AS gone;
SELECT itsm.separate_tenants(true);
SELECT itsm.separate_tenants(true);
-- to the letter; * is a tenant's name, too, which is seen by whoever sees all
SELECT CASE r.role WHEN current_user THEN 'superuser' ELSE r.role END AS role, tenants.seen(r.role) FROM unnest(ARRAY['regress_itsm_acme', 'regress_itsm_acme_desk', 'regress_itsm_acme_quiet', 'regress_itsm_gone', current_user]) WITH ORDINALITY r(role, n) ORDER BY n;
SELECT itsm.grant_tenant('regress_itsm_acme', '');
SELECT tenants.seen('regress_itsm_acme') AS with_the_empty_one;
-- a role that is gone gives nothing, and may be taken away
DROP OWNED BY regress_itsm_gone;
DROP ROLE regress_itsm_gone;
SELECT tenants.seen('regress_itsm_acme_desk') AS still;
SELECT itsm.revoke_tenant('regress_itsm_gone', '*');
-- what is kept
SELECT role, tenant, granted_by = session_user AS by_session FROM itsm.tenant_grant ORDER BY role, tenant COLLATE "C";
SELECT separated, separated_by = session_user AS by_session FROM itsm.tenant_separation;

-- a key that had a row in another tenant before
DELETE FROM tenants.ticket WHERE id = 3;
INSERT INTO tenants.ticket (id, org) VALUES (3, 'acme');
SET ROLE regress_itsm_acme;
SELECT count(*) AS events FROM itsm.history('tenants.ticket', '3');
SELECT itsm.record_id('tenants.ticket', '2') AS none, itsm.record_id('tenants.ticket', '1') IS NOT NULL AS one;
SELECT count(*) FROM itsm.history('tenants.ticket', '2');
RESET ROLE;
-- a prepared plan asks anew
SET ROLE regress_itsm_acme;
PREPARE keys AS SELECT string_agg(key, ' ' ORDER BY key) AS keys FROM itsm_report.record WHERE source = 'tenants.ticket';
SET plan_cache_mode = force_generic_plan;
EXECUTE keys;
RESET ROLE;
SELECT itsm.revoke_tenant('regress_itsm_acme', '');
SET ROLE regress_itsm_acme;
EXECUTE keys;
RESET ROLE;
EXECUTE keys;
RESET plan_cache_mode;
-- a permission is not history: a snapshot of before does not keep it
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT tenants.seen('regress_itsm_acme');
SELECT itsm.revoke_tenant('regress_itsm_acme', 'acme');
SELECT tenants.seen('regress_itsm_acme');
ROLLBACK;
SELECT tenants.seen('regress_itsm_acme') AS rolled_back;

SELECT itsm.separate_tenants(false);
SELECT itsm.separate_tenants(false);
SELECT tenants.seen('regress_itsm_acme') AS joined;
SELECT subject, kind, tenant, count(*) FROM (SELECT subject, kind, detail::jsonb ->> 'tenant' AS tenant FROM itsm_report.policy_event) e
WHERE subject = 'tenants' OR subject LIKE 'tenants of role regress%' GROUP BY 1, 2, 3 ORDER BY subject COLLATE "C", kind COLLATE "C", tenant COLLATE "C";
SELECT itsm.revoke_tenant('regress_itsm_acme', 'acme');
SELECT count(*) FROM itsm.tenant_grant;

SET client_min_messages = error;
DROP SCHEMA tenants CASCADE;
REVOKE USAGE ON SCHEMA itsm_report FROM PUBLIC;
REVOKE SELECT ON itsm_report.record FROM PUBLIC;
DROP ROLE regress_itsm_acme_desk, regress_itsm_acme_quiet, regress_itsm_acme;
