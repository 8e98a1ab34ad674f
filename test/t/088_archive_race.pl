#!/usr/bin/env perl
#
# Who archives, and who reopens, erases or imports into the same records at the same time.

use strict;
use warnings;
use ItsmTest qw($service_desk $checks $make_old $verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('race');
$node->init;
# an ANALYZE that runs just then would hold back what is to be sealed
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', "SET client_min_messages = error; $service_desk; $checks; $make_old");
$node->safe_psql('postgres', <<'END');
INSERT INTO ticket SELECT n, 'new', 'ticket ' || n, 1, 'owner ' || n FROM generate_series(1, 6) n;
UPDATE ticket SET status = 'work';
UPDATE ticket SET status = 'resolved';
UPDATE ticket SET status = 'closed';
SELECT checks.make_old('ticket', '2 months');
SELECT itsm.seal();
-- the month gets its partition
SELECT itsm.archive(now());
SELECT itsm.restore_archive(1);
DROP SCHEMA itsm_archive CASCADE;
SELECT itsm.seal();
END
my $archived = q{SELECT string_agg(r.key, ' ' ORDER BY r.key::int) FROM itsm.archived a JOIN itsm.record r ON r.id = a.record};
my $waiting = q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%itsm.%' AND pid <> pg_backend_pid()};

# An erasure that has begun is waited for, and its record is no longer old.
my ($one, $two) = ($node->background_psql('postgres'), $node->background_psql('postgres', on_error_stop => 0));
$one->query_safe(q{BEGIN; SELECT itsm.redact('ticket', '1', '{owner}', 'a test')});
# A row that comes back to life is not seen before it is committed.
my $three = $node->background_psql('postgres');
$three->query_safe(q{BEGIN; DELETE FROM ticket WHERE id = 2; INSERT INTO ticket VALUES (2, 'new', 'anew', 1)});
$two->query_until(qr/^waits$/m, "\\echo waits\nSELECT sum(events) FROM itsm.archive(now());\n\\echo done\n");
$node->poll_query_until('postgres', $waiting);
$one->query_safe('COMMIT');
$two->query_until(qr/^done$/m, '');
$three->query_safe('COMMIT');
is($node->safe_psql('postgres', $archived), '2 3 4 5 6', 'what was erased just now stays');
is($node->safe_psql('postgres', q{SELECT string_agg(version || kind, ' ' ORDER BY version) FROM itsm.history('ticket', '2')}), '4archived 5deleted 6created', 'what began anew meanwhile goes on behind the archive');
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing');

# An erasure, and an import, that come while it is being archived find that out.
$node->safe_psql('postgres', q{SELECT itsm.restore_archive(2); SELECT itsm.seal()});
$two->query_safe(q{BEGIN; SELECT sum(events) FROM itsm.archive(now(), 'second')});
my ($out, $error) = ('', '');
my $eraser = IPC::Run::start([ 'psql', '-X', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-c', q{SELECT itsm.redact('ticket', '3', '{owner}', 'too late')} ], '>', \$out, '2>&1');
$node->poll_query_until('postgres', $waiting);
$two->query_safe('COMMIT');
$eraser->finish;
like($out, qr/ERROR:  the events of record \d+ up to version 4 are archived, so their values cannot be erased here/, 'an erasure that comes too late says so');
(undef, undef, $error) = $node->psql('postgres', q{SELECT itsm.import_events((SELECT max(id) FROM itsm.attachment), $$SELECT '3', now() - interval '70 days', 'new'$$)});
like($error, qr/ERROR:  the events of record \d+ up to version 4 are archived/, 'and an import');
is($node->safe_psql('postgres', $archived), '3 4 5 6', 'archived');
is($node->safe_psql('postgres', $verify), '', 'verify finds nothing still');
is($node->safe_psql('postgres', q{SELECT count(*) FROM itsm.history('ticket', '3') WHERE kind = 'redacted'}), '0', 'nothing is left of the erasure');

$_->quit foreach $one, $two, $three;
$node->stop;
done_testing();
