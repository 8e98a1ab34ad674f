#!/usr/bin/env perl
#
# Service time on real input.
#
# service_time/reference_cases.csv: cases with known answers from the tests of other
# products (OTRS, OTOBO, GLPI, biz, business_time, working_hours, Request Tracker).  Where
# a product gives 0 for swapped ends we give what lies between, negative: decided so.
#
# service_time/rabobank_handle_time.csv: incidents of a bank with the handle time that its
# own system recorded (BPI Challenge 2014, 4TU terms).  Where nothing was paused it is the
# service time to the second, and never longer.
#
# The files are no part of the project: ITSM_DATA names the directory that has them, and
# without it the test is skipped.

use strict;
use warnings;
use File::Temp ();
use Test::More;

my ($directory, $own_server);

BEGIN
{
	$directory = ($ENV{ITSM_DATA} // '../shared/data') . '/service_time';
	plan skip_all => 'service time data not at hand' unless -r "$directory/reference_cases.csv";
	$own_server = !$ENV{PGHOST};
	# now, for its INIT blocks; they set PGHOST
	require PostgreSQL::Test::Cluster if $own_server;
}

my $node;
if ($own_server)
{
	$node = PostgreSQL::Test::Cluster->new('service_time');
	$node->init;
	$node->start;
	($ENV{PGHOST}, $ENV{PGPORT}) = ($node->host, $node->port);
}
my $database = "itsm_service_time_$$";

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

sub load
{
	my ($table, $file) = @_;
	open my $handle, '<', $file or die "$file: $!";
	my $header = <$handle>;
	close $handle;
	$header =~ s/[\r\n]//g;
	my $columns = join ', ', map { "$_ text" } split /,/, $header;
	sql("CREATE TABLE $table ($columns);\n\\copy $table FROM '$file' CSV HEADER");
	return;
}

$ENV{PGDATABASE} = 'postgres';
sql("CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8'");
$ENV{PGDATABASE} = $database;
sql('CREATE EXTENSION itsm');

load('reference', "$directory/reference_cases.csv");
sql(<<'END');
CREATE TABLE given AS
SELECT case_id, kind, reference_agrees, note, start_utc::timestamptz AS starts, end_utc::timestamptz AS ends, seconds::bigint, (concat_ws('; ',
	coalesce((SELECT string_agg(initcap(left(day, 2)) || ' ' || (
			SELECT string_agg((r ->> 0) || '-' || (r ->> 1), ',') FROM jsonb_array_elements(ranges) AS r), '; ')
		FROM jsonb_each(weekly_hours_json::jsonb) AS w(day, ranges) WHERE ranges <> '[]'), 'off'),
	(SELECT string_agg(CASE WHEN d LIKE '*%' THEN to_char(to_date('2000' || substr(d, 2), 'YYYY-MM-DD'), 'Mon DD') ELSE to_char(d::date, 'YYYY Mon DD') END, ',') || ' off'
		FROM jsonb_array_elements_text(holidays_json::jsonb) AS d)) || ' @ ' || calendar_tz)::itsm.service_hours AS hours
FROM reference;
END
is(sql('SELECT count(*) FROM given'), sql('SELECT count(*) FROM reference'), 'every reference case is read');

# A line for each case: what it is, what is expected, what comes.
for my $line (split /\n/, sql(q{
	SELECT case_id, kind, replace(coalesce(note, ''), '|', '/'), reference_agrees, starts > ends AND seconds = 0 AS swapped, seconds,
		extract(epoch FROM itsm.service_time(hours, starts, ends))::numeric(20, 6), extract(epoch FROM itsm.service_time(hours, ends, starts))::numeric(20, 6), ends,
		CASE WHEN kind = 'add' THEN itsm.service_deadline(hours, starts, seconds * interval '1 second') END
	FROM given ORDER BY case_id}))
{
	my ($id, $kind, $note, $agrees, $swapped, $seconds, $ours, $backward, $ends, $deadline) = split /\|/, $line;
	if ($agrees ne 'yes')
	{
		diag("$id: the case itself doubts its source ($note): $seconds there, $ours here");
	}
	elsif ($swapped eq 't')
	{
		ok($ours <= 0 && $ours == -$backward, "$id $kind: swapped ends are negative here, and 0 in the source");
	}
	else
	{
		cmp_ok($ours, '==', $seconds, "$id $kind: service time $note");
		is($deadline, $ends, "$id $kind: deadline $note") if $kind eq 'add';
	}
}

SKIP:
{
	skip 'handle times not at hand', 1 unless -r "$directory/rabobank_handle_time.csv";
	load('handled', "$directory/rabobank_handle_time.csv");
	sql(<<'END');
CREATE TABLE incident AS
SELECT incident_id, kind, calendar, recorded_handle_seconds::bigint AS recorded, extract(epoch FROM itsm.service_time(hours, starts, ends))::numeric(20, 6) AS ours,
	itsm.service_deadline(hours, starts, itsm.service_time(hours, starts, ends)) AS deadline, ends, itsm.is_open(hours, ends) AS open, hours
FROM handled JOIN (VALUES
	('mf_0730_1800', itsm.service_hours 'Mo-Fr 07:30-18:00; 2013 Dec 25-26,2014 Jan 01 off @ Europe/Amsterdam'),
	('24x7', '24/7 @ Europe/Amsterdam')) AS c(calendar, hours) USING (calendar),
	LATERAL (SELECT open_time_local::timestamp AT TIME ZONE 'Europe/Amsterdam' AS starts, close_time_local::timestamp AT TIME ZONE 'Europe/Amsterdam' AS ends) AS t;
END
	is(sql('SELECT count(*) FROM incident'), sql('SELECT count(*) FROM handled'), 'every handle time has a calendar');
	cmp_ok(sql(q{SELECT count(*) FROM incident WHERE kind = 'exact'}), '>', 0, 'some are exact');
	is(sql(q{SELECT count(*) FROM incident WHERE kind = 'exact' AND ours <> recorded}), '0', 'exact handle times are the service time, to the second')
		or diag(sql(q{SELECT incident_id, calendar, recorded, ours FROM incident WHERE kind = 'exact' AND ours <> recorded LIMIT 20}));
	is(sql(q{SELECT count(*) FROM incident WHERE kind = 'paused' AND recorded > ours}), '0', 'paused handle times are never longer')
		or diag(sql(q{SELECT incident_id, calendar, recorded, ours FROM incident WHERE kind = 'paused' AND recorded > ours LIMIT 20}));
	is(sql('SELECT count(*) FROM incident WHERE open AND deadline <> ends'), '0', 'deadlines lead back to the end');
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
