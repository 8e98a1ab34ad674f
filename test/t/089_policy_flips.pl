#!/usr/bin/env perl
#
# What a superuser with triggers off changes in the tables beside the events, column by
# column, is found and named; what is not is listed here, with the reason, and in
# docs/verify.md.  (Events and what is sealed of them: 081_seal_attacks.pl.)

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('flips');
$node->init;
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
SET itsm.reason = 'because';
SELECT itsm.define_calendar('office', 'Mo-Fr 09:00-17:00 @ Europe/Berlin'), itsm.define_calendar('office', 'Mo-Fr 08:00-17:00 @ Europe/Berlin', '2050-06-01');
SELECT itsm.define_lifecycle('{"name": "flip", "process": "incident", "attributes": {"title": "text", "priority": "integer", "requester": "text", "service": "text"}, "states": [
	{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "done", "category": "closed"}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["done"]}, {"from": "done", "to": "work"}],
	"rules": [{"name": "titled", "to": "work", "requires": ["title"], "clause": "8.6.1"}, {"name": "two", "to": "done", "approvals": {"role": "board", "quorum": 1}}]}');
SELECT itsm.add_approver('board', 'ann'), itsm.add_approver('board', 'postgres'), itsm.add_delegation('ann', 'bob', 'board');
CREATE TABLE ticket (id int PRIMARY KEY, status text, title text, prio int, who text, svc text, note text);
SELECT itsm.attach('ticket', 'flip', 'status', attributes => '{"title": "title", "priority": "prio", "requester": "who", "service": "svc"}', track => '{note}', mode => 'observe');
SELECT itsm.define_sla('{"name": "P1", "lifecycle": "flip", "metric": "resolution", "condition": "new.priority = 1", "target": "4 hours", "calendar": "office"}');
INSERT INTO ticket SELECT n, 'new', CASE WHEN n > 1 THEN 't' || n END, 1 + n % 2, 'who', 'mail', 'note ' || n FROM generate_series(1, 6) n;
UPDATE ticket SET status = 'work' WHERE id <= 5;
SELECT itsm.approve('ticket', '2', 'fine', 'board');
UPDATE ticket SET status = 'done' WHERE id <= 3;
SELECT itsm.set_availability_target('mail', 99.5, 'office', '2026-03-01');
SELECT itsm.take_baseline('first');
SELECT itsm.assess('first');
SELECT itsm.seal();
SELECT itsm.grant_reader('pg_monitor');
SELECT itsm.define_change_window('w', 'freeze', '2050-01-01', '2050-01-02');
SELECT itsm.define_relationship_type('l_on', 'l_bears', impact => 'backward');
CREATE TABLE link (a int REFERENCES ticket, b int REFERENCES ticket, PRIMARY KEY (a, b));
SELECT itsm.attach_relationships('link', 'l_on', 'a', 'b');
SELECT itsm.set_retention('1 month');
SELECT itsm.seal();
END
is($node->safe_psql('postgres', 'SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok'), '', 'nothing to complain of before');

# Another value of a type, and what verify tells of a command that is taken back.
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION flipped(type text, col text) RETURNS text LANGUAGE sql AS $$
SELECT CASE
 WHEN type IN ('bigint','integer','numeric') THEN format('coalesce(%I,0) + 1000003', col)
 WHEN type IN ('text','name') THEN format('(coalesce(%I::text, '''') || ''x'')::%s', col, type)
 WHEN type = 'boolean' THEN format('%I IS NOT TRUE', col)
 WHEN type = 'timestamp with time zone' THEN format('coalesce(%I, now()) + interval ''1 hour''', col)
 WHEN type = 'interval' THEN format('coalesce(%I, ''1 hour'') + interval ''1 hour''', col)
 WHEN type = 'bytea' THEN format('CASE WHEN length(%1$I) > 0 THEN set_byte(%1$I, length(%1$I) - 1, get_byte(%1$I, length(%1$I) - 1) # 1) ELSE ''\x00'' END', col)
 WHEN type = 'jsonb' THEN format('jsonb_build_object(''x'', %I)', col)
 WHEN type = 'xid8' THEN format('(%I::text::bigint + 1)::text::xid8', col)
 WHEN type = 'text[]' THEN format('coalesce(%I, ''{}'') || ''x''::text', col)
 WHEN type = 'name[]' THEN format('%I || ''x''::name', col)
 WHEN type = 'bigint[]' THEN format('coalesce(%I, ''{}'') || 7::bigint', col)
 WHEN type = 'regclass' THEN format('''pg_class''::regclass', col)
 WHEN type = 'itsm.service_hours' THEN format('''Mo 09:00-10:00''::itsm.service_hours', col)
 WHEN type = 'pg_lsn' THEN format('%I + 1', col)
 WHEN type = 'tstzrange' THEN format('tstzrange(now(), now() + interval ''1 day'')', col)
 END $$;
CREATE FUNCTION one(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE seen text; n int;
BEGIN
	PERFORM set_config('session_replication_role', 'replica', true), set_config('itsm.maintenance', 'on', true);
	EXECUTE command;
	GET DIAGNOSTICS n = ROW_COUNT;
	IF n = 0 THEN RETURN 'no row'; END IF;
	SELECT string_agg(scope || ' ' || object || ': ' || detail, ' / ') INTO seen FROM (SELECT * FROM itsm.verify() WHERE NOT ok LIMIT 3) v;
	RAISE 'undo' USING ERRCODE = 'UN000', DETAIL = coalesce(seen, '');
EXCEPTION WHEN SQLSTATE 'UN000' THEN
	GET STACKED DIAGNOSTICS seen = PG_EXCEPTION_DETAIL;
	RETURN seen;
WHEN others THEN RETURN 'failed: ' || SQLERRM;
END $$;
END

# by whom a row was made its event tells, whatever the row says; of hours there may be several events, of a table none
my @unsaid = qw(defined_by attached_by granted_by registered_at description calendar_hours.defined_at);
my %not_found = (
	'approver.valid_until' => 'who ends earlier needs no event', 'delegation.valid_until' => 'likewise', 'delegation.valid_from' => 'a past one says nothing today',
	(map { ("attachment.$_" => 'as it was written; the expression made of it is compared') } qw(attributes filter tenant)),
	'attachment.notify' => 'judges nothing', 'attachment.relation_name' => 'follows renames', 'source.relation_name' => 'likewise',
	(map { ("clock.$_" => 'follows from events and agreements: itsm.recompute_clocks') } qw(record sla sla_version started_at original_due_at number told due_bound running_since paused_since stopped_at due_at breached_at elapsed paused breached stage tenant)),
	(map { ("source_attribute.$_" => 'names of numbers; rows and projections are compared by them') } qw(source number name kind type)),
	'baseline.id' => 'nothing else has the number', 'assessment_finding.commitment' => 'made of subject and salt, which are compared');

my @missed;
my $count = 0;
foreach my $table (qw(approval approver archive archive_table archived assessment assessment_finding assessment_result attachment availability_target baseline baseline_part calendar calendar_hours
	change_window clock delegation lifecycle reader record record_state relationship_attachment relationship_type_version sla source source_attribute violation))
{
	my $where = $table =~ /^(?:lifecycle|relationship_type_version)$/ ? 'WHERE NOT shipped' : $table eq 'record' ? 'WHERE source > 0' : $table eq 'calendar_hours' ? q{WHERE isfinite(valid_from)} : '';
	foreach my $row (split /\n/, $node->safe_psql('postgres', <<"END"))
SELECT a.attname, one(format('UPDATE itsm.$table SET %I = %s WHERE ctid = %L', a.attname, flipped(format_type(a.atttypid, NULL), a.attname), t.ctid))
	FROM (SELECT ctid FROM itsm.$table $where ORDER BY ctid DESC LIMIT 1) t, pg_attribute a WHERE a.attrelid = 'itsm.$table'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid <> 'tid'::regtype ORDER BY a.attnum
END
	{
		my ($column, $found) = split /\|/, $row, 2;
		$count++;
		next if grep { $_ eq $column || $_ eq "$table.$column" } @unsaid;
		push @missed, "$table.$column: $found" if !$not_found{"$table.$column"} && ($found eq '' || $found =~ /^(?:failed:|no row)/);
	}
}
cmp_ok($count, '>', 200, "$count columns were changed");
is(join("\n", @missed), '', 'each change is found');

$node->stop;
done_testing();
