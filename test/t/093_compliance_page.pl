#!/usr/bin/env perl
#
# Every command of docs/compliance.md does what the page says, in a database with the
# reference model.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use Test::More;

open my $in, '<', 'docs/compliance.md' or die "docs/compliance.md: $!";
my $page = do { local $/; <$in> };
close $in;
my @blocks = $page =~ /^```sql\n(.*?)^```/msg;
is(scalar @blocks, 4, 'the page has its commands');

my $node = PostgreSQL::Test::Cluster->new('page');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
my $setting = "SET client_min_messages = error; SET search_path = desk, public;";
$node->safe_psql('postgres', "SET client_min_messages = error; CREATE EXTENSION itsm; CALL itsm.create_model('desk');");
$node->safe_psql('postgres', "$setting INSERT INTO person (name, full_name) VALUES ('amy', 'Amy')");

foreach my $block (@blocks)
{
	my ($status, $out, $error) = $node->psql('postgres', "$setting $block", extra_params => [ '-v', 'ON_ERROR_STOP=1' ]);
	is($status, 0, ($block =~ /^(.*)$/m)[0] . ' ...') or diag($error);
}
is($node->safe_psql('postgres', q{SELECT control, status FROM itsm.evaluate_controls('iso27001')}), 'house-1|no evidence', 'the control of the page is there');
is($node->safe_psql('postgres', q{SELECT count(*) > 0, count(*) FILTER (WHERE action_key IS NULL OR owner <> 'amy' OR action_state <> 'open' OR due <> '2026-09-30 00:00+00') FROM itsm_report.iso20000_gap WHERE grade = 'major'}),
	't|0', 'each major gap has an action, with owner and due day');
is($node->safe_psql('postgres', q{SELECT count(*) = (SELECT count(*) FROM desk.corrective_action), bool_and(cause = 'The form does not ask for it.') FROM itsm_report.iso20000_gap g JOIN desk.corrective_action a ON a.title LIKE g.control || ': %' WHERE g.grade = 'major'}),
	't|t', 'which is a row of the model');
is($node->safe_psql('postgres', q{SELECT count(*) FROM itsm_report.iso20000_control WHERE status = 'error'}), '0', 'every control of the standard is answered over the model');
my $report = $node->safe_psql('postgres', q{SELECT itsm.audit_report('2025-01-01', '2099-01-01')});
like($report, qr{</html>$}, 'the report is whole');
is($node->safe_psql('postgres', q{SELECT * FROM itsm.verify() WHERE NOT ok}), '', 'verify finds nothing');

# Each view that the page names is there.
my @views = $page =~ /`(?:itsm_report\.)?((?:iso20000_\w+|certificate))`/g;
is($node->safe_psql('postgres', "SELECT v FROM unnest('{" . join(',', @views) . "}'::text[]) v WHERE to_regclass('itsm_report.' || v) IS NULL"), '', 'the views are there');

done_testing();
