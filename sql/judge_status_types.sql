-- Status columns of every type: the text form of the value maps to a state, compared as bytes.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_status_types;
CREATE SCHEMA judge_status_types AUTHORIZATION regress_itsm_status_types;
SELECT itsm.define_lifecycle('{"name": "judge_status_types",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}, {"name": "geschlossen für immer", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["done", "geschlossen für immer"]}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_status_types.seen(relation regclass, OUT key text, OUT state text, OUT events text)
RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, CASE WHEN r.deleted THEN 'deleted' WHEN r.attachment = 0 THEN 'not governed' ELSE s.state END,
		string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version)
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id
		JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
		JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id
	WHERE o.relation = $1
	GROUP BY r.tenant, r.id, r.key, s.state, r.deleted, r.attachment
	ORDER BY r.key COLLATE "C", r.id
$$;

SET ROLE regress_itsm_status_types;
\set VERBOSITY sqlstate

-- One table a type: attached, then a row that goes new, (new > done refused), work, done, and what maps to nothing.
CREATE TYPE judge_status_types.mood AS ENUM ('new', 'work', 'done', 'Done');
CREATE DOMAIN judge_status_types.code AS varchar(5) CHECK (value <> 'bad');
CREATE DOMAIN judge_status_types.padded AS char(6);
CREATE TABLE judge_status_types.status (id integer PRIMARY KEY, name text);
INSERT INTO judge_status_types.status VALUES (1, 'New'), (2, 'In Work'), (3, 'Done'), (4, 'Odd');
CREATE FUNCTION judge_status_types.walk(type text, states jsonb, vals text[], odd text) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	v text;
BEGIN
	EXECUTE format('CREATE TABLE judge_status_types.t (id integer PRIMARY KEY, status %s)', type);
	PERFORM itsm.attach('judge_status_types.t', 'judge_status_types', 'status', states, mode => 'enforce');
	INSERT INTO judge_status_types.t VALUES (1, NULL);
	RETURN NEXT 'null was accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN NEXT sqlstate || ' ' || sqlerrm;
	EXECUTE format('CREATE TABLE judge_status_types.t (id integer PRIMARY KEY, status %s)', type);
	PERFORM itsm.attach('judge_status_types.t', 'judge_status_types', 'status', states, mode => 'enforce');
	EXECUTE format('INSERT INTO judge_status_types.t VALUES (1, %L)', vals[1]);
	FOREACH v IN ARRAY vals[3:3] || odd || vals[2] || NULL::text || vals[3] LOOP
		BEGIN
			EXECUTE format('UPDATE judge_status_types.t SET status = %L', v);
			RETURN NEXT v || ' accepted';
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT coalesce(v, 'null') || ': ' || sqlstate || ' ' || sqlerrm;
		END;
	END LOOP;
	RETURN QUERY SELECT 'remembered: ' || state || ', ' || events FROM judge_status_types.seen('judge_status_types.t');
	PERFORM itsm.detach('judge_status_types.t');
	DROP TABLE judge_status_types.t;
END $$;
SELECT judge_status_types.walk('text', NULL, '{new, work, done}', 'Done');
SELECT judge_status_types.walk('varchar(10)', '{"N": "new", "W": "work", "D": "done"}', '{N, W, D}', 'new');
SELECT judge_status_types.walk('char(8)', NULL, '{new, work, done}', 'odd');
SELECT judge_status_types.walk('judge_status_types.mood', NULL, '{new, work, done}', 'Done');
SELECT judge_status_types.walk('integer REFERENCES judge_status_types.status', '{"1": "new", "2": "work", "3": "done"}', '{1, 2, 3}', '4');
SELECT judge_status_types.walk('smallint', '{"-1": "new", "0": "work", "1": "done"}', '{-1, 0, 1}', '2');
SELECT judge_status_types.walk('bigint', '{"1": "new", "20000000000": "work", "3": "done"}', '{1, 20000000000, 3}', '2');
SELECT judge_status_types.walk('numeric', '{"1": "new", "2.50": "work", "3": "done"}', '{1, 2.50, 3}', '2.5');
SELECT judge_status_types.walk('judge_status_types.code', NULL, '{new, work, done}', 'NEW');
SELECT judge_status_types.walk('judge_status_types.padded', NULL, '{new, work, done}', 'NEW');
SELECT judge_status_types.walk('name', NULL, '{new, work, done}', ' done');
SELECT judge_status_types.walk('date', '{"2024-01-01": "new", "2024-01-02": "work", "2024-01-03": "done"}', '{2024-01-01, 2024-01-02, 2024-01-03}', '2024-01-04');
SELECT judge_status_types.walk('"char"', '{"n": "new", "w": "work", "d": "done"}', '{n, w, d}', 'x');
SELECT judge_status_types.walk('integer[]', '{"{1}": "new", "{1,2}": "work", "{}": "done"}', ARRAY['{1}', '{1,2}', '{}'], '{2}');

-- boolean; two values are enough for two states
CREATE TABLE judge_status_types.flag (id integer PRIMARY KEY, started boolean);
SELECT itsm.attach('judge_status_types.flag', 'judge_status_types', 'started', '{"f": "new", "t": "work"}', mode => 'enforce') > 0;
INSERT INTO judge_status_types.flag VALUES (1, true);
INSERT INTO judge_status_types.flag VALUES (1, false);
UPDATE judge_status_types.flag SET started = true;
UPDATE judge_status_types.flag SET started = NULL;
SELECT * FROM judge_status_types.seen('judge_status_types.flag');

-- any word for a boolean will do in the map, and words for what the column cannot hold; but two words for one value name one state
CREATE DOMAIN judge_status_types.yes_or_no AS boolean;
CREATE TABLE judge_status_types.words (id integer PRIMARY KEY, started judge_status_types.yes_or_no);
\set VERBOSITY terse
SELECT itsm.attach('judge_status_types.words', 'judge_status_types', 'started', '{"false": "new", "true": "work", "t": "done"}', mode => 'enforce');
\set VERBOSITY sqlstate
SELECT itsm.attach('judge_status_types.words', 'judge_status_types', 'started', '{"false": "new", "true": "work", "yes": "work", "open": "done"}', mode => 'enforce') > 0;
INSERT INTO judge_status_types.words VALUES (1, true);
INSERT INTO judge_status_types.words VALUES (1, false);
SELECT to_state, status_value, allowed FROM itsm.allowed_transitions('judge_status_types.words', '1');
UPDATE judge_status_types.words SET started = true;
UPDATE judge_status_types.words SET started = false;
SELECT * FROM judge_status_types.seen('judge_status_types.words');

-- names outside of ASCII; forms that only look the same are another value
CREATE TABLE judge_status_types.foreign_name (id integer PRIMARY KEY, status text COLLATE "C");
SELECT itsm.attach('judge_status_types.foreign_name', 'judge_status_types', 'status',
	'{"Außer Haus": "new", "進行中": "work", "café": "geschlossen für immer", "": "done"}', mode => 'enforce') > 0;
INSERT INTO judge_status_types.foreign_name VALUES (1, 'AUSSER HAUS');
INSERT INTO judge_status_types.foreign_name VALUES (1, 'Außer Haus'), (2, 'Außer Haus');
UPDATE judge_status_types.foreign_name SET status = '進行中';
UPDATE judge_status_types.foreign_name SET status = U&'cafe\0301';
UPDATE judge_status_types.foreign_name SET status = 'café' WHERE id = 1;
UPDATE judge_status_types.foreign_name SET status = ' ' WHERE id = 2;
UPDATE judge_status_types.foreign_name SET status = '' WHERE id = 2;
SELECT * FROM judge_status_types.seen('judge_status_types.foreign_name');

-- a collation that takes several forms for one has no say
CREATE COLLATION judge_status_types.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE judge_status_types.lax (id integer PRIMARY KEY, status text COLLATE judge_status_types.any_case);
SELECT itsm.attach('judge_status_types.lax', 'judge_status_types', 'status', mode => 'enforce') > 0;
INSERT INTO judge_status_types.lax VALUES (1, 'NEW');
INSERT INTO judge_status_types.lax VALUES (1, 'new');
UPDATE judge_status_types.lax SET status = 'New';
UPDATE judge_status_types.lax SET status = 'work';

-- many values for a state: moving between them is no transition, but an event
CREATE TABLE judge_status_types.many (id integer PRIMARY KEY, status text);
SELECT itsm.attach('judge_status_types.many', 'judge_status_types', 'status',
	'{"a": "new", "b": "new", "w1": "work", "w2": "work"}', mode => 'enforce') > 0;
INSERT INTO judge_status_types.many VALUES (1, 'a');
UPDATE judge_status_types.many SET status = 'b';
UPDATE judge_status_types.many SET status = 'w2';
UPDATE judge_status_types.many SET status = 'w1';
UPDATE judge_status_types.many SET status = 'a';
SELECT * FROM judge_status_types.seen('judge_status_types.many');

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_status_types CASCADE;
DROP ROLE regress_itsm_status_types;
