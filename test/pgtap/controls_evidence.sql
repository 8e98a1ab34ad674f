-- Controls of the evidence itself that look at finished transactions: X-1 and X-2; what only
-- time makes; and what belongs to another tenant.
\ir ../control_evidence.sql
SELECT no_plan();
SELECT exclude_all() \g /dev/null
SELECT itsm.include_control('X-1'), itsm.include_control('X-2') \g /dev/null

CREATE FUNCTION standing(control text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', c.status, (SELECT string_agg(concat_ws(' ', f.subject, f.problem), ', ' ORDER BY f.subject) FROM itsm.control_findings(c.control) AS f))
	FROM itsm.evaluate_controls('iso20000') AS c WHERE c.control = standing.control
$$;

SELECT is(standing('X-1'), 'no evidence', 'X-1 has nothing to go by');
SELECT is(standing('X-2'), 'no evidence', 'X-2 has nothing to go by');
SELECT evidence('incident T1 new') \g /dev/null
SELECT is(standing('X-1'), 'nonconforming history was never verified', 'X-1: never verified');
SELECT is(standing('X-2'), 'nonconforming newest seal history was never sealed', 'X-2: never sealed');
SELECT itsm.note_verification() \g /dev/null
SELECT itsm.seal() > 0 \g /dev/null
SELECT is(standing('X-1'), 'conforming', 'X-1: verified');
SELECT is(standing('X-2'), 'conforming', 'X-2: sealed');
SELECT evidence('incident T1 closed') \g /dev/null
SELECT itsm.seal() > 0 \g /dev/null
SELECT is((SELECT count(*) > 1 FROM itsm.seal_head WHERE tenant = ''), true, 'the log has grown');
SELECT is((SELECT checked FROM itsm.evaluate_controls('iso20000') WHERE control = 'X-2'), 2::bigint, 'X-2 looks at the log, too');
SELECT is(standing('X-2'), 'conforming', 'X-2: the log continues the one before');

SET itsm.maintenance = on;
UPDATE itsm.seal_head SET root = sha256('forged') WHERE seal = (SELECT min(seal) FROM itsm.seal_head);
RESET itsm.maintenance;
SELECT is(standing('X-2'), 'nonconforming log does not continue the one before it', 'X-2: a log whose past was changed');
SELECT cmp_ok(itsm.note_verification(), '>', 0::bigint, 'which verification finds');
SELECT matches(standing('X-1'), 'nonconforming history the last verification found [0-9]+ faults', 'X-1: faults');
SELECT itsm.set_parameter('X-2', '0 d') \g /dev/null
SELECT matches(standing('X-2'), 'newest seal is older than the interval', 'X-2: the interval is over');

-- What only time makes: how long something has rested in its state.
SELECT count(itsm.include_control(id)) FROM itsm.control WHERE id IN ('8.6.3-6', '7.6-1', '8.5.2-4') \g /dev/null
SELECT evidence($$
	problem P1 root_cause_analysis
	problem P2 closed {"effectiveness": "holds"}
	knowledge_article K1 published
	service mail live
$$) \g /dev/null
SELECT is(standing(id), 'conforming', id || ': within the interval') FROM itsm.control WHERE id IN ('8.6.3-6', '7.6-1', '8.5.2-4') ORDER BY ordinal;
SELECT count(itsm.set_parameter(id, '0 d')) FROM itsm.control WHERE id IN ('8.6.3-6', '7.6-1', '8.5.2-4') \g /dev/null
SELECT is(standing('8.6.3-6'), 'nonconforming P1 nothing has happened to it for longer than the interval', '8.6.3-6: a problem rests');
SELECT is(standing('7.6-1'), 'nonconforming K1 was last reviewed longer ago than the interval', '7.6-1: published long ago');
SELECT is(standing('8.5.2-4'), 'nonconforming mail nothing reports on its transition', '8.5.2-4: live for long');
SELECT count(itsm.exclude_control(id, 'tried')) FROM itsm.control WHERE id IN ('8.6.3-6', '7.6-1', '8.5.2-4') \g /dev/null
SELECT evidence('service mail retired') \g /dev/null

-- What is of another tenant is none of it.
SELECT * FROM control_case('6.1-1', $$
	service post live {"tenant": "blue"}
	risk R1 assessed {"tenant": "blue", "service": "post", "assessed_at": "@-10"}
$$, $$
	service web live {"tenant": "blue"}
	risk R2 assessed {"tenant": "red", "service": "web", "assessed_at": "@-10"}
$$, 'web');
SELECT * FROM control_case('8.3.3-1', $$
	service post live {"tenant": "blue"}
	service_party L1 current {"tenant": "red", "service": "post", "party": "acme", "kind": "customer"}
	service_party L2 current {"tenant": "blue", "service": "post", "party": "rose", "kind": "customer"}
	agreement S1 in_force {"tenant": "blue", "kind": "sla", "service": "post", "party": "rose", "provider_approved_by": "ann", "party_approved_by": "bob", "targets": "99", "workload_limits": "50 users", "exceptions": "none"}
$$, $$
	service_party L3 current {"tenant": "blue", "service": "post", "party": "acme", "kind": "customer"}
	agreement S2 in_force {"tenant": "red", "kind": "sla", "service": "post", "party": "acme", "provider_approved_by": "ann", "party_approved_by": "bob", "targets": "99", "workload_limits": "50 users", "exceptions": "none"}
$$, 'post: acme');
SELECT * FROM control_case('8.5.3-2', $$
	change C1 scheduled {"tenant": "blue"}
	release L1 deploying {"tenant": "blue", "changes": "{C1}"}
	deployment Y1 running {"tenant": "blue", "release": "L1"}
$$, $$
	change C2 scheduled {"tenant": "red"}
	release L1 deploying {"changes": "{C1,C2}"}
$$, 'Y1');
SELECT * FROM control_case('8.6.3-7', $$
	!SELECT evidence_line(format('incident B%s closed {"tenant": "blue", "ci": "srv"}', n)) FROM generate_series(1, 5) n
	!SELECT evidence_line(format('incident R%s closed {"tenant": "red", "ci": "srv"}', n)) FROM generate_series(1, 4) n
	problem P1 assessed {"tenant": "blue", "ci": "srv"}
$$, $$
	incident R5 closed {"tenant": "red", "ci": "srv"}
$$, 'configuration item srv');

SELECT * FROM finish();
