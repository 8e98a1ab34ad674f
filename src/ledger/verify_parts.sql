-- Verifying by parts: restartable, and by several sessions at once.

CREATE TABLE itsm.verification (
	verification bigint NOT NULL,
	started_at timestamptz NOT NULL,
	finished_at timestamptz,
	parts integer NOT NULL,
	faults bigint,
	digest jsonb,
	archives text[],
	PRIMARY KEY (verification)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.verification', '');

CREATE TABLE itsm.verification_part (
	verification bigint NOT NULL,
	from_record bigint,
	before_record bigint,
	finished_at timestamptz,
	faults bigint,
	part integer NOT NULL,
	PRIMARY KEY (verification, part)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.verification_part', '');

CREATE TABLE itsm.verification_result (
	verification bigint NOT NULL,
	part integer NOT NULL,
	position integer NOT NULL,
	ok boolean NOT NULL,
	scope text NOT NULL,
	object text NOT NULL,
	detail text NOT NULL,
	PRIMARY KEY (verification, part, position)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.verification_result', '');

COMMENT ON TABLE itsm.verification IS 'Runs of itsm.verify_in_parts. A finished one is an event of kind verified, too.';
COMMENT ON COLUMN itsm.verification.verification IS 'Number of the run.';
COMMENT ON COLUMN itsm.verification.started_at IS 'When it began.';
COMMENT ON COLUMN itsm.verification.finished_at IS 'When its last part was finished; null: not yet.';
COMMENT ON COLUMN itsm.verification.parts IS 'How many parts it has.';
COMMENT ON COLUMN itsm.verification.faults IS 'Faults found; null: not finished.';
COMMENT ON COLUMN itsm.verification.digest IS 'Digest that history is compared with; null: none.';
COMMENT ON COLUMN itsm.verification.archives IS 'Tables of archives at hand; null: none.';
COMMENT ON TABLE itsm.verification_part IS 'Parts of the runs of itsm.verify_in_parts: records of some numbers.';
COMMENT ON COLUMN itsm.verification_part.verification IS 'The run.';
COMMENT ON COLUMN itsm.verification_part.from_record IS 'Number of the first record; null: from the first of all.';
COMMENT ON COLUMN itsm.verification_part.before_record IS 'Number behind the last record; null: to the last of all.';
COMMENT ON COLUMN itsm.verification_part.finished_at IS 'When it was verified; null: not yet.';
COMMENT ON COLUMN itsm.verification_part.faults IS 'Faults found.';
COMMENT ON COLUMN itsm.verification_part.part IS 'Number of the part, from 1.';
COMMENT ON TABLE itsm.verification_result IS 'What the parts found: rows of itsm.verify.';
COMMENT ON COLUMN itsm.verification_result.verification IS 'The run.';
COMMENT ON COLUMN itsm.verification_result.part IS 'The part.';
COMMENT ON COLUMN itsm.verification_result.position IS 'Number of the row, from 1.';
COMMENT ON COLUMN itsm.verification_result.ok IS 'False: something is wrong.';
COMMENT ON COLUMN itsm.verification_result.scope IS 'What was compared.';
COMMENT ON COLUMN itsm.verification_result.object IS 'The record, seal, table, …';
COMMENT ON COLUMN itsm.verification_result.detail IS 'What is wrong, or how many were right.';

CREATE PROCEDURE itsm.verify_in_parts(parts integer DEFAULT 16, digest jsonb DEFAULT NULL, archives regclass[] DEFAULT NULL, anew boolean DEFAULT false)
AS 'MODULE_PATHNAME', 'itsm_verify_in_parts' LANGUAGE C;
COMMENT ON PROCEDURE itsm.verify_in_parts(integer, jsonb, regclass[], boolean) IS 'Does what itsm.verify(digest, archives) does in so many parts, a transaction each, and keeps what they found in itsm.verification_result. What was cut short goes on with the parts that are left, unless it is to begin anew; called in several sessions at once they share the parts. When the last part is finished that is an event of kind verified.';
REVOKE ALL ON PROCEDURE itsm.verify_in_parts(integer, jsonb, regclass[], boolean) FROM PUBLIC;
