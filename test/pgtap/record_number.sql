-- Random record numbers: their text comes back, their order is the one of their parts,
-- and everything that asks the order or a hash agrees; bad input that may not raise.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, itsm, pg_catalog;
BEGIN;
SELECT no_plan();
SELECT setseed(0.4711);

-- Parts first, so that nothing here asks the type: few prefixes with many neighbours, and any.
CREATE TABLE sample AS
SELECT prefix, width, digits, digits::bigint AS number, prefix || digits AS t
FROM (
	SELECT prefix, width, left(CASE WHEN zeros THEN repeat('0', (random() * width)::int) ELSE '' END
		|| CASE WHEN nines THEN repeat('9', width) ELSE lpad((random() * 999999999)::bigint::text || (random() * 999999999)::bigint::text, width, '7') END, width) AS digits
	FROM (
		SELECT prefix, 1 + (random() * (15 - length(prefix)))::int AS width, random() < 0.5 AS zeros, random() < 0.2 AS nines
		FROM (
			SELECT CASE WHEN i % 2 = 0 THEN (ARRAY['INC', 'IN', 'I', 'INCA', 'INCZZZZ', 'IND', 'ZZZZZZZ', 'A', 'AAAAAAA'])[1 + (random() * 8)::int]
				ELSE (SELECT string_agg(chr(65 + (random() * 25)::int), '') FROM generate_series(1, 1 + (random() * 6)::int) WHERE i > 0) END AS prefix
			FROM generate_series(1, 50000) i) s) s) s;
ALTER TABLE sample ADD n itsm.record_number;
UPDATE sample SET n = t;

SELECT cmp_ok((SELECT count(DISTINCT t) FROM sample), '>', 30000::bigint, 'there are many numbers');
SELECT is((SELECT count(*) FROM sample WHERE n::text <> t COLLATE "C"), 0::bigint, 'text comes back');
SELECT is((SELECT count(*) FROM sample WHERE (prefix(n), number(n), width(n)) IS DISTINCT FROM (prefix, number, width)), 0::bigint, 'so do the parts');
SELECT is((SELECT count(*) FROM sample WHERE n::bigint <> number), 0::bigint, 'the cast to bigint is the number');
SELECT is((SELECT count(*) FROM (
		SELECT rank() OVER (ORDER BY n) AS own, rank() OVER (ORDER BY prefix COLLATE "C", number, width) AS parts FROM sample) s WHERE own <> parts),
	0::bigint, 'order is that of prefix, number and width');
SELECT is((SELECT count(*) FROM sample a, (SELECT * FROM sample LIMIT 50) b WHERE
		record_number_cmp(a.n, b.n) <> CASE WHEN (a.prefix COLLATE "C", a.number, a.width) < (b.prefix COLLATE "C", b.number, b.width) THEN -1
			WHEN a.t = b.t COLLATE "C" THEN 0 ELSE 1 END),
	0::bigint, 'so is the comparison');
SELECT is((SELECT count(*) FROM sample a, (SELECT * FROM sample LIMIT 50) b WHERE
		ROW(a.n < b.n, a.n <= b.n, a.n = b.n, a.n <> b.n, a.n >= b.n, a.n > b.n) IS DISTINCT FROM
		(SELECT ROW(c < 0, c <= 0, c = 0, c <> 0, c >= 0, c > 0) FROM record_number_cmp(a.n, b.n) c)),
	0::bigint, 'operators agree with the comparison');
SELECT is((SELECT count(*) FROM (SELECT n FROM sample GROUP BY n) s), (SELECT count(DISTINCT t COLLATE "C") FROM sample), 'as many as there are texts');
SELECT is((SELECT min(n)::text FROM sample), (SELECT t FROM sample ORDER BY prefix COLLATE "C", number, width LIMIT 1), 'the smallest');
SELECT is((SELECT max(n)::text FROM sample), (SELECT t FROM sample ORDER BY prefix COLLATE "C" DESC, number DESC, width DESC LIMIT 1), 'the largest');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT n, record_number_hash(n) FROM sample) s), (SELECT count(DISTINCT n) FROM sample), 'a hash of each');
SELECT cmp_ok((SELECT count(DISTINCT record_number_hash(n)) FROM sample), '>', (SELECT count(DISTINCT n) * 999 / 1000 FROM sample), 'hashes are spread');
SELECT is((SELECT count(*) FROM sample WHERE (record_number_hash_extended(n, 0) & 4294967295) <> (record_number_hash(n)::bigint & 4294967295)), 0::bigint, 'the extended hash with seed 0 has the same low half');
SELECT cmp_ok((SELECT count(*) FROM sample WHERE record_number_hash_extended(n, 1) <> record_number_hash_extended(n, 2)), '>', 49000::bigint, 'seeds matter');

-- operator classes as the server checks them
SELECT is((SELECT count(*) FROM pg_opclass c WHERE c.opcintype IN ('itsm.record_number'::regtype, 'itsm.priority'::regtype) AND amvalidate(c.oid)), 4::bigint, 'operator classes are valid');

-- an index over all of them, checked by probing it
CREATE INDEX ON sample (n);
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*) FROM (SELECT DISTINCT t FROM sample) s WHERE EXISTS (SELECT FROM sample i WHERE i.n = s.t::itsm.record_number AND i.t = s.t)),
	(SELECT count(DISTINCT t COLLATE "C") FROM sample), 'the index finds each');

-- input that is asked for without raising: since PostgreSQL 16
CREATE FUNCTION soft(value text, type text, OUT valid boolean, OUT code text) LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('server_version_num')::int >= 160000 THEN
		EXECUTE 'SELECT pg_input_is_valid($1, $2), (SELECT sql_error_code FROM pg_input_error_info($1, $2))' INTO valid, code USING value, type;
	ELSE
		BEGIN
			EXECUTE format('SELECT %L::%s', value, type);
			valid := true;
		EXCEPTION WHEN data_exception THEN
			valid := false;
			code := SQLSTATE;
		END;
	END IF;
END $$;
SELECT is((SELECT string_agg(concat_ws(' ', v.t, s.valid, s.code), ', ' ORDER BY i) FROM (VALUES (1, 'INC1'), (2, 'x'), (3, 'ABCDEFGH1'), (4, 'INC12345678901234')) v(i, t), soft(t, 'itsm.record_number') s),
	'INC1 t, x f 22P02, ABCDEFGH1 f 22003, INC12345678901234 f 22003', 'bad numbers');
SELECT is((SELECT string_agg(concat_ws(' ', v.t, s.valid, s.code), ', ' ORDER BY i) FROM (VALUES (1, 'P1'), (2, 'x'), (3, 'P6')) v(i, t), soft(t, 'itsm.priority') s),
	'P1 t, x f 22P02, P6 f 22003', 'bad priorities');

SELECT * FROM finish();
ROLLBACK;
