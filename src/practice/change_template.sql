-- Templates of standard changes: approved once, by another than their author, for as long as they prove themselves.

CREATE TABLE itsm.change_template (
	name text COLLATE "C" NOT NULL,
	title text,
	valid_until timestamptz,
	max_failures integer,
	defined_by text NOT NULL,
	defined_at timestamptz NOT NULL,
	approved_by text,
	approved_at timestamptz,
	withdrawn_at timestamptz,
	PRIMARY KEY (name)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.change_template', '');

COMMENT ON TABLE itsm.change_template IS 'Templates of standard changes. Lifecycle standard_change asks itsm.change_template_valid.';
COMMENT ON COLUMN itsm.change_template.name IS 'Name, as the attribute "template" of a change gives it.';
COMMENT ON COLUMN itsm.change_template.title IS 'What is done.';
COMMENT ON COLUMN itsm.change_template.valid_until IS 'Until when changes may be scheduled by it; null: without limit.';
COMMENT ON COLUMN itsm.change_template.max_failures IS 'So many changes made by it since its approval may have failed or been backed out; null: any number.';
COMMENT ON COLUMN itsm.change_template.defined_by IS 'Who defined it as it is now.';
COMMENT ON COLUMN itsm.change_template.defined_at IS 'When.';
COMMENT ON COLUMN itsm.change_template.approved_by IS 'Who approved it as it is now; null: nobody yet.';
COMMENT ON COLUMN itsm.change_template.approved_at IS 'When.';
COMMENT ON COLUMN itsm.change_template.withdrawn_at IS 'When it was withdrawn; null: it was not.';

CREATE FUNCTION itsm.define_change_template(name text, title text DEFAULT NULL, valid_until timestamptz DEFAULT NULL, max_failures integer DEFAULT 2)
RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_change_template' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.define_change_template(text, text, timestamptz, integer) IS 'Makes a template of standard changes, or changes one, which takes its approval away.';

CREATE FUNCTION itsm.approve_change_template(name text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_approve_change_template' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.approve_change_template(text) IS 'Approves a template as it is. Its author may not: IT007. Failures before count no more.';

CREATE FUNCTION itsm.withdraw_change_template(name text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_withdraw_change_template' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.withdraw_change_template(text) IS 'From now on no change is scheduled by it. Defining it anew brings it back.';

REVOKE ALL ON FUNCTION itsm.define_change_template(text, text, timestamptz, integer), itsm.approve_change_template(text),
	itsm.withdraw_change_template(text) FROM PUBLIC;

-- Changes name their template by the reference "template"; what became of them is their attribute "outcome".
CREATE VIEW itsm.change_template_use AS
	SELECT x.target AS template, r.tenant, r.id AS record, r.opened_at, r.closed_at, r.state, r.category,
		r.extra OPERATOR(pg_catalog.->>) 'outcome' AS outcome, coalesce(r.resolved_at, r.closed_at, r.changed_at) AS ended_at
	FROM itsm.reference x
		JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) x.record AND r.tenant OPERATOR(pg_catalog.=) x.tenant AND NOT r.deleted
	WHERE x.attribute OPERATOR(pg_catalog.=) 'template' AND x.process OPERATOR(pg_catalog.=) 'change_template';
COMMENT ON VIEW itsm.change_template_use IS 'Changes that name a template.';
COMMENT ON COLUMN itsm.change_template_use.template IS 'The template.';
COMMENT ON COLUMN itsm.change_template_use.tenant IS 'Tenant of the change.';
COMMENT ON COLUMN itsm.change_template_use.record IS 'Record of the change.';
COMMENT ON COLUMN itsm.change_template_use.opened_at IS 'When the change began.';
COMMENT ON COLUMN itsm.change_template_use.closed_at IS 'When it was closed or cancelled.';
COMMENT ON COLUMN itsm.change_template_use.state IS 'Its state.';
COMMENT ON COLUMN itsm.change_template_use.category IS 'Category of the state.';
COMMENT ON COLUMN itsm.change_template_use.outcome IS 'What became of it: its attribute "outcome".';
COMMENT ON COLUMN itsm.change_template_use.ended_at IS 'When it was resolved; of one that was not, when it was closed, or last changed.';

CREATE FUNCTION itsm.change_template_valid(template text, at timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce((
		SELECT t.approved_at IS NOT NULL AND t.withdrawn_at IS NULL
			AND (t.valid_until IS NULL OR coalesce($2, pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.<) t.valid_until)
			AND (t.max_failures IS NULL OR t.max_failures OPERATOR(pg_catalog.>=) (
				SELECT pg_catalog.count(*) FROM itsm.change_template_use u
				WHERE u.template OPERATOR(pg_catalog.=) t.name AND u.outcome OPERATOR(pg_catalog.=) ANY (ARRAY['failed', 'backed_out'])
					AND u.ended_at OPERATOR(pg_catalog.>) t.approved_at))
		FROM itsm.change_template t WHERE t.name OPERATOR(pg_catalog.=) $1), false)
$$;
COMMENT ON FUNCTION itsm.change_template_valid(text, timestamptz) IS 'True while a template is approved, not withdrawn, not expired, and no more changes by it have failed than it allows. For checks of lifecycles.';
