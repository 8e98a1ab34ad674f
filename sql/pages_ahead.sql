-- Who begins a page of one of our tables adds others while few are left: an eighth of what there is, at
-- least 4 and at most 64, when half as many are left.
-- In a database of its own: what other tests added is there for everybody.
-- These bounds are those of a session that remembers the page it writes to, which none does by check-discard;
-- what holds there as well is looked at with caches dropped.
SET client_min_messages = warning;
SELECT current_database() AS tests \gset
CREATE DATABASE regress_itsm_pages_ahead;
\c regress_itsm_pages_ahead
SET client_min_messages = warning;
SET debug_discard_caches = 0;
SET search_path = pg_catalog;
\set VERBOSITY terse
CREATE EXTENSION itsm;

CREATE SCHEMA pages;
CREATE TABLE pages.ticket (id integer PRIMARY KEY, status text, title text);
SELECT itsm.define_lifecycle('{"name": "pages", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "done"}]}');
SELECT itsm.attach('pages.ticket', 'pages', 'status', attributes => '{"title": "title"}') AS ticket \gset
INSERT INTO pages.ticket VALUES (1, 'new', 'A');
SELECT format('itsm.event_%s', to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')) AS events \gset

-- pages behind the last event
CREATE FUNCTION pages.ahead() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	events regclass := format('itsm.event_%s', to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'));
	used bigint;
BEGIN
	EXECUTE format('SELECT max((ctid::text::point)[0]::bigint) + 1 FROM %s', events) INTO used;
	RETURN pg_relation_size(events) / current_setting('block_size')::bigint - used;
END $$;

CREATE PROCEDURE pages.write(ticket integer, times integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		UPDATE pages.ticket t SET title = i::text WHERE t.id = write.ticket;
		COMMIT;
	END LOOP;
END $$;

-- statement by statement
CALL pages.write(1, 400);
SELECT pages.ahead() BETWEEN 1 AND 8 AS some;
INSERT INTO pages.ticket SELECT n, 'new', 'B' FROM generate_series(2, 1000) n;
SELECT pages.ahead() BETWEEN 1 AND 16 AS some;
-- a large table has 32 of them at any time, and seldom more than 64 besides
INSERT INTO pages.ticket SELECT n, 'new', 'B' FROM generate_series(1001, 20000) n;
CREATE PROCEDURE pages.watch(times integer, OUT fewest bigint, OUT most bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		CALL pages.write(2, 20);
		fewest := least(fewest, pages.ahead());
		most := greatest(most, pages.ahead());
	END LOOP;
END $$;
CALL pages.watch(150, NULL, NULL) \gset
SELECT :fewest >= 30 AS never_few, :most <= 128 AS never_many;
-- others write there, too
\c -
SET client_min_messages = warning;
SET debug_discard_caches = 0;
SET search_path = pg_catalog;
SELECT pg_relation_size(:'events') AS before \gset
CALL pages.write(3, 40);
SELECT pg_relation_size(:'events') / current_setting('block_size')::bigint - pages.ahead() <= :before / current_setting('block_size')::bigint AS there;
-- an index gets pages, too, which a session's first row looks for, and every sixteenth after it; splits take them,
-- so that it seldom grows, and then by many
CREATE PROCEDURE pages.forget() LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('GRANT SELECT ON itsm.event_%s TO CURRENT_USER', to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'));
END $$;
CREATE PROCEDURE pages.watch_index(behind integer, times integer, forgetting boolean, OUT grown integer, OUT pages bigint) LANGUAGE plpgsql AS $$
DECLARE
	index regclass := format('itsm.event_%s_pkey', to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'));
	first bigint := pg_relation_size(index);
	before bigint := first;
BEGIN
	grown := 0;
	FOR i IN 1 .. times LOOP
		UPDATE pages.ticket t SET title = i::text WHERE t.id = behind + 1 + (i * 131) % 20000;
		IF forgetting THEN
			CALL pages.forget();
		END IF;
		COMMIT;
		IF pg_relation_size(index) > before THEN
			grown := grown + 1;
		END IF;
		before := pg_relation_size(index);
	END LOOP;
	pages := (before - first) / current_setting('block_size')::bigint;
END $$;
CALL pages.watch_index(0, 3000, false, NULL, NULL) \gset
SELECT :pages >= 50 AS many_pages, :grown <= :pages / 3 AS seldom;
-- nor is there more of them after as much again
INSERT INTO pages.ticket SELECT n, 'new', 'B' FROM generate_series(20001, 40000) n;
SELECT pages.ahead() <= 128 AS no_more;
-- who does not know a page to write to, as each session at first, takes one after the other: no reason for more of them
CREATE PROCEDURE pages.write_anew(times integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		UPDATE pages.ticket t SET title = i::text WHERE t.id = 4;
		CALL pages.forget();
		COMMIT;
	END LOOP;
END $$;
RESET debug_discard_caches;
SELECT pg_relation_size(:'events') AS before \gset
CALL pages.write_anew(800);
SELECT (pg_relation_size(:'events') - :before) / current_setting('block_size')::bigint <= 200 AS not_a_page_a_row;
SET debug_discard_caches = 0;
-- an index gets them likewise while the session forgets what it knows of the table with each row
CALL pages.watch_index(20000, 3000, true, NULL, NULL) \gset
SELECT :pages >= 50 AS many_pages, :grown <= :pages / 3 AS seldom;
-- an index that was built anew has none: the first row of a session looks
DO $$ BEGIN EXECUTE format('REINDEX INDEX itsm.event_%s_pkey', to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')); END $$;
\c -
SET client_min_messages = warning;
SET debug_discard_caches = 0;
SET search_path = pg_catalog;
SELECT pg_relation_size(:'events' || '_pkey') AS before \gset
CALL pages.write(5, 1);
SELECT (pg_relation_size(:'events' || '_pkey') - :before) / current_setting('block_size')::bigint BETWEEN 30 AND 64 AS by_the_first;
RESET debug_discard_caches;
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok AND object LIKE '%pages.ticket%';
\c :tests
DROP DATABASE regress_itsm_pages_ahead;
