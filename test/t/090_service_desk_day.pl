#!/usr/bin/env perl
#
# A day at a service desk: its people and programs work in tables of their own, and make
# mistakes.  Each mistake is refused with exactly the code and the rules expected and leaves
# nothing behind; each right step passes; and at the end history, reports and refusals tell
# the day, no more and no less.
#
# What history has to say is not written down here: the tables are looked at before and after
# each step, and what differs is what has to be told.

use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ItsmTest qw($checks $verify);
use ServiceDesk qw($application $roles $configuration %attached attach_all);

# A line a step: who ("portal/ann": the application portal, for ann), what, and what comes of
# it: "ok", "= answer", or the SQLSTATE and every rule that is not met, the one raised first.
# Then the reason that is given, if any.
my @day = (
	'08:00  The desk opens',
	[ 'portal/ann', q{INSERT INTO call (id, subject, caller) VALUES (101, 'no mail', 'ann')}, 'ok' ],
	[ 'portal/ben', q{INSERT INTO call (id, caller) VALUES (102, 'ben')}, 'IT004 recorded' ],
	[ 'portal/ben', q{INSERT INTO call (id, subject, caller, state) VALUES (102, 'vpn drops', 'ben', 'Working')}, 'IT003 initial worked_on_by priority_by_matrix' ],
	[ 'portal/ben', q{INSERT INTO call (id, subject, caller, state) VALUES (102, 'vpn drops', 'ben', 'open')}, 'IT002 status' ],
	[ 'portal/ben', q{INSERT INTO call (id, subject, caller) VALUES (102, 'vpn drops', 'ben')}, 'ok' ],
	[ 'portal/ben', q{UPDATE call SET subject = 'vpn drops all the time' WHERE id = 102}, '42501' ],
	[ 'portal', q{INSERT INTO call (id, subject, caller) VALUES (103, 'phone is mute', 'cleo')}, 'ok' ],
	[ 'mia/ann', q{SELECT 1}, '42501' ],
	[ 'mia', q{UPDATE call SET state = 'Working' WHERE id = 101}, 'IT004 classified worked_on_by priority_by_matrix' ],
	[ 'mia', q{UPDATE call SET impact = 7 WHERE id = 101}, 'IT005 plausible_impact' ],
	[ 'mia', q{UPDATE call SET urgency = 0 WHERE id = 101}, 'IT005 plausible_urgency' ],
	[ 'mia', q{UPDATE call SET prio = priority_of(4, 1) WHERE id = 101}, '22023' ],
	[ 'mia', q{UPDATE call SET prio = 'P9' WHERE id = 101}, '22003' ],
	[ 'mia', q{UPDATE call SET state = 'Given', impact = 2, urgency = 1, prio = priority_of(2, 1) WHERE id = 101}, 'IT005 assigned_to_someone' ],
	[ 'mia', q{UPDATE call SET state = 'Given', impact = 2, urgency = 1, prio = 'P1', team = 'first line' WHERE id = 101}, 'IT005 priority_by_matrix' ],
	[ 'mia', q{UPDATE call SET state = 'Given', impact = 2, urgency = 1, prio = priority_of(2, 1), team = 'first line' WHERE id = 101}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved' WHERE id = 101}, 'IT001 transition resolution_required' ],
	[ 'mia', q{UPDATE call SET state = 'Open' WHERE id = 101}, 'IT001 transition' ],
	[ 'mia', q{UPDATE call SET state = 'Working' WHERE id = 101}, 'IT004 worked_on_by' ],
	[ 'mia', q{UPDATE call SET state = 'Working', agent = 'mia' WHERE id = 101}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Waiting' WHERE id = 101}, 'IT004 hold_reason_required' ],
	[ 'mia', q{UPDATE call SET state = 'Waiting', waits_for = 'caller' WHERE id = 101}, 'IT005 caller_told' ],
	[ 'mia', q{UPDATE call SET state = 'Waiting', waits_for = 'problem' WHERE id = 101}, 'IT005 problem_named' ],
	[ 'mia', q{UPDATE call SET state = 'Waiting', waits_for = 'change' WHERE id = 101}, 'IT005 change_named' ],
	[ 'mia', q{UPDATE call SET state = 'Waiting', waits_for = 'caller', told = 'Which mailbox is it?' WHERE id = 101}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'advice', what = 'restart', service = 'mail' WHERE id = 101}, 'IT001 transition' ],
	[ 'mia', q{UPDATE call SET state = 'Working' WHERE id = 101}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Given' WHERE id = 101}, 'IT005 reassigned' ],
	[ 'mia', q{UPDATE call SET state = 'Given', team = 'network' WHERE id = 101}, 'ok' ],
	[ 'tom', q{UPDATE call SET state = 'Working', agent = 'tom', notes = 'mine' WHERE id = 101}, 'ok' ],
	[ 'tom', q{UPDATE call SET agent = NULL WHERE id = 101}, 'IT004 worked_on_by' ],
	[ 'tom', q{UPDATE call SET state = 'Solved' WHERE id = 101}, 'IT004 resolution_required' ],
	[ 'tom', q{UPDATE call SET state = 'Solved', how = 'fixed', what = '  ', service = 'mail' WHERE id = 101}, 'IT004 resolution_required' ],
	[ 'tom', q{UPDATE call SET state = 'Solved', how = 'fixed', what = 'mailbox moved', service = 'mail' WHERE id = 101}, 'ok' ],
	[ 'portal/ann', q{UPDATE call SET state = 'Working' WHERE id = 101}, 'IT014 reopen_reason' ],
	[ 'portal/ann', q{UPDATE call SET state = 'Working' WHERE id = 101}, 'ok', 'still no mail' ],
	[ 'tom', q{UPDATE call SET state = 'Solved', what = 'quota raised' WHERE id = 101}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Done' WHERE id = 101}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Working' WHERE id = 101}, 'IT001 transition', 'not done' ],
	[ 'mia', q{UPDATE call SET what = 'nothing', impact = 3 WHERE id = 101}, 'IT009 ended' ],
	[ 'mia', q{UPDATE call SET notes = 'ann says thanks' WHERE id = 101}, 'ok' ],
	[ 'mia', q{DELETE FROM call WHERE id = 101}, 'IT010 delete' ],
	[ 'kiosk', q{INSERT INTO call (id, subject, caller) VALUES (104, 'test', 'me'), (105, 'phone is mute', 'dora')}, 'ok' ],
	[ 'kiosk', q{UPDATE call SET state = 'Void' WHERE id = 104}, 'IT014 cancel_reason' ],
	[ 'kiosk', q{UPDATE call SET state = 'Void' WHERE id = 104}, 'ok', 'only a test' ],
	[ 'mia', q{UPDATE call SET late = true WHERE id = 105}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Void' WHERE id = 105}, 'IT005 breach_not_hidden', 'nobody called back' ],
	[ 'mia', q{UPDATE call SET state = 'Twin' WHERE id = 105}, 'IT004 merged_into_another' ],
	[ 'mia', q{UPDATE call SET state = 'Twin', twin_of = 105 WHERE id = 105}, 'IT005 not_into_itself' ],
	[ 'mia', q{UPDATE call SET state = 'Twin', twin_of = 999 WHERE id = 105}, '23503' ],
	[ 'mia', q{UPDATE call SET state = 'Twin', twin_of = 103 WHERE id = 105}, 'ok' ],

	'09:00  A network is down: one call with many below it',
	[ 'ines', q{INSERT INTO call (id, subject, caller, impact, urgency, prio, service, agent) VALUES (110, 'site Kiel offline', 'monitor', 1, 1, 'P1', 'network', 'ines')}, 'ok' ],
	[ 'ines', q{UPDATE call SET state = 'Working' WHERE id = 110}, 'ok' ],
	[ 'mia', q{INSERT INTO call (id, subject, caller, parent) SELECT n, 'offline', 'kiel ' || n, 110 FROM generate_series(111, 114) n}, 'ok' ],
	[ 'mia', q{UPDATE call SET parent = 111 WHERE id = 111}, 'IT005 not_its_own_parent no_circle' ],
	[ 'mia', q{UPDATE call SET parent = 111 WHERE id = 110}, 'IT022 no_circle' ],
	[ 'mia', q{UPDATE call SET parent = 111 WHERE id = 112}, 'ok' ],
	[ 'mia', q{UPDATE call SET parent = 112 WHERE id = 110}, 'IT022 no_circle' ],
	[ 'ines', q{UPDATE call SET state = 'Solved', how = 'fixed', what = 'switch replaced' WHERE id = 110}, 'IT013 children_first' ],
	[ 'mia', q{UPDATE call SET state = 'Working', impact = 2, urgency = 2, prio = priority_of(2, 2), agent = 'mia', service = 'network' WHERE parent = 110}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'with parent', what = 'see parent' WHERE id BETWEEN 111 AND 114}, 'IT013 children_first' ],
	[ 'mia', q{UPDATE call SET state = 'Working', impact = 2, urgency = 2, prio = 'P3', agent = 'mia', service = 'network' WHERE id = 112}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'with parent', what = 'see parent' WHERE id = 112}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'with parent', what = 'see parent' WHERE id IN (111, 113)}, 'ok' ],
	[ 'ines', q{UPDATE call SET state = 'Solved', how = 'fixed', what = 'switch replaced' WHERE id = 110}, 'IT013 children_first' ],
	[ 'mia', q{SELECT override('call', '110', 'children_first', 'I am in a hurry')}, '42501' ],
	[ 'ines', q{SELECT override('call', '110', 'children_first', '')}, 'IT014' ],
	[ 'ines', q{SELECT override('call', '110', 'children_last', 'the last caller is on holiday')}, '42704' ],
	[ 'ines', q{SELECT override('call', '110', 'children_first', 'the last caller is on holiday'); UPDATE call SET state = 'Solved', how = 'fixed', what = 'switch replaced' WHERE id = 110}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'with parent', what = 'see parent' WHERE id = 114}, 'ok' ],
	[ 'ines', q{UPDATE call SET state = 'Done' WHERE id = 110}, 'ok' ],

	'10:00  Requests',
	[ 'portal/ann', q{INSERT INTO wish (no, caller) VALUES ('REQ0009999', 'ann')}, 'IT004 recorded' ],
	[ 'portal/ann', q{INSERT INTO wish (no, caller, item) VALUES ('REQ-1', 'ann', 'laptop')}, '22P02' ],
	[ 'portal/ann', q{INSERT INTO wish (no, caller, item) VALUES ('REQ0009999', 'ann', 'yacht')}, '23503' ],
	[ 'portal/ann', q{INSERT INTO wish (caller, item, needs_ok) VALUES ('ann', 'laptop', true) RETURNING no}, '= REQ0000001' ],
	[ 'portal/ben', q{INSERT INTO wish (caller, item, needs_ok) VALUES ('ben', 'mouse', false) RETURNING no}, '= REQ0000002' ],
	[ 'portal/hugo', q{INSERT INTO wish (caller, item, needs_ok) VALUES ('hugo', 'admin rights', true) RETURNING no}, '= REQ0000003' ],
	[ 'mia', q{UPDATE wish SET state = 'doing', agent = 'mia' WHERE no = 'REQ0000001'}, 'IT005 approval_present' ],
	[ 'mia', q{UPDATE wish SET state = 'with boss' WHERE no = 'REQ0000001'}, 'IT004 approver_named' ],
	[ 'mia', q{UPDATE wish SET state = 'with boss', boss = 'ann' WHERE no = 'REQ0000001'}, 'IT005 approver_is_another' ],
	[ 'mia', q{UPDATE wish SET state = 'with boss', boss = 'hugo' WHERE no = 'REQ0000002'}, 'IT005 approval_needed' ],
	[ 'mia', q{UPDATE wish SET state = 'with boss', boss = 'hugo' WHERE no = 'REQ0000001'}, 'ok' ],
	[ 'mia', q{UPDATE wish SET state = 'with boss', boss = 'petra' WHERE no = 'REQ0000003'}, 'ok' ],
	[ 'portal/ann', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000001'}, 'IT007 approved_by_another' ],
	[ 'kiosk', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000001'}, 'IT007 approved_by_another' ],
	[ 'hugo', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000003'}, 'IT007 approved_by_another' ],
	[ 'hugo', q{UPDATE wish SET state = 'granted' WHERE no = 'REQ0000001'}, 'IT004 decided' ],
	[ 'hugo', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = at(2) WHERE no = 'REQ0000001'}, 'ok' ],
	[ 'hugo', q{UPDATE wish SET state = 'denied' WHERE no = 'REQ0000003'}, 'IT014 reject_reason' ],
	[ 'portal/petra', q{UPDATE wish SET state = 'denied' WHERE no = 'REQ0000003'}, 'ok', 'not even for the head of IT' ],
	[ 'mia', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000003'}, 'IT001 transition ended' ],
	[ 'mia', q{UPDATE wish SET verdict = 'yes' WHERE no = 'REQ0000003'}, 'IT009 ended' ],
	[ 'mia', q{UPDATE wish SET state = 'doing' WHERE no = 'REQ0000001'}, 'IT004 fulfilled_by' ],
	[ 'mia', q{UPDATE wish SET state = 'doing', agent = 'mia' WHERE no <= 'REQ0000002'}, 'ok' ],
	[ 'mia', q{UPDATE wish SET state = 'waiting' WHERE no = 'REQ0000001'}, 'IT004 hold_reason_required' ],
	[ 'mia', q{UPDATE wish SET state = 'waiting', waits_for = 'supplier' WHERE no = 'REQ0000001'}, 'ok' ],
	[ 'mia', q{UPDATE wish SET state = 'delivered' WHERE no = 'REQ0000002'}, 'IT004 outcome_required' ],
	[ 'mia', q{UPDATE wish SET state = 'delivered', outcome = 'a mouse' WHERE no IN ('REQ0000001', 'REQ0000002')}, 'IT001 transition' ],
	[ 'mia', q{UPDATE wish SET state = 'delivered', outcome = 'a mouse' WHERE no = 'REQ0000002'}, 'ok' ],
	[ 'portal/ben', q{UPDATE wish SET state = 'doing' WHERE no = 'REQ0000002'}, 'IT014 reopen_reason' ],
	[ 'portal/ben', q{UPDATE wish SET state = 'doing' WHERE no = 'REQ0000002'}, 'ok', 'it has only one button' ],
	[ 'mia', q{UPDATE wish SET state = 'delivered', outcome = 'a better mouse' WHERE no = 'REQ0000002'}, 'ok' ],
	[ 'portal/ben', q{UPDATE wish SET state = 'done' WHERE no = 'REQ0000002'}, 'ok' ],
	[ 'portal/ben', q{UPDATE wish SET caller = 'ann' WHERE no = 'REQ0000002'}, 'IT009 ended' ],
	[ 'desk_owner', q{TRUNCATE desk.wish}, 'IT010 truncate' ],

	'11:00  Why do phones go mute?  A problem, and what is known of it',
	[ 'paul', q{INSERT INTO trouble (id, title) VALUES (1, 'phones go mute')}, 'IT004 recorded' ],
	[ 'paul', q{INSERT INTO trouble (id, title, found_by) VALUES (1, 'phones go mute', 'trend')}, 'ok' ],
	[ 'paul', q{INSERT INTO trouble (id, title, found_by) VALUES (2, 'phones go mute again', 'desk'), (3, 'old printers jam', 'desk')}, 'ok' ],
	[ 'paul', q{UPDATE trouble SET phase = 20 WHERE id = 1}, 'IT004 classified' ],
	[ 'paul', q{UPDATE trouble SET phase = 15 WHERE id = 1}, 'IT002 status' ],
	[ 'paul', q{UPDATE trouble SET phase = 20, area = 'telephony', prio = 'P2', owner = 'paul' WHERE id = 1}, 'ok' ],
	[ 'paul', q{UPDATE trouble SET phase = 90 WHERE id = 2}, 'IT014 cancel_reason' ],
	[ 'paul', q{UPDATE trouble SET twin_of = 2 WHERE id = 2}, 'IT005 not_its_own_duplicate' ],
	[ 'paul', q{UPDATE trouble SET phase = 90, twin_of = 1 WHERE id = 2}, 'ok', 'the same as 1' ],
	[ 'paul', q{UPDATE trouble SET phase = 30 WHERE id = 1}, 'IT004 analysed_by' ],
	[ 'paul', q{UPDATE trouble SET phase = 30, analyst = 'tom' WHERE id = 1}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 40 WHERE id = 1}, 'IT004 cause_known workaround_or_action known_error_recorded' ],
	[ 'tom', q{INSERT INTO issue (code, cause, author) VALUES ('KE-1', 'firmware 4.2', 'tom')}, 'IT004 problem_named' ],
	[ 'tom', q{INSERT INTO issue (code, trouble, cause, author) VALUES ('KE-1', 1, 'firmware 4.2', 'tom')}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 40, cause = 'firmware 4.2', issue = 'KE-1', workaround = 'none' WHERE id = 1}, 'IT005 workaround_or_action' ],
	[ 'tom', q{UPDATE trouble SET phase = 40, cause = 'firmware 4.2', issue = 'KE-1', workaround = 'restart the phone' WHERE id = 1}, 'ok' ],
	[ 'tom', q{UPDATE issue SET phase = 'public' WHERE code = 'KE-1'}, 'IT004 publishable published_by_another' ],
	[ 'paul', q{UPDATE issue SET phase = 'public', workaround = 'restart the phone', reviewer = 'tom' WHERE code = 'KE-1'}, 'IT005 reviewer_is_another' ],
	[ 'tom', q{UPDATE issue SET phase = 'public', workaround = 'restart the phone', reviewer = 'paul' WHERE code = 'KE-1'}, 'IT007 published_by_another' ],
	[ 'paul', q{UPDATE issue SET phase = 'public', workaround = 'restart the phone', reviewer = 'paul' WHERE code = 'KE-1'}, 'ok' ],
	[ 'paul', q{UPDATE issue SET phase = 'sketch' WHERE code = 'KE-1'}, 'IT001 transition' ],
	[ 'mia', q{UPDATE call SET state = 'Working', agent = 'mia', impact = 3, urgency = 2, prio = priority_of(3, 2), team = 'first line' WHERE id = 103}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Waiting', waits_for = 'problem', trouble = 1 WHERE id = 103}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 50 WHERE id = 1}, 'IT005 fixed_by' ],
	[ 'paul', q{UPDATE trouble SET phase = 20, area = 'workplace', prio = 'P4', owner = 'paul' WHERE id = 3}, 'ok' ],
	[ 'paul', q{UPDATE trouble SET phase = 30, analyst = 'tom' WHERE id = 3}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 70, cause = 'age', risk_by = 'tom', risk_until = current_date + 300 WHERE id = 3}, 'IT005 risk_accepted_by_another' ],
	[ 'hugo', q{UPDATE trouble SET phase = 70, cause = 'age', risk_by = 'hugo' WHERE id = 3}, 'IT004 risk_accepted' ],
	[ 'hugo', q{UPDATE trouble SET phase = 70, cause = 'age', risk_by = 'hugo', risk_until = current_date WHERE id = 3}, 'IT005 acceptance_ends_later' ],
	[ 'hugo', q{UPDATE trouble SET phase = 70, cause = 'age', risk_by = 'hugo', risk_until = 'infinity' WHERE id = 3}, 'IT005 acceptance_ends_later' ],
	[ 'hugo', q{UPDATE trouble SET phase = 70, cause = 'age', risk_by = 'hugo', risk_until = current_date + 300 WHERE id = 3}, 'ok' ],
	[ 'hugo', q{UPDATE trouble SET risk_until = risk_until + 1 WHERE id = 3}, 'IT009 ended' ],
);

# ------------------------------------------------------------------ how the day is played

my $node = PostgreSQL::Test::Cluster->new('desk');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nlog_min_error_statement = panic\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE desk TEMPLATE template0');
$node->safe_psql('desk', $application);
$node->safe_psql('desk', $_) foreach $configuration, $roles, attach_all();
is($node->safe_psql('desk', 'SELECT source, lifecycle, problem FROM itsm_report.attachment_health WHERE NOT healthy'), '', 'every rule of every lifecycle can be judged');

# Everybody stays logged in all day.
my %session;
my $said = 0;
sub session
{
	my ($who) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-U', $who, '-d', 'desk', '-v', 'VERBOSITY=verbose' ],
		'<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err}, IPC::Run::timeout(300));
	return $session;
}
sub asks
{
	my ($who, $sql) = @_;
	my $session = $session{$who} //= session($who);
	my $end = 'said ' . ++$said;

	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql;\n\\echo $end\n\\warn $end\n";
	$session->{run}->pump until $session->{out} =~ /^\Q$end\E$/m && $session->{err} =~ /^\Q$end\E$/m;
	return map { s/^\Q$end\E\n//mr } $session->{out}, $session->{err};
}

# What there is: of each row its state and its mapped attributes, as "table key" => [state, {attribute => value}].
my $look = 'SELECT concat_ws(E\'\t\', row_of, at_state, said) FROM (' . join(' UNION ALL ', map {
	my $how = $attached{$_};
	my $states = join ' ', map { "WHEN '$_' THEN '$how->{states}{$_}'" } sort keys %{ $how->{states} };
	my $attributes = join ', ', map { "('$_', ($how->{attributes}{$_})::text)" } sort keys %{ $how->{attributes} };
	qq{SELECT '$_ ' || $how->{key}::text AS row_of, CASE $how->{status}::text $states END AS at_state,
		(SELECT string_agg(a || '=' || coalesce(md5(v), 'null'), ',' ORDER BY a) FROM (VALUES $attributes) AS x(a, v)) AS said FROM desk."$_"}
} sort keys %attached) . ') AS seen ORDER BY 1';
my %seen;
sub seen
{
	my ($out) = asks($node->{_itsm_looks} //= 'desk_owner', $look);

	return map { my ($row, $state, $said) = split /\t/; $row => [ $state, { map { split /=/ } split /,/, $said } ] } split /\n/, $out;
}

my (%story, @refused, %counts, @overridden);
sub play
{
	my ($who, $what, $expected, $reason) = @_;
	my ($role, $person) = split m{/}, $who;
	my ($out, $err) = asks($role, join ";\n", 'BEGIN', $person ? "DO \$\$ BEGIN PERFORM itsm.act_as('$person'); END \$\$" : (),
		$reason ? "SET LOCAL itsm.reason = '$reason'" : (), $what, 'COMMIT');
	my %now = seen();
	my $result = 'ok';
	my $actor = $person // $role;

	if ($err =~ /^ERROR:  (\w{5}): (.*)$/m)
	{
		my ($code, $message) = ($1, $2);
		my ($error) = split /^ERROR:  25P02/m, $err;
		my ($raised) = $error =~ /^CONSTRAINT NAME:  (.*)$/m;
		my %rules = map { $_ => 1 } +(($error =~ /^DETAIL:  (\[.*)$/m)[0] // '') =~ /"rule": "(\w+)"/g;
		delete $rules{ $raised // '' };
		$result = join ' ', $code, $code =~ /^IT/ && defined $raised ? $raised : (), sort keys %rules;
		like($error, qr/^HINT:  \S/m, "$who: $result: something is advised") if $code =~ /^IT/;
		note("$message") if $code =~ /^IT/;
		push @refused, [ $role, $actor, $code, $reason ] if $code =~ /^IT/ && $error =~ /^TABLE NAME:/m;
	}
	elsif ($expected =~ /^=/)
	{
		$result = '= ' . $out =~ s/\n+\z//r;
	}
	my ($code, $raised, @others) = split / /, $expected;
	$expected = join ' ', $code, $raised // (), sort @others if $expected =~ /^IT/;
	is($result, $expected, "$who: " . $what =~ s/\s+/ /gr . ($reason ? " ($reason)" : '')) or diag($err);
	$counts{ $result =~ /^(ok|=)/ ? 'right' : 'wrong' }++;

	# What came of it is what has to be remembered.
	while ($what =~ /(?:itsm\.)?override\('(\w+)', '([^']+)', '(\w+)', '([^']+)'\)/g)
	{
		last if $result ne 'ok';
		push @{ $story{"$1 $2"} }, join '|', 'overridden', $actor, '', '', '', $4;
		push @overridden, "$1 $2 $3 " . ($actor);
	}
	foreach my $row (sort keys %now)
	{
		my ($before, $after) = ($seen{$row}, $now{$row});
		my @changed = grep { ($before ? $before->[1]{$_} : 'null') ne $after->[1]{$_} } sort keys %{ $after->[1] };
		my $from = $before ? $before->[0] : '';

		next if $before && !@changed && $from eq $after->[0];
		push @{ $story{$row} }, join '|', !$before ? 'created' : $from ne $after->[0] ? 'transition' : 'updated', $actor,
			$before && $from eq $after->[0] ? ('', '') : ($from, $after->[0]), join(',', @changed), $reason // '';
	}
	is_deeply(\%now, \%seen, "$who: nothing is left of it") if $result !~ /^(ok|=)/;
	%seen = %now;
	return;
}

%seen = seen();
foreach my $step (@day)
{
	ref $step ? play(@$step) : note("\n$step");
}

# ------------------------------------------------------------------ what is told of it

# History, in the order of versions: kind, actor, states, attributes, reason.
foreach my $row (sort keys %seen)
{
	my ($table, $key) = split / /, $row, 2;
	my $told = $node->safe_psql('desk', qq{SELECT concat_ws('|', kind, coalesce(actor, ''),
			CASE WHEN kind IN ('created', 'transition') THEN coalesce(from_state, '') ELSE '' END, CASE WHEN kind IN ('created', 'transition') THEN to_state ELSE '' END,
			CASE WHEN kind IN ('created', 'transition', 'updated') THEN coalesce((SELECT string_agg(k, ',' ORDER BY k COLLATE "C") FROM jsonb_object_keys(changes - 'status') k), '') ELSE '' END, coalesce(reason, ''))
		FROM itsm.history('desk."$table"', '$key') ORDER BY version});
	is($told, join("\n", @{ $story{$row} }), "history tells what became of $row");
}

foreach my $session (values %session)
{
	$session->{in} .= "\\q\n";
	$session->{run}->finish;
}
$node->poll_query_until('desk', "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = 'desk'");
is($node->safe_psql('desk', q{SELECT role, coalesce(actor, role), code, coalesce(reason, '') FROM itsm_report.refusal ORDER BY at}),
	join("\n", map { join '|', $_->[0], $_->[1], $_->[2], $_->[3] // '' } @refused), 'every refusal is remembered, in its order');
is($node->safe_psql('desk', $verify), '', 'verify finds nothing');
$node->safe_psql('desk', "SET search_path = public; CREATE TABLE public.ticket (id bigint, status text, title text, prio integer); $checks");
is($node->safe_psql('desk', 'SELECT * FROM checks.chain_faults()'), '', 'nor does the check in SQL');
note("$counts{right} right steps, $counts{wrong} wrong ones");

done_testing();
