-- itsm.verify(): nothing to complain of where all is well, and every way of tampering found.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();

SELECT itsm.define_lifecycle('{"name": "verified", "attributes": {"title": "text", "priority": "integer", "place": "text", "looked_up": "text"}, "states": [
	{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
	{"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "closed"}],
	"delete": "allow", "rules": [{"name": "titled", "requires": "title"}]}');
CREATE FUNCTION look_up(id int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN 'once'; END $$;
CREATE TABLE ticket (id int PRIMARY KEY, status text, title text, prio int, note text, branch text NOT NULL DEFAULT 'a', free boolean DEFAULT false);
SELECT itsm.attach('ticket', 'verified', 'status', states => '{"New!": "new", "In work": "work", "closed": "closed"}',
	attributes => '{"title": "title", "priority": "prio", "place": "upper(note)", "looked_up": "look_up(id)"}', filter => 'not free', track => '{note}', tenant => 'branch') AS attachment \gset
INSERT INTO ticket SELECT n, 'New!', 'ticket ' || n, n, 'n' || n, CASE WHEN n > 8 THEN 'b' ELSE 'a' END FROM generate_series(1, 10) n;
UPDATE ticket SET status = 'In work' WHERE id BETWEEN 2 AND 6;
UPDATE ticket SET title = NULL WHERE id = 3;
UPDATE ticket SET status = 'closed', prio = NULL WHERE id IN (4, 8);
DELETE FROM ticket WHERE id = 5;
UPDATE ticket SET id = 60 WHERE id = 6;
UPDATE ticket SET branch = 'b' WHERE id = 7;
UPDATE ticket SET free = true WHERE id = 10;

CREATE FUNCTION maintenance(mode text) RETURNS void LANGUAGE sql AS $$
	SELECT CASE WHEN EXISTS (SELECT FROM pg_settings WHERE name = 'itsm.maintenance') THEN set_config('itsm.maintenance', mode, true) END $$;
-- What verify finds after a command, which is then taken back.
CREATE FUNCTION found(VARIADIC commands text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	command text;
	faults text;
BEGIN
	PERFORM maintenance('on');
	FOREACH command IN ARRAY commands LOOP
		EXECUTE command;
	END LOOP;
	PERFORM maintenance('off');
	SELECT string_agg(scope || ': ' || regexp_replace(object, '^record \d+ ?', '') || ': ' || detail, E'\n' ORDER BY v.n) INTO faults
	FROM (SELECT row_number() OVER () AS n, f.* FROM itsm.verify() f WHERE NOT ok AND object !~ 'itsm configuration') v;
	RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = coalesce(faults, 'nothing');
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	RETURN SQLERRM;
END $$;
-- The same for a command that goes past the trigger.
CREATE FUNCTION found_past_trigger(command text) RETURNS text LANGUAGE sql AS $$
	SELECT found('ALTER TABLE ticket DISABLE TRIGGER ALL', command) $$;
CREATE FUNCTION record_of(key text) RETURNS bigint LANGUAGE sql AS $$ SELECT itsm.record_id('ticket', $1) $$;

SELECT is(found('SELECT 1'), 'nothing', 'nothing is found where nothing is wrong');
SELECT set_eq($$SELECT scope, object, detail FROM itsm.verify() WHERE ok AND scope <> 'partition' AND object <> 'itsm configuration'$$, $$VALUES
	('chain', 'public.ticket', '11 records, 23 events'), ('head', 'public.ticket', '11 records'), ('state', 'public.ticket', '11 records'),
	('projection', 'public.ticket', '11 records'), ('violation', 'public.ticket', '2 violations'), ('row', 'public.ticket', '8 rows are as their last events say'),
	('policy', 'policies', 'policies and grants are as their events tell')$$,
	'what was found right is counted');
SELECT ok((SELECT count(*) >= 4 AND sum(split_part(detail, ' ', 1)::int) >= 23 FROM itsm.verify() WHERE ok AND scope = 'partition'), 'and so are events by partition');

-- The chain.
SELECT is(found($$DELETE FROM itsm.event WHERE record = record_of('2') AND version = 1$$),
	E'chain: version 1 (public.ticket 2) of tenant "a": the event is missing', 'the first event gone');
SELECT is(found($$DELETE FROM itsm.event WHERE record = record_of('3') AND version IN (1, 2)$$),
	E'chain: version 1 (public.ticket 3) of tenant "a": events up to version 2 are missing', 'the first two gone');
SELECT is(found($$DELETE FROM itsm.event WHERE record = record_of('3') AND version = 2$$),
	E'chain: version 2 (public.ticket 3) of tenant "a": the event is missing', 'one in the middle gone');
SELECT matches(found($$DELETE FROM itsm.event WHERE record = record_of('2') AND version = 2$$),
	'^head: \(public.ticket 2\) of tenant "a": the head is at version 2, the last event is version 1\n', 'the last one gone');
SELECT is(found($$DELETE FROM itsm.event WHERE record = record_of('2') AND version = 2$$,
		$$UPDATE itsm.record r SET version = 1, hash = e.hash, at = e.at FROM itsm.event e WHERE r.id = e.record AND e.version = 1 AND r.id = record_of('2')$$,
		$$UPDATE itsm.record_state s SET state = 'new', category = 'new', entered_at = r.at FROM itsm.record r WHERE r.id = s.record AND s.record = record_of('2')$$,
		$$UPDATE itsm.projection p SET state = 'new', category = 'new', transitions = 0, first_response_at = NULL, changed_at = r.at FROM itsm.record r WHERE r.id = p.record AND p.record = record_of('2')$$),
	'row: (public.ticket 2) of tenant "a": the row''s status is "In work", its last event says "New!"', 'the last one gone, and head, state and projection made to fit: the row still tells');
SELECT is(found($$UPDATE itsm.event SET $$ || change || $$ WHERE record = record_of('2') AND version = 1$$),
	'chain: version 1 (public.ticket 2) of tenant "a": the hash is not that of the event and the one before it', 'changed: ' || change)
FROM unnest(ARRAY['xid = xid8 ''1''', 'system = system + 1', 'timeline = timeline + 1', 'command = command + 1', 'lifecycle_version = 2', 'from_state = ''work''',
	'session_role = ''x''', 'role = ''x''', 'actor = ''x''', 'application = ''x''']) change;
SELECT matches(found($$UPDATE itsm.event SET $$ || change || $$ WHERE record = record_of('2') AND version = 2$$),
	'^chain: version 2 \(public.ticket 2\) of tenant "a": the hash is not that of the event and the one before it', 'changed in the last event: ' || change)
FROM unnest(ARRAY['kind = ''updated''', 'to_state = ''closed''', 'attachment = 99', 'lifecycle_version = 2', 'at = at + interval ''1 microsecond''']) change;
SELECT matches(found($$UPDATE itsm.event SET at = at - interval '1 second' WHERE record = record_of('2') AND version = 2$$),
	'hash is not.*\nchain: version 2 .*: its time is before that of the event before it', 'a time that goes back');
SELECT is(found($$UPDATE itsm.event SET hash = sha256(hash) WHERE record = record_of('2') AND version = 1$$),
	E'chain: version 1 (public.ticket 2) of tenant "a": the hash is not that of the event and the one before it\n'
	'chain: version 2 (public.ticket 2) of tenant "a": the hash is not that of the event and the one before it', 'a changed hash breaks the next one too');
SELECT is(found($$UPDATE itsm.event SET body = overlay(body PLACING '\x42' FROM position('\x000000026e31'::bytea IN body) + 5) WHERE record = record_of('1')$$),
	'chain: version 1 (public.ticket 1) of tenant "a": the hash is not that of the event and the one before it' || E'\n' ||
	'row: (public.ticket 1) of tenant "a": column "note" of the row is not what its events say', 'a changed value');
SELECT is(found($$UPDATE itsm.event SET body = set_byte(body, length(body) - 1, 66) WHERE record = record_of('1')$$),
	'chain: version 1 (public.ticket 1) of tenant "a": the hash is not that of the event and the one before it' || E'\n' ||
	'head: (public.ticket 1) of tenant "a": key is "1", the events say "B"', 'a changed key in the event');
SELECT is(found($$UPDATE itsm.event SET body = substr(body, 1, length(body) - 1) WHERE record = record_of('1')$$),
	'chain: version 1 (public.ticket 1) of tenant "a": the event cannot be read: body of an event is not well-formed', 'a body cut short');
SELECT is(found($$UPDATE itsm.event SET body = '\xff' WHERE record = record_of('1')$$),
	'chain: version 1 (public.ticket 1) of tenant "a": the event cannot be read: body of an event is not well-formed', 'a body that is none');
SELECT is(found($$UPDATE itsm.event SET body = body || '\x0000000100' || decode(repeat('00', 16), 'hex') || '\x0000000180' WHERE record = record_of('1')$$),
	'chain: version 1 (public.ticket 1) of tenant "a": the event cannot be read: invalid byte sequence for encoding "UTF8": 0x80', 'a text that is none');
SELECT is(found($$UPDATE itsm.event SET hash = '\x00' WHERE record = record_of('1')$$),
	E'chain: version 1 (public.ticket 1) of tenant "a": the hash is not that of the event and the one before it\nhead: (public.ticket 1) of tenant "a": its hash is not that of the last event', 'a hash of another length');
SELECT is(found('ALTER TABLE itsm.event ALTER COLUMN body DROP NOT NULL', $$UPDATE itsm.event SET body = NULL WHERE record = record_of('1')$$),
	'chain: version 1 (public.ticket 1) of tenant "a": the event cannot be read: an event has a null where none can be', 'a null');
SELECT is(found($$DO 'DECLARE p regclass; BEGIN SELECT tableoid INTO p FROM itsm.event WHERE record = record_of(''2'') AND version = 1;
		EXECUTE format(''ALTER TABLE %s DROP CONSTRAINT %I'', p, (SELECT conname FROM pg_constraint WHERE conrelid = p AND contype = ''p'')); END'$$,
		$$INSERT INTO itsm.event SELECT * FROM itsm.event WHERE record = record_of('2') AND version = 1$$),
	'chain: version 1 (public.ticket 2) of tenant "a": the event is there more than once', 'an event doubled');
SELECT is(found($$INSERT INTO itsm.event SELECT 999999, version, at, xid, system, timeline, command, attachment, lifecycle_version, kind, tenant, from_state, to_state, session_role, role, actor, application, body, hash
		FROM itsm.event WHERE record = record_of('2')$$),
	E'chain: version 1 of tenant "a": the hash is not that of the event and the one before it\nchain: version 2 of tenant "a": the hash is not that of the event and the one before it\n'
	'chain: of tenant "a": 2 events without a record', 'events of a record that is not');
SELECT is(found($$UPDATE itsm.event SET tenant = 'b' WHERE record = record_of('1')$$),
	E'head: (public.ticket 1) of tenant "a": it has no events\n'
	'chain: version 1 of tenant "b": the hash is not that of the event and the one before it\nchain: of tenant "b": 1 events without a record', 'events moved to another tenant');

-- The head.
SELECT is(found($$DELETE FROM itsm.record WHERE id = record_of('2')$$), E'chain: of tenant "a": 2 events without a record\n'
	'state: of tenant "a": a row in itsm.record_state without a record', 'a head gone');
SELECT matches(found($$UPDATE itsm.record SET version = version + 1 WHERE id = record_of('2')$$), 'the head is at version 3, the last event is version 2', 'a head ahead');
SELECT is(found($$UPDATE itsm.record SET $$ || change || $$ WHERE id = record_of('2')$$), 'head: (public.ticket 2) of tenant "a": ' || detail, 'head: ' || change)
FROM (VALUES ('hash = sha256(hash)', 'its hash is not that of the last event'), ('at = at + interval ''1 s''', 'its time is not that of the last event')) t(change, detail);
SELECT matches(found($$UPDATE itsm.record SET $$ || change || $$ WHERE id = record_of('2')$$), detail, 'head: ' || change)
FROM (VALUES ('attachment = 0', 'attachment is 0, the events say'), ('deleted = true', 'deleted is true, the events say false'), ('source = 4711', 'its source 4711 is not registered')) t(change, detail);
SELECT matches(found($$UPDATE itsm.record SET key = '61' WHERE id = record_of('60')$$), 'key is "61", the events say "60"', 'a changed key');
SELECT matches(found($$UPDATE itsm.record SET key = '100' WHERE id = record_of('1')$$), '^head: \(public.ticket 100\) of tenant "a": key is "100", the events say "1"\n(.*\n)*row: \(public.ticket 100\) of tenant "a": the row is gone', 'a key that never changed');
SELECT is(found($$UPDATE itsm.record SET key = '100' WHERE key = '5'$$), 'head: (public.ticket 100) of tenant "a": key is "100", the events say "5"', 'the key of a deleted row');
SELECT matches(found('ALTER TABLE ticket DISABLE TRIGGER ALL', 'UPDATE ticket SET id = -id WHERE id IN (1, 2)',
	$$UPDATE ticket SET id = 3 + id, title = 'ticket ' || 3 + id, prio = 3 + id, note = 'n' || 3 + id, status = CASE id WHEN -1 THEN 'In work' ELSE 'New!' END WHERE id < 0$$,
	$$UPDATE itsm.record SET key = -key::int WHERE key IN ('1', '2')$$, $$UPDATE itsm.record SET key = 3 + key::int WHERE key IN ('-1', '-2')$$),
	'head: .*: key is "1", the events say "2"', 'two rows that exchanged their histories');
SELECT matches(found(format($$UPDATE itsm.record SET hash = '\x01' WHERE id = %s$$, record_of('1'))), 'its row in itsm.record cannot be read: hash of record \d+ has a wrong length', 'a head that cannot be read');

-- The state row and the projection.
SELECT is(found($$UPDATE itsm.record_state SET $$ || change || $$ WHERE record = record_of('2')$$), detail, 'state row: ' || change)
FROM (VALUES ('state = ''closed''', 'state: (public.ticket 2) of tenant "a": state is "closed", the events say "work"'),
	('lifecycle_version = 7', E'state: (public.ticket 2) of tenant "a": lifecycle version is 7, the events say 1\nrow: (public.ticket 2) of tenant "a": the row cannot be compared: lifecycle "verified" has no version 7'),
	('category = ''closed''', 'projection: (public.ticket 2) of tenant "a": its category is not that of the state row')) t(change, detail);
SELECT is(found($$DELETE FROM itsm.record_state WHERE record = record_of('2')$$), 'state: (public.ticket 2) of tenant "a": it has no row in itsm.record_state', 'no state row');
SELECT is(found($$UPDATE itsm.projection SET $$ || change || $$ WHERE record = record_of('2')$$), 'projection: (public.ticket 2) of tenant "a": ' || detail, 'projection: ' || change)
FROM (VALUES ('state = NULL', 'state is none, the events say "work"'),
	('transitions = 0', 'number of transitions is 0, the events say 1'), ('title = ''x''', 'attribute "title" is not what the events say'),
	('priority = 5', 'attribute "priority" is not what the events say'), ('extra = NULL', 'attribute "place" is not what the events say'),
	('category = NULL', 'its category is not that of the state row')) t(change, detail);
SELECT is(found($$UPDATE itsm.record SET process = NULL WHERE id = record_of('2')$$), 'projection: (public.ticket 2) of tenant "a": it has no projection', 'no projection');
SELECT is(found($$INSERT INTO itsm.record_state VALUES (999999, now(), 1, '', 'verified', 'new', 'new')$$), 'state: : a row in itsm.record_state without a record', 'a state row without a record');

SELECT is(found($$UPDATE itsm.record SET $$ || change || $$ WHERE key = '5'$$), 'projection: (public.ticket 5) of tenant "a": attribute "' || attribute || '" is not what the events say', 'of a deleted row: ' || change)
FROM (VALUES ('title = ''x''', 'title'), ('title = NULL', 'title'), ('priority = 99', 'priority')) t(change, attribute);

-- Violations.
SELECT is(found($$DELETE FROM itsm.violation WHERE record = record_of('3')$$), 'violation: version 3 (public.ticket 3) of tenant "a": rows in itsm.violation are not those in the event''s body', 'a violation gone');
SELECT is(found($$UPDATE itsm.violation SET message = 'x' WHERE record = record_of('3')$$), 'violation: version 3 (public.ticket 3) of tenant "a": rows in itsm.violation are not those in the event''s body', 'a violation changed');
SELECT is(found($$UPDATE itsm.violation SET at = at - interval '1 s' WHERE record = record_of('3')$$), 'violation: version 3 (public.ticket 3) of tenant "a": position 1 has another time or attachment than its event', 'its time');
SELECT is(found($$UPDATE itsm.violation SET version = 9 WHERE record = record_of('3')$$),
	E'violation: version 3 (public.ticket 3) of tenant "a": rows in itsm.violation are not those in the event''s body\nviolation: version 9 (public.ticket 3) of tenant "a": a row in itsm.violation has no event', 'its version');

-- Rows, changed past the trigger.
SELECT is(found_past_trigger('UPDATE ticket SET ' || change || ' WHERE id = 2'), detail, 'row: ' || change)
FROM (VALUES ('status = ''closed''', 'row: (public.ticket 2) of tenant "a": the row''s status is "closed", its last event says "In work"'),
	('status = NULL', 'row: (public.ticket 2) of tenant "a": the row''s status is null, its last event says "In work"'),
	('title = ''x''', 'row: (public.ticket 2) of tenant "a": attribute "title" of the row is not what its events say'),
	('title = NULL', 'row: (public.ticket 2) of tenant "a": attribute "title" of the row is not what its events say'),
	('note = ''x''', E'row: (public.ticket 2) of tenant "a": attribute "place" of the row is not what its events say\nrow: (public.ticket 2) of tenant "a": column "note" of the row is not what its events say'),
	('free = true', 'row: (public.ticket 2) of tenant "a": no attachment governs the row'),
	('branch = ''b''', 'row: (public.ticket 2) of tenant "a": the row belongs to another tenant'),
	('id = 200', 'row: (public.ticket 2) of tenant "a": the row is gone, and no event says so')) t(change, detail);
SELECT is(found_past_trigger('DELETE FROM ticket WHERE id = 2'), 'row: (public.ticket 2) of tenant "a": the row is gone, and no event says so', 'a row deleted');
SELECT is(found_past_trigger('TRUNCATE ticket') ~ '^(row: \(public.ticket \d+\) of tenant "[ab]": the row is gone, and no event says so\n?){8}$', true, 'the table truncated');
SELECT is(found_past_trigger('INSERT INTO ticket VALUES (5, ''New!'', ''t'')'), 'row: public.ticket 5: the row is there, but its last event says that it was deleted', 'a deleted row again');
SELECT is(found_past_trigger('INSERT INTO ticket VALUES (100, ''New!'', ''t'')'), 'nothing', 'a row without a record may be from before the attachment');
SELECT is(found_past_trigger('UPDATE ticket SET free = false WHERE id = 10'), 'nothing', 'and so may one that came under it');
SELECT is(found('CREATE OR REPLACE FUNCTION look_up(id int) RETURNS text LANGUAGE plpgsql VOLATILE AS $f$ BEGIN RETURN ''twice''; END $f$'), 'nothing', 'what is looked up elsewhere may change');
SELECT is(found('ALTER TABLE ticket ADD COLUMN later text DEFAULT ''x'''), 'nothing', 'a new column with a default');
SELECT is((SELECT drifted_rows FROM itsm_report.attachment_health WHERE attachment = :attachment), 0::bigint, 'no row has drifted');
CREATE FUNCTION drifted(command text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	rows bigint;
BEGIN
	PERFORM maintenance('on');
	ALTER TABLE ticket DISABLE TRIGGER ALL;
	EXECUTE command;
	SELECT sum(drifted_rows) INTO rows FROM itsm_report.attachment_health;
	RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = rows;
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	RETURN SQLERRM;
END $$;
SELECT is(drifted(command), rows::bigint, 'drifted after ' || command)
FROM (VALUES ('UPDATE ticket SET status = ''closed''', 6), ('UPDATE ticket SET title = ''x''', 0), ('DELETE FROM ticket WHERE id IN (1, 2)', 2),
	('UPDATE ticket SET free = true WHERE id IN (1, 2)', 2), ('INSERT INTO ticket VALUES (5, ''New!'')', 1), ('INSERT INTO ticket VALUES (100, ''New!'')', 0)) t(command, rows);

-- Rows from before have records once the backfill is finished; then none may be without.
CALL itsm.backfill(:attachment);
SELECT is(found_past_trigger('INSERT INTO ticket VALUES (100, ''New!'', ''t'')'), 'row: public.ticket 100: the row has no record', 'a row past the trigger after the backfill');
SELECT is(found_past_trigger('UPDATE ticket SET free = false WHERE id = 10'), format('row: public.ticket 10: attachment %s governs the row, its last event says 0', :attachment), 'a row that came under the attachment');
SELECT is(drifted('INSERT INTO ticket VALUES (100, ''New!'')'), 1::bigint, 'and it has drifted');

-- Versions, migration, import, detaching and attaching again leave nothing to complain of.
SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('verified'), '{attributes,later}', '"text"'));
UPDATE ticket SET status = 'In work' WHERE id = 1;
UPDATE ticket SET note = 'other' WHERE id = 2;
SELECT is(found('SELECT 1'), 'nothing', 'after a new version');
SELECT itsm.migrate(:attachment) > 0 AS migrated \gset
SELECT is(found('SELECT 1'), 'nothing', 'after a migration');
SELECT itsm.import_events(:attachment, $$VALUES ('1', timestamptz '2024-01-05 12:00', 'new'), ('1', '2024-02-05 12:00', 'closed'), ('999', '2024-01-05 12:00', 'new')$$) AS imported \gset
SELECT itsm.import_events(:attachment, $$VALUES ('999', timestamptz '2024-03-05 12:00', 'work'), ('999', '2024-02-05 12:00', 'nowhere')$$) AS imported \gset
SELECT is((SELECT state FROM itsm.projection WHERE key = '999'), 'work', 'the state of a record without a row is the latest that was imported');
SELECT is(found('SELECT 1'), 'nothing', 'after an import');
SELECT itsm.detach('ticket');
UPDATE ticket SET status = 'New!', title = 'while detached', note = NULL;
SELECT is(found('SELECT 1'), 'nothing', 'detached: rows go their own way');
SELECT is(found($$UPDATE itsm.record SET title = 'x' WHERE key = '2'$$), 'projection: (public.ticket 2) of tenant "a": attribute "title" is not what the events say', 'but what is told of them stays as it was');
SELECT is(found($$UPDATE itsm.record SET title = 'x' WHERE key = '999'$$), 'projection: (public.ticket 999): attribute "title" is not what the events say', 'also where no row was ever seen');
SELECT itsm.attach('ticket', 'verified', 'status', states => '{"New!": "new", "In work": "work", "closed": "closed"}', attributes => '{"title": "title"}', filter => 'not free', track => '{note}', tenant => 'branch') AS attachment \gset
SELECT is(found('SELECT 1'), 'nothing', 'attached again: records are those of before');
UPDATE ticket SET status = 'In work' WHERE id = 1;
CALL itsm.backfill(:attachment);
SELECT is(found('SELECT 1'), 'nothing', 'and taken on');

-- A pure read, for those to whom it is granted.
CREATE ROLE pgtap_auditor;
SET LOCAL ROLE pgtap_auditor;
SELECT throws_ok('SELECT * FROM itsm.verify()', '42501', NULL, 'not for everybody');
SELECT throws_ok(format('SELECT itsm.drift(%s)', :attachment), '42501', NULL, 'nor is what the report of health shows');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.verify() TO pgtap_auditor;
SET LOCAL ROLE pgtap_auditor;
SELECT is_empty('SELECT * FROM itsm.verify() WHERE NOT ok', 'for whom it is granted to');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
