-- Changes that occupy configuration items: bookings, the rule no_conflict, and what is asked of them.
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA change_conflict;
CREATE ROLE regress_itsm_owner;
CREATE ROLE regress_itsm_team;
GRANT USAGE, CREATE ON SCHEMA change_conflict TO regress_itsm_owner;
GRANT USAGE ON SCHEMA change_conflict TO regress_itsm_team;
-- SQLSTATE, rule and messages of a statement.
CREATE FUNCTION change_conflict.try(statement text, OUT code text, OUT rule text, OUT message text) LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE statement;
	code := 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, rule = CONSTRAINT_NAME, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	IF detail LIKE '[%' AND jsonb_array_length(detail::jsonb) > 1 THEN
		message := (SELECT string_agg(d ->> 'message', E'\n' ORDER BY d ->> 'message' COLLATE "C") FROM jsonb_array_elements(detail::jsonb) d);
	END IF;
END $$;
-- Who has booked what: keys, in brackets where nobody is held off.
CREATE FUNCTION change_conflict.booked(OUT tenant text, OUT ci text, OUT during tstzrange, OUT by_whom text) RETURNS SETOF record
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT b.tenant, c.ci, b.during, string_agg(CASE WHEN b.enforced THEN r.key ELSE format('(%s)', r.key) END, ' ' ORDER BY r.key COLLATE "C")
	FROM itsm.change_booking b JOIN itsm.booked_ci c ON c.number = lower(b.place) JOIN itsm.record r ON r.id = b.record AND r.tenant = b.tenant
	GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
$$;

SELECT itsm.define_lifecycle('{"name": "change_conflict",
	"attributes": {"title": "text", "planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]", "ci": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"},
		{"name": "implement", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": ["scheduled", "implement"]}, {"from": "scheduled", "to": ["new", "implement", "closed"]}, {"from": "implement", "to": "closed"}],
	"delete": "allow",
	"rules": [{"name": "free", "to": "scheduled", "in": ["scheduled", "implement"], "no_conflict": true, "clause": "8.5.1"}]}');
SET ROLE regress_itsm_owner;
CREATE TABLE change_conflict.change (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, cis text[], ci text, title text, tenant text, hidden boolean DEFAULT false);
SELECT itsm.attach('change_conflict.change', 'change_conflict', 'status', mode => 'enforce', tenant => 'tenant', filter => 'not hidden',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci", "title": "title"}') AS attachment \gset
INSERT INTO change_conflict.change (id, s, e, cis, ci) VALUES
	(1, '2050-01-01', '2050-01-02', '{db,web,db,NULL}', 'web'),
	(2, '2050-01-02', '2050-01-03', '{db}', NULL),
	(3, '2049-12-31', '2050-01-01', NULL, 'web'),
	(4, '2050-01-01 12:00', '2050-01-02 12:00', NULL, 'db'),
	(5, '2050-01-01 12:00', '2050-01-01 13:00', '{mail}', ' '),
	(6, '2050-01-01 12:00', '2050-01-01 13:00', '{}', ' '),
	(7, '2050-01-02', '2050-01-01', '{mail}', NULL),
	(8, '2050-01-02', 'infinity', NULL, NULL),
	(9, NULL, '2050-01-01', '{Mail}', NULL),
	(10, '2050-01-01', '2050-01-02', ARRAY[repeat('x', 1001)], NULL),
	(11, '2050-01-01', '2050-01-02', '{{web,db},{mail,new}}', NULL);

-- Contiguous times do not conflict; what is wrong with a plan is said, with counts and no values.
SELECT id, t.* FROM generate_series(1, 11) id, change_conflict.try(format('UPDATE change_conflict.change SET status = %L WHERE id = %s', 'scheduled', id)) t;
SELECT * FROM change_conflict.booked();
SELECT jsonb_path_query_array(unmet, '$[*].message') FROM itsm.allowed_transitions('change_conflict.change', '4') WHERE to_state = 'scheduled';
-- by another way into a state in which it counts
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET status = ''implement'' WHERE id = 4');
SELECT * FROM change_conflict.try('INSERT INTO change_conflict.change (id, status) VALUES (90, ''scheduled'')');
-- within a statement, and against what the transaction has done itself
SELECT * FROM change_conflict.try('INSERT INTO change_conflict.change (id, s, e, ci) SELECT i, ''2051-01-01'', ''2051-01-02'', ''fax'' FROM generate_series(20, 21) i');
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET status = ''scheduled'' WHERE id IN (20, 21)');
BEGIN;
SAVEPOINT a;
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 20;
ROLLBACK TO a;
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 21;
SAVEPOINT b;
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 20;
ROLLBACK TO b;
UPDATE change_conflict.change SET status = 'new' WHERE id = 21;
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 20;
COMMIT;
SELECT * FROM change_conflict.booked() WHERE ci = 'fax';
DELETE FROM change_conflict.change WHERE id IN (20, 21);

-- A plan that changes while it counts.
SELECT t.* FROM unnest(ARRAY['title = ''x''', 'e = ''2050-01-02 01:00''', 'ci = ''mail''', 's = ''2049-12-31 23:00''', 'e = s', 's = ''2050-01-01 06:00'', cis = ''{db,dns}'', ci = NULL']) a,
	change_conflict.try(format('UPDATE change_conflict.change SET %s WHERE id = 1', a)) t;
SELECT * FROM change_conflict.booked();
UPDATE change_conflict.change SET status = 'implement' WHERE id = 1;
UPDATE change_conflict.change SET id = 100 WHERE id = 1;
SELECT * FROM change_conflict.booked() WHERE ci = 'dns';
-- given back: closed, deleted, out of the filter; and taken again
UPDATE change_conflict.change SET status = 'closed' WHERE id = 100;
UPDATE change_conflict.change SET hidden = true WHERE id = 2;
DELETE FROM change_conflict.change WHERE id = 3;
SELECT * FROM change_conflict.booked();
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET status = ''scheduled'', s = ''2050-01-01'', e = ''2050-01-04'' WHERE id = 4');
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET hidden = false WHERE id = 2');
UPDATE change_conflict.change SET status = 'new' WHERE id = 4;
UPDATE change_conflict.change SET hidden = false WHERE id = 2;
SELECT * FROM change_conflict.booked();

-- Tenants are in nobody's way; a change may move from one to another.
INSERT INTO change_conflict.change (id, status, s, e, ci, tenant) VALUES (30, 'new', '2050-01-02', '2050-01-03', 'db', 'north'), (31, 'new', '2050-01-02', '2050-01-03', 'db', 'north');
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 30;
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET tenant = NULL WHERE id = 30');
UPDATE change_conflict.change SET tenant = 'south' WHERE id = 30;
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 31;
SELECT * FROM change_conflict.booked() WHERE ci = 'db';
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET tenant = ''south'' WHERE id = 31');
DELETE FROM change_conflict.change WHERE id IN (30, 31);

-- Exceptions and observing: tolerated, and seen by others and in the report.
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.override(regclass, text, text, text) TO regress_itsm_owner;
SET ROLE regress_itsm_owner;
UPDATE change_conflict.change SET s = '2050-01-02 12:00', e = '2050-01-02 18:00' WHERE id = 4;
BEGIN;
SELECT itsm.override('change_conflict.change', '4', 'free', 'the board wants it');
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 4;
COMMIT;
-- it goes on as it is, and another plan is judged
UPDATE change_conflict.change SET title = 'tolerated' WHERE id = 4;
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET e = e + interval ''1 hour'' WHERE id = 4');
SELECT itsm.set_mode(:attachment, 'observe');
INSERT INTO change_conflict.change (id, s, e, cis) VALUES (40, '2050-01-02 17:00', '2050-01-02 19:00', '{db,mail}'), (41, NULL, NULL, NULL);
UPDATE change_conflict.change SET status = 'scheduled' WHERE id IN (40, 41);
SELECT itsm.set_mode(:attachment, 'enforce');
INSERT INTO change_conflict.change (id, s, e, cis) VALUES (42, '2050-01-02 18:30', '2050-01-02 20:00', '{mail}');
SELECT * FROM change_conflict.try('UPDATE change_conflict.change SET status = ''scheduled'' WHERE id = 42');
SELECT * FROM change_conflict.booked();
RESET ROLE;
SELECT source, key, other_key, ci, started_at, ended_at, enforced, other_enforced FROM itsm_report.change_conflict ORDER BY key COLLATE "C", other_key COLLATE "C", ci COLLATE "C";
SELECT key, code, rule, message FROM itsm_report.violation WHERE kind = 'no_conflict' ORDER BY key COLLATE "C", message;

-- Questions: what stands against a plan, and when nothing does.
SET ROLE regress_itsm_owner;
SELECT * FROM itsm.change_conflicts('change_conflict.change', '42');
SELECT * FROM itsm.change_conflicts('change_conflict.change', '2');
SELECT * FROM change_conflict.try('SELECT itsm.change_conflicts(''change_conflict.change'', ''6'')');
SELECT * FROM change_conflict.try('SELECT itsm.next_free_slot(''change_conflict.change'', ''6'', ''1 hour'')');
SELECT d, t.* FROM unnest('{0,-1 hour,1 month -30 days}'::text[]) d, change_conflict.try(format('SELECT itsm.next_free_slot(''change_conflict.change'', ''42'', %L)', d)) t;
SELECT itsm.next_free_slot('change_conflict.change', '42', '1 hour');
SELECT itsm.next_free_slot('change_conflict.change', '40', '3 hours');
-- the gap between two is used when it is long enough
INSERT INTO change_conflict.change (id, s, e, cis) VALUES (50, '2050-02-01', '2050-02-02', '{gap}'), (51, '2050-02-02 03:00', '2050-02-03', '{gap}'), (52, '2050-02-01', NULL, '{gap}');
UPDATE change_conflict.change SET status = 'scheduled' WHERE id IN (50, 51);
SELECT d, itsm.next_free_slot('change_conflict.change', '52', d::interval) FROM unnest('{1 hour,3 hours,3:00:01,1 day,100 days}'::text[]) d;
SELECT itsm.next_free_slot('change_conflict.change', '52', '100 days', '200 days');
SELECT itsm.next_free_slot('change_conflict.change', '52', '1 day', '2 days');
RESET ROLE;
SELECT itsm.define_change_window('gap freeze', 'freeze', '2050-02-03', '2050-02-05', cis => '{gap}');
SELECT itsm.define_change_window('gap night', 'maintenance', '2050-02-02 02:00', '2050-02-02 05:00', cis => '{gap}');
SELECT itsm.define_change_window('gap other night', 'maintenance', '2050-02-04 22:00', '2050-02-05 02:00', cis => '{gap}');
SET ROLE regress_itsm_owner;
SELECT d, itsm.next_free_slot('change_conflict.change', '52', d::interval) FROM unnest('{1 hour,2 hours,3 hours}'::text[]) d;
UPDATE change_conflict.change SET e = '2050-02-05' WHERE id = 52;
SELECT * FROM itsm.change_conflicts('change_conflict.change', '52');
-- not before now
UPDATE change_conflict.change SET s = '2001-01-01', cis = '{idle}' WHERE id = 52;
SELECT lower(slot) - clock_timestamp() BETWEEN '-1 minute' AND '0' AS now, upper(slot) - lower(slot) FROM itsm.next_free_slot('change_conflict.change', '52', '1 hour') slot;

-- What the caller may not see is not told.
CREATE TABLE change_conflict.secret (LIKE change_conflict.change INCLUDING ALL);
SELECT itsm.attach('change_conflict.secret', 'change_conflict', 'status', mode => 'enforce',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci"}') > 0;
INSERT INTO change_conflict.secret (id, status, s, e, cis) VALUES (1, 'new', '2052-01-01', '2052-01-05', '{vault}'), (2, 'new', '2052-01-10', '2052-01-11', '{vault}');
UPDATE change_conflict.secret SET status = 'scheduled';
INSERT INTO change_conflict.change (id, s, e, cis) VALUES (60, '2052-01-02', '2052-01-10 12:00', '{vault}');
GRANT SELECT ON change_conflict.change TO regress_itsm_team;
SELECT * FROM itsm.change_conflicts('change_conflict.change', '60');
SET ROLE regress_itsm_team;
SELECT * FROM itsm.change_conflicts('change_conflict.change', '60');
SELECT itsm.change_conflicts('change_conflict.secret', '1');
SET ROLE regress_itsm_owner;
ALTER TABLE change_conflict.secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON change_conflict.secret FOR SELECT USING (id = 2);
GRANT SELECT ON change_conflict.secret TO regress_itsm_team;
SET ROLE regress_itsm_team;
SELECT * FROM itsm.change_conflicts('change_conflict.change', '60');
SELECT itsm.change_conflicts('change_conflict.secret', '1');
SELECT * FROM itsm.change_conflicts('change_conflict.secret', '2');
SELECT count(*) FROM itsm.change_booking;
SET ROLE regress_itsm_owner;

-- Rows that were there before; an attachment that ends gives everything back.
SELECT count(*) > 0 AS some FROM change_conflict.booked() WHERE ci = 'vault';
SELECT itsm.detach('change_conflict.secret');
SELECT * FROM change_conflict.booked() WHERE ci = 'vault';
UPDATE change_conflict.change SET status = 'scheduled' WHERE id = 60;
SELECT itsm.attach('change_conflict.secret', 'change_conflict', 'status', mode => 'enforce', filter => 'id <> 3',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci"}') AS secret \gset
INSERT INTO change_conflict.secret (id, status, s, e, cis) VALUES (3, 'scheduled', '2052-02-01', '2052-02-02', '{vault}');
SET client_min_messages = error;
CALL itsm.backfill(:secret);
SET client_min_messages = warning;
SELECT * FROM change_conflict.booked() WHERE ci = 'vault';
SELECT itsm.set_mode(:secret, 'observe');
SET client_min_messages = error;
DROP TABLE change_conflict.secret;
SET client_min_messages = warning;
SELECT * FROM change_conflict.booked() WHERE ci = 'vault';

-- Judged at the end of the transaction: changes may trade places.
CREATE TABLE change_conflict.late (LIKE change_conflict.change INCLUDING ALL);
SELECT itsm.attach('change_conflict.late', 'change_conflict', 'status', mode => 'enforce', timing => 'deferred', tenant => 'tenant',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci"}') > 0;
INSERT INTO change_conflict.late (id, status, s, e, cis) VALUES (71, 'new', '2053-01-01', '2053-01-02', '{one}'), (72, 'new', '2053-01-01', '2053-01-02', '{two}'), (73, 'new', '2053-01-01', '2053-01-02', '{one,two}');
UPDATE change_conflict.late SET status = 'scheduled' WHERE id < 73;
BEGIN;
UPDATE change_conflict.late SET cis = '{two}' WHERE id = 71;
UPDATE change_conflict.late SET cis = '{one}' WHERE id = 72;
SELECT * FROM change_conflict.booked() WHERE ci IN ('one', 'two');
COMMIT;
SELECT * FROM change_conflict.booked() WHERE ci IN ('one', 'two');
BEGIN;
UPDATE change_conflict.late SET status = 'scheduled' WHERE id = 73;
COMMIT;
BEGIN;
UPDATE change_conflict.late SET status = 'scheduled' WHERE id = 73;
UPDATE change_conflict.late SET status = 'closed' WHERE id IN (71, 72);
COMMIT;
SELECT * FROM change_conflict.booked() WHERE ci IN ('one', 'two');
-- and move to another tenant, where they are judged
INSERT INTO change_conflict.late (id, s, e, ci, tenant) VALUES (74, '2053-01-01', '2053-01-02', 'one', 'north'), (75, '2053-01-02', '2053-01-03', 'one', 'north');
UPDATE change_conflict.late SET status = 'scheduled' WHERE id IN (74, 75);
UPDATE change_conflict.late SET tenant = NULL WHERE id = 74;
UPDATE change_conflict.late SET tenant = NULL WHERE id = 75;
SELECT * FROM change_conflict.booked() WHERE ci = 'one';
RESET ROLE;

-- What happened without events, or means something else now: the rows are gone through once.
CREATE TABLE change_conflict.part (LIKE change_conflict.change INCLUDING ALL) PARTITION BY RANGE (id);
CREATE TABLE change_conflict.part_1 PARTITION OF change_conflict.part FOR VALUES FROM (1) TO (100);
CREATE TABLE change_conflict.part_2 PARTITION OF change_conflict.part FOR VALUES FROM (100) TO (200);
SELECT itsm.define_lifecycle((itsm.lifecycle_definition('change_conflict') || '{"name": "change_conflict_part"}') - 'rules');
SELECT itsm.attach('change_conflict.part', 'change_conflict_part', 'status', mode => 'enforce',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci"}') AS part \gset
INSERT INTO change_conflict.part (id, s, e, ci) SELECT i, timestamptz '2054-01-01' + i * interval '1 day', timestamptz '2054-01-02' + i * interval '1 day', 'row' FROM generate_series(1, 8) i;
UPDATE change_conflict.part SET status = 'scheduled';
UPDATE change_conflict.part SET e = e + interval '1 hour' WHERE id = 3;
UPDATE change_conflict.part SET cis = '{nowhere}', ci = '', s = e WHERE id = 8;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('change_conflict') || '{"name": "change_conflict_part"}');
SELECT * FROM change_conflict.booked() WHERE ci = 'row';
SELECT itsm.book_changes(:part);
SELECT itsm.migrate(:part);
SELECT itsm.book_changes(:part);
SELECT * FROM change_conflict.booked() WHERE ci = 'row';
-- a partition's row that moves to another keeps what it has booked
UPDATE change_conflict.part SET id = 101 WHERE id = 1;
UPDATE change_conflict.part SET id = 103, e = e + interval '1 hour', ci = 'other row' WHERE id = 3;
BEGIN;
SET LOCAL itsm.maintenance = on;
DELETE FROM change_conflict.part WHERE id = 2;
UPDATE change_conflict.part SET ci = 'another row' WHERE id = 5;
UPDATE change_conflict.part SET status = 'new' WHERE id = 6;
COMMIT;
SELECT * FROM change_conflict.booked() WHERE ci LIKE '%row';
SELECT itsm.book_changes(:part);
SELECT * FROM change_conflict.booked() WHERE ci LIKE '%row';
SET ROLE regress_itsm_team;
SELECT itsm.book_changes(:part);
RESET ROLE;
-- what nobody gave back is found, and mended
INSERT INTO itsm.change_booking SELECT record + 1000000, attachment, false, tenant, place, during FROM itsm.change_booking WHERE attachment = :part;
SELECT scope, ok, count(*), min(detail) AS detail FROM itsm.verify() WHERE scope = 'booking' GROUP BY 1, 2;
SELECT itsm.book_changes(:part);
SELECT scope, object, ok, regexp_replace(detail, '[0-9]+', 'N') AS detail FROM itsm.verify() WHERE scope = 'booking';
-- one attachment hands a change over to another: its bookings go with it
SELECT itsm.detach('change_conflict.part');
SELECT itsm.attach('change_conflict.part', 'change_conflict_part', 'status', mode => 'enforce', filter => 'not hidden',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci"}') AS part \gset
SELECT itsm.attach('change_conflict.part', 'change_conflict_part', 'status', mode => 'enforce', filter => 'hidden',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci"}') AS other \gset
UPDATE change_conflict.part SET title = 'touched', ci = 'handed row' WHERE id IN (4, 7);
UPDATE change_conflict.part SET hidden = true WHERE id = 7;
SELECT itsm.detach('change_conflict.part', :part);
SELECT * FROM change_conflict.booked() WHERE ci = 'handed row';
DELETE FROM change_conflict.part;
SELECT count(*) FROM change_conflict.booked() WHERE ci LIKE '%row';
SELECT itsm.detach('change_conflict.part');
SELECT code FROM change_conflict.try(format('SELECT itsm.book_changes(%s)', :part));
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok;
-- refused writes are remembered
SELECT key, code, rules FROM itsm_report.refusal WHERE source = 'change_conflict.change' AND code = 'IT012' AND key IN ('6', '42') ORDER BY key COLLATE "C";

DO $$ BEGIN PERFORM itsm.drop_change_window(name) FROM itsm.change_window; END $$;
SET client_min_messages = error;
DROP SCHEMA change_conflict CASCADE;
SELECT count(*) FROM itsm.change_booking;
REVOKE ALL ON FUNCTION itsm.override(regclass, text, text, text) FROM regress_itsm_owner;
DROP ROLE regress_itsm_owner, regress_itsm_team;
