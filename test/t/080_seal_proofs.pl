#!/usr/bin/env perl
#
# Every inclusion and consistency proof of trees up to 300 leaves, against a naive tree
# in another language: what it proves is accepted, and what the server proves is the same.

use strict;
use warnings;
use Digest::SHA qw(sha256);
use ItsmTest qw($service_desk);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $size = 300;
my $node = PostgreSQL::Test::Cluster->new('proofs');
$node->init;
# an ANALYZE that runs just then would hold back what is to be sealed
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk");
# sealed in parts of all sizes, so that rows of tiles begin and end everywhere
$node->safe_psql('postgres', "INSERT INTO ticket SELECT n, 'new', 'ticket', 1 FROM generate_series($_ * $_, ($_ + 1) * ($_ + 1) - 1) n; SELECT itsm.seal()") foreach 1 .. 17;
my @leaves = map { pack 'H*', $_ } split /\n/, $node->safe_psql('postgres', qq{
	SELECT encode(int8send(e.record) || int8send(e.version) || e.hash, 'hex') FROM itsm.event e CROSS JOIN LATERAL itsm.sealed_leaf(e.record, e.version) l ORDER BY l.leaf_index LIMIT $size});
is(scalar @leaves, $size, 'leaves are told in their order');

# RFC 6962, section 2.1, as it stands there.
my %roots;
sub split_at { my ($n) = @_; my $k = 1; $k *= 2 while 2 * $k < $n; return $k }

sub root
{
	my ($start, $end) = @_;
	return $roots{"$start $end"} //= do {
		my $n = $end - $start;
		if ($n == 0) { sha256('') }
		elsif ($n == 1) { sha256("\0$leaves[$start]") }
		else { my $k = split_at($n); sha256("\1" . root($start, $start + $k) . root($start + $k, $end)) }
	};
}

sub path
{
	my ($m, $start, $end) = @_;
	my $n = $end - $start;
	return () if $n == 1;
	my $k = split_at($n);
	return $m < $k ? (path($m, $start, $start + $k), root($start + $k, $end))
		: (path($m - $k, $start + $k, $end), root($start, $start + $k));
}

sub subproof
{
	my ($m, $start, $end, $whole) = @_;
	my $n = $end - $start;
	return $whole ? () : root($start, $end) if $m == $n;
	my $k = split_at($n);
	return $m <= $k ? (subproof($m, $start, $start + $k, $whole), root($start + $k, $end))
		: (subproof($m - $k, $start + $k, $end, 0), root($start, $start + $k));
}

sub hex_array { return '{' . join(',', map { '"\\\\\\\\x' . unpack('H*', $_) . '"' } @_) . '}' }
sub hex_bytes { return '\\\\x' . unpack('H*', $_[0]) }

my $file = PostgreSQL::Test::Utils::tempdir() . '/proofs';
open my $out, '>', $file or die "$file: $!";
print $out "CREATE TABLE root (size bigint PRIMARY KEY, root bytea); CREATE TABLE inclusion (m bigint, n bigint, leaf bytea, proof bytea[]); CREATE TABLE consistency (m bigint, n bigint, proof bytea[]);\n";
print $out "COPY root FROM stdin;\n", (map { "$_\t" . hex_bytes(root(0, $_)) . "\n" } 0 .. $size), "\\.\n";
print $out "COPY inclusion FROM stdin;\n";
foreach my $n (1 .. $size)
{
	print $out join("\t", $_, $n, hex_bytes(sha256("\0$leaves[$_]")), hex_array(path($_, 0, $n))), "\n" foreach 0 .. $n - 1;
}
print $out "\\.\nCOPY consistency FROM stdin;\n";
foreach my $n (1 .. $size)
{
	print $out join("\t", $_, $n, hex_array(subproof($_, 0, $n, 1))), "\n" foreach 1 .. $n;
}
print $out "\\.\n";
close $out;
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-f', $file, 'postgres' ], 'proofs loaded');
my $all = $size * ($size + 1) / 2;
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE itsm.verify_inclusion(i.leaf, i.m, i.n, i.proof, r.root)) FROM inclusion i JOIN root r ON r.size = i.n'), "$all|$all", 'every inclusion proof is accepted');
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE itsm.verify_consistency(c.m, c.n, a.root, b.root, c.proof)) FROM consistency c JOIN root a ON a.size = c.m JOIN root b ON b.size = c.n'), "$all|$all", 'every consistency proof is accepted');
is($node->safe_psql('postgres', 'SELECT count(*) FROM root WHERE root <> itsm.tree_root(size)'), '0', 'every root of the log is that of the naive tree');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inclusion i JOIN (SELECT e.record, e.version, l.leaf_index FROM itsm.event e CROSS JOIN LATERAL itsm.sealed_leaf(e.record, e.version) l) e ON e.leaf_index = i.m
	WHERE i.proof IS DISTINCT FROM itsm.inclusion_proof(e.record, e.version, i.n)}), '0', 'every inclusion proof of the log is that of the naive tree');
is($node->safe_psql('postgres', 'SELECT count(*) FROM consistency c WHERE c.proof IS DISTINCT FROM itsm.consistency_proof(c.m, c.n)'), '0', 'every consistency proof of the log is that of the naive tree');
# nothing else is accepted: another size, another root, another leaf, a hash more or less
is($node->safe_psql('postgres', q{SELECT count(*) FROM inclusion i JOIN root r ON r.size = i.n JOIN root o ON o.size = (i.n + 1) % 300 WHERE itsm.verify_inclusion(i.leaf, i.m, i.n, i.proof, o.root)
	OR itsm.verify_inclusion(i.leaf, i.m + 1, i.n, i.proof, r.root) OR itsm.verify_inclusion(i.leaf, i.m, i.n, i.proof || i.leaf, r.root)
	OR cardinality(i.proof) > 0 AND (itsm.verify_inclusion(i.leaf, i.m, i.n, i.proof[2:], r.root) OR itsm.verify_inclusion(i.leaf, i.m, i.n, '{}', r.root))}), '0', 'no other inclusion is');
is($node->safe_psql('postgres', q{SELECT count(*) FROM consistency c JOIN root a ON a.size = c.m JOIN root b ON b.size = c.n JOIN root o ON o.size = (c.m + 1) % 300
	WHERE itsm.verify_consistency(c.m, c.n, o.root, b.root, c.proof) OR itsm.verify_consistency(c.m, c.n, a.root, b.root, c.proof || o.root)
	OR c.m < c.n AND (itsm.verify_consistency(c.n, c.m, b.root, a.root, c.proof) OR itsm.verify_consistency(c.m, c.n, a.root, b.root, c.proof[2:]))}), '0', 'no other consistency is');

$node->stop;
done_testing();
