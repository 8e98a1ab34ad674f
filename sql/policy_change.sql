-- A change of policy holds from the next statement on, and never after a rollback.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_policy_change;
CREATE SCHEMA policy_change AUTHORIZATION regress_itsm_policy_change;
SELECT itsm.define_lifecycle('{"name": "policy_change",
	"attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse", "rules": [{"name": "titled", "to": "work", "requires": "title"}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION policy_change.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_policy_change;
\set VERBOSITY sqlstate

CREATE TABLE policy_change.ticket (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('policy_change.ticket', 'policy_change', 'status', attributes => '{"title": "title"}', mode => 'enforce') AS attachment \gset
INSERT INTO policy_change.ticket SELECT i, 'new' FROM generate_series(1, 9) i;
\set work 'UPDATE policy_change.ticket SET status = ''work'' WHERE id = '

-- set_mode
BEGIN;
SAVEPOINT s;
:work 1;
ROLLBACK TO s;
SELECT itsm.set_mode(:attachment, 'observe', 'titled');
:work 1;
SAVEPOINT s;
SELECT itsm.set_mode(:attachment, 'enforce', 'titled');
SAVEPOINT t;
:work 2;
ROLLBACK TO t;
ROLLBACK TO s;
:work 2;
ROLLBACK;
:work 1;
BEGIN;
SAVEPOINT s;
SELECT itsm.set_mode(:attachment, 'observe', 'titled');
RELEASE s;
:work 1;
COMMIT;
:work 2;
BEGIN ISOLATION LEVEL REPEATABLE READ;
:work 3;
SELECT itsm.set_mode(:attachment, 'enforce', 'titled');
:work 4;
ROLLBACK;
:work 4;
SELECT itsm.set_mode(:attachment, 'enforce', 'titled');
:work 5;

-- define_lifecycle
RESET ROLE;
SELECT itsm.lifecycle_definition('policy_change') #- '{rules}' AS without \gset
BEGIN;
SELECT itsm.define_lifecycle(:'without');
SET LOCAL ROLE regress_itsm_policy_change;
:work 5;
RESET ROLE;
SAVEPOINT s;
SELECT itsm.define_lifecycle(jsonb_set(:'without', '{transitions}', '[{"from": "new", "to": "done"}, {"from": "work", "to": "new"}]'));
SET LOCAL ROLE regress_itsm_policy_change;
UPDATE policy_change.ticket SET status = 'done' WHERE id = 6;
SAVEPOINT t;
:work 7;
ROLLBACK TO s;
:work 7;
UPDATE policy_change.ticket SET status = 'done' WHERE id = 6;
ROLLBACK;
SELECT version FROM itsm.lifecycle WHERE name = 'policy_change' ORDER BY 1;
SET ROLE regress_itsm_policy_change;
:work 5;

-- within one client statement: what this session changes itself holds at once
DO $$
DECLARE
	attachment integer := (SELECT itsm.attach('policy_change.ticket', 'policy_change', 'status', filter => 'false'));
BEGIN
	PERFORM itsm.detach('policy_change.ticket', attachment);
END $$;
CREATE FUNCTION policy_change.try(attachment integer) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	mode text;
BEGIN
	FOREACH mode IN ARRAY '{enforce, observe, enforce, off, enforce}'::text[] LOOP
		PERFORM itsm.set_mode(attachment, mode);
		BEGIN
			UPDATE policy_change.ticket SET status = 'done' WHERE id = 8;
			UPDATE policy_change.ticket SET status = 'new' WHERE id = 8;
			RETURN NEXT mode || ' let pass';
		EXCEPTION WHEN SQLSTATE 'IT001' THEN
			RETURN NEXT mode || ' refused';
		END;
	END LOOP;
END $$;
SELECT policy_change.try(:attachment);
CREATE FUNCTION policy_change.undo(attachment integer) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	BEGIN
		PERFORM itsm.set_mode(attachment, 'off');
		UPDATE policy_change.ticket SET status = 'done' WHERE id = 8;
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		RETURN NEXT 'undone';
	END;
	UPDATE policy_change.ticket SET status = 'done' WHERE id = 8;
	RETURN NEXT 'let pass';
EXCEPTION WHEN SQLSTATE 'IT001' THEN
	RETURN NEXT 'refused';
END $$;
SELECT policy_change.undo(:attachment);

-- the table changes under the policy
ALTER TABLE policy_change.ticket ADD COLUMN extra text;
:work 8;
ALTER TABLE policy_change.ticket ALTER COLUMN title TYPE varchar(20);
UPDATE policy_change.ticket SET status = 'work', title = 't' WHERE id = 8;
ALTER TABLE policy_change.ticket DROP COLUMN extra, ADD COLUMN more integer DEFAULT 7;
UPDATE policy_change.ticket SET status = 'done' WHERE id = 8;
VACUUM FULL policy_change.ticket;
UPDATE policy_change.ticket SET status = 'work' WHERE id = 8;
DO $$
BEGIN
	UPDATE policy_change.ticket SET more = 8 WHERE id = 9;
	ALTER TABLE policy_change.ticket DROP COLUMN more, ADD COLUMN first text, ADD COLUMN second text;
	UPDATE policy_change.ticket SET status = 'work', title = 'in a block' WHERE id = 9;
END $$;
SELECT * FROM policy_change.seen('policy_change.ticket');
-- a mapped column goes: not while enforcing; while observing its rules can no longer judge
ALTER TABLE policy_change.ticket DROP COLUMN title;
SELECT itsm.set_mode(:attachment, 'observe');
ALTER TABLE policy_change.ticket DROP COLUMN title;
SELECT itsm.set_mode(:attachment, 'observe', 'titled');
ALTER TABLE policy_change.ticket DROP COLUMN title;
UPDATE policy_change.ticket SET status = 'done' WHERE id = 9;
SELECT * FROM policy_change.seen('policy_change.ticket') WHERE key = '9';

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA policy_change CASCADE;
DROP ROLE regress_itsm_policy_change;
