-- Reconciliation against a model: sources say at random what they say again, change or take
-- back, people edit rows by hand, sources become stale; after every word each row must have
-- what a plain query over the last words says. Items that say the same are passed over, which
-- the model does not know.
SELECT plan(5);
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA reconcile_model;
SET search_path = reconcile_model, public, pg_catalog;
CREATE TABLE box (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live', serial text, owner text, os text);
SELECT itsm.define_lifecycle('{"name": "model_box", "process": "configuration_item", "delete": "allow",
	"attributes": {"class": "text", "serial": "text", "owner": "text", "os": "text"},
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}') \g /dev/null
SELECT itsm.define_class('model_thing', abstract => true), itsm.define_class('model_box', 'model_thing') \g /dev/null
SELECT itsm.attach('box', 'model_box', 'status', mode => 'enforce', attributes => '{"class": "''model_box''", "serial": "serial", "owner": "owner", "os": "os"}') \g /dev/null
SELECT itsm.define_identification_rule('model_thing', 1, '{serial}') \g /dev/null
SELECT itsm.define_source_precedence('model_thing', '{high,middle}', stale_after => '{10 minutes,NULL}') \g /dev/null
SELECT itsm.define_source_precedence('model_box', '{middle,high}', attribute => 'os', stale_after => '{5 minutes,20 minutes}') \g /dev/null
INSERT INTO box SELECT i, 'live', 'S' || i FROM generate_series(1, 12) i;

CREATE TABLE rank (attribute text, source text, rank integer, stale_after interval);
INSERT INTO rank VALUES ('owner', 'high', 1, '10 minutes'), ('owner', 'middle', 2, NULL), ('os', 'middle', 1, '5 minutes'), ('os', 'high', 2, '20 minutes');
CREATE TABLE said (box integer, source text, at timestamptz, words jsonb, PRIMARY KEY (box, source));
CREATE TABLE expected AS SELECT id, owner, os FROM box;
CREATE TABLE outcome (action text, n bigint);

-- whose word counts at a time: null when nobody says anything, or those who count differ
CREATE FUNCTION winner(b integer, a text, t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
	WITH claim AS (
		SELECT s.words ->> a AS value, coalesce(s.at + r.stale_after > t, true) AS fresh, coalesce(r.rank, 9) AS rank
		FROM said s LEFT JOIN rank r ON r.source = s.source AND r.attribute = a WHERE s.box = b AND s.words ->> a IS NOT NULL),
	best AS (SELECT DISTINCT value FROM claim WHERE (NOT fresh, rank) = (SELECT NOT fresh, rank FROM claim ORDER BY 1, 2 LIMIT 1))
	SELECT max(value) FROM best HAVING count(*) = 1 $$;

CREATE FUNCTION walk(steps integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	t timestamptz := now() - interval '30 days';
	b integer;
	s text;
	w jsonb;
	wrong bigint := 0;
BEGIN
	FOR i IN 1 .. steps LOOP
		t := t + random() * interval '3 minutes';
		b := 1 + floor(random() * 12);
		IF random() < 0.1 THEN
			-- by hand; what was said is looked at again with the next word
			UPDATE box SET owner = 'hand' WHERE id = b;
			UPDATE expected SET owner = 'hand' WHERE id = b;
			CONTINUE;
		END IF;
		s := (ARRAY['high', 'middle', 'low', 'other'])[1 + floor(random() * 4)];
		SELECT words INTO w FROM said WHERE box = b AND source = s;
		IF w IS NULL OR random() < 0.5 THEN
			w := jsonb_build_object('serial', 'S' || b);
			IF random() < 0.7 THEN w := w || jsonb_build_object('owner', chr(97 + floor(random() * 3)::int)); END IF;
			IF random() < 0.7 THEN w := w || jsonb_build_object('os', chr(97 + floor(random() * 3)::int)); END IF;
		END IF;
		INSERT INTO said VALUES (b, s, t, w) ON CONFLICT (box, source) DO UPDATE SET at = t, words = w;
		INSERT INTO outcome SELECT action, count(*) FROM itsm.reconcile(s, 'model_box', jsonb_build_array(w), apply => true, seen_at => t) GROUP BY 1;
		UPDATE expected SET owner = coalesce(winner(b, 'owner', t), owner), os = coalesce(winner(b, 'os', t), os) WHERE id = b;
		SELECT wrong + count(*) INTO wrong FROM box JOIN expected e USING (id) WHERE (box.owner, box.os) IS DISTINCT FROM (e.owner, e.os);
		IF wrong > 0 THEN
			RAISE WARNING 'step %, %, % at %: %; said %', i, b, s, t, (SELECT jsonb_agg(jsonb_build_array(box.*, e.*)) FROM box JOIN expected e USING (id) WHERE (box.owner, box.os) IS DISTINCT FROM (e.owner, e.os)), (SELECT jsonb_agg(x) FROM said x WHERE x.box = b);
			RETURN wrong;
		END IF;
	END LOOP;
	RETURN wrong;
END $$;
SELECT setseed(0.42) \g /dev/null
SELECT is(walk(1500), 0::bigint, 'each row has what counts, after each of 1,500 words');
SELECT cmp_ok((SELECT sum(n) FROM outcome WHERE action = 'unchanged'), '>', 100::numeric, 'many were passed over');
SELECT ok(NOT EXISTS (SELECT FROM unnest('{matched,updated,conflict,outranked,unchanged}'::text[]) a WHERE a NOT IN (SELECT action FROM outcome)), 'and everything happened');
SELECT is((SELECT count(*) FROM itsm.source_item WHERE class = 'model_box'), (SELECT count(*) FROM said), 'what each source said is kept once');
SELECT is((SELECT jsonb_object_agg(b.serial || s.source, s.words ORDER BY b.serial, s.source) FROM said s JOIN box b ON b.id = s.box),
	(SELECT jsonb_object_agg((i.attributes ->> 'serial') || i.source, i.attributes) FROM itsm.source_item i WHERE i.class = 'model_box'), 'as it was said last');
SELECT * FROM finish();
