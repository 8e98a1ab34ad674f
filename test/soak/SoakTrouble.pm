# Those who disturb a soak: an editor of policies, a changer of tables, and one who cancels,
# terminates and kills.
package SoakTrouble;

use strict;
use warnings;
use ItsmTest;
use LoadCheck qw(check_nothing write_file);
use PostgreSQL::Test::Utils ();
use Time::HiRes qw(sleep time);
use Wire;

# Tables outside the model: one that is attached and detached, and two that are linked.
sub schema
{
	return <<'END';
CREATE TABLE visited (id int PRIMARY KEY, status text, title text);
CREATE TABLE gadget (id int PRIMARY KEY, status text, title text, host int REFERENCES gadget ON DELETE SET NULL);
CREATE TABLE gadget_link (a int REFERENCES gadget ON DELETE CASCADE, b int REFERENCES gadget ON DELETE CASCADE, PRIMARY KEY (a, b));
SELECT itsm.attach('gadget', 'load_b', 'status', attributes => '{"title": "title"}');
INSERT INTO gadget SELECT n, 'busy', 't', NULL FROM generate_series(1, 60) n;
SELECT itsm.define_relationship_type('soak_on', 'soak_bears', cardinality => 'n:1', impact => 'backward');
SELECT itsm.define_relationship_type('soak_uses', 'soak_used_by', impact => 'backward');
SELECT itsm.attach_relationships('gadget', 'soak_on', target => 'host');
SELECT itsm.define_sla('{"name": "all", "lifecycle": "load", "metric": "resolution", "target": "1 second", "reset_on": "title", "valid_from": "2020-01-01"}');
SELECT itsm.define_sla('{"name": "urgent", "lifecycle": "load_b", "metric": "resolution", "condition": "new.priority < 3", "pause_when": "new.assignee IS NULL", "reopen": "new", "target": "2 seconds", "valid_from": "2020-01-01"}');
SELECT itsm.define_sla('{"name": "late", "lifecycle": "load", "metric": "resolution", "condition": "new.priority > 2 AND new.assignee IS NOT NULL", "retroactive": true, "target": "1 hour", "valid_from": "2020-01-01"}');
END
}

# What brings it to rest at the end.
sub rest
{
	return <<'END';
SELECT itsm.detach('visited') WHERE EXISTS (SELECT FROM itsm.attachment WHERE relation = 'visited'::regclass AND detached_at IS NULL);
SELECT itsm.attach('visited', 'load_b', 'status');
SELECT itsm.attach_relationships('gadget_link', 'soak_uses', 'a', 'b', 'gadget', 'gadget') WHERE NOT EXISTS (SELECT FROM itsm.relationship_attachment WHERE relation = 'gadget_link'::regclass);
SELECT itsm.sync_relationships(id) FROM itsm.relationship_attachment;
END
}

# (nothing relates to itself)
sub relationships_agree
{
	check_nothing(q{SELECT 'host', coalesce(g.id::text, r.source_key), coalesce(g.host::text, 'none'), coalesce(r.target_key, 'none')
		FROM (SELECT * FROM gadget WHERE host <> id) g FULL JOIN (SELECT source_key, target_key FROM itsm_report.relationship WHERE holds AND type = 'soak_on') r
			ON r.source_key = g.id::text AND r.target_key = g.host::text WHERE g.id IS NULL OR r.source_key IS NULL}, 'relationships of a column are its rows\'');
	check_nothing(q{SELECT a, b FROM gadget_link WHERE a <> b AND NOT EXISTS (SELECT FROM itsm_report.relationship WHERE holds AND type = 'soak_uses' AND source_key = a::text AND target_key = b::text)},
		'relationships of a link table are there');
}

# A session that says one of its statements after the other until the time is over.
sub administer
{
	my ($node, $until, $file, $pause, @statements) = @_;
	my ($wire, %count);
	while (time < $until)
	{
		my ($name, @sql) = @{ $statements[ rand @statements ] };
		foreach my $sql (map { ref $_ ? $_->() : $_ } @sql)
		{
			my $answer = eval { $wire //= login($node); $wire->query($sql) };
			if (!$answer)
			{
				die $@ unless ref $@;
				$wire = undef;
				$count{'connection lost'}++;
				sleep 0.3;
				last;
			}
			my $code = $answer->{code} // '';
			$count{ $name . ($code && " $code") }++;
			# a lock that was not got, a cancel, a deadlock, a table that is (not) attached just now
			die "$sql\n$code $answer->{message}\n" if $code && $code !~ /^(55P03|57014|40P01|IT05\d|42P07|42701|42703|42P01)$/;
			die "$sql\n" . join("\n", map { join ' ', map { $_ // '' } @$_ } @{ $answer->{rows} }) . "\n" if $name eq 'verify' && @{ $answer->{rows} };
			last if $code;
		}
		eval { $wire->query('ROLLBACK') if $wire && $sql[0] eq 'BEGIN' };
		sleep $pause * rand;
	}
	write_file($file, map { "$_ $count{$_}\n" } sort keys %count);
}
sub login
{
	my ($node) = @_;
	my $wire = Wire->connect($node);
	$wire->rows("SET client_min_messages = error; SET lock_timeout = '3s'; SET application_name = 'administrator'");
	return $wire;
}

sub edit_policies
{
	my ($node, $until) = @_;
	# a few versions: a session keeps each that it has met with, for each table
	my $describe = sub { my ($name, $rolled_back) = @_; return "SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('$name'), '{description}', to_jsonb(clock_timestamp()::text)))"
		. ($rolled_back ? '' : " WHERE (SELECT max(version) < 5 FROM itsm.lifecycle WHERE name = '$name')") };
	administer($node, $until, 'trouble40', 1.0,
		[ 'lifecycle', $describe->('load') ], [ 'lifecycle', $describe->('load_b') ],
		[ 'lifecycle taken back', 'BEGIN', $describe->('load', 1), 'SAVEPOINT s', $describe->('load_b', 1), 'ROLLBACK TO s' ],
		[ 'mode', 'SELECT itsm.set_mode(id, mode) FROM itsm.attachment WHERE detached_at IS NULL' ],
		[ 'partitions', 'SELECT itsm.make_partitions()' ],
		[ 'attach', q{SELECT itsm.attach('visited', 'load_b', 'status', mode => 'enforce', attributes => '{"title": "title"}')} ],
		[ 'attach', q{SELECT itsm.attach('visited', 'load_b', 'status', mode => 'observe', timing => 'deferred')} ],
		[ 'detach', q{SELECT itsm.detach('visited')} ], [ 'detach', q{SELECT itsm.detach('visited')} ],
		[ 'another attachment', q{SELECT itsm.attach('ticket', 'load_b', 'status', filter => 'kind = ''z''')} ],
		[ 'another detached', q{SELECT itsm.detach('ticket', id) FROM itsm.attachment WHERE relation = 'ticket'::regclass AND detached_at IS NULL AND filter LIKE '%''z''%'} ],
		[ 'relationships', q{SELECT itsm.attach_relationships('gadget_link', 'soak_uses', 'a', 'b', 'gadget', 'gadget')} ],
		[ 'relationships detached', q{SELECT itsm.detach_relationships(id) FROM itsm.relationship_attachment WHERE relation = 'gadget_link'::regclass} ],
		[ 'relationship type', q{SELECT itsm.define_relationship_type('soak_uses', 'soak_used_by', impact => 'backward', description => clock_timestamp()::text)} ],
		[ 'seal', 'SELECT itsm.seal()' ], [ 'seal', 'SELECT itsm.seal(500)' ]);
}

sub change_tables
{
	my ($node, $until) = @_;
	my $verified = time;
	administer($node, $until, 'trouble41', 1.5,
		[ 'add column', 'ALTER TABLE visited ADD COLUMN more text' ], [ 'drop column', 'ALTER TABLE visited DROP COLUMN more' ],
		[ 'add column', 'ALTER TABLE watched ADD COLUMN more int DEFAULT 3' ], [ 'drop column', 'ALTER TABLE watched DROP COLUMN more' ],
		[ 'rename', 'ALTER TABLE visited RENAME title TO titel', 'ALTER TABLE visited RENAME titel TO title' ],
		[ 'index', 'CREATE INDEX soak_index ON ticket (status)', 'DROP INDEX soak_index' ],
		[ 'vacuum full', 'VACUUM FULL visited' ], [ 'vacuum full', 'VACUUM FULL ticket' ], [ 'vacuum full', 'VACUUM FULL slow' ],
		[ 'cluster', 'CLUSTER late USING late_pkey' ], [ 'cluster', 'CLUSTER gadget USING gadget_pkey' ],
		[ 'reindex', 'REINDEX TABLE CONCURRENTLY parent' ], [ 'vacuum', 'VACUUM itsm.record, itsm.record_state, itsm.event' ],
		[ 'partition', q{CREATE TABLE parted_z PARTITION OF parted FOR VALUES IN ('z')}, 'ALTER TABLE parted DETACH PARTITION parted_z', 'DROP TABLE parted_z' ],
		[ 'own table', 'VACUUM FULL itsm.record_state' ], [ 'own table', 'CLUSTER itsm.record USING record_pkey' ],
		[ 'backfill', sub { 'CALL itsm.backfill(' . (1 + int rand 12) . ', 50)' } ],
		[ 'sync', 'SELECT itsm.sync_relationships(id) FROM itsm.relationship_attachment' ],
		[ 'views', 'SELECT count(*) FROM itsm_report.attachment_health', 'SELECT * FROM itsm_report.ledger_status' ],
		[ 'verify', sub { return () if time < $verified + 30; $verified = time; return $ItsmTest::verify } ]);
}

# Cancels and terminates; from the middle on kills a backend every minute, and the postmaster now and then.
sub disturb
{
	my ($node, $started, $until, $clients) = @_;
	my %count;
	my $middle = $started + ($until - $started) / 2;
	my ($next_kill, $next_end) = ($middle, $middle + 25);
	while (time < $until - 3)
	{
		sleep 0.3 + rand;
		my $victim = 1 + int rand $clients;
		if (time > $next_end)
		{
			$next_end = time + 60 + rand 30;
			kill_postmaster($node);
			$count{'kill -9 of the postmaster'}++;
		}
		elsif (time > $next_kill)
		{
			$next_kill = time + 30 + rand 30;
			my ($status, $pid) = $node->psql('postgres', "SELECT pid FROM pg_stat_activity WHERE usename LIKE 'soak\\_%' AND state = 'active' ORDER BY random() LIMIT 1");
			$count{'kill -9 of a backend'} += kill 'KILL', $pid if $pid;
		}
		elsif (rand() < 0.7)
		{
			$node->psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename IN ('soak_$victim', current_user) AND pid <> pg_backend_pid() AND state = 'active' AND random() < 0.7");
			$count{cancel}++;
		}
		elsif (time > $middle || $victim > 4)
		{
			$node->psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'soak_$victim' OR application_name = 'administrator' AND random() < 0.2");
			$count{terminate}++;
		}
	}
	write_file('trouble42', map { "$_ $count{$_}\n" } sort keys %count);
}

# Its children notice, and while one of them lives the server cannot be started.
sub kill_postmaster
{
	my ($node) = @_;
	my $data = $node->data_dir;
	my ($pid) = PostgreSQL::Test::Utils::slurp_file("$data/postmaster.pid") =~ /^(\d+)/;
	kill 'KILL', $pid;
	for (1 .. 300)
	{
		sleep 0.2;
		system("pg_ctl -D '$data' -l '" . $node->logfile . "' -w -t 60 start >/dev/null 2>&1") == 0 and return;
	}
	die "the server could not be started again\n";
}

1;
