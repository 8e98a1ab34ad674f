#!/usr/bin/env perl
#
# Searches through relationships where one session is not enough to tell: four sessions
# that write at random while relationships are packed, each comparing with recursive
# queries in the same snapshot; a standby; dump and restore; a chain of a million; and
# Debian's packages, against recursive queries and a Tarjan of our own (ITSM_DATA).
#
# ITSM_GRAPH_WRITES	writes of each session (default 1500)
# ITSM_GRAPH_SEED	the seed that an earlier run told

use strict;
use warnings;
use ItsmTest qw($checks $verify fingerprint);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $writes = $ENV{ITSM_GRAPH_WRITES} // 1500;
my $seed = $ENV{ITSM_GRAPH_SEED} // int(rand 1_000_000);
diag("seed $seed");

my $node = PostgreSQL::Test::Cluster->new('graph');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "shared_buffers = '256MB'\nmax_wal_size = '4GB'\njit = off\ndeadlock_timeout = '20ms'\n");
$node->start;
$node->backup('base');

# Random writes, and what they are compared with.

$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "node", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE node (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live');
SELECT itsm.attach('node', 'node', 'status', mode => 'enforce');
INSERT INTO node SELECT generate_series(1, 200);
SELECT itsm.define_relationship_type('forward', 'f', impact => 'forward');
SELECT itsm.define_relationship_type('backward', 'b', impact => 'backward', acyclic => true);
SELECT itsm.define_relationship_type('single', 's', cardinality => 'n:1', impact => 'both');
CREATE FUNCTION one() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT itsm.record_id('node', (1 + floor(random() * 200))::text) $$;
CREATE FUNCTION way() RETURNS TABLE (a bigint, b bigint) LANGUAGE sql STABLE AS $$
	SELECT source, target FROM itsm.relationship WHERE ended = 0 AND type IN ('forward', 'single')
	UNION SELECT target, source FROM itsm.relationship WHERE ended = 0 AND type IN ('backward', 'single') $$;
CREATE FUNCTION differences(times integer) RETURNS bigint LANGUAGE sql STABLE AS $$
	WITH RECURSIVE w AS MATERIALIZED (SELECT * FROM way()), s AS MATERIALIZED (SELECT one() AS ci FROM generate_series(1, times)),
	c (ci, b) AS (SELECT ci, ci FROM s UNION SELECT c.ci, w.b FROM c JOIN w ON w.a = c.b), d (ci, b) AS (SELECT ci, ci FROM s UNION SELECT d.ci, w.a FROM d JOIN w ON w.b = d.b)
	SELECT (SELECT count(*) FROM (SELECT DISTINCT s.ci, i.record FROM s, itsm.impact(s.ci) i) x FULL JOIN (SELECT ci, b AS record FROM c WHERE b <> ci) y USING (ci, record) WHERE x IS NULL OR y IS NULL)
		+ (SELECT count(*) FROM (SELECT DISTINCT s.ci, i.record FROM s, itsm.dependencies(s.ci) i) x FULL JOIN (SELECT ci, b AS record FROM d WHERE b <> ci) y USING (ci, record) WHERE x IS NULL OR y IS NULL) $$;
CREATE TABLE outcome (session integer, what text, n bigint);
CREATE PROCEDURE write_and_compare(session integer, seed float, writes integer) LANGUAGE plpgsql AS $$
DECLARE
	state text;
	found bigint;
BEGIN
	PERFORM setseed(seed);
	FOR i IN 1 .. writes LOOP
		BEGIN
			IF random() < 0.6 THEN
				PERFORM itsm.relate(one(), (ARRAY['forward', 'backward', 'single'])[1 + floor(random() * 3)], one());
			ELSE
				PERFORM itsm.unrelate(id) FROM (SELECT id FROM itsm.relationship WHERE ended = 0 ORDER BY random() LIMIT 1) x;
			END IF;
			state := 'done';
			IF random() < 0.1 THEN
				state := 'taken back';
				RAISE EXCEPTION USING ERRCODE = 'IT999';
			END IF;
		EXCEPTION WHEN OTHERS THEN
			state := coalesce(nullif(state, 'done'), sqlstate);
			IF sqlstate NOT IN ('IT999', 'IT020', 'IT021', 'IT022', '55000', '40P01') THEN RAISE; END IF;
			IF sqlstate <> 'IT999' THEN state := sqlstate; END IF;
		END;
		INSERT INTO outcome VALUES (session, state, 1);
		IF i % 100 = 50 THEN
			-- own changes that are not committed included
			found := differences(10);
			INSERT INTO outcome VALUES (session, CASE WHEN found = 0 THEN 'compared' ELSE 'DIFFERENT' END, found);
		END IF;
		IF random() < 0.5 THEN COMMIT; END IF;
		IF i % 100 = 0 THEN
			-- as one who has written nothing: what others commit comes with the next snapshot
			COMMIT;
			found := differences(10) + differences(10);
			INSERT INTO outcome VALUES (session, CASE WHEN found = 0 THEN 'compared' ELSE 'DIFFERENT' END, found);
		END IF;
	END LOOP;
END $$;
END
my @sessions = map {
	my $s = $_;
	{ out => '', err => '', session => $s }
} 1 .. 4;
my @handles;
foreach my $s (@sessions)
{
	my $isolation = ('read committed', 'read committed', 'repeatable read', 'repeatable read')[ $s->{session} - 1 ];
	push @handles, IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', 'postgres',
		'-c', "SET default_transaction_isolation = '$isolation'", '-c', "CALL write_and_compare($s->{session}, " . (($seed % 1000) / 1000 - $s->{session} / 7) . ", $writes)" ],
		'<', \undef, '>', \$s->{out}, '2>', \$s->{err});
}
my $packed = 0;
my $working = 1;
while ($working)
{
	$node->safe_psql('postgres', 'SELECT itsm.pack_relationships()') && $packed++;
	select undef, undef, undef, 0.2;
	$working = grep { $_->pumpable } @handles;
	$_->pump_nb foreach grep { $_->pumpable } @handles;
}
$_->finish foreach @handles;
is($_->{err}, '', "session $_->{session} went through") foreach @sessions;
is($node->safe_psql('postgres', q{SELECT count(*) FROM outcome WHERE what = 'DIFFERENT'}), '0', 'every search agrees with the recursive query in its snapshot');
my $compared = $node->safe_psql('postgres', q{SELECT count(*) FROM outcome WHERE what = 'compared'});
cmp_ok($compared, '>=', 4 * 2 * int($writes / 100), "$compared comparisons, $packed packs meanwhile");
cmp_ok($packed, '>', 1, 'relationships were packed meanwhile');
note($node->safe_psql('postgres', q{SELECT what, count(*) FROM outcome GROUP BY 1 ORDER BY 1}));
is($node->safe_psql('postgres', q{WITH RECURSIVE c (a, b) AS (SELECT source, target FROM itsm.relationship WHERE ended = 0 AND type = 'backward'
	UNION SELECT c.a, r.target FROM c JOIN itsm.relationship r ON r.source = c.b AND r.ended = 0 AND r.type = 'backward') SELECT count(*) FROM c WHERE a = b}), '0', 'the acyclic type has no cycle');
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT source FROM itsm.relationship WHERE type = 'single' AND ended = 0 GROUP BY 1 HAVING count(*) > 1) x}), '0', 'no source has two targets where one is allowed');
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');
$node->safe_psql('postgres', "SET client_min_messages = error; SET check_function_bodies = off; $checks");
is($node->safe_psql('postgres', 'SELECT * FROM checks.chain_faults()'), '', 'chains are whole');
my $linked = $node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE kind = 'linked') = 2 * (SELECT count(*) FROM itsm.relationship),
	count(*) FILTER (WHERE kind = 'unlinked') = 2 * (SELECT count(*) FROM itsm.relationship WHERE ended <> 0) FROM itsm.event});
is($linked, 't|t', 'both records of each relationship remember its beginning and its end');

# A standby answers the same.
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{SELECT itsm.pack_relationships();
	SELECT itsm.relate(a, 'forward', b) FROM (SELECT itsm.record_id('node', n::text) AS a, itsm.record_id('node', (n + 7)::text) AS b FROM generate_series(1, 190) n) x
	WHERE NOT EXISTS (SELECT FROM itsm.relationship r WHERE r.source = a AND r.target = b AND r.type = 'forward' AND r.ended = 0) LIMIT 3});
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $sums = q{SELECT sum(itsm.impact_count(itsm.record_id('node', n::text))), sum(itsm.dependency_count(itsm.record_id('node', n::text))), (SELECT count(*) FROM itsm.cycles('forward')), (SELECT generation FROM itsm.graph_pack) > 0 FROM generate_series(1, 200) n};
is($standby->safe_psql('postgres', $sums), $node->safe_psql('postgres', $sums), 'a standby finds the same, out of the same pack');
is($standby->safe_psql('postgres', 'SELECT differences(20)'), '0', 'and agrees with the recursive query');
$standby->stop;

# Dump and restore: every relationship, no pack, and writes go on.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my $before = $node->safe_psql('postgres', 'SELECT count(*), sum(hashtext((id, source, target, ended, started_at, ended_at, type, tenant)::text)) FROM itsm.relationship');
command_ok([ 'pg_dump', '-Fc', '-h', $node->host, '-p', $node->port, '-f', $dump, 'postgres' ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
command_ok([ 'pg_restore', '--exit-on-error', '--jobs=2', '-h', $node->host, '-p', $node->port, '-d', 'restored', $dump ], 'restored');
is($node->safe_psql('restored', 'SELECT count(*), sum(hashtext((id, source, target, ended, started_at, ended_at, type, tenant)::text)) FROM itsm.relationship'), $before, 'restored: every relationship');
is($node->safe_psql('restored', q{SELECT count(*) FROM itsm.graph_pack}), '0', 'restored: no pack');
is($node->safe_psql('restored', q{SELECT string_agg(name || version, ' ' ORDER BY name, version) FROM itsm.relationship_type_version WHERE NOT shipped}), 'backward1 forward1 single1', 'restored: types of our own');
is($node->safe_psql('restored', $sums =~ s/, \(SELECT generation[^)]*\) > 0//r), $node->safe_psql('postgres', $sums =~ s/, \(SELECT generation[^)]*\) > 0//r), 'restored: searches find the same');
is($node->safe_psql('restored', $verify), '', 'restored: verify finds nothing');
$node->safe_psql('restored', q{SELECT itsm.pack_relationships(); CALL write_and_compare(5, 0.5, 200)});
is($node->safe_psql('restored', q{SELECT count(*) FROM outcome WHERE what = 'DIFFERENT'}), '0', 'restored: writes go on, and searches agree');
$node->safe_psql('postgres', 'DROP DATABASE restored');

# A chain of a million, put there by hand; relationships of records do not have to be.
$node->safe_psql('postgres', 'CREATE DATABASE chain');
$node->safe_psql('chain', q{SET client_min_messages = error; CREATE EXTENSION itsm; INSERT INTO itsm.relationship (id, source, target, ended, started_at, xid, system, type, tenant)
	SELECT i, i, i + 1, 0, now(), pg_current_xact_id(), (SELECT system_identifier FROM pg_control_system()), 'depends_on', '' FROM generate_series(1, 1000000) i; ANALYZE itsm.relationship});
foreach my $how ('scanned', 'packed')
{
	my $start = time;
	is($node->safe_psql('chain', q{SELECT itsm.dependency_count(1), itsm.impact_count(1000001)}), '1000000|1000000', "$how: a chain of a million is walked");
	is($node->safe_psql('chain', q{SELECT max(step) FROM itsm.path(1, 1000001)}), '1000000', "$how: and is a path");
	note(sprintf '%s: %.1f s', $how, time - $start);
	$node->safe_psql('chain', 'SELECT itsm.pack_relationships()');
}
is($node->safe_psql('chain', q{SELECT count(*) FROM itsm.single_points_of_failure(1)}), '1000000', 'each of them is a single point of failure');
is($node->safe_psql('chain', q{SELECT count(*) FROM itsm.cycles('depends_on')}), '0', 'there is no cycle');
is($node->safe_psql('chain', q{SELECT count(DISTINCT component), count(*) FROM itsm.components('depends_on')}), '1|1000001', 'it hangs together');
my (undef, undef, $error) = $node->psql('chain', q{SET itsm.graph_memory = '1MB'; SELECT itsm.dependency_count(1)});
like($error, qr/needs more than itsm.graph_memory \(1024kB\)/, 'memory is limited');
(undef, undef, $error) = $node->psql('chain', q{SET statement_timeout = '100ms'; SELECT itsm.dependency_count(1)});
like($error, qr/canceling statement due to statement timeout/, 'and a walk can be cancelled');
$node->safe_psql('postgres', 'DROP DATABASE chain');

# Debian's packages.
SKIP: {
	my $data = "$ENV{ITSM_DATA}/debian" if $ENV{ITSM_DATA};
	skip 'Debian\'s dependencies are not at hand (ITSM_DATA)', 1 unless $data && -e "$data/edges.csv.gz";
	$node->safe_psql('postgres', 'CREATE DATABASE debian');
	$node->safe_psql('debian', <<"END");
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "package", "attributes": {"title": "text"}, "states": [{"name": "known", "category": "active", "initial": true, "final": true}], "transitions": []}');
CREATE TABLE package (package text PRIMARY KEY, source text, section text, priority text, essential text, version text, status text NOT NULL DEFAULT 'known');
CREATE TABLE edge (from_package text, to_package text, type text, via_virtual text);
SELECT itsm.attach('package', 'package', 'status', mode => 'enforce');
COPY package (package, source, section, priority, essential, version) FROM PROGRAM 'zcat $data/nodes.csv.gz' (FORMAT csv, HEADER);
COPY edge FROM PROGRAM 'zcat $data/edges.csv.gz' (FORMAT csv, HEADER);
CREATE TABLE known AS SELECT key AS package, id FROM itsm.record WHERE source > 0;
CREATE UNIQUE INDEX ON known (package);
CREATE UNIQUE INDEX ON known (id);
ANALYZE;
END
	my $start = time;
	# in batches: all events of one transaction keep all versions of a record's head
	$node->safe_psql('debian', q{DO $$
		DECLARE
			e record;
			n integer := 0;
		BEGIN
			FOR e IN SELECT DISTINCT a.id AS a, b.id AS b FROM edge JOIN known a ON a.package = from_package JOIN known b ON b.package = to_package WHERE from_package <> to_package LOOP
				PERFORM itsm.relate(e.a, 'depends_on', e.b);
				n := n + 1;
				IF n % 200 = 0 THEN COMMIT; END IF;
			END LOOP;
		END $$});
	is($node->safe_psql('debian', q{SELECT count(*) FROM itsm.relationship}),
		$node->safe_psql('debian', q{SELECT count(*) FROM (SELECT DISTINCT from_package, to_package FROM edge JOIN known a ON a.package = from_package JOIN known b ON b.package = to_package WHERE from_package <> to_package) e}),
		'all of its dependencies are related');
	note(sprintf 'related in %.0f s', time - $start);
	$node->safe_psql('debian', 'ANALYZE itsm.relationship');
	my $closures = <<'END';
WITH s AS (SELECT id FROM known ORDER BY md5(package || 'x') LIMIT 100)
SELECT count(*) FROM s CROSS JOIN LATERAL (
	SELECT FROM (SELECT record FROM itsm.impact(s.id)) a FULL JOIN (
		WITH RECURSIVE c (id) AS (SELECT s.id UNION SELECT r.source FROM c JOIN itsm.relationship r ON r.target = c.id AND r.ended = 0) SELECT id AS record FROM c WHERE id <> s.id) b USING (record) WHERE a IS NULL OR b IS NULL
	UNION ALL
	SELECT FROM (SELECT record FROM itsm.dependencies(s.id)) a FULL JOIN (
		WITH RECURSIVE c (id) AS (SELECT s.id UNION SELECT r.target FROM c JOIN itsm.relationship r ON r.source = c.id AND r.ended = 0) SELECT id AS record FROM c WHERE id <> s.id) b USING (record) WHERE a IS NULL OR b IS NULL) x
END
	is($node->safe_psql('debian', $closures), '0', 'closures of a hundred packages, both ways, equal those of a recursive query');
	is($node->safe_psql('debian', q{SELECT itsm.pack_relationships() = (SELECT count(*) FROM itsm.relationship)}), 't', 'packed');
	is($node->safe_psql('debian', $closures), '0', 'and once more, packed');
	note('bytes an edge and direction: ' . $node->safe_psql('debian', q{SELECT round(pg_total_relation_size('itsm.graph_page') / (2.0 * relationships), 1) FROM itsm.graph_pack}));
	my %arcs;
	foreach my $line (split /\n/, $node->safe_psql('debian', q{SELECT source, target FROM itsm.relationship}))
	{
		my ($from, $to) = split /\|/, $line;
		push @{ $arcs{$from} }, $to;
		$arcs{$to} //= [];
	}
	is($node->safe_psql('debian', q{SELECT string_agg(members, E'\n' ORDER BY members COLLATE "C") FROM (SELECT string_agg(record::text, ' ' ORDER BY record) AS members FROM itsm.cycles('depends_on') GROUP BY cycle) x}),
		join("\n", sort(cyclic(\%arcs))), 'cycles are those that Tarjan finds');
	is($node->safe_psql('debian', $verify), '', 'verify finds nothing');
}

# Strongly connected components of more than one node, each as its sorted nodes.
sub cyclic
{
	my ($arcs) = @_;
	my (%index, %low, %on_stack, @stack, @found);
	my $next = 0;
	foreach my $start (keys %$arcs)
	{
		next if exists $index{$start};
		my @work = ([ $start, 0 ]);
		while (@work)
		{
			my ($v, $i) = @{ $work[-1] };
			if ($i == 0)
			{
				$index{$v} = $low{$v} = $next++;
				push @stack, $v;
				$on_stack{$v} = 1;
			}
			elsif ($on_stack{ $arcs->{$v}[ $i - 1 ] })
			{
				my $w = $arcs->{$v}[ $i - 1 ];
				$low{$v} = $low{$w} if $low{$w} < $low{$v};
			}
			while ($i < @{ $arcs->{$v} } && exists $index{ $arcs->{$v}[$i] })
			{
				my $w = $arcs->{$v}[ $i++ ];
				$low{$v} = $index{$w} if $on_stack{$w} && $index{$w} < $low{$v};
			}
			if ($i < @{ $arcs->{$v} })
			{
				$work[-1][1] = $i + 1;
				push @work, [ $arcs->{$v}[$i], 0 ];
				next;
			}
			if ($low{$v} == $index{$v})
			{
				my @component;
				do { push @component, pop @stack; delete $on_stack{ $component[-1] } } until $component[-1] == $v;
				push @found, join ' ', sort { $a <=> $b } @component if @component > 1;
			}
			pop @work;
		}
	}
	return @found;
}

$node->stop;
done_testing();
