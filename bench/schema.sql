-- The tables that are measured, one per variant, all alike: 12 columns, one index on
-- status.  :rows and :library are given by bench/run.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS itsm;
SET itsm.maintenance = on;
DROP SCHEMA IF EXISTS bench CASCADE;
RESET itsm.maintenance;
CREATE SCHEMA bench;
SET search_path = bench;

CREATE FUNCTION bench.empty() RETURNS trigger LANGUAGE c AS :'library', 'bench_empty';
CREATE FUNCTION bench.cpu() RETURNS float8 LANGUAGE c VOLATILE AS :'library', 'bench_cpu';

CREATE TABLE bench.result (
	round integer,
	variant text,
	workload text,
	cpu float8,	-- microseconds of CPU per row
	wall float8,	-- microseconds per row
	base_cpu float8,	-- the same of the table without triggers, measured beside it
	base_wall float8
);

-- what active backends were seen to wait for while 16 clients wrote
CREATE TABLE bench.wait (
	variant text,
	event text	-- null: none
);

CREATE TABLE bench.variant (
	name text PRIMARY KEY,
	position serial,
	label text
);

CREATE PROCEDURE bench.make(variant text, label text) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO bench.variant (name, label) VALUES (variant, label);
	-- Half of each page is left free, so that every round finds the same conditions.
	EXECUTE format('
		CREATE TABLE bench.%I (
			id integer NOT NULL,
			status text NOT NULL,
			title text NOT NULL,
			requester text NOT NULL,
			assignee text,
			priority integer NOT NULL,
			impact integer NOT NULL,
			service text,
			description text,
			views integer NOT NULL,
			opened_at timestamptz NOT NULL,
			changed_at timestamptz NOT NULL
		) WITH (autovacuum_enabled = off, fillfactor = 45)', variant);
END $$;

CREATE PROCEDURE bench.fill(variant text, row_count integer) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format($f$
		INSERT INTO bench.%I
		SELECT n, CASE n %% 2 WHEN 0 THEN 'in_progress' ELSE 'on_hold' END, 'ticket ' || n, 'requester ' || n %% 5000, 'agent ' || n %% 50,
			1 + n %% 5, 1 + n %% 3, 'service ' || n %% 40, repeat('x', 40), 0, timestamptz '2024-01-01' + n * interval '1 minute', timestamptz '2024-01-01' + n * interval '1 minute'
		FROM generate_series(1, $1) AS n $f$, variant) USING row_count;
	EXECUTE format('ALTER TABLE bench.%I ADD PRIMARY KEY (id)', variant);
	EXECUTE format('CREATE INDEX ON bench.%I (status)', variant);
END $$;
