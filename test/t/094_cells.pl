#!/usr/bin/env perl
#
# Three cells, each a cluster of its own with its tenants: a hub that reads their reports
# through postgres_fdw, a warehouse that gets records and events of some tenants by filtered
# logical replication, one digest over all, and a standby that serves every view meanwhile.

use strict;
use warnings;
use IPC::Run ();
use ItsmTest qw($checks $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $incident = <<'END';
CREATE EXTENSION itsm;
CREATE TABLE ticket (id bigint PRIMARY KEY, tenant text NOT NULL, status text NOT NULL, title text, prio int) WITH (fillfactor = 80);
SELECT itsm.attach('ticket', 'incident', 'status', mode => 'observe', tenant => 'tenant', attributes => '{"title": "title", "priority": "prio"}');
CREATE ROLE bi LOGIN;
GRANT USAGE ON SCHEMA itsm_report TO bi;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO bi;
END
my @tenants = ([ 'acme', 'bolt' ], ['coil'], [ 'dent', 'edge' ]);
my @cells;
foreach my $number (1 .. 3)
{
	my $cell = PostgreSQL::Test::Cluster->new("cell$number");
	$cell->init(allows_streaming => 'logical');
	$cell->append_conf('postgresql.conf', "shared_preload_libraries = 'itsm'\nitsm.cell = $number\nautovacuum = off\nmax_wal_senders = 10\nmax_replication_slots = 10\n");
	$cell->start;
	$cell->safe_psql('postgres', "SET client_min_messages = error; $incident $checks");
	foreach my $tenant (@{ $tenants[ $number - 1 ] })
	{
		$cell->safe_psql('postgres', "INSERT INTO ticket SELECT 1000 * ascii('$tenant') + n, '$tenant', 'new', '$tenant ' || n, 1 + n % 5 FROM generate_series(1, 20 * $number) n;
			UPDATE ticket SET status = 'in_progress' WHERE id % 2 = 0 AND tenant = '$tenant'");
	}
	push @cells, $cell;
}
sub connection
{
	my ($cell) = @_;
	return $cell->connstr('postgres') =~ s/'/''/gr;
}

# Records' numbers carry the cell.
is($cells[$_]->safe_psql('postgres', 'SELECT count(*), min(id >> 48), max(id >> 48) FROM itsm.record'),
	($cells[$_]->safe_psql('postgres', 'SELECT count(*) FROM itsm.record')) . '|' . ($_ + 1) . '|' . ($_ + 1), 'cell ' . ($_ + 1) . ': its number is in the records\'') foreach 0 .. 2;

# The hub: views of the cells, and over them views of all.
my $hub = PostgreSQL::Test::Cluster->new('hub');
$hub->init;
$hub->start;
$hub->safe_psql('postgres', 'CREATE EXTENSION postgres_fdw; CREATE SCHEMA report');
foreach my $number (1 .. 3)
{
	my $cell = $cells[ $number - 1 ];
	$hub->safe_psql('postgres', "CREATE SERVER cell$number FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '" . $cell->host . "', port '" . $cell->port . "', dbname 'postgres');
		CREATE USER MAPPING FOR CURRENT_USER SERVER cell$number OPTIONS (user 'bi', password_required 'false');
		CREATE SCHEMA cell$number;
		IMPORT FOREIGN SCHEMA itsm_report FROM SERVER cell$number INTO cell$number");
}
is($hub->safe_psql('postgres', q{SELECT count(*) FROM information_schema.foreign_tables WHERE foreign_table_schema = 'cell1'}),
	$cells[0]->safe_psql('postgres', q{SELECT count(*) FROM pg_views WHERE schemaname = 'itsm_report'}), 'hub: every view is imported');
foreach my $view (qw(incident incident_monthly transition ledger_status attachment_health))
{
	$hub->safe_psql('postgres', "CREATE VIEW report.$view AS " . join ' UNION ALL ', map { "SELECT $_ AS cell, v.* FROM cell$_.$view v" } 1 .. 3);
}
is($hub->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', cell, tenant, n), ', ' ORDER BY cell, tenant) FROM (SELECT cell, tenant, count(*) AS n FROM report.incident GROUP BY 1, 2) x}),
	'1 acme 20, 1 bolt 20, 2 coil 40, 3 dent 60, 3 edge 60', 'hub: the incidents of all cells');
is($hub->safe_psql('postgres', q{SELECT sum(opened) FROM report.incident_monthly}), 200, 'hub: counted by month');

# Filters go to the cells: by tenant, state, month and day; aggregates too.
foreach my $case (
	[ q{SELECT * FROM report.incident WHERE tenant = 'coil'}, qr/WHERE \(\(tenant = 'coil'/ ],
	[ q{SELECT * FROM report.incident WHERE opened_month = '2026-05-01 00:00+00' AND state = 'new'}, qr/opened_month = .*state = 'new'|state = 'new'.*opened_month = / ],
	[ q{SELECT * FROM report.incident WHERE opened_day >= '2026-05-01 00:00+00' AND priority < 3}, qr/opened_day >= .*priority < 3|priority < 3.*opened_day >= / ],
	[ q{SELECT * FROM report.transition WHERE tenant = 'dent' AND to_state = 'in_progress'}, qr/WHERE.*to_state = 'in_progress'/ ],
	[ q{SELECT * FROM report.incident_monthly WHERE month >= '2026-01-01 00:00+00'}, qr/WHERE \(\(month >= / ],
	[ q{SELECT count(*) FROM cell2.incident WHERE priority = 1}, qr/SELECT count\(\*\) FROM itsm_report.incident WHERE \(\(priority = 1\)\)/ ])
{
	my ($sql, $pattern) = @$case;
	my @remote = grep { /Remote SQL/ } split /\n/, $hub->safe_psql('postgres', "EXPLAIN (VERBOSE, COSTS OFF) $sql");
	is(scalar(grep { /$pattern/ } @remote), scalar @remote, "hub: filters go to the cells: $sql") or diag(join "\n", @remote);
}
# and in the cell to the index of the month
like($cells[2]->safe_psql('postgres', q{SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT * FROM itsm_report.incident WHERE opened_month = '2026-05-01 00:00+00'}),
	qr/Index (Cond|Scan).*opened_month|record_month_idx/s, 'and there to an index');

# The warehouse: records and events of two tenants, of two cells.
my $warehouse = PostgreSQL::Test::Cluster->new('warehouse');
$warehouse->init(allows_streaming => 'logical');
$warehouse->append_conf('postgresql.conf', "max_logical_replication_workers = 12\nmax_worker_processes = 20\n");
$warehouse->start;
$warehouse->safe_psql('postgres', "SET client_min_messages = error; CREATE EXTENSION itsm; SELECT itsm.make_partitions(); CREATE TABLE ticket (id bigint, status text, title text, prio int); $checks");
foreach my $number (1, 3)
{
	my $cell = $cells[ $number - 1 ];
	my $wanted = $number == 1 ? 'acme' : 'edge';
	$cell->safe_psql('postgres', "CREATE PUBLICATION warehouse FOR TABLE itsm.record WHERE (tenant = '$wanted'), itsm.event WHERE (tenant = '$wanted') WITH (publish_via_partition_root = true)");
	$warehouse->safe_psql('postgres', "CREATE SUBSCRIPTION cell$number CONNECTION '" . connection($cell) . "' PUBLICATION warehouse");
	$warehouse->wait_for_subscription_sync($cell, "cell$number");
}
# what follows comes too: events, records that change, and a record that is deleted
foreach my $number (1, 3)
{
	my $wanted = $number == 1 ? 'acme' : 'edge';
	$cells[ $number - 1 ]->safe_psql('postgres', "UPDATE ticket SET title = title || '!' WHERE id % 3 = 0; DELETE FROM ticket WHERE id % 10 = 0; INSERT INTO ticket VALUES ($number, '$wanted', 'new', 'later', 1), (100 + $number, 'other', 'new', 'later', 1)");
	$cells[ $number - 1 ]->wait_for_catchup("cell$number");
}
my $contents = sub { my ($tenant) = @_; return "SELECT md5(string_agg(concat_ws(' ', r.id, r.version, r.hash, r.state, r.deleted), ' ' ORDER BY r.id)), (SELECT md5(string_agg(concat_ws(' ', e.record, e.version, e.hash, e.body), ' ' ORDER BY e.record, e.version)) FROM itsm.event e WHERE e.tenant = '$tenant') FROM itsm.record r WHERE r.tenant = '$tenant'" };
is($warehouse->safe_psql('postgres', $contents->('acme')), $cells[0]->safe_psql('postgres', $contents->('acme')), 'warehouse: the records and events of a tenant of the first cell');
is($warehouse->safe_psql('postgres', $contents->('edge')), $cells[2]->safe_psql('postgres', $contents->('edge')), 'warehouse: and of one of the third');
is($warehouse->safe_psql('postgres', q{SELECT string_agg(DISTINCT concat_ws(' ', r.id >> 48, tenant), ', ' ORDER BY concat_ws(' ', r.id >> 48, tenant)) FROM itsm.record r WHERE source > 0}), '1 acme, 3 edge', 'warehouse: nobody else\'s, and no number twice');
is($warehouse->safe_psql('postgres', q{SELECT fault FROM checks.chain_faults() AS fault WHERE fault NOT LIKE '%head%'}), '', 'warehouse: the chains are whole');
is($warehouse->safe_psql('postgres', 'SELECT count(*) FROM (SELECT DISTINCT ON (e.record) e.record, e.hash FROM itsm.event e ORDER BY e.record, e.version DESC) l JOIN itsm.record r ON r.id = l.record WHERE r.source > 0 AND r.hash IS DISTINCT FROM l.hash'), 0, 'warehouse: each record is at its last event');

# One digest over the cells, and a proof that the second cell's is in it.
my @digests = map { $_->safe_psql('postgres', 'SELECT itsm.seal()'); $_->safe_psql('postgres', 'SELECT itsm.digest()') } @cells;
my $array = 'ARRAY[' . join(', ', map { "'" . s/'/''/gr . "'" } @digests) . ']::jsonb[]';
my $combined = $hub->safe_psql('postgres', "CREATE EXTENSION itsm; SELECT itsm.combine_digests($array)");
is($cells[1]->safe_psql('postgres', "SELECT itsm.verify_inclusion(p.leaf_hash, p.leaf_index, p.tree_size, p.proof, p.root), p.tree_size, encode(p.root, 'base64') = '$combined'::jsonb->>'root' FROM itsm.combined_inclusion('$combined', itsm.digest()) p"),
	't|3|t', 'digest: the second cell\'s is in the one over all');
$cells[1]->safe_psql('postgres', q{INSERT INTO ticket VALUES (5, 'coil', 'new', 'later', 1); SELECT itsm.seal()});
my (undef, undef, $error) = $cells[1]->psql('postgres', "SELECT itsm.combined_inclusion('$combined', itsm.digest())");
like($error, qr/another digest of .* was combined/, 'digest: a later one is not');
is($cells[1]->safe_psql('postgres', "SELECT itsm.verify_inclusion(p.leaf_hash, p.leaf_index, p.tree_size, p.proof, p.root) FROM itsm.combined_inclusion('$combined', itsm.digest(('$digests[1]'::jsonb->>'size')::bigint)) p"), 't', 'digest: but the cell still tells the one from then');
is($cells[1]->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify('$digests[1]') WHERE NOT ok"), '', 'digest: and its history is what it was');
is($_->safe_psql('postgres', $verify), '', $_->name . ': verify finds nothing') foreach @cells;

# A standby of the first cell serves every view, and verify(), while the cell is written to.
$cells[0]->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($cells[0], 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "hot_standby_feedback = on\nmax_standby_streaming_delay = '60s'\n");
$standby->start;
my $script = PostgreSQL::Test::Utils::tempdir() . '/load';
PostgreSQL::Test::Utils::append_to_file($script, <<'END');
\set id random(1, 400)
INSERT INTO ticket VALUES (500000 + :id, 'bolt', 'new', 'written', 1 + :id % 5) ON CONFLICT (id) DO UPDATE SET status = CASE ticket.status WHEN 'in_progress' THEN 'on_hold' ELSE 'in_progress' END, prio = excluded.prio;
END
my $out = '';
my $load = IPC::Run::start([ 'pgbench', '-n', '-h', $cells[0]->host, '-p', $cells[0]->port, '-f', $script, '-c', 2, '-R', 200, '-T', 600, 'postgres' ], '>', \$out, '2>&1');
my @views = split /\n/, $cells[0]->safe_psql('postgres', q{SELECT viewname FROM pg_views WHERE schemaname = 'itsm_report' ORDER BY 1});
my $before = $cells[0]->safe_psql('postgres', 'SELECT count(*) FROM itsm.event');
my @failed;
foreach my $view (@views)
{
	my ($status, $rows, $said) = $standby->psql('postgres', "SET ROLE bi; SELECT count(*) FROM (SELECT * FROM itsm_report.$view OFFSET 0) v");
	push @failed, "$view: $said" if $status || $said =~ /ERROR/;
}
is(join("\n", @failed), '', 'standby: all ' . @views . ' views answer while the cell is written to');
is($standby->safe_psql('postgres', $verify), '', 'standby: verify finds nothing meanwhile');
cmp_ok($cells[0]->safe_psql('postgres', 'SELECT count(*) FROM itsm.event'), '>', $before + 100, 'standby: the cell was written to');
$load->kill_kill;

# Promoted, it goes on as the cell.
$cells[0]->safe_psql('postgres', 'SELECT itsm.seal()');
my $last = $cells[0]->safe_psql('postgres', 'SELECT itsm.digest()');
$cells[0]->wait_for_catchup($standby);
$cells[0]->stop('immediate');
$standby->promote;
is($standby->safe_psql('postgres', q{INSERT INTO ticket VALUES (900000, 'acme', 'new', 'after', 1); SELECT id >> 48 FROM itsm.record WHERE key = '900000'}), 1, 'promoted: it writes as the first cell');
is($standby->safe_psql('postgres', "SELECT itsm.seal() = count(*) FROM itsm.event"), 't', 'promoted: it seals on');
is($standby->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify('$last') WHERE NOT ok"), '', 'promoted: the digest from before fits');

$_->stop foreach $standby, $warehouse, $hub, @cells[ 1, 2 ];
done_testing();
