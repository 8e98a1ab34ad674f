#!/usr/bin/env perl
#
# Events are read whole while others erase values in them: while an old snapshot keeps every
# version of a row, one session moves a record and erases what its events hold, and others
# explain its clock, which never has fewer steps than before.

use strict;
use warnings;
use ItsmTest qw($verify session);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = 4;
my $node = PostgreSQL::Test::Cluster->new('erasure');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "ticket", "attributes": {"note": "text"}, "states": [{"name": "open", "category": "active", "initial": true}, {"name": "wait", "category": "waiting"},
	{"name": "closed", "category": "closed", "final": true}], "transitions": [{"from": "open", "to": ["wait", "closed"]}, {"from": "wait", "to": "open"}]}');
SELECT itsm.define_sla('{"name": "resolution", "lifecycle": "ticket", "metric": "resolution", "target": "1 hour", "valid_from": "2020-01-01"}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL, note text);
SELECT itsm.attach('ticket', 'ticket', 'status', attributes => '{"note": "note"}', mode => 'enforce');
INSERT INTO ticket VALUES (1, 'open', 'a note');
END

sub repeated
{
	my ($done) = @_;
	return session($node, "DO \$\$ DECLARE until timestamptz := clock_timestamp() + interval '$seconds s'; n integer := 0; fewer integer := 0; before integer := 0; now integer;
		BEGIN WHILE clock_timestamp() < until LOOP n := n + 1; $done; COMMIT; END LOOP; RAISE WARNING '% times, % fewer', n, fewer; END \$\$");
}

my $old = session($node, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ticket; SELECT pg_sleep($seconds + 1)");
my %sessions = (
	'who erases' => repeated(q{FOR i IN 1 .. 30 LOOP UPDATE ticket SET status = CASE status WHEN 'open' THEN 'wait' ELSE 'open' END, note = n + i; END LOOP;
		COMMIT;
		PERFORM itsm.redact('ticket', '1', '{note}', 'a test')}),
	map { ("who looks ($_)" => repeated(q{SELECT count(*) INTO now FROM itsm.explain_clock(itsm.record_id('ticket', '1'), 'resolution');
		IF now < before THEN fewer := fewer + 1; END IF; before := now})) } 1 .. 3);
$_->{handle}->finish foreach $old, values %sessions;
foreach my $who (sort keys %sessions)
{
	like($sessions{$who}{err}, qr/\A[^\n]*WARNING:  (\d+) times, 0 fewer\s*\z/, "$who sees all events");
	my ($times) = $sessions{$who}{err} =~ /(\d+) times/;
	cmp_ok($times // 0, '>', 20, "$who did so often");
}
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');
$node->stop;
done_testing();
