/*
 * merkle_fuzz.c
 *		Proofs: those that are made verify, and none that was changed does, nor anything
 *		else that is offered as one.
 *
 * The digest is one of our own: it is fast, and what is tested is not the digest.
 */
/* sources: src/ledger/merkle.c */
#include "postgres_fe.h"

#include "ledger/digest.h"
#include "ledger/merkle.h"

#include "fuzz.h"

#define LEAVES 70

static uint64_t lanes[4];

void
itsm_digest_start(void)
{
	for (int i = 0; i < 4; i++)
		lanes[i] = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
}

static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

void
itsm_digest_add(const void *data, size_t length)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < length; i++)
		for (int j = 0; j < 4; j++)
			lanes[j] = mix(lanes[j] + bytes[i] + 256 * j + 1);
}

void
itsm_digest_finish(uint8 *hash)
{
	memcpy(hash, lanes, MERKLE_LENGTH);
}

void
itsm_salt(uint8 *salt)
{
	memset(salt, 0, ITSM_SALT_LENGTH);
}

static void node(void *argument, int level, uint64_t index, uint8_t *hash);
static const MerkleSource source = {node, NULL};

/* The leaves are their numbers. */
static void
node(void *argument, int level, uint64_t index, uint8_t *hash)
{
	uint8_t		left[MERKLE_LENGTH];
	uint8_t		right[MERKLE_LENGTH];

	if (level == 0)
	{
		itsm_merkle_leaf(&index, sizeof(index), hash);
		return;
	}
	node(argument, level - 1, index * 2, left);
	node(argument, level - 1, index * 2 + 1, right);
	itsm_merkle_node(left, right, hash);
}

/* Any bytes as a proof of anything. */
static void
check_anything(const uint8_t *data, size_t size, uint64_t index, uint64_t count)
{
	size_t		room = size / MERKLE_LENGTH * MERKLE_LENGTH;
	char	   *proof = exact_copy(data, room);
	uint8_t		root[MERKLE_LENGTH];
	uint8_t		leaf[MERKLE_LENGTH];

	itsm_merkle_leaf(&index, sizeof(index), leaf);
	itsm_merkle_leaf(&count, sizeof(count), root);
	REQUIRE(!itsm_merkle_verify_inclusion(leaf, index, count, (uint8_t *) proof, room / MERKLE_LENGTH, root) ||
			memcmp(leaf, root, MERKLE_LENGTH) == 0);
	if (index != count)
		REQUIRE(!itsm_merkle_verify_consistency(index, count, leaf, root, (uint8_t *) proof, room / MERKLE_LENGTH));
	free(proof);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t	second = 1 + take(&data, &size, 1) % LEAVES;
	uint64_t	first = 1 + take(&data, &size, 1) % second;
	uint64_t	index = take(&data, &size, 1) % second;
	unsigned	change = take(&data, &size, 2);
	uint64_t	claimed_index = take(&data, &size, 1) % 100;
	uint64_t	claimed_size = take(&data, &size, 1) % 100;
	uint8_t		first_root[MERKLE_LENGTH];
	uint8_t		second_root[MERKLE_LENGTH];
	uint8_t		leaf[MERKLE_LENGTH];
	MerkleProof inclusion;
	MerkleProof consistency;

	itsm_merkle_root_of(&source, first, first_root);
	itsm_merkle_root_of(&source, second, second_root);
	itsm_merkle_leaf(&index, sizeof(index), leaf);
	itsm_merkle_prove_inclusion(&source, index, second, &inclusion);
	itsm_merkle_prove_consistency(&source, first, second, &consistency);
	REQUIRE(itsm_merkle_verify_inclusion(leaf, index, second, inclusion.hashes[0], inclusion.count, second_root));
	REQUIRE(itsm_merkle_verify_consistency(first, second, first_root, second_root, consistency.hashes[0], consistency.count));
	/* another place, or a changed, shortened or lengthened proof */
	if (claimed_index != index)
		REQUIRE(!itsm_merkle_verify_inclusion(leaf, claimed_index, second, inclusion.hashes[0], inclusion.count, second_root));
	if (claimed_size != first)
		REQUIRE(!itsm_merkle_verify_consistency(claimed_size, second, first_root, second_root, consistency.hashes[0], consistency.count));
	if (inclusion.count)
	{
		uint8_t    *bit = (uint8_t *) inclusion.hashes + change % (inclusion.count * MERKLE_LENGTH);

		*bit ^= 1 << (change >> 13);
		REQUIRE(!itsm_merkle_verify_inclusion(leaf, index, second, inclusion.hashes[0], inclusion.count, second_root));
		*bit ^= 1 << (change >> 13);
		REQUIRE(!itsm_merkle_verify_inclusion(leaf, index, second, inclusion.hashes[0], inclusion.count - 1, second_root));
		REQUIRE(!itsm_merkle_verify_inclusion(leaf, index, second, inclusion.hashes[0], inclusion.count + 1, second_root));
	}
	if (consistency.count)
	{
		((uint8_t *) consistency.hashes)[change % (consistency.count * MERKLE_LENGTH)] ^= 1 << (change >> 13);
		REQUIRE(!itsm_merkle_verify_consistency(first, second, first_root, second_root, consistency.hashes[0], consistency.count));
	}
	claimed_index = take(&data, &size, 8);
	claimed_size = take(&data, &size, 8);
	check_anything(data, size, claimed_index, claimed_size);
	return 0;
}
