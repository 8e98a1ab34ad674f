#!/usr/bin/env perl
#
# A row that is updated while it is looked for is found: while an old snapshot keeps every
# version of it, so that each update leads to another page, four sessions relate and write
# the same records and a fifth looks for them.

use strict;
use warnings;
use ItsmTest qw($verify session);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = 4;
my $node = PostgreSQL::Test::Cluster->new('moving_rows');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "node", "attributes": {"title": "text", "parent": "integer"}, "references": {"parent": "node"},
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE node (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live', title text, parent integer);
SELECT itsm.attach('node', 'node', 'status', mode => 'enforce');
INSERT INTO node SELECT generate_series(1, 5);
SELECT itsm.define_relationship_type('forward', 'f', impact => 'forward');
CREATE FUNCTION r(id integer) RETURNS bigint LANGUAGE sql AS $$ SELECT itsm.record_id('node', id::text) $$;
END

sub repeated
{
	my ($done) = @_;
	return session($node, "DO \$\$ DECLARE until timestamptz := clock_timestamp() + interval '$seconds s'; n integer := 0; missed integer := 0;
		sought bigint := r(2);
		BEGIN WHILE clock_timestamp() < until LOOP n := n + 1; $done; COMMIT; END LOOP; RAISE WARNING '% times, % missed', n, missed; END \$\$");
}

my $old = session($node, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM node; SELECT pg_sleep($seconds + 1)");
my %sessions = (
	'who relates' => repeated(q{PERFORM itsm.unrelate(itsm.relate(r(1), 'forward', r(2)))}),
	'who relates others' => repeated(q{PERFORM itsm.unrelate(itsm.relate(r(3), 'forward', r(2)))}),
	'who writes' => repeated('UPDATE node SET title = n WHERE id = 2'),
	'who refers' => repeated('UPDATE node SET parent = 1 + n % 2 WHERE id = 4'),
	'who looks' => repeated('IF r(2) IS DISTINCT FROM sought THEN missed := missed + 1; END IF; PERFORM FROM itsm.impact(sought)'));
$_->{handle}->finish foreach $old, values %sessions;
foreach my $who (sort keys %sessions)
{
	like($sessions{$who}{err}, qr/\A[^\n]*WARNING:  (\d+) times, 0 missed\s*\z/, "$who finds the records");
	my ($times) = $sessions{$who}{err} =~ /(\d+) times/;
	cmp_ok($times // 0, '>', 20, "$who did so often");
}
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');
is($node->safe_psql('postgres', 'SELECT count(*) FROM itsm.record WHERE source <> 0'), '5', 'and no record is there twice');
$node->stop;
done_testing();
