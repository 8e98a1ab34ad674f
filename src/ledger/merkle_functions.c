/*
 * merkle_functions.c
 *		Merkle trees for SQL: roots of given leaves, and proofs checked.
 *
 * A proof comes from outside.  Whatever does not verify, for whatever reason,
 * is answered false and raises nothing: wrong sizes, a hash or a null in the
 * proof that is none, more than one dimension.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "ledger/merkle.h"
#include "ledger/seal.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* One hash after the other; NULL when the array is none of hashes. */
static uint8 *
hashes_of(ArrayType *array, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	uint8	   *hashes;

	*count = 0;
	if (ARR_NDIM(array) > 1)
		return NULL;
	deconstruct_array(array, BYTEAOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	/* longer than any proof; not worth the copy */
	if (*count > MERKLE_MAX_PROOF)
		return NULL;
	hashes = palloc(Max(*count, 1) * MERKLE_LENGTH);
	for (int i = 0; i < *count; i++)
	{
		bytea	   *element = nulls[i] ? NULL : DatumGetByteaPP(elements[i]);

		if (element == NULL || VARSIZE_ANY_EXHDR(element) != MERKLE_LENGTH)
			return NULL;
		memcpy(hashes + i * MERKLE_LENGTH, VARDATA_ANY(element), MERKLE_LENGTH);
	}
	return hashes;
}

/* NULL when it is no hash. */
static const uint8 *
hash_of(bytea *bytes)
{
	return VARSIZE_ANY_EXHDR(bytes) == MERKLE_LENGTH ? (const uint8 *) VARDATA_ANY(bytes) : NULL;
}

/*
 * itsm.verify_inclusion(leaf_hash bytea, leaf_index bigint, tree_size bigint, proof bytea[], root bytea) → boolean
 */
ITSM_FUNCTION(itsm_verify_inclusion);
Datum
itsm_verify_inclusion(PG_FUNCTION_ARGS)
{
	const uint8 *leaf = hash_of(PG_GETARG_BYTEA_PP(0));
	int64		index = PG_GETARG_INT64(1);
	int64		size = PG_GETARG_INT64(2);
	int			count;
	uint8	   *proof = hashes_of(PG_GETARG_ARRAYTYPE_P(3), &count);
	const uint8 *root = hash_of(PG_GETARG_BYTEA_PP(4));

	PG_RETURN_BOOL(leaf && root && proof && index >= 0 && size > 0 &&
				   itsm_merkle_verify_inclusion(leaf, index, size, proof, count, root));
}

/*
 * itsm.verify_consistency(first bigint, second bigint, first_root bytea, second_root bytea, proof bytea[]) → boolean
 */
ITSM_FUNCTION(itsm_verify_consistency);
Datum
itsm_verify_consistency(PG_FUNCTION_ARGS)
{
	int64		first = PG_GETARG_INT64(0);
	int64		second = PG_GETARG_INT64(1);
	const uint8 *first_root = hash_of(PG_GETARG_BYTEA_PP(2));
	const uint8 *second_root = hash_of(PG_GETARG_BYTEA_PP(3));
	int			count;
	uint8	   *proof = hashes_of(PG_GETARG_ARRAYTYPE_P(4), &count);

	PG_RETURN_BOOL(first_root && second_root && proof && first >= 0 && second >= 0 &&
				   itsm_merkle_verify_consistency(first, second, first_root, second_root, proof, count));
}

/*
 * itsm.merkle_root(leaves bytea[]) → bytea
 */
ITSM_FUNCTION(itsm_merkle_root);
Datum
itsm_merkle_root(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	ArrayIterator iterator;
	MerkleGrowth growth;
	uint8		hash[MERKLE_LENGTH];
	Datum		element;
	bool		isnull;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("leaves of a Merkle tree must be an array of one dimension, not %d", ARR_NDIM(array))));
	itsm_merkle_begin(&growth);
	iterator = array_create_iterator(array, 0, NULL);
	while (array_iterate(iterator, &element, &isnull))
	{
		bytea	   *leaf;

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("leaf " UINT64_FORMAT " of a Merkle tree is null", (uint64) growth.size),
					 errhint("A leaf may be empty, but it must be bytes.")));
		leaf = DatumGetByteaPP(element);
		itsm_merkle_leaf(VARDATA_ANY(leaf), VARSIZE_ANY_EXHDR(leaf), hash);
		itsm_merkle_grow(&growth, hash);
	}
	array_free_iterator(iterator);
	itsm_merkle_root_now(&growth, hash);
	PG_RETURN_DATUM(itsm_bytes(hash, MERKLE_LENGTH));
}

/*
 * itsm.leaf_hash(record bigint, version bigint, event_hash bytea) → bytea
 */
ITSM_FUNCTION(itsm_leaf_hash);
Datum
itsm_leaf_hash(PG_FUNCTION_ARGS)
{
	const uint8 *event = hash_of(PG_GETARG_BYTEA_PP(2));
	uint8		hash[MERKLE_LENGTH];

	if (event == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the hash of an event has %d bytes, not %d", MERKLE_LENGTH,
						(int) VARSIZE_ANY_EXHDR(PG_GETARG_BYTEA_PP(2)))));
	itsm_seal_leaf(PG_GETARG_INT64(0), PG_GETARG_INT64(1), event, hash);
	PG_RETURN_DATUM(itsm_bytes(hash, MERKLE_LENGTH));
}
