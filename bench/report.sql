-- The results as Markdown: medians over the rounds of what a row costs beyond a row of the
-- table without triggers, measured beside it.

\set ON_ERROR_STOP on
SET search_path = bench;

CREATE OR REPLACE VIEW bench.beyond AS
	SELECT variant, workload,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu - base_cpu))::numeric AS cpu,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY wall - base_wall))::numeric AS wall,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY wall / nullif(base_wall, 0)))::numeric AS slower,
		(percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY wall / nullif(base_wall, 0)))::numeric[] AS quartiles
	FROM bench.result
	GROUP BY variant, workload
	UNION ALL
	SELECT 'none', workload,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY base_cpu))::numeric,
		(percentile_cont(0.5) WITHIN GROUP (ORDER BY base_wall))::numeric, 1, NULL
	FROM bench.result
	GROUP BY workload;

SELECT format(E'Beyond no trigger, µs per row: CPU of the backend (and wall time). Medians of %s interleaved rounds, %s rows of 12 columns, PostgreSQL %s.\n',
	(SELECT max(round) FROM bench.result), (SELECT count(*) FROM bench.none), current_setting('server_version'));
SELECT E'| | whole-table UPDATE | batches of 20,000 | single rows, 1 client | single rows, 2 clients | throughput, 2 clients |\n|---|---:|---:|---:|---:|---:|';
SELECT format('| %s | %s | %s | %s | %s | %s |', v.label,
	max(CASE WHEN b.workload = 'whole' THEN shown END), max(CASE WHEN b.workload = 'batches' THEN shown END),
	max(CASE WHEN b.workload = 'single_1' THEN shown END), max(CASE WHEN b.workload = 'single_2' THEN shown END),
	max(CASE WHEN b.workload = 'single_2' THEN round(100 / slower) || ' %' END))
FROM bench.variant v
	JOIN (SELECT *, CASE variant WHEN 'none' THEN format('*%s (%s)*', round(cpu, 2), round(wall, 2))
			ELSE format('%s (%s)', round(cpu, 2), round(wall, 2)) END AS shown
		FROM bench.beyond) b ON b.variant = v.name
WHERE v.name NOT IN ('generic', 'rows_alone')
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

SELECT E'\nHistory. Batches of 5,000 rows in turn with those of a peer, in one session, first beside the jsonb audit row, then beside the generic trigger; all mapped attributes tracked. Rows lie in the order of their keys; in disorder: once single ones were updated at random, about a quarter of them between two rounds. In the first column a status and two other columns change, in the second one tracked column without a move. Single rows: one status and two other columns, latency and throughput as shares of those without a trigger; durable: with fsync, full_page_writes and synchronous_commit on, as PostgreSQL is delivered, else they are off; after a checkpoint: each page is met for the first time since, and copied into the WAL, else every row was updated once since. Medians of all pairs of runs, with and without the trigger in turn; in brackets the quartiles. Bytes of a row of history: of its table and of its indexes.\n';
SELECT E'| | status and two columns, µs | tracked column, µs | latency, 1 client | durable | durable, after a checkpoint | throughput, 16 clients | bytes |\n|---|---:|---:|---:|---:|---:|---:|---:|';
CREATE OR REPLACE VIEW bench.history AS
	SELECT v.position, v.name, v.label,
		max(b.cpu) FILTER (WHERE b.workload = CASE v.name WHEN 'generic' THEN 'case_generic' ELSE 'case' END) AS moved,
		max(b.cpu) FILTER (WHERE b.workload = CASE v.name WHEN 'generic' THEN 'tracked_generic' ELSE 'tracked' END) AS tracked,
		max(b.cpu) FILTER (WHERE b.workload = 'case_generic') AS moved_beside_generic,
		max(b.cpu) FILTER (WHERE b.workload = 'case_disorder') AS moved_disorder,
		max(b.cpu) FILTER (WHERE b.workload = 'tracked_disorder') AS tracked_disorder,
		max(b.slower) FILTER (WHERE b.workload = 'case_1') AS latency,
		max(b.slower) FILTER (WHERE b.workload = 'durable_1') AS durable,
		max(b.slower) FILTER (WHERE b.workload = 'fresh_durable_1') AS durable_fresh,
		max(1 / b.slower) FILTER (WHERE b.workload = 'case_16') AS throughput,
		(bench.history_bytes(v.name)).*
	FROM bench.variant v JOIN bench.beyond b ON b.variant = v.name
	WHERE v.name IN ('itsm_history', 'audit', 'generic')
	GROUP BY v.position, v.name, v.label;
SELECT format('| %s | %s | %s | %s | %s | %s | %s %% | %s + %s |', label, round(moved, 2), round(tracked, 2), round(latency, 2), round(durable, 2), round(durable_fresh, 2),
	round(100 * throughput), round(heap), round(indexes))
FROM bench.history ORDER BY position;

SELECT E'\n| | aimed at | measured |\n|---|---|---:|';
WITH ours AS (SELECT * FROM bench.history WHERE name = 'itsm_history'),
	audit AS (SELECT * FROM bench.history WHERE name = 'audit'),
	generic AS (SELECT * FROM bench.history WHERE name = 'generic'),
	alone AS (SELECT max(cpu) FILTER (WHERE workload = 'case') AS moved, max(cpu) FILTER (WHERE workload = 'tracked') AS tracked
		FROM bench.beyond WHERE variant = 'rows_alone'),
	single AS (
		SELECT max(shown) FILTER (WHERE variant = 'itsm_history' AND workload = 'durable_1') AS durable,
			max(shown) FILTER (WHERE variant = 'itsm_history' AND workload = 'fresh_durable_1') AS durable_fresh,
			max(shown) FILTER (WHERE variant = 'itsm_history' AND workload = 'case_1') AS latency,
			max(shown) FILTER (WHERE variant = 'itsm_history' AND workload = 'case_16') AS throughput,
			max(shown) FILTER (WHERE variant = 'rows_alone' AND workload = 'durable_1') AS durable_alone,
			max(shown) FILTER (WHERE variant = 'rows_alone' AND workload = 'case_1') AS latency_alone,
			max(shown) FILTER (WHERE variant = 'rows_alone' AND workload = 'case_16') AS throughput_alone
		FROM (SELECT variant, workload, CASE workload
				WHEN 'case_16' THEN format('%s %% (%s to %s)', round(100 / slower), round(100 / quartiles[2]), round(100 / quartiles[1]))
				ELSE format('%s (%s to %s)', round(slower, 2), round(quartiles[1], 2), round(quartiles[2], 2)) END AS shown
			FROM bench.beyond) b)
SELECT format('| %s | %s | %s |', what, aim, measured)
FROM ours, audit, generic, alone, single, LATERAL (VALUES
	(1, 'status and two columns, itsm : CASE and jsonb audit row', 'at most 0.5', round(ours.moved / audit.moved, 2)::text),
	(2, 'status and two columns, itsm : generic audit trigger', 'at most 0.17', round(ours.moved_beside_generic / generic.moved, 2)::text),
	(3, 'tracked column, itsm : CASE and jsonb audit row', 'at most 0.4', round(ours.tracked / audit.tracked, 2)::text),
	(4, 'status and two columns, rows in disorder', '', round(ours.moved_disorder / audit.moved_disorder, 2)::text),
	(5, 'tracked column, rows in disorder', '', round(ours.tracked_disorder / audit.tracked_disorder, 2)::text),
	(6, 'latency of a single row, itsm : no trigger, durable', 'at most 1.3', single.durable),
	(7, 'the same just after a checkpoint, each page copied into the WAL', '', single.durable_fresh),
	(8, 'latency of a single row where commits do not wait for the disk', 'at most 1.3', single.latency),
	(9, 'throughput of 16 clients, itsm : no trigger', 'at least 60 %', single.throughput),
	(10, 'bytes of an event : of a jsonb audit row', 'below 1', round((ours.heap + ours.indexes) / (audit.heap + audit.indexes), 2)::text),
	(11, 'status and two columns, the rows alone (bench/rows_alone.c) : CASE and jsonb audit row', '', round(alone.moved / audit.moved, 2)::text),
	(12, 'tracked column, the rows alone : CASE and jsonb audit row', '', round(alone.tracked / audit.tracked, 2)::text),
	(13, 'latency of a single row, a trigger in C that writes the rows alone : no trigger, durable', '', single.durable_alone),
	(14, 'the same where commits do not wait for the disk', '', single.latency_alone),
	(15, 'throughput of 16 clients, the same : no trigger', '', single.throughput_alone)) AS line (number, what, aim, measured)
ORDER BY number;

SELECT format(E'\nLoading, µs of CPU: a row by backfill %s (of four rows and seven index entries), an event by import_events %s.',
	(SELECT round(cpu::numeric, 2) FROM bench.result WHERE workload = 'backfill'), (SELECT round(cpu::numeric, 2) FROM bench.result WHERE workload = 'import'));
SELECT format(E'\nSeen to wait with 16 clients, of all looks at active backends: %s.', string_agg(format('%s: %s', label, seen), '; ' ORDER BY position))
FROM (
	SELECT v.position, v.label, string_agg(format('%s %s %%', coalesce(w.event, 'none'), w.share), ', ' ORDER BY w.share DESC) AS seen
	FROM bench.variant v
		JOIN (SELECT variant, event, round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY variant), 1) AS share
			FROM bench.wait GROUP BY variant, event) w ON w.variant = v.name
	WHERE v.name IN ('none', 'itsm_history') AND w.share >= 0.5
	GROUP BY v.position, v.label) AS s;
