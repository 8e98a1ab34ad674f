-- What happened to rows while a table was detached is no fault when it is attached again: not before its
-- backfill, which tells it.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA attached_again;
SELECT itsm.define_lifecycle('{"name": "attached_again", "attributes": {}, "delete": "allow",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
CREATE TABLE attached_again.ticket (id integer PRIMARY KEY, status text);
CREATE FUNCTION attached_again.faults() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', v.scope, v.object, v.detail) FROM itsm.verify() v WHERE v.object LIKE '%attached_again.%' AND (NOT v.ok OR v.scope = 'row') ORDER BY 1 $$;
SELECT itsm.attach('attached_again.ticket', 'attached_again', 'status') > 0 AS attached;
INSERT INTO attached_again.ticket SELECT n, 'new' FROM generate_series(1, 4) n;
DELETE FROM attached_again.ticket WHERE id = 1;
SELECT itsm.detach('attached_again.ticket');
-- a row that comes again, one that moves, one that goes, one that comes
INSERT INTO attached_again.ticket VALUES (1, 'done'), (5, 'new');
UPDATE attached_again.ticket SET status = 'done' WHERE id = 2;
DELETE FROM attached_again.ticket WHERE id = 3;
SELECT itsm.attach('attached_again.ticket', 'attached_again', 'status') AS again \gset
SELECT attached_again.faults();
CALL itsm.backfill(:again);
SELECT attached_again.faults();
-- but a row that comes past the trigger is one, as is one after the backfill
DELETE FROM attached_again.ticket WHERE id = 1;
SET itsm.maintenance = on;
INSERT INTO attached_again.ticket VALUES (1, 'new');
RESET itsm.maintenance;
SELECT attached_again.faults();
SET itsm.maintenance = on;
DROP SCHEMA attached_again CASCADE;
