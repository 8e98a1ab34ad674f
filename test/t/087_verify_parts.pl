#!/usr/bin/env perl
#
# A verification by parts, shared by two sessions, and cut short by a kill: every part is
# verified once, the rest goes on, and what the parts find together is what the whole finds.

use strict;
use warnings;
use ItsmTest qw($service_desk);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('parts');
$node->init;
# an ANALYZE that runs just then would hold back what is to be sealed
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk");
$node->safe_psql('postgres', <<'END');
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1 FROM generate_series(1, 6000) n;
UPDATE ticket SET status = 'work';
SELECT itsm.seal();
UPDATE ticket SET prio = 2 WHERE id % 7 = 0;
SET itsm.maintenance = on; SET session_replication_role = replica; SET client_min_messages = error;
UPDATE itsm.event SET actor = 'nobody' WHERE record % 500 = 1 AND version = 1 AND kind = 'created';
DELETE FROM itsm.event WHERE record % 700 = 2 AND version = 2;
UPDATE ticket SET title = 'another' WHERE id = 77;
INSERT INTO ticket VALUES (100000, 'new', 'nobody saw it', 1);
END
my @call = ('psql', '-X', '-q', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-c', 'SET client_min_messages = notice', '-c');
my $faults = q{SELECT count(*), md5(string_agg(scope || object || detail, ',' ORDER BY scope, object, detail)) FROM %s WHERE NOT ok};
my $whole = $node->safe_psql('postgres', sprintf $faults, 'itsm.verify()');
like($whole, qr/^[1-9]\d+\|/, 'there are faults');

# Two at once.
my @out = ('', '');
my @sessions = map { IPC::Run::start([ @call, 'CALL itsm.verify_in_parts(12)' ], '>', \$out[$_], '2>&1') } 0, 1;
$_->finish foreach @sessions;
my @parts = sort { $a <=> $b } map { /part (\d+) of 12/g } @out;
is("@parts", "@{[ 1 .. 12 ]}", 'each part is verified once');
is(scalar(grep { /part \d+ of 12/ } @out), 2, 'by both');
is($node->safe_psql('postgres', sprintf $faults, '(SELECT scope, object, detail, ok FROM itsm.verification_result WHERE verification = 1) r'), $whole, 'the parts find what the whole finds');
is($node->safe_psql('postgres', q{SELECT count(*), bool_and((itsm.policy_detail(body)::jsonb ->> 'faults')::bigint = (SELECT faults FROM itsm.verification)) FROM itsm.event WHERE kind = 'verified'}), '1|t', 'one event tells the result');

# Killed in the middle: of many parts, for they are quick.
my ($status, $ignored) = (0, '');
my $session = IPC::Run::start([ @call, 'CALL itsm.verify_in_parts(400)' ], '>', \$ignored, '2>&1');
$node->poll_query_until('postgres', 'SELECT parts_finished > 5 FROM itsm_report.verification WHERE verification = 2');
$node->stop('immediate');
$session->finish;
$node->start;
my $done = $node->safe_psql('postgres', q{SELECT parts_finished FROM itsm_report.verification WHERE verification = 2 AND finished_at IS NULL});
cmp_ok($done, '>', 5, 'some parts are finished');
my $out = '';
IPC::Run::run([ @call, 'CALL itsm.verify_in_parts(400)' ], '>', \$out, '2>&1');
my $went_on = () = $out =~ /part \d+ of 400/g;
is($went_on, 400 - $done, 'the others follow');
is($node->safe_psql('postgres', 'SELECT parts_finished, finished_at IS NOT NULL FROM itsm_report.verification WHERE verification = 2'), '400|t', 'and it is finished');
is($node->safe_psql('postgres', sprintf $faults, '(SELECT scope, object, detail, ok FROM itsm.verification_result WHERE verification = 2) r'), $whole, 'with the same faults');

$node->stop;
done_testing();
