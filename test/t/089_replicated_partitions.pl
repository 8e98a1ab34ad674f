#!/usr/bin/env perl
#
# What moves events from table to table without changing them is nothing to a logical
# subscriber: partitions that are made for what lay in event_default, an archive and what it
# leaves behind.  What does change them, an erasure, is.

use strict;
use warnings;
use ItsmTest qw($service_desk $checks $make_old $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $origin = PostgreSQL::Test::Cluster->new('origin');
$origin->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
# an ANALYZE that runs just then would hold back what is to be sealed
$origin->append_conf('postgresql.conf', 'autovacuum = off');
$origin->start;
$origin->safe_psql('postgres', "SET client_min_messages = error; $service_desk; $checks; $make_old");
# the months that were made are taken away, so that events go into event_default
my $unmake = q{SET client_min_messages = error; SET itsm.maintenance = on; SET session_replication_role = replica;
	DO $$ DECLARE name text; BEGIN FOR name IN SELECT c.oid::regclass FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'itsm.event'::regclass AND c.relname ~ '^event_\d' LOOP
		EXECUTE format('ALTER TABLE itsm.event DETACH PARTITION %s', name); EXECUTE format('INSERT INTO itsm.event SELECT * FROM %s', name); EXECUTE format('DROP TABLE %s', name); END LOOP; END $$};
$origin->safe_psql('postgres', $unmake);
$origin->safe_psql('postgres', q{INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1, 'owner ' || n FROM generate_series(1, 40) n; UPDATE ticket SET status = 'work'});
cmp_ok($origin->safe_psql('postgres', 'SELECT count(*) FROM itsm.event_default'), '>=', 80, 'events lie in event_default');

my $directory = PostgreSQL::Test::Utils::tempdir();
command_ok([ 'pg_dump', '--schema-only', '--no-publications', '--no-subscriptions', '-h', $origin->host, '-p', $origin->port, '-f', "$directory/schema", 'postgres' ], 'schema dumped');
my $connection = $origin->connstr('postgres') =~ s/'/''/gr;
$origin->safe_psql('postgres', q{SELECT 'CREATE PUBLICATION history FOR TABLE ticket, ' || string_agg(t, ', ') || ' WITH (publish_via_partition_root = true)'
	FROM unnest(ARRAY['itsm.record', 'itsm.record_state', 'itsm.event', 'itsm.violation', 'itsm.source', 'itsm.source_attribute', 'itsm.attachment', 'itsm.archive', 'itsm.archive_table', 'itsm.archived',
		'itsm.seal', 'itsm.seal_head', 'itsm.seal_run', 'itsm.seal_tile']) t \gexec
CREATE PUBLICATION lifecycle FOR TABLE itsm.lifecycle WHERE (NOT shipped) WITH (publish = 'insert')});
my $copy = PostgreSQL::Test::Cluster->new('copy');
$copy->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$copy->append_conf('postgresql.conf', 'autovacuum = off');
$copy->start;
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $copy->host, '-p', $copy->port, '-d', 'postgres', '-f', "$directory/schema" ], 'schema restored');
$copy->safe_psql('postgres', "CREATE SUBSCRIPTION history CONNECTION '$connection' PUBLICATION history, lifecycle");
$copy->wait_for_subscription_sync($origin, 'history');

# Both are whole, and have the same events.
my $all = q{SELECT count(*), md5(string_agg(e.record || ' ' || e.version || ' ' || encode(e.hash, 'hex') || encode(e.body, 'hex'), ' ' ORDER BY e.record, e.tenant, e.version)) FROM itsm.event e};
sub same
{
	my ($what) = @_;
	ok($origin->poll_query_until("postgres", q{SELECT pg_current_wal_lsn() <= replay_lsn AND state = 'streaming' FROM pg_stat_replication WHERE application_name = 'history'}), "$what: the subscriber has caught up");
	is($copy->safe_psql('postgres', $all), $origin->safe_psql('postgres', $all), "$what: the same events");
	is($_->safe_psql('postgres', $verify), '', "$what: verify finds nothing on the " . $_->name) foreach $origin, $copy;
}
same('before');

cmp_ok($origin->safe_psql('postgres', 'SELECT itsm.make_partitions()'), '>=', 1, 'partitions are made');
is($origin->safe_psql('postgres', 'SELECT count(*) FROM itsm.event_default'), '0', 'and nothing lies in event_default');
cmp_ok($copy->safe_psql('postgres', 'SELECT count(*) FROM itsm.event_default'), '>=', 80, 'but on the subscriber, which makes its own');
same('partitions made');
$origin->safe_psql('postgres', q{UPDATE ticket SET status = 'resolved' WHERE id <= 20; INSERT INTO ticket VALUES (100, 'new', 'later', 1, 'me')});
same('written to since');
cmp_ok($copy->safe_psql('postgres', 'SELECT itsm.make_partitions()'), '>=', 1, 'partitions are made on the subscriber');
$origin->safe_psql('postgres', q{UPDATE ticket SET status = 'closed' WHERE id <= 20});
same('partitions made there, too');

is($origin->safe_psql('postgres', q{SELECT itsm.redact('ticket', '3', '{owner,title}', 'erasure asked for') > 0}), 't', 'values are erased');
same('erased');

# A month of which some stays is archived, and brought back; the subscriber keeps all of it.
$origin->safe_psql('postgres', q{INSERT INTO ticket SELECT n, 'new', 'imported, and there', 1, 'me' FROM generate_series(231, 240) n});
$origin->safe_psql('postgres', q{SELECT itsm.import_events(max(id), $$SELECT n::text AS key, date_trunc('month', now()) - interval '3 months' + v * interval '1 day' AS at, (ARRAY['new', 'work', 'resolved', 'closed'])[v] AS state FROM generate_series(201, 240) n, generate_series(1, 4) v$$) FROM itsm.attachment});
# importing is something that happened today, which would keep them from the archive
$origin->safe_psql('postgres', q{SET client_min_messages = error; SET itsm.maintenance = on; SET session_replication_role = replica; UPDATE itsm.record SET at = now() - interval '40 days' WHERE deleted; RESET itsm.maintenance; SELECT itsm.seal()});
same('sealed');
my $before = $copy->safe_psql('postgres', $all);
cmp_ok($origin->safe_psql('postgres', q{SELECT sum(events) FROM itsm.archive(now())}), '>=', 120, 'archived');
cmp_ok($origin->safe_psql('postgres', 'SELECT count(*) FROM itsm.event e JOIN itsm.record r ON r.id = e.record WHERE r.source > 0'), '>', 0, 'some stays');
$origin->safe_psql('postgres', q{UPDATE ticket SET title = 'after the archive' WHERE id = 231; SELECT itsm.seal()});
ok($origin->poll_query_until('postgres', q{SELECT pg_current_wal_lsn() <= replay_lsn AND state = 'streaming' FROM pg_stat_replication WHERE application_name = 'history'}), 'archived: the subscriber has caught up');
is($_->safe_psql('postgres', $verify), '', 'archived: verify finds nothing on the ' . $_->name) foreach $origin, $copy;
cmp_ok($copy->safe_psql('postgres', 'SELECT count(*) FROM itsm.event'), '>', $origin->safe_psql('postgres', 'SELECT count(*) FROM itsm.event') + 100, 'archived: the subscriber keeps its events');
cmp_ok($origin->safe_psql('postgres', 'SELECT itsm.restore_archive(1)'), '>=', 120, 'brought back');
same('brought back');

$_->stop foreach $copy, $origin;
done_testing();
