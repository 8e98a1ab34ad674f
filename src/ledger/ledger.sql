-- Events: what happened to records, chained per record.

-- The parent carries no index and no constraint: each monthly partition is an
-- ordinary table with its own primary key, which restores in any order.
CREATE TABLE itsm.event (
	record bigint NOT NULL,
	version bigint NOT NULL,
	at timestamptz NOT NULL,
	xid xid8 NOT NULL,
	system bigint NOT NULL,
	timeline integer NOT NULL,
	command integer NOT NULL,
	attachment integer NOT NULL,
	lifecycle_version integer NOT NULL,
	kind text COLLATE "C" NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	from_state text COLLATE "C",
	to_state text COLLATE "C",
	session_role text COLLATE "C" NOT NULL,
	role text COLLATE "C" NOT NULL,
	actor text COLLATE "C",
	application text COLLATE "C",
	body bytea NOT NULL,
	hash bytea NOT NULL
) PARTITION BY RANGE (at);
SELECT pg_catalog.pg_extension_config_dump('itsm.event', '');

CREATE TABLE itsm.event_default PARTITION OF itsm.event (PRIMARY KEY (record, version, tenant)) DEFAULT USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.event_default', '');
-- Partitions have their primary keys; what is published via the root must say that all columns of an erased event come.
ALTER TABLE itsm.event REPLICA IDENTITY FULL;

COMMENT ON TABLE itsm.event IS 'What happened to records, append-only, by month (UTC).';
COMMENT ON TABLE itsm.event_default IS 'Events of months that have no partition of their own.';
COMMENT ON COLUMN itsm.event.record IS 'The record.';
COMMENT ON COLUMN itsm.event.version IS 'Number of the event in the record''s chain, from 1 without gaps.';
COMMENT ON COLUMN itsm.event.at IS 'Time of the event, never before the one before it. An imported event has the time at which it happened.';
COMMENT ON COLUMN itsm.event.xid IS 'Transaction that wrote it; means something only together with system.';
COMMENT ON COLUMN itsm.event.system IS 'System identifier of the cluster that wrote it.';
COMMENT ON COLUMN itsm.event.timeline IS 'Timeline of that cluster.';
COMMENT ON COLUMN itsm.event.command IS 'Command within the transaction that stored the row.';
COMMENT ON COLUMN itsm.event.attachment IS 'Attachment that governed the row; 0 for none.';
COMMENT ON COLUMN itsm.event.lifecycle_version IS 'Version of the lifecycle by which it was judged.';
COMMENT ON COLUMN itsm.event.kind IS 'Of a row''s record: created, transition, updated, deleted, key_changed, moved, backfilled, imported or migrated; overridden (an exception was made), judged (a deferred verdict found what is observed), redacted (values were erased), approved and rejected (somebody voted), linked and unlinked (a relationship began or ended), redundancy_set (how many of what it rests on it needs), authorised (somebody answered for an unauthorised change), certified (its owner said that it is right) change nothing. Of a policy''s (source 0): attached, detached, mode_set, migrated, defined, column_added, column_dropped, column_changed, renamed, owner_changed, partition_added, partition_removed, guard_disabled, guard_enabled, dropped, maintenance, approver_added, approver_removed, delegation_added, delegation_removed, granted, revoked, separated, joined, taken (a baseline), verified, archived, restored or retention_set.';
COMMENT ON COLUMN itsm.event.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.event.from_state IS 'State before.';
COMMENT ON COLUMN itsm.event.to_state IS 'State after.';
COMMENT ON COLUMN itsm.event.session_role IS 'Role that logged in.';
COMMENT ON COLUMN itsm.event.role IS 'Role that wrote.';
COMMENT ON COLUMN itsm.event.actor IS 'Who did it: claimed by itsm.act_as, or the mapped attribute actor.';
COMMENT ON COLUMN itsm.event.application IS 'application_name of the session.';
COMMENT ON COLUMN itsm.event.body IS 'Changed values, each with its number, a salt and its canonical text.';
COMMENT ON COLUMN itsm.event.hash IS 'SHA-256 over the previous hash, the header and the commitments of the values.';

CREATE TABLE itsm.violation (
	record bigint NOT NULL,
	version bigint NOT NULL,
	position integer NOT NULL,
	at timestamptz NOT NULL,
	attachment integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	code text COLLATE "C" NOT NULL,
	rule text COLLATE "C",
	kind text COLLATE "C" NOT NULL,
	attribute text COLLATE "C",
	message text NOT NULL,
	clause text COLLATE "C",
	PRIMARY KEY (record, tenant, version, position)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.violation', '');

COMMENT ON TABLE itsm.violation IS 'Conditions that a write did not meet and that were observed, not enforced. Kept in the event''s body too, and hashed there.';
COMMENT ON COLUMN itsm.violation.record IS 'The record.';
COMMENT ON COLUMN itsm.violation.version IS 'Version of the event.';
COMMENT ON COLUMN itsm.violation.position IS 'Position among the event''s violations, from 1.';
COMMENT ON COLUMN itsm.violation.at IS 'Time of the event.';
COMMENT ON COLUMN itsm.violation.attachment IS 'The attachment that judged.';
COMMENT ON COLUMN itsm.violation.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.violation.code IS 'SQLSTATE that enforcing would have raised.';
COMMENT ON COLUMN itsm.violation.rule IS 'Name of the rule.';
COMMENT ON COLUMN itsm.violation.kind IS 'Rule kind.';
COMMENT ON COLUMN itsm.violation.attribute IS 'Canonical attribute.';
COMMENT ON COLUMN itsm.violation.message IS 'What was not met.';
COMMENT ON COLUMN itsm.violation.clause IS 'Clause of ISO/IEC 20000-1.';

-- Rows of history are only added, and only by the library, which no trigger sees.
-- Who writes by SQL is stopped, superusers too, unless itsm.maintenance is on.
CREATE FUNCTION itsm.append_only() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_append_only' LANGUAGE C;
COMMENT ON FUNCTION itsm.append_only() IS 'The trigger of the tables that hold history: refuses UPDATE, DELETE and TRUNCATE (IT040). A superuser is warned, and it is kept.';

-- Of itsm.event the row trigger, which each partition gets as its clone; against
-- TRUNCATE each partition has one of its own that make_partitions makes.
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE ON itsm.event FOR EACH ROW EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only_truncate BEFORE TRUNCATE ON itsm.event FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only_truncate BEFORE TRUNCATE ON itsm.event_default FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.violation FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.record FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.source_attribute FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.event ENABLE ALWAYS TRIGGER itsm_append_only, ENABLE ALWAYS TRIGGER itsm_append_only_truncate;
ALTER TABLE itsm.event_default ENABLE ALWAYS TRIGGER itsm_append_only, ENABLE ALWAYS TRIGGER itsm_append_only_truncate;
ALTER TABLE itsm.violation ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.record ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.source_attribute ENABLE ALWAYS TRIGGER itsm_append_only;

CREATE FUNCTION itsm.policy_detail(body bytea) RETURNS text
AS 'MODULE_PATHNAME', 'itsm_policy_detail' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.policy_detail(bytea) IS 'What the body of an event of a policy or a relationship tells, as a JSON object of strings; null when it tells nothing.';

CREATE FUNCTION itsm.changed_names(source integer, body bytea) RETURNS text
AS 'MODULE_PATHNAME', 'itsm_changed_names' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.changed_names(integer, bytea) IS 'Names of the attributes and columns that an event of a source tells of, without their values; null when there are none.';

CREATE FUNCTION itsm.event_reason(body bytea) RETURNS text
AS 'MODULE_PATHNAME', 'itsm_event_reason' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.event_reason(bytea) IS 'The reason that was given for an event; null when there was none.';

CREATE FUNCTION itsm.judged_version(body bytea) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_judged_version' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.judged_version(bytea) IS 'Version of the event whose write an event of kind judged is about; null for others.';

CREATE FUNCTION itsm.make_partitions() RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_make_partitions' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.make_partitions() IS 'Makes the partitions of itsm.event for this month and the two after it, as far as they are missing, and returns how many it made. Run it once a month; attach and backfill do it too. Without it events go into event_default, from where it moves them.';
REVOKE ALL ON FUNCTION itsm.make_partitions() FROM PUBLIC;

CREATE FUNCTION itsm.record_id(relation regclass, key text) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_record_id' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.record_id(regclass, text) IS 'Number of the record of a row; null when it has none. The key of several columns is written as the text of a row: (a,b).';

CREATE FUNCTION itsm.history(relation regclass, key text)
RETURNS TABLE (version bigint, at timestamptz, kind text, actor text, from_state text, to_state text, changes jsonb, reason text)
AS 'MODULE_PATHNAME', 'itsm_history_of' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.history(regclass, text) IS 'What happened to a row, by version. changes: {attribute or column: {"from", "to"}}, with "erased" where a value was redacted. One row of kind archived stands for all events that itsm.archive moved. actor: who did it as far as known, else the role. Needs SELECT on the table, and sight of the row under row-level security.';

CREATE FUNCTION itsm.record_history(record bigint, tenant text DEFAULT '')
RETURNS TABLE (version bigint, at timestamptz, kind text, actor text, from_state text, to_state text, changes jsonb, reason text)
AS 'MODULE_PATHNAME', 'itsm_record_history' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.record_history(bigint, text) IS 'The same by the number of a record, also when its table is gone. Grant EXECUTE to those who may read every history.';
REVOKE ALL ON FUNCTION itsm.record_history(bigint, text) FROM PUBLIC;

CREATE FUNCTION itsm.record_as_of(relation regclass, key text, at timestamptz) RETURNS jsonb
AS 'MODULE_PATHNAME', 'itsm_record_as_of' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.record_as_of(regclass, text, timestamptz) IS 'A row as its events tell it for a time: {"version", "at", "state", "attributes"}; null when there was none. Rights as for history.';

CREATE FUNCTION itsm.verify()
RETURNS TABLE (scope text, object text, ok boolean, detail text)
AS 'MODULE_PATHNAME', 'itsm_verify' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION itsm.verify() IS 'Checks every chain of events, the heads, state rows, projections and violations beside them, and the live rows of attached tables, all under one snapshot. A row with ok = false for each thing that is wrong; rows with ok = true count what was found right. The scopes, from chain and head to policy and month, are listed in docs/verify.md. A pure read, also on a standby; corrupt data is told, not raised. For the DBA to grant.';
REVOKE ALL ON FUNCTION itsm.verify() FROM PUBLIC;
