-- Whose records a role is shown.
--
-- Until the tenants are separated: every tenant's. Then only those of the tenants granted to the
-- role; to whom none is granted, nothing is shown. What takes a grant away can only hide.

CREATE TABLE itsm.tenant_separation (
	separated boolean NOT NULL DEFAULT true CHECK (separated),
	separated_by name NOT NULL DEFAULT SESSION_USER,
	separated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (separated)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.tenant_separation', '');

COMMENT ON TABLE itsm.tenant_separation IS 'One row while tenants are separated, none while they are not.';
COMMENT ON COLUMN itsm.tenant_separation.separated IS 'True.';
COMMENT ON COLUMN itsm.tenant_separation.separated_by IS 'Role that logged in and separated them.';
COMMENT ON COLUMN itsm.tenant_separation.separated_at IS 'When they were separated.';

CREATE TABLE itsm.tenant_grant (
	role name NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	granted_by name NOT NULL DEFAULT SESSION_USER,
	granted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (role, tenant)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.tenant_grant', '');

COMMENT ON TABLE itsm.tenant_grant IS 'Which roles are shown the records of which tenants, once tenants are separated.';
COMMENT ON COLUMN itsm.tenant_grant.role IS 'Name of the role; public: everybody.';
COMMENT ON COLUMN itsm.tenant_grant.tenant IS 'The tenant; empty: records of attachments that name none; *: every tenant.';
COMMENT ON COLUMN itsm.tenant_grant.granted_by IS 'Role that logged in and granted it.';
COMMENT ON COLUMN itsm.tenant_grant.granted_at IS 'When it was granted.';

CREATE FUNCTION itsm.separate_tenants(separated boolean) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_separate_tenants' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.separate_tenants(boolean) IS 'Separates tenants, or joins them again. While they are separated, a role is shown in itsm_report, and by functions such as itsm.history and itsm.impact, the records of the tenants that itsm.grant_tenant named for it or for a role that it inherits from; without a grant it is shown none. Kept as an event.';
REVOKE ALL ON FUNCTION itsm.separate_tenants(boolean) FROM PUBLIC;

CREATE FUNCTION itsm.grant_tenant(role name, tenant text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_grant_tenant' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.grant_tenant(name, text) IS 'Shows a role, and the roles that inherit from it, the records of a tenant, once tenants are separated. role: public means everybody. tenant: empty for records of attachments that name none; * for every tenant, the provider''s. It does not replace SELECT on the views. Kept as an event.';
REVOKE ALL ON FUNCTION itsm.grant_tenant(name, text) FROM PUBLIC;

CREATE FUNCTION itsm.revoke_tenant(role name, tenant text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_revoke_tenant' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.revoke_tenant(name, text) IS 'Takes back what itsm.grant_tenant gave for the same tenant.';
REVOKE ALL ON FUNCTION itsm.revoke_tenant(name, text) FROM PUBLIC;

-- A function in a view is called with the rights of whoever reads the view; these tell a role about itself only.

CREATE FUNCTION itsm.sees_every_tenant() RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_sees_every_tenant_sql' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION itsm.sees_every_tenant() IS 'True when the current user is shown the records of every tenant: tenants are not separated, or * was granted, or it is a superuser or the extension''s owner.';

CREATE FUNCTION itsm.seen_tenants() RETURNS text[]
AS 'MODULE_PATHNAME', 'itsm_seen_tenants' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION itsm.seen_tenants() IS 'The tenants that were granted to the current user. Not to the point while itsm.sees_every_tenant() is true.';

CREATE FUNCTION itsm.caller_sees_tenant(tenant text) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_caller_sees_tenant' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION itsm.caller_sees_tenant(text) IS 'True when the session''s current role is shown the tenant''s records; for functions that run with the rights of their owner.';
REVOKE ALL ON FUNCTION itsm.caller_sees_tenant(text) FROM PUBLIC;
