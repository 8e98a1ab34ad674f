-- A table attached twice, detached by number; its key stays; triggers that fire before ours are named.
SET client_min_messages = notice;
SET search_path = attach_again, pg_catalog;
CREATE SCHEMA attach_again;
CREATE FUNCTION told(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE call;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN format('%s: %s | %s', sqlstate, regexp_replace(sqlerrm, 'attachment -?[1-9]\d*', 'attachment N'), hint);
END $$;
SELECT itsm.define_lifecycle('{"name": "attach_again", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text, code text NOT NULL UNIQUE);
CREATE TABLE other (id integer PRIMARY KEY, status text);
CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER "an ""odd"" one" AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION quiet();
CREATE TRIGGER audit AFTER INSERT OR DELETE ON ticket FOR EACH ROW EXECUTE FUNCTION quiet();
CREATE TRIGGER before_it BEFORE INSERT ON ticket FOR EACH STATEMENT EXECUTE FUNCTION quiet();
CREATE TRIGGER zz_late AFTER UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION quiet();

SELECT itsm.attach('ticket', 'attach_again', 'status', filter => 'id < 100') AS low \gset
SELECT itsm.attach('ticket', 'attach_again', 'status', filter => 'id >= 100', mode => 'enforce') AS high \gset
SELECT itsm.attach('other', 'attach_again', 'status') AS other \gset
-- a number that is none of the table's takes nothing away, least of all everything
SELECT told(format('SELECT itsm.detach(''ticket'', %s)', n)) FROM unnest(ARRAY[:other, 0, -1, 2147483647]) n;
SELECT told('SELECT itsm.detach(NULL)'), told('SELECT itsm.detach(''pg_class'')'), told('SELECT itsm.detach(''pg_class'', 1)');
SELECT count(*) AS attached FROM itsm.attachment WHERE relation = 'ticket'::regclass AND detached_at IS NULL;
INSERT INTO ticket VALUES (1, 'new', 'a'), (100, 'new', 'b');
SELECT told('INSERT INTO ticket VALUES (101, ''done'', ''c'')');
-- one goes, the other stays
SELECT itsm.detach('ticket', :low);
SELECT told(format('SELECT itsm.detach(''ticket'', %s)', :low));
SELECT told('INSERT INTO ticket VALUES (101, ''done'', ''c'')'), told('INSERT INTO ticket VALUES (2, ''nowhere'', ''d'')');
SELECT itsm.detach('ticket', NULL);
SELECT told('SELECT itsm.detach(''ticket'')'), told('INSERT INTO ticket VALUES (101, ''done'', ''c'')');
-- records are known by their key
SELECT told('SELECT itsm.attach(''ticket'', ''attach_again'', ''status'', key => ''{code}'')');
SELECT told('SELECT itsm.attach(''ticket'', ''attach_again'', ''status'', key => ''{code,NULL}'')');
SELECT itsm.attach('ticket', 'attach_again', 'status', key => '{id}') > 0 AS attached;
SELECT itsm.detach('ticket');
SELECT itsm.detach('other');
SET client_min_messages = warning;
DROP SCHEMA attach_again CASCADE;
