-- A DBA's own index on a table of ours, over an expression or a part of the rows, is kept up.
SET client_min_messages = warning;
SET search_path = pg_catalog, public;
\set VERBOSITY terse
CREATE SCHEMA added_index;
CREATE TABLE added_index.ticket (id integer PRIMARY KEY, status text, title text, caller text);
SELECT itsm.attach('added_index.ticket', 'incident', 'status', attributes => '{"title": "title", "requester": "caller"}') > 0 AS attached;
CREATE INDEX added_index_lower ON itsm.record (lower(title));
CREATE INDEX added_index_part ON itsm.record (priority) WHERE state = 'new';
INSERT INTO added_index.ticket VALUES (1, 'new', 'PRINTER on fire', 'ann'), (2, 'new', 'Mail', 'bob');
UPDATE added_index.ticket SET status = 'cancelled', title = 'NO printer' WHERE id = 1;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT title FROM itsm.projection WHERE lower(title) = 'no printer' AND process = 'incident';
SELECT count(*) FROM itsm.projection WHERE lower(title) = 'printer on fire';
SELECT title FROM itsm.projection p WHERE state = 'new' AND priority IS NULL AND title = 'Mail';
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP INDEX itsm.added_index_lower, itsm.added_index_part;
SELECT itsm.detach('added_index.ticket');
SET itsm.maintenance = on;
DROP SCHEMA added_index CASCADE;
