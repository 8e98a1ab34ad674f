#!/usr/bin/env perl
#
# What a database goes through: its tables rewritten (VACUUM FULL, CLUSTER, pg_repack), a
# restore under another owner and in another encoding, the extension dropped and installed
# again, and two databases that replicate to each other.

use strict;
use warnings;
use IPC::Run ();
use ItsmTest qw($service_desk $checks $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('life');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
my @connect = ('-h', $node->host, '-p', $node->port);
$node->safe_psql('postgres', 'CREATE DATABASE desk');
$node->safe_psql('desk', "SET client_min_messages = error; $service_desk $checks CREATE INDEX ticket_prio ON ticket (prio);");
$node->safe_psql('desk', <<'END');
INSERT INTO ticket SELECT n, 'new', 'Grüße ' || n, 1 + n % 5, 'bob' FROM generate_series(1, 200) n;
UPDATE ticket SET status = 'work' WHERE id % 2 = 0;
DELETE FROM ticket WHERE id % 50 = 0;
SELECT itsm.seal();
END
my $digest = $node->safe_psql('desk', 'SELECT itsm.digest()');

# All is whole, the chain goes on, and writes are judged.
sub check_whole
{
	my ($database, $what, $at, $fits) = @_;
	$at //= $node;
	is($at->safe_psql($database, $fits // 1 ? "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok" : $verify), '', "$what: verify finds nothing");
	is($at->safe_psql($database, 'SELECT * FROM checks.chain_faults() UNION ALL SELECT * FROM checks.row_faults()'), '', "$what: all is whole");
	my (undef, undef, $error) = $at->psql($database, q{UPDATE ticket SET status = 'closed' WHERE id = 2});
	like($error, qr/transition from "work" to "closed"/, "$what: writes are judged");
	$at->safe_psql($database, q{UPDATE ticket SET title = title || '.' WHERE id = 4});
	is($at->safe_psql($database, q{SELECT changes->'title'->>'to' = (SELECT title FROM ticket WHERE id = 4) FROM itsm.history('ticket', '4') ORDER BY version DESC LIMIT 1}), 't', "$what: and remembered");
}

# Rewritten: the application's table, and every table of ours.
$node->safe_psql('desk', 'VACUUM FULL ticket; CLUSTER ticket USING ticket_prio; VACUUM FULL');
check_whole('desk', 'VACUUM FULL');
$node->safe_psql('desk', $_) foreach split /\n/, $node->safe_psql('desk', q{SELECT format('CLUSTER %s USING %I', indrelid::regclass, c.relname) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
	JOIN pg_class t ON t.oid = indrelid WHERE indisprimary AND t.relkind = 'r' AND t.relnamespace = 'itsm'::regnamespace});
check_whole('desk', 'CLUSTER');
$node->safe_psql('desk', 'REINDEX DATABASE desk');
check_whole('desk', 'REINDEX');
my $repack = $node->config_data('--bindir') . '/pg_repack';
SKIP:
{
	skip 'no pg_repack', 13 unless -x $repack && $node->psql('desk', 'CREATE EXTENSION pg_repack') == 0;
	my ($out, $error);
	ok(IPC::Run::run([ $repack, @connect, '-d', 'desk', '-t', 'ticket' ], '>', \$out, '2>', \$error), 'pg_repack of an attached table') or diag($error);
	check_whole('desk', 'pg_repack of an attached table');
	my $file_of = q{SELECT pg_relation_filenode('itsm.record')};
	my $before = $node->safe_psql('desk', $file_of);
	ok(IPC::Run::run([ $repack, @connect, '-d', 'desk', '-t', 'itsm.record', '-t', 'itsm.record_state' ], '>', \$out, '2>', \$error), 'pg_repack of tables of ours') or diag($error);
	isnt($node->safe_psql('desk', $file_of), $before, 'they are other files');
	check_whole('desk', 'pg_repack of tables of ours');
	is($node->safe_psql('desk', q{SELECT count(*) FROM pg_trigger WHERE tgname = 'repack_trigger'}), 0, 'pg_repack leaves no trigger');
	$node->safe_psql('desk', 'DROP EXTENSION pg_repack');
}

# Restored under another owner, and in another encoding.
my $file = PostgreSQL::Test::Utils::tempdir() . '/dump';
command_ok([ 'pg_dump', @connect, '-Fc', '-f', $file, 'desk' ], 'dumped');
$node->safe_psql('postgres', q{CREATE ROLE other SUPERUSER LOGIN; CREATE DATABASE others OWNER other TEMPLATE template0; CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0});
command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', @connect, '-U', 'other', '-d', 'others', $file ], 'restored under another owner');
is($node->safe_psql('others', q{SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE tablename = 'ticket'}), 'other', 'it is theirs');
check_whole('others', 'another owner');
command_ok([ 'pg_restore', '--exit-on-error', @connect, '-d', 'latin', $file ], 'restored in another encoding');
is($node->safe_psql('latin', q{SELECT octet_length(title) FROM ticket WHERE id = 1}), 7, 'it is another one');
is($node->safe_psql('latin', q{SELECT changes->'title'->>'to' = (SELECT title FROM ticket WHERE id = 1) FROM itsm.history('ticket', '1') WHERE version = 1}), 't', 'the values of history are those of the rows');
check_whole('latin', 'another encoding');

# Dropped and installed again: the tables stay, and history begins anew beside what was exported.
$node->safe_psql('desk', q{SET client_min_messages = error; CALL itsm.export_history('kept'); SELECT itsm.detach('ticket'); DROP SCHEMA checks CASCADE; DROP EXTENSION itsm});
$node->safe_psql('desk', q{UPDATE ticket SET status = 'closed' WHERE id = 1});
is($node->safe_psql('desk', q{SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('itsm', 'itsm_report')}), 0, 'dropped: nothing is left');
(my $again = $service_desk) =~ s/CREATE TABLE ticket[^;]*;//;
$node->safe_psql('desk', "SET client_min_messages = error; $again $checks");
$node->safe_psql('desk', 'SET client_min_messages = error; CALL itsm.backfill(1)');
check_whole('desk', 'installed again', $node, 0);
cmp_ok($node->safe_psql('desk', 'SELECT count(*) FROM kept.event'), '>', 250, 'and what was exported is still there');
$node->stop;

# Two databases, each with its tenant's rows, replicate rows and history to each other.
my @pair = map { PostgreSQL::Test::Cluster->new("pair$_") } 1, 2;
foreach my $number (1, 2)
{
	my $one = $pair[ $number - 1 ];
	$one->init(allows_streaming => 'logical');
	$one->append_conf('postgresql.conf', "shared_preload_libraries = 'itsm'\nitsm.cell = $number\n");
	$one->start;
	$one->safe_psql('postgres', "SET client_min_messages = error; " . $service_desk =~ s/id bigint PRIMARY KEY/tenant text, id bigint, PRIMARY KEY (id, tenant)/r =~ s/track =>/tenant => 'tenant', track =>/r . $checks);
	my $tables = join ', ', map { "$_ WHERE (tenant = 'tenant $number')" } qw(ticket itsm.record itsm.record_state itsm.event itsm.violation);
	$one->safe_psql('postgres', "CREATE PUBLICATION own FOR TABLE $tables WITH (publish_via_partition_root = true)");
}
foreach my $number (1, 2)
{
	my $other = $pair[ 2 - $number ];
	$pair[ $number - 1 ]->safe_psql('postgres', "CREATE SUBSCRIPTION from_" . (3 - $number) . " CONNECTION '" . $other->connstr('postgres') =~ s/'/''/gr . "' PUBLICATION own");
	$pair[ $number - 1 ]->wait_for_subscription_sync($other, 'from_' . (3 - $number));
}
foreach my $number (1, 2)
{
	$pair[ $number - 1 ]->safe_psql('postgres', "INSERT INTO ticket (tenant, id, status, title, prio) SELECT 'tenant $number', n, 'new', 't', 1 FROM generate_series(1, 20) n;
		UPDATE ticket SET status = 'work' WHERE id % 2 = 0 AND tenant = 'tenant $number'; DELETE FROM ticket WHERE id = 20 AND tenant = 'tenant $number'");
}
$pair[ 2 - $_ ]->wait_for_catchup("from_" . (3 - $_)) foreach 1, 2;
my $seen = q{SELECT (SELECT count(*) FROM ticket), (SELECT count(*) FROM itsm.record WHERE source > 0), (SELECT count(*) FROM itsm.event WHERE tenant <> ''), (SELECT md5(string_agg(concat(record, version, hash), ' ' ORDER BY record, version)) FROM itsm.event WHERE tenant <> '')};
is($pair[0]->safe_psql('postgres', $seen), $pair[1]->safe_psql('postgres', $seen), 'both ways: the same rows and history in both');
like($pair[0]->safe_psql('postgres', $seen), qr/^38\|40\|62\|/, 'both ways: all of it, once');
foreach my $one (@pair)
{
	is($one->safe_psql('postgres', $verify), '', $one->name . ': verify finds nothing');
	is($one->safe_psql('postgres', 'SELECT itsm.seal() = count(*) FROM itsm.event'), 't', $one->name . ': all can be sealed');
	my (undef, undef, $error) = $one->psql('postgres', q{UPDATE ticket SET status = 'closed' WHERE id = 2 AND tenant = 'tenant } . substr($one->name, 4) . q{'});
	like($error, qr/transition from "work" to "closed"/, $one->name . ': its own writes are judged');
}
$_->stop foreach @pair;
done_testing();
