-- What is expected of configuration items of a class, and their owners' certifications.

CREATE TABLE itsm.ci_class_policy (
	class text COLLATE "C" NOT NULL,
	stale_after interval,
	certify_every interval,
	PRIMARY KEY (class)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.ci_class_policy', '');

COMMENT ON TABLE itsm.ci_class_policy IS 'How often configuration items of a class are to be seen and certified. Written by itsm.define_class_policy.';
COMMENT ON COLUMN itsm.ci_class_policy.class IS 'Class; what is null here is that of the nearest class above that says it.';
COMMENT ON COLUMN itsm.ci_class_policy.stale_after IS 'A record that no source has seen, and nobody has changed, for so long is stale.';
COMMENT ON COLUMN itsm.ci_class_policy.certify_every IS 'Its owner is to certify a record at least that often.';

CREATE TABLE itsm.desired_state (
	class text COLLATE "C" NOT NULL,
	attribute text COLLATE "C" NOT NULL,
	allowed text[] NOT NULL,
	PRIMARY KEY (class, attribute)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.desired_state', '');

COMMENT ON TABLE itsm.desired_state IS 'The state that configuration items of a class are to be in. Written by itsm.define_desired_state.';
COMMENT ON COLUMN itsm.desired_state.class IS 'Class; it holds for those below, unless these say something of the attribute.';
COMMENT ON COLUMN itsm.desired_state.attribute IS 'Canonical attribute.';
COMMENT ON COLUMN itsm.desired_state.allowed IS 'It is to have one of these values, as canonical text.';

CREATE TABLE itsm.ci_certification (
	record bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	certified_by text NOT NULL,
	note text,
	certified_at timestamptz NOT NULL,
	PRIMARY KEY (record, tenant)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.ci_certification', '');

COMMENT ON TABLE itsm.ci_certification IS 'Last certifications of configuration items by their owners; all of them are events. Written by itsm.certify_ci.';
COMMENT ON COLUMN itsm.ci_certification.record IS 'The record.';
COMMENT ON COLUMN itsm.ci_certification.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.ci_certification.version IS 'Version of the record that was certified.';
COMMENT ON COLUMN itsm.ci_certification.certified_by IS 'Who certified it.';
COMMENT ON COLUMN itsm.ci_certification.note IS 'What was said; null: nothing.';
COMMENT ON COLUMN itsm.ci_certification.certified_at IS 'When.';

CREATE FUNCTION itsm.define_class_policy(class text, stale_after interval DEFAULT NULL, certify_every interval DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_class_policy'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_class_policy(text, interval, interval) IS
'Says how often configuration items of a class are to be seen (stale_after) and to be certified by their owners (certify_every); null: as the class above. itsm_report.cmdb_health shows where they are not. For the DBA to grant.';

CREATE FUNCTION itsm.define_desired_state(class text, attribute text, allowed text[]) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_desired_state'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_desired_state(text, text, text[]) IS
'Says which values an attribute of configuration items of a class, and of those below it, may have; null takes that away. itsm_report.cmdb_health shows where they have others. For the DBA to grant.';

CREATE FUNCTION itsm.certify_ci(relation regclass, key text, note text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_certify_ci'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.certify_ci(regclass, text, text) IS
'Certifies that the row of a configuration item is right. Only its owner can (IT006): whom the canonical attribute owner names, as the acting person (itsm.act_as) or as a role that the caller is a member of. An event of kind certified keeps it.';

REVOKE ALL ON FUNCTION
	itsm.define_class_policy(text, interval, interval),
	itsm.define_desired_state(text, text, text[])
FROM PUBLIC;
