-- The digests of several histories (cells, each a cluster of its own) as one.

CREATE FUNCTION itsm.combine_digests(digests jsonb[]) RETURNS jsonb
AS 'MODULE_PATHNAME', 'itsm_combine_digests' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.combine_digests(jsonb[]) IS
'One document over the digests of several histories, the cells of a provider: the root of a Merkle tree (RFC 6962) whose leaves are their checkpoints, in the order of their origins. The order they are given in makes no difference. Each must be what itsm.digest() returned (22023, IT041); two of one origin are refused (22023). Its member "checkpoint" is to be signed or time-stamped; itsm.combined_inclusion proves that a digest is in it.';

CREATE FUNCTION itsm.combined_inclusion(combined jsonb, digest jsonb, OUT leaf_index bigint, OUT leaf_hash bytea, OUT tree_size bigint, OUT root bytea, OUT proof bytea[]) RETURNS record
AS 'MODULE_PATHNAME', 'itsm_combined_inclusion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION itsm.combined_inclusion(jsonb, jsonb) IS
'Proof that a digest is one of those that were combined: the arguments of itsm.verify_inclusion, which say nothing about the other ones. A digest of an origin that was not combined is 22023; one of another size or root than was combined, and a combined digest that does not fit itself, IT041.';
