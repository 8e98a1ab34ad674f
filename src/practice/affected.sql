-- What incidents and changes affect, and what open incidents may have in common.

CREATE FUNCTION itsm.affected_cis(record bigint)
RETURNS TABLE (ci bigint, named_by text)
LANGUAGE sql STABLE STRICT SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT DISTINCT ON (n.ci) n.ci, n.named_by
	FROM (
			SELECT c.id, k.named_by
			FROM itsm.record r
				LEFT JOIN itsm.lifecycle_current l ON l.name OPERATOR(pg_catalog.=) r.lifecycle,
				LATERAL (
					SELECT 'ci'::pg_catalog.text, r.ci
					UNION ALL
					SELECT 'cis', u.key
					FROM pg_catalog.unnest(CASE
						WHEN l.definition OPERATOR(pg_catalog.#>>) '{attributes,cis}' OPERATOR(pg_catalog.=) 'text[]'
						THEN (r.extra OPERATOR(pg_catalog.->>) 'cis')::pg_catalog.text[] END) AS u(key)
				) AS k(named_by, key)
				JOIN itsm.record c ON c.key OPERATOR(pg_catalog.=) k.key
			WHERE r.id OPERATOR(pg_catalog.=) $1 AND itsm.caller_sees_tenant(r.tenant)
				AND c.tenant OPERATOR(pg_catalog.=) r.tenant AND NOT c.deleted
				AND c.process OPERATOR(pg_catalog.=) 'configuration_item'
			UNION ALL
			SELECT e.target, 'affects'
			FROM itsm.relationship e
			WHERE e.source OPERATOR(pg_catalog.=) $1 AND e.ended OPERATOR(pg_catalog.=) 0
				AND e.type OPERATOR(pg_catalog.=) 'affects' AND itsm.caller_sees_tenant(e.tenant)
		) AS n(ci, named_by)
	ORDER BY n.ci, n.named_by DESC
$$;
COMMENT ON FUNCTION itsm.affected_cis(bigint) IS
'The configuration items that a record, an incident or a change, affects: those that its canonical attributes ci and cis name by key, and those that it is related to as affects; named_by says which. Tells how records hang together, whoever owns their rows: grant EXECUTE to those who may know.';

CREATE FUNCTION itsm.affected_services(record bigint, max_depth integer DEFAULT NULL)
RETURNS TABLE (service bigint, ci bigint, depth integer)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH reached AS MATERIALIZED (
		SELECT a.ci, a.ci AS record, 0 AS depth FROM itsm.affected_cis($1) a
		UNION ALL
		SELECT a.ci, i.record, i.depth FROM itsm.affected_cis($1) a, LATERAL itsm.impact(a.ci, $2) i
	)
	SELECT DISTINCT ON (f.service) f.service, f.ci, f.depth
	FROM (
			SELECT s.id, w.ci, w.depth
			FROM reached w JOIN itsm.record s ON s.id OPERATOR(pg_catalog.=) w.record
			WHERE s.process OPERATOR(pg_catalog.=) 'service' AND NOT s.deleted
			UNION ALL
			-- services that say which items they consist of
			SELECT s.id, w.ci, w.depth OPERATOR(pg_catalog.+) 1
			FROM reached w
				JOIN itsm.record c ON c.id OPERATOR(pg_catalog.=) w.record
				JOIN itsm.reference e ON e.target OPERATOR(pg_catalog.=) c.key AND e.tenant OPERATOR(pg_catalog.=) c.tenant
					AND e.process OPERATOR(pg_catalog.=) 'configuration_item'
				JOIN itsm.record s ON s.id OPERATOR(pg_catalog.=) e.record AND s.tenant OPERATOR(pg_catalog.=) e.tenant
			WHERE c.process OPERATOR(pg_catalog.=) 'configuration_item' AND s.process OPERATOR(pg_catalog.=) 'service'
				AND NOT s.deleted AND ($2 IS NULL OR w.depth OPERATOR(pg_catalog.<) $2)
			UNION ALL
			SELECT s.id, NULL, 0
			FROM itsm.record r
				JOIN itsm.record s ON s.key OPERATOR(pg_catalog.=) r.service AND s.tenant OPERATOR(pg_catalog.=) r.tenant
			WHERE r.id OPERATOR(pg_catalog.=) $1 AND s.process OPERATOR(pg_catalog.=) 'service' AND NOT s.deleted
				AND itsm.caller_sees_tenant(r.tenant)
		) AS f(service, ci, depth)
	ORDER BY f.service, f.depth, f.ci
$$;
COMMENT ON FUNCTION itsm.affected_services(bigint, integer) IS
'The services that an incident or a change affects, each once: the one that its attribute service names, those that itsm.impact reaches from the items that it affects, and those that say in their attribute cis that they consist of such an item. ci: by which item (null: the record names the service itself); depth: how far from it. max_depth: no further than that. Grant EXECUTE as for itsm.affected_cis.';

CREATE FUNCTION itsm.incident_causes(incidents bigint[] DEFAULT NULL, max_depth integer DEFAULT NULL, causes integer DEFAULT 10)
RETURNS TABLE (record bigint, explained bigint, distance integer, incidents bigint[])
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH affected AS MATERIALIZED (
		SELECT r.id AS incident, a.ci
		FROM itsm.record r, LATERAL itsm.affected_cis(r.id) a
		WHERE r.process OPERATOR(pg_catalog.=) 'incident' AND NOT r.deleted
			AND CASE WHEN $1 IS NULL THEN r.category OPERATOR(pg_catalog.=) ANY ('{new,active,waiting}')
				ELSE r.id OPERATOR(pg_catalog.=) ANY ($1) END
	), cause AS MATERIALIZED (
		SELECT c.record, c.explained, c.distance, c.place
		FROM itsm.common_causes(ARRAY(SELECT DISTINCT a.ci FROM affected a ORDER BY 1), $2)
			WITH ORDINALITY AS c(record, explained, distance, place)
			JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) c.record
		-- what only reports the failure is no cause of it
		WHERE r.process OPERATOR(pg_catalog.<>) 'incident'
		ORDER BY c.place
		LIMIT $3
	)
	SELECT c.record, pg_catalog.cardinality(e.incidents)::pg_catalog.int8, c.distance, e.incidents
	FROM cause c,
		LATERAL (
			SELECT ARRAY(
				SELECT DISTINCT a.incident FROM affected a
				WHERE a.ci OPERATOR(pg_catalog.=) c.record
					OR a.ci OPERATOR(pg_catalog.=) ANY (itsm.impact_records(c.record, $2))
				ORDER BY a.incident)
		) AS e(incidents)
	ORDER BY pg_catalog.cardinality(e.incidents) DESC, c.place
$$;
COMMENT ON FUNCTION itsm.incident_causes(bigint[], integer, integer) IS
'What may be behind several incidents (null: all that are open): records whose failure reaches the items that they affect, as itsm.common_causes finds them, the likeliest first, at most as many as causes says (null: all). explained: how many of the incidents, and incidents: which; distance: the depths to their items taken together. Grant EXECUTE as for itsm.affected_cis.';

REVOKE ALL ON FUNCTION
	itsm.affected_cis(bigint),
	itsm.affected_services(bigint, integer),
	itsm.incident_causes(bigint[], integer, integer)
FROM PUBLIC;
