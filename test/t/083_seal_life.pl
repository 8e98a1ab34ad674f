#!/usr/bin/env perl
#
# Sealing while others write, killed in the middle, by two at once, behind prepared and long
# transactions, after dump and restore, on a standby and after its promotion.

use strict;
use warnings;
use IPC::Run ();
use ItsmTest qw($service_desk $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = PostgreSQL::Test::Cluster->new('seal');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\nrestart_after_crash = on\nautovacuum_naptime = '1s'\nautovacuum_vacuum_insert_scale_factor = 0\nautovacuum_vacuum_insert_threshold = 500\nautovacuum_analyze_threshold = 1000000000\n");
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk");
$node->safe_psql('postgres', <<'END');
CREATE TABLE shop (id int PRIMARY KEY, status text, owner text);
SELECT itsm.attach('shop', 'desk', 'status', tenant => 'owner');
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1 FROM generate_series(1, 500) n;
INSERT INTO shop SELECT n, 'new', 'tenant ' || n % 3 FROM generate_series(1, 100) n;
CREATE SEQUENCE fresh START 1000;
END

# What must hold whenever nobody seals: every leaf is an event, by plain SQL, and verify agrees.
my $leaves = q{SELECT count(*) FROM itsm.seal_head h WHERE h.seal = (SELECT max(seal) FROM itsm.seal_head x WHERE x.tenant = h.tenant) AND h.root IS DISTINCT FROM itsm.merkle_root((
	SELECT array_agg(int8send(e.record) || int8send(e.version) || e.hash ORDER BY r.leaf + e.version - r.version) FROM itsm.seal_run r JOIN itsm.event e ON (e.record, e.tenant) = (r.record, r.tenant)
		AND e.version >= r.version AND e.version < r.version + r.events WHERE r.tenant = h.tenant))};
my $unsealed = q{SELECT count(*) FROM itsm.event e WHERE NOT EXISTS (SELECT FROM itsm.seal_run r WHERE (e.record, e.tenant) = (r.record, r.tenant) AND e.version >= r.version AND e.version < r.version + r.events)};
sub whole
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, $leaves), '0', "$what: the roots are those of the events");
	is($node->safe_psql($database, $verify), '', "$what: verify finds nothing");
	return;
}

is($node->safe_psql('postgres', 'SELECT itsm.seal() = (SELECT count(*) FROM itsm.event)'), 't', 'all is sealed');
is($node->safe_psql('postgres', 'SELECT itsm.seal(); SELECT count(*) FROM itsm.seal'), $node->safe_psql('postgres', 'SELECT size FROM itsm.seal') . "\n1", 'nothing new is no seal');
whole('postgres', 'at first');

# Four writers, two sealers of which one goes in small steps, autovacuum.
my $script = PostgreSQL::Test::Utils::tempdir() . '/load';
PostgreSQL::Test::Utils::append_to_file($script, <<'END');
\set id random(1, 500)
\set kind random(1, 10)
BEGIN;
UPDATE ticket SET status = CASE status WHEN 'new' THEN 'work' WHEN 'work' THEN 'resolved' WHEN 'resolved' THEN 'work' ELSE status END,
	title = repeat(md5(:id::text), 1 + :id % 60), prio = 1 + :kind % 5 WHERE id = :id;
\if :kind = 1
SAVEPOINT s;
DELETE FROM ticket WHERE id = :id;
ROLLBACK TO s;
\endif
INSERT INTO ticket VALUES (nextval('fresh'), 'new', 'fresh', :kind % 5 + 1);
UPDATE shop SET status = CASE status WHEN 'new' THEN 'work' ELSE 'new' END WHERE id = 1 + :id % 100;
\if :kind = 2
ROLLBACK;
\else
COMMIT;
\endif
END
my $sealing = "$script.seal";
PostgreSQL::Test::Utils::append_to_file($sealing, "SELECT itsm.seal(20);\nSELECT itsm.seal();\n\\sleep 20 ms\n");
my @bench = ('pgbench', '-n', '-h', $node->host, '-p', $node->port);
my ($out, $ignored) = ('', '');
my $load = IPC::Run::start([ @bench, '-f', $script, '-c', 4, '-j', 2, '-T', 6, 'postgres' ], '>', \$out, '2>&1');
my $sealers = IPC::Run::start([ @bench, '-f', $sealing, '-c', 2, '-j', 2, '-T', 6, 'postgres' ], '>', \my $seals, '2>&1');
my ($found, $checked) = ('', 0);
while ($load->pumpable)
{
	$found .= $node->safe_psql('postgres', $verify);
	$checked++;
	$load->pump_nb;
}
$load->finish;
$sealers->finish;
unlike($out . $seals, qr/ERROR|aborted/, 'neither writers nor sealers fail');
is($found, '', "verify found nothing, $checked times, meanwhile");
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM itsm.seal WHERE events > 0'), '>', 20, 'there were many seals');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM itsm.seal WHERE rest_partition IS NOT NULL'), '>', 5, 'some of which left a rest');
$node->safe_psql('postgres', 'SELECT itsm.seal()');
is($node->safe_psql('postgres', $unsealed), '0', 'no event is left out');
whole('postgres', 'after load');

# A writer waits for no sealer, nor a sealer for a writer; a sealer waits for a sealer.
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{BEGIN; UPDATE ticket SET title = 'held' WHERE id = 3});
my $before = $node->safe_psql('postgres', 'SELECT size FROM itsm.seal ORDER BY seal DESC LIMIT 1');
$node->safe_psql('postgres', q{UPDATE ticket SET title = 'behind it' WHERE id = 4});
is($node->safe_psql('postgres', "SET lock_timeout = '5s'; SELECT itsm.seal()"), $before, 'what began after an open transaction waits for it');
$holder->query_safe('COMMIT');
is($node->safe_psql('postgres', 'SELECT itsm.seal()'), $before + 2, 'and is sealed after it');
$node->safe_psql('postgres', q{UPDATE ticket SET title = 'once more' WHERE id = 4});
$holder->query_safe('BEGIN; SELECT itsm.seal()');
$node->safe_psql('postgres', q{SET lock_timeout = '5s'; UPDATE ticket SET title = 'while sealing' WHERE id = 3; INSERT INTO ticket VALUES (900001, 'new', 'while sealing', 1)});
(undef, undef, my $error) = $node->psql('postgres', "SET lock_timeout = '100ms'; SELECT itsm.seal()");
like($error, qr/lock timeout/, 'a second sealer waits for the first one');
$holder->query_safe('ROLLBACK');
is($node->safe_psql('postgres', 'SELECT itsm.seal()'), $before + 5, 'what was rolled back is sealed again');
$holder->quit;
$node->safe_psql('postgres', q{BEGIN; UPDATE ticket SET title = 'prepared' WHERE id = 5; PREPARE TRANSACTION 'p'});
$node->safe_psql('postgres', q{UPDATE ticket SET title = 'after it' WHERE id = 6});
is($node->safe_psql('postgres', 'SELECT itsm.seal()'), $before + 5, 'a prepared transaction holds back');
$node->safe_psql('postgres', q{COMMIT PREPARED 'p'});
is($node->safe_psql('postgres', 'SELECT itsm.seal()'), $before + 7, 'until it is committed');
whole('postgres', 'after waiting');

# Killed in the middle, several times.
foreach my $round (1 .. 3)
{
	$node->safe_psql('postgres', "UPDATE ticket SET title = 'round $round'");
	$sealers = IPC::Run::start([ @bench, '-f', $sealing, '-c', 2, '-T', 30, 'postgres' ], '>', \$ignored, '2>&1');
	$load = IPC::Run::start([ @bench, '-f', $script, '-c', 2, '-T', 30, 'postgres' ], '>', \$ignored, '2>&1');
	sleep(0.3 * $round);
	if ($round == 2)
	{
		my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%itsm.seal(%' AND pid <> pg_backend_pid() LIMIT 1});
		kill 'KILL', $pid;
		$sealers->finish;
		$load->finish;
		$node->poll_query_until('postgres', 'SELECT true');
	}
	else
	{
		$node->stop('immediate');
		$sealers->finish;
		$load->finish;
		$node->start;
	}
	$node->safe_psql('postgres', 'SELECT itsm.seal(300); SELECT itsm.seal()');
	is($node->safe_psql('postgres', $unsealed), '0', "kill $round: no event is left out");
	whole('postgres', "kill $round");
}

# Events that move to another partition, and a partition that is rewritten, between two parts of a seal.
$node->safe_psql('postgres', q{SET itsm.maintenance = on; SET client_min_messages = error; DO $$ DECLARE name text := to_char(now() AT TIME ZONE 'UTC', '"event_"YYYY_MM'); BEGIN
	EXECUTE format('ALTER TABLE itsm.event DETACH PARTITION itsm.%I', name);
	EXECUTE format('INSERT INTO itsm.event_default SELECT * FROM itsm.%I', name);
	EXECUTE format('DROP TABLE itsm.%I', name);
END $$});
is($node->safe_psql('postgres', $unsealed), '0', 'events moved by hand are sealed');
$node->safe_psql('postgres', q{UPDATE ticket SET title = 'before the move'; SELECT itsm.seal(100)});
$node->safe_psql('postgres', q{SELECT itsm.make_partitions()});
$node->safe_psql('postgres', q{SELECT itsm.seal(100)});
$node->safe_psql('postgres', q{DO $$ BEGIN EXECUTE format('VACUUM FULL itsm.%I', to_char(now() AT TIME ZONE 'UTC', '"event_"YYYY_MM')); EXCEPTION WHEN OTHERS THEN END $$});
$node->safe_psql('postgres', q{VACUUM FULL itsm.event});
$node->safe_psql('postgres', q{SELECT itsm.seal()});
is($node->safe_psql('postgres', $unsealed), '0', 'moved and rewritten: no event is left out');
whole('postgres', 'moved and rewritten');
is($node->safe_psql('postgres', 'SELECT itsm.seal(NULL, true); SELECT count(*) FROM itsm.event'), join("\n", ($node->safe_psql('postgres', 'SELECT count(*) FROM itsm.event')) x 2), 'a thorough seal finds nothing new');

# Dump and restore; sealing goes on, also where a seal had left a rest.
my $digest = $node->safe_psql('postgres', 'SELECT itsm.digest()');
$node->safe_psql('postgres', q{UPDATE ticket SET title = 'not sealed in the dump' WHERE id < 400; SELECT itsm.seal(50)});
my $directory = PostgreSQL::Test::Utils::tempdir();
command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fd', '-f', "$directory/dump", 'postgres' ], 'dump');
my $other = PostgreSQL::Test::Cluster->new('restored');
$other->init;
$other->start;
foreach my $to ($node, $other)
{
	my $what = $to == $node ? 'restored beside it' : 'restored elsewhere';
	$to->safe_psql('postgres', 'CREATE DATABASE again TEMPLATE template0');
	command_ok([ 'pg_restore', '--exit-on-error', '--jobs=2', '-h', $to->host, '-p', $to->port, '-d', 'again', "$directory/dump" ], $what);
	is($to->safe_psql('again', $verify), '', "$what: verify finds nothing");
	$to->safe_psql('again', q{SELECT itsm.seal(10)}) if $to == $other;
	$to->safe_psql('again', q{INSERT INTO ticket VALUES (800000, 'new', 'restored', 1); SELECT itsm.seal()});
	is($to->safe_psql('again', $unsealed), '0', "$what: sealing goes on, and leaves nothing out");
	is($to->safe_psql('again', "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok"), '', "$what: the digest from before fits");
	is($to->safe_psql('again', $leaves), '0', "$what: the roots are those of the events");
	$to->safe_psql('again', q{UPDATE ticket SET title = 'and on' WHERE id < 9; SELECT itsm.seal()});
	is($to->safe_psql('again', 'SELECT thorough FROM itsm.seal ORDER BY seal DESC LIMIT 1'), 'f', "$what: without looking at everything again");
	is($to->safe_psql('again', $verify), '', "$what: and verify finds nothing");
}
$other->stop;

# A standby reads; promoted, it goes on.
$node->safe_psql('postgres', 'SELECT itsm.seal()');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{UPDATE ticket SET title = 'to the standby' WHERE id < 300; SELECT itsm.seal(); UPDATE ticket SET title = 'not sealed' WHERE id < 20});
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));
$digest = $node->safe_psql('postgres', 'SELECT itsm.digest()');
is($standby->safe_psql('postgres', 'SELECT itsm.digest()'), $digest, 'standby: the same digest');
is($standby->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok"), '', 'standby: verify finds nothing');
is($standby->safe_psql('postgres', q{SELECT bool_and(itsm.verify_inclusion(l.leaf_hash, l.leaf_index, l.tree_size, itsm.inclusion_proof(e.record, e.version), l.root)) FROM itsm.event e CROSS JOIN LATERAL itsm.sealed_leaf(e.record, e.version) l WHERE e.record < 50 AND e.version < 3}), 't', 'standby: proofs');
(undef, undef, $error) = $standby->psql('postgres', 'SELECT itsm.seal()');
like($error, qr/cannot execute itsm.seal\(\) (?:during recovery|in a read-only transaction)/, 'standby: no seal');
$node->stop('immediate');
$standby->promote;
$node = $standby;
$node->safe_psql('postgres', q{UPDATE ticket SET title = 'promoted' WHERE id < 5; SELECT itsm.seal()});
is($node->safe_psql('postgres', $unsealed), '0', 'promoted: no event is left out');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT timeline) FROM itsm.seal'), '2', 'promoted: timelines are told apart');
is($node->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok"), '', 'promoted: the digest from before fits');
whole('postgres', 'promoted');

$node->stop;
done_testing();
