#!/usr/bin/env perl
#
# What is ours stays flat: in one statement over many rows (beyond PostgreSQL's own
# queue of trigger events, which an empty trigger has too), and over many transactions
# of one session.
#
# ITSM_MEMORY_ROWS is the number of rows of the one statement.

use strict;
use warnings;
use IPC::Run ();
use ItsmTest qw($service_desk rss);
use POSIX ':sys_wait_h';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'needs /proc' unless defined rss($$);
my $rows = $ENV{ITSM_MEMORY_ROWS} // 1_000_000;

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init;
$node->append_conf('postgresql.conf', "shared_buffers = '256MB'\nmax_wal_size = '8GB'\nwal_level = minimal\nmax_wal_senders = 0\nautovacuum = off\njit = off\n");
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk");

# The most private memory, in megabytes, that a session takes for a statement.
my $directory = PostgreSQL::Test::Utils::tempdir();
my @psql = ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', 'postgres');
sub peak
{
	my ($sql) = @_;
	my ($backend, $most) = (undef, 0);
	unlink "$directory/pid";
	PostgreSQL::Test::Utils::append_to_file("$directory/pid", '');
	my $child = fork // die "fork: $!";
	exec @psql, '-c', "COPY (SELECT pg_backend_pid()) TO '$directory/pid'", '-c', $sql unless $child;
	while (waitpid($child, WNOHANG) == 0)
	{
		($backend) = PostgreSQL::Test::Utils::slurp_file("$directory/pid") =~ /^(\d+)\n/ unless $backend;
		my $now = $backend ? rss($backend) : undef;
		$most = $now if defined $now && $now > $most;
		sleep 0.02;
	}
	die "psql failed: $sql" if $?;
	return $most / 1024;
}

# An empty trigger in place of ours, for comparison.
$node->safe_psql('postgres', <<'END');
CREATE TABLE plain (LIKE ticket INCLUDING ALL);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER nothing AFTER INSERT OR UPDATE OR DELETE ON plain FOR EACH ROW EXECUTE FUNCTION nothing();
END

my $insert = "INSERT INTO %s SELECT n, 'new', 'a title of some length for row ' || n, 1 + n %% 5, NULL FROM generate_series(1, $rows) n";
foreach my $case (
	[ 'insert', $insert ],
	[ 'update', "UPDATE %s SET status = 'work', title = title || '.', owner = 'bob'" ],
	[ 'refused at the end', "DO \$\$ BEGIN UPDATE %s SET status = CASE WHEN id = $rows THEN 'closed' ELSE 'resolved' END; EXCEPTION WHEN SQLSTATE 'IT001' THEN NULL; END \$\$" ],
	[ 'update in one subtransaction a row', "DO \$\$ BEGIN FOR i IN 1 .. $rows / 20 LOOP BEGIN UPDATE %s SET prio = 1 + prio %% 5 WHERE id = i; EXCEPTION WHEN OTHERS THEN RAISE; END; END LOOP; END \$\$" ],
	[ 'update undone, one subtransaction a row', "DO \$\$ BEGIN FOR i IN 1 .. $rows / 20 LOOP BEGIN UPDATE %s SET prio = 1 + prio %% 5 WHERE id = i; RAISE EXCEPTION 'undone'; EXCEPTION WHEN raise_exception THEN NULL; END; END LOOP; END \$\$" ],
	[ 'delete', "DELETE FROM %s WHERE id <= $rows / 10" ])
{
	my ($what, $sql) = @$case;
	my $plain = peak(sprintf $sql, 'plain');
	my $ours = peak(sprintf $sql, 'ticket');
	note sprintf('%s of %d rows: %.0f MB with an empty trigger, %.0f MB with ours', $what, $rows, $plain, $ours);
	cmp_ok($ours - $plain, '<', 16, "$what: what is ours stays flat");
}

# Clocks of an agreement that came later, written for every record, beside the same when all are as they should be.
$node->safe_psql('postgres', <<'END');
SELECT itsm.define_lifecycle('{"name": "clocked", "process": "incident", "states": [{"name": "new", "category": "new", "initial": true},
	{"name": "work", "category": "active"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "done"}]}');
CREATE TABLE clocked (id integer PRIMARY KEY, status text NOT NULL);
SELECT itsm.attach('clocked', 'clocked', 'status', mode => 'enforce');
INSERT INTO clocked SELECT n, 'new' FROM generate_series(1, 20000) n;
UPDATE clocked SET status = 'work';
SELECT itsm.define_sla('{"name": "clocked", "lifecycle": "clocked", "metric": "resolution", "target": "20 hours", "valid_from": "2020-01-01"}');
END
my $recompute = "SELECT count(*) FROM itsm.recompute_clocks((SELECT max(id) FROM itsm.attachment), write => true)";
my $written = peak($recompute);
is($node->safe_psql('postgres', "SELECT count(*) FROM itsm.clock"), 20000, 'each record has its clock');
my $same = peak($recompute);
note sprintf('20,000 clocks recomputed: %.0f MB written, %.0f MB where they are the same', $written, $same);
cmp_ok($written - $same, '<', 16, 'clocks recomputed: what is ours stays flat');

# Many transactions of one session: single rows, refusals, changes of policy.
my $node_rows = 1000;
my $transactions = sub {
	my ($count) = @_;
	return join '', map {
		my $id = $rows / 10 + 1 + $_ % $node_rows;
		$_ % 100 == 1 ? "SELECT itsm.set_mode(1, '@{[ $_ % 200 == 1 ? 'observe' : 'enforce' ]}') \\g /dev/null\n"
		: $_ % 20 == 2 ? "UPDATE ticket SET status = 'impossible' WHERE id = $id;\n"
		: $_ % 20 == 3 ? "BEGIN; SAVEPOINT s; UPDATE ticket SET title = 'x$_' WHERE id = $id; ROLLBACK TO s; UPDATE ticket SET title = 'y$_' WHERE id = $id; COMMIT;\n"
		: "UPDATE ticket SET title = 'title $_', prio = 1 + $_ % 5 WHERE id = $id;\n" } 1 .. $count;
};
my $look = "SELECT 'used ' || sum(used_bytes) || ' ' || sum(total_bytes) FROM pg_backend_memory_contexts;\n\\! grep RssAnon /proc/\$MEASURED/status\n";
my $script = "SELECT pg_backend_pid() AS pid \\gset\n\\setenv MEASURED :pid\nSET client_min_messages = error;\n"
	. $transactions->(4000) . $look . $transactions->(20_000) . $look;
my ($out, $error);
IPC::Run::run([ grep { !/ON_ERROR|^-v$/ } @psql ], '<', \$script, '>', \$out, '2>', \$error);
my @used = $out =~ /^used (\d+)/mg;
my @total = $out =~ /^used \d+ (\d+)/mg;
my @rss = $out =~ /RssAnon:\s+(\d+)/g;
is(scalar @used, 2, 'both looks were had') or diag($out);
like($error, qr/IT002|maps to no state/, 'some were refused');
note "used $used[0] -> $used[1] bytes, contexts $total[0] -> $total[1] bytes, private memory $rss[0] -> $rss[1] kB";
cmp_ok($used[1] - $used[0], '<', 256 * 1024, '20,000 transactions: memory in use stays flat');
cmp_ok($total[1] - $total[0], '<', 512 * 1024, '20,000 transactions: memory taken stays flat');
cmp_ok($rss[1] - $rss[0], '<', 2048, '20,000 transactions: the process stays flat');

$node->stop;
done_testing();
