#!/usr/bin/env perl
#
# docs/iso20000.tsv says where each item of the standard lives and what shows its state.
# Whatever it names exists once the reference model is made; docs/iso20000.md is what
# docs/iso20000.sql prints of it.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('map');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

sub lines { my ($path) = @_; open my $in, '<', $path or die "$path: $!"; chomp(my @lines = <$in>); return @lines }

my ($page, $error);
my $printed = IPC::Run::run([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-f', 'docs/iso20000.sql' ], '>', \$page, '2>', \$error);
ok($printed, 'the page is printed') or diag($error);
is($page, join('', map { "$_\n" } lines('docs/iso20000.md')), 'docs/iso20000.md is up to date: see docs/iso20000.sql');

$node->safe_psql('postgres', q{SET client_min_messages = error; CALL itsm.create_model('model')});
my ($head, @items) = map { [ split /\t/ ] } lines('docs/iso20000.tsv');
is("@$head", 'number part item clause lives_in shown_by', 'columns of the table');

# every item once: sections, documents, records, steps, cycle, and why
my %last = (S => 35, D => 25, R => 18, P => 15, C => 6, I => 6, B => 5, F => 4);
my @numbers = map { my $letter = $_; map { $last{$letter} > 9 ? sprintf('%s%02d', $letter, $_) : "$letter$_" } 1 .. $last{$letter} } sort keys %last;
is(join(' ', sort map { $_->[0] =~ s/^(P)(\d)$/${1}0$2/r } @items), join(' ', sort @numbers), 'every item has one row');
is_deeply([ grep { @$_ != 6 || grep { !/\S/ } @$_ } @items ], [], 'every row says where it lives and what shows it');

# what the database has, as it is named in the table
my %there = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', q{
	SELECT 'table:' || c.relname FROM pg_class c WHERE relnamespace = 'model'::regnamespace AND relkind = 'r'
	UNION ALL SELECT 'lifecycle:' || name FROM itsm.lifecycle_current
	UNION ALL SELECT 'document:' || kind FROM itsm.required_document
	UNION ALL SELECT 'record:' || kind FROM itsm.required_record
	UNION ALL SELECT DISTINCT 'function:' || proname FROM pg_proc WHERE pronamespace = 'itsm'::regnamespace
	UNION ALL SELECT 'control:' || id FROM itsm.control
	UNION ALL SELECT 'view:' || c.relname FROM pg_class c WHERE relnamespace = 'itsm_report'::regnamespace AND relkind = 'v'});
# kinds of documents that the standard does not ask for by name
$there{"document:$_"} = 1 for qw(service_plan release_policy capacity_plan);

sub is_there
{
	my ($name) = @_;
	return $there{$name} unless $name =~ s/\*$//;
	return scalar grep { index($_, $name) == 0 } keys %there;
}
my @named = map { my $item = $_; map { [ $item->[0], $_ ] } split / /, "$item->[4] $item->[5]" } @items;
is_deeply([ map { "$_->[0] $_->[1]" } grep { !is_there($_->[1]) } @named ], [], 'whatever the table names exists');

# the tables of what must exist say the same as the map
my %named;
push @{ $named{ $_->[0] } }, $_->[1] for @named;
foreach my $row (split /\n/, $node->safe_psql('postgres', q{SELECT number, 'document:' || kind, control FROM itsm.required_document
	UNION ALL SELECT number, 'record:' || kind, control FROM itsm.required_record UNION ALL SELECT number, 'table:' || process, control FROM itsm.required_record}))
{
	my ($number, $name, $control) = split /\|/, $row;
	ok((grep { $_ eq $name } @{ $named{$number} }) && (grep { my $c = $_; $c eq "control:$control" || $c =~ s/\*$// && index("control:$control", $c) == 0 } @{ $named{$number} }),
		"$number: $name, control $control");
}

done_testing();
