-- Reconciliation: what sources say of configuration items, which records these are, and
-- whose word counts.

CREATE TABLE itsm.identification_rule (
	class text COLLATE "C" NOT NULL,
	position integer NOT NULL,
	attributes text[] NOT NULL,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (class, position)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.identification_rule', '');

COMMENT ON TABLE itsm.identification_rule IS 'By which attributes configuration items of a class are told apart. Rules are tried by position; a class without any has those of the nearest class above it that has some. Written by itsm.define_identification_rule.';
COMMENT ON COLUMN itsm.identification_rule.class IS 'Class of configuration items.';
COMMENT ON COLUMN itsm.identification_rule.position IS 'Rules with smaller numbers are tried first.';
COMMENT ON COLUMN itsm.identification_rule.attributes IS 'Canonical attributes that tell items apart when all of them are filled.';
COMMENT ON COLUMN itsm.identification_rule.defined_at IS 'When it was last defined.';
COMMENT ON COLUMN itsm.identification_rule.defined_by IS 'Role that last defined it.';

CREATE TABLE itsm.ci_identity (
	identity bigint NOT NULL,
	record bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	PRIMARY KEY (identity, record, tenant)
) USING heap;
CREATE INDEX ci_identity_record_idx ON itsm.ci_identity (record, tenant);
SELECT pg_catalog.pg_extension_config_dump('itsm.ci_identity', '');

COMMENT ON TABLE itsm.ci_identity IS 'Records by what their identification rules make of them. Kept with their events; it follows from them.';
COMMENT ON COLUMN itsm.ci_identity.identity IS 'Hash of a rule and the values of its attributes.';
COMMENT ON COLUMN itsm.ci_identity.record IS 'The record.';
COMMENT ON COLUMN itsm.ci_identity.tenant IS 'Tenant of the record.';

CREATE TABLE itsm.source_precedence (
	class text COLLATE "C" NOT NULL,
	attribute text COLLATE "C" NOT NULL,
	position integer NOT NULL,
	source text COLLATE "C" NOT NULL,
	stale_after interval,
	PRIMARY KEY (class, attribute, position)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.source_precedence', '');

COMMENT ON TABLE itsm.source_precedence IS 'Whose word counts for attributes of configuration items. Written by itsm.define_source_precedence.';
COMMENT ON COLUMN itsm.source_precedence.class IS 'Class of configuration items; it holds for those below, too.';
COMMENT ON COLUMN itsm.source_precedence.attribute IS 'Canonical attribute; blank: all that have no list of their own.';
COMMENT ON COLUMN itsm.source_precedence.position IS 'The source with the smallest number is the highest.';
COMMENT ON COLUMN itsm.source_precedence.source IS 'Name of a source, as given to itsm.reconcile.';
COMMENT ON COLUMN itsm.source_precedence.stale_after IS 'So long after an item was last seen, what this source said of it gives way to others; null: never.';

-- What changes with every run has no index, so that the row stays on its page.
CREATE TABLE itsm.source_item (
	identity bigint NOT NULL,
	record bigint,
	record_version bigint,
	hash bigint NOT NULL,
	seen_at timestamptz NOT NULL,
	changed_at timestamptz NOT NULL,
	first_seen_at timestamptz NOT NULL,
	review_at timestamptz,
	source text COLLATE "C" NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	class text COLLATE "C" NOT NULL,
	outcome text NOT NULL,
	attributes jsonb NOT NULL,
	findings jsonb,
	PRIMARY KEY (identity, source, tenant)
) USING heap WITH (fillfactor = 50);
CREATE INDEX source_item_record_idx ON itsm.source_item (record, tenant);
SELECT pg_catalog.pg_extension_config_dump('itsm.source_item', '');

COMMENT ON TABLE itsm.source_item IS 'What each source says of each configuration item, as it said it last. Written by itsm.reconcile.';
COMMENT ON COLUMN itsm.source_item.identity IS 'Hash of what tells the item apart: the first identification rule that its attributes suffice for.';
COMMENT ON COLUMN itsm.source_item.record IS 'The record that it is, or was before what was found last; null: none.';
COMMENT ON COLUMN itsm.source_item.record_version IS 'Version of the record after it was reconciled last.';
COMMENT ON COLUMN itsm.source_item.hash IS 'Hash of what the source said, and of the rules that it was reconciled by.';
COMMENT ON COLUMN itsm.source_item.seen_at IS 'When the source had it last.';
COMMENT ON COLUMN itsm.source_item.changed_at IS 'When what the source says of it last changed.';
COMMENT ON COLUMN itsm.source_item.first_seen_at IS 'When the source had it first.';
COMMENT ON COLUMN itsm.source_item.review_at IS 'From then on it is reconciled again though the source says the same: another source''s word is stale then; -infinity: something is left to do; null: only when something changes.';
COMMENT ON COLUMN itsm.source_item.source IS 'Name of the source.';
COMMENT ON COLUMN itsm.source_item.tenant IS 'Tenant that it belongs to.';
COMMENT ON COLUMN itsm.source_item.class IS 'Class that it was given as.';
COMMENT ON COLUMN itsm.source_item.outcome IS 'What was found of it last: matched, new, duplicate, conflict, unidentified or refused.';
COMMENT ON COLUMN itsm.source_item.attributes IS 'What the source says, by canonical attribute.';
COMMENT ON COLUMN itsm.source_item.findings IS 'What is left to do: an array of objects with the columns that itsm.reconcile returns; null: nothing.';

CREATE FUNCTION itsm.define_identification_rule(class text, ordinal integer, attributes text[]) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_identification_rule'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_identification_rule(text, integer, text[]) IS
'Says by which canonical attributes configuration items of a class, and of those below it that have no rules of their own, are told apart; null takes the rule away. ordinal: rules with smaller numbers are tried first.
Indexes all records anew: until the transaction ends, writes to attached tables whose rows have a class wait. For the DBA to grant.';

CREATE FUNCTION itsm.define_source_precedence(class text, sources text[], attribute text DEFAULT NULL, stale_after interval[] DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_source_precedence'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_source_precedence(text, text[], text, interval[]) IS
'Says whose word counts for an attribute (null: for all that have no list of their own) of configuration items of a class, and of those below it: sources, the highest first; an empty array takes the list away. stale_after: one interval for all sources, or one for each; so long after an item was last seen, what that source said of it gives way to others; null: never.
A list for the attribute goes before one for all attributes; of each kind that of the nearest class holds. Sources that are not named stand below those that are, as high as each other. For the DBA to grant.';

CREATE FUNCTION itsm.reconcile(
	source text, class text, items jsonb, dry_run boolean DEFAULT false, apply boolean DEFAULT false,
	relation regclass DEFAULT NULL, seen_at timestamptz DEFAULT NULL, tenant text DEFAULT '',
	OUT item integer, OUT action text, OUT record bigint, OUT attribute text, OUT current_value text,
	OUT value text, OUT value_source text, OUT detail text
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_reconcile'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION itsm.reconcile(text, text, jsonb, boolean, boolean, regclass, timestamptz, text) IS
'Takes in what a source says of configuration items of a class: items, an array of objects of canonical attributes. Finds out which record each is, keeps what the source says of it, and whose value of each attribute counts. A row for each item (attribute null), and one for each attribute of which there is something to tell:
unchanged: as before, with nothing left to do. matched: it is that record. new: it is no record yet. duplicate: several records, or several items of the source, are the same. conflict: what is said contradicts itself. unidentified: no rule tells which it is. invalid: it is no item, or no value of the attribute. outdated: the source was heard of it later already. update: the record has current_value, and is to have value, which value_source says. outranked: value_source''s value counts, not this source''s. not_writable: as update, but no column holds the attribute.
dry_run: nothing is kept. apply: updates are made (updated), by an UPDATE of the attached table with the caller''s rights, judged like any other; what does not pass is refused. relation: the attached table that items which are new are inserted into (created). seen_at: when the source had them; null: now.
Raises 42704 for a class that is not defined, 22023 for an abstract one, IT050 for one without identification rules. Tells values of records past the rights of their tables: for the DBA to grant.';

CREATE TABLE itsm.reconciliation_progress (
	source text COLLATE "C" NOT NULL,
	class text COLLATE "C" NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	relation regclass NOT NULL,
	last_key text,
	seen_at timestamptz NOT NULL,
	items bigint NOT NULL,
	unchanged bigint NOT NULL,
	matched bigint NOT NULL,
	new bigint NOT NULL,
	created bigint NOT NULL,
	unresolved bigint NOT NULL,
	finished boolean NOT NULL,
	changed_at timestamptz NOT NULL,
	PRIMARY KEY (source, class, tenant, relation)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.reconciliation_progress', '');

COMMENT ON TABLE itsm.reconciliation_progress IS 'How far reconciliations in batches are, or how they ended.';
COMMENT ON COLUMN itsm.reconciliation_progress.source IS 'The source.';
COMMENT ON COLUMN itsm.reconciliation_progress.class IS 'The class.';
COMMENT ON COLUMN itsm.reconciliation_progress.tenant IS 'The tenant.';
COMMENT ON COLUMN itsm.reconciliation_progress.relation IS 'The table that the items are read from.';
COMMENT ON COLUMN itsm.reconciliation_progress.last_key IS 'Key of the last row seen.';
COMMENT ON COLUMN itsm.reconciliation_progress.seen_at IS 'When the source had the items.';
COMMENT ON COLUMN itsm.reconciliation_progress.items IS 'Items seen.';
COMMENT ON COLUMN itsm.reconciliation_progress.unchanged IS 'Those with nothing to do.';
COMMENT ON COLUMN itsm.reconciliation_progress.matched IS 'Those that are a record, and were looked at.';
COMMENT ON COLUMN itsm.reconciliation_progress.new IS 'Those that are no record yet.';
COMMENT ON COLUMN itsm.reconciliation_progress.created IS 'Those for which a row was inserted.';
COMMENT ON COLUMN itsm.reconciliation_progress.unresolved IS 'Duplicates, conflicts, those without identity, invalid, outdated or refused.';
COMMENT ON COLUMN itsm.reconciliation_progress.finished IS 'The last row has been seen.';
COMMENT ON COLUMN itsm.reconciliation_progress.changed_at IS 'End of the last batch.';

CREATE PROCEDURE itsm.reconcile_batches(
	source text, class text, items regclass, batch_rows integer DEFAULT 10000, apply boolean DEFAULT false,
	relation regclass DEFAULT NULL, seen_at timestamptz DEFAULT NULL, tenant text DEFAULT '', item name DEFAULT 'item'
)
AS 'MODULE_PATHNAME', 'itsm_reconcile_batches' LANGUAGE C;
COMMENT ON PROCEDURE itsm.reconcile_batches(text, text, regclass, integer, boolean, regclass, timestamptz, text, name) IS
'itsm.reconcile for many items: those in a column (item, jsonb) of a table, along its primary key of one column, a transaction a batch. What was cut short goes on where it ended; itsm.reconciliation_progress and a NOTICE a batch tell how far it is. What is left to do stands in itsm_report.reconciliation_finding. The table is read with the caller''s rights.';

CREATE FUNCTION itsm.forget_source_items(source text, seen_before timestamptz, tenant text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH gone AS (
		DELETE FROM itsm.source_item i
		WHERE i.source OPERATOR(pg_catalog.=) $1 AND i.seen_at OPERATOR(pg_catalog.<) $2
			AND ($3 IS NULL OR i.tenant OPERATOR(pg_catalog.=) $3)
		RETURNING 1)
	SELECT pg_catalog.count(*) FROM gone
$$;
COMMENT ON FUNCTION itsm.forget_source_items(text, timestamptz, text) IS 'Forgets what a source said of items that it has not had since then, and returns how many these were. tenant: of this one only; null: of all. Records are left as they are.';

REVOKE ALL ON FUNCTION
	itsm.define_identification_rule(text, integer, text[]),
	itsm.define_source_precedence(text, text[], text, interval[]),
	itsm.reconcile(text, text, jsonb, boolean, boolean, regclass, timestamptz, text),
	itsm.forget_source_items(text, timestamptz, text)
FROM PUBLIC;
REVOKE ALL ON PROCEDURE itsm.reconcile_batches(text, text, regclass, integer, boolean, regclass, timestamptz, text, name) FROM PUBLIC;
