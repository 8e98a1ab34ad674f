#!/usr/bin/env perl
#
# Service hours beside another implementation: 10,000 random expressions of the common
# subset, each over a span and at 20 instants, judged by the npm package opening_hours.
#
# It needs node, and the package where node finds it, or in the directory that
# ITSM_OPENING_HOURS names (npm install opening_hours; it is then
# .../node_modules/opening_hours).  Without either the test is skipped.
# ITSM_OPENING_HOURS_SEED chooses other expressions, ITSM_OPENING_HOURS_COUNT how many.
#
# Left out, because the two differ in what they mean:
# - ranges past midnight together with other rules.  Here a range belongs to the day on
#   which it begins, and a later rule replaces it with that day.  There the hours after
#   midnight belong to the day on which they fall, so that in "Fr 22:00-06:00; Sa off"
#   the night ends at midnight.
# - ranges past midnight within two days of a change of clocks.  There such a range is an
#   hour too long or too short, or open a day late.
# - times within the hours that clocks skip or show twice.

use strict;
use warnings;
use File::Basename ();
use File::Temp ();
use Test::More;

my (@zones, $script, $own_server);

BEGIN
{
	@zones = qw(Europe/Berlin America/Sao_Paulo Australia/Lord_Howe Asia/Kolkata America/St_Johns);
	$script = File::Basename::dirname(__FILE__) . '/../opening_hours.js';
	my $found = qx(node -e 'require(process.env.ITSM_OPENING_HOURS || "opening_hours"); console.log("found")' 2>&1) // '';
	plan skip_all => 'node with the package opening_hours is not at hand' unless $found =~ /^found$/m;
	$own_server = !$ENV{PGHOST};
	require PostgreSQL::Test::Cluster if $own_server;
}

my $count = $ENV{ITSM_OPENING_HOURS_COUNT} // 10000;
my $seed = $ENV{ITSM_OPENING_HOURS_SEED} // 20260101;
my $node;
if ($own_server)
{
	$node = PostgreSQL::Test::Cluster->new('opening_hours');
	$node->init;
	$node->start;
	($ENV{PGHOST}, $ENV{PGPORT}) = ($node->host, $node->port);
}
my $database = "itsm_opening_hours_$$";

sub sql
{
	my ($query) = @_;
	my $file = File::Temp->new(SUFFIX => '.sql');
	print $file "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET client_min_messages = warning;\n$query\n;\n";
	close $file;
	my $result = qx(psql -XAtq -F ' | ' -v ON_ERROR_STOP=1 -f "$file");
	die "psql failed in:\n$query\n" if $?;
	chomp $result;
	return $result;
}

$ENV{PGDATABASE} = 'postgres';
sql("CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8'");
$ENV{PGDATABASE} = $database;
sql('CREATE EXTENSION itsm; CREATE TABLE judged (text text, starts timestamptz, ends timestamptz, seconds numeric, states text)');

for my $i (0 .. $#zones)
{
	my $zone = $zones[$i];
	my $each = int($count / @zones);
	my $answers = File::Temp->new(SUFFIX => '.tsv');
	is(system(sprintf q(TZ=%s node '%s' %d %d > '%s'), $zone, $script, $each, $seed + $i, $answers), 0, "$zone: the other one judged (seed $seed)");
	sql("TRUNCATE judged; \n\\copy judged FROM '$answers'\n");
	is(sql('SELECT count(*) FROM judged'), $each, "$zone: expressions");
	sql("DROP TABLE IF EXISTS compared; CREATE TABLE compared AS SELECT *, (text || ' @ $zone')::itsm.service_hours AS hours FROM judged");
	my $steady = sub { my ($from, $to) = @_; return "(text !~ '22:30-0' OR $from - interval '2 days' - ($from - interval '2 days') AT TIME ZONE '$zone' AT TIME ZONE 'UTC' = $to + interval '2 days' - ($to + interval '2 days') AT TIME ZONE '$zone' AT TIME ZONE 'UTC')" };
	my $other_time = 'FROM compared WHERE extract(epoch FROM itsm.service_time(hours, starts, ends)) <> seconds AND ' . $steady->('starts', 'ends');
	is(sql("SELECT count(*) $other_time"), '0', "$zone: the same time open")
		or diag(sql("SELECT text, starts, ends, seconds, extract(epoch FROM itsm.service_time(hours, starts, ends)) $other_time LIMIT 10"));
	my $states = q{FROM compared, string_to_table(states, ' ') AS s, LATERAL (SELECT split_part(s, '=', 1)::timestamptz AS at, split_part(s, '=', 2)::boolean AS open) AS a};
	is(sql("SELECT count(*) $states"), 20 * $each, "$zone: instants");
	my $other_state = "$states WHERE itsm.is_open(hours, at) <> open AND " . $steady->('at', 'at');
	is(sql("SELECT count(*) $other_state"), '0', "$zone: open at the same instants")
		or diag(sql("SELECT text, at, open $other_state LIMIT 10"));
}

END
{
	if (!$node && $database)
	{
		my $status = $?;
		$ENV{PGDATABASE} = 'postgres';
		eval { sql("DROP DATABASE IF EXISTS $database WITH (FORCE)") };
		$? = $status;
	}
}

done_testing();
