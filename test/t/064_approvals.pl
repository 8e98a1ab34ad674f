#!/usr/bin/env perl
#
# Votes come through pg_dump and pg_restore: what was approved before goes on counting, in
# another encoding too, and what changed meanwhile does not.

use strict;
use warnings;
use ItsmTest qw($verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('approvals');
$node->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE desk; CREATE ROLE auditor; CREATE ROLE paul; GRANT auditor TO paul');
$node->safe_psql('desk', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "change", "attributes": {"requester": "text", "plan": "text", "start": "timestamptz", "cost": "numeric"},
	"states": [{"name": "authorize", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "authorize", "to": "scheduled"}, {"from": "scheduled", "to": "done"}],
	"rules": [{"name": "cab", "to": "scheduled", "approvals": [{"role": "cab", "quorum": "60%"}, {"role": "auditor", "quorum": 1}]}]}');
CREATE TABLE change (id int PRIMARY KEY, status text NOT NULL, caller text, plan text, start timestamptz, cost numeric);
SELECT itsm.attach('change', 'change', 'status', mode => 'enforce', attributes => '{"requester": "caller", "plan": "plan", "start": "start", "cost": "cost"}');
SELECT itsm.add_approver('cab', p) FROM unnest(ARRAY['ann', 'Jörg', 'cid']) p;
SELECT itsm.add_approver('cab', 'old', '2020-01-01', '2021-01-01');
SELECT itsm.add_delegation('cid', 'dora', 'cab');
INSERT INTO change SELECT n, 'authorize', 'req', 'Grüße ' || n, '2026-03-29 02:30+01', 1.50 FROM generate_series(1, 20) n;
SELECT itsm.act_as('ann'), itsm.approve('change', id::text, 'gut', 'cab') FROM change;
SELECT itsm.act_as('JÖRG'), itsm.reject('change', id::text, 'nein', 'cab') FROM change WHERE id > 10;
SELECT itsm.act_as('paul'), itsm.approve('change', id::text) FROM change;
SELECT itsm.act_as('dora'), itsm.approve('change', id::text, 'für cid') FROM change WHERE id <= 5;
UPDATE change SET plan = 'anders' WHERE id = 5;
END

my $votes = q{SELECT string_agg(md5(a::text), '' ORDER BY tenant, record, version) FROM itsm.approval a};
my $people = q{SELECT string_agg(md5(a::text), '' ORDER BY a::text) FROM itsm.approver a UNION ALL SELECT string_agg(md5(d::text), '' ORDER BY d::text) FROM itsm.delegation d};
my $before = $node->safe_psql('desk', $votes);
my $people_before = $node->safe_psql('desk', $people);
is($node->safe_psql('desk', 'SELECT count(*) FROM itsm.approval'), 55, 'there are votes');
is($node->safe_psql('desk', $verify), '', 'verify finds nothing before the dump');

my $directory = PostgreSQL::Test::Utils::tempdir();
my @at = ('-h', $node->host, '-p', $node->port);
command_ok([ 'pg_dump', @at, '-Fd', '--jobs=2', '-f', "$directory/dump", 'desk' ], 'dump');
foreach my $encoding ('UTF8', 'LATIN1')
{
	my $database = lc "r_$encoding";
	my ($out, $error);
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding'");
	ok(IPC::Run::run([ 'pg_restore', '--exit-on-error', @at, '--jobs=2', '-d', $database, "$directory/dump" ], '>', \$out, '2>', \$error),
		"$encoding: restore");
	is($error, '', "$encoding: nothing to complain of");
	is($node->safe_psql($database, $verify), '', "$encoding: verify finds nothing");
	if ($encoding eq 'UTF8')
	{
		is($node->safe_psql($database, $votes), $before, 'votes are the same');
		is($node->safe_psql($database, $people), $people_before, 'people are the same');
	}
	is($node->safe_psql($database, q{SELECT count(*) FROM pg_trigger WHERE tgrelid = 'itsm.approval'::regclass AND tgenabled = 'A'}), 1, "$encoding: votes are append-only");

	# two of three are sixty percent
	is($node->safe_psql($database, q{UPDATE change SET status = 'scheduled' WHERE id <= 4 RETURNING id}), "1\n2\n3\n4", "$encoding: what was approved may go on");
	my @refused = (
		[ "UPDATE change SET status = 'scheduled' WHERE id = 5", qr/approval by "cab": 0 of 2 \(2 void: plan has changed since\)/, 'what was changed may not' ],
		[ "UPDATE change SET status = 'scheduled' WHERE id = 6", qr/approval by "cab": 1 of 2/, 'what lacks approvals may not' ],
		[ "UPDATE change SET status = 'scheduled' WHERE id = 11", qr/approval by "cab" was rejected/, 'what was rejected may not' ],
		[ "SELECT itsm.act_as('ANN'), itsm.approve('change', '6')", qr/the voter has voted already/, 'one vote a person' ],
		[ "SELECT itsm.act_as('old'), itsm.approve('change', '6')", qr/the voter was in role "cab" until 2021/, 'an expired member has none' ],
		[ "SELECT itsm.act_as('Req '), itsm.approve('change', '6', role => 'auditor')", qr/the voter is not in role "auditor"/, 'nor has a stranger' ]);
	foreach my $case (@refused)
	{
		my (undef, undef, $message) = $node->psql($database, $case->[0]);
		like($message, $case->[1], "$encoding: $case->[2]");
	}
	$node->safe_psql($database, q{SELECT itsm.act_as('dora'), itsm.approve('change', '6'); UPDATE change SET status = 'scheduled' WHERE id = 6});
	is($node->safe_psql($database, $verify), '', "$encoding: verify finds nothing after more votes");
}

# A standby verifies votes and tells what is missing.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('reader');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('desk', $verify), '', 'verify finds nothing on a standby');
is($standby->safe_psql('desk', q{SELECT allowed, unmet #>> '{0,message}' FROM itsm.allowed_transitions('change', '7')}),
	'f|approval by "cab": 1 of 2', 'what is missing is told there');
my (undef, undef, $message) = $standby->psql('desk', q{SELECT itsm.approve('change', '7')});
like($message, qr/read-only|during recovery/, 'and no vote is taken');

done_testing();
