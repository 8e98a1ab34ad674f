-- Digests of several histories combined into one, and proofs that one is among them.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset format unaligned
-- Digests of histories in which nothing is sealed: their size is 0, their root that of no leaves.
CREATE FUNCTION pg_temp.digest(origin text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('format', 'itsm digest 1', 'origin', origin, 'system', '1', 'at', '2026-01-01T00:00:00.000000Z', 'timeline', 1, 'seal', 1, 'size', 0,
		'root', h, 'seal_hash', h, 'logs', '[]'::jsonb, 'checkpoint', format(E'%s\n0\n%s\n', origin, h))
	FROM encode(sha256(''), 'base64') h $$;
CREATE TEMP TABLE kept AS SELECT n, pg_temp.digest('cell ' || n) AS digest FROM generate_series(1, 5) n;

-- The root is that of the checkpoints, whatever order they come in.
SELECT jsonb_pretty(itsm.combine_digests(array_agg(digest))) FROM kept WHERE n <= 2;
SELECT count(DISTINCT itsm.combine_digests(ARRAY[a.digest, b.digest, c.digest])) FROM kept a, kept b, kept c WHERE a.n + b.n + c.n = 6 AND (a.n, b.n, c.n) IN ((1, 2, 3), (3, 2, 1), (2, 3, 1));
SELECT max(n) AS cells, itsm.combine_digests(array_agg(digest))->>'root' = encode(itsm.merkle_root(array_agg(convert_to(digest->>'checkpoint', 'UTF8') ORDER BY n)), 'base64') AS root_of_checkpoints
FROM (SELECT size, k.* FROM generate_series(1, 5) size JOIN kept k ON n <= size) k GROUP BY size ORDER BY size;

-- Each digest has a proof, for every number of cells; no other leaf has it.
SELECT size, count(*) AS proofs, max(cardinality(p.proof)) AS longest, bool_and(p.tree_size = size AND p.leaf_index = n - 1) AS placed,
	bool_and(p.leaf_hash = itsm.merkle_root(ARRAY[convert_to(digest->>'checkpoint', 'UTF8')])) AS own_leaf,
	bool_and(itsm.verify_inclusion(p.leaf_hash, p.leaf_index, p.tree_size, p.proof, p.root)) AS proved,
	bool_or(itsm.verify_inclusion(sha256('another'), p.leaf_index, p.tree_size, p.proof, p.root)) AS another_proved
FROM (SELECT size, (SELECT itsm.combine_digests(array_agg(k.digest)) FROM kept k WHERE k.n <= size) AS combined FROM generate_series(1, 5) size) c
	JOIN kept ON n <= size, itsm.combined_inclusion(combined, digest) p
GROUP BY size ORDER BY size;

-- What is refused
\set VERBOSITY terse
SELECT itsm.combine_digests('{}');
SELECT itsm.combine_digests(ARRAY[NULL, '{}']::jsonb[]);
SELECT itsm.combine_digests(ARRAY['[]']::jsonb[]);
SELECT itsm.combine_digests(ARRAY[digest, digest]) FROM kept WHERE n = 1;
SELECT itsm.combine_digests(ARRAY[digest || '{"size": 7}']) FROM kept WHERE n = 1;
SELECT itsm.combine_digests(array_agg(digest)) AS combined FROM kept WHERE n <= 3 \gset
SELECT itsm.combined_inclusion(:'combined', digest) FROM kept WHERE n = 4;
SELECT itsm.combined_inclusion(digest, digest) FROM kept WHERE n = 1;
SELECT itsm.combined_inclusion('"text"', digest) FROM kept WHERE n = 1;
SELECT itsm.combined_inclusion('{"format": "itsm combined digest 1", "cells": []}', digest) FROM kept WHERE n = 1;
SELECT itsm.combined_inclusion('{"format": "itsm combined digest 1", "cells": [1]}', digest) FROM kept WHERE n = 1;
SELECT itsm.combined_inclusion('{"format": "itsm combined digest 1", "cells": [{"origin": "a"}]}', digest) FROM kept WHERE n = 1;
SELECT itsm.combined_inclusion(jsonb_set(:'combined', '{cells,0}', jsonb_build_object('origin', 'cell 4', 'checkpoint', d.digest->'checkpoint')), d.digest) FROM kept d WHERE n = 4;
SELECT itsm.combined_inclusion(jsonb_set(:'combined', '{size}', '2'), digest) IS NOT NULL AS size_is_told_by_the_checkpoint FROM kept WHERE n = 1;
SELECT itsm.combined_inclusion(jsonb_set(:'combined', '{cells,0,origin}', '"cell 4"'), digest) FROM kept WHERE n = 4;
SELECT itsm.combine_digests(NULL) IS NULL AND itsm.combined_inclusion(NULL, '{}') IS NULL AS null_for_null;
