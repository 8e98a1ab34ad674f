#!/usr/bin/env perl
#
# pg_dump and pg_restore in every form: history is neither lost nor doubled, and goes on
# in the restored database.

use strict;
use warnings;
use ItsmTest qw($service_desk $checks $verify fingerprint);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "timezone = 'Asia/Kolkata'\nmax_prepared_transactions = 5\n");
$node->start;

# A database with everything in it that has to come through.

$node->safe_psql('postgres', 'CREATE DATABASE desk; CREATE ROLE clerk; CREATE ROLE reader');
$node->safe_psql('desk', "SET client_min_messages = error; $service_desk");
$node->safe_psql('desk', <<'END');
SET client_min_messages = error;
-- rows from before, several versions, a shipped lifecycle replaced
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1 + n % 5, CASE WHEN n % 3 = 0 THEN 'bob' END FROM generate_series(1, 300) n;
UPDATE ticket SET status = 'work' WHERE id % 2 = 0;
UPDATE ticket SET status = 'resolved', title = E'Grüße\n"\\' WHERE id % 4 = 0;
SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('desk'), '{transitions,0}', '{"from": "new", "to": ["work", "resolved"]}'));
UPDATE ticket SET status = 'resolved' WHERE id % 7 = 1 AND status = 'new';
DELETE FROM ticket WHERE id % 50 = 0;
INSERT INTO ticket VALUES (50, 'new', 'again', 1, NULL);
UPDATE ticket SET id = id + 1000 WHERE id % 60 = 1;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident') || '{"description": "ours"}');

-- a partitioned table with odd names, a key of two columns, two attachments, tenants
CREATE SCHEMA "Odd ""one""";
CREATE TYPE "Odd ""one""".stat AS ENUM ('New!', 'Wörk', 'done');
CREATE TABLE "Odd ""one""".items ("the id" int, region text, "St" "Odd ""one""".stat, "select" text, PRIMARY KEY ("the id", region)) PARTITION BY LIST (region);
CREATE TABLE "Odd ""one""".items_a PARTITION OF "Odd ""one""".items FOR VALUES IN ('a', 'b');
CREATE TABLE "Odd ""one""".items_c PARTITION OF "Odd ""one""".items DEFAULT;
SELECT itsm.attach('"Odd ""one""".items', 'desk', 'St', '{"New!": "new", "Wörk": "work", "done": "closed"}', '{"title": "\"select\" || ''!''"}',
	filter => 'region in (''a'', ''c'')', tenant => 'region', track => '{select}');
SELECT itsm.attach('"Odd ""one""".items', 'incident', 'St', '{"New!": "new", "Wörk": "in_progress", "done": "closed"}', filter => 'region = ''b''', mode => 'off');
SELECT itsm.set_mode((SELECT max(id) FROM itsm.attachment), 'enforce', 'delete');
INSERT INTO "Odd ""one""".items SELECT n, chr(97 + n % 4), (ARRAY['New!', 'Wörk'])[1 + n % 2]::"Odd ""one""".stat, 's' || n FROM generate_series(1, 40) n;
UPDATE "Odd ""one""".items SET "St" = 'done';
UPDATE "Odd ""one""".items SET region = 'd' WHERE region = 'a' AND "the id" < 10;

-- a table that is not attached any more, and one that is gone
CREATE TABLE old_ticket (id int PRIMARY KEY, status text);
SELECT itsm.attach('old_ticket', 'desk', 'status');
INSERT INTO old_ticket VALUES (1, 'new'), (2, NULL), (3, 'unknown');
UPDATE old_ticket SET status = 'closed';
SELECT itsm.detach('old_ticket');
CREATE TABLE gone_ticket (id int PRIMARY KEY, status text);
SELECT itsm.attach('gone_ticket', 'desk', 'status');
INSERT INTO gone_ticket VALUES (1, 'new');
SELECT itsm.detach('gone_ticket');
DROP TABLE gone_ticket;
-- past history, in months long gone
SELECT itsm.import_events(1, 'SELECT id::text, timestamptz ''2024-11-28 12:00:00.123456+00'' + id % 7 * interval ''1 day'', ''new'' FROM ticket WHERE id BETWEEN 201 AND 240');
-- rights, persons, and events of a month without a partition
SELECT itsm.grant_actor('clerk');
SELECT itsm.grant_reader('reader');
SELECT itsm.grant_tenant('reader', 'c');
SELECT itsm.separate_tenants(true);
SELECT itsm.define_calendar('dumped', '24/7');
SELECT itsm.set_availability_target('dumped', 99, 'dumped', '2024-01-01');
SELECT itsm.define_service_credit('{"contract": "dumped", "fee": 1.50, "currency": "EUR", "measures": [{"service": "dumped", "steps": [{"below": 99, "credit": 5}]}]}');
GRANT USAGE ON SCHEMA itsm_report TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO reader;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO clerk;
END
$node->safe_psql('desk', $checks);
my $month = $node->safe_psql('desk', q{SELECT to_char(now() AT TIME ZONE 'UTC' + interval '2 months', 'YYYY_MM')});
$node->safe_psql('desk', "SET itsm.maintenance = on; DROP TABLE itsm.event_$month");

is($node->safe_psql('desk', 'SELECT * FROM checks.chain_faults()'), '', 'chains are whole before the dump');
is($node->safe_psql('desk', 'SELECT * FROM checks.row_faults()'), '', 'records fit their rows before the dump');
is($node->safe_psql('desk', $verify), '', 'verify finds nothing before the dump');
cmp_ok($node->safe_psql('desk', 'SELECT count(*) FROM itsm.event'), '>', 500, 'there is history');
cmp_ok($node->safe_psql('desk', 'SELECT count(*) FROM itsm.violation'), '>', 10, 'there are violations');
my $before = $node->safe_psql('desk', fingerprint());
# what a catalog says by leaving it out is said here too
my $rights = q{SELECT o.name, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(o.acl) a)
	FROM (SELECT oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc WHERE pronamespace = 'itsm'::regnamespace
		UNION ALL SELECT oid::regclass::text, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
		FROM pg_class WHERE relkind <> 'i' AND relnamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace)) o(name, acl)
	ORDER BY o.name COLLATE "C"};
# partitions of history without the two triggers that they have
my $unguarded = q{SELECT count(*) FROM pg_inherits i WHERE inhparent = 'itsm.event'::regclass AND (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = i.inhrelid AND tgenabled = 'A') <> 2};
my $rights_before = $node->safe_psql('desk', $rights);

# What a restored database must be, and do.
sub check_restored
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, fingerprint()), $before, "$what: every table, sequence, trigger and partition is the same");
	is($node->safe_psql($database, $rights), $rights_before, "$what: rights are the same");
	is($node->safe_psql($database, 'SELECT name, count(*) FROM itsm.lifecycle WHERE shipped GROUP BY 1 HAVING count(*) > 1'), '', "$what: nothing shipped is doubled");
	is($node->safe_psql($database, q{SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgname LIKE 'itsm%'}), 'A', "$what: triggers fire always");
	is($node->safe_psql($database, $verify), '', "$what: verify finds nothing");

	is($node->safe_psql($database, $unguarded), '0', "$what: history is append-only") unless $what eq 'upgraded';

	# the chain goes on
	my $id = $node->safe_psql($database, q{SELECT id FROM ticket WHERE status = 'work' ORDER BY id LIMIT 1});
	my $versions = $node->safe_psql($database, "SELECT version FROM itsm.record WHERE id = itsm.record_id('ticket', '$id')");
	my ($status, undef, $error) = $node->psql($database, "UPDATE ticket SET status = 'closed' WHERE id = $id");
	like($error, qr/transition from "work" to "closed"/, "$what: writes are judged");
	$node->safe_psql($database, "UPDATE ticket SET status = 'resolved' WHERE id = $id");
	is($node->safe_psql($database, "SELECT version FROM itsm.record WHERE id = itsm.record_id('ticket', '$id')"), $versions + 1, "$what: the next version follows");
	(undef, undef, $error) = $node->psql($database, q{UPDATE "Odd ""one""".items SET "St" = 'New!' WHERE region = 'c'});
	is($error, '', "$what: observed as before");
	$node->safe_psql($database, q{INSERT INTO ticket VALUES (5000, 'new', 'after', 2, NULL); UPDATE ticket SET status = 'work' WHERE id % 2 = 1 AND status = 'new'});
	is($node->safe_psql($database, 'SELECT count(DISTINCT id) = count(*), max(id) = itsm.record_id($$ticket$$, $$5000$$) FROM itsm.record'), 't|t', "$what: numbers of records go on");
	is($node->safe_psql($database, 'SELECT * FROM checks.chain_faults()'), '', "$what: chains are whole");
	is($node->safe_psql($database, 'SELECT * FROM checks.row_faults()'), '', "$what: records fit their rows");
	is($node->safe_psql($database, $verify), '', "$what: verify finds nothing after more writes");
	(undef, undef, $error) = $node->psql($database, q{SET client_min_messages = warning; SELECT itsm.attach('old_ticket', 'desk', 'status') > 0, itsm.make_partitions()});
	is($error, '', "$what: a table attached again, the missing partition made");
	is($node->safe_psql($database, q{UPDATE old_ticket SET status = 'work' WHERE id = 1; SELECT version FROM itsm.record WHERE id = itsm.record_id('old_ticket', '1')}), 4, "$what: and its history goes on");
	return;
}

my $directory = PostgreSQL::Test::Utils::tempdir();
my @dump = ('pg_dump', '-h', $node->host, '-p', $node->port);
my @restore = ('pg_restore', '--exit-on-error', '-h', $node->host, '-p', $node->port);
my %forms = (
	plain => [ [ @dump, '-Fp', '-f', "$directory/plain", 'desk' ],
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-f', "$directory/plain", '-d' ] ],
	custom => [ [ @dump, '-Fc', '-f', "$directory/custom", 'desk' ], [ @restore, "$directory/custom", '-d' ] ],
	custom_jobs => [ [ @dump, '-Fc', '-f', "$directory/custom_jobs", 'desk' ], [ @restore, '--jobs=2', "$directory/custom_jobs", '-d' ] ],
	single_transaction => [ [ @dump, '-Fc', '-f', "$directory/single", 'desk' ], [ @restore, '--single-transaction', "$directory/single", '-d' ] ],
	directory_jobs => [ [ @dump, '-Fd', '--jobs=2', '-f', "$directory/directory", 'desk' ], [ @restore, '--jobs=2', "$directory/directory", '-d' ] ],
	inserts => [ [ @dump, '-Fp', '--rows-per-insert=50', '-f', "$directory/inserts", 'desk' ],
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-f', "$directory/inserts", '-d' ] ]);
foreach my $form (sort keys %forms)
{
	my ($dump, $restore) = @{ $forms{$form} };
	my ($out, $error);
	$node->safe_psql('postgres', "CREATE DATABASE r_$form TEMPLATE template0");
	command_ok($dump, "$form: dump");
	ok(IPC::Run::run([ @$restore, "r_$form" ], '>', \$out, '2>', \$error), "$form: restore");
	is($error, '', "$form: nothing to complain of");
	check_restored("r_$form", $form);
}

# A dump of a restored database is the same again.
$node->safe_psql('postgres', 'CREATE DATABASE once TEMPLATE template0; CREATE DATABASE twice TEMPLATE template0');
command_ok([ @restore, '-d', 'once', "$directory/custom" ], 'restored');
command_ok([ @dump, '-Fc', '-f', "$directory/again", 'once' ], 'dumped again');
command_ok([ @restore, '-d', 'twice', "$directory/again" ], 'restored again');
is($node->safe_psql('twice', fingerprint()), $before, 'a dump of a restored database is the same');

# In parts: each section by itself.
$node->safe_psql('postgres', 'CREATE DATABASE sections TEMPLATE template0');
command_ok([ @restore, "--section=$_", '-d', 'sections', "$directory/custom" ], "sections: $_") foreach 'pre-data', 'data', 'post-data';
check_restored('sections', 'sections');

# Schema only: structure and triggers, no history, and writes begin anew.
$node->safe_psql('postgres', 'CREATE DATABASE bare TEMPLATE template0');
command_ok([ @dump, '-Fc', '--schema-only', '-f', "$directory/bare", 'desk' ], 'schema only: dump');
command_ok([ @restore, '-d', 'bare', "$directory/bare" ], 'schema only: restore');
is($node->safe_psql('bare', 'SELECT count(*) FROM itsm.event'), '0', 'schema only: no history');

# Over what is there, with --clean: the guards let it pass in maintenance, and only then.
my ($out, $error);
# (a small database: pg_restore --clean drops no keys of partitioned tables)
$node->safe_psql('postgres', 'CREATE DATABASE small');
$node->safe_psql('small', "SET client_min_messages = error; $service_desk $checks INSERT INTO ticket SELECT n, 'new', 't', 1 FROM generate_series(1, 20) n; UPDATE ticket SET status = 'work'");
my $small = $node->safe_psql('small', fingerprint());
command_ok([ @dump, '-Fc', '-f', "$directory/small", 'small' ], 'clean: dump');
$node->safe_psql('small', "INSERT INTO ticket VALUES (21, 'new', 't', 1)");
my @clean = (@restore, '--clean', '--if-exists', '-d', 'small', "$directory/small");
command_fails(\@clean, 'clean: refused');
{
	local $ENV{PGOPTIONS} = '-c itsm.maintenance=on';
	ok(IPC::Run::run(\@clean, '>', \$out, '2>', \$error), 'clean: restore in maintenance');
	is($error, '', 'clean: nothing to complain of');
}
is($node->safe_psql('small', fingerprint()), $small, 'clean: everything is as it was dumped');
(undef, undef, $error) = $node->psql('small', q{UPDATE ticket SET status = 'closed' WHERE id = 1});
like($error, qr/transition from "work" to "closed"/, 'clean: writes are judged');

# Data alone, into a restored schema.  What is disabled meanwhile is armed again, and the gap is kept.
my @data_only = (@restore, '--data-only', '--disable-triggers', "$directory/custom", '-d');
command_fails([ @data_only, 'bare' ], 'data only: refused');
$node->safe_psql('postgres', 'DROP DATABASE bare; CREATE DATABASE bare TEMPLATE template0');
command_ok([ @restore, '-d', 'bare', "$directory/bare" ], 'data only: schema');
{
	local $ENV{PGOPTIONS} = '-c itsm.maintenance=on';
	ok(IPC::Run::run([ @data_only, 'bare' ], '>', \$out, '2>', \$error), 'data only: restore in maintenance');
	is($error, '', 'data only: nothing to complain of');
}
is($node->safe_psql('bare', q{SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgname LIKE 'itsm%'}), 'A', 'data only: triggers fire always');
is($node->safe_psql('bare', q{SELECT string_agg(DISTINCT kind, ' ' ORDER BY kind) FROM itsm_report.policy_event WHERE subject = 'attachment 1' AND kind ~ 'maintenance|guard'}),
	'guard_disabled guard_enabled maintenance', 'data only: the gap is kept');
is($node->safe_psql('bare', 'SELECT * FROM checks.chain_faults()'), '', 'data only: chains are whole');
is($node->safe_psql('bare', $verify), '', 'data only: verify finds nothing');
is($node->safe_psql('bare', 'SELECT * FROM checks.row_faults()'), '', 'data only: records fit their rows');
is($node->safe_psql('bare', 'SELECT count(*) FROM itsm.event JOIN itsm.record r ON r.id = record WHERE source > 0'),
	$node->safe_psql('desk', 'SELECT count(*) FROM itsm.event JOIN itsm.record r ON r.id = record WHERE source > 0'), 'data only: every event');

# pg_upgrade into a new cluster, by copies and by links.
foreach my $way ('copy', 'link')
{
	my $new = PostgreSQL::Test::Cluster->new("upgraded_$way");
	$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$new->append_conf('postgresql.conf', "timezone = 'Asia/Kolkata'\nmax_prepared_transactions = 5\n");
	$node->stop;
	my $here = PostgreSQL::Test::Utils::tempdir();
	chdir $here or die "chdir: $!";
	my $bindir = $node->config_data('--bindir');
	command_ok([ "$bindir/pg_upgrade", '--no-sync', '-b', $bindir, '-B', $bindir, '-d', $node->data_dir, '-D', $new->data_dir,
		'-s', $new->host, '-p', $node->port, '-P', $new->port, ($way eq 'link' ? '--link' : ()) ], "pg_upgrade by $way");
	$new->start;
	$node = $new;
	is($node->safe_psql('desk', fingerprint()), $before, "upgraded by $way: everything is there");
	is($node->safe_psql('desk', $verify), '', "upgraded by $way: verify finds nothing");
	is($node->safe_psql('desk', 'SELECT * FROM checks.chain_faults()'), '', "upgraded by $way: chains are whole");
}
check_restored('desk', 'upgraded');
# pg_upgrade leaves out internal triggers; make_partitions, which ran there, makes them again
is($node->safe_psql('desk', $unguarded), '0', 'upgraded: history is append-only');

# Without the library every DDL fails; event triggers can still be disabled.
$node->safe_psql('desk', q{UPDATE pg_proc SET probin = '$libdir/no_such_library' WHERE probin IS NOT NULL AND pronamespace = 'itsm'::regnamespace});
(undef, undef, $error) = $node->psql('desk', 'CREATE TABLE free (i int)');
like($error, qr/could not access file/, 'without the library DDL fails');
$node->safe_psql('desk', 'ALTER EVENT TRIGGER itsm_guard_command DISABLE; ALTER EVENT TRIGGER itsm_guard_drop DISABLE');
$node->safe_psql('desk', 'CREATE TABLE free (i int); DROP TABLE free');
pass('and the way out works');

$node->stop;
done_testing();
