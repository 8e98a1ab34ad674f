-- Definitions of lifecycles and of SLAs, maps of states, hours and numbers, damaged at random: accepted, or
-- refused with an error for those who define.  What is accepted comes back, and can be defined again.
SET client_min_messages = error;
CREATE EXTENSION itsm;
CREATE TABLE ticket (id integer PRIMARY KEY, status text, title text);
CREATE TABLE tried (kind text, code text, example text, times bigint DEFAULT 1, PRIMARY KEY (kind, code));
SELECT set_config('fuzz.seconds', :'seconds', false), setseed((:seed % 1000000) / 1000000.0) \g /dev/null
\echo '# seed' :seed

-- One piece of a text replaced, dropped or doubled: damage that may still be JSON.
CREATE FUNCTION pg_temp.damage(given text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	at integer;
	parts text[];
	one integer;
	two integer;
BEGIN
	FOR i IN 0 .. (random() * 2)::integer LOOP
		IF random() < 0.2 THEN
			at := 1 + (random() * length(given))::integer;
			given := overlay(given PLACING substr('{}[]":,0x-9 ', 1 + (random() * 11)::integer, 1) FROM at FOR (random() * 2)::integer);
		ELSE
			parts := regexp_split_to_array(given, '(?<=[,:\[\]{}])');
			one := 1 + (random() * (cardinality(parts) - 1))::integer;
			two := 1 + (random() * (cardinality(parts) - 1))::integer;
			parts[one] := CASE (random() * 4)::integer WHEN 0 THEN parts[two] WHEN 1 THEN '' WHEN 2 THEN parts[one] || parts[two]
				ELSE (ARRAY['null', '[]', '{}', '""', '1e400', '"' || repeat('x', 70) || '"', 'true', '["*"]', '"*"'])[1 + (random() * 8)::integer] || right(parts[one], 1) END;
			given := array_to_string(parts, '');
		END IF;
	END LOOP;
	RETURN given;
END $$;

CREATE PROCEDURE pg_temp.try(kind text, statement text, given text, OUT code text) LANGUAGE plpgsql AS $$
BEGIN
	code := 'accepted';
	BEGIN
		EXECUTE statement USING given;
	EXCEPTION WHEN OTHERS THEN
		code := SQLSTATE;
	END;
	INSERT INTO tried AS t VALUES (kind, code, left(given, 2000)) ON CONFLICT ON CONSTRAINT tried_pkey DO UPDATE SET times = t.times + 1;
END $$;

DO $$
DECLARE
	until timestamptz := clock_timestamp() + current_setting('fuzz.seconds')::numeric * interval '1 second';
	definitions text[] := ARRAY(SELECT definition::text FROM itsm.lifecycle ORDER BY name);
	given text;
	code text;
	name text;
BEGIN
	WHILE clock_timestamp() < until LOOP
		given := pg_temp.damage(definitions[1 + (random() * (cardinality(definitions) - 1))::integer]);
		CALL pg_temp.try('lifecycle', 'SELECT itsm.define_lifecycle($1::jsonb)', given, code);
		IF code = 'accepted' THEN
			name := given::jsonb ->> 'name';
			CALL pg_temp.try('again', 'SELECT itsm.define_lifecycle(itsm.lifecycle_definition($1))', name, code);
			CALL pg_temp.try('lint', 'SELECT count(*) FROM itsm.lint_lifecycle($1)', name, code);
		END IF;
		CALL pg_temp.try('sla', 'SELECT itsm.define_sla($1::jsonb)', pg_temp.damage('{"name": "s", "process": "incident", "metric": "resolution", "start": "new", "stop": ["resolved"], "pause": ["waiting"], "target": {"1": "4 hours", "2": "1 day"}, "hours": "Mo-Fr 09:00-17:00", "warn": [0.5, 0.8]}'), code);
		CALL pg_temp.try('states', 'SELECT itsm.attach(''ticket'', ''incident'', ''status'', states => $1::jsonb, attributes => ''{"title": "title"}''), itsm.detach(''ticket'')', pg_temp.damage('{"Open": "new", "Doing": "in_progress", "Done": "resolved"}'), code);
		CALL pg_temp.try('hours', 'SELECT $1::itsm.service_hours', pg_temp.damage('Mo-Fr 09:00-17:00; Sa,Su off; Dec 25-26 off; 2026 Apr 03 off @ Europe/Berlin'), code);
		CALL pg_temp.try('number', 'SELECT $1::itsm.record_number', pg_temp.damage('INC0012345'), code);
		COMMIT;
	END LOOP;
END $$;

SELECT format('%s: %s (%s)', kind, code, times) FROM tried ORDER BY kind, code COLLATE "C";
-- damaged JSON, text or times; what is wrong with the definition; a name, type or function that is not there
DO $$
DECLARE
	odd record;
BEGIN
	FOR odd IN SELECT * FROM tried WHERE code NOT IN ('accepted', 'IT050', 'IT051', 'IT052') AND code !~ '^(22|42|54)' OR kind IN ('again', 'lint') AND code <> 'accepted' LOOP
		RAISE EXCEPTION '% ends with %: %', odd.kind, odd.code, odd.example;
	END LOOP;
	IF (SELECT count(DISTINCT kind) FROM tried WHERE code <> 'accepted') < 5 THEN
		RAISE EXCEPTION 'some kind was never refused';
	END IF;
END $$;
