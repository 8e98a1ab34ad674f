-- What of each table with a tenant the current user is shown: reports read these, never the tables.
--
-- Whether all is shown, and else which tenants, is asked once a query; a row costs a comparison. The
-- views of itsm_report around them are security barriers. Hashes of chains, which no report tells,
-- are left out: what damages history shall meet its guards first.

DO $$
DECLARE
	t record;
	c record;
	columns text;
BEGIN
	FOR t IN SELECT 'itsm.' || n AS relation, 'itsm.seen_' || n AS view
		FROM unnest(ARRAY['record', 'projection', 'event', 'violation', 'override', 'refusal', 'approval', 'clock', 'relationship',
			'incident_month_part', 'sla_month_part', 'baseline', 'ci_identity', 'ci_certification', 'source_item', 'booked_ci', 'change_booking', 'availability_target', 'credit_schedule',
			'archived', 'seal_head', 'assessment_finding']) AS n
	LOOP
		SELECT string_agg('t.' || quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns FROM pg_attribute a
		WHERE a.attrelid = t.relation::regclass AND a.attnum > 0 AND NOT a.attisdropped
			AND NOT (t.relation IN ('itsm.record', 'itsm.event') AND a.attname = 'hash');
		EXECUTE format('CREATE VIEW %s AS SELECT %s FROM %s t WHERE (SELECT itsm.sees_every_tenant())'
			' OR t.tenant OPERATOR(pg_catalog.=) ANY ((SELECT itsm.seen_tenants())::pg_catalog.text[])', t.view, columns, t.relation);
		EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', t.view);
		EXECUTE format('COMMENT ON VIEW %s IS %L', t.view, 'What of ' || t.relation || ' the current user is shown.');
		FOR c IN SELECT a.attname, col_description(b.attrelid, b.attnum) AS told
			FROM pg_attribute a JOIN pg_attribute b ON b.attrelid = t.relation::regclass AND b.attname = a.attname
			WHERE a.attrelid = t.view::regclass AND a.attnum > 0
		LOOP
			EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', t.view, c.attname, c.told);
		END LOOP;
	END LOOP;
END
$$;
