-- The report that an auditor takes along.

CREATE FUNCTION itsm.audit_report(starts_at timestamptz, ends_at timestamptz) RETURNS text
AS 'MODULE_PATHNAME', 'itsm_audit_report' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET jit = off;
COMMENT ON FUNCTION itsm.audit_report(timestamptz, timestamptz) IS
'One HTML page about a period, with everything in it: scope, state of each clause by the last assessment before the end, charts of conformity, incidents, service levels, changes and availability, nonconformities with the events that are evidence, the registers of documents and records, and the digest of the ledger with how to verify it. It holds no script and loads nothing. ends_at does not belong to the period.
Reads the views of itsm_report with the caller''s rights: SELECT on them is what it takes. Raises 22023 for a period that is infinite or does not end after it starts.';
