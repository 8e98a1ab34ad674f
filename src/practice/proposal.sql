-- Values that a change proposes for configuration items, applied when it is done.

CREATE SEQUENCE itsm.proposal_id_seq AS bigint;
SELECT pg_catalog.pg_extension_config_dump('itsm.proposal_id_seq', '');

CREATE TABLE itsm.proposal (
	id bigint NOT NULL DEFAULT pg_catalog.nextval('itsm.proposal_id_seq'),
	change bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	relation regclass NOT NULL,
	relation_name text NOT NULL,
	key text COLLATE "C" NOT NULL,
	new_values jsonb NOT NULL,
	proposed_by text NOT NULL,
	proposed_at timestamptz NOT NULL,
	applied_by text,
	applied_at timestamptz,
	PRIMARY KEY (id)
) USING heap;
CREATE INDEX proposal_change_idx ON itsm.proposal (change, tenant);
SELECT pg_catalog.pg_extension_config_dump('itsm.proposal', '');

COMMENT ON TABLE itsm.proposal IS 'What changes are to set in rows of attached tables when they are done.';
COMMENT ON COLUMN itsm.proposal.id IS 'Number of the proposal.';
COMMENT ON COLUMN itsm.proposal.change IS 'Record of the change.';
COMMENT ON COLUMN itsm.proposal.tenant IS 'Tenant of the change.';
COMMENT ON COLUMN itsm.proposal.relation IS 'Table of the row.';
COMMENT ON COLUMN itsm.proposal.relation_name IS 'Qualified name of the table.';
COMMENT ON COLUMN itsm.proposal.key IS 'Key of the row.';
COMMENT ON COLUMN itsm.proposal.new_values IS 'The values by column, as a JSON object.';
COMMENT ON COLUMN itsm.proposal.proposed_by IS 'Who proposed it.';
COMMENT ON COLUMN itsm.proposal.proposed_at IS 'When.';
COMMENT ON COLUMN itsm.proposal.applied_by IS 'Who applied it; null: nobody yet.';
COMMENT ON COLUMN itsm.proposal.applied_at IS 'When.';

CREATE FUNCTION itsm.propose_values(relation regclass, key text, target regclass, target_key text, new_values jsonb)
RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_propose_values' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.propose_values(regclass, text, regclass, text, jsonb) IS 'Keeps values, {"column": value}, that a change (relation, key) is to set in a row of an attached table when it is done; returns the number of the proposal. Needs UPDATE of those columns, so that nobody proposes what he could not do.';

CREATE FUNCTION itsm.apply_proposals(relation regclass, key text,
	OUT proposal bigint, OUT target regclass, OUT target_key text, OUT done boolean, OUT message text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_apply_proposals' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.apply_proposals(regclass, text) IS 'Applies what a change proposed and was not applied yet, a row for each: done, or what refused it. Only once the change is resolved or closed (IT013). Each is an UPDATE with the caller''s rights, judged like any other; one that is refused leaves the others alone.';
