-- Service credits and penalties, counted by hand.
SET client_min_messages = warning;
SET timezone = 'America/New_York';	-- months are those of UTC
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET jit = off;
\pset null '~'
CREATE SCHEMA service_credit;
SET search_path = service_credit, public;
\set VERBOSITY terse

SELECT itsm.define_lifecycle('{"name": "service_credit", "attributes": {"service": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "resolved", "final": true}, {"name": "void", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": ["done", "void"]}]}');
SELECT itsm.define_sla('{"name": "credit solve", "lifecycle": "service_credit", "metric": "resolution", "target": "4 hours", "valid_from": "2020-01-01"}') > 0 AS defined;
SELECT itsm.define_sla('{"name": "credit supply", "kind": "uc", "lifecycle": "service_credit", "metric": "resolution", "target": "2 hours", "valid_from": "2020-01-01"}') > 0 AS defined;
SELECT itsm.define_calendar('service_credit_always', '24/7');
SELECT itsm.set_availability_target('credit mail', 99.5, 'service_credit_always', '2024-01-01 00:00Z');

-- clocks: key, month, hours that it took
CREATE TABLE ticket (id text PRIMARY KEY, status text NOT NULL DEFAULT 'new', service text, org text);
SELECT itsm.attach('ticket', 'service_credit', 'status', attributes => '{"service": "service"}', tenant => 'coalesce(org, '''')') AS attachment \gset
CREATE TABLE log (key text, at timestamptz, state text, hours numeric);
-- January: 10, of which 1 took more than 4 hours (90 %), and 2 more than 2 hours (80 %); exactly the target is kept
INSERT INTO log SELECT 'jan' || n, '2024-01-15 00:00Z'::timestamptz + n * interval '1 hour', 'new', CASE n WHEN 1 THEN 5 WHEN 2 THEN 4 ELSE 1 END FROM generate_series(1, 10) n;
-- February: 4, of which 1 breached (75 %); the last one stops a second before the month ends
INSERT INTO log VALUES ('feb1', '2024-02-01 00:00Z', 'new', 6), ('feb2', '2024-02-10 00:00Z', 'new', 1), ('feb3', '2024-02-10 00:00Z', 'new', 1), ('feb4', '2024-02-29 22:59:59Z', 'new', 1);
-- March: one that stops when the month begins, and two of another service; one was cancelled
INSERT INTO log VALUES ('mar1', '2024-02-29 23:00Z', 'new', 1), ('mar2', '2024-03-05 00:00Z', 'new', 9), ('mar3', '2024-03-05 00:00Z', 'new', 1), ('marx', '2024-03-05 00:00Z', 'new', -9);
-- another tenant's
INSERT INTO log VALUES ('north1', '2024-02-10 00:00Z', 'new', 9);
INSERT INTO ticket SELECT key, CASE WHEN hours < 0 THEN 'void' ELSE 'done' END, CASE WHEN key IN ('mar2', 'mar3') THEN 'web' ELSE 'mail' END, CASE WHEN key = 'north1' THEN 'north' END FROM log;
INSERT INTO log SELECT key, at + abs(hours) * interval '1 hour', CASE WHEN hours < 0 THEN 'void' ELSE 'done' END FROM log;
SELECT itsm.import_events(:attachment, 'SELECT key, at, state FROM service_credit.log') AS events;
SELECT count(*) FROM itsm.recompute_clocks(:attachment, write => true) WHERE kept IS NOT NULL AND computed IS NULL;

-- 10 hours of outage in February: 696 - 10 of 696 hours are 98.5632 %
CREATE TABLE outage (id text PRIMARY KEY, status text, service text, begins timestamptz, ends timestamptz);
SELECT itsm.attach('outage', 'outage', 'status', attributes => '{"service": "service", "started_at": "begins", "ended_at": "ends"}') > 0 AS attached;
INSERT INTO outage VALUES ('o1', 'restored', 'credit mail', '2024-02-10 00:00Z', '2024-02-10 10:00Z');

-- a fee of 1000.50, a cap of 15 %: 150.08
SELECT itsm.define_service_credit('{"contract": "CREDIT 1", "party": "ACME", "fee": 1000.50, "currency": "EUR", "cap": 15, "valid_from": "2024-01", "measures": [
	{"agreement": "credit solve", "steps": [{"below": 90.01, "credit": 5}, {"below": 80, "credit": 10}], "penalty": 25},
	{"service": "credit mail", "steps": [{"below": 98, "credit": 20}, {"below": 99.5, "credit": 10}]}]}');
-- what the supplier owes, of one service, from five clocks on; without a cap
SELECT itsm.define_service_credit('{"contract": "CREDIT 2", "party": "Supplier", "fee": 500, "currency": "USD", "valid_from": "2024-01", "measures": [
	{"agreement": "credit supply", "service": "mail", "at_least": 5, "steps": [{"below": 95, "credit": 7.5}]},
	{"agreement": "credit solve", "penalty": 0.105}]}');
SELECT itsm.define_service_credit('{"contract": "CREDIT 2", "tenant": "north", "fee": 80, "currency": "JPY", "valid_from": "2024-02", "measures": [{"agreement": "credit solve", "steps": [{"below": 50, "credit": 100}]}]}');
-- they end: CREDIT 1 changes its fee in March, and all end in April
SELECT itsm.define_service_credit('{"contract": "CREDIT 1", "fee": 2000, "currency": "EUR", "valid_from": "2024-03", "measures": [{"agreement": "credit solve", "steps": [{"below": 70, "credit": 5}]}]}');
SELECT itsm.define_service_credit('{"contract": "CREDIT 1", "fee": 2000, "currency": "EUR", "valid_from": "2024-03", "measures": [{"agreement": "credit solve", "steps": [{"below": 70, "credit": 5}]}]}', rewrite_past => true);
SELECT itsm.define_service_credit(jsonb_build_object('contract', c, 'tenant', t, 'valid_from', '2024-04', 'measures', '[]'::jsonb), rewrite_past => true)
FROM (VALUES ('CREDIT 1', ''), ('CREDIT 2', ''), ('CREDIT 2', 'north')) x(c, t);
SET timezone = 'UTC';
SELECT tenant, contract, party, to_char(month, 'YYYY-MM') AS month, measure, agreement, service, kind, completed AS done, met, breached AS late, attainment, threshold, credit_percent AS pct, fee, credit, penalties, amount_before_cap AS uncapped, amount, currency, complete
FROM itsm_report.service_credit WHERE contract LIKE 'CREDIT%' ORDER BY tenant, contract, month, measure;
-- what is owed in all, and that the cap is kept
SELECT contract, to_char(month, 'YYYY-MM') AS month, sum(amount) AS owed, currency FROM itsm_report.service_credit WHERE tenant = '' AND contract LIKE 'CREDIT%' GROUP BY contract, month, currency ORDER BY 1, 2;
-- the same counts as itsm_report.sla_monthly
SELECT count(*) AS differ FROM itsm_report.service_credit c
	JOIN (SELECT tenant, month, agreement, sum(completed) AS completed, sum(breached) AS breached FROM itsm_report.sla_monthly GROUP BY 1, 2, 3) m USING (tenant, month, agreement)
WHERE c.contract LIKE 'CREDIT%' AND c.service IS NULL AND (c.completed, c.breached) IS DISTINCT FROM (m.completed, m.breached);

-- from now on, where nothing is said; the month is not over
SELECT itsm.define_service_credit('{"contract": "CREDIT 3", "fee": 1, "currency": "EUR", "measures": [{"agreement": "credit solve", "penalty": 1}]}');
SELECT month = date_trunc('month', now()) AS this_month, completed, attainment, amount, complete FROM itsm_report.service_credit WHERE contract = 'CREDIT 3';

-- each is an event, once
SELECT itsm.define_service_credit('{"contract": "CREDIT 3", "fee": 1, "currency": "EUR", "measures": [{"agreement": "credit solve", "penalty": 1}]}');
SELECT subject, detail::jsonb ->> 'tenant' AS tenant, detail::jsonb ->> 'valid_from' ~ '^20\d\d-\d\d$' AS month, detail::jsonb -> 'definition' IS NOT NULL AS told, count(*)
FROM itsm_report.policy_event WHERE subject LIKE 'service credit CREDIT%' AND kind = 'defined' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2;
SELECT count(*) FROM itsm.verify() WHERE NOT ok AND object LIKE '%CREDIT%';
BEGIN;
UPDATE itsm.credit_schedule SET fee = 1 WHERE contract = 'CREDIT 1' AND valid_from = '2024-01-01';
DELETE FROM itsm.credit_schedule WHERE contract = 'CREDIT 3';
SELECT scope, replace(object, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), 'this month') AS object, detail FROM itsm.verify() WHERE NOT ok AND object LIKE '%CREDIT%' ORDER BY object;
ROLLBACK;

-- who may not see the services of records is told no figures of one service
CREATE ROLE regress_itsm_credit;
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_credit;
GRANT SELECT ON itsm_report.service_credit TO regress_itsm_credit;
ALTER TABLE ticket ENABLE ROW LEVEL SECURITY;
ALTER TABLE outage ENABLE ROW LEVEL SECURITY;
SET ROLE regress_itsm_credit;
SELECT contract, to_char(month, 'YYYY-MM') AS month, measure, agreement, service, completed, attainment, credit, penalties, amount_before_cap AS uncapped, amount
FROM itsm_report.service_credit WHERE contract IN ('CREDIT 1', 'CREDIT 2') AND tenant = '' AND month = '2024-02-01' ORDER BY 1, 2, 3;
SELECT itsm.define_service_credit('{}');
RESET ROLE;

-- what is wrong is said whole
\set VERBOSITY default
SELECT itsm.define_service_credit('{"fee": "1", "cap": 101, "currency": "euro", "valid_from": "2024-13", "colour": 1, "measures": [
	{"agreement": "no such", "steps": [{"below": 95, "credit": 5}, {"below": 90, "credit": 5}, {"below": 95, "credit": 10}, 7, {"below": 0, "credit": 101}]},
	{"service": "no such", "penalty": 1}, {"penalty": -1}, {"agreement": "no such", "steps": {}}, 1, {"agreement": " ", "service": "x", "at_least": 0, "limit": 1}]}');
\set VERBOSITY terse
SELECT itsm.define_service_credit('{"contract": "CREDIT 4", "measures": [{"agreement": "credit solve", "penalty": 1}]}');
SELECT itsm.define_service_credit('{"contract": "CREDIT 4", "fee": 1e400, "currency": "EUR", "measures": [{"agreement": "credit solve", "penalty": 1}]}');
SELECT itsm.define_service_credit('{"contract": "CREDIT 4", "fee": -1, "currency": "EUR", "measures": {}}');
SELECT itsm.define_service_credit('{"contract": 4, "tenant": 4, "fee": 0, "currency": "EUR", "measures": [{"agreement": "credit solve", "penalty": 1}]}');
SELECT itsm.define_service_credit('{"contract": "CREDIT 4", "fee": 1, "currency": "EUR", "valid_from": "2024-1", "measures": []}');
SELECT itsm.define_service_credit('{"contract": "CREDIT 4", "fee": 1, "currency": "EUR", "valid_from": "0000-01", "measures": []}');
SELECT itsm.define_service_credit('{"contract": "CREDIT 4"}');
SELECT itsm.define_service_credit('[]');
SELECT itsm.define_service_credit('"CREDIT 4"');
SELECT itsm.define_service_credit(NULL);
SELECT count(*) FROM itsm.credit_schedule WHERE contract = 'CREDIT 4';

SET client_min_messages = error;
DROP OWNED BY regress_itsm_credit;
DROP ROLE regress_itsm_credit;
DROP SCHEMA service_credit CASCADE;
