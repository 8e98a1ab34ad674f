#!/usr/bin/env perl
#
# Record numbers, ranges and matrices through dump and restore, and on a standby; and a
# server killed while numbers are drawn: none twice, none lost but with its transaction.

use strict;
use warnings;
use IPC::Run ();
use ItsmTest qw($verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('types');
$node->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "shared_buffers = '4MB'\nmax_wal_size = '32MB'\ncheckpoint_timeout = '30s'\nautovacuum_naptime = '1s'\n");
$node->start;

# Dump and restore.

$node->safe_psql('postgres', 'CREATE DATABASE desk');
$node->safe_psql('desk', <<'END');
CREATE EXTENSION itsm;
CREATE TABLE ticket (number itsm.record_number PRIMARY KEY DEFAULT itsm.next_number('INC'), prio itsm.priority DEFAULT itsm.priority_of(1, 1));
SELECT itsm.define_number('INC', 5, 4000);
INSERT INTO ticket SELECT FROM generate_series(1, 500);
INSERT INTO ticket VALUES ('ZZZZZZZ000000001', 'P5'), ('A0', 'P1'), ('A00', '3');
CREATE INDEX ON ticket USING hash (number);
CREATE TABLE parted (number itsm.record_number) PARTITION BY HASH (number);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT number FROM ticket;
-- one of our own in place of the shipped one, one of another name, one taken away again
SELECT itsm.set_priority_matrix('default', '{{P2,P3},{P4,P5}}');
SELECT itsm.set_risk_matrix('odd "name"', '{{high}}');
SELECT itsm.set_risk_matrix('default', '{{low}}');
SELECT itsm.set_risk_matrix('default', NULL);
END
my $all = q{SELECT 'ticket', number::text, prio::text FROM ticket UNION ALL SELECT tableoid::regclass::text, number::text, '' FROM parted
	UNION ALL SELECT 'range', prefix || width, last::text FROM itsm.number_range
	UNION ALL SELECT 'priority', concat_ws(' ', matrix, impact, urgency, shipped), priority::text FROM itsm.priority_matrix
	UNION ALL SELECT 'risk', concat_ws(' ', matrix, impact, probability, shipped), risk FROM itsm.risk_matrix
	UNION ALL SELECT 'event', concat_ws(' ', subject, version, kind), detail FROM itsm_report.policy_event
	ORDER BY 1, 2, 3};
my $before = $node->safe_psql('desk', $all);
my @lines = split /\n/, $before;
is(scalar @lines, 503 + 503 + 1 + 9 + 4 + 9 + 1 + 5, 'everything is there before the dump');

my $directory = PostgreSQL::Test::Utils::tempdir();
my @dump = ('pg_dump', '-h', $node->host, '-p', $node->port);
my @restore = ('pg_restore', '--exit-on-error', '-h', $node->host, '-p', $node->port);
my $desk = 'desk';
foreach my $form ([ 'custom', '-Fc' ], [ 'directory', '-Fd', '--jobs=2' ], [ 'again', '-Fc' ])
{
	my ($name, @options) = @$form;
	command_ok([ @dump, @options, '-f', "$directory/$name", $desk ], "$name: dump");
	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0");
	command_ok([ @restore, ($name eq 'directory' ? '--jobs=2' : '--single-transaction'), '-d', $name, "$directory/$name" ], "$name: restore");
	is($node->safe_psql($name, $all), $before, "$name: everything is the same");
	is($node->safe_psql($name, 'SELECT itsm.priority_of(2, 1)'), 'P4', "$name: our own matrix is in force");
	is($node->safe_psql($name, 'SELECT itsm.risk_of(1, 1)'), 'very_high', "$name: and the shipped one");
	is($node->safe_psql($name, $verify), '', "$name: verify finds nothing");
	$desk = $name;
}
is($node->safe_psql('again', 'INSERT INTO ticket DEFAULT VALUES RETURNING number, prio'), 'INC04500|P2', 'drawing goes on');

# While numbers are drawn, a dump has none that the range has not.
$node->safe_psql('desk', q{CREATE TABLE busy (number itsm.record_number DEFAULT itsm.next_number('BUSY'))});
$node->safe_psql('desk', q{SELECT itsm.define_number('BUSY')});
my $script = "$directory/busy";
PostgreSQL::Test::Utils::append_to_file($script, "INSERT INTO busy DEFAULT VALUES;\n");
my $out = '';
my $load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-c', 4, '-T', 4, 'desk' ], '>', \$out, '2>&1');
sleep 1;
command_ok([ @dump, '-Fc', '-f', "$directory/busy.dump", 'desk' ], 'dumped while numbers are drawn');
$load->finish;
$node->safe_psql('postgres', 'CREATE DATABASE busy TEMPLATE template0');
command_ok([ @restore, '-d', 'busy', "$directory/busy.dump" ], 'and restored');
is($node->safe_psql('busy', q{SELECT count(*) > 100, max(itsm.number(number)) <= (SELECT last FROM itsm.number_range WHERE prefix = 'BUSY') FROM busy}), 't|t', 'the range has them all');

# Draws while ranges are made, changed, locked and rewritten: without a rollback nothing is lost.
$node->safe_psql('desk', q{CREATE TABLE mixed (number itsm.record_number); SELECT itsm.define_number('MIX')});
my %mixed = (
	draw => [ 60, q{INSERT INTO mixed VALUES (itsm.next_number('MIX'));} ],
	several => [ 10, q{INSERT INTO mixed SELECT itsm.next_number('MIX') FROM generate_series(1, 20);} ],
	made => [ 20, q{\set n random(1, 200)
INSERT INTO mixed VALUES (itsm.next_number('N' || chr(65 + :n / 26) || chr(65 + :n % 26)));} ],
	changed => [ 4, q{\set n random(5, 9)
BEGIN;
SELECT itsm.define_number('MIX', :n);
INSERT INTO mixed VALUES (itsm.next_number('MIX'));
COMMIT;} ],
	undone => [ 4, q{\set n random(5, 9)
BEGIN;
SELECT itsm.define_number('MIX', :n);
ROLLBACK;} ],
	locked => [ 2, q{BEGIN;
SELECT FROM itsm.number_range WHERE prefix = 'MIX' FOR UPDATE;
INSERT INTO mixed VALUES (itsm.next_number('MIX'));
COMMIT;} ],
	shared => [ 2, q{BEGIN;
SELECT FROM itsm.number_range WHERE prefix = 'MIX' FOR KEY SHARE;
COMMIT;} ]);
my @scripts;
foreach my $name (sort keys %mixed)
{
	PostgreSQL::Test::Utils::append_to_file("$directory/$name.sql", "$mixed{$name}[1]\n");
	push @scripts, '-f', "$directory/$name.sql\@$mixed{$name}[0]";
}
$load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, @scripts, '-c', 8, '-j', 2, '-T', 5, 'desk' ], '>', \($out = ''), '2>&1');
foreach (1 .. 8)
{
	sleep 0.5;
	$node->safe_psql('desk', 'VACUUM FULL itsm.number_range');
	$node->safe_psql('desk', 'VACUUM (FREEZE) itsm.number_range');
}
$load->finish;
unlike($out, qr/ERROR|abort/, 'mixed: no error');
is($node->safe_psql('desk', q{SELECT count(*) > 1000, count(*) - count(DISTINCT concat(itsm.prefix(number), itsm.number(number))), (SELECT sum(last) FROM itsm.number_range WHERE prefix ~ '^(MIX|N[A-H][A-Z])$') - count(*) FROM mixed}),
	't|0|0', 'mixed: no number twice, none lost');
is($node->safe_psql('desk', $verify), '', 'mixed: verify finds nothing');

# The server is killed.  Every transaction is one number, so what is missing was in flight.

$node->safe_psql('postgres', q{CREATE EXTENSION itsm; CREATE TABLE ticket (number itsm.record_number DEFAULT itsm.next_number('INC'), round int, filler text); SELECT itsm.define_number('INC')});
my ($clients, $drawn, $lost) = (4, 0, 0);
$script = "$directory/load";
PostgreSQL::Test::Utils::append_to_file($script, "INSERT INTO ticket (round, filler) VALUES (:round, repeat('x', 100));\n");
# ITSM_CRASH_ROUNDS: how often
foreach my $round (1 .. $ENV{ITSM_CRASH_ROUNDS} // 4)
{
	# with commits that wait for the disk, and without
	local $ENV{PGOPTIONS} = '-c synchronous_commit=' . ($round % 2 ? 'on' : 'off');
	$out = '';
	$load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-D', "round=$round", '-c', $clients, '-T', 60, 'postgres' ], '>', \$out, '2>&1');
	sleep(1 + $round % 3 * 0.4);
	# in the middle of it: other versions of the row, and pages written anew
	delete $ENV{PGOPTIONS};
	$node->safe_psql('postgres', 'SELECT itsm.define_number(\'INC\', ' . (7 + $round % 2) . ')');
	$node->safe_psql('postgres', 'VACUUM FULL itsm.number_range') if $round % 2;
	sleep 0.5;
	$node->stop('immediate');
	$load->finish;
	$node->start;
	my ($tickets, $numbers, $highest, $last) = split /\|/,
	  $node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT itsm.number(number)), max(itsm.number(number)), (SELECT last FROM itsm.number_range WHERE prefix = 'INC') FROM ticket});
	cmp_ok($tickets, '>', $drawn + 100, "round $round: there was load");
	is($numbers, $tickets, "round $round: no number twice");
	cmp_ok($last, '>=', $highest, "round $round: the range has the highest one");
	cmp_ok($last - $tickets - $lost, '<=', $clients, "round $round: lost is at most what was in flight");
	$lost = $last - $tickets;
	$drawn = $tickets;
}
note("$drawn numbers, $lost lost");
is($node->safe_psql('postgres', 'SELECT itsm.number(itsm.next_number(\'INC\'))'), $drawn + $lost + 1, 'the next one is the one behind the last');
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');

# A number that a session has been told stays drawn when its transaction committed, though nothing else was written.
my @single = map { $node->safe_psql('postgres', q{SELECT itsm.number(itsm.next_number('ALONE'))}) } 1 .. 3;
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', q{SELECT itsm.number(itsm.next_number('ALONE'))}), $single[-1] + 1, 'a draw alone is durable');

# A standby shows where ranges are, and goes on from there when it takes over.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('types_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{SELECT itsm.next_number('INC') FROM generate_series(1, 50); SELECT itsm.set_priority_matrix('default', '{{P5}}')});
my $last = $node->safe_psql('postgres', q{SELECT last FROM itsm.number_range WHERE prefix = 'INC'});
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', q{SELECT last FROM itsm.number_range WHERE prefix = 'INC'}), $last, 'standby: where the range is');
is($standby->safe_psql('postgres', 'SELECT itsm.priority_of(1, 1)'), 'P5', 'standby: matrices hold');
my (undef, undef, $error) = $standby->psql('postgres', q{SELECT itsm.next_number('INC')});
like($error, qr/read-only transaction/, 'standby: nothing is drawn');
$node->stop('immediate');
$standby->promote;
is($standby->safe_psql('postgres', q{SELECT itsm.number(itsm.next_number('INC'))}), $last + 1, 'promoted: the next one follows');

$standby->stop;
done_testing();
