-- Every way to write, in every mode, by every kind of role: what is refused, what the row and its record
-- are afterwards, the events, the violations and the clock.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE path_writer;
CREATE ROLE path_owner;
CREATE ROLE path_root SUPERUSER;
CREATE SCHEMA path AUTHORIZATION path_owner;
GRANT USAGE, CREATE ON SCHEMA path TO PUBLIC;
SELECT itsm.define_lifecycle('{"name": "path", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "wait", "category": "waiting"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["wait", "done"]}, {"from": "wait", "to": "work"}], "delete": "final"}');
SELECT itsm.define_sla('{"name": "path", "lifecycle": "path", "target": "8 hours", "metric": "resolution", "start": ["new"], "pause": ["wait"], "stop": ["done"], "hours": "24/7"}');

-- The tables of one trial: made and attached in the mode by their owner, rows of ids 1 to 4 in state new.
CREATE FUNCTION prepare(mode text, timing text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	relation regclass;
BEGIN
	SET LOCAL SESSION AUTHORIZATION path_owner;
	CREATE DOMAIN path.status AS text CHECK (VALUE <> '');
	CREATE TABLE path.code (code text PRIMARY KEY);
	INSERT INTO path.code VALUES ('new'), ('work'), ('wait'), ('done'), ('odd');
	CREATE TABLE path.team (id integer PRIMARY KEY, status text, UNIQUE (id, status));
	INSERT INTO path.team VALUES (1, 'new'), (2, 'new');
	-- ordinary: a domain, a generated and an identity column, a column that is gone, one that is TOASTed
	CREATE TABLE path.plain (gone text, id integer PRIMARY KEY, status path.status NOT NULL, title text DEFAULT repeat('long ', 2000),
		loud text GENERATED ALWAYS AS (upper(left(title, 4))) STORED, serial bigint GENERATED ALWAYS AS IDENTITY);
	ALTER TABLE path.plain DROP COLUMN gone, ALTER COLUMN title SET STORAGE EXTERNAL, ADD COLUMN later text DEFAULT 'later';
	-- referring: the status comes from a table by CASCADE, SET NULL and SET DEFAULT
	CREATE TABLE path.child (id integer PRIMARY KEY, status text DEFAULT 'new' REFERENCES path.code ON UPDATE CASCADE ON DELETE SET DEFAULT DEFERRABLE, title text,
		team integer REFERENCES path.team ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED);
	CREATE TABLE path.owned (id integer PRIMARY KEY, status text, title text, team integer REFERENCES path.team ON DELETE CASCADE ON UPDATE CASCADE);
	-- three levels of partitions
	CREATE TABLE path.parted (id integer, region text, size integer, status text, title text, PRIMARY KEY (id, region, size)) PARTITION BY LIST (region);
	CREATE TABLE path.north PARTITION OF path.parted FOR VALUES IN ('north') PARTITION BY RANGE (size);
	CREATE TABLE path.north_small PARTITION OF path.north FOR VALUES FROM (0) TO (10);
	CREATE TABLE path.north_large PARTITION OF path.north FOR VALUES FROM (10) TO (100);
	CREATE TABLE path.south (status text, title text, size integer NOT NULL, region text NOT NULL, id integer NOT NULL);
	ALTER TABLE path.parted ATTACH PARTITION path.south FOR VALUES IN ('south');
	-- children by inheritance
	CREATE TABLE path.base (id integer PRIMARY KEY, status text, title text);
	CREATE TABLE path.heir (more text, PRIMARY KEY (id)) INHERITS (path.base);
	FOREACH relation IN ARRAY ARRAY['path.plain', 'path.child', 'path.owned', 'path.parted', 'path.base']::regclass[] LOOP
		PERFORM itsm.attach(relation, 'path', 'status', mode => mode, timing => timing, attributes => '{"title": "title"}');
	END LOOP;
	CREATE VIEW path.shown AS SELECT id, status AS state FROM path.plain;
	CREATE VIEW path.desk AS SELECT id FROM path.plain;
	CREATE RULE ends AS ON DELETE TO path.desk DO INSTEAD UPDATE path.plain SET status = 'done' WHERE id = old.id;
	CREATE RULE works AS ON UPDATE TO path.desk DO INSTEAD UPDATE path.plain SET status = 'work' WHERE id = old.id;
	CREATE VIEW path.counter AS SELECT id, status::text FROM path.plain;
	CREATE FUNCTION path.instead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE path.plain SET status = NEW.status WHERE id = OLD.id; RETURN NEW; END';
	CREATE TRIGGER instead INSTEAD OF UPDATE ON path.counter FOR EACH ROW EXECUTE FUNCTION path.instead();
	INSERT INTO path.plain (id, status) SELECT n, 'new' FROM generate_series(1, 4) n;
	INSERT INTO path.child SELECT n, 'new', 't', 1 FROM generate_series(1, 4) n;
	INSERT INTO path.owned SELECT n, 'new', 't', 1 FROM generate_series(1, 4) n;
	INSERT INTO path.parted SELECT n, 'north', n, 'new', 't' FROM generate_series(1, 4) n;
	INSERT INTO path.heir SELECT n, 'new', 't' FROM generate_series(1, 4) n;
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA path TO path_writer;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
END $$;

-- Everything that must hold afterwards, whatever was done; empty when it does.
CREATE FUNCTION amiss(mode text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(fault, '; ') FROM (
		SELECT concat_ws(' ', scope, object, detail) AS fault FROM itsm.verify() WHERE NOT ok
		UNION ALL SELECT 'clock of ' || c.record FROM itsm.clock c JOIN itsm.record_state s ON s.record = c.record AND s.tenant = c.tenant
			WHERE (c.stage IN ('stopped', 'met', 'missed')) <> (s.state = 'done') AND false
		UNION ALL SELECT 'recomputed clocks differ: ' || n FROM itsm.recompute_clocks() n WHERE n > 0
		UNION ALL SELECT format('record %s: %s violations while enforced', v.record, count(*)) FROM itsm.violation v WHERE amiss.mode = 'enforce' GROUP BY v.record) f $$;

-- What became of a table: key, status, events' moves and violations of each record that is not as it began.
CREATE FUNCTION became(relation text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(line, ', ' ORDER BY line COLLATE "C"), 'as before') FROM (
		SELECT concat_ws(' ', r.key, CASE WHEN r.deleted THEN 'deleted' ELSE coalesce(s.state, 'no state') END,
			string_agg(CASE e.kind WHEN 'transition' THEN coalesce(e.from_state, '?') || '>' || coalesce(e.to_state, '?') WHEN 'key_changed' THEN 'key' END, ' ' ORDER BY e.version),
			nullif((SELECT count(*) FROM itsm.violation v WHERE v.record = r.id AND v.tenant = r.tenant), 0)) AS line
		FROM itsm.record r JOIN itsm.source o ON o.id = r.source JOIN itsm.event e ON e.record = r.id AND e.tenant = r.tenant
			LEFT JOIN itsm.record_state s ON s.record = r.id AND s.tenant = r.tenant
		WHERE o.relation = relation::regclass GROUP BY r.id, r.tenant, r.key, r.deleted, s.state
		HAVING count(*) > 1 OR r.key !~ '^\(?[1-4](,north,[1-4]\))?$') l $$;

-- A trial: a write in a mode, by a role; what it came to, and what is amiss.  It leaves nothing behind.
CREATE FUNCTION trial(role text, mode text, timing text, relation text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	become CONSTANT text := 'SET LOCAL SESSION AUTHORIZATION path_' || role;
	result text;
	code text;
BEGIN
	BEGIN
		PERFORM public.prepare(mode, timing);
		BEGIN
			EXECUTE become;
			EXECUTE command;
			-- a check of the deferred verdicts at the end of the transaction is in test/t
			SET CONSTRAINTS ALL IMMEDIATE;
			SET LOCAL SESSION AUTHORIZATION DEFAULT;
		EXCEPTION WHEN OTHERS THEN
			code := SQLSTATE;
		END;
		result := concat_ws(': ', code, public.became(relation), public.amiss(mode));
		RAISE SQLSTATE 'ZZ999';
	EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
		RETURN result;
	END;
END $$;
