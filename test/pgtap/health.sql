-- itsm.health: each concern, amiss and mended.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT no_plan();
CREATE FUNCTION level(of_concern text) RETURNS text LANGUAGE sql AS $$SELECT level FROM itsm.health() WHERE concern = of_concern$$;
CREATE FUNCTION about(of_concern text) RETURNS text LANGUAGE sql AS $$SELECT message FROM itsm.health() WHERE concern = of_concern$$;

SELECT set_eq('SELECT concern FROM itsm.health()', ARRAY['settings', 'guards', 'attachments', 'backfill', 'partitions', 'seal', 'verification', 'refusals', 'relationships', 'version'], 'one row per concern');
SELECT results_eq('SELECT DISTINCT level, action FROM itsm.health()', $$VALUES ('ok', NULL::text)$$, 'all is well in an empty database');

CREATE TABLE ticket (id integer PRIMARY KEY, status text);
INSERT INTO ticket SELECT n, 'new' FROM generate_series(1, 3) AS n;
SELECT itsm.attach('ticket', 'incident', 'status', mode => 'enforce') AS attachment \gset
SELECT is(level('partitions'), 'ok', 'attaching made the partitions');
SELECT is(level('attachments'), 'ok', 'rules that are not judged are no fault');
SELECT alike(about('attachments'), '1 attachments are in force; 1 of them%', 'they are counted');
SELECT is(level('verification'), 'warning', 'never verified');
SELECT is(itsm.note_verification(), 0::bigint, 'verified');
SELECT is(level('verification'), 'ok', 'verified lately');

-- triggers and columns
SET itsm.maintenance = on;
SELECT is(level('settings'), 'critical', 'maintenance in this session');
ALTER TABLE ticket DISABLE TRIGGER itsm_judge;
RESET itsm.maintenance;
SELECT is(level('settings'), 'ok', 'and no more');
SELECT is(level('attachments'), 'critical', 'a trigger is off');
SELECT alike(about('attachments'), 'public.ticket: the trigger is not ENABLE ALWAYS%', 'it says which');
ALTER TABLE ticket ENABLE ALWAYS TRIGGER itsm_judge;
SELECT is(level('attachments'), 'ok', 'armed again');

-- settings of the database
SELECT format('ALTER DATABASE %I SET itsm.history = off', current_database()) \gexec
SELECT is(level('settings'), 'critical', 'no history by a setting of the database');
SELECT alike(about('settings'), '%itsm.history (database ' || current_database() || ')%', 'it says where');
SELECT format('ALTER DATABASE %I RESET itsm.history', current_database()) \gexec
SELECT is(level('settings'), 'ok', 'reset');

-- event triggers
SET client_min_messages = error;
ALTER EVENT TRIGGER itsm_guard_drop DISABLE;
SELECT is(about('guards'), 'event triggers missing or not ENABLE ALWAYS: itsm_guard_drop', 'DDL is not watched');
ALTER EVENT TRIGGER itsm_guard_drop ENABLE ALWAYS;
SET client_min_messages = warning;
SELECT is(level('guards'), 'ok', 'it is again');

-- seals
SELECT is(level('seal'), 'ok', 'events of today may wait');
CALL itsm.backfill(:attachment);
SELECT is(itsm.import_events(:attachment, $$VALUES ('1', now() - interval '3 days', 'new')$$), 1::bigint, 'an event of three days ago');
SELECT is(level('seal'), 'warning', 'an old event is not sealed');
SELECT ok(itsm.seal() > 0, 'sealed');
SELECT is(about('seal'), 'every event is sealed', 'nothing is left');

-- a backfill cut short, and refusals lost
SET itsm.maintenance = on;
SET client_min_messages = error;
UPDATE itsm.backfill_progress SET finished = false, changed_at = now() - interval '2 hours';
SET client_min_messages = warning;
RESET itsm.maintenance;
SELECT is(about('backfill'), 'cut short more than an hour ago: public.ticket (attachment ' || :attachment || ')', 'a backfill was cut short');
CALL itsm.backfill(:attachment);
SELECT is(level('backfill'), 'ok', 'it went on');

-- faults that verify finds
SET itsm.maintenance = on;
UPDATE ticket SET status = 'closed' WHERE id = 1;
RESET itsm.maintenance;
SELECT ok(itsm.note_verification() > 0, 'a row was changed behind our back');
SELECT is(level('verification'), 'critical', 'that is critical');

-- who may ask
CREATE ROLE health_nobody;
CREATE ROLE health_monitor IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA itsm TO health_nobody, health_monitor;
SET ROLE health_nobody;
SELECT throws_ok('SELECT * FROM itsm.health()', '42501', NULL, 'not everybody');
SET ROLE health_monitor;
SELECT lives_ok('SELECT * FROM itsm.health()', 'who monitors');
RESET ROLE;
SELECT * FROM finish();
