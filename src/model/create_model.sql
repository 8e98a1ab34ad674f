-- itsm.create_model: the parts of the reference model, made in a schema and attached, with
-- nothing but what every caller may do.

-- The parts that are asked for, with those that they need, in the order of making.
CREATE FUNCTION itsm.model_parts(parts text[])
RETURNS TABLE (part text, asked boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unknown text;
BEGIN
	SELECT string_agg(coalesce('"' || p || '"', 'null'), ', ' ORDER BY n) INTO unknown
	FROM unnest(parts) WITH ORDINALITY AS u(p, n) WHERE NOT EXISTS (SELECT FROM itsm.model_part m WHERE m.name = p);
	IF unknown IS NOT NULL OR cardinality(parts) = 0 THEN
		RAISE EXCEPTION USING ERRCODE = 'IT051',
			MESSAGE = CASE WHEN unknown IS NULL THEN 'no part of the reference model is named' ELSE format('not a part of the reference model: %s', unknown) END,
			HINT = 'Its parts are ' || (SELECT string_agg(m.name, ', ' ORDER BY m.position) FROM itsm.model_part m) || '.';
	END IF;
	RETURN QUERY
		WITH RECURSIVE wanted (name) AS (
			SELECT m.name FROM itsm.model_part m WHERE parts IS NULL OR m.name = ANY (parts)
			UNION
			SELECT r FROM wanted w JOIN itsm.model_part m ON m.name = w.name, unnest(m.requires) AS r
		)
		SELECT m.name, parts IS NULL OR m.name = ANY (parts) FROM wanted w JOIN itsm.model_part m ON m.name = w.name ORDER BY m.position;
END $$;
COMMENT ON FUNCTION itsm.model_parts(text[]) IS 'The parts of the reference model that itsm.create_model makes when these are asked for (null: all), in order; asked: not only because another one needs it. Raises IT051 for what is no part.';

-- Whether a part is there as create_model makes it: all of its tables, attached.
CREATE FUNCTION itsm.model_part_exists(schema name, part text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT bool_and(c.oid IS NOT NULL
		AND (NOT EXISTS (SELECT FROM itsm.model_attachment a WHERE a.relation = t)
			OR EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgfoid = 'itsm.judge()'::regprocedure)))
	FROM itsm.model_part m
		CROSS JOIN unnest(m.tables) AS t
		LEFT JOIN pg_namespace n ON n.nspname = $1
		LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t AND c.relkind IN ('r', 'p')
	WHERE m.name = $2
$$;
COMMENT ON FUNCTION itsm.model_part_exists(name, text) IS 'True when all tables of a part of the reference model are in the schema, and attached.';

-- Refuses what stands in the way before anything is made.
CREATE FUNCTION itsm.check_model_schema(schema name, parts text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	taken text;
BEGIN
	IF schema IN ('itsm', 'itsm_report') THEN
		RAISE EXCEPTION USING ERRCODE = 'IT051', MESSAGE = format('the reference model cannot be made in schema "%s", which is the extension''s own', schema),
			HINT = 'Name a schema of yours; it is created when it is not there.', SCHEMA = schema;
	END IF;
	IF schema LIKE 'pg\_%' OR schema = 'information_schema' THEN
		RAISE EXCEPTION USING ERRCODE = 'IT051', MESSAGE = format('the reference model cannot be made in schema "%s", which is the system''s', schema),
			HINT = 'Name a schema of yours; it is created when it is not there.', SCHEMA = schema;
	END IF;
	SELECT string_agg(c.relname, ', ' ORDER BY m.position, o) INTO taken
	FROM itsm.model_part m
		CROSS JOIN unnest(m.tables) WITH ORDINALITY AS t(name, o)
		JOIN pg_namespace n ON n.nspname = schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
	WHERE m.name = ANY (parts);
	IF taken IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'IT051', MESSAGE = format('schema "%s" has already: %s', schema, taken),
			HINT = 'Nothing was made. Name another schema, or only parts whose tables are not there.', SCHEMA = schema;
	END IF;
END $$;
COMMENT ON FUNCTION itsm.check_model_schema(name, text[]) IS 'Raises IT051 when these parts of the reference model cannot be made in the schema: it is the extension''s own or the system''s, or has tables, views or whatever of the same names.';

-- What columns and link tables say, where both ends are there and one of them is made now.
CREATE FUNCTION itsm.model_relationships(made text[], present text[])
RETURNS TABLE (relation name, type text, source name, target name)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.relation, r.type, r.source, r.target FROM itsm.model_relationship r
	WHERE r.part = ANY ($2) AND r.other = ANY ($2) AND (r.part = ANY ($1) OR r.other = ANY ($1))
$$;
COMMENT ON FUNCTION itsm.model_relationships(text[], text[]) IS 'Relationships of the reference model to attach when the parts made are made beside the others that are present.';

-- attach_relationships is for the DBA to grant: who lacks it is told before anything is made.
CREATE FUNCTION itsm.check_model_rights(made text[], present text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	needed CONSTANT regprocedure := 'itsm.attach_relationships(regclass, text, name, name, regclass, regclass, text)'::regprocedure;
BEGIN
	IF NOT has_function_privilege(needed, 'EXECUTE') AND EXISTS (SELECT FROM itsm.model_relationships(made, present)) THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'permission denied for function attach_relationships, which these parts of the reference model need',
			HINT = format('GRANT EXECUTE ON FUNCTION %s TO %I', needed, current_user);
	END IF;
END $$;
COMMENT ON FUNCTION itsm.check_model_rights(text[], text[]) IS 'Raises 42501 when the caller may not attach the relationships that these parts of the reference model come with.';

-- A foreign key between two parts.  Rows from before the other part was there are not asked:
-- what they name can only be filled in afterwards.
CREATE PROCEDURE itsm.link_model_parts(schema name, relation name, attribute name, target name)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	filled boolean;
	link CONSTANT text := relation || '_' || attribute || '_fkey';
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I WHERE %I IS NOT NULL)', schema, relation, attribute) INTO filled;
	EXECUTE format('ALTER TABLE %1$I.%2$I ADD CONSTRAINT %5$I FOREIGN KEY (%3$I) REFERENCES %1$I.%4$I', schema, relation, attribute, target, link)
		|| CASE WHEN filled THEN ' NOT VALID' ELSE '' END;
	IF filled THEN
		RAISE NOTICE USING MESSAGE = format('rows of %I.%I that name a row of %I are not checked yet', schema, relation, target),
			HINT = format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', schema, relation, link);
	END IF;
END $$;
COMMENT ON PROCEDURE itsm.link_model_parts(name, name, name, name) IS 'Adds a foreign key between tables of the reference model: not validated, and with a NOTICE, where the column has values already.';

-- The canonical attributes of a lifecycle that a table has columns for.
CREATE FUNCTION itsm.model_attributes(relation regclass, lifecycle text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_object_agg(a.attname, quote_ident(a.attname)), '{}')
	FROM pg_attribute a
	WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
		AND itsm.lifecycle_definition($2) -> 'attributes' ? a.attname::text
$$;
COMMENT ON FUNCTION itsm.model_attributes(regclass, text) IS 'Attributes of the lifecycle that are columns of the table, as itsm.attach takes them.';

CREATE PROCEDURE itsm.create_model(schema name, parts text[] DEFAULT NULL, mode text DEFAULT 'enforce')
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made text[];
	present text[];
	r record;
BEGIN
	IF schema IS NULL OR schema = '' OR mode IS NULL OR mode NOT IN ('off', 'observe', 'enforce') THEN
		RAISE EXCEPTION USING ERRCODE = 'IT051', MESSAGE = format('the reference model cannot be made in schema %s with mode %s', coalesce('"' || schema || '"', 'null'), coalesce('"' || mode || '"', 'null')),
			HINT = 'Name a schema, and one of the modes off, observe and enforce.';
	END IF;
	SELECT array_agg(p.part) FILTER (WHERE p.asked OR NOT itsm.model_part_exists(schema, p.part)) INTO made FROM itsm.model_parts(parts) AS p;
	SELECT array_agg(m.name) INTO present FROM itsm.model_part m WHERE m.name = ANY (made) OR itsm.model_part_exists(schema, m.name);
	PERFORM itsm.check_model_schema(schema, made), itsm.check_model_rights(made, present);
	IF NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = schema) THEN
		EXECUTE format('CREATE SCHEMA %I', schema);
	END IF;
	-- for this call: what a definition names is found, and made, in the schema
	PERFORM set_config('search_path', format('%I, pg_temp', schema), true);
	FOR r IN SELECT m.definition FROM itsm.model_part m WHERE m.name = ANY (made) ORDER BY m.position LOOP
		EXECUTE r.definition;
	END LOOP;
	PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);

	FOR r IN SELECT * FROM itsm.model_link l
		WHERE l.part = ANY (present) AND l.other = ANY (present) AND (l.part = ANY (made) OR l.other = ANY (made)) ORDER BY l.relation, l.attribute
	LOOP
		CALL itsm.link_model_parts(schema, r.relation, r.attribute, r.target);
	END LOOP;
	FOR r IN SELECT a.*, format('%I.%I', schema, a.relation)::regclass AS oid
		FROM itsm.model_attachment a JOIN itsm.model_part m ON m.name = a.part WHERE a.part = ANY (made) ORDER BY m.position, a.relation, a.lifecycle
	LOOP
		PERFORM itsm.attach(r.oid, r.lifecycle, 'status', attributes => itsm.model_attributes(r.oid, r.lifecycle) || coalesce(r.attributes, '{}'), filter => r.filter, mode => mode);
	END LOOP;
	FOR r IN SELECT * FROM itsm.model_relationships(made, present) AS l ORDER BY l.relation, l.type, l.source, l.target LOOP
		PERFORM itsm.attach_relationships(format('%I.%I', schema, r.relation)::regclass, r.type, r.source, r.target);
	END LOOP;
EXCEPTION
	-- what only another session, or a name of a sequence or function, can bring about
	WHEN duplicate_table OR duplicate_object OR duplicate_function OR duplicate_schema OR unique_violation THEN
		RAISE EXCEPTION USING ERRCODE = 'IT051', MESSAGE = format('the reference model cannot be made in schema "%s": %s', schema, SQLERRM),
			HINT = 'Nothing was made. Name another schema, or take away what has the same name.', SCHEMA = schema;
END $$;
COMMENT ON PROCEDURE itsm.create_model(name, text[], text) IS
'Makes the reference model, or parts of it (itsm.model_part; null: all), in a schema, which is created when it is not there: ordinary tables that belong to the caller, attached through itsm.attach and itsm.attach_relationships. Parts that others need are made with them, or taken as they are where an earlier call made them. mode: that of the attachments, enforce where nothing else is said.
Runs with the rights of the caller, who needs CREATE on the schema, or on the database, and EXECUTE on itsm.attach_relationships. Raises IT051, and leaves nothing behind, for what is no part and for names that are taken.';
