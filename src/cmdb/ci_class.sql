-- Classes of configuration items: a tree.

CREATE TABLE itsm.ci_class (
	name text COLLATE "C" NOT NULL,
	parent text COLLATE "C",
	abstract boolean NOT NULL,
	required text[] NOT NULL,
	recommended text[] NOT NULL,
	description text,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (name)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.ci_class', '');

COMMENT ON TABLE itsm.ci_class IS 'Classes of configuration items, a tree. A record is of the class that its canonical attribute ci_class names, or class where it has no such attribute. Written by itsm.define_class.';
COMMENT ON COLUMN itsm.ci_class.name IS 'Name of the class.';
COMMENT ON COLUMN itsm.ci_class.parent IS 'The class that it is a kind of; null: none.';
COMMENT ON COLUMN itsm.ci_class.abstract IS 'No record is of this class itself, only of those below it.';
COMMENT ON COLUMN itsm.ci_class.required IS 'Canonical attributes that a record of the class must have, beside those of the classes above.';
COMMENT ON COLUMN itsm.ci_class.recommended IS 'Canonical attributes that a record of the class should have, beside those of the classes above.';
COMMENT ON COLUMN itsm.ci_class.description IS 'What it is.';
COMMENT ON COLUMN itsm.ci_class.defined_at IS 'When it was last defined.';
COMMENT ON COLUMN itsm.ci_class.defined_by IS 'Role that last defined it.';

-- Names of kinds of things tell nothing of the things.
GRANT SELECT ON itsm.ci_class TO PUBLIC;

CREATE FUNCTION itsm.define_class(
	name text, parent text DEFAULT NULL, abstract boolean DEFAULT false, required text[] DEFAULT '{}',
	recommended text[] DEFAULT '{}', description text DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_class'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.define_class(text, text, boolean, text[], text[], text) IS
'Makes a class of configuration items, or defines one anew. parent: the class that it is a kind of, which must exist; required, recommended: canonical attributes.
Raises IT022 when the parent is the class itself or one below it, 42704 when there is no such parent. What is related already is not judged again. For the DBA to grant.';
REVOKE ALL ON FUNCTION itsm.define_class(text, text, boolean, text[], text[], text) FROM PUBLIC;

CREATE FUNCTION itsm.class_is_a(class text, ancestor text) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_class_is_a'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.class_is_a(text, text) IS 'True when the class is the other one, or stands below it in the tree. A class that is not defined is only itself.';

CREATE FUNCTION itsm.class_attributes(class text)
RETURNS TABLE (attribute text, required boolean, from_class text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
AS $$
	WITH RECURSIVE line (name, parent, required, recommended, depth) AS (
		SELECT c.name, c.parent, c.required, c.recommended, 0
		FROM itsm.ci_class c WHERE c.name OPERATOR(pg_catalog.=) $1
		UNION ALL
		SELECT c.name, c.parent, c.required, c.recommended, l.depth OPERATOR(pg_catalog.+) 1
		FROM line l JOIN itsm.ci_class c ON c.name OPERATOR(pg_catalog.=) l.parent
	)
	SELECT DISTINCT ON (a.attribute COLLATE pg_catalog."C") a.attribute, a.required, a.name
	FROM (
		SELECT u.attribute, true, l.name, l.depth FROM line l, LATERAL pg_catalog.unnest(l.required) AS u(attribute)
		UNION ALL
		SELECT u.attribute, false, l.name, l.depth FROM line l, LATERAL pg_catalog.unnest(l.recommended) AS u(attribute)
	) AS a(attribute, required, name, depth)
	ORDER BY a.attribute COLLATE pg_catalog."C", a.required DESC, a.depth
$$;
COMMENT ON FUNCTION itsm.class_attributes(text) IS 'The attributes that records of a class must (required) or should have, those of the classes above it included, each with the nearest class that says so; none when there is no such class.';
