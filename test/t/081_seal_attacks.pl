#!/usr/bin/env perl
#
# What a superuser with triggers off does to sealed history is found: every column of every
# row of the ledger flipped in turn, rows removed, added and swapped, the end cut off, a
# backup replayed, a fork.

use strict;
use warnings;
use ItsmTest qw($service_desk $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('attacks');
$node->init;
# an ANALYZE that runs just then would hold back what is to be sealed
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE desk');
$node->safe_psql('desk', "SET client_min_messages = error; $service_desk");
$node->safe_psql('desk', <<'END');
CREATE TABLE shop (id int PRIMARY KEY, status text, owner text);
SELECT itsm.attach('shop', 'desk', 'status', tenant => 'owner');
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1 FROM generate_series(1, 40) n;
INSERT INTO shop SELECT n, 'new', 'tenant ' || n % 2 FROM generate_series(1, 10) n;
SELECT itsm.seal();
-- long enough that the second seal takes a page and leaves one to the third
SET application_name = 'desk'; SELECT set_config('itsm.reason', repeat('because ', 60), false);
UPDATE ticket SET status = 'work' WHERE id % 3 = 0;
UPDATE shop SET status = 'work' WHERE id < 4;
SELECT itsm.seal(10);
SELECT itsm.seal();
END
my $digest = $node->safe_psql('desk', 'SELECT itsm.digest()');
my $rows = $node->safe_psql('desk', 'SELECT count(*) FROM itsm.event');
is($node->safe_psql('desk', $verify), '', 'nothing to complain of before');
like($node->safe_psql('desk', "SELECT * FROM itsm.verify('$digest') WHERE scope = 'digest'"), qr/^digest\|seal 3\|t\|$rows events of 3 logs are the same$/, 'nor against the digest');

# What is wrong after some commands, in a transaction that is rolled back.
sub faults
{
	my ($commands, $with) = @_;
	my ($status, $out, $error) = $node->psql('desk', <<"END");
SET client_min_messages = error;
BEGIN;
SET LOCAL session_replication_role = replica;
SET LOCAL itsm.maintenance = on;
$commands;
SELECT scope || ' ' || object || ': ' || detail FROM itsm.verify(@{[ $with ? "'$with'" : '' ]}) WHERE NOT ok;
ROLLBACK;
END
	return $status == 0 ? $out : "failed: $error";
}

# Every column of some rows of each table.
my %flip = (bigint => '%s + 1000003', integer => '%s + 7', 'timestamp with time zone' => q{%s + interval '1 microsecond'}, xid8 => '(%s::text::bigint + 1)::text::xid8',
	text => q{coalesce(%s, '') || 'x'}, bytea => 'set_byte(%1$s, length(%1$s) - 1, get_byte(%1$s, length(%1$s) - 1) # 1)', boolean => 'NOT %s', pg_lsn => '%s + 1');
my ($flipped, @missed, @unnamed) = (0);
foreach my $table ($node->safe_psql('desk', q{SELECT string_agg(DISTINCT tableoid::regclass::text, ' ') FROM itsm.event}), qw(itsm.seal itsm.seal_head itsm.seal_tile itsm.seal_run))
{
	my @columns = map { [ split /\|/ ] } split /\n/, $node->safe_psql('desk', "SELECT quote_ident(attname), format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0 ORDER BY attnum");
	my $count = $node->safe_psql('desk', "SELECT count(*) FROM $table");
	my %places = map { $_ => 1 } 0, int($count / 2), $count - 1;
	foreach my $place (sort { $a <=> $b } keys %places)
	{
		my ($ctid, $record) = split /\|/, $node->safe_psql('desk', "SELECT ctid, t::text FROM $table t ORDER BY ctid OFFSET $place LIMIT 1");
		foreach my $column (@columns)
		{
			my $name = $column->[0];
			my $value = sprintf $flip{ $column->[1] }, $name;
			my $found = faults("UPDATE $table SET $name = $value WHERE ctid = '$ctid'");
			$flipped++;
			push @missed, "$table.$name of row $place: $found" if $found eq '' || $found =~ /^failed/;
			push @unnamed, "$table.$name of row $place: $found" if $found !~ /record \d+|seal \d+|log|itsm\.seal/;
		}
	}
}
is(join("\n", @missed), '', "each of $flipped flips is found");
is(join("\n", @unnamed), '', 'and named');

# Rows that go, come, and change places.
foreach my $table (qw(itsm.event itsm.seal itsm.seal_head itsm.seal_tile itsm.seal_run))
{
	my $count = $node->safe_psql('desk', "SELECT count(*) FROM $table");
	my @missed = grep { faults("DELETE FROM $table WHERE ctid = (SELECT ctid FROM $table ORDER BY ctid OFFSET $_ LIMIT 1)") =~ /^(?:failed.*)?$/ } 0 .. $count - 1;
	is("@missed", '', "$table: each of $count rows that are removed is missed");
}
my $copy = q{CREATE TEMP TABLE e AS SELECT * FROM itsm.event WHERE kind = 'transition' ORDER BY record LIMIT 2};
like(faults("$copy; UPDATE e SET version = version + 1, at = clock_timestamp(); INSERT INTO itsm.event SELECT * FROM e"), qr/seal record \d+ version 3 .*it is not sealed, but/, 'an event added with an old transaction');
like(faults("$copy; UPDATE itsm.event o SET body = (SELECT e.body FROM e WHERE e.record <> o.record), hash = (SELECT e.hash FROM e WHERE e.record <> o.record) FROM e e2 WHERE (e2.record, e2.version) = (o.record, o.version)"),
	qr/its hash is not the one that was sealed/, 'two events that changed places');
like(faults("UPDATE itsm.seal_run SET leaf = CASE leaf WHEN 2 THEN 3 ELSE 2 END WHERE tenant = '' AND leaf IN (2, 3)"), qr/its hash is not the one that was sealed/, 'two leaves that changed places');
like(faults("INSERT INTO itsm.seal_run VALUES (99999, 1, 2, 1, '')"), qr/names leaf 2, which is another event's too/, 'a leaf with two events');
like(faults("INSERT INTO itsm.seal_run VALUES (99999, 1, 2, 1, 'nobody')"), qr/names leaves that the log does not have/, 'a leaf of no log');
like(faults("INSERT INTO itsm.seal_head SELECT seal + 50, size, tenant, root FROM itsm.seal_head WHERE tenant = '' AND seal = 1"), qr/heads of seals that there are not|does not follow/, 'a head of no seal');

# A record changed with all its hashes made anew: the chain is whole, the leaves are not.
my $hash = q{
CREATE FUNCTION pg_temp.wire(v text) RETURNS bytea LANGUAGE sql AS $$ SELECT CASE WHEN v IS NULL THEN '\xffffffff' ELSE int4send(octet_length(v)) || convert_to(v, 'UTF8') END $$;
CREATE FUNCTION pg_temp.hash(e itsm.event, previous bytea, commitments bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT sha256(convert_to(E'itsm event 1\n', 'UTF8') || previous || int8send(e.record) || int8send(e.version) || timestamptz_send(e.at) || int8send(e.xid::text::bigint) || int8send(e.system)
		|| int4send(e.timeline) || int4send(e.command) || int4send(e.attachment) || int4send(e.lifecycle_version) || pg_temp.wire(e.kind) || pg_temp.wire(e.tenant) || pg_temp.wire(e.from_state) || pg_temp.wire(e.to_state)
		|| pg_temp.wire(e.session_role) || pg_temp.wire(e.role) || pg_temp.wire(e.actor) || pg_temp.wire(e.application) || commitments) $$;};
my $forged = faults($hash . q{
UPDATE itsm.event e SET actor = 'somebody else', body = '' WHERE e.record = (SELECT min(record) FROM itsm.event WHERE version = 1 AND kind = 'created' AND record NOT IN (SELECT record FROM itsm.event WHERE version = 2));
UPDATE itsm.event e SET hash = pg_temp.hash(e, decode(repeat('00', 32), 'hex'), '') WHERE e.actor = 'somebody else';
UPDATE itsm.record r SET hash = e.hash FROM itsm.event e WHERE e.actor = 'somebody else' AND e.record = r.id});
unlike($forged, qr/^chain/m, 'a chain made anew is whole');
like($forged, qr/^seal record \d+ version 1 .*its hash is not the one that was sealed as leaf/m, 'but it is not the one that was sealed');

# The end cut off, with everything that tells of it: only a digest from outside finds it.
my $cut = q{
CREATE TEMP TABLE cut AS SELECT e.record, e.version, e.tenant FROM itsm.event e JOIN itsm.seal_run r USING (record, tenant) JOIN LATERAL (SELECT size FROM itsm.seal_head h WHERE h.tenant = e.tenant AND seal = 1) h ON true
	WHERE e.version >= r.version AND e.version < r.version + r.events AND r.leaf + e.version - r.version >= h.size;
DELETE FROM itsm.event e USING cut c WHERE (e.record, e.version, e.tenant) = (c.record, c.version, c.tenant);
DELETE FROM itsm.seal_run r USING cut c WHERE (r.record, r.version, r.tenant) = (c.record, c.version, c.tenant);
DELETE FROM itsm.violation; DELETE FROM itsm.seal WHERE seal > 1; DELETE FROM itsm.seal_head WHERE seal > 1;
DELETE FROM itsm.seal_tile t USING itsm.seal_head h WHERE h.tenant = t.tenant AND t.level = 0 AND t.first >= h.size;
DELETE FROM itsm.seal_tile t USING itsm.seal_head h WHERE h.tenant = t.tenant AND t.level = 1 AND t.first >= h.size / 32;
UPDATE itsm.record r SET version = 1, hash = e.hash, at = e.at FROM itsm.event e, cut c WHERE (e.record, e.tenant) = (c.record, c.tenant) AND e.version = 1 AND (r.id, r.tenant) = (e.record, e.tenant)};
unlike(faults($cut), qr/^(?:chain|seal) /m, 'a tail cut off leaves the ledger whole');
like(faults($cut, $digest), qr/^digest log: it had \d+ events when the digest was made, and has \d+ now: its end was cut off/m, 'the digest tells');

# A backup replayed, and a fork that grew longer than what it replaced.
my $directory = PostgreSQL::Test::Utils::tempdir();
command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fc', '-f', "$directory/dump", 'desk' ], 'backup');
$node->safe_psql('desk', q{UPDATE ticket SET title = 'later' WHERE id < 5; SELECT itsm.seal()});
my $later = $node->safe_psql('desk', 'SELECT itsm.digest()');
$node->safe_psql('postgres', 'CREATE DATABASE replayed TEMPLATE template0');
command_ok([ 'pg_restore', '--exit-on-error', '-h', $node->host, '-p', $node->port, '-d', 'replayed', "$directory/dump" ], 'restored');
is($node->safe_psql('replayed', $verify), '', 'a restored backup is whole');
is($node->safe_psql('replayed', "SELECT count(*) FROM itsm.verify('$digest') WHERE NOT ok"), '0', 'and fits the digest from before it');
like($node->safe_psql('replayed', "SELECT detail FROM itsm.verify('$later') WHERE NOT ok"), qr/its end was cut off, or a backup replayed/, 'but not the one after it');
$node->safe_psql('replayed', q{UPDATE ticket SET title = 'another' WHERE id < 9; SELECT itsm.seal()});
is($node->safe_psql('replayed', $verify), '', 'a fork is whole');
like($node->safe_psql('replayed', "SELECT detail FROM itsm.verify('$later') WHERE NOT ok"), qr/its first \d+ events are not those of the digest: another history/, 'but another history');
is($node->safe_psql('desk', "SELECT count(*) FROM itsm.verify('$later') WHERE NOT ok"), '0', 'the true one fits');
is($node->safe_psql('desk', qq{SELECT itsm.verify_consistency((d.logs ->> 'size')::bigint, h.size, decode(d.logs ->> 'root', 'base64'), h.root, itsm.consistency_proof((d.logs ->> 'size')::bigint, h.size, d.logs ->> 'tenant'))
	FROM (SELECT jsonb_array_elements('$digest'::jsonb -> 'logs') AS logs) d JOIN (SELECT DISTINCT ON (tenant) * FROM itsm.seal_head ORDER BY tenant, seal DESC) h ON h.tenant = d.logs ->> 'tenant' ORDER BY h.tenant}), "t\nt\nt", 'and a consistency proof says so');

# Digests that are none, and proofs that there are not.
sub error
{
	my ($sql) = @_;
	my (undef, undef, $error) = $node->psql('desk', "\\set VERBOSITY verbose\n$sql");
	return $error =~ /ERROR:\s+(\S+): (.*)/ ? "$1 $2" : "no error: $error";
}
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', "SET client_min_messages = error; $service_desk INSERT INTO ticket VALUES (1, 'new', 'other', 1); SELECT itsm.seal()");
my $foreign = $node->safe_psql('other', 'SELECT itsm.digest()');
like(error("SELECT itsm.verify('$foreign')"), qr/^IT041 the digest is not of this history/, 'a digest of another database');
foreach my $member (qw(root checkpoint size logs seal_hash origin at timeline system seal format))
{
	my $value = $member eq 'size' || $member eq 'seal' || $member eq 'timeline' ? "to_jsonb((d ->> '$member')::bigint + 1)" : $member eq 'logs' ? "d -> 'logs' #- '{0}'" : "to_jsonb(translate(d ->> '$member', '02468mABCDEFGHabcdefgh', '13579nBCDEFGHAbcdefgha'))";
	my $sql = "WITH d AS (SELECT '$digest'::jsonb AS d) SELECT count(*) FROM d, itsm.verify(jsonb_set(d, '{$member}', $value)) v WHERE NOT v.ok AND scope = 'digest'";
	my ($status, $out) = $node->psql('desk', $sql);
	ok($status != 0 ? error($sql) =~ /^(?:IT041|22023) / : $out > 0, "a digest whose $member was changed");
}
like(error("SELECT itsm.verify('[]')"), qr/^22023 a digest is a JSON object/, 'no digest');
like(error('SELECT itsm.digest(1000000)'), qr/^22023 there was no seal of 1000000 events/, 'a digest of the future');
$node->safe_psql('desk', q{UPDATE ticket SET title = 'not yet' WHERE id = 1});
like(error(q{SELECT itsm.inclusion_proof(r.id, r.version) FROM itsm.record r WHERE r.id = itsm.record_id('ticket', '1')}), qr/^22023 record \d+ version \d+ is not sealed/, 'a proof of what is not sealed yet');
like(error('SELECT itsm.consistency_proof(3, 2)'), qr/^22023 a tree of 3 events is not the beginning of one of 2/, 'sizes swapped');
like(error('SELECT itsm.consistency_proof(-1, 2)'), qr/^22023 /, 'a negative size');
like(error('SELECT itsm.consistency_proof(1, 1000000)'), qr/^22023 there is no tree of 1000000 events/, 'a size of the future');
like(error('SELECT itsm.seal(0)'), qr/^22023 at_most must be 1 or more/, 'nothing to seal');

$node->stop;
done_testing();
