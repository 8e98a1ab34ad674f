-- Baselines as changes and releases use them.

CREATE FUNCTION itsm.propose_baseline(relation regclass, key text, baseline text, cis bigint[] DEFAULT NULL)
RETURNS TABLE (record bigint, item text, attribute text, value text, proposal bigint, message text)
AS 'MODULE_PATHNAME', 'itsm_propose_baseline' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.propose_baseline(regclass, text, text, bigint[]) IS
'Has a change (relation, key) propose what brings configuration items back to a baseline: itsm.apply_proposals sets it when the change is done, each row judged like any other write. cis: these records only; null: all of the baseline. A row for each difference: the item, the attribute (of a relationship: its type), its value in the baseline (of a relationship: the key of the target), and the proposal that sets it; or the message why none does, for what has to be done by hand: items that came or went, relationships, keys, redacted values, attributes that are no column. Nothing is written but proposals. Needs UPDATE of the columns. Grant EXECUTE as for itsm.take_baseline.';
REVOKE ALL ON FUNCTION itsm.propose_baseline(regclass, text, text, bigint[]) FROM PUBLIC;

CREATE FUNCTION itsm.baseline_covers_changes(baseline text, changes text[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM itsm.baseline b WHERE b.name OPERATOR(pg_catalog.=) $1
		AND itsm.baseline_covers(b.name, VARIADIC ARRAY(
			SELECT c.ci
			FROM pg_catalog.unnest($2) AS k(key)
				JOIN itsm.record r ON r.key OPERATOR(pg_catalog.=) k.key AND r.tenant OPERATOR(pg_catalog.=) b.tenant
					AND r.process OPERATOR(pg_catalog.=) 'change' AND NOT r.deleted
				JOIN itsm.change_booking o ON o.record OPERATOR(pg_catalog.=) r.id AND o.tenant OPERATOR(pg_catalog.=) r.tenant
				JOIN itsm.booked_ci c ON c.number OPERATOR(pg_catalog.=) pg_catalog.lower(o.place))))
$$;
COMMENT ON FUNCTION itsm.baseline_covers_changes(text, text[]) IS 'True when there is a baseline of that name and it holds the configuration items that the changes with these keys have booked. For checks of lifecycles.';
