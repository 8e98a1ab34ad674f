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
# Then the reason that is given, if any; the reason that is kept, where it is another; and what
# is told of a row that is written twice.
my @day = (
	'08:00  The desk opens',
	[ 'portal/ann', q{INSERT INTO call (id, subject, caller) VALUES (101, 'no mail', 'ann')}, 'ok' ],
	[ 'portal/ben', q{INSERT INTO call (id, caller) VALUES (102, 'ben')}, 'IT004 recorded' ],
	[ 'portal/ben', q{INSERT INTO call (id, subject, caller, state) VALUES (102, 'vpn drops', 'ben', 'Working')}, 'IT003 initial worked_on_by' ],
	[ 'portal/ben', q{INSERT INTO call (id, subject, caller, state) VALUES (102, 'vpn drops', 'ben', 'open')}, 'IT002 status' ],
	[ 'portal/ben', q{INSERT INTO call (id, subject, caller) VALUES (102, 'vpn drops', 'ben')}, 'ok' ],
	[ 'portal/ben', q{UPDATE call SET subject = 'vpn drops all the time' WHERE id = 102}, '42501' ],
	[ 'portal', q{INSERT INTO call (id, subject, caller) VALUES (103, 'phone is mute', 'cleo')}, 'ok' ],
	[ 'mia/ann', q{SELECT 1}, '42501' ],
	[ 'mia', q{UPDATE call SET state = 'Working' WHERE id = 101}, 'IT004 classified worked_on_by' ],
	[ 'mia', q{UPDATE call SET impact = 7 WHERE id = 101}, 'IT005 plausible_impact' ],
	[ 'mia', q{UPDATE call SET urgency = 0 WHERE id = 101}, 'IT005 plausible_urgency' ],
	[ 'mia', q{UPDATE call SET prio = priority_of(4, 1) WHERE id = 101}, '22023' ],
	[ 'mia', q{UPDATE call SET prio = 'P9' WHERE id = 101}, '22003' ],
	[ 'mia', q{UPDATE call SET state = 'Given', impact = 2, urgency = 1, prio = priority_of(2, 1) WHERE id = 101}, 'IT005 assigned_to_someone' ],
	[ 'mia', q{UPDATE call SET state = 'Given', impact = 2, urgency = 1, prio = 'P1', team = 'first line' WHERE id = 101}, 'IT014 priority_change_reason' ],
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
	[ 'mia', q{UPDATE call SET what = 'nothing', impact = 3 WHERE id = 101}, 'IT009 ended priority_change_reason' ],
	[ 'mia', q{UPDATE call SET notes = 'ann says thanks' WHERE id = 101}, 'ok' ],
	[ 'mia', q{DELETE FROM call WHERE id = 101}, 'IT010 delete' ],
	[ 'kiosk', q{INSERT INTO call (id, subject, caller) VALUES (104, 'test', 'me'), (105, 'phone is mute', 'dora')}, 'ok' ],
	[ 'kiosk', q{UPDATE call SET state = 'Void' WHERE id = 104}, 'IT014 cancel_reason' ],
	[ 'kiosk', q{UPDATE call SET state = 'Void' WHERE id = 104}, 'ok', 'only a test' ],
	[ 'mia', q{UPDATE call SET late = true WHERE id = 105}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Void' WHERE id = 105}, 'IT005 breach_not_hidden', 'nobody called back' ],
	[ 'mia', q{UPDATE call SET state = 'Twin' WHERE id = 105}, 'IT004 merged_into_another' ],
	[ 'mia', q{UPDATE call SET state = 'Twin', twin_of = 105 WHERE id = 105}, 'IT005 not_into_itself merges_in_no_circle' ],
	[ 'mia', q{UPDATE call SET state = 'Twin', twin_of = 999 WHERE id = 105}, '23503' ],
	[ 'mia', q{UPDATE call SET state = 'Twin', twin_of = 103 WHERE id = 105}, 'ok' ],

	'09:00  A network is down: one call with many below it',
	[ 'ines', q{INSERT INTO call (id, subject, caller, impact, urgency, prio, service, agent) VALUES (110, 'site Kiel offline', 'monitor', 1, 1, 'P1', 'network', 'ines')}, 'ok' ],
	[ 'ines', q{UPDATE call SET state = 'Working' WHERE id = 110}, 'ok' ],
	[ 'mia', q{INSERT INTO call (id, subject, caller, parent) SELECT n, 'offline', 'kiel ' || n, 110 FROM generate_series(111, 114) n}, 'ok' ],
	[ 'mia', q{UPDATE call SET parent = 111 WHERE id = 111}, 'IT005 not_its_own_parent parents_in_no_circle' ],
	[ 'mia', q{UPDATE call SET parent = 111 WHERE id = 110}, 'IT022 parents_in_no_circle' ],
	[ 'mia', q{UPDATE call SET parent = 111 WHERE id = 112}, 'ok' ],
	[ 'mia', q{UPDATE call SET parent = 112 WHERE id = 110}, 'IT022 parents_in_no_circle' ],
	[ 'ines', q{UPDATE call SET state = 'Solved', how = 'fixed', what = 'switch replaced' WHERE id = 110}, 'IT013 children_resolved' ],
	[ 'mia', q{UPDATE call SET state = 'Working', impact = 2, urgency = 2, prio = priority_of(2, 2), agent = 'mia', service = 'network' WHERE parent = 110}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'with parent', what = 'see parent' WHERE id BETWEEN 111 AND 114}, 'IT013 children_resolved' ],
	[ 'mia', q{UPDATE call SET state = 'Working', impact = 2, urgency = 2, prio = 'P3', agent = 'mia', service = 'network' WHERE id = 112}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'with parent', what = 'see parent' WHERE id = 112}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'with parent', what = 'see parent' WHERE id IN (111, 113)}, 'ok' ],
	[ 'ines', q{UPDATE call SET state = 'Solved', how = 'fixed', what = 'switch replaced' WHERE id = 110}, 'IT013 children_resolved' ],
	[ 'mia', q{SELECT override('call', '110', 'children_resolved', 'I am in a hurry')}, '42501' ],
	[ 'ines', q{SELECT override('call', '110', 'children_resolved', '')}, 'IT014' ],
	[ 'ines', q{SELECT override('call', '110', 'children_last', 'the last caller is on holiday')}, '42704' ],
	[ 'ines', q{SELECT override('call', '110', 'children_resolved', 'the last caller is on holiday'); UPDATE call SET state = 'Solved', how = 'fixed', what = 'switch replaced' WHERE id = 110}, 'ok' ],
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
	[ 'portal/ann', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000001'}, 'IT007 approved_by_another approved' ],
	[ 'kiosk', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000001'}, 'IT007 approved_by_another approved' ],
	[ 'hugo', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000003'}, 'IT007 approved_by_another approved' ],
	[ 'hugo', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = at(2) WHERE no = 'REQ0000001'}, 'IT008 approved' ],
	[ 'portal/ann', q{SELECT approve('wish', 'REQ0000001')}, 'IT006 approved' ],
	[ 'hugo', q{SELECT approve('wish', 'REQ0000003')}, 'IT007 approved' ],
	[ 'hugo', q{SELECT approve('wish', 'REQ0000001', 'the old one is slow')}, 'ok' ],
	[ 'hugo', q{UPDATE wish SET state = 'granted' WHERE no = 'REQ0000001'}, 'IT004 decided' ],
	[ 'hugo', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = at(2) WHERE no = 'REQ0000001'}, 'ok' ],
	[ 'hugo', q{UPDATE wish SET state = 'denied' WHERE no = 'REQ0000003'}, 'IT014 reject_reason' ],
	[ 'portal/petra', q{UPDATE wish SET state = 'denied' WHERE no = 'REQ0000003'}, 'ok', 'not even for the head of IT' ],
	[ 'mia', q{UPDATE wish SET state = 'granted', verdict = 'yes', decided = now() WHERE no = 'REQ0000003'}, 'IT001 transition approved ended' ],
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
	[ 'paul', q{UPDATE trouble SET twin_of = 2 WHERE id = 2}, 'IT005 not_its_own_duplicate duplicates_in_no_circle' ],
	[ 'paul', q{UPDATE trouble SET phase = 90, twin_of = 1 WHERE id = 2}, 'ok', 'the same as 1' ],
	[ 'paul', q{UPDATE trouble SET phase = 30 WHERE id = 1}, 'IT004 analysed_by' ],
	[ 'paul', q{UPDATE trouble SET phase = 30, analyst = 'tom' WHERE id = 1}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 40 WHERE id = 1}, 'IT004 cause_known workaround_or_action known_error_recorded' ],
	[ 'tom', q{INSERT INTO issue (code, cause, author) VALUES ('KE-1', 'firmware 4.2', 'tom')}, 'IT004 problem_named' ],
	[ 'tom', q{INSERT INTO issue (code, trouble, cause, author) VALUES ('KE-1', 1, 'firmware 4.2', 'tom')}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 40, cause = 'firmware 4.2', issue = 'KE-1', workaround = 'none' WHERE id = 1}, 'IT005 workaround_or_action known_error_published' ],
	[ 'tom', q{UPDATE trouble SET phase = 40, cause = 'firmware 4.2', issue = 'KE-1', workaround = 'restart the phone' WHERE id = 1}, 'IT013 known_error_published' ],
	[ 'tom', q{UPDATE issue SET phase = 'public' WHERE code = 'KE-1'}, 'IT004 publishable published_by_another' ],
	[ 'paul', q{UPDATE issue SET phase = 'public', workaround = 'restart the phone', reviewer = 'tom' WHERE code = 'KE-1'}, 'IT005 reviewer_is_another' ],
	[ 'tom', q{UPDATE issue SET phase = 'public', workaround = 'restart the phone', reviewer = 'paul' WHERE code = 'KE-1'}, 'IT007 published_by_another' ],
	[ 'paul', q{UPDATE issue SET phase = 'public', workaround = 'restart the phone', reviewer = 'paul' WHERE code = 'KE-1'}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 40, cause = 'firmware 4.2', issue = 'KE-1', workaround = 'restart the phone' WHERE id = 1}, 'ok' ],
	[ 'paul', q{UPDATE issue SET phase = 'gone' WHERE code = 'KE-1'}, 'IT013 resolved_or_closed', 'nobody reads it' ],
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

	'12:00  Configuration items',
	[ 'walt', q{INSERT INTO asset (tag, stage, class, keeper) VALUES ('lap-7', 'Live', 'laptop', 'walt')}, 'IT003 initial' ],
	[ 'walt', q{INSERT INTO asset (tag, stage, class) VALUES ('lap-7', 'Ordered', 'laptop')}, 'IT004 recorded' ],
	[ 'walt', q{INSERT INTO asset (tag, stage, class, keeper, bears_data) VALUES ('lap-7', 'Ordered', 'laptop', 'walt', true), ('lap-8', 'Ordered', 'laptop', 'walt', true)}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Received' WHERE tag = 'lap-7'}, 'IT004 received_from' ],
	[ 'walt', q{UPDATE asset SET stage = 'Received', delivery = 'D-4711' WHERE tag IN ('lap-7', 'lap-8')}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Stock' WHERE tag = 'lap-7'}, 'IT004 kept_where' ],
	[ 'walt', q{UPDATE asset SET stage = 'Stock', place = 'cellar' WHERE tag = 'lap-7'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET class = 'server' WHERE tag = 'lap-7'}, 'IT009 class_fixed' ],
	[ 'walt', q{UPDATE asset SET tag = 'lap-9' WHERE tag = 'lap-7'}, 'IT009 class_fixed' ],
	[ 'walt', q{UPDATE asset SET stage = 'Live' WHERE tag = 'lap-7'}, 'IT001 transition' ],
	[ 'walt', q{UPDATE asset SET stage = 'Build' WHERE tag = 'lap-7'}, 'IT004 built_by_a_change' ],
	[ 'walt', q{UPDATE asset SET stage = 'Service' WHERE tag = 'web1'}, 'IT005 maintained_because_of' ],
	[ 'walt', q{UPDATE asset SET stage = 'Service', call = 110 WHERE tag = 'web1'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Live', call = NULL WHERE tag = 'web1'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Retired' WHERE tag = 'fax1'}, 'IT004 retired_by_a_change' ],
	[ 'walt', q{UPDATE asset SET stage = 'Stolen' WHERE tag = 'lap-8'}, 'IT004 loss_recorded data_loss_recorded' ],
	[ 'mia', q{INSERT INTO call (id, subject, caller) VALUES (120, 'laptop stolen from the van', 'walt'), (121, 'data on a stolen laptop', 'walt')}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Stolen', call = 120 WHERE tag = 'lap-8'}, 'IT005 data_loss_recorded' ],
	[ 'walt', q{UPDATE asset SET stage = 'Stolen', call = 120, security_call = 121 WHERE tag = 'lap-8'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Stock' WHERE tag = 'lap-8'}, 'IT001 transition kept_where' ],
	[ 'walt', q{UPDATE asset SET keeper = 'the thief' WHERE tag = 'lap-8'}, 'IT009 ended' ],
	[ 'walt', q{DELETE FROM asset WHERE tag = 'lap-8'}, '42501' ],

	'13:00  A change',
	[ 'carol', q{SELECT define_change_window('payday', 'freeze', at(40), at(30), '{telephony}')}, 'IT050' ],
	[ 'carol', q{SELECT define_change_window('payday', 'frost', at(30), at(40), '{telephony}')}, 'IT050' ],
	[ 'carol', q{SELECT define_change_window('payday', 'freeze', at(30), 'infinity', '{telephony}')}, 'IT050' ],
	[ 'tom', q{SELECT define_change_window('payday', 'freeze', at(30), at(40), '{telephony}')}, '42501' ],
	[ 'carol', q{SELECT define_change_window('payday', 'freeze', at(30), at(40), '{telephony}')}, 'ok' ],
	[ 'carol', q{SELECT define_change_window('weekly', 'maintenance', at(-2), at(60), NULL, NULL, '{pbx1}')}, 'ok' ],
	[ 'tom', q{INSERT INTO rfc (no, kind, title) VALUES ('CHG0009999', 'normal', 'phone firmware 4.3')}, 'IT004 recorded' ],
	[ 'tom', q{INSERT INTO rfc (no, kind, title, asker) VALUES ('CHG0009999', 'urgent', 'phone firmware 4.3', 'tom')}, '23514' ],
	[ 'tom', q{INSERT INTO rfc (kind, title, asker, trouble) VALUES ('normal', 'phone firmware 4.3', 'tom', 1) RETURNING no}, '= CHG0000001' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Assessing' WHERE no = 'CHG0000001'}, 'IT004 planned names_its_cis' ],
	[ 'tom', q{UPDATE rfc SET risk = risk_of(2, 4) WHERE no = 'CHG0000001'}, '22023' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Assessing', impact = 2, risk = risk_of(2, 3), service = 'telephony', plan = 'load 4.3', backout = 'load 4.2', tests = 'call mia', assets = '{}' WHERE no = 'CHG0000001'}, 'IT005 names_its_cis' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Assessing', impact = 2, risk = risk_of(2, 3), service = 'telephony', plan = 'load 4.3', backout = 'load 4.2', assets = '{pbx1}' WHERE no = 'CHG0000001'}, 'IT004 planned' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Assessing', impact = 2, risk = risk_of(2, 3), service = 'telephony', plan = 'load 4.3', backout = 'load 4.2', tests = 'call mia', assets = '{pbx1}', likely = 1 WHERE no = 'CHG0000001'}, 'IT005 risk_from_the_matrix' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Assessing', impact = 2, likely = 3, risk = risk_of(2, 3), service = 'telephony', plan = 'load 4.3', backout = 'load 4.2', tests = 'call mia', assets = '{pbx1}' WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Board' WHERE no = 'CHG0000001'}, 'IT004 assessed' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Board', assessment = 'harmless', checker = 'tom' WHERE no = 'CHG0000001'}, 'IT005 assessed_by_another' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Draft' WHERE no = 'CHG0000001'}, 'IT014 revert_reason' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Draft' WHERE no = 'CHG0000001'}, 'ok', 'who tests it at night?' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Assessing', tests = 'call the night watch' WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Board', assessment = 'small', checker = 'carol' WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET kind = 'emergency' WHERE no = 'CHG0000001'}, 'IT009 type_fixed' ],
	[ 'carol', q{UPDATE rfc SET kind = 'standard' WHERE no = 'CHG0000001'}, 'IT002 status type_fixed' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000001'}, 'IT004 planned_when board_agrees no_collision no_freeze' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(5), t_to = at(4) WHERE no = 'CHG0000001'}, 'IT005 plausible_window' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(5), t_to = 'infinity' WHERE no = 'CHG0000001'}, 'IT005 plausible_window' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned', t_from = at(39), t_to = at(41) WHERE no = 'CHG0000001'}, 'IT008 board_agrees no_freeze' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(39), t_to = at(41) WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'carol', q{SELECT relation, key, asked_role, approvals FROM awaiting_approval()}, '= rfc|CHG0000001|change board|0' ],
	[ 'carol', q{SELECT plan_meeting('change board', at(1), 'carol')}, '= 1' ],
	[ 'tom', q{SELECT approve('rfc', 'CHG0000001')}, 'IT007 board_agrees' ],
	[ 'carol', q{SELECT approve('rfc', 'CHG0000001')}, 'IT006 board_agrees' ],
	[ 'mia', q{SELECT approve('rfc', 'CHG0000001')}, 'IT006 board_agrees' ],
	[ 'pipeline/hugo', q{SELECT approve('rfc', 'CHG0000001', 'after the holidays')}, 'ok' ],
	[ 'hugo', q{SELECT reject('rfc', 'CHG0000001', 'I was wrong')}, 'IT008 board_agrees' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000001'}, 'IT008 board_agrees no_freeze' ],
	[ 'walt', q{SELECT approve('rfc', 'CHG0000001', on_behalf_of => 'rita')}, 'ok' ],
	[ 'rita', q{SELECT approve('rfc', 'CHG0000001')}, 'IT008 board_agrees' ],
	[ 'carol', q{SELECT position, key, approvals, rejections FROM meeting_agenda(1)}, '= 1|CHG0000001|2|0' ],
	[ 'carol', q{SELECT close_meeting(1, 'not on payday')}, '= 1' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000001'}, 'IT011 no_freeze' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned', t_from = at(59), t_to = at(61) WHERE no = 'CHG0000001'}, 'IT008 board_agrees no_freeze' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(-1), t_to = at(3) WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000001'}, 'IT008 board_agrees' ],
	[ 'hugo', q{SELECT approve('rfc', 'CHG0000001')}, 'ok' ],
	[ 'paul', q{SELECT approve('rfc', 'CHG0000001')}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned', backout = 'pray' WHERE no = 'CHG0000001'}, 'IT008 board_agrees' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned', doer = 'carol' WHERE no = 'CHG0000001'}, 'IT007 authorised_by_another' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000001'}, 'IT007 authorised_by_another' ],
	[ 'kiosk', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000001'}, 'IT007 authorised_by_another' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'rita', q{SELECT reject('rfc', 'CHG0000001')}, 'IT008' ],
	[ 'carol', q{UPDATE rfc SET kind = 'emergency' WHERE no = 'CHG0000001'}, 'IT009 type_fixed' ],
	[ 'hugo', q{INSERT INTO rfc (kind, title, asker, risk, impact, service, plan, backout, tests, assets) VALUES ('normal', 'more lines', 'hugo', risk_of(3, 3), 3, 'telephony', 'order', 'cancel', 'call', '{pbx1,web1}') RETURNING no}, '= CHG0000002' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Assessing' WHERE no = 'CHG0000002'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Board', assessment = 'small', checker = 'tom' WHERE no = 'CHG0000002'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(2), t_to = at(4) WHERE no = 'CHG0000002'}, 'ok' ],
	[ 'paul', q{SELECT approve('rfc', 'CHG0000002')}, 'ok' ],
	[ 'tom', q{SELECT reject('rfc', 'CHG0000002', 'not at that time')}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000002'}, 'IT008 board_agrees no_collision' ],
	[ 'carol', q{SELECT concat_ws(' ', other, kind, ci, lower(during) = at(-1), upper(during) = at(3)) FROM change_conflicts('rfc', 'CHG0000002')}, '= CHG0000001 change pbx1 t t' ],
	[ 'carol', q{SELECT next_free_slot('rfc', 'CHG0000002', '2 hours') = tstzrange(at(3), at(5))}, '= t' ],
	[ 'carol', q{SELECT next_free_slot('rfc', 'CHG0000002', '26 hours') = tstzrange(at(3), at(29)), next_free_slot('rfc', 'CHG0000002', '28 hours') IS NULL}, '= t|t' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(2.5), t_to = at(5) WHERE no = 'CHG0000002'}, 'ok' ],
	[ 'paul', q{SELECT approve('rfc', 'CHG0000002')}, 'ok' ],
	[ 'tom', q{SELECT approve('rfc', 'CHG0000002')}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000002'}, 'IT012 no_collision' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(3) WHERE no = 'CHG0000002'}, 'ok' ],
	[ 'paul', q{SELECT approve('rfc', 'CHG0000002')}, 'ok' ],
	[ 'tom', q{SELECT approve('rfc', 'CHG0000002')}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000002'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET t_from = at(2.5) WHERE no = 'CHG0000002'}, 'IT012 no_collision' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Doing' WHERE no = 'CHG0000001'}, 'IT004 started_when' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Doing', began = at(3), doer = 'tom' WHERE no = 'CHG0000002'}, 'IT011 in_window' ],
	[ 'tom', q{INSERT INTO task (rfc, pos) VALUES ('CHG0000001', 1)}, 'IT004 recorded' ],
	[ 'tom', q{INSERT INTO task (rfc, pos, title) VALUES ('CHG0000001', 1, 'load 4.3')}, 'ok' ],
	[ 'tom', q{INSERT INTO task (rfc, pos, title, after) VALUES ('CHG0000001', 2, 'call the night watch', '{"(CHG0000001,1)"}'), ('CHG0000001', 3, 'tell the users', '{"(CHG0000001,2)"}')}, 'ok' ],
	[ 'tom', q{UPDATE task SET after = '{"(CHG0000001,3)"}' WHERE pos = 1}, 'IT022 order_in_no_circle' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'doing', doer = 'ravi', began = at(0) WHERE pos = 1}, 'IT013 change_in_implementation' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET stage = 'Doing', began = at(0), doer = 'ravi' WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'doing' WHERE pos = 1}, 'IT004 worked_on_by' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'doing', doer = 'ravi', began = at(0) WHERE pos = 2}, 'IT013 predecessors_closed' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'doing', doer = 'ravi', began = at(0) WHERE pos = 1}, 'ok' ],
	[ 'tom', q{UPDATE task SET after = '{"(CHG0000001,2)"}' WHERE pos = 1}, 'IT009 order_frozen order_in_no_circle' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'done' WHERE pos = 1}, 'IT004 result_known' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'done', ended = at(1), result = 'loaded' WHERE pos = 1}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'doing', doer = 'ravi', began = at(1) WHERE pos = 2}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'done', ended = at(0), result = 'heard' WHERE pos = 2}, 'IT005 plausible_work' ],
	[ 'pipeline/ravi', q{UPDATE task SET state = 'done', ended = at(1), result = 'heard' WHERE pos = 2}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET plan = 'load 4.4' WHERE no = 'CHG0000001'}, 'IT009 as_authorised' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET assets = assets || '{web1}' WHERE no = 'CHG0000001'}, 'IT009 as_authorised' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Withdrawn' WHERE no = 'CHG0000001'}, 'IT001 transition', 'too late' ],
	[ 'pipeline/ravi', q{SELECT propose_values('rfc', 'CHG0000001', 'asset', 'pbx1', '{"colour": "blue"}')}, '42703' ],
	[ 'pipeline/ravi', q{SELECT propose_values('rfc', 'CHG0000001', 'asset', 'pbx1', '{"spec": "firmware 4.3"}') > 0}, '= t' ],
	[ 'pipeline/ravi', q{SELECT done FROM apply_proposals('rfc', 'CHG0000001')}, 'IT013' ],
	[ 'tom', q{UPDATE trouble SET phase = 50, rfc = 'CHG0000001' WHERE id = 1}, 'ok' ],
	[ 'tom', q{UPDATE trouble SET phase = 60 WHERE id = 1}, 'IT004 resolution_required change_closed' ],
	[ 'tom', q{UPDATE trouble SET phase = 60, resolution = 'firmware 4.3' WHERE id = 1}, 'IT013 change_closed' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET stage = 'Reviewing', ended = at(1), result = 'successful' WHERE no = 'CHG0000001'}, 'IT013 tasks_closed' ],
	[ 'tom', q{UPDATE task SET state = 'void' WHERE pos = 3}, 'ok', 'nobody noticed' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET stage = 'Reviewing' WHERE no = 'CHG0000001'}, 'IT004 ended_with' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET stage = 'Reviewing', ended = at(1), result = 'great' WHERE no = 'CHG0000001'}, 'IT005 known_outcome' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET stage = 'Reviewing', ended = at(-1), result = 'successful' WHERE no = 'CHG0000001'}, 'IT005 plausible_implementation' ],
	[ 'pipeline/ravi', q{UPDATE rfc SET stage = 'Reviewing', ended = at(1), result = 'successful' WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'tom', q{INSERT INTO task (rfc, pos, title) VALUES ('CHG0000001', 4, 'one more thing')}, 'IT013 change_not_over' ],
	[ 'pipeline/ravi', q{SELECT target, target_key, done FROM apply_proposals('rfc', 'CHG0000001')}, '= asset|pbx1|t', undef, 'change CHG0000001 of rfc' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Done' WHERE no = 'CHG0000001'}, 'IT004 reviewed cis_brought_up_to_date' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Done', cmdb_done = true, review = 'fine', reviewer = 'ravi' WHERE no = 'CHG0000001'}, 'IT005 reviewed_by_another' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Done', cmdb_done = true, review = 'fine', reviewer = 'carol' WHERE no = 'CHG0000001'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET result = 'partial' WHERE no = 'CHG0000001'}, 'IT009 ended' ],
	[ 'tom', q{UPDATE trouble SET phase = 60, resolution = 'firmware 4.3' WHERE id = 1}, 'ok' ],
	[ 'paul', q{UPDATE trouble SET phase = 70, effect = 'no more mute phones', checked_by = 'mia' WHERE id = 1}, 'IT013 incidents_resolved known_error_ended' ],
	[ 'mia', q{UPDATE call SET state = 'Working' WHERE id = 103}, 'ok' ],
	[ 'mia', q{UPDATE call SET state = 'Solved', how = 'fixed', what = 'firmware 4.3', service = 'telephony' WHERE id = 103}, 'ok' ],
	[ 'paul', q{UPDATE trouble SET phase = 70, effect = 'no more mute phones', checked_by = 'mia' WHERE id = 1}, 'IT013 known_error_ended' ],
	[ 'paul', q{UPDATE issue SET phase = 'gone' WHERE code = 'KE-1'}, 'IT014 end_reason' ],
	[ 'paul', q{UPDATE issue SET phase = 'gone' WHERE code = 'KE-1'}, 'ok', 'fixed by firmware 4.3' ],
	[ 'paul', q{UPDATE issue SET workaround = 'none' WHERE code = 'KE-1'}, 'IT009 ended' ],
	[ 'paul', q{UPDATE trouble SET phase = 50 WHERE id = 1}, 'IT014 not_fixed_reason' ],
	[ 'paul', q{UPDATE trouble SET phase = 70 WHERE id = 1}, 'IT004 effectiveness_checked' ],
	[ 'paul', q{UPDATE trouble SET phase = 70, effect = 'no more mute phones', checked_by = 'tom' WHERE id = 1}, 'IT005 checked_by_another' ],
	[ 'tom', q{UPDATE trouble SET phase = 70, effect = 'no more mute phones', checked_by = 'mia' WHERE id = 1}, 'IT007 closed_by_another' ],
	[ 'paul', q{UPDATE trouble SET phase = 70, effect = 'no more mute phones', checked_by = 'mia' WHERE id = 1}, 'ok' ],

	'15:00  Changes of the other kinds',
	[ 'tom', q{SELECT define_change_template('restart', 'Restart of a server', at(1000), 0)}, 'ok' ],
	[ 'tom', q{SELECT approve_change_template('restart')}, 'IT007' ],
	[ 'tom', q{INSERT INTO rfc (kind, title, asker, template) VALUES ('standard', 'restart web1', 'tom', 'restart') RETURNING no}, '= CHG0000003' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Board' WHERE no = 'CHG0000003'}, 'IT002 status' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Planned', template = NULL WHERE no = 'CHG0000003'}, 'IT004 from_a_template names_its_cis planned_when no_collision no_freeze' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Planned', assets = '{web1}', t_from = at(-1), t_to = at(2) WHERE no = 'CHG0000003'}, 'IT005 template_valid' ],
	[ 'carol', q{SELECT approve_change_template('restart')}, 'ok' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Planned', assets = '{web1}', t_from = at(-1), t_to = at(3.5) WHERE no = 'CHG0000003'}, 'IT012 no_collision' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Planned', assets = '{web1}', t_from = at(-1), t_to = at(2) WHERE no = 'CHG0000003'}, 'ok' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Doing', began = at(0), doer = 'tom' WHERE no = 'CHG0000003'}, 'ok' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Reviewing', ended = at(1), result = 'failed' WHERE no = 'CHG0000003'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Done', review = 'did not start', reviewer = 'carol', cmdb_done = true WHERE no = 'CHG0000003'}, 'IT005 failure_followed_up' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Done', review = 'did not start', reviewer = 'carol', cmdb_done = true, improvement = 'IMP-3' WHERE no = 'CHG0000003'}, 'ok' ],
	[ 'tom', q{INSERT INTO rfc (kind, title, asker, template, assets, t_from, t_to) VALUES ('standard', 'restart web1', 'tom', 'restart', '{web1}', at(6), at(7)) RETURNING no}, '= CHG0000004' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000004'}, 'IT005 template_valid' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Withdrawn' WHERE no = 'CHG0000004'}, 'IT014 cancel_reason' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Withdrawn' WHERE no = 'CHG0000004'}, 'ok', 'the template has to be reviewed first' ],
	[ 'tom', q{INSERT INTO rfc (kind, title, asker, assets, service, t_from, t_to) VALUES ('emergency', 'close a hole in web1', 'tom', '{web1}', 'web', at(-1), at(4)) RETURNING no}, '= CHG0000005' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Board' WHERE no = 'CHG0000005'}, 'IT004 emergency_explained' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Board', why_now = 'it is exploited' WHERE no = 'CHG0000005'}, 'ok' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000005'}, 'IT007 authorised_by_another board_agrees no_collision' ],
	[ 'ines', q{SELECT approve('rfc', 'CHG0000005', 'now', role => 'change board')}, 'IT008 board_agrees' ],
	[ 'ines', q{SELECT approve('rfc', 'CHG0000005', 'now')}, 'ok' ],
	[ 'hugo', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000005'}, 'IT012 no_collision' ],
	[ 'hugo', q{SELECT override('rfc', 'CHG0000005', 'no_collision', 'CHG0000002 can wait')}, 'ok' ],
	[ 'hugo', q{UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000005'}, 'IT012 no_collision' ],
	[ 'hugo', q{SELECT override('rfc', 'CHG0000005', 'no_collision', 'CHG0000002 can wait'); UPDATE rfc SET stage = 'Planned' WHERE no = 'CHG0000005'}, 'ok' ],
	[ 'viewer', q{SELECT key, other_key, ci, ended_at - started_at FROM itsm_report.change_conflict}, '= CHG0000005|CHG0000002|web1|01:00:00' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Doing', began = at(0), doer = 'tom' WHERE no = 'CHG0000005'}, 'ok' ],
	[ 'tom', q{UPDATE rfc SET stage = 'Reviewing', ended = at(1), result = 'successful' WHERE no = 'CHG0000005'}, 'ok' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Done', review = 'in time', reviewer = 'carol', cmdb_done = true WHERE no = 'CHG0000005'}, 'IT004 documented_afterwards' ],
	[ 'carol', q{UPDATE rfc SET stage = 'Done', review = 'in time', reviewer = 'carol', cmdb_done = true, risk = 'high', impact = 1, plan = 'patch', backout = 'none' WHERE no = 'CHG0000005'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Build', rfc = 'CHG0000002' WHERE tag = 'lap-7'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET needs = '{fax1}' WHERE tag = 'web1'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Retired', rfc = 'CHG0000002' WHERE tag = 'fax1'}, 'IT013 nothing_depends_on_it' ],
	[ 'walt', q{UPDATE asset SET needs = NULL WHERE tag = 'web1'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Retired', rfc = 'CHG0000002' WHERE tag = 'fax1'}, 'ok' ],
	[ 'walt', q{UPDATE asset SET stage = 'Scrapped' WHERE tag = 'fax1'}, 'IT004 disposal_proved no_obligations_left' ],
	[ 'walt', q{UPDATE asset SET stage = 'Scrapped', scrap_note = 'S-1', settled = false WHERE tag = 'fax1'}, 'IT005 no_obligations_left' ],
	[ 'walt', q{UPDATE asset SET stage = 'Scrapped', scrap_note = 'S-1', settled = true WHERE tag = 'fax1'}, 'ok' ],

	'16:00  A release, judged at the end of each transaction',
	[ 'rita', q{INSERT INTO "drop" (name, rfcs) VALUES ('R1', '{CHG0000002}')}, 'IT004 recorded' ],
	[ 'rita', q{INSERT INTO "drop" (name, kind, keeper, rfcs) VALUES ('R1', 'minor', 'rita', '{}')}, 'IT005 has_content' ],
	[ 'rita', q{INSERT INTO "drop" (name, kind, keeper, rfcs) VALUES ('R1', 'minor', 'rita', '{CHG0000002}'), ('R2', 'minor', 'rita', '{CHG0000002}')}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'build', builder = 'ravi' WHERE name = 'R1'}, 'ok' ],
	[ 'rita', q{UPDATE "drop" SET rfcs = rfcs || '{CHG0000004}' WHERE name = 'R1'}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'test' WHERE name = 'R1'}, 'IT004 built changes_approved' ],
	[ 'rita', q{UPDATE "drop" SET rfcs = '{CHG0000002}' WHERE name = 'R1'}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'ready', build = 'b1', hash = 'h1' WHERE name = 'R1'}, 'IT001 transition accepted_against_criteria accepted_by_another' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'test' WHERE name = 'R1'; UPDATE "drop" SET build = 'b1', hash = 'h1' WHERE name = 'R1'}, 'ok', undef, undef, { 'drop R1' => [ 'transition|ravi|building|testing||', 'updated|ravi|||artefact_hash,build_id|' ] } ],
	[ 'rita', q{UPDATE "drop" SET rfcs = rfcs || '{CHG0000001}' WHERE name = 'R1'}, 'IT009 content_frozen' ],
	[ 'rita', q{UPDATE "drop" SET rfcs = rfcs || '{CHG0000001}' WHERE name = 'R1'; UPDATE "drop" SET rfcs = '{CHG0000002}' WHERE name = 'R1'}, 'IT009 content_frozen' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'build' WHERE name = 'R1'}, 'IT004 defects_named' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'build', defects = 'help page is missing' WHERE name = 'R1'}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'test', build = 'b2', hash = 'h2' WHERE name = 'R1'}, 'ok' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'ready' WHERE name = 'R1'}, 'IT004 accepted_against_criteria' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'ready', criteria = 'c', accepted = 'all met', accepted_by = 'ravi' WHERE name = 'R1'}, 'IT005 accepter_is_another' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'ready', criteria = 'c', accepted = 'all met', accepted_by = 'rita' WHERE name = 'R1'}, 'IT007 accepted_by_another' ],
	[ 'kiosk', q{UPDATE "drop" SET stage = 'ready', criteria = 'c', accepted = 'all met', accepted_by = 'rita' WHERE name = 'R1'}, 'IT007 accepted_by_another' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'ready', criteria = 'c', accepted = 'all met', accepted_by = 'rita' WHERE name = 'R1'}, 'ok' ],
	[ 'rita', q{UPDATE "drop" SET hash = 'h3' WHERE name = 'R1'}, 'IT009 build_frozen' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout' WHERE name = 'R1'}, 'IT004 baseline_taken planned_when in_window no_freeze' ],
	[ 'carol', q{SELECT take_baseline('B1')}, '42501' ],
	[ 'pipeline/ravi', q{SELECT take_baseline('B0', cis => ARRAY[record_id('asset', 'pbx1')], note => 'too little')}, '= 1' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout', base_before = 'B1', t_from = at(0), t_to = at(1), put_hash = 'h2' WHERE name = 'R1'}, 'IT005 baseline_known' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout', base_before = 'B0', t_from = at(0), t_to = at(1), put_hash = 'h2' WHERE name = 'R1'}, 'IT005 baseline_covers_changes' ],
	[ 'pipeline/ravi', q{SELECT take_baseline('B1', note => 'before R1') > 3}, '= t' ],
	[ 'pipeline/ravi', q{SELECT take_baseline('B1')}, '42710' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout', base_before = 'B1', t_from = at(0), t_to = at(1), t_began = at(-1) WHERE name = 'R1'}, 'IT005 baseline_in_time' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout', base_before = 'B1', t_from = at(1), t_to = at(0) WHERE name = 'R1'}, 'IT005 plausible_window in_window no_freeze' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout', base_before = 'B1', t_from = at(1), t_to = at(2) WHERE name = 'R1'}, 'IT011 in_window' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout', base_before = 'B1', t_from = at(0), t_to = at(1), put_hash = 'h1' WHERE name = 'R1'}, 'IT005 same_artefacts' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rollout', base_before = 'B1', t_from = at(0), t_to = at(1), put_hash = 'h2' WHERE name = 'R1'}, 'ok' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'rolled_back' WHERE name = 'R1'}, 'IT005 back_out_complete back_out_reason' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'out' WHERE name = 'R1'}, 'IT004 result_known baseline_after_taken' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'out', result = 'fine', base_after = 'B2' WHERE name = 'R1'}, 'IT005 baseline_after_known' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'out', result = 'fine', base_after = 'B1' WHERE name = 'R1'}, 'IT005 baseline_after_later' ],
	[ 'pipeline/ravi', q{SELECT take_baseline('B2', note => 'after R1') > 3}, '= t' ],
	[ 'pipeline/ravi', q{SELECT count(*) FROM baseline_diff('B1', 'B2')}, '= 0' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'out', result = 'fine', base_after = 'B2', t_ended = at(1) WHERE name = 'R1'}, 'IT005 baseline_after_the_end' ],
	[ 'pipeline/ravi', q{UPDATE "drop" SET stage = 'out', result = 'fine', base_after = 'B2' WHERE name = 'R1'}, 'ok' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'watched' WHERE name = 'R1'}, 'IT004 observed_until' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'watched', watch_until = at(9) WHERE name = 'R1'}, 'ok' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'done', success = 'yes', calls_after = 0 WHERE name = 'R1'}, 'IT005 observation_over' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'done', watch_until = at(0) WHERE name = 'R1'}, 'IT004 success_measured' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'done', watch_until = at(0), success = 'yes', calls_after = 0 WHERE name = 'R1'}, 'ok' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'void' WHERE name = 'R2'}, 'IT014 cancel_reason' ],
	[ 'rita', q{UPDATE "drop" SET stage = 'void' WHERE name = 'R2'}, 'ok', 'went out with R1' ],

	'18:00  What falls due, and what nobody may',
	[ 'mia', q{SELECT string_agg(status_value || CASE WHEN allowed THEN '' ELSE ' not yet' END, ', ' ORDER BY status_value) FROM allowed_transitions('call', '120')}, '= Given not yet, Twin not yet, Void not yet, Working not yet' ],
	[ 'mia', q{INSERT INTO call (id, subject, caller) VALUES (102, 'vpn', 'ben') ON CONFLICT (id) DO UPDATE SET state = 'Solved', how = 'advice', what = 'new client', service = 'network'}, 'IT001 transition' ],
	[ 'mia', q{INSERT INTO call (id, subject, caller) VALUES (102, 'vpn', 'ben') ON CONFLICT (id) DO UPDATE SET state = 'Working', agent = 'mia', impact = 3, urgency = 3, prio = priority_of(3, 3)}, 'ok' ],
	[ 'mia', q{MERGE INTO call USING (VALUES (102, 'Solved'), (113, 'Done')) AS v(i, s) ON id = i WHEN MATCHED THEN UPDATE SET state = s}, 'IT004 resolution_required' ],
	[ 'mia', q{MERGE INTO call USING (VALUES (102, 'Solved'), (113, 'Done')) AS v(i, s) ON id = i WHEN MATCHED THEN UPDATE SET state = s, how = 'advice', what = 'new client', service = 'network'}, 'ok' ],
	[ 'clock', q{SELECT key FROM run_due()}, '= ' ],
	[ 'clock', q{SELECT key, to_state, done FROM run_due(at(14 * 24 + 24), 1)}, '= 112|closed|t', undef, 'automatic: 14 days in resolved' ],
	[ 'portal/kiel 114', q{UPDATE call SET state = 'Working' WHERE id = 114}, 'IT013 parent_open', 'still offline' ],
	[ 'portal/cleo', q{UPDATE call SET state = 'Working' WHERE id = 103}, 'ok', 'mute again' ],
	[ 'clock', q{SELECT string_agg(key || ' ' || done, ', ' ORDER BY key) FROM run_due(at(14 * 24 + 24))}, '= 102 true, 111 true, 114 true', undef, 'automatic: 14 days in resolved' ],
	[ 'mia', q{SELECT key FROM run_due()}, '42501' ],
	[ 'mia', q{UPDATE itsm.event SET actor = 'tom'}, '42501' ],
	[ 'desk_owner', q{ALTER TABLE desk.call DISABLE TRIGGER itsm_judge}, 'IT052' ],
	[ 'desk_owner', q{DROP TRIGGER itsm_judge ON desk.call}, 'IT052' ],
	[ 'viewer', q{SELECT count(*) FROM desk.call}, '42501' ],
	[ 'viewer', q{SELECT count(*) FROM itsm_report.incident}, '= 12' ],
);

# ------------------------------------------------------------------ how the day is played

my $node = PostgreSQL::Test::Cluster->new('desk');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nlog_min_error_statement = panic\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE desk TEMPLATE template0');
$node->safe_psql('desk', $application);
$node->safe_psql('desk', $_) foreach $configuration, $roles, attach_all();
$node->safe_psql('desk', q{SELECT format('CALL itsm.backfill(%s)', attachment) FROM itsm_report.attachment_health WHERE source = 'desk.asset' \gexec});
is($node->safe_psql('desk', 'SELECT source, lifecycle, problem FROM itsm_report.attachment_health WHERE NOT healthy'), '', 'every rule of every lifecycle can be judged');

# Everybody stays logged in all day.
my %session;
my $said = 0;
sub session
{
	my ($role) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-U', $role, '-d', 'desk', '-v', 'VERBOSITY=verbose' ],
		'<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err}, IPC::Run::timeout(600));
	return $session;
}

# What a role's session answers, and what it complains of.
sub answers
{
	my ($role, $sql) = @_;
	my $session = $session{$role} //= session($role);
	my $end = 'said ' . ++$said;

	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql;\n\\echo $end\n\\warn $end\n";
	$session->{run}->pump until $session->{out} =~ /^\Q$end\E$/m && $session->{err} =~ /^\Q$end\E$/m;
	return map { s/^\Q$end\E\n//mr } $session->{out}, $session->{err};
}

# What there is: "table key" => [state, {attribute => digest of its value}].
my $look = 'SELECT concat_ws(E\'\t\', row_of, at_state, said) FROM (' . join(' UNION ALL ', map {
	my $how = $attached{$_};
	my $states = join ' ', map { "WHEN '$_' THEN '$how->{states}{$_}'" } sort keys %{ $how->{states} };
	my $attributes = join ', ', map { "('$_', ($how->{attributes}{$_})::text)" } sort keys %{ $how->{attributes} };
	qq{SELECT '$_ ' || $how->{key}::text AS row_of, CASE $how->{status}::text $states END AS at_state,
		(SELECT string_agg(a || '=' || coalesce(md5(v), 'null'), ',' ORDER BY a) FROM (VALUES $attributes) AS x(a, v)) AS said FROM desk."$_"}
} sort keys %attached) . ') AS seen ORDER BY 1';
sub seen
{
	my ($out) = answers('desk_owner', $look);

	return map { my ($row, $state, $said) = split /\t/; $row => [ $state, { map { split /=/ } split /,/, $said } ] } split /\n/, $out;
}

# What a step comes to, as the table has it; and the error that it met.
sub outcome
{
	my ($expected, $out, $err) = @_;
	my ($code, $message) = $err =~ /^ERROR:  (\w{5}): (.*)$/m or return $expected =~ /^=/ ? '= ' . $out =~ s/\n+\z//r : 'ok';
	my ($error) = split /^ERROR:  25P02/m, $err;
	my ($raised) = $error =~ /^CONSTRAINT NAME:  (.*)$/m;
	my %rules = map { $_ => 1 } +(($error =~ /^DETAIL:  (\[.*)$/m)[0] // '') =~ /"rule": "(\w+)"/g;

	return ($code, $error) if $code !~ /^IT/;
	note($message);
	delete $rules{ $raised // '' };
	return (join(' ', $code, $raised // (), sort keys %rules), $error);
}

my (%seen, %story, @refused, @overridden, @votes, %counts);

# What history has to say of a statement that leaves no trace in the rows.
sub expect_calls
{
	my ($what, $actor) = @_;

	while ($what =~ /override\('(\w+)', '([^']+)', '(\w+)', '([^']+)'\)/g)
	{
		push @{ $story{"$1 $2"} }, "overridden|$actor||||$4";
		push @overridden, "$1 $2 $3 $actor";
	}
	while ($what =~ /(approve|reject)\('(\w+)', '([^']+)'(?:, '([^']+)')?/g)
	{
		my $decision = { approve => 'approved', reject => 'rejected' }->{$1};

		push @{ $story{"$2 $3"} }, "$decision|$actor||||" . ($4 // '');
		push @votes, "desk.$2 $3 $actor $decision";
	}
	return;
}

# And of the rows that differ.
sub expect_changes
{
	my ($now, $actor, $reason, $events) = @_;

	foreach my $row (sort keys %$now)
	{
		my ($before, $after) = ($seen{$row}, $now->{$row});
		my @changed = grep { ($before ? $before->[1]{$_} : 'null') ne $after->[1]{$_} } sort keys %{ $after->[1] };
		my $moved = !$before || $before->[0] ne $after->[0];

		next if !$moved && !@changed;
		push @{ $story{$row} }, $events && $events->{$row} ? @{ $events->{$row} }
			: join '|', !$before ? 'created' : $moved ? 'transition' : 'updated', $actor,
				$moved ? ($before ? $before->[0] : '', $after->[0]) : ('', ''), join(',', @changed), $reason;
	}
	return;
}

sub play
{
	my ($who, $what, $expected, $reason, $kept_reason, $events) = @_;
	my ($role, $person) = split m{/}, $who;
	my $actor = $person // $role;
	my ($result, $error) = outcome($expected, answers($role, join ";\n", 'BEGIN', $person ? "DO \$\$ BEGIN PERFORM itsm.act_as('$person'); END \$\$" : (),
		$reason ? "SET LOCAL itsm.reason = '$reason'" : (), $what, 'COMMIT'));
	my %now = seen();

	$expected =~ s/^(IT\S+ \S+) (.*)$/join ' ', $1, sort split m{ }, $2/e;
	is($result, $expected, "$who: " . $what =~ s/\s+/ /gr . ($reason ? " ($reason)" : '')) or diag($error // '');
	$counts{ $error ? 'wrong' : 'right' }++;
	if ($error)
	{
		like($error, qr/^HINT:  \S/m, "$who: $result: something is advised") if $result =~ /^IT/;
		is_deeply(\%now, \%seen, "$who: $result: nothing is left of it");
		# a vote is no write
		push @refused, join '|', $role, $actor, substr($result, 0, 5), $reason // '' if $result =~ /^IT/ && $error =~ /^TABLE NAME:/m && $what !~ /approve|reject/;
	}
	else
	{
		expect_calls($what, $actor);
		expect_changes(\%now, $actor, $kept_reason // $reason // '', $events);
	}
	%seen = %now;
	return;
}

%seen = seen();
$story{$_} = ['backfilled|||||'] foreach keys %seen;
foreach my $step (@day)
{
	ref $step ? play(@$step) : note("\n$step");
}

# ------------------------------------------------------------------ what is told of it

# History, in the order of versions: kind, actor, states, attributes, reason.
foreach my $row (sort keys %seen)
{
	my ($table, $key) = split / /, $row, 2;
	my $told = $node->safe_psql('desk', qq{SELECT concat_ws('|', kind, CASE WHEN kind <> 'backfilled' THEN coalesce(actor, '') ELSE '' END,
			CASE WHEN kind IN ('created', 'transition') THEN coalesce(from_state, '') ELSE '' END, CASE WHEN kind IN ('created', 'transition') THEN to_state ELSE '' END,
			CASE WHEN kind IN ('created', 'transition', 'updated') THEN coalesce((SELECT string_agg(k, ',' ORDER BY k COLLATE "C") FROM jsonb_object_keys(changes - 'status') k), '') ELSE '' END, coalesce(reason, ''))
		FROM itsm.history('desk."$table"', '$key') ORDER BY version});
	is($told, join("\n", @{ $story{$row} }), "history tells what became of $row");
}

# And once as people tell it.
is($node->safe_psql('desk', q{SELECT concat_ws(' ', kind, actor, nullif(to_state, from_state), reason) FROM itsm.history('desk.rfc', 'CHG0000001') ORDER BY version}), <<'END' =~ s/\n\z//r, 'the story of a change');
created tom new
transition tom assess
transition carol new who tests it at night?
transition tom assess
transition carol authorize
updated carol
approved hugo after the holidays
approved walt
updated carol
approved hugo
approved paul
transition carol scheduled
transition ravi implement
transition ravi review
transition carol closed
END

foreach my $session (values %session)
{
	$session->{in} .= "\\q\n";
	$session->{run}->finish;
}
$node->poll_query_until('desk', "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = 'desk'");
is($node->safe_psql('desk', q{SELECT role, coalesce(actor, role), code, coalesce(reason, '') FROM itsm_report.refusal ORDER BY at}),
	join("\n", @refused), 'every refusal is remembered, in its order');
is($node->safe_psql('desk', q{SELECT concat_ws(' ', o.source, o.key, o.rule, o.actor) FROM itsm_report.override o ORDER BY at}),
	join("\n", map { "desk.$_" } @overridden), 'and every exception');
is($node->safe_psql('desk', q{SELECT concat_ws(' ', source, key, rule) FROM itsm_report.violation ORDER BY at}),
	"desk.call 110 children_resolved\ndesk.rfc CHG0000005 no_collision", 'two of which were made use of; nothing else was let pass');

is($node->safe_psql('desk', q{SELECT concat_ws(' ', source, key, person, decision) FROM itsm_report.approval ORDER BY at}),
	join("\n", @votes), 'and every vote');

# Reports count what the day had.
my %moves;
foreach my $row (keys %story)
{
	my ($table) = split / /, $row;
	my @states = map { (split /\|/)[3] } grep { /^(created|transition)/ } @{ $story{$row} };

	unshift @states, 'live' if $story{$row}[0] =~ /^backfilled/;
	$moves{"desk.$table"}{$_}++ foreach @states;
}
my $visits = join "\n", map { my $table = $_; map { "$table $_ $moves{$table}{$_}" } sort keys %{ $moves{$table} } } sort keys %moves;
is($node->safe_psql('desk', q{SELECT concat_ws(' ', s.name, t.to_state, count(*)) FROM itsm_report.transition t JOIN itsm.record r ON r.id = t.record JOIN itsm.source_name s ON s.id = r.source
	GROUP BY s.name, t.to_state ORDER BY s.name COLLATE "C", t.to_state COLLATE "C"}), $visits, 'transition: each move once');
is($node->safe_psql('desk', q{SELECT concat_ws(' ', s.name, t.state, count(*)) FROM itsm_report.time_in_state t JOIN itsm.record r ON r.id = t.record JOIN itsm.source_name s ON s.id = r.source
	GROUP BY s.name, t.state ORDER BY s.name COLLATE "C", t.state COLLATE "C"}), $visits, 'time_in_state: a visit for each move');
is($node->safe_psql('desk', q{SELECT state, count(*) FROM itsm_report.time_in_state WHERE left_at IS NULL AND process = 'incident' GROUP BY 1 ORDER BY 1}),
	join("\n", map { my $state = $_; my $count = grep { /^call/ && $seen{$_}[0] eq $state } keys %seen; $count ? "$state|$count" : () }
		sort values %{ $attached{call}{states} }), 'and every incident is where its row is');
is($node->safe_psql('desk', q{SELECT key, state, priority, reopened, reassigned, assignee, resolution FROM itsm_report.incident WHERE key IN ('101', '102') ORDER BY key}),
	"101|closed|2|1|1|tom|quota raised\n102|closed|5|0|0|mia|new client", 'incident: what became of two calls');
is($node->safe_psql('desk', q{SELECT sum(opened), sum(resolved), sum(reopened) FROM itsm_report.incident_monthly}), join('|', scalar(grep { /^call/ } keys %seen), scalar(grep { /^call/ && $seen{$_}[0] =~ /^(closed|resolved)$/ } keys %seen), 1), 'incident_monthly: so many calls');
is($node->safe_psql('desk', q{SELECT count(*) = count(DISTINCT no), min(no), itsm.prefix(max(no)) FROM desk.call}), 't|INC0000001|INC', 'no number was drawn twice');
is($node->safe_psql('desk', $verify), '', 'verify finds nothing');
$node->safe_psql('desk', "SET search_path = public; CREATE TABLE public.ticket (id bigint, status text, title text, prio integer); $checks");
is($node->safe_psql('desk', 'SELECT * FROM checks.chain_faults()'), '', 'nor does the check in SQL');
note("$counts{right} right steps, $counts{wrong} wrong ones");

done_testing();
