-- Settings and strangers that the extension must not depend on.  pg_regress pins the
-- formats; test/run undoes that with --launcher.  The rest is here.

CREATE EXTENSION itsm;

-- Functions and operators that stand in front of the system's own when the search
-- path names pg_catalog last.  Called by a client statement they do what the originals
-- do; called from inside another function they show that this function looked its
-- names up along the caller's path.
CREATE SCHEMA hostile;

CREATE FUNCTION hostile.refuse_inner_call(context text, name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	lines text[] := regexp_split_to_array(context, E'\n');
BEGIN
	-- the call of this function, its caller, then whoever called that
	IF EXISTS (SELECT FROM unnest(lines) WITH ORDINALITY AS line(body, number)
			   WHERE number > 1 AND body ~ 'function' AND body !~ 'hostile\.') THEN
		RAISE EXCEPTION 'a stranger''s % was reached through the search path', name
			USING DETAIL = context;
	END IF;
END $$;

DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT * FROM (VALUES
		('now', '', 'timestamptz', 'pg_catalog.now()'),
		('clock_timestamp', '', 'timestamptz', 'pg_catalog.clock_timestamp()'),
		('lower', 'text', 'text', 'pg_catalog.lower($1)'),
		('length', 'text', 'integer', 'pg_catalog.length($1)'),
		('sha256', 'bytea', 'bytea', 'pg_catalog.sha256($1)'),
		('array_length', 'text[], integer', 'integer', 'pg_catalog.array_length($1, $2)'),
		('jsonb_typeof', 'jsonb', 'text', 'pg_catalog.jsonb_typeof($1)'),
		('quote_ident', 'text', 'text', 'pg_catalog.quote_ident($1)'),
		('text_equal', 'text, text', 'boolean', '$1 OPERATOR(pg_catalog.=) $2'),
		('bigint_equal', 'bigint, bigint', 'boolean', '$1 OPERATOR(pg_catalog.=) $2')
	) AS f(name, arguments, result, original)
	LOOP
		EXECUTE format($f$
			CREATE FUNCTION hostile.%1$I(%2$s) RETURNS %3$s LANGUAGE plpgsql STRICT AS $body$
			DECLARE
				context text;
			BEGIN
				GET DIAGNOSTICS context = PG_CONTEXT;
				PERFORM hostile.refuse_inner_call(context, %1$L);
				RETURN %4$s;
			END $body$ $f$, f.name, f.arguments, f.result, f.original);
	END LOOP;
END $$;

CREATE OPERATOR hostile.= (FUNCTION = hostile.text_equal, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR hostile.= (FUNCTION = hostile.bigint_equal, LEFTARG = bigint, RIGHTARG = bigint);

ALTER DATABASE contrib_regression SET search_path = public, hostile, pg_catalog;
