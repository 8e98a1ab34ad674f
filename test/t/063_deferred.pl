#!/usr/bin/env perl
#
# Deferred verdicts: prepared transactions, procedures that commit, many of them, their
# cancellation, who sees the key; notifications.

use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ItsmTest qw($service_desk $checks);

my $rows = $ENV{ITSM_MEMORY_ROWS} // 30_000;
my $node = PostgreSQL::Test::Cluster->new('deferred');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\nautovacuum = off\nlog_statement = none\nlog_min_error_statement = panic\nmax_wal_size = '4GB'\nfsync = off\n");
$node->start;
(my $desk = $service_desk) =~ s/mode => 'enforce'/mode => 'enforce', timing => 'deferred', notify => true/;
$node->safe_psql('postgres', "SET client_min_messages = error; $desk; $checks; INSERT INTO ticket SELECT n, 'new', 't', 1 FROM generate_series(1, 20) n");
sub status_of { return $node->safe_psql('postgres', "SELECT status FROM ticket WHERE id = $_[0]") }
sub refused
{
	my ($sql) = @_;
	my ($status, $out, $error) = $node->psql('postgres', $sql, on_error_stop => 1);
	return $status ? $error : "passed: $out";
}

# two-phase commit: judged when it is prepared
like(refused("BEGIN; UPDATE ticket SET status = 'closed' WHERE id = 1; PREPARE TRANSACTION 'one'"), qr/transition from "new" to "closed"/, 'refused before PREPARE TRANSACTION');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_prepared_xacts'), 0, 'nothing is prepared then');
$node->safe_psql('postgres', "BEGIN; UPDATE ticket SET status = 'work' WHERE id = 1; PREPARE TRANSACTION 'one'");
$node->restart;
$node->safe_psql('postgres', "COMMIT PREPARED 'one'");
is(status_of(1), 'work', 'a good one is prepared, outlives a restart and is committed');
$node->safe_psql('postgres', "BEGIN; UPDATE ticket SET status = 'resolved' WHERE id = 1; PREPARE TRANSACTION 'two'");
$node->safe_psql('postgres', "ROLLBACK PREPARED 'two'");
is(status_of(1), 'work', 'or rolled back');

# a procedure that commits and a session that goes on
$node->safe_psql('postgres', <<'END');
CREATE PROCEDURE steps(wrong integer) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 2..6 LOOP
		UPDATE ticket SET status = CASE i WHEN wrong THEN 'closed' ELSE 'work' END WHERE id = i;
		COMMIT;
	END LOOP;
END $$;
END
like(refused('CALL steps(4)'), qr/transition from "new" to "closed"/, 'refused at a COMMIT inside a procedure');
is(status_of(2) . ' ' . status_of(3) . ' ' . status_of(4), 'work work new', 'what was committed before stays');

# who may not read the key is told the number of the record; the log gets neither
$node->safe_psql('postgres', 'CREATE ROLE writer LOGIN; GRANT UPDATE ON ticket TO writer');
my $offset = -s $node->logfile;
my (undef, undef, $mine) = $node->psql('postgres', "UPDATE ticket SET status = 'closed' WHERE id = 7");
my (undef, undef, $theirs) = $node->psql('postgres', "SET ROLE writer; UPDATE ticket SET status = 'closed'");
like($mine, qr/CONTEXT:  write of the row of "ticket" with key "7", judged at the end/, 'the key is told');
like($theirs, qr/CONTEXT:  write of record \d+ of "ticket", judged at the end/, 'but not to whom may not read it');
unlike(slurp_file($node->logfile, $offset), qr/CONTEXT/, 'nor to the log');

# many, and the memory that they take
my $memory = $node->safe_psql('postgres', <<END);
BEGIN;
INSERT INTO ticket SELECT n, 'new', 't', 1 FROM generate_series(101, 100 + $rows) n;
SELECT used_bytes / $rows FROM pg_backend_memory_contexts WHERE name = 'itsm deferred verdicts';
COMMIT;
END
cmp_ok($memory, '<', 100, "bytes for each of $rows verdicts: $memory");
my $cancel = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-c', <<'END' ], IPC::Run::timeout(60));
DO $$
DECLARE
	target integer;
BEGIN
	LOOP
		SELECT pid INTO target FROM pg_stat_activity WHERE query LIKE 'COMMIT%' AND state = 'active';
		EXIT WHEN target IS NOT NULL;
		PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
	END LOOP;
	PERFORM pg_cancel_backend(target);
END $$
END
like(refused("BEGIN; UPDATE ticket SET status = 'work' WHERE id > 100; COMMIT"), qr/canceling statement due to user request/, 'judging them can be cancelled');
$cancel->finish;
is($node->safe_psql('postgres', "SELECT count(*) FROM ticket WHERE id > 100 AND status = 'new'"), $rows, 'which undoes them');
my $started = time;
$node->safe_psql('postgres', "DO \$\$ BEGIN FOR n IN 1..3000 LOOP UPDATE ticket SET title = n::text, status = CASE status WHEN 'work' THEN 'resolved' ELSE 'work' END WHERE id = 1; END LOOP; END \$\$");
is(status_of(1), 'work', 'many writes of one row (' . (time - $started) . ' s)');
is($node->safe_psql('postgres', 'SELECT * FROM checks.chain_faults() UNION ALL SELECT * FROM checks.row_faults()'), '', 'history is sound');

# one notification a transaction, of those that committed something
sub notified
{
	my ($sql) = @_;
	my ($status, $out, $error) = $node->psql('postgres', "LISTEN itsm_event;\n$sql;\nSELECT 1", on_error_stop => 0);
	return scalar(() = $out =~ /notification "itsm_event" received/g);
}
is(notified("BEGIN; UPDATE ticket SET title = 'a' WHERE id <= 5; UPDATE ticket SET title = 'b' WHERE id <= 5; COMMIT"), 1, 'one notification a transaction');
is(notified("UPDATE ticket SET title = 'c' WHERE id = 1;\nUPDATE ticket SET title = 'd' WHERE id = 1"), 2, 'two for two');
is(notified("BEGIN; SAVEPOINT s; UPDATE ticket SET title = 'e' WHERE id = 1; ROLLBACK TO s; COMMIT"), 0, 'none when the savepoint is rolled back');
is(notified("BEGIN; SAVEPOINT s; UPDATE ticket SET title = 'f' WHERE id = 1; RELEASE s; COMMIT"), 1, 'one when it is released');
is(notified("UPDATE ticket SET status = 'closed' WHERE id = 7"), 0, 'none when it is refused');
is(notified("BEGIN; UPDATE ticket SET title = 'g' WHERE id = 1; ROLLBACK"), 0, 'none when it is rolled back');
is(notified("BEGIN; UPDATE ticket SET title = 'h' WHERE id = 8; PREPARE TRANSACTION 'three'; COMMIT PREPARED 'three'"), 0, 'none of a prepared one, which goes through');
$node->safe_psql('postgres', "CREATE TABLE silent (id int PRIMARY KEY, status text); SELECT itsm.attach('silent', 'desk', 'status')");
is(notified("INSERT INTO silent VALUES (1, 'new')"), 0, 'none where nobody asked for it');
done_testing();
