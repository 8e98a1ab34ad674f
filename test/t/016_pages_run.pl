#!/usr/bin/env perl
#
# The SQL in pages of docs runs as it stands there, from top to bottom; a block that is
# followed by an ERROR fails with just that.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('pages');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

sub blocks
{
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!";
	my $text = do { local $/; <$in> };
	my @blocks;
	while ($text =~ /^```(\w*)\n(.*?)^```$/msg)
	{
		my ($kind, $body) = ($1, $2);
		if ($kind eq 'sql') { push @blocks, { sql => $body, line => 1 + (substr($text, 0, $-[0]) =~ tr/\n//) } }
		elsif (@blocks && $body =~ /^ERROR:  (.*)/) { $blocks[-1]{error} = $1 }
	}
	return @blocks;
}

foreach my $page (qw(tutorial bi tenants))
{
	$node->safe_psql('postgres', "CREATE DATABASE $page");
	$node->safe_psql($page, 'CREATE EXTENSION itsm') if $page ne 'tutorial';
	foreach my $block (blocks("docs/$page.md"))
	{
		my ($status, $out, $error) = $node->psql($page, $block->{sql}, on_error_stop => 0);
		my @errors = $error =~ /ERROR:  (.*)/g;
		is("@errors", $block->{error} // '', "docs/$page.md, line $block->{line}");
	}
}

done_testing();
