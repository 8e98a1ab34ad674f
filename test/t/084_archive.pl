#!/usr/bin/env perl
#
# Old history is archived while others write, read and erase; what stays verifies, also
# after dump and restore, and what went is brought back from a file.

use strict;
use warnings;
use ItsmTest qw($service_desk $checks $make_old $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('archive');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# an ANALYZE that runs just then would hold back what is to be sealed
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk; $checks; $make_old");
$node->safe_psql('postgres', <<'END');
CREATE TABLE shop (id int PRIMARY KEY, status text, owner text, note text);
SELECT itsm.attach('shop', 'desk', 'status', tenant => 'owner', track => '{note}');
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1 FROM generate_series(1, 600) n;
INSERT INTO shop SELECT n, 'new', 'tenant ' || n % 3, repeat('long ', 1000) || random() FROM generate_series(1, 60) n;
UPDATE ticket SET status = 'work';
SELECT checks.make_old('ticket', '4 months'), checks.make_old('shop', '3 months');
SELECT itsm.seal();
UPDATE ticket SET status = 'resolved' WHERE id <= 500;
UPDATE ticket SET status = 'closed' WHERE id <= 500;
DELETE FROM shop WHERE id <= 50;
SELECT checks.make_old('ticket', '3 months'), checks.make_old('shop', '2 months');
INSERT INTO ticket SELECT n, 'new', 'of today', 1 FROM generate_series(1001, 1100) n;
SELECT itsm.seal();
END
is($node->safe_psql('postgres', $verify), '', 'nothing to complain of before');
my $digest = $node->safe_psql('postgres', 'SELECT itsm.digest()');
my $events = $node->safe_psql('postgres', 'SELECT count(*) FROM itsm.event');
my $ended = $node->safe_psql('postgres', q{SELECT sum(version) FROM itsm.record WHERE (deleted OR category = 'closed') AND at < date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'});
cmp_ok($ended, '>', 2000, 'much has ended');

# A reader holds up the exchange, no longer than we wait; nothing is left of the attempt.
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM itsm.event');
my ($status, $out, $error) = $node->psql('postgres', q{SET lock_timeout = '200ms'; SELECT * FROM itsm.archive(now())});
like($error, qr/canceling statement due to lock timeout/, 'a reader holds up the exchange');
$reader->query_safe('COMMIT');
$reader->quit;
is($node->safe_psql('postgres', q{SELECT count(*) FROM itsm.event UNION ALL SELECT count(*) FROM itsm.archived UNION ALL SELECT count(*) FROM pg_namespace WHERE nspname = 'itsm_archive'}), "$events\n0\n0", 'and nothing happened');

# Others write, read and erase meanwhile.
my $script = "$directory/write.sql";
open my $file, '>', $script or die;
print $file <<'END';
\set id random(1001, 1100)
\set old random(501, 600)
UPDATE ticket SET title = 'now ' || random() WHERE id = :id;
UPDATE ticket SET title = 'an old one ' || random() WHERE id = :old;
SELECT count(*) FROM itsm.history('ticket', (:old)::text);
SELECT itsm.redact('ticket', (:old)::text, '{title}', 'a test');
END
close $file;
my $ignored = '';
my $load = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-c', 3, '-T', 4, '--max-tries=5', 'postgres' ], '>', \$ignored, '2>&1');
sleep 1;
my $moved = $node->safe_psql('postgres', q{SET lock_timeout = '60s'; SELECT count(*), sum(events) FROM itsm.archive(now())});
$load->finish;
is($moved, "3|$ended", 'the events of 550 records of three months');
unlike($ignored, qr/aborted|ERROR/, 'nobody else noticed');
is($node->safe_psql('postgres', q{SELECT pg_sleep(1); SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'}) =~ s/^\s*//r, '0', 'and nobody stood in another\'s way');
is($node->safe_psql('postgres', 'SELECT itsm.seal() > 0'), 't', 'sealing goes on');
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');
is($node->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok"), '', 'the digest from before fits');
my $tables = $node->safe_psql('postgres', q{SELECT array_agg(name ORDER BY name) FROM itsm.archive_table});
is($node->safe_psql('postgres', "SELECT scope, object, detail FROM itsm.verify(NULL, '$tables') WHERE NOT ok"), '', 'also with the tables at hand');
is($node->safe_psql('postgres', q{SELECT count(*) FROM itsm.event e JOIN itsm.archived a USING (record, tenant) WHERE e.version <= a.version}), '0', 'no event is in two places');

# Whatever a superuser changes in what is kept of the archive is found.
my %flip = (bigint => '%s + 1000003', 'timestamp with time zone' => q{%s + interval '1 microsecond'}, text => q{%s || 'x'}, bytea => 'set_byte(%1$s, 31, get_byte(%1$s, 31) # 1)');
my ($flipped, @missed) = (0);
foreach my $table (qw(itsm.archive itsm.archive_table itsm.archived))
{
	foreach my $column (map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0"))
	{
		my $change = "UPDATE $table SET $column->[0] = " . sprintf($flip{ $column->[1] }, $column->[0]) . " WHERE ctid = (SELECT max(ctid) FROM $table)";
		my $found = $node->safe_psql('postgres', "SET client_min_messages = error; BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL itsm.maintenance = on; $change; $verify; ROLLBACK");
		$flipped++;
		push @missed, "$table.$column->[0]" if $found eq '';
	}
}
is("@missed", '', "each of $flipped flips is found");

# Its offspring: evidence of a record that begins anew.
SKIP:
{
	skip 'python3 is not installed', 3 if system('python3 -c 1 2>/dev/null') != 0;
	$node->safe_psql('postgres', q{DELETE FROM ticket WHERE id = 7; INSERT INTO ticket VALUES (7, 'new', 'anew', 1); SELECT itsm.seal()});
	my ($evidence, $kept) = ("$directory/evidence", "$directory/digest");
	my $text = $node->safe_psql('postgres', q{SELECT itsm.evidence('ticket', '7')});
	foreach my $try ([ $text, 0, qr/^evidence: 2 events, 2 of them proved by the digest inside\narchived: versions up to 4 are in / ],
		[ $text =~ s/("archived": \{"hash": ")(.)/$1 . ($2 eq '0' ? '1' : '0')/er, 1, qr/version 5: the hash is not that of the event/ ],
		[ $node->safe_psql('postgres', q{SELECT itsm.evidence('ticket', '8')}), 0, qr/^evidence: 0 events, 0 of them proved by the digest inside\narchived/ ])
	{
		open my $handle, '>', $evidence or die;
		print $handle $try->[0];
		close $handle;
		IPC::Run::run([ 'env', 'PYTHONDONTWRITEBYTECODE=1', 'python3', "$ENV{TESTDIR}/docs/verify_evidence.py", $evidence ], '>', \my $said, '2>&1');
		ok(($? >> 8) == $try->[1] && $said =~ $try->[2], 'evidence behind an archive') or diag $said;
	}
}

# Dump and restore, with the archive's tables.
command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fd', '-f', "$directory/dump", 'postgres' ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE again TEMPLATE template0');
command_ok([ 'pg_restore', '--exit-on-error', '--jobs=2', '-h', $node->host, '-p', $node->port, '-d', 'again', "$directory/dump" ], 'restore');
is($node->safe_psql('again', $verify), '', 'restored: verify finds nothing');
is($node->safe_psql('again', "SELECT scope, object, detail FROM itsm.verify('$digest', '$tables') WHERE NOT ok"), '', 'restored: also with the tables at hand');
$node->safe_psql('again', q{UPDATE ticket SET title = 'restored' WHERE id = 1001; SELECT itsm.seal()});
is($node->safe_psql('again', q{SELECT sum(r.version) = (SELECT size FROM itsm.seal ORDER BY seal DESC LIMIT 1) FROM itsm.record r}), 't', 'restored: sealing goes on');

# A table kept as a file, and brought back.
my @names = split /,/, $tables =~ tr/{}//dr;
my $files = '';
foreach my $name (@names)
{
	my $path = "$directory/" . $name =~ tr/./_/r;
	$files .= "COPY back FROM '$path';";
	$node->safe_psql('again', "COPY $name TO '$path'; DROP TABLE $name");
}
(undef, undef, $error) = $node->psql('again', 'SELECT itsm.restore_archive(1)');
like($error, qr/relation "itsm_archive.event_.*" does not exist/, 'a table that is not there');
is($node->safe_psql('again', "CREATE TABLE back (LIKE itsm.event); $files SELECT itsm.restore_archive(1, '{back}')"), $ended, 'brought back from files');
$node->safe_psql('again', 'DROP TABLE back');
is($node->safe_psql('again', $verify), '', 'brought back: verify finds nothing');
is($node->safe_psql('again', "SELECT scope, object, detail FROM itsm.verify('$digest') WHERE NOT ok"), '', 'brought back: the digest from before fits');
is($node->safe_psql('again', 'SELECT itsm.seal(NULL, true); SELECT count(*) FROM itsm.event'), join("\n", ($node->safe_psql('again', 'SELECT count(*) FROM itsm.event')) x 2), 'brought back: a thorough seal finds nothing new');

# The tables are the owner's: they outlive the extension.
$node->safe_psql('postgres', 'SET client_min_messages = error; DROP EXTENSION itsm CASCADE');
is($node->safe_psql('postgres', join ' UNION ALL ', map { "SELECT count(*) > 0 FROM $_" } @names), join("\n", ('t') x @names), 'the tables outlive the extension');

$node->stop;
done_testing();
