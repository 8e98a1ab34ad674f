-- The results as Markdown: medians over the rounds of what a row costs beyond a row of the
-- table without triggers, measured beside it.

\set ON_ERROR_STOP on
SET search_path = bench;

CREATE OR REPLACE VIEW bench.beyond AS
	SELECT variant, workload,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu - base_cpu))::numeric AS cpu,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY wall - base_wall))::numeric AS wall,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY wall / base_wall))::numeric AS slower
	FROM bench.result
	GROUP BY variant, workload
	UNION ALL
	SELECT 'none', workload,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY base_cpu))::numeric,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY base_wall))::numeric, 1
	FROM bench.result
	GROUP BY workload;

SELECT format(E'Beyond no trigger, µs per row: CPU of the backend (and wall time). Medians of %s interleaved rounds, %s rows of 12 columns, PostgreSQL %s.\n',
	(SELECT count(DISTINCT round) FROM bench.result), (SELECT count(*) FROM bench.none), current_setting('server_version'));
SELECT E'| | whole-table UPDATE | batches of 20,000 | single rows, 1 client | single rows, 2 clients | throughput, 2 clients |\n|---|---:|---:|---:|---:|---:|';
SELECT format('| %s | %s | %s | %s | %s | %s |', v.label,
	max(CASE WHEN b.workload = 'whole' THEN shown END), max(CASE WHEN b.workload = 'batches' THEN shown END),
	max(CASE WHEN b.workload = 'single_1' THEN shown END), max(CASE WHEN b.workload = 'single_2' THEN shown END),
	max(CASE WHEN b.workload = 'single_2' THEN round(100 / slower) || ' %' END))
FROM bench.variant v
	JOIN (SELECT *, CASE variant WHEN 'none' THEN format('*%s (%s)*', round(cpu, 2), round(wall, 2))
			ELSE format('%s (%s)', round(cpu, 2), round(wall, 2)) END AS shown
		FROM bench.beyond) b ON b.variant = v.name
GROUP BY v.position, v.label ORDER BY v.position;
SELECT E'\nThe first row, in italics, is the whole cost without a trigger; below it, what is added.\n';

SELECT E'| ratio, CPU | aimed at | whole-table UPDATE | batches of 20,000 |\n|---|---|---:|---:|';
WITH pair (position, label, aim, ours, theirs, whole, batches) AS (VALUES
	(1, 'itsm judging : look-up in a transitions table', 'at most 0.1', 'itsm', 'lookup', 'whole', 'batches'),
	(2, 'itsm judging : CASE state machine in PL/pgSQL', 'below 1', 'itsm', 'hardcoded', 'whole', 'batches'),
	(3, 'itsm judging : django-pgtrigger''s FSM form', '', 'itsm', 'fsm', 'whole', 'batches'),
	(4, 'itsm, UPDATE of nothing tracked : empty trigger in C', 'at most 1.5', 'itsm', 'empty', 'whole_untracked', 'batches_untracked'),
	(5, 'itsm with history : PL/pgSQL CASE and jsonb audit', '', 'itsm_history', 'audit', 'whole', 'batches'))
SELECT format('| %s | %s | %s | %s |', p.label, p.aim, r[1], r[2])
FROM pair p, LATERAL (
	SELECT array_agg((SELECT round(o.cpu / nullif(t.cpu, 0), 2)::text FROM bench.beyond o JOIN bench.beyond t USING (workload)
		WHERE workload = w AND o.variant = p.ours AND t.variant = p.theirs) ORDER BY n) AS r
	FROM unnest(ARRAY[p.whole, p.batches]) WITH ORDINALITY AS u(w, n)) AS x
ORDER BY p.position;
SELECT format(E'\nFive rules over six attributes: %s µs of CPU per row beyond judging alone (aimed at: at most 1). An UPDATE of nothing tracked: itsm %s µs, empty trigger in C %s µs.',
	round((SELECT cpu FROM bench.beyond WHERE variant = 'itsm_rules' AND workload = 'whole') - (SELECT cpu FROM bench.beyond WHERE variant = 'itsm' AND workload = 'whole'), 2),
	round((SELECT cpu FROM bench.beyond WHERE variant = 'itsm' AND workload = 'whole_untracked'), 2),
	round((SELECT cpu FROM bench.beyond WHERE variant = 'empty' AND workload = 'whole_untracked'), 2));
