-- What happened to a row, and what it was at a time.
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset null '~'
\set VERBOSITY terse

CREATE ROLE regress_itsm_history;
CREATE SCHEMA history AUTHORIZATION regress_itsm_history;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_history;
SELECT itsm.define_lifecycle('{"name": "history",
	"attributes": {"title": "text", "priority": "integer", "cost": "numeric", "major": "boolean", "due": "timestamptz", "share": "double precision",
		"points": "bigint", "details": "jsonb", "tags": "text[]", "small": "smallint", "spent": "interval"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}], "delete": "allow"}');
SET ROLE regress_itsm_history;

-- Values come in the JSON form of their types
CREATE TABLE history.ticket (id integer PRIMARY KEY, status text, title text, priority integer, cost numeric, major boolean, due timestamptz,
	share double precision, points bigint, details jsonb, tags text[], small smallint, spent interval, note text, unseen text);
SELECT itsm.attach('history.ticket', 'history', 'status', '{"N": "new", "W": "work", "done": "done"}', '{"title": "title", "priority": "priority", "cost": "cost",
	"major": "major", "due": "due", "share": "share", "points": "points", "details": "details", "tags": "tags", "small": "small", "spent": "spent"}',
	track => '{note}') AS ticket \gset
INSERT INTO history.ticket VALUES (1, 'N', 'A', 3, 10.50, false, '2024-03-31 01:30:00+02', 0.5, 9007199254740993, '{"a": [1, null]}', '{x,"y z"}', -7, '1 day 2 hours', 'n', 'u');
SELECT e.key, e.value->'from' AS "from", e.value->'to' AS "to", jsonb_typeof(e.value->'to') AS type FROM itsm.history('history.ticket', '1') h, jsonb_each(h.changes) e ORDER BY e.key COLLATE "C";
UPDATE history.ticket SET title = NULL, priority = 1, cost = 'NaN', major = true, due = 'infinity', share = '-Infinity', points = NULL, details = 'null', tags = '{}', small = 0, spent = NULL, note = '', unseen = 'v';
SELECT h.version, e.key, e.value->'from' AS "from", e.value->'to' AS "to" FROM itsm.history('history.ticket', '1') h, jsonb_each(h.changes) e WHERE h.version = 2 ORDER BY e.key COLLATE "C";
-- what no one tracks is not told; what does not change neither
UPDATE history.ticket SET unseen = 'w';
UPDATE history.ticket SET priority = priority, title = title;
SELECT count(*) FROM itsm.history('history.ticket', '1');
-- settings of the reader change nothing
SET datestyle = 'German, DMY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = 0;
SELECT changes->'due' AS due, changes->'share' AS share, changes->'spent' AS spent FROM itsm.history('history.ticket', '1') WHERE version = 1;
SET datestyle = 'ISO, YMD';
RESET intervalstyle;
RESET extra_float_digits;

-- Moves, who and why
UPDATE history.ticket SET status = 'W' WHERE id = 1;
BEGIN;
SELECT itsm.act_as('ada');
SET LOCAL itsm.reason = 'solved "by" ünplugging';
UPDATE history.ticket SET status = 'done', title = 'A!' WHERE id = 1;
SET LOCAL itsm.reason = '';
UPDATE history.ticket SET note = 'x' WHERE id = 1;
COMMIT;
UPDATE history.ticket SET status = 'odd' WHERE id = 1;
UPDATE history.ticket SET status = NULL WHERE id = 1;
SELECT version, kind, actor, from_state, to_state, changes, reason FROM itsm.history('history.ticket', '1') WHERE version > 2;
SELECT count(*) AS late FROM (SELECT at, lag(at) OVER (ORDER BY version) AS before FROM itsm.history('history.ticket', '1')) h WHERE at < before;

-- Keys: other spellings of the same, a change, a key that is taken over
SELECT itsm.record_id('history.ticket', '1') = itsm.record_id('history.ticket', ' 01 ') AS same, itsm.record_id('history.ticket', '2') AS none;
SELECT itsm.record_id('history.ticket', 'one');
SELECT * FROM itsm.history('history.ticket', '2');
SELECT itsm.record_id('history.ticket', '1') AS record \gset
UPDATE history.ticket SET id = 5, title = 'moved' WHERE id = 1;
SELECT itsm.record_id('history.ticket', '5') = :record AS same, itsm.record_id('history.ticket', '1') AS before;
SELECT version, kind, changes FROM itsm.history('history.ticket', '5') WHERE version > 7;
INSERT INTO history.ticket (id, status) VALUES (1, 'N'), (2, 'N');
SELECT itsm.record_id('history.ticket', '1') <> :record AS new_one;
SELECT string_agg(kind, ' ' ORDER BY version) FROM itsm.history('history.ticket', '1');
-- two rows exchange their keys
ALTER TABLE history.ticket DROP CONSTRAINT ticket_pkey, ADD CONSTRAINT ticket_pkey PRIMARY KEY (id) DEFERRABLE;
UPDATE history.ticket SET title = 'was ' || id WHERE id IN (1, 2);
SELECT itsm.record_id('history.ticket', '1') AS first, itsm.record_id('history.ticket', '2') AS second \gset
UPDATE history.ticket SET id = 3 - id WHERE id IN (1, 2);
SELECT itsm.record_id('history.ticket', '1') = :second AS swapped, itsm.record_id('history.ticket', '2') = :first AS too;
SELECT itsm.record_as_of('history.ticket', '1', 'infinity')->'attributes'->'title' AS title;
ALTER TABLE history.ticket DROP CONSTRAINT ticket_pkey, ADD CONSTRAINT ticket_pkey PRIMARY KEY (id);

-- A row that is deleted keeps its history, and goes on with it when the key comes back
DELETE FROM history.ticket WHERE id = 5;
SELECT version, kind, from_state, to_state FROM itsm.history('history.ticket', '5') ORDER BY version DESC LIMIT 1;
SELECT itsm.record_as_of('history.ticket', '5', 'infinity');
INSERT INTO history.ticket (id, status, title) VALUES (5, 'N', 'back');
SELECT itsm.record_id('history.ticket', '5') = :record AS same;
SELECT version, kind, from_state, to_state, changes FROM itsm.history('history.ticket', '5') WHERE version > 9;

-- The row as it was after each event, and before the first
-- (a change of the key and what changed with it have the same time or nearly so)
SELECT h.version, w->'version' AS version, w->'state' AS state, a->'status' AS status, a->'title' AS title, a->'priority' AS priority, a->'note' AS note
FROM itsm.history('history.ticket', '5') h, itsm.record_as_of('history.ticket', '5', h.at) w, jsonb_extract_path(w, 'attributes') a WHERE h.version <> 8 ORDER BY h.version;
SELECT itsm.record_as_of('history.ticket', '5', at - interval '1 microsecond') AS before FROM itsm.history('history.ticket', '5') WHERE version = 1;
SELECT itsm.record_as_of('history.ticket', '5', '-infinity'), itsm.record_as_of('history.ticket', '5', NULL);
SELECT (itsm.record_as_of('history.ticket', '5', h.at)->>'at')::timestamptz = h.at AS same FROM itsm.history('history.ticket', '5') h WHERE version = 4;
SELECT itsm.record_as_of('history.ticket', '5', 'infinity') - 'at' = itsm.record_as_of('history.ticket', '5', now() + interval '1 day') - 'at';

-- Several changes in one transaction are told in order, what was taken back is not
BEGIN;
INSERT INTO history.ticket (id, status, title, priority) VALUES (7, 'N', 'a', 1);
UPDATE history.ticket SET title = 'b' WHERE id = 7;
SAVEPOINT s;
UPDATE history.ticket SET title = 'lost', status = 'W' WHERE id = 7;
SELECT count(*) FROM itsm.history('history.ticket', '7');
ROLLBACK TO s;
UPDATE history.ticket SET title = 'c', status = 'W' WHERE id = 7;
COMMIT;
SELECT version, kind, to_state, changes FROM itsm.history('history.ticket', '7');

-- Writes nested in a trigger are judged in another order than they were made; the row's own values stand in the end
CREATE FUNCTION history.again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE history.nested SET title = new.title || '+' WHERE id = new.id AND length(title) < 4; RETURN NULL; END $$;
CREATE TABLE history.nested (id integer PRIMARY KEY, status text, title text);
CREATE TRIGGER a_again AFTER INSERT OR UPDATE ON history.nested FOR EACH ROW EXECUTE FUNCTION history.again();
SELECT itsm.attach('history.nested', 'history', 'status', attributes => '{"title": "title"}') > 0;
INSERT INTO history.nested VALUES (1, 'new', 'a');
SELECT itsm.record_as_of('history.nested', '1', 'infinity')->'attributes'->'title' AS title, title AS stored FROM history.nested;

-- A tracked column beside an attribute of the same name, and beside the status
CREATE TABLE history.named (id integer PRIMARY KEY, state text, status text, title text);
SELECT itsm.attach('history.named', 'history', 'state', attributes => '{"title": "upper(title)"}', track => '{title, status}') > 0;
INSERT INTO history.named VALUES (1, 'new', 's', 'a');
UPDATE history.named SET title = 'A', status = 't' WHERE id = 1;
SELECT version, changes FROM itsm.history('history.named', '1');
SELECT itsm.record_as_of('history.named', '1', 'infinity')->'attributes' AS attributes;

-- Compound keys
CREATE TABLE history.compound (a text, b date, c integer, status text, title text, PRIMARY KEY (a, b));
SELECT itsm.attach('history.compound', 'history', 'status', attributes => '{"title": "title"}') > 0;
INSERT INTO history.compound VALUES ('x', '2024-02-29', 1, 'new', 't'), ('a,"b" (c)\', 'infinity', 2, 'new', 'u'), ('', '2024-01-01', 3, 'new', 'v');
SELECT version, changes->'title'->'to' AS title FROM itsm.history('history.compound', '(x,2024-02-29)');
SELECT version, changes->'title'->'to' AS title FROM itsm.history('history.compound', '(x,"29 Feb 2024")');
SELECT c, (SELECT changes->'title'->'to' FROM itsm.history('history.compound', row(t.a, t.b)::text)) AS title FROM history.compound t ORDER BY c;
SELECT * FROM itsm.history('history.compound', 'x');
SELECT * FROM itsm.history('history.compound', '(x)');
SELECT * FROM itsm.history('history.compound', '(x,2024-02-29,1)');
SELECT * FROM itsm.history('history.compound', '(x,2024-02-30)');
SELECT * FROM itsm.history('history.compound', '(y,2024-02-29)');
UPDATE history.compound SET b = '2024-03-01' WHERE a = 'x';
SELECT version, kind FROM itsm.history('history.compound', '(x,2024-03-01)');

-- Tenants: a key is found whatever the tenant; a move to another tenant begins anew there
CREATE TABLE history.rented (id integer PRIMARY KEY, status text, title text, customer text);
SELECT itsm.attach('history.rented', 'history', 'status', attributes => '{"title": "title"}', tenant => 'customer') > 0;
INSERT INTO history.rented VALUES (1, 'new', 'a', 'north'), (2, 'new', 'b', 'south'), (3, 'new', 'c', NULL);
SELECT i, (SELECT changes->'title'->'to' FROM itsm.history('history.rented', i::text)) AS title FROM generate_series(1, 3) i;
SELECT itsm.record_id('history.rented', '1') AS record \gset
UPDATE history.rented SET customer = 'south', status = 'work', title = 'A' WHERE id = 1;
SELECT itsm.record_id('history.rented', '1') <> :record AS another;
SELECT version, kind, from_state, to_state, changes FROM itsm.history('history.rented', '1');
SELECT itsm.record_as_of('history.rented', '1', 'infinity') - 'at' AS now;
RESET ROLE;
SELECT r.tenant, r.key, r.deleted, e.version, e.kind, e.from_state, e.to_state FROM itsm.record r JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id WHERE r.id = :record ORDER BY e.version;
SET ROLE regress_itsm_history;

-- Partitions and children answer for their rows
CREATE TABLE history.whole (id integer PRIMARY KEY, status text, title text) PARTITION BY RANGE (id);
CREATE TABLE history.part PARTITION OF history.whole FOR VALUES FROM (0) TO (10);
CREATE TABLE history.child (PRIMARY KEY (id)) INHERITS (history.nested);
SELECT itsm.attach('history.whole', 'history', 'status', attributes => '{"title": "title"}') > 0;
INSERT INTO history.whole VALUES (1, 'new', 'p');
SELECT itsm.record_id('history.whole', '1') = itsm.record_id('history.part', '1') AS same;

-- What is asked for wrongly
SELECT * FROM itsm.history('history.missing', '1');
SELECT * FROM itsm.history(0::regclass, '1');
CREATE TABLE history.free (id integer PRIMARY KEY);
SELECT * FROM itsm.history('history.free', '1');
SELECT itsm.record_id('history.free', '1');
SELECT * FROM itsm.history('history.ticket', NULL);

-- Detached, history stays; and the record as it was before stays known
SELECT itsm.detach('history.ticket');
UPDATE history.ticket SET title = 'unseen' WHERE id = 7;
SELECT count(*) FROM itsm.history('history.ticket', '7');
SELECT itsm.record_as_of('history.ticket', '7', 'infinity')->'attributes'->'title' AS title;
ALTER TABLE history.ticket DROP COLUMN note, DROP COLUMN priority;
SELECT itsm.record_as_of('history.ticket', '7', 'infinity')->'attributes' AS attributes;

RESET ROLE;
REVOKE EXECUTE ON FUNCTION itsm.act_as(text) FROM regress_itsm_history;
SET itsm.maintenance = on;
DROP SCHEMA history CASCADE;
DROP ROLE regress_itsm_history;
