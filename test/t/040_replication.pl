#!/usr/bin/env perl
#
# Logical replication: on the subscriber the trigger is there and does nothing for rows
# that replication brings; the subscriber's own writes are judged.  A streaming standby
# reads history and views.

use strict;
use warnings;
use ItsmTest qw($service_desk $checks);
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
	q{SELECT itsm.lifecycle_definition('desk')}, q{SELECT count(*) FROM itsm.lint_lifecycle('desk')},
	'SELECT count(*) FROM itsm.check_rows(1)', 'SELECT count(*) FROM itsm.allowed_transitions($$ticket$$, $$3$$)')
{
	is($standby->safe_psql('postgres', $query), $origin->safe_psql('postgres', $query), "standby: $query");
}

$_->stop foreach $standby, $subscriber, $origin;
done_testing();
