-- Recovery objectives against what tests achieved.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset null '~'
\set VERBOSITY terse
CREATE SCHEMA recovery_objective;
SET search_path = recovery_objective, public;
-- the tables are the reference model's, in a small form, of two tenants
CREATE TABLE service (name text PRIMARY KEY, status text, tenant text);
CREATE TABLE plan (name text PRIMARY KEY, status text DEFAULT 'current', tenant text DEFAULT 'here', service text, owner text, rto interval, rpo interval);
CREATE TABLE test (number text PRIMARY KEY, status text DEFAULT 'closed', tenant text DEFAULT 'here', service text, plan text, held date, rto interval, rpo interval, got_rto interval, got_rpo interval);
SELECT itsm.attach('service', 'service', 'status', tenant => 'tenant') > 0 AS attached;
SELECT itsm.attach('plan', 'continuity_plan', 'status', tenant => 'tenant', attributes => '{"service": "service", "owner": "owner", "required_rto": "rto", "required_rpo": "rpo"}') > 0 AS attached;
SELECT itsm.attach('test', 'continuity_test', 'status', tenant => 'tenant', attributes => '{"service": "service", "plan": "plan", "held_at": "held",
	"required_rto": "rto", "required_rpo": "rpo", "achieved_rto": "got_rto", "achieved_rpo": "got_rpo"}') > 0 AS attached;
INSERT INTO service SELECT n, 'live', 'here' FROM unnest(ARRAY['mail', 'web', 'shop', 'bare']) n;
INSERT INTO service VALUES ('gone', 'retired', 'here'), ('mail there', 'live', 'there');
INSERT INTO plan (name, service, owner, rto, rpo) VALUES
	('mail plan', 'mail', 'ann', '4 hours', '1 hour'),			-- missed, then met
	('web plan', 'web', 'bob', '2 hours', '15 minutes'),		-- met, then the point was missed by a second
	('web plan 2', 'web', 'bob', '2 hours', NULL),				-- met; only one objective
	('shop never', 'shop', 'cid', '1 day', '1 hour'),			-- never tested
	('shop nothing', 'shop', 'cid', NULL, NULL),				-- no objective, tested
	('shop of test', 'shop', 'cid', NULL, NULL),				-- the test has them
	('shop unmeasured', 'shop', 'cid', '90 minutes', '1 hour'),	-- the point is not measured
	('shop both', 'shop', 'cid', '1 hour', '1 hour'),			-- one missed, one not measured
	('odd', 'shop', NULL, '1 month', '-1 hour');
INSERT INTO plan (name, status, service, rto) VALUES ('old', 'retired', 'bare', '1 hour'), ('drafted', 'draft', 'bare', '1 hour');
INSERT INTO plan (name, tenant, service, rto) VALUES ('there plan', 'there', 'mail', '1 hour');
INSERT INTO test (number, plan, held, got_rto, got_rpo) VALUES
	('m1', 'mail plan', '2024-01-10', '5 hours', '10 minutes'), ('m2', 'mail plan', '2024-06-10', '3:59:59', '1 hour'), ('m0', 'mail plan', NULL, NULL, NULL),
	('w1', 'web plan', '2024-01-10', '1 hour', '1 minute'), ('w2', 'web plan', '2024-02-10', '1 hour', '15 minutes 1 second'),
	('x1', 'web plan 2', '2024-02-10', '120 minutes', NULL), ('s1', 'shop nothing', '2024-02-10', '1 hour', '1 hour'),
	('u1', 'shop unmeasured', '2024-02-10', '89 minutes', NULL), ('b1', 'shop both', '2024-02-10', '61 minutes', NULL), ('o1', 'odd', '2024-02-10', '31 days', '0');
UPDATE test SET held = '2023-12-31' WHERE number = 'm0';
INSERT INTO test (number, plan, held, rto, rpo, got_rto, got_rpo) VALUES ('t1', 'shop of test', '2024-02-10', '3 hours', '3 hours', '2 hours', '2 hours');
-- not over, of another tenant, and one that names its service only
INSERT INTO test (number, status, plan, held, got_rto) VALUES ('m3', 'planned', 'mail plan', '2024-12-01', '9 hours');
INSERT INTO test (number, tenant, plan, held, got_rto) VALUES ('m4', 'there', 'mail plan', '2024-12-01', '9 hours');
INSERT INTO test (number, tenant, service, held, got_rto) VALUES ('m5', 'there', 'mail', '2024-12-01', '30 minutes');
SELECT tenant, service, plan, plan_record IS NOT NULL AS record, owner, rto_agreed AS rto, rpo_agreed AS rpo, tests, last_test AS last, last_test_at::date AS held, rto_achieved AS got_rto, rpo_achieved AS got_rpo, rto_met, rpo_met, status
FROM itsm_report.recovery_objective WHERE tenant IN ('here', 'there') ORDER BY tenant COLLATE "C", service COLLATE "C", plan COLLATE "C";
SELECT plan, rto_agreed_minutes, rto_achieved_minutes, rpo_agreed_minutes, rpo_achieved_minutes
FROM itsm_report.recovery_objective WHERE tenant = 'here' AND service IN ('mail', 'web') ORDER BY plan COLLATE "C";
-- objectives and times are those of itsm_report.continuity_test_due
SELECT count(*) AS differ FROM itsm_report.recovery_objective o JOIN itsm_report.continuity_test_due d ON d.record = o.plan_record AND d.tenant = o.tenant
WHERE o.tenant = 'here' AND o.plan <> 'shop of test' AND (o.rto_agreed, o.rpo_agreed, o.tests, o.rto_achieved, o.rpo_achieved, o.last_test_at)
	IS DISTINCT FROM (d.required_rto, d.required_rpo, d.tests, d.achieved_rto, d.achieved_rpo, d.last_test_at);

-- who may not see all is not told that something is missing
CREATE ROLE regress_itsm_recovery;
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_recovery;
GRANT SELECT ON itsm_report.recovery_objective TO regress_itsm_recovery;
ALTER TABLE test ENABLE ROW LEVEL SECURITY;
SET ROLE regress_itsm_recovery;
SELECT service, plan, rto_agreed, tests, last_test, rto_met, status FROM itsm_report.recovery_objective WHERE tenant = 'here' AND service IN ('mail', 'bare') ORDER BY service COLLATE "C";
RESET ROLE;
ALTER TABLE test DISABLE ROW LEVEL SECURITY;
ALTER TABLE plan ENABLE ROW LEVEL SECURITY;
SET ROLE regress_itsm_recovery;
SELECT service, plan, rto_agreed, tests, last_test, status FROM itsm_report.recovery_objective WHERE tenant = 'here' AND (plan = 'mail plan' OR service IN ('mail', 'bare')) ORDER BY service COLLATE "C", plan COLLATE "C";
RESET ROLE;

SET client_min_messages = error;
DROP OWNED BY regress_itsm_recovery;
DROP ROLE regress_itsm_recovery;
DROP SCHEMA recovery_objective CASCADE;
