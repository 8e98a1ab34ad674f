-- Approvals: who is in which role, who stands in for whom, and the votes.

CREATE TABLE itsm.approver (
	role text COLLATE "C" NOT NULL,
	person text COLLATE "C" NOT NULL,
	valid_from timestamptz NOT NULL,
	valid_until timestamptz,
	PRIMARY KEY (role, person, valid_from)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.approver', '');

COMMENT ON TABLE itsm.approver IS 'People in organisational roles. A role with rows here has those members and no others; a role without any is a database role with the members it was granted to.';
COMMENT ON COLUMN itsm.approver.role IS 'The organisational role, as rules name it.';
COMMENT ON COLUMN itsm.approver.person IS 'The person, as itsm.act_as or a database role names them.';
COMMENT ON COLUMN itsm.approver.valid_from IS 'Since when.';
COMMENT ON COLUMN itsm.approver.valid_until IS 'Until when, exclusive; null: for good.';

CREATE TABLE itsm.delegation (
	person text COLLATE "C" NOT NULL,
	delegate text COLLATE "C" NOT NULL,
	role text COLLATE "C",
	valid_from timestamptz NOT NULL,
	valid_until timestamptz
) USING heap;
CREATE INDEX delegation_person_idx ON itsm.delegation (person, delegate);
SELECT pg_catalog.pg_extension_config_dump('itsm.delegation', '');

COMMENT ON TABLE itsm.delegation IS 'Who may vote in whose place.';
COMMENT ON COLUMN itsm.delegation.person IS 'Whose vote it is.';
COMMENT ON COLUMN itsm.delegation.delegate IS 'Who may give it.';
COMMENT ON COLUMN itsm.delegation.role IS 'In which organisational role; null: in every one.';
COMMENT ON COLUMN itsm.delegation.valid_from IS 'Since when.';
COMMENT ON COLUMN itsm.delegation.valid_until IS 'Until when, exclusive; null: for good.';

CREATE TABLE itsm.approval (
	record bigint NOT NULL,
	version bigint NOT NULL,
	at timestamptz NOT NULL,
	attachment integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	role text COLLATE "C" NOT NULL,
	person text COLLATE "C" NOT NULL,
	on_behalf_of text COLLATE "C",
	decision text COLLATE "C" NOT NULL,
	comment text,
	covered text[] COLLATE "C" NOT NULL,
	salt bytea NOT NULL,
	content bytea NOT NULL,
	database_role text COLLATE "C" NOT NULL,
	session_role text COLLATE "C" NOT NULL,
	PRIMARY KEY (record, tenant, version)
) USING heap;
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.approval FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.approval ENABLE ALWAYS TRIGGER itsm_append_only;
SELECT pg_catalog.pg_extension_config_dump('itsm.approval', '');

COMMENT ON TABLE itsm.approval IS 'Votes given by itsm.approve and itsm.reject. Kept as events of kind approved and rejected too, and hashed there.';
COMMENT ON COLUMN itsm.approval.record IS 'The record.';
COMMENT ON COLUMN itsm.approval.version IS 'Version of the event.';
COMMENT ON COLUMN itsm.approval.at IS 'Time of the event.';
COMMENT ON COLUMN itsm.approval.attachment IS 'Attachment that governed the row.';
COMMENT ON COLUMN itsm.approval.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.approval.role IS 'Organisational role that the vote was given in.';
COMMENT ON COLUMN itsm.approval.person IS 'Who voted.';
COMMENT ON COLUMN itsm.approval.on_behalf_of IS 'Whose vote it is, when a delegate gave it; null: the person''s own.';
COMMENT ON COLUMN itsm.approval.decision IS 'approved or rejected.';
COMMENT ON COLUMN itsm.approval.comment IS 'What was said with it.';
COMMENT ON COLUMN itsm.approval.covered IS 'Attributes whose content the vote vouches for.';
COMMENT ON COLUMN itsm.approval.salt IS 'Salt of the digests.';
COMMENT ON COLUMN itsm.approval.content IS 'What was voted on: for each attribute of covered, in its order, SHA-256 over the salt, the length (4 bytes, big-endian) and bytes of its name, and those of its canonical text (length -1: null), in UTF-8.';
COMMENT ON COLUMN itsm.approval.database_role IS 'Database role that voted.';
COMMENT ON COLUMN itsm.approval.session_role IS 'Database role that logged in.';

CREATE FUNCTION itsm.person_key(person text) RETURNS text
AS 'MODULE_PATHNAME', 'itsm_person_key' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.person_key(text) IS 'A person''s name as approvals compare it: without regard to case, Unicode forms, white space and double quotes around it.';

CREATE FUNCTION itsm.add_approver(role text, person text, valid_from timestamptz DEFAULT pg_catalog.clock_timestamp(), valid_until timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_add_approver' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.add_approver(text, text, timestamptz, timestamptz) IS 'Puts a person into an organisational role for a time (null: for good); for a membership that begins at that time already, sets its end. With its first member a role stops being a database role. Grant EXECUTE to those who may.';
REVOKE ALL ON FUNCTION itsm.add_approver(text, text, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION itsm.remove_approver(role text, person text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_remove_approver' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.remove_approver(text, text) IS 'Ends a person''s membership in an organisational role now. Votes that were given stay.';
REVOKE ALL ON FUNCTION itsm.remove_approver(text, text) FROM PUBLIC;

CREATE FUNCTION itsm.add_delegation(person text, delegate text, role text DEFAULT NULL, valid_from timestamptz DEFAULT pg_catalog.clock_timestamp(), valid_until timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_add_delegation' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.add_delegation(text, text, text, timestamptz, timestamptz) IS 'Lets somebody vote in a person''s place, in one role or (null) in all of them, for a time (null: for good). Grant EXECUTE to those who may.';
REVOKE ALL ON FUNCTION itsm.add_delegation(text, text, text, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION itsm.remove_delegation(person text, delegate text, role text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_remove_delegation' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.remove_delegation(text, text, text) IS 'Ends now what itsm.add_delegation made for that role (null: for all of them). Votes that were given stay.';
REVOKE ALL ON FUNCTION itsm.remove_delegation(text, text, text) FROM PUBLIC;

CREATE FUNCTION itsm.approve(relation regclass, key text, comment text DEFAULT NULL, role text DEFAULT NULL, on_behalf_of text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_approve' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.approve(regclass, text, text, text, text) IS 'Approves what the row says now, as a rule of kind approvals asks for. Who votes is whom itsm.act_as claims, else the session''s role; it has to be a member of the role, or a delegate of one, and nobody the rule excludes. role: needed when the voter has several of those asked for; on_behalf_of: whose vote a delegate gives, when it could be several people''s or the own one. One vote a person and role, which cannot be changed; it is void when what it approved changes or the record is sent back. Needs SELECT on the table, and sight of the row under row-level security.';

CREATE FUNCTION itsm.reject(relation regclass, key text, comment text DEFAULT NULL, role text DEFAULT NULL, on_behalf_of text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_reject' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.reject(regclass, text, text, text, text) IS 'Rejects what the row says now; otherwise as itsm.approve.';
