-- Random plans, moves, edits and deletions of changes against a plain SQL model: the same
-- outcome each time, the same bookings, the same answers of change_conflicts and next_free_slot.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SET timezone = 'UTC';
BEGIN;
SELECT no_plan();
SELECT setseed(0.42);

SELECT itsm.define_lifecycle('{"name": "model_change",
	"attributes": {"planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]", "ci": "text", "service": "text", "note": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active", "initial": true},
		{"name": "implement", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": ["scheduled", "closed"]}, {"from": "scheduled", "to": ["new", "implement"]}, {"from": "implement", "to": "closed"}, {"from": "closed", "to": "new"}],
	"delete": "allow", "rules": [{"name": "free", "to": "scheduled", "in": ["scheduled", "implement"], "no_conflict": true},
		{"name": "no_freeze", "to": "scheduled", "not_frozen": {"maintenance": true}}]}');
CREATE TABLE change (id int PRIMARY KEY, status text NOT NULL, s timestamptz, e timestamptz, cis text[], ci text, service text, note text);
SELECT itsm.attach('change', 'model_change', 'status', mode => 'enforce',
	attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "ci": "ci", "service": "service", "note": "note"}');
CREATE TABLE model (LIKE change INCLUDING ALL);

-- Windows: freezes of an item and of a service, maintenance of two items.
CREATE TABLE pane (name text, kind text, during tstzrange, service text, ci text);
INSERT INTO pane VALUES ('f1', 'freeze', '[2050-01-03, 2050-01-04)', NULL, 'c1'), ('f2', 'freeze', '[2050-01-05 06:00, 2050-01-05 18:00)', 'mail', NULL),
	('m1', 'maintenance', '[2050-01-01, 2050-01-03)', NULL, 'c2'), ('m2', 'maintenance', '[2050-01-06, 2050-01-10)', NULL, 'c2'), ('m3', 'maintenance', '[2050-01-02, 2050-01-08)', NULL, 'c3');
DO $$ BEGIN PERFORM itsm.define_change_window(name, kind, lower(during), upper(during), services => CASE WHEN service IS NOT NULL THEN ARRAY[service] END, cis => CASE WHEN ci IS NOT NULL THEN ARRAY[ci] END) FROM pane; END $$;

CREATE FUNCTION items_array(c model) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$ SELECT array_agg(DISTINCT i) FROM unnest(c.cis || c.ci) i WHERE i <> '' $$;
CREATE FUNCTION occupied(c model) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT c.status IN ('scheduled', 'implement') $$;
CREATE FUNCTION sound(c model) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(c.e > c.s AND isfinite(c.s) AND isfinite(c.e), false) $$;
-- SQLSTATE that a write meets with
CREATE FUNCTION verdict(old model, new model) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	moves boolean := old.id IS NULL OR old.status <> new.status;
	-- judged on a move to scheduled; else when it comes to count, and on changes of the plan where it does
	free boolean := occupied(new) AND (old.id IS NULL OR NOT occupied(old) OR (moves AND new.status = 'scheduled')
		OR (old.s, old.e, old.cis, old.ci) IS DISTINCT FROM (new.s, new.e, new.cis, new.ci));
	frozen boolean := new.status = 'scheduled' AND (moves OR (old.s, old.e, old.cis, old.ci, old.service) IS DISTINCT FROM (new.s, new.e, new.cis, new.ci, new.service));
BEGIN
	IF old.id IS NOT NULL AND moves AND (old.status, new.status) NOT IN (('new', 'scheduled'), ('new', 'closed'), ('scheduled', 'new'), ('scheduled', 'implement'), ('implement', 'closed'), ('closed', 'new')) THEN
		RETURN 'IT001';
	ELSIF old.id IS NULL AND new.status NOT IN ('new', 'scheduled') THEN
		RETURN 'IT003';
	ELSIF frozen AND (NOT sound(new)
			OR EXISTS (SELECT FROM pane p WHERE p.kind = 'freeze' AND (p.service = new.service OR p.ci = ANY (items_array(new))) AND p.during && tstzrange(new.s, new.e))
			OR EXISTS (SELECT FROM unnest(items_array(new)) i WHERE EXISTS (SELECT FROM pane p WHERE p.kind = 'maintenance' AND p.ci = i)
				AND NOT (SELECT range_agg(p.during) FROM pane p WHERE p.kind = 'maintenance' AND p.ci = i) @> tstzrange(new.s, new.e))) THEN
		RETURN 'IT011';
	ELSIF free AND (NOT sound(new) OR items_array(new) IS NULL
			OR EXISTS (SELECT FROM model o WHERE o.id <> new.id AND o.id IS DISTINCT FROM old.id AND occupied(o) AND o.s < new.e AND new.s < o.e AND items_array(o) && items_array(new))) THEN
		RETURN 'IT012';
	END IF;
	RETURN '00000';
END $$;

CREATE FUNCTION random_time() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN random() < 0.02 THEN NULL WHEN random() < 0.02 THEN 'infinity'::timestamptz ELSE timestamptz '2050-01-01' + floor(random() * 96) * interval '2 hours' END $$;
CREATE FUNCTION random_change(key int) RETURNS model LANGUAGE sql VOLATILE AS $$
	SELECT key, (ARRAY['new', 'scheduled', 'scheduled', 'implement', 'closed'])[1 + floor(random() * 5)::int], s,
		CASE WHEN random() < 0.05 THEN random_time() ELSE s + (floor(random() * 6) + 1) * interval '2 hours' END,
		CASE WHEN random() < 0.5 THEN (SELECT array_agg('c' || floor(random() * 9)::int) FROM generate_series(1, (random() * 3)::int)) END,
		CASE WHEN random() < 0.7 THEN 'c' || floor(random() * 9)::int WHEN random() < 0.3 THEN '' END,
		CASE WHEN random() < 0.3 THEN 'mail' END, NULL
	FROM random_time() s $$;

-- One random write; what went wrong, or null.
CREATE FUNCTION step() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	key int := 1 + floor(random() * 60);
	old model;
	new model;
	fresh model;
	wanted text;
	got text := '00000';
BEGIN
	SELECT * INTO old FROM model WHERE id = key;
	fresh := random_change(key);
	IF old.id IS NULL THEN
		new := fresh;
	ELSIF random() < 0.06 THEN
		DELETE FROM change WHERE id = key;
		DELETE FROM model WHERE id = key;
		RETURN NULL;
	ELSE
		new := old;
		IF random() < 0.6 THEN new.status := fresh.status; END IF;
		IF random() < 0.3 THEN new.s := fresh.s; new.e := fresh.e; END IF;
		IF random() < 0.2 THEN new.cis := fresh.cis; new.ci := fresh.ci; END IF;
		IF random() < 0.2 THEN new.service := fresh.service; END IF;
		IF random() < 0.2 THEN new.note := random()::text; END IF;
	END IF;
	wanted := verdict(old, new);
	BEGIN
		IF old.id IS NULL THEN
			INSERT INTO change SELECT (new).*;
		ELSE
			UPDATE change c SET status = new.status, s = new.s, e = new.e, cis = new.cis, ci = new.ci, service = new.service, note = new.note WHERE c.id = key;
		END IF;
	EXCEPTION WHEN OTHERS THEN
		got := SQLSTATE;
	END;
	IF got = '00000' THEN
		DELETE FROM model WHERE id = key;
		INSERT INTO model SELECT (new).*;
	END IF;
	IF got <> wanted THEN
		RETURN format('%s -> %s: %s instead of %s', old, new, got, wanted);
	END IF;
	RETURN NULL;
END $$;

CREATE TABLE fault (what text);
DO $$
DECLARE
	what text;
BEGIN
	FOR i IN 1..4000 LOOP
		what := step();
		IF what IS NOT NULL THEN
			INSERT INTO fault VALUES (format('step %s: %s', i, what));
		END IF;
	END LOOP;
END $$;
SELECT is((SELECT string_agg(what, E'\n') FROM (SELECT what FROM fault LIMIT 5) f), NULL, 'every write meets with what the model says');
SELECT set_eq('TABLE change', 'TABLE model', 'the rows are the model''s');
SELECT cmp_ok((SELECT count(*)::int FROM model m WHERE occupied(m)), '>', 10, 'and a good many of them are scheduled');

-- Bookings are the plans of those that occupy something, and all of them hold.
SELECT set_eq(
	$$SELECT r.key, c.ci, b.during, b.enforced FROM itsm.change_booking b JOIN itsm.booked_ci c ON c.number = lower(b.place) JOIN itsm.record r ON r.id = b.record$$,
	$$SELECT m.id::text, i, tstzrange(m.s, m.e), true FROM model m, unnest(items_array(m)) i WHERE occupied(m)$$, 'bookings');

-- What stands against each plan that can be asked about.
SELECT set_eq(
	$$SELECT m.id, c.other, c.kind, c.ci, c.during FROM model m, itsm.change_conflicts('change', m.id::text) c WHERE sound(m) AND items_array(m) IS NOT NULL AND c.kind = 'change'$$,
	$$SELECT m.id, o.id::text AS other, 'change'::text AS kind, i, tstzrange(o.s, o.e) AS during FROM model m JOIN model o ON o.id <> m.id AND occupied(o) AND o.s < m.e AND m.s < o.e, unnest(items_array(m)) i WHERE sound(m) AND i = ANY (items_array(o))$$,
	'conflicts with other changes');
SELECT set_eq(
	$$SELECT DISTINCT m.id, c.other, c.during FROM model m, itsm.change_conflicts('change', m.id::text) c WHERE sound(m) AND items_array(m) IS NOT NULL AND c.kind = 'freeze'$$,
	$$SELECT m.id, p.name, p.during * tstzrange(m.s, m.e) AS during FROM model m JOIN pane p ON p.kind = 'freeze' AND (p.service = m.service OR p.ci = ANY (items_array(m))) AND p.during && tstzrange(m.s, m.e) WHERE sound(m) AND items_array(m) IS NOT NULL$$,
	'freezes');

-- The first of the slots that begin at a full hour, by trying each: nothing lies between, for all begins and ends here are full hours.
CREATE FUNCTION first_slot(m model, hours int) RETURNS tstzrange LANGUAGE sql STABLE AS $$
	SELECT tstzrange(t, t + hours * interval '1 hour')
	FROM generate_series(m.s, m.s + interval '19 days 23 hours', '1 hour') t
	WHERE t + hours * interval '1 hour' <= m.s + interval '20 days'
		AND NOT EXISTS (SELECT FROM model o WHERE o.id <> m.id AND occupied(o) AND tstzrange(o.s, o.e) && tstzrange(t, t + hours * interval '1 hour') AND items_array(o) && items_array(m))
		AND NOT EXISTS (SELECT FROM pane p WHERE p.kind = 'freeze' AND (p.service = m.service OR p.ci = ANY (items_array(m))) AND p.during && tstzrange(t, t + hours * interval '1 hour'))
		AND NOT EXISTS (SELECT FROM unnest(items_array(m)) i WHERE EXISTS (SELECT FROM pane p WHERE p.kind = 'maintenance' AND p.ci = i)
			AND NOT (SELECT range_agg(p.during) FROM pane p WHERE p.kind = 'maintenance' AND p.ci = i) @> tstzrange(t, t + hours * interval '1 hour'))
	ORDER BY t LIMIT 1 $$;
SELECT is(
	(SELECT string_agg(format('%s, %s h: %s instead of %s', m.id, h, itsm.next_free_slot('change', m.id::text, h * interval '1 hour', '20 days'), first_slot(m, h)), E'\n')
		FROM model m, unnest(ARRAY[1, 5, 30]) h WHERE sound(m) AND items_array(m) IS NOT NULL
			AND itsm.next_free_slot('change', m.id::text, h * interval '1 hour', '20 days') IS DISTINCT FROM first_slot(m, h)),
	NULL, 'the next free slot is the first');
SELECT is((SELECT string_agg(scope || object, ', ') FROM itsm.verify() WHERE NOT ok), NULL, 'verify finds nothing');

-- Rows and bookings go together to the end.
DELETE FROM change;
SELECT is((SELECT count(*)::int FROM itsm.change_booking), 0, 'deleted changes occupy nothing');
SELECT * FROM finish();
ROLLBACK;
