#!/usr/bin/env perl
#
# docs/controls.md is what docs/controls.sql prints, and every control is tried.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('page');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

my ($page, $error);
my $printed = IPC::Run::run([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-f', 'docs/controls.sql' ],
	'>', \$page, '2>', \$error);
ok($printed, 'the page is printed') or diag($error);

sub content
{
	open my $in, '<', $_[0] or die "$_[0]: $!";
	local $/;
	return <$in>;
}

my $kept = content('docs/controls.md');
my @page = split /\n/, $page;
my @kept = split /\n/, $kept;
my ($differs) = grep { ($page[$_] // '') ne ($kept[$_] // '') } 0 .. ($#page > $#kept ? $#page : $#kept);
ok($page eq $kept, 'docs/controls.md is up to date')
	or diag(defined $differs ? "line @{[ $differs + 1 ]}: is\n  $kept[$differs]\nshould be\n  $page[$differs]\n" : 'the end differs', "print it again: see docs/controls.sql");

my @controls = $page =~ /^\| `([^`]+)` \| [DITVX] \|/mg;
is(scalar(@controls), 163, 'a row for each control');

my $tests = join '', map { content($_) } glob 'test/pgtap/controls_*.sql';
my @untried = grep { $tests !~ /(?:control_case|standing)\('\Q$_\E'/ } @controls;
is("@untried", '', 'each is tried in test/pgtap');

done_testing();
