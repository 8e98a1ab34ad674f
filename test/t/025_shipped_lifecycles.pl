#!/usr/bin/env perl
#
# What an organisation made of the lifecycles that come with the extension survives a
# later release, by restore and by update: one that changes a lifecycle which was replaced,
# changes one which was not, and brings one under a name that is taken.
#
# The later release is this one with three definitions behind it, in an installation
# of its own.

use strict;
use warnings;
use File::Basename;
use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub read_file
{
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!";
	local $/;
	return <$in>;
}

sub write_file
{
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!";
	print $out $text;
	close $out or die "$path: $!";
	return;
}

chomp(my $bindir = qx(pg_config --bindir));
chomp(my $sharedir = qx(pg_config --sharedir));
my ($version) = read_file("$sharedir/extension/itsm.control") =~ /^default_version\s*=\s*'(.*?)'/m;
my $later = "$version.later";

# Programs are copied, the rest is linked: they find their files by where they are.
chomp(my $pkglibdir = qx(pg_config --pkglibdir));
my ($common) = "$bindir\n$sharedir\n$pkglibdir" =~ m{^(.*/)[^\n]*\n\1[^\n]*\n\1};
my $root = PostgreSQL::Test::Utils::tempdir();
sub moved { return "$root/" . substr($_[0], length $common) }
make_path(moved($bindir), moved("$sharedir/extension"), moved($pkglibdir));
system('cp', '-L', glob("$bindir/*"), moved($bindir)) == 0 or die 'cp';
foreach my $path (glob("$pkglibdir/*"), glob("$sharedir/*"), glob("$sharedir/extension/*"))
{
	my $link = moved($path);
	next if -e $link || $path =~ m{/extension/itsm\.control$};
	symlink $path, $link or die "$link: $!";
}
write_file(moved("$sharedir/extension/itsm.control"), read_file("$sharedir/extension/itsm.control") =~ s/^default_version.*/default_version = '$later'/mr);
my $brought = <<'END';
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('incident', 1) || '{"description": "later"}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('problem', 1) || '{"description": "later"}');
SELECT itsm.define_lifecycle('{"name": "asset", "description": "later", "states": [{"name": "there", "category": "new", "initial": true},
	{"name": "gone", "category": "closed", "final": true}], "transitions": [{"from": "there", "to": "gone"}]}');
END
write_file(moved("$sharedir/extension/itsm--$later.sql"), read_file("$sharedir/extension/itsm--$version.sql") . $brought);
write_file(moved("$sharedir/extension/itsm--$version--$later.sql"), $brought);

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$old->start;
my $new = PostgreSQL::Test::Cluster->new('new', install_path => dirname(moved($bindir)));
$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$new->start;

# Records under a shipped version, under the organisation's own one, and under its own name.
my $desk = <<'END';
SET client_min_messages = error;
CREATE TABLE ticket (id int PRIMARY KEY, status text);
CREATE TABLE trouble (id int PRIMARY KEY, status text);
CREATE TABLE thing (id int PRIMARY KEY, status text);
SELECT itsm.attach('ticket', 'incident', 'status', mode => 'enforce'), itsm.attach('trouble', 'problem', 'status', mode => 'enforce');
INSERT INTO ticket VALUES (1, 'new'), (2, 'new');
INSERT INTO trouble VALUES (1, 'new');
SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('incident'), '{transitions,0}', '{"from": "new", "to": ["assigned", "resolved"]}') || '{"description": "ours"}');
UPDATE ticket SET status = 'resolved' WHERE id = 2;
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('change') || '{"name": "our_change", "description": "ours"}');
SELECT itsm.define_lifecycle('{"name": "asset", "description": "ours", "states": [{"name": "in_use", "category": "active", "initial": true},
	{"name": "broken", "category": "waiting"}, {"name": "gone", "category": "closed", "final": true}],
	"transitions": [{"from": "in_use", "to": "broken"}, {"from": "broken", "to": "gone"}]}');
SELECT itsm.attach('thing', 'asset', 'status', mode => 'enforce');
INSERT INTO thing VALUES (1, 'in_use');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('asset') || '{"description": "ours again"}');
END
my $own = q{SELECT name, version, md5(definition::text), expressions, defined_at, defined_by FROM itsm.lifecycle WHERE NOT shipped ORDER BY 1, 2};
my $kept = q{SELECT r.id, s.lifecycle, s.lifecycle_version, s.state FROM itsm.record r JOIN itsm.record_state s ON s.record = r.id ORDER BY 1};

sub holds
{
	my ($node, $database, $what, $own_before, $kept_before) = @_;
	is($node->safe_psql($database, $own), $own_before, "$what: the organisation's versions are as they were");
	is($node->safe_psql($database, $kept), $kept_before, "$what: records keep their versions");
	is($node->safe_psql($database, q{SELECT n, itsm.lifecycle_definition(n) ->> 'description' FROM unnest('{incident,problem,asset,our_change}'::text[]) n}),
		"incident|ours\nproblem|later\nasset|ours again\nour_change|ours", "$what: what was replaced stays replaced, what was not is up to date");
	is($node->safe_psql($database, q{SELECT string_agg(name || ' ' || version, ', ' ORDER BY name, version) FROM itsm.lifecycle WHERE shipped AND name IN ('incident', 'problem', 'asset')}),
		'asset 1, incident 1, incident 2, problem 1, problem 2', "$what: what came with the extension is there beside it");
	is($node->safe_psql($database, q{SELECT itsm.lifecycle_definition('asset', 1) ->> 'description', itsm.lifecycle_definition('incident', 1) ->> 'description' = 'later'}),
		'ours|f', "$what: a number means what it meant");
	is($node->safe_psql($database, 'SELECT * FROM itsm.verify() WHERE NOT ok'), '', "$what: verify finds nothing");
	my (undef, undef, $error) = $node->psql($database, q{UPDATE thing SET status = 'gone' WHERE id = 1});
	like($error, qr/transition from "in_use" to "gone" is not in lifecycle "asset"/, "$what: judged by the organisation's own");
	is($node->safe_psql($database, q{UPDATE thing SET status = 'broken' WHERE id = 1; UPDATE ticket SET status = 'resolved' WHERE id = 1; UPDATE trouble SET status = 'assessed' WHERE id = 1;
		SELECT s.lifecycle, s.lifecycle_version, s.state FROM itsm.record_state s ORDER BY record}),
		"incident|1001|resolved\nincident|1001|resolved\nproblem|2|assessed\nasset|2|broken", "$what: records go on under what holds now");
	is($node->safe_psql($database, q{SELECT lifecycle || ' ' || lifecycle_version FROM itsm_report.attachment_health ORDER BY 1}), "asset 2\nincident 1001\nproblem 2", "$what: reports know what holds");
	is($node->safe_psql($database, q{SELECT itsm.define_lifecycle(itsm.lifecycle_definition(n) || '{"description": "mine"}') FROM unnest('{incident,problem,asset}'::text[]) n;
		SELECT name, max(version) FROM itsm.lifecycle WHERE NOT shipped AND name IN ('incident', 'problem', 'asset') GROUP BY 1 ORDER BY 1}),
		"\n\n\nasset|1001\nincident|1002\nproblem|1001", "$what: the next versions are beyond all that will be shipped");
	is($node->safe_psql($database, 'SELECT * FROM itsm.verify() WHERE NOT ok'), '', "$what: verify finds nothing after that");
	return;
}

$old->safe_psql('postgres', 'CREATE DATABASE desk');
$old->safe_psql('desk', "CREATE EXTENSION itsm; $desk");
my @before = map { $old->safe_psql('desk', $_) } $own, $kept;
is($before[1] =~ s{^\d+\|}{}mgr, "incident|1|new\nincident|1001|resolved\nproblem|1|new\nasset|1|in_use", 'there are records under versions of both kinds');

my $directory = PostgreSQL::Test::Utils::tempdir();
foreach my $form ('custom', 'plain', 'directory')
{
	my @target = ('-h', $new->host, '-p', $new->port);
	my ($out, $error);
	command_ok([ 'pg_dump', '-h', $old->host, '-p', $old->port, "--format=$form", '-f', "$directory/$form", 'desk' ], "$form: dump");
	$new->safe_psql('postgres', "CREATE DATABASE r_$form TEMPLATE template0");
	ok(IPC::Run::run($form eq 'plain' ? [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', @target, '-f', "$directory/$form", '-d', "r_$form" ]
			: [ 'pg_restore', '--exit-on-error', '--jobs=2', @target, '-d', "r_$form", "$directory/$form" ], '>', \$out, '2>', \$error),
		"$form: restored into the later release") or diag($error);
	is($new->safe_psql("r_$form", q{SELECT extversion FROM pg_extension WHERE extname = 'itsm'}), $later, "$form: it is the later one");
	holds($new, "r_$form", $form, @before);
}

# The data alone, with the triggers off, into what CREATE EXTENSION and the schema made.
{
	local $ENV{PGOPTIONS} = '-c itsm.maintenance=on';
	my @target = ('-h', $new->host, '-p', $new->port, '-d', 'bare', "$directory/custom");
	$new->safe_psql('postgres', 'CREATE DATABASE bare TEMPLATE template0');
	command_ok([ 'pg_restore', '--exit-on-error', '--schema-only', @target ], 'data only: schema');
	command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers', @target ], 'data only: restored');
}
holds($new, 'bare', 'data only', @before);

# The same by ALTER EXTENSION UPDATE.
$new->safe_psql('postgres', 'CREATE DATABASE updated');
$new->safe_psql('updated', "CREATE EXTENSION itsm VERSION '$version'; $desk");
@before = map { $new->safe_psql('updated', $_) } $own, $kept;
$new->safe_psql('updated', 'ALTER EXTENSION itsm UPDATE');
holds($new, 'updated', 'updated', @before);

done_testing();
