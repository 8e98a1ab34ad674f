-- Partitions and children that come get what they need; those that go lose it.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE SCHEMA guard_partitions;
SELECT itsm.define_lifecycle('{"name": "guard_partitions",
	"attributes": {"title": "text", "size": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}],
	"delete": "allow"}');
-- what a command comes to: its SQLSTATE, and its message without numbers
CREATE FUNCTION guard_partitions.try(command text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', SQLSTATE, regexp_replace(SQLERRM, '(attachment|trigger_)( ?)[0-9]+', '\1\2N', 'g'));
END $$;
-- what was kept of the attachments of a table
CREATE FUNCTION guard_partitions.kept(attached integer) RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', e.kind, CASE WHEN e.kind <> 'attached' THEN replace(e.detail::text, format('"role": "%s"', session_user), '"role": "superuser"') END) FROM itsm_report.policy_event e WHERE e.attachment = attached ORDER BY e.version
$$;

CREATE FUNCTION guard_partitions.armed() RETURNS SETOF text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.relname || ' ' || string_agg(t.tgname || ' ' || t.tgenabled::text, ', ' ORDER BY t.tgname)
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'guard_partitions'::regnamespace GROUP BY c.relname ORDER BY c.relname
$$;
CREATE TABLE guard_partitions.whole (id integer PRIMARY KEY, status text) PARTITION BY LIST (id);
CREATE TABLE guard_partitions.part1 PARTITION OF guard_partitions.whole FOR VALUES IN (1);
SELECT itsm.attach('guard_partitions.whole', 'guard_partitions', 'status', mode => 'enforce') AS whole \gset
CREATE TABLE guard_partitions.part2 PARTITION OF guard_partitions.whole FOR VALUES IN (2) PARTITION BY LIST (id);
CREATE TABLE guard_partitions.part2a PARTITION OF guard_partitions.part2 FOR VALUES IN (2);
CREATE TABLE guard_partitions.part3 (status text, id integer PRIMARY KEY);
ALTER TABLE guard_partitions.whole ATTACH PARTITION guard_partitions.part3 FOR VALUES IN (3);
SELECT guard_partitions.armed();
INSERT INTO guard_partitions.whole VALUES (1, 'new'), (2, 'new'), (3, 'new');
SELECT guard_partitions.try('TRUNCATE guard_partitions.part2a');
SELECT guard_partitions.try('TRUNCATE guard_partitions.part3');
SELECT guard_partitions.try('ALTER TABLE guard_partitions.part3 DISABLE TRIGGER ALL');
SELECT guard_partitions.try('ALTER TABLE guard_partitions.whole DISABLE TRIGGER itsm_judge');
-- dropped by their owner, while a superuser may
CREATE ROLE regress_itsm_guard_partitions;
GRANT USAGE ON SCHEMA guard_partitions TO regress_itsm_guard_partitions;
ALTER TABLE guard_partitions.part2 OWNER TO regress_itsm_guard_partitions;
ALTER TABLE guard_partitions.part3 OWNER TO regress_itsm_guard_partitions;
SET ROLE regress_itsm_guard_partitions;
SELECT guard_partitions.try('DROP TABLE guard_partitions.part3');
SELECT guard_partitions.try('DROP TABLE guard_partitions.part2 CASCADE');
RESET ROLE;
ALTER TABLE guard_partitions.part2 OWNER TO CURRENT_USER;
ALTER TABLE guard_partitions.part3 OWNER TO CURRENT_USER;
-- detached: nothing of ours is left, the records stay
ALTER TABLE guard_partitions.whole DETACH PARTITION guard_partitions.part3;
ALTER TABLE guard_partitions.whole DETACH PARTITION guard_partitions.part2 CONCURRENTLY;
SELECT guard_partitions.armed();
INSERT INTO guard_partitions.part3 VALUES ('anything', 33);
SELECT key, version FROM itsm.record WHERE attachment = :whole ORDER BY key;
DROP TABLE guard_partitions.part3;
-- and back again
ALTER TABLE guard_partitions.whole ATTACH PARTITION guard_partitions.part2 FOR VALUES IN (2);
SELECT guard_partitions.armed();
SELECT guard_partitions.try('UPDATE guard_partitions.part2a SET status = ''nowhere''');
SELECT guard_partitions.kept(:whole);

-- children by inheritance
CREATE TABLE guard_partitions.base (id integer PRIMARY KEY, status text);
SELECT itsm.attach('guard_partitions.base', 'guard_partitions', 'status', mode => 'enforce') AS base \gset
CREATE TABLE guard_partitions.child (PRIMARY KEY (id)) INHERITS (guard_partitions.base);
CREATE TABLE guard_partitions.late (id integer PRIMARY KEY, status text);
ALTER TABLE guard_partitions.late INHERIT guard_partitions.base;
SELECT guard_partitions.armed() OFFSET 1;
SELECT guard_partitions.try('INSERT INTO guard_partitions.late VALUES (1, ''done'')');
ALTER TABLE guard_partitions.late NO INHERIT guard_partitions.base;
SELECT guard_partitions.armed() OFFSET 1;
-- one with an attachment of its own keeps it
SELECT itsm.attach('guard_partitions.child', 'guard_partitions', 'status') AS child \gset
ALTER TABLE guard_partitions.child NO INHERIT guard_partitions.base;
SELECT guard_partitions.armed() OFFSET 1;
SELECT guard_partitions.kept(:base);

SET itsm.maintenance = on;
DROP SCHEMA guard_partitions CASCADE;
DROP ROLE regress_itsm_guard_partitions;
