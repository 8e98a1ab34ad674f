-- For tests of controls: a table for each lifecycle, attached without judging, and cases of
-- evidence written a record a line:
--
--     lifecycle key state {"attribute": "value"}
--
-- A line about a key that is there changes its row.  The attribute tenant names the tenant,
-- "@-30" stands for thirty days ago, and a line that begins with ! is a statement.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SET timezone = 'UTC';

CREATE SCHEMA evidence;
CREATE TABLE lifecycle AS SELECT name, definition -> 'attributes' AS attributes FROM itsm.lifecycle_current;
SELECT format('CREATE TABLE evidence.%I (key text PRIMARY KEY, status text, a jsonb NOT NULL)', name) FROM lifecycle \gexec
SELECT count(itsm.attach(format('evidence.%I', l.name)::regclass, l.name, 'status', mode => 'off', tenant => 'coalesce(a ->> ''tenant'', '''')',
	attributes => (SELECT jsonb_object_agg(t.key, format('(a ->> %L)::%s', t.key, t.value)) FROM jsonb_each_text(l.attributes) AS t))) > 0 AS attached
FROM lifecycle l \gset

CREATE FUNCTION record_of(lifecycle text, key text) RETURNS bigint LANGUAGE sql AS $$
	SELECT itsm.record_id(format('evidence.%I', lifecycle)::regclass, key)
$$;

CREATE FUNCTION evidence_line(line text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	part text[];
	day text;
BEGIN
	IF line LIKE '!%' THEN
		EXECUTE substr(line, 2);
		RETURN;
	END IF;
	part := regexp_match(line, '^(\S+) (\S+) (\S+) ?(\{.*\})?$');
	IF part IS NULL THEN
		RAISE EXCEPTION 'no line of evidence: %', line;
	END IF;
	part[4] := coalesce(part[4], '{}');
	FOR day IN SELECT DISTINCT m[1] FROM regexp_matches(part[4], '"@(-?\d+)"', 'g') AS m LOOP
		part[4] := replace(part[4], '"@' || day || '"', to_json(now() + day::int * interval '1 day')::text);
	END LOOP;
	EXECUTE format('INSERT INTO evidence.%I AS e VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET status = $2, a = e.a || $3', part[1])
		USING part[2], part[3], part[4]::jsonb;
END $$;

CREATE FUNCTION evidence(lines text) RETURNS void LANGUAGE sql AS $$
	SELECT evidence_line(btrim(l.line, E' \t')) FROM string_to_table(lines, E'\n') WITH ORDINALITY AS l(line, number) WHERE btrim(l.line, E' \t') <> '' ORDER BY l.number
$$;

-- One control is answered at a time: that of the case.
CREATE FUNCTION exclude_all() RETURNS void LANGUAGE sql AS $$
	SELECT itsm.exclude_control(id, 'another one is tried') FROM itsm.control
$$;

-- What conforms, then what does not any more, and for whom.  Nothing of it stays.
CREATE FUNCTION control_case(control text, good text, bad text, subjects text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	before text; conforming text; nonconforming text; failing text; silent text;
BEGIN
	BEGIN
		PERFORM itsm.include_control(control);
		SELECT c.status INTO before FROM itsm.evaluate_controls('iso20000') AS c WHERE c.control = control_case.control;
		PERFORM evidence(good);
		SELECT concat_ws(': ', c.status, CASE WHEN c.status <> 'conforming' THEN concat_ws(', ', c.detail, c.example) END) INTO conforming
			FROM itsm.evaluate_controls('iso20000') AS c WHERE c.control = control_case.control;
		PERFORM evidence(bad);
		SELECT concat_ws(': ', c.status, CASE WHEN c.status <> 'nonconforming' THEN c.detail END) INTO nonconforming
			FROM itsm.evaluate_controls('iso20000') AS c WHERE c.control = control_case.control;
		SELECT string_agg(f.subject, '|' ORDER BY f.subject COLLATE "C"), string_agg(f.subject, '|') FILTER (WHERE coalesce(f.problem, '') = '') INTO failing, silent
			FROM itsm.control_findings(control_case.control) AS f;
		RAISE EXCEPTION USING errcode = 'IT999';
	EXCEPTION WHEN SQLSTATE 'IT999' THEN
		NULL;
	END;
	IF control <> 'X-3' THEN -- which sees the attachments
		RETURN NEXT is(before, 'no evidence', control || ' has nothing to go by');
	END IF;
	RETURN NEXT is(conforming, 'conforming', control || ' conforms');
	RETURN NEXT is(nonconforming, 'nonconforming', control || ' is broken');
	RETURN NEXT is(failing, subjects, control || ' says by what');
	RETURN NEXT is(silent, NULL, control || ' says why');
END $$;
