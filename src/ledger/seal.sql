-- Seals: Merkle trees over the events, one log a tenant.

-- Numbers are counted by the sealer, one at a time; what stands here is never changed.
CREATE TABLE itsm.seal (
	seal bigint NOT NULL,
	at timestamptz NOT NULL,
	events bigint NOT NULL,
	size bigint NOT NULL,
	system bigint NOT NULL,
	timeline integer NOT NULL,
	horizon xid8 NOT NULL,
	next_xid xid8 NOT NULL,
	lsn pg_lsn NOT NULL,
	thorough boolean NOT NULL,
	rest_partition text COLLATE "C",
	rest_file bigint NOT NULL,
	rest_block bigint NOT NULL,
	origin text COLLATE "C" NOT NULL,
	root bytea NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (seal)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.seal', '');

CREATE TABLE itsm.seal_head (
	seal bigint NOT NULL,
	size bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	root bytea NOT NULL,
	PRIMARY KEY (tenant, seal)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.seal_head', '');

CREATE TABLE itsm.seal_tile (
	first bigint NOT NULL,
	level integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	hashes bytea NOT NULL,
	PRIMARY KEY (tenant, level, first)
) USING heap;
-- seven rows fill a page; hashes cannot be compressed, and are read often
ALTER TABLE itsm.seal_tile ALTER COLUMN hashes SET STORAGE PLAIN;
SELECT pg_catalog.pg_extension_config_dump('itsm.seal_tile', '');

CREATE TABLE itsm.seal_run (
	record bigint NOT NULL,
	version bigint NOT NULL,
	leaf bigint NOT NULL,
	events bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	PRIMARY KEY (record, tenant, version)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.seal_run', '');

COMMENT ON TABLE itsm.seal IS 'What itsm.seal() did, a row each time: how many events it sealed and what the whole history hashes to since. Rows are chained by their hashes.';
COMMENT ON COLUMN itsm.seal.seal IS 'Number of the seal, from 1 without gaps.';
COMMENT ON COLUMN itsm.seal.at IS 'When.';
COMMENT ON COLUMN itsm.seal.events IS 'Events that it sealed.';
COMMENT ON COLUMN itsm.seal.size IS 'Events sealed so far, of all tenants.';
COMMENT ON COLUMN itsm.seal.system IS 'System identifier of the cluster.';
COMMENT ON COLUMN itsm.seal.timeline IS 'Timeline of the cluster.';
COMMENT ON COLUMN itsm.seal.horizon IS 'All events of earlier transactions of this system and timeline are sealed, unless a rest was left.';
COMMENT ON COLUMN itsm.seal.next_xid IS 'Transactions from this one on had written nothing up to lsn.';
COMMENT ON COLUMN itsm.seal.lsn IS 'Place in the write-ahead log; pages of events that were not changed after it need not be looked at again.';
COMMENT ON COLUMN itsm.seal.thorough IS 'Every event was compared with what is sealed: for the first time in a cluster, or as asked for.';
COMMENT ON COLUMN itsm.seal.rest_partition IS 'Partition at which the next seal goes on; null when nothing was left.';
COMMENT ON COLUMN itsm.seal.rest_file IS 'Its file; in another one the next seal starts anew.';
COMMENT ON COLUMN itsm.seal.rest_block IS 'The page in it.';
COMMENT ON COLUMN itsm.seal.origin IS 'Name of the history, drawn at random with the first seal.';
COMMENT ON COLUMN itsm.seal.root IS 'Root of a Merkle tree over the heads of all tenants.';
COMMENT ON COLUMN itsm.seal.hash IS 'SHA-256 over the previous seal''s hash and this row.';
COMMENT ON TABLE itsm.seal_head IS 'Size and root of each tenant''s Merkle tree, a row for each seal that made it grow.';
COMMENT ON COLUMN itsm.seal_head.seal IS 'The seal.';
COMMENT ON COLUMN itsm.seal_head.size IS 'Leaves of the tree since.';
COMMENT ON COLUMN itsm.seal_head.tenant IS 'The tenant.';
COMMENT ON COLUMN itsm.seal_head.root IS 'Root of the tree (RFC 6962).';
COMMENT ON TABLE itsm.seal_tile IS 'Hashes of the trees: of leaves, and of every fifth level above them. A row holds up to 32 that stand beside each other.';
COMMENT ON COLUMN itsm.seal_tile.first IS 'Number of the first hash at its level.';
COMMENT ON COLUMN itsm.seal_tile.level IS '0: leaves; n: subtrees of 32^n leaves.';
COMMENT ON COLUMN itsm.seal_tile.tenant IS 'The tenant.';
COMMENT ON COLUMN itsm.seal_tile.hashes IS 'Hashes of 32 bytes, one after the other.';
COMMENT ON TABLE itsm.seal_run IS 'Which leaves the events of a record are: consecutive versions that are consecutive leaves.';
COMMENT ON COLUMN itsm.seal_run.record IS 'The record.';
COMMENT ON COLUMN itsm.seal_run.version IS 'Version of the first event.';
COMMENT ON COLUMN itsm.seal_run.leaf IS 'Its leaf in the tenant''s tree, from 0.';
COMMENT ON COLUMN itsm.seal_run.events IS 'How many events.';
COMMENT ON COLUMN itsm.seal_run.tenant IS 'Tenant of the record.';

CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.seal FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.seal_head FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.seal_tile FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
CREATE TRIGGER itsm_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON itsm.seal_run FOR EACH STATEMENT EXECUTE FUNCTION itsm.append_only();
ALTER TABLE itsm.seal ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.seal_head ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.seal_tile ENABLE ALWAYS TRIGGER itsm_append_only;
ALTER TABLE itsm.seal_run ENABLE ALWAYS TRIGGER itsm_append_only;

CREATE FUNCTION itsm.merkle_root(leaves bytea[]) RETURNS bytea
AS 'MODULE_PATHNAME', 'itsm_merkle_root' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.merkle_root(bytea[]) IS 'Root of the Merkle tree (RFC 6962, SHA-256) over data of leaves, which may be empty but not null.';

CREATE FUNCTION itsm.verify_inclusion(leaf_hash bytea, leaf_index bigint, tree_size bigint, proof bytea[], root bytea) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_verify_inclusion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.verify_inclusion(bytea, bigint, bigint, bytea[], bytea) IS 'True when the proof shows that the tree of that size and root has that leaf (RFC 9162). False for everything else, whatever is wrong with it; null for a null argument.';

CREATE FUNCTION itsm.verify_consistency(first bigint, second bigint, first_root bytea, second_root bytea, proof bytea[]) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_verify_consistency' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.verify_consistency(bigint, bigint, bytea, bytea, bytea[]) IS 'True when the proof shows that the tree of the first size and root is the beginning of the second (RFC 9162). Equal sizes and a first size of 0 need an empty proof. False for everything else, whatever is wrong with it; null for a null argument.';

CREATE FUNCTION itsm.leaf_hash(record bigint, version bigint, event_hash bytea) RETURNS bytea
AS 'MODULE_PATHNAME', 'itsm_leaf_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.leaf_hash(bigint, bigint, bytea) IS 'Hash of an event''s leaf: SHA-256 over a zero byte, record and version in 8 bytes each, and the event''s hash.';

CREATE FUNCTION itsm.seal(at_most bigint DEFAULT NULL, thorough boolean DEFAULT false) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_seal' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.seal(bigint, boolean) IS 'Seals all finished events that are not sealed yet, and returns how many are sealed in all. at_most: stop behind about so many; the next call goes on there. thorough: compare every event with what is sealed, as is done by itself after a restore and a promotion. Writers wait for nothing; a second sealer waits for the first one''s transaction. A prepared or long transaction holds back what began after it.';
REVOKE ALL ON FUNCTION itsm.seal(bigint, boolean) FROM PUBLIC;

CREATE FUNCTION itsm.digest(tree_size bigint DEFAULT NULL) RETURNS jsonb
AS 'MODULE_PATHNAME', 'itsm_digest' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.digest(bigint) IS 'What the sealed history hashes to, as a small document to be kept elsewhere: origin, size and root over all tenants, and of each tenant''s log. tree_size: as it was when so many events were sealed in all. It stays the same for ever; itsm.verify(digest) compares the history with it.';
REVOKE ALL ON FUNCTION itsm.digest(bigint) FROM PUBLIC;

CREATE FUNCTION itsm.inclusion_proof(record bigint, version bigint, tree_size bigint DEFAULT NULL, tenant text DEFAULT NULL) RETURNS bytea[]
AS 'MODULE_PATHNAME', 'itsm_inclusion_proof' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.inclusion_proof(bigint, bigint, bigint, text) IS 'Proof that an event is in the log of its tenant (RFC 9162), for the log as it is now or as it was with tree_size events. itsm.sealed_leaf gives what itsm.verify_inclusion needs beside it.';
REVOKE ALL ON FUNCTION itsm.inclusion_proof(bigint, bigint, bigint, text) FROM PUBLIC;

CREATE FUNCTION itsm.consistency_proof(first bigint, second bigint, tenant text DEFAULT '') RETURNS bytea[]
AS 'MODULE_PATHNAME', 'itsm_consistency_proof' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.consistency_proof(bigint, bigint, text) IS 'Proof that a tenant''s log of the first size is the beginning of that of the second (RFC 9162).';
REVOKE ALL ON FUNCTION itsm.consistency_proof(bigint, bigint, text) FROM PUBLIC;

CREATE FUNCTION itsm.tree_root(tree_size bigint, tenant text DEFAULT '') RETURNS bytea
AS 'MODULE_PATHNAME', 'itsm_tree_root' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.tree_root(bigint, text) IS 'Root of a tenant''s log as it was with so many events.';
REVOKE ALL ON FUNCTION itsm.tree_root(bigint, text) FROM PUBLIC;

CREATE FUNCTION itsm.sealed_leaf(record bigint, version bigint, of_tenant text DEFAULT NULL, OUT tenant text, OUT leaf_index bigint, OUT leaf_hash bytea, OUT tree_size bigint, OUT root bytea) RETURNS record
AS 'MODULE_PATHNAME', 'itsm_sealed_leaf' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION itsm.sealed_leaf(bigint, bigint, text) IS 'Where an event stands in the log of its tenant, and the log as it is now: the arguments of itsm.verify_inclusion.';
REVOKE ALL ON FUNCTION itsm.sealed_leaf(bigint, bigint, text) FROM PUBLIC;

CREATE FUNCTION itsm.verify(digest jsonb)
RETURNS TABLE (scope text, object text, ok boolean, detail text)
AS 'MODULE_PATHNAME', 'itsm_verify' LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION itsm.verify(jsonb) IS 'The same as itsm.verify(), and compares the history with a digest that was kept elsewhere: scope digest tells whether everything before it is still what it was. IT041 when the digest was changed or is of another history, 22023 when it is none.';
REVOKE ALL ON FUNCTION itsm.verify(jsonb) FROM PUBLIC;

CREATE FUNCTION itsm.evidence(relation regclass, key text, tree_size bigint DEFAULT NULL) RETURNS jsonb
AS 'MODULE_PATHNAME', 'itsm_evidence' LANGUAGE C STABLE;
COMMENT ON FUNCTION itsm.evidence(regclass, text, bigint) IS 'A row''s whole history with its canonical bytes, commitments, hashes and proofs, to be checked without this database (docs/verify_evidence.py). tree_size: the size of the digest that it is to be compared with; events sealed later have no proof then. Rights as for history, once EXECUTE is granted.';
REVOKE ALL ON FUNCTION itsm.evidence(regclass, text, bigint) FROM PUBLIC;

CREATE FUNCTION itsm.redact_person(person text, ground text, attributes text[] DEFAULT NULL, OUT record bigint, OUT tenant text, OUT source_table text, OUT key text, OUT erased bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_redact_person' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.redact_person(text, text, text[]) IS 'Erases a value, who a person is by name or number, from the whole history of every record, wherever an attribute or tracked column (of these names, or of any) ever had it, from what reports read, and from proposals; a row for each record, with how many values there were. Other values stay. As with itsm.redact commitments stay, so everything verifies, and each record gets an event of kind redacted. It asks for no rights to tables: grant EXECUTE to those who answer for erasure. A notice tells how many events name the person as who acted: that is hashed as it is, and stays. A warning names archives, which are not searched.';
REVOKE ALL ON FUNCTION itsm.redact_person(text, text, text[]) FROM PUBLIC;

CREATE FUNCTION itsm.redact(relation regclass, key text, attributes text[], ground text) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_redact' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.redact(regclass, text, text[], text) IS 'Erases the values of attributes, or of columns tracked as they are, from the whole history of a row and from what reports read, and returns how many there were. Commitments stay, so every chain, seal and proof still verifies. It is an event itself, of kind redacted, with the ground as its reason. The row of the table is yours: erase there first. Rights as for history, once EXECUTE is granted.';
REVOKE ALL ON FUNCTION itsm.redact(regclass, text, text[], text) FROM PUBLIC;
