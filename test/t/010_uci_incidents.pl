#!/usr/bin/env perl
#
# The main job on real input: the log of a real service desk, 141,712 updates of
# 24,918 incidents (UCI repository 498, "Incident management process enriched event
# log", CC BY 4.0).  The file is no part of the project: ITSM_DATA names the directory
# that has it in uci/, and without it the test is skipped.
#
# What the extension does is compared with what plain SQL makes of the same file.
#
# A server that PGHOST names is used; otherwise one is made.

use strict;
use warnings;
use File::Temp ();
use Test::More;

my ($file, $node, $own_server);

BEGIN
{
	my $directory = $ENV{ITSM_DATA} // '../shared/data';
	$file = "$directory/uci/incident_event_log.csv.gz";
	plan skip_all => 'UCI incident log not at hand' unless -r $file;
	$own_server = !$ENV{PGHOST};
	# now, for its INIT blocks; they set PGHOST
	require PostgreSQL::Test::Cluster if $own_server;
}

if ($own_server)
{
	$node = PostgreSQL::Test::Cluster->new('uci');
	$node->init;
	$node->append_conf('postgresql.conf', "shared_buffers = '256MB'\nmax_wal_size = '4GB'\n");
	$node->start;
	($ENV{PGHOST}, $ENV{PGPORT}) = ($node->host, $node->port);
}

my @databases = ("itsm_uci_$$", "itsm_uci_import_$$");

# Runs SQL by psql in the current database; dies with what psql says.
sub sql
{
	my ($query) = @_;
	my $script = File::Temp->new(SUFFIX => '.sql');
	print $script "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET client_min_messages = warning;\n$query\n;\n";
	close $script;
	my $result = qx(psql -XAtq -F '|' -v ON_ERROR_STOP=1 -f "$script");
	die "psql failed in:\n$query\n" if $?;
	chomp $result;
	return $result;
}

# Two queries, each giving (key columns, count): no difference either way.
sub same
{
	my ($ours, $plain, $name) = @_;
	my $differences = sql("SELECT count(*) FROM ((TABLE ours EXCEPT ALL TABLE plain) UNION ALL (TABLE plain EXCEPT ALL TABLE ours)) AS d"
		=~ s/TABLE ours/($ours)/gr =~ s/TABLE plain/($plain)/gr);
	is($differences, '0', $name) or diag(sql(
		"SELECT 'ours', * FROM (($ours) EXCEPT ALL ($plain)) AS a UNION ALL SELECT 'plain', * FROM (($plain) EXCEPT ALL ($ours)) AS b LIMIT 20"));
	return;
}

sub new_database
{
	my ($name) = @_;
	$ENV{PGDATABASE} = 'postgres';
	sql("CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8'");
	$ENV{PGDATABASE} = $name;
	sql('CREATE EXTENSION itsm');
	return;
}

# The file as it is, and as entries: '?' is null, times are D/M/YYYY HH:MM without a
# zone, and the order of the file is the order of events (in one incident times go
# back, so they are made monotone).
sub load_file
{
	my ($quoted) = "'" . ($file =~ s/'/'\\''/gr) . "'";
	my $columns = join ', ', map { "$_ text" } split /,/, `gzip -dc $quoted | sed -n '1{p;q}' | tr -d '\\r\\n'`;
	my $program = "gzip -dc $quoted" =~ s/'/''/gr;
	sql(<<~"END");
		CREATE SCHEMA uci;
		CREATE TABLE uci.raw (n serial, $columns);
		CREATE TABLE uci.state_map (status text PRIMARY KEY, state text);
		INSERT INTO uci.state_map VALUES ('New', 'new'), ('Active', 'in_progress'), ('Awaiting User Info', 'on_hold'),
			('Awaiting Vendor', 'on_hold'), ('Awaiting Problem', 'on_hold'), ('Awaiting Evidence', 'on_hold'),
			('Resolved', 'resolved'), ('Closed', 'closed');
		\\copy uci.raw (@{[ $columns =~ s/ text//gr ]}) FROM PROGRAM '$program' CSV HEADER
		CREATE TABLE uci.entry AS
			SELECT n, number,
				max(to_timestamp(sys_updated_at, 'DD/MM/YYYY HH24:MI')) OVER (PARTITION BY number ORDER BY n) AS at,
				incident_state AS status, m.state,
				nullif(caller_id, '?') AS caller, nullif(assigned_to, '?') AS resolver,
				nullif(assignment_group, '?') AS team, nullif(category, '?') AS cat,
				impact, urgency, priority AS prio, nullif(sys_updated_by, '?') AS updated_by
			FROM uci.raw LEFT JOIN uci.state_map m ON m.status = incident_state;
		CREATE UNIQUE INDEX ON uci.entry (n);
		CREATE INDEX ON uci.entry (number, n);
		CREATE VIEW uci.step AS
			SELECT e.*, lag(n) OVER w IS NULL AS first, lag(status) OVER w AS was_status, lag(state) OVER w AS was_state
			FROM uci.entry e WINDOW w AS (PARTITION BY number ORDER BY n);
		ANALYZE uci.entry;
		END
	return;
}

my $map = q{(SELECT jsonb_object_agg(status, state) FROM uci.state_map)};
my $log = q{'SELECT number AS key, at, status AS state FROM uci.entry ORDER BY n'};

new_database($databases[0]);
load_file();
is(sql('SELECT count(*), count(DISTINCT number) FROM uci.entry'), '141712|24918', 'the file is loaded');

# Learning a lifecycle from the log, and reviewing it.

sql("CREATE TABLE uci.proposal AS SELECT itsm.discover_lifecycle('service_now', $log) AS definition");
same(
	q{SELECT s ->> 'name', coalesce((s ->> 'initial')::boolean, false) FROM uci.proposal, jsonb_array_elements(definition -> 'states') AS s},
	q{SELECT status, starts >= 0.01 FROM (
			SELECT status, count(*) FILTER (WHERE first) / 24918.0 AS starts FROM uci.step GROUP BY 1) AS s
		WHERE status NOT IN ('-100', 'Awaiting Problem')},
	'discovered: the states, but those that hardly anything leads to, and where incidents start');
is(sql(q{SELECT string_agg(s ->> 'name', ',') FROM uci.proposal, jsonb_array_elements(definition -> 'states') AS s WHERE (s ->> 'final')::boolean}),
	'Closed', 'discovered: the final state');
same(
	q{SELECT t ->> 'from', t ->> 'to' FROM uci.proposal, jsonb_array_elements(definition -> 'transitions') AS t},
	q{SELECT was_status, status FROM (
			SELECT was_status, status, count(*) / sum(count(*)) OVER (PARTITION BY was_status) AS share
			FROM uci.step WHERE NOT first AND status <> was_status GROUP BY 1, 2) AS m
		WHERE share >= 0.01 AND was_status NOT IN ('-100', 'Awaiting Problem', 'Closed') AND status NOT IN ('-100', 'Awaiting Problem')},
	'discovered: the transitions that make a hundredth of the moves from their state');
sql(<<'END');
-- the review: incidents start as new or active, problems are waited for too
UPDATE uci.proposal SET definition = jsonb_set(definition, '{states}',
	(SELECT jsonb_agg(CASE WHEN s ->> 'name' = 'Resolved' THEN s - 'initial' ELSE s END ORDER BY number)
		FROM jsonb_array_elements(definition -> 'states') WITH ORDINALITY AS e(s, number))
	|| '{"name": "Awaiting Problem", "category": "waiting"}');
UPDATE uci.proposal SET definition = jsonb_set(jsonb_set(definition, '{transitions}', definition -> 'transitions'
	|| '[{"from": "Active", "to": "Awaiting Problem"}, {"from": "Awaiting Problem", "to": ["Active", "Resolved"]}]'),
	'{rules}', '[{"name": "reopen_window", "from": "Resolved", "to": "Active", "within": "7 days", "since": "resolved"}]');
SELECT itsm.define_lifecycle(definition) FROM uci.proposal;
END
is(sql(q{SELECT count(*) FROM itsm.lint_lifecycle('service_now') WHERE severity = 'error'}), '0', 'reviewed and defined: nothing wrong with it');
sql("CREATE TABLE uci.own AS SELECT * FROM itsm.conformance('service_now', $log)");
is(sql('SELECT count(*) FROM uci.own'), '141712', 'conformance: one row per entry of the log');
is(sql('SELECT count(*) FROM uci.own WHERE from_state <> to_state'), '64033', 'conformance: all changes of state in the file are judged');
same(
	q{SELECT from_state, to_state, count(*) FROM uci.own WHERE from_state <> to_state GROUP BY 1, 2},
	q{SELECT was_status, status, count(*) FROM uci.step WHERE was_status <> status GROUP BY 1, 2},
	'conformance: moves per (from, to) as in the file');
# The last entry into resolved before the move is the one that counts: Resolved lasts
# until it is left, so it is the beginning of the run.
same(
	q{SELECT key, at FROM uci.own WHERE verdict = 'IT005' AND rule = 'reopen_window'},
	q{SELECT number, at FROM (
			SELECT s.*, lag(at) OVER (PARTITION BY number ORDER BY n) AS run_began
			FROM uci.step s WHERE first OR status <> was_status) AS run
		WHERE was_status = 'Resolved' AND status = 'Active' AND at > run_began + interval '7 days'},
	'conformance: reopened after the window');

# The standard lifecycle, with a map.

is(sql(q{SELECT count(*) FROM uci.state_map WHERE state IS DISTINCT FROM itsm.state_map('ServiceNow', 'incident') ->> status}), '0', 'the map is the one that comes with the extension');
sql("CREATE TABLE uci.standard AS SELECT * FROM itsm.conformance('incident', $log, $map)");
same(
	q{SELECT from_state, to_state, count(*) FROM uci.standard GROUP BY 1, 2},
	q{SELECT coalesce(was_state, was_status), coalesce(state, status), count(*) FROM uci.step GROUP BY 1, 2},
	'standard lifecycle: entries per (from, to) as in the file');
sql(<<'END');
CREATE TABLE uci.move AS
	SELECT DISTINCT f.value AS from_state, t.value AS to_state
	FROM jsonb_array_elements(itsm.lifecycle_definition('incident') -> 'transitions') AS m,
		jsonb_array_elements_text(CASE jsonb_typeof(m -> 'from') WHEN 'array' THEN m -> 'from' ELSE jsonb_build_array(m -> 'from') END) AS f,
		jsonb_array_elements_text(CASE jsonb_typeof(m -> 'to') WHEN 'array' THEN m -> 'to' ELSE jsonb_build_array(m -> 'to') END) AS t;
CREATE TABLE uci.initial AS
	SELECT s ->> 'name' AS state FROM jsonb_array_elements(itsm.lifecycle_definition('incident') -> 'states') AS s WHERE (s ->> 'initial')::boolean;
END
same(
	q{SELECT verdict, count(*) FROM uci.standard GROUP BY 1},
	q{SELECT verdict, count(*)
		FROM (SELECT CASE
					WHEN state IS NULL AND (first OR was_status <> status) THEN 'IT002'
					WHEN state IS NULL THEN 'ok'
					WHEN first AND state NOT IN (SELECT state FROM uci.initial) THEN 'IT003'
					WHEN first OR state IS NOT DISTINCT FROM was_state THEN 'ok'
					WHEN was_state IS NULL OR (was_state, state) NOT IN (TABLE uci.move) THEN 'IT001'
					WHEN was_state = 'resolved' AND state = 'in_progress' AND at > run_began + interval '14 days' THEN 'IT005'
					ELSE 'ok' END AS verdict
				FROM (SELECT s.*, max(at) FILTER (WHERE first OR state IS DISTINCT FROM was_state)
							OVER (PARTITION BY number ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS run_began
						FROM uci.step s) AS s) AS v
		GROUP BY 1},
	'standard lifecycle: verdicts as plain SQL gives them');

# The application's table and what it would write: one INSERT or UPDATE per row of the
# file.  The model is the same judgement in PL/pgSQL, over rows in its own table.

sql(<<'END');
CREATE SCHEMA desk;
CREATE TABLE desk.ticket (
	ticket_no text PRIMARY KEY,
	status text,
	caller text,
	resolver text,
	team text,
	cat text,
	impact text,
	urgency text,
	prio text
);
CREATE TABLE desk.ticket_enforced (LIKE desk.ticket INCLUDING ALL);
CREATE TABLE uci.attached (mode text PRIMARY KEY, id integer);
CREATE TABLE uci.failed (n integer PRIMARY KEY, code text, rule text, relation text, conditions integer);

-- what the standard lifecycle says against a write, by the attributes that are mapped
CREATE FUNCTION uci.violations(o uci.entry, w uci.entry) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	creating boolean := o.n IS NULL;
	moving boolean := o.n IS NULL OR o.state IS DISTINCT FROM w.state;
	v text[] := '{}';
BEGIN
	IF w.state IS NULL THEN
		IF creating OR o.status <> w.status THEN v := v || 'IT002 status'::text; END IF;
	ELSIF creating THEN
		IF NOT EXISTS (SELECT FROM uci.initial i WHERE i.state = w.state) THEN v := v || 'IT003 initial'::text; END IF;
	ELSIF moving AND NOT EXISTS (SELECT FROM uci.move m WHERE m.from_state = o.state AND m.to_state = w.state) THEN
		v := v || 'IT001 transition'::text;
	END IF;
	IF w.state = 'new' AND w.caller IS NULL AND (moving OR o.caller IS NOT NULL) THEN v := v || 'IT004 recorded'::text; END IF;
	IF w.state = 'in_progress' AND w.resolver IS NULL AND (moving OR o.resolver IS NOT NULL) THEN v := v || 'IT004 worked_on_by'::text; END IF;
	-- what impact and urgency give, by the matrix that comes with the extension; the log has no reasons
	IF left(w.prio, 1)::integer <> left(w.impact, 1)::integer + left(w.urgency, 1)::integer - 1 THEN
		IF creating AND w.state = 'new' THEN
			v := v || 'IT014 priority_reason'::text;
		ELSIF NOT creating AND (o.prio <> w.prio OR o.impact <> w.impact OR o.urgency <> w.urgency) THEN
			v := v || 'IT014 priority_change_reason'::text;
		END IF;
	END IF;
	IF moving AND o.state = 'resolved' AND w.state = 'in_progress' THEN v := v || 'IT014 reopen_reason'::text; END IF;
	IF NOT creating AND o.state = 'closed' THEN
		IF o.impact <> w.impact THEN v := v || 'IT009 ended'::text; END IF;
		IF o.urgency <> w.urgency THEN v := v || 'IT009 ended'::text; END IF;
		IF o.prio <> w.prio THEN v := v || 'IT009 ended'::text; END IF;
	END IF;
	RETURN v;
END $$;

-- what would happen to every row of the file: observed, and enforced (a refused write leaves the row as it was)
CREATE TABLE uci.model (n integer, number text, observed text[], enforced text[]);
DO $$
DECLARE
	w uci.entry;
	o uci.entry;
	kept uci.entry;
	refused text[];
BEGIN
	FOR w IN SELECT * FROM uci.entry ORDER BY number, n LOOP
		IF w.number IS DISTINCT FROM o.number THEN
			o := NULL;
			kept := NULL;
			refused := uci.violations(NULL, w);
		ELSIF kept.n IS NULL THEN
			refused := '{}';	-- an UPDATE that finds no row
		ELSE
			refused := uci.violations(kept, w);
		END IF;
		INSERT INTO uci.model VALUES (w.n, w.number, uci.violations(o, w), refused);
		IF refused = '{}' AND (o.n IS NULL OR kept.n IS NOT NULL) THEN
			kept := w;
		END IF;
		o := w;
	END LOOP;
END $$;

CREATE PROCEDURE uci.replay(target regclass) LANGUAGE plpgsql AS $$
DECLARE
	w record;
	code text;
	rule text;
	relation text;
	detail text;
BEGIN
	FOR w IN SELECT * FROM uci.step ORDER BY n LOOP
		BEGIN
			IF w.first THEN
				EXECUTE format('INSERT INTO %s VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', target)
				USING w.number, w.status, w.caller, w.resolver, w.team, w.cat, w.impact, w.urgency, w.prio;
			ELSE
				EXECUTE format('UPDATE %s SET status = $2, caller = $3, resolver = $4, team = $5, cat = $6, impact = $7, urgency = $8, prio = $9 WHERE ticket_no = $1', target)
				USING w.number, w.status, w.caller, w.resolver, w.team, w.cat, w.impact, w.urgency, w.prio;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, rule = CONSTRAINT_NAME, relation = TABLE_NAME, detail = PG_EXCEPTION_DETAIL;
			INSERT INTO uci.failed VALUES (w.n, code, rule, relation, CASE WHEN code LIKE 'IT%' THEN jsonb_array_length(detail::jsonb) END);
		END;
		IF w.n % 10000 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
END $$;
END

my $attributes = q{'{"number": "ticket_no", "requester": "caller", "assignee": "resolver", "assignment_group": "team", "category": "cat",
	"impact": "left(impact, 1)::integer", "urgency": "left(urgency, 1)::integer", "priority": "left(prio, 1)::integer"}'};
sub attach
{
	my ($relation, $mode) = @_;
	return sql("INSERT INTO uci.attached SELECT '$mode', itsm.attach('$relation', 'incident', 'status', $map, $attributes, mode => '$mode') RETURNING id");
}

# Observed.

my $observing = attach('desk.ticket', 'observe');
sql(q{CALL uci.replay('desk.ticket')});
is(sql('SELECT count(*) FROM uci.failed'), '0', 'observe: no write is refused');
is(sql(q{SELECT count(*) FROM desk.ticket t JOIN uci.entry e ON e.number = t.ticket_no AND e.n = (SELECT max(n) FROM uci.entry x WHERE x.number = t.ticket_no)
		WHERE (t.status, t.caller, t.resolver, t.team, t.cat, t.impact, t.urgency, t.prio) IS NOT DISTINCT FROM
			(e.status, e.caller, e.resolver, e.team, e.cat, e.impact, e.urgency, e.prio)}),
	'24918', 'observe: rows are what the application wrote');
same(
	qq{SELECT key, code || ' ' || rule AS violation, count(*) FROM itsm_report.violation WHERE attachment = $observing GROUP BY 1, 2},
	q{SELECT number, v, count(*) FROM uci.model, unnest(observed) AS v GROUP BY 1, 2},
	'observe: the violations are those of the model');
diag('violations observed: ' . sql(qq{SELECT string_agg(code || ' ' || rule || ' ' || count, ', ') FROM (
	SELECT code, rule, count(*) FROM itsm_report.violation WHERE attachment = $observing GROUP BY 1, 2 ORDER BY 1, 2) AS v}));
same(
	q{SELECT key, from_state, to_state, count(*) FROM itsm_report.transition GROUP BY 1, 2, 3},
	q{SELECT number, was_state, state, count(*) FROM uci.step WHERE first OR was_state IS DISTINCT FROM state GROUP BY 1, 2, 3},
	'observe: transitions are the changes of state in the file');
is(sql(q{SELECT count(*) FROM itsm_report.incident i JOIN desk.ticket t ON t.ticket_no = i.key JOIN uci.state_map m USING (status)
		WHERE i.state = m.state AND i.source = 'desk.ticket' AND i.priority = left(t.prio, 1)::integer
			AND (i.requester, i.assignee, i.assignment_group) IS NOT DISTINCT FROM (t.caller, t.resolver, t.team)}),
	'24918', 'observe: every record is as its row');
same(
	q{SELECT key, transitions, reopened, reassigned FROM itsm_report.incident},
	q{SELECT number, count(*) FILTER (WHERE NOT first AND was_state IS DISTINCT FROM state),
			count(*) FILTER (WHERE was_state IN ('resolved', 'closed') AND state IN ('new', 'in_progress', 'on_hold')),
			count(*) FILTER (WHERE was_team <> team)
		FROM (SELECT s.*, lag(team) OVER (PARTITION BY number ORDER BY n) AS was_team FROM uci.step s) AS s GROUP BY 1},
	'observe: transitions, reopenings and reassignments are counted');

# Enforced, into a second table.

my $enforcing = attach('desk.ticket_enforced', 'enforce');
sql(q{CALL uci.replay('desk.ticket_enforced')});
same(
	q{SELECT n, code, rule, conditions FROM uci.failed},
	q{SELECT n, split_part(min(v), ' ', 1), split_part(min(v), ' ', 2), array_length(enforced, 1) FROM uci.model, unnest(enforced) AS v GROUP BY n, enforced},
	'enforce: the errors are those of the model, with all conditions');
is(sql(q{SELECT count(*) FROM uci.failed WHERE relation IS DISTINCT FROM 'ticket_enforced'}), '0', 'enforce: errors name the table');
diag('refused: ' . sql(q{SELECT string_agg(code || ' ' || count, ', ') FROM (SELECT code, count(*) FROM uci.failed GROUP BY 1 ORDER BY 1) AS f}));
same(
	q{SELECT ticket_no, status, caller, resolver, team, cat, impact, urgency, prio FROM desk.ticket_enforced},
	q{SELECT DISTINCT ON (e.number) e.number, status, caller, resolver, team, cat, impact, urgency, prio
		FROM uci.entry e JOIN uci.model m USING (n)
		WHERE m.enforced = '{}' AND NOT EXISTS (SELECT FROM uci.failed f JOIN uci.step s USING (n) WHERE s.number = e.number AND s.first)
		ORDER BY e.number, e.n DESC},
	'enforce: rows are what was not refused');
same(
	q{SELECT key, state FROM itsm_report.incident WHERE source = 'desk.ticket_enforced'},
	q{SELECT ticket_no, state FROM desk.ticket_enforced JOIN uci.state_map USING (status)},
	'enforce: every record is in the state of its row');
is(sql(qq{SELECT count(*) FROM itsm_report.violation WHERE attachment = $enforcing}), '0', 'enforce: no violation got in');
is(sql(q{SELECT count(*) FROM itsm_report.attachment_health WHERE table_exists AND trigger_ok AND status_column_ok AND missing_columns IS NULL}), '2',
	'both attachments are in order');
is(sql(q{SELECT bool_and(not_applicable_rules LIKE '%resolution_required%' AND unmapped_attributes LIKE '%resolution_code%') FROM itsm_report.attachment_health}), 't',
	'rules over attributes that are not mapped are reported');

my $verify = q{SELECT scope || ' ' || object || ': ' || detail FROM itsm.verify() WHERE NOT ok};
is(sql($verify), '', 'verify finds nothing after the replay');
is(sql(q{SELECT string_agg(drifted_rows::text, ' ') FROM itsm_report.attachment_health}), '0 0', 'no row has drifted');

# The past, imported with the times of the file, and the reports over it.

new_database($databases[1]);
load_file();
sql(<<"END");
CREATE SCHEMA desk;
CREATE TABLE desk.ticket (ticket_no text PRIMARY KEY, status text, caller text);
INSERT INTO desk.ticket SELECT DISTINCT ON (number) number, status, caller FROM uci.entry ORDER BY number, n DESC;
CREATE TABLE uci.imported AS SELECT itsm.import_events(
	itsm.attach('desk.ticket', 'incident', 'status', $map, '{"requester": "caller"}'),
	'SELECT number AS key, at, status AS state, updated_by AS actor FROM uci.entry ORDER BY n') AS events;
ANALYZE;
END
same(
	q{SELECT key, at, from_state, to_state, actor FROM itsm_report.transition WHERE kind <> 'backfilled'},
	q{SELECT number, at, was_state, state, updated_by FROM uci.step WHERE first OR state IS DISTINCT FROM was_state},
	'import: transitions with the times and actors of the file');
sql(<<'END');
CREATE TABLE uci.resolution AS
	SELECT number, min(at) AS opened_at, count(*) FILTER (WHERE was_state IN ('resolved', 'closed') AND state IN ('new', 'in_progress', 'on_hold')) AS reopened,
		min(at) FILTER (WHERE n > last_open) AS resolved_at,
		min(at) FILTER (WHERE n > last_open AND state = 'closed') AS closed_at,
		min(at) FILTER (WHERE state <> 'new') AS first_response_at
	FROM (SELECT s.*, coalesce(max(n) FILTER (WHERE state IS NULL OR state NOT IN ('resolved', 'closed')) OVER (PARTITION BY number), 0) AS last_open FROM uci.step s) AS s
	GROUP BY 1;
END
same(
	q{SELECT key, opened_at, first_response_at, resolved_at, closed_at, reopened FROM itsm_report.incident},
	q{SELECT number, opened_at, first_response_at, resolved_at, closed_at, reopened FROM uci.resolution},
	'import: milestones of every incident');
same(
	q{SELECT month, opened, resolved, extract(epoch FROM mttr_mean)::numeric(20, 3), extract(epoch FROM mttr_median)::numeric(20, 3),
		extract(epoch FROM mttr_p90)::numeric(20, 3), reopened FROM itsm_report.incident_monthly},
	q{SELECT month, sum(opened)::bigint, sum(resolved)::bigint, max(mean)::numeric(20, 3), max(median)::numeric(20, 3), max(p90)::numeric(20, 3), sum(reopened)::bigint
		FROM (SELECT date_trunc('month', opened_at) AS month, count(*) AS opened, 0 AS resolved, NULL::numeric AS mean, NULL::numeric AS median, NULL::numeric AS p90, 0 AS reopened
				FROM uci.resolution GROUP BY 1
			UNION ALL
			SELECT date_trunc('month', resolved_at), 0, count(*), avg(extract(epoch FROM resolved_at - opened_at)),
				percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - opened_at)),
				percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - opened_at)), sum(reopened)
			FROM uci.resolution GROUP BY 1) AS m
		GROUP BY 1},
	'incident_monthly: opened, resolved, mean, median and 90th percentile, reopened, per month');
same(
	q{SELECT state, count(*), sum(extract(epoch FROM duration))::bigint FROM itsm_report.time_in_state GROUP BY 1},
	q{SELECT state, count(*), sum(extract(epoch FROM left_at - at))::bigint
		FROM (SELECT s.*, lead(at) OVER (PARTITION BY number ORDER BY n) AS left_at FROM uci.step s WHERE first OR state IS DISTINCT FROM was_state) AS v
		GROUP BY 1},
	'time_in_state: visits and seconds in each state');
is(sql(q{SELECT count(*) FROM itsm_report.incident i JOIN desk.ticket t ON t.ticket_no = i.key JOIN uci.state_map m USING (status) WHERE i.state = m.state}),
	'24918', 'import: every record is in the state of its row');

END
{
	if (!$node && $ENV{PGDATABASE})
	{
		my $status = $?;
		$ENV{PGDATABASE} = 'postgres';
		eval { sql("DROP DATABASE IF EXISTS $_ WITH (FORCE)") } for @databases;
		$? = $status;
	}
}

# The history of the replay in another database.

is(sql($verify), '', 'import: verify finds nothing');

my $restored = "itsm_uci_restored_$$";
push @databases, $restored;
$ENV{PGDATABASE} = 'postgres';
sql("CREATE DATABASE $restored TEMPLATE template0 ENCODING 'UTF8'");
my $dump = File::Temp->new(SUFFIX => '.dump');
is(system("pg_dump -Fc -Z0 -N uci -f '$dump' $databases[0]"), 0, 'dumped');
is(system("pg_restore --exit-on-error --jobs=2 -d $restored '$dump'"), 0, 'restored');
my @counts = map { $ENV{PGDATABASE} = $_; sql('SELECT count(*), (SELECT count(*) FROM itsm.record), (SELECT max(id) FROM itsm.record) FROM itsm.event') } $databases[0], $restored;
is($counts[1], $counts[0], 'restored: as many events and records');
is(sql($verify), '', 'restored: verify finds nothing');

done_testing();
