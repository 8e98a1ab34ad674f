#!/usr/bin/env perl
#
# The server is killed under load and started again: every record's head is its last
# event, versions have no gaps, hashes hold, and rows and records agree.

use strict;
use warnings;
use IPC::Run ();
use ItsmTest qw($service_desk $checks $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
# checkpoints in the middle, pages written while their events are open
$node->append_conf('postgresql.conf', "shared_buffers = '4MB'\nmax_wal_size = '32MB'\ncheckpoint_timeout = '30s'\nbgwriter_delay = 10\nrestart_after_crash = on\nfull_page_writes = on\nautovacuum_naptime = '1s'\n");
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk $checks");
$node->safe_psql('postgres', q{INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1 + n % 5 FROM generate_series(1, 500) n; CREATE SEQUENCE fresh START 1000});

my $script = PostgreSQL::Test::Utils::tempdir() . '/load';
PostgreSQL::Test::Utils::append_to_file($script, <<'END');
\set id random(1, 500)
\set kind random(1, 10)
BEGIN;
UPDATE ticket SET status = CASE status WHEN 'new' THEN 'work' WHEN 'work' THEN 'resolved' WHEN 'resolved' THEN 'work' ELSE status END,
	title = repeat(md5(:id::text), 1 + :id % 100), prio = 1 + :kind % 5 WHERE id = :id;
\if :kind = 1
SAVEPOINT s;
DELETE FROM ticket WHERE id = :id;
ROLLBACK TO s;
\endif
INSERT INTO ticket VALUES (nextval('fresh'), 'new', 'fresh', :kind % 5 + 1);
\if :kind = 2
DELETE FROM ticket WHERE id = currval('fresh');
\endif
\if :kind = 3
UPDATE ticket SET id = -id WHERE id = currval('fresh');
\endif
COMMIT;
END

my $events = 0;
# ITSM_CRASH_ROUNDS: how often
foreach my $round (1 .. $ENV{ITSM_CRASH_ROUNDS} // 3)
{
	my $out = '';
	my $load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-c', 4, '-j', 2, '-T', 60, 'postgres' ], '>', \$out, '2>&1');
	sleep(1.5 + $round % 4 * 0.7);
	$node->stop('immediate');
	$load->finish;
	$node->start;
	my $now = $node->safe_psql('postgres', 'SELECT count(*) FROM itsm.event');
	cmp_ok($now, '>', $events + 100, "round $round: there was load");
	$events = $now;
	is($node->safe_psql('postgres', 'SELECT * FROM checks.chain_faults()'), '', "round $round: chains are whole");
	is($node->safe_psql('postgres', 'SELECT * FROM checks.row_faults()'), '', "round $round: records fit their rows");
	is($node->safe_psql('postgres', $verify), '', "round $round: verify finds nothing");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM ticket t WHERE NOT EXISTS (SELECT FROM itsm.record r WHERE r.key = t.id::text)}), '0', 'every row has its record');

# One backend killed: the others are thrown out, and nothing is half written.
my $out = '';
my $load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-c', 4, '-T', 60, 'postgres' ], '>', \$out, '2>&1');
sleep 2;
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1});
kill 'KILL', $pid;
$load->finish;
$node->poll_query_until('postgres', 'SELECT true');
is($node->safe_psql('postgres', 'SELECT * FROM checks.chain_faults() UNION ALL SELECT * FROM checks.row_faults()'), '', 'a killed backend leaves nothing half written');
is($node->safe_psql('postgres', $verify), '', 'and verify finds nothing');

# A prepared transaction survives, with its events.
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 5');
$node->restart;
$node->safe_psql('postgres', q{BEGIN; INSERT INTO ticket VALUES (900000, 'new', 'prepared', 1); UPDATE ticket SET status = 'work' WHERE id = 900000; PREPARE TRANSACTION 'p'});
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', q{SELECT count(*) FROM itsm.record WHERE key = '900000'}), '0', 'prepared: not seen yet');
$node->safe_psql('postgres', q{COMMIT PREPARED 'p'});
is($node->safe_psql('postgres', q{SELECT version FROM itsm.record WHERE key = '900000'}), '2', 'prepared: there with its events');
is($node->safe_psql('postgres', 'SELECT * FROM checks.chain_faults() UNION ALL SELECT * FROM checks.row_faults()'), '', 'prepared: all is whole');
is($node->safe_psql('postgres', $verify), '', 'prepared: verify finds nothing');

# While others write, nothing is taken for a fault.
$load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-c', 4, '-T', 4, 'postgres' ], '>', \$out, '2>&1');
my ($checked, $found) = (0, '');
while ($load->pumpable)
{
	$found .= $node->safe_psql('postgres', $verify);
	$checked++;
	$load->pump_nb;
}
$load->finish;
cmp_ok($checked, '>', 2, "verified $checked times under load");
is($found, '', 'verify finds nothing while others write');

# Values whose out-of-line parts are lost are told, not raised.
$node->safe_psql('postgres', q{INSERT INTO ticket VALUES (800000, 'new', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 3000) n), 1)});
my ($partition, $file) = split /\|/, $node->safe_psql('postgres',
	q{SELECT e.tableoid::regclass, pg_relation_filepath(c.reltoastrelid) FROM itsm.event e JOIN pg_class c ON c.oid = e.tableoid WHERE e.record = itsm.record_id('ticket', '800000')});
$node->stop;
open my $toast, '+<:raw', $node->data_dir . "/$file" or die "$file: $!";
print $toast "\0" x (-s $toast);
close $toast;
$node->start;
like($node->safe_psql('postgres', $verify), qr/^chain\|record \d+ version 1 \(public.ticket 800000\)\|the event cannot be read: missing chunk number 0 for toast value/m, 'lost values are told');

$node->stop;
done_testing();
