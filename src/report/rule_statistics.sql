-- How often each rule was judged, and what it said: cumulative counters of the server.

CREATE FUNCTION itsm.rule_counters() RETURNS TABLE (attachment integer, rule text, calls bigint, in_scope bigint, unmet bigint, refused bigint,
	total_time double precision, counted_since timestamptz)
AS 'MODULE_PATHNAME', 'itsm_rule_counters' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 200;
COMMENT ON FUNCTION itsm.rule_counters() IS 'The counters behind itsm_report.rule_statistics, also of attachments that are detached. Whoever may read that view may ask.';

CREATE FUNCTION itsm.reset_rule_statistics(attachment integer DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_reset_rule_statistics' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.reset_rule_statistics(integer) IS 'Begins to count anew, for the rules of one attachment or of all in this database; returns how many were counted.';
REVOKE ALL ON FUNCTION itsm.reset_rule_statistics(integer) FROM PUBLIC;

CREATE VIEW itsm_report.rule_statistics WITH (security_barrier = true) AS
	SELECT a.id::bigint AS attachment,
		coalesce(n.nspname::pg_catalog.text OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) c.relname::pg_catalog.text,
			a.relation_name) AS source,
		a.lifecycle,
		s.rule,
		s.calls,
		s.in_scope,
		s.unmet,
		s.refused,
		s.total_time::pg_catalog.numeric AS total_time,
		s.counted_since
	FROM itsm.rule_counters() s
		JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) s.attachment
		LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid
		LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace;
REVOKE ALL ON itsm_report.rule_statistics FROM PUBLIC;

COMMENT ON VIEW itsm_report.rule_statistics IS 'How often each rule of each attachment was judged and what came of it, rolled back or not, since the server started or itsm.reset_rule_statistics was called. Each server of a replication has its own. What only asks (itsm.allowed_transitions, itsm.check_rows) is not counted.';
COMMENT ON COLUMN itsm_report.rule_statistics.attachment IS 'Number of the attachment.';
COMMENT ON COLUMN itsm_report.rule_statistics.source IS 'The table: schema and name, without quotes; of a table that is gone, the name it was attached by.';
COMMENT ON COLUMN itsm_report.rule_statistics.lifecycle IS 'The lifecycle.';
COMMENT ON COLUMN itsm_report.rule_statistics.rule IS 'The rule of the lifecycle, or status, initial, transition, delete, truncate: what is judged without a rule.';
COMMENT ON COLUMN itsm_report.rule_statistics.calls IS 'Writes for which it was judged: it was not off, and its "when" held.';
COMMENT ON COLUMN itsm_report.rule_statistics.in_scope IS 'Of these, moves inside its from and to; all of them when it has neither.';
COMMENT ON COLUMN itsm_report.rule_statistics.unmet IS 'Writes that did not meet it, refused or only observed.';
COMMENT ON COLUMN itsm_report.rule_statistics.refused IS 'Of these, writes for which it is enforced. Those that an override let pass are among them.';
COMMENT ON COLUMN itsm_report.rule_statistics.total_time IS 'Milliseconds that judging it took while itsm.track_timing was on.';
COMMENT ON COLUMN itsm_report.rule_statistics.counted_since IS 'When this rule was first counted, since the start or the last reset.';
