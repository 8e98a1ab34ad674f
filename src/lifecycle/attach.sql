-- Attachments: a lifecycle put on a table.

CREATE SEQUENCE itsm.attachment_id_seq AS integer;
SELECT pg_catalog.pg_extension_config_dump('itsm.attachment_id_seq', '');

CREATE TABLE itsm.attachment (
	id integer NOT NULL DEFAULT pg_catalog.nextval('itsm.attachment_id_seq'),
	source integer NOT NULL,
	relation regclass,
	relation_name text NOT NULL,
	lifecycle text COLLATE "C" NOT NULL,
	mode text NOT NULL,
	timing text NOT NULL,
	status name NOT NULL,
	states jsonb,
	attributes jsonb NOT NULL,
	attribute_expressions jsonb NOT NULL,
	filter text,
	filter_expression text,
	tenant text,
	tenant_expression text,
	track text[] NOT NULL,
	rule_modes jsonb NOT NULL DEFAULT '{}',
	attached_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	attached_by name NOT NULL,
	detached_at timestamptz,
	notify boolean NOT NULL DEFAULT false,
	PRIMARY KEY (id)
) USING heap;
CREATE INDEX attachment_relation_idx ON itsm.attachment (relation);
SELECT pg_catalog.pg_extension_config_dump('itsm.attachment', '');

COMMENT ON TABLE itsm.attachment IS 'Lifecycles put on tables, now and in the past.';
COMMENT ON COLUMN itsm.attachment.id IS 'Number of the attachment.';
COMMENT ON COLUMN itsm.attachment.source IS 'The source that its records belong to.';
COMMENT ON COLUMN itsm.attachment.relation IS 'The table; null when it is gone.';
COMMENT ON COLUMN itsm.attachment.relation_name IS 'Qualified name of the table; of one that is gone, its last one.';
COMMENT ON COLUMN itsm.attachment.lifecycle IS 'The lifecycle; its current version holds for records that begin or move.';
COMMENT ON COLUMN itsm.attachment.mode IS 'off, observe or enforce.';
COMMENT ON COLUMN itsm.attachment.timing IS 'immediate or deferred.';
COMMENT ON COLUMN itsm.attachment.status IS 'Column that holds the status.';
COMMENT ON COLUMN itsm.attachment.states IS 'Map from status values (text form) to states; null: they are the states'' names.';
COMMENT ON COLUMN itsm.attachment.attributes IS 'Canonical attributes as given: column or expression.';
COMMENT ON COLUMN itsm.attachment.attribute_expressions IS 'The same with every name qualified, as evaluated.';
COMMENT ON COLUMN itsm.attachment.filter IS 'Which rows are governed, as given; null: all.';
COMMENT ON COLUMN itsm.attachment.filter_expression IS 'The same with every name qualified, as evaluated.';
COMMENT ON COLUMN itsm.attachment.tenant IS 'Column or expression naming the tenant, as given; null: none.';
COMMENT ON COLUMN itsm.attachment.tenant_expression IS 'The same with every name qualified, as evaluated.';
COMMENT ON COLUMN itsm.attachment.track IS 'Columns whose changes are events: {mapped}, {*} or names.';
COMMENT ON COLUMN itsm.attachment.rule_modes IS 'Modes set for single rules by itsm.set_mode.';
COMMENT ON COLUMN itsm.attachment.attached_at IS 'When it was attached.';
COMMENT ON COLUMN itsm.attachment.attached_by IS 'Who attached it.';
COMMENT ON COLUMN itsm.attachment.detached_at IS 'When it was detached, or its table dropped; null while it holds.';
COMMENT ON COLUMN itsm.attachment.notify IS 'Transactions that write events of it notify itsm_event.';

CREATE TABLE itsm.person_role (
	role name NOT NULL,
	granted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (role)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.person_role', '');

COMMENT ON TABLE itsm.person_role IS 'Roles that one person uses alone: who writes under such a role is known without itsm.act_as.';
COMMENT ON COLUMN itsm.person_role.role IS 'The role.';
COMMENT ON COLUMN itsm.person_role.granted_at IS 'When itsm.grant_actor named it.';

-- The triggers' functions stay executable by everybody: else owners could not
-- restore their triggers.  On a table that is not attached they only raise.
CREATE FUNCTION itsm.judge() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_judge' LANGUAGE C;
COMMENT ON FUNCTION itsm.judge() IS 'The trigger of attached tables: judges each row as stored, and remembers what happened to it. Made by itsm.attach.';

CREATE FUNCTION itsm.judge_truncate() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_judge_truncate' LANGUAGE C;
COMMENT ON FUNCTION itsm.judge_truncate() IS 'The trigger that refuses TRUNCATE of an attached table while it is enforced. Made by itsm.attach.';

CREATE FUNCTION itsm.attach(
	relation regclass, lifecycle text, status name, states jsonb DEFAULT NULL,
	attributes jsonb DEFAULT '{}', filter text DEFAULT NULL, mode text DEFAULT 'observe',
	timing text DEFAULT 'immediate', track text[] DEFAULT '{mapped}', tenant text DEFAULT NULL,
	key name[] DEFAULT NULL, notify boolean DEFAULT false
) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_attach' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.attach(regclass, text, name, jsonb, jsonb, text, text, text, text[], text, name[], boolean) IS 'Puts a lifecycle on a table that the caller owns, and returns the number of the attachment. status: the column with the status; states: status values and the states they map to (null: the same names); attributes: canonical attributes and the columns or expressions they come from; filter: which rows; mode: off, observe or enforce; timing: immediate, or deferred to the end of the transaction; track: columns whose changes are events, {mapped}, {*} or names; tenant: column or expression; key: columns of a unique index (null: the primary key); notify: NOTIFY itsm_event for each transaction that writes events of it. Raises IT051 with every fault.';

CREATE FUNCTION itsm.detach(relation regclass, attachment integer DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_detach' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.detach(regclass, integer) IS 'Takes one attachment, or all, off a table and leaves it as it was. The history stays.';

CREATE FUNCTION itsm.set_mode(attachment integer, mode text, rule text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_set_mode' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.set_mode(integer, text, text) IS 'Sets how strictly an attachment judges (off, observe, enforce), as a whole or for one rule. A mode set for a rule holds until it is set anew, whatever the attachment''s mode becomes, except off. Built-in rules: status, initial, transition, delete, truncate. Holds from the next statement of every session on.';

CREATE FUNCTION itsm.act_as(actor text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_act_as' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.act_as(text) IS 'Says who acts in the rest of the transaction; null takes it back. Grant EXECUTE to roles of applications that know their users.';
REVOKE ALL ON FUNCTION itsm.act_as(text) FROM PUBLIC;

CREATE FUNCTION itsm.policies_changed() RETURNS void
AS 'MODULE_PATHNAME', 'itsm_policies_changed' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.policies_changed() IS 'Has every session look up its policies again.';
REVOKE ALL ON FUNCTION itsm.policies_changed() FROM PUBLIC;

CREATE FUNCTION itsm.grant_actor(role name) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_grant_actor' LANGUAGE C VOLATILE;
CREATE FUNCTION itsm.revoke_actor(role name) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_revoke_actor' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.grant_actor(name) IS 'Names a role that one person uses alone, so that who writes under it is known. Kept as an event.';
COMMENT ON FUNCTION itsm.revoke_actor(name) IS 'Takes itsm.grant_actor back.';
REVOKE ALL ON FUNCTION itsm.grant_actor(name), itsm.revoke_actor(name) FROM PUBLIC;

CREATE FUNCTION itsm.allowed_transitions(relation regclass, key text)
RETURNS TABLE (to_state text, status_value text, label text, allowed boolean, unmet jsonb)
AS 'MODULE_PATHNAME', 'itsm_allowed_transitions' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.allowed_transitions(regclass, text) IS 'The moves from the state that a row is in, a row for each status value that makes one: the value to set, and what is still unmet, judged by the real rules as if the caller made the move now. allowed: nothing that is enforced is unmet. The mode of the attachment as a whole does not count.';

CREATE FUNCTION itsm.check_rows(attachment integer)
RETURNS TABLE (key text, rule text, message text)
AS 'MODULE_PATHNAME', 'itsm_check_rows' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.check_rows(integer) IS 'Rows that would be refused today, by the rules that the row alone can tell. Only the owner of the table may ask.';

CREATE TABLE itsm.backfill_progress (
	attachment integer NOT NULL,
	relation regclass NOT NULL,
	last_key text,
	rows bigint NOT NULL,
	records bigint NOT NULL,
	finished boolean NOT NULL,
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (attachment, relation)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.backfill_progress', '');

COMMENT ON TABLE itsm.backfill_progress IS 'How far backfills are.';
COMMENT ON COLUMN itsm.backfill_progress.attachment IS 'The attachment.';
COMMENT ON COLUMN itsm.backfill_progress.relation IS 'The table, or an inheritance child of it.';
COMMENT ON COLUMN itsm.backfill_progress.last_key IS 'Key of the last row seen.';
COMMENT ON COLUMN itsm.backfill_progress.rows IS 'Rows seen.';
COMMENT ON COLUMN itsm.backfill_progress.records IS 'Records made.';
COMMENT ON COLUMN itsm.backfill_progress.finished IS 'The last row has been seen.';
COMMENT ON COLUMN itsm.backfill_progress.changed_at IS 'End of the last batch.';

CREATE PROCEDURE itsm.backfill(attachment integer, batch_rows integer DEFAULT 10000, rows_per_second integer DEFAULT NULL)
AS 'MODULE_PATHNAME', 'itsm_backfill' LANGUAGE C;
COMMENT ON PROCEDURE itsm.backfill(integer, integer, integer) IS 'Makes records for rows that were there before the attachment, a transaction a batch. rows_per_second: no more than so many, with rests between the transactions; null: as many as it can. Inside a transaction block it does not rest. What was cut short goes on where it ended; itsm.backfill_progress and a NOTICE a batch tell how far it is. Only the owner of the table may call it.';

CREATE FUNCTION itsm.import_events(attachment integer, log text) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_import_events' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION itsm.import_events(integer, text) IS 'Adds past history out of a log, a query giving key text, at timestamptz, state text and perhaps actor text, as events of kind imported, and returns how many. state is a status value or the name of a state. Records'' milestones are folded anew; what was imported before is passed over. Only the owner of the table may call it.';

CREATE FUNCTION itsm.migrate(attachment integer, states jsonb DEFAULT NULL, lifecycle text DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_migrate' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.migrate(integer, jsonb, text) IS 'Moves the records of an attachment to the current version of its lifecycle, or to another lifecycle, and returns how many. states: {state before: state after}; a state that is not named keeps its name. Rows are not touched: the attachment''s map of status values changes. Only the owner of the table may call it.';
