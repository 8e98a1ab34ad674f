-- Configuration control: the rule authorised_change.
SET search_path = authorised_change, public;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset null '~'
\pset format unaligned
\set VERBOSITY terse
CREATE SCHEMA authorised_change;
CREATE FUNCTION try(command text) RETURNS TABLE (code text, rule text, attribute text, message text) LANGUAGE plpgsql AS $$
DECLARE
	d text;
BEGIN
	EXECUTE command;
	RETURN QUERY SELECT '00000', NULL::text, NULL::text, NULL::text;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	IF d !~ '^\[' THEN
		RETURN QUERY SELECT SQLSTATE::text, NULL::text, NULL::text, SQLERRM;
	ELSE
		RETURN QUERY SELECT SQLSTATE::text, x.rule, x.attribute, x.message FROM jsonb_to_recordset(d::jsonb) AS x(rule text, attribute text, message text);
	END IF;
END
$$;
CREATE FUNCTION define(name text, rule jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT itsm.define_lifecycle(jsonb_build_object('name', name, 'process', 'configuration_item', 'delete', 'allow',
		'attributes', '{"owner": "text", "version": "text", "actor": "text"}'::jsonb,
		'states', '[{"name": "planned", "category": "new", "initial": true}, {"name": "live", "category": "active", "initial": true}, {"name": "retired", "category": "closed", "final": true}]'::jsonb,
		'transitions', '[{"from": "planned", "to": "live"}, {"from": ["planned", "live"], "to": "retired"}]'::jsonb,
		'rules', jsonb_build_array('{"name": "controlled", "clause": "8.2.6"}'::jsonb || rule)))
$$;
-- what a definition may say
SELECT t.code, t.message FROM unnest(ARRAY['{"authorised_change": 1}', '{"authorised_change": false}', '{"authorised_change": {"attributes": ["note", "status"]}}', '{"authorised_change": {"attributes": 3}}',
	'{"authorised_change": {"relationships": "yes", "other": 1}}', '{"authorised_change": {"change_in": "", "implementers": [1]}}',
	'{"authorised_change": true, "in": "nowhere"}', '{"authorised_change": true, "in": "live", "to": "retired"}', '{"authorised_change": true, "at": "live"}']::jsonb[]) AS r,
	authorised_change.try(format('SELECT authorised_change.define(%L, %L)', 'authorised_try', r)) AS t;
SELECT define('authorised_try', '{"authorised_change": true}');
SELECT severity, problem FROM itsm.lint_lifecycle('authorised_try') WHERE problem ~ 'controlled|begin';
SELECT define('authorised_try', '{"authorised_change": true, "in": "live", "when": "new.owner = ''x''"}');
SELECT severity, problem FROM itsm.lint_lifecycle('authorised_try') WHERE problem ~ 'controlled|begin';

SELECT define('authorised_ci', '{"authorised_change": true, "in": "live"}');
SELECT itsm.define_lifecycle('{"name": "authorised_rfc", "process": "change", "delete": "allow",
	"attributes": {"planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]", "implementer": "text", "crew": "text[]"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}, {"name": "implement", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": "implement"}, {"from": "implement", "to": "closed"}],
	"rules": [{"name": "free", "to": "scheduled", "in": ["scheduled", "implement"], "no_conflict": true, "mode": "observe"}]}');
CREATE TABLE ci (id int PRIMARY KEY, status text NOT NULL DEFAULT 'live', owner text, version text, who text, other text);
CREATE TABLE rfc (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, cis text[], by text, crew text[]);
INSERT INTO ci (id) SELECT generate_series(1, 9);
SELECT itsm.attach('ci', 'authorised_ci', 'status', mode => 'enforce', attributes => '{"owner": "owner", "version": "version", "actor": "who"}') AS ci \gset
SELECT itsm.attach('rfc', 'authorised_rfc', 'status', mode => 'enforce', attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "implementer": "by", "crew": "crew"}') > 0 AS attached;
CALL itsm.backfill(:ci);
INSERT INTO rfc VALUES (1, 'new', now() - interval '1 hour', now() + interval '1 hour', '{1,2}', 'ann', NULL),
	(2, 'new', now() + interval '1 hour', now() + interval '2 hours', '{3}', 'ann', NULL), (3, 'new', now() - interval '2 hours', now() - interval '1 hour', '{4}', 'ann', NULL);

-- nothing stands behind it
SELECT * FROM try('UPDATE ci SET version = ''2'' WHERE id = 1');
BEGIN;
SELECT itsm.act_as('ann');
SELECT * FROM try('UPDATE ci SET version = ''2'' WHERE id = 1');
SELECT * FROM try('UPDATE ci SET status = ''retired'', owner = ''x'' WHERE id = 1');
SELECT * FROM try('DELETE FROM ci WHERE id = 1');
SELECT * FROM try('INSERT INTO ci (id) VALUES (10)');
-- what is not controlled: another column, the same value, who it was, a state in which it is not
SELECT * FROM try('UPDATE ci SET other = ''x'', who = ''ann'', owner = owner WHERE id = 1');
SELECT * FROM try('INSERT INTO ci (id, status) VALUES (11, ''planned'')');
SELECT * FROM try('UPDATE ci SET owner = ''x'' WHERE id = 11');
SELECT * FROM try('UPDATE ci SET status = ''live'' WHERE id = 11');
SELECT * FROM try('UPDATE ci SET status = ''retired'' WHERE id = 11');
SELECT * FROM try('DELETE FROM ci WHERE id = 11');
-- planned, but not yet, and no longer
UPDATE rfc SET status = 'scheduled';
SELECT id, t.* FROM generate_series(1, 4) id, try(format('UPDATE ci SET version = ''2'' WHERE id = %s', id)) t;
UPDATE rfc SET status = 'implement';
SELECT id, t.* FROM generate_series(1, 4) id, try(format('UPDATE ci SET version = ''2'' WHERE id = %s', id)) t;
COMMIT;
-- by whom
SELECT * FROM try('UPDATE ci SET version = ''3'', who = NULL WHERE id = 1');
BEGIN;
SELECT itsm.act_as('bob');
SELECT * FROM try('UPDATE ci SET version = ''3'' WHERE id = 1');
COMMIT;
-- the mapped attribute actor
SELECT * FROM try('UPDATE ci SET version = ''3'', who = ''bob'' WHERE id = 1');
SELECT * FROM try('UPDATE ci SET version = ''3'', who = ''ann'' WHERE id = 1');
UPDATE ci SET who = NULL WHERE id = 1;
BEGIN;
SELECT itsm.act_as('ann');
SELECT to_state, allowed, unmet FROM itsm.allowed_transitions('ci', '1');
SELECT to_state, allowed, unmet -> 0 ->> 'message' AS unmet FROM itsm.allowed_transitions('ci', '5');
SELECT * FROM try('UPDATE ci SET status = ''retired'' WHERE id = 2');
SELECT * FROM try('DELETE FROM ci WHERE id = 1');
ROLLBACK;
-- an exception
BEGIN;
SELECT itsm.override('ci', '5', 'controlled', 'the disk is on fire');
SELECT * FROM try('UPDATE ci SET version = ''3'' WHERE id = 5');
SELECT * FROM try('UPDATE ci SET version = ''3'' WHERE id = 6');
COMMIT;
SELECT key, code, rule FROM itsm_report.violation WHERE source = 'authorised_change.ci' ORDER BY record, version;
-- a change that is over stands behind nothing; nor does one that is deleted
UPDATE rfc SET status = 'closed' WHERE id = 1;
BEGIN;
SELECT itsm.act_as('ann');
SELECT * FROM try('UPDATE ci SET version = ''4'' WHERE id = 1');
INSERT INTO rfc VALUES (5, 'new', now() - interval '1 hour', now() + interval '1 hour', '{1}', 'ann', NULL);
UPDATE rfc SET status = 'scheduled' WHERE id = 5;
UPDATE rfc SET status = 'implement' WHERE id = 5;
SAVEPOINT s;
SELECT * FROM try('UPDATE ci SET version = ''4'' WHERE id = 1');
ROLLBACK TO s;
DELETE FROM rfc WHERE id = 5;
SELECT * FROM try('UPDATE ci SET version = ''4'' WHERE id = 1');
ROLLBACK;

-- several people, other states of the change, only some attributes
SELECT define('authorised_ci', '{"authorised_change": {"attributes": ["version"], "change_in": ["scheduled", "implement"], "implementers": ["implementer", "crew"]}, "in": ["planned", "live"]}');
INSERT INTO ci (id, status) SELECT id, 'planned' FROM generate_series(21, 23) id;
INSERT INTO rfc VALUES (4, 'new', now() - interval '1 hour', now() + interval '1 hour', '{21}', NULL, '{bob,"cy, d","q\"\\",NULL}');
UPDATE rfc SET status = 'scheduled' WHERE id = 4;
CREATE FUNCTION act(name text, command text) RETURNS TABLE (code text, message text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.act_as(name);
	RETURN QUERY SELECT t.code, t.message FROM authorised_change.try(command) t;
	PERFORM itsm.act_as(NULL);
END $$;
SELECT name, t.* FROM unnest(ARRAY['bob', 'cy, d', 'cy', 'q"\', 'NULL', '{bob}', 'ann']) name, act(name, 'UPDATE ci SET version = concat(version, ''x'') WHERE id = 21') t;
SELECT t.* FROM unnest(ARRAY['UPDATE ci SET owner = ''x'' WHERE id = 22', 'UPDATE ci SET status = ''live'' WHERE id = 22', 'UPDATE ci SET version = ''x'' WHERE id = 22', 'DELETE FROM ci WHERE id = 22']) c, act('bob', c) t;
-- who works on a task of the change
SELECT itsm.define_lifecycle('{"name": "authorised_task", "process": "change_task", "attributes": {"change": "integer", "assignee": "text"}, "references": {"change": "change"},
	"states": [{"name": "open", "category": "new", "initial": true}, {"name": "in_progress", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "in_progress"}, {"from": "in_progress", "to": "closed"}]}');
CREATE TABLE task (id int PRIMARY KEY, status text NOT NULL, rfc int, who text);
SELECT itsm.attach('task', 'authorised_task', 'status', mode => 'enforce', attributes => '{"change": "rfc", "assignee": "who"}') > 0 AS attached;
INSERT INTO task VALUES (1, 'open', 4, 'dan'), (2, 'open', 3, 'dan'), (3, 'open', 4, 'eve');
UPDATE task SET status = 'in_progress' WHERE id IN (2, 3);
SELECT name, t.* FROM unnest('{dan,eve}'::text[]) name, act(name, 'UPDATE ci SET version = concat(version, ''y'') WHERE id = 21') t;
UPDATE task SET status = 'in_progress' WHERE id = 1;
UPDATE task SET status = 'closed' WHERE id = 3;
SELECT name, t.* FROM unnest('{dan,eve}'::text[]) name, act(name, 'UPDATE ci SET version = concat(version, ''y'') WHERE id = 21') t;
-- only moves
SELECT define('authorised_ci', '{"authorised_change": true, "to": "live"}');
INSERT INTO ci (id, status) VALUES (31, 'planned');
SELECT t.* FROM unnest(ARRAY['UPDATE ci SET owner = ''x'' WHERE id = 31', 'UPDATE ci SET status = ''live'' WHERE id = 31', 'UPDATE ci SET status = ''retired'' WHERE id = 31', 'INSERT INTO ci (id) VALUES (32)']) c, act('bob', c) t;

-- observed, and off
SELECT define('authorised_ci', '{"authorised_change": true, "in": ["planned", "live"], "mode": "observe"}');
INSERT INTO ci (id, status) VALUES (41, 'planned');
SELECT t.* FROM unnest(ARRAY['UPDATE ci SET version = ''x'' WHERE id = 41', 'DELETE FROM ci WHERE id = 41']) c, act('bob', c) t;
SELECT key, version, code, kind, attribute, message FROM itsm_report.violation WHERE source = 'authorised_change.ci' AND key = '41' ORDER BY version;
SELECT itsm.set_mode(:ci, 'off', 'controlled');
INSERT INTO ci (id, status) VALUES (42, 'planned');
SELECT count(*) FROM itsm_report.violation WHERE source = 'authorised_change.ci' AND key = '42';
SELECT itsm.set_mode(:ci, 'enforce', 'controlled');

-- at the end of the transaction, by who and when it was written
CREATE TABLE late (LIKE ci INCLUDING ALL);
SELECT define('authorised_late', '{"authorised_change": true, "in": "live"}');
INSERT INTO late (id) VALUES (21), (22);
SELECT itsm.attach('late', 'authorised_late', 'status', mode => 'enforce', timing => 'deferred', attributes => '{"owner": "owner", "version": "version"}') AS late \gset
CALL itsm.backfill(:late);
UPDATE rfc SET status = 'implement', by = 'ann' WHERE id = 4;
BEGIN;
SELECT itsm.act_as('ann');
UPDATE late SET version = '2' WHERE id = 21;
COMMIT;
BEGIN;
SELECT itsm.act_as('ann');
UPDATE late SET version = '2' WHERE id = 22;
COMMIT;
BEGIN;
SELECT itsm.act_as('ann');
DELETE FROM late WHERE id = 22;
COMMIT;
BEGIN;
SELECT itsm.act_as('ann');
DELETE FROM late WHERE id = 21;
COMMIT;
SELECT id, version FROM late ORDER BY id;

-- its key, and its tenant; a rule that looks at the row, when the row goes; a table in parts
SELECT define('authorised_key', '{"authorised_change": true, "in": "live", "when": "new.owner is distinct from ''nobody''"}');
CREATE TABLE room (id text, status text NOT NULL DEFAULT 'live', owner text, site text, PRIMARY KEY (id, site)) PARTITION BY LIST (site);
CREATE TABLE room_kiel PARTITION OF room FOR VALUES IN ('kiel');
CREATE TABLE room_bonn PARTITION OF room FOR VALUES IN ('bonn');
INSERT INTO room VALUES ('r1', 'live', 'ann', 'kiel'), ('r2', 'live', 'nobody', 'kiel'), ('r3', 'live', 'ann', 'kiel');
SELECT itsm.attach('room', 'authorised_key', 'status', mode => 'enforce', attributes => '{"owner": "owner"}') AS room \gset
CALL itsm.backfill(:room);
INSERT INTO rfc VALUES (7, 'new', now() - interval '1 hour', now() + interval '1 hour', '{"(r1,kiel)"}', 'ann', NULL);
UPDATE rfc SET status = 'scheduled' WHERE id = 7;
UPDATE rfc SET status = 'implement' WHERE id = 7;
SELECT c, t.* FROM unnest(ARRAY['UPDATE room SET id = ''r9'' WHERE id = ''r3''', 'UPDATE room SET site = ''bonn'' WHERE id = ''r3''', 'DELETE FROM room WHERE id = ''r3''', 'DELETE FROM room WHERE id = ''r2''',
	'UPDATE room SET id = ''r9'' WHERE id = ''r1''']) c, act('ann', c) t;
SELECT define('authorised_key', '{"authorised_change": true, "in": "live"}');
INSERT INTO rfc VALUES (8, 'new', now() - interval '1 hour', now() + interval '1 hour', '{"(r4,bonn)"}', 'ann', NULL);
UPDATE rfc SET status = 'scheduled' WHERE id = 8;
UPDATE rfc SET status = 'implement' WHERE id = 8;
SELECT c, t.* FROM unnest(ARRAY['INSERT INTO room VALUES (''r4'', ''live'', NULL, ''kiel'')', 'INSERT INTO room VALUES (''r4'', ''live'', NULL, ''bonn'')',
	'SELECT itsm.relate(itsm.record_id(''room_bonn'', ''(r4,bonn)''), ''depends_on'', itsm.record_id(''room'', ''(r3,kiel)''))']) c, act('ann', c) t;
SELECT t.* FROM act('bob', 'SELECT itsm.unrelate(id) FROM itsm.relationship WHERE source = itsm.record_id(''room'', ''(r4,bonn)'') AND ended = 0') t;

-- relationships: one end is enough
SELECT define('authorised_ci', '{"authorised_change": true, "in": "live"}');
CREATE TABLE part (id text PRIMARY KEY, status text NOT NULL DEFAULT 'live', owner text, of text);
INSERT INTO part (id) VALUES ('p1'), ('p2');
SELECT itsm.attach('part', 'authorised_ci', 'status', mode => 'enforce', attributes => '{"owner": "owner"}') AS part \gset
CALL itsm.backfill(:part);
INSERT INTO rfc VALUES (6, 'new', now() - interval '1 hour', now() + interval '1 hour', '{p1}', 'ann', NULL);
UPDATE rfc SET status = 'scheduled' WHERE id = 6;
UPDATE rfc SET status = 'implement' WHERE id = 6;
CREATE TABLE note (id text PRIMARY KEY, status text NOT NULL DEFAULT 'planned', owner text);
SELECT itsm.attach('note', 'authorised_ci', 'status', mode => 'enforce', attributes => '{"owner": "owner"}') > 0 AS attached;
INSERT INTO note VALUES ('n1'), ('n2');
CREATE FUNCTION n(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id(CASE WHEN key ~ 'p' THEN 'authorised_change.part'::regclass ELSE 'authorised_change.note' END, key) $$;
SELECT c, t.* FROM unnest(ARRAY['itsm.relate(n(''p2''), ''depends_on'', n(''n1''))', 'itsm.relate(n(''n1''), ''depends_on'', n(''p2''))', 'itsm.relate(n(''n1''), ''depends_on'', n(''n2''))',
	'itsm.relate(n(''p1''), ''depends_on'', n(''p2''))', 'itsm.relate(n(''p2''), ''depends_on'', n(''p1''))']) c, act('ann', 'SELECT ' || c) t;
SELECT t.* FROM act('bob', 'SELECT itsm.unrelate(id) FROM itsm.relationship WHERE source = n(''p1'') AND ended = 0') t;
SELECT t.* FROM try('SELECT itsm.unrelate(id) FROM itsm.relationship WHERE source = n(''p1'') AND ended = 0') t;
SELECT t.* FROM act('ann', 'SELECT itsm.unrelate(id) FROM itsm.relationship WHERE source = n(''p1'') AND ended = 0') t;
BEGIN;
SELECT itsm.override('part', 'p2', 'controlled', 'moved in the night');
SELECT itsm.relate(n('p2'), 'depends_on', n('n1')) > 0 AS related;
COMMIT;
-- a column that names the other one; what an attachment only observes does not loosen the rule
SELECT itsm.attach_relationships('part', 'hosted_on', target => 'of', target_relation => 'part') AS link \gset
SELECT t.* FROM act('ann', 'UPDATE part SET of = ''p2'' WHERE id = ''p1''') t;
SELECT t.* FROM act('ann', 'UPDATE part SET of = ''p2'' WHERE id = ''p2''') t;
INSERT INTO part (id, status) VALUES ('p3', 'planned'), ('p4', 'planned');
SELECT t.* FROM act('bob', 'UPDATE part SET of = ''p4'' WHERE id = ''p3''') t;
SELECT t.* FROM act('bob', 'UPDATE part SET of = ''p2'' WHERE id = ''p3''') t;
SELECT t.* FROM act('bob', 'UPDATE part SET of = NULL WHERE id = ''p1''') t;
SELECT a.key, b.key FROM itsm.relationship x JOIN itsm.record a ON a.id = x.source JOIN itsm.record b ON b.id = x.target WHERE x.type = 'hosted_on' AND x.ended = 0 AND a.source = (SELECT id FROM itsm.source WHERE relation = 'part'::regclass) ORDER BY 1;
-- observed: with the event of the relationship
SELECT itsm.set_mode(:part, 'observe');
SELECT t.* FROM act('bob', 'SELECT itsm.unrelate(id) FROM itsm.relationship WHERE source = n(''p2'') AND target = n(''p1'') AND ended = 0') t;
SELECT t.* FROM act('bob', 'UPDATE part SET of = NULL WHERE id = ''p1''') t;
SELECT v.key, e.kind, v.code, v.rule, v.kind, v.attribute, v.message FROM itsm_report.violation v JOIN itsm.event e USING (record, version) WHERE v.source = 'authorised_change.part' ORDER BY v.at, v.key COLLATE "C";
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok AND object ~ 'authorised_change';

SET client_min_messages = error;
SELECT itsm.detach_relationships(:link);
DROP SCHEMA authorised_change CASCADE;
