-- How far the configuration management database can be relied on.
--
-- Records whose values are hidden (itsm.hidden_source) are counted without their class;
-- what follows from values is not said of them.

CREATE VIEW itsm.class_line AS
	WITH RECURSIVE line (class, ancestor, depth) AS (
		SELECT c.name, c.name, 0 FROM itsm.ci_class c
		UNION ALL
		SELECT l.class, c.parent, l.depth OPERATOR(pg_catalog.+) 1
		FROM line l JOIN itsm.ci_class c ON c.name OPERATOR(pg_catalog.=) l.ancestor
		WHERE c.parent IS NOT NULL
	)
	SELECT l.class, l.ancestor, l.depth FROM line l;
REVOKE ALL ON itsm.class_line FROM PUBLIC;
COMMENT ON VIEW itsm.class_line IS 'Each class of configuration items with itself and those above it.';
COMMENT ON COLUMN itsm.class_line.class IS 'The class.';
COMMENT ON COLUMN itsm.class_line.ancestor IS 'Itself, or a class above it.';
COMMENT ON COLUMN itsm.class_line.depth IS 'How far above: 0 is itself.';

CREATE VIEW itsm.class_expectation AS
	SELECT l.class, 'required' AS kind, a.attribute COLLATE pg_catalog."C" AS attribute, NULL::pg_catalog.text[] AS allowed
	FROM itsm.class_line l JOIN itsm.ci_class c ON c.name OPERATOR(pg_catalog.=) l.ancestor,
		LATERAL pg_catalog.unnest(c.required) AS a(attribute)
	UNION
	SELECT l.class, 'recommended', a.attribute COLLATE pg_catalog."C", NULL::pg_catalog.text[]
	FROM itsm.class_line l JOIN itsm.ci_class c ON c.name OPERATOR(pg_catalog.=) l.ancestor,
		LATERAL pg_catalog.unnest(c.recommended) AS a(attribute)
	WHERE NOT EXISTS (
		SELECT FROM itsm.class_line m JOIN itsm.ci_class o ON o.name OPERATOR(pg_catalog.=) m.ancestor
		WHERE m.class OPERATOR(pg_catalog.=) l.class AND a.attribute OPERATOR(pg_catalog.=) ANY (o.required))
	UNION ALL
	SELECT n.class, 'desired', n.attribute, n.allowed
	FROM (
			SELECT DISTINCT ON (l.class, d.attribute) l.class, d.attribute, d.allowed
			FROM itsm.class_line l JOIN itsm.desired_state d ON d.class OPERATOR(pg_catalog.=) l.ancestor
			ORDER BY l.class, d.attribute, l.depth
		) n;
REVOKE ALL ON itsm.class_expectation FROM PUBLIC;
COMMENT ON VIEW itsm.class_expectation IS 'What records of each class must or should have, those of the classes above included.';
COMMENT ON COLUMN itsm.class_expectation.class IS 'The class.';
COMMENT ON COLUMN itsm.class_expectation.kind IS 'required or recommended: the attribute is to be filled; desired: it is to have one of the values allowed.';
COMMENT ON COLUMN itsm.class_expectation.attribute IS 'Canonical attribute.';
COMMENT ON COLUMN itsm.class_expectation.allowed IS 'The values that it may have; null: any.';

CREATE VIEW itsm.ci AS
	SELECT r.tenant, r.id AS record, r.source, r.key, r.changed_at, h.id IS NULL AS shown,
		CASE WHEN h.id IS NULL THEN k.class END AS class,
		CASE WHEN h.id IS NULL THEN c.name END AS known_class,
		coalesce(c.abstract, false) AS abstract,
		r.priority, r.impact, r.urgency, r.title, r.requester, r.assignee, r.assignment_group, r.service, r.ci, r.classification, r.hold_reason, r.resolution_code, r.resolution, r.extra,
		p.stale_after, p.certify_every
	FROM itsm.seen_record r
		JOIN itsm.attachment a ON a.id OPERATOR(pg_catalog.=) r.attachment AND a.detached_at IS NULL
		CROSS JOIN LATERAL (
			SELECT coalesce(r.extra OPERATOR(pg_catalog.->>) 'ci_class', r.extra OPERATOR(pg_catalog.->>) 'class') COLLATE pg_catalog."C"
		) AS k(class)
		LEFT JOIN itsm.hidden_source h ON h.id OPERATOR(pg_catalog.=) r.source
		LEFT JOIN itsm.ci_class c ON c.name OPERATOR(pg_catalog.=) k.class
		LEFT JOIN (
			SELECT l.class,
				(pg_catalog.array_agg(o.stale_after ORDER BY l.depth) FILTER (WHERE o.stale_after IS NOT NULL))[1] AS stale_after,
				(pg_catalog.array_agg(o.certify_every ORDER BY l.depth) FILTER (WHERE o.certify_every IS NOT NULL))[1] AS certify_every
			FROM itsm.class_line l JOIN itsm.ci_class_policy o ON o.class OPERATOR(pg_catalog.=) l.ancestor
			GROUP BY l.class
		) p ON p.class OPERATOR(pg_catalog.=) k.class
	WHERE NOT r.deleted
		AND coalesce(r.category, '') OPERATOR(pg_catalog.<>) ALL ('{closed,cancelled}')
		AND (c.name IS NOT NULL OR r.process OPERATOR(pg_catalog.=) 'configuration_item');
REVOKE ALL ON itsm.ci FROM PUBLIC;
COMMENT ON VIEW itsm.ci IS 'The configuration items that there are: records of a defined class, or of the process configuration_item, that an attachment governs and that are not closed or cancelled.';
COMMENT ON COLUMN itsm.ci.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm.ci.record IS 'Number of the record.';
COMMENT ON COLUMN itsm.ci.source IS 'Its source.';
COMMENT ON COLUMN itsm.ci.key IS 'Key of the row.';
COMMENT ON COLUMN itsm.ci.changed_at IS 'When one of its values last changed.';
COMMENT ON COLUMN itsm.ci.shown IS 'Its values may be shown to the current user.';
COMMENT ON COLUMN itsm.ci.class IS 'Class that it says it is of; null: none, or hidden.';
COMMENT ON COLUMN itsm.ci.known_class IS 'The same, if there is such a class.';
COMMENT ON COLUMN itsm.ci.abstract IS 'No record is to be of that class.';
COMMENT ON COLUMN itsm.ci.priority IS 'Canonical attribute priority.';
COMMENT ON COLUMN itsm.ci.impact IS 'Canonical attribute impact.';
COMMENT ON COLUMN itsm.ci.urgency IS 'Canonical attribute urgency.';
COMMENT ON COLUMN itsm.ci.title IS 'Canonical attribute title.';
COMMENT ON COLUMN itsm.ci.requester IS 'Canonical attribute requester.';
COMMENT ON COLUMN itsm.ci.assignee IS 'Canonical attribute assignee.';
COMMENT ON COLUMN itsm.ci.assignment_group IS 'Canonical attribute assignment_group.';
COMMENT ON COLUMN itsm.ci.service IS 'Canonical attribute service.';
COMMENT ON COLUMN itsm.ci.ci IS 'Canonical attribute ci.';
COMMENT ON COLUMN itsm.ci.classification IS 'Canonical attribute category.';
COMMENT ON COLUMN itsm.ci.hold_reason IS 'Canonical attribute hold_reason.';
COMMENT ON COLUMN itsm.ci.resolution_code IS 'Canonical attribute resolution_code.';
COMMENT ON COLUMN itsm.ci.resolution IS 'Canonical attribute resolution.';
COMMENT ON COLUMN itsm.ci.extra IS 'All other canonical attributes.';
COMMENT ON COLUMN itsm.ci.stale_after IS 'How often it is to be seen or changed; null: not said.';
COMMENT ON COLUMN itsm.ci.certify_every IS 'How often it is to be certified; null: not said.';

CREATE VIEW itsm.ci_expectation AS
	SELECT c.tenant, c.record, e.kind, e.attribute, e.allowed, v.value,
		CASE WHEN e.kind OPERATOR(pg_catalog.=) 'desired' THEN coalesce(v.value OPERATOR(pg_catalog.=) ANY (e.allowed), false)
			ELSE coalesce(pg_catalog.btrim(v.value, E' \t\n\r\f\v'), '') OPERATOR(pg_catalog.<>) '' END AS met
	FROM itsm.ci c
		JOIN itsm.class_expectation e ON e.class OPERATOR(pg_catalog.=) c.known_class
		CROSS JOIN LATERAL (
			SELECT CASE
				WHEN e.attribute OPERATOR(pg_catalog.=) 'priority' THEN c.priority::pg_catalog.text
				WHEN e.attribute OPERATOR(pg_catalog.=) 'impact' THEN c.impact::pg_catalog.text
				WHEN e.attribute OPERATOR(pg_catalog.=) 'urgency' THEN c.urgency::pg_catalog.text
				WHEN e.attribute OPERATOR(pg_catalog.=) 'title' THEN c.title
				WHEN e.attribute OPERATOR(pg_catalog.=) 'requester' THEN c.requester
				WHEN e.attribute OPERATOR(pg_catalog.=) 'assignee' THEN c.assignee
				WHEN e.attribute OPERATOR(pg_catalog.=) 'assignment_group' THEN c.assignment_group
				WHEN e.attribute OPERATOR(pg_catalog.=) 'service' THEN c.service
				WHEN e.attribute OPERATOR(pg_catalog.=) 'ci' THEN c.ci
				WHEN e.attribute OPERATOR(pg_catalog.=) 'category' THEN c.classification
				WHEN e.attribute OPERATOR(pg_catalog.=) 'hold_reason' THEN c.hold_reason
				WHEN e.attribute OPERATOR(pg_catalog.=) 'resolution_code' THEN c.resolution_code
				WHEN e.attribute OPERATOR(pg_catalog.=) 'resolution' THEN c.resolution
				ELSE c.extra OPERATOR(pg_catalog.->>) e.attribute END
		) AS v(value);
REVOKE ALL ON itsm.ci_expectation FROM PUBLIC;
COMMENT ON VIEW itsm.ci_expectation IS 'What is expected of each configuration item, and whether it is so.';
COMMENT ON COLUMN itsm.ci_expectation.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm.ci_expectation.record IS 'Number of the record.';
COMMENT ON COLUMN itsm.ci_expectation.kind IS 'required, recommended or desired.';
COMMENT ON COLUMN itsm.ci_expectation.attribute IS 'Canonical attribute.';
COMMENT ON COLUMN itsm.ci_expectation.allowed IS 'The values that it may have; null: any.';
COMMENT ON COLUMN itsm.ci_expectation.value IS 'The value that it has.';
COMMENT ON COLUMN itsm.ci_expectation.met IS 'It is as expected.';

CREATE VIEW itsm.ci_duplicate AS
	SELECT DISTINCT a.tenant, a.record, b.record AS other
	FROM (
			SELECT i.tenant, i.identity FROM itsm.seen_ci_identity i
			GROUP BY i.tenant, i.identity HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1
		) g
		JOIN itsm.seen_ci_identity a ON a.identity OPERATOR(pg_catalog.=) g.identity AND a.tenant OPERATOR(pg_catalog.=) g.tenant
		JOIN itsm.seen_ci_identity b ON b.identity OPERATOR(pg_catalog.=) g.identity AND b.tenant OPERATOR(pg_catalog.=) g.tenant
	WHERE b.record OPERATOR(pg_catalog.<>) a.record;
REVOKE ALL ON itsm.ci_duplicate FROM PUBLIC;
COMMENT ON VIEW itsm.ci_duplicate IS 'Records that an identification rule cannot tell apart.';
COMMENT ON COLUMN itsm.ci_duplicate.tenant IS 'Tenant of both.';
COMMENT ON COLUMN itsm.ci_duplicate.record IS 'Number of the record.';
COMMENT ON COLUMN itsm.ci_duplicate.other IS 'Number of the other one.';

CREATE VIEW itsm.ci_sight AS
	SELECT c.tenant, c.record, c.source, c.key, c.shown, c.class, c.shown AND (c.known_class IS NULL OR c.abstract) AS unclassified,
		c.known_class, s.seen_at, t.certified_at,
		-- a look into an index, most often one; NOT EXISTS would have all relationships hashed, twice
		(SELECT true FROM itsm.seen_relationship o
			WHERE o.source OPERATOR(pg_catalog.=) c.record AND o.ended OPERATOR(pg_catalog.=) 0 LIMIT 1) IS NULL
		AND (SELECT true FROM itsm.seen_relationship o
			WHERE o.target OPERATOR(pg_catalog.=) c.record AND o.ended OPERATOR(pg_catalog.=) 0 LIMIT 1) IS NULL AS orphan,
		-- what is hidden cannot be told to be of a class that asks for it
		CASE WHEN c.shown THEN greatest(s.seen_at, c.changed_at) OPERATOR(pg_catalog.+) c.stale_after OPERATOR(pg_catalog.<) pg_catalog.now() END AS stale,
		CASE WHEN c.shown AND c.certify_every IS NOT NULL
			THEN coalesce(t.certified_at OPERATOR(pg_catalog.+) c.certify_every OPERATOR(pg_catalog.<) pg_catalog.now(), true) END AS certification_due,
		c.priority, c.impact, c.urgency, c.title, c.requester, c.assignee, c.assignment_group, c.service, c.ci, c.classification, c.hold_reason, c.resolution_code, c.resolution, c.extra
	FROM itsm.ci c
		LEFT JOIN (
			SELECT i.tenant, i.record, pg_catalog.max(i.seen_at) AS seen_at FROM itsm.seen_source_item i
			WHERE i.outcome OPERATOR(pg_catalog.=) 'matched' GROUP BY i.tenant, i.record
		) s ON s.record OPERATOR(pg_catalog.=) c.record AND s.tenant OPERATOR(pg_catalog.=) c.tenant
		LEFT JOIN itsm.seen_ci_certification t ON t.record OPERATOR(pg_catalog.=) c.record AND t.tenant OPERATOR(pg_catalog.=) c.tenant;
REVOKE ALL ON itsm.ci_sight FROM PUBLIC;
COMMENT ON VIEW itsm.ci_sight IS 'When each configuration item was seen and certified, and whether it is related to anything.';
COMMENT ON COLUMN itsm.ci_sight.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm.ci_sight.record IS 'Number of the record.';
COMMENT ON COLUMN itsm.ci_sight.source IS 'Its source.';
COMMENT ON COLUMN itsm.ci_sight.key IS 'Key of the row.';
COMMENT ON COLUMN itsm.ci_sight.shown IS 'Its values may be shown to the current user.';
COMMENT ON COLUMN itsm.ci_sight.class IS 'Class that it says it is of; null: none, or hidden.';
COMMENT ON COLUMN itsm.ci_sight.unclassified IS 'It is of no class, of one that is not defined, or of an abstract one.';
COMMENT ON COLUMN itsm.ci_sight.known_class IS 'Its class, if there is such a one.';
COMMENT ON COLUMN itsm.ci_sight.seen_at IS 'When a source last had it.';
COMMENT ON COLUMN itsm.ci_sight.certified_at IS 'When its owner last certified it.';
COMMENT ON COLUMN itsm.ci_sight.orphan IS 'No relationship holds.';
COMMENT ON COLUMN itsm.ci_sight.stale IS 'Neither seen nor changed in time; null: nothing is said of its class, or it is hidden.';
COMMENT ON COLUMN itsm.ci_sight.certification_due IS 'Not certified in time; null: nothing is said of its class, or it is hidden.';
COMMENT ON COLUMN itsm.ci_sight.priority IS 'Canonical attribute priority.';
COMMENT ON COLUMN itsm.ci_sight.impact IS 'Canonical attribute impact.';
COMMENT ON COLUMN itsm.ci_sight.urgency IS 'Canonical attribute urgency.';
COMMENT ON COLUMN itsm.ci_sight.title IS 'Canonical attribute title.';
COMMENT ON COLUMN itsm.ci_sight.requester IS 'Canonical attribute requester.';
COMMENT ON COLUMN itsm.ci_sight.assignee IS 'Canonical attribute assignee.';
COMMENT ON COLUMN itsm.ci_sight.assignment_group IS 'Canonical attribute assignment_group.';
COMMENT ON COLUMN itsm.ci_sight.service IS 'Canonical attribute service.';
COMMENT ON COLUMN itsm.ci_sight.ci IS 'Canonical attribute ci.';
COMMENT ON COLUMN itsm.ci_sight.classification IS 'Canonical attribute category.';
COMMENT ON COLUMN itsm.ci_sight.hold_reason IS 'Canonical attribute hold_reason.';
COMMENT ON COLUMN itsm.ci_sight.resolution_code IS 'Canonical attribute resolution_code.';
COMMENT ON COLUMN itsm.ci_sight.resolution IS 'Canonical attribute resolution.';
COMMENT ON COLUMN itsm.ci_sight.extra IS 'All other canonical attributes.';

-- What is asked several times is found out once.
CREATE VIEW itsm_report.cmdb_health_finding WITH (security_barrier = true) AS
	WITH c AS MATERIALIZED (SELECT * FROM itsm.ci_sight)
	SELECT c.tenant, c.record, s.name AS source, c.key, c.class, f.kind, f.attribute, f.detail
	FROM (
			SELECT e.tenant, e.record, e.kind, e.attribute,
				CASE WHEN e.kind OPERATOR(pg_catalog.=) 'desired' THEN pg_catalog.format('%L is not one of: %s', e.value,
						pg_catalog.array_to_string(e.allowed, ', '))
					ELSE 'not filled' END AS detail
			FROM itsm.ci_expectation e WHERE NOT e.met
			UNION ALL
			SELECT k.tenant, k.record, 'class', NULL,
				CASE WHEN k.class IS NULL THEN 'of no class'
					WHEN k.known_class IS NULL THEN 'of a class that is not defined'
					ELSE 'of an abstract class' END
			FROM c k WHERE k.unclassified
			UNION ALL
			SELECT d.tenant, d.record, 'duplicate', NULL,
				'the same as record ' OPERATOR(pg_catalog.||) pg_catalog.string_agg(d.other::pg_catalog.text, ', ' ORDER BY d.other)
			FROM itsm.ci_duplicate d
				JOIN c a ON a.record OPERATOR(pg_catalog.=) d.record AND a.tenant OPERATOR(pg_catalog.=) d.tenant AND a.shown
				JOIN c b ON b.record OPERATOR(pg_catalog.=) d.other AND b.tenant OPERATOR(pg_catalog.=) d.tenant AND b.shown
			GROUP BY d.tenant, d.record
			UNION ALL
			SELECT o.tenant, o.record, 'orphan', NULL, 'related to nothing' FROM c o WHERE o.orphan
			UNION ALL
			SELECT o.tenant, o.record, 'stale', NULL,
				coalesce(pg_catalog.to_char(pg_catalog.timezone('UTC', o.seen_at), '"seen last at "YYYY-MM-DD HH24:MI:SS" UTC"'), 'never seen')
			FROM c o WHERE o.stale
			UNION ALL
			SELECT o.tenant, o.record, 'certification', NULL,
				coalesce(pg_catalog.to_char(pg_catalog.timezone('UTC', o.certified_at), '"certified last at "YYYY-MM-DD HH24:MI:SS" UTC"'), 'never certified')
			FROM c o WHERE o.certification_due
		) AS f(tenant, record, kind, attribute, detail)
		JOIN c ON c.record OPERATOR(pg_catalog.=) f.record AND c.tenant OPERATOR(pg_catalog.=) f.tenant
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) c.source;
REVOKE ALL ON itsm_report.cmdb_health_finding FROM PUBLIC;
COMMENT ON VIEW itsm_report.cmdb_health_finding IS 'Configuration items that are not as they are to be, a row for each thing found. Of a table with row-level security, only orphans are shown to others than the roles named by itsm.grant_reader, and without their class.';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.record IS 'Number of the record.';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.key IS 'Key of the row.';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.class IS 'Its class; null: none, or hidden.';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.kind IS 'class (of none, of one that is not defined, or abstract), required or recommended (an attribute is not filled), desired (an attribute has another value than allowed), duplicate (an identification rule cannot tell it from another one), orphan (related to nothing), stale (not seen in time) or certification (not certified in time).';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.attribute IS 'Canonical attribute concerned; null: none.';
COMMENT ON COLUMN itsm_report.cmdb_health_finding.detail IS 'What was found.';

CREATE FUNCTION itsm.expectation_tally_add(pg_catalog.internal, pg_catalog.jsonb, pg_catalog.jsonb, pg_catalog.int4, pg_catalog.int4, pg_catalog.int4, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'itsm_expectation_tally_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION itsm.expectation_tally_end(pg_catalog.internal) RETURNS pg_catalog.int8[]
AS 'MODULE_PATHNAME', 'itsm_expectation_tally_end' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE itsm.expectation_tally(pg_catalog.jsonb, pg_catalog.jsonb, pg_catalog.int4, pg_catalog.int4, pg_catalog.int4, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) (SFUNC = itsm.expectation_tally_add, STYPE = pg_catalog.internal, SSPACE = 64, FINALFUNC = itsm.expectation_tally_end, PARALLEL = SAFE);
COMMENT ON FUNCTION itsm.expectation_tally_add(pg_catalog.internal, pg_catalog.jsonb, pg_catalog.jsonb, pg_catalog.int4, pg_catalog.int4, pg_catalog.int4, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'Adds an item to itsm.expectation_tally.';
COMMENT ON FUNCTION itsm.expectation_tally_end(pg_catalog.internal) IS 'The result of itsm.expectation_tally.';
COMMENT ON AGGREGATE itsm.expectation_tally(pg_catalog.jsonb, pg_catalog.jsonb, pg_catalog.int4, pg_catalog.int4, pg_catalog.int4, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'Over items of one class: what the class expects, [{"attribute", "kind", "allowed"}, …] as itsm.class_expectation has it, the attributes without a column of their own, and the columns priority, impact, urgency, title, requester, assignee, assignment_group, service, ci, category, hold_reason, resolution_code and resolution. Seven numbers: required attributes and those filled, recommended ones and those filled, desired ones and those that have a value allowed, and items with all that is required.';
REVOKE ALL ON FUNCTION itsm.expectation_tally_add(pg_catalog.internal, pg_catalog.jsonb, pg_catalog.jsonb, pg_catalog.int4, pg_catalog.int4, pg_catalog.int4, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text), itsm.expectation_tally_end(pg_catalog.internal) FROM PUBLIC;

-- Each item is looked at once.
CREATE VIEW itsm_report.cmdb_health WITH (security_barrier = true) AS
	SELECT h.tenant, h.class, h.cis, h.unclassified, h.tally[7] AS complete,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) h.tally[2] OPERATOR(pg_catalog./) nullif(h.tally[1], 0), 1) AS required_share,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) h.tally[4] OPERATOR(pg_catalog./) nullif(h.tally[3], 0), 1) AS recommended_share,
		pg_catalog.round(100.0 OPERATOR(pg_catalog.*) h.tally[6] OPERATOR(pg_catalog./) nullif(h.tally[5], 0), 1) AS compliant_share,
		h.duplicates, h.orphans, h.stale, h.certifications_due
	FROM (
			SELECT c.tenant, c.class, pg_catalog.count(*) AS cis,
				pg_catalog.count(*) FILTER (WHERE c.unclassified) AS unclassified,
				itsm.expectation_tally(CASE WHEN c.known_class IS NOT NULL THEN coalesce(e.expected, '[]') END, c.extra, c.priority, c.impact, c.urgency, c.title,
					c.requester, c.assignee, c.assignment_group, c.service, c.ci, c.classification, c.hold_reason, c.resolution_code, c.resolution) AS tally,
				pg_catalog.count(d.record) AS duplicates,
				pg_catalog.count(*) FILTER (WHERE c.orphan) AS orphans,
				CASE WHEN pg_catalog.count(c.stale) OPERATOR(pg_catalog.>) 0 THEN pg_catalog.count(*) FILTER (WHERE c.stale) END AS stale,
				CASE WHEN pg_catalog.count(c.certification_due) OPERATOR(pg_catalog.>) 0
					THEN pg_catalog.count(*) FILTER (WHERE c.certification_due) END AS certifications_due
			-- OFFSET 0: each column is made once, and is not taken for as many classes as there are items
			FROM (SELECT * FROM itsm.ci_sight OFFSET 0) c
				LEFT JOIN (
					SELECT x.class, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('attribute', x.attribute, 'kind', x.kind, 'allowed', x.allowed)) AS expected
					FROM itsm.class_expectation x GROUP BY x.class
				) e ON e.class OPERATOR(pg_catalog.=) c.known_class
				LEFT JOIN (
					SELECT DISTINCT y.tenant, y.record
					FROM (
							SELECT i.tenant, i.record, pg_catalog.count(*) OVER (PARTITION BY i.tenant, i.identity) AS alike
							FROM (
									SELECT x.tenant, x.identity FROM itsm.seen_ci_identity x
									GROUP BY x.tenant, x.identity HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1
								) g
								JOIN itsm.seen_ci_identity i ON i.identity OPERATOR(pg_catalog.=) g.identity AND i.tenant OPERATOR(pg_catalog.=) g.tenant
								JOIN itsm.ci a ON a.record OPERATOR(pg_catalog.=) i.record AND a.tenant OPERATOR(pg_catalog.=) i.tenant AND a.shown
						) y
					WHERE y.alike OPERATOR(pg_catalog.>) 1
				) d ON d.record OPERATOR(pg_catalog.=) c.record AND d.tenant OPERATOR(pg_catalog.=) c.tenant
			GROUP BY c.tenant, c.class
		) h;
REVOKE ALL ON itsm_report.cmdb_health FROM PUBLIC;
COMMENT ON VIEW itsm_report.cmdb_health IS 'Health of the configuration items by class. itsm_report.cmdb_health_finding names those concerned. Items of tables with row-level security are counted without class, and only as items and orphans, for others than the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.cmdb_health.tenant IS 'Tenant.';
COMMENT ON COLUMN itsm_report.cmdb_health.class IS 'Class that they say they are of; null: none, or hidden.';
COMMENT ON COLUMN itsm_report.cmdb_health.cis IS 'Configuration items that are not closed or cancelled.';
COMMENT ON COLUMN itsm_report.cmdb_health.unclassified IS 'Those of no class, of one that is not defined, or of an abstract one.';
COMMENT ON COLUMN itsm_report.cmdb_health.complete IS 'Those with all required attributes filled.';
COMMENT ON COLUMN itsm_report.cmdb_health.required_share IS 'Share of the required attributes that are filled, in per cent; null: none are required.';
COMMENT ON COLUMN itsm_report.cmdb_health.recommended_share IS 'Share of the recommended attributes that are filled, in per cent; null: none are recommended.';
COMMENT ON COLUMN itsm_report.cmdb_health.compliant_share IS 'Share of the attributes with a desired state that have one of the values allowed, in per cent; null: none has a desired state.';
COMMENT ON COLUMN itsm_report.cmdb_health.duplicates IS 'Those that an identification rule cannot tell from another one.';
COMMENT ON COLUMN itsm_report.cmdb_health.orphans IS 'Those related to nothing.';
COMMENT ON COLUMN itsm_report.cmdb_health.stale IS 'Those neither seen by a source nor changed in time; null: nothing is said of the class.';
COMMENT ON COLUMN itsm_report.cmdb_health.certifications_due IS 'Those not certified by their owner in time; null: nothing is said of the class.';
