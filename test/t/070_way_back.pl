#!/usr/bin/env perl
#
# The ways back: detach leaves a table as it was before attach; export_history and then
# DROP EXTENSION leave the tables and the history, without the extension.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('way_back');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
my @dump = ('pg_dump', '-h', $node->host, '-p', $node->port);

# The schema as pg_dump has it.
sub schema
{
	my ($out, $error);
	IPC::Run::run([ @dump, '--schema-only', '--schema=desk', 'postgres' ], '>', \$out, '2>', \$error) or die $error;
	$out =~ s/^\\(un)?restrict .*\n//mg;
	return $out;
}

$node->safe_psql('postgres', <<'END');
CREATE ROLE owner;
CREATE SCHEMA desk AUTHORIZATION owner;
SET ROLE owner;
CREATE TABLE desk.ticket (id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'new', title text CHECK (title <> ''));
CREATE FUNCTION desk.quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER own AFTER UPDATE ON desk.ticket FOR EACH ROW EXECUTE FUNCTION desk.quiet();
ALTER TABLE desk.ticket DISABLE TRIGGER own;
CREATE TABLE desk.whole (id int, status text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE desk.part PARTITION OF desk.whole FOR VALUES FROM (0) TO (100);
CREATE TABLE desk.loose (id int PRIMARY KEY, status text);
CREATE TABLE desk.child (PRIMARY KEY (id)) INHERITS (desk.loose);
COMMENT ON TABLE desk.ticket IS 'theirs';
GRANT SELECT ON desk.ticket TO PUBLIC;
END
my $before = schema();

$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SET ROLE owner;
SELECT itsm.attach('desk.ticket', 'incident', 'status', mode => 'enforce', attributes => '{"title": "title"}', track => '{*}');
SELECT itsm.attach('desk.ticket', 'incident', 'status', mode => 'off', filter => 'false');
SELECT itsm.attach('desk.whole', 'incident', 'status');
SELECT itsm.attach('desk.part', 'incident', 'status', filter => 'false');
SELECT itsm.attach('desk.loose', 'incident', 'status');
END
isnt(schema(), $before, 'attached');
$node->safe_psql('postgres', q{SELECT itsm.detach(t) FROM unnest('{desk.ticket,desk.part,desk.whole,desk.loose}'::regclass[]) t});
is(schema(), $before, 'detached: as it was');

# Attached again, with history; then out.
$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
SET ROLE owner;
SELECT itsm.attach('desk.ticket', 'incident', 'status', attributes => '{"title": "title"}', track => '{*}');
SELECT itsm.attach('desk.whole', 'incident', 'status');
INSERT INTO desk.ticket SELECT n, 'new', 'ticket ' || n FROM generate_series(1, 50) n;
UPDATE desk.ticket SET status = 'in_progress', title = 'changed' WHERE id <= 10;
DELETE FROM desk.ticket WHERE id = 50;
INSERT INTO desk.whole VALUES (1, 'new');
END
my (undef, undef, $error) = $node->psql('postgres', q{SET ROLE owner; CALL itsm.export_history('kept')});
like($error, qr/permission denied for procedure export_history/, 'export: not for everybody');
$node->safe_psql('postgres', 'GRANT EXECUTE ON PROCEDURE itsm.export_history(name) TO owner');
(undef, undef, $error) = $node->psql('postgres', q{SET ROLE owner; CALL itsm.export_history('kept')});
like($error, qr/permission denied for database/, 'export: the schema is made with the rights of the caller');
(undef, undef, $error) = $node->psql('postgres', q{CREATE SCHEMA another; SET ROLE owner; CALL itsm.export_history('another')});
like($error, qr/permission denied for schema another/, 'export: so are the tables');
$node->safe_psql('postgres', q{GRANT CREATE ON DATABASE postgres TO owner; SET ROLE owner; CALL itsm.export_history('kept')});
(undef, undef, $error) = $node->psql('postgres', q{SET ROLE owner; CALL itsm.export_history('kept')});
like($error, qr/already exists/, 'export: nothing is overwritten');
my $counts = join ' UNION ALL ', map { "SELECT '$_', count(*) FROM %1\$s.$_" } qw(record event record_state projection violation source source_attribute attachment lifecycle archive archive_table archived);
is($node->safe_psql('postgres', sprintf $counts, 'kept'), $node->safe_psql('postgres', sprintf $counts, 'itsm'), 'export: every row');
is($node->safe_psql('postgres', q{SELECT count(*) FROM itsm.event e JOIN kept.event k USING (tenant, record, version) WHERE (e.body, e.hash, e.kind, e.at) = (k.body, k.hash, k.kind, k.at)}),
	$node->safe_psql('postgres', 'SELECT count(*) FROM itsm.event'), 'export: every byte');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'kept'}), 'owner', 'export: they are the caller\'s');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid WHERE d.objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'kept'::regnamespace)}), '0', 'export: nothing of the extension in them');

(undef, undef, $error) = $node->psql('postgres', 'DROP EXTENSION itsm');
like($error, qr/cannot drop extension itsm because other objects depend on it/, 'drop: not while attached');
is($node->safe_psql('postgres', q{SELECT count(*) FROM itsm.history('desk.ticket', '1')}), '2', 'drop: nothing happened');
$node->safe_psql('postgres', 'SET client_min_messages = error; DROP EXTENSION itsm CASCADE');
is(schema(), $before, 'dropped: the tables are as they were');
is($node->safe_psql('postgres', q{SELECT e.changes->'title'->>'to' FROM kept.event e JOIN kept.record r ON r.id = e.record WHERE r.key = '1' AND e.version = 2}), 'changed', 'dropped: the history can be read');
$node->safe_psql('postgres', q{INSERT INTO desk.ticket VALUES (1000, 'anything'); DROP TABLE desk.loose CASCADE});
pass('dropped: nobody watches');

$node->stop;
done_testing();
