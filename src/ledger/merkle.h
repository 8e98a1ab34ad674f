/*
 * merkle.h
 *		Merkle trees of RFC 6962 (and 9162): roots, proofs and their verification.
 *
 * Pure arithmetic over digest.h.  The hash of a leaf is SHA-256(0x00 || data),
 * that of a node SHA-256(0x01 || left || right), the root of no leaves SHA-256
 * of nothing.  Sizes and indexes go up to 2^63 - 1.
 */
#ifndef ITSM_MERKLE_H
#define ITSM_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERKLE_LENGTH 32
#define MERKLE_LEVELS 64

/* No proof is longer: a consistency proof names at most one hash a level, and one more. */
#define MERKLE_MAX_PROOF (MERKLE_LEVELS + 1)

typedef struct MerkleProof
{
	int			count;
	uint8_t		hashes[MERKLE_MAX_PROOF][MERKLE_LENGTH];
} MerkleProof;

/* Gives the hashes of complete subtrees: the leaves from index << level to (index + 1) << level. */
typedef struct MerkleSource
{
	void		(*node) (void *argument, int level, uint64_t index, uint8_t *hash);
	void	   *argument;
} MerkleSource;

/*
 * A tree as it grows: the complete subtrees of its size, by level.  A level's
 * hash means something where the size has that bit.
 */
typedef struct MerkleGrowth
{
	uint64_t	size;
	uint8_t		peaks[MERKLE_LEVELS][MERKLE_LENGTH];

	/* Told of each subtree as it is completed, leaves (level 0) too; or NULL. */
	void		(*completed) (void *argument, int level, uint64_t index, const uint8_t *hash);
	void	   *argument;
} MerkleGrowth;

extern void itsm_merkle_leaf(const void *data, size_t length, uint8_t *hash);
extern void itsm_merkle_node(const uint8_t *left, const uint8_t *right, uint8_t *hash);

/* Root of the first "size" leaves. */
extern void itsm_merkle_root_of(const MerkleSource *source, uint64_t size, uint8_t *root);

/* Growth from nothing, or from a tree of that size; the caller sets "completed" afterwards. */
extern void itsm_merkle_begin(MerkleGrowth *growth);
extern void itsm_merkle_resume(MerkleGrowth *growth, const MerkleSource *source, uint64_t size);
extern void itsm_merkle_grow(MerkleGrowth *growth, const uint8_t *leaf_hash);
extern void itsm_merkle_root_now(const MerkleGrowth *growth, uint8_t *root);

/* Proof that a leaf is in the tree of a size; index < size. */
extern void itsm_merkle_prove_inclusion(const MerkleSource *source, uint64_t index, uint64_t size,
										MerkleProof *proof);

/* Proof that the tree of the first size is the beginning of that of the second; first <= second. */
extern void itsm_merkle_prove_consistency(const MerkleSource *source, uint64_t first, uint64_t second,
										  MerkleProof *proof);

/* proof: count hashes, one after the other.  False for whatever does not verify. */
extern bool itsm_merkle_verify_inclusion(const uint8_t *leaf_hash, uint64_t index, uint64_t size,
										 const uint8_t *proof, int count, const uint8_t *root);

/*
 * No proof is needed where the sizes are the same, or the first is 0; the
 * roots are compared all the same (that of no leaves is known).
 */
extern bool itsm_merkle_verify_consistency(uint64_t first, uint64_t second, const uint8_t *first_root,
										   const uint8_t *second_root, const uint8_t *proof, int count);

#endif							/* ITSM_MERKLE_H */
