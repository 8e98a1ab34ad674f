#!/usr/bin/env perl
#
# Evidence is checked without the database by a program in another language, which
# notices every change of it.

use strict;
use warnings;
use ItsmTest qw($service_desk);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'python3 is not installed' if system('python3 -c 1 2>/dev/null') != 0;

my $program = "$ENV{TESTDIR}/docs/verify_evidence.py";
my $directory = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('evidence');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# an ANALYZE that runs just then would hold back what is to be sealed
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk");
$node->safe_psql('postgres', <<'END');
CREATE TABLE shop (id int PRIMARY KEY, status text, owner text);
SELECT itsm.attach('shop', 'desk', 'status', tenant => 'owner');
INSERT INTO shop SELECT n, 'new', 'tenant ' || n % 7 FROM generate_series(1, 50) n;
INSERT INTO ticket SELECT n, 'new', 'Blüte "' || n || '" ✿', 1 FROM generate_series(1, 200) n;
SELECT itsm.seal();
SET itsm.reason = 'weil – darum'; SET application_name = 'Schalter';
UPDATE ticket SET status = 'work', owner = NULL WHERE id % 2 = 1;
UPDATE ticket SET title = NULL, prio = 2 WHERE id % 3 = 0;
SELECT itsm.seal();
UPDATE ticket SET status = 'resolved' WHERE id = 9;
END

sub put
{
	my ($name, $text) = @_;
	open my $file, '>:raw', "$directory/$name" or die "$name: $!";
	print $file $text;
	close $file;
	return "$directory/$name";
}

sub run
{
	my @arguments = @_;
	my ($out, $error);
	IPC::Run::run([ 'env', 'PYTHONDONTWRITEBYTECODE=1', 'python3', $program, @arguments ], '>', \$out, '2>', \$error);
	return ($? >> 8) . " $out$error";
}

sub fetch { return $node->safe_psql('postgres', "SET client_encoding = 'UTF8'; SELECT $_[0]") }

my $digest = put('digest', fetch('itsm.digest()'));
my $first = put('first', fetch('itsm.digest((SELECT size FROM itsm.seal WHERE seal = 1))'));
my $text = fetch(q{itsm.evidence('ticket', '9')});
my $evidence = put('evidence', $text);
like(run($evidence), qr/^0 evidence: 4 events, 3 of them proved by the digest inside$/, 'evidence');
like(run($evidence, '--digest', $digest), qr/^0 digest: \d+ events of 8 logs, .*\nevidence: 4 events, 3 of them proved by the digest$/, 'against the digest that was kept');
like(run('--digest', $digest), qr/^0 digest/, 'a digest alone');
like(run($evidence, '--digest', $first), qr/^1 .*WRONG: the evidence is for \d+ sealed events, the digest for \d+/s, 'another digest');
my $older = put('older', fetch(q{itsm.evidence('ticket', '9', (SELECT size FROM itsm.seal WHERE seal = 1))}));
like(run($older, '--digest', $first), qr/^0 .*4 events, 1 of them proved by the digest$/ms, 'evidence for an older digest');
like(run($evidence, '--show'), qr/title: Blüte "9" ✿.*reason: weil – darum/s, 'and what it says');
like(run(put('shop', fetch(q{itsm.evidence('shop', '3')})), '--digest', $digest), qr/^0 .*1 events, 1 of them/s, 'of another tenant');
unlike(fetch(q{itsm.evidence('shop', '3')}), qr/tenant [0124567]/, 'which tells of no other');

# Everything in it matters, but for what explains it to people.
my @wrong;
my $tried = 0;
my %explains = map { $_ => 1 } qw(names table timeline at system seal seal_hash origin size);
sub alter
{
	my ($root, $holder, $key, $path) = @_;
	my $value = ref $holder eq 'HASH' ? $holder->{$key} : $holder->[$key];
	if (ref $value eq 'HASH') { alter($root, $value, $_, "$path.$_") foreach grep { !($path eq '' && $explains{$_}) } sort keys %$value; return }
	if (ref $value eq 'ARRAY') { alter($root, $value, $_, "$path.$_") foreach 0 .. $#$value; return }
	# of the digest inside, all but the root is compared with one that was kept
	return if $path =~ /^\.(?:names|table|format)/;
	my $other = !defined $value ? 'x' : $value =~ /^-?\d+$/ ? $value + 1 : $value =~ /^[0-9a-f]{2,}$/ ? ($value =~ s/(.)$/$1 eq '0' ? '1' : '0'/er) : $value =~ /^(.)(.*)$/s ? ($1 eq 'A' ? 'B' : 'A') . $2 : 'x';
	ref $holder eq 'HASH' ? ($holder->{$key} = $other) : ($holder->[$key] = $other);
	my $result = run(put('altered', JSON::PP->new->utf8->encode($root)), '--digest', $digest);
	ref $holder eq 'HASH' ? ($holder->{$key} = $value) : ($holder->[$key] = $value);
	$tried++;
	push @wrong, "$path: $result" if $result !~ /^1 .*WRONG/s;
	return;
}
my $document = decode_json($text);
# the last event is not sealed, and the first has all that the second has
$document->{events} = [ @{ $document->{events} }[ 0 .. 1 ] ];
alter($document, { '' => $document }, '', '');
cmp_ok($tried, '>', 60, "$tried members altered");
is(join("\n", @wrong), '', 'each is noticed');
$document = decode_json($text);
splice @{ $document->{events} }, 1, 1;
like(run(put('altered', JSON::PP->new->utf8->encode($document))), qr/^1 .*version 2 is missing/, 'an event left out');
# the last digit of a hash in base64 has two bits that mean nothing
(my $digit = $text) =~ s/([AEIMQUYcgkosw048])="/chr(ord($1) + 1) . '="'/e;
like(run(put('altered', $digit)), qr/^1 .*WRONG/, 'bits that mean nothing');
$node->safe_psql('postgres', q{BEGIN; UPDATE ticket SET id = 1010 WHERE id = 10; UPDATE ticket SET id = 2010 WHERE id = 1010; COMMIT;
	SELECT itsm.import_events(1, $$VALUES ('4000', timestamptz '0044-03-15 12:00', 'new'), ('4000', '0144-03-15 12:00', 'work')$$)});
my $moved = fetch(q{itsm.evidence('ticket', '2010')});
like(run(put('moved', $moved)), qr/^0 evidence: 3 events/, 'a key that changed');
like(run(put('altered', $moved =~ s/"key": "2010"/"key": "1010"/r)), qr/^1 .*the events are those of 2010, not of 1010/, 'and another one');
like(run(put('imported', fetch(q{itsm.evidence('ticket', '4000')}))), qr/^0 evidence: 2 events/, 'times that are far away');
like(run(put('altered', '{"format": "itsm evidence 1"}')), qr/^1 .*not evidence/, 'no evidence');
like(run(put('altered', 'nothing')), qr/^2 not readable/, 'no JSON');

$node->stop;
done_testing();
