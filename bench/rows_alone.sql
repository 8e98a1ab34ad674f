-- Copies of what the history of bench.itsm_history consists of, for bench.rows_alone: heads and
-- state rows with all their indexes, and an event table with the event before next of each.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE FUNCTION bench.rows_alone(first integer, last integer, moved boolean) RETURNS void LANGUAGE c AS :'library', 'bench_rows_alone';
CREATE TABLE bench.head (LIKE itsm.record INCLUDING INDEXES INCLUDING STORAGE) WITH (fillfactor = 50, autovacuum_enabled = off);
CREATE TABLE bench.state (LIKE itsm.record_state INCLUDING INDEXES INCLUDING STORAGE) WITH (fillfactor = 50, autovacuum_enabled = off);
CREATE TABLE bench.event (LIKE itsm.event INCLUDING STORAGE, PRIMARY KEY (record, version, tenant)) WITH (autovacuum_enabled = off);

INSERT INTO bench.head
	SELECT r.* FROM itsm.record r WHERE r.source = (SELECT a.source FROM itsm.attachment a WHERE a.relation = 'bench.itsm_history'::regclass) AND r.key::bigint < 1000000000 ORDER BY r.id;
INSERT INTO bench.state SELECT s.* FROM itsm.record_state s JOIN bench.head h ON h.id = s.record ORDER BY s.record;
INSERT INTO bench.event
	SELECT n, 0, e.at, e.xid, e.system, e.timeline, e.command, e.attachment, e.lifecycle_version, e.kind, e.tenant, e.from_state, e.to_state,
		e.session_role, e.role, e.actor, e.application, e.body, e.hash
	FROM (SELECT x.* FROM itsm.event x JOIN bench.head h ON h.id = x.record WHERE x.kind = 'transition' ORDER BY x.at DESC LIMIT 1) e,
		generate_series(1, (SELECT count(*) FROM bench.head)) n;
-- A single row's record is found by its number: no number is left out.
SELECT 1 / (max(record) - min(record) + 1 = count(*))::integer AS whole FROM bench.state \gset
VACUUM ANALYZE bench.head, bench.state, bench.event;

-- The same for single rows: what a trigger costs that writes these rows and does nothing else.
CREATE FUNCTION bench.write_rows_alone() RETURNS trigger LANGUAGE c AS :'library', 'bench_rows_alone_trigger';
CALL bench.make('rows_alone', 'the rows of the history alone, by a trigger in C');
SELECT format('CALL bench.fill(%L, %s)', 'rows_alone', (SELECT count(*) FROM bench.none)) \gexec
CREATE TRIGGER write_rows_alone AFTER UPDATE ON bench.rows_alone FOR EACH ROW EXECUTE FUNCTION bench.write_rows_alone();
