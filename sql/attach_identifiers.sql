-- Odd names, many columns, dropped ones, large values, dates at the ends of time.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_attach_identifiers;
CREATE SCHEMA attach_identifiers AUTHORIZATION regress_itsm_attach_identifiers;
SELECT itsm.define_lifecycle('{"name": "attach_identifiers",
	"attributes": {"title": "text", "Due \"date\"": "timestamptz", "größe": "numeric"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "refuse", "rules": [{"name": "Rule \"1\"; drop", "check": "new.\"Due \"\"date\"\"\" is not null", "to": "done"}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION attach_identifiers.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

CREATE SCHEMA "attach id's ""q""; --" AUTHORIZATION regress_itsm_attach_identifiers;
SET ROLE regress_itsm_attach_identifiers;
\set VERBOSITY terse
-- schema, table, columns, key
CREATE TABLE "attach id's ""q""; --"."Tab ""le"" ünï; drop" ("the ""key""" text, "KEY'2" integer, "the Status" text, "select" text, "due %s\" timestamptz, "größe" numeric,
	PRIMARY KEY ("the ""key""", "KEY'2"));
SELECT itsm.attach('"attach id''s ""q""; --"."Tab ""le"" ünï; drop"', 'attach_identifiers', 'the Status', mode => 'enforce', filter => '"select" is distinct from ''no'' ',
	attributes => '{"title": "\"select\"", "Due \"date\"": "\"due %s\\\"", "größe": "größe + 1"}', track => '{*}', tenant => '"select"') > 0;
INSERT INTO "attach id's ""q""; --"."Tab ""le"" ünï; drop" VALUES ('k "1", (x)', 1, 'done');
INSERT INTO "attach id's ""q""; --"."Tab ""le"" ünï; drop" VALUES ('k "1", (x)', 1, 'new');
UPDATE "attach id's ""q""; --"."Tab ""le"" ünï; drop" SET "the Status" = 'work';
\set VERBOSITY default
\set SHOW_CONTEXT never
UPDATE "attach id's ""q""; --"."Tab ""le"" ünï; drop" SET "the Status" = 'done';
\set VERBOSITY terse
SELECT * FROM attach_identifiers.seen('"attach id''s ""q""; --"."Tab ""le"" ünï; drop"');
SELECT itsm.detach('"attach id''s ""q""; --"."Tab ""le"" ünï; drop"');
-- names of 63 bytes, which is as long as they get
SELECT repeat('t', 63) AS t, repeat('s', 63) AS s, repeat('k', 63) AS k, repeat('ü', 31) AS u \gset
CREATE TABLE attach_identifiers.:"t" (:"k" integer PRIMARY KEY, :"s" text, :"u" text);
SELECT itsm.attach(format('attach_identifiers.%I', :'t')::regclass, 'attach_identifiers', :'s', attributes => jsonb_build_object('title', :'u'), key => ARRAY[:'k']::name[], track => ARRAY[:'u'], mode => 'enforce') > 0;
INSERT INTO attach_identifiers.:"t" VALUES (1, 'done');
INSERT INTO attach_identifiers.:"t" VALUES (1, 'new');
UPDATE attach_identifiers.:"t" SET :"s" = 'work';
SELECT key, state, events FROM attach_identifiers.seen(format('attach_identifiers.%I', :'t')::regclass);

-- renamed: a table, a schema; columns that the attachment does not name
ALTER TABLE attach_identifiers.:"t" RENAME TO renamed;
UPDATE attach_identifiers.renamed SET :"s" = 'nowhere';
SELECT itsm.detach('attach_identifiers.renamed');

-- dropped columns before, between and after those in use; added ones
CREATE TABLE attach_identifiers.dropped (a text, id integer PRIMARY KEY, b text, status text, c text, title text, d text);
ALTER TABLE attach_identifiers.dropped DROP COLUMN a, DROP COLUMN b, DROP COLUMN d;
SELECT itsm.attach('attach_identifiers.dropped', 'attach_identifiers', 'status', attributes => '{"title": "title"}', track => '{*}', mode => 'enforce') > 0;
INSERT INTO attach_identifiers.dropped VALUES (1, 'new', 'c', 't');
ALTER TABLE attach_identifiers.dropped DROP COLUMN c, ADD COLUMN e text DEFAULT 'e', ADD COLUMN f text;
UPDATE attach_identifiers.dropped SET f = 'f';
UPDATE attach_identifiers.dropped SET status = 'work', e = NULL;
UPDATE attach_identifiers.dropped SET status = 'nowhere';
SELECT version, kind, changes FROM itsm.history('attach_identifiers.dropped', '1') ORDER BY version;

-- 1,600 columns, all tracked
DO $$ BEGIN EXECUTE (SELECT format('CREATE TABLE attach_identifiers.wide (id integer PRIMARY KEY, status text, %s)', string_agg(format('c%s integer', i), ', ' ORDER BY i)) FROM generate_series(1, 1598) i); END $$;
SELECT itsm.attach('attach_identifiers.wide', 'attach_identifiers', 'status', attributes => '{"title": "c1598"}', track => '{*}', mode => 'enforce') > 0;
INSERT INTO attach_identifiers.wide (id, status) VALUES (1, 'new');
UPDATE attach_identifiers.wide SET c1 = 1, c1597 = 2, c1598 = 3;
DO $$ BEGIN EXECUTE (SELECT format('UPDATE attach_identifiers.wide SET status = ''work'', %s', string_agg(format('c%s = %s', i, i), ', ' ORDER BY i)) FROM generate_series(1, 1598) i); END $$;
UPDATE attach_identifiers.wide SET status = 'nowhere';
SELECT h.version, h.kind, (SELECT count(*) FROM jsonb_object_keys(h.changes)) FROM itsm.history('attach_identifiers.wide', '1') h ORDER BY 1;

-- values of 10 MB, compressed or not, in a mapped attribute, a tracked column, the status
CREATE TABLE attach_identifiers.large (id integer PRIMARY KEY, status text, title text, body text, note text);
ALTER TABLE attach_identifiers.large ALTER COLUMN body SET STORAGE EXTERNAL;
SELECT itsm.attach('attach_identifiers.large', 'attach_identifiers', 'status', attributes => '{"title": "title"}', track => '{body}', mode => 'enforce') > 0;
INSERT INTO attach_identifiers.large VALUES (1, 'new', repeat('0123456789', 1048576), repeat('abcdefghij', 1048576));
UPDATE attach_identifiers.large SET note = 'untouched';
UPDATE attach_identifiers.large SET status = 'work';
UPDATE attach_identifiers.large SET body = body || 'x';
UPDATE attach_identifiers.large SET status = repeat('nowhere', 1500000);
SELECT h.version, h.kind, length(h.changes->'body'->>'to') AS body, length(h.changes->'title'->>'to') AS title FROM itsm.history('attach_identifiers.large', '1') h ORDER BY 1;
-- blank for all of its 10 MB is missing
CREATE TABLE attach_identifiers.blank (id integer PRIMARY KEY, status text, title text);
RESET ROLE;
SELECT itsm.define_lifecycle(jsonb_set(jsonb_set(itsm.lifecycle_definition('attach_identifiers'), '{name}', '"attach_identifiers_2"'), '{rules}', '[{"name": "titled", "requires": "title"}]'));
SET ROLE regress_itsm_attach_identifiers;
SELECT itsm.attach('attach_identifiers.blank', 'attach_identifiers_2', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0;
INSERT INTO attach_identifiers.blank VALUES (1, 'new', repeat(' ', 10000000));
INSERT INTO attach_identifiers.blank VALUES (1, 'new', repeat(' ', 10000000) || '.');

-- the ends of time
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE attach_identifiers.ends (id date PRIMARY KEY, status text, due timestamptz);
SELECT itsm.attach('attach_identifiers.ends', 'attach_identifiers', 'status', attributes => '{"Due \"date\"": "due"}', mode => 'enforce') > 0;
INSERT INTO attach_identifiers.ends VALUES ('infinity', 'new', 'infinity'), ('-infinity', 'new', '-infinity'), ('4713-01-01 BC', 'new', '4713-01-01 00:00:00+00 BC'), ('5874897-12-31', 'new', '294276-12-31 23:59:59.999999+00');
UPDATE attach_identifiers.ends SET status = 'work', due = due;
SELECT s.* FROM attach_identifiers.seen('attach_identifiers.ends') s;
SELECT k.key, h.changes->'Due "date"'->>'to' AS due FROM attach_identifiers.seen('attach_identifiers.ends') k, itsm.history('attach_identifiers.ends', k.key) h WHERE h.version = 1 ORDER BY k.key COLLATE "C";

-- the status may be the key, a part of it, or a mapped attribute
CREATE TABLE attach_identifiers.all_in_one (status text PRIMARY KEY);
SELECT itsm.attach('attach_identifiers.all_in_one', 'attach_identifiers', 'status', attributes => '{"title": "status"}', track => '{status}', mode => 'enforce') > 0;
INSERT INTO attach_identifiers.all_in_one VALUES ('new');
UPDATE attach_identifiers.all_in_one SET status = 'done';
UPDATE attach_identifiers.all_in_one SET status = 'work';
SELECT * FROM attach_identifiers.seen('attach_identifiers.all_in_one');

-- a key that is as long as an index of the application takes
CREATE TABLE attach_identifiers.long_key (id text PRIMARY KEY, status text);
SELECT itsm.attach('attach_identifiers.long_key', 'attach_identifiers', 'status', mode => 'enforce') > 0;
INSERT INTO attach_identifiers.long_key SELECT string_agg(md5(i::text), '' ORDER BY i), 'new' FROM generate_series(1, 80) i;
UPDATE attach_identifiers.long_key SET status = 'work';
SELECT length(key), state, events FROM attach_identifiers.seen('attach_identifiers.long_key');
RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA "attach id's ""q""; --", attach_identifiers CASCADE;
DROP ROLE regress_itsm_attach_identifiers;
