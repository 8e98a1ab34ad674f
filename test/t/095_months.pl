#!/usr/bin/env perl
#
# The months of incidents and agreements come out the same after a dump and restore, in whatever
# form, on a standby, after a crash, and where records and clocks come by logical replication.

use strict;
use warnings;
use ItsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('months');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\ntimezone = 'UTC'");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE desk');
$node->safe_psql('desk', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "desk", "process": "incident", "attributes": {"priority": "integer", "service": "text"}, "delete": "allow",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": ["work", "done"]}, {"from": "work", "to": "done"}, {"from": "done", "to": ["work", "closed"]}]}');
SELECT itsm.define_sla('{"name": "solve", "lifecycle": "desk", "metric": "resolution", "target": "1 hour", "valid_from": "2020-01-01"}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL, priority integer, service text);
SELECT itsm.attach('ticket', 'desk', 'status', attributes => '{"priority": "priority", "service": "service"}', mode => 'enforce');
INSERT INTO ticket SELECT n, 'new', n % 4, 'service ' || n % 3 FROM generate_series(1, 300) n;
SELECT itsm.import_events(max(id), 'SELECT n::text AS key, timestamptz ''2025-01-01'' + n * interval ''1 day'' + m.after AS at, m.state FROM generate_series(1, 200) n, (VALUES (interval ''0'', ''new''), (interval ''1 hour'', ''work''), (interval ''90 minutes'', ''done'')) m(after, state)') FROM itsm.attachment;
SELECT itsm.recompute_clocks(write => true);
UPDATE ticket SET status = 'done' WHERE id > 250;
SELECT itsm.roll_up();
-- late changes, not gathered yet
UPDATE ticket SET priority = 9 WHERE id % 10 = 0;
UPDATE ticket SET status = 'work' WHERE status = 'done' AND id % 7 = 0;
DELETE FROM ticket WHERE id = 299;
END

my $months = q{SELECT md5(string_agg(v, E'\n' ORDER BY v)), count(*) FROM (SELECT m::text FROM itsm_report.incident_monthly m UNION ALL SELECT m::text FROM itsm_report.sla_monthly m) x(v)};
my $wrong = q{SELECT count(*) FROM itsm.verify() WHERE scope = 'month' AND NOT ok};
my $more = q{UPDATE ticket SET status = 'done' WHERE status = 'work' AND id % 14 = 0; UPDATE ticket SET service = 'other' WHERE id % 9 = 0};
my $before = $node->safe_psql('desk', $months);
like($before, qr/\|[1-9]\d+$/, 'there are months');
is($node->safe_psql('desk', $wrong), '0', 'they are right');

# Dumps
my $directory = PostgreSQL::Test::Utils::tempdir();
my @at = ('-h', $node->host, '-p', $node->port);
command_ok([ 'pg_dump', @at, '-Fc', '-f', "$directory/custom", 'desk' ], 'dumped');
command_ok([ 'pg_dump', @at, '-Fp', '-f', "$directory/plain", 'desk' ], 'dumped as text');
my %restores = (
	custom => [ [ 'pg_restore', '--exit-on-error', @at, "$directory/custom", '-d', 'custom' ] ],
	jobs => [ [ 'pg_restore', '--exit-on-error', '--jobs=3', @at, "$directory/custom", '-d', 'jobs' ] ],
	plain => [ [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', @at, '-f', "$directory/plain", '-d', 'plain' ] ],
	data_apart => [ [ 'pg_restore', '--exit-on-error', '--schema-only', @at, "$directory/custom", '-d', 'data_apart' ],
		[ 'pg_restore', '--data-only', '--disable-triggers', @at, "$directory/custom", '-d', 'data_apart' ] ]);
foreach my $form (sort keys %restores)
{
	$node->safe_psql('postgres', "CREATE DATABASE $form");
	local $ENV{PGOPTIONS} = $form eq 'data_apart' ? '-c itsm.maintenance=on' : '';
	command_ok($_, "$form: restored") foreach @{ $restores{$form} };
	$ENV{PGOPTIONS} = '';
	is($node->safe_psql($form, $months), $before, "$form: the months are the same");
	is($node->safe_psql($form, $wrong), '0', "$form: they are right");
	$node->safe_psql($form, $more);
	is($node->safe_psql($form, $wrong), '0', "$form: and stay right");
	$node->safe_psql($form, 'SELECT itsm.roll_up()');
	is($node->safe_psql($form, $wrong), '0', "$form: gathered, too");
}

# A standby reads them, gathered or not.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('months_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
foreach my $step ('SELECT 1', $more, 'SELECT itsm.roll_up()')
{
	$node->safe_psql('desk', $step);
	$node->wait_for_catchup($standby);
	is($standby->safe_psql('desk', $months), $node->safe_psql('desk', $months), "standby: the same after $step");
}
is($standby->safe_psql('desk', $wrong), '0', 'standby: they are right');
$standby->stop;

# A copy by logical replication counts what comes; what it would be told of months it leaves alone.
my $copy = PostgreSQL::Test::Cluster->new('months_copy');
$copy->init;
$copy->append_conf('postgresql.conf', "timezone = 'UTC'");
$copy->start;
command_ok([ 'pg_dump', '--schema-only', @at, '-f', "$directory/schema", 'desk' ], 'copy: schema dumped');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-h', $copy->host, '-p', $copy->port, '-d', 'postgres', '-f', "$directory/schema" ], 'copy: schema restored');
$node->safe_psql('desk', q{CREATE PUBLICATION months FOR TABLE ticket, itsm.record, itsm.record_state, itsm.clock, itsm.sla, itsm.source, itsm.source_attribute, itsm.attachment,
	itsm.incident_month, itsm.incident_month_change, itsm.sla_month, itsm.sla_month_change});
$copy->safe_psql('postgres', "CREATE SUBSCRIPTION months CONNECTION '" . ($node->connstr('desk') =~ s{'}{''}gr) . "' PUBLICATION months");
$copy->wait_for_subscription_sync($node, 'months');
$copy->safe_psql('postgres', 'SELECT itsm.roll_up(anew => true)');
is($copy->safe_psql('postgres', $months), $node->safe_psql('desk', $months), 'copy: the same after the first copy');
foreach my $step (q{UPDATE ticket SET status = 'work' WHERE status = 'done' AND id % 5 = 0}, q{UPDATE ticket SET priority = 5, service = 'x' WHERE id % 6 = 0},
	q{INSERT INTO ticket SELECT n, 'new', 1, 'y' FROM generate_series(401, 420) n; UPDATE ticket SET status = 'done' WHERE id > 400}, 'SELECT itsm.roll_up()',
	q{UPDATE ticket SET status = 'done' WHERE status = 'work'})
{
	$node->safe_psql('desk', $step);
	$node->wait_for_catchup('months');
	is($copy->safe_psql('postgres', $months), $node->safe_psql('desk', $months), "copy: the same after $step");
}
$copy->stop;

# Another session agrees on something for the first time, and a clock ends, while a block that
# began without any agreement waits for the row: it moves the clock to its new group all the same.
$node->safe_psql('postgres', 'CREATE DATABASE first');
$node->safe_psql('first', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "desk", "process": "incident", "attributes": {"priority": "integer"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "resolved", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}]}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL, priority integer);
SELECT itsm.attach('ticket', 'desk', 'status', attributes => '{"priority": "priority"}', mode => 'enforce');
INSERT INTO ticket VALUES (1, 'new', 1), (2, 'new', 1);
END
my ($waiting, $agreeing) = ($node->background_psql('first'), $node->background_psql('first'));
$agreeing->query_safe('BEGIN; SELECT FROM ticket WHERE id = 2 FOR UPDATE');
$waiting->query_until(qr/begun/, q{\\echo begun
	DO 'BEGIN UPDATE ticket SET priority = 5 WHERE id = 1; UPDATE ticket SET priority = 5 WHERE id = 2; END';
});
$node->poll_query_until('first', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%priority = 5%'}) or die 'nobody waits';
$agreeing->query_safe(q{SELECT itsm.define_sla('{"name": "work", "lifecycle": "desk", "metric": "between", "start": ["work"], "stop": ["done"], "target": "1 hour", "valid_from": "2020-01-01"}');
	UPDATE ticket SET status = 'work' WHERE id = 2; UPDATE ticket SET status = 'done' WHERE id = 2; COMMIT});
$_->quit foreach $agreeing, $waiting;
is($node->safe_psql('first', q{SELECT priority, completed FROM itsm_report.sla_monthly WHERE agreement = 'work' AND completed > 0}), '5|1', 'first agreement: the clock is in the new group');
is($node->safe_psql('first', $wrong), '0', 'first agreement: the months are right');

# Prepared transactions and a crash
$node->safe_psql('desk', q{BEGIN; UPDATE ticket SET status = 'closed' WHERE status = 'done' AND id % 2 = 0; UPDATE ticket SET priority = 8 WHERE id > 250; PREPARE TRANSACTION 'late'});
$node->safe_psql('desk', 'SELECT itsm.roll_up()');
$before = $node->safe_psql('desk', $months);
$node->stop('immediate');
$node->start;
is($node->safe_psql('desk', $months), $before, 'the months are the same after a crash');
$node->safe_psql('desk', q{COMMIT PREPARED 'late'});
isnt($node->safe_psql('desk', $months), $before, 'what was prepared counts once it is committed');
is($node->safe_psql('desk', $wrong), '0', 'and all is right');

$node->stop;
done_testing();
