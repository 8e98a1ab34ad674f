#!/usr/bin/env perl
#
# A random walk over every standard lifecycle: rows are made, moved, changed and deleted,
# as they should be and as they should not, and what comes of each step is what a model
# outside the database (LifecycleModel.pm) says, with everything that is not met.
#
# ITSM_WALK_STEPS	how many steps (default 5000)
# ITSM_WALK_SEED	the seed that an earlier run told

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use LifecycleModel;
use List::Util qw(any first min shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $steps = $ENV{ITSM_WALK_STEPS} // 5000;
my $seed = $ENV{ITSM_WALK_SEED} // int(rand 1_000_000);
srand($seed);
diag("seed $seed, $steps steps");

my $node = PostgreSQL::Test::Cluster->new('walk');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "shared_buffers = '128MB'\nmax_wal_size = '2GB'\njit = off\ntimezone = 'UTC'\n");
$node->start;

# A table for each lifecycle; people say who acts, and milestones come from the history.
my $json = $node->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE EXTENSION itsm;
	SELECT jsonb_object_agg(name, definition) FROM itsm.lifecycle_current});
my %definitions = %{ decode_json($json) };
my %lifecycles;
my @schema = ('CREATE SCHEMA walk;');
foreach my $name (sort keys %definitions)
{
	my $definition = $definitions{$name};
	my %types = %{ $definition->{attributes} };
	delete @types{qw(actor opened_at first_response_at resolved_at closed_at)};
	$lifecycles{$name} = { types => \%types, attributes => [ sort keys %types ], references => $definition->{references} // {},
		states => [ map { $_->{name} } @{ $definition->{states} } ], process => $definition->{process} };
	push @schema, sprintf('CREATE TABLE walk.%s (id integer PRIMARY KEY, status text NOT NULL, %s);', $name, join ', ', map { "$_ $types{$_}" } sort keys %types),
		sprintf(q{SELECT itsm.attach('walk.%s', '%s', 'status', mode => 'enforce', attributes => '%s');}, $name, $name, encode_json({ map { $_ => $_ } keys %types }));
}
# votes have tests of their own
push @schema, map { my $name = $_; map { "SELECT itsm.set_mode(id, 'off', '$_->{name}') FROM itsm.attachment WHERE lifecycle = '$name';" }
	grep { $_->{approvals} } @{ $definitions{$name}{rules} } } sort keys %definitions;
push @schema, <<'END';
SELECT itsm.act_as('the author'), itsm.define_change_template('good', max_failures => NULL), itsm.define_change_template('not approved');
BEGIN; SELECT itsm.act_as('the approver'), itsm.approve_change_template('good'); COMMIT;
SELECT itsm.take_baseline('first');
SELECT itsm.take_baseline('second');
SELECT itsm.define_change_window('freeze of an item', 'freeze', '2010-01-01', '2100-01-01', cis => '{frozen}');
SELECT itsm.define_change_window('freeze of a service', 'freeze', '2000-01-01', '2010-01-01', services => '{"frozen service"}');
SELECT itsm.define_change_window('maintenance', 'maintenance', '2000-01-01', '2050-01-01', cis => '{kept}');
CREATE FUNCTION walk.attempt(command text, actor text, reason text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
BEGIN
	PERFORM itsm.act_as(actor), set_config('itsm.reason', reason, true);
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	IF state NOT LIKE 'IT%' THEN
		RETURN state || ' ' || SQLERRM;
	END IF;
	RETURN state || (SELECT string_agg(' ' || what, '' ORDER BY what COLLATE "C") FROM (
		SELECT DISTINCT (f ->> 'rule') || CASE WHEN f ->> 'kind' IN ('requires', 'frozen', 'acyclic') THEN '.' || (f ->> 'attribute') ELSE '' END AS what
		FROM jsonb_array_elements(detail::jsonb) AS f) AS u);
END $$;
END
$node->safe_psql('postgres', join "\n", 'SET client_min_messages = error;', @schema);

my $today = LifecycleModel::value('date', $node->safe_psql('postgres', 'SELECT current_date'));
my $model = LifecycleModel->new(
	definitions => \%definitions, role => $node->safe_psql('postgres', 'SELECT current_user'),
	now => $today,
	templates => { good => 1 }, baselines => { first => $today + 0.1, second => $today + 0.2 },
	windows => [
		{ kind => 'freeze', start => 20100101, end => 21000101, cis => ['frozen'] },
		{ kind => 'freeze', start => 20000101, end => 20100101, services => ['frozen service'] },
		{ kind => 'maintenance', start => 20000101, end => 20500101, cis => ['kept'] } ]);

sub pick { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

# Values.  A good one fits what the rules want of most rows; other ones may not.
my %good = (
	integer => 3, numeric => 3, boolean => 'true', interval => '01:00:00', date => '2100-01-01', timestamptz => '2020-01-01 00:00:00+00', 'text[]' => '{one,two}',
	# by name
	planned_end => '2100-01-01 00:00:00+00', period_end => '2200-01-01', effective_from => '2000-01-01', retention_until => '2000-01-01', observation_until => '2000-01-01 00:00:00+00',
	valid_from => '2000-01-01', deployed_hash => 'the artefact_hash', accepted_hash => 'the artefact_hash', template => 'good', grade => 'minor',
	sla_breached => 'false', approval_required => undef);
my %other = (
	integer => [ undef, -1 .. 6 ], numeric => [ undef, -1 .. 6 ], boolean => [ undef, 'true', 'false' ], interval => [ undef, '00:30:00', '01:00:00', '-01:00:00' ],
	date => [ undef, '2000-01-01', '2100-01-01', '2200-01-01', 'infinity' ],
	timestamptz => [ undef, map({ "$_-01-01 00:00:00+00" } 2000, 2005, 2020, 2100, 2110), 'infinity', '-infinity' ],
	'text[]' => [ undef, '{}', '{frozen}', '{kept}', '{one,two}', '{one}' ]);
my %literals;	# texts that a lifecycle's expressions know
my %mentioned;	# attributes of which they speak together
foreach my $name (keys %lifecycles)
{
	foreach my $expression (map { @{$_}{qw(check when)} } @{ $definitions{$name}{rules} })
	{
		my @attributes = ($expression // '') =~ /new\.(\w+)/g;
		push @{ $literals{$name}{$_} }, $expression =~ /'(\w+)'/g for @attributes;
		foreach my $attribute (@attributes)
		{
			push @{ $mentioned{$name}{$attribute} }, grep { $_ ne $attribute && $lifecycles{$name}{types}{$_} eq 'text' } @attributes;
			delete $mentioned{$name}{$attribute} unless @{ $mentioned{$name}{$attribute} };
		}
	}
}

my (%recent, @known, $id);	# rows of each lifecycle; keys of each process
my $epoch = 0;				# configuration items come and go
sub own_cis { return '{' . join(',', map { "ci${epoch}_" . int rand 12 } 1 .. 1 + int rand 2) . '}' }

sub last_of { my ($name, $count) = @_; my $rows = $recent{$name} // []; return @$rows[ ($#$rows >= $count ? $#$rows - $count + 1 : 0) .. $#$rows ] }

# The key of a row, or of none.
sub key_of
{
	my ($process) = @_;
	my @of = map { last_of($_, 8) } grep { $lifecycles{$_}{process} eq $process } sort keys %lifecycles;
	return @of ? pick(@of) : 'none';
}

sub good
{
	my ($name, $attribute) = @_;
	my $l = $lifecycles{$name};
	my $type = $l->{types}{$attribute};
	return $attribute eq 'merged_into' ? key_of('incident') : '{' . key_of('corrective_action') . '}' if $attribute =~ /^(merged_into|corrective_actions)$/;
	return $type eq 'text[]' ? '{none}' : 'none' if $l->{references}{$attribute} && $attribute ne 'template';
	return own_cis() if $attribute eq 'cis';
	return 5 if "$name.$attribute" eq 'incident.priority';
	return 'low' if $attribute eq 'risk';
	return $attribute =~ /before/ ? 'first' : 'second' if $attribute =~ /^baseline_(before|after)$/;
	return $name eq 'release' ? undef : $attribute eq 'actual_start' ? '2100-01-01 00:00:00+00' : '2110-01-01 00:00:00+00'
		if $name =~ /^(release|deployment)$/ && $attribute =~ /^actual_(start|end)$/;
	return pick('successful', 'successful', 'partial', 'failed') if $attribute eq 'outcome' && $l->{process} eq 'change';
	return '2000-01-01' if "$name.$attribute" eq 'contract.valid_from';
	return exists $good{$attribute} ? $good{$attribute} : $type eq 'text' ? "the $attribute" : $good{$type};
}

sub other
{
	my ($name, $attribute, $own) = @_;
	my $l = $lifecycles{$name};
	my $type = $l->{types}{$attribute};
	if ((my $process = $l->{references}{$attribute}) && $attribute ne 'template')
	{
		return undef if chance(0.1);
		my @keys = map { chance(0.15) ? pick('none', '', $own) : key_of($process) } 1 .. ($type eq 'text[]' ? int rand 3 : 1);
		return $type eq 'text[]' ? '{' . join(',', map { $_ eq '' ? '""' : $_ } @keys) . '}' : $keys[0];
	}
	return own_cis() if $attribute eq 'cis' && chance(0.6);
	return pick(@{ $other{$type} }) if $type ne 'text';
	return pick('first', 'second', 'none', undef) if $attribute =~ /^baseline_(before|after)$/;
	return key_of('configuration_item') if $name =~ /^(release|deployment)$/ && $attribute eq 'ci' && chance(0.2);
	return pick('frozen', 'kept', 'frozen service', "ci${epoch}_1") if $attribute =~ /^(ci|service)$/ && chance(0.6);
	# as somebody or something else of the same row
	return 'the ' . pick(@{ $mentioned{$name}{$attribute} }) if $mentioned{$name}{$attribute} && chance(0.4);
	my @texts = grep { $l->{types}{$_} eq 'text' } @{ $l->{attributes} };
	return pick(undef, '', ' ', 'x', 'frozen', 'kept', 'frozen service', 'not approved', 'good', 'the ' . pick(@texts), 'the ' . pick(@texts),
		@{ $literals{$name}{$attribute} // [] }, @{ $literals{$name}{$attribute} // [] });
}

my @people = (qw(ann bob cid), map { "the $_" } qw(requester implementer author builder owner assignee auditor));
# An attribute that a rule about this very move looks at.
sub looked_at
{
	my ($name, $write) = @_;
	my ($from, $to) = ($write->{row} ? $write->{row}{state} : '', $write->{to});
	my @attributes = map { @{ $_->{reads} // [] } } grep { $from ne $to && (!$_->{to} || $_->{to}{$to}) && (!$_->{from} || $_->{from}{$from}) }
		@{ $model->{lifecycles}{$name}{rules} };
	return @attributes ? pick(@attributes) : undef;
}

sub person { my ($name) = @_; return chance(0.05) ? undef : $name eq 'finding' && chance(0.7) ? 'the auditor' : chance(0.75) ? pick(@people[ 0 .. 2 ]) : pick(@people) }

# Makes a step more likely to succeed: what is unmet gets what it looks at put right.
sub repair
{
	my ($write, $result) = @_;
	my $name = $write->{lifecycle};
	foreach my $what (split / /, $result)
	{
		my ($rule, $attribute) = split /\./, $what;
		my $found = first { $_->{name} eq $rule } @{ $definitions{$name}{rules} } or next;
		$write->{reason} = 'because' if $found->{reason};
		$write->{actor} = pick(@people[ 0 .. 2 ]) if $found->{separate};
		$write->{actor} = 'the auditor' if $rule eq 'raised_by_the_auditor';
		if ($found->{frozen}) { $write->{new}{$attribute} = $write->{row}{values}{$attribute}; next }
		my ($compiled) = grep { $_->{name} eq $rule } @{ $model->{lifecycles}{$name}{rules} };
		my %seen;
		$write->{new}{$_} = good($name, $_) for grep { !$seen{$_}++ } @{ $compiled->{reads} // [] };
	}
	return;
}

# One step: a write and what comes of it.
sub step
{
	my ($name) = @_;
	my $l = $lifecycles{$name};
	my $rows = $recent{$name} //= [];
	my @going = grep { %{ $model->{lifecycles}{$name}{moves}{ $model->{rows}{$_}{state} } // {} } } last_of($name, 30);
	my %write = (lifecycle => $name, actor => person($name), reason => chance(0.7) ? 'because' : pick('', ' '));
	if (!@$rows || chance(@going < 3 ? 0.5 : 0.05))
	{
		my @initial = keys %{ $model->{lifecycles}{$name}{initial} };
		$write{id} = ++$id;
		$write{to} = chance(0.92) ? pick(sort @initial) : pick(@{ $l->{states} });
		$write{new} = { map { $_ => $l->{references}{$_} && chance(0.3) ? other($name, $_, $write{id}) : good($name, $_) } @{ $l->{attributes} } };
	}
	else
	{
		# mostly one of those that go on
		$write{id} = pick(@going && chance(0.9) ? @going[ ($#going > 5 ? $#going - 5 : 0) .. $#going ] : last_of($name, 10));
		$write{row} = $model->{rows}{ $write{id} };
		return { %write, delete => 1 } if chance(0.02);
		my $from = $write{row}{state};
		my @legal = sort keys %{ $model->{lifecycles}{$name}{moves}{$from} // {} };
		my $kind = rand;
		$write{to} = $kind < 0.65 && @legal ? pick(@legal) : $kind < 0.72 ? pick(@{ $l->{states} }) : $kind < 0.725 ? pick('nonsense', '') : $from;
		$write{new} = { %{ $write{row}{values} } };
	}
	for (1 .. (chance(0.3) ? 0 : 1 + int rand 3))
	{
		my $attribute = chance(0.5) ? pick(@{ $l->{attributes} }) : looked_at($name, \%write) // next;
		$write{new}{$attribute} = chance(0.2) ? good($name, $attribute) : other($name, $attribute, $write{id});
	}
	my $repairs = chance(0.5) ? 3 : 0;
	while ($repairs-- > 0)
	{
		my $result = $model->judge(%write);
		last if $result eq 'ok';
		repair(\%write, $result);
	}
	return \%write;
}

sub literal { my ($text) = @_; return defined $text ? "'" . $text =~ s/'/''/gr . "'" : 'NULL' }

sub command
{
	my ($write) = @_;
	my ($name, $new) = @{$write}{qw(lifecycle new)};
	return "DELETE FROM walk.$name WHERE id = $write->{id}" if $write->{delete};
	my @attributes = @{ $lifecycles{$name}{attributes} };
	return sprintf 'INSERT INTO walk.%s (id, status, %s) VALUES (%d, %s, %s)', $name, join(', ', @attributes), $write->{id}, literal($write->{to}),
		join(', ', map { literal($new->{$_}) } @attributes) unless $write->{row};
	my $old = $write->{row}{values};
	my @changed = grep { defined $new->{$_} ? !defined $old->{$_} || $old->{$_} ne $new->{$_} : defined $old->{$_} } @attributes;
	return sprintf 'UPDATE walk.%s SET %s WHERE id = %d', $name, join(', ', map { "$_->[0] = " . literal($_->[1]) }
		[ 'status', $write->{to} ], map { [ $_, $new->{$_} ] } @changed), $write->{id};
}

my $directory = PostgreSQL::Test::Utils::tempdir();
open my $script, '>', "$directory/walk.sql" or die "walk.sql: $!";
print $script "SET client_min_messages = error;\n";
my (@expected, @commands, %taken, %unmet, %count);
my @names = sort keys %lifecycles;
for my $n (1 .. $steps)
{
	$epoch = int($n / 1500);
	my $name = pick(@names);
	my $write = step($name);
	my $result = $write->{delete} ? $model->judge_delete : $model->judge(%$write);
	push @expected, $result;
	push @commands, sprintf 'SELECT walk.attempt(%s, %s, %s);', map { literal($_) } command($write), @{$write}{qw(actor reason)};
	print $script "$commands[-1]\n";
	my ($code, @what) = split / /, $result;
	$count{$code}++;
	$unmet{"$name " . s/\..*//r}++ for @what;
	next if $result ne 'ok';
	my $row = $write->{row};
	my $moved = !$row || $row->{state} ne $write->{to};
	$taken{"$name $row->{state} $write->{to}"}++ if $row && $moved;
	push @{ $recent{$name} }, $write->{id} unless $row;
	$model->remember({ lifecycle => $name, id => $write->{id}, state => $write->{to}, values => $write->{new},
		movers => [ @{ $row ? $row->{movers} : [] }, $moved ? [ $row ? $row->{state} : undef, $write->{to}, $write->{actor} ] : () ] });
}
close $script or die "walk.sql: $!";

my ($out, $error);
my $started = time;
IPC::Run::run([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-f', "$directory/walk.sql" ], '>', \$out, '2>', \$error)
	or die $error;
diag(sprintf '%d steps in %d s: %s', $steps, time - $started, join ', ', map { "$_ $count{$_}" } sort keys %count);
my @got = split /\n/, $out;
is(scalar @got, $steps, 'every step was answered');
my @wrong = grep { ($got[$_] // '') ne $expected[$_] } 0 .. $#expected;
is(scalar @wrong, 0, "$steps steps: what came of them is what the model says");
diag("step $_: $commands[$_]\n  the model: $expected[$_]\n  came:      " . ($got[$_] // 'nothing')) for @wrong[ 0 .. min($#wrong, 4) ];

# The rows and the history in the end.
my $expected = join "\n", map { join '|', $_->{lifecycle}, $_->{id}, $_->{state}, scalar @{ $_->{movers} }, join ' ', map { $_->[2] // '?' } @{ $_->{movers} } }
	sort { $a->{id} <=> $b->{id} } values %{ $model->{rows} };
my $rows = join ' UNION ALL ', map { "SELECT '$_', id, status, 'walk.$_'::regclass AS relation FROM walk.$_" } @names;
is($node->safe_psql('postgres', <<"END"), $expected, 'rows, states and who moved them are as in the model');
SELECT r.lifecycle, r.id, s.state, count(e.*), string_agg(coalesce(e.actor, '?'), ' ' ORDER BY e.version)
FROM ($rows) AS r(lifecycle, id, status, relation)
	JOIN itsm.source o ON o.relation = r.relation
	JOIN itsm.record c ON c.source = o.id AND c.key = r.id::text
	JOIN itsm.record_state s ON s.record = c.id AND s.state = r.status
	JOIN itsm.event e ON e.record = c.id AND e.to_state IS DISTINCT FROM e.from_state
GROUP BY 1, 2, 3 ORDER BY r.id
END
is($node->safe_psql('postgres', 'SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok'), '', 'verify finds nothing');

# How far the walk came.
my @moves = map { my $name = $_; my $m = $model->{lifecycles}{$name}{moves};
	map { my $from = $_; map { "$name $from $_" } keys %{ $m->{$from} } } keys %$m } @names;
my @rules = map { my $name = $_; map { "$name $_->{name}" } grep { ($_->{mode} // 'enforce') eq 'enforce' && !$_->{approvals} } @{ $definitions{$name}{rules} } } @names;
my @untaken = grep { !$taken{$_} } sort @moves;
my @unbroken = grep { !$unmet{$_} } sort @rules;
diag(sprintf '%d of %d transitions taken, %d of %d rules broken', @moves - @untaken, scalar @moves, @rules - @unbroken, scalar @rules);
diag('not taken: ' . join ', ', @untaken) if @untaken && $steps > 20000;
diag('not broken: ' . join ', ', @unbroken) if @unbroken && $steps > 20000;
my ($some, $most) = $steps >= 20000 ? (0.75, 0.9) : (0.3, 0.5);
SKIP:
{
	skip 'too few steps', 2 if $steps < 4000;
	cmp_ok(@moves - @untaken, '>', @moves * $most, 'most transitions were taken');
	cmp_ok(@rules - @unbroken, '>', @rules * $some, 'many rules were broken');
}

done_testing();
