/*
 * merkle.c
 *		Merkle tree hashes, proofs, and the verification algorithms of RFC 9162.
 *
 * Memory: none but the caller's; nothing recurses.
 */
#include "postgres.h"

#include "ledger/digest.h"
#include "ledger/merkle.h"

static const uint8_t leaf_prefix = 0x00;
static const uint8_t node_prefix = 0x01;

void
itsm_merkle_leaf(const void *data, size_t length, uint8_t *hash)
{
	itsm_digest_start();
	itsm_digest_add(&leaf_prefix, 1);
	itsm_digest_add(data, length);
	itsm_digest_finish(hash);
}

void
itsm_merkle_node(const uint8_t *left, const uint8_t *right, uint8_t *hash)
{
	uint8_t		bytes[1 + 2 * MERKLE_LENGTH];

	bytes[0] = node_prefix;
	memcpy(bytes + 1, left, MERKLE_LENGTH);
	memcpy(bytes + 1 + MERKLE_LENGTH, right, MERKLE_LENGTH);
	itsm_digest_start();
	itsm_digest_add(bytes, sizeof(bytes));
	itsm_digest_finish(hash);
}

static void
empty_root(uint8_t *root)
{
	itsm_digest_start();
	itsm_digest_finish(root);
}

/*
 * The hash of "size" > 0 leaves from "start" on, which is a multiple of a power
 * of two that is not below the size: its complete subtrees, the smallest
 * first, each being the right side of what the next larger one is the left of.
 */
static void
range_root(const MerkleSource *source, uint64_t start, uint64_t size, uint8_t *root)
{
	uint64_t	end = start + size;
	bool		begun = false;

	for (int level = 0; level < MERKLE_LEVELS; level++)
	{
		uint8_t		peak[MERKLE_LENGTH];

		if (!(size >> level & 1))
			continue;
		end -= UINT64_C(1) << level;
		source->node(source->argument, level, end >> level, peak);
		if (begun)
			itsm_merkle_node(peak, root, root);
		else
			memcpy(root, peak, MERKLE_LENGTH);
		begun = true;
	}
}

void
itsm_merkle_root_of(const MerkleSource *source, uint64_t size, uint8_t *root)
{
	if (size == 0)
		empty_root(root);
	else
		range_root(source, 0, size, root);
}

void
itsm_merkle_begin(MerkleGrowth *growth)
{
	growth->size = 0;
	growth->completed = NULL;
	growth->argument = NULL;
}

void
itsm_merkle_resume(MerkleGrowth *growth, const MerkleSource *source, uint64_t size)
{
	itsm_merkle_begin(growth);
	growth->size = size;
	for (int level = 0; level < MERKLE_LEVELS; level++)
		/* behind the subtree of this level stand only smaller ones */
		if (size >> level & 1)
			source->node(source->argument, level, (size >> level) - 1, growth->peaks[level]);
}

void
itsm_merkle_grow(MerkleGrowth *growth, const uint8_t *leaf_hash)
{
	uint8_t		hash[MERKLE_LENGTH];
	uint64_t	index = growth->size++;
	int			level = 0;

	memcpy(hash, leaf_hash, MERKLE_LENGTH);
	for (;;)
	{
		if (growth->completed)
			growth->completed(growth->argument, level, index, hash);
		/* a left side waits for its right one */
		if (!(index & 1))
			break;
		itsm_merkle_node(growth->peaks[level], hash, hash);
		level++;
		index >>= 1;
	}
	memcpy(growth->peaks[level], hash, MERKLE_LENGTH);
}

static void
peak_of(void *argument, int level, uint64_t index, uint8_t *hash)
{
	memcpy(hash, ((const MerkleGrowth *) argument)->peaks[level], MERKLE_LENGTH);
}

void
itsm_merkle_root_now(const MerkleGrowth *growth, uint8_t *root)
{
	MerkleSource source = {peak_of, (void *) growth};

	itsm_merkle_root_of(&source, growth->size, root);
}

/* The largest power of two below n > 1: where a tree of n leaves is parted. */
static uint64_t
split(uint64_t n)
{
	uint64_t	k = 1;

	while (k < n - k)
		k <<= 1;
	return k;
}

static void
add_range(const MerkleSource *source, uint64_t start, uint64_t size, MerkleProof *proof)
{
	range_root(source, start, size, proof->hashes[proof->count++]);
}

/* Proofs are made from the root down, and read from the leaves up. */
static void
reverse(MerkleProof *proof)
{
	for (int i = 0, j = proof->count - 1; i < j; i++, j--)
	{
		uint8_t		hash[MERKLE_LENGTH];

		memcpy(hash, proof->hashes[i], MERKLE_LENGTH);
		memcpy(proof->hashes[i], proof->hashes[j], MERKLE_LENGTH);
		memcpy(proof->hashes[j], hash, MERKLE_LENGTH);
	}
}

void
itsm_merkle_prove_inclusion(const MerkleSource *source, uint64_t index, uint64_t size, MerkleProof *proof)
{
	uint64_t	start = 0;

	proof->count = 0;
	while (size > 1)
	{
		uint64_t	left = split(size);

		if (index - start < left)
		{
			add_range(source, start + left, size - left, proof);
			size = left;
		}
		else
		{
			add_range(source, start, left, proof);
			start += left;
			size -= left;
		}
	}
	reverse(proof);
}

void
itsm_merkle_prove_consistency(const MerkleSource *source, uint64_t first, uint64_t second,
							  MerkleProof *proof)
{
	uint64_t	start = 0;
	uint64_t	size = second;

	proof->count = 0;
	if (first == 0 || first == second)
		return;
	while (first - start < size)
	{
		uint64_t	left = split(size);

		if (first - start <= left)
		{
			add_range(source, start + left, size - left, proof);
			size = left;
		}
		else
		{
			add_range(source, start, left, proof);
			start += left;
			size -= left;
		}
	}
	/* a subtree that begins the tree is known by the first root */
	if (start > 0)
		add_range(source, start, size, proof);
	reverse(proof);
}

static bool
same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, MERKLE_LENGTH) == 0;
}

/* RFC 9162, 2.1.3.2. */
bool
itsm_merkle_verify_inclusion(const uint8_t *leaf_hash, uint64_t index, uint64_t size,
							 const uint8_t *proof, int count, const uint8_t *root)
{
	uint8_t		hash[MERKLE_LENGTH];
	uint64_t	last;

	if (index >= size)
		return false;
	last = size - 1;
	memcpy(hash, leaf_hash, MERKLE_LENGTH);
	for (int i = 0; i < count; i++)
	{
		const uint8_t *step = proof + (size_t) i * MERKLE_LENGTH;

		if (last == 0)
			return false;
		if ((index & 1) || index == last)
		{
			itsm_merkle_node(step, hash, hash);
			while (!(index & 1) && index != 0)
			{
				index >>= 1;
				last >>= 1;
			}
		}
		else
			itsm_merkle_node(hash, step, hash);
		index >>= 1;
		last >>= 1;
	}
	return last == 0 && same(hash, root);
}

/* RFC 9162, 2.1.4.2, for 0 < first < second. */
static bool
verify_growth(uint64_t first, uint64_t second, const uint8_t *first_root, const uint8_t *second_root,
			  const uint8_t *proof, int count)
{
	uint8_t		first_hash[MERKLE_LENGTH];
	uint8_t		second_hash[MERKLE_LENGTH];
	uint64_t	index = first - 1;
	uint64_t	last = second - 1;
	int			i = 0;
	const uint8_t *start = first_root;

	if (count == 0)
		return false;
	/* a complete tree is the first step itself */
	if ((first & (first - 1)) != 0)
		start = proof + (size_t) MERKLE_LENGTH * i++;
	while (index & 1)
	{
		index >>= 1;
		last >>= 1;
	}
	memcpy(first_hash, start, MERKLE_LENGTH);
	memcpy(second_hash, start, MERKLE_LENGTH);
	for (; i < count; i++)
	{
		const uint8_t *step = proof + (size_t) i * MERKLE_LENGTH;

		if (last == 0)
			return false;
		if ((index & 1) || index == last)
		{
			itsm_merkle_node(step, first_hash, first_hash);
			itsm_merkle_node(step, second_hash, second_hash);
			while (!(index & 1) && index != 0)
			{
				index >>= 1;
				last >>= 1;
			}
		}
		else
			itsm_merkle_node(second_hash, step, second_hash);
		index >>= 1;
		last >>= 1;
	}
	return last == 0 && same(first_hash, first_root) && same(second_hash, second_root);
}

bool
itsm_merkle_verify_consistency(uint64_t first, uint64_t second, const uint8_t *first_root,
							   const uint8_t *second_root, const uint8_t *proof, int count)
{
	uint8_t		empty[MERKLE_LENGTH];

	if (first > second)
		return false;
	empty_root(empty);
	if ((first == 0 && !same(first_root, empty)) || (second == 0 && !same(second_root, empty)))
		return false;
	if (first == second)
		return count == 0 && same(first_root, second_root);
	if (first == 0)
		return count == 0;
	return verify_growth(first, second, first_root, second_root, proof, count);
}
