-- Agreements on service time (SLAs).

CREATE SEQUENCE itsm.sla_id_seq AS integer;
SELECT pg_catalog.pg_extension_config_dump('itsm.sla_id_seq', '');

CREATE TABLE itsm.sla (
	id integer NOT NULL,
	version integer NOT NULL,
	valid_from timestamptz NOT NULL,
	valid_until timestamptz,
	name text COLLATE "C" NOT NULL,
	lifecycle text COLLATE "C",
	process text COLLATE "C",
	kind text COLLATE "C" NOT NULL,
	metric text COLLATE "C" NOT NULL,
	condition text,
	calendar text COLLATE "C",
	hours itsm.service_hours,
	target interval,
	definition jsonb NOT NULL,
	expressions text[] NOT NULL,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (id, version)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.sla', '');

COMMENT ON TABLE itsm.sla IS 'Agreements on service time, a row per version. A clock keeps the version that held when it started. Written by itsm.define_sla and itsm.end_sla.';
COMMENT ON COLUMN itsm.sla.id IS 'Number of the agreement, the same for all of its versions.';
COMMENT ON COLUMN itsm.sla.version IS 'Version, from 1.';
COMMENT ON COLUMN itsm.sla.valid_from IS 'From when on clocks start by this version.';
COMMENT ON COLUMN itsm.sla.valid_until IS 'Until when (exclusive) they do; null: without end.';
COMMENT ON COLUMN itsm.sla.name IS 'Name of the agreement.';
COMMENT ON COLUMN itsm.sla.lifecycle IS 'Lifecycle whose records it is about; null: all lifecycles of a process.';
COMMENT ON COLUMN itsm.sla.process IS 'Process whose records it is about; null: one lifecycle.';
COMMENT ON COLUMN itsm.sla.kind IS 'sla (with the customer), ola (within the house) or uc (an underpinning contract with a supplier).';
COMMENT ON COLUMN itsm.sla.metric IS 'What is measured: response, resolution, or a name of its own for the states that it names.';
COMMENT ON COLUMN itsm.sla.condition IS 'For which records, over new.<attribute>, as given; null: all.';
COMMENT ON COLUMN itsm.sla.calendar IS 'Calendar in whose hours it counts; null: hours, or around the clock.';
COMMENT ON COLUMN itsm.sla.hours IS 'Hours in which it counts; null: the calendar''s, or around the clock.';
COMMENT ON COLUMN itsm.sla.target IS 'Service time that a clock may count; in hours, a day being 24 open ones. Null: each clock has a target of its own, the real time from its start until a time that was fixed then.';
COMMENT ON COLUMN itsm.sla.definition IS 'Definition as given.';
COMMENT ON COLUMN itsm.sla.expressions IS 'Condition, and condition of a pause, with every name qualified, as evaluated.';
COMMENT ON COLUMN itsm.sla.defined_at IS 'When this version was defined.';
COMMENT ON COLUMN itsm.sla.defined_by IS 'Role that defined it.';

CREATE FUNCTION itsm.define_sla(definition jsonb) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_define_sla' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_sla(jsonb) IS
'Makes an agreement, or a new version of one, after checking the definition whole, and returns its number. Members: name; lifecycle or process; metric; target (service time, or an object that fixes a time: by and days, openings, attribute or clock, before, after); and if need be kind, condition, calendar or hours, start, stop, pause, cancel, reset (states or categories), pause_when or hold_reasons, reset_on (attributes), reopen (resume, new or none), retroactive, warn (shares of the target), valid_from, valid_until.
A version without an end that holds ends where the new one begins, which may not lie in the past; clocks that run keep theirs. The same definition again changes nothing.
Raises IT050 with every fault in DETAIL; 42501 for whom neither the agreement nor its lifecycle are to be redefined by: the condition runs with the rights of the owner of the attached table.';

CREATE FUNCTION itsm.end_sla(name text, valid_until timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_end_sla' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.end_sla(text, timestamptz) IS 'Ends an agreement now, or at a time to come: no clock starts by it then. Clocks that run go on.';

REVOKE ALL ON FUNCTION itsm.define_sla(jsonb), itsm.end_sla(text, timestamptz) FROM PUBLIC;
