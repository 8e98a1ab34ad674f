-- How often rules are judged, and what they say.
SET client_min_messages = warning;
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA rule_statistics;
SELECT itsm.define_lifecycle('{"name": "counted", "attributes": {"title": "text", "owner": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}],
	"delete": "final",
	"rules": [{"name": "complete", "to": "work", "requires": ["title", "owner"]},
		{"name": "titled", "check": "new.title <> ''bad''"},
		{"name": "advised", "to": "done", "requires": ["owner"], "mode": "observe"},
		{"name": "urgent", "when": "new.title = ''urgent''", "to": "work", "requires": ["owner"]},
		{"name": "idle", "to": "work", "requires": ["owner"], "mode": "off"}]}');
CREATE TABLE rule_statistics.ticket (id integer PRIMARY KEY, status text, title text, owner text);
SELECT itsm.attach('rule_statistics.ticket', 'counted', 'status', attributes => '{"title": "title", "owner": "owner"}', mode => 'enforce') AS attachment \gset
PREPARE counted AS
	SELECT rule, calls, in_scope, unmet, refused, total_time, counted_since <= clock_timestamp() AS since
	FROM itsm_report.rule_statistics WHERE attachment = :attachment ORDER BY rule COLLATE "C";

-- nothing was judged yet
EXECUTE counted;
INSERT INTO rule_statistics.ticket SELECT i, 'new', 'a', 'ann' FROM generate_series(1, 3) i;
UPDATE rule_statistics.ticket SET status = 'work' WHERE id < 3;
-- refused writes count although they are undone
UPDATE rule_statistics.ticket SET title = 'bad' WHERE id = 1;
UPDATE rule_statistics.ticket SET title = 'urgent', owner = NULL, status = 'work' WHERE id = 3;
UPDATE rule_statistics.ticket SET status = 'nowhere' WHERE id = 3;
INSERT INTO rule_statistics.ticket VALUES (9, 'done', 'a', 'ann');
DELETE FROM rule_statistics.ticket WHERE id = 3;
TRUNCATE rule_statistics.ticket;
-- in a subtransaction, and observed
BEGIN;
UPDATE rule_statistics.ticket SET title = 'b' WHERE id = 1;
SAVEPOINT s;
UPDATE rule_statistics.ticket SET status = 'new' WHERE id = 1;
ROLLBACK TO s;
UPDATE rule_statistics.ticket SET status = 'done', owner = NULL WHERE id = 1;
COMMIT;
-- who only asks is not counted
SELECT count(*) FROM itsm.allowed_transitions('rule_statistics.ticket', '2');
SELECT count(*) FROM itsm.check_rows(:attachment);
EXECUTE counted;
SELECT source, lifecycle FROM itsm_report.rule_statistics WHERE attachment = :attachment GROUP BY 1, 2;

-- time is measured on demand
SET itsm.track_timing = on;
UPDATE rule_statistics.ticket SET title = 'c' WHERE id = 2;
RESET itsm.track_timing;
SELECT rule, calls, total_time > 0 AS timed FROM itsm_report.rule_statistics WHERE attachment = :attachment AND rule IN ('titled', 'idle', 'initial') ORDER BY 1;

-- anew; what this session knows of the server's counters has become old
SELECT itsm.reset_rule_statistics(:attachment);
EXECUTE counted;
UPDATE rule_statistics.ticket SET title = 'd' WHERE id = 2;
SELECT rule, calls, in_scope, unmet FROM itsm_report.rule_statistics WHERE attachment = :attachment ORDER BY rule COLLATE "C";
SELECT itsm.reset_rule_statistics(:attachment), itsm.reset_rule_statistics(:attachment);

-- another session's counts
\c
SET client_min_messages = warning;
UPDATE rule_statistics.ticket SET title = 'e' WHERE id = 2;
\c
SET client_min_messages = warning;
SELECT rule, calls FROM itsm_report.rule_statistics WHERE source = 'rule_statistics.ticket' ORDER BY rule COLLATE "C";

-- deferred judgement counts when it is made
CREATE TABLE rule_statistics.late (id integer PRIMARY KEY, status text, title text, owner text);
SELECT itsm.attach('rule_statistics.late', 'counted', 'status', attributes => '{"title": "title", "owner": "owner"}', mode => 'enforce', timing => 'deferred') > 0;
BEGIN;
INSERT INTO rule_statistics.late VALUES (1, 'new', 'a', 'ann');
SELECT count(*) FROM itsm_report.rule_statistics WHERE source = 'rule_statistics.late';
COMMIT;
SELECT rule, calls, in_scope, unmet, refused FROM itsm_report.rule_statistics WHERE source = 'rule_statistics.late' ORDER BY rule COLLATE "C";

-- who may
CREATE ROLE regress_itsm_counting;
SET ROLE regress_itsm_counting;
SELECT count(*) FROM itsm.rule_counters();
SELECT itsm.reset_rule_statistics();
RESET ROLE;
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_counting;
GRANT SELECT ON itsm_report.rule_statistics TO regress_itsm_counting;
SET ROLE regress_itsm_counting;
SELECT rule FROM itsm_report.rule_statistics WHERE source = 'rule_statistics.late' ORDER BY rule COLLATE "C";
RESET ROLE;

-- more rules than the server has room for: said, and no write fails
SELECT itsm.define_lifecycle(jsonb_build_object('name', 'crowded', 'attributes', '{}'::jsonb, 'transitions', '[]'::jsonb,
	'states', '[{"name": "new", "category": "new", "initial": true, "final": true}]'::jsonb,
	'rules', (SELECT jsonb_agg(jsonb_build_object('name', 'r' || n, 'check', 'actor is not null')) FROM generate_series(1, 1000) n)));
CREATE PROCEDURE rule_statistics.crowd(command text) LANGUAGE plpgsql AS $$ BEGIN
	FOR n IN 1 .. 5 LOOP
		EXECUTE format(command, 'rule_statistics.crowd_' || n);
	END LOOP;
END $$;
CALL rule_statistics.crowd('CREATE TABLE %s (id integer PRIMARY KEY, status text)');
CALL rule_statistics.crowd('SELECT itsm.attach(%L, ''crowded'', ''status'', mode => ''enforce'')');
-- what other tests have counted is out of the way
SELECT itsm.reset_rule_statistics() >= 0 AS made_room;
CALL rule_statistics.crowd('INSERT INTO %s VALUES (1, ''new'')');
\set VERBOSITY default
SELECT count(*) BETWEEN 3000 AND 4096 AS counted FROM itsm_report.rule_statistics WHERE source LIKE 'rule_statistics.crowd%';
CALL rule_statistics.crowd('INSERT INTO %s VALUES (2, ''new'')');
SELECT itsm.reset_rule_statistics() > 3000 AS made_room;
INSERT INTO rule_statistics.ticket VALUES (77, 'new', 'a', 'ann');
SELECT calls FROM itsm_report.rule_statistics WHERE source = 'rule_statistics.ticket' AND rule = 'titled';
CALL rule_statistics.crowd('SELECT itsm.detach(%L)');

SELECT itsm.detach('rule_statistics.ticket'), itsm.detach('rule_statistics.late');
DROP SCHEMA rule_statistics CASCADE;
REVOKE ALL ON SCHEMA itsm_report FROM regress_itsm_counting;
REVOKE ALL ON itsm_report.rule_statistics FROM regress_itsm_counting;
DROP ROLE regress_itsm_counting;
