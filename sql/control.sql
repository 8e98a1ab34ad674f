-- Controls: defining them, answering them, and what an organisation decides about them.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = public;
SET jit = off;

CREATE TABLE control_ticket (id int PRIMARY KEY, status text, prio int, owner text);
SELECT itsm.define_lifecycle('{"name": "control_ticket", "process": "control_process", "attributes": {"priority": "integer", "assignee": "text", "due": "timestamptz"},
	"states": [{"name": "open", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "open", "to": "done"}]}');
SELECT itsm.define_clause('P', 'Practice', NULL, 'house');
SELECT itsm.define_clause('P.1', 'Tickets', 'P', 'house', 'record', 'The tickets.');
SELECT clause, ordinal, parent, leaf, title, documented, information, shipped FROM itsm.clause WHERE framework = 'house' ORDER BY ordinal;

-- Without data, without evidence; nothing is attached.
SELECT itsm.define_control('house-owner', 'P.1', 'I', 'major', 'Every ticket has an owner',
	'SELECT r.key, r.record, r.assignee IS NOT NULL, ''it has no owner'' FROM itsm.compliance_record r WHERE r.process = ''control_process'' ORDER BY r.record',
	'{control_process,control_process.assignee}', NULL, 'Name an owner.', 'house');
SELECT itsm.define_control('house-age', 'P.1', 'T', 'minor', 'No ticket stays open long',
	'SELECT r.key, r.record, r.closed_at IS NOT NULL OR r.opened_at > $3 - $1, ''it is open for long'' FROM itsm.compliance_record r WHERE r.process = ''control_process'' ORDER BY r.record',
	'{control_process}', '30 days', 'Close it.', 'house');
SELECT itsm.define_control('house-share', 'P.1', 'V', 'obs', 'Most tickets have a priority',
	'SELECT ''all tickets'', NULL::bigint, count(*) FILTER (WHERE r.priority > 0) * 100 >= $2 * count(*), count(*) FILTER (WHERE r.priority > 0) || '' of '' || count(*) FROM itsm.compliance_record r WHERE r.process = ''control_process'' HAVING count(*) > 0',
	'{control_process.priority}', '80%', NULL, 'house');
CREATE VIEW house AS SELECT control, status, checked, failed, detail, example FROM itsm.evaluate_controls('house');
SELECT * FROM house;

SELECT itsm.attach('control_ticket', 'control_ticket', 'status', attributes => '{"assignee": "owner", "priority": "prio"}') > 0 AS attached;
SELECT * FROM house;
INSERT INTO control_ticket VALUES (1, 'open', 1, 'amy'), (2, 'open', NULL, NULL), (3, 'open', 2, 'bert');
SELECT * FROM house;
SELECT f.subject, f.record = itsm.record_id('control_ticket', f.key) AS record, f.version, f.problem FROM itsm.control_findings('house-owner') AS f;
UPDATE control_ticket SET owner = 'carla', prio = 1 WHERE id = 2;
SELECT * FROM house;
DELETE FROM control_ticket WHERE id = 3;
SELECT control, checked FROM house;

-- Parameters are typed; null brings the default back.
SELECT id, parameter, default_parameter FROM itsm.control WHERE framework = 'house' ORDER BY ordinal;
SELECT itsm.set_parameter('house-age', '2 mo'), itsm.set_parameter('house-share', '99.9 %');
SELECT id, parameter, default_parameter FROM itsm.control WHERE framework = 'house' ORDER BY ordinal;
SELECT itsm.set_parameter('house-age', '0 d');
SELECT status, failed FROM house WHERE control = 'house-age';
SELECT itsm.set_parameter('house-age', '95 %');
SELECT itsm.set_parameter('house-age', '12');
SELECT itsm.set_parameter('house-age', '-1 d');
SELECT itsm.set_parameter('house-age', 'soon');
SELECT itsm.set_parameter('house-age', '');
SELECT itsm.set_parameter('house-age', '101 y');
SELECT itsm.set_parameter('house-age', '1e3 d');
SELECT itsm.set_parameter('house-share', '101 %');
SELECT itsm.set_parameter('house-owner', '1 d');
SELECT itsm.set_parameter('no-such-control', '1 d');
SELECT itsm.set_parameter(NULL, '1 d');
SELECT itsm.set_parameter('house-age', NULL), itsm.set_parameter('house-share', NULL);

-- Not applicable needs a reason.
SELECT itsm.exclude_control('house-share', NULL);
SELECT itsm.exclude_control('house-share', E' \t');
SELECT itsm.exclude_control('no-such-control', 'why');
SELECT itsm.include_control('house-share');
SELECT itsm.exclude_control('house-share', 'priorities are not used here');
SELECT * FROM house;
SELECT itsm.include_control('house-share');
SELECT control, status FROM house;

-- A query that fails is that control's error; the others are answered.
SELECT itsm.define_control('house-broken', 'P.1', 'I', 'minor', 'Divides', 'SELECT r.key, r.record, 1 / (r.record - r.record) = 0, ''x'' FROM itsm.compliance_record r', framework => 'house');
SELECT * FROM house;
SELECT * FROM itsm.control_findings('house-broken');
-- Neither does one with no verdict pass.
SELECT itsm.define_control('house-unknown', 'P.1', 'I', 'minor', 'Unknown', 'SELECT ''a''::name, 1, NULL::boolean, ''no verdict''', framework => 'house');
SELECT * FROM house WHERE control = 'house-unknown';
-- Defined anew it keeps its place.
SELECT itsm.define_control('house-broken', 'P.1', 'I', 'minor', 'Divides', 'SELECT ''a'', 1, true, NULL::text;', framework => 'house');
SELECT * FROM house;

-- Whoever cancels the query cancels it whole: no control is to blame.
SELECT itsm.define_control('house-slow', 'P.1', 'I', 'minor', 'Slow', 'SELECT pg_sleep(600)::text, 1, true, NULL::text', framework => 'house');
SET statement_timeout = '300ms';
SELECT * FROM house;
RESET statement_timeout;
SHOW transaction_read_only;
SELECT itsm.drop_control('house-slow');

-- What cannot be a control.
\set VERBOSITY default
SELECT itsm.define_control('', 'P.9', 'Q', 'grave', ' ', 'SELECT 1', '{.a,a.b.c,NULL,""}', 'now and then', NULL, 'house');
\set VERBOSITY terse
SELECT itsm.define_control(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE FUNCTION try(query text) RETURNS void LANGUAGE sql AS $$ SELECT itsm.define_control('house-tried', 'P.1', 'I', 'minor', 'Tried', query, framework => 'house') $$;
SELECT try('');
SELECT try('SELECT ''a'', 1, true, ''b''; SELECT 1');
SELECT try('SELECT ''a'', 1, true, ''b'') AS q; DELETE FROM itsm.record; --');
SELECT try('INSERT INTO control_ticket VALUES (9, ''open'') RETURNING ''a'', 1, true, ''b''');
SELECT try('WITH w AS (DELETE FROM public.control_ticket RETURNING 1) SELECT ''a'', 1, true, ''b'' FROM w');
SELECT try('SELECT ''a'', t.id, true, ''b'' FROM public.control_ticket t FOR UPDATE');
SELECT try('SELECT ''a'', ''1'', true, ''b''');
SELECT try('SELECT ''a'', 1, true');
SELECT try('SELECT ''a'', t.id, true, ''b'' FROM control_ticket t');
SELECT try('SELECT ''a'', 1, $4, ''b''');
SELECT try('EXPLAIN SELECT 1');
SELECT try('SELECT');
SELECT count(*) FROM itsm.control WHERE id = 'house-tried';
SELECT itsm.define_clause('4.1', 'Ours', NULL, 'iso20000');
SELECT itsm.define_clause('P.2', 'Ours', 'Q', 'house');
SELECT itsm.define_clause('P.1', 'Ours', NULL, 'house');
SELECT itsm.define_clause('P.2', 'Ours', 'P.2', 'house');
SELECT itsm.define_clause('P.2', 'Ours', 'P', 'house', 'paper');
SELECT itsm.define_clause(NULL, 'Ours', 'P', 'house');

-- Whose rights: those of the role that defined it, which cannot write either.
CREATE ROLE regress_control_maker;
CREATE ROLE regress_control_reader;
GRANT USAGE ON SCHEMA itsm_report TO regress_control_reader;
GRANT EXECUTE ON FUNCTION itsm.define_control(text, text, text, text, text, text, text[], text, text, text), itsm.drop_control(text) TO regress_control_maker, regress_control_reader;
CREATE TABLE control_secret (id int, secret text);
INSERT INTO control_secret VALUES (1, 'secret');
CREATE FUNCTION control_write() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO public.control_secret VALUES (2, 'written'); RETURN 'a'; END $$;
CREATE FUNCTION control_role() RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SET ROLE postgres'; RETURN 'a'; END $$;
SET ROLE regress_control_maker;
SELECT itsm.define_control('house-secret', 'P.1', 'I', 'minor', 'Reads', 'SELECT s.secret, 1, false, s.secret FROM public.control_secret s', framework => 'house');
SELECT itsm.define_control('house-write', 'P.1', 'I', 'minor', 'Writes', 'SELECT public.control_write(), 1, true, NULL::text', framework => 'house');
SELECT itsm.define_control('house-role', 'P.1', 'I', 'minor', 'Changes the role', 'SELECT public.control_role(), 1, true, NULL::text', framework => 'house');
SELECT itsm.define_control('house-user', 'P.1', 'I', 'minor', 'Who runs it', 'SELECT current_user::text, 1, false, current_setting(''search_path'') || '' '' || current_setting(''timezone'')', framework => 'house');
SELECT itsm.define_control('house-owner', 'P.1', 'I', 'minor', 'Taken over', 'SELECT ''a'', 1, true, ''b''', framework => 'house');
SELECT itsm.drop_control('house-owner');
SELECT itsm.set_parameter('house-age', '1 d');
SELECT itsm.exclude_control('house-age', 'I say so');
SELECT itsm.assign_gap('house-age', 'me', '2030-01-01');
SELECT * FROM itsm.control_findings('house-owner');
SELECT * FROM itsm.evaluate_controls('house');
RESET ROLE;
GRANT SELECT ON control_secret TO regress_control_maker;
SELECT * FROM house WHERE control IN ('house-secret', 'house-write', 'house-role', 'house-user');
SELECT * FROM control_secret;
SHOW transaction_read_only;
SET ROLE regress_control_reader;
SELECT itsm.define_control('house-secret', 'P.1', 'I', 'minor', 'Taken over', 'SELECT ''a'', 1, true, ''b''', framework => 'house');
SELECT * FROM itsm.evaluate_controls('house');
RESET ROLE;
GRANT SELECT ON itsm_report.iso20000_control TO regress_control_reader;
SET ROLE regress_control_reader;
SELECT control, status FROM itsm.evaluate_controls('house');
RESET ROLE;

-- The definer is gone.
DROP OWNED BY regress_control_maker;
DROP ROLE regress_control_maker;
SELECT * FROM house WHERE control = 'house-secret';

-- Dropped: gone, and what came with the extension comes back.
SELECT itsm.drop_control('house-secret'), itsm.drop_control('house-write'), itsm.drop_control('house-role'), itsm.drop_control('house-user'), itsm.drop_control('house-broken');
SELECT itsm.drop_control('house-secret');
SELECT control FROM house;

-- Who closes the gap.
SELECT itsm.assign_gap('house-age', 'amy', '2030-02-28');
SELECT owner, due FROM itsm.control WHERE id = 'house-age';
SELECT itsm.assign_gap('house-age', '', '2030-02-28');
SELECT itsm.assign_gap('house-age', NULL, '2030-02-28');
SELECT itsm.assign_gap('house-age', 'amy', 'infinity');
SELECT itsm.assign_gap('house-age', NULL);
SELECT owner, due FROM itsm.control WHERE id = 'house-age';

-- All of it is in the ledger.
SELECT subject, kind, detail::jsonb - '{query,by}'::text[] AS detail FROM itsm_report.policy_event WHERE subject COLLATE "C" BETWEEN 'control house-age' AND 'control house-share' OR subject LIKE 'clause house %' ORDER BY subject COLLATE "C", version;

SELECT itsm.drop_control('house-age'), itsm.drop_control('house-owner'), itsm.drop_control('house-share'), itsm.drop_control('house-unknown');
SET client_min_messages = error;
DROP VIEW house;
DROP TABLE control_ticket, control_secret;
DROP FUNCTION try(text), control_write(), control_role();
DROP OWNED BY regress_control_reader;
DROP ROLE regress_control_reader;
