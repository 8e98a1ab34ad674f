-- What is refused, and exceptions from it.

CREATE TABLE itsm.override (
	record bigint NOT NULL,
	version bigint NOT NULL,
	at timestamptz NOT NULL,
	attachment integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	rule text COLLATE "C" NOT NULL,
	reason text NOT NULL,
	actor text COLLATE "C",
	role text COLLATE "C" NOT NULL,
	session_role text COLLATE "C" NOT NULL,
	used boolean NOT NULL,
	PRIMARY KEY (record, tenant, version)
) USING heap;
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.override FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.override ENABLE ALWAYS TRIGGER itsm_append_only;
SELECT pg_catalog.pg_extension_config_dump('itsm.override', '');

COMMENT ON TABLE itsm.override IS 'Exceptions made by itsm.override. Kept as events of kind overridden too, and hashed there.';
COMMENT ON COLUMN itsm.override.record IS 'The record.';
COMMENT ON COLUMN itsm.override.version IS 'Version of the event.';
COMMENT ON COLUMN itsm.override.at IS 'Time of the event.';
COMMENT ON COLUMN itsm.override.attachment IS 'Attachment that governed the row.';
COMMENT ON COLUMN itsm.override.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.override.rule IS 'The rule that did not hold for the rest of the transaction.';
COMMENT ON COLUMN itsm.override.reason IS 'Why.';
COMMENT ON COLUMN itsm.override.actor IS 'Who made the exception, where it is known.';
COMMENT ON COLUMN itsm.override.role IS 'Role that made it.';
COMMENT ON COLUMN itsm.override.session_role IS 'Role that logged in.';
COMMENT ON COLUMN itsm.override.used IS 'It let a write pass that would have been refused.';

CREATE FUNCTION itsm.override(relation regclass, key text, rule text, reason text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_override' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.override(regclass, text, text, text) IS 'Makes an exception: for the rest of the transaction the rule (of the lifecycle, or status, initial, transition, delete) is only observed for that record. It is recorded with its reason; for a row that is still to come, when the row is written. Needs SELECT on the table, and sight of the row under row-level security. Grant EXECUTE to those who may.';
REVOKE ALL ON FUNCTION itsm.override(regclass, text, text, text) FROM PUBLIC;

CREATE TABLE itsm.refusal (
	at timestamptz NOT NULL,
	attachment integer NOT NULL,
	source integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	key text COLLATE "C",
	code text COLLATE "C" NOT NULL,
	rules text[] COLLATE "C" NOT NULL,
	from_state text COLLATE "C",
	to_state text COLLATE "C",
	session_role text COLLATE "C",
	role text COLLATE "C",
	actor text COLLATE "C",
	application text COLLATE "C",
	reason text,
	lost bigint NOT NULL
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.refusal', '');

COMMENT ON TABLE itsm.refusal IS 'Writes that were refused, although they are rolled back: each session keeps its own in memory and writes them with its next transaction that writes events, or when it ends. The server''s log has them at once.';
COMMENT ON COLUMN itsm.refusal.at IS 'When.';
COMMENT ON COLUMN itsm.refusal.attachment IS 'The attachment that refused.';
COMMENT ON COLUMN itsm.refusal.source IS 'The source that the row belongs to.';
COMMENT ON COLUMN itsm.refusal.tenant IS 'Tenant of the row.';
COMMENT ON COLUMN itsm.refusal.key IS 'Key of the row, cut at 1000 bytes; null: the whole table was to be truncated.';
COMMENT ON COLUMN itsm.refusal.code IS 'SQLSTATE that was raised.';
COMMENT ON COLUMN itsm.refusal.rules IS 'All rules that were not met, each once.';
COMMENT ON COLUMN itsm.refusal.from_state IS 'State before.';
COMMENT ON COLUMN itsm.refusal.to_state IS 'State that was wanted.';
COMMENT ON COLUMN itsm.refusal.session_role IS 'Role that logged in.';
COMMENT ON COLUMN itsm.refusal.role IS 'Role that wrote.';
COMMENT ON COLUMN itsm.refusal.actor IS 'Who did it, where it is known.';
COMMENT ON COLUMN itsm.refusal.application IS 'application_name of the session.';
COMMENT ON COLUMN itsm.refusal.reason IS 'itsm.reason, cut at 1000 bytes.';
COMMENT ON COLUMN itsm.refusal.lost IS 'Refusals of the session after this one that found its memory full (1000) and are in the server''s log only.';
