#!/usr/bin/env perl
#
# Random histories: the clocks that the trigger kept, those recomputed from events and
# those of a plain model outside the database are the same.
#
#   ITSM_CLOCK_RECORDS=100000   imported histories (the live ones are a fifth of it)
#   ITSM_CLOCK_SEED=1           repeats a run

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $records = $ENV{ITSM_CLOCK_RECORDS} || 3000;
my $seed = $ENV{ITSM_CLOCK_SEED} || time;
srand($seed);
note("ITSM_CLOCK_SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('clock');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = 'Pacific/Auckland'\nmax_wal_size = '4GB'\n");
$node->start;

# The model.  Times are whole microseconds since 1970; service time is counted day by day.

use constant { SECOND => 1_000_000, DAY => 86_400_000_000 };
my %holiday = map { $_ => 1 } (20546, 20549);    # 2026-04-03 and 06

sub open_of_day
{
	my ($day) = @_;
	my $weekday = ($day + 3) % 7;                 # 0 is Monday; 1970-01-01 was a Thursday
	return if $weekday > 4 || $holiday{$day};
	return ($day * DAY + 9 * 3600 * SECOND, $day * DAY + 17 * 3600 * SECOND);
}
sub min { $_[0] < $_[1] ? $_[0] : $_[1] }
sub max { $_[0] > $_[1] ? $_[0] : $_[1] }
sub floor_day { use integer; return $_[0] / DAY }

sub office_time
{
	my ($from, $to) = @_;
	my $sum = 0;
	for my $day (floor_day($from) .. floor_day($to))
	{
		my ($opens, $closes) = open_of_day($day) or next;
		$sum += max(0, min($to, $closes) - max($from, $opens));
	}
	return $sum;
}
sub office_deadline
{
	my ($from, $length) = @_;
	for (my $day = floor_day($from);; $day++)
	{
		my ($opens, $closes) = open_of_day($day) or next;
		my $begin = max($from, $opens);
		next if $begin > $closes || ($begin == $closes && $length > 0) || ($length == 0 && $begin >= $closes);
		return $begin + $length if $begin + $length <= $closes;
		$length -= $closes - $begin;
	}
}
# what relative targets fix: at 17:00 of the next open day, at the second opening
sub by_tomorrow
{
	my ($at) = @_;
	for (my $day = floor_day($at) + 1;; $day++) { return $day * DAY + 17 * 3600 * SECOND if open_of_day($day) }
}
sub second_opening
{
	my ($at) = @_;
	my $openings = 0;
	for (my $day = floor_day($at);; $day++)
	{
		my ($opens) = open_of_day($day) or next;
		return $opens if $opens > $at && ++$openings == 2;
	}
}
my %due = map { $_->[0] => $_->[1] * SECOND } [ '2020-01-01 00:00:00+00', 1577836800 ], [ '2100-03-01 10:00:00+00', 4107578400 ], [ '2100-03-02 12:30:00+00', 4107673800 ];
my %hours = (
	office => [ \&office_time, \&office_deadline ],
	always => [ sub { $_[1] - $_[0] }, sub { $_[0] + $_[1] } ]);

my %category = (new => 'new', work => 'active', look => 'active', wait => 'waiting', done => 'resolved', closed => 'closed', void => 'cancelled');
my %resolution = (
	start => sub { $_[0] =~ /^(new|work|look|wait)$/ }, stop => sub { $_[0] =~ /^(done|closed)$/ }, pause => sub { $_[0] eq 'wait' },
	cancel => sub { $_[0] eq 'void' }, reset => sub { 0 }, holds => sub { 1 }, from => -9e18, until => 9e18, reopen => 'resume', retroactive => 0);
my $hour = 3600 * SECOND;
# versions of agreements; what they say in JSON is below
my @agreements = (
	[ 'response', [ { %resolution, hours => 'office', target => 2 * $hour, reopen => 'none', start => sub { $_[0] eq 'new' },
				stop => sub { $_[0] =~ /^(work|look|wait|done|closed)$/ }, pause => sub { 0 } } ] ],
	[ 'resolution', [ { %resolution, hours => 'office', target => 16 * $hour, until => 1_775_000_000 * SECOND },
			{ %resolution, hours => 'office', target => 8 * $hour, reopen => 'new', from => 1_775_000_000 * SECOND } ] ],
	[ 'review', [ { %resolution, hours => 'always', target => 30 * $hour, reopen => 'new', start => sub { $_[0] =~ /^(work|look)$/ },
				stop => sub { $_[0] =~ /^(done|new)$/ }, pause => sub { 0 }, reset => sub { $_[0] eq 'look' } } ] ],
	[ 'update', [ { %resolution, hours => 'always', target => 40_000, touch => 1, pause => sub { 0 } } ] ],
	[ 'urgent', [ { %resolution, hours => 'always', target => 20_000, holds => sub { ($_[1]{priority} // 9) <= 2 },
				pause => sub { $_[0] eq 'wait' && ($_[1]{hold} // '') eq 'caller' } } ] ],
	[ 'tomorrow', [ { %resolution, hours => 'always', due => sub { by_tomorrow($_[0]) } } ] ],
	[ 'openings', [ { %resolution, hours => 'always', due => sub { second_opening($_[0]) }, reopen => 'new', pause => sub { 0 } } ] ],
	[ 'beside', [ { %resolution, hours => 'always', holds => sub { defined $_[1]{answer} }, due => sub { office_deadline($_[1]{answer}, 8 * $hour) } } ] ],
	[ 'due', [ { %resolution, hours => 'always', holds => sub { defined $_[1]{due} }, due => sub { $due{ $_[1]{due} } }, touch_due => 1 } ] ],
	[ 'late urgent', [ { %resolution, hours => 'always', target => 50_000, holds => sub { ($_[1]{priority} // 9) == 1 }, retroactive => 1 } ] ]);

my $slas = <<'END';
SELECT itsm.define_calendar('office', 'Mo-Fr 09:00-17:00; 2026 Apr 03,2026 Apr 06 off');
SELECT itsm.define_sla('{"name": "response", "lifecycle": "model", "metric": "response", "calendar": "office", "target": "2 hours", "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "resolution", "lifecycle": "model", "metric": "resolution", "calendar": "office", "target": "16 hours", "warn": [0.5],
	"valid_from": "2000-01-01 00:00+00", "valid_until": "2026-03-31 23:33:20+00"}');
SELECT itsm.define_sla('{"name": "resolution", "lifecycle": "model", "metric": "resolution", "calendar": "office", "target": "8 hours", "reopen": "new", "valid_from": "2026-03-31 23:33:20+00"}');
SELECT itsm.define_sla('{"name": "review", "process": "model", "metric": "review", "target": "30 hours", "reopen": "new", "start": ["work", "look"], "stop": ["done", "new"], "reset": "look", "hours": "24/7", "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "update", "lifecycle": "model", "metric": "resolution", "target": "0.04 seconds", "pause": [], "reset_on": "hold_reason", "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "urgent", "lifecycle": "model", "metric": "resolution", "condition": "new.priority <= 2", "hold_reasons": "caller", "target": "0.02 seconds", "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "tomorrow", "lifecycle": "model", "metric": "resolution", "calendar": "office", "target": {"by": "17:00", "days": 1}, "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "openings", "lifecycle": "model", "metric": "resolution", "calendar": "office", "target": {"openings": 2}, "reopen": "new", "pause": [], "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "beside", "lifecycle": "model", "metric": "resolution", "calendar": "office", "target": {"clock": "response", "after": "8 hours"}, "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "due", "lifecycle": "model", "metric": "resolution", "target": {"attribute": "due"}, "valid_from": "2000-01-01 00:00+00"}');
SELECT itsm.define_sla('{"name": "late urgent", "lifecycle": "model", "metric": "resolution", "condition": "new.priority = 1", "target": "0.05 seconds", "retroactive": true, "valid_from": "2000-01-01 00:00+00"}');
END

sub startable
{
	my ($version, $event) = @_;
	return 0 if $event->{ended} || !defined $event->{state};
	my $state = $event->{state};
	return $version->{start}->($state) && !$version->{stop}->($state) && !$version->{cancel}->($state) && $version->{holds}->($state, $event);
}
sub paused { my ($version, $event) = @_; return defined $event->{state} && $version->{pause}->($event->{state}, $event) }

# A clock is the stretches in which it ran; all else is derived from these in the end.
sub begin
{
	my ($clocks, $version, $number, $at, $event) = @_;
	my $target = $version->{due} ? max(0, $version->{due}->($at, $event) - $at) : $version->{target};
	push @$clocks, { version => $version, number => $number, started => $at, stage => 'in_progress', since => $at, runs => [], target => $target, first => $hours{ $version->{hours} }[1]->($at, $target) };
	pause($clocks->[-1], $event->{at}) if paused($version, $event);
}
sub leave { my ($clock, $at) = @_; push @{ $clock->{runs} }, [ $clock->{since}, $at ] if $clock->{stage} eq 'in_progress'; $clock->{since} = $at }
sub pause { my ($clock, $at) = @_; leave($clock, $at); $clock->{stage} = 'paused' }

sub follow
{
	my ($clock, $event) = @_;
	my ($version, $at) = ($clock->{version}, $event->{at});
	my $state = $event->{ended} ? undef : $event->{state};
	if ($clock->{stage} =~ /^(in_progress|paused)$/)
	{
		my $end = defined $state && $version->{stop}->($state) ? 'completed'
		  : defined $state && $event->{entered} && $version->{reset}->($state) ? 'cancelled'
		  : defined $state && $version->{touch} && $event->{touched} ? 'cancelled'
		  : defined $state && $version->{touch_due} && $event->{due_touched} ? 'cancelled'
		  : $event->{ended} || !$version->{holds}->($state // '', $event) || (defined $state && $version->{cancel}->($state)) ? 'cancelled' : undef;
		if ($end) { leave($clock, $at); $clock->{stage} = $end; return }
		if ($clock->{stage} eq 'in_progress' && paused($version, $event)) { pause($clock, $at) }
		elsif ($clock->{stage} eq 'paused' && !paused($version, $event)) { $clock->{stage} = 'in_progress'; $clock->{since} = $at }
	}
	elsif ($clock->{stage} eq 'completed' && $version->{reopen} eq 'resume' && startable($version, $event))
	{
		$clock->{stage} = paused($version, $event) ? 'paused' : 'in_progress';
		$clock->{since} = $at unless $clock->{stage} eq 'paused';
	}
}

sub may_begin
{
	my ($last, $version, $event) = @_;
	return startable($version, $event) && (!$last || $last->{stage} eq 'cancelled' || ($last->{stage} eq 'completed' && $last->{version}{reopen} eq 'new'));
}

# From the opening on, as if the condition had held.
sub begin_retroactive
{
	my ($clocks, $version, $number, $event, $past) = @_;
	my $always = { %$version, holds => sub { 1 } };
	my @own;
	for my $then (@$past)
	{
		if (!@own) { begin(\@own, $always, 0, $then->{at}, $then) ; follow($own[-1], $then); next }
		follow($own[-1], $then);
		begin(\@own, $always, 0, $then->{at}, $then) if may_begin($own[-1], $always, $then);
	}
	if (!@own || $own[-1]{stage} eq 'cancelled') { begin($clocks, $version, $number, $event->{at}, $event); return }
	my $clock = $own[-1];
	$clock->{version} = $version;
	$clock->{number} = $number;
	follow($clock, $event);
	push @$clocks, $clock;
}

sub simulate
{
	my ($versions, @events) = @_;
	my @clocks;
	my @past;
	for my $event (@events)
	{
		my ($valid) = grep { $_->{from} <= $event->{at} && $event->{at} < $_->{until} } @$versions;
		follow($clocks[-1], { at => $event->{at}, ended => 1 }) if $event->{anew} && @clocks;
		@past = () if $event->{anew};
		for my $attempt (1, 2)
		{
			if ($valid && may_begin($clocks[-1], $valid, $event))
			{
				if ($valid->{retroactive}) { begin_retroactive(\@clocks, $valid, scalar(@clocks) + 1, $event, \@past) }
				else { begin(\@clocks, $valid, scalar(@clocks) + 1, $event->{at}, $event) }
				last;
			}
			last if $attempt == 2 || !@clocks;
			my $stage = $clocks[-1]{stage};
			follow($clocks[-1], $event);
			last if $clocks[-1]{stage} eq $stage || $clocks[-1]{stage} !~ /^c/;
		}
		push @past, $event;
		# of the response, which comes first, for what goes beside it
		$event->{answer} = @clocks ? $clocks[-1]{first} : undef if $versions == $agreements[0][1];
	}
	return @clocks;
}

# What the table says of a clock, as text.
sub text_of
{
	my ($clock, $count) = @_;
	my ($time, $deadline) = @{ $hours{ $clock->{version}{hours} } };
	my $target = $clock->{target};
	my ($elapsed, $breached) = (0, '');
	for my $run (@{ $clock->{runs} })
	{
		my $length = $time->(@$run);
		$breached = $deadline->($run->[0], $target - $elapsed) if $breached eq '' && $elapsed + $length > $target;
		$elapsed += $length;
	}
	my $until = $clock->{stage} eq 'in_progress' ? $clock->{since} : $clock->{runs} && @{ $clock->{runs} } && $clock->{stage} eq 'paused' ? $clock->{since} : $clock->{since};
	my $paused = $clock->{stage} eq 'paused' ? '' : $time->($clock->{started}, $clock->{since}) - $elapsed;
	my $due = $clock->{stage} ne 'in_progress' ? '' : $breached ne '' ? $breached : $deadline->($clock->{since}, $target - $elapsed);
	return join('|', $clock->{number} == $count ? 0 : $clock->{number}, $clock->{stage}, $clock->{started}, $elapsed, $paused, $clock->{first}, $due, $breached);
}

sub expected_of
{
	my ($key, @events) = @_;
	my @lines;
	for my $agreement (@agreements)
	{
		my @clocks = simulate($agreement->[1], @events);
		push @lines, map { "$key|$agreement->[0]|" . text_of($_, scalar @clocks) } @clocks;
	}
	return @lines;
}

my $kept = <<'END';
CREATE FUNCTION us(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(epoch FROM at) * 1000000)::bigint $$;
CREATE FUNCTION us(length interval) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(epoch FROM length) * 1000000)::bigint $$;
CREATE VIEW kept AS
	SELECT r.source, concat_ws('|', r.key, s.name, c.number, c.stage, us(c.started_at), us(c.elapsed), CASE WHEN c.stage = 'paused' THEN '' ELSE us(c.paused)::text END, us(c.original_due_at),
		CASE WHEN c.stage = 'in_progress' THEN us(c.due_at)::text ELSE '' END, coalesce(us(c.breached_at)::text, '')) AS line
	FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla AND s.version = c.sla_version JOIN itsm.record r ON r.id = c.record AND r.tenant = c.tenant;
END

sub compare
{
	my ($what, $source, @lines) = @_;
	my $file = $node->basedir . '/expected';
	open my $out, '>', $file or die;
	print $out map { s/\\/\\\\/gr . "\n" } @lines;
	close $out;
	$node->safe_psql('postgres', 'DROP TABLE IF EXISTS expected; CREATE TABLE expected (line text)');
	$node->safe_psql('postgres', "COPY expected FROM '$file'");
	my $differences = $node->safe_psql('postgres', "SELECT coalesce('kept ' || k.line, 'model ' || e.line) FROM (SELECT line FROM kept WHERE source = $source) k
		FULL JOIN expected e ON e.line = k.line WHERE e.line IS NULL OR k.line IS NULL ORDER BY coalesce(k.line, e.line) LIMIT 20");
	is($differences, '', $what);
	cmp_ok(scalar(@lines), '>', 10, 'there are clocks: ' . scalar(@lines));
}

$node->safe_psql('postgres', "SET client_min_messages = error; CREATE EXTENSION itsm; $kept");
$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
SELECT itsm.define_lifecycle('{"name": "model", "attributes": {"priority": "integer", "hold_reason": "text", "due": "timestamptz"}, "delete": "allow",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active", "initial": true}, {"name": "look", "category": "active"},
		{"name": "wait", "category": "waiting"}, {"name": "done", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}, {"name": "void", "category": "cancelled"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["wait", "look", "done", "void", "new"]}, {"from": "look", "to": ["work", "done"]}, {"from": "wait", "to": ["work", "done"]},
		{"from": "done", "to": ["work", "closed"]}, {"from": "void", "to": "work"}]}');
CREATE TABLE past (id text PRIMARY KEY, status text NOT NULL, prio int, hold text);
CREATE TABLE live (id int PRIMARY KEY, status text NOT NULL, prio int, hold text, note text, due timestamptz);
SELECT itsm.attach('past', 'model', 'status', attributes => '{"priority": "prio", "hold_reason": "hold"}');
SELECT itsm.attach('live', 'model', 'status', attributes => '{"priority": "prio", "hold_reason": "hold", "due": "due"}');
CREATE TABLE log (key text, at timestamptz, state text);
END
$node->safe_psql('postgres', "SET client_min_messages = error; $slas");

# Histories of months, imported.

my @states = qw(new work look wait done closed void work wait done);
my $file = $node->basedir . '/log';
my @lines;
open my $log, '>', $file or die;
for my $n (1 .. $records)
{
	my $at = (1_772_000_000 + int(rand(60 * 86400))) * SECOND;
	my $state = rand() < 0.8 ? 'new' : 'work';
	my @events = { at => $at, state => $state, entered => 1 };
	for (1 .. int(rand(9)))
	{
		# often at the hour, so that ends of hours and of targets are met
		$at += rand() < 0.3 ? $hour * (1 + int(rand(30))) : 1 + int(rand(4 * 86400)) * SECOND + int(rand(SECOND));
		$at -= $at % $hour if rand() < 0.3 && $at - $at % $hour > $events[-1]{at};
		my $next = $states[ rand @states ];
		next if $next eq $state;
		$state = $next;
		push @events, { at => $at, state => $state, entered => 1 };
	}
	printf $log "k%d\t%d.%06d\t%s\n", $n, $_->{at} / SECOND, $_->{at} % SECOND, $_->{state} for @events;
	push @lines, expected_of("k$n", @events);
}
close $log;
$node->safe_psql('postgres', "CREATE TABLE raw (key text, at numeric, state text); COPY raw FROM '$file'");
$node->safe_psql('postgres', q{INSERT INTO log SELECT key, timestamptz 'epoch' + at * interval '1 second', state FROM raw});
is($node->safe_psql('postgres', q{SELECT count(*) FROM log l JOIN raw r ON r.key = l.key AND r.state = l.state AND us(l.at) = (r.at * 1000000)::bigint}) > 0, 1, 'times are read to the microsecond');
$node->safe_psql('postgres', q{SELECT itsm.import_events(1, 'SELECT * FROM log')});
is($node->safe_psql('postgres', q{SELECT DISTINCT problem FROM itsm.recompute_clocks(1, write => true)}), 'missing', 'imported histories get their clocks');
is($node->safe_psql('postgres', 'SELECT count(*) FROM itsm.recompute_clocks(1)'), 0, 'and these come out the same again');
compare('clocks of imported histories are those of the model', 1, @lines);

# Live writes, of all kinds.

my $rows = int($records / 5);
my $batch = 0;
for my $part (1 .. 10)
{
	my @sql;
	for (1 .. int($rows / 2))
	{
		my $id = 1 + int(rand($rows));
		my $state = $states[ rand @states ];
		my $prio = 1 + int(rand(4));
		my $hold = rand() < 0.5 ? "'caller'" : rand() < 0.5 ? "'vendor'" : 'NULL';
		my $due = rand() < 0.7 ? "'" . (sort keys %due)[ int(rand(3)) ] . "'" : 'NULL';
		my $kind = int(rand(14));
		push @sql,
		    $kind < 3 ? "INSERT INTO live VALUES ($id, '" . ($prio > 2 ? 'new' : 'work') . "', $prio, $hold) ON CONFLICT (id) DO UPDATE SET prio = EXCLUDED.prio"
		  : $kind < 7 ? "UPDATE live SET status = '$state', hold = $hold WHERE id = $id"
		  : $kind == 7 ? "UPDATE live SET prio = $prio WHERE id = $id"
		  : $kind == 8 ? "UPDATE live SET status = '$state', prio = $prio WHERE id BETWEEN $id AND $id + 5"
		  : $kind == 12 ? "UPDATE live SET due = $due WHERE id BETWEEN $id AND $id + 3"
		  : $kind == 13 ? "UPDATE live SET due = $due, status = '$state' WHERE id = $id"
		  : $kind == 9 ? "DELETE FROM live WHERE id = $id"
		  : $kind == 10 ? "BEGIN; UPDATE live SET status = '$state' WHERE id = $id; SAVEPOINT s; UPDATE live SET prio = $prio, status = 'done' WHERE id = $id; ROLLBACK TO s; UPDATE live SET hold = $hold WHERE id = $id; COMMIT"
		  : "UPDATE live SET note = '$part' WHERE id = $id";
	}
	$node->safe_psql('postgres', 'SET client_min_messages = error; ' . join(";\n", @sql));
	is($node->safe_psql('postgres', 'SELECT * FROM itsm.recompute_clocks(2) LIMIT 3'), '', "batch $part: the clocks that the trigger kept are those of the events") or last;
}

my $history = $node->safe_psql('postgres', <<'END');
SELECT concat_ws('|', r.id, r.key, us(h.at), h.kind, coalesce(h.from_state, ''), coalesce(h.to_state, ''), coalesce(h.changes ? 'priority', false)::int, coalesce(h.changes -> 'priority' ->> 'to', ''),
	coalesce(h.changes ? 'hold_reason', false)::int, coalesce(h.changes -> 'hold_reason' ->> 'to', ''), coalesce(h.changes ? 'due', false)::int, coalesce(h.changes -> 'due' ->> 'to', ''))
FROM itsm.record r, LATERAL itsm.record_history(r.id) h WHERE r.attachment = 2 ORDER BY r.id, h.version
END
my (%events, %value, %key);
for my $line (split /\n/, $history)
{
	my ($id, $key, $at, $kind, $from, $to, $has_priority, $priority, $has_hold, $hold, $has_due, $due) = split /\|/, $line, -1;
	my $anew = $kind eq 'created' && $events{$id} ? 1 : 0;
	$value{$id} = {} if $kind eq 'created';
	$value{$id}{priority} = $priority eq '' ? undef : $priority if $has_priority;
	$value{$id}{hold} = $hold eq '' ? undef : $hold if $has_hold;
	$value{$id}{due} = $due eq '' ? undef : $due if $has_due;
	my $ended = $kind eq 'deleted' ? 1 : 0;
	my $last = $events{$id} ? $events{$id}[-1] : undef;
	my $touched = $last && !$last->{ended} && $kind ne 'created' && ($last->{hold} // '') ne ($value{$id}{hold} // '') ? 1 : 0;
	my $due_touched = $last && !$last->{ended} && $kind ne 'created' && ($last->{due} // '') ne ($value{$id}{due} // '') ? 1 : 0;
	push @{ $events{$id} }, { at => $at, state => $to eq '' ? undef : $to, ended => $ended, anew => $anew, touched => $touched, due_touched => $due_touched, %{ $value{$id} },
		entered => !$last || $last->{ended} || $kind eq 'created' || ($last->{state} // '') ne $to };
	$key{$id} = $key;
}
compare('clocks of live writes are those of the model', 2, map { expected_of($key{$_}, @{ $events{$_} }) } sort keys %events);
is($node->safe_psql('postgres', 'SELECT * FROM itsm.verify() WHERE NOT ok'), '', 'verify finds nothing');

$node->stop;
done_testing();
