/*
 * seal_proof.h
 *		Where sealed events stand, and proofs of it.
 */
#ifndef ITSM_SEAL_PROOF_H
#define ITSM_SEAL_PROOF_H

#include "ledger/seal.h"

typedef struct SealedLeaf
{
	int64		index;
	SealHead	head;			/* of the tenant's log as it is now */
} SealedLeaf;

/* The leaf of an event, of whatever tenant when that is NULL; 22023 when it is not sealed. */
extern void itsm_sealed_require(const char *tenant, int64 record, int64 version, SealedLeaf *leaf);

/* IT041 when hashes that the proof needs are not there. */
extern void itsm_prove_leaf(SealTree *tree, int64 index, int64 size, MerkleProof *proof);

extern Datum itsm_proof_array(const MerkleProof *proof);

#endif							/* ITSM_SEAL_PROOF_H */
