-- The guards over DDL. They are members of the extension, so that a dump leaves them to
-- CREATE EXTENSION. When the library is missing every DDL fails: ALTER EVENT TRIGGER
-- itsm_guard_command DISABLE, itsm_guard_drop DISABLE is the way out.

CREATE FUNCTION itsm.guard_command() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'itsm_guard_command' LANGUAGE C;
COMMENT ON FUNCTION itsm.guard_command() IS 'Watches over DDL on attached tables and on history: follows what is harmless, refuses (IT052, IT040) or records the rest.';

CREATE FUNCTION itsm.guard_drop() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'itsm_guard_drop' LANGUAGE C;
COMMENT ON FUNCTION itsm.guard_drop() IS 'The same for what is dropped.';

CREATE EVENT TRIGGER itsm_guard_command ON ddl_command_end EXECUTE FUNCTION itsm.guard_command();
ALTER EVENT TRIGGER itsm_guard_command ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER itsm_guard_command IS 'Watches over DDL on attached tables and on the history of itsm.';

CREATE EVENT TRIGGER itsm_guard_drop ON sql_drop EXECUTE FUNCTION itsm.guard_drop();
ALTER EVENT TRIGGER itsm_guard_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER itsm_guard_drop IS 'Watches over what is dropped of attached tables and of the history of itsm.';
