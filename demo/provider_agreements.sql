-- Agreements and suppliers, money and capacity, continuity and security.
-- Included by three_years.sql.

INSERT INTO provider.agreement (number, title, kind, service, party, owner, targets, workload_limits, exceptions, provider_approved_by, party_approved_by, agreed_at, valid_from, status)
SELECT 'SLA-' || row_number() OVER (ORDER BY id), service || ' for the ' || party, 'sla', service, party, 'bernd', 'availability, and incidents solved in time', '1,000 users', 'force majeure', 'anna', party,
	story.ago('35 months'), CASE service WHEN 'file sharing' THEN story.ago('5 months') ELSE story.start()::date END, 'in_force' FROM provider.service_party WHERE kind = 'customer';
INSERT INTO provider.agreement (number, title, kind, service, party, owner, targets, workload_limits, exceptions, provider_approved_by, party_approved_by, agreed_at, valid_from, status)
VALUES ('OLA-1', 'Power and cooling', 'ola', 'network', 'building services', 'lars', 'faults repaired within 4 hours', 'none', 'none', 'bernd', 'building services', story.ago('30 months'), story.ago('30 months'), 'in_force');
INSERT INTO provider.agreement_target (number, title, agreement, service, direction, target, unit, sla)
SELECT 'TGT-' || number, 'Incidents solved in time', number, service, 'at_least', 90, '%', NULL FROM provider.agreement WHERE kind = 'sla';
INSERT INTO provider.service_party (service, party, kind, component, owner, criteria, evaluated_at, evaluation) VALUES
	('network', 'fibre line', 'external_supplier', 'lines between the sites', 'lars', 'availability', story.ago('4 months'), 'good'), ('orders', 'cloud house', 'external_supplier', 'computing centre', 'lars', 'availability', story.ago('4 months'), 'fair'),
	('network', 'building services', 'internal_supplier', 'power and cooling', 'lars', 'repair time', story.ago('4 months'), 'good');
INSERT INTO provider.contract (number, title, service, supplier, scope, owner, approver, legal_approval, financial_approval, signed_at, valid_from, valid_to, targets, exit_plan, renewal_decision, kind, subcontractors, obligations, requirements_reviewed_at, status) VALUES
	('CON-FIBRE', 'Lines between the sites', 'network', 'fibre line', 'four lines', 'lars', 'anna', 'law office', 'anna', story.ago('30 months'), story.ago('30 months'), story.ago('-6 months'), '99.8 %', 'another supplier within three months', NULL, 'supply', '{cable diggers}', 'repair within 4 hours; pay within 30 days', story.ago('4 months'), 'active'),
	('CON-CLOUD', 'Computing centre', 'orders', 'cloud house', 'two rooms', 'lars', 'anna', 'law office', 'anna', story.ago('26 months'), story.ago('26 months'), story.ago('-2 months'), '99.9 %', NULL, NULL, 'supply', '{none}', 'power and cooling; pay within 30 days', story.ago('5 months'), 'active');
INSERT INTO provider.agreement_target (number, title, contract, service, direction, target, unit, supports)
SELECT 'TGT-FIBRE', 'Faults of lines repaired in time', 'CON-FIBRE', 'network', 'at_least', 95, '%', number FROM provider.agreement_target WHERE service = 'network' ORDER BY number LIMIT 1;
INSERT INTO provider.performance_review (title, kind, party, owner, planned_at, held_at, minutes, result, gaps, actions, status)
SELECT 'Review with the ' || name, 'customer', name, 'bernd', story.ago(at), story.ago(at), 'in the wiki', 'targets of most months were met', NULL, 'none', 'closed' FROM provider.party, unnest('{28 months,16 months,4 months}'::interval[]) AS at WHERE kind = 'customer'
UNION ALL SELECT 'Review of ' || supplier, 'supplier', supplier, 'lars', story.ago(at), story.ago(at), 'in the wiki', 'as agreed, mostly', CASE WHEN at > interval '1 year' THEN 'one repair took too long' END, 'spare parts on site', 'closed' FROM provider.contract, unnest('{17 months,5 months}'::interval[]) AS at
UNION ALL SELECT 'Review of the internal agreement', 'agreement', 'building services', 'lars', story.ago('6 months'), story.ago('6 months'), 'in the wiki', 'good', NULL, 'none', 'closed';
INSERT INTO provider.performance_review (title, kind, party, service, agreement, owner, planned_at, held_at, minutes, result, actions, status)
SELECT 'Review of ' || number, 'agreement', party, service, number, 'bernd', story.ago('5 months'), story.ago('5 months'), 'in the wiki', 'met', 'none', 'closed' FROM provider.agreement WHERE kind = 'sla';
INSERT INTO provider.satisfaction (party, measured_at, asked, answered, score, scale, analysed_at, analysis, actions)
SELECT NULL, story.ago(at), 300, 90, score, '1 to 5', story.ago(at - interval '15 days'), 'waiting times matter most', 'more people in the morning' FROM (VALUES (interval '30 months', 3.1), ('18 months', 3.6), ('6 months', 4.2)) AS v(at, score);
INSERT INTO provider.complaint (number, title, requester, assignee, priority, service, customer, owner, subject, action, resolution, resolution_code, customer_informed_at, escalate_by, escalated_at, status)
SELECT 'CMP' || 1000000 + n, story.pick(n, 'complaint', '{Nobody calls back,Repair took a week,Third outage this month,Unfriendly}'), 'user', 'carla', 3, story.pick(n, 'complains of', '{mail,network,workplace}'), story.pick(n, 'complains', '{harbour authority,city clinic,north school}'), 'bernd', 'service',
	'talked to the team', CASE WHEN n < 27 THEN 'apologised, and explained' END, CASE WHEN n < 27 THEN 'settled' END, CASE WHEN n < 27 THEN at + interval '9 days' END, at + interval '30 days', NULL, CASE WHEN n < 27 THEN 'closed' ELSE 'investigating' END
FROM generate_series(1, 27) AS n, LATERAL (SELECT least(story.start() + power(n / 27.0, 1.6) * (story.now() - story.start()), story.now() - interval '6 days') AS at) AS a;
SELECT story.tell('complaint', 'CMP' || 1000000 + n, 'bernd', VARIADIC ARRAY['received', at::text, 'acknowledged', (at + interval '1 day')::text, 'investigating', (at + interval '2 days')::text]
	|| CASE WHEN n < 27 THEN ARRAY['resolved', (at + interval '8 days')::text, 'closed', (at + interval '10 days')::text] ELSE '{}' END)
FROM generate_series(1, 27) AS n, LATERAL (SELECT least(story.start() + power(n / 27.0, 1.6) * (story.now() - story.start()), story.now() - interval '6 days') AS at) AS a \g /dev/null
INSERT INTO provider.dispute (number, title, party, contract, owner, resolution, status) VALUES ('DSP-1', 'A repair that took a week', 'fibre line', 'CON-FIBRE', 'lars', 'half of the fee is paid back', 'closed');
SELECT story.tell('dispute', 'DSP-1', 'lars', 'raised', story.ago('20 months')::text, 'in_discussion', story.ago('19 months')::text, 'settled', story.ago('18 months')::text, 'closed', story.ago('17 months')::text) \g /dev/null
INSERT INTO provider.nil_return (kind, period_start, period_end, stated_by, ground) VALUES ('dispute', story.ago('17 months'), story.ago('1 month'), 'lars', 'none was raised');

INSERT INTO provider.budget (service, period_start, period_end, currency, budget, actual, forecast, owner, decision, decided_by, status)
SELECT name, m::date, (m + interval '1 month')::date, 'EUR', 10000, b.actual, b.actual, 'lars', CASE WHEN b.actual > 11000 THEN 'taken from the reserve' END, CASE WHEN b.actual > 11000 THEN 'anna' END, CASE WHEN m < date_trunc('month', story.now()) THEN 'closed' ELSE 'approved' END
FROM provider.service, generate_series(story.start(), story.now(), interval '1 month') AS m, LATERAL (SELECT round((8800 + 2600 * story.dice((extract(epoch FROM m) / 86400)::integer, name))::numeric, 0) AS actual) AS b WHERE status = 'live' AND (name <> 'file sharing' OR m > story.now() - interval '5 months');
INSERT INTO provider.demand (service, determined_at, current_demand, forecast_demand, forecast_for, unit) SELECT name, story.ago('3 months'), 900, 960, story.ago('-9 months'), 'users' FROM provider.service WHERE status = 'live';
INSERT INTO provider.requirement (title, kind, service, resource_kind, agreed_by, approved_by, approved_at, reviewed_at)
SELECT 'Capacity of ' || name || ': ' || k, 'capacity', name, k, 'its customers', 'hans', story.ago('20 months'), story.ago('5 months') FROM provider.service, unnest('{human,technical,information,financial}'::text[]) AS k WHERE status = 'live';
INSERT INTO provider.capacity (service, resource_kind, current_capacity, forecast_capacity, forecast_for, unit, expected_impact, timescale, threshold, owner, document, reviewed_at)
SELECT name, 'technical', 1000, 1200, story.ago('-9 months'), 'users', 'none', 'next year', 90, 'hans', 'CAP-1-v3', story.ago('3 months') FROM provider.service WHERE status = 'live';
INSERT INTO provider.continuity_plan (name, title, service, owner, invocation_criteria, responsibilities, procedures, targets, recovery_requirements, return_to_normal, alternate_location, required_rto, required_rpo, approved_by, approved_at)
SELECT 'plan ' || name, 'Going on without ' || name, name, 'gitta', 'out for more than four hours', 'the owner of the service', 'paper, and the second site', 'back within a day', 'backups of the night', 'move back at a weekend', 'the safe in the harbour', '8 hours', '24 hours', 'anna', story.ago('5 months')
FROM provider.service WHERE status = 'live' AND criticality IN ('high', 'critical');
SELECT story.tell('continuity_plan', name, 'gitta', 'draft', story.ago('31 months')::text, 'current', story.ago('30 months')::text) FROM provider.continuity_plan \g /dev/null
-- That of the orders was never tested.
INSERT INTO provider.continuity_test (number, title, service, plan, plan_version, plan_approved, scenario, scope, test_leader, risk_accepted_by, required_rto, required_rpo, achieved_rto, achieved_rpo, result, reviewer, deficiencies, actions, held_at, status)
SELECT format('CTE-%s-%s', service, n), 'Test of ' || name, service, name, n::text, true, 'the first site is lost', 'all of it', 'hans', 'anna', '8 hours', '24 hours', CASE n WHEN 1 THEN interval '13 hours' ELSE '6 hours' END, '20 hours', 'service was back',
	'gitta', CASE n WHEN 1 THEN 'too slow' END, CASE n WHEN 1 THEN 'spare machines on the second site' END, story.ago(at), 'closed'
FROM provider.continuity_plan, (VALUES (1, interval '20 months'), (2, '7 months')) AS t(n, at) WHERE service <> 'orders';
SELECT story.tell('continuity_test', number, 'hans', 'planned', (held_at - 60)::text, 'approved', (held_at - 30)::text, 'executing', (held_at - 1)::text, 'completed', held_at::text, 'reviewed', (held_at + 10)::text, 'closed', (held_at + 20)::text) FROM provider.continuity_test \g /dev/null
INSERT INTO provider.continuity_invocation (number, title, plan, service, invoked_at, cause, effect, recovery, achieved_rto, achieved_rpo, reported_at, reviewed_at, actions, status)
VALUES ('INV-1', 'Water in the first computing centre', 'plan mail', 'mail', story.ago('11 months'), 'a pipe broke', 'no mail for six hours', 'moved to the second site', '6 hours', '2 hours', story.ago('11 months'), story.ago('10 months'), 'sensors on the floor', 'reviewed');
SELECT story.tell('continuity_invocation', 'INV-1', 'gitta', 'invoked', story.ago('11 months')::text, 'recovered', (story.ago('11 months') + 1)::text, 'reviewed', story.ago('10 months')::text) \g /dev/null
INSERT INTO provider.security_control (name, title, owner, risk, party, agreed_at, operated, reviewed_at, effectiveness) VALUES
	('second factor', 'A second factor for all', 'gitta', 'RSK-PHISHING', NULL, NULL, true, story.ago('2 months'), 'good'), ('fibre line access', 'Only with company', 'gitta', NULL, 'fibre line', story.ago('30 months'), true, story.ago('2 months'), 'good'),
	('cloud house access', 'Only by the console', 'gitta', NULL, 'cloud house', story.ago('26 months'), true, story.ago('2 months'), 'good');
INSERT INTO provider.service_asset (name, title, kind, service, ci, owner, entitlement, deployed, obligation, obligation_until)
SELECT 'licence mail', 'Licences of mail', 'licence', 'mail', NULL, 'eva', 1000, 940, 'licence', story.ago('-8 months')
UNION ALL SELECT 'licence office', 'Licences of office programs', 'licence', 'workplace', NULL, 'eva', 600, 612, 'licence', story.ago('-5 months')
UNION ALL SELECT 'host ' || n, 'Host of virtual machines', 'hardware', 'network', 'host-' || n, 'eva', NULL, NULL, 'support', story.ago('-1 year') FROM generate_series(1, 2) AS n;
INSERT INTO provider.configuration_audit (number, title, class, owner, planned_at, held_at, checked, result, status)
SELECT format('CAU-%s-%s', name, n), 'Verification of ' || name, name, 'eva', story.ago(at), story.ago(at), 20, 'what was found is on record', 'closed' FROM provider.configuration_class, (VALUES (1, interval '18 months'), (2, '6 months')) AS t(n, at);
INSERT INTO provider.discrepancy (number, title, ci, audit, unintended_change, found_at, owner, consequence, action, corrected_at, status) VALUES
	('DIS-1', 'Stands in another room', 'pc-017', 'CAU-computer-2', false, story.ago('6 months'), 'eva', 'none', 'corrected in the records', story.ago('180 days'), 'closed'), ('DIS-2', 'More memory than on record', 'host-2', 'CAU-server-2', true, story.ago('6 months'), 'eva', 'none', 'corrected in the records', story.ago('165 days'), 'closed');
UPDATE provider.service SET design = 'as the plan says', design_approved_by = 'bernd', acceptance = 'signed', accepted_by = 'north school', test_results = 'passed, two small defects accepted', transition_report = 'as expected', transition_reported_at = story.ago('130 days') WHERE name = 'file sharing';
