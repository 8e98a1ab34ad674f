#!/usr/bin/env perl
#
# Logical replication: on the subscriber the trigger is there and does nothing for rows
# that replication brings; the subscriber's own writes are judged.  A streaming standby
# reads history and views.

use strict;
use warnings;
use ItsmTest qw($service_desk $checks $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $origin = PostgreSQL::Test::Cluster->new('origin');
$origin->init(allows_streaming => 'logical');
$origin->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;
$_->safe_psql('postgres', "SET client_min_messages = error; $service_desk $checks") foreach $origin, $subscriber;

$origin->safe_psql('postgres', q{INSERT INTO ticket SELECT n, 'new', 't', 1 FROM generate_series(1, 10) n; CREATE PUBLICATION desk FOR TABLE ticket});
my $quoted = "'" . ($origin->connstr('postgres') =~ s{'}{''}gr) . "'";
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION desk CONNECTION $quoted PUBLICATION desk");
$subscriber->wait_for_subscription_sync($origin, 'desk');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM ticket'), '10', 'rows have come by the first copy');

$origin->safe_psql('postgres', q{UPDATE ticket SET status = 'work'; DELETE FROM ticket WHERE id = 10; INSERT INTO ticket VALUES (11, 'new', 't', 1)});
# what the subscriber's policy would refuse comes all the same: the origin has judged
$origin->safe_psql('postgres', q{SELECT itsm.set_mode(max(id), 'observe') FROM itsm.attachment; UPDATE ticket SET status = 'closed' WHERE id = 1});
$origin->wait_for_catchup('desk');
is($subscriber->safe_psql('postgres', q{SELECT string_agg(id || status, ' ' ORDER BY id) FROM ticket}),
	'1closed 2work 3work 4work 5work 6work 7work 8work 9work 11new', 'and later changes too');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM itsm.event WHERE record IN (SELECT id FROM itsm.record WHERE source > 0)'), '0', 'no history is written twice');
is($subscriber->safe_psql('postgres', q{SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgname LIKE 'itsm%'}), 'A', 'though the trigger fires always');
my (undef, undef, $error) = $subscriber->psql('postgres', q{UPDATE ticket SET status = 'new' WHERE id = 1});
like($error, qr/transition from "closed" to "new"/, "the subscriber's own writes are judged");
$subscriber->safe_psql('postgres', q{SET session_replication_role = replica; UPDATE ticket SET status = 'resolved' WHERE id = 2});
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM itsm.event WHERE record IN (SELECT id FROM itsm.record WHERE source > 0)}), '2', 'and so are those in the role of a replica');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION desk');

# A standby
$origin->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($origin, 'base', has_streaming => 1);
$standby->start;
$origin->safe_psql('postgres', q{UPDATE ticket SET title = 'new title' WHERE id = 3});
$origin->wait_for_catchup($standby);
foreach my $query ('SELECT count(*) FROM itsm.history($$ticket$$, $$3$$)', 'SELECT count(*) FROM itsm_report.transition',
	'SELECT count(*) FROM itsm_report.attachment_health', 'SELECT itsm.record_id($$ticket$$, $$3$$)', 'SELECT count(*) FROM checks.chain_faults()',
	'SELECT * FROM itsm.verify()', 'SELECT healthy, problem, drifted_rows FROM itsm_report.attachment_health', q{SELECT itsm.lifecycle_definition('desk')}, q{SELECT count(*) FROM itsm.lint_lifecycle('desk')},
	'SELECT count(*) FROM itsm.check_rows(1)', 'SELECT count(*) FROM itsm.allowed_transitions($$ticket$$, $$3$$)')
{
	is($standby->safe_psql('postgres', $query), $origin->safe_psql('postgres', $query), "standby: $query");
}

# a lifecycle with a value that no event has told yet, so that it is not in the dictionary
$origin->safe_psql('postgres', q{SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('desk'), '{attributes,owner}', '"varchar"'))});
$origin->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $verify), '', 'standby: verify finds nothing after a new version of the lifecycle');

# History replicated beside its rows is whole, and not doubled.
my $copy = PostgreSQL::Test::Cluster->new('copy');
$copy->init;
$copy->start;
my $schema = PostgreSQL::Test::Utils::tempdir() . '/schema';
command_ok([ 'pg_dump', '--schema-only', '--no-publications', '--no-subscriptions', '-h', $origin->host, '-p', $origin->port, '-f', $schema, 'postgres' ], 'copy: schema dumped');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $copy->host, '-p', $copy->port, '-d', 'postgres', '-f', $schema ], 'copy: schema restored');
$origin->safe_psql('postgres', q{SELECT 'CREATE PUBLICATION history FOR TABLE ticket, ' || string_agg(t, ', ') || ' WITH (publish_via_partition_root = true)'
	FROM unnest(ARRAY['itsm.record', 'itsm.record_state', 'itsm.event', 'itsm.violation', 'itsm.source', 'itsm.source_attribute', 'itsm.attachment']) t \gexec
CREATE PUBLICATION lifecycle FOR TABLE itsm.lifecycle WHERE (NOT shipped) WITH (publish = 'insert')});
$copy->safe_psql('postgres', "CREATE SUBSCRIPTION history CONNECTION $quoted PUBLICATION history, lifecycle");
$copy->wait_for_subscription_sync($origin, 'history');
$origin->safe_psql('postgres', q{SELECT itsm.set_mode(max(id), 'enforce') FROM itsm.attachment;
	UPDATE ticket SET status = 'resolved' WHERE id IN (3, 4); DELETE FROM ticket WHERE id = 5; INSERT INTO ticket VALUES (21, 'new', 't', 1)});
$origin->wait_for_catchup('history');
is($copy->safe_psql('postgres', 'SELECT count(*) FROM itsm.event'), $origin->safe_psql('postgres', 'SELECT count(*) FROM itsm.event'), 'copy: history has come, once');
is($copy->safe_psql('postgres', $verify), '', 'copy: verify finds nothing');
is($copy->safe_psql('postgres', 'SELECT * FROM checks.chain_faults() UNION ALL SELECT * FROM checks.row_faults()'), '', 'copy: all is whole');

$_->stop foreach $copy, $standby, $subscriber, $origin;
done_testing();
