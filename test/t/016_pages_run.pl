#!/usr/bin/env perl
#
# What is written in pages runs as it stands there, from top to bottom: blocks of SQL in one
# session of psql, blocks of sh beside the server.  A block of SQL that is followed by an
# ERROR fails with just that.  test/pages has, for pages that need it, what they take for
# granted.  ITSM_PAGES names the pages to run.

use strict;
use warnings;
use Cwd;
use IPC::Run;
use ItsmTest qw($checks $make_old);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = getcwd;
my $node = PostgreSQL::Test::Cluster->new('pages');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "wal_level = logical\nautovacuum = off\n");
$node->start;

sub contents { my ($path) = @_; open my $in, '<', $path or return ''; local $/; return <$in> }

sub blocks
{
	my ($path) = @_;
	my $text = contents($path) or die "$path: $!";
	my @blocks;
	while ($text =~ /^```(\w*)\n(.*?)^```$/msg)
	{
		my ($kind, $body, $line) = ($1, $2, 1 + (substr($text, 0, $-[0]) =~ tr/\n//));
		if ($kind eq 'sql' || $kind eq 'sh') { push @blocks, { kind => $kind, text => $body, line => $line } }
		elsif (@blocks && $body =~ /^ERROR:  (.*)/) { $blocks[-1]{error} = $1 }
	}
	return @blocks;
}

# A session of psql; each text is followed by a mark on both of its outputs.
sub session
{
	my ($database) = @_;
	my %psql = (in => '', out => '', error => '', marks => 0);
	$psql{run} = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', $database ], '<', \$psql{in}, '>', \$psql{out}, '2>', \$psql{error},
		IPC::Run::timeout(300));
	return \%psql;
}
sub errors_of
{
	my ($psql, $text) = @_;
	my $mark = 'mark ' . ++$psql->{marks};
	$psql->{error} = '';
	$psql->{in} .= "$text\n\\warn $mark\n";
	$psql->{run}->pump until $psql->{error} =~ /^\Q$mark\E$/m;
	return join ' ', $psql->{error} =~ /ERROR:  (.*)/g;
}

# Runs a block of sh in a directory of its own; in single-user mode without the server.
sub run_sh
{
	my ($text, $database, $directory) = @_;
	my $alone = $text =~ /postgres --single/;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $database, PGDATA => $node->data_dir);
	$node->stop if $alone;
	chdir $directory;
	my $ok = IPC::Run::run([ 'bash', '-euo', 'pipefail', '-c', $text ], '<', \undef, '>&', \my $said);
	chdir $top;
	$node->start if $alone;
	return $ok && $said !~ /ERROR|FATAL/ ? '' : $said;
}

# Pages whose first block creates the extension, and those that name their database.
my %bare = (tutorial => 1, dba => 1, README => 1);
my %database = (dba => 'desk', model => 'it');

foreach my $page (split ' ', $ENV{ITSM_PAGES} // 'tutorial bi tenants README dba ledger verify cmdb sla service_time model compliance views')
{
	my $path = $page eq 'README' ? 'README.md' : "docs/$page.md";
	my $database = $database{$page} // lc $page;
	my $directory = PostgreSQL::Test::Utils::tempdir();
	symlink "$top/docs", "$directory/docs";
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION itsm') unless $bare{$page};
	# checks of rows are of a table that this page has not
	$node->safe_psql($database, "SET check_function_bodies = off; $checks; $make_old") if $page eq 'ledger';
	my $before = contents("test/pages/$page.sql");
	my $psql = session($database);
	is(errors_of($psql, $before), '', "test/pages/$page.sql") if $before;
	my $created = !$bare{$page};
	foreach my $block (blocks($path))
	{
		# what creates the extension again is for another database
		if ($block->{text} =~ /^CREATE EXTENSION itsm;/ && $created++)
		{
			$node->safe_psql('postgres', "CREATE DATABASE ${database}_$block->{line}");
			is($node->safe_psql("${database}_$block->{line}", $block->{text}), '', "$path, line $block->{line}");
			next;
		}
		my $where = "$path, line $block->{line}";
		if ($block->{kind} eq 'sql')
		{
			is(errors_of($psql, $block->{text}), $block->{error} // '', $where);
			next;
		}
	SKIP:
		{
			skip "$where: no python3", 1 if $block->{text} =~ /\.py\b/ && !eval { IPC::Run::run([ 'python3', '-c', '' ]) };
			is(run_sh($block->{text}, $database, $directory), '', $where);
		}
		# what is done in sh may end sessions
		if ($block->{text} =~ /postgres --single/)
		{
			# the server that was started meanwhile holds the pipe open, too
			$psql->{in} .= "\\q\n";
			eval { $psql->{run}->finish };
			$psql = session($database);
		}
	}
	$psql->{in} .= "\\q\n";
	eval { $psql->{run}->finish };
}

done_testing();
