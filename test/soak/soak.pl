#!/usr/bin/env perl
#
# A soak: sixteen clients of mixed work against the load model, while others attach and
# detach, edit policies, change tables, seal, verify, cancel and terminate, and (in the second
# half) kill backends and the postmaster.  Afterwards the model agrees on every record,
# verify() is clean, memory was flat, no lock is left, and the server's log complains of nothing.
#
# SOAK_MINUTES	how long (10)
# SOAK_CLIENTS	how many (16)
# SOAK_SEED		the seed that an earlier run told

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use ItsmTest qw($checks $verify rss);
use LoadCheck qw(check_nothing query read_file write_file);
use LoadModel;
use List::Util qw(max min sum);
use POSIX ':sys_wait_h';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SoakClient;
use SoakTrouble;
use Test::More;
use Time::HiRes qw(sleep time);

my $minutes = $ENV{SOAK_MINUTES} // 10;
my $clients = $ENV{SOAK_CLIENTS} // 16;
my $seed = $ENV{SOAK_SEED} // int(rand 1_000_000);
my $directory = PostgreSQL::Test::Utils::tempdir();
diag("seed $seed, $clients clients, $minutes minutes");

my $node = PostgreSQL::Test::Cluster->new('soak');
$node->init;
$node->append_conf('postgresql.conf', <<'END_CONF');
shared_buffers = '256MB'
max_wal_size = '1GB'
max_connections = 60
max_prepared_transactions = 40
jit = off
restart_after_crash = on
autovacuum_naptime = '5s'
deadlock_timeout = '200ms'
log_statement = none
log_min_messages = warning
log_min_error_statement = log
log_line_prefix = '%m [%p] %e %q%u %a '
END_CONF
$node->start;
$node->safe_psql('postgres', 'SET client_min_messages = error; ' . LoadModel::schema(1) . $checks . SoakTrouble::schema());
$node->safe_psql('postgres', "CREATE ROLE soak_$_ SUPERUSER LOGIN") foreach 1 .. $clients;
LoadCheck::begin(node => $node, directory => $directory, sessions => $clients, deferred => 1);

my $started = time;
my $until = $started + 60 * $minutes;

sub child
{
	my ($number, $work) = @_;
	my $child = fork // die "fork: $!";
	return $child if $child;
	srand($seed * 64 + $number);
	my $good = eval { $work->(); 1 };
	write_file("failed$number", ref $@ ? join(' ', %{ $@ }) : $@) unless $good;
	POSIX::_exit($good ? 0 : 1);
}

my %child = map { my $session = $_; (child($session, sub {
	my $client = SoakClient->begin(node => $node, session => $session, until => $until, pool => 60);
	$client->work;
	write_file("rows$session", map { "$_\n" } $client->row_lines);
	my $records = $client->record_lines;
	write_file("records$session", map { my $name = $_; map { join("\n", "> $name", @$_) . "\n" } @{ $records->{$name} } } keys %$records);
	write_file("refusals$session", map { join("\n", @$_) . "\n" } @{ $client->{refusals} });
	write_file("counts$session", join("\t", @$client{qw(done came lost in_doubt through prepared)}), "\n", map { "$_\t$client->{met}{$_}\n" } keys %{ $client->{met} });
	$client->{wire}->close;
}) => "client $session") } 1 .. $clients;
$child{ child(40, sub { SoakTrouble::edit_policies($node, $until, $directory) }) } = 'editor of policies';
$child{ child(41, sub { SoakTrouble::change_tables($node, $until, $directory) }) } = 'changer of tables';
my $disturber = child(42, sub { SoakTrouble::disturb($node, $started, $until, $clients, $directory) });
$child{$disturber} = 'disturber';

# The memory of the first four clients, whom nobody terminates in the first half.
my (%memory, $logged);
while (1)
{
	my $ended = waitpid -1, WNOHANG;
	if ($ended > 0)
	{
		my $name = delete $child{$ended};
		is($?, 0, "$name came to its end") or diag(-e "$directory/failed" . number($name) ? read_file('failed' . number($name)) : "status $?");
	}
	last unless %child;
	sleep($ended > 0 ? 0.1 : 5);
	if (time > $started + ($until - $started) * 0.48)
	{
		# where their memory is, for whoever has to find out
		$node->psql('postgres', q{SELECT pg_log_backend_memory_contexts(pid) FROM pg_stat_activity WHERE usename = 'soak_1'}) unless $logged++;
		next;
	}
	my ($status, $out) = $node->psql('postgres', q{SELECT usename, pid FROM pg_stat_activity WHERE usename ~ '^soak_[1-4]$'});
	foreach my $line (split /\n/, $out // '')
	{
		my ($user, $pid) = split /\|/, $line;
		push @{ $memory{"$user $pid"} }, [ time - $started, rss($pid) // () ];
	}
}
sub number
{
	my ($name) = @_;
	my ($session) = $name =~ /client (\d+)/;
	return $session // { 'editor of policies' => 40, 'changer of tables' => 41, disturber => 42 }->{$name};
}

# Counts.
my ($done, $came, $lost, $doubt, $through, $prepared, %met) = (0) x 6;
foreach my $session (grep { -e "$directory/counts$_" } 1 .. $clients)
{
	my ($first, @rest) = read_file("counts$session");
	my @counts = split /\t/, $first;
	$done += $counts[0]; $came += $counts[1]; $lost += $counts[2]; $doubt += $counts[3]; $through += $counts[4]; $prepared += $counts[5];
	foreach (@rest) { my ($code, $count) = split /\t/; $met{$code} += $count }
}
diag(sprintf '%d writes, %d statements, %.0f/s; %d connections lost, %d in doubt of which %d had come through, %d prepared', $done, $came, $came / (time - $started), $lost, $doubt, $through, $prepared);
diag(join ', ', map { "$_ $met{$_}" } sort keys %met);
diag("$_: " . join ', ', read_file($_)) foreach grep { -e "$directory/$_" } qw(trouble40 trouble41 trouble42);

foreach my $name (sort keys %memory)
{
	my @samples = grep { defined $_->[1] } @{ $memory{$name} };
	next if @samples < 12;
	# once everything has been used; the most of the second third against the most of the last
	my @third = map { my $third = $_; max(map { $_->[1] } @samples[ $third * $#samples / 3 .. ($third + 1) * $#samples / 3 ]) } 1, 2;
	my $line = sprintf '%s: private memory %d kB first, at most %d kB in the second third, %d kB in the last', $name, $samples[0][1], @third;
	diag($line);
	cmp_ok($third[1] - $third[0], '<', 4096, $line);
}

my (%context, %contexts);
foreach (PostgreSQL::Test::Utils::slurp_file($node->logfile) =~ /LOG:  (level: .*)/g)
{
	next unless /^level: \d+; (.+?): (\d+) total in .*; (\d+) used/;
	my ($name, $total) = ($1, $2);
	$name =~ s/: .*//;
	$context{$name} += $total;
	$contexts{$name}++;
}
diag('memory contexts: ' . join ', ', map { "$_ " . int($context{$_} / 1024) . " kB ($contexts{$_})" } (sort { $context{$b} <=> $context{$a} } keys %context)[ 0 .. min(11, keys(%context) - 1) ]);
BAIL_OUT('not everything came to its end') unless Test::More->builder->is_passing;

# The server is there, and comes to rest.
$node->poll_query_until('postgres', 'SELECT true');
$node->safe_psql('postgres', "SET client_min_messages = error; " . SoakTrouble::rest());
$node->safe_psql('postgres', "SET client_min_messages = error; CALL itsm.backfill($_)") foreach query('SELECT id FROM itsm.attachment WHERE detached_at IS NULL ORDER BY id');
ok($node->poll_query_until('postgres', q{SELECT NOT EXISTS (SELECT FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
	WHERE pid IS DISTINCT FROM pg_backend_pid() AND (a.backend_type IS NULL OR a.backend_type = 'client backend'))}), 'no lock is left');
check_nothing('SELECT gid FROM pg_prepared_xacts', 'nothing prepared is left');

LoadCheck::rows_agree();
LoadCheck::records_agree();
LoadCheck::always_holds();
SoakTrouble::relationships_agree();

# A refusal that is told is one that a client had (those of a session that was killed are lost).
my %had = map { $_ => 1 } map { read_file("refusals$_") } grep { -e "$directory/refusals$_" } 1 .. $clients;
my @strange = grep { !$had{$_} } query(q{SELECT concat_ws(E'\t', regexp_replace(source, '^public.', ''), key, code, rules, coalesce(from_state, '~'), coalesce(to_state, '~'), coalesce(actor, '~'), coalesce(reason, '~')) FROM itsm_report.refusal WHERE application = 'own'});
is(scalar @strange, 0, 'every refusal that is told was had: ' . join '', query('SELECT count(*) FROM itsm_report.refusal')) or diag(join "\n", @strange[ 0 .. min(4, $#strange) ]);
is(join('', query('SELECT itsm.seal() = count(*) FROM itsm.event')), 't', 'everything can be sealed: ' . join '', query('SELECT count(*) FROM itsm.event'));
check_nothing($verify, 'verify finds nothing after sealing');
$node->stop;

# What the server said: signals are ours, warnings are not to be.
my %kills = -e "$directory/trouble42" ? map { /^(.*) (\d+)$/ } read_file('trouble42') : ();
my (@warnings, %signal, @internal);
open my $log, '<', $node->logfile or die $node->logfile . ": $!";
while (<$log>)
{
	push @warnings, $_ if /WARNING:/ && !/ 57P02 |recovered from|cannot reindex invalid index|there is (already|no) a? ?transaction|terminating connection because of crash/;
	push @internal, $_ if / XX\w{3} / && !/cannot reindex invalid index/;
	push @internal, $_ if /PANIC|TRAP:/;
	$signal{$1}++ if /\(PID \d+\) was terminated by signal (\d+)/;
}
close $log;
is(scalar @warnings, 0, 'no warning in the log') or diag(@warnings[ 0 .. min(9, $#warnings) ]);
is(scalar @internal, 0, 'no internal error in the log') or diag(@internal[ 0 .. min(9, $#internal) ]);
is(join(' ', sort keys %signal), ($kills{'kill -9 of a backend'} ? '9' : ''), 'no backend ended by a signal but ours: ' . ($signal{9} // 0));
diag(sprintf '%.0f s in all', time - $started);
done_testing();
