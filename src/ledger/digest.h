/*
 * digest.h
 *		SHA-256 and random salts, cheap enough for every row.
 */
#ifndef ITSM_DIGEST_H
#define ITSM_DIGEST_H

#define ITSM_SALT_LENGTH 16

/* A SHA-256 in parts: start, add as often as wanted, finish into 32 bytes. */
extern void itsm_digest_start(void);
extern void itsm_digest_add(const void *data, size_t length);
extern void itsm_digest_finish(uint8 *hash);

/* Fills in ITSM_SALT_LENGTH unpredictable bytes. */
extern void itsm_salt(uint8 *salt);

#endif							/* ITSM_DIGEST_H */
