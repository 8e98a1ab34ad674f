-- What is agreed on the availability of services.

CREATE TABLE itsm.availability_target (
	tenant text COLLATE "C" NOT NULL,
	service text COLLATE "C" NOT NULL,
	valid_from timestamptz NOT NULL,
	target numeric,
	calendar text COLLATE "C",
	planned_excluded boolean NOT NULL,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (tenant, service, valid_from)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.availability_target', '');

COMMENT ON TABLE itsm.availability_target IS 'In which hours a service is to be available, and for how much of them: it holds from valid_from until the service''s next row. Written by itsm.set_availability_target.';
COMMENT ON COLUMN itsm.availability_target.tenant IS 'Tenant of the service and its outages.';
COMMENT ON COLUMN itsm.availability_target.service IS 'The service, as outages name it.';
COMMENT ON COLUMN itsm.availability_target.valid_from IS 'From when it holds.';
COMMENT ON COLUMN itsm.availability_target.target IS 'Percent of the agreed hours for which it is to be available; null: it is only measured.';
COMMENT ON COLUMN itsm.availability_target.calendar IS 'Calendar of the agreed hours; null: nothing is agreed from then on.';
COMMENT ON COLUMN itsm.availability_target.planned_excluded IS 'Planned outages count neither as downtime nor as agreed time; otherwise they count like any other.';
COMMENT ON COLUMN itsm.availability_target.defined_at IS 'When this row was written.';
COMMENT ON COLUMN itsm.availability_target.defined_by IS 'Role that logged in to write it.';

CREATE FUNCTION itsm.set_availability_target(service text, target numeric, calendar text, valid_from timestamptz DEFAULT NULL,
	planned_excluded boolean DEFAULT true, rewrite_past boolean DEFAULT false, tenant text DEFAULT '') RETURNS void
AS 'MODULE_PATHNAME', 'itsm_set_availability_target' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.set_availability_target(text, numeric, text, timestamptz, boolean, boolean, text) IS
'Says in which hours, those of a calendar, a service is to be available, and for what percent of them (null: it is only measured), from a time on (now without valid_from) until what is set for later. Without a calendar nothing is agreed from then on. planned_excluded: planned outages do not count.
What is set first for a service may begin in the past; after that, such a valid_from raises 22023 unless rewrite_past. The same valid_from replaces. It is an event of the policy "availability <service>".';
REVOKE ALL ON FUNCTION itsm.set_availability_target(text, numeric, text, timestamptz, boolean, boolean, text) FROM PUBLIC;
