\pset format unaligned
\t on
\set QUIET on
SELECT format(E'%s relationships; bytes an edge and direction on disk, packed: %s.  %s, %s searches of %s records on average, the largest of %s.\n',
	(SELECT count(*) FROM bench.relation), (SELECT round(pg_total_relation_size('itsm.graph_page') / (2.0 * relationships), 1) FROM itsm.graph_pack), split_part(version(), ' on ', 1), (SELECT count(*) FROM bench.small),
	(SELECT round(avg(n)) FROM bench.many_counts() n), (SELECT itsm.impact_count(ci) FROM bench.chosen));
CREATE TEMP VIEW m AS SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY us) AS us FROM bench.result GROUP BY what;
CREATE FUNCTION pg_temp.us(w text) RETURNS float LANGUAGE sql AS $$ SELECT us FROM m WHERE what = w $$;
SELECT '| µs | recursive query | index scans | packed | recursive query : packed | aimed at |' UNION ALL SELECT '|---|---:|---:|---:|---:|---:|';
SELECT format('| %s | %s | %s | %s | %s | %s |', name, round((pg_temp.us('pack_' || cte) / d)::numeric, 1), round((pg_temp.us('scan_' || ours) / d)::numeric, 1), round((pg_temp.us('pack_' || ours) / d)::numeric, 1),
	round((pg_temp.us('pack_' || cte) / pg_temp.us('pack_' || ours))::numeric, 1), aim)
FROM (VALUES (1, 'small, warm, rows', 'cte_small', 'ours_small', (SELECT count(*) FROM bench.small), '10'), (2, 'small, warm, an array', 'cte_small', 'array_small', (SELECT count(*) FROM bench.small), '20'), (3, 'small, warm, counted', 'cte_small', 'count_small', (SELECT count(*) FROM bench.small), '20'),
	(4, 'largest, warm, rows', 'cte_largest', 'ours_largest', 1, ''), (5, 'largest, warm, counted', 'cte_largest', 'count_largest', 1, '20'), (6, 'first call of a session, small', 'cold_cte', 'cold_ours', 1, '10 ms'),
	(7, 'second call of a session, largest', 'cold_largest_cte', 'cold_largest_ours', 1, '12'), (8, 'shortest path', 'path_cte', 'path_ours', 1, '40')) AS r(n, name, cte, ours, d, aim) ORDER BY n;
SELECT format(E'\nRelating two records: %s µs; where the type is acyclic: %s µs (both with two events).', round(pg_temp.us('relate_bench_plain')::numeric, 1), round(pg_temp.us('relate_bench_acyclic')::numeric, 1));
