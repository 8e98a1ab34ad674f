-- The two schemas.  CREATE EXTENSION has made "itsm" (control file) and left
-- search_path at it; every name below is qualified all the same.

COMMENT ON SCHEMA itsm IS 'IT service management: lifecycles, attachments, records and events. Written only through its functions.';

CREATE SCHEMA itsm_report;
COMMENT ON SCHEMA itsm_report IS 'Views for reporting. USAGE on this schema and SELECT on its views is all that a reader needs.';

GRANT USAGE ON SCHEMA itsm TO PUBLIC;
