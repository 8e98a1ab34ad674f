-- Meetings of those who approve, and what awaits them.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA cab_meeting;
SET search_path = cab_meeting, public;
\set VERBOSITY terse
SELECT itsm.define_lifecycle('{"name": "meeting_change", "attributes": {"plan": "text", "requester": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "authorize", "category": "waiting"}, {"name": "scheduled", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "authorize"}, {"from": "authorize", "to": ["new", "scheduled"]}, {"from": "scheduled", "to": "closed"}],
	"rules": [{"name": "board", "to": "scheduled", "approvals": [{"role": "meeting_board", "quorum": 2}, {"role": "meeting_security", "quorum": 1}]},
		{"name": "board_again", "to": "closed", "in": "authorize", "approvals": {"role": "meeting_board", "quorum": 1}}]}');
CREATE TABLE change (id integer PRIMARY KEY, status text NOT NULL, plan text, requester text);
SELECT itsm.attach('change', 'meeting_change', 'status', mode => 'enforce', attributes => '{"plan": "plan", "requester": "requester"}') > 0 AS attached;
SELECT itsm.add_approver('meeting_board', p) FROM unnest(ARRAY['ann', 'bob', 'cleo']) p;
SELECT itsm.add_approver('meeting_security', 'sue');
INSERT INTO change SELECT n, 'new', 'plan ' || n, 'rita' FROM generate_series(1, 3) n;
UPDATE change SET status = 'authorize' WHERE id = 2;
UPDATE change SET status = 'authorize' WHERE id = 1;

SELECT key, process, state, asked_role, rule, approvals, rejections FROM itsm.awaiting_approval() ORDER BY since, asked_role;
SELECT itsm.plan_meeting('meeting_board', '2050-01-10 10:00+00', 'ann') AS meeting \gset
BEGIN; SELECT itsm.act_as('ann'); SELECT itsm.approve('change', '2', 'fine'); COMMIT;
BEGIN; SELECT itsm.act_as('bob'); SELECT itsm.reject('change', '1', 'no way back'); COMMIT;
SELECT position, key, rule, approvals, rejections FROM itsm.meeting_agenda(:meeting);
SELECT itsm.close_meeting(:meeting, 'two changes were looked at') AS items;
-- what happens after that is the next meeting's
BEGIN; SELECT itsm.act_as('bob'); SELECT itsm.approve('change', '2'); COMMIT;
BEGIN; SELECT itsm.act_as('sue'); SELECT itsm.approve('change', '2'); COMMIT;
UPDATE change SET status = 'scheduled' WHERE id = 2;
SELECT position, key, rule, approvals, rejections FROM itsm.meeting_agenda(:meeting);
SELECT itsm.close_meeting(:meeting, 'again') AS items;
SELECT role, chair, minutes, closed_at IS NOT NULL AS closed FROM itsm.cab_meeting;
SELECT itsm.plan_meeting('meeting_board', '2050-01-17 10:00+00') AS meeting \gset
SELECT position, key, rule, approvals, rejections FROM itsm.meeting_agenda(:meeting);
-- sent back and asked again: votes from before are not counted
UPDATE change SET status = 'new' WHERE id = 1;
SELECT count(*) FROM itsm.meeting_agenda(:meeting);
UPDATE change SET status = 'authorize' WHERE id = 1;
SELECT position, key, rule, approvals, rejections FROM itsm.meeting_agenda(:meeting);
SELECT count(*) FROM itsm.meeting_agenda(-1);
SELECT itsm.close_meeting(-1, 'of nothing');
SELECT itsm.close_meeting(NULL, 'of nothing');
CREATE ROLE meeting_nobody;
SET ROLE meeting_nobody;
SELECT * FROM itsm.awaiting_approval();
SELECT * FROM itsm.meeting_agenda(1);
RESET ROLE;
SET client_min_messages = error;
DROP ROLE meeting_nobody;
DROP SCHEMA cab_meeting CASCADE;
