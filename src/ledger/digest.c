/*
 * digest.c
 *		SHA-256 without a context per call, and salts drawn in bulk.
 *
 * Memory: one hash context for the life of the backend.  A digest that an
 * error cut short is simply started anew.
 *
 * PostgreSQL's own interface asks OpenSSL for the algorithm by name with every
 * digest, which takes longer than the digest of an event does, and OpenSSL's
 * general one takes as long as a short digest.  Where the server has OpenSSL,
 * and its headers are at hand, SHA-256 is called by its name where that can
 * still be done, else the algorithm is asked for once.
 */
#include "core/itsm.h"

/* SHA256_Init and so on are there, and work, though new programs are not to use them */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "ledger/digest.h"
#include "record/record.h"
#include "utils/resowner.h"

#if defined(USE_OPENSSL) && defined(__has_include)
#if __has_include(<openssl/evp.h>)
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/sha.h>
#if OPENSSL_VERSION_NUMBER < 0x40000000L && !defined(OPENSSL_NO_DEPRECATED_3_0)
#define DIGEST_BY_NAME
#else
#define DIGEST_BY_OPENSSL
#endif
#endif
#endif

StaticAssertDecl(ITSM_HASH_LENGTH == PG_SHA256_DIGEST_LENGTH, "hashes are SHA-256");

#if defined(DIGEST_BY_NAME)

static SHA256_CTX context;

static void
check(int result)
{
	if (result != 1)
		elog(ERROR, "SHA-256 failed");
}

void
itsm_digest_start(void)
{
	check(SHA256_Init(&context));
}

void
itsm_digest_add(const void *data, size_t length)
{
	check(SHA256_Update(&context, data, length));
}

void
itsm_digest_finish(uint8 *hash)
{
	check(SHA256_Final(hash, &context));
}

#elif defined(DIGEST_BY_OPENSSL)

static EVP_MD_CTX *context = NULL;
static const EVP_MD *algorithm = NULL;

static void
check(int result)
{
	if (result != 1)
		elog(ERROR, "SHA-256 failed");
}

static void
set_up(void)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	if (algorithm == NULL)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
#else
	algorithm = EVP_sha256();
#endif
	if (algorithm == NULL)
		elog(ERROR, "OpenSSL has no SHA-256");
	context = EVP_MD_CTX_new();
	if (context == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

void
itsm_digest_start(void)
{
	if (context == NULL)
		set_up();
	check(EVP_DigestInit_ex(context, algorithm, NULL));
}

void
itsm_digest_add(const void *data, size_t length)
{
	check(EVP_DigestUpdate(context, data, length));
}

void
itsm_digest_finish(uint8 *hash)
{
	check(EVP_DigestFinal_ex(context, hash, NULL));
}

#else

/*
 * PostgreSQL ties a hash context to a resource owner; it is made under an
 * owner of its own that has no parent and is never released, so that the end
 * of a transaction does not take it away.
 */
static pg_cryptohash_ctx *context = NULL;

static void
check(int result)
{
	if (result < 0)
		elog(ERROR, "SHA-256 failed: %s", pg_cryptohash_error(context));
}

static void
set_up(void)
{
	ResourceOwner saved = CurrentResourceOwner;

	CurrentResourceOwner = ResourceOwnerCreate(NULL, "itsm digest");
	context = pg_cryptohash_create(PG_SHA256);
	CurrentResourceOwner = saved;
	if (context == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

void
itsm_digest_start(void)
{
	if (context == NULL)
		set_up();
	check(pg_cryptohash_init(context));
}

void
itsm_digest_add(const void *data, size_t length)
{
	check(pg_cryptohash_update(context, data, length));
}

void
itsm_digest_finish(uint8 *hash)
{
	check(pg_cryptohash_final(context, hash, ITSM_HASH_LENGTH));
}

#endif

void
itsm_salt(uint8 *salt)
{
	/* one call for many salts: it costs the same whatever the length */
	static uint8 pool[256 * ITSM_SALT_LENGTH];
	static int	left = 0;

	if (left == 0)
	{
		if (!pg_strong_random(pool, sizeof(pool)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not draw random bytes")));
		left = lengthof(pool) / ITSM_SALT_LENGTH;
	}
	left--;
	memcpy(salt, pool + left * ITSM_SALT_LENGTH, ITSM_SALT_LENGTH);
	/* a salt is used once; nothing of it stays here */
	memset(pool + left * ITSM_SALT_LENGTH, 0, ITSM_SALT_LENGTH);
}
