-- What is owed where agreed service was not delivered.

CREATE VIEW itsm_report.service_credit WITH (security_barrier = true) AS
	WITH measure AS MATERIALIZED (
		SELECT s.tenant, s.contract, s.party, s.fee, s.currency, s.cap, t.month, m.position,
			m.value OPERATOR(pg_catalog.->>) 'agreement' AS agreement,
			m.value OPERATOR(pg_catalog.->>) 'service' AS service,
			m.value OPERATOR(pg_catalog.->) 'steps' AS steps,
			(m.value OPERATOR(pg_catalog.->>) 'penalty')::numeric AS penalty,
			coalesce((m.value OPERATOR(pg_catalog.->>) 'at_least')::numeric, 1) AS at_least
		FROM (
				SELECT c.*, pg_catalog.lead(c.valid_from, 1, 'infinity') OVER (PARTITION BY c.tenant, c.contract ORDER BY c.valid_from) AS valid_to
				FROM itsm.seen_credit_schedule c
			) s,
			LATERAL itsm.months_between(s.valid_from, LEAST(s.valid_to, pg_catalog.now())) AS t(month),
			LATERAL pg_catalog.jsonb_array_elements(s.definition OPERATOR(pg_catalog.->) 'measures') WITH ORDINALITY AS m(value, position)
	), counted AS (
		-- as itsm_report.sla_monthly has them, of an agreement as a whole and by service
		SELECT k.tenant, k.month, k.agreement, k.service,
			GROUPING(k.service) OPERATOR(pg_catalog.=) 0 AS by_service,
			pg_catalog.count(*) AS completed,
			pg_catalog.count(*) FILTER (WHERE k.breached) AS breached,
			pg_catalog.bool_or(k.hidden) AS any_hidden
		FROM (
				SELECT c.tenant, pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', c.stopped_at))) AS month,
					s.name AS agreement, r.service, c.breached,
					r.source OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT x.id FROM itsm.hidden_source x)) AS hidden
				FROM itsm.seen_clock c
					JOIN itsm.sla s ON s.id OPERATOR(pg_catalog.=) c.sla AND s.version OPERATOR(pg_catalog.=) c.sla_version
					LEFT JOIN itsm.seen_record r ON r.id OPERATOR(pg_catalog.=) c.record AND r.tenant OPERATOR(pg_catalog.=) c.tenant
				WHERE c.stopped_at IS NOT NULL AND c.stage OPERATOR(pg_catalog.=) 'completed'
					AND s.name OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT m.agreement FROM measure m))
			) k
		GROUP BY GROUPING SETS ((k.tenant, k.month, k.agreement), (k.tenant, k.month, k.agreement, k.service))
	), result AS (
		SELECT m.*, n.completed, n.breached,
			-- in percent
			CASE WHEN m.agreement IS NULL THEN a.availability
				ELSE 100.0 OPERATOR(pg_catalog.*) (n.completed OPERATOR(pg_catalog.-) n.breached) OPERATOR(pg_catalog./) nullif(n.completed, 0) END AS attainment,
			-- how service was delivered is known
			CASE WHEN m.agreement IS NULL THEN a.availability IS NOT NULL ELSE n.completed IS NOT NULL END AS known
		FROM measure m
			LEFT JOIN counted k ON k.tenant OPERATOR(pg_catalog.=) m.tenant AND k.month OPERATOR(pg_catalog.=) m.month
				AND k.agreement OPERATOR(pg_catalog.=) m.agreement AND NOT k.by_service
			LEFT JOIN counted v ON v.tenant OPERATOR(pg_catalog.=) m.tenant AND v.month OPERATOR(pg_catalog.=) m.month
				AND v.agreement OPERATOR(pg_catalog.=) m.agreement AND v.service OPERATOR(pg_catalog.=) m.service AND v.by_service
			LEFT JOIN itsm_report.availability_monthly a ON m.agreement IS NULL AND a.tenant OPERATOR(pg_catalog.=) m.tenant
				AND a.month OPERATOR(pg_catalog.=) m.month AND a.service OPERATOR(pg_catalog.=) m.service,
			LATERAL (SELECT
				CASE WHEN m.agreement IS NULL OR m.service IS NOT NULL AND k.any_hidden THEN NULL
					WHEN m.service IS NULL THEN coalesce(k.completed, 0) ELSE coalesce(v.completed, 0) END AS completed,
				CASE WHEN m.agreement IS NULL OR m.service IS NOT NULL AND k.any_hidden THEN NULL
					WHEN m.service IS NULL THEN coalesce(k.breached, 0) ELSE coalesce(v.breached, 0) END AS breached) AS n
	), owed AS (
		SELECT r.*, h.below, h.credit AS credit_percent, o.credit, o.penalties,
			o.credit OPERATOR(pg_catalog.+) o.penalties AS amount,
			pg_catalog.round(r.fee OPERATOR(pg_catalog.*) r.cap OPERATOR(pg_catalog./) 100, 2) AS most,
			pg_catalog.sum(o.credit OPERATOR(pg_catalog.+) o.penalties)
				OVER (PARTITION BY r.tenant, r.contract, r.month ORDER BY r.position) AS running,
			-- what the measures before used up of the cap is known, too
			pg_catalog.bool_and(r.known) OVER (PARTITION BY r.tenant, r.contract, r.month ORDER BY r.position) AS all_known
		FROM result r
			LEFT JOIN LATERAL (
				SELECT s.below, s.credit
				FROM pg_catalog.jsonb_to_recordset(r.steps) AS s(below numeric, credit numeric)
				WHERE r.attainment OPERATOR(pg_catalog.<) s.below
					AND (r.agreement IS NULL OR r.completed OPERATOR(pg_catalog.>=) r.at_least)
				ORDER BY s.below
				LIMIT 1
			) h ON true,
			LATERAL (SELECT
				CASE WHEN r.known THEN pg_catalog.round(r.fee OPERATOR(pg_catalog.*) coalesce(h.credit, 0) OPERATOR(pg_catalog./) 100, 2) END AS credit,
				CASE WHEN r.known THEN pg_catalog.round(coalesce(r.penalty OPERATOR(pg_catalog.*) r.breached, 0), 2) END AS penalties) AS o
	)
	SELECT o.tenant,
		o.contract,
		o.party,
		o.month,
		o.position AS measure,
		o.agreement,
		o.service,
		CASE WHEN o.agreement IS NULL THEN 'sla' ELSE l.kind END AS kind,
		o.completed,
		o.completed OPERATOR(pg_catalog.-) o.breached AS met,
		o.breached,
		pg_catalog.round(o.attainment, 4) AS attainment,
		o.below AS threshold,
		CASE WHEN o.known THEN coalesce(o.credit_percent, 0) END AS credit_percent,
		o.fee,
		o.credit,
		o.penalties,
		CASE WHEN o.most IS NULL THEN o.amount
			WHEN o.all_known THEN LEAST(o.running, o.most) OPERATOR(pg_catalog.-) LEAST(o.running OPERATOR(pg_catalog.-) o.amount, o.most) END AS amount,
		o.amount AS amount_before_cap,
		o.currency,
		pg_catalog.timezone('UTC', pg_catalog.timezone('UTC', o.month) OPERATOR(pg_catalog.+) '1 month'::interval) OPERATOR(pg_catalog.<=) pg_catalog.now() AS complete
	FROM owed o
		LEFT JOIN (
			SELECT DISTINCT ON (s.name) s.name, s.kind FROM itsm.sla s ORDER BY s.name, s.version DESC
		) l ON l.name OPERATOR(pg_catalog.=) o.agreement;
REVOKE ALL ON itsm_report.service_credit FROM PUBLIC;

COMMENT ON VIEW itsm_report.service_credit IS 'One row per contract with a schedule (itsm.define_service_credit), month (UTC) and measure: what was delivered and what is owed for it.';
COMMENT ON COLUMN itsm_report.service_credit.tenant IS 'Tenant whose results count.';
COMMENT ON COLUMN itsm_report.service_credit.contract IS 'The contract or agreement.';
COMMENT ON COLUMN itsm_report.service_credit.party IS 'The customer or supplier.';
COMMENT ON COLUMN itsm_report.service_credit.month IS 'Start of the month.';
COMMENT ON COLUMN itsm_report.service_credit.measure IS 'Place of the measure in the schedule, from 1.';
COMMENT ON COLUMN itsm_report.service_credit.agreement IS 'The SLA whose clocks count; null: the availability of the service does.';
COMMENT ON COLUMN itsm_report.service_credit.service IS 'The service; null: all of the agreement.';
COMMENT ON COLUMN itsm_report.service_credit.kind IS 'sla: the provider owes it to the customer; uc: the supplier owes it to the provider; ola: within the house.';
COMMENT ON COLUMN itsm_report.service_credit.completed IS 'Clocks that stopped in the month and were not cancelled; null for an availability, and where the services of records are not shown.';
COMMENT ON COLUMN itsm_report.service_credit.met IS 'Those that kept their target.';
COMMENT ON COLUMN itsm_report.service_credit.breached IS 'Those that did not.';
COMMENT ON COLUMN itsm_report.service_credit.attainment IS 'Percent of clocks that kept their target, or of the agreed hours in which the service was available; null when there were none, or it is not shown.';
COMMENT ON COLUMN itsm_report.service_credit.threshold IS 'The step that was reached: the attainment is below it; null: none.';
COMMENT ON COLUMN itsm_report.service_credit.credit_percent IS 'Percent of the fee that this step gives; 0: no step was reached.';
COMMENT ON COLUMN itsm_report.service_credit.fee IS 'Fee of a month.';
COMMENT ON COLUMN itsm_report.service_credit.credit IS 'That percentage of the fee; null when it is not known what was delivered.';
COMMENT ON COLUMN itsm_report.service_credit.penalties IS 'Penalty for each breach, added up.';
COMMENT ON COLUMN itsm_report.service_credit.amount IS 'What is owed: credit and penalties, as far as the cap of the contract allows. Measures use it up in their order; null when what came of one before is not known.';
COMMENT ON COLUMN itsm_report.service_credit.amount_before_cap IS 'Credit and penalties.';
COMMENT ON COLUMN itsm_report.service_credit.currency IS 'Currency.';
COMMENT ON COLUMN itsm_report.service_credit.complete IS 'The month is over; until then figures are as of now.';
