-- What is asked of seals and proofs and is not there: each says what, and what would help.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
SELECT no_plan();

CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(concat_ws(' | ', sqlstate || ': ' || sqlerrm, nullif(detail, ''), nullif(hint, '')), 'record \d+', 'record N', 'g');
END $$;
SELECT itsm.define_lifecycle('{"name": "sealed", "attributes": {}, "states": [{"name": "new", "category": "new", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text, tenant text NOT NULL DEFAULT 'a');
SELECT itsm.attach('ticket', 'sealed', 'status', tenant => 'tenant') > 0 AS attached;

SELECT is(refused('SELECT itsm.digest()'), '55000: nothing is sealed yet | SELECT itsm.seal() seals what is finished.', 'no seal, no digest');
SELECT is(refused('SELECT itsm.digest(1)'), '55000: nothing is sealed yet | SELECT itsm.seal() seals what is finished.', 'nor of a size');
INSERT INTO ticket SELECT n, 'new' FROM generate_series(1, 5) n;
INSERT INTO ticket VALUES (6, 'new', 'b');
SELECT itsm.record_id('ticket', '5') AS record, itsm.record_id('ticket', '6') AS other \gset
SELECT is(refused(format('SELECT itsm.inclusion_proof(%s, 1)', :record)),
	'22023: record N version 1 is not sealed | SELECT itsm.seal() seals what is finished; until then there is no proof.', 'not sealed yet');
DO $$ BEGIN
	FOR i IN 1 .. 300 LOOP
		PERFORM itsm.seal();
		EXIT WHEN NOT EXISTS (SELECT FROM itsm.unsealed());
		PERFORM pg_sleep(0.1);
	END LOOP;
END $$;
SELECT ok(itsm.digest() ? 'root', 'a digest');
SELECT alike(refused(format('SELECT itsm.digest(%s)', size)), format('22023: there was no seal of %s events | %%', size), 'there was no seal of ' || size)
	FROM unnest(ARRAY[0, -1, 1, 9223372036854775807]) size;
-- five events of tenant a
SELECT ok(itsm.inclusion_proof(:record, 1) = itsm.inclusion_proof(:record, 1, 5), 'the proof in the whole tree');
SELECT is(refused(format('SELECT itsm.inclusion_proof(%s, 1, %s)', :record, size)),
	format('22023: record N version 1 is not in a tree of %s events | It is leaf 4, counted from 0.', size), 'not in a tree of ' || size) FROM unnest('{0,1,4}'::int[]) size;
SELECT is(refused(format('SELECT itsm.inclusion_proof(%s, 1, %s)', :record, size)),
	format('22023: there is no tree of %s events | Of tenant "a" 5 are sealed. | SELECT itsm.seal() seals what is finished.', size), 'no tree of ' || size)
	FROM unnest(ARRAY[-1, 6, 9223372036854775807]) size;
SELECT is(refused(format('SELECT itsm.inclusion_proof(%s, %s)', record, version)),
	format('22023: record N version %s is not sealed | SELECT itsm.seal() seals what is finished; until then there is no proof.', version), format('version %s', version))
	FROM (VALUES (:record, 0), (:record, -1), (:record, 2), (9223372036854775807, 1)) v(record, version);
SELECT is(refused(format('SELECT itsm.evidence(''ticket'', ''5'', %s)', size)),
	format('22023: there was no seal of %s events | itsm.seal lists the sizes that there were; that of a digest is its member "size".', size), 'no evidence of a seal of ' || size)
	FROM unnest(ARRAY[0, -1, 9223372036854775807]) size;
SELECT is(itsm.inclusion_proof(NULL, 1), NULL, 'of nothing there is no proof');
SELECT is(array_length(itsm.inclusion_proof(:other, 1), 1), NULL, 'a tree of one needs none');
SELECT alike(refused(format('SELECT itsm.inclusion_proof(%s, 1, NULL, ''b'')', :record)), '22023: record N version 1 is not sealed%', 'in another tenant''s tree it is not');

-- service time to no end; intervals are infinite from PostgreSQL 17 on
SELECT CASE WHEN current_setting('server_version_num')::int >= 170000
	THEN is(refused($$SELECT itsm.service_deadline('24/7', now(), 'infinity')$$), '22008: a target of service time is finite', 'an infinite target')
	ELSE is(refused($$SELECT itsm.service_deadline('24/7', now(), 'infinity')$$), '22007: invalid input syntax for type interval: "infinity"', 'an infinite target') END;
SELECT is(refused($$SELECT itsm.service_deadline('24/7', now(), '2000000000 days')$$), '22008: target of service time out of range', 'a huge one');
SELECT is(refused($$SELECT itsm.service_deadline('24/7', 'infinity', '1 hour')$$), '22008: service time does not reach to infinity', 'from no time');

SELECT * FROM finish();
