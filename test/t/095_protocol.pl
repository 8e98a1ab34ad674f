#!/usr/bin/env perl
#
# What drivers do that psql does not, and two-phase commit: pipelines of the extended protocol,
# portals that are fetched in pieces, statements prepared once; in each mode, by each kind of
# role: what is refused, and the rows, records, events and violations afterwards.

use strict;
use warnings;
use ItsmTest qw($verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Wire;

my $node = PostgreSQL::Test::Cluster->new('protocol');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 30\nautovacuum = off\n");
$node->start;
my @modes = ([ 'observe', 'immediate' ], [ 'enforce', 'immediate' ], [ 'enforce', 'deferred' ]);
my @roles = qw(writer owner root);
$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
CREATE ROLE writer LOGIN; CREATE ROLE owner LOGIN; CREATE ROLE root LOGIN SUPERUSER;
GRANT CREATE ON SCHEMA public TO owner;
SELECT itsm.define_lifecycle('{"name": "path", "attributes": {}, "states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
	{"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}], "delete": "final"}');
END
foreach my $case (@modes)
{
	my ($mode, $timing) = @$case;
	my $table = "${mode}_$timing";
	$node->safe_psql('postgres', "SET client_min_messages = error; SET SESSION AUTHORIZATION owner; CREATE TABLE $table (id int PRIMARY KEY, status text);
		SELECT itsm.attach('$table', 'path', 'status', mode => '$mode', timing => '$timing'); GRANT SELECT, INSERT, UPDATE, DELETE ON $table TO writer");
}

# Key, state, moves and number of violations of the records of four keys.
sub became
{
	my ($table, $from) = @_;
	return $node->safe_psql('postgres', qq{SELECT coalesce(string_agg(line, ', ' ORDER BY line COLLATE "C"), 'nothing') FROM (
		SELECT concat_ws(' ', n, CASE WHEN r.deleted THEN 'deleted' ELSE coalesce(s.state, 'no state') END,
			string_agg(CASE e.kind WHEN 'transition' THEN concat(e.from_state, '>', e.to_state) END, ' ' ORDER BY e.version), nullif((SELECT count(*) FROM itsm.violation v WHERE v.record = r.id), 0)) AS line
		FROM generate_series(1, 4) n JOIN itsm.record r ON r.key = ($from + n)::text JOIN itsm.source o ON o.id = r.source
			JOIN itsm.record_state s ON s.record = r.id AND s.tenant = r.tenant JOIN itsm.event e ON e.record = r.id AND e.tenant = r.tenant
		WHERE o.relation = '$table'::regclass GROUP BY n, r.id, r.deleted, s.state) l});
}
sub statement { my ($sql, @values) = @_; return (Wire::parse('', $sql), Wire::bind('', '', @values), Wire::execute('')) }

my $base = 0;
foreach my $case (@modes)
{
	my ($mode, $timing) = @$case;
	my $table = "${mode}_$timing";
	my $enforced = $mode eq 'enforce';
	my $at = $timing eq 'deferred' ? 'deferred' : $mode;
	foreach my $role (@roles)
	{
		my $wire = Wire->connect($node, user => $role);
		my $what = "$at, $role";
		my $begin = sub { $base += 100; $wire->rows("INSERT INTO $table SELECT $base + n, 'new' FROM generate_series(1, 4) n"); return $base };
		my $check = sub { my ($expected, $test) = @_; is(became($table, $base), $expected, "$what: $test") };

		# a pipeline up to its Sync is one transaction
		my $id = $begin->();
		$wire->say(statement("UPDATE $table SET status = 'work' WHERE id = \$1", $id + 1), statement("UPDATE $table SET status = 'work' WHERE id = \$1", $id + 2),
			statement("UPDATE $table SET status = 'done' WHERE id = \$1", $id + 1), Wire::sync());
		my $answer = $wire->answer;
		is($answer->{code}, undef, "$what: a pipeline");
		is(join(', ', @{ $answer->{ended} }), 'UPDATE 1, UPDATE 1, UPDATE 1', "$what: each is answered");
		$check->('1 done new>work work>done, 2 work new>work, 3 new, 4 new', 'its moves');

		# one that is refused takes all up to the Sync back; what comes after the Sync goes on
		$id = $begin->();
		$wire->say(statement("UPDATE $table SET status = 'work' WHERE id = \$1", $id + 1), statement("UPDATE $table SET status = 'done' WHERE id = \$1", $id + 2),
			statement("UPDATE $table SET status = 'work' WHERE id = \$1", $id + 3), Wire::sync(),
			statement("UPDATE $table SET status = 'work' WHERE id = \$1", $id + 4), Wire::sync());
		$answer = $wire->answer;
		is($answer->{code}, $enforced ? 'IT001' : undef, "$what: a pipeline with a bad move");
		is(scalar @{ $answer->{ended} }, !$enforced || $timing eq 'deferred' ? 3 : 1, "$what: what is answered before");
		is($wire->answer->{code}, undef, "$what: the next one");
		$check->($enforced ? '1 new, 2 new, 3 new, 4 work new>work' : '1 work new>work, 2 done new>done 1, 3 work new>work, 4 work new>work', 'all or nothing of each');

		# in a transaction block with a savepoint
		$id = $begin->();
		$wire->say(statement('BEGIN'), statement("UPDATE $table SET status = 'work' WHERE id = \$1", $id + 1), statement('SAVEPOINT s'),
			statement("UPDATE $table SET status = 'done' WHERE id = \$1", $id + 2), Wire::sync());
		$answer = $wire->answer;
		is($answer->{code}, $enforced && $timing eq 'immediate' ? 'IT001' : undef, "$what: in a block");
		$wire->say(statement('ROLLBACK TO s'), statement("UPDATE $table SET status = 'work' WHERE id = \$1", $id + 3), statement('COMMIT'), Wire::sync());
		is($wire->answer->{code}, undef, "$what: back to the savepoint");
		$check->('1 work new>work, 2 new, 3 work new>work, 4 new', 'what was taken back is nowhere');

		# a portal of which the client fetches one row only has written them all
		$id = $begin->();
		$wire->say(Wire::parse('', "UPDATE $table SET status = 'work' WHERE id BETWEEN \$1 AND \$2 RETURNING id"), Wire::bind('p', '', $id + 1, $id + 3), Wire::execute('p', 1), Wire::sync());
		$answer = $wire->answer;
		is(join(' ', scalar @{ $answer->{rows} }, @{ $answer->{ended} }), '1 suspended', "$what: one row of three is fetched");
		$check->('1 work new>work, 2 work new>work, 3 work new>work, 4 new', 'all are remembered');

		# a query fetched in pieces, rows written in between
		$id = $begin->();
		$wire->rows('BEGIN');
		$wire->say(Wire::parse('', "SELECT id FROM $table WHERE id BETWEEN \$1 AND \$2 ORDER BY id FOR UPDATE"), Wire::bind('q', '', $id + 1, $id + 4), Wire::execute('q', 2), Wire::sync());
		my @rows = map { $_->[0] } @{ $wire->answer->{rows} };
		$wire->say(statement("UPDATE $table SET status = 'work' WHERE id = \$1", $rows[1]), Wire::execute('q', 1), Wire::sync());
		push @rows, map { $_->[0] } @{ $wire->answer->{rows} };
		$wire->say(statement("UPDATE $table SET status = 'work' WHERE id = \$1", $rows[2]), Wire::sync());
		$wire->answer;
		$wire->rows('COMMIT');
		$check->('1 new, 2 work new>work, 3 work new>work, 4 new', 'written beside a portal');

		# a statement prepared once judges by the policy of each execution
		$id = $begin->();
		$wire->say(Wire::parse("s$id", "UPDATE $table SET status = \$2 WHERE id = \$1"), Wire::bind('', "s$id", $id + 1, 'work'), Wire::execute(''), Wire::sync());
		is($wire->answer->{code}, undef, "$what: prepared and executed");
		$node->safe_psql('postgres', "SELECT itsm.set_mode(id, '" . ($enforced ? 'observe' : 'enforce') . "') FROM itsm.attachment WHERE relation = '$table'::regclass");
		$wire->say(Wire::bind('', "s$id", $id + 2, 'done'), Wire::execute(''), Wire::sync());
		is($wire->answer->{code}, $enforced ? undef : 'IT001', "$what: executed after the mode has changed");
		$node->safe_psql('postgres', "SELECT itsm.set_mode(id, '$mode') FROM itsm.attachment WHERE relation = '$table'::regclass");
		$wire->say(Wire::bind('', "s$id", $id + 3, 'done'), Wire::execute(''), Wire::sync());
		is($wire->answer->{code}, $enforced ? 'IT001' : undef, "$what: and has changed back");
		$check->($enforced ? '1 work new>work, 2 done new>done 1, 3 new, 4 new' : '1 work new>work, 2 new, 3 done new>done 1, 4 new', 'each by its own');

		# two phases: prepared here, committed after a crash
		$id = $begin->();
		$wire->rows('BEGIN');
		$wire->rows("UPDATE $table SET status = 'work' WHERE id IN ($id + 1, $id + 2)");
		$wire->rows("UPDATE $table SET status = 'done' WHERE id = $id + 1");
		$wire->rows("DELETE FROM $table WHERE id = $id + 1");
		$wire->rows("PREPARE TRANSACTION 'good_${table}_$role'");
		$wire->rows('BEGIN');
		$answer = $wire->query("UPDATE $table SET status = 'done' WHERE id = $id + 3");
		my $refused = $answer->{code};
		$answer = $wire->query("PREPARE TRANSACTION 'bad_${table}_$role'");
		$refused //= $answer->{code};
		is($refused, $enforced ? 'IT001' : undef, "$what: a bad move is not prepared while enforced");
		$check->('1 new, 2 new, 3 new, 4 new', 'prepared: nothing is seen yet');
		push @{ $case->[2] }, [ $role, $id ];
		$wire->close;
	}
}
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_prepared_xacts}), 12, 'what was prepared outlives a crash');
$node->safe_psql('postgres', "COMMIT PREPARED '$_'") foreach split /\n/, $node->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts');
foreach my $case (@modes)
{
	my ($mode, $timing, $prepared) = @$case;
	is(became("${mode}_$timing", $_->[1]), $mode eq 'enforce' ? '1 deleted new>work work>done, 2 work new>work, 3 new, 4 new' : '1 deleted new>work work>done, 2 work new>work, 3 done new>done 1, 4 new',
		"$mode $timing, $_->[0]: committed after it") foreach @$prepared;
}
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT session_role, ' ' ORDER BY session_role) FROM itsm.event WHERE kind = 'transition'}), 'owner root writer', 'who did it is told');
$node->stop;
done_testing();
