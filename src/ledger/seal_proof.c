/*
 * seal_proof.c
 *		Proofs out of the stored trees.
 *
 * Memory: per call.  A proof reads a tile for every five levels of the tree.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "ledger/seal_proof.h"
#include "ledger/tenant_access.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#define TILES_AT_HAND 32

Datum
itsm_proof_array(const MerkleProof *proof)
{
	Datum		hashes[MERKLE_MAX_PROOF];

	for (int i = 0; i < proof->count; i++)
		hashes[i] = itsm_bytes(proof->hashes[i], MERKLE_LENGTH);
	return PointerGetDatum(construct_array(hashes, proof->count, BYTEAOID, -1, false, TYPALIGN_INT));
}

/* The tenant with a record of that number whose version is sealed; NULL: none. */
static const char *
find_tenant(int64 record, int64 version)
{
	Relation	table = table_open(itsm_relation("seal_run"), AccessShareLock);
	Oid			index = (RelationGetIndexList(table), table->rd_pkindex);
	const char *tenant = NULL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	ScanKeyInit(&keys[1], 2, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(version));
	scan = systable_beginscan(table, index, true, GetActiveSnapshot(), 2, keys);
	while (tenant == NULL && (tuple = systable_getnext(scan)) != NULL)
	{
		SealRun		run;

		itsm_seal_run_of_tuple(RelationGetDescr(table), tuple, &run);
		if (version - run.version < run.events)
			tenant = run.tenant;
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return tenant;
}

void
itsm_sealed_require(const char *tenant, int64 record, int64 version, SealedLeaf *leaf)
{
	SealRuns	runs;

	if (tenant == NULL)
		tenant = find_tenant(record, version);
	leaf->index = -1;
	if (tenant && itsm_sees_tenant(tenant))
	{
		itsm_seal_runs_begin(&runs, GetActiveSnapshot());
		leaf->index = itsm_seal_find(&runs, tenant, record, version);
		itsm_seal_runs_end(&runs);
	}
	if (leaf->index < 0 || !itsm_seal_head_of(GetActiveSnapshot(), tenant, PG_INT64_MAX, &leaf->head))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("record " INT64_FORMAT " version " INT64_FORMAT " is not sealed", record, version),
				 errhint("SELECT itsm.seal() seals what is finished; until then there is no proof.")));
}

/* The head of a tenant's log now, which must have that many leaves at least. */
static void
require_size(const char *tenant, int64 size, SealHead *head)
{
	if (!itsm_sees_tenant(tenant) || !itsm_seal_head_of(GetActiveSnapshot(), tenant, PG_INT64_MAX, head))
		head->size = 0;
	if (size < 0 || size > head->size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no tree of " INT64_FORMAT " events", size),
				 errdetail("Of tenant \"%s\" " INT64_FORMAT " are sealed.", tenant, head->size),
				 errhint("SELECT itsm.seal() seals what is finished.")));
}

void
itsm_prove_leaf(SealTree *tree, int64 index, int64 size, MerkleProof *proof)
{
	MerkleSource source = itsm_seal_tree_source(tree);

	itsm_merkle_prove_inclusion(&source, index, size, proof);
	itsm_seal_tree_check(tree);
}

/*
 * itsm.inclusion_proof(record bigint, version bigint, tree_size bigint, tenant text) → bytea[]
 */
ITSM_FUNCTION(itsm_inclusion_proof);
Datum
itsm_inclusion_proof(PG_FUNCTION_ARGS)
{
	const char *tenant = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	SealedLeaf	leaf;
	SealTree	tree;
	MerkleProof proof;
	int64		size;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	itsm_sealed_require(tenant, PG_GETARG_INT64(0), PG_GETARG_INT64(1), &leaf);
	size = PG_ARGISNULL(2) ? leaf.head.size : PG_GETARG_INT64(2);
	if (!PG_ARGISNULL(2))
		require_size(leaf.head.tenant, size, &leaf.head);
	if (leaf.index >= size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("record " INT64_FORMAT " version " INT64_FORMAT " is not in a tree of " INT64_FORMAT " events",
						PG_GETARG_INT64(0), PG_GETARG_INT64(1), size),
				 errdetail("It is leaf " INT64_FORMAT ", counted from 0.", leaf.index)));
	itsm_seal_tree_begin(&tree, GetActiveSnapshot(), leaf.head.tenant, TILES_AT_HAND);
	itsm_prove_leaf(&tree, leaf.index, size, &proof);
	itsm_seal_tree_end(&tree);
	PG_RETURN_DATUM(itsm_proof_array(&proof));
}

/*
 * itsm.consistency_proof(first bigint, second bigint, tenant text) → bytea[]
 */
ITSM_FUNCTION(itsm_consistency_proof);
Datum
itsm_consistency_proof(PG_FUNCTION_ARGS)
{
	int64		first = PG_GETARG_INT64(0);
	int64		second = PG_GETARG_INT64(1);
	const char *tenant = text_to_cstring(PG_GETARG_TEXT_PP(2));
	MerkleSource source;
	SealTree	tree;
	SealHead	head;
	MerkleProof proof;

	require_size(tenant, second, &head);
	if (first < 0 || first > second)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a tree of " INT64_FORMAT " events is not the beginning of one of " INT64_FORMAT, first, second),
				 errhint("Give the smaller size first.")));
	itsm_seal_tree_begin(&tree, GetActiveSnapshot(), tenant, TILES_AT_HAND);
	source = itsm_seal_tree_source(&tree);
	itsm_merkle_prove_consistency(&source, first, second, &proof);
	itsm_seal_tree_check(&tree);
	itsm_seal_tree_end(&tree);
	PG_RETURN_DATUM(itsm_proof_array(&proof));
}

/*
 * itsm.tree_root(tree_size bigint, tenant text) → bytea
 */
ITSM_FUNCTION(itsm_tree_root);
Datum
itsm_tree_root(PG_FUNCTION_ARGS)
{
	int64		size = PG_GETARG_INT64(0);
	const char *tenant = text_to_cstring(PG_GETARG_TEXT_PP(1));
	uint8		root[MERKLE_LENGTH];
	MerkleSource source;
	SealTree	tree;
	SealHead	head;

	require_size(tenant, size, &head);
	itsm_seal_tree_begin(&tree, GetActiveSnapshot(), tenant, TILES_AT_HAND);
	source = itsm_seal_tree_source(&tree);
	itsm_merkle_root_of(&source, size, root);
	itsm_seal_tree_check(&tree);
	itsm_seal_tree_end(&tree);
	PG_RETURN_DATUM(itsm_bytes(root, MERKLE_LENGTH));
}

/*
 * itsm.sealed_leaf(record bigint, version bigint, tenant text)
 *	→ record (tenant text, leaf_index bigint, leaf_hash bytea, tree_size bigint, root bytea)
 */
ITSM_FUNCTION(itsm_sealed_leaf);
Datum
itsm_sealed_leaf(PG_FUNCTION_ARGS)
{
	const char *tenant = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	Datum		values[5];
	bool		nulls[5] = {false};
	uint8		hash[MERKLE_LENGTH];
	TupleDesc	descriptor;
	SealedLeaf	leaf;
	SealTree	tree;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "itsm.sealed_leaf must return a row");
	itsm_sealed_require(tenant, PG_GETARG_INT64(0), PG_GETARG_INT64(1), &leaf);
	itsm_seal_tree_begin(&tree, GetActiveSnapshot(), leaf.head.tenant, 1);
	itsm_seal_tree_node(&tree, 0, leaf.index, hash);
	itsm_seal_tree_check(&tree);
	itsm_seal_tree_end(&tree);
	values[0] = CStringGetTextDatum(leaf.head.tenant);
	values[1] = Int64GetDatum(leaf.index);
	values[2] = itsm_bytes(hash, MERKLE_LENGTH);
	values[3] = Int64GetDatum(leaf.head.size);
	values[4] = itsm_bytes(leaf.head.root, MERKLE_LENGTH);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
