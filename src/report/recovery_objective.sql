-- Recovery objectives of services against what tests of their continuity plans achieved.

CREATE VIEW itsm_report.recovery_objective WITH (security_barrier = true) AS
	WITH hidden AS (
		-- who may not see all plans, or all tests, of a tenant is not told that there are none
		SELECT h.tenant,
			pg_catalog.bool_or(h.process OPERATOR(pg_catalog.=) 'continuity_plan') AS plans,
			pg_catalog.bool_or(h.process OPERATOR(pg_catalog.=) 'continuity_test') AS tests
		FROM itsm.shown_record h
		WHERE h.process OPERATOR(pg_catalog.=) ANY (ARRAY['continuity_plan', 'continuity_test'])
			AND h.source_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT x.id::bigint FROM itsm.hidden_source x))
		GROUP BY h.tenant
	), plan AS (
		SELECT p.tenant, p.record, p.key, p.service,
			p.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
			itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'required_rto') AS rto,
			itsm.interval_of_text(p.attributes OPERATOR(pg_catalog.->>) 'required_rpo') AS rpo
		FROM itsm.shown_record p
		WHERE p.process OPERATOR(pg_catalog.=) 'continuity_plan' AND NOT p.deleted AND p.category OPERATOR(pg_catalog.=) 'active'
	), of_service AS (
		SELECT p.tenant, p.service, p.key AS plan, p.record, p.owner, p.rto, p.rpo FROM plan p
		UNION ALL
		SELECT s.tenant, s.key, NULL, NULL, NULL, NULL, NULL
		FROM itsm.shown_record s
		WHERE s.process OPERATOR(pg_catalog.=) 'service' AND NOT s.deleted AND s.category OPERATOR(pg_catalog.<>) ALL (ARRAY['closed', 'cancelled'])
			AND NOT EXISTS (SELECT FROM plan p WHERE p.tenant OPERATOR(pg_catalog.=) s.tenant AND p.service OPERATOR(pg_catalog.=) s.key)
	), test AS (
		SELECT t.tenant, t.record, t.key, t.service,
			t.attributes OPERATOR(pg_catalog.->>) 'plan' AS plan,
			coalesce(itsm.time_of_text(t.attributes OPERATOR(pg_catalog.->>) 'held_at'), t.resolved_at) AS at,
			itsm.interval_of_text(t.attributes OPERATOR(pg_catalog.->>) 'required_rto') AS required_rto,
			itsm.interval_of_text(t.attributes OPERATOR(pg_catalog.->>) 'required_rpo') AS required_rpo,
			itsm.interval_of_text(t.attributes OPERATOR(pg_catalog.->>) 'achieved_rto') AS achieved_rto,
			itsm.interval_of_text(t.attributes OPERATOR(pg_catalog.->>) 'achieved_rpo') AS achieved_rpo
		FROM itsm.shown_record t
		WHERE t.process OPERATOR(pg_catalog.=) 'continuity_test' AND NOT t.deleted
			AND t.category OPERATOR(pg_catalog.=) ANY (ARRAY['resolved', 'closed'])
	), compared AS (
		SELECT s.tenant, s.service, s.plan, s.record, s.owner,
			coalesce(s.rto, x.required_rto) AS rto,
			coalesce(s.rpo, x.required_rpo) AS rpo,
			x.tests, x.key AS last_test, x.at AS last_test_at, x.achieved_rto, x.achieved_rpo,
			x.achieved_rto OPERATOR(pg_catalog.<=) coalesce(s.rto, x.required_rto) AS rto_met,
			x.achieved_rpo OPERATOR(pg_catalog.<=) coalesce(s.rpo, x.required_rpo) AS rpo_met,
			coalesce(h.plans, false) AS plans_hidden,
			coalesce(h.tests, false) AS tests_hidden
		FROM of_service s
			LEFT JOIN hidden h ON h.tenant OPERATOR(pg_catalog.=) s.tenant
			LEFT JOIN LATERAL (
				SELECT t.key, t.at, t.required_rto, t.required_rpo, t.achieved_rto, t.achieved_rpo,
					pg_catalog.count(*) OVER () AS tests
				FROM test t
				WHERE t.tenant OPERATOR(pg_catalog.=) s.tenant AND s.plan IS NOT NULL
					AND (t.plan OPERATOR(pg_catalog.=) s.plan OR (t.plan IS NULL AND t.service OPERATOR(pg_catalog.=) s.service))
				ORDER BY t.at DESC NULLS LAST, t.record DESC
				LIMIT 1
			) x ON true
	)
	SELECT c.tenant,
		c.service,
		c.plan,
		c.record AS plan_record,
		c.owner,
		c.rto AS rto_agreed,
		c.rpo AS rpo_agreed,
		CASE WHEN NOT c.tests_hidden THEN coalesce(c.tests, 0) END AS tests,
		c.last_test,
		c.last_test_at,
		c.achieved_rto AS rto_achieved,
		c.achieved_rpo AS rpo_achieved,
		pg_catalog.round(EXTRACT(epoch FROM c.rto) OPERATOR(pg_catalog./) 60, 2) AS rto_agreed_minutes,
		pg_catalog.round(EXTRACT(epoch FROM c.achieved_rto) OPERATOR(pg_catalog./) 60, 2) AS rto_achieved_minutes,
		pg_catalog.round(EXTRACT(epoch FROM c.rpo) OPERATOR(pg_catalog./) 60, 2) AS rpo_agreed_minutes,
		pg_catalog.round(EXTRACT(epoch FROM c.achieved_rpo) OPERATOR(pg_catalog./) 60, 2) AS rpo_achieved_minutes,
		c.rto_met,
		c.rpo_met,
		CASE WHEN c.plans_hidden OR c.tests_hidden THEN NULL
			WHEN c.plan IS NULL THEN 'no plan'
			WHEN c.rto IS NULL AND c.rpo IS NULL THEN 'no objective'
			WHEN c.tests IS NULL THEN 'never tested'
			WHEN NOT c.rto_met OR NOT c.rpo_met THEN 'missed'
			WHEN (c.rto IS NOT NULL AND c.rto_met IS NULL) OR (c.rpo IS NOT NULL AND c.rpo_met IS NULL) THEN 'not measured'
			ELSE 'met' END AS status
	FROM compared c;
REVOKE ALL ON itsm_report.recovery_objective FROM PUBLIC;

COMMENT ON VIEW itsm_report.recovery_objective IS 'One row per continuity plan in force, and per service that has none: the recovery objectives agreed, and what the last test of the plan achieved. A test that names no plan counts for those of its service.';
COMMENT ON COLUMN itsm_report.recovery_objective.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm_report.recovery_objective.service IS 'The service.';
COMMENT ON COLUMN itsm_report.recovery_objective.plan IS 'Key of the plan; null: the service has none.';
COMMENT ON COLUMN itsm_report.recovery_objective.plan_record IS 'Number of the plan''s record.';
COMMENT ON COLUMN itsm_report.recovery_objective.owner IS 'Who answers for the plan.';
COMMENT ON COLUMN itsm_report.recovery_objective.rto_agreed IS 'Recovery time objective of the plan; where it has none, that of the last test.';
COMMENT ON COLUMN itsm_report.recovery_objective.rpo_agreed IS 'Recovery point objective of the plan; where it has none, that of the last test.';
COMMENT ON COLUMN itsm_report.recovery_objective.tests IS 'Tests that were carried out; null when not all are shown.';
COMMENT ON COLUMN itsm_report.recovery_objective.last_test IS 'Key of the last of them.';
COMMENT ON COLUMN itsm_report.recovery_objective.last_test_at IS 'When it was held; where it does not say, when it was over.';
COMMENT ON COLUMN itsm_report.recovery_objective.rto_achieved IS 'Recovery time that it reached.';
COMMENT ON COLUMN itsm_report.recovery_objective.rpo_achieved IS 'Recovery point that it reached.';
COMMENT ON COLUMN itsm_report.recovery_objective.rto_agreed_minutes IS 'rto_agreed in minutes.';
COMMENT ON COLUMN itsm_report.recovery_objective.rto_achieved_minutes IS 'rto_achieved in minutes.';
COMMENT ON COLUMN itsm_report.recovery_objective.rpo_agreed_minutes IS 'rpo_agreed in minutes.';
COMMENT ON COLUMN itsm_report.recovery_objective.rpo_achieved_minutes IS 'rpo_achieved in minutes.';
COMMENT ON COLUMN itsm_report.recovery_objective.rto_met IS 'The last test was within the recovery time objective; null when one of the two is not known.';
COMMENT ON COLUMN itsm_report.recovery_objective.rpo_met IS 'The last test was within the recovery point objective; null when one of the two is not known.';
COMMENT ON COLUMN itsm_report.recovery_objective.status IS 'met, missed (one objective at least), not measured (the last test does not say what it achieved), never tested, no objective, or no plan; null when not all plans and tests of the tenant are shown.';
