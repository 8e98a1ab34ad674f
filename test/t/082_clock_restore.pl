#!/usr/bin/env perl
#
# Agreements, clocks and what was told of them come through a dump, in every form; clocks
# go on where they were, and nothing is told twice.  A standby answers the same.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('clocks');
$node->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "timezone = 'Asia/Kolkata'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE desk');
$node->safe_psql('desk', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "desk", "attributes": {"priority": "integer"}, "states": [
	{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "wait", "category": "waiting"},
	{"name": "done", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["wait", "done"]}, {"from": "wait", "to": "work"}, {"from": "done", "to": ["work", "closed"]}]}');
SELECT itsm.define_calendar('office', 'Mo-Fr 09:00-17:00 @ Europe/Berlin');
SELECT itsm.define_sla('{"name": "response", "lifecycle": "desk", "metric": "response", "condition": "new.priority = 1", "target": "0.001 seconds"}');
SELECT itsm.define_sla('{"name": "resolution", "process": "desk", "metric": "resolution", "target": "8 hours", "warn": [0.5], "calendar": "office"}');
SELECT itsm.define_sla('{"name": "resolution", "process": "desk", "metric": "resolution", "target": "6 hours", "hours": "24/7", "valid_from": "2200-01-01"}');
CREATE TABLE ticket (id int PRIMARY KEY, status text NOT NULL, prio int);
SELECT itsm.attach('ticket', 'desk', 'status', attributes => '{"priority": "prio"}');
INSERT INTO ticket SELECT n, 'new', 1 + n % 3 FROM generate_series(1, 60) n;
SELECT pg_sleep(0.01);
UPDATE ticket SET status = 'work' WHERE id % 2 = 0;
UPDATE ticket SET status = 'wait' WHERE id % 4 = 0;
UPDATE ticket SET prio = 1 WHERE id % 5 = 0;
UPDATE ticket SET status = 'done' WHERE id % 6 = 2;
END
my $told = $node->safe_psql('desk', 'SELECT count(*) FROM itsm.due_clocks()');
cmp_ok($told, '>', 5, 'breaches have been told');
my $contents = q{SELECT (SELECT md5(string_agg(c::text, ',' ORDER BY c.record, c.sla, c.number)) FROM itsm.clock c), (SELECT md5(string_agg(s::text, ',' ORDER BY s.id, s.version)) FROM itsm.sla s),
	(SELECT md5(string_agg(n::text, ',' ORDER BY n.record, n.sla, n.position)) FROM itsm.clock_notice n), (SELECT last_value FROM itsm.sla_id_seq)};
my $before = $node->safe_psql('desk', $contents);
my $same = 'SELECT * FROM itsm.recompute_clocks() LIMIT 3';
is($node->safe_psql('desk', $same), '', 'the clocks are those of the events');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$node->backup('base');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('desk', $contents), $before, 'a standby has the same');
my $explain = q{SELECT count(*), sum(x.counted) > '0' FROM itsm.record r, LATERAL itsm.explain_clock(r.id, 'response') x WHERE r.source = 1 AND x.ended_at IS NOT NULL};
is($standby->safe_psql('desk', $explain), $node->safe_psql('desk', $explain), 'and explains its clocks');
is($standby->safe_psql('desk', $same), '', 'and compares them with their events');
is($standby->safe_psql('desk', 'SELECT count(*) FROM itsm_report.sla_clock'), $node->safe_psql('desk', 'SELECT count(*) FROM itsm.clock'), 'and reports them');
$standby->stop;

my $dump = $node->basedir . '/dump';
my %forms = (
	plain => sub { $node->command_ok([ 'pg_dump', '-f', "$dump.sql", 'desk' ], 'dump, plain'); $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.sql", 'plain' ], 'restore, plain') },
	custom => sub { $node->command_ok([ 'pg_dump', '-Fc', '-f', "$dump.custom", 'desk' ], 'dump, custom'); $node->command_ok([ 'pg_restore', '-e', '-d', 'custom', "$dump.custom" ], 'restore, custom') },
	directory => sub { $node->command_ok([ 'pg_dump', '-Fd', '-f', "$dump.directory", 'desk' ], 'dump, directory'); $node->command_ok([ 'pg_restore', '-e', '-j', '2', '-d', 'directory', "$dump.directory" ], 'restore, directory, two jobs') });
for my $form (sort keys %forms)
{
	$node->safe_psql('postgres', "CREATE DATABASE $form");
	$forms{$form}->();
	is($node->safe_psql($form, $contents), $before, "$form: nothing is lost or doubled");
	is($node->safe_psql($form, $same), '', "$form: the clocks are those of the events");
	is($node->safe_psql($form, 'SELECT count(*) FROM itsm.due_clocks()'), 0, "$form: nothing is told twice");
	$node->safe_psql($form, "SET client_min_messages = error; UPDATE ticket SET status = 'work' WHERE status IN ('wait', 'new', 'done')");
	is($node->safe_psql($form, $same), '', "$form: the clocks go on");
	is($node->safe_psql($form, q{SELECT count(*) FROM itsm.clock c JOIN itsm.sla s ON s.id = c.sla WHERE s.name = 'resolution' AND s.version = 1 AND c.stage = 'in_progress'}), 60, "$form: all of them");
	is($node->safe_psql($form, q{SELECT itsm.define_sla('{"name": "more", "lifecycle": "desk", "metric": "resolution", "target": "1 hour"}') > 2}), 't', "$form: numbers of agreements go on");
	is($node->safe_psql($form, 'SELECT * FROM itsm.verify() WHERE NOT ok'), '', "$form: verify finds nothing");
}
$node->stop;
done_testing();
