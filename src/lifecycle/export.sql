-- The way out: history in plain tables.

CREATE PROCEDURE itsm.export_history(schema name)
AS 'MODULE_PATHNAME', 'itsm_export_history' LANGUAGE C;
COMMENT ON PROCEDURE itsm.export_history(name) IS 'Copies history and projections into tables of a schema, which the caller owns (it is made when missing): record, event, record_state, projection, violation, source, source_attribute, attachment, lifecycle, archive, archive_table, archived and others; core types only. The step before DROP EXTENSION. It shows every history to whoever may call it.';
REVOKE ALL ON PROCEDURE itsm.export_history(name) FROM PUBLIC;
