#!/usr/bin/env perl
#
# Reconciliation over time: batches that are cut short again and again end right, a session
# does not grow with the items, a standby answers dry runs, and what was kept survives a dump:
# afterwards nothing is new and nothing has to be done again.

use strict;
use warnings;
use ItsmTest qw($verify fingerprint rss);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $items = 30_000;
my $node = PostgreSQL::Test::Cluster->new('reconcile');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "shared_buffers = '256MB'\nmax_wal_size = '4GB'\njit = off\n");
$node->start;
$node->backup('base');
$node->safe_psql('postgres', <<"END");
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "box", "process": "configuration_item", "attributes": {"class": "text", "serial": "text", "title": "text", "owner": "text", "cpus": "integer"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE box (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, status text NOT NULL DEFAULT 'live', serial text, name text, owner text, cpus integer);
SELECT itsm.define_class('box');
SELECT itsm.define_identification_rule('box', 1, '{serial}');
SELECT itsm.define_source_precedence('box', '{agent,scan}', stale_after => '{1 day,NULL}');
SELECT itsm.define_class_policy('box', '30 days', '1 year');
SELECT itsm.define_desired_state('box', 'cpus', '{4,8}');
SELECT itsm.attach('box', 'box', 'status', mode => 'enforce', attributes => '{"class": "''box''", "serial": "serial", "title": "name", "owner": "owner", "cpus": "cpus"}');
INSERT INTO box (serial, name) SELECT 'S' || i, 'box ' || i FROM generate_series(1, $items / 2) i;
CREATE TABLE found (id bigint PRIMARY KEY, item jsonb);
INSERT INTO found SELECT i, jsonb_build_object('serial', 'S' || i, 'title', 'box ' || i, 'cpus', 1 + i % 8) FROM generate_series(1, $items) i;
VACUUM ANALYZE;
END

# Cut short, and gone on with.
my ($tries, $finished) = (0, '');
while ($finished ne 't' && $tries++ < 200) {
	# ever more time, so that a slow machine gets there, too
	my $timeout = 500 + 25 * $tries;
	$node->psql('postgres', qq{SET client_min_messages = error; SET statement_timeout = $timeout; CALL itsm.reconcile_batches('scan', 'box', 'found', 500, apply => true, relation => 'box')});
	$finished = $node->safe_psql('postgres', 'SELECT finished FROM itsm.reconciliation_progress');
}
cmp_ok($tries, '>', 1, "it was cut short: $tries tries");
is($node->safe_psql('postgres', 'SELECT items, matched + unchanged, created, unresolved, finished FROM itsm.reconciliation_progress'), join('|', $items, $items / 2, $items / 2, 0, 't'), 'all items were taken in, each once');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT serial), count(*) FILTER (WHERE cpus = 1 + substr(serial, 2)::int % 8) FROM box'), "$items|$items|$items", 'and each is one row, as the source says');
is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT record) FROM itsm.source_item WHERE outcome = 'matched' AND findings IS NULL}), "$items|$items", 'and one record');

# A session that goes on.
my $memory = $node->safe_psql('postgres', <<'END');
CREATE FUNCTION grown() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts $$;
SET client_min_messages = error;
CALL itsm.reconcile_batches('scan', 'box', 'found', 5000);
CREATE TEMP TABLE size AS SELECT grown() AS before;
CALL itsm.reconcile_batches('scan', 'box', 'found', 5000);
UPDATE found SET item = item || '{"owner": "ann"}' WHERE id <= 5000;
CALL itsm.reconcile_batches('scan', 'box', 'found', 5000, apply => true);
SELECT grown() - before FROM size;
END
cmp_ok($memory, '<', 2_000_000, "a session grows by $memory bytes over 60,000 items");

# A standby, and a dump.
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
my $dry = q{SELECT action, attribute, current_value, value FROM itsm.reconcile('agent', 'box', '[{"serial": "S1", "cpus": 16}, {"serial": "T1"}]', dry_run => true)};
is($standby->safe_psql('postgres', $dry), "matched|||\nupdate|cpus|2|16\nnew|||", 'a standby answers a dry run');
is($standby->safe_psql('postgres', 'SELECT cis FROM itsm_report.cmdb_health'), $items, 'and tells of health');
$standby->stop;

$node->safe_psql('postgres', q{SELECT itsm.reconcile('agent', 'box', '[{"serial": "S1", "cpus": 16}, {"serial": "T1"}, {"title": "nameless"}]')});
$node->safe_psql('postgres', q{BEGIN; SELECT itsm.act_as('ann'); SELECT itsm.certify_ci('box', '1', 'looked at'); COMMIT});
my $before = $node->safe_psql('postgres', fingerprint());
my $health = $node->safe_psql('postgres', 'SELECT * FROM itsm_report.cmdb_health');
my $findings = $node->safe_psql('postgres', 'SELECT * FROM itsm_report.reconciliation_finding ORDER BY 1, 2, 5, 6, 7');
like($findings, qr/\|update\|cpus\|2\|16\|agent/, 'what is left to do is known');
my $dump = $node->basedir . '/dump';
$node->command_ok(['pg_dump', '-Fd', '-j2', '-f', $dump, $node->connstr('postgres')], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok(['pg_restore', '-j2', '-d', $node->connstr('restored'), $dump], 'restored');
is($node->safe_psql('restored', fingerprint()), $before, 'all that was kept is there again');
is($node->safe_psql('restored', 'SELECT * FROM itsm_report.cmdb_health'), $health, 'health is the same');
is($node->safe_psql('restored', 'SELECT * FROM itsm_report.reconciliation_finding ORDER BY 1, 2, 5, 6, 7'), $findings, 'what is left to do, too');
$node->safe_psql('restored', q{SET client_min_messages = error; CALL itsm.reconcile_batches('scan', 'box', 'found')});
is($node->safe_psql('restored', 'SELECT items, unchanged FROM itsm.reconciliation_progress'), "$items|" . ($items - 1), 'nothing is to be done again but what the certification touched');
is($node->safe_psql('restored', $verify), '', 'history is whole');
$node->stop;
done_testing();
