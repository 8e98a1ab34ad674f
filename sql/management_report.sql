-- Suppliers, budgets, capacity, continuity tests, documents, competences, complaints and KPIs: out of
-- records of whatever table, here one table for all.
SET client_min_messages = warning;
SET search_path = public;
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET timezone = 'UTC';
CREATE SCHEMA management_report;
SET search_path = management_report, public;
\pset format unaligned
CREATE TABLE thing (id text PRIMARY KEY, of_lifecycle text NOT NULL, status text NOT NULL, data jsonb NOT NULL DEFAULT '{}');
SELECT count(itsm.attach('thing', l, 'status', filter => format('of_lifecycle = %L', l), attributes => (
	SELECT jsonb_object_agg(k, format('(data ->> %L)::%s', k, v)) FROM jsonb_each_text(itsm.lifecycle_definition(l) -> 'attributes') AS a(k, v))))
FROM unnest('{contract,agreement_target,measurement,performance_review,dispute,budget,capacity,continuity_plan,continuity_test,document,role,role_assignment,competence,complaint,metric}'::text[]) AS l;

-- a supplier's contract: two targets, one missed once; reviewed; in dispute
INSERT INTO thing VALUES
	('C1', 'contract', 'active', jsonb_build_object('title', 'network', 'supplier', 'acme', 'owner', 'olga', 'service', 'mail', 'valid_from', current_date - 800, 'valid_to', current_date + 100, 'review_interval', '6 months')),
	('C2', 'contract', 'active', jsonb_build_object('supplier', 'bolt', 'valid_from', current_date - 800)),
	('C3', 'contract', 'terminated', jsonb_build_object('supplier', 'bolt', 'valid_from', current_date - 800)),
	('T1', 'agreement_target', 'current', '{"contract": "C1", "direction": "at_least", "target": 99.5}'),
	('T2', 'agreement_target', 'current', '{"contract": "C1", "direction": "at_most", "target": 4}'),
	('T3', 'agreement_target', 'retired', '{"contract": "C1", "direction": "at_most", "target": 1}'),
	('M1', 'measurement', 'recorded', jsonb_build_object('kind', 'supplier', 'agreement_target', 'T1', 'value', 99.7, 'period_start', current_date - 60, 'period_end', current_date - 30)),
	('M2', 'measurement', 'recorded', jsonb_build_object('kind', 'supplier', 'agreement_target', 'T1', 'value', 99.4, 'period_start', current_date - 30, 'period_end', current_date)),
	('M3', 'measurement', 'analysed', jsonb_build_object('kind', 'supplier', 'agreement_target', 'T2', 'value', 4, 'period_start', current_date - 30, 'period_end', current_date)),
	('M4', 'measurement', 'recorded', jsonb_build_object('kind', 'supplier', 'agreement_target', 'T1', 'value', 1, 'period_start', current_date - 800, 'period_end', current_date - 700)),
	('M5', 'measurement', 'withdrawn', jsonb_build_object('kind', 'supplier', 'agreement_target', 'T1', 'value', 1, 'period_start', current_date - 30, 'period_end', current_date)),
	('R1', 'performance_review', 'held', jsonb_build_object('kind', 'supplier', 'contract', 'C1', 'held_at', current_date - 90)),
	('R2', 'performance_review', 'planned', jsonb_build_object('kind', 'supplier', 'contract', 'C1', 'held_at', current_date)),
	('R3', 'performance_review', 'held', jsonb_build_object('kind', 'customer', 'contract', 'C1', 'held_at', current_date)),
	('D1', 'dispute', 'raised', '{"contract": "C1"}'), ('D2', 'dispute', 'closed', '{"contract": "C1"}');
SELECT contract, supplier, owner, service, state, targets, measurements, missed, attainment_percent, open_disputes, review_overdue,
	current_date - last_measured_at::date AS measured_days_ago, current_date - last_review_at::date AS reviewed_days_ago
FROM itsm_report.supplier_performance WHERE contract LIKE 'C_' ORDER BY 1;
SELECT contract, review_due_at::date = (CASE contract WHEN 'C1' THEN current_date - 90 + interval '6 months' ELSE current_date - 800 + interval '12 months' END)::date AS due_as_planned
FROM itsm_report.supplier_performance WHERE contract IN ('C1', 'C2') ORDER BY 1;

INSERT INTO thing VALUES
	('B1', 'budget', 'approved', '{"service": "mail", "period_start": "2026-01-01", "period_end": "2027-01-01", "currency": "EUR", "budget": 1000, "actual": 1250.5, "forecast": 1300}'),
	('B2', 'budget', 'planned', '{"service": "mail", "period_start": "2027-01-01", "budget": 0, "actual": 5}');
SELECT key, service, period_month, budget, actual, forecast, deviation, deviation_percent, state FROM itsm_report.budget WHERE key LIKE 'B_' ORDER BY 1;

INSERT INTO thing VALUES
	('P1', 'capacity', 'current', '{"service": "store", "resource_kind": "technical", "current_capacity": 200, "threshold": 150, "unit": "TB"}'),
	('P2', 'capacity', 'current', '{"service": "store", "resource_kind": "human", "current_capacity": 5, "unit": "people"}'),
	('P3', 'capacity', 'draft', '{"service": "store", "resource_kind": "human", "current_capacity": 5, "unit": "people"}'),
	('U1', 'measurement', 'recorded', '{"kind": "capacity", "service": "store", "value": 140, "unit": "TB", "period_start": "2026-01-01", "period_end": "2026-02-01"}'),
	('U2', 'measurement', 'recorded', '{"kind": "consumption", "service": "store", "value": 160, "unit": "TB", "period_start": "2026-02-01", "period_end": "2026-03-01"}'),
	('U3', 'measurement', 'recorded', '{"kind": "capacity", "service": "store", "value": 7, "unit": "kW", "period_start": "2026-03-01", "period_end": "2026-04-01"}');
SELECT key, resource_kind, current_capacity, last_used, last_used_at, utilisation_percent, over_threshold FROM itsm_report.capacity WHERE service = 'store' ORDER BY 1;

INSERT INTO thing VALUES
	('L1', 'continuity_plan', 'current', jsonb_build_object('service', 'mail', 'approved_at', current_date - 1000, 'required_rto', '4 hours', 'required_rpo', '1 hour')),
	('L2', 'continuity_plan', 'current', jsonb_build_object('service', 'web', 'approved_at', current_date - 10)),
	('L3', 'continuity_plan', 'current', jsonb_build_object('service', 'old', 'approved_at', current_date - 1000)),
	('E1', 'continuity_test', 'closed', jsonb_build_object('plan', 'L1', 'held_at', current_date - 500, 'achieved_rto', '9 hours', 'achieved_rpo', '1 hour')),
	('E2', 'continuity_test', 'closed', jsonb_build_object('plan', 'L1', 'held_at', current_date - 100, 'achieved_rto', '3 hours 30 minutes', 'achieved_rpo', '30 minutes')),
	('E3', 'continuity_test', 'planned', jsonb_build_object('plan', 'L1', 'held_at', current_date));
SELECT plan, service, tests, current_date - last_test_at::date AS days_ago, overdue, required_rto, achieved_rto, objectives_met FROM itsm_report.continuity_test_due WHERE plan LIKE 'L_' ORDER BY 1;

INSERT INTO thing VALUES
	('DOC1', 'document', 'effective', jsonb_build_object('title', 'policy', 'kind', 'sm_policy', 'next_review', current_date + 30)),
	('DOC2', 'document', 'effective', jsonb_build_object('title', 'plan', 'kind', 'sm_plan', 'next_review', current_date - 2)),
	('DOC3', 'document', 'draft', jsonb_build_object('title', 'draft', 'next_review', current_date - 2)),
	('DOC4', 'document', 'effective', '{"title": "without"}');
SELECT key, title, kind, overdue, days_left FROM itsm_report.document_review_due WHERE key LIKE 'DOC_' ORDER BY 1;

INSERT INTO thing VALUES
	('manager', 'role', 'current', '{"required_competences": "{itil,leadership,\"first aid\"}"}'), ('guest', 'role', 'current', '{}'),
	('A1', 'role_assignment', 'current', jsonb_build_object('role', 'manager', 'person', 'olga', 'valid_from', current_date - 100)),
	('A2', 'role_assignment', 'current', jsonb_build_object('role', 'manager', 'person', 'gone', 'valid_from', current_date - 100, 'valid_to', current_date - 1)),
	('A3', 'role_assignment', 'current', jsonb_build_object('role', 'guest', 'person', 'pat', 'valid_from', current_date - 100)),
	('K1', 'competence', 'current', '{"person": "olga", "competence": "itil"}'),
	('K2', 'competence', 'current', jsonb_build_object('person', 'olga', 'competence', 'first aid', 'valid_to', date '2026-01-31'));
SELECT person, role, competence, expired_at FROM itsm_report.competence_gap WHERE person IN ('olga', 'gone', 'pat') ORDER BY 1, 2, 3;

INSERT INTO thing VALUES
	('Q1', 'complaint', 'investigating', '{"customer": "city", "escalate_by": "2026-01-02 00:00+00"}'),
	('Q2', 'complaint', 'escalated', '{"customer": "city", "escalate_by": "2026-01-02 00:00+00", "escalated_at": "2026-01-01 00:00+00"}'),
	('Q3', 'complaint', 'received', '{"customer": "city"}');
SELECT key, customer, state, escalate_by, escalation_overdue FROM itsm_report.complaint WHERE key LIKE 'Q_' ORDER BY 1;

INSERT INTO thing VALUES
	('first_fix', 'metric', 'current', '{"title": "fixed at first", "direction": "at_least", "target": 70, "unit": "%"}'),
	('V1', 'measurement', 'recorded', '{"kind": "kpi", "metric": "first_fix", "value": 68, "period_start": "2026-01-01", "period_end": "2026-02-01"}'),
	('V2', 'measurement', 'recorded', '{"kind": "kpi", "metric": "first_fix", "value": 71.5, "period_start": "2026-02-01", "period_end": "2026-03-01"}'),
	('V3', 'measurement', 'recorded', '{"kind": "kpi", "metric": "first_fix", "value": 71, "target": 72, "period_start": "2026-03-01", "period_end": "2026-04-01"}');
SELECT metric, metric_title, period_month, value, target, unit, met, change_from_before FROM itsm_report.kpi_trend WHERE metric = 'first_fix' ORDER BY period_start;

-- odd texts leave views readable
SELECT v, itsm.number_of_text(v) AS number, itsm.interval_of_text(v) AS interval
FROM unnest('{1,-2.50,1e5,NaN,Infinity,"",one,1.,P1D,PT,P,P1Y2M3DT4H5M6.7S,P-1D,1 day,PT1H30M}'::text[]) WITH ORDINALITY AS e(v, n) ORDER BY n;
SET client_min_messages = error;
DROP SCHEMA management_report CASCADE;
