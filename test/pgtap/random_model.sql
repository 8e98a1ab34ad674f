-- Random writes to an enforced table against a plain model of the lifecycle, its history
-- and its projection: the same outcome each time, and the same end.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();
SELECT setseed(0.42);

CREATE TABLE state (name text PRIMARY KEY, category text, initial boolean, final boolean);
INSERT INTO state VALUES ('a', 'new', true, false), ('b', 'active', true, false), ('c', 'waiting', false, false),
	('d', 'resolved', false, false), ('e', 'closed', false, true), ('f', 'cancelled', false, true);
CREATE TABLE edge (from_state text, to_state text);
INSERT INTO edge VALUES ('a', 'b'), ('a', 'f'), ('b', 'c'), ('c', 'b'), ('b', 'd'), ('c', 'd'), ('d', 'b'), ('d', 'e'), ('c', 'f');
SELECT itsm.define_lifecycle(jsonb_build_object('name', 'model', 'delete', 'final',
	'attributes', '{"note": "text", "n": "integer", "assignee": "text"}'::jsonb,
	'states', (SELECT jsonb_agg(to_jsonb(s)) FROM state s),
	'transitions', (SELECT jsonb_agg(jsonb_build_object('from', from_state, 'to', to_state)) FROM edge),
	'rules', '[{"name": "noted", "to": "d", "requires": "note"}, {"name": "positive", "check": "new.n > 0"}]'::jsonb));

CREATE TABLE subject (id int PRIMARY KEY, status text, note text, n int, assignee text);
INSERT INTO subject SELECT id, chr(96 + id % 6 + 1), CASE WHEN id % 2 = 0 THEN 'x' END, id % 3, NULL FROM generate_series(1, 12) id;
SELECT itsm.attach('subject', 'model', 'status', mode => 'enforce', track => '{*}', attributes => '{"note": "note", "n": "n", "assignee": "assignee"}') AS attachment \gset

-- The model: rows, and what is remembered of them.
CREATE TABLE model_row (LIKE subject INCLUDING INDEXES);
INSERT INTO model_row TABLE subject;
CREATE TABLE model_record (number serial PRIMARY KEY, key int UNIQUE, version int, deleted boolean DEFAULT false, transitions int DEFAULT 0,
	reopened int DEFAULT 0, reassigned int DEFAULT 0, violations int DEFAULT 0);

-- SQLSTATE that a write meets with; '00000' for none.
CREATE FUNCTION verdict(old subject, new subject) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	moving boolean := new.status IS DISTINCT FROM old.status;
	codes text[] := '{}';
BEGIN
	IF new.id IS NULL THEN
		RETURN CASE WHEN (SELECT final FROM state WHERE name = old.status) THEN '00000' ELSE 'IT010' END;
	END IF;
	IF new.status IS NULL OR new.status NOT IN (SELECT name FROM state) THEN
		codes := codes || 'IT002'::text;
	ELSIF old.id IS NULL AND NOT (SELECT initial FROM state WHERE name = new.status) THEN
		codes := codes || 'IT003'::text;
	ELSIF old.id IS NOT NULL AND moving AND NOT EXISTS (SELECT FROM edge WHERE from_state = old.status AND to_state = new.status) THEN
		codes := codes || 'IT001'::text;
	END IF;
	-- what a row lacked before is forgiven until it moves
	IF coalesce(trim(new.note), '') = '' AND new.status = 'd' AND (moving OR coalesce(trim(old.note), '') <> '') THEN
		codes := codes || 'IT004'::text;
	END IF;
	IF (new.n > 0) IS NOT TRUE AND (moving OR (old.n > 0) IS TRUE) THEN
		codes := codes || 'IT005'::text;
	END IF;
	RETURN coalesce((SELECT min(c) FROM unnest(codes) c), '00000');
END $$;

-- Remembers a write that was let pass.
CREATE FUNCTION remember(old subject, new subject) RETURNS void LANGUAGE plpgsql AS $$
<<m>>
DECLARE
	number int;
	moving boolean := new.status IS DISTINCT FROM old.status;
BEGIN
	IF old.id IS NOT NULL THEN
		-- nothing changed: nothing to remember
		IF new IS NOT DISTINCT FROM old THEN
			RETURN;
		END IF;
		INSERT INTO model_record (key, version) VALUES (old.id, 1) ON CONFLICT DO NOTHING;
		SELECT r.number INTO STRICT m.number FROM model_record r WHERE key = old.id;
	END IF;
	IF new.id IS NULL THEN
		UPDATE model_record r SET version = version + 1, deleted = true WHERE r.number = m.number;
		RETURN;
	END IF;
	IF old.id IS NULL THEN
		-- a key that was used before goes on with its record
		INSERT INTO model_record AS r (key, version) VALUES (new.id, 1)
		ON CONFLICT (key) DO UPDATE SET version = r.version + 1, deleted = false, transitions = 0, reopened = 0, reassigned = 0;
		RETURN;
	END IF;
	IF new.id <> old.id THEN
		UPDATE model_record r SET key = NULL, version = version + 1 WHERE key = new.id;
		UPDATE model_record r SET key = new.id, version = version + 1 WHERE r.number = m.number;
	END IF;
	IF (new.status, new.note, new.n, new.assignee) IS NOT DISTINCT FROM (old.status, old.note, old.n, old.assignee) THEN
		RETURN;
	END IF;
	UPDATE model_record r SET version = version + 1, transitions = transitions + moving::int,
		reopened = reopened + (moving AND (SELECT category FROM state WHERE name = old.status) IN ('resolved', 'closed', 'cancelled')
			AND (SELECT category FROM state WHERE name = new.status) IN ('new', 'active', 'waiting'))::int,
		reassigned = reassigned + (coalesce(new.assignee <> old.assignee, false))::int
	WHERE r.number = m.number;
END $$;

-- One write to both; what differed, or null.
CREATE FUNCTION try_write(command text, olds subject[], news subject[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	expected text[] := '{}';
	outcome text := '00000';
	before subject;
	after subject;
BEGIN
	FOR i IN 1 .. cardinality(olds) LOOP
		before := olds[i];
		after := news[i];
		IF after.id IS NOT NULL AND after.id IS DISTINCT FROM before.id AND EXISTS (SELECT FROM model_row WHERE id = after.id) THEN
			expected := ARRAY['23505'];
			EXIT;
		END IF;
		IF before IS DISTINCT FROM after THEN
			expected := expected || verdict(before, after);
		END IF;
	END LOOP;
	BEGIN
		EXECUTE command;
	EXCEPTION WHEN OTHERS THEN
		outcome := SQLSTATE;
	END;
	IF outcome <> coalesce((SELECT e FROM unnest(expected) WITH ORDINALITY AS u(e, n) WHERE e <> '00000' ORDER BY n LIMIT 1), '00000') THEN
		RETURN format('%s: %s, expected %s', command, outcome, expected);
	END IF;
	IF outcome = '00000' THEN
		FOR i IN 1 .. cardinality(olds) LOOP
			before := olds[i];
			after := news[i];
			IF before.id IS NOT NULL THEN
				DELETE FROM model_row WHERE id = before.id;
			END IF;
			IF after.id IS NOT NULL THEN
				INSERT INTO model_row SELECT (after).*;
			END IF;
			PERFORM remember(before, after);
		END LOOP;
	END IF;
	INSERT INTO tally VALUES (outcome);
	RETURN NULL;
END $$;

CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql AS 'SELECT choices[1 + floor(random() * cardinality(choices))::int]';
CREATE TABLE tally (outcome text);

CREATE FUNCTION random_write() RETURNS text LANGUAGE plpgsql AS $$
<<w>>
DECLARE
	kind float := random();
	none subject;
	olds subject[];
	news subject[];
	new subject;
	target int := 1 + floor(random() * 40);
	status text := pick('a', 'b', 'b', 'c', 'd', 'd', 'e', 'f', 'zzz', NULL);
	note text := pick('x', 'y', '', NULL);
	n int := floor(random() * 5);
	assignee text := pick('ann', 'bob', 'cid', NULL);
	command text;
BEGIN
	IF kind < 0.2 THEN
		status := pick('a', 'a', 'b', status);
		new := (target, status, note, n, assignee);
		RETURN try_write(format('INSERT INTO subject VALUES (%L, %L, %L, %L, %L)', target, status, note, n, assignee), ARRAY[none], ARRAY[new]);
	ELSIF kind < 0.3 THEN
		SELECT array_agg(r), array_agg(none) INTO olds, news FROM model_row r WHERE id = target;
		command := format('DELETE FROM subject WHERE id = %s', target);
	ELSIF kind < 0.38 THEN
		SELECT array_agg(r), array_agg((1 + (target * 7) % 40, coalesce(pick(r.status, w.status), r.status), r.note, r.n, r.assignee)::subject) INTO olds, news
		FROM model_row r WHERE id = target;
		new := news[1];
		command := format('UPDATE subject SET id = %s, status = %L WHERE id = %s', 1 + (target * 7) % 40, new.status, target);
	ELSIF kind < 0.6 THEN
		SELECT array_agg(r), array_agg((r.id, r.status, w.note, w.n, w.assignee)::subject) INTO olds, news FROM model_row r WHERE id = target;
		command := format('UPDATE subject SET note = %L, n = %L, assignee = %L WHERE id = %s', note, n, assignee, target);
	ELSIF kind < 0.7 THEN
		-- several rows in one statement, in a known order
		SELECT array_agg(r ORDER BY id), array_agg((r.id, w.status, coalesce(r.note, 'x'), r.n, r.assignee)::subject ORDER BY id) INTO olds, news
		FROM model_row r WHERE id IN (target, target + 1, target + 2) AND r.status IN ('b', 'c');
		command := format('UPDATE subject s SET status = %L, note = coalesce(s.note, ''x'') FROM (SELECT id FROM subject WHERE id BETWEEN %s AND %s AND status IN (''b'', ''c'') ORDER BY id) o WHERE s.id = o.id',
			status, target, target + 2);
	ELSE
		-- mostly along an edge
		SELECT array_agg(r), array_agg((r.id, coalesce(CASE WHEN random() < 0.7 THEN (SELECT to_state FROM edge WHERE from_state = r.status ORDER BY random() LIMIT 1) END, w.status),
			w.note, r.n, r.assignee)::subject) INTO olds, news FROM model_row r WHERE id = target;
		new := news[1];
		command := format('UPDATE subject SET status = %L, note = %L WHERE id = %s', new.status, note, target);
	END IF;
	IF olds IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN try_write(command, olds, news);
END $$;

-- Writes, some in subtransactions that are kept or taken back.
CREATE FUNCTION run(writes int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	difference text;
	done int := 0;
BEGIN
	WHILE done < writes LOOP
		BEGIN
			FOR i IN 1 .. 1 + floor(random() * 8)::int LOOP
				difference := random_write();
				done := done + 1;
				IF difference IS NOT NULL THEN
					RETURN NEXT difference;
				END IF;
			END LOOP;
			IF random() < 0.25 THEN
				RAISE EXCEPTION 'taken back' USING ERRCODE = 'UNDO0';
			END IF;
		EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
			NULL;
		END;
	END LOOP;
END $$;

SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL jit = off;
SELECT is((SELECT string_agg(r, E'\n') FROM run(14000) r), NULL, 'every write had the outcome that the model tells');
SELECT cmp_ok(count(*), '>=', 30::bigint, 'outcome ' || o || ' was met') FROM unnest('{00000,IT001,IT002,IT003,IT004,IT005,IT010,23505}'::text[]) o LEFT JOIN tally ON outcome = o GROUP BY o;
SELECT cmp_ok(count(*), '>', 5000::bigint, 'enough writes') FROM tally;

SELECT set_eq('TABLE subject', 'TABLE model_row', 'the rows are the model''s');
CREATE VIEW ours AS SELECT r.id, r.tenant, r.key, r.version, r.deleted, r.hash, s.state, p.state AS projected, p.transitions, p.reopened, p.reassigned, p.assignee, p.deleted AS projected_deleted, p.key AS projected_key
	FROM itsm.record r JOIN itsm.record_state s ON s.record = r.id JOIN itsm.projection p ON p.record = r.id
	WHERE r.source = (SELECT source FROM itsm.attachment ORDER BY id DESC LIMIT 1);
SELECT set_eq($$SELECT key, version::int, deleted FROM ours$$, $$SELECT key::text, version, deleted FROM model_record$$, 'keys, versions and deletions');
SELECT set_eq($$SELECT key, transitions, reopened, reassigned FROM ours WHERE NOT deleted$$,
	$$SELECT key::text, transitions, reopened, reassigned FROM model_record WHERE NOT deleted$$, 'moves, reopenings and reassignments');
SELECT is((SELECT count(*) FROM ours)::int, (SELECT count(*) FROM model_record)::int, 'as many records');
SELECT set_eq($$SELECT key, state, projected, assignee FROM ours WHERE NOT deleted$$,
	$$SELECT id::text, status, status AS again, assignee FROM model_row JOIN model_record ON key = id$$, 'states are the rows'' statuses');
SELECT is(count(*), 0::bigint, 'projections have the heads'' keys') FROM ours WHERE key IS DISTINCT FROM projected_key AND NOT deleted OR deleted <> projected_deleted;
SELECT is(count(*), 0::bigint, 'versions have no gaps, and the head is the last')
FROM (SELECT r.id FROM ours r LEFT JOIN itsm.event e ON e.record = r.id GROUP BY r.id, r.version, r.hash
	HAVING count(*) <> r.version OR max(e.version) <> r.version OR min(e.version) <> 1
		OR (array_agg(e.hash ORDER BY e.version DESC))[1] <> r.hash) broken;
SELECT is(count(*), 0::bigint, 'no event goes from where the one before did not lead')
FROM (SELECT from_state, kind, lag(to_state) OVER w AS before FROM itsm.event e WHERE record IN (SELECT id FROM ours)
	WINDOW w AS (PARTITION BY record ORDER BY version)) steps
WHERE kind = 'transition' AND from_state IS DISTINCT FROM before;
SELECT is(count(*), 0::bigint, 'nothing was observed') FROM itsm.violation WHERE attachment = :attachment;

SELECT is_empty('SELECT * FROM itsm.verify() WHERE NOT ok', 'verify finds nothing');

SELECT * FROM finish();
ROLLBACK;
