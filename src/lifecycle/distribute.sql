-- Attached tables under Citus, by tenant. Nothing here needs Citus to be there.

CREATE FUNCTION itsm.distribute(relation regclass, "column" text) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_distribute' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.distribute(regclass, text) IS 'Has Citus spread an attached table over its nodes by the values of a column, which names the tenant, and gives every node the policy that this one, the coordinator, has; returns how many nodes did not have it. To be called again when nodes were added and when a lifecycle was changed. Only the owner of the table may call it. Raises IT051 with everything that does not work so, 0A000 without Citus.';

CREATE FUNCTION itsm.table_policy(relation regclass) RETURNS jsonb
AS 'MODULE_PATHNAME', 'itsm_table_policy' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.table_policy(regclass) IS 'The attachments of a table that are in force, and the definitions of their lifecycles, in a form by which nodes can be compared. Only the owner of the table may ask.';

CREATE FUNCTION itsm.take_policy(relation regclass, policy jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $take$
DECLARE
	before jsonb := itsm.table_policy(relation);
	lifecycle record;
	new record;
	attachment integer;
	rule record;
	taken boolean := false;
BEGIN
	IF policy IS NULL OR jsonb_typeof(policy->'attachments') IS DISTINCT FROM 'array' OR jsonb_typeof(policy->'lifecycles') IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'this is not a policy' USING ERRCODE = 'IT051', HINT = 'itsm.table_policy tells it.';
	END IF;
	FOR lifecycle IN SELECT l.key, l.value FROM jsonb_each(policy->'lifecycles') l ORDER BY l.key COLLATE "C" LOOP
		IF (SELECT itsm.lifecycle_definition(l.name) FROM itsm.lifecycle l WHERE l.name = lifecycle.key LIMIT 1) IS DISTINCT FROM lifecycle.value THEN
			PERFORM itsm.define_lifecycle(lifecycle.value);
			taken := true;
		END IF;
	END LOOP;
	-- but for modes, which can be set, an attachment does not change
	IF (SELECT jsonb_agg(a.value - '{id,mode,rule_modes}'::text[] ORDER BY a.ordinality) FROM jsonb_array_elements(before->'attachments') WITH ORDINALITY a)
			IS DISTINCT FROM
			(SELECT jsonb_agg(a.value - '{id,mode,rule_modes}'::text[] ORDER BY a.ordinality) FROM jsonb_array_elements(policy->'attachments') WITH ORDINALITY a) THEN
		IF jsonb_array_length(before->'attachments') > 0 THEN
			PERFORM itsm.detach(relation);
		END IF;
		FOR new IN SELECT a.value FROM jsonb_array_elements(policy->'attachments') WITH ORDINALITY a ORDER BY a.ordinality LOOP
			PERFORM itsm.attach(relation, new.value->>'lifecycle', (new.value->>'status')::name, nullif(new.value->'states', 'null'),
				new.value->'attributes', new.value->>'filter', new.value->>'mode', new.value->>'timing',
				ARRAY(SELECT jsonb_array_elements_text(new.value->'track')), new.value->>'tenant',
				ARRAY(SELECT jsonb_array_elements_text(new.value->'key'))::name[], (new.value->>'notify')::boolean);
		END LOOP;
		taken := true;
		before := itsm.table_policy(relation);
	END IF;
	FOR new IN SELECT a.value, a.ordinality FROM jsonb_array_elements(policy->'attachments') WITH ORDINALITY a ORDER BY a.ordinality LOOP
		attachment := (before->'attachments'->(new.ordinality::integer - 1)->>'id')::integer;
		IF before->'attachments'->(new.ordinality::integer - 1)->'mode' IS DISTINCT FROM new.value->'mode' THEN
			PERFORM itsm.set_mode(attachment, new.value->>'mode');
			taken := true;
		END IF;
		FOR rule IN SELECT m.key, m.value FROM jsonb_each_text(new.value->'rule_modes') m ORDER BY m.key COLLATE "C" LOOP
			IF before->'attachments'->(new.ordinality::integer - 1)->'rule_modes'->>rule.key IS DISTINCT FROM rule.value THEN
				PERFORM itsm.set_mode(attachment, rule.value, rule.key);
				taken := true;
			END IF;
		END LOOP;
	END LOOP;
	RETURN taken;
END $take$;
COMMENT ON FUNCTION itsm.take_policy(regclass, jsonb) IS 'Makes the policy of a table what itsm.table_policy told on another node, and returns whether it was another one before. Called by itsm.distribute; only the owner of the table may.';
