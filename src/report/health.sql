-- What an operator has to look after: one row per concern, for a monitoring system.
--
-- Each concern counts what is amiss and names the first few; none scans an attached table or
-- reads the history itself (itsm.verify and attachment_health.drifted_rows do).

-- What is amiss: level for those that are, texts for people.
CREATE FUNCTION itsm.health() RETURNS TABLE (concern text, level text, message text, action text)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED ROWS 12
SET search_path = pg_catalog, pg_temp
AS $$
	WITH setting (name, value, place) AS (
		SELECT v.name, pg_catalog.current_setting(v.name), 'this session'
		FROM (VALUES ('itsm.maintenance'), ('itsm.history')) AS v(name)
		UNION ALL
		SELECT pg_catalog.split_part(c.text, '=', 1), pg_catalog.substr(c.text, pg_catalog.strpos(c.text, '=') OPERATOR(pg_catalog.+) 1),
			pg_catalog.concat_ws(', ', 'database ' OPERATOR(pg_catalog.||) d.datname::text, 'role ' OPERATOR(pg_catalog.||) r.rolname::text)
		FROM pg_catalog.pg_db_role_setting s
			LEFT JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
			LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.setrole,
			LATERAL pg_catalog.unnest(s.setconfig) AS c(text)
		WHERE s.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid
			OR d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
	), unsafe AS (
		SELECT pg_catalog.count(*) AS number,
			pg_catalog.string_agg(DISTINCT s.name OPERATOR(pg_catalog.||) ' (' OPERATOR(pg_catalog.||) s.place OPERATOR(pg_catalog.||) ')', ', ') AS names
		FROM setting s
		WHERE s.name OPERATOR(pg_catalog.=) 'itsm.maintenance' AND s.value::boolean
			OR s.name OPERATOR(pg_catalog.=) 'itsm.history' AND NOT s.value::boolean
	), guard AS (
		SELECT pg_catalog.string_agg(n.name, ', ' ORDER BY n.name) AS names
		FROM (VALUES ('itsm_guard_command'), ('itsm_guard_drop')) AS n(name)
		WHERE NOT EXISTS (
			SELECT FROM pg_catalog.pg_event_trigger g
			WHERE g.evtname::text OPERATOR(pg_catalog.=) n.name AND g.evtenabled OPERATOR(pg_catalog.=) 'A'::pg_catalog."char")
	), attachment AS (
		SELECT pg_catalog.count(*) AS number,
			pg_catalog.count(*) FILTER (WHERE NOT h.table_exists OR NOT h.trigger_ok OR NOT h.status_column_ok OR h.missing_columns IS NOT NULL) AS broken,
			pg_catalog.count(*) FILTER (WHERE h.not_applicable_rules IS NOT NULL) AS partial,
			pg_catalog.string_agg(h.source OPERATOR(pg_catalog.||) ': ' OPERATOR(pg_catalog.||) h.problem, '; ' ORDER BY h.attachment)
				FILTER (WHERE NOT h.table_exists OR NOT h.trigger_ok OR NOT h.status_column_ok OR h.missing_columns IS NOT NULL) AS problems
		FROM itsm_report.attachment_health h
	), backfill AS (
		SELECT pg_catalog.count(*) AS number,
			pg_catalog.string_agg(p.relation::text OPERATOR(pg_catalog.||) ' (attachment ' OPERATOR(pg_catalog.||) p.attachment::text OPERATOR(pg_catalog.||) ')', ', ' ORDER BY p.attachment) AS names
		FROM itsm.backfill_progress p
			JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) p.attachment
		WHERE NOT p.finished AND a.detached_at IS NULL
			AND p.changed_at OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) '1 hour'::interval)
	), month AS (
		SELECT pg_catalog.count(*) FILTER (WHERE m.covered) AS covered
		FROM pg_catalog.generate_series(0, 1) AS k(months),
			LATERAL (SELECT pg_catalog.timezone('UTC', pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', pg_catalog.now()))
				OPERATOR(pg_catalog.+) pg_catalog.make_interval(months => k.months)) AS start) t,
			LATERAL (SELECT EXISTS (
				SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid
				WHERE i.inhparent OPERATOR(pg_catalog.=) 'itsm.event'::pg_catalog.regclass::pg_catalog.oid
					AND c.relname::text OPERATOR(pg_catalog.=)
						('event_' OPERATOR(pg_catalog.||) pg_catalog.to_char(pg_catalog.timezone('UTC', t.start), 'YYYY_MM'))) AS covered) m
	), stray AS (
		SELECT EXISTS (SELECT FROM itsm.event_default) AS any, EXISTS (SELECT FROM itsm.attachment a WHERE a.detached_at IS NULL) AS attached
	), seal AS (
		SELECT pg_catalog.max(l.lag) AS lag, pg_catalog.sum(l.unsealed) AS events,
			pg_catalog.max(pg_catalog.now() OPERATOR(pg_catalog.-) l.held_back_since) AS held_back
		FROM itsm_report.ledger_status l
	), verified AS (
		SELECT pg_catalog.max(l.last_verified_at) AS at,
			pg_catalog.max(l.last_verified_faults) AS faults,
			pg_catalog.sum(l.events) AS events
		FROM itsm_report.ledger_status l
	), refusal AS (
		SELECT pg_catalog.sum(f.lost) AS lost FROM itsm.refusal f WHERE f.at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) '1 day'::interval)
	), pack AS (
		SELECT pg_catalog.max(p.packed_at) AS at, pg_catalog.max(p.relationships) AS packed,
			(SELECT c.reltuples::bigint FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) 'itsm.relationship'::pg_catalog.regclass::pg_catalog.oid) AS there
		FROM itsm.graph_pack p
	), version AS (
		SELECT e.extversion AS installed, v.default_version AS available
		FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_available_extensions v ON v.name OPERATOR(pg_catalog.=) e.extname
		WHERE e.extname OPERATOR(pg_catalog.=) 'itsm'::pg_catalog.name
	)
	SELECT 'settings',
		CASE WHEN s.number OPERATOR(pg_catalog.>) 0 THEN 'critical' ELSE 'ok' END,
		coalesce('writes are not judged, or leave no history, by: ' OPERATOR(pg_catalog.||) s.names, 'nothing switches judging or history off'),
		CASE WHEN s.number OPERATOR(pg_catalog.>) 0 THEN 'RESET the setting where it is made (ALTER DATABASE, ALTER ROLE, this session), then check the rows with itsm.check_rows and itsm.verify.' END
	FROM unsafe s
	UNION ALL
	SELECT 'guards',
		CASE WHEN g.names IS NOT NULL THEN 'critical' ELSE 'ok' END,
		coalesce('event triggers missing or not ENABLE ALWAYS: ' OPERATOR(pg_catalog.||) g.names, 'DDL is watched'),
		CASE WHEN g.names IS NOT NULL THEN 'ALTER EVENT TRIGGER … ENABLE ALWAYS, as a superuser.' END
	FROM guard g
	UNION ALL
	SELECT 'attachments',
		CASE WHEN a.broken OPERATOR(pg_catalog.>) 0 THEN 'critical' ELSE 'ok' END,
		coalesce(a.problems, pg_catalog.format('%s attachments are in force; %s of them do not map what some rule needs', a.number, a.partial)),
		CASE WHEN a.broken OPERATOR(pg_catalog.>) 0 THEN 'See itsm_report.attachment_health; ALTER TABLE … ENABLE ALWAYS TRIGGER arms a trigger again, detach and attach make it anew.' END
	FROM attachment a
	UNION ALL
	SELECT 'backfill',
		CASE WHEN b.number OPERATOR(pg_catalog.>) 0 THEN 'warning' ELSE 'ok' END,
		coalesce('cut short more than an hour ago: ' OPERATOR(pg_catalog.||) b.names, 'no backfill was cut short'),
		CASE WHEN b.number OPERATOR(pg_catalog.>) 0 THEN 'CALL itsm.backfill(attachment) goes on where it ended.' END
	FROM backfill b
	UNION ALL
	SELECT 'partitions',
		CASE WHEN m.covered OPERATOR(pg_catalog.<) 2 AND s.attached OR s.any THEN 'warning' ELSE 'ok' END,
		CASE WHEN m.covered OPERATOR(pg_catalog.<) 2 AND s.attached THEN 'there is no partition of itsm.event for this month or the next'
			WHEN s.any THEN 'events lie in itsm.event_default'
			WHEN NOT s.attached THEN 'nothing is attached yet'
			ELSE 'there are partitions of itsm.event for this month and the next' END,
		CASE WHEN m.covered OPERATOR(pg_catalog.<) 2 AND s.attached OR s.any THEN 'Call itsm.make_partitions(), once a month.' END
	FROM month m, stray s
	UNION ALL
	SELECT 'seal',
		CASE WHEN l.lag OPERATOR(pg_catalog.>) '1 day'::interval THEN 'warning' ELSE 'ok' END,
		CASE WHEN coalesce(l.events, 0) OPERATOR(pg_catalog.=) 0 THEN 'every event is sealed'
			ELSE l.events::text OPERATOR(pg_catalog.||) ' events are not sealed yet, the oldest since '
				OPERATOR(pg_catalog.||) pg_catalog.date_trunc('minute', pg_catalog.justify_hours(l.lag))::text END,
		CASE WHEN l.lag OPERATOR(pg_catalog.>) '1 day'::interval THEN
			CASE WHEN l.held_back OPERATOR(pg_catalog.>) '1 day'::interval THEN 'A transaction has been open or prepared for more than a day: end it (pg_stat_activity, pg_prepared_xacts), then call itsm.seal().'
				ELSE 'Call itsm.seal() now and then, and keep itsm.digest() elsewhere.' END END
	FROM seal l
	UNION ALL
	SELECT 'verification',
		CASE WHEN v.faults OPERATOR(pg_catalog.>) 0 THEN 'critical'
			WHEN coalesce(v.events, 0) OPERATOR(pg_catalog.>) 0 AND v.at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) '31 days'::interval) IS NOT TRUE THEN 'warning'
			ELSE 'ok' END,
		CASE WHEN coalesce(v.events, 0) OPERATOR(pg_catalog.=) 0 THEN 'there is no history yet'
			WHEN v.at IS NULL THEN 'the history has never been verified'
			ELSE 'last verified ' OPERATOR(pg_catalog.||) pg_catalog.date_trunc('minute', pg_catalog.justify_hours(pg_catalog.now() OPERATOR(pg_catalog.-) v.at))::text
				OPERATOR(pg_catalog.||) ' ago, with ' OPERATOR(pg_catalog.||) v.faults::text OPERATOR(pg_catalog.||) ' faults' END,
		CASE WHEN v.faults OPERATOR(pg_catalog.>) 0 THEN 'SELECT * FROM itsm.verify() WHERE NOT ok names them.'
			WHEN coalesce(v.events, 0) OPERATOR(pg_catalog.>) 0 AND v.at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) '31 days'::interval) IS NOT TRUE THEN 'Call itsm.note_verification(), with the last digest kept elsewhere, once a month.' END
	FROM verified v
	UNION ALL
	SELECT 'refusals',
		CASE WHEN f.lost OPERATOR(pg_catalog.>) 0 THEN 'warning' ELSE 'ok' END,
		CASE WHEN f.lost OPERATOR(pg_catalog.>) 0 THEN f.lost::text OPERATOR(pg_catalog.||) ' refusals of the last day could not be kept'
			ELSE 'no refusal of the last day was lost' END,
		CASE WHEN f.lost OPERATOR(pg_catalog.>) 0 THEN 'The server''s log has them; an application tries again and again what is refused: see itsm_report.refusal.' END
	FROM refusal f
	UNION ALL
	SELECT 'relationships',
		CASE WHEN p.there OPERATOR(pg_catalog.>) 10000 AND (p.there OPERATOR(pg_catalog.-) coalesce(p.packed, 0)) OPERATOR(pg_catalog.>) (p.there OPERATOR(pg_catalog./) 5) THEN 'warning' ELSE 'ok' END,
		CASE WHEN p.at IS NULL THEN 'relationships are not packed'
			ELSE p.packed::text OPERATOR(pg_catalog.||) ' relationships are packed, of about ' OPERATOR(pg_catalog.||) greatest(p.there, p.packed)::text OPERATOR(pg_catalog.||) ' that were ever written' END,
		CASE WHEN p.there OPERATOR(pg_catalog.>) 10000 AND (p.there OPERATOR(pg_catalog.-) coalesce(p.packed, 0)) OPERATOR(pg_catalog.>) (p.there OPERATOR(pg_catalog./) 5) THEN 'Call itsm.pack_relationships(): searches read what is packed faster.' END
	FROM pack p
	UNION ALL
	SELECT 'version',
		CASE WHEN v.installed OPERATOR(pg_catalog.<>) v.available THEN 'warning' ELSE 'ok' END,
		'version ' OPERATOR(pg_catalog.||) v.installed OPERATOR(pg_catalog.||) CASE WHEN v.installed OPERATOR(pg_catalog.<>) v.available
			THEN ', while version ' OPERATOR(pg_catalog.||) v.available OPERATOR(pg_catalog.||) ' is installed on the machine' ELSE '' END,
		CASE WHEN v.installed OPERATOR(pg_catalog.<>) v.available THEN 'ALTER EXTENSION itsm UPDATE.' END
	FROM version v
$$;
COMMENT ON FUNCTION itsm.health() IS 'One row per concern of an operator: level ok, warning or critical, what is the matter, and what to do about it. Members of pg_monitor may call it. It does not compare rows with the history: itsm.verify and attachment_health.drifted_rows do.';
REVOKE ALL ON FUNCTION itsm.health() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION itsm.health() TO pg_monitor;
