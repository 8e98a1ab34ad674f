-- Two tables for bench/sizes; :rows is given by it.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = bench, public;

CALL bench.make('none', 'no trigger');
CALL bench.make('itsm_history', 'itsm: judging and history, six attributes mapped');
SELECT format('CALL bench.fill(%L, %s)', name, :rows) FROM bench.variant ORDER BY position \gexec
\ir lifecycle.sql
SELECT itsm.attach('bench.itsm_history', 'bench_mapped', 'status', mode => 'enforce', attributes => :mapped) AS attachment \gset
CALL itsm.backfill(:attachment);
