-- Change windows: when changes are made (maintenance), and when none are (freeze).

CREATE TABLE itsm.change_window (
	name text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	during tstzrange NOT NULL,
	hours itsm.service_hours,
	services text[] COLLATE "C",
	ci_classes text[] COLLATE "C",
	cis text[] COLLATE "C",
	tenant text COLLATE "C",
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (name)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.change_window', '');

COMMENT ON TABLE itsm.change_window IS 'Windows in which changes are made (maintenance) and in which none are (freeze). A window of which services, classes or items are named is for changes that touch one of them; otherwise it is for all. Written by itsm.define_change_window.';
COMMENT ON COLUMN itsm.change_window.name IS 'Name of the window.';
COMMENT ON COLUMN itsm.change_window.kind IS 'maintenance or freeze.';
COMMENT ON COLUMN itsm.change_window.during IS 'When, the end excluded; of a recurring one from when until when it recurs.';
COMMENT ON COLUMN itsm.change_window.hours IS 'Of a recurring one the hours in which it is; null: all the time.';
COMMENT ON COLUMN itsm.change_window.services IS 'Services that it is for; null: none in particular.';
COMMENT ON COLUMN itsm.change_window.ci_classes IS 'Classes of configuration items that it is for; null: none in particular.';
COMMENT ON COLUMN itsm.change_window.cis IS 'Configuration items that it is for; null: none in particular.';
COMMENT ON COLUMN itsm.change_window.tenant IS 'Tenant that it is for; null: every tenant.';
COMMENT ON COLUMN itsm.change_window.defined_at IS 'When it was defined.';
COMMENT ON COLUMN itsm.change_window.defined_by IS 'Role that defined it.';

CREATE FUNCTION itsm.define_change_window(
	name text, kind text, starts_at timestamptz DEFAULT NULL, ends_at timestamptz DEFAULT NULL,
	services text[] DEFAULT NULL, ci_classes text[] DEFAULT NULL, cis text[] DEFAULT NULL, tenant text DEFAULT NULL,
	hours itsm.service_hours DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_change_window' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.define_change_window(text, text, timestamptz, timestamptz, text[], text[], text[], text, itsm.service_hours) IS 'Makes a change window, or replaces the one of that name: maintenance or freeze, from starts_at until before ends_at, or, with hours, whenever it is open (between the two, where they are given), for changes that touch one of the services, classes or configuration items named (none named: all), of the tenant (null: every one). Raises IT050 with every fault. Grant EXECUTE to those who may.';

CREATE FUNCTION itsm.drop_change_window(name text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_drop_change_window' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.drop_change_window(text) IS 'Takes a change window away. Raises 42704 when there is none of that name.';

REVOKE ALL ON FUNCTION
	itsm.define_change_window(text, text, timestamptz, timestamptz, text[], text[], text[], text, itsm.service_hours),
	itsm.drop_change_window(text)
FROM PUBLIC;

-- What rules and questions about windows stand on; the extension's own.
CREATE FUNCTION itsm.windows_in_scope(
	kind text, tenant text, service text, ci_class text, ci text, within tstzrange
) RETURNS TABLE (name text, times tstzmultirange)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT w.name, CASE WHEN w.hours IS NULL OR NOT w.during OPERATOR(pg_catalog.&&) $6
			THEN pg_catalog.tstzmultirange(w.during OPERATOR(pg_catalog.*) $6)
			ELSE itsm.open_ranges(w.hours, w.during OPERATOR(pg_catalog.*) $6) END
	FROM itsm.change_window w
	WHERE w.kind OPERATOR(pg_catalog.=) $1
		AND (w.tenant IS NULL OR w.tenant OPERATOR(pg_catalog.=) $2)
		AND ((w.services IS NULL AND w.ci_classes IS NULL AND w.cis IS NULL)
			OR $3 OPERATOR(pg_catalog.=) ANY (w.services)
			OR $4 OPERATOR(pg_catalog.=) ANY (w.ci_classes)
			OR $5 OPERATOR(pg_catalog.=) ANY (w.cis))
$$;
COMMENT ON FUNCTION itsm.windows_in_scope(text, text, text, text, text, tstzrange) IS 'The windows of a kind that are for a tenant, a service, a class or a configuration item (null: none), and when they are within a range.';
REVOKE ALL ON FUNCTION itsm.windows_in_scope(text, text, text, text, text, tstzrange) FROM PUBLIC;
