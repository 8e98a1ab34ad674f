#!/usr/bin/env perl
#
# Pages of docs that are made from the database are what their SQL prints.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('page');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

my %page;
foreach my $name (qw(lifecycles views))
{
	my ($printed, $error);
	my $ran = IPC::Run::run([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-f', "docs/$name.sql" ],
		'>', \$printed, '2>', \$error);
	ok($ran, "docs/$name.md is printed") or diag($error);
	open my $in, '<', "docs/$name.md" or die "docs/$name.md: $!";
	my $text = do { local $/; <$in> };
	my @page = split /\n/, $printed;
	my @kept = split /\n/, $text;
	my ($differs) = grep { ($page[$_] // '') ne ($kept[$_] // '') } 0 .. ($#page > $#kept ? $#page : $#kept);
	ok($printed eq $text, "docs/$name.md is up to date")
		or diag(defined $differs ? "line @{[ $differs + 1 ]}: is\n  $kept[$differs]\nshould be\n  $page[$differs]\n" : 'the end differs', "print it again: see docs/$name.sql");
	$page{$name} = $printed;
}
cmp_ok(scalar(() = $page{lifecycles} =~ /^```mermaid$/mg), '==', scalar(() = $page{lifecycles} =~ /^\| \[/mg), 'a diagram for each lifecycle of the list');
is(scalar(() = $page{views} =~ /^## /mg), $node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relnamespace = 'itsm_report'::regnamespace AND relkind = 'v'}), 'a section for each view');

done_testing();
