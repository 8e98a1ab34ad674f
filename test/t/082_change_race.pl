#!/usr/bin/env perl
#
# Sessions that schedule, plan anew and give back changes on a few configuration items, all
# at once, at every isolation level, judged at once and at the end: in the end, and whenever
# one looks, no two of them occupy the same, and bookings are what the rows say.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sessions = 6;
my $transactions = $ENV{ITSM_RACE_TRANSACTIONS} || 250;
srand($ENV{ITSM_RACE_SEED} || 42);

my $node = PostgreSQL::Test::Cluster->new('race');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\ndeadlock_timeout = '20ms'\n");
$node->start;
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "change", "attributes": {"planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}],
	"transitions": [{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": "new"}], "delete": "allow",
	"rules": [{"name": "free", "to": "scheduled", "no_conflict": true}]}');
CREATE TABLE change (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, cis text[]);
CREATE TABLE late (LIKE change INCLUDING ALL);
SELECT itsm.attach('change', 'change', 'status', mode => 'enforce', attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis"}');
SELECT itsm.attach('late', 'change', 'status', mode => 'enforce', timing => 'deferred', attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis"}');
INSERT INTO change (id) SELECT generate_series(1, 60);
INSERT INTO late TABLE change;
CREATE VIEW overlap AS SELECT count(*) FROM itsm.change_booking a JOIN itsm.change_booking b ON a.record < b.record AND a.place && b.place AND a.during && b.during;
CREATE VIEW booked AS SELECT s.name, r.key, c.ci, b.during FROM itsm.change_booking b JOIN itsm.booked_ci c ON c.number = lower(b.place)
	JOIN itsm.record r ON r.id = b.record JOIN itsm.source_name s ON s.id = r.source WHERE b.enforced;
CREATE VIEW planned AS SELECT 'public.' || t AS name, id::text AS key, ci, tstzrange(s, e) AS during
	FROM (SELECT 'change' AS t, * FROM change UNION ALL SELECT 'late', * FROM late) c, LATERAL (SELECT DISTINCT unnest(cis)) x(ci) WHERE status = 'scheduled';
END

# A transaction of one to three writes.
sub transaction
{
	my @levels = ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');
	my $sql = 'BEGIN ISOLATION LEVEL ' . $levels[ rand @levels ] . ";\n";

	foreach (1 .. 1 + int(rand 3))
	{
		my $table = rand() < 0.5 ? 'change' : 'late';
		my $hour = int(rand 48);
		my $set = rand() < 0.35 ? q{status = 'new'}
			: sprintf(q{status = 'scheduled', s = timestamptz '2050-01-01' + interval '%d hours', e = timestamptz '2050-01-01' + interval '%d hours', cis = '{c%d,c%d}'},
				$hour, $hour + 1 + int(rand 5), int(rand 5), int(rand 5));
		$sql .= "UPDATE $table SET $set WHERE id = " . (1 + int(rand 60)) . ";\n";
	}
	return $sql . (rand() < 0.1 ? 'ROLLBACK' : 'COMMIT') . ";\n";
}

my @runs;
foreach my $session (1 .. $sessions)
{
	my $script = join '', "\\set VERBOSITY sqlstate\n", map { transaction() } 1 .. $transactions;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$session.sql";
	my %run = (out => '', error => '');

	append_to_file($file, $script);
	$run{harness} = IPC::Run::start([ 'psql', '-X', '-q', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-f', $file ], '<', \undef, '>', \$run{out}, '2>', \$run{error});
	push @runs, \%run;
}
my $overlaps = 0;
my $looks = 20;
$overlaps += $node->safe_psql('postgres', 'TABLE overlap') foreach 1 .. $looks;
$_->{harness}->finish foreach @runs;
my %codes;
$codes{$_}++ foreach map { $_->{error} =~ /ERROR:  (\w+)/g } @runs;
note(join ', ', map { "$_: $codes{$_}" } sort keys %codes);
cmp_ok($codes{IT012} // 0, '>', 50, 'there were conflicts');
is(join(' ', grep { !/^(IT012|40001|40P01|25P02)$/ } sort keys %codes), '', 'what failed failed with IT012, or is to be tried again');
is($node->safe_psql('postgres', 'SELECT count(*) FROM itsm.change_booking WHERE enforced') > 10 ? 'many' : 'few', 'many', 'there are bookings');
is($overlaps, 0, "never did two occupy the same ($looks looks)");
is($node->safe_psql('postgres', '(TABLE planned EXCEPT TABLE booked) UNION ALL (TABLE booked EXCEPT TABLE planned)'), '', 'bookings are what the rows say');
is($node->safe_psql('postgres', 'SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok'), '', 'verify finds nothing');

done_testing();
