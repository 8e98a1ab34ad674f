#!/usr/bin/env perl
#
# Citus by tenant: a coordinator and workers, which judge and remember what is written to
# their shards.  The same refusals as on one node, one event per write, also while a shard
# moves under load; a new node refuses what it has no policy for; verify() is clean after a
# rebalance; what does not work so is refused.
#
# Skipped unless ITSM_CITUS names a directory that Citus was installed into: configured for
# the same pg_config, make install-all DESTDIR=$ITSM_CITUS.

use strict;
use warnings;
use IPC::Run ();
use ItsmTest qw($verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'ITSM_CITUS does not name an installation of Citus' unless $ENV{ITSM_CITUS};

my @workers = qw(worker1 worker2);
my %node;
foreach my $name ('coordinator', @workers, 'worker3')
{
	my $node = $node{$name} = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', <<"END_CONF");
shared_preload_libraries = 'citus, itsm'
itsm.cell = @{[ scalar keys %node ]}
wal_level = logical
max_connections = 100
max_prepared_transactions = 100
max_wal_senders = 10
max_replication_slots = 10
autovacuum = off
citus.node_conninfo = 'sslmode=disable'
citus.local_hostname = '@{[ $node->host ]}'
citus.max_adaptive_executor_pool_size = 2
citus.defer_shard_delete_interval = -1
END_CONF
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
}
my $coordinator = $node{coordinator};

sub sql { my ($name, $sql) = @_; return $node{$name}->safe_psql('postgres', "SET client_min_messages = error; $sql") }

# What a statement is refused with: its SQLSTATE and DETAIL, or '' when it passes.
sub refusal
{
	my ($name, $sql) = @_;
	my (undef, undef, $error) = $node{$name}->psql('postgres', "\\set VERBOSITY verbose\n$sql", on_error_stop => 1);
	my ($code) = $error =~ /ERROR:  (\w{5}):/;
	my ($detail) = $error =~ /^DETAIL:  (.*)$/m;
	return $code ? "$code " . ($detail // '') : $error;
}
sub add_node { my ($name) = @_; sql('coordinator', "SELECT citus_add_node('" . $node{$name}->host . "', " . $node{$name}->port . ')') }
my $shard_of = sub { my ($tenant) = @_; return sql('coordinator', "SELECT get_shard_id_for_distribution_column('ticket', '$tenant')") };
sub node_of
{
	my ($tenant) = @_;
	my $port = sql('coordinator', 'SELECT nodeport FROM citus_shards WHERE shardid = ' . $shard_of->($tenant));
	return (grep { $node{$_}->port == $port } keys %node)[0];
}
sub move
{
	my ($tenant, $to) = @_;
	my $from = $node{ node_of($tenant) };
	my $target = $node{$to};
	sql('coordinator', sprintf "SELECT citus_move_shard_placement(%s, '%s', %s, '%s', %s, 'force_logical')", $shard_of->($tenant),
		$from->host, $from->port, $target->host, $target->port);
	is(node_of($tenant), $to, "the shard of $tenant is on $to");
}

# Each row counts its writes; the events of its records on all nodes must be as many.
sub compare_events
{
	my ($what) = @_;
	my (%events, %writes);
	foreach my $name (@workers)
	{
		foreach my $line (split /\n/, sql($name, q{SELECT r.key || '|' || count(*) FROM itsm.event e JOIN itsm.record r ON r.tenant = e.tenant AND r.id = e.record JOIN itsm.source s ON s.id = r.source
			WHERE e.kind IN ('created', 'updated', 'transition') AND s.relation_name LIKE '%ticket\_%' GROUP BY r.key}))
		{
			my ($key, $count) = split /\|/, $line;
			$events{$key} += $count;
		}
	}
	%writes = map { split /\|/ } split /\n/, sql('coordinator', q{SELECT format('(%s,%s)|%s', tenant, id, writes) FROM ticket});
	my $total = 0;
	$total += $_ foreach values %writes;
	my @wrong = grep { ($events{$_} // 0) != ($writes{$_} // 0) } keys %{ { %events, %writes } };
	is("@wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)]", '', sprintf '%s: one event for each of %d writes of %d rows', $what, $total, scalar keys %writes);
	return $total;
}
sub verify_nodes
{
	my ($what) = @_;
	is(sql($_, $verify), '', "$what: verify finds nothing on $_") foreach 'coordinator', @workers;
}

sql('coordinator', "SELECT citus_set_coordinator_host('" . $coordinator->host . "', " . $coordinator->port . ')');
add_node($_) foreach @workers;
sql('coordinator', q{ALTER DATABASE postgres SET citus.shard_count = 8; CREATE EXTENSION itsm});
is(sql($_, q{SELECT count(*) FROM pg_extension WHERE extname = 'itsm'}), 1, "Citus makes the extension on $_") foreach @workers;

my $lifecycle = q({"name": "desk", "attributes": {"title": "text", "priority": "integer", "resolution": "text"}, "states": [
	{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
	{"name": "resolved", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "resolved"}, {"from": "resolved", "to": ["work", "closed"]}],
	"delete": "refuse", "rules": [{"name": "plausible", "check": "new.priority between 1 and 5", "clause": "8.6.1"},
		{"name": "resolution_required", "to": "closed", "requires": ["resolution"]}]});
my $columns = 'id bigint, tenant text NOT NULL, status text, title text, prio int, resolution text, writes int NOT NULL DEFAULT 1, PRIMARY KEY (tenant, id)';
my $attach = q{SELECT itsm.attach('%s', '%s', 'status', mode => 'enforce', tenant => 'tenant', track => '{*}', attributes => '{"title": "title", "priority": "prio", "resolution": "resolution"}'%s)};
sub attach { my ($table, $more, $used) = @_; return sprintf $attach, $table, $used // 'desk', $more // '' }

sql('coordinator', "SELECT itsm.define_lifecycle('$lifecycle');
	CREATE TABLE ticket ($columns); CREATE TABLE plain ($columns); CREATE TABLE late ($columns); " . attach('ticket') . '; ' . attach('plain') . '; ' . attach('late', q{, timing => 'deferred'}));

# What does not work under Citus is refused, all of it at once.
my $unsafe = 'SET citus.enable_unsafe_triggers = on;';
like(refusal('coordinator', q{SELECT itsm.distribute('ticket', 'tenant')}), qr/^IT051 .*citus\.enable_unsafe_triggers, which is off/, 'distribute: not without the setting');
like(refusal('coordinator', qq{$unsafe SELECT itsm.distribute('ticket', 'prio')}), qr/^IT051 .*the tenant of attachment 1 is tenant, not column \\"prio\\"/, 'distribute: by the tenant only');
like(refusal('coordinator', qq{$unsafe SELECT itsm.distribute('ticket', 'gone')}), qr/^IT051 .*\\"gone\\" is not a column/, 'distribute: by a column that is there');
like(refusal('coordinator', qq{$unsafe BEGIN; INSERT INTO plain VALUES (0, 't', 'new', 'x', 1); SELECT itsm.distribute('ticket', 'tenant')}), qr/^25001/, 'distribute: not after a write');
like(refusal('coordinator', qq{$unsafe CREATE TABLE pieces ($columns) PARTITION BY LIST (tenant); } . attach('pieces', q{, notify => true}) . q{; SELECT itsm.distribute('pieces', 'tenant')}),
	qr/^IT051 .*is partitioned, or has.*Citus prepares transactions, which may not notify/, 'distribute: no partitions, no notifications');
like(refusal('coordinator', qq{$unsafe CREATE TABLE a_table_whose_name_is_so_long_that_it_is_cut ($columns); } . attach('a_table_whose_name_is_so_long_that_it_is_cut') . q{; INSERT INTO a_table_whose_name_is_so_long_that_it_is_cut VALUES (1, 't', 'new', 'x', 1); SELECT itsm.distribute('a_table_whose_name_is_so_long_that_it_is_cut', 'tenant')}),
	qr/^IT051 .*holds rows, whose records would stay here.*is longer than 42 bytes/, 'distribute: no rows, no names that are cut');
like(refusal('coordinator', qq{$unsafe CREATE TABLE loose ($columns); SELECT itsm.distribute('loose', 'tenant')}), qr/^IT051 .*\\"loose\\" is not attached/, 'distribute: only what is attached');
sql('coordinator', q{CREATE TABLE kind (id int PRIMARY KEY, status text); SELECT create_reference_table('kind')});
like(refusal('coordinator', qq{$unsafe SELECT itsm.attach('kind', 'desk', 'status')}), qr/^IT051 .*Citus keeps \\"kind\\" whole/, 'attach: no reference table');
sql('coordinator', 'DROP TABLE kind');
sql('coordinator', "CREATE TABLE spread ($columns); SELECT create_distributed_table('spread', 'tenant', colocate_with => 'none')");
like(refusal('coordinator', qq{$unsafe SELECT itsm.attach('spread', 'desk', 'status')}), qr/^IT051 .*is the one default tenant, not column \\"tenant\\", by whose values/, 'attach: not without the tenant that it is spread by');
like(refusal('coordinator', qq{$unsafe SELECT itsm.attach('spread', 'desk', 'status', tenant => 'title')}), qr/^IT051 .*is title, not column \\"tenant\\"/, 'attach: nor with another one');
like(refusal('coordinator', attach('spread')), qr/^IT051 .*which is off/, 'attach: nor without the setting');
like(refusal('coordinator', qq{$unsafe SELECT itsm.attach('spread', 'incident', 'status', tenant => 'tenant', attributes => '{"title": "title"}')}), qr/^IT051 .*looks at a record's past or at other records/, 'attach: no rule that looks at what another node has');
my $named = join ',', refusal('coordinator', qq{$unsafe SELECT itsm.attach('spread', 'incident', 'status', tenant => 'tenant', attributes => '{"title": "title"}')}) =~ /"rule": "(\w+)"/g;
sql('coordinator', qq{SELECT itsm.define_lifecycle(d || jsonb_build_object('name', 'incident_by_tenant', 'rules', (SELECT jsonb_agg(r) FROM jsonb_array_elements(d->'rules') r WHERE r->>'name' <> ALL ('{$named}'))))
	FROM itsm.lifecycle_definition('incident') d; CREATE TABLE incident ($columns); SELECT create_distributed_table('incident', 'tenant', colocate_with => 'none')});
is(sql('coordinator', qq{$unsafe SELECT itsm.attach('incident', 'incident_by_tenant', 'status', mode => 'enforce', tenant => 'tenant', attributes => '{"title": "title"}') > 0}), 't', 'attach: the same lifecycle without them');
sql('coordinator', qq{$unsafe SELECT itsm.detach('incident'); DROP TABLE incident});
sql('coordinator', "CREATE EXTENSION citus_columnar; CREATE TABLE columns_apart ($columns) USING columnar");
isnt(refusal('coordinator', attach('columns_apart')), '', 'attach: no columnar table');

like(refusal('worker1', q{SELECT itsm.distribute('spread', 'tenant')}), qr/^0A000/, 'distribute: not on a worker');
$node{worker2}->stop;
like(refusal('coordinator', qq{$unsafe SELECT itsm.attach('spread', 'desk', 'status', tenant => 'tenant')}), qr/^IT051 .*connect/, 'attach: not while a node is out of reach');
$node{worker2}->start;
is(sql('coordinator', $unsafe . attach('spread') . ' > 0'), 't', 'attach: it is, when it is back');

# On every node the policy of this one.
is(sql('coordinator', qq{$unsafe SELECT itsm.distribute('ticket', 'tenant'); SELECT itsm.distribute('late', 'tenant')}), "2\n2", 'distribute: both nodes take the policy');
is(sql('coordinator', q{SELECT itsm.distribute('ticket', 'tenant')}), 0, 'distribute: again, they have it');
is(sql('coordinator', q{SELECT string_agg(DISTINCT result, ',') FROM run_command_on_shards('ticket', $$SELECT count(*) FROM pg_trigger WHERE tgrelid = '%s'::regclass AND tgenabled = 'A' AND NOT tgisinternal$$)}),
	'2', 'the triggers are on every shard, and fire always');
my @tenants = map { "t$_" } 0 .. 9;
my %holds;
push @{ $holds{ node_of($_) } }, $_ foreach @tenants;
is(join(' ', sort keys %holds), 'worker1 worker2', 'both workers have tenants');
my ($here, $there) = ($holds{worker1}[0], $holds{worker2}[0]);
my $other = $holds{worker2}[1] // $there;

# The same refusals as on one node, asked of the coordinator and of either worker.
sql('coordinator', "INSERT INTO $_ SELECT n, 't' || n % 10, 'new', 'x', 1 FROM generate_series(1, 100) n; INSERT INTO $_ SELECT 1000, 't' || n, 'new', 'x', 1 FROM generate_series(0, 9) n") foreach qw(plain ticket);
foreach my $case (
	[ 'a state to start in',  "INSERT INTO %s VALUES (2000, '$here', 'closed', 'x', 9)" ],
	[ 'a rule',               "INSERT INTO %s VALUES (2000, '$there', 'new', 'x', 9)" ],
	[ 'no state',             "INSERT INTO %s VALUES (2000, '$there', 'nowhere', 'x', 1)" ],
	[ 'null',                 "INSERT INTO %s VALUES (2000, '$there', NULL, 'x', 1)" ],
	[ 'several rows',         "INSERT INTO %s VALUES (2000, '$here', 'new', 'x', 1), (2001, '$here', 'closed', 'x', 1)" ],
	[ 'upsert',               "INSERT INTO %s VALUES (1000, '$here', 'new', 'x', 1) ON CONFLICT (tenant, id) DO UPDATE SET status = 'closed'" ],
	[ 'a transition',         "UPDATE %s SET status = 'closed' WHERE tenant = '$here' AND id = 1000" ],
	[ 'several shards',       "UPDATE %s SET prio = 7" ],
	[ 'UPDATE ... FROM',      "UPDATE %s t SET prio = 0 FROM (VALUES (1000)) v(id) WHERE t.tenant = '$there' AND t.id = v.id" ],
	[ 'deletion',             "DELETE FROM %s WHERE tenant = '$there' AND id = 1000" ],
	[ 'deletion of all',      'DELETE FROM %s' ],
	[ 'truncation',           'TRUNCATE %s' ],
	[ 'COPY',                 "COPY %s (id, tenant, status, prio) FROM STDIN;\n2000\t$here\tclosed\t1\n\\.\n" ],
	[ 'required',             "BEGIN; UPDATE %s SET status = 'work' WHERE tenant = '$here' AND id = 1000; UPDATE %s SET status = 'resolved' WHERE tenant = '$here' AND id = 1000; UPDATE %s SET status = 'closed' WHERE tenant = '$here' AND id = 1000; COMMIT" ])
{
	my ($name, $statement) = @$case;
	my $plain = refusal('coordinator', $statement =~ s/%s/plain/gr);
	like($plain, qr/^IT0\d\d /, "$name: refused on one node");
	# Citus gives what fails in a COPY a code of its own
	$plain =~ s/^IT\w+/XX000/ if $name eq 'COPY';
	is(refusal($_, $statement =~ s/%s/ticket/gr) =~ s/ticket_\d+|ticket/plain/gr, $plain, "$name: asked of $_ it is refused with the same words") foreach 'coordinator', @workers;
}
like(refusal('coordinator', "INSERT INTO late VALUES (1, '$here', 'closed', 'x', 1)"), qr/^IT003/, 'deferred: a statement by itself is refused');
like(refusal('coordinator', "BEGIN; INSERT INTO late VALUES (1, '$here', 'closed', 'x', 1); INSERT INTO late VALUES (2, '$there', 'new', 'x', 1); COMMIT"), qr/^IT003/, 'deferred: a transaction of two nodes at its end');
is(sql('coordinator', "BEGIN; INSERT INTO late VALUES (1, '$here', 'new', 'x', 9); UPDATE late SET prio = 1 WHERE tenant = '$here' AND id = 1; INSERT INTO late VALUES (2, '$there', 'new', 'x', 1); COMMIT; SELECT count(*) FROM late"), 2, 'deferred: what is right at its end passes');

# Transactions over nodes: all of it or nothing, and an event a write.
sql('coordinator', "BEGIN; UPDATE ticket SET status = 'work', writes = writes + 1 WHERE tenant = '$here'; UPDATE ticket SET title = 'y', writes = writes + 1 WHERE tenant IN ('$there', '$other'); COMMIT;
	BEGIN; UPDATE ticket SET status = 'work', writes = writes + 1; ROLLBACK;
	BEGIN; SAVEPOINT s; UPDATE ticket SET title = 'z', writes = writes + 1; ROLLBACK TO s; UPDATE ticket SET prio = 2, writes = writes + 1; COMMIT;
	UPDATE ticket SET writes = writes + 1 WHERE id % 3 = 0");
# on a worker a session writes a row of its own shards before it writes many of several nodes: see docs/citus.md
$node{worker2}->safe_psql('postgres', "UPDATE ticket SET writes = writes + 1 WHERE tenant = '$here'; UPDATE ticket SET writes = writes + 1 WHERE tenant = '$there' AND id = 1000; INSERT INTO ticket SELECT 3000 + n, 't' || n % 10, 'new', 'x', 1 FROM generate_series(1, 30) n");
compare_events('at rest');
verify_nodes('at rest');
is(sql('worker1', "SELECT kind FROM itsm.history('ticket', '($here,1000)') ORDER BY version LIMIT 1"), 'created', 'the node of a row tells its history');
sql('coordinator', "BEGIN; SET LOCAL citus.propagate_set_commands = 'local'; SET LOCAL itsm.reason = 'because'; UPDATE ticket SET title = 'reasoned', writes = writes + 1 WHERE tenant = '$here' AND id = 1000; COMMIT");
is(sql('worker1', "SELECT reason FROM itsm.history('ticket', '($here,1000)') ORDER BY version DESC LIMIT 1"), 'because', 'a reason goes with it, when Citus is told to send settings');

sql('coordinator', "BEGIN; SELECT itsm.act_as('anna'); UPDATE ticket SET title = 'acted', writes = writes + 1 WHERE tenant = '$here' AND id = 1000; COMMIT");
is(sql('worker1', "SELECT actor FROM itsm.history('ticket', '($here,1000)') ORDER BY version DESC LIMIT 1"), 'postgres', 'who acts does not: the role stands there');

# A node's shards are guarded as its tables are.
my $shard = 'ticket_' . $shard_of->($here);
like(refusal('worker1', "ALTER TABLE $shard DISABLE TRIGGER ALL"), qr/^IT052/, 'triggers of a shard are not disabled');
like(refusal('worker1', 'DROP TRIGGER itsm_judge_' . $shard_of->($here) . " ON $shard"), qr/^IT052/, 'nor dropped');

# Modes go to the nodes.
my $attachment = sql('coordinator', q{SELECT id FROM itsm.attachment WHERE relation = 'ticket'::regclass});
sql('coordinator', "SELECT itsm.set_mode($attachment, 'observe', 'plausible'); UPDATE ticket SET prio = 8, writes = writes + 1 WHERE tenant IN ('$here', '$there') AND id = 1000");
is(sql($_, q{SELECT count(*) FROM itsm.violation WHERE rule = 'plausible'}), 1, "a rule that is observed is observed on $_") foreach @workers;
sql('coordinator', "SELECT itsm.set_mode($attachment, 'enforce', 'plausible')");
like(refusal('coordinator', "UPDATE ticket SET prio = 9 WHERE tenant = '$here'"), qr/^IT005/, 'and enforced again');
sql('coordinator', "SELECT itsm.define_lifecycle('" . $lifecycle =~ s/between 1 and 5/between 1 and 8/r . "')");
is(sql('coordinator', q{SELECT itsm.distribute('ticket', 'tenant')}), 2, 'a lifecycle that was changed goes to the nodes by distribute');
is(refusal('coordinator', "UPDATE ticket SET prio = 7, writes = writes + 1 WHERE tenant = '$here' AND id = 1000"), '', 'and holds there');

# Shards move under load, online, there and back.
my $script = PostgreSQL::Test::Utils::tempdir() . '/load';
PostgreSQL::Test::Utils::append_to_file($script, <<'END');
\set id random(1, 60)
\set number random(0, 9)
INSERT INTO ticket (id, tenant, status, title, prio) VALUES (5000 + :id, 't' || :number, 'new', 'load', 1) ON CONFLICT (tenant, id) DO UPDATE SET writes = ticket.writes + 1, prio = 1 + ticket.writes % 5;
UPDATE ticket SET writes = writes + 1, status = CASE WHEN status = 'work' THEN 'resolved' ELSE 'work' END WHERE tenant = 't' || :number AND id = 5000 + :id;
END
sub under_load
{
	my ($seconds, $what, $work) = @_;
	my $out = '';
	my $load = IPC::Run::start([ 'pgbench', '-n', '-h', $coordinator->host, '-p', $coordinator->port, '-f', $script, '-c', 4, '-j', 2, '-R', 150, '-T', $seconds, 'postgres' ], '>', \$out, '2>&1');
	$work->();
	ok($load->finish, "$what: the load was not disturbed") or diag $out;
	my ($done) = $out =~ /actually processed: (\d+)/;
	my ($failed) = $out =~ /failed transactions: (\d+)/;
	cmp_ok($done // 0, '>', 200, "$what: it wrote all the time");
	is($failed, 0, "$what: no write failed");
	compare_events($what);
}
under_load(15, 'moving under load', sub { move($here, 'worker2'); move($here, 'worker1'); move($there, 'worker1') });
verify_nodes('after moving');
sql('coordinator', 'CALL citus_cleanup_orphaned_resources()');
verify_nodes('when the shards that were left are dropped');
is(refusal('coordinator', "UPDATE ticket SET status = 'closed' WHERE tenant = '$there' AND id = 1000") =~ s/ .*//r, 'IT001', 'after a move the row is judged as before');
sql($_, "SELECT id AS attachment FROM itsm.attachment WHERE relation = 'ticket'::regclass AND detached_at IS NULL \\gset\nCALL itsm.backfill(:attachment)") foreach @workers;
my $records = 0;
$records += sql($_, q{SELECT count(*) FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation IS NOT NULL AND NOT r.deleted
	AND r.attachment = (SELECT id FROM itsm.attachment WHERE relation = 'ticket'::regclass AND detached_at IS NULL)}) foreach @workers;
is($records, sql('coordinator', 'SELECT count(*) FROM ticket'), 'after a backfill on the nodes each row has one record that goes on');
verify_nodes('after the backfill');

# A new node refuses what it has no policy for.
add_node('worker3');
push @workers, 'worker3';
is(sql('worker3', q{SELECT itsm.table_policy('ticket')->'attachments'}), '[]', 'a new node has no policy');
move($other, 'worker3');
like(refusal('coordinator', "UPDATE ticket SET title = 'unseen' WHERE tenant = '$other' AND id = 1000"), qr/^IT051/, 'it refuses to write');
like(refusal('worker3', "INSERT INTO ticket VALUES (9000, '$other', 'new', 'unseen', 1)"), qr/^IT051/, 'asked directly, too');
is(sql('coordinator', "SELECT count(*) FROM ticket WHERE title = 'unseen'"), 0, 'and reads');
is(sql('coordinator', q{SELECT itsm.distribute('ticket', 'tenant'); SELECT itsm.distribute('late', 'tenant')}), "1\n1", 'it is given the policy');
is(refusal('coordinator', "UPDATE ticket SET title = 'seen', writes = writes + 1 WHERE tenant = '$other' AND id = 1000"), '', 'and writes');
like(refusal('coordinator', "UPDATE ticket SET status = 'closed' WHERE tenant = '$other' AND id = 1000"), qr/^IT001/, 'and judges');

# A rebalance under load.
sql($_, 'SELECT itsm.seal()') foreach @workers;
my %digest = map { $_ => sql($_, 'SELECT itsm.digest()') } @workers;
under_load(12, 'rebalancing under load', sub { sql('coordinator', q{SELECT citus_rebalance_start(shard_transfer_mode => 'force_logical'); SELECT citus_rebalance_wait()}) });
cmp_ok(sql('coordinator', q{SELECT min(n) FROM (SELECT count(*) AS n FROM citus_shards WHERE table_name = 'ticket'::regclass GROUP BY nodeport) c}), '>=', 2, 'the shards are spread over three nodes');
sql('coordinator', 'CALL citus_cleanup_orphaned_resources()');
verify_nodes('after a rebalance');
is(sql($_, "SELECT scope, object, detail FROM itsm.verify('$digest{$_}') WHERE NOT ok"), '', "$_: and the history from before is what it was") foreach @workers;
is(sql($_, q{SELECT string_agg(problem, ', ') FROM itsm_report.attachment_health}), '', "$_: its attachments are healthy") foreach 'coordinator', @workers;
is(sql($_, q{SELECT itsm.table_policy('ticket')->'lifecycles'}), sql('coordinator', q{SELECT itsm.table_policy('ticket')->'lifecycles'}), "$_ has the coordinator's lifecycle") foreach @workers;

# Detached means gone, on every node.
like(refusal('coordinator', q{SELECT itsm.detach('ticket')}), qr/^IT051/, 'detach: not without the setting');
like(refusal('coordinator', "INSERT INTO ticket VALUES (9000, '$here', 'closed', 'x', 1)"), qr/^IT003/, 'detach: the nodes still judge');
sql('coordinator', qq{$unsafe SELECT itsm.detach('ticket')});
is(sql('coordinator', q{SELECT string_agg(DISTINCT result, ',') FROM run_command_on_shards('ticket', $$SELECT count(*) FROM pg_trigger WHERE tgrelid = '%s'::regclass AND NOT tgisinternal$$)}), '0', 'detached: no trigger is on any shard');
is(sql($_, q{SELECT itsm.table_policy('ticket')->'attachments'}), '[]', "detached: $_ has no policy of it") foreach @workers;
is(refusal('coordinator', "UPDATE ticket SET status = 'closed' WHERE tenant = '$here' AND id = 1000"), '', 'detached: nobody judges');
verify_nodes('detached');
is(sql('coordinator', $unsafe . attach('ticket') . ' > 0'), 't', 'attached again while it is spread');
is(sql($_, q{SELECT jsonb_array_length(itsm.table_policy('ticket')->'attachments')}), '1', "attached again: $_ has the policy") foreach @workers;
like(refusal('coordinator', "INSERT INTO ticket VALUES (9000, '$here', 'closed', 'x', 1)"), qr/^IT003/, 'attached again: the nodes judge');
my $rows = sql('coordinator', "SELECT itsm.set_mode((SELECT max(id) FROM itsm.attachment), 'observe'); SELECT count(*) FROM ticket") =~ s/\s//gr;
sql('coordinator', 'TRUNCATE ticket');
my $deleted = 0;
$deleted += sql($_, q{SELECT count(*) FROM itsm.event WHERE kind = 'deleted'}) foreach @workers;
is($deleted, $rows, 'truncated while it is only observed: each row ends in the history of its node');
verify_nodes('truncated');

$_->stop foreach values %node;
done_testing();
