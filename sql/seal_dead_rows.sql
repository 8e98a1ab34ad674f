-- Sealing looks up leaves among index entries of a seal that was rolled back.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA seal_dead_rows;
SELECT itsm.define_lifecycle('{"name": "seal_dead_rows", "states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
CREATE TABLE seal_dead_rows.ticket (id integer PRIMARY KEY, status text);
SELECT itsm.attach('seal_dead_rows.ticket', 'seal_dead_rows', 'status') > 0 AS attached;
INSERT INTO seal_dead_rows.ticket SELECT n, 'new' FROM generate_series(1, 300) n;
SELECT itsm.seal() > 0 AS sealed;
INSERT INTO seal_dead_rows.ticket SELECT n, 'new' FROM generate_series(301, 600) n;
UPDATE seal_dead_rows.ticket SET status = 'done' WHERE id % 3 = 0;
BEGIN;
SAVEPOINT once;
SELECT itsm.seal() > 0 AS sealed;
ROLLBACK TO once;
SELECT itsm.seal(100) > 0 AS sealed;
SAVEPOINT twice;
SELECT itsm.seal(100) > 0 AS sealed;
ROLLBACK TO twice;
SELECT itsm.seal(NULL, true) > 0 AS sealed;
SELECT itsm.seal() > 0 AS sealed;
COMMIT;
SELECT sum(u.events) = (SELECT count(*) FROM itsm.event e WHERE e.record IN (SELECT itsm.record_id('seal_dead_rows.ticket', n::text) FROM generate_series(1, 600) n)) AS each_once
FROM itsm.seal_run u WHERE u.record IN (SELECT itsm.record_id('seal_dead_rows.ticket', n::text) FROM generate_series(1, 600) n);
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok AND object LIKE '%seal_dead_rows.%';
SELECT itsm.detach('seal_dead_rows.ticket');
DROP SCHEMA seal_dead_rows CASCADE;
