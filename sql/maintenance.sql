-- In maintenance everything passes, nothing is judged, and the gap is kept.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA maintenance;
SELECT itsm.define_lifecycle('{"name": "maintenance",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}]}');
CREATE FUNCTION maintenance.kept(attached integer) RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', e.kind, CASE WHEN e.kind <> 'attached' THEN e.detail END) FROM itsm_report.policy_event e WHERE e.attachment = attached ORDER BY e.version
$$;
CREATE FUNCTION maintenance.armed() RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.relname || ' ' || string_agg(t.tgname || ' ' || t.tgenabled::text, ', ' ORDER BY t.tgname)
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'maintenance'::regnamespace GROUP BY c.relname ORDER BY c.relname
$$;
CREATE TABLE maintenance.ticket (id integer PRIMARY KEY, status text);
SELECT itsm.attach('maintenance.ticket', 'maintenance', 'status', mode => 'enforce') AS ticket \gset
INSERT INTO maintenance.ticket VALUES (1, 'new');

-- rows are not judged, and get no events; the gap is kept once a transaction
SET itsm.maintenance = on;
BEGIN;
INSERT INTO maintenance.ticket VALUES (2, 'nowhere'), (3, NULL);
UPDATE maintenance.ticket SET status = 'nowhere';
DELETE FROM maintenance.ticket WHERE id = 3;
COMMIT;
SELECT count(*) FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'maintenance.ticket'::regclass;
SELECT version, kind FROM itsm.history('maintenance.ticket', '1');
SELECT maintenance.kept(:ticket);
-- a subtransaction that is undone takes its note along
BEGIN;
SAVEPOINT s;
DELETE FROM maintenance.ticket WHERE id = 2;
ROLLBACK TO s;
UPDATE maintenance.ticket SET status = 'new';
COMMIT;
SELECT count(*) FROM maintenance.kept(:ticket);
-- what pg_restore --disable-triggers does: armed again at once
ALTER TABLE maintenance.ticket DISABLE TRIGGER ALL;
SELECT maintenance.armed();
ALTER TABLE maintenance.ticket ENABLE TRIGGER ALL;
SELECT maintenance.armed();
ALTER TABLE itsm.record DISABLE TRIGGER ALL;
ALTER TABLE itsm.event DISABLE TRIGGER ALL;
ALTER TABLE itsm.record ENABLE TRIGGER ALL;
ALTER TABLE itsm.event ENABLE TRIGGER ALL;
SELECT t.tgrelid::regclass, t.tgname, t.tgenabled FROM pg_trigger t WHERE t.tgname LIKE 'itsm%' AND t.tgenabled <> 'A';
TRUNCATE maintenance.ticket;
ALTER TABLE maintenance.ticket DROP COLUMN status;
SELECT maintenance.kept(:ticket) OFFSET 3;
DROP TABLE maintenance.ticket;
SELECT relation, detached_at IS NOT NULL AS ended FROM itsm.attachment WHERE id = :ticket;
RESET itsm.maintenance;

-- nothing is kept where there is no chain yet: a restore may be under way
CREATE TABLE maintenance.loaded (id integer PRIMARY KEY, status text);
SELECT itsm.attach('maintenance.loaded', 'maintenance', 'status', mode => 'enforce') AS loaded \gset
SET itsm.maintenance = on;
DELETE FROM itsm.record WHERE key = format('attachment %s', :loaded);
INSERT INTO maintenance.loaded VALUES (1, 'nowhere');
ALTER TABLE maintenance.loaded DISABLE TRIGGER ALL;
SELECT count(*) FROM itsm.record WHERE key = format('attachment %s', :loaded);

DROP SCHEMA maintenance CASCADE;
