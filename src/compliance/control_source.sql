-- What several controls look at.
--
-- A management system is one, whatever tenants there are: where a control asks that something
-- exists at all, it looks over all tenants.  What belongs to a service, a change, a person is
-- looked for within the tenant.
--
-- Existence.  Where there is no record of the kind at all, and the register that would hold it
-- is empty as well, there is no evidence.  Where the register is in use (documents, but none of
-- this kind; analyses, but none of this subject; services, but no requirements of one of them)
-- what is missing is a row that fails, named by its kind.

CREATE FUNCTION itsm.lacking(attributes jsonb, VARIADIC names text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'lacks ' OPERATOR(pg_catalog.||) pg_catalog.string_agg(pg_catalog.replace(n.name, '_', ' '), ', ' ORDER BY n.number)
	FROM pg_catalog.unnest($2) WITH ORDINALITY AS n(name, number)
	WHERE coalesce(pg_catalog.btrim($1 OPERATOR(pg_catalog.->>) n.name), '') OPERATOR(pg_catalog.=) ''
$$;
REVOKE ALL ON FUNCTION itsm.lacking(jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION itsm.lacking(jsonb, text[]) IS 'Says which of these canonical attributes are not filled; null: all are. For queries of controls.';

CREATE FUNCTION itsm.lacking_sections(attributes jsonb, sections text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'lacks the sections ' OPERATOR(pg_catalog.||) pg_catalog.string_agg(n.name, ', ' ORDER BY n.number)
	FROM pg_catalog.unnest($2) WITH ORDINALITY AS n(name, number)
	WHERE n.name OPERATOR(pg_catalog.<>) ALL (coalesce(($1 OPERATOR(pg_catalog.->>) 'sections')::text[], '{}'))
$$;
REVOKE ALL ON FUNCTION itsm.lacking_sections(jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION itsm.lacking_sections(jsonb, text[]) IS 'Says which of these sections the attribute sections of a document does not list; null: it lists all of them. For queries of controls.';

CREATE VIEW itsm.document_in_force AS
	SELECT d.tenant, d.record, d.key, d.service,
		d.attributes OPERATOR(pg_catalog.->>) 'kind' AS kind,
		d.attributes OPERATOR(pg_catalog.->>) 'owner' AS owner,
		d.attributes OPERATOR(pg_catalog.->>) 'approver' AS approver,
		(d.attributes OPERATOR(pg_catalog.->>) 'effective_from')::date AS effective_from,
		(d.attributes OPERATOR(pg_catalog.->>) 'next_review')::date AS next_review,
		coalesce((d.attributes OPERATOR(pg_catalog.->>) 'approved_at')::timestamptz,
			pg_catalog.timezone('UTC', (d.attributes OPERATOR(pg_catalog.->>) 'effective_from')::date::timestamp), d.opened_at) AS reviewed_at,
		d.attributes
	FROM itsm.compliance_record d
	WHERE d.process OPERATOR(pg_catalog.=) 'document' AND d.state OPERATOR(pg_catalog.=) 'effective';
REVOKE ALL ON itsm.document_in_force FROM PUBLIC;
COMMENT ON VIEW itsm.document_in_force IS 'Documents in force, as controls look at them.';
COMMENT ON COLUMN itsm.document_in_force.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.document_in_force.record IS 'The record.';
COMMENT ON COLUMN itsm.document_in_force.key IS 'Key of the row.';
COMMENT ON COLUMN itsm.document_in_force.service IS 'Canonical attribute service.';
COMMENT ON COLUMN itsm.document_in_force.kind IS 'Attribute kind.';
COMMENT ON COLUMN itsm.document_in_force.owner IS 'Attribute owner.';
COMMENT ON COLUMN itsm.document_in_force.approver IS 'Attribute approver.';
COMMENT ON COLUMN itsm.document_in_force.effective_from IS 'Attribute effective_from.';
COMMENT ON COLUMN itsm.document_in_force.next_review IS 'Attribute next_review.';
COMMENT ON COLUMN itsm.document_in_force.reviewed_at IS 'When it was approved; where that is not known, from when on it holds, or when it was recorded.';
COMMENT ON COLUMN itsm.document_in_force.attributes IS 'All canonical attributes without a column of their own in the projection.';

CREATE FUNCTION itsm.control_document(kind text, period interval, at timestamptz, sections text[] DEFAULT '{}', single boolean DEFAULT true)
RETURNS TABLE (subject text, record bigint, ok boolean, problem text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT d.key, d.record, p.problem IS NULL, p.problem
	FROM (SELECT f.*, count(*) OVER (PARTITION BY f.tenant, f.service) AS in_force FROM itsm.document_in_force f WHERE f.kind = $1) d
		CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
			CASE WHEN $5 AND d.in_force > 1 THEN format('%s documents of kind %s are in force', d.in_force, $1) END,
			CASE WHEN coalesce(d.approver, '') = '' THEN 'nobody approved it' END,
			CASE WHEN d.next_review < ($3 AT TIME ZONE 'UTC')::date THEN 'is past its review date' END,
			CASE WHEN d.reviewed_at < $3 - $2 THEN 'was last approved longer ago than the interval' END,
			itsm.lacking_sections(d.attributes, $4)), '') AS problem OFFSET 0) p
	UNION ALL
	SELECT $1, NULL, false, format('no document of kind %s is in force', $1)
	WHERE NOT EXISTS (SELECT FROM itsm.document_in_force f WHERE f.kind = $1)
		AND EXISTS (SELECT FROM itsm.compliance_record r WHERE r.process = 'document')
$$;
REVOKE ALL ON FUNCTION itsm.control_document(text, interval, timestamptz, text[], boolean) FROM PUBLIC;
COMMENT ON FUNCTION itsm.control_document(text, interval, timestamptz, text[], boolean) IS 'Documents of a kind that are in force, and what is wrong with each: not approved, past its review date, approved before the interval, sections missing, several at once where a single one is asked for. A row that fails when documents are registered, but none of the kind is in force. For queries of controls.';

CREATE FUNCTION itsm.control_analysis(subject text, process text, period interval, at timestamptz)
RETURNS TABLE (subject text, record bigint, ok boolean, problem text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT $1, a.record, p.problem IS NULL, p.problem
	FROM (SELECT) one
		LEFT JOIN (
			SELECT r.record, r.attributes, coalesce(((r.attributes->>'held_at')::date)::timestamp AT TIME ZONE 'UTC', r.opened_at) AS at
			FROM itsm.compliance_record r
			WHERE r.process = 'analysis' AND r.attributes->>'subject' = $1 AND r.state = ANY ('{held,closed}')
				AND coalesce(((r.attributes->>'held_at')::date)::timestamp AT TIME ZONE 'UTC', r.opened_at) <= $4
			ORDER BY 3 DESC LIMIT 1
		) a ON true
		CROSS JOIN LATERAL (SELECT CASE
			WHEN a.record IS NULL THEN 'was never analysed'
			WHEN a.at < $4 - $3 THEN 'was last analysed longer ago than the interval'
			ELSE itsm.lacking(a.attributes, 'result') END AS problem OFFSET 0) p
	-- ordered, so that it looks at one row of the index
	WHERE (SELECT true FROM itsm.compliance_record r WHERE r.process = $2 ORDER BY r.opened_at LIMIT 1)
$$;
REVOKE ALL ON FUNCTION itsm.control_analysis(text, text, interval, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION itsm.control_analysis(text, text, interval, timestamptz) IS 'Whether records of a process were analysed within the interval, with a result: the last record of process analysis with that subject. No row where the process has no records. For queries of controls.';

CREATE VIEW itsm.controlled_service AS
	SELECT s.tenant, s.record, s.key, s.state, s.state OPERATOR(pg_catalog.=) 'live' AS live,
		s.state OPERATOR(pg_catalog.=) 'live' AND (s.attributes OPERATOR(pg_catalog.->>) 'in_scope')::boolean IS NOT FALSE AS in_scope,
		e.entered_at, s.attributes
	FROM itsm.compliance_record s
		LEFT JOIN itsm.record_state e ON e.record OPERATOR(pg_catalog.=) s.record AND e.tenant OPERATOR(pg_catalog.=) s.tenant
	WHERE s.process OPERATOR(pg_catalog.=) 'service';
REVOKE ALL ON itsm.controlled_service FROM PUBLIC;
COMMENT ON VIEW itsm.controlled_service IS 'Services as controls look at them.';
COMMENT ON COLUMN itsm.controlled_service.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.controlled_service.record IS 'The record.';
COMMENT ON COLUMN itsm.controlled_service.key IS 'Key of the row: what other records name the service by.';
COMMENT ON COLUMN itsm.controlled_service.state IS 'State.';
COMMENT ON COLUMN itsm.controlled_service.live IS 'The service is live.';
COMMENT ON COLUMN itsm.controlled_service.in_scope IS 'It is live, and not said to be out of scope.';
COMMENT ON COLUMN itsm.controlled_service.entered_at IS 'Since when it is in its state.';
COMMENT ON COLUMN itsm.controlled_service.attributes IS 'All canonical attributes without a column of their own in the projection.';

CREATE VIEW itsm.controlled_change AS
	SELECT c.tenant, c.record, c.key, c.category,
		coalesce(nullif(c.attributes OPERATOR(pg_catalog.->>) 'type', ''),
			CASE c.lifecycle WHEN 'emergency_change' THEN 'emergency' WHEN 'standard_change' THEN 'standard' ELSE 'normal' END) AS type,
		c.state OPERATOR(pg_catalog.=) ANY (ARRAY['scheduled', 'implement'])
			OR c.category OPERATOR(pg_catalog.=) ANY (ARRAY['resolved', 'closed']) AS approved,
		c.state OPERATOR(pg_catalog.=) 'implement'
			OR c.category OPERATOR(pg_catalog.=) ANY (ARRAY['resolved', 'closed']) AS implemented,
		c.category OPERATOR(pg_catalog.=) ANY (ARRAY['resolved', 'closed']) AS ended,
		c.title, c.requester, c.service, c.ci, c.impact, c.attributes,
		(c.attributes OPERATOR(pg_catalog.->>) 'planned_start')::timestamptz AS planned_start,
		(c.attributes OPERATOR(pg_catalog.->>) 'planned_end')::timestamptz AS planned_end,
		(c.attributes OPERATOR(pg_catalog.->>) 'actual_start')::timestamptz AS actual_start,
		(c.attributes OPERATOR(pg_catalog.->>) 'actual_end')::timestamptz AS actual_end,
		coalesce((c.attributes OPERATOR(pg_catalog.->>) 'actual_end')::timestamptz, c.resolved_at, c.closed_at) AS ended_at,
		c.opened_at, c.closed_at
	FROM itsm.compliance_record c
	WHERE c.process OPERATOR(pg_catalog.=) 'change';
REVOKE ALL ON itsm.controlled_change FROM PUBLIC;
COMMENT ON VIEW itsm.controlled_change IS 'Changes as controls look at them: how far they have come, and when.';
COMMENT ON COLUMN itsm.controlled_change.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.controlled_change.record IS 'The record.';
COMMENT ON COLUMN itsm.controlled_change.key IS 'Key of the row.';
COMMENT ON COLUMN itsm.controlled_change.category IS 'Category of the state.';
COMMENT ON COLUMN itsm.controlled_change.type IS 'Its attribute type; where that is not filled, normal, standard or emergency by its lifecycle.';
COMMENT ON COLUMN itsm.controlled_change.approved IS 'It is scheduled, is being implemented, or was.';
COMMENT ON COLUMN itsm.controlled_change.implemented IS 'It is being implemented, or was.';
COMMENT ON COLUMN itsm.controlled_change.ended IS 'It was implemented.';
COMMENT ON COLUMN itsm.controlled_change.title IS 'Canonical attribute title.';
COMMENT ON COLUMN itsm.controlled_change.requester IS 'Canonical attribute requester.';
COMMENT ON COLUMN itsm.controlled_change.service IS 'Canonical attribute service.';
COMMENT ON COLUMN itsm.controlled_change.ci IS 'Canonical attribute ci.';
COMMENT ON COLUMN itsm.controlled_change.impact IS 'Canonical attribute impact.';
COMMENT ON COLUMN itsm.controlled_change.attributes IS 'All other canonical attributes.';
COMMENT ON COLUMN itsm.controlled_change.planned_start IS 'Attribute planned_start.';
COMMENT ON COLUMN itsm.controlled_change.planned_end IS 'Attribute planned_end.';
COMMENT ON COLUMN itsm.controlled_change.actual_start IS 'Attribute actual_start.';
COMMENT ON COLUMN itsm.controlled_change.actual_end IS 'Attribute actual_end.';
COMMENT ON COLUMN itsm.controlled_change.ended_at IS 'Attribute actual_end; where that is not filled, when it was resolved or closed.';
COMMENT ON COLUMN itsm.controlled_change.opened_at IS 'When it was recorded.';
COMMENT ON COLUMN itsm.controlled_change.closed_at IS 'When it was closed.';

-- Days on which somebody held a role, and whether it is one of top management.
CREATE VIEW itsm.role_holder AS
	SELECT a.tenant, a.record, a.key, a.attributes OPERATOR(pg_catalog.->>) 'role' AS role,
		itsm.person_key(a.attributes OPERATOR(pg_catalog.->>) 'person') AS person_key,
		CASE WHEN (a.attributes OPERATOR(pg_catalog.->>) 'valid_to')::date OPERATOR(pg_catalog.<) (a.attributes OPERATOR(pg_catalog.->>) 'valid_from')::date THEN 'empty'::daterange
			ELSE pg_catalog.daterange((a.attributes OPERATOR(pg_catalog.->>) 'valid_from')::date, (a.attributes OPERATOR(pg_catalog.->>) 'valid_to')::date, '[]') END AS during,
		coalesce((r.attributes OPERATOR(pg_catalog.->>) 'top_management')::boolean, false) AS top_management,
		r.attributes AS role_attributes
	FROM itsm.compliance_record a
		LEFT JOIN itsm.compliance_record r ON r.process OPERATOR(pg_catalog.=) 'role' AND r.tenant OPERATOR(pg_catalog.=) a.tenant
			AND r.key OPERATOR(pg_catalog.=) (a.attributes OPERATOR(pg_catalog.->>) 'role')
	WHERE a.process OPERATOR(pg_catalog.=) 'role_assignment' AND a.category OPERATOR(pg_catalog.<>) 'new';
REVOKE ALL ON itsm.role_holder FROM PUBLIC;
COMMENT ON VIEW itsm.role_holder IS 'Who holds or held which role, as controls look at it.';
COMMENT ON COLUMN itsm.role_holder.tenant IS 'Tenant of the assignment.';
COMMENT ON COLUMN itsm.role_holder.record IS 'Record of the assignment.';
COMMENT ON COLUMN itsm.role_holder.key IS 'Key of the assignment.';
COMMENT ON COLUMN itsm.role_holder.role IS 'Key of the role.';
COMMENT ON COLUMN itsm.role_holder.person_key IS 'The person, to be compared with other names of persons.';
COMMENT ON COLUMN itsm.role_holder.during IS 'On which days.';
COMMENT ON COLUMN itsm.role_holder.top_management IS 'It is a role of top management.';
COMMENT ON COLUMN itsm.role_holder.role_attributes IS 'Attributes of the role; null when there is no such role.';
