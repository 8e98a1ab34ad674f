#!/usr/bin/env perl
#
# Random writes in four concurrent sessions against a model outside the database
# (LoadModel.pm), which knows what must come of each: every SQLSTATE, and in the end
# every row, record, event, violation, projection and refusal, is as the model says.
#
# ITSM_LOAD_OPERATIONS	writes in all (default 10000; `make check-load` takes 200000)
# ITSM_LOAD_SEED		the seed that an earlier run told
# ITSM_LOAD_KEEP		a directory that keeps the sessions' scripts and answers

use strict;
use warnings;
use ItsmTest qw($checks);
use List::Util qw(min);
use LoadCheck qw(check_nothing query read_file same_lines write_file);
use LoadModel;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $sessions = 4;
my $operations = $ENV{ITSM_LOAD_OPERATIONS} // 10000;
my $seed = $ENV{ITSM_LOAD_SEED} // int(rand 1_000_000);
my $directory = $ENV{ITSM_LOAD_KEEP} // PostgreSQL::Test::Utils::tempdir();
diag("seed $seed, $operations operations");

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init;
$node->append_conf('postgresql.conf', "shared_buffers = '128MB'\nmax_wal_size = '4GB'\njit = off\nlog_min_messages = log\nrestart_after_crash = on\nautovacuum_naptime = '5s'\ndeadlock_timeout = '100ms'\n");
$node->start;
my $deferred = $node->safe_psql('postgres', q{CREATE EXTENSION itsm; CREATE TABLE probe (id int PRIMARY KEY, status text);
	DO $$ BEGIN PERFORM itsm.attach('probe', 'incident', 'status', timing => 'deferred'); EXCEPTION WHEN feature_not_supported THEN DROP TABLE probe; END $$;
	SELECT to_regclass('probe') IS NOT NULL}) eq 't';
$node->safe_psql('postgres', 'SELECT itsm.detach(\'probe\'); DROP TABLE probe') if $deferred;
$node->safe_psql('postgres', 'SET client_min_messages = error; ' . LoadModel::schema($deferred) . $checks);
# Clocks of every kind run beside; in the end they must be what the events tell.
$node->safe_psql('postgres', q{SET client_min_messages = error;
	SELECT itsm.define_sla('{"name": "all", "lifecycle": "load", "metric": "resolution", "target": "1 second", "reset_on": "title", "valid_from": "2020-01-01"}');
	SELECT itsm.define_sla('{"name": "urgent", "lifecycle": "load_b", "metric": "resolution", "condition": "new.priority < 3", "pause_when": "new.assignee IS NULL", "reopen": "new", "target": "2 seconds", "valid_from": "2020-01-01"}');
	SELECT itsm.define_sla('{"name": "late", "lifecycle": "load", "metric": "resolution", "condition": "new.priority > 2 AND new.assignee IS NOT NULL", "retroactive": true, "target": "1 hour", "valid_from": "2020-01-01"}')});
my $role = $node->safe_psql('postgres', 'SELECT current_user');
my $overrides = $node->safe_psql('postgres', q{SELECT to_regprocedure('itsm.override(regclass,text,text,text)') IS NOT NULL}) eq 't';
my @psql = ('psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-h', $node->host, '-p', $node->port, '-d', 'postgres');

LoadCheck::begin(node => $node, directory => $directory, sessions => $sessions, deferred => $deferred);

# Each session in a process: makes its script with the model, then lets psql run it.
unlink "$directory/finished";
my $started = time;
my @children;
foreach my $session (1 .. $sessions)
{
	my $child = fork // die "fork: $!";
	if ($child) { push @children, $child; next }
	srand($seed * 16 + $session);
	open my $script, '>', "$directory/script$session" or die "script: $!";
	my $model = LoadModel->new(session => $session, role => $role, script => $script, deferred => $deferred, overrides => $overrides,
		pool => min(400, 40 + int($operations / $sessions / 100)));
	$model->make_script($operations / $sessions);
	print $script "\\echo through\n";
	close $script or die "script: $!";
	write_file("expected$session", map { join(' ', @$_) . "\n" } @{ $model->{expected} });
	write_file("rows$session", map { "$_\n" } $model->row_lines);
	my $records = $model->record_lines;
	write_file("records$session", map { my $name = $_; map { join("\n", "> $name", @$_) . "\n" } @{ $records->{$name} } } keys %$records);
	write_file("refusals$session", map { join("\f", @$_) . "\n" } @{ $model->{refusals} });
	write_file("done$session", $model->{done});
	open STDOUT, '>', "$directory/answers$session";
	open STDERR, '>', "$directory/errors$session";
	exec @psql, '-f', "$directory/script$session" or POSIX::_exit(127);
}
# Meanwhile somebody administers: policies are built anew again and again, to the same effect.
my $administrator = fork // die "fork: $!";
if (!$administrator)
{
	my $work = join ' ', map { "SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('$_'), '{description}', to_jsonb(clock_timestamp()::text))) \\g /dev/null\nSELECT pg_sleep(0.2) \\g /dev/null\n" } qw(load load_b);
	write_file('administration', "SET client_min_messages = error;\n$work",
		"SELECT count(itsm.set_mode(id, mode)) FROM itsm.attachment \\g /dev/null\nSELECT itsm.make_partitions() \\g /dev/null\nSELECT format('CALL itsm.backfill(%s)', id) FROM itsm.attachment ORDER BY random() LIMIT 1 \\gexec\n");
	open STDOUT, '>', "$directory/administered";
	open STDERR, '>&', \*STDOUT;
	POSIX::_exit(0) if -e "$directory/finished";
	exec 'sh', '-c', 'while [ ! -e "$0/finished" ]; do "$@" -f "$0/administration" || exit 1; done', $directory, @psql, '-v', 'ON_ERROR_STOP=1';
}
waitpid $_, 0 foreach @children;
write_file('finished');
waitpid $administrator, 0;
is($?, 0, 'administration went on meanwhile: ' . $node->safe_psql('postgres', q{SELECT max(version) FROM itsm.lifecycle WHERE name LIKE 'load%'}) . ' versions of a lifecycle') or diag(join "\n", read_file('administered'));
my $took = time - $started;

# What came of every statement.
my (%met, $done);
foreach my $session (1 .. $sessions)
{
	my @expected = map { [ split ' ' ] } read_file("expected$session");
	$done += (read_file("done$session"))[0];
	my %error = map { /^psql:[^:]*:(\d+): ERROR:\s+(\w+)$/ ? ($1 => $2) : /^psql:[^:]*:(\d+): .*(?:FATAL|PANIC|closed the connection)/ ? (lost => $1) : () } read_file("errors$session");
	my $wrong = $error{lost} ? "line $error{lost}: the connection was lost\n" . context($session, $error{lost}) : undef;
	foreach my $number (0 .. $#expected)
	{
		my ($line, @codes) = @{ $expected[$number] };
		my $next = $number < $#expected ? $expected[ $number + 1 ][0] : $line + 100;
		my $code = (map { $error{$_} // () } $line .. $next - 1)[0] // '00000';
		$met{$code}++;
		$wrong //= "line $line: expected @codes, was $code\n" . context($session, $next - 1) unless grep { $_ eq $code } @codes;
	}
	$wrong //= 'it did not come to its end' unless join('', read_file("answers$session")) =~ /through$/;
	ok(!defined $wrong, "session $session: every statement ended as the model says") or diag($wrong);
}
diag($_) foreach grep { /terminated by signal|PANIC|Failed process/ } split /\n/, PostgreSQL::Test::Utils::slurp_file($node->logfile);
note join ', ', map { "$_ $met{$_}" } sort keys %met;
diag(sprintf '%d writes in %.1f s, %d/s', $done, $took, $done / $took);

# The script of a session up to a line, from the beginning of the transaction.
sub context
{
	my ($session, $end) = @_;
	my @lines = read_file("script$session");
	my $start = $end - 1;
	$start-- while $start > 0 && $end - $start < 40 && $lines[$start] !~ /^BEGIN/;
	return join '', map { "    $_\n" } @lines[ $start .. $end - 1 ];
}

LoadCheck::rows_agree();
LoadCheck::records_agree();
LoadCheck::always_holds();
my $refusal = $node->safe_psql('postgres', q{SELECT to_regclass('itsm_report.refusal') IS NOT NULL}) eq 't';
SKIP:
{
	skip 'no itsm_report.refusal', 2 unless $refusal;
	same_lines([ query(q{SELECT code || ' ' || count(*) FROM itsm_report.refusal GROUP BY code}) ], [ map { "$_ $met{$_}" } grep { /^IT/ } keys %met ], 'refusals are those that the clients saw');
	my %found;
	$found{$_}++ foreach query(q{SELECT concat_ws(E'\t', regexp_replace(source, '^public.', ''), key, code, rules, coalesce(from_state, '~'), coalesce(to_state, '~'), coalesce(actor, '~'), coalesce(reason, '~')) FROM itsm_report.refusal WHERE application = 'own'});
	# of what one statement may have told one thing was told: a matching of statements and lines
	my (%taken, @missing);
	my $match;
	$match = sub {
		my ($refusal, $seen) = @_;
		foreach my $line (grep { $found{$_} && !$seen->{$_}++ } @$refusal)
		{
			my $holders = $taken{$line} //= [];
			if (@$holders < $found{$line}) { push @$holders, $refusal; return 1 }
			foreach my $holder (@$holders)
			{
				if ($match->($holder, $seen)) { $holder = $refusal; return 1 }
			}
		}
		return 0;
	};
	foreach my $refusal (sort { @$a <=> @$b } map { [ split /\f/ ] } map { read_file("refusals$_") } 1 .. $sessions)
	{
		push @missing, join ' or ', @$refusal unless $match->($refusal, {});
	}
	delete @found{ grep { @{ $taken{$_} // [] } == $found{$_} } keys %found };
	is(@missing + keys %found, 0, 'each tells of its row, its rules, its states, who and why') or diag(join "\n", (map { "model:    $_" } @missing[ 0 .. min(4, $#missing) ]), (map { "database: $_" } (sort keys %found)[ 0 .. min(4, keys(%found) - 1) ]));
}
my $verify = $node->safe_psql('postgres', q{SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'verify' AND pronamespace = 'itsm'::regnamespace)}) eq 't';
SKIP:
{
	skip 'no itsm.verify', 1 unless $verify;
	check_nothing('SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok', 'verify finds nothing wrong');
}

$node->stop;
done_testing();
