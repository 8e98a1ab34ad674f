# What must be in a database after the sessions of the load model have ended: their rows,
# records and events are the model's, and what always holds does.  Each session left its part
# of the model in files of a directory: rowsN and recordsN, of N from 1.
package LoadCheck;

use strict;
use warnings;
use Exporter 'import';
use ItsmTest qw($verify);
use List::Util qw(min);
use LoadModel;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT_OK = qw(check_nothing query read_file same_lines write_file);

my ($node, $directory, $sessions, @tables, %columns);

# node, directory, sessions (how many), deferred (whether attachments may be)
sub begin
{
	my (%option) = @_;
	($node, $directory, $sessions) = @option{qw(node directory sessions)};
	@tables = map { $_->{name} } LoadModel::tables($option{deferred});
	%columns = map { $_->{name} => $_->{columns} } LoadModel::tables($option{deferred});
}

sub write_file
{
	my ($name, @lines) = @_;
	open my $file, '>', "$directory/$name" or die "$directory/$name: $!";
	print $file @lines;
	close $file or die "$directory/$name: $!";
}
sub read_file { return split /\n/, PostgreSQL::Test::Utils::slurp_file("$directory/$_[0]") }

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
sub union { my ($make) = @_; return join ' UNION ALL ', map { $make->($_) } @tables }

# A query that must find nothing.
sub check_nothing
{
	my ($sql, $what) = @_;
	my @faults = query($sql);
	is(scalar @faults, 0, $what) or diag(join "\n", @faults[ 0 .. min(9, $#faults) ]);
}

# Rows of sessions of their own have ids from 100001.
sub rows_agree
{
	same_lines([ query(union(sub { my ($t) = @_; "SELECT concat_ws(E'\\t', '$t', " . join(', ', map { "coalesce($_\::text, '~')" } @{ $columns{$t} }) . ") FROM $t WHERE abs(id) > 1000" })) ],
		[ map { read_file("rows$_") } 1 .. $sessions ], 'the rows are the model\'s');
}

sub records_agree
{
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
	check_nothing('SELECT relname, id, key, fault FROM head WHERE fault <> \'\' ORDER BY id', 'projections agree with records and states');

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
sub always_holds
{
	check_nothing('SELECT * FROM checks.chain_faults()', 'chains are whole, and every head is its last event');
	check_nothing($verify, 'verify finds nothing');
	check_nothing('SELECT record_id, agreement, number, problem, kept, computed FROM itsm.recompute_clocks()', 'clocks are what the events tell: ' . $node->safe_psql('postgres', 'SELECT count(*) FROM itsm.clock'));
	check_nothing(union(sub { my ($t) = @_;
		my $key = $t eq 'parted' ? "format('(%s,%s)', x.id, x.region)" : 'x.id::text';
		my $govern = $t eq 'ticket' ? "x.kind IN ('a', 'b')" : 'true';
		my $state = $t eq 'ticket' ? "CASE x.kind WHEN 'a' THEN '" . '{"N":"new","O":"open","P":"open","W":"wait","D":"done","C":"closed","V":"void"}' . "'::jsonb->>x.status ELSE x.status END"
			: $t eq 'watched' ? "CASE WHEN x.status IN ('new','open','wait','done','closed','void') THEN x.status END" : 'x.status';
		return "SELECT '$t ' || coalesce($key, k.key) || coalesce(': row ' || ($state), ': no row') || coalesce(', record ' || k.state, ', no record') FROM (SELECT * FROM $t x WHERE $govern) x FULL JOIN "
			. "(SELECT r.key, s.state FROM itsm.record r JOIN source_table o ON o.id = r.source AND o.relname = '$t' JOIN itsm.record_state s ON s.record = r.id AND s.tenant = r.tenant WHERE NOT r.deleted AND r.attachment > 0) k ON k.key = $key "
			. "WHERE k.key IS NULL OR x.id IS NULL OR ($state) IS DISTINCT FROM k.state" }), 'states of all records are their rows\'');
	check_nothing('SELECT record, version FROM (SELECT *, lag(to_state) OVER (PARTITION BY record ORDER BY version) AS before, lag(kind) OVER (PARTITION BY record ORDER BY version) AS kind_before FROM itsm.event
		WHERE record IN (SELECT r.id FROM itsm.record r JOIN source_table t ON t.id = r.source WHERE t.relname NOT IN (\'early\'))) e
		WHERE kind IN (\'transition\', \'updated\') AND kind_before <> \'key_changed\' AND from_state IS DISTINCT FROM before', 'every event begins where the one before has led');
}

1;
