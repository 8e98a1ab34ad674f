#!/usr/bin/env perl
#
# Controls of 8.6.1 and 8.6.3 over real input: the incidents of a service desk (UCI
# repository 498, CC BY 4.0) and the closed problems of a manufacturer's (BPI Challenge
# 2013, 4TU terms), each attached as the last row of what the log says of it.  The files are
# no part of the project: ITSM_DATA names the directory that has them, and without it the
# test is skipped.  What controls answer is compared with plain SQL over the same tables.

use strict;
use warnings;
use File::Temp ();
use Test::More;

my ($incidents, $problems, $node, $own_server);

BEGIN
{
	my $directory = $ENV{ITSM_DATA} // '../shared/data';
	$incidents = "$directory/uci/incident_event_log.csv.gz";
	$problems = "$directory/bpi2013/closed_problems.csv.gz";
	plan skip_all => 'logs of incidents and problems are not at hand' unless -r $incidents && -r $problems;
	$own_server = !$ENV{PGHOST};
	# now, for its INIT blocks; they set PGHOST
	require PostgreSQL::Test::Cluster if $own_server;
}

if ($own_server)
{
	$node = PostgreSQL::Test::Cluster->new('controls');
	$node->init;
	$node->start;
	($ENV{PGHOST}, $ENV{PGPORT}) = ($node->host, $node->port);
}

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

my $database = "itsm_controls_$$";
$ENV{PGDATABASE} = 'postgres';
sql("CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8'");
END
{
	local $?;
	if ($database) { $ENV{PGDATABASE} = 'postgres'; system("psql -XAtq -c 'DROP DATABASE IF EXISTS $database' >/dev/null 2>&1"); }
}
$ENV{PGDATABASE} = $database;
sql('CREATE EXTENSION itsm');

sub load
{
	my ($table, $file) = @_;
	my $quoted = "'" . ($file =~ s/'/'\\''/gr) . "'";
	my @columns = map { '"' . $_ . '"' } split /,/, `gzip -dc $quoted | sed -n '1{p;q}' | tr -d '\\r\\n'`;
	my $program = "gzip -dc $quoted" =~ s/'/''/gr;
	my $texts = join ', ', map { "$_ text" } @columns;
	my $names = join ',', @columns;
	sql("CREATE TABLE $table (n serial, $texts);\n\\copy $table ($names) FROM PROGRAM '$program' CSV HEADER");
	return;
}

load('incident_log', $incidents);
load('problem_log', $problems);
sql(<<'END');
CREATE TABLE incident AS
	SELECT DISTINCT ON (number) number, incident_state, nullif(u_symptom, '?') AS symptom, nullif(category, '?') AS category,
		nullif(impact, '?') AS impact, nullif(urgency, '?') AS urgency, nullif(priority, '?') AS priority,
		nullif(assigned_to, '?') AS assigned_to, nullif(assignment_group, '?') AS team, nullif(closed_code, '?') AS code,
		nullif(cmdb_ci, '?') AS ci, nullif(problem_id, '?') AS problem, nullif(caused_by, '?') AS change,
		to_timestamp(nullif(opened_at, '?'), 'DD/MM/YYYY HH24:MI') AS opened_at,
		to_timestamp(nullif(resolved_at, '?'), 'DD/MM/YYYY HH24:MI') AS resolved_at,
		to_timestamp(nullif(closed_at, '?'), 'DD/MM/YYYY HH24:MI') AS closed_at
	FROM incident_log ORDER BY number, n DESC;
ALTER TABLE incident ADD PRIMARY KEY (number);
CREATE TABLE problem AS
	SELECT DISTINCT ON ("case:concept:name") "case:concept:name" AS id, "lifecycle:transition" AS status, nullif(product, '') AS product,
		CASE impact WHEN 'High' THEN 1 WHEN 'Medium' THEN 2 WHEN 'Low' THEN 3 END AS impact,
		min("time:timestamp"::timestamptz) OVER (PARTITION BY "case:concept:name") AS opened_at, "time:timestamp"::timestamptz AS at
	FROM problem_log ORDER BY "case:concept:name", n DESC;
ALTER TABLE problem ADD PRIMARY KEY (id);
SELECT itsm.attach('incident', 'incident', 'incident_state', mode => 'off',
	states => '{"New": "new", "Active": "in_progress", "Awaiting User Info": "on_hold", "Awaiting Vendor": "on_hold", "Awaiting Problem": "on_hold",
		"Awaiting Evidence": "on_hold", "Resolved": "resolved", "Closed": "closed"}',
	attributes => '{"title": "symptom", "category": "category", "impact": "left(impact, 1)::integer", "urgency": "left(urgency, 1)::integer",
		"priority": "left(priority, 1)::integer", "assignee": "assigned_to", "assignment_group": "team", "resolution_code": "code", "ci": "ci",
		"problem": "problem", "change": "change", "opened_at": "opened_at", "resolved_at": "resolved_at", "closed_at": "closed_at"}');
SELECT itsm.attach('problem', 'problem', 'status', mode => 'off',
	states => '{"Awaiting Assignment": "new", "Assigned": "assessed", "In Progress": "root_cause_analysis", "Wait": "root_cause_analysis", "Closed": "closed", "Cancelled": "cancelled"}',
	attributes => '{"category": "product", "priority": "impact", "impact": "impact", "opened_at": "opened_at", "closed_at": "CASE WHEN status = ''Closed'' THEN at END"}');
END
sql("CALL itsm.backfill($_)") foreach split /\n/, sql('SELECT id FROM itsm.attachment ORDER BY id');

# The logs are old: what is closed is looked at for longer than the controls would by themselves.
my @controls = ('8.6.1-1', '8.6.1-5', '8.6.1-7', '8.6.3-2', '8.6.3-4', '8.6.3-7');
is(sql("SELECT string_agg(status, ',') FROM itsm.evaluate_controls('iso20000') WHERE control = '8.6.1-1'"), 'no evidence', 'the log ended years ago');
sql("SELECT itsm.set_parameter('$_', '90 y')") foreach @controls;
sql("CREATE TABLE answer AS SELECT * FROM itsm.evaluate_controls('iso20000')");

# How many are looked at, and which fail, by a query over the application's table that gives (key, ok).
sub same
{
	my ($control, $plain) = @_;
	is(sql("SELECT checked, failed FROM answer WHERE control = '$control'"), sql("SELECT count(*), count(*) FILTER (WHERE NOT ok) FROM ($plain) AS p(key, ok)"),
		"$control: looked at and failing");
	is(sql("SELECT count(*) FROM (
			(SELECT key FROM itsm.control_findings('$control') EXCEPT ALL SELECT key FROM ($plain) AS p(key, ok) WHERE NOT ok)
			UNION ALL (SELECT key FROM ($plain) AS p(key, ok) WHERE NOT ok EXCEPT ALL SELECT key FROM itsm.control_findings('$control'))) AS d"),
		'0', "$control: the same ones fail");
	note(sql("SELECT control, status, detail, example FROM answer WHERE control = '$control'"));
	return;
}

my $known = q{incident_state <> '-100'};
same('8.6.1-1', "SELECT number, num_nulls(symptom, category, impact, urgency, priority) = 0 AND (incident_state = 'New' OR coalesce(assigned_to, team) IS NOT NULL)
	FROM incident WHERE $known");
same('8.6.1-5', "SELECT number, false FROM incident WHERE incident_state IN ('Resolved', 'Closed')");
same('8.6.1-7', "SELECT number, true FROM incident WHERE incident_state IN ('Resolved', 'Closed') AND change IS NOT NULL");
same('8.6.3-2', "SELECT id, product IS NOT NULL AND impact IS NOT NULL AND status <> 'Closed' FROM problem WHERE status NOT IN ('Awaiting Assignment', 'Cancelled', 'Unmatched')");

# Configuration items, and categories, with five incidents or more and no problem.
is(sql("SELECT checked, failed FROM answer WHERE control = '8.6.3-7'"), sql(<<"END"), '8.6.3-7: what comes again and again');
	SELECT count(*), count(*) FILTER (WHERE NOT ok) FROM (
		SELECT coalesce(bool_or(i.problem IS NOT NULL), false) AS ok
		FROM incident i WHERE $known AND i.ci IS NOT NULL GROUP BY i.ci HAVING count(*) >= 5
		UNION ALL
		SELECT coalesce(bool_or(i.problem IS NOT NULL), false) OR i.category IN (SELECT product FROM problem)
		FROM incident i WHERE $known AND i.category IS NOT NULL GROUP BY i.category HAVING count(*) >= 5) AS g
END
is(sql("SELECT string_agg(DISTINCT status, ',') FROM answer WHERE status = 'error'"), '', 'no control fails to run');

done_testing();
