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
use ItsmTest qw($checks $verify);
use List::Util qw(min);
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

sub write_file
{
	my ($name, @lines) = @_;
	open my $file, '>', "$directory/$name" or die "$directory/$name: $!";
	print $file @lines;
	close $file or die "$directory/$name: $!";
}
sub read_file { return split /\n/, PostgreSQL::Test::Utils::slurp_file("$directory/$_[0]") }

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

# The first differences of two lists of lines.
sub same_lines
{
	my ($got, $expected, $what) = @_;
	my %count;
	$count{$_}++ foreach @$expected;
	$count{$_}-- foreach @$got;
	my @missing = sort grep { $count{$_} > 0 } keys %count;
	my @surplus = sort grep { $count{$_} < 0 } keys %count;
	ok(!@missing && !@surplus, $what . ' (' . @$expected . ')')
		or diag(join "\n", (map { "model:    $_" } @missing[ 0 .. min(4, $#missing) ]), (map { "database: $_" } @surplus[ 0 .. min(4, $#surplus) ]));
}

sub query { return split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]") }
my @tables = map { $_->{name} } LoadModel::tables($deferred);
my %columns = map { $_->{name} => $_->{columns} } LoadModel::tables($deferred);
my $union = sub { my ($make) = @_; return join ' UNION ALL ', map { $make->($_) } @tables };

my $check = sub
{
	my ($sql, $what) = @_;
	my @faults = query($sql);
	is(scalar @faults, 0, $what) or diag(join "\n", @faults[ 0 .. min(9, $#faults) ]);
};

# Rows of sessions of their own have ids from 100001.
same_lines([ query($union->(sub { my ($t) = @_; "SELECT concat_ws(E'\\t', '$t', " . join(', ', map { "coalesce($_\::text, '~')" } @{ $columns{$t} }) . ") FROM $t WHERE abs(id) > 1000" })) ],
	[ map { read_file("rows$_") } 1 .. $sessions ], 'the rows are the model\'s');

# Records: a head, and the events in the order of their versions.
$node->safe_psql('postgres', <<'END');
CREATE VIEW source_table AS SELECT o.id, c.oid AS relation, c.relname FROM itsm.source o JOIN pg_class c ON c.oid = o.relation;
CREATE TABLE moment AS SELECT record, version, at FROM itsm.event;
CREATE INDEX ON moment (record, at);
ANALYZE moment;
CREATE FUNCTION versions(bigint, timestamptz) RETURNS text LANGUAGE sql STABLE AS
	'SELECT coalesce(string_agg(version::text, '','' ORDER BY version), ''~'') FROM moment WHERE record = $1 AND at = $2';
CREATE TABLE head AS
	SELECT r.id, r.tenant, t.relname, t.relation, r.key, CASE WHEN t.relname = 'tenanted' THEN r.tenant || '|' ELSE '' END || r.key AS name, concat_ws(E'\t', r.version, r.deleted, r.attachment > 0, coalesce(s.state, '~'), p.transitions, p.reopened, p.reassigned,
		coalesce(p.title, '~'), coalesce(p.priority::text, '~'), coalesce(p.assignee, '~'), coalesce(p.resolution_code, '~'), coalesce(p.extra::text, '~')) AS line,
		CASE WHEN t.relname <> 'early' THEN concat_ws(E'\t', versions(r.id, s.entered_at), versions(r.id, p.opened_at), versions(r.id, p.first_response_at), versions(r.id, p.resolved_at), versions(r.id, p.closed_at)) END AS times,
		concat_ws(', ', CASE WHEN s.state IS DISTINCT FROM p.state THEN format('state %s, projected %s', s.state, p.state) END,
			CASE WHEN r.key IS DISTINCT FROM p.key THEN 'key projected ' || coalesce(p.key, 'null') END, CASE WHEN r.deleted <> p.deleted THEN 'deleted not projected' END) AS fault
	FROM itsm.record r JOIN source_table t ON t.id = r.source
		LEFT JOIN itsm.record_state s ON s.record = r.id AND s.tenant = r.tenant LEFT JOIN itsm.projection p ON p.record = r.id AND p.tenant = r.tenant
	WHERE (SELECT application FROM itsm.event e WHERE e.tenant = r.tenant AND e.record = r.id AND version = 1) = 'own';
CREATE INDEX ON head (id);
CREATE TABLE flaw AS SELECT record, version, string_agg(code || ':' || rule, ',' ORDER BY position) AS flaws FROM itsm.violation GROUP BY 1, 2;
CREATE INDEX ON flaw (record, version);
ANALYZE head, flaw;
END
$check->('SELECT relname, id, key, fault FROM head WHERE fault <> \'\' ORDER BY id', 'projections agree with records and states');

my (%record, %number);
foreach my $line (query(q{SELECT concat_ws(E'\t', id, relname || ' ' || coalesce(name, '~'), line, times) FROM head ORDER BY id}))
{
	my ($id, $name, @head) = split /\t/, $line;
	push @{ $record{$name} }, $number{$id} = [ join "\t", @head ];
}
# by itsm.history where the key names the record; by the events where it is another's now, or in several tenants
my $events = 0;
foreach my $line (query(q{SELECT concat_ws(E'\t', h.id, e.kind, coalesce(e.actor, e.role), coalesce(e.from_state, '~'), coalesce(e.to_state, '~'), '*', '*', coalesce(f.flaws, '~'))
		FROM head h JOIN itsm.event e ON e.record = h.id AND e.tenant = h.tenant LEFT JOIN flaw f ON (f.record, f.version) = (e.record, e.version) WHERE h.key IS NULL OR h.relname = 'tenanted' ORDER BY h.id, e.version}),
	query(q{SELECT concat_ws(E'\t', h.id, e.kind, e.actor, coalesce(e.from_state, '~'), coalesce(e.to_state, '~'), e.changes, coalesce(e.reason, '~'), coalesce(f.flaws, '~'))
		FROM head h CROSS JOIN LATERAL itsm.history(h.relation, h.key) e LEFT JOIN flaw f ON (f.record, f.version) = (h.id, e.version) WHERE h.key IS NOT NULL AND h.relname <> 'tenanted' ORDER BY h.id, e.version}))
{
	my ($id, $event) = split /\t/, $line, 2;
	push @{ $number{$id} }, $event;
	$events++;
}
my %model;
foreach my $session (1 .. $sessions)
{
	my $current;
	foreach my $line (read_file("records$session"))
	{
		if ($line =~ /^> (.*)/) { push @{ $model{$1} }, $current = []; next }
		push @$current, $line;
	}
}

# A head with the versions of its milestones: an event may have the time of the one before it.
sub same_head
{
	my ($got, $expected) = @_;
	my @got = split /\t/, $got, -1;
	my @expected = split /\t/, $expected, -1;
	return 0 if @got != @expected;
	foreach my $i (0 .. $#got)
	{
		next if $got[$i] eq $expected[$i];
		return 0 if $i < 12 || !grep { $_ eq $expected[$i] } split /,/, $got[$i];
	}
	return 1;
}
sub same_record
{
	my ($got, $expected) = @_;
	return same_head($got->[0], $expected->[0]) && join("\n", @$got[ 1 .. $#$got ]) eq join("\n", @$expected[ 1 .. $#$expected ]);
}
my ($compared, @different) = (0);
foreach my $name (sort keys %{ { %record, %model } })
{
	my @got = @{ $record{$name} // [] };
	my @expected = @{ $model{$name} // [] };
	if ($name =~ /~$|^tenanted/)
	{
		@expected = map { [ $_->[0], map { s/^((?:[^\t]*\t){4})[^\t]*\t[^\t]*/$1*\t*/r } @$_[ 1 .. $#$_ ] ] } @expected;
	}
	foreach my $one (@expected)
	{
		my ($found) = grep { same_record($got[$_], $one) } 0 .. $#got;
		if (defined $found) { splice @got, $found, 1; $compared++ }
		else { push @different, [ $name, $got[0], $one ]; shift @got }
	}
	push @different, map { [ $name, $_, undef ] } @got;
}
is(scalar @different, 0, "records, $events events, states, violations and projections are the model's ($compared records)")
	or diag(join "\n", map { describe(@$_) } @different[ 0 .. min(2, $#different) ]);

sub describe
{
	my ($name, $got, $expected) = @_;
	my @lines = ("record of $name:");
	foreach my $i (0 .. (sort { $b <=> $a } $#{ $got // [] }, $#{ $expected // [] })[0])
	{
		my ($one, $two) = map { ($_->[$i] // '-') =~ s/\t/ | /gr } $expected // [], $got // [];
		my $same = $i == 0 && $got && $expected ? same_head($got->[0], $expected->[0]) : $one eq $two;
		push @lines, $same ? "    $i: $one" : "  ! $i: model    $one\n  ! $i: database $two";
	}
	splice @lines, 3, @lines - 40, '    ...' if @lines > 44;
	return join "\n", @lines;
}

# Rows of all: only what always holds.
$check->('SELECT * FROM checks.chain_faults()', 'chains are whole, and every head is its last event');
$check->($verify, 'verify finds nothing');
$check->('SELECT record_id, agreement, number, problem, kept, computed FROM itsm.recompute_clocks()', 'clocks are what the events tell: ' . $node->safe_psql('postgres', 'SELECT count(*) FROM itsm.clock'));
$check->($union->(sub { my ($t) = @_;
	my $key = $t eq 'parted' ? "format('(%s,%s)', x.id, x.region)" : 'x.id::text';
	my $govern = $t eq 'ticket' ? "x.kind IN ('a', 'b')" : 'true';
	my $state = $t eq 'ticket' ? "CASE x.kind WHEN 'a' THEN '" . '{"N":"new","O":"open","P":"open","W":"wait","D":"done","C":"closed","V":"void"}' . "'::jsonb->>x.status ELSE x.status END"
		: $t eq 'watched' ? "CASE WHEN x.status IN ('new','open','wait','done','closed','void') THEN x.status END" : 'x.status';
	return "SELECT '$t ' || coalesce($key, k.key) || coalesce(': row ' || ($state), ': no row') || coalesce(', record ' || k.state, ', no record') FROM (SELECT * FROM $t x WHERE $govern) x FULL JOIN "
		. "(SELECT r.key, s.state FROM itsm.record r JOIN source_table o ON o.id = r.source AND o.relname = '$t' JOIN itsm.record_state s ON s.record = r.id AND s.tenant = r.tenant WHERE NOT r.deleted AND r.attachment > 0) k ON k.key = $key "
		. "WHERE k.key IS NULL OR x.id IS NULL OR ($state) IS DISTINCT FROM k.state" }), 'states of all records are their rows\'');
$check->('SELECT record, version FROM (SELECT *, lag(to_state) OVER (PARTITION BY record ORDER BY version) AS before, lag(kind) OVER (PARTITION BY record ORDER BY version) AS kind_before FROM itsm.event
	WHERE record IN (SELECT r.id FROM itsm.record r JOIN source_table t ON t.id = r.source WHERE t.relname NOT IN (\'early\'))) e
	WHERE kind IN (\'transition\', \'updated\') AND kind_before <> \'key_changed\' AND from_state IS DISTINCT FROM before', 'every event begins where the one before has led');
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
	$check->('SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok', 'verify finds nothing wrong');
}

$node->stop;
done_testing();
