-- Templates of standard changes.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA template;
SET search_path = template, public;
\set VERBOSITY terse
CREATE ROLE template_author;
CREATE ROLE template_approver;
GRANT EXECUTE ON FUNCTION itsm.define_change_template(text, text, timestamptz, integer), itsm.approve_change_template(text),
	itsm.withdraw_change_template(text) TO template_author, template_approver;

SET ROLE template_author;
SELECT itsm.define_change_template('reboot', 'Reboot of a web server', now() + interval '1 year', 1);
SELECT itsm.change_template_valid('reboot');
SELECT itsm.approve_change_template('reboot');
SET ROLE template_approver;
SELECT itsm.approve_change_template('no such template');
SELECT itsm.approve_change_template('reboot');
SELECT itsm.change_template_valid('reboot'), itsm.change_template_valid('reboot', now() + interval '2 years') AS later,
	itsm.change_template_valid('no such template') AS unknown, itsm.change_template_valid(NULL) AS none;
RESET ROLE;

-- a lifecycle that asks for it, and what became of the changes
SELECT itsm.define_lifecycle('{"name": "template_change", "process": "template_change", "attributes": {"template": "text", "outcome": "text"},
	"references": {"template": "change_template"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": "closed"}],
	"rules": [{"name": "template_valid", "to": "scheduled", "check": "itsm.change_template_valid(new.template)",
		"message": "the template is not approved, has expired, or has failed too often"}]}');
CREATE TABLE change (id integer PRIMARY KEY, status text, template text, outcome text);
SELECT itsm.attach('change', 'template_change', 'status', mode => 'enforce', attributes => '{"template": "template", "outcome": "outcome"}') > 0 AS attached;
INSERT INTO change VALUES (1, 'new', 'reboot'), (2, 'new', 'unknown'), (3, 'new', 'reboot'), (4, 'new', 'reboot'), (5, 'new', NULL);
UPDATE change SET status = 'scheduled' WHERE id = 2;
UPDATE change SET status = 'scheduled' WHERE id = 5;
UPDATE change SET status = 'scheduled' WHERE id IN (1, 3);
UPDATE change SET status = 'closed', outcome = 'failed' WHERE id = 1;
SELECT itsm.change_template_valid('reboot') AS one_failure;
UPDATE change SET status = 'closed', outcome = 'backed_out' WHERE id = 3;
SELECT itsm.change_template_valid('reboot') AS two_failures;
UPDATE change SET status = 'scheduled' WHERE id = 4;
SELECT template, state, outcome FROM itsm.change_template_use WHERE template = 'reboot' ORDER BY record;
-- approved again, failures before count no more
SET ROLE template_approver;
SELECT itsm.approve_change_template('reboot');
RESET ROLE;
UPDATE change SET status = 'scheduled' WHERE id = 4;
-- a change of the template takes the approval away; withdrawing too
SET ROLE template_author;
SELECT itsm.define_change_template('reboot', 'Reboot of any server');
SELECT itsm.change_template_valid('reboot') AS changed;
SELECT itsm.withdraw_change_template('reboot');
SET ROLE template_approver;
SELECT itsm.approve_change_template('reboot');
SET ROLE template_author;
SELECT itsm.define_change_template('reboot');
-- the author under another spelling, and another person of the same role
RESET ROLE;
BEGIN;
SELECT itsm.act_as('TEMPLATE_author');
SELECT itsm.approve_change_template('reboot');
ROLLBACK;
SELECT itsm.define_change_template('  ');
SELECT itsm.define_change_template('x', max_failures => -1);
SELECT subject, kind, detail FROM itsm_report.policy_event WHERE subject LIKE 'change template%' AND kind <> 'defined' ORDER BY version;
SET client_min_messages = error;
DROP SCHEMA template CASCADE;
REVOKE ALL ON FUNCTION itsm.define_change_template(text, text, timestamptz, integer), itsm.approve_change_template(text),
	itsm.withdraw_change_template(text) FROM template_author, template_approver;
DROP ROLE template_author, template_approver;
