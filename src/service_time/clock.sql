-- Clocks: service time that records have spent under agreements.

-- Nothing that an event changes of a clock is indexed, but when another takes its place:
-- due_bound is set when it starts, pauses only put off what is due, and that of a clock that has
-- ended is taken away when its time comes.  What is indexed stands in front, of fixed width first:
-- updates look at it often, and behind a text or a null each look walks through the row.  The
-- short texts stand together, so that the row fits into 144 bytes.  More than half of a page is
-- left free: a pause, a resumption and a completion of all clocks of a page stay on it.
CREATE TABLE itsm.clock (
	record bigint NOT NULL,
	started_at timestamptz NOT NULL,
	original_due_at timestamptz NOT NULL,
	sla integer NOT NULL,
	sla_version integer NOT NULL,
	number integer NOT NULL,
	told integer NOT NULL,
	due_bound timestamptz,
	tenant text COLLATE "C" NOT NULL,
	breached boolean NOT NULL,
	stage text COLLATE "C" NOT NULL,
	running_since timestamptz,
	paused_since timestamptz,
	stopped_at timestamptz,
	due_at timestamptz,
	breached_at timestamptz,
	elapsed interval NOT NULL,
	paused interval NOT NULL,
	PRIMARY KEY (record, sla, number, tenant)
) USING heap WITH (fillfactor = 48);
CREATE INDEX clock_due_idx ON itsm.clock (due_bound) WHERE due_bound IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('itsm.clock', '');

COMMENT ON TABLE itsm.clock IS 'Service time that records have spent under agreements. Kept with their events; it follows from them (itsm.recompute_clocks).';
COMMENT ON COLUMN itsm.clock.record IS 'The record.';
COMMENT ON COLUMN itsm.clock.sla IS 'The agreement.';
COMMENT ON COLUMN itsm.clock.sla_version IS 'Version of the agreement that held when the clock started.';
COMMENT ON COLUMN itsm.clock.number IS '0: the last clock of its agreement on the record. Those before it, which were reset, cancelled or followed by another: 1, 2, … in order.';
COMMENT ON COLUMN itsm.clock.told IS 'How many notices of it itsm.due_clocks has given: warnings, then the breach.';
COMMENT ON COLUMN itsm.clock.started_at IS 'From when on it counts.';
COMMENT ON COLUMN itsm.clock.running_since IS 'While it is in progress: since when, after what elapsed says; null otherwise.';
COMMENT ON COLUMN itsm.clock.paused_since IS 'While it is paused: since when; null otherwise.';
COMMENT ON COLUMN itsm.clock.stopped_at IS 'When it was completed or cancelled; null before.';
COMMENT ON COLUMN itsm.clock.due_at IS 'When the target is used up if it goes on running; of a clock that has ended, as it was then. Null while it is paused. infinity: the hours do not reach so far.';
COMMENT ON COLUMN itsm.clock.original_due_at IS 'due_at as it was when the clock started.';
COMMENT ON COLUMN itsm.clock.due_bound IS 'Nothing is to be told of the clock before this time; later perhaps. Null: nothing at all. A clock that has ended keeps it until itsm.due_clocks comes to it.';
COMMENT ON COLUMN itsm.clock.breached_at IS 'When more than the target had elapsed; null: it had not by the last event.';
COMMENT ON COLUMN itsm.clock.elapsed IS 'Service time counted, up to running_since while it is in progress.';
COMMENT ON COLUMN itsm.clock.paused IS 'Service time that went by uncounted, in pauses and between a completion and a reopening, up to paused_since.';
COMMENT ON COLUMN itsm.clock.breached IS 'More than the target had elapsed by the last event. A clock that runs may be breached since: itsm_report.sla_clock tells.';
COMMENT ON COLUMN itsm.clock.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.clock.stage IS 'in_progress, paused, completed or cancelled.';

CREATE FUNCTION itsm.recompute_clocks(attachment integer DEFAULT NULL, record bigint DEFAULT NULL, sla text DEFAULT NULL, write boolean DEFAULT false)
RETURNS TABLE (tenant text, record_id bigint, agreement text, number integer, problem text, kept jsonb, computed jsonb)
AS 'MODULE_PATHNAME', 'itsm_recompute_clocks' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION itsm.recompute_clocks(integer, bigint, text, boolean) IS
'Makes clocks anew out of the events of all records, of those of an attachment, or of one, and returns a row for each that comes out otherwise than it is kept: missing, surplus or differs. With write it is then kept as it comes out; the records concerned are locked until the transaction ends. After an import of history, a change of hours for the past, or an agreement for times that are over.';
REVOKE ALL ON FUNCTION itsm.recompute_clocks(integer, bigint, text, boolean) FROM PUBLIC;

CREATE FUNCTION itsm.explain_clock(record bigint, sla text, tenant text DEFAULT NULL)
RETURNS TABLE (started_at timestamptz, ended_at timestamptz, state text, counted interval, total interval, why text)
AS 'MODULE_PATHNAME', 'itsm_explain_clock' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION itsm.explain_clock(bigint, text, text) IS
'The timeline of a record''s clocks by an agreement, made out of the events: each stretch, the state it was spent in, the service time that counted in it and in all so far, and why it counts or not. ended_at is null while a stretch lasts; it counts up to now. tenant: null for the record''s own. Grant EXECUTE to those who may read the states of every record.';
REVOKE ALL ON FUNCTION itsm.explain_clock(bigint, text, text) FROM PUBLIC;

CREATE TABLE itsm.clock_notice (
	record bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	sla integer NOT NULL,
	sla_version integer NOT NULL,
	started_at timestamptz NOT NULL,
	position integer NOT NULL,
	kind text COLLATE "C" NOT NULL,
	share numeric NOT NULL,
	reached_at timestamptz NOT NULL,
	told_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (record, sla, sla_version, started_at, position, tenant)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.clock_notice', '');

COMMENT ON TABLE itsm.clock_notice IS 'Warnings and breaches that itsm.due_clocks has told, so that it tells each once.';
COMMENT ON COLUMN itsm.clock_notice.record IS 'The record.';
COMMENT ON COLUMN itsm.clock_notice.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.clock_notice.sla IS 'The agreement.';
COMMENT ON COLUMN itsm.clock_notice.sla_version IS 'Its version.';
COMMENT ON COLUMN itsm.clock_notice.started_at IS 'When the clock started: one that counts from the same time again tells nothing anew.';
COMMENT ON COLUMN itsm.clock_notice.position IS 'Which notice: the warnings in order from 0, then the breach.';
COMMENT ON COLUMN itsm.clock_notice.kind IS 'warning or breach.';
COMMENT ON COLUMN itsm.clock_notice.share IS 'Share of the target: 1 for the breach.';
COMMENT ON COLUMN itsm.clock_notice.reached_at IS 'When that share was reached, or at the latest.';
COMMENT ON COLUMN itsm.clock_notice.told_at IS 'When it was told.';

CREATE FUNCTION itsm.due_clocks(now timestamptz DEFAULT NULL, most integer DEFAULT 1000, notify boolean DEFAULT false)
RETURNS TABLE (tenant text, record bigint, key text, agreement text, kind text, share numeric, reached_at timestamptz, due_at timestamptz)
AS 'MODULE_PATHNAME', 'itsm_due_clocks' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.due_clocks(timestamptz, integer, boolean) IS
'Tells the warnings and breaches of clocks that are due by now (null: the time it is), each once for all, at most as many as "most" says; call it again for the rest. A breach is told also of a clock that has been completed meanwhile. notify: NOTIFY itsm_clock, without payload, when there are any. What a transaction has told that is rolled back is told again. Clocks that have ended leave the list here, too. For a scheduler such as pg_cron, beside itsm.run_due.';
REVOKE ALL ON FUNCTION itsm.due_clocks(timestamptz, integer, boolean) FROM PUBLIC;
