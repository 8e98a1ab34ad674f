#!/usr/bin/env perl
#
# Sealed history on a logical subscriber and after pg_upgrade: verify() is clean there, the
# digest from before fits, and sealing goes on; archives too.

use strict;
use warnings;
use ItsmTest qw($service_desk $checks $make_old $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('origin');
$node->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
# an ANALYZE that runs just then would hold back what is to be sealed
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk; $checks; $make_old");
$node->safe_psql('postgres', <<'END');
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1 FROM generate_series(1, 60) n;
UPDATE ticket SET status = 'work';
UPDATE ticket SET status = 'resolved' WHERE id <= 20;
UPDATE ticket SET status = 'closed' WHERE id <= 20;
SELECT checks.make_old('ticket', '3 months');
SELECT itsm.seal();
UPDATE ticket SET title = 'of today' WHERE id > 20;
SELECT itsm.seal();
-- months get their partitions
SELECT itsm.archive(now());
SELECT itsm.restore_archive(1);
DROP SCHEMA itsm_archive CASCADE;
SELECT itsm.seal();
END
my $digest = $node->safe_psql('postgres', 'SELECT itsm.digest()');
my $whole = "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok";

# Two copies: one gets the seals, the other seals by itself.
my $directory = PostgreSQL::Test::Utils::tempdir();
command_ok([ 'pg_dump', '--schema-only', '--no-publications', '--no-subscriptions', '-h', $node->host, '-p', $node->port, '-f', "$directory/schema", 'postgres' ], 'schema dumped');
my $connection = $node->connstr('postgres') =~ s/'/''/gr;
$node->safe_psql('postgres', q{SELECT 'CREATE PUBLICATION ' || p || ' FOR TABLE ticket, ' || string_agg(t, ', ') || ' WITH (publish_via_partition_root = true)'
	FROM unnest(ARRAY['itsm.record', 'itsm.record_state', 'itsm.event', 'itsm.violation', 'itsm.source', 'itsm.source_attribute', 'itsm.attachment', 'itsm.archive', 'itsm.archive_table', 'itsm.archived']
		|| ARRAY['itsm.seal', 'itsm.seal_head', 'itsm.seal_run', 'itsm.seal_tile']) WITH ORDINALITY x(t, n), unnest(ARRAY['sealed', 'bare']) p
	WHERE p = 'sealed' OR n <= 10 GROUP BY p \gexec
CREATE PUBLICATION lifecycle FOR TABLE itsm.lifecycle WHERE (NOT shipped) WITH (publish = 'insert')});
my %copy;
foreach my $way (qw(sealed bare))
{
	my $copy = $copy{$way} = PostgreSQL::Test::Cluster->new($way);
	$copy->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$copy->append_conf('postgresql.conf', 'autovacuum = off');
	$copy->start;
	command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $copy->host, '-p', $copy->port, '-d', 'postgres', '-f', "$directory/schema" ], "$way: schema restored");
	$copy->safe_psql('postgres', "CREATE SUBSCRIPTION $way CONNECTION '$connection' PUBLICATION $way, lifecycle");
	$copy->wait_for_subscription_sync($node, $way);
}
is($copy{sealed}->safe_psql('postgres', $whole), '', 'sealed: all is the same');
is($copy{bare}->safe_psql('postgres', $verify), '', 'bare: verify finds nothing');
my $events = $node->safe_psql('postgres', 'SELECT count(*) FROM itsm.event');
is($copy{bare}->safe_psql('postgres', 'SELECT itsm.seal()'), $events, 'bare: it seals what came from elsewhere');
$node->safe_psql('postgres', q{UPDATE ticket SET status = 'resolved' WHERE id BETWEEN 21 AND 40; SELECT itsm.seal()});
$digest = $node->safe_psql('postgres', 'SELECT itsm.digest()');
$whole = "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok";
$node->wait_for_catchup($_) foreach keys %copy;
is($copy{sealed}->safe_psql('postgres', $whole), '', 'sealed: seals follow');
is($copy{sealed}->safe_psql('postgres', 'SELECT itsm.digest()'), $digest, 'sealed: the same digest');
is($copy{bare}->safe_psql('postgres', 'SELECT itsm.seal()'), $events + 20, 'bare: sealing goes on');
is($copy{bare}->safe_psql('postgres', $verify), '', 'bare: verify finds nothing still');
my (undef, undef, $error) = $copy{bare}->psql('postgres', $whole);
like($error, qr/the digest is not of this history/, 'bare: a history of its own');

# An archive of the origin takes nothing from the copies.
is($node->safe_psql('postgres', 'SELECT sum(events) > 0 FROM itsm.archive(now())'), 't', 'archived');
$node->wait_for_catchup($_) foreach keys %copy;
is($node->safe_psql('postgres', $whole), '', 'archived: all is the same');
is($copy{sealed}->safe_psql('postgres', $whole), '', 'sealed: also here');
is($copy{bare}->safe_psql('postgres', $verify), '', 'bare: also here');
cmp_ok($copy{bare}->safe_psql('postgres', 'SELECT count(*) FROM itsm.event'), '>', $node->safe_psql('postgres', 'SELECT count(*) FROM itsm.event'), 'copies keep their events');

# The sealed copy takes over.
$copy{sealed}->safe_psql('postgres', q{SET client_min_messages = error; DROP SUBSCRIPTION sealed});
$copy{sealed}->safe_psql('postgres', q{SELECT setval('itsm.record_id_seq', (SELECT max(id) FROM itsm.record)); INSERT INTO ticket VALUES (1000, 'new', 'here', 1); SELECT itsm.seal()});
is($copy{sealed}->safe_psql('postgres', $whole), '', 'taken over: the digest from before fits');
is($copy{sealed}->safe_psql('postgres', 'SELECT size = (SELECT sum(version) FROM itsm.record), system IN (SELECT system FROM itsm.seal WHERE seal = 1) FROM itsm.seal ORDER BY seal DESC LIMIT 1'), 't|f', 'taken over: it seals on, under its own name');
$_->stop foreach values %copy;

# pg_upgrade.
$node->safe_psql('postgres', 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots; SELECT itsm.seal()');
$digest = $node->safe_psql('postgres', 'SELECT itsm.digest()');
my $tables = $node->safe_psql('postgres', 'SELECT array_agg(name) FROM itsm.archive_table');
my $new = PostgreSQL::Test::Cluster->new('upgraded');
$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->stop;
chdir $directory or die "chdir: $!";
my $bindir = $node->config_data('--bindir');
command_ok([ "$bindir/pg_upgrade", '--no-sync', '-b', $bindir, '-B', $bindir, '-d', $node->data_dir, '-D', $new->data_dir, '-s', $new->host, '-p', $node->port, '-P', $new->port ], 'pg_upgrade');
$new->start;
is($new->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify('$digest', '$tables') WHERE NOT ok"), '', 'upgraded: all is the same');
is($new->safe_psql('postgres', q{UPDATE ticket SET title = 'upgraded' WHERE id = 30; SELECT itsm.seal() = (SELECT sum(version) FROM itsm.record)}), 't', 'upgraded: sealing goes on');
is($new->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify('$digest', '$tables') WHERE NOT ok"), '', 'upgraded: and the digest from before fits');
is($new->safe_psql('postgres', 'SELECT count(DISTINCT system) FROM itsm.seal'), '2', 'upgraded: systems are told apart');

$new->stop;
done_testing();
