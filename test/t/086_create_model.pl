#!/usr/bin/env perl
#
# The reference model is the user's: it comes through dump and restore with its data, keys,
# comments and attachments, and stays when the extension goes.  Two sessions that make it in
# one schema do not both.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('model');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "timezone = 'UTC'\n");
$node->start;
my $verify = 'SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok';

$node->safe_psql('postgres', 'CREATE DATABASE desk; CREATE ROLE owner');
$node->safe_psql('desk', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
GRANT CREATE ON DATABASE desk TO owner;
GRANT EXECUTE ON FUNCTION itsm.attach_relationships(regclass, text, name, name, regclass, regclass, text) TO owner;
CALL itsm.create_model('desk');
SET ROLE owner;
CALL itsm.create_model('theirs', '{audit,configuration}', mode => 'observe');
END
my $rows = <<'END';
INSERT INTO person (name, full_name) VALUES ('ann', 'Ann'), ('bob', 'Bob');
INSERT INTO service (name, business_need) VALUES ('mail', 'letters'), ('network', 'everything');
INSERT INTO service_dependency VALUES ('mail', 'network');
INSERT INTO configuration_class (name, owner) VALUES ('server', 'ann');
INSERT INTO configuration_item (name, class, owner) VALUES ('web', 'server', 'ann'), ('db', 'server', 'bob');
INSERT INTO ci_dependency VALUES ('web', 'db');
INSERT INTO service_ci VALUES ('mail', 'web'), ('mail', 'db');
INSERT INTO audit (title, criteria, scope, auditor) VALUES ('First', 'ISO/IEC 20000-1', 'all', 'ann');
END
$node->safe_psql('desk', "SET search_path = desk; $rows INSERT INTO incident (title, requester, service, ci) SELECT 'incident ' || n, 'carl', 'mail', 'db' FROM generate_series(1, 20) n;
	UPDATE incident SET status = 'assigned', assignee = 'ann', impact = 2, urgency = 2, priority = 3, category = 'mail' WHERE number > 'INC1000010'");
$node->safe_psql('desk', "SET ROLE owner; SET search_path = theirs; $rows");
is($node->safe_psql('desk', $verify), '', 'verify finds nothing');

# All that a model is.
my $model = q{
	SELECT 'column', format('%s.%s', c.oid::regclass, a.attname), format_type(a.atttypid, a.atttypmod) || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') || a.attnotnull || a.attidentity::text, col_description(c.oid, a.attnum)
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
	WHERE c.relnamespace IN ('desk'::regnamespace, 'theirs'::regnamespace) AND c.relkind = 'r'
	UNION ALL SELECT 'table', c.oid::regclass::text, c.relowner::regrole::text, obj_description(c.oid) FROM pg_class c
	WHERE c.relnamespace IN ('desk'::regnamespace, 'theirs'::regnamespace) AND c.relkind IN ('r', 'i', 'S')
	UNION ALL SELECT 'constraint', format('%s %s', conrelid::regclass, conname), pg_get_constraintdef(oid), NULL FROM pg_constraint
	WHERE connamespace IN ('desk'::regnamespace, 'theirs'::regnamespace)
	UNION ALL SELECT 'trigger', format('%s %s', tgrelid::regclass, tgname), pg_get_triggerdef(g.oid), tgenabled::text FROM pg_trigger g JOIN pg_class c ON c.oid = tgrelid
	WHERE NOT tgisinternal AND c.relnamespace IN ('desk'::regnamespace, 'theirs'::regnamespace)
	ORDER BY 1, 2, 3};
my $attached = q{SELECT source, lifecycle, mode, healthy, drifted_rows FROM itsm_report.attachment_health ORDER BY source, lifecycle};
my $related = q{SELECT a.relation::text, a.type, a.source_column, a.target_column, a.mode FROM itsm.relationship_attachment a ORDER BY 1, 2, 3, 4};
my $data = q{SELECT 'desk', i::text FROM desk.incident i UNION ALL SELECT 'ci', c::text FROM theirs.configuration_item c UNION ALL SELECT 'service', s::text FROM desk.service s
	UNION ALL SELECT r.source_key || r.type, r.target_key FROM itsm_report.relationship r ORDER BY 1, 2};
my %before = map { $_ => $node->safe_psql('desk', $_) } $model, $attached, $related, $data;
cmp_ok($before{$attached} =~ tr/\n//, '>', 70, 'two models are attached');
unlike($before{$attached}, qr/\|f\|/, 'all of it healthy');

my $directory = PostgreSQL::Test::Utils::tempdir();
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$directory/desk.dump", $node->connstr('desk') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('restored'), "$directory/desk.dump" ], 'restored');
is($node->safe_psql('restored', $model), $before{$model}, 'restored: columns, defaults, keys, comments, owners and triggers');
is($node->safe_psql('restored', $attached), $before{$attached}, 'restored: attachments');
is($node->safe_psql('restored', $related), $before{$related}, 'restored: attachments of relationships');
is($node->safe_psql('restored', $data), $before{$data}, 'restored: rows and relationships');
is($node->safe_psql('restored', $verify), '', 'restored: verify finds nothing');
is($node->safe_psql('restored', q{SELECT count(*) FROM itsm.model_part}), $node->safe_psql('desk', q{SELECT count(*) FROM itsm.model_part}), 'restored: the parts are there once');

my (undef, undef, $error) = $node->psql('restored', q{UPDATE desk.incident SET status = 'closed' WHERE number = 'INC1000011'});
like($error, qr/transition from "assigned" to "closed"/, 'restored: judged');
is($node->safe_psql('restored', q{INSERT INTO desk.incident (title, requester) VALUES ('One more', 'carl') RETURNING number}), 'INC1000021', 'restored: numbers go on');
is($node->safe_psql('restored', q{DELETE FROM desk.service_ci WHERE ci = 'web'; SELECT cis FROM desk.service WHERE name = 'mail'}), '{db}', 'restored: arrays follow their link tables');
is($node->safe_psql('restored', q{SELECT count(*) FROM itsm_report.relationship WHERE holds AND type = 'supports' AND source_key = 'web'}), '1', 'restored: so do relationships');
is($node->safe_psql('restored', q{CALL itsm.create_model('theirs', '{incident}'); SELECT conname FROM pg_constraint WHERE conrelid = 'theirs.configuration_item'::regclass AND conname ~ 'incident'
	ORDER BY 1}), "configuration_item_incident_fkey\nconfiguration_item_security_incident_fkey", 'restored: another part is linked to those that were there');
is($node->safe_psql('restored', $verify), '', 'restored: verify finds nothing after that');

# The extension goes, the tables stay.
my $columns = q{SELECT c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace IN ('desk'::regnamespace, 'theirs'::regnamespace) AND c.relkind = 'r' AND NOT a.attisdropped ORDER BY 1, 2};
my $incidents = q{SELECT i::text FROM desk.incident i ORDER BY 1};
my @kept = map { $node->safe_psql('restored', $_) } $columns, $incidents;
$node->safe_psql('restored', 'SET client_min_messages = error; DROP EXTENSION itsm CASCADE');
is($node->safe_psql('restored', $columns), $kept[0], 'without the extension: every table and column is there');
is($node->safe_psql('restored', $incidents), $kept[1], 'without the extension: so are the rows');
is($node->safe_psql('restored', q{INSERT INTO desk.service_ci VALUES ('network', 'web'); SELECT cis FROM desk.service WHERE name = 'network'}), '{web}', 'without the extension: they are written');

# The page names every part and every table.
open my $in, '<', 'docs/model.md' or die "docs/model.md: $!";
my $page = do { local $/; <$in> };
my @rows = split /\n/, $node->safe_psql('desk', q{SELECT format('| `%s` | %s | `%s` |', name, rtrim(description, '.'), array_to_string(tables, '`, `')) FROM itsm.model_part ORDER BY position});
is_deeply([ grep { index($page, $_) < 0 } @rows ], [], 'docs/model.md tells of every part and table');

# Two at once.
my $first = $node->background_psql('desk', on_error_stop => 0);
$first->query_safe(q{SET client_min_messages = error; BEGIN});
$first->query_safe(q{CALL itsm.create_model('both', '{risk}')});
my $second = $node->background_psql('desk', on_error_stop => 0);
$second->query_until(qr/waiting/, qq{\\echo waiting\n\\set VERBOSITY verbose\nCALL itsm.create_model('both', '{risk}');\n\\echo done\n});
ok($node->poll_query_until('desk', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CALL%'}), 'the second one waits for the first');
$first->query_safe('COMMIT');
$second->query_until(qr/done/, "\n");
like($second->{stderr}, qr/IT051: +the reference model cannot be made in schema "both"/, 'and is refused');
$first->quit;
$second->quit;
is($node->safe_psql('desk', $verify), '', 'verify finds nothing in the end');

done_testing();
