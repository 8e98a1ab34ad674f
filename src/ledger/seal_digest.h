/*
 * seal_digest.h
 *		Digests: what the sealed history hashes to, as a small document to be
 *		kept where nobody can change both.
 */
#ifndef ITSM_SEAL_DIGEST_H
#define ITSM_SEAL_DIGEST_H

#include "ledger/seal.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef struct SealDigest
{
	const char *origin;
	const char *system;
	const char *at;
	int64		timeline;
	int64		seal;
	int64		size;
	uint8		root[MERKLE_LENGTH];
	uint8		seal_hash[MERKLE_LENGTH];
	List	   *logs;			/* SealHead, in the order of their tenants */
} SealDigest;

/* Writes the digest of a seal, with its heads, as JSON. */
extern void itsm_digest_write(StringInfo json, const Seal *seal, const List *heads);

/*
 * Reads one.  22023 when it is no digest, IT041 when it does not fit itself: a
 * byte of it was changed.
 */
extern void itsm_digest_read(const JsonbContainer *json, SealDigest *digest);

/* What is to be signed or time-stamped: origin, size and root in three lines. */
extern char *itsm_checkpoint(const char *origin, int64 size, const uint8 *root);

/* Hashes as texts: 44 characters of base64. */
#define BASE64_LENGTH 44
extern char *itsm_base64(const uint8 *hash);
extern bool itsm_base64_read(const char *text, uint8 *hash);

/* A time as digests write it: ISO 8601, UTC. */
extern char *itsm_utc_text(TimestampTz at);

#endif							/* ITSM_SEAL_DIGEST_H */
