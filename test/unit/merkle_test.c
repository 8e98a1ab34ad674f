/*
 * merkle_test.c
 *		Roots, proofs and verification against a naive tree over a SHA-256 of
 *		our own; sizes near 2^63 against a source whose subtrees are alike.
 */
/* sources: src/ledger/merkle.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_fe.h"
#include "ledger/digest.h"
#include "ledger/merkle.h"

#define SIZES 70

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

/* SHA-256 (FIPS 180-4), plainly. */

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint8_t message[1024];
static size_t message_length;

void
itsm_digest_start(void)
{
	message_length = 0;
}

void
itsm_digest_add(const void *data, size_t length)
{
	if (message_length + length > sizeof(message) - 72)
		abort();
	if (length)
		memcpy(message + message_length, data, length);
	message_length += length;
}

static uint32_t
rotate(uint32_t x, int by)
{
	return x >> by | x << (32 - by);
}

static void
compress(uint32_t *state, const uint8_t *block)
{
	uint32_t	w[64];
	uint32_t	s[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t) block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
			(rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, state, sizeof(s));
	for (int i = 0; i < 64; i++)
	{
		uint32_t	t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
			((s[4] & s[5]) ^ (~s[4] & s[6])) + round_constants[i] + w[i];
		uint32_t	t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
			((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(uint32_t));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

void
itsm_digest_finish(uint8 *hash)
{
	uint32_t	state[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
	};
	uint64_t	bits = (uint64_t) message_length * 8;
	size_t		length = message_length;

	message[length++] = 0x80;
	while (length % 64 != 56)
		message[length++] = 0;
	for (int i = 7; i >= 0; i--)
		message[length++] = (uint8_t) (bits >> 8 * i);
	for (size_t block = 0; block < length; block += 64)
		compress(state, message + block);
	for (int i = 0; i < 32; i++)
		hash[i] = (uint8_t) (state[i / 4] >> (24 - i % 4 * 8));
}

/* The tree by its definition. */

static uint8_t leaves[SIZES][MERKLE_LENGTH];

static void
naive_root(int start, int end, uint8_t *root)
{
	uint8_t		left[MERKLE_LENGTH];
	uint8_t		right[MERKLE_LENGTH];
	int			k = 1;

	if (end - start == 0)
	{
		itsm_digest_start();
		itsm_digest_finish(root);
		return;
	}
	if (end - start == 1)
	{
		memcpy(root, leaves[start], MERKLE_LENGTH);
		return;
	}
	while (2 * k < end - start)
		k *= 2;
	naive_root(start, start + k, left);
	naive_root(start + k, end, right);
	itsm_merkle_node(left, right, root);
}

static bool out_of_bounds;
static int	bound;

static void
naive_node(void *argument, int level, uint64_t index, uint8_t *hash)
{
	if ((index + 1) << level > (uint64_t) bound)
	{
		out_of_bounds = true;
		return;
	}
	naive_root((int) (index << level), (int) ((index + 1) << level), hash);
}

static const MerkleSource source = {naive_node, NULL};
static uint8_t roots[SIZES + 1][MERKLE_LENGTH];

static void
test_known(void)
{
	static const char *const data[] = {
		"", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "\x50\x51\x52\x53\x54\x55\x56\x57",
		"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"
	};
	static const int lengths[] = {0, 1, 1, 2, 2, 4, 8, 16};
	static const uint8_t empty[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14};
	static const uint8_t eight[] = {0x5d, 0xc9, 0xda, 0x79, 0xa7, 0x06, 0x59, 0xa9};
	MerkleGrowth growth;
	uint8_t		root[MERKLE_LENGTH];

	itsm_merkle_begin(&growth);
	itsm_merkle_root_now(&growth, root);
	ok(memcmp(root, empty, sizeof(empty)) == 0, "the root of no leaves");
	for (int i = 0; i < 8; i++)
	{
		uint8_t		hash[MERKLE_LENGTH];

		itsm_merkle_leaf(data[i], lengths[i], hash);
		itsm_merkle_grow(&growth, hash);
	}
	itsm_merkle_root_now(&growth, root);
	ok(memcmp(root, eight, sizeof(eight)) == 0, "the root of the eight leaves that are known");
}

static int	completed_wrong;
static int	completed;

static void
check_completed(void *argument, int level, uint64_t index, const uint8_t *hash)
{
	uint8_t		expected[MERKLE_LENGTH];

	naive_node(NULL, level, index, expected);
	completed_wrong += memcmp(hash, expected, MERKLE_LENGTH) != 0;
	completed++;
}

static void
test_growth(void)
{
	bool		grown = true;
	bool		resumed = true;

	bound = SIZES;
	for (int i = 0; i < SIZES; i++)
	{
		uint8_t		number[4] = {(uint8_t) i, (uint8_t) (i >> 8), 7, 1};

		itsm_merkle_leaf(number, sizeof(number), leaves[i]);
	}
	for (int n = 0; n <= SIZES; n++)
		naive_root(0, n, roots[n]);
	for (int from = 0; from <= SIZES; from += 13)
	{
		MerkleGrowth growth;
		uint8_t		root[MERKLE_LENGTH];

		itsm_merkle_resume(&growth, &source, from);
		growth.completed = check_completed;
		for (int n = from; n <= SIZES; n++)
		{
			itsm_merkle_root_now(&growth, root);
			*(from ? &resumed : &grown) &= memcmp(root, roots[n], MERKLE_LENGTH) == 0;
			if (n < SIZES)
				itsm_merkle_grow(&growth, leaves[n]);
		}
	}
	ok(grown, "a tree that grows");
	ok(resumed, "a tree that goes on growing");
	ok(completed > SIZES && completed_wrong == 0, "what is completed on the way");
}

static void
test_inclusion(void)
{
	bool		right = true;
	bool		wrong = false;
	bool		from_source = true;

	for (int n = 1; n <= SIZES; n++)
	{
		uint8_t		root[MERKLE_LENGTH];

		bound = n;
		itsm_merkle_root_of(&source, n, root);
		from_source &= memcmp(root, roots[n], MERKLE_LENGTH) == 0;
		for (int m = 0; m < n; m++)
		{
			MerkleProof proof;
			const uint8_t *hashes = proof.hashes[0];

			itsm_merkle_prove_inclusion(&source, m, n, &proof);
			right &= itsm_merkle_verify_inclusion(leaves[m], m, n, hashes, proof.count, roots[n]);
			wrong |= itsm_merkle_verify_inclusion(leaves[(m + 1) % SIZES], m, n, hashes, proof.count, roots[n]);
			wrong |= itsm_merkle_verify_inclusion(leaves[m], m, n, hashes, proof.count + 1, roots[n]);
			wrong |= proof.count && itsm_merkle_verify_inclusion(leaves[m], m, n, hashes, proof.count - 1, roots[n]);
			wrong |= itsm_merkle_verify_inclusion(leaves[m], n, n, hashes, proof.count, roots[n]);
			wrong |= itsm_merkle_verify_inclusion(leaves[m], m, n, hashes, proof.count, roots[n - 1]);
			if (proof.count)
			{
				proof.hashes[n % proof.count][m % MERKLE_LENGTH] ^= 1;
				wrong |= itsm_merkle_verify_inclusion(leaves[m], m, n, hashes, proof.count, roots[n]);
			}
		}
	}
	ok(from_source, "roots out of subtrees");
	ok(right, "every leaf is proved in every tree");
	ok(!wrong, "and nothing else is");
	ok(!out_of_bounds, "no proof asks for what is not there yet");
}

static void
test_consistency(void)
{
	bool		right = true;
	bool		wrong = false;

	for (int n = 0; n <= SIZES; n++)
		for (int m = 0; m <= n; m++)
		{
			MerkleProof proof;
			const uint8_t *hashes = proof.hashes[0];

			bound = n;
			itsm_merkle_prove_consistency(&source, m, n, &proof);
			right &= itsm_merkle_verify_consistency(m, n, roots[m], roots[n], hashes, proof.count);
			wrong |= itsm_merkle_verify_consistency(m, n, roots[(m + 1) % SIZES], roots[n], hashes, proof.count);
			wrong |= m > 0 && itsm_merkle_verify_consistency(m, n, roots[m], roots[n ? n - 1 : 1], hashes, proof.count);
			wrong |= itsm_merkle_verify_consistency(m, n, roots[m], roots[n], hashes, proof.count + 1);
			wrong |= n > m && itsm_merkle_verify_consistency(n, m, roots[n], roots[m], hashes, proof.count);
			if (proof.count)
			{
				wrong |= itsm_merkle_verify_consistency(m, n, roots[m], roots[n], hashes, proof.count - 1);
				proof.hashes[n % proof.count][m % MERKLE_LENGTH] ^= 1;
				wrong |= itsm_merkle_verify_consistency(m, n, roots[m], roots[n], hashes, proof.count);
			}
		}
	ok(right, "every tree is proved to be the beginning of every larger one");
	ok(!wrong, "and of nothing else");
	ok(!out_of_bounds, "no proof asks for what is not there yet");
}

/* All leaves alike: a complete subtree's hash depends on its level alone. */
static uint8_t alike[MERKLE_LEVELS][MERKLE_LENGTH];
static uint64_t large_bound;

static void
alike_node(void *argument, int level, uint64_t index, uint8_t *hash)
{
	if (level > 63 || index > (large_bound >> level) - 1)
		out_of_bounds = true;
	memcpy(hash, alike[level], MERKLE_LENGTH);
}

static void
test_large(void)
{
	static const uint64_t sizes[] = {
		UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, (UINT64_C(1) << 62) - 1, UINT64_C(1) << 62,
		(UINT64_C(1) << 62) + 12345, UINT64_C(0x7ffffffffffffffe), UINT64_C(0x7fffffffffffffff)
	};
	const int	count = sizeof(sizes) / sizeof(sizes[0]);
	MerkleSource large = {alike_node, NULL};
	bool		right = true;

	memcpy(alike[0], leaves[0], MERKLE_LENGTH);
	for (int level = 1; level < MERKLE_LEVELS; level++)
		itsm_merkle_node(alike[level - 1], alike[level - 1], alike[level]);
	for (int i = 0; i < count; i++)
	{
		const uint64_t indexes[] = {0, 1, sizes[i] / 2, sizes[i] - 1};
		uint8_t		root[MERKLE_LENGTH];
		uint8_t		first_root[MERKLE_LENGTH];
		MerkleProof proof;

		large_bound = sizes[i];
		itsm_merkle_root_of(&large, sizes[i], root);
		for (int j = 0; j < 4; j++)
		{
			itsm_merkle_prove_inclusion(&large, indexes[j], sizes[i], &proof);
			right &= itsm_merkle_verify_inclusion(alike[0], indexes[j], sizes[i], proof.hashes[0], proof.count, root);
		}
		for (int j = 0; j <= i; j++)
		{
			itsm_merkle_root_of(&large, sizes[j], first_root);
			itsm_merkle_prove_consistency(&large, sizes[j], sizes[i], &proof);
			right &= itsm_merkle_verify_consistency(sizes[j], sizes[i], first_root, root, proof.hashes[0], proof.count);
			right &= proof.count <= MERKLE_MAX_PROOF;
		}
	}
	ok(right, "trees of up to 2^63 - 1 leaves");
	ok(!out_of_bounds, "within their bounds");
	/* counts that no proof has */
	{
		static uint8_t many[200 * MERKLE_LENGTH];

		ok(!itsm_merkle_verify_inclusion(alike[0], 5, UINT64_MAX, many, 200, alike[3]) &&
		   !itsm_merkle_verify_consistency(5, UINT64_MAX, alike[0], alike[1], many, 200), "proofs far too long");
	}
}

int
main(void)
{
	test_known();
	test_growth();
	test_inclusion();
	test_consistency();
	test_large();
	printf("1..%d\n", tests);
	return failures != 0;
}
