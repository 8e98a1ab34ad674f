-- Merkle trees over given leaves, and proofs checked: pure functions.
SET search_path = pg_catalog;
SET bytea_output = hex;

-- the leaves that everybody tests with, n = 0 to 8
SELECT n, itsm.merkle_root((ARRAY['', '\x00', '\x10', '\x2021', '\x3031', '\x40414243', '\x5051525354555657', '\x606162636465666768696a6b6c6d6e6f']::bytea[])[1:n])
FROM generate_series(0, 8) n ORDER BY n;
-- what is no array of leaves
SELECT itsm.merkle_root(NULL) IS NULL AS null_for_null;
SELECT itsm.merkle_root(ARRAY['\x00', NULL]::bytea[]);
SELECT itsm.merkle_root(ARRAY[['\x00'], ['\x01']]::bytea[]);
SELECT itsm.merkle_root('[5:6]={"\\x00","\\x10"}'::bytea[]) = itsm.merkle_root(ARRAY['\x00', '\x10']::bytea[]) AS bounds_do_not_matter;

-- a tree of three leaves a, b, c
CREATE TEMPORARY TABLE t AS
	SELECT sha256('\x0061') AS a, sha256('\x0062') AS b, sha256('\x0063') AS c, sha256('\x01' || sha256('\x0061') || sha256('\x0062')) AS ab,
		itsm.merkle_root(ARRAY['a', 'b', 'c']::bytea[]) AS abc;
SELECT itsm.verify_inclusion(a, 0, 3, ARRAY[b, c], abc) AS a, itsm.verify_inclusion(b, 1, 3, ARRAY[a, c], abc) AS b, itsm.verify_inclusion(c, 2, 3, ARRAY[ab], abc) AS c,
	itsm.verify_inclusion(a, 0, 1, '{}', a) AS alone FROM t;
SELECT itsm.verify_consistency(1, 3, a, abc, ARRAY[b, c]) AS one, itsm.verify_consistency(2, 3, ab, abc, ARRAY[c]) AS two, itsm.verify_consistency(3, 3, abc, abc, '{}') AS same,
	itsm.verify_consistency(0, 3, sha256(''), abc, '{}') AS from_nothing, itsm.verify_consistency(0, 0, sha256(''), sha256(''), '{}') AS nothing FROM t;
-- whatever does not verify is false: no error
SELECT bool_or(v) AS any_true, bool_or(v IS NULL) AS any_null, count(*) FROM t CROSS JOIN LATERAL (VALUES
	(itsm.verify_inclusion(a, 0, 3, '{}', abc)), (itsm.verify_inclusion(a, 0, 3, ARRAY[b], abc)), (itsm.verify_inclusion(a, 0, 3, ARRAY[b, c, c], abc)),
	(itsm.verify_inclusion(a, 1, 3, ARRAY[b, c], abc)), (itsm.verify_inclusion(a, 0, 2, ARRAY[b, c], abc)), (itsm.verify_inclusion(a, 3, 3, ARRAY[b, c], abc)),
	(itsm.verify_inclusion(a, -1, 3, ARRAY[b, c], abc)), (itsm.verify_inclusion(a, 0, -3, ARRAY[b, c], abc)), (itsm.verify_inclusion(a, 0, 0, '{}', sha256(''))),
	(itsm.verify_inclusion(a, 0, 3, ARRAY[b, NULL], abc)), (itsm.verify_inclusion(a, 0, 3, ARRAY[b, c || '\x00'::bytea], abc)), (itsm.verify_inclusion('', 0, 3, ARRAY[b, c], abc)),
	(itsm.verify_inclusion(a, 0, 3, ARRAY[b, c], '\x00')), (itsm.verify_inclusion(a, 0, 3, ARRAY[[b, c]], abc)), (itsm.verify_inclusion(a, 9223372036854775806, 9223372036854775807, ARRAY[b, c], abc)),
	(itsm.verify_inclusion(a, 0, 9223372036854775807, array_fill(b, ARRAY[63]), abc)), (itsm.verify_inclusion(a, 0, 9223372036854775807, array_fill(b, ARRAY[100000]), abc)),
	(itsm.verify_consistency(1, 3, a, abc, '{}')), (itsm.verify_consistency(3, 1, abc, a, ARRAY[b, c])), (itsm.verify_consistency(2, 3, ab, abc, ARRAY[c, c])),
	(itsm.verify_consistency(1, 3, a, abc, ARRAY[b])), (itsm.verify_consistency(1, 3, b, abc, ARRAY[b, c])), (itsm.verify_consistency(1, 3, a, ab, ARRAY[b, c])),
	(itsm.verify_consistency(3, 3, abc, ab, '{}')), (itsm.verify_consistency(3, 3, abc, abc, ARRAY[c])), (itsm.verify_consistency(0, 3, a, abc, '{}')),
	(itsm.verify_consistency(0, 3, sha256(''), abc, ARRAY[c])), (itsm.verify_consistency(-1, 3, a, abc, ARRAY[b, c])), (itsm.verify_consistency(1, -3, a, abc, ARRAY[b, c])),
	(itsm.verify_consistency(2, 3, ab, abc, ARRAY[NULL::bytea])), (itsm.verify_consistency(2, 3, ab, abc, ARRAY['\x00'::bytea])), (itsm.verify_consistency(2, 3, '', abc, ARRAY[c])),
	(itsm.verify_consistency(1, 9223372036854775807, a, abc, array_fill(b, ARRAY[63]))), (itsm.verify_consistency(0, 0, a, a, '{}'))) x(v);
-- a null argument: null
SELECT itsm.verify_inclusion(a, 0, 3, NULL, abc) IS NULL AS inclusion, itsm.verify_consistency(1, 3, a, abc, NULL) IS NULL AS consistency FROM t;
-- everybody may
SELECT count(*) FILTER (WHERE p.provolatile = 'i' AND p.proisstrict AND p.proparallel = 's' AND has_function_privilege('public', p.oid, 'EXECUTE')) AS pure, count(*)
FROM pg_proc p WHERE p.oid IN ('itsm.merkle_root(bytea[])'::regprocedure, 'itsm.verify_inclusion(bytea,bigint,bigint,bytea[],bytea)'::regprocedure,
	'itsm.verify_consistency(bigint,bigint,bytea,bytea,bytea[])'::regprocedure, 'itsm.leaf_hash(bigint,bigint,bytea)'::regprocedure);
SELECT itsm.leaf_hash(1, 2, sha256('x')) = sha256('\x00' || int8send(1) || int8send(2) || sha256('x')) AS leaf;
SELECT itsm.leaf_hash(1, 2, 'x');
