\pset format unaligned
\t on
\set QUIET on
CREATE TEMP VIEW m AS SELECT how, what, percentile_cont(0.5) WITHIN GROUP (ORDER BY us) AS us FROM bench.result GROUP BY how, what;
CREATE FUNCTION pg_temp.us(h text, w text) RETURNS numeric LANGUAGE sql AS $$ SELECT us::numeric FROM m WHERE (how, what) = (h, w) $$;
CREATE FUNCTION pg_temp.shown(us numeric) RETURNS text LANGUAGE sql AS $$ SELECT coalesce(round(us, CASE WHEN us < 100 THEN 1 ELSE 0 END)::text, '') $$;
SELECT format(E'%s CIs, %s relationships; %s small searches reach %s others on average, %s middling ones %s, the largest %s.  %s.\n',
	:'nodes', (SELECT count(*) FROM bench.relation), (SELECT count(*) FROM bench.small), (SELECT round(avg(n)) FROM bench.small),
	(SELECT count(*) FROM bench.middling), (SELECT round(avg(n)) FROM bench.middling), (SELECT itsm.impact_count(largest) FROM bench.chosen), split_part(version(), ' (', 1));
SELECT '| µs | recursive query | index scans | packed | recursive query : packed | aimed at |' UNION ALL SELECT '|---|---:|---:|---:|---:|---:|';
SELECT format('| %s | %s | %s | %s | %s | %s |', name, pg_temp.shown(pg_temp.us('pack', theirs) / d), pg_temp.shown(pg_temp.us('scan', ours) / d), pg_temp.shown(pg_temp.us('pack', ours) / d),
	round(pg_temp.us('pack', theirs) / pg_temp.us('pack', ours), 1), aim)
FROM (VALUES
	(1, 'small, cold, rows', 'cold_small_cte', 'cold_small_rows', (SELECT count(*) FROM bench.small), '4'),
	(2, 'largest, cold, rows', 'cold_largest_cte', 'cold_largest_rows', 1, '12'),
	(3, 'first answer of a session, small', 'first_cte', 'first_rows', 1, CASE WHEN :nodes > 100000 THEN '100 ms' ELSE '10 ms' END),
	(4, 'small, warm, rows', 'small_cte', 'small_rows', 1, '10'),
	(5, 'small, warm, an array', 'small_cte', 'small_array', 1, '20'),
	(6, 'small, warm, counted', 'small_cte', 'small_count', 1, '20'),
	(7, 'middling, warm, rows', 'middling_cte', 'middling_rows', 1, '10'),
	(8, 'middling, warm, counted', 'middling_cte', 'middling_count', 1, '20'),
	(9, 'largest, warm, rows', 'largest_cte', 'largest_rows', 1, ''),
	(10, 'largest, warm, counted', 'largest_cte', 'largest_count', 1, '20'),
	(11, 'shortest path', 'path_cte', 'path_rows', 1, '40')) AS r(n, name, theirs, ours, d, aim) ORDER BY n;
SELECT format(E'\npgRouting takes %s ms for a small search, %s times as long as ours (aimed at: 5000), %s ms for the largest and %s ms for the path.',
	pg_temp.shown(pg_temp.us('pack', 'small_pgrouting') / 1000), round(pg_temp.us('pack', 'small_pgrouting') / pg_temp.us('pack', 'small_rows')),
	pg_temp.shown(pg_temp.us('pack', 'largest_pgrouting') / 1000), pg_temp.shown(pg_temp.us('pack', 'path_pgrouting') / 1000))
WHERE pg_temp.us('pack', 'small_pgrouting') IS NOT NULL;
SELECT format(E'\nPacking takes %s ms, and %s bytes an edge and direction on disk (aimed at: 8).', pg_temp.shown(pg_temp.us('pack', 'packing') / 1000),
	(SELECT round(pg_total_relation_size('itsm.graph_page') / (2.0 * relationships), 1) FROM itsm.graph_pack));
SELECT format(E'\nRelating two records takes %s µs, with two events, and %s µs where the type is acyclic: %s more (aimed at: 10); a recursive query that looks for a cycle takes %s.',
	pg_temp.shown(pg_temp.us('pack', 'write_plain')), pg_temp.shown(pg_temp.us('pack', 'write_acyclic')),
	pg_temp.shown(pg_temp.us('pack', 'write_acyclic') - pg_temp.us('pack', 'write_plain')), pg_temp.shown(pg_temp.us('pack', 'write_cte')));
SELECT format(E'\nA small search, counted, takes %s µs, the next one after a relationship was written %s and the one after that %s; with %s relationships written since the pack was made %s, %s and %s.',
	pg_temp.shown(pg_temp.us('pack', 'few_same')), pg_temp.shown(pg_temp.us('pack', 'few_next')), pg_temp.shown(pg_temp.us('pack', 'few_then')),
	(SELECT count(*) FROM bench.pair WHERE round = 1) * 2 + 200,
	pg_temp.shown(pg_temp.us('pack', 'many_same')), pg_temp.shown(pg_temp.us('pack', 'many_next')), pg_temp.shown(pg_temp.us('pack', 'many_then')));
