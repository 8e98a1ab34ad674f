-- Every way to write, in every mode, by every kind of role: what is refused, what the row and its record
-- are afterwards, the events, the violations and the clock.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE path_writer;
CREATE ROLE path_owner;
CREATE ROLE path_root SUPERUSER;
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
	CREATE SCHEMA path AUTHORIZATION path_owner;
	GRANT USAGE, CREATE ON SCHEMA path TO PUBLIC;
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
	INSERT INTO path.owned SELECT n, 'new', 't', 2 FROM generate_series(1, 4) n;
	INSERT INTO path.parted SELECT n, 'north', n, 'new', 't' FROM generate_series(1, 4) n;
	INSERT INTO path.heir SELECT n, 'new', 't' FROM generate_series(1, 4) n;
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA path TO path_writer;
	SET LOCAL SESSION AUTHORIZATION DEFAULT;
END $$;

-- Everything that must hold afterwards, whatever was done; null when it does.  itsm.verify() compares rows,
-- heads, states, projections, violations and clocks with the events.
CREATE FUNCTION amiss(mode text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(fault, '; ') FROM (
		SELECT concat_ws(' ', scope, object, detail) AS fault FROM itsm.verify() WHERE NOT ok
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

-- Takes the tables of a trial that was committed away.
CREATE FUNCTION clear() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.detach(a.relation) FROM itsm.attachment a WHERE a.detached_at IS NULL;
	DROP SCHEMA path CASCADE;
END $$;

-- What comes of it: while observing (with the number of violations), while enforcing, and with deferred
-- verdicts where that is something else.
CREATE TABLE way (number integer GENERATED ALWAYS AS IDENTITY, relation text, what text, command text, observed text, enforced text, deferred text);
INSERT INTO way (relation, what, command, observed, enforced, deferred) VALUES
('path.plain', 'INSERT of several', $a$INSERT INTO path.plain (id, status) VALUES (5, 'new'), (6, 'new')$a$,
	'5 new, 6 new', '5 new, 6 new', NULL),
('path.plain', 'INSERT of several, one bad', $a$INSERT INTO path.plain (id, status) VALUES (5, 'new'), (6, 'done')$a$,
	'5 new, 6 done 1', 'IT003: as before', NULL),
('path.plain', 'INSERT ... SELECT', $a$INSERT INTO path.plain (id, status) SELECT n, 'new' FROM generate_series(5, 6) n$a$,
	'5 new, 6 new', '5 new, 6 new', NULL),
('path.plain', 'ON CONFLICT DO UPDATE, allowed', $a$INSERT INTO path.plain (id, status) VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET status = 'work'$a$,
	'1 work new>work', '1 work new>work', NULL),
('path.plain', 'ON CONFLICT DO UPDATE, not allowed', $a$INSERT INTO path.plain (id, status) VALUES (1, 'new'), (7, 'new') ON CONFLICT (id) DO UPDATE SET status = 'done'$a$,
	'1 done new>done 1, 7 new', 'IT001: as before', NULL),
('path.plain', 'ON CONFLICT DO NOTHING', $a$INSERT INTO path.plain (id, status) VALUES (1, 'done') ON CONFLICT DO NOTHING$a$,
	'as before', 'as before', NULL),
('path.plain', 'MERGE with several actions', $a$MERGE INTO path.plain t USING (VALUES (1, 'work'), (2, NULL), (9, 'new')) v(id, status) ON t.id = v.id WHEN MATCHED AND v.status IS NULL THEN DO NOTHING WHEN MATCHED THEN UPDATE SET status = v.status WHEN NOT MATCHED THEN INSERT (id, status) VALUES (v.id, v.status)$a$,
	'1 work new>work, 9 new', '1 work new>work, 9 new', NULL),
('path.plain', 'MERGE with a bad action', $a$MERGE INTO path.plain t USING (VALUES (1, 'work'), (2, NULL), (9, 'new')) v(id, status) ON t.id = v.id WHEN MATCHED AND v.status IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET status = v.status WHEN NOT MATCHED THEN INSERT (id, status) VALUES (v.id, v.status)$a$,
	'1 work new>work, 2 deleted 1, 9 new', 'IT010: as before', NULL),
('path.plain', 'UPDATE ... FROM with duplicates', $a$UPDATE path.plain t SET status = v.s FROM (VALUES (1, 'work'), (1, 'work'), (2, 'work'), (2, 'work')) v(id, s) WHERE t.id = v.id$a$,
	'1 work new>work, 2 work new>work', '1 work new>work, 2 work new>work', NULL),
('path.plain', 'UPDATE ... FROM with duplicates, not allowed', $a$UPDATE path.plain t SET status = v.s FROM (VALUES (1, 'done'), (1, 'done')) v(id, s) WHERE t.id = v.id$a$,
	'1 done new>done 1', 'IT001: as before', NULL),
('path.plain', 'a data-modifying WITH', $a$WITH a AS (UPDATE path.plain SET status = 'work' WHERE id = 1 RETURNING id) INSERT INTO path.plain (id, status) SELECT id + 10, 'new' FROM a$a$,
	'1 work new>work, 11 new', '1 work new>work, 11 new', NULL),
('path.plain', 'a cursor, WHERE CURRENT OF', $a$DO $x$ DECLARE c CURSOR FOR SELECT id FROM path.plain WHERE id < 3 FOR UPDATE; r record; BEGIN FOR r IN c LOOP UPDATE path.plain SET status = 'work' WHERE CURRENT OF c; END LOOP; END $x$$a$,
	'1 work new>work, 2 work new>work', '1 work new>work, 2 work new>work', NULL),
('path.plain', 'a cursor, WHERE CURRENT OF, not allowed', $a$DO $x$ DECLARE c CURSOR FOR SELECT id FROM path.plain WHERE id < 3 FOR UPDATE; r record; BEGIN FOR r IN c LOOP UPDATE path.plain SET status = 'done' WHERE CURRENT OF c; END LOOP; END $x$$a$,
	'1 done new>done 1, 2 done new>done 1', 'IT001: as before', NULL),
('path.plain', 'through a view', $a$UPDATE path.shown SET state = 'work' WHERE id = 1$a$,
	'1 work new>work', '1 work new>work', NULL),
('path.plain', 'through a view, not allowed', $a$UPDATE path.shown SET state = 'done' WHERE id = 1$a$,
	'1 done new>done 1', 'IT001: as before', NULL),
('path.plain', 'by a rule', 'UPDATE path.desk SET id = id WHERE id = 1',
	'1 work new>work', '1 work new>work', NULL),
('path.plain', 'by a rule, not allowed', 'DELETE FROM path.desk WHERE id = 1',
	'1 done new>done 1', 'IT001: as before', NULL),
('path.plain', 'by INSTEAD OF', $a$UPDATE path.counter SET status = 'work' WHERE id = 1$a$,
	'1 work new>work', '1 work new>work', NULL),
('path.plain', 'by INSTEAD OF, not allowed', $a$UPDATE path.counter SET status = 'done' WHERE id = 1$a$,
	'1 done new>done 1', 'IT001: as before', NULL),
('path.plain', 'two moves in one block', $a$DO $x$ BEGIN UPDATE path.plain SET status = 'work' WHERE id = 1; UPDATE path.plain SET status = 'done' WHERE id = 1; END $x$$a$,
	'1 done new>work work>done', '1 done new>work work>done', NULL),
('path.plain', 'moves that an exception block takes back', $a$DO $x$ BEGIN UPDATE path.plain SET status = 'work' WHERE id = 1; BEGIN UPDATE path.plain SET status = 'wait' WHERE id = 1; RAISE 'back'; EXCEPTION WHEN OTHERS THEN NULL; END; UPDATE path.plain SET status = 'done' WHERE id = 1; END $x$$a$,
	'1 done new>work work>done', '1 done new>work work>done', NULL),
('path.plain', 'a refusal that an exception block catches', $a$DO $x$ BEGIN UPDATE path.plain SET status = 'work' WHERE id = 1; BEGIN UPDATE path.plain SET status = 'done' WHERE id = 2; EXCEPTION WHEN OTHERS THEN NULL; END; END $x$$a$,
	'1 work new>work, 2 done new>done 1', '1 work new>work', 'IT001: as before'),
('path.plain', 'a domain that refuses', $a$UPDATE path.plain SET status = '' WHERE id = 1$a$,
	'23514: as before', '23514: as before', NULL),
('path.plain', 'an unknown state', $a$UPDATE path.plain SET status = 'nowhere' WHERE id = 1$a$,
	'1 no state new>? 1', 'IT002: as before', NULL),
('path.plain', 'a generated and an identity column', $a$UPDATE path.plain SET title = 'short', serial = DEFAULT, status = 'work' WHERE id = 1$a$,
	'1 work new>work', '1 work new>work', NULL),
('path.plain', 'a value that is TOASTed, and one that is not', $a$UPDATE path.plain SET later = repeat('x', 100000), status = 'work' WHERE id = 1$a$,
	'1 work new>work', '1 work new>work', NULL),
('path.plain', 'the key', $a$UPDATE path.plain SET id = 11, status = 'work' WHERE id = 1$a$,
	'11 work key new>work', '11 work key new>work', NULL),
('path.plain', 'two keys that change places', 'UPDATE path.plain SET id = CASE id WHEN 1 THEN 21 ELSE 22 END WHERE id < 3',
	'21 new key, 22 new key', '21 new key, 22 new key', NULL),
('path.plain', 'a deletion, not allowed', 'DELETE FROM path.plain WHERE id = 1',
	'1 deleted 1', 'IT010: as before', NULL),
('path.plain', 'a deletion at the end', $a$DO $x$ BEGIN UPDATE path.plain SET status = 'work' WHERE id = 1; UPDATE path.plain SET status = 'done' WHERE id = 1; DELETE FROM path.plain WHERE id = 1; END $x$$a$,
	'1 deleted new>work work>done', '1 deleted new>work work>done', NULL),
('path.child', 'CASCADE of another key to an unknown state', $a$UPDATE path.code SET code = 'strange' WHERE code = 'new'$a$,
	'1 no state new>? 1, 2 no state new>? 1, 3 no state new>? 1, 4 no state new>? 1', 'IT002: as before', NULL),
('path.child', 'SET DEFAULT', $a$DO $x$ BEGIN UPDATE path.child SET status = 'work' WHERE id = 1; DELETE FROM path.code WHERE code = 'work'; END $x$$a$,
	'1 new new>work work>new 1', 'IT001: as before', NULL),
('path.child', 'SET NULL, of a column that is not the status', 'DELETE FROM path.team WHERE id = 1',
	'as before', 'as before', NULL),
('path.child', 'a deferred foreign key, fulfilled later', $a$DO $x$ BEGIN SET CONSTRAINTS ALL DEFERRED; UPDATE path.child SET team = 9, status = 'work' WHERE id = 1; INSERT INTO path.team VALUES (9, 'new'); END $x$$a$,
	'1 work new>work', '1 work new>work', NULL),
('path.child', 'a deferred foreign key, not fulfilled', $a$DO $x$ BEGIN SET CONSTRAINTS ALL DEFERRED; UPDATE path.child SET team = 9, status = 'work' WHERE id = 1; END $x$$a$,
	'23503: as before', '23503: as before', NULL),
('path.owned', 'CASCADE of a deletion, not allowed', 'DELETE FROM path.team WHERE id = 2',
	'1 deleted 1, 2 deleted 1, 3 deleted 1, 4 deleted 1', 'IT010: as before', NULL),
('path.owned', 'CASCADE of another column', 'UPDATE path.team SET id = 7 WHERE id = 2',
	'as before', 'as before', NULL),
('path.parted', 'a move between leaves of a level', $a$UPDATE path.parted SET size = 20, status = 'work' WHERE id = 1$a$,
	'(1,north,20) work key new>work', '(1,north,20) work key new>work', NULL),
('path.parted', 'a move between leaves of a level, not allowed', $a$UPDATE path.parted SET size = 20, status = 'done' WHERE id = 1$a$,
	'(1,north,20) done key new>done 1', 'IT001: as before', NULL),
('path.parted', 'a move between levels, columns in another order', $a$UPDATE path.parted SET region = 'south', status = 'work' WHERE id = 1$a$,
	'(1,south,1) work key new>work', '(1,south,1) work key new>work', NULL),
('path.parted', 'a move between levels, not allowed', $a$UPDATE path.parted SET region = 'south', status = 'done' WHERE id = 1$a$,
	'(1,south,1) done key new>done 1', 'IT001: as before', NULL),
('path.parted', 'the middle level', $a$UPDATE path.north SET status = 'work' WHERE id = 1$a$,
	'(1,north,1) work new>work', '(1,north,1) work new>work', NULL),
('path.parted', 'a leaf', $a$UPDATE path.north_small SET status = 'done' WHERE id = 1$a$,
	'(1,north,1) done new>done 1', 'IT001: as before', NULL),
('path.parted', 'an insert into a leaf', $a$INSERT INTO path.south (id, region, size, status) VALUES (5, 'south', 5, 'new')$a$,
	'(5,south,5) new', '(5,south,5) new', NULL),
('path.parted', 'an insert into a leaf, not allowed', $a$INSERT INTO path.south (id, region, size, status) VALUES (5, 'south', 5, 'done')$a$,
	'(5,south,5) done 1', 'IT003: as before', NULL),
('path.base', 'a child by its parent', $a$UPDATE path.base SET status = 'work' WHERE id = 1$a$,
	'1 work new>work', '1 work new>work', NULL),
('path.base', 'a child by itself, not allowed', $a$UPDATE path.heir SET status = 'done' WHERE id = 1$a$,
	'1 done new>done 1', 'IT001: as before', NULL),
('path.base', 'a child, by itself', $a$INSERT INTO path.heir VALUES (5, 'new', 't')$a$,
	'5 new', '5 new', NULL),
('path.base', 'the parent only', $a$INSERT INTO path.base VALUES (6, 'new', 't')$a$,
	'6 new', '6 new', NULL);

SELECT is(trial(r.role, m.mode, 'immediate', w.relation, w.command), m.expected, format('%s, %s: %s', m.mode, r.role, w.what))
FROM way w, (VALUES ('writer'), ('owner'), ('root')) r(role), LATERAL (VALUES ('observe', w.observed), ('enforce', w.enforced)) m(mode, expected)
ORDER BY w.number, r.role, m.mode;

-- Deferred verdicts come with the commit: a script of trials that are committed, each by another kind of role.
\o write_paths_deferred.sql
SELECT format(E'SELECT prepare(''enforce'', ''deferred'');\nSET SESSION AUTHORIZATION path_%s;\n%s;\n\\set code :SQLSTATE\nRESET SESSION AUTHORIZATION;\n'
		'SELECT is(concat_ws('': '', nullif(:''code'', ''00000''), became(%L), amiss(''enforce'')), %L, %L);\nSELECT clear();',
	r.role, w.command, w.relation, coalesce(w.deferred, w.enforced), format('deferred, %s: %s', r.role, w.what))
FROM way w, LATERAL (SELECT (ARRAY['writer', 'owner', 'root'])[w.number % 3 + 1] AS role) r ORDER BY w.number;
\o
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
\i write_paths_deferred.sql
\set ON_ERROR_STOP on
\! rm write_paths_deferred.sql

-- COPY FREEZE, into a table of the same transaction
CREATE FUNCTION freeze(state text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	CREATE TABLE public.fresh (id integer PRIMARY KEY, status text);
	PERFORM itsm.attach('public.fresh', 'path', 'status', mode => 'enforce');
	EXECUTE format('COPY public.fresh FROM PROGRAM %L (FREEZE)', format('printf "1\t%s\n"', state));
	SELECT concat_ws(': ', string_agg(e.kind || ' ' || e.to_state, ', '), public.amiss('enforce')) INTO result
	FROM itsm.event e JOIN itsm.record r ON r.id = e.record AND r.tenant = e.tenant JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'public.fresh'::regclass;
	PERFORM itsm.detach('public.fresh');
	DROP TABLE public.fresh;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT is(freeze('new'), 'created new', 'COPY FREEZE');
SELECT is(freeze('done'), 'IT003', 'COPY FREEZE, not allowed');

SELECT * FROM finish();
DROP OWNED BY path_writer, path_owner, path_root;
DROP ROLE path_writer, path_owner, path_root;
