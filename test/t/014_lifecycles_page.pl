#!/usr/bin/env perl
#
# docs/lifecycles.md is what docs/lifecycles.sql prints.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('page');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

my ($page, $error);
my $printed = IPC::Run::run([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-f', 'docs/lifecycles.sql' ],
	'>', \$page, '2>', \$error);
ok($printed, 'the page is printed') or diag($error);

open my $in, '<', 'docs/lifecycles.md' or die "docs/lifecycles.md: $!";
local $/;
my $kept = <$in>;
my @page = split /\n/, $page;
my @kept = split /\n/, $kept;
my ($differs) = grep { ($page[$_] // '') ne ($kept[$_] // '') } 0 .. ($#page > $#kept ? $#page : $#kept);
ok($page eq $kept, 'docs/lifecycles.md is up to date')
	or diag(defined $differs ? "line @{[ $differs + 1 ]}: is\n  $kept[$differs]\nshould be\n  $page[$differs]\n" : 'the end differs', "print it again: see docs/lifecycles.sql");
cmp_ok(scalar(() = $page =~ /^```mermaid$/mg), '==', scalar(() = $page =~ /^\| \[/mg), 'a diagram for each lifecycle of the list');

done_testing();
