#!/usr/bin/env perl
#
# What a BI tool sees through its drivers: the views of itsm_report read through ODBC and
# JDBC by a role that has the two documented grants and nothing else.  Names, types, comments
# and values come through, and rows of a table with row-level security keep their values.
#
# A driver that is not there is skipped by name.  ODBC needs unixodbc-dev and
# odbc-postgresql, JDBC a JDK and libpostgresql-jdbc-java; ITSM_ODBC_DRIVER and
# ITSM_JDBC_DRIVER name drivers in other places.

use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('drivers');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# JDBC has no way to a socket of Unix
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\n");
my ($password, $port) = (join('', map { chr(97 + int rand 26) } 1 .. 20), $node->port);
unlink $node->data_dir . '/pg_hba.conf';
$node->append_conf('pg_hba.conf', "local all all trust\nhost all bi 127.0.0.1/32 scram-sha-256\n");
$node->start;

# Two tables for each standard lifecycle, one with row-level security, with a row in each state.
# Texts are what drivers stumble over.
$node->safe_psql('postgres', <<'END');
CREATE EXTENSION itsm;
SET client_min_messages = error;
SELECT itsm.define_sla('{"name": "solved", "lifecycle": "incident", "metric": "resolution", "target": "4 hours"}');
CREATE SCHEMA seen;
CREATE SCHEMA hidden;
DO $$
DECLARE
	l record;
BEGIN
	FOR l IN SELECT p AS place, a.* FROM unnest('{seen,hidden}'::text[]) AS p, itsm.lifecycle_current c, LATERAL (
			SELECT c.name, c.definition -> 'states' AS states, coalesce(string_agg(format(', %I %s', key, value), ''), '') AS columns,
				coalesce(jsonb_object_agg(key, quote_ident(key)), '{}') AS mapped,
				coalesce(string_agg(format(', %I', key), '') FILTER (WHERE value = 'text'), '') AS names,
				coalesce(string_agg(format(', %L', p || E' \\ \t "' || key || E'"\n' || U&'\00FC\20AC\+01F600'), '') FILTER (WHERE value = 'text'), '') AS texts
			FROM jsonb_each_text(c.definition -> 'attributes') WHERE key IS NOT NULL) a ORDER BY p, c.name LOOP
		EXECUTE format('CREATE TABLE %I.%I (itsm_id integer PRIMARY KEY, itsm_status text%s)', l.place, l.name, l.columns);
		PERFORM itsm.attach(format('%I.%I', l.place, l.name)::regclass, l.name, 'itsm_status', attributes => l.mapped, track => '{*}');
		IF l.place = 'hidden' THEN
			EXECUTE format('ALTER TABLE hidden.%I ENABLE ROW LEVEL SECURITY', l.name);
		END IF;
		EXECUTE format('INSERT INTO %I.%I (itsm_id, itsm_status%s) SELECT n, s ->> ''name''%s FROM jsonb_array_elements(%L::jsonb) WITH ORDINALITY AS x(s, n)',
			l.place, l.name, l.names, l.texts, l.states);
		EXECUTE format('UPDATE %I.%I SET itsm_status = itsm_status || %L WHERE itsm_id = 1', l.place, l.name, ' ' || l.place || ' status');
	END LOOP;
END $$;
SELECT itsm.seal();
SELECT itsm.assess('read through drivers');
END
$node->safe_psql('postgres', "CREATE ROLE bi LOGIN PASSWORD '$password'; GRANT USAGE ON SCHEMA itsm_report TO bi; GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO bi");

# ---- what the server itself says ----

my %server = (view => {}, column => {});
foreach my $line (split /\n/, $node->safe_psql('postgres', q{
	COPY (SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relkind = 'v') TO STDOUT}))
{
	my ($view, $comment) = split /\t/, $line;
	$server{view}{$view} = $comment;
}
my @order = map { [ split /\t/ ] } split /\n/, $node->safe_psql('postgres', q{
	COPY (SELECT c.relname, a.attname, format_type(a.atttypid, NULL), col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relkind = 'v' ORDER BY c.relname, a.attnum) TO STDOUT});
my %columns;
push @{ $columns{ $_->[0] } }, $_->[1] foreach @order;

# The values of each column of each view, sorted, as the role reads them.
sub columns_of
{
	my (@rows) = @_;   # view and values
	my %values;
	foreach my $row (@rows)
	{
		my ($view, @value) = @$row;
		push @{ $values{"$view.$columns{$view}[$_]"} }, $value[$_] foreach 0 .. $#{ $columns{$view} };
	}
	return { map { $_ => join "\n", sort @{ $values{$_} } } keys %values };
}
sub server_values
{
	my $copies = join '', map { "\\echo view $_\nCOPY (SELECT * FROM itsm_report.$_) TO STDOUT;\n" } sort keys %columns;
	my ($view, @rows);
	foreach my $line (split /\n/, $node->safe_psql('postgres', "SET SESSION AUTHORIZATION bi; SET timezone = 'UTC'; SET intervalstyle = 'postgres';\n$copies"))
	{
		if ($line =~ /^view (\w+)$/) { $view = $1 }
		else { push @rows, [ $view, split /\t/, $line, -1 ] }
	}
	return columns_of(@rows);
}

# ---- a driver ----

# what a value in the hidden tables begins with
my $secret = qr/hidden \\\\ \\t|hidden status/;
my ($comments) = grep { /col_description/ } do { local (@ARGV, $/) = ('docs/bi.md'); <> } =~ /^```sql\n(.*?)^```$/msg;
$comments =~ s/ AND c\.relname = '\w+'//;
$comments =~ s/;\s*$//;

my %types = (
	ODBC => { text => -1, bigint => -5, numeric => 2, 'timestamp with time zone' => 93, boolean => -7, interval => 12 },
	JDBC => { text => 12, bigint => -5, numeric => 2, 'timestamp with time zone' => 93, boolean => -7, interval => 1111 });

# What a program prints about the views.
sub read_views
{
	my (@command) = @_;
	my ($out, $error);
	local $ENV{PGTZ} = 'UTC';
	my $ok = IPC::Run::run([ @command, 'itsm_report', $comments ], '<', \undef, '>', \$out, '2>', \$error);
	my %read = (rows => [], answer => [], view => {}, column => {}, type => {});
	foreach my $line (split /\n/, $out)
	{
		my ($kind, $view, @rest) = split /\t/, $line, -1;
		if ($kind eq 'row') { push @{ $read{rows} }, [ $view, @rest ] }
		elsif ($kind eq 'answer') { push @{ $read{answer} }, [ $view, @rest ] }
		elsif ($kind eq 'view') { $read{view}{$view} = $rest[0] }
		else { ($read{type}{"$view.$rest[0]"}, $read{column}{"$view.$rest[0]"}) = @rest[ 1, 2 ] }
	}
	return ($ok ? '' : $error || 'failed', \%read);
}

# A view's values, in one string.
sub texts { my ($read, @views) = @_; return join "\n", map { my ($view, @values) = @$_; (!@views || grep { $_ eq $view } @views) ? @values : () } @{ $read->{rows} } }

sub test_driver
{
	my ($name, @command) = @_;
	my $before = server_values();
	my ($error, $read) = read_views(@command);
	is($error, '', "$name: every view can be selected from by a role with the two grants");
	my $after = server_values();

	is_deeply([ sort keys %{ $read->{view} } ], [ sort keys %{ $server{view} } ], "$name: every view is found");
	is_deeply($read->{type}, { map { ("$_->[0].$_->[1]" => $types{$name}{ $_->[2] }) } @order }, "$name: every column has its type");
	# PostgreSQL's ODBC driver leaves REMARKS empty; the page's query gives them
	if ($name ne 'ODBC' || grep { $_ ne '' } values %{ $read->{column} })
	{
		is_deeply($read->{view}, $server{view}, "$name: REMARKS of views");
		is_deeply($read->{column}, { map { ("$_->[0].$_->[1]" => $_->[3]) } @order }, "$name: REMARKS of columns");
	}
	is_deeply([ sort map { join "\t", @$_ } @{ $read->{answer} } ], [ sort map { join "\t", $_->[0], $server{view}{ $_->[0] }, @{$_}[ 1 .. 3 ] } @order ], "$name: comments by the query of docs/bi.md");

	# Columns that do not tell the time have the values that the server gives.
	my $values = columns_of(@{ $read->{rows} });
	my @still = grep { $before->{$_} eq ($after->{$_} // '') } sort keys %$before;
	cmp_ok(scalar @still, '>', 0.9 * keys %$before, "$name: values that stand still");
	is_deeply([ grep { ($values->{$_} // 'nothing') ne $before->{$_} } @still ], [], "$name: are read as they are");
	my %full = map { $_->[0] => 1 } @{ $read->{rows} };
	cmp_ok(scalar keys %full, '>', 30, "$name: views with rows");

	like(texts($read), qr/seen \\\\ \\t/, "$name: values of a table without row-level security are read");
	unlike(texts($read), $secret, "$name: none of a table with it");
	is_deeply([ map { $_->[0] . ' ' . scalar(grep { $_ eq 'hidden.incident' } @$_) } grep { $_->[0] eq 'incident' && grep { $_ eq 'hidden.incident' } @$_ } @{ $read->{rows} } ],
		[ ('incident 1') x $node->safe_psql('postgres', 'SELECT count(*) FROM hidden.incident') ], "$name: its rows are there");
	$node->safe_psql('postgres', "SELECT itsm.grant_reader('bi')");
	($error, $read) = read_views(@command);
	$node->safe_psql('postgres', "SELECT itsm.revoke_reader('bi')");
	is($error, '', "$name: read by a role that was granted it");
	like(texts($read, 'incident'), $secret, "$name: it reads them");
}

# ---- ODBC ----

sub find_odbc
{
	my ($driver) = grep { defined && -e } $ENV{ITSM_ODBC_DRIVER}, glob '/usr/lib/*/odbc/psqlodbcw.so /usr/lib*/psqlodbcw.so';
	return (undef, 'no ODBC driver (Debian: odbc-postgresql)') unless $driver;
	my $program = PostgreSQL::Test::Utils::tempdir() . '/read_odbc';
	my ($error, $ok) = ('');
	my $built = eval { IPC::Run::run([ $ENV{CC} // 'gcc', qw(-std=gnu99 -Wall -Wextra -Werror -o), $program, 'test/read_odbc.c', '-lodbc' ], '2>', \$error) };
	return (undef, 'no unixODBC to build with (Debian: unixodbc-dev)') if !$built && $error =~ /sql\.h|-lodbc/;
	return (undef, "read_odbc.c does not build: $error", 1) unless $built;
	return ($program, "Driver=$driver;Servername=127.0.0.1;Port=$port;Database=postgres;Username=bi;Password=$password;BoolsAsChar=0");
}

SKIP:
{
	my ($program, $connection, $broken) = find_odbc();
	fail($connection) if $broken;
	skip "ODBC: $connection", 1 unless $program;
	# the driver takes the letters of its caller's locale
	local $ENV{LC_ALL} = 'C.UTF-8';
	test_driver('ODBC', $program, $connection);
}

# ---- JDBC ----

sub find_jdbc
{
	my ($driver) = grep { defined && -e } $ENV{ITSM_JDBC_DRIVER}, '/usr/share/java/postgresql.jar';
	return (undef, 'no JDBC driver (Debian: libpostgresql-jdbc-java)') unless $driver;
	my $modules = '';
	eval { IPC::Run::run([ 'java', '--list-modules' ], '>', \$modules, '2>', \my $error) };
	return (undef, 'no java that compiles (Debian: default-jdk-headless)') unless $modules =~ /^jdk\.compiler/m;
	return ($driver, "jdbc:postgresql://127.0.0.1:$port/postgres?user=bi&password=$password");
}

SKIP:
{
	my ($driver, $url) = find_jdbc();
	skip "JDBC: $url", 1 unless $driver;
	test_driver('JDBC', 'java', '-cp', $driver, 'test/ReadJdbc.java', $url);
}

done_testing();
