#!/usr/bin/env perl
#
# Refusals outlive the session: it writes them when it ends, whatever ends it, and its
# end never fails or waits because of them.  The server's log has them at once.

use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ItsmTest qw($service_desk);

my $node = PostgreSQL::Test::Cluster->new('refusal');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\nautovacuum = off\nlog_min_error_statement = panic\nlog_statement = none\n");
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk; INSERT INTO ticket SELECT n, 'new', 'secret value', 1 FROM generate_series(1, 9) n");

# Refusals that are there of rows with a key; each case has a key of its own.
sub kept
{
	my ($key) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM itsm_report.refusal WHERE key = '$key'");
}
sub ends_with
{
	my ($key, $what, $sql, $database) = @_;
	$node->psql($database // 'postgres', "UPDATE ticket SET status = 'closed' WHERE id = $key;\n$sql", on_error_stop => 0);
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM itsm_report.refusal WHERE key = '$key'"), $what);
}

# A session that stays: what it is told is done when "done" comes back.
sub session
{
	my ($database) = @_;
	my %session = (in => '', out => '');
	$session{run} = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', $database // 'postgres' ],
		'<', \$session{in}, '>', \$session{out}, '2>', \$session{err}, IPC::Run::timeout(180));
	return \%session;
}
sub run
{
	my ($session, $sql) = @_;
	$session->{out} = '';
	$session->{in} .= "$sql\n\\echo done\n";
	$session->{run}->pump until $session->{out} =~ /^done$/m;
}

ends_with(1, 'an ordinary end', '');
ends_with(2, 'terminated in the middle of a transaction', "BEGIN; UPDATE ticket SET status = 'work' WHERE id = 9; SELECT pg_terminate_backend(pg_backend_pid())");
is($node->safe_psql('postgres', 'SELECT status FROM ticket WHERE id = 9'), 'new', 'that transaction is rolled back');
ends_with(3, 'a session whose transactions are serializable and read-only', "SET default_transaction_isolation = serializable; SET default_transaction_read_only = on; BEGIN; SELECT count(*) FROM itsm.refusal");
ends_with(4, 'with a transaction that is prepared', "BEGIN; UPDATE ticket SET title = 'x' WHERE id = 4; PREPARE TRANSACTION 'four'; COMMIT PREPARED 'four'");
my $log = slurp_file($node->logfile);
my @lines = $log =~ /LOG:  (\{"itsm": "refused".*)$/mg;
is(scalar @lines, 4, 'the log has a line for each');
like($lines[0], qr/"table": "public.ticket", "from_state": "new", "to_state": "closed", "unmet": \[\{"code": "IT001", "rule": "transition"\}\]\}$/, 'with states, rules and codes');
unlike($log, qr/secret/, 'and no values');

# the server stops
my $idle = session();
run($idle, "UPDATE ticket SET status = 'closed' WHERE id = 5;");
$node->restart;
is(kept(5), 1, 'the server is shut down');
$idle->{run}->kill_kill;

# somebody works on the table
my $locker = session();
run($locker, 'BEGIN; LOCK TABLE itsm.refusal IN ACCESS EXCLUSIVE MODE;');
my $writer = session();
run($writer, "UPDATE ticket SET status = 'closed' WHERE id = 6; UPDATE ticket SET title = 'nobody waits' WHERE id = 6;");
$node->psql('postgres', "UPDATE ticket SET status = 'closed' WHERE id = 7");
ok($node->poll_query_until('postgres', "SELECT count(*) = 3 FROM pg_stat_activity WHERE backend_type = 'client backend'"), 'an end does not wait for the table');
run($locker, 'COMMIT;');
is(kept(6), 0, 'nor did the writer');
run($writer, "UPDATE ticket SET title = 'now' WHERE id = 6;");
is(kept(6), 1, 'its refusal came with its next transaction');
$writer->{in} .= "\\q\n";
$writer->{run}->finish;

# two databases: one is dropped under the session, in the other the extension is
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', "SET client_min_messages = error; $service_desk; INSERT INTO ticket VALUES (1, 'new', 't', 1)");
my $offset = -s $node->logfile;
my ($status) = $node->psql('other', "UPDATE ticket SET status = 'closed'; SET client_min_messages = error; DROP EXTENSION itsm CASCADE", on_error_stop => 0);
is($status, 0, 'the extension is gone');
$node->safe_psql('other', "SET itsm.maintenance = on; DROP TABLE ticket; RESET itsm.maintenance; SET client_min_messages = error; $service_desk; INSERT INTO ticket VALUES (1, 'new', 't', 1)");
my $there = session('other');
run($there, "UPDATE ticket SET status = 'closed';");
$node->safe_psql('postgres', 'DROP DATABASE other WITH (FORCE)');
$there->{run}->kill_kill;
unlike(slurp_file($node->logfile, $offset), qr/(PANIC|could not|TRAP|does not exist|terminated by signal)/, 'neither hurts');

run($locker, "UPDATE ticket SET status = 'closed' WHERE id = 8;");
$node->stop('immediate');
$locker->{run}->kill_kill;
$node->start;
is(kept(8), 0, 'what a crash takes is in the log only');
is(kept(1) + kept(2) + kept(3) + kept(4) + kept(5) + kept(6), 6, 'the others are there, each once');
done_testing();
