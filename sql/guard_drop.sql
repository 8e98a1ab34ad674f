-- Attached tables that are dropped: not by their owner while enforcing; otherwise the attachment ends and the history stays.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_guard_drop;
CREATE SCHEMA guard_drop AUTHORIZATION regress_itsm_guard_drop;
SELECT itsm.define_lifecycle('{"name": "guard_drop",
	"attributes": {"title": "text", "size": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"delete": "allow"}');
-- what a command comes to: its SQLSTATE, and its message without numbers
CREATE FUNCTION guard_drop.try(command text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', SQLSTATE, regexp_replace(SQLERRM, '(attachment|trigger_)( ?)[0-9]+', '\1\2N', 'g'));
END $$;
-- what was kept of the attachments of a table
CREATE FUNCTION guard_drop.kept(attached integer) RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', e.kind, CASE WHEN e.kind <> 'attached' THEN e.detail END) FROM itsm_report.policy_event e WHERE e.attachment = attached ORDER BY e.version
$$;

SET ROLE regress_itsm_guard_drop;
CREATE TABLE guard_drop.ticket (id integer PRIMARY KEY, status text);
CREATE TABLE guard_drop.second (id integer PRIMARY KEY, status text);
SELECT itsm.attach('guard_drop.ticket', 'guard_drop', 'status', mode => 'enforce') AS ticket \gset
INSERT INTO guard_drop.ticket VALUES (1, 'new');
SELECT itsm.record_id('guard_drop.ticket', '1') AS record \gset
SELECT guard_drop.try('DROP TABLE guard_drop.ticket');
SELECT guard_drop.try('DROP TABLE guard_drop.second, guard_drop.ticket');
SELECT guard_drop.try('DROP SCHEMA guard_drop CASCADE');
SELECT guard_drop.try('DROP OWNED BY regress_itsm_guard_drop CASCADE');
SELECT guard_drop.try('DROP TABLE guard_drop.second');
RESET ROLE;
-- a superuser's word holds
BEGIN;
\set VERBOSITY sqlstate
DROP TABLE guard_drop.ticket;
\set VERBOSITY default
SELECT guard_drop.kept(:ticket);
ROLLBACK;
-- an index that only the key rests on
CREATE TABLE guard_drop.keyed (id integer PRIMARY KEY, code text NOT NULL, status text);
CREATE UNIQUE INDEX keyed_code ON guard_drop.keyed (code);
CREATE INDEX keyed_status ON guard_drop.keyed (status);
SELECT itsm.attach('guard_drop.keyed', 'guard_drop', 'status', mode => 'enforce', key => '{code}') AS keyed \gset
SELECT guard_drop.try('DROP INDEX guard_drop.keyed_code');
SELECT guard_drop.try('ALTER TABLE guard_drop.keyed ALTER COLUMN code DROP NOT NULL');
SELECT guard_drop.try('DROP INDEX guard_drop.keyed_status');
SELECT guard_drop.try('ALTER TABLE guard_drop.keyed DROP CONSTRAINT keyed_pkey');

-- while observing it goes, and with it the attachment
SELECT itsm.set_mode(:ticket, 'observe');
SELECT 'guard_drop.ticket'::regclass::oid AS relation \gset
\set VERBOSITY sqlstate
DROP TABLE guard_drop.ticket;
\set VERBOSITY default
SELECT a.relation, a.relation_name, a.detached_at IS NOT NULL AS ended, s.relation AS source, s.relation_name FROM itsm.attachment a JOIN itsm.source s ON s.id = a.source WHERE a.id = :ticket;
SELECT guard_drop.kept(:ticket);
SELECT version, kind, to_state FROM itsm.record_history(:record);
SELECT guard_drop.try(format('SELECT * FROM itsm.history(%s, ''1'')', :relation)) LIKE '%relation%' AS told;
SELECT guard_drop.try(format('SELECT itsm.record_id(%s, ''1'')', :relation)) <> '' AS told;
SELECT guard_drop.try(format('CALL itsm.backfill(%s)', :ticket));
SELECT guard_drop.try(format('SELECT itsm.check_rows(%s)', :ticket));
SELECT guard_drop.try(format('SELECT itsm.set_mode(%s, ''off'')', :ticket));
SELECT guard_drop.try(format('SELECT itsm.migrate(%s)', :ticket));
SELECT regexp_replace(guard_drop.try(format('SELECT itsm.detach(%s)', :relation)), '[0-9]{4,}', 'N');
-- a new table of that name begins anew
CREATE TABLE guard_drop.ticket (id integer PRIMARY KEY, status text);
SELECT itsm.attach('guard_drop.ticket', 'guard_drop', 'status', mode => 'enforce') > :ticket AS attached;
INSERT INTO guard_drop.ticket VALUES (1, 'new');
SELECT itsm.record_id('guard_drop.ticket', '1') > :record AS another;
-- undone with the transaction
SELECT itsm.set_mode(:keyed, 'observe');
BEGIN;
SET LOCAL client_min_messages = error;
DROP TABLE guard_drop.keyed;
ROLLBACK;
SELECT relation, detached_at FROM itsm.attachment WHERE id = :keyed;
-- temporary tables and other schemas are nobody's business
CREATE TEMP TABLE passing (id integer PRIMARY KEY);
DROP TABLE passing;

SET itsm.maintenance = on;
DROP SCHEMA guard_drop CASCADE;
DROP ROLE regress_itsm_guard_drop;
