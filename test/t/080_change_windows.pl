#!/usr/bin/env perl
#
# Change windows and bookings go with a dump, and hold in the restored database: what was
# booked keeps others off, what is booked then gets numbers that nobody has.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE desk TEMPLATE template0');
$node->safe_psql('desk', <<'END');
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "change", "attributes": {"planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": ["new", "closed"]}], "delete": "allow",
	"rules": [{"name": "free", "to": "scheduled", "no_conflict": true}, {"name": "no_freeze", "to": "scheduled", "not_frozen": {"maintenance": true}}]}');
CREATE TABLE change (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, cis text[]);
SELECT itsm.attach('change', 'change', 'status', mode => 'enforce', attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis"}');
INSERT INTO change (id, s, e, cis) SELECT i, timestamptz '2050-01-01' + i * interval '1 hour', timestamptz '2050-01-01' + (i + 1) * interval '1 hour', ARRAY['c' || i % 7, 'd' || i]
	FROM generate_series(1, 200) i;
UPDATE change SET status = 'scheduled';
INSERT INTO change (id, s, e, cis) VALUES (1001, '2050-01-01 01:30', '2050-01-01 01:45', '{c1}'), (1002, '2050-06-01', '2050-06-02', '{c1,x}'), (1003, '2050-07-01 01:00', '2050-07-01 02:00', '{x}');
SELECT itsm.set_mode(1, 'observe');
UPDATE change SET status = 'scheduled' WHERE id = 1001;
SELECT itsm.set_mode(1, 'enforce');
SELECT itsm.define_change_window('half year', 'freeze', '2050-06-01', '2050-06-08', cis => '{c1,c2}');
SELECT itsm.define_change_window('nights', 'maintenance', hours => 'Mo-Su 00:00-04:00 @ Europe/Berlin', cis => '{x}');
END

# Everything there is of it.
my $contents = <<'END';
SELECT c.ci, b.during, b.enforced, b.place, r.key, b.attachment FROM itsm.change_booking b
	JOIN itsm.booked_ci c ON c.number = lower(b.place) JOIN itsm.record r ON r.id = b.record ORDER BY 1, 2, 5;
SELECT * FROM itsm.change_window ORDER BY name;
SELECT last_value, is_called FROM itsm.booked_ci_number_seq;
END
my $before = $node->safe_psql('desk', $contents);
like($before, qr/d200\|/, 'there are bookings');
like($before, qr/nights\|maintenance/, 'and windows');

sub refused_with
{
	my ($database, $code, $statement, $what) = @_;
	my (undef, undef, $error) = $node->psql($database, "\\set VERBOSITY sqlstate\n$statement");
	like($error, qr/ERROR:  $code/, $what);
	return;
}

sub check_restored
{
	my ($database) = @_;

	is($node->safe_psql($database, $contents), $before, "$database: all is there");
	is($node->safe_psql($database, 'SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok'), '', "$database: verify finds nothing");
	refused_with($database, 'IT012', q{INSERT INTO change (id, s, e, cis) VALUES (2001, '2050-01-01 02:30', '2050-01-01 02:40', '{d2}'); UPDATE change SET status = 'scheduled' WHERE id = 2001}, "$database: what was booked is booked");
	refused_with($database, 'IT012', q{UPDATE change SET s = '2050-01-02', e = '2050-01-05', cis = '{c3}' WHERE id = 1}, "$database: for another plan, too");
	refused_with($database, 'IT011', q{UPDATE change SET status = 'scheduled' WHERE id = 1002}, "$database: a freeze holds");
	$node->safe_psql($database, q{UPDATE change SET status = 'scheduled' WHERE id = 1003});
	refused_with($database, 'IT011', q{UPDATE change SET e = '2050-07-01 02:01' WHERE id = 1003}, "$database: as does a maintenance window");
	is($node->safe_psql($database, q{SELECT string_agg(concat(other, ' ', kind), ', ' ORDER BY kind, other) FROM itsm.change_conflicts('change', '1001')}), '1 change', "$database: conflicts are found");
	is($node->safe_psql($database, q{SELECT lower(itsm.next_free_slot('change', '1003', '3 hours'))}), '2050-07-01 22:00:00+00', "$database: and slots");
	$node->safe_psql($database, q{UPDATE change SET status = 'closed' WHERE id BETWEEN 1 AND 200; UPDATE change SET s = '2051-01-01', e = '2051-01-02', cis = '{brand,new}', status = 'scheduled' WHERE id = 1002});
	is($node->safe_psql($database, q{SELECT string_agg(concat(r.key, ' ', c.ci), ', ' ORDER BY r.key, c.ci) FROM itsm.change_booking b JOIN itsm.booked_ci c ON c.number = lower(b.place) JOIN itsm.record r ON r.id = b.record}),
		'1001 c1, 1002 brand, 1002 new, 1003 x', "$database: bookings go with their changes");
	is($node->safe_psql($database, 'SELECT count(*) = count(DISTINCT number) AND max(number) = (SELECT last_value FROM itsm.booked_ci_number_seq) FROM itsm.booked_ci'), 't', "$database: numbers go on");
	$node->safe_psql($database, q{SELECT itsm.detach('change')});
	is($node->safe_psql($database, 'SELECT count(*) FROM itsm.change_booking'), '0', "$database: a detached table has booked nothing");
	return;
}

my $directory = PostgreSQL::Test::Utils::tempdir();
my @at = ('-h', $node->host, '-p', $node->port);
my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', @at);
my %forms = (
	plain => [ [ '-Fp' ], [ @psql, '-f', "$directory/plain", '-d' ] ],
	inserts => [ [ '-Fp', '--inserts' ], [ @psql, '-f', "$directory/inserts", '-d' ] ],
	custom => [ [ '-Fc' ], [ 'pg_restore', '--exit-on-error', '--jobs=2', @at, "$directory/custom", '-d' ] ]);
foreach my $form (sort keys %forms)
{
	my ($options, $restore) = @{ $forms{$form} };
	my ($out, $error);

	$node->safe_psql('postgres', "CREATE DATABASE $form TEMPLATE template0");
	command_ok([ 'pg_dump', @at, @$options, '-f', "$directory/$form", 'desk' ], "$form: dump");
	ok(IPC::Run::run([ @$restore, $form ], '>', \$out, '2>', \$error), "$form: restore");
	is($error, '', "$form: nothing to complain of");
	check_restored($form);
}

done_testing();
