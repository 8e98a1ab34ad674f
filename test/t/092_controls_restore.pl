#!/usr/bin/env perl
#
# What an organisation made of controls, and the assessments it kept, survive dump and
# restore, and a later release that changes controls and brings one under a name that
# is taken.
#
# The later release is this one with three controls behind it, in an installation of its own.

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
chomp(my $pkglibdir = qx(pg_config --pkglibdir));
my ($version) = read_file("$sharedir/extension/itsm.control") =~ /^default_version\s*=\s*'(.*?)'/m;
my $later = "$version.later";

# Programs are copied, the rest is linked: they find their files by where they are.
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
my $brought = join '', map { "SELECT itsm.define_control('$_', '8.6.1', 'I', 'minor', 'later', 'SELECT ''a'', 1, true, ''b''', parameter => '5 d');\n" } '8.6.1-1', '8.6.1-3', 'our-own';
write_file(moved("$sharedir/extension/itsm--$later.sql"), read_file("$sharedir/extension/itsm--$version.sql") . $brought);
write_file(moved("$sharedir/extension/itsm--$version--$later.sql"), $brought);

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$old->start;
my $new = PostgreSQL::Test::Cluster->new('new', install_path => dirname(moved($bindir)));
$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$new->start;
$_->safe_psql('postgres', 'CREATE ROLE controller') foreach $old, $new;

my $desk = <<'END';
SET client_min_messages = error;
GRANT EXECUTE ON FUNCTION itsm.define_control(text, text, text, text, text, text, text[], text, text, text) TO controller;
SELECT itsm.define_clause('H', 'House', NULL, 'house'), itsm.define_clause('H.1', 'Tickets', 'H', 'house');
SET ROLE controller;
SELECT itsm.define_control('our-own', 'H.1', 'I', 'major', 'ours', 'SELECT current_user::text, NULL::bigint, false, ''who runs it''', framework => 'house');
SELECT itsm.define_control('8.6.1-1', '8.6.1', 'I', 'major', 'ours', 'SELECT ''a'', NULL::bigint, false, ''never''', parameter => '1 d');
RESET ROLE;
SELECT itsm.set_parameter('8.6.1-3', '9 d'), itsm.exclude_control('8.3.4-5', 'nobody does'), itsm.assign_gap('8.6.1-1', 'amy', '2030-01-31');
CREATE TABLE ticket (id int PRIMARY KEY, status text);
SELECT itsm.attach('ticket', 'incident', 'status');
INSERT INTO ticket VALUES (1, 'new'), (2, 'new');
SELECT itsm.assess('before');
SELECT itsm.seal();
END
my @kept = (
	q{SELECT framework, clause, ordinal, parent, leaf, title FROM itsm.clause WHERE NOT shipped ORDER BY 1, 3},
	q{SELECT id, framework, clause, title, default_parameter, query, defined_at, defined_by FROM itsm.control_definition WHERE NOT shipped ORDER BY 1},
	q{SELECT * FROM itsm.control_setting ORDER BY control},
	q{SELECT a.*, itsm.assessment_digest(a.id) FROM itsm.assessment a ORDER BY id},
	q{SELECT count(*), sum(checked), sum(failed) FROM itsm.assessment_result},
	q{SELECT * FROM itsm.assessment_finding ORDER BY assessment, control, ordinal},
);

sub holds
{
	my ($node, $database, $what, @before) = @_;
	is(join("\n--\n", map { $node->safe_psql($database, $_) } @kept), join("\n--\n", @before), "$what: nothing of it is lost or changed");
	is($node->safe_psql($database, q{SELECT id, CASE WHEN title IN ('ours', 'later') THEN title END, parameter, shipped, excluded FROM itsm.control WHERE id IN ('8.6.1-1', '8.6.1-3', '8.3.4-5', 'our-own') ORDER BY id}),
		"8.3.4-5|||t|nobody does\n8.6.1-1|ours|1 d|f|\n8.6.1-3|later|9 d|t|\nour-own|ours||f|", "$what: the organisation's own hold, what was not replaced is up to date");
	is($node->safe_psql($database, q{SELECT control, status, example FROM itsm.evaluate_controls('house')}), 'our-own|nonconforming|controller: who runs it', "$what: its query runs as who defined it");
	is($node->safe_psql($database, q{SELECT * FROM itsm.verify() WHERE NOT ok}), '', "$what: verify finds nothing");
	is($node->safe_psql($database, q{SELECT itsm.assess('after') - 1 = max(id) FROM itsm.assessment WHERE note = 'before'}), 't', "$what: the next assessment has the next number");
	is($node->safe_psql($database, q{SELECT itsm.drop_control(c) FROM unnest('{8.6.1-1,our-own}'::text[]) c; SELECT id, title FROM itsm.control WHERE id IN ('8.6.1-1', 'our-own') ORDER BY id}),
		"\n\n8.6.1-1|later\nour-own|later", "$what: dropped, they are what came with the extension");
	is($node->safe_psql($database, q{SELECT * FROM itsm.verify() WHERE NOT ok}), '', "$what: verify finds nothing after that");
	return;
}

$old->safe_psql('postgres', 'CREATE DATABASE desk');
$old->safe_psql('desk', "CREATE EXTENSION itsm; $desk");
my @before = map { $old->safe_psql('desk', $_) } @kept;
like($before[5], qr/8\.6\.1-1\|.*\|never\|/m, 'there are findings');

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
	holds($new, "r_$form", $form, @before);
}

$new->safe_psql('postgres', 'CREATE DATABASE updated');
$new->safe_psql('updated', "CREATE EXTENSION itsm VERSION '$version'; $desk");
@before = map { $new->safe_psql('updated', $_) } @kept;
$new->safe_psql('updated', 'ALTER EXTENSION itsm UPDATE');
holds($new, 'updated', 'updated', @before);

# A standby answers controls and the report; an assessment it cannot make.
$old->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 3\n");
$old->restart;
$old->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($old, 'base', has_streaming => 1);
$standby->start;
is($standby->safe_psql('desk', q{SELECT pg_is_in_recovery(), count(*) > 100, count(*) FILTER (WHERE status = 'error'), length(itsm.audit_report('2020-01-01', '2030-01-01')) > 10000 FROM itsm_report.iso20000_control}),
	't|t|0|t', 'controls and report on a standby');
my (undef, undef, $refused) = $standby->psql('desk', q{SELECT itsm.assess()});
like($refused, qr/cannot execute itsm\.assess\(\) during recovery|in a read-only transaction/, 'no assessment on a standby');

done_testing();
